//! What a page says of itself and of others: where it leads, its own address, whether it wants to
//! be found. Read token by token, without a tree, so that nesting costs nothing.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

use encoding_rs::{EUC_KR, Encoding, UTF_8};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use reqwest::Url;
use sha2::{Digest as _, Sha256};

use crate::encoding::hex;

/// Links of one page that are followed.
const MOST_LINKS: usize = 10_000;

/// What a page says.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Where it leads, in order, each once; not what it says not to follow.
    pub(super) links: Vec<Url>,
    /// The address that it wants to be known by.
    pub(super) canonical: Option<Url>,
    /// Whether it wants not to be found.
    pub(super) is_hidden: bool,
    /// Changes when what people read of it does: not with a script, a number of this visit, or a
    /// field that is not shown.
    pub(super) digest: String,
    /// Its text in UTF-8, if it is in another encoding that only the server told.
    pub(super) recoded: Option<String>,
}

/// Reads a page that came from `address`; `charset` is what the server told of its encoding.
pub(super) fn read(bytes: &[u8], address: &Url, charset: Option<&str>) -> Page {
    let (text, encoding) = decode(bytes, charset);
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(&*text));
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    // Scripts are not run, so each stop of the tokenizer is passed over.
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    let said = tokenizer.sink.0.take();
    let resolver = Resolver::new(address, said.base.as_deref(), encoding);
    let mut seen = HashSet::new();
    let links = if said.is_dead_end {
        Vec::new()
    } else {
        said.links
            .iter()
            .filter_map(|link| resolver.resolve(link))
            .filter(|link| seen.insert(link.clone()))
            .take(MOST_LINKS)
            .collect()
    };
    let is_foreign = charset.is_some() && encoding != UTF_8;
    Page {
        links,
        canonical: said.canonical.and_then(|link| resolver.resolve(&link)),
        is_hidden: said.is_hidden,
        digest: hex(&Sha256::digest(&said.shown)),
        recoded: is_foreign.then(|| text.into_owned()),
    }
}

/// Bytes to text, by byte order mark, by what the server says, as UTF-8 if they are, by what the
/// page says, and as Korean if they could be.
fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> (Cow<'a, str>, &'static Encoding) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return (
            encoding.decode_without_bom_handling(&bytes[mark..]).0,
            encoding,
        );
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), UTF_8);
    }
    let told = charset.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    let encoding = told.or_else(|| declared(bytes)).unwrap_or_else(|| {
        let (_, _, broken) = EUC_KR.decode(bytes);
        if broken { UTF_8 } else { EUC_KR }
    });
    (encoding.decode_without_bom_handling(bytes).0, encoding)
}

/// The encoding that a `meta` element names.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_lowercase();
    let (_, rest) = start.split_once("charset=")?;
    let label = rest.trim_start_matches(['"', '\'', ' ']);
    let end = label.find(|char: char| !(char.is_ascii_alphanumeric() || "-_:.".contains(char)));
    Encoding::for_label(&label.as_bytes()[..end.unwrap_or(label.len())])
}

/// Makes addresses of links.
struct Resolver {
    base: Url,
    encoding: &'static Encoding,
}

impl Resolver {
    fn new(address: &Url, base: Option<&str>, encoding: &'static Encoding) -> Self {
        let base = base.and_then(|base| address.join(base.trim()).ok());
        Self {
            base: base.unwrap_or_else(|| address.clone()),
            encoding,
        }
    }

    fn resolve(&self, link: &str) -> Option<Url> {
        // A query is written in the encoding of its page, as browsers do.
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> =
            &|text| Cow::Owned(self.encoding.encode(text).0.into_owned());
        let mut address = Url::options()
            .base_url(Some(&self.base))
            .encoding_override((self.encoding != UTF_8).then_some(encode))
            .parse(link.trim())
            .ok()?;
        address.set_fragment(None);
        matches!(address.scheme(), "http" | "https").then_some(address)
    }
}

#[derive(Debug, Default)]
struct Said {
    links: Vec<String>,
    base: Option<String>,
    canonical: Option<String>,
    is_hidden: bool,
    /// Whether no link of it is to be followed.
    is_dead_end: bool,
    /// What people read, with the elements around it.
    shown: String,
    /// The element whose content is not shown.
    unseen: Option<String>,
}

