//! The background work that turns the inbox into calls.

use std::{
    thread,
    time::{Duration, Instant},
};

use offhook_store::{Folded, Store, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{clock, log::Once};

/// Entries folded in one transaction.
const BATCH: usize = 256;

/// How many times as long as it worked folding rests while arrivals come in faster than it folds: Zoom gets
/// its answers first, and calls are put together when the burst is over. The backlog says how far behind.
const REST: u32 = 8;

/// However slow the disk, folding rests no longer than this at a time.
const LONGEST_REST: Duration = Duration::from_millis(250);

/// How long to wait after storage failed before trying the same again.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How far folding has come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// The newest number of the change feed.
    pub(crate) change_seq: u64,
    /// The last inbox entry folded.
    pub(crate) watermark: u64,
    /// The last attempt failed.
    pub(crate) failing: bool,
}

/// Starts folding on a thread of its own; it ends when `shutdown` is cancelled or the inbox closes.
pub(crate) fn start(
    store: Store,
    shutdown: CancellationToken,
    start: Progress,
) -> std::io::Result<(watch::Receiver<Progress>, thread::JoinHandle<()>)> {
    let (tell, progress) = watch::channel(start);
    let runtime = tokio::runtime::Handle::current();
    let handle = thread::Builder::new().name("folding".to_owned()).spawn(move || {
        let once = Once::default();
        let mut last_seq = store.inbox().last_seq();
        while !shutdown.is_cancelled() {
            let began = Instant::now();
            match store.fold_next(BATCH) {
                Ok(folded) if folded.entries == 0 => {
                    tell.send_if_modified(|progress| std::mem::take(&mut progress.failing));
                    let watermark = folded.watermark;
                    let more = runtime.block_on(async {
                        tokio::select! {
                            more = store.inbox().wait_beyond(watermark) => more,
                            () = shutdown.cancelled() => false,
                        }
                    });
                    if !more {
                        break;
                    }
                }
                Ok(folded) => {
                    metrics::histogram!("offhook_fold_seconds").record(began.elapsed().as_secs_f64());
                    count(&folded, &once);
                    tell.send_replace(Progress {
                        change_seq: folded.change_seq,
                        watermark: folded.watermark,
                        failing: false,
                    });
                    let newest = store.inbox().last_seq();
                    let arrived = newest - std::mem::replace(&mut last_seq, newest);
                    if arrived > BATCH as u64 {
                        pause(&runtime, &shutdown, (began.elapsed() * REST).min(LONGEST_REST));
                    }
                }
                Err(error) => {
                    report(&error, &once);
                    tell.send_modify(|progress| progress.failing = true);
                    pause(&runtime, &shutdown, AFTER_FAILURE);
                }
            }
        }
    })?;
    Ok((progress, handle))
}

/// Waits, but not beyond the end.
fn pause(runtime: &tokio::runtime::Handle, shutdown: &CancellationToken, time: Duration) {
    runtime.block_on(async {
        tokio::select! {
            () = tokio::time::sleep(time) => (),
            () = shutdown.cancelled() => (),
        }
    });
}

fn count(folded: &Folded, once: &Once) {
    metrics::counter!("offhook_folded_entries_total").increment(folded.entries as u64);
    metrics::counter!("offhook_folded_calls_total").increment(folded.calls as u64);
    for (problem, event) in &folded.problems {
        metrics::counter!("offhook_fold_problems_total", "reason" => problem.as_str()).increment(1);
        if let Some(kept_quiet) = once.say(&format!("{} {event}", problem.as_str()), clock::now()) {
            tracing::warn!(
                reason = problem.as_str(),
                event,
                kept_quiet,
                "an inbox entry told of no call; its bytes are kept"
            );
        }
    }
    for quirk in &folded.quirks {
        metrics::counter!("offhook_quirks_total", "quirk" => *quirk).increment(1);
    }
    metrics::counter!("offhook_unfamiliar_total").increment(folded.unfamiliar.len() as u64);
    for (event, what) in &folded.unfamiliar {
        // The field only: what Zoom put into it may be anything, somebody's number included.
        let field = what.split('=').next().unwrap_or(what);
        if once.say(&format!("unfamiliar {event} {field}"), clock::now()).is_some() {
            tracing::info!(event, field, "Zoom sent something that is not in its specification; it is kept");
        }
    }
}

fn report(error: &StoreError, once: &Once) {
    if let Some(kept_quiet) = once.say("folding failed", clock::now()) {
        tracing::error!(
            error = error as &dyn std::error::Error,
            kept_quiet,
            "could not fold the inbox into calls; nothing is lost, trying again"
        );
    }
}
