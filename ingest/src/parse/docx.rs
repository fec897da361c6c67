//! DOCX: the text of a Word document with its headings, lists and tables.
//!
//! Read by hand from the parts of the ZIP container, without recursion and within limits.
//! Kept: inserted text, text boxes, footnotes and endnotes (after the text), the numbers
//! that Word makes for lists and articles. Left out: deleted and hidden text, comments,
//! headers and footers (they repeat on every page), the codes of fields.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::container::{self, Container};
use super::flow::{Grid, Item, MAX_NESTED_TABLES, roman};
use super::xml::{Piece, attribute, each_element, first_text, walk};
use super::{ParseError, Parsed, Progress, ooxml};
use crate::{DocumentBuilder, Problem};

/// Styles build on others; a longer chain is a loop.
const MAX_STYLE_CHAIN: usize = 30;
/// Text boxes inside text boxes: below this depth they are part of the text around them.
const MAX_NESTED_BOXES: usize = 8;

/// Whether the bytes are a Word document.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    container::has_part(bytes, |name| {
        name.starts_with("word/document")
            && std::path::Path::new(name).extension() == Some("xml".as_ref())
    })
}

/// Reads a Word document.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut container = Container::open(bytes)?;
    let mut problems = Vec::new();
    let main = main_part(&mut container);
    let Some(text) = container.part(&main)? else {
        return Err(ParseError::Damaged {
            reason: format!("it has no part `{main}`"),
        });
    };
    let styles = container.part("word/styles.xml")?.unwrap_or_default();
    let styles = Styles::read(&styles);
    let numbering = container.part("word/numbering.xml")?.unwrap_or_default();
    let mut numbering = Numbering::read(&numbering);

    let mut builder = DocumentBuilder::default();
    if let Some(core) = container.part("docprops/core.xml")? {
        builder.title(&first_text(&core, "title"));
        builder.properties(ooxml::properties(&core));
    }
    let mut body = Body::new(&styles, &mut numbering);
    if let Some(problem) = body.read(&text, &main) {
        if body.items.is_empty() {
            return Err(ParseError::Damaged { reason: problem });
        }
        problems.push(Problem::of_file(problem));
    }
    drop(text);
    for notes in ["word/footnotes.xml", "word/endnotes.xml"] {
        if let Some(text) = container.part(notes)?
            && let Some(problem) = body.read(&text, notes)
        {
            problems.push(Problem::of_file(problem));
        }
    }
    if body.embedded > 0 {
        problems.push(Problem::of_file(format!(
            "{} embedded in it {} not read",
            if body.embedded == 1 {
                "1 file".to_owned()
            } else {
                format!("{} files", body.embedded)
            },
            if body.embedded == 1 { "was" } else { "were" },
        )));
    }
    for item in body.items {
        item.push_to(&mut builder);
    }
    progress(1, Some(1));
    Ok(Parsed::new(builder.finish(), problems))
}

/// Where the text is: what the container's relations say, or the usual place.
fn main_part(container: &mut Container<'_>) -> String {
    let usual = "word/document.xml";
    if container.has(usual) {
        return usual.to_owned();
    }
    let named = container
        .part("_rels/.rels")
        .ok()
        .flatten()
        .and_then(|relations| {
            let mut target = None;
            each_element(&relations, |element, _| {
                if element.local_name().as_ref() == "Relationship"
                    && attribute(element, "Type")
                        .is_some_and(|kind| kind.ends_with("/officeDocument"))
                {
                    target = attribute(element, "Target");
                }
            });
            target.map(|target| target.trim_start_matches('/').to_lowercase())
        });
    named
        .filter(|name| container.has(name))
        .or_else(|| container.names("word/document").into_iter().next())
        .unwrap_or_else(|| usual.to_owned())
}

/// Whether an element such as `<w:vanish/>` says yes.
fn is_on(element: &BytesStart<'_>) -> bool {
    !matches!(
        attribute(element, "val").as_deref(),
        Some("0" | "false" | "off" | "none")
    )
}

