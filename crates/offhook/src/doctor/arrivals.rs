//! What came in: when last, which kinds of event, and what nobody knows.

use std::collections::BTreeSet;

use jiff::Timestamp;
use zoom_phone::{
    scopes::{Actor, Subscription},
    types::events::EventFacts,
};

use super::{
    checks,
    facts::{Asked, Stored},
    line::Line,
};

/// Without these the board and the records miss something of every account's day.
pub(crate) const NEEDED: &[&str] = &[
    "phone.callee_ringing",
    "phone.callee_answered",
    "phone.callee_missed",
    "phone.callee_ended",
    "phone.caller_ringing",
    "phone.caller_connected",
    "phone.caller_ended",
    "phone.caller_call_element_completed",
    "phone.callee_call_element_completed",
];

/// Among so many entries each of them is to be expected.
const ENOUGH: usize = 100;

/// What Offhook reads besides; rare enough that not having seen one says nothing.
const USED: &[&str] = &[
    "phone.callee_rejected",
    "phone.callee_hold",
    "phone.callee_unhold",
    "phone.caller_hold",
    "phone.caller_unhold",
    "phone.callee_parked",
    "phone.blind_transfer_initiated",
    "phone.warm_transfer_initiated",
    "phone.warm_transfer_completed",
    "phone.warm_transfer_cancelled",
    "phone.transfer_recipient_updated",
    "phone.transfer_call_to_voicemail_initiated",
    "phone.conference_started",
    "phone.recording_started",
    "phone.recording_paused",
    "phone.recording_resumed",
    "phone.recording_stopped",
    "phone.recording_completed",
    "phone.voicemail_received",
    "phone.voicemail_transcript_completed",
    "phone.emergency_alert",
];

/// A working day without any event is odd.
const QUIET_HOURS: i64 = 24;

/// What came in.
pub(crate) fn judge(stored: &Asked<Stored>, now: Timestamp) -> Vec<Line> {
    match stored {
        Asked::Got(stored) => vec![last_event(stored, now), events(stored), unfamiliar(stored)],
        Asked::Skipped(why) => {
            [checks::LAST_EVENT, checks::EVENTS, checks::UNFAMILIAR].map(|check| check.skip(why)).into()
        }
        Asked::Failed(failure) => [checks::LAST_EVENT, checks::EVENTS, checks::UNFAMILIAR]
            .map(|check| check.skip(format!("what is stored cannot be read: {}", failure.text)))
            .into(),
    }
}

fn last_event(stored: &Stored, now: Timestamp) -> Line {
    let last = stored.entries.iter().filter(|entry| entry.is_event()).map(|entry| entry.at).max();
    let remedy = "Compare the endpoint address in the app's event subscription with webhook.public, and see that the app is activated.";
    let Some(last) = last else {
        return checks::LAST_EVENT.warn("no event has come in yet", remedy);
    };
    let minutes = now.duration_since(last).as_mins();
    let ago = if minutes < 120 { format!("{minutes} minutes") } else { format!("{} hours", minutes / 60) };
    if minutes > QUIET_HOURS * 60 {
        checks::LAST_EVENT.warn(format!("the last event came {ago} ago"), remedy)
    } else {
        checks::LAST_EVENT.pass(format!("the last event came {ago} ago"))
    }
}

fn events(stored: &Stored) -> Line {
    let seen: BTreeSet<&str> = stored.entries.iter().map(|entry| entry.event.as_str()).collect();
    let never: Vec<&str> = NEEDED.iter().copied().filter(|event| !seen.contains(event)).collect();
    if never.is_empty() {
        return checks::EVENTS
            .pass(format!("all {} kinds of event that every account has came in", NEEDED.len()));
    }
    if stored.entries.len() < ENOUGH {
        return checks::EVENTS.skip(format!(
            "{} entries are too few to tell; not seen so far: {}",
            stored.entries.len(),
            never.join(", ")
        ));
    }
    let all = NEEDED.iter().chain(USED);
    let subscription = Subscription::to(all, Actor::Admin);
    let ticks = subscription.map_or_else(
        |error| error.to_string(),
        |subscription| {
            format!(
                "In the app's event subscription tick {}; that adds the scopes {}.",
                subscription.events.join(", "),
                subscription.scopes.scopes.join(", ")
            )
        },
    );
    checks::EVENTS.warn(
        format!("among the last {} entries there is no {}", stored.entries.len(), never.join(", ")),
        ticks,
    )
}

fn unfamiliar(stored: &Stored) -> Line {
    let unknown: BTreeSet<&str> = stored
        .entries
        .iter()
        .filter(|entry| entry.is_event() && EventFacts::of(&entry.event).is_none())
        .map(|entry| entry.event.as_str())
        .filter(|event| !event.is_empty())
        .collect();
    let fields: usize = stored.entries.iter().map(|entry| entry.unfamiliar).sum();
    if unknown.is_empty() && fields == 0 {
        return checks::UNFAMILIAR.pass("every event, field and value that came in is known");
    }
    let names = unknown.into_iter().collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none".to_owned() } else { names };
    checks::UNFAMILIAR.warn(
        format!("unknown events: {names}; unknown fields and values: {fields}; all are kept as they came"),
        "Nothing is lost; look for a newer Offhook that reads them.",
    )
}

#[cfg(test)]
mod tests {
    use super::super::facts::Entry;
    use super::super::line::Status::{Pass, Skip, Warn};
    use super::*;

    fn entry(event: &str, at: &str) -> Entry {
        Entry {
            seq: 1,
            at: at.parse().unwrap(),
            door: "webhook".to_owned(),
            event: event.to_owned(),
            readable: true,
            old_row: false,
            unfamiliar: 0,
        }
    }

    #[test]
    fn events_that_never_came_are_named_with_what_to_tick() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let at = "2026-11-22T09:00:00Z";
        let mut stored =
            Stored { entries: NEEDED.iter().map(|event| entry(event, at)).collect(), ..Stored::default() };
        let all = judge(&Asked::Got(stored.clone()), now);
        assert!(all.iter().all(|line| line.status == Pass), "{all:?}");
        stored.entries.retain(|entry| entry.event != "phone.callee_missed");
        assert_eq!(events(&stored).status, Skip, "too few");
        stored.entries = stored.entries.iter().cycle().take(ENOUGH).cloned().collect();
        let line = events(&stored);
        assert_eq!(line.status, Warn);
        assert!(line.found.contains("phone.callee_missed"), "{}", line.found);
        assert!(line.remedy.unwrap().contains("phone:read:call:admin"));
    }

    #[test]
    fn everything_that_offhook_reads_is_a_documented_event() {
        for event in NEEDED.iter().chain(USED) {
            assert!(EventFacts::of(event).is_some_and(|facts| !facts.deprecated), "{event}");
        }
    }

    #[test]
    fn silence_and_novelty_are_warnings() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let alone = |entry: Entry| {
            let stored = Stored { entries: vec![entry], ..Stored::default() };
            (last_event(&stored, now).status, unfamiliar(&stored).status)
        };
        assert_eq!(alone(entry("phone.callee_ringing", "2026-11-20T09:00:00Z")), (Warn, Pass));
        assert_eq!(alone(entry("phone.novelty", "2026-11-22T09:59:00Z")), (Pass, Warn));
        let odd = Entry { unfamiliar: 2, ..entry("phone.callee_ringing", "2026-11-22T09:59:00Z") };
        assert_eq!(alone(odd), (Pass, Warn));
        assert_eq!(last_event(&Stored::default(), now).status, Warn);
    }
}
