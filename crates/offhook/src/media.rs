//! `offhook media`: recordings, voicemails and transcripts of a running server.

use std::{path::Path, process::ExitCode};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{MediaCommand, MediaListArgs},
    output::{Output, note},
};

/// What is not known is shown as such.
const UNKNOWN: &str = "—";

pub(crate) async fn run(
    command: MediaCommand,
    config: Option<&Path>,
    out: Output,
) -> anyhow::Result<ExitCode> {
    match command {
        MediaCommand::List(args) => list(args, config, out).await?,
        MediaCommand::Fetch(args) => {
            let api = Api::new(&args.server, config)?;
            let mut asked = Vec::new();
            for id in &args.ids {
                let body = json!({ "who": args.who });
                asked.push(api.send(Method::POST, &["media", id, "fetch"], &[], Some(&body)).await?);
            }
            if out.json {
                out.print_json(&json!({ "files": asked }), false);
            } else {
                table(&asked, out);
                note("They come in the background; `offhook media list` shows how far they are.");
            }
        }
        MediaCommand::Hold(args) => {
            let api = Api::new(&args.server, config)?;
            let body = json!({ "who": args.who, "reason": args.reason });
            show(&api.send(Method::PUT, &["media", &args.id, "hold"], &[], Some(&body)).await?, out);
        }
        MediaCommand::Release(args) => {
            let api = Api::new(&args.server, config)?;
            let query = given([("who", args.who), ("reason", args.reason)]);
            show(&api.send(Method::DELETE, &["media", &args.id, "hold"], &query, None).await?, out);
        }
        MediaCommand::Purge(args) => {
            let api = Api::new(&args.server, config)?;
            let query = given([("reason", Some(args.reason)), ("who", args.who)]);
            show(&api.send(Method::DELETE, &["media", &args.id], &query, None).await?, out);
        }
        MediaCommand::Verify(args) => {
            let api = Api::new(&args.server, config)?;
            let ids = if args.ids.is_empty() { all_here(&api).await? } else { args.ids };
            return verify(&api, ids, out).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(args: MediaListArgs, config: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let api = Api::new(&args.server, config)?;
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(given([
        ("call", args.call),
        ("kind", args.kind),
        ("state", args.state),
        ("held", args.held.then(|| "true".to_owned())),
        ("cursor", args.cursor),
    ]));
    let mut page = api.get(&["media"], &query).await?;
    let summary = api.get(&["media", "summary"], &[]).await?;
    if out.json {
        page["summary"] = summary;
        out.print_json(&page, false);
        return Ok(());
    }
    let files: Vec<Value> = page["files"].as_array().cloned().unwrap_or_default();
    if files.is_empty() {
        note(
            "No files match. Without filters this lists every recording, voicemail and transcript there is.",
        );
    } else {
        table(&files, out);
    }
    if let Some(cursor) = page["next_cursor"].as_str() {
        note(&format!("There are more: --cursor '{cursor}'"));
    }
    let counts: Vec<String> = summary["counts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|count| format!("{} {} {}", count["files"], text(&count["kind"]), text(&count["state"])))
        .collect();
    if !counts.is_empty() {
        note(&format!("In all: {}", counts.join(", ")));
    }
    if summary["fetching"] == false {
        note("Nothing is fetched by itself: media.fetch is not set.");
    }
    if let Some(blocked) = summary["blocked"].as_str() {
        note(&format!("Held up: {blocked}"));
    }
    Ok(())
}

fn table(files: &[Value], out: Output) {
    let rows: Vec<Vec<String>> = files
        .iter()
        .map(|file| {
            vec![
                text(&file["recorded_at"]),
                text(&file["kind"]),
                text(&file["state"]),
                file["bytes"].as_u64().map_or_else(|| UNKNOWN.to_owned(), |bytes| bytes.to_string()),
                if file["hold"].is_null() { UNKNOWN.to_owned() } else { text(&file["hold"]["who"]) },
                text(&file["call_id"]),
                text(&file["id"]),
            ]
        })
        .collect();
    out.table(&["RECORDED", "KIND", "STATE", "BYTES", "HELD BY", "CALL", "ID"], &rows);
    for why in files.iter().filter_map(|file| Some((file["id"].as_str()?, file["why"].as_str()?))) {
        note(&format!("{}: {}", why.0, why.1));
    }
}

fn show(file: &Value, out: Output) {
    if out.json {
        out.print_json(file, false);
    } else {
        table(std::slice::from_ref(file), out);
    }
}

/// Ids of all files that are here.
async fn all_here(api: &Api) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut cursor = None;
    loop {
        let mut query = vec![("state", "here".to_owned()), ("limit", "500".to_owned())];
        query.extend(given([("cursor", cursor)]));
        let page = api.get(&["media"], &query).await?;
        let files = page["files"].as_array().into_iter().flatten();
        ids.extend(files.filter_map(|file| file["id"].as_str()).map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(ids),
        }
    }
}

async fn verify(api: &Api, ids: Vec<String>, out: Output) -> anyhow::Result<ExitCode> {
    let mut verdicts = Vec::new();
    for id in &ids {
        let verdict = api.send(Method::POST, &["media", id, "verify"], &[], Some(&json!({}))).await?;
        if !out.json && verdict["intact"] == false {
            out.print(&format!("{id}  {}", text(&verdict["why"])));
        }
        verdicts.push(verdict);
    }
    let damaged = verdicts.iter().filter(|verdict| verdict["intact"] == false).count();
    if out.json {
        out.print_json(&json!({ "files": verdicts, "damaged": damaged }), false);
    } else {
        out.print(&format!("{} files, {damaged} of them damaged.", ids.len()));
    }
    Ok(if damaged == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn given<const N: usize>(query: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or(UNKNOWN).to_owned()
}
