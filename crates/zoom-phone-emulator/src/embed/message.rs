//! What the embedded phone tells its host page: the bodies of Smart Embed's events.
//!
//! The shapes are those of Zoom's Smart Embed guide. Parties have three forms there: with `phoneNumber` and extension
//! in live events, with `number` and `numberType` in events about logs and files, with `phoneNumber` alone in
//! messages. All times are UTC with whole seconds.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::text;
use crate::config::Temper;
use crate::live::PhoneCall;
use crate::world::{Doc, World, at};

/// What the shape of a message depends on besides what happened.
pub(super) struct Context<'a> {
    pub(super) temper: Temper,
    /// Origin of the embedded phone, for links to players.
    pub(super) origin: &'a str,
    pub(super) user_id: &'a str,
}

impl Context<'_> {
    fn message(&self, kind: &str, identity: &[&str], data: &Value) -> Value {
        json!({ "id": self.id(kind, identity), "type": kind, "data": data })
    }

    /// The same event has the same id in every tab and after a reload.
    fn id(&self, kind: &str, identity: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in [self.user_id, kind].iter().chain(identity) {
            hash.update(part);
            hash.update([0]);
        }
        let hex = hex::encode(hash.finalize());
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
    }

    /// Address of the page that plays a recording.
    pub(super) fn recording_url(&self, id: &str) -> String {
        format!("{}/integration/phone/embeddablephone/audio/play/0/{id}", self.origin)
    }

    /// Address of the page that plays a voicemail.
    pub(super) fn voicemail_url(&self, id: &str) -> String {
        format!("{}/integration/phone/embeddablephone/voicemail/play/0/{id}", self.origin)
    }
}

/// The event of a change of a call, if the change makes one: `ringing`, `connected` once, `ended`. `before` is the
/// state that was told last.
pub(super) fn live(
    context: &Context<'_>,
    world: &World,
    call: &PhoneCall,
    before: Option<&str>,
) -> Option<Value> {
    let (kind, at) = match (before, call.state) {
        (None, "ringing") => ("zp-call-ringing-event", call.ringing_at),
        (None | Some("ringing"), "connected" | "held") => {
            ("zp-call-connected-event", call.answered_at.unwrap_or(call.ringing_at))
        }
        (None | Some("ringing" | "connected" | "held"), "ended") => {
            ("zp-call-ended-event", call.ended_at.unwrap_or(call.ringing_at))
        }
        _ => return None,
    };
    let own = own_party(world, call, context.user_id);
    let far = far_party(world, call);
    let (caller, callee) = if call.direction == "outbound" { (own, far) } else { (far, own) };
    let mut data = json!({
        "callId": call.call_id,
        "direction": call.direction,
        "caller": caller,
        "callee": callee,
        "dateTime": text(at),
    });
    if let Some(by) = &call.forwarded_by {
        data["forwardedBy"] = forwarder(world, by);
    }
    if kind == "zp-call-ended-event" {
        data["result"] = json!(ended(call));
    }
    // A call can ring a phone more than once: when it is parked, or comes back from a transfer.
    let ringing_at = call.ringing_at.as_millisecond().to_string();
    Some(context.message(kind, &[&call.call_id, &ringing_at], &data))
}

/// `missed`, `rejected` or `ended`. Zoom does not document the word for an outbound call that nobody answered; it
/// was ended by whoever placed it.
fn ended(call: &PhoneCall) -> &'static str {
    match call.result {
        _ if call.answered_at.is_some() || call.direction == "outbound" => "ended",
        Some("rejected") => "rejected",
        _ => "missed",
    }
}

fn own_party(world: &World, call: &PhoneCall, user_id: &str) -> Value {
    let user = world.get(&format!("{}/{user_id}", at::USERS));
    let mut party = Map::new();
    put(&mut party, "name", &call.own_name);
    put(&mut party, "phoneNumber", &call.own_number);
    put(&mut party, "extensionNumber", &call.own_extension);
    put(&mut party, "extensionId", user.map_or("", |user| field(user, "extension_id")));
    put(&mut party, "extensionType", "user");
    Value::Object(party)
}

/// People outside have no extension; who hides the number has none.
fn far_party(world: &World, call: &PhoneCall) -> Value {
    let mut party = Map::new();
    put(&mut party, "name", &call.name);
    if call.number.starts_with('+') {
        put(&mut party, "phoneNumber", &call.number);
    }
    if let Some(extension) = &call.other_extension {
        put(&mut party, "extensionNumber", extension);
        if let Some((_, doc)) = extension_with(world, |doc| extension_text(doc) == *extension) {
            put(&mut party, "extensionId", field(doc, "extension_id"));
        }
        put(&mut party, "extensionType", call.other_type);
    }
    Value::Object(party)
}

