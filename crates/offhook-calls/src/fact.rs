//! Facts: what one message told, with no trace of when or how often it arrived.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    identity::Alias,
    party::Party,
    view::{Direction, Outcome, Side},
};

/// Which kind of message said it, in order of authority: where two disagree, the earlier one here is
/// believed. Records are written by Zoom after the call and outrank the events sent during it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// v3 call element as a participant sees it (`phone.*_call_element_completed`, user lists).
    ElementEvent,
    /// v3 call element as the account sees it (`getCallPath`, `getCallElement`).
    ElementRest,
    /// v3 row of the account's call history (`accountCallHistory`).
    HistoryRow,
    /// v2 call history: rows and legs.
    V2,
    /// v1 call log.
    V1,
    /// Recordings, voicemails, AI summaries: their events and lists.
    Media,
    /// Status events: ringing, answered, hold, ended.
    StatusEvent,
    /// The report of charges.
    Report,
    /// What a softphone told the page that it is embedded in.
    SmartEmbed,
}

impl Source {
    /// The source's word in the API and in pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ElementEvent => "element_event",
            Self::ElementRest => "element_rest",
            Self::HistoryRow => "history_row",
            Self::V2 => "v2",
            Self::V1 => "v1",
            Self::Media => "media",
            Self::StatusEvent => "status_event",
            Self::Report => "report",
            Self::SmartEmbed => "smart_embed",
        }
    }

    /// Written after the call, by Zoom's record keeping.
    pub fn is_record(self) -> bool {
        self < Self::Media
    }
}

/// One thing that one message told about one call. Two copies of a message make equal facts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fact {
    /// What kind of message said it.
    pub source: Source,
    /// Zoom account id.
    pub account: String,
    /// When it happened, by the message's own time fields (whole seconds in most); `None` when it has none.
    /// Never `event_ts`: copies of one event may differ in that ([`crate::Heard::moment`]).
    pub at: Option<Timestamp>,
    /// Every id of the call that the message knew; sorted, never empty.
    pub names: Vec<Alias>,
    /// What was told.
    pub said: Said,
}

/// What a fact can tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// One party's line did something.
    Leg(Box<LegFact>),
    /// A transfer began, ended, failed, or found its recipient.
    Transfer(Box<Transfer>),
    /// Calls were joined.
    Conference {
        /// `conference_id`, absent when multi-party conference is off.
        id: Option<String>,
        /// Who joined them.
        owner: Party,
    },
    /// A recording changed.
    Recording {
        /// Recording id.
        id: String,
        /// What happened to it.
        happened: RecordingEvent,
    },
    /// A voicemail changed.
    Voicemail {
        /// Voicemail id.
        id: String,
        /// What happened to it.
        happened: VoicemailEvent,
        /// Whose mailbox.
        callee: Party,
        /// Who spoke.
        caller: Party,
    },
    /// A recording's file, as its record describes it.
    RecordingFile(Box<RecordingFile>),
    /// A voicemail, as its record describes it.
    VoicemailFile(Box<VoicemailFile>),
    /// What a part of the call cost, from the report of charges (v3 records no longer say).
    Charge(Box<Charge>),
    /// One step of the call, from the record.
    Element(Box<Element>),
    /// The whole call, from the record.
    Row(Box<Row>),
    /// Records were deleted at Zoom: into the trash, or for good.
    Deleted {
        /// Can still be restored there.
        to_trash: bool,
    },
    /// An AI summary was made, edited or deleted.
    Summary {
        /// `ai_call_summary_id`.
        id: String,
        /// It was deleted.
        deleted: bool,
    },
    /// Somebody dialled an emergency number.
    Emergency {
        /// Who.
        caller: Party,
    },
}

