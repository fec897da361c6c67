//! RTF: the text of a document with its headings, lists and tables.
//!
//! Read group by group without recursion. Kept: text boxes, footnotes and endnotes (after the
//! text), results of fields, the numbers of lists. Left out: deleted and hidden text,
//! comments, headers and footers, pictures, the codes of fields.
//!
//! `read` also takes the HTML out of an RTF that only wraps it, as Outlook writes it.

mod charset;
mod table;
mod words;

use std::collections::HashMap;

pub(super) use self::charset::encoding_of;
use self::charset::{Charset, CharsetText};
use self::table::Tables;
use super::flow::Item;
use super::{ParseError, Parsed, Progress, docx};
use crate::{DocumentBuilder, Problem, Properties};

/// Groups inside groups that each have properties of their own; deeper ones share those of
/// the group around them.
const MAX_DEPTH: usize = 10_000;
/// Notes and text boxes inside each other.
const MAX_STORIES: usize = 8;
/// Styles build on others; a longer chain is a loop.
const MAX_STYLE_CHAIN: usize = 30;
/// Fonts and styles that are looked at.
const MAX_TABLE: usize = 10_000;

/// Bytes of the name of who wrote it.
const MAX_AUTHOR: usize = 4_000;

/// Whether the bytes are RTF.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    let start = bytes.iter().take(100).position(|byte| *byte == b'{');
    start.is_some_and(|at| {
        bytes[at..].starts_with(b"{\\rtf")
            && bytes[..at]
                .iter()
                .all(|byte| byte.is_ascii_whitespace() || matches!(byte, 0xEF | 0xBB | 0xBF))
    })
}

/// Reads an RTF document.
///
/// # Errors
/// When it is none.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let Some(at) = bytes.windows(5).position(|start| start == b"{\\rtf") else {
        return Err(ParseError::Damaged {
            reason: "it does not begin as RTF does".to_owned(),
        });
    };
    let rtf = read(&bytes[at..]);
    let mut builder = DocumentBuilder::default();
    builder.title(&rtf.title);
    let [created, modified] =
        [rtf.created, rtf.modified].map(|[year, month, day]| format!("{year:04}-{month}-{day}"));
    builder.properties(Properties::said([rtf.author], &created, &modified));
    if let Some(html) = rtf.html {
        for item in super::html::read(html).items {
            item.push_to(&mut builder);
        }
    }
    for item in rtf.items {
        item.push_to(&mut builder);
    }
    progress(1, Some(1));
    Ok(Parsed::new(builder.finish(), rtf.problems))
}

/// What stands in an RTF.
#[derive(Debug, Default)]
pub(super) struct Rtf {
    pub(super) title: String,
    author: String,
    /// Year, month and day.
    created: [i32; 3],
    modified: [i32; 3],
    pub(super) items: Vec<Item>,
    /// The HTML it wraps, where it wraps some; there are no items then.
    pub(super) html: Option<String>,
    pub(super) problems: Vec<Problem>,
}

/// Reads what begins with `{\rtf`.
pub(super) fn read(bytes: &[u8]) -> Rtf {
    let mut reader = Reader::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' => reader.open(),
            b'}' => {
                if reader.close() {
                    break;
                }
            }
            b'\\' => at = reader.control(bytes, at),
            b'\r' | b'\n' | 0 => {}
            byte => reader.byte(byte),
        }
    }
    reader.finish()
}

/// Where text goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Target {
    #[default]
    Body,
    Skipped,
    Fonts,
    Styles,
    /// Parts of the information about the document.
    Info,
    Title,
    Author,
    Created,
    Modified,
    /// The number or bullet of an item.
    ListText,
    /// Markup of the HTML that an RTF wraps.
    Html,
}

/// What a group inherits from the one around it, and forgets at its end.
#[derive(Clone, Debug, Default)]
struct State {
    target: Target,
    hidden: bool,
    deleted: bool,
    /// Text for readers that know nothing of the HTML.
    only_rtf: bool,
    font: i32,
    /// Bytes that stand behind a `\u` for those who do not know it.
    fallback: usize,
    paragraph: Paragraph,
}

/// The properties of a paragraph.
#[derive(Clone, Debug, Default)]
struct Paragraph {
    style: i32,
    outline: Option<u8>,
    in_table: bool,
    depth: usize,
    list: bool,
    list_level: u8,
}

#[derive(Clone, Debug, Default)]
struct Style {
    name: String,
    outline: Option<u8>,
    based_on: Option<i32>,
}

/// A flow of text: that of the document, of a note or of a text box.
#[derive(Debug, Default)]
struct Story {
    note: bool,
    /// How many groups were open when it began; it ends with the last of them.
    depth: usize,
    text: String,
    list_text: String,
    tables: Tables,
}

