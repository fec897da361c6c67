//! Engines that write drafts from passages, and the prompt that they write from.
//!
//! A draft is text: whatever an engine writes, a person sees only what [`check`](crate::check)
//! finds in the passages. The prompt asks for drafts that can be checked, and keeps documents
//! from speaking in its voice.

mod config;
mod count;
mod draft;
mod openai;
pub(crate) mod prompt;
mod sse;
mod told;

pub use config::{Engine, GeneratorConfig, OpenAiConfig};
pub use openai::OpenAiGenerator;
