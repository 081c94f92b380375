//! Calls as they could happen, and as they could not.

use offhook_calls::{Fact, Heard};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::say::{
    self, CALL, callee, caller, customer, element, elements, event, path, path_of_v2, queue, recording,
    recording_file, row, time, transfer, user, voicemail, with,
};

/// Facts of one or two calls, plausible or not.
pub(super) fn facts() -> impl Strategy<Value = Vec<(Fact, Heard)>> {
    prop_oneof![
        3 => life(1),
        2 => (life(1), life(2)).prop_map(|(mut one, two)| { one.extend(two); one }),
        2 => soup(),
        1 => (life(1), soup()).prop_map(|(mut one, two)| { one.extend(two); one }),
    ]
}

/// What happened to one member of a queue, or to the one person called.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Answers { after: i64, talks: i64, holds: bool },
    Misses { after: i64 },
    Rejects { after: i64 },
    NeverTold,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => (0_i64..30, 0_i64..300, any::<bool>()).prop_map(|(after, talks, holds)| Fate::Answers { after, talks, holds }),
        3 => (0_i64..30).prop_map(|after| Fate::Misses { after }),
        1 => (0_i64..30).prop_map(|after| Fate::Rejects { after }),
        1 => Just(Fate::NeverTold),
    ]
}

/// What hangs on a call.
#[derive(Debug, Clone, Copy)]
enum Extra {
    Blind,
    Consult,
    Cancel,
    Park,
    Recording,
    Voicemail,
    Row,
    V2Row,
    Elements,
    Path,
    V2Path,
    InternalCaller,
}

/// The facts of one plausible call; calls with different numbers have no name in common.
pub(super) fn life(number: usize) -> impl Strategy<Value = Vec<(Fact, Heard)>> {
    use Extra::{
        Blind, Cancel, Consult, Elements, InternalCaller, Park, Path, Recording, Row, V2Path, V2Row,
        Voicemail,
    };
    let extras = vec(
        select(vec![
            Blind,
            Consult,
            Cancel,
            Park,
            Recording,
            Voicemail,
            Row,
            V2Row,
            Elements,
            Path,
            V2Path,
            InternalCaller,
        ]),
        0..5,
    );
    let rounds = vec((1_usize..5, 0_i64..120, fate(), any::<bool>()), 1..5);
    (rounds, extras, vec(any::<bool>(), 24)).prop_map(move |(rounds, extras, heard)| {
        let mut told = Vec::new();
        for (member, ring, fate, from_queue) in rounds {
            tell_line(&mut told, member, ring, fate, from_queue);
        }
        for (n, extra) in extras.into_iter().enumerate() {
            tell_extra(&mut told, extra, 20 + 10 * i64::try_from(n).unwrap());
        }
        // Some messages never arrive.
        let keep = |index: usize| index == 0 || heard[index % heard.len()] || index.is_multiple_of(3);
        let mut facts: Vec<(Fact, Heard)> = Vec::new();
        for (_, message) in told.into_iter().enumerate().filter(|(index, _)| keep(*index)) {
            facts.extend(say::facts(&rename(message, number)));
        }
        facts
    })
}

