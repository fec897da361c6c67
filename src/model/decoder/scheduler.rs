//! Which tokens go through the model together.
//!
//! Every step takes one token of each answer that is being written and, with the room that is
//! left, a piece of the next prompt: a long prompt does not hold up those who are reading, and
//! several answers cost hardly more than one (Yu and others, 2022, "Orca"; Agrawal and others,
//! 2023, "Sarathi"). A request is let in when its prompt and its longest answer fit into the
//! keys and values that are left, so nothing that was begun has to be thrown out.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use super::super::ModelError;
use super::attention::BLOCK;
use super::cache::{BlockName, Blocks, names};
use super::model::Model;
use super::sampler::{Sampler, Sampling, normalizer, top};
use super::simd::Level;
use super::stage::{Batch, Span};

/// Rows of a prompt that go with answers that are being written. More would let readers wait.
const ROWS_BESIDE_ANSWERS: usize = 128;

/// What a request is told, in order.
pub(super) trait Listener: Send {
    /// A token was written. `false` ends the request.
    fn token(&mut self, token: Written) -> bool;

    /// The probabilities of what was asked for, in that order.
    fn judged(&mut self, log_probabilities: Vec<f32>);

    /// The request is over.
    fn over(self: Box<Self>, end: Result<Summary, ModelError>);

    /// Whether nobody listens any more.
    fn has_left(&self) -> bool;
}

/// A token of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) token: u32,
    /// The natural logarithm of its probability.
    pub(super) log_probability: f32,
    /// The likeliest tokens in its place, as many as were asked for.
    pub(super) top: Vec<(u32, f32)>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The model ended it.
    Model,
    /// It has as many tokens as it may.
    Length,
    /// Whoever listened had enough.
    Listener,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Tokens of the prompt.
    pub(crate) prompt: usize,
    /// Those of them that had been computed before.
    pub(crate) known: usize,
    /// Tokens that were written.
    pub(crate) written: usize,
    /// Why it ended.
    pub(crate) end: End,
}

/// What is asked of the model.
pub(super) struct Request {
    pub(super) prompt: Vec<u32>,
    pub(super) work: Work,
    pub(super) adapter: Option<usize>,
    pub(super) listener: Box<dyn Listener>,
}

/// What is done with a prompt.
pub(super) enum Work {
    /// An answer is written.
    Write {
        tokens: usize,
        sampling: Sampling,
        /// Tokens that end it.
        ends: Vec<u32>,
        /// Likeliest tokens that are told beside each written one.
        top: usize,
    },
    /// The last tokens of the prompt are judged: how likely each is after those before it.
    Judge { last: usize },
    /// How likely each of these tokens comes next.
    Next { tokens: Vec<u32> },
}

struct Conversation {
    request: Request,
    sampler: Option<Sampler>,
    /// The prompt, then what was written.
    tokens: Vec<u32>,
    /// Tokens that went through the model.
    computed: usize,
    blocks: Vec<u32>,
    /// Names of the blocks that are full.
    names: Vec<BlockName>,
    known: usize,
    judged: Vec<f32>,
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Requests that were let in.
    pub(crate) requests: u64,
    /// Tokens of prompts.
    pub(crate) prompt_tokens: u64,
    /// Those of them that had been computed before.
    pub(crate) known_tokens: u64,
    /// Tokens that were written.
    pub(crate) written_tokens: u64,
    /// Steps of the model.
    pub(crate) steps: u64,
}

/// Runs requests on a model.
pub(super) struct Scheduler {
    model: Model,
    blocks: Blocks,
    waiting: VecDeque<Request>,
    running: Vec<Conversation>,
    /// Answers that are written at the same time at most.
    together: usize,
    counters: Counters,
    level: Level,
}

impl Scheduler {
    pub(super) fn new(model: Model, together: usize) -> Self {
        Self {
            blocks: Blocks::new(model.blocks()),
            model,
            waiting: VecDeque::new(),
            running: Vec::new(),
            together: together.max(1),
            counters: Counters::default(),
            level: Level::detect(),
        }
    }

