//! Numbers that must not get through: the account's list, the account's rules, and the rules of each extension.

use serde_json::Value;

use super::{Doc, World};

/// The account's list of blocked numbers.
pub(crate) const LIST: &str = "/phone/blocked_list";
/// The account's inbound rules.
pub(crate) const RULES: &str = "/phone/inbound_blocked/rules";

/// Where an extension's own inbound rules are.
pub(crate) fn rules_of(extension_id: &str) -> String {
    format!("/phone/extension/{extension_id}/inbound_blocked/rules")
}

/// Whether a call or message from this number (E.164; `None` when it is hidden) to the extension is refused.
pub(crate) fn refuses(world: &World, extension_id: &str, from: Option<&str>) -> bool {
    let Some(from) = from else { return false };
    let hits = |list: &str| world.children(list).iter().any(|(_, rule)| matches(rule, from));
    hits(LIST) || hits(RULES) || hits(&rules_of(extension_id))
}

/// Whether an active inbound rule means this number.
fn matches(rule: &Doc, from: &str) -> bool {
    let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("status") == "inactive" || text("block_type") == "outbound" {
        return false;
    }
    let number = rule.get("blocked_number").or_else(|| rule.get("phone_number"));
    let number = digits(number.and_then(Value::as_str).unwrap_or_default());
    let from = digits(from);
    match text("match_type") {
        "prefix" => !number.is_empty() && from.starts_with(&number),
        "phoneNumber" => !number.is_empty() && from == number,
        _ => false,
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_blocks_its_number_while_it_is_active_and_only_its_own_extension() {
        let mut world = World::default();
        let mut put = |address: String, rule: Value| {
            if let Value::Object(rule) = rule {
                world.put(address, rule);
            }
        };
        let rule = |kind: &str, number: &str, status: &str| json!({ "match_type": kind, "blocked_number": number, "status": status });
        put(format!("{RULES}/1"), rule("prefix", "+1555300", "active"));
        put(format!("{RULES}/2"), rule("phoneNumber", "+15554000000", "inactive"));
        put(format!("{}/3", rules_of("ext")), rule("phoneNumber", "15555000000", ""));
        put(
            format!("{LIST}/4"),
            json!({ "block_type": "outbound", "match_type": "prefix", "phone_number": "1555" }),
        );
        assert!(refuses(&world, "other", Some("+15553001234")));
        assert!(!refuses(&world, "other", Some("+15554000000")), "inactive");
        assert!(refuses(&world, "ext", Some("+15555000000")));
        assert!(!refuses(&world, "other", Some("+15555000000")), "somebody else's rule");
        assert!(!refuses(&world, "ext", None));
    }
}
