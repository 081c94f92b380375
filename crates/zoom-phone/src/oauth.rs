//! Access tokens: server-to-server OAuth (`account_credentials`).
//!
//! Asking Zoom for a new token can end the one in use (one live token per app and account is the default), so
//! all of a process must share one [`TokenSource`]. Cloning it shares it.
//!
//! ```no_run
//! use zoom_phone::oauth::{ServerToServer, TokenSource};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = TokenSource::new(ServerToServer {
//!     client_id: "…".to_owned(),
//!     client_secret: "…".into(),
//!     account_id: "…".to_owned(),
//!     token_url: ServerToServer::zoom_token_url(),
//! })?;
//! let token = tokens.token().await?;
//! println!("scopes: {}", token.scopes().join(" "));
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::http;

/// A token is replaced this long before it expires, and up to [`JITTER`] earlier.
const REFRESH_BEFORE: Duration = Duration::from_mins(2);
/// Spreads the renewals of machines that were started together.
const JITTER: Duration = Duration::from_secs(30);
/// Lifetime of a token whose answer names none: Zoom's usual one.
const USUAL_LIFETIME: Duration = Duration::from_hours(1);
/// No answer makes a token live longer than this.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);
/// How long a refusal that asking again cannot cure is repeated to callers without asking Zoom.
const HOLD_FINAL: Duration = Duration::from_mins(1);
/// The same for a failure that may pass: everyone who waited for the one request hears of its failure.
const HOLD_PASSING: Duration = Duration::from_secs(1);
/// Largest token answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// The credentials of a server-to-server OAuth app, from its page "App Credentials" in Zoom's Marketplace.
#[derive(Debug, Clone)]
pub struct ServerToServer {
    /// The client id.
    pub client_id: String,
    /// The client secret; not the secret token that signs webhooks.
    pub client_secret: SecretString,
    /// The account id: about 22 letters and digits, not the account number of the admin portal.
    pub account_id: String,
    /// Where tokens are asked for: [`ServerToServer::zoom_token_url`], or an emulator.
    pub token_url: Url,
}

impl ServerToServer {
    /// Zoom's token endpoint: `https://zoom.us/oauth/token`.
    pub fn zoom_token_url() -> Url {
        http::constant_url("https://zoom.us/oauth/token")
    }
}

/// A bearer token. Cheap to clone; never printed.
#[derive(Clone)]
pub struct AccessToken(Arc<Token>);

struct Token {
    secret: SecretString,
    scopes: Vec<String>,
    api_url: Option<Url>,
    refresh_at: Instant,
}

impl AccessToken {
    /// The text for `Authorization: Bearer`. Keep it out of logs, errors and address lines.
    pub fn secret(&self) -> &SecretString {
        &self.0.secret
    }

    /// The scopes that Zoom says this token has. May be incomplete for some seconds after the app changed.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// The base address of the account's region as Zoom names it, such as `https://api-us.zoom.us`; without `/v2`.
    pub fn api_url(&self) -> Option<&Url> {
        self.0.api_url.as_ref()
    }
}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.secret.expose_secret() == other.0.secret.expose_secret()
    }
}

impl Eq for AccessToken {}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken")
            .field("scopes", &self.0.scopes)
            .field("api_url", &self.0.api_url.as_ref().map(Url::as_str))
            .finish_non_exhaustive()
    }
}

