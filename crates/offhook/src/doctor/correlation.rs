//! Do events and records of one call find each other.

use jiff::{SignedDuration, Timestamp};

use super::{
    checks,
    facts::{Asked, Call, Stored},
    line::Line,
};

/// Records are written up to a minute after a call, and are fetched every few minutes: this long they may be missing.
pub(crate) const RECORD_DUE: SignedDuration = SignedDuration::from_mins(15);

/// Everything about the newest calls that have ended, and one that was named.
pub(crate) fn judge(stored: &Asked<Stored>, call_id: Option<&str>, now: Timestamp) -> Vec<Line> {
    let mut lines = match stored {
        Asked::Got(stored) => calls(&stored.calls, now),
        Asked::Skipped(why) => skipped(why),
        Asked::Failed(failure) => skipped(&format!("what is stored cannot be read: {}", failure.text)),
    };
    lines.extend(call_id.map(|id| one(id, stored.got().and_then(|stored| stored.one.as_ref()), now)));
    lines
}

fn skipped(why: &str) -> Vec<Line> {
    [checks::JOINED, checks::RECORDS, checks::STATUS_EVENTS].map(|check| check.skip(why)).into()
}

fn has(call: &Call, kind: &str) -> bool {
    call.ids.iter().any(|id| id.kind == kind)
}

fn told_by(call: &Call, sources: &[&str]) -> bool {
    call.ids.iter().flat_map(|id| &id.sources).any(|source| sources.contains(&source.as_str()))
}

/// Zoom's record keeping has told of it.
fn has_record(call: &Call) -> bool {
    told_by(call, &["element_event", "element_rest", "history_row", "v2", "v1"])
}

/// `call_id`, the id of the history record and that of a step all lead to it.
fn is_joined(call: &Call) -> bool {
    has(call, "call_id") && has(call, "call_history_uuid") && has(call, "call_element_id")
}

fn is_due(call: &Call, now: Timestamp) -> bool {
    call.state == "ended" && call.ended_at.is_some_and(|ended| now.duration_since(ended) > RECORD_DUE)
}

fn calls(calls: &[Call], now: Timestamp) -> Vec<Line> {
    let due: Vec<&Call> = calls.iter().filter(|call| is_due(call, now)).collect();
    if due.is_empty() {
        return skipped("no call has ended long enough ago to have its record (15 minutes)");
    }
    let of = |count: usize| format!("{count} of the last {} calls", due.len());
    let without = |test: fn(&Call) -> bool| {
        due.iter().filter(|call| !test(call)).map(|call| call.id.as_str()).collect::<Vec<_>>()
    };
    let (apart, unrecorded) = (without(is_joined), without(has_record));
    let silent = without(|call| told_by(call, &["status_event"]));
    let example = |ids: &[&str]| ids.first().map(|id| format!(", such as {id}")).unwrap_or_default();
    let most = |ids: &[&str]| ids.len() * 2 > due.len();

    let joined = of(due.len() - apart.len());
    let joined = if apart.is_empty() {
        checks::JOINED.pass(format!("{joined} are joined by all three of their ids"))
    } else {
        let remedy = "Subscribe to phone.caller_call_element_completed and phone.callee_call_element_completed, or set the credentials so that steps are fetched; `offhook doctor --call-id ID` explains one call.";
        let found = format!(
            "{joined} are joined by call_id, call_history_uuid and call_element_id; not joined: {}{}",
            apart.len(),
            example(&apart)
        );
        checks::JOINED.warn(found, remedy)
    };
    let records = if unrecorded.is_empty() {
        checks::RECORDS.pass(format!("each of the last {} calls has its record", due.len()))
    } else {
        let found =
            format!("{} have no record after 15 minutes{}", of(unrecorded.len()), example(&unrecorded));
        let remedy = "See oauth.token and oauth.scopes (phone:read:list_call_logs:admin), and webhook.events for the call element events.";
        if most(&unrecorded) {
            checks::RECORDS.fail(found, remedy)
        } else {
            checks::RECORDS.warn(found, remedy)
        }
    };
    let events = if silent.is_empty() {
        checks::STATUS_EVENTS.pass(format!("each of the last {} calls was seen while it lasted", due.len()))
    } else {
        checks::STATUS_EVENTS.warn(
            format!("{} have a record but no ringing or ending event{}", of(silent.len()), example(&silent)),
            "Normal for calls that ended in a menu; otherwise see webhook.events and webhook.last_event: the board missed them.",
        )
    };
    vec![joined, records, events]
}

