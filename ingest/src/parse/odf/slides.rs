//! The slides of `OpenDocument` presentations.

use quick_xml::events::BytesStart;

use super::super::Progress;
use super::super::flow::Item;
use super::super::slide::{self, Node, Place, in_reading_order};
use super::super::xml::{self, Piece, attribute};
use super::text::{Flow, is_skipped};
use super::{Package, Styles, points};
use crate::{DocumentBuilder, Problem};

/// Groups inside groups: below this depth they are part of the group around them.
const MAX_NESTED_GROUPS: usize = 32;

/// Reads the slides; what is wrong with the part if it ends early.
pub(super) fn read(package: &mut Package, progress: Progress<'_>) -> Option<String> {
    let mut slides = Slides {
        styles: &package.styles,
        builder: &mut package.builder,
        flow: Flow::new(&package.styles, &mut package.objects),
        slide: None,
        groups: Vec::new(),
        shape: None,
        depth: 0,
        merged_groups: 0,
        in_notes: false,
        number: 0,
        hidden: 0,
        progress,
    };
    let problem = xml::walk(&package.content, "content.xml", is_skipped, |piece| {
        slides.piece(&piece);
    });
    slides.close_shape();
    slides.close_slide();
    let hidden = slide::hidden_slides(slides.hidden);
    // Footnotes, and what stands on no slide.
    let rest = slides.flow.finish();
    for item in rest {
        item.push_to(&mut package.builder);
    }
    package.problems.extend(hidden.map(Problem::of_file));
    problem
}

#[derive(Debug, Default)]
struct Slide {
    title: Option<String>,
    notes: Vec<Item>,
    size: (f32, f32),
    is_hidden: bool,
}

#[derive(Debug, Default)]
struct Shape {
    class: String,
    place: Option<Place>,
    /// Whether it is only a prompt.
    is_prompt: bool,
}

struct Slides<'a> {
    styles: &'a Styles,
    builder: &'a mut DocumentBuilder,
    flow: Flow<'a>,
    slide: Option<Slide>,
    /// The members of groups that are open, the slide itself first.
    groups: Vec<Vec<Node>>,
    merged_groups: usize,
    shape: Option<Shape>,
    /// Shapes that are open.
    depth: usize,
    in_notes: bool,
    number: u32,
    hidden: usize,
    progress: Progress<'a>,
}

fn is_shape(name: &str) -> bool {
    matches!(
        name,
        "frame"
            | "custom-shape"
            | "rect"
            | "ellipse"
            | "circle"
            | "line"
            | "connector"
            | "polyline"
            | "polygon"
            | "regular-polygon"
            | "path"
            | "caption"
            | "measure"
    )
}

impl Slides<'_> {
    fn piece(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Start("page", element) => {
                self.close_slide();
                self.number += 1;
                let hidden = self.styles.hides(attribute(element, "style-name").as_ref());
                let master = attribute(element, "master-page-name");
                self.slide = Some(Slide {
                    size: self.styles.size(master.as_ref()),
                    is_hidden: hidden,
                    ..Slide::default()
                });
                self.groups = vec![Vec::new()];
            }
            Piece::End("page") => self.close_slide(),
            Piece::Start("notes", _) => self.in_notes = true,
            Piece::End("notes") => self.in_notes = false,
            Piece::Start("g", _) if self.depth == 0 => {
                if self.groups.len() < MAX_NESTED_GROUPS {
                    self.groups.push(Vec::new());
                } else {
                    self.merged_groups += 1;
                }
            }
            Piece::End("g") if self.depth == 0 => {
                if self.merged_groups > 0 {
                    self.merged_groups -= 1;
                } else if self.groups.len() > 1
                    && let Some(members) = self.groups.pop()
                {
                    self.add(Node::group(None, members));
                }
            }
            Piece::Start(name, element) if is_shape(name) => {
                if self.depth == 0 {
                    self.shape = Some(shape(element));
                }
                self.depth += 1;
            }
            Piece::End(name) if is_shape(name) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.close_shape();
                }
            }
            piece => self.flow.piece(piece),
        }
    }

    fn add(&mut self, node: Node) {
        if let Some(group) = self.groups.last_mut() {
            group.push(node);
        }
    }

    fn close_shape(&mut self) {
        let Some(shape) = self.shape.take() else {
            return;
        };
        self.depth = 0;
        let items = std::mem::take(&mut self.flow.items);
        let Some(slide) = self.slide.as_mut().filter(|_| !shape.is_prompt) else {
            return;
        };
        match shape.class.as_str() {
            "footer" | "header" | "date-time" | "page-number" => {}
            _ if self.in_notes => slide.notes.extend(items),
            "title" if slide.title.is_none() && !items.is_empty() => {
                let lines: Vec<String> = items.iter().map(Item::text).collect();
                slide.title = Some(lines.join(" "));
            }
            _ => self.add(Node {
                place: shape.place,
                items,
            }),
        }
    }

    fn close_slide(&mut self) {
        let Some(slide) = self.slide.take() else {
            return;
        };
        let members = std::mem::take(&mut self.groups).into_iter().flatten();
        let mut items = in_reading_order(members.collect());
        // What stands in no shape.
        items.append(&mut self.flow.items);
        self.in_notes = false;
        (self.progress)(self.number, None);
        if slide.is_hidden {
            self.hidden += 1;
            return;
        }
        let (width, height) = slide.size;
        self.builder
            .slide(self.number, slide.title.as_deref(), width, height);
        if let Some(title) = &slide.title {
            self.builder.heading(2, title);
        }
        for item in items {
            item.push_to(self.builder);
        }
        if !slide.notes.is_empty() {
            self.builder.paragraph(slide::notes_mark(&slide.notes));
            for item in slide.notes {
                item.push_to(self.builder);
            }
        }
    }
}

fn shape(element: &BytesStart<'_>) -> Shape {
    let length = |name| {
        attribute(element, name)
            .and_then(|length| points(&length))
            .map(f64::from)
    };
    let corner = length("x").zip(length("y")).or_else(|| {
        // A shape that is turned has its place here.
        let transform = attribute(element, "transform")?;
        let (_, translation) = transform.split_once("translate")?;
        let mut lengths = translation
            .trim_start()
            .strip_prefix('(')?
            .split(')')
            .next()?
            .split_whitespace();
        let mut next = || points(lengths.next()?).map(f64::from);
        next().zip(next())
    });
    Shape {
        class: attribute(element, "class").unwrap_or_default(),
        place: corner.map(|(x, y)| Place {
            x,
            y,
            width: length("width").unwrap_or(0.0),
            height: length("height").unwrap_or(0.0),
        }),
        is_prompt: attribute(element, "placeholder").as_deref() == Some("true"),
    }
}
