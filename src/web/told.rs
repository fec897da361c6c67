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
        "this is {}, which cannot be read; it reads PDF, Word, PowerPoint, Excel, HWP, OpenDocument, RTF, web pages, \
         e-mail, Markdown, CSV, text, images and ZIP archives of these",
        "{0}은(는) 읽을 수 없는 형식입니다. PDF, Word, PowerPoint, Excel, 한글(HWP), 오픈도큐먼트, RTF, 웹 페이지, \
         메일, Markdown, CSV, 텍스트, 그림과 이들을 담은 ZIP을 읽습니다",
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
    (
        "the file cannot be read: {}",
        "파일을 읽을 수 없습니다: {0}",
    ),
    ("{}, and none was given", "{0} (주어진 비밀번호가 없습니다)"),
    (
        "{}, and the one given does not fit",
        "{0} (주어진 비밀번호가 맞지 않습니다)",
    ),
    (
        "{}, and none of the {} given fits",
        "{0} (주어진 비밀번호 {1}개가 모두 맞지 않습니다)",
    ),
    (
        "it is an Office document encrypted in a way that cannot be read ({})",
        "읽을 수 없는 방식으로 암호화된 Office 문서입니다 ({0})",
    ),
    (
        "it is an encrypted Office document with nothing in it that can be read",
        "암호를 풀었지만 읽을 것이 없는 Office 문서입니다",
    ),
    (
        "it is an encrypted Office document that does not say how",
        "어떻게 암호화했는지 적혀 있지 않은 Office 문서입니다",
    ),
    (
        "its password is to be hashed {} times, and {} is the most that is done",
        "비밀번호를 {0}번 해시해야 하는데, {1}번까지만 합니다",
    ),
    (
        "the list of what is in it is missing or damaged: {} was found one after the other, and more may be missing",
        "안에 든 것의 목록이 없거나 망가졌습니다. 차례로 읽어 1개를 찾았고, 빠진 것이 더 있을 수 있습니다",
    ),
    (
        "the list of what is in it is missing or damaged: {} entries were found one after the other, and more may be missing",
        "안에 든 것의 목록이 없거나 망가졌습니다. 차례로 읽어 {0}개를 찾았고, 빠진 것이 더 있을 수 있습니다",
    ),
    (
        "the list of what is in it is missing or damaged: {} entries were found one after the other, of which {} is incomplete, and more may be missing",
        "안에 든 것의 목록이 없거나 망가졌습니다. 차례로 읽어 {0}개를 찾았고 그 가운데 {1}은(는) 온전하지 않으며, 빠진 것이 더 있을 수 있습니다",
    ),
    (
        "the list of what is in it is missing or damaged: {} entries were found one after the other, of which {} are incomplete, and more may be missing",
        "안에 든 것의 목록이 없거나 망가졌습니다. 차례로 읽어 {0}개를 찾았고 그 가운데 {1}은(는) 온전하지 않으며, 빠진 것이 더 있을 수 있습니다",
    ),
    (
        "it is too long: {} of its {} characters of text were left out ({} of {} paragraphs and cells), from {} on",
        "너무 깁니다. 글자 {1}개 가운데 {0}개를 뺐습니다 (문단과 칸 {3}개 가운데 {2}개, {4}부터)",
    ),
    (
        "it is too long: {} of its {} characters of text were left out ({} of {} paragraphs and cells)",
        "너무 깁니다. 글자 {1}개 가운데 {0}개를 뺐습니다 (문단과 칸 {3}개 가운데 {2}개)",
    ),
    ("it needs a password", "비밀번호가 필요합니다"),
    (
        "it is an OpenDocument file that needs a password",
        "비밀번호가 걸린 오픈도큐먼트 파일입니다",
    ),
    (
        "it is a HWPX document that needs a password, or one for distribution",
        "비밀번호가 걸렸거나 배포용인 한글(HWPX) 문서입니다",
    ),
    (
        "all files in the archive need a password",
        "압축 파일 안의 모든 파일에 비밀번호가 걸려 있습니다",
    ),
    (
        "its text is encrypted (S/MIME)",
        "본문이 암호화되어 있습니다(S/MIME)",
    ),
    (
        "its text is encrypted (PGP)",
        "본문이 암호화되어 있습니다(PGP)",
    ),
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
    (
        "it is {} without its text (`{}`)",
        "본문(`{1}`)이 없는 {0}입니다",
    ),
    (
        "it is {} without its sheets (`{}`)",
        "시트(`{1}`)가 없는 {0}입니다",
    ),
    (
        "it is {} without its slides (`{}`)",
        "슬라이드(`{1}`)가 없는 {0}입니다",
    ),
    (
        "it is a HWPX document without sections",
        "구역이 없는 한글(HWPX) 문서입니다",
    ),
    (
        "its Compound File cannot be read: {}",
        "복합 파일을 읽을 수 없습니다 ({0})",
    ),
    (
        "its container cannot be read: {}",
        "담은 형식을 읽을 수 없습니다 ({0})",
    ),
    (
        "its directory cannot be read: {}",
        "목록을 읽을 수 없습니다 ({0})",
    ),
    (
        "it has neither a part `{}` nor slides",
        "`{0}` 부분도 슬라이드도 없습니다",
    ),
    (
        "its part `{}` cannot be read",
        "`{0}` 부분을 읽을 수 없습니다",
    ),
    (
        "its part `{}` names no sheets",
        "`{0}` 부분에 시트가 없습니다",
    ),
    (
        "its part `{}` does not say which slides it has; they were read in the order of their names",
        "`{0}` 부분에 슬라이드 순서가 없어 이름 순서로 읽었습니다",
    ),
    ("its end is missing", "끝이 잘렸습니다"),
    ("it does not begin as RTF does", "RTF로 시작하지 않습니다"),
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
        "it has {} sheets, and {} is the most that is read",
        "시트가 {0}개입니다. {1}개까지 읽습니다",
    ),
    (
        "it has {} slides, and {} is the most that is read",
        "슬라이드가 {0}장입니다. {1}장까지 읽습니다",
    ),
    (
        "it has {} entries, and {} is the most that is looked at",
        "파일이 {0}개 들어 있습니다. {1}개까지 봅니다",
    ),
    (
        "it has more than {} values, and the rest was not read",
        "값이 {0}개보다 많아 나머지는 읽지 않았습니다",
    ),
    (
        "it has more than {} recipients or attachments, and the rest was not read",
        "받는 이나 첨부가 {0}개보다 많아 나머지는 읽지 않았습니다",
    ),
    (
        "it has more than {} parts, and {} were not read",
        "부분이 {0}개보다 많아 {1}개는 읽지 않았습니다",
    ),
    (
        "what stands more than {} parts deep was not read",
        "{0}단계보다 깊이 든 부분은 읽지 않았습니다",
    ),
    (
        "it holds {} files, and only the first {} were read",
        "파일이 {0}개 들어 있어 처음 {1}개만 읽었습니다",
    ),
    (
        "the end of the sheet `{}` was left out: the file has more cells or text than are read",
        "칸이나 글이 너무 많아 시트 `{0}`의 끝부분은 읽지 않았습니다",
    ),
    (
        "{} cells were left out: the file repeats cells, or has more text, than is read",
        "칸이나 글이 너무 많아 칸 {0}개는 읽지 않았습니다",
    ),
    (
        "a text of it was cut off after {} bytes",
        "글 하나를 {0}바이트에서 잘랐습니다",
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
        "reading it took more than {} MB of memory",
        "읽는 데 메모리가 {0} MB 넘게 듭니다",
    ),
    ("its structure is nested too deeply", "구조가 너무 깊습니다"),
    (
        "the system ended the program that reads it, mostly for want of memory",
        "메모리가 모자라 시스템이 읽는 프로그램을 멈췄습니다",
    ),
    (
        "what is read out of it takes more than {} MB",
        "읽은 내용이 {0} MB보다 큽니다",
    ),
    (
        "reading it took more than {} s",
        "읽는 데 {0}초 넘게 걸렸습니다",
    ),
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
        "the file `{}` in it was not read: {}",
        "안에 든 파일 `{0}`은(는) 읽지 않았습니다: {1}",
    ),
    ("this is {}", "{0}입니다"),
    (
        "{} more files in it were not read",
        "안에 든 파일 {0}개를 더 읽지 않았습니다",
    ),
    (
        "{} files in it were not read: they are more than {} files deep inside others",
        "파일 안의 파일이 {1}단계보다 깊어 {0}개를 읽지 않았습니다",
    ),
    ("{} was not read: {}", "{0}은(는) 읽지 않았습니다: {1}"),
    ("{} were not read: {}", "{0}은(는) 읽지 않았습니다: {1}"),
    ("encrypted", "비밀번호가 걸려 있습니다"),
    ("of a kind that cannot be read", "읽을 수 없는 형식입니다"),
    (
        "the bytes are those of another file",
        "다른 파일과 같은 자리를 가리킵니다",
    ),
    ("it has more than {} MB", "{0} MB보다 큽니다"),
    (
        "the files in it have more than {} MB together",
        "안에 든 파일이 모두 합해 {0} MB보다 큽니다",
    ),
    (
        "its {} bytes grow more than {} times when unpacked",
        "{0}바이트가 풀면 {1}배보다 커집니다",
    ),
    (
        "it is in a form of Outlook's own (TNEF)",
        "아웃룩만의 형식(TNEF)입니다",
    ),
    (
        "its bytes are not in the message",
        "내용이 메일에 들어 있지 않습니다",
    ),
    (
        "its text is inside a signature (S/MIME), and was not read",
        "본문이 서명(S/MIME) 안에 있어 읽지 않았습니다",
    ),
    (
        "a quotation mark in it is never closed; its lines were read as if it had none",
        "닫히지 않은 따옴표가 있어 따옴표가 없는 것으로 보고 읽었습니다",
    ),
    (
        "slide {} has pictures and no text",
        "슬라이드 {0}에는 그림만 있고 글이 없습니다",
    ),
    (
        "slide {} is missing: there is no part `{}`",
        "슬라이드 {0}이(가) 없습니다(`{1}`)",
    ),
    (
        "the sheet `{}` is missing: there is no part `{}`",
        "시트 `{0}`이(가) 없습니다(`{1}`)",
    ),
    (
        "the image cannot be read: {}",
        "그림을 읽을 수 없습니다 ({0})",
    ),
    ("the image is too large: {}", "그림이 너무 큽니다 ({0})"),
    (
        "the page is a picture and was read by character recognition, which errs",
        "그림인 쪽이라 문자 인식으로 읽었습니다. 잘못 읽은 글자가 있을 수 있습니다",
    ),
    (
        "{} pages are pictures and were read by character recognition, which errs",
        "그림인 쪽 {0}개를 문자 인식으로 읽었습니다. 잘못 읽은 글자가 있을 수 있습니다",
    ),
    (
        "character recognition found no text on the page",
        "문자 인식으로 이 쪽에서 글을 찾지 못했습니다",
    ),
    (
        "character recognition failed on page {}: {}",
        "{0}쪽의 문자 인식이 실패했습니다 ({1})",
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
    ("a binary Excel workbook (.xlsb)", "이진 엑셀 문서(.xlsb)"),
    (
        "an OpenDocument drawing or the like",
        "오픈도큐먼트 그림 등의 파일",
    ),
    ("a table of comma-separated values", "CSV 표"),
    ("an e-mail message", "메일"),
    ("a web archive", "웹 보관 파일"),
    ("an image", "그림"),
    ("an Ogg recording", "Ogg 녹음"),
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
    use ingest::parse::{ParseError, Passwords, parse};

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
        let said = |bytes: &[u8], name: &str| match parse(
            bytes,
            name,
            &Passwords::default(),
            &|_, _| {},
        ) {
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
