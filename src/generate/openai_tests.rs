//! The engine against a server that misbehaves in each way.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response as HttpResponse, Uri};
use axum::response::IntoResponse as _;
use futures::StreamExt as _;
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::*;
use crate::ask::{Context, DraftPiece, Passage, Question, Reader, Rewrite, Scope, Usage};
use crate::language::Language;

const KEY: &str = "hush-hush-hush-hush";
const SECRET_TEXT: &str = "The bonus of the board is 99,999,999 won and nobody may know.";

/// What a piece of a body is: bytes, a pause, or the connection's end.
#[derive(Clone, Debug)]
enum Piece {
    Bytes(Vec<u8>),
    Pause(u64),
    Break,
}

/// An answer of the server.
#[derive(Clone, Debug)]
struct Script {
    path: &'static str,
    status: u16,
    headers: Vec<(&'static str, String)>,
    pieces: Vec<Piece>,
}

/// A server that answers by scripts, and what it was asked.
#[derive(Clone, Debug, Default)]
struct Fake {
    scripts: Arc<Mutex<Vec<Script>>>,
    asked: Arc<Mutex<Vec<(String, HeaderMap, Value)>>>,
    /// Whether a body was dropped before its end, as when the asker leaves.
    dropped: Arc<AtomicBool>,
}

struct Watch {
    dropped: Arc<AtomicBool>,
    done: AtomicBool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.done.load(Ordering::SeqCst) {
            self.dropped.store(true, Ordering::SeqCst);
        }
    }
}

async fn answer(
    State(fake): State<Fake>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let path = uri.path().to_owned();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    fake.asked
        .lock()
        .unwrap()
        .push((path.clone(), headers, body));
    let script = fake
        .scripts
        .lock()
        .unwrap()
        .iter()
        .find(|script| script.path == path)
        .cloned();
    let Some(script) = script else {
        return (axum::http::StatusCode::NOT_FOUND, "no such path").into_response();
    };
    let watch = Watch {
        dropped: Arc::clone(&fake.dropped),
        done: AtomicBool::new(false),
    };
    let pieces = futures::stream::unfold(
        (script.pieces.into_iter(), watch),
        |(mut pieces, watch)| async move {
            loop {
                match pieces.next() {
                    Some(Piece::Bytes(bytes)) => return Some((Ok(bytes), (pieces, watch))),
                    Some(Piece::Pause(milliseconds)) => {
                        sleep(Duration::from_millis(milliseconds)).await;
                    }
                    Some(Piece::Break) => {
                        watch.done.store(true, Ordering::SeqCst);
                        let error = std::io::Error::other("broken");
                        return Some((Err(error), (Vec::new().into_iter(), watch)));
                    }
                    None => {
                        watch.done.store(true, Ordering::SeqCst);
                        return None;
                    }
                }
            }
        },
    );
    let mut response = HttpResponse::builder().status(script.status);
    for (name, value) in script.headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from_stream(
            pieces.map(|piece| piece.map(Bytes::from)),
        ))
        .unwrap()
}

impl Fake {
    /// Serves at a free port, and gives its address.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.serve(listener);
        format!("http://{address}/v1")
    }

    fn serve(&self, listener: TcpListener) {
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    }

    fn on(&self, path: &'static str, status: u16, kind: &str, pieces: Vec<Piece>) -> &Self {
        self.scripts.lock().unwrap().push(Script {
            path,
            status,
            headers: vec![("content-type", kind.to_owned())],
            pieces,
        });
        self
    }

    fn json(&self, path: &'static str, status: u16, body: &Value) -> &Self {
        let bytes = body.to_string().into_bytes();
        self.on(path, status, "application/json", vec![Piece::Bytes(bytes)])
    }

    fn chat(&self, pieces: Vec<Piece>) -> &Self {
        self.on(CHAT, 200, "text/event-stream; charset=utf-8", pieces)
    }

    fn asked(&self, path: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        let there = asked.iter().filter(|(asked, ..)| asked == path);
        there.map(|(_, _, body)| body.clone()).collect()
    }
}

const CHAT: &str = "/v1/chat/completions";

fn bytes(text: &str) -> Piece {
    Piece::Bytes(text.as_bytes().to_vec())
}

