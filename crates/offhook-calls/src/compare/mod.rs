//! Did we get all of them? What came in about each call, held against what Zoom's records list.
//!
//! ```text
//! one call: its view + every inbox entry that told of it --sighting--> which door brought what, first when
//!                                                        --copies----> sent late, sent twice
//!           --judge--> items (never sent, only in events, …) and counts   --finish--> Summary with a verdict
//! Zoom's sums of its queues, a day at a time --queues--> ours, Zoom's, the difference
//! ```
//!
//! One call at a time goes through; what is kept are counts. So a period of a million calls takes no more memory than
//! one of a hundred.

mod copies;
mod coverage;
mod expect;
mod item;
mod judge;
mod queues;
mod sighting;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

pub use self::{
    coverage::{Coverage, Gap, Span},
    expect::ANY_EVENT,
    item::{Cause, Item, ItemKind, Thing},
    queues::{QueueCounts, QueueDay, ZoomQueue},
    sighting::{First, Sighting, sightings},
    summary::{EventTally, Family, Late, QueueTally, Summary, Tally, Verdict},
};
use self::{queues::Queues, sighting::Told};
use crate::{normalize::Door, view::CallView};

/// An event that comes later than this after its own time came late.
pub const LATE_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// So long after a call its records may still be on their way: nothing is said to be missing before.
pub const READY_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Of this many events of a kind that should have come, one should have come. If none did, that is said once.
const FEW: u64 = 5;

/// One inbox entry that told of a call.
#[derive(Debug, Clone)]
pub struct Telling {
    /// Its number in the inbox.
    pub seq: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// By which door.
    pub door: Door,
    /// Zoom account id it was received for.
    pub account: String,
    /// Event name, or the name of the REST operation.
    pub event: String,
    /// `event_ts`, milliseconds since 1970.
    pub event_ts: Option<i64>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// By what a period is judged.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The period: calls that began at or after.
    pub from: Timestamp,
    /// And before.
    pub to: Timestamp,
    /// When Zoom's records began to be read.
    pub now: Timestamp,
    /// What of Zoom's lists was read.
    pub coverage: Coverage,
    /// Later than this is late.
    pub late_after: SignedDuration,
    /// Younger than this may still come.
    pub ready_after: SignedDuration,
}

impl Rules {
    /// The usual ones.
    pub fn new(from: Timestamp, to: Timestamp, now: Timestamp, coverage: Coverage) -> Self {
        Self { from, to, now, coverage, late_after: LATE_AFTER, ready_after: READY_AFTER }
    }

    /// So long ago that its records must be there.
    fn is_settled(&self, at: Timestamp) -> bool {
        self.now.duration_since(at) > self.ready_after
    }
}

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison {
    rules: Rules,
    summary: Summary,
    /// Events by name: how many came.
    came: BTreeMap<String, u64>,
    /// Events by name: how many should have come, by Zoom's records.
    expected: BTreeMap<&'static str, u64>,
    /// Items by kind and the event that did not come.
    counted: BTreeMap<(ItemKind, Option<String>), u64>,
    queues: Queues,
}

impl Comparison {
    /// Nothing compared yet.
    pub fn new(rules: Rules) -> Self {
        // Of what is younger nothing is said: its records may still be on their way.
        let ready = rules.to.min(rules.now - rules.ready_after);
        let summary = Summary { gaps: rules.coverage.gaps(rules.from, ready), ..Summary::default() };
        Self {
            rules,
            summary,
            came: BTreeMap::new(),
            expected: BTreeMap::new(),
            counted: BTreeMap::new(),
            queues: Queues::default(),
        }
    }

    /// Takes one call: its view, and every inbox entry that told of it in order of arrival. Says what is odd about it.
    pub fn call(&mut self, call: &CallView, heard: &[Telling]) -> Vec<Item> {
        let told: Vec<Told<'_>> = heard.iter().map(Told::read).collect();
        let mut items = Vec::new();
        copies::judge(&self.rules, call, &told, &mut self.summary.events, &mut items);
        judge::judge(self, call, &told, &mut items);
        self.queues.add(call);
        for item in &items {
            *self.counted.entry((item.kind, item.missed_event())).or_default() += 1;
        }
        items
    }

    /// Takes Zoom's own sums of its queues for one day, midnight to midnight in UTC. Calls of that day must have been
    /// taken before. One item for each queue that had calls, by either count.
    pub fn queues(&mut self, day: jiff::civil::Date, zooms: &[ZoomQueue]) -> Vec<Item> {
        let days = self.queues.compare(day, zooms);
        let tally = self.summary.queues.get_or_insert_default();
        tally.days += 1;
        let mut items = Vec::new();
        for one in days {
            tally.ours += one.ours.inbound;
            tally.zooms += one.zooms.inbound;
            tally.unreconciled += one.unreconciled;
            let kind = if one.unreconciled == 0 { ItemKind::QueueEqual } else { ItemKind::QueueDiffers };
            tally.missing += (one.zooms.inbound - one.ours.inbound).max(0);
            *self.counted.entry((kind, None)).or_default() += 1;
            items.push(Item::of_queue(kind, one));
        }
        items
    }

    /// Zoom's sums cannot be had: why.
    pub fn without_queues(&mut self, reason: String) {
        self.summary.queues_unknown = Some(reason);
    }

    /// All calls were taken. The summary's [`Family`] list names the events that never came at all: items that miss
    /// one of those are to be left out, for they are said once there.
    pub fn finish(mut self) -> Summary {
        let came = |family: &str| {
            if family == ANY_EVENT {
                self.came.values().sum::<u64>()
            } else {
                self.came.get(family).copied().unwrap_or(0)
            }
        };
        self.summary.never_seen = self
            .expected
            .iter()
            .filter(|(family, expected)| **expected >= FEW && came(family) == 0)
            .map(|(family, expected)| Family { event: (*family).to_owned(), expected: *expected })
            .collect();
        let never: BTreeSet<&str> =
            self.summary.never_seen.iter().map(|family| family.event.as_str()).collect();
        for ((kind, event), count) in &self.counted {
            if event.as_deref().is_none_or(|event| !never.contains(event)) {
                *self.summary.items.entry(kind.as_str().to_owned()).or_default() += count;
            }
        }
        self.summary.events.by_name = self.came;
        self.summary.judge();
        self.summary
    }
}
