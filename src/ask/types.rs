//! The types along the way from question to draft, and the seams.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use ingest::labels::DayError;
use ingest::{
    BackendError, CellSpan, ChunkId, ContentHash, Day, DocumentId, Filter, Group, InForce,
    PageSpan, ParagraphSpan, Span, Vector,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::location::{Counted, Location, range_of};
use crate::language::Language;
use crate::people::PersonId;
use crate::rights::{Permit, Principal};

/// Who asks: the groups that somebody is in, `everyone` always among them, and who they are if they
/// are a person with an account.
///
/// What they may read is for the catalogue to say ([`Permit`]), at each question anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    groups: BTreeSet<Group>,
    person: Option<PersonId>,
}

impl Reader {
    /// A reader in `groups` and in `everyone`.
    #[must_use]
    pub fn new(groups: impl IntoIterator<Item = Group>) -> Self {
        let mut groups: BTreeSet<Group> = groups.into_iter().collect();
        groups.insert(Group::everyone());
        Self {
            groups,
            person: None,
        }
    }

    /// The same, for the person `id`.
    #[must_use]
    pub fn with_person(self, id: PersonId) -> Self {
        Self {
            person: Some(id),
            ..self
        }
    }

    /// A reader in no group but `everyone`.
    #[must_use]
    pub fn anyone() -> Self {
        Self::new([])
    }

    /// The groups, at least one.
    #[must_use]
    pub fn groups(&self) -> &BTreeSet<Group> {
        &self.groups
    }

    /// The person, if it is one with an account.
    #[must_use]
    pub fn person(&self) -> Option<&PersonId> {
        self.person.as_ref()
    }

    /// Whether a right of `principal` is theirs.
    #[must_use]
    pub fn is(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Group(group) => self.groups.contains(group),
            Principal::Person(id) => self.person.as_ref() == Some(id),
        }
    }
}

/// What a person asks.
#[derive(Clone, Debug)]
pub struct Question {
    /// The question as typed.
    pub text: String,
    /// Who asks.
    pub reader: Reader,
    /// The language to answer in.
    pub language: Language,
    /// Which documents it is answered from.
    pub scope: Scope,
    /// The adapter of the language model that the draft is written with; the configured one if
    /// none is named.
    pub adapter: Option<String>,
}

/// Which documents a question is answered from; all that the asker may read and that are in
/// force, if nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// In one of these collections; any, if empty.
    pub collections: BTreeSet<String>,
    /// With all of these tags.
    pub tags: BTreeSet<String>,
    /// In one of these languages, such as `ko`; any, if empty.
    pub languages: BTreeSet<String>,
    /// By one of these authors; any, if empty.
    pub authors: BTreeSet<String>,
    /// One of these documents; any, if empty.
    pub documents: BTreeSet<DocumentId>,
    /// With these words in the title.
    pub title: Option<String>,
    /// Dated on this day or later.
    pub dated_from: Option<Day>,
    /// Dated on this day or earlier.
    pub dated_until: Option<Day>,
    /// In force on this day; today, if none is said.
    pub in_force: Option<OnDay>,
}

/// On which day documents must be in force: `2025-03-01`, or `any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum OnDay {
    /// On this one.
    Day(Day),
    /// On any, those that are out of force among them.
    Any,
}

impl FromStr for OnDay {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        match text {
            "any" => Ok(Self::Any),
            day => day.parse().map(Self::Day),
        }
    }
}

impl From<OnDay> for String {
    fn from(on: OnDay) -> Self {
        match on {
            OnDay::Day(day) => day.to_string(),
            OnDay::Any => "any".to_owned(),
        }
    }
}

impl TryFrom<String> for OnDay {
    type Error = DayError;

    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl Scope {
    /// What the indexes are asked, where `titled` are the documents that the title names.
    #[must_use]
    pub fn filter(&self, titled: Option<BTreeSet<DocumentId>>, today: Day) -> Filter {
        let named = (!self.documents.is_empty()).then(|| self.documents.clone());
        Filter {
            collections: self.collections.clone(),
            tags: self.tags.clone(),
            languages: self.languages.clone(),
            authors: self.authors.clone(),
            documents: match (named, titled) {
                (Some(named), Some(titled)) => Some(&named & &titled),
                (named, titled) => named.or(titled),
            },
            dated_from: self.dated_from,
            dated_until: self.dated_until,
            in_force: match self.in_force {
                None => InForce::Today(today),
                Some(OnDay::Day(day)) => InForce::On(day),
                Some(OnDay::Any) => InForce::AnyDay,
            },
        }
    }
}

/// What the indexes are asked.
#[derive(Clone, Debug)]
pub struct Query {
    /// The words.
    pub text: String,
    /// Their vector; none when there is no embedding model, and then dense search is not asked.
    pub vector: Option<Arc<Vector>>,
    /// What the search is narrowed to.
    pub filter: Filter,
}

/// A chunk that an index found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The chunk.
    pub chunk: ChunkId,
    /// How well it fits; higher is better, on the index's own scale.
    pub score: f32,
}

