//! What a page is made of, part by part.

use std::fmt::Write as _;

use lopdf::encryption::{EncryptionState, EncryptionVersion, Permissions};
use lopdf::{Stream, StringFormat, dictionary};

use super::super::super::password::passwords;
use super::super::*;
use crate::parse::picture;
use crate::{Block, BlockKind, Document};

/// A file in the making: its fonts are `F1`, Helvetica, and `F2`, which takes UTF-16.
pub(super) struct Maker {
    pub(super) pdf: Pdf,
    pub(super) parent: ObjectId,
    fonts: Dictionary,
    pages: Vec<ObjectId>,
}

impl Maker {
    pub(super) fn new() -> Self {
        let mut pdf = Pdf::with_version("1.7");
        let parent = pdf.new_object_id();
        let latin = pdf.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
        });
        let descendant = pdf.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "CIDFontType0", "BaseFont" => "Batang",
            "CIDSystemInfo" => dictionary! {
                "Registry" => Object::string_literal("Adobe"), "Ordering" => Object::string_literal("Korea1"), "Supplement" => 1,
            },
        });
        let korean = |pdf: &mut Pdf, encoding: &str| {
            pdf.add_object(dictionary! {
                "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "Batang", "Encoding" => encoding,
                "DescendantFonts" => vec![descendant.into()],
            })
        };
        let across = korean(&mut pdf, "UniKS-UTF16-H");
        let down = korean(&mut pdf, "UniKS-UTF16-V");
        Self {
            pdf,
            parent,
            fonts: dictionary! { "F1" => latin, "F2" => across, "F3" => down },
            pages: Vec::new(),
        }
    }

    pub(super) fn stream(&mut self, dictionary: Dictionary, content: &[u8]) -> ObjectId {
        self.pdf
            .add_object(Stream::new(dictionary, content.to_vec()))
    }

    /// Adds a page of 600 by 800 points.
    pub(super) fn page(&mut self, content: &str) -> ObjectId {
        self.page_with(content, Dictionary::new(), Dictionary::new())
    }

    pub(super) fn page_with(
        &mut self,
        content: &str,
        mut resources: Dictionary,
        page: Dictionary,
    ) -> ObjectId {
        let content = self.stream(Dictionary::new(), content.as_bytes());
        let mut fonts = self.fonts.clone();
        if let Ok(Object::Dictionary(own)) = resources.get(b"Font") {
            for (name, font) in own {
                fonts.set(name.clone(), font.clone());
            }
        }
        resources.set("Font", fonts);
        let mut dictionary = dictionary! {
            "Type" => "Page", "Parent" => self.parent, "Contents" => content, "Resources" => resources,
            "MediaBox" => vec![0.into(), 0.into(), 600.into(), 800.into()],
        };
        for (key, value) in &page {
            dictionary.set(key.clone(), value.clone());
        }
        let id = self.pdf.add_object(dictionary);
        self.pages.push(id);
        id
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.bytes_with(Dictionary::new())
    }

    /// The file, with these entries in its catalogue.
    pub(super) fn bytes_with(mut self, catalog: Dictionary) -> Vec<u8> {
        self.finish(catalog);
        let mut bytes = Vec::new();
        self.pdf.save_to(&mut bytes).unwrap();
        bytes
    }

    fn finish(&mut self, catalog: Dictionary) {
        let kids: Vec<Object> = self.pages.iter().map(|id| (*id).into()).collect();
        let pages = dictionary! {
            "Type" => "Pages", "Count" => i64::try_from(kids.len()).unwrap(), "Kids" => kids,
        };
        self.pdf.objects.entry(self.parent).or_insert(pages.into());
        let mut root = dictionary! { "Type" => "Catalog", "Pages" => self.parent };
        for (key, value) in &catalog {
            root.set(key.clone(), value.clone());
        }
        let root = self.pdf.add_object(root);
        self.pdf.trailer.set("Root", root);
    }
}

pub(super) fn parsed(bytes: &[u8]) -> Parsed {
    parse(bytes, &Passwords::default(), &|_, _| {}).unwrap()
}

fn read(content: &str) -> Document {
    let mut maker = Maker::new();
    maker.page(content);
    parsed(&maker.bytes()).document
}

