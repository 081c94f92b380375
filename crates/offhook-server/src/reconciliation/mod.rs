//! Did we get all of them? Reports that compare what came in of a period with Zoom's records.
//!
//! A report is ordered, waits, is made by the one worker, and is whole when it is done: before that nobody is shown
//! any of it. The work itself is in `run`; what is odd about a call is decided in `offhook_calls::compare`.

mod coverage;
mod queues;
mod run;

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};

use offhook_calls::compare::{ItemKind, Summary};
use offhook_store::{NewReport, Report, ReportState, Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    folding::Progress,
    sync::{Night, Syncer},
};

/// How long to wait after storage failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What makes reports. Held by the server, and by the worker.
pub(crate) struct Reconciliations {
    store: Store,
    clock: Clock,
    accounts: BTreeSet<String>,
    /// What reads Zoom's records; none before the server runs.
    syncers: OnceLock<Vec<Arc<Syncer>>>,
    progress: watch::Receiver<Progress>,
    ordered: Notify,
    shutdown: CancellationToken,
}

/// Why no account could be picked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhichAccount {
    #[error("no account {0:?} is configured; those that are: {1}")]
    Unknown(String, String),
    #[error("say which account: {0}")]
    Several(String),
    #[error("no account is configured; say which one, as its events name it")]
    None,
}

impl Reconciliations {
    /// Nothing is made yet.
    pub(crate) fn new(
        store: Store,
        clock: Clock,
        accounts: BTreeSet<String>,
        progress: watch::Receiver<Progress>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        let (syncers, ordered) = (OnceLock::new(), Notify::new());
        Arc::new(Self { store, clock, accounts, syncers, progress, ordered, shutdown })
    }

    /// Goes on with reports that were ordered, and orders one after each night's reading, until shutdown.
    pub(crate) async fn start(self: Arc<Self>, syncers: Vec<Arc<Syncer>>) -> Result<(), StoreError> {
        self.store.resume_reports(self.clock.now()).await?;
        let newest = self.store.reports(None, None, 50).await?;
        if let Some(summary) = newest.iter().find_map(|report| report.summary.as_ref()) {
            measure(summary);
        }
        for syncer in &syncers {
            tokio::spawn(Arc::clone(&self).after_nights(syncer.nights()));
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

    async fn after_nights(self: Arc<Self>, mut nights: watch::Receiver<Option<Night>>) {
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
                && let Err(error) = self.order(NewReport { account, from, to, cause: "nightly" }).await
            {
                failed(&error);
            }
        }
    }

    /// The account that is meant: the one that was named, or the only one there is.
    pub(crate) fn account(&self, named: Option<String>) -> Result<String, WhichAccount> {
        let all = || self.accounts.iter().cloned().collect::<Vec<_>>().join(", ");
        match named.filter(|account| !account.is_empty()) {
            Some(account) if self.accounts.is_empty() || self.accounts.contains(&account) => Ok(account),
            Some(account) => Err(WhichAccount::Unknown(account, all())),
            None => match self.accounts.first() {
                Some(only) if self.accounts.len() == 1 => Ok(only.clone()),
                Some(_) => Err(WhichAccount::Several(all())),
                None => Err(WhichAccount::None),
            },
        }
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
