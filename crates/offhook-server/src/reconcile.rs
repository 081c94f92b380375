//! Asking Zoom what happened, beside being told.
//!
//! Every few minutes the account's call history since the last sweep is read and every row goes through the
//! inbox like any other arrival. What webhooks missed is thereby known, and the board can say how long ago
//! that was last made sure of.
//!
//! Then the path of each of these calls is fetched, once: the steps in which no user took part (queue, menu,
//! overflow, transfer) are told nowhere else.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use offhook_calls::normalize::Door;
use offhook_store::{Arrival, Store, StoreError};
use serde_json::{Map, Value};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use zoom_phone::client::{ApiError, CallHistoryQuery, Client, Error as ZoomError, TimeType};
use zoom_phone::quota::Priority;

use crate::clock::Clock;

/// Records are written up to a minute after the call, and sometimes later: look this far back again.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// How far back the very first sweep looks. A longer history is not for a sweep.
const FIRST: SignedDuration = SignedDuration::from_hours(24);

/// The longest time that one query spans. Zoom allows a month; but how far a sweep has come is noted after
/// each window, and the paths of a month's calls take hours. A server that was off for longer catches up
/// window by window.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// From one path to the next. `GET /phone/call_history/{callHistoryUuid}` is a LIGHT operation, of which an
/// account may ask some tens a second; most of that is left to others.
const PACE: Duration = Duration::from_millis(100);

/// What sweeping needs.
#[derive(Clone)]
pub struct Reconcile {
    /// The client of the account's server-to-server app.
    pub client: Client,
    /// Zoom account id the rows belong to.
    pub account: String,
    /// From the end of one sweep to the beginning of the next. `GET /phone/call_history` is a HEAVY
    /// operation with a daily budget.
    pub every: Duration,
}

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error("Zoom did not give its call history")]
    Zoom(#[from] ZoomError),
    #[error("could not store what Zoom gave")]
    Store(#[from] StoreError),
    #[error("Zoom gave its call history with gaps; the window is read again")]
    Gaps,
    #[error("Zoom did not give the steps of a call; the window is read again")]
    Path(#[source] ZoomError),
    #[error(
        "Zoom refuses the steps of calls between {from} and {to}: which queues and menus they went through stays \
         unknown; grant the app phone:read:call_log:admin"
    )]
    Refused {
        from: Timestamp,
        to: Timestamp,
        #[source]
        source: ZoomError,
    },
}

