//! Engines that write drafts from passages, and the prompt that they write from.
//!
//! A draft is text: whatever an engine writes, a person sees only what [`check`](crate::check)
//! finds in the passages. The prompt asks for drafts that can be checked, and keeps documents
//! from speaking in its voice.

mod adapters;
mod config;
mod count;
mod draft;
mod local;
mod openai;
pub(crate) mod prompt;
mod rewrite;
mod sse;
mod told;

pub use adapters::Adapters;
pub(crate) use config::DRAFTS_LIMIT;
pub use config::{Engine, GeneratorConfig, KvType, LocalConfig, OpenAiConfig};
pub(crate) use local::engine_options;
pub use local::{LocalGenerator, UnusableGenerator};
pub use openai::OpenAiGenerator;

use crate::ask::{Message, Prompt};

/// The conversation that the engine of `config` is given for `prompt`, as it is kept for training.
pub(crate) fn training_prompt(config: &GeneratorConfig, prompt: &Prompt) -> Vec<Message> {
    let conversation = prompt::messages(prompt, &prompt::Fence::new());
    // Who trains reads texts with a template too: nothing in a document may be taken for a part of it.
    let has_system_role = config.engine != Engine::OpenAi || config.openai.system_role;
    openai::told(conversation, has_system_role)
}

/// `text` as a model is trained to write it: without what a template takes for its own.
pub(crate) fn training_text(text: &str) -> String {
    openai::without_control(text)
}
