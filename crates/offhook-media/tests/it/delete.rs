//! Files go when they have to, never under a legal hold, and a receipt stays.

use jiff::SignedDuration;
use offhook_media::{ArchiveError, Policy, Record};
use offhook_store::{AtZoom, Media, MediaKind, MediaState};
use serde_json::json;

use crate::rig::{ACCOUNT, CLIENT_ID, Rig, Setup, fetch_all};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

async fn kept(policy: Policy) -> Rig {
    let mut rig = Rig::with(Setup { policy, ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    rig.pass().await;
    assert_eq!(rig.files().len(), 2);
    rig
}

/// What stays in the place of a deleted file.
fn receipt(rig: &Rig, media: &Media) -> Record {
    let path = format!("media/{}/{}.record", &media.id[..2], media.id);
    serde_json::from_slice(&std::fs::read(rig.directory.path().join(path)).unwrap()).unwrap()
}

async fn at_zoom(rig: &mut Rig, method: &str) {
    let recording = rig.one(MediaKind::Recording).await;
    let url = format!("{}/v2/phone/recordings/{}", rig.zoom.origin(), recording.zoom_id);
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.request(method, url).bearer_auth(rig.zoom.token()).send().await.unwrap();
    assert!(answer.status().is_success());
    rig.zoom.advance(MINUTE).await;
    rig.hear().await;
}

#[tokio::test]
async fn what_has_outlived_its_retention_is_deleted_and_a_receipt_stays() {
    let mut rig = kept(Policy { retention_days: Some(30), ..fetch_all() }).await;
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(rig.pass_after(DAY * 29).await.deleted, 0);
    assert_eq!(rig.pass_after(DAY * 2).await.deleted, 2);
    assert_eq!(rig.files(), Vec::<String>::new());
    let gone = rig.one(MediaKind::Recording).await;
    assert_eq!((gone.state, gone.key), (MediaState::Deleted, None));
    assert!(gone.why.unwrap().contains("30 days"));
    let receipt = receipt(&rig, &recording);
    assert!(receipt.deleted.unwrap().why.contains("30 days"));
    assert_eq!(Some(receipt.sha256), recording.sha256);
    assert_eq!(rig.notes(&recording).await, ["fetched", "deleted"]);
    // It is not fetched again, though Zoom has it still.
    rig = rig.again(Setup { policy: fetch_all(), ..Setup::default() }).await;
    assert_eq!(rig.pass().await.fetched, 0);
}

#[tokio::test]
async fn nothing_deletes_what_is_under_legal_hold_until_it_is_released() {
    let mut rig = kept(Policy { retention_days: Some(30), ..fetch_all() }).await;
    let id = rig.one(MediaKind::Recording).await.id;
    let now = rig.now();
    rig.archive.hold(&id, "anna".into(), "case 7".into(), now).await.unwrap();
    at_zoom(&mut rig, "DELETE").await;
    at_zoom(&mut rig, "DELETE").await;
    rig.tell(&removal(&rig, CLIENT_ID)).await;
    rig.pass_after(DAY * 40).await;
    rig.pass().await;
    let held = rig.one(MediaKind::Recording).await;
    assert_eq!((held.state, held.at_zoom), (MediaState::Here, AtZoom::Purged));
    assert!(held.why.clone().unwrap().contains("when the legal hold is released"));
    assert_eq!(rig.notes(&held).await, ["fetched", "held", "kept"], "told once");
    let refused = rig.archive.purge(&id, None, "please".into(), now).await.unwrap_err();
    assert!(
        matches!(refused, ArchiveError::Held { .. }) && refused.to_string().contains("case 7"),
        "{refused}"
    );
    assert_eq!(rig.one(MediaKind::Transcript).await.state, MediaState::Deleted, "which nobody held");

    rig.archive.release(&id, Some("anna".into()), None, rig.now()).await.unwrap();
    assert_eq!(rig.pass().await.deleted, 1);
    assert_eq!(rig.files(), Vec::<String>::new());
    let late = rig.archive.hold(&id, "anna".into(), "case 8".into(), now).await;
    assert!(matches!(late, Err(ArchiveError::Deleted { .. })));
}

#[tokio::test]
async fn the_trash_marks_a_file_or_deletes_it_as_told_and_a_deletion_for_good_always_does() {
    let mut rig = kept(fetch_all()).await;
    at_zoom(&mut rig, "DELETE").await;
    assert_eq!(rig.pass().await.deleted, 0);
    let trashed = rig.one(MediaKind::Recording).await;
    assert_eq!((trashed.state, trashed.at_zoom), (MediaState::Here, AtZoom::Trashed));
    at_zoom(&mut rig, "DELETE").await;
    assert_eq!(rig.pass().await.deleted, 2, "with its transcript");
    assert_eq!(rig.files(), Vec::<String>::new());
    assert!(rig.one(MediaKind::Recording).await.why.unwrap().contains("for good at Zoom"));

    let mut rig = kept(Policy { follow_trash: true, ..fetch_all() }).await;
    at_zoom(&mut rig, "DELETE").await;
    assert_eq!(rig.pass().await.deleted, 2);
}

#[tokio::test]
async fn what_is_deleted_at_zoom_before_it_was_fetched_is_gone() {
    let mut rig = Rig::with(Setup { policy: Policy::default(), ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    rig.pass().await;
    at_zoom(&mut rig, "DELETE").await;
    at_zoom(&mut rig, "DELETE").await;
    rig.pass().await;
    assert_eq!(rig.one(MediaKind::Recording).await.state, MediaState::Gone);
}

/// The event of an app that was removed from the account.
fn removal(rig: &Rig, client_id: &str) -> serde_json::Value {
    json!({
        "event": "app_deauthorized",
        "event_ts": rig.now().as_millisecond(),
        "payload": {
            "account_id": ACCOUNT, "user_id": "u", "signature": "s", "client_id": client_id,
            "deauthorization_time": rig.now().to_string(),
        },
    })
}

#[tokio::test]
async fn when_the_app_is_removed_what_it_fetched_goes_and_what_comes_after_it_came_back_stays() {
    let mut rig = kept(fetch_all()).await;
    rig.tell(&removal(&rig, "another_app")).await;
    let mut may_stay = removal(&rig, CLIENT_ID);
    may_stay["payload"]["user_data_retention"] = json!("true");
    rig.tell(&may_stay).await;
    assert_eq!(rig.pass().await.deleted, 0, "neither another app nor one whose data may be kept");
    rig.tell(&removal(&rig, CLIENT_ID)).await;
    assert_eq!(rig.pass().await.deleted, 2);
    assert!(rig.one(MediaKind::Recording).await.why.unwrap().contains("the app was removed"));
    rig.call("recorded").await;
    let pass = rig.pass().await;
    assert_eq!((pass.fetched, pass.deleted), (2, 0), "somebody installed it again");
}

#[tokio::test]
async fn a_deletion_that_was_broken_off_is_ended() {
    let rig = kept(fetch_all()).await;
    let recording = rig.one(MediaKind::Recording).await;
    rig.store
        .change_media(&recording.id, |media| {
            media.rest(MediaState::Deleting, "a person said so");
            Some(Vec::new())
        })
        .await
        .unwrap();
    assert_eq!(rig.pass().await.deleted, 1);
    assert_eq!(rig.one(MediaKind::Recording).await.why.as_deref(), Some("a person said so"));
    assert_eq!(rig.files().len(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_deleted_says_so_and_holds_up_no_other() {
    let mut rig = kept(Policy { retention_days: Some(30), ..fetch_all() }).await;
    let recording = rig.one(MediaKind::Recording).await;
    // No file is there, but a folder with something in it.
    let path = rig.directory.path().join("media").join(recording.key.unwrap());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("in the way"), b"").unwrap();
    rig.zoom.advance(DAY * 31).await;
    rig.call("inbound_voicemail").await;
    for deleted in [1, 0] {
        let pass = rig.pass().await;
        assert_eq!(
            (pass.deleted, pass.fetched),
            (deleted, 2 * deleted),
            "the transcript goes, a voicemail comes"
        );
        let stuck = rig.one(MediaKind::Recording).await;
        assert_eq!(stuck.state, MediaState::Deleting);
        let why = stuck.why.unwrap();
        assert!(why.contains("30 days") && why.matches("not deleted yet: ").count() == 1, "{why}");
    }
    std::fs::remove_dir_all(&path).unwrap();
    assert_eq!(rig.pass().await.deleted, 1);
    let gone = rig.one(MediaKind::Recording).await;
    assert!(gone.state == MediaState::Deleted && gone.why.unwrap().ends_with("retention_days says"));
}

#[tokio::test]
async fn a_file_can_be_deleted_by_a_person_and_fetched_again_by_one() {
    let rig = kept(fetch_all()).await;
    let id = rig.one(MediaKind::Recording).await.id;
    let now = rig.now();
    rig.archive.purge(&id, Some("anna".into()), "asked to".into(), now).await.unwrap();
    assert_eq!(rig.files().len(), 1);
    assert_eq!(rig.pass().await.fetched, 0);
    rig.archive.want(&id, Some("berta".into()), now).await.unwrap();
    assert_eq!(rig.pass().await.fetched, 1);
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(rig.notes(&recording).await, ["fetched", "deleted", "asked", "fetched"]);
    assert_eq!(receipt(&rig, &recording).deleted, None);
}
