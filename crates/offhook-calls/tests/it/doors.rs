//! Every shape of Zoom's is read, by whichever door it comes.

use offhook_calls::{
    AliasKind, CallView, Direction, Outcome, Side,
    fax::{FaxStatus, FaxView},
    message::{MessageStatus, MessageView},
    normalize::{self, Aside, Door, Problem, Reading, quirk},
};
use serde_json::{Value, json};

use crate::say::{ACCOUNT, CALL, callee, customer, element, elements, event, moment, path, row, time, user};

fn read(door: Door, row: &Value) -> Reading {
    normalize::read(door, ACCOUNT, &serde_json::to_vec(row).unwrap())
}

/// The one call of these readings.
fn call(readings: Vec<Reading>) -> CallView {
    let mut book = offhook_calls::CallBook::default();
    for reading in readings {
        assert_eq!(reading.problem, None);
        for (fact, heard) in reading.facts {
            book.absorb(fact, heard);
        }
    }
    let changes = book.into_changes();
    assert_eq!(changes.len(), 1, "{changes:#?}");
    CallView::of(&changes[0].key, &changes[0].names, &changes[0].facts)
}

fn id(view: &CallView, kind: AliasKind) -> Vec<&str> {
    let of_kind = view.ids.iter().filter(|id| id.kind == kind.as_str());
    of_kind.map(|id| id.value.as_str()).collect()
}

/// A call log of user 1, whom the customer called.
fn log(fields: Value) -> Value {
    let mut log = json!({
        "id": "b8a98b45-09c4-4828-988d-eaa886d039ef", "call_id": CALL, "direction": "inbound",
        "caller_number": "+14155550100", "caller_number_type": 2, "caller_number_source": "external",
        "callee_number": "1001", "callee_number_type": 1, "callee_number_source": "internal",
        "callee_name": "User 1", "path": "pstn", "result": "Call connected", "duration": 50,
        "date_time": time(0), "answer_start_time": time(10), "call_end_time": time(60), "hold_time": 5,
        "waiting_time": 10
    });
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    log.as_object_mut().unwrap().extend(fields);
    log
}

fn recording() -> Value {
    json!({
        "id": "R1", "call_id": CALL, "call_log_id": "L1", "call_element_id": "E1", "date_time": time(10),
        "end_time": time(60), "duration": 50, "recording_type": "OnDemand", "direction": "inbound",
        "caller_number": "+14155550100", "caller_number_type": 2, "caller_name": "Ann",
        "callee_number": "1001", "callee_number_type": 1, "callee_name": "User 1",
        "owner": {"id": "U1", "type": "user", "name": "User 1", "extension_number": 1001},
        "download_url": "https://example.com/secret", "transcript_download_url": "https://example.com/secret"
    })
}

fn voicemail() -> Value {
    json!({
        "id": "V1", "call_id": CALL, "call_log_id": "L1", "call_element_id": "E1", "date_time": time(20),
        "duration": 12, "caller_number": "+14155550100", "caller_number_type": 2, "callee_number": "1001",
        "callee_number_type": 1, "callee_name": "User 1", "status": "unread",
        "owner": {"id": "U1", "type": "user", "extension_number": 1001},
        "transcription": {"status": 2, "content": "call me"}
    })
}

fn message() -> Value {
    json!({
        "session_id": "S1", "message_id": "M1", "date_time": time(0), "direction": "In", "message": "hello",
        "delivery_status": "received", "message_type": 2,
        "sender": {"phone_number": "14155550100", "display_name": "Ann"},
        "to_members": [{"phone_number": "15550000001", "owner": {"id": "U1", "type": "user"}}],
        "attachments": [{"id": "A1", "name": "a.jpg", "type": "JPG", "size": 9, "download_url": "https://example.com"}]
    })
}

fn fax() -> Value {
    json!({
        "fax_log_id": "X1", "fax_id": "F1", "direction": "outbound", "status": "sent", "create_time": time(0),
        "sender_extension_id": "EXT1", "sender_extension_type": "user", "sender_extension_number": "1001",
        "receiver_number": "+14155550199", "receiver_type": "pstn", "file_id": "P1", "file_pages_count": 3
    })
}

