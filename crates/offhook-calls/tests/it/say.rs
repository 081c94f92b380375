//! Messages as Zoom would send them (synthetic values), and what becomes of them.
//!
//! Times are seconds after [`NOON`]; a builder's `ring`, `answer`, `end` and `at` are such seconds.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use offhook_calls::{
    Alias, CallBook, CallFacts, CallKey, CallView, Fact, Heard, LegView,
    normalize::{self, Door},
};
use serde_json::{Map, Value, json};

pub(crate) const ACCOUNT: &str = "ACC1";
pub(crate) const CALL: &str = "7018317023722949162";
/// 2026-11-22T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_348_800;

/// The moment so many seconds after noon.
pub(crate) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOON).unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn time(seconds: i64) -> Value {
    json!(moment(seconds).to_string())
}

/// Who can be on the phone. `user(1)` has user id `U1`, extension `1001`, and so on.
pub(crate) fn user(n: usize) -> Value {
    json!({
        "extension_id": format!("EXT{n}"), "extension_type": "user", "user_id": format!("U{n}"),
        "name": format!("User {n}"), "extension_number": 1000 + n, "phone_number": format!("+1555000{n:04}"),
        "device_id": format!("D{n}"), "connection_type": "voip"
    })
}

pub(crate) fn customer() -> Value {
    json!({"extension_type": "pstn", "phone_number": "+14155550100", "connection_type": "pstn_off_net"})
}

pub(crate) fn queue(number: u32, name: &str) -> Value {
    json!({"extension_type": "callQueue", "extension_number": number.to_string(), "name": name})
}

pub(crate) fn sales() -> Value {
    queue(800, "Sales")
}

pub(crate) fn event(name: &str, at: i64, object: Value) -> Value {
    let mut event = json!({
        "event": format!("phone.{name}"), "event_ts": (NOON + at) * 1000 + 250,
        "payload": {"account_id": ACCOUNT}
    });
    event["payload"]["object"] = object;
    event
}

/// The event with other or further fields in its object.
pub(crate) fn with(mut event: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    event["payload"]["object"].as_object_mut().unwrap().extend(fields);
    event
}

/// The event as it came to a member of a queue.
pub(crate) fn via(event: Value, queue: &Value) -> Value {
    with(event, json!({"forwarded_by": queue}))
}

fn line(name: &str, call: &str, callee: &Value, caller: &Value, at: i64, times: Value) -> Value {
    let object = json!({"call_id": call, "callee": callee, "caller": caller});
    with(event(name, at, object), times)
}

/// Status events of one party's line.
#[derive(Clone)]
pub(crate) struct Line {
    call: String,
    is_callee: bool,
    mine: Value,
    far: Value,
    ring: i64,
    queue: Option<Value>,
}

/// The line of somebody who is called.
pub(crate) fn callee(mine: &Value, far: &Value, ring: i64) -> Line {
    Line { call: CALL.into(), is_callee: true, mine: mine.clone(), far: far.clone(), ring, queue: None }
}

/// The line of somebody who calls.
pub(crate) fn caller(mine: &Value, far: &Value, ring: i64) -> Line {
    Line { is_callee: false, ..callee(mine, far, ring) }
}

impl Line {
    pub(crate) fn on(mut self, call: &str) -> Self {
        call.clone_into(&mut self.call);
        self
    }

    pub(crate) fn via(mut self, queue: &Value) -> Self {
        self.queue = Some(queue.clone());
        self
    }

    fn say(&self, word: &str, at: i64, times: Value) -> Value {
        let side = if self.is_callee { "callee" } else { "caller" };
        let (callee, caller) = if self.is_callee { (&self.mine, &self.far) } else { (&self.far, &self.mine) };
        let said = line(&format!("{side}_{word}"), &self.call, callee, caller, at, times);
        match &self.queue {
            Some(queue) if matches!(word, "ringing" | "answered" | "missed" | "ended") => via(said, queue),
            _ => said,
        }
    }

    pub(crate) fn ringing(&self) -> Value {
        self.say("ringing", self.ring, json!({"ringing_start_time": time(self.ring)}))
    }

