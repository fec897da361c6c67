//! A corpus in BEIR layout, indexed in memory as the product indexes documents.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use ingest::parse::{Extracted, Format};
use ingest::{
    BackendError, ChunkId, ChunkStore as _, ContentHash, Document, DocumentBuilder, DocumentId,
    Filter, Group, Labels, PassageEmbedder as _, PreparedChunk, StoredChunk, TokenCounter,
    pipeline,
};
use serde::Deserialize;

use super::lines;
use crate::ask::{Hit, Query, QueryEmbedder as _, Retriever};
use crate::catalogue::{
    Arriving, Catalogue, Metadata, MetadataChange, NewDocument, Said, State, Work,
};
use crate::config::Config;
use crate::index::{Analyzer, Bm25Index, EdgeIndex};
use crate::model::{CharacterCounter, Embedder};
use crate::rights::Permit;

/// Chunks embedded at once.
const BATCH: usize = 128;

#[derive(Debug, Deserialize)]
struct CorpusLine {
    #[serde(rename = "_id", alias = "id")]
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct QueryLine {
    #[serde(rename = "_id", alias = "id")]
    pub(super) id: String,
    pub(super) text: String,
    #[serde(default)]
    pub(super) answerable: Option<bool>,
    /// Strings one of which a right answer holds.
    #[serde(default)]
    pub(super) answers: Vec<String>,
}

impl QueryLine {
    pub(super) fn of(set: &Path) -> anyhow::Result<Vec<Self>> {
        lines(&set.join("queries.jsonl"))
    }
}

/// Relevance by query and document.
pub(super) fn qrels(path: &Path) -> anyhow::Result<HashMap<String, HashMap<String, f64>>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let mut found: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let mut parts = line.split('\t');
        let (Some(query), Some(document), Some(score)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        match score.trim().parse::<f64>() {
            Ok(score) if score > 0.0 => {
                found
                    .entry(query.to_owned())
                    .or_default()
                    .insert(document.to_owned(), score);
            }
            Ok(_) => {}
            // The first line names the columns.
            Err(_) if number == 0 => {}
            Err(error) => bail!("{}: line {}: {error}", path.display(), number + 1),
        }
    }
    Ok(found)
}

/// A set whose corpus is indexed.
pub(super) struct Set {
    pub(super) folder: PathBuf,
    pub(super) words: Bm25Index,
    pub(super) vectors: Option<EdgeIndex>,
    pub(super) embedder: Option<Arc<Embedder>>,
    pub(super) counter: Arc<dyn TokenCounter>,
    /// Each with the number of its document.
    pub(super) chunks: HashMap<ChunkId, (usize, StoredChunk)>,
    /// What the corpus calls its documents.
    pub(super) ids: Vec<String>,
    files: tempfile::TempDir,
}

/// A document of the corpus, cut.
struct Cut {
    id: DocumentId,
    version: ContentHash,
    document: Document,
    chunks: Vec<(ChunkId, PreparedChunk)>,
}

impl Cut {
    fn new(line: &CorpusLine, config: &Config, counter: &dyn TokenCounter) -> Self {
        let mut builder = DocumentBuilder::default();
        for paragraph in line.text.split('\n') {
            builder.paragraph(paragraph);
        }
        let mut document = builder.finish();
        document.title = Some(line.title.clone()).filter(|title| !title.is_empty());
        let (id, version) = (
            DocumentId::at(&line.id),
            ContentHash::of(line.text.as_bytes()),
        );
        let chunks = pipeline::prepare(&document, config.ingest.chunk_tokens.get(), counter)
            .into_iter()
            .map(|prepared| {
                let id = ChunkId::of(id, &version, prepared.chunk.ordinal, &prepared.chunk.span);
                (id, prepared)
            })
            .collect();
        Self {
            id,
            version,
            document,
            chunks,
        }
    }
}

impl Set {
    pub(super) async fn load(
        folder: &Path,
        config: &Config,
        embedder: Option<&Arc<Embedder>>,
    ) -> anyhow::Result<Self> {
        let corpus: Vec<CorpusLine> = lines(&folder.join("corpus.jsonl"))?;
        let files = tempfile::tempdir().context("there is no room for temporary files")?;
        let counter: Arc<dyn TokenCounter> = match embedder {
            Some(embedder) => Arc::clone(embedder) as Arc<dyn TokenCounter>,
            None => Arc::new(CharacterCounter),
        };
        let words = Bm25Index::in_memory(Analyzer::of(&config.words)?)?;
        let vectors = match embedder {
            Some(embedder) => Some(EdgeIndex::open(
                &files.path().join("vectors"),
                embedder.dimension(),
            )?),
            None => None,
        };
        let mut all = Vec::new();
        let mut chunks = HashMap::new();
        for (number, line) in corpus.iter().enumerate() {
            let cut = Cut::new(line, config, &*counter);
            for (id, prepared) in &cut.chunks {
                let chunk = StoredChunk {
                    id: *id,
                    document: cut.id,
                    version: cut.version,
                    title: line.title.clone(),
                    heading_path: Vec::new(),
                    text: prepared.text.trim().to_owned(),
                    access: Permit::key_of_everyone(),
                    labels: Labels::default(),
                    vector: None,
                };
                chunks.insert(chunk.id, (number, chunk.clone()));
                all.push(chunk);
            }
        }
        words.put(&all).await?;
        if let (Some(vectors), Some(embedder)) = (&vectors, embedder) {
            for batch in all.chunks_mut(BATCH) {
                let texts: Vec<String> = batch.iter().map(StoredChunk::embedded_text).collect();
                for (chunk, vector) in batch.iter_mut().zip(embedder.embed_passages(&texts).await?)
                {
                    chunk.vector = Some(Arc::new(vector));
                }
                vectors.put(batch).await?;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            words,
            vectors,
            embedder: embedder.cloned(),
            counter,
            chunks,
            ids: corpus.into_iter().map(|line| line.id).collect(),
            files,
        })
    }

