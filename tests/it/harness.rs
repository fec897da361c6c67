//! An application on a temporary folder.

use std::path::Path;
use std::sync::Arc;

use ingest::parse::InProcess;
use ingest::{DocumentId, Group};
use jiff::Timestamp;
use tempfile::TempDir;
use veracite::app::App;
use veracite::ask::{Question, Reader, Scope};
use veracite::catalogue::{MetadataChange, NewDocument, State};
use veracite::check::{Answer, Mode};
use veracite::config::Config;
use veracite::language::Language;
use veracite::proof::Clock;

pub(crate) const LEAVE: &str = "# 휴가 규정\n\n## 제5조 (연차휴가)\n\n입사 1년 미만 직원의 연차휴가는 최대 11일이다. \
    미사용 연차는 수당으로 지급하지 않는다.\n\n## 제6조 (병가)\n\n병가는 연 60일까지 쓸 수 있다.\n";
pub(crate) const PRICES: &str = "<h1>Prices</h1><table><tr><th>Code<th>Unit price<tr><td>PPR-9087<td>418,000 KRW\
    <tr><td>PPR-9088<td>527,000 KRW</table>";

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) folder: TempDir,
}

pub(crate) fn config(folder: &Path) -> Config {
    let mut config = Config {
        data: folder.join("data"),
        ..Config::default()
    };
    config.models.embedder = None;
    config
}

pub(crate) fn groups(names: &[&str]) -> Vec<Group> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// It is the first of March 2026, all the time.
#[derive(Debug)]
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_772_323_200).unwrap()
    }
}

async fn open(folder: &Path) -> Arc<App> {
    App::open_at(config(folder), Arc::new(InProcess), Arc::new(FixedClock))
        .await
        .unwrap()
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = open(folder.path()).await;
        Self { app, folder }
    }

    /// Stops and opens again.
    pub(crate) async fn restart(self) -> Self {
        self.app.close().await;
        drop(self.app);
        let app = open(self.folder.path()).await;
        Self {
            app,
            folder: self.folder,
        }
    }

    /// Hands in a file and waits until work on it is over.
    pub(crate) async fn add(
        &self,
        name: &str,
        bytes: impl AsRef<[u8]>,
        readers: &[&str],
    ) -> (DocumentId, State) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let submitted = self
            .app
            .library()
            .submit(NewDocument {
                place: name.to_owned(),
                file_name: name.to_owned(),
                path,
                readers: groups(readers).into_iter().collect(),
                parent: None,
                lane: String::new(),
                metadata: MetadataChange::default(),
                passwords: Vec::new(),
            })
            .await
            .unwrap();
        self.app.library().idle().await;
        let view = self
            .app
            .library()
            .get(submitted.id, &Reader::new(groups(readers)))
            .await
            .unwrap()
            .unwrap();
        (submitted.id, view.state)
    }

    pub(crate) async fn ask(&self, question: &str, groups_of: &[&str]) -> Arc<Answer> {
        let question = Question {
            scope: Scope::default(),
            adapter: None,
            text: question.to_owned(),
            reader: Reader::new(groups(groups_of)),
            language: Language::of(question),
        };
        self.app.answer(question, Mode::Strict).await.unwrap()
    }

    /// The texts of an answer, without white space at the ends.
    pub(crate) async fn texts(&self, question: &str, groups: &[&str]) -> Vec<String> {
        self.ask(question, groups)
            .await
            .sentences()
            .iter()
            .map(|sentence| sentence.text().to_owned())
            .collect()
    }
}
