//! Files made to take time or memory. Each must end soon, in an error or in what could be read.

use lopdf::{Stream, dictionary};

use super::super::*;
use super::parts::{Maker, parsed};
use crate::parse::soon::soon;

fn compressed(content: Vec<u8>) -> Stream {
    let mut stream = Stream::new(Dictionary::new(), content);
    stream.compress().unwrap();
    stream
}

#[test]
fn a_page_that_grows_beyond_measure_is_a_problem_of_that_page() {
    let mut maker = Maker::new();
    maker.page("BT /F1 10 Tf 50 700 Td (Before.) Tj ET");
    let page = maker.page("");
    let bomb = maker.pdf.add_object(compressed(vec![b' '; MAX_STREAM + 1]));
    maker
        .pdf
        .get_dictionary_mut(page)
        .unwrap()
        .set("Contents", bomb);
    let bytes = maker.bytes();
    assert!(bytes.len() < 1 << 20);
    let parsed = soon(|| parsed(&bytes));
    assert_eq!(parsed.document.text, "Before.");
    assert!(
        parsed.problems[0]
            .message
            .starts_with("page 2 cannot be read"),
        "{:?}",
        parsed.problems
    );
    assert_eq!(parsed.needs_ocr, [2]);
}

#[test]
fn millions_of_states_and_marks_end() {
    for repeated in ["q ", "Q ", "/Span BMC ", "BT ET ", "0 0 m ", "[ "] {
        let mut maker = Maker::new();
        let page = maker.page("");
        let mut content = b"BT /F1 10 Tf 50 700 Td (Read.) Tj ET ".to_vec();
        content.extend(repeated.repeat(3_900_000 / repeated.len()).as_bytes());
        let content = maker.pdf.add_object(compressed(content));
        maker
            .pdf
            .get_dictionary_mut(page)
            .unwrap()
            .set("Contents", content);
        let bytes = maker.bytes();
        assert_eq!(soon(|| parsed(&bytes)).document.text, "Read.", "{repeated}");
    }
}

#[test]
fn a_condition_that_names_itself_a_hundred_times_hides_nothing() {
    let mut maker = Maker::new();
    let off = maker.pdf.add_object(dictionary! { "Type" => "OCG" });
    let looping = maker.pdf.new_object_id();
    let members: Vec<Object> = vec![looping.into(); 100];
    maker.pdf.objects.insert(
        looping,
        dictionary! { "Type" => "OCMD", "OCGs" => members, "P" => "AllOff" }.into(),
    );
    maker.page_with(
        "/OC /L BDC BT /F1 10 Tf 50 700 Td (Shown.) Tj ET EMC /OC /O BDC BT /F1 10 Tf 50 600 Td (Hidden.) Tj ET EMC",
        dictionary! { "Properties" => dictionary! { "L" => looping, "O" => off } },
        Dictionary::new(),
    );
    let bytes = maker.bytes_with(dictionary! {
        "OCProperties" => dictionary! {
            "OCGs" => vec![off.into()], "D" => dictionary! { "OFF" => vec![off.into()] },
        },
    });
    assert_eq!(soon(|| parsed(&bytes)).document.text, "Shown.");
}

#[test]
fn a_character_that_is_a_book_is_not_written_a_thousand_times() {
    let mut maker = Maker::new();
    let book = "0041".repeat(50_000);
    let map = format!(
        "begincmap 1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <41> <{book}> endbfchar endcmap"
    );
    let map = maker.pdf.add_object(compressed(map.into_bytes()));
    let font = maker.pdf.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "X", "ToUnicode" => map,
    });
    maker.page_with(
        &format!("BT /B 10 Tf 50 700 Td ({}) Tj ET", "A".repeat(10_000)),
        dictionary! { "Font" => dictionary! { "B" => font } },
        Dictionary::new(),
    );
    let parsed = soon(|| parsed(&maker.bytes()));
    assert!(parsed.document.text.len() < 1 << 20);
    assert!(
        parsed.problems[0].message.contains("is too large"),
        "{:?}",
        parsed.problems
    );
}

#[test]
fn a_long_value_in_many_fields_ends() {
    let mut maker = Maker::new();
    let value = Object::string_literal("a ".repeat(5_000));
    let field = maker
        .pdf
        .add_object(dictionary! { "FT" => "Tx", "V" => value });
    let widget = |rect: [i64; 4]| -> Object {
        dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "Parent" => field,
            "Rect" => rect.map(Object::from).to_vec(),
        }
        .into()
    };
    // A place that is nowhere, and one that is on the page a thousand times.
    let mut annotations = vec![widget([8_000_000_000, 0, 9_000_000_000, 10])];
    annotations.extend(vec![widget([0, 0, 600, 10]); 20_000]);
    maker.page_with(
        "",
        Dictionary::new(),
        dictionary! { "Annots" => annotations },
    );
    let parsed = soon(|| parsed(&maker.bytes()));
    assert!(
        parsed.problems[0].message.contains("is too large"),
        "{:?}",
        parsed.problems
    );
}

#[test]
fn a_page_without_end_has_the_usual_size() {
    let mut maker = Maker::new();
    let side = Object::Real(3e38);
    let box_of = vec![Object::Real(-3e38), 0.into(), side, 800.into()];
    maker.page_with(
        "BT /F1 10 Tf 50 700 Td (Endless.) Tj ET",
        Dictionary::new(),
        dictionary! { "MediaBox" => box_of },
    );
    let document = parsed(&maker.bytes()).document;
    assert_eq!(document.text, "Endless.");
    assert!((document.pages[0].width - 595.0).abs() < 0.1);
}

