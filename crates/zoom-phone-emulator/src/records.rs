//! Call records: one record per call, made of elements, in the shapes that Zoom shows them in.
//!
//! Zoom has two dialects of a call element. The REST dialect (`getCallPath`, `getCallElement`) has
//! `segment`, `node`, `is_node`, `press_key` and `waiting_time`; the participant dialect
//! (`call_element_completed` events) has `talk_time` and `wait_time` and sites per party.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::text;
use crate::company::{Kind, Party};
use crate::scenario::Scenario;

/// The side of a call that a leg, and thus an event name, belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Whoever called.
    Caller,
    /// Whoever was called.
    Callee,
}

impl Side {
    /// The prefix of the event names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
        }
    }
}

/// One step of a call: who talked to whom, from when to when, and how it ended.
#[derive(Debug, Clone)]
pub struct Element {
    /// `call_element_id`: date and UUID.
    pub id: String,
    /// `call_id`, with `_1` on the legs that a direct transfer made.
    pub call_id: String,
    pub(crate) direction: &'static str,
    pub(crate) event: &'static str,
    pub(crate) result: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) caller: Arc<Party>,
    pub(crate) callee: Arc<Party>,
    pub(crate) operator: Arc<Party>,
    pub(crate) group_id: String,
    pub(crate) start: Timestamp,
    pub(crate) answer: Option<Timestamp>,
    pub(crate) end: Timestamp,
    /// Seconds.
    pub(crate) hold: i64,
    /// Step of the call, counted from 1 as live records do; Zoom's specification says from 0.
    pub(crate) segment: u32,
    /// 1 for the main row of a segment, 0 for the others.
    pub(crate) node: u32,
    pub(crate) press_key: &'static str,
    pub(crate) recording_id: String,
    pub(crate) voicemail_id: String,
    /// The user who is told by an event, and on which side; the other elements show up in REST only.
    pub(crate) told: Option<(Side, Arc<Party>)>,
}

impl Element {
    /// Seconds from start to answer, or to the end when there was none.
    fn wait(&self) -> i64 {
        self.answer.unwrap_or(self.end).as_second() - self.start.as_second()
    }

    /// Seconds of conversation, without hold.
    fn talk(&self) -> i64 {
        self.answer.map_or(0, |answer| self.end.as_second() - answer.as_second() - self.hold)
    }

    /// Internal when no outside party takes part.
    fn connect_type(&self) -> &'static str {
        connect_type(&self.caller, &self.callee)
    }

    fn identity(&self, fields: &mut Fields) {
        fields.put("call_id", &self.call_id);
        fields.put("connect_type", self.connect_type());
        fields.put("call_type", "general");
        fields.put("direction", self.direction);
        fields.put("hide_caller_id", self.caller.number.is_none() && self.caller.kind == Kind::Outside);
        fields.put("end_to_end", false);
    }

    fn times_and_outcome(&self, fields: &mut Fields) {
        fields.put("start_time", text(self.start));
        fields.put_time("answer_time", self.answer);
        fields.put("end_time", text(self.end));
        fields.put("event", self.event);
        fields.put("result", self.result);
        fields.put_text("result_reason", self.reason);
    }

    fn operator(&self, fields: &mut Fields) {
        fields.put_text("operator_ext_number", &self.operator.extension_text());
        fields.put_text("operator_ext_id", &self.operator.extension_id);
        fields.put_text("operator_ext_type", self.operator.kind.in_records().unwrap_or_default());
        fields.put_text("operator_name", self.operator.name.as_deref().unwrap_or_default());
    }

    fn files(&self, fields: &mut Fields) {
        fields.put_text("recording_id", &self.recording_id);
        fields.put_text("recording_type", if self.recording_id.is_empty() { "" } else { "automatic" });
        fields.put("hold_time", self.hold);
    }

    /// The REST dialect, with the id under the name that the surrounding array uses.
    fn rest(&self, id_name: &str, history: Option<&str>, site: &(String, String)) -> Value {
        let mut fields = Fields::default();
        fields.put(id_name, &self.id);
        fields.put_text("call_history_uuid", history.unwrap_or_default());
        self.identity(&mut fields);
        fields.party("caller", &self.caller);
        fields.number_type("caller", &self.caller);
        fields.party("callee", &self.callee);
        fields.number_type("callee", &self.callee);
        fields.place(&self.callee, &self.caller, site);
        fields.put_text("group_id", &self.group_id);
        self.times_and_outcome(&mut fields);
        self.operator(&mut fields);
        fields.put_text("press_key", self.press_key);
        fields.put("segment", self.segment);
        fields.put("node", self.node);
        fields.put("is_node", u32::from(self.node == 1));
        self.files(&mut fields);
        fields.put("waiting_time", self.wait());
        fields.put_text("voicemail_id", &self.voicemail_id);
        fields.value()
    }

    /// The participant dialect, as in `phone.{caller,callee}_call_element_completed`.
    pub(crate) fn participant(&self, history: &str, site: &(String, String)) -> Value {
        let mut fields = Fields::default();
        fields.put("call_element_id", &self.id);
        fields.put("call_history_uuid", history);
        fields.put_text("group_id", &self.group_id);
        self.identity(&mut fields);
        for (side, party) in [("caller", &self.caller), ("callee", &self.callee)] {
            fields.party(side, party);
            fields.number_type(side, party);
            if party.kind != Kind::Outside {
                fields.put(&format!("{side}_site_id"), &site.1);
                fields
                    .put_text(&format!("{side}_department"), party.department.as_deref().unwrap_or_default());
            }
        }
        self.times_and_outcome(&mut fields);
        self.operator(&mut fields);
        self.files(&mut fields);
        fields.put_text("voicemail_id", &self.voicemail_id);
        fields.put("talk_time", self.talk());
        fields.put("wait_time", self.wait());
        fields.value()
    }
}

