//! The operators of a page to characters and ruling lines with places.

use std::rc::Rc;

use lopdf::{Dictionary, Document as Pdf, Object, ObjectId};

use super::font::{Font, Fonts};
use super::layout::{Glyph, Printed, Rule};
use super::{Frame, MAX_STREAM, inherited};
use crate::Rect;

/// Operators of one page, forms included.
const MAX_OPERATIONS: usize = 3_000_000;
/// Characters of one page.
const MAX_GLYPHS: usize = 500_000;
/// Lines of one page that may be those of tables.
const MAX_RULES: usize = 20_000;
/// Forms inside forms.
const MAX_FORMS: usize = 12;
/// States saved and not restored.
const MAX_STATES: usize = 512;
/// A line of a table is at most this thick, in points.
const MAX_THICKNESS: f32 = 3.0;

/// A transformation `[a b c d e f]` as PDF writes it.
#[derive(Clone, Copy, Debug)]
struct Matrix([f32; 6]);

impl Matrix {
    const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First `self`, then `other`.
    fn then(self, other: Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let [g, h, i, j, k, l] = other.0;
        Self([
            a * g + b * i,
            a * h + b * j,
            c * g + d * i,
            c * h + d * j,
            e * g + f * i + k,
            e * h + f * j + l,
        ])
    }

    fn apply(self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    fn of(operands: &[Operand]) -> Option<Self> {
        let values = numbers(operands);
        Some(Self(values.get(..6)?.try_into().ok()?))
    }
}

#[derive(Clone, Debug)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f32,
    character_space: f32,
    word_space: f32,
    scale: f32,
    leading: f32,
    rise: f32,
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
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Number(f32),
    Name(Vec<u8>),
    String(Vec<u8>),
    Array(Vec<Operand>),
    Dictionary(Vec<Operand>),
    Other,
}

fn numbers(operands: &[Operand]) -> Vec<f32> {
    operands
        .iter()
        .filter_map(|operand| match operand {
            Operand::Number(value) => Some(*value),
            _ => None,
        })
        .collect()
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
) -> Result<Printed, String> {
    let content = pdf
        .get_page_content_with_limit(page, MAX_STREAM)
        .map_err(|error| format!("cannot be read: {error}"))?;
    let resources = inherited(pdf, page, b"Resources").and_then(|object| object.as_dict().ok());
    let mut reader = PageReader {
        pdf,
        frame,
        fonts,
        printed: Printed::default(),
        operations: 0,
        bytes: content.len(),
    };
    let state = State::default();
    reader.run(&content, resources, &state, 0);
    if reader.operations >= MAX_OPERATIONS || reader.printed.glyphs.len() >= MAX_GLYPHS {
        return if reader.printed.glyphs.is_empty() {
            Err("is too large to be read".to_owned())
        } else {
            Ok(reader.printed)
        };
    }
    Ok(reader.printed)
}

struct PageReader<'a> {
    pdf: &'a Pdf,
    frame: &'a Frame,
    fonts: &'a mut Fonts,
    printed: Printed,
    operations: usize,
    /// Bytes of content read so far, forms included.
    bytes: usize,
}

/// Where text is written next.
#[derive(Clone, Copy, Debug)]
struct Pen {
    text: Matrix,
    line: Matrix,
}