/// Finds passages in one index.
///
/// Hits come best first, at most `limit`, no chunk twice, all with one of the keys of `permit`. The
/// index applies the rights before the limit: applied afterwards, a reader with few rights would get
/// an empty page while good passages wait below the cut.
#[async_trait]
pub trait Retriever: Debug + Send + Sync {
    /// Names the index, `bm25` or `dense`.
    fn name(&self) -> &'static str;

    /// Searches.
    ///
    /// # Errors
    /// When the index cannot be read. Finding nothing is an empty list.
    async fn retrieve(
        &self,
        query: &Query,
        permit: &Permit,
        limit: usize,
    ) -> Result<Vec<Hit>, BackendError>;
}

/// Makes the vector of a query.
#[async_trait]
pub trait QueryEmbedder: Debug + Send + Sync {
    /// A unit vector in the space of the passages' vectors.
    ///
    /// # Errors
    /// When the model fails or is busy.
    async fn embed_query(&self, query: &str) -> Result<Vector, BackendError>;
}

/// A passage of a document as the asker may read it: one chunk, or neighbouring chunks joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The chunks it is made of, in document order; the hit among them.
    pub chunks: Vec<ChunkId>,
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: ContentHash,
    /// The document's title, or its file name.
    pub title: String,
    /// The file name, for people.
    pub file_name: String,
    /// Headings above, outermost first.
    pub heading_path: Vec<String>,
    /// The document's first lines, which may say since when it holds; empty where unknown.
    pub opening: String,
    /// Where the header of the table stands that it begins in the middle of, if it does: `text`
    /// begins with that header, and a line break.
    pub header: Option<Place>,
    /// Where the rest of it stands in the document's text.
    pub place: Place,
    /// The document's text there, `place.span.len()` bytes, below the header if it has one.
    pub text: String,
    /// Pages, slides or sheets, each with the byte range of `text` on it; empty for formats
    /// without.
    pub pages: Vec<PageSpan>,
    /// Cells of sheets, each with the byte range of `text` in it.
    pub cells: Vec<CellSpan>,
    /// Paragraphs of formats without pages, each with the byte range of `text` in it.
    pub paragraphs: Vec<ParagraphSpan>,
    /// Sentences as byte ranges into `text`.
    pub sentences: Vec<Span>,
    /// Score after fusion.
    pub score: f32,
}

impl Passage {
    /// A passage of no document: what other programs bring to be checked.
    #[must_use]
    pub fn alone(text: &str) -> Self {
        let whole = 0..text.len();
        let version = ContentHash::of(text.as_bytes());
        let document = DocumentId::at("alone");
        Self {
            chunks: vec![ChunkId::of(document, &version, 0, &whole)],
            document,
            version,
            title: String::new(),
            file_name: String::new(),
            heading_path: Vec::new(),
            opening: String::new(),
            header: None,
            place: Place {
                chars: 0..text.chars().count(),
                utf16: 0..text.encode_utf16().count(),
                span: whole,
            },
            pages: Vec::new(),
            cells: Vec::new(),
            paragraphs: Vec::new(),
            sentences: ingest::sentence::split(text),
            score: 1.0,
            text: text.to_owned(),
        }
    }

    /// Bytes at the start of `text` that are the header and the line break below it.
    fn header_len(&self) -> usize {
        self.header
            .as_ref()
            .map_or(0, |header| header.span.len() + 1)
    }

    /// The bytes of `text` that stand together in the document with those at `at`.
    #[must_use]
    pub fn run_of(&self, at: usize) -> Span {
        match self.header_len() {
            0 => 0..self.text.len(),
            below if at < below => 0..below - 1,
            below => below..self.text.len(),
        }
    }

