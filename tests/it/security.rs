//! What `SECURITY.md` says that is shown here: headers, pages, files, errors, secrets.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{StatusCode, header};
use serde_json::json;
use veracite::people::Role;

use crate::audit::{database, run, veracite};
use crate::people::{PASSWORD, Reply, Server, between, request};

const KEY: &str = "0123456789abcdefghij";

fn header_of<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let value = reply.headers.get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// Looks at the headers that every answer has.
#[track_caller]
fn assert_safe(what: &str, reply: &Reply) {
    let policy = header_of(reply, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
    for word in ["unsafe", "http:", "https:", "data:", "*"] {
        assert!(!policy.contains(word), "{what}: {policy}");
    }
    if !policy.contains("sandbox") {
        for word in [
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(word), "{what}: {policy}");
        }
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("access-control-allow-origin", ""),
        ("server", ""),
        ("x-powered-by", ""),
    ] {
        assert_eq!(header_of(reply, name), value, "{what}: {name}");
    }
    assert!(
        header_of(reply, "permissions-policy").contains("camera=()"),
        "{what}"
    );
    assert!(!header_of(reply, "cache-control").is_empty(), "{what}");
    let content_type = header_of(reply, "content-type");
    assert!(
        reply.body.is_empty() || !content_type.is_empty(),
        "{what} has no type"
    );
    if content_type.starts_with("text/html") {
        assert!(
            content_type.ends_with("charset=utf-8"),
            "{what}: {content_type}"
        );
    }
}

