//! Veracite answers questions from a company's own documents and shows only what they support.

pub mod ask;
pub mod catalogue;
pub mod check;
pub mod doctor;
pub mod index;
pub mod language;
pub mod library;
pub mod model;
