//! Whether a page's text can be read, or must be read off its picture.

use super::content::{Glyph, Printed};
use crate::Problem;

/// A page whose pictures cover this share of it, with little text, is a scan.
const PICTURED: f32 = 0.6;
/// Characters that are little text.
const LITTLE: usize = 100;
/// Characters without meaning that make a page suspect, if they are a third of its characters.
const SUSPECT: usize = 10;

/// What a page's text lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// There is none, though something is drawn.
    Text,
    /// Nothing says what its characters are, or what says so is wrong.
    Meaning,
    /// There is a picture of the whole page and next to no text.
    Words,
}

/// Judges a page, and drops characters that mean nothing from one that is full of them. Any
/// that might be read stay.
pub(super) fn judge(printed: &mut Printed) -> Option<Lack> {
    let (mut good, mut bad, mut letters, mut odd) = (0_usize, printed.unreadable, 0, 0);
    for glyph in &printed.glyphs {
        if is_meaningless(glyph) {
            bad += 1;
        } else if !glyph.text.trim().is_empty() {
            good += 1;
        }
        for char in glyph.text.chars().filter(|char| !char.is_ascii_digit()) {
            letters += usize::from(char.is_alphanumeric() || !char.is_ascii());
            odd += usize::from(('\u{A1}'..='\u{FF}').contains(&char));
        }
    }
    if good == 0 && bad == 0 {
        return printed.is_drawn.then_some(Lack::Text);
    }
    if good == 0 || (bad >= SUSPECT && bad * 3 >= bad + good) {
        printed.glyphs.retain(|glyph| !is_meaningless(glyph));
        return Some(Lack::Meaning);
    }
    // Codes of Korean or Chinese that were taken for Latin: no language has so many accents.
    if odd >= 2 * SUSPECT && odd * 2 > letters {
        return Some(Lack::Meaning);
    }
    (printed.pictured >= PICTURED && good < LITTLE).then_some(Lack::Words)
}

/// Characters of private use, replacements and control codes.
fn is_meaningless(glyph: &Glyph) -> bool {
    let text = glyph.text.trim();
    !text.is_empty()
        && text.chars().all(|char| {
            char.is_control()
                || matches!(char, '\u{FFFD}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..)
        })
}

/// Tells which pages lack what: a problem for each kind of lack.
pub(super) fn problems(lacking: &[(u32, Lack)], pages: usize) -> Vec<Problem> {
    [Lack::Text, Lack::Meaning, Lack::Words]
        .into_iter()
        .filter_map(|lack| {
            let numbers: Vec<u32> = lacking
                .iter()
                .filter(|(_, other)| *other == lack)
                .map(|(number, _)| *number)
                .collect();
            Some(Problem {
                page: Some(*numbers.first()?),
                message: message(lack, &numbers, pages)?,
            })
        })
        .collect()
}

/// `pages 3-9 have no text layer`.
fn message(lack: Lack, numbers: &[u32], all: usize) -> Option<String> {
    let (first, last) = (numbers.first()?, numbers.last()?);
    let (one, many) = match lack {
        Lack::Text => ("has no text layer", "have no text layer"),
        Lack::Meaning => (
            "has text in fonts that do not say which characters they are",
            "have text in fonts that do not say which characters they are",
        ),
        Lack::Words => (
            "is a picture with little text",
            "are pictures with little text",
        ),
    };
    let is_range = usize::try_from(last - first).ok()? + 1 == numbers.len();
    Some(match numbers.len() {
        1 if all == 1 => format!("its only page {one}"),
        1 => format!("page {first} {one}"),
        count if count == all && lack == Lack::Text => "no page has a text layer".to_owned(),
        count if count == all => format!("all pages {many}"),
        _ if is_range => format!("pages {first}-{last} {many}"),
        count => format!("{count} pages {many}, the first of them page {first}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rect;

    fn page(texts: &[&str], unreadable: usize, pictured: f32) -> Printed {
        let rect = Rect {
            x0: 0.0,
            y0: 0.0,
            x1: 1.0,
            y1: 1.0,
        };
        Printed {
            glyphs: texts
                .iter()
                .map(|text| Glyph {
                    text: (*text).to_owned(),
                    rect,
                    start: (0.0, 1.0),
                    along: (1.0, 0.0),
                    size: 1.0,
                    bold: false,
                    is_artifact: false,
                })
                .collect(),
            unreadable,
            is_drawn: true,
            pictured,
            ..Printed::default()
        }
    }

    #[test]
    fn pages_are_judged() {
        let text = ["가"; 200];
        assert_eq!(judge(&mut page(&[], 0, 0.0)), Some(Lack::Text));
        assert_eq!(judge(&mut Printed::default()), None, "blank paper");
        assert_eq!(judge(&mut page(&text, 0, 1.0)), None, "a scan with text");
        assert_eq!(judge(&mut page(&text[..20], 0, 1.0)), Some(Lack::Words));
        assert_eq!(judge(&mut page(&text[..20], 0, 0.2)), None);
        assert_eq!(judge(&mut page(&text, 150, 0.0)), Some(Lack::Meaning));
        assert_eq!(judge(&mut page(&text, 9, 0.0)), None);
        assert_eq!(judge(&mut page(&["Ä"; 40], 0, 0.0)), Some(Lack::Meaning));
    }

    #[test]
    fn useless_characters_go_and_others_stay() {
        let mut texts = vec!["\u{E123}"; 30];
        texts.extend(["총", "계"]);
        let mut page = page(&texts, 0, 0.0);
        assert_eq!(judge(&mut page), Some(Lack::Meaning));
        assert_eq!(page.glyphs.len(), 2);
    }

    #[test]
    fn pages_are_named_in_ranges() {
        let lacking = [(3, Lack::Text), (4, Lack::Text), (7, Lack::Meaning)];
        let messages: Vec<String> = problems(&lacking, 9)
            .into_iter()
            .map(|problem| problem.message)
            .collect();
        assert_eq!(
            messages,
            [
                "pages 3-4 have no text layer",
                "page 7 has text in fonts that do not say which characters they are"
            ]
        );
    }
}
