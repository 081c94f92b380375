//! Who is who: sightings of one party put together.

use std::collections::{BTreeMap, HashMap};

use jiff::SignedDuration;

use super::{Outcome, Side, leg_of};
use crate::{
    fact::{Element, Source},
    party::Party,
    view::sorted::Told,
};

/// Steps this close together follow one another.
const SLACK: SignedDuration = SignedDuration::from_secs(3);

/// What is known of one party on one side.
#[derive(Debug)]
pub(super) struct Members<'a> {
    pub(super) side: Side,
    pub(super) told: Vec<Told<'a>>,
    pub(super) elements: Vec<(Source, &'a Element)>,
}

impl Members<'_> {
    /// The party, with all that any sighting tells. Records first: later reports show their names.
    pub(super) fn party(&self) -> Party {
        let mut recorded: Vec<&Party> =
            self.elements.iter().filter_map(|(_, element)| leg_of(element).map(|(_, party)| party)).collect();
        let mut told: Vec<&Party> = self.told.iter().map(|told| &told.leg.party).collect();
        recorded.sort();
        told.sort();
        let mut party = Party::default();
        for sighting in recorded.into_iter().chain(told) {
            party.learn(sighting);
        }
        party
    }
}

/// Groups sightings by side and party. Two that share a strong identifier are one party, however long
/// the chain between them. One without strong identifiers belongs to the only party that shows its number
/// or device, and one that names nobody to the only party there is; else it is a party of its own.
pub(super) fn group<'a>(told: &[Told<'a>], elements: &'a [(Source, Element)]) -> Vec<Members<'a>> {
    let recorded = || {
        let legs = elements.iter().filter_map(|(source, e)| Some((*source, e, leg_of(e)?)));
        legs.filter(|(_, element, _)| !is_only_a_mailbox(element, elements))
    };
    let sightings: Vec<(Side, &Party)> = told
        .iter()
        .map(|told| (told.leg.side, &told.leg.party))
        .chain(recorded().map(|(_, _, (side, party))| (side, party)))
        .collect();
    let mut homes = Homes::of(&sightings);
    homes.place_by_weak_identifiers(&sightings);
    homes.place_nobodies(&sightings);
    let mut groups: BTreeMap<usize, Members<'a>> = BTreeMap::new();
    let mut members = |index: usize, side: Side, add: &dyn Fn(&mut Members<'a>)| {
        let new = || Members { side, told: Vec::new(), elements: Vec::new() };
        add(groups.entry(homes.find(index)).or_insert_with(new));
    };
    for (index, one) in told.iter().enumerate() {
        members(index, one.leg.side, &|members| members.told.push(*one));
    }
    for (index, (source, element, (side, _))) in recorded().enumerate() {
        members(told.len() + index, side, &|members| members.elements.push((source, element)));
    }
    groups.into_values().collect()
}

/// A step that takes a message where the same person's step before it ended: no phone rang in it.
fn is_only_a_mailbox(element: &Element, elements: &[(Source, Element)]) -> bool {
    let is_mailbox = Outcome::of_element(element) == Some(Outcome::Voicemail)
        && matches!(element.event.as_deref(), Some("forward" | "overflow"));
    let follows = |before: &Element| {
        let gap = element.started_at.zip(before.ended_at).map(|(start, end)| start.duration_since(end).abs());
        before.id != element.id
            && gap.is_some_and(|gap| gap <= SLACK)
            && before.callee.is_same_as(&element.callee)
    };
    is_mailbox && elements.iter().any(|(_, before)| follows(before))
}

/// Which sighting stands for the party of each sighting (union-find with path halving).
struct Homes(Vec<usize>);

impl Homes {
    /// Joins sightings of a side that share an identifier, weak ones only with weak ones.
    fn of(sightings: &[(Side, &Party)]) -> Self {
        let mut homes = Self((0..sightings.len()).collect());
        let mut first: HashMap<(Side, &str, &str), usize> = HashMap::new();
        for (index, (side, party)) in sightings.iter().enumerate() {
            let weak = is_weak(party).then(|| party.weak_identifier().unwrap_or(("nobody", "")));
            for (kind, value) in party.strong_identifiers().chain(weak) {
                homes.join(index, *first.entry((*side, kind, value)).or_insert(index));
            }
        }
        homes
    }

    fn place_by_weak_identifiers(&mut self, sightings: &[(Side, &Party)]) {
        // Who shows a number or a device; `None` where several do.
        let mut shown: HashMap<(Side, &str, &str), Option<usize>> = HashMap::new();
        for (index, (side, party)) in sightings.iter().enumerate().filter(|(_, (_, party))| !is_weak(party)) {
            let home = self.find(index);
            for (kind, value) in [("number", &party.number), ("device", &party.device_id)] {
                let Some(value) = value else { continue };
                let who = shown.entry((*side, kind, value)).or_insert(Some(home));
                *who = who.filter(|known| *known == home);
            }
        }
        for (index, (side, party)) in sightings.iter().enumerate().filter(|(_, (_, party))| is_weak(party)) {
            if let Some((kind, value)) = party.weak_identifier()
                && let Some(Some(home)) = shown.get(&(*side, kind, value))
            {
                self.join(index, *home);
            }
        }
    }

    fn place_nobodies(&mut self, sightings: &[(Side, &Party)]) {
        let is_nobody = |party: &Party| is_weak(party) && party.weak_identifier().is_none();
        // Who is on a side; `None` where several are.
        let mut only: HashMap<Side, Option<usize>> = HashMap::new();
        for (index, (side, _)) in sightings.iter().enumerate().filter(|(_, (_, party))| !is_nobody(party)) {
            let home = self.find(index);
            let who = only.entry(*side).or_insert(Some(home));
            *who = who.filter(|known| *known == home);
        }
        for (index, (side, _)) in sightings.iter().enumerate().filter(|(_, (_, party))| is_nobody(party)) {
            if let Some(Some(home)) = only.get(side) {
                self.join(index, *home);
            }
        }
    }

    fn find(&mut self, mut index: usize) -> usize {
        while let Some(next) = self.0.get(index).copied().filter(|next| *next != index) {
            let over = self.0.get(next).copied().unwrap_or(next);
            if let Some(step) = self.0.get_mut(index) {
                *step = over;
            }
            index = over;
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(home) = self.0.get_mut(a.max(b)) {
            *home = a.min(b);
        }
    }
}

fn is_weak(party: &Party) -> bool {
    party.strong_identifiers().next().is_none()
}
