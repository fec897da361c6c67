//! The Model Context Protocol: tools, documents to read, rights, what is told, and who is let in.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ingest::parse::InProcess;
use secrecy::SecretString;
use serde_json::{Value, json};
use veracite::app::App;
use veracite::web::ApiKey;

use crate::audit::{entries, of};
use crate::harness::{LEAVE, PRICES, TestApp, config, groups};
use crate::http::send;

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";
const STAFF: &str = "staff-key-staff-key-staff-key";
const OTHER: &str = "other-key-other-key-other-key";

fn request(method: &str, params: &Value, more: &[(&str, &str)]) -> Request<Body> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut request = Request::post("/mcp")
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

async fn told(test: &TestApp, method: &str, params: Value, more: &[(&str, &str)]) -> Value {
    let (status, body) = send(test, request(method, &params, more)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).unwrap()
}

async fn call(test: &TestApp, name: &str, arguments: Value) -> Value {
    call_as(test, name, arguments, &[]).await
}

async fn call_as(test: &TestApp, name: &str, arguments: Value, more: &[(&str, &str)]) -> Value {
    let params = json!({ "name": name, "arguments": arguments });
    let reply = told(test, "tools/call", params, more).await;
    assert!(reply["result"].is_object(), "{reply}");
    reply["result"].clone()
}

#[tokio::test]
async fn the_server_says_who_it_is_and_what_it_can_do() {
    let test = TestApp::new().await;
    let params = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" }
    });
    let reply = told(&test, "initialize", params, &[]).await;
    assert_eq!(reply["result"]["serverInfo"]["name"], "veracite");
    assert!(
        reply["result"]["capabilities"]["tools"].is_object(),
        "{reply}"
    );
    assert!(
        reply["result"]["capabilities"]["resources"].is_object(),
        "{reply}"
    );
    let reply = told(&test, "resources/templates/list", json!({}), &[]).await;
    let templates = reply["result"]["resourceTemplates"].as_array().unwrap();
    let templates: Vec<&str> = templates
        .iter()
        .map(|template| template["uriTemplate"].as_str().unwrap())
        .collect();
    assert_eq!(
        templates,
        [
            "veracite://documents/{id}{?version}",
            "veracite://documents/{id}/pages/{page}{?version}",
            "veracite://documents/{id}/parts/{part}{?version}",
        ]
    );
    let reply = told(&test, "tools/list", json!({}), &[]).await;
    let tools = reply["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["search", "ask", "check"]);
    for tool in tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true);
        assert_eq!(tool["inputSchema"]["type"], "object");
        assert_eq!(tool["outputSchema"]["type"], "object");
    }
}

#[tokio::test]
async fn passages_come_word_for_word_and_answers_checked() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    test.add("prices.html", PRICES, &["everyone"]).await;
    let result = call(&test, "search", json!({ "query": QUESTION, "limit": 1 })).await;
    let passages = result["structuredContent"]["passages"].as_array().unwrap();
    assert_eq!(passages.len(), 1, "{result}");
    let passage = &passages[0];
    assert_eq!(passage["document"], id.to_string());
    let quote = passage["quote"].as_str().unwrap();
    assert!(quote.contains("최대 11일이다"), "{quote}");
    // It stands in the document where the span says.
    let url = passage["url"].as_str().unwrap().split('#').next().unwrap();
    let (status, page) = send(&test, crate::http::get(url)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("최대 11일이다") && text.contains(&id.to_string()),
        "{text}"
    );
    for (question, words) in [
        (QUESTION, "최대 11일이다"),
        ("What is the unit price of PPR-9087?", "418,000 KRW"),
    ] {
        let result = call(&test, "ask", json!({ "question": question })).await;
        let answer = &result["structuredContent"];
        assert!(answer["text"].as_str().unwrap().contains(words), "{answer}");
        assert_eq!(answer["claims"][0]["verdict"], "supported");
        assert!(answer["proof"].is_object());
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(words) && text.contains("[1]"), "{text}");
    }
    let result = call(
        &test,
        "ask",
        json!({ "question": "회사 주차장 요금은 얼마인가요?" }),
    )
    .await;
    assert_eq!(result["structuredContent"]["abstained"], true);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("찾지 못했습니다"), "{text}");
}

