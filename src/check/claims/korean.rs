//! Korean sentences: where a clause ends, and the topic and condition that it shares.
//!
//! A clause ends in a predicate with a connective ending. The same ending joins what stands
//! within a modifier (`3년 이상 근무하고 평가가 우수한 직원은`), within a condition, before a
//! reason and under one `-아야 한다`; there the sentence stays whole. Only a topic (`은`, `는`)
//! tells that a clause is one of its own, since modifiers have none.

use std::ops::Range;
use std::sync::LazyLock;

use ingest::Span;

use super::{Clause, Mark, Word, Words, bare, has_digit, listed};

/// How clauses are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// `-고`.
    And,
    /// `-며`.
    While,
    /// `-면서`.
    Meanwhile,
    /// `-지만`, `-으나`, `-는데`, `반면`.
    But,
    /// A final ending, with `그리고` or the like after it.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    /// `연차는`.
    Nominal,
    /// `국내에서는`.
    Adverbial,
}

/// What a word does in its sentence.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are what was seen, and any of them may come with any other"
)]
struct Role {
    topic: Option<Topic>,
    /// `도`, `만`: another one of what was said, or only one.
    adds: bool,
    is_subject: bool,
    is_object: bool,
    /// It ends a clause that is part of another: a modifier, a condition, a reason.
    embeds: bool,
    /// It modifies as an adjective does, without a clause of its own.
    modifies: bool,
    reports: bool,
    is_condition: bool,
    link: Option<Link>,
}

