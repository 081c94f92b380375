//! The view, put together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    CallView, ChargeView, DeletionView, ElementView, IdView, SummaryView,
    conflicts::conflicts,
    ends::{direction, ends},
    legs::{self, Leg, Moment},
    outcome::Outcome,
    queue::queue,
    queues::queues,
    recordings::{recording, recordings},
    result::result,
    sorted::Sorted,
    state::state,
    timeline::timeline,
    voicemails::voicemails,
    words::{Direction, Side, State},
};
use crate::{
    call::CallFacts,
    fact::{Charge, Element, Said, Source},
    identity::{Alias, CallKey},
    party::Party,
};

pub(super) fn assemble(key: &CallKey, names: &BTreeSet<Alias>, facts: &CallFacts) -> CallView {
    let sorted = Sorted::of(facts);
    let legs = legs::legs(&sorted);
    let direction = direction(&sorted, &legs);
    let (from, to) = ends(&sorted, direction, &legs);
    let queue = queue(&sorted);
    let (state, state_since) = state(&sorted, &legs, queue.as_ref());
    let over = state == State::Ended;
    let queues = queues(&sorted, &legs, over);
    let mut noted = Noted::default();
    if matches!(state, State::Waiting | State::Transferring) {
        noted.derived.insert("state");
    }
    let moments = || facts.iter().filter_map(|(fact, heard)| heard.moment(fact));

    let started_at = noted.time("started_at", start(&sorted, &legs)).or_else(|| moments().min());
    let answered_at = noted.time("answered_at", answer(&sorted, direction, &legs));
    let ended_at =
        if over { noted.time("ended_at", end(&sorted, &legs)).or_else(|| moments().max()) } else { None };
    let outcome = over.then(|| {
        let verdict = result(&sorted, direction, &legs, queues.last().map(|stay| stay.outcome));
        noted.provenance.insert("result".to_owned(), verdict.source.as_str().to_owned());
        if verdict.is_derived {
            noted.derived.insert("result");
        }
        verdict.outcome
    });
    let wait_seconds =
        started_at.zip(answered_at.or(ended_at)).map(|(from, until)| legs::seconds_between(from, until));
    if wait_seconds.is_some() {
        noted.derived.insert("wait_seconds");
    }
    let (talk_seconds, hold_seconds) = noted.totals(&legs);
    let recordings = recordings(&sorted);
    CallView {
        id: key.name.value.clone(),
        account_id: key.account.clone(),
        direction,
        state,
        result: outcome,
        from,
        to,
        queue,
        started_at,
        answered_at,
        ended_at,
        state_since: if over { ended_at.or(state_since) } else { state_since.or(started_at) },
        wait_seconds,
        talk_seconds,
        hold_seconds,
        recording: recording(&sorted, &recordings),
        voicemail: sorted.voicemail,
        emergency: sorted.emergency,
        derived: noted.derived.into_iter().map(str::to_owned).collect(),
        version: facts.len() as u64,
        last_at: last_moment(facts),
        timeline: timeline(facts, &legs),
        ids: ids(names, facts),
        elements: sorted.elements.iter().map(|(_, element)| ElementView::of(element)).collect(),
        queues,
        recordings,
        voicemails: voicemails(&sorted),
        summaries: sorted.summaries.iter().map(SummaryView::of).collect(),
        charges: sorted.charges.iter().map(ChargeView::of).collect(),
        deletions: sorted.deletions.iter().map(DeletionView::of).collect(),
        conflicts: conflicts(facts),
        provenance: noted.provenance,
        legs: legs.into_iter().map(|leg| leg.view).collect(),
    }
}

/// What is noted beside the fields: where they come from, and which were worked out.
#[derive(Default)]
struct Noted {
    provenance: BTreeMap<String, String>,
    derived: BTreeSet<&'static str>,
}

impl Noted {
    fn time(&mut self, field: &str, moment: Option<Moment>) -> Option<Timestamp> {
        let (at, source) = moment?;
        self.provenance.insert(field.to_owned(), source.as_str().to_owned());
        Some(at)
    }

    /// Seconds of talk and of hold, each conversation once: by the called side's legs, and by a caller's
    /// where the called one is not on the account (or not heard of).
    fn totals(&mut self, legs: &[Leg]) -> (Option<i64>, Option<i64>) {
        let people = || legs.iter().filter(|leg| leg.view.party.kind.answers());
        let only_callers = people().all(|leg| leg.view.side == Side::Caller);
        let counted = || {
            people().map(|leg| match leg.view.side {
                Side::Caller if !only_callers => (leg, leg.talk_outside, leg.hold_outside),
                _ => (leg, leg.view.talk_seconds, leg.view.hold_seconds),
            })
        };
        let is_derived = |leg: &Leg, field: &str| leg.view.derived.iter().any(|known| known == field);
        if counted().any(|(leg, talk, _)| talk.is_some() && is_derived(leg, "talk_seconds")) {
            self.derived.insert("talk_seconds");
        }
        if counted().any(|(leg, _, hold)| hold.is_some() && is_derived(leg, "hold_seconds")) {
            self.derived.insert("hold_seconds");
        }
        (legs::sum(counted().map(|(_, talk, _)| talk)), legs::sum(counted().map(|(_, _, hold)| hold)))
    }
}

