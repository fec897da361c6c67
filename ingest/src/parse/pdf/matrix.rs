//! How places are moved, stretched and turned.

use lopdf::{Document as Pdf, Object, Stream};

use super::lexer::{Operand, numbers};

/// A transformation `[a b c d e f]` as PDF writes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix(pub(super) [f32; 6]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First `self`, then `other`.
    pub(super) fn then(self, other: Self) -> Self {
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

    pub(super) fn apply(self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// The one that is among operands.
    pub(super) fn of(operands: &[Operand]) -> Option<Self> {
        let values = numbers(operands);
        Some(Self(values.get(..6)?.try_into().ok()?))
    }

    /// The matrix of a form.
    pub(super) fn of_form(pdf: &Pdf, form: &Stream) -> Self {
        form.dict
            .get_deref(b"Matrix", pdf)
            .and_then(Object::as_array)
            .ok()
            .and_then(|values| {
                let values: Vec<f32> = values
                    .iter()
                    .filter_map(|value| pdf.dereference(value).ok()?.1.as_float().ok())
                    .collect();
                values.try_into().ok()
            })
            .map_or(Self::IDENTITY, Self)
    }
}
