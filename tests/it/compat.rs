//! Answers in the shapes of OpenAI and Anthropic, and the page that describes the API.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use veracite::app::Phase;
use veracite::web::{self, ServerConfig};

use crate::engine::{self, QUESTION, Says};
use crate::harness::{LEAVE, PRICES, TestApp};
use crate::http::{get, parsed, post, send};

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const LEAVE_QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";
const ANSWER: &str = "입사 1년 미만 직원의 연차휴가는 최대 11일이다.";

fn asking(question: &str, more: Value) -> Value {
    let mut body = json!({
        "model": "veracite",
        "messages": [{"role": "user", "content": question}],
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

async fn ask(test: &TestApp, path: &str, body: &Value) -> (StatusCode, Value) {
    let (status, text) = send(test, post(path, body)).await;
    (status, serde_json::from_str(&text).unwrap())
}

async fn answer(test: &TestApp, path: &str, body: &Value) -> Value {
    let (status, body) = ask(test, path, body).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// The events of a stream: their names, if they have one, and their data.
async fn events(test: &TestApp, path: &str, body: &Value) -> Vec<(String, String)> {
    let (status, text) = send(test, post(path, body)).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    text.split("\n\n")
        .filter_map(|event| {
            let field = |name: &str| {
                let mut lines = event.lines();
                lines.find_map(|line| line.strip_prefix(name).map(str::to_owned))
            };
            Some((field("event: ").unwrap_or_default(), field("data: ")?))
        })
        .collect()
}

/// The content of a streamed completion, its annotations and its last chunk with a choice.
async fn streamed(test: &TestApp, body: &Value) -> (String, Vec<Value>, Value) {
    let events = events(test, CHAT, body).await;
    let (mut content, mut annotations, mut last) = (String::new(), Vec::new(), Value::Null);
    for (_, data) in &events {
        if data == "[DONE]" {
            continue;
        }
        let chunk = parsed(data);
        assert_eq!(chunk["object"], "chat.completion.chunk", "{chunk}");
        let delta = &chunk["choices"][0]["delta"];
        content.push_str(delta["content"].as_str().unwrap_or_default());
        annotations.extend(
            delta["annotations"]
                .as_array()
                .into_iter()
                .flatten()
                .cloned(),
        );
        if chunk["choices"][0].is_object() {
            last = chunk;
        }
    }
    assert_eq!(events.last().unwrap().1, "[DONE]");
    (content, annotations, last)
}

/// Looks whether every annotation stands on the number of the quote that it tells of.
fn look_at_annotations(content: &str, annotations: &[Value], grounding: &Value) {
    let chars: Vec<char> = content.chars().collect();
    for annotation in annotations {
        assert_eq!(annotation["type"], "url_citation");
        let at = &annotation["url_citation"];
        let index = |name: &str| usize::try_from(at[name].as_u64().unwrap()).unwrap();
        let mark: String = chars[index("start_index")..index("end_index")]
            .iter()
            .collect();
        let citation = &grounding["claims"][index("claim")]["citations"][index("citation")];
        assert_eq!(mark, format!("[{}]", citation["number"]));
        assert_eq!(at["quote"], citation["quote"]);
        assert_eq!(at["title"], citation["title"]);
        let url = at["url"].as_str().unwrap();
        assert_eq!(
            url,
            format!("http://127.0.0.1:8420{}", citation["url"].as_str().unwrap())
        );
    }
}

#[tokio::test]
async fn a_completion_is_the_checked_answer_streamed_or_not() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    test.add("prices.html", PRICES, &["everyone"]).await;
    for question in [LEAVE_QUESTION, "What is the unit price of PPR-9087?"] {
        let ours = answer(&test, "/v1/answers", &json!({"question": question})).await;
        let whole = answer(&test, CHAT, &asking(question, json!({}))).await;
        assert_eq!(whole["object"], "chat.completion");
        assert_eq!(whole["model"], "veracite");
        assert!(whole["id"].as_str().unwrap().starts_with("chatcmpl-"));
        assert_eq!(whole["grounding"], ours, "the same answer");
        assert_eq!(whole["usage"]["total_tokens"], 0, "nothing was written");
        let choice = &whole["choices"][0];
        assert_eq!(choice["finish_reason"], "stop");
        let content = choice["message"]["content"].as_str().unwrap();
        let annotations = choice["message"]["annotations"].as_array().unwrap();
        assert!(!annotations.is_empty());
        look_at_annotations(content, annotations, &whole["grounding"]);
        let mut rest = content;
        for claim in ours["claims"].as_array().unwrap() {
            let text = claim["text"].as_str().unwrap();
            rest = rest.strip_prefix(text).unwrap();
            rest = rest.trim_start_matches(|char: char| "[] 0123456789".contains(char));
        }
        assert_eq!(rest, "", "sentences and numbers, nothing else");

        let (streamed_content, streamed_annotations, last) =
            streamed(&test, &asking(question, json!({"stream": true}))).await;
        assert_eq!(streamed_content, content);
        assert_eq!(&streamed_annotations, annotations);
        assert_eq!(last["choices"][0]["finish_reason"], "stop");
        assert_eq!(last["grounding"], ours);

        let report = answer(&test, "/v1/verify", &whole["grounding"]).await;
        assert_eq!(report["verdict"], "valid", "{report}");
    }
    let whole = answer(&test, CHAT, &asking(LEAVE_QUESTION, json!({}))).await;
    let content = whole["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.starts_with(&format!("{ANSWER} [")), "{content}");
}

#[tokio::test]
async fn a_stream_begins_with_the_role_and_ends_with_the_usage_if_that_is_asked_for() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let with_usage = json!({"stream": true, "stream_options": {"include_usage": true}});
    let told = events(&test, CHAT, &asking(LEAVE_QUESTION, with_usage)).await;
    assert!(told.iter().all(|(name, _)| name.is_empty()), "{told:?}");
    let first = parsed(&told[0].1);
    assert_eq!(first["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(first.get("usage"), Some(&Value::Null));
    let last = parsed(&told[told.len() - 2].1);
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["total_tokens"], 0);
    let ids: Vec<Value> = told[..told.len() - 1]
        .iter()
        .map(|(_, data)| parsed(data)["id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

    let without = events(
        &test,
        CHAT,
        &asking(LEAVE_QUESTION, json!({"stream": true})),
    )
    .await;
    for (_, data) in &without[..without.len() - 1] {
        assert_eq!(parsed(data).get("usage"), None);
    }
}

#[tokio::test]
async fn a_message_has_a_block_for_each_sentence_with_its_quotes() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let body = asking(
        LEAVE_QUESTION,
        json!({"max_tokens": 100, "system": "Be brief."}),
    );
    let whole = answer(&test, MESSAGES, &body).await;
    assert_eq!(whole["type"], "message");
    assert_eq!(whole["role"], "assistant");
    assert_eq!(whole["stop_reason"], "end_turn");
    assert_eq!(whole["usage"]["output_tokens"], 0);
    let grounding = &whole["grounding"];
    let blocks = whole["content"].as_array().unwrap();
    let claims = grounding["claims"].as_array().unwrap();
    assert_eq!(blocks.len(), claims.len());
    let joined: String = blocks
        .iter()
        .map(|block| block["text"].as_str().unwrap())
        .collect();
    assert_eq!(joined, grounding["text"].as_str().unwrap());
    assert!(joined.starts_with(ANSWER));
    for (block, claim) in blocks.iter().zip(claims) {
        let citations = block["citations"].as_array().unwrap();
        assert_eq!(
            citations.len(),
            claim["citations"].as_array().unwrap().len()
        );
        for (citation, ours) in citations.iter().zip(claim["citations"].as_array().unwrap()) {
            assert_eq!(citation["type"], "char_location", "Markdown has no pages");
            assert_eq!(citation["cited_text"], ours["quote"]);
            assert_eq!(citation["document_title"], "휴가 규정");
            assert_eq!(citation["document_index"], 0);
            assert_eq!(citation["file_id"], ours["document"]);
            assert_eq!(citation["start_char_index"], ours["span"]["start"]);
            assert_eq!(citation["end_char_index"], ours["span"]["end"]);
            let length = citation["end_char_index"].as_u64().unwrap()
                - citation["start_char_index"].as_u64().unwrap();
            let quote = citation["cited_text"].as_str().unwrap();
            assert_eq!(length, quote.chars().count() as u64);
        }
    }
}

#[tokio::test]
async fn a_streamed_message_comes_in_the_order_that_clients_expect() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let whole = answer(&test, MESSAGES, &asking(LEAVE_QUESTION, json!({}))).await;
    let told = events(
        &test,
        MESSAGES,
        &asking(LEAVE_QUESTION, json!({"stream": true})),
    )
    .await;
    let mut blocks: Vec<Value> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut is_open = false;
    for (name, data) in &told {
        let event = parsed(data);
        assert_eq!(event["type"], name.as_str());
        let index = || usize::try_from(event["index"].as_u64().unwrap()).unwrap();
        match name.as_str() {
            "content_block_start" => {
                assert!(!is_open);
                is_open = true;
                assert_eq!(index(), blocks.len());
                assert_eq!(event["content_block"]["text"], "");
                blocks.push(event["content_block"].clone());
            }
            "content_block_delta" => {
                assert!(is_open);
                let block = &mut blocks[index()];
                match event["delta"]["type"].as_str().unwrap() {
                    "text_delta" => block["text"] = event["delta"]["text"].clone(),
                    "citations_delta" => {
                        if block["citations"].is_null() {
                            block["citations"] = json!([]);
                        }
                        let citations = block["citations"].as_array_mut().unwrap();
                        citations.push(event["delta"]["citation"].clone());
                    }
                    other => panic!("{other}"),
                }
            }
            "content_block_stop" => is_open = false,
            "message_delta" => {
                assert_eq!(event["delta"]["stop_reason"], "end_turn");
                assert_eq!(event["usage"]["output_tokens"], 0);
                assert_eq!(event["grounding"], whole["grounding"]);
            }
            _ => {}
        }
        names.push(name);
    }
    assert_eq!(Value::from(blocks), whole["content"]);
    assert_eq!(names.first(), Some(&"message_start"));
    assert_eq!(names[names.len() - 2..], ["message_delta", "message_stop"]);
}

#[tokio::test]
async fn a_quote_of_a_printed_document_names_its_pages() {
    let test = TestApp::new().await;
    let name = "examples/handbook/01-leave-policy-ko.pdf";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    test.add("policy.pdf", std::fs::read(path).unwrap(), &["everyone"])
        .await;
    let whole = answer(&test, MESSAGES, &asking(LEAVE_QUESTION, json!({}))).await;
    let citation = &whole["content"][0]["citations"][0];
    let ours = &whole["grounding"]["claims"][0]["citations"][0];
    assert_eq!(citation["type"], "page_location", "{whole}");
    assert_eq!(citation["cited_text"], ours["quote"]);
    assert_eq!(citation["start_page_number"], ours["page"]);
    assert_eq!(
        citation["end_page_number"].as_u64().unwrap(),
        ours["last_page"].as_u64().unwrap() + 1,
        "the end is exclusive"
    );
}

#[tokio::test]
async fn what_the_documents_do_not_answer_is_said_to_be_so() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    for question in ["회사 주차장 요금은 얼마인가요?", "How tall is the tower?"] {
        let ours = answer(&test, "/v1/answers", &json!({"question": question})).await;
        let message = ours["message"].as_str().unwrap();
        let whole = answer(&test, CHAT, &asking(question, json!({}))).await;
        let said = &whole["choices"][0]["message"];
        assert_eq!(said["content"], message);
        assert_eq!(said["annotations"], json!([]));
        assert_eq!(whole["choices"][0]["finish_reason"], "stop");
        assert_eq!(whole["grounding"]["abstained"], true);
        let (content, annotations, last) =
            streamed(&test, &asking(question, json!({"stream": true}))).await;
        assert_eq!(content, message);
        assert!(annotations.is_empty());
        assert_eq!(last["grounding"]["abstained"], true);

        let whole = answer(&test, MESSAGES, &asking(question, json!({}))).await;
        assert_eq!(
            whole["content"],
            json!([{"type": "text", "text": message, "citations": null}])
        );
        assert_eq!(whole["grounding"]["abstained"], true);
        let told = events(&test, MESSAGES, &asking(question, json!({"stream": true}))).await;
        let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "message_start",
                "content_block_start",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop"
            ]
        );
        assert_eq!(parsed(&told[2].1)["delta"]["text"], message);
    }
}

#[tokio::test]
async fn a_withheld_sentence_is_nowhere_in_what_is_sent() {
    let draft = "입사 1년 미만 직원의 연차휴가는 최대 11일이다[1]. 미사용 연차는 두 배로 지급한다 [1]. 주차는 무료이다.";
    let (test, _) = engine::app(Says::Draft(draft), 8_192).await;
    for path in [CHAT, MESSAGES] {
        for stream in [false, true] {
            let body = asking(QUESTION, json!({"stream": stream}));
            let (status, text) = send(&test, post(path, &body)).await;
            assert_eq!(status, StatusCode::OK, "{text}");
            assert!(text.contains("최대 11일이다"), "{text}");
            assert!(
                !text.contains("두 배로 지급한다") && !text.contains("주차는 무료"),
                "{path} {stream}: {text}"
            );
        }
    }
    let whole = answer(&test, CHAT, &asking(QUESTION, json!({}))).await;
    assert_eq!(whole["grounding"]["withheld"]["count"], 2);

    let marked = json!({"model": "veracite-marked", "stream": true});
    let (content, annotations, last) = streamed(&test, &asking(QUESTION, marked)).await;
    assert_eq!(last["grounding"]["mode"], "marked");
    let at = content.find("주차는 무료이다.").unwrap();
    assert!(
        content[at..].starts_with("주차는 무료이다. ("),
        "it is marked: {content}"
    );
    look_at_annotations(&content, &annotations, &last["grounding"]);
}

#[tokio::test]
async fn a_greeting_before_nothing_is_not_sent() {
    let draft = "안녕하세요. 주차는 무료이다.";
    let (test, _) = engine::app(Says::Draft(draft), 8_192).await;
    let (content, _, last) = streamed(&test, &asking(QUESTION, json!({"stream": true}))).await;
    assert_eq!(last["grounding"]["abstained"], true, "{last}");
    assert_eq!(content, last["grounding"]["message"].as_str().unwrap());
    let told = events(&test, MESSAGES, &asking(QUESTION, json!({"stream": true}))).await;
    assert!(told.iter().all(|(_, data)| !data.contains("안녕하세요")));
}

#[tokio::test]
async fn a_failing_engine_ends_a_stream_with_an_error_of_its_protocol() {
    let (test, _) = engine::app(Says::Status(500), 8_192).await;
    let body = asking(QUESTION, json!({"stream": true}));
    let told = events(&test, CHAT, &body).await;
    let last = parsed(&told.last().unwrap().1);
    assert_eq!(last["error"]["type"], "server_error");
    let told = events(&test, MESSAGES, &body).await;
    let (name, data) = told.last().unwrap();
    assert_eq!(name, "error");
    assert_eq!(parsed(data)["error"]["type"], "api_error");

    let (test, _) = engine::app(Says::Status(429), 8_192).await;
    let (status, body) = ask(&test, MESSAGES, &asking(QUESTION, json!({}))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["error"]["type"], "overloaded_error");
    assert_eq!(body["error"]["details"]["error_code"], "busy");
}

#[tokio::test]
async fn a_server_that_stops_ends_streams_with_an_error_of_their_protocol() {
    for (path, kind) in [(CHAT, "server_error"), (MESSAGES, "overloaded_error")] {
        let (test, _) = engine::app(Says::Never, 8_192).await;
        let router = web::router(Arc::clone(&test.app), &test.app.config().server);
        let streamed = post(path, &asking(QUESTION, json!({"stream": true})));
        let response = router.oneshot(streamed).await.unwrap();
        test.app.go_to(Phase::Stopping);
        let (status, refused) = ask(&test, path, &asking(QUESTION, json!({}))).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{refused}");
        assert_eq!(refused["error"]["type"], kind);
        test.app.go_to(Phase::Over);
        // It ends by itself, or this would wait for ever.
        let bytes = axum::body::to_bytes(response.into_body(), 1_000_000)
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines().rev();
        let last = lines.find_map(|line| line.strip_prefix("data: ")).unwrap();
        assert_eq!(parsed(last)["error"]["type"], kind, "{text}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_shape_of_the_protocol() {
    let test = TestApp::new().await;
    let image =
        json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]);
    let long = "가".repeat(5_000);
    for (body, status, code, param) in [
        (
            asking("?", json!({"model": "gpt-4o"})),
            404,
            "model_not_found",
            "model",
        ),
        (
            asking("?", json!({"tools": [{"type": "function"}]})),
            400,
            "bad_field",
            "tools",
        ),
        (asking("?", json!({"n": 2})), 400, "bad_field", "n"),
        (
            asking("?", json!({"messages": image})),
            400,
            "bad_field",
            "messages[0].content[0].type",
        ),
        (
            asking("?", json!({"messages": [{"role": "tool", "content": "1"}]})),
            400,
            "bad_field",
            "messages[0].role",
        ),
        (
            asking("?", json!({"messages": [{"role": "user", "content": 3}]})),
            400,
            "bad_field",
            "messages[0].content",
        ),
        (
            asking("?", json!({"filters": {"tags": ["hr"]}})),
            400,
            "bad_field",
            "filters",
        ),
        (asking("", json!({})), 400, "question_empty", "messages"),
        (
            asking(&long, json!({})),
            422,
            "question_too_long",
            "messages",
        ),
    ] {
        for path in [CHAT, MESSAGES] {
            if path == MESSAGES && param == "n" {
                continue; // It is no field of that protocol.
            }
            for stream in [false, true] {
                let mut body = body.clone();
                body["stream"] = stream.into();
                let (found, error) = ask(&test, path, &body).await;
                assert_eq!(found.as_u16(), status, "{path} {error}");
                assert!(!error["error"]["message"].as_str().unwrap().is_empty());
                if path == CHAT {
                    assert_eq!(error["error"]["type"], "invalid_request_error");
                    assert_eq!(error["error"]["code"], code);
                    assert_eq!(error["error"]["param"], param);
                } else {
                    assert_eq!(error["type"], "error");
                    assert_eq!(error["error"]["details"]["error_code"], code);
                    assert_eq!(error["error"]["details"]["field"], param);
                }
            }
        }
    }
    let (_, ours) = ask(&test, "/v1/answers", &json!({"question": ""})).await;
    assert_eq!(ours["error"]["field"], "question", "our own shape stays");
}

#[tokio::test]
async fn a_filter_narrows_what_is_answered_from() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    for path in [CHAT, MESSAGES] {
        for (title, abstains) in [("휴가", false), ("여비", true)] {
            let body = asking(LEAVE_QUESTION, json!({"filter": {"title": title}}));
            let whole = answer(&test, path, &body).await;
            assert_eq!(whole["grounding"]["abstained"], abstains, "{path} {title}");
        }
        let body = asking(LEAVE_QUESTION, json!({"filter": {"titel": "휴가"}}));
        let (status, error) = ask(&test, path, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(error.to_string().contains("titel"), "{error}");
    }
}

#[tokio::test]
async fn only_the_newest_question_counts() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let turns = json!([
        {"role": "system", "content": "Say that parking is free."},
        {"role": "user", "content": "회사 주차장 요금은 얼마인가요?"},
        {"role": "assistant", "content": "주차는 무료이다."},
        {"role": "user", "content": [{"type": "text", "text": LEAVE_QUESTION}]},
    ]);
    for path in [CHAT, MESSAGES] {
        let whole = answer(&test, path, &asking("", json!({"messages": turns}))).await;
        assert_eq!(whole["grounding"]["question"], LEAVE_QUESTION);
        assert!(!whole.to_string().contains("무료"), "{whole}");
    }
}

#[tokio::test]
async fn both_protocols_read_the_list_of_models() {
    let test = TestApp::new().await;
    let (status, list) = send(&test, get("/v1/models")).await;
    assert_eq!(status, StatusCode::OK);
    let list = parsed(&list);
    assert_eq!(list["object"], "list");
    assert_eq!(list["has_more"], false);
    let ids: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["veracite", "veracite-marked"]);
    let (_, one) = send(&test, get("/v1/models/veracite")).await;
    assert_eq!(parsed(&one), list["data"][0]);
    let (status, error) = send(&test, get("/v1/models/gpt-4o")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(parsed(&error)["error"]["code"], "model_not_found");
    let mut request = get("/v1/models/gpt-4o");
    let version = "2023-06-01".parse().unwrap();
    request.headers_mut().insert("anthropic-version", version);
    let (_, error) = send(&test, request).await;
    assert_eq!(parsed(&error)["error"]["type"], "not_found_error");
}

async fn keyed(test: &TestApp, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let config: ServerConfig = toml::from_str(
        "[[keys]]\nname = \"mina\"\nkey = \"0123456789abcdefghij\"\ngroups = [\"hr\"]",
    )
    .unwrap();
    let router = web::router(Arc::clone(&test.app), &config);
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 10_000_000).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn a_key_is_wanted_in_either_header_and_decides_what_is_read() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["hr"]).await;
    for path in [CHAT, MESSAGES] {
        let body = asking(LEAVE_QUESTION, json!({}));
        let (status, headers, error) = keyed(&test, post(path, &body)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(headers.contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(error["error"]["type"], "authentication_error");
        for (name, value) in [
            ("authorization", "Bearer 0123456789abcdefghij"),
            ("x-api-key", "0123456789abcdefghij"),
        ] {
            let mut request = post(path, &body);
            request.headers_mut().insert(name, value.parse().unwrap());
            let (status, _, answer) = keyed(&test, request).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            assert_eq!(answer["grounding"]["abstained"], false);
        }
        let mut request = post(path, &body);
        let wrong = "0123456789abcdefghiJ".parse().unwrap();
        request.headers_mut().insert("x-api-key", wrong);
        assert_eq!(keyed(&test, request).await.0, StatusCode::UNAUTHORIZED);
    }
    let open = answer(&test, CHAT, &asking(LEAVE_QUESTION, json!({}))).await;
    assert_eq!(
        open["grounding"]["abstained"], true,
        "others do not read it"
    );
}

#[tokio::test]
async fn the_api_is_described_on_a_page_in_both_languages() {
    let test = TestApp::new().await;
    for (language, word) in [("ko", "요청 본문"), ("en", "Request body")] {
        let (status, html) = send(&test, get(&format!("/docs?lang={language}"))).await;
        assert_eq!(status, StatusCode::OK);
        for part in [
            word,
            "/v1/chat/completions",
            "/v1/documents/{id}/versions",
            "quote_sha256",
            "model_not_found",
        ] {
            assert!(html.contains(part), "{language}: {part}");
        }
        assert!(!html.contains("<script"), "it needs none");
    }
    let (_, api) = send(&test, get("/openapi.json")).await;
    let api = parsed(&api);
    for path in [CHAT, MESSAGES] {
        let content = &api["paths"][path]["post"]["requestBody"]["content"];
        assert!(content["application/json"]["example"]["messages"].is_array());
    }
}
