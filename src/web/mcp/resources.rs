//! Documents as resources: which there are to read, and their text as answers quote it.
//!
//! Who may read a document in an answer may read it here, and nobody else: what may not be read is
//! told of as what is not there.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use ingest::{ContentHash, Document, DocumentId};
use rmcp::model::{
    Annotations, ErrorData, ListResourceTemplatesResult, ListResourcesResult, MetaObject,
    ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use serde_json::json;

use crate::ask::Reader;
use crate::catalogue::{Cursor, CursorError, DocumentView, ListQuery, SortBy, State};
use crate::language::Language;
use crate::library::{Library, LibraryError, SourceText};
use crate::rights::Level;
use crate::web::error::Error;

/// Resources of a list at most.
const LIST_LIMIT: u32 = 50;
/// Characters of one reading at most: what a model can take in. More is read by parts.
const READ_LIMIT: usize = 100_000;
/// What all our URIs begin with.
const SCHEME: &str = "veracite://documents/";
const PLAIN_TEXT: &str = "text/plain";

/// Why nothing is listed or read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResourceError {
    /// There is no such resource, or it may not be read.
    #[error("there is no such resource")]
    Unknown,
    /// The text is longer than one reading.
    #[error(
        "the text has {characters} characters, and one reading gives at most {limit}: read its {parts} parts, from \
         {first} on",
        limit = READ_LIMIT
    )]
    TooLong {
        /// Of the text.
        characters: usize,
        /// Of the document.
        parts: usize,
        /// The URI of the first.
        first: String,
    },
    /// A list does not go on there.
    #[error("`cursor` is wrong: {0}")]
    Cursor(#[from] CursorError),
    /// Who asks is let in no more, or the catalogue cannot be read.
    #[error("{}", .0.sentence(Language::En))]
    Failed(Error),
}

impl From<LibraryError> for ResourceError {
    fn from(error: LibraryError) -> Self {
        Self::Failed(error.into())
    }
}

/// What is read of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// All of it.
    Whole,
    /// A page, slide or sheet, by its number.
    Page(u32),
    /// As much as one reading gives; from 1.
    Part(usize),
}

/// What a URI names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Named {
    document: DocumentId,
    /// The newest, if none is named.
    version: Option<ContentHash>,
    extent: Extent,
}

impl FromStr for Named {
    type Err = ResourceError;

    fn from_str(uri: &str) -> Result<Self, ResourceError> {
        let named = uri.strip_prefix(SCHEME).ok_or(ResourceError::Unknown)?;
        let (path, version) = match named.split_once('?') {
            Some((path, query)) => {
                let version = query.strip_prefix("version=");
                let version = version.and_then(|version| version.parse().ok());
                (path, Some(version.ok_or(ResourceError::Unknown)?))
            }
            None => (named, None),
        };
        let mut steps = path.split('/');
        let document = steps.next().and_then(|id| id.parse().ok());
        let extent = match (steps.next(), steps.next(), steps.next()) {
            (None, None, None) => Some(Extent::Whole),
            (Some("pages"), Some(page), None) => page.parse().ok().map(Extent::Page),
            (Some("parts"), Some(part), None) => part.parse().ok().map(Extent::Part),
            _ => None,
        };
        match (document, extent) {
            (Some(document), Some(extent)) => Ok(Self {
                document,
                version,
                extent,
            }),
            _ => Err(ResourceError::Unknown),
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}", self.document)?;
        match self.extent {
            Extent::Whole => {}
            Extent::Page(page) => write!(formatter, "/pages/{page}")?,
            Extent::Part(part) => write!(formatter, "/parts/{part}")?,
        }
        match self.version {
            Some(version) => write!(formatter, "?version={version}"),
            None => Ok(()),
        }
    }
}

impl From<ResourceError> for ErrorData {
    fn from(error: ResourceError) -> Self {
        let words = error.to_string();
        match error {
            ResourceError::Unknown => Self::resource_not_found(words, None),
            ResourceError::TooLong {
                characters,
                parts,
                first,
            } => {
                let data = json!({
                    "characters": characters, "limit": READ_LIMIT, "parts": parts, "first": first
                });
                Self::invalid_params(words, Some(data))
            }
            ResourceError::Cursor(_) => Self::invalid_params(words, None),
            ResourceError::Failed(error) if error.status().is_server_error() => {
                Self::internal_error(words, None)
            }
            ResourceError::Failed(_) => Self::invalid_request(words, None),
        }
    }
}

