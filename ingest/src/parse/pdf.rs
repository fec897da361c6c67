//! PDF: lopdf for the file, an own text layer with positions on it.
//!
//! | file | what it is for |
//! |---|---|
//! | `lexer.rs` | content of pages to operands and operators |
//! | `content.rs` | operators to characters and ruling lines with places |
//! | `annotations.rs` | fields of forms and notes, as part of the page |
//! | `layers.rs` | layers that are switched off |
//! | `font.rs`, `encoding.rs`, `embedded.rs`, `standard.rs` | codes of a font to Unicode and widths |
//! | `quality.rs` | whether a page can be read or needs its picture read |
//! | `words.rs`, `order.rs` | characters to words, and to lines in reading order |
//! | `table.rs`, `layout.rs` | lines to tables and blocks |
//! | `outline.rs`, `files.rs`, `tree.rs` | the outline, labels of pages, files inside |
//!
//! Why not lopdf's own `extract_text`: it loses Korean and has no places. Every loop over
//! foreign data has a budget; a page that fails is a problem, not the end of the file.

mod annotations;
mod content;
mod embedded;
mod encoding;
mod files;
mod font;
mod layers;
mod layout;
mod lexer;
mod order;
mod outline;
mod quality;
mod standard;
mod table;
mod tree;
mod words;

use lopdf::{Dictionary, Document as Pdf, Error, LoadOptions, Object, ObjectId};

use super::{ParseError, Parsed, Progress};
use crate::{DocumentBuilder, Problem};
use content::Printed;
use layout::PageLayout;

/// Bytes that one stream may have once it is decompressed.
const MAX_STREAM: usize = 64 << 20;
/// Pages that are read.
const MAX_PAGES: usize = 20_000;
/// Parents that are looked up for what a page inherits.
const MAX_PARENTS: usize = 50;

/// Reads a PDF.
///
/// # Errors
/// When it is encrypted with a password, damaged beyond repair, or over a limit.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let options = LoadOptions {
        max_decompressed_size: Some(MAX_STREAM),
        ..LoadOptions::default()
    };
    let mut pdf = Pdf::load_mem_with_options(bytes, options).map_err(|error| refusal(&error))?;
    if pdf.is_encrypted() && !is_plain(&pdf) {
        return Err(ParseError::Encrypted {
            reason: "it needs a password".to_owned(),
        });
    }
    mend_streams(&mut pdf, bytes);
    let pdf = pdf;
    let pages: Vec<(u32, ObjectId)> = pdf.get_pages().into_iter().collect();
    if pages.is_empty() {
        return Err(ParseError::Damaged {
            reason: "it has no pages that can be read".to_owned(),
        });
    }
    if pages.len() > MAX_PAGES {
        return Err(ParseError::Limit {
            reason: format!(
                "it has {} pages, and {MAX_PAGES} is the most that is read",
                pages.len()
            ),
        });
    }
    let total = u32::try_from(pages.len()).ok();
    let layers = layers::Layers::of(&pdf);
    let mut outline = outline::outline(&pdf, &pages);
    let mut labels = outline::labels(&pdf, &pages);
    let mut problems = Vec::new();
    let mut fonts = font::Fonts::default();
    let mut layouts = Vec::with_capacity(pages.len());
    let mut lacking = Vec::new();
    let mut unreadable = 0;
    for (number, id) in &pages {
        let frame = Frame::of(&pdf, *id);
        let (mut printed, fault) = match content::read_page(&pdf, *id, &frame, &mut fonts, &layers)
        {
            Ok(printed) => {
                let fault = printed
                    .is_cut
                    .then(|| "is too large: only its beginning is read".to_owned());
                (printed, fault)
            }
            Err(reason) => (Printed::default(), Some(reason)),
        };
        let failed = fault.is_some();
        if let Some(fault) = fault {
            problems.push(Problem {
                page: Some(*number),
                message: format!("page {number} {fault}"),
            });
        }
        unreadable += printed.unreadable;
        if let Some(lack) = quality::judge(&mut printed) {
            lacking.push((*number, lack));
        } else if failed && printed.glyphs.is_empty() {
            lacking.push((*number, quality::Lack::Text));
        }
        let entries = outline.remove(number).unwrap_or_default();
        let size = (frame.width, frame.height);
        let mut layout = PageLayout::new(*number, size, printed, &entries);
        layout.label = labels.remove(number);
        layouts.push(layout);
        progress(*number, total);
    }
    if unreadable > 0 {
        problems.push(Problem::of_file(format!(
            "{unreadable} characters are in fonts that do not say which characters they are"
        )));
    }
    problems.extend(quality::problems(&lacking, pages.len()));
    let attachments = files::read(&pdf, &pages, &mut problems);
    let mut builder = DocumentBuilder::default();
    if let Some(title) = title(&pdf) {
        builder.title(&title);
    }
    layout::push_pages(layouts, &mut builder);
    Ok(Parsed {
        document: builder.finish(),
        problems,
        attachments,
        needs_ocr: lacking.into_iter().map(|(number, _)| number).collect(),
    })
}

