//! Rights against a model of them that is too simple to be wrong: many random changes, and after them
//! nothing may be found, packed, listed, counted, opened or downloaded that the model forbids, nor stand
//! in a kept conversation or an export, nor may anything be missing that it allows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ingest::parse::InProcess;
use ingest::{
    BackendError, ChunkId, ChunkStore, ContentHash, Filter, Group, PassageEmbedder, Vector,
};
use tempfile::TempDir;

mod judged;
mod kept;
mod lists;
mod model;

use self::judged::Judged;
use self::kept::KeptConversation;
use self::model::{COLLECTIONS, Dice, GROUPS, Model, ModelDocument, Own, PEOPLE};
use super::{Library, LibraryParts, Submitted, take};
use crate::ask::{AskConfig, Fused, Query, Reader, Retriever, pack};
use crate::catalogue::{ChunkRow, Metadata, MetadataChange, NewDocument, SortBy};
use crate::index::{Analyzer, Bm25Index, EdgeIndex, QdrantIndex, VectorsConfig};
use crate::model::CharacterCounter;
use crate::rights::{Grants, RightsChange};

/// Steps of the long walk.
const STEPS: usize = 10_000;
const DIMENSION: usize = 4;
/// Documents that there are at most.
const DOCUMENTS: usize = 10;

/// A vector that hangs on the text alone.
fn vector(text: &str) -> Vector {
    let hash = ContentHash::of(text.as_bytes());
    let bytes = &hash.as_bytes()[..DIMENSION];
    let raw: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte) + 1.0).collect();
    let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    raw.into_iter().map(|value| value / length).collect()
}

#[derive(Debug)]
struct Vectors;

#[async_trait]
impl PassageEmbedder for Vectors {
    async fn embed_passages(&self, passages: &[String]) -> Result<Vec<Vector>, BackendError> {
        Ok(passages.iter().map(|text| vector(text)).collect())
    }

    fn model(&self) -> &'static str {
        "made-up"
    }
}

struct Walk {
    library: Arc<Library>,
    words: Bm25Index,
    vectors: Arc<dyn Retriever>,
    model: Model,
    dice: Dice,
    folder: TempDir,
    made: usize,
    /// The chunks of the versions that are searched, with the document's number.
    searched: BTreeMap<ChunkId, usize>,
    /// Conversations that are kept, the oldest first, and answers that somebody judged.
    kept: Vec<KeptConversation>,
    judged: Vec<Judged>,
}

