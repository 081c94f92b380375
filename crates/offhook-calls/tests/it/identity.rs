//! Which call it is, whatever it was first heard of by; what hangs on it; and what two calls claim.

use offhook_calls::{
    Alias, AliasKind, CallBook, CallView, Charge, Fact, Heard, RecordingEvent, RecordingFile, Said, Source,
    VoicemailEvent, VoicemailFile,
};
use serde_json::{Value, json};

use crate::say::{
    ACCOUNT, CALL, call, callee, caller, customer, element, elements, event, moment, recording,
    recording_file, time, transfer, user, view, views, voicemail,
};

/// Every order of a few messages gives the one call.
fn in_any_order(messages: &[Value]) -> CallView {
    let expected = call(messages);
    let mut order: Vec<&Value> = messages.iter().collect();
    for first in 0..messages.len() {
        for second in 0..messages.len() {
            order.swap(first, second);
            assert_eq!(call(order.iter().copied()), expected);
        }
    }
    expected
}

fn summary(call_id: &str) -> Value {
    let object = json!({
        "ai_call_summary_id": "S1", "call_id": call_id, "user_id": "U1", "created_time": time(200), "deleted": false
    });
    event("ai_call_summary_changed", 200, object)
}

#[test]
fn a_consultation_is_part_of_the_call_by_what_the_transfer_names() {
    let asks = caller(&user(1), &user(2), 20).on("99");
    let asked = callee(&user(2), &user(1), 20).on("99");
    let view = in_any_order(&[
        callee(&user(1), &customer(), 0).ringing(),
        asks.ringing(),
        asked.answered(24),
        transfer("warm_transfer_initiated", 1, 19, json!({"transfer_call_id": "99"})),
    ]);
    assert_eq!(view.conflicts, [], "two ids of one call are no conflict");
    let ids: Vec<&str> = view.ids.iter().map(|id| id.value.as_str()).collect();
    assert_eq!(ids, [CALL, "99"]);
    assert_eq!(view.ids[1].sources, ["status_event"]);
}

#[test]
fn a_call_heard_of_by_what_hangs_on_it_is_the_call_that_its_record_tells_of() {
    let fields = json!({"result": "answered", "recording_id": "R1", "voicemail_id": "V1"});
    let record = elements("callee", 1, 90, &[element("E1", 1, 0, 60, fields)]);
    let suffixed = callee(&user(3), &customer(), 30).on(&format!("{CALL}_1")).ringing();
    for first in [recording_file("completed", 300, None), voicemail(100, 1), summary(CALL), suffixed] {
        let view = in_any_order(&[first, record.clone()]);
        assert_eq!((view.id.as_str(), view.conflicts.len()), (CALL, 0));
    }
}

#[test]
fn one_element_in_two_calls_is_a_conflict_that_names_both() {
    let of = |call: &str, uuid: &str| {
        let fields = json!({"call_id": call, "call_history_uuid": uuid, "result": "answered"});
        elements("callee", 1, 90, &[element("E1", 1, 0, 60, fields)])
    };
    let view = in_any_order(&[of("71", "H1"), of("72", "H2")]);
    assert_eq!(view.conflicts.len(), 1);
    let conflict = &view.conflicts[0];
    assert_eq!((conflict.kind.as_str(), conflict.value.as_str()), ("call_element_id", "E1"));
    assert_eq!(conflict.claimed_by, ["71", "72"]);
    let same_record = call(&[of("71", "H1"), of("72", "H1")]);
    assert_eq!(same_record.conflicts, [], "one record of two call ids is one call");
    let parts = call(&[of("71", "H1"), of("71_1", "H2")]);
    assert_eq!(parts.conflicts, [], "a suffix names a part of a call");
    assert_eq!(views(&[of("71", "H1"), recording("started", 5)]).len(), 2, "and others are apart");
}

fn fact(source: Source, at: i64, names: &[(AliasKind, &str)], said: Said) -> Fact {
    let names = names.iter().filter_map(|(kind, value)| Alias::new(*kind, value)).collect();
    Fact { source, account: ACCOUNT.to_owned(), at: Some(moment(at)), names, said }
}

/// The call of these facts.
fn call_of(facts: Vec<Fact>) -> CallView {
    let mut book = CallBook::default();
    for fact in facts {
        book.absorb(fact, Heard::default());
    }
    let changes = book.into_changes();
    assert_eq!(changes.len(), 1);
    view(&changes[0].key, &changes[0].names, &changes[0].facts)
}

