//! Questions to ranked chunks.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::try_join_all;
use ingest::{BackendError, ChunkId};

use super::config::{AskConfig, Fusion};
use super::types::{Hit, Query, Retriever};
use crate::rights::Permit;

/// The constant of reciprocal rank fusion.
const RANK_CONSTANT: f32 = 60.0;

/// What one index found.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The index.
    pub index: &'static str,
    /// Its hits, best first.
    pub hits: Vec<Hit>,
}

/// A chunk after fusion.
#[derive(Clone, Debug, PartialEq)]
pub struct Fused {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its score; comparable within one question only.
    pub score: f32,
    /// Rank from 1 in each index that found it.
    pub ranks: Vec<(&'static str, usize)>,
}

/// Asks all indexes at once.
///
/// # Errors
/// When one of them fails: half a search is not passed off as a whole one.
pub async fn retrieve(
    retrievers: &[Arc<dyn Retriever>],
    query: &Query,
    permit: &Permit,
    config: &AskConfig,
) -> Result<Vec<Ranking>, BackendError> {
    let limit = config.hits_per_index.get();
    try_join_all(retrievers.iter().map(|retriever| async move {
        let hits = retriever.retrieve(query, permit, limit).await?;
        Ok(Ranking {
            index: retriever.name(),
            hits,
        })
    }))
    .await
}

/// Makes one ranking of several, best first. An index that found nothing has no say.
#[must_use]
pub fn fuse(rankings: &[Ranking], config: &AskConfig) -> Vec<Fused> {
    let asked: Vec<&Ranking> = rankings
        .iter()
        .filter(|ranking| !ranking.hits.is_empty())
        .collect();
    let weight = |index: &str| {
        if index == "dense" {
            config.dense_weight
        } else {
            1.0 - config.dense_weight
        }
    };
    let alone = asked.len() == 1;
    let mut fused: HashMap<ChunkId, Fused> = HashMap::new();
    let mut scales = Vec::new();
    for ranking in &asked {
        let scale = Scale::of(&ranking.hits);
        let weight = if alone { 1.0 } else { weight(ranking.index) };
        for (rank, hit) in ranking.hits.iter().enumerate() {
            let entry = fused.entry(hit.chunk).or_insert_with(|| Fused {
                chunk: hit.chunk,
                score: 0.0,
                ranks: Vec::new(),
            });
            entry.ranks.push((ranking.index, rank + 1));
            #[expect(clippy::cast_precision_loss, reason = "a rank is small")]
            let rank = rank as f32;
            entry.score += weight
                * match config.fusion {
                    Fusion::Standardized => scale.standardized(hit.score),
                    Fusion::ReciprocalRank => 1.0 / (RANK_CONSTANT + rank + 1.0),
                };
        }
        scales.push((ranking.index, weight, scale));
    }
    if config.fusion == Fusion::Standardized {
        // What an index did not find is at most as good as the last that it found.
        for entry in fused.values_mut() {
            for (index, weight, scale) in &scales {
                if !entry.ranks.iter().any(|(found, _)| found == index) {
                    entry.score += weight * scale.standardized(scale.least);
                }
            }
        }
    }
    let mut fused: Vec<Fused> = fused.into_values().collect();
    fused.sort_by(|one, other| {
        other
            .score
            .total_cmp(&one.score)
            .then_with(|| one.chunk.cmp(&other.chunk))
    });
    fused
}

/// Mean, deviation and least of scores.
struct Scale {
    mean: f32,
    deviation: f32,
    least: f32,
}

impl Scale {
    fn of(hits: &[Hit]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a ranking is short")]
        let count = hits.len().max(1) as f32;
        let mean = hits.iter().map(|hit| hit.score).sum::<f32>() / count;
        let variance = hits
            .iter()
            .map(|hit| (hit.score - mean).powi(2))
            .sum::<f32>()
            / count;
        let least = hits
            .iter()
            .map(|hit| hit.score)
            .fold(f32::INFINITY, f32::min);
        Self {
            mean,
            deviation: variance.sqrt().max(1e-6),
            least,
        }
    }

    fn standardized(&self, score: f32) -> f32 {
        (score - self.mean) / self.deviation
    }
}

#[cfg(test)]
mod tests {
    use ingest::{ContentHash, DocumentId};
    use proptest::prelude::*;

    use super::*;

    fn chunk(number: u32) -> ChunkId {
        ChunkId::of(DocumentId::at("a"), &ContentHash::of(b"a"), number, &(0..1))
    }

    fn ranking(index: &'static str, hits: &[(u32, f32)]) -> Ranking {
        Ranking {
            index,
            hits: hits
                .iter()
                .map(|(number, score)| Hit {
                    chunk: chunk(*number),
                    score: *score,
                })
                .collect(),
        }
    }

    #[test]
    fn what_both_find_comes_first_in_both_ways() {
        let rankings = [
            ranking("bm25", &[(1, 9.0), (2, 8.5), (3, 1.0)]),
            ranking("dense", &[(4, 0.9), (2, 0.89), (5, 0.7)]),
        ];
        for fusion in [Fusion::Standardized, Fusion::ReciprocalRank] {
            let fused = fuse(
                &rankings,
                &AskConfig {
                    fusion,
                    ..AskConfig::default()
                },
            );
            assert_eq!(fused[0].chunk, chunk(2));
            assert_eq!(fused[0].ranks, [("bm25", 2), ("dense", 2)]);
            assert_eq!(fused.len(), 5);
        }
    }

    #[test]
    fn an_index_alone_keeps_its_order() {
        let rankings = [
            ranking("bm25", &[(1, 9.0), (2, 8.5), (3, 1.0)]),
            ranking("dense", &[]),
        ];
        let order: Vec<ChunkId> = fuse(&rankings, &AskConfig::default())
            .iter()
            .map(|fused| fused.chunk)
            .collect();
        assert_eq!(order, [chunk(1), chunk(2), chunk(3)]);
        assert!(fuse(&[], &AskConfig::default()).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_comes_twice(
            one in proptest::collection::btree_map(0..30_u32, 0.0..10.0_f32, 0..20),
            two in proptest::collection::btree_map(0..30_u32, 0.0..1.0_f32, 0..20),
        ) {
            let sorted = |map: &std::collections::BTreeMap<u32, f32>| {
                let mut hits: Vec<(u32, f32)> = map.iter().map(|(number, score)| (*number, *score)).collect();
                hits.sort_by(|one, two| two.1.total_cmp(&one.1));
                hits
            };
            let rankings = [ranking("bm25", &sorted(&one)), ranking("dense", &sorted(&two))];
            let fused = fuse(&rankings, &AskConfig::default());
            let mut ids: Vec<ChunkId> = fused.iter().map(|fused| fused.chunk).collect();
            ids.sort();
            let mut expected: Vec<ChunkId> = one.keys().chain(two.keys()).map(|number| chunk(*number)).collect();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(ids, expected);
        }
    }
}
