//! Encryption of files at rest: AES-256-GCM in chunks, so that any part can be read without the rest.
//!
//! ```text
//! "OHM1" | the file's own key, sealed with the data key for the file's name (72 bytes) | chunk | chunk | …
//! ```
//!
//! A chunk is 64 KiB of the file and its tag. Its nonce is its number and whether it is the last, so chunks can neither
//! be exchanged nor cut off unseen; the file's key is used for nothing else.

use std::ops::Range;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zoom_phone::oauth::seal::{SealError, SealKey};

const MAGIC: &[u8; 4] = b"OHM1";
/// What [`SealKey::seal`] makes of 32 bytes.
const SEALED_KEY: usize = 72;
/// Bytes before the first chunk.
pub(crate) const HEAD: usize = MAGIC.len() + SEALED_KEY;
/// Bytes of the file in a chunk.
pub(crate) const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// Encrypts and decrypts the chunks of one file.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    /// For a new file, with the head that it begins with.
    pub(crate) fn new(key: &SealKey, name: &str) -> Result<(Self, Vec<u8>), SealError> {
        let mut own = [0; 32];
        aws_lc_rs::rand::fill(&mut own).map_err(|_| SealError::Cipher)?;
        let head = [MAGIC.as_slice(), &key.seal(name, &own)?].concat();
        Ok((Self::of(&own)?, head))
    }

    /// For the file that begins with this head.
    pub(crate) fn open(key: &SealKey, name: &str, head: &[u8]) -> Result<Self, SealError> {
        let sealed = head.get(..HEAD).and_then(|head| head.strip_prefix(MAGIC)).ok_or(SealError::Foreign)?;
        Self::of(&key.open(name, sealed)?)
    }

    fn of(own: &[u8]) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, own).map_err(|_| SealError::Cipher)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts the chunk with this number in place.
    pub(crate) fn seal(&self, number: u64, last: bool, chunk: &mut Vec<u8>) -> Result<(), SealError> {
        self.0
            .seal_in_place_append_tag(nonce(number, last), Aad::empty(), chunk)
            .map_err(|_| SealError::Cipher)
    }

    /// Decrypts the chunk with this number in place.
    pub(crate) fn unseal(&self, number: u64, last: bool, chunk: &mut Vec<u8>) -> Result<(), SealError> {
        let length = self
            .0
            .open_in_place(nonce(number, last), Aad::empty(), chunk)
            .map_err(|_| SealError::Tampered)?
            .len();
        chunk.truncate(length);
        Ok(())
    }
}

fn nonce(number: u64, last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[3] = u8::from(last);
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Which chunks hold a part of a file, and where they are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Number of the first chunk.
    pub(crate) first: u64,
    /// Number of the last chunk of the file.
    pub(crate) end: u64,
    /// Bytes of the sealed file to read.
    pub(crate) sealed: Range<u64>,
    /// Bytes of the first chunk that were not asked for.
    pub(crate) skip: usize,
}

/// Where `part` of a file of `length` bytes is in its sealed form. The part is not empty and within the file.
pub(crate) fn span(part: &Range<u64>, length: u64) -> Span {
    let (head, chunk, tag) = (HEAD as u64, CHUNK as u64, TAG as u64);
    let (first, last, end) =
        (part.start / chunk, part.end.saturating_sub(1) / chunk, length.saturating_sub(1) / chunk);
    let until = if last == end { sealed_length(length) } else { head + (last + 1) * (chunk + tag) };
    let skip = usize::try_from(part.start % chunk).unwrap_or(0);
    Span { first, end, sealed: head + first * (chunk + tag)..until, skip }
}

/// How long a file of so many bytes is when sealed.
pub(crate) fn sealed_length(length: u64) -> u64 {
    let chunks = length.div_ceil(CHUNK as u64).max(1);
    HEAD as u64 + length + chunks * TAG as u64
}

/// Bytes of a whole chunk when sealed.
pub(crate) const SEALED_CHUNK: usize = CHUNK + TAG;

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn key(digit: &str) -> SealKey {
        SealKey::from_text(&SecretString::from(digit.repeat(64))).unwrap()
    }

    #[test]
    fn a_chunk_opens_in_its_place_only_and_with_its_own_file_and_key_only() {
        let (sealer, head) = Sealer::new(&key("1"), "file").unwrap();
        assert_eq!(head.len(), HEAD);
        let mut chunk = b"the sound of a call".to_vec();
        sealer.seal(3, false, &mut chunk).unwrap();
        assert!(!chunk.windows(5).any(|window| window == b"sound"));
        let open = |sealer: &Sealer, number, last| {
            let mut copy = chunk.clone();
            sealer.unseal(number, last, &mut copy).map(|()| copy)
        };
        let again = Sealer::open(&key("1"), "file", &head).unwrap();
        assert_eq!(open(&again, 3, false).unwrap(), b"the sound of a call");
        for (number, last) in [(2, false), (3, true)] {
            assert!(matches!(open(&again, number, last), Err(SealError::Tampered)));
        }
        let (other, _) = Sealer::new(&key("1"), "file").unwrap();
        assert!(open(&other, 3, false).is_err(), "each file has its own key");
        assert!(matches!(Sealer::open(&key("2"), "file", &head), Err(SealError::WrongKey)));
        assert!(matches!(Sealer::open(&key("1"), "other", &head), Err(SealError::Tampered)));
        assert!(matches!(Sealer::open(&key("1"), "file", b"RIFF"), Err(SealError::Foreign)));
    }

    #[test]
    fn a_part_of_a_file_is_found_without_what_is_before_it() {
        let chunk = CHUNK as u64;
        let (head, whole) = (HEAD as u64, chunk + 16);
        let length = 2 * chunk + 10;
        let sealed = head + length + 3 * 16;
        assert_eq!(sealed_length(length), sealed);
        assert_eq!(span(&(0..1), length), Span { first: 0, end: 2, sealed: head..head + whole, skip: 0 });
        let middle = Span { first: 1, end: 2, sealed: head + whole..head + 2 * whole, skip: 5 };
        assert_eq!(span(&(chunk + 5..2 * chunk), length), middle);
        let rest = Span { first: 1, end: 2, sealed: head + whole..sealed, skip: 65_535 };
        assert_eq!(span(&(2 * chunk - 1..length), length), rest);
        assert_eq!(span(&(0..chunk), chunk), Span { first: 0, end: 0, sealed: head..head + whole, skip: 0 });
    }
}
