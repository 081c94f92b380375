//! The way of a request: quota, token, circuit, wire, and again where that is safe.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret as _;
use tokio::time::Instant;
use tracing::Instrument as _;
use url::Url;
use zoom_phone_types::catalogue::Method;

use super::answer::{self, Answer, Received};
use super::call::Call;
use super::error::Error;
use super::request::Request;
use super::{Inner, retry};
use crate::http;
use crate::oauth::AccessToken;
use crate::quota::{Priority, RateFacts};

/// Largest answer that is read, in bytes. A page of 300 calls has about half a megabyte.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A slow line, in bytes per second: a body has as much more time as it takes over one.
const SLOW: u64 = 16 * 1024;

/// One try: sends the request with the token and takes the answer in.
pub(super) type Try<T> =
    for<'a> fn(&'a Inner, &'a Request, &'a AccessToken) -> BoxFuture<'a, Result<T, Error>>;

impl Call {
    /// Sends the request and takes the answer in. Boxed and not generic: compiled once.
    pub(super) fn fetch(&self) -> BoxFuture<'_, Result<Received, Error>> {
        async move {
            let request = Request::of(self)?;
            self.client.inner.send(&request, self.deadline, take_in).await
        }
        .boxed()
    }

    /// As [`Call::fetch`], read as JSON.
    pub(super) async fn exchange(&self) -> Result<Answer, Error> {
        self.fetch().await?.json(&self.target.name())
    }
}

fn take_in<'a>(
    inner: &'a Inner,
    request: &'a Request,
    token: &'a AccessToken,
) -> BoxFuture<'a, Result<Received, Error>> {
    async move {
        let url = inner.address(request, token);
        let host = url.host_str().unwrap_or_default().to_owned();
        inner.may_ask(request, &host)?;
        let result = async {
            let mut response = inner.hop(request, url, Some(token), inner.config.timeout).await?;
            read(inner, request, &mut response, token, true).await
        }
        .await;
        inner.circuits.record(&host, &result);
        result
    }
    .boxed()
}

/// Reads an answer to its end. `ours`: of the host that the token went to.
pub(super) async fn read(
    inner: &Inner,
    request: &Request,
    response: &mut Response,
    token: &AccessToken,
    ours: bool,
) -> Result<Received, Error> {
    let mut rate = RateFacts::read(response.status().as_u16(), response.headers());
    let body = http::read_body(response, MAX_ANSWER).await;
    if let Ok(body) = &body {
        rate.heed_body(&body.bytes);
    }
    // A host that is not Zoom's says nothing about the quota.
    if rate.limited && request.counted && ours {
        inner.limiter.learn(request.label, &rate);
    }
    let body = body.map_err(|error| unreachable(request, error))?;
    let bearer = token.secret().expose_secret();
    answer::read(&request.operation, response.status(), response.headers(), rate, body, bearer)
}

fn unreachable(request: &Request, source: reqwest::Error) -> Error {
    Error::Unreachable { operation: request.operation.clone().into_owned(), source: source.without_url() }
}

