//! The answer key: what truly happened, independent of what was delivered to anyone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::text;
use crate::party::{Kind, Party};
use crate::records::{CallRecord, Side};
use crate::scenario::Scenario;
use crate::words::{Word, word};

/// One call as it truly was. It is small, because very many are kept; [`LedgerEntry::json`] tells it all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The scenario that was asked for.
    pub scenario: Scenario,
    /// `call_id` of the first leg.
    pub call_id: String,
    /// Every other `call_id` of the call: transfer legs and consultation calls.
    pub(crate) more_call_ids: Vec<String>,
    /// The record, as the date of its ids and a UUID.
    pub(crate) history: Id,
    pub(crate) elements: Vec<Id>,
    pub(crate) recordings: Vec<Id>,
    pub(crate) transcripts: Vec<Id>,
    pub(crate) voicemails: Vec<Id>,
    pub(crate) summaries: Vec<Id>,
    /// `inbound` or `outbound`; internal calls are outbound calls of the user who dialled.
    #[serde(deserialize_with = "word")]
    pub direction: Word,
    pub(crate) caller: Arc<Party>,
    pub(crate) callee: Arc<Party>,
    /// Users who took the call, in order; of an outbound call that somebody outside answered, the user who placed it.
    pub(crate) answered_by: Vec<Arc<Party>>,
    /// When the call began.
    pub start: Timestamp,
    /// When a person answered first.
    pub answer: Option<Timestamp>,
    /// When the last leg ended.
    pub end: Timestamp,
    /// The record's `call_result`.
    #[serde(deserialize_with = "word")]
    pub result: Word,
    pub(crate) legs: Vec<TrueLeg>,
    pub(crate) passages: Vec<Passage>,
    pub(crate) transfers: Vec<Transfer>,
}

/// An id of the call records, kept as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Id {
    /// Of a record or an element: the day (yyyymmdd) and the UUID after it.
    Dated(u32, u128),
    /// 32 hexadecimal digits: recording, voicemail, summary.
    Hex(u128),
}

/// One phone that rang or dialled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TrueLeg {
    pub(crate) who: Arc<Party>,
    pub(crate) side: Side,
    /// True for a leg of the consultation call.
    pub(crate) consultation: bool,
    pub(crate) ringing: Timestamp,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) ended: Timestamp,
    /// `answered`, `missed`, `rejected`, `canceled`, `busy`, `answered_by_other`…
    #[serde(deserialize_with = "word")]
    pub(crate) outcome: Word,
    /// Whole seconds.
    pub(crate) held: i64,
}

/// A stay in a queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Passage {
    pub(crate) queue: Arc<Party>,
    pub(crate) entered: Timestamp,
    /// When a member answered, the caller gave up or the call went elsewhere.
    pub(crate) left: Timestamp,
    /// `answered`, `abandoned`, `overflowed` or `closed`.
    #[serde(deserialize_with = "word")]
    pub(crate) outcome: Word,
    /// Members who were rung, each time counted.
    pub(crate) rung: u32,
}

/// A call that was passed on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) by: Arc<Party>,
    pub(crate) to: Arc<Party>,
    /// `blind`, `warm`, `warm_cancelled`, `park` or `takeover`.
    #[serde(deserialize_with = "word")]
    pub(crate) kind: Word,
    pub(crate) at: Timestamp,
}

impl Id {
    pub(crate) fn dated(id: &str) -> Self {
        let (day, uuid) = id.split_once('-').unwrap_or(("", id));
        Self::Dated(day.parse().unwrap_or_default(), digits(uuid))
    }

    pub(crate) fn hex(id: &str) -> Self {
        Self::Hex(digits(id))
    }
}

fn digits(text: &str) -> u128 {
    text.chars()
        .filter_map(|digit| digit.to_digit(16))
        .fold(0, |number, digit| number.wrapping_mul(16) | u128::from(digit))
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hex(id) => write!(f, "{id:032x}"),
            Self::Dated(day, id) => {
                let hex = format!("{id:032x}");
                let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
                write!(f, "{day:08}-{}", parts.join("-"))
            }
        }
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text.contains('-') { Self::dated(&text) } else { Self::hex(&text) })
    }
}

impl TrueLeg {
    /// Whole seconds from the first ring to the answer, or to the end.
    pub(crate) fn rang(&self) -> i64 {
        self.answered.unwrap_or(self.ended).as_second() - self.ringing.as_second()
    }

    /// Whole seconds of conversation without hold.
    pub(crate) fn talked(&self) -> i64 {
        self.answered.map_or(0, |answered| self.ended.as_second() - answered.as_second() - self.held)
    }
}

