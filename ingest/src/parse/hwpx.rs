//! HWPX: the text of a document of the Korean word processor Hangul, in its open format.
//!
//! A ZIP container like that of EPUB: a package part names the sections and their order. The
//! text itself is read by `hangul`, as that of HWP is.

use super::container::{self, Container};
use super::hangul::{Body, numbering::Styles, xml};
use super::sealed::unseal;
use super::xml::{MAX_PROPERTIES, MAX_TEXT, Piece, attribute, each_element, first_text, walk};
use super::{ParseError, Parsed, Passwords, Progress, sniff};
use crate::{DocumentBuilder, Problem, Properties};

const PACKAGE: &str = "contents/content.hpf";

/// Whether the bytes are a HWPX document.
pub(super) fn recognizes(bytes: &[u8], _file_name: &str) -> bool {
    if !sniff::is_zip(bytes) {
        return false;
    }
    let start = &bytes[..bytes.len().min(256)];
    (sniff::find(start, b"application/hwp+zip").is_some() && container::has_part(bytes, |_| true))
        || container::has_part(bytes, |name| name == PACKAGE || is_section(name))
}

fn is_section(name: &str) -> bool {
    name.starts_with("contents/section")
        && std::path::Path::new(name).extension() == Some("xml".as_ref())
}

/// Reads a HWPX document.
///
/// # Errors
/// When it is encrypted, damaged, or over a limit.
pub fn parse(
    bytes: &[u8],
    passwords: &Passwords,
    progress: Progress<'_>,
) -> Result<Parsed, ParseError> {
    let mut container = Container::open(bytes)?;
    let manifest = container.part("meta-inf/manifest.xml")?.unwrap_or_default();
    unseal(
        &mut container,
        &manifest,
        passwords,
        "it is a HWPX document that needs a password, or one for distribution",
    )?;
    let package = package_part(&mut container);
    let text = container.part(&package)?.unwrap_or_default();
    let mut builder = DocumentBuilder::default();
    builder.title(&first_text(&text, "title"));
    builder.properties(properties(&text));
    let (header, sections) = parts(&container, &package, &text);
    if sections.is_empty() {
        return Err(ParseError::Damaged {
            reason: "it is a HWPX document without sections".to_owned(),
        });
    }
    let mut problems = Vec::new();
    let styles = match container.part(&header) {
        Ok(Some(header)) => xml::styles(&header),
        Ok(None) => Styles::default(),
        Err(error) => {
            problems.push(Problem::of_file(format!(
                "headings and numbers are missing, as its styles could not be read: {error}"
            )));
            Styles::default()
        }
    };
    let mut body = Body::new(styles);
    let mut failed = None;
    let all = u32::try_from(sections.len()).ok();
    for (done, section) in (1..).zip(&sections) {
        let problem = match container.part(section) {
            Ok(Some(text)) => xml::Section::default().read(&text, section, &mut body),
            Ok(None) => Some(format!("its part `{section}` is missing")),
            Err(error @ (ParseError::Encrypted { .. } | ParseError::Limit { .. })) => {
                return Err(error);
            }
            Err(error) => {
                let message = error.to_string();
                failed.get_or_insert(error);
                Some(message)
            }
        };
        problems.extend(problem.map(Problem::of_file));
        progress(done, all);
    }
    if body.is_empty()
        && let Some(first) = problems.first()
    {
        return Err(failed.unwrap_or_else(|| ParseError::Damaged {
            reason: first.message.clone(),
        }));
    }
    body.finish(&mut builder, &mut problems);
    Ok(Parsed::new(builder.finish(), problems))
}

/// Who wrote a document and when, in the part that names the others.
fn properties(package: &str) -> Properties {
    let (mut author, mut created, mut modified) = (String::new(), String::new(), String::new());
    let mut open = None;
    let package = &package[..package.floor_char_boundary(MAX_PROPERTIES)];
    let _ = walk(
        package,
        PACKAGE,
        |_, _| false,
        |piece| match piece {
            Piece::Start("meta", element) => open = attribute(element, "name"),
            Piece::End("meta") => open = None,
            Piece::Text(text) => {
                let value = match open.as_deref() {
                    Some("creator") => &mut author,
                    Some("CreatedDate") => &mut created,
                    Some("ModifiedDate") => &mut modified,
                    _ => return,
                };
                if value.len() < MAX_TEXT {
                    value.push_str(text);
                }
            }
            _ => {}
        },
    );
    Properties::said([author], &created, &modified)
}

