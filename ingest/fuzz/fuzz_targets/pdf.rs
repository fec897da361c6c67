//! A PDF, or the objects of one.

#![no_main]

use ingest_fuzz::{build, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| match build::parts(input) {
    Some(parts) => check::file(&build::pdf(&parts), "a.pdf"),
    None => check::file(input, "a.pdf"),
});
