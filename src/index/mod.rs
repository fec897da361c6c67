//! The two indexes: words (tantivy) and vectors (Qdrant Edge in this process, or a Qdrant server).
//!
//! Each keeps chunks ([`ingest::ChunkStore`]) and finds them ([`crate::ask::Retriever`]), with
//! the right to read as part of the search itself. Both are derived from the catalogue and may
//! be thrown away.

mod analyzer;
mod bm25;
mod config;
#[cfg(test)]
mod contract;
mod edge;
mod qdrant;
#[cfg(test)]
mod qdrant_tests;

pub(crate) use analyzer::code_spans;
pub use analyzer::{Analyzer, Token, codes, compile_dictionary, words};
pub use bm25::Bm25Index;
pub use config::{VectorsConfig, WordsConfig};
pub use edge::EdgeIndex;
pub(crate) use edge::size_of;
pub use qdrant::QdrantIndex;

use ingest::BackendError;

/// Refuses a vector that is not of the index's length.
fn expect_dimension(vector: &[f32], dimension: usize) -> Result<(), BackendError> {
    if vector.len() == dimension {
        return Ok(());
    }
    Err(BackendError::message(format!(
        "the index of vectors holds vectors of {dimension} numbers, not {}",
        vector.len()
    )))
}
