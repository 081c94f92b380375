//! A running server, and ways to talk to it.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use offhook_media::ArchiveConfig;
use offhook_server::{Channel, Clock, Secrets, ServeError, Server, ServerConfig, SyncConfig};
use offhook_store::{Arrival, Entry, Store, StoreError};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use zoom_phone::webhook::Tolerance;
use zoom_phone_emulator::{Exchange, Happening, Scenario, play, signature};

pub(crate) const SECRET: &str = "the_secret_of_these_tests";
pub(crate) const ACCOUNT: &str = "demo_account_0000000AA";

/// No condition takes longer to come true, even on a slow machine.
const DEADLINE: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "the server reads the real clock; so must who signs for it")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < DEADLINE, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Fails instead of waiting for ever.
pub(crate) async fn soon<T>(what: &str, of: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, of).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// A client that goes nowhere but where it is sent, and does not wait for ever.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build().unwrap()
}

pub(crate) struct Rig {
    pub(crate) address: SocketAddr,
    pub(crate) store: Store,
    pub(crate) http: reqwest::Client,
    pub(crate) directory: Arc<TempDir>,
    pub(crate) stop: CancellationToken,
    running: JoinHandle<Result<(), ServeError>>,
}

pub(crate) struct Setup {
    pub(crate) secrets: Secrets,
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) sync: Vec<SyncConfig>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) media: Option<ArchiveConfig>,
    pub(crate) clock: Clock,
    pub(crate) directory: Arc<TempDir>,
    /// Port; 0 for any.
    pub(crate) port: u16,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            secrets: Secrets::default().and(SecretString::from(SECRET), None),
            accounts: BTreeSet::from([ACCOUNT.to_owned()]),
            sync: Vec::new(),
            channels: Vec::new(),
            media: None,
            clock: Clock::default(),
            directory: Arc::new(TempDir::new().unwrap()),
            port: 0,
        }
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let stop = CancellationToken::new();
        let path = setup.directory.path().to_owned();
        // The threads of a server that has just stopped may still be closing the store.
        let store = eventually("the data directory is free", || async {
            match Store::open(&path) {
                Ok(store) => Some(store),
                Err(StoreError::InUse(_)) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await;
        let config = ServerConfig {
            secrets: setup.secrets,
            tolerance: Tolerance::default(),
            accounts: setup.accounts,
            sync: setup.sync,
            channels: setup.channels,
            media: setup.media,
            clock: setup.clock,
        };
        let listener = TcpListener::bind(("127.0.0.1", setup.port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::start(config, store.clone(), stop.clone()).await.unwrap();
        let running = tokio::spawn(server.run(listener));
        let http = http();
        Self { address, store, http, directory: setup.directory, stop, running }
    }

    /// Stops it gently and gives the data directory back.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.stop.cancel();
        soon("the server stops", self.running).await.unwrap().unwrap();
        self.directory
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Posts to the webhook, signed with a secret, some seconds ago (negative: in the future).
    pub(crate) async fn post(&self, secret: &str, ago: i64, body: &[u8]) -> reqwest::Response {
        let at = (now() - SignedDuration::from_secs(ago)).as_second();
        self.http
            .post(self.url("/zoom/webhook"))
            .header("x-zm-request-timestamp", at.to_string())
            .header("x-zm-signature", signature(secret, at, body))
            .body(body.to_vec())
            .send()
            .await
            .unwrap()
    }

    /// Posts an event that must be taken.
    pub(crate) async fn tell(&self, event: &Value) {
        assert_eq!(self.post(SECRET, 0, event.to_string().as_bytes()).await.status(), 204);
    }

    /// Everything in the inbox.
    pub(crate) async fn inbox(&self) -> Vec<Entry> {
        self.store.entries_after(0, 1_000_000).await.unwrap()
    }

    /// Waits until all that was stored is folded.
    pub(crate) async fn folded(&self) {
        eventually("the inbox is folded", || async {
            (self.store.watermark().await.unwrap() == self.store.inbox().last_seq()).then_some(())
        })
        .await;
    }

    /// The value of a counter in `/metrics`; 0 when it is not there yet. All servers of this process share
    /// one registry, so only growth means anything.
    pub(crate) async fn counter(&self, name_and_labels: &str) -> u64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }

    /// Sends bytes as they are and returns all that comes back until the other side closes.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon("an answer", stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A webhook arrival as the server would store it.
pub(crate) fn arrival(body: &[u8]) -> Arrival {
    Arrival {
        received_at: now(),
        door: offhook_calls::normalize::Door::Webhook,
        account: ACCOUNT.to_owned(),
        event: "phone.test".to_owned(),
        event_ts: None,
        late: false,
        body: body.to_vec().into(),
    }
}

/// The webhooks of one call that began a few minutes ago.
pub(crate) fn call(seed: u64, scenario: Scenario) -> Vec<Value> {
    let mut exchange = Exchange::new(seed);
    exchange.account_id = ACCOUNT.to_owned();
    let start = now() - SignedDuration::from_mins(5);
    play(&mut exchange, scenario, start)
        .into_iter()
        .filter_map(|planned| match planned.what {
            Happening::Webhook(event) => Some(event),
            _ => None,
        })
        .collect()
}

/// The `call_id` that an event of a call names.
pub(crate) fn call_id(event: &Value) -> &str {
    event["payload"]["object"]["call_id"].as_str().unwrap()
}

/// A stream of server-sent events.
pub(crate) struct Sse {
    response: reqwest::Response,
    buffer: String,
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

impl Sse {
    pub(crate) async fn join(rig: &Rig, last_event_id: Option<&str>) -> Self {
        let mut request = rig.http.get(rig.url("/api/v1/live"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Self { response, buffer: String::new() }
    }

    /// The next message that is no heartbeat; none when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| {
                    block.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start().to_owned()))
                };
                let message = Message {
                    event: field("event:").unwrap_or_default(),
                    id: field("id:").map(|id| id.parse().unwrap()),
                    data: serde_json::from_str(&field("data:").unwrap_or_default()).unwrap_or_default(),
                };
                self.buffer = rest.to_owned();
                if message.event != "heartbeat" {
                    return Some(message);
                }
            }
            let chunk = soon("a message", self.response.chunk()).await.unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
