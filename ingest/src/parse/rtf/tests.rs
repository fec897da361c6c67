use super::*;
use crate::parse::soon::soon;
use crate::{BlockKind, Document};

fn read_whole(rtf: &[u8]) -> Parsed {
    assert!(recognizes(rtf, "a.rtf"));
    parse(rtf, &|_, _| {}).unwrap()
}

fn document(body: &str) -> Document {
    let rtf = format!(r"{{\rtf1\ansi\ansicpg949\deff0{body}}}");
    let parsed = read_whole(rtf.as_bytes());
    assert_eq!(parsed.problems, []);
    parsed.document
}

#[track_caller]
fn check(body: &str, text: &str) {
    assert_eq!(document(body).text, text);
}

#[test]
fn bytes_are_read_in_the_encoding_of_their_font() {
    check(
        r"{\fonttbl{\f0\fcharset129 \'b1\'bc\'b8\'b2;}{\f1\fcharset0 Arial;}{\f2\fcharset204 Arial;}}\f0 \'bf\'ac\'c2\'f7\'b4\'c2 {\f1 15}\'c0\'cf\'c0\'cc\'b4\'d9.\par\f1 Caf\'e9\par\f2 \'c4\'e0",
        "연차는 15일이다.\n\nCafé\n\nДа",
    );
    // No table of fonts, a font that says ANSI, a second byte that is a letter, raw bytes.
    check(r"\'b0\'a1\'b3\'aa", "가나");
    check(r"{\fonttbl{\f0\fcharset0 A;}}\'b0\'a1", "가");
    check(r"\'8cc\'b9\'e6\'b0\'a2\'c7\'cf", "똠방각하");
    let raw = [
        br"{\rtf1\ansi\ansicpg949 ".as_slice(),
        &[0xBF, 0xAC, 0xC2, 0xF7],
        b"}",
    ]
    .concat();
    assert_eq!(read_whole(&raw).document.text, "연차");
}

#[test]
fn numbers_of_unicode_stand_for_what_follows_them() {
    check(
        r"\uc2\u-21504\'b0\'a1\u45796?? \uc1\u-10179?\u-8704?\uc0\u44032 x",
        "가다 😀가x",
    );
    check(r"{\uc0 {\u44032}}\u44032?나", "가가나");
    check(r"a\u8212\'97b", "a—b");
}

#[test]
fn headings_come_from_styles_and_outlines() {
    let document = document(
        r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2\sbasedon1 My Own;}{\s3 \'c1\'a6\'b8\'f1 2;}{\*\cs4 heading 9;}}\pard\s1 One\par\pard\s2 Two\par\pard\s3 Three\par\pard\outlinelevel3 Four\par\pard Text",
    );
    let levels: Vec<Option<u8>> = document
        .blocks
        .iter()
        .map(|block| match block.kind {
            BlockKind::Heading { level } => Some(level),
            _ => None,
        })
        .collect();
    assert_eq!(levels, [Some(1), Some(1), Some(2), Some(4), None]);
}

#[test]
fn lists_keep_their_numbers() {
    let document = document(
        r"{\fonttbl{\f3\fcharset2 Symbol;}}\pard\ls1{\listtext 1.\tab}One\par\pard\ls1\ilvl1{\listtext\f3\'b7\tab}Two\par\pard{\pntext (3)\tab}Three\par",
    );
    assert_eq!(document.text, "1. One\n\nTwo\n\n(3) Three");
    assert_eq!(document.blocks[1].kind, BlockKind::ListItem { level: 2 });
}

#[test]
fn what_is_not_shown_is_not_read() {
    check(
        r"{\info{\author Kim}{\title \'bf\'ac\'c2\'f7}}{\header Head}{\*\unknown{no}}{\pict\bin5 }{}\}abcdef}A{\deleted B}{\v C}\v D\v0 E{\*\annotation F}{\field{\*\fldinst HYPERLINK x}{\fldrslt G}}{\xe H}\plain",
        "AEG",
    );
    let title = document(r"{\info{\title \'bf\'ac\'c2\'f7}}x").title;
    assert_eq!(title.as_deref(), Some("연차"));
}

#[test]
fn notes_stand_after_the_text_and_boxes_in_it() {
    check(
        r"One{\footnote\pard Note.\par} two.\par{\shp{\*\shpinst\shpleft1{\sp{\sn a}{\sv b}}{\shptxt\pard In a box.\par}}{\shprslt old}}Three.",
        "One two.\n\nIn a box.\n\nThree.\n\nNote.",
    );
}

#[test]
fn tables_are_rows_of_cells() {
    let document = document(
        r"\trowd\trhdr\cellx1000\cellx2000\pard\intbl \'c7\'b0\'b8\'f1\cell \'b4\'dc\'b0\'a1\cell\row\trowd\cellx1000\cellx2000\pard\intbl A\cell 35,000\cell\row\pard After",
    );
    assert_eq!(document.text, "품목\t단가\nA\t35,000\n\nAfter");
    assert!(matches!(
        document.blocks[0].kind,
        BlockKind::Cell { header: true, .. }
    ));
}

