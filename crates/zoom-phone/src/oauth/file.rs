//! Grants in files, sealed: one for each key, in a directory of their own.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::Grant;
use super::seal::SealKey;
use super::store::{Locked, StoreError, TokenStore};

/// How often a lock that another process holds is tried.
const TRY_EVERY: Duration = Duration::from_millis(25);
/// How long at most. A refresh takes two tries of ten seconds at worst.
const WAIT_AT_MOST: Duration = Duration::from_mins(1);

/// Keeps grants in sealed files that only their owner may read, for any number of processes on one machine.
///
/// A file is replaced as a whole, and is on the disk before [`Locked::save`] returns. The lock is the operating
/// system's (`flock`), so it ends with the process that holds it. Not for network file systems that have no locks.
/// Cloning shares it.
#[derive(Debug, Clone)]
pub struct FileStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    key: SealKey,
}

impl FileStore {
    /// A store in this directory, which is made if need be. Blocks for a moment.
    pub fn open(directory: impl Into<PathBuf>, key: SealKey) -> Result<Self, StoreError> {
        let directory = directory.into();
        if !directory.is_dir() {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::DirBuilderExt as _;
                builder.mode(0o700);
            }
            builder
                .create(&directory)
                .and_then(|()| sync_directory_of(&directory))
                .map_err(|source| failed(&directory, source))?;
        }
        Ok(Self { inner: Arc::new(Inner { directory, key }) })
    }
}

impl Inner {
    /// The name says nothing about the key, and suits every file system whatever the key is.
    fn path(&self, key: &str, suffix: &str) -> PathBuf {
        let name = hex::encode(&Sha256::digest(key.as_bytes())[..16]);
        self.directory.join(format!("{name}.{suffix}"))
    }

    fn load(&self, key: &str) -> Result<Option<Grant>, StoreError> {
        let path = self.path(key, "grant");
        let sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, error)),
        };
        let plain = self
            .key
            .open(key, &sealed)
            .map_err(|source| StoreError::Sealed { key: key.to_owned(), source })?;
        Grant::from_bytes(&plain).map(Some)
    }

    /// Only under the lock: two would use the same draft.
    fn save(&self, key: &str, grant: &Grant) -> Result<(), StoreError> {
        let sealed = self
            .key
            .seal(key, &grant.to_bytes())
            .map_err(|source| StoreError::Sealed { key: key.to_owned(), source })?;
        let (path, draft) = (self.path(key, "grant"), self.path(key, "draft"));
        let written = private(&draft)
            .and_then(|mut file| {
                file.write_all(&sealed)?;
                file.sync_all()
            })
            .and_then(|()| std::fs::rename(&draft, &path))
            .and_then(|()| sync_directory_of(&path));
        written.map_err(|source| failed(&path, source))
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        let path = self.path(key, "grant");
        match std::fs::remove_file(&path).and_then(|()| sync_directory_of(&path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|source| failed(&path, source)),
        }
    }

    /// The file of a lock stays for ever: one that was deleted and made anew would be two.
    fn try_lock(&self, key: &str) -> Result<Option<File>, StoreError> {
        let path = self.path(key, "lock");
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        owner_only(&mut options);
        let file = options.open(&path).map_err(|source| failed(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(&path, source)),
        }
    }

    /// Off the async threads.
    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        key: &str,
        work: impl FnOnce(&Self, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (inner, key) = (Arc::clone(self), key.to_owned());
        tokio::task::spawn_blocking(move || work(&inner, &key)).await.map_err(|_| StoreError::Closed)?
    }
}

impl TokenStore for FileStore {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Grant>, StoreError>> {
        Box::pin(self.inner.run(key, Inner::load))
    }

    fn lock<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Locked>, StoreError>> {
        Box::pin(async move {
            let began = Instant::now();
            // Tried again and again instead of waited for: a thread that waits for a lock cannot be called back.
            loop {
                if let Some(file) = self.inner.run(key, Inner::try_lock).await? {
                    let locked = LockedFile {
                        inner: Arc::clone(&self.inner),
                        key: key.to_owned(),
                        file: Arc::new(file),
                    };
                    return Ok(Box::new(locked) as Box<dyn Locked>);
                }
                if began.elapsed() >= WAIT_AT_MOST {
                    return Err(StoreError::Busy { key: key.to_owned(), seconds: WAIT_AT_MOST.as_secs() });
                }
                tokio::time::sleep(TRY_EVERY.mul_f64(0.5 + rand::random::<f64>())).await;
            }
        })
    }
}

struct LockedFile {
    inner: Arc<Inner>,
    key: String,
    /// Closing it ends the lock.
    file: Arc<File>,
}

impl Locked for LockedFile {
    fn load(&mut self) -> BoxFuture<'_, Result<Option<Grant>, StoreError>> {
        Box::pin(self.inner.run(&self.key, Inner::load))
    }

    fn save<'a>(&'a mut self, grant: &'a Grant) -> BoxFuture<'a, Result<(), StoreError>> {
        // The lock goes along: it must not end before the write does, should this future be dropped.
        let (grant, lock) = (grant.clone(), Arc::clone(&self.file));
        Box::pin(self.inner.run(&self.key, move |inner, key| {
            let _lock = lock;
            inner.save(key, &grant)
        }))
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        let lock = Arc::clone(&self.file);
        Box::pin(self.inner.run(&self.key, move |inner, key| {
            let _lock = lock;
            inner.remove(key)
        }))
    }
}

/// A new, empty file for its owner alone, in place of one that a crash left behind.
fn private(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.create_new(true).write(true);
    owner_only(&mut options);
    options.open(path)
}

#[cfg(unix)]
fn owner_only(options: &mut std::fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut std::fs::OpenOptions) {}

/// Makes sure that a name is on the disk, and not only the file behind it. Windows has no such thing.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn failed(path: &Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            StoreError::Full { path, source }
        }
        _ => StoreError::File { path, source },
    }
}
