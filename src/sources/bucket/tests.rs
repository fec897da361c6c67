//! A store that is made up: lists and objects, signatures looked at by their form.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, Response};
use tempfile::TempDir;

use super::super::web::address::decoded;
use super::*;
use crate::encoding::hex;

#[derive(Default)]
struct Shared {
    objects: BTreeMap<String, Vec<u8>>,
    /// Objects on a page of a list.
    page: usize,
    /// An answer instead of all others.
    instead: Option<(u16, String)>,
    /// Statuses that come before others.
    first: Vec<u16>,
    asked: Vec<(String, HeaderMap)>,
}

struct Store {
    shared: Arc<Mutex<Shared>>,
    origin: String,
    folder: TempDir,
}

fn etag(bytes: &[u8]) -> String {
    format!(
        "\"{}\"",
        &hex(&sha2::Digest::finalize(
            <sha2::Sha256 as sha2::Digest>::new_with_prefix(bytes)
        ))[..32]
    )
}

fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| decoded(value).unwrap())
    })
}

fn answer(shared: &mut Shared, request: &HttpRequest) -> (u16, String, Vec<u8>) {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let at = format!("{path}?{query}");
    shared.asked.push((at, request.headers().clone()));
    if let Some(status) = shared.first.pop() {
        return (status, String::new(), Vec::new());
    }
    if let Some((status, body)) = &shared.instead {
        return (*status, String::new(), body.clone().into_bytes());
    }
    let path = decoded(path).unwrap();
    if let Some(key) = path.strip_prefix("/documents/") {
        let Some(bytes) = shared.objects.get(key) else {
            return (
                404,
                String::new(),
                b"<Error><Code>NoSuchKey</Code></Error>".to_vec(),
            );
        };
        let asked = request.headers().get("if-match");
        if asked.is_some_and(|asked| asked != etag(bytes).as_str()) {
            return (
                412,
                String::new(),
                b"<Error><Code>PreconditionFailed</Code></Error>".to_vec(),
            );
        }
        return (200, etag(bytes), bytes.clone());
    }
    if path != "/documents" {
        let body = b"<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>".to_vec();
        return (404, String::new(), body);
    }
    let prefix = parameter(query, "prefix").unwrap();
    let from = parameter(query, "continuation-token").unwrap_or_default();
    let keys = shared
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix) && **key > from);
    let (mut xml, mut last) = (String::new(), String::new());
    for (key, bytes) in keys.clone().take(shared.page) {
        let key_written = encode_path(key);
        let tag = etag(bytes);
        write!(
            xml,
            "<Contents><Key>{key_written}</Key><ETag>{tag}</ETag><Size>{}</Size></Contents>",
            bytes.len()
        )
        .unwrap();
        last.clone_from(key);
    }
    let is_truncated = keys.count() > shared.page;
    let next = sign::encode_query(&[("", &last)]);
    let next = decoded(&next[1..])
        .unwrap()
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    let xml = format!(
        "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{is_truncated}</IsTruncated>\
         <NextContinuationToken>{next}</NextContinuationToken>{xml}</ListBucketResult>"
    );
    (200, String::new(), xml.into_bytes())
}

impl Store {
    async fn new(objects: &[(&str, &[u8])]) -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            objects: objects
                .iter()
                .map(|(key, bytes)| ((*key).to_owned(), bytes.to_vec()))
                .collect(),
            page: 2,
            ..Shared::default()
        }));
        let state = Arc::clone(&shared);
        let router = Router::new().fallback(move |request: HttpRequest| {
            let (status, tag, body) = answer(&mut state.lock().unwrap(), &request);
            let response = Response::builder().status(status).header("etag", tag);
            std::future::ready(response.body(Body::from(body)).unwrap())
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            shared,
            origin,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn config(&self) -> BucketConfig {
        BucketConfig::new("documents", &self.origin).unwrap()
    }

    fn open(&self, config: &BucketConfig) -> Bucket {
        let surroundings = Surroundings {
            max_file: 100,
            guard: &crate::outbound::Guard::default(),
            folder: self.folder.path(),
        };
        Bucket::open(config, surroundings).unwrap()
    }

    fn instead(&self, status: u16, body: &str) {
        self.shared.lock().unwrap().instead = Some((status, body.to_owned()));
    }

    async fn error(&self, config: &BucketConfig) -> String {
        let error = self.open(config).list().await.unwrap_err().to_string();
        assert!(
            error.contains(&config.bucket) && error.contains(&self.origin),
            "{error}"
        );
        error
    }
}

const ODD: [&str; 9] = [
    "a//b.txt",
    "규정 2026/휴가+병가.pdf",
    "100%.txt",
    "q?a=b&c#d.txt",
    "quote\"<&>'.txt",
    "line\nbreak.txt",
    "%EA%B7%9C.txt",
    " spaces .txt",
    "/slash.txt",
];

#[tokio::test]
async fn names_of_all_kinds_are_listed_in_pages_and_fetched() {
    let mut objects: Vec<(&str, &[u8])> = ODD.iter().map(|key| (*key, key.as_bytes())).collect();
    objects.push(("folder/", b""));
    objects.push(("large.pdf", &[b'x'; 101]));
    let store = Store::new(&objects).await;
    let bucket = store.open(&store.config());
    let listing = bucket.list().await.unwrap();
    assert_eq!(listing.documents.len(), ODD.len(), "{listing:?}");
    assert_eq!(listing.unreadable.len(), 1);
    assert!(
        listing.unreadable[0].1.contains("ingest.max_file"),
        "{listing:?}"
    );
    assert!(
        store.shared.lock().unwrap().asked.len() >= 5,
        "a list comes in pages"
    );
    for listed in &listing.documents {
        let fetched = bucket.fetch(listed).await.unwrap();
        let key = std::fs::read_to_string(&fetched.path).unwrap();
        assert_eq!(listed.place, format!("{}/documents/{key}", store.origin));
        assert!(key.ends_with(&fetched.file_name) && !fetched.file_name.contains('/'));
    }
    // Nothing was signed: there are no keys, and nobody was asked for some.
    let asked = &store.shared.lock().unwrap().asked;
    assert!(
        asked
            .iter()
            .all(|(_, headers)| !headers.contains_key("authorization"))
    );
}

#[tokio::test]
async fn a_tag_changes_with_the_content_and_only_what_was_listed_comes() {
    let store = Store::new(&[("a.txt", b"one"), ("b.txt", b"two")]).await;
    let bucket = store.open(&store.config());
    let first = bucket.list().await.unwrap();
    assert_eq!(bucket.list().await.unwrap(), first);
    store
        .shared
        .lock()
        .unwrap()
        .objects
        .insert("a.txt".to_owned(), b"new".to_vec());
    let error = bucket
        .fetch(&first.documents[0])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("412") && error.contains("not as it was"),
        "{error}"
    );
    let next = bucket.list().await.unwrap();
    assert_ne!(next.documents[0].tag, first.documents[0].tag);
    assert_eq!(next.documents[1], first.documents[1]);
    // It grew after it was listed.
    let grown = store.open(&store.config());
    store
        .shared
        .lock()
        .unwrap()
        .objects
        .insert("a.txt".to_owned(), vec![b'x'; 101]);
    let listed = Listed {
        tag: "of a store without quotation marks".to_owned(),
        ..next.documents[0].clone()
    };
    let error = grown.fetch(&listed).await.unwrap_err().to_string();
    assert!(error.contains("ingest.max_file"), "{error}");
}

