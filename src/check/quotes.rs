//! Names and words in quotes: they stand in the passages as they are, and name the same thing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::topic::{Topic, asks, split_clauses};
use crate::ask::Passage;

/// Quoted parts of a sentence that are looked up.
const LIMIT: usize = 16;

/// Marks of quotes in pairs; an apostrophe within a word opens and ends none.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)“([^”]{2,})” | "([^"]{2,})" | 「([^」]{2,})」 | 『([^』]{2,})』 | ‘((?:[^’]|’\p{Latin}){2,})’
           | (?:^|[^\p{L}\p{N}'])'((?:[^'\n]|'\p{Latin}){2,80})'"#,
    )
    .expect("the pattern is fixed")
});

/// What stands in quotes in `text`, without the punctuation that the sentence around it may need.
pub(super) fn quoted(text: &str) -> Vec<&str> {
    QUOTED
        .captures_iter(text)
        .take(LIMIT)
        .filter_map(|found| found.iter().skip(1).flatten().next())
        .map(|quote| {
            let quote = quote.as_str().trim();
            quote.trim_end_matches([',', '.', ';', ':', '!', '?', '。'])
        })
        .filter(|quote| !quote.is_empty())
        .collect()
}

/// A quoted name that the passages give to another thing, and the one that they give to what the
/// claim is about. That is told where the clause with the other name holds at least half of the
/// claim's words, more than any clause with its own, and no fewer of its figures.
pub(super) fn misnamed<'a>(claim: &'a str, passages: &[&'a Passage]) -> Option<(&'a str, &'a str)> {
    let names = quoted(claim);
    if names.is_empty() {
        return None;
    }
    let own_words = QUOTED.replace_all(claim, " ");
    let topic = Topic::of(&own_words);
    let all = topic.words().count();
    if all < 2 {
        return None;
    }
    let figures = figures(&own_words);
    // How many of the claim's words and figures each clause with a quote has.
    let mut there: Vec<(&'a str, usize, usize)> = Vec::new();
    for passage in passages {
        for span in &passage.sentences {
            let sentence = &passage.text[span.clone()];
            if asks(sentence) {
                continue;
            }
            for clause in split_clauses(sentence) {
                let quotes = quoted(clause);
                if quotes.is_empty() {
                    continue;
                }
                let clause = QUOTED.replace_all(clause, " ");
                let said = Topic::of(&clause);
                let shared = topic.words().filter(|word| said.holds(word)).count();
                let counted = self::figures(&clause).intersection(&figures).count();
                there.extend(quotes.into_iter().map(|quote| (quote, shared, counted)));
            }
        }
    }
    let is_named = |quote: &str| names.iter().any(|name| is_same(name, quote));
    names.iter().find_map(|name| {
        let own = || there.iter().filter(|(quote, ..)| is_same(name, quote));
        let shared = own().map(|(_, shared, _)| *shared).max()?;
        let counted = own().map(|(.., counted)| *counted).max()?;
        let (other, ..) = there
            .iter()
            .filter(|(quote, ..)| !is_named(quote))
            .filter(|(_, more, figures)| *more > shared && *more * 2 >= all && *figures >= counted)
            .max_by_key(|(_, shared, _)| *shared)?;
        Some((*name, *other))
    })
}

fn figures(text: &str) -> BTreeSet<String> {
    text.split(|char: char| !char.is_numeric())
        .filter(|figure| !figure.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_found_by_their_marks() {
        for (text, expected) in [
            (
                "It is called the “Leave Request,” and",
                vec!["Leave Request"],
            ),
            (
                "과제의 이름을 '열린창구'로, 「푸른돛」으로",
                vec!["열린창구", "푸른돛"],
            ),
            ("The employees' leave isn't the staff's.", vec![]),
            (
                "‘the employee’s leave’ and 'Adam's plan'.",
                vec!["the employee’s leave", "Adam's plan"],
            ),
            ("5'11\" tall", vec![]),
        ] {
            assert_eq!(quoted(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_of_another_thing_is_told() {
        let check = |claim: &str, text: &str, expected: Option<(&str, &str)>| {
            let passage = Passage::alone(text);
            assert_eq!(misnamed(claim, &[&passage]), expected, "{claim}");
        };
        let projects = "The internal innovation project is called \"Blue Sail\", and the customer service project is called \"Open Desk\".";
        check(
            "The innovation project goes by the name 'Open Desk'.",
            projects,
            Some(("Open Desk", "Blue Sail")),
        );
        check(
            "The innovation project is named 'Blue Sail'.",
            projects,
            None,
        );
        check(
            "The customer service project is 'Open Desk'.",
            projects,
            None,
        );
        let korean = "회사는 사내 혁신 과제의 이름을 '푸른돛'으로 정하고, 고객 응대 개선 과제의 이름을 '열린창구'로 정하였다.";
        check(
            "사내 혁신 과제는 \"열린창구\"라는 이름으로 불립니다.",
            korean,
            Some(("열린창구", "푸른돛")),
        );
        check("고객 응대 과제의 이름은 '열린창구'입니다.", korean, None);
        check(
            "The name of meeting room 3 is 'Wren'.",
            "Meeting room 1 is named \"Heron\", room 2 is named \"Kestrel\" and room 3 is named \"Wren\".",
            None,
        );
        let switch =
            "청소하기 전에 'AUX-2' 스위치를 '정지'에 놓고, 청소를 마친 뒤 '운전'으로 되돌린다.";
        check("청소 전에 'AUX-2' 스위치를 '정지'에 놓는다.", switch, None);
    }
}
