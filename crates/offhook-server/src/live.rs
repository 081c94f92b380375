//! The live stream: what is happening now, and every change to it.
//!
//! A client gets a snapshot, then deltas. Every message carries the number of the change feed it leads up
//! to; a client that comes back with the last number it saw gets the deltas since, or a new snapshot when
//! the feed no longer reaches back that far. One task makes the deltas, for all clients.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response, Sse, sse::Event},
};
use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;
use offhook_store::{Changes, Store, StoreError};
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::{api::CallSummary, folding::Progress, problem::Problem, serve::App};

/// Calls that ended this recently are still shown.
const RECENT_MS: i64 = 60_000;

/// Deltas are at least this far apart; what changes in between comes in one.
const PACE: Duration = Duration::from_millis(100);

/// A sign of life, so that a client notices when the line is dead.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Calls in one delta, and lines of the feed read at a time.
const STRETCH: usize = 500;

/// Deltas a slow client may be behind before it gets a snapshot instead.
const BEHIND: usize = 256;

/// How long the usual gap between events is measured.
const GAP_WINDOW: usize = 60;

/// How fresh what is shown can be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Clocks {
    /// The server's time.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// When the last event came in, by webhook or event channel.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_event_at: Option<Timestamp>,
    /// Until when Zoom's own records have been compared.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_reconcile_at: Option<Timestamp>,
    /// Events stored but not yet folded into calls.
    backlog: u64,
    /// Seconds that have usually passed between two events of late; none while there were none.
    expected_gap_seconds: Option<u64>,
}

/// Everything that is happening.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Snapshot {
    /// The change feed's number that this leads up to.
    seq: u64,
    clocks: Clocks,
    /// Open calls, and those that ended within the last minute.
    calls: Vec<CallSummary>,
}

/// What changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delta {
    /// The change feed's number that this leads up to.
    seq: u64,
    /// Calls that are new or different.
    calls: Vec<CallSummary>,
    /// Ids to forget: merged into another call.
    gone: Vec<String>,
    clocks: Clocks,
}

/// A message as it goes out, made once for all clients.
#[derive(Debug, Clone)]
enum Message {
    Delta {
        seq: u64,
        json: Arc<str>,
    },
    /// The feed moved on without us; what changed meanwhile is in no delta.
    Afresh,
    Heartbeat {
        json: Arc<str>,
    },
}

/// Where clients join.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    messages: broadcast::Sender<Message>,
    gap: watch::Receiver<Option<u64>>,
}

impl Live {
    /// Starts making deltas of what changes after `seq`.
    pub(crate) fn start(
        app: &App,
        mut seq: u64,
        mut progress: watch::Receiver<Progress>,
        shutdown: CancellationToken,
    ) {
        let live = app.live().clone();
        let app = app.clone();
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(HEARTBEAT);
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    changed = progress.changed() => {
                        if changed.is_err() {
                            break;
                        }
                        seq = live.send_changes(&app, seq).await;
                        tokio::time::sleep(PACE).await;
                    }
                    _ = beat.tick() => {
                        // Left over from a time at which the store could not be read.
                        if progress.borrow().change_seq > seq {
                            seq = live.send_changes(&app, seq).await;
                        }
                        if let Some(json) = json(&app.clocks()) {
                            // Nobody listening is fine.
                            let _ = live.messages.send(Message::Heartbeat { json });
                        }
                    }
                }
            }
        });
    }

    pub(crate) fn new(store: &Store, shutdown: CancellationToken) -> Self {
        let (messages, _) = broadcast::channel(BEHIND);
        Self { messages, gap: measure_gap(store.clone(), shutdown) }
    }

    /// Sends what changed after `seq`, and says up to where that led.
    async fn send_changes(&self, app: &App, mut seq: u64) -> u64 {
        loop {
            match app.store().changes_after(seq, STRETCH).await {
                Ok(Some(changes)) => {
                    let more = changes.more;
                    seq = changes.seq;
                    if let Some(json) = json(&delta(app, changes)) {
                        let _ = self.messages.send(Message::Delta { seq, json });
                    }
                    if !more {
                        return seq;
                    }
                }
                Ok(None) => {
                    let newest = app.store().last_change().await.unwrap_or(seq);
                    let _ = self.messages.send(Message::Afresh);
                    return newest;
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "could not read what changed");
                    return seq;
                }
            }
        }
    }

    /// Seconds between two events of late.
    pub(crate) fn expected_gap(&self) -> Option<u64> {
        *self.gap.borrow()
    }
}

/// Measures, over the last minutes, how far apart events are.
fn measure_gap(store: Store, shutdown: CancellationToken) -> watch::Receiver<Option<u64>> {
    let (tell, gap) = watch::channel(None);
    tokio::spawn(async move {
        let mut beat = tokio::time::interval(HEARTBEAT);
        let mut totals: VecDeque<u64> = VecDeque::with_capacity(GAP_WINDOW);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = beat.tick() => {
                    let (appended, _) = store.inbox().totals();
                    if totals.len() == GAP_WINDOW {
                        totals.pop_front();
                    }
                    totals.push_back(appended);
                    let events = appended - totals.front().copied().unwrap_or(appended);
                    let seconds = HEARTBEAT.as_secs() * (totals.len() as u64 - 1);
                    tell.send_replace(seconds.checked_div(events).map(|gap| gap.max(1)));
                }
            }
        }
    });
    gap
}

