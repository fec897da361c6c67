//! Bytes to a [`Document`]: one file per format.
//!
//! | module | what it reads |
//! |---|---|
//! | [`sniff`] | which format a file has, by its content |
//! | [`pdf`], [`docx`], [`pptx`], [`xlsx`], [`odf`], [`rtf`], [`csv`], [`html`], [`markdown`], [`text`] | that format |
//! | [`hwp`], [`hwpx`], [`hwpml`] | that format, in ways they share |
//! | [`archive`] | ZIP archives of documents |
//! | [`eml`], [`msg`] | messages, and web archives, which look like some |
//! | [`picture`] | images, and pages of PDFs as pictures |
//! | `mail`, `mime`, `attachments` | no format: the form of a message, how it is sent, files inside files |
//! | `password`, `locked`, `sealed` | no format: passwords to try, whole documents and parts that need one |
//! | `length` | no format: how much text a document may have |
//! | `mend` | no format: ZIPs without their directory |
//! | `container`, `xml`, `ooxml` | no format: ZIP containers and XML, as office files use them |
//! | `drawing`, `chart`, `slide`, `sheet` | no format: shapes and charts, shapes in reading order, cells with addresses |
//! | [`flow`] | no format: blocks and tables on their way into a [`Document`] |
//! | [`sandbox`] | any of them, in a child process with limits |
//!
//! A new format is a file beside these, a variant of [`Format`] and a row of [`FORMATS`].
//! Bad input is data: a file that cannot be read is a [`ParseError`], a part that cannot is
//! a [`Problem`]. Nothing here trusts a file, opens another one or reaches the network.

use std::fmt::Debug;
use std::path::Path;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use password::Passwords;
use picture::Picture;
pub use xml::reference;

use crate::{BlockKind, Document, Problem};

pub mod archive;
mod attachments;
mod chart;
mod container;
pub mod csv;
pub mod docx;
mod drawing;
pub mod eml;
pub mod flow;
mod hangul;
pub mod html;
pub mod hwp;
pub mod hwpml;
pub mod hwpx;
mod length;
mod locked;
mod mail;
pub mod markdown;
mod mend;
mod mime;
pub mod msg;
pub mod odf;
mod ooxml;
mod password;
pub mod pdf;
pub mod picture;
pub mod pptx;
pub mod rtf;
pub mod sandbox;
mod sealed;
mod sheet;
mod slide;
pub mod sniff;
#[cfg(test)]
mod soon;
pub mod text;
pub mod xlsx;
mod xml;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Portable Document Format.
    Pdf,
    /// Office Open XML text.
    Docx,
    /// Text of the Korean word processor Hangul, version 5 and later.
    Hwp,
    /// The same, in its open format.
    Hwpx,
    /// The same, as XML.
    Hwpml,
    /// E-mail message.
    Eml,
    /// Outlook message.
    Msg,
    /// Web archive: a page of HTML with its pictures, in the form of a message.
    Mhtml,
    /// Rich Text Format.
    Rtf,
    /// Office Open XML presentation.
    Pptx,
    /// Office Open XML workbook.
    Xlsx,
    /// `OpenDocument` text.
    Odt,
    /// `OpenDocument` spreadsheet.
    Ods,
    /// `OpenDocument` presentation.
    Odp,
    /// Values divided by commas, semicolons, tabs or bars.
    Csv,
    /// HTML.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// A picture: PNG, JPEG, TIFF, BMP, GIF, WebP.
    Image,
    /// ZIP archive of documents.
    Zip,
}

/// Told while a file is read: how many pages (or parts) are done, and of how many if known.
pub type Progress<'a> = &'a dyn Fn(u32, Option<u32>);

/// What [`parse`] knows about a format.
#[derive(Debug)]
pub struct FormatRow {
    /// The format.
    pub format: Format,
    /// Its short name, such as `docx`.
    pub name: &'static str,
    /// Its name for people, such as `a Word document`.
    pub title: &'static str,
    /// Its media type, without parameters.
    pub media_type: &'static str,
    /// What its files' names end in, in lower case without the dot.
    pub extensions: &'static [&'static str],
    /// Whether its documents have pages.
    pub has_pages: bool,
    /// Whether the bytes are of this format. The name is a hint where content leaves it open.
    pub recognizes: fn(&[u8], &str) -> bool,
    /// Reads it.
    pub parse: fn(&[u8], &Passwords, Progress<'_>) -> Result<Parsed, ParseError>,
}

