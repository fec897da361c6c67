//! `veracite ingest --dry-run` and `veracite show`: what files are read as, without keeping any.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use futures::StreamExt as _;
use futures::stream;
use ingest::parse::sandbox::Sandbox;
use ingest::parse::{Attachment, Extract as _, Extracted, Format, ParseError, Passwords};
use ingest::{BlockKind, Document, PageKind, Problem, read, sentence};
use serde::Serialize;

use super::ingest::passwords;
use crate::config::Config;
use crate::library::attachments::{is_too_deep, place_inside, too_deep};

/// How the reading of a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    OkWithWarnings,
    NeedsOcr,
    Refused,
    TimedOut,
    OutOfMemory,
    Crashed,
}

impl State {
    fn of_error(error: &ParseError) -> Self {
        match error {
            ParseError::TimedOut { .. } => Self::TimedOut,
            ParseError::OutOfMemory { .. } => Self::OutOfMemory,
            ParseError::Crashed { .. } => Self::Crashed,
            ParseError::Empty
            | ParseError::Unsupported { .. }
            | ParseError::Encrypted { .. }
            | ParseError::Damaged { .. }
            | ParseError::Limit { .. } => Self::Refused,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::OkWithWarnings => "ok, with warnings",
            Self::NeedsOcr => "needs OCR",
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::OutOfMemory => "out of memory",
            Self::Crashed => "crashed",
        }
    }
}

/// A line about a file.
#[derive(Debug, Serialize)]
struct Report {
    path: String,
    format: Option<Format>,
    state: State,
    reason: Option<String>,
    /// Null for formats without pages.
    pages: Option<usize>,
    characters: usize,
}

impl Report {
    fn of(path: String, read: &Result<Extracted, ParseError>) -> Self {
        let extracted = match read {
            Ok(extracted) => extracted,
            Err(error) => {
                return Self {
                    path,
                    format: None,
                    state: State::of_error(error),
                    reason: Some(error.to_string()),
                    pages: None,
                    characters: 0,
                };
            }
        };
        let problems: Vec<&str> = extracted
            .problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        let state = if !extracted.needs_ocr.is_empty() {
            State::NeedsOcr
        } else if problems.is_empty() {
            State::Ok
        } else {
            State::OkWithWarnings
        };
        let pages = extracted.document.pages.len();
        Self {
            path,
            format: Some(extracted.format),
            state,
            reason: (!problems.is_empty()).then(|| problems.join("; ")),
            pages: extracted.format.has_pages().then_some(pages),
            characters: extracted.document.text.chars().count(),
        }
    }

    fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut output = std::io::stdout().lock();
        if json {
            serde_json::to_writer(&mut output, self)?;
            writeln!(output)?;
            return Ok(());
        }
        let format = self.format.map_or("-", Format::as_str);
        let pages = self
            .pages
            .map_or_else(String::new, |pages| format!("{pages} pages, "));
        writeln!(
            output,
            "{}: {format}, {}, {pages}{} characters",
            self.path,
            self.state.words(),
            self.characters
        )?;
        if let Some(reason) = &self.reason {
            writeln!(output, "    {reason}")?;
        }
        Ok(())
    }
}

/// A file and where it lies while it is read.
struct Waiting {
    shown: String,
    path: PathBuf,
    file_name: String,
    /// Kept until a file that came in another is read.
    _kept: Option<tempfile::TempPath>,
}

/// Reads every file under `paths` and prints what came of it. Exit code 0: all can be taken in,
/// 1: at least one cannot.
pub(super) async fn run(
    config: &Config,
    paths: &[PathBuf],
    passwords: &Passwords,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let sandbox = sandbox(config)?;
    let (files, unreadable) = read::find(paths);
    let mut well = unreadable.is_empty();
    for (path, error) in &unreadable {
        eprintln!("{}: {error}", path.display());
    }
    if files.is_empty() && unreadable.is_empty() {
        bail!("there is no file under the paths that were named");
    }
    let max_file = config.ingest.max_file.as_u64();
    let mut reports = stream::iter(files.into_iter().map(|file| Waiting {
        shown: file.path.display().to_string(),
        file_name: file_name(&file.path),
        path: file.path,
        _kept: None,
    }))
    .map(|file| read_all(&sandbox, file, passwords, max_file))
    .buffered(config.ingest.workers.get());
    while let Some(files) = reports.next().await {
        for report in files? {
            well &= report.state <= State::NeedsOcr;
            report.print(json)?;
        }
    }
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A file and all that is in it.
async fn read_all(
    sandbox: &Sandbox,
    file: Waiting,
    passwords: &Passwords,
    max_file: u64,
) -> anyhow::Result<Vec<Report>> {
    let mut reports = Vec::new();
    let mut waiting = vec![file];
    while let Some(file) = waiting.pop() {
        let size = tokio::fs::metadata(&file.path).await.map(|data| data.len());
        let mut read = match size {
            Ok(size) if size > max_file => Err(ParseError::Limit {
                reason: format!(
                    "it has {size} bytes, over the limit of {max_file} (`ingest.max_file`)"
                ),
            }),
            _ => {
                sandbox
                    .extract(&file.path, &file.file_name, passwords, &|_, _| {})
                    .await
            }
        };
        if let Ok(extracted) = &mut read {
            let attachments = std::mem::take(&mut extracted.attachments);
            if is_too_deep(&file.shown) && !attachments.is_empty() {
                extracted.problems.push(too_deep(&attachments));
            } else {
                waiting.extend(inside(&file.shown, attachments)?.into_iter().rev());
            }
        }
        reports.push(Report::of(file.shown, &read));
    }
    Ok(reports)
}

fn inside(place: &str, attachments: Vec<Attachment>) -> anyhow::Result<Vec<Waiting>> {
    let mut places = BTreeSet::new();
    attachments
        .into_iter()
        .map(|attachment| {
            let shown = place_inside(place, &attachment.name, &places);
            places.insert(shown.clone());
            let mut kept = tempfile::NamedTempFile::new()
                .context("a file for what is inside another cannot be made")?;
            kept.write_all(&attachment.bytes)
                .with_context(|| format!("{} cannot be written", kept.path().display()))?;
            Ok(Waiting {
                path: kept.path().to_owned(),
                file_name: file_name(Path::new(&attachment.name)),
                shown,
                // Only its path: thousands of open files would be too many.
                _kept: Some(kept.into_temp_path()),
            })
        })
        .collect()
}

fn sandbox(config: &Config) -> anyhow::Result<Sandbox> {
    let program = std::env::current_exe().context("the program's own file cannot be found")?;
    Ok(Sandbox::new(program, config.ingest.limits()))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// The file.
    file: PathBuf,
    /// Prints a line of JSON for each sentence: what block it is of, where it stands in the text
    /// and on which page, slide or cells, with boxes in points from the page's top left corner.
    #[arg(long)]
    json: bool,
    /// A file with passwords, a line each, that are tried if it needs one.
    #[arg(long, value_name = "FILE")]
    passwords: Option<PathBuf>,
}

/// A sentence, heading or row of a table, and where it stands.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    kind: &'static str,
    /// In Unicode code points of the canonical text.
    start: usize,
    end: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_kind: Option<PageKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    boxes: Vec<[f32; 4]>,
    text: &'a str,
}

