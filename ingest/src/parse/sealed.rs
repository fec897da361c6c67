//! Parts of packages that are encrypted one by one, as the manifest of `OpenDocument` says (HWPX
//! has the same).
//!
//! After `OpenDocument` 1.2, part 3: AES in a chain over deflated parts, its key derived from the
//! password by PBKDF2. Older (Blowfish) and newer (Argon2) ways are refused by their names.

use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::DeflateDecoder;
use quick_xml::events::BytesStart;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::ParseError;
use super::container::Container;
use super::locked::decrypt_chained;
use super::password::Passwords;
use super::xml::{attribute, each_element};

/// How often a password is hashed at most for one part. `LibreOffice` does it 100,000 times.
const MAX_ITERATIONS: u32 = 1_000_000;
/// Bytes that a part may have once it is inflated.
const MAX_PART: u64 = 100 << 20;

/// How one part is encrypted.
#[derive(Clone, Debug, Default)]
struct Seal {
    part: String,
    /// Bytes of the part as it was.
    size: u64,
    cipher: String,
    start: Vec<u8>,
    derivation: String,
    salt: Vec<u8>,
    iterations: u32,
    key_bytes: usize,
    key_hash: String,
}

/// Decrypts the XML parts of a container that its manifest says are encrypted, if any is.
///
/// # Errors
/// When none of the passwords opens them, or they are encrypted in another way; `what` says of
/// which kind of file.
pub(super) fn unseal(
    container: &mut Container<'_>,
    manifest: &str,
    passwords: &Passwords,
    what: &str,
) -> Result<(), ParseError> {
    let seals = seals(manifest);
    if seals.is_empty() {
        return Ok(());
    }
    let seals: Vec<Seal> = seals
        .into_iter()
        .filter(|seal| {
            let is_xml = Path::new(&seal.part).extension() == Some("xml".as_ref());
            is_xml && container.has(&seal.part)
        })
        .collect();
    // In the largest, chance makes no sense of a wrong password.
    let Some(largest) = seals.iter().max_by_key(|seal| seal.size) else {
        return Err(passwords.refusal(what));
    };
    if let Some(how) = seals.iter().find_map(Seal::unknown) {
        return Err(ParseError::Encrypted {
            reason: format!("{what} and is encrypted in a way that cannot be read ({how})"),
        });
    }
    let bytes = container.bytes(&largest.part)?.unwrap_or_default();
    let password = passwords
        .iter()
        .find(|password| largest.open(password, &bytes).is_some())
        .ok_or_else(|| passwords.refusal(what))?;
    for seal in &seals {
        let bytes = container.bytes(&seal.part)?.unwrap_or_default();
        if let Some(bytes) = seal.open(password, &bytes) {
            container.replace(&seal.part, bytes)?;
        }
    }
    Ok(())
}

fn seals(manifest: &str) -> Vec<Seal> {
    let mut seals: Vec<Seal> = Vec::new();
    let mut entry = Seal::default();
    each_element(manifest, |element, around| {
        let inside = around.last().is_some_and(|name| name == "encryption-data");
        match (element.local_name().as_ref(), seals.last_mut()) {
            ("file-entry", _) => {
                entry = Seal {
                    part: text(element, "full-path").to_lowercase(),
                    size: text(element, "size").parse().unwrap_or(0),
                    ..Seal::default()
                };
            }
            ("encryption-data", _) => seals.push(entry.clone()),
            ("algorithm", Some(seal)) if inside => {
                seal.cipher = text(element, "algorithm-name");
                seal.start = binary(element, "initialisation-vector");
            }
            ("key-derivation", Some(seal)) if inside => {
                seal.derivation = text(element, "key-derivation-name");
                seal.salt = binary(element, "salt");
                seal.iterations = text(element, "iteration-count").parse().unwrap_or(0);
                seal.key_bytes = text(element, "key-size").parse().unwrap_or(16);
            }
            ("start-key-generation", Some(seal)) if inside => {
                seal.key_hash = text(element, "start-key-generation-name");
            }
            _ => {}
        }
    });
    seals
}

fn text(element: &BytesStart<'_>, name: &str) -> String {
    attribute(element, name).unwrap_or_default()
}

fn binary(element: &BytesStart<'_>, name: &str) -> Vec<u8> {
    BASE64_STANDARD
        .decode(text(element, name))
        .unwrap_or_default()
}