impl Walk {
    async fn new<V: ChunkStore + Retriever + 'static>(
        seed: u64,
        folder: TempDir,
        vectors: V,
    ) -> Self {
        let words = Bm25Index::in_memory(Analyzer::pairs()).unwrap();
        let vectors = Arc::new(vectors);
        let default_readers = BTreeSet::from(["a".parse().unwrap()]);
        let parts = LibraryParts {
            extract: Arc::new(InProcess),
            ocr: None,
            words: Arc::new(words.clone()),
            vectors: Some((
                Arc::clone(&vectors) as Arc<dyn ChunkStore>,
                Arc::new(Vectors),
            )),
            vectors_at: "test".to_owned(),
            counter: Arc::new(CharacterCounter),
            chunk_tokens: 400,
            workers: 1,
            old_versions: Some(2),
            passwords: Vec::new(),
            default_readers: default_readers.clone(),
        };
        let data = folder.path().join("data");
        let lock = take(&data).unwrap();
        Self {
            library: Library::open(&data, lock, parts).await.unwrap(),
            words,
            vectors,
            model: Model {
                groups: vec![BTreeSet::new(); PEOPLE],
                collections: vec![None; COLLECTIONS.len()],
                default: Grants::downloads(&default_readers),
                documents: Vec::new(),
            },
            dice: Dice(seed),
            folder,
            made: 0,
            searched: BTreeMap::new(),
            kept: Vec::new(),
            judged: Vec::new(),
        }
    }

    /// Does all work that waits, here and now.
    async fn work(&self) {
        while self.library.read_some(None).await.unwrap().is_some() {}
        while self.library.embed_some().await.unwrap() {}
    }

    async fn submit(&mut self, name: &str, readers: &BTreeSet<Group>, word: &str) -> Submitted {
        let path = self.folder.path().join("file.md");
        std::fs::write(&path, format!("common 공통 {word} 입니다.\n")).unwrap();
        self.library
            .submit(NewDocument {
                place: name.to_owned(),
                file_name: format!("{name}.md"),
                path,
                readers: readers.clone(),
                parent: None,
                lane: String::new(),
                metadata: MetadataChange::default(),
                passwords: Vec::new(),
            })
            .await
            .unwrap()
    }

    fn word(&mut self) -> String {
        self.made += 1;
        format!("zq{}x", self.made)
    }

    /// A document of its own, or a copy of another one.
    async fn new_document(&mut self) {
        let mut word = self.word();
        let name = format!("doc{}", self.made);
        let documents = &self.model.documents;
        if !documents.is_empty() && self.dice.roll(4) == 0 {
            let copied = &documents[self.dice.roll(documents.len())];
            word.clone_from(&copied.versions.last().unwrap().1);
        }
        self.add(name, word).await;
    }

    async fn add(&mut self, name: String, word: String) {
        let named = self.dice.readers();
        let submitted = self.submit(&name, &named, &word).await;
        self.work().await;
        self.model.documents.push(ModelDocument {
            id: submitted.id,
            name,
            own: Own::AsHandedIn,
            named,
            collection: None,
            versions: vec![(submitted.version, word, None)],
        });
        self.note_searched().await;
    }

    /// Another version of a document, perhaps for others.
    async fn new_version(&mut self, at: usize) {
        let before = self.model.grants(&self.model.documents[at]);
        let word = self.word();
        let name = self.model.documents[at].name.clone();
        let named = self.dice.readers();
        let submitted = self.submit(&name, &named, &word).await;
        self.model.documents[at].named = named;
        let after = self.model.grants(&self.model.documents[at]);
        // Until it is read, the old version is searched: for those who might read it before, and now.
        let document = &mut self.model.documents[at];
        let last = document.versions.last_mut().unwrap();
        if before != after {
            last.2 = Some(before.clone());
        }
        self.check(0).await;
        self.work().await;
        let document = &mut self.model.documents[at];
        let last = document.versions.last_mut().unwrap();
        last.2.get_or_insert(after);
        document.versions.push((submitted.version, word, None));
        if document.versions.len() > 3 {
            let (dropped, ..) = document.versions.remove(0);
            let id = document.id;
            self.forget_kept(id, Some(dropped)).await;
            self.forget_judged(id, Some(dropped));
        }
        self.note_searched().await;
    }

    async fn move_to(&mut self, at: usize, collection: Option<usize>) {
        let id = self.model.documents[at].id;
        let metadata = Metadata {
            // As somebody may well type it.
            collection: collection.map(|number| COLLECTIONS[number].to_uppercase()),
            ..Metadata::default()
        };
        {
            let _changing = self.library.changing.lock().await;
            let catalogue = self.library.catalogue();
            let keys = catalogue.keys_under(id).await.unwrap();
            catalogue.set_metadata(id, &metadata).await.unwrap();
            self.library.rewrite_changed(id, &keys).await.unwrap();
        }
        self.model.documents[at].collection = collection;
        self.check(0).await;
        self.work().await;
    }

    /// Deletes a document for good. Some come back to where they were, as they were.
    async fn delete(&mut self, at: usize) {
        let mut gone = self.model.documents.remove(at);
        self.library.delete_all(gone.id).await.unwrap();
        self.forget_kept(gone.id, None).await;
        self.forget_judged(gone.id, None);
        if self.dice.roll(3) == 0 {
            let (_, word, _) = gone.versions.pop().unwrap();
            self.add(gone.name, word).await;
            assert_eq!(self.model.documents.last().unwrap().id, gone.id);
        }
        self.note_searched().await;
    }

    async fn step(&mut self) {
        let documents = self.model.documents.len();
        match self.dice.roll(1_000) {
            0..830 => {
                let number = self.dice.roll(PEOPLE);
                let group = GROUPS[self.dice.roll(GROUPS.len())].parse().unwrap();
                let groups = &mut self.model.groups[number];
                if !groups.remove(&group) {
                    groups.insert(group);
                }
            }
            830..950 => {
                let number = self.dice.roll(COLLECTIONS.len());
                let grants = (self.dice.roll(5) > 0).then(|| self.dice.grants());
                self.library
                    .set_collection_rights(COLLECTIONS[number], grants.as_ref())
                    .await
                    .unwrap();
                self.model.collections[number] = grants;
            }
            950..980 if documents > 0 => {
                let at = self.dice.roll(documents);
                let id = self.model.documents[at].id;
                let (change, own) = if self.dice.roll(3) == 0 {
                    (RightsChange::Inherit, Own::Inherit)
                } else {
                    let grants = self.dice.grants();
                    (RightsChange::Own(grants.clone()), Own::Grants(grants))
                };
                assert!(self.library.set_rights(id, &change).await.unwrap());
                self.model.documents[at].own = own;
            }
            980..988 if documents > 0 => {
                let at = self.dice.roll(documents);
                let to = self.dice.roll(COLLECTIONS.len() + 1);
                let to = (to < COLLECTIONS.len()).then_some(to);
                self.move_to(at, to).await;
            }
            988..994 if documents > 0 => {
                let at = self.dice.roll(documents);
                self.new_version(at).await;
            }
            994..997 if documents > 2 => {
                let at = self.dice.roll(documents);
                self.delete(at).await;
            }
            _ if documents < DOCUMENTS => self.new_document().await,
            _ => {}
        }
    }

    async fn note_searched(&mut self) {
        self.searched.clear();
        for (at, document) in self.model.documents.iter().enumerate() {
            let chunks = self.library.catalogue().chunk_ids(document.id).await;
            let chunks = chunks.unwrap().into_iter().map(|chunk| (chunk, at));
            self.searched.extend(chunks);
        }
    }

    /// Whether a person may quote from the version of a document that is searched.
    fn may_quote(&self, at: usize, number: usize) -> bool {
        let document = &self.model.documents[at];
        let last = document.versions.len() - 1;
        self.model.level_of_version(document, last, number) >= 2
    }

    /// Looks at everything that one person could see.
    async fn check(&self, number: usize) {
        let reader = self.model.reader(number);
        self.search(&reader, number).await;
        self.pack(&reader, number).await;
        self.lists(&reader, number).await;
    }

    /// Both indexes find all that may be quoted, and nothing else, also when one hit is asked for.
    async fn search(&self, reader: &Reader, number: usize) {
        let expected: BTreeSet<ChunkId> = self
            .searched
            .iter()
            .filter(|(_, at)| self.may_quote(**at, number))
            .map(|(chunk, _)| *chunk)
            .collect();
        let query = Query {
            text: "common 공통".to_owned(),
            vector: Some(Arc::new(vector("common"))),
            filter: Filter::none(),
        };
        let permit = self.library.permit(reader).await.unwrap();
        let words: &dyn Retriever = &self.words;
        for index in [words, &*self.vectors] {
            let found = index.retrieve(&query, &permit, 100).await.unwrap();
            let found: BTreeSet<ChunkId> = found.into_iter().map(|hit| hit.chunk).collect();
            assert_eq!(found, expected, "{}", index.name());
            let first = index.retrieve(&query, &permit, 1).await.unwrap();
            assert_eq!(first.len(), expected.len().min(1), "{}", index.name());
            assert!(first.iter().all(|hit| expected.contains(&hit.chunk)));
        }
    }

    /// Whatever an index may find, no forbidden passage comes into a prompt, and no title of one.
    async fn pack(&self, reader: &Reader, number: usize) {
        let fused: Vec<Fused> = self
            .searched
            .keys()
            .map(|chunk| Fused {
                chunk: *chunk,
                score: 1.0,
                ranks: Vec::new(),
            })
            .collect();
        let catalogue = self.library.catalogue();
        let context = pack(catalogue, &fused, reader, &AskConfig::default()).await;
        let context = context.unwrap();
        for passage in &context.passages {
            let documents = &self.model.documents;
            let at = documents
                .iter()
                .position(|known| known.id == passage.document);
            assert!(self.may_quote(at.unwrap(), number), "{passage:?}");
        }
        for entry in &context.ledger {
            assert!(
                self.may_quote(self.searched[&entry.chunk], number),
                "{entry:?}"
            );
        }
    }
}

