//! Call records: one record per call, made of elements, in the shapes that Zoom shows them in.
//!
//! Zoom has two dialects of a call element. The REST dialect (`getCallPath`, `getCallElement`) has
//! `segment`, `node`, `is_node`, `press_key` and `waiting_time`; the participant dialect
//! (`call_element_completed` events) has `talk_time` and `wait_time` and sites per party.

mod book;
pub(crate) mod facts;
pub(crate) mod files;
pub(crate) mod history;
mod party;
pub(crate) mod speech;
pub(crate) mod v1;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::party::{Kind, Party};
use crate::words::{Word, word};
pub(crate) use book::{Book, Shelf};
pub(crate) use history::{completion_events, told_to};
pub(crate) use party::DEVICE_TYPE;

/// The side of a call that a leg, and thus an event name, belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Element {
    /// `call_element_id`: date and UUID.
    pub id: String,
    /// `call_id`, with `_1` on the legs that a direct transfer made.
    pub call_id: String,
    #[serde(deserialize_with = "word")]
    pub(crate) direction: Word,
    #[serde(deserialize_with = "word")]
    pub(crate) event: Word,
    #[serde(deserialize_with = "word")]
    pub(crate) result: Word,
    #[serde(deserialize_with = "word")]
    pub(crate) reason: Word,
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
    #[serde(deserialize_with = "word")]
    pub(crate) press_key: Word,
    /// Empty when there is none, as with the ids below.
    pub(crate) recording_id: String,
    /// Recorded by somebody's choice (`ad-hoc`) rather than by policy (`automatic`).
    pub(crate) recorded_ad_hoc: bool,
    pub(crate) voicemail_id: String,
    /// When the recording or the message began; `None` is with the answer, or the start without one.
    pub(crate) file_start: Option<Timestamp>,
    /// When the transcript of the recording or of the voicemail is there; `None` when there will be none.
    pub(crate) transcript_ready: Option<Timestamp>,
    /// `ai_call_summary_id`.
    pub(crate) summary_id: String,
    /// The user who is told by an event, and on which side; the other elements show up in REST only.
    pub(crate) told: Option<(Side, Arc<Party>)>,
}

impl Element {
    /// Seconds from start to answer, or to the end when there was none.
    pub(crate) fn wait(&self) -> i64 {
        self.answer.unwrap_or(self.end).as_second() - self.start.as_second()
    }

    /// Seconds of conversation, without hold.
    pub(crate) fn talk(&self) -> i64 {
        self.answer.map_or(0, |answer| self.end.as_second() - answer.as_second() - self.hold)
    }

    /// In versions 2 and 3.
    pub(crate) fn recording_type(&self) -> Option<&'static str> {
        let kind = if self.recorded_ad_hoc { "ad-hoc" } else { "automatic" };
        (!self.recording_id.is_empty()).then_some(kind)
    }

    /// Internal when no outside party takes part.
    fn connect_type(&self) -> &'static str {
        connect_type(&self.caller, &self.callee)
    }
}

/// Everything that REST shows of one finished call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallRecord {
    /// `call_history_uuid`: date and UUID.
    pub call_history_uuid: String,
    /// `call_id` of the first leg.
    pub call_id: String,
    /// The steps of the call in order.
    pub elements: Vec<Element>,
    #[serde(deserialize_with = "word")]
    pub(crate) direction: Word,
    #[serde(deserialize_with = "word")]
    pub(crate) result: Word,
    pub(crate) caller: Arc<Party>,
    pub(crate) callee: Arc<Party>,
    pub(crate) group_id: String,
    pub(crate) start: Timestamp,
    pub(crate) answer: Option<Timestamp>,
    pub(crate) end: Timestamp,
    pub(crate) recorded: bool,
    /// A call to or from another country.
    pub(crate) international: bool,
    /// A call to an emergency number.
    pub(crate) emergency: bool,
    /// What Zoom thought of the caller's number; empty for nothing.
    #[serde(deserialize_with = "word")]
    pub(crate) spam: Word,
    /// Name and id.
    pub(crate) site: (String, String),
    /// Counts the calls as REST got to know them; the book sets it.
    pub(crate) arrival: u64,
}

impl CallRecord {
    /// Where it stands among all calls.
    pub(crate) fn place(&self) -> (Timestamp, &str) {
        (self.start, &self.call_history_uuid)
    }

    /// Ids of the users who are told of it or have a message of it on their mailbox, each once.
    pub(crate) fn users(&self) -> impl Iterator<Item = &str> {
        fn user(element: &Element) -> Option<&str> {
            if let Some((_, user)) = &element.told {
                return Some(&user.id);
            }
            let left = !element.voicemail_id.is_empty() && element.callee.kind == Kind::User;
            left.then_some(&element.callee.id)
        }
        (0..self.elements.len()).filter_map(|nth| {
            let id = user(&self.elements[nth])?;
            let before = self.elements[..nth].iter().any(|element| user(element) == Some(id));
            (!before).then_some(id)
        })
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
