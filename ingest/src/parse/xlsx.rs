//! XLSX: the sheets of a workbook, their cells as the sheet shows them.
//!
//! Read by hand from the sheets' XML, cell by cell: a sheet is never laid out in memory, so a
//! cell in the last corner costs no more than any other. Left out: hidden sheets (a problem
//! names them), headers and footers. Hidden rows and columns are read. Of formulas the stored
//! result counts. Notes, text boxes and charts stand after the tables of their sheet.

pub(super) mod number_format;

use std::collections::{BTreeMap, HashMap};

use quick_xml::events::BytesStart;

use self::number_format::Format;
use super::container::{self, Container};
use super::drawing::{self, Context};
use super::ooxml::{Relation, main_part, readable, relation_id, relations};
use super::sheet::{Budget, Kind, MAX_ROWS, Range, Sheet, cell_of, range_of};
use super::xml::{self, Piece, attribute, each_element, first_text};
use super::{ParseError, Parsed, Progress, pptx};
use crate::{DocumentBuilder, Problem};

/// Sheets that are read.
const MAX_SHEETS: usize = 2_000;
/// Merged cells of a sheet that are looked at.
const MAX_MERGED: usize = 100_000;
/// Formats of cells; Excel allows 65,490.
const MAX_STYLES: usize = 100_000;
/// Hidden sheets that a problem names.
const MAX_NAMED: usize = 10;

/// Whether the bytes are a workbook.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    container::has_part(bytes, |name| {
        (name.starts_with("xl/workbook") || name.starts_with("xl/worksheets/sheet"))
            && std::path::Path::new(name).extension() == Some("xml".as_ref())
    })
}

/// Reads a workbook.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let mut container = Container::open(bytes)?;
    let mut problems = Vec::new();
    let main = main_part(&mut container, "xl/workbook.xml")?;
    let Some(text) = container.part(&main)? else {
        return Err(ParseError::Damaged {
            reason: format!("it has no part `{main}`"),
        });
    };
    let parts = relations(&mut container, &main)?;
    let workbook = Workbook::read(&text, &parts, &container);
    drop(text);
    if workbook.sheets.is_empty() {
        return Err(ParseError::Damaged {
            reason: format!("its part `{main}` names no sheets"),
        });
    }
    if workbook.sheets.len() > MAX_SHEETS {
        return Err(ParseError::Limit {
            reason: format!(
                "it has {} sheets, and {MAX_SHEETS} is the most that is read",
                workbook.sheets.len()
            ),
        });
    }
    let of_kind = |kind: &str, usual: &str| {
        super::ooxml::related(&parts, kind)
            .unwrap_or(usual)
            .to_owned()
    };
    let part = of_kind("sharedStrings", "xl/sharedstrings.xml");
    let strings = readable(container.part(&part), &mut problems, None)?.flatten();
    let strings = Strings::read(&strings.unwrap_or_default(), &part, &mut problems);
    let part = of_kind("styles", "xl/styles.xml");
    let styles = readable(container.part(&part), &mut problems, None)?.flatten();
    let styles = Styles::read(&styles.unwrap_or_default());

    let mut builder = DocumentBuilder::default();
    if let Some(core) = readable(container.part("docprops/core.xml"), &mut problems, None)? {
        let core = core.unwrap_or_default();
        builder.title(&first_text(&core, "title"));
        builder.properties(super::ooxml::properties(&core));
    }
    let mut reader = Sheets {
        container,
        workbook: &workbook,
        strings,
        styles,
        budget: Budget::default(),
        problems,
    };
    let count = u32::try_from(workbook.sheets.len()).ok();
    let mut hidden = Vec::new();
    for (number, sheet) in (1..).zip(&workbook.sheets) {
        if sheet.is_hidden {
            hidden.push(sheet.name.clone());
        } else {
            reader.sheet(&mut builder, number, sheet)?;
        }
        progress(number, count);
    }
    let mut problems = reader.problems;
    problems.extend(hidden_sheets(&hidden).map(Problem::of_file));
    Ok(Parsed::new(builder.finish(), problems))
}

