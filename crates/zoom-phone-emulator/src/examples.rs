//! One example of every event that Zoom Phone documents, for those that no scenario causes.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::text;
use crate::events::envelope;

/// One event a line, generated from Zoom's webhook document by `cargo xtask codegen`.
const EVENTS: &str = include_str!("generated/events.jsonl");

/// Events that Zoom's changelogs announced (March 2024, June and October 2025) and its webhook document does not have.
const ANNOUNCED: [&str; 4] = [
    "phone.line_status_changed",
    "phone.call_history_deleted_all",
    "phone.call_history_trash_deleted",
    "phone.call_history_trash_deleted_all",
];

/// Nobody's, as in Zoom's own examples.
const USER: &str = "z8yCxjabcdEFGHfp8uQ";

fn all() -> impl Iterator<Item = Value> {
    EVENTS.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// The names of all documented events.
pub(crate) fn names() -> Vec<String> {
    all().filter_map(|event| event["event"].as_str().map(str::to_owned)).collect()
}

/// The names of the events that are only announced.
pub(crate) fn announced() -> Vec<&'static str> {
    ANNOUNCED.to_vec()
}

/// `payload.object` of an event that is only announced. Zoom says nothing of it: this is as little as there can be, in
/// the words of the documented events next to it. `ids` are of the steps that it is about.
pub(crate) fn announced_object(name: &str, user_id: &str, ids: &[&str], at: Timestamp) -> Value {
    let mut object = json!({ "user_id": user_id });
    if name == "phone.line_status_changed" {
        object["date_time"] = json!(text(at));
        return object;
    }
    object["execute_time"] = json!(text(at));
    if !name.ends_with("_all") {
        object["call_log_ids"] = json!(ids);
    }
    object
}

/// The example of an event as if it had happened just now in this account.
pub(crate) fn event(name: &str, account_id: &str, at: Timestamp) -> Option<Value> {
    if ANNOUNCED.contains(&name) {
        let object = announced_object(name, USER, &["20251013-7cd05a9b-5d2e-4ae9-9d5c-7a2f3a3a6b01"], at);
        return Some(envelope(account_id, name, at, &object));
    }
    let mut event = all().find(|event| event["event"] == name)?;
    event["event_ts"] = json!(at.as_millisecond());
    if let Some(account) = event.pointer_mut("/payload/account_id") {
        *account = json!(account_id);
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_example_of_each_of_the_71_documented_and_4_announced_events() {
        let names = names();
        assert_eq!((names.len(), EVENTS.lines().count()), (71, 71));
        assert_eq!(announced().len(), 4);
        let announced = announced().into_iter().map(str::to_owned);
        for name in names.into_iter().chain(announced) {
            let event = event(&name, "our account", Timestamp::UNIX_EPOCH).expect("an example");
            assert_eq!(event["event_ts"], 0, "{name}");
            assert_eq!(event["payload"]["account_id"], "our account", "{name}");
            assert!(event["payload"]["object"].is_object(), "{name}");
        }
    }
}
