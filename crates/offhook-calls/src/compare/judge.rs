//! What is odd about one call and its parts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Comparison,
    expect::{self, ANY_EVENT},
    item::{Item, ItemKind, Thing},
    sighting::{self, Side, Sighting, Told},
};
use crate::{
    fact::{Element, LegEvent, Said, Source},
    identity::AliasKind,
    normalize::Door,
    party::PartyKind,
    view::{self, CallView},
};

pub(super) fn judge(comparison: &mut Comparison, call: &CallView, told: &[Told<'_>], items: &mut Vec<Item>) {
    let mut sightings = sighting::of_call(&call.id, told);
    let is_deleted = is_deleted(call);
    if let Some(whole) = sightings.first_mut() {
        whole.deleted = is_deleted;
    }
    let steps = steps(told);
    for one in told.iter().filter(|one| one.side == Side::Events) {
        *comparison.came.entry(one.entry.event.clone()).or_default() += 1;
    }
    let told_to: BTreeMap<&str, view::Side> = steps
        .iter()
        .filter(|(_, step)| !steps.values().any(|other| expect::mirrors(step, other)))
        .filter_map(|(id, step)| Some((*id, expect::told_to(step)?)))
        .collect();
    for (id, side) in &told_to {
        let (step, side) = (steps[id], *side);
        *comparison.expected.entry(expect::completed(side)).or_default() += 1;
        for event in expect::during(side, step) {
            *comparison.expected.entry(event).or_default() += 1;
        }
    }
    let end = call.ended_at.or(call.last_at).or(call.started_at);
    let judging = Judging {
        end,
        is_settled: end.is_some_and(|end| comparison.rules.is_settled(end)),
        has_events: sightings.first().is_some_and(|call| call.by_events.is_some()),
        all_paths: paths_missing(told).is_empty(),
        call,
        told,
        steps,
        told_to,
    };
    for seen in &sightings {
        judging.count(comparison, seen);
        if let Some((kind, event)) = judging.verdict(comparison, seen) {
            let first = seen.first();
            items.push(Item {
                call: Some(call.id.clone()),
                event: event.map(str::to_owned),
                at: judging.time_of(seen),
                first_door: first.map(|first| first.door.clone()),
                first_at: first.map(|first| first.at),
                ..Item::new(kind, seen.thing, &seen.id)
            });
        }
    }
    if judging.is_settled {
        items.extend(judging.end_not_sent());
        let missing = if is_deleted { BTreeSet::new() } else { paths_missing(told) };
        items.extend(missing.into_iter().map(|uuid| Item {
            call: Some(call.id.clone()),
            at: end,
            ..Item::new(ItemKind::PathMissing, Thing::Call, uuid)
        }));
    }
}

/// What is known of the call whose parts are judged.
struct Judging<'a> {
    call: &'a CallView,
    told: &'a [Told<'a>],
    /// Its steps by Zoom's records.
    steps: BTreeMap<&'a str, &'a Element>,
    /// Of those, the ones that an event must have told of, and on which side.
    told_to: BTreeMap<&'a str, view::Side>,
    end: Option<Timestamp>,
    is_settled: bool,
    has_events: bool,
    all_paths: bool,
}