/// What a paragraph takes from its style.
#[derive(Clone, Debug, Default)]
struct Style {
    based_on: Option<String>,
    /// 1 for the outermost heading.
    heading: Option<u8>,
    list: Option<String>,
    list_level: Option<usize>,
}

#[derive(Debug, Default)]
struct Styles {
    by_id: HashMap<String, Style>,
}

impl Styles {
    fn read(text: &str) -> Self {
        let mut styles = Self::default();
        let mut id = None;
        each_element(text, |element, around| {
            let name = element.local_name();
            match name.as_ref() {
                "style" => {
                    id = attribute(element, "styleId");
                    if let Some(id) = &id {
                        styles.by_id.entry(id.clone()).or_default();
                    }
                }
                _ if !around.iter().any(|name| name == "style") => {}
                part => {
                    let value = attribute(element, "val");
                    let Some(style) = id.as_ref().and_then(|id| styles.by_id.get_mut(id)) else {
                        return;
                    };
                    match part {
                        "basedOn" => style.based_on = value,
                        "name" => {
                            style.heading = style.heading.or(value.as_deref().and_then(heading_of));
                        }
                        "outlineLvl" => {
                            style.heading =
                                value.and_then(|value| outline(&value)).or(style.heading);
                        }
                        "numId" => style.list = value,
                        "ilvl" => style.list_level = value.and_then(|value| value.parse().ok()),
                        _ => {}
                    }
                }
            }
        });
        styles
    }

    /// The style with what it takes from those it is based on.
    fn get(&self, id: &str) -> Style {
        let mut style = Style::default();
        let mut next = Some(id.to_owned());
        for _ in 0..MAX_STYLE_CHAIN {
            let Some(found) = next.as_ref().and_then(|id| self.by_id.get(id)) else {
                break;
            };
            style.heading = style.heading.or(found.heading);
            style.list = style.list.or_else(|| found.list.clone());
            style.list_level = style.list_level.or(found.list_level);
            next.clone_from(&found.based_on);
        }
        style
    }
}

/// The level that the name of a style says: `heading 2`, `제목 2`, `Title`.
pub(super) fn heading_of(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    if matches!(name.as_str(), "title" | "제목") {
        return Some(1);
    }
    let number = name
        .strip_prefix("heading")
        .or_else(|| name.strip_prefix("제목"))?;
    number
        .trim()
        .parse()
        .ok()
        .filter(|level| (1..=9).contains(level))
}

/// The level of an outline: 0 to 8 are headings, 9 is running text.
fn outline(value: &str) -> Option<u8> {
    let level: u8 = value.parse().ok()?;
    (level < 9).then_some(level + 1)
}

/// A level of a list: how Word writes its numbers.
#[derive(Clone, Debug)]
struct Level {
    format: String,
    text: String,
    start: u32,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            format: "decimal".to_owned(),
            text: String::new(),
            start: 1,
        }
    }
}

/// The lists of a document and how far each has counted.
#[derive(Debug, Default)]
struct Numbering {
    levels: HashMap<(String, usize), Level>,
    lists: HashMap<String, String>,
    starts: HashMap<(String, usize), u32>,
    counts: HashMap<String, Vec<Option<u32>>>,
}

/// Word has nine.
const LIST_LEVELS: usize = 9;

