//! `offhook events tail`.

use std::{io::Write as _, path::Path};

use serde_json::Value;

use crate::{api::Api, args::TailArgs, output::Output};

/// Prints events as they come in, one a line.
pub(crate) async fn tail(args: TailArgs, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let api = Api::new(&args.server, config)?;
    let mut page = api.get(&["events"], &[("limit", args.lines.to_string())]).await?;
    loop {
        for event in page["events"].as_array().into_iter().flatten() {
            print(event, args.bodies, out);
        }
        std::io::stdout().flush()?;
        if args.no_follow {
            return Ok(());
        }
        let last = page["events"].as_array().and_then(|events| events.last()).map(|event| &event["seq"]);
        let after = last.or(page.get("last_seq")).and_then(Value::as_u64).unwrap_or(0);
        let query =
            [("after", after.to_string()), ("limit", "500".to_owned()), ("wait_seconds", "20".to_owned())];
        let next = api.get(&["events"], &query);
        tokio::select! {
            next = next => page = keep_place(next?, after),
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// An empty page says nothing about where we are: stay after the last event seen.
fn keep_place(mut page: Value, after: u64) -> Value {
    if page["events"].as_array().is_some_and(Vec::is_empty) {
        page["last_seq"] = after.into();
    }
    page
}

/// One event.
pub(crate) fn print(event: &Value, bodies: bool, out: Output) {
    if out.json {
        out.print_json(event, true);
        return;
    }
    let late = if event["late"] == true { "  late" } else { "" };
    let text = |field: &str| event[field].as_str().unwrap_or("").to_owned();
    out.print(&format!(
        "{:>8}  {}  {:<12}  {}{late}",
        event["seq"].as_u64().unwrap_or(0),
        text("received_at"),
        text("source"),
        text("event"),
    ));
    if bodies {
        out.print(&event["body"].to_string());
    }
}
