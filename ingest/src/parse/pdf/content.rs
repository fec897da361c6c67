//! The operators of a page to characters and ruling lines with places.

use std::rc::Rc;

use lopdf::{Dictionary, Document as Pdf, Object, ObjectId, Stream};

use super::font::{Code, Font, Fonts};
use super::layers::Layers;
use super::lexer::{Lexer, Operand, Token, numbers};
use super::matrix::Matrix;
use super::path::Path;
use super::table::Rule;
use super::{Frame, MAX_STREAM, inherited, text_string};
use crate::Rect;

/// Operators of one page, forms included.
const MAX_OPERATIONS: usize = 3_000_000;
/// Characters of one page.
pub(super) const MAX_GLYPHS: usize = if cfg!(test) { 20_000 } else { 500_000 };
/// Bytes of their text: a font may say that one character is a book.
const MAX_TEXT: usize = if cfg!(test) { 256 << 10 } else { 8 << 20 };
/// How far from the page's corner a character may stand, in points.
pub(super) const MAX_PLACE: f32 = 1e6;
/// Forms inside forms.
const MAX_DEPTH: usize = 12;
/// Forms that one page shows, one as often as it is shown.
const MAX_FORMS: usize = 20_000;
/// States saved and not restored, and marked content that is open.
const MAX_STATES: usize = 512;
/// Characters that a text may stand for as a whole.
const MAX_ACTUAL: usize = 256;

/// A character where it is shown.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    pub(super) text: String,
    pub(super) rect: Rect,
    /// Where its baseline begins.
    pub(super) start: (f32, f32),
    /// The way its line goes, of length 1; `(1, 0)` on most pages.
    pub(super) along: (f32, f32),
    pub(super) size: f32,
    pub(super) bold: bool,
    /// The file marks it as a running title, a page number or decoration.
    pub(super) is_artifact: bool,
}

/// What stands on a page.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) glyphs: Vec<Glyph>,
    pub(super) rules: Vec<Rule>,
    /// Characters whose font does not say what they are.
    pub(super) unreadable: usize,
    /// Whether anything is drawn.
    pub(super) is_drawn: bool,
    /// The share of the page that pictures cover.
    pub(super) pictured: f32,
    /// The page has more than is read.
    pub(super) is_cut: bool,
}

#[derive(Clone, Debug)]
pub(super) struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f32,
    character_space: f32,
    word_space: f32,
    scale: f32,
    leading: f32,
    rise: f32,
    /// Inside what the file marks as decoration.
    is_artifact: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            matrix: Matrix::IDENTITY,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            is_artifact: false,
        }
    }
}

impl State {
    /// The state in which a form begins that is shown by itself.
    pub(super) fn at(matrix: Matrix) -> Self {
        Self {
            matrix,
            ..Self::default()
        }
    }
}

/// Marked content that is open.
#[derive(Debug)]
struct Marked {
    is_hidden: bool,
    /// Whether decoration was open around it.
    was_artifact: bool,
    /// The text that its characters stand for, and how many characters were there before it.
    actual: Option<(String, usize)>,
}

/// Reads a page.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with `page 7`.
pub(super) fn read_page(
    pdf: &Pdf,
    page: ObjectId,
    frame: &Frame,
    fonts: &mut Fonts,
    layers: &Layers,
) -> Result<Printed, String> {
    let resources = inherited(pdf, page, b"Resources").and_then(|object| object.as_dict().ok());
    let mut reader = PageReader {
        pdf,
        frame,
        fonts,
        layers,
        printed: Printed::default(),
        operations: 0,
        forms: 0,
        bytes: 0,
        text: 0,
    };
    let content = pdf
        .get_page_content_with_limit(page, MAX_STREAM)
        .map_err(|error| format!("cannot be read: {error}"))?;
    reader.bytes = content.len();
    reader.run(&content, resources, &State::default(), 0);
    reader.annotations(page);
    let mut printed = reader.printed;
    keep_shown(&mut printed.glyphs, frame);
    if printed.is_cut && printed.glyphs.is_empty() {
        return Err("is too large to be read".to_owned());
    }
    Ok(printed)
}

