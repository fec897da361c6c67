//! The citation checker: the only part that can make an [`Answer`].

mod answer;
mod checker;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "the checker judges whole sentences so far"
    )
)]
mod claims;
mod draft;
mod entailment;
mod facts;
mod silence;

pub use answer::{Answer, CheckedSentence, Citation, Mode, Reason, Verdict};
pub(crate) use checker::content;
pub use checker::{AnswerEvent, CheckConfig, Checked, Checker, check_stream};
pub use draft::draft_sentences;
pub(crate) use draft::each_once;
pub use entailment::{Entailment, Pair, Verifier};