fn says(text: &str) -> Piece {
    let chunk = json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
    bytes(&format!("data: {chunk}\n\n"))
}

fn ends(reason: &str) -> Piece {
    let chunk = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] });
    bytes(&format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

fn config(url: &str) -> GeneratorConfig {
    let openai = OpenAiConfig {
        url: Some(url.to_owned()),
        model: Some("tiny".to_owned()),
        api_key: Some(SecretString::from(KEY)),
        connect_timeout: Duration::from_secs(2),
        first_token_timeout: Duration::from_millis(600),
        idle_timeout: Duration::from_millis(300),
        ..OpenAiConfig::default()
    };
    GeneratorConfig {
        openai,
        ..GeneratorConfig::default()
    }
}

fn engine(url: &str) -> OpenAiGenerator {
    OpenAiGenerator::new(&config(url)).unwrap()
}

fn prompt() -> Prompt {
    Prompt {
        question: Question {
            scope: Scope::default(),
            adapter: None,
            text: "How much is the bonus of the board?".to_owned(),
            reader: Reader::anyone(),
            language: Language::En,
        },
        context: Arc::new(Context {
            passages: vec![Passage::alone(SECRET_TEXT)],
            ledger: Vec::new(),
        }),
        max_tokens: 100,
    }
}

/// The pieces of a draft, and how it ended.
async fn draft(engine: &OpenAiGenerator) -> (Vec<DraftPiece>, Result<(), BackendError>) {
    let mut pieces = match engine.generate(prompt()).await {
        Ok(pieces) => pieces,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut draft = Vec::new();
    while let Some(piece) = pieces.recv().await {
        match piece {
            Ok(piece) => draft.push(piece),
            Err(error) => return (draft, Err(error)),
        }
    }
    (draft, Ok(()))
}

fn text(pieces: &[DraftPiece]) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        DraftPiece::Text(text) => text.as_str(),
        _ => "",
    });
    texts.collect()
}

/// The draft and failure of a server whose chat is `pieces`.
async fn chat(pieces: Vec<Piece>) -> (Vec<DraftPiece>, Result<(), BackendError>) {
    let fake = Fake::default();
    let url = fake.chat(pieces).start().await;
    draft(&engine(&url)).await
}

#[tokio::test]
async fn a_draft_arrives_whole_however_its_bytes_are_cut() {
    let stream = ": ping\r\n\r\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n\
                  data: {\"choices\":[{\"delta\":{\"content\":\"연차는 15일\"},\"finish_reason\":null}]}\r\n\r\n\
                  data: {\"choices\":[],\"usage\":null}\r\n\r\n\
                  data: {\"choices\":[{\"delta\":{\"content\":\"입니다[1]. 🎉\"}}]}\r\n\r\n\
                  data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\r\n\r\n";
    let pieces = stream
        .as_bytes()
        .chunks(3)
        .map(|bytes| Piece::Bytes(bytes.to_vec()))
        .collect();
    let (pieces, ended) = chat(pieces).await;
    assert_eq!(text(&pieces), "연차는 15일입니다[1]. 🎉");
    ended.unwrap();
}

#[tokio::test]
async fn it_is_asked_as_the_protocol_and_the_configuration_say() {
    let fake = Fake::default();
    let url = fake.chat(vec![says("A [1]."), ends("stop")]).start().await;
    let mut config = config(&url);
    config.temperature = 0.5;
    config.top_p = 0.9;
    config.seed = Some(7);
    config.stop = vec!["END".to_owned()];
    let engine = OpenAiGenerator::new(&config).unwrap();
    draft(&engine).await.1.unwrap();
    let body = &fake.asked(CHAT)[0];
    assert_eq!(body["model"], "tiny");
    assert_eq!(body["stream"], true);
    assert_eq!(body["max_tokens"], 100);
    assert_eq!(body["temperature"], 0.5);
    assert_eq!(
        (&body["seed"], &body["stop"][0]),
        (&json!(7), &json!("END"))
    );
    let roles: Vec<&Value> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["role"])
        .collect();
    assert_eq!(roles, ["system", "user"]);
    let (_, headers, _) = fake.asked.lock().unwrap().last().unwrap().clone();
    assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(engine.name(), "tiny");

    config.openai.system_role = false;
    let engine = OpenAiGenerator::new(&config).unwrap();
    draft(&engine).await.1.unwrap();
    let messages = &fake.asked(CHAT)[1]["messages"];
    assert_eq!(messages.as_array().unwrap().len(), 1);
    assert!(
        messages[0]["content"]
            .as_str()
            .unwrap()
            .contains("After every sentence")
    );
}

