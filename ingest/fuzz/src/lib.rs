//! What the fuzz targets share: files built around fuzzed parts, and what must hold of
//! everything that is read.
//!
//! An input is either a file or, where it begins with `@@ `, the parts of one: a target packs
//! them into a valid container first, so that mutations reach what stands behind checksums,
//! tables of sectors and lists of offsets.

pub mod build;
pub mod check;
