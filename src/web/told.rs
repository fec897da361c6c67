//! What readers of files say of them, in Korean.
//!
//! The write path speaks English, in few set phrases with names and numbers in them; what has
//! no phrase here (a library's own words) stays as it is.

use crate::language::Language;

/// A phrase with `{}` for what varies, and its Korean with `{0}`, `{1}` for the same.
type Phrase = (&'static str, &'static str);

const PHRASES: &[Phrase] = &[
    ("the file is empty", "빈 파일입니다"),
    (
        "this is {}, which cannot be read; it reads PDF, DOCX, HTML, Markdown and text",
        "{0}은(는) 읽을 수 없는 형식입니다. PDF, DOCX, HTML, Markdown, 텍스트를 읽습니다",
    ),
    (
        "the file is encrypted: {}",
        "파일이 암호화되어 있습니다: {0}",
    ),
    ("the file is damaged: {}", "파일이 손상되었습니다: {0}"),
    (
        "the file is over a limit: {}",
        "파일이 한도를 넘습니다: {0}",
    ),
    ("it needs a password", "비밀번호가 필요합니다"),
    (
        "it is an Office document that needs a password",
        "비밀번호가 걸린 오피스 문서입니다",
    ),
    (
        "its ZIP container needs a password",
        "압축 파일에 비밀번호가 걸려 있습니다",
    ),
    (
        "it is under rights management",
        "문서 보안(DRM)이 걸려 있습니다",
    ),
    (
        "its ZIP container cannot be read: {}",
        "압축을 풀 수 없습니다 ({0})",
    ),
    (
        "it is a Word document without its text (`word/document.xml`)",
        "본문(`word/document.xml`)이 없는 Word 문서입니다",
    ),
    ("it has no part `{}`", "`{0}` 부분이 없습니다"),
    (
        "its part `{}` cannot be read: {}",
        "`{0}` 부분을 읽을 수 없습니다 ({1})",
    ),
    (
        "its part `{}` is damaged at byte {} and was read up to there: {}",
        "`{0}` 부분이 {1}번째 바이트에서 손상되어 거기까지만 읽었습니다 ({2})",
    ),
    (
        "its part `{}` has more than {} MB",
        "`{0}` 부분이 {1} MB보다 큽니다",
    ),
    (
        "it has {} parts, and {} is the most that is read",
        "{0}개의 부분이 있습니다. {1}개까지 읽습니다",
    ),
    (
        "it has {} pages, and {} is the most that is read",
        "{0}쪽입니다. {1}쪽까지 읽습니다",
    ),
    (
        "it has no pages that can be read",
        "읽을 수 있는 쪽이 없습니다",
    ),
    (
        "a part of it has more than {} MB once decompressed",
        "압축을 풀면 {0} MB보다 큰 부분이 있습니다",
    ),
    (
        "reading it took more than {} s of processor time",
        "읽는 데 처리 시간이 {0}초 넘게 걸렸습니다",
    ),
    (
        "reading it took more than {} MB of memory, or its structure is nested too deeply",
        "읽는 데 메모리가 {0} MB 넘게 들거나 구조가 너무 깊습니다",
    ),
    (
        "reading it took more than {} s",
        "읽는 데 {0}초 넘게 걸렸습니다",
    ),
    ("its text takes more than {} MB", "본문이 {0} MB보다 큽니다"),
    (
        "it does not fit into memory",
        "메모리에 다 들어가지 않습니다",
    ),
    ("it cannot be opened: {}", "열 수 없습니다 ({0})"),
    (
        "the program that reads it failed ({})",
        "읽는 프로그램이 멈췄습니다 ({0})",
    ),
    (
        "no text was found in the file",
        "파일에서 글을 찾지 못했습니다",
    ),
    (
        "the file's name says it is {}, but it is {}, and was read as that",
        "이름으로는 {0}이지만 내용은 {1}이어서 그것으로 읽었습니다",
    ),
    (
        "its only page has no text layer",
        "한 쪽뿐인데 글자 정보가 없습니다",
    ),
    ("no page has a text layer", "글자 정보가 있는 쪽이 없습니다"),
    (
        "{} pages have no text layer, the first of them page {}",
        "{0}쪽에 글자 정보가 없습니다. 처음은 {1}쪽입니다",
    ),
    (
        "pages {} have no text layer",
        "{0}쪽에 글자 정보가 없습니다",
    ),
    ("page {} has no text layer", "{0}쪽에 글자 정보가 없습니다"),
    (
        "page {} is too large to be read",
        "{0}쪽이 너무 커서 읽지 못했습니다",
    ),
    (
        "page {} cannot be read: {}",
        "{0}쪽을 읽지 못했습니다 ({1})",
    ),
    (
        "{} characters are in fonts that do not say which characters they are",
        "글자 {0}개는 글꼴에 어떤 글자인지 적혀 있지 않아 읽지 못했습니다",
    ),
    (
        "1 file embedded in it was not read",
        "안에 든 파일 1개는 읽지 않았습니다",
    ),
    (
        "{} files embedded in it were not read",
        "안에 든 파일 {0}개는 읽지 않았습니다",
    ),
    (
        "{} place is no text in the encoding {} and is shown as \u{FFFD}",
        "{1} 인코딩으로 읽을 수 없는 곳이 {0}곳 있어 \u{FFFD}로 표시했습니다",
    ),
    (
        "{} places are no text in the encoding {} and are shown as \u{FFFD}",
        "{1} 인코딩으로 읽을 수 없는 곳이 {0}곳 있어 \u{FFFD}로 표시했습니다",
    ),
    (
        "it is found by its words only, since its vectors could not be made: {}",
        "벡터를 만들지 못해 낱말로만 찾습니다 ({0})",
    ),
];