/// A page of the documents that `reader` may read.
///
/// # Errors
/// When `cursor` is none of these lists, or the catalogue cannot be read.
pub(super) async fn list(
    library: &Library,
    reader: &Reader,
    cursor: Option<&str>,
) -> Result<ListResourcesResult, ResourceError> {
    // By name: an order that stays while documents are read and change.
    let (sort, descending) = (SortBy::Name, false);
    let after: Option<Cursor> = cursor.map(str::parse).transpose()?;
    if after
        .as_ref()
        .is_some_and(|after| !after.is_of(sort, descending))
    {
        return Err(CursorError.into());
    }
    let have_text = [
        State::Embedding,
        State::Recognizing,
        State::Ready,
        State::ReadyWithWarnings,
    ];
    let query = ListQuery {
        states: have_text.map(State::as_str).into_iter().collect(),
        least: Some(Level::Quote),
        sort,
        descending,
        after,
        limit: LIST_LIMIT,
        ..ListQuery::default()
    };
    let page = library.page(&query, reader).await?;
    // Rights may have changed since the list was made.
    let views = page.views.iter().filter(|view| view.level >= Level::Quote);
    let mut result = ListResourcesResult::with_all_items(views.map(resource).collect());
    result.next_cursor = page.next.map(|next| next.to_string());
    Ok(result)
}

fn resource(view: &DocumentView) -> Resource {
    let named = Named {
        document: view.id,
        version: None,
        extent: Extent::Whole,
    };
    let mut annotations = Annotations::default();
    annotations.last_modified = Some(view.updated_at.to_string());
    // Without a size: that of the file is not that of its text.
    Resource::new(named.to_string(), &view.file_name)
        .with_title(&view.title)
        .with_mime_type(PLAIN_TEXT)
        .with_annotations(annotations)
}

/// How URIs are made.
pub(super) fn templates() -> ListResourceTemplatesResult {
    let template = |path: &str, name: &str, title: &str, description: &str| {
        ResourceTemplate::new(format!("{SCHEME}{{id}}{path}{{?version}}"), name)
            .with_title(title)
            .with_description(description)
            .with_mime_type(PLAIN_TEXT)
    };
    ListResourceTemplatesResult::with_all_items(vec![
        template(
            "",
            "document",
            "A document",
            "The text of a document as answers quote it, by its id; by `version`, the SHA-256 of a version that a \
             citation names, as it was then.",
        ),
        template(
            "/pages/{page}",
            "page",
            "A page of a document",
            "The text of a page, slide or sheet, by its number from 1.",
        ),
        template(
            "/parts/{part}",
            "part",
            "A part of a long document",
            "The text of a document that is too long for one reading, cut between paragraphs, by number from 1.",
        ),
    ])
}

/// The text that `uri` names, if `reader` may read it.
///
/// # Errors
/// When there is none, it is too long for one reading, or the catalogue cannot be read.
pub(super) async fn read(
    library: &Library,
    reader: &Reader,
    uri: &str,
) -> Result<ReadResourceResult, ResourceError> {
    let named: Named = uri.parse()?;
    let found = library
        .source(named.document, named.version, reader)
        .await?;
    let found = found.ok_or(ResourceError::Unknown)?;
    let text = text_of(&found, named)?;
    let pages: BTreeSet<u32> = found
        .document
        .pages
        .iter()
        .map(|page| page.number)
        .collect();
    let replaced_at = found.replaced_at.map(|time| time.to_string());
    let mut meta = MetaObject::new();
    for (name, value) in [
        ("veracite/document", json!(named.document)),
        ("veracite/version", json!(found.version)),
        ("veracite/title", json!(found.title)),
        ("veracite/file_name", json!(found.file_name)),
        ("veracite/pages", json!(pages.len())),
        ("veracite/replaced_at", json!(replaced_at)),
    ] {
        meta.0.insert(name.to_owned(), value);
    }
    let contents = ResourceContents::text(text, uri).with_meta(meta);
    Ok(ReadResourceResult::new(vec![contents]))
}

fn text_of(found: &SourceText, named: Named) -> Result<String, ResourceError> {
    let text = &found.document.text;
    let wanted = match named.extent {
        Extent::Whole => text.clone(),
        Extent::Page(number) => page(&found.document, number).ok_or(ResourceError::Unknown)?,
        Extent::Part(number) => {
            let mut parts = parts(text, READ_LIMIT).into_iter();
            let part = number.checked_sub(1).and_then(|before| parts.nth(before));
            text[part.ok_or(ResourceError::Unknown)?].to_owned()
        }
    };
    let characters = wanted.chars().count();
    if characters <= READ_LIMIT {
        return Ok(wanted);
    }
    let first = Named {
        // Parts of another version are cut elsewhere.
        version: Some(found.version),
        extent: Extent::Part(1),
        ..named
    };
    Err(ResourceError::TooLong {
        characters,
        parts: parts(text, READ_LIMIT).len(),
        first: first.to_string(),
    })
}