fn forwarder(world: &World, by: &str) -> Value {
    let known = extension_with(world, |doc| field(doc, "name") == by || extension_text(doc) == by);
    let Some((kind, doc)) = known else { return json!({ "name": by }) };
    json!({ "name": field(doc, "name"), "extensionNumber": extension_text(doc), "extensionType": kind })
}

/// The extension that fits, and its type as Smart Embed spells it.
fn extension_with(world: &World, fits: impl Fn(&Doc) -> bool) -> Option<(&'static str, &Doc)> {
    let lists = [
        (at::USERS, "user"),
        (at::QUEUES, "callQueue"),
        (at::RECEPTIONISTS, "autoReceptionist"),
        (at::SHARED_LINE_GROUPS, "sharedLineGroup"),
        (at::COMMON_AREAS, "commonAreaPhone"),
        (at::ROOMS, "zoomRoom"),
    ];
    lists.into_iter().find_map(|(list, kind)| {
        let found = world.children(list).into_iter().find(|(_, doc)| fits(doc));
        found.map(|(_, doc)| (kind, doc))
    })
}

pub(super) fn extension_text(doc: &Doc) -> String {
    match doc.get("extension_number") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(number)) => number.clone(),
        _ => String::new(),
    }
}

fn field<'a>(doc: &'a Doc, name: &str) -> &'a str {
    doc.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn put(party: &mut Map<String, Value>, name: &str, value: &str) {
    if !value.is_empty() {
        party.insert(name.to_owned(), json!(value));
    }
}

/// `callLogId` of a call element: the UUID inside its id, which is `20261122-` and the UUID.
pub(super) fn call_log_id(call_element_id: &str) -> &str {
    match call_element_id.split_once('-') {
        Some((day, uuid)) if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) => uuid,
        _ => call_element_id,
    }
}

/// What a log says of one call element of the event `phone.*_call_element_completed`: also the `data` of
/// `zp-save-log-event`. `duration` is in seconds of conversation, holding included.
pub(super) fn log(element: &Value) -> Value {
    json!({
        "callId": element["call_id"],
        "callLogId": call_log_id(element["call_element_id"].as_str().unwrap_or_default()),
        "caller": log_party(element, "caller"),
        "callee": log_party(element, "callee"),
        "result": result_label(element),
        "direction": element["direction"],
        "duration": duration(element),
        "dateTime": element["start_time"],
    })
}

/// `numberType` 1 is an extension, 2 a telephone number, 3 an emergency number of the company's own.
fn log_party(element: &Value, side: &str) -> Value {
    let get = |name: &str| element[format!("{side}_{name}")].as_str().unwrap_or_default();
    let mut party = Map::new();
    put(&mut party, "name", get("name"));
    let (number, kind) = match (get("ext_number"), get("number_type")) {
        ("", kind) if kind.contains("emergency") => (get("did_number"), 3),
        ("", _) => (get("did_number"), 2),
        (extension, _) => (extension, 1),
    };
    put(&mut party, "number", number);
    party.insert("numberType".to_owned(), json!(kind));
    Value::Object(party)
}

/// The labels of call logs for the results of call elements.
fn result_label(element: &Value) -> &'static str {
    let answered_elsewhere =
        matches!(element["result_reason"].as_str(), Some("answered_by_other" | "pickup_by_other"));
    match element["result"].as_str().unwrap_or_default() {
        _ if answered_elsewhere => "Answered by other member",
        _ if element["event"] == "park" => "Park",
        "answered" | "accepted" | "picked_up" | "connected" | "succeeded" => "Call Connected",
        "voicemail" => "Voicemail",
        "rejected" => "Rejected",
        "busy" => "Busy",
        "canceled" | "hang_up" | "abandoned" => "Call Cancel",
        "system_blocked" => "Blocked",
        "call_failed" | "service_unavailable" => "Internal Error",
        _ => "No Answer",
    }
}

fn duration(element: &Value) -> i64 {
    let seconds = |name: &str| element[name].as_i64().unwrap_or_default();
    seconds("talk_time") + seconds("hold_time")
}

/// `zp-call-log-completed-event` of a call element.
pub(super) fn log_completed(context: &Context<'_>, element: &Value) -> Value {
    let mut data = log(element);
    if context.temper == Temper::Field {
        // Not documented, and there.
        for side in ["caller", "callee"] {
            if data[side]["numberType"] == 1 && element[format!("{side}_did_number")].is_string() {
                data[side]["didNumber"] = element[format!("{side}_did_number")].clone();
            }
        }
    }
    let id = data["callLogId"].as_str().unwrap_or_default();
    context.message("zp-call-log-completed-event", &[id], &data)
}

