//! What Prometheus is told, and that the server stops politely.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use tower::ServiceExt as _;
use veracite::app::Phase;
use veracite::web::{self, ServerConfig};

use crate::harness::{LEAVE, TestApp};
use crate::http::{get, post, send};

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

#[tokio::test]
async fn what_was_done_is_counted_without_names_and_texts() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    for question in [QUESTION, "What is the capital of Mongolia?"] {
        let question = json!({ "question": question });
        let (status, _) = send(&test, post("/v1/answers", &question)).await;
        assert_eq!(status, StatusCode::OK);
    }
    send(&test, get(&format!("/v1/documents/{id}"))).await;
    send(&test, get("/no/such/page")).await;
    let (status, text) = send(&test, get("/metrics")).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    for line in [
        r#"veracite_http_requests_total{method="POST",route="/v1/answers",status="200"} 2"#,
        r#"veracite_http_requests_total{method="GET",route="/v1/documents/{id}",status="200"} 1"#,
        r#"veracite_questions_total{outcome="answered"} 1"#,
        r#"veracite_questions_total{outcome="abstained"} 1"#,
        r#"veracite_documents{state="ready"} 1"#,
        "veracite_questions_running 0",
        "veracite_audit_entries_lost 0",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    assert!(
        text.contains(r#"veracite_sentences_total{verdict="supported",shown="true"}"#),
        "{text}"
    );
    for stage in ["retrieve", "pack", "generate_and_check"] {
        let count = format!(r#"veracite_stage_seconds_count{{stage="{stage}"}} 2"#);
        assert!(text.contains(&count), "{count}\n{text}");
    }
    for word in ["연차", "leave", &id.to_string(), "no/such", "local"] {
        assert!(!text.contains(word), "{word}\n{text}");
    }
}

async fn status(test: &TestApp, config: &ServerConfig, key: Option<&str>) -> StatusCode {
    let mut request = Request::get("/metrics").header(header::HOST, "127.0.0.1:8420");
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    let router = web::router(Arc::clone(&test.app), config);
    let request = request.body(Body::empty()).unwrap();
    router.oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn other_machines_see_nothing_unless_it_is_switched_on_and_they_have_a_key() {
    let test = TestApp::new().await;
    let key = "0123456789abcdefghij";
    let config = |more: &str| -> ServerConfig {
        let keys = format!("{more}\n[[keys]]\nname = \"prometheus\"\nkey = \"{key}\"");
        toml::from_str(&keys).unwrap()
    };
    let far = config("bind = \"0.0.0.0:8420\"");
    assert_eq!(status(&test, &far, Some(key)).await, StatusCode::NOT_FOUND);
    let on = config("bind = \"0.0.0.0:8420\"\nmetrics = true");
    assert_eq!(status(&test, &on, Some(key)).await, StatusCode::OK);
    assert_eq!(status(&test, &on, None).await, StatusCode::UNAUTHORIZED);
    let off: ServerConfig = toml::from_str("metrics = false").unwrap();
    assert_eq!(status(&test, &off, None).await, StatusCode::NOT_FOUND);
    let near = ServerConfig::default();
    assert_eq!(status(&test, &near, None).await, StatusCode::OK);
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams_and_takes_no_question() {
    let test = TestApp::new().await;
    let router = web::router(Arc::clone(&test.app), &test.app.config().server);
    let states = router.oneshot(get("/v1/documents/events")).await.unwrap();
    let (status, _) = send(&test, get("/readyz")).await;
    assert_eq!(status, StatusCode::OK);
    test.app.go_to(Phase::Stopping);
    // The stream ends by itself, or this would wait for ever.
    let events = axum::body::to_bytes(states.into_body(), 1_000_000)
        .await
        .unwrap();
    let events = String::from_utf8_lossy(&events).into_owned();
    let names: Vec<&str> = events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names, ["documents", "stopping"]);
    let (status, body) = send(&test, post("/v1/answers", &json!({ "question": QUESTION }))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("\"stopping\""), "{body}");
    let (status, _) = send(&test, get("/readyz")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    // Nothing leads back.
    test.app.go_to(Phase::Running);
    assert_eq!(*test.app.phase().borrow(), Phase::Stopping);
}

/// A hundred people may ask at once, and wait their turn; a flood is told that the server is busy.
#[tokio::test]
async fn questions_wait_in_line_and_a_flood_is_refused() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let question = json!({ "question": QUESTION });
    let ask = || async {
        let (status, body) = send(&test, post("/v1/answers", &question)).await;
        assert!(status == StatusCode::OK || body.contains("busy"), "{body}");
        status
    };
    let all = futures::future::join_all((0..100).map(|_| ask())).await;
    assert!(all.iter().all(|status| *status == StatusCode::OK));
    let flood = futures::future::join_all((0..400).map(|_| ask())).await;
    let of = |wanted| flood.iter().filter(|status| **status == wanted).count();
    assert_eq!(
        of(StatusCode::OK) + of(StatusCode::SERVICE_UNAVAILABLE),
        400
    );
    assert!(of(StatusCode::SERVICE_UNAVAILABLE) > 0);
    assert!(of(StatusCode::OK) > 200, "who came first is answered");
    assert_eq!(ask().await, StatusCode::OK, "and then there is room again");
}