/// A text as the string of font `F2`.
fn utf16(text: &str) -> String {
    let mut hex = String::from("<");
    for unit in text.encode_utf16() {
        write!(hex, "{unit:04X}").unwrap();
    }
    hex + ">"
}

fn kinds(document: &Document) -> Vec<(&BlockKind, &str)> {
    document
        .blocks
        .iter()
        .map(|Block { kind, span }| (kind, &document.text[span.clone()]))
        .collect()
}

#[test]
fn a_hidden_layer_of_a_scan_is_read_and_text_beside_the_page_is_not() {
    let mut maker = Maker::new();
    maker.page_with(
        "BT 3 Tr /F1 10 Tf 100 500 Td (Read by a scanner.) Tj ET BT /F1 10 Tf 100 20 Td (Beside the page.) Tj ET",
        Dictionary::new(),
        dictionary! { "CropBox" => vec![50.into(), 400.into(), 600.into(), 800.into()] },
    );
    assert_eq!(parsed(&maker.bytes()).document.text, "Read by a scanner.");
}

#[test]
fn a_text_that_characters_stand_for_takes_their_place() {
    let document = read(
        "BT /F1 10 Tf 50 700 Td (Total ) Tj /Span << /ActualText (kilograms) >> BDC (kg.) Tj EMC ( a day) Tj ET \
         BT /F1 10 Tf 50 600 Td /Span << /ActualText (never) >> BDC (One line that is not) Tj 0 -20 Td (said by its text.) Tj EMC ET",
    );
    assert_eq!(
        document.text,
        "Total kilograms a day\n\nOne line that is not said by its text."
    );
    let word = &document.pages[0].words[1];
    assert_eq!(&document.text[word.span.clone()], "kilograms");
    assert!(word.rect.x1 - word.rect.x0 < 20.0, "{:?}", word.rect);
}

#[test]
fn what_a_file_marks_as_decoration_is_told_once() {
    let mut maker = Maker::new();
    for page in 1..=2 {
        maker.page(&format!(
            "/Artifact << /Type /Pagination >> BDC BT /F1 10 Tf 50 400 Td (Confidential) Tj ET BT /F1 10 Tf 300 500 Td ({page}) Tj ET EMC \
             BT /F1 10 Tf 50 600 Td (Text of page {page} here.) Tj ET"
        ));
    }
    let document = parsed(&maker.bytes()).document;
    assert_eq!(
        document.text,
        "Text of page 1 here.\n\nConfidential\n\nText of page 2 here."
    );
}

#[test]
fn layers_that_are_off_are_not_read() {
    let mut maker = Maker::new();
    let off = maker.pdf.add_object(dictionary! { "Type" => "OCG" });
    let on = maker.pdf.add_object(dictionary! { "Type" => "OCG" });
    let both = maker.pdf.add_object(dictionary! {
        "Type" => "OCMD", "OCGs" => vec![on.into(), off.into()], "P" => "AllOn",
    });
    let not = maker.pdf.add_object(dictionary! {
        "Type" => "OCMD", "VE" => vec!["And".into(), on.into(), vec!["Not".into(), off.into()].into()],
    });
    maker.page_with(
        "BT /F1 10 Tf 14 TL 50 700 Td /OC /Off BDC (off) Tj EMC T* /OC /On BDC (on) Tj EMC T* /OC /Both BDC (both) Tj EMC T* \
         /OC /Not BDC (not off) Tj EMC ET",
        dictionary! { "Properties" => dictionary! { "Off" => off, "On" => on, "Both" => both, "Not" => not } },
        Dictionary::new(),
    );
    let bytes = maker.bytes_with(dictionary! {
        "OCProperties" => dictionary! {
            "OCGs" => vec![off.into(), on.into()], "D" => dictionary! { "OFF" => vec![off.into()] },
        },
    });
    let text = parsed(&bytes).document.text;
    assert_eq!(
        text.split_whitespace().collect::<Vec<_>>(),
        ["on", "not", "off"]
    );
}