/// Everything that REST shows of one finished call.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// `call_history_uuid`: date and UUID.
    pub call_history_uuid: String,
    /// `call_id` of the first leg.
    pub call_id: String,
    /// The steps of the call in order.
    pub elements: Vec<Element>,
    pub(crate) direction: &'static str,
    pub(crate) result: &'static str,
    pub(crate) caller: Arc<Party>,
    pub(crate) callee: Arc<Party>,
    pub(crate) group_id: String,
    pub(crate) start: Timestamp,
    pub(crate) answer: Option<Timestamp>,
    pub(crate) end: Timestamp,
    pub(crate) recorded: bool,
    pub(crate) site: (String, String),
}

impl CallRecord {
    /// Its row in the array `call_history` of `GET /phone/call_history` (`accountCallHistory`).
    pub fn row(&self) -> Value {
        self.row_with("call_history_uuid")
    }

    /// Its row in the deprecated array `call_logs` of the same answer.
    pub fn deprecated_row(&self) -> Value {
        self.row_with("id")
    }

    fn row_with(&self, id_name: &str) -> Value {
        let mut fields = Fields::default();
        fields.put(id_name, &self.call_history_uuid);
        fields.put("call_id", &self.call_id);
        fields.put("direction", self.direction);
        fields.put("international", false);
        fields.put("start_time", text(self.start));
        fields.put_time("answer_time", self.answer);
        fields.put("end_time", text(self.end));
        fields.put("duration", self.end.as_second() - self.start.as_second());
        fields.put("connect_type", self.connect_type());
        fields.put("call_type", "general");
        fields.put("call_result", self.result);
        fields.put("hide_caller_id", self.caller.number.is_none() && self.caller.kind == Kind::Outside);
        fields.put("end_to_end", false);
        for (side, party) in [("caller", &self.caller), ("callee", &self.callee)] {
            fields.party(side, party);
            fields.number_type(side, party);
        }
        fields.place(&self.callee, &self.caller, &self.site);
        fields.put_text("group_id", &self.group_id);
        fields.put("recording_status", self.recording_status());
        fields.value()
    }

    /// The answer of `GET /phone/call_history/{callHistoryUuid}` (`getCallPath`), with both the
    /// array `call_elements` and the deprecated `call_path`.
    pub fn path(&self) -> Value {
        let mut fields = Fields::default();
        fields.put("id", &self.call_history_uuid);
        fields.put("call_history_uuid", &self.call_history_uuid);
        fields.put("call_id", &self.call_id);
        fields.put("connect_type", self.connect_type());
        fields.put("call_type", "general");
        fields.put("direction", self.direction);
        fields.put("international", false);
        fields.put("hide_caller_id", self.caller.number.is_none() && self.caller.kind == Kind::Outside);
        fields.put("end_to_end", false);
        fields.party("caller", &self.caller);
        fields.party("callee", &self.callee);
        fields.place(&self.callee, &self.caller, &self.site);
        fields.put_text("group_id", &self.group_id);
        fields.put("start_time", text(self.start));
        fields.put_time("answer_time", self.answer);
        fields.put("end_time", text(self.end));
        let steps = |id_name| -> Value {
            self.elements.iter().map(|element| element.rest(id_name, None, &self.site)).collect()
        };
        fields.put("call_path", steps("id"));
        fields.put("call_elements", steps("call_element_id"));
        fields.value()
    }

    /// The answer of `GET /phone/call_element/{callElementId}` (`getCallElement`), if that
    /// element is part of this call.
    pub fn element(&self, id: &str) -> Option<Value> {
        let element = self.elements.iter().find(|element| element.id == id)?;
        Some(element.rest("call_element_id", Some(&self.call_history_uuid), &self.site))
    }

