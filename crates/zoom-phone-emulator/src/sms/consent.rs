//! Who wants messages from whom.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::text;
use crate::world::{Doc, World};

/// Where the wishes of people outside are, each with a number of the account: `/phone/sms_consumers/{far}-{own}`.
const CONSUMERS: &str = "/phone/sms_consumers";

/// Whether somebody outside wants messages from a number of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opt {
    /// Never said.
    Pending,
    In,
    Out,
}

impl Opt {
    /// Zoom's `opt_status`.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::In => "opt_in",
            Self::Out => "opt_out",
        }
    }
}

/// What was said last before `now`.
pub(crate) fn opt(world: &World, far: &str, own: &str, now: Timestamp) -> Opt {
    let said = world.get(&address(far, own)).into_iter().flat_map(said);
    said.filter(|&(at, _)| at <= now).last().map_or(Opt::Pending, |(_, opt)| opt)
}

/// All that was said so far, to any number of the account, with its time.
pub(super) fn all(world: &World) -> impl Iterator<Item = (Timestamp, Opt)> {
    world.children(CONSUMERS).into_iter().flat_map(|(_, doc)| said(doc))
}

fn said(doc: &Doc) -> impl Iterator<Item = (Timestamp, Opt)> {
    let said = doc.get("said").and_then(Value::as_array).into_iter().flatten();
    said.filter_map(|entry| {
        let at = entry["at"].as_str()?.parse().ok()?;
        Some((at, if entry["opt_status"] == "opt_out" { Opt::Out } else { Opt::In }))
    })
}

/// Writes down what was said.
pub(crate) fn set_opt(world: &mut World, far: &str, own: &str, opt: Opt, at: Timestamp) {
    let address = address(far, own);
    let mut doc: Doc = world.get(&address).cloned().unwrap_or_default();
    let entry = json!({ "at": text(at), "opt_status": opt.text() });
    match doc.get_mut("said").and_then(Value::as_array_mut) {
        Some(said) => said.push(entry),
        None => {
            doc.insert("said".to_owned(), json!([entry]));
        }
    }
    world.put(address, doc);
}

/// What a message says about further messages: the words that carriers listen to.
pub(super) fn wish(message: &str) -> Option<Opt> {
    match message.trim().to_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => Some(Opt::Out),
        "START" | "UNSTOP" | "YES" => Some(Opt::In),
        _ => None,
    }
}

fn address(far: &str, own: &str) -> String {
    format!("{CONSUMERS}/{}-{}", far.trim_start_matches('+'), own.trim_start_matches('+'))
}