/// `zp-call-recording-completed-event` of one recording of `phone.recording_completed`.
pub(super) fn recording_completed(context: &Context<'_>, recording: &Value) -> Value {
    let id = recording["id"].as_str().unwrap_or_default();
    let data = json!({
        "callId": recording["call_id"],
        "callLogId": file_log_id(recording),
        "caller": file_party(recording, "caller"),
        "callee": file_party(recording, "callee"),
        "direction": recording["direction"],
        "recordingUrl": context.recording_url(id),
        "dateTime": recording["date_time"],
    });
    context.message("zp-call-recording-completed-event", &[id], &data)
}

/// `zp-call-voicemail-received-event` of `phone.voicemail_received`. It has no `direction`.
pub(super) fn voicemail_received(context: &Context<'_>, voicemail: &Value) -> Value {
    let id = voicemail["id"].as_str().unwrap_or_default();
    let data = json!({
        "callId": voicemail["call_id"],
        "callLogId": file_log_id(voicemail),
        "caller": file_party(voicemail, "caller"),
        "callee": file_party(voicemail, "callee"),
        "voicemailUrl": context.voicemail_url(id),
        "dateTime": voicemail["date_time"],
    });
    context.message("zp-call-voicemail-received-event", &[id], &data)
}

/// The log of a file is that of its call element, so that all messages of one call agree.
pub(super) fn file_log_id(file: &Value) -> String {
    let of_element = file["call_element_id"].as_str().map(call_log_id);
    of_element.or_else(|| file["call_log_id"].as_str()).unwrap_or_default().to_owned()
}

/// In events about files `numberType` is 1 inside the company and 2 outside.
fn file_party(file: &Value, side: &str) -> Value {
    let get = |name: &str| &file[format!("{side}_{name}")];
    let mut party = Map::new();
    put(&mut party, "name", get("name").as_str().unwrap_or_default());
    put(&mut party, "number", get("number").as_str().unwrap_or_default());
    party.insert("numberType".to_owned(), get("number_type").clone());
    Value::Object(party)
}

/// `zp-ai-call-summary-event` of `phone.ai_call_summary_changed` and the summary's text as REST has it
/// (`getUserAICallSummary`). It has no `id`.
pub(super) fn summary_changed(change: &Value, summary: &Value) -> Value {
    let said = |name: &str| summary[name].as_str().unwrap_or_default();
    json!({
        "type": "zp-ai-call-summary-event",
        "data": {
            "callId": change["call_id"],
            "deleted": change["deleted"].as_bool().unwrap_or_default(),
            "edited": change["edited"].as_bool().unwrap_or_default(),
            "callSummary": said("call_summary"),
            "nextSteps": said("next_steps"),
            "detailedSummary": said("detailed_summary"),
            "modifiedTime": change["modified_time"],
        },
    })
}

/// What is shown of a message in a thread, and the `data` of `zp-sms-log-event`: `phone.sms_received`,
/// `phone.sms_sent` and `phone.sms_sent_failed`.
pub(super) fn text_message(event: &str, sms: &Value) -> Value {
    let (status, direction) = match event {
        "phone.sms_received" => ("Received", "inbound"),
        "phone.sms_sent" => ("Delivered", "outbound"),
        _ => ("Not delivered", "outbound"),
    };
    let number = |party: &Value| json!({ "phoneNumber": party["phone_number"] });
    let receivers: Vec<_> = sms["to_members"].as_array().into_iter().flatten().map(number).collect();
    let attachment = |file: &Value| {
        let kind = file["type"].as_str().unwrap_or_default().to_ascii_uppercase();
        let known = ["PNG", "GIF", "JPG", "AUDIO", "VIDEO"].into_iter().find(|known| *known == kind);
        json!({ "type": known.unwrap_or("OTHER"), "fileUrl": file["download_url"] })
    };
    let attachments: Vec<_> = sms["attachments"].as_array().into_iter().flatten().map(attachment).collect();
    json!({
        "sessionId": sms["session_id"],
        "messageId": sms["message_id"],
        "dateTime": sms["date_time"],
        "sender": number(&sms["sender"]),
        "receivers": receivers,
        "message": sms["message"],
        "attachments": attachments,
        "status": status,
        "direction": direction,
    })
}

