//! Numbers for Prometheus. Names, units and labels are listed in docs/metrics.md. No id, number or name
//! of a person is ever a label.

use std::{sync::OnceLock, time::Duration};

use metrics::{Counter, Unit, counter, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

/// How often measurements are summed up.
const SUM_UP_EVERY: Duration = Duration::from_secs(10);

/// The process's one recorder. Servers in one process (tests) share it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder, once.
pub(crate) fn install() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // It fails only if another library of this process has installed one; then theirs counts.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

/// Sums up, now and then, what was measured. Otherwise it would gather for as long as nobody asks for it.
pub(crate) async fn sum_up(shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = tokio::time::sleep(SUM_UP_EVERY) => install().run_upkeep(),
        }
    }
}

fn describe() {
    describe_counter!("offhook_webhook_total", "Webhook requests, by what became of them");
    describe_counter!(
        "offhook_webhook_age_total",
        "Webhooks with a valid signature, by the age of the signature"
    );
    describe_counter!("offhook_webhook_unknown_account_total", "Events of accounts that are not configured");
    describe_counter!(
        "offhook_channel_messages_total",
        "Messages of the event channel, by what became of them"
    );
    describe_counter!("offhook_channel_gaps_total", "Times that the event channel was lost and came back");
    describe_gauge!("offhook_channel_connected", "Event channels that are connected");
    describe_counter!("offhook_inbox_appended_total", "Arrivals written to the inbox");
    describe_counter!("offhook_inbox_commits_total", "Commits (each with one flush to disk) that this took");
    describe_counter!("offhook_media_fetches_total", "Tries to fetch a file of a call, by outcome");
    describe_counter!("offhook_media_links_total", "Links to files that were read, or had expired");
    describe_counter!("offhook_media_deleted_total", "Files of calls that were deleted");
    describe_gauge!("offhook_inbox_backlog", "Arrivals in the inbox that are not folded into calls yet");
    describe_gauge!("offhook_inbox_waiting", "Arrivals that wait for the disk");
    describe_counter!("offhook_folded_entries_total", "Inbox entries folded");
    describe_counter!("offhook_folded_calls_total", "Calls changed by folding");
    describe_counter!(
        "offhook_fold_problems_total",
        "Entries that gave no facts though they should have, by reason"
    );
    describe_counter!(
        "offhook_unfamiliar_total",
        "Fields and values that Zoom sent and the types do not know"
    );
    describe_counter!(
        "offhook_quirks_total",
        "Entries that were read past a known defect of Zoom's, by which"
    );
    describe_histogram!("offhook_fold_seconds", Unit::Seconds, "Time to fold one batch");
    describe_counter!("offhook_reconciliation_total", "Reports on what came in, by outcome");
    describe_gauge!("offhook_reconciliation_items", "Items of the newest report, by kind");
    describe_gauge!(
        "offhook_reconciliation_missing",
        "What the newest report knows to be and not to be here"
    );
    describe_gauge!(
        "offhook_reconciliation_gaps",
        "Windows of Zoom's lists that the newest report found unread"
    );
    describe_counter!("offhook_import_rows_total", "Rows of imports, by what became of them");
    describe_counter!("offhook_sync_runs_total", "Runs of sync that ended, by mode");
    describe_counter!("offhook_sync_windows_total", "Windows of Zoom's history, by kind and outcome");
    describe_counter!("offhook_sync_rows_total", "Rows of Zoom's lists that were new, by kind");
    describe_counter!("offhook_sync_asked_total", "Things asked for by id, by kind and outcome");
    describe_counter!("offhook_http_refused_total", "Requests refused by the access table, by reason");
    describe_gauge!("offhook_live_clients", "Browsers and programs on the live stream");
}

/// The counters of the ingest path, looked up once.
#[derive(Debug, Clone)]
pub(crate) struct IngestCounters {
    pub(crate) stored: Counter,
    pub(crate) challenged: Counter,
    pub(crate) age_fresh: Counter,
    pub(crate) age_late: Counter,
    pub(crate) age_very_late: Counter,
}

impl IngestCounters {
    pub(crate) fn new() -> Self {
        let age = |age: &'static str| counter!("offhook_webhook_age_total", "age" => age);
        Self {
            stored: counter!("offhook_webhook_total", "outcome" => "stored"),
            challenged: counter!("offhook_webhook_total", "outcome" => "challenge"),
            age_fresh: age("under_5m"),
            age_late: age("5m_to_30m"),
            age_very_late: age("over_30m"),
        }
    }
}

/// A webhook that was refused or failed.
pub(crate) fn webhook_outcome(outcome: &'static str) {
    counter!("offhook_webhook_total", "outcome" => outcome).increment(1);
}
