//! An emulator inside another program: built in a line, on a free port, gone when it is dropped.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;
use url::Url;

use crate::apps::App;
use crate::clock::wall_clock;
use crate::config::{Config, Temper};
use crate::emulator::{Emulator, reachable};
use crate::error::Error;
use crate::faults::Fault;
use crate::limits::Plan;
use crate::oauth;
use crate::webhooks::Subscription;
use crate::world::file::CompanyFile;

/// How a [`Running`] emulator will be; made by [`Emulator::builder`].
///
/// Unlike that of [`Config::default`], its company is quiet and its clock stands still: what happens is what the
/// program asks for, and time passes by [`Running::advance`].
#[derive(Debug, Clone)]
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    config: Config,
    start: Option<Timestamp>,
    address: SocketAddr,
    embed: bool,
}

impl Emulator {
    /// An emulator for this program's tests, or to try something out:
    ///
    /// ```
    /// use jiff::SignedDuration;
    /// use serde_json::json;
    /// use zoom_phone_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let zoom = Emulator::builder().seed(7).start().await?;
    /// let call = zoom.trigger("inbound_answered", json!({})).await?;
    /// zoom.advance(SignedDuration::from_hours(1)).await;
    ///
    /// // The software under test talks to `zoom.origin()`, with this token or with one of its own.
    /// let history: serde_json::Value = reqwest::Client::new()
    ///     .get(format!("{}/v2/phone/call_history", zoom.origin()))
    ///     .bearer_auth(zoom.token())
    ///     .send()
    ///     .await?
    ///     .json()
    ///     .await?;
    /// assert_eq!(history["call_history"][0]["call_history_uuid"], call["call_history_uuid"]);
    /// assert_eq!(zoom.ledger().await?.len(), 1);
    /// assert!(zoom.events().iter().any(|event| event["event"] == "phone.callee_answered"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> Builder {
        Builder {
            config: Config { speed: 0.0, calls_per_minute: 0.0, ..Config::default() },
            start: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            embed: false,
        }
    }
}

impl Builder {
    /// The company, its callers and all dice follow from this number; 1 unless given.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// The company that is played; the built-in one of 36 people unless given.
    pub fn company(mut self, company: CompanyFile) -> Self {
        self.config.company = company;
        self
    }

    /// Whether Zoom behaves as it is documented, or as it is known to behave.
    pub fn temper(mut self, temper: Temper) -> Self {
        self.config.temper = temper;
        self
    }

    /// What the company's clock shows at first; the machine's time unless given.
    pub fn at(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// Virtual seconds that pass in a real one; 0 unless given.
    pub fn speed(mut self, speed: f64) -> Self {
        self.config.speed = speed;
        self
    }

    /// Calls that arrive in a minute of virtual time, on average; 0 unless given.
    pub fn calls_per_minute(mut self, calls: f64) -> Self {
        self.config.calls_per_minute = calls;
        self
    }

    /// One more fault that is on from the start.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.config.faults.push(fault);
        self
    }

    /// One more webhook. Its receiver must run when [`Running::validated`] is awaited, not before.
    pub fn subscription(mut self, subscription: Subscription) -> Self {
        self.config.subscriptions.push(subscription);
        self
    }

    /// One more webhook, for all events, see [`Config::with_webhook`].
    pub fn webhook(mut self, url: Url, secret: impl Into<String>) -> Self {
        self.config = self.config.with_webhook(url, secret);
        self
    }

    /// The apps that may ask for tokens, instead of the demo apps.
    pub fn apps(mut self, apps: impl IntoIterator<Item = App>) -> Self {
        self.config.apps = apps.into_iter().collect();
        self
    }

    /// The plan whose rate limits are enforced; none unless given.
    pub fn limits(mut self, plan: Plan) -> Self {
        self.config.limits = Some(plan);
        self
    }

    /// Where it listens; a free port of 127.0.0.1 unless given.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// With the embedded phone (Smart Embed) on a port of its own, so that browsers see another origin.
    pub fn embed(mut self) -> Self {
        self.embed = true;
        self
    }

    /// Whatever else [`Config`] has.
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts it on the present tokio runtime; it listens when this comes back. There may be many in one program.
    pub async fn start(self) -> Result<Running, Error> {
        let Self { mut config, start, address, embed } = self;
        let (listener, origin) = listen(address).await?;
        let (embed, embed_origin) = if embed {
            let (listener, origin) = listen(SocketAddr::new(address.ip(), 0)).await?;
            (Some(listener), Some(origin))
        } else {
            (None, None)
        };
        if config.public_url.is_none() {
            config.public_url = Url::parse(&origin).ok();
        }
        let emulator = Emulator::new(config, start.unwrap_or_else(wall_clock))?;
        let stop = CancellationToken::new();
        let (served, until) = (emulator.clone(), stop.clone());
        tokio::spawn(async move {
            if let Err(error) = served.serve(listener, embed, until).await {
                tracing::error!(%error, "the emulator stopped");
            }
        });
        Ok(Running { emulator, origin, embed_origin, token: Mutex::default(), _stop: stop.drop_guard() })
    }
}

