//! The citation checker: the only part that can make an [`Answer`].
//!
//! | file | what it is for |
//! |---|---|
//! | `answer.rs` | what people may see: sentences with verdicts and quotes, conflicts |
//! | `checker.rs`, `config.rs` | the flow: claims, evidence, tiers, verdict |
//! | `stream.rs` | a draft that is checked while it is written |
//! | `reason.rs` | why a sentence is not supported, in words |
//! | `draft.rs` | a draft in pieces to sentences with the passages that they cite |
//! | `claims.rs`, `silence.rs`, `vacuous.rs` | a sentence to claims that are judged apart; what claims nothing |
//! | `evidence.rs`, `table.rs` | windows of the passages that a claim may rest on |
//! | `facts/` | tier 1: numbers, dates, units, limits, articles, codes, and what they are bound to |
//! | `quotes.rs` | names and words in quotes |
//! | `entailment.rs` | tier 2: the seam [`Verifier`] |
//! | `judge.rs` | tier 3: the language model as judge |
//! | `weigh.rs` | what the tiers saw to one probability |
//! | `premise.rs`, `conflict.rs`, `topic.rs` | what a question supposes wrongly; documents that differ |

mod answer;
mod checker;
mod claims;
mod config;
mod conflict;
mod draft;
mod entailment;
mod evidence;
mod facts;
mod judge;
mod premise;
mod quotes;
mod reason;
mod silence;
mod stream;
mod table;
mod topic;
mod vacuous;
mod weigh;

pub use answer::{
    Answer, CheckedSentence, Citation, Conflict, ConflictSide, Mode, Reason, Verdict,
};
pub(crate) use checker::SENTENCE_LIMIT;
pub use checker::{Checker, CheckerParts};
pub use config::CheckConfig;
pub use draft::draft_sentences;
pub(crate) use draft::each_once;
pub use entailment::{Entailment, Pair, UnusableVerifier, Verifier};
pub(crate) use evidence::content;
pub(crate) use facts::{Asked, is_row};
pub use judge::{Judge, JudgeUse};
pub use stream::{AnswerEvent, Checked, Drafting, check_stream};
pub(crate) use table::{headers as table_headers, with_header as row_with_header};
pub use weigh::{Tiers, Weighed};
