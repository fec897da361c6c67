//! How well questions that the documents answer are told from others, before anything is written.

use std::sync::Arc;

use serde::Serialize;

use super::corpus::{QueryLine, Set};
use super::measures::{auc, balanced_accuracy};
use crate::ask::{BothEmbedder, Passage, QuoteGenerator, Ranking, Retriever as _, fuse};
use crate::config::Config;
use crate::rights::Permit;

/// How well questions that the documents answer are told from others.
#[derive(Clone, Debug, Serialize)]
pub struct Abstention {
    /// Area under the ROC curve.
    pub auc: f64,
    /// Mean of the shares of answerable questions that are answered and of others that are not.
    pub balanced_accuracy: f64,
}

impl Set {
    pub(super) async fn abstention(
        &self,
        config: &Config,
        limit: usize,
    ) -> anyhow::Result<Abstention> {
        let queries = QueryLine::of(&self.folder)?;
        let both = self
            .embedder
            .clone()
            .map(|embedder| embedder as Arc<dyn BothEmbedder>);
        let generator = QuoteGenerator::new(config.ask, both, Arc::clone(&self.counter));
        let permit = Permit::of_everyone();
        let mut scored = Vec::new();
        let hits = config.ask.hits_per_index.get();
        for query in queries.iter().take(limit) {
            let Some(answerable) = query.answerable else {
                continue;
            };
            let found = self.query(&query.text).await?;
            let mut rankings = vec![Ranking {
                index: "bm25",
                hits: self.words.retrieve(&found, &permit, hits).await?,
            }];
            if let Some(vectors) = &self.vectors {
                rankings.push(Ranking {
                    index: "dense",
                    hits: vectors.retrieve(&found, &permit, hits).await?,
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
