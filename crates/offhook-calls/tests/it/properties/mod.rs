//! Laws: whatever the order, number and grouping of messages, the same calls come out.

mod lives;
mod reading;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use offhook_calls::{
    Alias, AliasKind, CallFacts, CallView, Fact, Heard, QueueOutcome, STALE_AFTER, Said, Source, State,
};
use proptest::{collection::vec, prelude::*, sample::Index};

use self::store::{Store, calls_of};
use crate::say::{ACCOUNT, moment};

/// What one or several messages told.
type Facts = Vec<(Fact, Heard)>;

/// Copies of some facts, heard again later.
fn again(facts: &[(Fact, Heard)], copies: &[(Index, i64)]) -> Facts {
    if facts.is_empty() {
        return Vec::new();
    }
    copies
        .iter()
        .map(|(which, delay)| {
            let (fact, heard) = which.get(facts);
            (fact.clone(), Heard { event_ts: heard.event_ts.map(|ts| ts + delay) })
        })
        .collect()
}

/// Facts in an order of their own, some of them twice.
fn shuffled() -> impl Strategy<Value = (Facts, Facts)> {
    (lives::facts(), vec((any::<Index>(), 0_i64..600_000), 0..8)).prop_flat_map(|(facts, copies)| {
        let mut more = facts.clone();
        more.extend(again(&facts, &copies));
        (Just(facts), Just(more).prop_shuffle())
    })
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn order_and_repetition_change_nothing((facts, other) in shuffled()) {
        let mut store = Store::default();
        store.take_in(&other);
        prop_assert_eq!(store.views(), calls_of(&facts));
    }

    #[test]
    fn batches_change_nothing_and_gone_names_exactly_the_keys_that_vanished(
        (facts, other) in shuffled(),
        cuts in vec(1_usize..6, 1..40),
    ) {
        let mut store = Store::default();
        let mut rest = &other[..];
        let mut heard: Facts = Vec::new();
        for size in cuts.into_iter().cycle() {
            let (batch, after) = rest.split_at(size.min(rest.len()));
            if batch.is_empty() {
                break;
            }
            rest = after;
            heard.extend(batch.iter().cloned());
            let before: BTreeSet<_> = store.keys();
            let gone = store.take_in(batch);
            let expected = calls_of(&heard);
            let now: BTreeSet<_> = expected.keys().cloned().collect();
            prop_assert_eq!(store.keys(), now.clone());
            prop_assert_eq!(gone, before.difference(&now).cloned().collect::<BTreeSet<_>>());
        }
        prop_assert_eq!(store.views(), calls_of(&facts));
    }

    #[test]
    fn calls_without_a_common_name_do_not_touch_each_other(one in lives::life(1), two in lives::life(2), mix in any::<u64>()) {
        let apart: Vec<_> = calls_of(&one).into_iter().chain(calls_of(&two)).collect();
        let mut together = Vec::new();
        let (mut one, mut two) = (one.into_iter(), two.into_iter());
        for bit in 0.. {
            let next = if mix >> (bit % 64) & 1 == 1 { one.next().or_else(|| two.next()) } else { two.next().or_else(|| one.next()) };
            let Some(fact) = next else { break };
            together.push(fact);
        }
        let mut store = Store::default();
        store.take_in(&together);
        prop_assert_eq!(store.views(), apart.into_iter().collect());
    }

    #[test]
    fn a_call_is_called_by_the_smallest_of_its_names(facts in lives::facts()) {
        for (key, (names, _)) in calls_of(&facts) {
            prop_assert_eq!(Some(&key.name), names.first());
        }
    }

    #[test]
    fn every_name_leads_to_one_call_and_says_who_told_it(facts in lives::facts()) {
        let calls = calls_of(&facts);
        let mut owners = BTreeMap::new();
        for (key, (names, view)) in &calls {
            for name in names {
                prop_assert_eq!(owners.insert(name.clone(), key.clone()), None, "two calls have {:?}", name);
            }
            prop_assert_eq!(view.ids.len(), names.len());
            prop_assert!(view.ids.iter().all(|id| !id.sources.is_empty()));
        }
        for (fact, _) in &facts {
            let homes: BTreeSet<_> = fact.names.iter().map(|name| owners.get(name)).collect();
            prop_assert_eq!(homes.len(), 1, "all names of a message lead to one call");
        }
    }

    #[test]
    fn one_call_is_in_no_conflict_with_itself(facts in lives::life(1)) {
        for (_, (_, view)) in calls_of(&facts) {
            prop_assert_eq!(view.conflicts, []);
        }
    }

    #[test]
    fn an_id_that_two_calls_claim_is_shown_with_both_in_any_order(
        (facts, at) in (lives::life(1), lives::life(2), any::<bool>()).prop_flat_map(|(mut one, two, by_element)| {
            let names = |call: &str| {
                let kind = if by_element { AliasKind::CallElementId } else { AliasKind::VoicemailId };
                let mut names = Alias::of_call_id(call);
                names.extend(Alias::new(kind, "claimed"));
                names
            };
            for call in ["18", "28"] {
                let said = Said::Deleted { to_trash: true };
                let names = names(call);
                one.push((Fact { source: Source::Media, account: ACCOUNT.to_owned(), at: None, names, said }, Heard::default()));
            }
            one.extend(two);
            (Just(one).prop_shuffle(), Just(by_element))
        })
    ) {
        let calls = calls_of(&facts);
        let claimed: Vec<_> = calls.values().flat_map(|(_, view)| &view.conflicts).collect();
        prop_assert_eq!(claimed.len(), 1);
        prop_assert_eq!(&claimed[0].value, "claimed");
        prop_assert_eq!(&claimed[0].kind, if at { "call_element_id" } else { "voicemail_id" });
        prop_assert_eq!(&claimed[0].claimed_by, &["18", "28"]);
    }

    #[test]
    fn a_view_depends_on_nothing_but_the_facts(facts in lives::facts()) {
        prop_assert_eq!(calls_of(&facts), calls_of(&facts));
    }

    #[test]
    fn facts_and_views_survive_storage_byte_for_byte(facts in lives::facts()) {
        let mut call = CallFacts::default();
        for (fact, heard) in facts.clone() {
            call.absorb(fact, heard);
        }
        let stored = serde_json::to_string(&call).unwrap();
        let again: CallFacts = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&again, &call);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), stored);
        for (_, (_, view)) in calls_of(&facts) {
            let stored = serde_json::to_string(&view).unwrap();
            let again: CallView = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(again, view);
        }
    }

    #[test]
    fn only_open_calls_that_were_silent_for_long_are_given_up(facts in lives::facts(), after in -100_000_i64..100_000) {
        let now = moment(after);
        for (_, (_, view)) in calls_of(&facts) {
            let silent = view.last_at.is_some_and(|last| now.duration_since(last) > STALE_AFTER);
            let given_up = view.clone().as_of(now);
            if view.state == State::Ended || !silent {
                prop_assert_eq!(given_up, view);
            } else {
                prop_assert_eq!(given_up.state, State::Unknown);
                prop_assert!(given_up.legs.iter().all(|leg| leg.outcome.is_some()));
            }
        }
    }

    #[test]
    fn a_view_does_not_contradict_itself(facts in lives::facts()) {
        for (_, (_, view)) in calls_of(&facts) {
            let over = view.state == State::Ended;
            prop_assert_eq!(over, view.result.is_some());
            prop_assert!(over || view.ended_at.is_none());
            prop_assert!(!over || view.legs.iter().all(|leg| leg.state == State::Ended), "{:#?}", view);
            for leg in &view.legs {
                prop_assert_eq!(leg.state == State::Ended, leg.outcome.is_some());
                prop_assert!(leg.attempts > 0);
                for seconds in [leg.wait_seconds, leg.talk_seconds, leg.hold_seconds].into_iter().flatten() {
                    prop_assert!(seconds >= 0);
                }
            }
            for stay in &view.queues {
                prop_assert!(!over || stay.outcome != QueueOutcome::InProgress, "{:#?}", view.queues);
                prop_assert!(stay.wait_seconds.is_none_or(|seconds| seconds >= 0));
                prop_assert!(stay.answered_by.is_none() || stay.outcome == QueueOutcome::Answered);
                prop_assert_eq!(stay.left_at.is_none() && stay.entered_at.is_some() && stay.wait_seconds.is_some(), false);
            }
            let moments: Vec<_> = view.timeline.iter().filter_map(|entry| entry.at).collect();
            prop_assert!(moments.is_sorted());
            prop_assert!(view.last_at.is_none_or(|last| moments.iter().all(|at| *at <= last)));
            prop_assert_eq!(view.as_of(moment(-1) - SignedDuration::from_hours(24)).state == State::Ended, over);
        }
    }
}