/// One row for each door.
fn samples() -> Vec<(Door, Value)> {
    let leg = {
        let mut leg = element("E2", 1, 0, 60, json!({"result": "answered"}));
        let leg_fields = leg.as_object_mut().unwrap();
        for (new, old) in [("call_element_id", "id"), ("call_history_uuid", "call_path_id")] {
            let id = leg_fields.shift_remove(new).unwrap();
            leg_fields.insert(old.to_owned(), id);
        }
        leg
    };
    vec![
        (Door::Webhook, callee(&user(1), &customer(), 0).ringing()),
        (Door::WebSocket, elements("callee", 1, 90, &[element("E1", 1, 0, 60, json!({}))])),
        (Door::CallHistory, Value::Object(row(0, 60, json!({"call_result": "answered"})))),
        (Door::CallPath, path(&[element("E1", 1, 0, 60, json!({"segment": 1}))])),
        (Door::CallElement, element("E1", 1, 0, 60, json!({"segment": 1, "node": 1}))),
        (Door::CallHistoryLeg, leg),
        (Door::CallLog, log(json!({"user_id": "U1", "charge": "$0.02", "rate": "$0.01"}))),
        (
            Door::CallLogDetail,
            log(json!({"log_details": [{"id": "D1", "date_time": time(0), "duration": 5}]})),
        ),
        (Door::Recording, recording()),
        (Door::Voicemail, voicemail()),
        (Door::Summary, json!({"ai_call_summary_id": "S1", "call_id": CALL, "created_time": time(90)})),
        (
            Door::Charge,
            json!({"charge_id": "C1", "call_id": CALL, "call_log_id": "L1", "direction": "outbound",
                "caller_number": "1001", "calling_party_name": "User 1", "start_time": time(0), "rate": "0.0205",
                "currency": "USD", "total_charge": "0.041"}),
        ),
        (Door::User, json!({"id": "U1", "extension_id": "EXT1", "extension_number": 1001, "name": "User 1"})),
        (Door::Message, message()),
        (Door::Fax, fax()),
        (
            Door::SmartEmbed,
            json!({"user_id": "U1", "message": {"id": "ev", "type": "zp-call-ringing-event", "data": {
                "callId": CALL, "direction": "inbound", "dateTime": time(0),
                "caller": {"phoneNumber": "+14155550100"}, "callee": {"extensionNumber": 1001}}}}),
        ),
    ]
}

#[test]
fn every_door_is_read_and_an_import_tells_the_same() {
    let samples = samples();
    for door in Door::ALL.into_iter().filter(|door| *door != Door::Import) {
        let (_, sample) = samples.iter().find(|(known, _)| *known == door).unwrap();
        let told = read(door, sample);
        assert_eq!(told.problem, None, "{door:?}");
        assert!(!told.facts.is_empty() || !told.aside.is_empty(), "{door:?}");
        let imported = read(Door::Import, &json!({"door": door.as_str(), "row": sample}));
        assert_eq!((imported.facts, imported.aside), (told.facts, told.aside), "{door:?}");
    }
    for nonsense in [json!({}), json!({"door": "import", "row": {}}), json!({"door": "x", "row": {}})] {
        assert_eq!(read(Door::Import, &nonsense).problem, Some(Problem::Unreadable), "{nonsense}");
    }
}

#[test]
fn what_names_nothing_is_a_problem_by_every_door() {
    for door in Door::ALL.into_iter().filter(|door| *door != Door::Import) {
        assert!(
            read(door, &json!({"message": {"type": "zp-call-ringing-event"}})).problem.is_some(),
            "{door:?}"
        );
    }
}

#[test]
fn a_call_log_tells_a_call_with_user_ids_and_what_it_cost() {
    let row = log(json!({"charge": "$0.0255", "rate": "$0.0100", "owner":
        {"id": "U1", "type": "user", "name": "User 1", "extension_number": 1001}}));
    let view = call(vec![read(Door::CallLog, &row)]);
    assert_eq!((view.direction, view.result), (Direction::Inbound, Some(Outcome::Answered)));
    assert_eq!((view.started_at, view.answered_at), (Some(moment(0)), Some(moment(10))));
    assert_eq!((view.ended_at, view.talk_seconds, view.hold_seconds), (Some(moment(60)), Some(45), Some(5)));
    assert_eq!(view.from.unwrap().number.as_deref(), Some("+14155550100"));
    let [leg] = &view.legs[..] else { panic!("{:#?}", view.legs) };
    assert_eq!((leg.side, leg.party.user_id.as_deref()), (Side::Callee, Some("U1")));
    let [charge] = &view.charges[..] else { panic!("{:#?}", view.charges) };
    assert_eq!((charge.amount.as_deref(), charge.rate.as_deref()), (Some("$0.0255"), Some("$0.0100")));
    assert_eq!(charge.source, "v1");
}

