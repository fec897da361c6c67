//! Files that are made here, read.

use lopdf::{Stream, dictionary};

use super::*;
use crate::{BlockKind, Document};

mod hostile;
mod parts;

/// A file with these pages, each a rotation and its content, in Helvetica.
fn file(pages: &[(i64, &str)]) -> Vec<u8> {
    let mut pdf = Pdf::with_version("1.5");
    let parent = pdf.new_object_id();
    let font = pdf.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    });
    let form = pdf.add_object(Stream::new(
        dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 600.into(), 800.into()],
            "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
        },
        b"BT /F1 10 Tf 50 300 Td (Inside a form.) Tj ET".to_vec(),
    ));
    let kids: Vec<Object> = pages
        .iter()
        .map(|(turn, content)| {
            let content = pdf.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
            pdf.add_object(dictionary! {
                "Type" => "Page", "Parent" => parent, "Contents" => content, "Rotate" => *turn,
                "Resources" => dictionary! {
                    "Font" => dictionary! { "F1" => font }, "XObject" => dictionary! { "X1" => form },
                },
            })
            .into()
        })
        .collect();
    pdf.objects.insert(
        parent,
        Object::Dictionary(dictionary! {
            "Type" => "Pages", "Count" => i64::try_from(kids.len()).unwrap(), "Kids" => kids,
            "MediaBox" => vec![0.into(), 0.into(), 600.into(), 800.into()],
        }),
    );
    let catalog = pdf.add_object(dictionary! { "Type" => "Catalog", "Pages" => parent });
    pdf.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    pdf.save_to(&mut bytes).unwrap();
    bytes
}

fn read(pages: &[(i64, &str)]) -> (Document, Vec<Problem>) {
    let parsed = parse(&file(pages), &Passwords::default(), &|_, _| {}).unwrap();
    (parsed.document, parsed.problems)
}

#[test]
fn lines_of_a_paragraph_join_and_words_have_places() {
    let (document, problems) = read(&[(
        0,
        "BT /F1 10 Tf 14 TL 50 700 Td (Annual leave is fifteen days in a full year of continu-) Tj T* \
         (ous work and is paid as a whole.) Tj ET BT /F1 10 Tf 50 600 Td [(Sec) 20 (ond) -400 (para)] TJ ET",
    )]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        document.text,
        "Annual leave is fifteen days in a full year of continuous work and is paid as a whole.\n\nSecond para"
    );
    let word = &document.pages[0].words[0];
    assert_eq!(&document.text[word.span.clone()], "Annual");
    assert!((word.rect.x0 - 50.0).abs() < 0.1, "{:?}", word.rect);
    assert!(
        word.rect.y0 > 88.0 && word.rect.y1 < 104.0,
        "{:?}",
        word.rect
    );
    assert!(
        word.rect.x1 > 75.0 && word.rect.x1 < 90.0,
        "{:?}",
        word.rect
    );
}

#[test]
fn a_turned_page_and_a_form_are_read() {
    let (document, _) = read(&[(
        90,
        "BT /F1 10 Tf 0 1 -1 0 300 100 Tm (Turned page.) Tj ET BT 1 0 0 1 0 0 Tm ET q 0 1 -1 0 500 0 cm /X1 Do Q",
    )]);
    assert!(document.text.contains("Turned page."), "{}", document.text);
    assert!(
        document.text.contains("Inside a form."),
        "{}",
        document.text
    );
    assert!((document.pages[0].width - 800.0).abs() < 0.1);
    let word = document.pages[0]
        .words
        .iter()
        .find(|word| &document.text[word.span.clone()] == "Turned")
        .unwrap();
    assert!(
        (word.rect.x0 - 100.0).abs() < 0.1 && word.rect.y0 > 288.0 && word.rect.y1 < 304.0,
        "{:?}",
        word.rect
    );
}

#[test]
fn ruled_cells_are_a_table() {
    let (document, _) = read(&[(
        0,
        "0.5 w 50 700 m 250 700 l S 50 680 m 250 680 l S 50 660 m 250 660 l S 50 660 m 50 700 l S \
         150 660 m 150 700 l S 250 660 m 250 700 l S BT /F1 10 Tf 55 686 Td (Code) Tj 100 0 Td (Price) Tj \
         -100 -20 Td (PPR-9087) Tj 100 0 Td (418,000) Tj ET",
    )]);
    assert_eq!(document.text, "Code\tPrice\nPPR-9087\t418,000");
    assert!(matches!(
        document.blocks[0].kind,
        BlockKind::Cell { header: true, .. }
    ));
    assert!(matches!(
        document.blocks[3].kind,
        BlockKind::Cell {
            row: 1,
            column: 1,
            header: false,
            ..
        }
    ));
}

#[test]
fn what_repeats_on_every_page_stays_once_and_page_numbers_go() {
    let page = |number: u32| {
        format!(
            "BT /F1 8 Tf 50 780 Td (Company rules) Tj ET BT /F1 10 Tf 50 600 Td (Text number {number} stands here alone.) Tj ET \
             BT /F1 8 Tf 300 20 Td ({number} / 3) Tj ET"
        )
    };
    let pages = [page(1), page(2), page(3)];
    let pages: Vec<(i64, &str)> = pages.iter().map(|page| (0, page.as_str())).collect();
    let (document, _) = read(&pages);
    assert!(
        document.text.starts_with("Company rules")
            && document.text.matches("Company").count() == 1
            && !document.text.contains("/ 3"),
        "{}",
        document.text
    );
    assert_eq!(document.pages.len(), 3);
}

