//! Tokens of Zoom in Offhook's own database: sealed here, kept there. For people who sign in on the server, which is to
//! come: the `offhook` binary keeps its tokens in files, with [`FileStore`](zoom_phone::oauth::FileStore).

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use offhook_store::{Lease, Secrets};
use tokio::time::Instant;
use zoom_phone::oauth::seal::SealKey;
use zoom_phone::oauth::{Grant, Locked, StoreError, TokenStore};

use crate::clock;

/// A refresh takes two tries of ten seconds at worst. One whose process dies holds others up for this long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often a lease that another process has is tried.
const TRY_EVERY: Duration = Duration::from_millis(50);
/// How long at most.
const WAIT_AT_MOST: Duration = Duration::from_mins(1);

/// Keeps grants in `secrets.db`, for any number of processes on one data directory.
#[derive(Debug, Clone)]
pub struct DatabaseTokens {
    secrets: Secrets,
    key: SealKey,
}

impl DatabaseTokens {
    /// Sealed with this key.
    pub fn new(secrets: Secrets, key: SealKey) -> Self {
        Self { secrets, key }
    }

    async fn read(&self, key: &str) -> Result<Option<Grant>, StoreError> {
        let Some(sealed) = self.secrets.get(&name(key)).await.map_err(failed)? else { return Ok(None) };
        let plain = self
            .key
            .open(key, &sealed)
            .map_err(|source| StoreError::Sealed { key: key.to_owned(), source })?;
        Grant::from_bytes(&plain).map(Some)
    }
}

/// Tokens share the table with whatever secrets come later.
fn name(key: &str) -> String {
    format!("zoom token {key}")
}

fn failed(error: offhook_store::StoreError) -> StoreError {
    if error.is_temporary() {
        StoreError::Unavailable(Box::new(error))
    } else {
        StoreError::Other(Box::new(error))
    }
}

impl TokenStore for DatabaseTokens {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Grant>, StoreError>> {
        Box::pin(self.read(key))
    }

    fn lock<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Locked>, StoreError>> {
        Box::pin(async move {
            let began = Instant::now();
            loop {
                let lease = self.secrets.lease(&name(key), clock::now(), LEASE).await.map_err(failed)?;
                if let Some(lease) = lease {
                    let leased = Leased { tokens: self.clone(), key: key.to_owned(), lease };
                    return Ok(Box::new(leased) as Box<dyn Locked>);
                }
                if began.elapsed() >= WAIT_AT_MOST {
                    return Err(StoreError::Busy { key: key.to_owned(), seconds: WAIT_AT_MOST.as_secs() });
                }
                tokio::time::sleep(TRY_EVERY).await;
            }
        })
    }
}

struct Leased {
    tokens: DatabaseTokens,
    key: String,
    lease: Lease,
}

impl Leased {
    fn unless_lost(&self, written: Result<bool, offhook_store::StoreError>) -> Result<(), StoreError> {
        if written.map_err(failed)? { Ok(()) } else { Err(StoreError::LockLost { key: self.key.clone() }) }
    }
}

impl Locked for Leased {
    fn load(&mut self) -> BoxFuture<'_, Result<Option<Grant>, StoreError>> {
        Box::pin(self.tokens.read(&self.key))
    }

    fn save<'a>(&'a mut self, grant: &'a Grant) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async {
            let sealed = self
                .tokens
                .key
                .seal(&self.key, &grant.to_bytes())
                .map_err(|source| StoreError::Sealed { key: self.key.clone(), source })?;
            self.unless_lost(self.tokens.secrets.put(&self.lease, sealed).await)
        })
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { self.unless_lost(self.tokens.secrets.remove(&self.lease).await) })
    }
}

impl Drop for Leased {
    /// Gives the lease back; where there is no runtime any more it runs out.
    fn drop(&mut self) {
        let (secrets, lease) = (self.tokens.secrets.clone(), self.lease.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = secrets.release(lease).await {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "a lease was not given back; it runs out"
                    );
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_in_the_database_passes_for_tokens() {
        assert!(failed(offhook_store::StoreError::Busy).retry_helps());
        assert!(failed(offhook_store::StoreError::Full).retry_helps());
        assert!(!failed(offhook_store::StoreError::Closed).retry_helps());
    }
}
