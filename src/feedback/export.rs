//! What somebody with some rights may be given of what people said.

use std::collections::{BTreeMap, BTreeSet};

use ingest::{ContentHash, DocumentId};

use super::example::{Format, Line, Mark, MarkedDocument, Source};
use super::people::material;
use super::types::{JudgedAnswer, Judgement};
use crate::ask::Reader;
use crate::catalogue::{Catalogue, JudgementFilter, ListId};
use crate::rights::Level;

/// Which examples are written, and how.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// What they are for.
    pub format: Format,
    /// For whom: an example is left out if they may not read, today, every document whose text is in
    /// it. Without a reader none is left out.
    pub reader: Option<Reader>,
    /// Whether each says where it comes from, and who may read its documents.
    pub mark: bool,
    /// Whether corrections that the checker did not find in the documents are learnt too, without an
    /// administrator who accepted them.
    pub unchecked: bool,
}

/// What was written, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Lines.
    pub lines: usize,
    /// Judged answers that gave none.
    pub skipped: BTreeMap<Skipped, usize>,
}

/// Why a judged answer gives no example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// A document of it may not be read by those whom the export is for.
    Rights,
    /// Its passages are not known.
    NoPrompt,
    /// People disagree.
    Disputed,
    /// Its correction is none that the documents support, and nobody accepted it.
    Unchecked,
    /// An administrator refused all that was said.
    Refused,
    /// Nothing in this format follows from what was said.
    Nothing,
}

impl Skipped {
    /// The reason in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Rights => "rest on documents that those whom the export is for may not read",
            Self::NoPrompt => "were judged when their passages were not known any more",
            Self::Disputed => "are judged differently by different people",
            Self::Unchecked => {
                "have a correction that the documents do not support and no administrator accepted"
            }
            Self::Refused => "have nothing said of them that an administrator did not refuse",
            Self::Nothing => "give nothing to learn in this format",
        }
    }
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The catalogue failed.
    #[error("the catalogue failed: {0}")]
    Catalogue(#[from] sqlx::Error),
    /// The lines cannot be written.
    #[error("the lines cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Whether `reader` may quote all of `documents`, today, in these versions. What is gone nobody may
/// quote.
pub(crate) async fn may_read_all(
    catalogue: &Catalogue,
    documents: &BTreeSet<(DocumentId, ContentHash)>,
    reader: &Reader,
) -> Result<bool, sqlx::Error> {
    let access = catalogue.access(reader).await?;
    for (document, version) in documents {
        let lists = catalogue.lists_of_version(*document, *version).await?;
        let may = lists.is_some_and(|(list, own)| access.may(Level::Quote, &list, own.as_ref()));
        if !may {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `documents` with the groups that may quote each, today.
pub(super) async fn marked(
    catalogue: &Catalogue,
    documents: &BTreeSet<(DocumentId, ContentHash)>,
) -> Result<Vec<MarkedDocument>, sqlx::Error> {
    let lists = catalogue.lists().await?;
    let mut found = Vec::new();
    for (document, version) in documents {
        let groups = |list: &ListId| lists.grants(list).groups(Level::Quote);
        let of_version = catalogue.lists_of_version(*document, *version).await?;
        found.push(MarkedDocument {
            document: *document,
            version: *version,
            readers: match of_version {
                Some((list, Some(own))) => &groups(&list) & &groups(&own),
                Some((list, None)) => groups(&list),
                None => BTreeSet::new(),
            },
        });
    }
    Ok(found)
}

/// Gives `write` a line for each example that follows from what people said, oldest answer first.
///
/// # Errors
/// When the catalogue cannot be read, or `write` fails.
pub(crate) async fn export(
    catalogue: &Catalogue,
    options: &ExportOptions,
    mut write: impl FnMut(&Line) -> std::io::Result<()>,
) -> Result<Export, ExportError> {
    let mut exported = Export::default();
    for answer in catalogue.judged().await? {
        let filter = JudgementFilter {
            answer: Some(answer),
            ..JudgementFilter::default()
        };
        let mut rows = catalogue.judgements(filter).await?;
        // The last judgement may have been taken back a moment ago.
        let Some(first) = rows.pop() else {
            continue;
        };
        let mut judgements: Vec<Judgement> = rows.into_iter().map(|row| row.judgement).collect();
        judgements.push(first.judgement);
        let judged = first.judged;
        let lines = match lines(catalogue, options, (answer, &judged), &judgements).await? {
            Ok(lines) if lines.is_empty() => Err(Skipped::Nothing),
            found => found,
        };
        match lines {
            Ok(lines) => {
                for line in &lines {
                    write(line)?;
                }
                exported.lines += lines.len();
            }
            Err(reason) => *exported.skipped.entry(reason).or_default() += 1,
        }
    }
    Ok(exported)
}

async fn lines(
    catalogue: &Catalogue,
    options: &ExportOptions,
    (answer, judged): (ContentHash, &JudgedAnswer),
    judgements: &[Judgement],
) -> Result<Result<Vec<Line>, Skipped>, sqlx::Error> {
    let documents = judged.documents();
    if let Some(reader) = &options.reader
        && !may_read_all(catalogue, &documents, reader).await?
    {
        return Ok(Err(Skipped::Rights));
    }
    let material = match material(judged, judgements, options.unchecked) {
        Ok(material) => material,
        Err(reason) => return Ok(Err(reason)),
    };
    let mark = match (options.mark, &judged.prompt) {
        (true, Some(prompt)) => Some(Mark {
            source: Source::People,
            answer: Some(answer.to_string()),
            prompt_version: prompt.version,
            generator: judged.generator.clone(),
            adapter: judged.adapter.clone(),
            documents: marked(catalogue, &documents).await?,
        }),
        _ => None,
    };
    let examples = material.examples(options.format).into_iter();
    Ok(Ok(examples
        .map(|example| Line {
            example,
            veracite: mark.clone(),
        })
        .collect()))
}
