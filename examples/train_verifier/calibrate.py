"""From what the tiers saw to one probability: fits `src/check/calibration.json`.

    veracite eval work/calibration --pairs verifier.jsonl
    veracite eval ../shared/eval/groundedness --pairs development.jsonl
    python calibrate.py --verifier verifier.jsonl --development development.jsonl --out src/check/calibration.json

The coefficients are those of a logistic regression on pairs that were held out when the verifier
was trained; signs are held to what they mean (more coverage is never less likely). On these and
the development sets two numbers are fitted for each language, a factor and a shift of the whole
sum (Platt, 1999), each set and each label in it weighing the same: that makes it the probability,
at even odds, for claims of documents. The threshold of a language is where the mean balanced
accuracy over its development sets and the held-out pairs is best: one for all of them.

Without a verifier nothing is fitted, since words and vectors hardly tell what is supported (on the
development sets an area under the curve of 0.52 to 0.74): much of a claim must stand there.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

# Names of features, and the sign that each may have.
SIGNS = {"coverage": 1, "cosine": 1, "entailed": 1, "contradicted": -1, "word": -1, "opposite": -1, "figures": 1}
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


def fitted(rows, labels, names, penalty=1e-3, steps=4000, rate=0.1):
    """Coefficients of a logistic regression with held signs, both labels weighing the same."""
    x = np.array(rows)
    y = np.array(labels, dtype=float)
    middle, spread = x.mean(0), x.std(0) + 1e-6
    z = (x - middle) / spread
    weight = np.where(y == 1, 0.5 / max(1, y.sum()), 0.5 / max(1, (1 - y).sum()))
    signs = np.array([SIGNS[name] for name in names])
    w, b = np.zeros(len(names)), 0.0
    for _ in range(steps):
        error = (1 / (1 + np.exp(-(z @ w + b))) - y) * weight
        w -= rate * 10 * (z.T @ error + penalty * w)
        w = np.where(w * signs < 0, 0, w)
        b -= rate * 10 * error.sum()
    w = w / spread
    return {"bias": round(float(b - middle @ w), 4)} | {name: round(float(value), 4) for name, value in zip(names, w)}


# Reasons that leave a claim to its probability; hard facts decide the others.
WEIGHED = ("low_similarity", "partly_missing", "opposite", "no_citation")


def is_weighed(line):
    """Whether neither hard facts nor a word-for-word match decided the claim."""
    refused = line["reason"] and line["reason"]["kind"] not in WEIGHED
    return not refused and line["score"] < 1


def total(fit, weighed):
    return fit["bias"] + sum(value * (feature(name, weighed) or 0.0) for name, value in fit.items() if name != "bias")


def scaled(fit, lines, steps=3000, rate=0.5):
    """The fit with a factor and a shift: in every set, both labels weighing the same, its
    probabilities are right on average. It is the probability at even odds."""
    lines = [line for line in lines if is_weighed(line)]
    x = np.array([total(fit, line["weighed"]) for line in lines])
    y = np.array([line["label"] for line in lines], dtype=float)
    sizes = defaultdict(int)
    for line in lines:
        sizes[line["set"], line["label"]] += 1
    weight = np.array([1 / sizes[line["set"], line["label"]] for line in lines]) / len(sizes)
    factor, shift = 1.0, 0.0
    for _ in range(steps):
        error = (1 / (1 + np.exp(-(factor * x + shift))) - y) * weight
        factor -= rate * (error * x).sum()
        shift -= rate * error.sum()
    scaled = {name: round(float(value * factor), 4) for name, value in fit.items()}
    scaled["bias"] = round(float(fit["bias"] * factor + shift), 4)
    return scaled


def read(path):
    return [json.loads(line) for line in Path(path).open()]


def score_of(fit, line):
    """The score of a line under `fit`."""
    return 1 / (1 + np.exp(-total(fit, line["weighed"]))) if is_weighed(line) else line["score"]


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
    parser = argparse.ArgumentParser()
    for name in ("verifier", "development"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    held_out, development = read(args.verifier), read(args.development)
    languages = {}
    for lang in ("en", "ko"):
        lines = [line | {"set": "held out"} for line in held_out if line["lang"] == lang]
        known = [line for line in lines if is_weighed(line) and line["weighed"]["entailed"] is not None]
        rows = [[feature(name, line["weighed"]) for name in FITTED] for line in known]
        fit = fitted(rows, [line["label"] for line in known], FITTED)
        lines += [line for line in development if line["lang"] == lang]
        fit = scaled(fit, [line for line in lines if line["weighed"]["entailed"] is not None])
        sets = defaultdict(list)
        for line in lines:
            known = line["weighed"]["entailed"] is not None
            sets[line["set"]].append((score_of(fit, line) if known else line["score"], line["label"]))
        table = {}
        for threshold in np.arange(0.05, 0.96, 0.01):
            accuracies = []
            for pairs in sets.values():
                score, label = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
                passed = score >= threshold
                accuracies.append(float(passed[label].mean() + (~passed[~label]).mean()) / 2)
            table[round(float(threshold), 2)] = accuracies
        best = max(table, key=lambda threshold: np.mean(table[threshold]))
        print(lang, fit, len(rows))
        print(lang, "threshold", best, dict(zip(sets, np.round(table[best], 3).tolist())), round(float(np.mean(table[best])), 4))
        languages[lang] = {"supported": best, "partial": round(best * 0.8, 2)} | by_hand(best) | {"verifier": fit}
    args.out.write_text(json.dumps({"languages": languages}, indent=1) + "\n")


if __name__ == "__main__":
    main()
