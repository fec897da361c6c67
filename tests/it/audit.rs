//! The audit log: what stands in it, and that nobody changes it unseen.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ingest::parse::InProcess;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};
use tempfile::TempDir;
use tower::ServiceExt as _;
use veracite::app::App;
use veracite::audit::{Fault, Questions, link, start};
use veracite::config::Config;
use veracite::proof::Clock;
use veracite::web;

use crate::harness::{LEAVE, TestApp, config};
use crate::http::{get, post, send};

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

/// The time that a test says it is.
#[derive(Debug)]
struct At(&'static str);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0.parse().unwrap()
    }
}

fn upload(name: &str, text: &str) -> Request<Body> {
    let form = format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n--x--\r\n"
    );
    Request::post("/v1/documents")
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(form))
        .unwrap()
}

fn with_method(method: &str, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(crate) fn veracite(data: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_veracite"))
        .env("VERACITE_DATA", data)
        .env("VERACITE_MODELS__EMBEDDER", "none")
        .args(arguments)
        .output()
        .unwrap();
    let told = if output.stdout.is_empty() {
        output.stderr
    } else {
        output.stdout
    };
    let told = String::from_utf8_lossy(&told).into_owned();
    (output.status.success(), told)
}

/// All entries, as `veracite audit export` prints them.
pub(crate) fn entries(data: &Path) -> Vec<Value> {
    let (_, lines) = veracite(data, &["audit", "export"]);
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["entry"].clone())
        .collect()
}

pub(crate) fn of<'a>(entries: &'a [Value], action: &str) -> Vec<&'a Value> {
    let entries = entries.iter();
    entries.filter(|entry| entry["action"] == action).collect()
}

pub(crate) async fn database(data: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(data.join("catalogue.sqlite"))
        .busy_timeout(Duration::from_secs(30));
    SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap()
}

