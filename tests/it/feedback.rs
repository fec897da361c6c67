//! What people say of answers, what administrators decide on it, what training is given of it, best of
//! several drafts, and adapters that are compared, through the router and the program.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use ingest::DocumentId;
use ingest::parse::InProcess;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use veracite::app::App;
use veracite::ask::Reader;
use veracite::config::Config;
use veracite::generate::Engine;

use crate::audit::{entries, of, veracite};
use crate::harness::{LEAVE, TestApp, config, groups};
use crate::http::{get, post, send};
use crate::people::{Server, between};

const QUESTION: &str = "입사 1년 미만 직원의 연차휴가는 최대 며칠인가요?";
const RIGHT: &str = "입사 1년 미만 직원의 연차휴가는 최대 11일이다. [1]";
/// Two sentences of one passage.
const BOTH: &str = "입사 1년 미만 직원의 연차휴가는 최대 11일이다. [1] 미사용 연차는 수당으로 지급하지 않는다. [1]";
const WRONG: &str = "입사 1년 미만 직원의 연차휴가는 최대 25일이다. [1]";

/// What an engine writes for a request: by its model, its temperature, its prompt.
type Writes = fn(&Value) -> String;

#[derive(Clone)]
struct Fake {
    writes: Writes,
    asked: Arc<Mutex<Vec<Value>>>,
}

