//! The text and the styles of HWPX and HWPML.
//!
//! HWPX grew out of HWPML: `hp:tbl` was `TABLE`, `hp:autoNum` was `AUTONUM`. Names are compared
//! in lower case and without prefix, so that one reader serves both.
//!
//! Left out: headers and footers (they repeat), comments, memos, the codes of fields, marks of
//! the index, descriptions of pictures, and text that change tracking says was deleted.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::xml::reference;
use super::numbering::{Head, Level, Shape, Styles, format_of, numeral};
use super::{Body, List, Place, overlaid};

/// What an element that is open means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    /// Nothing of its own: what is in it counts.
    Through,
    /// Something of the [`Body`] that closes with it.
    Opened,
    Cell,
    Text,
    Equation,
    Edit,
    /// A list to choose from in which nothing is selected.
    List,
    AutoNumber,
    Dutmal,
    /// Its text is kept until it ends.
    Captured,
    Switch,
    Case,
}

/// Reads a part that holds paragraphs.
#[derive(Debug, Default)]
pub(in super::super) struct Section {
    open: Vec<Element>,
    /// Elements that are open inside one that is left out, itself included.
    skipped: usize,
    captured: String,
    /// A number that Hangul made, until its format is known.
    number: Option<u32>,
    /// The text above the letters of a `dutmal`.
    above: String,
    /// Whether there was any element.
    any: bool,
    /// How much text there was when the alternatives began, one of which is read.
    before_case: Option<usize>,
}

impl Section {
    /// Reads a part into the body; says what is wrong with it if it ends early.
    pub(in super::super) fn read(
        mut self,
        text: &str,
        part: &str,
        body: &mut Body,
    ) -> Option<String> {
        let mut reader = Reader::from_str(text);
        let problem = loop {
            match reader.read_event() {
                Ok(Event::Start(element)) => {
                    self.any = true;
                    let name = local_name(&element);
                    if self.skipped > 0 || self.is_skipped(&name, body) {
                        self.skipped += 1;
                        outline(&name, &element, body);
                    } else {
                        let opened = self.start(&name, &element, body);
                        self.open.push(opened);
                    }
                }
                Ok(Event::Empty(element)) => {
                    let name = local_name(&element);
                    outline(&name, &element, body);
                    if self.skipped == 0 && !self.is_skipped(&name, body) {
                        let opened = self.start(&name, &element, body);
                        self.end(opened, body);
                    }
                }
                Ok(Event::End(_)) if self.skipped > 0 => self.skipped -= 1,
                Ok(Event::End(_)) => {
                    if let Some(opened) = self.open.pop() {
                        self.end(opened, body);
                    }
                }
                Ok(Event::Text(text)) => self.text(&text, body),
                Ok(Event::CData(text)) => self.text(&text, body),
                Ok(Event::GeneralRef(name)) => {
                    if let Some(char) = reference(&name) {
                        self.text(char.encode_utf8(&mut [0; 4]), body);
                    }
                }
                Ok(Event::Eof) if !self.any => {
                    break Some(format!("its part `{part}` is no XML, or encrypted"));
                }
                Ok(Event::Eof) if self.open.is_empty() && self.skipped == 0 => break None,
                Ok(Event::Eof) => {
                    break Some(format!(
                        "its part `{part}` ends early and was read as far as it goes"
                    ));
                }
                Ok(_) => {}
                Err(error) => {
                    let at = reader.error_position();
                    break Some(format!(
                        "its part `{part}` is damaged at byte {at} and was read up to there: {error}"
                    ));
                }
            }
        };
        body.close_all();
        problem
    }

    fn is_skipped(&self, name: &str, body: &Body) -> bool {
        match name {
            "secpr" | "secdef" | "header" | "footer" | "hiddencomment" | "fieldbegin"
            | "parameters" | "parameterset" | "shapecomment" | "indexmark" | "masterpage"
            | "memo" => true,
            // The alternatives of a switch say the same; the first that says anything is read.
            "case" | "default" if self.open.last() == Some(&Element::Switch) => self
                .before_case
                .is_some_and(|before| body.written() > before),
            _ => false,
        }
    }

    fn text(&mut self, text: &str, body: &mut Body) {
        if self.skipped > 0 {
            return;
        }
        match self.open.last() {
            Some(Element::Text) => body.text(text),
            Some(Element::Captured) => self.captured.push_str(text),
            _ => {}
        }
    }

