//! A question on its way to its answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use ingest::DocumentId;
use tokio::sync::mpsc;
use tracing::{Instrument as _, info, info_span};
use unicode_normalization::UnicodeNormalization as _;

use super::{AskEvent, Timings};
use crate::ask::{
    Context, Generator, Prompt, Query, QueryEmbedder, Question, Retriever, Sufficiency, findable,
    fit, fuse, pack, retrieve,
};
use crate::catalogue::Catalogue;
use crate::check::{Answer, Checked, Checker, Drafting, Mode, check_stream};
use crate::config::Config;
use crate::feedback;
use crate::generate::Engine;
use crate::library;
use crate::rights::Access;
use crate::telemetry::TARGET;

/// An answer, with what it was made of.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) timings: Timings,
    pub(crate) context: Arc<Context>,
}

/// What a question is answered with, step by step.
pub(crate) struct Pipeline<'a> {
    pub(crate) config: &'a Config,
    /// None without a model; then only words are compared.
    pub(crate) embedder: Option<&'a dyn QueryEmbedder>,
    pub(crate) retrievers: &'a [Arc<dyn Retriever>],
    /// Gives the text of what the retrievers find.
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) generator: &'a dyn Generator,
    /// Asked before anything is written, if the generator does not ask itself.
    pub(crate) sufficiency: Option<&'a Sufficiency>,
    pub(crate) checker: &'a Checker,
}

impl Pipeline<'_> {
    /// Answers a question, and sends what happens but for the last event, which is the caller's.
    ///
    /// # Errors
    /// When a back end fails. Finding nothing is an answer that says so.
    pub(crate) async fn answer(
        &self,
        question: Question,
        mode: Mode,
        events: &mpsc::UnboundedSender<AskEvent>,
    ) -> anyhow::Result<Answered> {
        let (prompt, query, mut timings) = self.prepare(&question).await?;
        let context: Arc<Context> = Arc::clone(&prompt.context);
        // The asker may have left, here and below.
        let _ = events.send(AskEvent::Retrieval(Arc::clone(&context)));
        let started = Instant::now();
        let is_silent = self.is_silent(&question, &context).await?;
        let drafts = self.config.generator.best_of.get();
        // Quote mode has one draft.
        let writes = self.config.generator.engine != Engine::Quote;
        let answer = if drafts > 1 && writes && !is_silent {
            let (draft, best_of) =
                feedback::best_of(self.generator, self.checker, &prompt, drafts, mode).await?;
            timings.first_sentence = (!draft.events.is_empty()).then(|| started.elapsed());
            for event in draft.events {
                let _ = events.send(AskEvent::Answer(event));
            }
            timings.best_of = Some(best_of);
            draft.checked.answer
        } else {
            let pieces = if is_silent {
                // There is nothing to write from, and no engine need be asked.
                mpsc::unbounded_channel().1
            } else {
                self.generator.generate(prompt).await?
            };
            let drafting = Drafting {
                generator: self.generator,
                pieces,
                question: &question,
                context: &context,
                mode,
            };
            self.streamed(drafting, events, (&mut timings, started))
                .await?
        };
        timings.generate_and_check = started.elapsed();
        let answer = if answer.abstained() {
            let findable = findable(
                self.catalogue,
                self.retrievers,
                &query,
                &question.reader,
                &self.config.ask,
            );
            answer.pointing_to(findable.await?)
        } else {
            answer
        };
        Ok(Answered {
            answer,
            timings,
            context,
        })
    }

    /// The passages for a question, as a prompt, and what the indexes were asked.
    ///
    /// # Errors
    /// When a back end fails.
    pub(crate) async fn prepare(
        &self,
        question: &Question,
    ) -> anyhow::Result<(Prompt, Query, Timings)> {
        let mut timings = Timings::default();
        let (context, query) = self.find(question, &mut timings).await?;
        let started = Instant::now();
        let prompt = Prompt {
            question: question.clone(),
            context: Arc::new(context),
            max_tokens: self.config.generator.max_tokens.get(),
        };
        let prompt = fit(self.generator, prompt).await?;
        timings.pack += started.elapsed();
        Ok((prompt, query, timings))
    }

    /// A draft checked while it is written; each sentence is told as it is checked.
    async fn streamed(
        &self,
        drafting: Drafting<'_>,
        events: &mpsc::UnboundedSender<AskEvent>,
        (timings, started): (&mut Timings, Instant),
    ) -> anyhow::Result<Answer> {
        let (sender, mut checked) = mpsc::unbounded_channel();
        let checking = check_stream(self.checker, drafting, &sender)
            .instrument(info_span!(target: TARGET, "write_and_check"));
        tokio::pin!(checking);
        let Checked { answer, gate } = loop {
            tokio::select! {
                biased;
                Some(event) = checked.recv() => {
                    timings.first_sentence.get_or_insert_with(|| started.elapsed());
                    let _ = events.send(AskEvent::Answer(event));
                }
                answer = &mut checking => break answer?,
            }
        };
        while let Ok(event) = checked.try_recv() {
            timings
                .first_sentence
                .get_or_insert_with(|| started.elapsed());
            let _ = events.send(AskEvent::Answer(event));
        }
        timings.gate = gate;
        Ok(answer)
    }

    /// The passages that may answer a question, and what the indexes were asked.
    ///
    /// # Errors
    /// When a back end fails.
    pub(super) async fn find(
        &self,
        question: &Question,
        timings: &mut Timings,
    ) -> anyhow::Result<(Context, Query)> {
        let started = Instant::now();
        let vector = match self.embedder {
            Some(embedder) => {
                let embedding = embedder.embed_query(&question.text);
                let span = info_span!(target: TARGET, "embed");
                Some(Arc::new(embedding.instrument(span).await?))
            }
            None => None,
        };
        timings.embed = started.elapsed();
        // Looked up at each question: what was given or taken away counts for the next one.
        let access = self.catalogue.access(&question.reader).await?;
        let titled = match &question.scope.title {
            Some(title) => Some(self.titled(title, &access).await?),
            None => None,
        };
        let query = Query {
            text: question.text.clone(),
            vector,
            filter: question.scope.filter(titled, library::today()),
        };
        let started = Instant::now();
        let rankings = retrieve(self.retrievers, &query, &access.quoting(), &self.config.ask)
            .instrument(info_span!(target: TARGET, "retrieve"))
            .await?;
        timings.retrieve = started.elapsed();
        let started = Instant::now();
        let fused = fuse(&rankings, &self.config.ask);
        let context = pack(self.catalogue, &fused, &question.reader, &self.config.ask)
            .instrument(info_span!(target: TARGET, "pack"))
            .await?;
        timings.pack = started.elapsed();
        Ok((context, query))
    }

    /// The documents with these words in the title that may be found by `access`.
    async fn titled(
        &self,
        words: &str,
        access: &Access,
    ) -> Result<BTreeSet<DocumentId>, sqlx::Error> {
        let words: String = words.trim().nfc().collect();
        self.catalogue.titled(&words, access).await
    }

    /// Whether the passages do not answer the question.
    async fn is_silent(&self, question: &Question, context: &Context) -> anyhow::Result<bool> {
        if context.passages.is_empty() {
            return Ok(true);
        }
        let Some(sufficiency) = self.sufficiency else {
            return Ok(false);
        };
        let score = sufficiency.score(&question.text, &context.passages).await?;
        let silent = score < self.config.ask.evidence;
        if silent {
            info!(score, "the passages do not answer, and nothing is written");
        }
        Ok(silent)
    }
}
