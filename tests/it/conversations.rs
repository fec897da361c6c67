//! Conversations, through the router.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use veracite::app::LOCAL;
use veracite::people::PersonChange;
use veracite::web;

use crate::engine::{self, Says};
use crate::harness::{LEAVE, TestApp, groups};
use crate::http::{get, parsed, post, send};
use crate::people::{Server, encoded};

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

fn request(method: &str, path: &str, body: &Value) -> Request<Body> {
    let mut request = post(path, body);
    *request.method_mut() = method.parse().unwrap();
    request
}

async fn json_of(test: &TestApp, request: Request<Body>) -> Value {
    let (status, body) = send(test, request).await;
    assert!(status.is_success(), "{status} {body}");
    parsed(&body)
}

async fn begin(test: &TestApp) -> String {
    let made = json_of(test, post("/v1/conversations", &json!({}))).await;
    made["id"].as_str().unwrap().to_owned()
}

async fn ask(test: &TestApp, conversation: &str, question: &str, more: Value) -> Value {
    let mut body = json!({"question": question, "conversation": conversation});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    json_of(test, post("/v1/answers", &body)).await
}

async fn opened(test: &TestApp, id: &str) -> Value {
    json_of(test, get(&format!("/v1/conversations/{id}"))).await
}

/// Looks at a conversation until it is as it should be.
async fn until(test: &TestApp, id: &str, is_right: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1_000 {
        let found = opened(test, id).await;
        if is_right(&found) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{}", opened(test, id).await)
}

#[tokio::test]
async fn an_answer_is_kept_as_it_was_with_its_proof() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let id = begin(&test).await;
    let answer = ask(&test, &id, QUESTION, json!({})).await;
    assert_eq!(answer["conversation"], *id);
    let kept = opened(&test, &id).await;
    assert_eq!(kept["title"], QUESTION);
    let turn = &kept["turns"][0];
    assert_eq!(
        (&turn["id"], &turn["state"]),
        (&answer["turn"], &json!("done"))
    );
    assert_eq!(turn["answer"], answer);
    assert_eq!(turn["hidden"]["words"], Value::Null);
    let report = json_of(&test, post("/v1/verify", &turn["answer"])).await;
    assert_eq!(report["verdict"], "valid", "{report}");
    // It is there after a restart.
    let test = test.restart().await;
    assert_eq!(opened(&test, &id).await["turns"][0]["answer"], answer);
}

