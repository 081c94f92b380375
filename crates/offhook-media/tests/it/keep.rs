//! Files are kept as they came, encrypted where that is asked, and known even when the database is lost.

use jiff::SignedDuration;
use offhook_media::{ArchiveError, Pass, Policy, Record, Verified};
use offhook_store::{MediaKind, MediaState};

use crate::rig::{Rig, Setup, fetch_all};

#[tokio::test]
async fn an_encrypted_file_shows_nothing_on_disk_and_any_part_of_it_can_be_read() {
    let mut rig = Rig::with(Setup { encrypt: true, ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    rig.pass().await;
    for media in rig.all().await {
        assert!(media.encrypted);
        let name = media.key.clone().unwrap();
        assert!(name.ends_with(".sealed"), "{name}");
        let path = rig.directory.path().join("media").join(&name);
        let sealed = std::fs::read(&path).unwrap();
        let plain = rig.bytes(&media).await;
        assert!(!sealed.windows(16).any(|window| window == &plain[..16]), "nothing of it is on disk");
        for part in [0..1, 5..100, 0..media.bytes.unwrap(), media.bytes.unwrap() - 3..media.bytes.unwrap()] {
            let (from, to) = (usize::try_from(part.start).unwrap(), usize::try_from(part.end).unwrap());
            assert_eq!(rig.part(&media, part.clone()).await, plain[from..to], "{part:?}");
        }
        assert_eq!(rig.archive.verify(&media.id).await.unwrap(), Verified::Intact);
        for damage in [sealed[..sealed.len() - 1].to_vec(), [&sealed[..90], b"x", &sealed[91..]].concat()] {
            std::fs::write(&path, damage).unwrap();
            let verified = rig.archive.verify(&media.id).await.unwrap();
            assert!(matches!(verified, Verified::Damaged(_)), "{verified:?}");
        }
    }
}

#[tokio::test]
async fn a_file_that_was_changed_or_is_missing_is_found_out() {
    let mut rig = Rig::new().await;
    rig.call("recorded").await;
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    let path = rig.directory.path().join("media").join(recording.key.clone().unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let damaged = rig.archive.verify(&recording.id).await.unwrap();
    assert!(matches!(damaged, Verified::Damaged(why) if why.contains("not those that were fetched")));
    std::fs::write(&path, &bytes[..10]).unwrap();
    let damaged = rig.archive.verify(&recording.id).await.unwrap();
    assert!(matches!(damaged, Verified::Damaged(why) if why.contains("missing")));
    std::fs::remove_file(&path).unwrap();
    let damaged = rig.archive.verify(&recording.id).await.unwrap();
    assert!(matches!(damaged, Verified::Damaged(why) if why.contains("not in the store")));
    assert!(matches!(rig.archive.verify("nothing").await, Err(ArchiveError::Unknown(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn only_their_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut rig = Rig::new().await;
    rig.call("recorded").await;
    rig.pass().await;
    for name in rig.files() {
        let path = rig.directory.path().join("media").join(name);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn a_lost_database_is_made_again_from_the_calls_and_the_store_with_its_holds() {
    let retention = || Policy { retention_days: Some(30), ..fetch_all() };
    let mut rig = Rig::with(Setup { policy: retention(), ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    let transcript = rig.one(MediaKind::Transcript).await;
    let now = rig.now();
    rig.archive.hold(&recording.id, "anna".into(), "case 7".into(), now).await.unwrap();
    rig.archive.purge(&transcript.id, Some("berta".into()), "asked to".into(), now).await.unwrap();
    let held = rig.one(MediaKind::Recording).await;
    let directory = rig.directory.clone();

    // The server is off, and the file is lost. The policy now leaves everything at Zoom.
    rig = rig
        .again_after(Setup { policy: Policy { fetch: false, ..retention() }, ..Setup::default() }, || {
            for name in ["work.db", "work.db-wal", "work.db-shm"] {
                let _ = std::fs::remove_file(directory.path().join(name));
            }
        })
        .await;
    rig.pass().await;
    assert_eq!(rig.one(MediaKind::Recording).await, held, "all of it is as it was");
    let transcript = rig.one(MediaKind::Transcript).await;
    assert_eq!((transcript.state, transcript.why.as_deref()), (MediaState::Deleted, Some("asked to")));
    // Its time is over, and the hold still holds.
    rig.pass_after(SignedDuration::from_hours(24 * 31)).await;
    assert_eq!(rig.one(MediaKind::Recording).await.state, MediaState::Here);
}

#[tokio::test]
async fn a_file_that_is_in_the_store_but_not_in_its_row_is_not_fetched_again() {
    let mut rig = Rig::new().await;
    rig.call("recorded").await;
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    // As if the process had ended between the file and its row.
    rig.store
        .change_media(&recording.id, |media| {
            media.want();
            media.key = None;
            media.sha256 = None;
            Some(Vec::new())
        })
        .await
        .unwrap();
    rig.fault("phoneDownloadRecordingFile", 1, zoom_phone_emulator::What::Reset {});
    assert_eq!(rig.pass().await, Pass::default(), "neither fetched nor failed");
    assert_eq!(rig.one(MediaKind::Recording).await, recording);
}

#[tokio::test]
async fn a_hold_that_is_put_on_before_a_file_is_found_in_the_store_holds_and_is_in_its_record() {
    let mut rig = Rig::new().await;
    rig.call("recorded").await;
    rig.pass().await;
    let id = rig.one(MediaKind::Recording).await.id;
    rig.store
        .change_media(&id, |media| {
            media.want();
            Some(Vec::new())
        })
        .await
        .unwrap();
    let held = rig.archive.hold(&id, "anna".into(), "case 7".into(), rig.now()).await.unwrap();
    assert_eq!(rig.pass().await, Pass::default(), "it is found, not fetched");
    let found = rig.one(MediaKind::Recording).await;
    assert_eq!((found.state, found.hold), (MediaState::Here, held.hold.clone()));
    let record = rig.directory.path().join(format!("media/{}/{id}.record", &id[..2]));
    let record: Record = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    assert_eq!(record.hold, held.hold);
}