pub(crate) async fn run(pool: &SqlitePool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn who_did_what_is_told_and_what_they_asked_is_not() {
    let test = TestApp::new().await;
    let (status, body) = send(&test, upload("leave.md", LEAVE)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    let report: Value = serde_json::from_str(&body).unwrap();
    let id = report["files"][0]["id"].as_str().unwrap().to_owned();
    test.app.library().idle().await;
    for stream in [false, true] {
        let question = json!({ "question": QUESTION, "stream": stream });
        let (status, _) = send(&test, post("/v1/answers", &question)).await;
        assert_eq!(status, StatusCode::OK);
    }
    let path = format!("/v1/documents/{id}");
    send(&test, get(&format!("{path}/original"))).await;
    let change = r#"{"collection": "hr"}"#;
    let (status, body) = send(&test, with_method("PATCH", &path, change)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    test.app.library().idle().await;
    let (status, _) = send(&test, with_method("DELETE", &path, "")).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let none = "/v1/documents/00000000000000000000000000000000";
    send(&test, with_method("DELETE", none, "")).await;
    test.app.close().await;
    let data = test.folder.path().join("data");
    let entries = entries(&data);
    for entry in &entries {
        assert_eq!(entry["actor"], "local", "{entry}");
        assert_eq!(entry["at"], "2026-03-01T00:00:00.000Z", "{entry}");
    }
    for (action, count) in [
        ("upload", 1),
        ("download", 1),
        ("change", 1),
        ("delete", 1),
        ("question", 2),
        ("answer", 2),
    ] {
        assert_eq!(of(&entries, action).len(), count, "{action}: {entries:?}");
    }
    for action in ["upload", "download", "change", "delete"] {
        assert_eq!(of(&entries, action)[0]["subject"], *id, "{action}");
    }
    assert_eq!(entries.len(), 8, "{entries:?}");
    assert_eq!(
        of(&entries, "change")[0]["details"]["fields"],
        json!(["collection"])
    );
    let question = of(&entries, "question")[0];
    let answer = of(&entries, "answer")
        .into_iter()
        .find(|answer| answer["subject"] == question["subject"])
        .unwrap();
    assert_eq!(answer["details"]["outcome"], "answered");
    assert!(
        answer["details"]["verdicts"]["supported"].as_u64() >= Some(1),
        "{answer}"
    );
    assert_eq!(answer["details"]["evidence"][0]["document"], *id);
    let hash = ingest::ContentHash::of(QUESTION.as_bytes()).to_string();
    assert_eq!(question["details"]["sha256"], *hash);
    let all = serde_json::to_string(&entries).unwrap();
    assert!(!all.contains("연차"), "{all}");
    let (whole, told) = veracite(&data, &["audit", "verify"]);
    assert!(whole && told.contains("8 entries"), "{told}");
    let (_, listed) = veracite(&data, &["audit", "list", "--action", "delete", "--json"]);
    let listed: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(listed, [of(&entries, "delete")[0].clone()]);
}

async fn open_with(folder: &Path, change: impl FnOnce(&mut Config), at: &'static str) -> Arc<App> {
    let mut config = config(folder);
    change(&mut config);
    App::open_at(config, Arc::new(InProcess), Arc::new(At(at)))
        .await
        .unwrap()
}

#[tokio::test]
async fn reading_anew_stopping_and_looking_are_told_before_they_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let watched = tempfile::tempdir().unwrap();
    let place = watched.path().display().to_string();
    let app = open_with(
        folder.path(),
        |config| {
            let source = format!("folder = {place:?}\nevery = \"10m\"");
            config.sources = vec![toml::from_str(&source).unwrap()];
        },
        "2026-03-01T00:00:00Z",
    )
    .await;
    let test = TestApp { app, folder };
    test.app.watch_sources().unwrap();
    let (id, _) = test
        .add("broken.pdf", b"%PDF-1.7 and nothing more", &["everyone"])
        .await;
    let path = format!("/v1/documents/{id}");
    let none = json!({});
    let retried = send(&test, post(&format!("{path}/retry"), &none)).await;
    assert_eq!(retried.0, StatusCode::NO_CONTENT, "{}", retried.1);
    test.app.library().idle().await;
    let many = json!({ "ids": [id.to_string()], "action": "retry" });
    let (_, body) = send(&test, post("/v1/documents/bulk", &many)).await;
    assert!(body.contains("\"done\":true"), "{body}");
    test.app.library().idle().await;
    let form = Request::post(format!("/documents/{id}/retry"))
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&test, form).await.0, StatusCode::SEE_OTHER);
    test.app.library().idle().await;
    // It is not being read any more: that is told as well.
    let stopped = send(&test, post(&format!("{path}/cancel"), &none)).await;
    assert_eq!(stopped.0, StatusCode::NOT_FOUND, "{}", stopped.1);
    // Nothing is told of what is not there.
    let nothing = "/v1/documents/00000000000000000000000000000000";
    for action in ["retry", "cancel"] {
        let reply = send(&test, post(&format!("{nothing}/{action}"), &none)).await;
        assert_eq!(reply.0, StatusCode::NOT_FOUND);
    }
    let (_, sources) = send(&test, get("/v1/sources")).await;
    let sources: Value = serde_json::from_str(&sources).unwrap();
    let name = sources["sources"][0]["name"].clone();
    for (name, status) in [
        (name.clone(), StatusCode::ACCEPTED),
        (json!("folder:/none"), StatusCode::NOT_FOUND),
    ] {
        let look = post("/v1/sources/look", &json!({ "name": name }));
        assert_eq!(send(&test, look).await.0, status, "{name}");
    }
    test.app.close().await;
    let entries = entries(&test.folder.path().join("data"));
    for (action, subject, count) in [
        ("retry", json!(id.to_string()), 3),
        ("cancel", json!(id.to_string()), 1),
        ("failed", json!(id.to_string()), 1),
        ("look", name, 1),
    ] {
        let told = of(&entries, action);
        assert_eq!(told.len(), count, "{action}: {entries:?}");
        for entry in told {
            assert_eq!(entry["actor"], "local", "{entry}");
            assert_eq!(entry["subject"], subject, "{entry}");
        }
    }
}

#[tokio::test]
async fn the_text_of_questions_is_kept_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let app = open_with(
        folder.path(),
        |config| config.audit.questions = Questions::Text,
        "2026-03-01T00:00:00Z",
    )
    .await;
    let test = TestApp { app, folder };
    test.ask(QUESTION, &[]).await;
    test.app.close().await;
    let entries = entries(&test.folder.path().join("data"));
    assert_eq!(of(&entries, "question")[0]["details"]["text"], QUESTION);
    let answer = of(&entries, "answer")[0];
    assert_eq!(answer["details"]["outcome"], "abstained", "{answer}");
}

