//! How a person gives an app access.

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::authorize::CameBack;
use super::endpoint::Endpoint;
use super::error::START_AGAIN;
use super::token::{Grant, Kind};
use super::{App, AuthError, Authorization, Begun, DeviceCode, Pending, device};

/// Signs people in: through a browser, or by a code that they type in elsewhere. What comes out is a [`Grant`], for
/// [`TokenSource::sign_in`](super::TokenSource::sign_in).
pub struct SignIn {
    endpoint: Endpoint,
}

impl SignIn {
    /// For one app. Asks for nothing yet.
    pub fn new(app: App) -> Result<Self, AuthError> {
        Ok(Self { endpoint: Endpoint::new(app)? })
    }

    /// The address of Zoom's consent page, and what to remember until the person comes back.
    pub fn begin(&self, ask: &Authorization, now: Timestamp) -> Result<Begun, AuthError> {
        ask.begin(&self.endpoint.app, now)
    }

    /// Turns what came back into tokens. `callback` is the query that Zoom sent the browser back with, or the
    /// address it is in. A [`Pending`] is used up by it, whatever comes of it.
    pub async fn finish(&self, pending: Pending, callback: &str, now: Timestamp) -> Result<Grant, AuthError> {
        let CameBack { code, verifier, redirect_uri } = pending.read(callback, now)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", verifier.expose_secret()),
        ];
        self.endpoint.ask(Kind::User, &form, None).await?.map_err(|no| no.or(START_AGAIN))
    }

    /// A code for somebody to type in on another device. The app needs the feature "Use App on Device".
    pub async fn device(&self) -> Result<DeviceCode, AuthError> {
        device::begin(&self.endpoint).await
    }

    /// Asks Zoom, no more often than it allows, until somebody has typed the code in, or said no, or it ran out.
    pub async fn wait(&self, device: DeviceCode) -> Result<Grant, AuthError> {
        device.wait(async |form: &[(&str, &str)]| self.endpoint.ask(Kind::User, form, None).await).await
    }

    /// Ends a grant at Zoom: access token and refresh token die together. One that is dead already is no error. Where
    /// the access token has expired the grant is refreshed first, for Zoom revokes by a token that is good.
    pub async fn revoke(&self, grant: &Grant) -> Result<(), AuthError> {
        self.endpoint.revoke(grant).await
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("app", &self.endpoint.app).finish_non_exhaustive()
    }
}
