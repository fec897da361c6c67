//! The citation checker: the only part that can make an [`Answer`].

mod answer;
mod checker;
#[cfg_attr(not(test), expect(dead_code, reason = "the checker asks it next"))]
mod conflict;
mod draft;
mod entailment;
mod facts;
#[cfg_attr(not(test), expect(dead_code, reason = "the checker asks it next"))]
mod premise;
mod silence;
#[cfg_attr(not(test), expect(dead_code, reason = "the checker asks it next"))]
mod topic;

pub use answer::{Answer, CheckedSentence, Citation, Mode, Reason, Verdict};
pub(crate) use checker::content;
pub use checker::{AnswerEvent, CheckConfig, Checked, Checker, check_stream};
pub use draft::draft_sentences;
pub(crate) use draft::each_once;
pub use entailment::{Entailment, Pair, Verifier};
