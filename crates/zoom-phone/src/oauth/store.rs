//! Where grants are kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::OwnedMutexGuard;

use super::Grant;
use super::seal::SealError;

/// Keeps grants by key: the name of the account or person they belong to, chosen by the program.
///
/// Writing takes the lock, because two who refresh the same grant lose it: each refresh ends the refresh token
/// before. The lock must exclude every process that uses the same store, and must end when its holder dies.
/// [`FileStore`](super::FileStore) shows how.
pub trait TokenStore: Send + Sync + 'static {
    /// Reads without the lock.
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Grant>, StoreError>>;

    /// Waits until nobody else holds the lock of this key, then holds it until the guard is dropped.
    fn lock<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Locked>, StoreError>>;
}

/// A locked key. Dropping it ends the lock.
pub trait Locked: Send {
    /// Reads what is there now.
    fn load(&mut self) -> BoxFuture<'_, Result<Option<Grant>, StoreError>>;

    /// Keeps a grant in place of the one before. When this returns it survives a power failure, where the store
    /// is on disk. [`StoreError::LockLost`] when somebody else has taken the lock since; then nothing was
    /// written.
    fn save<'a>(&'a mut self, grant: &'a Grant) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Forgets the grant.
    fn remove(&mut self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Why a grant could not be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else has held the lock for very long.
    #[error("another program has been refreshing {key} for more than {seconds} s; look whether it hangs")]
    Busy {
        /// The key.
        key: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The lock went to somebody else, because this process stood still for too long. Nothing was written.
    #[error("the lock of {key} was lost to another program; nothing was written")]
    LockLost {
        /// The key.
        key: String,
    },
    /// The record of this key does not open.
    #[error("the tokens kept for {key} cannot be opened")]
    Sealed {
        /// The key.
        key: String,
        /// Why not.
        #[source]
        source: SealError,
    },
    /// Sealed by this crate and yet no grant.
    #[error("the kept tokens are damaged; sign in again")]
    Unreadable,
    /// Kept by a newer version of this crate.
    #[error("the tokens were kept by a newer version (format {found}, this one knows 1); use that version")]
    Version {
        /// Its format.
        found: u8,
    },
    /// The key belongs to something else: to a person, where an account was meant, or the other way round.
    #[error("tokens of another kind are kept under {key}; choose another key")]
    Kind {
        /// The key.
        key: String,
    },
    /// No room on the disk. What was there before is still there.
    #[error("no room to keep tokens in {}; free some space", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file system refused.
    #[error("cannot use {}; check that it exists and may be read and written", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The store is closing down.
    #[error("the token store is closed")]
    Closed,
    /// A store of another kind cannot be used just now.
    #[error("the token store cannot be used now; try again later")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A store of another kind failed.
    #[error("the token store failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same request may succeed later, with nothing changed.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::LockLost { .. } | Self::Full { .. } | Self::Unavailable(_) => true,
            // A disk that comes back, too many open files; rights are somebody's to give.
            Self::File { source, .. } => source.kind() != std::io::ErrorKind::PermissionDenied,
            _ => false,
        }
    }
}

/// Keeps grants in memory: for tests, and for programs that ask for a sign-in at each start. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    slots: Arc<Mutex<HashMap<String, Arc<Slot>>>>,
}

#[derive(Debug, Default)]
struct Slot {
    grant: Mutex<Option<Grant>>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl MemoryStore {
    fn slot(&self, key: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.to_owned()).or_default())
    }
}

impl Slot {
    fn grant(&self) -> std::sync::MutexGuard<'_, Option<Grant>> {
        self.grant.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Grant>, StoreError>> {
        Box::pin(async move { Ok(self.slot(key).grant().clone()) })
    }

    fn lock<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Locked>, StoreError>> {
        Box::pin(async move {
            let slot = self.slot(key);
            let guard = Arc::clone(&slot.lock).lock_owned().await;
            Ok(Box::new(LockedSlot { slot, _guard: guard }) as Box<dyn Locked>)
        })
    }
}

struct LockedSlot {
    slot: Arc<Slot>,
    _guard: OwnedMutexGuard<()>,
}

impl Locked for LockedSlot {
    fn load(&mut self) -> BoxFuture<'_, Result<Option<Grant>, StoreError>> {
        Box::pin(async { Ok(self.slot.grant().clone()) })
    }

    fn save<'a>(&'a mut self, grant: &'a Grant) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            *self.slot.grant() = Some(grant.clone());
            Ok(())
        })
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            *self.slot.grant() = None;
            Ok(())
        })
    }
}
