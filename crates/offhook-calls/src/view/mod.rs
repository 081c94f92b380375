//! What a set of facts amounts to: the read model of one call.
//!
//! ```text
//! facts --sorted--> lines' events, transfers, elements, row … --legs--> each party's part
//!       \--> direction, ends, queue, state, result (a file each) --assemble--> CallView
//! ```

mod assemble;
mod conflicts;
mod ends;
mod generations;
mod legs;
mod outcome;
mod queue;
mod queues;
mod recordings;
mod result;
mod sorted;
mod state;
mod timeline;
mod voicemails;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    outcome::Outcome,
    queue::QueueRef,
    timeline::TimelineEntry,
    words::{Direction, QueueOutcome, Side, State},
};
use crate::{
    call::CallFacts,
    identity::{Alias, CallKey},
    party::Party,
};

/// An open call of which nothing was heard for this long is not believed to be open any more.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_hours(4);

/// One party's part in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegView {
    /// Calling or called.
    pub side: Side,
    /// Whose part.
    pub party: Party,
    /// What the line is doing.
    pub state: State,
    /// How it ended; none while it is open.
    pub outcome: Option<Outcome>,
    /// The queue that rang it.
    pub queue: Option<QueueRef>,
    /// First ringing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// First answer.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// Last end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Since when it is in its state.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub state_since: Option<Timestamp>,
    /// Seconds of ringing before an answer or the end, over all attempts.
    pub wait_seconds: Option<i64>,
    /// Seconds of talk, without hold, over all attempts.
    pub talk_seconds: Option<i64>,
    /// Seconds on hold, over all attempts.
    pub hold_seconds: Option<i64>,
    /// Microphone off.
    pub muted: bool,
    /// How many times it was rung.
    pub attempts: u32,
    /// Fields that were worked out, not told.
    pub derived: Vec<String>,
}

/// The read model of one call. Times are UTC; durations whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallView {
    /// The call's preferred id. Any of `ids` finds it as well.
    pub id: String,
    /// Zoom account id.
    pub account_id: String,
    /// Which way it went.
    pub direction: Direction,
    /// What it is doing.
    pub state: State,
    /// How it ended; none while it is open.
    pub result: Option<Outcome>,
    /// Who called.
    pub from: Option<Party>,
    /// Who or what was called first.
    pub to: Option<Party>,
    /// The queue it is in, or was in last.
    pub queue: Option<QueueRef>,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When the first person answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Since when it is in its state.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub state_since: Option<Timestamp>,
    /// Seconds from its beginning to the first answer, or to its end.
    pub wait_seconds: Option<i64>,
    /// Seconds of talk of the people on the account, each conversation once.
    pub talk_seconds: Option<i64>,
    /// Seconds on hold, likewise.
    pub hold_seconds: Option<i64>,
    /// What its recording is doing: `on`, `paused`, `stopped`, `failed`, `ready`, `trashed`, `purged`.
    pub recording: Option<String>,
    /// The caller left a message.
    pub voicemail: bool,
    /// Somebody dialled an emergency number.
    pub emergency: bool,
    /// Fields that were worked out, not told.
    pub derived: Vec<String>,
    /// How much was heard of it: grows with every new fact.
    pub version: u64,
    /// The last moment that any fact tells of.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<Timestamp>,
    /// Everybody's part, in order of beginning.
    pub legs: Vec<LegView>,
    /// What happened, in order.
    pub timeline: Vec<TimelineEntry>,
    /// Every id of the call, and what taught it to us.
    pub ids: Vec<IdView>,
    /// The steps of the record.
    pub elements: Vec<ElementView>,
    /// Its stays in call queues, in order; each has one outcome.
    #[serde(default)]
    pub queues: Vec<QueueEntryView>,
    /// Its recordings.
    pub recordings: Vec<RecordingView>,
    /// Messages left.
    #[serde(default)]
    pub voicemails: Vec<VoicemailView>,
    /// AI summaries of it.
    #[serde(default)]
    pub summaries: Vec<SummaryView>,
    /// What it cost, as far as told.
    #[serde(default)]
    pub charges: Vec<ChargeView>,
    /// Its records that were deleted at Zoom.
    #[serde(default)]
    pub deletions: Vec<DeletionView>,
    /// Ids that what would otherwise be two calls both claim.
    #[serde(default)]
    pub conflicts: Vec<ConflictView>,
    /// Which kind of message each main field was taken from.
    pub provenance: BTreeMap<String, String>,
}

/// One id of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdView {
    /// What kind of id, in Zoom's word for it.
    pub kind: String,
    /// The id.
    pub value: String,
    /// The kinds of message that named it.
    pub sources: Vec<String>,
}

