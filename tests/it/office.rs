//! The documents page and the page of administrators, through the router.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ingest::DocumentId;
use ingest::parse::InProcess;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use veracite::app::App;
use veracite::ask::Reader;
use veracite::audit::Questions;
use veracite::people::Role;
use veracite::sources::config::SourceConfig;
use veracite::web;

use crate::harness::{FixedClock, LEAVE, TestApp, config, groups};
use crate::http::{get, post, send};
use crate::people::Server;

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";
const OTHER: &str = "Who painted the ceiling?";
const NO_ANSWER: &str = "What is the capital of Mongolia?";

async fn page(test: &TestApp, query: &str) -> Value {
    let (status, body) = send(test, get(&format!("/v1/documents?{query}"))).await;
    assert_eq!(status, StatusCode::OK, "{query}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn names(page: &Value) -> Vec<String> {
    let documents = page["documents"].as_array().unwrap().iter();
    documents
        .map(|body| body["file_name"].as_str().unwrap().to_owned())
        .collect()
}

async fn add_many(test: &TestApp, names: impl IntoIterator<Item = String>, readers: &[&str]) {
    for name in names {
        let text = format!("# {name}\n\n{name} is a note of its own.");
        test.add(&name, text, readers).await;
    }
}

fn text_form(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::ACCEPT, "text/html")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn file_form(path: &str, fields: &[(&str, &str)], cookie: &str) -> Request<Body> {
    let mut form = String::new();
    for (name, value) in fields {
        let file = if *name == "file" {
            "; filename=\"leave.md\""
        } else {
            ""
        };
        let _ = write!(
            form,
            "--x\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        );
    }
    form += "--x--\r\n";
    Request::post(path)
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::ACCEPT, "text/html")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(form))
        .unwrap()
}

#[tokio::test]
async fn paging_is_complete_and_without_doubles_while_documents_come_and_go() {
    let test = TestApp::new().await;
    add_many(
        &test,
        (0..23).map(|number| format!("n{number:02}.md")),
        &["everyone"],
    )
    .await;
    for order in ["asc", "desc"] {
        let query = format!("sort=name&order={order}&limit=5");
        let mut seen = Vec::new();
        let mut next = String::new();
        for turn in 0.. {
            let page = page(&test, &format!("{query}&cursor={next}")).await;
            assert!(names(&page).len() <= 5);
            seen.extend(names(&page));
            if turn == 1 {
                // One that was seen goes, and others come, before and after.
                let library = test.app.library();
                let all = library.list(&Reader::anyone()).await.unwrap();
                let first = all.iter().find(|view| view.file_name == seen[0]).unwrap();
                library.delete(first.id, &Reader::anyone()).await.unwrap();
                let come = ["a", "z"].map(|name| format!("{name}-{order}.md"));
                add_many(&test, come, &["everyone"]).await;
            }
            match page["next"].as_str() {
                Some(cursor) => next = cursor.to_owned(),
                None => break,
            }
        }
        let different: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(different.len(), seen.len(), "{seen:?}");
        for number in 2..22 {
            let name = format!("n{number:02}.md");
            assert!(seen.contains(&name), "{order}: {name} is missing: {seen:?}");
        }
        let mut sorted = seen.clone();
        sorted.sort();
        if order == "desc" {
            sorted.reverse();
        }
        assert_eq!(seen, sorted);
    }
    let other = page(&test, "sort=size&limit=1").await;
    let cursor = other["next"].as_str().unwrap();
    let (status, body) = send(
        &test,
        get(&format!("/v1/documents?sort=name&cursor={cursor}")),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("\"cursor\""), "{body}");
}

#[tokio::test]
async fn rights_are_applied_before_the_limit_and_to_counts() {
    let server = Server::with_people().await;
    let test = &server.test;
    add_many(
        test,
        (0..12).map(|number| format!("a{number:02}.md")),
        &["board"],
    )
    .await;
    add_many(test, (0..4).map(|number| format!("z{number}.md")), &["hr"]).await;
    let jun = server.sign_in("jun").await;
    for query in [
        "sort=name&limit=4",
        "sort=size&limit=4",
        "sort=state&limit=4",
        "limit=4",
    ] {
        let path = format!("/v1/documents?{query}");
        let reply = server.get(&path, &[("cookie", &jun)]).await;
        let body = reply.json();
        assert_eq!(names(&body).len(), 4, "{query}: {body}");
        assert!(
            names(&body).iter().all(|name| name.starts_with('z')),
            "{body}"
        );
        assert_eq!(body["counts"], json!({ "ready": 4 }));
        assert_eq!(body["next"], Value::Null);
    }
    let html = server.page("/documents?sort=name", &jun).await.body;
    assert!(html.contains("z0.md") && !html.contains("a00.md"), "{html}");
    let mina = server.sign_in("mina").await;
    let body = server
        .get("/v1/documents", &[("cookie", &mina)])
        .await
        .json();
    assert_eq!(
        (&body["documents"], &body["counts"]),
        (&json!([]), &json!({}))
    );
}

