//! Backups: whole or not at all, and what comes back is what was there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ingest::Group;
use ingest::parse::InProcess;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use veracite::app::{App, LOCAL};
use veracite::ask::Reader;
use veracite::backup::{restore, write};
use veracite::catalogue::{MetadataChange, NewDocument};
use veracite::doctor::{Level, examine};
use veracite::people::{NewPerson, Role, Scope, Visitor};

use crate::harness::{LEAVE, PRICES, TestApp, config};

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

/// A data folder, restored and opened.
async fn restored(file: &Path) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let told = restore(file, &folder.path().join("data")).await.unwrap();
    assert_eq!(told.audit, Vec::<String>::new());
    let app = App::open_with(config(folder.path()), Arc::new(InProcess))
        .await
        .unwrap();
    app.library().idle().await;
    TestApp { app, folder }
}

async fn assert_well(test: &TestApp) {
    for check in examine(test.app.library()).await {
        assert_ne!(check.level, Level::Error, "{check:?}");
    }
}

fn document(folder: &Path, number: usize) -> NewDocument {
    let name = format!("{number}.md");
    let path = folder.join(&name);
    std::fs::write(
        &path,
        format!("# 문서 {number}\n\n번호 RX-{number:04}은 {number}일이다.\n"),
    )
    .unwrap();
    NewDocument {
        place: name.clone(),
        file_name: name,
        path,
        readers: BTreeSet::from([Group::everyone()]),
        parent: None,
        lane: String::new(),
        metadata: MetadataChange::default(),
        passwords: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_while_documents_come_and_go_is_whole() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let data = test.folder.path().join("data");
    let (app, from) = (Arc::clone(&test.app), test.folder.path().to_owned());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let coming = tokio::spawn(async move {
        let mut number = 0;
        while !*stopped.borrow() {
            let new = document(&from, number);
            let taken = app.library().submit(new).await.unwrap();
            // Every other goes again, some of them while they are read.
            if number % 2 == 0 {
                let reader = Reader::anyone();
                assert!(app.library().delete(taken.id, &reader).await.unwrap());
            }
            number += 1;
        }
        number
    });
    let mut files = Vec::new();
    for number in 0..4 {
        let file = test.folder.path().join(format!("{number}.tar.zst"));
        let told = write(&data, &file).await.unwrap();
        assert_eq!(told.size, file.metadata().unwrap().len());
        files.push(file);
    }
    stop.send(true).unwrap();
    assert!(coming.await.unwrap() > 0);
    for file in &files {
        let again = restored(file).await;
        assert_well(&again).await;
        let texts = again
            .texts("입사 1년 미만 직원의 연차는 며칠인가요?", &[])
            .await;
        assert!(texts.concat().contains("11일"), "{texts:?}");
        again.app.close().await;
    }
    // What was left for the backups goes when they are done.
    test.app.library().idle().await;
    assert_well(&test).await;
}

#[tokio::test]
async fn originals_stay_as_long_as_a_backup_is_made() {
    let test = TestApp::new().await;
    let (id, _) = test.add("leave.md", LEAVE, &["everyone"]).await;
    let data = test.folder.path().join("data");
    let held = File::create(data.join("originals.lock")).unwrap();
    held.lock().unwrap();
    assert!(
        test.app
            .library()
            .delete(id, &Reader::anyone())
            .await
            .unwrap()
    );
    assert_eq!(names(&data.join("originals")).len(), 1);
    drop(held);
    while !names(&data.join("originals")).is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn answers_and_rights_are_what_they_were() {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    test.add("prices.html", PRICES, &["sales"]).await;
    let question = "PPR-9087의 단가는 얼마인가요?";
    let (file, data) = (
        test.folder.path().join("b.tar.zst"),
        test.folder.path().join("data"),
    );
    // The name under which vectors lie in a server, where they do.
    std::fs::write(data.join("installation"), "0123").unwrap();
    let told = write(&data, &file).await.unwrap();
    assert_eq!(told.documents, 2);
    let again = restored(&file).await;
    assert_well(&again).await;
    for groups in [&["sales"][..], &[]] {
        let (before, after) = (
            test.texts(question, groups).await,
            again.texts(question, groups).await,
        );
        assert_eq!(before, after);
    }
    assert!(!test.texts(question, &["sales"]).await.is_empty());
    let of = |test: &TestApp| test.folder.path().join("data");
    let key = |test: &TestApp| std::fs::read(of(test).join("proof.key")).unwrap();
    assert_eq!(
        key(&test),
        key(&again),
        "what was sealed before is still this installation's"
    );
    assert!(
        !of(&again).join("installation").try_exists().unwrap(),
        "the one it came from may still run"
    );
}

/// A backup of a small library.
async fn small() -> (TempDir, Vec<u8>) {
    let test = TestApp::new().await;
    test.add("leave.md", LEAVE, &["everyone"]).await;
    let file = test.folder.path().join("b.tar.zst");
    write(&test.folder.path().join("data"), &file)
        .await
        .unwrap();
    test.app.close().await;
    let bytes = std::fs::read(&file).unwrap();
    (test.folder, bytes)
}

/// Why `bytes` are not restored; nothing of them is left.
async fn refused(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.tar.zst");
    std::fs::write(&file, bytes).unwrap();
    let into = folder.path().join("data");
    let error = restore(&file, &into).await.unwrap_err().to_string();
    assert!(error.contains("broken.tar.zst"), "{error}");
    assert_eq!(
        names(folder.path()),
        BTreeSet::from(["broken.tar.zst".to_owned()])
    );
    error
}

/// The files of a backup, in order.
type Files = Vec<(String, Vec<u8>)>;

fn unpacked(bytes: &[u8]) -> Files {
    let mut archive = tar::Archive::new(zstd::Decoder::new(bytes).unwrap());
    let entries = archive.entries().unwrap();
    entries
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (name, content)
        })
        .collect()
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive
            .append_data(&mut header, name, content.as_slice())
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let (_folder, bytes) = small().await;
    for share in [0, 1, 30, 60, 97] {
        let mut damaged = bytes.clone();
        let at = bytes.len() * share / 100;
        damaged[at] ^= 0x55;
        refused(&damaged).await;
    }
    for kept in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..kept]).await;
    }
    refused(b"not at all a backup").await;
}

