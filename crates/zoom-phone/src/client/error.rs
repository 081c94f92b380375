//! What a request can fail with.

use std::fmt;
use std::time::Duration;

use crate::oauth::AuthError;

/// Why a request failed. Holds neither the token nor a query string nor a signed address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no token to ask with.
    #[error("{operation}: no access token")]
    Auth {
        /// Zoom's operationId, or method and path.
        operation: String,
        /// Why not.
        #[source]
        source: AuthError,
    },
    /// No answer: no connection, a broken one, or the time ran out.
    #[error("{operation}: Zoom gave no answer; check the network, DNS and proxy settings")]
    Unreachable {
        /// Zoom's operationId, or method and path.
        operation: String,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// Zoom answered with an error, or with a redirect, which is not followed.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// A success that cannot be read: not JSON, or not the JSON that the operation returns.
    #[error(
        "{operation}: the answer (status {status}, tracking id {}) is {found}; check the API address, and proxies on the way",
        tracking_id.as_deref().unwrap_or("none")
    )]
    Unreadable {
        /// Zoom's operationId, or method and path.
        operation: String,
        /// HTTP status.
        status: u16,
        /// What was found instead, in a few words.
        found: &'static str,
        /// `x-zm-trackingid`, for Zoom's support.
        tracking_id: Option<String>,
    },
    /// A path segment that is empty, `.` or `..`: an id was not filled in.
    #[error("the path {path} has the segment {segment:?}, which is no id; nothing was sent")]
    Path {
        /// The segment.
        segment: String,
        /// All segments.
        path: String,
    },
    /// The configured base address is not a web address.
    #[error("the API address begins with {scheme}:; give one that begins with https://")]
    BaseUrl {
        /// Its scheme.
        scheme: String,
    },
    /// The HTTP client could not be set up: the machine's TLS settings or certificates are at fault.
    #[error("the HTTP client could not be set up; check the machine's root certificates")]
    Setup(#[source] reqwest::Error),
}

/// Zoom's error answer.
///
/// Status and code are independent: status 400 may carry code 404 or 429. Decide by `status` first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// Zoom's operationId, or method and path.
    pub operation: String,
    /// HTTP status.
    pub status: u16,
    /// Zoom's `code`, if the body has one.
    pub code: Option<i64>,
    /// Zoom's `message` on one line, addresses shortened; or a few words about a body without one.
    pub message: String,
    /// Zoom's `errors`: what is wrong with which field of the request.
    pub fields: Vec<FieldError>,
    /// `x-zm-trackingid`, for Zoom's support.
    pub tracking_id: Option<String>,
    /// How long Zoom asks to wait, from `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The account's quota of the day is used up (`X-RateLimit-Type`); it is counted anew at 00:00 UTC.
    pub daily_limit: bool,
}

/// One entry of Zoom's `errors`. The rejected value is left out: it may be a person's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Error {
    /// Whether the same request may succeed later, with nothing changed.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Auth { source, .. } => source.retry_helps(),
            Self::Unreachable { .. } => true,
            Self::Api(error) => error.retry_helps(),
            Self::Unreadable { .. } | Self::Path { .. } | Self::BaseUrl { .. } | Self::Setup(_) => false,
        }
    }

    /// A success without the object that the operation returns.
    pub(super) fn no_object(operation: &str) -> Self {
        Self::Unreadable {
            operation: operation.to_owned(),
            status: 200,
            found: "not a JSON object",
            tracking_id: None,
        }
    }

    /// Zoom's own answer, if there was one.
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// What was asked for is not there: it never was, is gone, or (the record of a call that just ended) is
    /// not written yet.
    pub fn is_not_found(&self) -> bool {
        self.api()
            .is_some_and(|error| error.status == 404 || (error.status == 400 && error.code == Some(404)))
    }

    pub(crate) fn token_rejected(&self) -> bool {
        self.api().is_some_and(ApiError::token_rejected)
    }
}

impl ApiError {
    /// Whether the same request may succeed later, with nothing changed.
    pub fn retry_helps(&self) -> bool {
        // 802: data not ready. 3001: call logs could not be read now. 12002: transcript in progress.
        self.status == 429 || self.status >= 500 || matches!(self.code, Some(802 | 3001 | 12002))
    }

    /// A scope is missing. A new token would miss it too, so the token is kept. Zoom uses several codes for
    /// this (104, 201, 4700, 4711); the words are always the same.
    pub fn scope_missing(&self) -> bool {
        self.message.contains("does not contain scopes")
    }

    /// Code 124 means the token, under whichever status it comes.
    fn token_rejected(&self) -> bool {
        let refused = self.status == 401 || (self.status < 500 && self.code == Some(124));
        refused && !self.scope_missing()
    }

    fn advice(&self) -> Option<&'static str> {
        Some(match (self.status, self.code) {
            _ if self.scope_missing() => "add the scopes to the app in Zoom's Marketplace and wait a minute",
            (401, _) | (_, Some(124)) => {
                "check that the app is activated, and that no other program asks for tokens of the same app"
            }
            (_, Some(2031)) => "enable Zoom Phone for the account, or correct the account id",
            (403, _) => "give the app's owner a role that may do this",
            (429, _) if self.daily_limit => {
                "the quota of the day is used up; it is counted anew at 00:00 UTC"
            }
            (429 | 500.., _) => "try again later",
            (300..400, _) => "redirects are not followed; check the API address",
            (404, _) | (_, Some(404)) => {
                "check the id; the record of a call that just ended may need a minute"
            }
            (400, _) => "correct the request",
            _ => return None,
        })
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: Zoom answered {}", self.operation, self.status)?;
        if let Some(code) = self.code {
            write!(f, ", code {code}")?;
        }
        write!(f, ": {}", self.message)?;
        for FieldError { field, message } in &self.fields {
            write!(f, "; field {field}: {message}")?;
        }
        if let Some(advice) = self.advice() {
            write!(f, "; {advice}")?;
        }
        if let Some(wait) = self.retry_after {
            write!(f, "; retry after {} s", wait.as_secs())?;
        }
        if let Some(id) = &self.tracking_id {
            write!(f, " (tracking id {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}
