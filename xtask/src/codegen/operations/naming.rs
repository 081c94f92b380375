//! Modules and names of types.

use super::merge::noun;
use super::model::{Model, Site};
use super::rules::Rules;
use crate::codegen::families;
use crate::codegen::names::{pascal, singular};
use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// The module of types used in several groups.
pub(super) const SHARED: &str = "shared";

/// Names in use everywhere: types called so would be in the way.
const TAKEN: [&str; 16] = [
    "Box", "Default", "Err", "Error", "None", "Ok", "Option", "Result", "Self", "Some", "String", "Time",
    "ToString", "Value", "Vec", "Wire",
];

/// Where a type is and what it is called.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    /// `None`: a vocabulary of events.
    pub(super) module: Option<String>,
    pub(super) name: String,
}

/// Places by index; nodes that are part of another have none.
pub(super) struct Named {
    pub(super) objects: BTreeMap<usize, Place>,
    pub(super) vocabularies: BTreeMap<usize, Place>,
    pub(super) choices: BTreeMap<usize, Place>,
    /// Rust names of fields, by wire name, where they differ.
    pub(super) renamed: BTreeMap<String, String>,
    /// Fields that `Debug` hides.
    pub(super) redacted: BTreeSet<String>,
}

/// Names every type that is left.
pub(super) fn name(model: &Model, rules: &Rules, events: &mut families::Model) -> Result<Named> {
    let mut namer = Namer { model, rules, taken: BTreeSet::new(), objects: BTreeMap::new() };
    let choices = namer.choices()?;
    namer.hinted()?;
    namer.objects()?;
    let vocabularies = namer.vocabularies(events)?;
    let fields: BTreeSet<&str> =
        model.objects.iter().flat_map(|object| &object.fields).map(|field| field.wire.as_str()).collect();
    Ok(Named {
        renamed: fields
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), rules.rename(field)?.to_owned())))
            .collect(),
        redacted: fields
            .iter()
            .filter(|field| rules.is_redacted(field))
            .map(|field| (*field).to_owned())
            .collect(),
        objects: namer.objects,
        vocabularies,
        choices,
    })
}

struct Namer<'a> {
    model: &'a Model,
    rules: &'a Rules,
    /// Module and name.
    taken: BTreeSet<(String, String)>,
    objects: BTreeMap<usize, Place>,
}

