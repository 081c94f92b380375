//! How calls ended: the words of call logs (v1) beside the codes of v2 and v3.
//!
//! Source: the prose of `accountCallLogs` and of the webhook document, which is where the words of v1 are listed; the
//! list of codes in `accountCallHistory`. Zoom has no table from one to the other: the pairs are ours.

use crate::view::Outcome;

/// A word of v1 and what it is in v3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultWord {
    /// `result` of a call log. Case does not matter.
    pub v1: &'static str,
    /// `result` or `call_result` of v2 and v3 that stand for it, the likeliest first. Empty: no result any more.
    pub v3: &'static [&'static str],
    /// The `result_reason` or `event` that goes with it in v3.
    pub beside: Option<&'static str>,
    /// How we read it; `None` where the word does not tell how a call ended.
    pub outcome: Option<Outcome>,
}

/// Every word, in both spellings where there are two.
pub const RESULTS: &[ResultWord] = &[
    word(
        "Call connected",
        &["answered", "connected", "accepted", "picked_up", "succeeded"],
        Outcome::Answered,
    ),
    word(
        "Missed",
        &["no_answer", "ring_timeout", "unconnected", "abandoned", "hang_up", "canceled"],
        Outcome::Missed,
    ),
    word("No Answer", &["no_answer", "ring_timeout", "unconnected"], Outcome::Missed),
    elsewhere("Answered by Other Member"),
    elsewhere("Answered by another Member"),
    word("Voicemail", &["voicemail"], Outcome::Voicemail),
    word("Message", &["voicemail"], Outcome::Voicemail),
    word("Rejected", &["rejected"], Outcome::Rejected),
    word("Busy", &["busy"], Outcome::Busy),
    word("Call Cancel", &["canceled"], Outcome::Cancelled),
    word("Call Cancelled", &["canceled"], Outcome::Cancelled),
    word("Call failed", &["call_failed", "service_unavailable"], Outcome::Failed),
    word("Internal Error", &["call_failed", "service_unavailable"], Outcome::Failed),
    word("Wrong Number", &["call_failed"], Outcome::Failed),
    word("Blocked", &["system_blocked"], Outcome::Blocked),
    word("Blocked by non-GAL", &["system_blocked"], Outcome::Blocked),
    word("Blocked by info-Barriers", &["system_blocked"], Outcome::Blocked),
    word("Restricted Number", &["system_blocked", "call_failed"], Outcome::Blocked),
    word("International Disabled", &["system_blocked", "call_failed"], Outcome::Blocked),
    no_result("Park", "event park, then park_pick_up or timeout"),
    no_result("Parked", "event park, then park_pick_up or timeout"),
    no_result("Recorded", "recording_status recorded"),
    no_result("Auto Recorded", "recording_type automatic"),
    no_result("Recording Failure", "recording_status non_recorded"),
];

const fn word(v1: &'static str, v3: &'static [&'static str], outcome: Outcome) -> ResultWord {
    ResultWord { v1, v3, beside: None, outcome: Some(outcome) }
}

const fn elsewhere(v1: &'static str) -> ResultWord {
    ResultWord {
        v1,
        v3: &["no_answer", "ring_timeout"],
        beside: Some("result_reason answered_by_other or pickup_by_other"),
        outcome: Some(Outcome::AnsweredElsewhere),
    }
}

const fn no_result(v1: &'static str, beside: &'static str) -> ResultWord {
    ResultWord { v1, v3: &[], beside: Some(beside), outcome: None }
}

/// The line of a word of v1, whatever its case and the space around it.
pub fn of_v1(result: &str) -> Option<&'static ResultWord> {
    let result = result.trim();
    RESULTS.iter().find(|word| word.v1.eq_ignore_ascii_case(result))
}

/// Codes of v2 and v3 that no word of v1 stands for: they are new.
pub const NEW_IN_V3: &[&str] = &["overflowed", "invalid_key", "invalid_operation"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_and_its_likeliest_code_say_the_same() {
        for word in RESULTS {
            let Some(code) = word.v3.first() else { continue };
            let reason =
                if word.outcome == Some(Outcome::AnsweredElsewhere) { "answered_by_other" } else { "" };
            assert_eq!(Outcome::of_record(code, reason), word.outcome, "{}", word.v1);
        }
    }

    #[test]
    fn every_code_of_a_word_is_a_code_we_read() {
        for code in RESULTS.iter().flat_map(|word| word.v3).chain(NEW_IN_V3) {
            assert_ne!(Outcome::of_record(code, ""), Some(Outcome::Unknown), "{code}");
        }
    }
}
