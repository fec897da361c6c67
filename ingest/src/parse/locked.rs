//! Office documents behind a password: a Compound File that holds the encrypted package.
//!
//! After MS-OFFCRYPTO: "agile" encryption (Office 2010 and later) and "standard" encryption
//! (Office 2007), both with AES. Whether nobody changed the package is not checked: a reader of
//! documents does not trust what is in it anyway.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};

use aes::cipher::{Array, BlockCipherDecrypt, BlockSizeUser, KeyInit, consts::U16};
use aes::{Aes128, Aes192, Aes256};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cfb::CompoundFile;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::password::Passwords;
use super::xml::{self, attribute, each_element};
use super::{ParseError, sniff};

/// Excel encrypts with it what only asks not to be changed, and tries it before it asks.
const EXCEL_OWN: &str = "VelvetSweatshop";
/// How often a password is hashed at most. Office does it 100,000 times.
const MAX_SPIN: u32 = 1_000_000;
/// How often Office 2007 does it.
const STANDARD_SPIN: u32 = 50_000;
/// Bytes that the description of the encryption may have.
const MAX_INFO: u64 = 1 << 20;
/// Bytes of the package that are encrypted together.
const SEGMENT: usize = 4096;
/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// The document in an encrypted Office document; other bytes as they are.
///
/// # Errors
/// When none of the passwords opens it, or it is encrypted in another way.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    passwords: &Passwords,
) -> Result<Cow<'a, [u8]>, ParseError> {
    if !sniff::is_compound(bytes) || !sniff::find_utf_16(bytes, "EncryptedPackage") {
        return Ok(Cow::Borrowed(bytes));
    }
    let Ok(mut file) = CompoundFile::open(Cursor::new(bytes)) else {
        // Who looks at its format says what is wrong with it.
        return Ok(Cow::Borrowed(bytes));
    };
    let mut stream = |name: &str, limit: u64| {
        let mut bytes = Vec::new();
        let stream = file.open_stream(name).ok()?;
        // Of a file that breaks off, there is what came before.
        let _ = stream.take(limit).read_to_end(&mut bytes);
        Some(bytes)
    };
    let whole = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let (Some(info), Some(package)) = (
        stream("EncryptionInfo", MAX_INFO),
        stream("EncryptedPackage", whole),
    ) else {
        return Ok(Cow::Borrowed(bytes));
    };
    let lock = Lock::read(&info)?;
    let key = passwords
        .iter()
        .chain([EXCEL_OWN])
        .find_map(|password| lock.key(password))
        .ok_or_else(|| passwords.refusal("it is an Office document that needs a password"))?;
    let document = lock.decrypt(&key, &package);
    if document.is_empty() {
        return Err(ParseError::Damaged {
            reason: "it is an encrypted Office document with nothing in it that can be read"
                .to_owned(),
        });
    }
    Ok(Cow::Owned(document))
}

fn unknown(how: &str) -> ParseError {
    ParseError::Encrypted {
        reason: format!("it is an Office document encrypted in a way that cannot be read ({how})"),
    }
}

fn damaged() -> ParseError {
    ParseError::Damaged {
        reason: "it is an encrypted Office document that does not say how".to_owned(),
    }
}

/// How a package is encrypted.
enum Lock {
    Agile(Box<Agile>),
    Standard(Box<Standard>),
}

struct Agile {
    /// For the package.
    data: Cipher,
    /// For the key to the package.
    password: Cipher,
    spin: u32,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
    key: Vec<u8>,
}

struct Cipher {
    hash: Hash,
    salt: Vec<u8>,
    key_bytes: usize,
}

struct Standard {
    key_bytes: usize,
    salt: Vec<u8>,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
}

impl Lock {
    fn read(info: &[u8]) -> Result<Self, ParseError> {
        let (version, rest) = info.split_first_chunk::<4>().ok_or_else(damaged)?;
        match version {
            [4, 0, 4, 0] => {
                let text = rest.get(4..).ok_or_else(damaged)?;
                Agile::read(&xml::text(text.to_vec())).map(|lock| Self::Agile(Box::new(lock)))
            }
            [2..=4, 0, 2, 0] => Standard::read(rest).map(|lock| Self::Standard(Box::new(lock))),
            [major, _, minor, _] => Err(unknown(&format!("version {major}.{minor}"))),
        }
    }

