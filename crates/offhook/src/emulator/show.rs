//! What an emulator says, for people.

use serde_json::Value;
use zoom_phone_emulator::FaultKind;

use crate::output::{Output, note};

pub(super) fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn party(party: &Value) -> String {
    let name = party["name"].as_str().or(party["number"].as_str()).unwrap_or("somebody");
    match party["extension_number"].as_u64() {
        Some(extension) => format!("{name} ({extension})"),
        None => name.to_owned(),
    }
}

pub(super) fn scenarios(answer: &Value, out: Output) {
    let row = |scenario: &Value| {
        let parameters: Vec<_> = rows(&scenario["parameters"]).map(text).collect();
        vec![text(&scenario["name"]), text(&scenario["what"]), parameters.join(" ")]
    };
    let all: Vec<_> = rows(&answer["scenarios"]).map(row).collect();
    out.table(&["SCENARIO", "WHAT HAPPENS", "PARAMETERS"], &all);
}

pub(super) fn events(answer: &Value, out: Output) {
    let row = |event: &Value| {
        let deliveries: Vec<_> = rows(&event["deliveries"]).map(outcome).collect();
        vec![text(&event["id"]), text(&event["at"]), text(&event["event"]), deliveries.join(", ")]
    };
    let all: Vec<_> = rows(&answer["events"]).map(row).collect();
    if all.is_empty() {
        note("No such events. `offhook emulator trigger inbound_answered` makes some.");
        return;
    }
    out.table(&["ID", "AT", "EVENT", "DELIVERIES"], &all);
}

/// `webhook: waiting (500), next at …`
fn outcome(delivery: &Value) -> String {
    let attempts: Vec<_> = rows(&delivery["attempts"]).collect();
    let came = match attempts.last() {
        Some(last) => {
            last["status"].as_u64().map_or(" (no answer)".to_owned(), |status| format!(" ({status})"))
        }
        None => String::new(),
    };
    let often = if attempts.len() > 1 { format!(", {} attempts", attempts.len()) } else { String::new() };
    let next = delivery["retry_at"].as_str().map(|at| format!(", next at {at}")).unwrap_or_default();
    format!("{}: {}{came}{often}{next}", text(&delivery["subscription"]), text(&delivery["outcome"]))
}

pub(super) fn event(event: &Value, out: Output) {
    let (id, name, at) = (text(&event["id"]), text(&event["event"]), text(&event["at"]));
    out.print(&format!("{}  {at}", out.heading(&format!("{id} {name}"))));
    out.print(&text(&event["body"]));
    for delivery in rows(&event["deliveries"]) {
        out.print("");
        out.print(&outcome(delivery));
        for attempt in rows(&delivery["attempts"]) {
            let request = &attempt["request"];
            out.print(&format!("  POST {}", text(&request["url"])));
            for header in rows(&request["headers"]) {
                out.print(&format!("    {}: {}", text(&header[0]), text(&header[1])));
            }
            match attempt["error"].as_str() {
                Some(error) => out.print(&format!("  no answer: {error}")),
                None => out.print(&format!(
                    "  {} after {} ms {}",
                    text(&attempt["status"]),
                    text(&attempt["latency_ms"]),
                    text(&attempt["response"]["body"]),
                )),
            }
        }
    }
}

pub(super) fn faults(answer: &Value, out: Output) {
    let mut none = true;
    for fault in rows(&answer["faults"]) {
        none = false;
        let fields = fault.as_object().into_iter().flatten().filter(|(name, _)| *name != "fault");
        let fields: Vec<_> = fields.map(|(name, value)| format!("{name}={}", text(value))).collect();
        out.print(format!("{} {}", text(&fault["fault"]), fields.join(" ")).trim_end());
    }
    if none {
        note("No faults are on. `offhook emulator faults kinds` lists what can go wrong.");
    }
}

pub(super) fn kinds(out: Output) {
    for kind in FaultKind::ALL {
        out.print(&format!("{}  {}", out.heading(kind.fault), kind.what));
        for field in kind.fields {
            let must = if field.required { ", required" } else { "" };
            let choices = if field.choices.is_empty() {
                String::new()
            } else {
                format!(" ({})", field.choices.join(", "))
            };
            out.print(&format!("    {}: {}{choices}{must}", field.name, field.what));
        }
        if let Some(filter) = kind.filter {
            let which =
                if filter == "event" { "which events; a trailing * is allowed" } else { "which operation" };
            out.print(&format!("    {filter}: {which}; all unless given"));
        }
        if !kind.standing {
            out.print("    times, probability: how often; once unless given");
        }
    }
}

pub(super) fn ledger(answer: &Value, out: Output) {
    let row = |call: &Value| {
        vec![
            text(&call["start_time"]),
            text(&call["scenario"]),
            party(&call["caller"]),
            party(&call["callee"]),
            text(&call["result"]),
            text(&call["call_id"]),
        ]
    };
    let all: Vec<_> = rows(&answer["calls"]).map(row).collect();
    if all.is_empty() {
        note("No call is over yet.");
        return;
    }
    out.table(&["STARTED", "SCENARIO", "FROM", "TO", "RESULT", "CALL_ID"], &all);
}
