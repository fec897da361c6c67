//! Every file here is built by its test, record by record.

use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::records::tag;
use super::*;
use crate::{BlockKind, Document};

/// What `BodyText` says in a document for distribution.
const DECOY: &str =
    "이 문서는 상위 버전의 배포용 문서입니다. 문서를 읽으려면 최신 버전을 사용하세요.";

fn record(tag: u32, level: u32, data: &[u8]) -> Vec<u8> {
    let size = u32::try_from(data.len()).unwrap();
    let mut bytes = if size < 0xFFF {
        (tag | level << 10 | size << 20).to_le_bytes().to_vec()
    } else {
        let mut bytes = (tag | level << 10 | 0xFFF << 20).to_le_bytes().to_vec();
        bytes.extend(size.to_le_bytes());
        bytes
    };
    bytes.extend(data);
    bytes
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn string(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.encode_utf16().count()).unwrap();
    [length.to_le_bytes().to_vec(), utf_16(text)].concat()
}

fn id(name: [u8; 4]) -> Vec<u8> {
    u32::from_be_bytes(name).to_le_bytes().to_vec()
}

/// The character in the text that stands for a control.
fn mark(code: u16, name: [u8; 4]) -> Vec<u8> {
    let mut bytes = code.to_le_bytes().to_vec();
    bytes.extend(id(name));
    bytes.extend([0; 8]);
    bytes.extend(code.to_le_bytes());
    bytes
}

fn control(name: [u8; 4], level: u32, data: &[u8]) -> Vec<u8> {
    record(tag::CTRL_HEADER, level, &[&id(name), data].concat())
}

/// A paragraph of a shape, with units of text.
fn shaped(level: u32, shape: u16, style: u8, units: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 8];
    header.extend(shape.to_le_bytes());
    header.extend([style, 0]);
    header.extend([0; 12]);
    let text = [units, &[13, 0]].concat();
    [
        record(tag::PARA_HEADER, level, &header),
        record(tag::PARA_TEXT, level + 1, &text),
    ]
    .concat()
}

fn paragraph(level: u32, text: &str) -> Vec<u8> {
    shaped(level, 0, 0, &utf_16(text))
}