#[test]
fn fields_and_notes_are_read_at_their_place() {
    let mut maker = Maker::new();
    let area = |y: i64| vec![150.into(), y.into(), 350.into(), (y + 16).into()];
    let look = maker.stream(
        dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 200.into(), 16.into()],
        },
        b"/Tx BMC BT /F1 10 Tf 2 4 Td (Kim Chulsoo) Tj ET EMC",
    );
    let widget = |y: i64, name: &str, value: &str| {
        dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "FT" => "Tx", "Rect" => area(y),
            "T" => Object::string_literal(name), "V" => Object::string_literal(value),
        }
    };
    let mut shown = widget(696, "name", "Kim Chulsoo");
    shown.set("AP", dictionary! { "N" => look });
    let mut hidden = widget(576, "hidden", "hidden value");
    hidden.set("F", 2);
    let mut secret = widget(556, "secret", "password");
    secret.set("Ff", 1 << 13);
    let mut note = dictionary! {
        "Type" => "Annot", "Subtype" => "FreeText", "Rect" => area(616),
    };
    // Text in UTF-16 with its mark.
    let mut contents = vec![0xFE, 0xFF];
    contents.extend("반려함".encode_utf16().flat_map(u16::to_be_bytes));
    note.set("Contents", Object::String(contents, StringFormat::Literal));
    let annotations: Vec<Object> = [shown, widget(656, "team", "Support"), hidden, secret, note]
        .into_iter()
        .map(Into::into)
        .collect();
    maker.page_with(
        "BT /F1 10 Tf 50 700 Td (Name) Tj 0 -40 Td (Team) Tj 0 -40 Td (Remarks) Tj ET",
        Dictionary::new(),
        dictionary! { "Annots" => annotations },
    );
    let fonts = maker.fonts.clone();
    let bytes = maker.bytes_with(
        dictionary! { "AcroForm" => dictionary! { "DR" => dictionary! { "Font" => fonts } } },
    );
    let document = parsed(&bytes).document;
    assert_eq!(
        document.text,
        "Name Kim Chulsoo\n\nTeam Support\n\nRemarks 반려함"
    );
    let chulsoo = &document.pages[0].words[2];
    assert!(
        chulsoo.rect.x0 > 160.0 && chulsoo.rect.y0 > 85.0 && chulsoo.rect.y1 < 105.0,
        "{:?}",
        chulsoo.rect
    );
}

#[test]
fn files_inside_are_handed_out_within_limits() {
    let mut maker = Maker::new();
    maker.page("BT /F1 10 Tf 50 700 Td (Cover sheet.) Tj ET");
    let mut names = Vec::new();
    for (name, content) in [("../../rules.txt", &b"Rules"[..]), ("prices.csv", b"a,1")] {
        let file = maker.stream(dictionary! { "Type" => "EmbeddedFile" }, content);
        names.push(Object::string_literal(name));
        names.push(
            dictionary! {
                "Type" => "Filespec", "UF" => Object::string_literal(name), "EF" => dictionary! { "F" => file },
            }
            .into(),
        );
    }
    let mut bomb = Stream::new(Dictionary::new(), vec![b' '; MAX_STREAM + 1]);
    bomb.compress().unwrap();
    let bomb = maker.pdf.add_object(bomb);
    names.push(Object::string_literal("bomb"));
    names.push(dictionary! { "EF" => dictionary! { "F" => bomb } }.into());
    let bytes = maker.bytes_with(dictionary! {
        "Names" => dictionary! { "EmbeddedFiles" => dictionary! { "Names" => names } },
    });
    let parsed = parsed(&bytes);
    let files: Vec<(&str, String)> = parsed
        .attachments
        .iter()
        .map(|file| {
            (
                file.name.as_str(),
                text_string(&file.bytes[..8.min(file.bytes.len())]),
            )
        })
        .collect();
    assert_eq!(
        files,
        [
            ("rules.txt", "Rules".to_owned()),
            ("prices.csv", "a,1".to_owned())
        ]
    );
    assert!(
        parsed.problems[0]
            .message
            .starts_with("1 files in it are left out"),
        "{:?}",
        parsed.problems
    );
}

