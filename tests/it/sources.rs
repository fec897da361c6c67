//! Folders that the library is kept in step with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ingest::Group;
use veracite::ask::Reader;
use veracite::sources::folder::{Folder, FolderConfig};
use veracite::sources::{Source, Synced, sync};

use crate::harness::{LEAVE, TestApp};

fn folder(path: &Path, readers: &[&str]) -> Folder {
    let config = FolderConfig {
        folder: path.to_owned(),
        readers: readers.iter().map(|name| name.parse().unwrap()).collect(),
        every: Duration::from_secs(600),
    };
    Folder::open(&config, &BTreeSet::from([Group::everyone()]), 1 << 20).unwrap()
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
