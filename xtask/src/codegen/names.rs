//! Rust names from wire names.

/// `call_elements` → `CallElements`, `ciscoRoom/PolycomRoom` → `CiscoRoomPolycomRoom`, `3rd_party` → `ThirdParty`.
pub(super) fn pascal(wire: &str) -> String {
    let mut name = String::new();
    for word in wire.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        // An all-capitals word is an abbreviation or shouting; either way one word.
        let shouting = word.len() > 1 && !word.contains(|c: char| c.is_ascii_lowercase());
        let mut chars = word.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.extend(chars.map(|c| if shouting { c.to_ascii_lowercase() } else { c }));
    }
    match name.strip_prefix("3rd") {
        Some(rest) => format!("Third{rest}"),
        None => name,
    }
}

/// The singular of a field that holds a list: `phone_numbers` → `phone_number`, `policies` → `policy`.
pub(super) fn singular(field: &str) -> String {
    if let Some(stem) = field.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if ["sses", "uses"].iter().any(|end| field.ends_with(end)) {
        return field.strip_suffix("es").unwrap_or(field).to_owned();
    }
    let kept = ["ss", "us", "is", "sms"].iter().any(|end| field.ends_with(end));
    field.strip_suffix('s').filter(|_| !kept).unwrap_or(field).to_owned()
}

/// `addGCPMembers` → `add_gcp_members`.
pub(super) fn snake(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    let mut name = String::new();
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| chars.get(index)).copied();
        let after = chars.get(index + 1);
        let starts_word = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(|after| after.is_ascii_lowercase())
            });
        if starts_word {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_values_become_rust_names() {
        for (wire, rust) in [
            ("caller_call_log_completed", "CallerCallLogCompleted"),
            ("ciscoRoom/PolycomRoom", "CiscoRoomPolycomRoom"),
            ("No Answer", "NoAnswer"),
            ("ad-hoc", "AdHoc"),
            ("BOTH_SAFETY_TEAM_AND_SIP", "BothSafetyTeamAndSip"),
            ("MOBILE_911_CALL", "Mobile911Call"),
            ("3rd_party_contact_center", "ThirdPartyContactCenter"),
        ] {
            assert_eq!(pascal(wire), rust);
        }
    }

    #[test]
    fn lists_are_named_after_their_items() {
        for (list, item) in [
            ("phone_numbers", "phone_number"),
            ("policies", "policy"),
            ("emergency_addresses", "emergency_address"),
            ("opt_statuses", "opt_status"),
            ("status", "status"),
            ("sms", "sms"),
            ("business", "business"),
        ] {
            assert_eq!(singular(list), item);
        }
    }

    #[test]
    fn operation_ids_become_snake_case() {
        for (id, name) in [
            ("accountCallHistory", "account_call_history"),
            ("addGCPMembers", "add_gcp_members"),
            ("deleteAMemberSLG", "delete_a_member_slg"),
            ("AddAnAudio", "add_an_audio"),
        ] {
            assert_eq!(snake(id), name);
        }
    }
}
