//! What to use instead of operations that Zoom has deprecated.

use zoom_phone::types::catalogue::{Catalogue, Operation};

/// Deprecated operation and its successors, by name. From Zoom's migration guides for call logs (v1 and v2 to call
/// history and call elements), its change log of May 2026 (numbers, plans, peering, campaigns and trunks moved to
/// Number Management) and of June 2026 (call handling, by kind of extension).
const TABLE: &[(&str, &[&str])] = &[
    ("account_call_logs", &["account_call_history"]),
    ("get_call_log_details", &["get_call_path"]),
    ("get_call_history_detail", &["get_call_element"]),
    ("add_client_code_to_call_log", &["add_client_code_to_call_history"]),
    ("phone_user_call_logs", &["phone_user_call_history"]),
    ("sync_user_call_logs", &["sync_user_call_history"]),
    ("delete_call_log", &["delete_user_call_history"]),
    ("get_phone_recordings_by_call_id_or_call_log_id", &["get_phone_recording_by_call_element_id"]),
    ("get_voicemail_details_by_call_id_or_call_log_id", &["get_voicemail_details_by_call_element_id"]),
    ("get_call_handling", READ_CALL_HANDLING),
    ("add_call_handling", WRITE_CALL_HANDLING),
    ("update_call_handling", WRITE_CALL_HANDLING),
    ("add_byoc_number", &["add_byoc_phone_number"]),
    ("list_account_phone_numbers", &["list_phone_numbers"]),
    ("delete_unassigned_phone_numbers", &["delete_numbers"]),
    ("get_phone_number_details", &["get_phone_number"]),
    ("update_phone_number_details", &["update_phone_number_detail"]),
    ("list_phone_plans", &["list_phone_number_plan_information"]),
    ("list_carrier_peering_phone_numbers", &["list_peering_phone_numbers_for_provider"]),
    ("list_peering_phone_numbers", &["number_management_list_peering_phone_numbers"]),
    ("add_peering_phone_numbers", &["number_management_add_peering_phone_numbers"]),
    ("delete_peering_phone_numbers", &["number_management_delete_peering_phone_numbers"]),
    ("update_peering_phone_numbers", &["number_management_update_peering_phone_numbers"]),
    ("list_account_sms_campaigns", &["number_management_list_account_sms_campaigns"]),
    ("get_sms_campaign", &["number_management_get_sms_campaign"]),
    ("assign_campaign_phone_numbers", &["number_management_assign_campaign_phone_numbers"]),
    ("unassign_campaign_phone_number", &["number_management_unassign_campaign_phone_number"]),
    ("list_ported_numbers", &["number_management_list_ported_numbers"]),
    ("get_ported_numbers_details", &["number_management_get_ported_numbers_details"]),
    ("list_sip_groups", &["number_management_list_sip_groups"]),
    ("list_byoc_sip_trunk", &["list_byoc_sip_trunks"]),
];

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

/// The successors of a deprecated operation.
pub(super) fn by(operation: &Operation) -> Vec<&'static Operation> {
    let names = TABLE.iter().find(|(old, _)| *old == operation.name).map_or(&[][..], |(_, new)| *new);
    names.iter().filter_map(|name| Catalogue::get().operation(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deprecated_operation_has_successors_that_are_not() {
        for operation in Catalogue::get().operations() {
            let successors = by(operation);
            assert_eq!(successors.is_empty(), !operation.deprecated, "{}", operation.name);
            for successor in successors {
                assert!(!successor.deprecated, "{} to {}", operation.name, successor.name);
            }
        }
        let given: usize = TABLE.iter().map(|(_, new)| new.len()).sum();
        let found: usize = Catalogue::get().operations().iter().map(|it| by(it).len()).sum();
        assert_eq!(given, found, "each name in the table is one of the catalogue");
    }
}
