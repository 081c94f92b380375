//! Coming by a token that can be used now: from the store, or from Zoom.
//!
//! Of a person's grant the order of steps is everything, because Zoom ends the old refresh token when it gives the
//! new one, and says so only once:
//!
//! 1. take the lock, read the store again: if somebody has refreshed meanwhile, theirs is ours;
//! 2. note on disk that a refresh begins;
//! 3. ask Zoom;
//! 4. keep the new pair on disk; only then use it.
//!
//! Whoever dies between 2 and 4 leaves the note behind. The next one tries the old refresh token once more, and
//! Zoom's definite no is final. Without an answer nothing is final: the old token may be good.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::endpoint::Endpoint;
use super::error::{CHECK_ACCOUNT, CHECK_APP, No};
use super::store::{Locked, StoreError, TokenStore};
use super::token::{AccessToken, Ended, Grant, Kind};
use super::{AuthError, clock};

/// Whose tokens these are.
#[derive(Clone)]
pub(super) enum Owner {
    Account { account_id: String },
    App,
    Person,
}

impl Owner {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Account { .. } => Kind::ServerToServer,
            Self::App => Kind::ClientCredentials,
            Self::Person => Kind::User,
        }
    }
}

/// Where they are kept.
pub(super) struct Shelf {
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) key: String,
}

/// A pair that Zoom gave and the store would not take, for the next try.
pub(super) struct Unsaved {
    /// The refresh token that it replaces.
    replaces: SecretString,
    grant: Grant,
}

pub(super) struct Renewal {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) owner: Owner,
    pub(super) shelf: Option<Shelf>,
}

impl Renewal {
    /// A grant whose access token can be used and is not `stale`.
    pub(super) async fn obtain(
        &self,
        stale: Option<&AccessToken>,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Grant, AuthError> {
        let Some(shelf) = &self.shelf else {
            return self.ask().await;
        };
        match self.shared(shelf, stale, unsaved).await {
            // Who can ask again needs no store. Others who do so end this token, and a rejection tells.
            Err(AuthError::Store(error))
                if !matches!(self.owner, Owner::Person) && !matches!(*error, StoreError::Kind { .. }) =>
            {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the token store failed; asking for a token of our own"
                );
                self.ask().await
            }
            result => result,
        }
    }

    /// The same, through the store.
    async fn shared(
        &self,
        Shelf { store, key }: &Shelf,
        stale: Option<&AccessToken>,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Grant, AuthError> {
        let kind = self.owner.kind();
        let usable = |grant: &Grant| {
            grant.kind == kind
                && grant.is_fresh(clock::now())
                && stale.is_none_or(|stale| !stale.is_of(grant))
        };
        if let Some(grant) = self.opened(store.load(key).await)?.filter(usable) {
            return Ok(grant);
        }
        let mut locked = store.lock(key).await?;
        let stored = self.opened(locked.load().await)?;
        if stored.as_ref().is_some_and(|grant| grant.kind != kind) {
            return Err(StoreError::Kind { key: key.clone() }.into());
        }
        if let Some(grant) = stored.as_ref().filter(|grant| usable(grant)) {
            tracing::debug!("somebody else has renewed the token");
            return Ok(grant.clone());
        }
        if matches!(self.owner, Owner::Person) {
            let grant = stored.ok_or_else(|| AuthError::NotSignedIn { key: key.clone() })?;
            return self.refresh(&mut *locked, grant, unsaved).await;
        }
        let grant = self.ask().await?;
        if let Err(error) = locked.save(&grant).await {
            // It can be asked for again; others who do so end this one, and a rejection tells.
            tracing::warn!(error = &error as &dyn std::error::Error, "the new token is not shared");
        }
        Ok(grant)
    }

    /// A record that does not open, under a changed key for one, stands in nobody's way who can ask again; the new
    /// token takes its place. A person's grant is not given up so.
    fn opened(&self, loaded: Result<Option<Grant>, StoreError>) -> Result<Option<Grant>, StoreError> {
        match loaded {
            Err(error @ (StoreError::Sealed { .. } | StoreError::Unreadable))
                if !matches!(self.owner, Owner::Person) =>
            {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the shared token cannot be read; asking for a new one"
                );
                Ok(None)
            }
            loaded => loaded,
        }
    }

