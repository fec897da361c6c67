//! Veracite answers questions from a company's own documents and shows only what they support.
//!
//! # The map
//!
//! | module | what it is for |
//! |---|---|
//! | [`ingest`] (a crate of its own) | the write path: bytes to [`ingest::Document`] to chunks |
//! | [`library`] | documents on their way into both indexes and out again, whatever crashes; their versions, and what is said of them |
//! | [`sources`] | folders, web sites and buckets that the library is kept in step with; the seam [`sources::Source`] |
//! | [`outbound`] | requests to other machines: which may be contacted, so that nobody leads this one astray |
//! | [`catalogue`] | SQLite: the truth that both indexes are derived from |
//! | [`index`] | words (tantivy) and vectors (Qdrant Edge, or a Qdrant server): each keeps chunks and finds them |
//! | [`model`] | models on this machine, those that embed and those that write; the only module that imports candle |
//! | [`ask`] | retrieve, fuse, pack, write a draft; the seams [`ask::Retriever`] and [`ask::Generator`] |
//! | [`generate`] | the prompt for cited answers, and engines that write from it: a model in this process, or an OpenAI-compatible server |
//! | [`check`] | the citation checker: the only module that can make a [`check::Answer`] |
//! | [`proof`] | answers that carry their proof, and whether it still holds |
//! | [`talk`] | conversations: follow-up questions, kept answers compared with the rights of now |
//! | [`feedback`] | what people and the checker say of answers, as something to train with |
//! | [`people`] | who may come in, and as whom: persons, passwords, sessions, API keys, groups |
//! | [`oidc`] | providers of identities by which people sign in (OpenID Connect) |
//! | [`rights`] | who may find, quote and download a document: access lists, and who can read what |
//! | [`audit`] | who did what, in a log that nobody changes unseen |
//! | [`app`] | the wired program: the one place where back ends are chosen |
//! | [`web`] | pages, JSON API, server-sent events; the same for clients of OpenAI and Anthropic and for assistants (MCP) |
//! | [`webhooks`] | other programs are told what becomes of documents |
//! | [`metrics`] | how much and how long, for Prometheus |
//! | [`telemetry`] | which part of a request takes how long, for OpenTelemetry |
//! | [`statistics`] | how much, how long and how well by day, for the page of administrators |
//! | [`backup`] | the data folder in one file, and back |
//! | [`cli`], [`config`], [`doctor`] | commands, what is in force, what is wrong |
//! | [`eval`], [`mod@bench`] | how good it is, and how fast |
//! | [`language`] | Korean or English: of a question, of whoever asks |
//!
//! # Data flow, in types
//!
//! A file: bytes -> [`ingest::Document`] -> [`ingest::PreparedChunk`] -> [`ingest::StoredChunk`] in every
//! [`ingest::ChunkStore`].
//!
//! A question: [`ask::Question`] -> [`ask::Query`] -> [`ask::Ranking`]s -> [`ask::Fused`] ->
//! [`ask::Context`] -> pieces of a draft -> [`check::Answer`]. A draft is text, and text has no way to a page:
//! pages and routes take an `Answer` or a [`check::CheckedSentence`], and only `check` can make one.
//!
//! A conversation: its questions, and only those, make a follow-up an [`ask::Question`] that stands alone; the
//! answer is kept as a turn. A kept turn is never shown as it is: it goes through the re-check of [`talk`],
//! which compares each quote with the rights and the text of now, and takes out what is not there or not to be
//! read any more.
//!
//! Feedback: an answer with its proof, and what a person says of it -> [`feedback::JudgedAnswer`], in which a
//! correction is checked like a draft, and what an administrator decides on it -> [`feedback::Example`]s, for those
//! who may read all their documents today.
//!
//! Rights are a parameter of every search: an [`ask::Reader`] -> [`rights::Access`], what they may do with each
//! access list now -> [`rights::Permit`], without which no index is searched. Only the catalogue makes these. They
//! are applied inside each index before the limit, and once more when the catalogue gives the passages. What a
//! question is narrowed to ([`ask::Scope`]) goes the same way, as the [`ingest::Filter`] of its [`ask::Query`].
//!
//! Dependencies point one way: `web -> app -> ask, check -> traits <- index, model, generate`.

pub mod app;
pub mod ask;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod config;
mod dates;
pub mod doctor;
mod encoding;
pub mod eval;
pub mod feedback;
pub mod generate;
pub mod index;
pub mod language;
pub mod library;
pub mod metrics;
pub mod model;
pub mod oidc;
pub mod outbound;
pub mod people;
pub mod proof;
pub mod rights;
pub mod sources;
pub mod statistics;
pub mod talk;
pub mod telemetry;
pub mod web;
pub mod webhooks;