#[test]
fn a_log_without_an_answer_time_has_it_from_its_end_and_its_length() {
    let mut row = log(json!({}));
    for gone in ["answer_start_time", "waiting_time"] {
        row.as_object_mut().unwrap().shift_remove(gone);
    }
    let told = event("callee_call_log_completed", 90, json!({"user_id": "U1", "call_logs": [row]}));
    let reading = read(Door::Webhook, &told);
    assert_eq!(call(vec![reading]).answered_at, Some(moment(10)));
}

#[test]
fn a_log_and_an_element_of_one_ringing_are_one_and_fill_each_others_gaps() {
    let newer =
        elements("callee", 1, 90, &[element("E1", 1, 1, 60, json!({"result": "answered", "talk_time": 45}))]);
    let mut older = log(json!({"owner": {"id": "U1", "type": "user", "extension_number": 1001}}));
    older["path"] = json!("callQueue");
    let view = call(vec![read(Door::CallLog, &older), read(Door::Webhook, &newer)]);
    let [element] = &view.elements[..] else { panic!("{:#?}", view.elements) };
    assert_eq!((element.id.as_str(), element.started_at), ("E1", Some(moment(1))), "the newer telling holds");
    assert_eq!(element.answered_at, Some(moment(10)), "the older one fills");
    assert_eq!(view.legs[0].attempts, 1);
    assert_eq!(id(&view, AliasKind::CallLogId), ["b8a98b45-09c4-4828-988d-eaa886d039ef"]);
}

#[test]
fn a_step_of_a_logs_details_adds_nothing_to_newer_records() {
    let steps =
        json!({"log_details": [{"id": "D1", "date_time": time(0), "duration": 5, "path": "callQueue"}]});
    let detail = read(Door::CallLogDetail, &log(steps));
    assert_eq!(
        call(vec![read(Door::CallLogDetail, &log(json!({"log_details": [{"id": "D1"}]})))]).elements.len(),
        2
    );
    let view =
        call(vec![detail, read(Door::CallElement, &element("E1", 1, 0, 60, json!({"talk_time": 45})))]);
    assert_eq!(view.elements.len(), 1);
}

#[test]
fn a_call_seen_first_by_its_recording_is_a_call_and_later_the_same() {
    let first = read(Door::Recording, &recording());
    let view = call(vec![first]);
    assert_eq!((view.id.as_str(), view.direction), (CALL, Direction::Inbound));
    assert_eq!(view.from.as_ref().unwrap().number.as_deref(), Some("+14155550100"));
    assert_eq!(view.to.as_ref().unwrap().extension_number.as_deref(), Some("1001"));
    let [file] = &view.recordings[..] else { panic!("{:#?}", view.recordings) };
    assert_eq!((file.id.as_str(), file.duration_seconds, file.transcript), ("R1", Some(50), true));
    assert_eq!(file.kind.as_deref(), Some("on_demand"));
    let later = read(Door::Webhook, &elements("callee", 1, 90, &[element("E1", 1, 0, 60, json!({}))]));
    let view = call(vec![later, read(Door::Recording, &recording())]);
    assert_eq!(id(&view, AliasKind::RecordingId), ["R1"]);
    // The rows of a queue's list have no id of any call: the call is known by its recording alone.
    let nameless = json!({"id": "R9", "date_time": time(0), "duration": 3, "caller_number": "1"});
    assert_eq!(call(vec![read(Door::Recording, &nameless)]).id, "R9");
}

