//! Asking Zoom what happened, beside being told.
//!
//! Every few minutes the account's call history since the last sweep is read and every row goes through the
//! inbox like any other arrival. What webhooks missed is thereby known, and the board can say how long ago
//! that was last made sure of.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use offhook_calls::normalize::Door;
use offhook_store::{Arrival, Store, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use zoom_phone::client::{CallHistoryQuery, Client, Error as ZoomError, TimeType};

use crate::clock;

/// Records are written up to a minute after the call, and sometimes later: look this far back again.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// How far back the very first sweep looks. A longer history is not for a sweep.
const FIRST: SignedDuration = SignedDuration::from_hours(24);

/// The longest time that one query may span; Zoom says a month. A server that was off for longer catches up
/// window by window.
const WINDOW: SignedDuration = SignedDuration::from_hours(28 * 24);

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
}

impl Reconcile {
    /// Sweeps until shutdown. The receiver says until when records have been compared.
    pub(crate) async fn start(
        self,
        store: Store,
        shutdown: CancellationToken,
    ) -> Result<watch::Receiver<Option<Timestamp>>, StoreError> {
        let known = store.mark(&self.mark()).await?.and_then(|text| text.parse().ok());
        let (tell, until) = watch::channel(known);
        tokio::spawn(async move {
            loop {
                let known = *tell.borrow();
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    swept = self.sweep(&store, known, &tell) => match swept {
                        Ok(()) => {
                            metrics::counter!("offhook_reconcile_total", "outcome" => "done").increment(1);
                        }
                        Err(error) => {
                            metrics::counter!("offhook_reconcile_total", "outcome" => "failed").increment(1);
                            tracing::warn!(
                                error = &error as &dyn std::error::Error,
                                "could not compare with Zoom's records; trying again later"
                            );
                        }
                    },
                }
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    () = tokio::time::sleep(self.every) => (),
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
        known: Option<Timestamp>,
        tell: &watch::Sender<Option<Timestamp>>,
    ) -> Result<(), SweepError> {
        let now = clock::now();
        let mut from = known.map_or(now - FIRST, |known| (known - OVERLAP).min(now - OVERLAP));
        while from < now {
            let to = now.min(from + WINDOW);
            self.window(store, from, to).await?;
            store.set_mark(self.mark(), to.to_string()).await?;
            tell.send_replace(Some(to));
            from = to;
        }
        Ok(())
    }

    /// Reads one window and writes its rows down. It counts as done only when all of it was stored.
    async fn window(&self, store: &Store, from: Timestamp, to: Timestamp) -> Result<(), SweepError> {
        let mut query = CallHistoryQuery::new(from, to);
        query.time_type = Some(TimeType::EndTime);
        let mut pages = self.client.call_history(query);
        let mut rows = 0u64;
        let mut gaps = false;
        while let Some(page) = pages.next().await {
            let page = page?;
            for anomaly in &page.anomalies {
                tracing::info!(?anomaly, "Zoom's paging was irregular");
                gaps |= anomaly.may_miss_rows();
            }
            for row in page.rows {
                let body = serde_json::to_vec(&row.into_fields()).unwrap_or_default();
                rows += 1;
                store
                    .inbox()
                    .append(Arrival {
                        received_at: clock::now(),
                        door: Door::CallHistory,
                        account: self.account.clone(),
                        event: "accountCallHistory".to_owned(),
                        event_ts: None,
                        late: false,
                        body: body.into(),
                    })
                    .await?;
            }
        }
        metrics::counter!("offhook_reconcile_rows_total").increment(rows);
        tracing::debug!(rows, %from, %to, gaps, "read Zoom's records");
        if gaps { Err(SweepError::Gaps) } else { Ok(()) }
    }
}
