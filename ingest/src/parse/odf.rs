//! `OpenDocument`: texts (ODT), spreadsheets (ODS) and presentations (ODP).
//!
//! Read by hand from `content.xml`, without recursion and within limits. Left out: deleted
//! and hidden text, comments on text, headers and footers, and hidden sheets and slides (a
//! problem names or counts those). Footnotes stand after the text.

mod sheets;
mod slides;
mod text;

use std::collections::{HashMap, HashSet};

use super::container::Container;
use super::flow::Item;
use super::ooxml::readable;
use super::sealed::unseal;
use super::xml::{attribute, each_element, first_text, first_texts};
use super::{ParseError, Parsed, Passwords, Progress, sniff};
use crate::{DocumentBuilder, Problem, Properties};

/// Objects in a document (charts and tables) that are read.
const MAX_OBJECTS: usize = 1_000;

/// Whether the bytes are an `OpenDocument` text.
pub(super) fn is_text(bytes: &[u8], _file_name: &str) -> bool {
    is_of_type(bytes, "text")
}

/// Whether the bytes are an `OpenDocument` spreadsheet.
pub(super) fn is_spreadsheet(bytes: &[u8], _file_name: &str) -> bool {
    is_of_type(bytes, "spreadsheet")
}

/// Whether the bytes are an `OpenDocument` presentation.
pub(super) fn is_presentation(bytes: &[u8], _file_name: &str) -> bool {
    is_of_type(bytes, "presentation")
}

fn is_of_type(bytes: &[u8], name: &str) -> bool {
    if !sniff::is_zip(bytes) {
        return false;
    }
    let Ok(mut container) = Container::open(bytes) else {
        return false;
    };
    let of = |media_type: &str| {
        media_type
            .trim()
            .strip_prefix("application/vnd.oasis.opendocument.")
            .is_some_and(|own| own.strip_suffix("-template").unwrap_or(own) == name)
    };
    if let Ok(Some(media_type)) = container.part("mimetype") {
        return of(&media_type);
    }
    let manifest = container.part("meta-inf/manifest.xml");
    let mut found = false;
    each_element(
        &manifest.ok().flatten().unwrap_or_default(),
        |element, _| {
            found |= element.local_name().as_ref() == "file-entry"
                && attribute(element, "full-path").as_deref() == Some("/")
                && attribute(element, "media-type").is_some_and(|media_type| of(&media_type));
        },
    );
    found
}

/// Who wrote a document and when. `creator` is who changed it last.
fn properties(meta: &str) -> Properties {
    let names = ["initial-creator", "creator", "creation-date", "date"];
    let [first, last, created, modified] = first_texts(meta, names);
    Properties::said([first], &created, &modified).or(Properties::said([last], "", ""))
}

/// What all three kinds have.
struct Package {
    content: String,
    styles: Styles,
    objects: HashMap<String, Vec<Item>>,
    builder: DocumentBuilder,
    problems: Vec<Problem>,
}

impl Package {
    fn open(bytes: &[u8], passwords: &Passwords) -> Result<Self, ParseError> {
        let mut container = Container::open(bytes)?;
        let mut problems = Vec::new();
        let manifest = readable(
            container.part("meta-inf/manifest.xml"),
            &mut Vec::new(),
            None,
        )?;
        unseal(
            &mut container,
            &manifest.flatten().unwrap_or_default(),
            passwords,
            "it is an OpenDocument file that needs a password",
        )?;
        let Some(content) = container.part("content.xml")? else {
            return Err(ParseError::Damaged {
                reason: "it has no part `content.xml`".to_owned(),
            });
        };
        let mut styles = Styles::default();
        let part = readable(container.part("styles.xml"), &mut problems, None)?.flatten();
        styles.read(&part.unwrap_or_default());
        styles.read(&content);
        let mut builder = DocumentBuilder::default();
        let meta = readable(container.part("meta.xml"), &mut problems, None)?.flatten();
        let meta = meta.unwrap_or_default();
        builder.title(&first_text(&meta, "title"));
        builder.properties(properties(&meta));
        let mut objects = HashMap::new();
        for name in container.names("") {
            let Some(folder) = name.strip_suffix("/content.xml") else {
                continue;
            };
            if objects.len() >= MAX_OBJECTS {
                break;
            }
            let Some(part) = readable(container.part(&name), &mut problems, None)?.flatten() else {
                continue;
            };
            let mut own = Styles::default();
            own.read(&part);
            let mut none = HashMap::new();
            let (items, problem) = text::read(&part, &name, &own, &mut none);
            problems.extend(problem.map(Problem::of_file));
            objects.insert(folder.to_owned(), items);
        }
        Ok(Self {
            content,
            styles,
            objects,
            builder,
            problems,
        })
    }

