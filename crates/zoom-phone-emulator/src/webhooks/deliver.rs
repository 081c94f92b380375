//! Carries events to the receiver.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Verdict, encrypted_token, signature, verdict};
use crate::clock::{Clock, wall_clock};
use crate::config::WebhookTarget;
use crate::dice::Dice;
use crate::error::Error;
use crate::state::{Counts, State};

/// Zoom waits this long for an answer, in real time.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Real time between two challenges while the receiver does not answer properly.
const CHALLENGE_EVERY: Duration = Duration::from_secs(2);
/// Requests under way at once.
const IN_FLIGHT: usize = 64;
/// Largest challenge answer that is read.
const ANSWER_LIMIT: u64 = 64 * 1024;

/// Whether the receiver has proved that it holds the secret; no event flows before.
type Gate = watch::Sender<bool>;

/// Sends to one receiver.
pub(crate) struct Deliverer {
    client: reqwest::Client,
    target: WebhookTarget,
    clock: Clock,
    state: Arc<State>,
    sent: AtomicU64,
}

impl Deliverer {
    pub(crate) fn new(target: WebhookTarget, clock: Clock, state: Arc<State>) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("Zoom Marketplace/1.0a")
            .build()
            .map_err(Error::HttpClient)?;
        Ok(Self { client, target, clock, state, sent: AtomicU64::new(0) })
    }

    /// Challenges the receiver until it answers well, opens the gate, and then delivers what comes.
    pub(crate) async fn run(
        self,
        mut dice: Dice,
        gate: Gate,
        mut events: mpsc::Receiver<Value>,
        shutdown: CancellationToken,
    ) {
        let challenges = async {
            while !self.challenge(&dice.opaque_id()).await {
                tokio::time::sleep(CHALLENGE_EVERY).await;
            }
        };
        tokio::select! {
            () = challenges => {}
            () = shutdown.cancelled() => return,
        }
        tracing::info!(url = %self.target.url, "the receiver answered the challenge; events flow");
        gate.send_replace(true);

        let deliverer = Arc::new(self);
        let places = Arc::new(Semaphore::new(IN_FLIGHT));
        let tasks = TaskTracker::new();
        loop {
            // One after the other: first attempts start in the order in which the events happened.
            let next = async {
                let event = events.recv().await?;
                Some((event, places.clone().acquire_owned().await.ok()?))
            };
            let next = tokio::select! {
                next = next => next,
                () = shutdown.cancelled() => None,
            };
            let Some((event, place)) = next else { break };
            let (deliverer, places, shutdown) = (deliverer.clone(), places.clone(), shutdown.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = deliverer.deliver(&event, place, &places) => {}
                    () = shutdown.cancelled() => {}
                }
            });
        }
        tasks.close();
        tasks.wait().await;
    }

    /// All attempts for one event.
    async fn deliver(
        &self,
        event: &Value,
        first_place: tokio::sync::OwnedSemaphorePermit,
        places: &Semaphore,
    ) {
        let body = event.to_string();
        let name = event["event"].as_str().unwrap_or_default();
        self.state.count(|counts| counts.webhooks_sent += 1);
        let mut status = self.post(&body).await;
        drop(first_place);
        for attempt in 1.. {
            match verdict(attempt, status) {
                Verdict::Acknowledged => {
                    self.state.count(|counts| counts.webhooks_acknowledged += 1);
                    return;
                }
                Verdict::Dropped => {
                    tracing::warn!(event = name, status, "the receiver never took this event; it is dropped");
                    self.state.count(|counts| counts.webhooks_dropped += 1);
                    return;
                }
                Verdict::RetryAfter(wait) => {
                    tracing::debug!(event = name, status, attempt, "not acknowledged; will be retried");
                    self.clock.sleep(wait).await;
                    let _place = places.acquire().await;
                    self.state.count(|counts: &mut Counts| counts.webhooks_retried += 1);
                    status = self.post(&body).await;
                }
            }
        }
    }

    /// One signed request; the answer's status, if there is one in time.
    async fn post(&self, body: &str) -> Option<u16> {
        match self.request(body).send().await {
            Ok(response) => Some(response.status().as_u16()),
            Err(error) => {
                tracing::debug!(%error, "the receiver did not answer");
                None
            }
        }
    }

    /// The timestamp is real time even when the company's clock runs faster: receivers compare it
    /// with their own clock.
    fn request(&self, body: &str) -> reqwest::RequestBuilder {
        let timestamp = wall_clock().as_second();
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        self.client
            .post(self.target.url.clone())
            .header("content-type", "application/json")
            .header("x-zm-request-timestamp", timestamp.to_string())
            .header("x-zm-signature", signature(&self.target.secret, timestamp, body.as_bytes()))
            .header("x-zm-trackingid", format!("v=2.0;clid=emulator;rid=WEB_{number:016x}"))
            .body(body.to_owned())
    }

    /// Whether the receiver answers `endpoint.url_validation` with the token's HMAC.
    async fn challenge(&self, plain_token: &str) -> bool {
        let body = json!({
            "event": "endpoint.url_validation",
            "event_ts": self.clock.now().as_millisecond(),
            "payload": { "plainToken": plain_token },
        });
        let refused = match self.challenge_answer(&body.to_string()).await {
            Ok(answer) if answer["plainToken"] != plain_token => {
                "the answer has another plainToken".to_owned()
            }
            Ok(answer) if answer["encryptedToken"] != encrypted_token(&self.target.secret, plain_token) => {
                "the encryptedToken is wrong; do both sides have the same webhook secret?".to_owned()
            }
            Ok(_) => return true,
            Err(reason) => reason,
        };
        self.state.count(|counts| counts.challenges_failed += 1);
        tracing::info!(url = %self.target.url, reason = refused, "the receiver did not pass the challenge yet");
        false
    }

    async fn challenge_answer(&self, body: &str) -> Result<Value, String> {
        let response = self.request(body).send().await.map_err(|error| error.to_string())?;
        if response.status() != 200 {
            return Err(format!("it answered {}", response.status()));
        }
        if response.content_length().is_some_and(|length| length > ANSWER_LIMIT) {
            return Err("its answer is too long".to_owned());
        }
        response.json().await.map_err(|error| error.to_string())
    }
}
