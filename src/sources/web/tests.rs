//! A site that is made up, served on this machine, and walked through.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use ingest::Group;
use tempfile::TempDir;

use super::*;

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
        let everyone = BTreeSet::from([Group::everyone()]);
        let surroundings = Surroundings {
            default_readers: &everyone,
            max_file: 1 << 20,
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

#[tokio::test]
async fn pages_and_linked_files_below_the_start_are_found() {
    let site = TestSite::new(&[
        ("/docs/", html("<a href='leave'>Leave</a><a href='/docs/휴가'>휴가</a><a href=/blog/>Blog</a><a href=p.png>")),
        ("/docs/leave", html("<p>Leave is 25 days.<a href='rules.pdf#page=3'>Rules</a><a href=data.json>Data</a>")),
        ("/docs/%ED%9C%B4%EA%B0%80", html("<p>휴가는 25일이다.<a href='get?id=1'>규정</a>")),
        ("/docs/rules.pdf", file("application/pdf", PDF)),
        ("/docs/data.json", file("application/json", b"{}")),
        (
            "/docs/get?id=1",
            file("application/octet-stream", b"hwp")
                .with("content-disposition", "attachment; filename*=UTF-8''%EA%B7%9C%EC%A0%95.hwp"),
        ),
        ("/blog/", html("<p>Blog.")),
    ])
    .await;
    let web = site.open(&site.config("/docs/"));
    let listing = web.list().await.unwrap();
    let seen = Seen::new(&listing, &site.origin);
    let all = [
        "/docs/",
        "/docs/%ED%9C%B4%EA%B0%80",
        "/docs/get?id=1",
        "/docs/leave",
        "/docs/rules.pdf",
    ];
    seen.has(&all, &[]);
    assert!(
        !site
            .asked()
            .iter()
            .any(|path| path.starts_with("/blog/") || path.ends_with("png"))
    );

    let mut names = Vec::new();
    for listed in &listing.documents {
        let fetched = web.fetch(listed).await.unwrap();
        let bytes = std::fs::read(&fetched.path).unwrap();
        assert!(!bytes.is_empty());
        names.push(fetched.file_name);
        let path = fetched.path.clone();
        drop(fetched.temporary);
        assert!(
            !path.try_exists().unwrap(),
            "a copy that was taken is of no use"
        );
    }
    names.sort();
    assert_eq!(
        names,
        [
            "docs.html",
            "leave.html",
            "rules.pdf",
            "규정.hwp",
            "휴가.html"
        ]
    );
    assert!(
        site.asked().is_empty(),
        "what came while listing is not fetched again"
    );
    // Taken once more, for other readers, it is asked for.
    let fetched = web.fetch(&listing.documents[0]).await.unwrap();
    assert_eq!(fetched.file_name, "docs.html");
    assert_eq!(site.asked(), ["/docs/"]);
}

#[tokio::test]
async fn what_did_not_change_costs_a_304() {
    let page = |text: &str, tag: &str| {
        html(&format!("{text}<a href=/a>a</a><a href=/b.pdf>b</a>")).with("etag", tag)
    };
    let site = TestSite::new(&[
        ("/", page("<p>Start.", "\"1\"")),
        ("/a", html("<p>A.").with("etag", "W/\"a\"")),
        ("/b.pdf", file("application/pdf", PDF).with("etag", "\"b\"")),
    ])
    .await;
    let config = site.config("/");
    let first = site.look(&config).await;
    assert_eq!(site.asked(), ["/", "/a", "/b.pdf"]);
    // The program was started anew in between.
    assert_eq!(site.look(&config).await, first);
    assert_eq!(site.asked(), ["=/", "=/a", "=/b.pdf"]);

    site.set("/a", html("<p>A is new.").with("etag", "W/\"aa\""));
    // Another version, and nothing in it that is read.
    site.set("/", page("<script>2</script><p>Start.", "\"2\""));
    let next = site.look(&config).await;
    assert_eq!(site.asked(), ["/", "/a", "=/b.pdf"]);
    assert_ne!(next.tags["/a"], first.tags["/a"]);
    assert_eq!(next.tags["/"], first.tags["/"]);

    // What is known is lost: all is fetched, and nothing counts as changed.
    for entry in std::fs::read_dir(site.folder.path()).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    assert_eq!(site.look(&config).await, next);
    assert_eq!(site.asked(), ["/", "/a", "/b.pdf"]);
}

#[tokio::test]
async fn nothing_but_the_site_is_ever_contacted() {
    let other = TestSite::new(&[
        ("/", html("<p>Other.")),
        ("/robots.txt", file("text/plain", b"")),
    ])
    .await;
    let elsewhere = &other.origin;
    let site = TestSite::new(&[
        (
            "/",
            html(&format!(
                "<a href='{elsewhere}/'>link</a><a href=/out>out</a><a href=/far>far</a><a href=/base/>base</a>\
                 <iframe src='{elsewhere}/frame'></iframe><meta http-equiv=refresh content='0;url={elsewhere}/r'>\
                 <link rel=canonical href='{elsewhere}/c'><a href='//169.254.169.254/latest/meta-data/'>m</a>"
            )),
        ),
        ("/out", redirect(302, &format!("{elsewhere}/"))),
        ("/far", redirect(301, "/farther")),
        ("/farther", redirect(307, &format!("{elsewhere}/far"))),
        ("/base/", html(&format!("<base href='{elsewhere}/'><a href=x>x</a>"))),
        (
            "/robots.txt",
            file("text/plain", format!("Sitemap: {elsewhere}/s.xml\nSitemap: /s.xml").as_bytes()),
        ),
        (
            "/s.xml",
            file("text/xml", format!("<urlset><url><loc>{elsewhere}/y</loc></url></urlset>").as_bytes()),
        ),
    ])
    .await;
    site.look(&site.config("/"))
        .await
        .has(&["/", "/base/"], &[]);
    site.set("/", redirect(302, elsewhere));
    let error = site.error(&site.config("/")).await;
    assert!(error.contains("leads out of the site"), "{error}");
    site.set(
        "/robots.txt",
        redirect(302, &format!("{elsewhere}/robots.txt")),
    );
    site.error(&site.config("/")).await;
    let examined = site.open(&site.config("/")).examine().await.unwrap_err();
    assert!(examined.to_string().contains("leads out"), "{examined}");
    assert_eq!(*other.shared.asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn redirects_are_followed_within_the_rules() {
    let site = TestSite::new(&[
        ("/docs", redirect(301, "/docs/")),
        ("/docs/", html("<a href=old>old</a><a href=loop>loop</a><a href=out>out</a><a href=secret>s</a><a href=휴>ko</a>")),
        ("/docs/old", redirect(302, "new")),
        ("/docs/new", html("<p>New.")),
        ("/docs/loop", redirect(302, "loop2")),
        ("/docs/loop2", redirect(302, "loop")),
        ("/docs/out", redirect(302, "/blog/")),
        ("/docs/secret", redirect(302, "/docs/private/x")),
        ("/docs/private/x", html("<p>Private.")),
        ("/docs/%ED%9C%B4", redirect(302, "/docs/휴가")),
        ("/docs/%ED%9C%B4%EA%B0%80", html("<p>휴가.")),
        ("/blog/", html("<p>Blog.")),
        ("/robots.txt", file("text/plain", b"User-agent: *\nDisallow: /docs/private/\n")),
    ])
    .await;
    let mut config = site.config("/docs");
    config.prefix = "/docs/".to_owned();
    let seen = site.look(&config).await;
    seen.has(&["/docs/", "/docs/%ED%9C%B4%EA%B0%80", "/docs/new"], &[]);
    let asked = site.asked();
    assert!(
        !asked
            .iter()
            .any(|path| path.contains("blog") || path.contains("private")),
        "{asked:?}"
    );
    site.open(&config).examine().await.unwrap();
}

#[tokio::test]
async fn robots_are_respected() {
    let site = TestSite::new(&[
        ("/", html("<a href=/open>o</a><a href=/closed/a>c</a><a rel=nofollow href=/not>n</a><a href=/hidden>h</a>")),
        ("/open", html("<p>Open.")),
        ("/closed/a", html("<p>Closed.")),
        ("/not", html("<p>Not.")),
        ("/hidden", html("<meta name=robots content=noindex><a href=/below>b</a>")),
        ("/below", html("<p>Below.<a href=/header>").with("x-robots-tag", "nofollow")),
        ("/header", html("<p>Header.")),
        ("/robots.txt", file("text/plain", b"User-agent: *\nDisallow: /closed/\n")),
    ])
    .await;
    let config = site.config("/");
    site.look(&config).await.has(&["/", "/below", "/open"], &[]);
    assert_eq!(site.asked(), ["/", "/open", "/hidden", "/below"]);
    site.set(
        "/robots.txt",
        file("text/plain", b"User-agent: veracite\nDisallow: /\n"),
    );
    let error = site.error(&config).await;
    assert!(error.contains("robots.txt forbids"), "{error}");
    assert!(site.asked().is_empty());
    site.set("/robots.txt", status(500));
    let error = site.error(&config).await;
    assert!(
        error.contains("robots.txt cannot be read") && error.contains("500"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_gone_goes_and_what_cannot_be_reached_stays() {
    let site = TestSite::new(&[
        ("/", html("<p>Start.<a href=/a>a</a><a href=/b>b</a>")),
        ("/a", html("<p>A.<a href=/a1>a1</a>")),
        ("/a1", html("<p>A1.")),
        ("/b", html("<p>B.")),
    ])
    .await;
    let config = site.config("/");
    site.look(&config).await.has(&["/", "/a", "/a1", "/b"], &[]);
    site.set("/a", status(500));
    site.set("/b", status(404));
    let seen = site.look(&config).await;
    seen.has(&["/", "/a1"], &["/a"]);
    assert!(seen.unreadable[0].1.contains("500"), "{seen:?}");
    site.set("/a", status(403));
    site.look(&config).await.has(&["/", "/a1"], &["/a"]);
    site.set("/a", file("image/png", b"png"));
    site.look(&config).await.has(&["/", "/a1"], &["/a"]);
    site.set("/a", status(410));
    // Nothing leads to it any more, and it is there.
    site.look(&config).await.has(&["/", "/a1"], &[]);
    site.set("/a1", status(410));
    site.look(&config).await.has(&["/"], &[]);

    for answer in [
        status(404),
        status(500),
        status(401),
        file("image/png", b"png"),
    ] {
        site.set("/", answer);
        let error = site.error(&config).await;
        assert!(
            error.contains(&format!("the web site {}/", site.origin)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_site_that_is_down_is_an_error() {
    let links: String = (0..30)
        .map(|number| format!("<a href=/p{number}>{number}</a>"))
        .collect();
    let site = TestSite::new(&[("/", html(&links))]).await;
    for number in 0..30 {
        site.set(&format!("/p{number}"), status(502));
    }
    let error = site.error(&site.config("/")).await;
    assert!(error.contains("does not answer any more"), "{error}");
    let config = site.config("/");
    site.task.abort();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = site.error(&config).await;
    assert!(error.contains("robots.txt cannot be read"), "{error}");
}

#[tokio::test]
async fn traps_end() {
    let site = TestSite::new(&[
        ("/trap/", html("")),
        ("/c/", html("<p>C.<a href='c/'>deeper</a>")),
    ])
    .await;
    let mut config = site.config("/trap/0");
    let seen = site.look(&config).await;
    assert_eq!(seen.listed.len(), 1 + 2 + 4 + 8, "{:?}", seen.listed);
    site.asked();
    config.depth = 50;
    config.pages = 20.try_into().unwrap();
    let seen = site.look(&config).await;
    assert_eq!((seen.listed.len(), site.asked().len()), (20, 20));
    // What was known and is now over the limit is kept.
    config.pages = 12.try_into().unwrap();
    let seen = site.look(&config).await;
    assert_eq!((seen.listed.len(), seen.unreadable.len()), (12, 8));
    assert!(seen.unreadable[0].1.contains("`pages`"), "{seen:?}");
    for depth in 1..10 {
        let path = format!("/c/{}", "c/".repeat(depth));
        site.set(&path, html(&format!("<p>C{depth}.<a href='c/'>deeper</a>")));
    }
    let mut config = site.config("/c/");
    config.depth = 50;
    site.look(&config)
        .await
        .has(&["/c/", "/c/c/", "/c/c/c/"], &[]);
}

#[tokio::test]
async fn a_sitemap_is_a_start_and_its_dates_are_believed() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed
        .write_all(b"<urlset><url><loc>/docs/c</loc><lastmod>2020-01-02</lastmod></url></urlset>")
        .unwrap();
    let site = TestSite::new(&[
        (
            "/sitemap.xml",
            file(
                "application/xml",
                b"<sitemapindex><sitemap><loc>/s1.xml</loc></sitemap><sitemap><loc>/s2.xml.gz</loc></sitemap></sitemapindex>",
            ),
        ),
        (
            "/s1.xml",
            file("text/xml", b"<urlset><url><loc>/docs/a</loc></url><url><loc>/blog/</loc></url></urlset>"),
        ),
        ("/s2.xml.gz", file("application/octet-stream", &packed.finish().unwrap())),
        ("/docs/a", html("<p>A.<a href=b>b</a>")),
        ("/docs/b", html("<p>B.")),
        ("/docs/c", html("<p>C.")),
    ])
    .await;
    let mut config = site.config("/sitemap.xml");
    config.prefix = "/docs/".to_owned();
    config.depth = 1;
    let first = site.look(&config).await;
    first.has(&["/docs/a", "/docs/c"], &[]);
    site.asked();
    assert_eq!(site.look(&config).await, first);
    assert_eq!(
        site.asked(),
        ["/sitemap.xml", "/s1.xml", "/s2.xml.gz", "/docs/a"]
    );
    config.depth = 2;
    site.look(&config)
        .await
        .has(&["/docs/a", "/docs/b", "/docs/c"], &[]);
    site.set(
        "/sitemap.xml",
        file("application/xml", b"<sitemapindex><sitemap>"),
    );
    let error = site.error(&config).await;
    assert!(error.contains("cut off"), "{error}");

    // A site's own, named by its robots.txt, beside links.
    site.set("/robots.txt", file("text/plain", b"Sitemap: /s2.xml.gz\n"));
    site.set("/docs/", html("<p>Docs."));
    let config = site.config("/docs/");
    site.look(&config)
        .await
        .has(&["/docs/", "/docs/a", "/docs/b", "/docs/c"], &[]);
}

#[tokio::test]
async fn one_content_is_one_document() {
    let canonical = "<link rel=canonical href=/view?id=1>";
    let site = TestSite::new(&[
        (
            "/",
            html(
                "<p>Start.<a href='/view?id=1'>1</a><a href='/view?print=1&id=1'>2</a><a href='/view?id=1&print=1'>3</a>\
                 <a href='/view;jsessionid=AB?id=1#top'>4</a><a href='/copy'>5</a><a href='/index.html'>6</a>\
                 <a href='/other'>7</a>",
            ),
        ),
        ("/view?id=1", html(&format!("{canonical}<p>View."))),
        ("/view?id=1&print=1", html(&format!("{canonical}<p>View, to print.<a href=/deep>d</a>"))),
        ("/copy", html("<p>View.")),
        ("/index.html", html("<link rel=canonical href=/><p>Index.")),
        ("/other", html("<link rel=canonical href=/><p>Says that it is the start, and is not.")),
        ("/deep", html("<p>Deep.")),
    ])
    .await;
    let config = site.config("/");
    let first = site.look(&config).await;
    first.has(&["/", "/deep", "/index.html", "/other", "/view?id=1"], &[]);
    assert_eq!(site.look(&config).await, first);
    // The one that was chosen goes, and its twin is there.
    site.set("/view?id=1", status(404));
    site.look(&config).await.has(
        &[
            "/",
            "/copy",
            "/deep",
            "/index.html",
            "/other",
            "/view?id=1&print=1",
        ],
        &[],
    );
}

#[tokio::test]
async fn a_page_to_sign_in_takes_nothing_away() {
    let links: String = (0..4)
        .map(|number| format!("<a href=/p{number}>{number}</a>"))
        .collect();
    let start = html(&format!("<p>Start.{links}"));
    let site = TestSite::new(&[("/", start.clone())]).await;
    let paths = ["/p0", "/p1", "/p2", "/p3"];
    let mut all = vec!["/"];
    all.extend(paths);
    let restore = || {
        for path in paths {
            site.set(path, html(&format!("<p>Page {path}.")));
        }
    };
    restore();
    let config = site.config("/");
    let first = site.look(&config).await;
    first.has(&all, &[]);
    site.set("/login", html("<p>Sign in."));
    for answer in [
        html("<p>Sign in."),
        html("<meta name=robots content=noindex><p>Sign in."),
        html("<link rel=canonical href=/login><p>Sign in."),
        redirect(302, "/login"),
        redirect(303, "/login?from=x"),
        redirect(302, "https://sso.example/"),
    ] {
        for path in paths {
            site.set(path, answer.clone());
        }
        for _ in 0..2 {
            let seen = site.look(&config).await;
            for path in paths {
                let is_kept = seen.unreadable.iter().any(|(place, _)| place == path);
                assert!(
                    is_kept || seen.listed.contains(&path.to_owned()),
                    "{path}: {seen:?}"
                );
            }
            assert!(seen.unreadable.len() >= 3, "{seen:?}");
        }
        restore();
        site.look(&config).await;
        site.look(&config).await;
    }
    // Moved for good, on the other hand, is moved.
    site.set("/p0", redirect(301, "/moved"));
    site.set("/moved", html("<p>Moved."));
    let seen = site.look(&config).await;
    assert!(
        seen.listed.contains(&"/moved".to_owned()) && seen.unreadable.is_empty(),
        "{seen:?}"
    );
    assert!(!seen.listed.contains(&"/p0".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn a_busy_site_is_asked_again_when_it_says_so() {
    let site = TestSite::new(&[
        ("/", html("<p>Start.<a href=/a>a</a>")),
        ("/a", html("<p>A.")),
    ])
    .await;
    site.first("/", &[status(429).with("retry-after", "1"), status(503)]);
    let began = Instant::now();
    site.look(&site.config("/")).await.has(&["/", "/a"], &[]);
    assert!(began.elapsed() >= Duration::from_secs(1));
    site.set("/a", status(503).with("retry-after", "86400"));
    let seen = site.look(&site.config("/")).await;
    seen.has(&["/"], &["/a"]);
    assert!(seen.unreadable[0].1.contains("86400 s"), "{seen:?}");
}

#[tokio::test]
async fn requests_come_one_by_one_with_pauses() {
    let links: String = (0..5)
        .map(|number| format!("<a href=/trap/{number}>{number}</a>"))
        .collect();
    let site = TestSite::new(&[("/", html(&links))]).await;
    let mut config = site.config("/");
    config.depth = 1;
    config.pause = Duration::from_millis(30);
    site.look(&config).await;
    let times = site.shared.times.lock().unwrap().clone();
    assert!(times.len() >= 7);
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(30), "{times:?}");
    }
    assert_eq!(site.shared.most_at_once.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn large_packed_and_broken_files_are_told() {
    let site = TestSite::new(&[
        (
            "/",
            html("<a href=/large.pdf>l</a><a href=/packed.pdf>p</a><a href=/exact.pdf>e</a>"),
        ),
        (
            "/large.pdf",
            file("application/pdf", &vec![b'x'; (1 << 20) + 1]),
        ),
        ("/exact.pdf", file("application/pdf", &vec![b'x'; 1 << 20])),
        (
            "/packed.pdf",
            file("application/pdf", PDF).with("content-encoding", "gzip"),
        ),
    ])
    .await;
    let seen = site.look(&site.config("/")).await;
    seen.has(&["/", "/exact.pdf"], &["/large.pdf", "/packed.pdf"]);
    assert!(seen.unreadable[0].1.contains("ingest.max_file"), "{seen:?}");
}

#[tokio::test]
async fn headers_let_in_and_are_read_from_files() {
    let site = TestSite::new(&[("/", html("<p>Start."))]).await;
    let secret = site.folder.path().join("token");
    std::fs::write(&secret, "Bearer hush\n").unwrap();
    let mut config = site.config("/");
    config
        .headers
        .insert("Authorization".to_owned(), SecretFrom::File(secret.clone()));
    let web = site.open(&config);
    web.list().await.unwrap();
    let headers = site.shared.headers.lock().unwrap().clone();
    assert!(
        headers
            .iter()
            .all(|headers| headers["authorization"] == "Bearer hush")
    );
    assert!(
        headers[0]["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("Veracite/")
    );
    assert!(!format!("{web:?}").contains("hush"));
    std::fs::remove_file(&secret).unwrap();
    let error = web.list().await.unwrap_err().to_string();
    assert!(
        error.contains("`Authorization`") && error.contains("token"),
        "{error}"
    );
}

#[tokio::test]
async fn a_page_whose_encoding_only_the_server_tells_is_readable() {
    let (body, _, _) =
        encoding_rs::EUC_KR.encode("<html><p>휴가는 25일이다.<a href='/규정'>규정</a>");
    let site = TestSite::new(&[
        ("/", file("text/html; charset=EUC-KR", &body)),
        ("/%EA%B7%9C%EC%A0%95", html("<p>규정.")),
    ])
    .await;
    let web = site.open(&site.config("/"));
    let listing = web.list().await.unwrap();
    assert_eq!(listing.documents.len(), 2);
    for _ in 0..2 {
        let fetched = web.fetch(&listing.documents[0]).await.unwrap();
        let text = std::fs::read_to_string(&fetched.path).unwrap();
        assert!(text.contains("휴가는 25일이다."), "{text}");
    }
}

#[test]
fn statuses_are_what_the_server_sends() {
    // A made-up site that answers otherwise would make the tests above say nothing.
    assert_eq!(
        StatusCode::from_u16(status(410).status).unwrap(),
        StatusCode::GONE
    );
}
