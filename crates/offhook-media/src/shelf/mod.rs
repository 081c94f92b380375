//! Where files are kept: a folder, or a bucket of an S3-compatible store. Beside each file is a small record of it, in
//! JSON, so that what is here is known even when the database is lost.

mod folder;
mod s3;

use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::Timestamp;
use offhook_store::{Hold, Media, MediaKind};
use serde::{Deserialize, Serialize};

pub use self::folder::Folder;
pub(crate) use self::folder::{blocking, create, failed};
pub use self::s3::{Bucket, S3, S3Error};

/// A store of files.
#[derive(Debug)]
pub enum Shelf {
    /// A folder of this machine.
    Folder(Folder),
    /// A bucket.
    S3(Box<S3>),
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// No room.
    #[error("the disk is full: {} cannot be written; free some space and it goes on by itself", .0.display())]
    Full(PathBuf),
    /// The folder or a file in it cannot be used.
    #[error("{} cannot be used; check that it exists and may be written to", path.display())]
    Folder {
        /// What was touched.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The bucket did not do it.
    #[error(transparent)]
    S3(#[from] S3Error),
    /// It is not there.
    #[error("{0} is not in the store")]
    Missing(String),
}

/// What is kept about a file beside it; of a deleted file, the receipt that stays in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Zoom account id.
    pub account: String,
    /// What it is.
    pub kind: MediaKind,
    /// Zoom's id of it.
    pub zoom_id: String,
    /// The call's preferred id when it was fetched.
    pub call_id: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Its name here.
    pub key: String,
    /// What it is made of.
    pub content_type: String,
    /// Its length before encryption.
    pub bytes: u64,
    /// SHA-256 of it before encryption, in hexadecimal.
    pub sha256: String,
    /// It is encrypted.
    pub encrypted: bool,
    /// The legal hold on it.
    pub hold: Option<Hold>,
    /// When and why it was deleted; `None` while it is here.
    pub deleted: Option<Deleted>,
}

/// Why a file is not here any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
    /// Who, where it was a person.
    pub who: Option<String>,
}

impl Record {
    /// The record of a file that is here.
    pub(crate) fn of(media: &Media) -> Option<Self> {
        Some(Self {
            account: media.account.clone(),
            kind: media.kind,
            zoom_id: media.zoom_id.clone(),
            call_id: media.call_id.clone(),
            recorded_at: media.recorded_at,
            fetched_at: media.fetched_at?,
            key: media.key.clone()?,
            content_type: media.content_type.clone()?,
            bytes: media.bytes?,
            sha256: media.sha256.clone()?,
            encrypted: media.encrypted,
            hold: media.hold.clone(),
            deleted: None,
        })
    }
}

/// The name of a file with this id and ending.
pub(crate) fn key(id: &str, ending: &str) -> String {
    format!("{}/{id}{ending}", id.get(..2).unwrap_or("00"))
}

/// The name of the record of the file with this id. No ending of a file is like it.
fn record_key(id: &str) -> String {
    key(id, ".record")
}

impl Shelf {
    /// The folder in which files are written before they are whole.
    pub(crate) fn drafts(&self) -> &Path {
        match self {
            Self::Folder(folder) => &folder.drafts,
            Self::S3(s3) => &s3.drafts,
        }
    }

    /// Keeps a whole draft under a name, in place of what was there, and ends the draft.
    pub(crate) async fn keep(&self, draft: &Path, key: &str) -> Result<(), ShelfError> {
        match self {
            Self::Folder(folder) => folder.keep(draft, key).await,
            Self::S3(s3) => {
                s3.put_file(key, draft).await?;
                folder::remove(draft.to_owned()).await
            }
        }
    }

    /// Keeps the record of a file. What it says holds from then on.
    pub(crate) async fn keep_record(&self, id: &str, record: &Record) -> Result<(), ShelfError> {
        let json = serde_json::to_vec_pretty(record).unwrap_or_default();
        match self {
            Self::Folder(folder) => folder.write(&record_key(id), json).await,
            Self::S3(s3) => Ok(s3.put(&record_key(id), json.into()).await?),
        }
    }

    /// The record of a file; `None` if there is none, or it cannot be read: then the file is fetched anew.
    pub(crate) async fn record(&self, id: &str) -> Result<Option<Record>, ShelfError> {
        let key = record_key(id);
        let json = match self {
            Self::Folder(folder) => folder.read_all(&key).await?,
            Self::S3(s3) => s3.get_all(&key).await?,
        };
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// A part of a file, as it lies there.
    pub(crate) async fn read(
        &self,
        key: &str,
        part: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, ShelfError>>, ShelfError> {
        match self {
            Self::Folder(folder) => folder.read(key, part).await,
            Self::S3(s3) => s3.read(key, part).await,
        }
    }

    /// Deletes a file; that there is none is no error.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), ShelfError> {
        match self {
            Self::Folder(folder) => folder.delete(key).await,
            Self::S3(s3) => Ok(s3.delete(key).await?),
        }
    }
}
