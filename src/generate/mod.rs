//! Engines that write drafts from passages, and the prompt that they write from.
//!
//! A draft is text: whatever an engine writes, a person sees only what [`check`](crate::check)
//! finds in the passages. The prompt asks for drafts that can be checked, and keeps documents
//! from speaking in its voice.

mod config;
mod count;
mod draft;
mod local;
mod openai;
pub(crate) mod prompt;
mod rewrite;
mod sse;
mod told;

pub use config::{Engine, GeneratorConfig, KvType, LocalConfig, OpenAiConfig};
pub(crate) use local::engine_options;
pub use local::{LocalGenerator, UnusableGenerator};
pub use openai::OpenAiGenerator;