#[tokio::test]
async fn a_text_is_checked_by_documents_and_by_passages() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let text = "입사 1년 미만 직원의 연차휴가는 최대 11일이다. 병가는 연 90일까지 쓸 수 있다.";
    let result = call(&test, "check", json!({ "text": text })).await;
    let claims = result["structuredContent"]["claims"].as_array().unwrap();
    assert_eq!(claims.len(), 2, "{result}");
    assert_eq!(claims[0]["verdict"], "supported");
    assert_eq!(claims[0]["citations"][0]["document"], id.to_string());
    assert_ne!(claims[1]["verdict"], "supported");
    assert!(claims[1]["reason"]["words"].is_string(), "{}", claims[1]);
    let passages = json!([{ "text": "병가는 연 60일까지 쓸 수 있다." }]);
    let arguments = json!({ "text": "병가는 연 60일까지 쓸 수 있다.", "passages": passages });
    let result = call(&test, "check", arguments).await;
    let claim = &result["structuredContent"]["claims"][0];
    assert_eq!(claim["verdict"], "supported", "{result}");
    assert_eq!(claim["citations"][0]["number"], 1);
}

#[tokio::test]
async fn what_is_wrong_is_told_in_words() {
    let test = TestApp::new().await;
    for (name, arguments, words) in [
        ("ask", json!({ "question": " " }), "is empty"),
        ("ask", json!({ "question": "가".repeat(4_001) }), "4001"),
        ("ask", json!({}), "question"),
        ("search", json!({ "query": "a", "limits": 3 }), "limits"),
        (
            "check",
            json!({ "text": "Leave is 15 days.", "passages": [] }),
            "passages",
        ),
    ] {
        let result = call(&test, name, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(words), "{words}: {text}");
    }
    let params = json!({ "name": "delete", "arguments": {} });
    let (_, body) = send(&test, request("tools/call", &params, &[])).await;
    let reply: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(reply["error"]["code"], -32602, "{reply}");
}

async fn with_keys() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let key = |name: &str, key: &str, names: &[&str]| ApiKey {
        name: name.to_owned(),
        key: SecretString::from(key),
        groups: groups(names).into_iter().collect(),
        upload: false,
    };
    config.server.keys = vec![key("staff", STAFF, &["staff"]), key("other", OTHER, &[])];
    let app: Arc<App> = App::open_with(config, Arc::new(InProcess)).await.unwrap();
    TestApp { app, folder }
}

