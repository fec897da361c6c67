//! Quote mode: an answer made of the best sentences of the passages, word for word.
//!
//! It needs no language model and is honest about what it is. The sentences are those that
//! [`Sufficiency`] finds, and where it holds that they are no answer, nothing is written: the
//! documents do not answer.

use std::sync::Arc;

use async_trait::async_trait;
use ingest::{BackendError, TokenCounter};
use tokio::sync::mpsc;

use super::config::AskConfig;
use super::sufficiency::{BothEmbedder, Candidate, Found, Sufficiency};
use super::types::{DraftPiece, DraftPieces, DraftSentence, Generator, Passage, Prompt};

/// What quote mode is called among generators.
pub const QUOTE_MODE: &str = "quote";
/// A further sentence must be nearly as good as the best one.
const NEARLY: f32 = 0.85;

/// Quote mode.
#[derive(Clone, Debug)]
pub struct QuoteGenerator {
    config: AskConfig,
    sufficiency: Sufficiency,
    counter: Arc<dyn TokenCounter>,
}

impl QuoteGenerator {
    /// Quote mode; without a model it compares words only.
    #[must_use]
    pub fn new(
        config: AskConfig,
        embedder: Option<Arc<dyn BothEmbedder>>,
        counter: Arc<dyn TokenCounter>,
    ) -> Self {
        Self {
            config,
            sufficiency: Sufficiency::new(embedder),
            counter,
        }
    }

    /// How likely it is that the passages answer the question, as [`Sufficiency::score`].
    ///
    /// # Errors
    /// When the model fails.
    pub async fn answerability(
        &self,
        question: &str,
        passages: &[Passage],
    ) -> Result<f32, BackendError> {
        self.sufficiency.score(question, passages).await
    }

    async fn quotes(&self, prompt: &Prompt) -> Result<Vec<Candidate>, BackendError> {
        let Found {
            probability,
            candidates,
        } = self
            .sufficiency
            .look(&prompt.question.text, &prompt.context.passages)
            .await?;
        if probability < self.config.evidence {
            return Ok(Vec::new());
        }
        let mut chosen: Vec<Candidate> = Vec::new();
        for candidate in candidates {
            let Some(best) = chosen.first() else {
                chosen.push(candidate);
                continue;
            };
            let repeats = chosen.iter().any(|other| other.text == candidate.text);
            let adds = candidate.number == best.number || !candidate.held.is_subset(&best.held);
            if chosen.len() < self.config.quotes.get()
                && candidate.score >= best.score * NEARLY
                && !repeats
                && adds
            {
                chosen.push(candidate);
            }
        }
        Ok(chosen)
    }
}

#[async_trait]
impl Generator for QuoteGenerator {
    fn name(&self) -> &'static str {
        QUOTE_MODE
    }

    fn window(&self) -> Option<usize> {
        None
    }

    async fn count_tokens(&self, prompt: &Prompt) -> Result<usize, BackendError> {
        let passages = prompt.context.passages.iter();
        let texts = passages.map(|passage| passage.text.as_str());
        Ok(texts
            .chain([prompt.question.text.as_str()])
            .map(|text| self.counter.count(text))
            .sum())
    }

    async fn generate(&self, prompt: Prompt) -> Result<DraftPieces, BackendError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        for quote in self.quotes(&prompt).await? {
            // The receiver is here still.
            let _ = sender.send(Ok(DraftPiece::Sentence(DraftSentence {
                text: quote.text,
                citations: vec![quote.number],
            })));
        }
        Ok(receiver)
    }

    async fn probabilities(&self, _: &str, _: &[&str]) -> Result<Option<Vec<f32>>, BackendError> {
        Ok(None)
    }
}
