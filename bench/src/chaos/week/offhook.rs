//! Offhook in this process: its real server on real sockets, on a data directory, in the company's time.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use offhook_calls::CallView;
use offhook_server::{Channel, Clock, Secrets, ServeError, Server, ServerConfig, SyncConfig};
use offhook_store::{Store, StoreError};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use zoom_phone::{
    client::{Client, ClientConfig, Retry},
    oauth::{ServerToServer, TokenSource},
    quota::{Limiter, Plan},
    socket::ChannelConfig,
    webhook::Tolerance,
};
use zoom_phone_emulator::{App, Running};

use super::zoom::{ACCOUNT, SECRET, Zoom};

/// From one sweep to the next, in real time, in which much of the company's passes.
const EVERY: Duration = Duration::from_secs(1);
/// What has not come true by then never will.
const PATIENCE: Duration = Duration::from_mins(10);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// By which doors events come in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doors {
    webhook: bool,
    channel: bool,
}

impl Doors {
    pub(super) fn both() -> Self {
        Self { webhook: true, channel: true }
    }

    /// At least one of them. Without a secret webhooks are refused, and Zoom tries again.
    pub(super) fn any(dice: &mut ChaCha8Rng) -> Self {
        match dice.random_range(0..5) {
            0 => Self { webhook: false, channel: true },
            1 => Self::both(),
            _ => Self { webhook: true, channel: false },
        }
    }
}

/// An installation of Offhook.
pub(super) struct Offhook {
    zoom: Arc<Running>,
    port: u16,
    directory: TempDir,
    http: reqwest::Client,
    /// What the account may ask is learnt once; a real one is kept in a file.
    limiter: Limiter,
    running: Option<(CancellationToken, JoinHandle<Result<(), ServeError>>)>,
}

/// A port of its own that nobody is given by chance while Offhook is off.
pub(super) fn free_port(dice: &mut ChaCha8Rng) -> anyhow::Result<u16> {
    let taken = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let found = std::iter::repeat_with(|| dice.random_range(15_000..30_000)).take(100).find(taken);
    found.context("no port between 15000 and 30000 is free")
}

/// Opens a data directory. The threads of a server that has just stopped may still be closing it.
pub(super) async fn open(directory: &Path) -> anyhow::Result<Store> {
    let begun = Instant::now();
    loop {
        match Store::open(directory) {
            Err(StoreError::InUse(_)) if begun.elapsed() < PATIENCE => tokio::time::sleep(ASK_EVERY).await,
            opened => return Ok(opened?),
        }
    }
}

impl Offhook {
    pub(super) fn new(zoom: &Zoom, port: u16) -> anyhow::Result<Self> {
        let zoom = Arc::clone(&zoom.running);
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build()?;
        let directory = TempDir::new().context("cannot make a data directory")?;
        let limiter = Limiter::new(Plan::Business);
        Ok(Self { zoom, port, directory, http, limiter, running: None })
    }

    /// A client that knows nothing yet, as after each start of a program.
    fn client(&self) -> anyhow::Result<(Client, TokenSource)> {
        let app = App::server_to_server();
        let tokens = TokenSource::server_to_server(ServerToServer {
            client_id: app.client_id,
            client_secret: app.client_secret.into(),
            account_id: ACCOUNT.to_owned(),
            token_url: format!("{}/oauth/token", self.zoom.origin()).parse()?,
        })?;
        let retry = Retry { first_wait: Duration::from_millis(50), ..Retry::default() };
        let config = ClientConfig {
            base_url: Some(format!("{}/v2", self.zoom.origin()).parse()?),
            retry,
            limiter: Some(self.limiter.clone()),
            ..ClientConfig::default()
        };
        Ok((Client::new(config, tokens.clone())?, tokens))
    }

    pub(super) async fn start(&mut self, doors: Doors) -> anyhow::Result<()> {
        let stop = CancellationToken::new();
        let zoom = Arc::clone(&self.zoom);
        let (client, tokens) = self.client()?;
        let url = format!("{}/ws", zoom.origin().replacen("http", "ws", 1)).parse()?;
        let channel = Channel {
            config: ChannelConfig { url, subscription_id: "demo_subscription_00A".to_owned() },
            tokens,
            account: ACCOUNT.to_owned(),
        };
        let secrets = Secrets::default();
        let config = ServerConfig {
            secrets: if doors.webhook { secrets.and(SECRET.into(), None) } else { secrets },
            tolerance: Tolerance::default(),
            accounts: BTreeSet::from([ACCOUNT.to_owned()]),
            sync: vec![SyncConfig { every: Some(EVERY), ..SyncConfig::new(client, ACCOUNT) }],
            channels: if doors.channel { vec![channel] } else { Vec::new() },
            media: None,
            clock: Clock::new(move || zoom.now()),
        };
        let store = open(self.directory.path()).await?;
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
        let server = Server::start(config, store, stop.clone()).await?;
        self.running = Some((stop, tokio::spawn(server.run(listener))));
        Ok(())
    }

