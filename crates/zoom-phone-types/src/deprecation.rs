//! What Zoom has announced the end of: operations, events, arrays and fields of answers.
//!
//! Zoom names months, not days; a date here is the last day of the month. The switch itself was often later than
//! announced, and no answer carries a header that says so (`Sunset`, `Deprecation`).

use jiff::civil::{Date, date};

/// What kind of thing ends.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum What {
    /// A REST operation, by its name in the catalogue.
    Operation,
    /// A webhook event.
    Event,
    /// An array of an answer: the operation's name, a full stop, the array's name.
    Array,
    /// A field of an answer: the operation's name, a full stop, the field's name.
    Field,
}

impl What {
    /// The word for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Event => "event",
            Self::Array => "array",
            Self::Field => "field",
        }
    }
}

/// One thing that ends, and what takes its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deprecation {
    /// What kind of thing.
    pub what: What,
    /// Which one.
    pub name: &'static str,
    /// The day on which Zoom first said so, where known.
    pub announced: Option<Date>,
    /// The last day of the month for which Zoom announces the end at present; `None` where it names none.
    pub ends: Option<Date>,
    /// What to use instead: names of the same kind. Empty for what has no successor.
    pub instead: &'static [&'static str],
    /// Where Zoom says so.
    pub source: &'static str,
}

/// The entry of a thing that ends.
pub fn of(what: What, name: &str) -> Option<&'static Deprecation> {
    DEPRECATIONS.iter().find(|entry| entry.what == what && entry.name == name)
}

/// Where several things are announced at once.
#[derive(Clone, Copy)]
struct Notice {
    announced: Option<Date>,
    ends: Option<Date>,
    source: &'static str,
}

const CALL_LOGS: Notice = Notice {
    announced: Some(date(2023, 12, 19)),
    ends: Some(date(2026, 5, 31)),
    source: "changelog of 2023-12-19, moved by those of 2025-06-09, 2025-10-02 and 2025-11-13; guide Migrate to call history",
};
const CALL_LOG_EVENTS: Notice = Notice {
    announced: Some(date(2025, 6, 9)),
    ends: Some(date(2026, 5, 31)),
    source: "changelogs of 2025-06-09 and 2025-11-13; guide Migrate call log webhooks",
};
const OLD_ARRAYS: Notice = Notice {
    announced: Some(date(2025, 10, 23)),
    ends: Some(date(2026, 11, 30)),
    source: "changelog of 2025-10-23; guide Migrate to call history",
};
const BY_CALL_LOG: Notice =
    Notice { announced: None, ends: None, source: "flag in the OpenAPI document; no date" };
const CALL_HANDLING: Notice =
    Notice { announced: Some(date(2026, 6, 22)), ends: None, source: "changelog of 2026-06-22; no date" };
const NUMBERS: Notice = Notice {
    announced: Some(date(2026, 5, 26)),
    ends: Some(date(2026, 12, 31)),
    source: "changelog of 2026-05-26: move by June 2026, gone in December 2026",
};
const CLIENT_CODE: Notice = Notice {
    announced: Some(date(2025, 6, 2)),
    ends: Some(date(2025, 8, 31)),
    source: "changelog of 2025-06-02, moved from June to August 2025",
};

