//! What talks to other programs, against real ones.
//!
//! The engine `openai` with a small model: `VERACITE_TEST_OPENAI` is the server's address and `VERACITE_TEST_OPENAI_MODEL` its model
//! (`smollm2` if not set), with a window of 4,096 tokens. `.ci/run` starts the server of
//! llama-cpp-python with SmolLM2 and sets both; llama.cpp's own server passes as well.
//!
//! Buckets: `VERACITE_TEST_S3` is the folder that `tests/fixtures/s3_server.py` wrote its address and
//! keys into.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ingest::parse::InProcess;
use veracite::app::{App, AskEvent};
use veracite::ask::{
    Context, DraftPiece, Generator as _, Passage, Prompt, Question, Reader, Scope,
};
use veracite::catalogue::{MetadataChange, NewDocument};
use veracite::check::{Mode, Verdict};
use veracite::config::Config;
use veracite::doctor::Level;
use veracite::generate::{Engine, GeneratorConfig, OpenAiConfig, OpenAiGenerator};
use veracite::language::Language;
use veracite::sources::bucket::{Bucket, BucketConfig, Keys};
use veracite::sources::secret::SecretFrom;
use veracite::sources::{Source as _, Surroundings};

const WINDOW: usize = 4_096;

/// The server's configuration; none where there is no server.
fn server() -> Option<GeneratorConfig> {
    let Ok(url) = std::env::var("VERACITE_TEST_OPENAI") else {
        println!("SKIPPED: VERACITE_TEST_OPENAI names no server");
        return None;
    };
    let model = std::env::var("VERACITE_TEST_OPENAI_MODEL").unwrap_or("smollm2".to_owned());
    Some(GeneratorConfig {
        engine: Engine::OpenAi,
        max_tokens: 120.try_into().unwrap(),
        openai: OpenAiConfig {
            url: Some(url),
            model: Some(model),
            window: WINDOW.try_into().unwrap(),
            ..OpenAiConfig::default()
        },
        ..GeneratorConfig::default()
    })
}

fn prompt(question: &str, passages: &[&str], max_tokens: usize) -> Prompt {
    Prompt {
        question: Question {
            scope: Scope::default(),
            adapter: None,
            text: question.to_owned(),
            reader: Reader::anyone(),
            language: Language::of(question),
        },
        context: Arc::new(Context {
            passages: passages.iter().map(|text| Passage::alone(text)).collect(),
            ledger: Vec::new(),
        }),
        max_tokens,
    }
}

async fn draft(engine: &OpenAiGenerator, prompt: Prompt) -> (String, bool) {
    let mut pieces = engine.generate(prompt).await.unwrap();
    let (mut draft, mut was_cut) = (String::new(), false);
    while let Some(piece) = pieces.recv().await {
        match piece.unwrap() {
            DraftPiece::Text(text) => draft.push_str(&text),
            DraftPiece::Cut => was_cut = true,
            DraftPiece::Usage(usage) => println!("{usage:?}"),
            DraftPiece::Sentence(sentence) => panic!("{sentence:?} is no text"),
        }
    }
    (draft, was_cut)
}

const LEAVE: &str = "New employees have 11 days of annual leave. Unused leave is not paid out.";

#[tokio::test]
async fn a_real_server_writes_counts_and_stops() {
    let Some(config) = server() else { return };
    let engine = OpenAiGenerator::new(&config).unwrap();
    let checks = engine.examine().await;
    println!("doctor: {checks:?}");
    assert!(checks.iter().all(|check| check.level == Level::Ok));

    let question = "How many days of annual leave do new employees have?";
    let asked = || prompt(question, &[LEAVE, "병가는 연 60일까지 쓸 수 있다."], 60);
    let tokens = engine.count_tokens(&asked()).await.unwrap();
    println!("the prompt has {tokens} tokens");
    assert!((150..1_000).contains(&tokens), "{tokens}");
    let more = engine
        .count_tokens(&prompt(question, &[LEAVE; 3], 60))
        .await
        .unwrap();
    assert!(
        more > engine
            .count_tokens(&prompt(question, &[LEAVE; 2], 60))
            .await
            .unwrap()
    );

    let (first, _) = draft(&engine, asked()).await;
    let (again, _) = draft(&engine, asked()).await;
    println!("draft: {first:?}");
    assert!(!first.trim().is_empty());
    // What a server has of the prompt already changes the order of its sums, and at a near tie
    // the word: equal drafts are not asked for.
    println!("again: {again:?}");
    assert!(!again.trim().is_empty());

    let (text, was_cut) = draft(&engine, prompt(question, &[LEAVE], 3)).await;
    assert!(was_cut, "{text:?}");

    let long = LEAVE.repeat(400);
    let error = engine
        .generate(prompt(question, &[&long], 60))
        .await
        .unwrap_err();
    println!("over the window: {error}");
    assert!(error.to_string().ends_with("is over the window of 4096"));

    let found = engine
        .probabilities(
            "Is 11 more than 4? Answer Yes or No.",
            &["Yes", "No", "Perhaps"],
        )
        .await
        .unwrap();
    println!("probabilities: {found:?}");
    if let Some(found) = found {
        assert_eq!(found.len(), 3);
        assert!(found.iter().sum::<f32>() <= 1.001);
    }
}

