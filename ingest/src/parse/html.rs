//! HTML: headings, paragraphs, lists and tables of a page.
//!
//! Read token by token, without a tree: nesting costs neither stack nor time. Left out:
//! scripts, styles, templates, and what the page itself hides.

use std::cell::RefCell;

use encoding_rs::Encoding;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};

use super::flow::{Grid, Item, MAX_NESTED_TABLES};
use super::{ParseError, Parsed, Progress, sniff, text};
use crate::{DocumentBuilder, Properties};

/// Bytes at the start in which a page says what it is.
const START: usize = 1024;

/// Authors that a page may name.
const MAX_AUTHORS: usize = 50;

/// Whether the bytes are HTML.
pub(super) fn recognizes(bytes: &[u8], file_name: &str) -> bool {
    if !sniff::is_text(bytes) {
        return false;
    }
    let start = text::decode(&bytes[..bytes.len().min(START)], None)
        .text
        .to_lowercase();
    let start = start.trim_start_matches(|char: char| char.is_whitespace() || char == '\u{FEFF}');
    let named = matches!(
        sniff::extension(file_name).as_str(),
        "html" | "htm" | "xhtml" | "xht"
    );
    let marked = ["<!doctype html", "<html", "<head", "<body", "<!--"]
        .iter()
        .any(|mark| start.starts_with(mark))
        || start.starts_with("<?xml") && start.contains("<html");
    marked && (named || !start.starts_with("<!--")) || named && start.contains('<')
}

/// Reads a page.
///
/// # Errors
/// Never: any text can be read as HTML.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let decoded = text::decode(bytes, declared(bytes));
    let page = read(decoded.text);
    let mut builder = DocumentBuilder::default();
    builder.title(&page.title);
    builder.properties(page.properties);
    for item in page.items {
        item.push_to(&mut builder);
    }
    progress(1, Some(1));
    Ok(Parsed::new(
        builder.finish(),
        decoded.problem.into_iter().collect(),
    ))
}

/// What stands on a page.
#[derive(Debug, Default)]
pub(super) struct Html {
    pub(super) title: String,
    pub(super) properties: Properties,
    pub(super) items: Vec<Item>,
}

/// Reads a page that is text already: also the one in a message.
pub(super) fn read(html: String) -> Html {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    // Scripts are not run, so each stop of the tokenizer is passed over.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    let mut page = tokenizer.sink.0.take();
    page.finish();
    Html {
        title: page.title,
        properties: Properties::said(page.authors, &page.created, &page.modified),
        items: page.items,
    }
}

/// The encoding that a `meta` element names.
pub(super) fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(START)]).to_lowercase();
    let (_, rest) = start.split_once("charset=")?;
    let label = rest.trim_start_matches(['"', '\'', ' ']);
    let label: String = label
        .chars()
        .take_while(|char| char.is_ascii_alphanumeric() || "-_:.".contains(*char))
        .collect();
    Encoding::for_label(label.as_bytes())
}

struct Sink(RefCell<Page>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return page.tag(&tag),
            Token::CharacterTokens(text) => page.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    Paragraph,
    Heading(u8),
    Item(u8),
    Preformatted,
}

#[derive(Debug, Default)]
struct Table {
    grid: Grid,
    cell: Option<Vec<Item>>,
    columns: usize,
    rows: usize,
    in_head: bool,
    /// Whether all cells of the open row so far are header cells, and there is one.
    headers: Option<bool>,
}

#[derive(Debug, Default)]
struct Page {
    items: Vec<Item>,
    title: String,
    in_title: bool,
    authors: Vec<String>,
    /// When it was published, and when it was last changed.
    created: String,
    modified: String,
    /// The element that is left out and how often it is open inside itself.
    skipped: Option<(String, usize)>,
    text: String,
    /// Whether nothing but a line break came last.
    broken: bool,
    kind: Kind,
    lists: Vec<Option<u32>>,
    tables: Vec<Table>,
    preformatted: usize,
}

