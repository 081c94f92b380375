//! Rust source of the typed client: a file for each group.

use super::naming::Named;
use super::shapes::Model;
use anyhow::Result;
use std::collections::BTreeMap;

/// The files, by name below `crates/zoom-phone`.
pub(super) fn files(_model: &Model, _named: &Named) -> Result<BTreeMap<String, String>> {
    Ok(BTreeMap::new())
}
