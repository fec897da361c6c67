//! A HWP document, or the streams of one.

#![no_main]

use ingest_fuzz::{build, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| match build::parts(input) {
    Some(parts) => check::file(&build::hwp(&parts), "a.hwp"),
    None => check::file(input, "a.hwp"),
});
