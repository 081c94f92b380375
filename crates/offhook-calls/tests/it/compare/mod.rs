//! Did we get all of them? Streams with something lost, late or doubled, and what the comparison says of them.

mod kinds;
mod lost;
mod queues;
mod scenarios;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use offhook_calls::{
    Alias, CallBook, CallView,
    compare::{Comparison, Coverage, Item, Rules, Span, Summary, Telling},
    normalize::{self, Door},
};
use serde_json::Value;

const ACCOUNT: &str = "A";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// All of the time that these tests live in.
fn always() -> Span {
    Span { from: at(-100_000_000), to: at(100_000_000) }
}

/// An entry that came in when it happened.
fn telling(seq: u64, door: Door, event: &str, when: Timestamp, body: &Value) -> Telling {
    Telling {
        seq,
        received_at: when,
        door,
        account: ACCOUNT.to_owned(),
        event: event.to_owned(),
        event_ts: body["event_ts"].as_i64(),
        body: body.to_string().into_bytes(),
    }
}

/// Rules of a day on which all lists were read, two days later.
fn rules() -> Rules {
    Rules::new(at(-100_000), at(100_000), at(300_000), Coverage::whole(always()))
}

/// The calls that these entries tell of, each with its entries in order of arrival.
fn calls(heard: &[Telling]) -> Vec<(CallView, Vec<Telling>)> {
    let mut book = CallBook::default();
    let mut named: Vec<(Vec<Alias>, &Telling)> = Vec::new();
    for entry in heard {
        let reading = normalize::read(entry.door, &entry.account, &entry.body);
        let mut names: Vec<Alias> = reading.facts.iter().flat_map(|(fact, _)| fact.names.clone()).collect();
        names.sort();
        names.dedup();
        named.push((names, entry));
        for (fact, heard) in reading.facts {
            book.absorb(fact, heard);
        }
    }
    let changes = book.into_changes();
    let owner: BTreeMap<&Alias, usize> = changes
        .iter()
        .enumerate()
        .flat_map(|(n, change)| change.names.iter().map(move |name| (name, n)))
        .collect();
    let mut entries: Vec<Vec<Telling>> = vec![Vec::new(); changes.len()];
    for (names, entry) in named {
        let mut of: Vec<usize> = names.iter().filter_map(|name| owner.get(name).copied()).collect();
        of.sort_unstable();
        of.dedup();
        for n in of {
            entries[n].push(entry.clone());
        }
    }
    let views = changes.iter().map(|change| CallView::of(&change.key, &change.names, &change.facts));
    views.zip(entries).collect()
}

/// Compares, and leaves out what the summary says once.
fn compare(rules: Rules, heard: &[Telling]) -> (Vec<Item>, Summary) {
    let mut comparison = Comparison::new(rules);
    let mut items = Vec::new();
    for (call, entries) in calls(heard) {
        items.extend(comparison.call(&call, &entries));
    }
    let summary = comparison.finish();
    items.retain(|item| {
        let missed = item.missed_event();
        missed.is_none_or(|event| summary.never_seen.iter().all(|family| family.event != event))
    });
    for (kind, count) in &summary.items {
        let listed = items.iter().filter(|item| item.kind.as_str() == kind).count() as u64;
        assert_eq!(listed, *count, "the summary counts what is listed: {kind}");
    }
    (items, summary)
}

/// Kind, event and id of each item, sorted.
fn shown(items: &[Item]) -> Vec<String> {
    let mut shown: Vec<String> = items
        .iter()
        .map(|item| {
            let event = item.event.as_deref().unwrap_or("-");
            format!("{} {:?} {event} {}", item.kind.as_str(), item.thing, item.id)
        })
        .collect();
    shown.sort();
    shown
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
