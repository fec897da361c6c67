//! Documents as the API shows them.

use std::collections::BTreeSet;

use ingest::Day;
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::{DocumentView, VersionView};
use crate::language::Language;
use crate::rights::Level;
use crate::web::told::told;

/// A document.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DocumentBody {
    /// Its id.
    pub id: String,
    /// SHA-256 of the newest version that was handed in.
    pub version: String,
    /// Its own title, or its file name.
    pub title: String,
    /// The file's name.
    pub file_name: String,
    /// Its format, such as `pdf` or `hwpx`; null until it is known.
    #[schema(value_type = Option<String>)]
    pub format: Option<ingest::parse::Format>,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// `queued`, `extracting`, `chunking`, `indexing`, `embedding`, `recognizing`,
    /// `ready`, `ready_with_warnings`, `failed`, `cancelled` or `deleting`.
    pub state: &'static str,
    /// Whether work on it is over, well or badly.
    pub is_final: bool,
    /// Pages read so far (chunks, for formats without pages).
    pub pages_done: u32,
    /// Pages in all (chunks, for formats without pages); null until it is known.
    pub pages_total: Option<u32>,
    /// Chunks of the current version.
    pub chunks: u32,
    /// Chunks that have a vector in the index.
    pub chunks_embedded: u32,
    /// What its owner should know, in the language that the request prefers.
    pub problems: Vec<ProblemBody>,
    /// Why it failed, in the language that the request prefers.
    pub error: Option<String>,
    /// Groups that may read it.
    pub readers: Vec<String>,
    /// How much the asker may do with it: `find` it here, `quote` its text, or `download` its file too.
    pub level: Level,
    /// The id of the document that it came in: an archive, a message.
    pub parent: Option<String>,
    /// Who wrote it: what a person says, else what the file says. So it is with `language`,
    /// `dated`, `effective_from` and `effective_until`.
    pub author: Option<String>,
    /// The language of its text, such as `ko`.
    pub language: Option<String>,
    /// The collection that it is in.
    pub collection: Option<String>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// The day that it is of.
    #[schema(value_type = Option<String>, format = Date)]
    pub dated: Option<Day>,
    /// The first day that it is in force.
    #[schema(value_type = Option<String>, format = Date)]
    pub effective_from: Option<Day>,
    /// The last day that it is in force.
    #[schema(value_type = Option<String>, format = Date)]
    pub effective_until: Option<Day>,
    /// The id of the document that took its place, as a person says; null too where the asker may
    /// not read that one.
    pub superseded_by: Option<String>,
    /// The first day that questions which name no day are not answered from it.
    #[schema(value_type = Option<String>, format = Date)]
    pub retired_on: Option<Day>,
    /// Titles of documents whose place it takes, as its text says.
    pub supersedes: Vec<String>,
    /// Older versions that are kept, so that answers that quote them can be looked up.
    pub old_versions: u32,
    /// Ids of documents with the very same content.
    pub duplicates: Vec<String>,
    /// An estimate of the seconds until it is searched or, when it is, until what is left to do
    /// is done; null when nothing is left or nothing is known.
    pub seconds_left: Option<u64>,
    /// When it was first handed in, RFC 3339.
    pub created_at: String,
    /// When its state changed last, RFC 3339.
    pub updated_at: String,
}

/// Something that the owner of a document should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The page it concerns, from 1.
    pub page: Option<u32>,
    /// What it is.
    pub message: String,
}

/// Documents that the asker may read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DocumentList {
    /// The documents.
    pub documents: Vec<DocumentBody>,
}

/// A version of a document that is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionBody {
    /// SHA-256 of the file.
    pub version: String,
    /// The file's name when it was handed in.
    pub file_name: String,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// When it was handed in, RFC 3339; null if that is not known.
    pub received_at: Option<String>,
    /// When a newer one took its place in the search, RFC 3339; null for the one that is searched
    /// and for one that waits.
    pub replaced_at: Option<String>,
}

/// The versions of a document that are kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionList {
    /// The newest first, then those that were replaced, the last replaced first.
    pub versions: Vec<VersionBody>,
}

/// The body of the versions of a document.
#[must_use]
pub fn versions(views: &[VersionView]) -> VersionList {
    VersionList {
        versions: views
            .iter()
            .map(|view| VersionBody {
                version: view.version.to_string(),
                file_name: view.file_name.clone(),
                size_bytes: view.size,
                received_at: view.received_at.map(|time| time.to_string()),
                replaced_at: view.replaced_at.map(|time| time.to_string()),
            })
            .collect(),
    }
}

/// What became of each uploaded file, in the order they came.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UploadReport {
    /// The files.
    pub files: Vec<UploadedFile>,
}

/// What became of an uploaded file: it has an `id`, or an `error`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UploadedFile {
    /// Its name, without folders.
    pub file_name: String,
    /// The document's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// SHA-256 of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether this very version was there already, so that nothing is to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<bool>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<crate::web::error::ErrorFields>,
}

/// The body of a document; what is told of it is in `language`.
#[must_use]
pub fn document(view: &DocumentView, language: Language) -> DocumentBody {
    DocumentBody {
        id: view.id.to_string(),
        version: view.version.to_string(),
        title: view.title.clone(),
        file_name: view.file_name.clone(),
        format: view.format,
        size_bytes: view.size,
        state: view.state.as_str(),
        is_final: view.state.is_final(),
        pages_done: view.pages_done,
        pages_total: view.pages_total,
        chunks: view.chunks,
        chunks_embedded: view.chunks_embedded,
        problems: view
            .problems
            .iter()
            .map(|problem| ProblemBody {
                page: problem.page,
                message: told(&problem.message, language),
            })
            .collect(),
        error: view.error.as_deref().map(|error| told(error, language)),
        readers: view.readers.iter().map(ToString::to_string).collect(),
        level: view.level,
        parent: view.parent.map(|parent| parent.to_string()),
        author: view.labels.author.clone(),
        language: view.labels.language.clone(),
        collection: view.labels.collection.clone(),
        tags: view.labels.tags.clone(),
        dated: view.labels.dated,
        effective_from: view.labels.from,
        effective_until: view.labels.until,
        superseded_by: view.superseded_by.map(|other| other.to_string()),
        retired_on: view.labels.retired,
        supersedes: view.said.supersedes.clone(),
        old_versions: view.old_versions,
        duplicates: view.duplicates.iter().map(ToString::to_string).collect(),
        seconds_left: view.seconds_left,
        created_at: view.created_at.to_string(),
        updated_at: view.updated_at.to_string(),
    }
}
