//! RTF as Outlook packs it (MS-OXRTFCP).

/// What every packed text may refer to before it begins.
const PRESET: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
/// Bytes that are referred to.
const WINDOW: usize = 4096;
/// Bytes that a text may have when it is unpacked.
const MAX_SIZE: usize = 64 << 20;

/// The text.
///
/// # Errors
/// When it is not packed in a known way, or too large, in words.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let word = |at: usize| {
        let bytes = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let (Some(size), Some(kind), Some(packed)) = (word(4), word(8), bytes.get(16..)) else {
        return Err("its header is cut off".to_owned());
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    match &kind.to_le_bytes() {
        b"MELA" => Ok(packed[..packed.len().min(size)].to_vec()),
        b"LZFu" => inflate(packed),
        _ => Err("it is packed in an unknown way".to_owned()),
    }
}

/// Ends at the mark of the end, or where the bytes do: what is there is read.
fn inflate(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut window = [0_u8; WINDOW];
    window[..PRESET.len()].copy_from_slice(PRESET);
    let mut at = PRESET.len();
    let mut out = Vec::new();
    let mut input = packed.iter().copied();
    while let Some(flags) = input.next() {
        for bit in 0..8 {
            if out.len() > MAX_SIZE {
                return Err(format!("it has more than {} MB", MAX_SIZE >> 20));
            }
            let Some(first) = input.next() else {
                return Ok(out);
            };
            if flags >> bit & 1 == 0 {
                window[at] = first;
                at = (at + 1) % WINDOW;
                out.push(first);
                continue;
            }
            let Some(second) = input.next() else {
                return Ok(out);
            };
            let reference = usize::from(u16::from_be_bytes([first, second]));
            let (from, length) = (reference >> 4, (reference & 0xF) + 2);
            if from == at {
                return Ok(out);
            }
            for offset in 0..length {
                let byte = window[(from + offset) % WINDOW];
                window[at] = byte;
                at = (at + 1) % WINDOW;
                out.push(byte);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u32, kind: [u8; 4]) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        bytes.extend(size.to_le_bytes());
        bytes.extend(kind);
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn the_examples_of_the_standard_are_unpacked() {
        // MS-OXRTFCP, 4.1 and 4.2.
        let simple = [
            0x2D, 0, 0, 0, 0x2B, 0, 0, 0, 0x4C, 0x5A, 0x46, 0x75, 0xF1, 0xC5, 0xC7, 0xA7, 0x03,
            0x00, 0x0A, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0A, 0xF3,
            0x20, 0x68, 0x65, 0x6C, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xB0, 0x6C, 0x64, 0x7D,
            0x0A, 0x80, 0x0F, 0xA0,
        ];
        assert_eq!(
            unpack(&simple).unwrap(),
            b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
        );
        let crossing = [
            0x1A, 0, 0, 0, 0x1C, 0, 0, 0, 0x4C, 0x5A, 0x46, 0x75, 0xE2, 0xD4, 0x4B, 0x51, 0x41,
            0x00, 0x04, 0x20, 0x57, 0x58, 0x59, 0x5A, 0x0D, 0x6E, 0x7D, 0x01, 0x0E, 0xB0,
        ];
        assert_eq!(unpack(&crossing).unwrap(), b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
        assert_eq!(PRESET.len(), 207);
    }

    #[test]
    fn what_is_not_packed_is_taken_as_it_is() {
        let bytes = [header(7, *b"MELA"), b"{\\rtf1}xx".to_vec()].concat();
        assert_eq!(unpack(&bytes).unwrap(), b"{\\rtf1}");
        assert!(unpack(&header(7, *b"XXXX")).is_err());
        assert!(unpack(b"LZFu").is_err());
    }

    #[test]
    fn the_size_is_limited_whatever_it_says() {
        // Seventeen bytes for two, never from where the mark of the end would be.
        let mut endless = header(1, *b"LZFu");
        let mut at = PRESET.len();
        for _ in 0..=MAX_SIZE / 8 / 17 {
            endless.extend([0xFF]);
            for _ in 0..8 {
                let reference = u16::try_from((at + 1) % WINDOW).unwrap() << 4 | 0xF;
                endless.extend(reference.to_be_bytes());
                at = (at + 17) % WINDOW;
            }
        }
        let error = unpack(&endless).err();
        assert_eq!(error.as_deref(), Some("it has more than 64 MB"));
        let cut = [header(u32::MAX, *b"LZFu"), vec![0, b'a', b'b']].concat();
        assert_eq!(unpack(&cut).unwrap(), b"ab");
    }
}
