//! Numbers, amounts, dates, times, articles and codes of a text, in one form whatever way they
//! are written: `3만 5천 원` and `35,000원`, `2024년 3월` and `March 2024`.

use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization as _;

use crate::index::code_spans;

/// A fact as it is compared, and as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) value: Value,
    pub(super) text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A number in millionths, with its unit if it has one.
    Number(i128, Option<&'static str>),
    /// Year, month and day, as far as they are said.
    Date(Option<u32>, Option<u32>, Option<u32>),
    /// Minutes since midnight.
    Time(u32),
    /// `조 12`, `항 1`.
    Article(&'static str, String),
    Code(String),
}

impl Fact {
    /// Whether `other`, of the evidence, says this.
    fn is_said_by(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            // Cells of a table leave the unit to their header.
            (Value::Number(one, unit), Value::Number(two, said)) => {
                one == two && (unit == said || unit.is_none() || said.is_none())
            }
            (Value::Date(year, month, day), Value::Date(a, b, c)) => {
                let agrees =
                    |said: &Option<u32>, there: &Option<u32>| said.is_none() || said == there;
                agrees(year, a) && agrees(month, b) && agrees(day, c)
            }
            (one, two) => one == two,
        }
    }

    /// Whether `other` answers the same question otherwise.
    fn is_like(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Number(_, unit), Value::Number(_, said)) => unit.is_some() && unit == said,
            (Value::Article(kind, _), Value::Article(other, _)) => kind == other,
            (one, two) => std::mem::discriminant(one) == std::mem::discriminant(two),
        }
    }
}

/// What a sentence says and its evidence does not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Missing {
    pub(super) fact: String,
    pub(super) instead: Option<String>,
}

/// The facts of `sentence` that none of `evidence` says.
pub(super) fn missing(sentence: &str, evidence: &[Arc<Vec<Fact>>]) -> Vec<Missing> {
    let said = || evidence.iter().flat_map(|facts| facts.iter());
    facts(sentence)
        .into_iter()
        .filter(|fact| !said().any(|said| fact.is_said_by(said)))
        .map(|fact| Missing {
            instead: said()
                .find(|said| fact.is_like(said))
                .map(|said| said.text.clone()),
            fact: fact.text,
        })
        .collect()
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and tested")
}

static ARTICLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"제\s*(\d+)\s*(조|항|호|장|절|관|편)(?:의\s*(\d+))?|(?i)(?-u:\b)(article|section|clause|chapter)\s+(\d+(?:\.\d+)*)|§\s*(\d+(?:\.\d+)*)",
    )
});
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        (?P<y1>(?:19|20)\d\d)\s*년(?:\s*(?P<m1>1[0-2]|0?[1-9])\s*월(?:\s*(?P<d1>3[01]|[12]\d|0?[1-9])\s*일)?)?
        | (?P<y2>(?:19|20)\d\d)\s*[-./]\s*(?P<m2>1[0-2]|0?[1-9])\s*[-./]\s*(?P<d2>3[01]|[12]\d|0?[1-9])(?-u:\b)
        | (?-u:\b)(?P<m3>1[0-2]|0?[1-9])\s*월\s*(?P<d3>3[01]|[12]\d|0?[1-9])\s*일
        | (?i:(?-u:\b)(?P<m4>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:(?P<d4>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?:,?\s+(?P<y4>(?:19|20)\d\d))?|(?P<y5>(?:19|20)\d\d))(?-u:\b))
        | (?i:(?-u:\b)(?P<d6>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m6>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?:,?\s+(?P<y6>(?:19|20)\d\d))?(?-u:\b))
        | (?-u:\b)(?P<m7>1[0-2]|0?[1-9])\s*월
        ",
    )
});
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        (?:(?P<half1>오전|오후)\s*)?(?P<h1>\d{1,2})\s*시(?:\s*(?P<min1>\d{1,2})\s*분|\s*(?P<half_past>반))?(?P<span>간)?
        | (?:(?P<half3>오전|오후)\s*)?(?-u:\b)(?P<h2>\d{1,2}):(?P<min2>[0-5]\d)(?-u:\b)(?:\s*(?P<half2>(?i:[ap])\.?(?i:m)(?-u:\b)\.?))?
        | (?-u:\b)(?P<h4>\d{1,2})\s*(?P<half4>(?i:[ap])\.?(?i:m)(?-u:\b)\.?)
        ",
    )
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?P<sign>[₩$€¥])?\s*(?:(?P<before>USD|KRW|EUR|JPY)\s*)?
        (?P<number>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)
        (?P<more>(?:\s*(?:천|백|십)?\s*[만억조]|\s*천|\s*백)(?:\s*\d[\d,]*(?:\.\d+)?\s*(?:천|백|십)?\s*[만억조천백]?)*)?
        (?P<scale>\s*(?i:thousand|million|billion)(?-u:\b))?
        \s*(?P<unit>영업일|근무일|working\s+days?|business\s+days?|개월|퍼센트|달러|유로|시간|일간|주일|글자|[A-Za-z%]+|원|엔|일|년|월|달|주|분|초|명|인|회|번|개|대|세|자|배|건|권|박|점|급|등급|㎡|평|°C|℃)?",
    )
});
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?-u:\b)(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty)([\s-]+(?:working\s+|business\s+)?(?:days?|weeks?|months?|years?|hours?|minutes?|times|people|percent)(?-u:\b))",
    )
});

