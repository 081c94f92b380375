//! Recordings and voicemails: files that a step of a call left behind.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::facts::{Fact, Facts};
use super::{CallRecord, Element, Side, v1};
use crate::clock::text;
use crate::party::{Kind, Party};
use crate::world::Doc;

/// Days in the trash before a file is gone for good.
const TRASH_DAYS: i64 = 30;

/// A recording or a voicemail as it is at a moment.
pub(crate) struct File<'a> {
    pub(crate) kind: FileKind,
    pub(crate) call: &'a CallRecord,
    pub(crate) element: &'a Element,
    /// What REST changed about it.
    pub(crate) changes: Option<&'a Doc>,
    /// What links begin with: scheme, host and port.
    pub(crate) origin: &'a str,
    pub(crate) now: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Recording,
    Voicemail,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Trashed,
    /// Gone for good.
    Purged,
}

impl FileKind {
    /// The id that the element has for a file of this kind; empty without one.
    pub(crate) fn id(self, element: &Element) -> &str {
        match self {
            Self::Recording => &element.recording_id,
            Self::Voicemail => &element.voicemail_id,
        }
    }

    /// Where the world keeps what was changed about it.
    pub(crate) fn address(self, id: &str) -> String {
        let list = match self {
            Self::Recording => crate::world::at::RECORDINGS,
            Self::Voicemail => crate::world::at::VOICEMAILS,
        };
        format!("{list}/{id}")
    }
}

/// What a document of changes says at that moment: files leave the trash after thirty days.
pub(crate) fn fate(changes: Option<&Doc>, now: Timestamp) -> Fate {
    let Some(changes) = changes else { return Fate::Kept };
    if changes.get("_purged").is_some() {
        return Fate::Purged;
    }
    match deleted(changes) {
        None => Fate::Kept,
        Some(at) if days_left(at, now) > 0 => Fate::Trashed,
        Some(_) => Fate::Purged,
    }
}

fn deleted(changes: &Doc) -> Option<Timestamp> {
    changes.get("deleted_time")?.as_str()?.parse().ok()
}

fn days_left(deleted: Timestamp, now: Timestamp) -> i64 {
    TRASH_DAYS - now.duration_since(deleted).as_hours() / 24
}

impl File<'_> {
    pub(crate) fn id(&self) -> &str {
        self.kind.id(self.element)
    }

    pub(crate) fn fate(&self) -> Fate {
        fate(self.changes, self.now)
    }

    /// The user or queue whose file it is.
    pub(crate) fn owner(&self) -> &Party {
        match &self.element.told {
            Some((_, user)) => user,
            None => &self.element.callee,
        }
    }

    /// When it begins.
    pub(crate) fn start(&self) -> Timestamp {
        self.element.file_start.or(self.element.answer).unwrap_or(self.element.start)
    }

    /// Seconds.
    pub(crate) fn duration(&self) -> i64 {
        self.element.end.as_second() - self.start().as_second()
    }

    /// `read` or `unread`, of voicemails.
    pub(crate) fn status(&self) -> &str {
        self.changed("status").and_then(Value::as_str).unwrap_or("unread")
    }

    fn person(&self, side: Side) -> Option<Value> {
        let party = match side {
            Side::Caller => &self.element.caller,
            Side::Callee => &self.element.callee,
        };
        (party.kind == Kind::User)
            .then(|| json!({ "name": party.name, "extension_number": party.extension_text() }))
    }

    fn changed(&self, name: &str) -> Option<&Value> {
        self.changes?.get(name)
    }

    /// 2 is done, 1 being made, 4 switched off.
    fn transcription(&self) -> Value {
        match self.element.transcript_ready {
            Some(at) if at <= self.now => {
                json!({ "status": 2, "content": super::speech::message(self.id()), "engine": "zoom" })
            }
            Some(_) => json!({ "status": 1, "content": "" }),
            None => json!({ "status": 4, "content": "" }),
        }
    }

    fn link(&self) -> String {
        let path = match self.kind {
            FileKind::Recording => "recording",
            FileKind::Voicemail => "voice_mails",
        };
        format!("{}/v2/phone/{path}/download/{}", self.origin, self.id())
    }
}

impl Facts for File<'_> {
    fn fact(&self, name: &str) -> Fact<'_> {
        let element = self.element;
        for (prefix, party) in [("caller_", &*element.caller), ("callee_", &*element.callee)] {
            match name.strip_prefix(prefix) {
                // Zoom shows the number where it knows no name.
                Some("name") => return party.name.clone().unwrap_or_else(|| party.dialled()).into(),
                Some("number") => return party.dialled().into(),
                Some("number_type") => return v1::number_type(party).into(),
                Some(_) => return Fact::Nothing,
                None => {}
            }
        }
        let recording = self.kind == FileKind::Recording;
        match name {
            "id" => self.id().into(),
            "call_id" => (&element.call_id).into(),
            "call_log_id" => v1::id(&element.id).into(),
            "call_history_id" => (&self.call.call_history_uuid).into(),
            "call_element_id" => (&element.id).into(),
            "date_time" => self.start().into(),
            "end_time" => element.end.into(),
            "duration" => self.duration().into(),
            "direction" => element.direction.into(),
            "download_url" => self.link().into(),
            "transcript_download_url" => element
                .transcript_ready
                .filter(|&at| at <= self.now)
                .map(|_| format!("{}/v2/phone/recording_transcript/download/{}", self.origin, self.id()))
                .into(),
            "owner" => {
                let owner = self.owner();
                json!({
                    "extension_number": owner.extension_number,
                    "id": owner.id,
                    "name": owner.name,
                    "type": owner.kind.in_events(),
                })
                .into()
            }
            "site" => json!({ "id": self.call.site.1, "name": self.call.site.0 }).into(),
            "outgoing_by" => self.person(Side::Caller).into(),
            "accepted_by" => self.person(Side::Callee).into(),
            "recording_type" => element.recording_type().map(v1::recording_type).into(),
            "disclaimer_status" => recording.then_some(0).into(),
            "auto_delete_enable" => self.changed(name).and_then(Value::as_bool).unwrap_or(true).into(),
            "auto_delete_policy" => "365".into(),
            "status" => self.status().into(),
            "transcription" => self.transcription().into(),
            "soft_deleted" => (self.fate() == Fate::Trashed).into(),
            "soft_deleted_type" => self.changes.and_then(deleted).map(|_| "Manual").into(),
            "deleted_time" => self.changes.and_then(deleted).map(text).into(),
            // Zoom misspells it in some operations.
            "days_left_auto_permanently_delete" | "days_left_auto_permantely_delete" => {
                self.changes.and_then(deleted).map(|at| days_left(at, self.now)).into()
            }
            "intent_detect_status" => "not_started".into(),
            _ => Fact::Nothing,
        }
    }
}
