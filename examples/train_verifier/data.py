"""Training examples for the verifier, from public pairs and changed sentences.

    python data.py --nli ../shared/eval/nli --wordnet package/dict --out work [--seed 1]

Writes `calibration/held-out.jsonl` (held-out pairs as text, for `calibrate.py`), `train.npz`, `dev.npz` (token ids of the pairs, labels, wrong words), `base.npz` (the
encoder and the rows of the table of words that are used) and `data.json` (counts, hashes of
what was read, licences). An example is a premise, a hypothesis, a label (0 entailment,
1 neutral, 2 contradiction, 3 not entailment) and the words of the hypothesis that the premise
does not hold, where that is known.
"""

import argparse
import hashlib
import json
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np

import statements
from base import Base
from english import English
from korean import Korean

LABELS = {"entailment": 0, "neutral": 1, "contradiction": 2, "not_entailment": 3}
LICENCES = {
    "snli": "CC BY-SA 4.0",
    "mnli": "OANC and others (MultiNLI's own licence), development part",
    "fever": "CC BY-SA 3.0 (Wikipedia) and the FEVER licence",
    "klue": "CC BY-SA 4.0",
    "wordnet": "WordNet 3.0 licence",
    "statements": "written for this project, Apache-2.0",
}
# How far a premise and a hypothesis reach in tokens.
LIMIT = 256
BREAK = re.compile(r"(?<=[.!?다요음]) +(?=[^a-z])")


def plain(text):
    """FEVER's sentences are cut into tokens: back to text."""
    for old, new in (("-LRB-", "("), ("-RRB-", ")"), ("-LSB-", "["), ("-RSB-", "]"), ("``", '"'), ("''", '"'), (" --", " –")):
        text = text.replace(old, new)
    text = re.sub(r" ([.,;:!?)\]%])", r"\1", text)
    text = re.sub(r"([(\[]) ", r"\1", text)
    text = re.sub(r" ('s|'re|'ve|'ll|n't|'d|'m|')(?=[ .,]|$)", r"\1", text)
    text = re.sub(r'" ([^"]*) "', r'"\1"', text)
    return " ".join(text.split())


def read(folder):
    for name in ("snli", "mnli", "fever", "klue"):
        for line in (folder / f"{name}.jsonl").open():
            pair = json.loads(line)
            premise, hypothesis = (" ".join(pair[side].split()) for side in ("premise", "hypothesis"))
            if name in ("fever", "snli"):
                premise, hypothesis = plain(premise), plain(hypothesis)
            if premise and hypothesis:
                yield name, pair["lang"], premise, hypothesis, LABELS[pair["label"]]


KEEPING = {"en": ["synonym", "shortened", "hypernym"], "ko": ["style"]}
BREAKING = {
    "en": {"number": 4, "name": 2, "swap": 3, "negation": 1.5, "antonym": 1.5, "sibling": 2, "hyponym": 1, "random_word": 1.5, "roles": 2, "added": 2},
    "ko": {"number": 4, "unit": 2, "swap": 3, "negation": 2, "mode": 1.5, "noun": 2.5, "roles": 2, "added": 1.5},
}
OPPOSITE = {"number", "unit", "swap", "negation", "antonym", "mode"}


def changed(rng, maker, premise, text, rounds):
    """Examples made of a text that follows from the premise."""
    for keep in (KEEPING[maker.lang] if rng.random() < 0.6 else ()):
        result = getattr(maker, keep)(rng, text)
        if result:
            yield premise, result[0], 0, [], keep
            if rng.random() < 0.5:
                text = result[0]
    yield premise, text, 0, [], "itself"
    operations = BREAKING[maker.lang]
    names = list(operations)
    rng.shuffle(names)
    names.sort(key=lambda name: rng.random() ** (1 / operations[name]), reverse=True)
    done = 0
    for name in names:
        if done == rounds:
            break
        result = getattr(maker, name)(rng, text)
        if result and result[0] != text and result[0].lower() not in premise.lower():
            done += 1
            yield premise, result[0], 2 if name in OPPOSITE else 3, [list(span) for span in result[1:]], name