#[tokio::test]
async fn a_backup_that_was_tampered_with_is_refused() {
    let (_folder, bytes) = small().await;
    let files = unpacked(&bytes);
    assert_eq!(files[0].0, "manifest.json");
    assert_eq!(unpacked(&packed(&files)), files);
    let last = files.len() - 1;
    let with = |change: &dyn Fn(&mut Files)| {
        let mut files = files.clone();
        change(&mut files);
        packed(&files)
    };
    let flipped = with(&|files| files[last].1[0] ^= 1);
    assert!(refused(&flipped).await.contains("is not what it was"));
    let removed = with(&|files| {
        files.pop();
    });
    assert!(refused(&removed).await.contains("it ends before"));
    let more = with(&|files| files.push(("x".to_owned(), vec![1])));
    assert!(refused(&more).await.contains("more than it lists"));
    let swapped = with(&|files| files.swap(1, last));
    assert!(
        refused(&swapped)
            .await
            .contains("is not where it is listed")
    );
    let manifest = |change: &dyn Fn(&mut Value)| {
        with(&|files| {
            let mut manifest: Value = serde_json::from_slice(&files[0].1).unwrap();
            change(&mut manifest);
            files[0].1 = serde_json::to_vec(&manifest).unwrap();
        })
    };
    let outside = manifest(&|manifest| manifest["files"][last - 1]["path"] = "../x".into());
    assert!(refused(&outside).await.contains("`../x`"));
    let newer = manifest(&|manifest| {
        manifest["format"] = 2.into();
        manifest["program"] = "9.0.0".into();
        manifest["files"] = "something else".into();
    });
    let told = refused(&newer).await;
    assert!(told.contains("newer Veracite (9.0.0)"), "{told}");
    let newer = manifest(&|manifest| manifest["schema"] = 1_000.into());
    assert!(refused(&newer).await.contains("newer Veracite"));
    // Neither listed nor there: the catalogue knows.
    let lost = with(&|files| {
        files.pop();
        let mut manifest: Value = serde_json::from_slice(&files[0].1).unwrap();
        manifest["files"].as_array_mut().unwrap().pop();
        files[0].1 = serde_json::to_vec(&manifest).unwrap();
    });
    assert!(refused(&lost).await.contains("is not in it"));
}

#[tokio::test]
async fn nothing_takes_the_place_of_something_else() {
    let (folder, bytes) = small().await;
    let file = folder.path().join("b.tar.zst");
    let error = write(&folder.path().join("data"), &file).await.unwrap_err();
    assert!(error.to_string().contains("is there already"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    let into = tempfile::tempdir().unwrap();
    std::fs::write(into.path().join("mine"), "x").unwrap();
    let error = restore(&file, into.path()).await.unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
    assert_eq!(names(into.path()), BTreeSet::from(["mine".to_owned()]));
    let error = write(into.path(), &into.path().join("b"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("holds no catalogue"), "{error}");
}

#[tokio::test]
async fn a_backup_that_fails_leaves_no_file() {
    let (folder, _) = small().await;
    let data = folder.path().join("data");
    let original = names(&data.join("originals")).pop_first().unwrap();
    std::fs::write(data.join("originals").join(&original), "other").unwrap();
    let beside = tempfile::tempdir().unwrap();
    let file = beside.path().join("b.tar.zst");
    let error = write(&data, &file).await.unwrap_err().to_string();
    assert!(error.contains(&original), "{error}");
    std::fs::remove_file(data.join("originals").join(&original)).unwrap();
    let error = write(&data, &file).await.unwrap_err().to_string();
    assert!(error.contains(&original), "{error}");
    assert_eq!(names(beside.path()), BTreeSet::new());
}

#[tokio::test]
async fn accounts_and_keys_come_back_and_who_was_signed_in_is_not() {
    let test = TestApp::new().await;
    let password = SecretString::from("다섯 마리 고양이가 창가에서 잔다");
    let new = NewPerson {
        name: "mina".parse().unwrap(),
        display_name: String::new(),
        role: Role::Reader,
        groups: BTreeSet::new(),
    };
    let people = test.app.people();
    let person = people.add(LOCAL, new, &password).await.unwrap();
    let (key, _) = people
        .make_key(&person, "bot", Scope::Read, None)
        .await
        .unwrap();
    let session = people
        .sign_in("mina", &password, Visitor::default())
        .await
        .unwrap();
    let of_session = session.token.expose();
    let file = test.folder.path().join("b.tar.zst");
    write(&test.folder.path().join("data"), &file)
        .await
        .unwrap();
    let here = people.admit_session(of_session, false).await.unwrap();
    assert!(here.is_some(), "a backup signs nobody out");

    let again = restored(&file).await;
    let people = again.app.people();
    assert!(
        people
            .admit_session(of_session, false)
            .await
            .unwrap()
            .is_none()
    );
    assert!(people.admit_key(key.expose()).await.unwrap().is_some());
    let visitor = Visitor::default();
    people.sign_in("mina", &password, visitor).await.unwrap();
}
