//! SentencePiece's byte-pair encoding: reading its model file, and cutting texts into pieces.
//!
//! The library's own algorithm: of all neighbours that make a piece together, those with the
//! best score are joined first, of equals the leftmost. A list of merges for the `tokenizers`
//! crate would have to put equal scores in some order; this needs none, keeps no alignment of
//! characters, and takes a text without spaces as it takes any other.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;

/// What SentencePiece writes for a space.
pub(super) const SPACE: char = '▁';

/// What a piece is for, as numbered in model files, GGUF among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// Text.
    Normal,
    /// What stands for text that has no piece.
    Unknown,
    /// A control token: never made from text.
    Control,
    /// Added by those who trained the model.
    UserDefined,
    /// A hole in the table.
    Unused,
    /// One byte of a character that has no piece.
    Byte,
}

impl PieceKind {
    pub(super) fn of(number: i64) -> Result<Self, String> {
        Ok(match number {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            other => return Err(format!("a token has the unknown type {other}")),
        })
    }
}

/// A row of the table of pieces; its number is the token's id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) score: f32,
    pub(super) kind: PieceKind,
}

/// The byte that a piece such as `<0x0A>` stands for.
pub(super) fn byte_of(piece: &str) -> Option<u8> {
    let digits = piece.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}

/// Cuts texts into pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    ids: HashMap<String, u32>,
    /// By id.
    scores: Vec<f32>,
    bytes: [Option<u32>; 256],
    unknown: Option<u32>,
    /// Whether a text begins with a space of its own.
    prefix: bool,
    /// Bytes of the longest piece.
    longest: usize,
}

/// A part of the text, linked to its neighbours.
#[derive(Clone, Copy)]
struct Symbol {
    start: usize,
    /// Bytes; 0 once it is joined to the one before it.
    length: usize,
    before: Option<usize>,
    after: Option<usize>,
}

/// Two neighbours that make a piece.
#[derive(Clone, Copy)]
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    length: usize,
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| Reverse(self.left).cmp(&Reverse(other.left)))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}

impl Pieces {
    /// `prefix` says whether a text begins with a space of its own.
    pub(super) fn new(pieces: &[Piece], prefix: bool) -> Result<Self, String> {
        let mut ids = HashMap::new();
        let mut bytes = [None; 256];
        let mut unknown = None;
        for (id, piece) in (0_u32..).zip(pieces) {
            match piece.kind {
                // Tables that were made longer repeat a filler: the first is the one that is used.
                PieceKind::Normal => {
                    ids.entry(piece.text.clone()).or_insert(id);
                }
                PieceKind::Byte => {
                    let byte = byte_of(&piece.text)
                        .ok_or_else(|| format!("its piece `{}` is no byte", piece.text))?;
                    bytes[usize::from(byte)] = Some(id);
                }
                PieceKind::Unknown => unknown = Some(id),
                PieceKind::Control | PieceKind::UserDefined | PieceKind::Unused => {}
            }
        }
        if unknown.is_none() && bytes.contains(&None) {
            return Err(
                "it has neither a piece for every byte nor one for unknown text".to_owned(),
            );
        }
        Ok(Self {
            longest: ids.keys().map(String::len).max().unwrap_or(0),
            ids,
            scores: pieces.iter().map(|piece| piece.score).collect(),
            bytes,
            unknown,
            prefix,
        })
    }

    /// The ids of `text`, each with the bytes of `text` that it stands for. A character without
    /// a piece has one id for each of its bytes, all with the bytes of the character.
    pub(super) fn encode(&self, text: &str) -> Vec<(u32, Range<usize>)> {
        if text.is_empty() {
            return Vec::new();
        }
        let mut written = String::with_capacity(text.len() + text.len() / 4);
        if self.prefix {
            written.push(SPACE);
        }
        written.extend(
            text.chars()
                .map(|char| if char == ' ' { SPACE } else { char }),
        );
        // The bytes of `text` for each character of `written`, in order.
        let mut lengths = text.chars().map(char::len_utf8);
        let mut first = self.prefix;
        let mut at = 0;
        let mut ids = Vec::new();
        for part in self.cut(&written) {
            let start = at;
            for _ in part.chars() {
                if !std::mem::take(&mut first) {
                    at += lengths.next().expect("as many characters are written");
                }
            }
            match self.ids.get(part) {
                Some(id) => ids.push((*id, start..at)),
                None => ids.extend(self.spell(part).into_iter().map(|id| (id, start..at))),
            }
        }
        ids
    }

    /// The ids of a text that has no piece.
    fn spell(&self, part: &str) -> Vec<u32> {
        let bytes: Option<Vec<u32>> = part
            .bytes()
            .map(|byte| self.bytes[usize::from(byte)])
            .collect();
        bytes.unwrap_or_else(|| self.unknown.into_iter().collect())
    }

