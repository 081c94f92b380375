//! Challenges of our own to a webhook receiver, as Zoom would send them. Nothing is stored of a challenge.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;
use zoom_phone::webhook::{self, SIGNATURE_HEADER, TIMESTAMP_HEADER, challenge};

use super::{failed, refused, within};
use crate::doctor::facts::{Asked, Probes, Reply};

/// The last of Zoom's three retries comes so long after the first attempt.
const LAST_RETRY: Duration = Duration::from_mins(85);

/// What is asked to be encrypted. Like Zoom's own, 22 characters.
const PLAIN_TOKEN: &str = "offhookDoctorChallenge";

/// All challenges to the server on this machine.
pub(crate) async fn all(
    http: &reqwest::Client,
    webhook: &Url,
    secret: &SecretString,
    max_age: u64,
    now: Timestamp,
) -> Probes {
    let ago = |age: Duration| now.checked_sub(age).unwrap_or(now);
    let replayed = Duration::from_secs(max_age.saturating_add(300));
    let other = SecretString::from("not the secret of this receiver");
    let (genuine, forged, late, replayed) = tokio::join!(
        challenge(http, webhook, secret, now, secret),
        challenge(http, webhook, &other, now, secret),
        challenge(http, webhook, secret, ago(LAST_RETRY), secret),
        challenge(http, webhook, secret, ago(replayed), secret),
    );
    Probes { genuine, forged, late, replayed }
}

/// One challenge, signed with a secret at a time; `secret` is what the answer must be made with.
pub(crate) async fn challenge(
    http: &reqwest::Client,
    webhook: &Url,
    signer: &SecretString,
    at: Timestamp,
    secret: &SecretString,
) -> Asked<Reply> {
    let body = json!({
        "event": "endpoint.url_validation",
        "event_ts": at.as_millisecond(),
        "payload": { "plainToken": PLAIN_TOKEN },
    })
    .to_string();
    let timestamp = at.as_second().to_string();
    let signature = match webhook::sign(signer, &timestamp, body.as_bytes()) {
        Ok(signature) => signature,
        Err(error) => return refused(&error),
    };
    let expected = match challenge::answer(secret, PLAIN_TOKEN) {
        Ok(answer) => serde_json::to_value(answer).unwrap_or_default(),
        Err(error) => return refused(&error),
    };
    within("the receiver", async {
        let began = Instant::now();
        let sent = http
            .post(webhook.clone())
            .header("content-type", "application/json")
            .header(SIGNATURE_HEADER, signature)
            .header(TIMESTAMP_HEADER, timestamp)
            .body(body)
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return refused(&error.without_url()),
        };
        let status = answer.status().as_u16();
        let Ok(body) = answer.bytes().await else { return failed("the answer broke off") };
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        Asked::Got(Reply { status, proven: body == expected, took: began.elapsed().as_millis() })
    })
    .await
}
