//! Putting it together and keeping it running.

use std::{
    any::Any,
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use jiff::Timestamp;
use offhook_calls::normalize::Door;
use offhook_media::{ArchiveConfig, ArchiveError};
use offhook_store::{Store, StoreError};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use zoom_phone::webhook::{SecretError, Tolerance};

use crate::{
    access, api,
    channel::Channel,
    clock::Clock,
    folding::{self, Progress},
    health,
    ingest::{Ingest, LastEvent, Secrets, webhook},
    live::Live,
    media::{self, Media},
    metrics,
    problem::Problem,
    reconciliation::Reconciliations,
    sync::{SyncConfig, Syncer},
    web,
};

/// How long, once told to stop, to wait for requests under way. A client that sends half a request, or does
/// not read its answer, would otherwise keep us for ever.
const GRACE: Duration = Duration::from_secs(5);

/// What a server needs to know.
pub struct ServerConfig {
    /// Webhook secrets. With none, webhooks are answered 503: Zoom keeps and repeats what cannot be verified.
    pub secrets: Secrets,
    /// How old a signature may be.
    pub tolerance: Tolerance,
    /// Configured Zoom account ids; empty when none is named.
    pub accounts: BTreeSet<String>,
    /// Reading Zoom's own records, for each account whose credentials are known.
    pub sync: Vec<SyncConfig>,
    /// Event channels to listen to, beside the webhook.
    pub channels: Vec<Channel>,
    /// Recordings, voicemails and transcripts; `None` leaves them out.
    pub media: Option<ArchiveConfig>,
    /// What time it is for this server.
    pub clock: Clock,
}

/// Why a server could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is not on loopback.
    #[error(
        "will not listen on {0}: there is no sign-in yet, so calls and numbers would be open to the network; \
         listen on 127.0.0.1 and let a proxy or tunnel pass on /zoom/webhook only"
    )]
    NotLoopback(SocketAddr),
    /// A webhook secret is not usable.
    #[error("a webhook secret is not usable; check ZOOM_WEBHOOK_SECRET")]
    Secret(#[source] SecretError),
    /// Recordings and voicemails cannot be kept as the settings say.
    #[error("recordings and voicemails cannot be kept; check the settings of media.")]
    Media(#[from] ArchiveError),
    /// Storage failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
    /// The network failed.
    #[error("the network failed")]
    Io(#[from] std::io::Error),
}

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Clock,
    /// Zoom account ids that are configured; empty when none is.
    accounts: BTreeSet<String>,
    ingest: Option<Ingest>,
    last_event: LastEvent,
    progress: watch::Receiver<Progress>,
    live: Live,
    reconciliations: Arc<Reconciliations>,
    syncers: OnceLock<Vec<Arc<Syncer>>>,
    exports: Arc<Semaphore>,
    media: Option<Media>,
    shutdown: CancellationToken,
}

impl App {
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The account that is meant: the one that was named, or the only one there is. Where accounts are configured, no
    /// other may be named.
    pub(crate) fn account(&self, named: Option<String>) -> Result<String, Problem> {
        let accounts = &self.0.accounts;
        let all = || accounts.iter().cloned().collect::<Vec<_>>().join(", ");
        match named.filter(|account| !account.is_empty()) {
            Some(account) if accounts.is_empty() || accounts.contains(&account) => Ok(account),
            Some(account) => Err(Problem::bad_request(format!(
                "no account {account:?} is configured; those that are: {}",
                all()
            ))),
            None => match accounts.first() {
                Some(only) if accounts.len() == 1 => Ok(only.clone()),
                Some(_) => {
                    Err(Problem::bad_request(format!("say which account (account, or --account): {}", all())))
                }
                None => Err(Problem::bad_request(
                    "no account is configured: say which one (account, or --account), as its events name it, or \
                     set ZOOM_ACCOUNT_ID for this server",
                )),
            },
        }
    }

    pub(crate) fn ingest(&self) -> Option<&Ingest> {
        self.0.ingest.as_ref()
    }

    /// When the last event came in, by any way.
    pub(crate) fn last_event(&self) -> Option<Timestamp> {
        self.0.last_event.get()
    }

    pub(crate) fn live(&self) -> &Live {
        &self.0.live
    }

    pub(crate) fn reconciliations(&self) -> &Reconciliations {
        &self.0.reconciliations
    }

    /// One permit for each export that may be under way.
    pub(crate) fn exports(&self) -> &Arc<Semaphore> {
        &self.0.exports
    }

    pub(crate) fn media(&self) -> Option<&Media> {
        self.0.media.as_ref()
    }

    pub(crate) fn shutdown(&self) -> &CancellationToken {
        &self.0.shutdown
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.shutdown.is_cancelled()
    }

    pub(crate) fn progress(&self) -> Progress {
        *self.0.progress.borrow()
    }

    /// Waits until at most this many arrivals are not folded yet, or folding has stopped.
    pub(crate) async fn wait_for_backlog(&self, most: u64) {
        let inbox = self.0.store.inbox();
        // It fails when the folding thread is gone; then nothing is worth waiting for.
        let _ = self
            .0
            .progress
            .clone()
            .wait_for(|progress| inbox.last_seq().saturating_sub(progress.watermark) <= most)
            .await;
    }

    /// The folding thread is gone, which it never should be.
    pub(crate) fn folding_stopped(&self) -> bool {
        self.0.progress.has_changed().is_err()
    }

    /// Arrivals that are not folded yet.
    pub(crate) fn backlog(&self) -> u64 {
        self.0.store.inbox().last_seq().saturating_sub(self.progress().watermark)
    }

    /// Until when every account's records have been compared; `None` if one of them never was.
    pub(crate) fn reconciled_until(&self) -> Option<Timestamp> {
        self.syncers().iter().map(|syncer| syncer.until()).min().flatten()
    }

    /// What reads Zoom's records, one for each account; none before the server runs.
    pub(crate) fn syncers(&self) -> &[Arc<Syncer>] {
        self.0.syncers.get().map_or(&[], Vec::as_slice)
    }
}

/// A server that is ready to run.
pub struct Server {
    app: App,
    sync: Vec<SyncConfig>,
    channels: Vec<Channel>,
    folding: std::thread::JoinHandle<()>,
}

impl Server {
    /// Starts the background work on an open store.
    pub async fn start(
        config: ServerConfig,
        store: Store,
        shutdown: CancellationToken,
    ) -> Result<Self, ServeError> {
        metrics::install();
        tokio::spawn(metrics::sum_up(shutdown.clone()));
        let last_event = LastEvent::new(
            store.last_arrival(Door::Webhook).await?.max(store.last_arrival(Door::WebSocket).await?),
        );
        let with_records = config.sync.iter().map(|sync| sync.account.clone());
        let accounts = config.accounts.iter().cloned().chain(with_records).collect();
        let ingest = if config.secrets.is_empty() {
            None
        } else {
            let inbox = store.inbox().clone();
            Some(
                Ingest::new(
                    config.secrets,
                    config.tolerance,
                    config.accounts.clone(),
                    inbox,
                    last_event.clone(),
                    config.clock.clone(),
                )
                .map_err(ServeError::Secret)?,
            )
        };
        store.advance_changes(config.clock.now()).await?;
        let start = Progress {
            change_seq: store.last_change().await?,
            watermark: store.watermark().await?,
            failing: false,
        };
        let live = Live::new(&store, shutdown.clone());
        let media = config.media.map(|media| Media::new(store.clone(), media)).transpose()?;
        let (progress, folding) = folding::start(store.clone(), shutdown.clone(), start)?;
        let reconciliations =
            Reconciliations::new(store.clone(), config.clock.clone(), progress.clone(), shutdown.clone());
        let app = App(Arc::new(Shared {
            store,
            clock: config.clock.clone(),
            accounts,
            ingest,
            last_event,
            progress: progress.clone(),
            live,
            reconciliations,
            syncers: OnceLock::new(),
            exports: Arc::new(Semaphore::new(api::MOST_EXPORTS)),
            media,
            shutdown: shutdown.clone(),
        }));
        if let Some(media) = app.media() {
            let clock = config.clock;
            tokio::spawn(media.archive.clone().run(move || clock.now(), progress.clone(), shutdown.clone()));
        }
        Live::start(&app, start.change_seq, progress, shutdown);
        Ok(Self { app, sync: config.sync, channels: config.channels, folding })
    }

    /// Serves until the shutdown given to [`Server::start`] is cancelled, then finishes what is under way.
    pub async fn run(self, listener: TcpListener) -> Result<(), ServeError> {
        // However this ends, the background work ends with it.
        let _end_all = self.app.shutdown().clone().drop_guard();
        let address = listener.local_addr()?;
        if !address.ip().to_canonical().is_loopback() {
            return Err(ServeError::NotLoopback(address));
        }
        let shutdown = self.app.shutdown().clone();
        let mut syncers: Vec<Arc<Syncer>> = Vec::new();
        for config in self.sync {
            if syncers.iter().any(|other| other.account() == config.account) {
                tracing::warn!(account = config.account, "is configured twice; its records are read once");
                continue;
            }
            let (store, clock) = (self.app.store().clone(), self.app.0.clock.clone());
            syncers.push(Syncer::start(config, store, clock, shutdown.clone()).await?);
        }
        let mut channels = JoinSet::new();
        for channel in self.channels {
            let syncer = syncers.iter().find(|syncer| syncer.account() == channel.account);
            let at_once = syncer.and_then(|syncer| syncer.at_once());
            let inbox = self.app.store().inbox().clone();
            let (last_event, clock) = (self.app.0.last_event.clone(), self.app.0.clock.clone());
            channels.spawn(channel.run(inbox, last_event, clock, at_once, shutdown.clone()));
        }
        Arc::clone(&self.app.0.reconciliations).start(syncers.clone()).await?;
        // Set once, here.
        let _ = self.app.0.syncers.set(syncers);
        let service = router(self.app).into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|stream| {
            // Answers are small and awaited: waiting to fill a packet would only add delay.
            let _ = stream.set_nodelay(true);
        });
        let serving =
            axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
        let grace = async {
            shutdown.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            served = async { serving.await } => served?,
            () = grace => tracing::warn!("some clients did not let go in time; leaving without them"),
        }
        shutdown.cancel();
        // They say good-bye to Zoom, which takes a second or two at most.
        channels.join_all().await;
        // The fold in progress is committed before we go; if it panicked, the log has said so.
        let _ = tokio::task::spawn_blocking(move || self.folding.join()).await;
        Ok(())
    }
}

