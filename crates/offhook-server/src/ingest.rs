//! `POST /zoom/webhook`: verify, write down, acknowledge. In that order, and nothing else.
//!
//! | request | answer |
//! |---|---|
//! | genuine event | 204, after it is on disk |
//! | genuine `endpoint.url_validation` | 200 with the answer to the challenge |
//! | no, wrong, or stale signature; a secret of another account | 401 |
//! | body over the limit | 413 |
//! | body that does not arrive in full, or not in time | 400, 408 |
//! | disk full, queue at its bound | 503, nothing kept: Zoom sends it again |
//!
//! A genuine body that is no JSON, or no event, is stored too and answered 204: it is evidence, and a retry
//! would bring the same bytes.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::Arc,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use jiff::Timestamp;
use offhook_calls::normalize::Door;
use offhook_store::{Arrival, Inbox, StoreError};
use secrecy::SecretString;
use serde::Deserialize;
use zoom_phone::webhook::{
    SIGNATURE_HEADER, SecretError, SignatureError, TIMESTAMP_HEADER, Tolerance, Verifier, challenge,
};

use crate::{clock::Clock, log::Once, metrics, problem::Problem};

/// The largest body taken. Zoom's largest events are some tens of kilobytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// How long a body may take to arrive. Zoom itself gives up after 3 s.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The webhook secrets, and whose they are.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    secrets: Vec<SecretString>,
    /// Beside each secret: the only account it may speak for; `None` for any.
    accounts: Vec<Option<String>>,
}

impl Secrets {
    /// Adds a secret that may sign events of `account`, or of any account.
    #[must_use]
    pub fn and(mut self, secret: SecretString, account: Option<String>) -> Self {
        self.secrets.push(secret);
        self.accounts.push(account);
        self
    }

    /// No secret at all: nothing can be verified, so nothing will be accepted.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }
}

/// What the webhook needs.
#[derive(Clone)]
pub(crate) struct Ingest(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    secrets: Secrets,
    /// Accounts that are configured; empty when none is named.
    accounts: BTreeSet<String>,
    inbox: Inbox,
    once: Once,
    counters: metrics::IngestCounters,
    last_event: LastEvent,
    clock: Clock,
}

impl Ingest {
    pub(crate) fn new(
        secrets: Secrets,
        tolerance: Tolerance,
        accounts: BTreeSet<String>,
        inbox: Inbox,
        last_event: LastEvent,
        clock: Clock,
    ) -> Result<Self, SecretError> {
        Ok(Self(Arc::new(Inner {
            verifier: Verifier::new(&secrets.secrets)?.with_tolerance(tolerance),
            secrets,
            accounts,
            inbox,
            once: Once::default(),
            counters: metrics::IngestCounters::new(),
            last_event,
            clock,
        })))
    }
}

/// When the last event was stored, whichever way it came.
#[derive(Clone)]
pub(crate) struct LastEvent(Arc<AtomicI64>);

impl LastEvent {
    pub(crate) fn new(at: Option<Timestamp>) -> Self {
        Self(Arc::new(AtomicI64::new(at.map_or(0, Timestamp::as_millisecond))))
    }

    pub(crate) fn get(&self) -> Option<Timestamp> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            ms => Timestamp::from_millisecond(ms).ok(),
        }
    }

    pub(crate) fn note(&self, at: Timestamp) {
        self.0.fetch_max(at.as_millisecond(), Ordering::Relaxed);
    }
}

/// Why a request was not stored.
#[derive(Debug)]
enum Refused {
    TooLarge,
    TooSlow,
    Incomplete,
    Signature(SignatureError),
    ForeignAccount,
    Challenge(challenge::ChallengeError),
    Store(StoreError),
}