/// Whether a file that is encrypted leaves all but the files in it as they are.
fn is_plain(pdf: &Pdf) -> bool {
    let Ok(encryption) = pdf.get_encrypted() else {
        return false;
    };
    [&b"StmF"[..], b"StrF"].iter().all(|key| {
        encryption
            .get_deref(key, pdf)
            .and_then(Object::as_name)
            .map_or(true, |name| name == b"Identity")
    }) && encryption
        .get_deref(b"V", pdf)
        .and_then(Object::as_i64)
        .is_ok_and(|version| version >= 4)
}

/// Finds the bytes of streams that do not say how long they are.
fn mend_streams(pdf: &mut Pdf, bytes: &[u8]) {
    if pdf.was_encrypted() {
        return;
    }
    let mut left = MAX_STREAM;
    for object in pdf.objects.values_mut() {
        let Object::Stream(stream) = object else {
            continue;
        };
        let Some(rest) = stream
            .start_position
            .filter(|_| stream.content.is_empty())
            .and_then(|start| bytes.get(start..))
        else {
            continue;
        };
        let rest = &rest[..rest.len().min(left)];
        let end = b"endstream";
        if let Some(length) = rest.windows(end.len()).position(|window| window == end) {
            left -= length;
            let content = rest[..length].trim_ascii_end().to_vec();
            stream.set_content(content);
        } else {
            // What has no end is looked through once.
            left = 0;
        }
    }
}

fn refusal(error: &Error) -> ParseError {
    match error {
        Error::InvalidPassword | Error::Decryption(_) | Error::AlreadyEncrypted => {
            ParseError::Encrypted {
                reason: "it needs a password".to_owned(),
            }
        }
        Error::Decompress(_) => ParseError::Limit {
            reason: format!(
                "a part of it has more than {} MB once decompressed",
                MAX_STREAM >> 20
            ),
        },
        other => ParseError::Damaged {
            reason: other.to_string(),
        },
    }
}

/// The title in the file's properties, unless it is a file's name.
fn title(pdf: &Pdf) -> Option<String> {
    let info = pdf.trailer.get_deref(b"Info", pdf).ok()?.as_dict().ok()?;
    let bytes = info.get_deref(b"Title", pdf).ok()?.as_str().ok()?;
    let title = text_string(bytes);
    let lower = title.trim().to_lowercase();
    let is_file = [
        ".doc", ".docx", ".hwp", ".pdf", ".xlsx", ".tex", ".indd", ".ppt", ".pptx",
    ]
    .iter()
    .any(|ending| lower.ends_with(ending));
    (!is_file
        && !lower.is_empty()
        && !matches!(lower.as_str(), "untitled" | "(anonymous)" | "제목 없음")
        && !lower.starts_with("microsoft word"))
    .then_some(title)
}

/// A string of the file's properties: UTF-16 or UTF-8 with a mark, or nearly Latin 1.
fn text_string(bytes: &[u8]) -> String {
    if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[length..])
            .0
            .into_owned();
    }
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// How a page is shown: what part of it, turned how.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Left, bottom, right, top of what is shown, before it is turned.
    area: [f32; 4],
    /// Quarter turns clockwise.
    turns: u8,
    width: f32,
    height: f32,
}

impl Frame {
    fn of(pdf: &Pdf, page: ObjectId) -> Self {
        let area = inherited(pdf, page, b"CropBox")
            .and_then(|object| rectangle(pdf, object))
            .or_else(|| inherited(pdf, page, b"MediaBox").and_then(|object| rectangle(pdf, object)))
            .unwrap_or([0.0, 0.0, 612.0, 792.0]);
        let turn = inherited(pdf, page, b"Rotate")
            .and_then(|object| object.as_i64().ok())
            .unwrap_or(0);
        let turns = u8::try_from((turn / 90).rem_euclid(4)).unwrap_or(0);
        let (width, height) = (area[2] - area[0], area[3] - area[1]);
        let (width, height) = if turns % 2 == 1 {
            (height, width)
        } else {
            (width, height)
        };
        Self {
            area,
            turns,
            width,
            height,
        }
    }

