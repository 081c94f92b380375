//! Files come, whatever Zoom does.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, http::HeaderMap, routing::get};
use jiff::SignedDuration;
use offhook_media::{Policy, Verified};
use offhook_store::{MediaFilter, MediaKind, MediaState};
use tokio::net::TcpListener;
use zoom_phone_emulator::{NotReady, Temper, What};

use crate::rig::{ACCOUNT, Rig, Setup, eventually, fetch_all};

const FILE: &str = "phoneDownloadRecordingFile";
const RECORD: &str = "getPhoneRecordingByCallElementId";

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A company with one recorded call, of which nothing was fetched yet.
async fn recorded(temper: Temper) -> Rig {
    let mut rig = Rig::with(Setup::default(), |zoom| zoom.temper(temper)).await;
    rig.call("recorded").await;
    rig
}

#[tokio::test]
async fn a_recording_and_its_transcript_are_fetched_once_and_are_what_zoom_has() {
    for temper in [Temper::Documented, Temper::Field] {
        let mut rig = recorded(temper).await;
        let pass = rig.pass().await;
        assert_eq!((pass.new, pass.fetched, pass.failed), (2, 2, 0), "{temper:?}: {:#?}", rig.all().await);
        let recording = rig.one(MediaKind::Recording).await;
        assert_eq!(
            (recording.state, recording.content_type.as_deref()),
            (MediaState::Here, Some("audio/mpeg"))
        );
        let bytes = rig.bytes(&recording).await;
        assert_eq!(bytes.len() as u64, recording.bytes.unwrap());
        assert_eq!(bytes[..2], [0xff, 0xf3], "the sound itself");
        let transcript = rig.one(MediaKind::Transcript).await;
        let said: serde_json::Value = serde_json::from_slice(&rig.bytes(&transcript).await).unwrap();
        assert_eq!(said["recording_id"], recording.zoom_id.as_str());
        for media in rig.all().await {
            assert_eq!(rig.archive.verify(&media.id).await.unwrap(), Verified::Intact);
            assert_eq!(rig.notes(&media).await, ["fetched"]);
        }
        assert!(rig.files().iter().all(|name| !name.starts_with("drafts")), "{:?}", rig.files());
        // Nothing is fetched twice: not by a later pass, not after a restart, not when told of again.
        rig.fault(FILE, 1, What::Reset {});
        rig = rig.again(Setup::default()).await;
        rig.archive.restart().await.unwrap();
        assert_eq!(rig.pass_after(MINUTE).await, offhook_media::Pass::default());
    }
}

#[tokio::test]
async fn a_voicemail_and_what_was_said_in_it_are_fetched() {
    let mut rig = Rig::new().await;
    rig.call("inbound_voicemail").await;
    rig.pass().await;
    let voicemail = rig.one(MediaKind::Voicemail).await;
    assert_eq!(voicemail.state, MediaState::Here, "{voicemail:#?}");
    assert_eq!(voicemail.content_type.as_deref(), Some("audio/mpeg"));
    let text = rig.one(MediaKind::VoicemailTranscript).await;
    assert_eq!(text.content_type.as_deref(), Some("text/plain"), "{text:#?}");
    assert!(!rig.bytes(&text).await.is_empty());
}

