//! From question to answer: retrieve, fuse, pack, generate, check.
//!
//! [`Question`] -> [`Query`] -> [`Hit`]s -> [`Context`] -> [`DraftSentence`]s ->
//! [`Answer`](crate::check::Answer). Only [`check`](crate::check) can make an answer.

mod types;

pub use types::{
    Context, DraftPieces, DraftSentence, Generator, Hit, LedgerEntry, LeftOut, Passage, Place,
    Prompt, Query, QueryEmbedder, Question, Reader, Retriever,
};