/// What a word with a final consonant before `은` is, if it is no topic.
static ADNOMINALS: Words = LazyLock::new(|| {
    listed(
        "많은, 같은, 높은, 낮은, 좋은, 짧은, 넓은, 깊은, 밝은, 젊은, 늦은, \
     얇은, 굵은, 받은, 얻은, 맡은, 찾은, 닫은, 갚은, 넣은, 놓은, 묻은, \
     믿은, 읽은, 먹은, 찍은, 않은, 있은, 없은, 맺은, 앉은, 붙은, 겪은, \
     뽑은, 씻은, 섞은, 묶은, 잡은, 깎은, 닦은, 쌓은, 싶은, 끊은, 잃은, \
     젖은, 알맞은, 걸맞은, 옳은, 굳은, 늙은, 낳은, 밟은",
    )
});
/// Those that nouns end in too: only as whole words.
static SHORT_ADNOMINALS: Words = LazyLock::new(|| {
    listed("작은, 적은, 남은, 입은, 막은, 참은, 담은, 삼은, 숨은, 심은, 품은, 죽은, 맞은, 옮은")
});
/// Verbs before `는` without a final consonant: no topics.
static VERBS: Words = LazyLock::new(|| {
    listed(
        "하는, 되는, 시키는, 해주는, 아주는, 어주는, 려주는, 여주는, 눠주는, \
     워주는, 나가는, 들어가는, 돌아가는, 넘어가는, 오르는, 따르는, 이르는, \
     모르는, 흐르는, 치르는, 고르는, 부르는, 나오는, 들어오는, 돌아오는, \
     가져오는, 올리는, 내리는, 알리는, 빌리는, 돌리는, 늘리는, 걸리는, 열리는, \
     버리는, 기다리는, 드리는, 풀리는, 누리는, 팔리는, 남기는, 맡기는, 옮기는, \
     넘기는, 생기는, 어기는, 숨기는, 챙기는, 즐기는, 당기는, 어지는, 아지는, \
     해지는, 려지는, 여지는, 워지는, 가지는, 빠지는, 미치는, 거치는, 마치는, \
     고치는, 끼치는, 그치는, 합치는, 걸치는, 넘치는, 해치는, 겹치는, 지키는, \
     일으키는, 갖추는, 맞추는, 늦추는, 낮추는, 채우는, 세우는, 지우는, 배우는, \
     키우는, 비우는, 보내는, 끝내는, 나타내는, 쓰는, 줄이는, 높이는, 보이는, \
     쓰이는, 모이는, 붙이는, 쌓이는, 히는, 가리는, 꾸리는, 말리는, 뿌리는, \
     날리는, 울리는, 갈리는, 실리는, 불리는, 흔들리는, 벗기는, 쫓기는, 이기는, \
     담기는, 잠기는, 싸우는, 외우는, 태우는, 메우는, 피우는, 번지는, 던지는, \
     만지는, 따지는, 사라지는, 드러나는, 늘어나는, 생겨나는, 물러나는, 빛나는, \
     아가는, 어가는, 아오는, 려오는, 여오는, 러내는, 해내는, 겨내는, 펼치는, \
     놓치는, 외치는, 어두는, 아두는, 펴보는, 아보는, 켜보는, 어보는, 해보는, \
     어드는, 여드는, 멈추는, 감추는, 비추는, 이끄는, 모으는, 베푸는, 이지는, \
     하지는, 되지는, 있지는, 없지는, 다니는, 지나는, 나타나는, 일어나는, \
     벗어나는, 끝나는, 떠나는, 어긋나는, 려는, 만나는, 만드는, 이루는, 다루는, \
     미루는, 나누는, 바꾸는, 거두는, 다는, 라는",
    )
});
static SHORT_VERBS: Words = LazyLock::new(|| {
    listed(
        "주는, 가는, 오는, 내는, 나는, 보는, 두는, 드는, 크는, 사는, 아는, \
     지는, 힘드는, 돌보는, 세는, 펴는, 켜는",
    )
});
/// Words in `은`, `는` that are neither.
const OTHERS: &[&str] = &["또는", "혹은", "은", "는", "수는", "바는", "줄은"];
/// Times and adverbs with `은`, `는`.
static TIMES: Words = LazyLock::new(|| {
    listed(
        "한번은, 보통은, 사실은, 때로는, 결국은, 우선은, 지금은, 현재는, 당시는, \
     오늘은, 올해는, 내년은, 향후는, 이후는, 평소는, 원래는, 이때는",
    )
});
/// What nouns end in that look like a modifying predicate.
static NOUN_ENDINGS: Words = LazyLock::new(|| {
    listed(
        "권한, 납부기한, 제출기한, 신청기한, 지급기한, 유효기한, 무제한, 최대한, \
     최소한, 역할, 분할, 관할, 승인, 확인, 본인, 개인, 법인, 신청인, 대리인, \
     청구인, 외국인, 보증인, 수급인, 도급인, 임차인, 임대인, 상속인, 관리인, \
     장애인, 할인, 디자인, 온라인, 오프라인, 도메인, 직장인, 일반인, 추천인, \
     로그인, 피보험인",
    )
});
/// Nouns, adverbs and what stands before any noun, as whole words.
static NO_ADNOMINALS: Words = LazyLock::new(|| {
    listed(
        "기한, 제한, 상한, 하한, 시한, 무한, 유한, 북한, 남한, 또한, 대한, \
     관한, 의한, 위한, 통한, 향한, 인한, 따른, 가능한, 한, 할, 인, 증인, \
     부인, 시인, 요인, 원인, 사인, 메인, 군인, 상인, 주인, 타인, 지인, \
     체인, 라인, 성인, 공인, 노인, 된, 던, 큰",
    )
});
/// Modifiers that stand alone.
static ADJECTIVES: Words = LazyLock::new(|| {
    listed(
        "필요한, 다른, 새로운, 동일한, 일정한, 충분한, 적절한, 이러한, 그러한, \
     어떠한, 같은, 관련된, 관련한, 해당하는, 다양한, 주요한, 중요한, 상당한, \
     적정한, 정해진, 서로, 추가적인, 기본적인, 구체적인, 일반적인, 정기적인",
    )
});
/// Nouns in `면`.
const SIDES: &[&str] = &[
    "서면", "화면", "측면", "표면", "전면", "방면", "장면", "반면", "국면", "지면", "정면", "대면",
    "도면", "양면", "수면", "단면", "평면", "외면", "내면", "후면", "노면", "벽면", "사면", "직면",
    "당면",
];
/// Nouns in `고`.
static NOUNS_IN_GO: Words = LazyLock::new(|| {
    listed(
        "신고, 보고, 광고, 창고, 재고, 사고, 경고, 권고, 해고, 최고, 금고, \
     원고, 공고, 선고, 예고, 상고, 항고, 참고, 국고, 냉장고, 차고, 회고, \
     피고, 통고, 충고, 부고, 비고, 잔고, 제고, 중고, 수고, 석고, 서고, \
     기고, 그리고, 말고, 아이고",
    )
});
/// What may stand before `-고`, besides past tenses.
const BEFORE_GO: &str = "하되이있없않받같크많적높낮니키주지시내맡쓰오가나치추리르기우들두놓얻막남넘좋맞찾닫열걸길짧넣갖루누꾸";
/// `-고` of how one does something, not of another thing done.
static MANNERS: Words = LazyLock::new(|| {
    listed(
        "가지고, 갖고, 지참하고, 착용하고, 소지하고, 휴대하고, 두고, 놓고, 들고, \
     타고, 앞두고, 입고, 통하고, 거치고, 달고, 불문하고, 막론하고, 포함하고, \
     제외하고, 무릅쓰고, 위하고, 비롯하고, 대하고, 관하고, 의하고, 하고",
    )
});
/// What makes `-고` part of one predicate with the word after it.
const AFTER_GO: &[&str] = &[
    "있", "싶", "계시", "계신", "계십", "나서", "나면", "나니", "말았", "말겠", "해서", "하여",
    "자",
];
/// Nouns in `지` before `만`.
static NOUNS_IN_JI: Words = LazyLock::new(|| {
    listed(
        "까지만, 하지만, 가지만, 복지만, 금지만, 유지만, 방지만, 정지만, 편지만, \
     토지만, 공지만, 해지만, 폐지만, 중지만, 저지만, 처지만, 소지만, 단지만, \
     여지만, 취지만, 휴지만, 잡지만, 용지만, 부지만, 현지만, 각지만, 거주지만, \
     근무지만, 목적지만, 휴가지만",
    )
});
/// Adjectives in `하다`: what is so is not how something is done.
static STATES: Words = LazyLock::new(|| {
    listed(
        "가능하, 불가능하, 필요하, 동일하, 유효하, 무효하, 중요하, 충분하, 부족하, \
     우수하, 적절하, 정확하, 다양하, 편리하, 안전하, 엄격하, 동등하, 무관하, \
     유사하, 상이하, 양호하, 간단하, 불필요하, 성실하",
    )
});
/// Verbs in `이다` that are no copula.
static VERBS_IN_I: Words = LazyLock::new(|| {
    listed(
        "높이, 줄이, 들이, 붙이, 보이, 모이, 기울이, 쌓이, 섞이, 놓이, 움직이, \
     쓰이, 먹이, 속이, 녹이, 늘이",
    )
});
/// Nouns and adverbs that end as subjects do.
static NO_SUBJECTS: Words = LazyLock::new(|| {
    listed(
        "휴가, 평가, 증가, 국가, 추가, 허가, 물가, 인가, 단가, 원가, 시가, \
     정가, 참가, 여가, 연가, 병가, 공가, 특가, 전가, 대가, 작가, 주가, \
     부가, 첨가, 저가, 고가, 불가, 없이, 같이, 많이, 높이, 깊이, \
     굳이, 일일이, 상관없이",
    )
});
/// Nouns and adverbs in `도`, `만`.
static NO_ADDITIONS: Words = LazyLock::new(|| {
    listed(
        "제도, 정도, 한도, 연도, 속도, 온도, 별도, 용도, 의도, 태도, 보도, \
     지도, 철도, 각도, 빈도, 강도, 밀도, 습도, 년도, 해도, 어도, 아도, \
     여도, 라도, 수도, 미만, 다만, 불만, 지만, 하지만, 동안만",
    )
});
const PRONOUNS: &[&str] = &["이는", "그는", "이것은", "그것은", "이들은", "그들은"];
/// What says of a figure that it is one of several kinds, and names nothing.
const AMOUNTS: &[&str] = &[
    "총", "약", "최대", "최소", "평균", "각", "월", "연", "일", "매월", "매년", "연간", "월간",
    "하루",
];
static OPENERS: Words = LazyLock::new(|| {
    listed(
        "또한, 그리고, 그러나, 하지만, 다만, 따라서, 단, 즉, 특히, 한편, 참고로, \
     그러므로, 반면, 반면에, 또, 그런데, 먼저, 우선, 마지막으로, 결론적으로, \
     네, 예, 아울러, 더불어, 이에, 그래서, 요약하면, 정리하면",
    )
});
/// What joins two clauses and says nothing.
static JOINERS: Words =
    LazyLock::new(|| listed("그리고, 또한, 그러나, 하지만, 다만, 한편, 반면, 반면에, 아울러"));
