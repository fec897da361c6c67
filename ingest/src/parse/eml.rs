//! E-mail messages as they are sent (RFC 5322 and MIME), and web archives, which have the
//! same form.
//!
//! The parts of a message are walked without recursion. Attached files and messages are
//! attachments, each a document of its own. Left out: signatures, calendar entries, pictures
//! and sounds that are part of the text.

use std::collections::HashMap;

use super::attachments::Attachments;
use super::flow::Item;
use super::mail::{self, Head, Plain};
use super::mime::{self, Headers, Value};
use super::{ParseError, Parsed, Progress, html, sniff};
use crate::{DocumentBuilder, Problem, Properties};

/// Parts inside parts; people's messages have five or six.
const MAX_DEPTH: usize = 30;
/// Parts of a message.
const MAX_PARTS: usize = 10_000;
/// Bytes in which the headers of a message are looked for.
const WINDOW: usize = 64 * 1024;

/// Whether the bytes are a message.
pub(super) fn recognizes(bytes: &[u8], file_name: &str) -> bool {
    kind_of(bytes, file_name) == Some(Kind::Message)
}

/// Whether the bytes are a page saved with its pictures.
pub(super) fn recognizes_web_archive(bytes: &[u8], file_name: &str) -> bool {
    kind_of(bytes, file_name) == Some(Kind::WebArchive)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Message,
    WebArchive,
}

/// What begins with headers as messages have them, and only such, is one.
fn kind_of(bytes: &[u8], file_name: &str) -> Option<Kind> {
    let start = start(bytes);
    let window = &start[..start.len().min(WINDOW)];
    let cut = start.len() > window.len();
    let extension = sniff::extension(file_name);
    let mut rest = window;
    let mut names: Vec<String> = Vec::new();
    let mut ended = false;
    while !rest.is_empty() {
        let (line, after) = mime::next_line(rest);
        if line.is_empty() {
            ended = true;
            break;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let folded = line[0].is_ascii_whitespace() && !names.is_empty();
        if !folded {
            match colon.filter(|colon| mime::is_name(&line[..*colon])) {
                Some(colon) => {
                    names.push(String::from_utf8_lossy(line[..colon].trim_ascii()).to_lowercase());
                }
                // The last line may be cut.
                None if after.is_empty() && cut => break,
                None => return None,
            }
        }
        rest = after;
    }
    if window[..window.len() - rest.len()].contains(&0) || !(ended || cut || extension == "eml") {
        return None;
    }
    let count = |known: &[&str]| {
        known
            .iter()
            .filter(|known| names.iter().any(|name| name == *known))
            .count()
    };
    // What only programs write, and what people write above notes as well.
    let technical = count(&[
        "received",
        "return-path",
        "delivered-to",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "dkim-signature",
        "x-mailer",
        "x-originating-ip",
    ]);
    let usual = count(&["from", "sender", "to", "cc", "date", "subject", "reply-to"]);
    let sent = count(&[
        "received",
        "return-path",
        "delivered-to",
        "message-id",
        "to",
        "cc",
        "bcc",
        "x-unsent",
    ]);
    let content = mime::split(window).0.content_type().word;
    let named_archive = matches!(extension.as_str(), "mhtml" | "mht");
    let archived = matches!(content.as_str(), "multipart/related" | "text/html")
        && names.iter().any(|name| name == "mime-version")
        && (sent == 0 || named_archive);
    if archived && (named_archive || extension != "eml") {
        return Some(Kind::WebArchive);
    }
    let is_message = if extension == "eml" {
        technical + usual > 0
    } else {
        technical > 0
            && technical + usual > 1
            && (sent > 1 || count(&["from", "sender", "return-path"]) > 0)
    };
    is_message.then_some(Kind::Message)
}

/// Where a message begins.
fn start(bytes: &[u8]) -> &[u8] {
    bytes
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(bytes)
        .trim_ascii_start()
}

/// Reads a message.
///
/// # Errors
/// When its text is encrypted, and nothing else is in it.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let (headers, body) = mime::split(start(bytes));
    let head = head(&headers);
    let mut walk = Walk::default();
    walk.all(headers, body);
    let body = walk.body();
    if let Some(reason) = walk.encrypted {
        if body.is_empty() && walk.attachments.names().next().is_none() {
            return Err(ParseError::Encrypted {
                reason: reason.to_owned(),
            });
        }
        walk.attachments
            .problem(format!("a part was not read: {reason}"));
    }
    let attached: Vec<String> = walk.attachments.names().map(str::to_owned).collect();
    let mut builder = DocumentBuilder::default();
    mail::push(&head, &attached, body, &mut builder);
    let (attachments, mut problems) = walk.attachments.finish();
    problems.append(&mut walk.problems);
    progress(1, Some(1));
    Ok(Parsed {
        attachments,
        ..Parsed::new(builder.finish(), problems)
    })
}

