//! What a request can fail with.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::advice;
use super::paging::Anomaly;
use crate::oauth::AuthError;
use crate::quota::{QuotaError, RateFacts, RetryAfter};

/// Why a request failed. Holds neither the token nor a query string nor a signed address.
///
/// Where it says `operation`, that is Zoom's operationId; of [`Client::request`](super::Client::request), the verb
/// and the beginning of the path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request is not as Zoom documents it. Nothing was sent.
    #[error(
        "{operation}: nothing was sent, because {}; correct it, or send it as it is with unchecked()",
        list(faults)
    )]
    Invalid {
        /// Which operation.
        operation: String,
        /// All that is wrong.
        faults: Vec<Fault>,
    },
    /// The catalogue has no such operation.
    #[error(
        "there is no operation {id:?} in this version of the crate; check the spelling, or use Client::request"
    )]
    UnknownOperation {
        /// What was asked for.
        id: String,
    },
    /// There is no token to ask with.
    #[error("{operation}: no access token")]
    Auth {
        /// Which operation.
        operation: String,
        /// Why not.
        #[source]
        source: AuthError,
    },
    /// The account's quota does not allow the request now. It was not sent.
    #[error("{operation}: not sent, to keep Zoom's rate limits")]
    Quota {
        /// Which operation.
        operation: String,
        /// Until when.
        #[source]
        source: QuotaError,
    },
    /// The host failed again and again; it is left alone for a while. The request was not sent.
    #[error("{operation}: {host} failed again and again; it is asked again in {} s", wait.as_secs() + 1)]
    CircuitOpen {
        /// Which operation.
        operation: String,
        /// Which host.
        host: String,
        /// How long yet.
        wait: Duration,
    },
    /// The caller's deadline passed. Whether Zoom did what was asked is not known.
    #[error("{operation}: no answer within {} s; give it more time with deadline(), or try again", after.as_secs())]
    Deadline {
        /// Which operation.
        operation: String,
        /// The deadline.
        after: Duration,
    },
    /// No answer: no connection, a broken one, or the time ran out.
    #[error("{operation}: Zoom gave no answer; check the network, DNS and proxy settings")]
    Unreachable {
        /// Which operation.
        operation: String,
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// Zoom answered with an error, or with a redirect where none is followed.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// A success that cannot be read: not JSON, or not the JSON that the operation returns.
    #[error(
        "{operation}: the answer (status {status}, tracking id {}) is {found}; check the API address, and proxies on the way",
        tracking_id.as_deref().unwrap_or("none")
    )]
    Unreadable {
        /// Which operation.
        operation: String,
        /// HTTP status.
        status: u16,
        /// What was found instead, in a few words.
        found: &'static str,
        /// `x-zm-trackingid`, for Zoom's support.
        tracking_id: Option<String>,
    },
    /// A file cannot be had from its address, for a reason that is no answer of Zoom's API.
    #[error("{operation}: no file from {host}: {problem}")]
    Download {
        /// Which operation.
        operation: String,
        /// The host; the rest of the address may be a signature.
        host: String,
        /// What is wrong, and what to do.
        problem: Cow<'static, str>,
        /// Whether it may pass: no answer in time, a transfer that broke off.
        passing: bool,
    },
    /// A list was read to where it ended, but rows may be missing.
    #[error("{operation}: the list may be incomplete: {}", list(anomalies))]
    Incomplete {
        /// Which operation.
        operation: String,
        /// Why: the anomalies of which [`Anomaly::may_miss_rows`] is true.
        anomalies: Vec<Anomaly>,
    },
    /// A token cannot be sent to the configured base address: it is no web address, or not over TLS.
    #[error(
        "the API address begins with {scheme}:; give one that begins with https:// (http:// only for this machine)"
    )]
    BaseUrl {
        /// Its scheme.
        scheme: String,
    },
    /// The HTTP client could not be set up: the machine's TLS settings or certificates are at fault.
    #[error("the HTTP client could not be set up; check the machine's root certificates")]
    Setup(#[source] reqwest::Error),
}

