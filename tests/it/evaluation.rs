//! `veracite eval` on a small set of its own, without a model.

use std::path::Path;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use veracite::eval::{AnswersOptions, Options, Report, run};
use veracite::generate::Engine;

use crate::harness::config;

const CORPUS: &str = r#"{"_id": "leave", "title": "휴가 규정", "text": "입사 1년 미만 직원의 연차휴가는 최대 11일이다."}
{"_id": "sick", "title": "휴가 규정", "text": "병가는 한 해에 60일까지 쓸 수 있다."}
{"_id": "prices", "title": "Price list", "text": "The unit price of PPR-9087 is 418,000 KRW."}
{"_id": "travel", "title": "Travel", "text": "The limit for a hotel in Busan is 110,000 KRW a night."}
"#;
const QUERIES: &str = r#"{"_id": "1", "text": "입사 1년 미만 직원의 연차휴가는 최대 며칠인가요?", "answers": ["11 일"]}
{"_id": "2", "text": "병가는 한 해에 며칠까지 쓸 수 있나요?", "answers": ["60일"]}
{"_id": "3", "text": "What is the unit price of PPR-9087?", "answers": ["KRW 418000", "418,000 KRW"]}
{"_id": "4", "text": "What is the limit for a hotel in Busan?", "answers": ["110,000"]}
"#;
const QRELS: &str =
    "query-id\tcorpus-id\tscore\n1\tleave\t1\n2\tsick\t1\n3\tprices\t1\n4\ttravel\t1\n";
const CLAIMS: &str = r#"{"id": "a", "lang": "ko", "kind": "days", "claim": "연차휴가는 최대 11일이다.", "evidence": "입사 1년 미만 직원의 연차휴가는 최대 11일이다.", "supported": true}
{"id": "b", "lang": "ko", "kind": "days", "claim": "연차휴가는 최대 12일이다.", "evidence": "입사 1년 미만 직원의 연차휴가는 최대 11일이다.", "supported": false}
{"id": "c", "lang": "en", "kind": "price", "claim": "The unit price of PPR-9087 is 418,000 KRW.", "evidence": "The unit price of PPR-9087 is 418,000 KRW.", "supported": true}
{"id": "d", "lang": "en", "kind": "price", "claim": "The unit price of PPR-9087 is 418,000 KRW.", "evidence": "The unit price of PPR-9087 is 481,000 KRW.", "supported": false}
{"id": "e", "lang": "en", "kind": "place", "claim": "A hotel in Busan is free.", "evidence": "A hotel in Busan is free.", "supported": false}
"#;

/// A folder with a set to retrieve from, and a set of claims.
fn sets(folder: &Path) {
    let set = folder.join("retrieval/handbook");
    std::fs::create_dir_all(set.join("qrels")).unwrap();
    std::fs::create_dir_all(folder.join("groundedness")).unwrap();
    std::fs::write(set.join("corpus.jsonl"), CORPUS).unwrap();
    std::fs::write(set.join("queries.jsonl"), QUERIES).unwrap();
    std::fs::write(set.join("qrels/test.tsv"), QRELS).unwrap();
    std::fs::write(folder.join("groundedness/facts.jsonl"), CLAIMS).unwrap();
}

async fn measure(folder: &Path, options: &Options) -> Report {
    run(&config(folder), folder, options, &|_| {})
        .await
        .unwrap()
}