#[test]
fn labels_name_pages_and_the_outline_makes_headings() {
    let mut maker = Maker::new();
    let first = maker.page(&format!(
        "BT /F2 10 Tf 50 700 Td {} Tj 0 -40 Td {} Tj 0 -14 Td {} Tj ET",
        utf16("머리말"),
        utf16("제1조 (목적)"),
        utf16("이 규정은 휴가를 정한다."),
    ));
    let second =
        maker.page("BT /F1 10 Tf 50 700 Td (1.1 Leave of absence) Tj 0 -40 Td (Text.) Tj ET");
    let title = |text: &str| {
        let mut bytes = vec![0xFE, 0xFF];
        bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        Object::String(bytes, StringFormat::Literal)
    };
    let (root, one, two) = (
        maker.pdf.new_object_id(),
        maker.pdf.new_object_id(),
        maker.pdf.new_object_id(),
    );
    let named = vec![
        Object::string_literal("leave"),
        vec![second.into(), "Fit".into()].into(),
    ];
    for (id, entry) in [
        (root, dictionary! { "First" => one }),
        (
            one,
            dictionary! { "Title" => title("목적"), "Dest" => vec![first.into(), "Fit".into()], "First" => two, "Next" => one },
        ),
        (
            two,
            dictionary! {
                "Title" => title("Leave of Absence"), "A" => dictionary! { "S" => "GoTo", "D" => Object::string_literal("leave") },
            },
        ),
    ] {
        maker.pdf.objects.insert(id, entry.into());
    }
    let bytes = maker.bytes_with(dictionary! {
        "Outlines" => root,
        "Names" => dictionary! { "Dests" => dictionary! { "Names" => named } },
        "PageLabels" => dictionary! {
            "Nums" => vec![0.into(), dictionary! { "S" => "r", "St" => 4 }.into(), 1.into(), dictionary! { "S" => "D", "P" => Object::string_literal("A-") }.into()],
        },
    });
    let document = parsed(&bytes).document;
    assert_eq!(
        kinds(&document),
        [
            (&BlockKind::Paragraph, "머리말"),
            (&BlockKind::Heading { level: 1 }, "제1조 (목적)"),
            (&BlockKind::Paragraph, "이 규정은 휴가를 정한다."),
            (&BlockKind::Heading { level: 2 }, "1.1 Leave of absence"),
            (&BlockKind::Paragraph, "Text."),
        ]
    );
    let names: Vec<Option<&str>> = document
        .pages
        .iter()
        .map(|page| page.name.as_deref())
        .collect();
    assert_eq!(names, [Some("iv"), Some("A-1")]);
}

#[test]
fn a_file_opens_without_a_user_password_or_with_a_right_one() {
    for (user, list, opens) in [
        ("", &[][..], true),
        ("user", &[], false),
        ("user", &["wrong", "Owner"], false),
        ("user", &["wrong", "user"], true),
        ("user", &["owner"], true),
    ] {
        let mut maker = Maker::new();
        maker.page("BT /F1 10 Tf 50 700 Td (Behind a lock.) Tj ET");
        maker.pdf.trailer.set(
            "ID",
            vec![
                Object::string_literal("0123456789abcdef"),
                Object::string_literal("0123456789abcdef"),
            ],
        );
        maker.finish(Dictionary::new());
        let version = EncryptionVersion::V2 {
            document: &maker.pdf,
            owner_password: "owner",
            user_password: user,
            key_length: 128,
            permissions: Permissions::all(),
        };
        let state = EncryptionState::try_from(version).unwrap();
        maker.pdf.encrypt(&state).unwrap();
        let mut bytes = Vec::new();
        maker.pdf.save_to(&mut bytes).unwrap();
        let passwords = passwords(list);
        match parse(&bytes, &passwords, &|_, _| {}) {
            Ok(parsed) => {
                assert!(opens && parsed.document.text == "Behind a lock.");
                picture::draw(&bytes, 1, 72.0, &passwords).unwrap();
            }
            Err(error) => {
                assert!(!opens);
                assert_eq!(error, passwords.refusal("it needs a password"));
            }
        }
    }
}

#[test]
fn merged_cells_keep_their_text_together() {
    // The first row is one cell.
    let document = read(
        "50 660 300 40 re S 50 680 m 350 680 l S 150 660 m 150 680 l S 250 660 m 250 680 l S \
         BT /F1 10 Tf 120 686 Td (Prices of all goods in won) Tj ET \
         BT /F1 10 Tf 55 666 Td (Paper) Tj 100 0 Td (10) Tj 100 0 Td (20) Tj ET",
    );
    assert_eq!(
        document.text,
        "Prices of all goods in won\t\t\nPaper\t10\t20"
    );
    // Open at its sides, as tables in Korean reports are.
    let document = read(
        "50 700 m 250 700 l S 50 680 m 250 680 l S 50 660 m 250 660 l S 150 660 m 150 700 l S \
         BT /F1 10 Tf 55 686 Td (Kind) Tj 100 0 Td (Name of goods) Tj -100 -20 Td (Paper) Tj 100 0 Td (White) Tj ET",
    );
    assert_eq!(document.text, "Kind\tName of goods\nPaper\tWhite");
}

