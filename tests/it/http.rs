//! The pages and the API.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;
use veracite::web;

use crate::harness::{LEAVE, TestApp};

pub(crate) async fn send(test: &TestApp, request: Request<Body>) -> (StatusCode, String) {
    let router = web::router(Arc::clone(&test.app), &test.app.config().server);
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 10_000_000)
        .await
        .unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .header(header::HOST, "127.0.0.1:8420")
        .body(Body::empty())
        .unwrap()
}

pub(crate) fn post(path: &str, body: &Value) -> Request<Body> {
    Request::post(path)
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A body as JSON; one that is none is shown.
pub(crate) fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"))
}

#[tokio::test]
async fn the_last_event_is_the_body_that_comes_without_streaming() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let question = "입사 1년 미만 직원의 연차는 며칠인가요?";
    let (status, body) = send(
        &test,
        post("/v1/answers", &serde_json::json!({ "question": question })),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["claims"][0]["verdict"], "supported");
    assert_eq!(body["claims"][0]["citations"][0]["file_name"], "leave.md");
    assert_eq!(
        body["notices"].as_array().unwrap().len(),
        1,
        "no model is told of"
    );
    let request = post(
        "/v1/answers",
        &serde_json::json!({ "question": question, "stream": true }),
    );
    let (_, events) = send(&test, request).await;
    let names: Vec<&str> = events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names.first(), Some(&"retrieval"));
    assert!(names.contains(&"sentence"));
    assert_eq!(names.last(), Some(&"final"));
    let last = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .next_back()
        .unwrap();
    assert_eq!(serde_json::from_str::<Value>(last).unwrap(), body);
}

#[tokio::test]
async fn a_file_comes_in_is_found_and_goes() {
    let test = TestApp::new().await;
    let form = format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"leave.md\"\r\n\r\n{LEAVE}\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"none.md\"\r\n\r\n\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../../up.md\"\r\n\r\nx\r\n--x--\r\n"
    );
    let request = Request::post("/v1/documents")
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(form))
        .unwrap();
    let (status, body) = send(&test, request).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    let report: Value = serde_json::from_str(&body).unwrap();
    let id = report["files"][0]["id"].as_str().unwrap().to_owned();
    assert!(
        report["files"][1]["error"].is_object(),
        "an empty file is refused: {body}"
    );
    assert!(
        report["files"][2]["error"].is_object(),
        "a name that leads out is refused: {body}"
    );
    test.app.library().idle().await;
    let (_, body) = send(&test, get(&format!("/v1/documents/{id}"))).await;
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap()["state"],
        "ready",
        "{body}"
    );
    let (status, body) = send(&test, get(&format!("/v1/documents/{id}/original"))).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, LEAVE));
    let request = Request::delete(format!("/v1/documents/{id}"))
        .header(header::HOST, "127.0.0.1:8420")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&test, request).await.0, StatusCode::NO_CONTENT);
    assert_eq!(
        send(&test, get(&format!("/v1/documents/{id}"))).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let test = TestApp::new().await;
    let long = "가".repeat(100_000);
    for (body, word) in [
        (serde_json::json!({ "question": "" }), "question"),
        (serde_json::json!({ "question": long }), "4"),
        (serde_json::json!({ "question": "?", "modus": 1 }), "modus"),
    ] {
        let (status, text) = send(&test, post("/v1/answers", &body)).await;
        assert!(status.is_client_error(), "{status} {text}");
        assert!(text.contains(word), "{text}");
    }
    assert_eq!(send(&test, get("/nowhere")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_answer_of_another_program_is_checked() {
    let test = TestApp::new().await;
    let body = serde_json::json!({
        "answer": "Leave is 15 days [1]. It is 20 days [1]. Parking is free and always was [1].",
        "passages": [{ "text": "Leave is 15 days. It can be split." }],
    });
    let (status, text) = send(&test, post("/v1/check", &body)).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let verdicts: Vec<&str> = report["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| claim["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts[0], "supported");
    assert!(!verdicts[1..].contains(&"supported"), "{verdicts:?}");
}

#[tokio::test]
async fn every_page_is_there_in_both_languages() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    for (language, word) in [("ko", "문서"), ("en", "ocuments")] {
        for path in ["/", "/documents", &format!("/documents/{id}")] {
            let (status, html) = send(&test, get(&format!("{path}?lang={language}"))).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(
                html.contains(word) && html.contains(&format!("lang=\"{language}\"")),
                "{path} {language}"
            );
        }
    }
    let (status, api) = send(&test, get("/openapi.json")).await;
    assert_eq!(status, StatusCode::OK);
    let api: Value = serde_json::from_str(&api).unwrap();
    for path in [
        "/v1/answers",
        "/v1/check",
        "/v1/documents",
        "/v1/documents/{id}",
    ] {
        assert!(api["paths"][path].is_object(), "{path}");
    }
}
