//! Secrets: leases between processes, each with a connection of its own.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use offhook_store::{Secrets, Store, StoreError};
use rusqlite::Connection;
use tempfile::TempDir;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Two processes, as far as the file can tell.
fn two(directory: &TempDir) -> (Secrets, Secrets) {
    (Secrets::open(directory.path()).unwrap(), Secrets::open(directory.path()).unwrap())
}

#[tokio::test]
async fn what_one_keeps_the_other_reads_and_a_file_is_not_needed_twice() {
    let directory = TempDir::new().unwrap();
    let (one, other) = two(&directory);
    assert_eq!(other.get("anna").await.unwrap(), None);
    let lease = one.lease("anna", at(0), MINUTE).await.unwrap().unwrap();
    for value in [b"first".as_slice(), b"second"] {
        assert!(one.put(&lease, value.to_vec()).await.unwrap());
        assert_eq!(other.get("anna").await.unwrap().as_deref(), Some(value));
    }
    assert_eq!(other.get("Anna").await.unwrap(), None);
    assert!(one.remove(&lease).await.unwrap());
    assert_eq!(other.get("anna").await.unwrap(), None);
}

#[tokio::test]
async fn a_lease_excludes_others_until_it_is_given_back() {
    let directory = TempDir::new().unwrap();
    let (one, other) = two(&directory);
    let lease = one.lease("anna", at(0), MINUTE).await.unwrap().unwrap();
    assert!(other.lease("anna", at(59), MINUTE).await.unwrap().is_none());
    assert!(one.lease("anna", at(59), MINUTE).await.unwrap().is_none(), "nor the same again");
    assert!(other.lease("berta", at(0), MINUTE).await.unwrap().is_some());
    one.release(lease).await.unwrap();
    assert!(other.lease("anna", at(1), MINUTE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lease_that_ran_out_goes_to_the_next_and_its_old_holder_can_do_nothing_any_more() {
    let directory = TempDir::new().unwrap();
    let (slow, next) = two(&directory);
    let old = slow.lease("anna", at(0), MINUTE).await.unwrap().unwrap();
    // Nobody has taken it: late, and still good.
    assert!(slow.put(&old, b"late".to_vec()).await.unwrap());
    let new = next.lease("anna", at(60), MINUTE).await.unwrap().unwrap();
    assert!(!slow.put(&old, b"too late".to_vec()).await.unwrap());
    assert!(!slow.remove(&old).await.unwrap());
    slow.release(old).await.unwrap();
    assert!(slow.lease("anna", at(61), MINUTE).await.unwrap().is_none(), "not its to give back");
    assert_eq!(next.get("anna").await.unwrap().as_deref(), Some(b"late".as_slice()));
    assert!(next.put(&new, b"new".to_vec()).await.unwrap());
    // Given back and taken again: still not the old holder's.
    next.release(new.clone()).await.unwrap();
    assert!(next.lease("anna", at(62), MINUTE).await.unwrap().is_some());
    assert!(!next.put(&new, b"old".to_vec()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_a_lease_at_once_one_gets_it() {
    let directory = TempDir::new().unwrap();
    let doors: Vec<Secrets> = (0..8).map(|_| Secrets::open(directory.path()).unwrap()).collect();
    for round in 0..20 {
        let now = at(round * 100);
        let taken = join_all(doors.iter().map(|door| door.lease("anna", now, MINUTE))).await;
        assert_eq!(taken.into_iter().filter(|lease| lease.as_ref().unwrap().is_some()).count(), 1);
    }
}

#[test]
fn many_processes_can_make_the_file_at_once_beside_a_running_offhook() {
    let directory = TempDir::new().unwrap();
    let _running = Store::open(directory.path()).unwrap();
    std::thread::scope(|scope| {
        let openers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Secrets::open(directory.path()).map(drop))).collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_file_of_a_newer_offhook_is_left_alone() {
    let directory = TempDir::new().unwrap();
    drop(Secrets::open(directory.path()).unwrap());
    let newer = Connection::open(directory.path().join("secrets.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    assert!(matches!(Secrets::open(directory.path()), Err(StoreError::TooNew { found: 99, .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn only_their_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().unwrap();
    let secrets = Secrets::open(directory.path()).unwrap();
    let lease = secrets.lease("anna", at(0), MINUTE).await.unwrap().unwrap();
    secrets.put(&lease, b"sealed".to_vec()).await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert!(files >= 2, "the database and its log");
}