struct Sink(RefCell<Said>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut said = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return said.tag(&tag),
            Token::CharacterTokens(text) if said.unseen.is_none() => said.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Said {
    fn text(&mut self, text: &str) {
        for char in text.chars() {
            if !char.is_whitespace() {
                self.shown.push(char);
            } else if !self.shown.ends_with([' ', '\u{1}']) {
                self.shown.push(' ');
            }
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        if tag.kind == TagKind::EndTag {
            if self.unseen.as_deref() == Some(name) {
                self.unseen = None;
            }
            return TokenSinkResult::Continue;
        }
        match name {
            "a" | "area" => {
                let is_followed = !has_word(tag, "rel", "nofollow");
                self.links
                    .extend(attribute(tag, "href").filter(|_| is_followed));
            }
            "frame" | "iframe" => self.links.extend(attribute(tag, "src")),
            "base" if self.base.is_none() => self.base = attribute(tag, "href"),
            "link" if has_word(tag, "rel", "canonical") => {
                self.canonical = self.canonical.take().or_else(|| attribute(tag, "href"));
            }
            "link" if has_word(tag, "rel", "next") || has_word(tag, "rel", "prev") => {
                self.links.extend(attribute(tag, "href"));
            }
            "meta" => self.meta(tag),
            _ => {}
        }
        match name {
            "script" | "style" | "template" => self.unseen = Some(name.to_owned()),
            // None of them is read, and what they hold changes with each visit.
            "input" | "meta" | "link" | "base" => {}
            _ if self.unseen.is_none() => self.element(tag),
            _ => {}
        }
        match name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "iframe" | "noframes" | "xmp" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    /// An element and what of it has a say in how the page is read.
    fn element(&mut self, tag: &Tag) {
        const READ: [&str; 7] = [
            "alt", "colspan", "hidden", "rowspan", "start", "style", "value",
        ];
        self.shown.push('\u{1}');
        self.shown.push_str(&tag.name);
        for attribute in &tag.attrs {
            let name = &*attribute.name.local;
            if READ.contains(&name) {
                self.shown.push('\u{2}');
                self.shown.push_str(name);
                self.shown.push('=');
                self.shown.push_str(&attribute.value);
            }
        }
        self.shown.push('\u{1}');
    }

    fn meta(&mut self, tag: &Tag) {
        let Some(content) = attribute(tag, "content") else {
            return;
        };
        let is = |name: &str, value: &str| {
            attribute(tag, name).is_some_and(|written| written.trim().eq_ignore_ascii_case(value))
        };
        if is("name", "robots") || is("name", "veracite") {
            let (is_hidden, is_dead_end) = wishes(&content);
            self.is_hidden |= is_hidden;
            self.is_dead_end |= is_dead_end;
        } else if is("http-equiv", "refresh") {
            let address = content
                .split_once([';', ','])
                .map(|(_, address)| address.trim());
            let address = address.and_then(|address| {
                let (key, value) = address.split_once('=')?;
                key.trim().eq_ignore_ascii_case("url").then_some(value)
            });
            self.links
                .extend(address.map(|address| address.trim().trim_matches(['"', '\'']).to_owned()));
        }
    }
}

/// Whether a page wants not to be found, and not to be followed from.
pub(super) fn wishes(content: &str) -> (bool, bool) {
    let has = |wish: &str| {
        content
            .split(',')
            .any(|written| written.trim().eq_ignore_ascii_case(wish))
    };
    let none = has("none");
    (none || has("noindex"), none || has("nofollow"))
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs
        .iter()
        .find(|attribute| &*attribute.name.local == name)
        .map(|attribute| attribute.value.to_string())
}

fn has_word(tag: &Tag, name: &str, word: &str) -> bool {
    attribute(tag, name).is_some_and(|value| {
        value
            .split_ascii_whitespace()
            .any(|written| written.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        read(
            html.as_bytes(),
            &Url::parse("http://a/docs/x").unwrap(),
            None,
        )
    }

    #[track_caller]
    fn leads(html: &str, expected: &[&str]) {
        let links: Vec<String> = page(html).links.iter().map(Url::to_string).collect();
        assert_eq!(links, expected);
    }

    #[test]
    fn links_of_all_kinds_are_found() {
        leads(
            "<a href='b'>b</a><A HREF=/c#d>c</A><area href='//e/f'><iframe src=g></iframe>\
             <link rel='next nofollow' href=h><meta http-equiv=Refresh content=\"0; URL='i'\"><a href=b>b</a>",
            &[
                "http://a/docs/b",
                "http://a/c",
                "http://e/f",
                "http://a/docs/g",
                "http://a/docs/h",
                "http://a/docs/i",
            ],
        );
    }

    #[test]
    fn what_is_no_link_is_left_alone() {
        leads(
            "<!-- <a href=a> --><script>'<a href=b>'</script><style><a href=c></style><textarea><a href=d></textarea>\
             <a rel='ext NOFOLLOW' href=e><a name=f><a href='mailto:g'><a href='javascript:h'><a href='http://[bad'>\
             <svg><script><a href=i></script></svg>",
            &[],
        );
        leads(
            "<meta name=robots content='noarchive, NoFollow'><a href=a>",
            &[],
        );
        assert!(page("<meta name=robots content=none>").is_hidden);
        assert!(!page("<meta name=robots content=index>").is_hidden);
    }

    #[test]
    fn a_base_leads_elsewhere() {
        leads(
            "<base href='/other/'><base href=/no/><a href=b>",
            &["http://a/other/b"],
        );
        leads("<base href='http://evil/'><a href=b>", &["http://evil/b"]);
        let page = page("<base href=/y/><link rel=canonical href=z><link rel=canonical href=no>");
        assert_eq!(page.canonical.unwrap().as_str(), "http://a/y/z");
    }

    #[test]
    fn a_page_in_euc_kr_leads_where_browsers_go() {
        let html = "<title>휴가</title><a href='/규정?q=휴가'>";
        let (bytes, _, _) = EUC_KR.encode(html);
        let address = Url::parse("http://a/").unwrap();
        let told = read(&bytes, &address, Some("euc-kr"));
        assert_eq!(
            told.links[0].as_str(),
            "http://a/%EA%B7%9C%EC%A0%95?q=%C8%DE%B0%A1"
        );
        assert_eq!(told.recoded.as_deref(), Some(html));
        assert!(read(&bytes, &address, None).recoded.is_none());
        assert!(page(html).recoded.is_none());
    }

    #[test]
    fn only_what_is_read_counts_as_a_change() {
        let digest = |html: &str| page(html).digest;
        let one = digest(
            "<form><input type=hidden value=1></form><p class=x>Leave  is\n25 days.<script>1</script>",
        );
        assert_eq!(
            one,
            digest(
                "<form><input type=hidden value=2></form><p class=y>Leave is 25 days.<script>2</script>"
            )
        );
        for other in [
            "<form></form><p>Leave is 26 days.",
            "<form></form><h1>Leave is 25 days.",
            "<form></form><p hidden>Leave is 25 days.",
        ] {
            assert_ne!(one, digest(other), "{other}");
        }
    }
}
