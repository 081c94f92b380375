//! Which requests are repeated, and after how long.

use std::time::Duration;

use zoom_phone_types::catalogue::Method;

use super::error::Error;

/// How often a request is repeated. Which failures allow it depends on the verb:
///
/// | failure | GET | PUT, PATCH, DELETE | POST |
/// |---|---|---|---|
/// | no connection: nothing was sent | yes | yes | yes |
/// | status 429, per second: not executed | yes | yes | yes |
/// | status 429 for the day | no | no | no |
/// | status 503 with `Retry-After`: not executed, most likely | yes | yes | no |
/// | other 5xx | yes | no | no |
/// | the connection broke before the answer | yes | no | no |
/// | no answer in time | no | no | no |
/// | code 802, 3001, 12002: not ready yet | yes | no | no |
/// | anything else | no | no | no |
///
/// A rejected token (code 124) is replaced and the request repeated once, whatever the verb: Zoom looks at the token
/// first. This is not counted as a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in total. Default 4.
    pub tries: u32,
    /// Wait after the first failure, before jitter; doubled each time, except after 429. Default 1 second.
    pub first_wait: Duration,
    /// If Zoom asks for a longer wait than this, the error is returned at once, with
    /// [`ApiError::retry_after`](super::ApiError::retry_after). Default 30 seconds.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 4, first_wait: Duration::from_secs(1), longest_wait: Duration::from_secs(30) }
    }
}

/// A failure that allows another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Connect,
    Broken,
    Limited,
    Server,
    NotReady,
}

impl Reason {
    /// For logs and metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Broken => "broken",
            Self::Limited => "limited",
            Self::Server => "server",
            Self::NotReady => "not_ready",
        }
    }
}

/// The table above.
pub(super) fn reason(method: Method, error: &Error) -> Option<Reason> {
    let safe = method == Method::Get;
    let same_twice = method != Method::Post;
    match error {
        Error::Unreachable { source, .. } if source.is_connect() => Some(Reason::Connect),
        // A try that ran out of time has used its share of the caller's patience.
        Error::Unreachable { source, .. } if safe && !source.is_timeout() => Some(Reason::Broken),
        Error::Api(error) if error.status == 429 && !error.daily_limit() => Some(Reason::Limited),
        Error::Api(error) if error.status == 503 && error.retry_after().is_some() => {
            same_twice.then_some(Reason::Server)
        }
        Error::Api(error) if error.status >= 500 => safe.then_some(Reason::Server),
        Error::Api(error) if error.status < 500 && error.not_ready() => safe.then_some(Reason::NotReady),
        _ => None,
    }
}

impl Retry {
    /// The wait before the next try, or `None` if there is none. `dice` is from 0 to 1.
    pub(super) fn wait_after(
        &self,
        reason: Reason,
        error: &Error,
        tries: u32,
        dice: f64,
    ) -> Option<Duration> {
        if tries >= self.tries {
            return None;
        }
        let wait = error.api().and_then(|error| error.retry_after()).unwrap_or(match reason {
            // The limiter holds the label back as well.
            Reason::Limited => self.first_wait,
            _ => self.first_wait.saturating_mul(1 << (tries - 1).min(16)),
        });
        // Jitter never shortens what Zoom asked for.
        (wait <= self.longest_wait).then(|| wait + self.first_wait.mul_f64(dice))
    }
}