async fn answer(State(fake): State<Fake>, uri: Uri, body: String) -> Response {
    match uri.path() {
        "/v1/chat/completions" => {
            let body: Value = serde_json::from_str(&body).unwrap();
            let draft = (fake.writes)(&body);
            fake.asked.lock().unwrap().push(body);
            let chunk = json!({"choices": [{"delta": {"content": draft}}]});
            let last = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
            let stream = format!("data: {chunk}\n\ndata: {last}\n\ndata: [DONE]\n\n");
            ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
        }
        "/tokenize" => axum::Json(json!({ "count": 10 })).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The address of an engine that writes so, and what it was asked.
async fn engine(writes: Writes) -> (String, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let fake = Fake {
        writes,
        asked: Arc::clone(&asked),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(fake);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, asked)
}

/// An application that such an engine writes for.
async fn app(
    writes: Writes,
    configure: impl FnOnce(&mut Config),
) -> (TestApp, Arc<Mutex<Vec<Value>>>, String) {
    let (url, asked) = engine(writes).await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.generator.engine = Engine::OpenAi;
    config.generator.max_tokens = 100.try_into().unwrap();
    config.generator.openai.url = Some(url.clone());
    config.generator.openai.model = Some("tiny".to_owned());
    config.check.rewrite = false;
    configure(&mut config);
    let app = App::open_with(config, Arc::new(InProcess)).await.unwrap();
    let test = TestApp { app, folder };
    test.add("leave.md", LEAVE, &["everyone"]).await;
    (test, asked, url)
}

async fn post_json(test: &TestApp, path: &str, body: &Value) -> (StatusCode, Value) {
    let (status, text) = send(test, post(path, body)).await;
    let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}"));
    (status, value)
}

async fn ask(test: &TestApp, question: &str) -> Value {
    let body = json!({ "question": question });
    let (status, answer) = post_json(test, "/v1/answers", &body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn judge(test: &TestApp, body: Value) -> Value {
    let (status, given) = post_json(test, "/v1/feedback", &body).await;
    assert_eq!(status, StatusCode::OK, "{given}");
    given
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{text}")))
        .collect()
}

async fn export(test: &TestApp, query: &str) -> Vec<Value> {
    let (status, text) = send(test, get(&format!("/v1/feedback/export?{query}"))).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    lines(&text)
}

/// A prompt without the code between whose lines passages stand, which is another each time.
fn without_code(messages: &Value) -> String {
    let user = messages[1]["content"].as_str().unwrap();
    let (_, rest) = user.split_once("----- ").unwrap();
    let code = rest.split(' ').next().unwrap();
    assert_eq!(code.len(), 10, "{user}");
    messages.to_string().replace(code, "CODE")
}

#[tokio::test]
async fn what_is_right_is_learnt_with_the_prompt_that_the_engine_got() {
    let (test, asked, _) = app(|_| RIGHT.to_owned(), |_| {}).await;
    let answer = ask(&test, QUESTION).await;
    let given = judge(&test, json!({ "answer": answer, "kind": "right" })).await;
    assert_eq!(
        (&given["kind"], &given["usable"]),
        (&json!("right"), &json!(true))
    );
    assert_eq!(given["question"], QUESTION);
    let lines = export(&test, "format=sft").await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        lines[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["messages"]
    );
    let messages = lines[0]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[2], json!({"role": "assistant", "content": RIGHT}));
    let prompt = Value::Array(messages[..2].to_vec());
    let told = asked.lock().unwrap()[0]["messages"].clone();
    assert_eq!(without_code(&prompt), without_code(&told));
    let (_, metrics) = send(&test, get("/metrics")).await;
    assert!(
        metrics.contains("veracite_feedback_total{kind=\"right\"} 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_correction_is_checked_and_makes_a_pair_and_later_words_replace_earlier_ones() {
    let (test, ..) = app(|_| BOTH.to_owned(), |_| {}).await;
    let answer = ask(&test, QUESTION).await;
    assert_eq!(answer["claims"].as_array().unwrap().len(), 2, "{answer}");
    let first = judge(
        &test,
        json!({ "answer": answer, "sentence": 1, "kind": "right" }),
    )
    .await;
    let made_up = judge(
        &test,
        json!({ "answer": answer, "sentence": 1, "kind": "outdated", "correction": "입사 1년 미만 직원의 연차휴가는 최대 90일이다." }),
    )
    .await;
    assert_eq!(
        made_up["id"], first["id"],
        "the later one replaces the earlier"
    );
    assert_ne!(made_up["corrected"][0]["verdict"], "supported");
    // What the documents do not say is not learnt, unless somebody asks for it.
    let checked = export(&test, "format=dpo").await;
    assert!(
        !checked[0]["chosen"].to_string().contains("90일"),
        "{checked:?}"
    );
    let unchecked = export(&test, "format=dpo&unchecked=true").await;
    assert!(
        unchecked[0]["chosen"].to_string().contains("90일"),
        "{unchecked:?}"
    );
    let good = judge(
        &test,
        json!({
            "answer": answer, "sentence": 1, "kind": "wrong", "note": "표현",
            "correction": "입사 1년 미만 직원의 연차휴가는 최대 11일이다.",
        }),
    )
    .await;
    assert_eq!(good["corrected"][0]["verdict"], "supported", "{good}");
    assert_eq!((&good["id"], &good["note"]), (&first["id"], &json!("표현")));
    let lines = export(&test, "format=dpo").await;
    let text = |line: &Value, column: &str| line[column][0]["content"].as_str().unwrap().to_owned();
    assert_eq!(lines.len(), 1);
    assert_eq!(text(&lines[0], "rejected"), BOTH);
    assert_eq!(text(&lines[0], "chosen"), format!("{RIGHT} {RIGHT}"));
    let labels: Vec<Value> = export(&test, "format=kto")
        .await
        .iter()
        .map(|line| line["label"].clone())
        .collect();
    assert_eq!(labels, [json!(true), json!(false)]);
    let (_, listed) = send(&test, get("/v1/feedback")).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["feedback"].as_array().unwrap().len(), 1);
    let id = first["id"].as_str().unwrap();
    let request = |path: String| {
        Request::delete(path)
            .header(header::HOST, "127.0.0.1:8420")
            .body(Body::empty())
            .unwrap()
    };
    let (status, _) = send(&test, request(format!("/v1/feedback/{id}"))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = send(&test, request(format!("/v1/feedback/{id}"))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(export(&test, "format=kto").await.is_empty());
}

#[tokio::test]
async fn an_answer_that_was_never_given_so_teaches_nothing() {
    let (test, ..) = app(|_| RIGHT.to_owned(), |_| {}).await;
    let answer = ask(&test, QUESTION).await;
    let mut forged = answer.clone();
    forged["claims"][0]["text"] = json!("연차휴가는 99일이다.");
    let mut longer = answer.clone();
    longer["withheld"]["count"] = json!(7);
    let mut other = answer.clone();
    other["proof"]["generator"]["adapter"] = json!("theirs");
    let mut bare = answer.clone();
    bare.as_object_mut().unwrap().remove("proof");
    for answer in [forged, longer, other, bare, json!({}), json!([])] {
        let body = json!({ "answer": answer, "kind": "right" });
        let (status, error) = post_json(&test, "/v1/feedback", &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{error}");
        assert_eq!(error["error"]["code"], "answer_not_genuine");
        assert_eq!(error["error"]["field"], "answer");
    }
    for (wrong, field) in [
        (
            json!({ "answer": answer, "kind": "right", "sentence": 1 }),
            "sentence",
        ),
        (
            json!({ "answer": answer, "kind": "missing", "sentence": 0 }),
            "kind",
        ),
        (
            json!({ "answer": answer, "kind": "right", "correction": "x" }),
            "correction",
        ),
        (
            json!({ "answer": answer, "kind": "wrong", "note": "x".repeat(2_001) }),
            "note",
        ),
        (json!({ "answer": answer, "kind": "fine" }), "kind"),
    ] {
        let (status, error) = post_json(&test, "/v1/feedback", &wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
        assert_eq!(error["error"]["field"], field, "{error}");
    }
    assert!(export(&test, "format=kto&all=true").await.is_empty());
    let (status, _) = send(&test, get("/v1/feedback/export?format=ppo")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_passages_of_an_older_answer_are_found_again_until_they_change() {
    let test = TestApp::new().await;
    let (document, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let answer = ask(&test, QUESTION).await;
    let test = test.restart().await;
    let given = judge(&test, json!({ "answer": answer, "kind": "right" })).await;
    assert_eq!(given["usable"], true, "{given}");
    let lines = export(&test, "format=prompt-completion&mark=true").await;
    let mark = &lines[0]["veracite"];
    assert_eq!(
        (&mark["source"], &mark["generator"]),
        (&json!("people"), &json!("quote"))
    );
    let marked = &mark["documents"][0];
    assert_eq!(marked["document"], document.to_string());
    assert_eq!(marked["readers"], json!(["everyone"]));
    assert!(lines[0]["prompt"].to_string().contains("최대 11일이다"));
    // Another version: what the numbers stood for is not known any more.
    let later = ask(&test, "병가는 연 며칠까지 쓸 수 있나요?").await;
    assert_eq!(later["abstained"], false, "{later}");
    let test = test.restart().await;
    let changed = LEAVE.replace("11일", "12일");
    test.add("leave.md", changed, &["everyone"]).await;
    let request = json!({ "answer": later, "kind": "right", "sentence": 0 });
    let given = judge(&test, request).await;
    assert_eq!(given["usable"], false, "{given}");
    assert_eq!(export(&test, "format=sft").await.len(), 1);
    let library = test.app.library();
    library.delete(document, &Reader::anyone()).await.unwrap();
    library.idle().await;
    assert!(export(&test, "format=sft&all=true").await.is_empty());
    // And it does not come back with what somebody says later.
    let request = json!({ "answer": answer, "kind": "right" });
    let (status, refused) = post_json(&test, "/v1/feedback", &request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    assert_eq!(refused["error"]["field"], "answer", "{refused}");
    let (_, listed) = send(&test, get("/v1/feedback")).await;
    assert_eq!(
        listed, r#"{"feedback":[]}"#,
        "what was deleted is not kept for training"
    );
}

#[tokio::test]
async fn passages_go_to_nobody_who_may_not_read_them() {
    let Waiting {
        server,
        answer,
        jun,
        mina,
        root,
        boss,
        ..
    } = Waiting::asked().await;
    let body = json!({ "answer": answer, "kind": "right", "note": "비밀 메모" });
    let given = server
        .json("POST", "/v1/feedback", ("cookie", &jun), &body)
        .await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    let id = given.json()["id"].as_str().unwrap().to_owned();
    // Another person sees nothing of it, and takes nothing away.
    let seen = server.get("/v1/feedback", &[("cookie", &mina)]).await;
    assert_eq!(seen.body, r#"{"feedback":[]}"#);
    let path = format!("/v1/feedback/{id}");
    let reply = server
        .json("DELETE", &path, ("cookie", &mina), &json!({}))
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    // An administrator who may not read the document sees that there is something.
    let seen = server
        .get("/v1/feedback", &[("cookie", &root)])
        .await
        .json();
    let row = &seen["feedback"][0];
    assert_eq!(
        (&row["question"], &row["note"]),
        (&Value::Null, &Value::Null),
        "{row}"
    );
    let seen = server
        .get("/v1/feedback", &[("cookie", &boss)])
        .await
        .json();
    assert_eq!(seen["feedback"][0]["question"], QUESTION);
    let export = async |cookie: &str, query: &str| {
        let path = format!("/v1/feedback/export?format=sft{query}");
        let reply = server.get(&path, &[("cookie", cookie)]).await;
        (reply.status, reply.body)
    };
    assert_eq!(export(&jun, "").await.0, StatusCode::FORBIDDEN);
    let nothing = (StatusCode::OK, String::new());
    assert_eq!(export(&root, "").await, nothing);
    assert_eq!(export(&root, "&all=true").await, nothing);
    assert_eq!(
        export(&root, "&reader_groups=hr").await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(export(&boss, "").await, nothing, "everyone may not read it");
    for query in ["&reader_groups=hr", "&all=true"] {
        let (status, text) = export(&boss, query).await;
        assert_eq!((status, lines(&text).len()), (StatusCode::OK, 1), "{query}");
        assert!(text.contains("최대 11일이다"));
    }
    // On the machine itself, beside the server.
    let data = server.test.folder.path().join("data");
    let arguments = ["feedback", "export", "--format", "sft"];
    let (ended, told) = veracite(&data, &arguments);
    assert!(
        ended && told.contains("0 lines") && told.contains("may not read"),
        "{told}"
    );
    let (_, told) = veracite(
        &data,
        &[&arguments[..], &["--reader-groups", "hr"]].concat(),
    );
    assert_eq!(lines(&told).len(), 1, "{told}");
    let out = server.test.folder.path().join("lines.jsonl");
    let all = ["--all", "--mark", "--out", out.to_str().unwrap()];
    let (ended, _) = veracite(&data, &[&arguments[..], &all].concat());
    assert!(ended);
    let marked = lines(&std::fs::read_to_string(&out).unwrap());
    assert_eq!(
        marked[0]["veracite"]["documents"][0]["readers"],
        json!(["hr"])
    );
    // Rights that were taken away count at once.
    server.test.add("leave.md", LEAVE, &["board"]).await;
    assert_eq!(export(&boss, "&all=true").await, nothing);
    let own = server.get("/v1/feedback", &[("cookie", &jun)]).await.json();
    let row = &own["feedback"][0];
    assert_eq!(
        (&row["question"], &row["note"]),
        (&Value::Null, &json!("비밀 메모"))
    );
    let reply = server
        .json("DELETE", &path, ("cookie", &root), &json!({}))
        .await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let entries = entries(&data);
    assert_eq!(of(&entries, "feedback").len(), 1);
    assert_eq!(of(&entries, "feedback_deleted").len(), 1);
    assert!(of(&entries, "feedback_exported").len() >= 6);
    let told = serde_json::to_string(&entries).unwrap();
    assert!(
        !told.contains("비밀 메모"),
        "what people write is not in the log"
    );
}

/// A server with an answer to [`QUESTION`] from a document of `hr`, and what `jun` of `hr` said of it: a
/// correction that the document does not say. `boss` is an administrator in `hr`, `root` one who is not.
struct Waiting {
    server: Server,
    document: DocumentId,
    answer: Value,
    id: String,
    jun: String,
    mina: String,
    root: String,
    boss: String,
}

const MADE_UP: &str = "입사 1년 미만 직원의 연차휴가는 최대 90일이다.";
const NOTE: &str = "<b>비밀 메모</b>";

impl Waiting {
    /// Nobody has said anything yet.
    async fn asked() -> Self {
        let server = Server::with_people().await;
        server
            .add("boss", veracite::people::Role::Admin, &["hr"])
            .await;
        let (document, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
        let (jun, mina) = (server.sign_in("jun").await, server.sign_in("mina").await);
        let (root, boss) = (server.sign_in("root").await, server.sign_in("boss").await);
        let body = json!({ "question": QUESTION });
        let answer = server
            .json("POST", "/v1/answers", ("cookie", &jun), &body)
            .await
            .json();
        assert_eq!(answer["abstained"], false, "{answer}");
        Self {
            server,
            document,
            answer,
            id: String::new(),
            jun,
            mina,
            root,
            boss,
        }
    }

    async fn new() -> Self {
        let waiting = Self::asked().await;
        let given = waiting.says(MADE_UP).await;
        assert_eq!(given["decision"], Value::Null);
        let id = given["id"].as_str().unwrap().to_owned();
        Self { id, ..waiting }
    }

    /// What `jun` says of the first sentence, in the place of what they said before.
    async fn says(&self, correction: &str) -> Value {
        let body = json!({
            "answer": self.answer, "sentence": 0, "kind": "wrong", "note": NOTE, "correction": correction,
        });
        let shown = ("cookie", &*self.jun);
        let given = self.server.json("POST", "/v1/feedback", shown, &body).await;
        assert_eq!(given.status, StatusCode::OK, "{}", given.body);
        let given = given.json();
        assert_ne!(given["corrected"][0]["verdict"], "supported", "{given}");
        given
    }

    async fn decide(&self, cookie: &str, body: &Value) -> (StatusCode, String) {
        let path = format!("/v1/feedback/{}/decision", self.id);
        let reply = self
            .server
            .json("PUT", &path, ("cookie", cookie), body)
            .await;
        (reply.status, reply.body)
    }

    async fn decided(&self, decision: &Value) {
        let (status, body) = self
            .decide(&self.boss, &json!({ "decision": decision }))
            .await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
    }

    /// What is listed for somebody.
    async fn listed(&self, cookie: &str, query: &str) -> Vec<Value> {
        let path = format!("/v1/feedback{query}");
        let reply = self.server.get(&path, &[("cookie", cookie)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.json()["feedback"].as_array().unwrap().clone()
    }

    /// What `boss` gets for training.
    async fn export(&self, format: &str) -> String {
        let path = format!("/v1/feedback/export?all=true&format={format}");
        let reply = self.server.get(&path, &[("cookie", &self.boss)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.body
    }

    async fn page(&self, query: &str, cookie: &str) -> String {
        let path = format!("/admin/feedback{query}");
        let reply = self.server.page(&path, cookie).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.body
    }
}

#[tokio::test]
async fn a_correction_that_the_documents_do_not_say_waits_on_a_page_until_it_is_accepted() {
    let waiting = Waiting::new().await;
    assert!(!waiting.export("dpo").await.contains("90일"));
    assert!(!waiting.export("sft").await.contains("90일"));
    let admin = waiting.server.page("/admin", &waiting.boss).await.body;
    assert!(
        admin.contains("href=\"/admin/feedback\"") && admin.contains("1 waiting"),
        "{admin}"
    );
    let page = waiting.page("", &waiting.boss).await;
    for shown in [
        QUESTION,
        "최대 11일이다",
        MADE_UP,
        "비밀 메모",
        "the documents do not support all of them",
        "1 waiting",
        &format!("href=\"/documents/{}?version=", waiting.document),
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(
        !page.contains("<b>"),
        "what people write is escaped: {page}"
    );
    let theirs = between(&page, "class=\"theirs\"", "</div>");
    assert!(
        theirs.contains("90일") && !theirs.contains("class=\"sentence supported\""),
        "{theirs}"
    );
    // A form of another page, and one of before, decide nothing.
    let path = format!("/admin/feedback/{}", waiting.id);
    let token = between(&page, "name=\"form_token\" value=\"", "\"");
    let given_at = between(&page, "name=\"given_at\" value=\"", "\"");
    let form = async |token: &str, given_at: &str| {
        let fields = [
            ("form_token", token),
            ("given_at", given_at),
            ("kind", "wrong"),
            ("decision", "accepted"),
        ];
        waiting.server.form(&path, &waiting.boss, &fields).await
    };
    assert_eq!(
        form("guessed", &given_at).await.status,
        StatusCode::FORBIDDEN
    );
    let stale = form(&token, "2020-01-01T00:00:00Z").await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
    assert_eq!(
        waiting.listed(&waiting.boss, "?waiting=true").await.len(),
        1
    );
    let reply = form(&token, &given_at).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    assert_eq!(reply.location(), "/admin/feedback?kind=wrong&done=1");
    assert!(waiting.export("dpo").await.contains("90일"));
    assert!(waiting.export("sft").await.contains("90일"));
    let page = waiting.page("?kind=wrong&done=1", &waiting.boss).await;
    assert!(
        page.contains("Your decision is saved") && page.contains("0 waiting"),
        "{page}"
    );
    assert!(!page.contains(QUESTION), "it waits no more: {page}");
    for (query, is_shown) in [
        ("?show=accepted", true),
        ("?show=refused", false),
        ("?show=all", true),
        ("?show=all&kind=wrong", true),
        ("?show=all&kind=right", false),
    ] {
        let page = waiting.page(query, &waiting.boss).await;
        assert_eq!(page.contains(QUESTION), is_shown, "{query}: {page}");
    }
    // Who said it is told what was decided, and not by whom.
    let boss = waiting.server.named("boss").await.id.to_string();
    let own = &waiting.listed(&waiting.jun, "").await[0];
    let seen = &waiting.listed(&waiting.boss, "").await[0];
    for row in [own, seen] {
        assert_eq!(row["decision"], "accepted", "{row}");
        assert!(row["decided_at"].is_string(), "{row}");
    }
    assert_eq!(own["decided_by"], Value::Null);
    assert_eq!(seen["decided_by"], json!(boss));
    // What is said anew waits again.
    let anew = waiting
        .says("입사 1년 미만 직원의 연차휴가는 최대 91일이다.")
        .await;
    assert_eq!(
        (&anew["id"], &anew["decision"]),
        (&json!(waiting.id), &Value::Null)
    );
    let lines = waiting.export("dpo").await;
    assert!(
        !lines.contains("90일") && !lines.contains("91일"),
        "{lines}"
    );
    assert_eq!(
        waiting.listed(&waiting.boss, "?waiting=true").await.len(),
        1
    );
    // With the document go what was said and what was decided.
    waiting.decided(&json!("accepted")).await;
    let library = waiting.server.test.app.library();
    let reader = Reader::new(groups(&["hr"]));
    library.delete(waiting.document, &reader).await.unwrap();
    library.idle().await;
    assert!(waiting.listed(&waiting.boss, "").await.is_empty());
    let (status, _) = waiting
        .decide(&waiting.boss, &json!({ "decision": "accepted" }))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_what_an_administrator_refuses_nothing_is_learnt() {
    let waiting = Waiting::new().await;
    let bad = waiting.export("kto").await;
    let labels: Vec<Value> = lines(&bad)
        .iter()
        .map(|line| line["label"].clone())
        .collect();
    assert!(labels.contains(&json!(false)), "the mark counts: {bad}");
    waiting.decided(&json!("refused")).await;
    for format in ["dpo", "kto", "sft", "kto&unchecked=true"] {
        assert_eq!(waiting.export(format).await, "", "{format}");
    }
    let page = waiting.page("?show=refused", &waiting.boss).await;
    assert!(
        page.contains(QUESTION) && page.contains("Decide later"),
        "{page}"
    );
    waiting.decided(&Value::Null).await;
    assert_eq!(waiting.export("kto").await, bad);
    assert_eq!(
        waiting.listed(&waiting.boss, "?waiting=true").await.len(),
        1
    );
    for (body, status, code) in [
        (json!({}), StatusCode::BAD_REQUEST, "bad_field"),
        (
            json!({ "decision": "maybe" }),
            StatusCode::BAD_REQUEST,
            "bad_field",
        ),
        (
            json!({ "decision": "accepted", "given_at": "now" }),
            StatusCode::BAD_REQUEST,
            "bad_field",
        ),
        (
            json!({ "decision": "accepted", "given_at": "2020-01-01T00:00:00Z" }),
            StatusCode::CONFLICT,
            "changed_meanwhile",
        ),
    ] {
        let (found, told) = waiting.decide(&waiting.boss, &body).await;
        assert_eq!(found, status, "{body}: {told}");
        assert!(told.contains(code), "{told}");
    }
    for query in ["?show=later", "?kind=fine", "?cursor=x"] {
        let path = format!("/admin/feedback{query}");
        let reply = waiting.server.page(&path, &waiting.boss).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
    }
    // On the machine itself, beside the server.
    let data = waiting.server.test.folder.path().join("data");
    let (ended, told) = veracite(&data, &["feedback", "list", "--waiting"]);
    assert!(ended, "{told}");
    for shown in [&*waiting.id, "waiting", QUESTION, "correction, ", MADE_UP] {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    let decide = ["feedback", "decide", &*waiting.id, "accept"];
    let of_then = ["--given", "2020-01-01T00:00:00Z"];
    let (ended, told) = veracite(&data, &[&decide[..], &of_then].concat());
    assert!(!ended && told.contains("changed meanwhile"), "{told}");
    let (ended, told) = veracite(&data, &decide);
    assert!(ended, "{told}");
    let seen = &waiting.listed(&waiting.boss, "").await[0];
    assert_eq!(
        (&seen["decision"], &seen["decided_by"]),
        (&json!("accepted"), &json!("local"))
    );
    assert!(waiting.export("dpo").await.contains("90일"));
    let (_, told) = veracite(&data, &["feedback", "list", "--waiting"]);
    assert!(!told.contains(&waiting.id), "{told}");
    let (ended, told) = veracite(&data, &["feedback", "decide", "none", "refuse"]);
    assert!(!ended && told.contains("nobody said `none`"), "{told}");
    // What was decided, and nothing of what was said, stands in the audit log.
    let entries = entries(&data);
    let decisions: Vec<Value> = of(&entries, "feedback_decided")
        .iter()
        .map(|entry| entry["details"]["decision"].clone())
        .collect();
    assert_eq!(
        decisions,
        [json!("refused"), Value::Null, json!("accepted")]
    );
    let told = serde_json::to_string(&entries).unwrap();
    assert!(
        !told.contains("비밀 메모") && !told.contains("90일"),
        "{told}"
    );
}

#[tokio::test]
async fn only_administrators_who_may_read_the_documents_see_and_decide() {
    let waiting = Waiting::new().await;
    let accepted = json!({ "decision": "accepted" });
    for cookie in [&waiting.mina, &waiting.jun] {
        let reply = waiting.server.page("/admin/feedback", cookie).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert!(!reply.body.contains("90일"));
        let (status, _) = waiting.decide(cookie, &accepted).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let nobody = waiting.server.get("/admin/feedback", &[]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert!(
        waiting
            .listed(&waiting.mina, "?waiting=true")
            .await
            .is_empty()
    );
    assert_eq!(waiting.listed(&waiting.jun, "?waiting=true").await.len(), 1);
    // An administrator who may not read the document sees that there is something.
    let page = waiting.page("", &waiting.root).await;
    assert!(
        page.contains("1 waiting") && page.contains("its text is not shown"),
        "{page}"
    );
    for hidden in [
        QUESTION,
        "11일",
        "90일",
        "비밀 메모",
        "휴가 규정",
        &waiting.document.to_string(),
        "name=\"decision\"",
    ] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }
    let (status, _) = waiting.decide(&waiting.root, &accepted).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        waiting.listed(&waiting.boss, "?waiting=true").await.len(),
        1
    );
    // A right that is taken away counts at once.
    waiting.server.test.add("leave.md", LEAVE, &["board"]).await;
    let page = waiting.page("", &waiting.boss).await;
    assert!(!page.contains(QUESTION) && !page.contains("90일"), "{page}");
    let (status, _) = waiting.decide(&waiting.boss, &accepted).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn where_nobody_signs_in_the_page_gives_a_part_at_a_time_and_decides() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    for number in 0..21 {
        let answer = ask(&test, &format!("{QUESTION} ({number})")).await;
        judge(&test, json!({ "answer": answer, "kind": "right" })).await;
    }
    let page = async |query: &str| {
        let path = format!("/admin/feedback?lang=en&{query}");
        let (status, html) = send(&test, get(&path)).await;
        assert_eq!(status, StatusCode::OK, "{html}");
        html
    };
    let count = |html: &str| html.matches("<article").count();
    assert_eq!(count(&page("").await), 0, "what is right does not wait");
    let first = page("show=all&kind=right").await;
    assert_eq!(count(&first), 20);
    let next = between(&first, "class=\"button\" href=\"", "\"");
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    let (_, query) = next.split_once('?').unwrap();
    assert!(query.starts_with("show=all&kind=right&cursor="), "{query}");
    let second = page(query).await;
    assert_eq!(count(&second), 1);
    assert!(second.contains("First page") && !second.contains("Next page"));
    let id = |html: &str| between(html, "id=\"review-", "\"");
    let last = id(&second);
    assert!(!first.contains(&last), "no one stands on both");
    let given_at = between(&second, "name=\"given_at\" value=\"", "\"");
    let body = crate::people::encoded(&[("decision", "refused"), ("given_at", &given_at)]);
    let request = Request::post(format!("/admin/feedback/{last}"))
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    let (status, told) = send(&test, request).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{told}");
    let refused = page("show=refused").await;
    assert_eq!((count(&refused), id(&refused)), (1, last));
    let korean = send(&test, get("/admin/feedback?lang=ko&show=refused"))
        .await
        .1;
    assert!(
        korean.contains("의견 검토") && korean.contains("나중에 결정"),
        "{korean}"
    );
}

#[tokio::test]
async fn of_several_drafts_the_one_that_the_documents_support_is_shown() {
    let writes: Writes = |body| {
        let by_chance = body["temperature"].as_f64().unwrap() > 0.0;
        (if by_chance { RIGHT } else { WRONG }).to_owned()
    };
    let (test, asked, _) = app(writes, |config| {
        config.generator.best_of = 3.try_into().unwrap();
        config.generator.seed = Some(7);
    })
    .await;
    let answer = ask(&test, QUESTION).await;
    assert_eq!(answer["abstained"], false, "{answer}");
    assert!(
        answer["text"].as_str().unwrap().contains("11일"),
        "{answer}"
    );
    let seeds: Vec<Value> = {
        let asked = asked.lock().unwrap();
        asked.iter().map(|body| body["seed"].clone()).collect()
    };
    assert_eq!(seeds.len(), 3);
    for seed in [7, 8, 9] {
        assert!(seeds.contains(&json!(seed)), "{seeds:?}");
    }
    let (_, metrics) = send(&test, get("/metrics")).await;
    for line in [
        "veracite_drafts_total{fate=\"other\"} 1",
        "veracite_drafts_total{fate=\"discarded\"} 2",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let body = json!({ "question": QUESTION, "stream": true });
    let (_, events) = send(&test, post("/v1/answers", &body)).await;
    assert!(events.contains("event: sentence") && events.contains("event: final"));
    assert!(!events.contains("25일"), "{events}");
}

/// Runs the program with an engine at `url` that has the adapter `hr`.
fn program(data: &Path, url: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_veracite"))
        .env("VERACITE_DATA", data)
        .env("VERACITE_MODELS__EMBEDDER", "none")
        .env("VERACITE_GENERATOR__ENGINE", "openai")
        .env("VERACITE_GENERATOR__MAX_TOKENS", "100")
        .env("VERACITE_GENERATOR__OPENAI__URL", url)
        .env("VERACITE_GENERATOR__OPENAI__MODEL", "tiny")
        .env("VERACITE_GENERATOR__OPENAI__ADAPTERS", "[hr, worse]")
        .env("VERACITE_CHECK__REWRITE", "false")
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The adapter `hr` writes what the documents say, and the model alone does so half of the time.
fn by_adapter(body: &Value) -> String {
    let prompt = body["messages"].to_string();
    let draft = match body["model"].as_str().unwrap() {
        "hr" => RIGHT,
        "worse" => WRONG,
        _ if prompt.contains("(0)") => RIGHT,
        _ => WRONG,
    };
    draft.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_promotes_what_is_better_and_the_server_follows_without_a_restart() {
    let adapters = |config: &mut Config| {
        config.generator.openai.adapters = vec!["hr".to_owned(), "worse".to_owned()];
    };
    let (test, asked, url) = app(by_adapter, adapters).await;
    let data = test.folder.path().join("data");
    let questions = test.folder.path().join("questions.jsonl");
    let mut text = String::new();
    for number in 0..24 {
        let line = json!({ "text": format!("{QUESTION} ({})", number % 2), "answers": ["11일"] });
        writeln!(text, "{line}").unwrap();
    }
    std::fs::write(&questions, text).unwrap();
    let questions = questions.to_str().unwrap();
    // Who asks by name gets what they name.
    let with = async |adapter: &str| {
        let body = json!({ "question": QUESTION, "adapter": adapter });
        post_json(&test, "/v1/answers", &body).await
    };
    let (status, answer) = with("hr").await;
    assert_eq!(
        (status, &answer["proof"]["generator"]["adapter"]),
        (StatusCode::OK, &json!("hr"))
    );
    assert_eq!(with("theirs").await.0, StatusCode::BAD_REQUEST);
    let (status, answer) = with("none").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["proof"]["generator"]["adapter"], Value::Null);
    let models: Vec<Value> = {
        let asked = asked.lock().unwrap();
        asked.iter().map(|body| body["model"].clone()).collect()
    };
    assert_eq!(models, [json!("hr"), json!("tiny")]);
    // The folder is taken by this test: the program asks a server.
    let router = veracite::web::router(Arc::clone(&test.app), &test.app.config().server);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let compare = |a: &str, b: &str| {
        program(
            &data,
            &url,
            &[
                "adapters",
                "compare",
                a,
                b,
                "--questions",
                questions,
                "--promote",
                "--slower",
                "9",
                "--server",
                &server,
            ],
        )
    };
    let (code, told, errors) = compare("none", "worse");
    assert_eq!(code, Some(1), "{told}{errors}");
    assert!(told.contains("support does not rise"), "{told}");
    let default = ask(&test, QUESTION).await;
    assert_eq!(default["proof"]["generator"]["adapter"], Value::Null);
    let (code, told, errors) = compare("none", "hr");
    assert_eq!(code, Some(0), "{told}{errors}");
    assert!(told.contains("`hr` writes from now on"), "{told}");
    let default = ask(&test, QUESTION).await;
    assert_eq!(
        default["proof"]["generator"]["adapter"], "hr",
        "the running server follows"
    );
    assert_eq!(asked.lock().unwrap().last().unwrap()["model"], "hr");
    let (code, told, _) = program(&data, &url, &["adapters", "list"]);
    assert!(
        code == Some(0) && told.contains("* hr") && told.contains("  none"),
        "{told}"
    );
    let (code, _, errors) = program(&data, &url, &["adapters", "compare", "none", "theirs"]);
    assert!(
        code == Some(1) && errors.contains("there is no adapter `theirs`"),
        "{errors}"
    );
    let (code, ..) = program(&data, &url, &["adapters", "reset"]);
    assert_eq!(code, Some(0));
    let default = ask(&test, QUESTION).await;
    assert_eq!(default["proof"]["generator"]["adapter"], Value::Null);
    let entries = entries(&data);
    let promoted = of(&entries, "adapter_promoted");
    assert_eq!(promoted.len(), 2);
    assert_eq!(
        (&promoted[0]["subject"], &promoted[1]["subject"]),
        (&json!("hr"), &json!("configured"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_that_the_checker_judges_make_pairs() {
    let writes: Writes = |body| {
        let by_chance = body["temperature"].as_f64().unwrap() > 0.0;
        (if by_chance { RIGHT } else { WRONG }).to_owned()
    };
    let (test, _, url) = app(writes, |_| {}).await;
    test.add(
        "secret.md",
        "# 비밀\n\n임원의 상여금은 9억 원이다.\n",
        &["board"],
    )
    .await;
    let TestApp { app, folder } = test;
    app.close().await;
    drop(app);
    let data = folder.path().join("data");
    let questions = folder.path().join("questions.jsonl");
    let text = format!(
        "{}\n{}\n",
        json!({ "text": QUESTION }),
        json!({ "text": "zzzz qqqq" })
    );
    std::fs::write(&questions, text).unwrap();
    let draft = |format: &str| {
        let questions = questions.to_str().unwrap();
        let (code, told, errors) = program(
            &data,
            &url,
            &[
                "feedback",
                "draft",
                "--questions",
                questions,
                "--drafts",
                "3",
                "--format",
                format,
            ],
        );
        assert_eq!(code, Some(0), "{errors}");
        assert!(!told.contains("상여금"), "others' documents are not used");
        lines(&told)
    };
    let pairs = draft("dpo");
    assert_eq!(
        pairs.len(),
        1,
        "of a question without passages nothing is learnt: {pairs:?}"
    );
    assert_eq!(
        pairs[0]["chosen"],
        json!([{"role": "assistant", "content": RIGHT}])
    );
    assert_eq!(
        pairs[0]["rejected"],
        json!([{"role": "assistant", "content": WRONG}])
    );
    assert_eq!(pairs[0]["prompt"].as_array().unwrap().len(), 2);
    let single = draft("kto");
    let labels: Vec<&Value> = single.iter().map(|line| &line["label"]).collect();
    assert_eq!(labels, [&json!(true), &json!(false)]);
    assert_eq!(draft("sft")[0]["messages"][2]["content"], RIGHT);
}
