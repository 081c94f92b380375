//! Files of calls: recordings, voicemails, and what was said in them as text.
//!
//! ```text
//! calls --look--> rows in work.db --fetch--> folder or bucket --read--> whoever may hear it
//!                      |                           |
//!             judge: retention, deletion at Zoom,  '- beside each file a record of it: what it is, its hash,
//!             removal of the app; never a hold        a legal hold; of a deleted file, the receipt
//! ```
//!
//! A file is in the store under its name only when it is whole, checked and on disk. `work.db` is an index of the
//! store: when it is lost, it is made again from the calls and the records. Time is an argument of everything here.

mod content;
mod draft;
mod fetch;
mod item;
mod judge;
mod link;
mod open;
mod pass;
mod seal;
mod shelf;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use offhook_store::{Hold, Media, MediaNote, MediaState, Store, StoreError};
use tokio::sync::Notify;
use zoom_phone::client::Client;
use zoom_phone::oauth::seal::{SealError, SealKey};

pub use self::item::{Policy, id};
pub use self::link::{LinkError, Links};
pub use self::open::{Bytestream, Verified};
pub use self::pass::Pass;
pub use self::shelf::{Bucket, Deleted, Folder, Record, S3, S3Error, Shelf, ShelfError};

/// How files of one account are had.
#[derive(Debug, Clone)]
pub struct Source {
    /// A client of the account's app.
    pub client: Client,
    /// The app's client id: when this app is removed from the account, its files go.
    pub client_id: String,
}

/// What an archive needs to know.
#[derive(Debug)]
pub struct ArchiveConfig {
    /// What is fetched and kept.
    pub policy: Policy,
    /// Where.
    pub shelf: Shelf,
    /// What encrypts; needed to read what is encrypted, too.
    pub key: Option<SealKey>,
    /// Encrypt what is fetched from now on.
    pub encrypt: bool,
    /// By Zoom account id.
    pub sources: BTreeMap<String, Source>,
}

/// Why something was not done with files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// There is no such file.
    #[error("no file is known by {0:?}; `offhook media list` shows those there are")]
    Unknown(String),
    /// It is not in the store.
    #[error("{id} is not here (it is {}); `offhook media fetch {id}` fetches it", state.as_str())]
    NotHere {
        /// Which.
        id: String,
        /// How far it is.
        state: MediaState,
    },
    /// It is under legal hold.
    #[error("{id} is under legal hold by {who}: {reason}; release it first")]
    Held {
        /// Which.
        id: String,
        /// Who put it on.
        who: String,
        /// Why.
        reason: String,
    },
    /// It is gone, or about to be.
    #[error("{id} was deleted; nothing is left to hold")]
    Deleted {
        /// Which.
        id: String,
    },
    /// Something is encrypted, or is to be, and there is no key.
    #[error("there is no key to encrypt or decrypt with; set OFFHOOK_SECRET_KEY to the one that was used")]
    NoKey,
    /// Encryption failed.
    #[error("a file cannot be encrypted or decrypted")]
    Seal(#[from] SealError),
    /// The store of files failed.
    #[error("the store of files failed")]
    Shelf(#[from] ShelfError),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// Zoom failed in the middle of a file.
    #[error(transparent)]
    Zoom(#[from] zoom_phone::client::Error),
    /// The process is ending.
    #[error("Offhook is stopping; the file is fetched when it runs again")]
    Stopping,
}

/// The files of calls. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Archive {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    policy: Policy,
    shelf: Shelf,
    key: Option<SealKey>,
    encrypt: bool,
    sources: BTreeMap<String, Source>,
    /// Somebody wants something at once.
    at_once: Notify,
    /// Drafts that were begun.
    drafts: AtomicU64,
    /// What keeps files from being stored, such as a full disk.
    blocked: Mutex<Option<String>>,
}

impl Archive {
    /// The archive beside this store.
    pub fn new(store: Store, config: ArchiveConfig) -> Result<Self, ArchiveError> {
        let ArchiveConfig { policy, shelf, key, encrypt, sources } = config;
        if encrypt && key.is_none() {
            return Err(ArchiveError::NoKey);
        }
        let (at_once, drafts, blocked) = (Notify::new(), AtomicU64::new(0), Mutex::default());
        let inner = Inner { store, policy, shelf, key, encrypt, sources, at_once, drafts, blocked };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What is fetched and kept.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// What keeps files from being stored, such as a full disk; `None` when nothing does.
    pub fn blocked(&self) -> Option<String> {
        self.inner.blocked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn block(&self, why: Option<String>) {
        *self.inner.blocked.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// One file.
    pub async fn known(&self, id: &str) -> Result<Media, ArchiveError> {
        self.inner.store.media(id).await?.ok_or_else(|| ArchiveError::Unknown(id.to_owned()))
    }

    /// Has a file fetched, whatever the policy says. One that is here is left alone.
    pub async fn want(&self, id: &str, who: Option<String>, now: Timestamp) -> Result<Media, ArchiveError> {
        let change = move |media: &mut Media| {
            if matches!(media.state, MediaState::Here | MediaState::Fetching | MediaState::Deleting) {
                return None;
            }
            media.asked = true;
            media.want();
            let why = "a person asked for it".to_owned();
            Some(vec![note(media, "asked", who, why, now)])
        };
        let media = self.change(id, change).await?;
        self.inner.at_once.notify_one();
        Ok(media)
    }

    /// Puts a legal hold on a file, here or not: nothing deletes it until the hold is released. A second hold takes the
    /// place of the first.
    pub async fn hold(
        &self,
        id: &str,
        who: String,
        reason: String,
        now: Timestamp,
    ) -> Result<Media, ArchiveError> {
        let change = move |media: &mut Media| {
            if matches!(media.state, MediaState::Deleting | MediaState::Deleted) {
                return None;
            }
            let told = note(media, "held", Some(who.clone()), reason.clone(), now);
            media.hold = Some(Hold { who, reason, at: now });
            Some(vec![told])
        };
        let media = self.change(id, change).await?;
        if media.hold.is_none() {
            return Err(ArchiveError::Deleted { id: media.id });
        }
        self.write_record(&media).await?;
        Ok(media)
    }

    /// Releases a legal hold. What should have been deleted meanwhile is deleted soon.
    pub async fn release(
        &self,
        id: &str,
        who: Option<String>,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<Media, ArchiveError> {
        let change = move |media: &mut Media| {
            media.hold.take()?;
            let reason = reason.unwrap_or_else(|| "the hold was released".to_owned());
            Some(vec![note(media, "released", who, reason, now)])
        };
        let media = self.change(id, change).await?;
        self.write_record(&media).await?;
        self.inner.at_once.notify_one();
        Ok(media)
    }

    /// Beside a file that is here, what is now known of it.
    async fn write_record(&self, media: &Media) -> Result<(), ArchiveError> {
        if media.state == MediaState::Here
            && let Some(record) = Record::of(media)
        {
            self.inner.shelf.keep_record(&media.id, &record).await?;
        }
        Ok(())
    }

    async fn change<F>(&self, id: &str, change: F) -> Result<Media, ArchiveError>
    where
        F: FnOnce(&mut Media) -> Option<Vec<MediaNote>> + Send + 'static,
    {
        let changed = self.inner.store.change_media(id, change).await?;
        changed.ok_or_else(|| ArchiveError::Unknown(id.to_owned()))
    }
}

/// A receipt for something that was done to a file.
fn note(media: &Media, what: &str, who: Option<String>, why: String, at: Timestamp) -> MediaNote {
    MediaNote { at, media: media.id.clone(), what: what.to_owned(), who, why }
}
