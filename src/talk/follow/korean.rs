//! Korean follow-up questions.

use super::bare;

/// Words that lead on from what was said.
const LEADING_ON: [&str; 17] = [
    "그럼",
    "그러면",
    "그럼요",
    "그렇다면",
    "그리고",
    "그런데",
    "근데",
    "그래서",
    "또",
    "또한",
    "아니면",
    "반대로",
    "혹시",
    "아",
    "음",
    "네",
    "참",
];
/// Words that point back.
const BACK: [&str; 34] = [
    "그",
    "그건",
    "그거",
    "그거는",
    "그것",
    "그것은",
    "그것도",
    "그게",
    "그걸",
    "그것을",
    "그때",
    "그때는",
    "그날",
    "그중",
    "그중에",
    "그중에서",
    "거기",
    "거기서",
    "거기는",
    "거긴",
    "거기에",
    "이건",
    "이거",
    "이것",
    "이것은",
    "이것도",
    "이게",
    "이걸",
    "이때",
    "여기서",
    "저건",
    "그건요",
    "그것만",
    "이것만",
];
/// Nouns that `이` points back with.
const THIS: [&str; 8] = ["경우", "때", "중", "기간", "금액", "조건", "조항", "한도"];
/// What questions ask with, from its first syllable on.
const ASKING: [&str; 16] = [
    "얼마",
    "며칠",
    "언제",
    "어디",
    "누구",
    "누가",
    "무엇",
    "뭐",
    "뭘",
    "무슨",
    "어떤",
    "어떻게",
    "어떠",
    "왜",
    "몇",
    "어느",
];
/// Ends of predicates.
const PREDICATE: [&str; 35] = [
    "나요",
    "까요",
    "니까",
    "가요",
    "는지",
    "은지",
    "습니다",
    "합니다",
    "됩니다",
    "어요",
    "아요",
    "해요",
    "돼요",
    "예요",
    "에요",
    "세요",
    "줘",
    "려줘",
    "줘요",
    "죠",
    "지요",
    "한가",
    "인가",
    "는가",
    "은가",
    "을까",
    "할까",
    "될까",
    "하나",
    "되나",
    "있나",
    "없나",
    "때요",
    "래요",
    "한다",
];
/// Nouns that every topic has: they are none of their own.
const GENERAL: [&str; 80] = [
    "신청",
    "신청서",
    "방법",
    "기한",
    "기간",
    "대상",
    "조건",
    "금액",
    "한도",
    "절차",
    "서류",
    "예외",
    "담당",
    "담당자",
    "담당자는",
    "승인",
    "승인자",
    "결재",
    "유효기간",
    "이유",
    "근거",
    "경우",
    "비용",
    "횟수",
    "날짜",
    "시간",
    "처리",
    "제출",
    "제출처",
    "지급",
    "지급일",
    "증빙",
    "양식",
    "기준",
    "이월",
    "분할",
    "사용",
    "연장",
    "취소",
    "변경",
    "반려",
    "환불",
    "최대",
    "최소",
    "차이",
    "단위",
    "자격",
    "결과",
    "예시",
    "예",
    "다음",
    "나머지",
    "하루",
    "시점",
    "전",
    "후",
    "이후",
    "이전",
    "수",
    "것",
    "곳",
    "때",
    "중",
    "필요",
    "가능",
    "따로",
    "별도",
    "내용",
    "의미",
    "뜻",
    "출처",
    "문서",
    "조항",
    "전에",
    "후에",
    "미만",
    "이상",
    "이하",
    "초과",
    "이내",
];
/// Words that say little of anything.
const LITTLE: [&str; 35] = [
    "더",
    "다시",
    "꼭",
    "반드시",
    "모두",
    "다",
    "같이",
    "바로",
    "미리",
    "아직",
    "정확히",
    "자세히",
    "좀",
    "조금",
    "매년",
    "매월",
    "매번",
    "각각",
    "보통",
    "원래",
    "대해",
    "대해서",
    "관해",
    "관련",
    "있는",
    "없는",
    "되는",
    "하는",
    "안",
    "못",
    "알려",
    "말해",
    "설명해",
    "보여",
    "해",
];
const GREETING: [&str; 6] = ["안녕", "감사", "고마", "반가", "도움말", "수고"];

