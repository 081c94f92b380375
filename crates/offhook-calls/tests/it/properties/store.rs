//! A store as small as can be, and the plain definition of which facts are one call.

use std::collections::{BTreeMap, BTreeSet};

use offhook_calls::{Alias, CallBook, CallFacts, CallKey, CallView, Fact, Heard};

/// Calls by key: their names, and their view.
pub(super) type Calls = BTreeMap<CallKey, (BTreeSet<Alias>, CallView)>;

/// Keeps calls between batches as the real store does: in JSON, found by any name.
#[derive(Default)]
pub(super) struct Store {
    calls: BTreeMap<CallKey, (BTreeSet<Alias>, String)>,
    index: BTreeMap<(String, Alias), CallKey>,
}

impl Store {
    /// Takes a batch in: loads what it names, absorbs, writes what changed. Returns the keys said to be gone.
    pub(super) fn take_in(&mut self, batch: &[(Fact, Heard)]) -> BTreeSet<CallKey> {
        let mut book = CallBook::default();
        for (fact, _) in batch {
            for name in &fact.names {
                let Some(key) = self.index.get(&(fact.account.clone(), name.clone())) else { continue };
                let (names, stored) = &self.calls[key];
                book.insert(key, names.iter().cloned(), serde_json::from_str(stored).unwrap());
                assert!(book.holds(&fact.account, name));
            }
        }
        for (fact, heard) in batch {
            book.absorb(fact.clone(), *heard);
        }
        let mut all_gone = BTreeSet::new();
        for change in book.into_changes() {
            for gone in change.gone {
                self.calls.remove(&gone).expect("what is gone was stored");
                all_gone.insert(gone);
            }
            for name in &change.names {
                self.index.insert((change.key.account.clone(), name.clone()), change.key.clone());
            }
            let stored = serde_json::to_string(&change.facts).unwrap();
            self.calls.insert(change.key, (change.names, stored));
        }
        all_gone
    }

    pub(super) fn keys(&self) -> BTreeSet<CallKey> {
        self.calls.keys().cloned().collect()
    }

    pub(super) fn views(&self) -> Calls {
        self.calls
            .iter()
            .map(|(key, (names, stored))| {
                let facts: CallFacts = serde_json::from_str(stored).unwrap();
                (key.clone(), (names.clone(), CallView::of(key, names, &facts)))
            })
            .collect()
    }
}

/// The definition: facts that share a name, directly or through others, are one call.
pub(super) fn calls_of(facts: &[(Fact, Heard)]) -> Calls {
    let mut parts: Vec<(String, BTreeSet<Alias>, CallFacts)> = Vec::new();
    for (fact, heard) in facts {
        let mut names: BTreeSet<Alias> = fact.names.iter().cloned().collect();
        let mut known = CallFacts::default();
        known.absorb(fact.clone(), *heard);
        let (same, others) = parts
            .into_iter()
            .partition(|(account, theirs, _)| *account == fact.account && !theirs.is_disjoint(&names));
        parts = others;
        for (_, theirs, facts) in same {
            names.extend(theirs);
            known.join(facts);
        }
        parts.push((fact.account.clone(), names, known));
    }
    parts
        .into_iter()
        .map(|(account, names, facts)| {
            let key = CallKey { account, name: names.first().expect("a fact has a name").clone() };
            let view = CallView::of(&key, &names, &facts);
            (key, (names, view))
        })
        .collect()
}