/// Every format, in the order in which they are tried.
pub const FORMATS: &[FormatRow] = &[
    FormatRow {
        format: Format::Pdf,
        name: "pdf",
        title: "a PDF",
        media_type: "application/pdf",
        extensions: &["pdf"],
        has_pages: true,
        recognizes: sniff::is_pdf,
        parse: pdf::parse,
    },
    FormatRow {
        format: Format::Docx,
        name: "docx",
        title: "a Word document",
        media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        extensions: &["docx", "docm", "dotx", "dotm"],
        has_pages: false,
        recognizes: docx::recognizes,
        parse: |bytes, _, progress| docx::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Hwp,
        name: "hwp",
        title: "a HWP document",
        media_type: "application/x-hwp",
        extensions: &["hwp", "hwt"],
        has_pages: false,
        recognizes: hwp::recognizes,
        parse: |bytes, _, progress| hwp::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Hwpx,
        name: "hwpx",
        title: "a HWPX document",
        media_type: "application/hwp+zip",
        extensions: &["hwpx", "hwtx"],
        has_pages: false,
        recognizes: hwpx::recognizes,
        parse: hwpx::parse,
    },
    FormatRow {
        format: Format::Hwpml,
        name: "hwpml",
        title: "a HWPML document",
        media_type: "application/x-hwpml",
        extensions: &["hml", "hwpml"],
        has_pages: false,
        recognizes: hwpml::recognizes,
        parse: |bytes, _, progress| hwpml::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Eml,
        name: "eml",
        title: "an e-mail message",
        media_type: "message/rfc822",
        extensions: &["eml"],
        has_pages: false,
        recognizes: eml::recognizes,
        parse: |bytes, _, progress| eml::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Msg,
        name: "msg",
        title: "an Outlook message",
        media_type: "application/vnd.ms-outlook",
        extensions: &["msg"],
        has_pages: false,
        recognizes: msg::recognizes,
        parse: |bytes, _, progress| msg::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Mhtml,
        name: "mhtml",
        title: "a web archive",
        media_type: "multipart/related",
        extensions: &["mhtml", "mht"],
        has_pages: false,
        recognizes: eml::recognizes_web_archive,
        parse: |bytes, _, progress| eml::parse_web_archive(bytes, progress),
    },
    FormatRow {
        format: Format::Rtf,
        name: "rtf",
        title: "an RTF document",
        media_type: "application/rtf",
        extensions: &["rtf"],
        has_pages: false,
        recognizes: rtf::recognizes,
        parse: |bytes, _, progress| rtf::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Pptx,
        name: "pptx",
        title: "a PowerPoint presentation",
        media_type: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        extensions: &["pptx", "pptm", "ppsx", "ppsm", "potx", "potm"],
        has_pages: true,
        recognizes: pptx::recognizes,
        parse: |bytes, _, progress| pptx::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Xlsx,
        name: "xlsx",
        title: "an Excel workbook",
        media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        extensions: &["xlsx", "xlsm", "xltx", "xltm"],
        has_pages: true,
        recognizes: xlsx::recognizes,
        parse: |bytes, _, progress| xlsx::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Odt,
        name: "odt",
        title: "an OpenDocument text",
        media_type: "application/vnd.oasis.opendocument.text",
        extensions: &["odt", "ott"],
        has_pages: false,
        recognizes: odf::is_text,
        parse: odf::parse_text,
    },
    FormatRow {
        format: Format::Ods,
        name: "ods",
        title: "an OpenDocument spreadsheet",
        media_type: "application/vnd.oasis.opendocument.spreadsheet",
        extensions: &["ods", "ots"],
        has_pages: true,
        recognizes: odf::is_spreadsheet,
        parse: odf::parse_spreadsheet,
    },
    FormatRow {
        format: Format::Odp,
        name: "odp",
        title: "an OpenDocument presentation",
        media_type: "application/vnd.oasis.opendocument.presentation",
        extensions: &["odp", "otp"],
        has_pages: true,
        recognizes: odf::is_presentation,
        parse: odf::parse_presentation,
    },
    FormatRow {
        format: Format::Html,
        name: "html",
        title: "HTML",
        media_type: "text/html",
        extensions: &["html", "htm", "xhtml", "xht"],
        has_pages: false,
        recognizes: html::recognizes,
        parse: |bytes, _, progress| html::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Csv,
        name: "csv",
        title: "a table of comma-separated values",
        media_type: "text/csv",
        extensions: &["csv", "tsv", "tab"],
        has_pages: false,
        recognizes: csv::recognizes,
        parse: |bytes, _, progress| csv::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Markdown,
        name: "markdown",
        title: "Markdown",
        media_type: "text/markdown",
        extensions: &["md", "markdown", "mkd"],
        has_pages: false,
        recognizes: markdown::recognizes,
        parse: |bytes, _, progress| markdown::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Text,
        name: "text",
        title: "plain text",
        media_type: "text/plain",
        extensions: &["txt", "text", "log"],
        has_pages: false,
        recognizes: |bytes, _| sniff::is_text(bytes),
        parse: |bytes, _, progress| text::parse(bytes, progress),
    },
    FormatRow {
        format: Format::Zip,
        name: "zip",
        title: "a ZIP archive",
        media_type: "application/zip",
        extensions: &["zip"],
        has_pages: false,
        recognizes: archive::recognizes,
        parse: archive::parse,
    },
    FormatRow {
        format: Format::Image,
        name: "image",
        title: "an image",
        media_type: "image/*",
        extensions: &["png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp"],
        has_pages: true,
        recognizes: |bytes, _| picture::recognizes(bytes),
        parse: |bytes, _, _| picture::parse(bytes),
    },
];