    /// Stops it: gently, or in the middle of whatever it does.
    pub(super) async fn halt(&mut self, gently: bool) -> anyhow::Result<()> {
        let Some((stop, server)) = self.running.take() else { return Ok(()) };
        if gently {
            stop.cancel();
            server.await.context("the server broke down")??;
        } else {
            server.abort();
            // However it ends.
            let _ = server.await;
            stop.cancel();
        }
        Ok(())
    }

    /// Stops it for good. The directory is its data.
    pub(super) async fn stop(mut self) -> anyhow::Result<TempDir> {
        self.halt(true).await?;
        Ok(self.directory)
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Option<Value>> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let response = self.http.get(url).query(query).send().await?;
        match response.status().as_u16() {
            200 => Ok(Some(response.json().await?)),
            404 => Ok(None),
            status => bail!("{path} answers {status}: {}", response.text().await?),
        }
    }

    /// The id of the call that this id finds.
    pub(super) async fn find(&self, id: &str) -> anyhow::Result<Option<String>> {
        let call = self.get(&format!("/api/v1/calls/{id}"), &[]).await?;
        Ok(call.and_then(|call| call["id"].as_str().map(str::to_owned)))
    }

    /// Has all of Zoom's records since then read, and waits until that is done and folded.
    pub(super) async fn complete(&mut self, since: Timestamp, kinds: &[&str]) -> anyhow::Result<Value> {
        self.halt(true).await?;
        self.start(Doors::both()).await?;
        let order = json!({ "mode": "backfill", "from": since, "kinds": kinds, "again": true });
        let url = format!("http://127.0.0.1:{}/api/v1/sync", self.port);
        self.http.post(url).json(&order).send().await?.error_for_status()?;
        let begun = Instant::now();
        let status = loop {
            let status = self.get("/api/v1/sync", &[]).await?.context("no sync")?;
            let account = &status["accounts"][0];
            let runs = account["runs"].as_array().context("no runs")?;
            // A catch-up always comes again.
            let backfills = runs.iter().filter(|run| run["mode"] == "backfill");
            let ended = backfills.clone().count() > 0 && backfills.clone().all(|run| run["state"] == "done");
            let troubles = account["troubles"].as_array().into_iter().flatten();
            let late = troubles.filter(|trouble| trouble["given_up"] == false).count();
            if ended && late == 0 {
                break account.clone();
            }
            ensure!(begun.elapsed() < PATIENCE, "reading does not come to an end: {status}");
            // What is not ready is asked for again by the company's clock.
            self.zoom.advance(SignedDuration::from_mins(15)).await;
            tokio::time::sleep(ASK_EVERY).await;
        };
        while self.backlog().await? > 0 {
            ensure!(begun.elapsed() < PATIENCE, "the inbox is not folded");
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(status)
    }

    /// Entries of the inbox that are not in the read models.
    async fn backlog(&self) -> anyhow::Result<u64> {
        let health = self.get("/readyz", &[]).await?.context("not ready")?;
        health["backlog"].as_u64().with_context(|| format!("no backlog in {health}"))
    }

    /// Every call that it knows.
    pub(super) async fn calls(&self) -> anyhow::Result<Vec<CallView>> {
        #[derive(Deserialize)]
        struct Page {
            calls: Vec<Listed>,
            next_cursor: Option<String>,
        }
        #[derive(Deserialize)]
        struct Listed {
            id: String,
        }
        let mut calls = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self
                .get("/api/v1/calls", &[("limit", "500"), ("cursor", &cursor)])
                .await?
                .context("no calls")?;
            let page: Page = serde_json::from_value(page)?;
            for Listed { id } in page.calls {
                let call = self.get(&format!("/api/v1/calls/{id}"), &[]).await?;
                let call = call.with_context(|| format!("call {id} is listed and not there"))?;
                calls.push(serde_json::from_value(call)?);
            }
            match page.next_cursor {
                Some(next) => cursor = next,
                None => return Ok(calls),
            }
        }
    }
}