/// The part that names the others.
fn package_part(container: &mut Container<'_>) -> String {
    if container.has(PACKAGE) {
        return PACKAGE.to_owned();
    }
    let named = container
        .part("meta-inf/container.xml")
        .ok()
        .flatten()
        .and_then(|text| {
            let mut path = None;
            each_element(&text, |element, _| {
                if element.local_name().as_ref() == "rootfile" && path.is_none() {
                    path = attribute(element, "full-path").filter(|path| is_package(path));
                }
            });
            path.map(|path| container::part_name(path.as_bytes()))
        });
    named
        .or_else(|| {
            let mut names = container.names("").into_iter();
            names.find(|name| is_package(name))
        })
        .unwrap_or_else(|| PACKAGE.to_owned())
}

fn is_package(name: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("hpf"))
}

/// The part with the styles, and the sections in their order: that of the package, then those
/// it does not name.
fn parts(container: &Container<'_>, package: &str, text: &str) -> (String, Vec<String>) {
    let folder = package.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut named = Vec::new();
    let mut order = Vec::new();
    each_element(text, |element, _| match element.local_name().as_ref() {
        "item" => {
            if let (Some(id), Some(path)) = (attribute(element, "id"), attribute(element, "href")) {
                let path = container::part_name(path.as_bytes());
                let beside = format!("{folder}/{path}");
                let path = if !container.has(&path) && container.has(&beside) {
                    beside
                } else {
                    path
                };
                named.push((id, path));
            }
        }
        "itemref" => order.extend(attribute(element, "idref")),
        _ => {}
    });
    let named: std::collections::HashMap<String, String> = named.into_iter().collect();
    let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut sections: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for path in order.iter().filter_map(|id| named.get(id)) {
        if file(path).starts_with("section") && seen.insert(path.clone()) {
            sections.push(path.clone());
        }
    }
    let mut others: Vec<String> = container
        .names("")
        .into_iter()
        .filter(|name| !seen.contains(name))
        .filter(|name| {
            is_section(name)
                || (file(name).starts_with("section") && named.values().any(|path| path == name))
        })
        .collect();
    others.sort_by_key(|name| {
        let digits: String = name.chars().filter(char::is_ascii_digit).collect();
        (digits.parse::<u32>().unwrap_or(u32::MAX), name.clone())
    });
    sections.extend(others);
    let header = named
        .values()
        .find(|path| file(path) == "header.xml")
        .filter(|path| container.has(path))
        .cloned()
        .unwrap_or_else(|| "contents/header.xml".to_owned());
    (header, sections)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::CompressionMethod;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::{BlockKind, Document};

    fn hwpx(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut archive = zip::ZipWriter::new(&mut bytes);
        for (name, text) in parts {
            // As it must be, so that the file is known by it.
            let stored = *name == "mimetype";
            let method = if stored {
                CompressionMethod::Stored
            } else {
                CompressionMethod::Deflated
            };
            let options = SimpleFileOptions::default().compression_method(method);
            archive.start_file(*name, options).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        bytes.into_inner()
    }

    fn section(paragraphs: &str) -> String {
        format!("<?xml version='1.0'?><hs:sec xmlns:hs='s' xmlns:hp='p'>{paragraphs}</hs:sec>")
    }

    fn read(paragraphs: &str) -> Document {
        let bytes = hwpx(&[("Contents/section0.xml", &section(paragraphs))]);
        assert!(recognizes(&bytes, "a.hwpx"));
        let parsed = parse(&bytes, &Passwords::default(), &|_, _| {}).unwrap();
        assert_eq!(parsed.problems, []);
        parsed.document
    }

    fn p(text: &str) -> String {
        format!("<hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>")
    }

    #[test]
    fn who_wrote_it_and_when_is_read() {
        let properties = |metadata: &str| {
            let package = format!(
                "<opf:package xmlns:opf='o'><opf:metadata><opf:language>en</opf:language>{metadata}</opf:metadata></opf:package>"
            );
            let section = section(&p("연차"));
            let bytes = hwpx(&[
                ("Contents/content.hpf", &package),
                ("Contents/section0.xml", &section),
            ]);
            parse(&bytes, &Passwords::default(), &|_, _| {})
                .unwrap()
                .document
                .properties
        };
        assert_eq!(
            properties(
                "<opf:meta name='creator' content='text'>김민아</opf:meta><opf:meta name='lastsaveby' content='text'>Lee</opf:meta>\
                 <opf:meta name='CreatedDate' content='text'>2026-03-31T15:00:00Z</opf:meta>\
                 <opf:meta name='ModifiedDate' content='text'>2026-04-01T05:31:29Z</opf:meta>\
                 <opf:meta name='date' content='text'>2020년 1월 1일</opf:meta><opf:meta name='keyword'/>"
            ),
            Properties::said(["김민아"], "2026-03-31", "2026-04-01")
        );
        assert!(
            properties(
                "<opf:meta name='creator'>Administrator</opf:meta><opf:meta name='CreatedDate'>1601-01-01T00:00:00Z</opf:meta>"
            )
            .is_empty()
        );
        assert!(properties(&"<opf:meta name='creator'>".repeat(100_000)).is_empty());
    }

    #[test]
    fn the_package_says_where_the_sections_are_and_in_which_order() {
        let package = "<opf:package xmlns:opf='o'><opf:metadata><opf:title>여비 규정</opf:title></opf:metadata>\
            <opf:manifest><opf:item id='h' href='Contents/header.xml'/><opf:item id='a' href='Contents/section1.xml'/>\
            <opf:item id='b' href='section0.xml'/></opf:manifest>\
            <opf:spine><opf:itemref idref='h'/><opf:itemref idref='a'/><opf:itemref idref='b'/></opf:spine></opf:package>";
        let (first, second) = (section(&p("첫째")), section(&p("둘째")));
        let (third, fourth) = (section(&p("셋째")), section(&p("넷째")));
        let bytes = hwpx(&[
            ("mimetype", "application/hwp+zip"),
            ("Contents/section10.xml", &fourth),
            ("Contents/section0.xml", &second),
            ("Contents/section1.xml", &first),
            ("Contents/section9.xml", &third),
            ("Contents/content.hpf", package),
        ]);
        let document = parse(&bytes, &Passwords::default(), &|_, _| {})
            .unwrap()
            .document;
        assert_eq!(document.title.as_deref(), Some("여비 규정"));
        assert_eq!(document.text, "첫째\n\n둘째\n\n셋째\n\n넷째");
    }

    #[test]
    fn text_is_read_without_what_is_no_part_of_it() {
        let document = read(&format!(
            "<hp:p><hp:run><hp:secPr><hp:masterPage>{hidden}</hp:masterPage></hp:secPr>\
             <hp:ctrl><hp:header><hp:subList>{hidden}</hp:subList></hp:header></hp:ctrl>\
             <hp:t>연차는 <hp:deleteBegin Id='1'/>10일<hp:deleteEnd Id='1'/><hp:insertBegin Id='2'/>15일\
             <hp:insertEnd Id='2'/><hp:deleteBegin Id='3'/>이다</hp:t>\
             <hp:ctrl><hp:fieldBegin type='MEMO'><hp:subList>{hidden}</hp:subList></hp:fieldBegin></hp:ctrl>\
             <hp:ctrl><hp:hiddenComment><hp:subList>{hidden}</hp:subList></hp:hiddenComment></hp:ctrl>\
             <hp:t>.<hp:lineBreak/>A&amp;B<hp:tab/>끝</hp:t></hp:run></hp:p>",
            hidden = p("비밀")
        ));
        assert_eq!(document.text, "연차는 15일이다. A&B 끝");
    }

    #[test]
    fn tables_notes_and_boxes_have_their_places() {
        let tc = |text: &str, [row, column, rows, columns]: [u32; 4]| {
            format!(
                "<hp:tc header='{}'><hp:subList>{}</hp:subList><hp:cellAddr colAddr='{column}' rowAddr='{row}'/>\
                 <hp:cellSpan colSpan='{columns}' rowSpan='{rows}'/></hp:tc>",
                u32::from(row == 0),
                p(text)
            )
        };
        let document = read(&format!(
            "<hp:p><hp:run><hp:tbl><hp:caption><hp:subList><hp:p><hp:run><hp:t>표 </hp:t><hp:ctrl>\
             <hp:autoNum num='2' numType='TABLE'><hp:autoNumFormat type='DIGIT' suffixChar='.'/></hp:autoNum></hp:ctrl>\
             <hp:t> 수당</hp:t></hp:run></hp:p></hp:subList></hp:caption>\
             <hp:tr>{}{}</hp:tr><hp:tr>{}{}</hp:tr><hp:tr>{}</hp:tr></hp:tbl><hp:t>본문</hp:t>\
             <hp:ctrl><hp:footNote><hp:subList>{}</hp:subList></hp:footNote></hp:ctrl>\
             <hp:rect><hp:drawText><hp:subList>{}</hp:subList></hp:drawText></hp:rect>\
             <hp:equation><hp:script>a over b</hp:script></hp:equation><hp:t>끝</hp:t></hp:run></hp:p>{}",
            tc("구분", [0, 0, 2, 1]),
            tc("금액", [0, 1, 1, 2]),
            tc("국내", [1, 1, 1, 1]),
            tc("국외", [1, 2, 1, 1]),
            tc("30달러", [2, 2, 1, 1]),
            p("각주"),
            p("글상자"),
            p("다음")
        ));
        assert_eq!(
            document.text,
            "표 2. 수당\n\n구분\t금액\t\n구분\t국내\t국외\n\t\t30달러\n\n본문 a over b 끝\n\n글상자\n\n다음\n\n각주"
        );
        let header = document
            .blocks
            .iter()
            .filter(|block| matches!(block.kind, BlockKind::Cell { header: true, .. }))
            .count();
        assert_eq!(header, 2);
    }

    #[test]
    fn a_border_around_text_is_no_table() {
        let tc = |inside: &str| format!("<hp:tc><hp:subList>{inside}</hp:subList></hp:tc>");
        let table = |rows: [&str; 2]| {
            let [first, second] = rows;
            p("").replace(
                "<hp:t></hp:t>",
                &format!("<hp:tbl><hp:tr>{first}</hp:tr><hp:tr>{second}</hp:tr></hp:tbl>"),
            )
        };
        // One column whose cells hold more than a paragraph, and a box beside an empty cell.
        let document = read(&table([
            &tc(&p("알림")),
            &tc(&(p("첫째 문단이다.") + &p("둘째 문단이다."))),
        ]));
        assert_eq!(document.text, "알림\n\n첫째 문단이다.\n\n둘째 문단이다.");
        let document = read(&table([&(tc(&p("제목")) + &tc("")), ""]));
        assert_eq!(document.blocks[0].kind, BlockKind::Paragraph);
        // A cell of data that holds a small table stays in its row.
        let small = table([&(tc(&p("ㄱ")) + &tc(&p("ㄴ"))), ""]);
        let document = read(&table([
            &(tc(&p("항목")) + &tc(&p("긴 설명이 있는 칸이다"))),
            &(tc(&p("여비")) + &tc(&(p("다음 표와 같다") + &small))),
        ]));
        assert_eq!(
            document.text,
            "항목\t긴 설명이 있는 칸이다\n여비\t다음 표와 같다 ㄱ ㄴ"
        );
    }

    #[test]
    fn headings_and_numbers_come_from_the_header() {
        let header = "<hh:head xmlns:hh='h' xmlns:hp='p'><hh:numberings><hh:numbering id='1' start='0'>\
            <hh:paraHead start='1' level='1' numFormat='DIGIT'>제^1조</hh:paraHead>\
            <hh:paraHead start='1' level='2' numFormat='HANGUL_SYLLABLE'>^2)</hh:paraHead></hh:numbering></hh:numberings>\
            <hh:bullets><hh:bullet id='1' char='-'><hh:paraHead level='1' numFormat='DIGIT'/></hh:bullet></hh:bullets>\
            <hh:paraPr id='0'><hh:heading type='NONE' idRef='0' level='0'/></hh:paraPr>\
            <hh:paraPr id='7'><hh:heading type='OUTLINE' idRef='0' level='0'/></hh:paraPr>\
            <hh:paraPr id='8'><hh:heading type='NUMBER' idRef='1' level='1'/></hh:paraPr>\
            <hh:style id='3' name='개요 4' engName='Outline 4'/></hh:head>";
        let text = section(
            "<hp:p paraPrIDRef='7'><hp:run><hp:secPr outlineShapeIDRef='1'/><hp:t>(목적)</hp:t></hp:run></hp:p>\
             <hp:p paraPrIDRef='8'><hp:run><hp:t>하나</hp:t></hp:run></hp:p>\
             <hp:p paraPrIDRef='8'><hp:run><hp:t>둘</hp:t></hp:run></hp:p>\
             <hp:p paraPrIDRef='7'><hp:run><hp:t>이 규정은 휴가를 정한다.</hp:t></hp:run></hp:p>\
             <hp:p paraPrIDRef='0' styleIDRef='3'><hp:run><hp:t>넷째 제목</hp:t></hp:run></hp:p>",
        );
        let bytes = hwpx(&[
            ("Contents/header.xml", header),
            ("Contents/section0.xml", &text),
        ]);
        let document = parse(&bytes, &Passwords::default(), &|_, _| {})
            .unwrap()
            .document;
        assert_eq!(
            document.text,
            "제1조 (목적)\n\n가) 하나\n\n나) 둘\n\n제2조 이 규정은 휴가를 정한다.\n\n넷째 제목"
        );
        let kinds: Vec<&BlockKind> = document.blocks.iter().map(|block| &block.kind).collect();
        assert_eq!(
            kinds,
            [
                &BlockKind::Heading { level: 1 },
                &BlockKind::ListItem { level: 2 },
                &BlockKind::ListItem { level: 2 },
                &BlockKind::ListItem { level: 1 },
                &BlockKind::Heading { level: 4 },
            ]
        );
    }

    #[test]
    fn of_alternatives_the_first_that_says_anything_is_read() {
        let document = read(&format!(
            "<hp:switch><hp:case>{}</hp:case><hp:default>{}</hp:default></hp:switch>\
             <hp:switch><hp:case><hp:chart/></hp:case><hp:default>{}</hp:default></hp:switch>",
            p("새것"),
            p("옛것"),
            p("그림")
        ));
        assert_eq!(document.text, "새것\n\n그림");
    }

    #[test]
    fn encryption_and_damage_are_named() {
        let manifest = "<odf:manifest xmlns:odf='m'><odf:file-entry odf:full-path='Contents/section0.xml'>\
            <odf:encryption-data/></odf:file-entry></odf:manifest>";
        let bytes = hwpx(&[
            ("META-INF/manifest.xml", manifest),
            ("Contents/section0.xml", "\u{1}\u{2}garbage"),
        ]);
        assert!(matches!(
            parse(&bytes, &Passwords::default(), &|_, _| {}),
            Err(ParseError::Encrypted { .. })
        ));
        for broken in ["\u{1}\u{2}garbage", "", "<hs:sec><hp:p></hs:sec>"] {
            let bytes = hwpx(&[("Contents/section0.xml", broken)]);
            let error = parse(&bytes, &Passwords::default(), &|_, _| {}).unwrap_err();
            assert!(
                matches!(error, ParseError::Damaged { .. }),
                "{broken}: {error}"
            );
        }
        let bytes = hwpx(&[("mimetype", "application/hwp+zip")]);
        assert!(recognizes(&bytes, ""));
        assert!(matches!(
            parse(&bytes, &Passwords::default(), &|_, _| {}),
            Err(ParseError::Damaged { .. })
        ));
        let cut = section(&p("남는 글")) + "<";
        let cut = cut.replace("</hs:sec>", "<hp:p><hp:run><hp:t>잘린");
        let bytes = hwpx(&[("Contents/section0.xml", &cut)]);
        let parsed = parse(&bytes, &Passwords::default(), &|_, _| {}).unwrap();
        assert_eq!(parsed.document.text, "남는 글\n\n잘린");
        assert_eq!(parsed.problems.len(), 1);
    }

    #[test]
    fn nesting_without_end_is_survived_and_keeps_its_text() {
        let depth = 20_000;
        let open = "<hp:p><hp:run><hp:t>층</hp:t><hp:tbl><hp:tr><hp:tc>".repeat(depth);
        let close = "</hp:tc><hp:tc></hp:tc></hp:tr></hp:tbl></hp:run></hp:p>".repeat(depth);
        let document = read(&format!("{open}{close}"));
        assert_eq!(document.text.matches('층').count(), depth);
    }

    #[test]
    fn small_markup_does_not_become_much_text() {
        let cell = "<hp:tc><hp:subList><hp:p><hp:run><hp:t>가</hp:t></hp:run></hp:p></hp:subList>\
            <hp:cellAddr rowAddr='4294967295' colAddr='4294967295'/><hp:cellSpan rowSpan='4294967295' colSpan='4294967295'/></hp:tc>";
        let document = read(&format!(
            "<hp:p><hp:run><hp:tbl><hp:tr>{}</hp:tr></hp:tbl></hp:run></hp:p>",
            cell.repeat(5_000)
        ));
        assert_eq!(document.text.matches('가').count(), 5_000);
        assert!(document.text.len() < 1 << 20, "{}", document.text.len());
    }
}
