//! Rights to find, quote and download, through the router.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};
use veracite::ask::Reader;
use veracite::people::Role;
use veracite::rights::{Grants, Level, RightsChange};

use crate::harness::{LEAVE, PRICES, groups};
use crate::people::{Reply, Server, request};

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

fn grant(who: &str, level: &str) -> Value {
    match who.strip_prefix("person/") {
        Some(id) => json!({ "person": id, "level": level }),
        None => json!({ "group": who, "level": level }),
    }
}

fn rights(grants: &[(&str, &str)]) -> Value {
    let grants: Vec<Value> = grants
        .iter()
        .map(|(who, level)| grant(who, level))
        .collect();
    json!({ "grants": grants })
}

async fn set(server: &Server, path: &str, cookie: &str, grants: &[(&str, &str)]) -> StatusCode {
    let path = format!("{path}/rights");
    let body = rights(grants);
    let reply = server.json("PUT", &path, ("cookie", cookie), &body).await;
    reply.status
}

async fn ask(server: &Server, cookie: &str) -> Value {
    let body = json!({ "question": QUESTION });
    let reply = server
        .json("POST", "/v1/answers", ("cookie", cookie), &body)
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.json()
}

/// How each way to a document is received: it itself, its page, its versions, its file.
async fn ways(server: &Server, document: &str, cookie: &str) -> [StatusCode; 4] {
    let id = document.rsplit('/').next().unwrap();
    let headers = [
        ("cookie", cookie),
        ("accept", "text/html"),
        ("accept-language", "en"),
    ];
    let own = server.get(document, &headers).await.status;
    let page = server.get(&format!("/documents/{id}"), &headers).await;
    let page = if page.body.contains("11일") {
        page.status
    } else {
        StatusCode::NOT_FOUND
    };
    let versions = server.get(&format!("{document}/versions"), &headers).await;
    let original = server.get(&format!("{document}/original"), &headers).await;
    [own, page, versions.status, original.status]
}

const YES: StatusCode = StatusCode::OK;
const NO: StatusCode = StatusCode::NOT_FOUND;

#[tokio::test]
async fn finding_quoting_and_downloading_are_three_rights_and_count_at_once() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
    let document = format!("/v1/documents/{id}");
    let root = server.sign_in("root").await;
    let mina = server.sign_in("mina").await;
    let person = format!("person/{}", server.named("mina").await.id);
    assert_eq!(ways(&server, &document, &mina).await, [NO; 4]);
    assert_eq!(ask(&server, &mina).await["abstained"], json!(true));
    let list = async || {
        server
            .get("/v1/documents", &[("cookie", &mina)])
            .await
            .json()
    };
    assert_eq!(list().await["documents"], json!([]));

    // To find: a title, and that it may hold the answer; not a word of it.
    let hr = ("hr", "download");
    assert_eq!(
        set(&server, &document, &root, &[hr, (&person, "find")]).await,
        YES
    );
    assert_eq!(ways(&server, &document, &mina).await, [YES, NO, NO, NO]);
    let listed = list().await;
    assert_eq!(listed["documents"][0]["level"], json!("find"));
    let answer = ask(&server, &mina).await;
    assert_eq!(answer["abstained"], json!(true));
    assert_eq!(answer["findable"][0]["document"], json!(id.to_string()));
    assert_eq!(answer["findable"][0]["title"], json!("휴가 규정"));
    assert!(!answer.to_string().contains("11일"), "{answer}");
    assert_eq!(answer["ledger"], json!([]), "nothing of it was packed");

    // To quote.
    assert_eq!(
        set(&server, &document, &root, &[hr, (&person, "quote")]).await,
        YES
    );
    assert_eq!(ways(&server, &document, &mina).await, [YES, YES, YES, NO]);
    let answer = ask(&server, &mina).await;
    assert!(answer["text"].to_string().contains("11일"), "{answer}");
    assert_eq!(answer.get("findable"), None);

    // To download; and all of it gone again.
    assert_eq!(
        set(&server, &document, &root, &[hr, (&person, "download")]).await,
        YES
    );
    assert_eq!(ways(&server, &document, &mina).await, [YES; 4]);
    assert_eq!(set(&server, &document, &root, &[hr]).await, YES);
    assert_eq!(ways(&server, &document, &mina).await, [NO; 4]);
    let answer = ask(&server, &mina).await;
    assert!(answer["abstained"] == json!(true) && answer.get("findable").is_none());
    // The answer of before does not tell what became of the document.
    let library = server.test.app.library();
    let differences = library.differences().await.unwrap();
    assert!(
        differences
            .iter()
            .all(veracite::library::Difference::is_none)
    );
}