    pub(crate) fn connect_type(&self) -> &'static str {
        connect_type(&self.caller, &self.callee)
    }

    pub(crate) fn recording_status(&self) -> &'static str {
        if self.recorded { "recorded" } else { "non_recorded" }
    }

    /// True when any step ended in a voicemail.
    pub(crate) fn has_voicemail(&self) -> bool {
        self.elements.iter().any(|element| !element.voicemail_id.is_empty())
    }
}

fn connect_type(caller: &Party, callee: &Party) -> &'static str {
    if caller.kind == Kind::Outside || callee.kind == Kind::Outside { "external" } else { "internal" }
}

/// What truly happened in one call, independent of what was delivered to anyone.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerEntry {
    /// The scenario that was played; another than the one asked for when nobody was free.
    pub scenario: Scenario,
    /// `call_id` of the first leg.
    pub call_id: String,
    /// Every `call_id` of the call: transfer legs and consultation calls included.
    pub call_ids: Vec<String>,
    /// The one record of the call.
    pub call_history_uuid: String,
    /// Every element of that record, in order.
    pub call_element_ids: Vec<String>,
    /// `inbound` or `outbound`; internal calls are outbound calls of the user who dialled.
    pub direction: &'static str,
    /// Who called.
    pub caller: LedgerParty,
    /// Who or what was called first.
    pub callee: LedgerParty,
    /// The queue that the call went to, if it did.
    pub queue: Option<LedgerParty>,
    /// Users who took the call, in order; of an outbound call that somebody outside answered, the
    /// user who placed it.
    pub answered_by: Vec<LedgerParty>,
    /// UTC, whole seconds, when the first leg started.
    pub start_time: String,
    /// UTC, whole seconds, when a person answered first; absent when nobody did.
    pub answer_time: Option<String>,
    /// UTC, whole seconds, when the last leg ended.
    pub end_time: String,
    /// The record's `call_result`.
    pub result: &'static str,
    /// Whether there is a recording.
    pub recorded: bool,
    /// Whether there is a voicemail.
    pub voicemail: bool,
}

/// A party in the ledger.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerParty {
    /// User, queue or receptionist id; absent for outside parties.
    pub id: Option<String>,
    /// Display name, when known.
    pub name: Option<String>,
    /// E.164 number, unless hidden.
    pub number: Option<String>,
    /// Internal number; absent for outside parties.
    pub extension_number: Option<u32>,
}

impl From<&Party> for LedgerParty {
    fn from(party: &Party) -> Self {
        Self {
            id: (!party.id.is_empty()).then(|| party.id.clone()),
            name: party.name.clone(),
            number: party.number.clone(),
            extension_number: party.extension_number,
        }
    }
}

/// A JSON object under construction. Fields without a value are left out, as Zoom mostly does.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Serialize) {
        self.0.insert(name.to_owned(), json!(value));
    }

    fn put_text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.put(name, value);
        }
    }

    fn put_time(&mut self, name: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.put(name, text(at));
        }
    }

    fn party(&mut self, side: &str, party: &Party) {
        let mut put = |field: &str, value: &str| self.put_text(&format!("{side}_{field}"), value);
        put("ext_id", &party.extension_id);
        put("name", party.name.as_deref().unwrap_or_default());
        put("email", party.email.as_deref().unwrap_or_default());
        put("did_number", party.number.as_deref().unwrap_or_default());
        put("ext_number", &party.extension_text());
        put("ext_type", party.kind.in_records().unwrap_or_default());
    }

    fn number_type(&mut self, side: &str, party: &Party) {
        let number_type = match (party.kind, &party.number) {
            (Kind::Outside, Some(_)) => "external_pstn",
            (Kind::Outside, None) => "anonymous_number",
            _ => "zoom_pstn",
        };
        self.put(&format!("{side}_number_type"), number_type);
        if party.kind == Kind::User {
            self.put(&format!("{side}_device_type"), DEVICE_TYPE);
        }
        if party.number.is_some() {
            self.put(&format!("{side}_country_iso_code"), "US");
            self.put(&format!("{side}_country_code"), "1");
        }
    }

    /// Site and department of the company's own party, the callee first.
    fn place(&mut self, callee: &Party, caller: &Party, site: &(String, String)) {
        let own = if callee.kind == Kind::Outside { caller } else { callee };
        self.put_text("department", own.department.as_deref().unwrap_or_default());
        self.put("site_id", &site.1);
        self.put("site_name", &site.0);
    }

    fn value(self) -> Value {
        Value::Object(self.0)
    }
}

/// The client that all users of the company run.
pub(crate) const DEVICE_TYPE: &str = "MAC_Client(6.6.11.62955)";
