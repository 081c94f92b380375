//! Talking to Zoom's OAuth service.

use std::sync::Arc;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::error::No;
use super::token::{Grant, Kind};
use super::{App, AuthError, clock};
use crate::http;

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Parameters whose value no error may repeat.
const SECRET: &[&str] = &["code", "code_verifier", "device_code", "refresh_token", "token"];

/// An app and the connection for its requests.
pub(super) struct Endpoint {
    pub(super) app: App,
    http: reqwest::Client,
}

/// A success that was read whole, or a refusal that was understood.
pub(super) type Heard = Result<(u16, Zeroizing<Vec<u8>>), No>;

impl Endpoint {
    pub(super) fn new(app: App) -> Result<Self, AuthError> {
        if !http::keeps_secrets(&app.token_url) {
            return Err(AuthError::Address {
                what: "token URL",
                fault: "must begin with https:// (http:// only for this machine), because secrets are sent there",
            });
        }
        let http = http::client(Duration::from_secs(5), Duration::from_secs(10))
            .map_err(|error| AuthError::Setup(Arc::new(error)))?;
        Ok(Self { app, http })
    }

    /// Posts a form. The parameters go in the body: a query string ends up in logs.
    pub(super) async fn post(&self, url: Url, form: &[(&str, &str)]) -> Result<Heard, AuthError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let unreachable = |error: reqwest::Error| AuthError::Unreachable {
            host: host.clone(),
            source: Arc::new(error.without_url()),
        };
        let request = self.http.post(url);
        let mut form = form.to_vec();
        let request = if let Some(secret) = &self.app.client_secret {
            request.basic_auth(&self.app.client_id, Some(secret.expose_secret()))
        } else {
            form.retain(|(name, _)| *name != "client_id");
            form.push(("client_id", &self.app.client_id));
            request
        };
        let mut response = request.form(&form).send().await.map_err(unreachable)?;
        let status = response.status();
        let tracking_id = http::tracking_id(response.headers());
        let body =
            Zeroizing::new(http::read_body(&mut response, MAX_ANSWER).await.map_err(unreachable)?.bytes);
        if status.is_success() {
            Ok(Ok((status.as_u16(), body)))
        } else {
            let client_secret = self.app.client_secret.as_ref().map(|secret| secret.expose_secret());
            let secrets = form.iter().filter(|(name, _)| SECRET.contains(name)).map(|(_, value)| *value);
            let secrets: Vec<&str> = secrets.chain(client_secret).collect();
            Ok(Err(No::read(status, tracking_id, &body, &secrets)))
        }
    }

    /// Asks for a token. `old` is the refresh token in the form, if one is.
    pub(super) async fn ask(
        &self,
        kind: Kind,
        form: &[(&str, &str)],
        old: Option<&SecretString>,
    ) -> Result<Result<Grant, No>, AuthError> {
        let asked_at = clock::now();
        let (status, body) = match self.post(self.app.token_url.clone(), form).await? {
            Ok(success) => success,
            Err(no) => return Ok(Err(no)),
        };
        let grant = Grant::read(kind, &body, old, asked_at).ok_or(AuthError::Unreadable { status })?;
        tracing::debug!(?kind, scopes = grant.scopes().len(), expires_at = %grant.expires_at(), "new access token");
        Ok(Ok(grant))
    }

    /// Ends a grant: access token and refresh token die together. One that is dead already is no error. An access
    /// token that has expired ends nothing at Zoom, so a new one is asked for first.
    pub(super) async fn revoke(&self, grant: &Grant) -> Result<(), AuthError> {
        if clock::now() < grant.expires_at {
            return self.revoke_token(&grant.access).await;
        }
        let Some(refresh) = &grant.refresh else { return Ok(()) };
        // Then there may be another pair, which nobody knows.
        let answer_lost =
            grant.refresh_started.is_some() || grant.ended.as_ref().is_some_and(|ended| ended.answer_lost);
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        match self.ask(grant.kind, &form, Some(refresh)).await? {
            Ok(new) => self.revoke_token(&new.access).await,
            Err(No::Refused(refusal)) if refusal.ends_the_grant() && !answer_lost => {
                tracing::debug!(reason = refusal.words(), "nothing to revoke");
                Ok(())
            }
            Err(No::Refused(refusal)) => Err(refusal.not_revoked()),
            Err(No::Unavailable(error)) => Err(error),
        }
    }

    async fn revoke_token(&self, token: &SecretString) -> Result<(), AuthError> {
        let form = [("token", token.expose_secret())];
        match self.post(self.app.sibling("revoke")?, &form).await? {
            Ok(_) => Ok(()),
            Err(No::Unavailable(error)) => Err(error),
            Err(No::Refused(refusal)) if refusal.nothing_to_revoke() => {
                tracing::debug!("nothing to revoke");
                Ok(())
            }
            Err(No::Refused(refusal)) => Err(refusal.not_revoked()),
        }
    }
}
