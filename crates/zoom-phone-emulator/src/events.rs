//! The bodies of the events, without their delivery.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::text;
use crate::party::{Kind, Party};
use crate::records::{DEVICE_TYPE, Side};

/// Zoom's envelope around every event. `event_ts` is in milliseconds.
pub(crate) fn envelope(account_id: &str, event: &str, at: Timestamp, object: &Value) -> Value {
    json!({
        "event": event,
        "event_ts": at.as_millisecond(),
        "payload": { "account_id": account_id, "object": object },
    })
}

/// One user's part in a call, on one side of it: what status events are about.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) call_id: String,
    pub(crate) side: Side,
    /// The user whose leg this is.
    pub(crate) own: Arc<Party>,
    /// The other end.
    pub(crate) far: Arc<Party>,
    /// The queue or user that sent the call here.
    pub(crate) forwarded_by: Option<Arc<Party>>,
    /// One hop further back: the auto receptionist before a queue.
    pub(crate) redirected_by: Option<Arc<Party>>,
    pub(crate) ringing: Timestamp,
    pub(crate) answered: Option<Timestamp>,
}

impl Leg {
    /// `ringing`, and `answered` (callee) or `connected` (caller): both parties by name, device
    /// details of the leg's own user.
    pub(crate) fn opening(&self) -> Value {
        let mut own = party(&self.own);
        if self.own.kind == Kind::User {
            own["user_id"] = json!(self.own.id);
        }
        own["name"] = json!(self.own.name);
        own["timezone"] = json!(self.own.timezone);
        own["device_type"] = json!(DEVICE_TYPE);
        if self.side == Side::Callee || self.answered.is_none() {
            own["device_name"] = json!("Desk");
        }
        own["device_id"] = json!(self.own.device_id);
        let mut far = party(&self.far);
        if let Some(name) = &self.far.name {
            far["name"] = json!(name);
        }
        let mut object = self.parties(&own, &far);
        object["ringing_start_time"] = json!(text(self.ringing));
        if let Some(answered) = self.answered {
            let field = match self.side {
                Side::Caller => "connected_start_time",
                Side::Callee => "answer_start_time",
            };
            object[field] = json!(text(answered));
        }
        self.forwarders(&mut object);
        object
    }

    /// `missed`, `rejected` and `ended`: times of the whole leg. `callee_ended` has no `handup_result`.
    pub(crate) fn closing(&self, end: Timestamp, handup_result: Option<&str>) -> Value {
        let mut object = self.later();
        object["ringing_start_time"] = json!(text(self.ringing));
        if let Some(answered) = self.answered {
            object["answer_start_time"] = json!(text(answered));
        }
        object["call_end_time"] = json!(text(end));
        self.forwarders(&mut object);
        if let Some(result) = handup_result {
            object["handup_result"] = json!(result);
        }
        object
    }

    /// `hold`, `unhold`, `mute`, `unmute`; `parked` and `meeting_inviting` have a field more.
    pub(crate) fn moment(&self, at: Timestamp) -> Value {
        let mut object = self.later();
        object["date_time"] = json!(text(at));
        object
    }

    /// The parties as all events after the opening show them: user ids on both sides, no names.
    fn later(&self) -> Value {
        let mut own = party(&self.own);
        if self.own.kind == Kind::User {
            own["user_id"] = json!(self.own.id);
        }
        own["timezone"] = json!(self.own.timezone);
        own["device_id"] = json!(self.own.device_id);
        let mut far = party(&self.far);
        if self.far.kind == Kind::User {
            far["user_id"] = json!(self.far.id);
            far["timezone"] = json!(self.far.timezone);
        }
        self.parties(&own, &far)
    }

    fn parties(&self, own: &Value, far: &Value) -> Value {
        match self.side {
            Side::Caller => json!({ "call_id": self.call_id, "caller": own, "callee": far }),
            Side::Callee => json!({ "call_id": self.call_id, "callee": own, "caller": far }),
        }
    }

    fn forwarders(&self, object: &mut Value) {
        if self.side == Side::Caller {
            return;
        }
        if let Some(by) = &self.forwarded_by {
            object["forwarded_by"] = json!({
                "name": by.name,
                "extension_number": by.extension_text(),
                "extension_type": by.kind.in_events(),
            });
        }
        if let Some(by) = &self.redirected_by {
            object["redirect_forwarded_by"] = json!({
                "name": by.name,
                "extension_number": by.extension_text(),
                "phone_number": by.number,
                "extension_type": by.kind.in_events(),
            });
        }
    }
}

