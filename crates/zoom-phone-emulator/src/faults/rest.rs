//! Faults of REST and of the token service.

use std::io;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use futures::{StreamExt as _, stream};
use jiff::tz::TimeZone;
use serde_json::json;
use url::form_urlencoded;
use zoom_phone_types::catalogue::{Catalogue, Operation, RateLabel};

use super::{Fault, Faults, LimitKind, Malformed, NotReady, What};
use crate::clock::wall_clock;
use crate::limits;

/// Longer answers are cut off instead of being spoilt.
const LONGEST: usize = 64 << 20;
/// Parts in which a slow body comes.
const PARTS: u32 = 10;
/// Long enough for the first half to be on its way before the connection ends.
const HALF_WAY: Duration = Duration::from_millis(50);

impl Faults {
    /// Waits, if a delay strikes this operation; then what another fault answers in its place. `asked` is the whole
    /// address, for redirects and tokens in the query.
    pub(crate) async fn strike(&self, called: &str, asked: &Uri) -> Option<Response> {
        let delay = self.take(called, None, |fault| match fault.what {
            What::Delay { milliseconds } if fault.meets_operation(called) => Some(milliseconds),
            _ => None,
        });
        if let Some(milliseconds) = delay {
            tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
        }
        let query = asked.query().unwrap_or_default().as_bytes();
        let has =
            |name: &str| form_urlencoded::parse(query).any(|(key, value)| key == name && !value.is_empty());
        let struck = self.take(called, None, |fault| {
            let strikes = match fault.what {
                What::Status { .. } | What::Reset {} | What::Redirect { .. } | What::WebPage {} => true,
                What::ExpiredPageToken {} => has("next_page_token"),
                What::ExpiredSyncToken {} => has("sync_token"),
                _ => false,
            };
            (strikes && fault.meets_operation(called)).then(|| fault.what.clone())
        });
        let refusal = |status, code: u16, message: &str| {
            Some((status, Json(json!({ "code": code, "message": message }))).into_response())
        };
        match struck {
            Some(What::Status { status, html, limit, retry_after }) => {
                return Some(refuse(called, status, html, limit, retry_after));
            }
            Some(What::Redirect { location }) => {
                let location = HeaderValue::from_str(&location.unwrap_or_else(|| asked.to_string())).ok();
                return location
                    .map(|to| (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response());
            }
            Some(What::WebPage {}) => return Some(sign_in_page()),
            Some(What::ExpiredPageToken {}) => {
                return refusal(StatusCode::BAD_REQUEST, 300, "The next page token is invalid or expired.");
            }
            Some(What::ExpiredSyncToken {}) => {
                return refusal(StatusCode::BAD_REQUEST, 7035, "There are too many new records. Use FSync.");
            }
            Some(_) => return Some(cut()),
            None => {}
        }
        let not_ready = self.take(called, Some(asked.path()), |fault| match fault.what {
            What::NotReady { answer } if fault.meets_operation(called) => Some(answer),
            _ => None,
        });
        match not_ready? {
            NotReady::NotFound => refusal(StatusCode::NOT_FOUND, 404, "Call Log does not exist."),
            NotReady::Code802 => {
                refusal(StatusCode::BAD_REQUEST, 802, "Data is not ready, please try again later.")
            }
        }
    }

    /// The answer of a change that is not made.
    pub(crate) fn lost_effect(&self, operation: &Operation) -> Option<Response> {
        let lost = |fault: &Fault| {
            (fault.what == What::LostEffect {} && fault.meets_operation(&operation.id)).then_some(())
        };
        let usual = operation.responses.first().map(|response| response.status);
        if usual != Some(204) {
            return None;
        }
        self.take(&operation.id, None, lost).map(|()| StatusCode::NO_CONTENT.into_response())
    }

    /// Whether the first read after this change must still show what was there before.
    pub(crate) fn stale_read(&self, operation: &Operation) -> bool {
        let meant = |fault: &Fault| fault.what == What::StaleRead {} && fault.meets_operation(&operation.id);
        self.take(&operation.id, None, |fault| meant(fault).then_some(())).is_some()
    }

    /// The answer as it reaches the client.
    pub(crate) async fn spoil(&self, called: &str, answer: Response) -> Response {
        let Some(what) = self.take(called, None, |fault| {
            let spoils = matches!(
                fault.what,
                What::MalformedJson { .. } | What::SlowBody { .. } | What::HalfClosed {}
            );
            (spoils && fault.meets_operation(called)).then(|| fault.what.clone())
        }) else {
            return answer;
        };
        let (mut parts, body) = answer.into_parts();
        let Ok(body) = to_bytes(body, LONGEST).await else { return cut() };
        let body = match what {
            What::MalformedJson { how } => {
                parts.headers.remove(header::CONTENT_LENGTH);
                Body::from(malformed(&body, how))
            }
            What::SlowBody { milliseconds } => {
                parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
                trickle(&body, Duration::from_millis(milliseconds.into()))
            }
            _ => {
                parts.headers.insert(header::CONTENT_LENGTH, body.len().max(2).into());
                half(&body)
            }
        };
        Response::from_parts(parts, body)
    }
}

/// What a browser would show to somebody who has to sign in first.
pub(crate) fn sign_in_page() -> Response {
    Html("<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>")
        .into_response()
}

fn refuse(
    called: &str,
    status: u16,
    html: Option<bool>,
    limit: Option<LimitKind>,
    retry_after: Option<String>,
) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if html.unwrap_or(status.is_server_error()) {
        (status, Html(format!("<html><body><h1>{status}</h1></body></html>"))).into_response()
    } else {
        let message = match limit {
            Some(LimitKind::Daily) => limits::DAILY,
            _ if status == StatusCode::TOO_MANY_REQUESTS => limits::PER_SECOND,
            _ => "Refused by a fault of the emulator.",
        };
        (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
    };
    let headers = response.headers_mut();
    if let Some(limit) = limit {
        let operation = Catalogue::get().operation(called);
        let category = match operation.and_then(|operation| operation.rate) {
            Some(RateLabel::Heavy) => "Heavy",
            Some(RateLabel::ResourceIntensive) => "Resource-intensive",
            Some(RateLabel::Medium) => "Medium",
            Some(RateLabel::Light) | None => "Light",
        };
        let (kind, most) = if limit == LimitKind::Daily { ("Daily-limit", "30000") } else { ("QPS", "10") };
        headers.insert("x-ratelimit-category", HeaderValue::from_static(category));
        headers.insert("x-ratelimit-type", HeaderValue::from_static(kind));
        headers.insert("x-ratelimit-limit", HeaderValue::from_static(most));
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
    }
    let midnight = || limits::next_day(wall_clock().to_zoned(TimeZone::UTC).date());
    let retry_after = retry_after.or_else(|| (limit == Some(LimitKind::Daily)).then(midnight));
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::RETRY_AFTER, value);
    }
    response
}

