//! What stands on a page above its content: fields of forms, and notes that are written on it.

use lopdf::{Dictionary, Document as Pdf, Object, ObjectId, Stream};

use super::content::{Glyph, MAX_GLYPHS, MAX_PLACE, PageReader, State};
use super::matrix::Matrix;
use super::standard::Family;
use super::{rectangle, text_string};
use crate::Rect;

/// Annotations of one page.
const MAX_ANNOTATIONS: usize = 20_000;
/// Fields that a field may be a part of.
const MAX_PARENTS: usize = 16;
/// Characters of one field.
const MAX_VALUE: usize = 100_000;
/// The flags of annotations that are not shown: `Hidden` and `NoView`.
const NOT_SHOWN: i64 = 2 | 32;
/// The flag of a field that holds a password.
const PASSWORD: i64 = 1 << 13;

impl PageReader<'_> {
    /// Reads the annotations of a page.
    pub(super) fn annotations(&mut self, page: ObjectId) {
        let pdf = self.pdf;
        let Ok(page) = pdf.get_dictionary(page) else {
            return;
        };
        let Ok(annotations) = page.get_deref(b"Annots", pdf).and_then(Object::as_array) else {
            return;
        };
        let shared = pdf
            .catalog()
            .ok()
            .and_then(|catalog| catalog.get_deref(b"AcroForm", pdf).ok()?.as_dict().ok())
            .and_then(|form| form.get_deref(b"DR", pdf).ok()?.as_dict().ok());
        for annotation in annotations.iter().take(MAX_ANNOTATIONS) {
            if let Ok((_, Object::Dictionary(annotation))) = pdf.dereference(annotation) {
                self.annotation(annotation, shared);
            }
        }
    }

    fn annotation(&mut self, annotation: &Dictionary, shared: Option<&Dictionary>) {
        let pdf = self.pdf;
        let flags = integer(pdf, annotation, b"F").unwrap_or(0);
        let subtype = annotation
            .get_deref(b"Subtype", pdf)
            .and_then(Object::as_name)
            .unwrap_or(b"");
        if flags & NOT_SHOWN != 0
            // Notes that open when they are asked for, and links, whose text is the page's own.
            || matches!(subtype, b"Popup" | b"Text" | b"Link")
            || annotation
                .get(b"OC")
                .is_ok_and(|layer| !self.layers.are_shown(pdf, layer))
        {
            return;
        }
        let is_field = subtype == b"Widget";
        if is_field
            && field(pdf, annotation, b"Ff")
                .and_then(|flags| flags.as_i64().ok())
                .is_some_and(|flags| flags & PASSWORD != 0)
        {
            return;
        }
        let Some(area) = annotation
            .get_deref(b"Rect", pdf)
            .ok()
            .and_then(|object| rectangle(pdf, object))
        else {
            return;
        };
        let before = self.printed.glyphs.len();
        if let Some(form) = appearance(pdf, annotation) {
            let matrix = Matrix::of_form(pdf, form);
            let state = State::at(matrix.then(into_area(pdf, form, matrix, area)));
            self.form(form, shared, &state, 0);
        }
        if self.printed.glyphs.len() > before || area.iter().any(|side| side.abs() >= MAX_PLACE) {
            return;
        }
        if self.printed.glyphs.len() >= MAX_GLYPHS {
            // A few bytes make many fields of one long value.
            self.printed.is_cut = true;
            return;
        }
        let text = if is_field {
            value(pdf, annotation)
        } else if subtype == b"FreeText" {
            annotation
                .get_deref(b"Contents", pdf)
                .ok()
                .and_then(|object| object.as_str().ok())
                .map(text_string)
        } else {
            None
        };
        if let Some(text) = text {
            self.write(&text, area);
        }
    }

    /// Writes text that has no appearance into its area, line by line.
    fn write(&mut self, text: &str, [left, bottom, right, top]: [f32; 4]) {
        let text: String = text.chars().take(MAX_VALUE).collect();
        let lines: Vec<&str> = text.split(['\n', '\r']).map(str::trim).collect();
        let Ok(count) = u16::try_from(lines.len()) else {
            return;
        };
        let size = ((top - bottom) / f32::from(count) * 0.8).clamp(1.0, 12.0);
        let width = |char: char| {
            size * Family::Helvetica
                .width(char)
                .unwrap_or(if char.is_ascii() { 0.5 } else { 1.0 })
        };
        let mut baseline = top - size;
        for line in lines {
            if self.printed.glyphs.len() >= MAX_GLYPHS {
                self.printed.is_cut = true;
                return;
            }
            let whole: f32 = line.chars().map(width).sum();
            let squeeze = if whole > right - left {
                (right - left) / whole
            } else {
                1.0
            };
            let mut x = left;
            for char in line.chars() {
                let step = width(char) * squeeze;
                let (one, other) = (
                    self.frame.place(x, baseline - 0.2 * size),
                    self.frame.place(x + step, baseline + 0.8 * size),
                );
                let (start, end) = (
                    self.frame.place(x, baseline),
                    self.frame.place(x + 1.0, baseline),
                );
                self.printed.glyphs.push(Glyph {
                    text: char.to_string(),
                    rect: Rect {
                        x0: one.0.min(other.0),
                        y0: one.1.min(other.1),
                        x1: one.0.max(other.0),
                        y1: one.1.max(other.1),
                    },
                    start,
                    along: (end.0 - start.0, end.1 - start.1),
                    size,
                    bold: false,
                    is_artifact: false,
                });
                x += step;
            }
            baseline -= size;
        }
    }
}

