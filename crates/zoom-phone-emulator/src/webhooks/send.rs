//! One request to a receiver.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Response;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::log::Answer;
use super::{encrypted_token, signature};
use crate::error::Error;

/// Zoom waits this long for an answer, in real time.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Largest challenge answer that is read.
const CHALLENGE_LIMIT: usize = 64 * 1024;
/// What the log keeps of an answer.
const SNIPPET: usize = 4 * 1024;
/// The same when the receiver took the event, as nearly all do: the log is long.
const TAKEN_SNIPPET: usize = 1024;

/// Sends requests.
#[derive(Clone)]
pub(crate) struct Sender(reqwest::Client);

/// A request that is ready to go.
pub(crate) struct Letter {
    pub(super) url: Url,
    pub(super) secret: String,
    pub(super) body: Arc<str>,
    /// Unix seconds: `x-zm-request-timestamp`.
    pub(super) timestamp: i64,
    /// Counts all requests.
    pub(super) number: u64,
    /// The `plainToken` of a challenge.
    pub(super) plain_token: Option<String>,
}

/// What came back.
pub(crate) struct Reply {
    pub(super) sent_at: Timestamp,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) latency: Duration,
    /// The answer, or why there is none in time.
    pub(super) answer: Result<Answer, String>,
    /// Why a challenge is not passed.
    pub(super) refused: Option<String>,
}

impl Sender {
    pub(crate) fn new() -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("Zoom Marketplace/1.0a")
            .build()
            .map_err(Error::HttpClient)?;
        Ok(Self(client))
    }

    /// Sends a letter and reads the answer, as much as is wanted of it.
    pub(crate) async fn send(self, letter: &Letter, sent_at: Timestamp) -> Reply {
        let timestamp = letter.timestamp;
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-zm-request-timestamp", timestamp.to_string()),
            ("x-zm-signature", signature(&letter.secret, timestamp, letter.body.as_bytes())),
            ("x-zm-trackingid", format!("v=2.0;clid=emulator;rid=WEB_{:016x}", letter.number)),
        ];
        let mut request = self.0.post(letter.url.clone()).body(letter.body.as_bytes().to_owned());
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        let began = Instant::now();
        let answered = request.send().await;
        let (answer, refused) = match (answered, &letter.plain_token) {
            (Ok(mut response), None) => (Ok(answer(&mut response, SNIPPET).await.0), None),
            (Ok(mut response), Some(plain_token)) => {
                let (answer, body) = answer(&mut response, CHALLENGE_LIMIT).await;
                let refused = body.and_then(|body| passed(&letter.secret, plain_token, answer.status, &body));
                (Ok(answer), refused.err())
            }
            (Err(error), _) => {
                let reason = error_chain(&error);
                (Err(reason.clone()), Some(reason))
            }
        };
        Reply { sent_at, headers, latency: began.elapsed(), answer, refused }
    }
}

/// What is noted of an answer, and its body if that is not too long. A body that breaks off after the status does
/// not change the status.
async fn answer(response: &mut Response, limit: usize) -> (Answer, Result<Vec<u8>, String>) {
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let mut noted =
        Answer { status: response.status().as_u16(), headers: headers.collect(), body: String::new() };
    let mut body = Vec::new();
    let whole = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk[..chunk.len().min(limit + 1 - body.len())]);
                if body.len() > limit {
                    break Err(format!("its answer is longer than {limit} bytes"));
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error_chain(&error)),
        }
    };
    let kept = if (200..300).contains(&noted.status) { TAKEN_SNIPPET } else { SNIPPET };
    noted.body = String::from_utf8_lossy(&body[..body.len().min(kept)]).into_owned();
    (noted, whole.map(|()| body))
}

/// Whether the receiver answered `endpoint.url_validation` with the token's HMAC.
fn passed(secret: &str, plain_token: &str, status: u16, body: &[u8]) -> Result<(), String> {
    if status != 200 {
        return Err(format!("it answered {status}"));
    }
    let answer: Value =
        serde_json::from_slice(body).map_err(|error| format!("its answer is no JSON: {error}"))?;
    if answer["plainToken"] != plain_token {
        return Err("the answer has another plainToken".to_owned());
    }
    if answer["encryptedToken"] != encrypted_token(secret, plain_token) {
        return Err("the encryptedToken is wrong; do both sides have the same webhook secret?".to_owned());
    }
    Ok(())
}

/// The error and what caused it: `reqwest`'s own text does not say that a connection was refused.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
