//! What the messages hold in their `data`.

use crate::events::{Direction, ExtensionType, Time};
use crate::wire::{Wire, open_enum, wire_struct};
use serde_json::{Map, Value};

wire_struct! {
    /// A caller or callee. Live events, logs and messages each fill other fields of it.
    pub Party {
        /// Display name.
        "name" => name: String [redact],
        /// Telephone number, in live and SMS events.
        "phoneNumber" => phone_number: String [redact],
        /// Number as logs show it: what it is says `number_type`.
        "number" => number: String [redact],
        /// 1 extension, 2 telephone number, 3 the account's own emergency number; in recordings and voicemails 1
        /// internal, 2 external. See [`NumberType`](crate::vocabulary::NumberType).
        "numberType" => number_type: i64,
        /// Direct number, seen in call logs.
        "didNumber" => did_number: String [redact],
        /// Extension number; integers are read as well.
        "extensionNumber" => extension_number: String,
        /// Zoom's id of the extension.
        "extensionId" => extension_id: String,
        /// What the extension is.
        "extensionType" => extension_type: ExtensionType,
    }
}

impl Party {
    /// The number to show or to look up, wherever this shape of message keeps it: a telephone number before an
    /// extension. `None` for an anonymous party.
    pub fn best_number(&self) -> Option<&str> {
        let filled = |field: &'_ Option<String>| field.as_deref().is_some_and(|text| !text.trim().is_empty());
        [&self.phone_number, &self.number, &self.did_number, &self.extension_number]
            .into_iter()
            .find(|field| filled(field))?
            .as_deref()
    }
}

open_enum! {
    /// How a live call ended.
    pub EndedResult {
        Missed = "missed",
        Rejected = "rejected",
        Ended = "ended",
    }
}

open_enum! {
    /// What is attached to a text message.
    pub AttachmentType {
        File = "OTHER",
        Png = "PNG",
        Gif = "GIF",
        Jpg = "JPG",
        Audio = "AUDIO",
        Video = "VIDEO",
    }
}

open_enum! {
    /// What became of a text message.
    pub SmsStatus {
        Delivered = "Delivered",
        NotDelivered = "Not delivered",
        Received = "Received",
    }
}

wire_struct! {
    /// A call rings, is answered or is over: `zp-call-ringing-event`, `zp-call-connected-event`,
    /// `zp-call-ended-event`.
    pub LiveCall {
        /// The call; several logs can come of one. Not a number, though it looks like one. As far as is known the
        /// `call_id` of webhooks and of call history.
        "callId" => call_id: String,
        /// Which way, for the user of the iframe.
        "direction" => direction: Direction,
        /// Who calls.
        "caller" => caller: Party,
        /// Who is called.
        "callee" => callee: Party,
        /// The queue, receptionist or colleague that sent the call on.
        "forwardedBy" => forwarded_by: Party,
        /// When.
        "dateTime" => date_time: Time,
        /// How it ended; only in ended events.
        "result" => result: EndedResult,
        /// The user has switched automatic logging on. Absent is off.
        "enableAutoLog" => enable_auto_log: bool,
    }
}

wire_struct! {
    /// A call's log is written, or the user asks to have it saved: `zp-call-log-completed-event`,
    /// `zp-save-log-event`. The latter also has what has come of the call so far.
    pub CallLog {
        /// The call.
        "callId" => call_id: String,
        /// This log of the call. As far as is known the `call_log_id` of recordings and voicemails, and `id` in the call
        /// logs that are going away; call history and its elements are found by the call.
        "callLogId" => call_log_id: String,
        /// Who called.
        "caller" => caller: Party,
        /// Who was called.
        "callee" => callee: Party,
        /// Zoom's label of the outcome: read it with [`CallResult`](crate::vocabulary::CallResult).
        "result" => result: String,
        /// Which way, for the user of the iframe.
        "direction" => direction: Direction,
        /// Length in seconds.
        "duration" => duration: i64,
        /// When.
        "dateTime" => date_time: Time,
        /// The user has switched automatic logging on. Absent is off.
        "enableAutoLog" => enable_auto_log: bool,
        /// A page that plays the recording to a signed-in user; saved logs only.
        "recordingUrl" => recording_url: String [redact],
        /// A page that plays the voicemail to a signed-in user; saved logs only.
        "voicemailUrl" => voicemail_url: String [redact],
        /// Short summary; saved logs only.
        "callSummary" => call_summary: String [redact],
        /// What is to be done; saved logs only.
        "nextSteps" => next_steps: NextSteps [redact],
        /// Long summary; saved logs only.
        "detailedSummary" => detailed_summary: String [redact],
    }
}

wire_struct! {
    /// A recording or a voicemail is there to be heard: `zp-call-recording-completed-event`,
    /// `zp-call-voicemail-received-event`. No id of it is given, only a page.
    pub CallMedia {
        /// The call.
        "callId" => call_id: String,
        /// The log of the call.
        "callLogId" => call_log_id: String,
        /// Who called.
        "caller" => caller: Party,
        /// Who was called.
        "callee" => callee: Party,
        /// Which way; not with voicemails.
        "direction" => direction: Direction,
        /// A page that plays the recording to a signed-in user.
        "recordingUrl" => recording_url: String [redact],
        /// A page that plays the voicemail to a signed-in user.
        "voicemailUrl" => voicemail_url: String [redact],
        /// When.
        "dateTime" => date_time: Time,
        /// The user has switched automatic logging on. Absent is off.
        "enableAutoLog" => enable_auto_log: bool,
    }
}

