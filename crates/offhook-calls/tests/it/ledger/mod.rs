//! Calls as the emulator plays them, against its ledger of what truly happened.

mod differ;
mod live;
mod play;
mod untold;

use std::collections::BTreeMap;

use offhook_calls::CallView;
use serde_json::Value;

use self::{
    differ::{Difference, Told, differences},
    play::{Played, play_all},
    untold::UNTOLD,
};
use crate::say::views;

/// The one call of these messages, if it is one.
fn fold<'a>(messages: impl IntoIterator<Item = &'a Value>) -> Result<CallView, usize> {
    let mut views = views(messages);
    if views.len() == 1 { Ok(views.remove(0)) } else { Err(views.len()) }
}

/// Plays many calls and compares each with the truth: nothing differs but what [`UNTOLD`] lists, and nothing is
/// listed that does not differ.
fn check(told: Told, messages: impl Fn(&Played) -> Vec<&Value>) {
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut excused = vec![0; UNTOLD.len()];
    let mut calls = 0;
    for seed in seeds() {
        for played in play_all(seed, 3) {
            let said = messages(&played);
            if said.is_empty() {
                continue;
            }
            calls += 1;
            let (id, found) = (&played.truth["call_id"], fold(said.iter().copied()));
            let found = match found {
                Ok(view) => differences(&view, &played.truth, told),
                Err(count) => {
                    let theirs = "1".to_owned();
                    vec![Difference { field: "calls".to_owned(), ours: count.to_string(), theirs }]
                }
            };
            for one in found {
                if let Some(excuse) =
                    UNTOLD.iter().position(|untold| untold.excuses(told, &one, &played.truth))
                {
                    excused[excuse] += 1;
                    continue;
                }
                let example = format!("seed {seed} {id}: {}, was {}", one.ours, one.theirs);
                wrong.entry(format!("{}: {}", played.scenario, one.field)).or_insert((0, example)).0 += 1;
            }
        }
    }
    let list: Vec<String> =
        wrong.iter().map(|(what, (count, example))| format!("{count:5} {what}, as {example}")).collect();
    assert!(list.is_empty(), "of {calls} calls\n{}", list.join("\n"));
    for (untold, count) in UNTOLD.iter().zip(excused).filter(|(untold, _)| untold.told.contains(&told)) {
        assert!(count > 0, "{told:?} tell this after all: {}", untold.why);
    }
}

/// Seeds whose calls come to everything that the emulator can play; `LEDGER_SEEDS=500` for as many others besides.
fn seeds() -> impl Iterator<Item = u64> {
    let more = std::env::var("LEDGER_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(0);
    [0, 1, 2, 3, 7, 17, 39, 49, 107].into_iter().chain(200..200 + more)
}

#[test]
fn events_and_records_together_give_the_true_call() {
    check(Told::All, |played| played.told(|_| true).chain(&played.rows).chain(&played.paths).collect());
}

#[test]
fn events_alone_give_the_true_call_as_far_as_they_reach() {
    check(Told::Events, |played| played.told(|_| true).collect());
}

#[test]
fn records_alone_give_the_true_call() {
    check(Told::Records, |played| played.rows.iter().chain(&played.paths).collect());
}

#[test]
fn events_of_lines_and_files_alone_give_the_true_call_as_far_as_they_reach() {
    check(Told::Status, |played| played.told(|name| !name.ends_with("_call_element_completed")).collect());
}