#[test]
fn columns_of_figures_are_a_table_and_columns_of_text_are_not() {
    let mut content = String::new();
    for (row, cells) in [
        ["Item", "2023", "2024"],
        ["Paper", "10", "12"],
        ["Ink", "7", "9"],
    ]
    .iter()
    .enumerate()
    {
        for (x, cell) in [50, 200, 300].iter().zip(cells) {
            write!(
                content,
                "BT /F1 10 Tf {x} {} Td ({cell}) Tj ET ",
                700 - row * 14
            )
            .unwrap();
        }
    }
    assert_eq!(
        read(&content).text,
        "Item\t2023\t2024\nPaper\t10\t12\nInk\t7\t9"
    );
    let mut content = String::new();
    for (x, name) in [(50, "first"), (230, "second"), (410, "third")] {
        for line in 0..5 {
            let y = 700 - line * 14;
            write!(
                content,
                "BT /F1 10 Tf {x} {y} Td (the {name} column of text {line}) Tj ET "
            )
            .unwrap();
        }
    }
    let text = read(&content).text;
    assert!(!text.contains('\t'), "{text}");
    assert!(text.rfind("first") < text.find("second"), "{text}");
    assert!(text.rfind("second") < text.find("third"), "{text}");
}

#[test]
fn turned_text_in_the_margin_is_apart_and_keeps_double_letters() {
    let document = read(
        "BT /F1 10 Tf 14 TL 50 700 Td (The first line of text) Tj T* (and the second line.) Tj ET \
         BT /F1 10 Tf 0 1 -1 0 40 660 Tm (Hello, small margin) Tj ET",
    );
    assert_eq!(
        document.text,
        "The first line of text and the second line.\n\nHello, small margin"
    );
}

#[test]
fn vertical_writing_is_read_down_its_columns() {
    let document = read(&format!(
        "BT /F3 12 Tf 500 700 Td {} Tj ET BT /F3 12 Tf 480 700 Td {} Tj ET",
        utf16("세로로쓴글을"),
        utf16("읽는다"),
    ));
    assert_eq!(document.text, "세로로쓴글을 읽는다");
    let word = &document.pages[0].words[0];
    assert!(
        word.rect.y1 - word.rect.y0 > 60.0 && word.rect.x1 - word.rect.x0 < 15.0,
        "{:?}",
        word.rect
    );
}

#[test]
fn korean_words_that_lines_break_are_joined_where_spaces_are_written() {
    let lines = [
        "휴가는 열다섯 날이며 ",
        "신청한 날부터 센다는 ",
        "규정을 따르고 이것을 ",
        "지키지 않은 부서는 경",
        "고를 받는다는 점",
    ];
    let mut content = "BT /F2 10 Tf 14 TL 50 700 Td ".to_owned();
    for line in lines {
        write!(content, "{} Tj T* ", utf16(line)).unwrap();
    }
    let text = read(&(content + "ET")).text;
    assert!(text.contains("않은 부서는 경고를 받는다는"), "{text}");
    assert!(
        text.contains("날이며 신청한 날부터 센다는 규정을"),
        "{text}"
    );
    // A file that writes no space at a line's end says nothing by it.
    let mut content = "BT /F2 10 Tf 14 TL 50 700 Td ".to_owned();
    for line in lines {
        write!(content, "{} Tj T* ", utf16(line.trim())).unwrap();
    }
    let text = read(&(content + "ET")).text;
    assert!(text.contains("부서는 경 고를"), "{text}");
}

