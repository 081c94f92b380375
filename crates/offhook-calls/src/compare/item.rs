//! One line of a report.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::QueueDay;

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Zoom's records list it, and the event that should have told of it never came. Other events of the call did.
    NeverSent,
    /// An event came later after its own time than it may.
    SentLate,
    /// One event came more than once by one door.
    SentTwice,
    /// A call that Zoom's records list and of which no event told anything.
    OnlyRest,
    /// Events told of it, and Zoom's records do not list it, though they were read and it is old enough.
    OnlyEvents,
    /// Events told that the call began, none that it ended; the records say that it did.
    EndNotSent,
    /// The call is listed, but its steps were never read.
    PathMissing,
    /// A recording or voicemail that was announced, by an event or in a record, and is in no list of them.
    NotListed,
    /// A queue's day on which Zoom counts other numbers than we do.
    QueueDiffers,
    /// A queue's day on which Zoom's numbers are ours. Nothing is odd; it is there to be seen.
    QueueEqual,
}

impl ItemKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::NeverSent,
        Self::SentLate,
        Self::SentTwice,
        Self::OnlyRest,
        Self::OnlyEvents,
        Self::EndNotSent,
        Self::PathMissing,
        Self::NotListed,
        Self::QueueDiffers,
        Self::QueueEqual,
    ];

    /// The word in the API, the CLI and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverSent => "never_sent",
            Self::SentLate => "sent_late",
            Self::SentTwice => "sent_twice",
            Self::OnlyRest => "only_rest",
            Self::OnlyEvents => "only_events",
            Self::EndNotSent => "end_not_sent",
            Self::PathMissing => "path_missing",
            Self::NotListed => "not_listed",
            Self::QueueDiffers => "queue_differs",
            Self::QueueEqual => "queue_equal",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A call.
    Call,
    /// A step of a call.
    Element,
    /// A recording.
    Recording,
    /// A voicemail.
    Voicemail,
    /// An event: its id is its number in the inbox.
    Event,
    /// A queue's day.
    Queue,
}

/// Why an event came more than once, as far as the time between the copies tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Minutes apart: Zoom tried again (after 5, 20 and 60 minutes), though we had it.
    Retry,
    /// At once: Zoom sent it twice, or two subscriptions hold it.
    Duplicate,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// What is odd.
    pub kind: ItemKind,
    /// About what.
    pub thing: Thing,
    /// Its id. Of an event, its number in the inbox; of a queue's day, the queue's extension id, extension number or name.
    pub id: String,
    /// The call it belongs to, by its preferred id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The event that came late or twice, or that never came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Its own time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// The door that brought it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_door: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_at: Option<Timestamp>,
    /// Of an event that came late: seconds from its own time to its arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_seconds: Option<i64>,
    /// Of an event that came more than once: how often it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u64>,
    /// Of those, how many are the same bytes as the first. The others differ in `event_ts`, links or tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identical: Option<u64>,
    /// Why it came more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Of a queue's day: the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueDay>,
}

impl Item {
    pub(super) fn new(kind: ItemKind, thing: Thing, id: &str) -> Self {
        Self {
            kind,
            thing,
            id: id.to_owned(),
            call: None,
            event: None,
            at: None,
            first_door: None,
            first_at: None,
            late_seconds: None,
            copies: None,
            identical: None,
            cause: None,
            queue: None,
        }
    }

    pub(super) fn of_queue(kind: ItemKind, day: QueueDay) -> Self {
        let queue = &day.queue;
        let names = [&queue.extension_id, &queue.extension_number, &queue.name];
        let id = names.into_iter().flatten().next().cloned().unwrap_or_default();
        Self { queue: Some(day), ..Self::new(kind, Thing::Queue, &id) }
    }

    /// The event whose absence it is about. If none of its name ever came, the summary says so once
    /// ([`super::Summary::never_seen`]), and the item is to be left out.
    pub fn missed_event(&self) -> Option<String> {
        match self.kind {
            ItemKind::NeverSent | ItemKind::OnlyRest | ItemKind::EndNotSent => self.event.clone(),
            _ => None,
        }
    }
}