/// Says which sheets were left out since they are hidden.
pub(super) fn hidden_sheets(names: &[String]) -> Option<String> {
    let named: Vec<String> = names
        .iter()
        .take(MAX_NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len() - named.len();
    let named = named.join(", ");
    match (names.len(), more) {
        (0, _) => None,
        (1, _) => Some(format!("the hidden sheet {named} was left out")),
        (_, 0) => Some(format!("the hidden sheets {named} were left out")),
        _ => Some(format!(
            "the hidden sheets {named} and {more} more were left out"
        )),
    }
}

#[derive(Debug)]
struct SheetRow {
    name: String,
    part: String,
    is_hidden: bool,
    /// Rows that are printed on every page.
    titles: Vec<Range>,
}

#[derive(Debug, Default)]
struct Workbook {
    sheets: Vec<SheetRow>,
    since_1904: bool,
}

impl Workbook {
    fn read(text: &str, parts: &BTreeMap<String, Relation>, container: &Container<'_>) -> Self {
        let mut workbook = Self::default();
        // The sheet whose rows the text of the element that is open names.
        let mut titles_of: Option<usize> = None;
        let mut titles = String::new();
        // What is damaged behind the list of sheets does no harm to them.
        let _ = xml::walk(
            text,
            "",
            |name, _| name == "extLst",
            |piece| match piece {
                Piece::Start("sheet", element) => {
                    let number = workbook.sheets.len() + 1;
                    let part = relation_id(element)
                        .and_then(|id| parts.get(&id))
                        .map(|relation| relation.part.clone())
                        .filter(|part| container.has(part))
                        .unwrap_or_else(|| format!("xl/worksheets/sheet{number}.xml"));
                    workbook.sheets.push(SheetRow {
                        name: attribute(element, "name").unwrap_or_default(),
                        part,
                        is_hidden: attribute(element, "state")
                            .is_some_and(|state| state.to_lowercase().ends_with("hidden")),
                        titles: Vec::new(),
                    });
                }
                Piece::Start("workbookPr", element) => {
                    workbook.since_1904 = super::ooxml::flag(element, "date1904");
                }
                Piece::Start("definedName", element) => {
                    titles.clear();
                    titles_of = (attribute(element, "name").as_deref()
                        == Some("_xlnm.Print_Titles"))
                    .then(|| attribute(element, "localSheetId")?.parse().ok())
                    .flatten();
                }
                Piece::Text(text) if titles_of.is_some() => titles.push_str(text),
                Piece::End("definedName") => {
                    if let Some(sheet) = titles_of.take()
                        && let Some(sheet) = workbook.sheets.get_mut(sheet)
                    {
                        sheet.titles.extend(titles.split(',').filter_map(rows_of));
                    }
                }
                _ => {}
            },
        );
        workbook
    }
}

/// The rows of `Sheet1!$1:$3`.
fn rows_of(range: &str) -> Option<Range> {
    let rows = range.rsplit('!').next()?.replace('$', "");
    let (first, last) = rows.split_once(':')?;
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    (first >= 1 && last <= MAX_ROWS && first <= last).then(|| Range {
        first: (first - 1, 0),
        last: (last - 1, 0),
    })
}

/// The texts that cells share, one behind the other.
#[derive(Debug, Default)]
struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    fn read(text: &str, part: &str, problems: &mut Vec<Problem>) -> Self {
        let mut strings = Self::default();
        let mut in_text = false;
        let problem = xml::walk(
            text,
            part,
            |name, _| matches!(name, "rPh" | "phoneticPr" | "extLst"),
            |piece| match piece {
                Piece::Start("t", _) => in_text = true,
                Piece::End("t") => in_text = false,
                Piece::End("si") => strings.ends.push(strings.text.len()),
                Piece::Text(text) if in_text => strings.text.push_str(text),
                _ => {}
            },
        );
        problems.extend(problem.map(Problem::of_file));
        strings
    }

    fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at
            .checked_sub(1)
            .map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start..end)
    }
}