impl Numbering {
    fn read(text: &str) -> Self {
        let mut numbering = Self::default();
        let (mut definition, mut list, mut level) = (String::new(), None::<String>, 0_usize);
        each_element(text, |element, around| {
            let name = element.local_name();
            let value = || attribute(element, "val");
            match name.as_ref() {
                "abstractNum" => {
                    definition = attribute(element, "abstractNumId").unwrap_or_default();
                    list = None;
                }
                "num" => list = attribute(element, "numId"),
                "abstractNumId" => {
                    if let (Some(list), Some(value)) = (&list, value()) {
                        numbering.lists.insert(list.clone(), value);
                    }
                }
                "lvl" | "lvlOverride" => {
                    level = attribute(element, "ilvl")
                        .and_then(|level| level.parse().ok())
                        .unwrap_or(0);
                }
                "startOverride" => {
                    if let (Some(list), Some(start)) =
                        (&list, value().and_then(|value| value.parse().ok()))
                    {
                        numbering.starts.insert((list.clone(), level), start);
                    }
                }
                part @ ("start" | "numFmt" | "lvlText")
                    if list.is_none() && around.iter().any(|name| name == "lvl") =>
                {
                    let entry = numbering
                        .levels
                        .entry((definition.clone(), level))
                        .or_default();
                    match (part, value()) {
                        ("start", Some(value)) => entry.start = value.parse().unwrap_or(1),
                        ("numFmt", Some(value)) => entry.format = value,
                        ("lvlText", Some(value)) => entry.text = value,
                        _ => {}
                    }
                }
                _ => {}
            }
        });
        numbering
    }

    /// The number that Word writes before the next paragraph of this list, if it writes one.
    fn next(&mut self, list: &str, level: usize) -> Option<String> {
        let level = level.min(LIST_LEVELS - 1);
        let definition = self.lists.get(list)?.clone();
        // Lists of one definition count on together, unless one says where it starts.
        let counter = if self.starts.keys().any(|(started, _)| started == list) {
            format!("list {list}")
        } else {
            definition.clone()
        };
        let start_of = |numbering: &Self, level: usize| {
            numbering
                .starts
                .get(&(list.to_owned(), level))
                .copied()
                .or_else(|| {
                    numbering
                        .levels
                        .get(&(definition.clone(), level))
                        .map(|level| level.start)
                })
                .unwrap_or(1)
        };
        let start = start_of(self, level);
        let counts = self
            .counts
            .entry(counter.clone())
            .or_insert_with(|| vec![None; LIST_LEVELS]);
        counts[level] = Some(counts[level].map_or(start, |count| count.saturating_add(1)));
        for below in &mut counts[level + 1..] {
            *below = None;
        }
        let counts = counts.clone();
        let own = self.levels.get(&(definition.clone(), level))?;
        if matches!(own.format.as_str(), "bullet" | "none") {
            return None;
        }
        let mut text = own.text.clone();
        for (above, count) in counts.iter().enumerate().take(level + 1) {
            let mark = format!("%{}", above + 1);
            if text.contains(&mark) {
                let format = self
                    .levels
                    .get(&(definition.clone(), above))
                    .map_or("decimal", |level| level.format.as_str());
                let count = count.unwrap_or_else(|| start_of(self, above));
                text = text.replace(&mark, &numeral(count, format));
            }
        }
        let text = text.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

/// A number as a list writes it.
pub(super) fn numeral(number: u32, format: &str) -> String {
    let of = |letters: &str| {
        let letters: Vec<char> = letters.chars().collect();
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(0);
        let letter = letters[index % letters.len()];
        std::iter::repeat_n(letter, index / letters.len() % 8 + 1).collect::<String>()
    };
    match format {
        "ganada" => of("가나다라마바사아자차카타파하"),
        "chosung" => of("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
        "lowerLetter" => of("abcdefghijklmnopqrstuvwxyz"),
        "upperLetter" => of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "lowerRoman" => roman(number).to_lowercase(),
        "upperRoman" => roman(number),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if (1..=20).contains(&number) => {
            char::from_u32(0x245F + number)
                .map(String::from)
                .unwrap_or_default()
        }
        "decimalZero" => format!("{number:02}"),
        _ => number.to_string(),
    }
}

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    heading: Option<u8>,
    list: Option<String>,
    list_level: Option<usize>,
}

#[derive(Debug, Default)]
struct Table {
    grid: Grid,
    /// The cell that is open.
    cell: Option<Vec<Item>>,
    columns: usize,
    continues: bool,
}

/// Reads the parts that hold text, one after the other.
struct Body<'a> {
    styles: &'a Styles,
    numbering: &'a mut Numbering,
    items: Vec<Item>,
    embedded: usize,
    tables: Vec<Table>,
    /// Paragraphs that are open: one inside another where a text box stands in it.
    paragraphs: Vec<Paragraph>,
    hidden: bool,
    in_text: bool,
}

/// Elements that are left out with all that is in them.
fn is_skipped(name: &str) -> bool {
    matches!(
        name,
        "del"
            | "moveFrom"
            | "instrText"
            | "delText"
            | "delInstrText"
            | "Fallback"
            | "pPrChange"
            | "rPrChange"
            | "tblPrChange"
            | "tcPrChange"
            | "trPrChange"
            | "sectPr"
            | "rt"
            | "sdtPr"
            | "docPartObj"
    )
}

impl<'a> Body<'a> {
    fn new(styles: &'a Styles, numbering: &'a mut Numbering) -> Self {
        Self {
            styles,
            numbering,
            items: Vec::new(),
            embedded: 0,
            tables: Vec::new(),
            paragraphs: Vec::new(),
            hidden: false,
            in_text: false,
        }
    }