/// Drops what stands outside the part of the page that is shown. Where nothing is inside, the
/// file is more likely to be wrong about that part than to hide all of its text.
fn keep_shown(glyphs: &mut Vec<Glyph>, frame: &Frame) {
    let is_shown = |glyph: &Glyph| {
        let (x, y) = centre(glyph.rect);
        (-1.0..=frame.width + 1.0).contains(&x) && (-1.0..=frame.height + 1.0).contains(&y)
    };
    if glyphs.iter().any(is_shown) {
        glyphs.retain(is_shown);
    }
}

pub(super) fn centre(rect: Rect) -> (f32, f32) {
    (
        f32::midpoint(rect.x0, rect.x1),
        f32::midpoint(rect.y0, rect.y1),
    )
}

pub(super) struct PageReader<'a> {
    pub(super) pdf: &'a Pdf,
    pub(super) frame: &'a Frame,
    pub(super) fonts: &'a mut Fonts,
    pub(super) layers: &'a Layers,
    pub(super) printed: Printed,
    operations: usize,
    forms: usize,
    /// Bytes of content read so far, forms included.
    bytes: usize,
    /// Bytes of text that its characters are.
    text: usize,
}

/// Where text is written next.
#[derive(Clone, Copy, Debug)]
struct Pen {
    text: Matrix,
    line: Matrix,
}