#[test]
fn pages_that_say_nothing_but_a_title_keep_it() {
    let pages =
        ["0", "1", "2", "3"].map(|number| format!("BT /F1 12 Tf 50 780 Td (Slide {number}) Tj ET"));
    let pages: Vec<(i64, &str)> = pages.iter().map(|page| (0, page.as_str())).collect();
    let (document, problems) = read(&pages);
    assert_eq!(document.text, "Slide 0\n\nSlide 1\n\nSlide 2\n\nSlide 3");
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn a_page_without_text_is_told_and_damage_refused() {
    let (_, problems) = read(&[
        (0, "BT /F1 10 Tf 50 700 Td (Text.) Tj ET"),
        (0, "0 0 10 10 re f"),
    ]);
    assert_eq!(problems[0].message, "page 2 has no text layer");
    assert!(matches!(
        parse(b"%PDF-1.7 nothing", &Passwords::default(), &|_, _| {}),
        Err(ParseError::Damaged { .. })
    ));
}

#[test]
fn two_columns_are_read_one_after_the_other() {
    let mut content = String::new();
    for (x, name) in [(50, "left"), (330, "right")] {
        for line in 0..5 {
            use std::fmt::Write as _;
            let y = 700 - line * 14;
            write!(
                content,
                "BT /F1 10 Tf {x} {y} Td (the {name} column goes on in line {line}) Tj ET "
            )
            .unwrap();
        }
    }
    let (document, _) = read(&[(0, &content)]);
    let right = document.text.find("right").unwrap();
    assert!(
        document.text.rfind("left").unwrap() < right,
        "{}",
        document.text
    );
}

/// What a file says with this dictionary of information and this metadata.
fn said(info: lopdf::Dictionary, metadata: Option<&str>) -> crate::Properties {
    let bytes = file(&[(0, "BT /F1 10 Tf 50 700 Td (Text.) Tj ET")]);
    let mut pdf = Pdf::load_mem(&bytes).unwrap();
    let info = pdf.add_object(info);
    pdf.trailer.set("Info", info);
    if let Some(metadata) = metadata {
        let stream = Stream::new(
            dictionary! { "Type" => "Metadata" },
            metadata.as_bytes().to_vec(),
        );
        let stream = pdf.add_object(stream);
        pdf.catalog_mut().unwrap().set("Metadata", stream);
    }
    let mut bytes = Vec::new();
    pdf.save_to(&mut bytes).unwrap();
    parse(&bytes, &Passwords::default(), &|_, _| {})
        .unwrap()
        .document
        .properties
}

fn string(bytes: &[u8]) -> Object {
    Object::String(bytes.to_vec(), lopdf::StringFormat::Literal)
}

#[test]
fn who_wrote_it_and_when_is_read() {
    let name = "김민아";
    let utf_16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(name.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    let euc_kr = encoding_rs::EUC_KR.encode(name).0.into_owned();
    for bytes in [utf_16, euc_kr, name.as_bytes().to_vec()] {
        let info = dictionary! {
            "Author" => string(&bytes), "CreationDate" => string(b"D:20260331235959+09'00'"), "ModDate" => string(b"D:20260401"),
        };
        assert_eq!(
            said(info, None),
            crate::Properties::said([name], "2026-03-31", "2026-04-01")
        );
    }
    let info = dictionary! { "Author" => string(b"J\xFCrgen M\xE9ndez"), "CreationDate" => string(b"D:191040101"), "ModDate" => 7 };
    assert_eq!(
        said(info, None),
        crate::Properties::said(["Jürgen Méndez"], "", "")
    );
}

#[test]
fn metadata_says_what_the_information_does_not() {
    let elements = "<?xpacket begin='' id='W5M0'?><x:xmpmeta><rdf:RDF><rdf:Description xmp:CreateDate='2020-01-01'>\
        <dc:creator><rdf:Seq><rdf:li>김민아</rdf:li><rdf:li>Lee &amp; Co</rdf:li></rdf:Seq></dc:creator>\
        <dc:subject><rdf:Bag><rdf:li>휴가</rdf:li></rdf:Bag></dc:subject><xmp:CreatorTool>Word</xmp:CreatorTool>\
        <xmp:ModifyDate>2026-04-01T09:00:00+09:00</xmp:ModifyDate></rdf:Description></rdf:RDF></x:xmpmeta>";
    let info = dictionary! { "CreationDate" => string(b"D:20260331"), "Author" => string(b"Administrator") };
    assert_eq!(
        said(info.clone(), Some(elements)),
        crate::Properties::said(["김민아, Lee & Co"], "2026-03-31", "2026-04-01")
    );
    let none = crate::Properties::said([""], "2026-03-31", "");
    for hostile in [
        "<rdf:li>".repeat(100_000),
        format!("<dc:creator>{}", "<rdf:li>".repeat(100_000)),
        format!(
            "<!ENTITY a 'b'><dc:creator>{}</dc:creator>",
            "&a;".repeat(10_000)
        ),
        format!("<dc:creator>Kim</dc:creator>{}", " ".repeat(2 << 20)),
    ] {
        assert_eq!(said(info.clone(), Some(&hostile)), none);
    }
}
