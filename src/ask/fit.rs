//! Passages that fit into the engine's window, with the question and the answer.

use std::sync::Arc;

use ingest::BackendError;
use tracing::info;

use super::types::{Context, Generator, LeftOut, Prompt};

/// Leaves passages out from the end, which are the worst, until prompt and answer fit into the
/// engine's window, and says so in the ledger. The first passage stays: without any, an answer
/// could only be wrong about what the documents say, so that the engine refuses such a prompt.
///
/// # Errors
/// When the engine must be asked to count, and cannot be reached.
pub(crate) async fn fit(generator: &dyn Generator, prompt: Prompt) -> Result<Prompt, BackendError> {
    let Some(window) = generator.window() else {
        return Ok(prompt);
    };
    let all = prompt.context.passages.len();
    let room = window.saturating_sub(prompt.max_tokens);
    if all == 0 || generator.count_tokens(&prompt).await? <= room {
        return Ok(prompt);
    }
    // Tokens grow with passages: between what fits and what does not lies the cut.
    let (mut fits, mut over) = (1, all);
    while over - fits > 1 {
        let middle = usize::midpoint(fits, over);
        if generator.count_tokens(&first(&prompt, middle)).await? <= room {
            fits = middle;
        } else {
            over = middle;
        }
    }
    info!(
        passages = fits,
        left_out = all - fits,
        window,
        "not all passages fit into the engine's window"
    );
    Ok(first(&prompt, fits))
}

/// `prompt` with its first `count` passages.
fn first(prompt: &Prompt, count: usize) -> Prompt {
    let mut context = Context::clone(&prompt.context);
    context.passages.truncate(count);
    for entry in &mut context.ledger {
        let is_out = entry
            .outcome
            .is_ok_and(|number| usize::try_from(number).is_ok_and(|number| number > count));
        if is_out {
            entry.outcome = Err(LeftOut::NoRoom);
        }
    }
    Prompt {
        context: Arc::new(context),
        ..prompt.clone()
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use proptest::prelude::*;

    use super::super::types::{DraftPieces, LedgerEntry, Passage, Question, Reader, Scope};
    use super::*;
    use crate::language::Language;

    /// Counts characters.
    #[derive(Debug)]
    struct Counting(Option<usize>);

    #[async_trait]
    impl Generator for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn window(&self) -> Option<usize> {
            self.0
        }

        async fn count_tokens(&self, prompt: &Prompt) -> Result<usize, BackendError> {
            let passages = prompt.context.passages.iter();
            Ok(10 + passages.map(|passage| passage.text.len()).sum::<usize>())
        }

        async fn generate(&self, _: Prompt) -> Result<DraftPieces, BackendError> {
            Err(BackendError::message("it counts only"))
        }

        async fn probabilities(
            &self,
            _: &str,
            _: &[&str],
        ) -> Result<Option<Vec<f32>>, BackendError> {
            Ok(None)
        }
    }

    fn prompt(lengths: &[usize]) -> Prompt {
        let passages: Vec<Passage> = lengths
            .iter()
            .map(|length| Passage::alone(&"a".repeat(*length)))
            .collect();
        let ledger = (1..)
            .zip(&passages)
            .map(|(number, passage)| LedgerEntry {
                chunk: passage.chunks[0],
                title: String::new(),
                ranks: Vec::new(),
                score: 1.0,
                tokens: passage.text.len(),
                outcome: Ok(number),
            })
            .collect();
        Prompt {
            question: Question {
                scope: Scope::default(),
                adapter: None,
                text: "?".to_owned(),
                reader: Reader::anyone(),
                language: Language::En,
            },
            context: Arc::new(Context { passages, ledger }),
            max_tokens: 20,
        }
    }

    #[tokio::test]
    async fn the_worst_passages_are_left_out_and_the_ledger_says_so() {
        let fitted = fit(&Counting(Some(60)), prompt(&[10, 20, 1, 30]))
            .await
            .unwrap();
        assert_eq!(fitted.context.passages.len(), 2);
        let outcomes: Vec<_> = fitted.context.ledger.iter().map(|it| it.outcome).collect();
        let no_room = Err(LeftOut::NoRoom);
        assert_eq!(outcomes, [Ok(1), Ok(2), no_room, no_room]);
        let whole = fit(&Counting(None), prompt(&[100; 9])).await.unwrap();
        assert_eq!(whole.context.passages.len(), 9);
    }

    proptest! {
        #[test]
        fn as_many_passages_stay_as_fit(
            lengths in prop::collection::vec(0..40_usize, 0..12),
            window in 0..200_usize,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let fitted = runtime.block_on(fit(&Counting(Some(window)), prompt(&lengths))).unwrap();
            let fits = |count: usize| 30 + lengths[..count].iter().sum::<usize>() <= window;
            let most = (0..=lengths.len()).rev().find(|count| fits(*count)).unwrap_or(0);
            prop_assert_eq!(fitted.context.passages.len(), most.max(1).min(lengths.len()));
        }
    }
}
