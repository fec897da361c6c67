//! The index of words: tantivy, ranked by BM25.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ingest::labels::{DAYS, days_of, terms_of};
use ingest::{AccessKey, BackendError, ChunkId, ChunkStore, Filter, StoredChunk};
use tantivy::collector::TopDocs;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query as TantivyQuery, RangeQuery, TermQuery,
    TermSetQuery,
};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TantivyDocument, TextFieldIndexing,
    TextOptions, Value as _,
};
use tantivy::tokenizer::{PreTokenizedString, Token as TantivyToken};
use tantivy::{DocAddress, Index, IndexReader, IndexWriter, ReloadPolicy, TantivyError, Term};

use super::analyzer::{Analyzer, codes};
use crate::ask::{Hit, Query, Retriever};
use crate::rights::Permit;

/// Bytes that the writer may hold before it writes a segment.
const WRITER_MEMORY: usize = 48 * 1024 * 1024;
/// A code that is asked for says more than words around it.
const CODE_WEIGHT: f32 = 2.0;

/// Tells how the index is made, the analyzer apart.
const FORMAT: &str = "3";

#[derive(Clone, Copy, Debug)]
struct Fields {
    id: Field,
    access: Field,
    /// Terms of labels.
    labels: Field,
    /// In the order of [`DAYS`].
    days: [Field; DAYS.len()],
    words: Field,
    codes: Field,
}

impl Fields {
    /// The field of the days that are called `name`.
    fn day(&self, name: &str) -> Field {
        let at = DAYS.iter().position(|known| *known == name);
        self.days[at.unwrap_or_default()]
    }
}

/// The index of words; clones share it.
#[derive(Clone, Debug)]
pub struct Bm25Index(Arc<Inner>);

struct Inner {
    analyzer: Analyzer,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    fields: Fields,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Bm25").finish_non_exhaustive()
    }
}

fn failed(error: TantivyError) -> BackendError {
    BackendError::new("the index of words failed", error)
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Terms are made here, not by tantivy: queries and texts must be cut alike.
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::WithFreqs);
    let fields = Fields {
        id: schema.add_text_field("id", STRING | STORED),
        access: schema.add_text_field("access", STRING | STORED),
        labels: schema.add_text_field("labels", STRING),
        days: DAYS.map(|name| schema.add_u64_field(name, FAST)),
        words: schema.add_text_field(
            "words",
            TextOptions::default().set_indexing_options(indexing),
        ),
        codes: schema.add_text_field("codes", STRING),
    };
    (schema.build(), fields)
}

impl Bm25Index {
    /// Names how an index that `analyzer` cuts is made: one made otherwise is made anew from the
    /// catalogue.
    #[must_use]
    pub fn format(analyzer: &Analyzer) -> String {
        format!("{FORMAT}-{}", analyzer.name())
    }

    /// Opens the index in `folder`, making it if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be written or holds something else.
    pub fn open(folder: &Path, analyzer: Analyzer) -> Result<Self, BackendError> {
        std::fs::create_dir_all(folder).map_err(|error| {
            BackendError::new(format!("{} cannot be written", folder.display()), error)
        })?;
        let (schema, fields) = schema();
        let directory = tantivy::directory::MmapDirectory::open(folder).map_err(|error| {
            BackendError::new(format!("{} cannot be opened", folder.display()), error)
        })?;
        let index = Index::open_or_create(directory, schema).map_err(failed)?;
        Self::with(&index, fields, analyzer)
    }

    /// An index in memory, gone when it is dropped.
    ///
    /// # Errors
    /// When its writer cannot be started.
    pub fn in_memory(analyzer: Analyzer) -> Result<Self, BackendError> {
        let (schema, fields) = schema();
        Self::with(&Index::create_in_ram(schema), fields, analyzer)
    }

