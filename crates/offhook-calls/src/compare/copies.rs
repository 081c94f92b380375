//! Events that came late, and events that came more than once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    Rules,
    item::{Cause, Item, ItemKind, Thing},
    sighting::{Side, Told},
    summary::EventTally,
};
use crate::{normalize::Door, view::CallView};

/// Copies at least so far apart are attempts: Zoom waits five minutes before the second.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(4);

/// The copies of one event.
struct Copies<'a, 'b> {
    first: &'a Told<'b>,
    doors: BTreeMap<&'static str, u64>,
    identical: u64,
    last: Timestamp,
    retried: bool,
}

/// Looks at the events of one call, in order of arrival.
pub(super) fn judge(
    rules: &Rules,
    call: &CallView,
    told: &[Told<'_>],
    tally: &mut EventTally,
    items: &mut Vec<Item>,
) {
    let mut events = BTreeMap::<Vec<u8>, Copies<'_, '_>>::new();
    for one in told.iter().filter(|one| one.side == Side::Events) {
        tally.came += 1;
        let door = one.entry.door.as_str();
        match events.get_mut(&content(one)) {
            None => {
                let doors = BTreeMap::from([(door, 1)]);
                let last = one.entry.received_at;
                events.insert(content(one), Copies { first: one, doors, identical: 1, last, retried: false });
            }
            Some(copies) => {
                *copies.doors.entry(door).or_default() += 1;
                copies.identical += u64::from(copies.first.entry.body == one.entry.body);
                copies.retried |= one.entry.received_at.duration_since(copies.last) >= RETRY_AFTER;
                copies.last = one.entry.received_at;
            }
        }
    }
    // In order of arrival again, which reads better than in order of content.
    let mut events: Vec<_> = events.into_values().collect();
    events.sort_by_key(|copies| copies.first.entry.seq);
    for copies in events {
        let entry = copies.first.entry;
        let described = |kind| Item {
            call: Some(call.id.clone()),
            event: Some(entry.event.clone()),
            at: own_time(copies.first),
            first_door: Some(entry.door.as_str().to_owned()),
            first_at: Some(entry.received_at),
            ..Item::new(kind, Thing::Event, &entry.seq.to_string())
        };
        tally.different += 1;
        if let Some(at) = own_time(copies.first) {
            let late = entry.received_at.duration_since(at);
            tally.late.note(late);
            if late > rules.late_after {
                items.push(Item { late_seconds: Some(late.as_secs()), ..described(ItemKind::SentLate) });
            }
        }
        tally.on_both_doors += u64::from(copies.doors.len() > 1);
        // One copy by each door is what two subscriptions are for.
        let count: u64 = copies.doors.values().sum();
        if copies.doors.values().any(|count| *count > 1) {
            let cause = if copies.retried { Cause::Retry } else { Cause::Duplicate };
            items.push(Item {
                copies: Some(count),
                identical: Some(copies.identical),
                cause: Some(cause),
                ..described(ItemKind::SentTwice)
            });
        }
    }
}

/// When an event happened, by its envelope. The fields inside name the beginning of a line, not the event.
fn own_time(told: &Told<'_>) -> Option<Timestamp> {
    let (_, heard) = told.reading.facts.first()?;
    Timestamp::from_millisecond(heard.event_ts?).ok()
}

/// What makes a copy a copy: the event, without what Zoom makes anew each time it sends. If something inside tells when
/// it happened, `event_ts` may differ, too.
fn content(told: &Told<'_>) -> Vec<u8> {
    let entry = told.entry;
    debug_assert!(matches!(entry.door, Door::Webhook | Door::WebSocket), "only events have copies");
    let Ok(mut body) = serde_json::from_slice::<Value>(&entry.body) else { return entry.body.clone() };
    let is_dated = told.facts().any(|fact| fact.at.is_some());
    if let Some(envelope) = body.as_object_mut().filter(|_| is_dated) {
        envelope.remove("event_ts");
    }
    settle(&mut body);
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Takes links and tokens out.
fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !(name.ends_with("_url") || name.ends_with("_token")));
            fields.values_mut().for_each(settle);
            // Order means nothing.
            fields.sort_keys();
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}
