//! The ringings of one party: which events and records belong to which.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::group::Members;
use crate::{
    fact::{Element, LegEvent, Source},
    identity::Alias,
    view::sorted::Told,
};

/// Two ringings of one party this close together are one: messages round times differently.
const SAME_RINGING: SignedDuration = SignedDuration::from_secs(3);

/// One ringing and what came of it.
#[derive(Debug, Default)]
pub(super) struct Attempt<'a> {
    /// When it began; `None` when no message tells.
    pub(super) started_at: Option<Timestamp>,
    pub(super) told: Vec<Told<'a>>,
    pub(super) elements: Vec<(Source, &'a Element)>,
}

/// Splits a party's sightings into attempts, in the order in which they began; at least one.
pub(super) fn attempts(members: Members<'_>) -> Vec<Attempt<'_>> {
    let mut attempts = of_events(members.told);
    let rest = place_elements(&mut attempts, members.elements);
    attempts.extend(of_elements(rest));
    attempts.sort_by_key(|attempt| attempt.started_at);
    if attempts.is_empty() {
        attempts.push(Attempt::default());
    }
    attempts
}

/// Attempts by what events say of when ringing began. An event that does not say belongs to the last
/// attempt of its own line that had begun by then: whoever consults a colleague is on two lines at once.
fn of_events(told: Vec<Told<'_>>) -> Vec<Attempt<'_>> {
    let starts: BTreeSet<Timestamp> = told.iter().filter_map(|told| told.leg.ringing_at).collect();
    let mut attempts: Vec<Attempt<'_>> = Vec::new();
    for start in starts {
        let known = attempts.last().and_then(|last| last.started_at);
        if known.is_none_or(|known| start.duration_since(known) > SAME_RINGING) {
            attempts.push(Attempt { started_at: Some(start), ..Attempt::default() });
        }
    }
    if attempts.is_empty() && !told.is_empty() {
        attempts.push(Attempt::default());
    }
    let all: Vec<Option<Timestamp>> = attempts.iter().map(|attempt| attempt.started_at).collect();
    let begun_by =
        |moment: Option<Timestamp>| all.partition_point(|start| *start <= moment).saturating_sub(1);
    let mut by_line: HashMap<&[Alias], BTreeSet<usize>> = HashMap::new();
    for one in told.iter().filter(|told| told.leg.ringing_at.is_some()) {
        by_line.entry(one.line).or_default().insert(begun_by(one.leg.ringing_at));
    }
    for one in told {
        let index = if one.leg.ringing_at.is_some() {
            begun_by(one.leg.ringing_at)
        } else {
            let last = begun_by(one.at);
            let own = by_line.get(one.line);
            own.and_then(|own| own.range(..=last).next_back().or(own.first())).copied().unwrap_or(last)
        };
        if let Some(attempt) = attempts.get_mut(index) {
            attempt.told.push(one);
        }
    }
    attempts
}

/// Gives each element to the attempt that it records; returns those of which no event told. A line can
/// ring only once at a time, so an element and an attempt that overlap are one.
fn place_elements<'a>(
    attempts: &mut [Attempt<'a>],
    elements: Vec<(Source, &'a Element)>,
) -> Vec<(Source, &'a Element)> {
    let spans: Vec<Span> = attempts.iter().map(Span::of_events).collect();
    let mut rest = Vec::new();
    for (source, element) in elements {
        let span = Span { from: element.started_at, until: element.ended_at };
        // The last attempt that had begun when the element began, or else when it ended.
        let near = spans.partition_point(|other| other.from <= span.from.map(soon)).checked_sub(1);
        let by_end = span.until.map_or(spans.len(), |until| spans.partition_point(|s| s.from < Some(until)));
        let matching = |index: &usize| spans.get(*index).is_some_and(|other| other.is_same(span));
        let home = near.filter(matching).or_else(|| by_end.checked_sub(1).filter(matching));
        match home.and_then(|index| attempts.get_mut(index)) {
            Some(attempt) => attempt.elements.push((source, element)),
            None => rest.push((source, element)),
        }
    }
    rest
}

/// Attempts of which only records tell.
fn of_elements<'a>(mut elements: Vec<(Source, &'a Element)>) -> Vec<Attempt<'a>> {
    elements.sort_by_key(|(_, element)| (element.started_at, element.ended_at, &element.id));
    let mut attempts: Vec<(Span, Attempt<'a>)> = Vec::new();
    for (source, element) in elements {
        let span = Span { from: element.started_at, until: element.ended_at };
        match attempts.last_mut() {
            Some((known, attempt)) if known.is_same(span) => {
                known.until = known.until.max(span.until);
                attempt.elements.push((source, element));
            }
            _ => {
                let attempt =
                    Attempt { started_at: span.from, told: Vec::new(), elements: vec![(source, element)] };
                attempts.push((span, attempt));
            }
        }
    }
    attempts.into_iter().map(|(_, attempt)| attempt).collect()
}

/// From when to when; what is not told has no bound.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Span {
    fn of_events(attempt: &Attempt<'_>) -> Self {
        let is_end = |told: &&Told<'_>| {
            matches!(
                told.leg.happened,
                LegEvent::Missed { .. } | LegEvent::Rejected { .. } | LegEvent::Ended { .. }
            )
        };
        let ends = attempt.told.iter().filter(is_end).filter_map(|told| told.leg.ended_at.or(told.at));
        Self { from: attempt.started_at, until: ends.max() }
    }

    fn is_same(self, other: Self) -> bool {
        if let (Some(mine), Some(theirs)) = (self.from, other.from)
            && mine.duration_since(theirs).abs() <= SAME_RINGING
        {
            return true;
        }
        let begins_before_end = |a: Self, b: Self| match (a.from, b.until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        begins_before_end(self, other) && begins_before_end(other, self)
    }
}

fn soon(moment: Timestamp) -> Timestamp {
    moment.checked_add(SAME_RINGING).unwrap_or(moment)
}