#[tokio::test]
async fn every_answer_says_what_pages_may_do_errors_and_files_too() {
    let server = Server::with_people().await;
    let cookie = server.sign_in("root").await;
    let page = server.page("/", &cookie).await;
    let style = between(&page.body, "rel=\"stylesheet\" href=\"", "\"");
    let (id, _) = server
        .test
        .add("<b>.md", "# A\n\nB is C.\n", &["everyone"])
        .await;
    for path in [
        "/",
        "/documents",
        "/account",
        "/people",
        "/docs",
        "/sign-in",
        "/nowhere",
        "/invitation?token=1",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/v1/documents",
        "/v1/documents/nothing",
        "/v1/session",
        "/static/0/nothing.js",
        &style,
        &format!("/documents/{id}"),
        &format!("/v1/documents/{id}/original"),
    ] {
        let reply = server.page(path, &cookie).await;
        assert_safe(path, &reply);
        let kept = header_of(&reply, "cache-control");
        if path == style {
            assert!(
                kept.contains("immutable") && reply.cookie().is_none(),
                "{kept}"
            );
        } else if path.ends_with("/original") {
            assert_eq!(kept, "private, no-cache");
        } else {
            assert_eq!(kept, "no-store", "{path}");
        }
        assert_eq!(header_of(&reply, "strict-transport-security"), "");
        let nobody = server.page(path, "").await;
        assert_safe(path, &nobody);
    }
    let shown = ("cookie", cookie.as_str());
    for (method, path, body) in [
        ("POST", "/v1/answers", json!("no question")),
        ("PUT", "/v1/answers", json!({})),
        ("DELETE", "/", json!({})),
        ("TRACE", "/", json!({})),
        ("OPTIONS", "/v1/answers", json!({})),
    ] {
        let reply = server.json(method, path, shown, &body).await;
        assert!(
            reply.status.is_client_error(),
            "{method} {path} {}",
            reply.status
        );
        assert_safe(&format!("{method} {path}"), &reply);
    }
    let cross = [shown, ("origin", "https://evil.example")];
    assert_safe(
        "of another site",
        &server.get("/v1/documents", &cross).await,
    );
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_https_browsers_come_by_nothing_else() {
    let server = Server::new(|config| {
        config.server.accounts = true;
        config.server.trusted_proxies = vec!["10.0.0.5".parse().unwrap()];
    })
    .await;
    let from = async |peer: &str| {
        let headers = [("x-forwarded-proto", "https"), ("accept", "text/html")];
        let mut request = request("GET", "/sign-in?lang=en", &headers, Body::empty());
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        server.send(request).await
    };
    let reply = from("10.0.0.5:4000").await;
    let only = header_of(&reply, "strict-transport-security");
    assert_eq!(only, "max-age=63072000; includeSubDomains");
    let cookie = header_of(&reply, "set-cookie");
    assert!(
        cookie.starts_with("__Host-veracite_language=en; Path=/; "),
        "{cookie}"
    );
    assert!(
        cookie.contains("HttpOnly") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    // Anybody else can say so.
    let reply = from("192.0.2.1:4000").await;
    assert_eq!(header_of(&reply, "strict-transport-security"), "");
    assert!(header_of(&reply, "set-cookie").starts_with("veracite_language=en"));
}

/// What stands in `name="..."` on a page.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    let parts = page.split(begin.as_str()).skip(1);
    parts.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn pages_fetch_nothing_from_elsewhere_and_run_nothing_inline() {
    let server = Server::with_people().await;
    let cookie = server.sign_in("root").await;
    let (id, _) = server
        .test
        .add("a.md", "# A\n\nB is C.\n", &["everyone"])
        .await;
    let root = server.named("root").await;
    let mut assets = std::collections::BTreeSet::new();
    for path in [
        "/".to_owned(),
        "/documents".to_owned(),
        "/account".to_owned(),
        "/people".to_owned(),
        "/docs".to_owned(),
        "/sign-in".to_owned(),
        "/nowhere".to_owned(),
        format!("/documents/{id}"),
        format!("/people/{}", root.id),
    ] {
        let page = server.page(&path, &cookie).await.body;
        for name in [
            "src",
            "href",
            "action",
            "srcset",
            "poster",
            "data",
            "formaction",
        ] {
            for value in attributes(&page, name) {
                let is_here = value.starts_with(['/', '#', '?']) && !value.starts_with("//");
                assert!(is_here, "{path}: {name}={value}");
                if value.starts_with("/static/") {
                    assets.insert(value.to_owned());
                }
            }
        }
        let lower = page.to_lowercase();
        assert!(
            !lower.contains("<style") && !lower.contains(" style="),
            "{path}"
        );
        assert!(
            !lower.contains("javascript:") && !lower.contains("<iframe"),
            "{path}"
        );
        for event in ["onload", "onclick", "onerror", "onsubmit", "onmouseover"] {
            assert!(!lower.contains(&format!(" {event}=")), "{path}: {event}");
        }
        for tag in lower.split("<script").skip(1) {
            let (tag, rest) = tag.split_once('>').unwrap();
            assert!(
                tag.contains("src=\"/static/") && rest.starts_with("</script"),
                "{path}"
            );
        }
    }
    assert!(assets.len() >= 3, "{assets:?}");
    for path in assets {
        let asset = server.get(&path, &[]).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        let text = asset.body.replace("http://www.w3.org/", "");
        for word in [
            "http://",
            "https://",
            "@import",
            "eval(",
            "new Function",
            "document.write",
        ] {
            assert!(!text.contains(word), "{path}: {word}");
        }
        // Texts of documents become text, never markup.
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "createContextualFragment",
        ] {
            assert!(!text.contains(word), "{path}: {word}");
        }
        // Nothing of a person stays in the browser when they are gone.
        for word in [
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "document.cookie",
        ] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
}

#[tokio::test]
async fn names_and_texts_of_documents_are_only_text() {
    let server = Server::with_people().await;
    let cookie = server.sign_in("root").await;
    let name = "<img src=x onerror=alert(1)>\";x=\".md";
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n# <script>alert(2)</script>\r\n\r\n\
         <img src=x onerror=alert(3)> [link](javascript:alert(4))\r\n--x--\r\n",
        name.replace('"', "%22")
    );
    let headers = [
        ("cookie", cookie.as_str()),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    let sent = server
        .send(request("POST", "/v1/documents", &headers, Body::from(body)))
        .await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.body);
    server.test.app.library().idle().await;
    let list = server.get("/v1/documents", &[headers[0]]).await.json();
    let id = list["documents"][0]["id"].as_str().unwrap().to_owned();
    let page = server.page(&format!("/documents/{id}"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for markup in ["<img", "<script>alert", "href=\"javascript:"] {
        assert!(!page.body.contains(markup), "{}", page.body);
    }
    let file = server
        .get(&format!("/v1/documents/{id}/original"), &[headers[0]])
        .await;
    let disposition = header_of(&file, "content-disposition");
    assert!(disposition.starts_with("attachment; "), "{disposition}");
    assert!(
        !disposition.contains(['<', '>', '\r', '\n']),
        "{disposition}"
    );
    assert!(header_of(&file, "content-security-policy").contains("sandbox"));
    assert!(!header_of(&file, "content-type").contains("html"));
}

#[tokio::test]
async fn no_path_leads_out_of_the_server() {
    let server = Server::with_people().await;
    let cookie = server.sign_in("root").await;
    server
        .test
        .add("a.md", "# A\n\nB is C.\n", &["everyone"])
        .await;
    for path in [
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/Cargo.toml",
        "/static/0/..%2f..%2f..%2fCargo.toml",
        "/v1/documents/..%2f..%2fcatalogue.sqlite/original",
        "/v1/documents/%2e%2e/original",
        "/documents/..%2fcatalogue.sqlite",
        "/v1/documents/00000000000000000000000000000000/pages/1",
        "/.git/config",
        "/catalogue.sqlite",
        "/data/catalogue.sqlite",
        "/static/",
        "/static",
    ] {
        let reply = server.page(path, &cookie).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        for word in ["root:", "[package]", "SQLite format", "[core]"] {
            assert!(!reply.body.contains(word), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_too_large_or_not_asked_for_is_refused() {
    let server = Server::with_people().await;
    let cookie = server.sign_in("root").await;
    let shown = ("cookie", cookie.as_str());
    let long = json!({ "question": "x".repeat(5 * 1024 * 1024) });
    let reply = server.json("POST", "/v1/answers", shown, &long).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.code(), "body_too_large");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let headers = [shown, ("content-type", "application/json")];
    let deep = request("POST", "/v1/answers", &headers, Body::from(deep));
    assert_eq!(server.send(deep).await.status, StatusCode::BAD_REQUEST);
    // A field that nobody offered is not set.
    let mina = server.named("mina").await;
    let path = format!("/v1/people/{}", mina.id);
    for field in [
        "password",
        "id",
        "created_at",
        "vouched_groups",
        "has_password",
    ] {
        let body = json!({ "display_name": "Mina", field: "x" });
        let reply = server.json("PATCH", &path, shown, &body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{field}");
        assert!(reply.body.contains(field), "{}", reply.body);
    }
    // And a type that is another is not guessed.
    let form = [shown, ("content-type", "text/plain")];
    let plain = request(
        "POST",
        "/v1/answers",
        &form,
        Body::from("{\"question\":\"?\"}"),
    );
    let reply = server.send(plain).await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// Everything that is logged in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn secrets_stand_in_no_log_no_audit_log_and_no_catalogue() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let server = Server::new(|config| {
        let keys = format!("[[keys]]\nname = \"program\"\nkey = \"{KEY}\"");
        config.server = toml::from_str(&keys).unwrap();
    })
    .await;
    server.add("root", Role::Admin, &[]).await;
    let cookie = server.sign_in("root").await;
    let shown = ("cookie", cookie.as_str());
    let wrong = "mistyped-mistyped-mistyped";
    server.try_in("root", wrong).await;
    let made = json!({ "name": "program", "scope": "admin" });
    let made = server.json("POST", "/v1/keys", shown, &made).await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let sora = json!({ "name": "sora", "role": "reader" });
    let invited = server.json("POST", "/v1/people", shown, &sora).await.json();
    let link = invited["invitation"]["link"].as_str().unwrap();
    let invitation = link.split_once("token=").unwrap().1.to_owned();
    for key in [secret.as_str(), KEY, "wrong-key-wrong-key-wrong-key"] {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str())];
        server.get("/v1/documents", &headers).await;
        server.get("/v1/documents", &[("x-api-key", key)]).await;
    }
    let changed = json!({ "present": PASSWORD, "new": "another phrase altogether" });
    let changed = server
        .json("PUT", "/v1/session/password", shown, &changed)
        .await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.body);
    let renewed = changed.cookie().unwrap();

    let data = server.test.folder.path().join("data");
    // A fault of ours is logged where the rest would be.
    let pool = database(&data).await;
    run(&pool, "ALTER TABLE people RENAME TO hidden").await;
    let failed = server.get("/v1/session", &[("cookie", &renewed)]).await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    for word in [
        "sql", "table", "hidden", "people", "src/", "data", "panicked",
    ] {
        assert!(
            !failed.body.to_lowercase().contains(word),
            "{}",
            failed.body
        );
    }
    run(&pool, "ALTER TABLE hidden RENAME TO people").await;
    pool.close().await;
    let log = log.0.lock().unwrap().clone();
    assert!(
        contains(&log, "the catalogue of people failed"),
        "the log is captured"
    );

    server.test.app.close().await;
    let (_, audit) = veracite(&data, &["audit", "export"]);
    assert!(
        audit.contains("sign_in_refused") && audit.contains("key_made"),
        "{audit}"
    );
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            kept.extend(std::fs::read(&path).unwrap());
        }
    }
    assert!(
        contains(&kept, "SQLite format"),
        "the catalogue is looked through"
    );
    let value = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    for secret in [
        PASSWORD.to_owned(),
        wrong.to_owned(),
        "another phrase altogether".to_owned(),
        value(&cookie),
        value(&renewed),
        secret,
        KEY.to_owned(),
        "wrong-key-wrong-key-wrong-key".to_owned(),
        invitation,
    ] {
        assert!(!contains(&log, &secret), "{secret} is logged");
        assert!(!audit.contains(&secret), "{secret} is in the audit log");
        assert!(!contains(&kept, &secret), "{secret} is kept");
    }
}

