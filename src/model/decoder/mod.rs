//! Language models of the Llama family, Mixtral's mixtures of experts among them.
//!
//! | file | what it is for |
//! |---|---|
//! | `shape.rs` | sizes of a model, from its configuration or GGUF metadata |
//! | `source.rs`, `blocks.rs` | weights in files: GGUF and safetensors, and GGUF's block formats |
//! | `matrix.rs`, `attention.rs` | weights, keys and values on the processor, and the loops over them |
//! | `simd.rs`, `team.rs` | vector instructions, and threads that work together |
//! | `stage.rs` | a batch, and the layers that one device holds |
//! | `processor.rs` | layers on the processor |
//! | `accelerated.rs`, `device_weights.rs`, `device_attention.rs` | layers on an accelerator |
//! | `layers.rs`, `devices.rs` | which layers run on which devices, and the memory that takes |
//! | `adapter.rs` | low-rank adapters in the format of PEFT |
//! | `model.rs` | a whole model over its devices |

mod accelerated;
mod adapter;
mod attention;
mod blocks;
mod device_attention;
mod device_weights;
mod devices;
mod layers;
mod matrix;
mod model;
mod processor;
mod shape;
mod simd;
mod source;
mod stage;
mod team;

#[cfg(test)]
mod tests;
