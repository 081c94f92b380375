//! Ids that several calls claim.

use std::collections::{BTreeMap, BTreeSet};

use super::ConflictView;
use crate::{
    call::CallFacts,
    identity::{Alias, AliasKind},
};

/// The ids that alone hold the call together. Calls are joined by any name they share, so two calls that claim one
/// step or one recording have become this one. They show by the names that only one call can have: parts of the facts
/// that no `call_id` (a transfer names both of its own) and no `call_history_uuid` joins.
pub(super) fn conflicts(facts: &CallFacts) -> Vec<ConflictView> {
    let mut parts = Parts::default();
    for (fact, _) in facts.iter() {
        let mut own = fact.names.iter().filter(|name| is_of_the_call(name));
        if let Some(first) = own.next() {
            let first = parts.of(first);
            for other in own {
                let other = parts.of(other);
                parts.join(first, other);
            }
        }
    }
    if parts.count() < 2 {
        return Vec::new();
    }
    let mut claims: BTreeMap<&Alias, BTreeSet<usize>> = BTreeMap::new();
    for (fact, _) in facts.iter() {
        let Some(part) = fact.names.iter().find(|name| is_of_the_call(name)).map(|name| parts.of(name))
        else {
            continue;
        };
        for name in fact.names.iter().filter(|name| !is_of_the_call(name)) {
            claims.entry(name).or_default().insert(parts.find(part));
        }
    }
    let claims = claims.into_iter().filter(|(_, by)| by.len() > 1);
    claims
        .map(|(name, by)| {
            let mut claimed_by: Vec<String> = by.into_iter().filter_map(|part| parts.name(part)).collect();
            claimed_by.sort();
            ConflictView { kind: name.kind.as_str().to_owned(), value: name.value.clone(), claimed_by }
        })
        .collect()
}

/// A name that is the call's own, and not that of something in it or on it.
fn is_of_the_call(name: &Alias) -> bool {
    matches!(name.kind, AliasKind::CallId | AliasKind::CallHistoryUuid)
}

/// What would be calls of their own (union-find: each name leads to another of its part, or to itself).
#[derive(Default)]
struct Parts<'a> {
    names: Vec<&'a Alias>,
    by_name: BTreeMap<&'a Alias, usize>,
    home: Vec<usize>,
}

impl<'a> Parts<'a> {
    fn of(&mut self, name: &'a Alias) -> usize {
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        let new = self.names.len();
        self.names.push(name);
        self.home.push(new);
        self.by_name.insert(name, new);
        new
    }

    fn find(&self, mut part: usize) -> usize {
        while let Some(next) = self.home.get(part).copied().filter(|next| *next != part) {
            part = next;
        }
        part
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(home) = self.home.get_mut(a.max(b)) {
            *home = a.min(b);
        }
    }

    fn count(&self) -> usize {
        self.home.iter().enumerate().filter(|(part, home)| part == *home).count()
    }

    /// The preferred name of a part: its smallest.
    fn name(&self, part: usize) -> Option<String> {
        let all = self.names.iter().enumerate().filter(|(one, _)| self.find(*one) == part);
        all.map(|(_, name)| *name).min().map(|name| name.value.clone())
    }
}
