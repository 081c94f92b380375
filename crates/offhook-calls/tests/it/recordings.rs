//! What hangs on a call: recordings, and calls first seen by them.

use offhook_calls::{Outcome, State};
use serde_json::json;

use crate::say::{
    CALL, call, callee, customer, element, elements, event, leg, moment, recording, recording_file, time,
    user, views,
};

#[test]
fn a_recording_is_followed_through_its_life() {
    let told = [
        recording("started", 6),
        recording("paused", 10),
        recording("resumed", 20),
        recording("stopped", 60),
        recording_file("completed", 300, Some(CALL)),
        recording_file("transcript_completed", 400, Some(CALL)),
        recording_file("deleted", 500, Some(CALL)),
        recording_file("permanently_deleted", 600, Some(CALL)),
    ];
    let words: Vec<String> = (1..=told.len()).map(|n| call(&told[..n]).recording.unwrap()).collect();
    assert_eq!(words, ["on", "paused", "on", "stopped", "ready", "ready", "trashed", "purged"]);
    let view = call(&told);
    assert_eq!(view.recordings.len(), 1);
    assert_eq!(view.recordings[0].started_at, Some(moment(6)));
}

#[test]
fn a_stop_that_comes_late_does_not_take_the_file_away() {
    let view = call(&[recording_file("completed", 300, Some(CALL)), recording("stopped", 400)]);
    assert_eq!(view.recording.as_deref(), Some("ready"));
}

#[test]
fn a_recording_started_again_is_on() {
    let view = call(&[recording("started", 6), recording("stopped", 20), recording("started", 30)]);
    assert_eq!(view.recording.as_deref(), Some("on"));
}

#[test]
fn a_stop_is_the_last_event_of_its_second() {
    let mut started = recording("started", 6);
    started["event_ts"] = json!(started["event_ts"].as_i64().unwrap() + 600);
    let view = call(&[recording("stopped", 6), started]);
    assert_eq!(view.recording.as_deref(), Some("stopped"));
}

#[test]
fn a_call_first_seen_by_its_recording_is_found_by_its_call_id_later() {
    let file = recording_file("transcript_completed", 300, None);
    let line = callee(&user(1), &customer(), 0);
    let status = [line.ringing(), line.answered(5), line.ended(5, 60)];
    assert_eq!(views([&file].into_iter().chain(&status)).len(), 2, "nothing links them yet");
    let told = element("E1", 1, 0, 60, json!({"result": "answered", "recording_id": "R1"}));
    let record = elements("callee", 1, 90, &[told]);
    let view = call([&file].into_iter().chain(&status).chain([&record]));
    assert_eq!(view.id, CALL);
    assert_eq!(view.recording.as_deref(), Some("ready"));
    let kinds: Vec<&str> = view.ids.iter().map(|id| id.kind.as_str()).collect();
    assert_eq!(kinds, ["call_id", "call_history_uuid", "call_element_id", "recording_id"]);
}

#[test]
fn a_file_without_any_line_belongs_to_a_call_that_is_over() {
    let view = call(&[recording_file("completed", 300, Some(CALL))]);
    assert_eq!((view.state, view.result), (State::Ended, Some(Outcome::Unknown)));
    let view = call(&[recording("started", 6)]);
    assert_eq!((view.state, view.result), (State::Unknown, None));
}

#[test]
fn a_summary_and_a_deletion_are_told_in_the_story() {
    let line = callee(&user(1), &customer(), 0);
    let summary = event(
        "ai_call_summary_changed",
        200,
        json!({
            "ai_call_summary_id": "S1", "call_id": CALL, "user_id": "U1", "created_time": time(200), "deleted": false
        }),
    );
    let record = elements("callee", 1, 90, &[element("E1", 1, 0, 60, json!({"result": "answered"}))]);
    let deleted = event(
        "call_element_deleted",
        900,
        json!({
            "user_id": "U1", "move_to_trash": true, "execute_time": time(900), "call_element_ids": ["E1"]
        }),
    );
    let view = call(&[line.ringing(), line.answered(5), line.ended(5, 60), summary, record, deleted]);
    let story: Vec<&str> = view.timeline.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(story, ["ringing", "record_incoming", "answered", "ended", "ai_summary", "record_trashed"]);
    assert_eq!(leg(&view, 1).outcome, Some(Outcome::Answered), "a record in the trash was still a call");
}
