//! What of Zoom's lists was read.

use jiff::SignedDuration;
use offhook_calls::{
    compare::{Coverage, Span},
    normalize::Door,
};
use offhook_store::{Store, StoreError};

/// How far back the first sweep of call history looks.
const FIRST: SignedDuration = SignedDuration::from_hours(24);

/// The windows of an account's lists that were read whole.
pub(super) async fn of(store: &Store, account: &str) -> Result<Coverage, StoreError> {
    let until = store.mark(&format!("reconciled_until {account}")).await?.and_then(|text| text.parse().ok());
    let first = store.first_arrival(Door::CallHistory).await?;
    let calls = until.map(|to| Span { from: first.unwrap_or(to) - FIRST, to }).into_iter().collect();
    Ok(Coverage { calls, recordings: None, voicemails: None })
}