#[test]
fn each_sentence_has_boxes_of_its_own() {
    let document = read(&format!(
        "BT /F2 10 Tf 50 700 Td {} Tj ET",
        utf16("신청서를 냅니다.승인은 팀장이 합니다.")
    ));
    let sentences = crate::sentence::of_document(&document);
    assert_eq!(sentences.len(), 2);
    for sentence in sentences {
        let words: Vec<&str> = document.pages[0]
            .words
            .iter()
            .filter(|word| word.span.start >= sentence.start && word.span.end <= sentence.end)
            .map(|word| &document.text[word.span.clone()])
            .collect();
        assert_eq!(words.concat(), document.text[sentence].replace(' ', ""));
    }
}

#[test]
fn letters_in_pieces_are_put_together() {
    let mut maker = Maker::new();
    let map = maker.stream(
        Dictionary::new(),
        b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange 4 beginbfchar \
          <41> <1112> <42> <1161> <43> <11AB> <44> <FB01> endbfchar endcmap",
    );
    let font = maker.pdf.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "ToUnicode" => map,
    });
    maker.page_with(
        "BT /F9 10 Tf 50 700 Td (ABC) Tj 0 -40 Td (D) Tj ET",
        dictionary! { "Font" => dictionary! { "F9" => font } },
        Dictionary::new(),
    );
    assert_eq!(parsed(&maker.bytes()).document.text, "한\n\nfi");
}

#[test]
fn pages_that_need_their_picture_read_are_named() {
    let mut maker = Maker::new();
    let picture = maker.stream(
        dictionary! {
            "Type" => "XObject", "Subtype" => "Image", "Width" => 1, "Height" => 1, "ColorSpace" => "DeviceGray", "BitsPerComponent" => 8,
        },
        b"\0",
    );
    let map = maker.stream(
        Dictionary::new(),
        b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <41> <5A> <E041> endbfrange endcmap",
    );
    let private = maker.pdf.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "ToUnicode" => map,
    });
    let resources = dictionary! {
        "XObject" => dictionary! { "P1" => picture }, "Font" => dictionary! { "F9" => private },
    };
    for content in [
        "BT /F1 10 Tf 50 700 Td (A page of text.) Tj ET",
        "q 600 0 0 800 0 0 cm /P1 Do Q BT /F1 10 Tf 50 20 Td (Scanned by Kim) Tj ET",
        "BT /F9 10 Tf 50 700 Td (ABCDEFGHIJKLMNOP) Tj 0 -20 Td /F1 10 Tf (Page 3) Tj ET",
        "",
        "q 600 0 0 800 0 0 cm /P1 Do Q",
        "q 100 0 0 100 0 0 cm /P1 Do Q BT /F1 10 Tf 50 700 Td (A logo and text) Tj ET",
    ] {
        maker.page_with(content, resources.clone(), Dictionary::new());
    }
    let parsed = parsed(&maker.bytes());
    assert_eq!(parsed.needs_ocr, [2, 3, 5]);
    assert_eq!(
        parsed.document.text,
        "A page of text.\n\nScanned by Kim\n\nPage 3\n\nA logo and text"
    );
    let messages: Vec<&str> = parsed
        .problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "page 5 has no text layer",
            "page 3 has text in fonts that do not say which characters they are",
            "page 2 is a picture with little text"
        ]
    );
}

#[test]
fn a_stream_that_does_not_say_its_length_is_read() {
    let bytes = b"%PDF-1.3\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n\
        3 0 obj<</Type/Page/Contents 4 0 R/Parent 2 0 R/Resources<</Font<</F <</Type/Font/Subtype/Type1/BaseFont/Symbol>>>>>>>>endobj\n\
        4 0 obj<<>>stream\nBT /F 10 Tf 10 400 Td (abc) Tj ET\nendstream\nendobj\ntrailer <</Root 1 0 R>>";
    assert_eq!(parsed(bytes).document.text, "αβχ");
}

#[test]
fn pages_that_no_list_leads_to_are_read() {
    let mut maker = Maker::new();
    maker.page("BT /F1 10 Tf 50 700 Td (One.) Tj ET");
    maker.page("BT /F1 10 Tf 50 700 Td (Two.) Tj ET");
    let parent = maker.parent;
    maker.pdf.objects.insert(parent, Object::Null);
    let parsed = parsed(&maker.bytes());
    assert_eq!(parsed.document.text, "One.\n\nTwo.");
    assert!(parsed.problems[0].message.contains("may be out of order"));
}