#[tokio::test]
async fn a_real_server_is_free_again_when_the_asker_leaves() {
    let Some(config) = server() else { return };
    let engine = OpenAiGenerator::new(&config).unwrap();
    let question = "Write a very long story about annual leave, with at least 2000 words.";
    let mut pieces = engine
        .generate(prompt(question, &[LEAVE], 2_000))
        .await
        .unwrap();
    pieces.recv().await.unwrap().unwrap();
    drop(pieces);
    let started = Instant::now();
    draft(&engine, prompt("Is unused leave paid out?", &[LEAVE], 2)).await;
    println!("free after {:.1} s", started.elapsed().as_secs_f32());
    // Two thousand tokens take this model minutes.
    assert!(started.elapsed() < Duration::from_secs(45));
}

#[tokio::test]
async fn what_a_real_model_writes_is_shown_only_where_documents_say_it() {
    let Some(generator) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        data: folder.path().join("data"),
        generator,
        ..Config::default()
    };
    config.models.embedder = None;
    let app = App::open_with(config, Arc::new(InProcess)).await.unwrap();
    let text = format!("# Leave\n\n{LEAVE}\n\n# Parking\n\nParking is free for visitors.\n");
    let path = folder.path().join("leave.md");
    std::fs::write(&path, text).unwrap();
    let document = NewDocument {
        place: "leave.md".to_owned(),
        file_name: "leave.md".to_owned(),
        path,
        readers: [ingest::Group::everyone()].into(),
        parent: None,
        lane: String::new(),
        metadata: MetadataChange::default(),
        passwords: Vec::new(),
    };
    app.library().submit(document).await.unwrap();
    app.library().idle().await;
    for question in [
        "How many days of annual leave do new employees have?",
        "Who is the king of the annual leave?",
    ] {
        let question = Question {
            scope: Scope::default(),
            adapter: None,
            text: question.to_owned(),
            reader: Reader::anyone(),
            language: Language::En,
        };
        let mut events = app.ask(question, Mode::Strict).unwrap();
        let mut ended = false;
        while let Some(event) = events.recv().await {
            match event {
                AskEvent::Final(answer, timings) => {
                    ended = true;
                    println!("{timings:?}, {} unknown", answer.unknown_citations());
                    for sentence in answer.sentences() {
                        println!("shown: {} {:?}", sentence.text(), sentence.verdict());
                        assert!(matches!(
                            sentence.verdict(),
                            Verdict::Supported | Verdict::NotCheckable
                        ));
                    }
                    for sentence in answer.withheld() {
                        println!("withheld: {} {:?}", sentence.text(), sentence.reason());
                    }
                }
                AskEvent::Failed(error) => panic!("{error}"),
                AskEvent::Retrieval(_) | AskEvent::Answer(_) => {}
            }
        }
        assert!(ended);
    }
    app.close().await;
}

#[tokio::test]
async fn a_real_store_is_listed_and_fetched_with_signed_requests() {
    let Ok(folder) = std::env::var("VERACITE_TEST_S3") else {
        println!("SKIPPED: VERACITE_TEST_S3 names no folder of a store");
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    let endpoint = std::fs::read_to_string(folder.join("endpoint")).unwrap();
    let mut config = BucketConfig::new("documents", endpoint.trim()).unwrap();
    let keys = |secret: &str| {
        Some(Keys {
            access: SecretFrom::File(folder.join("access")),
            secret: SecretFrom::File(folder.join(secret)),
        })
    };
    config.keys = keys("secret");
    let spool = tempfile::tempdir().unwrap();
    let surroundings = Surroundings {
        max_file: 1 << 20,
        guard: &veracite::outbound::Guard::default(),
        folder: spool.path(),
    };
    let bucket = Bucket::open(&config, surroundings).unwrap();
    println!("doctor: {}", bucket.examine().await.unwrap());
    let listing = bucket.list().await.unwrap();
    // Two pages, without the one that stands for a folder.
    assert_eq!(
        (listing.documents.len(), listing.unreadable.len()),
        (1_106, 0)
    );
    let odd = listing
        .documents
        .iter()
        .filter(|listed| !listed.place.contains("/many/"));
    let mut fetched_odd = 0;
    for listed in odd {
        let fetched = bucket.fetch(listed).await.unwrap();
        let key = std::fs::read_to_string(&fetched.path).unwrap();
        println!("{key}");
        assert_eq!(listed.place, format!("{}/documents/{key}", endpoint.trim()));
        fetched_odd += 1;
    }
    assert_eq!(fetched_odd, 6);

    config.prefix = "규정 2026/".to_owned();
    let bucket = Bucket::open(&config, surroundings).unwrap();
    assert_eq!(bucket.list().await.unwrap().documents.len(), 1);

    // The key's name is no secret of that key: the server sees a wrong signature.
    config.keys = keys("access");
    let bucket = Bucket::open(&config, surroundings).unwrap();
    let error = bucket.list().await.unwrap_err().to_string();
    println!("wrong key: {error}");
    assert!(error.contains("`secret_key`"), "{error}");
}
