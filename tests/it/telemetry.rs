//! Traces of a served program, as a collector gets them.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;

use crate::harness::LEAVE;

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_traced_from_the_request_to_its_stages_without_what_was_asked() {
    let came: Arc<Mutex<Vec<u8>>> = Arc::default();
    let kept = Arc::clone(&came);
    let take = move |body: Bytes| {
        kept.lock().unwrap().extend_from_slice(&body);
        std::future::ready(())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let folder = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veracite"));
        command
            .env("VERACITE_DATA", folder.path().join("data"))
            .env("VERACITE_MODELS__EMBEDDER", "none")
            .env("VERACITE_TELEMETRY__OTLP_ENDPOINT", &collector)
            .args(arguments);
        command
    };
    let file = folder.path().join("leave.md");
    std::fs::write(&file, LEAVE).unwrap();
    let ingested = command(&["ingest", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(ingested.status.success(), "{ingested:?}");
    let mut server = command(&["serve", "--bind", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some(address) = line.strip_prefix("serving on ") {
            break address.to_owned();
        }
    };
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(format!("{address}/v1/answers"))
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .json(&serde_json::json!({ "question": QUESTION }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let pid = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = tokio::task::spawn_blocking(move || server.wait().unwrap());
    assert!(ended.await.unwrap().success());
    let came = came.lock().unwrap();
    let id = u128::from_str_radix(trace, 16).unwrap().to_be_bytes();
    for part in [
        &b"POST /v1/answers"[..],
        b"ask",
        b"retrieve",
        b"pack",
        b"write_and_check",
        b"veracite",
        &id,
    ] {
        assert!(holds(&came, part), "{}", String::from_utf8_lossy(part));
    }
    for part in ["연차", "leave.md"] {
        assert!(!holds(&came, part.as_bytes()), "{part}");
    }
}
