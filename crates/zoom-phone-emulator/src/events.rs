//! The bodies of the events, without their delivery.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::text;
use crate::company::{Kind, Party};
use crate::records::{DEVICE_TYPE, Side};

/// The time zone of everybody in the company.
const TIME_ZONE: &str = "America/New_York";

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
        own["user_id"] = json!(self.own.id);
        own["name"] = json!(self.own.name);
        own["timezone"] = json!(TIME_ZONE);
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

    /// `hold` and `unhold`.
    pub(crate) fn moment(&self, at: Timestamp) -> Value {
        let mut object = self.later();
        object["date_time"] = json!(text(at));
        object
    }

    /// The parties as all events after the opening show them: user ids on both sides, no names.
    fn later(&self) -> Value {
        let mut own = party(&self.own);
        own["user_id"] = json!(self.own.id);
        own["timezone"] = json!(TIME_ZONE);
        own["device_id"] = json!(self.own.device_id);
        let mut far = party(&self.far);
        if self.far.kind == Kind::User {
            far["user_id"] = json!(self.far.id);
            far["timezone"] = json!(TIME_ZONE);
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

/// A recording of one leg.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) id: String,
    pub(crate) channel_id: String,
    pub(crate) sip_id: String,
    pub(crate) started: Timestamp,
}

impl Recording {
    /// `recording_started` and `recording_stopped`.
    pub(crate) fn control(&self, leg: &Leg, at: Timestamp) -> Value {
        let (caller, callee) = ends(leg);
        json!({
            "id": self.id,
            "user_id": leg.own.id,
            "caller_number": caller.dialled(),
            "callee_number": callee.dialled(),
            "direction": direction(leg.side),
            "date_time": text(at),
            "recording_type": "Automatic",
            "call_id": leg.call_id,
            "channel_id": self.channel_id,
            "sip_id": self.sip_id,
            "owner": owner(&leg.own),
        })
    }

    /// `recording_completed`: the file is there. `duration` is in seconds.
    pub(crate) fn completed(
        &self,
        leg: &Leg,
        end: Timestamp,
        links: &str,
        (history, element): (&str, &str),
        site_id: &str,
    ) -> Value {
        let mut recording = json!({ "id": self.id });
        file_ends(&mut recording, leg);
        recording["duration"] = json!(end.as_second() - self.started.as_second());
        recording["download_url"] = json!(format!("{links}/v2/phone/recording/download/{}", self.id));
        recording["date_time"] = json!(text(self.started));
        recording["user_id"] = json!(leg.own.id);
        recording["call_id"] = json!(leg.call_id);
        recording["call_history_id"] = json!(history);
        recording["call_element_id"] = json!(element);
        recording["end_time"] = json!(text(end));
        recording["recording_type"] = json!("Automatic");
        recording["site"] = json!({ "id": site_id });
        recording["owner"] = owner(&leg.own);
        recording["direction"] = json!(direction(leg.side));
        json!({ "recordings": [recording] })
    }
}

/// `voicemail_received` for the mailbox of a user or a queue. `duration` is in seconds.
pub(crate) fn voicemail(
    id: &str,
    leg: &Leg,
    (at, duration): (Timestamp, i64),
    links: &str,
    (history, element): (&str, &str),
) -> Value {
    let mut object = json!({
        "id": id,
        "date_time": text(at),
        "download_url": format!("{links}/v2/phone/voice_mails/download/{id}"),
        "duration": duration,
    });
    file_ends(&mut object, leg);
    if leg.own.kind == Kind::User {
        object["callee_user_id"] = json!(leg.own.id);
    }
    object["callee_extension_type"] = json!(leg.own.kind.in_events());
    object["callee_id"] = json!(leg.own.id);
    object["call_history_id"] = json!(history);
    object["call_element_id"] = json!(element);
    object["call_id"] = json!(leg.call_id);
    object
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