    /// Whether two parts of `text` stand in the same run, so that what lies between them is of the
    /// document too.
    #[must_use]
    pub fn stand_together(&self, one: &Span, other: &Span) -> bool {
        self.run_of(one.start) == self.run_of(other.start)
    }

    /// Where the bytes `within` of its text stand in the document.
    ///
    /// They lie in one run: sentences do.
    #[must_use]
    pub fn place_of(&self, within: &Span) -> Place {
        let run = self.run_of(within.start);
        let place = match &self.header {
            Some(header) if run.start == 0 => header,
            _ => &self.place,
        };
        let inside = within.start - run.start..within.end.min(run.end) - run.start;
        place.of(&self.text[run], &inside)
    }

    /// The bytes of its text that stand at `place` of the document, if they do.
    #[must_use]
    pub fn within_of(&self, place: &Place) -> Option<Span> {
        let holds = |outer: &Span| outer.start <= place.span.start && place.span.end <= outer.end;
        let (outer, shift) = match &self.header {
            Some(header) if holds(&header.span) => (&header.span, 0),
            _ if holds(&self.place.span) => (&self.place.span, self.header_len()),
            _ => return None,
        };
        let moved = |at: usize| at - outer.start + shift;
        Some(moved(place.span.start)..moved(place.span.end))
    }

    /// On which pages the bytes `within` of its text stand, or in which paragraphs where there are
    /// no pages.
    #[must_use]
    pub fn location_of(&self, within: &Span) -> Option<Location> {
        let touches = |span: &Span| span.start < within.end && within.start < span.end;
        let touched = || self.pages.iter().filter(|page| touches(&page.span));
        // What was recognised stands behind the rest, whatever its page.
        let first = touched().min_by_key(|page| page.number);
        let last = touched().max_by_key(|page| page.number);
        let Some((first, last)) = first.zip(last) else {
            return self.paragraphs_of(within);
        };
        let cells = self.cells.iter().filter(|cell| touches(&cell.span));
        Some(Location {
            kind: first.kind.into(),
            first: first.number,
            last: last.number,
            name: first.name.clone().filter(|_| first.number == last.number),
            cells: range_of(cells.map(|cell| (cell.row, cell.column))),
            recognized: touched().any(|page| page.recognized),
        })
    }

    /// In which paragraphs the bytes `within` of its text stand, where those are counted.
    fn paragraphs_of(&self, within: &Span) -> Option<Location> {
        let mut touched = self
            .paragraphs
            .iter()
            .filter(|part| part.span.start < within.end && within.start < part.span.end)
            .map(|part| part.number);
        let first = touched.next()?;
        Some(Location {
            kind: Counted::Paragraph,
            first,
            last: touched.next_back().unwrap_or(first),
            name: None,
            cells: None,
            recognized: false,
        })
    }
}

/// A span of a document in three units: bytes for us, code points for APIs, UTF-16 for browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In UTF-8 bytes.
    pub span: Span,
    /// In Unicode code points.
    pub chars: Span,
    /// In UTF-16 code units.
    pub utf16: Span,
}

impl Place {
    /// The place of `within` (bytes into `text`), where `text` is what stands at this place.
    #[must_use]
    pub fn of(&self, text: &str, within: &Span) -> Self {
        let before = &text[..within.start];
        let inside = &text[within.clone()];
        let offset = |start: usize, skip: usize, len: usize| start + skip..start + skip + len;
        Self {
            span: offset(self.span.start, before.len(), inside.len()),
            chars: offset(
                self.chars.start,
                before.chars().count(),
                inside.chars().count(),
            ),
            utf16: offset(
                self.utf16.start,
                before.encode_utf16().count(),
                inside.encode_utf16().count(),
            ),
        }
    }
}

/// The passages that a generator may use, and what became of the rest.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Numbered from 1 in citations: passage `[1]` is `passages[0]`.
    pub passages: Vec<Passage>,
    /// What was retrieved, packed and left out, best first.
    pub ledger: Vec<LedgerEntry>,
}

impl Context {
    /// Passage number `number`, from 1.
    #[must_use]
    pub fn passage(&self, number: u32) -> Option<&Passage> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.passages.get(index)
    }
}

/// What became of a chunk that an index found.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its document's title; readable by the asker, as everything retrieved is.
    pub title: String,
    /// Rank from 1 in each index that found it, such as `("bm25", 3)`.
    pub ranks: Vec<(&'static str, usize)>,
    /// Score after fusion.
    pub score: f32,
    /// Tokens it takes.
    pub tokens: usize,
    /// The number of the passage it is in, or why it is in none.
    pub outcome: Result<u32, LeftOut>,
}