wire_struct! {
    /// A summary was made, edited or deleted: `zp-ai-call-summary-event`. The newest `modified_time` wins.
    pub AiSummary {
        /// The call, and all there is to find it by.
        "callId" => call_id: String,
        /// It is gone.
        "deleted" => deleted: bool,
        /// A person changed it.
        "edited" => edited: bool,
        /// Short summary.
        "callSummary" => call_summary: String [redact],
        /// What is to be done.
        "nextSteps" => next_steps: NextSteps [redact],
        /// Long summary.
        "detailedSummary" => detailed_summary: String [redact],
        /// When it was last changed.
        "modifiedTime" => modified_time: Time,
    }
}

wire_struct! {
    /// Something attached to a text message.
    pub Attachment {
        /// What it is.
        "type" => kind: AttachmentType,
        /// A page that shows it to a signed-in user.
        "fileUrl" => file_url: String [redact],
    }
}

wire_struct! {
    /// A text message was sent or received: `zp-sms-log-event`.
    pub SmsLog {
        /// The conversation.
        "sessionId" => session_id: String,
        /// The message.
        "messageId" => message_id: String,
        /// When.
        "dateTime" => date_time: Time,
        /// Who sent it.
        "sender" => sender: Party,
        /// Who it went to.
        "receivers" => receivers: Vec<Party>,
        /// The text.
        "message" => message: String [redact],
        /// What is attached.
        "attachments" => attachments: Vec<Attachment>,
        /// What became of it.
        "status" => status: SmsStatus,
        /// Which way.
        "direction" => direction: Direction,
    }
}

wire_struct! {
    /// The user types a name or a number: `zp-contact-search-event`. To be answered, with nothing if need be.
    pub ContactSearch {
        /// Goes back as `responseId`.
        "requestId" => request_id: String,
        /// What was typed so far.
        "searchString" => search_string: String [redact],
    }
}

wire_struct! {
    /// Zoom asks for the names behind numbers: `zp-contact-match-event`. To be answered, with nothing if need be.
    pub ContactMatch {
        /// Goes back as `responseId`.
        "requestId" => request_id: String,
        /// The numbers.
        "phoneNumbers" => phone_numbers: Vec<AskedNumber> [redact],
    }
}

wire_struct! {
    /// The user saved the notes page: `zp-notes-save-event`. Saving again replaces.
    pub Notes {
        /// The call.
        "callId" => call_id: String,
        /// What was entered.
        "notesData" => notes: NoteValues [redact],
    }
}

/// What is to be done after a call: text in Zoom's guide, a list elsewhere.
#[derive(Clone, PartialEq)]
pub enum NextSteps {
    /// One text.
    Text(String),
    /// One text a step.
    List(Vec<String>),
}

impl NextSteps {
    /// The steps.
    pub fn steps(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(list) => list,
        }
    }
}

/// Without the content: it may be a person's.
impl std::fmt::Debug for NextSteps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NextSteps")
    }
}

impl Wire for NextSteps {
    fn from_value(value: Value) -> Result<Self, Value> {
        Self::from_json(&value).ok_or(value)
    }

    fn fits(value: &Value) -> bool {
        Self::from_json(value).is_some()
    }

    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Array(_) => Wire::from_json(value).map(Self::List),
            _ => Wire::from_json(value).map(Self::Text),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => text.to_json(),
            Self::List(list) => list.to_json(),
        }
    }
}

/// A number to find a name for: text in Zoom's guide; an object around it is read as well.
#[derive(Clone, PartialEq)]
pub struct AskedNumber {
    number: String,
    around: Option<Map<String, Value>>,
}

impl AskedNumber {
    /// The number exactly as it was asked, which is how the answer must name it.
    pub fn as_str(&self) -> &str {
        &self.number
    }
}

/// Without the content: it may be a person's.
impl std::fmt::Debug for AskedNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AskedNumber")
    }
}

impl Wire for AskedNumber {
    fn from_value(value: Value) -> Result<Self, Value> {
        Self::from_json(&value).ok_or(value)
    }

    fn fits(value: &Value) -> bool {
        Self::from_json(value).is_some()
    }

    fn from_json(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return Some(Self { number: Wire::from_json(value)?, around: None });
        };
        let number = object.get("phoneNumber").or_else(|| object.get("number"))?;
        Some(Self { number: Wire::from_json(number)?, around: Some(object.clone()) })
    }

    fn to_json(&self) -> Value {
        match &self.around {
            Some(object) => object.clone().into(),
            None => self.number.to_json(),
        }
    }
}

/// The filled-in notes page, in the page's order.
#[derive(Clone, PartialEq)]
pub struct NoteValues(Map<String, Value>);

impl NoteValues {
    /// What was entered in a field; `None` if nothing was.
    pub fn get(&self, field: &str) -> Option<String> {
        String::from_json(self.0.get(field)?).filter(|text| !text.trim().is_empty())
    }

    /// The fields with something in them, and what.
    pub fn iter(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.keys().filter_map(|field| Some((field.as_str(), self.get(field)?)))
    }
}

/// Without the content: it may be a person's.
impl std::fmt::Debug for NoteValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoteValues")
    }
}

impl Wire for NoteValues {
    fn from_value(value: Value) -> Result<Self, Value> {
        Self::from_json(&value).ok_or(value)
    }

    fn fits(value: &Value) -> bool {
        Self::from_json(value).is_some()
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    fn to_json(&self) -> Value {
        self.0.clone().into()
    }
}