impl Format {
    /// Its media type, without parameters.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        self.row().media_type
    }

    /// Its short name, such as `docx`; [`Format::from_str`] reads it back.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Whether its documents have pages.
    #[must_use]
    pub fn has_pages(self) -> bool {
        self.row().has_pages
    }

    fn row(self) -> &'static FormatRow {
        FORMATS
            .iter()
            .find(|row| row.format == self)
            .expect("a test sees to it that every format has its row")
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        FORMATS
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.format)
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// A name that is of no [`Format`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no format that can be read")]
pub struct UnknownFormat(String);

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ParseError {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// Neither its content nor its name is of a known format.
    #[error(
        "this is {found}, which cannot be read; it reads PDF, Word, PowerPoint, Excel, HWP, OpenDocument, RTF, web \
         pages, e-mail, Markdown, CSV, text, images and ZIP archives of these"
    )]
    Unsupported {
        /// What it seems to be, such as `a PNG image`.
        found: String,
    },
    /// It needs a password or is under rights management.
    #[error("the file is encrypted: {reason}")]
    Encrypted {
        /// Which kind.
        reason: String,
    },
    /// Its structure is broken beyond reading.
    #[error("the file is damaged: {reason}")]
    Damaged {
        /// Where and how.
        reason: String,
    },
    /// It is over a limit on size or structure.
    #[error("the file is over a limit: {reason}")]
    Limit {
        /// Which limit, with numbers.
        reason: String,
    },
    /// Reading it took too long.
    #[error("the file is over a limit: {reason}")]
    TimedOut {
        /// Which limit, with numbers.
        reason: String,
    },
    /// Reading it took too much memory.
    #[error("the file is over a limit: {reason}")]
    OutOfMemory {
        /// Which limit, with numbers.
        reason: String,
    },
    /// The program that reads it came to a bad end.
    #[error("the file cannot be read: {reason}")]
    Crashed {
        /// How.
        reason: String,
    },
}

/// What a reader of one format makes of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Its text and structure.
    pub document: Document,
    /// What its reader should know about how it was read.
    pub problems: Vec<Problem>,
    /// Files in it, each a document of its own.
    pub attachments: Vec<Attachment>,
    /// Pages whose text is missing or garbage: pictures of text.
    pub needs_ocr: Vec<u32>,
}

impl Parsed {
    /// A document without attachments, whose text can all be read.
    pub(crate) fn new(document: Document, problems: Vec<Problem>) -> Self {
        Self {
            document,
            problems,
            ..Self::default()
        }
    }
}

/// A file inside another: of an archive, or sent with a message.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name there, folders included, divided by `/`. It is for people: never a path.
    pub name: String,
    /// What it holds.
    #[serde(with = "as_base64")]
    pub bytes: Vec<u8>,
}