/// Why a chunk that was found is in no passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// The room for passages was full.
    NoRoom,
    /// Its text is that of a better passage.
    Duplicate,
    /// It ranked below the passages that are packed at most.
    BelowCut,
    /// Its document changed or was deleted after the index found it.
    Gone,
}

/// What a generator is asked to write from.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The question.
    pub question: Question,
    /// The passages.
    pub context: Arc<Context>,
    /// Tokens that the answer may have.
    pub max_tokens: usize,
}

/// A sentence that the checker refused, to be written again from its evidence.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// The sentence, without markers.
    pub sentence: String,
    /// What it may say: numbers of passages, and sentences of theirs.
    pub evidence: Vec<(u32, String)>,
    /// Why it was refused, in words of `language`.
    pub reason: String,
    /// The language to write in.
    pub language: Language,
    /// The adapter that the draft was written with; the configured one if none is named.
    pub adapter: Option<String>,
}

/// Who speaks in a conversation with a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The instructions of this program.
    System,
    /// The asker, and the passages.
    User,
    /// The model.
    Assistant,
}

/// A turn of a conversation with a language model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The words. Control tokens written out in them are words too.
    pub content: String,
}

/// What a generator writes at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftPiece {
    /// Text, which need not end at a word.
    Text(String),
    /// A whole sentence, whose brackets are its own and no markers.
    Sentence(DraftSentence),
    /// The engine stopped before the draft was done, as at `max_tokens`: what follows the last
    /// whole sentence is half a sentence, which may say the opposite of the whole.
    Cut,
    /// What the engine counted.
    Usage(Usage),
}

/// Tokens that an engine counted for a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Those of them that were computed for an earlier prompt; none if the engine does not say.
    pub cached_tokens: Option<usize>,
    /// Tokens that were written.
    pub completion_tokens: usize,
}

/// The cause of a [`BackendError`] of an engine that has too much to do. The same question may be
/// asked again soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has too much to do")]
pub struct EngineBusy;

/// A draft as it is written. Dropping it cancels.
pub type DraftPieces = mpsc::UnboundedReceiver<Result<DraftPiece, BackendError>>;

/// Writes drafts: a language model, or quote mode.
///
/// A draft is text whose sentences are followed by markers of the passages they rest on,
/// `[1]` or `[1][3]`. A line break ends a sentence. A draft never reaches a person: only the
/// checker turns it into an answer.
#[async_trait]
pub trait Generator: Debug + Send + Sync {
    /// Names engine and weights, such as `quote` or `mixtral-8x7b-q4_k_m`.
    fn name(&self) -> &str;

    /// Tokens that a prompt may have together with its answer; `None` where there is no limit.
    fn window(&self) -> Option<usize>;

    /// Tokens of the whole prompt as the engine counts them: instructions, passages, question and
    /// template. An engine that cannot count exactly never says too few.
    ///
    /// # Errors
    /// When the engine must be asked and cannot be reached.
    async fn count_tokens(&self, prompt: &Prompt) -> Result<usize, BackendError>;

    /// Starts to write. Pieces arrive while it writes; dropping the receiver ends the work.
    ///
    /// # Errors
    /// When the engine is busy, unreachable or the prompt is over its window.
    async fn generate(&self, prompt: Prompt) -> Result<DraftPieces, BackendError>;

    /// The probability that each of `continuations` follows `text`, for yes/no judgements;
    /// `None` if the engine cannot tell.
    ///
    /// # Errors
    /// When the engine fails.
    async fn probabilities(
        &self,
        text: &str,
        continuations: &[&str],
    ) -> Result<Option<Vec<f32>>, BackendError>;

    /// Writes one refused sentence again from its evidence: one sentence without markers, which
    /// is a draft still and must be checked. `None` where the engine writes nothing of its own,
    /// finds that the evidence does not say it, or has no whole sentence other than the refused
    /// one.
    ///
    /// # Errors
    /// When the engine is busy, unreachable or the evidence is over its window.
    async fn rewrite(&self, _: &Rewrite) -> Result<Option<String>, BackendError> {
        Ok(None)
    }
}

/// A sentence of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftSentence {
    /// Its text without markers, trimmed.
    pub text: String,
    /// Passage numbers it cites, each once, in order. They may not exist: the checker looks.
    pub citations: Vec<u32>,
}