/// Text with `_x000D_` and the like as the characters that they stand for.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let char = rest
            .get(at + 2..at + 7)
            .and_then(|code| code.strip_suffix('_'))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        plain.push_str(&rest[..at]);
        if let Some(char) = char {
            plain.push(char);
            rest = &rest[at + 7..];
        } else {
            plain.push_str("_x");
            rest = &rest[at + 2..];
        }
    }
    plain.push_str(rest);
    plain
}

/// How cells are shown, by the numbers of their styles.
#[derive(Debug, Default)]
struct Styles {
    formats: Vec<Format>,
    of_style: Vec<usize>,
}

impl Styles {
    fn read(text: &str) -> Self {
        let mut codes: HashMap<u32, String> = HashMap::new();
        let mut numbers: Vec<u32> = Vec::new();
        each_element(text, |element, around| {
            let number = || attribute(element, "numFmtId").and_then(|id| id.parse().ok());
            match element.local_name().as_ref() {
                "numFmt" if around.last().is_some_and(|name| name == "numFmts") => {
                    if let (Some(id), Some(code)) = (number(), attribute(element, "formatCode")) {
                        codes.insert(id, code);
                    }
                }
                "xf" if around.last().is_some_and(|name| name == "cellXfs")
                    && numbers.len() < MAX_STYLES =>
                {
                    numbers.push(number().unwrap_or(0));
                }
                _ => {}
            }
        });
        let mut styles = Self::default();
        let mut known: HashMap<u32, usize> = HashMap::new();
        for number in numbers {
            let at = *known.entry(number).or_insert_with(|| {
                styles.formats.push(match codes.get(&number) {
                    Some(code) => Format::parse(code),
                    None => Format::built_in(number),
                });
                styles.formats.len() - 1
            });
            styles.of_style.push(at);
        }
        styles
    }

    fn get(&self, style: usize) -> Option<&Format> {
        self.formats.get(*self.of_style.get(style)?)
    }
}

/// A cell while it is read.
#[derive(Debug, Default)]
struct Open {
    row: u32,
    column: u32,
    kind: String,
    style: Option<usize>,
    value: String,
    text: String,
    has_formula: bool,
}

/// Reads sheets, and what they refer to.
struct Sheets<'a> {
    container: Container<'a>,
    workbook: &'a Workbook,
    strings: Strings,
    styles: Styles,
    budget: Budget,
    problems: Vec<Problem>,
}