/// A listener and its `http://host:port`.
async fn listen(address: SocketAddr) -> Result<(TcpListener, String), Error> {
    let listener = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
    let address = listener.local_addr().map_err(Error::Server)?;
    Ok((listener, reachable(address)))
}

/// An emulator that serves until this is dropped.
#[derive(Debug)]
pub struct Running {
    emulator: Emulator,
    origin: String,
    embed_origin: Option<String>,
    token: Mutex<String>,
    _stop: DropGuard,
}

impl Running {
    /// `http://127.0.0.1:…`, without a slash at its end: what takes the place of `https://zoom.us` and
    /// `https://api.zoom.us`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where the embedded phone is; [`Running::origin`] unless it was given an origin of its own by [`Builder::embed`].
    pub fn embed_origin(&self) -> &str {
        self.embed_origin.as_deref().unwrap_or(&self.origin)
    }

    /// The emulator itself.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// A live access token of the account with all scopes of the first Server-to-Server app. It does not end the
    /// tokens of software that signs in by itself. Empty when there is no such app.
    pub fn token(&self) -> String {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if self.emulator.shared.grants.access(&token).is_none() {
            *token = oauth::token_for_account(&self.emulator.shared).unwrap_or_default();
        }
        token.clone()
    }

    /// A new access token of a user, named by id or e-mail address, with all scopes of the first general app. As at
    /// Zoom, it ends those that the user had through this app. `None` when there is no such user or app.
    pub fn user_token(&self, user: &str) -> Option<String> {
        oauth::token_for_user(&self.emulator.shared, user)
    }

    /// What the company's clock shows.
    pub fn now(&self) -> Timestamp {
        self.emulator.shared.clock.now()
    }

    /// See [`Emulator::advance`].
    pub async fn advance(&self, by: SignedDuration) {
        self.emulator.advance(by).await;
    }

    /// See [`Emulator::advance_to`].
    pub async fn advance_to(&self, to: Timestamp) {
        self.emulator.advance_to(to).await;
    }

    /// Waits until every subscription has passed its challenge. Events before that are withheld, as Zoom withholds
    /// them. Has no end of its own: a receiver that never answers well is waited for.
    pub async fn validated(&self) {
        let shared = &self.emulator.shared;
        let mut news = pin!(shared.state.news.listen());
        while !shared.wire.is_open() && news.next().await.is_some() {}
    }

    /// Plays a call now, as `POST /_emulator/scenarios/{name}`; the answer's `call` is what the ledger will say of it.
    pub async fn trigger(&self, scenario: &str, parameters: Value) -> Result<Value, Error> {
        let mut answer =
            self.control(Method::POST, &format!("/scenarios/{scenario}"), Some(parameters)).await?;
        Ok(answer.get_mut("call").map(Value::take).unwrap_or(answer))
    }

    /// Switches one more fault on.
    pub fn fault(&self, fault: Fault) {
        self.emulator.shared.faults.add(fault);
    }

    /// The newest events that came up, oldest first, whether or not anybody took them: whole envelopes, as they are
    /// sent. For how each was delivered ask [`Running::control`] for `/events/log`.
    pub fn events(&self) -> Vec<Value> {
        self.emulator.shared.wire.bodies()
    }

    /// What truly happened: an entry for each finished call, oldest first.
    pub async fn ledger(&self) -> Result<Vec<Value>, Error> {
        match self.control(Method::GET, "/ledger", None).await?.get_mut("calls").map(Value::take) {
            Some(Value::Array(calls)) => Ok(calls),
            _ => Ok(Vec::new()),
        }
    }

    /// Asks any endpoint under `/_emulator`, without a detour over the network; the path begins with `/`.
    pub async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
        let refused = |reason: String| Error::Control { path: path.to_owned(), reason };
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("/_emulator{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(|error| refused(error.to_string()))?;
        let Ok(response) = self.emulator.router().oneshot(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await;
        let body = body.map_err(|error| refused(error.to_string()))?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        let reason = answer["error"].as_str().map_or_else(|| status.to_string(), str::to_owned);
        Err(refused(reason))
    }
}