    fn start(&mut self, name: &str, element: &BytesStart<'_>, body: &mut Body) -> Element {
        match name {
            "p" => {
                body.open_paragraph(
                    number(element, &["parapridref", "parashape"]),
                    number(element, &["styleidref", "style"]),
                );
                Element::Opened
            }
            "t" | "char" => Element::Text,
            "tbl" | "table" => {
                body.open_table();
                Element::Opened
            }
            "tr" | "row" => {
                body.row();
                Element::Through
            }
            "tc" | "cell" => {
                body.open_list(List::Cell(place(element, Place::default())));
                Element::Cell
            }
            "celladdr" | "cellspan" => {
                if let Some(open) = body.place() {
                    *open = place(element, *open);
                }
                Element::Through
            }
            "caption" => {
                body.open_list(List::Caption);
                Element::Opened
            }
            "footnote" => {
                body.open_list(List::Footnote);
                Element::Opened
            }
            "endnote" => {
                body.open_list(List::Endnote);
                Element::Opened
            }
            "rect" | "rectangle" | "ellipse" | "line" | "arc" | "polygon" | "curve"
            | "connectline" | "container" | "pic" | "picture" | "ole" | "textart" | "video"
            | "chart" | "unknownobject" => {
                body.open_object();
                if name == "ole" {
                    body.embedded += 1;
                }
                if name == "textart"
                    && let Some(text) = value(element, &["text"])
                {
                    body.text(&text);
                }
                Element::Opened
            }
            "switch" => {
                self.before_case = Some(body.written());
                Element::Switch
            }
            "case" | "default" if self.open.last() == Some(&Element::Switch) => Element::Case,
            _ => self.start_inline(name, element, body),
        }
    }

    /// What stands inside a line of text.
    fn start_inline(&mut self, name: &str, element: &BytesStart<'_>, body: &mut Body) -> Element {
        let around = self.open.last().copied();
        match name {
            "tab" | "linebreak" | "nbspace" | "fwspace" if around == Some(Element::Text) => {
                body.text(" ");
            }
            "hyphen" | "hypen" if around == Some(Element::Text) => body.text("-"),
            "deletebegin" => body.delete(),
            "deleteend" => body.deleted(),
            "equation" => return Element::Equation,
            "edit" => return Element::Edit,
            "script" if around == Some(Element::Equation) => return self.capture(),
            "text" if around == Some(Element::Edit) => return self.capture(),
            "maintext" | "subtext" if around == Some(Element::Dutmal) => return self.capture(),
            "dutmal" => {
                self.above.clear();
                return Element::Dutmal;
            }
            "compose" => {
                if let Some(text) = value(element, &["composetext"]) {
                    body.text(overlaid(&text));
                }
            }
            "btn" | "checkbtn" | "radiobtn" | "button" | "checkbutton" | "radiobutton" => {
                if let Some(caption) = value(element, &["caption"]) {
                    body.text(&format!(" {caption} "));
                }
            }
            "combobox" => {
                let selected = value(element, &["selectedvalue"]).unwrap_or_default();
                body.text(&format!(" {selected} "));
                return if selected.is_empty() {
                    Element::List
                } else {
                    Element::Through
                };
            }
            "listitem" if around == Some(Element::List) => {
                // Where nothing is selected, a list shows its first line.
                if let Some(list) = self.open.last_mut() {
                    *list = Element::Through;
                }
                let shown = value(element, &["displaytext"]).filter(|text| !text.is_empty());
                let shown = shown.or_else(|| value(element, &["value"]));
                body.text(&format!(" {} ", shown.unwrap_or_default()));
            }
            "autonum" => {
                let kind = value(element, &["numtype", "numbertype"]).unwrap_or_default();
                // The number of a page is not known without its layout.
                self.number = number(element, &["num", "number"])
                    .filter(|_| !kind.to_lowercase().ends_with("page"));
                return Element::AutoNumber;
            }
            "autonumformat" => {
                if let Some(number) = self.number.take() {
                    let format = value(element, &["type"]).unwrap_or_default();
                    let mark = |name: &str| value(element, &[name]).unwrap_or_default();
                    body.text(&format!(
                        "{}{}{}",
                        mark("prefixchar"),
                        numeral(number, format_of(&format)),
                        mark("suffixchar")
                    ));
                }
            }
            _ => {}
        }
        Element::Through
    }

    fn capture(&mut self) -> Element {
        self.captured.clear();
        Element::Captured
    }

    fn end(&mut self, element: Element, body: &mut Body) {
        match element {
            Element::Opened | Element::Cell => body.close(),
            Element::AutoNumber => {
                if let Some(number) = self.number.take() {
                    body.text(&number.to_string());
                }
            }
            Element::Captured => {
                let text = std::mem::take(&mut self.captured);
                match self.open.last() {
                    Some(Element::Dutmal) if self.above.is_empty() => self.above = text,
                    Some(Element::Dutmal) => {
                        let main = std::mem::take(&mut self.above);
                        body.text(&with_dutmal(&main, &text));
                    }
                    _ => body.text(&format!(" {text} ")),
                }
            }
            Element::Dutmal => {
                let text = std::mem::take(&mut self.above);
                body.text(&text);
            }
            Element::Switch => self.before_case = None,
            Element::Through
            | Element::Text
            | Element::Equation
            | Element::Edit
            | Element::List
            | Element::Case => {}
        }
    }
}

/// Letters with smaller ones above or below them.
pub(in super::super) fn with_dutmal(main: &str, other: &str) -> String {
    let (main, other) = (main.trim(), other.trim());
    match (main.is_empty(), other.is_empty()) {
        (false, false) => format!("{main}({other})"),
        _ => format!("{main}{other}"),
    }
}

