//! Which format a file has, and text in any encoding. The first byte chooses the file's name.

#![no_main]

use ingest::parse::{sniff, text};
use ingest_fuzz::check;
use libfuzzer_sys::fuzz_target;

/// Names whose endings are hints.
const NAMES: &[&str] = &[
    "", "a.txt", "a.md", "a.csv", "a.tsv", "a.html", "a.pdf", "a.hml", "a.eml", "a.한글",
];

fuzz_target!(|input: &[u8]| {
    let Some((first, bytes)) = input.split_first() else {
        return;
    };
    let name = NAMES[usize::from(*first) % NAMES.len()];
    if let Err(error) = sniff::sniff(bytes, name) {
        assert!(!error.to_string().is_empty());
    }
    // Any bytes can be shown as text.
    assert!(text::parse(bytes, &|_, _| {}).is_ok());
    check::file(bytes, name);
});
