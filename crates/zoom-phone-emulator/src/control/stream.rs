//! `GET /_emulator/stream`: what happens, as server-sent events whose data is one JSON object each.
//!
//! | `kind` | when | fields |
//! |---|---|---|
//! | `event` | an event went out, or was withheld | as in the list of `/_emulator/events/log`, and its `payload` |
//! | `attempt` | a request to a receiver ended | `event_id`, `event`, `subscription`, `attempt` (1 is the first), `at` and `retry_at` (company's time), `sent_at` (real time), `status` or `error`, `latency_ms`, `faults` |
//! | `challenge` | a receiver was challenged | `subscription`, `passed`, `error`, `disabled` |
//! | `call` | a call is over | `call`: its entry in the ledger |
//! | `fault` | a fault struck | `fault`, `struck` (an operation id, or the name of an event) |
//! | `clock` | the clock was turned | `now`, `speed` (0: it stands still) |
//! | `missed` | the listener was too slow | `missed`: so many news are lost |

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures::{Stream, StreamExt as _};

use crate::emulator::Shared;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/stream", get(listen))
}

async fn listen(State(shared): State<Arc<Shared>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = shared.state.news.listen().map(|told| Ok(Event::default().data(told)));
    Sse::new(news).keep_alive(KeepAlive::default())
}
