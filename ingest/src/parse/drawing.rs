//! `DrawingML`: shapes with their text, lists and tables, as slides and sheets hold them.
//!
//! Nothing here recurses: groups, shapes and paragraphs that are open stand in fields.

use std::collections::{HashMap, HashSet};

use quick_xml::events::BytesStart;

use super::docx::numeral;
use super::flow::{Grid, Item};
use super::ooxml::{flag, prefixed, relation_id};
use super::sheet;
use super::slide::{Node, Place, in_reading_order};
use super::xml::{self, Piece, attribute, each_element};

/// Lists have nine levels.
const LEVELS: usize = 9;
/// Groups inside groups: below this depth they are part of the group around them.
const MAX_NESTED_GROUPS: usize = 32;

/// Per level of a list, whether its items have bullets; `None` where nothing says so.
type Bullets = [Option<bool>; LEVELS];

/// A shape of a layout that shapes of slides take their place and bullets from.
#[derive(Clone, Debug, Default)]
struct Placeholder {
    kind: String,
    index: Option<String>,
    place: Option<Place>,
    bullets: Bullets,
}

/// The placeholders of a layout or master; their text is only a prompt.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    placeholders: Vec<Placeholder>,
    /// What a master says of all running text.
    body: Bullets,
}

impl Layout {
    pub(super) fn read(text: &str) -> Self {
        let mut layout = Self::default();
        let mut shape = Placeholder::default();
        let mut is_placeholder = false;
        each_element(text, |element, around| {
            let name = element.local_name();
            match name.as_ref() {
                "sp" | "pic" | "graphicFrame" => {
                    shape = Placeholder::default();
                    is_placeholder = false;
                }
                "ph" => {
                    shape.kind = attribute(element, "type").unwrap_or_else(|| "obj".to_owned());
                    shape.index = attribute(element, "idx");
                    is_placeholder = true;
                    layout.placeholders.push(shape.clone());
                }
                part @ ("off" | "ext") if ends_with(around, "xfrm", 0) => {
                    if let Some(shape) = layout.placeholders.last_mut().filter(|_| is_placeholder) {
                        set_place(&mut shape.place, part, element);
                    }
                }
                part => {
                    let level = around.last().and_then(|name| level_of(name));
                    if let (Some(level), Some(bullet)) = (level, bullet(part)) {
                        if ends_with(around, "bodyStyle", 1) {
                            layout.body[level] = Some(bullet);
                        } else if ends_with(around, "lstStyle", 1)
                            && is_placeholder
                            && let Some(shape) = layout.placeholders.last_mut()
                        {
                            shape.bullets[level] = Some(bullet);
                        }
                    }
                }
            }
        });
        layout
    }

    fn find(&self, kind: &str, index: Option<&str>) -> Option<&Placeholder> {
        let by_index = index.and_then(|index| {
            self.placeholders
                .iter()
                .find(|shape| shape.index.as_deref() == Some(index))
        });
        by_index.or_else(|| {
            self.placeholders
                .iter()
                .find(|shape| usual_kind(&shape.kind) == usual_kind(kind))
        })
    }
}

fn ends_with(around: &[String], name: &str, above: usize) -> bool {
    around
        .len()
        .checked_sub(above + 1)
        .is_some_and(|at| around[at] == name)
}

/// Masters know one kind of title and one of text.
fn usual_kind(kind: &str) -> &str {
    match kind {
        "ctrTitle" => "title",
        "obj" | "subTitle" => "body",
        kind => kind,
    }
}

fn level_of(name: &str) -> Option<usize> {
    let level: usize = name
        .strip_prefix("lvl")?
        .strip_suffix("pPr")?
        .parse()
        .ok()?;
    (1..=LEVELS).contains(&level).then(|| level - 1)
}

fn bullet(name: &str) -> Option<bool> {
    match name {
        "buNone" => Some(false),
        "buChar" | "buAutoNum" | "buBlip" => Some(true),
        _ => None,
    }
}

fn set_place(place: &mut Option<Place>, part: &str, element: &BytesStart<'_>) {
    let number = |name| attribute(element, name).and_then(|value| value.parse::<f64>().ok());
    let (names, is_corner) = match part {
        "off" => (["x", "y"], true),
        _ => (["cx", "cy"], false),
    };
    if let [Some(one), Some(other)] = names.map(number) {
        let place = place.get_or_insert_default();
        if is_corner {
            (place.x, place.y) = (one, other);
        } else {
            (place.width, place.height) = (one, other);
        }
    }
}