fn json(value: &impl Serialize) -> Option<Arc<str>> {
    serde_json::to_string(value).ok().map(Arc::from)
}

fn delta(app: &App, changes: Changes) -> Delta {
    let now = app.now();
    Delta {
        seq: changes.seq,
        calls: changes.calls.into_iter().map(|call| CallSummary::of(call.as_of(now))).collect(),
        gone: changes.gone,
        clocks: app.clocks(),
    }
}

impl App {
    pub(crate) fn clocks(&self) -> Clocks {
        Clocks {
            now: self.now(),
            last_event_at: self.last_event(),
            last_reconcile_at: self.reconciled_until(),
            backlog: self.backlog(),
            expected_gap_seconds: self.live().expected_gap(),
        }
    }

    async fn take_snapshot(&self) -> Result<Snapshot, StoreError> {
        let now = self.now();
        let open = self.store().open_calls(now, RECENT_MS).await?;
        Ok(Snapshot {
            seq: open.seq,
            clocks: self.clocks(),
            calls: open.calls.into_iter().map(|call| CallSummary::of(call.as_of(now))).collect(),
        })
    }
}

/// Everything that is happening now
#[utoipa::path(get, path = "/api/v1/live/snapshot", tag = "live",
    responses((status = 200, body = Snapshot), (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn snapshot(State(app): State<App>) -> Result<Json<Snapshot>, Problem> {
    Ok(Json(app.take_snapshot().await?))
}

/// Everything that is happening, as it happens
///
/// Server-sent events: `snapshot` (a Snapshot) first, then `delta` (a Delta) and, every 5 s, `heartbeat`
/// (Clocks). The id of snapshot and delta is the change feed's number; send it back as `Last-Event-ID` to
/// go on from there.
#[utoipa::path(get, path = "/api/v1/live", tag = "live",
    params(("Last-Event-ID" = Option<u64>, Header, description = "Go on after this number")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn stream(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    // Join first, look after: what happens in between is heard twice rather than not at all.
    let messages = app.live().messages.subscribe();
    let resume = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let (first, seq) = beginning(&app, resume).await?;
    let shutdown = app.shutdown().clone();
    let present = Present::new();
    let rest = follow(app, messages, seq);
    let events = stream::iter(first)
        .chain(rest)
        .map(move |event| {
            let _ = &present;
            Ok::<_, Infallible>(event)
        })
        .take_until(async move { shutdown.cancelled_owned().await });
    let mut response = Sse::new(events).into_response();
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

/// What a client hears first: the deltas it missed, or a snapshot.
async fn beginning(app: &App, resume: Option<u64>) -> Result<(Vec<Event>, u64), Problem> {
    if let Some(mut seq) = resume {
        let mut missed = Vec::new();
        while let Some(changes) = app.store().changes_after(seq, STRETCH).await? {
            seq = changes.seq;
            let more = changes.more;
            missed.extend(event("delta", Some(seq), &delta(app, changes)));
            if !more {
                return Ok((missed, seq));
            }
        }
    }
    let snapshot = app.take_snapshot().await?;
    Ok((event("snapshot", Some(snapshot.seq), &snapshot).into_iter().collect(), snapshot.seq))
}

fn follow(app: App, messages: broadcast::Receiver<Message>, seq: u64) -> impl Stream<Item = Event> {
    stream::unfold((app, BroadcastStream::new(messages), seq), |(app, mut messages, mut seen)| async move {
        loop {
            match messages.next().await? {
                // Heard already, in the snapshot.
                Ok(Message::Delta { seq, .. }) if seq <= seen => {}
                Ok(Message::Delta { seq, json }) => {
                    let event = Event::default().event("delta").id(seq.to_string()).data(&*json);
                    return Some((event, (app, messages, seq)));
                }
                Ok(Message::Heartbeat { json }) => {
                    return Some((Event::default().event("heartbeat").data(&*json), (app, messages, seen)));
                }
                Ok(Message::Afresh) | Err(_) => {
                    let snapshot = app.take_snapshot().await.ok()?;
                    seen = snapshot.seq;
                    if let Some(event) = event("snapshot", Some(seen), &snapshot) {
                        return Some((event, (app, messages, seen)));
                    }
                }
            }
        }
    })
}

fn event(name: &str, seq: Option<u64>, data: &impl Serialize) -> Option<Event> {
    let json = serde_json::to_string(data).ok()?;
    let event = Event::default().event(name).data(json);
    Some(match seq {
        Some(seq) => event.id(seq.to_string()),
        None => event,
    })
}

/// Counts a client for as long as it is there.
struct Present;

impl Present {
    fn new() -> Self {
        metrics::gauge!("offhook_live_clients").increment(1);
        Self
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        metrics::gauge!("offhook_live_clients").decrement(1);
    }
}
