//! Measures retrieval, abstention and the checker on labelled questions, a company's own or
//! public ones.
//!
//! A folder holds any of `retrieval/NAME/`, `abstention/NAME/` (BEIR layout: `corpus.jsonl`,
//! `queries.jsonl`, `qrels/test.tsv`; queries of abstention carry `answerable`) and
//! `groundedness/NAME.jsonl` (`claim`, `evidence`, `supported` a line). Everything is measured
//! with the parts that the product answers with, and at the thresholds that are in force.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ingest::{
    ChunkId, ChunkStore as _, ContentHash, DocumentBuilder, DocumentId, Group,
    PassageEmbedder as _, StoredChunk, TokenCounter, pipeline,
};
use serde::{Deserialize, Serialize};

use crate::app::open_embedder;
use crate::ask::{
    BothEmbedder, Fused, Passage, Query, QueryEmbedder as _, QuoteGenerator, Ranking, Reader,
    Retriever as _, fuse,
};
use crate::check::{Checker, Verdict};
use crate::config::Config;
use crate::index::{Analyzer, Bm25Index, EdgeIndex};
use crate::model::{CharacterCounter, Embedder};

/// Chunks that are asked of each index: enough for a hundred documents.
const HITS: usize = 200;
/// Chunks embedded at once.
const BATCH: usize = 128;

/// What was measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// By set, then by method: `bm25`, `dense`, `hybrid`.
    pub retrieval: BTreeMap<String, BTreeMap<&'static str, Retrieval>>,
    /// By set.
    pub groundedness: BTreeMap<String, Groundedness>,
    /// By set.
    pub abstention: BTreeMap<String, Abstention>,
}

/// How well documents are found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Retrieval {
    /// Normalized discounted cumulative gain of the first ten, gains linear as in `trec_eval`.
    #[serde(rename = "ndcg@10")]
    pub ndcg_10: f64,
    /// The share of the relevant documents that come first.
    #[serde(rename = "recall@1")]
    pub recall_1: f64,
    /// ... that are among the first five.
    #[serde(rename = "recall@5")]
    pub recall_5: f64,
    /// ... among the first hundred.
    #[serde(rename = "recall@100")]
    pub recall_100: f64,
    /// The mean of one by the rank of the first relevant document, of the first ten.
    #[serde(rename = "mrr@10")]
    pub mrr_10: f64,
    /// Half of the questions take no longer, in milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 take no longer, in milliseconds.
    pub p95_ms: f64,
}

/// How well the checker tells supported claims from others.
#[derive(Clone, Debug, Serialize)]
pub struct Groundedness {
    /// Area under the ROC curve of the score.
    pub auc: f64,
    /// Mean of the shares of supported claims that pass and of others that do not.
    pub balanced_accuracy: f64,
    /// Milliseconds for a claim, on average.
    pub ms_per_claim: f64,
}

/// How well questions that the documents answer are told from others.
#[derive(Clone, Debug, Serialize)]
pub struct Abstention {
    /// Area under the ROC curve.
    pub auc: f64,
    /// Mean of the shares of answerable questions that are answered and of others that are not.
    pub balanced_accuracy: f64,
}

