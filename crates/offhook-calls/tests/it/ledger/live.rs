//! The live board: at every moment of a call, what is shown of it can be true.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use offhook_calls::{CallFacts, CallKey, CallView, State};
use serde_json::Value;

use super::{
    play::{Played, play_all},
    seeds,
};
use crate::say::{ACCOUNT, facts};

/// The ledger's times are whole seconds; a moment this close to one of them is on either side of it.
const ROUNDING: SignedDuration = SignedDuration::from_secs(1);

/// What the call looked like after each of its events, as they were sent.
fn moments(played: &Played) -> Vec<(Timestamp, CallView)> {
    let mut known = CallFacts::default();
    let mut names = BTreeSet::new();
    let mut views = Vec::new();
    for (at, event) in &played.events {
        for (fact, heard) in facts(event) {
            names.extend(fact.names.iter().cloned());
            known.absorb(fact, heard);
        }
        let Some(name) = names.first().cloned() else { continue };
        let key = CallKey { account: ACCOUNT.to_owned(), name };
        views.push((*at, CallView::of(&key, &names, &known)));
    }
    views
}

/// Whether somebody of the account surely talked, or surely nobody did; `None` near a beginning or an end.
fn talked(truth: &Value, at: Timestamp) -> Option<bool> {
    let time = |value: &Value| value.as_str().map(|text| text.parse::<Timestamp>().unwrap());
    let mut near = false;
    for leg in truth["legs"].as_array().unwrap() {
        let (Some(from), Some(until)) = (time(&leg["answer_time"]), time(&leg["end_time"])) else { continue };
        if from + ROUNDING < at && at < until - ROUNDING {
            return Some(true);
        }
        near |= from - ROUNDING <= at && at <= until + ROUNDING;
    }
    (!near).then_some(false)
}

#[test]
fn at_every_moment_the_board_shows_what_can_be_true() {
    for seed in seeds() {
        for played in play_all(seed, 1) {
            let end: Timestamp = played.truth["end_time"].as_str().unwrap().parse().unwrap();
            for (at, view) in moments(&played) {
                let what = format!("seed {seed} {} {} at {at}", played.scenario, played.truth["call_id"]);
                assert_eq!(
                    view.result.is_some(),
                    view.state == State::Ended,
                    "{what}: a result at the end only"
                );
                assert!(view.state != State::Unknown, "{what}");
                match talked(&played.truth, at) {
                    Some(true) => assert!(
                        matches!(
                            view.state,
                            State::Talking | State::Held | State::Consulting | State::Transferring
                        ),
                        "{what}: somebody talks, and it is {:?}",
                        view.state
                    ),
                    Some(false) => assert!(
                        !matches!(view.state, State::Talking | State::Held | State::Consulting),
                        "{what}: nobody talks, and it is {:?}",
                        view.state
                    ),
                    None => {}
                }
                // A call that is over is not open, but where no event tells of its end.
                if at > end + ROUNDING && view.state != State::Ended {
                    let untold = view.state == State::Waiting;
                    assert!(untold, "{what}: it is over, and {:?}", view.state);
                }
            }
        }
    }
}