/// Why there is no access token.
///
/// Cloneable, because everyone who waited for the same request gets the same answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Zoom knows no app with this client id and secret. Asking again does not help.
    #[error(
        "Zoom does not accept the client id and secret ({reason}); copy both again from the app's page \"App Credentials\" in Zoom's Marketplace"
    )]
    InvalidClient {
        /// Zoom's words.
        reason: String,
    },
    /// Zoom knows the app, or says nothing about it, but gives it no token. Asking again does not help.
    #[error(
        "Zoom gives this app no token: {reason} ({error}, status {status}, tracking id {tracking_id}); check the account id (not the account number) and that the app is of type server-to-server OAuth and activated"
    )]
    Refused {
        /// HTTP status.
        status: u16,
        /// Zoom's `error`, such as `invalid_request`; or its numeric code.
        error: String,
        /// Zoom's `reason`.
        reason: String,
        /// `x-zm-trackingid`, for Zoom's support; "none" if the answer has none.
        tracking_id: String,
    },
    /// Zoom is overloaded or broken (status 429 or 5xx). Ask again later.
    #[error(
        "Zoom's token endpoint cannot answer now (status {status}, tracking id {tracking_id}); try again later"
    )]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// `x-zm-trackingid`, for Zoom's support; "none" if the answer has none.
        tracking_id: String,
    },
    /// A success that holds no token: usually a proxy or a sign-in page between here and Zoom.
    #[error(
        "the answer to the token request (status {status}) is not Zoom's token answer; check the token URL, and proxies on the way"
    )]
    Unreadable {
        /// HTTP status.
        status: u16,
    },
    /// The token endpoint could not be reached. Ask again later.
    #[error("the token endpoint {host} could not be reached; check the network, DNS and proxy settings")]
    Unreachable {
        /// Host of the token URL.
        host: String,
        /// What the network said.
        #[source]
        source: Arc<reqwest::Error>,
    },
    /// The HTTP client could not be set up: the machine's TLS settings or certificates are at fault.
    #[error("the HTTP client for token requests could not be set up; check the machine's root certificates")]
    Setup(#[source] Arc<reqwest::Error>),
}

impl AuthError {
    /// Whether the same request may succeed later, with nothing changed.
    pub fn retry_helps(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Unreachable { .. })
    }
}

/// Gives everyone the same token, and renews it in time.
///
/// One request is under way at most: callers that come during it wait for its result. A failure is told to
/// them all, and repeated for a second (a minute if it is final) before Zoom is asked again.
#[derive(Clone)]
pub struct TokenSource {
    shared: Arc<Shared>,
}

struct Shared {
    credentials: ServerToServer,
    http: reqwest::Client,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    token: Option<AccessToken>,
    failure: Option<(AuthError, Instant)>,
}

/// A token answer. Zoom's names; everything but the token may be missing.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: serde_json::Value,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    api_url: Option<String>,
}

/// A refusal: `{"reason","error"}` of the token endpoint, or `{"code","message"}` of the API.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Option<String>,
    #[serde(alias = "message", alias = "error_description")]
    reason: Option<String>,
    code: Option<serde_json::Number>,
}

impl TokenSource {
    /// A source for one app and account. Asks for nothing yet.
    pub fn new(credentials: ServerToServer) -> Result<Self, AuthError> {
        let http = http::client(Duration::from_secs(5), Duration::from_secs(10))
            .map_err(|error| AuthError::Setup(Arc::new(error)))?;
        Ok(Self { shared: Arc::new(Shared { credentials, http, cache: Mutex::default() }) })
    }

    /// The current token; a new one if there is none or if it expires within two minutes.
    pub async fn token(&self) -> Result<AccessToken, AuthError> {
        // Held during the request: this is what makes the flight a single one.
        let mut cache = self.shared.cache.lock().await;
        let now = Instant::now();
        if let Some(token) = &cache.token
            && now < token.0.refresh_at
        {
            return Ok(token.clone());
        }
        if let Some((failure, until)) = &cache.failure
            && now < *until
        {
            return Err(failure.clone());
        }
        match self.shared.request().await {
            Ok(token) => {
                tracing::debug!(scopes = token.scopes().len(), "new access token");
                *cache = Cache { token: Some(token.clone()), failure: None };
                Ok(token)
            }
            Err(error) => {
                let hold = if error.retry_helps() { HOLD_PASSING } else { HOLD_FINAL };
                cache.failure = Some((error.clone(), Instant::now() + hold));
                Err(error)
            }
        }
    }

    /// Says that Zoom rejected this token (status 401, code 124). It is dropped only if it is still the
    /// current one: if somebody else already got a new one, the next [`TokenSource::token`] returns that.
    pub async fn invalidate(&self, rejected: &AccessToken) {
        let mut cache = self.shared.cache.lock().await;
        if cache.token.as_ref() == Some(rejected) {
            cache.token = None;
        }
    }
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource").field("credentials", &self.shared.credentials).finish_non_exhaustive()
    }
}