#[tokio::test]
async fn everyone_finds_what_they_may_read_and_nothing_else() {
    let test = with_keys().await;
    test.add("leave.md", LEAVE, &["staff"]).await;
    let staff = format!("Bearer {STAFF}");
    let (staff, other) = ([("authorization", &*staff)], [("x-api-key", OTHER)]);
    let text = "입사 1년 미만 직원의 연차휴가는 최대 11일이다.";
    for (name, arguments) in [
        ("search", json!({ "query": QUESTION })),
        ("ask", json!({ "question": QUESTION })),
        ("check", json!({ "text": text })),
    ] {
        let mine = call_as(&test, name, arguments.clone(), &staff).await;
        assert!(mine.to_string().contains("leave.md"), "{name}: {mine}");
        let theirs = call_as(&test, name, arguments, &other).await;
        assert!(!theirs.to_string().contains("leave.md"), "{name}: {theirs}");
        assert!(!theirs.to_string().contains("수당"), "{name}: {theirs}");
    }
    let params = json!({ "name": "search", "arguments": { "query": QUESTION } });
    for more in [
        &[][..],
        &[("authorization", "Bearer no-such-key-000000000")][..],
    ] {
        let (status, body) = send(&test, request("tools/call", &params, more)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
        assert!(!body.contains("leave.md"), "{body}");
    }
}

async fn listed(test: &TestApp, more: &[(&str, &str)]) -> Vec<Value> {
    let reply = told(test, "resources/list", json!({}), more).await;
    assert!(reply["result"]["nextCursor"].is_null(), "{reply}");
    reply["result"]["resources"].as_array().unwrap().clone()
}

/// The text of a resource and what is said of it, or the error.
async fn read(test: &TestApp, uri: &str, more: &[(&str, &str)]) -> Result<(String, Value), Value> {
    let params = json!({ "uri": uri });
    let (status, body) = send(test, request("resources/read", &params, more)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let reply: Value = serde_json::from_str(&body).unwrap();
    let Some([content]) = reply["result"]["contents"].as_array().map(Vec::as_slice) else {
        return Err(reply["error"].clone());
    };
    assert_eq!(content["uri"], uri);
    assert_eq!(content["mimeType"], "text/plain");
    let text = content["text"].as_str().unwrap().to_owned();
    Ok((text, content["_meta"].clone()))
}

#[tokio::test]
async fn documents_are_read_as_answers_quote_them() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let resources = listed(&test, &[]).await;
    assert_eq!(resources.len(), 1, "{resources:?}");
    let resource = &resources[0];
    let uri = format!("veracite://documents/{id}");
    assert_eq!(resource["uri"], uri);
    assert_eq!(resource["name"], "leave.md");
    assert_eq!(resource["title"], "휴가 규정");
    assert_eq!(resource["mimeType"], "text/plain");
    let changed = resource["annotations"]["lastModified"].as_str().unwrap();
    assert!(changed.parse::<jiff::Timestamp>().is_ok(), "{changed}");
    let (text, meta) = read(&test, &uri, &[]).await.unwrap();
    assert_eq!(meta["veracite/title"], "휴가 규정");
    // A quote stands where its span says.
    let found = call(&test, "search", json!({ "query": QUESTION })).await;
    let passage = &found["structuredContent"]["passages"][0];
    assert_eq!(passage["version"], meta["veracite/version"]);
    let place = |end: &str| usize::try_from(passage["span"][end].as_u64().unwrap()).unwrap();
    let (start, end) = (place("start"), place("end"));
    let there: String = text.chars().skip(start).take(end - start).collect();
    assert_eq!(passage["quote"], there);

    // A citation names a version, which stays to be read.
    let version = meta["veracite/version"].as_str().unwrap();
    let new = LEAVE.replace("60일", "90일");
    test.add("leave.md", &new, &["everyone"]).await;
    let (now, _) = read(&test, &uri, &[]).await.unwrap();
    assert!(now.contains("90일") && !now.contains("60일"), "{now}");
    let then = format!("{uri}?version={version}");
    let (then, meta) = read(&test, &then, &[]).await.unwrap();
    assert_eq!(then, text);
    assert!(meta["veracite/replaced_at"].is_string(), "{meta}");
}

#[tokio::test]
async fn what_may_not_be_read_is_told_of_as_what_is_not_there() {
    let test = with_keys().await;
    let (id, _) = test.add("leave.md", LEAVE, &["staff"]).await;
    let staff = format!("Bearer {STAFF}");
    let (staff, other) = ([("authorization", &*staff)], [("x-api-key", OTHER)]);
    let uri = format!("veracite://documents/{id}");
    assert_eq!(listed(&test, &staff).await.len(), 1);
    assert!(listed(&test, &other).await.is_empty());
    let (_, meta) = read(&test, &uri, &staff).await.unwrap();
    let version = meta["veracite/version"].as_str().unwrap();
    let nothing = "0".repeat(32);
    let unknown = format!("veracite://documents/{nothing}");
    let unknown = read(&test, &unknown, &other).await.unwrap_err();
    assert_eq!(unknown["code"], -32002, "{unknown}");
    for named in [
        uri.clone(),
        format!("{uri}?version={version}"),
        format!("{uri}/pages/1"),
        format!("{uri}/parts/1"),
        "file:///etc/passwd".to_owned(),
    ] {
        let refused = read(&test, &named, &other).await.unwrap_err();
        assert_eq!(refused, unknown, "{named}");
    }
    // Of their own too there is only what is there.
    for named in [
        format!("{uri}?version={nothing}{nothing}"),
        format!("{uri}/pages/1"),
        format!("{uri}/parts/2"),
    ] {
        let refused = read(&test, &named, &staff).await.unwrap_err();
        assert_eq!(refused, unknown, "{named}");
    }
    for method in ["resources/list", "resources/read"] {
        let params = json!({ "uri": uri });
        let (status, body) = send(&test, request(method, &params, &[])).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    }
}

#[tokio::test]
async fn a_long_text_is_read_by_parts() {
    let test = TestApp::new().await;
    let lines = (0..9_500).map(|day| format!("병가는 연 {day}일까지 쓸 수 있다.\n\n"));
    let long: String = lines.collect();
    let (id, _) = test.add("long.txt", &long, &["everyone"]).await;
    let uri = format!("veracite://documents/{id}");
    let error = read(&test, &uri, &[]).await.unwrap_err();
    assert_eq!(error["code"], -32602, "{error}");
    let words = error["message"].as_str().unwrap();
    assert!(
        words.contains("100000") && words.contains("3 parts"),
        "{words}"
    );
    let first = error["data"]["first"].as_str().unwrap();
    assert!(words.contains(first), "{words}");
    let mut joined = String::new();
    for number in 1..=3 {
        let part = first.replace("/parts/1?", &format!("/parts/{number}?"));
        let (text, _) = read(&test, &part, &[]).await.unwrap();
        assert!(text.chars().count() <= 100_000);
        joined += &text;
    }
    assert_eq!(joined.trim(), long.trim());
    let beyond = first.replace("/parts/1?", "/parts/4?");
    read(&test, &beyond, &[]).await.unwrap_err();
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let test = TestApp::new().await;
    let mut added = Vec::new();
    for number in 0..51 {
        let name = format!("{number}.txt");
        let text = format!("Rule {number} holds.");
        added.push(test.add(&name, &text, &["everyone"]).await.0.to_string());
    }
    let mut found = Vec::new();
    let mut cursor = json!({});
    for count in [50, 1] {
        let reply = told(&test, "resources/list", cursor.clone(), &[]).await;
        let resources = reply["result"]["resources"].as_array().unwrap();
        assert_eq!(resources.len(), count, "{reply}");
        for resource in resources {
            let uri = resource["uri"].as_str().unwrap();
            found.push(uri.replace("veracite://documents/", ""));
        }
        let next = &reply["result"]["nextCursor"];
        assert_eq!(next.is_string(), count == 50, "{reply}");
        cursor = json!({ "cursor": next });
    }
    added.sort();
    found.sort();
    assert_eq!(found, added);
    let params = json!({ "cursor": "no such place" });
    let (_, body) = send(&test, request("resources/list", &params, &[])).await;
    let reply: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(reply["error"]["code"], -32602, "{reply}");
}

#[tokio::test]
async fn pages_of_other_sites_are_not_let_in() {
    let test = TestApp::new().await;
    let list = json!({});
    for more in [
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let (status, body) = send(&test, request("tools/list", &list, &[more])).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    }
    let mut named = request("tools/list", &list, &[]);
    let other = "evil.example".parse().unwrap();
    named.headers_mut().insert(header::HOST, other);
    let (status, _) = send(&test, named).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    let own = [("origin", "http://127.0.0.1:8420")];
    told(&test, "tools/list", list, &own).await;
}

#[tokio::test]
async fn the_audit_log_is_told_who_saw_what_and_not_what_they_looked_for() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    call(&test, "search", json!({ "query": "병가 비밀 낱말" })).await;
    call(&test, "ask", json!({ "question": QUESTION })).await;
    call(
        &test,
        "check",
        json!({ "text": "병가는 연 60일까지 쓸 수 있다." }),
    )
    .await;
    test.app.close().await;
    let entries = entries(&test.folder.path().join("data"));
    let searches = of(&entries, "search");
    assert_eq!(searches.len(), 2, "{entries:?}");
    for search in &searches {
        assert_eq!(search["details"]["evidence"][0]["document"], id.to_string());
    }
    assert_eq!(of(&entries, "question").len(), 1);
    assert_eq!(of(&entries, "answer").len(), 1);
    assert!(!format!("{entries:?}").contains("비밀"), "{entries:?}");
}

