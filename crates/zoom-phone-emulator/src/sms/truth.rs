//! The answer key for text messages: every thread, and what they add up to.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::etiquette::BREACHES;
use super::{Opt, consent, messages, time};
use crate::world::{World, at};

/// What text messages add up to. A message that went out is either sent or failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TextTotals {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// Not delivered, because somebody did not want it.
    pub(crate) failed: u64,
    pub(crate) opt_outs: u64,
    pub(crate) opt_ins: u64,
    /// Not sent, because it broke a rule of the account.
    pub(crate) blocked: u64,
    /// Sent although it broke a rule.
    pub(crate) warned: u64,
}

/// What happened until `now` at times that are wanted, added up.
pub(crate) fn totals(world: &World, now: Timestamp, wanted: impl Fn(Timestamp) -> bool) -> TextTotals {
    let mut totals = TextTotals::default();
    for (id, _) in world.children(at::SMS_SESSIONS) {
        for (_, message) in messages(world, id, now).iter().filter(|&&(at, _)| wanted(at)) {
            match outcome(message) {
                "received" => totals.received += 1,
                "failed" => totals.failed += 1,
                _ => totals.sent += 1,
            }
        }
    }
    for (_, opt) in consent::all(world).filter(|&(at, _)| at <= now && wanted(at)) {
        match opt {
            Opt::Out => totals.opt_outs += 1,
            _ => totals.opt_ins += 1,
        }
    }
    for (_, breach) in breaches(world, now).filter(|&(at, _)| wanted(at)) {
        match breach["verdict"].as_str() {
            Some("block") => totals.blocked += 1,
            _ => totals.warned += 1,
        }
    }
    totals
}

/// Every thread with its messages until `now`, oldest first, and every message that broke a rule.
pub(crate) fn threads(world: &World, now: Timestamp, wanted: impl Fn(Timestamp) -> bool) -> Value {
    let threads = world.children(at::SMS_SESSIONS).into_iter().filter_map(|(id, doc)| {
        let mut messages = messages(world, id, now);
        messages.retain(|&(at, _)| wanted(at));
        messages.reverse();
        let own = |name: &str| doc.get(name);
        (!messages.is_empty()).then(|| {
            json!({
                "session_id": id,
                "session_type": own("session_type"),
                "owner": own("_owner"),
                "number": own("_own"),
                "with": own("_far"),
                "messages": messages.iter().map(|(_, message)| line(message)).collect::<Value>(),
            })
        })
    });
    let breaches = breaches(world, now).filter(|&(at, _)| wanted(at)).map(|(_, breach)| breach);
    json!({ "threads": threads.collect::<Value>(), "breaches": breaches.collect::<Value>() })
}

fn line(message: &Value) -> Value {
    json!({
        "message_id": message["message_id"],
        "time": message["date_time"],
        "outcome": outcome(message),
        "message": message["message"],
    })
}

/// `sent`, `failed` or `received`.
fn outcome(message: &Value) -> &'static str {
    match (message["direction"].as_str(), message["delivery_status"].as_str()) {
        (Some("In"), _) => "received",
        (_, Some("failed_to_send")) => "failed",
        _ => "sent",
    }
}

fn breaches(world: &World, now: Timestamp) -> impl Iterator<Item = (Timestamp, Value)> {
    world.children(BREACHES).into_iter().filter_map(move |(_, doc)| {
        let at = time(doc, "time").filter(|&at| at <= now)?;
        Some((at, Value::Object(doc.clone())))
    })
}