impl Seal {
    /// What is not known of how it is encrypted.
    fn unknown(&self) -> Option<String> {
        let is_known = self.cipher.ends_with("-cbc") && self.cipher.contains("#aes");
        if !is_known {
            return Some(self.cipher.clone());
        }
        if !self.derivation.to_lowercase().ends_with("pbkdf2") {
            return Some(self.derivation.clone());
        }
        if !matches!(self.key_bytes, 16 | 24 | 32) {
            return Some(format!("a key of {} bytes", self.key_bytes));
        }
        (self.iterations > MAX_ITERATIONS).then(|| format!("{} rounds", self.iterations))
    }

    /// The part, if the password is right: it inflates to as many bytes as it should.
    fn open(&self, password: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let start_key = if self.key_hash.to_lowercase().ends_with("sha256") {
            Sha256::digest(password).to_vec()
        } else {
            Sha1::digest(password).to_vec()
        };
        let mut key = vec![0; self.key_bytes];
        pbkdf2::pbkdf2_hmac::<Sha1>(&start_key, &self.salt, self.iterations.max(1), &mut key);
        let mut bytes = sealed.to_vec();
        decrypt_chained(&key, &self.start, &mut bytes);
        let mut part = Vec::new();
        let limit = MAX_PART.min(self.size) + 1;
        // What fills up the last block stands behind the end and is not looked at.
        DeflateDecoder::new(&*bytes)
            .take(limit)
            .read_to_end(&mut part)
            .ok()?;
        (u64::try_from(part.len()).ok()? == self.size).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use zip::write::SimpleFileOptions;

    use super::super::locked::encrypt_chained;
    use super::super::password::passwords;
    use super::super::{Extracted, parse};
    use super::*;

    /// A text as `LibreOffice` encrypts it.
    fn sealed(password: &str, cipher: &str, content: &str) -> Vec<u8> {
        let (salt, start) = ([4; 16], [8; 16]);
        let mut key = [0; 32];
        let start_key = Sha256::digest(password);
        pbkdf2::pbkdf2_hmac::<Sha1>(&start_key, &salt, 1024, &mut key);
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(content.as_bytes()).unwrap();
        let bytes = encrypt_chained(&key, &start, &deflated.finish().unwrap());
        let manifest = format!(
            "<m:manifest xmlns:m=\"m\"><m:file-entry m:full-path=\"/\" m:media-type=\"a\"/>\
             <m:file-entry m:full-path=\"content.xml\" m:size=\"{}\"><m:encryption-data>\
             <m:algorithm m:algorithm-name=\"http://www.w3.org/2001/04/xmlenc#{cipher}\" m:initialisation-vector=\"{}\"/>\
             <m:key-derivation m:key-derivation-name=\"PBKDF2\" m:key-size=\"32\" m:iteration-count=\"1024\" m:salt=\"{}\"/>\
             <m:start-key-generation m:start-key-generation-name=\"http://www.w3.org/2000/09/xmldsig#sha256\" m:key-size=\"32\"/>\
             </m:encryption-data></m:file-entry></m:manifest>",
            content.len(),
            BASE64_STANDARD.encode(start),
            BASE64_STANDARD.encode(salt),
        );
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, bytes) in [
            ("mimetype", &b"application/vnd.oasis.opendocument.text"[..]),
            ("META-INF/manifest.xml", manifest.as_bytes()),
            ("content.xml", &bytes),
        ] {
            archive.start_file(name, stored).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8], list: &[&str]) -> Result<Extracted, ParseError> {
        parse(bytes, "a.odt", &passwords(list), &|_, _| {})
    }

    const CONTENT: &str = "<o:document-content><o:body><o:text><t:p>비밀 규정</t:p></o:text></o:body></o:document-content>";

    #[test]
    fn the_right_password_opens_its_parts() {
        let bytes = sealed("여름", "aes256-cbc", CONTENT);
        let extracted = read(&bytes, &["겨울", "여름"]).unwrap();
        assert_eq!(extracted.document.text, "비밀 규정");
        let what = "it is an OpenDocument file that needs a password";
        for list in [&[][..], &["겨울"], &["겨울", "가을"]] {
            assert_eq!(read(&bytes, list), Err(passwords(list).refusal(what)));
        }
    }

    #[test]
    fn other_ways_are_named() {
        let error = read(&sealed("a", "blowfish", CONTENT), &["a"]).unwrap_err();
        assert!(error.to_string().contains("blowfish"), "{error}");
    }
}
