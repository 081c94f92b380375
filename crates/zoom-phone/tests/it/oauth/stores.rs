//! What every store promises, and what files do in trouble.

use std::path::{Path, PathBuf};
use std::time::Duration;

use zoom_phone::oauth::seal::{SealError, SealKey};
use zoom_phone::oauth::{FileStore, Grant, MemoryStore, StoreError, TokenStore};

use super::zoom::Zoom;

fn key(byte: &str) -> SealKey {
    SealKey::from_text(&byte.repeat(32).into()).unwrap()
}

async fn two_grants() -> [Grant; 2] {
    let zoom = Zoom::start().await;
    [zoom.sign_in().await, zoom.sign_in().await]
}

/// `other` is a second door to what `store` keeps.
async fn keeps_its_promises(store: impl TokenStore, other: impl TokenStore) {
    let [one, two] = two_grants().await;
    assert!(store.load("anna").await.unwrap().is_none());
    let mut locked = store.lock("anna").await.unwrap();
    locked.save(&one).await.unwrap();
    assert_eq!(other.load("anna").await.unwrap().unwrap().to_bytes(), one.to_bytes());
    locked.save(&two).await.unwrap();
    assert_eq!(locked.load().await.unwrap().unwrap().to_bytes(), two.to_bytes());
    assert!(store.load("Anna").await.unwrap().is_none(), "another key");
    // Another key has a lock of its own; the same key has not.
    drop(other.lock("berta").await.unwrap());
    let mut waiting = Box::pin(other.lock("anna"));
    let waited = tokio::time::timeout(Duration::from_millis(100), &mut waiting).await;
    assert!(waited.is_err(), "the lock was given twice");
    locked.remove().await.unwrap();
    locked.remove().await.unwrap();
    drop(locked);
    assert!(waiting.await.unwrap().load().await.unwrap().is_none());
}

#[tokio::test]
async fn memory_keeps_its_promises() {
    let store = MemoryStore::default();
    keeps_its_promises(store.clone(), store).await;
}

#[tokio::test]
async fn files_keep_their_promises() {
    let directory = tempfile::tempdir().unwrap();
    let open = || FileStore::open(directory.path().join("deep").join("tokens"), key("01")).unwrap();
    keeps_its_promises(open(), open()).await;
}

async fn with_one_grant(directory: &Path) -> (FileStore, PathBuf) {
    let store = FileStore::open(directory, key("01")).unwrap();
    let [grant, _] = two_grants().await;
    store.lock("anna").await.unwrap().save(&grant).await.unwrap();
    (store, file_of(directory, "grant"))
}

fn file_of(directory: &Path, extension: &str) -> PathBuf {
    let mut paths = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|it| it == extension)).unwrap()
}

fn sealed_error(error: StoreError) -> SealError {
    match error {
        StoreError::Sealed { key, source } if key == "anna" => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_key_a_changed_file_and_a_foreign_file_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let (store, path) = with_one_grant(directory.path()).await;
    let wrong = FileStore::open(directory.path(), key("02")).unwrap();
    let error = wrong.load("anna").await.unwrap_err();
    assert!(!error.retry_helps());
    assert!(matches!(sealed_error(error), SealError::WrongKey));
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bad).unwrap();
    assert!(matches!(sealed_error(store.load("anna").await.unwrap_err()), SealError::Tampered));
    for foreign in [b"".as_slice(), b"{\"access_token\":\"x\"}", &good[..20]] {
        std::fs::write(&path, foreign).unwrap();
        assert!(matches!(sealed_error(store.load("anna").await.unwrap_err()), SealError::Foreign));
    }
}

#[tokio::test]
async fn the_grant_of_one_key_cannot_be_moved_to_another() {
    let directory = tempfile::tempdir().unwrap();
    let (store, path) = with_one_grant(directory.path()).await;
    let [_, grant] = two_grants().await;
    let before = std::fs::read(&path).unwrap();
    store.lock("berta").await.unwrap().save(&grant).await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let other = entry.unwrap().path();
        if other.extension().is_some_and(|it| it == "grant") && other != path {
            std::fs::write(other, &before).unwrap();
        }
    }
    let error = store.load("berta").await.unwrap_err();
    assert!(matches!(error, StoreError::Sealed { source: SealError::Tampered, .. }), "{error:?}");
}

#[tokio::test]
async fn a_draft_that_a_crash_left_behind_is_no_hindrance() {
    let directory = tempfile::tempdir().unwrap();
    let (store, path) = with_one_grant(directory.path()).await;
    std::fs::write(path.with_extension("draft"), "half a gr").unwrap();
    let [_, grant] = two_grants().await;
    store.lock("anna").await.unwrap().save(&grant).await.unwrap();
    assert_eq!(store.load("anna").await.unwrap().unwrap().to_bytes(), grant.to_bytes());
    assert!(!path.with_extension("draft").exists());
}

#[test]
fn a_file_system_in_trouble_may_recover_and_missing_rights_do_not() {
    let error = |kind: std::io::ErrorKind| StoreError::File { path: PathBuf::new(), source: kind.into() };
    assert!(error(std::io::ErrorKind::ResourceBusy).retry_helps());
    assert!(!error(std::io::ErrorKind::PermissionDenied).retry_helps());
}

#[cfg(unix)]
#[tokio::test]
async fn only_their_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("tokens");
    with_one_grant(&directory).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!((mode(&file_of(&directory, "grant")), mode(&file_of(&directory, "lock"))), (0o600, 0o600));
}

#[cfg(unix)]
#[test]
fn a_key_file_is_made_once_for_its_owner_alone_and_refused_when_others_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let sealed = SealKey::from_file(&path).unwrap().seal("anna", b"text").unwrap();
    assert_eq!(SealKey::from_file(&path).unwrap().open("anna", &sealed).unwrap().as_slice(), b"text");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(SealKey::from_file(&path), Err(SealError::KeyFileOpen(_))));
    let nowhere = directory.path().join("none").join("key");
    assert!(matches!(SealKey::from_file(&nowhere), Err(SealError::KeyFile { .. })));
}

#[test]
fn of_many_who_make_a_key_file_at_once_all_have_the_same_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let keys: Vec<SealKey> = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| SealKey::from_file(&path).unwrap())).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    let sealed = keys[0].seal("anna", b"text").unwrap();
    assert!(keys.iter().all(|key| key.open("anna", &sealed).is_ok()));
}
