//! Answers that carry their proof, and what is said of them later.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use axum::http::StatusCode;
use ingest::ContentHash;
use serde_json::{Value, json};
use veracite::ask::{Question, Reader, Scope};
use veracite::catalogue::State;
use veracite::check::Mode;
use veracite::language::Language;
use veracite::proof::{Json, Standing, VerifyReport};
use veracite::web::wire;

use crate::harness::{LEAVE, PRICES, TestApp, groups};
use crate::http::{post, send};

const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";

fn read(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

impl TestApp {
    /// The JSON of an answer, as every way out of the program writes it.
    async fn answered(&self, question: &str, groups_of: &[&str]) -> Value {
        let question = Question {
            scope: Scope::default(),
            adapter: None,
            text: question.to_owned(),
            reader: Reader::new(groups(groups_of)),
            language: Language::of(question),
        };
        let answer = self
            .app
            .answer(question.clone(), Mode::Strict)
            .await
            .unwrap();
        let notices = self.app.notices(question.language);
        let body = wire::answer(&question, &answer, &notices, self.app.prover());
        serde_json::from_str(&serde_json::to_string(&body).unwrap()).unwrap()
    }

    async fn verified(&self, answer: &Value, reader: &Reader) -> VerifyReport {
        let answer = read(&answer.to_string());
        self.app
            .verify(&answer, reader, Language::En)
            .await
            .unwrap()
    }

    /// `veracite verify`, which gets the answer on its standard input.
    fn command(&self, answer: impl AsRef<[u8]>, arguments: &[&str]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_veracite"))
            .env("VERACITE_DATA", self.folder.path().join("data"))
            .args(["verify", "-"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses what it reads may stop reading.
        let _ = child.stdin.take().unwrap().write_all(answer.as_ref());
        child.wait_with_output().unwrap()
    }
}

async fn with_leave() -> (TestApp, Value) {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let answer = test.answered(QUESTION, &[]).await;
    assert_eq!(answer["abstained"], false, "{answer}");
    (test, answer)
}

#[track_caller]
fn ended(output: &Output, code: i32, words: &str) {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said}");
}

/// The codes of the problems of an answer.
fn codes(report: &VerifyReport) -> Vec<&'static str> {
    report.problems.iter().map(|problem| problem.code).collect()
}

#[tokio::test]
async fn an_answer_carries_what_it_was_made_of() {
    let (test, answer) = with_leave().await;
    let proof = &answer["proof"];
    let claim = &answer["claims"][0];
    let citation = &claim["citations"][0];
    let hash = |text: &Value| ContentHash::of(text.as_str().unwrap().as_bytes()).to_string();
    assert_eq!(proof["schema"], 1);
    assert_eq!(proof["created"], "2026-03-01T00:00:00Z");
    assert_eq!(proof["question_sha256"], hash(&answer["question"]));
    assert_eq!(proof["mode"], "strict");
    assert_eq!(proof["generator"]["engine"], "quote");
    assert_eq!(proof["generator"]["name"], answer["generator"]);
    assert_eq!(proof["checker"], answer["checker"]);
    assert_eq!(proof["claims"][0]["text_sha256"], hash(&claim["text"]));
    assert_eq!(proof["claims"][0]["verdict"], "supported");
    assert_eq!(proof["claims"][0]["citations"][0], 0);
    let sealed = &proof["citations"][0];
    assert_eq!(sealed["quote_sha256"], hash(&citation["quote"]));
    assert_eq!(sealed["document"], citation["document"]);
    assert_eq!(
        sealed["version"],
        ContentHash::of(LEAVE.as_bytes()).to_string()
    );
    assert_eq!(sealed["span"]["start"], citation["span"]["start"]);
    let seal = &proof["seal"];
    assert_eq!(seal["algorithm"], "HMAC-SHA256");
    assert_eq!(seal["key"], test.app.prover().key().id());
    let text = proof.to_string();
    assert!(!text.contains("연차"), "hashes and no texts: {text}");
}

#[tokio::test]
async fn an_answer_is_valid_whether_or_not_the_program_runs() {
    let (test, answer) = with_leave().await;
    let (status, body) = send(&test, post("/v1/verify", &answer)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let report: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(report["verdict"], "valid", "{body}");
    assert_eq!(report["created"], "2026-03-01T00:00:00Z");
    assert_eq!(report["citations"][0]["verdict"], "valid");
    // The folder is taken by this process.
    let text = answer.to_string();
    ended(&test.command(&text, &[]), 0, "유효");
    ended(&test.command(&text, &["--language", "en"]), 0, "Valid");
    let output = test.command(&text, &["--json"]);
    let offline: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(offline["verdict"], "valid");
    // It goes on working beside the one that reads.
    test.add("prices.html", PRICES, &["everyone"]).await;
    test.app.close().await;
    ended(&test.command(&text, &[]), 0, "유효");
    // The key outlives the process.
    let test = test.restart().await;
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Valid, "{report:?}");
}

#[tokio::test]
async fn an_answer_that_abstains_is_sealed_too() {
    let test = TestApp::new().await;
    let mut answer = test.answered("주차장 요금은 얼마인가요?", &[]).await;
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Valid, "{report:?}");
    assert!(report.words.contains("quotes no document"), "{report:?}");
    answer["message"] = "주차는 무료입니다.".into();
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(codes(&report), ["answer_changed"]);
}

