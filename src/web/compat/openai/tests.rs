use super::*;
use crate::web::wire::{SpanBody, Verdict};

fn span() -> SpanBody {
    SpanBody {
        start: 0,
        end: 0,
        start_utf16: 0,
        end_utf16: 0,
    }
}

fn claim(text: &str, verdict: Verdict, numbers: &[u32]) -> ClaimBody {
    let citation = |number: &u32| crate::web::wire::CitationBody {
        number: *number,
        document: "d".to_owned(),
        version: "v".to_owned(),
        title: "휴가 규정".to_owned(),
        file_name: "leave.md".to_owned(),
        heading_path: Vec::new(),
        page: None,
        last_page: None,
        paragraph: None,
        last_paragraph: None,
        location: None,
        span: span(),
        quote: format!("quote {number}"),
        quote_sha256: String::new(),
        before: String::new(),
        after: String::new(),
        url: "/documents/d".to_owned(),
    };
    ClaimBody {
        text: text.to_owned(),
        span: span(),
        verdict,
        score: 1.0,
        reason: None,
        failing: None,
        rewritten: false,
        citations: numbers.iter().map(citation).collect(),
    }
}

#[test]
fn numbers_stand_where_the_annotations_say_in_code_points() {
    let mut text = Text::new(Language::Ko, "http://a".to_owned());
    let claims = [
        claim("연차는 🎉 15일이다.", Verdict::Supported, &[2, 1, 2]),
        claim("안녕하세요.", Verdict::NotCheckable, &[]),
        claim("병가는 𠮷 60일이다.", Verdict::Supported, &[1]),
    ];
    let mut content = String::new();
    let mut annotations = Vec::new();
    for claim in &claims {
        let (said, own) = text.next(claim);
        content.push_str(&said);
        annotations.extend(own);
    }
    assert_eq!(
        content,
        "연차는 🎉 15일이다. [2][1] 안녕하세요. 병가는 𠮷 60일이다. [1]"
    );
    let chars: Vec<char> = content.chars().collect();
    let told: Vec<(String, usize, usize)> = annotations
        .iter()
        .map(|annotation| {
            let at = &annotation.url_citation;
            let mark = chars[at.start_index..at.end_index].iter().collect();
            (mark, at.claim, at.citation)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("[2]".to_owned(), 0, 0),
            ("[2]".to_owned(), 0, 2),
            ("[1]".to_owned(), 0, 1),
            ("[1]".to_owned(), 2, 0),
        ]
    );
    let first = &annotations[0].url_citation;
    assert_eq!(
        (first.url.as_str(), first.quote.as_str()),
        ("http://a/documents/d", "quote 2")
    );
}

#[test]
fn an_unsupported_sentence_is_marked_and_cites_nothing() {
    let mut text = Text::new(Language::Ko, String::new());
    let (said, annotations) = text.next(&claim("주차는 무료이다.", Verdict::Unsupported, &[1]));
    assert_eq!(said, "주차는 무료이다. (근거 없음)");
    assert!(annotations.is_empty());
}

#[test]
fn what_the_documentation_says_of_fields_is_so() {
    // The lists stand in the documentation of the route too.
    let source = include_str!("mod.rs");
    let documented = source
        .lines()
        .filter(|line| line.starts_with("///"))
        .collect::<String>();
    for field in IGNORED {
        assert!(documented.contains(&format!("`{field}`")), "{field}");
    }
    for refused in REFUSED {
        let field = refused.field();
        assert!(documented.contains(&format!("`{field}`")), "{field}");
    }
}