#[tokio::test]
async fn those_who_sign_in_and_those_who_may_not_are_told() {
    let test = TestApp::new().await;
    let keys = "[[keys]]\nname = \"mina\"\nkey = \"0123456789abcdefghij\"";
    let config: veracite::web::ServerConfig = toml::from_str(keys).unwrap();
    for key in ["0123456789abcdefghij", "guessed-guessed-guessed"] {
        let router = web::router(Arc::clone(&test.app), &config);
        let request = Request::post("/sign-in")
            .header(header::HOST, "127.0.0.1:8420")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("key={key}&next=/")))
            .unwrap();
        router.oneshot(request).await.unwrap();
    }
    let request = Request::post("/v1/answers")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer 0123456789abcdefghij")
        .body(Body::from(json!({ "question": QUESTION }).to_string()))
        .unwrap();
    let router = web::router(Arc::clone(&test.app), &config);
    router.oneshot(request).await.unwrap();
    test.app.close().await;
    let entries = entries(&test.folder.path().join("data"));
    assert_eq!(of(&entries, "sign_in")[0]["actor"], "mina");
    assert_eq!(of(&entries, "sign_in_refused").len(), 1);
    assert_eq!(of(&entries, "question")[0]["actor"], "mina");
    let all = serde_json::to_string(&entries).unwrap();
    assert!(
        !all.contains("guessed") && !all.contains("0123456789"),
        "{all}"
    );
}

#[tokio::test]
async fn what_cannot_be_told_is_not_done() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let data = test.folder.path().join("data");
    let pool = database(&data).await;
    let broken =
        "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END";
    run(&pool, broken).await;
    let path = format!("/v1/documents/{id}");
    let (status, _) = send(&test, with_method("DELETE", &path, "")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let change = r#"{"title": "other"}"#;
    let (status, _) = send(&test, with_method("PATCH", &path, change)).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let (status, _) = send(&test, upload("more.md", "# 더\n\n있다.")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let (status, _) = send(&test, get(&format!("{path}/original"))).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let (_, listed) = send(&test, get("/v1/documents")).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["documents"].as_array().unwrap().len(), 1);
    assert_ne!(listed["documents"][0]["title"], "other");
    // Questions are answered nevertheless, and the log tells what it lacks.
    let (status, _) = send(&test, post("/v1/answers", &json!({ "question": QUESTION }))).await;
    assert_eq!(status, StatusCode::OK);
    while test.app.audit().lost() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    run(&pool, "DROP TRIGGER broken").await;
    let (status, _) = send(&test, with_method("DELETE", &path, "")).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    test.app.close().await;
    pool.close().await;
    let entries = entries(&data);
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(entries[0]["action"], "lost");
    assert_eq!(entries[0]["details"]["entries"], 2);
    assert_eq!(entries[1]["action"], "delete");
    let (whole, told) = veracite(&data, &["audit", "verify"]);
    assert!(
        whole && told.contains("2 entries could not be written"),
        "{told}"
    );
}

/// A data folder whose log has six entries, closed.
async fn folder_with_a_log() -> TempDir {
    let test = TestApp::new().await;
    for _ in 0..3 {
        test.ask(QUESTION, &[]).await;
    }
    test.app.close().await;
    test.folder
}

const OPEN: &str =
    "DROP TRIGGER audit_insert; DROP TRIGGER audit_update; DROP TRIGGER audit_delete;";

/// What verifying tells of a copy of the log that was tampered with.
async fn tampered(folder: &Path, sql: &str) -> Vec<Fault> {
    let copy = tempfile::tempdir().unwrap();
    let data = copy.path().join("data");
    std::fs::create_dir(&data).unwrap();
    for name in ["catalogue.sqlite", "audit.head", "proof.key"] {
        std::fs::copy(folder.join("data").join(name), data.join(name)).unwrap();
    }
    let pool = database(&data).await;
    run(&pool, &format!("{OPEN}{sql}")).await;
    pool.close().await;
    faults(&data)
}

