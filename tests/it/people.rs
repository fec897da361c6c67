//! Persons, sessions, keys and rights, through the router.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use ingest::parse::InProcess;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use veracite::app::{App, LOCAL};
use veracite::config::Config;
use veracite::people::{NewPerson, Person, PersonChange, Role};
use veracite::proof::Clock;
use veracite::web;

use crate::harness::{LEAVE, TestApp, config, groups};

pub(crate) const PASSWORD: &str = "a phrase that nobody has";
const HOST: &str = "127.0.0.1:8420";
const QUESTION: &str = "입사 1년 미만 직원의 연차는 며칠인가요?";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// A clock that goes when it is told to.
#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// A server that keeps what it has in mind from one request to the next.
pub(crate) struct Server {
    pub(crate) test: TestApp,
    pub(crate) router: Router,
    clock: Arc<TestClock>,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The session's cookie that is set, as a browser sends it back.
    pub(crate) fn cookie(&self) -> Option<String> {
        let set = self.headers.get_all(header::SET_COOKIE).iter();
        set.map(|set| set.to_str().unwrap())
            .find(|set| set.contains("veracite_session="))
            .map(|set| set.split(';').next().unwrap().to_owned())
    }

    /// What forms of the page carry.
    pub(crate) fn form_token(&self) -> String {
        between(&self.body, "name=\"form_token\" value=\"", "\"")
    }
}

pub(crate) fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text}"));
    rest.split_once(after).unwrap().0.to_owned()
}

async fn open(config: Config, clock: &Arc<TestClock>) -> (Arc<App>, Router) {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let app = App::open_at(config, Arc::new(InProcess), clock)
        .await
        .unwrap();
    let router = web::router(Arc::clone(&app), &app.config().server);
    (app, router)
}

