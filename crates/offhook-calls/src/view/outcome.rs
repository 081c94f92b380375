//! How a leg or a call ended, in the field's words, from Zoom's three vocabularies.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::normalize::map::results;

/// How a leg or a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Two people spoke.
    Answered,
    /// This leg rang, and somebody else answered the call: no miss.
    AnsweredElsewhere,
    /// The caller left a message.
    Voicemail,
    /// The caller gave up while waiting in a queue.
    Abandoned,
    /// The queue passed the call on.
    Overflowed,
    /// The person called declined.
    Rejected,
    /// The person called was on the phone.
    Busy,
    /// Nobody answered.
    Missed,
    /// The caller hung up before an answer.
    Cancelled,
    /// A rule or the network's policy stopped it.
    Blocked,
    /// It did not go through.
    Failed,
    /// It is over, and nothing told how.
    Unknown,
}

impl Outcome {
    /// The word in the API, the CLI and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::Voicemail => "voicemail",
            Self::Abandoned => "abandoned",
            Self::Overflowed => "overflowed",
            Self::Rejected => "rejected",
            Self::Busy => "busy",
            Self::Missed => "missed",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// From `result` or `call_result` of call history and call elements (v2, v3) and the reason beside
    /// it, and from `result` of call logs (v1). `None` for an empty text, and for a word of v1 that does not tell how a
    /// call ended; a code that is not known is `Unknown`.
    pub fn of_record(result: &str, reason: &str) -> Option<Self> {
        if matches!(reason.trim(), "answered_by_other" | "pickup_by_other" | "call_out_by_other") {
            return Some(Self::AnsweredElsewhere);
        }
        Some(match result.trim() {
            "" => return None,
            "answered" | "accepted" | "picked_up" | "connected" | "succeeded" => Self::Answered,
            "voicemail" => Self::Voicemail,
            "abandoned" => Self::Abandoned,
            "overflowed" => Self::Overflowed,
            "rejected" => Self::Rejected,
            "busy" => Self::Busy,
            "no_answer" | "ring_timeout" | "unconnected" => Self::Missed,
            "canceled" | "cancelled" | "hang_up" => Self::Cancelled,
            "system_blocked" => Self::Blocked,
            "call_failed" | "service_unavailable" | "invalid_key" | "invalid_operation" => Self::Failed,
            other => return results::of_v1(other).map_or(Some(Self::Unknown), |word| word.outcome),
        })
    }

    /// From `handup_result` of a status event (Zoom's spelling).
    pub fn of_hangup(result: &str) -> Option<Self> {
        Some(match result.trim() {
            "" => return None,
            "Call connected" => Self::Answered,
            "Voicemail" => Self::Voicemail,
            "No Answer" => Self::Missed,
            "Busy" => Self::Busy,
            "Call Cancel" => Self::Cancelled,
            "Rejected" => Self::Rejected,
            _ => Self::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_words_for_an_answer_are_one() {
        for word in ["answered", "accepted", "picked_up", "connected ", " succeeded"] {
            assert_eq!(Outcome::of_record(word, ""), Some(Outcome::Answered), "{word}");
        }
    }

    #[test]
    fn words_of_v1_are_read_in_both_spellings() {
        for word in ["Answered by Other Member", "Answered by another Member", "answered by other member"] {
            assert_eq!(Outcome::of_record(word, ""), Some(Outcome::AnsweredElsewhere), "{word}");
        }
        assert_eq!(Outcome::of_record("Call Connected", ""), Some(Outcome::Answered));
        assert_eq!(Outcome::of_record("Auto Recorded", ""), None, "says nothing of how it ended");
    }

    #[test]
    fn a_ring_all_loser_is_no_miss_even_with_space_behind_the_reason() {
        assert_eq!(Outcome::of_record("no_answer", "answered_by_other "), Some(Outcome::AnsweredElsewhere));
    }

    #[test]
    fn an_unheard_of_code_is_unknown_and_an_empty_one_is_nothing() {
        assert_eq!(Outcome::of_record("teleported", ""), Some(Outcome::Unknown));
        assert_eq!(Outcome::of_record(" ", ""), None);
    }
}
