//! Records: what the streams of a HWP file consist of.

/// Tags of the records that are read.
pub(super) mod tag {
    pub(in super::super) const NUMBERING: u32 = 0x17;
    pub(in super::super) const PARA_SHAPE: u32 = 0x19;
    pub(in super::super) const STYLE: u32 = 0x1A;
    pub(in super::super) const DISTRIBUTE_DOC_DATA: u32 = 0x1C;
    pub(in super::super) const PARA_HEADER: u32 = 0x42;
    pub(in super::super) const PARA_TEXT: u32 = 0x43;
    pub(in super::super) const PARA_RANGE_TAG: u32 = 0x46;
    pub(in super::super) const CTRL_HEADER: u32 = 0x47;
    pub(in super::super) const LIST_HEADER: u32 = 0x48;
    pub(in super::super) const TABLE: u32 = 0x4D;
    pub(in super::super) const SHAPE_OLE: u32 = 0x54;
    pub(in super::super) const EQUATION: u32 = 0x58;
    pub(in super::super) const TEXT_ART: u32 = 0x5A;
    pub(in super::super) const FORM: u32 = 0x5B;
    pub(in super::super) const MEMO_LIST: u32 = 0x5D;
}

/// A record: its tag, how deep it stands, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) tag: u32,
    pub(super) level: u32,
    pub(super) data: Data<'a>,
}

/// The records of a stream, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Records<'a> {
    left: &'a [u8],
    /// Whether the last record says that it is longer than what there is.
    pub(super) cut: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(stream: &'a [u8]) -> Self {
        Self {
            left: stream,
            cut: false,
        }
    }

    /// What follows the records that were read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.left
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let mut head = Data(self.left);
        let word = head.u32()?;
        let size = match word >> 20 {
            0xFFF => head.u32()?,
            size => size,
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.cut = size > head.0.len();
        let (data, left) = head.0.split_at(size.min(head.0.len()));
        self.left = left;
        Some(Record {
            tag: word & 0x3FF,
            level: word >> 10 & 0x3FF,
            data: Data(data),
        })
    }
}

/// Numbers and strings, taken from the front of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data<'a>(pub(super) &'a [u8]);

impl<'a> Data<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    pub(super) fn skip(mut self, count: usize) -> Self {
        let _ = self.take(count.min(self.0.len()));
        self
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A string that begins with its length.
    pub(super) fn string(&mut self) -> Option<String> {
        let length = usize::from(self.u16()?);
        let bytes = self.take(length * 2)?;
        Some(utf_16(bytes))
    }
}

/// UTF-16 as HWP writes it; what is none of it becomes U+FFFD.
pub(super) fn utf_16(bytes: &[u8]) -> String {
    let units = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|unit| u16::from_le_bytes(*unit));
    char::decode_utf16(units)
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
