//! From question to answer: retrieve, fuse, pack, generate, check.
//!
//! [`Question`] -> [`Query`] -> [`Hit`]s -> [`Context`] -> [`DraftSentence`]s ->
//! [`Answer`](crate::check::Answer). Only [`check`](crate::check) can make an answer.

mod config;
mod findable;
mod fit;
mod location;
mod pack;
mod quote;
mod retrieve;
mod sufficiency;
mod types;

pub use config::{AskConfig, Fusion};
pub use findable::Findable;
pub(crate) use findable::findable;
pub(crate) use fit::fit;
pub use location::{Counted, Location};
pub(crate) use pack::pack;
pub use quote::{QUOTE_MODE, QuoteGenerator};
pub use retrieve::{Fused, Ranking, fuse, retrieve};
pub use sufficiency::{BothEmbedder, Sufficiency};
pub use types::{
    Context, DraftPiece, DraftPieces, DraftSentence, EngineBusy, Generator, Hit, LedgerEntry,
    LeftOut, Message, OnDay, Passage, Place, Prompt, Query, QueryEmbedder, Question, Reader,
    Retriever, Rewrite, Role, Scope, Usage,
};