/// Particles, longer ones first.
const PARTICLES: [&str; 47] = [
    "에서는요",
    "에서는",
    "으로는",
    "에게는",
    "까지는",
    "부터는",
    "이라는",
    "에서도",
    "에서의",
    "까지도",
    "까지만",
    "이라도",
    "에서",
    "으로",
    "에게",
    "까지",
    "부터",
    "에는",
    "로는",
    "라는",
    "에도",
    "이나",
    "은요",
    "는요",
    "도요",
    "이요",
    "만요",
    "보다",
    "처럼",
    "마다",
    "밖에",
    "하고",
    "이랑",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "로",
    "와",
    "과",
    "도",
    "만",
    "요",
];
/// Nouns that end like a particle.
const NO_PARTICLE: [&str; 34] = [
    "휴가", "평가", "단가", "물가", "원가", "정가", "허가", "인가", "국가", "한도", "제도", "연도",
    "온도", "속도", "용도", "정도", "효과", "결과", "경과", "성과", "경로", "진로", "회의", "협의",
    "동의", "합의", "주의", "명의", "편의", "나이", "차이", "추가", "참가", "증가",
];
/// Words before a noun that end like a topic.
const ADNOMINAL: [&str; 9] = [
    "하는", "되는", "있는", "없는", "받는", "쓰는", "넘는", "르는", "않는",
];

const PERSON: [&str; 41] = [
    "직원",
    "임원",
    "사원",
    "임직원",
    "인턴",
    "계약직",
    "정규직",
    "비정규직",
    "파견직",
    "일용직",
    "경력직",
    "관리직",
    "사무직",
    "생산직",
    "무기계약직",
    "팀장",
    "부장",
    "과장",
    "차장",
    "대리",
    "본부장",
    "관리자",
    "가족",
    "배우자",
    "자녀",
    "부모",
    "외국인",
    "아르바이트",
    "알바",
    "수습",
    "기간제",
    "시간제",
    "신입",
    "이사",
    "협력사",
    "퇴직자",
    "퇴사자",
    "입사자",
    "대표",
    "임산부",
    "근로자",
];
const REGION: [&str; 22] = [
    "국내",
    "해외",
    "미국",
    "일본",
    "중국",
    "유럽",
    "베트남",
    "아시아",
    "본사",
    "지사",
    "지방",
    "서울",
    "부산",
    "제주",
    "수도권",
    "공장",
    "연구소",
    "현장",
    "국외",
    "재택",
    "시내",
    "시외",
];
const TIME: [&str; 22] = [
    "작년",
    "올해",
    "내년",
    "지난달",
    "이번달",
    "다음달",
    "지난해",
    "상반기",
    "하반기",
    "주말",
    "평일",
    "공휴일",
    "야간",
    "새벽",
    "오전",
    "오후",
    "휴일",
    "연말",
    "월말",
    "첫해",
    "평소",
    "주간",
];
const BOUND: [&str; 6] = ["미만", "이상", "이하", "초과", "이내", "까지"];

/// What a noun is of: things are topics, the others only narrow one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Figure,
    Person,
    Region,
    Time,
    Thing,
}

fn kind(noun: &str) -> Kind {
    if noun.chars().any(|char| char.is_ascii_digit()) {
        Kind::Figure
    } else if PERSON.contains(&noun)
        || ["직원", "임원", "사원", "인턴"]
            .iter()
            .any(|end| noun.ends_with(end))
    {
        Kind::Person
    } else if REGION.contains(&noun) {
        Kind::Region
    } else if TIME.contains(&noun) {
        Kind::Time
    } else {
        Kind::Thing
    }
}

