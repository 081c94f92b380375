//! One example of every event that Zoom Phone documents, for those that no scenario causes.

use jiff::Timestamp;
use serde_json::{Value, json};

/// One event a line, generated from Zoom's webhook document by `cargo xtask codegen`.
const EVENTS: &str = include_str!("generated/events.jsonl");

fn all() -> impl Iterator<Item = Value> {
    EVENTS.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// The names of all events.
pub(crate) fn names() -> Vec<String> {
    all().filter_map(|event| event["event"].as_str().map(str::to_owned)).collect()
}

/// The example of an event as if it had happened just now in this account.
pub(crate) fn event(name: &str, account_id: &str, at: Timestamp) -> Option<Value> {
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
    fn there_is_an_example_of_each_of_the_71_events_with_time_and_account() {
        let names = names();
        assert_eq!((names.len(), EVENTS.lines().count()), (71, 71));
        for name in names {
            let event = event(&name, "our account", Timestamp::UNIX_EPOCH).expect("an example");
            assert_eq!(event["event_ts"], 0, "{name}");
            assert_eq!(event["payload"]["account_id"], "our account", "{name}");
            assert!(event["payload"]["object"].is_object(), "{name}");
        }
    }
}