#[tokio::test]
async fn without_a_policy_files_are_known_and_stay_at_zoom_until_somebody_asks() {
    let mut rig = Rig::with(Setup { policy: Policy::default(), ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    let pass = rig.pass().await;
    assert_eq!((pass.new, pass.fetched), (2, 0));
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(recording.state, MediaState::Skipped);
    rig.archive.want(&recording.id, Some("anna".to_owned()), rig.now()).await.unwrap();
    assert_eq!(rig.pass().await.fetched, 1);
    assert_eq!(rig.one(MediaKind::Transcript).await.state, MediaState::Skipped);
    assert_eq!(rig.notes(&recording).await, ["asked", "fetched"]);
    // Another policy looks at old calls, too.
    rig = rig.again(Setup::default()).await;
    assert_eq!(rig.pass().await.fetched, 1);
    assert_eq!(rig.one(MediaKind::Transcript).await.state, MediaState::Here);
}

#[tokio::test]
async fn a_policy_takes_the_kinds_queues_people_and_ages_that_it_names() {
    let mut rig = recorded(Temper::Documented).await;
    let call = rig.one_call().await;
    let leg = call.legs.iter().find(|leg| leg.party.user_id.is_some()).unwrap();
    let me = leg.party.extension_number.clone().unwrap();
    let of = |change: fn(&mut Policy)| {
        let mut policy = fetch_all();
        change(&mut policy);
        policy
    };
    let mut person = fetch_all();
    person.people = vec!["nobody".to_owned(), me];
    let cases = [
        (of(|policy| policy.people = vec!["nobody".to_owned()]), 0),
        (of(|policy| policy.queues = vec!["Sales nowhere".to_owned()]), 0),
        (of(|policy| policy.max_age_days = Some(0)), 0),
        (of(|policy| policy.kinds = vec![MediaKind::Voicemail]), 0),
        (of(|policy| policy.kinds = vec![MediaKind::Transcript]), 1),
        (person, 2),
    ];
    for (policy, wanted) in cases {
        rig = rig.again(Setup { policy: policy.clone(), ..Setup::default() }).await;
        rig.archive.pass(rig.now()).await.unwrap();
        let all = rig.all().await;
        let here = all.iter().filter(|media| media.state == MediaState::Here).count();
        assert_eq!(here, wanted, "{policy:?}: {all:#?}");
    }
}

#[tokio::test]
async fn a_link_that_is_over_is_read_again_at_once() {
    for status in [401, 403, 404, 410] {
        let rig = recorded(Temper::Documented).await;
        // A refused token is renewed and tried once more; then it is the link's fault.
        let times = if status == 401 { 2 } else { 1 };
        rig.fault(FILE, times, What::Status { status, html: None, limit: None, retry_after: None });
        let pass = rig.pass().await;
        assert_eq!((pass.fetched, pass.failed), (2, 0), "{status}: {:#?}", rig.all().await);
    }
}

#[tokio::test]
async fn what_is_not_ready_is_waited_for_longer_each_time_and_comes() {
    let mut rig = recorded(Temper::Documented).await;
    // The link of the event is too old to be tried.
    rig.zoom.advance(SignedDuration::from_mins(11)).await;
    for answer in [NotReady::NotFound, NotReady::Code802] {
        rig.fault(RECORD, 1, What::NotReady { answer });
    }
    assert_eq!(rig.pass().await.failed, 1);
    let first = rig.one(MediaKind::Recording).await;
    assert_eq!(first.state, MediaState::NotReady, "{first:#?}");
    assert_eq!(rig.pass_after(SignedDuration::from_secs(29)).await.failed, 0, "not before its time");
    assert_eq!(rig.pass_after(SignedDuration::from_secs(1)).await.failed, 1);
    let second = rig.one(MediaKind::Recording).await;
    assert_eq!((second.state, second.tries), (MediaState::NotReady, 2));
    assert_eq!(second.next_try.unwrap().duration_since(rig.now()), MINUTE);
    assert_eq!(rig.pass_after(MINUTE).await.fetched, 1);
    assert_eq!(rig.one(MediaKind::Recording).await.state, MediaState::Here);
}

#[tokio::test]
async fn what_zoom_never_had_or_has_no_more_is_given_up() {
    let mut rig = recorded(Temper::Documented).await;
    rig.fault(RECORD, 100, What::Status { status: 404, html: None, limit: None, retry_after: None });
    rig.zoom.advance(SignedDuration::from_hours(100)).await;
    for _ in 0..3 {
        rig.pass_after(SignedDuration::from_hours(1)).await;
    }
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!((recording.state, recording.next_try), (MediaState::Gone, None), "{recording:#?}");
}

#[tokio::test]
async fn a_page_for_people_is_never_kept_as_sound() {
    let mut rig = recorded(Temper::Documented).await;
    // The link of the event, and the one that is read then.
    rig.fault(FILE, 2, What::WebPage {});
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(recording.state, MediaState::Failed);
    assert!(recording.why.unwrap().contains("web page"));
    assert!(!rig.files().iter().any(|name| name.contains(".mp3")), "{:?}", rig.files());
    assert_eq!(rig.pass_after(MINUTE).await.fetched, 1, "the next try");
}

#[tokio::test]
async fn a_transfer_that_breaks_off_leaves_nothing_half_behind() {
    let mut rig = recorded(Temper::Documented).await;
    rig.fault(FILE, 1, What::HalfClosed {});
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(recording.state, MediaState::Failed, "{recording:#?}");
    // The thread that wrote it takes it away.
    eventually("no draft is left", || {
        (!rig.files().iter().any(|name| name.starts_with("drafts"))).then_some(())
    })
    .await;
    assert!(!rig.files().iter().any(|name| name.contains(".mp3")));
    assert_eq!(rig.pass_after(MINUTE).await.fetched, 1);
}

#[tokio::test]
async fn a_process_that_ends_in_the_middle_of_a_file_fetches_it_when_it_runs_again() {
    let mut rig = recorded(Temper::Documented).await;
    rig.fault(FILE, 1, What::SlowBody { milliseconds: 3_000 });
    let archive = rig.archive.clone();
    let now = rig.now();
    let pass = tokio::spawn(async move { archive.pass(now).await });
    eventually("a draft", || rig.files().iter().any(|name| name.starts_with("drafts")).then_some(())).await;
    pass.abort();
    pass.await.unwrap_err();
    // As kill -9 would leave it: half a draft, and a row that says it is coming.
    assert_eq!(rig.one(MediaKind::Recording).await.state, MediaState::Fetching);
    rig = rig.again(Setup::default()).await;
    std::fs::write(rig.directory.path().join("media/drafts/half"), b"half a file").unwrap();
    rig.archive.restart().await.unwrap();
    assert!(!rig.files().iter().any(|name| name.starts_with("drafts")), "{:?}", rig.files());
    rig.pass().await;
    assert_eq!(rig.one(MediaKind::Recording).await.state, MediaState::Here);
}

#[tokio::test]
async fn a_full_disk_is_told_and_waited_for_with_nothing_half_there() {
    let mut policy = fetch_all();
    policy.kinds = vec![MediaKind::Recording];
    let mut rig = Rig::with(Setup { policy, ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    // Whatever is written there does not fit.
    let id = offhook_media::id(ACCOUNT, MediaKind::Recording, &rig.one_call().await.recordings[0].id);
    let draft = rig.directory.path().join("media/drafts").join(format!("{id}.0"));
    std::os::unix::fs::symlink("/dev/full", &draft).unwrap();
    rig.pass().await;
    let blocked = rig.archive.blocked().unwrap();
    assert!(blocked.contains("the disk is full"), "{blocked}");
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(recording.state, MediaState::Failed);
    assert!(recording.why.unwrap().contains("free some space"));
    assert_eq!(rig.files(), Vec::<String>::new());
    // The next draft is another.
    assert_eq!(rig.pass_after(MINUTE).await.fetched, 1);
    assert_eq!(rig.archive.blocked(), None);
}

#[tokio::test]
async fn no_token_goes_to_another_host_and_nothing_is_fetched_unencrypted_from_one() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = format!("http://{}/take", listener.local_addr().unwrap());
    let take = move |_: HeaderMap| async move {
        count.fetch_add(1, Ordering::Relaxed);
        "mine"
    };
    let router = Router::new().route("/take", get(take));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let rig = recorded(Temper::Documented).await;
    rig.fault(FILE, 2, What::Redirect { location: Some(other) });
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(recording.state, MediaState::Failed);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let why = recording.why.unwrap();
    assert!(why.contains("https only") && !why.contains("/take"), "{why}");
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_fills_the_disk() {
    let mut policy = fetch_all();
    policy.max_bytes = 1000;
    let mut rig = Rig::with(Setup { policy, ..Setup::default() }, |zoom| zoom).await;
    rig.call("recorded").await;
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(recording.state, MediaState::Refused);
    assert!(recording.why.unwrap().contains("media.max_megabytes"));
}

#[tokio::test]
async fn an_app_without_the_scope_says_which_and_comes_back_hours_later() {
    let rig = Rig::with(Setup::default(), |zoom| {
        zoom.apps([zoom_phone_emulator::App {
            scopes: vec!["phone:read:call_log:admin".to_owned()],
            ..zoom_phone_emulator::App::server_to_server()
        }])
    });
    let mut rig = rig.await;
    rig.call("recorded").await;
    rig.pass().await;
    let recording = rig.one(MediaKind::Recording).await;
    assert_eq!(recording.state, MediaState::Failed);
    assert!(recording.why.unwrap().contains("scopes"));
    assert_eq!(recording.next_try.unwrap().duration_since(rig.now()), SignedDuration::from_hours(6));
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let mut rig = recorded(Temper::Documented).await;
    rig.call("recorded").await;
    rig.pass().await;
    let all = rig.all().await;
    assert_eq!(all.len(), 4);
    let filter = MediaFilter { kind: Some(MediaKind::Transcript), ..MediaFilter::default() };
    assert_eq!(rig.store.media_list(filter, None, 10).await.unwrap().len(), 2);
    let filter = MediaFilter { call_id: Some(all[0].call_id.clone()), ..MediaFilter::default() };
    assert_eq!(rig.store.media_list(filter, None, 10).await.unwrap().len(), 2);
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = rig.store.media_list(MediaFilter::default(), after, 1).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.recorded_at, last.id.clone()));
        paged.extend(page);
    }
    assert_eq!(paged, all);
}
