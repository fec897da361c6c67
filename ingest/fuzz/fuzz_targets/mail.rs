//! A message (EML, MHTML, MSG), or the streams of a MSG.

#![no_main]

use ingest_fuzz::{build, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| match build::parts(input) {
    Some(parts) => check::file(&build::compound(&parts), "a.eml"),
    None => check::file(input, "a.eml"),
});