fn answers(folder: &Path, remove_gold: f64) -> Options {
    Options {
        answers: Some(AnswersOptions {
            questions: 200,
            remove_gold,
            seed: 1,
            labels: Some(folder.join("labels.jsonl")),
        }),
        ..Options::default()
    }
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn claims_are_counted_by_kind_and_language_and_errors_are_told() {
    let folder = tempfile::tempdir().unwrap();
    sets(folder.path());
    let options = Options {
        errors: 3,
        ablation: true,
        ..Options::default()
    };
    let report = measure(folder.path(), &options).await;
    let found = &report.groundedness["facts"];
    assert_eq!((found.claims, found.supported), (5, 2));
    assert!(found.p50_ms <= found.p95_ms);
    assert!((0.0..=1.0).contains(&found.ece));
    assert_eq!(report.pooled["en"].claims + report.pooled["ko"].claims, 5);
    let of = |kind: &str, lang: &str| {
        let mut rows = report.kinds["facts"].iter();
        rows.find(|row| row.kind == kind && row.lang == lang)
            .unwrap()
    };
    assert_eq!(
        (of("days", "ko").wrong, of("days", "ko").wrong_caught),
        (1, 1)
    );
    assert_eq!(
        (of("all", "en").wrong, of("all", "en").wrong_caught),
        (2, 1)
    );
    assert_eq!(
        (of("all", "en").right, of("all", "en").right_refused),
        (1, 0)
    );
    // Its label is wrong: it is an error of the checker that stands word for word.
    let error = &report.errors["en"][0];
    assert_eq!((error.id.as_str(), error.supported), ("e", false));
    assert_eq!(error.quote.as_deref(), Some("A hotel in Busan is free."));
    assert!(!report.ablation["facts"].is_empty());
    assert!(report.retrieval["handbook"]["bm25"].recall_5 > 0.9);
    assert!(report.answers.is_empty());
    let text = report.markdown();
    assert!(text.contains("worst errors, en"), "{text}");
}

#[tokio::test]
async fn what_the_checker_weighs_is_written_a_line_a_claim() {
    let folder = tempfile::tempdir().unwrap();
    sets(folder.path());
    let options = Options {
        pairs: Some(folder.path().join("pairs.jsonl")),
        ..Options::default()
    };
    let report = measure(folder.path(), &options).await;
    assert!(report.groundedness.is_empty());
    let pairs = lines(&folder.path().join("pairs.jsonl"));
    assert_eq!(pairs.len(), 5);
    assert_eq!(pairs[1]["set"], "facts");
    assert_eq!(
        (&pairs[1]["id"], &pairs[1]["lang"]),
        (&"b".into(), &"ko".into())
    );
    assert_eq!(pairs[1]["label"], false);
    assert!(pairs[1]["weighed"].is_object());
}

#[tokio::test]
async fn questions_whose_documents_are_there_are_answered_rightly_by_quotes() {
    let folder = tempfile::tempdir().unwrap();
    sets(folder.path());
    let report = measure(folder.path(), &answers(folder.path(), 0.0)).await;
    let found = &report.answers["handbook"];
    assert_eq!(found.generator, "quote");
    assert_eq!((found.questions, found.without_gold), (4, 0));
    assert_eq!((found.right, found.wrong), (4, 0));
    assert_eq!(found.shown_verbatim, found.shown);
    assert_eq!(found.shown_supported, found.shown);
    assert!(report.groundedness.is_empty());
    let labels = lines(&folder.path().join("labels.jsonl"));
    assert_eq!(labels.len(), 4);
    assert_eq!(labels[0]["label"], "right");
    assert_eq!(labels[0]["gold"], "there");
    assert_eq!(labels[0]["sentences"][0]["verdict"], "supported");
    assert_eq!(labels[0]["sentences"][0]["quotes"][0]["document"], "leave");
}

#[tokio::test]
async fn a_hidden_document_is_not_answered_from() {
    let folder = tempfile::tempdir().unwrap();
    sets(folder.path());
    let report = measure(folder.path(), &answers(folder.path(), 1.0)).await;
    let found = &report.answers["handbook"];
    assert_eq!((found.questions, found.without_gold), (4, 4));
    assert_eq!((found.right, found.answered), (0, found.wrong));
    assert_eq!(found.abstained_without_gold + found.answered, 4);
    for record in lines(&folder.path().join("labels.jsonl")) {
        assert_eq!(record["gold"], "removed");
        let hidden = &record["gold_documents"][0];
        for sentence in record["sentences"].as_array().unwrap() {
            for quote in sentence["quotes"].as_array().unwrap() {
                assert_ne!(&quote["document"], hidden, "{record}");
            }
        }
    }
    let half = measure(folder.path(), &answers(folder.path(), 0.5)).await;
    assert_eq!(half.answers["handbook"].without_gold, 2);
}

#[tokio::test]
async fn a_folder_without_expected_answers_is_named() {
    let folder = tempfile::tempdir().unwrap();
    sets(folder.path());
    let claims = folder.path().join("groundedness");
    let error = run(
        &config(folder.path()),
        &claims,
        &answers(folder.path(), 0.5),
        &|_| {},
    )
    .await
    .unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("groundedness") && text.contains("answers"),
        "{text}"
    );
}

/// What a bad writer says to every question.
const DRAFT: &str = "연차휴가는 최대 25일이다 [1]. The unit price of PPR-9087 is 481,000 KRW [1]. \
    Parking is free [2].";

async fn write_badly() -> Response {
    let chunk = json!({"choices": [{"delta": {"content": DRAFT}}]});
    let last = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    let stream = format!("data: {chunk}\n\ndata: {last}\n\ndata: [DONE]\n\n");
    ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
}

#[tokio::test]
async fn what_a_bad_writer_makes_up_is_counted_as_written_and_not_as_shown() {
    let folder = tempfile::tempdir().unwrap();
    sets(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/chat/completions", post(write_badly));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let mut config = config(folder.path());
    config.generator.engine = Engine::OpenAi;
    config.generator.openai.url = Some(url);
    config.generator.openai.model = Some("bad".to_owned());
    let options = answers(folder.path(), 0.5);
    let report = run(&config, folder.path(), &options, &|_| {})
        .await
        .unwrap();
    let found = &report.answers["handbook"];
    assert_eq!(found.generator, "bad");
    assert_eq!((found.questions, found.answered), (4, 0));
    assert_eq!(
        (found.abstained_with_gold, found.abstained_without_gold),
        (2, 2)
    );
    // Nothing is written for the questions whose documents are hidden.
    assert_eq!((found.shown, found.withheld), (0, 6));
    assert_eq!((found.unchecked_right, found.unchecked_wrong), (0, 2));
    for record in lines(&folder.path().join("labels.jsonl")) {
        assert_eq!(record["label"], "abstained");
        if record["gold"] == "removed" {
            assert_eq!(record["sentences"], json!([]));
            continue;
        }
        assert_eq!(record["unchecked_label"], "wrong");
        assert_eq!(record["sentences"][0]["shown"], false);
        assert!(record["sentences"][0]["reason"].is_object());
    }
}
