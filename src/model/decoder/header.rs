//! The header of a GGUF file, looked through before candle reads it.
//!
//! Candle's reader takes a file at its word: it divides by the alignment that the file names,
//! and keeps each byte of a list as a value of 24 bytes. Nothing but names is kept here, so that
//! a broken file is refused by name and numbers, and what candle then takes is bounded.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::super::ModelError;

/// The most bytes that a header may have: those of the largest models have a tenth.
pub(super) const LARGEST_HEADER: u64 = 100_000_000;

/// The most elements that lists may have together: a vocabulary of 262,144 tokens has 1.3
/// million of tokens, scores, kinds and merges.
const MOST_ELEMENTS: u64 = 1 << 22;

/// The most values, or tensors, that there may be.
const MOST_ENTRIES: u64 = 1 << 18;

/// The most bytes of a name.
const LONGEST_NAME: u64 = 1_000;

/// Numbers of kinds of values.
const TEXT: u32 = 8;
const LIST: u32 = 9;

/// Kinds of weights that GGUF files have and that cannot be read here, by number.
const UNKNOWN_KINDS: [(u32, &str); 13] = [
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (40, "NVFP4"),
];

/// Looks through the header of `file`, which has `length` bytes, and leaves `file` at its
/// beginning.
///
/// # Errors
/// When it is broken, larger than that of any model, or has a tensor of a kind that is not
/// understood.
pub(super) fn check_header(
    path: &Path,
    file: &mut BufReader<&File>,
    length: u64,
) -> Result<(), ModelError> {
    file.rewind().map_err(ModelError::io(path))?;
    let mut header = Header {
        path,
        file,
        length,
        position: 0,
        wide: true,
        elements: 0,
    };
    let (tensors, values) = header.counts()?;
    let mut names = HashSet::new();
    for _ in 0..values {
        let name = header.name("the name of a value")?;
        let kind = header.number(&name)?;
        if name == "general.alignment" {
            header.alignment(kind)?;
        } else {
            header.skip_value(kind, &name)?;
        }
        header.once(&mut names, name)?;
    }
    names.clear();
    for _ in 0..tensors {
        let name = header.name("the name of a tensor")?;
        header.tensor(&name)?;
        header.once(&mut names, name)?;
    }
    file.seek(SeekFrom::Start(0))
        .map_err(ModelError::io(path))?;
    Ok(())
}

struct Header<'a, 'b> {
    path: &'a Path,
    file: &'a mut BufReader<&'b File>,
    /// Bytes of the file.
    length: u64,
    position: u64,
    /// Whether lengths have 64 bits: in the first version they have 32.
    wide: bool,
    /// Elements of all lists so far.
    elements: u64,
}

impl Header<'_, '_> {
    fn corrupt(&self, reason: String) -> ModelError {
        ModelError::corrupt(self.path, reason)
    }

    /// Tensors and values that there are.
    fn counts(&mut self) -> Result<(u64, u64), ModelError> {
        let magic = self.take("its first word")?;
        if &magic != b"GGUF" {
            return Err(self.corrupt(format!(
                "it begins with `{}`, not `GGUF`",
                magic.escape_ascii()
            )));
        }
        let version = self.number("its version")?;
        if !(1..=3).contains(&version) {
            let reason = format!("it is GGUF of version {version}, not of 1, 2 or 3");
            return Err(ModelError::unsupported(self.path, reason));
        }
        self.wide = version > 1;
        let tensors = self.length_of("the number of its tensors")?;
        let values = self.length_of("the number of its values")?;
        for (what, count) in [("tensors", tensors), ("values", values)] {
            if count > MOST_ENTRIES {
                return Err(self.corrupt(format!(
                    "it says that it has {count} {what}, over {MOST_ENTRIES}"
                )));
            }
        }
        Ok((tensors, values))
    }

    /// Goes on by `bytes`, which `what` has.
    fn advance(&mut self, bytes: u64, what: &str) -> Result<(), ModelError> {
        let end = self.position.checked_add(bytes);
        let Some(end) = end.filter(|end| *end <= self.length) else {
            return Err(self.corrupt(format!(
                "{what} has {bytes} bytes from byte {} on, and the file has {}: it is truncated",
                self.position, self.length
            )));
        };
        if end > LARGEST_HEADER {
            return Err(self.corrupt(format!(
                "{what} ends at byte {end} of its header, which may have {LARGEST_HEADER}"
            )));
        }
        self.position = end;
        Ok(())
    }

    fn skip(&mut self, bytes: u64, what: &str) -> Result<(), ModelError> {
        self.advance(bytes, what)?;
        // No header is longer than that of 31 bits.
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.file
            .seek_relative(bytes)
            .map_err(ModelError::io(self.path))
    }