    pub(crate) fn answered(&self, at: i64) -> Value {
        if self.is_callee {
            let times = json!({"ringing_start_time": time(self.ring), "answer_start_time": time(at)});
            self.say("answered", at, times)
        } else {
            let times = json!({"ringing_start_time": time(self.ring), "connected_start_time": time(at)});
            self.say("connected", at, times)
        }
    }

    pub(crate) fn missed(&self, at: i64, result: &str) -> Value {
        let times = json!({
            "ringing_start_time": time(self.ring), "call_end_time": time(at), "handup_result": result
        });
        self.say("missed", at, times)
    }

    pub(crate) fn rejected(&self, at: i64) -> Value {
        let times = json!({
            "ringing_start_time": time(self.ring), "call_end_time": time(at), "handup_result": "Rejected"
        });
        self.say("rejected", at, times)
    }

    /// The end of a conversation; callers' lines also tell how.
    pub(crate) fn ended(&self, answer: i64, at: i64) -> Value {
        let times = json!({
            "ringing_start_time": time(self.ring), "answer_start_time": time(answer), "call_end_time": time(at)
        });
        let said = self.say("ended", at, times);
        if self.is_callee { said } else { with(said, json!({"handup_result": "Call connected"})) }
    }

    /// The end of a caller's line that was not answered.
    pub(crate) fn gave_up(&self, at: i64, result: &str) -> Value {
        let times = json!({
            "ringing_start_time": time(self.ring), "call_end_time": time(at), "handup_result": result
        });
        self.say("ended", at, times)
    }

    /// `hold`, `unhold`, `mute`, `unmute`, `parked`.
    pub(crate) fn does(&self, word: &str, at: i64) -> Value {
        self.say(word, at, json!({"date_time": time(at)}))
    }
}

pub(crate) fn transfer(name: &str, owner: usize, at: i64, fields: Value) -> Value {
    let object = json!({
        "call_id": CALL, "date_time": time(at),
        "owner": {"id": format!("U{owner}"), "type": "user", "name": format!("User {owner}"),
                  "extension_number": 1000 + owner}
    });
    with(event(name, at, object), fields)
}

pub(crate) fn recording(word: &str, at: i64) -> Value {
    let object = json!({
        "id": "R1", "user_id": "U1", "call_id": CALL, "channel_id": "C1", "sip_id": "S1",
        "recording_type": "Automatic", "date_time": time(at),
        "owner": {"id": "U1", "type": "user", "extension_number": 1001}
    });
    event(&format!("recording_{word}"), at, object)
}

/// `recording_completed`, `recording_transcript_completed`, `recording_deleted` …
pub(crate) fn recording_file(word: &str, at: i64, call_id: Option<&str>) -> Value {
    let mut file = json!({"id": "R1", "date_time": time(at), "owner": {"id": "U1", "type": "user"}});
    if let Some(call_id) = call_id {
        file["call_id"] = json!(call_id);
    }
    event(&format!("recording_{word}"), at, json!({"recordings": [file]}))
}

pub(crate) fn voicemail(at: i64, callee: usize) -> Value {
    let object = json!({
        "id": "V1", "call_id": CALL, "date_time": time(at), "caller_number": "+14155550100",
        "caller_number_type": 2, "callee_user_id": format!("U{callee}"), "callee_id": format!("EXT{callee}"),
        "callee_number": (1000 + callee).to_string(), "callee_number_type": 1, "callee_extension_type": "user"
    });
    event("voicemail_received", at, object)
}

/// One call element, as its participant sees it: a call from the customer to a member of the queue.
pub(crate) fn element(id: &str, member: usize, start: i64, end: i64, fields: Value) -> Value {
    let mut element = json!({
        "call_element_id": id, "call_history_uuid": "H1", "call_id": CALL, "direction": "inbound",
        "connect_type": "external", "call_type": "general", "event": "incoming",
        "caller_did_number": "+14155550100", "caller_number_type": "external_pstn",
        "callee_ext_id": format!("EXT{member}"), "callee_ext_number": (1000 + member).to_string(),
        "callee_ext_type": "user", "callee_name": format!("User {member}"),
        "start_time": time(start), "end_time": time(end)
    });
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    element.as_object_mut().unwrap().extend(fields);
    element
}