/// Nouns that a future modifier belongs to.
const BOUND: &[&str] = &[
    "수", "때", "경우", "것", "예정", "필요", "계획", "의무", "권리", "뿐", "정도", "방침",
];

fn last_two(word: &str) -> (Option<char>, Option<char>) {
    let mut chars = word.chars().rev();
    let last = chars.next();
    (last, chars.next())
}

/// The number of a syllable's final consonant, 0 for none; nothing for what is no syllable.
fn final_consonant(char: char) -> Option<u32> {
    matches!(char, '가'..='힣').then(|| (u32::from(char) - u32::from('가')) % 28)
}

/// ㄴ, ㄹ and ㅆ among final consonants.
const NIEUN: u32 = 4;
const RIEUL: u32 = 8;
const SSANGSIOT: u32 = 20;

fn ends_with_any(word: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| word.ends_with(ending))
}

/// Whether the word ends in one of `endings`, or is one.
fn ends_in(word: &str, endings: &Words) -> bool {
    /// Syllables of an ending at most.
    const LIMIT: usize = 8;
    word.char_indices()
        .rev()
        .take(LIMIT)
        .any(|(at, _)| endings.contains(&word[at..]))
}

fn starts_with_any(word: &str, beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .any(|beginning| word.starts_with(beginning))
}

fn topic(word: &str) -> Option<Topic> {
    let (Some(last), Some(before)) = last_two(word) else {
        return None;
    };
    let consonant = final_consonant(before);
    match last {
        '는' if consonant.is_some_and(|consonant| consonant > 0) => return None,
        '는' if ends_in(word, &VERBS) || SHORT_VERBS.contains(word) => return None,
        '은' if consonant == Some(0) => return None,
        '은' if ends_in(word, &ADNOMINALS) || SHORT_ADNOMINALS.contains(word) => {
            return None;
        }
        '는' | '은' if !OTHERS.contains(&word) => {}
        _ => return None,
    }
    let stem = &word[..word.len() - last.len_utf8()];
    if ends_with_any(stem, &["라고", "다고", "냐고", "자고"]) {
        return None;
    }
    let is_adverbial = ends_with_any(
        stem,
        &[
            "에", "에서", "에게", "께", "으로", "까지", "부터", "보다", "마다", "처럼", "경우",
            "때", "와", "과", "동안",
        ],
    ) && !ends_with_any(
        stem,
        &[
            "효과",
            "결과",
            "성과",
            "통과",
            "초과",
            "부과",
            "전과",
            "학과",
            "총무과",
        ],
    ) || stem == "시"
        || TIMES.contains(word);
    Some(if is_adverbial {
        Topic::Adverbial
    } else {
        Topic::Nominal
    })
}

