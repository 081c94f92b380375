//! Did we get all of them? Reports that compare what came in of a period with Zoom's records.
//!
//! A report is ordered, waits, is made by the one worker, and is whole when it is done: before that nobody is shown
//! any of it. The work itself is in `run`; what is odd about a call is decided in `offhook_calls::compare`.

mod coverage;
mod queues;
mod run;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use offhook_calls::compare::{ItemKind, Summary};
use offhook_store::{NewReport, Report, ReportState, Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use zoom_phone::client::Client;

use crate::{clock::Clock, folding::Progress};

/// How long to wait after storage failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// An account whose records can be asked for.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) account: String,
    pub(crate) client: Client,
}

/// What makes reports. Held by the server, and by the worker.
pub(crate) struct Reconciliations {
    store: Store,
    clock: Clock,
    sources: Vec<Source>,
    accounts: BTreeSet<String>,
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
    /// Goes on with reports that were ordered, until shutdown.
    pub(crate) async fn start(
        store: Store,
        clock: Clock,
        sources: Vec<Source>,
        mut accounts: BTreeSet<String>,
        progress: watch::Receiver<Progress>,
        shutdown: CancellationToken,
    ) -> Result<Arc<Self>, StoreError> {
        accounts.extend(sources.iter().map(|source| source.account.clone()));
        store.resume_reports(clock.now()).await?;
        for report in store.reports(None, None, 50).await? {
            if let Some(summary) = &report.summary {
                measure(summary);
                break;
            }
        }
        let made = Self { store, clock, sources, accounts, progress, ordered: Notify::new(), shutdown };
        let made = Arc::new(made);
        tokio::spawn(Arc::clone(&made).work());
        Ok(made)
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
