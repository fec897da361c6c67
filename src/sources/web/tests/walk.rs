//! What is found, and what is never asked for.

use super::*;

#[tokio::test]
async fn a_name_of_this_machine_is_asked_only_if_it_is_allowed() {
    let site = TestSite::new(&[("/docs/", html("<p>Leave is 25 days."))]).await;
    let start = site.origin.replace("127.0.0.1", "localhost") + "/docs/";
    let mut config = WebConfig::new(&start, None).unwrap();
    config.pause = Duration::ZERO;
    let error = site.open(&config).list().await.unwrap_err().to_string();
    assert!(error.contains("network.allow"), "{error}");
    assert!(site.shared.asked.lock().unwrap().is_empty());
    // The site listens at one of the addresses that the name may stand for.
    for allow in ["localhost", "127.0.0.0/8"] {
        let web = site.open_guarded(&config, &[allow, "::1"]);
        assert_eq!(web.list().await.unwrap().documents.len(), 1, "{allow}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_machine_is_not_asked_for() {
    let other = TestSite::new(&[("/docs/", html("<p>Secret."))]).await;
    let site = TestSite::new(&[
        ("/docs/", html("<p>Leave is 25 days.<a href=a>a</a>")),
        ("/docs/a", redirect(302, &format!("{}/docs/", other.origin))),
    ])
    .await;
    site.open(&site.config("/docs/")).list().await.unwrap();
    assert!(other.shared.asked.lock().unwrap().is_empty());
}

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
async fn large_and_packed_files_are_told() {
    let site = TestSite::new(&[
        (
            "/",
            html(
                "<a href=/large.pdf>l</a><a href=/packed.pdf>p</a><a href=/exact.pdf>e</a>\
                 <a href=/unmeasured.pdf>u</a>",
            ),
        ),
        (
            "/large.pdf",
            file("application/pdf", &vec![b'x'; (1 << 20) + 1]),
        ),
        (
            "/unmeasured.pdf",
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
    seen.has(
        &["/", "/exact.pdf"],
        &["/large.pdf", "/packed.pdf", "/unmeasured.pdf"],
    );
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
