//! Did we get all of them? Reports that compare what came in of a period with Zoom's records.
//!
//! A report is ordered, waits, is made by the one worker, and is whole when it is done: before that nobody is shown
//! any of it. The work itself is in `run`; what is odd about a call is decided in `offhook_calls::compare`.

mod coverage;
mod queues;
mod run;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use offhook_calls::compare::{ItemKind, Summary};
use offhook_store::{NewReport, Report, ReportState, Store, StoreError, SyncRun};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    folding::Progress,
    sync::{Mode, Night, Syncer},
};

/// How long to wait after storage failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Newest reports among which that of the last night is looked for.
const LOOKED_THROUGH: usize = 1000;

/// What makes reports. Held by the server, and by the worker.
pub(crate) struct Reconciliations {
    store: Store,
    clock: Clock,
    /// What reads Zoom's records; none before the server runs.
    syncers: OnceLock<Vec<Arc<Syncer>>>,
    progress: watch::Receiver<Progress>,
    ordered: Notify,
    shutdown: CancellationToken,
}

impl Reconciliations {
    /// Nothing is made yet.
    pub(crate) fn new(
        store: Store,
        clock: Clock,
        progress: watch::Receiver<Progress>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        let (syncers, ordered) = (OnceLock::new(), Notify::new());
        Arc::new(Self { store, clock, syncers, progress, ordered, shutdown })
    }

    /// Goes on with reports that were ordered, and orders one after each night's reading, until shutdown.
    pub(crate) async fn start(self: Arc<Self>, syncers: Vec<Arc<Syncer>>) -> Result<(), StoreError> {
        self.store.resume_reports(self.clock.now()).await?;
        let newest = self.store.reports(None, None, 50).await?;
        if let Some(summary) = newest.iter().find_map(|report| report.summary.as_ref()) {
            measure(summary);
        }
        for syncer in &syncers {
            tokio::spawn(Arc::clone(&self).after_nights(Arc::clone(syncer)));
        }
        // Set once, here.
        let _ = self.syncers.set(syncers);
        tokio::spawn(self.work());
        Ok(())
    }

    fn syncer(&self, account: &str) -> Option<&Syncer> {
        let syncers = self.syncers.get()?;
        syncers.iter().find(|syncer| syncer.account() == account).map(AsRef::as_ref)
    }

    async fn after_nights(self: Arc<Self>, syncer: Arc<Syncer>) {
        let mut nights = syncer.nights();
        // Offhook may have stopped between a night's end and the order.
        if let Err(error) = self.after_last_night(&syncer).await {
            failed(&error);
        }
        loop {
            let told = tokio::select! {
                told = nights.changed() => told.is_ok(),
                () = self.shutdown.cancelled() => false,
            };
            if !told {
                break;
            }
            let night = nights.borrow_and_update().clone();
            if let Some(Night { account, from, to }) = night
                && let Err(error) = self.order_nightly(account, from, to).await
            {
                failed(&error);
            }
        }
    }

    async fn after_last_night(&self, syncer: &Syncer) -> Result<(), StoreError> {
        let state = syncer.state().await?;
        let is_night = |run: &&SyncRun| run.mode == Mode::Nightly.word() && run.ended.is_some();
        let Some(run) = state.runs.iter().find(is_night) else { return Ok(()) };
        self.order_nightly(syncer.account().to_owned(), run.from, run.to).await
    }

    /// Orders the report of a night, unless that was done.
    async fn order_nightly(&self, account: String, from: Timestamp, to: Timestamp) -> Result<(), StoreError> {
        let new = NewReport { account, from, to, cause: "nightly" };
        let known = self.store.reports(Some(new.account.clone()), None, LOOKED_THROUGH).await?;
        if !known.iter().any(|it| it.cause == new.cause && (it.from, it.to) == (from, to)) {
            self.order(new).await?;
        }
        Ok(())
    }

    /// Orders a report.
    pub(crate) async fn order(&self, new: NewReport) -> Result<Report, StoreError> {
        let report = self.store.order_report(new, self.clock.now()).await?;
        self.ordered.notify_one();
        Ok(report)
    }

    /// Makes one report after the other.
    async fn work(self: Arc<Self>) {
        while !self.shutdown.is_cancelled() {
            match self.store.next_report().await {
                Ok(Some(report)) => self.make(report).await,
                Ok(None) => tokio::select! {
                    () = self.ordered.notified() => (),
                    () = self.shutdown.cancelled() => (),
                },
                Err(error) => {
                    failed(&error);
                    tokio::select! {
                        () = tokio::time::sleep(AFTER_FAILURE) => (),
                        () = self.shutdown.cancelled() => (),
                    }
                }
            }
        }
    }

    async fn make(&self, report: Report) {
        let id = report.id;
        let made = tokio::select! {
            made = run::run(self, report) => made,
            () = self.shutdown.cancelled() => {
                if let Err(error) = self.store.put_report_back(id).await {
                    failed(&error);
                }
                return;
            }
        };
        let outcome = match made {
            Ok(summary) => {
                measure(&summary);
                tracing::info!(report = id, verdict = summary.verdict.as_str(), "{}", summary.line);
                self.store.finish_report(id, summary, self.clock.now()).await.map(|()| ReportState::Done)
            }
            Err(error) => {
                failed(&error);
                let reason = format!("{error}; ask for the report again");
                self.store.fail_report(id, reason, self.clock.now()).await.map(|()| ReportState::Failed)
            }
        };
        match outcome {
            Ok(state) => {
                metrics::counter!("offhook_reconciliation_total", "outcome" => state.as_str()).increment(1);
            }
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &StoreError) {
    tracing::error!(error = error as &dyn std::error::Error, "could not make a report on what came in");
}

/// The numbers of the newest report.
fn measure(summary: &Summary) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a floating point number")]
    let gauge = |kind: &'static str, count: u64| {
        metrics::gauge!("offhook_reconciliation_items", "kind" => kind).set(count as f64);
    };
    for kind in ItemKind::ALL {
        gauge(kind.as_str(), summary.count(kind));
    }
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a floating point number")]
    let missing = summary.missing() as f64;
    metrics::gauge!("offhook_reconciliation_missing").set(missing);
    metrics::gauge!("offhook_reconciliation_gaps")
        .set(f64::from(u32::try_from(summary.gaps.len()).unwrap_or(u32::MAX)));
}