    /// The key to the package, if the password is right.
    fn key(&self, password: &str) -> Option<Vec<u8>> {
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        match self {
            Self::Agile(lock) => lock.key(&password),
            Self::Standard(lock) => lock.key(&password),
        }
    }

    fn decrypt(&self, key: &[u8], package: &[u8]) -> Vec<u8> {
        let Some((size, rest)) = package.split_first_chunk::<8>() else {
            return Vec::new();
        };
        let mut bytes = rest[..rest.len() - rest.len() % BLOCK].to_vec();
        match self {
            Self::Agile(lock) => {
                for (number, segment) in (0_u32..).zip(bytes.chunks_mut(SEGMENT)) {
                    let data = &lock.data;
                    let start = data.hash.of(&[&data.salt, &number.to_le_bytes()]);
                    decrypt_chained(key, &start, segment);
                }
            }
            Self::Standard(_) => decrypt_blocks(key, &mut bytes),
        }
        bytes.truncate(usize::try_from(u64::from_le_bytes(*size)).unwrap_or(usize::MAX));
        bytes
    }
}

impl Agile {
    fn read(text: &str) -> Result<Self, ParseError> {
        let (mut data, mut encrypted_key) = (None, None);
        each_element(text, |element, _| match element.local_name().as_ref() {
            "keyData" => data = Some(Cipher::read(element)),
            "encryptedKey" => {
                encrypted_key = Some(Cipher::read(element).and_then(|password| {
                    let number = attribute(element, "spinCount");
                    let spin = number.and_then(|number| number.parse().ok());
                    let spin: u32 = spin.ok_or_else(damaged)?;
                    if spin > MAX_SPIN {
                        return Err(ParseError::Limit {
                            reason: format!(
                                "its password is to be hashed {spin} times, and {MAX_SPIN} is the most that is done"
                            ),
                        });
                    }
                    let value = |name| binary(element, name).ok_or_else(damaged);
                    Ok((
                        password,
                        spin,
                        [
                            value("encryptedVerifierHashInput")?,
                            value("encryptedVerifierHashValue")?,
                            value("encryptedKeyValue")?,
                        ],
                    ))
                }));
            }
            _ => {}
        });
        let data = data.ok_or_else(damaged)??;
        let Some(encrypted_key) = encrypted_key else {
            return Err(unknown("with a certificate"));
        };
        let (password, spin, [verifier, verifier_hash, key]) = encrypted_key?;
        Ok(Self {
            data,
            password,
            spin,
            verifier,
            verifier_hash,
            key,
        })
    }

    fn key(&self, password: &[u8]) -> Option<Vec<u8>> {
        let own = &self.password;
        let hashed = own.hash.spun(&own.salt, password, self.spin);
        let opened = |purpose: [u8; 8], sealed: &[u8]| {
            let mut key = own.hash.of(&[&hashed, &purpose]);
            key.resize(own.key_bytes, 0x36);
            let mut bytes = sealed[..sealed.len() - sealed.len() % BLOCK].to_vec();
            decrypt_chained(&key, &own.salt, &mut bytes);
            bytes
        };
        let verifier = opened(
            [0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79],
            &self.verifier,
        );
        let expected = opened(
            [0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E],
            &self.verifier_hash,
        );
        let salt = verifier.get(..own.salt.len())?;
        let found = own.hash.of(&[salt]);
        if expected.get(..found.len())? != found {
            return None;
        }
        let key = opened([0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6], &self.key);
        key.get(..self.data.key_bytes).map(<[u8]>::to_vec)
    }
}

impl Cipher {
    fn read(element: &quick_xml::events::BytesStart<'_>) -> Result<Self, ParseError> {
        let value = |name| attribute(element, name).unwrap_or_default();
        let (cipher, chaining) = (value("cipherAlgorithm"), value("cipherChaining"));
        if cipher != "AES" || chaining != "ChainingModeCBC" {
            return Err(unknown(&format!("{cipher}, {chaining}")));
        }
        let hash = value("hashAlgorithm");
        let key_bytes = match value("keyBits").as_str() {
            "128" => 16,
            "192" => 24,
            "256" => 32,
            _ => return Err(damaged()),
        };
        Ok(Self {
            hash: Hash::named(&hash).ok_or_else(|| unknown(&hash))?,
            salt: binary(element, "saltValue").ok_or_else(damaged)?,
            key_bytes,
        })
    }
}