#[tokio::test]
async fn a_draft_that_ran_out_of_tokens_is_said_to_be_cut() {
    let (pieces, ended) = chat(vec![says("The bonus [1]. It may"), ends("length")]).await;
    ended.unwrap();
    assert_eq!(pieces.last(), Some(&DraftPiece::Cut));
    let counted = json!({ "choices": [], "usage": { "prompt_tokens": 90, "completion_tokens": 8,
        "prompt_tokens_details": { "cached_tokens": 64 } } });
    let done = json!({ "choices": [{ "finish_reason": "stop" }], "usage": null });
    let events = bytes(&format!(
        "data: {done}\n\ndata: {counted}\n\ndata: [DONE]\n\n"
    ));
    let (pieces, ended) = chat(vec![says("All."), events]).await;
    ended.unwrap();
    let usage = Usage {
        prompt_tokens: 90,
        cached_tokens: Some(64),
        completion_tokens: 8,
    };
    assert_eq!(pieces.last(), Some(&DraftPiece::Usage(usage)));
    // A server that forgets to end its answer does not hold the draft.
    let (pieces, ended) = chat(vec![
        says("All."),
        bytes("data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"),
        Piece::Pause(60_000),
    ])
    .await;
    ended.unwrap();
    assert_eq!(pieces, [DraftPiece::Text("All.".to_owned())]);
}

#[tokio::test]
async fn failures_within_a_stream_are_failures_of_the_draft() {
    let error = json!({ "error": { "message": "out of memory", "code": 500 } });
    for (pieces, word) in [
        (
            vec![says("A"), bytes(&format!("data: {error}\n\n"))],
            "out of memory",
        ),
        (
            vec![says("A"), bytes("error: {\"message\":\"gone wrong\"}\n\n")],
            "gone wrong",
        ),
        (
            vec![
                says("A"),
                bytes("data: {\"object\":\"error\",\"message\":\"no luck\"}\n\n"),
            ],
            "no luck",
        ),
        (
            vec![says("A"), bytes("data: {nonsense\n\n")],
            "no part of a draft",
        ),
        (
            vec![says("A"), Piece::Bytes(b"data: \xFF\xFE\n\n".to_vec())],
            "no UTF-8",
        ),
        (vec![says("A")], "broke off before"),
        (vec![says("A"), Piece::Pause(50), Piece::Break], "broke off"),
    ] {
        let (draft, ended) = chat(pieces).await;
        assert_eq!(text(&draft), "A", "{word}");
        let error = ended.unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert!(error.contains("127.0.0.1"), "{error}");
    }
    let busy = json!({ "error": { "message": "queue is full", "code": 503 } });
    let (_, ended) = chat(vec![bytes(&format!("data: {busy}\n\n"))]).await;
    assert!(is_busy(&ended.unwrap_err()));
}

fn is_busy(error: &BackendError) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<EngineBusy>)
}

#[tokio::test]
async fn silence_is_borne_for_as_long_as_configured() {
    // Comments keep a connection open and are no words.
    let mut pieces = vec![bytes(
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n",
    )];
    for _ in 0..20 {
        pieces.extend([Piece::Pause(100), bytes(": still here\n\n")]);
    }
    let (draft, ended) = chat(pieces).await;
    assert!(draft.is_empty());
    assert!(
        ended
            .unwrap_err()
            .to_string()
            .contains("said nothing for 0.6 s")
    );

    let (draft, ended) = chat(vec![Piece::Pause(5_000)]).await;
    assert!(draft.is_empty());
    assert!(
        ended
            .unwrap_err()
            .to_string()
            .contains("said nothing for 0.6 s")
    );

    let (draft, ended) = chat(vec![says("A"), Piece::Pause(5_000), ends("stop")]).await;
    assert_eq!(text(&draft), "A");
    assert!(
        ended
            .unwrap_err()
            .to_string()
            .contains("said nothing for 0.3 s")
    );

    let slow = (0..6).flat_map(|_| [Piece::Pause(150), says("a")]);
    let (draft, ended) = chat(slow.chain([ends("stop")]).collect()).await;
    ended.unwrap();
    assert_eq!(text(&draft), "aaaaaa", "a slow draft is no silence");
}

