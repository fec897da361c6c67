//! A section of a HWP document: its records, told to a [`Body`].
//!
//! A record belongs to the last one before it that stands less deep; only the paragraphs of a
//! list stand beside the record that opens it. Controls (tables, notes, shapes) come after the
//! text of their paragraph, in the order of the characters that stand for them there.

use super::super::hangul::numbering::numeral;
use super::super::hangul::xml::with_dutmal;
use super::super::hangul::{Body, List, Place, overlaid};
use super::records::{Data, Record, Records, tag};

/// What change tracking calls text that was deleted.
const DELETED: u32 = 17;

/// Characters that may stand for controls which are missing, before one that is not.
const MAX_UNMET: usize = 64;

/// Something that later records may belong to.
#[derive(Debug)]
enum Open {
    Paragraph(Text),
    Table {
        /// Lists before the record that describes the table are its caption.
        described: bool,
    },
    /// Shapes, and controls that are not known.
    Object,
    Note,
    Equation,
    Form,
    List {
        /// Whether the body has something open for it.
        opened: bool,
    },
}

/// Reads a section; says what is wrong with it if it is cut short.
pub(super) fn read(stream: &[u8], name: &str, body: &mut Body) -> Option<String> {
    let mut section = Section {
        body,
        open: Vec::new(),
        skipped: None,
    };
    let mut records = Records::new(stream);
    for record in records.by_ref() {
        section.record(record);
    }
    section.close_to(0, 0);
    section.body.close_all();
    (records.cut || !records.rest().is_empty())
        .then(|| format!("its part `{name}` ends early and was read as far as it goes"))
}

struct Section<'a> {
    body: &'a mut Body,
    open: Vec<(u32, Open)>,
    /// Records deeper than this are left out.
    skipped: Option<u32>,
}

