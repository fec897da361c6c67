"""Changes to Korean sentences that keep or break what they say."""

import re
from collections import Counter, defaultdict

from english import other_number

FIRST, VOWELS, LAST = 0xAC00, 21, 28


def parts(char):
    code = ord(char) - FIRST
    return (code // (VOWELS * LAST), code // LAST % VOWELS, code % LAST) if 0 <= code < 11172 else None


def syllable(lead, vowel, tail):
    return chr(FIRST + (lead * VOWELS + vowel) * LAST + tail)


SS = 20  # the final consonant of `했`
# Vowels that hold the ending of the past, and those of the stem.
PAST = {0: 0, 1: 1, 4: 4, 5: 5, 6: 20, 9: 8, 10: 11, 14: 13, 2: 2}


def denied_past(text):
    """`했다` to `하지 않았다`, for any regular verb; none where it is not sure."""
    match = re.search(r"([가-힣])(다|습니다|음)([.!]?)$", text)
    if not match:
        return None
    lead, vowel, tail = parts(match[1])
    if tail != SS or match[1] in "있겠":
        return None
    stem = text[: match.start()]
    if match[1] in "었았였":
        base = stem if match[1] != "였" else None
    elif vowel in PAST:
        base = stem + syllable(lead, PAST[vowel], 0)
    else:
        base = None
    if not base:
        return None
    start = base.rfind(" ") + 1
    ending = {"다": "지 않았다", "습니다": "지 않았습니다", "음": "지 않았음"}[match[2]]
    new = base + ending + match[3]
    return new, [start, len(new) - len(match[3])]


DENIALS = [
    (r"할 수 있(다|습니다|음|는)", r"할 수 없\1"), (r"수 있(다|습니다|음|는)", r"수 없\1"), (r"수 없(다|습니다|음|는)", r"수 있\1"),
    (r"하지 않(?:는다|습니다)", "한다"), (r"하지 않았(다|습니다)", r"했\1"), (r"되지 않(?:는다|습니다)", "된다"), (r"되지 않았(다|습니다)", r"됐\1"),
    (r"해야 한다", "하지 않아도 된다"), (r"해야 합니다", "하지 않아도 됩니다"), (r"하여야 한다", "하지 않아도 된다"),
    (r"([가-힣])한다([.]?)$", r"\1하지 않는다\2"), (r"([가-힣])합니다([.]?)$", r"\1하지 않습니다\2"),
    (r"([가-힣])된다([.]?)$", r"\1되지 않는다\2"), (r"([가-힣])됩니다([.]?)$", r"\1되지 않습니다\2"),
    (r"(?<!고 )있다([.]?)$", r"없다\1"), (r"없다([.]?)$", r"있다\1"), (r"(?<!고 )있습니다([.]?)$", r"없습니다\1"), (r"없습니다([.]?)$", r"있습니다\1"),
    (r"(?<!고 )있었(다|습니다)", r"없었\1"), (r"없었(다|습니다)", r"있었\1"), (r"이다([.]?)$", r"이 아니다\1"), (r"입니다([.]?)$", r"이 아닙니다\1"),
    (r"이 아니다([.]?)$", r"이다\1"), (r"이 아닙니다([.]?)$", r"입니다\1"), (r"이었다([.]?)$", r"이 아니었다\1"), (r"는다([.]?)$", r"지 않는다\1"),
    (r"좋(다|습니다|았다|았습니다)", r"나쁘지 않\1"), (r"않았(다|습니다)", None),
]
DENIALS = [(re.compile(pattern), new) for pattern, new in DENIALS if new]
SWAPS = """이상/이하 이상/미만 초과/이하 초과/이상 이내/이후 이전/이후 전까지/이후 최대/최소 최고/최저 모든/일부 모두/일부 전체/일부 항상/가끔 반드시/되도록
증가/감소 늘/줄 상승/하락 인상/인하 확대/축소 강화/완화 높/낮 많/적 크/작 길/짧 빠르/느리 가깝/멀 좋/나쁘 넓/좁 밝/어둡 쉽/어렵 비싸/저렴하 새로운/기존 안전/위험
찬성/반대 동의/거부 승인/반려 허용/금지 허가/금지 포함/제외 필수/선택 의무/권장 유료/무료 유급/무급 국내/해외 내부/외부 공개/비공개 오전/오후 아침/저녁 상반기/하반기
남성/여성 남자/여자 아버지/어머니 아들/딸 형/동생 남편/아내 승리/패배 성공/실패 시작/종료 개최/취소 찾았/잃었 구매/판매 입사/퇴사 입국/출국 수입/수출 입금/출금 정규직/계약직
신규/기존 공식/비공식 합법/불법 가능/불가능 완료/예정 첫/마지막 처음/마지막 동쪽/서쪽 남쪽/북쪽 북한/남한 여당/야당 공격/방어 열/닫 켜/끄 올라/내려 올리/내리 밀/당기 사전/사후 직접/간접 단독/공동
개인/법인 대기업/중소기업 부모/자녀 교사/학생 주중/주말 평일/휴일 매일/매주 매월/매년 연간/월간 주간/월간 긍정/부정 진실/거짓 이익/손실 흑자/적자 예정이다/않기로했다 찬반/찬성 전국/서울 유지/폐지 연장/단축 설치/철거 임명/해임 합격/불합격
인상률/인하율 친절/불친절 깨끗/더럽 만족/불만족 편리/불편 조용/시끄럽 추천/비추천 재미있/재미없 재밌/재미없 충분/부족""".split()
SWAP_OF = defaultdict(list)
for pair in SWAPS:
    one, other = pair.split("/")
    SWAP_OF[one].append(other)
    SWAP_OF[other].append(one)
# One syllable is safe only where an adjective's ending follows.
SHORT = "다고은는았었을지게"
SWAP = re.compile(
    "|".join(
        [re.escape(word) for word in sorted(SWAP_OF, key=len, reverse=True) if len(word) > 1]
        + [rf"(?<=\s){word}(?=[{SHORT}])" for word in SWAP_OF if len(word) == 1 and word not in "형딸첫"]
    )
)
UNITS = "일 주 주일 개월 년 시간 분 초 원 달러 명 개 회 번 퍼센트 % 만 억 천 조 kg km 미터 위 세 살 층 호 장 권 대 곳 건".split()
UNIT = re.compile(r"(?<=\d)(\s?)(%포인트|퍼센트|영업일|주일|개월|시간|달러|[일주년분초원명개회번%만억천조위세살층호장권대곳건])(?![가-힣]?[가-힣]{3})")
PARTICLES = "에서는 에게서 으로는 에서 에게 으로 까지 부터 처럼 보다 은 는 이 가 을 를 의 와 과 로 도 에 만".split()
NOUN = re.compile(r"(?<!\S)([가-힣A-Za-z0-9·]{2,12}?)(" + "|".join(PARTICLES) + r")(?=\s|$)")
MODES = [
    ("해야 한다", "할 수 있다"), ("해야 합니다", "할 수 있습니다"), ("할 예정이다", "했다"), ("할 예정입니다", "했습니다"), ("할 계획이다", "했다"),
    ("할 수 있다", "해야 한다"), ("할 수 있습니다", "해야 합니다"), ("하기로 했다", "하지 않기로 했다"), ("것으로 보인다", "것이 확실하다"), ("할 방침이다", "했다"),
    ("될 예정이다", "되었다"), ("될 수 있다", "된다"), ("라고 주장했다", "라고 부인했다"), ("할 것이다", "했다"), ("하고 있다", "할 예정이다"),
]
# The same in another style of speech.
STYLES = [
    (r"한다([.]?)$", r"합니다\1"), (r"합니다([.]?)$", r"한다\1"), (r"된다([.]?)$", r"됩니다\1"), (r"됩니다([.]?)$", r"된다\1"),
    (r"했다([.]?)$", r"했습니다\1"), (r"했습니다([.]?)$", r"했다\1"), (r"있다([.]?)$", r"있습니다\1"), (r"있습니다([.]?)$", r"있다\1"),
    (r"없다([.]?)$", r"없습니다\1"), (r"없습니다([.]?)$", r"없다\1"), (r"이다([.]?)$", r"입니다\1"), (r"입니다([.]?)$", r"이다\1"),
    (r"였다([.]?)$", r"였습니다\1"), (r"었다([.]?)$", r"었습니다\1"), (r"았다([.]?)$", r"았습니다\1"), (r"었습니다([.]?)$", r"었다\1"),
    (r"한다([.]?)$", r"함\1"), (r"된다([.]?)$", r"됨\1"), (r"했다([.]?)$", r"했음\1"), (r"있다([.]?)$", r"있음\1"), (r"예정이다([.]?)$", r"예정임\1"),
    (r"하였다([.]?)$", r"했다\1"), (r"했다([.]?)$", r"하였다\1"), (r"되었다([.]?)$", r"됐다\1"), (r"하여야 한다", "해야 한다"), (r"해야 한다", "하여야 합니다"),
]
STYLES = [(re.compile(pattern), new) for pattern, new in STYLES]


def has_final(word):
    found = parts(word[-1])
    return found[2] != 0 if found else None


def with_particle(noun, particle):
    """The particle in the form that fits the noun."""
    final = has_final(noun)
    if final is None:
        return noun + particle
    for closed, opened in (("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"), ("으로", "로"), ("으로는", "로는")):
        if particle in (closed, opened):
            return noun + (closed if final and not (closed == "으로" and parts(noun[-1])[2] == 8) else opened)
    return noun + particle


class Korean:
    lang = "ko"

    def __init__(self, sentences):
        found = defaultdict(Counter)
        self.phrases = []
        for sentence in sentences:
            for match in NOUN.finditer(sentence):
                found[self.kind(match[2])][match[1]] += 1
                if match[2] in ("에서", "에게", "으로", "부터", "까지", "보다") and match.end() - match.start() > 3:
                    self.phrases.append(match[0])
        self.nouns = {kind: [noun for noun, count in nouns.items() if count >= 2] for kind, nouns in found.items()}

    @staticmethod
    def kind(particle):
        return {"는": "은", "가": "은", "이": "은", "은": "은", "를": "을", "을": "을"}.get(particle, particle)

    def number(self, rng, text):
        found = list(re.finditer(r"\d[\d,]*(?:\.\d+)?", text))
        if not found:
            return None
        match = rng.choice(found)
        new = other_number(rng, match[0])
        return text[: match.start()] + new + text[match.end() :], [match.start(), match.start() + len(new)]

    def unit(self, rng, text):
        found = list(UNIT.finditer(text))
        if not found:
            return None
        match = rng.choice(found)
        old = match[2]
        if old in ("만", "억", "천", "조"):
            pool = ["만", "억", "천", "조"]
        elif old in ("일", "주", "주일", "개월", "년", "시간", "분", "초", "영업일"):
            pool = ["일", "주일", "개월", "년", "시간", "분"]
        elif old in ("원", "달러"):
            pool = ["원", "달러", "유로"]
        elif old in ("%", "퍼센트", "%포인트"):
            pool = ["%", "%포인트", "배"]
        else:
            pool = [unit for unit in UNITS if len(unit) == 1 and unit not in "만억천조%"]
        pool = [unit for unit in pool if unit != old and not {unit, old} <= {"주", "주일"} and not {unit, old} <= {"%", "퍼센트"}]
        new = rng.choice(pool)
        start = match.start(2)
        begin = re.search(r"[\d,.]+\s?$", text[:start]).start()
        return text[:start] + new + text[match.end() :], [begin, start + len(new)]

    def swap(self, rng, text):
        found = [match for match in SWAP.finditer(text)]
        if not found:
            return None
        match = rng.choice(found)
        new = rng.choice(SWAP_OF[match[0]])
        return text[: match.start()] + new + text[match.end() :], [match.start(), match.start() + len(new)]

    def negation(self, rng, text):
        options = [(pattern, new) for pattern, new in DENIALS if pattern.search(text)]
        past = denied_past(text)
        if past and (not options or rng.random() < 0.5):
            return past
        if not options:
            return None
        pattern, new = options[0] if rng.random() < 0.7 else rng.choice(options)
        match = list(pattern.finditer(text))[-1]
        replacement = match.expand(new)
        result = text[: match.start()] + replacement + text[match.end() :]
        return result, [match.start(), match.start() + len(replacement.rstrip("."))]

    def mode(self, rng, text):
        options = [(old, new) for old, new in MODES if old in text]
        if not options:
            return None
        old, new = rng.choice(options)
        start = text.rindex(old)
        return text[:start] + new + text[start + len(old) :], [start, start + len(new)]

    def noun(self, rng, text):
        found = [match for match in NOUN.finditer(text) if self.nouns.get(self.kind(match[2]))]
        if not found:
            return None
        match = rng.choice(found)
        noun = rng.choice(self.nouns[self.kind(match[2])])
        if noun in text or match[1] in noun:
            return None
        new = with_particle(noun, match[2])
        return text[: match.start()] + new + text[match.end() :], [match.start(), match.start() + len(new)]

    def roles(self, rng, text):
        """Subject and object exchanged, or two places."""
        found = list(NOUN.finditer(text))
        groups = [("은는이가", "을를"), ("은는이가", "에게"), ("은는이가", "보다"), ("에서", "으로"), ("은는이가", "와과"), ("부터", "까지"), ("은는이가", "의")]
        pairs = []
        for one in found:
            for two in found:
                if one.end() <= two.start() and one[1] != two[1]:
                    for left, right in groups[:4] + groups[5:6]:
                        if (one[2] in left and two[2] in right) or (one[2] in right and two[2] in left):
                            pairs.append((one, two))
        if not pairs:
            return None
        one, two = rng.choice(pairs)
        left, right = with_particle(two[1], one[2]), with_particle(one[1], two[2])
        between = text[one.end() : two.start()]
        new = text[: one.start()] + left + between + right + text[two.end() :]
        second = one.start() + len(left) + len(between)
        return new, [one.start(), one.start() + len(left)], [second, second + len(right)]

    def added(self, rng, text):
        gaps = [match.start() for match in re.finditer(" ", text)]
        if not gaps or not self.phrases:
            return None
        at = rng.choice(gaps)
        phrase = rng.choice(self.phrases)
        if phrase in text:
            return None
        return text[:at] + " " + phrase + text[at:], [at + 1, at + 1 + len(phrase)]

    def style(self, rng, text):
        options = [(pattern, new) for pattern, new in STYLES if pattern.search(text)]
        if not options:
            return None
        pattern, new = rng.choice(options)
        return (pattern.sub(new, text),)
