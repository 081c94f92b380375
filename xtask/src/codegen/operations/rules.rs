//! The files in `codegen/` about operations, as types. An entry that matches nothing fails the run.

use super::RuleTexts;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const OPERATIONS: &str = "codegen/operations.toml";
pub(crate) const CHOICES: &str = "codegen/choices.toml";
pub(crate) const SHAPES: &str = "codegen/shapes.toml";

/// All rules.
pub(super) struct Rules {
    operations: BTreeMap<String, (String, String)>,
    types: BTreeMap<String, String>,
    pub(super) choices: Vec<ChoiceRule>,
    shapes: Shapes,
    used: RefCell<BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operations {
    operations: BTreeMap<String, String>,
    #[serde(default)]
    types: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choices {
    choice: Vec<ChoiceRule>,
}

/// A value of several forms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceRule {
    pub(super) name: String,
    pub(super) sites: Vec<String>,
    /// `sibling:field`, `self:field` or `property`.
    pub(super) by: String,
    cases: BTreeMap<String, usize>,
    /// Where a site has other branches.
    #[serde(default)]
    at: BTreeMap<String, BTreeMap<String, usize>>,
    /// Values that come without a form.
    #[serde(default)]
    pub(super) bare: Vec<String>,
    /// Values in the vocabulary that Zoom's prose refuses.
    #[serde(default)]
    pub(super) refused: Vec<String>,
}

impl ChoiceRule {
    /// Branches by value at a site.
    pub(super) fn cases_at(&self, site: &str) -> &BTreeMap<String, usize> {
        self.at.get(site).unwrap_or(&self.cases)
    }

    /// Whether it says what a value of the selecting field means.
    pub(super) fn knows(&self, value: &String) -> bool {
        let cases = || std::iter::once(&self.cases).chain(self.at.values());
        cases().any(|cases| cases.contains_key(value))
            || self.bare.contains(value)
            || self.refused.contains(value)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shapes {
    /// Objects made of nothing but these fields, with the key among them, are one type.
    small: BTreeMap<String, Small>,
    /// Field names that say little: their vocabularies are named with what they belong to.
    vague: Vec<String>,
    /// Names of vocabularies, by `Owner.field` or field.
    vocabularies: BTreeMap<String, String>,
    /// Rust names of fields whose wire name is a keyword.
    rename: BTreeMap<String, String>,
    /// Fields that `Debug` hides.
    redact: Vec<String>,
    /// Remarks, by `Owner.field`, `field`, `Owner` or `group.method`.
    #[serde(default)]
    notes: BTreeMap<String, String>,
}

/// See [`Shapes::small`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Small {
    pub(super) key: Vec<String>,
    pub(super) fields: BTreeSet<String>,
}

pub(super) fn parse(texts: &RuleTexts<'_>) -> Result<Rules> {
    let operations: Operations = toml::from_str(texts.operations).context(OPERATIONS)?;
    let choices: Choices = toml::from_str(texts.choices).context(CHOICES)?;
    let shapes: Shapes = toml::from_str(texts.shapes).context(SHAPES)?;
    let mut methods = BTreeSet::new();
    let mut named = BTreeMap::new();
    for (name, place) in operations.operations {
        let (group, method) =
            place.split_once('.').with_context(|| format!("{OPERATIONS}: {name}: group.method"))?;
        if !methods.insert(place.clone()) {
            bail!("{OPERATIONS}: two operations are called {place}");
        }
        named.insert(name, (group.to_owned(), method.to_owned()));
    }
    Ok(Rules {
        operations: named,
        types: operations.types,
        choices: choices.choice,
        shapes,
        used: RefCell::default(),
    })
}

impl Rules {
    /// Group and method of an operation.
    pub(super) fn place(&self, operation: &str) -> Result<(String, String)> {
        self.note("operations", operation);
        self.operations.get(operation).cloned().with_context(|| {
            format!("{OPERATIONS} does not name {operation}: add `{operation} = \"group.method\"`")
        })
    }

    /// The name given to the object at a site.
    pub(super) fn type_name(&self, site: &str) -> Option<&str> {
        let name = self.types.get(site)?;
        self.note("types", site);
        Some(name)
    }

    /// The choice at a site, with its index.
    pub(super) fn choice(&self, site: &str) -> Option<(usize, &ChoiceRule)> {
        let found =
            self.choices.iter().enumerate().find(|(_, rule)| rule.sites.iter().any(|it| it == site))?;
        self.note("choices", site);
        Some(found)
    }

    /// The small type that an object with these fields is.
    pub(super) fn small(&self, fields: &BTreeSet<&str>) -> Option<&str> {
        let (name, _) = self.shapes.small.iter().find(|(_, it)| {
            it.key.iter().all(|key| fields.contains(key.as_str()))
                && fields.iter().all(|field| it.fields.contains(*field))
        })?;
        self.note("small", name);
        Some(name)
    }

    pub(super) fn is_vague(&self, field: &str) -> bool {
        let found = self.shapes.vague.iter().any(|it| it == field);
        if found {
            self.note("vague", field);
        }
        found
    }

    /// The given name of a vocabulary.
    pub(super) fn vocabulary(&self, owner: &str, field: &str) -> Option<&str> {
        [format!("{owner}.{field}"), field.to_owned()].into_iter().find_map(|key| {
            let name = self.shapes.vocabularies.get(&key)?;
            self.note("vocabularies", &key);
            Some(name.as_str())
        })
    }

    pub(super) fn rename(&self, field: &str) -> Option<&str> {
        let name = self.shapes.rename.get(field)?;
        self.note("rename", field);
        Some(name)
    }

    pub(super) fn is_redacted(&self, field: &str) -> bool {
        let found = self.shapes.redact.iter().any(|it| it == field);
        if found {
            self.note("redact", field);
        }
        found
    }

    /// Our remark on a field; `Owner.field` before `field`.
    pub(super) fn remark_on_field(&self, owner: &str, field: &str) -> Option<&str> {
        self.remark(&format!("{owner}.{field}")).or_else(|| self.remark(field))
    }

    /// Our remark on a type or an operation.
    pub(super) fn remark(&self, key: &str) -> Option<&str> {
        let remark = self.shapes.notes.get(key)?;
        self.note("notes", key);
        Some(remark.trim())
    }

    fn note(&self, table: &str, key: &str) {
        self.used.borrow_mut().insert(format!("{table}: {key}"));
    }

    /// Fails if an entry matched nothing.
    pub(super) fn all_used(&self) -> Result<()> {
        let tables: [(&str, Vec<&String>); 9] = [
            ("operations", self.operations.keys().collect()),
            ("types", self.types.keys().collect()),
            ("choices", self.choices.iter().flat_map(|rule| &rule.sites).collect()),
            ("small", self.shapes.small.keys().collect()),
            ("vague", self.shapes.vague.iter().collect()),
            ("vocabularies", self.shapes.vocabularies.keys().collect()),
            ("rename", self.shapes.rename.keys().collect()),
            ("redact", self.shapes.redact.iter().collect()),
            ("notes", self.shapes.notes.keys().collect()),
        ];
        let used = self.used.borrow();
        let unused: Vec<String> = tables
            .into_iter()
            .flat_map(|(table, keys)| keys.into_iter().map(move |key| format!("{table}: {key}")))
            .filter(|entry| !used.contains(entry))
            .collect();
        if !unused.is_empty() {
            bail!("entries that match nothing any more; remove or correct them:\n  {}", unused.join("\n  "));
        }
        Ok(())
    }
}