/// The event that elements of one participant are ready. `side` is `callee` or `caller`.
pub(crate) fn elements(side: &str, user: usize, at: i64, elements: &[Value]) -> Value {
    let object = json!({"user_id": format!("U{user}"), "call_elements": elements});
    event(&format!("{side}_call_element_completed"), at, object)
}

/// A row of call history, v3 names: from the customer to user 1.
pub(crate) fn row(start: i64, end: i64, fields: Value) -> Map<String, Value> {
    let row = json!({
        "call_history_uuid": "H1", "call_id": CALL, "direction": "inbound", "connect_type": "external",
        "call_type": "general", "caller_did_number": "+14155550100", "caller_number_type": "external_pstn",
        "callee_ext_id": "EXT1", "callee_ext_number": "1001", "callee_ext_type": "user",
        "start_time": time(start), "end_time": time(end)
    });
    let (Value::Object(mut row), Value::Object(fields)) = (row, fields) else { panic!("objects") };
    row.extend(fields);
    row
}

/// An answer of `getCallPath` with these steps (each as [`element`] makes them), v3 names.
pub(crate) fn path(steps: &[Value]) -> Value {
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| {
            let mut step = step.clone();
            let fields = step.as_object_mut().unwrap();
            // The record as a whole has the history id; and it knows no talk time.
            fields.retain(|name, _| !matches!(name.as_str(), "call_history_uuid" | "talk_time"));
            step
        })
        .collect();
    json!({"id": "H1", "call_history_uuid": "H1", "call_id": CALL, "caller_acconut_code": "7", "call_elements": steps})
}

/// The same answer as it was before v3.
pub(crate) fn path_of_v2(steps: &[Value]) -> Value {
    let mut path = path(steps);
    let fields = path.as_object_mut().unwrap();
    fields.shift_remove("call_history_uuid");
    let mut steps = fields.shift_remove("call_elements").unwrap();
    for step in steps.as_array_mut().unwrap() {
        let step = step.as_object_mut().unwrap();
        let id = step.shift_remove("call_element_id").unwrap();
        step.insert("id".into(), id);
    }
    fields.insert("call_path".into(), steps);
    path
}

/// The facts of one message: an event, or (without an envelope) a call's path or a row of call history.
pub(crate) fn facts(message: &Value) -> Vec<(Fact, Heard)> {
    let has = |field: &str| message.get(field).is_some();
    let door = if has("event") && has("payload") {
        Door::Webhook
    } else if has("call_elements") || has("call_path") {
        Door::CallPath
    } else {
        Door::CallHistory
    };
    normalize::read(door, ACCOUNT, &serde_json::to_vec(message).unwrap()).facts
}

/// What the calls of these messages look like, in order of their keys.
pub(crate) fn views<'a>(messages: impl IntoIterator<Item = &'a Value>) -> Vec<CallView> {
    let mut book = CallBook::default();
    for (fact, heard) in messages.into_iter().flat_map(facts) {
        book.absorb(fact, heard);
    }
    book.into_changes().iter().map(|one| view(&one.key, &one.names, &one.facts)).collect()
}

pub(crate) fn view(key: &CallKey, names: &BTreeSet<Alias>, facts: &CallFacts) -> CallView {
    CallView::of(key, names, facts)
}

/// The one call of these messages.
pub(crate) fn call<'a>(messages: impl IntoIterator<Item = &'a Value>) -> CallView {
    let mut views = views(messages);
    assert_eq!(views.len(), 1, "one call: {views:#?}");
    views.remove(0)
}

/// The leg of a user; the called side's if there are both.
pub(crate) fn leg(view: &CallView, user: usize) -> &LegView {
    let id = format!("U{user}");
    let mut legs = view.legs.iter().filter(|leg| {
        leg.party.user_id.as_deref() == Some(&id)
            || leg.party.extension_id.as_deref() == Some(&format!("EXT{user}"))
    });
    legs.clone()
        .find(|leg| leg.side == offhook_calls::Side::Callee)
        .or_else(|| legs.next())
        .unwrap_or_else(|| panic!("user {user} has a leg: {:#?}", view.legs))
}