impl Debug for Attachment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// Bytes in JSON.
mod as_base64 {
    use std::borrow::Cow;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        BASE64_STANDARD
            .decode(text.as_bytes())
            .map_err(de::Error::custom)
    }
}

/// What was made of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extracted {
    /// The format it was read as.
    pub format: Format,
    /// Its text and structure.
    pub document: Document,
    /// What its reader should know about how it was read.
    pub problems: Vec<Problem>,
    /// Files in it, each a document of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Pages whose text is missing or garbage: pictures of text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs_ocr: Vec<u32>,
}

/// Reads a file that is in memory, as the format its content shows.
///
/// `file_name` is a hint only: a page of HTML named `report.pdf` is read as HTML, with a
/// [`Problem`] that says so. The passwords are tried if it needs one.
///
/// # Errors
/// When nothing of it can be read; see [`ParseError`].
pub fn parse(
    bytes: &[u8],
    file_name: &str,
    passwords: &Passwords,
    progress: &dyn Fn(u32, Option<u32>),
) -> Result<Extracted, ParseError> {
    let bytes = &*locked::open(bytes, passwords).map_err(ParseError::shown)?;
    let mended = mend::mend(bytes);
    let bytes = mended.as_ref().map_or(bytes, |mended| &mended.bytes);
    let row = sniff::sniff(bytes, file_name).map_err(ParseError::shown)?;
    let Parsed {
        mut document,
        mut problems,
        attachments,
        needs_ocr,
    } = (row.parse)(bytes, passwords, progress).map_err(ParseError::shown)?;
    problems.extend(length::limit(&mut document));
    if document.title.is_none() {
        document.title = first_heading(&document);
    }
    document.detect_language();
    if let Some(mended) = mended {
        problems.insert(0, Problem::of_file(mended.problem));
    }
    if let Some(message) = sniff::mislabelled(row, file_name) {
        problems.insert(0, Problem::of_file(message));
    }
    let attachments = readable(attachments, passwords, &mut problems);
    if document.text.is_empty() && problems.is_empty() && attachments.is_empty() {
        problems.push(Problem::of_file("no text was found in the file".to_owned()));
    }
    for problem in &mut problems {
        make_shown(&mut problem.message);
    }
    Ok(Extracted {
        format: row.format,
        document,
        problems,
        attachments,
        needs_ocr,
    })
}

/// Characters that a sentence about a file may have.
const MAX_MESSAGE: usize = 8_000;