#[derive(Debug, Deserialize)]
struct CorpusLine {
    #[serde(rename = "_id", alias = "id")]
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct QueryLine {
    #[serde(rename = "_id", alias = "id")]
    id: String,
    text: String,
    #[serde(default)]
    answerable: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ClaimLine {
    claim: String,
    evidence: String,
    supported: Supported,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Supported {
    Bool(bool),
    Number(f64),
}

/// Measures on everything that `folder` holds; `limit` questions or claims of each set.
///
/// # Errors
/// When the folder holds no set, a file of one cannot be read, or a part of the product fails.
pub async fn run(
    config: &Config,
    folder: &Path,
    limit: Option<usize>,
    tell: &(dyn Fn(&str) + Send + Sync),
) -> anyhow::Result<Report> {
    let embedder = open_embedder(config)
        .await
        .context("the embedding model cannot be used")?;
    let limit = limit.unwrap_or(usize::MAX);
    let mut report = Report::default();
    for (kind, path) in sets(folder)? {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        tell(&format!("{} {name}", kind.name()));
        match kind {
            Kind::Retrieval => {
                let set = Set::load(&path, config, embedder.as_ref()).await?;
                report
                    .retrieval
                    .insert(name, set.retrieval(config, limit).await?);
            }
            Kind::Abstention => {
                let set = Set::load(&path, config, embedder.as_ref()).await?;
                report
                    .abstention
                    .insert(name, set.abstention(config, limit).await?);
            }
            Kind::Groundedness => {
                let checker = Checker::new(
                    config.check,
                    embedder.clone().map(|embedder| embedder as Arc<_>),
                );
                report
                    .groundedness
                    .insert(name, groundedness(&checker, &path, limit).await?);
            }
        }
    }
    Ok(report)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Retrieval,
    Groundedness,
    Abstention,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Retrieval => "retrieval",
            Self::Groundedness => "groundedness",
            Self::Abstention => "abstention",
        }
    }
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in
        std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?
    {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The sets under a folder: it may hold all kinds, one kind, or be a set itself.
fn sets(folder: &Path) -> anyhow::Result<Vec<(Kind, PathBuf)>> {
    let mut found = Vec::new();
    let mut add = |path: &Path, kind: Option<Kind>| -> anyhow::Result<()> {
        if path.join("corpus.jsonl").is_file() {
            let kind = if let Some(kind) = kind {
                kind
            } else {
                let queries: Vec<QueryLine> = lines(&path.join("queries.jsonl"))?;
                if queries.iter().any(|query| query.answerable == Some(false)) {
                    Kind::Abstention
                } else {
                    Kind::Retrieval
                }
            };
            found.push((kind, path.to_owned()));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
            && kind != Some(Kind::Retrieval)
        {
            found.push((Kind::Groundedness, path.to_owned()));
        }
        Ok(())
    };
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let kinds = [Kind::Retrieval, Kind::Groundedness, Kind::Abstention];
    if folder.join("corpus.jsonl").is_file() {
        add(folder, None)?;
    } else if kinds.iter().any(|kind| folder.join(kind.name()).is_dir()) {
        for kind in kinds {
            if folder.join(kind.name()).is_dir() {
                for path in entries(&folder.join(kind.name()))? {
                    add(&path, Some(kind))?;
                }
            }
        }
    } else {
        let kind = kinds.into_iter().find(|kind| kind.name() == name);
        for path in entries(folder)? {
            add(&path, kind)?;
        }
    }
    if found.is_empty() {
        bail!(
            "{} holds no set: neither corpus.jsonl nor *.jsonl under retrieval, groundedness or abstention",
            folder.display()
        );
    }
    Ok(found)
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}: line {}", path.display(), number + 1))
        })
        .collect()
}

/// Relevance by query and document.
fn qrels(path: &Path) -> anyhow::Result<HashMap<String, HashMap<String, f64>>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let mut found: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let mut parts = line.split('\t');
        let (Some(query), Some(document), Some(score)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        match score.trim().parse::<f64>() {
            Ok(score) if score > 0.0 => {
                found
                    .entry(query.to_owned())
                    .or_default()
                    .insert(document.to_owned(), score);
            }
            Ok(_) => {}
            // The first line names the columns.
            Err(_) if number == 0 => {}
            Err(error) => bail!("{}: line {}: {error}", path.display(), number + 1),
        }
    }
    Ok(found)
}

struct Set {
    folder: PathBuf,
    words: Bm25Index,
    vectors: Option<EdgeIndex>,
    embedder: Option<Arc<Embedder>>,
    counter: Arc<dyn TokenCounter>,
    chunks: HashMap<ChunkId, (usize, StoredChunk)>,
    ids: Vec<String>,
    _files: tempfile::TempDir,
}

impl Set {
    async fn load(
        folder: &Path,
        config: &Config,
        embedder: Option<&Arc<Embedder>>,
    ) -> anyhow::Result<Self> {
        let corpus: Vec<CorpusLine> = lines(&folder.join("corpus.jsonl"))?;
        let files = tempfile::tempdir().context("there is no room for temporary files")?;
        let counter: Arc<dyn TokenCounter> = match embedder {
            Some(embedder) => Arc::clone(embedder) as Arc<dyn TokenCounter>,
            None => Arc::new(CharacterCounter),
        };
        let words = Bm25Index::in_memory(Analyzer::of(&config.words)?)?;
        let vectors = match embedder {
            Some(embedder) => Some(EdgeIndex::open(
                &files.path().join("vectors"),
                embedder.dimension(),
            )?),
            None => None,
        };
        let mut all = Vec::new();
        let mut chunks = HashMap::new();
        for (number, line) in corpus.iter().enumerate() {
            let mut builder = DocumentBuilder::default();
            for paragraph in line.text.split('\n') {
                builder.paragraph(paragraph);
            }
            let document = builder.finish();
            let (id, version) = (
                DocumentId::at(&line.id),
                ContentHash::of(line.text.as_bytes()),
            );
            for prepared in
                pipeline::prepare(&document, config.ingest.chunk_tokens.get(), &*counter)
            {
                let chunk = StoredChunk {
                    id: ChunkId::of(id, &version, prepared.chunk.ordinal, &prepared.chunk.span),
                    document: id,
                    version,
                    title: line.title.clone(),
                    heading_path: Vec::new(),
                    text: prepared.text.trim().to_owned(),
                    readers: BTreeSet::from([Group::everyone()]),
                    vector: None,
                };
                chunks.insert(chunk.id, (number, chunk.clone()));
                all.push(chunk);
            }
        }
        words.put(&all).await?;
        if let (Some(vectors), Some(embedder)) = (&vectors, embedder) {
            for batch in all.chunks_mut(BATCH) {
                let texts: Vec<String> = batch.iter().map(StoredChunk::embedded_text).collect();
                for (chunk, vector) in batch.iter_mut().zip(embedder.embed_passages(&texts).await?)
                {
                    chunk.vector = Some(Arc::new(vector));
                }
                vectors.put(batch).await?;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            words,
            vectors,
            embedder: embedder.cloned(),
            counter,
            chunks,
            ids: corpus.into_iter().map(|line| line.id).collect(),
            _files: files,
        })
    }