fn router(app: App) -> Router {
    let ingest = match app.ingest() {
        Some(ingest) => Router::new().route("/zoom/webhook", post(webhook)).with_state(ingest.clone()),
        None => Router::new().route("/zoom/webhook", post(no_secret)),
    }
    .method_not_allowed_fallback(wrong_method);

    let (api, document) = api::routes().split_for_parts();
    let pages = api
        .route("/api/openapi.json", get(move || async move { axum::Json(document) }))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(web::app)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app.clone())
        .layer(CompressionLayer::new());
    // Not compressed: parts of a file are asked for by their place in it.
    let files = Router::new()
        .route("/media/{token}", get(media::file))
        .method_not_allowed_fallback(wrong_method)
        .with_state(app);

    Router::new()
        .merge(pages)
        .merge(files)
        .layer(middleware::from_fn(access::guard))
        // Beside the guard, not behind it: this path is for anyone.
        .merge(ingest)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::map_response(harden))
}

/// What every answer tells a browser: only our own files, in nobody's frame, and nothing to anybody else.
async fn harden(mut response: Response) -> Response {
    let told = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in told {
        // A file of a call is told more narrowly.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "urn:offhook:method",
        "Not with this method",
        "The address exists, and takes another method: the Allow header says which.",
    )
}

/// A mistake of ours. What it was is in the log; the client learns that it was not the client's.
#[expect(clippy::needless_pass_by_value, reason = "the shape that the layer asks for")]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(panic = text, "a request failed on a mistake of Offhook's; please report it");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "urn:offhook:internal",
        "Offhook made a mistake",
        "The log says more. Nothing that was stored is affected.",
    )
    .into_response()
}

async fn no_secret() -> Problem {
    metrics::webhook_outcome("no_secret");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "urn:offhook:webhook",
        "Cannot verify it",
        "No webhook secret is configured. Set ZOOM_WEBHOOK_SECRET and restart; Zoom sends this again meanwhile.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_answered_like_every_other_error_and_tells_the_client_nothing() {
        let response = panicked(Box::new("the secret is s3cret".to_owned()));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
}
