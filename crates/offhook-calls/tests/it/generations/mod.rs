//! Three generations of records tell the same calls.
//!
//! A week of every kind of call is told by each generation alone and by mixtures. What an older generation cannot say is
//! in [`listed`], with the reason: there is no other tolerance, and a line of that list that has become untrue fails,
//! too.

mod listed;
mod played;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use offhook_calls::{CallView, Party};
use proptest::prelude::*;

use self::{
    listed::LISTED,
    played::{Played, Shape, week},
};

/// The truth: all that the newest generation tells.
const NEWEST: [Shape; 2] = [Shape::V3Rest, Shape::V3Events];

fn name(party: &Party) -> String {
    let known = [&party.extension_number, &party.number, &party.name];
    known.into_iter().flatten().next().cloned().unwrap_or_else(|| "-".to_owned())
}

/// What a call comes to, field by field, as text.
fn fields(view: &CallView) -> BTreeMap<&'static str, String> {
    let time = |at: Option<jiff::Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let number = |seconds: Option<i64>| seconds.map_or_else(|| "-".to_owned(), |seconds| seconds.to_string());
    let party = |party: &Option<Party>| party.as_ref().map_or_else(|| "-".to_owned(), name);
    let people: BTreeSet<String> = view
        .legs
        .iter()
        .map(|leg| format!("{:?} {} {:?} x{}", leg.side, name(&leg.party), leg.outcome, leg.attempts))
        .collect();
    BTreeMap::from([
        ("id", view.id.clone()),
        ("direction", view.direction.as_str().to_owned()),
        ("state", view.state.as_str().to_owned()),
        ("result", format!("{:?}", view.result)),
        ("started_at", time(view.started_at)),
        ("answered_at", time(view.answered_at)),
        ("ended_at", time(view.ended_at)),
        ("wait_seconds", number(view.wait_seconds)),
        ("talk_seconds", number(view.talk_seconds)),
        ("hold_seconds", number(view.hold_seconds)),
        ("from", party(&view.from)),
        ("to", party(&view.to)),
        ("legs", format!("{people:?}")),
        ("voicemail", view.voicemail.to_string()),
        ("emergency", view.emergency.to_string()),
        ("elements", view.elements.len().to_string()),
    ])
}

/// A call, and how it truly was: each of the calls that the newest generation makes of it.
type Known = (Played, Vec<BTreeMap<&'static str, String>>);

/// The week.
fn played() -> &'static [Known] {
    static WEEK: OnceLock<Vec<Known>> = OnceLock::new();
    WEEK.get_or_init(|| {
        let calls = week(7, 4).into_iter();
        let truth = |call: &Played| call.views(&NEWEST).iter().map(fields).collect();
        calls.map(|call| (truth(&call), call)).map(|(truth, call)| (call, truth)).collect()
    })
}

/// Which fields differ, in which scenarios, with one sample of each.
fn differences(shapes: &[Shape]) -> BTreeMap<(&'static str, &'static str), String> {
    let mut found = BTreeMap::new();
    for (call, truth) in played() {
        let told = call.views(shapes);
        let scenario = call.scenario.name();
        if truth.len() != 1 || told.len() != 1 {
            found.insert(("calls", scenario), format!("{} and not {}", told.len(), truth.len()));
            continue;
        }
        let truth = &truth[0];
        for (field, value) in fields(&told[0]) {
            if truth[field] != value {
                found.entry((field, scenario)).or_insert(format!("{value} and not {}", truth[field]));
            }
        }
    }
    found
}

/// Compares with what is listed, both ways.
fn check(name: &str, shapes: &[Shape]) {
    let found = differences(shapes);
    let listed: BTreeSet<(&str, &str)> = LISTED
        .iter()
        .filter(|line| line.told_by.contains(&name))
        .flat_map(|line| line.scenarios.iter().map(|scenario| (line.field, *scenario)))
        .collect();
    let unlisted: Vec<String> = found
        .iter()
        .filter(|(place, _)| !listed.contains(*place))
        .map(|((field, scenario), how)| format!("{field} of {scenario}: {how}"))
        .collect();
    let untrue: Vec<_> = listed.iter().filter(|place| !found.contains_key(*place)).collect();
    assert!(
        unlisted.is_empty() && untrue.is_empty(),
        "{name}\nnot listed:\n{}\nlisted and not so: {untrue:?}",
        unlisted.join("\n")
    );
}

#[test]
fn v3_events_alone() {
    check("v3 events", &[Shape::V3Events]);
}

#[test]
fn v3_rows_and_paths_alone() {
    check("v3 rows", &[Shape::V3Rest]);
}

#[test]
fn v2_rows_and_paths_alone() {
    check("v2 rows", &[Shape::V2Rest]);
}

#[test]
fn v2_events_alone() {
    check("v2 events", &[Shape::V2Events]);
}

#[test]
fn v1_lists_alone() {
    check("v1 lists", &[Shape::V1Rest]);
}

#[test]
fn v1_events_alone() {
    check("v1 events", &[Shape::V1Events]);
}

#[test]
fn mixtures_count_nothing_twice() {
    use Shape::{V1Events, V1Rest, V2Events, V2Rest, V3Events, V3Rest};
    check("everything", &[V1Rest, V1Events, V2Rest, V2Events, V3Rest, V3Events]);
    check("v1 lists and v3", &[V1Rest, V3Rest, V3Events]);
    check("v2 and v3", &[V2Rest, V2Events, V3Rest, V3Events]);
    check("v1 events and v3 rows", &[V1Events, V3Rest]);
    check("v1 and v2", &[V1Rest, V1Events, V2Rest, V2Events]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// As at a customer who moves: in one call v1 comes first, in another v3, and some of it twice.
    #[test]
    fn no_order_and_no_repetition_of_shapes_changes_a_call(
        (which, order) in (0_usize..204).prop_flat_map(|which| {
            let (call, _) = &played()[which];
            let twice: Vec<usize> = (0..call.len()).chain(0..call.len() / 2).collect();
            (Just(which), Just(twice).prop_shuffle())
        }),
    ) {
        let (call, _) = &played()[which];
        let in_order: Vec<usize> = (0..call.len()).collect();
        prop_assert_eq!(call.views_of(&order), call.views_of(&in_order), "{}", call.scenario);
    }
}