impl Server {
    pub(crate) async fn new(configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_772_323_200)));
        let mut config = config(folder.path());
        configure(&mut config);
        let (app, router) = open(config, &clock).await;
        Self {
            test: TestApp { app, folder },
            router,
            clock,
        }
    }

    /// One with an administrator `root`, an editor `jun` in `hr` and a reader `mina` in nothing.
    pub(crate) async fn with_people() -> Self {
        let server = Self::new(|_| {}).await;
        server.add("root", Role::Admin, &[]).await;
        server.add("jun", Role::Editor, &["hr"]).await;
        server.add("mina", Role::Reader, &[]).await;
        server
    }

    pub(crate) async fn add(&self, name: &str, role: Role, in_groups: &[&str]) -> Person {
        let new = NewPerson {
            name: name.parse().unwrap(),
            display_name: String::new(),
            role,
            groups: groups(in_groups).into_iter().collect(),
        };
        let people = self.test.app.people();
        people
            .add(LOCAL, new, &SecretString::from(PASSWORD))
            .await
            .unwrap()
    }

    pub(crate) async fn named(&self, name: &str) -> Person {
        let name = name.parse().unwrap();
        self.test.app.people().named(&name).await.unwrap()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 10_000_000).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(request("GET", path, headers, Body::empty()))
            .await
    }

    pub(crate) async fn page(&self, path: &str, cookie: &str) -> Reply {
        let headers = [
            ("cookie", cookie),
            ("accept", "text/html"),
            ("accept-language", "en"),
        ];
        self.get(path, &headers).await
    }

    pub(crate) async fn json(
        &self,
        method: &str,
        path: &str,
        shown: (&str, &str),
        body: &Value,
    ) -> Reply {
        let headers = [shown, ("content-type", "application/json")];
        let body = Body::from(body.to_string());
        self.send(request(method, path, &headers, body)).await
    }

    pub(crate) async fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [
            ("cookie", cookie),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "text/html"),
            ("accept-language", "en"),
        ];
        let body = Body::from(encoded(fields));
        self.send(request("POST", path, &headers, body)).await
    }

    pub(crate) async fn try_in(&self, name: &str, password: &str) -> Reply {
        let body = json!({ "name": name, "password": password });
        self.json("POST", "/v1/session", ("x-none", "1"), &body)
            .await
    }

    /// Signs a person in and gives the cookie.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let reply = self.try_in(name, PASSWORD).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.cookie().unwrap()
    }

    /// How a cookie is received now.
    pub(crate) async fn status(&self, cookie: &str) -> StatusCode {
        self.get("/v1/session", &[("cookie", cookie)]).await.status
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, HOST);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() {
                text.push(char::from(byte));
            } else {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[tokio::test]
async fn a_person_signs_in_by_the_page_and_out_again() {
    let server = Server::with_people().await;
    let reply = server.page("/documents", "").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(reply.location(), "/sign-in?next=%2Fdocuments");
    let reply = server.page("/sign-in?next=%2Fdocuments", "").await;
    assert!(reply.body.contains("name=\"password\"") && !reply.body.contains("name=\"key\""));
    let wrong = [("name", "mina"), ("password", "another phrase altogether")];
    let reply = server.form("/sign-in", "", &wrong).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(reply.body.contains("password is wrong") && reply.cookie().is_none());
    let right = [
        ("name", " MINA"),
        ("password", PASSWORD),
        ("next", "/documents"),
    ];
    let reply = server.form("/sign-in", "", &right).await;
    assert_eq!(
        (reply.status, reply.location()),
        (StatusCode::SEE_OTHER, "/documents")
    );
    let set = reply.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    assert!(!set.contains("Secure"), "there is no HTTPS here: {set}");
    let cookie = reply.cookie().unwrap();
    let reply = server.page("/documents", &cookie).await;
    assert_eq!(reply.status, StatusCode::OK);
    let who = server
        .get("/v1/session", &[("cookie", &cookie)])
        .await
        .json();
    assert_eq!(
        (&who["kind"], &who["name"]),
        (&json!("person"), &json!("mina"))
    );
    assert_eq!(
        (&who["role"], &who["groups"]),
        (&json!("reader"), &json!(["everyone"]))
    );
    let token = reply.form_token();
    let reply = server
        .form("/sign-out", &cookie, &[("form_token", &token)])
        .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(reply.cookie().unwrap().ends_with('='), "the cookie goes");
    assert_eq!(server.status(&cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_unknown_name_is_told_as_a_wrong_password_is() {
    let server = Server::with_people().await;
    let person = server.named("jun").await;
    let off = PersonChange {
        disabled: Some(true),
        ..PersonChange::default()
    };
    server
        .test
        .app
        .people()
        .change(LOCAL, &person.id, off)
        .await
        .unwrap();
    let wrong = server.try_in("mina", "another phrase altogether").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    for (name, password) in [
        ("nobody", PASSWORD),
        ("not a name", PASSWORD),
        ("jun", PASSWORD),
        ("mina", ""),
    ] {
        let reply = server.try_in(name, password).await;
        assert_eq!(
            (reply.status, &reply.body),
            (wrong.status, &wrong.body),
            "{name}"
        );
        assert!(reply.cookie().is_none());
    }
}

#[tokio::test]
async fn attempts_for_one_name_must_wait_longer_and_longer() {
    let server = Server::with_people().await;
    for name in ["mina", "nobody"] {
        for _ in 0..5 {
            let reply = server.try_in(name, "wrong").await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        }
        let reply = server.try_in(name, PASSWORD).await;
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(reply.code(), "too_many_attempts");
        assert_eq!(reply.headers[header::RETRY_AFTER], "1");
        server.pass(1);
        assert_eq!(
            server.try_in(name, "wrong").await.status,
            StatusCode::UNAUTHORIZED
        );
        let reply = server.try_in(name, PASSWORD).await;
        assert_eq!(reply.headers[header::RETRY_AFTER], "2");
    }
    server.sign_in("jun").await;
    server.pass(2);
    server.sign_in("mina").await;
    // Who came in starts anew.
    assert_eq!(
        server.try_in("mina", "wrong").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn attempts_from_one_address_are_limited_whatever_the_name() {
    let server = Server::with_people().await;
    let from = async |peer: &str, name: &str| {
        let body = json!({ "name": name, "password": "wrong" }).to_string();
        let headers = [("content-type", "application/json")];
        let mut request = request("POST", "/v1/session", &headers, Body::from(body));
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        server.send(request).await.status
    };
    for attempt in 0..30 {
        let status = from("192.0.2.7:5000", &format!("name{attempt}")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let status = from("192.0.2.7:5001", "mina").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let status = from("192.0.2.8:5000", "mina").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_is_another_after_signing_in_and_every_hour() {
    let server = Server::with_people().await;
    let first = server.sign_in("mina").await;
    let body = json!({ "name": "mina", "password": PASSWORD });
    let reply = server
        .json("POST", "/v1/session", ("cookie", &first), &body)
        .await;
    let second = reply.cookie().unwrap();
    assert_ne!(first, second);
    assert_eq!(server.status(&first).await, StatusCode::UNAUTHORIZED);

    server.pass(59 * MINUTE);
    let reply = server.get("/v1/session", &[("cookie", &second)]).await;
    assert_eq!((reply.status, reply.cookie()), (StatusCode::OK, None));
    server.pass(2 * MINUTE);
    let reply = server.page("/", &second).await;
    let form_token = reply.form_token();
    let third = reply.cookie().expect("an hour has passed");
    assert_ne!(second, third);
    // What was on its way still arrives, and gets no third token.
    server.pass(30);
    let reply = server.get("/v1/session", &[("cookie", &second)]).await;
    assert_eq!((reply.status, reply.cookie()), (StatusCode::OK, None));
    server.pass(MINUTE);
    assert_eq!(server.status(&second).await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.status(&third).await, StatusCode::OK);
    // A page that was opened before still sends its forms.
    let reply = server
        .form("/sign-out", &third, &[("form_token", &form_token)])
        .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(server.status(&third).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_unused_and_after_a_working_day() {
    let server = Server::with_people().await;
    let idle = server.sign_in("mina").await;
    server.pass(2 * HOUR - 1);
    assert_eq!(server.status(&idle).await, StatusCode::OK);
    let idle = server.sign_in("mina").await;
    server.pass(2 * HOUR);
    assert_eq!(server.status(&idle).await, StatusCode::UNAUTHORIZED);

    let mut cookie = server.sign_in("mina").await;
    for _ in 0..11 {
        server.pass(HOUR);
        let reply = server.get("/v1/session", &[("cookie", &cookie)]).await;
        assert_eq!(reply.status, StatusCode::OK);
        cookie = reply.cookie().unwrap_or(cookie);
    }
    server.pass(HOUR);
    assert_eq!(server.status(&cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn limits_of_sessions_are_those_of_the_configuration_and_restarts_end_none() {
    let server = Server::new(|config| {
        config.server.session_idle = std::time::Duration::from_secs(600);
    })
    .await;
    server.add("mina", Role::Reader, &[]).await;
    let cookie = server.sign_in("mina").await;
    let config = server.test.app.config().clone();
    let Server {
        test,
        router,
        clock,
    } = server;
    // It holds the folder as well.
    drop(router);
    test.app.close().await;
    let TestApp { app, folder } = test;
    drop(app);
    let (app, router) = open(config, &clock).await;
    let server = Server {
        test: TestApp { app, folder },
        router,
        clock,
    };
    assert_eq!(server.status(&cookie).await, StatusCode::OK);
    server.pass(600);
    assert_eq!(server.status(&cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_is_taken_away_is_gone_with_the_next_request() {
    let server = Server::with_people().await;
    let (root, jun) = (server.sign_in("root").await, server.named("jun").await);
    let path = format!("/v1/people/{}", jun.id);
    let change = async |body: Value| {
        let reply = server.json("PATCH", &path, ("cookie", &root), &body).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    };
    for body in [
        json!({ "role": "reader" }),
        json!({ "role": "editor", "groups": ["legal"] }),
        json!({ "disabled": true }),
    ] {
        let cookie = server.sign_in("jun").await;
        assert_eq!(server.status(&cookie).await, StatusCode::OK);
        change(body.clone()).await;
        assert_eq!(
            server.status(&cookie).await,
            StatusCode::UNAUTHORIZED,
            "{body}"
        );
    }
    assert_eq!(
        server.try_in("jun", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    change(json!({ "disabled": false })).await;
    let cookie = server.sign_in("jun").await;
    // The same again is no change, and another name ends nothing.
    change(json!({ "role": "editor", "display_name": "Jun Park" })).await;
    assert_eq!(server.status(&cookie).await, StatusCode::OK);
    let reply = server
        .json("DELETE", &path, ("cookie", &root), &Value::Null)
        .await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(server.status(&cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_does_what_its_scope_and_its_owner_may_until_it_ends() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
    let jun = server.sign_in("jun").await;
    let make = async |scope: &str, days: Option<u32>| {
        let body = json!({ "name": "cron", "scope": scope, "expires_in_days": days });
        server
            .json("POST", "/v1/keys", ("cookie", &jun), &body)
            .await
    };
    let reply = make("admin", None).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::FORBIDDEN, "scope_above_role")
    );
    assert_eq!(make("read", Some(0)).await.code(), "bad_expiry");
    let write = make("write", None).await;
    assert_eq!(write.status, StatusCode::CREATED, "{}", write.body);
    let read = make("read", Some(30)).await;
    let bearer = |reply: &Reply| format!("Bearer {}", reply.json()["secret"].as_str().unwrap());
    let (write_key, read_key) = (bearer(&write), bearer(&read));
    // Shown once.
    let list = server.get("/v1/keys", &[("cookie", &jun)]).await;
    assert_eq!(list.json()["keys"].as_array().unwrap().len(), 2);
    assert!(!list.body.contains("secret") && !list.body.contains(&write_key[7..]));

    let document = format!("/v1/documents/{id}");
    let change = async |key: &str| {
        let shown = ("authorization", key);
        let body = json!({ "collection": "x" });
        server.json("PATCH", &document, shown, &body).await.status
    };
    let who = server
        .get("/v1/session", &[("authorization", &read_key)])
        .await
        .json();
    assert_eq!(
        (&who["role"], &who["api_key"]),
        (&json!("reader"), &json!("cron"))
    );
    assert_eq!(who["groups"], json!(["everyone", "hr"]));
    assert_eq!(change(&read_key).await, StatusCode::FORBIDDEN);
    assert_eq!(change(&write_key).await, StatusCode::OK);
    // A key makes no keys and changes no password.
    for (method, path, body) in [
        ("POST", "/v1/keys", json!({ "name": "x", "scope": "read" })),
        ("GET", "/v1/keys", Value::Null),
        (
            "PUT",
            "/v1/session/password",
            json!({ "present": PASSWORD, "new": "another phrase altogether" }),
        ),
    ] {
        let shown = ("authorization", write_key.as_str());
        let reply = server.json(method, path, shown, &body).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    // What its owner may not, it may not.
    let person = server.named("jun").await;
    let less = PersonChange {
        role: Some(Role::Reader),
        ..PersonChange::default()
    };
    server
        .test
        .app
        .people()
        .change(LOCAL, &person.id, less)
        .await
        .unwrap();
    assert_eq!(change(&write_key).await, StatusCode::FORBIDDEN);
    server.pass(30 * 24 * HOUR);
    assert_eq!(change(&read_key).await, StatusCode::UNAUTHORIZED);
    let jun = server.sign_in("jun").await;
    let key = write.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/keys/{key}");
    let mina = server.sign_in("mina").await;
    let reply = server
        .json("DELETE", &path, ("cookie", &mina), &Value::Null)
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND, "it is another's");
    let reply = server
        .json("DELETE", &path, ("cookie", &jun), &Value::Null)
        .await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let shown = [("authorization", write_key.as_str())];
    assert_eq!(
        server.get("/v1/session", &shown).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_form_without_the_word_of_its_session_does_nothing() {
    let server = Server::with_people().await;
    let (root, mina) = (server.sign_in("root").await, server.sign_in("mina").await);
    let own = server.page("/account", &root).await.form_token();
    let anothers = server.page("/account", &mina).await.form_token();
    assert_ne!(own, anothers);
    let person = server.named("mina").await;
    let person = format!("/people/{}", person.id);
    let key = [("name", "x"), ("scope", "read"), ("days", "30")];
    let invite = [("name", "sora"), ("role", "admin")];
    let change = [("display_name", "x"), ("role", "admin")];
    let sure = [("sure", "1")];
    let delete = format!("{person}/delete");
    for (path, fields) in [
        ("/account/keys", &key[..]),
        ("/people", &invite[..]),
        (person.as_str(), &change[..]),
        (delete.as_str(), &sure[..]),
        ("/account/sign-out-everywhere", &[][..]),
        ("/sign-out", &[][..]),
    ] {
        for token in [None, Some(""), Some(&*anothers)] {
            let mut fields = fields.to_vec();
            fields.extend(token.map(|token| ("form_token", token)));
            let reply = server.form(path, &root, &fields).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path} {token:?}");
        }
    }
    assert_eq!(server.test.app.people().list().await.unwrap().len(), 3);
    assert_eq!(server.named("mina").await.role, Role::Reader);
    assert_eq!(server.status(&root).await, StatusCode::OK);
    // With it, it does.
    let fields = [("form_token", &*own), ("name", "cron"), ("scope", "admin")];
    let reply = server.form("/account/keys", &root, &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let secret = format!("vck_{}", between(&reply.body, "<code>vck_", "</code>"));
    let again = server.page("/account", &root).await;
    assert!(
        again.body.contains("cron") && !again.body.contains(&secret),
        "shown once"
    );
    let bearer = format!("Bearer {secret}");
    let reply = server
        .get("/v1/people", &[("authorization", &bearer)])
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    // A page of another site is refused before anything else, its token known or not.
    let headers = [
        ("cookie", &*root),
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "http://evil.example"),
    ];
    let body = Body::from(encoded(&fields));
    let reply = server
        .send(request("POST", "/account/keys", &headers, body))
        .await;
    assert_eq!(reply.code(), "other_site");
}

#[tokio::test]
async fn the_set_up_link_makes_the_first_administrator_once() {
    let server = Server::new(|config| config.server.accounts = true).await;
    let reply = server.page("/", "").await;
    assert_eq!(
        reply.status,
        StatusCode::SEE_OTHER,
        "nobody is let in before"
    );
    let reply = server.page("/sign-in", "").await;
    assert!(reply.body.contains("There are no people yet"));
    let people = server.test.app.people();
    let earlier = people.set_up_link().await.unwrap().unwrap();
    let link = people.set_up_link().await.unwrap().unwrap();
    let token = link.token.expose();
    let path = |token: &str| format!("/set-up?token={token}");
    let gone = server.page(&path(earlier.token.expose()), "").await;
    assert_eq!(gone.status, StatusCode::GONE, "a later start replaces it");
    for _ in 0..2 {
        let reply = server.page(&path(token), "").await;
        assert_eq!(reply.status, StatusCode::OK, "looking does not use it");
    }
    let fields = |password: &'static str, again: &'static str| {
        [
            ("token", token.to_owned()),
            ("name", "root".to_owned()),
            ("display_name", "관리자".to_owned()),
            ("password", password.to_owned()),
            ("again", again.to_owned()),
        ]
    };
    let send = async |fields: [(&'static str, String); 5]| {
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        server.form("/set-up", "", &fields).await
    };
    for (password, again) in [
        ("short", "short"),
        ("1234567890", "1234567890"),
        (PASSWORD, "?"),
    ] {
        let reply = send(fields(password, again)).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(reply.body.contains("role=\"alert\""));
    }
    let reply = send(fields(PASSWORD, PASSWORD)).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let cookie = reply.cookie().expect("who set it up is in");
    let who = server
        .get("/v1/session", &[("cookie", &cookie)])
        .await
        .json();
    assert_eq!(
        (&who["role"], &who["name"]),
        (&json!("admin"), &json!("관리자"))
    );
    let reply = send(fields(PASSWORD, PASSWORD)).await;
    assert_eq!(reply.status, StatusCode::GONE);
    assert!(people.set_up_link().await.unwrap().is_none());
    assert_eq!(people.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_invitation_lets_its_person_choose_a_password_once() {
    let server = Server::with_people().await;
    let root = server.sign_in("root").await;
    let body = json!({ "name": "Sora", "role": "editor", "groups": ["hr"] });
    let reply = server
        .json("POST", "/v1/people", ("cookie", &root), &body)
        .await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
    let made = reply.json();
    assert_eq!(made["person"]["invited"], true);
    let link = made["invitation"]["link"].as_str().unwrap();
    let path = link.strip_prefix(&format!("http://{HOST}")).unwrap();
    let token = path.split_once("token=").unwrap().1;
    assert_eq!(
        server.try_in("sora", "").await.status,
        StatusCode::UNAUTHORIZED
    );
    let reply = server.page(path, "").await;
    assert!(reply.body.contains("sora"), "{}", reply.body);
    let fields = [
        ("token", token),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let reply = server
        .form("/set-up", "", &[&fields[..], &[("name", "x")]].concat())
        .await;
    assert_eq!(reply.status, StatusCode::GONE, "it makes no administrator");
    let reply = server.form("/invitation", "", &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let sora = reply.cookie().unwrap();
    assert_eq!(server.status(&sora).await, StatusCode::OK);
    assert_eq!(
        server.form("/invitation", "", &fields).await.status,
        StatusCode::GONE
    );
    let taken = server
        .json("POST", "/v1/people", ("cookie", &root), &body)
        .await;
    assert_eq!(taken.code(), "name_taken");

    // A forgotten password: sessions end when another is chosen, and the link runs out.
    let id = made["person"]["id"].as_str().unwrap();
    let again = format!("/v1/people/{id}/invitation");
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let reply = server
            .json("POST", &again, ("cookie", &root), &Value::Null)
            .await;
        let link = reply.json()["link"].as_str().unwrap().to_owned();
        tokens.push(link.split_once("token=").unwrap().1.to_owned());
    }
    let choose = async |token: &str| {
        let new = "quite another phrase";
        let fields = [("token", token), ("password", new), ("again", new)];
        server.form("/invitation", "", &fields).await.status
    };
    assert_eq!(choose(&tokens[0]).await, StatusCode::GONE, "replaced");
    assert_eq!(server.status(&sora).await, StatusCode::OK);
    assert_eq!(choose(&tokens[1]).await, StatusCode::SEE_OTHER);
    assert_eq!(server.status(&sora).await, StatusCode::UNAUTHORIZED);
    let reply = server
        .json("POST", &again, ("cookie", &root), &Value::Null)
        .await;
    let link = reply.json()["link"].as_str().unwrap().to_owned();
    server.pass(25 * HOUR);
    let token = link.split_once("token=").unwrap().1;
    assert_eq!(choose(token).await, StatusCode::GONE);
}

#[tokio::test]
async fn a_passage_of_another_group_never_appears() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["hr"]).await;
    let (jun, mina) = (server.sign_in("jun").await, server.sign_in("mina").await);
    let ask = async |cookie: &str| {
        let body = json!({ "question": QUESTION });
        let reply = server
            .json("POST", "/v1/answers", ("cookie", cookie), &body)
            .await;
        assert_eq!(reply.status, StatusCode::OK);
        reply.body
    };
    let may_read = ask(&jun).await;
    assert!(
        may_read.contains("11일") && may_read.contains("leave.md"),
        "{may_read}"
    );
    let may_not = ask(&mina).await;
    assert!(
        !may_not.contains("11일") && !may_not.contains("leave.md"),
        "{may_not}"
    );
    let document = format!("/v1/documents/{id}");
    for path in [
        document.clone(),
        format!("{document}/original"),
        format!("{document}/versions"),
        format!("/documents/{id}"),
    ] {
        assert_eq!(
            server.page(&path, &jun).await.status,
            StatusCode::OK,
            "{path}"
        );
        let reply = server.page(&path, &mina).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    let list = server.get("/v1/documents", &[("cookie", &mina)]).await;
    assert_eq!(list.json()["documents"], json!([]));
    // An administrator sees to people, and reads no more than their groups may.
    let root = server.sign_in("root").await;
    assert!(!ask(&root).await.contains("11일"));
    // Put into the group, and out again.
    let person = server.named("mina").await;
    let people = server.test.app.people();
    let in_groups = |names: &[&str]| PersonChange {
        groups: Some(groups(names).into_iter().collect()),
        ..PersonChange::default()
    };
    people
        .change(LOCAL, &person.id, in_groups(&["hr"]))
        .await
        .unwrap();
    let mina = server.sign_in("mina").await;
    assert!(ask(&mina).await.contains("11일"));
    people
        .change(LOCAL, &person.id, in_groups(&[]))
        .await
        .unwrap();
    let mina = server.sign_in("mina").await;
    assert!(!ask(&mina).await.contains("11일"));
}

#[tokio::test]
async fn only_editors_change_documents_and_only_administrators_see_to_people() {
    let server = Server::with_people().await;
    let (id, _) = server.test.add("leave.md", LEAVE, &["everyone"]).await;
    let document = format!("/v1/documents/{id}");
    let body = json!({ "collection": "x" });
    for (name, changes, manages) in [
        ("mina", StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        ("jun", StatusCode::OK, StatusCode::FORBIDDEN),
        ("root", StatusCode::OK, StatusCode::OK),
    ] {
        let cookie = server.sign_in(name).await;
        let shown = ("cookie", cookie.as_str());
        let reply = server.json("PATCH", &document, shown, &body).await;
        assert_eq!(reply.status, changes, "{name}");
        for path in ["/people", "/v1/people"] {
            let reply = server.page(path, &cookie).await;
            assert_eq!(reply.status, manages, "{name} {path}");
        }
        let has_link = server
            .page("/", &cookie)
            .await
            .body
            .contains("href=\"/people\"");
        assert_eq!(has_link, manages == StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let server = Server::with_people().await;
    let root = server.sign_in("root").await;
    let path = format!("/v1/people/{}", server.named("root").await.id);
    let shown = ("cookie", root.as_str());
    let refused = async || {
        let mut codes = Vec::new();
        for body in [json!({ "role": "editor" }), json!({ "disabled": true })] {
            codes.push(server.json("PATCH", &path, shown, &body).await.code());
        }
        codes.push(
            server
                .json("DELETE", &path, shown, &Value::Null)
                .await
                .code(),
        );
        codes
    };
    assert_eq!(refused().await, ["last_admin"; 3]);
    // One who has not chosen a password cannot see to anything yet.
    let body = json!({ "name": "sora", "role": "admin" });
    server.json("POST", "/v1/people", shown, &body).await;
    assert_eq!(refused().await, ["last_admin"; 3]);
    assert_eq!(
        server.status(&root).await,
        StatusCode::OK,
        "nothing was done by halves"
    );
    server.add("other", Role::Admin, &[]).await;
    let reply = server
        .json("PATCH", &path, shown, &json!({ "role": "editor" }))
        .await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn a_server_for_one_person_is_open_until_there_is_an_account_and_never_again() {
    let server = Server::new(|_| {}).await;
    let who = server.get("/v1/session", &[]).await.json();
    assert_eq!(who["kind"], "nobody");
    assert_eq!(server.page("/", "").await.status, StatusCode::OK);
    assert_eq!(
        server.page("/people", "").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        server.page("/account", "").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(server.page("/sign-in", "").await.location(), "/");
    let person = server.add("mina", Role::Reader, &[]).await;
    assert_eq!(
        server.get("/v1/session", &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
    server
        .test
        .app
        .people()
        .remove(LOCAL, &person.id)
        .await
        .unwrap();
    assert_eq!(
        server.get("/v1/session", &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn keys_of_the_configuration_let_in_as_before() {
    const KEY: &str = "0123456789abcdefghij";
    let text = format!("[[keys]]\nname = \"robot\"\nkey = \"{KEY}\"\ngroups = [\"hr\"]");
    let keys: web::ServerConfig = toml::from_str(&text).unwrap();
    let server = Server::new(|config| config.server.keys = keys.keys).await;
    let bearer = format!("Bearer {KEY}");
    let who = server
        .get("/v1/session", &[("authorization", &bearer)])
        .await
        .json();
    assert_eq!(
        (&who["kind"], &who["name"]),
        (&json!("key"), &json!("robot"))
    );
    assert_eq!(who["groups"], json!(["everyone", "hr"]));
    let reply = server.page("/sign-in", "").await;
    assert!(reply.body.contains("name=\"key\""));
    let reply = server.form("/sign-in", "", &[("key", "wrong")]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let reply = server.form("/sign-in", "", &[("key", KEY)]).await;
    let cookie = reply.cookie().unwrap();
    let page = server.page("/", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("href=\"/account\""), "it is no person");
    assert_eq!(
        server.page("/account", &cookie).await.status,
        StatusCode::FORBIDDEN
    );
    let token = page.form_token();
    server
        .form("/sign-out", &cookie, &[("form_token", &token)])
        .await;
    assert_eq!(server.status(&cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let server = Server::with_people().await;
    let (here, there) = (server.sign_in("mina").await, server.sign_in("mina").await);
    let token = server.page("/account", &here).await.form_token();
    let send = async |present: &str, new: &str| {
        let fields = [
            ("form_token", token.as_str()),
            ("present", present),
            ("password", new),
            ("again", new),
        ];
        server.form("/account/password", &here, &fields).await
    };
    let reply = send("another phrase altogether", "quite another phrase").await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.body.contains("current password is wrong"));
    assert_eq!(
        send(PASSWORD, "short").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let reply = send(PASSWORD, "quite another phrase").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let now = reply.cookie().unwrap();
    assert_eq!(server.status(&now).await, StatusCode::OK);
    for old in [&here, &there] {
        assert_eq!(server.status(old).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        server.try_in("mina", PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_person_sees_their_sessions_and_ends_them() {
    let server = Server::with_people().await;
    let (here, there) = (server.sign_in("mina").await, server.sign_in("mina").await);
    let anothers = server.sign_in("jun").await;
    let list = server
        .get("/v1/sessions", &[("cookie", &here)])
        .await
        .json();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|one| one["is_this"] == false).unwrap();
    let path = format!("/v1/sessions/{}", other["id"].as_str().unwrap());
    let end = async |cookie: &str| {
        let shown = ("cookie", cookie);
        server
            .json("DELETE", &path, shown, &Value::Null)
            .await
            .status
    };
    assert_eq!(end(&anothers).await, StatusCode::NOT_FOUND);
    assert_eq!(end(&here).await, StatusCode::NO_CONTENT);
    assert_eq!(server.status(&there).await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.status(&here).await, StatusCode::OK);
    let token = server.page("/account", &here).await.form_token();
    let fields = [("form_token", token.as_str())];
    server
        .form("/account/sign-out-everywhere", &here, &fields)
        .await;
    assert_eq!(server.status(&here).await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.status(&anothers).await, StatusCode::OK);
}

#[tokio::test]
async fn cookies_are_secure_where_a_trusted_proxy_speaks_https() {
    let server = Server::new(|config| {
        config.server.trusted_proxies = vec!["10.0.0.5".parse().unwrap()];
    })
    .await;
    server.add("mina", Role::Reader, &[]).await;
    let sign_in = async |peer: &str| {
        let body = json!({ "name": "mina", "password": PASSWORD }).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "203.0.113.1"),
        ];
        let mut request = request("POST", "/v1/session", &headers, Body::from(body));
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let reply = server.send(request).await;
        reply.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let set = sign_in("10.0.0.5:4000").await;
    assert!(set.starts_with("__Host-veracite_session="), "{set}");
    assert!(
        set.contains("; Secure") && set.contains("; Path=/;"),
        "{set}"
    );
    let set = sign_in("10.0.0.6:4000").await;
    assert!(
        set.starts_with("veracite_session=") && !set.contains("Secure"),
        "{set}"
    );
}

#[tokio::test]
async fn pages_about_people_are_there_in_both_languages_and_described() {
    let server = Server::with_people().await;
    let root = server.sign_in("root").await;
    let person = format!("/people/{}", server.named("jun").await.id);
    for (language, word) in [("ko", "관리자"), ("en", "Administrator")] {
        for path in ["/account", "/people", person.as_str()] {
            let reply = server.page(&format!("{path}?lang={language}"), &root).await;
            assert_eq!(reply.status, StatusCode::OK, "{path}");
            assert!(
                reply.body.contains(word),
                "{path} {language}: {}",
                reply.body
            );
            assert!(reply.body.contains(&format!("<html lang=\"{language}\"")));
        }
    }
    let api = server
        .get("/openapi.json", &[("cookie", &root)])
        .await
        .json();
    for path in [
        "/v1/session",
        "/v1/session/password",
        "/v1/sessions",
        "/v1/sessions/{id}",
        "/v1/keys",
        "/v1/keys/{id}",
        "/v1/people",
        "/v1/people/{id}",
        "/v1/people/{id}/invitation",
    ] {
        assert!(api["paths"][path].is_object(), "{path}");
    }
    assert!(api["paths"]["/v1/answers"].is_object());
    let schemas = &api["components"]["schemas"];
    assert!(schemas["PersonBody"].is_object() && schemas["Role"].is_object());
}

#[tokio::test]
async fn an_administrator_manages_people_on_pages_alone() {
    let server = Server::with_people().await;
    let root = server.sign_in("root").await;
    let token = server.page("/people", &root).await.form_token();
    let token = ("form_token", token.as_str());
    let fields = [
        token,
        ("name", "sora"),
        ("role", "reader"),
        ("groups", "HR, 인사"),
    ];
    let reply = server.form("/people", &root, &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let link = between(&reply.body, "<code>", "</code>");
    assert!(link.contains("/invitation?token="), "{link}");
    let sora = server.named("sora").await;
    assert_eq!(sora.groups, groups(&["hr", "인사"]).into_iter().collect());
    let bad = [token, ("name", "a b"), ("role", "reader"), ("groups", "")];
    let reply = server.form("/people", &root, &bad).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        reply.body.contains("value=\"a b\""),
        "what was typed is kept"
    );
    let path = format!("/people/{}", sora.id);
    let fields = [
        token,
        ("display_name", "소라"),
        ("role", "editor"),
        ("groups", ""),
        ("disabled", "1"),
    ];
    let reply = server.form(&path, &root, &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let sora = server.named("sora").await;
    assert_eq!((sora.role, sora.disabled), (Role::Editor, true));
    assert!(sora.groups.is_empty() && sora.display_name == "소라");
    let path = format!("{path}/delete");
    server.form(&path, &root, &[token]).await;
    server.named("sora").await;
    server.form(&path, &root, &[token, ("sure", "1")]).await;
    assert_eq!(server.test.app.people().list().await.unwrap().len(), 3);
}

#[test]
fn who_is_locked_out_gets_in_by_the_command_line() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_veracite"))
            .args(["--data", folder.path().to_str().unwrap(), "people"])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that needs no input may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(told).unwrap())
    };
    let password = format!("{PASSWORD}\n");
    let (done, told) = run(
        &["add", "Root", "--role", "admin", "--group", "hr"],
        &password,
    );
    assert!(done && told.contains("root"), "{told}");
    let (done, told) = run(&["add", "mina"], "short\n");
    assert!(!done && told.contains("at least 10 characters"), "{told}");
    let (done, told) = run(&["invite", "mina"], "");
    assert!(done && told.contains("/invitation?token="), "{told}");
    let (_, told) = run(&["list"], "");
    assert!(
        told.contains("active") && told.contains("invited") && told.contains("hr"),
        "{told}"
    );
    assert!(!told.contains("argon2"), "{told}");
    assert!(run(&["passwd", "root"], &password).0);
    let (done, told) = run(&["disable", "root"], "");
    assert!(!done && told.contains("last administrator"), "{told}");
    assert!(run(&["disable", "mina"], "").0);
    assert!(run(&["remove", "mina"], "").0);
    let (done, told) = run(&["remove", "mina"], "");
    assert!(!done && told.contains("`mina`"), "{told}");
}
