//! The fourteen fonts that every reader of PDF has, so that files need not say how wide their
//! characters are: widths from Adobe's metrics, and the codes of Symbol and `ZapfDingbats`.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A line a character: its code point, and its width in thousandths in [`Family`]'s order.
const WIDTHS: &str = include_str!("standard.txt");
/// A line a code: the code, the width, and the character if there is one.
const SYMBOL: &str = include_str!("symbol.txt");
const DINGBATS: &str = include_str!("dingbats.txt");

static BY_CHARACTER: LazyLock<HashMap<char, [u16; 6]>> = LazyLock::new(|| {
    WIDTHS
        .lines()
        .filter_map(|line| {
            let mut parts = line.split(' ');
            let char = character(parts.next()?)?;
            let widths: Vec<u16> = parts.filter_map(|width| width.parse().ok()).collect();
            Some((char, widths.try_into().ok()?))
        })
        .collect()
});

fn character(hex: &str) -> Option<char> {
    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)
}

/// One of the fourteen fonts, slanted ones of one width with the upright taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Helvetica,
    HelveticaBold,
    Times,
    TimesBold,
    TimesItalic,
    TimesBoldItalic,
    Courier,
    Symbol,
    Dingbats,
}

impl Family {
    /// The font whose name, in lower case, is nearest to `name`; Helvetica for any other.
    pub(super) fn of(name: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let bold = has(&["bold", "black", "heavy", "demi"]);
        if has(&["courier", "mono", "consol", "typewriter"]) {
            return Self::Courier;
        }
        // A subset's name starts with six letters and a plus.
        match name.rsplit('+').next().unwrap_or(name) {
            name if name.starts_with("symbol") => return Self::Symbol,
            name if name.starts_with("zapfdingbats") => return Self::Dingbats,
            _ => {}
        }
        if !has(&["times", "serif", "roman", "georgia", "garamond", "palatino"]) || has(&["sans"]) {
            return if bold {
                Self::HelveticaBold
            } else {
                Self::Helvetica
            };
        }
        match (bold, has(&["italic", "oblique"])) {
            (false, false) => Self::Times,
            (true, false) => Self::TimesBold,
            (false, true) => Self::TimesItalic,
            (true, true) => Self::TimesBoldItalic,
        }
    }

    /// The width of a character as a share of the font's size, where it is known by its text.
    pub(super) fn width(self, char: char) -> Option<f32> {
        let column = match self {
            Self::Helvetica => 0,
            Self::HelveticaBold => 1,
            Self::Times => 2,
            Self::TimesBold => 3,
            Self::TimesItalic => 4,
            Self::TimesBoldItalic => 5,
            Self::Courier => return Some(0.6),
            Self::Symbol | Self::Dingbats => return None,
        };
        BY_CHARACTER
            .get(&char)
            .map(|widths| f32::from(widths[column]) * 0.001)
    }

    /// Code, width and text of every character, for the two fonts that have codes of their own.
    /// The text is empty where a glyph is a part of a larger sign.
    pub(super) fn own_codes(self) -> Option<impl Iterator<Item = (u8, f32, String)>> {
        let table = match self {
            Self::Symbol => SYMBOL,
            Self::Dingbats => DINGBATS,
            _ => return None,
        };
        Some(table.lines().filter_map(|line| {
            let mut parts = line.split(' ');
            let code = parts.next()?.parse().ok()?;
            let width: f32 = parts.next()?.parse().ok()?;
            Some((code, width * 0.001, parts.filter_map(character).collect()))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_metrics() {
        assert!(BY_CHARACTER.len() > 200);
        for (name, char, width) in [
            ("helvetica", 'W', 0.944),
            ("arial,bold", 'a', 0.556),
            ("timesnewromanps-boldmt", 'W', 1.0),
            ("times-italic", 'w', 0.667),
            ("courier-bold", 'i', 0.6),
            ("abcdef+times-roman", 'é', 0.444),
        ] {
            let found = Family::of(name).width(char).unwrap();
            assert!((found - width).abs() < 1e-6, "{name} {char} {found}");
        }
    }

    #[test]
    fn symbol_has_its_own_codes() {
        let mut codes = Family::of("symbol").own_codes().unwrap();
        let alpha = codes.find(|(code, _, _)| *code == b'a').unwrap();
        assert_eq!(alpha.2, "α");
        assert!(Family::Dingbats.own_codes().unwrap().count() > 190);
        assert!(Family::of("helvetica").own_codes().is_none());
    }
}
