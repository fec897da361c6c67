//! The life of a document: its versions, what is said of it, its moves.

use std::fs;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ingest::DocumentId;
use serde_json::{Value, json};
use veracite::ask::Reader;
use veracite::catalogue::MetadataChange;

use crate::harness::{LEAVE, TestApp, groups};
use crate::http::{get, post, send};

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

fn patch(id: DocumentId, body: &Value) -> Request<Body> {
    Request::patch(format!("/v1/documents/{id}"))
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

impl TestApp {
    async fn answer_of(&self, body: Value) -> Value {
        let (status, text) = send(self, post("/v1/answers", &body)).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The titles of the documents that are found, with a filter.
    async fn found(&self, filter: Value) -> Vec<String> {
        let answer = self
            .answer_of(json!({ "question": QUESTION, "filter": filter }))
            .await;
        let mut names: Vec<String> = answer["ledger"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["title"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    async fn says(&self, id: DocumentId, body: Value) {
        let (status, text) = send(self, patch(id, &body)).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        self.app.library().idle().await;
    }
}

#[tokio::test]
async fn what_was_quoted_can_be_looked_up_after_it_was_replaced() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let answer = test.answer_of(json!({ "question": QUESTION })).await;
    let citation = &answer["claims"][0]["citations"][0];
    let version = citation["version"].as_str().unwrap();
    let link = format!(
        "/documents/{id}?version={version}&start={}&end={}&quote_sha256={}&lang=ko",
        citation["span"]["start"],
        citation["span"]["end"],
        citation["quote_sha256"].as_str().unwrap()
    );
    let newest = format!("<a href=\"/documents/{id}\">현재 버전 보기</a>");
    let (_, page) = send(&test, get(&link)).await;
    assert!(page.contains("<mark") && !page.contains(&newest), "{page}");

    // The new version is searched, the old one is not, and stays.
    test.add("leave.md", LEAVE.replace("11일", "13일"), &["everyone"])
        .await;
    let texts = test.texts(QUESTION, &[]).await.concat();
    assert!(texts.contains("13일") && !texts.contains("11일"), "{texts}");
    let test = test.restart().await;
    let (_, page) = send(&test, get(&link)).await;
    assert!(
        page.contains("최대 11일이다.</mark>") && page.contains(&newest),
        "{page}"
    );
    let (_, file) = send(
        &test,
        get(&format!("/v1/documents/{id}/original?version={version}")),
    )
    .await;
    assert_eq!(file, LEAVE);
    let (_, list) = send(&test, get(&format!("/v1/documents/{id}/versions"))).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["versions"].as_array().unwrap().len(), 2, "{list}");
    assert_eq!(list["versions"][0]["replaced_at"], Value::Null);
    assert_eq!(list["versions"][1]["version"], version);
    assert!(list["versions"][1]["replaced_at"].is_string());
    for difference in test.app.library().differences().await.unwrap() {
        assert!(difference.is_none(), "{difference:?}");
    }
    assert!(
        test.app
            .library()
            .lost_originals()
            .await
            .unwrap()
            .is_empty()
    );

    // Back again: one of two versions is searched, and no third is there.
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let (_, list) = send(&test, get(&format!("/v1/documents/{id}/versions"))).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["versions"].as_array().unwrap().len(), 2);
    assert_eq!(list["versions"][0]["version"], version);

    // Who loses the right to a document loses it to its old versions.
    test.add("leave.md", LEAVE.replace("11일", "14일"), &["hr"])
        .await;
    assert_eq!(send(&test, get(&link)).await.0, StatusCode::NOT_FOUND);
    let library = test.app.library();
    assert!(
        library
            .versions(id, &Reader::anyone())
            .await
            .unwrap()
            .is_empty()
    );
    let hr = Reader::new(groups(&["hr"]));
    assert_eq!(library.versions(id, &hr).await.unwrap().len(), 3);

    // All goes with the document.
    assert!(test.app.library().delete(id, &hr).await.unwrap());
    assert!(
        test.app
            .library()
            .versions(id, &hr)
            .await
            .unwrap()
            .is_empty()
    );
    let originals = test.folder.path().join("data/originals");
    assert_eq!(fs::read_dir(originals).unwrap().count(), 0);
}

#[tokio::test]
async fn what_people_say_of_documents_narrows_questions() {
    let test = TestApp::new().await;
    let text = LEAVE.replace("# 휴가 규정", "# old");
    let (old, _) = test.add("old.md", &text, &["everyone"]).await;
    let (new, _) = test
        .add(
            "new.md",
            LEAVE.replace("# 휴가 규정", "# new\n\n시행일: 2025. 3. 1."),
            &["everyone"],
        )
        .await;
    assert_eq!(test.found(json!({})).await, ["new", "old"]);
    test.says(
        old,
        json!({ "collection": "인사", "tags": ["휴가", "old"] }),
    )
    .await;
    test.says(new, json!({ "collection": "총무", "author": "김하늘" }))
        .await;
    assert_eq!(
        test.found(json!({ "collections": ["인사"] })).await,
        ["old"]
    );
    assert_eq!(
        test.found(json!({ "tags": ["OLD", "휴가"] })).await,
        ["old"]
    );
    assert_eq!(test.found(json!({ "authors": ["김하늘"] })).await, ["new"]);
    assert_eq!(test.found(json!({ "title": "NEW" })).await, ["new"]);
    assert_eq!(test.found(json!({ "documents": [old] })).await, ["old"]);
    assert!(test.found(json!({ "title": "급여" })).await.is_empty());
    // By the text itself, where a day is named.
    assert_eq!(
        test.found(json!({ "in_force": "2025-02-28" })).await,
        ["old"]
    );
    assert_eq!(
        test.found(json!({ "in_force": "2025-03-01" })).await,
        ["new", "old"]
    );

    // A new document takes the place of the old one, from when it is in force.
    test.says(old, json!({ "superseded_by": new })).await;
    let view = test
        .app
        .library()
        .get(old, &Reader::anyone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.labels.until.unwrap().to_string(), "2025-02-28");
    assert_eq!(test.found(json!({})).await, ["new"]);
    assert_eq!(
        test.found(json!({ "in_force": "2025-02-28" })).await,
        ["old"]
    );
    assert_eq!(
        test.found(json!({ "in_force": "any" })).await,
        ["new", "old"]
    );
    // It stays so when it is handed in again, and after a new start.
    test.add("old.md", format!("{text}\n끝."), &["everyone"])
        .await;
    let test = test.restart().await;
    assert_eq!(test.found(json!({})).await, ["new"]);
    test.says(old, json!({ "superseded_by": null })).await;
    assert_eq!(test.found(json!({})).await, ["new", "old"]);
    test.says(old, json!({ "effective_until": "2025-12-31" }))
        .await;
    assert_eq!(test.found(json!({})).await, ["new"]);
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_by_its_field() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let (secret, _) = test
        .add("secret.md", "급여는 매월 25일에 지급한다.", &["hr"])
        .await;
    for (body, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "effective_from": "2025-02-30" }), "effective_from"),
        (json!({ "colour": "red" }), "colour"),
        (json!({ "superseded_by": id }), "superseded_by"),
        // What may not be read is not there.
        (json!({ "superseded_by": secret }), "superseded_by"),
        (json!({ "superseded_on": "2025-01-01" }), "superseded_on"),
    ] {
        let (status, text) = send(&test, patch(id, &body)).await;
        let error: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
        assert_eq!(error["error"]["field"], field, "{text}");
    }
    assert_eq!(
        send(&test, patch(secret, &json!({ "title": "x" }))).await.0,
        StatusCode::NOT_FOUND
    );
    for filter in [json!({ "in_force": "soon" }), json!({ "tag": ["a"] })] {
        let body = json!({ "question": QUESTION, "filter": filter });
        let (status, text) = send(&test, post("/v1/answers", &body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
        assert!(text.contains("filter"), "{text}");
    }
    // A title does not tell who may not read what is there under it.
    assert!(test.found(json!({ "title": "secret" })).await.is_empty());
    // Two documents cannot take each other's place.
    let (other, _) = test.add("other.md", "# 다른 규정", &["everyone"]).await;
    test.says(id, json!({ "superseded_by": other })).await;
    let (status, text) = send(&test, patch(other, &json!({ "superseded_by": id }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
}

#[tokio::test]
async fn files_with_the_same_content_are_told_to_those_who_may_read_both() {
    let test = TestApp::new().await;
    let (one, _) = test.add("one.md", LEAVE, &["everyone"]).await;
    let (two, _) = test.add("two.md", LEAVE, &["everyone"]).await;
    let (hidden, _) = test.add("hidden.md", LEAVE, &["hr"]).await;
    let library = test.app.library();
    let view = library.get(one, &Reader::anyone()).await.unwrap().unwrap();
    assert_eq!(view.duplicates, [two]);
    let hr = Reader::new(groups(&["hr"]));
    let mut all = library.get(one, &hr).await.unwrap().unwrap().duplicates;
    all.sort();
    let mut expected = [two, hidden];
    expected.sort();
    assert_eq!(all, expected);
    // A title that a person gives is found, and an empty change changes nothing.
    assert!(
        library
            .set_metadata(one, &MetadataChange::default(), &hr)
            .await
            .unwrap()
    );
}