fn one(id: &str, call: Option<&Call>, now: Timestamp) -> Line {
    let Some(call) = call else {
        return checks::ONE_CALL.fail(
            format!("nothing that is stored names a call {id}"),
            "Check the id; any of call_id, call_history_uuid, call_element_id, recording or voicemail id will do.",
        );
    };
    let ids: Vec<String> = call
        .ids
        .iter()
        .map(|id| format!("{} {} (told by {})", id.kind, id.value, id.sources.join(", ")))
        .collect();
    let story = format!("call {}, {}; {}", call.id, call.state, ids.join("; "));
    if is_joined(call) {
        checks::ONE_CALL.pass(story)
    } else if has_record(call) {
        checks::ONE_CALL.warn(
            format!("{story}; its ids are not all known"),
            "Wait for the next comparison with Zoom's records, which fetches its steps.",
        )
    } else if call.state == "ended" && !is_due(call, now) {
        checks::ONE_CALL.pass(format!("{story}; its record is not due yet"))
    } else {
        checks::ONE_CALL.warn(
            format!("{story}; no record of it has come"),
            "See webhook.events and oauth.scopes; a call that still lasts has no record.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::CallId;
    use super::super::line::Status::{Fail, Pass, Skip, Warn};
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn call(minutes_ago: i64, ids: &[(&str, &str)]) -> Call {
        Call {
            id: "701".to_owned(),
            state: "ended".to_owned(),
            ended_at: Some(now() - SignedDuration::from_mins(minutes_ago)),
            ids: ids
                .iter()
                .map(|(kind, source)| CallId {
                    kind: (*kind).to_owned(),
                    value: "1".to_owned(),
                    sources: vec![(*source).to_owned()],
                })
                .collect(),
        }
    }

    fn whole() -> Call {
        call(
            60,
            &[
                ("call_id", "status_event"),
                ("call_history_uuid", "history_row"),
                ("call_element_id", "element_event"),
            ],
        )
    }

    fn statuses(list: &[Call]) -> Vec<super::super::line::Status> {
        calls(list, now()).into_iter().map(|line| line.status).collect()
    }

    #[test]
    fn the_table_of_joined_recorded_and_seen() {
        let only_events = || call(60, &[("call_id", "status_event")]);
        let only_record = || {
            call(
                60,
                &[
                    ("call_id", "history_row"),
                    ("call_history_uuid", "history_row"),
                    ("call_element_id", "element_rest"),
                ],
            )
        };
        assert_eq!(statuses(&[whole(), whole()]), [Pass, Pass, Pass]);
        assert_eq!(statuses(&[whole(), whole(), only_events()]), [Warn, Warn, Pass]);
        assert_eq!(
            statuses(&[whole(), only_events(), only_events()]),
            [Warn, Fail, Pass],
            "most are without"
        );
        assert_eq!(statuses(&[whole(), only_record()]), [Pass, Pass, Warn]);
    }

    #[test]
    fn calls_that_have_just_ended_are_not_held_against_anybody() {
        assert_eq!(statuses(&[call(1, &[("call_id", "status_event")])]), [Skip; 3]);
        assert_eq!(statuses(&[]), [Skip; 3]);
    }

    #[test]
    fn one_call_is_explained_with_all_its_ids() {
        let line = one("701", Some(&whole()), now());
        assert_eq!(line.status, Pass);
        for part in ["call_id 1 (told by status_event)", "call_history_uuid", "element_event"] {
            assert!(line.found.contains(part), "{}", line.found);
        }
        assert_eq!(one("701", None, now()).status, Fail);
        assert_eq!(one("701", Some(&call(1, &[("call_id", "status_event")])), now()).status, Pass);
        assert_eq!(one("701", Some(&call(60, &[("call_id", "status_event")])), now()).status, Warn);
        assert_eq!(judge(&Asked::Skipped("none".to_owned()), Some("1"), now()).len(), 4);
    }
}