/// What the shapes of a slide refer to.
#[derive(Debug, Default)]
pub(super) struct Context<'a> {
    pub(super) layout: Option<&'a Layout>,
    pub(super) master: Option<&'a Layout>,
    /// What charts and diagrams say, by the ids of their relations.
    pub(super) linked: HashMap<String, Vec<Item>>,
    /// Whether these are the notes of a slide, whose text has no bullets of its own.
    pub(super) notes: bool,
}

impl Context<'_> {
    fn place(&self, kind: &str, index: Option<&str>) -> Option<Place> {
        let own = self.layout.and_then(|layout| layout.find(kind, index));
        own.and_then(|shape| shape.place).or_else(|| {
            let kind = own.map_or(kind, |shape| shape.kind.as_str());
            self.master?.find(kind, None)?.place
        })
    }

    fn has_bullet(&self, shape: &Shape, level: usize) -> bool {
        if let Some(own) = shape.bullets[level] {
            return own;
        }
        let Some(kind) = shape.kind.as_deref().filter(|_| !self.notes) else {
            return level > 0 && !self.notes;
        };
        if usual_kind(kind) != "body" {
            return false;
        }
        let from = |layout: Option<&Layout>, index: Option<&str>| {
            layout?.find(kind, index)?.bullets[level]
        };
        from(self.layout, shape.index.as_deref())
            .or_else(|| from(self.master, None))
            .or_else(|| self.master?.body[level])
            .unwrap_or(kind != "subTitle")
    }
}

/// What stands in the shapes of a slide or sheet.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) title: Option<String>,
    /// Whether the title is that of the first slide of a presentation.
    pub(super) is_front: bool,
    pub(super) items: Vec<Item>,
    pub(super) is_hidden: bool,
    pub(super) pictures: usize,
    /// Files embedded in it.
    pub(super) embedded: usize,
    pub(super) problem: Option<String>,
}

/// Reads the shapes of a part.
pub(super) fn read(text: &str, part: &str, context: &Context<'_>) -> Drawing {
    let mut reader = Reader {
        context,
        drawing: Drawing::default(),
        groups: vec![Group::default()],
        merged_groups: 0,
        shape: None,
        paragraph: None,
        in_text: false,
        in_place: false,
        in_list_style: None,
        told: HashSet::new(),
    };
    let problem = xml::walk(
        text,
        part,
        |name, _| matches!(name, "Fallback" | "extLst" | "timing" | "rt"),
        |piece| match piece {
            Piece::Start(name, element) => reader.start(name, element),
            Piece::End(name) => reader.end(name),
            Piece::Text(text) if reader.in_text => reader.push(text),
            Piece::Text(_) => {}
        },
    );
    // What a damaged part left open.
    reader.end("p");
    reader.end("tc");
    reader.end("tbl");
    reader.close_shape();
    while reader.groups.len() > 1 {
        reader.close_group();
    }
    let nodes = reader.groups.pop().unwrap_or_default().nodes;
    Drawing {
        items: in_reading_order(nodes),
        problem,
        ..reader.drawing
    }
}

#[derive(Debug, Default)]
struct Group {
    place: Option<Place>,
    nodes: Vec<Node>,
    is_hidden: bool,
}

#[derive(Debug, Default)]
struct Shape {
    /// The kind of placeholder that it is.
    kind: Option<String>,
    index: Option<String>,
    place: Option<Place>,
    is_picture: bool,
    is_hidden: bool,
    bullets: Bullets,
    items: Vec<Item>,
    table: Option<Table>,
    /// Per level, the kind of the numbers and how far they count.
    counts: [Option<(String, u32)>; LEVELS],
}

#[derive(Debug, Default)]
struct Table {
    grid: Grid,
    rows: Vec<Vec<String>>,
    first_row_is_header: bool,
    /// The cell that is open.
    cell: Option<Vec<Item>>,
    columns: usize,
    below: bool,
    beside: bool,
}

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    level: usize,
    bullet: Option<bool>,
    /// The kind of its number, and where the count starts.
    number: Option<(String, u32)>,
}

struct Reader<'a> {
    context: &'a Context<'a>,
    drawing: Drawing,
    /// Groups that are open, the slide itself first.
    groups: Vec<Group>,
    /// Groups that are open below the deepest one that is kept.
    merged_groups: usize,
    shape: Option<Shape>,
    paragraph: Option<Paragraph>,
    in_text: bool,
    in_place: bool,
    /// The level whose style is open.
    in_list_style: Option<usize>,
    /// Charts and diagrams that were told: each is told once.
    told: HashSet<String>,
}