    pub(super) fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether there is nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Takes a request; its turn comes after those before it.
    pub(super) fn push(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Forgets what was computed, as a benchmark needs it.
    pub(super) fn forget(&mut self) {
        self.blocks.forget();
    }

    /// Takes up the adapter in `folder`, unless it has one of this name.
    ///
    /// # Errors
    /// When it cannot be read or does not fit.
    pub(super) fn load_adapter(&mut self, name: &str, folder: &Path) -> Result<(), ModelError> {
        self.model.load_adapter(name, folder)
    }

    /// Names of adapters, by number.
    pub(super) fn adapters(&self) -> &[String] {
        self.model.adapters()
    }

    /// Does one step. Failures are told to those whose tokens were in it.
    pub(super) fn step(&mut self) {
        self.part();
        self.admit();
        let batch = self.batch();
        if batch.tokens.is_empty() {
            return;
        }
        self.counters.steps += 1;
        match self.model.forward(&batch) {
            Ok(scores) => self.advance(&batch, &scores),
            Err(error) => self.fail(error),
        }
    }

    /// Lets those go who left.
    fn part(&mut self) {
        self.waiting.retain(|request| !request.listener.has_left());
        let mut at = 0;
        while at < self.running.len() {
            if self.running[at].request.listener.has_left() {
                self.end(at, End::Listener);
            } else {
                at += 1;
            }
        }
    }

    fn admit(&mut self) {
        while self.running.len() < self.together {
            let Some(request) = self.waiting.front() else {
                return;
            };
            let length = request.prompt.len();
            let most = match &request.work {
                Work::Write { tokens, .. } => length.saturating_add(*tokens),
                Work::Judge { .. } | Work::Next { .. } => length,
            };
            // The last token always goes through the model: its scores are what is asked for.
            let fresh = match &request.work {
                Work::Judge { last } => last + 1,
                Work::Write { .. } | Work::Next { .. } => 1,
            };
            let shared = names(
                &request.prompt[..length.saturating_sub(fresh)],
                request.adapter,
            );
            let needed = most.div_ceil(BLOCK);
            let taken = self.blocks.take(&shared, needed);
            if taken.is_none() && !self.running.is_empty() {
                // Those who are running will give theirs back.
                return;
            }
            let request = self.waiting.pop_front().expect("it was just there");
            let Some((blocks, known)) = taken else {
                let there = self.blocks.idle();
                let error = ModelError::NoRoom { needed, there };
                request.listener.over(Err(error));
                continue;
            };
            self.counters.requests += 1;
            self.counters.prompt_tokens += length as u64;
            self.counters.known_tokens += (known * BLOCK) as u64;
            let sampler = match &request.work {
                Work::Write { sampling, .. } => Some(Sampler::new(*sampling)),
                Work::Judge { .. } | Work::Next { .. } => None,
            };
            self.running.push(Conversation {
                tokens: request.prompt.clone(),
                sampler,
                computed: known * BLOCK,
                names: shared[..known].to_vec(),
                known: known * BLOCK,
                blocks,
                judged: Vec::new(),
                request,
            });
        }
    }

    fn batch(&self) -> Batch {
        let mut batch = Batch::default();
        let is_writing = |conversation: &Conversation| {
            conversation.computed >= conversation.request.prompt.len()
        };
        let writing = self
            .running
            .iter()
            .filter(|conversation| is_writing(conversation))
            .count();
        let mut room = match writing {
            0 => self.model.rows(),
            writing => self.model.rows().min(writing + ROWS_BESIDE_ANSWERS),
        } - writing;
        for conversation in &self.running {
            let rest = conversation.tokens.len() - conversation.computed;
            let count = if is_writing(conversation) {
                rest
            } else {
                rest.min(room)
            };
            if count == 0 {
                continue;
            }
            if !is_writing(conversation) {
                room -= count;
            }
            let first = batch.tokens.len();
            let at = conversation.computed..conversation.computed + count;
            batch.tokens.extend(&conversation.tokens[at.clone()]);
            let outputs = conversation.outputs().filter(|token| at.contains(token));
            batch
                .outputs
                .extend(outputs.map(|token| first + token - at.start));
            batch.spans.push(Span {
                rows: first..first + count,
                position: conversation.computed,
                blocks: conversation.blocks.clone(),
                adapter: conversation.request.adapter,
            });
        }
        batch
    }

    fn advance(&mut self, batch: &Batch, scores: &[Vec<f32>]) {
        // Spans stand in the order of conversations, less those that had no room.
        let mut spans = batch.spans.iter().peekable();
        let mut outputs = batch.outputs.iter().zip(scores).peekable();
        let mut ended = Vec::new();
        for (number, conversation) in self.running.iter_mut().enumerate() {
            let Some(span) = spans.next_if(|span| {
                span.position == conversation.computed && span.blocks == conversation.blocks
            }) else {
                continue;
            };
            let first = conversation.computed;
            conversation.computed += span.rows.len();
            let mut end = None;
            while let Some((row, scores)) = outputs.next_if(|(row, _)| span.rows.contains(row)) {
                let token = first + row - span.rows.start;
                if end.is_none() {
                    end = conversation
                        .hear(token, self.level, scores, &mut self.counters)
                        .transpose();
                }
            }
            ended.extend(end.map(|end| (number, end)));
            conversation.name_blocks(&mut self.blocks);
        }
        for (number, end) in ended.into_iter().rev() {
            match end {
                Ok(end) => self.end(number, end),
                Err(error) => {
                    // Whatever made these scores, nobody else shall begin with it.
                    let conversation = self.running.remove(number);
                    self.blocks.unname(&conversation.blocks);
                    self.blocks.give_back(&conversation.blocks);
                    conversation.request.listener.over(Err(error));
                }
            }
        }
    }

    fn end(&mut self, number: usize, end: End) {
        let conversation = self.running.remove(number);
        self.blocks.give_back(&conversation.blocks);
        let summary = Summary {
            prompt: conversation.request.prompt.len(),
            known: conversation.known,
            written: conversation.tokens.len() - conversation.request.prompt.len(),
            end,
        };
        conversation.request.listener.over(Ok(summary));
    }

    /// Nobody knows how far a failed step came: what it touched is forgotten with it.
    fn fail(&mut self, error: ModelError) {
        let error = Arc::new(error);
        for conversation in std::mem::take(&mut self.running) {
            self.blocks.give_back(&conversation.blocks);
            let error = ModelError::Shared(Arc::clone(&error));
            conversation.request.listener.over(Err(error));
        }
        self.blocks.forget();
    }
}

impl Conversation {
    /// Tokens whose scores are asked for.
    fn outputs(&self) -> std::ops::Range<usize> {
        let length = self.tokens.len();
        match &self.request.work {
            Work::Judge { last } => {
                assert!(*last < length, "something stands before what is judged");
                length - last - 1..length - 1
            }
            Work::Write { .. } | Work::Next { .. } => length - 1..length,
        }
    }

