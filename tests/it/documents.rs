//! Documents on their way in and out.

use veracite::app::App;
use veracite::ask::Reader;
use veracite::catalogue::{MetadataChange, NewDocument, State};
use veracite::doctor::{Level, examine};

use crate::harness::{LEAVE, TestApp, config, groups};

async fn is_clean(test: &TestApp) {
    let checks = examine(test.app.library()).await;
    assert!(
        checks.iter().all(|check| check.level == Level::Ok),
        "{checks:?}"
    );
}

#[tokio::test]
async fn handing_in_twice_changes_nothing() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let before = test.app.library().list(&Reader::anyone()).await.unwrap();
    let again = test
        .app
        .library()
        .submit(NewDocument {
            place: "leave.md".to_owned(),
            file_name: "leave.md".to_owned(),
            path: test.folder.path().join("leave.md"),
            readers: groups(&["everyone"]).into_iter().collect(),
            parent: None,
            lane: String::new(),
            metadata: MetadataChange::default(),
            passwords: Vec::new(),
        })
        .await
        .unwrap();
    assert!(again.unchanged);
    assert_eq!(
        test.app.library().list(&Reader::anyone()).await.unwrap(),
        before
    );
}

#[tokio::test]
async fn a_new_version_replaces_the_old_one_and_a_deleted_document_is_gone() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let (id, _) = test
        .add("leave.md", LEAVE.replace("11일", "12일"), &["everyone"])
        .await;
    let texts = test
        .texts("입사 1년 미만 직원의 연차는 며칠인가요?", &[])
        .await;
    assert_eq!(texts[0], "입사 1년 미만 직원의 연차휴가는 최대 12일이다.");
    is_clean(&test).await;
    assert!(
        test.app
            .library()
            .delete(id, &Reader::anyone())
            .await
            .unwrap()
    );
    assert!(
        test.ask("입사 1년 미만 직원의 연차는 며칠인가요?", &[])
            .await
            .abstained()
    );
    let difference = &test.app.library().differences().await.unwrap()[0];
    assert!(difference.expected == 0 && difference.is_none());
    // Not even in a file.
    let data = test.folder.path().join("data");
    assert_eq!(
        std::fs::read_dir(data.join("originals")).unwrap().count(),
        0
    );
    let words = "미사용 연차는 수당으로".as_bytes();
    for file in ["catalogue.sqlite", "catalogue.sqlite-wal"] {
        let bytes = std::fs::read(data.join(file)).unwrap();
        assert!(
            !bytes.windows(words.len()).any(|window| window == words),
            "{file}"
        );
    }
    is_clean(&test).await;
}

#[tokio::test]
async fn a_bad_file_is_told_by_name_and_reason_and_the_others_are_read() {
    let test = TestApp::new().await;
    for (name, bytes, reason) in [
        ("empty.pdf", &b""[..], "empty"),
        ("cut.pdf", b"%PDF-1.7 and nothing more", "damaged"),
        ("broken.docx", b"PK\x03\x04 and nothing more", "damaged"),
        ("picture.md", b"OggS0000000000000000", "Ogg"),
    ] {
        let (id, state) = test.add(name, bytes, &["everyone"]).await;
        assert_eq!(state, State::Failed, "{name}");
        let view = test
            .app
            .library()
            .get(id, &Reader::anyone())
            .await
            .unwrap()
            .unwrap();
        let error = view.error.unwrap();
        assert!(error.contains(reason), "{name}: {error}");
    }
    let (_, state) = test
        .add(
            "leave.pdf",
            "<html><p>이름과 다른 형식이다.</p></html>",
            &["everyone"],
        )
        .await;
    assert_eq!(state, State::ReadyWithWarnings);
    let (_, state) = test.add("leave.md", LEAVE, &["everyone"]).await;
    assert_eq!(state, State::Ready);
    is_clean(&test).await;
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_an_index_that_was_lost_is_made_anew() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let test = test.restart().await;
    assert!(
        !test
            .ask("병가는 연 며칠까지 쓸 수 있나요?", &[])
            .await
            .abstained()
    );
    test.app.close().await;
    let TestApp { app, folder } = test;
    drop(app);
    let index = folder.path().join("data/index");
    let words = std::fs::read_dir(index).unwrap().next().unwrap().unwrap();
    for entry in std::fs::read_dir(words.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), b"not an index").unwrap();
    }
    let app = App::open_with(
        config(folder.path()),
        std::sync::Arc::new(ingest::parse::InProcess),
    )
    .await
    .unwrap();
    let test = TestApp { app, folder };
    assert!(
        !test
            .ask("병가는 연 며칠까지 쓸 수 있나요?", &[])
            .await
            .abstained()
    );
    is_clean(&test).await;
}

#[tokio::test]
async fn a_second_process_is_refused_by_the_name_of_the_folder() {
    let test = TestApp::new().await;
    let second = App::open_with(
        config(test.folder.path()),
        std::sync::Arc::new(ingest::parse::InProcess),
    )
    .await;
    let error = format!("{:#}", second.unwrap_err());
    assert!(
        error.contains("another process") && error.contains("data"),
        "{error}"
    );
}
