//! `cargo xtask coverage`: how much of Zoom Phone the SDK has, counted from three sides.
//!
//! What is specified comes from Zoom's documents where they are at hand, and from the catalogue made of them where not.
//! What is typed and called comes from the SDK's own tests, which call every operation and decode every event and
//! write down which: a number here is a call that was made.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use crate::codegen::read;
use crate::workspace::{cargo, root, target};

/// The tests find the folder to write to in this variable.
const VARIABLE: &str = "ZOOM_PHONE_COVERAGE";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What the tests wrote.
#[derive(Deserialize)]
struct Seen {
    typed: BTreeSet<String>,
    called: BTreeSet<String>,
}

#[derive(Serialize)]
struct Report {
    /// `documents`, or `catalogue` where Zoom's documents are not at hand.
    specified_by: &'static str,
    operations_specified: usize,
    operations_typed: usize,
    operations_called_in_tests: usize,
    events_specified: usize,
    events_typed: usize,
    events_decoded_in_tests: usize,
    operations_not_called: Vec<String>,
    events_not_decoded: Vec<String>,
}

/// Runs the tests that count and prints the report. Fails if anything is missing.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = target()?.join("coverage");
    std::fs::remove_dir_all(&folder).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error).with_context(|| format!("cannot empty {}", folder.display())),
    })?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut tests = cargo();
    tests
        .args(["test", "--quiet", "-p", "zoom-phone", "--test", "operations", "emulator"])
        .env(VARIABLE, &folder);
    // Standard output is the report's.
    let output =
        tests.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cargo did not start")?;
    if !output.status.success() {
        bail!("the tests fail:\n{}", String::from_utf8_lossy(&output.stdout));
    }
    let operations = seen(&folder.join("operations.json"))?;
    let events = seen(&folder.join("events.json"))?;
    let (specified_by, operations_specified, events_specified) = specified(&operations, &events)?;
    let not = |typed: &Seen| typed.typed.difference(&typed.called).cloned().collect();
    let report = Report {
        specified_by,
        operations_specified,
        operations_typed: operations.typed.len(),
        operations_called_in_tests: operations.called.len(),
        events_specified,
        events_typed: events.typed.len(),
        events_decoded_in_tests: events.called.len(),
        operations_not_called: not(&operations),
        events_not_decoded: not(&events),
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("by {}:", report.specified_by);
        println!(
            "  operations: {} specified, {} typed, {} called in tests",
            report.operations_specified, report.operations_typed, report.operations_called_in_tests
        );
        println!(
            "  events: {} specified, {} typed, {} decoded in tests",
            report.events_specified, report.events_typed, report.events_decoded_in_tests
        );
    }
    let whole = report.operations_specified == report.operations_called_in_tests
        && report.events_specified == report.events_decoded_in_tests;
    if !whole {
        bail!("not everything that is specified is typed and called");
    }
    Ok(())
}

fn seen(path: &Path) -> Result<Seen> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the tests wrote no {}: they did not run, or not all", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not the tests' report", path.display()))
}

/// The numbers of operations and events that Zoom specifies.
fn specified(operations: &Seen, events: &Seen) -> Result<(&'static str, usize, usize)> {
    let folder = root().join("../shared/zoom");
    let Some(documents) = read::documents_quietly(&folder)? else {
        return Ok(("catalogue", operations.typed.len(), events.typed.len()));
    };
    let phone = count(&documents.phone.json, "paths") + count(&documents.numbers.json, "paths");
    Ok(("documents", phone, count(&documents.webhooks.json, "webhooks")))
}

/// The verbs below every entry of `paths` or `webhooks`.
fn count(document: &Value, section: &str) -> usize {
    const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let entries = document[section].as_object().into_iter().flat_map(|entries| entries.values());
    entries.map(|entry| VERBS.iter().filter(|verb| entry.get(**verb).is_some()).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_verb_of_every_path_is_an_operation() {
        let document = json!({ "paths": { "/a": { "get": {}, "delete": {}, "parameters": [] }, "/b": { "patch": {} } } });
        assert_eq!(count(&document, "paths"), 3);
        assert_eq!(count(&document, "webhooks"), 0);
    }
}
