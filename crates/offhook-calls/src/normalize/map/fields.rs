//! Fields: v1 and v2 to v3.
//!
//! Source: the response schemas of `accountCallLogs`, `phoneUserCallLogs`, `syncUserCallLogs`, `getCallLogDetails` (v1),
//! of `accountCallHistory`, `getCallPath`, `getCallHistoryDetail`, `phoneUserCallHistory`, `syncUserCallHistory`,
//! `getCallElement` (v2, v3), and the webhook document, all of July 2026. Equal names are facts of these; what is worked
//! out is [`Change::Derived`].

/// What happened to a field on the way to v3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Same name, same type, same meaning.
    Same,
    /// Another name, the same value.
    Renamed,
    /// The same thing under a value of another kind: another id.
    NewValue,
    /// Another type: an integer became a word.
    Type,
    /// Another set of words.
    Words,
    /// One field became several.
    Split,
    /// Gone as a field; other fields of the same call tell it.
    Derived,
    /// Gone from call records; another operation tells it.
    Elsewhere,
    /// Gone.
    Lost,
}

impl Change {
    /// The word in the API and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Renamed => "renamed",
            Self::NewValue => "new_value",
            Self::Type => "type",
            Self::Words => "words",
            Self::Split => "split",
            Self::Derived => "derived",
            Self::Elsewhere => "elsewhere",
            Self::Lost => "lost",
        }
    }

    /// Whether v3 records hold it in some field of their own.
    pub fn survives(self) -> bool {
        !matches!(self, Self::Derived | Self::Elsewhere | Self::Lost)
    }
}

/// One field of v1, v2 or both, and where v3 has it. Dots go into objects, `[]` into lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    /// In a call log (v1).
    pub v1: Option<&'static str>,
    /// In call history of v2: a row's or a leg's field.
    pub v2: Option<&'static str>,
    /// In a v3 row, `call_history[]` of the account's list. Several names are parted by spaces.
    pub v3_row: Option<&'static str>,
    /// In a v3 element as the account sees it (`getCallPath`, `getCallElement`).
    pub v3_element: Option<&'static str>,
    /// In a v3 element as a participant sees it (a user's list and sync, events).
    pub v3_participant: Option<&'static str>,
    /// What happened to it.
    pub change: Change,
    /// What to know besides: how to work it out, or which operation has it now.
    pub note: &'static str,
}

impl Mapped {
    /// A name in v3, of the shape that has it: participant's element first, then the account's, then the row.
    pub fn v3(&self) -> Option<&'static str> {
        self.v3_participant.or(self.v3_element).or(self.v3_row)
    }

    /// What happened to it since v2: much that v1 had otherwise was as it is now.
    pub fn since_v2(&self) -> Option<Change> {
        let names = [self.v3_row, self.v3_element, self.v3_participant];
        let v2 = self.v2?;
        Some(match self.v3() {
            None => self.change,
            Some(_) if names.iter().flatten().any(|name| *name == v2) => Change::Same,
            Some(name) if name.contains(' ') => Change::Split,
            Some(_) => Change::Renamed,
        })
    }
}

/// What became of a field of a call log (v1). Objects are found by their fields, too: `site` and `site.id`.
pub fn of_v1(name: &str) -> Option<&'static Mapped> {
    FIELDS.iter().find(|field| field.v1 == Some(name))
}

/// What became of a field of call history (v2).
pub fn of_v2(name: &str) -> Option<&'static Mapped> {
    FIELDS.iter().find(|field| field.v2 == Some(name))
}

/// A line of the table: names in v1, in v2, in a v3 row, in an element of the account, in one of a participant.
macro_rules! fields {
    ($( $v1:tt $v2:tt | $row:tt $element:tt $participant:tt | $change:ident $note:literal )*) => {
        &[$( Mapped {
            v1: name!($v1),
            v2: name!($v2),
            v3_row: name!($row),
            v3_element: name!($element),
            v3_participant: name!($participant),
            change: Change::$change,
            note: $note,
        }, )*]
    };
}

macro_rules! name {
    (-) => {
        None
    };
    ($name:literal) => {
        Some($name)
    };
}