    /// Asks for a token that needs no grant.
    async fn ask(&self) -> Result<Grant, AuthError> {
        let (form, advice): (&[(&str, &str)], _) = match &self.owner {
            Owner::Account { account_id } => {
                (&[("grant_type", "account_credentials"), ("account_id", account_id)], CHECK_ACCOUNT)
            }
            Owner::App => (&[("grant_type", "client_credentials")], CHECK_APP),
            // A person's source always has a store.
            Owner::Person => return Err(AuthError::NoStore),
        };
        self.endpoint.ask(self.owner.kind(), form, None).await?.map_err(|no| no.or(advice))
    }

    async fn refresh(
        &self,
        locked: &mut dyn Locked,
        mut grant: Grant,
        unsaved: &mut Option<Unsaved>,
    ) -> Result<Grant, AuthError> {
        let Some(refresh) = grant.refresh.clone() else {
            return Err(end(
                locked,
                grant,
                "the access token has ended, and there is no refresh token",
                false,
            )
            .await);
        };
        // What Zoom gave us last outranks what others heard of the token it replaced.
        if let Some(ours) = unsaved.take().filter(|ours| same(&ours.replaces, &refresh)) {
            return keep(locked, ours, unsaved).await;
        }
        if let Some(Ended { reason, answer_lost }) = grant.ended {
            return Err(AuthError::SignInAgain { reason, answer_lost });
        }

        let lost_before = grant.refresh_started;
        grant.refresh_started = Some(clock::now());
        locked.save(&grant).await?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let mut asked = self.endpoint.ask(Kind::User, &form, Some(&refresh)).await;
        let mut lost = lost_before.is_some();
        if matches!(&asked, Err(error) if error.answer_lost()) {
            tracing::warn!("the answer to a refresh was lost; once more with the same refresh token");
            lost = true;
            asked = self.endpoint.ask(Kind::User, &form, Some(&refresh)).await;
        }
        let error = match asked {
            Ok(Ok(new)) => {
                return keep(locked, Unsaved { replaces: refresh, grant: new }, unsaved).await;
            }
            Ok(Err(No::Refused(refusal))) if refusal.ends_the_grant() => {
                return Err(end(locked, grant, &refusal.words(), lost).await);
            }
            Ok(Err(no)) => no.or(CHECK_APP),
            Err(error) => error,
        };
        if !lost && error.certainly_not_done() {
            grant.refresh_started = None;
            if let Err(error) = locked.save(&grant).await {
                // The note stays, and says less than is known.
                tracing::debug!(error = &error as &dyn std::error::Error, "could not take back a note");
            }
        }
        Err(error)
    }
}

/// What Zoom gave last: the pair that the store did not take, or else what it has.
pub(super) fn newest(stored: Grant, unsaved: Option<Unsaved>) -> Grant {
    match (unsaved, &stored.refresh) {
        (Some(ours), Some(refresh)) if same(&ours.replaces, refresh) => ours.grant,
        _ => stored,
    }
}

/// Notes that a grant is dead, for everybody.
async fn end(locked: &mut dyn Locked, mut grant: Grant, reason: &str, answer_lost: bool) -> AuthError {
    let reason = reason.to_owned();
    grant.refresh_started = None;
    grant.ended = Some(Ended { reason: reason.clone(), answer_lost });
    if let Err(error) = locked.save(&grant).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "could not note that a grant is dead");
    }
    tracing::warn!(reason, answer_lost, "a grant is dead; somebody must sign in again");
    AuthError::SignInAgain { reason, answer_lost }
}

/// Keeps a new pair; what the store does not take is not used, and not forgotten.
async fn keep(
    locked: &mut dyn Locked,
    new: Unsaved,
    unsaved: &mut Option<Unsaved>,
) -> Result<Grant, AuthError> {
    if let Err(error) = locked.save(&new.grant).await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "new tokens could not be kept; trying again"
        );
        *unsaved = Some(new);
        return Err(error.into());
    }
    Ok(new.grant)
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}