#[test]
fn a_program_that_starts_it_speaks_with_it_over_its_input_and_output() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("leave.md");
    std::fs::write(&file, LEAVE).unwrap();
    let (is_read, told) = crate::audit::veracite(&data, &["ingest", file.to_str().unwrap()]);
    assert!(is_read, "{told}");
    let mut program = Command::new(env!("CARGO_BIN_EXE_veracite"))
        .env("VERACITE_DATA", &data)
        .env("VERACITE_MODELS__EMBEDDER", "none")
        .env("VERACITE_LOG", "info")
        .arg("mcp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
    // What it logs is read all the time: nobody waits for the other.
    let mut log = program.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    let mut tell = |message: Value| writeln!(input, "{message}").unwrap();
    let mut hear = || -> Value { serde_json::from_str(&output.next().unwrap().unwrap()).unwrap() };
    let params = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" }
    });
    tell(json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }));
    assert_eq!(hear()["result"]["serverInfo"]["name"], "veracite");
    tell(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    let params = json!({ "name": "ask", "arguments": { "question": QUESTION } });
    tell(json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params }));
    let reply = hear();
    assert_eq!(reply["id"], 2);
    let answer = &reply["result"]["structuredContent"];
    assert_eq!(answer["claims"][0]["verdict"], "supported", "{reply}");
    tell(json!({ "jsonrpc": "2.0", "id": 3, "method": "resources/list" }));
    let reply = hear();
    let resource = &reply["result"]["resources"][0];
    assert_eq!(resource["name"], "leave.md", "{reply}");
    let params = json!({ "uri": resource["uri"] });
    tell(json!({ "jsonrpc": "2.0", "id": 4, "method": "resources/read", "params": params }));
    let reply = hear();
    let text = reply["result"]["contents"][0]["text"].as_str().unwrap();
    assert!(text.contains("최대 11일이다"), "{reply}");
    drop(input);
    assert!(program.wait().unwrap().success());
    assert!(output.next().is_none(), "nothing else is written there");
    let log = log.join().unwrap();
    assert!(!log.contains("연차"), "{log}");
    let (is_read, told) = crate::audit::veracite(&data, &["mcp", "--key", "no-such-key-00000000"]);
    assert!(!is_read && told.contains("no such key"), "{told}");
}

