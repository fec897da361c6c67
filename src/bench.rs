//! Measures speed with the parts that the product answers with: embedding, questions on a corpus
//! of a chosen size, taking files in, judging claims, checking answers, and a language model.
//!
//! Filler is text of the sample's own words in random order, with random vectors: what it costs
//! to search is that of real text, what is found is not looked at.

mod check;
mod documents;
mod generate;
mod ingest;
mod verify;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::ingest::parse::sandbox::Sandbox;
use ::ingest::{BackendError, ContentHash, Group, PassageEmbedder, Vector, read};
use anyhow::{Context as _, bail};
use async_trait::async_trait;
use serde::Serialize;

use crate::app::{App, AskEvent, Timings, open_embedder};
use crate::ask::{QueryEmbedder as _, Question, Reader, Scope};
use crate::catalogue::{MetadataChange, NewDocument};
use crate::check::Mode;
use crate::config::Config;
use crate::eval::percentile;
use crate::index::size_of;
use crate::language::Language;
use crate::model::Embedder;

pub use crate::model::{
    Ceiling, MadeUpSizes, MadeUpWeights, ReadingSpeed, SpeedInput, SpeedReport, WritingSpeed, speed,
};
pub use check::{CheckInput, CheckReport, CheckRow, check};
pub use documents::{ListReport, ListRow, documents};
pub use generate::{GenerateInput, GenerateReport, GenerateRow, generate};
pub use ingest::{Asked, IngestInput, IngestReport, ingest};
pub use verify::{VerifyReport, verify};

/// What a document of filler is called; nothing real begins like it.
const FILLER: &str = "Zzfiller";
/// Sections of a document of filler; each becomes one chunk.
const SECTIONS: usize = 100;
/// Words of a section.
const WORDS: usize = 60;
/// Times that the set of questions is asked.
const ROUNDS: usize = 3;

/// How fast texts are embedded.
#[derive(Clone, Debug, Serialize)]
pub struct EmbedReport {
    /// The weights.
    pub model: String,
    /// What they run on.
    pub runs_on: String,
    /// Texts in one request.
    pub batch: usize,
    /// Texts in all.
    pub texts: usize,
    /// Their tokens, control tokens left out.
    pub tokens: usize,
    /// Seconds for all of them.
    pub seconds: f64,
    /// Texts embedded in a second.
    pub texts_per_second: f64,
    /// Tokens embedded in a second.
    pub tokens_per_second: f64,
    /// One query alone: half take no longer, in milliseconds.
    pub query_p50_ms: f64,
    /// One query alone: 95 of 100 take no longer, in milliseconds.
    pub query_p95_ms: f64,
    /// Tokens of the queries on average.
    pub query_tokens: f64,
}

/// How long questions take on a corpus of one size.
#[derive(Clone, Debug, Serialize)]
pub struct AskReport {
    /// Chunks in both indexes.
    pub chunks: usize,
    /// Questions asked.
    pub questions: usize,
    /// Stage by stage and in all, in milliseconds.
    pub stages: Vec<StageTimes>,
    /// Memory that the process has when it rests, in MB.
    pub resident_mb: f64,
    /// What the data folder takes, in MB.
    pub folder_mb: f64,
    /// Seconds that it took to take the filler in, vectors made up and not embedded.
    pub filled_in_s: f64,
}