    fn with(index: &Index, fields: Fields, analyzer: Analyzer) -> Result<Self, BackendError> {
        let writer = index
            .writer_with_num_threads(1, WRITER_MEMORY)
            .map_err(failed)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(failed)?;
        Ok(Self(Arc::new(Inner {
            analyzer,
            reader,
            writer: Mutex::new(writer),
            fields,
        })))
    }
}

impl Inner {
    fn document(&self, chunk: &StoredChunk) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_text(self.fields.id, chunk.id.to_string());
        document.add_text(self.fields.access, chunk.access.as_str());
        for term in terms_of(&chunk.document, &chunk.labels) {
            document.add_text(self.fields.labels, term);
        }
        for (name, day) in days_of(&chunk.labels) {
            document.add_u64(self.fields.day(name), u64::from(day));
        }
        let text = chunk.embedded_text();
        let tokens = self
            .analyzer
            .words(&text)
            .into_iter()
            .enumerate()
            .map(|(position, token)| TantivyToken {
                position,
                text: token.text,
                ..TantivyToken::default()
            })
            .collect();
        document.add_pre_tokenized_text(
            self.fields.words,
            PreTokenizedString {
                text: String::new(),
                tokens,
            },
        );
        let codes: BTreeSet<String> = codes(&text).into_iter().collect();
        for code in codes {
            document.add_text(self.fields.codes, code);
        }
        document
    }

    fn write(&self, remove: &[ChunkId], add: &[StoredChunk]) -> Result<(), TantivyError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.change(&mut writer, remove, add) {
            // A writer that failed once takes nothing more, not even when there is room again:
            // it starts anew from what was committed.
            writer.rollback()?;
            return Err(error);
        }
        drop(writer);
        self.reader.reload()
    }

    fn change(
        &self,
        writer: &mut IndexWriter,
        remove: &[ChunkId],
        add: &[StoredChunk],
    ) -> Result<(), TantivyError> {
        for id in remove {
            writer.delete_term(Term::from_field_text(self.fields.id, &id.to_string()));
        }
        for chunk in add {
            writer.add_document(self.document(chunk))?;
        }
        writer.commit()?;
        Ok(())
    }

    fn query(&self, text: &str, permit: &Permit, filter: &Filter) -> Option<BooleanQuery> {
        let mut terms: BTreeMap<String, f32> = BTreeMap::new();
        for token in self.analyzer.words(text) {
            *terms.entry(token.text).or_default() += 1.0;
        }
        let mut parts: Vec<(Occur, Box<dyn TantivyQuery>)> = Vec::new();
        for (text, count) in terms {
            let term = Term::from_field_text(self.fields.words, &text);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            parts.push((
                Occur::Should,
                Box::new(BoostQuery::new(Box::new(query), count)),
            ));
        }
        for code in codes(text).into_iter().collect::<BTreeSet<_>>() {
            let term = Term::from_field_text(self.fields.codes, &code);
            let query = TermQuery::new(term, IndexRecordOption::Basic);
            parts.push((
                Occur::Should,
                Box::new(BoostQuery::new(Box::new(query), CODE_WEIGHT)),
            ));
        }
        if parts.is_empty() {
            return None;
        }
        let keys = permit
            .keys()
            .iter()
            .map(|key| Term::from_field_text(self.fields.access, key.as_str()));
        let rights = ConstScoreQuery::new(Box::new(TermSetQuery::new(keys)), 0.0);
        let mut all: Vec<(Occur, Box<dyn TantivyQuery>)> = vec![
            (Occur::Must, Box::new(BooleanQuery::new(parts))),
            (Occur::Must, Box::new(rights)),
        ];
        let silent = |query: Box<dyn TantivyQuery>| Box::new(ConstScoreQuery::new(query, 0.0));
        let conditions = filter.conditions();
        for any_of in conditions.any_of {
            let terms = any_of
                .iter()
                .map(|term| Term::from_field_text(self.fields.labels, term));
            all.push((Occur::Must, silent(Box::new(TermSetQuery::new(terms)))));
        }
        let days = |(name, first, last): (&str, u32, u32)| {
            let bound =
                |day| Bound::Included(Term::from_field_u64(self.fields.day(name), u64::from(day)));
            silent(Box::new(RangeQuery::new(bound(first), bound(last))))
        };
        for range in conditions.within {
            all.push((Occur::Must, days(range)));
        }
        for range in conditions.not_within {
            all.push((Occur::MustNot, days(range)));
        }
        Some(BooleanQuery::new(all))
    }

    fn search(
        &self,
        query: &Query,
        permit: &Permit,
        limit: usize,
    ) -> Result<Vec<Hit>, TantivyError> {
        let Some(query) = self.query(&query.text, permit, &query.filter) else {
            return Ok(Vec::new());
        };
        if limit == 0 || permit.keys().is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let found: Vec<(f32, DocAddress)> =
            searcher.search(&query, &TopDocs::with_limit(limit).order_by_score())?;
        found
            .into_iter()
            .map(|(score, address)| {
                let document: TantivyDocument = searcher.doc(address)?;
                Ok(Hit {
                    chunk: self.id_of(&document)?,
                    score,
                })
            })
            .collect()
    }

    fn id_of(&self, document: &TantivyDocument) -> Result<ChunkId, TantivyError> {
        document
            .get_first(self.fields.id)
            .and_then(|value| value.as_str())
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| TantivyError::InternalError("a chunk in it has no id".to_owned()))
    }

    fn everything(&self) -> Result<BTreeMap<ChunkId, AccessKey>, TantivyError> {
        let searcher = self.reader.searcher();
        let mut holdings = BTreeMap::new();
        for (ordinal, segment) in (0_u32..).zip(searcher.segment_readers()) {
            for doc in segment.doc_ids_alive() {
                let document: TantivyDocument = searcher.doc(DocAddress::new(ordinal, doc))?;
                let access = document
                    .get_first(self.fields.access)
                    .and_then(|value| value.as_str())
                    .unwrap_or_default();
                holdings.insert(self.id_of(&document)?, AccessKey::new(access));
            }
        }
        Ok(holdings)
    }
}

