//! A folder of files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};

use super::ShelfError;

/// Bytes that are read at a time.
const BLOCK: u64 = 256 * 1024;

/// A folder of this machine. Drafts are below it too: a draft is moved to its name, never copied.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    pub(super) drafts: PathBuf,
}

impl Folder {
    /// This folder; it is made if it is not there, for its owner only.
    pub fn open(root: PathBuf) -> Result<Self, ShelfError> {
        let drafts = root.join("drafts");
        make(&drafts)?;
        Ok(Self { root, drafts })
    }

    pub(super) async fn keep(&self, draft: &Path, key: &str) -> Result<(), ShelfError> {
        let (draft, path) = (draft.to_owned(), self.root.join(key));
        blocking(move || place(&draft, &path)).await
    }

    pub(super) async fn write(&self, key: &str, bytes: Vec<u8>) -> Result<(), ShelfError> {
        let path = self.root.join(key);
        let draft = self.drafts.join(path.file_name().unwrap_or_default());
        blocking(move || {
            let written = create(&draft).and_then(|mut file| {
                file.write_all(&bytes)?;
                file.sync_all()
            });
            if let Err(error) = written {
                // Half a draft takes up room that is missing already.
                let _ = fs::remove_file(&draft);
                return Err(failed(&draft)(error));
            }
            place(&draft, &path)
        })
        .await
    }

    pub(super) async fn read_all(&self, key: &str) -> Result<Option<Vec<u8>>, ShelfError> {
        let path = self.root.join(key);
        blocking(move || match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path)(error)),
        })
        .await
    }

    pub(super) async fn read(
        &self,
        key: &str,
        part: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, ShelfError>>, ShelfError> {
        let (path, key) = (self.root.join(key), key.to_owned());
        let file = {
            let path = path.clone();
            let begin = part.start;
            blocking(move || {
                let mut file = File::open(&path).map_err(|error| match error.kind() {
                    ErrorKind::NotFound => ShelfError::Missing(key),
                    _ => failed(&path)(error),
                })?;
                file.seek(SeekFrom::Start(begin)).map_err(failed(&path))?;
                Ok(file)
            })
            .await?
        };
        let left = part.end.saturating_sub(part.start);
        let blocks = stream::try_unfold((file, left, path), |(mut file, left, path)| async move {
            if left == 0 {
                return Ok(None);
            }
            blocking(move || {
                let mut block = vec![0; usize::try_from(left.min(BLOCK)).unwrap_or(0)];
                file.read_exact(&mut block).map_err(failed(&path))?;
                let left = left - block.len() as u64;
                Ok(Some((Bytes::from(block), (file, left, path))))
            })
            .await
        });
        Ok(blocks.boxed())
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), ShelfError> {
        let path = self.root.join(key);
        remove(path.clone()).await?;
        blocking(move || match path.parent() {
            Some(parent) if parent.is_dir() => sync(parent),
            _ => Ok(()),
        })
        .await
    }
}

/// A new file in place of what was there, for its owner only.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a folder for its owner only.
pub(super) fn make(path: &Path) -> Result<(), ShelfError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed(path))
}

/// Deletes a file; that there is none is no error.
pub(crate) async fn remove(path: PathBuf) -> Result<(), ShelfError> {
    blocking(move || match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&path)(error)),
        _ => Ok(()),
    })
    .await
}

/// Moves a draft that is on disk to its name, and makes sure that the name is on disk.
fn place(draft: &Path, path: &Path) -> Result<(), ShelfError> {
    let parent = path.parent().unwrap_or(path);
    let known = parent.is_dir();
    make(parent)?;
    fs::rename(draft, path).map_err(failed(path))?;
    sync(parent)?;
    match parent.parent() {
        Some(root) if !known => sync(root),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<(), ShelfError> {
    File::open(folder).and_then(|open| open.sync_all()).map_err(failed(folder))
}

/// What an error of the operating system means for a file.
pub(crate) fn failed(path: &Path) -> impl Fn(io::Error) -> ShelfError + use<> {
    let path = path.to_owned();
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            ShelfError::Full(path.clone())
        }
        _ => ShelfError::Folder { path: path.clone(), source },
    }
}

/// Off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, ShelfError> + Send + 'static,
) -> Result<T, ShelfError> {
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|_| {
        let source = io::Error::other("the runtime is stopping");
        Err(ShelfError::Folder { path: PathBuf::new(), source })
    })
}