impl Namer<'_> {
    fn module(&self, sites: &[Site]) -> String {
        let groups: BTreeSet<&str> =
            sites.iter().map(|site| self.model.operations[site.operation].group.as_str()).collect();
        match groups.first() {
            Some(group) if groups.len() == 1 => (*group).to_owned(),
            _ => SHARED.to_owned(),
        }
    }

    fn choices(&mut self) -> Result<BTreeMap<usize, Place>> {
        let mut places = BTreeMap::new();
        for (index, choice) in self.model.choices.iter().enumerate() {
            let module = self.module(&choice.sites);
            if !self.taken.insert((module.clone(), choice.name.clone())) {
                bail!("two choices of {module} are called {}", choice.name);
            }
            places.insert(index, Place { module: Some(module), name: choice.name.clone() });
        }
        Ok(places)
    }

    /// Those whose name is given, what is used most first.
    fn hinted(&mut self) -> Result<()> {
        let mut objects: Vec<_> = self.model.objects.iter().enumerate().collect();
        objects.sort_by_key(|(index, object)| (std::cmp::Reverse(object.sites.len()), *index));
        for (index, object) in objects {
            let Some(hint) = &object.hint else { continue };
            let module = self.module(&object.sites);
            let mut name = hint.clone();
            // Several groups may each have a type of this name; the ones they share can not.
            if module == SHARED && self.taken.contains(&(module.clone(), name.clone())) {
                let group =
                    object.sites.first().map(|site| self.model.operations[site.operation].group.as_str());
                name.insert_str(0, &pascal(&singular(group.unwrap_or_default())));
            }
            if TAKEN.contains(&name.as_str()) || !self.taken.insert((module.clone(), name.clone())) {
                bail!("{module}::{name} is taken: name another type of that module differently");
            }
            self.objects.insert(index, Place { module: Some(module), name });
        }
        Ok(())
    }

    /// The others: owners before what they own, what is used most before the rest.
    fn objects(&mut self) -> Result<()> {
        let model = self.model;
        let mut rest: Vec<usize> = (0..model.objects.len())
            .filter(|index| !model.objects[*index].sites.is_empty() && model.objects[*index].hint.is_none())
            .collect();
        rest.sort_by_key(|index| {
            let sites = &model.objects[*index].sites;
            (sites.iter().map(|site| site.depth).min(), std::cmp::Reverse(sites.len()), *index)
        });
        for index in rest {
            let object = &model.objects[index];
            let Some(site) = object.sites.first() else { continue };
            let operation = &model.operations[site.operation];
            let base = noun(object).unwrap_or_else(|| {
                let method = pascal(&operation.method);
                if site.request { format!("{method}Request") } else { format!("{method}Response") }
            });
            let owner = site.owner.and_then(|owner| self.objects.get(&owner)).map(|place| place.name.clone());
            let module = self.module(&object.sites);
            let name = self.free(&module, &base, owner.as_deref(), &operation.group, &operation.method)?;
            self.objects.insert(index, Place { module: Some(module), name });
        }
        Ok(())
    }

    /// The first name that is free: as short as can be.
    fn free(
        &mut self,
        module: &str,
        base: &str,
        owner: Option<&str>,
        group: &str,
        method: &str,
    ) -> Result<String> {
        // A prefix that the name has already says nothing new.
        let with = |prefix: &str| (!base.starts_with(prefix)).then(|| format!("{prefix}{base}"));
        let owner = owner.and_then(with);
        let candidates = [
            Some(base.to_owned()),
            owner.clone().filter(|name| name.len() <= 40),
            with(&pascal(&singular(group))),
            with(&pascal(method)),
            owner,
        ];
        for name in candidates.into_iter().flatten() {
            let free = !TAKEN.contains(&name.as_str())
                && !self.taken.contains(&(SHARED.to_owned(), name.clone()))
                && self.taken.insert((module.to_owned(), name.clone()));
            if free {
                return Ok(name);
            }
        }
        bail!("no name is left for {base} in {module} ({method}): give it one in codegen/operations.toml");
    }

    fn vocabularies(&mut self, events: &mut families::Model) -> Result<BTreeMap<usize, Place>> {
        let mut places = BTreeMap::new();
        let mut order: Vec<usize> = (0..self.model.vocabularies.len())
            .filter(|index| self.model.vocabularies[*index].same_as.is_none())
            .collect();
        order.sort_by_key(|index| (std::cmp::Reverse(self.model.vocabularies[*index].sites.len()), *index));
        for index in order {
            let vocabulary = &self.model.vocabularies[index];
            let Some(site) = self.telling(&vocabulary.sites) else { continue };
            let field = site.noun();
            let operation = &self.model.operations[site.operation];
            let owner = site.owner.and_then(|owner| self.objects.get(&owner)).map(|place| place.name.clone());
            let owner = owner.unwrap_or_else(|| pascal(&singular(&operation.group)));
            let given = self.rules.vocabulary(&owner, &site.field);
            let base = match given {
                Some(name) => name.to_owned(),
                None if self.rules.is_vague(&field) => format!("{owner}{}", pascal(&field)),
                None => pascal(&field),
            };
            if share(events, &base, &vocabulary.values) {
                places.insert(index, Place { module: None, name: base });
                continue;
            }
            let module = self.module(&vocabulary.sites);
            let name = self.free(&module, &base, Some(&owner), &operation.group, &operation.method)?;
            places.insert(index, Place { module: Some(module), name });
        }
        Ok(places)
    }

    /// The site whose field says most: the most frequent that is not vague.
    fn telling<'s>(&self, sites: &'s [Site]) -> Option<&'s Site> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for site in sites {
            *counts.entry(site.noun()).or_default() += 1;
        }
        sites
            .iter()
            .enumerate()
            .max_by_key(|(at, site)| {
                let field = site.noun();
                (!self.rules.is_vague(&field), counts.get(&field).copied(), std::cmp::Reverse(*at))
            })
            .map(|(_, site)| site)
    }
}

/// Whether events have a vocabulary of this name and of such values; it gets those it lacks.
fn share(events: &mut families::Model, name: &str, values: &[String]) -> bool {
    let Some(known) = events.enums.get_mut(name) else { return false };
    let common = values.iter().filter(|value| known.iter().any(|(it, _)| it == *value)).count();
    if common * 2 <= values.len().min(known.len()) {
        return false;
    }
    for value in values {
        if !known.iter().any(|(it, _)| it == value) {
            known.push((value.clone(), pascal(value)));
        }
    }
    true
}