    async fn query(&self, text: &str) -> anyhow::Result<Query> {
        let vector = match &self.embedder {
            Some(embedder) => Some(Arc::new(embedder.embed_query(text).await?)),
            None => None,
        };
        Ok(Query {
            text: text.to_owned(),
            vector,
        })
    }

    /// Documents of ranked chunks, each once.
    fn documents(&self, chunks: impl IntoIterator<Item = ChunkId>) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        chunks
            .into_iter()
            .filter_map(|chunk| self.chunks.get(&chunk).map(|(number, _)| *number))
            .filter(|number| seen.insert(*number))
            .collect()
    }

    async fn retrieval(
        &self,
        config: &Config,
        limit: usize,
    ) -> anyhow::Result<BTreeMap<&'static str, Retrieval>> {
        let relevant = qrels(&self.folder.join("qrels/test.tsv"))?;
        let queries: Vec<QueryLine> = lines(&self.folder.join("queries.jsonl"))?;
        let reader = Reader::anyone();
        let mut methods: BTreeMap<&'static str, (Retrieval, Vec<Duration>)> = BTreeMap::new();
        let mut count = 0_u32;
        for query in queries
            .iter()
            .filter(|query| relevant.contains_key(&query.id))
            .take(limit)
        {
            count += 1;
            let expected = &relevant[&query.id];
            let started = Instant::now();
            let found = Query {
                text: query.text.clone(),
                vector: None,
            };
            let words = self.words.retrieve(&found, &reader, HITS).await?;
            let words_took = started.elapsed();
            let mut rankings = vec![Ranking {
                index: "bm25",
                hits: words,
            }];
            let mut record = |method, chunks: Vec<ChunkId>, took| {
                let entry = methods.entry(method).or_default();
                let names: Vec<&str> = self
                    .documents(chunks)
                    .into_iter()
                    .map(|number| self.ids[number].as_str())
                    .collect();
                entry.0.add(&names, expected);
                entry.1.push(took);
            };
            record(
                "bm25",
                rankings[0].hits.iter().map(|hit| hit.chunk).collect(),
                words_took,
            );
            if let Some(vectors) = &self.vectors {
                let started = Instant::now();
                let found = self.query(&query.text).await?;
                let hits = vectors.retrieve(&found, &reader, HITS).await?;
                let dense_took = started.elapsed();
                record(
                    "dense",
                    hits.iter().map(|hit| hit.chunk).collect(),
                    dense_took,
                );
                rankings.push(Ranking {
                    index: "dense",
                    hits,
                });
                let started = Instant::now();
                let fused: Vec<Fused> = fuse(&rankings, &config.ask);
                let took = words_took.max(dense_took) + started.elapsed();
                record(
                    "hybrid",
                    fused.iter().map(|fused| fused.chunk).collect(),
                    took,
                );
            }
        }
        if count == 0 {
            bail!(
                "{} has no question with a relevant document",
                self.folder.display()
            );
        }
        Ok(methods
            .into_iter()
            .map(|(method, (sum, times))| (method, sum.mean(count, times)))
            .collect())
    }

    async fn abstention(&self, config: &Config, limit: usize) -> anyhow::Result<Abstention> {
        let queries: Vec<QueryLine> = lines(&self.folder.join("queries.jsonl"))?;
        let both = self
            .embedder
            .clone()
            .map(|embedder| embedder as Arc<dyn BothEmbedder>);
        let generator = QuoteGenerator::new(config.ask, both, Arc::clone(&self.counter));
        let reader = Reader::anyone();
        let mut scored = Vec::new();
        let hits = config.ask.hits_per_index.get();
        for query in queries.iter().take(limit) {
            let Some(answerable) = query.answerable else {
                continue;
            };
            let found = self.query(&query.text).await?;
            let mut rankings = vec![Ranking {
                index: "bm25",
                hits: self.words.retrieve(&found, &reader, hits).await?,
            }];
            if let Some(vectors) = &self.vectors {
                rankings.push(Ranking {
                    index: "dense",
                    hits: vectors.retrieve(&found, &reader, hits).await?,
                });
            }
            let passages: Vec<Passage> = fuse(&rankings, &config.ask)
                .iter()
                .take(config.ask.passages.get())
                .filter_map(|fused| self.chunks.get(&fused.chunk))
                .map(|(_, chunk)| Passage {
                    title: chunk.title.clone(),
                    ..Passage::alone(&chunk.text)
                })
                .collect();
            scored.push((
                generator.answerability(&query.text, &passages).await?,
                answerable,
            ));
        }
        let threshold = config.ask.evidence;
        Ok(Abstention {
            auc: auc(&scored),
            balanced_accuracy: balanced_accuracy(
                scored
                    .iter()
                    .map(|(score, truth)| (*score >= threshold, *truth)),
            ),
        })
    }
}

