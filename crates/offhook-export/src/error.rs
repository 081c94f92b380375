//! What can go wrong with an export.

use std::{io, path::PathBuf};

use offhook_store::StoreError;

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The data directory cannot be read.
    #[error("the data directory cannot be read")]
    Store(#[from] StoreError),
    /// Whoever takes the stream has gone, or cannot take more.
    #[error("the export could not be passed on")]
    Stream(#[source] io::Error),
    /// A file or folder of the export cannot be written or read.
    #[error("cannot use {}; check that it can be written to and that there is room", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another export writes there.
    #[error("another export is writing to {}; wait for it, or choose another directory", .0.display())]
    InUse(PathBuf),
    /// What is there was exported otherwise.
    #[error(
        "{} was exported with other options ({options}); use those, another directory, or --full to replace it",
        path.display()
    )]
    OtherOptions {
        /// The directory.
        path: PathBuf,
        /// The options of then.
        options: String,
    },
    /// The export knows of more than there is.
    #[error(
        "{} was exported up to event {exported}, and this data directory has calls up to event {known} only: it is \
         another one, or it is still catching up; wait, or use --full to replace the export",
        path.display()
    )]
    Ahead {
        /// The directory.
        path: PathBuf,
        /// Its watermark.
        exported: u64,
        /// The data directory's.
        known: u64,
    },
    /// The note of how far an export has come is unreadable.
    #[error("{} is unreadable; use --full to export everything anew", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl ExportError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
