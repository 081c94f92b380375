//! A call: facts and how they were heard.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::Fact;

/// How a fact was heard. Copies of one event may differ in `event_ts`; the earliest is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Heard {
    /// Earliest `event_ts` of any copy, milliseconds since 1970.
    pub event_ts: Option<i64>,
}

impl Heard {
    /// When a fact happened: its own time, else the event's.
    pub fn moment(self, fact: &Fact) -> Option<Timestamp> {
        fact.at.or_else(|| Timestamp::from_millisecond(self.event_ts?).ok())
    }

    fn join(&mut self, other: Self) -> bool {
        let earliest = match (self.event_ts, other.event_ts) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        let changed = earliest != self.event_ts;
        self.event_ts = earliest;
        changed
    }
}

/// A call: the set of facts that name it. Joining is union, hence commutative, associative, idempotent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFacts {
    facts: BTreeMap<Fact, Heard>,
}

impl CallFacts {
    /// Takes a fact in. Says whether anything is new.
    pub fn absorb(&mut self, fact: Fact, heard: Heard) -> bool {
        match self.facts.entry(fact) {
            Entry::Occupied(mut known) => known.get_mut().join(heard),
            Entry::Vacant(place) => {
                place.insert(heard);
                true
            }
        }
    }

    /// Takes in everything another call knows.
    pub fn join(&mut self, other: Self) {
        for (fact, heard) in other.facts {
            self.absorb(fact, heard);
        }
    }

    /// The facts, in a fixed order that has nothing to do with arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&Fact, Heard)> {
        self.facts.iter().map(|(fact, heard)| (fact, *heard))
    }

    /// How many facts.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// No fact yet.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}

/// Stored as a list of pairs: a fact is no JSON object key.
impl Serialize for CallFacts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.facts.iter())
    }
}

impl<'de> Deserialize<'de> for CallFacts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { facts: Vec::<(Fact, Heard)>::deserialize(deserializer)?.into_iter().collect() })
    }
}