#[tokio::test]
async fn lists_are_narrowed_by_what_is_said_of_documents() {
    let test = TestApp::new().await;
    let (leave, _) = test.add("휴가 규정.md", LEAVE, &["everyone"]).await;
    test.add("copy.md", LEAVE, &["everyone"]).await;
    test.add("broken.pdf", b"%PDF-1.7 and nothing more", &["everyone"])
        .await;
    let change =
        json!({ "collection": "인사", "tags": ["2026", "hr"], "effective_until": "2020-01-01" });
    let request = Request::patch(format!("/v1/documents/{leave}"))
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(change.to_string()))
        .unwrap();
    assert_eq!(send(&test, request).await.0, StatusCode::OK);
    test.app.library().idle().await;
    let found = async |query: &str| {
        let mut names = names(&page(&test, query).await);
        names.sort();
        names
    };
    let leave = vec!["휴가 규정.md".to_owned()];
    assert_eq!(
        found("q=%ED%9C%B4%EA%B0%80+.MD&sort=name").await,
        ["copy.md", "휴가 규정.md"]
    );
    assert_eq!(found("collection=%EC%9D%B8%EC%82%AC").await, leave);
    assert_eq!(found("tag=hr").await, leave);
    assert_eq!(found("tag=h").await, Vec::<String>::new());
    assert_eq!(found("out_of_force=true").await, leave);
    assert_eq!(found("duplicates=1").await, ["copy.md", "휴가 규정.md"]);
    assert_eq!(found("state=failed").await, ["broken.pdf"]);
    assert_eq!(found("problems=true").await, ["broken.pdf"]);
    assert_eq!(found("state=working").await, Vec::<String>::new());
    assert_eq!(found("format=markdown").await.len(), 2);
    assert_eq!(
        found("source=upload").await,
        Vec::<String>::new(),
        "none came by upload"
    );
    let counts = page(&test, "state=failed").await["counts"].clone();
    assert_eq!(counts, json!({ "failed": 1, "ready": 2 }));
    for wrong in [
        "state=done",
        "sort=x",
        "limit=0",
        "limit=501",
        "cursor=zz",
        "format=exe",
    ] {
        let (status, body) = send(&test, get(&format!("/v1/documents?{wrong}"))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        let field = format!("\"field\":\"{}\"", wrong.split('=').next().unwrap());
        assert!(body.contains(&field), "{body}");
    }
}

#[tokio::test]
async fn many_are_changed_and_deleted_with_a_result_for_each_and_only_by_those_who_may() {
    let server = Server::with_people().await;
    let test = &server.test;
    let (mine, _) = test.add("mine.md", LEAVE, &["hr"]).await;
    let (theirs, _) = test
        .add("theirs.md", "# Theirs\n\nIt is secret.", &["board"])
        .await;
    let ids = json!([mine.to_string(), theirs.to_string(), "nonsense"]);
    let jun = server.sign_in("jun").await;
    let bulk = async |cookie: &str, mut body: Value| {
        body["ids"] = ids.clone();
        server
            .json("POST", "/v1/documents/bulk", ("cookie", cookie), &body)
            .await
    };
    let change =
        json!({ "action": "change", "change": { "collection": "인사" }, "add_tags": ["a", "b"] });
    let report = bulk(&jun, change).await.json();
    let done: Vec<bool> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["done"].as_bool().unwrap())
        .collect();
    assert_eq!(done, [true, false, false], "{report}");
    assert_eq!(report["results"][1]["error"]["code"], "not_found");
    bulk(&jun, json!({ "action": "change", "remove_tags": ["a"] })).await;
    test.app.library().idle().await;
    let hr = Reader::new(groups(&["hr"]));
    let view = test.app.library().get(mine, &hr).await.unwrap().unwrap();
    assert_eq!(view.metadata.collection.as_deref(), Some("인사"));
    assert_eq!(view.metadata.tags.into_iter().collect::<Vec<_>>(), ["b"]);
    let mina = server.sign_in("mina").await;
    let refused = bulk(&mina, json!({ "action": "delete" })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let report = bulk(&jun, json!({ "action": "delete" })).await.json();
    assert_eq!(
        report["results"][0],
        json!({ "id": mine.to_string(), "done": true })
    );
    assert_eq!(report["results"][1]["done"], json!(false));
    assert!(test.app.library().get(mine, &hr).await.unwrap().is_none());
    let board = Reader::new(groups(&["board"]));
    assert!(
        test.app
            .library()
            .get(theirs, &board)
            .await
            .unwrap()
            .is_some()
    );
    let many: Vec<String> = (0..501).map(|number| format!("{number:032x}")).collect();
    let body = json!({ "ids": many, "action": "delete" });
    let reply = server
        .json("POST", "/v1/documents/bulk", ("cookie", &jun), &body)
        .await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.body.contains("\"ids\""), "{}", reply.body);
}