impl Standard {
    /// Reads what stands behind the version.
    fn read(info: &[u8]) -> Result<Self, ParseError> {
        let number = |bytes: &[u8], at: usize| {
            let bytes = bytes.get(at..)?.first_chunk::<4>()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let size = number(info, 4).and_then(|size| usize::try_from(size).ok());
        let (header, verifier) = size
            .and_then(|size| info.get(8..)?.split_at_checked(size))
            .ok_or_else(damaged)?;
        let algorithm = number(header, 8).ok_or_else(damaged)?;
        let key_bytes = match algorithm {
            0x660E => 16,
            0x660F => 24,
            0x6610 => 32,
            0x6801 => return Err(unknown("RC4")),
            other => return Err(unknown(&format!("algorithm {other:#x}"))),
        };
        let part = |at: usize, length: usize| {
            let part = verifier.get(at..at + length).ok_or_else(damaged)?;
            Ok(part.to_vec())
        };
        Ok(Self {
            key_bytes,
            salt: part(4, 16)?,
            verifier: part(20, 16)?,
            verifier_hash: part(40, 32)?,
        })
    }

    fn key(&self, password: &[u8]) -> Option<Vec<u8>> {
        let hash = Hash::Sha1;
        let spun = hash.spun(&self.salt, password, STANDARD_SPIN);
        let last = hash.of(&[&spun, &[0; 4]]);
        let half = |byte: u8| {
            let mut mixed = [byte; 64];
            for (place, byte) in mixed.iter_mut().zip(&last) {
                *place ^= byte;
            }
            hash.of(&[&mixed])
        };
        let mut key = [half(0x36), half(0x5C)].concat();
        key.truncate(self.key_bytes);
        let (mut verifier, mut expected) = (self.verifier.clone(), self.verifier_hash.clone());
        decrypt_blocks(&key, &mut verifier);
        decrypt_blocks(&key, &mut expected);
        let found = hash.of(&[&verifier]);
        (expected.get(..found.len())? == found).then_some(key)
    }
}

/// A value of an attribute that is bytes.
fn binary(element: &quick_xml::events::BytesStart<'_>, name: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(attribute(element, name)?).ok()
}

#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "SHA1" | "SHA-1" => Self::Sha1,
            "SHA256" => Self::Sha256,
            "SHA384" => Self::Sha384,
            "SHA512" => Self::Sha512,
            _ => return None,
        })
    }

    fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            for part in parts {
                digest.update(part);
            }
            digest.finalize().to_vec()
        }
        match self {
            Self::Sha1 => of::<Sha1>(parts),
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
            Self::Sha512 => of::<Sha512>(parts),
        }
    }

    /// The hash of a password, hashed again and again so that guessing is slow.
    fn spun(self, salt: &[u8], password: &[u8], times: u32) -> Vec<u8> {
        let mut hashed = self.of(&[salt, password]);
        for number in 0..times {
            hashed = self.of(&[&number.to_le_bytes(), &hashed]);
        }
        hashed
    }
}

/// Decrypts each block for itself. What is left behind the last one stays.
pub(super) fn decrypt_blocks(key: &[u8], bytes: &mut [u8]) {
    each_block(key, bytes, |_, _| {});
}

/// Decrypts blocks that were each mixed with the one before, the first with `start`.
pub(super) fn decrypt_chained(key: &[u8], start: &[u8], bytes: &mut [u8]) {
    let mut before = [0x36; BLOCK];
    for (place, byte) in before.iter_mut().zip(start) {
        *place = *byte;
    }
    each_block(key, bytes, |block, sealed| {
        for (byte, other) in block.iter_mut().zip(before) {
            *byte ^= other;
        }
        before = sealed;
    });
}

/// Decrypts blocks; `after` gets each with what it was before.
fn each_block(key: &[u8], bytes: &mut [u8], after: impl FnMut(&mut [u8; BLOCK], [u8; BLOCK])) {
    fn with<C: BlockCipherDecrypt + KeyInit + BlockSizeUser<BlockSize = U16>>(
        key: &[u8],
        bytes: &mut [u8],
        mut after: impl FnMut(&mut [u8; BLOCK], [u8; BLOCK]),
    ) {
        let Ok(cipher) = C::new_from_slice(key) else {
            return;
        };
        for block in bytes.as_chunks_mut::<BLOCK>().0 {
            let sealed = *block;
            let mut array = Array::from(sealed);
            cipher.decrypt_block(&mut array);
            *block = array.into();
            after(block, sealed);
        }
    }
    match key.len() {
        16 => with::<Aes128>(key, bytes, after),
        24 => with::<Aes192>(key, bytes, after),
        _ => with::<Aes256>(key, bytes, after),
    }
}

