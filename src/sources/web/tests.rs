//! A site that is made up, served on this machine, and walked through.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::*;
use crate::outbound::{Guard, NetworkConfig};

mod turns;
mod walk;

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn html(body: &str) -> Answer {
    Answer {
        status: 200,
        headers: vec![("content-type", "text/html; charset=utf-8".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

fn file(content_type: &str, body: &[u8]) -> Answer {
    Answer {
        headers: vec![("content-type", content_type.to_owned())],
        body: body.to_vec(),
        ..html("")
    }
}

fn status(status: u16) -> Answer {
    Answer {
        status,
        ..html("<p>No.")
    }
}

fn redirect(code: u16, to: &str) -> Answer {
    status(code).with("location", to)
}

impl Answer {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

#[derive(Debug, Default)]
struct Shared {
    answers: Mutex<BTreeMap<String, Answer>>,
    /// Answers that come once, before the others.
    first: Mutex<BTreeMap<String, Vec<Answer>>>,
    /// Paths that were asked for; those that were answered 304 begin with `=`.
    asked: Mutex<Vec<String>>,
    times: Mutex<Vec<Instant>>,
    headers: Mutex<Vec<HeaderMap>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// A site. Its addresses are taken apart by path and query.
struct TestSite {
    shared: Arc<Shared>,
    origin: String,
    task: tokio::task::JoinHandle<()>,
    folder: TempDir,
}

impl Drop for TestSite {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(shared: Arc<Shared>, request: Request) -> Response<Body> {
    let at_once = shared.at_once.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_at_once.fetch_max(at_once, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let path = request.uri().path_and_query().unwrap().to_string();
    shared.times.lock().unwrap().push(Instant::now());
    shared
        .headers
        .lock()
        .unwrap()
        .push(request.headers().clone());
    let first = shared
        .first
        .lock()
        .unwrap()
        .get_mut(&path)
        .and_then(Vec::pop);
    let answer = first.or_else(|| shared.answers.lock().unwrap().get(&path).cloned());
    let mut answer = answer.unwrap_or_else(|| status(404));
    if let Some(generator) = path.strip_prefix("/trap/") {
        let number: u64 = generator.parse().unwrap_or(0);
        let (one, two) = (number * 2 + 1, number * 2 + 2);
        answer = html(&format!(
            "<p>Day {number}.<a href=/trap/{one}>next</a><a href=/trap/{two}>more</a>"
        ));
    }
    let tag = answer.headers.iter().find(|(name, _)| *name == "etag");
    let asked_for = request.headers().get(header::IF_NONE_MATCH);
    let is_same = tag.is_some_and(|(_, tag)| asked_for.is_some_and(|asked| asked == tag.as_str()));
    let mark = if is_same { "=" } else { "" };
    shared.asked.lock().unwrap().push(format!("{mark}{path}"));
    let mut response = Response::builder().status(if is_same { 304 } else { answer.status });
    for (name, value) in &answer.headers {
        response = response.header(*name, value.as_bytes());
    }
    shared.at_once.fetch_sub(1, Ordering::SeqCst);
    response
        .body(if is_same {
            Body::empty()
        } else if path.contains("unmeasured") {
            // A stream does not tell its length.
            Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(
                answer.body,
            )]))
        } else {
            Body::from(answer.body)
        })
        .unwrap()
}

impl TestSite {
    async fn new(pages: &[(&str, Answer)]) -> Self {
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        let router =
            Router::new().fallback(move |request: Request| respond(Arc::clone(&state), request));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let site = Self {
            shared,
            origin,
            task,
            folder: tempfile::tempdir().unwrap(),
        };
        for (path, answer) in pages {
            site.set(path, answer.clone());
        }
        site
    }

    fn set(&self, path: &str, answer: Answer) {
        self.shared
            .answers
            .lock()
            .unwrap()
            .insert(path.to_owned(), answer);
    }

    fn first(&self, path: &str, answers: &[Answer]) {
        let answers = answers.iter().rev().cloned().collect();
        self.shared
            .first
            .lock()
            .unwrap()
            .insert(path.to_owned(), answers);
    }

    /// What was asked for since the last call, without `robots.txt`.
    fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.shared.asked.lock().unwrap());
        asked
            .into_iter()
            .filter(|path| path != "/robots.txt")
            .collect()
    }

    fn config(&self, start: &str) -> WebConfig {
        let mut config = WebConfig::new(&format!("{}{start}", self.origin), None).unwrap();
        config.pause = Duration::ZERO;
        config
    }

    /// The source, as after a restart of the program.
    fn open(&self, config: &WebConfig) -> Web {
        self.open_guarded(config, &[])
    }

    /// The source, where the administrator allows these networks and hosts.
    fn open_guarded(&self, config: &WebConfig, allow: &[&str]) -> Web {
        let allow = allow.iter().map(|text| text.parse().unwrap()).collect();
        let guard = Guard::new(&NetworkConfig { allow });
        let surroundings = Surroundings {
            max_file: 1 << 20,
            guard: &guard,
            folder: self.folder.path(),
        };
        Web::open(config, surroundings).unwrap()
    }

    async fn look(&self, config: &WebConfig) -> Seen {
        let web = self.open(config);
        let listing = web.list().await.unwrap();
        Seen::new(&listing, &self.origin)
    }

    async fn error(&self, config: &WebConfig) -> String {
        self.open(config).list().await.unwrap_err().to_string()
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    listed: Vec<String>,
    tags: BTreeMap<String, String>,
    unreadable: Vec<(String, String)>,
}

impl Seen {
    fn new(listing: &Listing, origin: &str) -> Self {
        let path = |place: &str| place.strip_prefix(origin).unwrap().to_owned();
        let mut listed: Vec<String> = listing
            .documents
            .iter()
            .map(|listed| path(&listed.place))
            .collect();
        listed.sort();
        Self {
            listed,
            tags: listing
                .documents
                .iter()
                .map(|listed| (path(&listed.place), listed.tag.clone()))
                .collect(),
            unreadable: listing
                .unreadable
                .iter()
                .map(|(place, reason)| (path(place), reason.clone()))
                .collect(),
        }
    }

    #[track_caller]
    fn has(&self, listed: &[&str], unreadable: &[&str]) {
        assert_eq!(self.listed, listed, "{:?}", self.unreadable);
        let mut places: Vec<&str> = self
            .unreadable
            .iter()
            .map(|(place, _)| place.as_str())
            .collect();
        places.sort_unstable();
        assert_eq!(places, unreadable, "{:?}", self.unreadable);
    }
}

const PDF: &[u8] = b"%PDF-1.7\n";