fn unit(text: &str) -> Option<&'static str> {
    let folded: String = text
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    Some(match folded.as_str() {
        "원" | "won" | "krw" | "₩" => "KRW",
        "달러" | "usd" | "$" | "dollar" | "dollars" => "USD",
        "유로" | "eur" | "€" | "euro" | "euros" => "EUR",
        "엔" | "jpy" | "¥" | "yen" => "JPY",
        "%" | "퍼센트" | "percent" | "프로" => "%",
        "영업일" | "근무일" | "working day" | "working days" | "business day" | "business days" => {
            "working day"
        }
        "일" | "일간" | "day" | "days" => "day",
        "주" | "주일" | "week" | "weeks" => "week",
        "개월" | "달" | "month" | "months" => "month",
        "년" | "year" | "years" => "year",
        "시간" | "hour" | "hours" | "h" | "hrs" => "hour",
        "분" | "minute" | "minutes" | "min" => "minute",
        "초" | "second" | "seconds" | "s" | "sec" => "second",
        "명" | "인" | "people" | "persons" | "person" | "employees" => "person",
        "회" | "번" | "times" => "times",
        "자" | "글자" | "characters" | "character" => "character",
        "박" | "night" | "nights" => "night",
        "km" | "kilometres" | "kilometers" => "km",
        "kg" => "kg",
        "g" => "g",
        "m" => "m",
        "cm" => "cm",
        "mm" => "mm",
        "gb" => "GB",
        "mb" => "MB",
        "tb" => "TB",
        "kw" => "kW",
        "v" => "V",
        "°c" | "℃" => "°C",
        _ => return None,
    })
}

const MILLION: i128 = 1_000_000;

/// A decimal number in millionths.
fn decimal(text: &str) -> Option<i128> {
    let text = text.replace(',', "");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let whole: i128 = whole.parse().ok().filter(|_| whole.len() <= 24)?;
    let part: String = part.chars().chain("000000".chars()).take(6).collect();
    Some(whole * MILLION + part.parse::<i128>().ok()?)
}

/// `3`, `만 5천` is 35,000: what stands before a multiplier is multiplied, sums are sums.
fn korean(first: i128, more: &str) -> i128 {
    let (mut total, mut section, mut current) = (0_i128, 0_i128, first);
    let mut digits = String::new();
    for char in more.chars().chain([' ']) {
        if char.is_ascii_digit() || matches!(char, ',' | '.') {
            digits.push(char);
            continue;
        }
        if !digits.is_empty() {
            current = decimal(&digits).unwrap_or(0);
            digits.clear();
        }
        let one = |value: i128| if value == 0 { MILLION } else { value };
        match char {
            '십' | '백' | '천' => {
                let factor = match char {
                    '십' => 10,
                    '백' => 100,
                    _ => 1_000,
                };
                section = section.saturating_add(one(current).saturating_mul(factor));
                current = 0;
            }
            '만' | '억' | '조' => {
                let factor = match char {
                    '만' => 10_000,
                    '억' => 100_000_000,
                    _ => 1_000_000_000_000,
                };
                total = total.saturating_add(one(section + current).saturating_mul(factor));
                (section, current) = (0, 0);
            }
            _ => {}
        }
    }
    total.saturating_add(section).saturating_add(current)
}