impl PageReader<'_> {
    fn run(&mut self, content: &[u8], resources: Option<&Dictionary>, start: &State, depth: usize) {
        let mut lexer = Lexer {
            bytes: content,
            at: 0,
        };
        let mut operands: Vec<Operand> = Vec::new();
        let mut state = start.clone();
        let mut saved: Vec<State> = Vec::new();
        let mut pen = Pen {
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
        };
        let mut path = Path::default();
        // Marked content that is open: whether each is left out.
        let mut marked: Vec<bool> = Vec::new();
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
            if self.operations >= MAX_OPERATIONS || self.printed.glyphs.len() >= MAX_GLYPHS {
                return;
            }
            let values = numbers(&operands);
            let value = |index: usize| values.get(index).copied().unwrap_or(0.0);
            let hidden = marked.contains(&true);
            match operator {
                b"q" if saved.len() < MAX_STATES => saved.push(state.clone()),
                b"Q" => {
                    if let Some(last) = saved.pop() {
                        state = last;
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
                        self.show(text, &state, &mut pen, hidden);
                    }
                }
                b"TJ" => {
                    if let Some(Operand::Array(parts)) = operands.first() {
                        for part in parts {
                            match part {
                                Operand::String(text) => self.show(text, &state, &mut pen, hidden),
                                Operand::Number(back) => {
                                    pen.advance(-back / 1000.0 * state.size, &state);
                                }
                                _ => {}
                            }
                        }
                    }
                }
                b"Do" if depth < MAX_FORMS => {
                    if let Some(Operand::Name(name)) = operands.first()
                        && !hidden
                    {
                        self.form(name, resources, &state, depth);
                    }
                }
                b"BMC" | b"BDC" => marked.push(is_artifact(&operands)),
                b"EMC" => {
                    marked.pop();
                }
                b"BI" => lexer.skip_image(),
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
    }

    fn font(&mut self, name: &[u8], resources: Option<&Dictionary>) -> Option<Rc<Font>> {
        let fonts = resources?
            .get_deref(b"Font", self.pdf)
            .ok()?
            .as_dict()
            .ok()?;
        self.fonts.get(self.pdf, fonts.get(name).ok()?)
    }

    fn form(&mut self, name: &[u8], resources: Option<&Dictionary>, state: &State, depth: usize) {
        let form = resources
            .and_then(|resources| {
                resources
                    .get_deref(b"XObject", self.pdf)
                    .ok()?
                    .as_dict()
                    .ok()
            })
            .and_then(|objects| objects.get_deref(name, self.pdf).ok()?.as_stream().ok());
        let Some(form) = form else { return };
        if form.dict.get(b"Subtype").and_then(Object::as_name).ok() != Some(b"Form") {
            return;
        }
        let left = MAX_STREAM.saturating_sub(self.bytes);
        let Ok(content) = form.get_plain_content_with_limit(left) else {
            return;
        };
        self.bytes += content.len() + 1;
        let mut inner = state.clone();
        if let Ok(matrix) = form
            .dict
            .get_deref(b"Matrix", self.pdf)
            .and_then(Object::as_array)
        {
            let values: Vec<f32> = matrix
                .iter()
                .filter_map(|value| value.as_float().ok())
                .collect();
            if let Ok(matrix) = <[f32; 6]>::try_from(values) {
                inner.matrix = Matrix(matrix).then(inner.matrix);
            }
        }
        let own = form
            .dict
            .get_deref(b"Resources", self.pdf)
            .ok()
            .and_then(|object| object.as_dict().ok());
        self.run(&content, own.or(resources), &inner, depth + 1);
    }

    fn show(&mut self, text: &[u8], state: &State, pen: &mut Pen, hidden: bool) {
        let Some(font) = state.font.clone() else {
            return;
        };
        for code in font.codes(text) {
            let width = font.width(&code);
            let mut advance = width * state.size + state.character_space;
            if code.length == 1 && code.value == 32 {
                advance += state.word_space;
            }
            if !hidden && self.printed.glyphs.len() < MAX_GLYPHS {
                self.print(&font, &code, width, state, pen);
            }
            pen.advance(advance, state);
        }
    }

    fn print(
        &mut self,
        font: &Font,
        code: &super::font::Code,
        width: f32,
        state: &State,
        pen: &Pen,
    ) {
        let text = font.text(code);
        if text.is_empty() {
            self.fonts.unreadable += 1;
            return;
        }
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
        let corners = [
            corner(0.0, font.descent),
            corner(width, font.descent),
            corner(0.0, font.ascent),
            corner(width, font.ascent),
        ];
        let (start, end, top) = (corner(0.0, 0.0), corner(1.0, 0.0), corner(0.0, 1.0));
        let size = (top.0 - start.0).hypot(top.1 - start.1);
        if !corners
            .iter()
            .all(|(x, y)| x.is_finite() && y.is_finite() && x.abs() < 1e6 && y.abs() < 1e6)
            || size < 0.5
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
            baseline: start.1,
            size,
            bold: font.bold,
            // Text along the lines of the page, as it is shown.
            upright: (end.1 - start.1).abs() < 0.2 * (end.0 - start.0).abs() && end.0 >= start.0,
        });
    }

    fn rules(&mut self, path: &Path, strokes: bool, matrix: Matrix) {
        let place = |(x, y): (f32, f32)| {
            let (x, y) = matrix.apply(x, y);
            self.frame.place(x, y)
        };
        for (from, to) in &path.lines {
            if strokes && self.printed.rules.len() < MAX_RULES {
                self.printed
                    .rules
                    .extend(Rule::between(place(*from), place(*to)));
            }
        }
        for (one, other) in &path.rectangles {
            if self.printed.rules.len() >= MAX_RULES {
                return;
            }
            let ((x0, y0), (x1, y1)) = (place(*one), place(*other));
            let (x0, x1, y0, y1) = (x0.min(x1), x0.max(x1), y0.min(y1), y0.max(y1));
            let thin_across = y1 - y0 <= MAX_THICKNESS;
            let thin_down = x1 - x0 <= MAX_THICKNESS;
            if thin_across || thin_down {
                let (x, y) = (f32::midpoint(x0, x1), f32::midpoint(y0, y1));
                let rule = if thin_across {
                    Rule::between((x0, y), (x1, y))
                } else {
                    Rule::between((x, y0), (x, y1))
                };
                self.printed.rules.extend(rule);
            } else if strokes {
                for (from, to) in [
                    ((x0, y0), (x1, y0)),
                    ((x0, y1), (x1, y1)),
                    ((x0, y0), (x0, y1)),
                    ((x1, y0), (x1, y1)),
                ] {
                    self.printed.rules.extend(Rule::between(from, to));
                }
            }
        }
    }
}

