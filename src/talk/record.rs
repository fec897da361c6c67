//! Keeps a turn while it happens, however it ends.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tracing::error;

use super::types::{EndOfTurn, NewTurn, TurnState};
use crate::ask::Context;
use crate::catalogue::Catalogue;
use crate::language::Language;

/// Keeps a turn. Dropped before its end it is kept as one that the asker stopped, with what was
/// released.
#[derive(Debug)]
pub(crate) struct Recorder {
    catalogue: Catalogue,
    turn: String,
    language: Language,
    context: Option<Arc<Context>>,
    /// Released sentences as they were sent.
    claims: Vec<Value>,
    ended: bool,
}

impl Recorder {
    /// Keeps the question; none if `owner` has no such conversation, or it has no turn that is to
    /// be replaced.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    pub(crate) async fn begin(
        catalogue: &Catalogue,
        owner: &str,
        new: &NewTurn,
        language: Language,
    ) -> Result<Option<Self>, sqlx::Error> {
        let found = catalogue.begin_turn(owner, new).await?;
        Ok(found.then(|| Self {
            catalogue: catalogue.clone(),
            turn: new.id.clone(),
            language,
            context: None,
            claims: Vec::new(),
            ended: false,
        }))
    }

    /// What was found for it.
    pub(crate) fn found(&mut self, context: &Arc<Context>) {
        self.context = Some(Arc::clone(context));
    }

    /// A sentence is released.
    pub(crate) fn sentence(&mut self, claim: &impl Serialize) {
        self.claims.extend(serde_json::to_value(claim));
    }

    /// The answer is whole. That it cannot be kept is logged, and the asker has it anyway.
    pub(crate) async fn done(&mut self, answer: &impl Serialize) {
        match serde_json::to_string(answer) {
            Ok(text) => self.end(TurnState::Done, Some(text)).await,
            Err(error) => {
                error!(%error, "an answer cannot be written");
                self.failed().await;
            }
        }
    }

    /// There is no answer.
    pub(crate) async fn failed(&mut self) {
        let released = self.released();
        self.end(TurnState::Failed, released).await;
    }

    /// The server stops.
    pub(crate) async fn stopped(&mut self) {
        let released = self.released();
        self.end(TurnState::Stopped, released).await;
    }

    async fn end(&mut self, state: TurnState, answer: Option<String>) {
        self.ended = true;
        let (turn, ending) = (self.turn.clone(), self.ending(state, answer));
        keep(self.catalogue.clone(), turn, ending).await;
    }

    fn ending(&mut self, state: TurnState, answer: Option<String>) -> Ending {
        Ending {
            state,
            answer,
            context: self.context.take(),
        }
    }

    /// What was released, in the shape of an answer.
    fn released(&self) -> Option<String> {
        if self.claims.is_empty() {
            return None;
        }
        let texts: Vec<&str> = self
            .claims
            .iter()
            .filter_map(|claim| claim["text"].as_str())
            .collect();
        let answer = json!({
            "language": self.language.tag(),
            "text": texts.join(" "),
            "claims": self.claims,
        });
        Some(answer.to_string())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let released = self.released();
        let ending = self.ending(TurnState::Stopped, released);
        let keeping = keep(self.catalogue.clone(), self.turn.clone(), ending);
        // Without a runtime the program ends, and its next start stops the turn.
        if let Ok(handle) = Handle::try_current() {
            handle.spawn(keeping);
        }
    }
}

#[derive(Debug)]
struct Ending {
    state: TurnState,
    answer: Option<String>,
    context: Option<Arc<Context>>,
}

async fn keep(catalogue: Catalogue, turn: String, ending: Ending) {
    let Ending {
        state,
        answer,
        context,
    } = ending;
    let kept = async {
        let chunks: Vec<_> = context
            .iter()
            .flat_map(|context| context.ledger.iter().map(|entry| entry.chunk))
            .collect();
        let mut consulted = catalogue.documents_of(&chunks).await?;
        // Chunks may be gone by now, and what was written from them still hangs on their documents.
        let passages = context.iter().flat_map(|context| &context.passages);
        for passage in passages {
            let chunks = passage.chunks.iter();
            consulted.extend(chunks.map(|chunk| (chunk.to_string(), passage.document)));
        }
        let said = answer
            .as_deref()
            .and_then(|answer| serde_json::from_str::<Value>(answer).ok())
            .and_then(|answer| Some(answer.get("text")?.as_str()?.to_owned()));
        let end = EndOfTurn {
            state,
            answer,
            said: said.unwrap_or_default(),
            consulted,
        };
        catalogue.end_turn(&turn, &end).await
    }
    .await;
    if let Err(error) = kept {
        error!(%error, turn, "a turn of a conversation cannot be kept");
    }
}
