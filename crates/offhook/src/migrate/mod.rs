//! `offhook migrate`: from call logs to call history and call elements.

pub(crate) mod check;
mod names;

use std::{io::Read as _, path::Path};

use anyhow::Context as _;
use offhook_calls::normalize::map::fields::Change;
use serde_json::{Value, json};
use zoom_phone::types::{catalogue::Operation, deprecation::Deprecation};

use self::check::Report;
use crate::{
    api::Api,
    args::{CheckArgs, MigrateCommand, StatusArgs},
    output::{Output, note},
};

/// Runs one of the commands.
pub(crate) async fn run(command: MigrateCommand, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    match command {
        MigrateCommand::Check(args) => check(&args, out),
        MigrateCommand::Status(args) => status(&args, config, out).await,
    }
}

/// Says what becomes of each name in some texts.
fn check(args: &CheckArgs, out: Output) -> anyhow::Result<()> {
    let mut text = String::new();
    for path in &args.files {
        let read = if path == Path::new("-") {
            std::io::stdin().read_to_string(&mut text).map(|_| ())
        } else {
            std::fs::read_to_string(path).map(|more| text.push_str(&more))
        };
        read.with_context(|| format!("cannot read {}", path.display()))?;
        text.push('\n');
    }
    let report = check::judge(&names::read(&text), args.from);
    if out.json {
        out.print_json(&report.json(), false);
    } else {
        show(&report, out);
    }
    Ok(())
}

fn show(report: &Report, out: Output) {
    let none = || "—".to_owned();
    let names = |names: Option<&str>| names.map_or_else(none, |names| names.replace(' ', ", "));
    let rows: Vec<Vec<String>> = report
        .fields
        .iter()
        .map(|field| {
            let mapped = field.mapped;
            vec![
                field.name.clone(),
                field.generation.as_str().to_owned(),
                said(field.change).to_owned(),
                names(mapped.v3_row),
                names(mapped.v3_element),
                names(mapped.v3_participant),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.table(&["FIELD", "OF", "NOW", "IN A ROW", "IN AN ELEMENT", "IN A PARTICIPANT'S ELEMENT"], &rows);
    }
    section(
        out,
        "Notes",
        report
            .fields
            .iter()
            .filter(|field| !field.mapped.note.is_empty())
            .map(|field| format!("{}: {}", field.name, field.mapped.note)),
    );
    section(
        out,
        "Where to get what is gone",
        report.fields.iter().flat_map(|field| {
            field.obtain.iter().map(move |operation| format!("{}: {}", field.name, whence(operation)))
        }),
    );
    for field in report.fields.iter().filter(|field| !field.words.is_empty()) {
        section(out, &format!("Words of {}", field.name), field.words.iter().cloned());
    }
    section(
        out,
        "Query parameters",
        report.parameters.iter().map(|(name, instead, known)| {
            let instead = if instead.is_empty() { "nothing".to_owned() } else { instead.join(", ") };
            format!("{name}: {instead} ({known})")
        }),
    );
    section(
        out,
        "Ending",
        report.ending.iter().map(|entry| {
            let instead = if entry.instead.is_empty() {
                String::new()
            } else {
                format!("; use {}", entry.instead.join(", "))
            };
            format!("{} {}: {}{instead}", entry.what.as_str(), entry.name, ends(entry))
        }),
    );
    section(out, "As they are in v3", report.current.iter().cloned());
    section(
        out,
        "Unknown",
        report.unknown.iter().map(|(name, nearest)| match nearest {
            Some(nearest) => format!("{name}: did you mean {nearest}?"),
            None => name.clone(),
        }),
    );
    if report.fields.is_empty() && report.ending.is_empty() {
        note("No field, operation or event of call logs or call history is in there.");
    }
}

fn section(out: Output, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        out.print("");
        out.print(&out.heading(title));
        lines.for_each(|line| out.print(&format!("  {line}")));
    }
}

/// A change, in a word or two.
fn said(change: Change) -> &'static str {
    match change {
        Change::Same => "same",
        Change::Renamed => "renamed",
        Change::NewValue => "another id",
        Change::Type => "another type",
        Change::Words => "other words",
        Change::Split => "several fields",
        Change::Derived => "to be worked out",
        Change::Elsewhere => "elsewhere",
        Change::Lost => "lost",
    }
}

/// An operation, with the scopes of which one is needed.
fn whence(operation: &Operation) -> String {
    format!("{} {} ({})", operation.method, operation.path, operation.scopes_granular.join(" or "))
}

/// When something ends, in words.
fn ends(entry: &Deprecation) -> String {
    entry.ends.map_or_else(
        || "deprecated, no date known".to_owned(),
        |ends| format!("Zoom announced the end for {}", ends.strftime("%B %Y")),
    )
}

/// An entry of the table, for programs.
fn ending(entry: &Deprecation) -> Value {
    json!({
        "what": entry.what.as_str(), "name": entry.name, "announced": entry.announced.map(|day| day.to_string()),
        "ends": entry.ends.map(|day| day.to_string()), "instead": entry.instead, "source": entry.source,
    })
}

/// What ends, and what of it is in use on a running server.
async fn status(args: &StatusArgs, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let api = Api::new(&args.server, config)?;
    let answer = api.get(&["deprecations"], &[]).await?;
    if out.json {
        out.print_json(&answer, false);
        return Ok(());
    }
    let text = |value: &Value| value.as_str().unwrap_or("—").to_owned();
    let list =
        |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ");
    let entries: Vec<&Value> = answer["deprecations"].as_array().into_iter().flatten().collect();
    let used: Vec<&Value> =
        entries.iter().copied().filter(|entry| entry["received"].as_u64() > Some(0)).collect();
    let rows: Vec<Vec<String>> = if args.all { &entries } else { &used }
        .iter()
        .map(|entry| {
            vec![
                text(&entry["what"]),
                text(&entry["name"]),
                text(&entry["ends"]),
                entry["received"].to_string(),
                text(&entry["last_at"]),
                list(&entry["instead"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        out.print("Nothing that Zoom has announced the end of came in.");
    } else {
        out.table(&["WHAT", "NAME", "ENDS", "RECEIVED", "LAST", "INSTEAD"], &rows);
    }
    let served: Vec<Vec<String>> = answer["served"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            vec![
                text(&entry["operation"]),
                text(&entry["client"]),
                entry["requests"].to_string(),
                text(&entry["last_day"]),
            ]
        })
        .collect();
    if !served.is_empty() {
        out.print("");
        out.print(&out.heading("Programs of yours that ask this server for the old shapes"));
        out.table(&["OPERATION", "PROGRAM", "REQUESTS", "LAST DAY"], &served);
    }
    Ok(())
}
