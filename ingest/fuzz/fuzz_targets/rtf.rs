//! An RTF document.

#![no_main]

use ingest_fuzz::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| check::file(input, "a.rtf"));
