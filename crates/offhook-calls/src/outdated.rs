//! Which of what came in Zoom has announced the end of.

pub use zoom_phone_types::deprecation::Deprecation;
use zoom_phone_types::{
    deprecation::{self, What},
    events::EventFacts,
};

use crate::{
    fact::Source,
    normalize::{Door, Reading},
};

/// The deprecated event, operation or array that an entry came by. `event` is the event's name, or the `operationId`.
/// What was imported is of the past and is in no use.
pub fn of(door: Door, event: &str, reading: &Reading) -> Option<&'static Deprecation> {
    let is_v2 = || {
        let mut sources = reading.facts.iter().map(|(fact, _)| fact.source);
        sources.next().is_some_and(|first| first == Source::V2 && sources.all(|other| other == Source::V2))
    };
    match door {
        Door::Webhook | Door::WebSocket => {
            EventFacts::of(event).filter(|facts| facts.deprecated)?;
            deprecation::of(What::Event, event)
        }
        Door::CallHistory if is_v2() => deprecation::of(What::Array, "account_call_history.call_logs"),
        Door::CallPath if is_v2() => deprecation::of(What::Array, "get_call_path.call_path"),
        Door::CallLog | Door::CallLogDetail | Door::CallHistoryLeg => {
            let name = snake(event);
            deprecation::of(What::Operation, &name)
                .or_else(|| deprecation::of(What::Array, &format!("{name}.call_logs")))
        }
        _ => None,
    }
}

/// `account_call_logs` of `accountCallLogs`.
fn snake(operation: &str) -> String {
    operation.chars().fold(String::new(), |mut name, c| {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize;

    fn of_row(door: Door, event: &str, row: &str) -> Option<&'static str> {
        of(door, event, &normalize::read(door, "A", row.as_bytes())).map(|entry| entry.name)
    }

    #[test]
    fn old_events_operations_and_arrays_are_told_from_the_new() {
        let v2 = r#"{"id": "1", "call_id": "7", "call_result": "answered"}"#;
        let v3 = r#"{"call_history_uuid": "1", "call_id": "7", "call_result": "answered"}"#;
        assert_eq!(
            of_row(Door::CallHistory, "accountCallHistory", v2),
            Some("account_call_history.call_logs")
        );
        assert_eq!(of_row(Door::CallHistory, "accountCallHistory", v3), None);
        let path = |list: &str, id: &str| {
            format!(r#"{{"call_id": "7", "id": "1", "{list}": [{{"{id}": "2", "call_id": "7"}}]}}"#)
        };
        assert_eq!(
            of_row(Door::CallPath, "getCallPath", &path("call_path", "id")),
            Some("get_call_path.call_path")
        );
        assert_eq!(of_row(Door::CallPath, "getCallPath", &path("call_elements", "call_element_id")), None);
        let log = r#"{"id": "1", "call_id": "7"}"#;
        assert_eq!(of_row(Door::CallLog, "accountCallLogs", log), Some("account_call_logs"));
        assert_eq!(
            of_row(Door::CallHistoryLeg, "getCallHistoryDetail", log),
            Some("get_call_history_detail")
        );
        assert_eq!(
            of_row(Door::CallHistoryLeg, "phoneUserCallHistory", log),
            Some("phone_user_call_history.call_logs")
        );
        assert_eq!(of_row(Door::Webhook, "phone.call_log_deleted", "{}"), Some("phone.call_log_deleted"));
        assert_eq!(of_row(Door::Webhook, "phone.callee_ringing", "{}"), None);
        assert_eq!(
            of_row(Door::Import, "call_log", &format!(r#"{{"door": "call_log", "row": {log}}}"#)),
            None
        );
    }
}
