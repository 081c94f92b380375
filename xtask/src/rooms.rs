//! `cargo xtask rooms`: dependencies between our own crates point down the list of ARCHITECTURE.md only, and the pure
//! rooms know no I/O.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::{cargo, json};

/// From the top of the house to the bottom. A room may know those after it.
const ROOMS: &[&str] = &[
    "offhook",
    "offhook-server",
    "offhook-export",
    "offhook-media",
    "offhook-store",
    "offhook-calls",
    "zoom-phone-emulator",
    "zoom-phone",
    "zoom-phone-types",
];

/// What a room must not know, beyond what is above it.
const NEVER: &[(&str, &[&str])] = &[
    ("offhook-server", &["rusqlite"]),
    ("offhook-export", &["axum", "reqwest", "rusqlite", "zoom-phone", "zoom-phone-emulator"]),
    ("offhook-media", &["axum", "rusqlite", "zoom-phone-emulator"]),
    ("offhook-store", &["axum", "reqwest", "zoom-phone", "zoom-phone-emulator"]),
    ("offhook-calls", &["axum", "reqwest", "rusqlite", "tokio", "zoom-phone", "zoom-phone-emulator"]),
    ("zoom-phone-emulator", &["zoom-phone"]),
    ("zoom-phone-types", &["axum", "reqwest", "rusqlite", "tokio"]),
];

/// Fails with every dependency that is against the rules. Dependencies of tests are free.
pub(crate) fn run() -> Result<()> {
    let metadata = json(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let wrong: Vec<String> = packages.iter().flat_map(offences).collect();
    if !wrong.is_empty() {
        bail!("dependencies between rooms that ARCHITECTURE.md does not allow:\n  {}", wrong.join("\n  "));
    }
    println!("every room depends on rooms below it only");
    Ok(())
}

fn offences(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some(place) = ROOMS.iter().position(|room| *room == name) else { return Vec::new() };
    let never = NEVER.iter().find(|(room, _)| *room == name).map_or(&[][..], |(_, never)| never);
    package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str())
        .filter(|needed| {
            let above = ROOMS.iter().position(|room| room == needed).is_some_and(|needed| needed <= place);
            above || never.contains(needed)
        })
        .map(|needed| format!("{name} must not know {needed}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_room_may_know_what_is_below_it_and_nothing_above() {
        let package = |name: &str, needs: &str, kind: Value| json!({ "name": name, "dependencies": [{ "name": needs, "kind": kind }] });
        assert!(offences(&package("offhook-store", "offhook-calls", Value::Null)).is_empty());
        assert_eq!(offences(&package("offhook-calls", "offhook-store", Value::Null)).len(), 1);
        assert_eq!(offences(&package("offhook-calls", "tokio", Value::Null)).len(), 1);
        assert_eq!(offences(&package("zoom-phone-emulator", "zoom-phone", Value::Null)).len(), 1);
        assert!(
            offences(&package("offhook-store", "zoom-phone-emulator", json!("dev"))).is_empty(),
            "tests are free"
        );
        assert!(offences(&package("xtask", "offhook", Value::Null)).is_empty(), "tools are no rooms");
    }
}