fn faults(data: &Path) -> Vec<Fault> {
    let (whole, told) = veracite(data, &["audit", "verify", "--json"]);
    let report: Value = serde_json::from_str(&told).unwrap();
    let faults = report["faults"].as_array().unwrap();
    assert_eq!(whole, faults.is_empty(), "{told}");
    let number = |fault: &Value, name: &str| fault[name].as_i64().unwrap();
    let unsigned = |fault: &Value, name: &str| fault[name].as_u64().unwrap();
    faults
        .iter()
        .map(|fault| match fault["kind"].as_str().unwrap() {
            "changed" => Fault::Changed {
                seq: number(fault, "seq"),
            },
            "moved" => Fault::Moved {
                seq: number(fault, "seq"),
                says: fault["says"].as_u64(),
            },
            "inserted" => Fault::Inserted {
                seq: number(fault, "seq"),
            },
            "removed" => Fault::Removed {
                from: unsigned(fault, "from"),
                to: unsigned(fault, "to"),
            },
            "cut_off" => Fault::CutOff {
                last: unsigned(fault, "last"),
                noted: unsigned(fault, "noted"),
            },
            "rewritten" => Fault::Rewritten {
                seq: unsigned(fault, "seq"),
            },
            "forged_anchor" => Fault::ForgedAnchor {
                until: unsigned(fault, "until"),
            },
            "forged_head" => Fault::ForgedHead,
            "no_head" => Fault::NoHead {
                reason: String::new(),
            },
            "end_differed" => Fault::EndDiffered {
                seq: number(fault, "seq"),
            },
            other => panic!("{other}"),
        })
        .collect()
}

#[tokio::test]
async fn every_kind_of_tampering_is_told() {
    let folder = folder_with_a_log().await;
    let data = folder.path().join("data");
    assert_eq!(faults(&data), []);
    assert_eq!(entries(&data).len(), 6);
    let told = async |sql: &str| tampered(folder.path(), sql).await;
    assert_eq!(told("SELECT 1").await, []);
    let change = "UPDATE audit SET body = replace(body, 'local', 'mina') WHERE seq = 3";
    assert_eq!(told(change).await, [Fault::Changed { seq: 3 }]);
    // Another order of keys is another text.
    let change = "UPDATE audit SET body = json_set(json_remove(body, '$.actor'), '$.actor', 'local') WHERE seq = 3";
    assert_eq!(told(change).await, [Fault::Changed { seq: 3 }]);
    let change = "UPDATE audit SET hash = 'x' WHERE seq = 3";
    assert_eq!(told(change).await, [Fault::Changed { seq: 3 }]);
    let removed = told("DELETE FROM audit WHERE seq IN (2, 3)").await;
    assert_eq!(removed, [Fault::Removed { from: 2, to: 3 }]);
    let removed = told("DELETE FROM audit WHERE seq < 3").await;
    assert_eq!(removed, [Fault::Removed { from: 1, to: 2 }]);
    let cut = Fault::CutOff { last: 4, noted: 6 };
    assert_eq!(told("DELETE FROM audit WHERE seq > 4").await, [cut]);
    let all = Fault::CutOff { last: 0, noted: 6 };
    assert_eq!(told("DELETE FROM audit").await, [all]);
    let inserted = told("INSERT INTO audit SELECT 0, body, hash FROM audit WHERE seq = 1").await;
    assert_eq!(inserted, [Fault::Inserted { seq: 0 }]);
    // Between two others: those after it have the numbers of others, and there is one too many.
    let inserted = told(
        "UPDATE audit SET seq = -seq WHERE seq >= 4; UPDATE audit SET seq = 1 - seq WHERE seq < 0; \
         INSERT INTO audit SELECT 4, body, hash FROM audit WHERE seq = 3",
    )
    .await;
    let says = |seq: i64, says| Fault::Moved {
        seq,
        says: Some(says),
    };
    assert!(inserted.contains(&says(4, 3)), "{inserted:?}");
    let swapped = told(
        "UPDATE audit SET seq = -2 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 4; \
         UPDATE audit SET seq = 4 WHERE seq = -2",
    )
    .await;
    assert!(
        swapped.contains(&says(2, 4)) && swapped.contains(&says(4, 2)),
        "{swapped:?}"
    );
    let anchored = told(
        "INSERT INTO audit_anchors SELECT seq, hash, hash FROM audit WHERE seq = 2; DELETE FROM audit WHERE seq <= 2",
    )
    .await;
    assert_eq!(anchored, [Fault::ForgedAnchor { until: 2 }]);
}