impl Passage {
    /// Whole seconds in the queue before somebody answered or the call left.
    pub(crate) fn waited(&self) -> i64 {
        self.left.as_second() - self.entered.as_second()
    }
}

impl LedgerEntry {
    /// Ids of everything that the record says.
    pub(crate) fn note_ids(&mut self, record: &CallRecord) {
        for element in &record.elements {
            if element.call_id != self.call_id && !self.more_call_ids.contains(&element.call_id) {
                self.more_call_ids.push(element.call_id.clone());
            }
            self.elements.push(Id::dated(&element.id));
            for (id, kept) in [
                (&element.recording_id, &mut self.recordings),
                (&element.voicemail_id, &mut self.voicemails),
                (&element.summary_id, &mut self.summaries),
            ] {
                if !id.is_empty() && !kept.contains(&Id::hex(id)) {
                    kept.push(Id::hex(id));
                }
            }
            if element.transcript_ready.is_some() {
                let of = [&element.recording_id, &element.voicemail_id].into_iter().find(|id| !id.is_empty());
                self.transcripts.extend(of.map(|id| Id::hex(id)));
            }
        }
    }

    /// `call_history_uuid` of its one record.
    pub fn call_history_uuid(&self) -> String {
        self.history.to_string()
    }

    /// Every element of that record, in order.
    pub fn call_element_ids(&self) -> Vec<String> {
        self.elements.iter().map(Id::to_string).collect()
    }

    /// Every `call_id` of the call, that of the first leg first.
    pub fn call_ids(&self) -> Vec<&str> {
        std::iter::once(&self.call_id).chain(&self.more_call_ids).map(String::as_str).collect()
    }

    /// Ids of the users who took the call, in order.
    pub fn answered_by(&self) -> Vec<&str> {
        self.answered_by.iter().map(|party| party.id.as_str()).collect()
    }

    /// Whether it went to a queue.
    pub fn queued(&self) -> bool {
        !self.passages.is_empty()
    }

    /// Everything, as `GET /_emulator/ledger` shows it: times are UTC in whole seconds, lengths are whole seconds.
    pub fn json(&self) -> Value {
        let legs: Vec<_> = self
            .legs
            .iter()
            .map(|leg| {
                json!({
                    "who": of(&leg.who),
                    "side": leg.side.name(),
                    "consultation": leg.consultation,
                    "ringing_time": text(leg.ringing),
                    "answer_time": leg.answered.map(text),
                    "end_time": text(leg.ended),
                    "outcome": leg.outcome,
                    "ring_seconds": leg.rang(),
                    "talk_seconds": leg.talked(),
                    "hold_seconds": leg.held,
                })
            })
            .collect();
        let queues: Vec<_> = self
            .passages
            .iter()
            .map(|passage| {
                json!({
                    "queue": of(&passage.queue),
                    "enter_time": text(passage.entered),
                    "leave_time": text(passage.left),
                    "wait_seconds": passage.waited(),
                    "outcome": passage.outcome,
                    "members_rung": passage.rung,
                })
            })
            .collect();
        let transfers: Vec<_> = self
            .transfers
            .iter()
            .map(|transfer| {
                json!({
                    "kind": transfer.kind,
                    "by": of(&transfer.by),
                    "to": of(&transfer.to),
                    "time": text(transfer.at),
                })
            })
            .collect();
        json!({
            "scenario": self.scenario,
            "call_id": self.call_id,
            "call_ids": self.call_ids(),
            "call_history_uuid": self.history,
            "call_element_ids": self.elements,
            "recording_ids": self.recordings,
            "transcript_of": self.transcripts,
            "voicemail_ids": self.voicemails,
            "ai_call_summary_ids": self.summaries,
            "direction": self.direction,
            "caller": of(&self.caller),
            "callee": of(&self.callee),
            "queue": self.passages.first().map(|passage| of(&passage.queue)),
            "answered_by": self.answered_by.iter().map(|party| of(party)).collect::<Vec<_>>(),
            "start_time": text(self.start),
            "answer_time": self.answer.map(text),
            "end_time": text(self.end),
            "result": self.result,
            "recorded": !self.recordings.is_empty(),
            "voicemail": !self.voicemails.is_empty(),
            "legs": legs,
            "queues": queues,
            "transfers": transfers,
        })
    }
}

