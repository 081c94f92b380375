//! Reading a file that is kept: any part of it, decrypted on the way.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use offhook_store::{Media, MediaState};
use sha2::{Digest as _, Sha256};
use zoom_phone::oauth::seal::{SealError, SealKey};

use crate::seal::{HEAD, SEALED_CHUNK, Sealer, span};
use crate::shelf::{Shelf, ShelfError};
use crate::{Archive, ArchiveError};

/// The bytes of a file, as they come.
pub type Bytestream = BoxStream<'static, Result<Bytes, ArchiveError>>;

/// Whether a file is what it was when it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It is.
    Intact,
    /// It is not; why.
    Damaged(String),
}

impl Archive {
    /// A part of a file that is here. The part is within it.
    pub async fn read(&self, media: &Media, part: Range<u64>) -> Result<Bytestream, ArchiveError> {
        let (MediaState::Here, Some(key), Some(bytes)) = (media.state, &media.key, media.bytes) else {
            return Err(ArchiveError::NotHere { id: media.id.clone(), state: media.state });
        };
        if part.is_empty() || part.end > bytes {
            return Ok(stream::empty().boxed());
        }
        let shelf = &self.inner.shelf;
        if !media.encrypted {
            let plain = shelf.read(key, part).await?;
            return Ok(plain.map(|block| block.map_err(ArchiveError::from)).boxed());
        }
        let seal = self.inner.key.as_ref().ok_or(ArchiveError::NoKey)?;
        sealed(shelf, seal, &media.id, key, part, bytes).await
    }

    /// Reads a whole file, and compares it with what it was.
    pub async fn verify(&self, id: &str) -> Result<Verified, ArchiveError> {
        let media = self.known(id).await?;
        let whole = 0..media.bytes.unwrap_or(0);
        let mut hash = Sha256::new();
        let mut blocks = match self.read(&media, whole).await {
            Ok(blocks) => blocks,
            Err(error) => return damaged(error),
        };
        while let Some(block) = blocks.next().await {
            match block {
                Ok(block) => hash.update(&block),
                Err(error) => return damaged(error),
            }
        }
        if media.sha256 == Some(hex::encode(hash.finalize())) {
            Ok(Verified::Intact)
        } else {
            Ok(Verified::Damaged("its bytes are not those that were fetched".to_owned()))
        }
    }
}

/// What is wrong with the file is an answer; what keeps it from being read is an error.
fn damaged(error: ArchiveError) -> Result<Verified, ArchiveError> {
    match error {
        ArchiveError::Shelf(ShelfError::Missing(_)) => {
            Ok(Verified::Damaged("it is not in the store any more".to_owned()))
        }
        ArchiveError::Shelf(ShelfError::Folder { source, .. })
            if source.kind() == std::io::ErrorKind::UnexpectedEof =>
        {
            Ok(Verified::Damaged("a part of it is missing".to_owned()))
        }
        ArchiveError::Seal(SealError::Tampered | SealError::Foreign) => {
            Ok(Verified::Damaged("it does not open: it was changed or cut off".to_owned()))
        }
        error => Err(error),
    }
}

async fn sealed(
    shelf: &Shelf,
    seal: &SealKey,
    id: &str,
    key: &str,
    part: Range<u64>,
    bytes: u64,
) -> Result<Bytestream, ArchiveError> {
    let mut head = BytesMut::new();
    let mut blocks = shelf.read(key, 0..HEAD as u64).await?;
    while let Some(block) = blocks.next().await {
        head.extend_from_slice(&block?);
    }
    let sealer = Sealer::open(seal, id, &head)?;
    let span = span(&part, bytes);
    let left = part.end - part.start;
    let reading = Reading {
        blocks: shelf.read(key, span.sealed).await?,
        sealer,
        waiting: BytesMut::new(),
        number: span.first,
        end: span.end,
        skip: span.skip,
        left,
    };
    Ok(stream::try_unfold(reading, |mut reading| async move {
        Ok(reading.next().await?.map(|chunk| (chunk, reading)))
    })
    .boxed())
}

/// Chunks on their way.
struct Reading {
    blocks: BoxStream<'static, Result<Bytes, ShelfError>>,
    sealer: Sealer,
    waiting: BytesMut,
    /// Number of the next chunk.
    number: u64,
    /// Number of the last chunk of the file.
    end: u64,
    /// Bytes of the next chunk that were not asked for.
    skip: usize,
    /// Bytes that are still to come.
    left: u64,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, ArchiveError> {
        if self.left == 0 {
            return Ok(None);
        }
        while self.waiting.len() < SEALED_CHUNK {
            match self.blocks.next().await {
                Some(block) => self.waiting.extend_from_slice(&block?),
                None => break,
            }
        }
        let mut chunk = self.waiting.split_to(self.waiting.len().min(SEALED_CHUNK)).to_vec();
        self.sealer.unseal(self.number, self.number == self.end, &mut chunk)?;
        self.number += 1;
        let from = std::mem::take(&mut self.skip).min(chunk.len());
        let until = usize::try_from(self.left).unwrap_or(usize::MAX).saturating_add(from).min(chunk.len());
        self.left -= (until - from) as u64;
        Ok(Some(Bytes::from(chunk).slice(from..until)))
    }
}
