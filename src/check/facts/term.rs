//! The words that say what a figure is of, so that they can be compared.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::value::{Fact, Side, hash};
use crate::index::words;
use crate::language::is_hangul;

/// A word, or a figure that stands beside the one in question.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// As it is written.
    pub(super) text: String,
    /// What is compared: pairs of syllables, a stem, or the keys of a figure.
    pub(super) grams: Vec<u64>,
    /// Its bytes in the sentence.
    pub(super) at: Range<usize>,
    pub(super) role: Role,
    /// Whether a clause ends with it: `지급하고`.
    pub(super) connects: bool,
    /// Whether the clause before says it for this one.
    pub(super) is_inherited: bool,
    /// Whether it is a figure that an ordinary word says: `한 번에`.
    pub(super) is_soft: bool,
    /// How much it tells things apart.
    pub(super) weight: f32,
}

/// What a term does in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Says what something is.
    Word,
    /// Is a figure, or what a figure is for each of.
    Figure,
    /// Says too little to bind anything.
    Stop,
    /// Joins clauses or items and says nothing: `and`.
    Joint,
}

impl Role {
    fn of_word(is_joint: bool, is_stop: bool) -> Self {
        match (is_joint, is_stop) {
            (true, _) => Self::Joint,
            (false, true) => Self::Stop,
            (false, false) => Self::Word,
        }
    }
}

impl Term {
    pub(super) fn is_figure(&self) -> bool {
        self.role == Role::Figure
    }

    pub(super) fn is_joint(&self) -> bool {
        self.role == Role::Joint
    }

    pub(super) fn is_stop(&self) -> bool {
        matches!(self.role, Role::Stop | Role::Joint)
    }

    pub(super) fn figure(fact: &Fact) -> Self {
        let mut grams = fact.value.keys();
        // `5년 미만` and `5년 이상` share their figure alone.
        if let Some(limit) = fact.limit.filter(|limit| !limit.is_soft) {
            grams.push(hash(&(&grams, limit.side == Side::Low)));
        }
        Self {
            text: fact.text.clone(),
            grams,
            at: fact.at.clone(),
            role: Role::Figure,
            connects: false,
            is_inherited: false,
            is_soft: fact.is_soft && fact.is_one().is_some(),
            weight: 1.0,
        }
    }
}

/// Terms by what is compared of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms(HashSet<u64>);

impl Terms {
    pub(super) fn of<'a>(terms: impl IntoIterator<Item = &'a Term>) -> Self {
        let mut found = Self::default();
        found.add(terms);
        found
    }

    pub(super) fn add<'a>(&mut self, terms: impl IntoIterator<Item = &'a Term>) {
        self.0.extend(
            terms
                .into_iter()
                .flat_map(|term| term.grams.iter().copied()),
        );
    }

    /// The share of a term that is here.
    pub(super) fn share(&self, term: &Term) -> f32 {
        if term.grams.is_empty() {
            return 0.0;
        }
        let held = term
            .grams
            .iter()
            .filter(|gram| self.0.contains(gram))
            .count();
        #[expect(clippy::cast_precision_loss, reason = "a word has few pairs")]
        let share = held as f32 / term.grams.len() as f32;
        share
    }
}

/// Particles and endings of Korean words, the longer first.
static ENDINGS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "으로부터 에게서는 하여야한다 하여야 해야한다 입니다만 이라고 에서는 에게는 으로는 \
     이라는 하였으며 하였다 했습니다 합니다 됩니다 입니다 습니다 하도록 되도록 한다면 \
     된다면 에서의 으로서 으로써 이라면 하려면 되려면 까지는 부터는 까지의 부터의 에서 에게 \
     으로 부터 까지 이나 이며 이고 이다 하며 하고 한다 하는 하여 해서 해야 하면 할 한 된다 \
     되며 되고 되는 되어 되면 돼야 됐다 했다 였다 라고 라는 이란 이라 에는 에도 와의 과의 \
     로는 로서 로써 마다 보다 처럼 만큼 밖에 조차 라도 이면 면서 지만 는데 은 는 이 가 을 \
     를 에 의 와 과 로 도 만 고 며 면 서 된 될 다"
        .split_whitespace()
        .collect()
});

/// Endings after which a single syllable is still a word: `갑은`.
const SHORT: &[&str] = &[
    "은", "는", "을", "를", "에", "의", "와", "과", "에게", "에는",
];

/// Nouns that end like a word with a particle.
static WHOLE: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "휴가 평가 국가 증가 추가 허가 인가 물가 원가 단가 정가 시가 주가 대가 참가 첨가 부가 \
     인상가 전문가 나이 차이 사이 높이 길이 넓이 깊이 도로 경로 통로 진로 선로 사고 보고 \
     창고 재고 최고 경고 신고 광고 참고 권고 공고 해고 원고 예고 제도 한도 정도 온도 속도 \
     연도 용도 각도 습도 강도 조도 빈도 회의 동의 합의 협의 문의 심의 결의 주의 임의 유의 \
     미만 서면 도면 화면 결과 효과 성과 초과 경과 부과 학과 과다 숙소 요금제"
        .split_whitespace()
        .collect()
});