/// Which numbering the section's outline has.
fn outline(name: &str, element: &BytesStart<'_>, body: &mut Body) {
    if matches!(name, "secpr" | "secdef")
        && let Some(id) = number(element, &["outlineshapeidref", "outlineshape"])
    {
        body.styles.outline = Some(id);
    }
}

fn place(element: &BytesStart<'_>, before: Place) -> Place {
    let header = value(element, &["header"]);
    Place {
        row: number(element, &["rowaddr"]).or(before.row),
        column: number(element, &["coladdr"]).or(before.column),
        rows: number(element, &["rowspan"]).unwrap_or(before.rows).max(1),
        columns: number(element, &["colspan"])
            .unwrap_or(before.columns)
            .max(1),
        header: header.map_or(before.header, |header| header == "1" || header == "true"),
    }
}

fn local_name(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_ascii_lowercase()
}

/// The value of the first attribute that has one of these names, in lower case.
fn value(element: &BytesStart<'_>, names: &[&str]) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find_map(|attribute| {
            let key = attribute.key.as_ref();
            let key = key.rsplit_once(':').map_or(key, |(_, local)| local);
            if !names.iter().any(|name| key.eq_ignore_ascii_case(name)) {
                return None;
            }
            let value = quick_xml::escape::unescape(&attribute.value)
                .unwrap_or(std::borrow::Cow::Borrowed(&*attribute.value));
            Some(value.into_owned())
        })
}

fn number(element: &BytesStart<'_>, names: &[&str]) -> Option<u32> {
    value(element, names)?.trim().parse().ok()
}

/// Reads the styles of a document from `header.xml`, or from what stands before the text of
/// HWPML. What is damaged in them only costs headings and numbers.
pub(in super::super) fn styles(text: &str) -> Styles {
    let mut styles = Styles::default();
    let mut reader = Reader::from_str(text);
    let (mut shape, mut numbering, mut level) = (None, None, None::<(u32, usize)>);
    let mut format = String::new();
    loop {
        let event = match reader.read_event() {
            Ok(Event::Eof) | Err(_) => return styles,
            Ok(event) => event,
        };
        match &event {
            Event::Start(element) | Event::Empty(element) => match local_name(element).as_str() {
                "body" => return styles,
                "parapr" | "parashape" => {
                    shape = number(element, &["id"]);
                    add_shape(&mut styles, shape, element);
                }
                "heading" => add_shape(&mut styles, shape, element),
                "style" => {
                    if let Some(id) = number(element, &["id"]) {
                        let name = value(element, &["name"]).unwrap_or_default();
                        let english = value(element, &["engname"]).unwrap_or_default();
                        styles.style(id, [&name, &english]);
                    }
                }
                "numbering" => numbering = number(element, &["id"]),
                "bullet" => numbering = None,
                "parahead" => {
                    format.clear();
                    level = add_level(&mut styles, numbering, element);
                }
                _ => {}
            },
            Event::Text(text) => format.push_str(text),
            Event::GeneralRef(name) => format.extend(reference(name)),
            Event::End(element)
                if element
                    .local_name()
                    .as_ref()
                    .eq_ignore_ascii_case("parahead") =>
            {
                if let Some((numbering, level)) = level.take()
                    && let Some(level) = styles
                        .numbering(numbering)
                        .and_then(|levels| levels.get_mut(level))
                {
                    format.trim().clone_into(&mut level.text);
                }
            }
            _ => {}
        }
    }
}

/// HWPX says it as `<hh:heading type="OUTLINE" idRef="0" level="1"/>`, HWPML on the shape as
/// `HeadingType`, `Heading` and `Level`.
fn add_shape(styles: &mut Styles, id: Option<u32>, element: &BytesStart<'_>) {
    let Some(id) = id else { return };
    let Some(kind) = value(element, &["type", "headingtype"]) else {
        return;
    };
    let head = match kind.to_lowercase().as_str() {
        "outline" => Head::Outline,
        "number" => Head::Number(number(element, &["idref", "heading"]).unwrap_or(0)),
        "bullet" => Head::Bullet,
        _ => Head::None,
    };
    let level = number(element, &["level"]).unwrap_or(0);
    let level = usize::try_from(level).unwrap_or(0);
    styles.shape(id, Shape { head, level });
}

/// Adds a level of a numbering; says where its text, which follows, belongs.
fn add_level(
    styles: &mut Styles,
    numbering: Option<u32>,
    element: &BytesStart<'_>,
) -> Option<(u32, usize)> {
    let numbering = numbering?;
    let level = number(element, &["level"])?.checked_sub(1)?;
    let level = usize::try_from(level).ok().filter(|level| *level < 10)?;
    let levels = styles.numbering(numbering)?;
    if levels.len() <= level {
        levels.resize(level + 1, Level::default());
    }
    levels[level] = Level {
        format: format_of(&value(element, &["numformat"]).unwrap_or_default()),
        text: String::new(),
        start: number(element, &["start"]).unwrap_or(1),
    };
    Some((numbering, level))
}