def surrounded(rng, pool, premise):
    """The premise among sentences that have nothing to do with it."""
    others = [rng.choice(pool) for _ in range(rng.choice([1, 1, 2, 3]))]
    at = rng.randint(0, len(others))
    return " ".join(others[:at] + [premise] + others[at:])


def fused(rng, maker, pool):
    """A claim made of two sentences of its evidence: right, or wrong in one of them."""
    sentences = [rng.choice(pool) for _ in range(rng.choice([2, 3, 3, 4]))]
    premise = " ".join(sentences)
    one, two = sorted(rng.sample(range(len(sentences)), 2))
    one, two = sentences[one], sentences[two]
    if maker.lang == "en":
        shorter = maker.shortened(rng, one)
        one = (shorter[0] if shorter and rng.random() < 0.6 else one).rstrip(".")
        join = rng.choice([", and ", ", while ", "; ", ". ", ". "])
    else:
        join = rng.choice([" 그리고 ", " 또한 ", " ", " "])
    text = one + join + two
    yield premise, text, 0, [], "fused"
    for name in rng.sample(list(BREAKING[maker.lang]), 4):
        result = getattr(maker, name)(rng, text)
        if result and result[0] != text:
            yield premise, result[0], 2 if name in OPPOSITE else 3, [list(span) for span in result[1:]], f"fused {name}"
            break


def is_held_out(premise):
    """One in fifty premises, with all that is made of them."""
    return hashlib.sha256(premise.encode()).digest()[0] < 5


def examples(args, rng):
    pairs = list(read(args.nli))
    premises = {lang: [premise for _, own, premise, _, _ in pairs if own == lang] for lang in ("en", "ko")}
    entailed = {lang: [hypothesis for _, own, _, hypothesis, label in pairs if own == lang and label == 0] for lang in ("en", "ko")}
    makers = {
        "en": English(args.wordnet, [text for text in premises["en"] + entailed["en"] if len(text) < 300]),
        "ko": Korean(premises["ko"]),
    }
    pools = {lang: [text for text in premises[lang] if 20 < len(text) < 200] for lang in premises}
    for source, lang, premise, hypothesis, label in pairs:
        split = "dev" if is_held_out(premise) else "train"
        context = surrounded(rng, pools[lang], premise) if rng.random() < 0.25 else premise
        yield split, source, lang, context, hypothesis, label, [] if label == 0 else None
        made = []
        if label == 0 and (source != "snli" or rng.random() < 0.4):
            rounds = 3 if lang == "ko" else 2
            made += changed(rng, makers[lang], premise, hypothesis, rounds)
        # Premises of SNLI are captions: changed ones teach little.
        if source != "snli" or rng.random() < 0.15:
            sentences = [part for part in BREAK.split(premise) if 25 < len(part) < 260]
            if sentences:
                made += changed(rng, makers[lang], premise, rng.choice(sentences), 3 if lang == "ko" else 2)
        if rng.random() < (0.25 if source != "snli" else 0.05):
            made += fused(rng, makers[lang], pools[lang])
        for context, text, kind, wrong, name in made:
            if "fused" not in name and rng.random() < 0.4:
                context = surrounded(rng, pools[lang], context)
            yield split, f"{source}:{name}", lang, context, text, kind, wrong
    for index, item in enumerate(statements.generate(args.seed, args.statements)):
        split = "dev" if index % 50 == 0 else "train"
        premise = item["premise"]
        if item["lang"] in pools and rng.random() < 0.1:
            premise = surrounded(rng, pools[item["lang"]], premise)
        label = LABELS[item["label"]]
        yield split, f"statements:{item['op']}", item["lang"], premise, item["hypothesis"], label, item["wrong"]


