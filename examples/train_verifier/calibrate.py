"""From what the tiers saw to one probability: fits `src/check/calibration.json`.

    veracite eval work/calibration --pairs verifier.jsonl
    veracite eval ../shared/eval/groundedness --pairs development.jsonl
    python calibrate.py --unrelate ../shared/eval/groundedness --out unrelated/groundedness
    veracite eval unrelated --pairs unrelated.jsonl
    python calibrate.py --verifier verifier.jsonl --development development.jsonl \
        --unrelated unrelated.jsonl --out src/check/calibration.json

The coefficients are those of a logistic regression on pairs that were held out when the verifier
was trained, on the development sets and on claims of these beside the evidence of others (of which none
is right), each set and each label in it weighing the same. Signs are held to what they mean (more
coverage is never less likely). A claim is supported where that is more likely than not: one threshold
for all sets. (Where mean balanced accuracy is best, 0.36 in English and 0.41 in Korean, up to a fifth
more of what the evidence does not support would be shown.)

Without a verifier nothing is fitted, since words and vectors hardly tell what is supported (on the
development sets an area under the curve of 0.52 to 0.74): much of a claim must stand there.
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import numpy as np

# Names of features, and the sign that each may have.
SIGNS = {"coverage": 1, "cosine": 1, "entailed": 1, "contradicted": -1, "word": -1, "opposite": -1, "figures": 1}
# As in `weigh.rs`: so many times as likely as it is entailed at most, and once where the two share few words.
CEILING, APART = 5, 0.12
SUPPORTED, PARTIAL = 0.5, 0.4
FITTED = ["coverage", "entailed", "contradicted", "word", "opposite", "figures"]
# Without a verifier the threshold is met where the share of words that are held is this, or where
# it and the similarity of vectors come to this together.
WORDS, WORDS_SLOPE = 0.68, 5.0
VECTORS, VECTORS_SLOPE = 1.26, 3.5


def logit(value):
    value = np.clip(value, 0.001, 0.999)
    return np.log(value / (1 - value))


def feature(name, weighed):
    value = weighed[name]
    if value is None:
        return None
    if name == "cosine":
        return float(np.clip((value - 0.78) / (0.97 - 0.78), 0, 1))
    if name in ("entailed", "contradicted", "word"):
        return float(logit(value))
    return float(value)


def fitted(lines, penalty=1e-3, steps=4000):
    """Coefficients of a logistic regression with held signs; in every set both labels weigh the same."""
    x = np.array([[feature(name, line["weighed"]) for name in FITTED] for line in lines])
    y = np.array([line["label"] for line in lines], dtype=float)
    sizes = defaultdict(int)
    for line in lines:
        sizes[line["set"], line["label"]] += 1
    weight = np.array([1 / sizes[line["set"], line["label"]] for line in lines]) / len(sizes)
    middle, spread = x.mean(0), x.std(0) + 1e-6
    z = (x - middle) / spread
    signs = np.array([SIGNS[name] for name in FITTED])
    w, b = np.zeros(len(FITTED)), 0.0
    for _ in range(steps):
        error = (1 / (1 + np.exp(-(z @ w + b))) - y) * weight
        w -= z.T @ error + penalty * w
        w = np.where(w * signs < 0, 0, w)
        b -= error.sum()
    w = w / spread
    return {"bias": round(float(b - middle @ w), 4)} | {
        name: round(float(value), 4) for name, value in zip(FITTED, w)
    }


# Reasons that leave a claim to its probability; hard facts decide the others.
WEIGHED = ("low_similarity", "partly_missing", "opposite", "no_citation")


def is_weighed(line):
    """Whether neither hard facts nor a word-for-word match decided the claim."""
    refused = line["reason"] and line["reason"]["kind"] not in WEIGHED
    return not refused and line["score"] < 1


def total(fit, weighed):
    return fit["bias"] + sum(value * (feature(name, weighed) or 0.0) for name, value in fit.items() if name != "bias")


def read(path):
    return [json.loads(line) for line in Path(path).open()]


def score_of(fit, line):
    """The score of a line under `fit`."""
    weighed = line["weighed"]
    if not is_weighed(line):
        return line["score"]
    probability = 1 / (1 + np.exp(-total(fit, weighed)))
    return min(probability, weighed["entailed"] * (1 if weighed["coverage"] < APART else CEILING))


def unrelate(folder, out, seed=5, per_set=(("en", 120), ("ko", 300))):
    """Writes claims of the sets in `folder`, each beside the evidence of another line of its set."""
    chance = random.Random(seed)
    made = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        lines = read(path)
        for line in chance.sample(lines, min(len(lines), dict(per_set)[lines[0]["lang"]])):
            other = chance.choice([other for other in lines if other["evidence"] != line["evidence"]])
            # Several claims of a set may be of one text.
            if other["evidence"][:200] != line["evidence"][:200]:
                made[line["lang"]].append(
                    line | {"id": "unrelated-" + line["id"], "evidence": other["evidence"], "supported": False}
                )
    out.mkdir(parents=True, exist_ok=True)
    for lang, lines in made.items():
        with (out / f"unrelated_{lang}.jsonl").open("w") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def by_hand(threshold):
    """The fits without a verifier."""
    at = float(np.log(threshold / (1 - threshold)))
    return {
        "words": {"bias": round(at - WORDS_SLOPE * WORDS, 4), "coverage": WORDS_SLOPE, "opposite": -1.0},
        "vectors": {
            "bias": round(at - VECTORS_SLOPE * VECTORS, 4),
            "coverage": VECTORS_SLOPE,
            "cosine": VECTORS_SLOPE,
            "opposite": -1.0,
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("verifier", "development", "unrelated", "unrelate"):
        parser.add_argument("--" + name, type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if args.unrelate:
        return unrelate(args.unrelate, args.out)
    if not (args.verifier and args.development and args.unrelated):
        parser.error("--verifier, --development and --unrelated are needed, or --unrelate")
    held_out, development, unrelated = (read(path) for path in (args.verifier, args.development, args.unrelated))
    languages = {}
    for lang in ("en", "ko"):
        lines = [line | {"set": "held out"} for line in held_out if line["lang"] == lang]
        lines += [line for line in development if line["lang"] == lang]
        lines += [line | {"set": "unrelated"} for line in unrelated if line["lang"] == lang]
        judged = [line for line in lines if is_weighed(line) and line["weighed"]["entailed"] is not None]
        fit = fitted(judged)
        sets = defaultdict(list)
        for line in lines:
            known = line["weighed"]["entailed"] is not None
            sets[line["set"]].append((score_of(fit, line) if known else line["score"], line["label"]))
        rates = {}
        for name, pairs in sets.items():
            passed, label = np.array([pair[0] for pair in pairs]) >= SUPPORTED, np.array([pair[1] for pair in pairs])
            rates[name] = [round(float(part.mean()), 3) for part in (passed[label], ~passed[~label]) if part.size]
        print(lang, fit, len(judged))
        print(lang, "right supported, wrong not:", rates)
        languages[lang] = {"supported": SUPPORTED, "partial": PARTIAL} | by_hand(SUPPORTED) | {"verifier": fit}
    args.out.write_text(json.dumps({"languages": languages}, indent=1) + "\n")


if __name__ == "__main__":
    main()
