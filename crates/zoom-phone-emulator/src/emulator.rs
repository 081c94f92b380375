//! The emulator as a whole: the company plays on its clock, events go out, HTTP answers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::extract::State as Extracted;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::account::Account;
use crate::arrivals::Arrivals;
use crate::clock::{Clock, FASTEST, wall_clock};
use crate::config::{Config, Temper};
use crate::embed::{self, Embed};
use crate::error::Error;
use crate::exchange::Exchange;
use crate::faults::Faults;
use crate::ledger::Totals;
use crate::limits::Limits;
use crate::oauth::Grants;
use crate::rest::paging::Snapshots;
use crate::socket::{self, Socket};
use crate::state::State;
use crate::webhooks::{Sender, Wire};
use crate::{control, oauth, rest, world};

/// Jumps of the clock that may wait for the one under way.
const WAITING_JUMPS: usize = 16;

/// Zoom Phone in a box.
///
/// Cheap to clone; clones are the same emulator.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) shared: Arc<Shared>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// The company's time.
    pub(crate) clock: Clock,
    /// The same, but never faster than life: for what clients compare with their own clock.
    pub(crate) real_time: Clock,
    pub(crate) state: Arc<State>,
    pub(crate) account: Account,
    pub(crate) grants: Grants,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    pub(crate) socket: Socket,
    pub(crate) snapshots: Snapshots,
    pub(crate) embed: Embed,
    pub(crate) wire: Wire,
    jumps: mpsc::Sender<Jump>,
    /// Whether only this machine can reach the listener; unset while there is none.
    on_loopback: OnceLock<bool>,
    /// Until the emulator runs.
    ordered: Mutex<Option<mpsc::Receiver<Jump>>>,
}

/// The clock is to be put forward, and everything due on the way is to happen.
struct Jump {
    to: Timestamp,
    done: oneshot::Sender<()>,
}

