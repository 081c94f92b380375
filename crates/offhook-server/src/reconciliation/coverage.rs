//! What of Zoom's lists was read, and having the rest read.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use offhook_calls::compare::{Coverage, READY_AFTER, Span};
use offhook_store::{Store, StoreError, SyncRun};
use tokio::time::Instant;

use crate::sync::{Kind, Syncer};

/// From one look at a reading under way to the next.
const LOOK: Duration = Duration::from_millis(250);

/// A report waits no longer than this for what it is to be compared with; what is not read by then is a gap in it.
const LONGEST_READING: Duration = Duration::from_hours(1);

/// Has Zoom's lists of a period read, as far as they were not, and waits for it. `told` hears how many windows are read,
/// of how many.
pub(super) async fn read<F: Future<Output = Result<(), StoreError>>>(
    syncer: &Syncer,
    (from, to): (Timestamp, Timestamp),
    told: impl Fn(u64, u64) -> F,
) -> Result<(), StoreError> {
    let kinds = BTreeSet::from([Kind::Calls, Kind::Recordings, Kind::Voicemails]);
    let Some(id) = syncer.begin_soon(from, to, &kinds).await? else { return Ok(()) };
    let until = Instant::now() + LONGEST_READING;
    while Instant::now() < until {
        let state = syncer.state().await?;
        let Some(run) = state.runs.iter().find(|run| run.id == id && run.ended.is_none()) else { break };
        if state.paused {
            break;
        }
        let (done, total) = windows(run);
        told(done, total).await?;
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn windows(run: &SyncRun) -> (u64, u64) {
    let done = run.kinds.iter().map(|kind| kind.done).sum();
    let waiting: u64 = run.kinds.iter().map(|kind| kind.waiting).sum();
    (done, done + waiting)
}

/// The windows of an account's lists that were read whole, late enough after what happened in them.
pub(super) async fn of(store: &Store, account: &str) -> Result<Coverage, StoreError> {
    let read = async |kind: Kind| -> Result<Vec<Span>, StoreError> {
        let spans = store.sync_read(account.to_owned(), kind.word().to_owned(), READY_AFTER).await?;
        Ok(spans.into_iter().map(|(from, to)| Span { from, to }).collect())
    };
    let refused = store.sync_state(account.to_owned()).await?.refused;
    Ok(Coverage {
        calls: read(Kind::Calls).await?,
        recordings: Some(read(Kind::Recordings).await?),
        voicemails: Some(read(Kind::Voicemails).await?),
        refused: refused.into_iter().map(|refused| (refused.kind, refused.scopes)).collect(),
    })
}