    /// The parts of `text` after every join that its pieces allow.
    fn cut<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut symbols: Vec<Symbol> = Vec::with_capacity(text.len());
        for (start, char) in text.char_indices() {
            let index = symbols.len();
            if let Some(last) = symbols.last_mut() {
                last.after = Some(index);
            }
            symbols.push(Symbol {
                start,
                length: char.len_utf8(),
                before: index.checked_sub(1),
                after: None,
            });
        }
        let pair = |symbols: &[Symbol], left: usize, right: usize| {
            let length = symbols[left].length + symbols[right].length;
            if length > self.longest {
                return None;
            }
            let start = symbols[left].start;
            let id = self.ids.get(&text[start..start + length])?;
            let score = self.scores[usize::try_from(*id).ok()?];
            Some(Pair {
                score,
                left,
                right,
                length,
            })
        };
        let mut pairs: BinaryHeap<Pair> = (1..symbols.len())
            .filter_map(|right| pair(&symbols, right - 1, right))
            .collect();
        while let Some(best) = pairs.pop() {
            let [left, right] = [symbols[best.left], symbols[best.right]];
            // One of the two may be part of another join by now.
            if left.length == 0 || right.length == 0 || left.length + right.length != best.length {
                continue;
            }
            symbols[best.left].length = best.length;
            symbols[best.left].after = right.after;
            symbols[best.right].length = 0;
            if let Some(after) = right.after {
                symbols[after].before = Some(best.left);
                pairs.extend(pair(&symbols, best.left, after));
            }
            if let Some(before) = left.before {
                pairs.extend(pair(&symbols, before, best.left));
            }
        }
        symbols
            .iter()
            .filter(|symbol| symbol.length > 0)
            .map(|symbol| &text[symbol.start..symbol.start + symbol.length])
            .collect()
    }
}

/// What a SentencePiece model file holds that matters here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ModelFile {
    pub(super) pieces: Vec<Piece>,
    /// Whether a text begins with a space of its own.
    pub(super) prefix: bool,
    pub(super) bos: Option<u32>,
    pub(super) eos: Option<u32>,
}

/// Reads a model file: a message of Protocol Buffers.
///
/// Only what is understood is accepted: byte-pair encoding over text as it is. A model that
/// maps characters or joins spaces first would be encoded otherwise than it was trained.
pub(super) fn read_model(bytes: &[u8]) -> Result<ModelFile, String> {
    let mut pieces = Vec::new();
    let (mut byte_pairs, mut bos, mut eos) = (false, 1, 2);
    let mut prefix = true;
    let mut joins_spaces = true;
    let mut maps_characters = false;
    for field in fields(bytes)? {
        match field {
            (1, Field::Bytes(piece)) => pieces.push(read_piece(piece)?),
            (2, Field::Bytes(trainer)) => {
                for field in fields(trainer)? {
                    match field {
                        (3, Field::Number(kind)) => byte_pairs = kind == 2,
                        (41, Field::Number(id)) => bos = signed(id),
                        (42, Field::Number(id)) => eos = signed(id),
                        _ => {}
                    }
                }
            }
            (3, Field::Bytes(normalizer)) => {
                for field in fields(normalizer)? {
                    match field {
                        (2, Field::Bytes(map)) => maps_characters = !map.is_empty(),
                        (3, Field::Number(value)) => prefix = value != 0,
                        (4, Field::Number(value)) => joins_spaces = value != 0,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    if pieces.is_empty() {
        return Err("it holds no pieces".to_owned());
    }
    for (refused, what) in [
        (!byte_pairs, "is no model of byte pairs"),
        (joins_spaces, "joins runs of spaces"),
        (maps_characters, "maps characters before it cuts them"),
    ] {
        if refused {
            return Err(format!("it {what}"));
        }
    }
    let id = |id: i64| {
        u32::try_from(id)
            .ok()
            .filter(|id| usize::try_from(*id).is_ok_and(|id| id < pieces.len()))
    };
    Ok(ModelFile {
        bos: id(bos),
        eos: id(eos),
        prefix,
        pieces,
    })
}

fn read_piece(bytes: &[u8]) -> Result<Piece, String> {
    let mut piece = Piece {
        text: String::new(),
        score: 0.0,
        kind: PieceKind::Normal,
    };
    for field in fields(bytes)? {
        match field {
            (1, Field::Bytes(text)) => {
                let text = str::from_utf8(text)
                    .map_err(|error| format!("a piece is no text ({error})"))?;
                text.clone_into(&mut piece.text);
            }
            (2, Field::Word(bits)) => piece.score = f32::from_bits(bits),
            (3, Field::Number(kind)) => piece.kind = PieceKind::of(signed(kind))?,
            _ => {}
        }
    }
    Ok(piece)
}

/// A field of a message, by its kind on the wire.
enum Field<'a> {
    Number(u64),
    Word(u32),
    Long,
    Bytes(&'a [u8]),
}

/// Negative numbers are written as 64-bit two's complement.
fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The fields of a message with their numbers, in order.
fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Field<'_>)>, String> {
    let short = || "it ends in the middle of a field".to_owned();
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)?),
            1 => {
                bytes = bytes.get(8..).ok_or_else(short)?;
                Field::Long
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).map_err(|_| short())?;
                let (taken, rest) = bytes.split_at_checked(length).ok_or_else(short)?;
                bytes = rest;
                Field::Bytes(taken)
            }
            5 => {
                let (taken, rest) = bytes.split_first_chunk().ok_or_else(short)?;
                bytes = rest;
                Field::Word(u32::from_le_bytes(*taken))
            }
            other => return Err(format!("it has a field of the unknown kind {other}")),
        };
        found.push((tag >> 3, field));
    }
    Ok(found)
}