class Encoder:
    def __init__(self, base):
        self.base, self.tokenizer, self.known = base, base.tokenizer(), {}

    def word(self, word):
        ids = self.known.get(word)
        if ids is None:
            ids = self.known[word] = self.tokenizer.encode(self.base.mapped(word), add_special_tokens=False).ids
        return ids

    def text(self, text):
        return [identifier for word in text.split() for identifier in self.word(word)]

    def claim(self, text, wrong):
        ids, marks = [], []
        for match in re.finditer(r"\S+", text):
            own = self.word(match[0])
            if wrong is None:
                mark = 2
            else:
                mark = int(any(start < match.end() and match.start() < end for start, end in wrong))
            ids += own
            marks += [mark] * len(own)
        return ids, marks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nli", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--extra", type=Path, nargs="*", default=[], help="files of texts whose words are kept in base.npz")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(args.seed)
    base = Base()
    encoder = Encoder(base)
    counts, columns = Counter(), {"train": [], "dev": []}
    sources = {}
    (args.out / "calibration").mkdir(exist_ok=True)
    held_out = (args.out / "calibration" / "held-out.jsonl").open("w")
    for split, source, lang, premise, hypothesis, label, wrong in examples(args, rng):
        if split == "dev":
            # The claim's language is what counts where evidence is in another.
            names = {number: name for name, number in LABELS.items()}
            line = {"id": source, "lang": lang.split("-")[0], "premise": premise, "hypothesis": hypothesis, "label": names[label]}
            held_out.write(json.dumps(line, ensure_ascii=False) + "\n")
        claim, marks = encoder.claim(hypothesis, wrong)
        evidence = encoder.text(premise)
        room = LIMIT - 4 - len(claim)
        if room < 16 or not evidence:
            continue
        number = sources.setdefault(f"{lang} {source}", len(sources))
        columns[split].append((evidence[:room], claim, marks, label, number))
        counts[split, lang, source] += 1
    held_out.close()
    for path in args.extra:
        encoder.text(path.read_text())
    used = sorted({0, 1, 2, 3}.union(*({*ids} for ids in encoder.known.values())))
    place = np.full(base.shape["vocabulary"], 3, dtype=np.int32)
    place[used] = np.arange(len(used))
    for split, rows in columns.items():
        np.savez_compressed(
            args.out / f"{split}.npz",
            evidence=place[np.concatenate([row[0] for row in rows])].astype(np.uint16 if len(used) < 65536 else np.uint32),
            claim=place[np.concatenate([row[1] for row in rows])].astype(np.uint16 if len(used) < 65536 else np.uint32),
            marks=np.concatenate([row[2] for row in rows]).astype(np.uint8),
            lengths=np.array([(len(row[0]), len(row[1])) for row in rows], dtype=np.uint16),
            label=np.array([row[3] for row in rows], dtype=np.uint8),
            source=np.array([row[4] for row in rows], dtype=np.uint16),
        )
    raw = {name: np.frombuffer(value[2], dtype=np.uint8) for name, value in base.raw.items() if name != "emb.word"}
    kinds = {name: [value[0], value[1]] for name, value in base.raw.items() if name != "emb.word"}
    rows = np.frombuffer(base.raw["emb.word"][2], dtype=np.uint8).reshape(base.shape["vocabulary"], -1)[used]
    np.savez(args.out / "base.npz", used=np.array(used, dtype=np.int32), rows=rows, kinds=json.dumps(kinds), **{"t/" + name: value for name, value in raw.items()})
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(args.nli.glob("*.jsonl"))}
    sums |= {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(args.wordnet).glob("*"))}
    totals = Counter()
    for (split, lang, source), count in counts.items():
        totals[split, lang, source.split(":")[0]] += count
    report = {
        "seed": args.seed,
        "sha256": sums,
        "licences": LICENCES,
        "sources": list(sources),
        "examples": {" ".join(key): count for key, count in sorted(totals.items())},
        "words": len(used),
    }
    (args.out / "data.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))
    print(json.dumps(report["examples"], indent=1), len(used))


if __name__ == "__main__":
    main()
