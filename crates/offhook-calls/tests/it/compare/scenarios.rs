//! Everything that the emulator can play, as its Zoom tells it and as its records list it.

use zoom_phone_emulator::{Exchange, Happening, Scenario, Temper, play};

use super::*;

/// What comes in of one call of each scenario when nothing is lost: events when they are sent, rows and steps two
/// hours later.
pub(super) fn week(seed: u64, temper: Temper) -> Vec<(Scenario, Vec<Telling>)> {
    let mut exchange = Exchange::new(seed);
    ACCOUNT.clone_into(&mut exchange.account_id);
    exchange.temper = temper;
    let mut seq = 0;
    let mut next = |door, event: &str, when, body: &Value| {
        seq += 1;
        telling(seq, door, event, when, body)
    };
    let mut all = Vec::new();
    for (nth, scenario) in (0..).zip(Scenario::ALL) {
        let mut entries = Vec::new();
        for planned in play(&mut exchange, *scenario, at(nth * 600)) {
            match planned.what {
                Happening::Webhook(event) => {
                    let name = event["event"].as_str().unwrap().to_owned();
                    entries.push(next(Door::Webhook, &name, planned.at, &event));
                }
                Happening::Record(record) => {
                    let later = planned.at + hours(2);
                    entries.push(next(Door::CallHistory, "accountCallHistory", later, &record.row()));
                    entries.push(next(Door::CallPath, "getCallPath", later, &record.path()));
                }
                Happening::Finished(_) => {}
            }
        }
        all.push((*scenario, entries));
    }
    all
}

#[test]
fn of_a_week_in_which_nothing_was_lost_there_is_nothing_to_report() {
    // Recordings and voicemails are not listed here: only events tell of them.
    let coverage = Coverage { recordings: None, voicemails: None, ..Coverage::whole(always()) };
    let mut odd = Vec::new();
    for (seed, temper) in (1..=3).flat_map(|seed| [(seed, Temper::Documented), (seed, Temper::Field)]) {
        for (scenario, entries) in week(seed, temper) {
            let rules = Rules { coverage: coverage.clone(), ..rules() };
            let (items, summary) = compare(rules, &entries);
            odd.extend(
                shown(&items).into_iter().map(|item| format!("{scenario:?} {seed} {temper:?}: {item}")),
            );
            if items.is_empty() {
                assert!(summary.line.starts_with("complete: "), "{scenario:?}: {}", summary.line);
            }
        }
    }
    assert!(odd.is_empty(), "{}", odd.join("\n"));
}