async fn walk<V: ChunkStore + Retriever + 'static>(
    seed: u64,
    steps: usize,
    folder: TempDir,
    vectors: V,
) {
    let mut walk = Walk::new(seed, folder, vectors).await;
    for _ in 0..5 {
        walk.new_document().await;
    }
    for step in 0..steps {
        walk.step().await;
        let number = walk.dice.roll(PEOPLE);
        if step % 16 == 0 {
            walk.check(number).await;
        } else if step % 4 == 0 {
            walk.search(&walk.model.reader(number), number).await;
        }
        if step % 50 == 0 {
            let number = walk.dice.roll(PEOPLE);
            walk.check_versions(number).await;
        }
        match step % 50 {
            7 | 32 => walk.keep_answer().await,
            13 | 38 => walk.check_some_kept().await,
            19 => walk.judge().await,
            25 => walk.check_judged(number).await,
            44 => {
                let sort = SortBy::ALL[walk.dice.roll(SortBy::ALL.len())];
                walk.check_page(number, sort).await;
            }
            _ => {}
        }
    }
    for number in 0..PEOPLE {
        walk.check(number).await;
        walk.check_versions(number).await;
        walk.check_judged(number).await;
        walk.check_page(number, SortBy::Name).await;
    }
    walk.check_all_kept().await;
    let differences = walk.library.differences().await.unwrap();
    assert!(
        differences.iter().all(super::Difference::is_none),
        "{differences:?}"
    );
    walk.library.close().await;
}