/// Every field of v1, then what only v2 has.
pub const FIELDS: &[Mapped] = fields! {
    "id" "id" | "call_history_uuid" "call_element_id" "call_element_id" |
        NewValue "An id of its own, and no table leads from the v1 value to it: keep the v1 id beside the call_id, and ask for call_ids. A v2 value stays the same under its new name."
    "call_id" "call_id" | "call_id" "call_id" "call_id" |
        Same "The one key of all generations. After a direct transfer elements carry it with _1, _2 behind it."
    "direction" "direction" | "direction" "direction" "direction" | Same ""
    "date_time" "start_time" | "start_time" "start_time" "start_time" | Renamed "UTC."
    "answer_start_time" "answer_time" | "answer_time" "answer_time" "answer_time" | Renamed "UTC."
    "call_end_time" "end_time" | "end_time" "end_time" "end_time" | Renamed "UTC."
    "duration" "duration" | "duration" - "talk_time" |
        Renamed "Only rows have it. Of an element: end_time minus answer_time, or talk_time where a participant sees it."
    "result" "result" | "call_result" "result" "result" | Words "Words for people became codes: see the table of results."
    "path" - | - "event segment node" "event" | Derived "No one-to-one: event says what the step was, the operator where it happened."
    "call_type" "call_type" | "call_type" "call_type" "call_type" |
        Words "Now general or emergency. The old sense is in connect_type, international and the number types."
    "caller_number" - | "caller_did_number caller_ext_number" "caller_did_number caller_ext_number" "caller_did_number caller_ext_number" |
        Split "A telephone number or an extension, by the number type beside it."
    "caller_did_number" "caller_did_number" | "caller_did_number" "caller_did_number" "caller_did_number" | Same ""
    "caller_number_type" "caller_number_type" | "caller_number_type" "caller_number_type" "caller_number_type" | Type "Integer to word: see the table of number types."
    "caller_number_source" - | "caller_number_type" "caller_number_type" "caller_number_type" | Words "Folded into the number type (inferred)."
    "caller_name" "caller_name" | "caller_name" "caller_name" "caller_name" | Same ""
    "caller_user_id" - | "caller_ext_id caller_email" "caller_ext_id caller_email" "caller_ext_id caller_email" |
        Elsewhere "Join by extension: listPhoneUsers has id and extension_id."
    "caller_country_code" "caller_country_code" | "caller_country_code" "caller_country_code" "caller_country_code" | Same ""
    "caller_country_iso_code" "caller_country_iso_code" | "caller_country_iso_code" "caller_country_iso_code" "caller_country_iso_code" | Same ""
    "caller_location" - | - - - | Lost ""
    "caller_status" - | - - - | Lost ""
    "caller_deleted_time" - | - - - | Lost ""
    "caller_billing_reference_id" - | - - - | Elsewhere "getCallChargesUsageReport."
    "callee_number" - | "callee_did_number callee_ext_number" "callee_did_number callee_ext_number" "callee_did_number callee_ext_number" |
        Split "A telephone number or an extension, by the number type beside it."
    "callee_did_number" "callee_did_number" | "callee_did_number" "callee_did_number" "callee_did_number" | Same ""
    "callee_number_type" "callee_number_type" | "callee_number_type" "callee_number_type" "callee_number_type" | Type "Integer to word: see the table of number types."
    "callee_number_source" - | "callee_number_type" "callee_number_type" "callee_number_type" | Words "Folded into the number type (inferred)."
    "callee_name" "callee_name" | "callee_name" "callee_name" "callee_name" | Same ""
    "callee_user_id" - | "callee_ext_id callee_email" "callee_ext_id callee_email" "callee_ext_id callee_email" |
        Elsewhere "Join by extension: listPhoneUsers has id and extension_id."
    "callee_country_code" "callee_country_code" | "callee_country_code" "callee_country_code" "callee_country_code" | Same ""
    "callee_country_iso_code" "callee_country_iso_code" | "callee_country_iso_code" "callee_country_iso_code" "callee_country_iso_code" | Same ""
    "callee_location" - | - - - | Lost ""
    "callee_status" - | - - - | Lost ""
    "callee_deleted_time" - | - - - | Lost ""
    "owner" - | - "operator_name" "operator_name" | Derived "An element names who handled the step, a row names nobody."
    "owner.id" - | - "operator_ext_id" "operator_ext_id" | Derived "An extension id; a user id by way of listPhoneUsers."
    "owner.name" - | - "operator_name" "operator_name" | Derived ""
    "owner.type" - | - "operator_ext_type" "operator_ext_type" | Derived "Other spelling: see the table of extension types."
    "owner.extension_number" - | - "operator_ext_number" "operator_ext_number" | Derived ""
    "user_id" - | - - - | Derived "Events name their owner in payload.object.user_id; of elements in REST: listPhoneUsers by the party's extension."
    "site" - | "site_id" "site_id" "caller_site_id callee_site_id" | Split "A participant sees a site for each party."
    "site.id" "site_id" | "site_id" "site_id" "caller_site_id callee_site_id" | Split "A participant sees a site for each party."
    "site.name" "site_name" | "site_name" "site_name" - | Renamed "Not where a participant sees it."
    "department" "department" | "department" "department" "caller_department callee_department" | Split "A participant sees one for each party."
    "cost_center" "cost_center" | "cost_center" "cost_center" "caller_cost_center callee_cost_center" | Split "A participant sees one for each party."
    "device_public_ip" "device_public_ip" | - "device_public_ip" "caller_device_public_ip callee_device_public_ip" | Split "Needs the account's setting to show device addresses."
    "device_private_ip" "device_private_ip" | - "device_private_ip" "caller_device_private_ip callee_device_private_ip" | Split "Needs the account's setting to show device addresses."
    "client_code" "client_code" | - "client_code" - | Same "Rows lost it in August 2025."
    "recording_id" "recording_id" | - "recording_id" "recording_id" | Same "Rows have only recording_status."
    "recording_type" "recording_type" | - "recording_type" "recording_type" | Words "See the table of recording types."
    "has_recording" - | "recording_status" "recording_id" "recording_id" | Words "True became recorded, false non_recorded; an element has the id or not."
    "has_voicemail" - | - "voicemail_id" "voicemail_id" | Derived "An element has the id or not; of a row, call_result is voicemail."
    "hold_time" "hold_time" | - "hold_time" "hold_time" | Same "Seconds."
    "waiting_time" "wait_time" | - "waiting_time" "wait_time" | Renamed "Two spellings in v3; seconds."
    "charge" - | - - - | Elsewhere "getCallChargesUsageReport."
    "rate" - | - - - | Elsewhere "getCallChargesUsageReport."
    "accepted_by" - | - - - | Derived "The callee of the element that was answered."
    "accepted_by.name" - | - "callee_name" "callee_name" | Derived "Of the element that was answered."
    "accepted_by.extension_number" - | - "callee_ext_number" "callee_ext_number" | Derived "Of the element that was answered."
    "forwarded_by" - | - - - | Derived "The operator of the step that rang this party."
    "forwarded_by.name" - | - "operator_name" "operator_name" | Derived "Of the step that rang this party."
    "forwarded_by.extension_number" - | - "operator_ext_number" "operator_ext_number" | Derived "Of the step that rang this party."
    "forwarded_to" - | - - - | Derived "The callee of the next forward, overflow or direct_transfer."
    "forwarded_to.name" - | - "callee_name" "callee_name" | Derived "Of the next forward, overflow or direct_transfer."
    "forwarded_to.extension_number" - | - "callee_ext_number" "callee_ext_number" | Derived "Of the next forward, overflow or direct_transfer."
    "forwarded_to.phone_number" - | - "callee_did_number" "callee_did_number" | Derived "Of the next forward, overflow or direct_transfer."
    "outgoing_by" - | - - - | Derived "The operator of the element whose event is outgoing."
    "log_details[]" "call_path[]" | - "call_elements[]" - | Renamed "The steps of one call: getCallPath."
    - "call_path_id" | "call_history_uuid" "call_history_uuid" "call_history_uuid" | Renamed ""
    - "call_result" | "call_result" - - | Same ""
    - "call_logs[]" | "call_history[]" - "call_elements[]" | Renamed "The old lists go in November 2026."
    - "connect_type" | "connect_type" "connect_type" "connect_type" | Same ""
    - "international" | "international" - - | Same ""
    - "hide_caller_id" | "hide_caller_id" "hide_caller_id" "hide_caller_id" | Same ""
    - "end_to_end" | "end_to_end" "end_to_end" "end_to_end" | Same ""
    - "sbc_id" | "sbc_id" - - | Same ""
    - "sbc_name" | "sbc_name" - - | Same ""
    - "sip_group_id" | "sip_group_id" - - | Same ""
    - "sip_group_name" | "sip_group_name" - - | Same ""
    - "spam" | "spam" - - | Same ""
    - "recording_status" | "recording_status" - - | Same "As a filter its documented default is recorded: never send the default."
    - "group_id" | "group_id" "group_id" "group_id" | Same ""
    - "event" | - "event" "event" | Same "Since May 2026 also warm_transfer_outgoing and warm_transfer_incoming."
    - "result_reason" | - "result_reason" "result_reason" | Same "Live values end in spaces: trim."
    - "segment" | - "segment" - | Same "An order: some records count from 0, others from 1."
    - "node" | - "node" - | Same "An order inside a segment."
    - "is_node" | - "is_node" - | Same ""
    - "press_key" | - "press_key" - | Same ""
    - "talk_time" | - - "talk_time" | Same "Seconds, without hold."
    - "voicemail_id" | - "voicemail_id" "voicemail_id" | Same ""
    - "operator_name" | - "operator_name" "operator_name" | Same ""
    - "operator_ext_id" | - "operator_ext_id" "operator_ext_id" | Same ""
    - "operator_ext_number" | - "operator_ext_number" "operator_ext_number" | Same ""
    - "operator_ext_type" | - "operator_ext_type" "operator_ext_type" | Same ""
    - "caller_ext_id" | "caller_ext_id" "caller_ext_id" "caller_ext_id" | Same ""
    - "caller_ext_number" | "caller_ext_number" "caller_ext_number" "caller_ext_number" | Same ""
    - "caller_ext_type" | "caller_ext_type" "caller_ext_type" "caller_ext_type" | Same ""
    - "caller_email" | "caller_email" "caller_email" "caller_email" | Same ""
    - "caller_device_type" | "caller_device_type" "caller_device_type" "caller_device_type" | Same ""
    - "caller_account_code" | "caller_account_code" "caller_account_code" "caller_account_code" |
        Same "Not in the events of v3. The answer about one call misspells it caller_acconut_code."
    - "caller_employee_id" | - - "caller_employee_id" | Same ""
    - "caller_site_id" | - - "caller_site_id" | Same ""
    - "caller_department" | - - "caller_department" | Same ""
    - "caller_cost_center" | - - "caller_cost_center" | Same ""
    - "caller_device_private_ip" | - - "caller_device_private_ip" | Same ""
    - "caller_device_public_ip" | - - "caller_device_public_ip" | Same ""
    - "callee_ext_id" | "callee_ext_id" "callee_ext_id" "callee_ext_id" | Same ""
    - "callee_ext_number" | "callee_ext_number" "callee_ext_number" "callee_ext_number" | Same ""
    - "callee_ext_type" | "callee_ext_type" "callee_ext_type" "callee_ext_type" | Same ""
    - "callee_email" | "callee_email" "callee_email" "callee_email" | Same ""
    - "callee_device_type" | "callee_device_type" "callee_device_type" "callee_device_type" | Same ""
    - "callee_account_code" | "callee_account_code" "callee_account_code" "callee_account_code" | Same "Not in the events of v3."
    - "callee_employee_id" | - - "callee_employee_id" | Same ""
    - "callee_site_id" | - - "callee_site_id" | Same ""
    - "callee_department" | - - "callee_department" | Same ""
    - "callee_cost_center" | - - "callee_cost_center" | Same ""
    - "callee_device_private_ip" | - - "callee_device_private_ip" | Same ""
    - "callee_device_public_ip" | - - "callee_device_public_ip" | Same ""
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_field_has_one_line_and_a_line_has_a_field() {
        for generation in [|field: &Mapped| field.v1, |field: &Mapped| field.v2] {
            let mut seen = BTreeSet::new();
            for name in FIELDS.iter().filter_map(generation) {
                assert!(seen.insert(name), "{name}");
            }
        }
        assert!(FIELDS.iter().all(|field| field.v1.or(field.v2).is_some()));
    }

    #[test]
    fn what_v2_had_already_did_not_change_since() {
        let since = |name| of_v2(name).and_then(Mapped::since_v2);
        assert_eq!(since("result"), Some(Change::Same));
        assert_eq!(since("start_time"), Some(Change::Same));
        assert_eq!(since("call_path_id"), Some(Change::Renamed));
        assert_eq!(of_v1("date_time").map(|field| field.change), Some(Change::Renamed));
    }

    #[test]
    fn what_survives_has_a_name_and_what_is_lost_has_none() {
        for field in FIELDS {
            if field.change.survives() {
                assert!(field.v3().is_some(), "{field:?}");
            }
            if field.change == Change::Lost {
                assert_eq!(field.v3(), None, "{field:?}");
            }
        }
    }
}
