//! Rights against a model of them that is too simple to be wrong: many random changes, and after them
//! nothing may be found, packed, listed, counted, opened or downloaded that the model forbids, nor may
//! anything be missing that it allows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ingest::parse::InProcess;
use ingest::{
    BackendError, ChunkId, ChunkStore, ContentHash, DocumentId, Filter, Group, PassageEmbedder,
    Vector,
};
use tempfile::TempDir;

use super::{Library, LibraryParts, Submitted, take};
use crate::ask::{AskConfig, Fused, Query, Reader, Retriever, findable, pack};
use crate::catalogue::{ChunkRow, Metadata, MetadataChange, NewDocument};
use crate::index::{Analyzer, Bm25Index, EdgeIndex, QdrantIndex, VectorsConfig};
use crate::model::CharacterCounter;
use crate::people::PersonId;
use crate::rights::{Grants, Level, Principal, RightsChange};

/// Steps of the long walk.
const STEPS: usize = 10_000;
const DIMENSION: usize = 4;
const PEOPLE: usize = 6;
const GROUPS: [&str; 3] = ["a", "b", "c"];
const COLLECTIONS: [&str; 3] = ["인사", "Sales", "lab"];
/// Documents that there are at most.
const DOCUMENTS: usize = 10;

/// Numbers that look random and are the same each time.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    fn grants(&mut self) -> Grants {
        let count = self.roll(4);
        (0..count)
            .map(|_| {
                let principal = match self.roll(6) {
                    0 => Principal::Group(Group::everyone()),
                    1 | 2 => Principal::Person(person(self.roll(PEOPLE))),
                    _ => Principal::Group(GROUPS[self.roll(GROUPS.len())].parse().unwrap()),
                };
                (principal, Level::ALL[self.roll(3)])
            })
            .collect()
    }

    fn readers(&mut self) -> BTreeSet<Group> {
        match self.roll(3) {
            0 => BTreeSet::new(),
            1 => BTreeSet::from([Group::everyone()]),
            _ => BTreeSet::from([GROUPS[self.roll(GROUPS.len())].parse().unwrap()]),
        }
    }
}

fn person(number: usize) -> PersonId {
    PersonId::from(format!("p{number}"))
}

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

/// What the model says of the rights of a document.
#[derive(Clone, Debug)]
enum Own {
    AsHandedIn,
    Inherit,
    Grants(Grants),
}

#[derive(Clone, Debug)]
struct ModelDocument {
    id: DocumentId,
    name: String,
    own: Own,
    named: BTreeSet<Group>,
    collection: Option<usize>,
    /// The versions, the newest last: what stands in no other, and the grants that it had when it was
    /// replaced.
    versions: Vec<(ContentHash, String, Option<Grants>)>,
}

#[derive(Debug)]
struct Model {
    groups: Vec<BTreeSet<Group>>,
    collections: Vec<Option<Grants>>,
    default: Grants,
    documents: Vec<ModelDocument>,
}

impl Model {
    fn reader(&self, number: usize) -> Reader {
        Reader::new(self.groups[number].iter().cloned()).with_person(person(number))
    }

    fn grants(&self, document: &ModelDocument) -> Grants {
        let inherited = || {
            let collection = document.collection.map(|number| &self.collections[number]);
            collection
                .and_then(Clone::clone)
                .unwrap_or_else(|| self.default.clone())
        };
        match &document.own {
            Own::Grants(grants) => grants.clone(),
            Own::AsHandedIn if !document.named.is_empty() => Grants::downloads(&document.named),
            Own::AsHandedIn | Own::Inherit => inherited(),
        }
    }

    /// How much a person may do, written without the code that is tested.
    fn level(&self, grants: &Grants, number: usize) -> usize {
        let reaches = |principal: &Principal| match principal {
            Principal::Person(id) => *id == person(number),
            Principal::Group(group) => {
                group.as_str() == "everyone" || self.groups[number].contains(group)
            }
        };
        let levels = grants.iter().filter(|(principal, _)| reaches(principal));
        let levels = levels.map(|(_, level)| match level {
            Level::Find => 1,
            Level::Quote => 2,
            Level::Download => 3,
        });
        levels.max().unwrap_or(0)
    }

