//! What the audit log is told of people, and that nothing is done that it cannot be told.

use axum::http::StatusCode;
use serde_json::{Value, json};
use veracite::app::LOCAL;
use veracite::people::{PersonChange, Role};

use crate::audit::{database, entries, of, run, veracite};
use crate::harness::LEAVE;
use crate::people::{PASSWORD, Server};

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";
const OTHER: &str = "quite another phrase";

fn completion() -> Value {
    json!({ "model": "veracite", "messages": [{ "role": "user", "content": QUESTION }] })
}

#[tokio::test]
async fn what_is_done_to_people_is_told_and_what_they_typed_is_not() {
    let server = Server::with_people().await;
    let root_id = server.named("root").await.id.to_string();
    let root = server.sign_in("root").await;
    let root = ("cookie", root.as_str());
    server.try_in("root", "mistyped-mistyped").await;
    server.try_in("typed-by-mistake", PASSWORD).await;
    let new = json!({ "name": "sora", "role": "editor", "groups": ["hr"] });
    let made = server.json("POST", "/v1/people", root, &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let made = made.json();
    let sora = made["person"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/people/{sora}");
    let shown = json!({ "display_name": "소라-secret", "role": "reader" });
    let disabled = json!({ "disabled": true });
    for change in [&shown, &disabled] {
        let reply = server.json("PATCH", &path, root, change).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    }
    let password = json!({ "present": PASSWORD, "new": OTHER });
    let key = json!({ "name": "key-secret", "scope": "read" });
    let key = server.json("POST", "/v1/keys", root, &key).await.json();
    let key_path = format!("/v1/keys/{}", key["id"].as_str().unwrap());
    for (method, path, body, status) in [
        (
            "DELETE",
            key_path.as_str(),
            &Value::Null,
            StatusCode::NO_CONTENT,
        ),
        (
            "DELETE",
            path.as_str(),
            &Value::Null,
            StatusCode::NO_CONTENT,
        ),
        ("DELETE", path.as_str(), &Value::Null, StatusCode::NOT_FOUND),
        (
            "PUT",
            "/v1/session/password",
            &password,
            StatusCode::NO_CONTENT,
        ),
    ] {
        let reply = server.json(method, path, root, body).await;
        assert_eq!(reply.status, status, "{method} {path} {}", reply.body);
    }
    server.test.app.close().await;
    let data = server.test.folder.path().join("data");
    let entries = entries(&data);
    for (action, count) in [
        // Three were there from the beginning, added on the machine itself.
        ("account_created", 4),
        ("invitation_made", 1),
        ("account_changed", 1),
        ("account_disabled", 1),
        ("account_removed", 1),
        ("key_made", 1),
        ("key_revoked", 1),
        ("password_changed", 1),
        // By the password, and anew after it was changed.
        ("sign_in", 2),
        ("sign_in_refused", 2),
        ("failed", 0),
    ] {
        assert_eq!(of(&entries, action).len(), count, "{action}: {entries:?}");
    }
    assert_eq!(of(&entries, "account_created")[0]["actor"], LOCAL);
    for action in ["account_changed", "account_disabled", "account_removed"] {
        let entry = of(&entries, action)[0];
        assert_eq!(
            (&entry["actor"], &entry["subject"]),
            (&json!(root_id), &json!(sora))
        );
    }
    let changed = &of(&entries, "account_changed")[0]["details"];
    assert_eq!(
        changed,
        &json!({ "fields": ["display_name"], "role": "reader" })
    );
    assert_eq!(of(&entries, "sign_in_refused")[0]["subject"], *root_id);
    assert_eq!(of(&entries, "key_made")[0]["subject"], key["id"]);
    let all = serde_json::to_string(&entries).unwrap();
    let link = made["invitation"]["link"].as_str().unwrap();
    let (_, token) = link.split_once("token=").unwrap();
    for typed in [
        PASSWORD,
        OTHER,
        "mistyped",
        "typed-by-mistake",
        "-secret",
        token,
        key["secret"].as_str().unwrap(),
        "argon2",
    ] {
        assert!(!all.contains(typed), "{typed}: {all}");
    }
    let (whole, told) = veracite(&data, &["audit", "verify"]);
    assert!(whole, "{told}");
}

#[tokio::test]
async fn nothing_is_done_to_people_that_cannot_be_told() {
    let server = Server::with_people().await;
    let (root, jun) = (server.sign_in("root").await, server.named("jun").await);
    let data = server.test.folder.path().join("data");
    let pool = database(&data).await;
    let broken =
        "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END";
    run(&pool, broken).await;
    let root = ("cookie", root.as_str());
    let path = format!("/v1/people/{}", jun.id);
    let invitation = format!("{path}/invitation");
    let new = json!({ "name": "sora", "role": "editor" });
    let change = json!({ "role": "admin" });
    let password = json!({ "present": PASSWORD, "new": OTHER });
    let key = json!({ "name": "x", "scope": "read" });
    for (method, path, body) in [
        ("POST", "/v1/people", &new),
        ("PATCH", path.as_str(), &change),
        ("DELETE", path.as_str(), &Value::Null),
        ("POST", invitation.as_str(), &Value::Null),
        ("PUT", "/v1/session/password", &password),
        ("POST", "/v1/keys", &key),
        ("DELETE", "/v1/sessions", &Value::Null),
        ("DELETE", "/v1/session", &Value::Null),
    ] {
        let reply = server.json(method, path, root, body).await;
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        assert_eq!(reply.status, status, "{method} {path} {}", reply.body);
    }
    let reply = server.try_in("mina", PASSWORD).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    let people = server.test.app.people();
    assert_eq!(people.list().await.unwrap().len(), 3);
    assert_eq!(server.named("jun").await.role, Role::Editor);
    let who = server.get("/v1/session", &[root]).await;
    assert_eq!(who.status, StatusCode::OK, "the session goes on");
    let mina = server.named("mina").await;
    assert!(people.sessions(&mina.id).await.unwrap().is_empty());
    assert!(
        people
            .keys(&server.named("root").await.id)
            .await
            .unwrap()
            .is_empty()
    );
    run(&pool, "DROP TRIGGER broken").await;
    server.sign_in("mina").await;
    pool.close().await;
}

#[tokio::test]
async fn wrong_keys_do_not_fill_the_log_and_right_ones_go_on() {
    let server = Server::with_people().await;
    let mina = server.sign_in("mina").await;
    let key = json!({ "name": "cron", "scope": "read" });
    let key = server
        .json("POST", "/v1/keys", ("cookie", &mina), &key)
        .await;
    let right = format!("Bearer {}", key.json()["secret"].as_str().unwrap());
    for _ in 0..100 {
        let wrong = [("x-api-key", "vck_0123456789abcdefghij")];
        let reply = server.get("/v1/session", &wrong).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
    let reply = server
        .get("/v1/session", &[("authorization", &right)])
        .await;
    assert_eq!(reply.status, StatusCode::OK, "nobody waits for it");
    server.test.app.close().await;
    let entries = entries(&server.test.folder.path().join("data"));
    let refused = of(&entries, "sign_in_refused");
    assert_eq!(refused.len(), 10, "{refused:?}");
    let all = serde_json::to_string(&refused).unwrap();
    assert!(!all.contains("vck_"), "{all}");
}

#[tokio::test]
async fn a_key_of_a_person_asks_in_every_protocol_as_that_person() {
    let server = Server::with_people().await;
    server.test.add("leave.md", LEAVE, &["hr"]).await;
    let (jun, mina) = (server.sign_in("jun").await, server.sign_in("mina").await);
    let mut secrets = Vec::new();
    for cookie in [&jun, &mina] {
        let key = json!({ "name": "client", "scope": "read" });
        let key = server
            .json("POST", "/v1/keys", ("cookie", cookie), &key)
            .await;
        secrets.push(key.json()["secret"].as_str().unwrap().to_owned());
    }
    for (secret, abstained) in secrets.iter().zip([false, true]) {
        for path in ["/v1/chat/completions", "/v1/messages"] {
            let shown = ("x-api-key", secret.as_str());
            let reply = server.json("POST", path, shown, &completion()).await;
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
            assert_eq!(reply.json()["grounding"]["abstained"], abstained, "{path}");
        }
        let bearer = format!("Bearer {secret}");
        let mut streamed = completion();
        streamed["stream"] = json!(true);
        let shown = ("authorization", bearer.as_str());
        let reply = server
            .json("POST", "/v1/chat/completions", shown, &streamed)
            .await;
        assert!(reply.body.ends_with("data: [DONE]\n\n"), "{}", reply.body);
        // A key that may only read does no more in any protocol's name.
        let reply = server
            .json("DELETE", "/v1/documents/0", shown, &Value::Null)
            .await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
    }
    let id = server.named("jun").await.id;
    let off = PersonChange {
        disabled: Some(true),
        ..PersonChange::default()
    };
    server
        .test
        .app
        .people()
        .change(LOCAL, &id, off)
        .await
        .unwrap();
    let shown = ("x-api-key", secrets[0].as_str());
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let reply = server.json("POST", path, shown, &completion()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(reply.json()["error"]["type"], "authentication_error");
    }
    server.test.app.close().await;
    let entries = entries(&server.test.folder.path().join("data"));
    let questions = of(&entries, "question");
    assert_eq!(questions.len(), 6, "{questions:?}");
    let asked = |id: &str| {
        let questions = questions.iter();
        questions.filter(|entry| entry["actor"] == id).count()
    };
    assert_eq!(asked(id.as_str()), 3);
    assert_eq!(asked(server_id(&entries, "mina").as_str()), 3);
}

/// The id under which the log says that an account of this name was made.
fn server_id(entries: &[Value], name: &str) -> String {
    let made = of(entries, "account_created");
    let made = made
        .into_iter()
        .find(|entry| entry["details"]["name"] == name);
    made.unwrap()["subject"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_command_line_and_a_server_append_to_one_log() {
    let server = Server::with_people().await;
    server.sign_in("mina").await;
    let data = server.test.folder.path().join("data");
    for name in ["sora", "noa"] {
        let (done, told) = veracite(&data, &["people", "invite", name]);
        assert!(done, "{told}");
        // The server had noted another end.
        server.sign_in("jun").await;
    }
    server.test.app.close().await;
    let entries = entries(&data);
    assert_eq!(of(&entries, "account_created").len(), 5, "{entries:?}");
    assert_eq!(of(&entries, "invitation_made").len(), 2);
    assert_eq!(of(&entries, "sign_in").len(), 3);
    assert!(of(&entries, "lost").is_empty() && of(&entries, "end_differs").is_empty());
    let (whole, told) = veracite(&data, &["audit", "verify"]);
    assert!(whole, "{told}");
}