#[tokio::test]
async fn a_reader_who_may_only_find_changes_nothing() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["staff"]).await;
    let document = format!("/v1/documents/{id}");
    let root = server.sign_in("root").await;
    let jun = server.sign_in("jun").await;
    for level in ["find", "quote"] {
        let grants = [("staff", "download"), ("hr", level)];
        assert_eq!(set(&server, &document, &root, &grants).await, YES);
        let shown = ("cookie", &*jun);
        let title = json!({ "title": "x" });
        let changed = server.json("PATCH", &document, shown, &title).await;
        assert_eq!(changed.status, NO, "{level}");
        for (method, path) in [
            ("DELETE", document.clone()),
            ("POST", format!("{document}/retry")),
            ("POST", format!("{document}/cancel")),
        ] {
            let reply = server.json(method, &path, shown, &json!({})).await;
            assert_eq!(reply.status, NO, "{method} {path}");
        }
        let path = format!("{document}/rights");
        let all = rights(&[("hr", "download")]);
        let refused = server.json("PUT", &path, shown, &all).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(refused.json()["error"]["code"], json!("rights_not_theirs"));
    }
}

#[tokio::test]
async fn an_editor_gives_rights_to_whom_they_know() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
    let document = format!("/v1/documents/{id}");
    let (jun, mina) = (server.sign_in("jun").await, server.sign_in("mina").await);
    let hr = ("hr", "download");
    assert_eq!(
        set(&server, &document, &jun, &[hr, ("everyone", "quote")]).await,
        YES
    );
    assert!(!ask(&server, &mina).await["abstained"].as_bool().unwrap());
    let refused = set(&server, &document, &jun, &[hr, ("board", "find")]).await;
    assert_eq!(refused, StatusCode::FORBIDDEN);
    let nobody = set(&server, &document, &jun, &[hr, ("person/nobody", "find")]).await;
    assert_eq!(nobody, StatusCode::UNPROCESSABLE_ENTITY);
    let itself = set(&server, &document, &jun, &[("everyone", "quote")]).await;
    assert_eq!(itself, StatusCode::CONFLICT);
    assert_eq!(
        set(&server, &document, &jun, &[]).await,
        StatusCode::CONFLICT
    );
    // A reader changes nothing, and learns nothing.
    assert_eq!(
        set(&server, &document, &mina, &[hr]).await,
        StatusCode::FORBIDDEN
    );
    let path = format!("{document}/rights");
    let told = server.get(&path, &[("cookie", &mina)]).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    let unknown = "/v1/documents/00000000000000000000000000000000";
    assert_eq!(set(&server, unknown, &jun, &[hr]).await, NO);
    // What was refused changed nothing.
    let told = server.get(&path, &[("cookie", &jun)]).await.json();
    let expected = json!([grant("everyone", "quote"), grant("hr", "download")]);
    assert_eq!(told["effective"], expected);
    assert_eq!(told["own"]["by_hand"], json!(true));

    // Everybody is locked out only by an administrator who means it.
    let root = server.sign_in("root").await;
    assert_eq!(
        set(&server, &document, &root, &[]).await,
        StatusCode::CONFLICT
    );
    let body = json!({ "grants": [], "confirm": true });
    let shown = ("cookie", &*root);
    assert_eq!(server.json("PUT", &path, shown, &body).await.status, YES);
    assert_eq!(server.get(&document, &[("cookie", &jun)]).await.status, NO);
    // And let in again: an administrator need not be able to find it.
    assert_eq!(set(&server, &document, &root, &[hr]).await, YES);
    assert_eq!(server.get(&document, &[("cookie", &jun)]).await.status, YES);
}