impl Pen {
    fn move_by(&mut self, x: f32, y: f32) {
        self.line = Matrix([1.0, 0.0, 0.0, 1.0, x, y]).then(self.line);
        self.text = self.line;
    }

    fn advance(&mut self, by: f32, state: &State) {
        self.text = Matrix([1.0, 0.0, 0.0, 1.0, by * state.scale, 0.0]).then(self.text);
    }
}

/// Page numbers and running titles that the file itself marks as such.
fn is_artifact(operands: &[Operand]) -> bool {
    matches!(operands.first(), Some(Operand::Name(name)) if name == b"Artifact")
}

type Point = (f32, f32);

#[derive(Debug, Default)]
struct Path {
    lines: Vec<(Point, Point)>,
    rectangles: Vec<(Point, Point)>,
    start: Option<Point>,
    at: Option<Point>,
}

impl Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = Some((x, y));
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        if let Some(from) = self.at
            && self.lines.len() < MAX_RULES
        {
            self.lines.push((from, (x, y)));
        }
        self.at = Some((x, y));
    }

    fn curve_to(&mut self, values: &[f32]) {
        if let [.., x, y] = values[..] {
            self.at = Some((x, y));
        }
    }

    fn close(&mut self) {
        if let Some((x, y)) = self.start {
            self.line_to(x, y);
        }
    }

    fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32) {
        if self.rectangles.len() < MAX_RULES {
            self.rectangles.push(((x, y), (x + width, y + height)));
        }
    }
}

enum Token<'a> {
    Operand(Operand),
    Operator(&'a [u8]),
}

