//! The product as a whole, without model, network or server.

mod answers;
mod audit;
mod backup;
mod compat;
mod crash;
mod documents;
mod engine;
mod evaluation;
mod harness;
mod http;
mod inside;
mod launcher;
mod life;
mod local;
mod metrics;
mod office;
mod people;
mod people_audited;
mod pictures;
mod rights;
mod sources;
mod verify;