/// Makes a sentence safe to show, whatever the file that it quotes holds: names in a damaged file
/// may be megabytes long, or tell a terminal what to do.
fn make_shown(message: &mut String) {
    if message.contains(char::is_control) {
        *message = message
            .chars()
            .filter_map(|char| match char {
                _ if char.is_control() && char.is_whitespace() => Some(' '),
                _ => (!char.is_control()).then_some(char),
            })
            .collect();
    }
    if let Some((at, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(at);
        message.push('…');
    }
}

impl ParseError {
    fn shown(mut self) -> Self {
        match &mut self {
            Self::Empty => {}
            Self::Unsupported { found: reason }
            | Self::Encrypted { reason }
            | Self::Damaged { reason }
            | Self::Limit { reason }
            | Self::TimedOut { reason }
            | Self::OutOfMemory { reason }
            | Self::Crashed { reason } => make_shown(reason),
        }
        self
    }
}

/// Files in a file that are named among its problems; more are counted.
const NAMED_ATTACHMENTS: usize = 20;

/// The attachments that can be read, as far as can be told without reading them; the others
/// become problems. One that needs a password is left to who reads it, if there are any to try.
fn readable(
    attachments: Vec<Attachment>,
    passwords: &Passwords,
    problems: &mut Vec<Problem>,
) -> Vec<Attachment> {
    let mut unreadable = 0;
    let mut kept = Vec::with_capacity(attachments.len());
    for attachment in attachments {
        let error = match sniff::sniff(&attachment.bytes, &attachment.name) {
            Err(ParseError::Encrypted { .. }) if !passwords.is_empty() => {
                kept.push(attachment);
                continue;
            }
            Err(error) => error,
            Ok(_) => {
                kept.push(attachment);
                continue;
            }
        };
        unreadable += 1;
        if unreadable <= NAMED_ATTACHMENTS {
            let name = &attachment.name;
            problems.push(Problem::of_file(match error {
                ParseError::Unsupported { found } => {
                    format!("the file `{name}` in it was not read: this is {found}")
                }
                other => format!("the file `{name}` in it was not read: {other}"),
            }));
        }
    }
    if unreadable > NAMED_ATTACHMENTS {
        problems.push(Problem::of_file(format!(
            "{} more files in it were not read",
            unreadable - NAMED_ATTACHMENTS
        )));
    }
    kept
}

/// What a document that has no title of its own is called: the heading that it opens with.
fn first_heading(document: &Document) -> Option<String> {
    let first = document.blocks.first()?;
    matches!(first.kind, BlockKind::Heading { level: 1 })
        .then(|| document.text[first.span.clone()].to_owned())
}

impl Problem {
    /// A problem of the file, not of one page.
    pub(crate) fn of_file(message: String) -> Self {
        Self {
            page: None,
            message,
        }
    }
}

/// Reads files: the seam between the write path and where foreign bytes are handled.
///
/// It never changes the file, and a file that kills its reader is a [`ParseError`].
#[async_trait]
pub trait Extract: Debug + Send + Sync {
    /// Reads the file at `path`; `file_name` is the name it was handed in under.
    async fn extract(
        &self,
        path: &Path,
        file_name: &str,
        passwords: &Passwords,
        progress: &(dyn Fn(u32, Option<u32>) + Send + Sync),
    ) -> Result<Extracted, ParseError>;

    /// Draws page `number` (from 1) of a PDF or an image, with `dpi` pixels in an inch.
    async fn draw(
        &self,
        path: &Path,
        number: u32,
        dpi: f32,
        passwords: &Passwords,
    ) -> Result<Picture, ParseError>;
}

/// Reads in this process: for tests and for files that are trusted.
///
/// A hostile file can take its memory; [`sandbox::Sandbox`] is for those.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

#[async_trait]
impl Extract for InProcess {
    async fn extract(
        &self,
        path: &Path,
        file_name: &str,
        passwords: &Passwords,
        progress: &(dyn Fn(u32, Option<u32>) + Send + Sync),
    ) -> Result<Extracted, ParseError> {
        let passwords = passwords.clone();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let path = path.to_owned();
        let file_name = file_name.to_owned();
        let reading = tokio::task::spawn_blocking(move || {
            let bytes = read_file(&path)?;
            parse(&bytes, &file_name, &passwords, &|done, all| {
                // The asker may have left; the result then goes nowhere either.
                let _ = sender.send((done, all));
            })
        });
        while let Some((done, all)) = receiver.recv().await {
            progress(done, all);
        }
        reading.await.unwrap_or_else(|error| Err(failed(&error)))
    }

    async fn draw(
        &self,
        path: &Path,
        number: u32,
        dpi: f32,
        passwords: &Passwords,
    ) -> Result<Picture, ParseError> {
        let (path, passwords) = (path.to_owned(), passwords.clone());
        let drawing = tokio::task::spawn_blocking(move || {
            picture::draw(&read_file(&path)?, number, dpi, &passwords)
        });
        drawing.await.unwrap_or_else(|error| Err(failed(&error)))
    }
}

fn failed(error: &tokio::task::JoinError) -> ParseError {
    ParseError::Crashed {
        reason: format!("the program that reads it failed: {error}"),
    }
}

/// The bytes of a file.
///
/// # Errors
/// When it cannot be opened or read, as a [`ParseError`] since a caller can do no better.
fn read_file(path: &Path) -> Result<Vec<u8>, ParseError> {
    std::fs::read(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::OutOfMemory {
            ParseError::OutOfMemory {
                reason: "it does not fit into memory".to_owned(),
            }
        } else {
            ParseError::Damaged {
                reason: format!("it cannot be opened: {error}"),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_file_is_short_and_moves_no_terminal() {
        let mut message = "its part `\u{1B}[2Ja\nb` is damaged".to_owned();
        make_shown(&mut message);
        assert_eq!(message, "its part `[2Ja b` is damaged");
        let error = ParseError::Damaged {
            reason: "\u{7}가".repeat(100_000),
        };
        assert_eq!(
            error.shown(),
            ParseError::Damaged {
                reason: "가".repeat(MAX_MESSAGE) + "…"
            }
        );
    }
}
