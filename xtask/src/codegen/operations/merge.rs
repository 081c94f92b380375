//! Uniting nodes that are the same type.

use super::model::{Field, Kind, Model, Object, Site};
use super::rules::Rules;
use crate::codegen::names::pascal;
use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// Unites nodes: those the rules call one type, the forms of choices, those with the same fields, and those whose
/// fields are a part of another one's with the same name and place.
pub(super) fn unite(model: &mut Model, rules: &Rules) -> Result<()> {
    let objects = model.objects.len();
    let mut united = Union { model, parents: (0..objects).collect(), failed: None };
    united.small(rules);
    united.equal();
    united.forms();
    united.hinted();
    united.equal();
    while united.failed.is_none() && united.parts() {
        united.equal();
    }
    if let Some(failed) = united.failed.take() {
        bail!(failed);
    }
    united.settle();
    Ok(())
}

/// The height of a node whose height is being found.
const UNDER_WAY: usize = usize::MAX;

struct Union<'a> {
    model: &'a mut Model,
    parents: Vec<usize>,
    failed: Option<String>,
}

impl Union<'_> {
    fn root(&self, mut node: usize) -> usize {
        while self.parents[node] != node {
            node = self.parents[node];
        }
        node
    }

    fn roots(&self) -> Vec<usize> {
        (0..self.parents.len()).filter(|node| self.parents[*node] == *node).collect()
    }

    /// Makes two nodes one; their fields of the same name as well.
    fn join(&mut self, one: usize, other: usize) -> usize {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return one;
        }
        let (one, other) = (one.min(other), one.max(other));
        self.parents[other] = one;
        let Object { fields, sites, hint } = std::mem::replace(
            &mut self.model.objects[other],
            Object { fields: Vec::new(), sites: Vec::new(), hint: None },
        );
        self.model.objects[one].sites.extend(sites);
        match (&self.model.objects[one].hint, hint) {
            (None, hint) => self.model.objects[one].hint = hint,
            (Some(mine), Some(hint)) if *mine != hint => {
                self.failed = Some(format!("{mine} and {hint} are the same type; give them one name"));
            }
            _ => {}
        }
        for field in fields {
            let mine = self.model.objects[one].fields.iter().position(|it| it.wire == field.wire);
            if let Some(at) = mine {
                let kind = self.model.objects[one].fields[at].kind.clone();
                let kind = self.join_kinds(kind, field.kind);
                let mine = &mut self.model.objects[one].fields[at];
                mine.kind = kind;
                mine.notes.extend(field.notes);
                mine.by = mine.by.take().or(field.by);
            } else {
                self.model.objects[one].fields.push(field);
            }
        }
        one
    }

    /// A kind that reads both.
    fn join_kinds(&mut self, one: Kind, other: Kind) -> Kind {
        match (one, other) {
            (one, other) if one == other => one,
            (Kind::Struct(one), Kind::Struct(other)) => Kind::Struct(self.join(one, other)),
            (Kind::List(one), Kind::List(other)) => Kind::List(Box::new(self.join_kinds(*one, *other))),
            (Kind::Vocabulary(one), Kind::Vocabulary(other)) => {
                let values = std::mem::take(&mut self.model.vocabularies[other].values);
                let sites = std::mem::take(&mut self.model.vocabularies[other].sites);
                self.model.vocabularies[other].same_as = Some(one);
                self.model.vocabularies[one].add(values, sites);
                Kind::Vocabulary(one)
            }
            (Kind::Vocabulary(it), Kind::Text) | (Kind::Text, Kind::Vocabulary(it)) => Kind::Vocabulary(it),
            (Kind::Text, Kind::Int | Kind::Time) | (Kind::Int | Kind::Time, Kind::Text) => Kind::Text,
            (Kind::Float, Kind::Int) | (Kind::Int, Kind::Float) => Kind::Float,
            _ => Kind::Any,
        }
    }

    /// Unites each of these sets.
    fn join_all(&mut self, sets: impl IntoIterator<Item = Vec<usize>>) -> bool {
        let mut any = false;
        for set in sets {
            let mut rest = set.into_iter();
            let Some(first) = rest.next() else { continue };
            for other in rest {
                any |= self.root(first) != self.root(other);
                self.join(first, other);
            }
        }
        any
    }

    fn small(&mut self, rules: &Rules) {
        let mut sets: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for node in self.roots() {
            let object = &self.model.objects[node];
            let fields: BTreeSet<&str> = object.fields.iter().map(|field| field.wire.as_str()).collect();
            if object.hint.is_none()
                && let Some(name) = rules.small(&fields)
            {
                sets.entry(name.to_owned()).or_default().push(node);
            }
        }
        for (name, set) in &sets {
            for node in set {
                self.model.objects[*node].hint = Some(name.clone());
            }
        }
        self.join_all(sets.into_values());
    }

    fn forms(&mut self) {
        for choice in 0..self.model.choices.len() {
            for form in 0..self.model.choices[choice].forms.len() {
                let kinds = std::mem::take(&mut self.model.choices[choice].forms[form].kinds);
                let joined = kinds.into_iter().reduce(|one, other| self.join_kinds(one, other));
                self.model.choices[choice].forms[form].kinds = joined.into_iter().collect();
            }
        }
    }

    /// Unites nodes of one group that are to have one name.
    fn hinted(&mut self) {
        let mut sets: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        for node in self.roots() {
            let object = &self.model.objects[node];
            if let Some(hint) = &object.hint {
                let groups: BTreeSet<&str> = self.groups(&object.sites);
                for group in groups {
                    sets.entry((hint.clone(), group.to_owned())).or_default().push(node);
                }
            }
        }
        self.join_all(sets.into_values());
    }

    fn groups(&self, sites: &[Site]) -> BTreeSet<&str> {
        sites.iter().map(|site| self.model.operations[site.operation].group.as_str()).collect()
    }

    /// Unites nodes with the same fields of the same kinds, unless they are to have different names.
    fn equal(&mut self) {
        let mut heights = vec![None; self.parents.len()];
        let roots = self.roots();
        let mut levels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in roots {
            let height = self.height(node, &mut heights);
            levels.entry(height).or_default().push(node);
        }
        for nodes in levels.into_values() {
            let mut sets: BTreeMap<Vec<(String, Kind)>, Vec<usize>> = BTreeMap::new();
            for node in nodes.into_iter().filter(|node| self.parents[*node] == *node) {
                sets.entry(self.structure(node)).or_default().push(node);
            }
            for set in sets.into_values() {
                let sets = self.by_hint(set);
                self.join_all(sets);
            }
        }
    }

    /// Splits nodes by the name they are to have; the others go with one of the same group.
    fn by_hint(&self, set: Vec<usize>) -> Vec<Vec<usize>> {
        let mut sets: Vec<(Option<&str>, BTreeSet<&str>, Vec<usize>)> = Vec::new();
        let (hinted, free): (Vec<usize>, Vec<usize>) =
            set.into_iter().partition(|node| self.model.objects[*node].hint.is_some());
        for node in hinted {
            let object = &self.model.objects[node];
            let groups = self.groups(&object.sites);
            match sets.iter_mut().find(|(hint, ..)| *hint == object.hint.as_deref()) {
                Some((_, known, nodes)) => {
                    known.extend(groups);
                    nodes.push(node);
                }
                None => sets.push((object.hint.as_deref(), groups, vec![node])),
            }
        }
        for node in free {
            let groups = self.groups(&self.model.objects[node].sites);
            let same = sets.iter().position(|(hint, known, _)| {
                hint.is_none() || groups.iter().all(|group| known.contains(group))
            });
            match same.and_then(|same| sets.get_mut(same)) {
                Some((_, _, nodes)) => nodes.push(node),
                None => sets.push((None, BTreeSet::new(), vec![node])),
            }
        }
        sets.into_iter().map(|(_, _, nodes)| nodes).collect()
    }

    /// How many objects are below a node at most. A node below itself is a name given twice: that fails the run.
    fn height(&mut self, node: usize, known: &mut Vec<Option<usize>>) -> usize {
        let node = self.root(node);
        if let Some(height) = known[node] {
            return height;
        }
        known[node] = Some(UNDER_WAY);
        let mut height = 0;
        for (field, below) in self.below(node) {
            let below = self.height(below, known);
            if below == UNDER_WAY {
                let name = self.model.objects[node].hint.clone().or_else(|| noun(&self.model.objects[node]));
                self.failed = Some(format!("{} holds itself in {field}", name.unwrap_or_default()));
            } else {
                height = height.max(1 + below);
            }
        }
        known[node] = Some(height);
        height
    }

    /// Objects in the fields of a node.
    fn below(&self, node: usize) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for field in &self.model.objects[node].fields {
            let mut kinds = vec![&field.kind];
            while let Some(kind) = kinds.pop() {
                match kind.innermost() {
                    Kind::Struct(below) => found.push((field.wire.clone(), *below)),
                    Kind::Choice(choice) => {
                        kinds.extend(self.model.choices[*choice].forms.iter().flat_map(|form| &form.kinds));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The fields, in alphabetical order, as they are after all that has been united.
    fn structure(&self, node: usize) -> Vec<(String, Kind)> {
        let mut fields: Vec<(String, Kind)> = self.model.objects[node]
            .fields
            .iter()
            .map(|field| (field.wire.clone(), self.current(&field.kind)))
            .collect();
        fields.sort();
        fields
    }

    fn current(&self, kind: &Kind) -> Kind {
        match kind {
            Kind::Struct(node) => Kind::Struct(self.root(*node)),
            Kind::Vocabulary(index) => {
                let mut index = *index;
                while let Some(same) = self.model.vocabularies[index].same_as {
                    index = same;
                }
                Kind::Vocabulary(index)
            }
            Kind::List(items) => Kind::List(Box::new(self.current(items))),
            other => other.clone(),
        }
    }

    /// Unites a node with one of the same name and groups that has its fields and more.
    fn parts(&mut self) -> bool {
        let mut alike: BTreeMap<(String, Vec<String>), Vec<usize>> = BTreeMap::new();
        for node in self.roots() {
            let object = &self.model.objects[node];
            let groups: Vec<String> = self.groups(&object.sites).into_iter().map(str::to_owned).collect();
            if let Some(name) = object.hint.clone().or_else(|| noun(object)) {
                alike
                    .entry((name, if groups.len() == 1 { groups } else { Vec::new() }))
                    .or_default()
                    .push(node);
            }
        }
        let mut pairs = Vec::new();
        for nodes in alike.into_values() {
            let structures: Vec<(usize, BTreeSet<(String, Kind)>)> =
                nodes.into_iter().map(|node| (node, self.structure(node).into_iter().collect())).collect();
            for (small, part) in &structures {
                let whole = structures.iter().find(|(node, whole)| node != small && part.is_subset(whole));
                if let Some((whole, _)) = whole {
                    pairs.push(vec![*whole, *small]);
                }
            }
        }
        self.join_all(pairs)
    }

    /// Lets every kind name the node that stands for its set.
    fn settle(&mut self) {
        let kinds = |this: &Self, fields: &[Field]| -> Vec<Kind> {
            fields.iter().map(|field| this.current(&field.kind)).collect()
        };
        for node in self.roots() {
            let current = kinds(self, &self.model.objects[node].fields);
            for (field, kind) in self.model.objects[node].fields.iter_mut().zip(current) {
                field.kind = kind;
            }
        }
        for choice in 0..self.model.choices.len() {
            for form in 0..self.model.choices[choice].forms.len() {
                let current: Vec<Kind> = self.model.choices[choice].forms[form]
                    .kinds
                    .iter()
                    .map(|kind| self.current(kind))
                    .collect();
                self.model.choices[choice].forms[form].kinds = current;
            }
        }
        for index in 0..self.model.operations.len() {
            let mut operation = std::mem::take(&mut self.model.operations[index]);
            operation.kinds_mut(|kind| *kind = self.current(kind));
            self.model.operations[index] = operation;
        }
        let parents: Vec<usize> = (0..self.parents.len()).map(|node| self.root(node)).collect();
        for object in &mut self.model.objects {
            for site in &mut object.sites {
                site.owner = site.owner.map(|owner| parents[owner]);
            }
        }
        for choice in &mut self.model.choices {
            for site in &mut choice.sites {
                site.owner = site.owner.map(|owner| parents[owner]);
            }
        }
        for vocabulary in &mut self.model.vocabularies {
            for site in &mut vocabulary.sites {
                site.owner = site.owner.map(|owner| parents[owner]);
            }
        }
    }
}

/// What most of its fields call an object; `None` for one that is only ever a whole body or response.
pub(super) fn noun(object: &Object) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for site in object.sites.iter().filter(|site| !site.field.is_empty()) {
        *counts.entry(site.noun()).or_default() += 1;
    }
    let (field, _) =
        counts.into_iter().max_by_key(|(field, count)| (*count, std::cmp::Reverse(field.clone())))?;
    Some(pascal(&field))
}
