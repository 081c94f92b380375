//! `offhook sync`: reading Zoom's history, by the running server.

use std::{path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::Api,
    args::sync::{Generation, RunArgs, SyncCommand, SyncServer},
    output::{Output, Progress, note},
};

/// From one look at a run to the next.
const LOOK: Duration = Duration::from_secs(1);

/// Cells of a bar.
const BAR: u32 = 24;

pub(crate) async fn run(command: SyncCommand, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    match command {
        SyncCommand::Status(whom) => {
            let api = Api::new(&whom.server, config)?;
            show(&of(api.get(&["sync"], &[]).await?, whom.account.as_deref()), out);
        }
        SyncCommand::Pause(whom) => paused("pause", &whom, config, out).await?,
        SyncCommand::Resume(whom) => paused("resume", &whom, config, out).await?,
        SyncCommand::Run(args) => begin(args, config, out).await?,
    }
    Ok(())
}

async fn paused(what: &str, whom: &SyncServer, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let api = Api::new(&whom.server, config)?;
    let body = whom.account.as_ref().map_or_else(|| json!({}), |account| json!({"account": account}));
    show(&of(api.send(Method::POST, &["sync", what], &[], Some(&body)).await?, whom.account.as_deref()), out);
    Ok(())
}

async fn begin(args: RunArgs, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let api = Api::new(&args.whom.server, config)?;
    let begun = api.send(Method::POST, &["sync"], &[], Some(&order(&args))).await?;
    let runs: Vec<u64> =
        begun["accounts"].as_array().into_iter().flatten().filter_map(|one| one["run"].as_u64()).collect();
    if runs.is_empty() {
        note("Nothing of it is left to be read; --again reads it once more.");
    }
    if !args.wait || runs.is_empty() {
        if out.json {
            out.print_json(&begun, false);
        } else if !runs.is_empty() {
            let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
            note(&format!("Begun as run {}; `offhook sync status` shows how far it is.", runs.join(", ")));
        }
        return Ok(());
    }
    let mut progress = Progress::new(!out.json);
    let account = args.whom.account.as_deref();
    let status = loop {
        let status = of(api.get(&["sync"], &[]).await?, account);
        let ours: Vec<&Value> =
            runs_of(&status).filter(|run| run["id"].as_u64().is_some_and(|id| runs.contains(&id))).collect();
        if ours.iter().all(|run| run["state"] == "done") {
            break status;
        }
        let lines: Vec<String> = ours.iter().map(|run| line(run)).collect();
        progress.show(&lines.join("  |  "));
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => {
                progress.clear();
                note("The server goes on reading; `offhook sync status` shows how far it is.");
                return Ok(());
            }
        }
    };
    progress.clear();
    show(&status, out);
    Ok(())
}

/// What the API is asked for.
fn order(args: &RunArgs) -> Value {
    let mut order = json!({"mode": args.mode.word()});
    let mut kinds: Vec<&str> = args.kinds.iter().map(|kind| kind.word()).collect();
    if args.generation == Some(Generation::V1) {
        if kinds.is_empty() {
            kinds.extend(offhook_server::Kind::USUAL.iter().map(|kind| kind.word()));
        }
        kinds.push(offhook_server::Kind::CallLogs.word());
    }
    if !kinds.is_empty() {
        order["kinds"] = json!(kinds);
    }
    let given = [
        ("account", args.whom.account.clone()),
        ("from", args.from.map(|at| at.to_string())),
        ("to", args.to.map(|at| at.to_string())),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            order[name] = value.into();
        }
    }
    if args.again {
        order["again"] = true.into();
    }
    order
}

/// Only this account.
fn of(mut status: Value, account: Option<&str>) -> Value {
    if let (Some(account), Some(accounts)) = (account, status["accounts"].as_array_mut()) {
        accounts.retain(|one| one["account_id"] == account);
    }
    status
}

fn runs_of(status: &Value) -> impl Iterator<Item = &Value> {
    let accounts = status["accounts"].as_array().into_iter().flatten();
    accounts.flat_map(|account| account["runs"].as_array().into_iter().flatten())
}

fn show(status: &Value, out: Output) {
    if out.json {
        out.print_json(status, false);
        return;
    }
    let accounts = status["accounts"].as_array().map_or(&[][..], Vec::as_slice);
    if accounts.is_empty() {
        note("No account has credentials here, so that none of Zoom's records are read.");
    }
    for account in accounts {
        one(account, out);
    }
}

