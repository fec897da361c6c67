//! Webhooks: who may make them, what is told, and that it arrives whatever crashes.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use ingest::parse::InProcess;
use secrecy::SecretString;
use serde_json::{Value, json};
use veracite::app::App;
use veracite::ask::Reader;
use veracite::config::Config;
use veracite::web::ApiKey;
use veracite::webhooks::Secret;

use crate::audit::{entries, of};
use crate::harness::{LEAVE, TestApp, config};
use crate::http::{get, post, send};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What came to a receiver.
#[derive(Clone, Debug)]
struct Came {
    headers: HeaderMap,
    body: String,
}

impl Came {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn event(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    fn is_signed_with(&self, secret: &str) -> bool {
        let secret = Secret::read(&SecretString::from(secret.to_owned())).unwrap();
        let at = self.header("webhook-timestamp").parse().unwrap();
        self.header("webhook-signature") == secret.sign(self.header("webhook-id"), at, &self.body)
    }
}

/// A program that is told, and answers with a status that can be changed.
#[derive(Clone, Debug)]
struct Receiver {
    came: Arc<Mutex<Vec<Came>>>,
    status: Arc<Mutex<StatusCode>>,
    url: String,
}

impl Receiver {
    async fn new(status: StatusCode) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            came: Arc::default(),
            status: Arc::new(Mutex::new(status)),
            url: format!("http://{}/hook?token=hush", listener.local_addr().unwrap()),
        };
        let own = receiver.clone();
        let take = move |headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            own.came.lock().unwrap().push(Came { headers, body });
            std::future::ready(*own.status.lock().unwrap())
        };
        let router = Router::new().fallback(take);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// Waits until so many came.
    async fn wait(&self, count: usize) -> Vec<Came> {
        let until = Instant::now() + Duration::from_secs(60);
        while self.came().len() < count {
            assert!(Instant::now() < until, "{:?}", self.came());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.came()
    }
}

async fn open(change: impl FnOnce(&mut Config)) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    change(&mut config);
    let app: Arc<App> = App::open_with(config, Arc::new(InProcess)).await.unwrap();
    TestApp { app, folder }
}

fn allow(config: &mut Config) {
    config.network.allow = vec!["127.0.0.0/8".parse().unwrap()];
}

fn with_method(method: &str, path: &str, body: &Value) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "127.0.0.1:8420")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

async fn made(test: &TestApp, body: Value) -> (String, String) {
    let (status, told) = send(test, post("/v1/webhooks", &body)).await;
    assert_eq!(status, StatusCode::CREATED, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&told["webhook"]["id"]), text(&told["secret"]))
}