impl Sheets<'_> {
    fn sheet(
        &mut self,
        builder: &mut DocumentBuilder,
        number: u32,
        row: &SheetRow,
    ) -> Result<(), ParseError> {
        builder.sheet(number, &row.name);
        let page = Some(number);
        let Some(text) = readable(self.container.part(&row.part), &mut self.problems, page)? else {
            return Ok(());
        };
        let Some(text) = text else {
            self.problems.push(Problem {
                page,
                message: format!(
                    "the sheet `{}` is missing: there is no part `{}`",
                    row.name, row.part
                ),
            });
            return Ok(());
        };
        let mut sheet = Sheet::default();
        sheet.headers.clone_from(&row.titles);
        self.cells(&text, number, row, &mut sheet);
        drop(text);
        let relations = relations(&mut self.container, &row.part)?;
        let mut kinds: BTreeMap<(&str, &str), &Relation> = BTreeMap::new();
        for relation in relations.values() {
            kinds.insert((&relation.kind, &relation.part), relation);
        }
        let mut items = Vec::new();
        // In the order of their names: notes come before the threads that replace them.
        for Relation { kind, part } in kinds.into_values() {
            if !matches!(
                kind.as_str(),
                "table" | "comments" | "threadedComment" | "drawing"
            ) {
                continue;
            }
            let text = readable(self.container.part(part), &mut self.problems, page)?.flatten();
            let Some(text) = text else { continue };
            match kind.as_str() {
                "table" => add_table(&text, &mut sheet),
                "comments" => add_notes(&text, part, "comment", &mut sheet),
                "threadedComment" => add_notes(&text, part, "threadedComment", &mut sheet),
                _ => {
                    let relations = super::ooxml::relations(&mut self.container, part)?;
                    let linked =
                        pptx::linked(&mut self.container, &relations, &mut self.problems, page)?;
                    let context = Context {
                        linked,
                        ..Context::default()
                    };
                    items.extend(drawing::read(&text, part, &context).items);
                }
            }
        }
        if !sheet.is_empty() || !items.is_empty() {
            builder.heading(2, &row.name);
        }
        sheet.push_to(builder);
        for item in items {
            item.push_to(builder);
        }
        Ok(())
    }

    fn cells(&mut self, text: &str, number: u32, row: &SheetRow, sheet: &mut Sheet) {
        let mut open: Option<Open> = None;
        let (mut next_row, mut next_column) = (0, 0);
        let (mut in_value, mut in_text) = (false, false);
        let mut without_result = 0_usize;
        let is_full = std::cell::Cell::new(false);
        let problem = xml::walk(
            text,
            &row.part,
            |name, _| {
                matches!(name, "extLst" | "rPh" | "phoneticPr" | "headerFooter")
                    || is_full.get() && name == "row"
            },
            |piece| match piece {
                Piece::Start("row", element) => {
                    let said = attribute(element, "r").and_then(|row| row.parse::<u32>().ok());
                    next_row = said.map_or(next_row, |row| row.saturating_sub(1));
                    next_column = 0;
                }
                Piece::End("row") => next_row = next_row.saturating_add(1),
                Piece::Start("c", element) => {
                    let cell = Open::new(element, next_row, next_column);
                    (next_row, next_column) = (cell.row, cell.column.saturating_add(1));
                    open = Some(cell);
                }
                Piece::Start("f", _) => {
                    if let Some(open) = &mut open {
                        open.has_formula = true;
                    }
                }
                Piece::Start("v", _) => in_value = true,
                Piece::End("v") => in_value = false,
                Piece::Start("t", _) => in_text = true,
                Piece::End("t") => in_text = false,
                Piece::Text(text) => {
                    if let Some(open) = &mut open {
                        if in_value {
                            open.value.push_str(text);
                        } else if in_text {
                            open.text.push_str(text);
                        }
                    }
                }
                Piece::End("c") => {
                    if let Some(open) = open.take() {
                        without_result += usize::from(open.has_no_result());
                        let (row, column) = (open.row, open.column);
                        let (text, kind) = self.shown(open);
                        if text.is_empty() {
                        } else if self.budget.take(text.len()) {
                            sheet.set(row, column, text, kind);
                        } else {
                            is_full.set(true);
                        }
                    }
                }
                Piece::Start("mergeCell", element) => {
                    let range = attribute(element, "ref").and_then(|range| range_of(&range));
                    if let Some(range) = range.filter(|_| sheet.merged.len() < MAX_MERGED) {
                        sheet.merged.push(range);
                    }
                }
                Piece::Start("autoFilter", element) => {
                    let range = attribute(element, "ref").and_then(|range| range_of(&range));
                    sheet.headers.extend(range.map(|range| Range {
                        last: (range.first.0, range.last.1),
                        ..range
                    }));
                }
                _ => {}
            },
        );
        let page = Some(number);
        self.problems
            .extend(problem.map(|message| Problem { page, message }));
        if without_result > 0 {
            self.problems.push(Problem {
                page,
                message: format!(
                    "{without_result} {} on the sheet `{}` {} no stored result, since the file was never calculated",
                    if without_result == 1 { "formula" } else { "formulas" },
                    row.name,
                    if without_result == 1 { "has" } else { "have" },
                ),
            });
        }
        if is_full.get() {
            self.problems.push(Problem {
                page,
                message: format!(
                    "the end of the sheet `{}` was left out: the file has more cells or text than are read",
                    row.name
                ),
            });
        }
    }

    /// A cell as the sheet shows it.
    fn shown(&self, open: Open) -> (String, Kind) {
        let format = open.style.and_then(|style| self.styles.get(style));
        let as_text = |text: &str| {
            let text = unescaped(text);
            match format {
                Some(format) => format.show_text(&text),
                None => text,
            }
        };
        let value = open.value.trim();
        match open.kind.as_str() {
            "s" => {
                let text = value.parse().ok().and_then(|at| self.strings.get(at));
                (as_text(text.unwrap_or_default()), Kind::Text)
            }
            "inlineStr" if value.is_empty() => (as_text(&open.text), Kind::Text),
            "str" | "inlineStr" => (as_text(&open.value), Kind::Text),
            "b" => (
                match value {
                    "" => "",
                    "0" | "false" => "FALSE",
                    _ => "TRUE",
                }
                .to_owned(),
                Kind::Text,
            ),
            "e" => (value.to_owned(), Kind::Text),
            "d" => (
                value.trim_end_matches("T00:00:00").replace('T', " "),
                Kind::Date,
            ),
            _ => {
                let Ok(number) = value.parse::<f64>() else {
                    // Some programs write text here.
                    let text = if value.is_empty() { &open.text } else { value };
                    return (as_text(text), Kind::Text);
                };
                let shown = match format {
                    Some(format) => format.show(number, self.workbook.since_1904),
                    None => Format::default().show(number, false),
                };
                let kind = if shown.is_date {
                    Kind::Date
                } else {
                    Kind::Number
                };
                (shown.text, kind)
            }
        }
    }
}

