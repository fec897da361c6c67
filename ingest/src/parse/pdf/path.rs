//! Lines and rectangles that a page draws, as far as they may be those of tables.

use super::content::PageReader;
use super::matrix::Matrix;
use super::table::Rule;

/// Lines of one page that may be those of tables.
const MAX_RULES: usize = 20_000;
/// A line of a table is at most this thick, in points.
const MAX_THICKNESS: f32 = 3.0;

type Point = (f32, f32);

/// What is drawn next.
#[derive(Debug, Default)]
pub(super) struct Path {
    lines: Vec<(Point, Point)>,
    rectangles: Vec<(Point, Point)>,
    start: Option<Point>,
    at: Option<Point>,
}

impl Path {
    pub(super) fn move_to(&mut self, x: f32, y: f32) {
        self.start = Some((x, y));
        self.at = self.start;
    }

    pub(super) fn line_to(&mut self, x: f32, y: f32) {
        if let Some(from) = self.at
            && self.lines.len() < MAX_RULES
        {
            self.lines.push((from, (x, y)));
        }
        self.at = Some((x, y));
    }

    pub(super) fn curve_to(&mut self, values: &[f32]) {
        if let [.., x, y] = values[..] {
            self.at = Some((x, y));
        }
    }

    pub(super) fn close(&mut self) {
        if let Some((x, y)) = self.start {
            self.line_to(x, y);
        }
    }

    pub(super) fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32) {
        if self.rectangles.len() < MAX_RULES {
            self.rectangles.push(((x, y), (x + width, y + height)));
        }
    }
}

impl PageReader<'_> {
    /// Keeps the lines of a path that may be those of a table.
    pub(super) fn rules(&mut self, path: &Path, strokes: bool, matrix: Matrix) {
        self.printed.is_drawn = true;
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
