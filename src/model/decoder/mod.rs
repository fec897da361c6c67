//! Language models of the Llama family, Mixtral's mixtures of experts among them.
//!
//! | file | what it is for |
//! |---|---|
//! | `shape.rs` | sizes of a model, from its configuration or GGUF metadata |
//! | `source.rs`, `header.rs`, `blocks.rs` | weights in files: GGUF and safetensors, headers of GGUF files and its block formats |
//! | `matrix.rs`, `attention.rs` | weights, keys and values on the processor, and the loops over them |
//! | `simd.rs`, `team.rs` | vector instructions, and threads that work together |
//! | `lines.rs` | memory in huge pages |
//! | `stage.rs` | a batch, and the layers that one device holds |
//! | `processor.rs` | layers on the processor |
//! | `accelerated.rs`, `device_weights.rs`, `device_attention.rs` | layers on an accelerator |
//! | `layers.rs`, `devices.rs` | which layers run on which devices, and the memory that takes |
//! | `made_up.rs`, `speed.rs` | models without files, and how fast devices run them |
//! | `adapter.rs` | low-rank adapters in the format of PEFT |
//! | `model.rs` | a whole model over its devices |
//! | `cache.rs`, `scheduler.rs` | computed beginnings that are shared, and who is computed when |
//! | `sampler.rs` | from scores to the next token |
//! | `vocabulary.rs`, `sentencepiece.rs` | texts to token ids and back |
//! | `template.rs` | conversations to prompts |
//! | `engine.rs` | the thread that owns a model, and what it is asked |

mod accelerated;
mod adapter;
mod attention;
mod blocks;
mod cache;
mod device_attention;
mod device_weights;
mod devices;
mod engine;
mod header;
#[cfg(test)]
mod hostile;
mod layers;
mod lines;
mod made_up;
mod matrix;
mod model;
mod processor;
mod sampler;
#[cfg(test)]
mod samples;
mod scheduler;
mod sentencepiece;
mod shape;
mod simd;
mod source;
mod speed;
mod stage;
mod team;
mod template;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use engine::{
    AnswerSummary, DecoderEngine, EngineCounters, EngineError, EngineOptions, EnginePiece,
    SamplingOptions, TokenChoice, WriteOptions,
};
pub use made_up::{MadeUpSizes, MadeUpWeights};
pub use speed::{Ceiling, ReadingSpeed, SpeedInput, SpeedReport, WritingSpeed, speed};
pub use template::{ChatTemplate, TemplateError};
pub use vocabulary::{TokenDecoder, Vocabulary};