/// Percentiles of one stage.
#[derive(Clone, Debug, Serialize)]
pub struct StageTimes {
    /// The stage.
    pub stage: &'static str,
    /// Half take no longer.
    pub p50_ms: f64,
    /// 95 of 100 take no longer.
    pub p95_ms: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

/// Embeds the lines of `texts` in requests of `batch`, then lines of `queries` one by one.
///
/// # Errors
/// When there is no model or no line, or the model fails.
pub async fn embed(
    config: &Config,
    texts: &Path,
    queries: &Path,
    batch: usize,
) -> anyhow::Result<EmbedReport> {
    let embedder = open_embedder(config)
        .await?
        .context("no embedding model is configured")?;
    let (texts, queries) = (lines(texts)?, lines(queries)?);
    let count = |texts: &[String]| -> anyhow::Result<usize> {
        texts
            .iter()
            .map(|text| Ok(embedder.passage_tokens(text)?.len()))
            .sum()
    };
    let (tokens, query_tokens) = (count(&texts)?, count(&queries)?);
    // The first request pays for memory that the later ones use again.
    embedder
        .embed_passages(&texts[..batch.min(texts.len())])
        .await?;
    let started = Instant::now();
    for texts in texts.chunks(batch) {
        embedder.embed_passages(texts).await?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let mut took = Vec::new();
    for query in queries.iter().cycle().take(queries.len().max(200)) {
        let started = Instant::now();
        embedder.embed_query(query).await?;
        took.push(started.elapsed());
    }
    took.sort();
    Ok(EmbedReport {
        model: embedder.model().to_owned(),
        runs_on: embedder.runs_on().to_owned(),
        batch,
        texts: texts.len(),
        tokens,
        seconds,
        texts_per_second: float(texts.len()) / seconds,
        tokens_per_second: float(tokens) / seconds,
        query_p50_ms: percentile(&took, 50),
        query_p95_ms: percentile(&took, 95),
        query_tokens: float(query_tokens) / float(queries.len()),
    })
}

/// Asks the lines of `questions` of `documents` among filler, at each size of corpus in turn, in
/// a temporary data folder with the models of `config`.
///
/// # Errors
/// When the documents cannot be read or a part of the product fails.
pub async fn ask(
    config: &Config,
    documents: &Path,
    questions: &Path,
    sizes: &[usize],
    tell: &(dyn Fn(&str) + Send + Sync),
) -> anyhow::Result<Vec<AskReport>> {
    let questions = lines(questions)?;
    let folder = tempfile::tempdir().context("there is no room for temporary files")?;
    let mut config = config.clone();
    let models = std::path::absolute(config.data.join("models"))?;
    config.data = folder.path().join("data");
    std::fs::create_dir_all(&config.data)?;
    std::os::unix::fs::symlink(&models, config.data.join("models"))?;
    let program = std::env::current_exe()?;
    let extract = Arc::new(Sandbox::new(program, config.ingest.limits()));
    let data = config.data.clone();
    let app = App::open_as(config, extract, |embedder| {
        Arc::new(WithFiller(embedder)) as Arc<dyn PassageEmbedder>
    })
    .await?;
    let (files, _) = read::find(&[documents.to_owned()]);
    if files.is_empty() {
        bail!("there is no file under {}", documents.display());
    }
    for file in files {
        take(&app, file.path).await?;
    }
    app.library().idle().await;
    let words = words_of(&app).await?;
    let mut reports = Vec::new();
    let mut number = 0;
    for size in sizes {
        let started = Instant::now();
        let have = chunks(&app).await?;
        let mut missing = size.saturating_sub(have);
        tell(&format!("{have} chunks, {missing} more of filler"));
        while missing > 0 {
            let sections = missing.min(SECTIONS);
            let path = folder.path().join(format!("{FILLER}-{number}.md"));
            std::fs::write(&path, filler(number, sections, &words))?;
            take(&app, path.clone()).await?;
            std::fs::remove_file(&path)?;
            missing -= sections;
            number += 1;
        }
        app.library().idle().await;
        let filled_in_s = started.elapsed().as_secs_f64();
        let found = chunks(&app).await?;
        tell(&format!("{found} chunks, asking"));
        // Rests: what was in flight settles.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let resident_mb = resident_mb()?;
        let times = ask_all(&app, &questions).await?;
        reports.push(AskReport {
            chunks: found,
            questions: times.len(),
            stages: stages(&times),
            resident_mb,
            folder_mb: folder_mb(&data),
            filled_in_s,
        });
    }
    app.close().await;
    Ok(reports)
}

async fn take(app: &Arc<App>, path: PathBuf) -> anyhow::Result<()> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    app.library()
        .submit(NewDocument {
            place: path.to_string_lossy().into_owned(),
            file_name: name,
            path,
            readers: BTreeSet::from([Group::everyone()]),
            parent: None,
            lane: String::new(),
            metadata: MetadataChange::default(),
            passwords: Vec::new(),
        })
        .await?;
    Ok(())
}

async fn chunks(app: &Arc<App>) -> anyhow::Result<usize> {
    let documents = app.library().list(&Reader::anyone()).await?;
    Ok(documents
        .iter()
        .map(|document| document.chunks as usize)
        .sum())
}

/// The words of the documents, each as often as it stands in them.
async fn words_of(app: &Arc<App>) -> anyhow::Result<Vec<String>> {
    let reader = Reader::anyone();
    let mut words = Vec::new();
    for document in app.library().list(&reader).await? {
        if let Some(source) = app.library().source(document.id, None, &reader).await? {
            words.extend(
                source
                    .document
                    .text
                    .split_whitespace()
                    .map(|word| word.trim_matches(['#', '*', '|', '-', '`', '>']).to_owned())
                    .filter(|word| !word.is_empty()),
            );
        }
    }
    if words.is_empty() {
        bail!("the documents have no text");
    }
    Ok(words)
}

/// Numbers that look random and are the same each time (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }
}

fn filler(number: usize, sections: usize, words: &[String]) -> String {
    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (number as u64 + 1));
    let mut text = format!("# {FILLER} {number}\n\n");
    for section in 0..sections {
        // Writing to a string does not fail.
        let _ = write!(text, "## {number}-{section}\n\n");
        for word in 1..=WORDS {
            text.push_str(&words[random.below(words.len())]);
            text.push_str(if word % 12 == 0 { ". " } else { " " });
        }
        text.push_str("\n\n");
    }
    text
}