impl Emulator {
    /// An emulator whose company's clock shows `start` now. Nothing happens before [`Emulator::run`].
    pub fn new(config: Config, start: Timestamp) -> Result<Self, Error> {
        if !(0.0..=FASTEST).contains(&config.speed) {
            return Err(Error::Speed(config.speed));
        }
        if !(0.0..=100_000.0).contains(&config.calls_per_minute) {
            return Err(Error::CallsPerMinute(config.calls_per_minute));
        }
        for (nth, app) in config.apps.iter().enumerate() {
            if config.apps[..nth].iter().any(|other| other.client_id == app.client_id) {
                return Err(Error::ClientId(app.client_id.clone()));
            }
        }
        config.company.check()?;
        let world = world::seed(&config.company, config.seed);
        let traffic = &config.company.traffic;
        let arrivals = if config.by_the_hour {
            let zone = config.company.sites.first().map_or("", |site| &site.timezone);
            Arrivals::by_the_hour(config.seed, traffic, zone)
        } else {
            Arrivals::even(config.seed, config.calls_per_minute)
        };
        let mut exchange = Exchange::of(config.seed, world);
        exchange.account_id.clone_from(&config.account_id);
        exchange.temper = config.temper;
        exchange.traffic = config.by_the_hour.then(|| traffic.clone());
        exchange.older_records = config.older_records || config.temper == Temper::Field;
        exchange.only = config.only;
        if let Some(url) = &config.public_url {
            url.as_str().trim_end_matches('/').clone_into(&mut exchange.links);
        }
        let state = State::new(exchange, arrivals);
        if config.calls_per_minute > 0.0 {
            state.write_texts(config.sms_threads_per_hour);
        }
        let news = state.news.clone();
        let wire = Wire::new(config.seed, config.temper, &config.subscriptions);
        let faults = Faults::new(config.seed, config.temper, &config.faults, news);
        let (jumps, ordered) = mpsc::channel(WAITING_JUMPS);
        let shared = Shared {
            clock: Clock::new(start, config.speed),
            real_time: Clock::new(start, 1.0),
            state: Arc::new(state),
            account: Account::default(),
            grants: Grants::new(config.seed, config.temper),
            faults: faults.map_err(Error::Fault)?,
            limits: Limits::new(config.limits, config.temper),
            socket: Socket::default(),
            snapshots: Snapshots::new(config.seed),
            embed: Embed::default(),
            wire: wire.map_err(Error::Subscription)?,
            jumps,
            on_loopback: OnceLock::new(),
            ordered: Mutex::new(Some(ordered)),
            config,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// OAuth, REST under `/v2`, the event channel at `/ws` and control under `/_emulator`.
    pub fn router(&self) -> Router {
        let controls = Router::new()
            .nest("/_emulator", control::router())
            // What is nested has its root without the slash only.
            .route("/_emulator/", get(control::page))
            .layer(middleware::from_fn_with_state(self.shared.clone(), control::guard));
        Router::new()
            .merge(oauth::router())
            .route("/file/recording/{id}", get(rest::signed_recording))
            .merge(embed::router())
            .route("/file/recording_transcript/{id}", get(rest::signed_transcript))
            .route("/file/audio/{id}", get(rest::audio_file))
            .route("/ws", get(socket::connect))
            .nest("/v2", rest::router(self.shared.clone()))
            .merge(controls)
            .fallback(rest::not_found)
            .layer(middleware::map_response_with_state(self.shared.clone(), date))
            .with_state(self.shared.clone())
    }

    /// The embedded phone alone, for a listener of its own: browsers then see another origin than that of
    /// [`Emulator::router`], as they do at Zoom. `origin` is its `http://host:port`, which goes into links.
    pub fn embed_router(&self, origin: String) -> Router {
        self.shared.embed.is_at(origin);
        embed::router().with_state(self.shared.clone())
    }

    /// Puts the company's clock forward by so much virtual time, see [`Emulator::advance_to`].
    pub async fn advance(&self, by: SignedDuration) {
        self.shared.jump(self.shared.clock.now().saturating_add(by).unwrap_or(Timestamp::MAX)).await;
    }

    /// Puts the company's clock forward. Everything due on the way happens in its order and at its time: calls, events,
    /// and the retries and challenges that come of them. Comes back when all of it is done and each request to a
    /// receiver has its answer; a time that is past changes nothing.
    ///
    /// Waits for [`Emulator::run`] to be running; after its end only the clock is changed.
    pub async fn advance_to(&self, to: Timestamp) {
        self.shared.jump(to).await;
    }

    /// HTTP and the company's day, once, until `shutdown` or until one of them fails. The embedded phone is on a
    /// second listener, if there is one, and so on an origin of its own.
    pub async fn serve(
        &self,
        listener: TcpListener,
        embed: Option<TcpListener>,
        shutdown: CancellationToken,
    ) -> Result<(), Error> {
        let address = listener.local_addr().map_err(Error::Server)?;
        // It serves once.
        let _ = self.shared.on_loopback.set(address.ip().is_loopback());
        tracing::info!(%address, "Zoom Phone emulator listening");
        // However this ends, retries that are still waiting end with it; the caller's token stays its own.
        let ending = shutdown.child_token();
        let _end_all = ending.clone().drop_guard();
        let until = ending.clone().cancelled_owned();
        let http = async {
            axum::serve(listener, self.router()).with_graceful_shutdown(until).await.map_err(Error::Server)
        };
        let until = ending.clone().cancelled_owned();
        let embedded = async {
            let Some(listener) = embed else { return Ok(()) };
            let address = listener.local_addr().map_err(Error::Server)?;
            tracing::info!(%address, "the embedded phone is listening");
            let router = self.embed_router(self.embed_origin(address));
            axum::serve(listener, router).with_graceful_shutdown(until).await.map_err(Error::Server)
        };
        tokio::try_join!(http, embedded, self.run(ending.clone()))?;
        Ok(())
    }

    /// Where browsers find the embedded phone: on the public host, when the listener takes any.
    fn embed_origin(&self, address: SocketAddr) -> String {
        let public = self.shared.config.public_url.clone().filter(|_| address.ip().is_unspecified());
        match public.map(|mut url| url.set_port(Some(address.port())).map(|()| url.origin())) {
            Some(Ok(origin)) => origin.ascii_serialization(),
            _ => reachable(address),
        }
    }

    /// What all finished calls add up to, as JSON: the same as `GET /_emulator/ledger/totals`.
    pub fn summary(&self) -> serde_json::Value {
        json!(self.shared.state.ledger(|ledger| {
            let mut totals = Totals::default();
            ledger.after(0).for_each(|(_, entry)| totals.add(entry));
            totals
        }))
    }

    /// Plays the company's day and delivers its events until `shutdown`, once. Calls start to arrive when all
    /// receivers have passed the challenge, so that they miss nothing.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), Error> {
        let ordered = self.shared.ordered.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(ordered) = ordered else { return Err(Error::RunsAlready) };
        let sender = Sender::new()?;
        tokio::select! {
            () = self.shared.live(sender, ordered) => {}
            () = shutdown.cancelled() => {}
        }
        self.shared.socket.close();
        self.shared.embed.close();
        self.shared.state.news.end();
        Ok(())
    }
}

/// `http://host:port` under which clients of this machine reach a listener.
pub(crate) fn reachable(mut address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("http://{address}")
}

impl Shared {
    pub(crate) fn is_on_loopback(&self) -> bool {
        self.on_loopback.get() == Some(&true)
    }

    /// See [`Emulator::advance_to`].
    pub(crate) async fn jump(&self, to: Timestamp) {
        let (done, arrived) = oneshot::channel();
        let sent = self.jumps.send(Jump { to, done }).await;
        if sent.is_err() || arrived.await.is_err() {
            self.clock.forward(to);
        }
        self.tell_time();
    }

