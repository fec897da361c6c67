//! How good a draft is, as the checker sees it.

use serde::Serialize;

use crate::check::{Answer, Verdict};

/// What a contradicted sentence takes, where all of a draft is contradicted: more than any number of
/// supported ones beside it gives.
const CONTRADICTED: f64 = 3.0;
/// What sentences without support take.
const UNSUPPORTED: f64 = 1.0;
/// What partly supported ones give.
const PARTIAL: f64 = 0.25;
/// What saying more gives at most.
const COVERAGE: f64 = 0.2;
/// So many supported sentences say enough.
const ENOUGH: f64 = 4.0;
/// What an end in the middle takes.
const TRUNCATED: f64 = 0.2;
/// What each citation of no passage takes.
const UNKNOWN_CITATION: f64 = 0.05;

/// What the checker found in a draft, shown or withheld.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Sentences that the passages say.
    pub supported: usize,
    /// Those of which they say a part.
    pub partial: usize,
    /// Those that they contradict.
    pub contradicted: usize,
    /// Those that they do not say, and those that could not be checked.
    pub unsupported: usize,
    /// Citations of passages that do not exist.
    pub unknown_citations: usize,
    /// Whether it ends in the middle.
    pub truncated: bool,
}

impl Tally {
    /// Counts the sentences of an answer.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        let mut tally = Self {
            unknown_citations: answer.unknown_citations(),
            truncated: answer.truncated(),
            ..Self::default()
        };
        for sentence in answer.sentences().iter().chain(answer.withheld()) {
            match sentence.verdict() {
                Verdict::Supported => tally.supported += 1,
                Verdict::Partial => tally.partial += 1,
                Verdict::Contradicted => tally.contradicted += 1,
                Verdict::Unsupported | Verdict::Unverified => tally.unsupported += 1,
                Verdict::NotCheckable => {}
            }
        }
        tally
    }

    /// Sentences that claim something.
    #[must_use]
    pub fn claims(&self) -> usize {
        self.supported + self.partial + self.contradicted + self.unsupported
    }

    /// Whether it claims something and the passages say all of it.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.supported > 0 && self.supported == self.claims() && !self.truncated
    }

    /// How good it is: over 0 better than saying nothing, under 0 worse. A draft that claims nothing
    /// has 0: where the passages hold no answer, it is right.
    #[must_use]
    pub fn score(&self) -> f64 {
        let claims = real(self.claims());
        if self.claims() == 0 {
            return 0.0;
        }
        let share = |count: usize| real(count) / claims;
        let mut score = share(self.supported) + PARTIAL * share(self.partial)
            - UNSUPPORTED * share(self.unsupported)
            - CONTRADICTED * share(self.contradicted);
        score += COVERAGE * (real(self.supported).min(ENOUGH) / ENOUGH);
        score -= UNKNOWN_CITATION * real(self.unknown_citations);
        if self.truncated {
            score -= TRUNCATED;
        }
        score
    }
}

#[expect(clippy::cast_precision_loss, reason = "a draft has few sentences")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(supported: usize, partial: usize, contradicted: usize, unsupported: usize) -> Tally {
        Tally {
            supported,
            partial,
            contradicted,
            unsupported,
            ..Tally::default()
        }
    }

    #[test]
    fn support_is_good_contradiction_is_worst_and_silence_lies_between() {
        let silent = Tally::default();
        let order = [
            tally(4, 0, 0, 0),
            tally(1, 0, 0, 0),
            tally(1, 1, 0, 0),
            tally(3, 0, 0, 1),
            silent,
            tally(0, 0, 0, 2),
            tally(0, 0, 2, 0),
        ];
        let scores = order.map(|tally| tally.score());
        for pair in scores.windows(2) {
            assert!(pair[0] > pair[1], "{scores:?}");
        }
        // One contradiction in three sentences is worse than saying nothing at all.
        assert!(tally(2, 0, 1, 0).score() < silent.score());
        assert!(silent.score().abs() < 1e-9);
    }

    #[test]
    fn an_end_in_the_middle_and_citations_of_nothing_count() {
        let whole = tally(2, 0, 0, 0);
        let cut = Tally {
            truncated: true,
            ..whole
        };
        let made_up = Tally {
            unknown_citations: 1,
            ..whole
        };
        assert!(cut.score() < whole.score() && made_up.score() < whole.score());
        assert!(whole.is_supported() && !cut.is_supported());
        assert!(!tally(2, 1, 0, 0).is_supported() && !Tally::default().is_supported());
    }
}