impl Judging<'_> {
    fn time_of(&self, seen: &Sighting) -> Option<Timestamp> {
        let of_step = self.steps.get(seen.id.as_str()).and_then(|step| step.started_at);
        of_step.or(self.call.started_at).or(self.end)
    }

    /// Somebody must have been told of the call.
    fn expects_events(&self) -> bool {
        if !self.steps.is_empty() {
            return !self.told_to.is_empty();
        }
        self.told.iter().filter(|one| one.side == Side::Records).flat_map(Told::facts).any(|fact| {
            matches!(&fact.said, Said::Row(row) if [&row.caller, &row.callee].iter().any(|party| party.kind == PartyKind::User))
        })
    }

    fn is_listed(&self, comparison: &Comparison, thing: Thing) -> bool {
        let coverage = &comparison.rules.coverage;
        self.end.is_some_and(|end| match thing {
            Thing::Recording => coverage.has_recording_of(end),
            Thing::Voicemail => coverage.has_voicemail_of(end),
            _ => coverage.has_call_of(end),
        })
    }

    fn count(&self, comparison: &mut Comparison, seen: &Sighting) {
        let expected = match seen.thing {
            Thing::Call => self.expects_events().then_some(ANY_EVENT),
            Thing::Recording if !seen.deleted => Some(expect::RECORDING),
            Thing::Voicemail if !seen.deleted => Some(expect::VOICEMAIL),
            _ => None,
        };
        let listed_or_named = seen.by_records.is_some() || seen.named;
        if let Some(event) = expected.filter(|_| listed_or_named) {
            *comparison.expected.entry(event).or_default() += 1;
        }
        let is_listed = self.is_listed(comparison, seen.thing);
        let tally = match seen.thing {
            Thing::Call => &mut comparison.summary.calls,
            Thing::Element => &mut comparison.summary.elements,
            Thing::Recording => &mut comparison.summary.recordings,
            _ => &mut comparison.summary.voicemails,
        };
        tally.known += 1;
        tally.by_events += u64::from(seen.by_events.is_some());
        tally.by_records += u64::from(seen.by_records.is_some());
        tally.by_others += u64::from(seen.by_others.is_some());
        tally.deleted += u64::from(seen.deleted);
        tally.young += u64::from(!self.is_settled);
        tally.unknowable += u64::from(self.is_settled && seen.by_records.is_none() && !is_listed);
        let untold = match seen.thing {
            Thing::Call => !self.expects_events(),
            Thing::Element => !self.told_to.contains_key(seen.id.as_str()),
            _ => false,
        };
        tally.records_only += u64::from(seen.by_events.is_none() && untold);
        if let Some(first) = seen.first() {
            *tally.first_by.entry(first.door.clone()).or_default() += 1;
        }
    }

    /// What is odd about one thing, and the event that is missed.
    fn verdict(&self, comparison: &Comparison, seen: &Sighting) -> Option<(ItemKind, Option<&'static str>)> {
        if !self.is_settled || (seen.deleted && seen.thing != Thing::Call) {
            return None;
        }
        let is_listed = self.is_listed(comparison, seen.thing);
        match seen.thing {
            Thing::Call if seen.by_records.is_some() && seen.by_events.is_none() => {
                self.expects_events().then_some((ItemKind::OnlyRest, Some(ANY_EVENT)))
            }
            Thing::Call if seen.by_events.is_some() && seen.by_records.is_none() => {
                (is_listed && !seen.deleted).then_some((ItemKind::OnlyEvents, None))
            }
            Thing::Element if seen.by_records.is_some() && !seen.announced && self.has_events => {
                let side = self.told_to.get(seen.id.as_str())?;
                Some((ItemKind::NeverSent, Some(expect::completed(*side))))
            }
            Thing::Element if seen.by_events.is_some() && seen.by_records.is_none() => {
                let is_read = self.all_paths && self.told.iter().any(|one| one.entry.door == Door::CallPath);
                (is_read && is_listed).then_some((ItemKind::OnlyEvents, None))
            }
            Thing::Recording | Thing::Voicemail => {
                if seen.by_records.is_none() && is_listed {
                    return Some((ItemKind::NotListed, None));
                }
                let event =
                    if seen.thing == Thing::Recording { expect::RECORDING } else { expect::VOICEMAIL };
                (!seen.announced && self.has_events && (seen.by_records.is_some() || seen.named))
                    .then_some((ItemKind::NeverSent, Some(event)))
            }
            _ => None,
        }
    }

    /// The board showed the call as open until its record came.
    fn end_not_sent(&self) -> Option<Item> {
        let mut lines = Vec::new();
        let mut recorded_end = None;
        for fact in self.told.iter().flat_map(Told::facts) {
            match &fact.said {
                Said::Leg(leg) if fact.source == Source::StatusEvent => lines.push(&**leg),
                Said::Element(step) => recorded_end = recorded_end.max(step.ended_at),
                Said::Row(row) => recorded_end = recorded_end.max(row.ended_at),
                _ => {}
            }
        }
        let has_closed = lines.iter().any(|line| {
            matches!(
                line.happened,
                LegEvent::Missed { .. } | LegEvent::Rejected { .. } | LegEvent::Ended { .. }
            )
        });
        let first = lines.first()?;
        if has_closed {
            return None;
        }
        let at = recorded_end?;
        // A line that was answered is the one that matters.
        let answered = lines.iter().find(|line| line.happened == LegEvent::Answered);
        let side: view::Side = answered.unwrap_or(first).side;
        Some(Item {
            call: Some(self.call.id.clone()),
            event: Some(expect::closing(side, answered.is_some()).to_owned()),
            at: Some(at),
            ..Item::new(ItemKind::EndNotSent, Thing::Call, &self.call.id)
        })
    }
}

/// Its record was deleted at Zoom, alone or with all of a user's; or every step that is known of it.
fn is_deleted(call: &CallView) -> bool {
    let ids: BTreeSet<&str> = call.deletions.iter().flat_map(|gone| &gone.ids).map(String::as_str).collect();
    let is_step = |id: &str| call.elements.iter().any(|step| step.id == id);
    call.deletions.iter().any(|gone| gone.ids.is_empty())
        || ids.iter().any(|id| !is_step(id))
        || (!ids.is_empty() && call.elements.iter().all(|step| ids.contains(step.id.as_str())))
}

/// The steps of a call by Zoom's records, by id.
fn steps<'a>(told: &'a [Told<'_>]) -> BTreeMap<&'a str, &'a Element> {
    let of_records = told.iter().filter(|one| one.side == Side::Records);
    let steps = of_records.flat_map(Told::facts).filter_map(|fact| match &fact.said {
        Said::Element(element) => Some((element.id.as_str(), &**element)),
        _ => None,
    });
    steps.collect()
}

/// The records that are listed and whose steps were never read.
fn paths_missing<'a>(told: &'a [Told<'_>]) -> BTreeSet<&'a str> {
    let records = |door: Door| -> BTreeSet<&'a str> {
        let facts = told.iter().filter(move |one| one.entry.door == door).flat_map(Told::facts);
        let names = facts.flat_map(|fact| &fact.names);
        names.filter(|name| name.kind == AliasKind::CallHistoryUuid).map(|name| name.value.as_str()).collect()
    };
    let read = records(Door::CallPath);
    records(Door::CallHistory).into_iter().filter(|uuid| !read.contains(uuid)).collect()
}
