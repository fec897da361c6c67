//! Answers whose draft a language model in this process writes: the tiny random Mixtral of
//! `tests/fixtures/mixtral`, which writes gibberish.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ingest::parse::InProcess;
use veracite::app::{App, AskError};
use veracite::ask::{Question, Reader, Scope};
use veracite::check::{Mode, Verdict};
use veracite::config::Config;
use veracite::doctor::Level;
use veracite::generate::{Engine, KvType};
use veracite::language::Language;
use veracite::model::Source;

use crate::harness::{LEAVE, TestApp, config};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mixtral")
}

fn with_model(folder: &Path, model: PathBuf) -> Config {
    let mut config = config(folder);
    config.generator.engine = Engine::Local;
    config.generator.max_tokens = 60.try_into().unwrap();
    let local = &mut config.generator.local;
    local.model = Some(Source::Local(model));
    local.context = 16_384.try_into().unwrap();
    local.threads = 2.try_into().ok();
    local.kv = KvType::F32;
    local.adapters = [("ours".to_owned(), fixture().join("adapter"))].into();
    config
}

async fn app(model: PathBuf) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let config = with_model(folder.path(), model);
    let app = App::open_with(config, Arc::new(InProcess)).await.unwrap();
    TestApp { app, folder }
}

fn question(text: &str, adapter: Option<&str>) -> Question {
    Question {
        scope: Scope::default(),
        text: text.to_owned(),
        reader: Reader::anyone(),
        language: Language::of(text),
        adapter: adapter.map(str::to_owned),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_in_this_process_makes_up_is_not_shown() {
    for model in [fixture(), fixture().join("model.Q8_0.gguf")] {
        let test = app(model).await;
        test.app.needs_generator().unwrap();
        test.add("leave.md", LEAVE, &["everyone"]).await;
        let ask = question("입사 1년 미만 연차는 최대 며칠인가?", None);
        let answer = test.app.answer(ask, Mode::Marked).await.unwrap();
        assert!(["mixtral", "model.Q8_0"].contains(&answer.generator()));
        assert!(!answer.ledger().is_empty());
        for sentence in answer.sentences() {
            assert_ne!(
                sentence.verdict(),
                Verdict::Supported,
                "{}",
                sentence.text()
            );
        }
        let usage = answer.usage().expect("the engine counts");
        assert!(usage.prompt_tokens > 200 && usage.completion_tokens <= 60);
        assert_eq!(usage.cached_tokens, Some(0));
        // The next answer, by the same passages, begins where the first one's passages end.
        let ask = question("연차는 입사 1년 미만일 때 며칠인가?", None);
        let answer = test.app.answer(ask, Mode::Strict).await.unwrap();
        let usage = answer.usage().expect("the engine counts");
        assert!(
            usage.cached_tokens > Some(usage.prompt_tokens / 2),
            "{usage:?}"
        );
        // With an adapter the same passages are others.
        let ask = question("병가는 며칠까지 쓸 수 있는가?", Some("ours"));
        let answer = test.app.answer(ask, Mode::Strict).await.unwrap();
        assert!(answer.abstained());
        let checks = test.app.generator_checks().await;
        assert_eq!(checks[0].level, Level::Ok, "{}", checks[0].message);
        assert!(
            checks[0].message.contains("layers 1 to 2"),
            "{}",
            checks[0].message
        );
        let none = test
            .app
            .ask(question("연차는?", Some("theirs")), Mode::Strict);
        assert!(matches!(none, Err(AskError::NoAdapter(name)) if name == "theirs"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_missing_or_broken_is_told_and_nothing_is_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.gguf");
    let bytes = std::fs::read(fixture().join("model.Q8_0.gguf")).unwrap();
    std::fs::write(&broken, &bytes[..bytes.len() - 10_000]).unwrap();
    for (model, reason) in [
        (
            PathBuf::from("/nowhere/mixtral.gguf"),
            "/nowhere/mixtral.gguf",
        ),
        (broken, "it is truncated"),
    ] {
        let test = app(model).await;
        test.add("leave.md", LEAVE, &["everyone"]).await;
        let error = test.app.needs_generator().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        let error = test.app.ready().await.unwrap_err();
        assert!(error.contains(reason), "{error}");
        let checks = test.app.generator_checks().await;
        assert_eq!(checks[0].level, Level::Error);
        let ask = question("연차는 며칠인가?", None);
        let error = test.app.answer(ask, Mode::Strict).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}
