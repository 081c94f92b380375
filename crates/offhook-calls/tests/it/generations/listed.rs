//! What a generation cannot say.

/// One thing that comes out otherwise.
pub(super) struct Difference {
    /// The field of a call.
    pub(super) field: &'static str,
    /// Told by which of these alone.
    pub(super) told_by: &'static [&'static str],
    /// In which kinds of call.
    pub(super) scenarios: &'static [&'static str],
    /// Why it cannot be helped. Read by people.
    #[expect(dead_code, reason = "read by people")]
    pub(super) why: &'static str,
}

/// Tellings by participants: each user hears of the own part, nobody of what a queue, a menu, a shared line or a mailbox
/// did.
const PARTICIPANTS: &[&str] = &["v1 events", "v1 lists", "v2 events", "v3 events"];
const EVENTS: &[&str] = &["v1 events", "v2 events", "v3 events"];
const V1: &[&str] = &["v1 events", "v1 lists"];
const ROWS: &[&str] = &["v2 rows", "v3 rows"];

/// Every difference.
pub(super) const LISTED: &[Difference] = &[
    Difference {
        field: "calls",
        told_by: EVENTS,
        scenarios: &["common_area", "menu_left"],
        why: "no user took part, so nobody is told",
    },
    Difference {
        field: "calls",
        told_by: V1,
        scenarios: &["conference", "warm_transfer", "warm_transfer_cancelled"],
        why: "a consultation is a call of its own in v1; only a transfer's own events or a newer record join the two",
    },
    Difference {
        field: "elements",
        told_by: PARTICIPANTS,
        scenarios: &[
            "answered_then_voicemail",
            "barge",
            "listen",
            "menu",
            "menu_wrong_key",
            "park_timeout",
            "parked",
            "queue_abandoned",
            "queue_answered",
            "queue_overflow",
            "shared_line",
            "takeover",
            "whisper",
        ],
        why: "steps of queues, menus, parking places and mailboxes belong to no user",
    },
    Difference {
        field: "elements",
        told_by: V1,
        scenarios: &["blind_transfer", "on_other_phone"],
        why: "v1 has one log for all that somebody had to do with a call",
    },
    Difference {
        field: "started_at",
        told_by: PARTICIPANTS,
        scenarios: &[
            "barge",
            "listen",
            "menu",
            "menu_wrong_key",
            "queue_abandoned",
            "queue_answered",
            "queue_overflow",
            "takeover",
            "whisper",
        ],
        why: "users are told from when their own phones rang",
    },
    Difference {
        field: "wait_seconds",
        told_by: PARTICIPANTS,
        scenarios: &[
            "barge",
            "listen",
            "menu",
            "menu_wrong_key",
            "queue_abandoned",
            "queue_answered",
            "queue_overflow",
            "takeover",
            "whisper",
        ],
        why: "counted from the beginning, which is another",
    },
    Difference {
        field: "ended_at",
        told_by: PARTICIPANTS,
        scenarios: &["answered_then_voicemail", "queue_overflow", "shared_line"],
        why: "it went on at a mailbox or a common area, of which no user is told",
    },
    Difference {
        field: "ended_at",
        told_by: V1,
        scenarios: &["park_timeout"],
        why: "the one log of whoever parked the call and got it back is that of the first answer",
    },
    Difference {
        field: "answered_at",
        told_by: PARTICIPANTS,
        scenarios: &["shared_line"],
        why: "who answered is no user",
    },
    Difference {
        field: "result",
        told_by: PARTICIPANTS,
        scenarios: &["answered_then_voicemail", "queue_overflow"],
        why: "the mailbox in which it ended belongs to a queue, or came after the user's part",
    },
    Difference {
        field: "result",
        told_by: V1,
        scenarios: &["queue_abandoned"],
        why: "v1 has one word, Missed, for a caller who gave up and for a ringing that nobody answered in time",
    },
    Difference {
        field: "voicemail",
        told_by: PARTICIPANTS,
        scenarios: &["answered_then_voicemail", "queue_overflow"],
        why: "likewise",
    },
    Difference {
        field: "voicemail",
        told_by: &["v1 lists"],
        scenarios: &["inbound_busy", "inbound_voicemail", "sent_to_voicemail", "voicemail_shared"],
        why: "the account's list has no has_voicemail; the lists of users have",
    },
    Difference {
        field: "to",
        told_by: PARTICIPANTS,
        scenarios: &["menu", "menu_wrong_key"],
        why: "a menu that sent the call on to a queue is in the account's records only",
    },
    Difference {
        field: "to",
        told_by: V1,
        scenarios: &["on_other_phone"],
        why: "the log names the telephone outside that answered, and not the extension that it rang for",
    },
    Difference {
        field: "to",
        told_by: &["v1 lists"],
        scenarios: &[
            "barge",
            "listen",
            "menu_left",
            "queue_abandoned",
            "queue_answered",
            "queue_overflow",
            "shared_line",
            "takeover",
            "whisper",
        ],
        why: "the account's list has no forwarded_by, so a queue or menu has no name and no number",
    },
    Difference {
        field: "legs",
        told_by: PARTICIPANTS,
        scenarios: &["shared_line"],
        why: "the part of a common area belongs to no user",
    },
    Difference {
        field: "legs",
        told_by: V1,
        scenarios: &["on_other_phone", "park_timeout", "queue_overflow"],
        why: "v1 has one log for all that somebody had to do with a call: of several ringings one is told",
    },
    Difference {
        field: "hold_seconds",
        told_by: V1,
        scenarios: &["on_other_phone"],
        why: "the log is of a telephone outside, which has no part of its own",
    },
    Difference {
        field: "talk_seconds",
        told_by: &["v1 events", "v1 lists", "v1 events and v3 rows", "v2 rows", "v3 rows"],
        scenarios: &["on_other_phone"],
        why: "likewise; and the account's records have no talk time, so what was not answered has none instead of 0",
    },
    Difference {
        field: "talk_seconds",
        told_by: V1,
        scenarios: &["park_timeout"],
        why: "of two conversations the log is of the first",
    },
    Difference {
        field: "talk_seconds",
        told_by: PARTICIPANTS,
        scenarios: &["shared_line"],
        why: "the common area that talked is no user",
    },
    Difference {
        field: "talk_seconds",
        told_by: ROWS,
        scenarios: &[
            "inbound_busy",
            "inbound_missed",
            "inbound_rejected",
            "inbound_voicemail",
            "internal_missed",
            "outbound_busy",
            "outbound_cancelled",
            "outbound_unanswered",
            "queue_abandoned",
            "queue_overflow",
            "sent_to_voicemail",
            "spam",
            "voicemail_shared",
        ],
        why: "the account's records have no talk time: what was not answered has none instead of 0",
    },
    Difference {
        field: "emergency",
        told_by: V1,
        scenarios: &["emergency"],
        why: "v1 tells only the account's own emergency numbers from others, by number type 3",
    },
];