#[tokio::test]
async fn who_may_only_find_a_document_is_shown_none_of_its_words() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let text = "입사 1년 미만 직원의 연차휴가는 최대 11일이다.";
    for (level, is_shown) in [("find", false), ("quote", true)] {
        let body = json!({ "grants": [{ "group": "everyone", "level": level }], "confirm": true });
        let set = Request::put(format!("/v1/documents/{id}/rights"))
            .header(header::HOST, "127.0.0.1:8420")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let (status, told) = send(&test, set).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        for (name, arguments) in [
            ("search", json!({ "query": QUESTION })),
            ("ask", json!({ "question": QUESTION })),
        ] {
            let result = call(&test, name, arguments).await;
            let shown = result.to_string().contains("최대 11일이다");
            assert_eq!(shown, is_shown, "{name}, {level}: {result}");
        }
        assert_eq!(listed(&test, &[]).await.len(), usize::from(is_shown));
        let uri = format!("veracite://documents/{id}");
        assert_eq!(read(&test, &uri, &[]).await.is_ok(), is_shown, "{level}");
        let result = call(&test, "check", json!({ "text": text })).await;
        let claim = &result["structuredContent"]["claims"][0];
        assert_eq!(
            claim["verdict"] == "supported",
            is_shown,
            "{level}: {claim}"
        );
        assert_eq!(
            claim["citations"] != json!([]),
            is_shown,
            "{level}: {claim}"
        );
    }
}
