//! `offhook reconcile`: did we get all of them?

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::bail;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{FailOn, ReconcileCommand, ReportArgs, ReportsArgs, RunArgs},
    clock, exit,
    output::{Output, Progress, note},
};

/// From one look at a report under way to the next.
const LOOK: Duration = Duration::from_millis(500);

/// What the kinds of items mean, in the order in which they are shown.
const KINDS: [(&str, &str); 10] = [
    ("only_events", "events told of it, Zoom's records do not list it"),
    ("path_missing", "listed, but its steps were never read"),
    ("not_listed", "announced, and in no list of recordings or voicemails"),
    ("queue_differs", "Zoom counts other numbers for the queue's day"),
    ("only_rest", "a call of which no event came"),
    ("never_sent", "its event never came; Zoom's records have it"),
    ("end_not_sent", "no event told that the call ended"),
    ("sent_late", "an event that came late"),
    ("sent_twice", "an event that came more than once"),
    ("queue_equal", "Zoom's numbers for the queue's day are ours"),
];

pub(crate) async fn run(
    command: ReconcileCommand,
    config: Option<&Path>,
    out: Output,
) -> anyhow::Result<ExitCode> {
    match command {
        ReconcileCommand::Run(args) => order(args, config, out).await,
        ReconcileCommand::List(args) => list(args, config, out).await,
        ReconcileCommand::Show(args) => show(args, config, out).await,
    }
}