/// A word and the particle at its end.
fn cut(word: &str) -> (&str, &str) {
    if NO_PARTICLE.iter().any(|noun| word.ends_with(noun)) {
        return (word, "");
    }
    for particle in PARTICLES {
        if let Some(stem) = word.strip_suffix(particle) {
            let left = stem.chars().count();
            // A single syllable before a short particle is more likely part of the noun.
            let is_safe = matches!(particle, "은" | "는" | "을" | "를" | "은요" | "는요");
            if left >= 2 || left == 1 && is_safe {
                return (stem, particle);
            }
        }
    }
    (word, "")
}

fn is_asking(word: &str) -> bool {
    ASKING.iter().any(|start| word.starts_with(start))
}

fn is_predicate(word: &str) -> bool {
    // `임원은요`, `2년차요` end in the particle that is polite, no more.
    let (_, particle) = cut(word);
    let is_polite = particle.ends_with('요') && particle != "요";
    !is_polite && PREDICATE.iter().any(|end| word.ends_with(end))
}

fn is_little(word: &str) -> bool {
    LITTLE.contains(&word)
}

fn is_general(noun: &str) -> bool {
    GENERAL.contains(&noun)
}

/// Whether a word asks, joins or says little, so that it may be a model's own.
pub(super) fn says_nothing(word: &str) -> bool {
    let (stem, _) = cut(word);
    is_asking(word)
        || is_little(word)
        || LEADING_ON.contains(&word)
        || matches!(
            stem,
            "있나"
                | "없나"
                | "되나"
                | "하나"
                | "인가"
                | "경우"
                | "수"
                | "것"
                | "때"
                | "대해"
                | "관해"
                | "알려"
                | "주"
        )
        || [
            "나요",
            "인가요",
            "되나요",
            "하나요",
            "있나요",
            "주세요",
            "입니까",
            "합니까",
            "됩니까",
            "무엇인가요",
        ]
        .contains(&word)
}

/// Endings differ where the word does not: `이월되나요`, `이월할`.
const VERBS: [&str; 14] = [
    "되나요",
    "하나요",
    "인가요",
    "할",
    "될",
    "하는",
    "되는",
    "하면",
    "되면",
    "하려면",
    "한",
    "된",
    "합니까",
    "됩니까",
];

/// Whether the noun or verb of a word stands in a text without white space.
pub(super) fn is_in(word: &str, text: &str) -> bool {
    let (stem, _) = cut(word);
    if text.contains(stem) {
        return true;
    }
    VERBS.iter().any(|end| {
        word.strip_suffix(end)
            .is_some_and(|stem| stem.chars().count() >= 2 && text.contains(stem))
    })
}

/// A question in words.
struct Asked<'a> {
    words: Vec<&'a str>,
    leads_on: bool,
    points_back: bool,
    /// Its own nouns: where they stand, and without particles.
    nouns: Vec<(usize, &'a str)>,
    /// Whether it says something of them, or asks with a word.
    says: bool,
}

impl<'a> Asked<'a> {
    fn of(question: &'a str) -> Self {
        let mut words: Vec<&str> = question
            .split_whitespace()
            .map(bare)
            .filter(|word| !word.is_empty())
            .collect();
        let mut leads_on = false;
        while words.len() > 1 && LEADING_ON.contains(&words[0]) {
            leads_on |= !matches!(words[0], "혹시" | "아" | "음" | "네" | "참");
            words.remove(0);
        }
        let mut asked = Self {
            leads_on,
            points_back: false,
            nouns: Vec::new(),
            says: false,
            words: Vec::new(),
        };
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).map(|word| cut(word).0);
            if BACK.contains(word) || *word == "이" && next.is_some_and(|next| THIS.contains(&next))
            {
                asked.points_back = true;
                continue;
            }
            let place = asked.words.len();
            asked.words.push(word);
            if is_asking(word) || is_predicate(word) {
                asked.says = true;
                continue;
            }
            let (stem, _) = cut(word);
            if !is_little(word) && !is_little(stem) && !is_general(stem) && !is_verb(word) {
                asked.nouns.push((place, stem));
            }
        }
        asked
    }

    fn ends_open(&self) -> bool {
        self.words.last().is_some_and(|word| {
            let (_, particle) = cut(word);
            !particle.is_empty()
                || ["면", "면요", "다면", "라면"]
                    .iter()
                    .any(|end| word.ends_with(end))
        })
    }
}