#[tokio::test]
async fn documents_are_added_changed_and_deleted_without_a_script() {
    let test = TestApp::new().await;
    let fields = [
        ("collection", "인사"),
        ("tags", "hr, 2026"),
        ("effective_from", "2026-03-01"),
        ("effective_until", ""),
        ("file", LEAVE),
    ];
    let (status, html) = send(&test, file_form("/documents", &fields, "")).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("1 done."), "{html}");
    test.app.library().idle().await;
    let listed = page(&test, "source=upload&collection=%EC%9D%B8%EC%82%AC").await;
    let id = listed["documents"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed["documents"][0]["effective_from"], "2026-03-01");
    assert_eq!(listed["documents"][0]["tags"], json!(["2026", "hr"]));
    let wrong = [("effective_from", "soon"), ("file", LEAVE)];
    let (status, _) = send(&test, file_form("/documents", &wrong, "")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);

    let about = format!("/documents/{id}/about");
    let (_, html) = send(&test, get(&format!("{about}?lang=en"))).await;
    assert!(
        html.contains("value=\"2026-03-01\"") && html.contains("Versions"),
        "{html}"
    );
    let change = "title=New&collection=&tags=x&effective_from=&effective_until=2027-01-01";
    let (status, _) = send(&test, text_form(&about, change)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let wrong = "title=New&effective_from=2027-01-01&effective_until=2026-01-01";
    let (status, html) = send(&test, text_form(&about, wrong)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(html.contains("effective_until"), "{html}");
    test.app.library().idle().await;
    let body = page(&test, "").await["documents"][0].clone();
    assert_eq!(
        (&body["title"], &body["collection"]),
        (&json!("New"), &Value::Null)
    );
    assert_eq!(body["effective_until"], "2027-01-01");

    let selected = format!("id={id}&action=add_tags&value=y,+z");
    let (status, html) = send(&test, text_form("/documents/selected", &selected)).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    test.app.library().idle().await;
    assert_eq!(page(&test, "tag=z").await["documents"][0]["id"], json!(id));
    let unsure = format!("id={id}&action=delete");
    let (status, _) = send(&test, text_form("/documents/selected", &unsure)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let delete = format!("/documents/{id}/delete");
    let (status, _) = send(&test, text_form(&delete, "")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "the box is not ticked");
    assert_eq!(names(&page(&test, "").await).len(), 1);
    let (status, html) = send(&test, text_form(&delete, "sure=1")).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(names(&page(&test, "").await).is_empty());
}

#[tokio::test]
async fn forms_are_refused_without_the_word_of_their_session() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["everyone"]).await;
    let jun = server.sign_in("jun").await;
    let delete = format!("/documents/{id}/delete");
    for fields in [
        &[("sure", "1")][..],
        &[("sure", "1"), ("form_token", "guessed")],
    ] {
        let reply = server.form(&delete, &jun, fields).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
    }
    let without = file_form("/documents", &[("file", LEAVE)], &jun);
    assert_eq!(server.send(without).await.status, StatusCode::FORBIDDEN);
    let token = server.page("/documents", &jun).await.form_token();
    let with = file_form(
        "/documents",
        &[("form_token", &token), ("file", "# A\n\nB.")],
        &jun,
    );
    let reply = server.send(with).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    // A reader has neither the forms nor the right.
    let mina = server.sign_in("mina").await;
    let page = server.page(&format!("/documents/{id}/about"), &mina).await;
    assert!(page.body.contains("leave.md") && !page.body.contains("name=\"sure\""));
    let token = page.form_token();
    let fields = [("sure", "1"), ("form_token", token.as_str())];
    let reply = server.form(&delete, &mina, &fields).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let token = server.page("/documents", &jun).await.form_token();
    let fields = [("sure", "1"), ("form_token", token.as_str())];
    let reply = server.form(&delete, &jun, &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let anyone = Reader::anyone();
    assert!(
        server
            .test
            .app
            .library()
            .get(id, &anyone)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn live_states_are_told_of_what_is_watched() {
    let test = TestApp::new().await;
    let (one, _) = test.add("one.md", LEAVE, &["everyone"]).await;
    test.add("two.md", "# Two\n\nTwo.", &["everyone"]).await;
    let (hidden, _) = test.add("hidden.md", "# Hidden\n\nNo.", &["hr"]).await;
    let router = web::router(Arc::clone(&test.app), &test.app.config().server);
    let path = format!("/v1/documents/events?ids={one},{hidden}");
    let response = router.oneshot(get(&path)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    test.app.go_to(veracite::app::Phase::Stopping);
    let bytes = axum::body::to_bytes(response.into_body(), 1_000_000)
        .await
        .unwrap();
    let events = String::from_utf8_lossy(&bytes);
    assert!(events.contains("one.md"), "{events}");
    assert!(
        !events.contains("two.md") && !events.contains("hidden.md"),
        "{events}"
    );
    let many: Vec<String> = (0..501).map(|_| one.to_string()).collect();
    let (status, _) = send(
        &test,
        get(&format!("/v1/documents/events?ids={}", many.join(","))),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = send(&test, get("/v1/documents/events?ids=nonsense")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

#[tokio::test]
async fn sources_tell_how_they_are_and_administrators_have_them_looked_at() {
    let watched = tempfile::tempdir().unwrap();
    std::fs::write(watched.path().join("leave.md"), LEAVE).unwrap();
    let path = watched.path().to_owned();
    let server = Server::new(|config| {
        let text = format!(
            "folder = {:?}\nreaders = [\"hr\"]\nevery = \"10m\"",
            path.display().to_string()
        );
        config.sources = vec![toml::from_str::<SourceConfig>(&text).unwrap()];
    })
    .await;
    server.add("root", Role::Admin, &[]).await;
    server.add("jun", Role::Editor, &["hr"]).await;
    server.add("ari", Role::Editor, &[]).await;
    server.test.app.watch_sources().unwrap();
    let jun = server.sign_in("jun").await;
    let sources = async |cookie: &str| {
        server
            .get("/v1/sources", &[("cookie", cookie)])
            .await
            .json()
    };
    eventually("the folder is looked through", async || {
        sources(&jun).await["sources"][0]["changed"]["taken"] == json!(1)
    })
    .await;
    server.test.app.library().idle().await;
    let source = sources(&jun).await["sources"][0].clone();
    assert_eq!(
        (&source["kind"], &source["documents"]),
        (&json!("folder"), &json!(1))
    );
    assert!(source["next_run"].is_string() && source["error"].is_null());
    let name = source["name"].as_str().unwrap().to_owned();
    let html = server.page("/documents", &jun).await.body;
    assert!(
        html.contains("1 documents") && !html.contains("action=\"/sources/look\""),
        "{html}"
    );
    // Who may not find its documents sees nothing of it; who runs the server sees no more than that.
    let ari = server.sign_in("ari").await;
    assert_eq!(sources(&ari).await["sources"], json!([]));
    let root = server.sign_in("root").await;
    assert_eq!(sources(&root).await["sources"][0]["documents"], json!(0));
    let look = json!({ "name": name });
    let looked = async |cookie: &str, body: &Value| {
        let shown = ("cookie", cookie);
        server
            .json("POST", "/v1/sources/look", shown, body)
            .await
            .status
    };
    assert_eq!(looked(&jun, &look).await, StatusCode::FORBIDDEN);
    assert_eq!(
        looked(&root, &json!({ "name": "folder:/none" })).await,
        StatusCode::NOT_FOUND
    );
    let before = source["last_run"].clone();
    assert_eq!(looked(&root, &look).await, StatusCode::ACCEPTED);
    eventually("it is looked at again", async || {
        let source = sources(&root).await["sources"][0].clone();
        source["last_run"] != before && source["is_running"] == json!(false)
    })
    .await;
    let token = server.page("/documents", &root).await.form_token();
    let fields = [("name", name.as_str()), ("form_token", token.as_str())];
    let reply = server.form("/sources/look", &root, &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_source_without_readers_is_seen_by_those_whom_the_default_rights_let_read() {
    let watched = tempfile::tempdir().unwrap();
    let path = watched.path().display().to_string();
    let server = Server::new(|config| {
        let text = format!("folder = {path:?}\nevery = \"10m\"");
        config.sources = vec![toml::from_str::<SourceConfig>(&text).unwrap()];
        config.ingest.default_readers = groups(&["hr"]).into_iter().collect();
    })
    .await;
    server.add("root", Role::Admin, &[]).await;
    server.add("jun", Role::Editor, &["hr"]).await;
    server.add("ari", Role::Editor, &[]).await;
    server.add("mina", Role::Reader, &["hr"]).await;
    server.test.app.watch_sources().unwrap();
    for (name, sees) in [
        ("root", true),
        ("jun", true),
        ("ari", false),
        ("mina", false),
    ] {
        let cookie = server.sign_in(name).await;
        let shown = [("cookie", cookie.as_str())];
        let list = server.get("/v1/sources", &shown).await.json();
        let count = list["sources"].as_array().unwrap().len();
        assert_eq!(count, usize::from(sees), "{name} {list}");
        let html = server.page("/documents", &cookie).await.body;
        assert_eq!(html.contains(&path), sees, "{name}");
    }
}

#[tokio::test]
async fn only_administrators_see_figures() {
    let server = Server::with_people().await;
    for (name, expected) in [
        ("mina", StatusCode::FORBIDDEN),
        ("jun", StatusCode::FORBIDDEN),
        ("root", StatusCode::OK),
    ] {
        let cookie = server.sign_in(name).await;
        for path in ["/admin", "/v1/statistics"] {
            let reply = server.page(path, &cookie).await;
            assert_eq!(reply.status, expected, "{name} {path}");
        }
        let menu = server.page("/documents", &cookie).await.body;
        assert_eq!(menu.contains("href=\"/admin\""), name == "root", "{name}");
        // What a narrow bar has no room for is in its menu.
        let (_, bar) = menu.split_once("<header class=\"bar\">").unwrap();
        let (bar, _) = bar.split_once("</header>").unwrap();
        let (links, box_of_menu) = bar.split_once("<details").unwrap();
        let wide: Vec<&str> = links.split("<a class=\"wide\" ").skip(1).collect();
        assert_eq!(wide.len(), if name == "root" { 3 } else { 1 }, "{links}");
        for link in wide {
            let (href, _) = link.split_once(['>', ' ']).unwrap();
            assert!(box_of_menu.contains(href), "{name}: {href}");
        }
    }
    let nobody = server.get("/v1/statistics", &[]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

async fn statistics(test: &TestApp, query: &str) -> Value {
    let (status, body) = send(test, get(&format!("/v1/statistics{query}"))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn figures_are_those_of_what_was_asked() {
    let test = TestApp::new().await;
    let (leave, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let (other, _) = test
        .add(
            "canteen.md",
            "# 구내식당\n\n구내식당은 오후에 닫는다.",
            &["everyone"],
        )
        .await;
    let (secret, _) = test
        .add("secret.md", "# Secret\n\nNobody asks.", &["board"])
        .await;
    for question in [QUESTION, QUESTION, NO_ANSWER] {
        let request = post("/v1/answers", &json!({ "question": question }));
        assert_eq!(send(&test, request).await.0, StatusCode::OK);
    }
    let body = statistics(&test, "?days=7").await;
    let report = &body["report"];
    assert_eq!(report["days"].as_array().unwrap().len(), 7);
    let last = &report["days"][6];
    assert_eq!(last["day"], "2026-03-01", "the clock of tests stands still");
    for of in [&report["questions"], &last["questions"]] {
        assert_eq!((&of["answered"], &of["abstained"]), (&json!(2), &json!(1)));
    }
    assert_eq!(report["support_rate"], json!(1.0), "{report}");
    let rate = report["abstention_rate"].as_f64().unwrap();
    assert!((rate - 1.0 / 3.0).abs() < 1e-9, "{rate}");
    let retrieve = report["stages"].as_array().unwrap().iter();
    let retrieve = retrieve
        .clone()
        .find(|row| row["stage"] == "retrieve")
        .unwrap();
    assert_eq!(retrieve["count"], json!(3));
    let cited = &body["most_cited"];
    assert_eq!(
        (&cited[0]["id"], &cited[0]["answers"]),
        (&json!(leave.to_string()), &json!(2))
    );
    let never = &body["never_cited"];
    assert_eq!(
        never["count"],
        json!(1),
        "what may not be found is not counted: {never}"
    );
    assert_eq!(never["documents"][0]["id"], json!(other.to_string()));
    assert_eq!(
        body["unanswered"],
        Value::Null,
        "the text of questions is not kept"
    );
    assert!(!body.to_string().contains(&secret.to_string()));
    assert_eq!(body["installation"]["documents"], json!({ "ready": 3 }));
    // What was counted is there after a restart, once.
    let test = test.restart().await;
    let again = statistics(&test, "").await;
    assert_eq!(again["report"]["questions"], report["questions"]);
    assert_eq!(again["report"]["days"].as_array().unwrap().len(), 30);
    let (status, _) = send(&test, get("/v1/statistics?days=8")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for language in ["ko", "en"] {
        for days in [7, 90] {
            let path = format!("/admin?lang={language}&days={days}");
            let (status, html) = send(&test, get(&path)).await;
            assert_eq!(status, StatusCode::OK);
            assert!(
                html.contains("<svg class=\"chart\"") && html.contains("구내식당"),
                "{html}"
            );
            assert!(
                !html.contains("Secret") && !html.contains("style="),
                "{html}"
            );
            assert!(
                html.contains("33.3 %") && html.contains("100.0 %"),
                "{html}"
            );
        }
    }
}

#[tokio::test]
async fn unanswered_questions_are_grouped_where_their_text_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.audit.questions = Questions::Text;
    let app = App::open_at(config, Arc::new(InProcess), Arc::new(FixedClock))
        .await
        .unwrap();
    let test = TestApp { app, folder };
    test.add("leave.md", LEAVE, &["everyone"]).await;
    for question in [NO_ANSWER, "The capital of Mongolia?", OTHER, QUESTION] {
        let request = post("/v1/answers", &json!({ "question": question }));
        assert_eq!(send(&test, request).await.0, StatusCode::OK);
    }
    eventually("the log is written", async || {
        statistics(&test, "").await["unanswered"]
            .as_array()
            .unwrap()
            .len()
            == 2
    })
    .await;
    let groups = statistics(&test, "").await["unanswered"].clone();
    assert_eq!(groups[0]["times"], json!(2), "{groups}");
    assert!(groups[0]["question"].as_str().unwrap().contains("Mongolia"));
    assert_eq!(groups[1], json!({ "question": OTHER, "times": 1 }));
    let (_, html) = send(&test, get("/admin?lang=ko")).await;
    let (_, shown) = html.split_once("id=\"unanswered-title\"").unwrap();
    assert!(
        shown.contains(OTHER) && !shown.contains(QUESTION),
        "{shown}"
    );
}

#[tokio::test]
async fn a_document_is_shown_with_its_versions_copies_and_problems() {
    let server = Server::with_people().await;
    let test = &server.test;
    test.add("leave.md", LEAVE, &["hr"]).await;
    let newer = LEAVE.replace("11일", "12일");
    let (id, _) = test.add("leave.md", &newer, &["hr"]).await;
    let (copy, _) = test.add("copy.md", &newer, &["hr"]).await;
    let (hidden, _) = test.add("hidden.md", &newer, &["board"]).await;
    let jun = server.sign_in("jun").await;
    let html = server
        .page(&format!("/documents/{id}/about"), &jun)
        .await
        .body;
    assert_eq!(
        html.matches("?version=").count(),
        4,
        "two versions, each to read and to load: {html}"
    );
    let link = |id: DocumentId| format!("/documents/{id}/about\"");
    assert!(
        html.contains(&link(copy)) && !html.contains(&hidden.to_string()),
        "{html}"
    );
    let mina = server.sign_in("mina").await;
    let reply = server.page(&format!("/documents/{id}/about"), &mina).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let (failed, _) = test
        .add("broken.pdf", b"%PDF-1.7 and nothing more", &["hr"])
        .await;
    for (language, word) in [("ko", "손상"), ("en", "damaged")] {
        let path = format!("/documents/{failed}/about?lang={language}");
        let html = server.page(&path, &jun).await.body;
        assert!(html.contains(word), "{html}");
        assert!(
            html.contains(&format!("/documents/{failed}/retry")),
            "{html}"
        );
    }
}
