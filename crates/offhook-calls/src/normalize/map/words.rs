//! The other vocabularies: kinds of number, of extension, of call, of recording.
//!
//! Source: `accountCallLogs` and the webhook document (v1), `accountCallHistory`, `getCallPath`, `getCallElement` (v2,
//! v3). Where one word of v1 became several, the record tells which.

/// A word (or integer) of v1 and what it is in v2 and v3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// As in a call log; `-` for what is new.
    pub v1: &'static str,
    /// As in call history and call elements; empty where the sense moved elsewhere.
    pub v3: &'static [&'static str],
    /// What to know besides.
    pub note: &'static str,
}

const fn word(v1: &'static str, v3: &'static [&'static str]) -> Word {
    Word { v1, v3, note: "" }
}

/// `caller_number_type`, `callee_number_type`: an integer became a word.
pub const NUMBER_TYPES: &[Word] = &[
    Word { v1: "1", v3: &[], note: "An extension: now *_ext_number and *_ext_type tell." },
    word(
        "2",
        &[
            "zoom_pstn",
            "zoom_toll_free_number",
            "external_pstn",
            "external_contact",
            "byoc",
            "byop",
            "3rd_party_contact_center",
            "zoom_service_number",
            "external_service_number",
            "zoom_contact_center",
            "meeting_phone_number",
            "meeting_id",
            "anonymous_number",
        ],
    ),
    Word { v1: "3", v3: &[], note: "The account's own emergency number: now call_type emergency tells." },
    Word {
        v1: "-",
        v3: &["zoom_revenue_accelerator", "zra_phone_number"],
        note: "One thing: lists say the first, elements the second.",
    },
];

/// `caller_number_source`, `callee_number_source`: folded into the number type (inferred).
pub const NUMBER_SOURCES: &[Word] = &[
    word("internal", &["zoom_pstn", "zoom_toll_free_number", "zoom_service_number"]),
    word("external", &["external_pstn", "external_contact", "external_service_number"]),
    word("byop", &["byoc", "byop"]),
];

/// Kinds of extension: v1, status events and lists spell them one way, records of v2 and v3 another.
pub const EXTENSION_TYPES: &[Word] = &[
    word("user", &["user"]),
    word("callQueue", &["call_queue"]),
    word("autoReceptionist", &["auto_receptionist"]),
    word("commonArea", &["common_area"]),
    word("commonAreaPhone", &["common_area"]),
    word("sharedLineGroup", &["shared_line_group"]),
    Word { v1: "pstn", v3: &["external_contact"], note: "Or none: the number type says external_pstn." },
    word("-", &["zoom_room", "cisco_room", "group_call_pickup"]),
];

/// `call_type`: its old sense moved to other fields.
pub const CALL_TYPES: &[Word] = &[
    Word { v1: "voip", v3: &["general"], note: "connect_type is internal." },
    Word { v1: "pstn", v3: &["general"], note: "connect_type is external." },
    Word { v1: "tollfree", v3: &["general"], note: "A number type is zoom_toll_free_number." },
    Word { v1: "international", v3: &["general"], note: "international is true; only rows say so." },
    Word { v1: "contactCenter", v3: &["general"], note: "A number type is zoom_contact_center." },
    Word { v1: "-", v3: &["emergency"], note: "" },
];

/// `recording_type`. Lists and events of recordings keep the words of v1.
pub const RECORDING_TYPES: &[Word] = &[
    word("OnDemand", &["ad-hoc"]),
    Word { v1: "On-demand", v3: &["ad-hoc"], note: "The same; so in Zoom's example." },
    word("Automatic", &["automatic"]),
];

/// `has_recording` of v1 and `recording_status` of rows.
pub const RECORDING_FLAGS: &[Word] = &[word("true", &["recorded"]), word("false", &["non_recorded"])];

/// `path` of a call log: v3 has an `event` for the step and an operator for the place, and no text.
pub const PATHS: &[Word] = &[
    Word { v1: "callQueue", v3: &["ring_to_member"], note: "The operator is the call queue." },
    Word { v1: "autoReceptionist", v3: &[], note: "The operator is the receptionist." },
    Word { v1: "pstn", v3: &[], note: "incoming or outgoing; connect_type is external." },
    Word { v1: "extension", v3: &[], note: "incoming or outgoing; connect_type is internal." },
    Word { v1: "transfer", v3: &[], note: "direct_transfer or warm_transfer and its two halves." },
    word("park", &["park"]),
    word("parkPickup", &["park_pick_up"]),
    word("parkTimeout", &["timeout"]),
    Word { v1: "monitor", v3: &["monitor"], note: "Or listen, whisper, barge: the path does not tell." },
    word("takeover", &["takeover"]),
];

/// The step that a `path` tells of, if it tells of one step only; else what the side of the log makes of it holds.
pub(crate) fn event_of_path(path: &str) -> Option<&'static str> {
    let word = PATHS.iter().find(|word| word.v1.eq_ignore_ascii_case(path.trim()))?;
    word.v3.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::party::PartyKind;

    #[test]
    fn both_spellings_of_an_extension_type_are_one_kind() {
        for word in EXTENSION_TYPES.iter().filter(|word| word.v1 != "-") {
            for v3 in word.v3 {
                assert_eq!(PartyKind::from_wire(word.v1), PartyKind::from_wire(v3), "{}", word.v1);
            }
        }
    }
}
