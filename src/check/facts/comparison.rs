//! What is compared with what: `A 모델보다`, `less than model B`.

use super::term::{Term, Terms};

/// What a sentence compares its subject with.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    /// The words of what it is compared with.
    with: Vec<Term>,
    /// All words of the sentence.
    all: Terms,
}

/// Words of a name at most.
const MOST: usize = 2;

impl Comparison {
    /// Of a sentence and its words.
    pub(super) fn of(text: &str, words: &[Term]) -> Self {
        let mut with = Vec::new();
        let korean = words.iter().position(|term| {
            let raw = text.get(term.at.clone()).unwrap_or_default();
            let after = text.get(term.at.end..).unwrap_or_default();
            raw.len() > "보다".len() && raw.ends_with("보다")
                || raw.ends_with('에') && after.starts_with(" 비해")
                || raw.ends_with('에') && after.starts_with(" 비하여")
        });
        if let Some(at) = korean {
            // The word before belongs to the name if it has no particle: `A 모델보다`.
            let name = at
                .checked_sub(1)
                .map(|before| &words[before])
                .filter(|term| {
                    text.get(term.at.clone()) == Some(term.text.as_str())
                        && text.get(term.at.end..words[at].at.start) == Some(" ")
                });
            with.extend(name.cloned());
            with.push(words[at].clone());
        } else if let Some(at) = words
            .iter()
            .position(|term| term.text.eq_ignore_ascii_case("than"))
        {
            with.extend(words[at + 1..].iter().take(MOST).cloned());
        }
        with.retain(|term| !term.is_stop());
        Self {
            all: if with.is_empty() {
                Terms::default()
            } else {
                Terms::of(words)
            },
            with,
        }
    }
}

/// Whether two sentences compare the same things the other way round.
pub(super) fn is_swapped(one: &Comparison, two: &Comparison) -> bool {
    let only = |one: &Comparison, two: &Comparison| {
        let there = Terms::of(&two.with);
        one.with
            .iter()
            .filter(|term| there.share(term) < 0.5)
            .cloned()
            .collect::<Vec<Term>>()
    };
    let (first, second) = (only(one, two), only(two, one));
    !first.is_empty()
        && !second.is_empty()
        && first.iter().all(|term| two.all.share(term) > 0.5)
        && second.iter().all(|term| one.all.share(term) > 0.5)
}