/// Whether the word is a predicate that modifies what follows.
fn is_adnominal(word: &str, next: &str) -> bool {
    let (Some(last), Some(before)) = last_two(word) else {
        return false;
    };
    if ends_in(word, &NOUN_ENDINGS) || NO_ADNOMINALS.contains(word) {
        return false;
    }
    let consonant = final_consonant(before);
    match last {
        '는' => {
            consonant.is_some_and(|consonant| consonant > 0)
                || ends_in(word, &VERBS)
                || SHORT_VERBS.contains(word)
        }
        '은' => ends_in(word, &ADNOMINALS) || SHORT_ADNOMINALS.contains(word),
        '인' => !before.is_numeric(),
        '한' | '된' | '던' | '킨' | '힌' | '낸' | '쓴' | '친' | '춘' | '린' | '른' | '긴'
        | '큰' => consonant.is_some(),
        '진' => ends_with_any(
            word,
            &[
                "어진", "아진", "해진", "려진", "여진", "워진", "가진", "빠진", "커진", "춰진",
            ],
        ),
        '난' => ends_with_any(word, &["끝난", "나타난", "일어난", "벗어난", "어긋난"]),
        '온' | '간' => ends_with_any(
            word,
            &[
                "나온",
                "들어온",
                "돌아온",
                "가져온",
                "나간",
                "들어간",
                "돌아간",
                "넘어간",
            ],
        ),
        '준' => ends_with_any(word, &["해준", "어준", "아준", "려준", "여준", "눠준"]),
        '든' => ends_with_any(word, &["만든", "힘든"]),
        '운' => ends_with_any(
            word,
            &["로운", "거운", "벼운", "려운", "까운", "쉬운", "러운"],
        ),
        _ if final_consonant(last) == Some(RIEUL) => {
            starts_with_any(next, BOUND) || matches!(last, '될' | '할')
        }
        _ => false,
    }
}

/// The stem of a predicate with a connective ending, and how it joins.
fn link(word: &Word<'_>, before: &str, next: &str) -> Option<(String, Link)> {
    let text = word.core;
    let (Some(last), Some(second)) = last_two(text) else {
        return None;
    };
    let stem = |ending: &str| text.strip_suffix(ending).map(str::to_owned);
    // `”며`: what is quoted is said.
    if final_consonant(second).is_none() && !second.is_alphanumeric() {
        return None;
    }
    match last {
        '고' => {
            let reports = matches!(second, '다' | '라' | '냐' | '자');
            let known = BEFORE_GO.contains(second)
                || final_consonant(second) == Some(SSANGSIOT)
                || has_digit(text);
            if reports || !known || ends_in(text, &NOUNS_IN_GO) {
                return None;
            }
            if starts_with_any(next, AFTER_GO) || matches!(next, "난" | "만" | "는") {
                return None;
            }
            Some((stem("고")?, Link::And))
        }
        '며' if !ends_with_any(text, &["라며", "다며", "냐며", "자며"]) => {
            Some((stem("으며").or_else(|| stem("며"))?, Link::While))
        }
        '서' if text.ends_with("면서") && !ends_with_any(text, &["라면서", "다면서"]) => {
            Some((stem("으면서").or_else(|| stem("면서"))?, Link::Meanwhile))
        }
        '만' if text.ends_with("지만") && !ends_in(text, &NOUNS_IN_JI) => {
            Some((stem("지만")?, Link::But))
        }
        '나' if text.ends_with("으나") && text.chars().count() > 2 => {
            Some((stem("으나")?, Link::But))
        }
        '나' if ends_with_any(text, &["하나", "되나"])
            && (text.chars().count() > 2
                && !ends_with_any(text, &["또하나", "단하나", "하나하나"])
                || text == "하나" && ends_with_any(before, &["로"])) =>
        {
            Some((stem("나")?, Link::But))
        }
        '데' if ends_with_any(text, &["는데", "은데", "인데", "한데"])
            && text.chars().count() > 2
            && !ends_with_any(text, &["때문인데", "까닭인데"])
            && !starts_with_any(
                next,
                &[
                    "필요", "걸리", "소요", "드는", "들어", "사용", "쓰", "있어", "도움", "그치",
                    "대한",
                ],
            ) =>
        {
            let stem = if text.ends_with("인데") {
                format!("{}이", text.strip_suffix("인데")?)
            } else if text.ends_with("한데") {
                format!("{}하", text.strip_suffix("한데")?)
            } else {
                text.strip_suffix('데')?
                    .trim_end_matches(['는', '은'])
                    .to_owned()
            };
            Some((stem, Link::But))
        }
        '면' | '에'
            if matches!(text, "반면" | "반면에")
                && (is_adnominal(before, text) || before == "원인") =>
        {
            Some((before.to_owned(), Link::But))
        }
        '다' if ends_with_any(
            text,
            &[
                "니다", "이다", "한다", "된다", "있다", "없다", "는다", "었다", "았다", "했다",
                "였다", "않다",
            ],
        ) && matches!(next, "그리고" | "또한" | "그러나" | "하지만" | "다만") =>
        {
            Some((text.to_owned(), Link::Full))
        }
        _ => None,
    }
}

