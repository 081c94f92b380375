//! Pooling vocabularies: fields of one name whose values overlap share one.

use super::model::{Kind, Model, Site, Vocabulary};
use super::rules::Rules;
use std::collections::{BTreeMap, BTreeSet};

/// Unites vocabularies. Kinds name the one that stands for its set afterwards.
pub(super) fn pool(model: &mut Model, rules: &Rules) {
    let mut pools: Vec<Pool> = Vec::new();
    // By field and values first: there are thousands.
    let mut distinct: BTreeMap<(String, BTreeSet<String>), Vec<usize>> = BTreeMap::new();
    for (index, vocabulary) in model.vocabularies.iter().enumerate() {
        let field = vocabulary.sites.first().map(Site::noun).unwrap_or_default();
        distinct.entry((field, vocabulary.values.iter().cloned().collect())).or_default().push(index);
    }
    let mut distinct: Vec<_> = distinct.into_iter().collect();
    // The larger ones first, so that the smaller find them; then in the order of the document.
    distinct
        .sort_by_key(|((_, values), members)| (std::cmp::Reverse(values.len()), members.first().copied()));
    for ((field, values), members) in distinct {
        let vague = rules.is_vague(&field);
        match pools.iter_mut().find(|pool| pool.takes(&field, vague, &values)) {
            Some(pool) => {
                pool.fields.insert(field);
                pool.values.extend(values);
                pool.members.extend(members);
            }
            None => pools.push(Pool { fields: BTreeSet::from([field]), values, members }),
        }
    }
    let mut stands = vec![0; model.vocabularies.len()];
    for pool in pools {
        let Some(&first) = pool.members.iter().min() else { continue };
        let mut members = pool.members;
        members.sort_unstable();
        for member in members {
            if let Some(slot) = stands.get_mut(member) {
                *slot = first;
            }
            if member != first
                && let Some(other) = model.vocabularies.get_mut(member)
            {
                let Vocabulary { values, sites, .. } = std::mem::replace(
                    other,
                    Vocabulary { values: Vec::new(), sites: Vec::new(), same_as: Some(first) },
                );
                if let Some(mine) = model.vocabularies.get_mut(first) {
                    mine.add(values, sites);
                }
            }
        }
    }
    let settle = |kind: &mut Kind| settle(kind, &stands);
    for object in &mut model.objects {
        object.fields.iter_mut().for_each(|field| settle(&mut field.kind));
    }
    model.operations.iter_mut().for_each(|operation| operation.kinds_mut(settle));
}

fn settle(kind: &mut Kind, stands: &[usize]) {
    match kind {
        Kind::List(items) => settle(items, stands),
        Kind::Vocabulary(index) => *index = stands.get(*index).copied().unwrap_or(*index),
        _ => {}
    }
}

struct Pool {
    fields: BTreeSet<String>,
    values: BTreeSet<String>,
    members: Vec<usize>,
}

impl Pool {
    /// Whether these values belong here.
    fn takes(&self, field: &str, vague: bool, values: &BTreeSet<String>) -> bool {
        let common = self.values.intersection(values).count();
        let part = common == values.len();
        if self.fields.contains(field) && !vague {
            return part || common * 2 > values.len();
        }
        // Of fields with different names, or names that say little, only what is long enough to be no accident.
        let same = part && values.len() == self.values.len();
        if self.fields.contains(field) {
            part && values.len() >= 3 || same
        } else {
            part && values.len() >= 3 && (same || vague)
        }
    }
}