    fn take<const N: usize>(&mut self, what: &str) -> Result<[u8; N], ModelError> {
        self.advance(N as u64, what)?;
        let mut bytes = [0; N];
        self.file
            .read_exact(&mut bytes)
            .map_err(ModelError::io(self.path))?;
        Ok(bytes)
    }

    fn number(&mut self, what: &str) -> Result<u32, ModelError> {
        Ok(u32::from_le_bytes(self.take(what)?))
    }

    /// A length or a count, which later versions write with twice the bits.
    fn length_of(&mut self, what: &str) -> Result<u64, ModelError> {
        if self.wide {
            Ok(u64::from_le_bytes(self.take(what)?))
        } else {
            Ok(u64::from(self.number(what)?))
        }
    }

    fn name(&mut self, what: &str) -> Result<String, ModelError> {
        let length = self.length_of(what)?;
        if length > LONGEST_NAME {
            return Err(self.corrupt(format!(
                "{what} before byte {} has {length} bytes, over {LONGEST_NAME}",
                self.position
            )));
        }
        self.advance(length, what)?;
        let mut bytes = Vec::new();
        self.file
            .by_ref()
            .take(length)
            .read_to_end(&mut bytes)
            .map_err(ModelError::io(self.path))?;
        // Readers take a name with zeros behind it for the name without.
        match String::from_utf8(bytes) {
            Ok(name) if !name.contains('\0') => Ok(name),
            Ok(name) => Err(self.corrupt(format!("{what} is {name:?}, with a zero in it"))),
            Err(_) => Err(self.corrupt(format!("{what} is no text"))),
        }
    }

    /// Adds `name` to those that there were, and refuses one that was among them.
    fn once(&self, names: &mut HashSet<String>, name: String) -> Result<(), ModelError> {
        match names.replace(name) {
            Some(name) => Err(self.corrupt(format!("it holds `{name}` twice"))),
            None => Ok(()),
        }
    }

    /// What the places of weights are multiples of.
    fn alignment(&mut self, kind: u32) -> Result<(), ModelError> {
        // Candle passes over an alignment of another kind and would look for weights elsewhere.
        if kind != 4 {
            return Err(self.corrupt(format!(
                "its `general.alignment` is of kind {kind}, not 4 (32 bits)"
            )));
        }
        let alignment = self.number("general.alignment")?;
        if !alignment.is_power_of_two() {
            return Err(self.corrupt(format!(
                "its `general.alignment` is {alignment}, not a power of two"
            )));
        }
        Ok(())
    }

    fn skip_value(&mut self, kind: u32, name: &str) -> Result<(), ModelError> {
        if let Some(bytes) = bytes_of(kind) {
            return self.skip(bytes, name);
        }
        match kind {
            TEXT => self.skip_text(name),
            LIST => self.skip_list(name),
            _ => Err(self.corrupt(format!("`{name}` is of the unknown kind {kind}"))),
        }
    }

    fn skip_text(&mut self, name: &str) -> Result<(), ModelError> {
        let length = self.length_of(name)?;
        self.skip(length, name)
    }

    fn skip_list(&mut self, name: &str) -> Result<(), ModelError> {
        let kind = self.number(name)?;
        let count = self.length_of(name)?;
        self.elements = self.elements.saturating_add(count);
        if self.elements > MOST_ELEMENTS {
            return Err(self.corrupt(format!(
                "its lists have {} elements with the {count} of `{name}`, over {MOST_ELEMENTS}",
                self.elements
            )));
        }
        if let Some(bytes) = bytes_of(kind) {
            // There are too few elements for this to overflow.
            return self.skip(count * bytes, name);
        }
        match kind {
            TEXT => (0..count).try_for_each(|_| self.skip_text(name)),
            LIST => Err(self.corrupt(format!("`{name}` is a list of lists"))),
            _ => Err(self.corrupt(format!("`{name}` is a list of the unknown kind {kind}"))),
        }
    }

    fn tensor(&mut self, name: &str) -> Result<(), ModelError> {
        let dimensions = self.number(name)?;
        if dimensions > 4 {
            return Err(self.corrupt(format!("{name} has {dimensions} dimensions, over 4")));
        }
        for _ in 0..dimensions {
            self.length_of(name)?;
        }
        let kind = self.number(name)?;
        let known = (0..=15).contains(&kind) && !matches!(kind, 4 | 5) || kind == 30;
        if !known {
            let own = UNKNOWN_KINDS.iter().find(|(number, _)| *number == kind);
            let kind = own.map_or_else(|| format!("number {kind}"), |(_, name)| (*name).to_owned());
            let reason = format!("{name} has weights of kind {kind}");
            return Err(ModelError::unsupported(self.path, reason));
        }
        self.skip(8, name)
    }
}

/// Bytes of a value of `kind`, where all have as many.
fn bytes_of(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
