//! Folders, web sites and buckets that the library is kept in step with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ingest::parse::InProcess;
use veracite::app::App;
use veracite::ask::Reader;
use veracite::sources::bucket::BucketConfig;
use veracite::sources::config::SourceConfig;
use veracite::sources::folder::{Folder, FolderConfig};
use veracite::sources::web::WebConfig;
use veracite::sources::{Source, Surroundings, Synced, sync};

use crate::harness::{FixedClock, LEAVE, TestApp, config};

fn folder(path: &Path, readers: &[&str]) -> Folder {
    let config = FolderConfig {
        folder: path.to_owned(),
        readers: readers.iter().map(|name| name.parse().unwrap()).collect(),
        every: Duration::from_secs(600),
    };
    Folder::open(&config, 1 << 20).unwrap()
}

async fn names(test: &TestApp) -> Vec<String> {
    test.app.library().idle().await;
    let views = test.app.library().list(&Reader::anyone()).await.unwrap();
    let mut names: Vec<String> = views.into_iter().map(|view| view.file_name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn documents_follow_the_files_of_a_folder() {
    let test = TestApp::new().await;
    let path = test.folder.path().join("watched");
    fs::create_dir_all(path.join("deep")).unwrap();
    fs::write(path.join("leave.md"), LEAVE).unwrap();
    fs::write(
        path.join("deep/note.md"),
        "# Note\n\nThe canteen closes at 14:30.",
    )
    .unwrap();
    let source = folder(&path, &[]);
    let library = test.app.library();
    let counts = |synced: Synced| {
        (
            synced.taken,
            synced.unchanged,
            synced.removed,
            synced.failed,
        )
    };
    assert_eq!(counts(sync(library, &source).await.unwrap()), (2, 0, 0, 0));
    assert_eq!(names(&test).await, ["leave.md", "note.md"]);
    assert_eq!(counts(sync(library, &source).await.unwrap()), (0, 2, 0, 0));

    // A file that moves stays the document that it was.
    let of = async |name: &str| {
        test.app.library().idle().await;
        let views = library.list(&Reader::anyone()).await.unwrap();
        let view = views.into_iter().find(|view| view.file_name == name);
        view.map(|view| view.id)
    };
    let note = of("note.md").await.unwrap();
    fs::rename(path.join("deep/note.md"), path.join("canteen.md")).unwrap();
    let synced = sync(library, &source).await.unwrap();
    assert_eq!((synced.moved, counts(synced)), (1, (0, 1, 0, 0)));
    assert_eq!(names(&test).await, ["canteen.md", "leave.md"]);
    assert_eq!(of("canteen.md").await, Some(note));
    assert_eq!(counts(sync(library, &source).await.unwrap()), (0, 2, 0, 0));
    // Another file at the old place is another document, and going back is a move again.
    fs::write(path.join("deep/note.md"), "# Note\n\nIt is closed.").unwrap();
    assert_eq!(counts(sync(library, &source).await.unwrap()), (1, 2, 0, 0));
    assert_ne!(of("note.md").await, Some(note));
    fs::rename(path.join("canteen.md"), path.join("deep/note.md")).unwrap();
    assert_eq!(counts(sync(library, &source).await.unwrap()), (1, 1, 1, 0));

    fs::write(path.join("leave.md"), LEAVE.replace("11일", "12일")).unwrap();
    fs::remove_file(path.join("deep/note.md")).unwrap();
    assert_eq!(counts(sync(library, &source).await.unwrap()), (1, 0, 1, 0));
    assert_eq!(names(&test).await, ["leave.md"]);
    let texts = test
        .texts("입사 1년 미만 직원의 연차는 며칠인가요?", &[])
        .await;
    assert_eq!(texts[0], "입사 1년 미만 직원의 연차휴가는 최대 12일이다.");

    // Other readers are a change, though no file changed.
    let source = folder(&path, &["staff"]);
    assert_eq!(counts(sync(library, &source).await.unwrap()), (1, 0, 0, 0));
    assert!(names(&test).await.is_empty());
}

#[tokio::test]
async fn an_empty_or_missing_folder_removes_nothing() {
    let test = TestApp::new().await;
    let path = test.folder.path().join("watched");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("leave.md"), LEAVE).unwrap();
    let source = folder(&path, &[]);
    sync(test.app.library(), &source).await.unwrap();
    fs::remove_file(path.join("leave.md")).unwrap();
    let error = sync(test.app.library(), &source).await.unwrap_err();
    assert!(error.to_string().contains("not mounted"), "{error}");
    fs::remove_dir(&path).unwrap();
    let error = sync(test.app.library(), &source).await.unwrap_err();
    assert!(error.to_string().contains("watched"), "{error}");
    assert_eq!(names(&test).await, ["leave.md"]);
}

#[tokio::test]
async fn a_change_is_told() {
    let test = TestApp::new().await;
    let path = test.folder.path().join("watched");
    fs::create_dir_all(&path).unwrap();
    let source = folder(&path, &[]);
    let written = path.join("leave.md");
    let (told, ()) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(60), source.changed()),
        async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            fs::write(written, LEAVE).unwrap();
        }
    );
    assert!(told.is_ok(), "nothing was told of a file that came");
}

