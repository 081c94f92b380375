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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::ApiError;
    use crate::quota::{LimitKind, RateFacts, RetryAfter};

    const SECOND: Duration = Duration::from_secs(1);

    fn answered(status: u16, code: Option<i64>, retry_after: Option<Duration>) -> Error {
        Error::Api(Box::new(ApiError {
            operation: "x".to_owned(),
            status,
            code,
            message: String::new(),
            fields: Vec::new(),
            tracking_id: None,
            rate: RateFacts {
                limited: status == 429,
                retry_after: retry_after.map(RetryAfter::In),
                ..RateFacts::default()
            },
        }))
    }

    fn daily() -> Error {
        let mut error = answered(429, Some(429), None);
        if let Error::Api(error) = &mut error {
            error.rate.kind = Some(LimitKind::Daily);
        }
        error
    }

    /// What a request to a server says that does this to each connection.
    async fn unreachable(serve: impl AsyncFn(TcpListener)) -> Error {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let http = crate::http::client(SECOND, SECOND).unwrap();
        let asked = async { http.get(url).send().await.unwrap_err() };
        let ((), source) = tokio::join!(serve(listener), asked);
        Error::Unreachable { operation: "x".to_owned(), source }
    }

    #[tokio::test]
    async fn only_what_is_safe_for_the_verb_is_repeated() {
        use Reason::{Broken, Connect, Limited, NotReady, Server};

        let nobody = unreachable(async |listener| drop(listener)).await;
        let breaks = unreachable(async |listener| {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.read_u8().await.unwrap();
        });
        let breaks = breaks.await;
        let silent = unreachable(async |listener| {
            let (mut connection, _) = listener.accept().await.unwrap();
            // Nothing else is to happen: let the time run until the client gives up.
            tokio::time::pause();
            let mut request = Vec::new();
            connection.read_to_end(&mut request).await.unwrap();
        });
        let silent = silent.await;
        let table = [
            // Failure, and the reason to repeat a GET, a PUT, PATCH or DELETE, a POST.
            (nobody, Some(Connect), Some(Connect), Some(Connect)),
            (breaks, Some(Broken), None, None),
            (silent, None, None, None),
            (answered(429, Some(429), None), Some(Limited), Some(Limited), Some(Limited)),
            (daily(), None, None, None),
            (answered(503, None, Some(SECOND)), Some(Server), Some(Server), None),
            (answered(503, None, None), Some(Server), None, None),
            (answered(500, None, None), Some(Server), None, None),
            (answered(400, Some(802), None), Some(NotReady), None, None),
            (answered(404, Some(3001), None), Some(NotReady), None, None),
            (answered(400, Some(12002), None), Some(NotReady), None, None),
            (answered(400, Some(429), None), None, None, None),
            (answered(401, Some(124), None), None, None, None),
            (answered(404, Some(404), None), None, None, None),
            (answered(302, None, None), None, None, None),
        ];
        for (error, get, put, post) in &table {
            assert_eq!(reason(Method::Get, error), *get, "GET {error:?}");
            for method in [Method::Put, Method::Patch, Method::Delete] {
                assert_eq!(reason(method, error), *put, "{method} {error:?}");
            }
            assert_eq!(reason(Method::Post, error), *post, "POST {error:?}");
        }
    }

    #[test]
    fn waits_are_bounded_and_follow_zoom() {
        let retry = Retry::default();
        let wait = |error: &Error, tries| {
            let reason = reason(Method::Get, error).unwrap();
            retry.wait_after(reason, error, tries, 0.5)
        };
        let limited = answered(429, None, None);
        assert_eq!(wait(&limited, 1), Some(SECOND * 3 / 2));
        assert_eq!(wait(&limited, 3), Some(SECOND * 3 / 2));
        assert_eq!(wait(&limited, 4), None);
        assert_eq!(wait(&answered(429, None, Some(5 * SECOND)), 1), Some(SECOND * 11 / 2));
        assert_eq!(wait(&answered(429, None, Some(31 * SECOND)), 1), None);
        let broken = answered(502, None, None);
        assert_eq!(wait(&broken, 1), Some(SECOND * 3 / 2));
        assert_eq!(wait(&broken, 3), Some(SECOND * 9 / 2));
    }
}