/// `zp-sms-log-event`.
pub(super) fn sms_logged(context: &Context<'_>, data: &Value) -> Value {
    context.message("zp-sms-log-event", &[data["messageId"].as_str().unwrap_or_default()], data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(temper: Temper) -> Context<'static> {
        Context { temper, origin: "http://phone.test", user_id: "u1" }
    }

    fn element() -> Value {
        json!({
            "call_element_id": "20261122-0b9d6f0e-31c4-4d57-9b0e-6a1f2c3d4e5f",
            "call_id": "7391820045512378841",
            "direction": "inbound",
            "event": "incoming",
            "result": "answered",
            "start_time": "2026-11-22T10:00:00Z",
            "talk_time": 300,
            "hold_time": 31,
            "caller_name": "Ada Example",
            "caller_did_number": "+15552010142",
            "callee_name": "Agent One",
            "callee_ext_number": "1001",
            "callee_did_number": "+16465550101",
        })
    }

    #[test]
    fn a_log_has_the_documented_fields_and_live_ones_a_did_number_more() {
        let message = log_completed(&context(Temper::Documented), &element());
        let data = json!({
            "callId": "7391820045512378841",
            "callLogId": "0b9d6f0e-31c4-4d57-9b0e-6a1f2c3d4e5f",
            "caller": { "name": "Ada Example", "number": "+15552010142", "numberType": 2 },
            "callee": { "name": "Agent One", "number": "1001", "numberType": 1 },
            "result": "Call Connected",
            "direction": "inbound",
            "duration": 331,
            "dateTime": "2026-11-22T10:00:00Z",
        });
        assert_eq!(message["data"], data);
        assert_eq!(message["type"], "zp-call-log-completed-event");
        let field = log_completed(&context(Temper::Field), &element());
        assert_eq!(field["data"]["callee"]["didNumber"], "+16465550101");
        assert!(field["data"]["caller"].get("didNumber").is_none());
        assert_eq!(field["id"], message["id"], "the same event has the same id");
    }

    #[test]
    fn results_are_the_labels_of_the_guide() {
        let label = |event: &str, result: &str, reason: &str| {
            let mut element = element();
            element["event"] = json!(event);
            element["result"] = json!(result);
            element["result_reason"] = json!(reason);
            result_label(&element)
        };
        assert_eq!(label("ring_to_member", "no_answer", "answered_by_other"), "Answered by other member");
        assert_eq!(label("incoming", "ring_timeout", ""), "No Answer");
        assert_eq!(label("incoming", "voicemail", ""), "Voicemail");
        assert_eq!(label("incoming", "system_blocked", ""), "Blocked");
        assert_eq!(label("outgoing", "canceled", ""), "Call Cancel");
        assert_eq!(label("outgoing", "busy", ""), "Busy");
        assert_eq!(label("park", "succeeded", ""), "Park");
    }

    #[test]
    fn a_summary_has_no_id_and_the_text_of_rest() {
        let change = json!({
            "ai_call_summary_id": "s1",
            "user_id": "u1",
            "call_id": "7391820045512378841",
            "edited": true,
            "modified_time": "2026-11-22T10:06:40Z",
        });
        let rest = json!({ "call_summary": "About renewal.", "next_steps": "Send quote.", "detailed_summary": "All." });
        let expected = json!({
            "type": "zp-ai-call-summary-event",
            "data": {
                "callId": "7391820045512378841",
                "deleted": false,
                "edited": true,
                "callSummary": "About renewal.",
                "nextSteps": "Send quote.",
                "detailedSummary": "All.",
                "modifiedTime": "2026-11-22T10:06:40Z",
            },
        });
        assert_eq!(summary_changed(&change, &rest), expected);
    }

    #[test]
    fn a_message_says_who_wrote_to_whom_and_what_became_of_it() {
        let sms = json!({
            "sender": { "phone_number": "+16465550101" },
            "to_members": [{ "phone_number": "+15552010142" }, { "phone_number": "+15552010143" }],
            "message": "See you at 3",
            "attachments": [{ "id": "a", "type": "jpg", "download_url": "http://phone.test/a" }, { "type": "ics" }],
            "session_id": "s",
            "message_id": "m",
            "date_time": "2026-11-22T10:00:00Z",
        });
        let shown = text_message("phone.sms_sent_failed", &sms);
        assert_eq!(shown["status"], "Not delivered");
        assert_eq!(shown["direction"], "outbound");
        assert_eq!(
            shown["receivers"],
            json!([{ "phoneNumber": "+15552010142" }, { "phoneNumber": "+15552010143" }])
        );
        assert_eq!(shown["attachments"][0], json!({ "type": "JPG", "fileUrl": "http://phone.test/a" }));
        assert_eq!(shown["attachments"][1]["type"], "OTHER");
        assert_eq!(text_message("phone.sms_received", &sms)["status"], "Received");
    }
}