impl Refused {
    fn label(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Incomplete => "incomplete",
            Self::Signature(error) => error.reason(),
            Self::ForeignAccount => "foreign_account",
            Self::Challenge(_) => "bad_challenge",
            Self::Store(StoreError::Busy) => "busy",
            Self::Store(StoreError::Full) => "disk_full",
            Self::Store(_) => "store_failed",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::TooLarge => format!("The body is larger than {MAX_BODY} bytes."),
            Self::TooSlow => format!("The body did not arrive within {} s.", BODY_WITHIN.as_secs()),
            Self::Incomplete => "The body did not arrive in full.".to_owned(),
            // Not to be told apart by a stranger: the log and the metrics know which it was.
            Self::Signature(_) | Self::ForeignAccount => {
                "The signature is not one of Zoom's for this endpoint.".to_owned()
            }
            Self::Challenge(error) => error.to_string(),
            Self::Store(error) => error.to_string(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Incomplete | Self::Challenge(_) => StatusCode::BAD_REQUEST,
            Self::Signature(_) | Self::ForeignAccount => StatusCode::UNAUTHORIZED,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let title = match self.status() {
            StatusCode::UNAUTHORIZED => "Not from Zoom",
            StatusCode::SERVICE_UNAVAILABLE => "Cannot store it now",
            _ => "Not accepted",
        };
        Problem::new(self.status(), "urn:offhook:webhook", title, self.detail()).into_response()
    }
}

/// The handler.
pub(crate) async fn webhook(State(ingest): State<Ingest>, headers: HeaderMap, body: Body) -> Response {
    let now = ingest.0.clock.now();
    match receive(&ingest.0, &headers, body, now).await {
        Ok(response) => response,
        Err(refused) => {
            let label = refused.label();
            metrics::webhook_outcome(label);
            if let Some(kept_quiet) = ingest.0.once.say(label, now) {
                let error: Option<&dyn std::error::Error> = match &refused {
                    Refused::Signature(error) => Some(error),
                    Refused::Challenge(error) => Some(error),
                    Refused::Store(error) => Some(error),
                    _ => None,
                };
                tracing::warn!(reason = label, error, kept_quiet, "a webhook was not stored");
            }
            refused.into_response()
        }
    }
}

async fn receive(
    inner: &Inner,
    headers: &HeaderMap,
    body: Body,
    now: Timestamp,
) -> Result<Response, Refused> {
    let announced =
        headers.get("content-length").and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(Refused::TooLarge);
    }
    let body = whole(body).await?;
    let header = |name: &str| headers.get(name).map(axum::http::HeaderValue::as_bytes);
    let verdict = inner
        .verifier
        .verify(header(SIGNATURE_HEADER), header(TIMESTAMP_HEADER), &body, now)
        .map_err(Refused::Signature)?;
    let mut said = Said::read(&body);
    if let Some(bound_to) = inner.secrets.accounts.get(verdict.secret_index).and_then(Option::as_ref) {
        if said.account.is_empty() {
            said.account = Cow::Borrowed(bound_to);
        } else if said.account != *bound_to {
            return Err(Refused::ForeignAccount);
        }
    }
    if said.event == "endpoint.url_validation" {
        let secret = inner.secrets.secrets.get(verdict.secret_index);
        let plain = said.plain_token.as_deref().unwrap_or("");
        let answer =
            secret.map(|secret| challenge::answer(secret, plain)).transpose().map_err(Refused::Challenge)?;
        inner.counters.challenged.increment(1);
        tracing::info!("answered Zoom's endpoint challenge");
        return Ok(Json(answer).into_response());
    }
    match verdict.age_seconds {
        ..=300 => &inner.counters.age_fresh,
        301..=1800 => &inner.counters.age_late,
        _ => &inner.counters.age_very_late,
    }
    .increment(1);
    if !inner.accounts.is_empty() && !inner.accounts.contains(&*said.account) {
        ::metrics::counter!("offhook_webhook_unknown_account_total").increment(1);
        if let Some(kept_quiet) = inner.once.say("unknown account", now) {
            tracing::warn!(
                account = %said.account, event = %said.event, kept_quiet,
                "an event of an account that is not configured was stored; check ZOOM_ACCOUNT_ID"
            );
        }
    }
    let arrival = said.arrival(Door::Webhook, now, verdict.late, &body);
    inner.inbox.append(arrival).await.map_err(Refused::Store)?;
    inner.last_event.note(now);
    inner.counters.stored.increment(1);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// All of a body, within bounds of size and time. Most come in one piece, which is then taken as it is.
async fn whole(body: Body) -> Result<Bytes, Refused> {
    let mut pieces = body.into_data_stream();
    let until = tokio::time::Instant::now() + BODY_WITHIN;
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(piece) =
        tokio::time::timeout_at(until, pieces.next()).await.map_err(|_| Refused::TooSlow)?
    {
        let piece = piece.map_err(|_| Refused::Incomplete)?;
        if first.len().max(more.len()) + piece.len() > MAX_BODY {
            return Err(Refused::TooLarge);
        }
        if first.is_empty() {
            first = piece;
            continue;
        }
        if more.is_empty() {
            more.extend_from_slice(&first);
        }
        more.extend_from_slice(&piece);
    }
    Ok(if more.is_empty() { first } else { more.freeze() })
}

/// What the envelope says, as far as it can be read.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said<'a> {
    event: Cow<'a, str>,
    /// Empty if it does not say.
    pub(crate) account: Cow<'a, str>,
    event_ts: Option<i64>,
    plain_token: Option<Cow<'a, str>>,
}

