//! How a file becomes searchable: the whole write path of Veracite.
//!
//! Bytes -> [`Document`] -> [`Chunk`]s -> [`StoredChunk`]s in every [`ChunkStore`].
//!
//! | module | stage |
//! |---|---|
//! | [`read`] | finds files under paths, reads them within limits |
//! | [`parse`] | bytes to a [`Document`], one file per format; in a child process when it is foreign |
//! | [`properties`] | what a file says about itself |
//! | [`ocr`] | character recognition for pages that are pictures |
//! | [`sentence`] | sentences of Korean and English text |
//! | [`chunk`] | a document to chunks along its structure |
//! | [`pipeline`] | a document to all that is kept of its chunks |
//! | [`labels`] | what a search can be narrowed by: collection, tags, language, dates |
//!
//! It says what it needs from outside as traits ([`TokenCounter`], [`PassageEmbedder`],
//! [`ChunkStore`]) and imports no model, index or web server.

mod boxes;
pub mod chunk;
pub mod document;
pub mod id;
pub mod labels;
mod language;
pub mod ocr;
pub mod parse;
pub mod pipeline;
pub mod properties;
pub mod read;
pub mod sentence;
mod store;

pub use boxes::LineBox;
pub use chunk::Chunk;
pub use document::{
    Block, BlockKind, Document, DocumentBuilder, Page, PageKind, PlacedWord, Problem, Rect, Span,
    WordBox,
};
pub use id::{AccessKey, ChunkId, ContentHash, DocumentId, Group};
pub use labels::{Day, Filter, InForce, Labels};
pub use pipeline::{CellSpan, PageSpan, ParagraphSpan, PreparedChunk, PreparedHeader};
pub use properties::Properties;
pub use store::{BackendError, ChunkStore, PassageEmbedder, StoredChunk, TokenCounter, Vector};