#[tokio::test]
async fn a_replaced_document_makes_an_answer_stale_and_the_report_says_what_is_left() {
    let (test, answer) = with_leave().await;
    let quote = answer["claims"][0]["citations"][0]["quote"]
        .as_str()
        .unwrap();
    let longer = format!("# 앞에 새로 쓴 글 🎉\n\n{LEAVE}");
    test.add("leave.md", &longer, &["everyone"]).await;
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Stale, "{report:?}");
    assert!(report.problems.is_empty(), "{report:?}");
    let citation = &report.citations[0];
    assert_eq!(citation.code, Some("replaced"));
    assert_eq!(citation.title.as_deref(), Some("휴가 규정"));
    let current = citation.current.as_ref().unwrap();
    assert_eq!(
        current.version,
        ContentHash::of(longer.as_bytes()).to_string()
    );
    assert_eq!(
        (current.state.as_str(), current.quote_stands),
        ("ready", Some(true))
    );
    let source = test
        .app
        .library()
        .source(
            citation.document.as_ref().unwrap().parse().unwrap(),
            None,
            &Reader::anyone(),
        )
        .await
        .unwrap()
        .unwrap();
    let (start, end) = (current.start.unwrap(), current.end.unwrap());
    let there: String = source
        .document
        .text
        .chars()
        .skip(start)
        .take(end - start)
        .collect();
    assert_eq!(there, quote, "the quote is found where it stands now");
    ended(&test.command(answer.to_string(), &[]), 1, &current.version);

    test.add("leave.md", LEAVE.replace("11일", "12일"), &["everyone"])
        .await;
    let report = test.verified(&answer, &Reader::anyone()).await;
    let current = report.citations[0].current.as_ref().unwrap();
    assert_eq!(
        (report.verdict, current.quote_stands, current.start),
        (Standing::Stale, Some(false), None)
    );
    // A version that cannot be read takes no one's place in the index, and the source changed.
    let (_, state) = test
        .add("leave.md", b"\x89PNG\r\n\x1a\n0", &["everyone"])
        .await;
    assert_eq!(state, State::Failed);
    let report = test.verified(&answer, &Reader::anyone()).await;
    let current = report.citations[0].current.as_ref().unwrap();
    assert_eq!(
        (report.verdict, current.quote_stands, &*current.state),
        (Standing::Stale, None, "failed")
    );
    // What it was is valid again, word for word.
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Valid, "{report:?}");
}

#[tokio::test]
async fn a_deleted_document_makes_an_answer_stale_and_a_change_to_it_broken() {
    let (test, mut answer) = with_leave().await;
    let id = answer["claims"][0]["citations"][0]["document"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let library = test.app.library();
    assert!(library.delete(id, &Reader::anyone()).await.unwrap());
    ended(&test.command(answer.to_string(), &[]), 1, "삭제되었습니다");
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Stale, "{report:?}");
    assert_eq!(report.citations[0].code, Some("unavailable"));
    assert!(report.citations[0].current.is_none());
    // What is broken is not merely stale.
    answer["claims"][0]["text"] = "연차는 30일이다.".into();
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Broken);
    assert_eq!(codes(&report), ["claim_changed"]);
    assert_eq!(report.citations[0].verdict, Standing::Stale);
}