impl Page {
    fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if self.in_title {
            self.title.push_str(text);
        } else if self.preformatted > 0 {
            self.text.push_str(text);
        } else {
            // White space between elements is worth one space at most.
            for char in text.chars() {
                if char.is_whitespace() && char != '\u{A0}' {
                    if !self.text.ends_with(' ') && !self.text.is_empty() {
                        self.text.push(' ');
                    }
                } else {
                    self.text.push(char);
                    self.broken = false;
                }
            }
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        let raw = match name {
            "script" => Some(states::RawKind::ScriptData),
            "style" | "noscript" | "iframe" | "noembed" | "noframes" | "xmp" => {
                Some(states::RawKind::Rawtext)
            }
            "title" | "textarea" => Some(states::RawKind::Rcdata),
            _ => None,
        };
        if let Some((skipped, depth)) = &mut self.skipped {
            if name == skipped {
                *depth = if opens { *depth + 1 } else { *depth - 1 };
                if *depth == 0 {
                    self.skipped = None;
                }
            }
        } else if opens {
            let hides = hides(tag) && !is_void(name) && !tag.self_closing;
            if hides
                || matches!(
                    name,
                    "script"
                        | "style"
                        | "template"
                        | "iframe"
                        | "noembed"
                        | "noframes"
                        | "select"
                        | "textarea"
                )
            {
                if !tag.self_closing || raw.is_some() {
                    self.skipped = Some((name.to_owned(), 1));
                }
            } else {
                self.open(name, tag);
            }
        } else {
            self.close(name);
        }
        match raw {
            // A page without scripts shows what is inside `noscript`.
            Some(raw)
                if opens && name != "noscript" && !(name == "title" && self.skipped.is_some()) =>
            {
                TokenSinkResult::RawData(raw)
            }
            _ => TokenSinkResult::Continue,
        }
    }