fn stem(word: &str) -> &str {
    let count = word.chars().count();
    let mut word = word;
    let ends_as_noun = |word: &str| WHOLE.iter().any(|noun| word.ends_with(noun));
    // A particle may follow an ending: `신청하는 것을`, `한다는`.
    for round in 0..2 {
        if ends_as_noun(word) {
            break;
        }
        let cut = ENDINGS
            .iter()
            .filter(|ending| word.ends_with(**ending))
            .filter(|ending| {
                let rest = word[..word.len() - ending.len()].chars().count();
                rest >= 2 || round == 0 && rest == 1 && SHORT.contains(ending) && count <= 3
            })
            .max_by_key(|ending| ending.len());
        match cut {
            Some(ending) => word = &word[..word.len() - ending.len()],
            None => break,
        }
    }
    word
}

/// Korean words that bind nothing.
static KOREAN_STOP: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "있 없 있다 없다 한다 된다 하 되 및 또는 또 그리고 경우 때 시 등 약 총 각 각각 모두 \
     대한 대해 대하 따라 따른 따르 의해 위해 위한 통해 관한 것 수 그 이 저 해당 최대 최소 \
     최소한 이상 이하 초과 미만 이내 이후 이전 까지 부터 동안 전 후 내 안 이 가 은 는 을 를 \
     로 으로 에 의 도 만 씩 간 원 정도 가량 기준 받 받는다 받을 가능 가능하 필요 필요하 \
     한하 적어도 많아야 늦어도 다음 같 같은 이며 이고 이다 입니 합니 됩니 다만 단 가운데 \
     하지만 그러나 따라서 문서 규정 본 당 적용 사이 평균 있으며 있습니 정해 정하 정한 밖 더 \
     매 별 중 인 또한 까지만 넘는 넘게 넘 하며 않 않으 않습니 않아 않고 아니 전까지 전에 \
     전에는 번호 전화 전화번호 하나 넘지 대략 이루어지 이뤄지 해야 하여야 의하면 따르면"
        .split_whitespace()
        .collect()
});

/// English words that bind nothing, by their stems.
static ENGLISH_STOP: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "a an the of to in on at for is are was were be been it its this that these those with \
     as by from has have had will would can could may might must should shall do doe did \
     they he she we you i their his her our your not no there which who what when per each \
     every all any up than then so if into also only get receiv set given give entitl least \
     most more less fewer maximum minimum within over under abov below until till befor \
     after sinc about approxim around between both total one such other same take need \
     requir accord state number phone telephon address document polici rule how where them \
     exceed long last ha thi wa onli ani everi allow permit provid amount equal make made \
     out"
    .split_whitespace()
    .collect()
});

/// Words that are said of nearly all people and things, and tell little apart.
const GENERAL: &[&str] = &[
    "직원",
    "임직원",
    "근로자",
    "종사자",
    "대상자",
    "사람",
    "employee",
    "employees",
    "worker",
    "workers",
    "people",
    "person",
    "persons",
    "company",
    "회사",
];

const JOINTS: &[&str] = &[
    "and",
    "but",
    "while",
    "whereas",
    "or",
    "plus",
    "versus",
    "및",
    "그리고",
    "또는",
    "반면",
    "하지만",
    "그러나",
    "와",
    "과",
];

/// Endings of Korean words with which a clause ends.
const CONNECTIVES: &[&str] = &[
    "고", "며", "지만", "으나", "는데", "거나", "아서", "어서", "하여", "해서", "되어", "은데",
    "면서", "이나",
];

/// Words with such an ending that end no clause: `위원장을 포함하여`.
static NOT_CONNECTIVES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "포함하여 포함해서 대하여 위하여 통하여 관하여 의하여 한하여 비하여 더하여 제외하고 \
     이어서 계속하여 기준으로하여 아니하고 초과하여 초과해서 경과하여 미달하여 그리고 \
     따라서 에서 로서 하고"
        .split_whitespace()
        .collect()
});

