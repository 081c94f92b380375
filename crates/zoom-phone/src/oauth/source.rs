//! One token for everyone, renewed in time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::endpoint::Endpoint;
use super::renew::{Owner, Renewal, Shelf, Unsaved};
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
/// One request is under way at most: callers that come during it wait for its result, and one that goes away does
/// not end it. A failure is told to them all, and repeated for a second (longer with each in a row, a minute if it
/// is final) before Zoom is asked again. With a [`TokenStore`] the same holds for all processes that share it.
#[derive(Clone)]
pub struct TokenSource {
    renewal: Arc<Renewal>,
    cache: Arc<Mutex<Cache>>,
}

#[derive(Default)]
struct Cache {
    held: Option<Held>,
    /// Not to be taken from the store again.
    rejected: Option<AccessToken>,
    failure: Option<(AuthError, Instant)>,
    failures_in_a_row: u32,
    unsaved: Option<Unsaved>,
}

struct Held {
    token: AccessToken,
    since: Instant,
    /// It took the place of a rejected one.
    replacement: bool,
}

impl Cache {
    /// A token that is due to be renewed, and cannot be just now, is good until its very end.
    fn while_failing(&self, failure: &AuthError) -> Result<AccessToken, AuthError> {
        let live = |held: &&Held| failure.retry_helps() && clock::now() < held.token.expires_at();
        self.held.as_ref().filter(live).map(|held| held.token.clone()).ok_or_else(|| failure.clone())
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
    /// asked, the store is.
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
        Ok(Self { renewal: Arc::new(renewal), cache: Arc::default() })
    }

    /// The same app, and nothing that was remembered.
    fn with(&self, shelf: Shelf) -> Self {
        let Renewal { endpoint, owner, .. } = &*self.renewal;
        let renewal = Renewal { endpoint: Arc::clone(endpoint), owner: owner.clone(), shelf: Some(shelf) };
        Self { renewal: Arc::new(renewal), cache: Arc::default() }
    }

    /// The current token; a new one if there is none or if it expires within two minutes.
    pub async fn token(&self) -> Result<AccessToken, AuthError> {
        // Held during the request: this is what makes the flight a single one.
        let cache = Arc::clone(&self.cache).lock_owned().await;
        let now = Instant::now();
        if let Some(held) = &cache.held
            && !held.token.is_due(now)
        {
            return Ok(held.token.clone());
        }
        if let Some((failure, until)) = &cache.failure
            && now < *until
        {
            return cache.while_failing(failure);
        }
        // A task of its own: if this caller goes away, the new tokens must be kept all the same.
        let renewing = tokio::spawn(renew(Arc::clone(&self.renewal), cache).in_current_span());
        renewing.await.map_err(|_| AuthError::ShuttingDown)?
    }

    /// Says that Zoom rejected this token (status 401, code 124). It is dropped only if it is still the
    /// current one: if somebody else already got a new one, the next [`TokenSource::token`] returns that.
    ///
    /// A new token that is rejected as well within a minute is not replaced before that minute is over:
    /// [`AuthError::Contested`].
    pub async fn invalidate(&self, rejected: &AccessToken) {
        let mut cache = self.cache.lock().await;
        let Some(held) = cache.held.take_if(|held| held.token == *rejected) else { return };
        let until = held.since + CONTEST;
        if held.replacement && Instant::now() < until {
            tracing::warn!("Zoom rejects the new access token as well");
            cache.failure = Some((AuthError::Contested, until));
        }
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
        store.lock(key).await?.save(grant).await?;
        let token = AccessToken::of(grant, clock::now());
        let held = Held { token: token.clone(), since: Instant::now(), replacement: false };
        cache.held = Some(held);
        Ok(token)
    }

    /// Revokes the grant at Zoom and forgets it. It is forgotten here even if Zoom could not be told; then the
    /// error says so, and the app can be removed in Zoom's Marketplace.
    pub async fn sign_out(&self) -> Result<(), AuthError> {
        let Shelf { store, key } = self.shelf()?;
        let mut cache = self.cache.lock().await;
        *cache = Cache::default();
        let mut locked = store.lock(key).await?;
        let revoked = match locked.load().await {
            Ok(Some(grant)) => self.renewal.endpoint.revoke(&grant.access).await,
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
async fn renew(renewal: Arc<Renewal>, mut cache: OwnedMutexGuard<Cache>) -> Result<AccessToken, AuthError> {
    let stale = cache.held.as_ref().map(|held| held.token.clone()).or_else(|| cache.rejected.clone());
    match renewal.obtain(stale.as_ref(), &mut cache.unsaved).await {
        Ok(grant) => {
            let token = AccessToken::of(&grant, clock::now());
            let replacement = cache.rejected.take().is_some();
            cache.held = Some(Held { token: token.clone(), since: Instant::now(), replacement });
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
            cache.while_failing(&error)
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