/// A number in groups of seven bits, the lowest first.
fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes
            .split_first()
            .ok_or("it ends in the middle of a number")?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("it has a number of more than 64 bits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, length], bytes].concat()
    }

    /// A file of two pieces, with what `normalizer` says.
    fn file(normalizer: &[u8]) -> Vec<u8> {
        let piece = |text: &str, score: f32, kind: u8| {
            let mut piece = field(1, text.as_bytes());
            piece.push(2 << 3 | 5);
            piece.extend(score.to_le_bytes());
            piece.extend([3 << 3, kind]);
            field(1, &piece)
        };
        [
            piece("<unk>", 0.0, 2),
            piece("▁the", -3.5, 1),
            // Byte pairs; the number of a field over 15 takes two bytes.
            field(2, &[3 << 3, 2, 0xc8, 0x02, 1, 0xd0, 0x02, 0]),
            field(3, normalizer),
        ]
        .concat()
    }

    #[test]
    fn a_model_file_is_read() {
        let read = read_model(&file(&[4 << 3, 0])).unwrap();
        assert_eq!(
            read,
            ModelFile {
                pieces: vec![
                    Piece {
                        text: "<unk>".to_owned(),
                        score: 0.0,
                        kind: PieceKind::Unknown
                    },
                    Piece {
                        text: "▁the".to_owned(),
                        score: -3.5,
                        kind: PieceKind::Normal
                    },
                ],
                prefix: true,
                bos: Some(1),
                eos: Some(0),
            }
        );
        assert!(!read_model(&file(&[3 << 3, 0, 4 << 3, 0])).unwrap().prefix);
    }

    #[test]
    fn a_model_that_changes_texts_first_is_refused() {
        let error = read_model(&file(&[])).unwrap_err();
        assert!(error.contains("runs of spaces"), "{error}");
        let error = read_model(&file(&[2 << 3 | 2, 1, 7, 4 << 3, 0])).unwrap_err();
        assert!(error.contains("maps characters"), "{error}");
    }

    #[test]
    fn a_cut_off_file_is_an_error_or_another_whole_file() {
        let whole = file(&[4 << 3, 0]);
        let accepted = (0..whole.len())
            .filter(|length| read_model(&whole[..*length]).is_ok())
            .count();
        // What the file says of itself comes last: without it, nothing is understood.
        assert_eq!(accepted, 0);
    }

    #[test]
    fn a_file_with_any_byte_changed_answers() {
        let whole = file(&[4 << 3, 0]);
        for at in 0..whole.len() {
            for byte in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[at] = byte;
                let Ok(read) = read_model(&changed) else {
                    continue;
                };
                if let Ok(pieces) = Pieces::new(&read.pieces, read.prefix) {
                    // What it is cut into is that file's own affair.
                    pieces.encode("the the é");
                }
            }
        }
    }

    #[test]
    fn equal_scores_are_joined_from_the_left() {
        let piece = |text: &str, score| Piece {
            text: text.to_owned(),
            score,
            kind: PieceKind::Normal,
        };
        let unknown = Piece {
            text: "<unk>".to_owned(),
            score: 0.0,
            kind: PieceKind::Unknown,
        };
        let table = [
            unknown,
            piece("a", -9.0),
            piece("aa", -1.0),
            piece("aaa", -2.0),
        ];
        let pieces = Pieces::new(&table, false).unwrap();
        let ids =
            |text| -> Vec<u32> { pieces.encode(text).into_iter().map(|(id, _)| id).collect() };
        assert_eq!(ids("aaaaa"), [2, 3]);
        assert_eq!(ids("aaa"), [3]);
        assert_eq!(pieces.encode("aé"), [(1, 0..1), (0, 1..3)]);
    }
}
