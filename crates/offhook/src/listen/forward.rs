//! Posting to an endpoint as Zoom would.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;
use zoom_phone::webhook::{self, SIGNATURE_HEADER, TIMESTAMP_HEADER, challenge};

/// How long Zoom waits for an answer.
pub(super) const ZOOM_WAITS: Duration = Duration::from_secs(3);
/// How long this waits: somebody may be looking at the request in a debugger.
const WITHIN: Duration = Duration::from_mins(5);

/// An endpoint, and what signs.
pub(super) struct Forward {
    url: Url,
    secret: SecretString,
    http: reqwest::Client,
}

/// What became of a post.
#[derive(Debug)]
pub(super) struct Outcome {
    /// HTTP status, or why there is none.
    pub(super) status: Result<u16, String>,
    /// From sending to the answer.
    pub(super) took: Duration,
}

impl Outcome {
    /// Whether Zoom would have been satisfied with it, time apart.
    pub(super) fn is_success(&self) -> bool {
        matches!(self.status, Ok(200 | 204))
    }
}

impl Forward {
    pub(super) fn new(url: Url, secret: SecretString) -> anyhow::Result<Self> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            bail!("--forward-to {url} is no web address; give one such as http://localhost:3000/zoom");
        }
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(WITHIN)
            .redirect(reqwest::redirect::Policy::none());
        let http = if local { builder.no_proxy() } else { builder }.build()?;
        Ok(Self { url, secret, http })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Posts an event, signed now.
    pub(super) async fn send(&self, body: &str) -> anyhow::Result<Outcome> {
        let began = Instant::now();
        let status = match self.post(body.to_owned()).await? {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) if error.is_timeout() => Err(format!("no answer within {} s", WITHIN.as_secs())),
            Err(error) if error.is_connect() => Err("nobody listens there".to_owned()),
            Err(_) => Err("the connection broke off".to_owned()),
        };
        Ok(Outcome { status, took: began.elapsed() })
    }

    /// Asks Zoom's challenge, and says what is wrong with the answer.
    pub(super) async fn challenge(&self, plain_token: &str) -> anyhow::Result<()> {
        let body = json!({
            "event": "endpoint.url_validation",
            "event_ts": now().as_millisecond(),
            "payload": { "plainToken": plain_token },
        });
        let response = self
            .post(body.to_string())
            .await?
            .with_context(|| format!("{} could not be asked the challenge; is it running?", self.url))?;
        let status = response.status().as_u16();
        if status != 200 {
            bail!("{} answers the challenge with status {status}; Zoom wants 200", self.url);
        }
        let answer = response.bytes().await.context("the answer to the challenge broke off")?;
        let expected = serde_json::to_value(challenge::answer(&self.secret, plain_token)?)?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        for field in ["plainToken", "encryptedToken"] {
            if answer[field] != expected[field] {
                bail!(
                    "{} answers the challenge with a wrong {field}; Zoom wants JSON with plainToken as sent, and \
                     encryptedToken: HMAC-SHA256 of it with the secret token, in lower-case hex",
                    self.url
                );
            }
        }
        Ok(())
    }

    async fn post(&self, body: String) -> anyhow::Result<reqwest::Result<reqwest::Response>> {
        let timestamp = now().as_second().to_string();
        let signature = webhook::sign(&self.secret, &timestamp, body.as_bytes())?;
        let request = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/json; charset=utf-8")
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature)
            .body(body);
        Ok(request.send().await)
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of this command: when a post is signed")]
fn now() -> Timestamp {
    Timestamp::now()
}
