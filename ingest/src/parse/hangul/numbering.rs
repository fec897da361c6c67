//! Headings, lists and the numbers that Hangul writes before them: `1.`, `가.`, `1)`, `가)`.

use std::collections::HashMap;

use super::super::flow::{Item, roman};

/// Levels of an outline or a list.
const LEVELS: usize = 10;
/// Shapes or numberings that a document may have; HWP counts them in 16 bits.
const MAX_STYLES: usize = 1 << 16;
/// Characters of what is written around a number.
const MAX_NUMBER: usize = 100;
/// Paragraphs of an outline that have more characters are no headings: many documents number
/// their clauses by the outline.
const MAX_HEADING: usize = 100;

/// What comes before a paragraph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Head {
    #[default]
    None,
    /// The section's outline.
    Outline,
    /// A number of the numbering of this id.
    Number(u32),
    Bullet,
}

/// What a paragraph takes from its shape.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Shape {
    pub(in super::super) head: Head,
    /// From 0.
    pub(in super::super) level: usize,
}

/// A level of a numbering.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Level {
    /// One of the numbers that HWP gives to formats; see [`format_of`].
    pub(in super::super) format: u8,
    /// Such as `^1.`, where `^1` stands for the number of the first level.
    pub(in super::super) text: String,
    pub(in super::super) start: u32,
}

/// The shapes, styles and numberings of a document, and how far each numbering has counted.
#[derive(Debug, Default)]
pub(in super::super) struct Styles {
    shapes: HashMap<u32, Shape>,
    /// The level of headings, from 1, by style.
    headings: HashMap<u32, u8>,
    numberings: HashMap<u32, Vec<Level>>,
    /// The numbering of the section's outline.
    pub(in super::super) outline: Option<u32>,
    counts: HashMap<u32, [Option<u32>; LEVELS]>,
}

/// What a paragraph is, and its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    heading: Option<u8>,
    list: Option<u8>,
    number: Option<String>,
}

impl Kind {
    /// The paragraph as an item, unless it is blank.
    pub(super) fn item(self, text: &str) -> Option<Item> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let sentence = text.ends_with("다.") || text.chars().nth(MAX_HEADING).is_some();
        let text = match self.number {
            Some(number) => format!("{number} {text}"),
            None => text.to_owned(),
        };
        Some(match (self.heading, self.list) {
            (Some(level), _) if sentence => Item::ListItem { level, text },
            (Some(level), _) => Item::Heading {
                level: level.min(6),
                text,
            },
            (None, Some(level)) => Item::ListItem { level, text },
            (None, None) => Item::Paragraph(text),
        })
    }
}

impl Styles {
    /// Adds a shape by its id.
    pub(in super::super) fn shape(&mut self, id: u32, shape: Shape) {
        if self.shapes.len() < MAX_STYLES {
            self.shapes.insert(id, shape);
        }
    }

    /// The levels of a numbering by its id, to be filled.
    pub(in super::super) fn numbering(&mut self, id: u32) -> Option<&mut Vec<Level>> {
        if self.numberings.len() >= MAX_STYLES {
            return self.numberings.get_mut(&id);
        }
        Some(self.numberings.entry(id).or_default())
    }

    /// Adds a style by its names: `개요 2` and `Outline 2` are headings.
    pub(in super::super) fn style(&mut self, id: u32, names: [&str; 2]) {
        if self.headings.len() < MAX_STYLES
            && let Some(level) = names.into_iter().find_map(heading_of)
        {
            self.headings.insert(id, level);
        }
    }

    /// What the next paragraph of this shape and style is.
    pub(super) fn next(&mut self, shape: Option<u32>, style: Option<u32>) -> Kind {
        let shape = shape
            .and_then(|shape| self.shapes.get(&shape))
            .copied()
            .unwrap_or_default();
        let level = shape.level.min(LEVELS - 1);
        let shown = u8::try_from(level + 1).unwrap_or(u8::MAX);
        match shape.head {
            Head::Outline => Kind {
                heading: Some(shown),
                number: self.outline.and_then(|outline| self.number(outline, level)),
                ..Kind::default()
            },
            Head::Number(numbering) => Kind {
                list: Some(shown),
                number: self.number(numbering, level),
                ..Kind::default()
            },
            Head::Bullet => Kind {
                list: Some(shown),
                ..Kind::default()
            },
            Head::None => Kind {
                heading: style.and_then(|style| self.headings.get(&style)).copied(),
                ..Kind::default()
            },
        }
    }