/// What every status event says of a party.
fn party(party: &Party) -> Value {
    let mut object = json!({ "extension_type": party.kind.in_events() });
    if party.kind != Kind::Outside {
        object["extension_id"] = json!(party.extension_id);
        object["extension_number"] = json!(party.extension_number);
    }
    if let Some(number) = &party.number {
        object["phone_number"] = json!(number);
    }
    object["connection_type"] = json!(if party.kind == Kind::Outside { "pstn_off_net" } else { "voip" });
    object
}

/// The user who did something: transferred, recorded.
pub(crate) fn owner(user: &Party) -> Value {
    json!({
        "type": user.kind.in_events(),
        "id": user.id,
        "name": user.name,
        "extension_number": user.extension_number,
    })
}

/// `blind_transfer_initiated` and the three `warm_transfer_*`.
pub(crate) fn transfer(
    call_id: &str,
    by: &Party,
    to: &Party,
    consult_id: Option<&str>,
    at: Timestamp,
) -> Value {
    let mut object = json!({
        "call_id": call_id,
        "owner": owner(by),
        "transfer_phone_number": to.dialled(),
    });
    if let Some(consult_id) = consult_id {
        object["transfer_call_id"] = json!(consult_id);
    }
    object["date_time"] = json!(text(at));
    object
}

/// `transfer_recipient_updated`: who the far party talks to from now on.
pub(crate) fn recipient(call_id: &str, by: &Party, to: &Party, at: Timestamp) -> Value {
    json!({
        "call_id": call_id,
        "owner": owner(by),
        "recipient": {
            "extension_number": to.extension_number,
            "phone_number": to.number,
            "name": to.name,
            "connection_type": "voip",
        },
        "date_time": text(at),
    })
}

/// `conference_started`.
pub(crate) fn conference(call_id: &str, conference_id: &str, by: &Party, at: Timestamp) -> Value {
    json!({
        "enable_multiple_party_conference": true,
        "conference_id": conference_id,
        "call_id": call_id,
        "owner": owner(by),
        "date_time": text(at),
    })
}

/// `emergency_alert`, next to the caller's own events.
pub(crate) fn emergency(call_id: &str, caller: &Party, dialled: &str, at: Timestamp) -> Value {
    json!({
        "call_id": call_id,
        "caller": {
            "id": caller.id,
            "extension_type": "user",
            "extension_number": caller.extension_text(),
            "phone_number": caller.number,
            "display_name": caller.name,
            "site_id": caller.site.1,
            "site_name": caller.site.0,
            "timezone": caller.timezone,
        },
        "callee": { "phone_number": dialled },
        "location": { "ip": ["203.0.113.7"] },
        "router": "ZOOM",
        "deliver_to": "PSAP",
        "ringing_start_time": text(at),
    })
}

/// `ai_call_summary_changed` of a new summary.
pub(crate) fn summary(id: &str, user_id: &str, call_id: &str, at: Timestamp) -> Value {
    json!({
        "ai_call_summary_id": id,
        "user_id": user_id,
        "call_id": call_id,
        "created_time": text(at),
        "modified_time": text(at),
        "edited": false,
        "deleted": false,
    })
}

/// A recording of one leg.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) id: String,
    pub(crate) channel_id: String,
    pub(crate) sip_id: String,
    pub(crate) started: Timestamp,
    /// Begun by the user and not by policy.
    pub(crate) on_demand: bool,
}

impl Recording {
    /// `recording_started`, `recording_stopped` and `recording_failed`.
    pub(crate) fn control(&self, leg: &Leg, at: Timestamp) -> Value {
        let mut object = self.pause(leg, at);
        object["channel_id"] = json!(self.channel_id);
        object["sip_id"] = json!(self.sip_id);
        object
    }

    /// `recording_paused` and `recording_resumed`.
    pub(crate) fn pause(&self, leg: &Leg, at: Timestamp) -> Value {
        let (caller, callee) = ends(leg);
        json!({
            "id": self.id,
            "user_id": leg.own.id,
            "caller_number": caller.dialled(),
            "callee_number": callee.dialled(),
            "direction": direction(leg.side),
            "date_time": text(at),
            "recording_type": self.kind(),
            "call_id": leg.call_id,
            "owner": owner(&leg.own),
        })
    }

