//! The citation checker: the only place where an [`Answer`] can be made.

mod answer;

pub use answer::{Answer, CheckedSentence, Citation, Mode, Reason, Verdict};