fn edge(folder: &Path) -> EdgeIndex {
    EdgeIndex::open(&folder.join("vectors"), DIMENSION).unwrap()
}

#[tokio::test]
async fn nothing_forbidden_is_found_after_any_of_10_000_changes() {
    let folder = tempfile::tempdir().unwrap();
    let vectors = edge(folder.path());
    walk(0x5eed, STEPS, folder, vectors).await;
}

/// The same with vectors in a real server: `QDRANT_URL` names its gRPC address, `QDRANT_API_KEY` its
/// key.
#[tokio::test]
async fn nothing_forbidden_is_found_with_a_real_server() {
    let Ok(url) = std::env::var("QDRANT_URL") else {
        println!("SKIPPED: `QDRANT_URL` names no server");
        return;
    };
    let config = VectorsConfig {
        api_key: std::env::var("QDRANT_API_KEY").ok().map(Into::into),
        ..VectorsConfig::default()
    };
    let installation = format!("rights-{}", std::process::id());
    let index = QdrantIndex::connect(&config, &url, &installation, "made-up", DIMENSION).unwrap();
    assert!(!index.is_there().await.unwrap());
    index.create().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    walk(0xfeed, STEPS, folder, index.clone()).await;
    index.drop_collection().await.unwrap();
}

/// What an older index still holds is no way around the catalogue, and is mended.
#[tokio::test]
async fn a_stale_index_gives_nothing_away_and_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let vectors = edge(folder.path());
    let mut walk = Walk::new(1, folder, vectors).await;
    let everyone = BTreeSet::from([Group::everyone()]);
    let submitted = walk.submit("doc", &everyone, "secret").await;
    walk.work().await;
    let reader = Reader::anyone();
    let chunks = walk.library.catalogue().chunk_ids(submitted.id).await;
    let stale = walk.library.catalogue().chunks(&chunks.unwrap()).await;
    let stale: Vec<_> = stale.unwrap().iter().map(ChunkRow::stored).collect();
    let none = RightsChange::Own(Grants::none());
    assert!(walk.library.set_rights(submitted.id, &none).await.unwrap());
    // As if the index had not been written to.
    walk.words.put(&stale).await.unwrap();
    let permit = walk.library.permit(&reader).await.unwrap();
    let query = Query {
        text: "secret".to_owned(),
        vector: None,
        filter: Filter::none(),
    };
    let hits = walk.words.retrieve(&query, &permit, 10).await.unwrap();
    let fused: Vec<Fused> = hits
        .iter()
        .map(|hit| Fused {
            chunk: hit.chunk,
            score: hit.score,
            ranks: vec![("bm25", 1)],
        })
        .collect();
    assert_eq!(fused.len(), 1, "everyone's list is still there");
    let catalogue = walk.library.catalogue();
    let context = pack(catalogue, &fused, &reader, &AskConfig::default()).await;
    let context = context.unwrap();
    assert!(context.passages.is_empty() && context.ledger.is_empty());
    let differences = walk.library.differences().await.unwrap();
    assert_eq!(differences[0].rights.len(), 1);
    walk.library.repair().await.unwrap();
    let permit = walk.library.permit(&reader).await.unwrap();
    let hits = walk.words.retrieve(&query, &permit, 10).await.unwrap();
    assert!(hits.is_empty());
    walk.library.close().await;
}