/// A party of the ledger: `id` is absent for outside parties, `number` for those who hide it.
pub(crate) fn of(party: &Party) -> Value {
    json!({
        "id": (!party.id.is_empty()).then_some(&party.id),
        "type": party.kind.in_records().unwrap_or("outside"),
        "name": party.name,
        "number": party.number,
        "extension_number": party.extension_number,
    })
}

/// Finished calls that are kept; older ones are forgotten.
const KEPT: usize = 250_000;

/// All finished calls, in the order in which they ended.
#[derive(Default, Clone, Serialize, Deserialize)]
pub(crate) struct Ledger {
    calls: VecDeque<Arc<LedgerEntry>>,
    forgotten: u64,
}

impl Ledger {
    pub(crate) fn add(&mut self, entry: LedgerEntry) {
        self.calls.push_back(Arc::new(entry));
        if self.calls.len() > KEPT {
            self.calls.pop_front();
            self.forgotten += 1;
        }
    }

    /// The calls after so many, each with how many there are up to it.
    pub(crate) fn after(&self, after: u64) -> impl Iterator<Item = (u64, &Arc<LedgerEntry>)> {
        let skipped = usize::try_from(after.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        let skipped = skipped.min(self.calls.len());
        (self.forgotten + 1..).skip(skipped).zip(self.calls.range(skipped..))
    }
}

/// What calls add up to. Lengths are whole seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    pub(crate) calls: u64,
    pub(crate) by_direction: BTreeMap<&'static str, u64>,
    pub(crate) by_result: BTreeMap<&'static str, u64>,
    pub(crate) recordings: usize,
    pub(crate) voicemails: usize,
    pub(crate) summaries: usize,
    /// Of people of the account, consultations included.
    pub(crate) talk_seconds: i64,
    pub(crate) hold_seconds: i64,
    /// In queues.
    pub(crate) wait_seconds: i64,
    /// By id.
    pub(crate) queues: BTreeMap<String, QueueTotals>,
    /// By id.
    pub(crate) users: BTreeMap<String, UserTotals>,
}

/// What a queue's calls add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct QueueTotals {
    pub(crate) name: String,
    pub(crate) offered: u64,
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    pub(crate) overflowed: u64,
    /// Came while the queue was closed.
    pub(crate) closed: u64,
    pub(crate) wait_seconds: i64,
    pub(crate) longest_wait_seconds: i64,
}

/// What a user's part in calls adds up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct UserTotals {
    pub(crate) name: String,
    /// Times that the phone rang with a call.
    pub(crate) rung: u64,
    pub(crate) answered: u64,
    /// Calls placed, consultations included.
    pub(crate) placed: u64,
    pub(crate) ring_seconds: i64,
    pub(crate) talk_seconds: i64,
    pub(crate) hold_seconds: i64,
}

impl Totals {
    pub(crate) fn add(&mut self, call: &LedgerEntry) {
        self.calls += 1;
        *self.by_direction.entry(call.direction).or_default() += 1;
        *self.by_result.entry(call.result).or_default() += 1;
        self.recordings += call.recordings.len();
        self.voicemails += call.voicemails.len();
        self.summaries += call.summaries.len();
        for passage in &call.passages {
            self.wait_seconds += passage.waited();
            let queue = self.queues.entry(passage.queue.id.clone()).or_default();
            queue.name = passage.queue.name.clone().unwrap_or_default();
            queue.offered += 1;
            match passage.outcome {
                "answered" => queue.answered += 1,
                "abandoned" => queue.abandoned += 1,
                "closed" => queue.closed += 1,
                _ => queue.overflowed += 1,
            }
            queue.wait_seconds += passage.waited();
            queue.longest_wait_seconds = queue.longest_wait_seconds.max(passage.waited());
        }
        for leg in call.legs.iter().filter(|leg| leg.who.kind == Kind::User) {
            self.talk_seconds += leg.talked();
            self.hold_seconds += leg.held;
            let user = self.users.entry(leg.who.id.clone()).or_default();
            user.name = leg.who.name.clone().unwrap_or_default();
            match leg.side {
                Side::Caller => user.placed += 1,
                Side::Callee => {
                    user.rung += 1;
                    user.answered += u64::from(leg.answered.is_some());
                    user.ring_seconds += leg.rang();
                }
            }
            user.talk_seconds += leg.talked();
            user.hold_seconds += leg.held;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_out_as_they_went_in() {
        let dated = "20261122-0a000000-0000-4000-8000-00000000000f";
        assert_eq!(Id::dated(dated).to_string(), dated);
        let hex = "00ff00ff00ff00ff00ff00ff00ff00ff";
        assert_eq!(Id::hex(hex).to_string(), hex);
    }
}
