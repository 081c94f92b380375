//! Types and request builders of every operation.
//!
//! The input is the catalogue, so that both say the same. Passes: every object of every body and response becomes a
//! node of a [`model`] ([`shapes`]), vocabularies are pooled ([`vocabularies`]), nodes that are the same are united ([`merge`]), what
//! is left gets a module and a name ([`naming`]) and is written ([`emit_types`], [`emit_builders`], [`emit_calls`]).

mod choices;
mod emit_builders;
mod emit_calls;
mod emit_types;
mod merge;
mod model;
mod naming;
mod rules;
mod shapes;
#[cfg(test)]
mod tests;
mod vocabularies;

use super::families;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) use rules::{CHOICES, OPERATIONS, SHAPES};

/// The texts of the rule files: names, choices, shapes.
pub(super) struct RuleTexts<'a> {
    pub(super) operations: &'a str,
    pub(super) choices: &'a str,
    pub(super) shapes: &'a str,
}

/// Generated files by name, below the roots of the two crates.
pub(super) struct Output {
    pub(super) types: BTreeMap<String, String>,
    pub(super) client: BTreeMap<String, String>,
}

/// Everything for operations, from the catalogue. Vocabularies shared with events are pooled with those.
pub(super) fn generate(
    catalogue: &str,
    texts: &RuleTexts<'_>,
    events: &mut families::Model,
) -> Result<Output> {
    let catalogue: Value = serde_json::from_str(catalogue).context("the catalogue")?;
    let rules = rules::parse(texts)?;
    let mut model = shapes::read(&catalogue, &rules)?;
    vocabularies::pool(&mut model, &rules);
    merge::unite(&mut model, &rules)?;
    let named = naming::name(&model, &rules, events)?;
    let mut types = emit_types::files(&model, &named, &rules)?;
    types.insert("tests/generated/readers.rs".to_owned(), emit_calls::readers(&model, &named)?);
    let mut client = emit_builders::files(&model, &named, &rules)?;
    rules.all_used()?;
    client.insert("tests/generated/every_operation.rs".to_owned(), emit_calls::calls(&model, &named)?);
    Ok(Output { types, client })
}
