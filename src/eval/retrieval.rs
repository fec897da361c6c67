//! How well documents are found.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use anyhow::bail;
use ingest::ChunkId;
use serde::Serialize;

use super::corpus::{QueryLine, Set, qrels};
use super::measures::percentile;
use crate::ask::{Fused, Query, Ranking, Retriever as _, fuse};
use crate::config::Config;
use crate::rights::Permit;

/// Chunks that are asked of each index: enough for a hundred documents.
const HITS: usize = 200;

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

impl Set {
    pub(super) async fn retrieval(
        &self,
        config: &Config,
        limit: usize,
    ) -> anyhow::Result<BTreeMap<&'static str, Retrieval>> {
        let relevant = qrels(&self.folder.join("qrels/test.tsv"))?;
        let queries = QueryLine::of(&self.folder)?;
        let permit = Permit::of_everyone();
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
                filter: ingest::Filter::none(),
            };
            let words = self.words.retrieve(&found, &permit, HITS).await?;
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
                let hits = vectors.retrieve(&found, &permit, HITS).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-6, "{one} instead of {other}");
    }

    #[test]
    fn measures_of_a_ranking_agree_with_values_worked_out_by_hand() {
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
    }
}