    fn level_of(&self, document: &ModelDocument, number: usize) -> usize {
        self.level(&self.grants(document), number)
    }

    fn level_of_version(&self, document: &ModelDocument, version: usize, number: usize) -> usize {
        let level = self.level_of(document, number);
        match &document.versions[version].2 {
            Some(grants) => level.min(self.level(grants, number)),
            None => level,
        }
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

    async fn new_document(&mut self) {
        let word = self.word();
        let name = format!("doc{}", self.made);
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
            document.versions.remove(0);
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

    async fn delete(&mut self, at: usize) {
        let gone = self.model.documents.remove(at);
        self.library.delete_all(gone.id).await.unwrap();
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

    /// What is listed, counted, opened and downloaded.
    async fn lists(&self, reader: &Reader, number: usize) {
        let level = |document: &ModelDocument| self.model.level_of(document, number);
        let listed: BTreeMap<DocumentId, Level> = self
            .library
            .list(reader)
            .await
            .unwrap()
            .into_iter()
            .map(|view| (view.id, view.level))
            .collect();
        let levels = [
            None,
            Some(Level::Find),
            Some(Level::Quote),
            Some(Level::Download),
        ];
        let documents = self.model.documents.iter();
        let expected: BTreeMap<DocumentId, Level> = documents
            .clone()
            .filter_map(|document| Some((document.id, levels[level(document)]?)))
            .collect();
        assert_eq!(listed, expected);
        let counted = self.library.collections(Some(reader)).await.unwrap();
        for (number, name) in COLLECTIONS.iter().enumerate() {
            let folded = crate::catalogue::folded(name);
            let counted = counted
                .iter()
                .find(|(collection, _)| crate::catalogue::folded(&collection.name) == folded)
                .map_or(0, |(_, documents)| *documents);
            let inside = |document: &&ModelDocument| document.collection == Some(number);
            let found = documents.clone().filter(inside);
            let found = found.filter(|document| level(document) > 0).count();
            assert_eq!(counted, u64::try_from(found).unwrap(), "{name}");
        }
    }

    /// What one may find and not quote is told of by title, and versions open as they should.
    async fn check_versions(&self, number: usize) {
        let reader = self.model.reader(number);
        for document in &self.model.documents {
            for (at, (version, word, _)) in document.versions.iter().enumerate() {
                let level = self.model.level_of_version(document, at, number);
                let source = self.library.source(document.id, Some(*version), &reader);
                let source = source.await.unwrap();
                assert_eq!(source.is_some(), level >= 2, "{document:?} {at}");
                assert!(source.is_none_or(|source| source.document.text.contains(word)));
                let original = self.library.original(document.id, Some(*version), &reader);
                assert_eq!(
                    original.await.unwrap().is_some(),
                    level >= 3,
                    "{document:?}"
                );
            }
        }
        let query = Query {
            text: "common".to_owned(),
            vector: None,
            filter: Filter::none(),
        };
        let retrievers: Vec<Arc<dyn Retriever>> = vec![Arc::new(self.words.clone())];
        let config = AskConfig::default();
        let told = findable(
            self.library.catalogue(),
            &retrievers,
            &query,
            &reader,
            &config,
        );
        let told = told.await.unwrap();
        let only_found = |document: &&ModelDocument| self.model.level_of(document, number) == 1;
        let expected: BTreeSet<DocumentId> = self
            .model
            .documents
            .iter()
            .filter(only_found)
            .map(|document| document.id)
            .collect();
        assert!(told.iter().all(|found| expected.contains(&found.document)));
        assert_eq!(told.len(), expected.len().min(5));
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
    }
    for number in 0..PEOPLE {
        walk.check(number).await;
        walk.check_versions(number).await;
    }
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