/// Verbs that are not the end of a sentence: `넘으면`, `받으려면`, `쓸`.
fn is_verb(word: &str) -> bool {
    [
        "으면", "려면", "하면", "되면", "어도", "아도", "해도", "어야", "아야", "해야", "해서",
        "되어", "하여", "쓸", "할", "될", "받을", "넘을", "하지", "되지",
    ]
    .iter()
    .any(|end| word.ends_with(end))
        || ADNOMINAL.iter().any(|end| word.ends_with(end))
        || word.ends_with("면요")
        || word.ends_with('야')
}

/// The question in full, if it follows up on `last`.
pub(super) fn completed(last: &str, question: &str) -> Option<String> {
    if GREETING.iter().any(|start| question.starts_with(start)) {
        return None;
    }
    let asked = Asked::of(question);
    let before: Vec<&str> = last.split_whitespace().collect::<Vec<_>>();
    if asked.points_back {
        return Some(with_topic(&before, &asked.words, question));
    }
    if asked.nouns.is_empty() {
        return Some(with_topic(&before, &asked.words, question));
    }
    let narrows = asked
        .nouns
        .iter()
        .all(|(_, noun)| kind(noun) != Kind::Thing);
    if narrows {
        return Some(narrowed(&before, &asked, question));
    }
    let is_condition = asked
        .words
        .last()
        .is_some_and(|word| ["면", "면요"].iter().any(|end| word.ends_with(end)));
    if is_condition && !asked.says {
        return Some(with_topic(&before, &asked.words, question));
    }
    if asked.says || !asked.ends_open() && !asked.leads_on {
        return None;
    }
    // A noun alone: it takes the place of the one that was asked about.
    let stems: Vec<&str> = before.iter().map(|word| cut(bare(word)).0).collect();
    let is_shared = |noun: &str| stems.contains(&noun);
    if asked.nouns.len() == 1 {
        return Some(replaced(&before, &asked));
    }
    // `휴일 근무는요?` narrows too.
    let shared = asked
        .nouns
        .iter()
        .any(|(_, noun)| is_shared(noun) || kind(noun) != Kind::Thing);
    (shared || asked.leads_on).then(|| parallel(&before, &asked))
}

/// Where the topic of a question ends: its last word with `은` or `는`, or else `이` or `가`.
fn topic_end(words: &[&str]) -> Option<usize> {
    let marked = |particles: &[&str]| {
        words.iter().rposition(|word| {
            let word = bare(word);
            let (_, particle) = cut(word);
            particles.contains(&particle)
                && !is_asking(word)
                && !is_predicate(word)
                && !ADNOMINAL.iter().any(|end| word.ends_with(end))
        })
    };
    marked(&["은", "는", "에서는", "으로는", "에는"]).or_else(|| marked(&["이", "가"]))
}

/// What a question is about.
fn topic(words: &[&str]) -> String {
    const LONGEST: usize = 8;
    let words: Vec<&str> = words
        .iter()
        .copied()
        .skip_while(|word| LEADING_ON.contains(&bare(word)))
        .collect();
    if let Some(end) = topic_end(&words) {
        let mut parts: Vec<&str> = words[..end]
            .iter()
            .copied()
            .filter(|word| !is_asking(bare(word)))
            .collect();
        parts.push(cut(bare(words[end])).0);
        let skipped = parts.len().saturating_sub(LONGEST);
        return parts[skipped..].join(" ");
    }
    let nouns: Vec<&str> = words
        .iter()
        .map(|word| bare(word))
        .filter(|word| !is_asking(word) && !is_predicate(word) && !is_little(word))
        .map(|word| {
            let verbs = ["하려면", "하면", "할", "될", "하는", "되는", "해도", "해야"];
            let noun = verbs.iter().find_map(|end| {
                word.strip_suffix(end)
                    .filter(|noun| noun.chars().count() >= 2)
            });
            noun.unwrap_or(cut(word).0)
        })
        .filter(|noun| !["수", "것", "쓸", "때"].contains(noun))
        .collect();
    let skipped = nouns.len().saturating_sub(LONGEST);
    nouns[skipped..].join(" ")
}