    /// A place of the page as it is shown: from the top left, downwards.
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let [left, bottom, right, top] = self.area;
        match self.turns {
            0 => (x - left, top - y),
            1 => (y - bottom, x - left),
            2 => (right - x, y - bottom),
            _ => (top - y, right - x),
        }
    }
}

fn rectangle(pdf: &Pdf, object: &Object) -> Option<[f32; 4]> {
    let values: Vec<f32> = object
        .as_array()
        .ok()?
        .iter()
        .filter_map(|value| pdf.dereference(value).ok()?.1.as_float().ok())
        .collect();
    let [a, b, c, d] = values[..] else {
        return None;
    };
    let area = [a.min(c), b.min(d), a.max(c), b.max(d)];
    (area[2] - area[0] > 1.0
        && area[3] - area[1] > 1.0
        && area.iter().all(|value| value.is_finite()))
    .then_some(area)
}

/// What a page says, or the nearest of its parents.
fn inherited<'a>(pdf: &'a Pdf, page: ObjectId, key: &[u8]) -> Option<&'a Object> {
    let mut node: &Dictionary = pdf.get_dictionary(page).ok()?;
    for _ in 0..MAX_PARENTS {
        if let Ok(object) = node.get_deref(key, pdf) {
            return Some(object);
        }
        node = node.get_deref(b"Parent", pdf).ok()?.as_dict().ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use lopdf::{Stream, dictionary};

    use super::*;
    use crate::{BlockKind, Document};

    /// A file with these pages, each a rotation and its content, in Helvetica.
    fn file(pages: &[(i64, &str)]) -> Vec<u8> {
        let mut pdf = Pdf::with_version("1.5");
        let parent = pdf.new_object_id();
        let font = pdf.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
        });
        let form = pdf.add_object(Stream::new(
            dictionary! {
                "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 600.into(), 800.into()],
                "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
            },
            b"BT /F1 10 Tf 50 300 Td (Inside a form.) Tj ET".to_vec(),
        ));
        let kids: Vec<Object> = pages
            .iter()
            .map(|(turn, content)| {
                let content = pdf.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
                pdf.add_object(dictionary! {
                    "Type" => "Page", "Parent" => parent, "Contents" => content, "Rotate" => *turn,
                    "Resources" => dictionary! {
                        "Font" => dictionary! { "F1" => font }, "XObject" => dictionary! { "X1" => form },
                    },
                })
                .into()
            })
            .collect();
        pdf.objects.insert(
            parent,
            Object::Dictionary(dictionary! {
                "Type" => "Pages", "Count" => i64::try_from(kids.len()).unwrap(), "Kids" => kids,
                "MediaBox" => vec![0.into(), 0.into(), 600.into(), 800.into()],
            }),
        );
        let catalog = pdf.add_object(dictionary! { "Type" => "Catalog", "Pages" => parent });
        pdf.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        pdf.save_to(&mut bytes).unwrap();
        bytes
    }

    fn read(pages: &[(i64, &str)]) -> (Document, Vec<Problem>) {
        let parsed = parse(&file(pages), &|_, _| {}).unwrap();
        (parsed.document, parsed.problems)
    }

    #[test]
    fn lines_of_a_paragraph_join_and_words_have_places() {
        let (document, problems) = read(&[(
            0,
            "BT /F1 10 Tf 14 TL 50 700 Td (Annual leave is fifteen days in a full year of continu-) Tj T* \
             (ous work and is paid as a whole.) Tj ET BT /F1 10 Tf 50 600 Td [(Sec) 20 (ond) -400 (para)] TJ ET",
        )]);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            document.text,
            "Annual leave is fifteen days in a full year of continuous work and is paid as a whole.\n\nSecond para"
        );
        let word = &document.pages[0].words[0];
        assert_eq!(&document.text[word.span.clone()], "Annual");
        assert!((word.rect.x0 - 50.0).abs() < 0.1, "{:?}", word.rect);
        assert!(
            word.rect.y0 > 88.0 && word.rect.y1 < 104.0,
            "{:?}",
            word.rect
        );
        assert!(
            word.rect.x1 > 75.0 && word.rect.x1 < 90.0,
            "{:?}",
            word.rect
        );
    }

    #[test]
    fn a_turned_page_and_a_form_are_read() {
        let (document, _) = read(&[(
            90,
            "BT /F1 10 Tf 0 1 -1 0 300 100 Tm (Turned page.) Tj ET BT 1 0 0 1 0 0 Tm ET q 0 1 -1 0 500 0 cm /X1 Do Q",
        )]);
        assert!(document.text.contains("Turned page."), "{}", document.text);
        assert!(
            document.text.contains("Inside a form."),
            "{}",
            document.text
        );
        assert!((document.pages[0].width - 800.0).abs() < 0.1);
        let word = document.pages[0]
            .words
            .iter()
            .find(|word| &document.text[word.span.clone()] == "Turned")
            .unwrap();
        assert!(
            (word.rect.x0 - 100.0).abs() < 0.1 && word.rect.y0 > 288.0 && word.rect.y1 < 304.0,
            "{:?}",
            word.rect
        );
    }

    #[test]
    fn ruled_cells_are_a_table() {
        let (document, _) = read(&[(
            0,
            "0.5 w 50 700 m 250 700 l S 50 680 m 250 680 l S 50 660 m 250 660 l S 50 660 m 50 700 l S \
             150 660 m 150 700 l S 250 660 m 250 700 l S BT /F1 10 Tf 55 686 Td (Code) Tj 100 0 Td (Price) Tj \
             -100 -20 Td (PPR-9087) Tj 100 0 Td (418,000) Tj ET",
        )]);
        assert_eq!(document.text, "Code\tPrice\nPPR-9087\t418,000");
        assert!(matches!(
            document.blocks[0].kind,
            BlockKind::Cell { header: true, .. }
        ));
        assert!(matches!(
            document.blocks[3].kind,
            BlockKind::Cell {
                row: 1,
                column: 1,
                header: false,
                ..
            }
        ));
    }

    #[test]
    fn what_repeats_on_every_page_stays_once_and_page_numbers_go() {
        let page = |number: u32| {
            format!(
                "BT /F1 8 Tf 50 780 Td (Company rules) Tj ET BT /F1 10 Tf 50 600 Td (Text number {number} stands here alone.) Tj ET \
                 BT /F1 8 Tf 300 20 Td ({number} / 3) Tj ET"
            )
        };
        let pages = [page(1), page(2), page(3)];
        let pages: Vec<(i64, &str)> = pages.iter().map(|page| (0, page.as_str())).collect();
        let (document, _) = read(&pages);
        assert!(
            document.text.starts_with("Company rules")
                && document.text.matches("Company").count() == 1
                && !document.text.contains("/ 3"),
            "{}",
            document.text
        );
        assert_eq!(document.pages.len(), 3);
    }

    #[test]
    fn pages_that_say_nothing_but_a_title_keep_it() {
        let pages = ["0", "1", "2", "3"]
            .map(|number| format!("BT /F1 12 Tf 50 780 Td (Slide {number}) Tj ET"));
        let pages: Vec<(i64, &str)> = pages.iter().map(|page| (0, page.as_str())).collect();
        let (document, problems) = read(&pages);
        assert_eq!(document.text, "Slide 0\n\nSlide 1\n\nSlide 2\n\nSlide 3");
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn a_page_without_text_is_told_and_damage_refused() {
        let (_, problems) = read(&[
            (0, "BT /F1 10 Tf 50 700 Td (Text.) Tj ET"),
            (0, "0 0 10 10 re f"),
        ]);
        assert_eq!(problems[0].message, "page 2 has no text layer");
        assert!(matches!(
            parse(b"%PDF-1.7 nothing", &|_, _| {}),
            Err(ParseError::Damaged { .. })
        ));
    }

    #[test]
    fn two_columns_are_read_one_after_the_other() {
        let mut content = String::new();
        for (x, name) in [(50, "left"), (330, "right")] {
            for line in 0..5 {
                use std::fmt::Write as _;
                let y = 700 - line * 14;
                write!(
                    content,
                    "BT /F1 10 Tf {x} {y} Td (the {name} column goes on in line {line}) Tj ET "
                )
                .unwrap();
            }
        }
        let (document, _) = read(&[(0, &content)]);
        let right = document.text.find("right").unwrap();
        assert!(
            document.text.rfind("left").unwrap() < right,
            "{}",
            document.text
        );
    }
}