fn one(account: &Value, out: Output) {
    let rests = if account["paused"] == true { "  backfill and nights rest" } else { "" };
    out.print(&format!("{}{rests}", out.heading(&text(&account["account_id"]))));
    for until in list(&account["until"]) {
        out.print(&format!("  {:<12}caught up until {}", text(&until["kind"]), text(&until["at"])));
    }
    if let Some(daily) = account["quota"]["daily"].as_u64() {
        let number = |name: &str| account["quota"][name].as_u64().unwrap_or(0);
        out.print(&format!(
            "  quota       {} of {daily} HEAVY requests used today, backfill up to {}; anew in {}",
            number("used_today"),
            number("backfill_share"),
            span(number("resets_in_seconds")),
        ));
    }
    for refused in list(&account["refused"]) {
        out.print(&format!(
            "  {} {}: grant the app {}; tried again at {}",
            out.word("missing"),
            text(&refused["kind"]),
            text(&refused["scopes"]),
            text(&refused["again_at"]),
        ));
    }
    for run in list(&account["runs"]) {
        out.print("");
        out.print(&line(run));
        let mut rows = Vec::new();
        for kind in list(&run["kinds"]) {
            let windows =
                ["windows_done", "windows_waiting", "windows_missing"].map(|name| number(&kind[name]));
            rows.push([vec![text(&kind["kind"])], windows.to_vec(), vec![number(&kind["rows"])]].concat());
        }
        if run["state"] != "done" || rows.iter().any(|row| row[3] != "0") {
            out.table(&["LIST", "WINDOWS READ", "WAITING", "MISSING", "ROWS"], &rows);
        }
        for item in list(&run["items"]) {
            out.print(&format!(
                "  {}: {} here, {} to come ({} not ready), {} given up",
                text(&item["kind"]),
                number(&item["done"]),
                number(&item["due"]),
                number(&item["not_ready"]),
                number(&item["given_up"]),
            ));
        }
    }
    let troubles: Vec<Vec<String>> = list(&account["troubles"])
        .map(|trouble| {
            let state = if trouble["given_up"] == true { "missing" } else { "late" };
            [&trouble["kind"], &trouble["what"]]
                .map(text)
                .into_iter()
                .chain([
                    state.to_owned(),
                    number(&trouble["tries"]),
                    text(&trouble["at"]),
                    text(&trouble["reason"]),
                ])
                .collect()
        })
        .collect();
    if !troubles.is_empty() {
        out.print("");
        out.table(&["KIND", "WHAT", "STATE", "TRIES", "AT", "WHY"], &troubles);
    }
}

/// One run on one line.
fn line(run: &Value) -> String {
    let percent = run["percent"].as_f64().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cells of a bar")]
    let full = (percent.clamp(0.0, 100.0) * f64::from(BAR) / 100.0) as u32;
    let bar: String = (0..BAR).map(|cell| if cell < full { '#' } else { '.' }).collect();
    let requests = ["light", "medium", "heavy"].map(|label| run["requests"][label].as_u64().unwrap_or(0));
    let left = match run["eta_seconds"].as_u64() {
        Some(0) | None => String::new(),
        Some(seconds) => format!(", {} to go", span(seconds)),
    };
    format!(
        "{} {} [{bar}] {percent:.1} % {}, {} rows, {} requests{left}",
        text(&run["mode"]),
        number(&run["id"]),
        text(&run["state"]),
        number(&run["rows"]),
        requests.iter().sum::<u64>(),
    )
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("—").to_owned()
}

fn number(value: &Value) -> String {
    value.as_u64().map_or_else(|| "—".to_owned(), |number| number.to_string())
}

/// A length of time in its two largest units.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_one_line_with_a_bar() {
        let run = json!({
            "id": 3, "mode": "backfill", "state": "running", "percent": 50.04, "eta_seconds": 5400, "rows": 900,
            "requests": {"light": 890, "medium": 2, "heavy": 4}
        });
        assert_eq!(
            line(&run),
            "backfill 3 [############............] 50.0 % running, 900 rows, 896 requests, 1 h 30 min to go"
        );
    }

    #[test]
    fn lengths_of_time_have_two_units() {
        let shown = [5, 65, 3600, 90_000, 200_000].map(span);
        assert_eq!(shown, ["5 s", "1 min 5 s", "1 h 0 min", "1 d 1 h", "2 d 7 h"]);
    }
}