/// What stands above a message with these headers.
pub(super) fn head(headers: &Headers) -> Head {
    let mut from = headers.addresses("from");
    if from.is_empty() {
        from = headers.addresses("sender");
    }
    Head {
        subject: headers.text("subject"),
        from,
        to: headers.addresses("to"),
        cc: headers.addresses("cc"),
        date: headers.date(),
    }
}

/// Reads a page that was saved with its pictures: the page.
///
/// # Errors
/// When there is no page in it.
pub fn parse_web_archive(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let (headers, body) = mime::split(start(bytes));
    let title = headers.text("subject");
    // Who saved it and when, where the page says nothing.
    let saved = head(&headers);
    let saved = Properties::said(saved.from, &saved.date.unwrap_or_default(), "");
    let mut walk = Walk::default();
    walk.all(headers, body);
    let mut builder = DocumentBuilder::default();
    let mut pages = walk.texts.into_iter().filter(|text| text.html);
    let Some(Text { content, .. }) = pages.next() else {
        return Err(ParseError::Damaged {
            reason: "it has the form of a web archive, but there is no page in it".to_owned(),
        });
    };
    let page = html::read(content.text);
    builder.title(&title);
    builder.title(&page.title);
    builder.properties(page.properties.or(saved));
    for item in page.items {
        item.push_to(&mut builder);
    }
    progress(1, Some(1));
    Ok(Parsed::new(builder.finish(), walk.problems))
}

/// A part that is still to be looked at.
#[derive(Debug)]
struct Part<'a> {
    headers: Headers,
    body: &'a [u8],
    depth: usize,
    /// The outermost `multipart/alternative` around it, and in which of its parts.
    version: Option<(usize, usize)>,
    /// Whether it is a message if it does not say what it is.
    digest: bool,
}

/// A text of a message.
#[derive(Debug)]
struct Text {
    html: bool,
    content: Plain,
    version: Option<(usize, usize)>,
}

#[derive(Debug, Default)]
struct Walk {
    texts: Vec<Text>,
    attachments: Attachments,
    problems: Vec<Problem>,
    /// Why a part cannot be read without a key.
    encrypted: Option<&'static str>,
    parts: usize,
    alternatives: usize,
}

impl Walk {
    fn all(&mut self, headers: Headers, body: &[u8]) {
        let mut open = vec![Part {
            headers,
            body,
            depth: 0,
            version: None,
            digest: false,
        }];
        let mut too_deep = 0_usize;
        while let Some(part) = open.pop() {
            self.parts += 1;
            let content = part.headers.content_type();
            let boundary = content
                .word
                .starts_with("multipart/")
                .then(|| content.get("boundary"))
                .flatten()
                .filter(|boundary| !boundary.is_empty());
            let Some(boundary) = boundary else {
                // Parts that nothing divides are one text.
                let divided = content.word.starts_with("multipart");
                self.leaf(&part, &if divided { Value::default() } else { content });
                continue;
            };
            if content.word == "multipart/encrypted" {
                self.encrypted = Some("its text is encrypted (PGP or S/MIME)");
                continue;
            }
            if part.depth >= MAX_DEPTH {
                too_deep += 1;
                continue;
            }
            let parts = mime::parts(part.body, &boundary);
            if parts.is_empty() {
                self.leaf(&part, &Value::default());
                continue;
            }
            let alternative = content.word == "multipart/alternative" && part.version.is_none();
            self.alternatives += usize::from(alternative);
            let room = MAX_PARTS.saturating_sub(self.parts + open.len());
            if parts.len() > room {
                self.problems.push(Problem::of_file(format!(
                    "it has more than {MAX_PARTS} parts, and {} were not read",
                    parts.len() - room
                )));
            }
            for (branch, bytes) in parts.iter().enumerate().take(room).rev() {
                let (headers, body) = mime::split(bytes);
                open.push(Part {
                    headers,
                    body,
                    depth: part.depth + 1,
                    version: if alternative {
                        Some((self.alternatives, branch))
                    } else {
                        part.version
                    },
                    digest: content.word == "multipart/digest",
                });
            }
        }
        if too_deep > 0 {
            self.problems.push(Problem::of_file(format!(
                "what stands more than {MAX_DEPTH} parts deep was not read"
            )));
        }
    }

