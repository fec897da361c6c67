//! How fast a language model in this process reads and writes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::float;
use crate::config::Config;
use crate::generate::engine_options;
use crate::model::{DecoderEngine, EnginePiece, ModelStore, Source, WriteOptions};

/// What is measured.
#[derive(Clone, Debug)]
pub struct GenerateInput {
    /// The model; that of `[generator.local]` if none is named.
    pub model: Option<Source>,
    /// Tokens of prompts.
    pub prompts: Vec<usize>,
    /// Tokens that each answer has.
    pub answer: usize,
    /// Askers at the same time.
    pub askers: Vec<usize>,
    /// Times that each is measured; the median is told.
    pub rounds: usize,
}

/// How fast a model reads and writes.
#[derive(Clone, Debug, Serialize)]
pub struct GenerateReport {
    /// The model.
    pub model: String,
    /// Bytes of its files, in MB.
    pub file_mb: f64,
    /// Each device with its layers and memory.
    pub devices: Vec<String>,
    /// Seconds until it was ready.
    pub opened_in_s: f64,
    /// A row for each length of prompt and number of askers.
    pub rows: Vec<GenerateRow>,
    /// The most memory that the process had, in MB.
    pub peak_mb: f64,
}

/// Figures for one length of prompt and one number of askers.
#[derive(Clone, Debug, Serialize)]
pub struct GenerateRow {
    /// Tokens of each prompt.
    pub prompt: usize,
    /// Askers at the same time, each with a prompt of its own.
    pub askers: usize,
    /// Tokens of each answer.
    pub answer: usize,
    /// Tokens of prompts read in a second, all askers together.
    pub prefill_per_s: f64,
    /// Tokens written in a second once all askers had their first, all together.
    pub decode_per_s: f64,
    /// Time to the first token, in milliseconds; of several askers, the last one's.
    pub first_ms: f64,
    /// The same for another question over the same beginning: only the last 32 tokens differ.
    pub again_ms: f64,
    /// Tokens of that prompt that had been computed before.
    pub again_cached: usize,
    /// The most memory that the process had until then, in MB.
    pub peak_mb: f64,
}

/// Tokens at the end of a prompt that are another question's.
const QUESTION: usize = 32;

/// Measures the model of `input`.
///
/// # Errors
/// When there is no model, it cannot be opened, or a prompt does not fit.
pub async fn generate(config: &Config, input: &GenerateInput) -> anyhow::Result<GenerateReport> {
    let source = input
        .model
        .as_ref()
        .or(config.generator.local.model.as_ref())
        .context("no model is named: `--model smollm2`, or `model` under `[generator.local]`")?;
    let longest = input.prompts.iter().max().copied().unwrap_or(0) + input.answer;
    let most = input.askers.iter().max().copied().unwrap_or(1);
    let mut options = engine_options(&config.generator.local);
    options.together = options.together.max(most);
    options.waiting = options.waiting.max(most);
    // Every asker has whole blocks of 64 tokens.
    options.context = options.context.max(longest.next_multiple_of(64) * most);
    options.window = Some(longest);
    let path = ModelStore::new(config.data.join("models")).path_of(source);
    let started = Instant::now();
    let opened = path.clone();
    let engine =
        tokio::task::spawn_blocking(move || DecoderEngine::open(&opened, &options)).await??;
    let opened_in_s = started.elapsed().as_secs_f64();
    if engine.window() < longest {
        bail!(
            "prompt and answer have {longest} tokens, and {} reads and writes {}",
            engine.name(),
            engine.window()
        );
    }
    let mut rows = Vec::new();
    for prompt in &input.prompts {
        for askers in &input.askers {
            let mut rounds = Vec::new();
            for round in 0..input.rounds.max(1) {
                rounds.push(measure(&engine, *prompt, *askers, input.answer, round).await?);
            }
            rows.push(median(rounds));
        }
    }
    Ok(GenerateReport {
        model: engine.name().to_owned(),
        file_mb: file_mb(&path),
        devices: engine.devices().to_vec(),
        opened_in_s,
        rows,
        peak_mb: peak_mb(),
    })
}