#[test]
fn a_voicemail_of_a_list_has_its_length_its_mailbox_and_its_transcript() {
    let view = call(vec![read(Door::Voicemail, &voicemail())]);
    let [message] = &view.voicemails[..] else { panic!("{:#?}", view.voicemails) };
    assert_eq!((message.duration_seconds, message.transcript), (Some(12), true));
    assert_eq!(message.mailbox.as_ref().unwrap().user_id.as_deref(), Some("U1"));
    assert_eq!(message.state, "received");
    for (status, content, there) in [(1, "", false), (1, "call me", true), (2, "", true), (4, "", false)] {
        let mut row = voicemail();
        row["transcription"] = json!({"status": status, "content": content});
        assert_eq!(call(vec![read(Door::Voicemail, &row)]).voicemails[0].transcript, there, "{row}");
    }
}

#[test]
fn deleted_records_are_noted_at_their_call_and_what_is_deleted_of_all_names_a_user() {
    let known = || read(Door::CallElement, &element("20261122-E1", 1, 0, 60, json!({"talk_time": 45})));
    let of = |name: &str, object: Value| read(Door::Webhook, &event(name, 90, object));
    let ids = json!({"user_id": "U1", "move_to_trash": true, "execute_time": time(80), "call_log_ids": ["20261122-E1"]});
    for deleted in [
        of("call_history_deleted", ids),
        of("call_log_deleted", json!({"user_id": "U1", "call_logs": [{"id": "L1", "call_id": CALL}]})),
    ] {
        let view = call(vec![known(), deleted]);
        assert_eq!((view.deletions.len(), view.deletions[0].state.as_str()), (1, "trashed"));
    }
    for name in ["call_element_deleted", "call_history_deleted"] {
        let all = of(name, json!({"user_id": "U1", "delete_all": true, "execute_time": time(80)}));
        assert_eq!((all.problem, all.facts.len()), (None, 0));
        let [Aside::Wiped(wiped)] = &all.aside[..] else { panic!("{all:?}") };
        assert_eq!((wiped.user_id.as_str(), wiped.at, wiped.to_trash), ("U1", moment(80), false));
    }
}

#[test]
fn a_summarys_logs_lead_to_its_call() {
    let object =
        json!({"ai_call_summary_id": "S1", "call_id": CALL, "call_log_ids": ["L1", "L2"], "deleted": false});
    let view = call(vec![read(Door::Webhook, &event("ai_call_summary_changed", 0, object))]);
    assert_eq!(id(&view, AliasKind::CallLogId), ["L1", "L2"]);
}

#[test]
fn defects_are_read_past_and_counted() {
    let count = |door: Door, row: &Value| read(door, row).quirks;
    let step = |fields: Value| element("E1", 1, 0, 60, fields);
    assert_eq!(count(Door::CallPath, &path(&[step(json!({"segment": 1}))])), [quirk::MISSPELT_FIELD]);
    let mut twice = path(&[step(json!({"segment": 0})), element("E2", 1, 0, 60, json!({"segment": 0}))]);
    twice.as_object_mut().unwrap().shift_remove("caller_acconut_code");
    assert_eq!(count(Door::CallPath, &twice), [quirk::MIRRORED_ROW, quirk::SEGMENT_ZERO]);
    twice["call_path"] = json!([{"id": "E1"}]);
    assert!(count(Door::CallPath, &twice).contains(&quirk::BOTH_GENERATIONS));
    for (fields, word) in [
        (json!({"result_reason": "answered_by_other "}), quirk::SPACE),
        (json!({"callee_number_type": "zra_phone_number"}), quirk::TWO_NAMES),
        (json!({"caller_number_type": "zoom_revenue_accelerator"}), quirk::TWO_NAMES),
        (json!({"talk_time": "4"}), quirk::NUMBER_AS_TEXT),
        (json!({"talk_time": 4, "waiting_time": 4}), quirk::WAIT_SPELLING),
        (json!({"segment": 1, "wait_time": 4}), quirk::WAIT_SPELLING),
    ] {
        assert_eq!(count(Door::CallElement, &step(fields.clone())), [word], "{fields}");
    }
    assert_eq!(count(Door::CallElement, &step(json!({"talk_time": 4}))), [""; 0]);
}

