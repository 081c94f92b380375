//! The names of a call.

use serde::{Deserialize, Serialize};

/// What kind of id a name is. The order is the order of preference when a call is called by one name:
/// `call_id` first, since every generation of Zoom's records and every status event carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// `call_id`, `transfer_call_id`; with its `_n` suffix as sent, and without.
    CallId,
    /// `call_history_uuid`; also `call_path_id` and `call_history_id`, its names in older shapes.
    CallHistoryUuid,
    /// `call_element_id`; also the leg `id` of call history (v2).
    CallElementId,
    /// The `id` of a call log (v1).
    CallLogId,
    /// The `id` of a recording.
    RecordingId,
    /// The `id` of a voicemail.
    VoicemailId,
    /// `ai_call_summary_id`.
    AiCallSummaryId,
}

impl AliasKind {
    /// Every kind, in order of preference.
    pub const ALL: [Self; 7] = [
        Self::CallId,
        Self::CallHistoryUuid,
        Self::CallElementId,
        Self::CallLogId,
        Self::RecordingId,
        Self::VoicemailId,
        Self::AiCallSummaryId,
    ];

    /// The kind's word in the API, the CLI and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallId => "call_id",
            Self::CallHistoryUuid => "call_history_uuid",
            Self::CallElementId => "call_element_id",
            Self::CallLogId => "call_log_id",
            Self::RecordingId => "recording_id",
            Self::VoicemailId => "voicemail_id",
            Self::AiCallSummaryId => "ai_call_summary_id",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One name of a call: the kind of id and its value as Zoom wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Alias {
    /// What kind of id this is.
    pub kind: AliasKind,
    /// The id, opaque.
    pub value: String,
}

impl Alias {
    /// A name. Surrounding space is dropped (seen live); an empty id names nothing.
    pub fn new(kind: AliasKind, value: &str) -> Option<Self> {
        let value = value.trim();
        (!value.is_empty()).then(|| Self { kind, value: value.to_owned() })
    }

    /// The names a `call_id` gives: itself and, for the suffixed id of a direct transfer (`123_1`),
    /// the id it was made from.
    pub fn of_call_id(value: &str) -> Vec<Self> {
        let whole = Self::new(AliasKind::CallId, value);
        let base = value.trim().split_once('_').and_then(|(base, suffix)| {
            let numbered = !suffix.is_empty() && suffix.bytes().all(|b| b.is_ascii_digit() || b == b'_');
            if numbered { Self::new(AliasKind::CallId, base) } else { None }
        });
        whole.into_iter().chain(base).collect()
    }
}

/// Whose call, and its preferred name: the smallest of its aliases. Any other name leads to it too, so
/// when two calls turn out to be one, links to the name that lost keep working.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    /// Zoom account id.
    pub account: String,
    /// The preferred name.
    pub name: Alias,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffixed_call_id_also_names_the_call_it_came_from() {
        let values: Vec<_> = Alias::of_call_id("7018_2").into_iter().map(|a| a.value).collect();
        assert_eq!(values, ["7018_2", "7018"]);
        assert_eq!(Alias::of_call_id("7018").len(), 1);
        assert_eq!(Alias::of_call_id("ab_cd").len(), 1, "an underscore alone makes no suffix");
        assert_eq!(Alias::of_call_id("  ").len(), 0);
        assert_eq!(Alias::of_call_id("_1").len(), 1, "nothing before the suffix: no base");
    }

    #[test]
    fn a_base_is_preferred_to_its_suffixed_forms() {
        assert!(Alias::new(AliasKind::CallId, "7018") < Alias::new(AliasKind::CallId, "7018_1"));
        assert!(Alias::new(AliasKind::CallId, "z") < Alias::new(AliasKind::CallHistoryUuid, "a"));
    }

    #[test]
    fn words_and_kinds_are_one_to_one() {
        for kind in AliasKind::ALL {
            assert_eq!(AliasKind::from_word(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