const fn operation(name: &'static str, notice: Notice, instead: &'static [&'static str]) -> Deprecation {
    entry(What::Operation, name, notice, instead)
}

const fn event(name: &'static str, notice: Notice, instead: &'static [&'static str]) -> Deprecation {
    entry(What::Event, name, notice, instead)
}

const fn array(name: &'static str, instead: &'static [&'static str]) -> Deprecation {
    entry(What::Array, name, OLD_ARRAYS, instead)
}

const fn entry(
    what: What,
    name: &'static str,
    notice: Notice,
    instead: &'static [&'static str],
) -> Deprecation {
    let Notice { announced, ends, source } = notice;
    Deprecation { what, name, announced, ends, instead, source }
}

const COMPLETED: &[&str] = &["phone.caller_call_element_completed", "phone.callee_call_element_completed"];

const READ_CALL_HANDLING: &[&str] = &[
    "get_user_call_handling_setting",
    "get_call_queue_call_handling_setting",
    "get_auto_receptionist_call_handling_settings",
    "get_common_area_call_handling_setting",
    "get_shared_line_group_call_handling_setting",
];

const WRITE_CALL_HANDLING: &[&str] = &[
    "update_user_call_handling_setting",
    "update_call_queue_call_handling_setting",
    "update_auto_receptionist_call_handling_settings",
    "update_common_area_call_handling_setting",
    "update_shared_line_group_call_handling_setting",
];

/// Everything, by kind.
pub const DEPRECATIONS: &[Deprecation] = &[
    operation("account_call_logs", CALL_LOGS, &["account_call_history"]),
    operation("get_call_log_details", CALL_LOGS, &["get_call_path"]),
    operation("get_call_history_detail", OLD_ARRAYS, &["get_call_element"]),
    operation("add_client_code_to_call_log", CALL_LOGS, &["add_client_code_to_call_history"]),
    operation("phone_user_call_logs", CALL_LOGS, &["phone_user_call_history"]),
    operation("sync_user_call_logs", CALL_LOGS, &["sync_user_call_history"]),
    operation("delete_call_log", CALL_LOGS, &["delete_user_call_history"]),
    operation(
        "get_phone_recordings_by_call_id_or_call_log_id",
        BY_CALL_LOG,
        &["get_phone_recording_by_call_element_id"],
    ),
    operation(
        "get_voicemail_details_by_call_id_or_call_log_id",
        BY_CALL_LOG,
        &["get_voicemail_details_by_call_element_id"],
    ),
    operation("get_call_handling", CALL_HANDLING, READ_CALL_HANDLING),
    operation("add_call_handling", CALL_HANDLING, WRITE_CALL_HANDLING),
    operation("update_call_handling", CALL_HANDLING, WRITE_CALL_HANDLING),
    operation("add_byoc_number", NUMBERS, &["add_byoc_phone_number"]),
    operation("list_account_phone_numbers", NUMBERS, &["list_phone_numbers"]),
    operation("delete_unassigned_phone_numbers", NUMBERS, &["delete_numbers"]),
    operation("get_phone_number_details", NUMBERS, &["get_phone_number"]),
    operation("update_phone_number_details", NUMBERS, &["update_phone_number_detail"]),
    operation("list_phone_plans", NUMBERS, &["list_phone_number_plan_information"]),
    operation("list_carrier_peering_phone_numbers", NUMBERS, &["list_peering_phone_numbers_for_provider"]),
    operation("list_peering_phone_numbers", NUMBERS, &["number_management_list_peering_phone_numbers"]),
    operation("add_peering_phone_numbers", NUMBERS, &["number_management_add_peering_phone_numbers"]),
    operation("delete_peering_phone_numbers", NUMBERS, &["number_management_delete_peering_phone_numbers"]),
    operation("update_peering_phone_numbers", NUMBERS, &["number_management_update_peering_phone_numbers"]),
    operation("list_account_sms_campaigns", NUMBERS, &["number_management_list_account_sms_campaigns"]),
    operation("get_sms_campaign", NUMBERS, &["number_management_get_sms_campaign"]),
    operation("assign_campaign_phone_numbers", NUMBERS, &["number_management_assign_campaign_phone_numbers"]),
    operation(
        "unassign_campaign_phone_number",
        NUMBERS,
        &["number_management_unassign_campaign_phone_number"],
    ),
    operation("list_ported_numbers", NUMBERS, &["number_management_list_ported_numbers"]),
    operation("get_ported_numbers_details", NUMBERS, &["number_management_get_ported_numbers_details"]),
    operation("list_sip_groups", NUMBERS, &["number_management_list_sip_groups"]),
    operation("list_byoc_sip_trunk", NUMBERS, &["list_byoc_sip_trunks"]),
    event("phone.caller_call_log_completed", CALL_LOG_EVENTS, COMPLETED),
    event("phone.callee_call_log_completed", CALL_LOG_EVENTS, COMPLETED),
    event("phone.call_log_deleted", CALL_LOG_EVENTS, &["phone.call_element_deleted"]),
    event("phone.call_log_permanently_deleted", CALL_LOG_EVENTS, &["phone.call_element_deleted"]),
    event("phone.caller_call_history_completed", OLD_ARRAYS, COMPLETED),
    event("phone.callee_call_history_completed", OLD_ARRAYS, COMPLETED),
    event("phone.call_history_deleted", OLD_ARRAYS, &["phone.call_element_deleted"]),
    array("account_call_history.call_logs", &["account_call_history.call_history"]),
    array("phone_user_call_history.call_logs", &["phone_user_call_history.call_elements"]),
    array("sync_user_call_history.call_logs", &["sync_user_call_history.call_elements"]),
    array("get_call_path.call_path", &["get_call_path.call_elements"]),
    entry(What::Field, "account_call_history.client_code", CLIENT_CODE, &["get_call_path.client_code"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{EVENTS, EventFacts};

    #[test]
    fn every_event_that_zoom_calls_deprecated_is_here_with_a_date_and_living_successors() {
        for facts in EVENTS.iter().filter(|facts| facts.deprecated) {
            assert!(of(What::Event, facts.name).is_some_and(|entry| entry.ends.is_some()), "{}", facts.name);
        }
        for entry in DEPRECATIONS.iter().filter(|entry| entry.what == What::Event) {
            assert!(EventFacts::of(entry.name).is_some(), "{}", entry.name);
            for instead in entry.instead {
                assert!(EventFacts::of(instead).is_some_and(|facts| !facts.deprecated), "{instead}");
            }
        }
    }

    #[test]
    fn nothing_is_here_twice_and_nothing_ends_before_it_was_announced() {
        for (number, entry) in DEPRECATIONS.iter().enumerate() {
            assert!(
                !DEPRECATIONS[..number]
                    .iter()
                    .any(|other| (other.what, other.name) == (entry.what, entry.name)),
                "{}",
                entry.name
            );
            assert!(entry.announced.zip(entry.ends).is_none_or(|(from, to)| from < to), "{}", entry.name);
        }
    }

    #[cfg(feature = "catalogue")]
    #[test]
    fn every_deprecated_operation_is_here_and_its_successors_are_not() {
        use crate::catalogue::Catalogue;
        let catalogue = Catalogue::get();
        for operation in catalogue.operations() {
            let found = of(What::Operation, &operation.name);
            assert_eq!(found.is_some(), operation.deprecated, "{}", operation.name);
        }
        for entry in DEPRECATIONS.iter().filter(|entry| entry.what == What::Operation) {
            assert!(
                catalogue.operation(entry.name).is_some_and(|known| known.name == entry.name),
                "{}",
                entry.name
            );
            assert!(!entry.instead.is_empty(), "{}", entry.name);
            for instead in entry.instead {
                let successor = catalogue.operation(instead);
                assert!(successor.is_some_and(|it| !it.deprecated && it.name == *instead), "{instead}");
            }
        }
        let others = DEPRECATIONS.iter().filter(|entry| matches!(entry.what, What::Array | What::Field));
        for name in others.flat_map(|entry| entry.instead.iter().chain([&entry.name])) {
            let (operation, _) = name.split_once('.').unwrap();
            assert!(catalogue.operation(operation).is_some_and(|known| known.name == operation), "{name}");
        }
    }
}