/// The words of `text` outside `facts`, in order, those that say nothing among them.
pub(super) fn terms(text: &str, facts: &[Fact]) -> Vec<Term> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut blanks = facts.iter().map(|fact| &fact.at).peekable();
    while at < text.len() {
        if let Some(blank) = blanks.next_if(|blank| blank.start <= at) {
            at = at.max(blank.end);
            // What is joined to a figure is its particle.
            let stop = blanks.peek().map_or(text.len(), |next| next.start.max(at));
            let attached = text[at..stop]
                .char_indices()
                .find(|(_, char)| !is_hangul(*char))
                .map_or(stop, |(length, _)| at + length);
            if attached > at {
                found.push(particle(&text[at..attached], at..attached));
                at = attached;
            }
            continue;
        }
        let stop = blanks.peek().map_or(text.len(), |blank| blank.start);
        let Some(char) = text[at..].chars().next() else {
            break;
        };
        if !char.is_alphanumeric() {
            at += char.len_utf8();
            continue;
        }
        let hangul = is_hangul(char);
        let end = text[at..stop]
            .char_indices()
            .find(|(_, char)| !char.is_alphanumeric() || is_hangul(*char) != hangul)
            .map_or(stop, |(length, _)| at + length);
        let word = &text[at..end];
        let mut term = if hangul {
            korean_term(word, at..end)
        } else {
            latin_term(text, word, at..end)
        };
        if is_denied(text, word, &term.at) {
            for gram in &mut term.grams {
                *gram = hash(&("not", *gram));
            }
        }
        // `계약직 직원`, `contract workers`: what kind of them tells.
        if GENERAL.contains(&term.text.to_lowercase().as_str())
            && let Some(last) = found.last()
            && !last.is_stop()
            && text.get(last.at.clone()) == Some(last.text.as_str())
            && text.get(last.at.end..term.at.start) == Some(" ")
        {
            term.weight = 0.15;
        }
        found.push(term);
        at = end;
    }
    found
}

/// Whether a word is denied where it stands: `긴급하지 않은`, `not urgent`.
fn is_denied(text: &str, word: &str, at: &Range<usize>) -> bool {
    let after = &text[at.end..];
    word.ends_with('지')
        && (after.starts_with(" 않은")
            || after.starts_with(" 않는")
            || after.starts_with(" 아니한"))
        || after.starts_with(" 아닌")
        || text[..at.start].ends_with(" not ")
}

fn particle(word: &str, at: Range<usize>) -> Term {
    Term {
        text: word.to_owned(),
        grams: Vec::new(),
        at,
        role: Role::of_word(matches!(word, "와" | "과" | "이나" | "나"), true),
        connects: CONNECTIVES.iter().any(|ending| word.ends_with(ending)),
        is_inherited: false,
        is_soft: false,
        weight: 1.0,
    }
}

fn korean_term(word: &str, at: Range<usize>) -> Term {
    let stem = stem(word);
    let chars: Vec<char> = stem.chars().collect();
    let grams = if chars.len() == 1 {
        vec![hash(&stem)]
    } else {
        chars.windows(2).map(|pair| hash(&pair)).collect()
    };
    let is_joint = JOINTS.contains(&word);
    Term {
        text: stem.to_owned(),
        grams,
        at,
        role: Role::of_word(
            is_joint,
            KOREAN_STOP.contains(&stem) || KOREAN_STOP.contains(&word),
        ),
        connects: chars.len() > 1
            && !NOT_CONNECTIVES.contains(&word)
            && (word.len() > stem.len() && CONNECTIVES.iter().any(|ending| word.ends_with(ending))
                || ["으나", "지만", "는데", "면서", "거나"]
                    .iter()
                    .any(|ending| word.ends_with(ending) && word.len() > ending.len())),
        is_inherited: false,
        is_soft: false,
        weight: 1.0,
    }
}

fn latin_term(text: &str, word: &str, at: Range<usize>) -> Term {
    let stem = words(word)
        .pop()
        .map_or_else(|| word.to_lowercase(), |token| token.text);
    let lower = word.to_lowercase();
    let is_joint = JOINTS.contains(&lower.as_str());
    // `Model A`, `B형`: a letter that names, where `A` is no article.
    let names = word.len() == 1
        && word.starts_with(|char: char| char.is_ascii_uppercase())
        && (word != "A" && word != "I" || is_name(text, &at));
    let is_stop = ENGLISH_STOP.contains(&stem.as_str())
        || ENGLISH_STOP.contains(&lower.as_str())
        || word.len() == 1;
    // Words of one family often differ at their ends: `apply` and `applications`.
    let root: String = stem.chars().take(5).collect();
    Term {
        text: word.to_owned(),
        grams: vec![hash(&root)],
        at,
        role: Role::of_word(is_joint, is_stop && !names),
        connects: false,
        is_inherited: false,
        is_soft: false,
        weight: if names { 2.5 } else { 1.0 },
    }
}

/// Whether the letter at `at` names what stands before or after it.
fn is_name(text: &str, at: &Range<usize>) -> bool {
    let after = text[at.end..].chars().next();
    after.is_some_and(is_hangul)
        || at.start > 0 && !text[..at.start].ends_with(". ") && after.is_none_or(|char| char != ' ')
        || text[at.end..]
            .chars()
            .nth(1)
            .is_some_and(|char| is_hangul(char) || char.is_ascii_digit())
        || text[..at.start].ends_with(' ')
            && text[..at.start - 1]
                .rsplit(|char: char| !char.is_alphanumeric())
                .next()
                .is_some_and(|word| {
                    !word.is_empty()
                        && [
                            "model", "grade", "class", "type", "team", "crew", "group", "plan",
                            "filter", "zone", "line", "level", "tier", "part", "building",
                            "option", "version", "product", "phase",
                        ]
                        .contains(&word.to_lowercase().as_str())
                })
}