/// A status event: the line of `party` did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LegFact {
    /// Whether the party was called or is calling.
    pub side: Side,
    /// Whose line it is.
    pub party: Party,
    /// Who is at the other end, as far as told.
    pub far: Party,
    /// What happened.
    pub happened: LegEvent,
    /// When this ringing began; it tells one attempt to reach a person from the next.
    pub ringing_at: Option<Timestamp>,
    /// When the line was answered.
    pub answered_at: Option<Timestamp>,
    /// When the line closed.
    pub ended_at: Option<Timestamp>,
    /// The queue, group or receptionist that sent the call here.
    pub forwarded_by: Option<Party>,
    /// The one before that.
    pub redirect_forwarded_by: Option<Party>,
}

/// What a line can do. The order breaks ties between events of one second.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegEvent {
    /// Began to ring, or to hear ringing.
    Ringing,
    /// Both ends are connected.
    Answered,
    /// Put on hold.
    Held,
    /// Taken off hold.
    Resumed,
    /// Microphone off.
    Muted,
    /// Microphone on.
    Unmuted,
    /// Parked, to be picked up by anyone who knows the code.
    Parked {
        /// Where it is parked; `None` when parking failed.
        code: Option<String>,
        /// Why parking failed.
        failure: Option<String>,
    },
    /// Continued as a meeting.
    InvitedToMeeting {
        /// Meeting id.
        meeting_id: Option<String>,
    },
    /// Stopped ringing with no answer.
    Missed {
        /// `handup_result`, as sent.
        result: Option<String>,
    },
    /// The person declined.
    Rejected {
        /// `handup_result`, as sent.
        result: Option<String>,
    },
    /// The line closed.
    Ended {
        /// `handup_result`, as sent; only callers' lines carry one.
        result: Option<String>,
    },
}

/// What a transfer event told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// Sent on without asking.
    Blind {
        /// Who transfers.
        owner: Party,
        /// Why it failed.
        failure: Option<String>,
    },
    /// The owner calls somebody to ask first. The consult call is named among the fact's names.
    ConsultStarted {
        /// Who transfers.
        owner: Party,
        /// Why it failed.
        failure: Option<String>,
    },
    /// The asked party has the call now.
    ConsultCompleted {
        /// Who transferred.
        owner: Party,
        /// Why it failed.
        failure: Option<String>,
    },
    /// The owner took the call back.
    ConsultCancelled {
        /// Who did not transfer.
        owner: Party,
        /// Why cancelling failed.
        failure: Option<String>,
    },
    /// The other end is somebody new.
    Recipient {
        /// Who transferred.
        owner: Party,
        /// Who has the call now.
        recipient: Party,
    },
    /// Sent to a mailbox.
    ToVoicemail {
        /// Who sent it.
        owner: Party,
        /// Why it failed.
        failure: Option<String>,
    },
}

/// What can happen to a recording. The order is the order of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingEvent {
    /// Recording began.
    Started,
    /// Recording paused.
    Paused,
    /// Recording went on.
    Resumed,
    /// Recording ended.
    Stopped,
    /// Recording failed.
    Failed,
    /// The file can be fetched.
    Ready,
    /// The transcript can be fetched.
    TranscriptReady,
    /// Moved to the trash.
    Trashed,
    /// Gone for good.
    Purged,
}

/// What can happen to a voicemail. The order is the order of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoicemailEvent {
    /// It is in the mailbox.
    Received,
    /// Its transcript is ready.
    TranscriptReady,
    /// Moved to the trash.
    Trashed,
    /// Gone for good.
    Purged,
}

