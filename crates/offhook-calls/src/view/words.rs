//! The small vocabularies of a view.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which end of a call a party is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one who called.
    Caller,
    /// The one who was called.
    Callee,
}

/// Which way a call went, seen from the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// Between people of the account.
    Internal,
    /// Nothing told it yet.
    Unknown,
}

/// What a call or a leg is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody's phone rings.
    Ringing,
    /// In a queue with nobody's phone ringing. Always inferred: Zoom has no event for it.
    Waiting,
    /// People speak.
    Talking,
    /// Somebody has the other on hold.
    Held,
    /// Parked, to be picked up.
    Parked,
    /// The far end is on hold while a transfer is being discussed.
    Consulting,
    /// Sent on; the recipient has not been heard of.
    Transferring,
    /// Over.
    Ended,
    /// Something is known, but not this.
    Unknown,
}

impl State {
    /// The word in the API, the CLI and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Waiting => "waiting",
            Self::Talking => "talking",
            Self::Held => "held",
            Self::Parked => "parked",
            Self::Consulting => "consulting",
            Self::Transferring => "transferring",
            Self::Ended => "ended",
            Self::Unknown => "unknown",
        }
    }
}

impl Direction {
    /// The word in the API, the CLI and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
            Self::Unknown => "unknown",
        }
    }
}

/// How a stay in a call queue ended. Exactly one for each stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueOutcome {
    /// A member took the call.
    Answered,
    /// The caller gave up.
    Abandoned,
    /// The queue passed the call on to another place.
    OverflowedOut,
    /// The caller left a message.
    Voicemail,
    /// Nobody answered in time, and the call ended.
    TimedOut,
    /// A rule or a failure ended it: closed, blocked, full with nowhere to go.
    Rejected,
    /// The caller is still waiting.
    InProgress,
}

impl QueueOutcome {
    /// The word in the API, the CLI and exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::OverflowedOut => "overflowed_out",
            Self::Voicemail => "voicemail",
            Self::TimedOut => "timed_out",
            Self::Rejected => "rejected",
            Self::InProgress => "in_progress",
        }
    }
}