impl PageReader<'_> {
    fn run(&mut self, content: &[u8], resources: Option<&Dictionary>, start: &State, depth: usize) {
        let mut lexer = Lexer::new(content);
        let mut operands: Vec<Operand> = Vec::new();
        let mut state = start.clone();
        let mut saved: Vec<State> = Vec::new();
        // How many more are open than are kept, of states and of marked content.
        let (mut unsaved, mut unmarked) = (0_usize, 0_usize);
        let mut pen = Pen {
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
        };
        let mut path = Path::default();
        let mut marked: Vec<Marked> = Vec::new();
        let mut hidden = 0_usize;
        while let Some(token) = lexer.next() {
            let operator = match token {
                Token::Operand(operand) => {
                    if operands.len() < 64 {
                        operands.push(operand);
                    }
                    continue;
                }
                Token::Operator(operator) => operator,
            };
            self.operations += 1;
            if self.operations >= MAX_OPERATIONS
                || self.printed.glyphs.len() >= MAX_GLYPHS
                || self.text > MAX_TEXT
            {
                self.printed.is_cut = true;
                return;
            }
            let values = numbers(&operands);
            let value = |index: usize| values.get(index).copied().unwrap_or(0.0);
            match operator {
                b"q" if saved.len() < MAX_STATES => saved.push(state.clone()),
                b"q" => unsaved += 1,
                b"Q" if unsaved > 0 => unsaved -= 1,
                b"Q" => {
                    if let Some(last) = saved.pop() {
                        let is_artifact = state.is_artifact;
                        state = last;
                        state.is_artifact = is_artifact;
                    }
                }
                b"cm" => {
                    if let Some(matrix) = Matrix::of(&operands) {
                        state.matrix = matrix.then(state.matrix);
                    }
                }
                b"BT" => {
                    pen = Pen {
                        text: Matrix::IDENTITY,
                        line: Matrix::IDENTITY,
                    }
                }
                b"Tf" => {
                    if let Some(Operand::Name(name)) = operands.first() {
                        state.font = self.font(name, resources);
                    }
                    state.size = value(0);
                }
                b"Tc" => state.character_space = value(0),
                b"Tw" => state.word_space = value(0),
                b"Tz" => state.scale = value(0) / 100.0,
                b"TL" => state.leading = value(0),
                b"Ts" => state.rise = value(0),
                b"Td" => pen.move_by(value(0), value(1)),
                b"TD" => {
                    state.leading = -value(1);
                    pen.move_by(value(0), value(1));
                }
                b"Tm" => {
                    if let Some(matrix) = Matrix::of(&operands) {
                        pen = Pen {
                            text: matrix,
                            line: matrix,
                        };
                    }
                }
                b"T*" => pen.move_by(0.0, -state.leading),
                b"Tj" | b"'" | b"\"" => {
                    if operator == b"\"" {
                        state.word_space = value(0);
                        state.character_space = value(1);
                    }
                    if operator != b"Tj" {
                        pen.move_by(0.0, -state.leading);
                    }
                    if let Some(Operand::String(text)) = operands.last() {
                        self.show(text, &state, &mut pen, hidden > 0);
                    }
                }
                b"TJ" => {
                    if let Some(Operand::Array(parts)) = operands.last() {
                        for part in parts {
                            match part {
                                Operand::String(text) => {
                                    self.show(text, &state, &mut pen, hidden > 0);
                                }
                                Operand::Number(back) => {
                                    pen.advance(-back / 1000.0 * state.size, &state);
                                }
                                _ => {}
                            }
                        }
                    }
                }
                b"Do" if hidden == 0 => {
                    if let Some(Operand::Name(name)) = operands.first() {
                        self.object(name, resources, &state, depth);
                    }
                }
                b"BMC" | b"BDC" if marked.len() >= MAX_STATES => unmarked += 1,
                b"BMC" | b"BDC" => {
                    let open = self.mark(&operands, resources, &mut state);
                    hidden += usize::from(open.is_hidden);
                    marked.push(open);
                }
                b"EMC" if unmarked > 0 => unmarked -= 1,
                b"EMC" => {
                    if let Some(closed) = marked.pop() {
                        hidden -= usize::from(closed.is_hidden);
                        state.is_artifact = closed.was_artifact;
                        self.stand_for(closed);
                    }
                }
                b"BI" => {
                    lexer.skip_image();
                    self.picture(state.matrix);
                }
                b"sh" => self.printed.is_drawn = true,
                b"m" => path.move_to(value(0), value(1)),
                b"l" => path.line_to(value(0), value(1)),
                b"h" => path.close(),
                b"re" => path.rectangle(value(0), value(1), value(2), value(3)),
                b"c" | b"v" | b"y" => path.curve_to(&values),
                b"S" | b"s" | b"B" | b"B*" | b"b" | b"b*" | b"f" | b"F" | b"f*" => {
                    if matches!(operator, b"s" | b"b" | b"b*") {
                        path.close();
                    }
                    let strokes = !matches!(operator, b"f" | b"F" | b"f*");
                    self.rules(&path, strokes, state.matrix);
                    path = Path::default();
                }
                b"n" => path = Path::default(),
                _ => {}
            }
            operands.clear();
        }
        while let Some(closed) = marked.pop() {
            self.stand_for(closed);
        }
    }

    fn font(&mut self, name: &[u8], resources: Option<&Dictionary>) -> Option<Rc<Font>> {
        let fonts = resources?
            .get_deref(b"Font", self.pdf)
            .ok()?
            .as_dict()
            .ok()?;
        self.fonts.get(self.pdf, fonts, name)
    }

    /// Opens marked content.
    fn mark(
        &self,
        operands: &[Operand],
        resources: Option<&Dictionary>,
        state: &mut State,
    ) -> Marked {
        let is = |tag: &[u8]| matches!(operands.first(), Some(Operand::Name(name)) if name == tag);
        let named = match operands.get(1) {
            Some(Operand::Name(name)) => resources
                .and_then(|resources| {
                    resources
                        .get_deref(b"Properties", self.pdf)
                        .ok()?
                        .as_dict()
                        .ok()
                })
                .and_then(|properties| properties.get(name).ok()),
            _ => None,
        };
        let actual = match operands.get(1) {
            Some(Operand::Dictionary(parts)) => {
                parts
                    .windows(2)
                    .find_map(|pair| match (&pair[0], &pair[1]) {
                        (Operand::Name(name), Operand::String(text)) if name == b"ActualText" => {
                            Some(actual_text(text))
                        }
                        _ => None,
                    })
            }
            _ => named
                .and_then(|object| self.pdf.dereference(object).ok()?.1.as_dict().ok())
                .and_then(|dictionary| {
                    dictionary
                        .get_deref(b"ActualText", self.pdf)
                        .ok()?
                        .as_str()
                        .ok()
                })
                .map(actual_text),
        };
        let open = Marked {
            is_hidden: is(b"OC")
                && named.is_some_and(|object| !self.layers.are_shown(self.pdf, object)),
            was_artifact: state.is_artifact,
            actual: actual.map(|text| (text, self.printed.glyphs.len())),
        };
        state.is_artifact |= is(b"Artifact");
        open
    }

    /// Puts the text that characters stand for in their place, unless they say it themselves or
    /// are more than a line: their own places are then the better ones.
    fn stand_for(&mut self, closed: Marked) {
        let Some((text, from)) = closed.actual else {
            return;
        };
        let Some(glyphs) = self.printed.glyphs.get(from..) else {
            return;
        };
        let Some(first) = glyphs.first() else { return };
        if glyphs.len() > MAX_ACTUAL || text.chars().count() > MAX_ACTUAL {
            return;
        }
        let bare = |text: &str| -> String {
            text.chars()
                .filter(|char| !char.is_whitespace() && !char.is_control())
                .collect()
        };
        let printed: String = glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
        let (said, printed) = (bare(&text), bare(&printed));
        if said == printed
            // Nothing may stand for marks, but not for words.
            || (said.is_empty() && printed.chars().any(char::is_alphanumeric))
            || glyphs.iter().any(|glyph| {
                let (x, y) = (glyph.start.0 - first.start.0, glyph.start.1 - first.start.1);
                (x * first.along.1 - y * first.along.0).abs() > 0.6 * first.size
            })
        {
            return;
        }
        let rect = glyphs
            .iter()
            .fold(first.rect, |rect, glyph| rect.around(&glyph.rect));
        let glyph = Glyph {
            text,
            rect,
            ..first.clone()
        };
        self.printed.glyphs.truncate(from);
        self.printed.glyphs.push(glyph);
    }

    /// Shows a form or a picture.
    fn object(&mut self, name: &[u8], resources: Option<&Dictionary>, state: &State, depth: usize) {
        let object = resources
            .and_then(|resources| {
                resources
                    .get_deref(b"XObject", self.pdf)
                    .ok()?
                    .as_dict()
                    .ok()
            })
            .and_then(|objects| objects.get_deref(name, self.pdf).ok()?.as_stream().ok());
        let Some(object) = object else { return };
        if let Ok(layer) = object.dict.get(b"OC")
            && !self.layers.are_shown(self.pdf, layer)
        {
            return;
        }
        match object.dict.get(b"Subtype").and_then(Object::as_name) {
            Ok(b"Image") => self.picture(state.matrix),
            Ok(b"Form") => {
                let mut inner = state.clone();
                inner.matrix = Matrix::of_form(self.pdf, object).then(inner.matrix);
                self.form(object, resources, &inner, depth);
            }
            _ => {}
        }
    }

    /// Shows a form, whose own matrix is in `state` already.
    pub(super) fn form(
        &mut self,
        form: &Stream,
        resources: Option<&Dictionary>,
        state: &State,
        depth: usize,
    ) {
        if depth >= MAX_DEPTH {
            return;
        }
        self.forms += 1;
        if self.forms > MAX_FORMS {
            self.printed.is_cut = true;
            return;
        }
        let left = MAX_STREAM.saturating_sub(self.bytes);
        let Ok(content) = form.get_plain_content_with_limit(left) else {
            return;
        };
        self.bytes += content.len() + 1;
        let own = form
            .dict
            .get_deref(b"Resources", self.pdf)
            .ok()
            .and_then(|object| object.as_dict().ok());
        self.run(&content, own.or(resources), state, depth + 1);
    }

    /// Remembers how much of the page a picture covers: it is a square of length 1 before its
    /// transformation.
    fn picture(&mut self, matrix: Matrix) {
        self.printed.is_drawn = true;
        let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(x, y)| {
            let (x, y) = matrix.apply(x, y);
            let (x, y) = self.frame.place(x, y);
            (
                x.clamp(0.0, self.frame.width),
                y.clamp(0.0, self.frame.height),
            )
        });
        let range = |pick: fn(&(f32, f32)) -> f32| {
            let values = corners.iter().map(pick);
            values.clone().fold(f32::NEG_INFINITY, f32::max) - values.fold(f32::INFINITY, f32::min)
        };
        let share = range(|at| at.0) * range(|at| at.1) / (self.frame.width * self.frame.height);
        if share.is_finite() {
            self.printed.pictured = (self.printed.pictured + share).min(1.0);
        }
    }

    fn show(&mut self, text: &[u8], state: &State, pen: &mut Pen, hidden: bool) {
        let Some(font) = state.font.clone() else {
            return;
        };
        for code in font.codes(text) {
            let width = font.width(&code);
            let step = font.vertical.map_or(width, |(_, step)| step);
            let mut advance = step * state.size + state.character_space;
            if code.length == 1 && code.value == 32 {
                advance += state.word_space;
            }
            if self.text > MAX_TEXT {
                self.printed.is_cut = true;
                return;
            }
            if !hidden && self.printed.glyphs.len() < MAX_GLYPHS {
                self.print(&font, &code, width, state, pen);
            }
            pen.advance(advance, state);
        }
    }

    fn print(&mut self, font: &Font, code: &Code, width: f32, state: &State, pen: &Pen) {
        let Some(text) = font.text(code) else {
            self.printed.unreadable += 1;
            return;
        };
        if text.is_empty() {
            return;
        }
        self.text += text.len();
        let matrix = Matrix([
            state.size * state.scale,
            0.0,
            0.0,
            state.size,
            0.0,
            state.rise,
        ])
        .then(pen.text)
        .then(state.matrix);
        let corner = |x: f32, y: f32| {
            let (x, y) = matrix.apply(x, y);
            self.frame.place(x, y)
        };
        let (left, above) = match font.vertical {
            Some((above, _)) => (-0.5 * width, above),
            None => (0.0, 0.0),
        };
        let corners = [
            corner(left, font.descent - above),
            corner(left + width, font.descent - above),
            corner(left, font.ascent - above),
            corner(left + width, font.ascent - above),
        ];
        let (start, end, top) = (corner(0.0, 0.0), corner(1.0, 0.0), corner(0.0, 1.0));
        let size = (top.0 - start.0).hypot(top.1 - start.1) * font.em;
        let ahead = if font.vertical.is_some() {
            (start.0 - top.0, start.1 - top.1)
        } else {
            (end.0 - start.0, end.1 - start.1)
        };
        let length = ahead.0.hypot(ahead.1);
        if !corners.iter().all(|(x, y)| {
            x.is_finite() && y.is_finite() && x.abs() < MAX_PLACE && y.abs() < MAX_PLACE
        }) || !size.is_finite()
            || size < 0.5
            || !length.is_finite()
            || length <= 0.0
        {
            return;
        }
        let least =
            |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::INFINITY, f32::min);
        let most = |pick: fn(&(f32, f32)) -> f32| {
            corners.iter().map(pick).fold(f32::NEG_INFINITY, f32::max)
        };
        self.printed.glyphs.push(Glyph {
            text,
            rect: Rect {
                x0: least(|at| at.0),
                y0: least(|at| at.1),
                x1: most(|at| at.0),
                y1: most(|at| at.1),
            },
            start,
            along: (ahead.0 / length, ahead.1 / length),
            size,
            bold: font.bold,
            is_artifact: state.is_artifact,
        });
    }
}

/// A text that characters stand for; of one that is too long as much as shows that.
fn actual_text(bytes: &[u8]) -> String {
    text_string(&bytes[..bytes.len().min(4 * (MAX_ACTUAL + 2))])
}

impl Pen {
    fn move_by(&mut self, x: f32, y: f32) {
        self.line = Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(self.line);
        self.text = self.line;
    }

    fn advance(&mut self, by: f32, state: &State) {
        let is_vertical = state
            .font
            .as_ref()
            .is_some_and(|font| font.vertical.is_some());
        let (x, y) = if is_vertical {
            (0.0, by)
        } else {
            (by * state.scale, 0.0)
        };
        self.text = Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(self.text);
    }
}
