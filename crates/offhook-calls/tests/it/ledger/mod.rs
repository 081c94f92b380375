//! Calls as the emulator plays them, against its ledger of what truly happened.

mod differ;
mod play;

use std::collections::BTreeMap;

use offhook_calls::CallView;
use serde_json::Value;

use self::{
    differ::{Told, differences},
    play::{Played, play_all},
};
use crate::say::views;

/// The one call of these messages, if it is one.
fn fold<'a>(messages: impl IntoIterator<Item = &'a Value>) -> Result<CallView, usize> {
    let mut views = views(messages);
    if views.len() == 1 { Ok(views.remove(0)) } else { Err(views.len()) }
}

fn check(what: &str, told: Told, messages: impl Fn(&Played) -> Vec<&Value>) {
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut calls = 0;
    for seed in 0..seeds() {
        for played in play_all(seed, 3) {
            let said = messages(&played);
            if said.is_empty() {
                continue;
            }
            calls += 1;
            if std::env::var("LEDGER_SHOW").is_ok_and(|id| played.truth["call_id"] == id) {
                println!("{}", serde_json::to_string_pretty(&played.truth).unwrap());
                for one in &said { println!("{one}"); }
                println!("{}", serde_json::to_string_pretty(&fold(said.iter().copied())).unwrap());
            }
            let found = match fold(said.iter().copied()) {
                Ok(view) => differences(&view, &played.truth, told),
                Err(count) => vec![("calls".to_owned(), format!("{count} calls"))],
            };
            for (field, difference) in found {
                let example = format!("seed {seed} {}: {difference}", played.truth["call_id"]);
                wrong.entry(format!("{}: {field}", played.scenario)).or_insert((0, example)).0 += 1;
            }
        }
    }
    let list: Vec<String> =
        wrong.iter().map(|(what, (count, example))| format!("{count:5} {what}, as {example}")).collect();
    assert!(list.is_empty(), "{what}: of {calls} calls\n{}", list.join("\n"));
}

fn seeds() -> u64 {
    std::env::var("LEDGER_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(4)
}

#[test]
fn events_and_records_together_give_the_true_call() {
    check("events and records", Told::All, |played| {
        played.told(|_| true).chain(&played.rows).chain(&played.paths).collect()
    });
}

#[test]
fn events_alone_give_the_true_call_as_far_as_they_reach() {
    check("events", Told::Events, |played| played.told(|_| true).collect());
}

#[test]
fn records_alone_give_the_true_call() {
    check("records", Told::Records, |played| played.rows.iter().chain(&played.paths).collect());
}

#[test]
fn status_events_alone_give_the_true_call_as_far_as_they_reach() {
    check("status events", Told::Status, |played| {
        played.told(|name| !name.ends_with("_call_element_completed")).collect()
    });
}