#[tokio::test]
async fn a_log_that_is_written_anew_has_another_end() {
    let folder = folder_with_a_log().await;
    let data = folder.path().join("data");
    let pool = database(&data).await;
    run(&pool, OPEN).await;
    let change = "UPDATE audit SET body = replace(body, 'local', 'mina') WHERE seq = 2";
    run(&pool, change).await;
    let rows = sqlx::query("SELECT seq, body FROM audit ORDER BY seq")
        .fetch_all(&pool)
        .await
        .unwrap();
    let mut before = start();
    for row in &rows {
        before = link(before, row.get("body"));
        sqlx::query("UPDATE audit SET hash = ? WHERE seq = ?")
            .bind(before.to_string())
            .bind(row.get::<i64, _>("seq"))
            .execute(&pool)
            .await
            .unwrap();
    }
    pool.close().await;
    assert_eq!(faults(&data), [Fault::Rewritten { seq: 6 }]);
    // Nor can the note be written anew without the key.
    let head = data.join("audit.head");
    let seal = std::fs::read_to_string(&head).unwrap();
    let seal = seal.split_ascii_whitespace().nth(2).unwrap().to_owned();
    std::fs::write(&head, format!("6 {before} {seal}\n")).unwrap();
    assert_eq!(faults(&data), [Fault::ForgedHead]);
    std::fs::remove_file(&head).unwrap();
    let reason = String::new();
    assert_eq!(faults(&data), [Fault::NoHead { reason }]);
}

#[tokio::test]
async fn a_restart_does_not_hide_that_the_end_was_cut_off() {
    let folder = folder_with_a_log().await;
    let data = folder.path().join("data");
    let pool = database(&data).await;
    run(&pool, &format!("{OPEN}DELETE FROM audit WHERE seq > 4")).await;
    pool.close().await;
    let app = open_with(folder.path(), |_| (), "2026-03-02T00:00:00Z").await;
    let test = TestApp { app, folder };
    test.ask(QUESTION, &[]).await;
    test.app.close().await;
    assert_eq!(faults(&data), [Fault::EndDiffered { seq: 5 }]);
    let told = &entries(&data)[4]["details"]["reason"];
    assert!(told.as_str().unwrap().contains("entry 6"), "{told}");
}

#[tokio::test]
async fn a_program_killed_before_the_end_was_noted_goes_on() {
    let folder = folder_with_a_log().await;
    let data = folder.path().join("data");
    let early = std::fs::read(data.join("audit.head")).unwrap();
    let app = open_with(folder.path(), |_| (), "2026-03-02T00:00:00Z").await;
    let test = TestApp { app, folder };
    test.ask(QUESTION, &[]).await;
    test.app.close().await;
    std::fs::write(data.join("audit.head"), early).unwrap();
    let (whole, told) = veracite(&data, &["audit", "verify"]);
    assert!(whole && told.contains("entries 7 to 8"), "{told}");
    let test = test.restart().await;
    test.app.close().await;
    assert_eq!(faults(&data), []);
    assert_eq!(entries(&data)[8]["action"], "resumed");
}

#[tokio::test]
async fn old_days_go_whole_and_the_rest_verifies() {
    let mut folder = tempfile::tempdir().unwrap();
    for at in ["2026-03-01T23:59:59Z", "2026-03-02T00:00:01Z"] {
        let app = open_with(folder.path(), |_| (), at).await;
        let test = TestApp { app, folder };
        test.ask(QUESTION, &[]).await;
        test.app.close().await;
        folder = test.folder;
    }
    let keep = |config: &mut Config| config.audit.keep = Some(Duration::from_secs(2 * 86_400));
    let app = open_with(folder.path(), keep, "2026-03-04T12:00:00Z").await;
    loop {
        let report = app.library().audit_report().await.unwrap();
        if report.kept_from.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.close().await;
    let data = folder.path().join("data");
    assert_eq!(faults(&data), []);
    let entries = entries(&data);
    let days: Vec<&str> = entries
        .iter()
        .map(|entry| entry["at"].as_str().unwrap().split('T').next().unwrap())
        .collect();
    assert_eq!(days, ["2026-03-02", "2026-03-02", "2026-03-04"]);
    assert_eq!(entries[2]["action"], "retention");
    assert_eq!(entries[2]["details"]["until"], 2);
    // What stands for them cannot be taken for entries that somebody else removes.
    let more = tampered(folder.path(), "DELETE FROM audit WHERE seq = 3").await;
    assert_eq!(more, [Fault::Removed { from: 3, to: 3 }]);
}