#[derive(Debug)]
struct Reader {
    state: State,
    states: Vec<State>,
    /// Groups that are open beyond [`MAX_DEPTH`].
    beyond: usize,
    /// The group began with `\*`: it is skipped unless it is known.
    starred: bool,
    text: CharsetText,
    /// Characters still to be passed over behind a `\u`.
    passing: usize,
    default_font: i32,
    fonts: HashMap<i32, Charset>,
    styles: HashMap<i32, Style>,
    style: i32,
    stories: Vec<Story>,
    story: Story,
    notes: Vec<Item>,
    rtf: Rtf,
    embedded: usize,
    complete: bool,
}

impl Reader {
    fn new() -> Self {
        Self {
            state: State {
                fallback: 1,
                font: -1,
                ..State::default()
            },
            states: Vec::new(),
            beyond: 0,
            starred: false,
            text: CharsetText::default(),
            passing: 0,
            default_font: 0,
            fonts: HashMap::new(),
            styles: HashMap::new(),
            style: 0,
            stories: Vec::new(),
            story: Story::default(),
            notes: Vec::new(),
            rtf: Rtf::default(),
            embedded: 0,
            complete: false,
        }
    }

    fn open(&mut self) {
        self.passing = 0;
        self.starred = false;
        self.flush();
        if self.states.len() >= MAX_DEPTH {
            self.beyond += 1;
            return;
        }
        self.states.push(self.state.clone());
    }

    /// Whether that was the last group.
    fn close(&mut self) -> bool {
        self.passing = 0;
        self.flush();
        if self.beyond > 0 {
            self.beyond -= 1;
            return false;
        }
        if self.begins_story() {
            self.end_story();
        }
        let Some(state) = self.states.pop() else {
            return true;
        };
        if self.state.target == Target::Fonts && state.target != Target::Fonts {
            self.state.font = -1;
        }
        self.state = state;
        self.complete = self.states.is_empty();
        self.complete
    }