    /// Takes the scores after `token`; says if that ends the request.
    fn hear(
        &mut self,
        token: usize,
        level: Level,
        scores: &[f32],
        counters: &mut Counters,
    ) -> Result<Option<End>, ModelError> {
        let normalizer = normalizer(level, scores);
        if !normalizer.is_finite() {
            return Err(ModelError::Scores);
        }
        Ok(self.go_on(token, scores, normalizer, counters))
    }

    fn go_on(
        &mut self,
        token: usize,
        scores: &[f32],
        normalizer: f32,
        counters: &mut Counters,
    ) -> Option<End> {
        match &self.request.work {
            Work::Judge { .. } => {
                let next = self.tokens[token + 1];
                self.judged.push(scores[next as usize] + normalizer);
                if token + 2 < self.tokens.len() {
                    return None;
                }
                self.request
                    .listener
                    .judged(std::mem::take(&mut self.judged));
                Some(End::Length)
            }
            Work::Next { tokens } => {
                let judged = tokens
                    .iter()
                    .map(|token| scores[*token as usize] + normalizer);
                self.request.listener.judged(judged.collect());
                Some(End::Length)
            }
            Work::Write {
                tokens,
                ends,
                top: count,
                ..
            } => {
                let sampler = self.sampler.as_mut().expect("what writes has a sampler");
                let chosen = sampler.choose(scores);
                if ends.contains(&chosen) {
                    return Some(End::Model);
                }
                let written = Written {
                    token: chosen,
                    log_probability: scores[chosen as usize] + normalizer,
                    top: top(scores, normalizer, *count),
                };
                self.tokens.push(chosen);
                counters.written_tokens += 1;
                if !self.request.listener.token(written) {
                    return Some(End::Listener);
                }
                let length = self.tokens.len() - self.request.prompt.len();
                (length >= *tokens).then_some(End::Length)
            }
        }
    }

    /// Makes blocks known that became full.
    fn name_blocks(&mut self, blocks: &mut Blocks) {
        let full = self.computed / BLOCK;
        if full > self.names.len() {
            let all = names(&self.tokens[..full * BLOCK], self.request.adapter);
            for (number, name) in all.iter().enumerate().skip(self.names.len()) {
                blocks.name(self.blocks[number], *name);
            }
            self.names = all;
        }
    }
}

#[cfg(test)]
mod tests;
