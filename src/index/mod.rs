//! The two indexes: words (tantivy) and vectors (Qdrant Edge in this process).
//!
//! Each keeps chunks ([`ingest::ChunkStore`]) and finds them ([`crate::ask::Retriever`]), with
//! the right to read as part of the search itself. Both are derived from the catalogue and may
//! be thrown away.

mod analyzer;
mod bm25;
mod edge;

pub use analyzer::{Token, codes, words};
pub use bm25::Bm25Index;
pub(crate) use bm25::FORMAT;
pub use edge::EdgeIndex;