/// Prints the canonical text of a file with places.
pub(super) async fn show(config: &Config, arguments: &ShowArguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.file;
    let passwords = passwords(config, arguments.passwords.as_deref())?;
    let extracted = sandbox(config)?
        .extract(path, &file_name(path), &passwords, &|_, _| {})
        .await
        .with_context(|| path.display().to_string())?;
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    for shown in sentences(&extracted.document) {
        if arguments.json {
            serde_json::to_writer(&mut output, &shown)?;
            writeln!(output)?;
        } else {
            writeln!(output, "{}", line(&shown))?;
        }
    }
    output.flush()?;
    let notes = extracted.problems.iter().map(|problem| match problem {
        Problem {
            page: Some(page),
            message,
        } if !message.contains("page") => format!("page {page}: {message}"),
        Problem { message, .. } => message.clone(),
    });
    for note in notes {
        eprintln!("note: {note}");
    }
    for attachment in &extracted.attachments {
        eprintln!(
            "note: it holds `{}` ({} bytes)",
            attachment.name,
            attachment.bytes.len()
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn line(shown: &Shown<'_>) -> String {
    let page = match (shown.page_kind, shown.page, shown.page_name) {
        (Some(PageKind::Sheet), _, Some(name)) => format!("{name} "),
        (Some(PageKind::Slide), Some(number), _) => format!("s{number} "),
        (_, Some(number), _) => format!("p{number} "),
        _ => String::new(),
    };
    let row = shown
        .row
        .map_or_else(String::new, |row| format!(" row {}", row + 1));
    let boxed = match shown.boxes.len() {
        0 => "",
        _ => " boxed",
    };
    format!(
        "{page}{}-{} {}{row}{boxed}: {}",
        shown.start,
        shown.end,
        shown.kind,
        shown.text.replace('\t', " | ")
    )
}

fn sentences(document: &Document) -> Vec<Shown<'_>> {
    let mut blocks = document.blocks.iter().peekable();
    let mut pages = document.pages.iter().peekable();
    let (mut at, mut chars) = (0, 0);
    sentence::of_document(document)
        .into_iter()
        .map(|span| {
            while blocks
                .next_if(|block| block.span.end <= span.start)
                .is_some()
            {}
            while pages.next_if(|page| page.span.end <= span.start).is_some() {}
            let page = pages.peek().filter(|page| page.span.start <= span.start);
            let text = &document.text[span.clone()];
            let start = chars + document.text[at..span.start].chars().count();
            let end = start + text.chars().count();
            (at, chars) = (span.end, end);
            let (kind, table, row) = match blocks.peek().map(|block| &block.kind) {
                Some(BlockKind::Heading { .. }) => ("heading", None, None),
                Some(BlockKind::ListItem { .. }) => ("list_item", None, None),
                Some(BlockKind::Preformatted) => ("preformatted", None, None),
                Some(BlockKind::Cell {
                    table, row, header, ..
                }) => {
                    let kind = if *header { "header_row" } else { "row" };
                    (kind, Some(*table), Some(*row))
                }
                Some(BlockKind::Paragraph) | None => ("paragraph", None, None),
            };
            Shown {
                kind,
                start,
                end,
                page_kind: page.map(|page| page.kind),
                page: page.map(|page| page.number),
                page_name: page.and_then(|page| page.name.as_deref()),
                table,
                row,
                boxes: document
                    .boxes_of(&span)
                    .iter()
                    .map(|line| [line.rect.x0, line.rect.y0, line.rect.x1, line.rect.y1])
                    .collect(),
                text,
            }
        })
        .collect()
}