impl Shared {
    async fn request(&self) -> Result<AccessToken, AuthError> {
        let credentials = &self.credentials;
        let asked_at = Instant::now();
        let unreachable = |error: reqwest::Error| AuthError::Unreachable {
            host: credentials.token_url.host_str().unwrap_or_default().to_owned(),
            source: Arc::new(error.without_url()),
        };
        // In the body: a query string ends up in logs.
        let form = [("grant_type", "account_credentials"), ("account_id", credentials.account_id.as_str())];
        let mut response = self
            .http
            .post(credentials.token_url.clone())
            .basic_auth(&credentials.client_id, Some(credentials.client_secret.expose_secret()))
            .form(&form)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        let tracking_id = http::tracking_id(response.headers());
        let body = http::read_body(&mut response, MAX_ANSWER).await.map_err(unreachable)?;
        if !status.is_success() {
            return Err(refusal(status, tracking_id, &body.bytes));
        }
        let answer: TokenAnswer = serde_json::from_slice(&body.bytes)
            .map_err(|_| AuthError::Unreadable { status: status.as_u16() })?;
        if answer.access_token.trim().is_empty() {
            return Err(AuthError::Unreadable { status: status.as_u16() });
        }
        let lifetime = lifetime(&answer.expires_in);
        let jitter = JITTER.mul_f64(rand::random::<f64>());
        Ok(AccessToken(Arc::new(Token {
            secret: answer.access_token.into(),
            scopes: answer.scope.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            api_url: answer.api_url.and_then(|url| Url::parse(&url).ok()),
            refresh_at: asked_at + use_for(lifetime, jitter),
        })))
    }
}

/// `expires_in`: seconds, as a number or as text.
fn lifetime(expires_in: &serde_json::Value) -> Duration {
    expires_in
        .as_u64()
        .or_else(|| expires_in.as_str()?.trim().parse().ok())
        .map_or(USUAL_LIFETIME, Duration::from_secs)
        .min(LONGEST_LIFETIME)
}

/// How long a token is handed out. One that lives shorter than the margin is used for half its life.
fn use_for(lifetime: Duration, jitter: Duration) -> Duration {
    lifetime.saturating_sub(REFRESH_BEFORE + jitter).max(lifetime / 2)
}

fn refusal(status: StatusCode, tracking_id: Option<String>, body: &[u8]) -> AuthError {
    let tracking_id = tracking_id.unwrap_or_else(|| "none".to_owned());
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return AuthError::Unavailable { status: status.as_u16(), tracking_id };
    }
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let code = refusal.code.as_ref().and_then(serde_json::Number::as_u64);
    let reason =
        refusal.reason.map_or_else(|| "no reason given".to_owned(), |reason| http::printable(&reason));
    // 4702 and 4704: client id or secret wrong (Zoom's list of OAuth errors).
    if refusal.error.as_deref() == Some("invalid_client") || matches!(code, Some(4702 | 4704)) {
        return AuthError::InvalidClient { reason };
    }
    let error = refusal
        .error
        .map(|error| http::printable(&error))
        .or_else(|| code.map(|code| code.to_string()))
        .unwrap_or_else(|| "no error code".to_owned());
    AuthError::Refused { status: status.as_u16(), error, reason, tracking_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_until_two_minutes_and_jitter_before_its_end() {
        let s = Duration::from_secs;
        assert_eq!(use_for(s(3600), s(0)), s(3480));
        assert_eq!(use_for(s(3600), s(30)), s(3450));
        assert_eq!(use_for(s(100), s(30)), s(50));
        assert_eq!(use_for(s(0), s(0)), s(0));
    }

    #[test]
    fn a_lifetime_is_read_as_number_or_text_and_bounded() {
        let s = Duration::from_secs;
        assert_eq!(lifetime(&3599.into()), s(3599));
        assert_eq!(lifetime(&"3599".into()), s(3599));
        assert_eq!(lifetime(&serde_json::Value::Null), USUAL_LIFETIME);
        assert_eq!(lifetime(&u64::MAX.into()), LONGEST_LIFETIME);
    }
}