fn month(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let text = text.to_lowercase();
    text.parse().ok().or_else(|| {
        NAMES
            .iter()
            .position(|name| *name == text)
            .and_then(|at| u32::try_from(at + 1).ok())
    })
}

fn date(found: &Captures<'_>) -> Value {
    let first = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| found.name(name))
            .map(|part| part.as_str().to_owned())
    };
    let year = first(&["y1", "y2", "y4", "y5", "y6"]).and_then(|year| year.parse().ok());
    let month = first(&["m1", "m2", "m3", "m4", "m6", "m7"]).and_then(|name| month(&name));
    let day = first(&["d1", "d2", "d3", "d4", "d6"]).and_then(|day| day.parse().ok());
    Value::Date(year, month, day)
}

fn time(found: &Captures<'_>) -> Option<Value> {
    if found.name("span").is_some() {
        return None;
    }
    let part = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| found.name(name))
            .map(|part| part.as_str().to_lowercase())
    };
    let hour: u32 = part(&["h1", "h2", "h4"])?.parse().ok()?;
    let minute: u32 = match part(&["min1", "min2"]) {
        Some(minute) => minute.parse().ok()?,
        None if found.name("half_past").is_some() => 30,
        None => 0,
    };
    let half = part(&["half1", "half2", "half3", "half4"]).unwrap_or_default();
    let afternoon = half == "오후" || half.starts_with('p');
    let morning = half == "오전" || half.starts_with('a');
    let hour = match hour {
        12 if morning => 0,
        hour if afternoon && hour < 12 => hour + 12,
        hour => hour,
    };
    (hour <= 24 && minute < 60).then_some(Value::Time(hour * 60 + minute))
}

fn article(found: &Captures<'_>) -> Value {
    if let (Some(number), Some(kind)) = (found.get(1), found.get(2)) {
        let kind = ["조", "항", "호", "장", "절", "관", "편"]
            .into_iter()
            .find(|name| *name == kind.as_str())
            .unwrap_or("조");
        let number = number.as_str().trim_start_matches('0');
        let number = found.get(3).map_or(number.to_owned(), |branch| {
            format!("{number}-{}", branch.as_str())
        });
        return Value::Article(kind, number);
    }
    let kind = match found
        .get(4)
        .map(|kind| kind.as_str().to_lowercase())
        .as_deref()
    {
        Some("article") => "조",
        Some("chapter") => "장",
        Some("clause") => "항",
        _ => "절",
    };
    let number = found
        .get(5)
        .or_else(|| found.get(6))
        .map_or("", |number| number.as_str());
    Value::Article(kind, number.to_owned())
}

fn number(found: &Captures<'_>) -> Option<Value> {
    let first = decimal(&found["number"])?;
    let mut value = found
        .name("more")
        .map_or(first, |more| korean(first, more.as_str()));
    value = match found
        .name("scale")
        .map(|scale| scale.as_str().trim().to_lowercase())
        .as_deref()
    {
        Some("thousand") => value.saturating_mul(1_000),
        Some("million") => value.saturating_mul(1_000_000),
        Some("billion") => value.saturating_mul(1_000_000_000),
        _ => value,
    };
    let unit = ["unit", "sign", "before"]
        .iter()
        .find_map(|name| found.name(name).and_then(|part| unit(part.as_str())));
    Some(Value::Number(value, unit))
}

