//! From any bytes to calls: by every door, and the same call whatever the order of the facts.

#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use offhook_calls::normalize::{Door, read};
use offhook_calls::{CallBook, CallView, Change};

fuzz_target!(|data: &[u8]| {
    for door in [Door::Webhook, Door::CallHistory, Door::CallPath] {
        let facts = read(door, "account", data).facts;
        if facts.is_empty() {
            continue;
        }
        let forwards = fold(facts.iter().cloned());
        // Backwards, and everything twice.
        let backwards = fold(facts.iter().rev().cloned().chain(facts.iter().cloned()));
        assert_eq!(forwards, backwards);
        for Change { key, names, facts, .. } in &forwards {
            let now = Timestamp::from_second(1_795_300_000).expect("a time in range");
            let _ = CallView::of(key, names, facts).as_of(now);
        }
    }
});

fn fold(facts: impl Iterator<Item = (offhook_calls::Fact, offhook_calls::Heard)>) -> Vec<Change> {
    let mut book = CallBook::default();
    for (fact, heard) in facts {
        book.absorb(fact, heard);
    }
    let mut changes = book.into_changes();
    changes.sort_by(|a, b| a.names.cmp(&b.names));
    changes
}