fn cell(level: u32, [column, row, columns, rows]: [u16; 4], inside: &[u8]) -> Vec<u8> {
    let mut data = vec![0; 8];
    for number in [column, row, columns, rows] {
        data.extend(number.to_le_bytes());
    }
    [record(tag::LIST_HEADER, level, &data), inside.to_vec()].concat()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn file(properties: u32, streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    let mut header = b"HWP Document File".to_vec();
    header.resize(32, 0);
    header.extend([0, 0, 0, 5]);
    header.extend(properties.to_le_bytes());
    header.resize(256, 0);
    for (name, bytes) in [("FileHeader", &header[..])].iter().chain(streams) {
        if let Some((folder, _)) = name.split_once('/')
            && !file.exists(format!("/{folder}"))
        {
            file.create_storage(format!("/{folder}")).unwrap();
        }
        let mut stream = file.create_stream(format!("/{name}")).unwrap();
        stream.write_all(bytes).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn read(section: &[u8]) -> Document {
    let bytes = file(0, &[("BodyText/Section0", section)]);
    assert!(recognizes(&bytes, "a.hwp"));
    let parsed = parse(&bytes, &|_, _| {}).unwrap();
    assert_eq!(parsed.problems, []);
    parsed.document
}

#[test]
fn text_is_read_around_its_controls() {
    let units = [
        utf_16("연차는"),
        mark(9, *b"\0\0\0\0"),
        utf_16("15일"),
        mark(3, *b"%hlk"),
        utf_16("이다"),
        mark(4, *b"%hlk"),
        vec![10, 0],
        utf_16("A"),
        vec![24, 0],
        utf_16("B 😀."),
    ]
    .concat();
    let document = read(
        &[
            shaped(0, 0, 0, &units),
            control(*b"%hlk", 1, &string("http://숨은.주소")),
        ]
        .concat(),
    );
    assert_eq!(document.text, "연차는 15일이다 A-B 😀.");
}

#[test]
fn notes_come_last_and_headers_and_comments_not_at_all() {
    let note = |text: &str| {
        let number = [vec![1, 0, 0, 0, 1, 0, 0, 0, 0, 0], vec![b')', 0]].concat();
        [
            record(tag::LIST_HEADER, 2, &[0; 16]),
            shaped(2, 0, 0, &[mark(18, *b"atno"), utf_16(text)].concat()),
            control(*b"atno", 3, &number),
        ]
        .concat()
    };
    let units = [
        mark(16, *b"head"),
        utf_16("본문"),
        mark(17, *b"en  "),
        mark(17, *b"fn  "),
        mark(15, *b"tcmt"),
        utf_16(" 끝"),
    ]
    .concat();
    let document = read(
        &[
            shaped(0, 0, 0, &units),
            control(*b"head", 1, &[0; 8]),
            note(" 머리말"),
            control(*b"en  ", 1, &[0; 8]),
            note(" 미주"),
            control(*b"fn  ", 1, &[0; 8]),
            note(" 각주"),
            control(*b"tcmt", 1, &[]),
            note(" 숨은 설명"),
            paragraph(0, "다음"),
        ]
        .concat(),
    );
    assert_eq!(document.text, "본문 끝\n\n다음\n\n1) 각주\n\n1) 미주");
}

#[test]
fn tables_have_rows_columns_and_merged_cells() {
    let table = [
        control(*b"tbl ", 1, &[0; 42]),
        record(tag::LIST_HEADER, 2, &[0; 16]),
        paragraph(2, "표 1. 수당"),
        record(tag::TABLE, 2, &[0; 20]),
        cell(2, [0, 0, 1, 2], &paragraph(2, "구분")),
        cell(2, [1, 0, 2, 1], &paragraph(2, "금액")),
        cell(2, [1, 1, 1, 1], &paragraph(2, "국내")),
        cell(2, [2, 1, 1, 1], &paragraph(2, "국외")),
        cell(
            2,
            [0, 2, 1, 1],
            &[paragraph(2, "일비"), paragraph(2, "(1일)")].concat(),
        ),
        cell(2, [2, 2, 1, 1], &paragraph(2, "30달러")),
    ]
    .concat();
    let document = read(
        &[
            shaped(
                0,
                0,
                0,
                &[utf_16("앞 "), mark(11, *b"tbl "), utf_16("글")].concat(),
            ),
            table,
        ]
        .concat(),
    );
    assert_eq!(
        document.text,
        "앞 글\n\n표 1. 수당\n\n구분\t금액\t\n구분\t국내\t국외\n일비 (1일)\t\t30달러"
    );
    assert_eq!(
        document.blocks.last().unwrap().kind,
        BlockKind::Cell {
            table: 0,
            row: 2,
            column: 2,
            header: false
        }
    );
}

#[test]
fn a_table_in_a_frame_stays_a_table_and_text_boxes_are_read() {
    let inner = [
        shaped(2, 0, 0, &mark(11, *b"tbl ")),
        control(*b"tbl ", 3, &[0; 42]),
        record(tag::TABLE, 4, &[0; 20]),
        cell(4, [0, 0, 1, 1], &paragraph(4, "이름")),
        cell(4, [1, 0, 1, 1], &paragraph(4, "나이")),
    ]
    .concat();
    let document = read(
        &[
            shaped(0, 0, 0, &[mark(11, *b"tbl "), mark(11, *b"gso ")].concat()),
            control(*b"tbl ", 1, &[0; 42]),
            record(tag::TABLE, 2, &[0; 20]),
            cell(2, [0, 0, 1, 1], &[paragraph(2, "틀"), inner].concat()),
            control(*b"gso ", 1, &[0; 42]),
            record(tag::LIST_HEADER, 2, &[0; 16]),
            paragraph(2, "그림 1. 캡션"),
            record(0x4C, 2, &[0; 8]),
            record(tag::LIST_HEADER, 3, &[0; 16]),
            paragraph(3, "글상자"),
            paragraph(0, "뒤"),
        ]
        .concat(),
    );
    assert_eq!(
        document.text,
        "틀\n\n이름\t나이\n\n그림 1. 캡션\n\n글상자\n\n뒤"
    );
}

#[test]
fn equations_letters_over_letters_and_forms_are_text() {
    let form =
        "CommonSet:set:9:Name:wstring:2:단추 ButtonSet:set:9:Caption:wstring:5:확인 단추 X:int:1";
    let units = [
        mark(11, *b"eqed"),
        mark(23, *b"tcps"),
        mark(23, *b"tdut"),
        mark(11, *b"form"),
    ]
    .concat();
    let equation = [vec![0; 4], string("x over 2"), vec![0; 4]].concat();
    let document = read(
        &[
            shaped(0, 0, 0, &units),
            control(*b"eqed", 1, &[0; 42]),
            record(tag::EQUATION, 2, &equation),
            control(*b"tcps", 1, &[string("\u{25EF}7"), vec![1]].concat()),
            control(*b"tdut", 1, &[string("大韓"), string("대한")].concat()),
            control(*b"form", 1, &[0; 42]),
            record(tag::FORM, 2, &[vec![0; 12], string(form)].concat()),
        ]
        .concat(),
    );
    assert_eq!(document.text, "x over 2 7大韓(대한) 확인 단추");
}

#[test]
fn text_that_was_deleted_is_left_out_and_inserted_text_stays() {
    let range =
        |start: u32, end: u32, kind: u32| [start, end, kind << 24].map(u32::to_le_bytes).concat();
    let ranges = [range(4, 7, 17), range(7, 10, 16), range(0, 1, 2)].concat();
    let document = read(
        &[
            paragraph(0, "연차는 10일15일이다"),
            record(tag::PARA_RANGE_TAG, 1, &ranges),
        ]
        .concat(),
    );
    assert_eq!(document.text, "연차는 15일이다");
}

#[test]
fn headings_and_numbers_come_from_the_styles() {
    let shape = |head: u32, level: u32, numbering: u16| {
        let mut data = (head << 23 | level << 25).to_le_bytes().to_vec();
        data.extend([0; 26]);
        data.extend(numbering.to_le_bytes());
        data.resize(54, 0);
        record(tag::PARA_SHAPE, 1, &data)
    };
    let level = |format: u32, text: &str| {
        [
            (format << 5).to_le_bytes().to_vec(),
            vec![0; 8],
            string(text),
        ]
        .concat()
    };
    let mut numbering: Vec<u8> = [level(0, "제^1장"), level(8, "^2.")].concat();
    for _ in 0..5 {
        numbering.extend(level(0, ""));
    }
    numbering.extend([1, 0]);
    for start in [3_u32, 1, 1, 1, 1, 1, 1] {
        numbering.extend(start.to_le_bytes());
    }
    let style = |name: &str, english: &str| {
        record(tag::STYLE, 1, &[string(name), string(english)].concat())
    };
    let styles = [
        record(tag::NUMBERING, 1, &numbering),
        shape(0, 0, 0),
        shape(1, 0, 0),
        shape(1, 1, 0),
        shape(2, 1, 1),
        shape(3, 0, 1),
        style("바탕글", "Normal"),
        style("개요 2", "Outline 2"),
    ]
    .concat();
    let mut outline = vec![0; 14];
    outline.extend([1, 0]);
    let section = [
        shaped(0, 1, 0, &[mark(2, *b"secd"), utf_16("총칙")].concat()),
        control(*b"secd", 1, &outline),
        shaped(0, 2, 0, &utf_16("목적")),
        shaped(0, 3, 0, &utf_16("첫째")),
        shaped(0, 4, 0, &utf_16("점")),
        shaped(0, 0, 1, &utf_16("이름으로 된 개요")),
    ]
    .concat();
    let bytes = file(
        1,
        &[
            ("DocInfo", &deflate(&styles)),
            ("BodyText/Section0", &deflate(&section)),
        ],
    );
    let document = parse(&bytes, &|_, _| {}).unwrap().document;
    assert_eq!(
        document.text,
        "제3장 총칙\n\n가. 목적\n\n나. 첫째\n\n점\n\n이름으로 된 개요"
    );
    let kinds: Vec<&BlockKind> = document.blocks.iter().map(|block| &block.kind).collect();
    assert_eq!(
        kinds,
        [
            &BlockKind::Heading { level: 1 },
            &BlockKind::Heading { level: 2 },
            &BlockKind::ListItem { level: 2 },
            &BlockKind::ListItem { level: 1 },
            &BlockKind::Heading { level: 2 },
        ]
    );
}

#[test]
fn a_document_for_distribution_is_decrypted_and_its_decoy_is_not_read() {
    let section = deflate(&paragraph(0, "배포용 문서의 진짜 본문"));
    let decoy = deflate(&paragraph(0, DECOY));
    for seed in [7, 0xCAFE_F00D] {
        let view = distribution::tests::encrypt(&section, seed);
        let bytes = file(
            0b101,
            &[("BodyText/Section0", &decoy), ("ViewText/Section0", &view)],
        );
        let parsed = parse(&bytes, &|_, _| {}).unwrap();
        assert_eq!(parsed.document.text, "배포용 문서의 진짜 본문");
        assert_eq!(parsed.problems, []);
    }
    for streams in [
        &[("BodyText/Section0", &decoy[..])][..],
        &[
            ("BodyText/Section0", &decoy),
            ("ViewText/Section0", &section),
        ],
    ] {
        let error = parse(&file(0b101, streams), &|_, _| {}).unwrap_err();
        assert!(matches!(error, ParseError::Damaged { .. }), "{error}");
    }
}

#[test]
fn passwords_and_rights_management_are_named() {
    for (properties, word) in [
        (1 << 1, "password"),
        (1 << 4, "DRM"),
        (1 << 8, "certificate"),
    ] {
        let bytes = file(properties, &[("BodyText/Section0", b"garbage")]);
        let error = parse(&bytes, &|_, _| {}).unwrap_err();
        assert!(
            matches!(&error, ParseError::Encrypted { reason } if reason.contains(word)),
            "{error}"
        );
    }
}

#[test]
fn sections_are_read_in_order_and_the_title_comes_from_the_summary() {
    let sections: Vec<(String, Vec<u8>)> = (0..12)
        .map(|number| {
            (
                format!("BodyText/Section{number}"),
                paragraph(0, &format!("{number}")),
            )
        })
        .collect();
    let mut streams: Vec<(&str, &[u8])> = sections
        .iter()
        .map(|(name, bytes)| (&**name, &**bytes))
        .collect();
    let mut summary = vec![0; 44];
    summary.extend(48_u32.to_le_bytes());
    let title = utf_16("여비 규정\0");
    // Size, count, then the id and the place of the title, its kind and its length.
    for number in [0, 1, 2, 16, 0x1F, 6] {
        summary.extend(u32::to_le_bytes(number));
    }
    summary.extend(title);
    streams.push(("\u{5}HwpSummaryInformation", &summary));
    let document = parse(&file(0, &streams), &|_, _| {}).unwrap().document;
    assert_eq!(document.title.as_deref(), Some("여비 규정"));
    let numbers: Vec<String> = (0..12).map(|number| number.to_string()).collect();
    assert_eq!(document.text, numbers.join("\n\n"));
}

#[test]
fn damage_costs_only_what_it_hits() {
    let section = [paragraph(0, "남는 글"), paragraph(0, "잘리는 글")].concat();
    let cut = &section[..section.len() - 4];
    let parsed = parse(&file(0, &[("BodyText/Section0", cut)]), &|_, _| {}).unwrap();
    assert_eq!(parsed.document.text, "남는 글\n\n잘리는");
    assert!(
        parsed.problems[0].message.contains("Section0"),
        "{:?}",
        parsed.problems
    );

    // The second section is no deflated stream.
    let streams: [(&str, &[u8]); 3] = [
        ("DocInfo", &[0xFF; 40]),
        ("BodyText/Section0", &deflate(&paragraph(0, "첫째"))),
        ("BodyText/Section1", &[0xFF; 40]),
    ];
    let parsed = parse(&file(1, &streams), &|_, _| {}).unwrap();
    assert_eq!(parsed.document.text, "첫째");
    assert_eq!(parsed.problems.len(), 2, "{:?}", parsed.problems);

    let only: [(&str, &[u8]); 1] = [("BodyText/Section0", &[0xFF; 40])];
    let error = parse(&file(1, &only), &|_, _| {}).unwrap_err();
    assert!(matches!(error, ParseError::Damaged { .. }), "{error}");
    let error = parse(&file(0, &[]), &|_, _| {}).unwrap_err();
    assert!(matches!(error, ParseError::Damaged { .. }), "{error}");
    let whole = file(0, &[("BodyText/Section0", &section)]);
    for end in (0..whole.len()).step_by(97) {
        let _ = parse(&whole[..end], &|_, _| {});
    }
}

#[test]
fn records_that_lie_or_nest_without_end_are_survived() {
    // A record that says it has 4 GB.
    let mut lying = paragraph(0, "글");
    lying.extend((tag::PARA_TEXT | 1 << 10 | 0xFFF << 20).to_le_bytes());
    lying.extend(u32::MAX.to_le_bytes());
    let parsed = parse(&file(0, &[("BodyText/Section0", &lying)]), &|_, _| {}).unwrap();
    assert_eq!(parsed.document.text, "글");
    assert_eq!(parsed.problems.len(), 1);

    // Tables in tables, as deep as levels go.
    let mut deep = Vec::new();
    for level in (0..1000).step_by(2) {
        let units = [mark(11, *b"tbl "), utf_16("층")].concat();
        deep.extend(shaped(level, 0, 0, &units));
        deep.extend(control(*b"tbl ", level + 1, &[0; 42]));
        deep.extend(record(tag::TABLE, level + 2, &[0; 20]));
        deep.extend(cell(level + 2, [0, 0, u16::MAX, u16::MAX], &[]));
    }
    let document = read(&deep);
    assert_eq!(document.text.matches('층').count(), 500);

    // Controls that no character stands for, and cells far away.
    let mut odd = paragraph(0, "글");
    for _ in 0..1000 {
        odd.extend(control(*b"tbl ", 1, &[0; 42]));
        odd.extend(record(tag::TABLE, 2, &[]));
        odd.extend(cell(
            2,
            [u16::MAX, u16::MAX, u16::MAX, u16::MAX],
            &paragraph(2, "가"),
        ));
        odd.extend(cell(2, [u16::MAX, 0, 1, 1], &paragraph(2, "나")));
    }
    let document = read(&odd);
    assert_eq!(document.text.matches('가').count(), 1000);
    assert!(document.text.len() < 1 << 20, "{}", document.text.len());
}

#[test]
fn a_stream_that_inflates_without_end_is_over_the_limit() {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..101 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let error = parse(&file(1, &[("BodyText/Section0", &bomb)]), &|_, _| {}).unwrap_err();
    assert!(matches!(error, ParseError::Limit { .. }), "{error}");
}

proptest::proptest! {
    /// Whatever records follow one another, the text of the first paragraph is read.
    #[test]
    fn no_order_of_records_breaks_the_reader(
        records in proptest::collection::vec(
            (
                proptest::sample::select(vec![
                    tag::PARA_HEADER, tag::PARA_TEXT, tag::PARA_RANGE_TAG, tag::CTRL_HEADER,
                    tag::LIST_HEADER, tag::TABLE, tag::SHAPE_OLE, tag::EQUATION, tag::TEXT_ART,
                    tag::FORM, tag::MEMO_LIST, 0x4C,
                ]),
                0..6_u32,
                proptest::sample::select(vec![
                    *b"tbl ", *b"gso ", *b"fn  ", *b"en  ", *b"eqed", *b"form", *b"atno",
                    *b"tcps", *b"tdut", *b"secd", *b"head", *b"%hlk", *b"????",
                ]),
                proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60),
            ),
            0..60,
        )
    ) {
        let mut section = paragraph(0, "첫 문단");
        for (tag, level, name, data) in records {
            let data = if tag == tag::CTRL_HEADER { [id(name), data].concat() } else { data };
            section.extend(record(tag, level, &data));
        }
        let bytes = file(0, &[("BodyText/Section0", &section), ("DocInfo", &section)]);
        let parsed = parse(&bytes, &|_, _| {}).unwrap();
        proptest::prop_assert!(parsed.document.text.contains("첫 문단"));
    }
}

/// A stream of properties, each a number and its value.
fn summary(properties: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0; 44];
    bytes.extend(48_u32.to_le_bytes());
    let count = u32::try_from(properties.len()).unwrap();
    let mut at = 8 + 8 * count;
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    for (id, value) in properties {
        bytes.extend(id.to_le_bytes());
        bytes.extend(at.to_le_bytes());
        at += u32::try_from(value.len()).unwrap();
    }
    bytes.extend(properties.iter().flat_map(|(_, value)| value.clone()));
    bytes
}

#[test]
fn who_wrote_it_and_when_is_read() {
    let text = |text: &str| {
        let units = utf_16(&format!("{text}\0"));
        let length = u32::try_from(units.len() / 2).unwrap();
        [&0x1F_u32.to_le_bytes()[..], &length.to_le_bytes(), &units].concat()
    };
    let time = |seconds: u64| {
        let time = (seconds + 11_644_473_600) * 10_000_000;
        [&0x40_u32.to_le_bytes()[..], &time.to_le_bytes()].concat()
    };
    let properties = |stream: &[u8]| {
        let section = paragraph(0, "연차");
        let streams: [(&str, &[u8]); 2] = [
            ("BodyText/Section0", &section),
            ("\u{5}HwpSummaryInformation", stream),
        ];
        parse(&file(0, &streams), &|_, _| {})
            .unwrap()
            .document
            .properties
    };
    // 2026-03-31 and the next day.
    let stream = summary(&[
        (8, text("Lee")),
        (13, time(1_774_915_200 + 86_400)),
        (2, text("여비 규정")),
        (4, text("김민아")),
        (12, time(1_774_915_200)),
    ]);
    let said = crate::Properties::said(["김민아"], "2026-03-31", "2026-04-01");
    assert_eq!(properties(&stream), said);
    // Cut anywhere, it says less or nothing; what it says is true.
    for end in 0..stream.len() {
        let found = properties(&stream[..end]);
        assert!(found.author.is_none() || found.author == said.author);
        assert!(found.created.is_none() || found.created == said.created);
        assert!(found.modified.is_none() || found.modified == said.modified);
    }
    // Times of another type and of no clock, a name that lies about its length, lying places.
    let lying = [&0x1F_u32.to_le_bytes()[..], &u32::MAX.to_le_bytes(), b"K"].concat();
    assert!(
        properties(&summary(&[
            (4, lying),
            (12, text("2026")),
            (13, vec![0x40, 0, 0, 0, 0xFF, 0xFF])
        ]))
        .is_empty()
    );
    let never = [&0x40_u32.to_le_bytes()[..], &[0xFF; 8]].concat();
    assert!(
        properties(&summary(&[
            (12, never.clone()),
            (13, [&0x40_u32.to_le_bytes()[..], &[0; 8]].concat())
        ]))
        .is_empty()
    );
    let mut far = summary(&[(4, text("김민아"))]);
    far[60..64].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(properties(&far).is_empty());
}