/// Encrypts with AES-256 in a chain, filled up with zeros.
#[cfg(test)]
pub(super) fn encrypt_chained(key: &[u8; 32], start: &[u8; BLOCK], bytes: &[u8]) -> Vec<u8> {
    tests::encrypt::<Aes256>(key, Some(start), bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use aes::cipher::BlockCipherEncrypt;

    use super::super::container::packed;
    use super::super::password::passwords;
    use super::super::{Format, parse};
    use super::*;

    const WORDS: &str = "<w:document xmlns:w=\"w\"><w:body><w:p><w:r><w:t>비밀 규정 Secret rules</w:t></w:r></w:p></w:body></w:document>";

    fn document() -> Vec<u8> {
        packed(&[
            ("[Content_Types].xml", "<a/>"),
            ("word/document.xml", WORDS),
        ])
    }

    /// Encrypts, in a chain if there is a start, filled up with zeros.
    pub(super) fn encrypt<C: BlockCipherEncrypt + KeyInit + BlockSizeUser<BlockSize = U16>>(
        key: &[u8],
        start: Option<&[u8]>,
        bytes: &[u8],
    ) -> Vec<u8> {
        let cipher = C::new_from_slice(key).unwrap();
        let mut before = start.map(|start| <[u8; 16]>::try_from(&start[..16]).unwrap());
        let mut sealed = Vec::new();
        for piece in bytes.chunks(BLOCK) {
            let mut block = [0; BLOCK];
            block[..piece.len()].copy_from_slice(piece);
            for (byte, other) in block.iter_mut().zip(before.unwrap_or_default()) {
                *byte ^= other;
            }
            let mut array = Array::from(block);
            cipher.encrypt_block(&mut array);
            let block: [u8; 16] = array.into();
            before = before.map(|_| block);
            sealed.extend(block);
        }
        sealed
    }

    fn compound(info: &[u8], package: &[u8]) -> Vec<u8> {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        for (name, bytes) in [("EncryptionInfo", info), ("EncryptedPackage", package)] {
            file.create_stream(name).unwrap().write_all(bytes).unwrap();
        }
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    fn utf_16(password: &str) -> Vec<u8> {
        password.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// As Office 2010 and later write it, but for the number of times that the password is hashed.
    fn agile(document: &[u8], password: &str, spin: u32) -> Vec<u8> {
        let hash = Hash::Sha512;
        let (salt, data_salt, key) = ([7_u8; 16], [9_u8; 16], [5_u8; 32]);
        let hashed = hash.spun(&salt, &utf_16(password), spin.min(1000));
        let seal = |purpose: &[u8], bytes: &[u8]| {
            let own = hash.of(&[&hashed, purpose]);
            BASE64_STANDARD.encode(encrypt::<Aes256>(&own[..32], Some(&salt), bytes))
        };
        let verifier = [3_u8; 16];
        let common = "blockSize=\"16\" keyBits=\"256\" hashSize=\"64\" cipherAlgorithm=\"AES\" \
                      cipherChaining=\"ChainingModeCBC\" hashAlgorithm=\"SHA512\"";
        let text = format!(
            "<?xml version=\"1.0\"?><encryption xmlns=\"e\" xmlns:p=\"p\"><keyData {common} saltSize=\"16\" saltValue=\"{}\"/>\
             <keyEncryptors><keyEncryptor uri=\"p\"><p:encryptedKey spinCount=\"{spin}\" {common} saltSize=\"16\" saltValue=\"{}\" \
             encryptedVerifierHashInput=\"{}\" encryptedVerifierHashValue=\"{}\" encryptedKeyValue=\"{}\"/>\
             </keyEncryptor></keyEncryptors></encryption>",
            BASE64_STANDARD.encode(data_salt),
            BASE64_STANDARD.encode(salt),
            seal(b"\xFE\xA7\xD2\x76\x3B\x4B\x9E\x79", &verifier),
            seal(b"\xD7\xAA\x0F\x6D\x30\x61\x34\x4E", &hash.of(&[&verifier])),
            seal(b"\x14\x6E\x0B\xE7\xAB\xAC\xD0\xD6", &key),
        );
        let info = [b"\x04\0\x04\0\x40\0\0\0", text.as_bytes()].concat();
        let mut package = (document.len() as u64).to_le_bytes().to_vec();
        for (number, segment) in (0_u32..).zip(document.chunks(SEGMENT)) {
            let start = hash.of(&[&data_salt, &number.to_le_bytes()]);
            package.extend(encrypt::<Aes256>(&key, Some(&start), segment));
        }
        compound(&info, &package)
    }

    /// As Office 2007 writes it.
    fn standard(document: &[u8], password: &str, algorithm: u32) -> Vec<u8> {
        let hash = Hash::Sha1;
        let salt = [7_u8; 16];
        let last = hash.of(&[&hash.spun(&salt, &utf_16(password), STANDARD_SPIN), &[0; 4]]);
        let mut mixed = [0x36; 64];
        for (place, byte) in mixed.iter_mut().zip(&last) {
            *place ^= byte;
        }
        let key = &hash.of(&[&mixed])[..16];
        let verifier = [3_u8; 16];
        let mut info = b"\x04\0\x02\0\x24\0\0\0".to_vec();
        let header = [0x24, 0, algorithm, 0x8004, 128, 0x18, 0, 0].map(u32::to_le_bytes);
        info.extend(34_u32.to_le_bytes());
        info.extend(header.concat());
        info.extend(b"\0\0");
        info.extend(16_u32.to_le_bytes());
        info.extend(salt);
        info.extend(encrypt::<Aes128>(key, None, &verifier));
        info.extend(20_u32.to_le_bytes());
        info.extend(encrypt::<Aes128>(key, None, &hash.of(&[&verifier])));
        let mut package = (document.len() as u64).to_le_bytes().to_vec();
        package.extend(encrypt::<Aes128>(key, None, document));
        compound(&info, &package)
    }

    #[test]
    fn the_right_password_opens_it_and_others_are_counted() {
        // More than one segment.
        let mut state = 1_u32;
        let noise: String = (0..9000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b'a' + u8::try_from(state >> 28).unwrap())
            })
            .collect();
        let long = packed(&[
            ("[Content_Types].xml", "<a/>"),
            ("word/document.xml", WORDS),
            ("noise", &noise),
        ]);
        assert!(long.len() > SEGMENT);
        for locked in [
            agile(&long, "여름휴가", 1000),
            standard(&long, "여름휴가", 0x660E),
        ] {
            let read = |list: &[&str]| parse(&locked, "a.docx", &passwords(list), &|_, _| {});
            let extracted = read(&["wrong", "여름휴가"]).unwrap();
            assert_eq!(extracted.format, Format::Docx);
            assert_eq!(extracted.document.text, "비밀 규정 Secret rules");
            assert_eq!(extracted.problems, []);
            for (list, end) in [
                (&[][..], "and none was given"),
                (&["wrong"][..], "and the one given does not fit"),
                (&["wrong", "여름"][..], "and none of the 2 given fits"),
            ] {
                let reason = format!("it is an Office document that needs a password, {end}");
                assert_eq!(read(list), Err(ParseError::Encrypted { reason }));
            }
        }
    }

    #[test]
    fn what_excel_opens_without_asking_is_opened() {
        let locked = agile(&document(), EXCEL_OWN, 10);
        let extracted = parse(&locked, "a.docx", &Passwords::default(), &|_, _| {}).unwrap();
        assert_eq!(extracted.document.text, "비밀 규정 Secret rules");
    }

    #[test]
    fn hostile_descriptions_are_refused() {
        let read =
            |bytes: &[u8]| parse(bytes, "a.docx", &passwords(&["a"]), &|_, _| {}).unwrap_err();
        let spun = read(&agile(&document(), "a", u32::MAX)).to_string();
        assert!(spun.contains("4294967295 times"), "{spun}");
        let other = read(&standard(&document(), "a", 0x6801)).to_string();
        assert!(other.contains("(RC4)"), "{other}");
        for info in [
            &b""[..],
            b"\x04\0\x04\0",
            b"\x04\0\x04\0\x40\0\0\0<encryption/>",
            b"\x04\0\x02\0\x24\0\0\0\xFF\xFF\xFF\xFF",
            b"\x09\0\x02\0",
        ] {
            read(&compound(info, b"\x01"));
        }
        // A right password over a package of nothing.
        let info = agile(b"", "a", 10);
        assert!(
            matches!(read(&info), ParseError::Damaged { .. }),
            "{:?}",
            read(&info)
        );
    }
}