#[tokio::test]
async fn what_becomes_of_a_document_is_told_in_order_signed_and_without_its_text() {
    let test = open(allow).await;
    let receiver = Receiver::new(StatusCode::OK).await;
    let (id, secret) = made(&test, json!({ "url": receiver.url })).await;
    test.app.tell_webhooks().await.unwrap();
    let (document, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let deleted = test.app.library().delete(document, &Reader::anyone()).await;
    assert!(deleted.unwrap());
    let came = receiver.wait(3).await;
    let events: Vec<String> = came.iter().map(Came::event).collect();
    assert_eq!(
        events,
        ["document.received", "document.ready", "document.deleted"]
    );
    let mut last = 0;
    for one in &came {
        assert!(one.is_signed_with(&secret), "{one:?}");
        assert!(!one.is_signed_with(SECRET));
        let told = one.json();
        assert_eq!(told["data"]["document"], document.to_string());
        let sequence = told["data"]["sequence"].as_i64().unwrap();
        assert!(sequence > last, "{came:?}");
        last = sequence;
        assert!(told["data"]["version"].is_string() && told["data"]["state"].is_string());
        for word in ["휴가", "leave.md", "병가"] {
            assert!(!one.body.contains(word), "{}", one.body);
        }
    }
    let (_, listed) = send(&test, get(&format!("/v1/webhooks/{id}/deliveries"))).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["deliveries"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn only_what_is_wanted_is_told_and_a_title_where_it_is() {
    let test = open(allow).await;
    let receiver = Receiver::new(StatusCode::OK).await;
    let wanted = json!({
        "url": receiver.url, "events": ["document.ready"], "collections": ["인사"], "include_title": true
    });
    let (id, _) = made(&test, wanted).await;
    test.app.tell_webhooks().await.unwrap();
    test.add(
        "other.md",
        "# Other\n\nThe canteen closes at 14:30.",
        &["everyone"],
    )
    .await;
    let (document, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let change = json!({ "collection": "인사" });
    let path = format!("/v1/documents/{document}");
    let (status, told) = send(&test, with_method("PATCH", &path, &change)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    test.app.library().idle().await;
    let came = receiver.wait(1).await;
    assert_eq!(came[0].json()["data"]["title"], "휴가 규정");
    assert_eq!(came[0].json()["data"]["document"], document.to_string());
    // A test arrives whatever is wanted otherwise.
    let test_path = format!("/v1/webhooks/{id}/test");
    let (status, told) = send(&test, post(&test_path, &json!({}))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{told}");
    let sent: Value = serde_json::from_str(&told).unwrap();
    let came = receiver.wait(2).await;
    assert_eq!((came.len(), came[1].event().as_str()), (2, "webhook.test"));
    assert_eq!(came[1].header("webhook-id"), sent["id"].as_str().unwrap());
}

#[tokio::test]
async fn machines_of_the_own_network_are_refused_unless_they_are_allowed() {
    let test = open(|_| ()).await;
    for url in [
        "http://127.0.0.1:9/",
        "http://2130706433/",
        "http://[::ffff:169.254.169.254]/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "https://a:b@hooks.example/",
        "",
    ] {
        let (status, told) = send(&test, post("/v1/webhooks", &json!({ "url": url }))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{url}: {told}");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["error"]["field"], "url");
    }
    // A name is judged when it is looked up.
    let receiver = Receiver::new(StatusCode::OK).await;
    let named = receiver.url.replace("127.0.0.1", "localhost");
    let (id, _) = made(&test, json!({ "url": named })).await;
    let (status, _) = send(&test, post(&format!("/v1/webhooks/{id}/test"), &json!({}))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    test.app.tell_webhooks().await.unwrap();
    let path = format!("/v1/webhooks/{id}/deliveries");
    let until = Instant::now() + Duration::from_secs(60);
    let delivery = loop {
        let (_, told) = send(&test, get(&path)).await;
        let told: Value = serde_json::from_str(&told).unwrap();
        let delivery = told["deliveries"][0].clone();
        if delivery["attempts"] != 0 {
            break delivery;
        }
        assert!(Instant::now() < until, "{delivery}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(delivery["state"], "pending");
    let error = delivery["error"].as_str().unwrap();
    assert!(
        error.contains("network.allow") && !error.contains("hush"),
        "{error}"
    );
    assert!(receiver.came().is_empty());
}

#[tokio::test]
async fn only_administrators_see_to_webhooks() {
    const KEY: &str = "editor-key-editor-key-editor-key";
    let test = open(|config| {
        allow(config);
        config.server.keys = vec![ApiKey {
            name: "editor".to_owned(),
            key: SecretString::from(KEY),
            groups: [].into(),
            upload: true,
        }];
    })
    .await;
    let url = json!({ "url": "https://hooks.example/" });
    for mut request in [
        get("/v1/webhooks"),
        post("/v1/webhooks", &url),
        with_method("PATCH", "/v1/webhooks/x", &json!({ "disabled": true })),
        with_method("DELETE", "/v1/webhooks/x", &Value::Null),
        post("/v1/webhooks/x/test", &json!({})),
        get("/v1/webhooks/x/deliveries"),
        post("/v1/webhooks/x/deliveries/y/retry", &json!({})),
    ] {
        let key = format!("Bearer {KEY}").parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, key);
        let (status, told) = send(&test, request).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{told}");
    }
}

#[tokio::test]
async fn webhooks_are_changed_and_taken_away_and_that_is_audited_without_secrets() {
    let test = open(allow).await;
    let receiver = Receiver::new(StatusCode::OK).await;
    let (id, secret) = made(&test, json!({ "url": receiver.url })).await;
    let path = format!("/v1/webhooks/{id}");
    let change = json!({ "disabled": true, "events": ["document.failed"] });
    let (status, told) = send(&test, with_method("PATCH", &path, &change)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let (_, listed) = send(&test, get("/v1/webhooks")).await;
    assert!(!listed.contains(&secret), "{listed}");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["webhooks"][0]["disabled"], true);
    assert_eq!(listed["webhooks"][0]["events"], json!(["document.failed"]));
    let (status, _) = send(&test, with_method("DELETE", &path, &Value::Null)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = send(&test, with_method("DELETE", &path, &Value::Null)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    test.app.close().await;
    let entries = entries(&test.folder.path().join("data"));
    for action in ["webhook_made", "webhook_changed", "webhook_removed"] {
        assert_eq!(of(&entries, action).len(), 1, "{action}: {entries:?}");
    }
    let text = format!("{entries:?}");
    assert!(!text.contains("hush") && !text.contains(&secret), "{text}");
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veracite"));
    command
        .env("VERACITE_DATA", folder.join("data"))
        .env("VERACITE_MODELS__EMBEDDER", "none")
        .env("VERACITE_CONFIG", folder.join("veracite.toml"));
    command
}

fn serve(folder: &Path) -> Child {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    command(folder)
        .args(["serve", "--bind", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_did_not_tell_is_told_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::new(StatusCode::SERVICE_UNAVAILABLE).await;
    std::fs::write(folder.path().join("secret"), SECRET).unwrap();
    // A number in the configuration is allowed by that.
    let toml = format!(
        "[[webhooks]]\nurl = \"{}\"\nevents = [\"document.ready\"]\nsecret = {{ file = \"{}\" }}\n",
        receiver.url,
        folder.path().join("secret").display()
    );
    std::fs::write(folder.path().join("veracite.toml"), toml).unwrap();
    std::fs::write(folder.path().join("leave.md"), LEAVE).unwrap();
    let ingested = command(folder.path())
        .arg("ingest")
        .arg(folder.path().join("leave.md"))
        .output()
        .unwrap();
    assert!(ingested.status.success(), "{ingested:?}");
    let mut server = serve(folder.path());
    let first = receiver.wait(1).await.remove(0);
    assert_eq!(first.event(), "document.ready");
    // SIGKILL: nothing is tidied up.
    server.kill().unwrap();
    server.wait().unwrap();
    *receiver.status.lock().unwrap() = StatusCode::NO_CONTENT;
    let seen = receiver.came().len();
    let mut server = serve(folder.path());
    let came = receiver.wait(seen + 1).await;
    let last = came.last().unwrap();
    assert_eq!(last.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(last.body, first.body);
    assert!(last.is_signed_with(SECRET));
    // What it says beside the server that runs.
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let listed = command(folder.path())
            .args(["webhooks", "list"])
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(!listed.contains(SECRET), "{listed}");
        let id = listed.split_whitespace().next().unwrap().to_owned();
        let told = command(folder.path())
            .args(["webhooks", "deliveries", &id])
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        if told.contains("delivered") {
            break;
        }
        assert!(Instant::now() < until, "{told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill().unwrap();
    server.wait().unwrap();
}