impl Reader<'_> {
    fn push(&mut self, text: &str) {
        if let Some(paragraph) = &mut self.paragraph {
            paragraph.text.push_str(text);
        }
    }

    fn start(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "sld" => {
                self.drawing.is_hidden = matches!(
                    attribute(element, "show").as_deref(),
                    Some("0" | "false" | "off")
                );
            }
            "grpSp" => {
                self.close_shape();
                if self.groups.len() < MAX_NESTED_GROUPS {
                    self.groups.push(Group::default());
                } else {
                    self.merged_groups += 1;
                }
            }
            // The picture of an embedded file stands inside the frame that is open.
            "pic" if self.shape.is_some() => {}
            "sp" | "pic" | "graphicFrame" | "cxnSp" => {
                self.close_shape();
                self.shape = Some(Shape {
                    is_picture: name == "pic",
                    ..Shape::default()
                });
                self.drawing.pictures += usize::from(name == "pic");
            }
            "cNvPr" if flag(element, "hidden") => match &mut self.shape {
                Some(shape) => shape.is_hidden = true,
                None => {
                    if let Some(group) = self.groups.last_mut() {
                        group.is_hidden = true;
                    }
                }
            },
            "ph" => {
                if let Some(shape) = &mut self.shape {
                    let kind = attribute(element, "type");
                    shape.kind = Some(kind.unwrap_or_else(|| "obj".to_owned()));
                    shape.index = attribute(element, "idx");
                }
            }
            "xfrm" => self.in_place = true,
            "off" | "ext" if self.in_place => match &mut self.shape {
                Some(shape) => set_place(&mut shape.place, name, element),
                None if self.merged_groups == 0 => {
                    if let Some(group) = self.groups.last_mut() {
                        set_place(&mut group.place, name, element);
                    }
                }
                None => {}
            },
            "chart" => self.link(relation_id(element)),
            "relIds" => self.link(prefixed(element, "dm")),
            "oleObj" => self.drawing.embedded += 1,
            _ => self.start_in_text(name, element),
        }
    }

    fn start_in_text(&mut self, name: &str, element: &BytesStart<'_>) {
        match name {
            "p" => self.paragraph = Some(Paragraph::default()),
            "t" => self.in_text = true,
            "br" => self.push(" "),
            "pPr" => {
                if let Some(paragraph) = &mut self.paragraph {
                    paragraph.level = attribute(element, "lvl")
                        .and_then(|level| level.parse().ok())
                        .map_or(0, |level: usize| level.min(LEVELS - 1));
                }
            }
            "buNone" | "buChar" | "buAutoNum" | "buBlip" => {
                if let (Some(level), Some(shape)) = (self.in_list_style, &mut self.shape) {
                    shape.bullets[level] = bullet(name);
                } else if let Some(paragraph) = &mut self.paragraph {
                    paragraph.bullet = bullet(name);
                    if name == "buAutoNum" {
                        let start = attribute(element, "startAt")
                            .and_then(|start| start.parse().ok())
                            .unwrap_or(1);
                        paragraph.number = attribute(element, "type").map(|kind| (kind, start));
                    }
                }
            }
            _ => {
                if let Some(level) = level_of(name) {
                    self.in_list_style = Some(level);
                } else {
                    self.start_in_table(name, element);
                }
            }
        }
    }

    fn start_in_table(&mut self, name: &str, element: &BytesStart<'_>) {
        let Some(shape) = &mut self.shape else {
            return;
        };
        if name == "tbl" {
            shape.table = Some(Table::default());
        }
        let Some(table) = &mut shape.table else {
            return;
        };
        match name {
            "tblPr" => table.first_row_is_header = flag(element, "firstRow"),
            "tr" => {
                table.grid.row();
                table.rows.push(Vec::new());
            }
            "tc" => {
                table.cell = Some(Vec::new());
                table.columns = attribute(element, "gridSpan")
                    .and_then(|columns| columns.parse().ok())
                    .unwrap_or(1);
                table.below = flag(element, "vMerge");
                table.beside = flag(element, "hMerge");
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "xfrm" => self.in_place = false,
            "p" => {
                if let Some(paragraph) = self.paragraph.take() {
                    self.close_paragraph(paragraph);
                }
            }
            "tc" => self.close_cell(),
            "tbl" => {
                if let Some(shape) = &mut self.shape
                    && let Some(table) = shape.table.take()
                {
                    let header = table.first_row_is_header
                        || sheet::has_header(table.rows.iter().map(Vec::as_slice));
                    shape.items.extend(table.grid.finish(header, false));
                }
            }
            "sp" | "graphicFrame" | "cxnSp" => self.close_shape(),
            "pic" if self.shape.as_ref().is_some_and(|shape| shape.is_picture) => {
                self.close_shape();
            }
            "grpSp" => {
                self.close_shape();
                if self.merged_groups > 0 {
                    self.merged_groups -= 1;
                } else if self.groups.len() > 1 {
                    self.close_group();
                }
            }
            _ => {
                if level_of(name).is_some() {
                    self.in_list_style = None;
                }
            }
        }
    }

    fn link(&mut self, id: Option<String>) {
        if let Some(id) = id
            && let Some(items) = self.context.linked.get(&id)
            && let Some(shape) = &mut self.shape
            && self.told.insert(id)
        {
            shape.items.extend(items.iter().cloned());
        }
    }

    fn close_paragraph(&mut self, paragraph: Paragraph) {
        let Some(shape) = &mut self.shape else {
            return;
        };
        let text = paragraph.text.trim();
        let level = paragraph.level;
        if text.is_empty() {
            return;
        }
        for below in &mut shape.counts[level + 1..] {
            *below = None;
        }
        let number = paragraph.number.map(|(kind, start)| {
            let count = match &shape.counts[level] {
                Some((same, count)) if *same == kind => count.saturating_add(1),
                _ => start,
            };
            shape.counts[level] = Some((kind.clone(), count));
            auto_number(&kind, count)
        });
        if number.is_none() {
            shape.counts[level] = None;
        }
        let text = match number {
            Some(number) => format!("{number} {text}"),
            None => text.to_owned(),
        };
        let cell = shape.table.as_mut().and_then(|table| table.cell.as_mut());
        let bullet = match (&cell, paragraph.bullet) {
            (_, Some(bullet)) => bullet,
            (Some(_), None) => false,
            (None, None) => self.context.has_bullet(shape, level),
        };
        let item = if bullet {
            Item::ListItem {
                level: u8::try_from(level).unwrap_or(8) + 1,
                text,
            }
        } else {
            Item::Paragraph(text)
        };
        match shape.table.as_mut().and_then(|table| table.cell.as_mut()) {
            Some(cell) => cell.push(item),
            None => shape.items.push(item),
        }
    }

    fn close_cell(&mut self) {
        let Some(table) = self.shape.as_mut().and_then(|shape| shape.table.as_mut()) else {
            return;
        };
        let Some(items) = table.cell.take() else {
            return;
        };
        if let Some(row) = table.rows.last_mut() {
            row.push(items.iter().map(Item::text).collect());
        }
        if table.beside {
            // The cell that it is merged into has its columns.
        } else if table.below {
            table.grid.continued_cell(table.columns);
        } else {
            table.grid.cell(items, table.columns, 1);
        }
    }

    fn close_shape(&mut self) {
        let Some(shape) = self.shape.take() else {
            return;
        };
        if shape.is_hidden {
            return;
        }
        let place = shape.place.or_else(|| {
            let kind = shape.kind.as_deref()?;
            self.context.place(kind, shape.index.as_deref())
        });
        match shape.kind.as_deref() {
            Some("ftr" | "sldNum" | "dt" | "hdr" | "sldImg") => return,
            Some(kind @ ("title" | "ctrTitle")) if self.drawing.title.is_none() => {
                let lines: Vec<String> = shape.items.iter().map(Item::text).collect();
                if !lines.is_empty() {
                    self.drawing.title = Some(lines.join(" "));
                    self.drawing.is_front = kind == "ctrTitle";
                }
                return;
            }
            _ => {}
        }
        if let Some(group) = self.groups.last_mut() {
            group.nodes.push(Node {
                place,
                items: shape.items,
            });
        }
    }

    fn close_group(&mut self) {
        if let Some(group) = self.groups.pop()
            && !group.is_hidden
            && let Some(around) = self.groups.last_mut()
        {
            around.nodes.push(Node::group(group.place, group.nodes));
        }
    }
}

/// The number that `PowerPoint` writes before an item.
fn auto_number(kind: &str, count: u32) -> String {
    let is = |start: &str| kind.starts_with(start);
    let format = if is("alphaLc") {
        "lowerLetter"
    } else if is("alphaUc") {
        "upperLetter"
    } else if is("romanLc") {
        "lowerRoman"
    } else if is("romanUc") {
        "upperRoman"
    } else if is("circleNum") {
        "decimalEnclosedCircle"
    } else {
        "decimal"
    };
    let number = numeral(count, format);
    if kind.ends_with("ParenBoth") {
        format!("({number})")
    } else if kind.ends_with("ParenR") {
        format!("{number})")
    } else if kind.ends_with("Period") {
        format!("{number}.")
    } else if kind.ends_with("Minus") {
        format!("{number}-")
    } else {
        number
    }
}