async fn order(args: RunArgs, config: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server, config)?;
    let (from, to) = yesterday(clock::now())?;
    let wanted = json!({
        "account": args.account,
        "from": args.from.unwrap_or(from).to_string(),
        "to": args.to.unwrap_or(to).to_string(),
    });
    let mut report = api.send(Method::POST, &["reconciliations"], &[], Some(&wanted)).await?;
    let id = report["id"].to_string();
    if !args.wait && args.fail_on.is_empty() {
        if out.json {
            out.print_json(&report, false);
        } else {
            out.print(&format!("Report {id} is ordered; offhook reconcile show {id} shows it."));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut progress = Progress::new(true);
    while matches!(report["state"].as_str(), Some("waiting" | "running")) {
        progress.show(&under_way(&report));
        tokio::time::sleep(LOOK).await;
        report = api.get(&["reconciliations", &id], &[]).await?;
    }
    progress.clear();
    if out.json {
        out.print_json(&report, false);
    } else {
        print(&report, out);
    }
    outcome(&report, &args.fail_on)
}

/// The last day that is over, in UTC.
fn yesterday(now: Timestamp) -> anyhow::Result<(Timestamp, Timestamp)> {
    let today = now.to_zoned(TimeZone::UTC).start_of_day()?;
    Ok((today.checked_sub(1.day())?.timestamp(), today.timestamp()))
}

fn under_way(report: &Value) -> String {
    let progress = &report["progress"];
    let what = match progress["step"].as_str() {
        Some("reading") => "reading Zoom's records",
        Some("folding") => "putting together what came in",
        Some("comparing") => "comparing calls",
        Some("queues") => "comparing queues",
        _ => "waiting",
    };
    match (progress["done"].as_u64(), progress["total"].as_u64()) {
        (Some(done), Some(total)) if total > 0 => {
            format!("{what}: {done} of {total} ({} %)", done.saturating_mul(100) / total)
        }
        _ => what.to_owned(),
    }
}

/// The code for a report's verdict, if it was asked for. A report that could not be made is an error.
fn outcome(report: &Value, fail_on: &[FailOn]) -> anyhow::Result<ExitCode> {
    if report["state"] == "failed" {
        bail!("the report could not be made: {}", report["error"].as_str().unwrap_or("nobody said why"));
    }
    let verdict = &report["summary"]["verdict"];
    let fails = fail_on.iter().any(|on| *verdict == on.word());
    Ok(if fails { ExitCode::from(exit::INCOMPLETE) } else { ExitCode::SUCCESS })
}

async fn list(args: ReportsArgs, config: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server, config)?;
    let mut query = vec![("limit", args.limit.to_string())];
    let given = [("cursor", args.cursor), ("account", args.account)];
    query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let page = api.get(&["reconciliations"], &query).await?;
    if out.json {
        out.print_json(&page, false);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |report: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let verdict = report["summary"]["verdict"].as_str().or(report["state"].as_str());
        let said = report["summary"]["line"].as_str().or(report["error"].as_str()).unwrap_or_default();
        vec![
            report["id"].to_string(),
            text(&report["from"]),
            text(&report["to"]),
            verdict.unwrap_or_default().to_owned(),
            said.to_owned(),
        ]
    };
    let rows: Vec<_> = page["reconciliations"].as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        note("There is no report yet; offhook reconcile run makes one.");
        return Ok(ExitCode::SUCCESS);
    }
    out.table(&["REPORT", "FROM", "TO", "VERDICT", "IN SHORT"], &rows);
    if let Some(cursor) = page["next_cursor"].as_str() {
        note(&format!("There are more: --cursor '{cursor}'"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(args: ReportArgs, config: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server, config)?;
    let id = args.id.to_string();
    let mut report = api.get(&["reconciliations", &id], &[]).await?;
    let items = match &args.kind {
        None => None,
        Some(kind) => {
            let mut query = vec![("limit", args.limit.to_string())];
            if kind != "all" {
                query.push(("kind", kind.clone()));
            }
            query.extend(args.cursor.map(|cursor| ("cursor", cursor)));
            Some(api.get(&["reconciliations", &id, "items"], &query).await?)
        }
    };
    if out.json {
        if let Some(items) = items {
            report["items"] = items["items"].clone();
            report["next_cursor"] = items["next_cursor"].clone();
        }
        out.print_json(&report, false);
    } else {
        print(&report, out);
        if let Some(items) = &items {
            print_items(items, out);
        }
    }
    outcome(&report, &args.fail_on)
}

fn print(report: &Value, out: Output) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let summary = &report["summary"];
    let word = summary["verdict"].as_str().or(report["state"].as_str()).unwrap_or_default();
    out.print(&format!("{}  {}", out.heading(&format!("Report {}", report["id"])), out.word(word)));
    out.print(&format!("  period   {} to {}", text(&report["from"]), text(&report["to"])));
    out.print(&format!("  account  {}", text(&report["account_id"])));
    if summary.is_null() {
        let said = report["error"].as_str().map_or_else(|| under_way(report), str::to_owned);
        out.print(&format!("  {said}"));
        return;
    }
    out.print(&format!("  verdict  {}", text(&summary["line"])));
    out.print("");
    let count = |value: &Value| value.as_u64().unwrap_or(0).to_string();
    let fields =
        ["known", "by_events", "by_records", "by_others", "records_only", "deleted", "young", "unknowable"];
    let things = ["calls", "elements", "recordings", "voicemails"].map(|thing| {
        let counts = fields.iter().map(|field| count(&summary[thing][field]));
        std::iter::once(thing.to_owned()).chain(counts).collect()
    });
    let header = [
        "",
        "KNOWN",
        "BY EVENTS",
        "BY RECORDS",
        "BY OTHERS",
        "RECORDS ONLY",
        "DELETED",
        "YOUNG",
        "UNKNOWABLE",
    ];
    out.table(&header, &things);
    let of_kind = |(kind, meaning): &(&str, &str)| {
        let count = summary["items"][kind].as_u64()?;
        Some(vec![(*kind).to_owned(), count.to_string(), (*meaning).to_owned()])
    };
    section(
        out,
        "What is odd",
        &["KIND", "HOW MANY", "MEANING"],
        &KINDS.iter().filter_map(of_kind).collect::<Vec<_>>(),
    );
    let listed = |name: &str| summary[name].as_array().into_iter().flatten();
    let never = listed("never_seen").map(|family| vec![text(&family["event"]), count(&family["expected"])]);
    section(
        out,
        "Events that never came: is the subscription missing?",
        &["EVENT", "EXPECTED"],
        &never.collect::<Vec<_>>(),
    );
    let gaps = listed("gaps").map(|gap| vec![text(&gap["list"]), text(&gap["from"]), text(&gap["to"])]);
    section(out, "Not read", &["LIST", "FROM", "TO"], &gaps.collect::<Vec<_>>());
    let late = &summary["events"]["late"];
    let buckets = ["within_10s", "within_1m", "within_5m", "within_30m", "within_2h", "within_1d", "more"];
    let row = buckets.iter().map(|bucket| count(&late[bucket])).collect();
    let header = ["10 s", "1 min", "5 min", "30 min", "2 h", "1 day", "MORE"];
    section(out, "Events, by how soon they came", &header, &[row]);
    let queues = &summary["queues"];
    if let Some(days) = queues["days"].as_u64() {
        out.print("");
        out.print(&format!(
            "Queues: {} stays by our records, {} by Zoom's sums, {} unreconciled, in {days} whole days (UTC).",
            queues["ours"], queues["zooms"], queues["unreconciled"]
        ));
    }
    if let Some(reason) = summary["queues_unknown"].as_str() {
        out.print("");
        out.print(&format!("Queues were not compared: {reason}."));
    }
}

fn print_items(items: &Value, out: Output) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |item: &Value| {
        let more = [
            item["late_seconds"].as_i64().map(|seconds| format!("{seconds} s late")),
            item["copies"].as_u64().map(|copies| {
                format!("{copies} times, {} identical, {}", item["identical"], text(&item["cause"]))
            }),
            item["queue"].as_object().map(|day| {
                format!("{}: ours {}, Zoom's {}", day["day"], counts(&day["ours"]), counts(&day["zooms"]))
            }),
        ];
        let [kind, thing, id, call, event, at] =
            ["kind", "thing", "id", "call", "event", "at"].map(|field| text(&item[field]));
        vec![kind, thing, id, call, event, at, more.into_iter().flatten().next().unwrap_or_default()]
    };
    let rows: Vec<_> = items["items"].as_array().into_iter().flatten().map(row).collect();
    section(out, "Items", &["KIND", "THING", "ID", "CALL", "EVENT", "AT", ""], &rows);
    if let Some(cursor) = items["next_cursor"].as_str() {
        note(&format!("There are more: --cursor '{cursor}'"));
    }
}

/// Inbound, completed, abandoned, overflowed.
fn counts(counts: &Value) -> String {
    let numbers = ["inbound", "completed", "abandoned", "overflowed"].map(|name| counts[name].to_string());
    numbers.join("/")
}

fn section(out: Output, title: &str, header: &[&str], rows: &[Vec<String>]) {
    if !rows.is_empty() {
        out.print("");
        out.print(&out.heading(title));
        out.table(header, rows);
    }
}
