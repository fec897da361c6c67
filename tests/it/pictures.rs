//! Pages that are pictures: read later, by character recognition, and told to be so.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use ingest::ocr::{Recognize, RecognizedPage};
use ingest::parse::{InProcess, ParseError, Passwords};
use ingest::{PlacedWord, Rect};
use veracite::app::{App, Reading};
use veracite::ask::Reader;
use veracite::catalogue::{MetadataChange, NewDocument, State};

use crate::harness::{config, groups};

/// A white pixel.
const PNG: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\x9c\x63\xf8\x0f\x00\x01\x01\x01\x00\xb1\x38\xf6\x14\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// Reads the same on every picture.
#[derive(Debug, Default)]
struct Reads {
    times: AtomicUsize,
}

#[async_trait]
impl Recognize for Reads {
    async fn recognize(
        &self,
        _path: &Path,
        number: u32,
        _passwords: &Passwords,
    ) -> Result<RecognizedPage, ParseError> {
        self.times.fetch_add(1, Ordering::SeqCst);
        let words = "병가는 연 60일까지 쓸 수 있다.".split(' ').zip(0_u8..);
        let words = words.map(|(word, place)| PlacedWord {
            text: word.to_owned(),
            rect: Rect {
                x0: f32::from(place) * 20.0,
                y0: 10.0,
                x1: f32::from(place) * 20.0 + 18.0,
                y1: 20.0,
            },
            joins: false,
        });
        Ok(RecognizedPage {
            number,
            width: 100.0,
            height: 100.0,
            paragraphs: vec![words.collect()],
        })
    }
}

async fn open(folder: &Path, ocr: Option<&Arc<Reads>>) -> Arc<App> {
    let mut reading = Reading::from(Arc::new(InProcess));
    if let Some(ocr) = ocr {
        reading.ocr = Ok(Arc::clone(ocr) as Arc<dyn Recognize>);
    }
    App::open_with(config(folder), reading).await.unwrap()
}

#[tokio::test]
async fn a_picture_is_found_by_its_text_once_there_is_something_that_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.png");
    std::fs::write(&path, PNG).unwrap();
    let reader = Reader::anyone();
    let app = open(folder.path(), None).await;
    let document = NewDocument {
        place: "scan.png".to_owned(),
        file_name: "scan.png".to_owned(),
        path,
        readers: groups(&["everyone"]).into_iter().collect(),
        parent: None,
        lane: String::new(),
        metadata: MetadataChange::default(),
        passwords: Vec::new(),
    };
    let id = app.library().submit(document).await.unwrap().id;
    app.library().idle().await;
    let view = app.library().get(id, &reader).await.unwrap().unwrap();
    assert_eq!(view.state, State::ReadyWithWarnings);
    assert_eq!(view.problems[0].message, "its only page has no text layer");
    app.close().await;
    drop(app);

    let ocr = Arc::new(Reads::default());
    let app = open(folder.path(), Some(&ocr)).await;
    app.library().idle().await;
    let view = app.library().get(id, &reader).await.unwrap().unwrap();
    assert_eq!((view.state, view.chunks), (State::ReadyWithWarnings, 1));
    let told: Vec<&str> = view
        .problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(
        told,
        ["the page is a picture and was read by character recognition, which errs"]
    );
    let source = app.library().source(id, None, &reader).await.unwrap();
    let document = source.unwrap().document;
    assert_eq!(document.text, "병가는 연 60일까지 쓸 수 있다.");
    assert_eq!(document.boxes_of(&(0..document.text.len())).len(), 1);
    let picture = app.library().page_picture(id, view.version, 1, &reader);
    let picture = picture.await.unwrap().unwrap().unwrap();
    assert!(picture.png.starts_with(&PNG[..8]));
    app.close().await;
    drop(app);

    let app = open(folder.path(), Some(&ocr)).await;
    app.library().idle().await;
    assert_eq!(ocr.times.load(Ordering::SeqCst), 1, "it is read once");
    app.close().await;
}