#[tokio::test]
async fn refusals_are_told_without_secrets() {
    let echo = format!("Incorrect API key provided: {KEY}. \n  You can find yours at /keys.");
    for (status, body, words) in [
        (
            401,
            json!({ "error": { "message": echo } }),
            vec!["401", "api_key", "***"],
        ),
        (
            404,
            json!({ "detail": "Not Found" }),
            vec!["404", "`tiny`", "Not Found"],
        ),
        (
            400,
            json!({ "message": format!("bad input: {SECRET_TEXT}") }),
            vec!["400", "left out"],
        ),
        (500, json!("it burns"), vec!["500", "it burns"]),
    ] {
        let fake = Fake::default();
        let url = fake.json(CHAT, status, &body).start().await;
        let engine = engine(&url);
        let error = draft(&engine).await.1.unwrap_err();
        let told = format!("{error} {error:?} {engine:?}");
        for word in words {
            assert!(told.contains(word), "{told}");
        }
        assert!(!told.contains(KEY) && !told.contains("bonus"), "{told}");
        assert!(!is_busy(&error));
        assert_eq!(fake.asked(CHAT).len(), 1, "{status} is not asked again");
    }
    for status in [429, 503] {
        let fake = Fake::default();
        let url = fake.json(CHAT, status, &json!({})).start().await;
        let error = draft(&engine(&url)).await.1.unwrap_err();
        assert!(
            is_busy(&error) && error.to_string().contains("busy"),
            "{error}"
        );
        assert_eq!(fake.asked(CHAT).len(), 1);
    }
    let fake = Fake::default();
    let url = fake
        .json(CHAT, 200, &json!({ "choices": [] }))
        .start()
        .await;
    let error = draft(&engine(&url)).await.1.unwrap_err().to_string();
    assert!(
        error.contains("application/json instead of a stream"),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_is_sent_where_a_redirect_points() {
    let elsewhere = Fake::default();
    let there = elsewhere.chat(vec![says("A"), ends("stop")]).start().await;
    let fake = Fake::default();
    fake.scripts.lock().unwrap().push(Script {
        path: CHAT,
        status: 307,
        headers: vec![("location", format!("{there}/chat/completions"))],
        pieces: Vec::new(),
    });
    let url = fake.start().await;
    let error = draft(&engine(&url)).await.1.unwrap_err().to_string();
    assert!(error.contains("307"), "{error}");
    assert!(elsewhere.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn it_is_tried_again_only_until_a_connection_comes_about() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let fake = Fake::default();
    fake.chat(vec![says("Late."), ends("stop")]);
    let late = fake.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(400)).await;
        late.serve(TcpListener::bind(address).await.unwrap());
    });
    let mut config = config(&format!("http://{address}"));
    config.openai.first_token_timeout = Duration::from_secs(5);
    let engine = OpenAiGenerator::new(&config).unwrap();
    let (pieces, ended) = draft(&engine).await;
    ended.unwrap();
    assert_eq!(text(&pieces), "Late.");

    // Nobody listens: an error that names the address, after the time that is set for it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    config.openai.url = Some(format!("http://{address}"));
    config.openai.connect_timeout = Duration::from_millis(500);
    let started = Instant::now();
    let engine = OpenAiGenerator::new(&config).unwrap();
    let error = draft(&engine).await.1.unwrap_err().to_string();
    assert!(
        error.contains("cannot be reached") && error.contains(&address.to_string()),
        "{error}"
    );
    assert!(
        (200..2_000).contains(&started.elapsed().as_millis()),
        "{error}"
    );

    // A connection that is closed on the request may have been read: it is not sent twice.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    config.openai.url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            socket.readable().await.unwrap();
            let mut buffer = [0; 16];
            let _ = socket.try_read(&mut buffer);
        }
    });
    let engine = OpenAiGenerator::new(&config).unwrap();
    let error = draft(&engine).await.1.unwrap_err().to_string();
    assert!(error.contains("failed"), "{error}");
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_hears_that_the_asker_left() {
    let fake = Fake::default();
    let mut pieces = vec![says("A")];
    for _ in 0..600 {
        pieces.extend([Piece::Pause(50), says("a")]);
    }
    let url = fake.chat(pieces).start().await;
    let mut draft = engine(&url).generate(prompt()).await.unwrap();
    draft.recv().await.unwrap().unwrap();
    assert!(!fake.dropped.load(Ordering::SeqCst));
    drop(draft);
    for _ in 0..100 {
        if fake.dropped.load(Ordering::SeqCst) {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the server writes on");
}

#[tokio::test]
async fn a_prompt_over_the_window_is_refused_before_it_is_sent() {
    let fake = Fake::default();
    fake.chat(vec![says("A"), ends("stop")]);
    let url = fake.json(
        "/tokenize",
        200,
        &json!({ "count": 8_150, "max_model_len": 8_192 }),
    );
    let url = url.start().await;
    let engine = engine(&url);
    assert_eq!(engine.window(), Some(8_192));
    let error = draft(&engine).await.1.unwrap_err().to_string();
    assert_eq!(
        error,
        "the prompt has 8150 tokens, with 100 for the answer it is over the window of 8192"
    );
    assert!(fake.asked(CHAT).is_empty());
}

#[tokio::test]
async fn tokens_are_counted_as_each_server_offers_it() {
    // vLLM: with its template.
    let fake = Fake::default();
    let url = fake
        .json("/tokenize", 200, &json!({ "count": 321, "tokens": [1] }))
        .start()
        .await;
    assert_eq!(engine(&url).count_tokens(&prompt()).await.unwrap(), 321);
    assert_eq!(fake.asked("/tokenize")[0]["messages"][1]["role"], "user");
    // llama.cpp: without.
    let fake = Fake::default();
    let url = fake
        .json("/tokenize", 200, &json!({ "tokens": vec![7; 300] }))
        .start()
        .await;
    let tokens = engine(&url).count_tokens(&prompt()).await.unwrap();
    assert_eq!(tokens, 300 + count::TEMPLATE_TOKENS);
    assert!(
        fake.asked("/tokenize")[0]["content"]
            .as_str()
            .unwrap()
            .contains("bonus")
    );
    // llama-cpp-python.
    let fake = Fake::default();
    let url = fake
        .json("/extras/tokenize/count", 200, &json!({ "count": 300 }))
        .start()
        .await;
    let counting = engine(&url);
    for _ in 0..2 {
        let tokens = counting.count_tokens(&prompt()).await.unwrap();
        assert_eq!(tokens, 300 + count::TEMPLATE_TOKENS);
    }
    assert_eq!(
        fake.asked("/tokenize").len(),
        1,
        "what it lacks is remembered"
    );
    // Others: an estimate, and nothing is asked again.
    let fake = Fake::default();
    let url = fake.start().await;
    let counting = engine(&url);
    let estimate = count::estimated(&counting.told(messages(&prompt(), &counting.fence)));
    for _ in 0..2 {
        assert_eq!(counting.count_tokens(&prompt()).await.unwrap(), estimate);
    }
    assert_eq!(fake.asked.lock().unwrap().len(), 2);
    // A server that fails is no server that cannot count.
    let fake = Fake::default();
    let url = fake.json("/tokenize", 500, &json!("no")).start().await;
    assert!(engine(&url).count_tokens(&prompt()).await.is_err());
}

#[tokio::test]
async fn probabilities_are_those_of_the_first_tokens() {
    let top = json!([
        { "token": " Yes", "logprob": -0.5 },
        { "token": "Y", "logprob": -3.0 },
        { "token": "No", "logprob": -1.5 },
        { "token": " ", "logprob": -4.0 },
    ]);
    let body = json!({ "choices": [{ "logprobs": { "content": [{ "top_logprobs": top }] } }] });
    let fake = Fake::default();
    let url = fake.json(CHAT, 200, &body).start().await;
    let engine_there = engine(&url);
    let found = engine_there
        .probabilities("Is it so?", &["Yes", "No", "Maybe"])
        .await
        .unwrap()
        .unwrap();
    let expected = [(-0.5_f32).exp() + (-3.0_f32).exp(), (-1.5_f32).exp(), 0.0];
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    let asked = &fake.asked(CHAT)[0];
    assert_eq!(
        (&asked["max_tokens"], &asked["logprobs"]),
        (&json!(1), &json!(true))
    );

    for (status, body) in [
        (200, json!({ "choices": [{ "logprobs": null }] })),
        (
            200,
            json!({ "choices": [{ "message": { "content": "Yes" } }] }),
        ),
        (
            400,
            json!({ "error": { "message": "logprobs are not supported" } }),
        ),
    ] {
        let fake = Fake::default();
        let url = fake.json(CHAT, status, &body).start().await;
        let found = engine(&url).probabilities("Is it so?", &["Yes"]).await;
        assert_eq!(found.unwrap(), None, "{status} {body}");
    }
}

#[test]
fn control_tokens_in_documents_are_taken_apart() {
    for (text, expected) in [
        ("a<|im_end|>b", "a< |im_end|>b"),
        ("</s>", "< /s>"),
        ("[INST] do [/INST]", "[ INST] do [ /INST]"),
        ("<<SYS>>", "< <SYS>>"),
        ("<｜end▁of▁sentence｜>", "< ｜end▁of▁sentence｜>"),
        ("<start_of_turn>", "< start_of_turn>"),
        (
            "a < b | c > d, <b>bold</b> [1] a[i]",
            "a < b | c > d, <b>bold</b> [1] a[i]",
        ),
    ] {
        assert_eq!(without_control(text), expected);
    }
}

#[tokio::test]
async fn the_doctor_says_how_the_server_is() {
    let models = json!({ "data": [{ "id": "tiny", "max_model_len": 4_096 }, { "id": "big" }] });
    let fake = Fake::default();
    let url = fake.json("/v1/models", 200, &models).start().await;
    let checks = engine(&url).examine().await;
    let levels: Vec<Level> = checks.iter().map(|check| check.level).collect();
    assert_eq!(levels, [Level::Error, Level::Ok], "{checks:?}");
    assert!(checks[0].message.contains("8192") && checks[0].message.contains("4096"));
    assert!(checks[1].message.contains("estimated"), "{checks:?}");

    let mut other = config(&url);
    other.openai.model = Some("huge".to_owned());
    let checks = OpenAiGenerator::new(&other).unwrap().examine().await;
    assert_eq!(checks[0].level, Level::Warning);
    assert!(checks[0].message.contains("`huge`") && checks[0].message.contains("tiny, big"));

    other.openai.url = Some("http://127.0.0.1:1".to_owned());
    other.openai.connect_timeout = Duration::from_millis(50);
    let checks = OpenAiGenerator::new(&other).unwrap().examine().await;
    assert_eq!(checks[0].level, Level::Error);
    assert!(checks[0].message.contains("127.0.0.1:1"), "{checks:?}");
}

fn rewrite() -> Rewrite {
    Rewrite {
        sentence: "The bonus is 88,888,888 won.".to_owned(),
        evidence: vec![(2, SECRET_TEXT.to_owned())],
        reason: "the document says 99,999,999 won".to_owned(),
        language: Language::En,
        adapter: None,
    }
}

#[tokio::test]
async fn a_refused_sentence_is_written_again_from_its_evidence_only() {
    let fake = Fake::default();
    let pieces = vec![
        says("The bonus is 99,999,999 won [2]."),
        says("\nAnd more"),
        Piece::Pause(60_000),
    ];
    let url = fake.chat(pieces).start().await;
    let mut config = config(&url);
    config.temperature = 1.0;
    let engine = OpenAiGenerator::new(&config).unwrap();
    let written = engine.rewrite(&rewrite()).await.unwrap();
    assert_eq!(written.as_deref(), Some("The bonus is 99,999,999 won."));
    let body = &fake.asked(CHAT)[0];
    assert_eq!(body["temperature"], 0.0);
    assert_eq!(body["max_tokens"], rewrite::TOKENS);
    assert!(body.get("top_p").is_none());
    let user = body["messages"][1]["content"].as_str().unwrap();
    assert!(user.contains(SECRET_TEXT) && user.contains("88,888,888"));
}

#[tokio::test]
async fn what_cannot_be_written_again_is_none_or_a_failure() {
    for (pieces, expected) in [
        (vec![says("NO"), says("NE"), ends("stop")], None),
        (vec![says("The bonus is"), ends("length")], None),
        (vec![ends("stop")], None),
    ] {
        let fake = Fake::default();
        let url = fake.chat(pieces).start().await;
        assert_eq!(engine(&url).rewrite(&rewrite()).await.unwrap(), expected);
    }
    let fake = Fake::default();
    let refusal = json!({ "error": { "message": SECRET_TEXT } });
    let url = fake.json(CHAT, 500, &refusal).start().await;
    let error = engine(&url).rewrite(&rewrite()).await.unwrap_err();
    assert!(!error.to_string().contains("99,999,999"), "{error}");
}

#[tokio::test]
async fn an_adapter_is_loaded_once_and_is_the_model_that_is_asked() {
    let fake = Fake::default();
    let models = json!({ "data": [{ "id": "tiny" }, { "id": "listed" }] });
    let url = fake
        .json("/v1/models", 200, &models)
        .on(
            "/v1/load_lora_adapter",
            200,
            "text/plain",
            vec![bytes("Success")],
        )
        .chat(vec![says("Nothing is said."), ends("stop")])
        .start()
        .await;
    let mut config = config(&url);
    config.seed = Some(7);
    config.openai.adapters = vec!["ours".to_owned()];
    let engine = OpenAiGenerator::new(&config).unwrap();
    let folder = Path::new("/srv/adapters/hr");
    // Without being told to, no server is made to load anything.
    assert!(!engine.load_adapter("hr", Some(folder)).await.unwrap());
    assert!(engine.load_adapter("ours", None).await.unwrap());
    assert!(fake.asked("/v1/load_lora_adapter").is_empty());
    config.openai.load_adapters = true;
    let engine = OpenAiGenerator::new(&config).unwrap();
    for name in ["listed", "hr", "hr"] {
        assert!(engine.load_adapter(name, Some(folder)).await.unwrap());
    }
    let loaded = fake.asked("/v1/load_lora_adapter");
    assert_eq!(loaded.len(), 1, "{loaded:?}");
    assert_eq!(loaded[0]["lora_name"], "hr");
    assert_eq!(loaded[0]["lora_path"], "/srv/adapters/hr");
    for (adapter, number) in [(None, 0), (Some("hr"), 1), (Some("none"), 2)] {
        let mut prompt = prompt();
        prompt.question.adapter = adapter.map(str::to_owned);
        engine.draft(prompt, number).await.unwrap();
    }
    let asked = fake.asked(CHAT);
    let of = |key: &str| {
        let bodies = asked.iter();
        bodies.map(|body| body[key].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("model"), ["tiny", "hr", "tiny"]);
    assert_eq!(of("seed"), [7, 8, 9]);
    assert_eq!(asked[0]["temperature"], 0.0);
    assert!(asked[1]["temperature"].as_f64().unwrap() > 0.7);
}

#[tokio::test]
async fn an_adapter_that_the_server_cannot_load_is_told() {
    let fake = Fake::default();
    let refusal = json!({ "error": { "message": "adapter_config.json is missing" } });
    let url = fake
        .json("/v1/models", 200, &json!({ "data": [] }))
        .json("/v1/load_lora_adapter", 400, &refusal)
        .start()
        .await;
    let mut config = config(&url);
    config.openai.load_adapters = true;
    let engine = OpenAiGenerator::new(&config).unwrap();
    let loading = engine.load_adapter("hr", Some(Path::new("/srv/hr"))).await;
    let error = loading.unwrap_err().to_string();
    assert!(error.contains("adapter_config.json is missing"), "{error}");
}
