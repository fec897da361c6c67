//! A message as a document, whatever file it comes in: who wrote to whom and when, then what.

use super::flow::Item;
use super::text;
use crate::{BlockKind, DocumentBuilder, Properties};

/// Persons of one header that are named.
const MAX_PERSONS: usize = 500;
/// Replies to replies: deeper quotes are marked as this deep.
const MAX_QUOTES: usize = 20;

/// What stands above a message.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) subject: String,
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
    pub(super) cc: Vec<String>,
    /// ISO 8601 with an offset.
    pub(super) date: Option<String>,
}

/// Text of a message that is not HTML.
#[derive(Debug, Default)]
pub(super) struct Plain {
    pub(super) text: String,
    /// `format=flowed`: a line that ends in a space goes on.
    pub(super) flowed: bool,
    /// `delsp=yes`: that space is none of the text.
    pub(super) del_space: bool,
}

/// Pushes a message. Its subject is its title and the heading over it; below stand the
/// persons and the date, labelled in the language of the message, since people ask for them.
pub(super) fn push(
    head: &Head,
    attached: &[String],
    body: Vec<Item>,
    builder: &mut DocumentBuilder,
) {
    let korean = has_hangul(&head.subject)
        || head.from.iter().any(|from| has_hangul(from))
        || body.iter().any(|item| any_text(item, &has_hangul));
    let labels = if korean {
        ["보낸 사람", "받는 사람", "참조", "날짜", "첨부 파일"]
    } else {
        ["From", "To", "Cc", "Date", "Attachments"]
    };
    builder.title(&head.subject);
    let sent = head.date.as_deref().unwrap_or_default();
    builder.properties(Properties::said(&head.from, sent, ""));
    builder.heading(1, &head.subject);
    let date: Vec<String> = head.date.iter().cloned().collect();
    let values = [&head.from, &head.to, &head.cc, &date, &attached.to_vec()];
    for (label, values) in labels.into_iter().zip(values) {
        if values.is_empty() {
            continue;
        }
        let more = values.len().saturating_sub(MAX_PERSONS);
        let mut line = values[..values.len() - more].join(", ");
        if more > 0 {
            line = format!("{line} (+ {more})");
        }
        builder.paragraph(&format!("{label}: {line}"));
    }
    for item in body {
        item.push_to(builder);
    }
}

/// Of the same text as HTML and as plain text the one that says more: HTML where it has
/// structure, unless one of them is no more than a note that the other is there.
pub(super) fn better(html: Vec<Item>, plain: Vec<Item>) -> Vec<Item> {
    let size = |items: &[Item]| -> usize { items.iter().map(letters).sum() };
    let (html_size, plain_size) = (size(&html), size(&plain));
    let structured = html.iter().any(|item| {
        matches!(
            item,
            Item::Table { .. } | Item::Heading { .. } | Item::ListItem { .. }
        )
    });
    let stub = html_size * 2 < plain_size;
    let richer = structured || plain_size * 5 < html_size * 4;
    if html_size > 0 && (plain_size == 0 || (richer && !stub)) {
        html
    } else {
        plain
    }
}

fn letters(item: &Item) -> usize {
    let count = |text: &str| text.chars().filter(|char| !char.is_whitespace()).count();
    match item {
        Item::Heading { text, .. }
        | Item::Paragraph(text)
        | Item::ListItem { text, .. }
        | Item::Preformatted(text) => count(text),
        Item::Table { rows, .. } => rows.iter().flatten().map(|cell| count(cell)).sum(),
    }
}

fn any_text(item: &Item, is: &dyn Fn(&str) -> bool) -> bool {
    match item {
        Item::Heading { text, .. }
        | Item::Paragraph(text)
        | Item::ListItem { text, .. }
        | Item::Preformatted(text) => is(text),
        Item::Table { rows, .. } => rows.iter().flatten().any(|cell| is(cell)),
    }
}

fn has_hangul(text: &str) -> bool {
    text.chars().any(|char| matches!(char, '가'..='힣'))
}

impl Plain {
    /// Its blocks. What it quotes from other messages stands apart, behind its `>`.
    pub(super) fn items(&self) -> Vec<Item> {
        let text = without_signature(text::unix_lines(&self.text));
        let mut items = Vec::new();
        let mut group = String::new();
        let mut depth = 0;
        for (quotes, line) in self.lines(&text) {
            if quotes != depth {
                push_group(&group, depth, &mut items);
                group.clear();
                depth = quotes;
            }
            group.push_str(&line);
            group.push('\n');
        }
        push_group(&group, depth, &mut items);
        items
    }

