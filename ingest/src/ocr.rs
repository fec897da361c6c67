//! Character recognition for pages that are pictures of text.
//!
//! It is slow and it errs: a page is searchable by it later than by a text layer, what it read
//! stands at the end of the document's text, so that no earlier place changes, and its page says
//! that it was recognised. [`Tesseract`] is found at run time; without it such pages stay unread.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_trait::async_trait;
use tokio::process::Command;

use crate::parse::picture::Picture;
use crate::parse::sandbox::Sandbox;
use crate::parse::{Extract as _, ParseError, Passwords};
use crate::{BlockKind, Document, DocumentBuilder, PlacedWord, Rect};

/// Pixels in an inch that recognition does best with, for the size of letters that people print.
const DPI: f32 = 300.0;
/// Words of which it is less sure than this, of 100, are left out.
const SURE: f32 = 20.0;

/// What was read on a page.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RecognizedPage {
    /// Its number, from 1.
    pub number: u32,
    /// Width in points.
    pub width: f32,
    /// Height in points.
    pub height: f32,
    /// Paragraphs of words with their places in points.
    pub paragraphs: Vec<Vec<PlacedWord>>,
}

/// Reads pages that are pictures.
#[async_trait]
pub trait Recognize: Debug + Send + Sync {
    /// Reads page `number` (from 1) of the file at `path`. A page with nothing on it has no
    /// paragraphs.
    ///
    /// # Errors
    /// When the page cannot be drawn or read, or over a limit.
    async fn recognize(
        &self,
        path: &Path,
        number: u32,
        passwords: &Passwords,
    ) -> Result<RecognizedPage, ParseError>;
}

/// Tesseract, a program of its own.
#[derive(Clone, Debug)]
pub struct Tesseract {
    program: PathBuf,
    languages: String,
    sandbox: Sandbox,
}

/// Why Tesseract cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NoTesseract {
    /// It is not installed.
    #[error("the program `{}` is not there (Debian: `apt install tesseract-ocr tesseract-ocr-kor`)", .0.display())]
    Missing(PathBuf),
    /// It lacks a language.
    #[error("`{}` lacks the language `{language}` (Debian: `apt install tesseract-ocr-{language}`)", program.display())]
    Language {
        /// The program.
        program: PathBuf,
        /// Its name for the language.
        language: String,
    },
    /// It does not run.
    #[error("`{}` cannot be run: {reason}", program.display())]
    Broken {
        /// The program.
        program: PathBuf,
        /// What it says.
        reason: String,
    },
}

impl Tesseract {
    /// Looks whether the program is there and knows the languages, such as `kor+eng`.
    ///
    /// # Errors
    /// When it is not.
    pub async fn find(
        program: &Path,
        languages: &str,
        sandbox: Sandbox,
    ) -> Result<Self, NoTesseract> {
        let broken = |reason: String| NoTesseract::Broken {
            program: program.to_owned(),
            reason,
        };
        let output = Command::new(program)
            .arg("--list-langs")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => NoTesseract::Missing(program.to_owned()),
                _ => broken(error.to_string()),
            })?;
        if !output.status.success() {
            return Err(broken(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        // Older ones list on standard error.
        let listed = [output.stdout, output.stderr].concat();
        let listed = String::from_utf8_lossy(&listed).into_owned();
        for language in languages.split('+') {
            if !listed.lines().any(|line| line.trim() == language) {
                return Err(NoTesseract::Language {
                    program: program.to_owned(),
                    language: language.to_owned(),
                });
            }
        }
        Ok(Self {
            program: program.to_owned(),
            languages: languages.to_owned(),
            sandbox,
        })
    }

    async fn read(&self, picture: &Picture, number: u32) -> Result<RecognizedPage, ParseError> {
        let crashed = |error: io::Error| ParseError::Crashed {
            reason: format!("page {number} cannot be handed to character recognition: {error}"),
        };
        let folder = tempfile::tempdir().map_err(crashed)?;
        let image = folder.path().join("page.png");
        tokio::fs::write(&image, &picture.png)
            .await
            .map_err(crashed)?;
        let base = folder.path().join("page");
        let mut command = self.sandbox.limited(&self.program);
        command
            .arg(&image)
            .arg(&base)
            .args(["-l", &self.languages, "--psm", "4", "--dpi"])
            .arg(format!("{:.0}", picture.scale * 72.0))
            // Without this, Korean syllables stand apart.
            .args(["-c", "preserve_interword_spaces=1", "txt", "tsv"]);
        self.sandbox
            .run(command, "character recognition", number)
            .await?;
        let text = tokio::fs::read_to_string(base.with_extension("txt"));
        let table = tokio::fs::read_to_string(base.with_extension("tsv"));
        let (text, table) = (text.await.map_err(crashed)?, table.await.map_err(crashed)?);
        Ok(RecognizedPage {
            number,
            width: picture.width,
            height: picture.height,
            paragraphs: paragraphs(&text, &table, picture.scale),
        })
    }
}

#[async_trait]
impl Recognize for Tesseract {
    async fn recognize(
        &self,
        path: &Path,
        number: u32,
        passwords: &Passwords,
    ) -> Result<RecognizedPage, ParseError> {
        let picture = self.sandbox.draw(path, number, DPI, passwords).await?;
        self.read(&picture, number).await
    }
}

/// A piece of a word as Tesseract's table has it. Korean words are several.
struct Piece<'a> {
    paragraph: (u32, u32),
    rect: Rect,
    sure: f32,
    text: &'a str,
}