/// The facts of a text, each occurrence of it.
pub(super) fn facts(text: &str) -> Vec<Fact> {
    let mut text: String = text.nfkc().collect();
    text = WORDS
        .replace_all(&text, |found: &Captures<'_>| {
            let number = match found[1].to_lowercase().as_str() {
                "one" => 1,
                "two" => 2,
                "three" => 3,
                "four" => 4,
                "five" => 5,
                "six" => 6,
                "seven" => 7,
                "eight" => 8,
                "nine" => 9,
                "ten" => 10,
                "eleven" => 11,
                "twelve" => 12,
                "fifteen" => 15,
                "twenty" => 20,
                _ => 30,
            };
            format!("{number}{}", &found[2])
        })
        .into_owned();
    let mut facts = Vec::new();
    let mut take =
        |pattern: &Regex, text: &mut String, value: &dyn Fn(&Captures<'_>) -> Option<Value>| {
            let mut blanked = text.clone();
            for found in pattern.captures_iter(text) {
                let Some(whole) = found.get(0) else { continue };
                if let Some(value) = value(&found) {
                    facts.push(Fact {
                        value,
                        text: whole.as_str().trim().to_owned(),
                    });
                    // What is understood is not read again as a number.
                    blanked.replace_range(whole.range(), &" ".repeat(whole.len()));
                }
            }
            *text = blanked;
        };
    take(&ARTICLE, &mut text, &|found| Some(article(found)));
    take(&DATE, &mut text, &|found| Some(date(found)));
    take(&TIME, &mut text, &time);
    for span in code_spans(&text) {
        let code = &text[span.clone()];
        // `10kg` is a number with a unit, not a code.
        let is_amount = NUMBER.captures(code).is_some_and(|found| {
            found
                .get(0)
                .is_some_and(|all| all.as_str().len() == code.len())
                && found
                    .name("unit")
                    .is_some_and(|part| unit(part.as_str()).is_some())
        });
        if !is_amount {
            facts.push(Fact {
                value: Value::Code(code.to_lowercase()),
                text: code.to_owned(),
            });
            text.replace_range(span.clone(), &" ".repeat(span.len()));
        }
    }
    let rest = text;
    for found in NUMBER.captures_iter(&rest) {
        if let (Some(value), Some(whole)) = (number(&found), found.get(0)) {
            facts.push(Fact {
                value,
                text: whole.as_str().trim().to_owned(),
            });
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sentence: &str, evidence: &str, expected: &[(&str, Option<&str>)]) {
        let missing: Vec<(String, Option<String>)> =
            missing(sentence, &[Arc::new(facts(evidence))])
                .into_iter()
                .map(|missing| (missing.fact, missing.instead))
                .collect();
        let missing: Vec<(&str, Option<&str>)> = missing
            .iter()
            .map(|(fact, instead)| (fact.as_str(), instead.as_deref()))
            .collect();
        assert_eq!(missing, expected, "{sentence} / {evidence}");
    }

    #[test]
    fn the_same_in_other_words_is_found() {
        for (sentence, evidence) in [
            ("식비는 3만 5천 원이다.", "식비: 35,000원"),
            ("한도는 1억 2,000만원이다.", "limit KRW 120,000,000"),
            ("예산은 1.5억 원이다.", "150,000,000원"),
            ("It costs USD 70 a day.", "1일 70달러"),
            ("In March 2024 it changed.", "2024년 3월 5일에 바뀌었다."),
            ("2024-03-05부터", "2024년 3월 5일"),
            ("5 March 2024", "March 5, 2024"),
            ("80 percent", "80%"),
            ("업무는 오후 6시에 끝난다.", "18:00까지"),
            ("starts at 9 a.m.", "오전 9시"),
            ("제12조 제1항", "Article 12 / 제 1 항"),
            ("five working days", "5영업일 이내"),
            ("연차는 15.5일이다.", "15.5일"),
            ("부품 PPR-9087은 10kg이다.", "ppr-9087 10 kg"),
            ("2 million won", "2,000,000원"),
            ("한도 20", "20만원 20개"),
        ] {
            check(sentence, evidence, &[]);
        }
    }

    #[test]
    fn what_differs_is_named_with_what_stands_there() {
        check(
            "연차는 16일이다.",
            "연차는 15일이다.",
            &[("16일", Some("15일"))],
        );
        check("5일 이내", "5영업일 이내", &[("5일", None)]);
        check(
            "식비는 3만원이다.",
            "식비는 3만 5천 원이다.",
            &[("3만원", Some("3만 5천 원"))],
        );
        check("PPR-9088", "PPR-9087", &[("PPR-9088", Some("PPR-9087"))]);
        check("제13조", "제12조", &[("제13조", Some("제12조"))]);
        check(
            "2025년 3월",
            "2024년 3월",
            &[("2025년 3월", Some("2024년 3월"))],
        );
        check("오전 6시", "18:00", &[("오전 6시", Some("18:00"))]);
        check("Leave is unlimited.", "Leave is 15 days.", &[]);
    }
}
