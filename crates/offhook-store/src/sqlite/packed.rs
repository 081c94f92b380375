//! Facts as they are written to disk: JSON, compressed with a dictionary of how facts usually read.
//!
//! A call's facts are small (a few thousand bytes) and much alike from call to call: the dictionary is what makes
//! them small on disk. It is part of the schema of `calls.db`: another dictionary needs another schema step.

use std::{cell::RefCell, io, sync::LazyLock};

use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
};

/// Facts of two calls as they are serialized.
const USUAL: &[u8] = include_bytes!("packed.dictionary.json");

/// What more compression would save is not worth its time: folding is mostly this.
const LEVEL: i32 = 3;

/// No call's facts are this large; what says so is damaged.
const LARGEST: u64 = 256 * 1024 * 1024;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(USUAL, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(USUAL));

thread_local! {
    // Each takes longer to make than to use.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses.
pub(super) fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = match compressor {
            Some(compressor) => compressor,
            none => none.insert(Compressor::with_prepared_dictionary(&ENCODER)?),
        };
        compressor.compress(bytes)
    })
}

/// What was compressed.
pub(super) fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().filter(|size| *size <= LARGEST);
    let size = size.and_then(|size| usize::try_from(size).ok()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, "the compressed bytes do not say a believable size")
    })?;
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::with_prepared_dictionary(&DECODER)?),
        };
        decompressor.decompress(packed, size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_as_it_was() {
        let large = USUAL.repeat(50);
        for bytes in [&b""[..], b"[]", USUAL, &large] {
            let packed = pack(bytes).unwrap();
            assert_eq!(unpack(&packed).unwrap(), bytes);
        }
        assert!(pack(USUAL).unwrap().len() < USUAL.len() / 20, "the dictionary is used");
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let packed = pack(USUAL).unwrap();
        for damaged in [&packed[..packed.len() / 2], b"", b"[]", &[0xff; 64]] {
            unpack(damaged).unwrap_err();
        }
    }
}