fn role(words: &[Word<'_>], at: usize) -> (Role, String) {
    let word = &words[at];
    let text = word.core;
    let mut role = Role::default();
    if text.is_empty() || word.is_quoted {
        return (role, String::new());
    }
    let neighbour =
        |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.core);
    let (before, next) = (neighbour(at.checked_sub(1)), neighbour(Some(at + 1)));
    let Some(last) = text
        .chars()
        .next_back()
        .filter(|last| final_consonant(*last).is_some())
    else {
        return (role, String::new());
    };
    let consonant = last_two(text).1.and_then(final_consonant);
    // In `가수는 아니다` it is what the topic is not.
    role.topic = topic(text).filter(|_| !starts_with_any(next, &["아니", "아닌", "아닙"]));
    role.adds = matches!(last, '도' | '만')
        && text.chars().count() > 1
        && !word.has_digit()
        && !ends_in(text, &NO_ADDITIONS);
    role.is_object = matches!(last, '을' | '를') && text.chars().count() > 1;
    role.is_subject = (last == '이' && consonant != Some(0)
        || last == '가' && consonant.is_none_or(|it| it == 0))
        && text.chars().count() > 1
        && !ends_in(text, &NO_SUBJECTS);
    role.modifies = ADJECTIVES.contains(text);
    let can = is_adnominal(text, next)
        && starts_with_any(next, &["수"])
        && next.chars().count() < 3
        && final_consonant(last) == Some(RIEUL);
    let depends = ends_with_any(
        text,
        &[
            "해서",
            "아서",
            "어서",
            "여서",
            "져서",
            "워서",
            "라서",
            "므로",
            "도록",
            "려고",
            "고자",
            "느라",
            "는지",
            "은지",
            "인지",
            "을지",
            "할지",
            "될지",
            "하기로",
            "하기를",
            "함을",
            "됨을",
            "것을",
        ],
    ) && text != "따라서"
        && !text.ends_with("에 따라서")
        || text.starts_with("때문")
        || last == '기' && starts_with_any(next, &["위", "때문", "전", "어렵", "쉽"])
        || ends_with_any(text, &["하기"]);
    role.is_condition = last == '면'
        && text.chars().count() > 1
        && !ends_with_any(text, SIDES)
        && !starts_with_any(next, &["되", "된", "됩", "안", "좋"])
        || matches!(
            text,
            "경우" | "경우에" | "경우에는" | "경우는" | "때" | "때에" | "때는" | "때에는"
        )
        || matches!(text, "시" | "시에" | "시에는") && !before.is_empty() && !has_digit(before)
        || matches!(text, "한하여" | "한해" | "한해서");
    role.embeds =
        !can && !role.modifies && is_adnominal(text, next) || depends || role.is_condition;
    role.reports = ends_with_any(
        text,
        &[
            "다고",
            "라고",
            "냐고",
            "자고",
            "다는",
            "라는",
            "다며",
            "라며",
            "다면서",
            "라면서",
            "라고는",
            "다고는",
        ],
    ) || text == "고"
        || text == "는";
    let mut stem = String::new();
    if at + 1 < words.len()
        && word.may_end()
        && let Some((found, link)) = link(word, before, next)
    {
        role.link = Some(link);
        stem = found;
        if link != Link::Full {
            role.embeds = false;
        }
        if matches!(text, "반면" | "반면에") {
            role.is_condition = false;
        }
    }
    // Before `반면` a modifier ends the clause itself.
    if matches!(next, "반면" | "반면에") {
        role.embeds = false;
        role.topic = None;
    }
    (role, stem)
}

/// Whether a word ends a sentence or a clause.
pub(super) fn is_predicate(word: &Word<'_>) -> bool {
    matches!(
        word.core.chars().next_back(),
        Some('다' | '요' | '까' | '음' | '함' | '됨' | '임' | '며' | '고')
    )
}

/// Whether a piece between semicolons says something.
pub(super) fn states(words: &[Word<'_>]) -> bool {
    words.len() > 1 && (words.iter().any(Word::has_digit) || words.last().is_some_and(is_predicate))
}

/// What words between two links hold.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are what was seen, and any of them may come with any other"
)]
struct Held {
    topic: Option<usize>,
    embeds: Option<usize>,
    /// Whether a condition stands before the topic, and whether any does.
    opens_with_condition: bool,
    has_condition: bool,
    reports: bool,
    subject: bool,
    object: bool,
    modifies_first: bool,
    adds_first: bool,
    end: usize,
}

impl Held {
    /// What both hold, `self` first.
    fn and(self, other: Self) -> Self {
        Self {
            topic: self.topic.or(other.topic),
            embeds: self.embeds.or(other.embeds),
            reports: self.reports || other.reports,
            subject: self.subject || other.subject,
            object: self.object || other.object,
            has_condition: self.has_condition || other.has_condition,
            end: other.end,
            ..self
        }
    }
}

/// A topic, or a subject where there is none, that later clauses share.
#[derive(Debug)]
struct Carried {
    /// With what stands before it.
    full: Span,
    alone: Span,
    is_subject: bool,
    /// It does something to something: its clause has an object.
    is_agent: bool,
}