#[tokio::test]
async fn a_collection_opens_and_closes_all_that_is_in_it() {
    let server = Server::with_people().await;
    let (leave, _) = server.test.add("leave.md", LEAVE, &[]).await;
    let (prices, _) = server.test.add("prices.html", PRICES, &["hr"]).await;
    let root = server.sign_in("root").await;
    let (mina, jun) = (server.sign_in("mina").await, server.sign_in("jun").await);
    let shown = ("cookie", &*root);
    // Without rights of its own it is for everyone, as the configuration says.
    assert!(!ask(&server, &mina).await["abstained"].as_bool().unwrap());
    let collection = "/v1/collections/%EC%9D%B8%EC%82%AC";
    assert_eq!(
        set(&server, collection, &root, &[("hr", "download")]).await,
        YES
    );
    let path = format!("/v1/documents/{leave}");
    let reply = server
        .json(
            "PATCH",
            &path,
            ("cookie", &jun),
            &json!({ "collection": "인사" }),
        )
        .await;
    assert_eq!(reply.status, YES, "{}", reply.body);
    assert_eq!(ask(&server, &mina).await["abstained"], json!(true));
    server.test.app.library().idle().await;
    assert_eq!(ask(&server, &mina).await["abstained"], json!(true));
    let list = async |cookie: &str| {
        let reply = server.get("/v1/collections", &[("cookie", cookie)]).await;
        reply.json()["collections"].clone()
    };
    assert_eq!(
        list(&mina).await,
        json!([]),
        "it is not told that there is one"
    );
    let told = list(&root).await;
    assert_eq!(told[0]["rights"]["own"], json!([grant("hr", "download")]));
    // One change of the collection, and the next question is answered.
    let everyone = [("everyone", "quote")];
    assert_eq!(set(&server, collection, &root, &everyone).await, YES);
    assert!(!ask(&server, &mina).await["abstained"].as_bool().unwrap());
    assert_eq!(
        list(&mina).await,
        json!([{ "name": "인사", "documents": 1 }])
    );
    // What has rights of its own does not follow, until it is told to.
    let path = format!("/v1/documents/{prices}");
    let body = json!({ "collection": " 인사 " });
    let reply = server.json("PATCH", &path, ("cookie", &jun), &body).await;
    assert_eq!(reply.status, YES, "{}", reply.body);
    assert_eq!(server.get(&path, &[("cookie", &mina)]).await.status, NO);
    let inherit = format!("{path}/rights");
    let reply = server.json("DELETE", &inherit, shown, &json!({})).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.body);
    assert_eq!(server.get(&path, &[("cookie", &mina)]).await.status, YES);
    // Only administrators change or see the rights of a collection.
    for cookie in [&jun, &mina] {
        let refused = set(&server, collection, cookie, &everyone).await;
        assert_eq!(refused, StatusCode::FORBIDDEN);
        let path = format!("{collection}/rights");
        let refused = server.get(&path, &[("cookie", cookie)]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let path = format!("{collection}/rights");
    let reply = server.json("DELETE", &path, shown, &json!({})).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let told = server.get(&path, &[("cookie", &root)]).await.json();
    assert_eq!(told["own"], Value::Null);
    assert_eq!(told["effective"], json!([grant("everyone", "download")]));
}

/// Hands a file in with these fields.
async fn hand_in(
    server: &Server,
    (path, cookie): (&str, &str),
    file: &str,
    fields: &[(&str, &str)],
) -> Reply {
    let mut form = String::new();
    for (name, value) in fields {
        let head = format!("content-disposition: form-data; name=\"{name}\"");
        let _ = write!(form, "--x\r\n{head}\r\n\r\n{value}\r\n");
    }
    let head = format!("content-disposition: form-data; name=\"file\"; filename=\"{file}\"");
    let _ = write!(form, "--x\r\n{head}\r\n\r\n# A\r\n--x--\r\n");
    let headers = [
        ("cookie", cookie),
        ("content-type", "multipart/form-data; boundary=x"),
        ("accept", "text/html"),
        ("accept-language", "en"),
    ];
    let request = request("POST", path, &headers, Body::from(form));
    server.send(request).await
}

#[tokio::test]
async fn nobody_puts_a_document_into_a_collection_that_they_may_not_read() {
    let server = Server::with_people().await;
    let root = server.sign_in("root").await;
    let jun = server.sign_in("jun").await;
    for (name, grants) in [
        ("closed", [("board", "download")]),
        ("known", [("hr", "find")]),
        ("open", [("hr", "download")]),
    ] {
        let path = format!("/v1/collections/{name}");
        assert_eq!(set(&server, &path, &root, &grants).await, YES);
    }
    let api = ("/v1/documents", jun.as_str());
    for fields in [
        vec![("collection", "closed")],
        vec![("collection", "known")],
        // Nor with readers of its own, or however it is written.
        vec![("readers", "hr"), ("collection", " Closed ")],
        vec![("metadata", r#"{"collection": "closed"}"#)],
    ] {
        let reply = hand_in(&server, api, "refused.md", &fields).await;
        assert_eq!(
            reply.status,
            StatusCode::FORBIDDEN,
            "{fields:?} {}",
            reply.body
        );
        assert_eq!(reply.code(), "collection_not_theirs");
    }
    let token = server.page("/documents", &jun).await.form_token();
    let fields = [("form_token", token.as_str()), ("collection", "closed")];
    let page = ("/documents", jun.as_str());
    let reply = hand_in(&server, page, "refused.md", &fields).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
    assert!(
        reply.body.contains("You may not read that collection"),
        "{}",
        reply.body
    );
    let everybody = Reader::new(groups(&["board", "hr"]));
    let there = server.test.app.library().list(&everybody).await.unwrap();
    assert!(there.is_empty(), "{there:?}");

    for (file, name) in [("open.md", "open"), ("new.md", "new")] {
        let reply = hand_in(&server, api, file, &[("collection", name)]).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{name} {}", reply.body);
    }
    let administrator = ("/v1/documents", root.as_str());
    let fields = [("collection", "closed")];
    let reply = hand_in(&server, administrator, "board.md", &fields).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.body);

    // Nor by moving one that keeps its own rights; where it is already it may stay.
    let (id, _) = server.test.add("own.md", LEAVE, &["hr"]).await;
    let document = format!("/v1/documents/{id}");
    let change = async |body: Value| {
        let reply = server
            .json("PATCH", &document, ("cookie", &jun), &body)
            .await;
        reply.status
    };
    assert_eq!(
        change(json!({ "collection": "closed" })).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(change(json!({ "collection": "later" })).await, YES);
    let board = [("board", "download")];
    assert_eq!(
        set(&server, "/v1/collections/later", &root, &board).await,
        YES
    );
    assert_eq!(
        change(json!({ "collection": "Later", "title": "A" })).await,
        YES
    );
    assert_eq!(change(json!({ "collection": "open" })).await, YES);
    assert_eq!(
        change(json!({ "collection": "later" })).await,
        StatusCode::FORBIDDEN
    );

    // Nor one that follows the rights of where it is: neither what they may only find, nor what they
    // may not even know of.
    let (id, _) = server.test.add("free.md", LEAVE, &[]).await;
    let document = format!("/v1/documents/{id}");
    for name in ["known", "closed"] {
        let body = json!({ "collection": name });
        let shown = ("cookie", &*jun);
        let reply = server.json("PATCH", &document, shown, &body).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{name} {}", reply.body);
        assert_eq!(reply.code(), "collection_not_theirs", "{name}");
    }
}

#[tokio::test]
async fn an_editor_does_not_open_a_document_by_moving_it() {
    let server = Server::with_people().await;
    let root = server.sign_in("root").await;
    let jun = server.sign_in("jun").await;
    let (id, _) = server.test.add("leave.md", LEAVE, &[]).await;
    let document = format!("/v1/documents/{id}");
    let hr = [("hr", "download")];
    assert_eq!(
        set(&server, "/v1/collections/closed", &root, &hr).await,
        YES
    );
    let board = [("hr", "download"), ("board", "quote")];
    assert_eq!(
        set(&server, "/v1/collections/board", &root, &board).await,
        YES
    );
    let into = async |name: &str| {
        let body = json!({ "collection": name });
        let shown = ("cookie", &*jun);
        server.json("PATCH", &document, shown, &body).await.status
    };
    // To fewer, whom they know.
    assert_eq!(into("closed").await, YES);
    assert_eq!(into("board").await, StatusCode::FORBIDDEN);
    let told = server
        .get(&format!("{document}/rights"), &[("cookie", &jun)])
        .await
        .json();
    assert_eq!(told["inherited"]["collection"], json!("closed"));
    assert_eq!(told["effective"], json!([grant("hr", "download")]));
    // No more by the route for many documents.
    let many = json!({
        "ids": [id.to_string()], "action": "change", "change": { "collection": "board" },
    });
    let shown = ("cookie", &*jun);
    let reply = server
        .json("POST", "/v1/documents/bulk", shown, &many)
        .await;
    assert_eq!(reply.json()["results"][0]["done"], json!(false));
    let told = server
        .get(&format!("{document}/rights"), &[("cookie", &jun)])
        .await
        .json();
    assert_eq!(told["inherited"]["collection"], json!("closed"));
}

#[tokio::test]
async fn what_came_in_a_document_follows_its_rights() {
    let server = Server::with_people().await;
    let message = crate::inside::mail("Attached.", &[("leave.md", LEAVE)]);
    let (id, _) = server.test.add("message.eml", message, &["hr"]).await;
    let library = server.test.app.library();
    let hr = Reader::new(groups(&["hr"]));
    let inside = async |reader: &Reader| {
        let views = library.list(reader).await.unwrap();
        let mut inside = views.into_iter().filter(|view| view.parent == Some(id));
        inside.next()
    };
    let child = inside(&hr).await.unwrap().id;
    assert!(inside(&Reader::anyone()).await.is_none());
    let root = server.sign_in("root").await;
    let mina = server.sign_in("mina").await;
    let parent = format!("/v1/documents/{id}");
    let everyone = [("hr", "download"), ("everyone", "quote")];
    assert_eq!(set(&server, &parent, &root, &everyone).await, YES);
    assert_eq!(inside(&Reader::anyone()).await.unwrap().level, Level::Quote);
    assert!(!ask(&server, &mina).await["abstained"].as_bool().unwrap());
    let own = format!("/v1/documents/{child}");
    assert_eq!(
        set(&server, &own, &root, &everyone).await,
        StatusCode::CONFLICT
    );
    assert_eq!(
        set(&server, &parent, &root, &[("hr", "download")]).await,
        YES
    );
    assert!(inside(&Reader::anyone()).await.is_none());
    assert_eq!(ask(&server, &mina).await["abstained"], json!(true));
    let differences = library.differences().await.unwrap();
    assert!(
        differences
            .iter()
            .all(veracite::library::Difference::is_none)
    );
}

#[tokio::test]
async fn rights_set_by_hand_outlast_what_is_handed_in_again() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["everyone"]).await;
    let library = server.test.app.library();
    let hr = Grants::downloads(&groups(&["hr"]).into_iter().collect());
    let own = RightsChange::Own(hr);
    assert!(library.set_rights(id, &own).await.unwrap());
    let reader = Reader::new(groups(&["hr"]));
    // The same file, for everyone and for others, as a source brings it; and another version of it.
    let newer = format!("{LEAVE}\n새로 바뀐 문장이다.\n");
    for (text, readers) in [(LEAVE, "everyone"), (LEAVE, "hr"), (&*newer, "everyone")] {
        let path = server.test.folder.path().join("leave.md");
        std::fs::write(&path, text).unwrap();
        let document = veracite::catalogue::NewDocument {
            place: "leave.md".to_owned(),
            file_name: "leave.md".to_owned(),
            path,
            readers: groups(&[readers]).into_iter().collect(),
            parent: None,
            lane: String::new(),
            metadata: veracite::catalogue::MetadataChange::default(),
            passwords: Vec::new(),
        };
        assert_eq!(library.submit(document).await.unwrap().id, id);
        assert!(library.get(id, &Reader::anyone()).await.unwrap().is_none());
        library.idle().await;
        assert!(library.get(id, &Reader::anyone()).await.unwrap().is_none());
        assert!(library.get(id, &reader).await.unwrap().is_some());
        assert!(server.test.ask(QUESTION, &[]).await.abstained());
        assert!(!server.test.ask(QUESTION, &["hr"]).await.abstained());
    }
    // What opens the newest version does not open an older one.
    let everyone = Grants::downloads(&groups(&["everyone"]).into_iter().collect());
    let own = RightsChange::Own(everyone);
    assert!(library.set_rights(id, &own).await.unwrap());
    let versions = library.versions(id, &Reader::anyone()).await.unwrap();
    assert_eq!(versions.len(), 1, "{versions:?}");
    assert_eq!(library.versions(id, &reader).await.unwrap().len(), 2);
}

#[tokio::test]
async fn who_can_read_this_is_answered_for_administrators() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
    let document = format!("/v1/documents/{id}");
    let root = server.sign_in("root").await;
    let mina = server.named("mina").await.id.to_string();
    let grants = [("hr", "download"), (&*format!("person/{mina}"), "find")];
    assert_eq!(set(&server, &document, &root, &grants).await, YES);
    let path = format!("{document}/readers");
    let told = server.get(&path, &[("cookie", &root)]).await.json();
    let names: Vec<&str> = told["readers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reader| reader["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["jun", "mina"], "{told}");
    assert_eq!(told["readers"][0]["by"], json!([grant("hr", "download")]));
    assert_eq!(told["readers"][1]["level"], json!("find"));
    assert_eq!(
        (&told["without"], &told["administrators"]),
        (&json!(1), &json!(["root"]))
    );
    // Of one person.
    let told = server
        .get(&format!("{path}?person=root"), &[("cookie", &root)])
        .await;
    assert_eq!(told.json()["readers"][0]["level"], Value::Null);
    let unknown = server
        .get(&format!("{path}?person=nobody"), &[("cookie", &root)])
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let jun = server.sign_in("jun").await;
    let refused = server.get(&path, &[("cookie", &jun)]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    // A group whose name looks like a person is a group.
    server
        .add("sly", Role::Reader, &[&format!("person:{mina}")])
        .await;
    let told = server.get(&path, &[("cookie", &root)]).await.json();
    assert_eq!(told["without"], json!(2), "{told}");
}

#[tokio::test]
async fn rights_are_changed_by_forms_too_and_each_change_is_audited() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
    let root = server.sign_in("root").await;
    let mina = server.sign_in("mina").await;
    let path = format!("/documents/{id}/rights");
    let page = server.page(&path, &root).await;
    assert_eq!(page.status, YES, "{}", page.body);
    assert!(page.body.contains("Who can read this?") && page.body.contains("jun"));
    let token = page.form_token();
    let form = async |fields: &[(&str, &str)]| {
        let mut all = vec![("form_token", &*token)];
        all.extend(fields.iter().copied());
        server.form(&path, &root, &all).await
    };
    let give = [
        ("action", "give"),
        ("kind", "person"),
        ("name", "Mina"),
        ("level", "quote"),
    ];
    let reply = form(&give).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    assert_eq!(reply.location(), format!("{path}?saved=1"));
    assert!(!ask(&server, &mina).await["abstained"].as_bool().unwrap());
    let refused = form(&[
        ("action", "give"),
        ("kind", "person"),
        ("name", "nobody"),
        ("level", "quote"),
    ])
    .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("There is no person"));
    let person = format!("person/{}", server.named("mina").await.id);
    let reply = form(&[("action", "take"), ("principal", &person)]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(ask(&server, &mina).await["abstained"].as_bool().unwrap());
    // Without the word of the session nothing is changed.
    let reply = server.form(&path, &root, &give).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert_eq!(
        server.page(&path, &mina).await.status,
        StatusCode::FORBIDDEN
    );
    // Collections.
    let page = server.page("/collections", &root).await;
    assert_eq!(page.status, YES, "{}", page.body);
    let fields = [
        ("form_token", &*page.form_token()),
        ("action", "give"),
        ("collection", "Sales"),
        ("kind", "group"),
        ("name", "hr"),
        ("level", "download"),
    ];
    let reply = server.form("/collections/rights", &root, &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    assert!(
        server
            .page("/collections", &root)
            .await
            .body
            .contains("Sales")
    );
    let mina_sees = server.page("/collections", &mina).await;
    assert!(mina_sees.status == YES && !mina_sees.body.contains("Sales"));

    let report = server.test.app.library().audit_report().await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

#[tokio::test]
async fn pages_call_the_group_of_everyone_by_a_word_of_their_language() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
    let root = server.sign_in("root").await;
    let path = format!("/documents/{id}/rights");
    let page = server.page(&path, &root).await;
    // What a page says is taken back.
    let fields = [
        ("form_token", &*page.form_token()),
        ("action", "give"),
        ("kind", "group"),
        ("name", "모든 사람"),
        ("level", "find"),
        ("confirm", "1"),
    ];
    let reply = server.form(&path, &root, &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    for (language, word, default) in [
        ("ko", "모든 사람", "기본값(모든 사람)"),
        ("en", "Everyone", "Left empty: Everyone."),
    ] {
        let page = server.page(&format!("{path}?lang={language}"), &root).await;
        let shown = format!("<span class=\"grant-name\">{word}</span>");
        assert!(page.body.contains(&shown), "{}", page.body);
        assert!(!page.body.contains(">everyone<"), "{}", page.body);
        let sent = "name=\"principal\" value=\"everyone\"";
        assert!(page.body.contains(sent), "{}", page.body);
        let list = format!("/documents?lang={language}");
        let list = server.page(&list, &root).await;
        assert!(list.body.contains(default), "{}", list.body);
    }
    let path = format!("/v1{path}");
    let rights = server.get(&path, &[("cookie", &root)]).await.json();
    assert_eq!(rights["effective"][0]["group"], "everyone", "{rights}");
}