    /// Lines and how deeply they are quoted.
    fn lines(&self, text: &str) -> Vec<(usize, String)> {
        let mut lines: Vec<(usize, String)> = Vec::new();
        let mut goes_on = false;
        for line in text.lines() {
            let (quotes, line) = unquoted(line, self.flowed);
            // The line before a signature is `-- `, and means no more than that.
            if line.trim_end() == "--" {
                goes_on = false;
                continue;
            }
            match lines.last_mut() {
                Some((before, text)) if goes_on && *before == quotes => text.push_str(line),
                _ => lines.push((quotes, line.to_owned())),
            }
            goes_on = self.flowed && line.ends_with(' ');
            if goes_on
                && self.del_space
                && let Some((_, text)) = lines.last_mut()
            {
                text.pop();
            }
        }
        lines
    }
}

/// A line without the marks before it, and how many there were.
fn unquoted(line: &str, flowed: bool) -> (usize, &str) {
    let mut quotes = 0;
    let mut rest = line;
    while let Some(after) = rest.strip_prefix('>').or_else(|| {
        // `> > text`
        let after = rest.strip_prefix(" >").filter(|_| !flowed && quotes > 0)?;
        Some(after)
    }) {
        quotes += 1;
        rest = after;
    }
    if quotes > 0 || flowed {
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    (quotes.min(MAX_QUOTES), rest)
}

fn push_group(text: &str, depth: usize, items: &mut Vec<Item>) {
    let mut builder = DocumentBuilder::default();
    text::push_text(text, &mut builder);
    let document = builder.finish();
    let mark = ">".repeat(depth);
    for block in document.blocks {
        let text = &document.text[block.span];
        if depth > 0 {
            items.push(if block.kind == BlockKind::Preformatted {
                let lines: Vec<String> =
                    text.lines().map(|line| format!("{mark} {line}")).collect();
                Item::Preformatted(lines.join("\n"))
            } else {
                Item::Paragraph(format!("{mark} {text}"))
            });
            continue;
        }
        let text = text.to_owned();
        items.push(match block.kind {
            BlockKind::Heading { level } => Item::Heading { level, text },
            BlockKind::ListItem { level } => Item::ListItem { level, text },
            BlockKind::Preformatted => Item::Preformatted(text),
            BlockKind::Paragraph | BlockKind::Cell { .. } => Item::Paragraph(text),
        });
    }
}

/// Text without the armour that PGP puts around what it signs.
fn without_signature(text: String) -> String {
    const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
    let Some((before, signed)) = text.split_once(SIGNED) else {
        return text;
    };
    let Some((signed, _)) = signed.split_once(SIGNATURE) else {
        return text;
    };
    // Below the mark stand names of what was used, until an empty line.
    let signed = signed.split_once("\n\n").map_or(signed, |(_, text)| text);
    format!("{before}{}", signed.replace("\n- ", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraph(text: &str) -> Item {
        Item::Paragraph(text.to_owned())
    }

    fn plain(text: &str) -> Plain {
        Plain {
            text: text.to_owned(),
            ..Plain::default()
        }
    }

    #[test]
    fn quotes_stand_apart() {
        let text = "네, 15일입니다.\r\n\r\n> 연차가 며칠인가요?\r\n> 알려 주세요.\r\n> > 규정을 보세요.\r\n>\r\n감사합니다.\r\n-- \r\n김민아";
        assert_eq!(
            plain(text).items(),
            [
                paragraph("네, 15일입니다."),
                paragraph("> 연차가 며칠인가요?"),
                paragraph("> 알려 주세요."),
                paragraph(">> 규정을 보세요."),
                paragraph("감사합니다."),
                paragraph("김민아"),
            ]
        );
    }

    #[test]
    fn flowed_lines_are_one() {
        let flowed = |del_space| Plain {
            text: "연차는 열다섯 \n날이다.\n> 며칠 \n> 인가?\n 다음".to_owned(),
            flowed: true,
            del_space,
        };
        assert_eq!(
            flowed(false).items(),
            [
                paragraph("연차는 열다섯 날이다."),
                paragraph("> 며칠 인가?"),
                paragraph("다음")
            ]
        );
        assert_eq!(flowed(true).items()[1], paragraph("> 며칠인가?"));
    }

    #[test]
    fn the_fuller_text_is_taken() {
        let table = Item::Table {
            rows: vec![vec!["품목".to_owned(), "단가".to_owned()]],
            header_rows: 0,
        };
        let text = paragraph("품목 단가");
        let long = paragraph(&"연차는 열다섯 날이다. ".repeat(9));
        assert_eq!(better(vec![table.clone()], vec![text.clone()]), [table]);
        let only = [long.clone()];
        assert_eq!(better(vec![text.clone()], vec![long.clone()]), only);
        assert_eq!(better(vec![long.clone()], vec![text]), only);
        assert_eq!(better(vec![long.clone()], vec![]), only);
        assert_eq!(better(vec![], vec![long]), only);
        assert_eq!(better(vec![], vec![]), []);
    }

    #[test]
    fn the_armour_of_signatures_is_no_text() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nPay 15 won.\n- - one\n-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n";
        let items = plain(text).items();
        assert_eq!(items[0], paragraph("Pay 15 won."));
        assert_eq!(items.len(), 2);
    }
}