async fn groundedness(
    checker: &Checker,
    path: &Path,
    limit: usize,
) -> anyhow::Result<Groundedness> {
    let claims: Vec<ClaimLine> = lines(path)?;
    let mut scored = Vec::new();
    let mut passed = Vec::new();
    let started = Instant::now();
    for line in claims.iter().take(limit) {
        let truth = match line.supported {
            Supported::Bool(truth) => truth,
            Supported::Number(value) => value > 0.5,
        };
        let (score, verdict) = checker.score(&line.claim, &line.evidence).await;
        if verdict == Verdict::Unverified {
            bail!("{}: the checker failed", path.display());
        }
        scored.push((score, truth));
        passed.push((verdict == Verdict::Supported, truth));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a set has far fewer than 2^52 claims"
    )]
    let count = scored.len().max(1) as f64;
    Ok(Groundedness {
        auc: auc(&scored),
        balanced_accuracy: balanced_accuracy(passed),
        ms_per_claim: started.elapsed().as_secs_f64() * 1000.0 / count,
    })
}

impl Retrieval {
    fn add(&mut self, ranked: &[&str], relevant: &HashMap<String, f64>) {
        let discount = |rank: usize| {
            #[expect(clippy::cast_precision_loss, reason = "a rank is small")]
            let rank = rank as f64;
            1.0 / (rank + 2.0).log2()
        };
        let gain = |id: &str| relevant.get(id).copied().unwrap_or(0.0);
        let gained: f64 = ranked
            .iter()
            .take(10)
            .enumerate()
            .map(|(rank, id)| gain(id) * discount(rank))
            .sum();
        let mut best: Vec<f64> = relevant.values().copied().collect();
        best.sort_by(|one, two| two.total_cmp(one));
        let ideal: f64 = best
            .iter()
            .take(10)
            .enumerate()
            .map(|(rank, gain)| gain * discount(rank))
            .sum();
        self.ndcg_10 += gained / ideal.max(f64::MIN_POSITIVE);
        let recall = |depth: usize| {
            let found = ranked
                .iter()
                .take(depth)
                .filter(|id| relevant.contains_key(**id))
                .count();
            #[expect(clippy::cast_precision_loss, reason = "few documents are relevant")]
            let share = found as f64 / relevant.len() as f64;
            share
        };
        self.recall_1 += recall(1);
        self.recall_5 += recall(5);
        self.recall_100 += recall(100);
        if let Some(rank) = ranked
            .iter()
            .take(10)
            .position(|id| relevant.contains_key(*id))
        {
            #[expect(clippy::cast_precision_loss, reason = "a rank is small")]
            let rank = rank as f64;
            self.mrr_10 += 1.0 / (rank + 1.0);
        }
    }

    fn mean(mut self, count: u32, mut times: Vec<Duration>) -> Self {
        let count = f64::from(count);
        for value in [
            &mut self.ndcg_10,
            &mut self.recall_1,
            &mut self.recall_5,
            &mut self.recall_100,
            &mut self.mrr_10,
        ] {
            *value /= count;
        }
        times.sort();
        self.p50_ms = percentile(&times, 50);
        self.p95_ms = percentile(&times, 95);
        self
    }
}

