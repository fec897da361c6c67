//! Questions and their answers.

use ingest::ContentHash;
use veracite::ask::Reader;
use veracite::catalogue::State;
use veracite::check::Verdict;

use crate::harness::{LEAVE, PRICES, TestApp, groups};

#[tokio::test]
async fn an_answer_is_an_exact_quote_of_its_document() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    test.add("prices.html", PRICES, &["everyone"]).await;
    let answer = test
        .ask("입사 1년 미만 직원의 연차는 며칠인가요?", &[])
        .await;
    assert!(!answer.abstained());
    let sentence = &answer.sentences()[0];
    assert_eq!(
        sentence.text(),
        "입사 1년 미만 직원의 연차휴가는 최대 11일이다."
    );
    assert_eq!(sentence.verdict(), Verdict::Supported);
    let citation = &sentence.citations()[0];
    assert_eq!(citation.file_name(), "leave.md");
    assert_eq!(citation.heading_path(), ["휴가 규정", "제5조 (연차휴가)"]);
    let source = test
        .app
        .library()
        .source(
            citation.document(),
            Some(citation.version()),
            &Reader::anyone(),
        )
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        &source.document.text[citation.place().span.clone()],
        citation.quote()
    );
    let chars: String = {
        let range = &citation.place().chars;
        source
            .document
            .text
            .chars()
            .skip(range.start)
            .take(range.len())
            .collect()
    };
    assert_eq!(chars, citation.quote());
    assert_eq!(
        citation.quote_sha256(),
        ContentHash::of(citation.quote().as_bytes())
    );
}

#[tokio::test]
async fn a_row_of_a_table_answers_by_its_code() {
    let test = TestApp::new().await;
    test.add("prices.html", PRICES, &["everyone"]).await;
    let texts = test.texts("What is the unit price of PPR-9087?", &[]).await;
    assert_eq!(texts[0], "PPR-9087 418,000 KRW");
}

#[tokio::test]
async fn what_the_documents_do_not_say_is_not_answered() {
    let test = TestApp::new().await;
    assert!(
        test.ask("연차는 며칠인가요?", &[]).await.abstained(),
        "no document at all"
    );
    test.add("leave.md", LEAVE, &["everyone"]).await;
    for question in [
        "회사 주차장 요금은 얼마인가요?",
        "What is the price of PPR-9999?",
        "?!",
        "How tall is the tower?",
    ] {
        let answer = test.ask(question, &[]).await;
        assert!(
            answer.abstained() && answer.sentences().is_empty(),
            "{question}: {:?}",
            answer.sentences()
        );
    }
}

#[tokio::test]
async fn a_document_is_found_by_those_who_may_read_it_only() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["hr"]).await;
    let question = "병가는 연 며칠까지 쓸 수 있나요?";
    let answer = test.ask(question, &[]).await;
    assert!(
        answer.abstained() && answer.ledger().is_empty(),
        "{:?}",
        answer.ledger()
    );
    assert!(!test.ask(question, &["hr"]).await.abstained());
    let library = test.app.library();
    assert!(library.get(id, &Reader::anyone()).await.unwrap().is_none());
    assert!(
        library
            .original(id, None, &Reader::anyone())
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        library
            .source(id, None, &Reader::anyone())
            .await
            .unwrap()
            .is_none()
    );
    assert!(!library.delete(id, &Reader::anyone()).await.unwrap());
    // Handed in again for everyone, it is found by everyone; the rights in the index change too.
    test.add("leave.md", LEAVE, &["everyone"]).await;
    assert!(!test.ask(question, &[]).await.abstained());
    assert!(
        library
            .differences()
            .await
            .unwrap()
            .iter()
            .all(veracite::library::Difference::is_none)
    );
}

#[tokio::test]
async fn a_newer_version_for_more_people_does_not_open_the_older_one() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["hr"]).await;
    let old = test
        .app
        .library()
        .get(id, &Reader::new(groups(&["hr"])))
        .await
        .unwrap()
        .unwrap()
        .version;
    // The new version is for everyone and cannot be read, so that the old one stays in the index.
    let (_, state) = test
        .add("leave.md", b"\x89PNG\r\n\x1a\n0", &["everyone"])
        .await;
    assert_eq!(state, State::Failed);
    test.app.library().repair().await.unwrap();
    let answer = test
        .ask("병가는 연 며칠까지 쓸 수 있나요?", &["sales"])
        .await;
    assert!(answer.abstained() && answer.ledger().is_empty());
    let source = test
        .app
        .library()
        .source(id, Some(old), &Reader::anyone())
        .await
        .unwrap();
    assert!(source.is_none());
}

#[tokio::test]
async fn brackets_of_a_document_are_its_own() {
    let test = TestApp::new().await;
    let text =
        "# 수당\n\n## 별표\n\n야간 수당은 [20] 만원이다.\n\n## 다른 표\n\n주차는 무료이다.\n";
    test.add("pay.md", text, &["everyone"]).await;
    let texts = test.texts("야간 수당은 얼마인가요?", &[]).await;
    assert_eq!(texts[0], "야간 수당은 [20] 만원이다.");
}