/// Embeds real passages, and gives filler random vectors of unit length.
#[derive(Debug)]
struct WithFiller(Arc<Embedder>);

#[async_trait]
impl PassageEmbedder for WithFiller {
    async fn embed_passages(&self, passages: &[String]) -> Result<Vec<Vector>, BackendError> {
        if !passages.iter().all(|passage| passage.starts_with(FILLER)) {
            return self.0.embed_passages(passages).await;
        }
        Ok(passages
            .iter()
            .map(|passage| {
                let sum = ContentHash::of(passage.as_bytes()).to_string();
                let seed = u64::from_str_radix(&sum[..16], 16).unwrap_or(1) | 1;
                random_vector(&mut Random(seed), self.0.dimension())
            })
            .collect())
    }

    fn model(&self) -> &str {
        self.0.model()
    }
}

fn random_vector(random: &mut Random, dimension: usize) -> Vector {
    let mut vector: Vector = (0..dimension)
        .map(|_| {
            let bits = u16::try_from(random.next() >> 48).unwrap_or(0);
            f32::from(bits) / f32::from(u16::MAX) - 0.5
        })
        .collect();
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    for value in &mut vector {
        *value /= length;
    }
    vector
}

async fn ask_all(app: &Arc<App>, questions: &[String]) -> anyhow::Result<Vec<Timings>> {
    let mut times = Vec::new();
    for round in 0..=ROUNDS {
        for text in questions {
            let question = Question {
                scope: Scope::default(),
                adapter: None,
                text: text.clone(),
                reader: Reader::anyone(),
                language: Language::of(text),
            };
            let mut events = app.ask(question, Mode::Strict)?;
            while let Some(event) = events.recv().await {
                match event {
                    // The first round fills caches.
                    AskEvent::Final(_, timings) if round > 0 => times.push(timings),
                    AskEvent::Failed(reason) => bail!("{text}: {reason}"),
                    _ => {}
                }
            }
        }
    }
    Ok(times)
}

fn stages(times: &[Timings]) -> Vec<StageTimes> {
    let of = |stage: &'static str, take: &dyn Fn(&Timings) -> Option<Duration>| {
        let mut times: Vec<Duration> = times.iter().filter_map(take).collect();
        times.sort();
        StageTimes {
            stage,
            p50_ms: percentile(&times, 50),
            p95_ms: percentile(&times, 95),
        }
    };
    vec![
        of("embed", &|times| Some(times.embed)),
        of("retrieve", &|times| Some(times.retrieve)),
        of("pack", &|times| Some(times.pack)),
        of("first sentence", &|times| times.first_sentence),
        of("gate", &|times| times.gate),
        of("generate and check", &|times| {
            Some(times.generate_and_check)
        }),
        of("in all", &|times| {
            Some(times.embed + times.retrieve + times.pack + times.generate_and_check)
        }),
    ]
}

/// What this process holds in memory.
fn resident_mb() -> anyhow::Result<f64> {
    memory_mb("VmRSS:")
}

/// Memory of this process, as Linux tells it under `name`.
fn memory_mb(name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kilobytes: u32 = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .context("/proc/self/status does not say how much memory is held")?;
    Ok(f64::from(kilobytes) / 1024.0)
}

fn folder_mb(folder: &Path) -> f64 {
    float(usize::try_from(size_of(folder) / 1024).unwrap_or(0)) / 1024.0
}

/// Lines of a text file that are not blank; of a `.jsonl` file, what each line's `text` says.
fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "jsonl");
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            if !is_json {
                return Ok(line.to_owned());
            }
            let line: serde_json::Value = serde_json::from_str(line)?;
            Ok(line["text"].as_str().unwrap_or_default().to_owned())
        })
        .collect::<anyhow::Result<_>>()
        .with_context(|| format!("{} is not lines of JSON", path.display()))?;
    if lines.is_empty() {
        bail!("{} has no line", path.display());
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filler_is_the_same_each_time_and_of_the_size_asked_for() {
        let words = ["연차".to_owned(), "leave".to_owned()];
        assert_eq!(filler(3, 5, &words), filler(3, 5, &words));
        assert_ne!(filler(3, 5, &words), filler(4, 5, &words));
        assert_eq!(filler(3, 5, &words).matches("## ").count(), 5);
    }

    #[test]
    fn random_vectors_have_unit_length_and_differ() {
        let one = random_vector(&mut Random(1), 384);
        let other = random_vector(&mut Random(3), 384);
        let product = |one: &[f32], other: &[f32]| -> f32 {
            one.iter().zip(other).map(|(one, other)| one * other).sum()
        };
        assert!((product(&one, &one) - 1.0).abs() < 1e-5);
        assert!(product(&one, &other).abs() < 0.3);
    }
}