#[tokio::test]
async fn a_conversation_is_its_owners_and_nobody_elses() {
    let server = Server::with_people().await;
    server.test.add("leave.md", LEAVE, &["everyone"]).await;
    let (mina, root) = (server.sign_in("mina").await, server.sign_in("root").await);
    let mine = ("cookie", mina.as_str());
    let made = server
        .json("POST", "/v1/conversations", mine, &json!({"title": "연차"}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let question = json!({"question": QUESTION, "conversation": id});
    let reply = server.json("POST", "/v1/answers", mine, &question).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    // An administrator is no exception.
    let other = ("cookie", root.as_str());
    let path = format!("/v1/conversations/{id}");
    for (method, path) in [
        ("GET", path.clone()),
        ("GET", format!("{path}/export")),
        ("GET", format!("/conversations/{id}")),
        ("PATCH", path.clone()),
        ("DELETE", path.clone()),
    ] {
        let reply = server
            .json(method, &path, other, &json!({"title": "x"}))
            .await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{method} {path}");
        assert!(!reply.body.contains("11일"), "{}", reply.body);
    }
    let reply = server.json("POST", "/v1/answers", other, &question).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let list = server.get("/v1/conversations", &[other]).await;
    assert_eq!(list.json()["conversations"], json!([]));
    let kept = server.get(&path, &[mine]).await.json();
    assert_eq!(
        (&kept["title"], kept["turns"].as_array().unwrap().len()),
        (&json!("연차"), 1)
    );
}

#[tokio::test]
async fn what_one_may_not_read_any_more_disappears() {
    let server = Server::with_people().await;
    server.test.add("leave.md", LEAVE, &["hr"]).await;
    let people = server.test.app.people();
    let person = server.named("mina").await;
    let in_groups = |names: &[&str]| PersonChange {
        groups: Some(groups(names).into_iter().collect()),
        ..PersonChange::default()
    };
    people
        .change(LOCAL, &person.id, in_groups(&["hr"]))
        .await
        .unwrap();
    let cookie = server.sign_in("mina").await;
    let shown = ("cookie", cookie.as_str());
    let made = server
        .json("POST", "/v1/conversations", shown, &json!({}))
        .await
        .json();
    let id = made["id"].as_str().unwrap();
    let question = json!({"question": QUESTION, "conversation": id});
    let answer = server.json("POST", "/v1/answers", shown, &question).await;
    assert!(answer.body.contains("11일"), "{}", answer.body);
    // Encoded: 연차휴가, which only the answer says, and 며칠, which the question says.
    let (said, asked) = ("%EC%97%B0%EC%B0%A8%ED%9C%B4%EA%B0%80", "%EB%A9%B0%EC%B9%A0");
    let found = async |cookie: &str, query: &str| {
        let path = format!("/v1/conversations?query={query}");
        let list = server.get(&path, &[("cookie", cookie)]).await.json();
        list["conversations"].as_array().unwrap().len()
    };
    assert_eq!(
        (found(&cookie, said).await, found(&cookie, asked).await),
        (1, 1)
    );

    people
        .change(LOCAL, &person.id, in_groups(&[]))
        .await
        .unwrap();
    let cookie = server.sign_in("mina").await;
    for path in [
        format!("/v1/conversations/{id}"),
        format!("/v1/conversations/{id}/export?format=json"),
        format!("/v1/conversations/{id}/export?format=markdown"),
        format!("/conversations/{id}"),
    ] {
        let reply = server
            .get(&path, &[("cookie", &cookie), ("accept-language", "ko")])
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        for gone in ["11일", "leave.md", "휴가 규정", "제5조", "연차휴가"] {
            assert!(
                !reply.body.contains(gone),
                "{path} has {gone}: {}",
                reply.body
            );
        }
        assert!(
            reply.body.contains("볼 권한이 없는 문서"),
            "{path}: {}",
            reply.body
        );
        assert!(
            reply.body.contains("1년 미만"),
            "the question stays: {path}"
        );
    }
    assert_eq!(
        (found(&cookie, said).await, found(&cookie, asked).await),
        (0, 1)
    );

    people
        .change(LOCAL, &person.id, in_groups(&["hr"]))
        .await
        .unwrap();
    let cookie = server.sign_in("mina").await;
    let path = format!("/v1/conversations/{id}");
    let kept = server.get(&path, &[("cookie", &cookie)]).await.json();
    assert_eq!(
        kept["turns"][0]["answer"],
        answer.json(),
        "and comes back whole"
    );
}

#[tokio::test]
async fn a_deleted_document_is_said_to_be_deleted() {
    let test = TestApp::new().await;
    let (document, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let id = begin(&test).await;
    ask(&test, &id, QUESTION, json!({})).await;
    let path = format!("/v1/documents/{document}");
    let (status, _) = send(&test, request("DELETE", &path, &json!({}))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let kept = opened(&test, &id).await;
    let turn = &kept["turns"][0];
    assert!(turn["hidden"]["deleted"].as_u64().unwrap() >= 1, "{kept}");
    assert_eq!(turn["hidden"]["closed"], 0);
    assert!(!kept.to_string().contains("11일"), "{kept}");
    let export = format!("/v1/conversations/{id}/export");
    let (_, text) = send(&test, get(&export)).await;
    assert!(
        text.contains("삭제되어") && !text.contains("11일"),
        "{text}"
    );
}

#[tokio::test]
async fn a_follow_up_is_completed_shown_and_can_be_undone() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let id = begin(&test).await;
    let first = ask(&test, &id, QUESTION, json!({})).await;
    assert!(first.get("searched_for").is_none(), "{first}");
    let full = "입사 2년차 직원의 연차는 며칠인가요?";
    let second = ask(&test, &id, "그럼 2년차는?", json!({})).await;
    assert_eq!(
        (&second["question"], &second["searched_for"]),
        (&json!("그럼 2년차는?"), &json!(full))
    );
    let report = json_of(&test, post("/v1/verify", &second)).await;
    assert_eq!(report["verdict"], "valid", "{report}");
    let typed = json!({"search_for": "그럼 2년차는?", "replaces": second["turn"]});
    let third = ask(&test, &id, "그럼 2년차는?", typed).await;
    assert!(third.get("searched_for").is_none(), "{third}");
    let edited =
        json!({"search_for": "병가는 연 며칠까지 쓸 수 있나요?", "replaces": third["turn"]});
    let fourth = ask(&test, &id, "그럼 2년차는?", edited).await;
    assert!(fourth.to_string().contains("60일까지"), "{fourth}");
    let kept = opened(&test, &id).await;
    let turns = kept["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 2, "{kept}");
    assert_eq!(turns[1]["searched_for"], "병가는 연 며칠까지 쓸 수 있나요?");
    // Elsewhere a question is what it says.
    let body = json!({"question": "그럼 2년차는?", "search_for": full});
    assert_eq!(
        send(&test, post("/v1/answers", &body)).await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn clients_of_other_protocols_are_understood_too() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let messages = json!([
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "주차는 무료이다."},
        {"role": "user", "content": "그럼 2년차는?"},
    ]);
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let body = json!({"model": "veracite", "messages": messages, "max_tokens": 100});
        let whole = json_of(&test, post(path, &body)).await;
        let grounding = &whole["grounding"];
        assert_eq!(
            grounding["searched_for"],
            "입사 2년차 직원의 연차는 며칠인가요?"
        );
        assert!(!whole.to_string().contains("무료"), "{whole}");
        let report = json_of(&test, post("/v1/verify", grounding)).await;
        assert_eq!(report["verdict"], "valid", "{report}");
    }
}

#[tokio::test]
async fn a_question_that_is_asked_again_takes_its_place() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let id = begin(&test).await;
    let first = ask(&test, &id, QUESTION, json!({})).await;
    ask(&test, &id, "병가는 연 며칠까지 쓸 수 있나요?", json!({})).await;
    let again = ask(&test, &id, QUESTION, json!({"replaces": first["turn"]})).await;
    assert_ne!(again["turn"], first["turn"]);
    let kept = opened(&test, &id).await;
    let ids: Vec<&Value> = kept["turns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|turn| &turn["id"])
        .collect();
    assert_eq!((ids.len(), ids[0]), (2, &again["turn"]));
    let body = json!({"question": QUESTION, "conversation": id, "replaces": first["turn"]});
    assert_eq!(
        send(&test, post("/v1/answers", &body)).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_answer_that_is_stopped_stays_as_a_stopped_turn() {
    let (test, asked) = engine::app(Says::Never, 8_192).await;
    let id = begin(&test).await;
    let body = json!({"question": engine::QUESTION, "conversation": id, "stream": true});
    let router = web::router(Arc::clone(&test.app), &test.app.config().server);
    let response = router.oneshot(post("/v1/answers", &body)).await.unwrap();
    let mut events = response.into_body().into_data_stream();
    let first = events.next().await.unwrap().unwrap();
    assert!(
        String::from_utf8_lossy(&first).contains("event: turn"),
        "{first:?}"
    );
    until(&test, &id, |kept| kept["turns"][0]["state"] == "running").await;
    drop(events);
    let kept = until(&test, &id, |kept| kept["turns"][0]["state"] == "stopped").await;
    assert_eq!(kept["turns"][0]["question"], engine::QUESTION);
    assert!(kept["turns"][0]["answer"].is_null());
    assert!(asked.lock().unwrap().len() <= 1);
}

#[tokio::test]
async fn a_stream_tells_how_it_was_understood_and_what_may_be_asked_next() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let id = begin(&test).await;
    let body = json!({"question": QUESTION, "conversation": id, "stream": true});
    let (_, events) = send(&test, post("/v1/answers", &body)).await;
    let names: Vec<&str> = events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names.first(), Some(&"turn"));
    assert_eq!(names[names.len() - 2..], ["final", "suggestions"]);
    let mut data = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let last = parsed(data.next_back().unwrap());
    let suggestions = last["suggestions"].as_array().unwrap();
    assert_eq!(suggestions, &[json!("병가, 어떻게 되나요?")], "{last}");
    let kept = opened(&test, &id).await;
    assert_eq!(kept["turns"][0]["suggestions"], last["suggestions"]);
    // What is suggested is answered, and is not suggested again.
    let next = suggestions[0].as_str().unwrap();
    let answer = ask(&test, &id, next, json!({"search_for": next})).await;
    assert_eq!(
        (&answer["abstained"], answer.get("searched_for")),
        (&json!(false), None),
        "{answer}"
    );
}

#[tokio::test]
async fn conversations_are_found_renamed_deleted_and_listed_in_pages() {
    let test = TestApp::new().await;
    for number in 0..55 {
        let title = format!("출장 보고 {number}");
        json_of(&test, post("/v1/conversations", &json!({ "title": title }))).await;
    }
    let list = json_of(&test, get("/v1/conversations")).await;
    assert_eq!(list["conversations"].as_array().unwrap().len(), 50);
    let cursor = list["next"].as_str().unwrap();
    let rest = json_of(&test, get(&format!("/v1/conversations?cursor={cursor}"))).await;
    assert_eq!(
        (
            rest["conversations"].as_array().unwrap().len(),
            &rest["next"]
        ),
        (5, &Value::Null)
    );
    let wrong = send(&test, get("/v1/conversations?cursor=x")).await;
    assert_eq!(wrong.0, StatusCode::BAD_REQUEST);
    let id = rest["conversations"][0]["id"].as_str().unwrap();
    let path = format!("/v1/conversations/{id}");
    let renamed = json_of(
        &test,
        request("PATCH", &path, &json!({"title": " 연차  규정 "})),
    )
    .await;
    assert_eq!(renamed["title"], "연차 규정");
    for wrong in [json!({}), json!({"title": " "}), json!({"titel": "x"})] {
        let (status, _) = send(&test, request("PATCH", &path, &wrong)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    // Encoded: 차 규, parts of words in any order.
    let found = json_of(&test, get("/v1/conversations?query=%EA%B7%9C%20%EC%B0%A8")).await;
    assert_eq!(
        found["conversations"].as_array().unwrap().len(),
        1,
        "{found}"
    );
    assert_eq!(found["conversations"][0]["id"], id);
    assert_eq!(
        send(&test, request("DELETE", &path, &json!({}))).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(send(&test, get(&path)).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_is_removed_leaves_no_conversations() {
    let server = Server::with_people().await;
    let mina = server.sign_in("mina").await;
    let made = server
        .json(
            "POST",
            "/v1/conversations",
            ("cookie", &mina),
            &json!({"title": "t"}),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let person = server.named("mina").await;
    server
        .test
        .app
        .people()
        .remove(LOCAL, &person.id)
        .await
        .unwrap();
    let file = server.test.folder.path().join("data/catalogue.sqlite");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    // What is deleted is overwritten, once the log of changes is taken up.
    server.test.app.close().await;
    let after = std::fs::read(&file).unwrap();
    assert!(!after.windows(id.len()).any(|bytes| bytes == id.as_bytes()));
}

/// What the page's form is answered with.
async fn form(test: &TestApp, path: &str, body: &str) -> (StatusCode, HeaderMap) {
    let router = web::router(Arc::clone(&test.app), &test.app.config().server);
    let request = Request::post(path)
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    (response.status(), response.headers().clone())
}

#[tokio::test]
async fn answering_again_without_scripts_keeps_what_the_question_was_narrowed_to() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let id = begin(&test).await;
    let filter = json!({"languages": ["ko"], "title": "휴가", "in_force": "any"});
    let first = ask(&test, &id, QUESTION, json!({ "filter": filter })).await;
    let again = |turn: &Value| {
        let turn = turn.as_str().unwrap();
        format!("conversation={id}&again={turn}")
    };
    let (status, _) = form(&test, "/ask", &again(&first["turn"])).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let kept = opened(&test, &id).await;
    assert_eq!(kept["turns"].as_array().unwrap().len(), 1);
    assert_ne!(kept["turns"][0]["id"], first["turn"]);
    assert_eq!(kept["turns"][0]["filter"], filter);
    // A filter that cannot be read narrows to nothing that is known: it is not asked of everything.
    let turn = kept["turns"][0]["id"].clone();
    let pool = crate::audit::database(&test.folder.path().join("data")).await;
    for unreadable in [r#"{"rooms":["1"]}"#, "{"] {
        let sql = format!("UPDATE turns SET filter = '{unreadable}'");
        crate::audit::run(&pool, &sql).await;
        let (status, _) = form(&test, "/ask", &again(&turn)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{unreadable}");
        let kept = opened(&test, &id).await;
        assert_eq!(kept["turns"].as_array().unwrap().len(), 1);
        assert_eq!(kept["turns"][0]["id"], turn);
    }
    pool.close().await;
}

#[tokio::test]
async fn the_page_asks_and_reads_without_scripts() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let (status, page) = send(&test, get("/?lang=en")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("action=\"/ask\"") && page.contains("No conversations yet."));
    let fields = [("question", QUESTION), ("mode", "strict")];
    let (status, headers) = form(&test, "/ask", &encoded(&fields)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let place = headers[header::LOCATION].to_str().unwrap();
    let (path, turn) = place.split_once('#').unwrap();
    let (_, page) = send(&test, get(path)).await;
    for shown in [
        "최대 11일이다.",
        "href=\"/documents/",
        "data-sentence=\"0\"",
        QUESTION,
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(page.contains(&format!("id=\"{turn}\"")), "{turn}");
    let again = format!(
        "conversation={}&again={}",
        path.trim_start_matches("/conversations/"),
        turn.trim_start_matches("turn-")
    );
    assert_eq!(form(&test, "/ask", &again).await.0, StatusCode::SEE_OTHER);
    let renamed = form(&test, &format!("{path}/rename"), "title=Leave").await;
    assert_eq!(renamed.0, StatusCode::SEE_OTHER);
    let (_, page) = send(&test, get(path)).await;
    assert!(page.contains("<title>Leave · Veracite</title>"), "{page}");
    assert_eq!(
        page.matches("class=\"turn\"").count(),
        1,
        "it took the place of the first"
    );
    assert_eq!(
        form(&test, &format!("{path}/delete"), "").await.0,
        StatusCode::SEE_OTHER
    );
    assert_eq!(send(&test, get(path)).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        form(&test, "/ask", "question=").await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_pages_forms_need_the_word_of_the_session() {
    let server = Server::with_people().await;
    let mina = server.sign_in("mina").await;
    let made = server
        .json(
            "POST",
            "/v1/conversations",
            ("cookie", &mina),
            &json!({"title": "t"}),
        )
        .await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let headers = [
        ("cookie", mina.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let router = web::router(
        Arc::clone(&server.test.app),
        &server.test.app.config().server,
    );
    for path in ["/ask".to_owned(), format!("/conversations/{id}/delete")] {
        let mut request = Request::post(&path).header(header::HOST, "127.0.0.1:8420");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from("question=x")).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let list = server.get("/v1/conversations", &[("cookie", &mina)]).await;
    assert_eq!(list.json()["conversations"].as_array().unwrap().len(), 1);
}