/// The same message about another call.
fn rename(message: Value, number: usize) -> Value {
    match message {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| {
                let is_id = [
                    "call_id",
                    "transfer_call_id",
                    "call_history_uuid",
                    "call_element_id",
                    "recording_id",
                    "voicemail_id",
                ]
                .contains(&key.as_str());
                let is_own_id = key == "id"
                    && value.as_str().is_some_and(|id| matches!(id, "R1" | "V1" | "H1" | "E1" | "E2" | "E3"));
                let value = if is_id || is_own_id {
                    value.as_str().map_or(value.clone(), |id| json!(format!("{number}{id}")))
                } else {
                    rename(value, number)
                };
                (key, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| rename(item, number)).collect(),
        other => other,
    }
}

fn tell_line(told: &mut Vec<Value>, member: usize, ring: i64, fate: Fate, from_queue: bool) {
    let mut line = callee(&user(member), &customer(), ring);
    if from_queue {
        line = line.via(&queue(800 + u32::try_from(member % 2).unwrap(), "Queue"));
    }
    told.push(line.ringing());
    match fate {
        Fate::Answers { after, talks, holds } => {
            let answer = ring + after;
            told.push(line.answered(answer));
            if holds {
                told.extend([line.does("hold", answer + 1), line.does("unhold", answer + talks / 2)]);
                told.extend([line.does("mute", answer + 2), line.does("unmute", answer + 2)]);
            }
            told.push(line.ended(answer, answer + talks));
        }
        Fate::Misses { after } => {
            told.push(line.missed(ring + after, if after % 2 == 0 { "No Answer" } else { "Call Cancel" }));
        }
        Fate::Rejects { after } => told.push(line.rejected(ring + after)),
        Fate::NeverTold => {}
    }
}

fn tell_extra(told: &mut Vec<Value>, extra: Extra, at: i64) {
    match extra {
        Extra::Blind => {
            let next = callee(&user(3), &customer(), at + 2).on(&format!("{CALL}_1"));
            told.push(transfer("blind_transfer_initiated", 1, at, json!({})));
            told.extend([next.ringing(), next.answered(at + 4), next.ended(at + 4, at + 50)]);
        }
        Extra::Consult => {
            let asks = caller(&user(1), &user(4), at).on("99");
            let asked = callee(&user(4), &user(1), at).on("99");
            told.extend([asks.ringing(), asked.ringing(), asked.answered(at + 3), asks.answered(at + 3)]);
            told.push(transfer("warm_transfer_initiated", 1, at, json!({"transfer_call_id": "99"})));
            told.push(transfer("warm_transfer_completed", 1, at + 20, json!({})));
            told.extend([asks.ended(at + 3, at + 20), asked.ended(at + 3, at + 60)]);
        }
        Extra::Cancel => told.push(transfer("warm_transfer_cancelled", 1, at, json!({}))),
        Extra::Park => told.push(callee(&user(1), &customer(), 0).does("parked", at)),
        Extra::Recording => told.extend([
            recording("started", at),
            recording("paused", at + 5),
            recording("resumed", at + 7),
            recording("stopped", at + 30),
            recording_file("completed", at + 200, Some(CALL)),
            recording_file("deleted", at + 300, None),
        ]),
        Extra::Voicemail => told.push(voicemail(at + 100, 2)),
        Extra::Row => told.push(Value::Object(row(0, at + 300, json!({"call_result": "answered"})))),
        Extra::V2Row => {
            let mut old = row(0, at + 301, json!({"call_result": "no_answer"}));
            let id = old.shift_remove("call_history_uuid").unwrap();
            old.insert("id".into(), id);
            told.push(Value::Object(old));
        }
        Extra::Elements => {
            let fields = json!({"result": "answered", "answer_time": time(at + 1), "recording_id": "R1"});
            told.push(elements("callee", 1, at + 400, &[element("E1", 1, at, at + 70, fields.clone())]));
            // The same element again, as the account sees it.
            let mut again = element("E1", 1, at, at + 70, fields);
            again["node"] = json!(1);
            again["waiting_time"] = json!(3);
            told.push(elements("caller", 1, at + 401, &[again]));
            let lost = json!({"event": "ring_to_member", "result": "no_answer", "result_reason": "answered_by_other "});
            told.push(elements("callee", 2, at + 402, &[element("E2", 2, at, at + 5, lost)]));
        }
        Extra::Path => told.push(path(&steps(at))),
        Extra::V2Path => told.push(path_of_v2(&steps(at))),
        Extra::InternalCaller => {
            let line = caller(&user(9), &user(1), 0);
            told.extend([line.ringing(), line.answered(at), line.ended(at, at + 90)]);
        }
    }
}

/// A call's whole record: the queue's step, the member who answered, and the key pressed before.
fn steps(at: i64) -> [Value; 3] {
    let queue = json!({
        "event": "incoming", "result": "succeeded", "callee_ext_type": "call_queue", "callee_ext_id": "EXTQ",
        "segment": 1, "node": 1, "is_node": 1, "waiting_time": 4
    });
    let member = json!({
        "event": "ring_to_member", "result": "answered", "answer_time": time(at + 1), "hold_time": 2,
        "segment": 2, "node": 1, "is_node": 1, "recording_id": "R1"
    });
    let key = json!({"press_key": "2", "segment": 1, "node": 0, "is_node": 0, "result": "succeeded"});
    [
        element("E3", 8, at - 4, at, queue),
        element("E1", 1, at, at + 70, member),
        element("E2", 2, at - 4, at, key),
    ]
}

const EVENTS: [&str; 26] = [
    "callee_ringing",
    "callee_answered",
    "callee_missed",
    "callee_rejected",
    "callee_ended",
    "callee_hold",
    "callee_unhold",
    "callee_mute",
    "callee_parked",
    "callee_meeting_inviting",
    "caller_ringing",
    "caller_connected",
    "caller_ended",
    "caller_hold",
    "caller_unhold",
    "blind_transfer_initiated",
    "warm_transfer_initiated",
    "warm_transfer_completed",
    "transfer_recipient_updated",
    "transfer_call_to_voicemail_initiated",
    "conference_started",
    "recording_started",
    "recording_stopped",
    "emergency_alert",
    "ai_call_summary_changed",
    "voicemail_received",
];

/// Any events, in any order, about few ids, people and moments: everything collides.
fn soup() -> impl Strategy<Value = Vec<(Fact, Heard)>> {
    let id = || select(vec!["5", "5_1", "6", "6_2", "7"]);
    let party = || {
        select(vec![
            user(1),
            user(2),
            json!({"extension_id": "EXT1"}),
            json!({"extension_number": 1002, "user_id": "U1"}),
            json!({"phone_number": "+15550000001"}),
            json!({"device_id": "D2"}),
            json!({}),
            queue(800, "Sales"),
            customer(),
        ])
    };
    let at = || prop_oneof![4 => (0_i64..40).prop_map(time), 1 => Just(Value::Null)];
    let message = (
        (select(EVENTS.to_vec()), id(), id(), -5_i64..45),
        (party(), party(), party()),
        (at(), at(), at(), at()),
        select(vec!["No Answer", "Call Cancel", "Voicemail", "Busy", "Call connected", ""]),
    )
        .prop_map(|((name, call, consult, sent), (one, two, by), (ring, answer, end, date), result)| {
            let object = json!({
                "call_id": call, "id": format!("R{call}"), "callee": one, "caller": two, "forwarded_by": by,
                "owner": {"id": "U1", "type": "user"}, "recipient": one, "handup_result": result,
                "ringing_start_time": ring, "answer_start_time": answer, "call_end_time": end, "date_time": date,
                "ai_call_summary_id": "S1"
            });
            let said = event(name, sent, object);
            if name == "warm_transfer_initiated" { with(said, json!({"transfer_call_id": consult})) } else { said }
        });
    let record = (
        id(),
        1_usize..4,
        1_usize..4,
        0_i64..40,
        0_i64..40,
        select(vec![
            "answered",
            "voicemail",
            "canceled",
            "no_answer",
            "overflowed",
            "abandoned",
            "teleported",
            "",
        ]),
        select(vec!["incoming", "outgoing", "ring_to_member", "direct_transfer", "overflow", "park", "new"]),
    )
        .prop_map(|(call, number, member, start, end, result, event)| {
            let fields = json!({
                "call_id": call, "result": result, "event": event, "call_history_uuid": format!("H{call}"),
                "answer_time": time(end - 1), "segment": number, "recording_id": format!("R{call}")
            });
            elements("callee", member, end, &[element(&format!("E{number}"), member, start, end, fields)])
        });
    let history = (id(), 0_i64..40, 0_i64..40, select(vec!["answered", "abandoned", "teleported", ""]))
        .prop_map(|(call, start, end, result)| {
            let fields =
                json!({"call_id": call, "call_history_uuid": format!("H{call}"), "call_result": result});
            Value::Object(row(start, end, fields))
        });
    let any_message = prop_oneof![6 => message, 2 => record, 1 => history];
    vec(any_message, 1..40).prop_map(|messages| messages.iter().flat_map(say::facts).collect())
}