async fn measure(
    engine: &DecoderEngine,
    prompt: usize,
    askers: usize,
    answer: usize,
    round: usize,
) -> anyhow::Result<GenerateRow> {
    engine.forget().await?;
    let options = WriteOptions {
        max_tokens: answer,
        goes_on: true,
        ..WriteOptions::default()
    };
    let started = Instant::now();
    let mut drafts = Vec::new();
    for asker in 0..askers {
        let tokens = tokens(engine, prompt, round * 1_000 + asker, 0);
        let pieces = engine.write(tokens, &options)?;
        drafts.push(tokio::spawn(times(pieces, started)));
    }
    let (mut first, mut last, mut written) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for draft in drafts {
        let draft = draft.await??;
        first = first.max(draft.tokens.first().copied().unwrap_or_default());
        last = last.max(draft.tokens.last().copied().unwrap_or_default());
        written.extend(draft.tokens);
    }
    let after = written.iter().filter(|time| **time > first).count();
    let decode = last.saturating_sub(first).as_secs_f64();
    let again = tokens(engine, prompt, round * 1_000, 7);
    let started = Instant::now();
    let options = WriteOptions {
        max_tokens: 1,
        ..options
    };
    let again = times(engine.write(again, &options)?, started).await?;
    Ok(GenerateRow {
        prompt,
        askers,
        answer,
        prefill_per_s: float(prompt * askers) / first.as_secs_f64(),
        decode_per_s: if after == 0 {
            0.0
        } else {
            float(after) / decode
        },
        first_ms: first.as_secs_f64() * 1e3,
        again_ms: again
            .tokens
            .first()
            .copied()
            .unwrap_or_default()
            .as_secs_f64()
            * 1e3,
        again_cached: again.cached,
        peak_mb: peak_mb(),
    })
}

/// Made-up tokens that are none of the control tokens, the last of them another `question`'s.
fn tokens(engine: &DecoderEngine, count: usize, salt: usize, question: usize) -> Vec<u32> {
    let vocabulary = engine.vocabulary();
    let size = vocabulary.size();
    (0..count)
        .map(|index| {
            let salt = if index + QUESTION >= count {
                salt + question
            } else {
                salt
            };
            let mut id = (index * 7_919 + salt * 104_729 + 1_013) % size;
            let number =
                |id: usize| u32::try_from(id).expect("vocabularies are counted in 32 bits");
            while vocabulary.is_control(number(id)) {
                id = (id + 1) % size;
            }
            number(id)
        })
        .collect()
}

struct Draft {
    /// When each token came.
    tokens: Vec<Duration>,
    cached: usize,
}

async fn times(
    mut pieces: tokio::sync::mpsc::UnboundedReceiver<Result<EnginePiece, crate::model::ModelError>>,
    started: Instant,
) -> anyhow::Result<Draft> {
    let mut draft = Draft {
        tokens: Vec::new(),
        cached: 0,
    };
    while let Some(piece) = pieces.recv().await {
        match piece? {
            EnginePiece::Text { tokens, .. } => {
                let now = started.elapsed();
                draft.tokens.extend(tokens.iter().map(|_| now));
            }
            EnginePiece::Over(summary) => {
                draft.cached = summary.cached_tokens;
                return Ok(draft);
            }
        }
    }
    bail!("the model stopped")
}

/// The row whose decode speed is in the middle, with the middle of every other figure.
fn median(rounds: Vec<GenerateRow>) -> GenerateRow {
    let middle = |figure: fn(&GenerateRow) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let last = rounds.last().expect("there is a round");
    GenerateRow {
        prefill_per_s: middle(|row| row.prefill_per_s),
        decode_per_s: middle(|row| row.decode_per_s),
        first_ms: middle(|row| row.first_ms),
        again_ms: middle(|row| row.again_ms),
        ..last.clone()
    }
}

fn file_mb(path: &std::path::Path) -> f64 {
    let size = |path: &std::path::Path| path.metadata().map_or(0, |metadata| metadata.len());
    let bytes = if path.is_dir() {
        crate::index::size_of(path)
    } else {
        size(path)
    };
    #[expect(clippy::cast_precision_loss, reason = "files are far below 2^52 bytes")]
    let bytes = bytes as f64;
    bytes / 1e6
}

/// The most memory that this process had at once; 0 where the system does not tell.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    number.unwrap_or(0.0) * 1_024.0 / 1e6
}
