//! One token for everyone, renewed in time.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::endpoint::Endpoint;
use super::renew::{Owner, Renewal, Shelf, Unsaved, newest};
use super::store::{StoreError, TokenStore};
use super::token::{AccessToken, Grant};
use super::{App, AuthError, ServerToServer, clock};

/// How long a refusal that asking again cannot cure is repeated to callers without asking Zoom.
const HOLD_FINAL: Duration = Duration::from_mins(1);
/// The same for a failure that may pass, doubled with each in a row: everyone who waited for the one request hears
/// of its failure.
const HOLD_PASSING: Duration = Duration::from_secs(1);
/// A token that took the place of a rejected one, and is rejected within this time, is not replaced before it is over.
const CONTEST: Duration = Duration::from_mins(1);

/// Gives everyone the same token, and renews it in time.
///
/// One request is under way at most. While it is, the token that is to be replaced is handed out until its end; where
/// there is none, callers wait for the result, and one that goes away does not end it. A failure is told to them all,
/// and repeated for a second (longer with each in a row, a minute if it is final) before Zoom is asked again. With a
/// [`TokenStore`] the same holds for all processes that share it.
#[derive(Clone)]
pub struct TokenSource {
    renewal: Arc<Renewal>,
    current: Current,
    cache: Arc<Mutex<Cache>>,
}

/// The token that is handed out. Only who has the cache changes it; everybody reads it, a renewal under way or not.
#[derive(Clone, Default)]
struct Current(Arc<std::sync::Mutex<Option<Held>>>);

#[derive(Default)]
struct Cache {
    /// Not to be taken from the store again.
    rejected: Option<AccessToken>,
    failure: Option<(AuthError, Instant)>,
    failures_in_a_row: u32,
    unsaved: Option<Unsaved>,
}

#[derive(Clone)]
struct Held {
    token: AccessToken,
    since: Instant,
    /// It took the place of a rejected one.
    replacement: bool,
}

impl Current {
    fn get(&self) -> Option<Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, held: Option<Held>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// A token that is due to be renewed is good until its very end.
    fn live(&self) -> Option<AccessToken> {
        let live = |held: &Held| held.token.is_live(Instant::now(), clock::now());
        self.get().filter(live).map(|held| held.token)
    }
}

impl TokenSource {
    /// Tokens of an account, by a server-to-server app (`account_credentials`). Asks for nothing yet.
    pub fn server_to_server(credentials: ServerToServer) -> Result<Self, AuthError> {
        let ServerToServer { client_id, client_secret, account_id, token_url } = credentials;
        let app = App { client_id, client_secret: Some(client_secret), token_url };
        Self::new(app, Owner::Account { account_id }, None)
    }

    /// Tokens of the app itself (`client_credentials`), for event subscriptions and sockets. Asks for nothing yet.
    pub fn client_credentials(app: App) -> Result<Self, AuthError> {
        Self::new(app, Owner::App, None)
    }

    /// Tokens of the person (or administrator) whose grant the store keeps, or will keep, under `key`. Reads
    /// nothing yet. [`TokenSource::sign_in`] puts a grant there.
    pub fn grant(app: App, store: impl TokenStore, key: impl Into<String>) -> Result<Self, AuthError> {
        Self::new(app, Owner::Person, Some(Shelf { store: Arc::new(store), key: key.into() }))
    }

    /// Shares the tokens of an account or an app with all processes that use the same store and key. Before Zoom is
    /// asked, the store is; one that fails costs the sharing, not the token.
    #[must_use]
    pub fn shared_through(self, store: impl TokenStore, key: impl Into<String>) -> Self {
        self.with(Shelf { store: Arc::new(store), key: key.into() })
    }

    /// The tokens of another person of the same app, in the same store. Shares the connections to Zoom: make one
    /// source of each app, and the others from it.
    pub fn for_key(&self, key: impl Into<String>) -> Result<Self, AuthError> {
        let store = Arc::clone(&self.shelf()?.store);
        Ok(self.with(Shelf { store, key: key.into() }))
    }

    fn new(app: App, owner: Owner, shelf: Option<Shelf>) -> Result<Self, AuthError> {
        let renewal = Renewal { endpoint: Arc::new(Endpoint::new(app)?), owner, shelf };
        Ok(Self { renewal: Arc::new(renewal), current: Current::default(), cache: Arc::default() })
    }

    /// The same app, and nothing that was remembered.
    fn with(&self, shelf: Shelf) -> Self {
        let Renewal { endpoint, owner, .. } = &*self.renewal;
        let renewal = Renewal { endpoint: Arc::clone(endpoint), owner: owner.clone(), shelf: Some(shelf) };
        Self { renewal: Arc::new(renewal), current: Current::default(), cache: Arc::default() }
    }