    /// A part without parts.
    fn leaf(&mut self, part: &Part<'_>, content: &Value) {
        let disposition = part.headers.disposition();
        let attached = disposition.word == "attachment";
        let name = disposition
            .text("filename")
            .or_else(|| content.text("name"));
        let kind = match content.word.as_str() {
            "" if part.digest => "message/rfc822",
            "" => "text/plain",
            kind => kind,
        };
        let (group, subtype) = kind.split_once('/').unwrap_or((kind, ""));
        let lower = name.as_deref().unwrap_or_default().to_lowercase();
        match (group, subtype) {
            ("message", "rfc822" | "global") => {
                let bytes = part.headers.decode(part.body).into_owned();
                let name = name.unwrap_or_else(|| {
                    let subject = mime::split(start(&bytes)).0.text("subject");
                    // A subject is no path.
                    let subject = subject.replace(['/', '\\'], "-");
                    let subject = subject.trim();
                    if subject.is_empty() {
                        "message.eml".to_owned()
                    } else {
                        format!("{subject}.eml")
                    }
                });
                self.attachments.add(&name, bytes);
            }
            (_, "pkcs7-mime" | "x-pkcs7-mime") => {
                let how = content.get("smime-type").unwrap_or_default();
                if how.eq_ignore_ascii_case("signed-data") {
                    self.problems.push(Problem::of_file(
                        "its text is inside a signature (S/MIME), and was not read".to_owned(),
                    ));
                } else if !how.eq_ignore_ascii_case("certs-only") {
                    self.encrypted = Some("its text is encrypted (S/MIME)");
                }
            }
            (_, "x-microsoft-rpmsg-message") => {
                self.encrypted = Some("its text is under rights management");
            }
            (_, "ms-tnef" | "vnd.ms-tnef") => self.tnef(),
            _ if lower == "winmail.dat" => self.tnef(),
            (_, "pkcs7-signature" | "x-pkcs7-signature" | "pgp-signature" | "pgp-keys" | "ics")
            | ("text", "calendar" | "css" | "x-amp-html" | "watch-html") => {}
            _ if lower == "smime.p7s" => {}
            ("image" | "audio" | "video", _) if !attached => {}
            ("text", "plain" | "html") | ("message", _)
                if !attached && (name.is_none() || self.texts.is_empty()) =>
            {
                self.text(part, content, subtype == "html");
            }
            ("text", _) if !attached && name.is_none() => {
                // Another form of a text that stands there as one that is read.
                if part.version.is_none() {
                    self.text(part, content, false);
                }
            }
            _ => {
                let count = self.attachments.names().count() + 1;
                let name = name.unwrap_or_else(|| format!("attachment {count}"));
                let bytes = part.headers.decode(part.body).into_owned();
                if !bytes.is_empty() {
                    self.attachments.add(&name, bytes);
                }
            }
        }
    }

    fn tnef(&mut self) {
        self.problems.push(Problem::of_file(
            "`winmail.dat` was not read: it is in a form of Outlook's own (TNEF)".to_owned(),
        ));
    }

    fn text(&mut self, part: &Part<'_>, content: &Value, html: bool) {
        let bytes = part.headers.decode(part.body);
        let mut charset = content.get("charset");
        if charset.is_none() && html {
            charset = html::declared(&bytes).map(|encoding| encoding.name().to_owned());
        }
        let decoded = mime::decode(&bytes, charset.as_deref());
        if decoded
            .text
            .trim_start()
            .starts_with("-----BEGIN PGP MESSAGE-----")
        {
            self.encrypted = Some("its text is encrypted (PGP)");
            return;
        }
        self.problems.extend(decoded.problem);
        let says = |name: &str, value: &str| {
            content
                .get(name)
                .is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        self.texts.push(Text {
            html,
            content: Plain {
                text: decoded.text,
                flowed: says("format", "flowed"),
                del_space: says("delsp", "yes"),
            },
            version: part.version,
        });
    }

    /// The text of the message: of each choice the better one.
    fn body(&mut self) -> Vec<Item> {
        // Per choice, its last version with HTML and its last one without.
        let mut chosen: HashMap<usize, (Option<usize>, Option<usize>)> = HashMap::new();
        for text in &self.texts {
            if let Some((group, branch)) = text.version {
                let chosen = chosen.entry(group).or_default();
                if text.html {
                    chosen.0 = Some(branch);
                } else {
                    chosen.1 = Some(branch);
                }
            }
        }
        // A version with both is one with HTML.
        let mut body: Vec<Item> = Vec::new();
        let mut group = None;
        let (mut html, mut plain) = (Vec::new(), Vec::new());
        for text in std::mem::take(&mut self.texts) {
            let this = text.version.map(|(group, _)| group);
            if this != group || this.is_none() {
                body.append(&mut mail::better(
                    std::mem::take(&mut html),
                    std::mem::take(&mut plain),
                ));
                group = this;
            }
            let items = if text.html {
                html::read(text.content.text).items
            } else {
                text.content.items()
            };
            match text.version {
                None => body.extend(items),
                Some((group, branch)) => {
                    let (rich, poor) = chosen.get(&group).copied().unwrap_or_default();
                    if rich == Some(branch) {
                        html.extend(items);
                    } else if poor == Some(branch) {
                        plain.extend(items);
                    }
                }
            }
        }
        body.append(&mut mail::better(html, plain));
        body
    }
}

#[cfg(test)]
mod tests;