/// The text of a page; that of one with a text layer and a picture stands at two places.
fn page(document: &Document, number: u32) -> Option<String> {
    let pages = document.pages.iter().filter(|page| page.number == number);
    let texts: Vec<&str> = pages
        .map(|page| document.text[page.span.clone()].trim_matches('\n'))
        .collect();
    if texts.is_empty() {
        return None;
    }
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    Some(texts.join("\n\n"))
}

/// Cuts a text into parts of at most `limit` characters: between blocks, or else between lines, or
/// else wherever the limit is.
fn parts(text: &str, limit: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    loop {
        let rest = &text[start..];
        let Some((most, _)) = rest.char_indices().nth(limit) else {
            parts.push(start..text.len());
            return parts;
        };
        let room = &rest[..most];
        let between = ["\n\n", "\n"].into_iter().find_map(|separator| {
            let at = room.rfind(separator)?;
            Some(at + separator.len())
        });
        let end = start + between.unwrap_or(most);
        parts.push(start..end);
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use ingest::DocumentBuilder;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_uri_reads_back_and_anything_else_names_nothing() {
        let document = "a".repeat(32);
        let version = "b".repeat(64);
        for path in ["", "/pages/3", "/parts/12"] {
            for query in [String::new(), format!("?version={version}")] {
                let uri = format!("{SCHEME}{document}{path}{query}");
                let named: Named = uri.parse().unwrap();
                assert_eq!(named.to_string(), uri);
            }
        }
        for wrong in [
            String::new(),
            SCHEME.to_owned(),
            format!("{SCHEME}{document}/"),
            format!("{SCHEME}{document}/pages"),
            format!("{SCHEME}{document}/pages/-1"),
            format!("{SCHEME}{document}/pages/1/2"),
            format!("{SCHEME}{document}/words/1"),
            format!("{SCHEME}{document}?version="),
            format!("{SCHEME}{document}?version=1&more=2"),
            format!("{SCHEME}../{document}"),
            format!("file:///{document}"),
        ] {
            assert!(wrong.parse::<Named>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_page_is_read_by_its_number() {
        let mut builder = DocumentBuilder::default();
        builder.page(1, 595.0, 842.0);
        builder.paragraph("연차는 15일이다.");
        builder.page(2, 595.0, 842.0);
        builder.page(3, 595.0, 842.0);
        builder.paragraph("Sick leave is 60 days.");
        builder.recognized_page(1, 595.0, 842.0);
        builder.paragraph("도장");
        let document = builder.finish();
        assert_eq!(page(&document, 1).unwrap(), "연차는 15일이다.\n\n도장");
        assert_eq!(page(&document, 2).unwrap(), "");
        assert_eq!(page(&document, 3).unwrap(), "Sick leave is 60 days.");
        assert_eq!(page(&document, 4), None);
        assert_eq!(page(&Document::plain("no pages"), 1), None);
    }

    #[test]
    fn long_texts_are_cut_where_they_may_be() {
        let cut = |text: &str| -> Vec<String> {
            let parts = parts(text, 10);
            parts
                .into_iter()
                .map(|part| text[part].to_owned())
                .collect()
        };
        assert_eq!(cut(""), [""]);
        assert_eq!(cut("가나다라마바사아자차"), ["가나다라마바사아자차"]);
        assert_eq!(
            cut("하나\n\n둘\n셋\n\n넷 다섯"),
            ["하나\n\n둘\n셋\n\n", "넷 다섯"]
        );
        assert_eq!(cut("하나 둘\n셋 넷 다섯"), ["하나 둘\n", "셋 넷 다섯"]);
        assert_eq!(
            cut("가나다라마바사아자차카"),
            ["가나다라마바사아자차", "카"]
        );
    }

    proptest! {
        /// Parts are the text, in order, and none is longer than one reading.
        #[test]
        fn parts_join_to_the_text(text in "[가-힣a-z🎉 \n]{0,80}", limit in 1..20_usize) {
            let parts = parts(&text, limit);
            let joined: String = parts.iter().map(|part| &text[part.clone()]).collect();
            prop_assert_eq!(&joined, &text);
            prop_assert!(parts.iter().all(|part| text[part.clone()].chars().count() <= limit));
        }
    }
}