    pub(super) async fn query(&self, text: &str) -> anyhow::Result<Query> {
        let vector = match &self.embedder {
            Some(embedder) => Some(Arc::new(embedder.embed_query(text).await?)),
            None => None,
        };
        Ok(Query {
            text: text.to_owned(),
            vector,
            filter: Filter::none(),
        })
    }

    /// Documents of ranked chunks, each once.
    pub(super) fn documents(&self, chunks: impl IntoIterator<Item = ChunkId>) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        chunks
            .into_iter()
            .filter_map(|chunk| self.chunks.get(&chunk).map(|(number, _)| *number))
            .filter(|number| seen.insert(*number))
            .collect()
    }

    /// A catalogue of the corpus, which gives passages as that of the product does.
    pub(super) async fn catalogue(&self, config: &Config) -> anyhow::Result<Catalogue> {
        let catalogue = Catalogue::open(&self.files.path().join("catalogue.sqlite")).await?;
        let corpus: Vec<CorpusLine> = lines(&self.folder.join("corpus.jsonl"))?;
        for line in corpus {
            let cut = Cut::new(&line, config, &*self.counter);
            let new = NewDocument {
                file_name: line.id.clone(),
                place: line.id,
                // It has no file: nothing reads it again.
                path: PathBuf::new(),
                readers: BTreeSet::from([Group::everyone()]),
                parent: None,
                lane: String::new(),
                metadata: MetadataChange::default(),
                passwords: Vec::new(),
            };
            let size = line.text.len().try_into().unwrap_or(u64::MAX);
            let arriving = Arriving {
                id: cut.id,
                document: &new,
                version: cut.version,
                size,
                metadata: Metadata::default(),
            };
            catalogue.submit(&arriving).await?;
            let work = Work {
                id: cut.id,
                version: cut.version,
                file_name: new.file_name,
                passwords: Vec::new(),
            };
            let extracted = Extracted {
                format: Format::Text,
                document: cut.document,
                problems: Vec::new(),
                attachments: Vec::new(),
                needs_ocr: Vec::new(),
            };
            catalogue
                .save_version(&work, "eval", &extracted, &Said::default())
                .await?;
            let rows: Vec<_> = cut
                .chunks
                .into_iter()
                .map(|(id, prepared)| {
                    let hash = ContentHash::of(prepared.text.as_bytes()).to_string();
                    (id, prepared, hash)
                })
                .collect();
            catalogue
                .replace_chunks(&work, State::Queued, State::Ready, "eval", &rows, None)
                .await?;
        }
        Ok(catalogue)
    }

    /// Chunks of the documents that the corpus calls `ids`.
    pub(super) fn chunks_of(&self, ids: &BTreeSet<&str>) -> BTreeSet<ChunkId> {
        self.chunks
            .iter()
            .filter(|(_, (number, _))| ids.contains(self.ids[*number].as_str()))
            .map(|(chunk, _)| *chunk)
            .collect()
    }

    /// The indexes as if `hidden` were in none of them.
    pub(super) fn retrievers(&self, hidden: BTreeSet<ChunkId>) -> Vec<Arc<dyn Retriever>> {
        let hidden = Arc::new(hidden);
        let without = |inner: Arc<dyn Retriever>| -> Arc<dyn Retriever> {
            Arc::new(Without {
                inner,
                hidden: Arc::clone(&hidden),
            })
        };
        let mut retrievers = vec![without(Arc::new(self.words.clone()))];
        if let Some(vectors) = &self.vectors {
            retrievers.push(without(Arc::new(vectors.clone())));
        }
        retrievers
    }
}

/// An index as if some chunks were not in it.
#[derive(Debug)]
struct Without {
    inner: Arc<dyn Retriever>,
    hidden: Arc<BTreeSet<ChunkId>>,
}

#[async_trait]
impl Retriever for Without {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn retrieve(
        &self,
        query: &Query,
        permit: &Permit,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError> {
        // As many as are hidden are asked for besides, so that hiding them leaves no gap.
        let mut hits = self
            .inner
            .retrieve(query, permit, limit + self.hidden.len())
            .await?;
        hits.retain(|hit| !self.hidden.contains(&hit.chunk));
        hits.truncate(limit);
        Ok(hits)
    }
}