#[test]
fn merged_cells_reach_over_columns_and_rows() {
    // Side by side: by marks, and by an edge that lies further right.
    check(
        r"\trowd\clmgf\cellx1000\clmrg\cellx2000\cellx3000\pard\intbl A\cell\cell B\cell\row\trowd\cellx2010\cellx3000\intbl C\cell D\cell\row\trowd\cellx1000\cellx2000\cellx3000\intbl E\cell F\cell G\cell\row",
        "A\t\tB\nC\t\tD\nE\tF\tG",
    );
    check(
        r"\trowd\clvmgf\cellx1000\cellx2000\pard\intbl A\cell 1\cell\row\trowd\clvmrg\cellx1000\cellx2000\intbl\cell 2\cell\row",
        "A\t1\nA\t2",
    );
}

#[test]
fn a_table_in_a_cell_is_read_with_it() {
    check(
        r"\trowd\cellx1000\cellx2000\pard\intbl\itap2 a\nestcell b\nestcell{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}{\nonesttables\par}\pard\intbl\itap1 Left\cell Right\cell\trowd\cellx1000\cellx2000\row\pard",
        "a\tb\n\nLeft\n\nRight",
    );
}

#[test]
fn html_is_taken_out_of_what_wraps_it() {
    let rtf = read(
        br"{\rtf1\ansi\ansicpg949\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\f1 \htmlrtf0 \'b0\'a1 &amp; {\*\htmltag84 <b>}b{\*\htmltag92 </b>}\htmlrtf }\par\htmlrtf0{\*\htmltag72 </p>}{\*\mhtmltag64 <no>}}",
    );
    assert_eq!(rtf.html.as_deref(), Some("<p>가 &amp; <b>b</b></p>"));
    assert!(rtf.items.is_empty());
}

#[test]
fn a_missing_end_is_said_and_what_is_there_is_read() {
    let parsed = read_whole(br"{\rtf1 One\par {\b Two");
    assert_eq!(parsed.document.text, "One\n\nTwo");
    assert_eq!(parsed.problems[0].message, "its end is missing");
    for broken in [
        r"{\rtf1 \'",
        r"{\rtf1 \'b",
        r"{\rtf1 \u",
        r"{\rtf1 \bin99999999999 x",
        r"{\rtf1}}}}",
        r"{\rtf1 \row\cell\nestrow\nestcell\cellx\clvmrg\cell\row",
    ] {
        read_whole(broken.as_bytes());
    }
}

#[test]
fn deep_nesting_and_long_rows_cost_little() {
    soon(|| {
        let deep = format!(r"{{\rtf1 {}x{}}}", "{".repeat(500_000), "}".repeat(500_000));
        assert_eq!(read_whole(deep.as_bytes()).document.text, "x");
        let notes = format!(r"{{\rtf1 {}x", r"{\footnote ".repeat(50_000));
        assert_eq!(read_whole(notes.as_bytes()).document.text, "x");
        let nested = (0..5_000).fold(String::new(), |nested, depth| {
            nested + &format!(r"\pard\intbl\itap{depth} x\par")
        });
        read_whole(format!(r"{{\rtf1 {nested}").as_bytes());
        let row = (0..50_000).fold(String::new(), |row, at| {
            row + &format!(r"\cellx{}", at * 100)
        });
        let rows = format!(r"\trowd{row}\pard\intbl x\cell\row").repeat(10);
        read_whole(format!(r"{{\rtf1 {rows}}}").as_bytes());
        let fonts = (0..200_000).fold(String::new(), |fonts, font| {
            fonts + &format!(r"{{\f{font}\fcharset129 a;}}")
        });
        read_whole(format!(r"{{\rtf1{{\fonttbl{fonts}}}x}}").as_bytes());
    });
}

#[test]
fn who_wrote_it_and_when_is_read() {
    let info = |info: &str| {
        let document = document(&format!(r"{{\info{info}}}\pard text\par"));
        assert_eq!(document.text, "text");
        document.properties
    };
    assert_eq!(
        info(
            r"{\title a}{\author \'b1\'e8\'b9\'ce\'be\'c6}{\operator Lee}{\creatim\yr2026\mo3\dy31\hr23\min59}{\revtim\yr2026\mo4\dy1}{\printim\yr2020\mo1\dy1}"
        ),
        Properties::said(["김민아"], "2026-03-31", "2026-04-01")
    );
    assert_eq!(
        info(
            r"{\author \uc0\u8238 Kim\u0 {\b Minah}}{\creatim\yr-2026\mo3\dy31}{\revtim\yr2026\mo2\dy30}"
        ),
        Properties::said(["KimMinah"], "", "")
    );
    let long = info(&format!(r"{{\author {}}}", "Kim ".repeat(100_000)));
    assert!(long.author.unwrap().chars().count() <= 200);
    // Words of text, where there is no such information.
    assert!(
        document(r"\pard\yr2026\mo3\dy31 text")
            .properties
            .is_empty()
    );
}