/// The words of a page. Its text says which pieces are one word, its table where they stand.
fn paragraphs(text: &str, table: &str, scale: f32) -> Vec<Vec<PlacedWord>> {
    let mut pieces = pieces(table, scale).into_iter().peekable();
    let mut paragraphs: Vec<Vec<PlacedWord>> = Vec::new();
    let mut open = None;
    for word in text.split_whitespace() {
        let mut left = word;
        let mut found: Option<(Rect, f32, (u32, u32))> = None;
        while let Some(piece) = pieces.next_if(|piece| left.starts_with(piece.text)) {
            left = &left[piece.text.len()..];
            found = Some(match found {
                None => (piece.rect, piece.sure, piece.paragraph),
                Some((rect, sure, paragraph)) => {
                    let rect = Rect {
                        x0: rect.x0.min(piece.rect.x0),
                        y0: rect.y0.min(piece.rect.y0),
                        x1: rect.x1.max(piece.rect.x1),
                        y1: rect.y1.max(piece.rect.y1),
                    };
                    (rect, sure.max(piece.sure), paragraph)
                }
            });
            if left.is_empty() {
                break;
            }
        }
        let Some((rect, sure, paragraph)) = found.filter(|_| left.is_empty()) else {
            // Text and table disagree: from here on no place is certain.
            break;
        };
        if sure < SURE {
            continue;
        }
        let word = PlacedWord {
            text: word.to_owned(),
            rect,
            joins: false,
        };
        match paragraphs.last_mut() {
            Some(words) if open == Some(paragraph) => words.push(word),
            _ => paragraphs.push(vec![word]),
        }
        open = Some(paragraph);
    }
    paragraphs
}

/// The rows of Tesseract's table that are words: level, page, block, paragraph, line, word, left,
/// top, width, height (in pixels), how sure it is of 100, text.
fn pieces(table: &str, scale: f32) -> Vec<Piece<'_>> {
    table
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [
                "5",
                _,
                block,
                paragraph,
                _,
                _,
                left,
                top,
                width,
                height,
                sure,
                text,
            ] = cells[..]
            else {
                return None;
            };
            let text = text.trim();
            let point = |cell: &str| cell.parse::<f32>().ok().map(|pixels| pixels / scale);
            let (x0, y0) = (point(left)?, point(top)?);
            (!text.is_empty()).then_some(Piece {
                paragraph: (block.parse().ok()?, paragraph.parse().ok()?),
                rect: Rect {
                    x0,
                    y0,
                    x1: x0 + point(width)?,
                    y1: y0 + point(height)?,
                },
                sure: sure.parse().ok()?,
                text,
            })
        })
        .collect()
}

/// The document with what was read on its pages at its end. What stood in it keeps its place.
#[must_use]
pub fn append(document: Document, pages: &[RecognizedPage]) -> Document {
    let mut builder = DocumentBuilder::resume(document);
    for page in pages {
        if page.paragraphs.is_empty() {
            continue;
        }
        builder.recognized_page(page.number, page.width, page.height);
        for words in &page.paragraphs {
            builder.placed_block(BlockKind::Paragraph, words);
        }
    }
    let mut document = builder.finish();
    document.detect_language();
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
        4\t1\t1\t1\t1\t0\t10\t10\t90\t10\t-1\t\n\
        5\t1\t1\t1\t1\t1\t10\t20\t20\t10\t93.1\t연\n\
        5\t1\t1\t1\t1\t2\t30\t18\t20\t12\t90.0\t차는\n\
        5\t1\t1\t1\t1\t3\t60\t20\t30\t10\t91.0\t15일\n\
        5\t1\t1\t1\t2\t1\t10\t40\t30\t10\t3.0\t|]\n\
        5\t1\t2\t1\t1\t1\t10\t80\t30\t10\t95.0\tLeave\n";

    #[test]
    fn pieces_of_a_word_become_one_and_blocks_become_paragraphs() {
        let found = paragraphs("연차는 15일\n|]\n\nLeave\n\u{c}", TABLE, 2.0);
        let texts: Vec<Vec<&str>> = found
            .iter()
            .map(|words| words.iter().map(|word| word.text.as_str()).collect())
            .collect();
        assert_eq!(texts, [vec!["연차는", "15일"], vec!["Leave"]]);
        let rect = found[0][0].rect;
        assert_eq!((rect.x0, rect.y0, rect.x1, rect.y1), (5.0, 9.0, 25.0, 15.0));
    }

    #[test]
    fn what_text_and_table_do_not_agree_on_is_left_out() {
        let found = paragraphs("연차는 16일\n\nLeave", TABLE, 1.0);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].len(), 1);
    }

    #[test]
    fn what_was_read_later_moves_nothing() {
        let mut builder = DocumentBuilder::default();
        builder.page(1, 100.0, 100.0);
        builder.page(2, 100.0, 100.0);
        builder.placed_block(
            BlockKind::Paragraph,
            &paragraphs("Leave", "5\t1\t1\t1\t1\t1\t1\t1\t9\t9\t99\tLeave", 1.0)[0],
        );
        let before = builder.finish();
        let page = RecognizedPage {
            number: 1,
            width: 100.0,
            height: 100.0,
            paragraphs: paragraphs("연차는 15일", TABLE, 1.0),
        };
        let after = append(before.clone(), &[page]);
        assert!(after.text.starts_with(&before.text));
        let quote = after.text.find("연차는 15일").unwrap();
        let span = quote..after.text.len();
        assert_eq!(after.pages.last().unwrap().span, span);
        assert!(after.pages.last().unwrap().recognized);
        assert_eq!(after.boxes_of(&span).len(), 1);
        assert_eq!(after.boxes_of(&(0..before.text.len())).len(), 1);
    }
}
