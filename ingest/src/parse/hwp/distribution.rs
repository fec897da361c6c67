//! Documents for distribution (배포용 문서), which may be read but not changed.
//!
//! Their text stands in `ViewText`, encrypted with a key that stands before it: no password is
//! needed to read it. What stands in `BodyText` is a sentence that says to use a newer program.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt as _, KeyInit as _};

use super::records::{Records, tag};

/// Bytes of the record that holds the key.
const RECORD: usize = 256;

/// The stream as it stands in files that are not for distribution: still deflated.
///
/// # Errors
/// Says in words what is wrong with it.
pub(super) fn decrypt(stream: &[u8]) -> Result<Vec<u8>, String> {
    let mut records = Records::new(stream);
    let record = records
        .next()
        .filter(|record| record.tag == tag::DISTRIBUTE_DOC_DATA)
        .ok_or("it does not begin with its key")?;
    let data: [u8; RECORD] = record
        .data
        .0
        .try_into()
        .map_err(|_| format!("its key has {} bytes, not {RECORD}", record.data.0.len()))?;
    let key = key(data);
    let cipher = Aes128::new(&Array::from(key));
    let mut bytes = records.rest().to_vec();
    for block in bytes.as_chunks_mut::<16>().0 {
        let mut array = Array::from(*block);
        cipher.decrypt_block(&mut array);
        *block = array.into();
    }
    Ok(bytes)
}

/// The key in the record: runs of bytes are mixed with what the generator of Microsoft's C
/// library makes of the number that the record begins with, which also says where the key is.
fn key(mut data: [u8; RECORD]) -> [u8; 16] {
    let seed = u32::from_le_bytes([data[0], data[1], data[2], data[3]]);
    mix(&mut data, seed);
    let at = 4 + usize::try_from(seed & 0xF).unwrap_or(0);
    let mut key = [0; 16];
    key.copy_from_slice(&data[at..at + 16]);
    key
}

fn mix(data: &mut [u8; RECORD], seed: u32) {
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
        state >> 16 & 0x7FFF
    };
    let (mut run, mut byte) = (0, 0);
    for (at, place) in data.iter_mut().enumerate() {
        if run == 0 {
            byte = u8::try_from(random() & 0xFF).unwrap_or(0);
            run = (random() & 0xF) + 1;
        }
        if at >= 4 {
            *place ^= byte;
        }
        run -= 1;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use aes::cipher::BlockCipherEncrypt as _;

    use super::*;

    /// A stream as Hangul writes it for distribution.
    pub(in super::super) fn encrypt(stream: &[u8], seed: u32) -> Vec<u8> {
        // What the program stores is the hash of a password, in hexadecimal UTF-16.
        let hash: Vec<u8> = "8CB2237D0679CA88DB6464EAC60DA96345513964"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let at = 4 + (seed & 0xF) as usize;
        let mut data = [0x5A; RECORD];
        data[..4].copy_from_slice(&seed.to_le_bytes());
        data[at..at + hash.len()].copy_from_slice(&hash);
        mix(&mut data, seed);
        let mut bytes = (tag::DISTRIBUTE_DOC_DATA | 256 << 20)
            .to_le_bytes()
            .to_vec();
        bytes.extend(data);
        let key: [u8; 16] = hash[..16].try_into().unwrap();
        let cipher = Aes128::new(&Array::from(key));
        let mut padded = stream.to_vec();
        padded.resize(stream.len().next_multiple_of(16), 0);
        for block in padded.chunks(16) {
            let mut block = Array::from(<[u8; 16]>::try_from(block).unwrap());
            cipher.encrypt_block(&mut block);
            bytes.extend(block);
        }
        bytes
    }

    #[test]
    fn the_key_is_where_the_seed_says() {
        for seed in [0, 1, 0xF, 0xDEAD_BEEF, u32::MAX] {
            let text = "배포용 문서의 본문".as_bytes();
            let plain = decrypt(&encrypt(text, seed)).unwrap();
            assert_eq!(&plain[..text.len()], text, "seed {seed}");
        }
    }

    /// The numbers that `srand(1)` is known for: 41, 18467, 6334.
    #[test]
    fn the_generator_is_that_of_microsofts_library() {
        let mut data = [0; RECORD];
        mix(&mut data, 1);
        // The first run has (18467 & 15) + 1 = 4 bytes, which stay; the next is mixed with 6334.
        assert_eq!(data[..4], [0; 4]);
        assert_eq!(data[4], 6334_u32.to_le_bytes()[0]);
    }

    #[test]
    fn a_stream_without_its_key_is_refused() {
        assert!(decrypt(b"").is_err());
        assert!(decrypt(&[0x42, 0, 0, 0, 1, 2]).is_err());
        let short = (tag::DISTRIBUTE_DOC_DATA | 16 << 20).to_le_bytes();
        assert!(decrypt(&[&short[..], &[0; 16]].concat()).is_err());
    }
}
