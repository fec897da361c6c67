//! How much one may ask for.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use veracite::config::Config;
use veracite::people::Role;

use crate::people::{Reply, Server, request};

const KEY: &str = "0123456789abcdefghij";

fn configured(limits: &str) -> impl FnOnce(&mut Config) {
    let text = format!(
        "[[keys]]\nname = \"program\"\nkey = \"{KEY}\"\nupload = true\n[limits]\n{limits}\n"
    );
    move |config| {
        config.server = toml::from_str(&text).unwrap();
        config.server.validate().unwrap();
    }
}

fn waits(reply: &Reply) -> u64 {
    assert_eq!(
        reply.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        reply.body
    );
    let seconds = reply.headers[header::RETRY_AFTER].to_str().unwrap();
    seconds.parse().unwrap()
}

fn question() -> Value {
    json!({ "question": "How long is sick leave?" })
}

#[tokio::test]
async fn questions_are_counted_by_who_asks_in_every_protocol() {
    let server = Server::new(configured("questions_per_minute = 2")).await;
    server.add("mina", Role::Reader, &[]).await;
    let mina = server.sign_in("mina").await;
    let bearer = format!("Bearer {KEY}");
    let key = ("authorization", bearer.as_str());
    for _ in 0..2 {
        let reply = server.json("POST", "/v1/answers", key, &question()).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    }
    let reply = server.json("POST", "/v1/answers", key, &question()).await;
    assert!((1..=31).contains(&waits(&reply)));
    let error = &reply.json()["error"];
    assert_eq!(error["code"], "too_many_requests");
    assert!(error["message"].as_str().unwrap().contains('초'), "{error}");
    let messages = json!([{ "role": "user", "content": "How long is sick leave?" }]);
    let openai = json!({ "model": "veracite", "messages": messages });
    let reply = server
        .json("POST", "/v1/chat/completions", key, &openai)
        .await;
    waits(&reply);
    assert_eq!(reply.json()["error"]["type"], "rate_limit_error");
    let anthropic = json!({ "model": "veracite", "messages": messages, "max_tokens": 100 });
    let reply = server.json("POST", "/v1/messages", key, &anthropic).await;
    waits(&reply);
    assert_eq!(reply.json()["error"]["type"], "rate_limit_error");
    // Looking at documents is no question, and another person has asked nothing yet.
    let list = server.get("/v1/documents", &[key]).await;
    assert_eq!(list.status, StatusCode::OK);
    let shown = ("cookie", mina.as_str());
    let reply = server.json("POST", "/v1/answers", shown, &question()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
}

#[tokio::test]
async fn nobody_holds_all_connections_with_streams() {
    use tower::ServiceExt as _;

    let server = Server::new(configured("streams = 2")).await;
    server.add("mina", Role::Reader, &[]).await;
    let mina = server.sign_in("mina").await;
    let bearer = format!("Bearer {KEY}");
    let shown = [("authorization", bearer.as_str())];
    let open = async || {
        let watch = request("GET", "/v1/documents/events", &shown, Body::empty());
        server.router.clone().oneshot(watch).await.unwrap()
    };
    let (first, second) = (open().await, open().await);
    assert_eq!(
        (first.status(), second.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    let reply = server.get("/v1/documents/events", &shown).await;
    assert_eq!(waits(&reply), 10);
    let error = &reply.json()["error"];
    assert_eq!(error["code"], "too_many_requests");
    assert!(
        error["message"].to_string().contains("limits.streams"),
        "{error}"
    );
    // Answers that come as events are streams as well, in every protocol; whole ones are none.
    let messages = json!([{ "role": "user", "content": "How long is sick leave?" }]);
    for (path, mut body) in [
        ("/v1/answers", question()),
        (
            "/v1/chat/completions",
            json!({ "model": "veracite", "messages": messages }),
        ),
        (
            "/v1/messages",
            json!({ "model": "veracite", "messages": messages, "max_tokens": 100 }),
        ),
    ] {
        let whole = server.json("POST", path, shown[0], &body).await;
        assert_eq!(whole.status, StatusCode::OK, "{path} {}", whole.body);
        body["stream"] = json!(true);
        let streamed = server.json("POST", path, shown[0], &body).await;
        assert_eq!(waits(&streamed), 10, "{path}");
    }
    let cookie = [("cookie", mina.as_str())];
    let another = request("GET", "/v1/documents/events", &cookie, Body::empty());
    let another = server.router.clone().oneshot(another).await.unwrap();
    assert_eq!(another.status(), StatusCode::OK, "another person");
    // A reader who leaves makes room.
    drop(first);
    let mut body = question();
    body["stream"] = json!(true);
    let streamed = server.json("POST", "/v1/answers", shown[0], &body).await;
    assert_eq!(streamed.status, StatusCode::OK, "{}", streamed.body);
    // And so does a stream that ended.
    assert_eq!(open().await.status(), StatusCode::OK);
    drop(second);
}

#[tokio::test]
async fn of_what_programs_say_by_mcp_only_calls_of_tools_are_questions() {
    let server = Server::new(configured("questions_per_minute = 1")).await;
    let bearer = format!("Bearer {KEY}");
    let say = async |method: &str, params: Value| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = request("POST", "/mcp", &headers, Body::from(body.to_string()));
        let reply = server.send(request).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.json()
    };
    let hello = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" }
    });
    for _ in 0..2 {
        say("initialize", hello.clone()).await;
        say("tools/list", json!({})).await;
        say("resources/list", json!({})).await;
        say("resources/read", json!({ "uri": "veracite://none" })).await;
        say("tools/call", json!({ "name": "none", "arguments": {} })).await;
    }
    for (name, arguments, is_counted) in [
        ("ask", question(), false),
        ("ask", question(), true),
        ("check", json!({ "text": "Sick leave is 60 days." }), true),
        ("search", json!({ "query": "sick leave" }), true),
    ] {
        let params = json!({ "name": name, "arguments": arguments });
        let reply = say("tools/call", params).await;
        let words = reply["result"]["content"][0]["text"].as_str().unwrap();
        assert_eq!(reply["result"]["isError"] == true, is_counted, "{reply}");
        assert_eq!(words.contains("too many questions"), is_counted, "{reply}");
    }
    // They count together with those of other protocols.
    let key = ("authorization", bearer.as_str());
    waits(&server.json("POST", "/v1/answers", key, &question()).await);
    say("resources/list", json!({})).await;
}