/// Kinds of files, as phrases name them.
const KINDS: &[Phrase] = &[
    ("a PDF", "PDF"),
    ("a Word document", "Word 문서"),
    ("plain text", "텍스트"),
    ("a file of an unknown kind", "알 수 없는 종류의 파일"),
    ("a HWP document", "한글(HWP) 문서"),
    ("a HWP 3 document", "한글 3 문서"),
    ("a HWPX document", "한글(HWPX) 문서"),
    ("a HWPML document", "한글(HWPML) 문서"),
    ("an Excel workbook", "엑셀 통합 문서"),
    ("an old Excel workbook (.xls)", "옛 엑셀 문서(.xls)"),
    ("an old Word document (.doc)", "옛 Word 문서(.doc)"),
    ("a PowerPoint presentation", "파워포인트 문서"),
    (
        "an old PowerPoint presentation (.ppt)",
        "옛 파워포인트 문서(.ppt)",
    ),
    (
        "an old Word, Excel or HWP file",
        "옛 Word, 엑셀 또는 한글 파일",
    ),
    ("an RTF document", "RTF 문서"),
    ("an OpenDocument text", "오픈도큐먼트 문서"),
    ("an OpenDocument spreadsheet", "오픈도큐먼트 스프레드시트"),
    ("an OpenDocument presentation", "오픈도큐먼트 프레젠테이션"),
    ("a ZIP archive", "ZIP 압축 파일"),
    ("a PNG image", "PNG 그림"),
    ("a JPEG image", "JPEG 그림"),
    ("a GIF image", "GIF 그림"),
    ("a TIFF image", "TIFF 그림"),
    ("an SVG image", "SVG 그림"),
    ("a program", "프로그램"),
    ("an Outlook message", "아웃룩 메일"),
    (
        "an e-mail message or a web archive",
        "메일 또는 웹 보관 파일",
    ),
];

/// A message of the write path in `language`.
pub(super) fn told(message: &str, language: Language) -> String {
    match language {
        Language::En => message.to_owned(),
        Language::Ko => korean(message),
    }
}

fn korean(message: &str) -> String {
    if let Some((_, korean)) = KINDS.iter().find(|(english, _)| *english == message) {
        return (*korean).to_owned();
    }
    for (english, korean) in PHRASES {
        if let Some(parts) = match_phrase(english, message) {
            let mut text = (*korean).to_owned();
            for (number, part) in parts.iter().enumerate() {
                text = text.replace(&format!("{{{number}}}"), &self::korean(part));
            }
            return text;
        }
    }
    message.to_owned()
}

/// What stands in `message` where `phrase` has `{}`, if the rest is the same.
fn match_phrase<'a>(phrase: &str, message: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = phrase.split("{}");
    let mut rest = message.strip_prefix(pieces.next()?)?;
    let mut parts = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let at = if pieces.peek().is_none() && piece.is_empty() {
            rest.len()
        } else if pieces.peek().is_none() {
            rest.len()
                .checked_sub(piece.len())
                .filter(|at| rest.is_char_boundary(*at) && &rest[*at..] == piece)?
        } else {
            rest.find(piece)?
        };
        parts.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use ingest::parse::{ParseError, parse};

    use super::*;

    #[test]
    fn what_varies_is_kept_and_what_is_nested_is_told_too() {
        assert_eq!(
            korean("the file is damaged: its part `word/styles.xml` cannot be read: bad tag"),
            "파일이 손상되었습니다: `word/styles.xml` 부분을 읽을 수 없습니다 (bad tag)"
        );
        assert_eq!(
            korean("pages 3-7 have no text layer"),
            "3-7쪽에 글자 정보가 없습니다"
        );
        assert_eq!(korean("something else"), "something else");
        assert_eq!(
            told("it needs a password", Language::En),
            "it needs a password"
        );
    }

    /// Phrases drift apart when one side is changed: these come from the readers themselves.
    #[test]
    fn what_readers_say_of_real_files_is_told_in_korean() {
        let said = |bytes: &[u8], name: &str| match parse(bytes, name, &|_, _| {}) {
            Ok(extracted) => extracted.problems[0].message.clone(),
            Err(error) => error.to_string(),
        };
        let limit = ParseError::TimedOut {
            reason: "reading it took more than 120 s".to_owned(),
        };
        for message in [
            said(b"", "a.pdf"),
            said(b"OggS0000000000000000", "a.ogg"),
            said(b"PK\x03\x04 and nothing more", "a.docx"),
            said(b"<html><p>a</p></html>", "a.pdf"),
            said(b"<html></html>", "a.html"),
            limit.to_string(),
        ] {
            let korean = korean(&message);
            assert_ne!(korean, message);
            let head = korean.split('(').next().unwrap();
            assert!(head.chars().any(crate::language::is_hangul), "{korean}");
            assert!(!head.contains("file") && !head.contains(" is "), "{korean}");
        }
    }
}
