//! Valid containers around parts that may be anything.

use std::io::{Cursor, Write as _};
use std::path::Path;

use cfb::CompoundFile;
use zip::write::SimpleFileOptions;

/// What begins a part, before its name and a line break.
const MARK: &[u8] = b"@@ ";
/// Parts that are packed.
const MAX_PARTS: usize = 64;

/// A part of a file: its name and what it holds.
pub type Part<'a> = (String, &'a [u8]);

/// The parts that an input consists of, unless it is a file.
///
/// ```
/// let parts = ingest_fuzz::build::parts(b"@@ a.xml\n<a/>\n@@ b.xml\n<b/>").unwrap();
/// assert_eq!(parts[1], ("b.xml".to_owned(), &b"<b/>"[..]));
/// ```
#[must_use]
pub fn parts(input: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut rest = input.strip_prefix(MARK)?;
    let mut parts = Vec::new();
    let next = [b"\n", MARK].concat();
    while parts.len() < MAX_PARTS {
        let end = rest.windows(next.len()).position(|window| window == next);
        let part = &rest[..end.unwrap_or(rest.len())];
        let line = part.iter().position(|byte| *byte == b'\n');
        let name = &part[..line.unwrap_or(part.len())];
        parts.push((
            String::from_utf8_lossy(name).into_owned(),
            line.map_or(&[][..], |line| &part[line + 1..]),
        ));
        match end {
            Some(end) => rest = &rest[end + next.len()..],
            None => break,
        }
    }
    Some(parts)
}

/// Parts as an input.
#[must_use]
pub fn input<N: AsRef<str>, B: AsRef<[u8]>>(parts: &[(N, B)]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = parts
        .iter()
        .map(|(name, bytes)| [MARK, name.as_ref().as_bytes(), b"\n", bytes.as_ref()].concat())
        .collect();
    parts.join(&b'\n')
}

/// A ZIP archive, nothing in it compressed. Parts of one name are packed once.
#[must_use]
pub fn zip(parts: &[Part<'_>]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in parts {
        if archive.start_file(name.as_str(), options).is_ok() {
            archive.write_all(bytes).expect("it is written to memory");
        }
    }
    let bytes = archive.finish().expect("it is written to memory");
    bytes.into_inner()
}

/// A Compound File. Parts with names that it cannot have are left out.
#[must_use]
pub fn compound(parts: &[Part<'_>]) -> Vec<u8> {
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).expect("it is written to memory");
    for (name, bytes) in parts {
        // The library asserts what it does not refuse.
        let is_possible =
            |name: &str| name.encode_utf16().count() < 32 && !name.contains(['\\', ':', '!']);
        if !name.split('/').all(is_possible) {
            continue;
        }
        let path = Path::new("/").join(name);
        if let Some(folder) = path.parent() {
            // What cannot be made is missed below.
            let _ = file.create_storage_all(folder);
        }
        if let Ok(mut stream) = file.create_stream(&path) {
            stream.write_all(bytes).expect("it is written to memory");
        }
    }
    file.flush().expect("it is written to memory");
    file.into_inner().into_inner()
}

/// A HWP document whose streams are not deflated.
#[must_use]
pub fn hwp(parts: &[Part<'_>]) -> Vec<u8> {
    let mut header = b"HWP Document File".to_vec();
    header.resize(32, 0);
    header.extend([0, 0, 0, 5]);
    header.resize(256, 0);
    let mut all = vec![("FileHeader".to_owned(), &header[..])];
    all.extend(parts.iter().cloned());
    compound(&all)
}

/// A PDF whose objects are the parts, numbered from 1, with the right lengths and places. The
/// first that names itself a catalog is that.
#[must_use]
pub fn pdf(parts: &[Part<'_>]) -> Vec<u8> {
    let find =
        |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let root = parts
        .iter()
        .position(|(_, object)| find(object, b"/Catalog").is_some())
        .unwrap_or(0)
        + 1;
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::with_capacity(parts.len());
    for (number, (_, object)) in (1..).zip(parts) {
        places.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n").bytes());
        let stream = find(object, b">>\nstream\n");
        if let Some(at) = stream {
            let content = &object[at + b">>\nstream\n".len()..];
            bytes.extend(&object[..at]);
            bytes.extend(format!("/Length {} >>\nstream\n", content.len()).bytes());
            bytes.extend(content);
            bytes.extend(b"\nendstream");
        } else {
            bytes.extend(*object);
        }
        bytes.extend(b"\nendobj\n");
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
    for place in &places {
        bytes.extend(format!("{place:010} 00000 n \n").bytes());
    }
    bytes.extend(
        format!(
            "trailer\n<< /Size {} /Root {root} 0 R /Info {} 0 R >>\nstartxref\n{table}\n%%EOF\n",
            places.len() + 1,
            places.len()
        )
        .bytes(),
    );
    bytes
}