#[tokio::test]
async fn uploads_are_counted_and_the_owner_of_the_machine_is_not() {
    let server = Server::new(configured("uploads_per_hour = 1")).await;
    let bearer = format!("Bearer {KEY}");
    let upload = async || {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "multipart/form-data; boundary=x"),
        ];
        let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.md\"\r\n\r\n# A\r\n--x--\r\n";
        let request = request("POST", "/v1/documents", &headers, Body::from(body));
        server.send(request).await
    };
    let reply = upload().await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.body);
    waits(&upload().await);

    let alone = Server::new(|config| {
        config.server.limits.questions_per_minute = 1;
        config.server.limits.requests_per_second = 1;
    })
    .await;
    for _ in 0..20 {
        let reply = alone
            .json("POST", "/v1/answers", ("x-none", "1"), &question())
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    }
}

#[tokio::test]
async fn who_has_not_shown_who_they_are_is_counted_by_address() {
    let server = Server::new(configured("requests_per_second = 1")).await;
    let from = async |peer: &str, path: &str, key: &str| {
        let headers = [("authorization", key), ("accept-language", "en")];
        let mut request = request("GET", path, &headers, Body::empty());
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        server.send(request).await
    };
    let mut last = None;
    for _ in 0..8 {
        last = Some(
            from(
                "192.0.2.7:4000",
                "/v1/documents",
                "Bearer wrong-wrong-wrong-wrong",
            )
            .await,
        );
    }
    let last = last.unwrap();
    assert!((1..=2).contains(&waits(&last)));
    assert!(last.body.contains("Too many requests"), "{}", last.body);
    waits(&from("192.0.2.7:4001", "/sign-in", "").await);
    let other = from("192.0.2.8:4000", "/sign-in", "").await;
    assert_eq!(other.status, StatusCode::OK);
    // Who shows a right key there is counted apart.
    let known = from("192.0.2.7:4000", "/v1/documents", &format!("Bearer {KEY}")).await;
    assert_eq!(known.status, StatusCode::OK, "{}", known.body);
}

#[tokio::test]
async fn one_who_waits_for_answers_asks_no_more_at_once() {
    use tower::ServiceExt as _;

    let server = Server::new(configured("concurrent_questions = 1")).await;
    let bearer = format!("Bearer {KEY}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let streamed = json!({ "question": "How long is sick leave?", "stream": true }).to_string();
    let ask = request("POST", "/v1/answers", &headers, Body::from(streamed));
    // As long as the stream is not read to its end, its question waits.
    let running = server.router.clone().oneshot(ask).await.unwrap();
    assert_eq!(running.status(), StatusCode::OK);
    let key = ("authorization", bearer.as_str());
    let reply = server.json("POST", "/v1/answers", key, &question()).await;
    assert_eq!(waits(&reply), 3);
    drop(running);
    let reply = server.json("POST", "/v1/answers", key, &question()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
}