    fn kind(&self) -> &'static str {
        if self.on_demand { "OnDemand" } else { "Automatic" }
    }

    /// `recording_completed`: the file is there. `duration` is in seconds.
    pub(crate) fn completed(
        &self,
        leg: &Leg,
        end: Timestamp,
        links: &str,
        (history, element): (&str, &str),
    ) -> Value {
        let mut recording = self.file(leg, end);
        recording["download_url"] = json!(format!("{links}/v2/phone/recording/download/{}", self.id));
        recording["call_history_id"] = json!(history);
        recording["call_element_id"] = json!(element);
        json!({ "recordings": [recording] })
    }

    /// `recording_completed_for_access_member`.
    pub(crate) fn for_member(completed: &Value) -> Value {
        let mut object = completed.clone();
        object["recordings"][0]["owner"]["has_access_permission"] = json!(true);
        object
    }

    /// `recording_transcript_completed`, which knows no element and no record.
    pub(crate) fn transcribed(&self, leg: &Leg, end: Timestamp, links: &str) -> Value {
        let mut recording = self.file(leg, end);
        let url = format!("{links}/v2/phone/recording_transcript/download/{}", self.id);
        recording["transcript_download_url"] = json!(url);
        json!({ "recordings": [recording] })
    }

    fn file(&self, leg: &Leg, end: Timestamp) -> Value {
        let mut recording = json!({ "id": self.id });
        file_ends(&mut recording, leg);
        recording["duration"] = json!(end.as_second() - self.started.as_second());
        recording["date_time"] = json!(text(self.started));
        recording["user_id"] = json!(leg.own.id);
        recording["call_id"] = json!(leg.call_id);
        recording["end_time"] = json!(text(end));
        recording["recording_type"] = json!(self.kind());
        recording["site"] = json!({ "id": leg.own.site.1 });
        recording["owner"] = owner(&leg.own);
        recording["direction"] = json!(direction(leg.side));
        recording
    }
}

/// `voicemail_received` for the mailbox of a user or a group. `duration` is in seconds.
pub(crate) fn voicemail(
    id: &str,
    leg: &Leg,
    (at, duration): (Timestamp, i64),
    links: &str,
    ids: (&str, &str),
) -> Value {
    let mut object = json!({
        "id": id,
        "date_time": text(at),
        "download_url": format!("{links}/v2/phone/voice_mails/download/{id}"),
        "duration": duration,
    });
    mailbox(&mut object, leg, ids);
    object
}

/// `voicemail_received_for_access_member`.
pub(crate) fn voicemail_for_member(received: &Value, member: &Party) -> Value {
    let mut object = received.clone();
    object["access_member_id"] = json!(member.id);
    object["access_member_extension_type"] = json!("user");
    object
}

/// `voicemail_transcript_completed`.
pub(crate) fn voicemail_transcribed(
    id: &str,
    leg: &Leg,
    at: Timestamp,
    words: &str,
    ids: (&str, &str),
) -> Value {
    let mut object = json!({ "id": id, "date_time": text(at) });
    mailbox(&mut object, leg, ids);
    object["transcription"] = json!({ "status": 2, "content": words });
    object
}

fn mailbox(object: &mut Value, leg: &Leg, (history, element): (&str, &str)) {
    file_ends(object, leg);
    if leg.own.kind == Kind::User {
        object["callee_user_id"] = json!(leg.own.id);
    }
    object["callee_extension_type"] = json!(leg.own.kind.in_events());
    object["callee_id"] = json!(leg.own.id);
    object["call_history_id"] = json!(history);
    object["call_element_id"] = json!(element);
    object["call_id"] = json!(leg.call_id);
}

/// Number types of file events are integers: 1 is an extension, 2 a phone number.
fn file_ends(object: &mut Value, leg: &Leg) {
    let (caller, callee) = ends(leg);
    for (side, party) in [("caller", caller), ("callee", callee)] {
        object[format!("{side}_number")] = json!(party.dialled());
        object[format!("{side}_number_type")] = json!(if party.kind == Kind::Outside { 2 } else { 1 });
        // Zoom shows the number where it knows no name.
        object[format!("{side}_name")] = json!(party.name.clone().unwrap_or_else(|| party.dialled()));
        if let Some(number) = &party.number {
            object[format!("{side}_did_number")] = json!(number);
        }
    }
}

fn ends(leg: &Leg) -> (&Party, &Party) {
    match leg.side {
        Side::Caller => (&leg.own, &leg.far),
        Side::Callee => (&leg.far, &leg.own),
    }
}

fn direction(side: Side) -> &'static str {
    match side {
        Side::Caller => "outbound",
        Side::Callee => "inbound",
    }
}