/// One call element: a step or leg of a call, as recorded. v2 legs have the same shape. A call log (v1) is read as one,
/// too: what one participant has of the call, `event` worked out from side and `path`, `result` in the words of v1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Element {
    /// `call_element_id`; `id` of a v2 leg, `id` of a call log (v1).
    pub id: String,
    /// `event`, trimmed: what the step was (`incoming`, `ring_to_member`, …).
    pub event: Option<String>,
    /// `result`, trimmed.
    pub result: Option<String>,
    /// `result_reason`, trimmed (spaces at the end are seen live).
    pub result_reason: Option<String>,
    /// `direction`.
    pub direction: Option<Direction>,
    /// `connect_type` is `internal`.
    pub internal: Option<bool>,
    /// `call_type` is `emergency`.
    pub emergency: Option<bool>,
    /// Who called.
    pub caller: Party,
    /// Who was called.
    pub callee: Party,
    /// Who or what handled the step.
    pub operator: Party,
    /// `start_time`.
    pub started_at: Option<Timestamp>,
    /// `answer_time`.
    pub answered_at: Option<Timestamp>,
    /// `end_time`.
    pub ended_at: Option<Timestamp>,
    /// `wait_time` or `waiting_time`, seconds.
    pub wait_seconds: Option<i64>,
    /// `talk_time`, seconds; Zoom's account view of an element has none.
    pub talk_seconds: Option<i64>,
    /// `hold_time`, seconds.
    pub hold_seconds: Option<i64>,
    /// `segment`: phase of the call, counted from 0 or 1.
    pub segment: Option<i64>,
    /// `node`: order inside a segment.
    pub node: Option<i64>,
    /// `is_node`: a main row of its segment; the others detail one.
    pub is_node: Option<bool>,
    /// `press_key`: what the caller pressed in a menu.
    pub press_key: Option<String>,
    /// `recording_id`.
    pub recording_id: Option<String>,
    /// `voicemail_id`.
    pub voicemail_id: Option<String>,
    /// `has_voicemail`, which call logs (v1) have instead of the id.
    pub has_voicemail: Option<bool>,
}

/// One row of call history: the whole call, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Row {
    /// `call_result` read as an outcome.
    pub outcome: Option<Outcome>,
    /// `call_result`, trimmed, as sent.
    pub result: Option<String>,
    /// `direction`.
    pub direction: Option<Direction>,
    /// `connect_type` is `internal`.
    pub internal: Option<bool>,
    /// `call_type` is `emergency`.
    pub emergency: Option<bool>,
    /// Who called.
    pub caller: Party,
    /// Who was called.
    pub callee: Party,
    /// `start_time`.
    pub started_at: Option<Timestamp>,
    /// `answer_time`.
    pub answered_at: Option<Timestamp>,
    /// `end_time`.
    pub ended_at: Option<Timestamp>,
    /// `recording_status` is `recorded`.
    pub recorded: Option<bool>,
}

/// A recording's file: `recordings[]` of events and of REST.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct RecordingFile {
    /// Recording id.
    pub id: String,
    /// `recording_type`, trimmed, as sent (`OnDemand`, `Automatic`).
    pub kind: Option<String>,
    /// `date_time`: when it begins.
    pub started_at: Option<Timestamp>,
    /// `end_time`.
    pub ended_at: Option<Timestamp>,
    /// `duration`, seconds.
    pub duration_seconds: Option<i64>,
    /// `call_element_id`: the step it belongs to.
    pub element_id: Option<String>,
    /// `owner`: whose recording it is.
    pub owner: Party,
    /// `direction`, as its owner sees it.
    pub direction: Option<Direction>,
    /// Who called.
    pub caller: Party,
    /// Who was called.
    pub callee: Party,
    /// The answer names a place from which a transcript can be fetched.
    pub has_transcript: bool,
}

/// A voicemail: `phone.voicemail_received` and REST.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct VoicemailFile {
    /// Voicemail id.
    pub id: String,
    /// `date_time`: when it was left.
    pub left_at: Option<Timestamp>,
    /// `duration`, seconds.
    pub duration_seconds: Option<i64>,
    /// `call_element_id`: the step it belongs to.
    pub element_id: Option<String>,
    /// Whose mailbox.
    pub mailbox: Party,
    /// Who spoke.
    pub caller: Party,
    /// There is a transcript.
    pub has_transcript: bool,
}

/// A line of the report of charges (`GET /phone/reports/call_charges`), or of a call log (v1). Amounts are decimals as
/// Zoom wrote them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Charge {
    /// Total.
    pub amount: Option<String>,
    /// Currency, ISO 4217.
    pub currency: Option<String>,
    /// Per minute.
    pub rate: Option<String>,
    /// `charge_id`; in a call log `caller_billing_reference_id`.
    pub reference: Option<String>,
    /// Whose bill.
    pub party: Party,
}