#[test]
fn a_text_message_is_one_whoever_tells_of_it_and_in_whatever_order() {
    let sent = event(
        "sms_received",
        0,
        json!({"session_id": "S1", "message_id": "M1", "date_time": time(0), "message": "hello",
            "sender": {"phone_number": "14155550100", "display_name": "Ann"},
            "to_members": [{"id": "U1", "type": "user", "phone_number": "15550000001", "is_message_owner": true}]}),
    );
    let softphone = json!({"user_id": "U1", "message": {"type": "zp-sms-log-event", "data": {
        "sessionId": "S1", "messageId": "M1", "message": "hello", "direction": "inbound", "status": "Received"}}});
    let mut told: Vec<_> =
        [(Door::Webhook, &sent), (Door::Message, &message()), (Door::SmartEmbed, &softphone)]
            .into_iter()
            .flat_map(|(door, row)| read(door, row).aside)
            .map(|aside| match aside {
                Aside::Message(fact) => {
                    assert_eq!((fact.account.as_str(), fact.id.as_str()), (ACCOUNT, "M1"));
                    fact.told
                }
                other => panic!("{other:?}"),
            })
            .collect();
    let one = MessageView::of(ACCOUNT, "M1", &told.iter().cloned().collect());
    told.reverse();
    assert_eq!(one, MessageView::of(ACCOUNT, "M1", &told.into_iter().collect()));
    assert_eq!((one.direction, one.status), (Direction::Inbound, MessageStatus::Received));
    assert_eq!((one.text.as_deref(), one.session_id.as_deref()), (Some("hello"), Some("S1")));
    assert_eq!(one.owner.unwrap().user_id.as_deref(), Some("U1"));
    assert_eq!(one.attachments.len(), 1);
    assert_eq!(one.sources, ["media", "status_event", "smart_embed"]);
}

#[test]
fn a_fax_that_was_deleted_is_still_known() {
    let gone = event("fax_log_deleted", 0, json!({"fax_logs": [{"fax_log_id": "X1"}]}));
    let told = [(Door::Fax, fax()), (Door::Webhook, gone)]
        .into_iter()
        .flat_map(|(door, row)| read(door, &row).aside);
    let told = told.map(|aside| match aside {
        Aside::Fax(fact) => fact.told,
        other => panic!("{other:?}"),
    });
    let view = FaxView::of(ACCOUNT, "X1", &told.collect());
    assert_eq!((view.status, view.pages), (FaxStatus::Trashed, Some(3)));
    assert_eq!(view.to.unwrap().number.as_deref(), Some("+14155550199"));
}

#[test]
fn a_softphone_tells_of_a_call_and_its_log_of_the_same() {
    let told = |kind: &str, data: Value| {
        read(Door::SmartEmbed, &json!({"user_id": "U1", "message": {"type": kind, "data": data}}))
    };
    let live = |kind: &str, at: i64| {
        told(
            kind,
            json!({"callId": CALL, "direction": "inbound", "dateTime": time(at),
                "caller": {"phoneNumber": "+14155550100"}, "callee": {"extensionNumber": 1001}}),
        )
    };
    let log = told(
        "zp-call-log-completed-event",
        json!({"callId": CALL, "callLogId": "L1", "direction": "inbound", "result": "Call Connected",
            "duration": 50, "dateTime": time(0), "caller": {"number": "+14155550100", "numberType": 2},
            "callee": {"number": "1001", "numberType": 1}}),
    );
    let view = call(vec![
        live("zp-call-ringing-event", 0),
        live("zp-call-connected-event", 10),
        live("zp-call-ended-event", 60),
        log,
    ]);
    assert_eq!((view.result, view.talk_seconds), (Some(Outcome::Answered), Some(50)));
    assert_eq!((view.legs.len(), view.legs[0].party.user_id.as_deref()), (1, Some("U1")));
    assert_eq!(id(&view, AliasKind::CallLogId), ["L1"]);
    let notes = told("zp-notes-save-event", json!({"callId": CALL, "notesData": {}}));
    assert_eq!((notes.problem, notes.facts.len()), (None, 0), "between the page and its user");
}

#[test]
fn a_step_of_a_log_that_names_nobody_is_not_where_the_call_came_from() {
    let steps =
        json!({"log_details": [{"id": "D1", "date_time": time(-2), "duration": 5, "path": "callQueue"}]});
    let view = call(vec![read(Door::CallLogDetail, &log(steps))]);
    assert_eq!(view.direction, Direction::Inbound);
    assert!(view.from.is_some_and(|party| party.number.is_some()), "the log says who called");
}
