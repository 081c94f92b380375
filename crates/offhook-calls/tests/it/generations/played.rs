//! Calls that the emulator played, in every shape that Zoom tells of them.

use jiff::{SignedDuration, Timestamp};
use offhook_calls::{
    CallBook, CallView,
    normalize::{self, Door},
};
use serde_json::Value;
use zoom_phone_emulator::{Exchange, Happening, Scenario, play};

use crate::say::view;

/// One call: which kind, and all that was ever told of it.
pub(super) struct Played {
    pub(super) scenario: Scenario,
    told: Vec<(Shape, Door, Value)>,
}

/// In which shape something was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Call logs in lists.
    V1Rest,
    /// Call logs in events.
    V1Events,
    /// Rows and paths of call history.
    V2Rest,
    /// Legs in events.
    V2Events,
    /// Rows and paths of call history, with elements.
    V3Rest,
    /// Elements in events.
    V3Events,
}

/// So many rounds of every scenario, one call every quarter of an hour.
pub(super) fn week(seed: u64, rounds: usize) -> Vec<Played> {
    let mut exchange = Exchange::new(seed);
    exchange.older_records = true;
    let mut start: Timestamp = "2026-11-16T09:00:00Z".parse().unwrap();
    let mut week = Vec::new();
    for scenario in Scenario::ALL.iter().copied().cycle().take(rounds * Scenario::ALL.len()) {
        start += SignedDuration::from_mins(15);
        let mut told = Vec::new();
        for planned in play(&mut exchange, scenario, start) {
            match planned.what {
                Happening::Webhook(event) => {
                    let shape = match event["event"].as_str().unwrap() {
                        name if name.ends_with("call_log_completed") => Shape::V1Events,
                        name if name.ends_with("call_history_completed") => Shape::V2Events,
                        name if name.ends_with("call_element_completed") => Shape::V3Events,
                        _ => continue,
                    };
                    told.push((shape, Door::Webhook, event));
                }
                Happening::Record(record) => {
                    told.extend(
                        record.call_logs().into_iter().map(|log| (Shape::V1Rest, Door::CallLog, log)),
                    );
                    told.push((Shape::V2Rest, Door::CallHistory, record.deprecated_row()));
                    told.push((Shape::V3Rest, Door::CallHistory, record.row()));
                    let (mut old, mut new) = (record.path(), record.path());
                    for name in ["call_history_uuid", "call_elements"] {
                        old.as_object_mut().unwrap().shift_remove(name);
                    }
                    new.as_object_mut().unwrap().shift_remove("call_path");
                    told.push((Shape::V2Rest, Door::CallPath, old));
                    told.push((Shape::V3Rest, Door::CallPath, new));
                }
                Happening::Finished(_) => {}
            }
        }
        assert!(!told.is_empty(), "{scenario} can be played");
        week.push(Played { scenario, told });
    }
    week
}

impl Played {
    /// How many messages told of it.
    pub(super) fn len(&self) -> usize {
        self.told.len()
    }

    /// What the messages in these shapes come to.
    pub(super) fn views(&self, shapes: &[Shape]) -> Vec<CallView> {
        let these = self.told.iter().enumerate().filter(|(_, (shape, ..))| shapes.contains(shape));
        self.views_of(&these.map(|(number, _)| number).collect::<Vec<_>>())
    }

    /// What these messages come to, told in this order.
    pub(super) fn views_of(&self, numbers: &[usize]) -> Vec<CallView> {
        let mut book = CallBook::default();
        for (_, door, told) in numbers.iter().map(|number| &self.told[*number]) {
            let reading = normalize::read(*door, "A", &serde_json::to_vec(told).unwrap());
            assert_eq!(reading.problem, None, "{told}");
            for (mut fact, heard) in reading.facts {
                "A".clone_into(&mut fact.account);
                book.absorb(fact, heard);
            }
        }
        book.into_changes().iter().map(|one| view(&one.key, &one.names, &one.facts)).collect()
    }
}