    fn open(&mut self, name: &str, tag: &Tag) {
        match name {
            "title" => self.in_title = self.title.is_empty(),
            "meta" | "time" => self.says(tag),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.flush();
                self.kind = Kind::Heading(name.as_bytes()[1] - b'0');
            }
            "ul" | "menu" | "dl" => {
                self.flush();
                self.lists.push(None);
            }
            "ol" => {
                self.flush();
                let start = attribute(tag, "start").and_then(|start| start.parse().ok());
                self.lists.push(Some(start.unwrap_or(1)));
            }
            "li" => {
                self.flush();
                let depth = u8::try_from(self.lists.len().clamp(1, 6)).unwrap_or(6);
                self.kind = Kind::Item(depth);
                if let Some(Some(number)) = self.lists.last_mut() {
                    let shown = attribute(tag, "value")
                        .and_then(|value| value.parse().ok())
                        .unwrap_or(*number);
                    self.text = format!("{shown}. ");
                    *number = shown.saturating_add(1);
                }
            }
            "pre" | "listing" => {
                self.flush();
                self.kind = Kind::Preformatted;
                self.preformatted += 1;
            }
            "br" if self.preformatted > 0 => self.text.push('\n'),
            // Two line breaks in a row are what letters have instead of paragraphs.
            "br" if self.broken && self.kind == Kind::Paragraph => self.flush(),
            "br" => {
                self.text(" ");
                self.broken = true;
            }
            "wbr" => {}
            "img" => {
                if let Some(text) = attribute(tag, "alt").filter(|text| !text.trim().is_empty()) {
                    self.text(&format!(" {text} "));
                }
            }
            "table" => {
                self.flush();
                self.tables.push(Table::default());
            }
            "caption" => self.flush(),
            "thead" | "tbody" | "tfoot" => {
                self.end_row();
                if let Some(table) = self.tables.last_mut() {
                    table.in_head = name == "thead";
                }
            }
            "tr" => {
                self.end_row();
                if let Some(table) = self.tables.last_mut() {
                    table.grid.row();
                    table.headers = None;
                }
            }
            "td" | "th" => {
                self.end_cell();
                let span = |name| {
                    attribute(tag, name)
                        .and_then(|value| value.trim().parse().ok())
                        .unwrap_or(1)
                };
                if let Some(table) = self.tables.last_mut() {
                    table.cell = Some(Vec::new());
                    table.columns = span("colspan");
                    table.rows = span("rowspan");
                    table.headers = Some(table.headers.unwrap_or(true) && name == "th");
                }
            }
            _ if is_block(name) => self.flush(),
            _ => {}
        }
    }

    /// Who wrote the page and when, as elements say that nobody sees. Other dates on a page may
    /// be of anything.
    fn says(&mut self, tag: &Tag) {
        let Some(name) = ["name", "property", "itemprop", "http-equiv"]
            .iter()
            .find_map(|name| attribute(tag, name))
            .or_else(|| attribute(tag, "pubdate").map(|_| "datepublished".to_owned()))
        else {
            return;
        };
        let Some(value) = attribute(tag, "content").or_else(|| attribute(tag, "datetime")) else {
            return;
        };
        let place = match name.to_ascii_lowercase().as_str() {
            "author" | "dc.creator" | "dcterms.creator" | "article:author" => {
                // That of an article is often the page of its author.
                if self.authors.len() < MAX_AUTHORS && !value.contains("://") {
                    self.authors.push(value);
                }
                return;
            }
            "article:published_time"
            | "datepublished"
            | "date"
            | "dc.date"
            | "dcterms.created"
            | "created" => &mut self.created,
            "article:modified_time"
            | "datemodified"
            | "dcterms.modified"
            | "last-modified"
            | "changed" => &mut self.modified,
            _ => return,
        };
        if place.is_empty() {
            *place = value;
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "title" => self.in_title = false,
            "ul" | "ol" | "menu" | "dl" => {
                self.flush();
                self.lists.pop();
            }
            "pre" | "listing" => {
                self.flush();
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            "td" | "th" => self.end_cell(),
            "tr" | "thead" | "tbody" | "tfoot" => {
                self.end_row();
                if name == "thead"
                    && let Some(table) = self.tables.last_mut()
                {
                    table.in_head = false;
                }
            }
            "table" => self.end_table(),
            _ if is_block(name) => self.flush(),
            _ => {}
        }
    }

    fn end_cell(&mut self) {
        self.flush();
        if let Some(table) = self.tables.last_mut()
            && let Some(items) = table.cell.take()
        {
            table.grid.cell(items, table.columns, table.rows);
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        if let Some(table) = self.tables.last_mut()
            && let Some(headers) = table.headers.take()
        {
            table.grid.header(table.in_head || headers);
        }
    }

    fn end_table(&mut self) {
        self.end_row();
        if let Some(table) = self.tables.pop() {
            let keep_nested = self.tables.len() < MAX_NESTED_TABLES;
            for item in table.grid.finish(false, keep_nested) {
                self.add(item);
            }
        }
    }

    /// Ends the block that is open.
    fn flush(&mut self) {
        self.broken = false;
        let text = std::mem::take(&mut self.text);
        let kind = std::mem::take(&mut self.kind);
        if self.preformatted > 0 {
            self.kind = Kind::Preformatted;
        }
        if text.trim().is_empty() {
            // `<li><p>text` is an item still.
            if matches!(kind, Kind::Item(_)) {
                self.kind = kind;
            }
            return;
        }
        if let Kind::Item(_) = kind
            && is_number(&text)
        {
            self.text = text;
            self.kind = kind;
            return;
        }
        self.add(match kind {
            Kind::Paragraph => Item::Paragraph(text),
            Kind::Heading(level) => Item::Heading { level, text },
            Kind::Item(level) => Item::ListItem { level, text },
            Kind::Preformatted => Item::Preformatted(text),
        });
    }

    fn add(&mut self, item: Item) {
        match self.tables.last_mut().and_then(|table| table.cell.as_mut()) {
            Some(cell) => cell.push(item),
            None => self.items.push(item),
        }
    }

    fn finish(&mut self) {
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.flush();
    }
}

/// Whether nothing but the number of a list's item stands there so far.
fn is_number(text: &str) -> bool {
    text.trim().strip_suffix('.').is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs
        .iter()
        .find(|attribute| &*attribute.name.local == name)
        .map(|attribute| attribute.value.to_string())
}

/// Whether the page does not show an element.
fn hides(tag: &Tag) -> bool {
    attribute(tag, "hidden").is_some_and(|value| !value.eq_ignore_ascii_case("until-found"))
        || attribute(tag, "style").is_some_and(|style| {
            let style: String = style.to_lowercase().split_whitespace().collect();
            style.contains("display:none") || style.contains("visibility:hidden")
        })
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "aside"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "li"
            | "dt"
            | "dd"
            | "blockquote"
            | "address"
            | "figure"
            | "figcaption"
            | "hr"
            | "form"
            | "fieldset"
            | "legend"
            | "details"
            | "summary"
            | "body"
            | "html"
            | "head"
            | "caption"
            | "center"
            | "dialog"
            | "option"
            | "button"
            | "search"
            | "hgroup"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockKind, Document};

    fn read(html: &str) -> Document {
        parse(html.as_bytes(), &|_, _| {}).unwrap().document
    }

    #[test]
    fn who_wrote_it_and_when_is_read() {
        let said = |page: &str| read(&format!("<!doctype html><p>연차 {page}")).properties;
        assert_eq!(
            said(
                "<meta name='Author' content='김민아'><meta property='article:author' content='https://a.kr/lee'>\
                 <meta property='article:published_time' content='2026-03-31T23:59:59+09:00'>\
                 <meta http-equiv='last-modified' content='2026-04-01'><meta name='date' content='2020-01-01'>"
            ),
            Properties::said(["김민아"], "2026-03-31", "2026-04-01")
        );
        assert_eq!(
            said(
                "<time datetime='2020-01-01'>행사</time><time itemprop='datePublished' datetime='2026-03-31'>a</time>"
            ),
            Properties::said([""], "2026-03-31", "")
        );
        assert!(said("<meta name=author content='admin'><meta name=date content='2026-02-30'><meta name=author>").is_empty());
        let many = said(&"<meta name=author content='&#x202E;Kim'>".repeat(50_000));
        assert_eq!(many, Properties::said(["Kim"], "", ""));
        assert!(said("<div hidden><meta name=author content=Kim></div>").is_empty());
    }

    #[test]
    fn structure_is_kept_and_scripts_are_not() {
        let document = read(
            "<!doctype html><title>연차 안내</title><style>p{}</style><h1>연차</h1><p>연차는 <b>15일</b>이다.\
             <script>var a = '<p>아니다</p>'</script><ol start=3><li>하나<li><p>둘</ol><p hidden>숨김</p><pre>a\n b</pre>",
        );
        assert_eq!(document.title.as_deref(), Some("연차 안내"));
        assert_eq!(
            document.text,
            "연차\n\n연차는 15일이다.\n\n3. 하나\n\n4. 둘\n\na\n b"
        );
        assert_eq!(document.blocks[0].kind, BlockKind::Heading { level: 1 });
        assert_eq!(document.blocks[2].kind, BlockKind::ListItem { level: 1 });
    }

    #[test]
    fn a_cell_over_two_rows_stands_in_both() {
        let document = read(
            "<table><tr><th>구분<th>지역<th>금액<tr><td rowspan=2>식비<td>A<td>USD 90<tr><td>B<td>USD 70</table>",
        );
        assert_eq!(
            document.text,
            "구분\t지역\t금액\n식비\tA\tUSD 90\n식비\tB\tUSD 70"
        );
        assert!(matches!(
            document.blocks[0].kind,
            BlockKind::Cell { header: true, .. }
        ));
    }

    #[test]
    fn two_line_breaks_end_a_paragraph() {
        let document = read("안녕<br>하세요.<br>\n<br/>연차<wbr>는 15일<b>이다.</b><br><br><br>끝");
        assert_eq!(document.text, "안녕 하세요.\n\n연차는 15일이다.\n\n끝");
    }

    #[test]
    fn deep_nesting_takes_no_stack() {
        let deep = format!(
            "{}글{}",
            "<div>".repeat(200_000),
            "<table><tr><td>".repeat(50_000)
        );
        assert!(read(&deep).text.contains('글'));
    }

    #[test]
    fn korean_pages_of_the_nineties_are_read() {
        let (bytes, ..) =
            encoding_rs::EUC_KR.encode("<html><meta charset=euc-kr><p>휴가 규정이다.</p></html>");
        assert!(recognizes(&bytes, "a.txt"));
        assert_eq!(
            parse(&bytes, &|_, _| {}).unwrap().document.text,
            "휴가 규정이다."
        );
    }
}