    /// Tells listeners what the clock shows.
    pub(crate) fn tell_time(&self) {
        let Self { clock, state, .. } = self;
        state.news.tell("clock", || json!({ "now": clock.now().to_string(), "speed": clock.speed() }));
    }

    /// Whether those who listen are so far behind that the company has to wait.
    fn is_full(&self) -> bool {
        self.wire.is_full() || self.socket.is_crowded()
    }

    /// Lets everything happen that is due at `now`, in its order; when something is due next.
    async fn turn(&self, now: Timestamp) -> Option<Timestamp> {
        let Self { state, wire, .. } = self;
        loop {
            // Others want to live, too, while a day passes in a moment.
            tokio::task::consume_budget().await;
            let next = state.next().into_iter().chain(wire.next_due()).min()?;
            if next > now || self.is_full() {
                return Some(next);
            }
            // What retries and late events wait for came up before what comes up now.
            wire.ripen(self, next);
            for event in state.advance(next).0 {
                self.embed.journal.hear(&event);
                wire.offer(self, event, next);
            }
        }
    }

    /// The emulator's life.
    async fn live(&self, sender: Sender, mut ordered: mpsc::Receiver<Jump>) {
        let Self { clock, state, wire, .. } = self;
        let mut arriving = false;
        let mut jumping: Option<Jump> = None;
        let mut crowded_since: Option<Instant> = None;
        let mut posts = FuturesUnordered::new();
        loop {
            if !arriving && wire.is_open() {
                arriving = true;
                state.open(clock.now());
            }
            let now = clock.now();
            let next = self.turn(now).await;
            while let Some(post) = wire.next_post(self) {
                let sender = sender.clone();
                posts.push(async move {
                    let reply = sender.send(&post.letter, post.sent_at).await;
                    (post, reply)
                });
            }
            let full = self.is_full();
            // Whoever asked may have lost interest.
            jumping.take_if(|jump| jump.done.is_closed());
            if let Some(jump) = jumping.take_if(|jump| jump.to <= now && !full && wire.is_idle()) {
                let _heard = jump.done.send(());
                continue;
            }
            if let Some(jump) = jumping.as_ref().filter(|_| !full) {
                // No further than to where an answer that is not yet here may cause something.
                let step = next.into_iter().chain(wire.horizon()).chain([jump.to]).min().unwrap_or(jump.to);
                if step > now {
                    clock.forward(step);
                    continue;
                }
            }
            crowded_since = self.socket.is_crowded().then(|| crowded_since.unwrap_or_else(Instant::now));
            let due = async {
                match next {
                    Some(next) if !full && next > now => clock.sleep_until(next).await,
                    _ => std::future::pending().await,
                }
            };
            let eager = async {
                match wire.next_eager() {
                    Some(eager) => tokio::time::sleep_until(eager).await,
                    None => std::future::pending().await,
                }
            };
            let room = self.socket.room(crowded_since.unwrap_or_else(Instant::now));
            tokio::select! {
                Some((post, reply)) = posts.next() => wire.finished(self, post, reply),
                Some(jump) = ordered.recv(), if jumping.is_none() => jumping = Some(jump),
                () = room, if crowded_since.is_some() => {}
                () = due => {}
                () = eager => {}
                () = state.changed.notified() => {}
                () = wire.changed.notified() => {}
            }
        }
    }
}

/// While Zoom's clock is made wrong by a fault, answers show it.
async fn date(Extracted(shared): Extracted<Arc<Shared>>, mut response: Response) -> Response {
    let skew = shared.faults.skew();
    if skew != 0
        && let Ok(wrong) = wall_clock().checked_add(SignedDuration::from_secs(skew))
        && let Ok(text) = DateTimePrinter::new().timestamp_to_rfc9110_string(&wrong)
        && let Ok(value) = HeaderValue::from_str(&text)
    {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}

/// Serves an emulator on a listener, from the machine's present time on, until `shutdown`.
pub async fn serve(config: Config, listener: TcpListener, shutdown: CancellationToken) -> Result<(), Error> {
    serve_with_embed(config, listener, None, shutdown).await
}

/// The same with the embedded phone (Smart Embed) on a second listener, and so on an origin of its own. Without one it
/// is on the first.
pub async fn serve_with_embed(
    config: Config,
    listener: TcpListener,
    embed: Option<TcpListener>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    serve_from(config, wall_clock(), listener, embed, shutdown).await
}

/// The same with the company's clock at `start` as it begins.
pub async fn serve_from(
    mut config: Config,
    start: Timestamp,
    listener: TcpListener,
    embed: Option<TcpListener>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let address = listener.local_addr().map_err(Error::Server)?;
    if config.public_url.is_none() {
        config.public_url = Url::parse(&reachable(address)).ok();
    }
    Emulator::new(config, start)?.serve(listener, embed, shutdown).await
}
