//! What people say of answers, what training is given of it, and drafts that the checker judges.
//!
//! | module | what it is for |
//! |---|---|
//! | `types` | a judged answer, what is said of it, and what an administrator decided on that |
//! | `recent` | the passages of recent answers, until somebody judges one |
//! | `give` | taking a judgement: the answer must be genuine, a correction is checked |
//! | `decide` | what administrators decide on a judgement |
//! | `people` | judgements to examples: corrected over wrong, right as it is |
//! | `score`, `drafts` | several drafts of one question, and which is best |
//! | `example` | examples as lines that TRL reads |
//! | `export` | what somebody with some rights may be given |
//!
//! An answer comes with its proof, so that nobody teaches the model with an answer that was never
//! given. Training is given the prompt as the generator got it; a passage goes to nobody who may
//! not read its document at the time of the export.

mod decide;
mod drafts;
mod example;
mod export;
mod give;
mod people;
mod recent;
mod score;
mod types;

pub use decide::DecideError;
pub(crate) use decide::decide;
pub(crate) use drafts::best_of;
pub use drafts::{BestOf, DraftsOptions, draft_examples};
pub use example::{Example, Format, Line, Mark, MarkedDocument, Source};
pub use export::{Export, ExportError, ExportOptions, Skipped};
pub(crate) use export::{export, may_read_all};
pub use give::{GiveError, Given, NewJudgement, give};
pub(crate) use recent::Recent;
pub use score::Tally;
pub use types::{
    Decided, Decision, JudgedAnswer, Judgement, KeptPassage, KeptPrompt, KeptSentence, Kind,
};

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[feedback]`: what people say of answers, and the site's own questions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeedbackConfig {
    /// The site's own questions, a line of JSON each (`text`, and `answers` or `"answerable": false`
    /// where that is known): what `adapters compare` asks if it is given no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<PathBuf>,
}
