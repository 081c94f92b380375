//! Which facts belong to one call.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    call::{CallFacts, Heard},
    fact::Fact,
    identity::{Alias, CallKey},
};

/// Calls in memory, found by any of their names. Hold all calls in it, or just those that a batch of
/// facts names (which is how the store uses it): the result is the same.
#[derive(Debug, Default)]
pub struct CallBook {
    calls: HashMap<u64, Open>,
    by_name: HashMap<(String, Alias), u64>,
    next: u64,
}

#[derive(Debug)]
struct Open {
    account: String,
    facts: CallFacts,
    names: BTreeSet<Alias>,
    /// The name it was stored under, if it was.
    stored_as: BTreeSet<Alias>,
    changed: bool,
}

/// What absorbing facts did to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The call's preferred name now.
    pub key: CallKey,
    /// Every name that leads to it.
    pub names: BTreeSet<Alias>,
    /// All that is known of it.
    pub facts: CallFacts,
    /// Preferred names under which it, or a call merged into it, was stored and is no longer.
    pub gone: Vec<CallKey>,
}

impl CallBook {
    /// Puts a stored call in. One that shares a name with a call in the book becomes one with it, so
    /// inserting a call twice, as when it was found under two of its names, is harmless.
    pub fn insert(&mut self, key: &CallKey, names: impl IntoIterator<Item = Alias>, facts: CallFacts) {
        let names: BTreeSet<Alias> = names.into_iter().chain([key.name.clone()]).collect();
        let (id, is_new) = self.named(&key.account, &names);
        if let Some(call) = self.calls.get_mut(&id) {
            let is_stored = call.stored_as.contains(&key.name);
            call.stored_as.insert(key.name.clone());
            call.names.extend(names);
            call.facts.join(facts);
            call.changed |= !is_new && !is_stored;
        }
    }

    /// Whether a call of this account is in the book under this name.
    pub fn holds(&self, account: &str, name: &Alias) -> bool {
        self.by_name.contains_key(&(account.to_owned(), name.clone()))
    }

    /// Takes a fact in. A fact that names several calls makes them one. A fact with no name is dropped:
    /// it can belong to no call.
    pub fn absorb(&mut self, fact: Fact, heard: Heard) {
        if fact.names.is_empty() {
            return;
        }
        let (id, _) = self.named(&fact.account, &fact.names);
        if let Some(call) = self.calls.get_mut(&id) {
            call.names.extend(fact.names.iter().cloned());
            call.changed |= call.facts.absorb(fact, heard);
        }
    }

    /// The one call that has these names from now on, and whether it is new.
    fn named<'a>(
        &mut self,
        account: &str,
        names: impl IntoIterator<Item = &'a Alias> + Clone,
    ) -> (u64, bool) {
        let known: BTreeSet<u64> = names
            .clone()
            .into_iter()
            .filter_map(|name| self.by_name.get(&(account.to_owned(), name.clone())).copied())
            .collect();
        let mut known = known.into_iter();
        let first = known.next();
        let id = first.unwrap_or_else(|| self.open(account));
        for other in known {
            self.merge(id, other);
        }
        for name in names {
            self.by_name.insert((account.to_owned(), name.clone()), id);
        }
        (id, first.is_none())
    }

    fn open(&mut self, account: &str) -> u64 {
        let id = self.next;
        self.next += 1;
        self.calls.insert(
            id,
            Open {
                account: account.to_owned(),
                facts: CallFacts::default(),
                names: BTreeSet::new(),
                stored_as: BTreeSet::new(),
                changed: false,
            },
        );
        id
    }

    fn merge(&mut self, into: u64, from: u64) {
        let Some(from) = self.calls.remove(&from) else { return };
        for name in &from.names {
            self.by_name.insert((from.account.clone(), name.clone()), into);
        }
        if let Some(call) = self.calls.get_mut(&into) {
            call.names.extend(from.names);
            call.stored_as.extend(from.stored_as);
            call.facts.join(from.facts);
            call.changed = true;
        }
    }

    /// The calls that differ from how they were put in, in order of their keys.
    pub fn into_changes(self) -> Vec<Change> {
        let changes: BTreeMap<CallKey, Change> = self
            .calls
            .into_values()
            .filter(|call| call.changed)
            .filter_map(|call| {
                let name = call.names.first()?.clone();
                let key = CallKey { account: call.account, name };
                let gone = call
                    .stored_as
                    .into_iter()
                    .filter(|stored| *stored != key.name)
                    .map(|name| CallKey { account: key.account.clone(), name })
                    .collect();
                Some((key.clone(), Change { key, names: call.names, facts: call.facts, gone }))
            })
            .collect();
        changes.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fact::{Said, Source},
        identity::AliasKind,
    };

    fn name(value: &str) -> Alias {
        Alias { kind: AliasKind::CallId, value: value.to_owned() }
    }

    fn key(value: &str) -> CallKey {
        CallKey { account: "A".to_owned(), name: name(value) }
    }

    fn stored(names: &[&str]) -> CallFacts {
        let mut facts = CallFacts::default();
        let said = Said::Deleted { to_trash: true };
        let names = names.iter().map(|value| name(value)).collect();
        let fact = Fact { source: Source::Media, account: "A".to_owned(), at: None, names, said };
        facts.absorb(fact, Heard::default());
        facts
    }

    #[test]
    fn a_call_put_in_twice_is_as_it_was() {
        let mut book = CallBook::default();
        book.insert(&key("1"), [name("1"), name("2")], stored(&["1", "2"]));
        book.insert(&key("1"), [name("1"), name("2")], stored(&["1", "2"]));
        assert!(book.holds("A", &name("2")));
        assert!(!book.holds("B", &name("2")));
        assert_eq!(book.into_changes(), []);
    }

    #[test]
    fn two_stored_calls_that_share_a_name_become_one() {
        let mut book = CallBook::default();
        book.insert(&key("1"), [name("1"), name("3")], stored(&["1", "3"]));
        book.insert(&key("2"), [name("2"), name("3")], stored(&["2", "3"]));
        let changes = book.into_changes();
        assert_eq!(changes.len(), 1);
        assert_eq!((&changes[0].key, &changes[0].gone), (&key("1"), &vec![key("2")]));
        assert_eq!(changes[0].facts.len(), 2);
    }
}