impl<'a> Said<'a> {
    /// Reads the few fields that storing needs, without building the rest. Never fails: an envelope of
    /// another shape (duplicate keys, other types, no JSON at all) leaves fields empty.
    pub(crate) fn read(body: &'a [u8]) -> Self {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow)]
            event: Cow<'a, str>,
            event_ts: Option<i64>,
            #[serde(borrow)]
            payload: Payload<'a>,
        }
        #[derive(Deserialize)]
        struct Payload<'a> {
            #[serde(borrow)]
            account_id: Option<Cow<'a, str>>,
            #[serde(borrow, rename = "plainToken")]
            plain_token: Option<Cow<'a, str>>,
        }
        if let Ok(envelope) = serde_json::from_slice::<Envelope<'a>>(body) {
            return Self {
                event: envelope.event,
                account: envelope.payload.account_id.unwrap_or_default(),
                event_ts: envelope.event_ts,
                plain_token: envelope.payload.plain_token,
            };
        }
        let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => Some(Cow::Owned(text.clone())),
            serde_json::Value::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        };
        Self {
            event: text(&value["event"]).unwrap_or_default(),
            account: text(&value["payload"]["account_id"]).unwrap_or_default(),
            event_ts: value["event_ts"].as_i64(),
            plain_token: text(&value["payload"]["plainToken"]),
        }
    }

    /// What goes into the inbox.
    pub(crate) fn arrival(self, door: Door, received_at: Timestamp, late: bool, body: &Bytes) -> Arrival {
        Arrival {
            received_at,
            door,
            account: self.account.into_owned(),
            event: self.event.into_owned(),
            event_ts: self.event_ts,
            late,
            body: body.clone(), // shared, not copied
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let chunks = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        let endless = Body::from_stream(chunks.chain(futures::stream::pending()));
        assert_eq!(whole(endless).await.unwrap_err().status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_body_without_announced_length_is_read_up_to_the_limit() {
        let chunk = Bytes::from(vec![b' '; 64 * 1024]);
        let chunks = |count: usize| {
            let all = vec![chunk.clone(); count].into_iter().map(Ok::<_, std::io::Error>);
            Body::from_stream(futures::stream::iter(all))
        };
        assert_eq!(whole(chunks(16)).await.map(|body| body.len()).unwrap(), MAX_BODY);
        assert!(matches!(whole(chunks(17)).await, Err(Refused::TooLarge)));
        let broken = futures::stream::iter([Ok(chunk.clone()), Err(std::io::Error::other("gone"))]);
        assert!(matches!(whole(Body::from_stream(broken)).await, Err(Refused::Incomplete)));
    }

    #[test]
    fn the_envelope_is_read_whatever_its_shape() {
        let plain =
            Said::read(br#"{"event":"phone.x","event_ts":5,"payload":{"account_id":"A","object":{}}}"#);
        assert_eq!((&*plain.event, &*plain.account, plain.event_ts), ("phone.x", "A", Some(5)));
        let twice =
            Said::read(br#"{"event":"a","event":"phone.y","payload":{"account_id":"A","account_id":"B"}}"#);
        assert_eq!(
            (&*twice.event, &*twice.account),
            ("phone.y", "B"),
            "the last of duplicate keys, as the parser of events has it"
        );
        let numbers = Said::read(br#"{"event":"phone.x","event_ts":"5","payload":{"account_id":17}}"#);
        assert_eq!((&*numbers.account, numbers.event_ts), ("17", None));
        for odd in [&b""[..], b"[]", b"null", b"{", b"\xff\xfe", b"{\"event\":{}}", br#"{"payload":[1]}"#] {
            assert_eq!(Said::read(odd), Said::default(), "{odd:?}");
        }
        let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        assert_eq!(
            Said::read(&deep),
            Said::default(),
            "deep nesting is refused by the parser, not by the stack"
        );
    }
}
