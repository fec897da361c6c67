//! HWPML: a document of the Korean word processor Hangul as one XML file, often named `.hwp`
//! or `.hml`.

use super::hangul::{Body, xml};
use super::xml::{first_text, first_texts, text};
use super::{ParseError, Parsed, Progress, sniff};
use crate::{DocumentBuilder, Properties};

/// How far into a file its first element is looked for.
const WINDOW: usize = 4096;

/// Whether the bytes are HWPML.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    let window = &bytes[..bytes.len().min(WINDOW)];
    if sniff::find(window, b"H").is_none() {
        return false;
    }
    let start = text(window.to_vec());
    let start = start.trim_start_matches('\u{FEFF}').trim_start();
    start.starts_with('<')
        && start.find("<HWPML").is_some_and(|at| {
            // Only what an XML file may begin with stands before it.
            start[..at]
                .split('<')
                .skip(1)
                .all(|tag| tag.starts_with(['?', '!']))
                && start[at + 6..].starts_with([' ', '\t', '\r', '\n', '>'])
        })
}

/// Reads a HWPML document.
///
/// # Errors
/// When it is damaged before any of its text.
pub fn parse(bytes: &[u8], progress: Progress<'_>) -> Result<Parsed, ParseError> {
    let text = text(bytes.to_vec());
    let mut builder = DocumentBuilder::default();
    let head = text.find("<BODY").map_or(&*text, |end| &text[..end]);
    builder.title(&first_text(head, "TITLE"));
    let [author, date] = first_texts(head, ["AUTHOR", "DATE"]);
    builder.properties(Properties::said([author], &date, ""));
    let mut body = Body::new(xml::styles(&text));
    let mut problems = Vec::new();
    if let Some(problem) = xml::Section::default().read(&text, "HWPML", &mut body) {
        if body.is_empty() {
            return Err(ParseError::Damaged { reason: problem });
        }
        problems.push(crate::Problem::of_file(problem));
    }
    body.finish(&mut builder, &mut problems);
    progress(1, Some(1));
    Ok(Parsed::new(builder.finish(), problems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BlockKind;

    const DOCUMENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\" ?>\
        <?xml-stylesheet type=\"text/xsl\"?>\n<HWPML Style=\"embed\" SubVersion=\"9.0.1.0\" Version=\"2.9\">\
        <HEAD SecCnt=\"1\"><DOCSUMMARY><TITLE>여비 규정</TITLE><AUTHOR>김민아</AUTHOR><DATE>2026년 3월 31일 화요일 오후 2:29:29</DATE></DOCSUMMARY><MAPPINGTABLE>\
        <NUMBERINGLIST Count=\"1\"><NUMBERING Id=\"1\" Start=\"0\"><PARAHEAD Level=\"1\" NumFormat=\"Digit\" Start=\"1\">^1.</PARAHEAD>\
        <PARAHEAD Level=\"2\" NumFormat=\"HangulSyllable\" Start=\"1\">^2.</PARAHEAD></NUMBERING></NUMBERINGLIST>\
        <PARASHAPELIST Count=\"3\"><PARASHAPE HeadingType=\"None\" Id=\"0\" Level=\"0\"/>\
        <PARASHAPE HeadingType=\"Outline\" Id=\"1\" Level=\"0\"/>\
        <PARASHAPE Heading=\"1\" HeadingType=\"Number\" Id=\"2\" Level=\"1\"/></PARASHAPELIST></MAPPINGTABLE></HEAD>\
        <BODY><SECTION Id=\"0\"><P ParaShape=\"1\" Style=\"0\"><TEXT CharShape=\"0\"><SECDEF OutlineShape=\"1\">\
        <FOOTNOTESHAPE><AUTONUMFORMAT SuffixChar=\")\"/></FOOTNOTESHAPE></SECDEF>\
        <HEADER><PARALIST><P><TEXT><CHAR>머리말</CHAR></TEXT></P></PARALIST></HEADER><CHAR>총칙</CHAR></TEXT></P>\
        <P ParaShape=\"2\" Style=\"0\"><TEXT CharShape=\"0\"><CHAR>여비는<TAB/>실비로</CHAR></TEXT><TEXT CharShape=\"1\">\
        <FOOTNOTE><PARALIST><P ParaShape=\"0\"><TEXT><AUTONUM Number=\"1\" NumberType=\"Footnote\">\
        <AUTONUMFORMAT SuffixChar=\")\" Type=\"Digit\"/></AUTONUM><CHAR> 각주</CHAR></TEXT></P></PARALIST></FOOTNOTE>\
        <CHAR> 준다</CHAR></TEXT></P>\
        <P ParaShape=\"0\"><TEXT><TABLE ColCount=\"2\" RowCount=\"2\"><SHAPEOBJECT><CAPTION><PARALIST><P><TEXT><CHAR>표</CHAR>\
        </TEXT></P></PARALIST></CAPTION><SHAPECOMMENT>표입니다.</SHAPECOMMENT></SHAPEOBJECT>\
        <ROW><CELL ColAddr=\"0\" ColSpan=\"1\" Header=\"false\" RowAddr=\"0\" RowSpan=\"2\"><PARALIST><P><TEXT><CHAR>구분</CHAR></TEXT></P></PARALIST></CELL>\
        <CELL ColAddr=\"1\" ColSpan=\"1\" RowAddr=\"0\" RowSpan=\"1\"><PARALIST><P><TEXT><CHAR>금액</CHAR></TEXT></P></PARALIST></CELL></ROW>\
        <ROW><CELL ColAddr=\"1\" ColSpan=\"1\" RowAddr=\"1\" RowSpan=\"1\"><PARALIST><P><TEXT><CHAR>3만 원</CHAR></TEXT></P></PARALIST></CELL></ROW>\
        </TABLE></TEXT></P></SECTION></BODY><TAIL><BINDATASTORAGE><BINDATA>QUJD</BINDATA></BINDATASTORAGE></TAIL></HWPML>";

    #[test]
    fn text_headings_tables_and_notes_are_read() {
        assert!(recognizes(DOCUMENT.as_bytes(), "a.hwp"));
        let parsed = parse(DOCUMENT.as_bytes(), &|_, _| {}).unwrap();
        assert_eq!(parsed.problems, []);
        let document = parsed.document;
        assert_eq!(document.title.as_deref(), Some("여비 규정"));
        let said = Properties::said(["김민아"], "2026-03-31", "");
        assert_eq!(document.properties, said);
        assert_eq!(
            document.text,
            "1. 총칙\n\n가. 여비는 실비로 준다\n\n표\n\n구분\t금액\n구분\t3만 원\n\n1) 각주"
        );
        assert_eq!(document.blocks[0].kind, BlockKind::Heading { level: 1 });
        assert_eq!(document.blocks[1].kind, BlockKind::ListItem { level: 2 });
    }

    #[test]
    fn it_is_known_by_its_content_in_any_encoding() {
        let utf_16: Vec<u8> = "\u{FEFF}"
            .encode_utf16()
            .chain(DOCUMENT.replace("UTF-8", "UTF-16").encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(recognizes(&utf_16, ""));
        let document = parse(&utf_16, &|_, _| {}).unwrap().document;
        assert!(document.text.contains("여비는 실비로"));
        for other in [
            "<p>How to read <HWPML> files</p>",
            "HWPML",
            "<HWPMLX/>",
            "<?xml version='1.0'?><svg/>",
        ] {
            assert!(!recognizes(other.as_bytes(), "a.hwp"), "{other}");
        }
        let row = super::super::sniff::sniff(DOCUMENT.as_bytes(), "a.html").unwrap();
        assert_eq!(row.format, super::super::Format::Hwpml);
    }

    #[test]
    fn a_damaged_file_is_read_up_to_the_damage() {
        let cut = &DOCUMENT[..DOCUMENT.find(" 준다").unwrap()];
        let parsed = parse(cut.as_bytes(), &|_, _| {}).unwrap();
        assert_eq!(
            parsed.document.text,
            "1. 총칙\n\n가. 여비는 실비로\n\n1) 각주"
        );
        assert_eq!(parsed.problems.len(), 1);
        assert!(matches!(
            parse(b"<HWPML><BODY>", &|_, _| {}),
            Err(ParseError::Damaged { .. })
        ));
    }
}
