//! The generations of one call laid over each other.
//!
//! Whoever moves from call logs (v1) by way of call history (v2) to call elements (v3) has some calls in two or three
//! of them. Ids tell that two tellings are one where they are equal, which v2's and v3's are and v1's never. Else it is
//! the seat (calling or called), who sat there, and when. The newer telling holds; the older one fills its gaps.

use jiff::{SignedDuration, Timestamp};

use super::{outcome::Outcome, words::Side};
use crate::{
    fact::{Element, Source},
    party::Party,
};

/// Two tellings of one ringing begin at most this far apart: generations round times differently.
const SAME_START: SignedDuration = SignedDuration::from_secs(2);

/// Makes one of each step that several generations tell of. Takes each id once.
pub(super) fn overlay(elements: Vec<(Source, Element)>) -> Vec<(Source, Element)> {
    let newest = elements.iter().map(|(source, _)| generation(*source)).min();
    if elements.iter().all(|(source, _)| Some(generation(*source)) == newest) {
        return elements;
    }
    let mut elements = elements;
    elements.sort_by(|(a, one), (b, two)| {
        (generation(*a), one.started_at, &one.id).cmp(&(generation(*b), two.started_at, &two.id))
    });
    let mut kept: Vec<(Source, Element)> = Vec::with_capacity(elements.len());
    for (source, element) in elements {
        let newer = kept.partition_point(|(known, _)| generation(*known) < generation(source));
        let (known, _) = kept.split_at_mut(newer);
        match home(source, &element, known) {
            Home::Same(index) => {
                if let Some((_, known)) = known.get_mut(index) {
                    known.learn_older(&element);
                }
            }
            Home::Told => {}
            Home::None => kept.push((source, element)),
        }
    }
    kept
}

/// 3, 2, 1 and what softphones say, the newest first.
fn generation(source: Source) -> u8 {
    match source {
        Source::ElementEvent | Source::ElementRest | Source::HistoryRow => 0,
        Source::V2 => 1,
        Source::V1 => 2,
        _ => 3,
    }
}

/// Where a step of an older generation belongs.
enum Home {
    /// A newer one tells of the same.
    Same(usize),
    /// Newer ones tell all that it does.
    Told,
    /// Nobody else tells of it.
    None,
}

fn home(source: Source, element: &Element, newer: &[(Source, Element)]) -> Home {
    if newer.is_empty() {
        return Home::None;
    }
    let (side, party) = seat(element);
    if party.is_nobody() {
        // A step of a log's details names nobody: beside records that do it tells nothing.
        return if generation(source) == 2 { Home::Told } else { Home::None };
    }
    // v2 has legs as v3 has elements; v1 has one log of all that somebody had to do with the call.
    let is_leg = generation(source) == 1;
    let sits_alike = |known: &Element| {
        let (known_side, known_party) = seat(known);
        side == known_side && is_same(party, known_party)
    };
    let is_between_the_same =
        |known: &Element| is_same(&element.caller, &known.caller) && is_same(&element.callee, &known.callee);
    let candidates = newer.iter().enumerate().map(|(index, (_, known))| (index, known));
    let candidates = candidates.filter(|(_, known)| !is_leg || known.event == element.event);
    let nearest = candidates
        .clone()
        .filter(|(_, known)| sits_alike(known) || is_between_the_same(known))
        .filter_map(|(index, known)| {
            let apart = apart(element.started_at?, known.started_at?);
            Some((apart, known.answered_at != element.answered_at, !sits_alike(known), index))
        })
        .filter(|(apart, ..)| *apart <= SAME_START)
        .min();
    if let Some((.., index)) = nearest {
        return Home::Same(index);
    }
    if is_leg {
        return Home::None;
    }
    let mut overlapping = candidates.filter(|(_, known)| sits_alike(known) && overlap(element, known));
    overlapping.next().map_or(Home::None, |(index, _)| Home::Same(index))
}

/// On which side of the call the step's own party is, and who that is.
fn seat(element: &Element) -> (Side, &Party) {
    match element.event.as_deref().unwrap_or("") {
        "outgoing" | "outgoing_to_zoom_contact_center" | "warm_transfer_outgoing" | "call_me_on" => {
            (Side::Caller, &element.caller)
        }
        _ => (Side::Callee, &element.callee),
    }
}

/// Whether two generations mean one party. v1 knows user ids and no extension ids, v3 the other way round.
fn is_same(one: &Party, other: &Party) -> bool {
    let same_number = one.number.is_some() && one.number == other.number;
    one.is_same_as(other) || (same_number && (!one.is_inside() || !other.is_inside()))
}

fn apart(one: Timestamp, other: Timestamp) -> SignedDuration {
    one.duration_since(other).abs()
}

fn overlap(one: &Element, other: &Element) -> bool {
    let begins_before_end = |a: &Element, b: &Element| match (a.started_at, b.ended_at) {
        (Some(from), Some(until)) => from < until,
        _ => true,
    };
    begins_before_end(one, other) && begins_before_end(other, one)
}

impl Element {
    /// Fills gaps from an older telling. One that saw it end otherwise speaks of more than this step: only who took part
    /// is learnt from it.
    fn learn_older(&mut self, older: &Self) {
        let agree = match (Outcome::of_element(self), Outcome::of_element(older)) {
            (Some(mine), Some(theirs)) => (mine == Outcome::Answered) == (theirs == Outcome::Answered),
            _ => true,
        };
        if agree {
            self.learn(older);
        } else {
            self.caller.learn(&older.caller);
            self.callee.learn(&older.callee);
        }
    }
}