/// Cuts content into operands and operators, one at a time: a page of gigabytes takes no memory.
struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Arrays inside arrays.
const MAX_DEPTH: usize = 16;
/// Parts of one array.
const MAX_PARTS: usize = 100_000;

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.skip_space();
            let byte = *self.bytes.get(self.at)?;
            return Some(match byte {
                b'(' | b'<' | b'[' | b'/' => Token::Operand(self.operand(0)),
                b'+' | b'-' | b'.' | b'0'..=b'9' => Token::Operand(self.number()),
                b')' | b'>' | b']' | b'{' | b'}' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let word = self.word();
                    match word {
                        b"true" | b"false" | b"null" => Token::Operand(Operand::Other),
                        _ => Token::Operator(word),
                    }
                }
            });
        }
    }

    fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'%' {
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|byte| !matches!(byte, b'\n' | b'\r'))
                {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn word(&mut self) -> &'a [u8] {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| !is_space(*byte) && !is_delimiter(*byte))
        {
            self.at += 1;
        }
        if self.at == start {
            self.at += 1;
        }
        &self.bytes[start..self.at.min(self.bytes.len())]
    }

    fn number(&mut self) -> Operand {
        let word = self.word();
        let text = std::str::from_utf8(word).unwrap_or("");
        // `--5` and `1-2` are written by broken programs; what other readers do is read the start.
        let text = text.trim_start_matches('-');
        let sign = if word.first() == Some(&b'-') {
            -1.0
        } else {
            1.0
        };
        let digits = text.split('-').next().unwrap_or("");
        match digits.parse::<f32>() {
            Ok(value) if value.is_finite() => Operand::Number(sign * value),
            _ => Operand::Number(0.0),
        }
    }

    fn operand(&mut self, depth: usize) -> Operand {
        let Some(&byte) = self.bytes.get(self.at) else {
            return Operand::Other;
        };
        match byte {
            b'(' => Operand::String(self.string()),
            b'/' => {
                self.at += 1;
                let start = self.at;
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|byte| !is_space(*byte) && !is_delimiter(*byte))
                {
                    self.at += 1;
                }
                Operand::Name(unescaped(&self.bytes[start..self.at]))
            }
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => {
                self.at += 2;
                Operand::Dictionary(self.parts(b'>', depth))
            }
            b'<' => Operand::String(self.hex()),
            b'[' => {
                self.at += 1;
                Operand::Array(self.parts(b']', depth))
            }
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            _ => {
                self.word();
                Operand::Other
            }
        }
    }

    fn parts(&mut self, end: u8, depth: usize) -> Vec<Operand> {
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            match self.bytes.get(self.at) {
                None => return parts,
                Some(byte) if *byte == end => {
                    self.at += if end == b'>' { 2 } else { 1 };
                    return parts;
                }
                Some(b'[' | b'<') if depth >= MAX_DEPTH => self.at += 1,
                Some(b')' | b'>' | b']' | b'{' | b'}') => self.at += 1,
                Some(_) => {
                    let part = self.operand(depth + 1);
                    if parts.len() < MAX_PARTS {
                        parts.push(part);
                    }
                }
            }
        }
    }

    fn string(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut text = Vec::new();
        let mut open = 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return text;
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(&byte) = self.bytes.get(self.at) else {
            return;
        };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => {
                if self.bytes.get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.bytes.get(self.at) {
                        Some(digit @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(digit - b'0');
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                text.push(u8::try_from(value & 0xFF).unwrap_or(0));
            }
            other => text.push(other),
        }
    }

    fn hex(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            digits.extend(char::from(byte).to_digit(16));
        }
        if digits.len() % 2 == 1 {
            digits.push(0);
        }
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or(0))
            .collect()
    }

    /// Passes over an image that stands in the content.
    fn skip_image(&mut self) {
        while let Some(window) = self.bytes.get(self.at..self.at + 2) {
            let before = self.at == 0 || is_space(self.bytes[self.at - 1]);
            let after = self
                .bytes
                .get(self.at + 2)
                .is_none_or(|byte| is_space(*byte));
            self.at += 1;
            if window == b"EI" && before && after {
                self.at += 1;
                return;
            }
        }
        self.at = self.bytes.len();
    }
}

/// A name with its `#20` written out.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(&byte) = name.get(at) {
        let digit = |offset: usize| {
            name.get(at + offset)
                .and_then(|digit| char::from(*digit).to_digit(16))
        };
        if byte == b'#'
            && let (Some(high), Some(low)) = (digit(1), digit(2))
        {
            text.push(u8::try_from(high * 16 + low).unwrap_or(b'#'));
            at += 3;
        } else {
            text.push(byte);
            at += 1;
        }
    }
    text
}
