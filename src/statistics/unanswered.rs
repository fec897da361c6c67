//! Questions that the documents do not answer, similar ones together: what to write or hand in.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::catalogue::Catalogue;
use crate::language::is_hangul;

/// Entries of the log that are looked through at most.
const ENTRIES: usize = 200_000;
/// Questions that are put into groups at most, the newest.
const QUESTIONS: usize = 2_000;
/// Groups that are told at most.
const GROUPS: usize = 50;
/// The share of words that a question must have in common with a group, in hundredths.
const ALIKE: usize = 50;

/// Similar questions that the documents do not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unanswered {
    /// The newest of them, as it was typed.
    pub question: String,
    /// How often such a question was asked.
    pub times: u64,
}

/// Endings of Korean words that say how a word stands in its sentence, the longest first.
const ENDINGS: [&str; 40] = [
    "이었나요",
    "였습니까",
    "입니까요",
    "인가요",
    "입니까",
    "습니까",
    "합니까",
    "됩니까",
    "하나요",
    "되나요",
    "있나요",
    "없나요",
    "이에요",
    "할까요",
    "될까요",
    "에서는",
    "으로는",
    "까지는",
    "이란",
    "나요",
    "까요",
    "예요",
    "에서",
    "에게",
    "으로",
    "부터",
    "까지",
    "처럼",
    "보다",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "에",
    "의",
    "로",
    "와",
    "도",
];

/// Words that say nothing of what a question is about.
const EMPTY: [&str; 46] = [
    "무엇",
    "뭐",
    "얼마",
    "며칠",
    "언제",
    "어디",
    "누구",
    "어떻게",
    "어떤",
    "어느",
    "왜",
    "몇",
    "있",
    "없",
    "하",
    "되",
    "알려",
    "알려주세요",
    "주세요",
    "대해",
    "대한",
    "관한",
    "the",
    "a",
    "an",
    "is",
    "are",
    "of",
    "to",
    "in",
    "on",
    "for",
    "what",
    "how",
    "when",
    "where",
    "who",
    "why",
    "which",
    "do",
    "does",
    "can",
    "many",
    "much",
    "get",
    "there",
];

/// The words that say what a question is about.
fn subjects(question: &str) -> BTreeSet<String> {
    question
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| stem(&word.to_lowercase()))
        .filter(|word| !EMPTY.contains(&word.as_str()))
        .collect()
}

fn stem(word: &str) -> String {
    if word.chars().any(is_hangul) {
        let without = ENDINGS
            .iter()
            .filter_map(|ending| word.strip_suffix(ending))
            .find(|rest| rest.chars().count() >= 2);
        return without.unwrap_or(word).to_owned();
    }
    match word.strip_suffix('s') {
        Some(rest) if rest.len() >= 3 && !rest.ends_with('s') => rest.to_owned(),
        _ => word.to_owned(),
    }
}

/// Puts similar questions together; the groups with the most questions come first.
#[must_use]
pub fn grouped(questions: &[String]) -> Vec<Unanswered> {
    let mut groups: Vec<(BTreeSet<String>, Unanswered)> = Vec::new();
    for question in questions {
        let words = subjects(question);
        let alike = groups.iter_mut().find(|(known, group)| {
            let common = known.intersection(&words).count();
            let all = known.union(&words).count();
            group.question == *question || (all > 0 && common * 100 >= ALIKE * all)
        });
        match alike {
            Some((_, group)) => group.times += 1,
            None => groups.push((
                words,
                Unanswered {
                    question: question.clone(),
                    times: 1,
                },
            )),
        }
    }
    let mut groups: Vec<Unanswered> = groups.into_iter().map(|(_, group)| group).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.times));
    groups.truncate(GROUPS);
    groups
}

/// Questions that were asked since `from` (a day) and not answered, as the audit log keeps their
/// text; the newest first. Without texts in the log there are none.
pub(crate) async fn asked_since(
    catalogue: &Catalogue,
    from: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let mut without_answer: HashSet<String> = HashSet::new();
    let mut questions = Vec::new();
    let mut seen = 0_usize;
    catalogue
        .each_audit(true, |record| {
            seen += 1;
            let Ok(entry) = serde_json::from_str::<Value>(&record.body) else {
                return seen < ENTRIES;
            };
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            if text(&entry["at"]).as_str() < from {
                return false;
            }
            let subject = text(&entry["subject"]);
            match entry["action"].as_str() {
                // Newest first, an answer stands before its question.
                Some("answer") if entry["details"]["outcome"] == "abstained" => {
                    without_answer.insert(subject);
                }
                Some("question") if without_answer.remove(&subject) => {
                    if let Some(question) = entry["details"]["text"].as_str() {
                        questions.push(question.to_owned());
                    }
                }
                _ => {}
            }
            seen < ENTRIES && questions.len() < QUESTIONS
        })
        .await?;
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_questions_are_one_and_others_are_not() {
        let questions = [
            "주차 요금은 얼마인가요?",
            "주차 요금이 얼마입니까?",
            "구내식당은 언제 여나요?",
            "주차 요금?",
            "What is the parking fee?",
            "How much are parking fees?",
        ]
        .map(str::to_owned);
        let groups = grouped(&questions);
        let told: Vec<(&str, u64)> = groups
            .iter()
            .map(|group| (group.question.as_str(), group.times))
            .collect();
        assert_eq!(
            told,
            [
                ("주차 요금은 얼마인가요?", 3),
                ("What is the parking fee?", 2),
                ("구내식당은 언제 여나요?", 1)
            ]
        );
    }

    #[test]
    fn questions_of_no_words_are_together_only_when_they_are_the_same() {
        let groups = grouped(&["?".to_owned(), "?".to_owned(), "!".to_owned()]);
        assert_eq!(
            groups.iter().map(|group| group.times).collect::<Vec<_>>(),
            [2, 1]
        );
        assert!(grouped(&[]).is_empty());
    }

    #[test]
    fn words_lose_their_endings_and_nothing_else() {
        let words = |text: &str| subjects(text).into_iter().collect::<Vec<_>>();
        assert_eq!(words("연차는 며칠인가요?"), ["연차"]);
        assert_eq!(words("Which buses?"), ["buse"]);
        assert_eq!(
            words("회의"),
            ["회의"],
            "an ending that leaves one syllable is none"
        );
    }
}