/// One step of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ElementView {
    /// `call_element_id`.
    pub id: String,
    /// What the step was.
    pub event: Option<String>,
    /// How it ended, as Zoom wrote it.
    pub result: Option<String>,
    /// Why.
    pub result_reason: Option<String>,
    /// Who called.
    pub from: Option<Party>,
    /// Who was called.
    pub to: Option<Party>,
    /// Who or what handled it.
    pub operator: Option<Party>,
    /// Key pressed in a menu.
    pub press_key: Option<String>,
    /// Its beginning.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// Its answer.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// Its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Seconds waited.
    pub wait_seconds: Option<i64>,
    /// Seconds talked.
    pub talk_seconds: Option<i64>,
    /// Seconds held.
    pub hold_seconds: Option<i64>,
    /// Phase.
    pub segment: Option<i64>,
    /// Order inside the phase.
    pub node: Option<i64>,
}

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingView {
    /// Recording id.
    pub id: String,
    /// What it is doing.
    pub state: String,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Its length in seconds, as told.
    #[serde(default)]
    pub duration_seconds: Option<i64>,
    /// `on_demand` or `automatic`; another word as Zoom wrote it.
    #[serde(default)]
    pub kind: Option<String>,
    /// The step of the record it belongs to.
    #[serde(default)]
    pub element_id: Option<String>,
    /// Whose it is.
    #[serde(default)]
    pub owner: Option<Party>,
    /// There is a transcript of it.
    #[serde(default)]
    pub transcript: bool,
}

/// A message left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoicemailView {
    /// Voicemail id.
    pub id: String,
    /// `received`, `trashed`, `purged`.
    pub state: String,
    /// When it was left.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub left_at: Option<Timestamp>,
    /// Its length in seconds, as told.
    pub duration_seconds: Option<i64>,
    /// The step of the record it belongs to.
    pub element_id: Option<String>,
    /// Whose mailbox.
    pub mailbox: Option<Party>,
    /// Who spoke.
    pub from: Option<Party>,
    /// There is a transcript of it.
    pub transcript: bool,
}

/// An AI summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SummaryView {
    /// `ai_call_summary_id`.
    pub id: String,
    /// It was deleted at Zoom.
    pub deleted: bool,
}

/// What a part of the call cost. Amounts are decimals as Zoom wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChargeView {
    /// Total.
    pub amount: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Per minute.
    pub rate: Option<String>,
    /// Zoom's reference on the bill.
    pub reference: Option<String>,
    /// Whose bill.
    pub party: Option<Party>,
    /// The kind of message that told it.
    pub source: String,
}

/// Records deleted at Zoom. What we know of the call stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionView {
    /// The deleted records' ids.
    pub ids: Vec<String>,
    /// `trashed` or `purged`.
    pub state: String,
    /// When, as told.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// An id that is the only link between what would otherwise be several calls. It is shown, and a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictView {
    /// What kind of id.
    pub kind: String,
    /// The id.
    pub value: String,
    /// The preferred name of each call that claims it.
    pub claimed_by: Vec<String>,
}

/// One stay of the call in a call queue. Entries of a queue are the sum of their outcomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueEntryView {
    /// Which queue.
    pub queue: QueueRef,
    /// It came from another queue's overflow, by a transfer…: the step's event, as Zoom wrote it.
    pub via: Option<String>,
    /// When the call came in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub entered_at: Option<Timestamp>,
    /// When a member answered, the caller gave up, or the call went elsewhere.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub left_at: Option<Timestamp>,
    /// How the stay ended.
    pub outcome: QueueOutcome,
    /// Seconds from entering to leaving.
    pub wait_seconds: Option<i64>,
    /// The member who answered.
    pub answered_by: Option<Party>,
    /// Members rung, each time counted.
    pub rung: u32,
    /// Worked out from members' lines, because no record tells of the stay.
    pub derived: bool,
}

impl CallView {
    /// The read model that these facts amount to. A pure function of the set.
    pub fn of(key: &CallKey, names: &BTreeSet<Alias>, facts: &CallFacts) -> Self {
        assemble::assemble(key, names, facts)
    }

    /// The view as of a moment: an open call that was silent for [`STALE_AFTER`] is over, nobody knows how.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        let silent = self.last_at.is_some_and(|last| now.duration_since(last) > STALE_AFTER);
        if self.state != State::Ended && silent {
            self.state = State::Unknown;
            self.result = Some(Outcome::Unknown);
            for leg in &mut self.legs {
                if leg.state != State::Ended {
                    leg.state = State::Unknown;
                    leg.outcome = Some(Outcome::Unknown);
                }
            }
            for stay in self.queues.iter_mut().filter(|stay| stay.outcome == QueueOutcome::InProgress) {
                stay.outcome = QueueOutcome::TimedOut;
                stay.derived = true;
            }
        }
        self
    }
}