    /// Reads what follows a backslash, and says where it ends.
    fn control(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(&first) = bytes.get(at) else {
            return at;
        };
        if first == b'\'' {
            let hex = |at: usize| {
                bytes
                    .get(at)
                    .and_then(|byte| char::from(*byte).to_digit(16))
            };
            let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2)) else {
                return at + 1;
            };
            self.byte(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            return at + 3;
        }
        if !first.is_ascii_alphabetic() {
            if self.pass() {
                return at + 1;
            }
            match first {
                b'*' => self.starred = true,
                b'~' => self.char(' '),
                b'_' => self.char('-'),
                b'\r' | b'\n' => self.word("par", None),
                b'\\' | b'{' | b'}' => self.byte(first),
                // Optional hyphens and marks of an index.
                _ => {}
            }
            return at + 1;
        }
        let letters = bytes[at..]
            .iter()
            .take(32)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let word = std::str::from_utf8(&bytes[at..at + letters]).unwrap_or_default();
        let mut end = at + letters;
        let negative = bytes.get(end) == Some(&b'-');
        let digits_at = end + usize::from(negative);
        let digits = bytes[digits_at.min(bytes.len())..]
            .iter()
            .take(10)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let mut value = None;
        if digits > 0 {
            end = digits_at + digits;
            let number = std::str::from_utf8(&bytes[digits_at..end]).unwrap_or_default();
            let number: i64 = number.parse().unwrap_or(0);
            let number = i32::try_from(number).unwrap_or(i32::MAX);
            value = Some(if negative { -number } else { number });
        }
        if bytes.get(end) == Some(&b' ') {
            end += 1;
        }
        if word == "bin" {
            // Bytes that are no text, braces among them.
            let skipped = usize::try_from(value.unwrap_or(0)).unwrap_or(0);
            return end.saturating_add(skipped).min(bytes.len());
        }
        if word == "u" {
            self.passing = 0;
            self.flush();
            self.unicode(value.unwrap_or(0));
            self.passing = self.state.fallback;
        } else if !self.pass() {
            self.word(word, value);
        }
        end
    }

    /// Whether what comes stands in for a character that was read already.
    fn pass(&mut self) -> bool {
        let passes = self.passing > 0;
        self.passing = self.passing.saturating_sub(1);
        passes
    }

    fn byte(&mut self, byte: u8) {
        if self.pass() {
            return;
        }
        let charset = if self.state.target == Target::Fonts || self.state.target == Target::Skipped
        {
            return;
        } else {
            let font = if self.state.font < 0 {
                self.default_font
            } else {
                self.state.font
            };
            self.fonts.get(&font).copied().unwrap_or_default()
        };
        let text = self.text.push(byte, charset);
        self.put(&text);
    }

    fn flush(&mut self) {
        let text = self.text.take();
        self.put(&text);
    }

    fn char(&mut self, char: char) {
        self.flush();
        self.put(char.encode_utf8(&mut [0; 4]));
    }

    fn unicode(&mut self, value: i32) {
        // Written as 16 bits with a sign.
        let unit = value & 0xFFFF;
        let unit = u16::try_from(unit).unwrap_or(0xFFFD);
        if let Some(char) = self.text.unicode(unit) {
            self.put(char.encode_utf8(&mut [0; 4]));
        }
    }

    fn put(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let state = &self.state;
        match state.target {
            Target::Skipped | Target::Fonts | Target::Info | Target::Created | Target::Modified => {
            }
            Target::Author => {
                if self.rtf.author.len() < MAX_AUTHOR {
                    self.rtf.author.push_str(text);
                }
            }
            Target::Title => self.rtf.title.push_str(text),
            Target::Styles => {
                if self.styles.len() < MAX_TABLE || self.styles.contains_key(&self.style) {
                    let name = &mut self.styles.entry(self.style).or_default().name;
                    if name.len() < 200 {
                        name.push_str(text);
                    }
                }
            }
            Target::Html => {
                if let Some(html) = &mut self.rtf.html {
                    html.push_str(text);
                }
            }
            Target::Body | Target::ListText => {
                if let Some(html) = &mut self.rtf.html {
                    if !state.only_rtf && state.target == Target::Body {
                        html.push_str(text);
                    }
                } else if state.hidden || state.deleted {
                } else if state.target == Target::ListText {
                    self.story.list_text.push_str(text);
                } else {
                    self.story.text.push_str(text);
                }
            }
        }
    }

    fn target(&mut self, target: Target) {
        self.flush();
        self.state.target = target;
    }

    fn begin_story(&mut self, note: bool) {
        self.flush();
        self.state.target = Target::Body;
        self.state.paragraph = Paragraph::default();
        if self.stories.len() >= MAX_STORIES || self.begins_story() || self.rtf.html.is_some() {
            return;
        }
        let story = Story {
            note,
            depth: self.states.len(),
            ..Story::default()
        };
        self.stories.push(std::mem::replace(&mut self.story, story));
    }

    /// Whether a story began with the group that is open.
    fn begins_story(&self) -> bool {
        !self.stories.is_empty() && self.story.depth == self.states.len()
    }

    fn end_story(&mut self) {
        self.end_paragraph(Some(0));
        let Some(around) = self.stories.pop() else {
            return;
        };
        let story = std::mem::replace(&mut self.story, around);
        let items = story.tables.finish();
        if story.note {
            self.notes.extend(items);
        } else {
            for item in items {
                self.story.tables.add(item);
            }
        }
    }

    /// Ends a paragraph that stands in so many tables; if not given, as many as it says.
    fn end_paragraph(&mut self, depth: Option<usize>) {
        let paragraph = &self.state.paragraph;
        let said = if paragraph.in_table {
            paragraph.depth.max(1)
        } else {
            0
        };
        let text = std::mem::take(&mut self.story.text);
        let number = std::mem::take(&mut self.story.list_text);
        let blank = text.trim().is_empty();
        // A table may hold empty lines, and not every writer says that they are in it.
        if depth.is_some() || !blank || said == 0 {
            self.story.tables.at(depth.unwrap_or(said));
        }
        if blank {
            return;
        }
        let list = paragraph.list || !number.trim().is_empty();
        let number = number.trim();
        let counts = number.chars().any(char::is_alphanumeric) || number.chars().count() > 1;
        let text = if counts {
            format!("{number} {}", text.trim_start())
        } else {
            text
        };
        let level = paragraph.outline.or_else(|| self.heading(paragraph.style));
        let item = match level {
            Some(level) => Item::Heading {
                level: level.min(6),
                text,
            },
            None if list => Item::ListItem {
                level: paragraph.list_level + 1,
                text,
            },
            None => Item::Paragraph(text),
        };
        self.story.tables.add(item);
    }

    /// The level of a heading of this style.
    fn heading(&self, style: i32) -> Option<u8> {
        let mut number = style;
        for _ in 0..MAX_STYLE_CHAIN {
            let style = self.styles.get(&number)?;
            let name = style.name.split(';').next().unwrap_or_default().trim();
            if let Some(level) = docx::heading_of(name).or(style.outline) {
                return Some(level);
            }
            number = style.based_on.filter(|based_on| *based_on != number)?;
        }
        None
    }

    fn finish(mut self) -> Rtf {
        self.flush();
        while !self.stories.is_empty() {
            self.end_story();
        }
        self.end_paragraph(None);
        self.rtf.items = std::mem::take(&mut self.story.tables).finish();
        self.rtf.items.append(&mut self.notes);
        let mut problem = |message: String| self.rtf.problems.push(Problem::of_file(message));
        if !self.complete {
            problem("its end is missing".to_owned());
        }
        if self.embedded > 0 {
            problem(format!(
                "{} embedded in it {} not read",
                if self.embedded == 1 {
                    "1 file".to_owned()
                } else {
                    format!("{} files", self.embedded)
                },
                if self.embedded == 1 { "was" } else { "were" },
            ));
        }
        self.rtf
    }
}

#[cfg(test)]
mod tests;
