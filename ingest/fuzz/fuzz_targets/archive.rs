//! A ZIP archive, or the parts of one: DOCX, PPTX, XLSX, HWPX, `OpenDocument`, files.

#![no_main]

use ingest_fuzz::{build, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| match build::parts(input) {
    Some(parts) => check::file(&build::zip(&parts), "a.zip"),
    None => check::file(input, "a.zip"),
});
