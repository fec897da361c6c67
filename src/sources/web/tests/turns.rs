//! One turn after another: what changed, what is gone, what is kept.

use super::*;

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
    let links: Vec<String> = (0..30)
        .map(|number| format!("<a href=/p{number}>{number}</a>"))
        .collect();
    let links = links.concat();
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
async fn of_several_addresses_the_one_that_was_listed_stays() {
    let site = TestSite::new(&[
        ("/", html("<p>Start.<a href=/b>b</a><a href=/a>a</a>")),
        ("/a", html("<p>The same.")),
        ("/b", html("<p>The same.")),
    ])
    .await;
    let config = site.config("/");
    site.look(&config).await.has(&["/", "/b"], &[]);
    site.set("/", html("<p>Start.<a href=/a>a</a><a href=/b>b</a>"));
    site.look(&config).await.has(&["/", "/b"], &[]);
}

#[tokio::test]
async fn a_page_to_sign_in_takes_nothing_away() {
    let links: Vec<String> = (0..4)
        .map(|number| format!("<a href=/p{number}>{number}</a>"))
        .collect();
    let links = links.concat();
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
    let links: Vec<String> = (0..5)
        .map(|number| format!("<a href=/trap/{number}>{number}</a>"))
        .collect();
    let links = links.concat();
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
