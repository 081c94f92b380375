//! `offhook calls list` and `offhook calls show`.

use std::path::Path;

use serde_json::Value;

use crate::{
    api::Api,
    args::{ListArgs, ShowArgs},
    events,
    output::{Output, note},
};

/// Lists calls, newest first.
pub(crate) async fn list(args: ListArgs, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let api = Api::new(&args.server, config)?;
    let mut query = vec![("limit", args.limit.to_string())];
    let given = [
        ("cursor", args.cursor),
        ("direction", args.direction),
        ("state", args.state),
        ("result", args.result),
        ("queue", args.queue),
        ("person", args.person),
        ("number", args.number),
        ("conflict", args.conflict.then(|| "true".to_owned())),
        ("from", args.from.map(|at| at.to_string())),
        ("to", args.to.map(|at| at.to_string())),
    ];
    query.extend(given.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
    let page = api.get(&["calls"], &query).await?;
    if out.json {
        out.print_json(&page, false);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = page["calls"].as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        note("No calls match. Without filters this lists every call there is.");
        return Ok(());
    }
    out.table(&["STARTED", "DIRECTION", "STATE", "RESULT", "FROM", "TO", "QUEUE", "TALK", "ID"], &rows);
    if let Some(cursor) = page["next_cursor"].as_str() {
        note(&format!("There are more: --cursor '{cursor}'"));
    }
    Ok(())
}

fn row(call: &Value) -> Vec<String> {
    vec![
        text(&call["started_at"]),
        text(&call["direction"]),
        text(&call["state"]),
        text(&call["result"]),
        party(&call["from"]),
        party(&call["to"]),
        party(&call["queue"]),
        duration(&call["talk_seconds"]),
        text(&call["id"]),
    ]
}

/// Shows one call.
pub(crate) async fn show(args: ShowArgs, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let api = Api::new(&args.server, config)?;
    let mut call = api.get(&["calls", &args.id], &[]).await?;
    let told = if args.events { Some(api.get(&["calls", &args.id, "events"], &[]).await?) } else { None };
    if out.json {
        if let Some(told) = told {
            call["events"] = told["events"].clone();
        }
        out.print_json(&call, false);
        return Ok(());
    }
    out.print(&format!(
        "{}  {} call, {}{}",
        out.heading(&text(&call["id"])),
        text(&call["direction"]),
        out.word(&text(&call["state"])),
        call["result"].as_str().map(|result| format!(", {}", out.word(result))).unwrap_or_default(),
    ));
    let derived: Vec<&str> =
        call["derived"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let line = |name: &str, value: String, field: &str| {
        let mark = if derived.contains(&field) { "  (worked out, not told)" } else { "" };
        out.print(&format!("  {name:<10}{value}{mark}"));
    };
    line("from", party(&call["from"]), "from");
    line("to", party(&call["to"]), "to");
    line("queue", party(&call["queue"]), "queue");
    line("started", text(&call["started_at"]), "started_at");
    line("answered", text(&call["answered_at"]), "answered_at");
    line("ended", text(&call["ended_at"]), "ended_at");
    line("waited", duration(&call["wait_seconds"]), "wait_seconds");
    line("talked", duration(&call["talk_seconds"]), "talk_seconds");
    line("on hold", duration(&call["hold_seconds"]), "hold_seconds");
    section(
        out,
        "Legs",
        &["SIDE", "PARTY", "STATE", "OUTCOME", "QUEUE", "WAIT", "TALK", "HOLD"],
        &call["legs"],
        |leg| {
            vec![
                text(&leg["side"]),
                party(&leg["party"]),
                text(&leg["state"]),
                text(&leg["outcome"]),
                party(&leg["queue"]),
                duration(&leg["wait_seconds"]),
                duration(&leg["talk_seconds"]),
                duration(&leg["hold_seconds"]),
            ]
        },
    );
    section(out, "Timeline", &["AT", "WHAT", "WHO", "DETAIL", "SOURCE"], &call["timeline"], |entry| {
        vec![
            text(&entry["at"]),
            text(&entry["what"]),
            party(&entry["who"]),
            text(&entry["detail"]),
            text(&entry["source"]),
        ]
    });
    section(out, "Ids", &["KIND", "VALUE", "TOLD BY"], &call["ids"], |id| {
        let sources: Vec<&str> =
            id["sources"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        vec![text(&id["kind"]), text(&id["value"]), sources.join(", ")]
    });
    if let Some(told) = told {
        out.print("");
        out.print(&out.heading("Events"));
        for event in told["events"].as_array().into_iter().flatten() {
            events::print(event, true, out);
        }
    }
    Ok(())
}

fn section(out: Output, title: &str, header: &[&str], items: &Value, row: impl Fn(&Value) -> Vec<String>) {
    let rows: Vec<Vec<String>> = items.as_array().into_iter().flatten().map(row).collect();
    if !rows.is_empty() {
        out.print("");
        out.print(&out.heading(title));
        out.table(header, &rows);
    }
}

/// What is not known is shown as such.
const UNKNOWN: &str = "—";

fn text(value: &Value) -> String {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or(UNKNOWN).to_owned()
}

fn party(value: &Value) -> String {
    let extension = value["extension_number"].as_str();
    match (value["name"].as_str(), extension, value["number"].as_str()) {
        (Some(name), Some(extension), _) => format!("{name} ({extension})"),
        (Some(name), None, Some(number)) => format!("{name} ({number})"),
        (Some(name), None, None) => name.to_owned(),
        (None, Some(extension), _) => format!("extension {extension}"),
        (None, None, Some(number)) => number.to_owned(),
        (None, None, None) => UNKNOWN.to_owned(),
    }
}

fn duration(value: &Value) -> String {
    match value.as_i64() {
        Some(seconds) if seconds >= 3600 => {
            format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
        Some(seconds) => format!("{}:{:02}", seconds / 60, seconds % 60),
        None => UNKNOWN.to_owned(),
    }
}
