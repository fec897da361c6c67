//! The bytes of RTF as text: each font says in which encoding its bytes are.

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, SHIFT_JIS, WINDOWS_1252};

/// Bytes after which text is decoded, wherever a character ends.
const PIECE: usize = 1 << 16;

/// The encoding of the bytes that are set in a font.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Charset {
    /// That of the document.
    #[default]
    Document,
    /// `ANSI`: Windows-1252, or what the document says where the bytes are that.
    Ansi,
    Other(&'static Encoding),
    /// Signs in places of letters.
    Symbol,
}

impl Charset {
    /// By the number that Windows gives to sets of characters.
    pub(super) fn windows(number: i32) -> Self {
        let page = match number {
            0 => return Self::Ansi,
            2 => return Self::Symbol,
            77 => 10_000,
            128 => 932,
            129 | 130 => 949,
            134 => 936,
            136 => 950,
            161 => 1253,
            162 => 1254,
            163 => 1258,
            177 => 1255,
            178 => 1256,
            186 => 1257,
            204 => 1251,
            222 => 874,
            238 => 1250,
            _ => return Self::Document,
        };
        Self::codepage(page)
    }

    pub(super) fn codepage(number: i32) -> Self {
        encoding_of(number).map_or(Self::Document, Self::Other)
    }
}

/// The encoding that Windows calls by a number.
pub(in crate::parse) fn encoding_of(codepage: i32) -> Option<&'static Encoding> {
    Some(match codepage {
        949 | 1361 | 51_949 => EUC_KR,
        932 => SHIFT_JIS,
        936 | 54_936 => GBK,
        950 => BIG5,
        1252 | 28_591 | 20_127 => WINDOWS_1252,
        65_001 => encoding_rs::UTF_8,
        20_932 | 51_932 => encoding_rs::EUC_JP,
        50_220..=50_222 => encoding_rs::ISO_2022_JP,
        874 => encoding_rs::WINDOWS_874,
        866 => encoding_rs::IBM866,
        10_000 => encoding_rs::MACINTOSH,
        20_866 => encoding_rs::KOI8_R,
        1250..=1258 => Encoding::for_label(format!("windows-{codepage}").as_bytes())?,
        28_592..=28_606 => {
            Encoding::for_label(format!("iso-8859-{}", codepage - 28_590).as_bytes())?
        }
        _ => return None,
    })
}

/// Collects bytes until they are whole characters.
#[derive(Debug)]
pub(super) struct CharsetText {
    document: &'static Encoding,
    bytes: Vec<u8>,
    charset: Charset,
    /// The first half of a character that `\u` writes in two.
    high: Option<u16>,
}

impl Default for CharsetText {
    fn default() -> Self {
        Self {
            document: WINDOWS_1252,
            bytes: Vec::new(),
            charset: Charset::Document,
            high: None,
        }
    }
}

impl CharsetText {
    /// Says which encoding the document has.
    pub(super) fn codepage(&mut self, number: i32) {
        if let Some(encoding) = encoding_of(number) {
            self.document = encoding;
        }
    }

    /// Takes a byte; what it gives back came before.
    pub(super) fn push(&mut self, byte: u8, charset: Charset) -> String {
        let full = self.bytes.len() >= PIECE && byte.is_ascii_whitespace();
        let before = if charset != self.charset || full {
            self.take()
        } else {
            String::new()
        };
        self.high = None;
        self.charset = charset;
        self.bytes.push(byte);
        before
    }

    /// What was collected.
    pub(super) fn take(&mut self) -> String {
        if self.bytes.is_empty() {
            return String::new();
        }
        let bytes = std::mem::take(&mut self.bytes);
        let (encoding, otherwise) = match self.charset {
            Charset::Document => (self.document, self.document),
            Charset::Other(encoding) => (encoding, encoding),
            Charset::Ansi => (self.document, WINDOWS_1252),
            Charset::Symbol => return bytes.iter().map(|byte| symbol(*byte)).collect(),
        };
        let (text, broken) = encoding.decode_without_bom_handling(&bytes);
        // Some programs write UTF-8, which RTF does not know. Any bytes can be read in an
        // encoding of single bytes, but hardly ever are three of them Hangul in UTF-8.
        if broken || encoding.is_single_byte() {
            let utf_8 = std::str::from_utf8(&bytes);
            if let Ok(utf_8) = utf_8
                && (broken || utf_8.chars().any(|char| char >= '\u{800}'))
            {
                return utf_8.to_owned();
            }
        }
        if broken {
            otherwise.decode_without_bom_handling(&bytes).0.into_owned()
        } else {
            text.into_owned()
        }
    }

    /// A character from the numbers that `\u` gives.
    pub(super) fn unicode(&mut self, unit: u16) -> Option<char> {
        let units = [self.high.take().unwrap_or(unit), unit];
        match unit {
            0xD800..=0xDBFF => {
                self.high = Some(unit);
                None
            }
            0xDC00..=0xDFFF => char::decode_utf16(units).next()?.ok(),
            // Fonts of signs stand in the private area.
            0xF020..=0xF0FF => u8::try_from(unit & 0xFF).ok().map(symbol),
            _ => char::from_u32(u32::from(unit)),
        }
    }
}

/// The signs of Symbol that documents use.
fn symbol(byte: u8) -> char {
    match byte {
        0xB7 | 0xA7 | 0x6C => '•',
        0xB1 => '±',
        0xA3 => '≤',
        0xB3 => '≥',
        0xB4 => '×',
        0xB8 => '÷',
        0xB9 => '≠',
        0xB0 => '°',
        0xAE => '→',
        0x20..=0x7E => char::from(byte),
        _ => '\u{FFFD}',
    }
}