impl Section<'_> {
    fn record(&mut self, record: Record<'_>) {
        let Record { tag, level, data } = record;
        if let Some(skipped) = self.skipped {
            if level > skipped {
                return;
            }
            self.skipped = None;
        }
        match tag {
            tag::PARA_HEADER => {
                self.close_to(level, tag);
                let header = data.skip(8);
                let (shape, style) = ({ header }.u16(), header.skip(2).u8());
                self.body
                    .open_paragraph(shape.map(u32::from), style.map(u32::from));
                self.open.push((level, Open::Paragraph(Text::default())));
            }
            tag::PARA_TEXT => {
                self.close_to(level, tag);
                if let Some((_, Open::Paragraph(text))) = self.open.last_mut() {
                    text.rest(self.body);
                    *text = Text::new(data.0);
                }
            }
            tag::PARA_RANGE_TAG => {
                self.close_to(level, tag);
                if let Some((_, Open::Paragraph(text))) = self.open.last_mut() {
                    text.ranges(data);
                }
            }
            tag::CTRL_HEADER => self.control(level, data),
            tag::LIST_HEADER => self.list(level, data),
            tag::MEMO_LIST => {
                // The memo's list stands beside it.
                self.close_to(level, tag);
                self.skipped = Some(level.saturating_sub(1));
            }
            _ => self.part_of_control(tag, level, data),
        }
    }

    /// Closes what no record at this level belongs to.
    fn close_to(&mut self, level: u32, tag: u32) {
        while let Some((open_level, open)) = self.open.last_mut() {
            if *open_level < level
                || (*open_level == level
                    && tag == tag::PARA_HEADER
                    && matches!(open, Open::List { .. }))
            {
                return;
            }
            match open {
                Open::Paragraph(text) => {
                    text.rest(self.body);
                    self.body.close();
                }
                Open::Table { .. } | Open::Object | Open::Note | Open::List { opened: true } => {
                    self.body.close();
                }
                Open::Equation | Open::Form | Open::List { opened: false } => {}
            }
            self.open.pop();
        }
    }

    fn control(&mut self, level: u32, mut data: Data<'_>) {
        self.close_to(level, tag::CTRL_HEADER);
        let Some(id) = data.u32() else { return };
        let deleted = match self.open.last_mut() {
            Some((_, Open::Paragraph(text))) => text.up_to_control(id, self.body),
            _ => false,
        };
        if deleted {
            self.skipped = Some(level);
            return;
        }
        let open = match &id.to_be_bytes() {
            b"tbl " => {
                self.body.open_table();
                Open::Table { described: false }
            }
            b"fn  " | b"en  " => {
                self.body.open_list(if id.to_be_bytes()[0] == b'f' {
                    List::Footnote
                } else {
                    List::Endnote
                });
                Open::Note
            }
            b"eqed" => Open::Equation,
            b"form" => Open::Form,
            b"atno" => {
                self.automatic_number(data);
                return;
            }
            b"tcps" => {
                let text = data.string().unwrap_or_default();
                // With a border, the first character is the shape around the others.
                let inner = match data.u8() {
                    None | Some(0) => 0,
                    Some(_) => text.char_indices().nth(1).map_or(0, |(at, _)| at),
                };
                self.body.text(overlaid(&text[inner..]));
                return;
            }
            b"tdut" => {
                let main = data.string().unwrap_or_default();
                let other = data.string().unwrap_or_default();
                self.body.text(&with_dutmal(&main, &other));
                return;
            }
            b"secd" => {
                if let Some(id) = data.skip(14).u16() {
                    self.body.styles.outline = Some(u32::from(id));
                }
                self.skipped = Some(level);
                return;
            }
            // Headers and footers repeat; comments are no part of the text; fields hold codes.
            b"head" | b"foot" | b"tcmt" | [b'%', ..] => {
                self.skipped = Some(level);
                return;
            }
            _ => {
                self.body.open_object();
                Open::Object
            }
        };
        self.open.push((level, open));
    }

    fn automatic_number(&mut self, mut data: Data<'_>) {
        let (Some(properties), Some(number)) = (data.u32(), data.u16()) else {
            return;
        };
        // The number of a page is not known without its layout.
        if matches!(properties & 0xF, 0 | 6) {
            return;
        }
        let mark = |unit: Option<u16>| {
            unit.filter(|unit| *unit != 0)
                .and_then(|unit| char::from_u32(u32::from(unit)))
                .map(String::from)
                .unwrap_or_default()
        };
        let _user = data.u16();
        let (prefix, suffix) = (mark(data.u16()), mark(data.u16()));
        let format = u8::try_from(properties >> 4 & 0xFF).unwrap_or(0);
        let number = numeral(u32::from(number), format);
        self.body.text(&format!("{prefix}{number}{suffix}"));
    }

    fn list(&mut self, level: u32, mut data: Data<'_>) {
        self.close_to(level, tag::LIST_HEADER);
        let opened = match self.open.last() {
            Some((_, Open::Table { described: true })) => {
                let properties = data.skip(4).u32().unwrap_or(0);
                data = data.skip(8);
                let mut number = || data.u16().map(u32::from);
                let (column, row) = (number(), number());
                let (columns, rows) = (number(), number());
                self.body.open_list(List::Cell(Place {
                    row,
                    column,
                    rows: rows.unwrap_or(1).max(1),
                    columns: columns.unwrap_or(1).max(1),
                    header: properties >> 18 & 1 == 1,
                }));
                true
            }
            Some((at, Open::Object)) if level > at + 1 => false,
            Some((_, Open::Table { .. } | Open::Object | Open::Equation | Open::Form)) => {
                self.body.open_list(List::Caption);
                true
            }
            Some((_, Open::Note | Open::List { .. })) => false,
            // Of a page that lies under all others, or a memo.
            Some((_, Open::Paragraph(_))) | None => {
                self.skipped = Some(level.saturating_sub(1));
                return;
            }
        };
        self.open.push((level, Open::List { opened }));
    }

    fn part_of_control(&mut self, tag: u32, level: u32, data: Data<'_>) {
        self.close_to(level, tag);
        match (tag, self.open.last_mut()) {
            (tag::TABLE, Some((_, Open::Table { described }))) => *described = true,
            (tag::EQUATION, _) => {
                let script = data.skip(4).string().unwrap_or_default();
                self.body.text(&format!(" {script} "));
            }
            (tag::FORM, _) => {
                let properties = data.skip(12).string().unwrap_or_default();
                if let Some(text) = form_text(&properties) {
                    self.body.text(&format!(" {text} "));
                }
            }
            (tag::TEXT_ART, _) => {
                let text = data.skip(32).string().unwrap_or_default();
                self.body.text(&text);
            }
            (tag::SHAPE_OLE, _) => self.body.embedded += 1,
            _ => {}
        }
    }
}