/// Runs work that blocks on a thread for it.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| BackendError::new("an index failed", error))?
}

#[async_trait]
impl ChunkStore for Bm25Index {
    fn name(&self) -> &'static str {
        "bm25"
    }

    async fn put(&self, chunks: &[StoredChunk]) -> Result<(), BackendError> {
        let (index, chunks) = (Arc::clone(&self.0), chunks.to_vec());
        apart(move || {
            let ids: Vec<ChunkId> = chunks.iter().map(|chunk| chunk.id).collect();
            index.write(&ids, &chunks).map_err(failed)
        })
        .await
    }

    async fn remove(&self, chunks: &[ChunkId]) -> Result<(), BackendError> {
        if chunks.is_empty() {
            return Ok(());
        }
        let (index, chunks) = (Arc::clone(&self.0), chunks.to_vec());
        apart(move || index.write(&chunks, &[]).map_err(failed)).await
    }

    async fn holdings(&self) -> Result<BTreeMap<ChunkId, AccessKey>, BackendError> {
        let index = Arc::clone(&self.0);
        apart(move || index.everything().map_err(failed)).await
    }
}

#[async_trait]
impl Retriever for Bm25Index {
    fn name(&self) -> &'static str {
        "bm25"
    }

    async fn retrieve(
        &self,
        query: &Query,
        permit: &Permit,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError> {
        let (index, query, permit) = (Arc::clone(&self.0), query.clone(), permit.clone());
        apart(move || index.search(&query, &permit, limit).map_err(failed)).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::contract;
    use super::*;

    #[tokio::test]
    async fn words_keep_the_contract() {
        contract(&Bm25Index::in_memory(Analyzer::pairs()).unwrap()).await;
    }
}
