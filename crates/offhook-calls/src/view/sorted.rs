//! A call's facts, sorted by what they tell.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;

use super::{generations::overlay, recordings::RecordingStep, words::Side};
use crate::{
    call::CallFacts,
    fact::{
        Charge, Element, LegFact, RecordingEvent, RecordingFile, Row, Said, Source, Transfer, VoicemailEvent,
        VoicemailFile,
    },
    identity::Alias,
    party::Party,
};

/// A status event of one line, and when it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) leg: &'a LegFact,
    pub(super) at: Option<Timestamp>,
    pub(super) event_ts: Option<i64>,
    /// The ids of the line's own call: a consultation has others than the call it is about.
    pub(super) line: &'a [Alias],
}

/// Facts sorted by what they tell.
#[derive(Default)]
pub(super) struct Sorted<'a> {
    /// Status events.
    pub(super) told: Vec<Told<'a>>,
    pub(super) transfers: Vec<(Option<Timestamp>, &'a Transfer)>,
    pub(super) recordings: BTreeMap<&'a str, Vec<RecordingStep>>,
    /// Steps of the record, each once, with the most authoritative source that tells it.
    pub(super) elements: Vec<(Source, Element)>,
    /// The whole record; several rows (of a call in several parts) are one here.
    pub(super) row: Option<(Source, Row)>,
    /// Who spoke into whose mailbox.
    pub(super) voicemails: Vec<(&'a Party, &'a Party)>,
    /// What happened to which voicemail, and when.
    pub(super) voicemail_steps: Vec<(&'a str, Option<Timestamp>, VoicemailEvent, &'a Party, &'a Party)>,
    /// What records say of voicemails and recordings, the most authoritative first.
    pub(super) voicemail_files: Vec<&'a VoicemailFile>,
    pub(super) recording_files: Vec<&'a RecordingFile>,
    /// AI summaries by id, and whether they are deleted.
    pub(super) summaries: BTreeMap<&'a str, bool>,
    pub(super) charges: BTreeSet<(Source, &'a Charge)>,
    /// Ids of deleted records by when, and whether they can be restored.
    pub(super) deletions: BTreeMap<(Option<Timestamp>, bool), BTreeSet<&'a str>>,
    /// The caller left a message.
    pub(super) voicemail: bool,
    pub(super) emergency: bool,
    /// Who dialled an emergency number.
    pub(super) emergency_callers: Vec<&'a Party>,
    /// Something is known that exists only when a call is over: a file, a summary, a deleted record.
    pub(super) aftermath: bool,
}

impl<'a> Sorted<'a> {
    pub(super) fn of(facts: &'a CallFacts) -> Self {
        let mut sorted = Self::default();
        let mut elements: Vec<(&str, Source, Reverse<Option<i64>>, &Element)> = Vec::new();
        let mut rows: Vec<(Source, &Row)> = Vec::new();
        for (fact, heard) in facts.iter() {
            let at = heard.moment(fact);
            match &fact.said {
                Said::Leg(leg) => {
                    sorted.told.push(Told { leg, at, event_ts: heard.event_ts, line: &fact.names });
                }
                Said::Transfer(transfer) => sorted.transfers.push((at, transfer)),
                Said::Recording { id, happened } => {
                    let step = RecordingStep { at, event_ts: heard.event_ts, happened: *happened };
                    sorted.recordings.entry(id).or_default().push(step);
                    sorted.aftermath |= *happened >= RecordingEvent::Ready;
                }
                Said::Voicemail { id, happened, callee, caller } => {
                    sorted.voicemail = true;
                    sorted.voicemails.push((caller, callee));
                    sorted.voicemail_steps.push((id, at, *happened, callee, caller));
                }
                Said::RecordingFile(file) => {
                    sorted.recording_files.push(file);
                    sorted.aftermath = true;
                }
                Said::VoicemailFile(file) => {
                    sorted.voicemail = true;
                    sorted.voicemails.push((&file.caller, &file.mailbox));
                    sorted.voicemail_files.push(file);
                }
                Said::Charge(charge) => {
                    sorted.charges.insert((fact.source, charge));
                    sorted.aftermath = true;
                }
                Said::Element(element) => {
                    elements.push((&element.id, fact.source, Reverse(heard.event_ts), element));
                }
                Said::Row(row) => rows.push((fact.source, row)),
                Said::Emergency { caller } => {
                    sorted.emergency = true;
                    sorted.emergency_callers.push(caller);
                }
                Said::Deleted { to_trash } => {
                    let ids = fact.names.iter().map(|name| name.value.as_str());
                    sorted.deletions.entry((at, *to_trash)).or_default().extend(ids);
                    sorted.aftermath = true;
                }
                Said::Summary { id, deleted } => {
                    *sorted.summaries.entry(id).or_default() |= *deleted;
                    sorted.aftermath = true;
                }
                Said::Conference { .. } => {}
            }
        }
        // Of several tellings of one element the most authoritative, then the newest, speaks first.
        elements.sort();
        for (_, source, _, element) in elements {
            match sorted.elements.last_mut() {
                Some((_, known)) if known.id == element.id => known.learn(element),
                _ => sorted.elements.push((source, element.clone())),
            }
        }
        sorted.elements = overlay(std::mem::take(&mut sorted.elements));
        sorted.elements.sort_by(|(_, a), (_, b)| {
            (a.segment.is_none(), a.segment, a.started_at, a.node, &a.id).cmp(&(
                b.segment.is_none(),
                b.segment,
                b.started_at,
                b.node,
                &b.id,
            ))
        });
        // Of several rows the most authoritative, then the one that began first.
        rows.sort_by_key(|(source, row)| (*source, row.started_at.is_none(), row.started_at, *row));
        for (source, row) in rows {
            match &mut sorted.row {
                Some((_, known)) => known.learn(row),
                unknown => *unknown = Some((source, row.clone())),
            }
        }
        sorted.voicemail |=
            sorted.elements.iter().any(|(_, e)| e.voicemail_id.is_some() || e.has_voicemail == Some(true));
        sorted.emergency |= sorted.elements.iter().any(|(_, e)| e.emergency == Some(true))
            || sorted.row.as_ref().is_some_and(|(_, row)| row.emergency == Some(true));
        sorted
    }

    /// Zoom has written records of the call: it is over, as far as they reach.
    pub(super) fn is_recorded(&self) -> bool {
        self.row.is_some() || !self.elements.is_empty()
    }

    /// What was told of the line that began first: the one by which the call came in or went out.
    pub(super) fn opening(&self) -> Option<Told<'a>> {
        let key = |told: &Told<'a>| {
            let start = told.leg.ringing_at.or(told.at);
            (start.is_none(), start, told.leg.side == Side::Callee)
        };
        self.told.iter().min_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.leg.cmp(b.leg))).copied()
    }
}