#[tokio::test]
async fn a_prefix_and_keys_are_used() {
    let store = Store::new(&[("규정/a.txt", b"a"), ("b.txt", b"b")]).await;
    let key = store.folder.path().join("key");
    std::fs::write(&key, "hush\n").unwrap();
    let mut config = store.config();
    config.prefix = "규정/".to_owned();
    config.region = "ap-northeast-2".to_owned();
    config.keys = Some(Keys {
        access: SecretFrom::File(key.clone()),
        secret: SecretFrom::File(key.clone()),
    });
    let bucket = store.open(&config);
    let listing = bucket.list().await.unwrap();
    assert_eq!(listing.documents.len(), 1);
    bucket.fetch(&listing.documents[0]).await.unwrap();
    let asked = store.shared.lock().unwrap().asked.clone();
    for (_, headers) in &asked {
        let signed = headers["authorization"].to_str().unwrap();
        assert!(
            signed.starts_with("AWS4-HMAC-SHA256 Credential=hush/"),
            "{signed}"
        );
        assert!(
            signed.contains("/ap-northeast-2/s3/aws4_request"),
            "{signed}"
        );
    }
    assert!(!format!("{bucket:?}").contains("hush"));
    std::fs::remove_file(&key).unwrap();
    let error = store.error(&config).await;
    assert!(error.contains("`access_key`"), "{error}");
}

#[tokio::test]
async fn errors_name_bucket_server_and_key() {
    let store = Store::new(&[("a.txt", b"a")]).await;
    let missing = BucketConfig::new("missing", &store.origin).unwrap();
    let error = store.error(&missing).await;
    assert!(error.contains("no such bucket"), "{error}");
    for (status, body, word) in [
        (
            403,
            "<Error><Code>InvalidAccessKeyId</Code></Error>",
            "`access_key`",
        ),
        (
            403,
            "<Error><Code>SignatureDoesNotMatch</Code></Error>",
            "`secret_key`",
        ),
        (
            301,
            "<Error><Code>PermanentRedirect</Code></Error>",
            "lies elsewhere",
        ),
        (200, "<html>Welcome to the proxy</html>", "no list"),
        (200, "<ListBucketResult><Contents><Key>a</Key>", "cut off"),
        (
            200,
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken></ListBucketResult>",
            "circles",
        ),
    ] {
        store.instead(status, body);
        let error = store.error(&store.config()).await;
        assert!(error.contains(word), "{word}: {error}");
    }
    store.shared.lock().unwrap().instead = None;
    let error = store.open(&missing).examine().await.unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
}

#[tokio::test]
async fn a_busy_store_is_asked_again() {
    let store = Store::new(&[("a.txt", b"a")]).await;
    store.shared.lock().unwrap().first = vec![503, 500];
    let bucket = store.open(&store.config());
    assert_eq!(bucket.list().await.unwrap().documents.len(), 1);
    store.shared.lock().unwrap().first = vec![503; 9];
    let error = store.error(&store.config()).await;
    assert!(error.contains("503"), "{error}");
    assert!(
        bucket
            .examine()
            .await
            .unwrap_err()
            .to_string()
            .contains("503")
    );
}

#[tokio::test]
async fn a_name_that_no_address_has_is_told() {
    let store = Store::new(&[("a/../b.txt", b"a")]).await;
    let bucket = store.open(&store.config());
    let listing = bucket.list().await.unwrap();
    let error = bucket
        .fetch(&listing.documents[0])
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("`..`"), "{error}");
}