#[test]
fn states_beyond_the_limit_are_restored_in_step() {
    let mut maker = Maker::new();
    let content = format!(
        "BT /F1 10 Tf ET {} 1 0 0 1 9000 0 cm {} BT /F1 10 Tf 50 700 Td (Inside.) Tj ET",
        "q ".repeat(2_000),
        "Q ".repeat(2_000)
    );
    maker.page(&content);
    let document = parsed(&maker.bytes()).document;
    assert!((document.pages[0].words[0].rect.x0 - 50.0).abs() < 0.1);
}

#[test]
fn forms_inside_forms_end() {
    let mut maker = Maker::new();
    let forms: Vec<ObjectId> = (0..30).map(|_| maker.pdf.new_object_id()).collect();
    for (index, form) in forms.iter().enumerate() {
        // The last one shows itself.
        let inner = forms.get(index + 1).unwrap_or(form);
        let dictionary = dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 1.into(), 1.into()],
            "Resources" => dictionary! { "XObject" => dictionary! { "X" => *inner } },
        };
        let content = "/X Do ".repeat(8).into_bytes();
        maker
            .pdf
            .objects
            .insert(*form, Stream::new(dictionary, content).into());
    }
    maker.page_with(
        "BT /F1 10 Tf 50 700 Td (Read.) Tj ET /X Do",
        dictionary! { "XObject" => dictionary! { "X" => forms[0] } },
        Dictionary::new(),
    );
    let bytes = maker.bytes();
    let parsed = soon(|| parsed(&bytes));
    assert_eq!(parsed.document.text, "Read.");
    assert_eq!(
        parsed.problems[0].message,
        "page 1 is too large: only its beginning is read"
    );
}

#[test]
fn millions_of_characters_end() {
    let mut maker = Maker::new();
    let page = maker.page("");
    let mut content = b"BT /F1 10 Tf 50 700 Td ".to_vec();
    content.extend(b"(a)Tj ".repeat(520_000));
    let content = maker.pdf.add_object(compressed(content));
    maker
        .pdf
        .get_dictionary_mut(page)
        .unwrap()
        .set("Contents", content);
    let bytes = maker.bytes();
    assert!(soon(|| parsed(&bytes)).document.text.starts_with("aaa"));
}

#[test]
fn ranges_of_a_table_of_characters_may_lie() {
    let mut maker = Maker::new();
    let map = maker.stream(
        Dictionary::new(),
        b"begincmap 1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange \
          1 begincidrange <00000000> <FFFFFFFF> 0 endcidrange 1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange endcmap",
    );
    let descendant = maker.pdf.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => "X",
        "W" => vec![0.into(), 4_294_967_295_i64.into(), 500.into()],
    });
    let font = maker.pdf.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "X", "Encoding" => map, "ToUnicode" => map,
        "DescendantFonts" => vec![descendant.into()],
    });
    maker.page_with(
        "BT /F9 10 Tf 50 700 Td <00000000> Tj ET",
        dictionary! { "Font" => dictionary! { "F9" => font } },
        Dictionary::new(),
    );
    let bytes = maker.bytes();
    assert!(soon(|| parsed(&bytes)).document.text.starts_with('A'));
}

#[test]
fn deep_arrays_and_dictionaries_end() {
    for (open, close) in [("[", "]"), ("<</A", ">>")] {
        let deep = format!("{}{}", open.repeat(100_000), close.repeat(100_000));
        let bytes = format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n\
             3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/A {deep}>>endobj\ntrailer<</Root 1 0 R>>"
        );
        // Whether it opens is the file's affair: that it ends is ours.
        let _ = soon(|| parse(bytes.as_bytes(), &Passwords::default(), &|_, _| {}));
        let mut maker = Maker::new();
        maker.page(&format!("{deep} BT /F1 10 Tf 50 700 Td (Read.) Tj ET"));
        let bytes = maker.bytes();
        let _ = soon(|| parsed(&bytes));
    }
}

#[test]
fn trees_of_pages_that_hold_themselves_end() {
    let mut maker = Maker::new();
    let page = maker.page("BT /F1 10 Tf 50 700 Td (Read.) Tj ET");
    let parent = maker.parent;
    maker.pdf.objects.insert(
        parent,
        dictionary! {
            "Type" => "Pages", "Count" => 1_000_000_000, "Parent" => parent,
            "Kids" => vec![page.into(), parent.into(), parent.into()],
        }
        .into(),
    );
    let bytes = maker.bytes();
    let parsed = soon(|| parsed(&bytes));
    assert!(parsed.document.text.starts_with("Read."));
}

#[test]
fn fields_that_are_parts_of_themselves_end() {
    let mut maker = Maker::new();
    let field = maker.pdf.new_object_id();
    maker.pdf.objects.insert(
        field,
        dictionary! {
            "Type" => "Annot", "Subtype" => "Widget", "Parent" => field,
            "Rect" => vec![0.into(), 0.into(), 9.into(), 9.into()],
        }
        .into(),
    );
    maker.page_with(
        "BT /F1 10 Tf 50 700 Td (Read.) Tj ET",
        Dictionary::new(),
        dictionary! { "Annots" => vec![field.into(); 1_000] },
    );
    let bytes = maker.bytes();
    assert_eq!(soon(|| parsed(&bytes)).document.text, "Read.");
}