/// One thing that is wrong with a request. Without the value: it may be a person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Name of the parameter; for the body its path, such as `body.members[2].type`.
    pub at: String,
    /// What is wrong, to follow the name in a sentence: `must be at most 300`.
    pub message: String,
}

impl Fault {
    pub(super) fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.message)
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Zoom's error answer.
///
/// Status and code are independent: status 400 may carry code 404 or 429. Decide by `status` first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// Zoom's operationId; of [`Client::request`](super::Client::request), the verb and the beginning of the path.
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
    /// What the answer says about the quota.
    pub rate: RateFacts,
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
    /// Whether the same request may succeed later, with nothing changed. After [`Error::Deadline`] and some
    /// [`Error::Unreachable`] it may also have succeeded already.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Auth { source, .. } => source.retry_helps(),
            Self::Quota { .. }
            | Self::CircuitOpen { .. }
            | Self::Deadline { .. }
            | Self::Unreachable { .. }
            | Self::Incomplete { .. } => true,
            Self::Api(error) => error.retry_helps(),
            Self::Download { passing, .. } => *passing,
            Self::Invalid { .. }
            | Self::UnknownOperation { .. }
            | Self::Unreadable { .. }
            | Self::BaseUrl { .. }
            | Self::Setup(_) => false,
        }
    }

    /// When the account's quota of the day is counted anew, if that is what is missing and the time is known.
    pub fn daily_end(&self) -> Option<Timestamp> {
        match self {
            Self::Quota { source: QuotaError::Daily { until, .. }, .. } => Some(*until),
            Self::Api(error) => error.daily_end(),
            _ => None,
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
        self.status == 429 || self.status >= 500 || self.not_ready()
    }

    /// What was asked for is being made: 802 is data of a report, 3001 call logs, 12002 a transcript.
    pub(super) fn not_ready(&self) -> bool {
        matches!(self.code, Some(802 | 3001 | 12002))
    }

    /// How long Zoom asks to wait, from `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.rate.wait()
    }

    /// The account's quota of the day is used up.
    pub fn daily_limit(&self) -> bool {
        self.rate.daily_limit()
    }

    /// When the quota of the day is counted anew, if it is used up and Zoom's clock is known: what `Retry-After`
    /// says, else the next 00:00 UTC.
    pub fn daily_end(&self) -> Option<Timestamp> {
        const DAY: i64 = 24 * 60 * 60;
        if !self.daily_limit() {
            return None;
        }
        match (self.rate.retry_after, self.rate.date) {
            (Some(RetryAfter::At(until)), _) => Some(until),
            (Some(RetryAfter::In(wait)), Some(now)) => now.checked_add(wait).ok(),
            (_, Some(now)) => Timestamp::from_second((now.as_second().div_euclid(DAY) + 1) * DAY).ok(),
            (_, None) => None,
        }
    }

    /// A scope is missing. A new token would miss it too, so the token is kept. Zoom uses several codes for
    /// this (104, 201, 4700, 4711); the words are always the same.
    pub fn scope_missing(&self) -> bool {
        self.message.contains("does not contain scopes")
    }

    /// The scopes that Zoom says are missing.
    pub fn missing_scopes(&self) -> Vec<&str> {
        let Some((_, list)) = self.message.split_once("does not contain scopes") else { return Vec::new() };
        let scope = |c: char| c.is_ascii_alphanumeric() || ":_-.".contains(c);
        let words = list.trim_start_matches(':').split(|c| !scope(c));
        words.map(|word| word.trim_matches(['.', ':'])).filter(|word| word.contains(':')).collect()
    }

    /// Codes 124 and 401 mean the token, under whichever status they come.
    fn token_rejected(&self) -> bool {
        let refused = self.status == 401 || (self.status < 500 && matches!(self.code, Some(124 | 401)));
        refused && !self.scope_missing()
    }

    /// What to do about it, in a sentence; `None` where there is nothing to say beyond Zoom's message.
    pub fn advice(&self) -> Option<Cow<'static, str>> {
        advice::for_error(self)
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
        if let Some(wait) = self.retry_after() {
            write!(f, "; retry after {} s", wait.as_secs())?;
        }
        if let Some(id) = &self.tracking_id {
            write!(f, " (tracking id {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}
