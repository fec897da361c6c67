//! Markdown, with tables, footnotes and front matter.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::flow::Item;
use super::{ParseError, Parsed, Progress, html, sniff, text};
use crate::{DocumentBuilder, Properties};

/// Whether the bytes are Markdown: by name, since any text is Markdown too.
pub(super) fn recognizes(bytes: &[u8], file_name: &str) -> bool {
    matches!(
        sniff::extension(file_name).as_str(),
        "md" | "markdown" | "mkd"
    ) && sniff::is_text(bytes)
}

/// Reads Markdown.
///
/// # Errors
/// Never: any text can be read as Markdown.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let decoded = text::decode(bytes, None);
    let (title, properties, source) = front_matter(&decoded.text);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS;
    let mut builder = DocumentBuilder::default();
    builder.title(&title);
    builder.properties(properties);
    let mut page = Page::default();
    for event in Parser::new_ext(source, options) {
        page.event(event);
    }
    page.flush();
    for item in page.items {
        item.push_to(&mut builder);
    }
    progress(1, Some(1));
    Ok(Parsed::new(
        builder.finish(),
        decoded.problem.into_iter().collect(),
    ))
}

/// The title and the properties of the front matter, and what stands behind it.
fn front_matter(source: &str) -> (String, Properties, &str) {
    let source = source.trim_start_matches('\u{FEFF}');
    let none = (String::new(), Properties::default(), source);
    let Some(rest) = source
        .strip_prefix("---\n")
        .or_else(|| source.strip_prefix("---\r\n"))
    else {
        return none;
    };
    let mut title = String::new();
    let (mut author, mut created, mut modified) = ("", "", "");
    let mut at = source.len() - rest.len();
    for line in rest.split_inclusive('\n') {
        at += line.len();
        let line = line.trim_end();
        if line == "---" || line == "..." {
            let properties = Properties::said([author], created, modified);
            return (title, properties, &source[at..]);
        }
        if let Some(value) = line.strip_prefix("title:") {
            value
                .trim()
                .trim_matches(['"', '\''])
                .clone_into(&mut title);
        } else if let Some(value) = line.strip_prefix("author:") {
            author = simple(value);
        } else if let Some(value) = line.strip_prefix("date:") {
            created = simple(value);
        } else if let Some(value) = ["updated:", "lastmod:", "modified:"]
            .iter()
            .find_map(|key| line.strip_prefix(key))
        {
            modified = simple(value);
        } else if !line.is_empty() && !line.contains(':') && !line.starts_with([' ', '-', '#']) {
            // A rule, and running text below it.
            return none;
        }
    }
    none
}

/// A value of one line, without quotes and the comment behind it. Lists and the like are none.
fn simple(value: &str) -> &str {
    let value = value.trim();
    if let Some(quote) = value
        .chars()
        .next()
        .filter(|char| matches!(char, '"' | '\''))
    {
        return value[1..].split(quote).next().unwrap_or_default();
    }
    if value.starts_with(['[', '{', '|', '>', '&', '*', '!', '#', '-']) {
        return "";
    }
    value.split(" #").next().unwrap_or_default()
}