/// Reads the clauses of a sentence, one piece between semicolons after the other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    words: &'a [Word<'a>],
    roles: Vec<Role>,
    /// The stems of words that link.
    stems: Vec<String>,
    condition: Option<Span>,
    topic: Option<Carried>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(words: &'a [Word<'a>]) -> Self {
        let (roles, stems) = (0..words.len()).map(|at| role(words, at)).unzip();
        Self {
            words,
            roles,
            stems,
            condition: None,
            topic: None,
        }
    }

    /// Reads the clauses in `range`, which is a sentence or what stands between semicolons.
    pub(super) fn read(&mut self, range: Range<usize>, clauses: &mut Vec<Clause>) {
        let mut first = range.start;
        for end in self.ends(range.clone()) {
            let mut from = first;
            // Behind a cut such a word only joins.
            while from > 0
                && from + 1 < end
                && JOINERS.contains(self.words[from].core)
                && self.words[from].may_end()
            {
                from += 1;
            }
            first = end;
            if from < end {
                self.clause(from..end, clauses);
            }
        }
    }

    /// Where clauses end: behind links that join whole clauses, and at the end.
    fn ends(&self, range: Range<usize>) -> Vec<usize> {
        let links: Vec<usize> = range
            .clone()
            .filter(|at| self.roles[*at].link.is_some() && at + 1 < range.end)
            .collect();
        let mut ends = vec![range.end];
        let mut after = self.held(links.last().map_or(range.start, |at| at + 1)..range.end);
        for (index, at) in links.iter().enumerate().rev() {
            let from = index
                .checked_sub(1)
                .map_or(range.start, |before| links[before] + 1);
            let before = self.held(from..at + 1);
            if self.joins(from..at + 1, before, after, index == 0) {
                ends.push(at + 1);
                after = before;
            } else {
                after = before.and(after);
            }
        }
        ends.reverse();
        ends
    }

    fn held(&self, range: Range<usize>) -> Held {
        let mut held = Held {
            end: range.end,
            ..Held::default()
        };
        let mut subject = None;
        for at in range.clone() {
            let role = &self.roles[at];
            if role.topic == Some(Topic::Nominal) && held.topic.is_none() {
                held.topic = Some(at);
                held.opens_with_condition = held.has_condition;
            }
            if role.embeds && held.embeds.is_none() {
                held.embeds = Some(at);
            }
            // What stands before a modifier is its subject, unless it opens the clause.
            if role.embeds && subject.is_some_and(|subject| subject >= range.start + 2) {
                subject = None;
            }
            if role.is_subject {
                subject = Some(at);
            }
            held.has_condition |= role.is_condition;
            held.reports |= role.reports;
            held.object |= role.is_object;
            held.adds_first |= at < range.start + 2 && role.adds;
            held.modifies_first |= at == range.start && role.modifies;
        }
        held.subject = subject.is_some();
        held
    }

    /// Whether the link at the end of `range` joins two clauses of the sentence itself.
    fn joins(&self, range: Range<usize>, before: Held, after: Held, is_first: bool) -> bool {
        let at = range.end - 1;
        let Some(link) = self.roles[at].link else {
            return false;
        };
        if link == Link::Full {
            return true;
        }
        let word = &self.words[at];
        let stem = self.stems[at].as_str();
        let previous = at.checked_sub(1).filter(|at| range.contains(at));
        let previous = previous.map_or("", |at| self.words[at].core);
        let has_comma = word.mark == Mark::Comma;
        if after.reports || before.reports || range.len() < 2 && !word.has_digit() {
            return false;
        }
        let copula = stem.ends_with('이') && !ends_in(stem, &VERBS_IN_I)
            || word.has_digit() && link == Link::And;
        let of_figure = copula && (word.has_digit() || has_digit(previous));
        let is_past = stem
            .chars()
            .next_back()
            .is_some_and(|last| final_consonant(last) == Some(SSANGSIOT) && last != '있');
        let is_modal = starts_with_any(previous, &["수"]) && ends_with_any(stem, &["있", "없"])
            || previous.ends_with('야') && ends_with_any(stem, &["하", "되"]);
        let is_finite = of_figure || is_past || is_modal;
        let is_state = is_finite
            || copula
            || ends_with_any(
                stem,
                &[
                    "있", "없", "같", "많", "크", "높", "낮", "길", "짧", "좋", "아니", "다르",
                    "않",
                ],
            )
            || ends_in(stem, &STATES);
        // What adds to the topic may be one itself: which cannot be told.
        if after.adds_first && after.topic.is_none() {
            return false;
        }
        let ends = self.predicate(after.end);
        let own_topic = after.topic.is_some();
        // `이는` means something that the other clause says.
        if after
            .topic
            .is_some_and(|at| PRONOUNS.contains(&self.words[at].core))
        {
            return false;
        }
        let is_embedded = after
            .embeds
            .is_some_and(|embeds| after.topic.is_none_or(|topic| embeds < topic));
        // A modifier that is not known as one may stand before a topic.
        if let (None, Some(topic)) = (before.topic, after.topic) {
            let may_modify = |at: usize| {
                let last = self.words[at].core.chars().next_back();
                last.and_then(final_consonant) == Some(NIEUN)
            };
            if topic - range.end > 2 || (range.end..topic).any(may_modify) {
                return false;
            }
        }
        // Somebody does both, and cannot be named a second time.
        if before.topic.is_none()
            && before.subject
            && !after.subject
            && !own_topic
            && is_first
            && self.subject(range.clone()).is_none()
        {
            return false;
        }
        // `상태를 말한다`: all before it is what the word means.
        if ends.defines && !own_topic {
            return false;
        }
        if is_embedded {
            let has_topic = before.topic.is_some();
            let may = match link {
                Link::But | Link::Full => has_topic,
                // What is done to a thing is no condition of it: `지급되며, 휴일인 경우`.
                Link::While => {
                    let is_passive = has_comma && ends_with_any(stem, &["되", "지"]);
                    has_topic && (own_topic || is_finite || is_passive)
                }
                Link::And => has_topic && own_topic && (is_finite || has_comma),
                Link::Meanwhile => false,
            };
            // `1년 미만이면 11일이고 1년 이상이면 15일이다`: each has its own condition.
            let each_if = before.has_condition
                && after.has_condition
                && is_finite
                && matches!(link, Link::And | Link::While | Link::But);
            if !may && !each_if {
                return false;
            }
        } else if after.modifies_first && is_state && !is_finite {
            return false;
        }
        // Whether the condition holds for what follows too is not known, unless the sentence
        // opens with it.
        let opens = before.topic.is_none() || before.opens_with_condition;
        let holds_on = after.has_condition || own_topic || is_first && opens;
        if before.has_condition && !holds_on {
            return false;
        }
        // `신청서를 작성하고 팀장에게 제출한다`: what is handed in is said in the other clause.
        if before.object && !after.object && !own_topic && !after.subject && !ends.is_state {
            return false;
        }
        if matches!(link, Link::And | Link::Meanwhile) {
            let one_each = own_topic || before.subject && after.subject;
            if !one_each {
                let is_short = after.end - range.end < 2;
                if MANNERS.contains(word.core) || !is_state && (is_short || ends.is_modal) {
                    return false;
                }
                if stem.ends_with('않')
                    && !range
                        .clone()
                        .any(|at| self.words[at].core.ends_with("지도"))
                {
                    return false;
                }
            }
        }
        if link == Link::While && !is_state && !own_topic && ends.is_duty {
            return false;
        }
        true
    }

    /// The first subject, if nothing but what it is called stands before it and it is in no
    /// modifier.
    fn subject(&self, range: Range<usize>) -> Option<usize> {
        const PARTICLES: &[&str] = &[
            "로", "에", "서", "을", "를", "게", "고", "며", "면", "여", "해", "라", "와", "과",
        ];
        let subject = range.clone().find(|at| self.roles[*at].is_subject)?;
        let is_modified = (subject..range.end).any(|at| self.roles[at].embeds);
        let is_plain = (range.start..subject).all(|at| {
            let word = &self.words[at];
            !word.core.starts_with(char::is_numeric)
                && word.mark == Mark::None
                && !self.roles[at].embeds
                && !ends_with_any(word.core, PARTICLES)
        });
        (!is_modified && is_plain).then_some(subject)
    }

    /// What the predicate before `end` says of what it says.
    fn predicate(&self, end: usize) -> Ending {
        let core = |back: usize| end.checked_sub(back).map_or("", |at| self.words[at].core);
        let (last, before) = (core(1), core(2));
        let must = before.ends_with('야')
            && starts_with_any(last, &["하", "한", "합", "됩", "된", "될", "했", "되"]);
        let is_duty = must
            || last.contains("의무")
            || starts_with_any(last, &["마십", "마세", "주십", "바랍"]);
        let may = starts_with_any(before, &["수"]) && starts_with_any(last, &["있", "없"]);
        let is_state = ["되", "된", "됩", "이다", "입니다", "이며", "이고"]
            .iter()
            .any(|part| last.contains(part))
            || !may && starts_with_any(last, &["있", "없"]);
        let denies = ["없", "않", "못", "금지", "불가", "가능", "허용", "제한"]
            .iter()
            .any(|part| last.contains(part));
        let no = before == "안" && starts_with_any(last, &["되", "된", "됩"]);
        Ending {
            is_duty,
            is_state,
            defines: [
                "말한다",
                "말합니다",
                "의미한다",
                "의미합니다",
                "뜻한다",
                "뜻합니다",
            ]
            .contains(&last),
            is_modal: is_duty || denies || may || no,
        }
    }

    /// Adds the clause in `range`, and remembers what later ones may share.
    fn clause(&mut self, range: Range<usize>, clauses: &mut Vec<Clause>) {
        let words = self.words;
        let mut body = range.start;
        while body + 1 < range.end
            && (words[body].is_item_mark() || OPENERS.contains(words[body].core))
        {
            body += 1;
        }
        let held = self.held(body..range.end);
        let condition = (body..held.topic.unwrap_or(range.end - 1))
            .rev()
            .find(|at| self.roles[*at].is_condition);
        let has_object = range.clone().any(|at| self.roles[at].is_object);
        let own_adverbial = range
            .clone()
            .find(|at| self.roles[*at].topic == Some(Topic::Adverbial));
        let mut shared = Vec::new();
        if !held.has_condition
            && let Some(condition) = &self.condition
        {
            shared.push(condition.clone());
        }
        let is_whole = |carried: &Carried| {
            held.topic.is_some()
                || held.subject && (carried.is_subject || has_object && carried.is_agent)
        };
        if let Some(carried) = self.topic.as_ref().filter(|carried| !is_whole(carried)) {
            let topic = if own_adverbial.is_some() {
                &carried.alone
            } else {
                &carried.full
            };
            shared.push(topic.clone());
        }
        let after = condition.map_or(body, |at| at + 1);
        if let Some(condition) = condition {
            self.condition = Some(words[body].span.start..words[condition].span.end);
        } else if held.has_condition {
            self.condition = None;
        }
        let topic = held.topic.or_else(|| {
            let has_topic = self
                .topic
                .as_ref()
                .is_some_and(|carried| !carried.is_subject);
            self.subject(after..range.end).filter(|_| !has_topic)
        });
        if let Some(topic) = topic {
            let after = (after..topic)
                .rev()
                .find(|at| self.roles[*at].link.is_some())
                .map_or(after, |at| at + 1);
            let alone = (after..topic)
                .rev()
                .find(|at| self.roles[*at].topic == Some(Topic::Adverbial))
                .map_or(after, |at| at + 1);
            let end = words[topic].bare_end;
            if after <= topic {
                self.topic = Some(Carried {
                    full: words[after].span.start..end,
                    alone: words[alone].span.start..end,
                    is_subject: held.topic.is_none(),
                    is_agent: has_object,
                });
            }
        }
        if held.has_condition == condition.is_some()
            && let Some(list) = self.figures(range.clone(), (body, after), held.topic, &shared)
        {
            clauses.extend(list);
            return;
        }
        let mut clause = Clause::new(bare(&words[range]));
        clause.shared = shared;
        clauses.push(clause);
    }

    /// The items of `부장은 3만 원, 과장은 2만 원이다`: each names something and gives a figure,
    /// and what follows the last figure is said of all.
    fn figures(
        &self,
        range: Range<usize>,
        (start, body): (usize, usize),
        topic: Option<usize>,
        shared: &[Span],
    ) -> Option<Vec<Clause>> {
        let words = self.words;
        // A condition that the first item opens with holds for the others too.
        let condition = (start < body).then(|| words[start].span.start..words[body - 1].span.end);
        let mut items = Vec::new();
        let mut from = body;
        for (at, word) in words.iter().enumerate().take(range.end).skip(body) {
            let separates = word.mark == Mark::Comma && word.may_end();
            if separates || at + 1 == range.end {
                items.push(from..at + 1);
                from = at + 1;
            }
        }
        if items.len() < 2 || items.len() > 64 {
            return None;
        }
        let figures: Option<Vec<Figure<'_>>> =
            items.iter().map(|item| self.figure(item.clone())).collect();
        let figures = figures?;
        let (last, others) = figures.split_last()?;
        let same = others
            .iter()
            .all(|other| other.more == 0 && other.unit == others[0].unit)
            && !others[0].unit.is_empty()
            && last.unit.starts_with(others[0].unit);
        let topics: Vec<bool> = items
            .iter()
            .map(|item| item.clone().any(|at| self.roles[at].topic.is_some()))
            .collect();
        let all_topics = topics.iter().all(|has| *has);
        // Figures of different kinds may have only `이다` in common.
        let is_copula = last.unit.is_empty()
            || ["이", "입", "임", "."]
                .iter()
                .any(|copula| last.unit.contains(copula));
        let differ =
            all_topics && is_copula && last.more == 0 && others.iter().all(|other| other.more == 0);
        if !same && !differ {
            return None;
        }
        let others_have = topics[1..].iter().any(|has| *has);
        if !all_topics && others_have {
            return None;
        }
        // What stands before the first name may be said of all or of the first.
        let labels = |index: usize| {
            let from = if index == 0 && !all_topics {
                topic.map_or(body, |topic| topic + 1)
            } else {
                items[index].start
            };
            figures[index].at.saturating_sub(from)
        };
        let is_even = (1..items.len()).all(|index| labels(index) == labels(0));
        let is_amount = items[1..]
            .iter()
            .any(|item| AMOUNTS.contains(&words[item.start].core));
        if !all_topics && (!is_even || is_amount) {
            return None;
        }
        // A long end is more than the predicate of a figure.
        if last.more > 2 || (last.at + 1..range.end).any(|at| self.roles[at].embeds) {
            return None;
        }
        let lead = if all_topics {
            None
        } else if let Some(topic) = topic {
            // `출장비는 부장 3만 원, 과장 2만 원이다`, but `연차는 15일, 병가 10일이다` leaves
            // open what the second is of.
            (topic + 1 < figures[0].at).then_some(())?;
            self.topic.as_ref().map(|carried| carried.full.clone())
        } else {
            None
        };
        let ending = same.then(|| {
            let end = words[range.end - 1].bare_end;
            let tail = last.unit_start + others[0].unit.len();
            tail..end
        });
        let mut list: Vec<Clause> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mut clause = Clause::new(bare(&words[item.clone()]));
            clause.shared = shared.to_vec();
            if index == 0 {
                clause.span.start = words[range.start].span.start;
            } else {
                clause.shared.splice(0..0, condition.clone());
                clause.shared.extend(lead.clone());
            }
            if index + 1 < items.len() {
                clause.ending.clone_from(&ending);
            }
            list.push(clause);
        }
        Some(list)
    }

    /// The figure that an item ends with, after what it names.
    fn figure(&self, item: Range<usize>) -> Option<Figure<'_>> {
        let words = self.words;
        let at = item.clone().rev().find(|at| words[*at].has_digit())?;
        if at == item.start || words[item.start].has_digit() || words[item.start].core.is_empty() {
            return None;
        }
        let word = &words[at];
        let digits = word.core.rfind(char::is_numeric)?;
        let digits = digits + word.core[digits..].chars().next().map_or(1, char::len_utf8);
        let scale =
            |text: &'_ str| text.len() - text.trim_start_matches(['만', '천', '백', '억']).len();
        let mut unit = &word.core[digits..];
        let mut start = word.core_start + digits + scale(unit);
        unit = &unit[scale(unit)..];
        let mut last = at;
        if unit.is_empty() && at + 1 < item.end {
            last = at + 1;
            let next = &words[last];
            unit = &next.core[scale(next.core)..];
            start = next.core_start + scale(next.core);
        }
        Some(Figure {
            at,
            unit,
            unit_start: start,
            more: item.end - last - 1,
        })
    }
}

/// A figure at the end of an item.
#[derive(Debug)]
struct Figure<'a> {
    at: usize,
    /// What it counts, with what is joined to that.
    unit: &'a str,
    unit_start: usize,
    /// How many words follow.
    more: usize,
}

/// What a predicate says of what it says.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are what was seen, and any of them may come with any other"
)]
struct Ending {
    is_duty: bool,
    /// It is a copula, a passive or says that there is something: it has no object.
    is_state: bool,
    /// It gives the meaning of a word.
    defines: bool,
    /// `-을 수 있다`, a denial, a duty.
    is_modal: bool,
}