/// The topic of the question before, and what is asked of it now.
fn with_topic(before: &[&str], words: &[&str], question: &str) -> String {
    let topic = topic(before);
    let rest = words.join(" ");
    let end = if question.ends_with('?') { "?" } else { "" };
    match (topic.is_empty(), rest.is_empty()) {
        (true, _) => format!("{} {rest}{end}", before.join(" ")),
        (false, true) => before.join(" "),
        (false, false) => format!("{topic} {rest}{end}"),
    }
}

/// The question before, of those that are named now.
fn narrowed(before: &[&str], asked: &Asked<'_>, question: &str) -> String {
    let first = asked.nouns.first().map_or(0, |(at, _)| *at);
    let last = asked.nouns.last().map_or(0, |(at, _)| *at);
    // Of `3년 이상은` the bound belongs to the figure.
    let last = match asked.words.get(last + 1) {
        Some(word) if BOUND.contains(&cut(word).0) => last + 1,
        _ => last,
    };
    let mut phrase: Vec<&str> = asked.words[first..last].to_vec();
    phrase.push(cut(asked.words[last]).0);
    let phrase = phrase.join(" ");
    let rest = &asked.words[last + 1..];
    let kind = asked
        .nouns
        .first()
        .map_or(Kind::Thing, |(_, noun)| kind(noun));
    let substituted = substituted(before, kind, &phrase);
    if rest.is_empty() || same_question(before, rest) {
        return substituted;
    }
    let words: Vec<&str> = substituted.split_whitespace().collect();
    with_topic(&words, rest, question)
}

/// Whether `rest` asks what was asked before: `얼마인가요`.
fn same_question(before: &[&str], rest: &[&str]) -> bool {
    let asking = |words: &[&str]| {
        let found = words
            .iter()
            .map(|word| bare(word))
            .find(|word| is_asking(word));
        found.and_then(|word| ASKING.iter().find(|start| word.starts_with(**start)))
    };
    rest.len() == 1 && asking(rest).is_some() && asking(rest) == asking(before)
}

/// The question before with `phrase` in place of what is of its kind, or in front.
fn substituted(before: &[&str], of: Kind, phrase: &str) -> String {
    let stems: Vec<&str> = before.iter().map(|word| cut(bare(word)).0).collect();
    let mut words: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
    let in_front = || format!("{phrase} {}", before.join(" "));
    match of {
        Kind::Figure => {
            let unit = unit(phrase);
            let found = stems.iter().position(|stem| {
                stem.chars().any(|char| char.is_ascii_digit()) && self::unit(stem) == unit
            });
            let Some(at) = found else { return in_front() };
            words[at] = with_particle(phrase, before[at], stems[at]);
            if stems.get(at + 1).is_some_and(|next| BOUND.contains(next)) {
                words[at] = with_particle(phrase, before[at + 1], stems[at + 1]);
                words.remove(at + 1);
            }
        }
        Kind::Region => {
            let found = stems.iter().enumerate().find_map(|(at, stem)| {
                let region = REGION.iter().find(|region| stem.starts_with(**region))?;
                Some((at, *region))
            });
            let Some((at, region)) = found else {
                return in_front();
            };
            words[at] = if stems[at] == region {
                with_particle(phrase, before[at], region)
            } else {
                before[at].replacen(region, phrase, 1)
            };
        }
        Kind::Person | Kind::Time => {
            let found = stems.iter().position(|stem| kind(stem) == of);
            let Some(start) = found else {
                return in_front();
            };
            // `신입 직원`: both go.
            let more = stems[start + 1..]
                .iter()
                .take_while(|stem| kind(stem) == of);
            let end = start + more.count();
            words[end] = with_particle(phrase, before[end], stems[end]);
            words.drain(start..end);
        }
        Kind::Thing => return in_front(),
    }
    words.join(" ")
}

