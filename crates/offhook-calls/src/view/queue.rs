//! Which queue a call is in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{sorted::Sorted, words::Side};
use crate::{
    fact::LegFact,
    party::{Party, PartyKind},
};

/// A call queue, as far as named.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct QueueRef {
    /// Its name.
    pub name: Option<String>,
    /// Its extension number: how status events and records are joined, since the former know no queue id.
    pub extension_number: Option<String>,
    /// Its extension id.
    pub extension_id: Option<String>,
}

impl QueueRef {
    pub(super) fn of(party: &Party) -> Self {
        Self {
            name: party.name.clone(),
            extension_number: party.extension_number.clone(),
            extension_id: party.extension_id.clone(),
        }
    }

    /// Whether two sightings are of one queue. Names are not unique and decide only where nothing better is known.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let same = |mine: &Option<String>, theirs: &Option<String>| {
            mine.as_ref().zip(theirs.as_ref()).map(|(mine, theirs)| mine == theirs)
        };
        same(&self.extension_number, &other.extension_number)
            .or_else(|| same(&self.extension_id, &other.extension_id))
            .unwrap_or_else(|| self.name == other.name)
    }
}

/// The queue that the call is in, or was in last, with all that any message knows of it.
pub(super) fn queue(sorted: &Sorted<'_>) -> Option<QueueRef> {
    let told =
        sorted.told.iter().filter_map(|told| Some((told.leg.ringing_at.or(told.at), queue_of(told.leg)?)));
    let recorded = sorted.elements.iter().filter_map(|(_, element)| {
        let parties = [&element.callee, &element.operator];
        let queue = parties.into_iter().find(|party| party.kind == PartyKind::CallQueue)?;
        Some((element.started_at, QueueRef::of(queue)))
    });
    let mut sightings: Vec<(Option<Timestamp>, QueueRef)> = told.chain(recorded).collect();
    sightings.sort();
    let mut sightings = sightings.into_iter().rev().map(|(_, queue)| queue);
    let mut last = sightings.next()?;
    for sighting in sightings.filter(|other| other.extension_number.is_some()) {
        if sighting.extension_number == last.extension_number {
            last.name = last.name.or(sighting.name);
            last.extension_id = last.extension_id.or(sighting.extension_id);
        }
    }
    Some(last)
}

/// The queue that sent a ringing, or that was called, where the event says so.
pub(super) fn queue_of(leg: &LegFact) -> Option<QueueRef> {
    let called = (leg.side == Side::Caller).then_some(&leg.far);
    [leg.forwarded_by.as_ref(), leg.redirect_forwarded_by.as_ref(), called]
        .into_iter()
        .flatten()
        .find(|party| party.kind == PartyKind::CallQueue)
        .map(QueueRef::of)
}