#[tokio::test]
async fn addresses_hold_no_secret_but_links_that_work_once() {
    let server = Server::with_people().await;
    let description = server.get("/openapi.json", &[]).await;
    assert_eq!(
        description.status,
        StatusCode::UNAUTHORIZED,
        "nor is the API told to anybody"
    );
    let cookie = server.sign_in("root").await;
    let description = server
        .get("/openapi.json", &[("cookie", &cookie)])
        .await
        .json();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            for parameter in route["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let is_secret = ["key", "token", "password", "secret"].contains(&name);
                assert!(!is_secret, "{method} {path}: {name}");
            }
        }
    }
    // A key in the address lets nobody in.
    let reply = server
        .get(&format!("/v1/documents?key={KEY}&api_key={KEY}"), &[])
        .await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let twice = [
        ("cookie", cookie.as_str()),
        ("authorization", "Bearer wrong-wrong-wrong-wrong"),
    ];
    let reply = server.get("/v1/session", &twice).await;
    assert_eq!(
        reply.status,
        StatusCode::UNAUTHORIZED,
        "a wrong key is not made up for"
    );
}

#[test]
fn every_test_that_the_checklist_names_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let checklist = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut count = 0;
    for named in checklist.split('`').filter(|part| part.contains(".rs::")) {
        let (file, name) = named.split_once("::").unwrap();
        let source = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(source.contains(&format!("fn {name}(")), "{named}");
        count += 1;
    }
    assert!(count > 80, "{count}");
}
