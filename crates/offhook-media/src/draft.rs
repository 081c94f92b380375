//! A file while it comes: written under a name of its own on a thread of its own, hashed and encrypted on the way.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zoom_phone::oauth::seal::SealKey;

use crate::ArchiveError;
use crate::seal::{CHUNK, Sealer};
use crate::shelf::{create, failed};

/// Pieces that may wait to be written.
const WAITING: usize = 8;

/// A file that is being written. Dropped before [`Draft::finish`], it is deleted.
pub(crate) struct Draft {
    path: PathBuf,
    pieces: mpsc::Sender<Option<Bytes>>,
    written: JoinHandle<Result<Written, ArchiveError>>,
}

/// What was written.
#[derive(Debug)]
pub(crate) struct Written {
    /// Where; its bytes are on disk.
    pub(crate) path: PathBuf,
    /// Length before encryption.
    pub(crate) bytes: u64,
    /// SHA-256 before encryption, in hexadecimal.
    pub(crate) sha256: String,
}

impl Draft {
    /// A draft of the file with this id, encrypted if there is a key. The writer of a try that was broken off may still
    /// be at work on its own draft, which is named after the number of that try.
    pub(crate) fn begin(
        folder: &Path,
        id: &str,
        number: u64,
        key: Option<&SealKey>,
    ) -> Result<Self, ArchiveError> {
        let path = folder.join(format!("{id}.{number}"));
        let sealer = key.map(|key| Sealer::new(key, id)).transpose()?;
        let (pieces, mut waiting) = mpsc::channel(WAITING);
        let place = path.clone();
        let written = tokio::task::spawn_blocking(move || {
            let written = write(&place, sealer, || waiting.blocking_recv());
            if !matches!(written, Ok(Some(_))) {
                // Half a file is of no use to anybody.
                let _ = std::fs::remove_file(&place);
            }
            written?.ok_or(ArchiveError::Stopping)
        });
        Ok(Self { path, pieces, written })
    }

    /// Writes the next piece. `false`: writing failed, and [`Draft::finish`] says why.
    pub(crate) async fn push(&self, piece: Bytes) -> bool {
        self.pieces.send(Some(piece)).await.is_ok()
    }

    /// Ends it; then it is whole and on disk.
    pub(crate) async fn finish(self) -> Result<Written, ArchiveError> {
        // If the writer is gone, it has a reason.
        let _ = self.pieces.send(None).await;
        drop(self.pieces);
        let written = self.written.await.map_err(|_| ArchiveError::Stopping)?;
        written.map(|written| Written { path: self.path, ..written })
    }
}

/// Writes all pieces; `None` when they ended without an end.
fn write(
    path: &Path,
    sealer: Option<(Sealer, Vec<u8>)>,
    mut next: impl FnMut() -> Option<Option<Bytes>>,
) -> Result<Option<Written>, ArchiveError> {
    let fails = failed(path);
    let mut file = BufWriter::with_capacity(CHUNK, create(path).map_err(&fails)?);
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut chunks = match sealer {
        Some((sealer, head)) => {
            file.write_all(&head).map_err(&fails)?;
            Some(Chunks { sealer, number: 0, chunk: Vec::with_capacity(CHUNK + 16) })
        }
        None => None,
    };
    loop {
        let Some(piece) = next() else { return Ok(None) };
        let Some(piece) = piece else { break };
        hash.update(&piece);
        bytes += piece.len() as u64;
        match &mut chunks {
            Some(chunks) => chunks.take(&piece, &mut file, path)?,
            None => file.write_all(&piece).map_err(&fails)?,
        }
    }
    if let Some(mut chunks) = chunks {
        chunks.put(true, &mut file, path)?;
    }
    let file = file.into_inner().map_err(|error| fails(error.into_error()))?;
    file.sync_all().map_err(&fails)?;
    Ok(Some(Written { path: path.to_owned(), bytes, sha256: hex::encode(hash.finalize()) }))
}

/// Fills chunks and writes them encrypted. A chunk is written when it is known whether another follows.
struct Chunks {
    sealer: Sealer,
    number: u64,
    chunk: Vec<u8>,
}

impl Chunks {
    fn take(
        &mut self,
        mut piece: &[u8],
        file: &mut BufWriter<File>,
        path: &Path,
    ) -> Result<(), ArchiveError> {
        while !piece.is_empty() {
            if self.chunk.len() == CHUNK {
                self.put(false, file, path)?;
            }
            let (now, later) = piece.split_at(piece.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            piece = later;
        }
        Ok(())
    }

    fn put(&mut self, last: bool, file: &mut BufWriter<File>, path: &Path) -> Result<(), ArchiveError> {
        self.sealer.seal(self.number, last, &mut self.chunk)?;
        file.write_all(&self.chunk).map_err(failed(path))?;
        self.chunk.clear();
        self.number += 1;
        Ok(())
    }
}