/// When the call began: as its row says; else with the first step or line, whichever is known to be earlier.
fn start(sorted: &Sorted<'_>, legs: &[Leg]) -> Option<Moment> {
    let row = sorted.row.as_ref().and_then(|(source, row)| Some((row.started_at?, *source)));
    let steps = sorted.elements.iter().filter_map(|(source, e)| Some((e.started_at?, *source)));
    row.or_else(|| steps.chain(legs.iter().filter_map(|leg| leg.started)).min())
}

/// When the first person answered. A row's answer comes last: it may be a queue's or a menu's.
fn answer(sorted: &Sorted<'_>, direction: Direction, legs: &[Leg]) -> Option<Moment> {
    let by_person = |side: Side| {
        legs.iter()
            .filter(|leg| leg.view.side == side && leg.view.party.kind.answers())
            .filter(|leg| matches!(leg.view.outcome, None | Some(Outcome::Answered | Outcome::Unknown)))
            .filter_map(|leg| leg.answered)
            .min()
    };
    let has_callees = legs.iter().any(|leg| leg.view.side == Side::Callee);
    let told = match direction {
        Direction::Outbound => by_person(Side::Caller).or_else(|| by_person(Side::Callee)),
        _ if has_callees => by_person(Side::Callee),
        _ => by_person(Side::Caller),
    };
    let row = || sorted.row.as_ref().and_then(|(source, row)| Some((row.answered_at?, *source)));
    // Somebody outside to whom the call was sent.
    let outside = || {
        let steps =
            sorted.elements.iter().filter(|(_, e)| direction != Direction::Outbound && e.answers_outside());
        steps.filter_map(|(source, e)| Some((e.answered_at?, *source))).min()
    };
    told.or_else(row).or_else(outside)
}

/// When the call ended: as its row says; else with the last step or line.
fn end(sorted: &Sorted<'_>, legs: &[Leg]) -> Option<Moment> {
    let row = sorted.row.as_ref().and_then(|(source, row)| Some((row.ended_at?, *source)));
    let steps = sorted.elements.iter().filter_map(|(source, e)| Some((e.ended_at?, *source)));
    row.or_else(|| legs::last(steps.chain(legs.iter().filter_map(|leg| leg.ended)).map(Some)))
}

/// The latest moment of any fact, records' ends included.
fn last_moment(facts: &CallFacts) -> Option<Timestamp> {
    let moments = facts.iter().filter_map(|(fact, heard)| {
        let end = match &fact.said {
            Said::Element(element) => element.ended_at,
            Said::Row(row) => row.ended_at,
            _ => None,
        };
        end.max(heard.moment(fact))
    });
    moments.max()
}

fn ids(names: &BTreeSet<Alias>, facts: &CallFacts) -> Vec<IdView> {
    let mut sources: BTreeMap<&Alias, BTreeSet<Source>> =
        names.iter().map(|name| (name, BTreeSet::new())).collect();
    for (fact, _) in facts.iter() {
        for name in &fact.names {
            sources.entry(name).or_default().insert(fact.source);
        }
    }
    let ids = sources.into_iter().map(|(name, sources)| IdView {
        kind: name.kind.as_str().to_owned(),
        value: name.value.clone(),
        sources: sources.into_iter().map(|source| source.as_str().to_owned()).collect(),
    });
    ids.collect()
}

impl ElementView {
    fn of(element: &Element) -> Self {
        let known = |party: &Party| (!party.is_nobody()).then(|| party.clone());
        Self {
            id: element.id.clone(),
            event: element.event.clone(),
            result: element.result.clone(),
            result_reason: element.result_reason.clone(),
            from: known(&element.caller),
            to: known(&element.callee),
            operator: known(&element.operator),
            press_key: element.press_key.clone(),
            started_at: element.started_at,
            answered_at: element.answered_at,
            ended_at: element.ended_at,
            wait_seconds: element.wait_seconds,
            talk_seconds: element.talk_seconds,
            hold_seconds: element.hold_seconds,
            segment: element.segment,
            node: element.node,
        }
    }
}

impl SummaryView {
    fn of((id, deleted): (&&str, &bool)) -> Self {
        Self { id: (*id).to_owned(), deleted: *deleted }
    }
}

impl ChargeView {
    fn of((source, charge): &(Source, &Charge)) -> Self {
        Self {
            amount: charge.amount.clone(),
            currency: charge.currency.clone(),
            rate: charge.rate.clone(),
            reference: charge.reference.clone(),
            party: (!charge.party.is_nobody()).then(|| charge.party.clone()),
            source: source.as_str().to_owned(),
        }
    }
}

impl DeletionView {
    fn of(((at, to_trash), ids): (&(Option<Timestamp>, bool), &BTreeSet<&str>)) -> Self {
        Self {
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            state: if *to_trash { "trashed" } else { "purged" }.to_owned(),
            at: *at,
        }
    }
}
