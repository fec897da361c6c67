//! A follow-up question as one that stands alone, made of the words of the conversation only.
//!
//! What follows up is short: it points back (`그건`, `it`), leaves its topic out (`신청은 어떻게
//! 하나요?`, `How do I apply?`), or names only what differs (`임원은요?`, `What about executives?`).
//! It is completed by the question before it, which stands alone itself: what differs takes the
//! place of what it differs from, and a topic that was left out is put in. What has a topic of
//! its own is left as it is. No model is needed, and the same words always give the same question.

mod english;
mod korean;
#[cfg(test)]
mod tests;

use crate::language::Language;

/// Questions that are looked back at.
pub(crate) const LOOKED_BACK: usize = 4;

/// The question in full, if it follows up on `earlier`: questions that stand alone, oldest first.
pub(crate) fn completed(earlier: &[&str], question: &str) -> Option<String> {
    let question = question.trim();
    let last = earlier.last()?.trim();
    if question.is_empty() || last.is_empty() || question.contains('\n') {
        return None;
    }
    let completed = match Language::of(question) {
        Language::Ko => korean::completed(last, question),
        Language::En => english::completed(last, question),
    }?;
    (completed != question).then_some(completed)
}

/// Whether a question may follow up at all, by its length: a model is asked to complete only such.
pub(crate) fn is_short(question: &str) -> bool {
    !question.trim().contains('\n') && question.split_whitespace().count() <= 12
}

/// Whether `query`, which a model wrote, says nothing that the conversation does not: every number
/// and every word of content is in it. Words that only ask or join may be its own.
pub(crate) fn adds_nothing(query: &str, conversation: &[&str]) -> bool {
    let said = conversation.join("\n").to_lowercase();
    let numbers = numbers_of(&said);
    if !numbers_of(query)
        .iter()
        .all(|number| numbers.contains(number))
    {
        return false;
    }
    let said_words: Vec<&str> = words(&said).collect();
    let hangul: String = said.chars().filter(|char| !char.is_whitespace()).collect();
    let query = query.to_lowercase();
    let mut own = words(&query);
    own.all(|word| {
        if word.chars().any(crate::language::is_hangul) {
            korean::says_nothing(word) || korean::is_in(word, &hangul)
        } else {
            english::says_nothing(word)
                || said_words.iter().any(|said| english::is_same(said, word))
        }
    })
}

/// Runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty() && !word.chars().all(|char| char.is_ascii_digit()))
}

/// Runs of digits; points and commas between them belong to them.
fn numbers_of(text: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut run = String::new();
    for char in text.chars().chain([' ']) {
        match char {
            '0'..='9' => run.push(char),
            ',' if !run.is_empty() => {}
            '.' if !run.is_empty() => run.push('.'),
            _ if !run.is_empty() => {
                numbers.push(run.trim_end_matches('.').to_owned());
                run.clear();
            }
            _ => {}
        }
    }
    numbers
}

/// A word without what stands around it, such as a question mark.
fn bare(word: &str) -> &str {
    word.trim_matches(|char: char| !char.is_alphanumeric() && char != '%')
}
