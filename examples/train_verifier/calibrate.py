"""From what the tiers saw to one probability: fits `src/check/calibration.json`.

    veracite eval work/calibration --pairs verifier.jsonl
    VERACITE_MODELS__VERIFIER=none veracite eval work/calibration --pairs vectors.jsonl
    veracite eval ../shared/eval/groundedness --pairs development.jsonl
    python calibrate.py --verifier verifier.jsonl --vectors vectors.jsonl \
        --development development.jsonl --out src/check/calibration.json

The coefficients are those of logistic regressions on pairs that were held out when the verifier
was trained; signs are held to what they mean (more coverage is never less likely). The threshold
of a language is where the mean balanced accuracy over its development sets is best: one for all
of them.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

# Names of features, and the sign that each may have.
SIGNS = {"coverage": 1, "cosine": 1, "entailed": 1, "contradicted": -1, "word": -1, "opposite": -1}
FITS = {
    "words": ["coverage", "opposite"],
    "vectors": ["coverage", "cosine", "opposite"],
    "verifier": ["coverage", "entailed", "contradicted", "word"],
}


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


def probability(fit, weighed):
    total = fit["bias"] + sum(value * (feature(name, weighed) or 0.0) for name, value in fit.items() if name != "bias")
    return 1 / (1 + np.exp(-total))


def read(path):
    return [json.loads(line) for line in Path(path).open()]


def expected_error(scores, labels, bins=15):
    place = np.minimum((np.array(scores) * bins).astype(int), bins - 1)
    labels, scores = np.array(labels, float), np.array(scores)
    return sum((place == at).mean() * abs(scores[place == at].mean() - labels[place == at].mean()) for at in set(place))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--verifier", required=True)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--development", required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    sources = {"words": read(args.vectors), "vectors": read(args.vectors), "verifier": read(args.verifier)}
    development = read(args.development)
    languages = {}
    for lang in ("en", "ko"):
        fits = {}
        for kind, names in FITS.items():
            rows, labels = [], []
            for line in sources[kind]:
                values = [feature(name, line["weighed"]) for name in names]
                # What hard facts or a word-for-word match decided says nothing about the rest.
                decided = line["reason"] and line["reason"]["kind"] not in ("low_similarity", "partly_missing", "opposite")
                if line["lang"] == lang and None not in values and not decided:
                    rows.append(values)
                    labels.append(line["label"])
            fits[kind] = fitted(rows, labels, names)
            scores = [probability(fits[kind], {name: None for name in SIGNS} | line["weighed"]) for line in sources[kind] if line["lang"] == lang and line["weighed"][names[-1]] is not None]
            truth = [line["label"] for line in sources[kind] if line["lang"] == lang and line["weighed"][names[-1]] is not None]
            print(lang, kind, fits[kind], len(rows), "error of calibration", round(expected_error(scores, truth), 4))
        sets = defaultdict(list)
        for line in development:
            if line["lang"] == lang:
                refused = line["verdict"] != "supported" and line["reason"] and line["reason"]["kind"] not in ("low_similarity", "partly_missing", "opposite", "no_citation")
                if refused:
                    score = 0.0
                elif line["weighed"]["entailed"] is None:
                    score = line["score"]
                else:
                    score = probability(fits["verifier"], line["weighed"])
                sets[line["set"]].append((score, line["label"]))
        table = {}
        for threshold in np.arange(0.05, 0.96, 0.01):
            accuracies = []
            for pairs in sets.values():
                score, label = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
                passed = score >= threshold
                accuracies.append((passed[label].mean() + (~passed[~label]).mean()) / 2)
            table[round(float(threshold), 2)] = accuracies
        best = max(table, key=lambda threshold: np.mean(table[threshold]))
        print(lang, "threshold", best, dict(zip(sets, np.round(table[best], 3))), round(float(np.mean(table[best])), 4))
        languages[lang] = {"supported": best, "partial": round(best * 0.6, 2)} | fits
    args.out.write_text(json.dumps({"languages": languages}, indent=1) + "\n")


if __name__ == "__main__":
    main()