fn integer(pdf: &Pdf, dictionary: &Dictionary, key: &[u8]) -> Option<i64> {
    dictionary.get_deref(key, pdf).ok()?.as_i64().ok()
}

/// What a field says of itself, or the field that it is a part of.
fn field<'a>(pdf: &'a Pdf, annotation: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    let mut node = annotation;
    for _ in 0..MAX_PARENTS {
        if let Ok(object) = node.get_deref(key, pdf) {
            return Some(object);
        }
        node = node.get_deref(b"Parent", pdf).ok()?.as_dict().ok()?;
    }
    None
}

/// The text in a field: what was written, or the choice that was made.
fn value(pdf: &Pdf, annotation: &Dictionary) -> Option<String> {
    let kind = field(pdf, annotation, b"FT")?.as_name().ok()?;
    if !matches!(kind, b"Tx" | b"Ch") {
        return None;
    }
    let text = |object: &Object| match pdf.dereference(object) {
        Ok((_, Object::String(text, _))) => Some(text_string(text)),
        Ok((_, Object::Stream(stream))) => stream
            .get_plain_content_with_limit(4 * MAX_VALUE)
            .ok()
            .map(|text| text_string(&text)),
        _ => None,
    };
    match field(pdf, annotation, b"V")? {
        Object::Array(choices) => Some(
            choices
                .iter()
                .take(1_000)
                .filter_map(text)
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        other => text(other),
    }
}

/// How an annotation looks: its normal appearance in the state that it is in.
fn appearance<'a>(pdf: &'a Pdf, annotation: &'a Dictionary) -> Option<&'a Stream> {
    let all = annotation.get_deref(b"AP", pdf).ok()?.as_dict().ok()?;
    match all.get_deref(b"N", pdf).ok()? {
        Object::Stream(stream) => Some(stream),
        Object::Dictionary(states) => {
            let state = annotation.get_deref(b"AS", pdf).ok()?.as_name().ok()?;
            states.get_deref(state, pdf).ok()?.as_stream().ok()
        }
        _ => None,
    }
}

/// Moves and stretches the box of an appearance into the annotation's area.
fn into_area(pdf: &Pdf, form: &Stream, matrix: Matrix, area: [f32; 4]) -> Matrix {
    let [left, bottom, right, top] = area;
    let Some(own) = form
        .dict
        .get_deref(b"BBox", pdf)
        .ok()
        .and_then(|object| rectangle(pdf, object))
    else {
        return Matrix([1.0, 0.0, 0.0, 1.0, left, bottom]);
    };
    let corners = [
        matrix.apply(own[0], own[1]),
        matrix.apply(own[2], own[1]),
        matrix.apply(own[0], own[3]),
        matrix.apply(own[2], own[3]),
    ];
    let (mut low, mut high) = (corners[0], corners[0]);
    for (x, y) in corners {
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    let stretch = |from: f32, to: f32, length: f32| {
        if to - from > f32::EPSILON {
            length / (to - from)
        } else {
            1.0
        }
    };
    let (across, down) = (
        stretch(low.0, high.0, right - left),
        stretch(low.1, high.1, top - bottom),
    );
    Matrix([
        across,
        0.0,
        0.0,
        down,
        left - low.0 * across,
        bottom - low.1 * down,
    ])
}
