//! What is true of a call and cannot be known from what Zoom tells of it.

use serde_json::Value;

use super::differ::{Difference, Told};

/// Something that some messages do not tell.
pub(super) struct Untold {
    /// Why not.
    pub(super) why: &'static str,
    /// By which messages.
    pub(super) told: &'static [Told],
    /// Which fields of a call may differ.
    fields: &'static [&'static str],
    /// In which calls, and how.
    when: fn(&Difference, &Value) -> bool,
}

impl Untold {
    pub(super) fn excuses(&self, told: Told, difference: &Difference, truth: &Value) -> bool {
        self.told.contains(&told)
            && self.fields.contains(&difference.field.as_str())
            && (self.when)(difference, truth)
    }
}

const EVENTS: &[Told] = &[Told::Events, Told::Status];

fn is_later(difference: &Difference) -> bool {
    difference.ours > difference.theirs
}

fn number(text: &str) -> i64 {
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn is_to(truth: &Value, kind: &str) -> bool {
    truth["callee"]["type"] == kind
}

fn was_queued(truth: &Value) -> bool {
    truth["queues"].as_array().is_some_and(|queues| !queues.is_empty())
}

/// All of it.
pub(super) const UNTOLD: &[Untold] = &[
    Untold {
        why: "no event tells that a call came to a queue or a menu; the first phone rings somewhat later",
        told: EVENTS,
        fields: &["start", "queue enter"],
        when: |difference, truth| {
            is_later(difference) && (was_queued(truth) || is_to(truth, "auto_receptionist"))
        },
    },
    Untold {
        why: "and so the wait looks shorter",
        told: EVENTS,
        fields: &["queue wait"],
        when: |difference, _| number(&difference.ours) < number(&difference.theirs),
    },
    Untold {
        why: "an event names the last two places that sent a call on; a call from menu to menu has been in more",
        told: EVENTS,
        fields: &["to"],
        when: |_, truth| is_to(truth, "auto_receptionist"),
    },
    Untold {
        why: "where the call went on to, and the caller hung up before a phone rang, is in records only",
        told: &[Told::Events],
        fields: &["queue outcome"],
        when: |difference, truth| difference.theirs == "overflowed_out" && truth["result"] == "canceled",
    },
    Untold {
        why: "no event tells when somebody has finished speaking into a mailbox",
        told: EVENTS,
        fields: &["end"],
        when: |difference, truth| truth["voicemail"] == true && !is_later(difference),
    },
    Untold {
        why: "a phone that is busy or switched off does not ring, but there is a step of it, and mostly an event",
        told: &[Told::All, Told::Events, Told::Records, Told::Status],
        fields: &["leg of callee"],
        when: |difference, _| difference.theirs == "None" && !difference.ours.contains("\"answered\""),
    },
    Untold {
        why: "the ledger does not say whose mailbox it was: the queue's, or that of a person who could not be rung",
        told: &[Told::All, Told::Events, Told::Records, Told::Status],
        fields: &["queue outcome"],
        when: |difference, truth| truth["voicemail"] == true && difference.ours == "overflowed_out",
    },
    Untold {
        why: "the step of a phone that another one was faster than ends with the answer, its ringing a moment later",
        told: &[Told::All, Told::Events, Told::Records],
        fields: &["wait of callee"],
        when: |difference, truth| {
            let gap = number(&difference.theirs) - number(&difference.ours);
            (1..=2).contains(&gap) && truth["answer_time"].is_string()
        },
    },
    Untold {
        why: "the step of a phone that nobody took lasts until the message after it is spoken",
        told: &[Told::Records],
        fields: &["wait of callee"],
        when: |difference, truth| {
            truth["voicemail"] == true && number(&difference.ours) > number(&difference.theirs)
        },
    },
    Untold {
        why: "the account's view of a step has no summary id",
        told: &[Told::Records],
        fields: &["ai_call_summary_id", "summaries"],
        when: |_, truth| truth["scenario"] == "summarized",
    },
    Untold {
        why: "no event tells that somebody took the call on another telephone of theirs",
        told: &[Told::Status],
        fields: &["answer", "end", "result", "outcome of callee"],
        when: |_, truth| truth["scenario"] == "on_other_phone",
    },
    Untold {
        why: "a person to whom a queue sends a call on is rung like its members",
        told: &[Told::Status],
        fields: &["queue answered by", "queue leave", "queue outcome", "queue rung", "queue wait", "result"],
        when: |_, truth| {
            let queues = truth["queues"].as_array().into_iter().flatten();
            queues
                .last()
                .is_some_and(|last| matches!(last["outcome"].as_str(), Some("overflowed" | "closed")))
        },
    },
    Untold {
        why: "a phone that stops ringing within seconds of another's answer looks like one that the other was faster than",
        told: &[Told::Status],
        fields: &["outcome of callee"],
        when: |difference, truth| {
            difference.ours.starts_with("answered_elsewhere")
                && difference.theirs == "missed"
                && was_queued(truth)
        },
    },
    Untold {
        why: "no event tells that the caller hung up, or the queue did, while no phone rang",
        told: &[Told::Status],
        fields: &["end", "queue leave", "queue outcome", "queue wait", "result", "state"],
        when: |difference, truth| {
            let is_open = matches!(difference.ours.as_str(), "-" | "in_progress" | "waiting");
            is_open && was_queued(truth) && truth["answer_time"].is_null()
        },
    },
];