    /// The current token. One that expires within two minutes is replaced meanwhile; only where there is none, or it
    /// has expired, the new one is waited for.
    pub async fn token(&self) -> Result<AccessToken, AuthError> {
        // Held during the request: this is what makes the flight a single one.
        let cache = if let Ok(cache) = Arc::clone(&self.cache).try_lock_owned() {
            cache
        } else if let Some(token) = self.current.live() {
            return Ok(token);
        } else {
            Arc::clone(&self.cache).lock_owned().await
        };
        let now = Instant::now();
        let live = self.current.live();
        if let Some(token) = &live
            && !token.is_due(now)
        {
            return Ok(token.clone());
        }
        if let Some((failure, until)) = &cache.failure
            && now < *until
        {
            return live.ok_or_else(|| failure.clone());
        }
        // A task of its own: if this caller goes away, the new tokens must be kept all the same.
        let renewing = renew(Arc::clone(&self.renewal), self.current.clone(), cache);
        let renewing = tokio::spawn(renewing.in_current_span());
        match live {
            Some(token) => Ok(token),
            None => renewing.await.map_err(|_| AuthError::ShuttingDown)?,
        }
    }

    /// Says that Zoom rejected this token (status 401, code 124). It is dropped only if it is still the
    /// current one: if somebody else already got a new one, the next [`TokenSource::token`] returns that.
    ///
    /// A new token that is rejected as well within a minute stays until that minute is over: Zoom also says so of
    /// what this token may not do, and others can do their work with it.
    pub async fn invalidate(&self, rejected: &AccessToken) {
        let mut cache = self.cache.lock().await;
        let Some(held) = self.current.get().filter(|held| held.token == *rejected) else { return };
        if held.replacement && Instant::now() < held.since + CONTEST {
            tracing::warn!(
                "Zoom rejects the new access token as well: the app may not do this, or is not activated, or another program asks for tokens of the same app, and each of its tokens ends ours; then let the programs share one token store, or make an app for each"
            );
            return;
        }
        self.current.set(None);
        cache.rejected = Some(held.token);
    }

    /// Keeps a new grant under this source's key and uses it from now on: after [`SignIn`](super::SignIn). What was
    /// there before is forgotten, not revoked.
    pub async fn sign_in(&self, grant: &Grant) -> Result<AccessToken, AuthError> {
        let Shelf { store, key } = self.shelf()?;
        if grant.kind != self.renewal.owner.kind() {
            return Err(StoreError::Kind { key: key.clone() }.into());
        }
        let mut cache = self.cache.lock().await;
        *cache = Cache::default();
        self.current.set(None);
        store.lock(key).await?.save(grant).await?;
        let token = AccessToken::of(grant, clock::now());
        let held = Held { token: token.clone(), since: Instant::now(), replacement: false };
        self.current.set(Some(held));
        Ok(token)
    }

    /// Revokes the grant at Zoom and forgets it. Where the access token has expired the grant is refreshed first, for
    /// Zoom revokes by a token that is good. It is forgotten here even if Zoom could not be told; then the error says
    /// so, and the app can be removed in Zoom's Marketplace.
    pub async fn sign_out(&self) -> Result<(), AuthError> {
        let Shelf { store, key } = self.shelf()?;
        let mut cache = self.cache.lock().await;
        let unsaved = std::mem::take(&mut *cache).unsaved;
        self.current.set(None);
        let mut locked = store.lock(key).await?;
        let revoked = match locked.load().await {
            Ok(Some(grant)) => self.renewal.endpoint.revoke(&newest(grant, unsaved)).await,
            Ok(None) => Ok(()),
            // It cannot be opened, so it cannot be revoked; it can be removed.
            Err(error) => Err(error.into()),
        };
        locked.remove().await?;
        revoked
    }

    /// The grant as the store has it, without asking Zoom for anything: to show how it stands.
    pub async fn stored(&self) -> Result<Option<Grant>, AuthError> {
        let Shelf { store, key } = self.shelf()?;
        Ok(store.load(key).await?)
    }

    fn shelf(&self) -> Result<&Shelf, AuthError> {
        self.renewal.shelf.as_ref().ok_or(AuthError::NoStore)
    }
}

/// Gets a new token and puts it, or the failure, where everybody finds it.
async fn renew(
    renewal: Arc<Renewal>,
    current: Current,
    mut cache: OwnedMutexGuard<Cache>,
) -> Result<AccessToken, AuthError> {
    let stale = current.get().map(|held| held.token).or_else(|| cache.rejected.clone());
    match renewal.obtain(stale.as_ref(), &mut cache.unsaved).await {
        Ok(grant) => {
            let token = AccessToken::of(&grant, clock::now());
            let replacement = cache.rejected.take().is_some();
            current.set(Some(Held { token: token.clone(), since: Instant::now(), replacement }));
            (cache.failure, cache.failures_in_a_row) = (None, 0);
            Ok(token)
        }
        Err(error) => {
            let hold = if error.retry_helps() {
                (HOLD_PASSING * 2u32.pow(cache.failures_in_a_row.min(6))).min(HOLD_FINAL)
            } else {
                HOLD_FINAL
            };
            cache.failures_in_a_row = cache.failures_in_a_row.saturating_add(1);
            cache.failure = Some((error.clone(), Instant::now() + hold));
            Err(error)
        }
    }
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("TokenSource");
        debug.field("app", &self.renewal.endpoint.app);
        if let Some(Shelf { key, .. }) = &self.renewal.shelf {
            debug.field("key", key);
        }
        debug.finish_non_exhaustive()
    }
}