impl Open {
    fn new(element: &BytesStart<'_>, next_row: u32, next_column: u32) -> Self {
        let place = attribute(element, "r").and_then(|address| cell_of(&address));
        let (row, column) = place.unwrap_or((next_row, next_column));
        Self {
            row,
            column,
            kind: attribute(element, "t").unwrap_or_default(),
            // A cell that names no style has the first.
            style: attribute(element, "s").map_or(Some(0), |style| style.parse().ok()),
            ..Self::default()
        }
    }

    /// Whether it is a formula that nobody has calculated.
    fn has_no_result(&self) -> bool {
        self.has_formula && self.value.is_empty() && self.text.is_empty() && self.kind != "str"
    }
}

/// A table that the workbook calls so: where it is, and its header.
fn add_table(text: &str, sheet: &mut Sheet) {
    each_element(text, |element, around| {
        if !around.is_empty() || element.local_name().as_ref() != "table" {
            return;
        }
        let Some(range) = attribute(element, "ref").and_then(|range| range_of(&range)) else {
            return;
        };
        let rows = attribute(element, "headerRowCount")
            .and_then(|rows| rows.parse::<u32>().ok())
            .unwrap_or(1);
        sheet.tables.push(range);
        if rows > 0 {
            let last = range.first.0.saturating_add(rows - 1);
            sheet.headers.push(Range {
                last: (last.min(range.last.0), range.last.1),
                ..range
            });
        }
    });
}

/// What people wrote to cells: notes, or threads of them, which stand instead of the notes
/// that older programs show.
fn add_notes(text: &str, part: &str, name: &str, sheet: &mut Sheet) {
    let mut place = None;
    let mut note = String::new();
    let mut in_text = false;
    let mut threads = BTreeMap::<(u32, u32), String>::new();
    let _ = xml::walk(
        text,
        part,
        |name, _| matches!(name, "rPh" | "phoneticPr" | "extLst" | "mentions"),
        |piece| match piece {
            Piece::Start(own, element) if own == name => {
                place = attribute(element, "ref").and_then(|address| cell_of(&address));
                note.clear();
            }
            // A note holds runs of text, a thread its text directly.
            Piece::Start("t" | "text", _) => in_text = true,
            Piece::End("t" | "text") => in_text = false,
            Piece::Text(text) if in_text => note.push_str(text),
            Piece::End(own) if own == name => {
                if let Some(place) = place.take()
                    && !note.trim().is_empty()
                {
                    let thread = threads.entry(place).or_default();
                    if !thread.is_empty() {
                        thread.push(' ');
                    }
                    thread.push_str(&unescaped(&note));
                }
            }
            _ => {}
        },
    );
    sheet.notes.extend(threads);
}

