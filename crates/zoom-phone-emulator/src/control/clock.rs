//! The company's clock in a person's hands.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad;
use crate::clock::FASTEST;
use crate::emulator::Shared;

/// How far one jump goes: everything on the way has to happen.
const FARTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);
const TOO_FAR: &str = "one jump goes 366 days at most; make several";

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/clock", get(show).post(turn))
}

/// What the clock shows, and how fast it goes.
async fn show(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let speed = shared.clock.speed();
    Json(json!({ "now": shared.clock.now().to_string(), "speed": speed, "paused": speed == 0.0 }))
}

/// One of these, each in a body like `{"advance":"2h"}`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Turn {
    /// A length of virtual time such as `2h`, `90s` or `1h 30m`.
    Advance(SignedDuration),
    /// A time such as `2026-11-22T18:00:00Z`, not before now.
    To(Timestamp),
    /// Virtual seconds per second; 0 stands still.
    Speed(f64),
    /// Stand still, or go on as fast as before.
    Pause(bool),
}

/// Turns the clock; after a jump, answers when everything due on the way has happened.
async fn turn(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let turn = match serde_json::from_slice(&body) {
        Ok(turn) => turn,
        Err(error) => {
            return bad(&format!(
                "{error}; say {{\"advance\":\"2h\"}}, {{\"to\":\"2026-11-22T18:00:00Z\"}}, {{\"speed\":60}} or \
                {{\"pause\":true}}"
            ));
        }
    };
    let now = shared.clock.now();
    match turn {
        Turn::Speed(speed) if !(0.0..=FASTEST).contains(&speed) => {
            return bad(&format!("`speed` must be from 0 to {FASTEST}"));
        }
        Turn::Speed(speed) => shared.clock.set_speed(speed),
        Turn::Pause(paused) => shared.clock.pause(paused),
        Turn::Advance(by) if by.is_negative() => return bad(&"time does not go backwards"),
        Turn::To(to) if to < now => return bad(&format!("it is {now} already")),
        Turn::Advance(by) if by > FARTHEST => return bad(&TOO_FAR),
        Turn::To(to) if to.duration_since(now) > FARTHEST => return bad(&TOO_FAR),
        Turn::Advance(by) => match now.checked_add(by) {
            Ok(to) => shared.jump(to).await,
            Err(error) => return bad(&error),
        },
        Turn::To(to) => shared.jump(to).await,
    }
    shared.tell_time();
    show(State(shared)).await.into_response()
}