#[test]
fn a_recording_is_described_by_all_that_tells_of_it_and_told_once() {
    let names = [(AliasKind::CallId, CALL), (AliasKind::RecordingId, "R1")];
    let file = |kind: &str, duration_seconds| {
        Said::RecordingFile(Box::new(RecordingFile {
            id: "R1".to_owned(),
            kind: Some(kind.to_owned()),
            started_at: Some(moment(10)),
            ended_at: Some(moment(70)),
            duration_seconds,
            element_id: Some("E1".to_owned()),
            has_transcript: true,
            ..RecordingFile::default()
        }))
    };
    let described = || vec![fact(Source::Media, 70, &names, file("OnDemand", Some(60)))];
    let seen = call_of(described());
    assert_eq!(seen.timeline.len(), 1);
    let recording = &seen.recordings[0];
    assert_eq!((recording.id.as_str(), recording.state.as_str()), ("R1", "ready"));
    assert_eq!((recording.started_at, recording.ended_at), (Some(moment(10)), Some(moment(70))));
    assert_eq!((recording.duration_seconds, recording.transcript), (Some(60), true));
    assert_eq!((recording.kind.as_deref(), recording.element_id.as_deref()), (Some("on_demand"), Some("E1")));

    let mut more = described();
    more.push(fact(Source::Media, 70, &names, file("OnDemand", None)));
    assert_eq!(call_of(more.clone()).timeline.len(), 1, "described twice, told once");
    for happened in [RecordingEvent::Ready, RecordingEvent::Purged] {
        more.push(fact(Source::Media, 70, &names, Said::Recording { id: "R1".to_owned(), happened }));
    }
    let purged = call_of(more);
    let story: Vec<&str> = purged.timeline.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(story, ["recording_ready", "recording_purged"]);
    assert_eq!(purged.recordings[0].state, "purged");
    assert_eq!(purged.recordings[0].duration_seconds, Some(60), "what was known of it stays");
}

#[test]
fn a_voicemail_is_one_message_whoever_tells_of_it() {
    let names = [(AliasKind::CallId, CALL), (AliasKind::VoicemailId, "V1")];
    let gone = Said::Voicemail {
        id: "V1".to_owned(),
        happened: VoicemailEvent::Trashed,
        callee: offhook_calls::Party::default(),
        caller: offhook_calls::Party::default(),
    };
    let file = VoicemailFile {
        id: "V1".to_owned(),
        left_at: Some(moment(30)),
        duration_seconds: Some(12),
        element_id: Some("E1".to_owned()),
        has_transcript: true,
        ..VoicemailFile::default()
    };
    let mut facts = vec![
        fact(Source::Media, 30, &names, Said::VoicemailFile(Box::new(file))),
        fact(Source::Media, 90, &names[1..], gone),
    ];
    facts.extend(crate::say::facts(&voicemail(30, 2)).into_iter().map(|(fact, _)| fact));
    let view = call_of(facts);
    assert_eq!(view.voicemails.len(), 1);
    let message = &view.voicemails[0];
    assert_eq!((message.state.as_str(), message.left_at), ("trashed", Some(moment(30))));
    assert_eq!((message.duration_seconds, message.transcript), (Some(12), true));
    assert_eq!(message.mailbox.as_ref().unwrap().user_id.as_deref(), Some("U2"));
    assert_eq!(message.from.as_ref().unwrap().number.as_deref(), Some("+14155550100"));
}

#[test]
fn summaries_charges_and_deletions_hang_on_the_call_and_their_ids_keep_leading_to_it() {
    let cost = |amount: &str| {
        Said::Charge(Box::new(Charge { amount: Some(amount.to_owned()), ..Charge::default() }))
    };
    let id = [(AliasKind::CallId, CALL)];
    let element = [(AliasKind::CallElementId, "E1")];
    let both = [id[0], element[0]];
    let summary = |deleted| Said::Summary { id: "S1".to_owned(), deleted };
    let view = call_of(vec![
        fact(Source::ElementEvent, 0, &both, Said::Deleted { to_trash: true }),
        fact(Source::ElementEvent, 900, &element, Said::Deleted { to_trash: false }),
        fact(Source::V1, 1, &id, cost("0.0140")),
        fact(Source::V1, 1, &[id[0], (AliasKind::CallLogId, "L1")], cost("0.0140")),
        fact(Source::Media, 60, &id, summary(false)),
        fact(Source::Media, 70, &id, summary(true)),
    ]);
    assert_eq!(
        view.deletions.iter().map(|one| one.state.as_str()).collect::<Vec<_>>(),
        ["trashed", "purged"]
    );
    assert_eq!(view.deletions[1].ids, ["E1"]);
    assert_eq!(view.charges.len(), 1, "one charge, told twice");
    assert_eq!((view.charges[0].amount.as_deref(), view.charges[0].source.as_str()), (Some("0.0140"), "v1"));
    assert_eq!(view.summaries.len(), 1);
    assert!(view.summaries[0].deleted);
    assert!(view.ids.iter().any(|id| id.value == "E1"), "a deleted record's id still leads here");
}