#[cfg(test)]
mod tests {
    use super::super::container::packed;
    use super::*;
    use crate::{BlockKind, Document};

    const WORKBOOK: &str = "<workbook xmlns:r='r'><workbookPr date1904='0'/><sheets>\
        <sheet name='매출' sheetId='1' r:id='rId1'/><sheet name='숨김' sheetId='2' state='hidden' r:id='rId2'/>\
        </sheets><definedNames/></workbook>";
    const RELATIONS: &str = "<Relationships>\
        <Relationship Id='rId1' Type='http://x/worksheet' Target='worksheets/a.xml'/>\
        <Relationship Id='rId2' Type='http://x/worksheet' Target='/xl/worksheets/b.xml'/></Relationships>";

    fn workbook(sheet: &str, more: &[(&str, &str)]) -> Parsed {
        let sheet = format!("<worksheet>{sheet}</worksheet>");
        let mut parts = vec![
            ("xl/workbook.xml", WORKBOOK),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/worksheets/a.xml", &sheet),
            (
                "xl/worksheets/b.xml",
                "<worksheet><c t='str'><v>비밀</v></c></worksheet>",
            ),
        ];
        parts.extend_from_slice(more);
        let bytes = packed(&parts);
        assert!(recognizes(&bytes, "a.xlsx"));
        parse(&bytes, &|_, _| {}).unwrap()
    }