impl Reconcile {
    /// Sweeps until shutdown, and at once when told to: an event channel missed something. The receiver says until when records have been compared.
    pub(crate) async fn start(
        self,
        store: Store,
        clock: Clock,
        at_once: Arc<Notify>,
        shutdown: CancellationToken,
    ) -> Result<watch::Receiver<Option<Timestamp>>, StoreError> {
        let known = store.mark(&self.mark()).await?.and_then(|text| text.parse().ok());
        let (tell, until) = watch::channel(known);
        tokio::spawn(async move {
            loop {
                let known = *tell.borrow();
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    swept = self.sweep(&store, &clock, known, &tell) => match swept {
                        Ok(()) => {
                            metrics::counter!("offhook_reconcile_total", "outcome" => "done").increment(1);
                        }
                        Err(error) => {
                            metrics::counter!("offhook_reconcile_total", "outcome" => "failed").increment(1);
                            tracing::warn!(
                                error = &error as &dyn std::error::Error,
                                "could not compare all of Zoom's records"
                            );
                        }
                    },
                }
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    () = tokio::time::sleep(self.every) => (),
                    () = at_once.notified() => (),
                }
            }
        });
        Ok(until)
    }

    /// Under which name the end of the last whole window is kept.
    fn mark(&self) -> String {
        format!("reconciled_until {}", self.account)
    }

    /// Reads all that may be new since `known`, and notes and tells how far that is done.
    async fn sweep(
        &self,
        store: &Store,
        clock: &Clock,
        known: Option<Timestamp>,
        tell: &watch::Sender<Option<Timestamp>>,
    ) -> Result<(), SweepError> {
        let now = clock.now();
        let mut from = known.map_or(now - FIRST, |known| (known - OVERLAP).min(now - OVERLAP));
        while from < now {
            let to = now.min(from + WINDOW);
            // What just happened is shown; what is older was not known for a day and leaves the quota to others.
            let priority = if to < now { Priority::Backfill } else { Priority::Live };
            let calls = self.window(store, clock, from, to, priority).await?;
            let refused = self.paths(store, clock, calls).await?;
            store.set_mark(self.mark(), to.to_string()).await?;
            tell.send_replace(Some(to));
            if let Some(source) = refused {
                return Err(SweepError::Refused { from, to, source });
            }
            from = to;
        }
        Ok(())
    }

    /// Reads one window and writes its rows down, and returns the history ids of its calls; all of them have
    /// ended. It counts as done only when all of it was stored.
    async fn window(
        &self,
        store: &Store,
        clock: &Clock,
        from: Timestamp,
        to: Timestamp,
        priority: Priority,
    ) -> Result<BTreeSet<String>, SweepError> {
        let mut query = CallHistoryQuery::new(from, to);
        query.time_type = Some(TimeType::EndTime);
        query.priority = priority;
        let mut pages = self.client.call_history(query);
        let mut calls = BTreeSet::new();
        let mut rows = 0u64;
        let mut gaps = false;
        while let Some(page) = pages.next().await {
            let page = page?;
            for anomaly in &page.anomalies {
                tracing::info!(?anomaly, "Zoom's paging was irregular");
                gaps |= anomaly.may_miss_rows();
            }
            for row in page.items {
                calls.extend(row.id().map(str::to_owned));
                rows += 1;
                self.keep(store, clock, Door::CallHistory, "accountCallHistory", row.into_fields()).await?;
            }
        }
        metrics::counter!("offhook_reconcile_rows_total").increment(rows);
        tracing::debug!(rows, %from, %to, gaps, "read Zoom's records");
        if gaps { Err(SweepError::Gaps) } else { Ok(calls) }
    }

    /// Fetches the paths of these calls that are not here yet, one after the other.
    ///
    /// A failure that time may heal ends it: the window is done again, and skips what is here. A path that is
    /// not there is left for the next sweep, for as long as that sees the row again. What Zoom refuses for
    /// another reason it would refuse for ever, so that the window counts as done all the same; the first such
    /// refusal is returned.
    async fn paths(
        &self,
        store: &Store,
        clock: &Clock,
        calls: BTreeSet<String>,
    ) -> Result<Option<ZoomError>, SweepError> {
        let count = |outcome: &'static str| {
            metrics::counter!("offhook_reconcile_paths_total", "outcome" => outcome).increment(1);
        };
        let mut refused = None;
        for uuid in calls {
            if self.has_path(store, &uuid).await? {
                continue;
            }
            match self.client.call_path(&uuid).await {
                Ok(path) => {
                    self.keep(store, clock, Door::CallPath, "getCallPath", path).await?;
                    count("stored");
                }
                Err(error) if error.is_not_found() => count("not_found"),
                Err(error) => {
                    count("failed");
                    if error.retry_helps() {
                        return Err(SweepError::Path(error));
                    }
                    let for_all = error.api().is_some_and(ApiError::scope_missing);
                    refused = refused.or(Some(error));
                    if for_all {
                        break;
                    }
                }
            }
            tokio::time::sleep(PACE).await;
        }
        Ok(refused)
    }

    /// Whether the path of this record is among what told of its call. The call may have other records with
    /// paths of their own.
    async fn has_path(&self, store: &Store, uuid: &str) -> Result<bool, StoreError> {
        let is_its_path = |arrival: &Arrival| {
            arrival.door == Door::CallPath
                && serde_json::from_slice::<Value>(&arrival.body)
                    .is_ok_and(|path| path["call_history_uuid"] == uuid || path["id"] == uuid)
        };
        let entries = store.entries_of(&self.account, uuid).await?;
        Ok(entries.iter().any(|entry| is_its_path(&entry.arrival)))
    }

    /// Writes down what Zoom answered.
    async fn keep(
        &self,
        store: &Store,
        clock: &Clock,
        door: Door,
        operation: &str,
        fields: Map<String, Value>,
    ) -> Result<(), StoreError> {
        let arrival = Arrival {
            received_at: clock.now(),
            door,
            account: self.account.clone(),
            event: operation.to_owned(),
            event_ts: None,
            late: false,
            body: Value::Object(fields).to_string().into_bytes().into(),
        };
        store.inbox().append(arrival).await.map(|_| ())
    }
}
