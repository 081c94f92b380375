//! The emulator as a whole: the company plays on its clock, events go out, HTTP answers.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::{Clock, wall_clock};
use crate::company::Company;
use crate::config::Config;
use crate::dice::Dice;
use crate::error::Error;
use crate::faults::Faults;
use crate::limits::Limits;
use crate::oauth::Grants;
use crate::rest::paging::Snapshots;
use crate::socket::{self, Socket};
use crate::state::State;
use crate::webhooks::Deliverer;
use crate::{control, oauth, rest, world};

/// Events that may wait for the receiver before the company's clock has to.
const WAITING_EVENTS: usize = 1024;

/// Zoom Phone in a box.
///
/// Cheap to clone; clones are the same emulator.
#[derive(Clone)]
pub struct Emulator {
    shared: Arc<Shared>,
}

/// What the handlers share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// The company's time.
    pub(crate) clock: Clock,
    /// The same, but never faster than life: for what clients compare with their own clock.
    pub(crate) real_time: Clock,
    pub(crate) state: Arc<State>,
    pub(crate) grants: Grants,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    pub(crate) socket: Socket,
    pub(crate) snapshots: Snapshots,
    /// True once the receiver has passed the challenge; always true without one.
    pub(crate) open: watch::Sender<bool>,
}

impl Emulator {
    /// An emulator whose company's clock shows `start` now. Nothing happens before [`Emulator::run`].
    pub fn new(config: Config, start: Timestamp) -> Result<Self, Error> {
        if !(config.speed.is_finite() && config.speed > 0.0) {
            return Err(Error::Speed(config.speed));
        }
        if !(0.0..=100_000.0).contains(&config.calls_per_minute) {
            return Err(Error::CallsPerMinute(config.calls_per_minute));
        }
        config.company.check()?;
        let world = world::seed(&config.company, config.seed);
        let mut company = Company::new(config.seed);
        company.account_id.clone_from(&config.account_id);
        if let Some(url) = &config.public_url {
            url.as_str().trim_end_matches('/').clone_into(&mut company.links);
        }
        let shared = Shared {
            clock: Clock::new(start, config.speed),
            real_time: Clock::new(start, 1.0),
            state: Arc::new(State::new(world, company, config.seed, config.calls_per_minute)),
            grants: Grants::new(config.seed),
            faults: Faults::default(),
            limits: Limits::default(),
            socket: Socket::default(),
            snapshots: Snapshots::new(config.seed),
            open: watch::Sender::new(config.webhook.is_none()),
            config,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// OAuth, REST under `/v2`, the event channel at `/ws` and control under `/_emulator`.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(oauth::router())
            .route("/file/recording_transcript/{id}", get(rest::signed_transcript))
            .route("/ws", get(socket::connect))
            .nest("/v2", rest::router(self.shared.clone()))
            .nest("/_emulator", control::router())
            .fallback(rest::not_found)
            .with_state(self.shared.clone())
    }

    /// Plays the company's day and delivers its events until `shutdown`. Calls start to arrive when
    /// the receiver has passed the challenge, so that it misses nothing.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), Error> {
        let (events, due) = mpsc::channel(WAITING_EVENTS);
        let delivery = match &self.shared.config.webhook {
            Some(target) => {
                let Shared { clock, state, .. } = &*self.shared;
                Some(Deliverer::new(target.clone(), clock.clone(), state.clone())?)
            }
            None => None,
        };
        let deliver = async {
            if let Some(deliverer) = delivery {
                let dice = Dice::new(self.shared.config.seed, 2);
                deliverer.run(dice, self.shared.open.clone(), due, shutdown.clone()).await;
            }
        };
        tokio::join!(deliver, self.play_the_day(events, &shutdown));
        self.shared.socket.close();
        Ok(())
    }

    async fn play_the_day(&self, events: mpsc::Sender<Value>, shutdown: &CancellationToken) {
        let Shared { clock, state, open, .. } = &*self.shared;
        let mut gate = open.subscribe();
        let mut arriving = false;
        loop {
            if !arriving && *gate.borrow_and_update() {
                arriving = true;
                state.open(clock.now());
            }
            let (webhooks, next) = state.advance(clock.now());
            for webhook in webhooks {
                let taken = self.shared.socket.send(&webhook);
                state.count(|counts| {
                    counts.events += 1;
                    counts.socket_sent += u64::from(taken);
                });
                if self.shared.config.webhook.is_none() {
                    continue;
                }
                if !arriving {
                    state.count(|counts| counts.webhooks_withheld += 1);
                    continue;
                }
                tokio::select! {
                    sent = events.send(webhook) => if sent.is_err() { return },
                    () = shutdown.cancelled() => return,
                }
            }
            let nap = async {
                match next {
                    Some(at) => tokio::time::sleep(clock.until(at)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = nap => {}
                () = state.changed.notified() => {}
                Ok(()) = gate.changed(), if !arriving => {}
                () = shutdown.cancelled() => return,
            }
        }
    }
}

/// Serves an emulator on a listener, from the machine's present time on, until `shutdown`.
pub async fn serve(
    mut config: Config,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let address = listener.local_addr().map_err(Error::Server)?;
    if config.public_url.is_none() {
        config.public_url = Url::parse(&format!("http://{address}")).ok();
    }
    let emulator = Emulator::new(config, wall_clock())?;
    tracing::info!(%address, "Zoom Phone emulator listening");
    // However this ends, retries that are still waiting end with it; the caller's token stays its own.
    let ending = shutdown.child_token();
    let _end_all = ending.clone().drop_guard();
    let until = ending.clone().cancelled_owned();
    let http = async {
        axum::serve(listener, emulator.router()).with_graceful_shutdown(until).await.map_err(Error::Server)
    };
    tokio::try_join!(http, emulator.run(ending.clone()))?;
    Ok(())
}