/// The first syllable behind a figure, which tells its unit.
fn unit(phrase: &str) -> Option<char> {
    let mut chars = phrase
        .chars()
        .skip_while(|char| !char.is_ascii_digit())
        .skip_while(|char| char.is_ascii_digit() || ",.".contains(*char));
    chars.next()
}

/// `noun` with what stood behind `stem` in `word`; particles fit its last sound.
fn with_particle(noun: &str, word: &str, stem: &str) -> String {
    let rest = word.strip_prefix(stem).unwrap_or_default();
    let closed = noun.chars().next_back().is_some_and(|char| {
        ('가'..='힣').contains(&char) && !(u32::from(char) - u32::from('가')).is_multiple_of(28)
    });
    let pairs = [
        ("은", "는"),
        ("이", "가"),
        ("을", "를"),
        ("과", "와"),
        ("으로", "로"),
    ];
    let bare_rest = bare(rest);
    let fitted = pairs
        .iter()
        .find(|(one, other)| bare_rest == *one || bare_rest == *other);
    match fitted {
        Some((after_closed, after_open)) => {
            let fitting = if closed { after_closed } else { after_open };
            format!("{noun}{}", rest.replacen(bare_rest, fitting, 1))
        }
        None => format!("{noun}{rest}"),
    }
}

/// The question before, with the noun of `asked` in place of its topic's last one.
fn replaced(before: &[&str], asked: &Asked<'_>) -> String {
    let (at, noun) = asked.nouns[0];
    let mut phrase: Vec<&str> = asked.words[..at].to_vec();
    phrase.push(noun);
    let mut rest: Vec<&str> = asked.words[at + 1..].to_vec();
    if let Some(last) = rest.last_mut() {
        *last = cut(last).0;
    }
    phrase.extend(rest);
    let phrase = phrase.join(" ");
    let Some(end) = topic_end(before) else {
        return format!("{phrase} {}", before.join(" "));
    };
    let mut words: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
    words[end] = with_particle(&phrase, before[end], cut(bare(before[end])).0);
    words.join(" ")
}

/// The question before, with a phrase in place of the one that has a word with it in common.
fn parallel(before: &[&str], asked: &Asked<'_>) -> String {
    let stems: Vec<&str> = before.iter().map(|word| cut(bare(word)).0).collect();
    let nouns: Vec<&str> = asked.nouns.iter().map(|(_, noun)| *noun).collect();
    // What narrows takes the place of what is of its kind: `해외 출장은?`.
    let others_shared = |own: &str| {
        nouns
            .iter()
            .all(|noun| *noun == own || stems.contains(noun))
    };
    for noun in &nouns {
        if kind(noun) != Kind::Thing && !stems.contains(noun) && others_shared(noun) {
            return substituted(before, kind(noun), noun);
        }
    }
    let shared = nouns
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, noun)| Some((at, stems.iter().rposition(|stem| stem == noun)?)));
    let phrase = |upto: usize| nouns[..=upto].join(" ");
    if let Some((own, there)) = shared {
        let start = there.saturating_sub(own);
        let mut words: Vec<String> = before[..start]
            .iter()
            .map(|word| (*word).to_owned())
            .collect();
        words.push(with_particle(&phrase(own), before[there], stems[there]));
        words.extend(before[there + 1..].iter().map(|word| (*word).to_owned()));
        return words.join(" ");
    }
    let Some(end) = topic_end(before) else {
        return format!("{} {}", nouns.join(" "), before.join(" "));
    };
    let mut words = vec![with_particle(&nouns.join(" "), before[end], stems[end])];
    words.extend(before[end + 1..].iter().map(|word| (*word).to_owned()));
    words.join(" ")
}