#[derive(Debug, Default)]
struct Page {
    items: Vec<Item>,
    text: String,
    heading: Option<u8>,
    code: bool,
    /// The next number of each list that is open; none for bullets.
    lists: Vec<Option<u64>>,
    /// Set from the start of a list's item to its first block.
    opens_item: bool,
    rows: Vec<Vec<String>>,
    html: String,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text)
            | Event::Code(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => {
                self.text.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => {
                self.text.push(if self.code { '\n' } else { ' ' });
            }
            Event::InlineHtml(tag) => {
                if tag.starts_with("<br") {
                    self.text.push(' ');
                }
            }
            Event::Html(text) => self.html.push_str(&text),
            Event::TaskListMarker(done) => self.text.push_str(if done { "[x] " } else { "[ ] " }),
            Event::FootnoteReference(_) => {}
            Event::Rule => self.flush(),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(number_of(level));
            }
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) => self.flush(),
            Tag::CodeBlock(_) => {
                self.flush();
                self.code = true;
            }
            Tag::List(start) => {
                self.flush();
                self.lists.push(start);
            }
            Tag::Item => {
                self.flush();
                self.opens_item = true;
                if let Some(Some(number)) = self.lists.last_mut() {
                    self.text = format!("{number}. ");
                    *number += 1;
                }
            }
            Tag::Table(_) => {
                self.flush();
                self.rows.clear();
            }
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.text);
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                let rows = std::mem::take(&mut self.rows);
                self.items.push(Item::Table {
                    rows,
                    header_rows: 1,
                });
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::CodeBlock => {
                self.flush();
                self.code = false;
            }
            TagEnd::Item => {
                self.flush();
                self.opens_item = false;
                self.text.clear();
            }
            TagEnd::HtmlBlock => {
                let source = std::mem::take(&mut self.html);
                if let Ok(Parsed { document, .. }) = html::parse(source.as_bytes(), &|_, _| {}) {
                    self.items.extend(
                        document
                            .text
                            .split("\n\n")
                            .map(|text| Item::Paragraph(text.to_owned())),
                    );
                }
            }
            TagEnd::Heading(_)
            | TagEnd::Paragraph
            | TagEnd::BlockQuote(_)
            | TagEnd::FootnoteDefinition => self.flush(),
            _ => {}
        }
    }

    fn flush(&mut self) {
        // The number of an item whose paragraph begins only now.
        let is_number = self.opens_item
            && self
                .text
                .trim()
                .strip_suffix('.')
                .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        if self.text.trim().is_empty() || is_number {
            return;
        }
        let text = std::mem::take(&mut self.text);
        let heading = self.heading.take();
        self.items.push(if self.code {
            Item::Preformatted(text)
        } else if let Some(level) = heading {
            Item::Heading { level, text }
        } else if self.opens_item {
            Item::ListItem {
                level: u8::try_from(self.lists.len().clamp(1, 6)).unwrap_or(6),
                text,
            }
        } else {
            Item::Paragraph(text)
        });
        self.opens_item = false;
    }
}

fn number_of(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BlockKind;

    #[test]
    fn front_matter_says_who_wrote_it_and_when() {
        let said = |matter: &str| {
            let source = format!("---\n{matter}\n---\n# 연차\n");
            let document = parse(source.as_bytes(), &|_, _| {}).unwrap().document;
            assert_eq!(document.text, "연차", "{matter}");
            document.properties
        };
        assert_eq!(
            said(
                "author: \"김민아\" # 총무\ndate: 2026-03-31 10:00:00 +0900\nlastmod: '2026-04-01'"
            ),
            Properties::said(["김민아"], "2026-03-31", "2026-04-01")
        );
        assert_eq!(
            said("author: Kim Minah # a"),
            Properties::said(["Kim Minah"], "", "")
        );
        for open in [
            "author: [a, b]",
            "author:\n  - a",
            "author: |\n  a",
            "date: 31 March 2026",
            "author: '",
        ] {
            assert!(said(open).is_empty(), "{open}");
        }
        // No front matter: text stays text.
        let text = parse("author: 김민아\n\n---\n".as_bytes(), &|_, _| {})
            .unwrap()
            .document;
        assert!(text.properties.is_empty() && text.text.contains("author: 김민아"));
    }

    #[test]
    fn structure_is_kept() {
        let source = "---\ntitle: \"보안 지침\"\n---\n# 보안\n\n비밀번호는 **12자** 이상\n이다.\n\n1. 하나\n2. 둘\n   - 셋\n\n| 등급 | 기한 |\n|---|---|\n| 긴급 | 4시간 |\n\n```\nssh a\n```\n";
        let document = parse(source.as_bytes(), &|_, _| {}).unwrap().document;
        assert_eq!(document.title.as_deref(), Some("보안 지침"));
        assert_eq!(
            document.text,
            "보안\n\n비밀번호는 12자 이상 이다.\n\n1. 하나\n\n2. 둘\n\n셋\n\n등급\t기한\n긴급\t4시간\n\nssh a"
        );
        assert_eq!(document.blocks[4].kind, BlockKind::ListItem { level: 2 });
        assert!(matches!(
            document.blocks[5].kind,
            BlockKind::Cell { header: true, .. }
        ));
    }

    #[test]
    fn a_rule_at_the_start_is_no_front_matter() {
        let document = parse("---\n본문이다.\n\n---\n끝이다.".as_bytes(), &|_, _| {})
            .unwrap()
            .document;
        assert!(document.text.contains("본문이다."), "{}", document.text);
    }
}
