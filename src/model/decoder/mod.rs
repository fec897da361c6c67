//! Language models that write: their words, their templates, their forward pass.
//!
//! | file | what it is for |
//! |---|---|
//! | `vocabulary.rs`, `sentencepiece.rs` | texts to token ids and back |
//! | `template.rs` | conversations to prompts |

#[cfg(test)]
mod samples;
mod sentencepiece;
mod template;
mod vocabulary;

pub use template::{ChatTemplate, TemplateError};
pub use vocabulary::{Part, TokenDecoder, Vocabulary};