    fn number(&mut self, numbering: u32, level: usize) -> Option<String> {
        let levels = self.numberings.get(&numbering)?;
        let start = |level: usize| levels.get(level).map_or(1, |level| level.start);
        let counts = self.counts.entry(numbering).or_default();
        // A level that was left out counts as begun: after 4.1.1.1 comes 4.1.2.
        for (above, count) in counts.iter_mut().enumerate().take(level) {
            count.get_or_insert_with(|| start(above));
        }
        counts[level] = Some(counts[level].map_or(start(level), |count| count.saturating_add(1)));
        counts[level + 1..].fill(None);

        let own = levels.get(level)?;
        let numeral_of = |level: usize| {
            let format = levels.get(level).map_or(0, |level| level.format);
            numeral(counts[level].unwrap_or(1), format)
        };
        let mut text = String::new();
        let mut chars = own.text.chars().take(MAX_NUMBER).peekable();
        while let Some(char) = chars.next() {
            if char != '^' {
                text.push(char);
                continue;
            }
            match chars.next() {
                Some(path @ ('n' | 'N')) => {
                    let path_of: Vec<String> = (0..=level).map(numeral_of).collect();
                    text.push_str(&path_of.join("."));
                    if path == 'N' {
                        text.push('.');
                    }
                }
                Some(digit @ '1'..='9') => {
                    let mut place = digit.to_digit(10).unwrap_or(1);
                    if digit == '1' && chars.next_if_eq(&'0').is_some() {
                        place = 10;
                    }
                    let place = usize::try_from(place).unwrap_or(1) - 1;
                    text.push_str(&numeral_of(place));
                }
                Some(other) => text.extend(['^', other]),
                None => text.push('^'),
            }
        }
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// The level that the name of a style says.
fn heading_of(name: &str) -> Option<u8> {
    let name = name.trim().to_lowercase();
    if matches!(name.as_str(), "제목" | "title") {
        return Some(1);
    }
    let number = ["개요", "outline", "제목", "heading"]
        .into_iter()
        .find_map(|word| name.strip_prefix(word))?;
    number
        .trim()
        .parse()
        .ok()
        .filter(|level| (1..=10).contains(level))
}

/// The number that HWP gives to a format which HWPX and HWPML name: `HANGUL_SYLLABLE` or
/// `HangulSyllable` is 8.
pub(super) fn format_of(name: &str) -> u8 {
    const NAMES: [&str; 17] = [
        "digit",
        "circleddigit",
        "romancapital",
        "romansmall",
        "latincapital",
        "latinsmall",
        "circledlatincapital",
        "circledlatinsmall",
        "hangulsyllable",
        "circledhangulsyllable",
        "hanguljamo",
        "circledhanguljamo",
        "hangulphonetic",
        "ideograph",
        "circledideograph",
        "decagoncircle",
        "decagoncirclehanja",
    ];
    let name = name.replace('_', "").to_lowercase();
    let place = NAMES.iter().position(|known| *known == name);
    u8::try_from(place.unwrap_or(0)).unwrap_or(0)
}

/// A number as Hangul writes it in a format.
pub(in super::super) fn numeral(number: u32, format: u8) -> String {
    let of = |letters: &str| {
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(0);
        let count = letters.chars().count();
        letters
            .chars()
            .nth(index % count.max(1))
            .map(String::from)
            .unwrap_or_default()
    };
    match format {
        _ if number == 0 => "0".to_owned(),
        1 => of("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
        2 => roman(number),
        3 => roman(number).to_lowercase(),
        4 => of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        5 => of("abcdefghijklmnopqrstuvwxyz"),
        6 => of("ⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏ"),
        7 => of("ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ"),
        8 => of(
            "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호\
             구누두루무부수우주추쿠투푸후그느드르므브스으즈츠크트프흐기니디리미비시이지치키티피히",
        ),
        9 => of("㉮㉯㉰㉱㉲㉳㉴㉵㉶㉷㉸㉹㉺㉻"),
        10 => of("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
        11 => of("㉠㉡㉢㉣㉤㉥㉦㉧㉨㉩㉪㉫㉬㉭"),
        12 => counted(number, "일이삼사오육칠팔구", '십'),
        13 => counted(number, "一二三四五六七八九", '十'),
        14 => of("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉"),
        15 => of("갑을병정무기경신임계"),
        16 => of("甲乙丙丁戊己庚辛壬癸"),
        _ => number.to_string(),
    }
}

/// Numbers to 99 in words: `이십삼`.
fn counted(number: u32, digits: &str, ten: char) -> String {
    if number > 99 {
        return number.to_string();
    }
    let digit = |digit: u32| {
        let index = digit.checked_sub(1)?;
        digits.chars().nth(usize::try_from(index).ok()?)
    };
    let mut text = String::new();
    if number >= 20 {
        text.extend(digit(number / 10));
    }
    if number >= 10 {
        text.push(ten);
    }
    text.extend(digit(number % 10));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn styles() -> Styles {
        let level = |text: &str, format| Level {
            format,
            text: text.to_owned(),
            start: 1,
        };
        let mut styles = Styles::default();
        styles.numberings.insert(
            1,
            vec![
                level("^1.", 0),
                level("^2.", 8),
                level("^3)", 0),
                level("^1.^2.^3.^4", 0),
            ],
        );
        for level in 0..4 {
            let id = u32::try_from(level).unwrap();
            styles.shapes.insert(
                id,
                Shape {
                    head: Head::Number(1),
                    level,
                },
            );
        }
        styles
    }

    #[test]
    fn numbers_count_by_level_as_hangul_writes_them() {
        let mut styles = styles();
        let numbers: Vec<String> = [0, 1, 1, 2, 0, 1, 3, 3, 2]
            .into_iter()
            .map(|shape| styles.next(Some(shape), None).number.unwrap())
            .collect();
        assert_eq!(
            numbers,
            [
                "1.",
                "가.",
                "나.",
                "1)",
                "2.",
                "가.",
                "2.가.1.1",
                "2.가.1.2",
                "2)"
            ]
        );
    }

    #[test]
    fn names_of_styles_and_formats_are_known() {
        let mut styles = Styles::default();
        styles.style(3, ["개요 2", ""]);
        styles.style(4, ["나만의 모양", "Outline 3"]);
        styles.style(5, ["바탕글", "Normal"]);
        assert_eq!(styles.next(None, Some(3)).heading, Some(2));
        assert_eq!(styles.next(None, Some(4)).heading, Some(3));
        assert_eq!(styles.next(None, Some(5)).heading, None);
        assert_eq!(format_of("HANGUL_SYLLABLE"), 8);
        assert_eq!(format_of("CircledDigit"), 1);
        assert_eq!(numeral(15, 8), "거");
        assert_eq!(numeral(23, 12), "이십삼");
        assert_eq!(numeral(10, 13), "十");
        assert_eq!(numeral(14, 3), "xiv");
        assert_eq!(numeral(u32::MAX, 2).len(), "MMMCMXCIX".len());
    }

    #[test]
    fn a_sentence_in_the_outline_is_no_heading() {
        let mut styles = Styles::default();
        styles.shapes.insert(
            0,
            Shape {
                head: Head::Outline,
                level: 1,
            },
        );
        let kind = styles.next(Some(0), None);
        assert!(matches!(
            kind.clone().item("목적"),
            Some(Item::Heading { level: 2, .. })
        ));
        assert!(matches!(
            kind.clone().item("이 규정은 휴가를 정한다."),
            Some(Item::ListItem { level: 2, .. })
        ));
        assert!(kind.item(" \u{a0} ").is_none());
    }
}
