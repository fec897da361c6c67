//! Veracite answers questions from a company's own documents and shows only what they support.

pub mod app;
pub mod ask;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod eval;
pub mod index;
pub mod language;
pub mod library;
pub mod model;
pub mod web;