/// Fills the fields that are missing here from another telling.
macro_rules! fill {
    ($known:ident, $other:ident: $($field:ident),*) => {
        $( if $known.$field.is_none() { $known.$field.clone_from(&$other.$field); } )*
    };
}

impl Element {
    /// Fills what is missing from another telling of the same element.
    pub(super) fn learn(&mut self, other: &Self) {
        fill!(self, other: event, result, result_reason, direction, internal, emergency, started_at,
            answered_at, ended_at, wait_seconds, talk_seconds, hold_seconds, segment, node, is_node,
            press_key, recording_id, voicemail_id, has_voicemail);
        self.caller.learn(&other.caller);
        self.callee.learn(&other.callee);
        self.operator.learn(&other.operator);
    }
}

impl Row {
    /// Takes in another row of the same call, of the same or less authority. It reaches from the first
    /// beginning to the last end, and went as well as its best part.
    fn learn(&mut self, other: &Self) {
        let earliest = |mine: Option<Timestamp>, theirs| [mine, theirs].into_iter().flatten().min();
        self.started_at = earliest(self.started_at, other.started_at);
        self.answered_at = earliest(self.answered_at, other.answered_at);
        self.ended_at = self.ended_at.max(other.ended_at);
        if self.outcome.is_none() || other.outcome.is_some_and(|theirs| Some(theirs) < self.outcome) {
            self.outcome = other.outcome;
            self.result.clone_from(&other.result);
        }
        self.recorded = self.recorded.max(other.recorded);
        fill!(self, other: direction, internal, emergency);
        self.caller.learn(&other.caller);
        self.callee.learn(&other.callee);
    }
}
