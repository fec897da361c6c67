//! Answers whose draft an OpenAI-compatible server writes.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use ingest::parse::InProcess;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use veracite::app::{App, AskError, AskEvent};
use veracite::ask::{LeftOut, Question, Reader, Scope};
use veracite::check::{Answer, CheckedSentence, Mode, Verdict};
use veracite::doctor::Level;
use veracite::generate::Engine;
use veracite::language::Language;

use crate::harness::{LEAVE, TestApp, config};

/// What the server says to whatever it is asked, the status that it refuses with, or that it never
/// says anything.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Draft(&'static str),
    Status(u16),
    Never,
}

#[derive(Clone, Debug)]
struct Server {
    says: Says,
    asked: Arc<Mutex<Vec<Value>>>,
}

async fn answer(State(server): State<Server>, uri: Uri, body: String) -> Response {
    match uri.path() {
        "/v1/chat/completions" => {
            let body = serde_json::from_str(&body).unwrap();
            server.asked.lock().unwrap().push(body);
            match server.says {
                Says::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
                Says::Never => std::future::pending().await,
                Says::Draft(draft) => {
                    let mut stream = String::new();
                    for char in draft.chars() {
                        let chunk = json!({"choices": [{"delta": {"content": char.to_string()}}]});
                        write!(stream, "data: {chunk}\n\n").unwrap();
                    }
                    let last = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
                    write!(stream, "data: {last}\n\ndata: [DONE]\n\n").unwrap();
                    ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
                }
            }
        }
        // A token for each character, so that windows are easily filled.
        "/tokenize" => {
            let body: Value = serde_json::from_str(&body).unwrap();
            let count = body["content"].as_str().unwrap().chars().count();
            axum::Json(json!({ "count": count })).into_response()
        }
        "/v1/models" => axum::Json(json!({"data": [{"id": "tiny"}]})).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An application whose engine says `says` in a window of `window` tokens, and what the engine
/// was asked.
pub(crate) async fn app(says: Says, window: usize) -> (TestApp, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let server = Server {
        says,
        asked: Arc::clone(&asked),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(server);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.generator.engine = Engine::OpenAi;
    config.generator.max_tokens = 100.try_into().unwrap();
    config.generator.openai.url = Some(url);
    config.generator.openai.model = Some("tiny".to_owned());
    config.generator.openai.window = window.try_into().unwrap();
    let app = App::open_with(config, Arc::new(InProcess)).await.unwrap();
    let test = TestApp { app, folder };
    test.add("leave.md", LEAVE, &["everyone"]).await;
    (test, asked)
}

pub(crate) const QUESTION: &str = "입사 1년 미만 직원의 연차휴가는 최대 며칠인가요?";

async fn ask(says: &'static str) -> Arc<Answer> {
    let (test, _) = app(Says::Draft(says), 8_192).await;
    test.ask(QUESTION, &[]).await
}

fn texts(answer: &Answer) -> Vec<&str> {
    let sentences = answer.sentences().iter();
    sentences.map(CheckedSentence::text).collect()
}

#[tokio::test]
async fn of_a_draft_only_what_the_documents_say_is_shown() {
    let answer = ask(
        "입사 1년 미만 직원의 연차휴가는 최대 11일이다[1][9]. 미사용 연차는 두 배로 지급한다 [1]. 주차는 무료이다.",
    )
    .await;
    assert_eq!(
        texts(&answer),
        ["입사 1년 미만 직원의 연차휴가는 최대 11일이다."]
    );
    assert_eq!(answer.withheld().len(), 2);
    assert_eq!(answer.unknown_citations(), 1);
    assert_eq!(answer.generator(), "tiny");
}

#[tokio::test]
async fn a_model_that_finds_nothing_abstains_and_says_what_is_missing_beside_an_answer() {
    let answer = ask("구절에 나와 있지 않습니다.").await;
    assert!(answer.abstained() && answer.withheld().is_empty());
    let answer =
        ask("입사 1년 미만 직원의 연차휴가는 최대 11일이다. [1] 반차는 구절에 나와 있지 않습니다.")
            .await;
    assert_eq!(answer.sentences()[1].verdict(), Verdict::NotCheckable);
    assert!(!answer.abstained());
}

#[tokio::test]
async fn an_engine_is_asked_about_passages_only() {
    let (test, asked) = app(Says::Draft("15 days [1]."), 8_192).await;
    let answer = test.ask("zzzz qqqq", &[]).await;
    assert!(answer.abstained() && answer.ledger().is_empty());
    assert!(asked.lock().unwrap().is_empty(), "there was nothing to ask");
}

#[tokio::test]
async fn passages_that_do_not_fit_are_left_out_and_the_ledger_says_so() {
    let (test, asked) = app(Says::Draft("병가는 연 60일까지 쓸 수 있다. [1]"), 900).await;
    for number in 0..6 {
        let text = format!(
            "# 병가 안내 {number}\n\n{}",
            "병가는 연 60일까지 쓸 수 있다. ".repeat(9)
        );
        test.add(&format!("sick{number}.md"), text, &["everyone"])
            .await;
    }
    let answer = test.ask("병가는 연 며칠까지 쓸 수 있나요?", &[]).await;
    assert!(!answer.abstained());
    let outcomes: Vec<_> = answer.ledger().iter().map(|entry| entry.outcome).collect();
    assert!(outcomes.contains(&Ok(1)), "{outcomes:?}");
    assert!(outcomes.contains(&Err(LeftOut::NoRoom)), "{outcomes:?}");
    let asked = asked.lock().unwrap();
    let length: usize = asked[0]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap().chars().count())
        .sum();
    assert!(length + 100 <= 900, "{length}");
}

#[tokio::test]
async fn a_busy_engine_is_no_fault_and_a_failing_one_is() {
    let question = || Question {
        scope: Scope::default(),
        adapter: None,
        text: QUESTION.to_owned(),
        reader: Reader::anyone(),
        language: Language::Ko,
    };
    let (test, _) = app(Says::Status(429), 8_192).await;
    let error = test.app.answer(question(), Mode::Strict).await.unwrap_err();
    assert!(matches!(error, AskError::EngineBusy(_)), "{error}");
    let (test, _) = app(Says::Status(500), 8_192).await;
    let error = test.app.answer(question(), Mode::Strict).await.unwrap_err();
    assert!(matches!(error, AskError::Failed(_)), "{error}");
    let (test, _) = app(Says::Draft(""), 200).await;
    let error = test.app.answer(question(), Mode::Strict).await.unwrap_err();
    assert!(
        error.to_string().contains("over the window of 200"),
        "{error}"
    );
}

#[tokio::test]
async fn the_gate_is_timed_and_the_doctor_looks_at_the_engine() {
    let (test, _) = app(Says::Draft("병가는 연 60일까지 쓸 수 있다. [1]"), 8_192).await;
    let question = Question {
        scope: Scope::default(),
        adapter: None,
        text: "병가는 연 며칠까지 쓸 수 있나요?".to_owned(),
        reader: Reader::anyone(),
        language: Language::Ko,
    };
    let mut events = test.app.ask(question, Mode::Strict).unwrap();
    let mut timed = None;
    while let Some(event) = events.recv().await {
        if let AskEvent::Final(_, timings) = event {
            timed = Some(timings);
        }
    }
    let timings = timed.unwrap();
    assert!(timings.gate.unwrap() <= timings.first_sentence.unwrap());
    let checks = test.app.generator_checks().await;
    assert_eq!(checks[0].level, Level::Ok, "{checks:?}");
}