impl Inner {
    /// Sends a request until it succeeds, or fails in a way that may not be repeated, or the time is over.
    pub(super) async fn send<T>(
        &self,
        request: &Request,
        deadline: Option<Duration>,
        one: Try<T>,
    ) -> Result<T, Error> {
        let default = (request.priority != Priority::Backfill).then_some(self.config.deadline);
        let limit = deadline.or(default);
        // One beyond the end of the clock is none.
        let bounded = limit.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?)));
        let Some((limit, end)) = bounded else {
            return self.tries(request, None, one).instrument(request.span.clone()).await;
        };
        match tokio::time::timeout_at(
            end,
            self.tries(request, Some(end), one).instrument(request.span.clone()),
        )
        .await
        {
            Ok(result) => result,
            Err(_) => {
                Err(Error::Deadline { operation: request.operation.clone().into_owned(), after: limit })
            }
        }
    }

    async fn tries<T>(&self, request: &Request, deadline: Option<Instant>, one: Try<T>) -> Result<T, Error> {
        let operation = || request.operation.clone().into_owned();
        let mut renewed = false;
        let mut quota_wait = Duration::ZERO;
        let mut tries = 1;
        let mut asks: Option<String> = None;
        loop {
            // Before the turn, which would be late after the wait. A redirect may have led to another host.
            let token = self.tokens.token().await;
            let token = token.map_err(|source| Error::Auth { operation: operation(), source })?;
            let first = self.address(request, &token).host_str().unwrap_or_default().to_owned();
            for host in std::iter::once(first).chain(asks.take()) {
                self.wait_out(request, &host, deadline, &mut tries).await?;
            }
            if request.counted {
                let pass = self.limiter.enter(request.label, request.priority, deadline).await;
                let pass = pass.map_err(|source| Error::Quota { operation: operation(), source })?;
                quota_wait += pass.waited();
                request.span.record("quota_wait_ms", quota_wait.as_millis());
            }
            // After the wait for the quota, during which a token may end.
            let token = self.tokens.token().await;
            let token = token.map_err(|source| Error::Auth { operation: operation(), source })?;
            request.span.record("tries", tries);
            let error = match one(self, request, &token).await {
                Ok(got) => return Ok(got),
                Err(Error::CircuitOpen { host, .. }) => {
                    asks = Some(host);
                    continue;
                }
                Err(error) => error,
            };
            if error.token_rejected() && !renewed {
                renewed = true;
                count_retry("token");
                tracing::info!(operation = %request.operation, "Zoom rejected the access token; once more with a new one");
                self.tokens.invalidate(&token).await;
                continue;
            }
            let Some(reason) = retry::reason(request.method, &error) else { return Err(error) };
            let Some(wait) = self.config.retry.wait_after(reason, &error, tries, rand::random()) else {
                return Err(error);
            };
            // Rather this error than one that says only that the time was over.
            if deadline.is_some_and(|deadline| Instant::now() + wait >= deadline) {
                return Err(error);
            }
            count_retry(reason.as_str());
            tracing::warn!(
                operation = %request.operation,
                reason = reason.as_str(),
                status = error.api().map(|error| error.status),
                tries,
                wait_ms = wait.as_millis(),
                "asking Zoom again"
            );
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// Whether the host may be asked now. If so, [`Circuits::record`](super::host::Circuits::record) is to be told how
    /// it went.
    pub(super) fn may_ask(&self, request: &Request, host: &str) -> Result<(), Error> {
        self.circuits.allow(host).map_err(|wait| circuit_open(request, host, wait))
    }

    /// Waits until a host that failed again and again may be asked. Each such wait is as good as a try; one for the
    /// outcome of another request's probe is not.
    async fn wait_out(
        &self,
        request: &Request,
        host: &str,
        deadline: Option<Instant>,
        tries: &mut u32,
    ) -> Result<(), Error> {
        loop {
            // From before the look, so that no outcome is missed.
            let outcome = self.circuits.outcome();
            let Some(open) = self.circuits.look(host) else { return Ok(()) };
            let wait = open.until - Instant::now();
            if open.probing {
                let _ = tokio::time::timeout(wait, outcome).await;
                continue;
            }
            let late = deadline.is_some_and(|deadline| open.until >= deadline);
            if late || *tries >= self.config.retry.tries || wait > self.config.retry.longest_wait {
                return Err(circuit_open(request, host, wait));
            }
            count_retry("circuit");
            tokio::time::sleep_until(open.until).await;
            *tries += 1;
        }
    }

    /// The address of a request, given the token, which names the region.
    pub(super) fn address(&self, request: &Request, token: &AccessToken) -> Url {
        request.url(self.base(token), self.config.base_url.is_some())
    }

    /// Sends one HTTP request and waits for the head of the answer. `timeout` is for the body, too.
    pub(super) async fn hop(
        &self,
        request: &Request,
        url: Url,
        bearer: Option<&AccessToken>,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let upload = request.body.as_ref().map_or(0, |(_, body)| body.len() as u64 / SLOW);
        let timeout = timeout + Duration::from_secs(upload);
        let mut http = self.http.request(verb(request.method), url).timeout(timeout);
        if let Some(token) = bearer {
            http = http.bearer_auth(token.secret().expose_secret());
        }
        if let Some((kind, body)) = &request.body {
            http = http.header(CONTENT_TYPE, kind.as_ref()).body(body.clone());
        }
        let begun = Instant::now();
        let result = http.send().await;
        let status =
            result.as_ref().map_or_else(|_| "none".to_owned(), |it| it.status().as_u16().to_string());
        let operation = request.operation.clone();
        metrics::histogram!("zoom_phone_request_seconds", "operation" => operation.clone())
            .record(begun.elapsed());
        metrics::counter!("zoom_phone_requests_total", "operation" => operation, "status" => status)
            .increment(1);
        let response = result.map_err(|error| unreachable(request, error))?;
        request.span.record("status", response.status().as_u16());
        if let Some(id) = http::tracking_id(response.headers()) {
            request.span.record("tracking_id", id);
        }
        let facts = RateFacts::read(response.status().as_u16(), response.headers());
        // As in `read`, which learns from a 429: the kind of its limit may be in the body only.
        if request.counted && bearer.is_some() && !facts.limited {
            self.limiter.learn(request.label, &facts);
        }
        Ok(response)
    }
}

fn circuit_open(request: &Request, host: &str, wait: Duration) -> Error {
    Error::CircuitOpen { operation: request.operation.clone().into_owned(), host: host.to_owned(), wait }
}

fn count_retry(reason: &'static str) {
    metrics::counter!("zoom_phone_retries_total", "reason" => reason).increment(1);
}

fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