#[tokio::test]
async fn a_reader_learns_nothing_of_documents_that_are_not_for_them() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["hr"]).await;
    let answer = test.answered(QUESTION, &["hr"]).await;
    let of_hr = Reader::new(groups(&["hr"]));
    assert_eq!(
        test.verified(&answer, &of_hr).await.verdict,
        Standing::Valid
    );
    let closed = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(closed.verdict, Standing::Stale);
    test.add("leave.md", "# 다른 글\n\n다른 글이다.", &["hr"])
        .await;
    let replaced = test.verified(&answer, &Reader::anyone()).await;
    let id = answer["claims"][0]["citations"][0]["document"]
        .as_str()
        .unwrap();
    let library = test.app.library();
    assert!(library.delete(id.parse().unwrap(), &of_hr).await.unwrap());
    let deleted = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(
        closed, replaced,
        "what happens to a closed document is not seen"
    );
    assert_eq!(closed, deleted);
}

/// Every value that holds no other, by its path.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(array) if !array.is_empty() => {
            for (index, value) in array.iter().enumerate() {
                leaves(value, &format!("{path}/{index}"), found);
            }
        }
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// Every list and object, by its path.
fn containers(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(array) => {
            found.push(path.to_owned());
            for (index, value) in array.iter().enumerate() {
                containers(value, &format!("{path}/{index}"), found);
            }
        }
        Value::Object(object) => {
            found.push(path.to_owned());
            for (key, value) in object {
                containers(value, &format!("{path}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// A list or object with an entry less, more or in another place.
fn rearranged(value: &Value) -> Vec<Value> {
    let mut others = Vec::new();
    match value {
        Value::Array(array) => {
            for index in 0..array.len() {
                let mut less = array.clone();
                less.remove(index);
                others.push(less);
            }
            let mut more = array.clone();
            more.push(array.last().cloned().unwrap_or_default());
            others.push(more);
            let mut turned = array.clone();
            turned.reverse();
            others.push(turned);
            others.retain(|other| other != array);
            others.into_iter().map(Value::from).collect()
        }
        Value::Object(object) => {
            let keys = object.keys().map(|key| {
                let mut less = object.clone();
                less.remove(key);
                less
            });
            let mut more = object.clone();
            more.insert("새것".to_owned(), Value::Null);
            keys.chain([more]).map(Value::from).collect()
        }
        _ => Vec::new(),
    }
}

/// The smallest change to a value, and values of all kinds instead of it.
fn changed(value: &Value) -> Vec<Value> {
    let mut changes: Vec<Value> = vec![
        Value::Null,
        true.into(),
        false.into(),
        "".into(),
        (-1).into(),
        1e300.into(),
        json!([]),
        json!({}),
        json!([{ "citations": [[]] }]),
    ];
    match value {
        Value::String(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            if let Some(last) = chars.last_mut() {
                *last = if *last == '0' { '1' } else { '0' };
                changes.push(chars.iter().collect::<String>().into());
            }
            changes.push(text.to_uppercase().into());
            changes.push(format!("{text} ").into());
            changes.push(format!("{text}\u{200b}").into());
        }
        Value::Number(number) => {
            let float = number.as_f64().unwrap();
            changes.push((float + 1.0).into());
            changes.push((float + 0.001).into());
        }
        _ => {}
    }
    // A number is the same however it is written.
    changes.retain(|change| match (change.as_f64(), value.as_f64()) {
        (Some(change), Some(value)) => change.to_bits() != value.to_bits(),
        _ => change != value,
    });
    changes
}

#[tokio::test]
async fn whatever_is_changed_in_an_answer_breaks_it() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let more = "# 복지 안내\n\n입사 1년 미만 직원의 연차휴가는 인사팀이 관리한다.\n";
    test.add("more.md", more, &["everyone"]).await;
    let answer = test.answered(QUESTION, &[]).await;
    let mut paths = Vec::new();
    leaves(&answer, "", &mut paths);
    let sealed = ["/proof/created", "/proof/seal/mac", "/proof/seal/key"];
    let shown = [
        "/question",
        "/text",
        "/claims/0/text",
        "/claims/0/verdict",
        "/claims/0/score",
        "/claims/0/citations/0/quote",
        "/claims/0/citations/0/span/start",
        "/claims/0/citations/0/page",
        "/ledger/0/score",
        "/withheld/count",
        "/notices/0",
    ];
    for path in sealed.iter().chain(&shown) {
        assert!(paths.iter().any(|found| found == path), "{path}: {paths:?}");
    }
    let reader = Reader::anyone();
    assert_eq!(
        test.verified(&answer, &reader).await.verdict,
        Standing::Valid
    );
    let mut tried = 0;
    // Nothing in an answer may change unseen, so that no path is left out here.
    for path in &paths {
        let value = answer.pointer(path).unwrap();
        for change in changed(value) {
            let mut other = answer.clone();
            other.pointer_mut(path).unwrap().clone_from(&change);
            let report = test.verified(&other, &reader).await;
            assert_eq!(
                report.verdict,
                Standing::Broken,
                "{path}: {value} -> {change}: {report:?}"
            );
            tried += 1;
        }
    }
    // Nor may anything go, come or change its place.
    let mut all = Vec::new();
    containers(&answer, "", &mut all);
    for path in all {
        for other in rearranged(answer.pointer(&path).unwrap()) {
            let mut changed = answer.clone();
            changed.pointer_mut(&path).unwrap().clone_from(&other);
            let report = test.verified(&changed, &reader).await;
            assert_eq!(report.verdict, Standing::Broken, "{path} -> {other}");
            tried += 1;
        }
    }
    println!("{} leaves, {tried} changes", paths.len());
}

#[tokio::test]
async fn what_was_changed_is_named() {
    let (test, answer) = with_leave().await;
    let reader = Reader::anyone();
    let after = async |path: &str, value: Value| {
        let mut other = answer.clone();
        *other.pointer_mut(path).unwrap() = value;
        test.verified(&other, &reader).await
    };
    let report = after("/claims/0/text", "다른 문장이다.".into()).await;
    assert_eq!(codes(&report), ["claim_changed"]);
    assert_eq!(report.problems[0].claim, Some(1));
    assert_eq!(report.citations[0].verdict, Standing::Valid);
    let report = after("/claims/0/verdict", "partial".into()).await;
    assert_eq!(codes(&report), ["claim_changed"]);
    for (path, value) in [
        ("/claims/0/citations/0/quote", json!("최대 15일이다.")),
        ("/claims/0/citations/0/span/start", json!(0)),
        ("/claims/0/citations/0/version", json!("0".repeat(64))),
    ] {
        let report = after(path, value).await;
        assert_eq!(report.verdict, Standing::Broken);
        assert_eq!(report.citations[0].code, Some("changed"), "{path}");
        assert!(report.problems.is_empty(), "{report:?}");
    }
    let report = after("/claims", json!([])).await;
    assert!(codes(&report).contains(&"claims_changed"), "{report:?}");
    let report = after("/question", "?".into()).await;
    assert_eq!(codes(&report), ["question_changed"]);
    let report = after("/claims/0/score", json!(0.5)).await;
    assert_eq!(codes(&report), ["answer_changed"]);
    let report = after("/proof/claims/0/verdict", "partial".into()).await;
    assert_eq!(codes(&report), ["seal_does_not_match"]);
    assert_eq!(report.citations[0].code, Some("unsealed"));
    assert_eq!(report.created, None);
    let report = after("/proof/seal/mac", "0".repeat(64).into()).await;
    assert_eq!(codes(&report), ["seal_does_not_match"]);
    let report = after("/proof/schema", 2.into()).await;
    assert_eq!(codes(&report), ["unknown_schema"]);
    let report = after("/proof", Value::Null).await;
    assert_eq!(codes(&report), ["unreadable_proof"]);
    // The proof of one answer is none of another.
    let mut other = test.answered("병가는 연 며칠까지 쓸 수 있나요?", &[]).await;
    other["proof"] = answer["proof"].clone();
    let report = test.verified(&other, &reader).await;
    assert_eq!(report.verdict, Standing::Broken);
}

#[tokio::test]
async fn an_answer_that_another_program_stored_its_own_way_stays_valid() {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Array(array) => array.iter().map(sorted).collect(),
            Value::Object(object) => {
                let mut keys: Vec<&String> = object.keys().collect();
                keys.sort();
                keys.reverse();
                keys.into_iter()
                    .map(|key| (key.clone(), sorted(&object[key])))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
            // As JavaScript writes it.
            Value::Number(number) if number.as_f64() == Some(1.0) => 1.into(),
            other => other.clone(),
        }
    }
    let (test, answer) = with_leave().await;
    let pretty = serde_json::to_string_pretty(&sorted(&answer)).unwrap();
    assert_ne!(pretty, serde_json::to_string_pretty(&answer).unwrap());
    let escaped = pretty.replace('휴', "\\ud734");
    for text in [pretty, escaped] {
        let report = test
            .app
            .verify(&read(&text), &Reader::anyone(), Language::Ko)
            .await
            .unwrap();
        assert_eq!(report.verdict, Standing::Valid, "{report:?}");
    }
}

#[tokio::test]
async fn an_answer_of_another_installation_is_told_apart() {
    let (test, answer) = with_leave().await;
    let (other, _) = with_leave().await;
    let report = other.verified(&answer, &Reader::anyone()).await;
    assert_eq!(codes(&report), ["other_installation"]);
    let id = test.app.prover().key().id();
    assert!(report.problems[0].words.contains(&id), "{report:?}");
    let text = answer.to_string();
    ended(&other.command(&text, &[]), 2, "다른 설치본");
    ended(
        &other.command(&text, &["--language", "en"]),
        2,
        "another installation",
    );
}

#[tokio::test]
async fn a_store_that_does_not_hold_what_was_quoted_breaks_the_answer() {
    let (test, answer) = with_leave().await;
    test.add("other.md", "# 다른 글\n\n다른 글이다.", &["everyone"])
        .await;
    let file = test.folder.path().join("data/catalogue.sqlite");
    let pool = sqlx::sqlite::SqlitePool::connect(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    sqlx::query(
        "UPDATE versions SET body = (SELECT body FROM versions WHERE file_name = 'other.md') \
         WHERE file_name = 'leave.md'",
    )
    .execute(&pool)
    .await
    .unwrap();
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Broken);
    assert_eq!(report.citations[0].code, Some("not_in_version"));
    // The text of the same file may be taken otherwise by a newer reader of files.
    sqlx::query("UPDATE versions SET reader = 'newer'")
        .execute(&pool)
        .await
        .unwrap();
    let report = test.verified(&answer, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Stale);
    assert_eq!(report.citations[0].code, Some("read_otherwise"));
}

#[tokio::test]
async fn what_is_no_answer_is_told_and_never_valid() {
    let (test, answer) = with_leave().await;
    let text = answer.to_string();
    let mut cut = text.clone().into_bytes();
    cut.truncate(cut.len() / 2);
    ended(&test.command(&cut, &[]), 3, "is not an answer");
    ended(&test.command(b"\xff\xfe{}", &[]), 3, "is not an answer");
    ended(
        &test.command("[".repeat(100_000), &[]),
        3,
        "is not an answer",
    );
    let twice = text.replacen('{', r#"{"text":"연차는 30일이다.","#, 1);
    ended(&test.command(&twice, &[]), 3, "the key `text` twice");
    let (status, body) = send(&test, {
        let mut request = post("/v1/verify", &Value::Null);
        *request.body_mut() = twice.into();
        request
    })
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    ended(
        &test.command(vec![b' '; (16 << 20) + 1], &[]),
        3,
        "more than 16 MB",
    );
    for (json, word) in [
        ("null", "증명이 없습니다"),
        ("[]", "증명이 없습니다"),
        ("{}", "증명이 없습니다"),
        (r#"{"proof":{"schema":7}}"#, "7"),
        (r#"{"proof":{"schema":1}}"#, "읽을 수 없습니다"),
    ] {
        ended(&test.command(json, &[]), 2, word);
    }
    // What a stranger writes is not written out without end, and moves no cursor.
    let citations = vec![json!({ "title": "\u{1b}[2J가".repeat(1_000) }); 10_000];
    let hostile = json!({ "claims": [{ "citations": citations }] });
    let report = test.verified(&hostile, &Reader::anyone()).await;
    assert_eq!(report.verdict, Standing::Broken);
    assert_eq!(report.citations.len(), 200);
    let output = test.command(hostile.to_string(), &[]);
    assert!(!output.stdout.contains(&0x1b));
    // A folder without documents is the wrong one.
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_veracite"))
        .args(["verify", "answer.json"])
        .current_dir(empty.path())
        .env("VERACITE_DATA", empty.path().join("data"))
        .output()
        .unwrap();
    ended(&output, 3, "answer.json cannot be read");
    std::fs::write(empty.path().join("answer.json"), &text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_veracite"))
        .args(["verify", "answer.json"])
        .current_dir(empty.path())
        .env("VERACITE_DATA", empty.path().join("data"))
        .output()
        .unwrap();
    ended(&output, 3, "is this the data folder?");
}