    fn finish(self) -> Parsed {
        Parsed::new(self.builder.finish(), self.problems)
    }

    /// A part that is damaged from the start cannot be read at all.
    fn damage(&mut self, problem: Option<String>, page: Option<u32>) -> Result<(), ParseError> {
        match problem {
            Some(reason) if self.builder.is_empty() => Err(ParseError::Damaged { reason }),
            Some(message) => {
                self.problems.push(Problem { page, message });
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Reads a text.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse_text(
    bytes: &[u8],
    passwords: &Passwords,
    progress: Progress<'_>,
) -> Result<Parsed, ParseError> {
    let mut package = Package::open(bytes, passwords)?;
    let (items, problem) = text::read(
        &package.content,
        "content.xml",
        &package.styles,
        &mut package.objects,
    );
    for item in items {
        item.push_to(&mut package.builder);
    }
    package.damage(problem, None)?;
    progress(1, Some(1));
    Ok(package.finish())
}

/// Reads a spreadsheet.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse_spreadsheet(
    bytes: &[u8],
    passwords: &Passwords,
    progress: Progress<'_>,
) -> Result<Parsed, ParseError> {
    let mut package = Package::open(bytes, passwords)?;
    let problem = sheets::read(&mut package, progress);
    package.damage(problem, None)?;
    Ok(package.finish())
}

/// Reads a presentation.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse_presentation(
    bytes: &[u8],
    passwords: &Passwords,
    progress: Progress<'_>,
) -> Result<Parsed, ParseError> {
    let mut package = Package::open(bytes, passwords)?;
    let problem = slides::read(&mut package, progress);
    package.damage(problem, None)?;
    Ok(package.finish())
}

/// What styles say about what is shown.
#[derive(Debug, Default)]
struct Styles {
    /// Styles of text, sheets and slides that hide what has them.
    hidden: HashSet<String>,
    /// Sizes of pages in points, by the names of their layouts.
    sizes: HashMap<String, (f32, f32)>,
    /// The layouts of master pages.
    layouts: HashMap<String, String>,
}

impl Styles {
    fn read(&mut self, text: &str) {
        let mut name = String::new();
        each_element(text, |element, around| {
            let local = element.local_name();
            let hides = |key: &str, value: &str| attribute(element, key).as_deref() == Some(value);
            let hidden = match local.as_ref() {
                "style" | "page-layout" => {
                    name = attribute(element, "name").unwrap_or_default();
                    false
                }
                "master-page" => {
                    if let (Some(name), Some(layout)) = (
                        attribute(element, "name"),
                        attribute(element, "page-layout-name"),
                    ) {
                        self.layouts.insert(name, layout);
                    }
                    false
                }
                "page-layout-properties" => {
                    let size = |key| attribute(element, key).and_then(|size| points(&size));
                    if let (Some(width), Some(height)) = (size("page-width"), size("page-height")) {
                        self.sizes.insert(name.clone(), (width, height));
                    }
                    false
                }
                "text-properties" => hides("display", "none"),
                "table-properties" => hides("display", "false"),
                "drawing-page-properties" => hides("visibility", "hidden"),
                _ => false,
            };
            if hidden && around.last().is_some_and(|name| name == "style") {
                self.hidden.insert(name.clone());
            }
        });
    }

    fn hides(&self, style: Option<&String>) -> bool {
        style.is_some_and(|style| self.hidden.contains(style))
    }

    /// The size of a slide by the name of its master page.
    fn size(&self, master: Option<&String>) -> (f32, f32) {
        master
            .and_then(|master| self.layouts.get(master))
            .and_then(|layout| self.sizes.get(layout))
            .copied()
            .unwrap_or_default()
    }
}

/// A length such as `2.5cm` in points.
fn points(length: &str) -> Option<f32> {
    let number = length.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit = match &length[number.len()..] {
        "cm" => 72.0 / 2.54,
        "mm" => 7.2 / 2.54,
        "in" => 72.0,
        "pt" => 1.0,
        "pc" => 12.0,
        "px" => 0.75,
        _ => return None,
    };
    let number: f32 = number.trim().parse().ok()?;
    number.is_finite().then_some(number * unit)
}

/// The name under which an object is found, of a reference to it.
fn object_name(reference: &str) -> String {
    reference
        .trim_start_matches("./")
        .trim_end_matches('/')
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::container::packed;
    use super::super::{Format, parse as parse_any};
    use super::*;
    use crate::{BlockKind, Document};

    fn file(kind: &str, styles: &str, body: &str) -> Vec<u8> {
        let media_type = format!("application/vnd.oasis.opendocument.{kind}");
        let content = format!(
            "<office:document-content><office:automatic-styles>{styles}</office:automatic-styles>\
             <office:body>{body}</office:body></office:document-content>"
        );
        packed(&[("mimetype", &media_type), ("content.xml", &content)])
    }

    fn read(kind: &str, styles: &str, body: &str) -> (Document, Vec<String>) {
        let extracted = parse_any(
            &file(kind, styles, body),
            "",
            &Passwords::default(),
            &|_, _| {},
        )
        .unwrap();
        let format = match kind {
            "text" => Format::Odt,
            "spreadsheet" => Format::Ods,
            _ => Format::Odp,
        };
        assert_eq!(extracted.format, format);
        let problems = extracted.problems.into_iter();
        (
            extracted.document,
            problems.map(|problem| problem.message).collect(),
        )
    }

    #[test]
    fn who_wrote_it_and_when_is_read() {
        let properties = |meta: &str| {
            let bytes = packed(&[
                ("mimetype", "application/vnd.oasis.opendocument.text"),
                (
                    "content.xml",
                    "<office:body><text:p>연차</text:p></office:body>",
                ),
                ("meta.xml", &format!("<office:meta>{meta}</office:meta>")),
            ]);
            parse_text(&bytes, &Passwords::default(), &|_, _| {})
                .unwrap()
                .document
                .properties
        };
        let last = "<dc:creator>Lee</dc:creator><dc:date>2026-04-01T09:00:00.123456789</dc:date>";
        let first = "<meta:initial-creator>김민아</meta:initial-creator><meta:print-date>2020-01-01</meta:print-date>\
            <meta:creation-date>2026-03-31T23:59:59</meta:creation-date>";
        assert_eq!(
            properties(&format!("{last}{first}")),
            Properties::said(["김민아"], "2026-03-31", "2026-04-01")
        );
        assert_eq!(
            properties(last),
            Properties::said(["Lee"], "", "2026-04-01")
        );
        assert!(
            properties("<dc:creator>\u{202E}user</dc:creator><dc:date>2026-13-01</dc:date>")
                .is_empty()
        );
    }

    #[test]
    fn a_text_is_read_without_what_was_deleted_or_hidden() {
        let (document, _) = read(
            "text",
            "<style:style style:name='T1'><style:text-properties text:display='none'/></style:style>",
            "<text:tracked-changes><text:deletion><text:p>지운 글</text:p></text:deletion></text:tracked-changes>\
             <text:h text:outline-level='2'>연차<text:s/>휴가</text:h>\
             <text:p>연차는 <text:span text:style-name='T1'>비밀<text:span>도</text:span></text:span>15일<text:note><text:note-citation>1</text:note-citation>\
             <text:note-body><text:p>근로기준법</text:p></text:note-body></text:note>이다.<office:annotation><text:p>의견</text:p></office:annotation></text:p>\
             <text:section text:display='none'><text:p>숨은 절</text:p></text:section>\
             <text:list><text:list-item><text:number>가.</text:number><text:p>첫째</text:p>\
             <text:list><text:list-item><text:p>안쪽</text:p></text:list-item></text:list></text:list-item></text:list>",
        );
        assert_eq!(
            document.text,
            "연차 휴가\n\n연차는 15일이다.\n\n가. 첫째\n\n안쪽\n\n근로기준법"
        );
        assert_eq!(document.blocks[0].kind, BlockKind::Heading { level: 2 });
        assert_eq!(document.blocks[3].kind, BlockKind::ListItem { level: 2 });
    }

    #[test]
    fn tables_of_a_text_repeat_labels_and_not_cells_without_end() {
        let cell = |text: &str, more: &str| {
            format!("<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>")
        };
        let (document, _) = read(
            "text",
            "",
            &format!(
                "<table:table><table:table-header-rows><table:table-row>{}{}</table:table-row></table:table-header-rows>\
                 <table:table-row>{}{}</table:table-row><table:table-row><table:covered-table-cell/>{}</table:table-row></table:table>",
                cell("지역", ""),
                cell("지점", ""),
                cell("수도권", "table:number-rows-spanned='2'"),
                cell("서울", ""),
                cell("인천", "")
            ),
        );
        assert_eq!(document.text, "지역\t지점\n수도권\t서울\n수도권\t인천");
        let row = format!(
            "<table:table-row>{}</table:table-row>",
            cell(
                "칸",
                "table:number-columns-repeated='16384' table:number-rows-spanned='9999'"
            )
            .repeat(50)
        );
        let (document, _) = read(
            "text",
            "",
            &format!("<table:table>{}</table:table>", row.repeat(50)),
        );
        assert!(document.text.len() < 2_000_000, "{}", document.text.len());
    }

    #[test]
    fn sheets_are_read_as_they_are_shown() {
        let (document, problems) = read(
            "spreadsheet",
            "<style:style style:name='ta2'><style:table-properties table:display='false'/></style:style>",
            "<table:table table:name='급여'><table:table-row><table:table-cell><text:p>이름</text:p></table:table-cell>\
             <table:table-cell><text:p>금액</text:p></table:table-cell><table:table-cell table:number-columns-repeated='16382'/></table:table-row>\
             <table:table-row table:number-rows-repeated='2'><table:table-cell><text:p>김민아</text:p></table:table-cell>\
             <table:table-cell office:value-type='currency' office:value='1200'><office:annotation><text:p>세전</text:p></office:annotation>\
             <text:p>1,200원</text:p></table:table-cell></table:table-row>\
             <table:table-row table:number-rows-repeated='1048000'><table:table-cell table:number-columns-repeated='16384'/></table:table-row>\
             <table:table-row><table:table-cell office:value-type='float' office:value='15.000000000000002'/></table:table-row></table:table>\
             <table:table table:name='숨김' table:style-name='ta2'><table:table-row><table:table-cell><text:p>비밀</text:p></table:table-cell></table:table-row></table:table>",
        );
        assert_eq!(
            document.text,
            "급여\n\n이름\t금액\n김민아\t1,200원\n김민아\t1,200원\n\n15\n\n[B2] 세전"
        );
        assert_eq!(
            document.blocks[2].kind,
            BlockKind::Cell {
                table: 0,
                row: 0,
                column: 1,
                header: true
            }
        );
        assert_eq!(problems, ["the hidden sheet `숨김` was left out"]);
    }

    #[test]
    fn cells_that_repeat_without_end_are_cut_off() {
        let (document, problems) = read(
            "spreadsheet",
            "",
            "<table:table table:name='s'><table:table-row table:number-rows-repeated='1000000'>\
             <table:table-cell table:number-columns-repeated='100000'><text:p>칸</text:p></table:table-cell></table:table-row></table:table>",
        );
        assert!(document.text.len() < 2_000_000, "{}", document.text.len());
        assert!(problems[0].contains("were left out"), "{problems:?}");
    }

    #[test]
    fn slides_are_read_in_order_with_their_notes() {
        let frame = |class: &str, y: u32, text: &str| {
            format!(
                "<draw:frame presentation:class='{class}' svg:x='1cm' svg:y='{y}cm' svg:width='9cm' svg:height='1cm'>\
                 <draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"
            )
        };
        let (document, problems) = read(
            "presentation",
            "<style:style style:name='dp2'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>",
            &format!(
                "<draw:page>{}{}{}{}<presentation:notes>{}</presentation:notes></draw:page>\
                 <draw:page draw:style-name='dp2'>{}</draw:page>",
                frame("outline", 9, "아래"),
                frame("footer", 20, "바닥글"),
                frame("title", 1, "제목"),
                frame("outline", 3, "위"),
                frame("notes", 15, "말할 것"),
                frame("title", 1, "숨은 것")
            ),
        );
        assert_eq!(
            document.text,
            "제목\n\n위\n\n아래\n\n[발표자 노트]\n\n말할 것"
        );
        assert_eq!(document.pages[0].name.as_deref(), Some("제목"));
        assert_eq!(problems, ["1 hidden slide was left out"]);
    }

    #[test]
    fn deep_nesting_is_read() {
        for (kind, element) in [
            ("text", "text:p"),
            ("text", "table:table"),
            ("presentation", "draw:g"),
            ("spreadsheet", "table:table"),
        ] {
            let body = format!("{}글", format!("<{element}>").repeat(50_000));
            let _ = parse_any(
                &file(kind, "", &body),
                "",
                &Passwords::default(),
                &|_, _| {},
            );
        }
        let cell = "<table:table><table:table-row><table:table-cell>";
        let (document, _) = read(
            "text",
            "",
            &format!("{}<text:p>글</text:p>", cell.repeat(20_000)),
        );
        assert_eq!(document.text, "글");
    }

    #[test]
    fn a_password_is_told() {
        let bytes = packed(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            (
                "META-INF/manifest.xml",
                "<m:manifest><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>",
            ),
            ("content.xml", "\u{1}\u{2}"),
        ]);
        assert!(matches!(
            parse_any(&bytes, "a.odt", &Passwords::default(), &|_, _| {}),
            Err(ParseError::Encrypted { .. })
        ));
        assert!(matches!(
            parse_any(
                &file("text", "", "</x>"),
                "a.odt",
                &Passwords::default(),
                &|_, _| {}
            ),
            Err(ParseError::Damaged { .. })
        ));
    }
}
