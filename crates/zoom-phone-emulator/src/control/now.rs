//! Who is on the phone now, and who could be.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::text;
use crate::emulator::Shared;
use crate::ledger::{LedgerEntry, TrueLeg, of};
use crate::records::Side;
use crate::world::at;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/calls", get(calls)).route("/extensions", get(extensions))
}

/// Everybody and everything that can be called, in the order of creation.
async fn extensions(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let extensions = shared.state.world(|world| -> Vec<Value> {
        let all = at::EXTENSIONS.iter().flat_map(|&list| {
            let kind = list.rsplit('/').next().unwrap_or_default().trim_end_matches('s');
            world.children(list).into_iter().map(move |(id, doc)| {
                json!({
                    "kind": kind,
                    "id": id,
                    "name": doc.get("name"),
                    "email": doc.get("email"),
                    "extension_number": doc.get("extension_number"),
                })
            })
        });
        all.collect()
    });
    Json(json!({ "extensions": extensions }))
}

/// The calls under way, latest first.
async fn calls(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let now = shared.clock.now();
    let mut entries = shared.state.under_way();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.start));
    let calls: Vec<_> = entries.iter().map(|entry| under_way(entry, now)).collect();
    Json(json!({ "now": text(now), "calls": calls }))
}

/// What is known of a call at this moment, without what is yet to come.
fn under_way(entry: &LedgerEntry, now: Timestamp) -> Value {
    let lives = |leg: &&TrueLeg| leg.ringing <= now && now < leg.ended && leg.side == Side::Callee;
    let connected =
        entry.legs.iter().rev().filter(lives).find(|leg| leg.answered.is_some_and(|at| at <= now));
    let ringing: Vec<_> =
        entry.legs.iter().filter(lives).filter(|leg| leg.answered.is_none_or(|at| at > now)).collect();
    let queue = entry.passages.iter().rev().find(|passage| passage.entered <= now && now < passage.left);
    let answered = entry.answer.filter(|&at| at <= now);
    let (state, since) = match (connected, queue, ringing.first()) {
        (Some(leg), ..) => ("connected", leg.answered.unwrap_or(entry.start)),
        // Somebody outside answered, or the call is between two legs.
        (None, _, None) if answered.is_some() => ("connected", answered.unwrap_or(entry.start)),
        (None, Some(passage), None) => ("waiting", passage.entered),
        (None, _, Some(leg)) => ("ringing", leg.ringing),
        (None, None, None) => ("ringing", entry.start),
    };
    json!({
        "call_id": entry.call_id,
        "scenario": entry.scenario,
        "direction": entry.direction,
        "state": state,
        "began": text(entry.start),
        "since": text(since),
        "caller": of(&entry.caller),
        "callee": of(&entry.callee),
        "queue": queue.map(|passage| of(&passage.queue)),
        "with": connected.map(|leg| of(&leg.who)),
        "rings": ringing.iter().map(|leg| of(&leg.who)).collect::<Vec<_>>(),
    })
}