/// What a button, a list or a field of a form shows, from properties such as
/// `Caption:wstring:3:확인 Text:wstring:0:`.
fn form_text(properties: &str) -> Option<String> {
    ["Caption", "Text", "SelectedText"]
        .into_iter()
        .find_map(|name| {
            let mark = format!("{name}:wstring:");
            let (before, rest) = properties.split_once(&mark)?;
            if before.ends_with(|char: char| char.is_alphanumeric()) {
                return None;
            }
            let (length, rest) = rest.split_once(':')?;
            let length: usize = length.parse().ok()?;
            let text: String = rest.chars().take(length).collect();
            (!text.trim().is_empty()).then_some(text)
        })
}

/// The text of a paragraph on its way into the body.
#[derive(Debug, Default)]
struct Text {
    units: Vec<u16>,
    /// The units up to here are in the body.
    done: usize,
    /// Where characters stand for controls, and for which.
    controls: Vec<(usize, u32)>,
    /// How many of them have had their control.
    met: usize,
    /// Where text was deleted, in order.
    deleted: Vec<(usize, usize)>,
}

/// What a unit of text is.
enum Unit {
    Char,
    /// Stands for a control that records describe.
    Control,
    Inline,
}

impl Unit {
    fn of(unit: u16) -> Self {
        match unit {
            1..=3 | 11 | 12 | 14..=18 | 21..=23 => Self::Control,
            4..=9 | 19 | 20 => Self::Inline,
            _ => Self::Char,
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Char => 1,
            Self::Control | Self::Inline => 8,
        }
    }
}

impl Text {
    fn new(bytes: &[u8]) -> Self {
        let units: Vec<u16> = bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|unit| u16::from_le_bytes(*unit))
            .collect();
        let mut controls = Vec::new();
        let mut at = 0;
        while let Some(unit) = units.get(at) {
            let kind = Unit::of(*unit);
            if matches!(kind, Unit::Control)
                && let (Some(low), Some(high)) = (units.get(at + 1), units.get(at + 2))
            {
                controls.push((at, u32::from(*low) | u32::from(*high) << 16));
            }
            at += kind.length();
        }
        Self {
            units,
            controls,
            ..Self::default()
        }
    }

    /// Takes in what change tracking says.
    fn ranges(&mut self, mut data: Data<'_>) {
        while let (Some(start), Some(end), Some(kind)) = (data.u32(), data.u32(), data.u32()) {
            if kind >> 24 == DELETED
                && let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end))
                && start < end
            {
                self.deleted.push((start, end));
            }
        }
        self.deleted.sort_unstable();
        self.deleted.dedup_by(|next, last| {
            let joined = next.0 <= last.1;
            if joined {
                last.1 = last.1.max(next.1);
            }
            joined
        });
    }

    fn is_deleted(&self, at: usize) -> bool {
        let after = self.deleted.partition_point(|range| range.0 <= at);
        after
            .checked_sub(1)
            .is_some_and(|index| at < self.deleted[index].1)
    }

    /// Hands over the text up to the next control of this id, and says whether that was
    /// deleted. Without one, the control stands where the text has come to.
    fn up_to_control(&mut self, id: u32, body: &mut Body) -> bool {
        let next = self.controls[self.met..]
            .iter()
            .take(MAX_UNMET)
            .position(|(_, control)| *control == id);
        let Some(next) = next else { return false };
        let at = self.controls[self.met + next].0;
        self.met += next + 1;
        self.hand_over(at, body);
        self.done = (at + 8).min(self.units.len());
        self.is_deleted(at)
    }

    fn rest(&mut self, body: &mut Body) {
        self.hand_over(self.units.len(), body);
    }

    fn hand_over(&mut self, end: usize, body: &mut Body) {
        let end = end.min(self.units.len());
        let mut text = Vec::new();
        let mut at = self.done;
        while at < end {
            let unit = self.units[at];
            let kind = Unit::of(unit);
            if !self.is_deleted(at) {
                match unit {
                    9 | 10 | 30 | 31 => text.push(u16::from(b' ')),
                    24 => text.push(u16::from(b'-')),
                    32.. => text.push(unit),
                    _ => {}
                }
            }
            at += kind.length();
        }
        self.done = end.max(self.done);
        if !text.is_empty() {
            body.text(&String::from_utf16_lossy(&text));
        }
    }
}