/// An answer whose connection ends before its first byte.
pub(crate) fn cut() -> Response {
    Body::from_stream(stream::once(async { broken() })).into_response()
}

fn broken() -> io::Result<Bytes> {
    Err(io::Error::other("cut by a fault"))
}

/// The first half, and then the end of the connection.
fn half(body: &Bytes) -> Body {
    let first = body.slice(..body.len() / 2);
    let end = async {
        tokio::time::sleep(HALF_WAY).await;
        broken()
    };
    Body::from_stream(stream::once(async { Ok(first) }).chain(stream::once(end)))
}

fn trickle(body: &Bytes, whole: Duration) -> Body {
    let size = body.len().div_ceil(PARTS as usize).max(1);
    let parts: Vec<_> =
        (0..body.len()).step_by(size).map(|at| body.slice(at..body.len().min(at + size))).collect();
    let parts = stream::iter(parts).then(move |part| async move {
        tokio::time::sleep(whole / PARTS).await;
        Ok::<_, io::Error>(part)
    });
    Body::from_stream(parts)
}

fn malformed(body: &Bytes, how: Malformed) -> Bytes {
    match how {
        Malformed::Truncated => body.slice(..body.len() / 2),
        Malformed::UnescapedQuote => {
            // Into the first text that is a value; an answer that has none becomes one that is broken.
            let place = body.windows(2).position(|pair| pair == b":\"").map(|place| place + 2);
            let (before, after) = body.split_at(place.unwrap_or(0));
            let begin: &[u8] = if place.is_none() { b"{\"message\":\"" } else { b"" };
            [before, begin, b"the \"quoted\" ", after].concat().into()
        }
    }
}
