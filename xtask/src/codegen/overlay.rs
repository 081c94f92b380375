//! `codegen/overlay.toml` as types.

use anyhow::{Result, bail};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overlay {
    pub(super) family: Vec<Family>,
    pub(super) deprecated: Vec<String>,
    structs: BTreeMap<String, String>,
    maps: BTreeMap<String, MapRule>,
    rename: BTreeMap<String, String>,
    /// Fields to add, by struct.
    pub(super) fields: BTreeMap<String, Vec<String>>,
    types: TypeRules,
    pub(super) enums: BTreeMap<String, EnumRule>,
    redact: Fields,
    notes: BTreeMap<String, String>,
    pub(super) catalogue: Catalogue,
    #[serde(skip)]
    used: RefCell<BTreeSet<String>>,
}

/// Events that share a struct.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) events: Vec<String>,
}

/// An object read as a map of one struct.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MapRule {
    pub(super) item: String,
    pub(super) fields: BTreeSet<String>,
}

/// Values and places of a vocabulary.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnumRule {
    fields: Vec<String>,
    #[serde(default)]
    pub(super) add: Vec<String>,
    /// Rust names of values that would get the same one, or a poor one.
    #[serde(default)]
    pub(super) variants: BTreeMap<String, String>,
}

/// What is added to operations, by operationId. Every entry is used or fails the run (`quirks`, `catalogue`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    pub(super) names: BTreeMap<String, String>,
    pub(super) items: BTreeMap<String, String>,
    pub(super) page_size_max: BTreeMap<String, u32>,
    pub(super) success: BTreeMap<String, Success>,
    pub(super) host: BTreeMap<String, String>,
    pub(super) files: Operations,
    pub(super) comma_lists: BTreeMap<String, CommaList>,
    pub(super) parameters: BTreeMap<String, String>,
}

/// A success status that is documented wrongly.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Success {
    pub(super) documented: u16,
    pub(super) live: u16,
}

/// Some operations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operations {
    pub(super) operations: Vec<String>,
}

/// A list written with commas.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommaList {
    pub(super) parameter: String,
    /// The most items, where the document calls it text.
    pub(super) max: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeRules {
    text: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    fields: Vec<String>,
}

/// Reads the file's text.
pub(super) fn parse(text: &str) -> Result<Overlay> {
    Ok(toml::from_str(text)?)
}

impl Overlay {
    /// The struct of the object in a field, if the overlay names it.
    pub(super) fn struct_name(&self, owner: &str, field: &str) -> Option<&str> {
        self.lookup("structs", owner, field, |key| self.structs.get(key)).map(String::as_str)
    }

    /// The map rule of a field.
    pub(super) fn map(&self, owner: &str, field: &str) -> Option<&MapRule> {
        self.lookup("maps", owner, field, |key| self.maps.get(key))
    }

    /// The Rust name of a field, if it is not the wire name.
    pub(super) fn rename(&self, owner: &str, field: &str) -> Option<&str> {
        self.lookup("rename", owner, field, |key| self.rename.get(key)).map(String::as_str)
    }

    /// Whether a field is text whatever the document says.
    pub(super) fn is_text(&self, owner: &str, field: &str) -> bool {
        self.lookup("types.text", owner, field, |key| self.types.text.iter().find(|it| *it == key)).is_some()
    }

    /// Whether `Debug` hides a field.
    pub(super) fn is_redacted(&self, owner: &str, field: &str) -> bool {
        self.lookup("redact", owner, field, |key| self.redact.fields.iter().find(|it| *it == key)).is_some()
    }

    /// Our remark on a field.
    pub(super) fn note(&self, owner: &str, field: &str) -> Option<&str> {
        self.lookup("notes", owner, field, |key| self.notes.get(key)).map(String::as_str)
    }

    /// The vocabulary of a field.
    pub(super) fn enum_name(&self, owner: &str, field: &str) -> Option<&str> {
        let found = self.lookup("enums", owner, field, |key| {
            self.enums.iter().find(|(_, rule)| rule.fields.iter().any(|it| it == key))
        });
        found.map(|(name, _)| name.as_str())
    }

    /// `Owner.field` before `field`; what is found counts as used.
    fn lookup<T>(&self, table: &str, owner: &str, field: &str, get: impl Fn(&str) -> Option<T>) -> Option<T> {
        [format!("{owner}.{field}"), field.to_owned()].into_iter().find_map(|key| {
            let found = get(&key)?;
            self.used.borrow_mut().insert(format!("{table}: {key}"));
            Some(found)
        })
    }

    /// Fails if an entry matched nothing.
    pub(super) fn all_used(&self) -> Result<()> {
        let keys = |table: &str, keys: Vec<&String>| -> Vec<String> {
            keys.into_iter().map(|key| format!("{table}: {key}")).collect()
        };
        let mut unused = [
            keys("structs", self.structs.keys().collect()),
            keys("maps", self.maps.keys().collect()),
            keys("rename", self.rename.keys().collect()),
            keys("types.text", self.types.text.iter().collect()),
            keys("redact", self.redact.fields.iter().collect()),
            keys("notes", self.notes.keys().collect()),
            keys("enums", self.enums.values().flat_map(|rule| &rule.fields).collect()),
        ]
        .concat();
        unused.retain(|entry| !self.used.borrow().contains(entry));
        if !unused.is_empty() {
            bail!("entries that match nothing any more; remove or correct them:\n  {}", unused.join("\n  "));
        }
        Ok(())
    }
}