/// Serves these pages and files on this machine; gives the address.
async fn site(pages: &[(&'static str, &'static str, String)]) -> String {
    let mut router = axum::Router::new();
    for (path, kind, body) in pages {
        let answer = ([("content-type", *kind), ("etag", "\"1\"")], body.clone());
        router = router.route(
            path,
            axum::routing::get(move || std::future::ready(answer.clone())),
        );
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn sync_all(test: &TestApp, config: &SourceConfig) -> Synced {
    let folder = test.folder.path().join("data/sources");
    let surroundings = Surroundings {
        max_file: 1 << 20,
        guard: &veracite::outbound::Guard::default(),
        folder: &folder,
    };
    let source = veracite::sources::open(config, surroundings).unwrap();
    sync(test.app.library(), &*source).await.unwrap()
}

#[tokio::test]
async fn pages_of_a_web_site_answer_questions_for_those_who_may_read_them() {
    let test = TestApp::new().await;
    let page = "<title>휴가</title><h1>휴가 규정</h1><p>입사 1년 미만 직원의 연차휴가는 최대 11일이다.</p>\
        <a href=note.md>Note</a><a href=http://127.0.0.1:1/>elsewhere</a>";
    let note = "# Note\n\nThe canteen closes at 14:30.";
    let address = site(&[
        ("/docs/", "text/html; charset=utf-8", page.to_owned()),
        ("/docs/note.md", "text/markdown", note.to_owned()),
    ])
    .await;
    let mut config = WebConfig::new(&format!("{address}/docs/"), None).unwrap();
    config.pause = Duration::ZERO;
    config.readers = BTreeSet::from(["staff".parse().unwrap()]);
    let config = SourceConfig::Web(config);
    let synced = sync_all(&test, &config).await;
    assert_eq!((synced.taken, synced.failed), (2, 0));
    assert!(names(&test).await.is_empty());
    let question = "입사 1년 미만 직원의 연차는 며칠인가요?";
    let texts = test.texts(question, &["staff"]).await;
    assert_eq!(texts[0], "입사 1년 미만 직원의 연차휴가는 최대 11일이다.");
    let synced = sync_all(&test, &config).await;
    assert_eq!((synced.taken, synced.unchanged), (0, 2));
}

#[tokio::test]
async fn objects_of_a_bucket_are_documents() {
    let test = TestApp::new().await;
    let list = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>규정/leave.md</Key>\
        <ETag>\"1\"</ETag><Size>300</Size></Contents></ListBucketResult>";
    let address = site(&[
        ("/documents", "application/xml", list.to_owned()),
        (
            "/documents/{folder}/leave.md",
            "text/plain",
            LEAVE.to_owned(),
        ),
    ])
    .await;
    let config = SourceConfig::Bucket(BucketConfig::new("documents", &address).unwrap());
    let synced = sync_all(&test, &config).await;
    assert_eq!((synced.taken, synced.failed), (1, 0));
    assert_eq!(names(&test).await, ["leave.md"]);
    let synced = sync_all(&test, &config).await;
    assert_eq!((synced.taken, synced.unchanged), (0, 1));
}

#[tokio::test]
async fn sources_of_the_same_documents_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    for start in ["http://127.0.0.1:1/docs/", "http://127.0.0.1:1/docs/a/"] {
        let web = WebConfig::new(start, None).unwrap();
        config.sources.push(SourceConfig::Web(web));
    }
    let app = App::open_at(config, Arc::new(InProcess), Arc::new(FixedClock))
        .await
        .unwrap();
    let error = app.sources().unwrap_err().to_string();
    assert!(error.contains("lie in each other"), "{error}");
    let checks = app.source_checks().await;
    assert_eq!(checks.len(), 1);
}