    /// Reads a part; says what is wrong with it if it ends early.
    fn read(&mut self, text: &str, part: &str) -> Option<String> {
        let is_left_out = |name: &str, element: &BytesStart<'_>| {
            let is_separator = matches!(name, "footnote" | "endnote")
                && matches!(
                    attribute(element, "type").as_deref(),
                    Some("separator" | "continuationSeparator" | "continuationNotice")
                );
            is_skipped(name) || is_separator
        };
        let problem = walk(text, part, is_left_out, |piece| match piece {
            Piece::Start(name, element) => self.start(name, element),
            Piece::End(name) => self.end(name),
            Piece::Text(text) if self.in_text => self.push(text),
            Piece::Text(_) => {}
        });
        // What a damaged part left open.
        while !self.paragraphs.is_empty() {
            self.end("p");
        }
        while !self.tables.is_empty() {
            self.end("tc");
            self.end("tbl");
        }
        self.in_text = false;
        self.hidden = false;
        problem
    }

    fn push(&mut self, text: &str) {
        if !self.hidden
            && let Some(paragraph) = self.paragraphs.last_mut()
        {
            paragraph.text.push_str(text);
        }
    }

    fn start(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "p" => {
                if self.paragraphs.len() <= MAX_NESTED_BOXES {
                    self.paragraphs.push(Paragraph::default());
                } else {
                    self.push(" ");
                }
            }
            "r" => self.hidden = false,
            "vanish" | "webHidden" if name == "vanish" && self.in_run_properties() => {
                self.hidden = is_on(element);
            }
            "t" => self.in_text = true,
            "tab" | "br" | "cr" | "ptab" => self.push(" "),
            "noBreakHyphen" => self.push("-"),
            "altChunk" | "OLEObject" => self.embedded += 1,
            "pStyle" => self.set(element, |paragraph, value| paragraph.style = Some(value)),
            "outlineLvl" => self.set(element, |paragraph, value| {
                paragraph.heading = outline(&value);
            }),
            "numId" => self.set(element, |paragraph, value| paragraph.list = Some(value)),
            "ilvl" => self.set(element, |paragraph, value| {
                paragraph.list_level = value.parse().ok();
            }),
            "tbl" => self.tables.push(Table::default()),
            _ => self.start_in_table(name, element),
        }
    }

    fn start_in_table(&mut self, name: &str, element: &BytesStart<'_>) {
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        let number = || attribute(element, "val").and_then(|value| value.parse::<usize>().ok());
        match name {
            "tr" => table.grid.row(),
            "tblHeader" => table.grid.header(is_on(element)),
            "gridBefore" => table.grid.skip(number().unwrap_or(0)),
            "tc" => {
                table.cell = Some(Vec::new());
                table.columns = 1;
                table.continues = false;
            }
            "gridSpan" => table.columns = number().unwrap_or(1),
            "vMerge" => table.continues = attribute(element, "val").as_deref() != Some("restart"),
            _ => {}
        }
    }

    /// `w:vanish` also stands in the properties of paragraph marks and styles, where it hides
    /// no text; those come before the paragraph has any.
    fn in_run_properties(&self) -> bool {
        !self.paragraphs.is_empty()
    }

    fn set(&mut self, element: &BytesStart<'_>, set: impl FnOnce(&mut Paragraph, String)) {
        if let (Some(paragraph), Some(value)) =
            (self.paragraphs.last_mut(), attribute(element, "val"))
        {
            set(paragraph, value);
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "r" => self.hidden = false,
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.hidden = false;
                    let item = self.item(paragraph);
                    self.add(item);
                }
            }
            "tc" => {
                if let Some(table) = self.tables.last_mut()
                    && let Some(items) = table.cell.take()
                {
                    if table.continues {
                        table.grid.continued_cell(table.columns);
                    } else {
                        table.grid.cell(items, table.columns, 1);
                    }
                }
            }
            "tbl" => {
                if let Some(table) = self.tables.pop() {
                    let keep_nested = self.tables.len() < MAX_NESTED_TABLES;
                    for item in table.grid.finish(true, keep_nested) {
                        self.add(Some(item));
                    }
                }
            }
            _ => {}
        }
    }

    fn item(&mut self, paragraph: Paragraph) -> Option<Item> {
        let style = paragraph
            .style
            .as_deref()
            .map(|id| self.styles.get(id))
            .unwrap_or_default();
        let list = paragraph.list.or(style.list).filter(|list| list != "0");
        let level = paragraph.list_level.or(style.list_level).unwrap_or(0);
        if paragraph.text.trim().is_empty() {
            return None;
        }
        let number = list
            .as_deref()
            .and_then(|list| self.numbering.next(list, level));
        let text = match number {
            Some(number) => format!("{number} {}", paragraph.text.trim()),
            None => paragraph.text,
        };
        Some(match paragraph.heading.or(style.heading) {
            Some(level) => Item::Heading {
                level: level.min(6),
                text,
            },
            None if list.is_some() => Item::ListItem {
                level: u8::try_from(level.min(LIST_LEVELS)).unwrap_or(8) + 1,
                text,
            },
            None => Item::Paragraph(text),
        })
    }

    fn add(&mut self, item: Option<Item>) {
        let Some(item) = item else { return };
        match self.tables.last_mut().and_then(|table| table.cell.as_mut()) {
            Some(cell) => cell.push(item),
            None => self.items.push(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::{BlockKind, Properties};

    fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut archive = zip::ZipWriter::new(&mut bytes);
        for (name, text) in parts {
            archive
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        bytes.into_inner()
    }

    fn read(body: &str) -> crate::Document {
        let text = format!("<w:document xmlns:w='w'><w:body>{body}</w:body></w:document>");
        let bytes = docx(&[("word/document.xml", &text)]);
        assert!(recognizes(&bytes, "a.docx"));
        parse(&bytes, &|_, _| {}).unwrap().document
    }

    #[test]
    fn text_is_read_without_what_was_deleted_or_hidden() {
        let document = read(
            "<w:p><w:r><w:t>연차는 </w:t></w:r><w:del><w:r><w:delText>10</w:delText></w:r></w:del>\
             <w:ins><w:r><w:t>15일</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>비밀</w:t></w:r>\
             <w:r><w:t> A&amp;B이다.</w:t></w:r></w:p>",
        );
        assert_eq!(document.text, "연차는 15일 A&B이다.");
    }

    #[test]
    fn who_wrote_it_and_when_is_read() {
        let properties = |core: &str| {
            let body = "<w:document><w:p><w:t>연차는 열다섯 날이다.</w:t></w:p></w:document>";
            let core = format!("<cp:coreProperties xmlns:dc='d'>{core}</cp:coreProperties>");
            let bytes = docx(&[("word/document.xml", body), ("docProps/core.xml", &core)]);
            parse(&bytes, &|_, _| {}).unwrap().document.properties
        };
        assert_eq!(
            properties(
                "<dc:title>a</dc:title><dc:creator>김민아;Lee &amp; Co</dc:creator><cp:lastModifiedBy>박</cp:lastModifiedBy>\
                 <dcterms:created>2026-03-31T23:59:59Z</dcterms:created><dcterms:modified>2026-04-01T00:00:00Z</dcterms:modified>"
            ),
            Properties::said(["김민아, Lee & Co"], "2026-03-31", "2026-04-01")
        );
        // What python-docx starts from, days of no calendar, and a part without end.
        let template = "<dc:creator>python-docx</dc:creator><dcterms:created>2013-12-23T23:15:00Z</dcterms:created>\
            <dcterms:modified>2026-02-30T00:00:00Z</dcterms:modified>";
        assert!(properties(template).is_empty());
        let endless = format!("<dc:creator>{}", "\u{202E}Kim ".repeat(400_000));
        let author = properties(&endless).author.unwrap();
        assert!(author.starts_with("Kim Kim") && author.chars().count() <= 200);
        assert!(properties(&"<dc:creator>".repeat(200_000)).is_empty());
    }

    #[test]
    fn headings_and_numbers_come_from_styles() {
        let styles = "<w:styles xmlns:w='w'><w:style w:styleId='a'><w:name w:val='heading 2'/></w:style>\
            <w:style w:styleId='b'><w:basedOn w:val='a'/><w:pPr><w:numPr><w:numId w:val='7'/></w:numPr></w:pPr></w:style></w:styles>";
        let numbering = "<w:numbering xmlns:w='w'><w:abstractNum w:abstractNumId='3'><w:lvl w:ilvl='0'>\
            <w:start w:val='4'/><w:numFmt w:val='decimal'/><w:lvlText w:val='제%1조'/></w:lvl></w:abstractNum>\
            <w:num w:numId='7'><w:abstractNumId w:val='3'/></w:num></w:numbering>";
        let text = "<w:document xmlns:w='w'><w:body><w:p><w:pPr><w:pStyle w:val='b'/></w:pPr><w:r><w:t>(목적)</w:t></w:r></w:p>\
            <w:p><w:pPr><w:pStyle w:val='b'/></w:pPr><w:r><w:t>(적용)</w:t></w:r></w:p></w:body></w:document>";
        let bytes = docx(&[
            ("word/document.xml", text),
            ("word/styles.xml", styles),
            ("word/numbering.xml", numbering),
        ]);
        let document = parse(&bytes, &|_, _| {}).unwrap().document;
        assert_eq!(document.text, "제4조 (목적)\n\n제5조 (적용)");
        assert_eq!(document.blocks[0].kind, BlockKind::Heading { level: 2 });
    }

    #[test]
    fn tables_are_rows_of_cells() {
        let cell = |text: &str| format!("<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>");
        let document = read(&format!(
            "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl>",
            cell("품목"),
            cell("단가"),
            cell("PPR-9087"),
            cell("35,000원")
        ));
        assert_eq!(document.text, "품목\t단가\nPPR-9087\t35,000원");
    }

    #[test]
    fn a_damaged_document_is_read_up_to_the_damage() {
        let text =
            "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>남는 글</w:t></w:r></w:p><w:p></w:q>";
        let bytes = docx(&[("word/document.xml", text)]);
        let Parsed {
            document, problems, ..
        } = parse(&bytes, &|_, _| {}).unwrap();
        assert_eq!(document.text, "남는 글");
        assert!(
            problems[0].message.contains("word/document.xml"),
            "{problems:?}"
        );
        assert!(matches!(
            parse(b"PK\x03\x04nothing", &|_, _| {}),
            Err(ParseError::Damaged { .. })
        ));
    }
}
