//! What an older generation cannot tell.
//!
//! The newest one tells everything. An account of call logs (version 1) has status events, which a fault may have lost,
//! and one log for each user of a call; nobody is told what a queue, a menu or a mailbox did.

use super::Generation;

/// A field that may come out otherwise.
struct Untold {
    generation: Generation,
    fields: &'static [&'static str],
    /// In these kinds of call; in all when empty.
    scenarios: &'static [&'static str],
    why: &'static str,
}

/// Calls that come to a group, a queue or a menu.
const GROUPS: &[&str] = &[
    "barge",
    "listen",
    "menu",
    "menu_left",
    "menu_wrong_key",
    "queue_abandoned",
    "queue_answered",
    "queue_overflow",
    "shared_line",
    "takeover",
    "whisper",
];

const UNTOLD: &[Untold] = &[
    Untold {
        generation: Generation::V1,
        fields: &[
            "queue entries",
            "queue sums",
            "queue entered",
            "queue left",
            "queue wait",
            "queue members rung",
        ],
        scenarios: &[],
        why: "no log tells of a stay in a queue; it is worked out from the members' phones",
    },
    Untold {
        generation: Generation::V1,
        fields: &["result", "queue outcome"],
        scenarios: GROUPS,
        why: "one word, Missed, is for a caller who gave up and for a ringing that nobody answered in time",
    },
    Untold {
        generation: Generation::V1,
        fields: &["start", "callee extension", "callee number"],
        scenarios: GROUPS,
        why: "users are told from when their own phones rang, and by whom only if it was a queue",
    },
    Untold {
        generation: Generation::V1,
        fields: &["end", "answer", "voicemail", "people", "leg attempts"],
        scenarios: GROUPS,
        why: "the part of a common area, of a queue's mailbox and of whoever was rung twice has no log of its own",
    },
    Untold {
        generation: Generation::V1,
        fields: &[
            "state",
            "result",
            "end",
            "answer",
            "callee extension",
            "callee number",
            "people",
            "leg answered",
        ],
        scenarios: &["on_other_phone"],
        why: "the log names the telephone outside that answered, not the extension; a lost end of its ringing stays lost",
    },
    Untold {
        generation: Generation::V1,
        fields: &["end", "people", "leg attempts", "leg end", "leg talk", "leg hold"],
        scenarios: &["park_timeout"],
        why: "of two conversations of one person the log is of the first",
    },
];

/// Why this generation may tell this field otherwise in this kind of call; `None` if it may not.
pub(super) fn why(generation: Generation, field: &str, scenario: &str) -> Option<&'static str> {
    let meant = |untold: &&Untold| {
        untold.generation == generation
            && untold.fields.contains(&field)
            && (untold.scenarios.is_empty() || untold.scenarios.contains(&scenario))
    };
    UNTOLD.iter().find(meant).map(|untold| untold.why)
}
