//! Veracite answers questions from a company's own documents and shows only what they support.

pub mod ask;
pub mod catalogue;
pub mod check;
pub mod index;
pub mod language;
pub mod model;
