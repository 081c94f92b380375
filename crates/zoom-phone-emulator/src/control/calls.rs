//! Calls: asking for one, and the answer key.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad;
use crate::emulator::Shared;
use crate::ledger::Totals;
use crate::scenario::{Params, Scenario, Unfit};
use crate::sms;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/ledger/texts", get(texts))
        .route("/ledger/totals", get(totals))
        .route("/arrivals", post(arrive))
        .route("/scenarios", get(scenarios))
        .route("/scenarios/{name}", post(play))
}

/// Which part of the ledger.
#[derive(Default, Deserialize)]
struct Part {
    /// Finished calls to skip: all that were there when `next` was this.
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
    /// Calls that ended, and messages that were written, then or later.
    from: Option<Timestamp>,
    /// And before then.
    to: Option<Timestamp>,
}

/// The truth about finished calls, oldest first: `?after=&limit=` pages through them (`next` is the next `after`),
/// `?from=&to=` cuts by the end of the call. All of them without a limit.
async fn ledger(State(shared): State<Arc<Shared>>, Query(part): Query<Part>) -> Json<Value> {
    let (calls, next) = shared.state.ledger(|ledger| {
        let limit = part.limit.unwrap_or(usize::MAX);
        let (mut calls, mut next) = (Vec::new(), part.after);
        for (number, entry) in ledger.after(part.after) {
            if calls.len() == limit {
                break;
            }
            next = number;
            if part.holds(entry.end) {
                calls.push(entry.clone());
            }
        }
        (calls, next)
    });
    Json(json!({ "calls": calls.iter().map(|entry| entry.json()).collect::<Vec<_>>(), "next": next }))
}

impl Part {
    fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// The truth about text messages: every thread with its messages, and the messages that broke a rule of the account;
/// `?from=&to=` cuts by the time of the message.
async fn texts(State(shared): State<Arc<Shared>>, Query(part): Query<Part>) -> Json<Value> {
    let now = shared.clock.now();
    Json(shared.state.world(|world| sms::threads(world, now, |at| part.holds(at))))
}

/// What all these calls, and all text messages (`texts`), add up to: `?from=&to=` as with the ledger.
async fn totals(State(shared): State<Arc<Shared>>, Query(part): Query<Part>) -> Json<Value> {
    let totals = shared.state.ledger(|ledger| {
        let mut totals = Totals::default();
        let held = ledger.after(part.after).map(|(_, entry)| entry).filter(|entry| part.holds(entry.end));
        held.for_each(|entry| totals.add(entry));
        totals
    });
    let now = shared.clock.now();
    let mut totals = json!(totals);
    totals["texts"] = json!(shared.state.world(|world| sms::totals(world, now, |at| part.holds(at))));
    Json(totals)
}

/// How often calls begin by themselves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arrivals {
    calls_per_minute: f64,
}

/// Changes how many calls begin in a minute of the company's time; 0 for none.
async fn arrive(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Arrivals>(&body) {
        Ok(Arrivals { calls_per_minute }) if (0.0..=100_000.0).contains(&calls_per_minute) => {
            shared.state.arrive(calls_per_minute, shared.clock.now());
            Json(json!({ "calls_per_minute": calls_per_minute })).into_response()
        }
        Ok(_) => bad(&"`calls_per_minute` must be between 0 and 100000"),
        Err(error) => bad(&format!("{error}; say {{\"calls_per_minute\":20}}")),
    }
}

/// All scenarios with what happens in them and which parameters they take.
async fn scenarios() -> Json<Value> {
    let all = Scenario::ALL.iter().map(|scenario| {
        json!({
            "name": scenario,
            "what": scenario.describe().trim(),
            "parameters": scenario.params(),
        })
    });
    Json(json!({ "scenarios": all.collect::<Vec<_>>() }))
}

/// Starts a call now, as the JSON body says ([`Params`]), and answers with what the ledger will say when it is over.
async fn play(State(shared): State<Arc<Shared>>, Path(name): Path<String>, body: Bytes) -> Response {
    let refused = |status, error: String| {
        (status, Json(json!({ "error": error, "scenarios": Scenario::ALL }))).into_response()
    };
    let scenario: Scenario = match name.parse() {
        Ok(scenario) => scenario,
        Err(error) => return refused(StatusCode::NOT_FOUND, crate::error::Error::to_string(&error)),
    };
    let params = if body.is_empty() { Ok(None) } else { serde_json::from_slice(&body) };
    let params: Params = match params {
        Ok(params) => Option::unwrap_or_default(params),
        Err(error) => {
            let message = format!("the body is no JSON object of parameters: {error}; {name} takes ");
            return refused(StatusCode::BAD_REQUEST, message + &scenario.params().join(", "));
        }
    };
    match shared.state.play(scenario, &params, shared.clock.now()) {
        Ok(entry) => (StatusCode::ACCEPTED, Json(json!({ "call": entry.json() }))).into_response(),
        Err(unfit @ Unfit::NobodyFree) => refused(StatusCode::CONFLICT, unfit.to_string()),
        Err(unfit) => refused(StatusCode::BAD_REQUEST, unfit.to_string()),
    }
}