    fn cells(document: &Document) -> Vec<(u32, u32, bool, &str)> {
        document
            .blocks
            .iter()
            .filter_map(|block| match block.kind {
                BlockKind::Cell {
                    row,
                    column,
                    header,
                    ..
                } => Some((row, column, header, &document.text[block.span.clone()])),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn who_wrote_it_and_when_is_read() {
        let core = "<x><dc:creator>김민아</dc:creator><dcterms:created>2026-03-31T00:00:00Z</dcterms:created>\
             <dcterms:modified>2026-04-01T00:00:00Z</dcterms:modified></x>";
        let document =
            workbook("<c t='str'><v>연차</v></c>", &[("docProps/core.xml", core)]).document;
        assert_eq!(
            document.properties,
            crate::Properties::said(["김민아"], "2026-03-31", "2026-04-01")
        );
    }

    #[test]
    fn cells_are_written_as_the_sheet_shows_them() {
        let styles = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='#,##0&quot;원&quot;'/>\
            <numFmt numFmtId='165' formatCode='yyyy&quot;년&quot; m&quot;월&quot;'/></numFmts>\
            <cellStyleXfs><xf numFmtId='9'/></cellStyleXfs>\
            <cellXfs><xf numFmtId='0'/><xf numFmtId='164'/><xf numFmtId='165'/><xf numFmtId='10'/></cellXfs></styleSheet>";
        let strings = "<sst><si><t>지점</t></si><si><r><t>금</t></r><rPh><t>キン</t></rPh><r><t>액_x000D_</t></r></si></sst>";
        let Parsed {
            document, problems, ..
        } = workbook(
            "<sheetData><row r='2'><c r='B2' t='s'><v>0</v></c><c r='C2' t='s'><v>1</v></c><c t='inlineStr'><is><t>달</t></is></c></row>\
             <row r='3'><c r='B3' t='str'><f>A1</f><v>서울&amp;경기</v></c><c r='C3' s='1'><v>1500000</v></c><c r='D3' s='2'><v>45352</v></c>\
             <c s='3'><v>0.12345</v></c><c t='b'><v>1</v></c><c t='e'><v>#N/A</v></c><c><v>15.000000000000002</v></c><c r='I3'><f>SUM(A1)</f></c></row></sheetData>",
            &[("xl/styles.xml", styles), ("xl/sharedStrings.xml", strings)],
        );
        assert_eq!(
            document.text,
            "매출\n\n지점\t금액\t달\t\t\t\t\n서울&경기\t1,500,000원\t2024년 3월\t12.35%\tTRUE\t#N/A\t15"
        );
        let cells = cells(&document);
        assert_eq!(cells[1], (1, 2, true, "금액"));
        assert_eq!(cells[4], (2, 2, false, "1,500,000원"));
        assert_eq!(document.pages[0].name.as_deref(), Some("매출"));
        let problems: Vec<&str> = problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert_eq!(
            problems,
            [
                "1 formula on the sheet `매출` has no stored result, since the file was never calculated",
                "the hidden sheet `숨김` was left out"
            ]
        );
    }

    #[test]
    fn tables_say_where_their_headers_are_and_notes_stand_behind() {
        let relations = "<Relationships><Relationship Id='a' Type='x/table' Target='../tables/t.xml'/>\
            <Relationship Id='b' Type='x/comments' Target='../comments1.xml'/></Relationships>";
        let text = |text: &str| format!("<c t='inlineStr'><is><t>{text}</t></is></c>");
        let sheet = format!(
            "<sheetData><row>{}{}</row><row>{}{}</row><row>{}{}</row></sheetData>",
            text("조직"),
            text("현황"),
            text("이름"),
            text("부서"),
            text("김민아"),
            text("총무팀")
        );
        let parsed = workbook(
            &sheet,
            &[
                ("xl/worksheets/_rels/a.xml.rels", relations),
                ("xl/tables/t.xml", "<table ref='A2:B3'/>"),
                (
                    "xl/comments1.xml",
                    "<comments><commentList><comment ref='B3'><text><r><t>겸직</t></r></text></comment></commentList></comments>",
                ),
            ],
        );
        assert_eq!(
            parsed.document.text,
            "매출\n\n조직\t현황\n\n이름\t부서\n김민아\t총무팀\n\n[B3] 겸직"
        );
        let headers: Vec<&str> = cells(&parsed.document)
            .into_iter()
            .filter(|cell| cell.2)
            .map(|cell| cell.3)
            .collect();
        assert_eq!(headers, ["이름", "부서"]);
    }

    #[test]
    fn damage_is_told_and_the_text_before_it_stays() {
        let parsed = workbook(
            "<sheetData><row><c t='str'><v>남는 글</v></c></row><row><c></q>",
            &[],
        );
        assert_eq!(parsed.document.text, "매출\n\n남는 글");
        assert!(
            parsed.problems[0].message.contains("xl/worksheets/a.xml"),
            "{:?}",
            parsed.problems
        );
        let empty = packed(&[("xl/workbook.xml", "<workbook/>")]);
        assert!(matches!(
            parse(&empty, &|_, _| {}),
            Err(ParseError::Damaged { .. })
        ));
    }

    #[test]
    fn corners_nesting_and_entities_cost_nothing() {
        let parsed = workbook(
            "<sheetData><row r='1'><c r='A1' t='str'><v>처음</v></c></row>\
             <row r='1048576'><c r='XFD1048576' t='str'><v>끝</v></c><c t='str'><v>밖</v></c></row></sheetData>",
            &[],
        );
        assert_eq!(parsed.document.text, "매출\n\n처음\n\n끝");
        let deep = format!("{}<c t='str'><v>글&lol;</v></c>", "<x>".repeat(50_000));
        assert_eq!(workbook(&deep, &[]).document.text, "매출\n\n글");
    }

    #[test]
    fn a_text_that_is_shared_by_many_cells_is_not_written_without_end() {
        let strings = format!("<sst><si><t>{}</t></si></sst>", "가".repeat(1_000_000));
        let sheet = "<row><c t='s'><v>0</v></c></row>".repeat(100);
        let parsed = workbook(&sheet, &[("xl/sharedStrings.xml", &strings)]);
        assert!(parsed.document.text.len() < 50 << 20);
        assert!(parsed.problems[0].message.contains("was left out"));
    }
}