/// Milliseconds that `percent` of 100 sorted times do not exceed.
#[must_use]
pub fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted
        .get(index)
        .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// The chance that a true one scores higher than a false one, ties by half.
fn auc(scored: &[(f32, bool)]) -> f64 {
    let mut sorted: Vec<(f32, bool)> = scored.to_vec();
    sorted.sort_by(|one, two| one.0.total_cmp(&two.0));
    let (mut below, mut wins, mut trues) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut at = 0;
    while at < sorted.len() {
        let tied = sorted[at..]
            .iter()
            .take_while(|(score, _)| score.total_cmp(&sorted[at].0).is_eq())
            .count();
        let (mut good, mut bad) = (0.0, 0.0);
        for (_, truth) in &sorted[at..at + tied] {
            if *truth {
                good += 1.0;
            } else {
                bad += 1.0;
            }
        }
        wins += good * (below + bad / 2.0);
        below += bad;
        trues += good;
        at += tied;
    }
    if trues == 0.0 || below == 0.0 {
        f64::NAN
    } else {
        wins / (trues * below)
    }
}

fn balanced_accuracy(decided: impl IntoIterator<Item = (bool, bool)>) -> f64 {
    let (mut right, mut all) = ([0.0_f64; 2], [0.0_f64; 2]);
    for (said, truth) in decided {
        let class = usize::from(truth);
        all[class] += 1.0;
        right[class] += f64::from(u8::from(said == truth));
    }
    if all.contains(&0.0) {
        f64::NAN
    } else {
        f64::midpoint(right[0] / all[0], right[1] / all[1])
    }
}

impl Report {
    /// The report as tables in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            let _ = writeln!(text, "{arguments}");
        };
        if !self.retrieval.is_empty() {
            line(format_args!(
                "| retrieval | method | nDCG@10 | Recall@1 | Recall@5 | Recall@100 | MRR@10 | p50 ms | p95 ms |"
            ));
            line(format_args!("|---|---|---|---|---|---|---|---|---|"));
            for (set, methods) in &self.retrieval {
                for (method, found) in methods {
                    line(format_args!(
                        "| {set} | {method} | {:.4} | {:.4} | {:.4} | {:.4} | {:.4} | {:.1} | {:.1} |",
                        found.ndcg_10,
                        found.recall_1,
                        found.recall_5,
                        found.recall_100,
                        found.mrr_10,
                        found.p50_ms,
                        found.p95_ms
                    ));
                }
            }
            line(format_args!(""));
        }
        if !self.groundedness.is_empty() {
            line(format_args!(
                "| groundedness | AUC | balanced accuracy | ms per claim |"
            ));
            line(format_args!("|---|---|---|---|"));
            for (set, found) in &self.groundedness {
                line(format_args!(
                    "| {set} | {:.4} | {:.4} | {:.1} |",
                    found.auc, found.balanced_accuracy, found.ms_per_claim
                ));
            }
            line(format_args!(""));
        }
        if !self.abstention.is_empty() {
            line(format_args!("| abstention | AUC | balanced accuracy |"));
            line(format_args!("|---|---|---|"));
            for (set, found) in &self.abstention {
                line(format_args!(
                    "| {set} | {:.4} | {:.4} |",
                    found.auc, found.balanced_accuracy
                ));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-6, "{one} instead of {other}");
    }

    #[test]
    fn measures_agree_with_values_worked_out_by_hand() {
        let relevant = HashMap::from([("a".to_owned(), 2.0), ("b".to_owned(), 1.0)]);
        let mut found = Retrieval::default();
        found.add(&["x", "a", "y", "b"], &relevant);
        // (2/log2 3 + 1/log2 5) / (2 + 1/log2 3)
        near(
            found.ndcg_10,
            (2.0 / 3_f64.log2() + 1.0 / 5_f64.log2()) / (2.0 + 1.0 / 3_f64.log2()),
        );
        near(found.recall_1, 0.0);
        near(found.recall_5, 1.0);
        near(found.mrr_10, 0.5);
        near(
            auc(&[(0.9, true), (0.5, false), (0.5, true), (0.1, false)]),
            0.875,
        );
        near(
            balanced_accuracy([(true, true), (false, true), (false, false)]),
            0.75,
        );
        let times: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        near(percentile(&times, 50), 10.0);
        near(percentile(&times, 95), 19.0);
    }

    #[test]
    fn a_folder_without_sets_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = sets(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&folder.path().display().to_string()),
            "{error}"
        );
    }
}
