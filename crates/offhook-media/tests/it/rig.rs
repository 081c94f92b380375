//! A company that records its calls, an inbox that hears of them, and an archive beside it.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use offhook_calls::{CallView, normalize::Door};
use offhook_media::{Archive, ArchiveConfig, Folder, Pass, Policy, Shelf, Source};
use offhook_store::{Arrival, CallFilter, Media, MediaFilter, MediaKind, Store};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_phone::{
    client::{Client, ClientConfig, Retry},
    oauth::{ServerToServer, TokenSource, seal::SealKey},
};
use zoom_phone_emulator::{Builder, Emulator, Fault, Running, What};

pub(crate) const ACCOUNT: &str = "demo_account_0000000AA";
pub(crate) const CLIENT_ID: &str = "demo_client_id_000000A";

/// When the company begins its day.
pub(crate) fn morning() -> Timestamp {
    "2026-11-16T15:00:00Z".parse().unwrap()
}

pub(crate) fn fetch_all() -> Policy {
    Policy { fetch: true, ..Policy::default() }
}

pub(crate) fn key() -> SealKey {
    SealKey::from_text(&SecretString::from("ab".repeat(32))).unwrap()
}

/// Asks until there is an answer; no condition takes longer to come true, even on a slow machine.
pub(crate) async fn eventually<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) struct Rig {
    pub(crate) zoom: Running,
    pub(crate) directory: Arc<TempDir>,
    pub(crate) store: Store,
    pub(crate) archive: Archive,
    told: usize,
}

pub(crate) struct Setup {
    pub(crate) policy: Policy,
    pub(crate) encrypt: bool,
    /// Instead of the folder `media` in the directory.
    pub(crate) shelf: Option<Shelf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { policy: fetch_all(), encrypt: false, shelf: None }
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default(), |zoom| zoom).await
    }

    pub(crate) async fn with(setup: Setup, zoom: impl FnOnce(Builder) -> Builder) -> Self {
        let zoom = zoom(Emulator::builder().seed(5).at(morning())).start().await.unwrap();
        let directory = Arc::new(TempDir::new().unwrap());
        let store = Store::open(directory.path()).unwrap();
        let archive = archive_of(&zoom, &store, directory.path(), setup);
        Self { zoom, directory, store, archive, told: 0 }
    }

    /// The same company and directory, after the process ended.
    pub(crate) async fn again(self, setup: Setup) -> Self {
        self.again_after(setup, || ()).await
    }

    /// The same, with something that happens while nothing runs.
    pub(crate) async fn again_after(self, setup: Setup, meanwhile: impl FnOnce()) -> Self {
        let Self { zoom, directory, store, archive, told } = self;
        drop((store, archive));
        drop(eventually("the data directory is free", || Store::open(directory.path()).ok()).await);
        meanwhile();
        // The threads of what just stopped may still be closing the store.
        let store = eventually("the data directory is free", || Store::open(directory.path()).ok()).await;
        let archive = archive_of(&zoom, &store, directory.path(), setup);
        Self { zoom, directory, store, archive, told }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.zoom.now()
    }

    /// Plays a call to its end, with everything that comes after it.
    pub(crate) async fn call(&mut self, scenario: &str) {
        self.zoom.trigger(scenario, json!({})).await.unwrap();
        self.zoom.advance(SignedDuration::from_mins(90)).await;
        self.hear().await;
    }

    /// Takes the events into the inbox that were sent since the last time, and folds them.
    pub(crate) async fn hear(&mut self) {
        let events = self.zoom.events();
        let new = events[self.told..].to_vec();
        self.told = events.len();
        for event in new {
            self.tell(&event).await;
        }
    }

    /// Puts an event into the inbox and folds it.
    pub(crate) async fn tell(&self, event: &Value) {
        let arrival = Arrival {
            received_at: self.now(),
            door: Door::Webhook,
            account: ACCOUNT.to_owned(),
            event: event["event"].as_str().unwrap().to_owned(),
            event_ts: event["event_ts"].as_i64(),
            late: false,
            body: event.to_string().into_bytes().into(),
        };
        self.store.inbox().append(arrival).await.unwrap();
        while self.store.fold_next(256).unwrap().entries > 0 {}
    }

    pub(crate) async fn pass(&self) -> Pass {
        self.archive.pass(self.now()).await.unwrap()
    }

    /// A pass after so much time of the company.
    pub(crate) async fn pass_after(&mut self, time: SignedDuration) -> Pass {
        self.zoom.advance(time).await;
        self.hear().await;
        self.pass().await
    }

    pub(crate) async fn all(&self) -> Vec<Media> {
        self.store.media_list(MediaFilter::default(), None, 1000).await.unwrap()
    }

    /// The only file of a kind.
    pub(crate) async fn one(&self, kind: MediaKind) -> Media {
        let mut of_kind: Vec<Media> = self.all().await.into_iter().filter(|it| it.kind == kind).collect();
        assert_eq!(of_kind.len(), 1, "{of_kind:#?}");
        of_kind.remove(0)
    }

    /// Every byte of a file, as who may hear it gets it.
    pub(crate) async fn bytes(&self, media: &Media) -> Vec<u8> {
        self.part(media, 0..media.bytes.unwrap()).await
    }

    pub(crate) async fn part(&self, media: &Media, part: std::ops::Range<u64>) -> Vec<u8> {
        let mut blocks = self.archive.read(media, part).await.unwrap();
        let mut all = Vec::new();
        while let Some(block) = blocks.next().await {
            all.extend_from_slice(&block.unwrap());
        }
        all
    }

    /// The only call there is.
    pub(crate) async fn one_call(&self) -> CallView {
        let mut page = self.store.calls(CallFilter::default(), None, 10, self.now()).await.unwrap();
        assert_eq!(page.calls.len(), 1);
        page.calls.remove(0)
    }

    /// Paths in the folder of files, without records.
    pub(crate) fn files(&self) -> Vec<String> {
        let root = self.directory.path().join("media");
        let mut found = Vec::new();
        walk(&root, &mut found);
        let mut names: Vec<String> = found
            .into_iter()
            .map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
            .filter(|name| !name.ends_with(".record"))
            .collect();
        names.sort();
        names
    }

    /// Something goes wrong at Zoom, so many times.
    pub(crate) fn fault(&self, operation: &str, times: u32, what: What) {
        let operation = Some(operation.to_owned());
        self.zoom.fault(Fault { times: Some(times), operation, ..what.into() });
    }

    /// What the files' receipts say, one after the other.
    pub(crate) async fn notes(&self, media: &Media) -> Vec<String> {
        let notes = self.store.media_notes(&media.id).await.unwrap();
        notes.into_iter().map(|note| note.what).collect()
    }
}

fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

fn archive_of(zoom: &Running, store: &Store, directory: &Path, setup: Setup) -> Archive {
    let folder = || Shelf::Folder(Folder::open(directory.join("media")).unwrap());
    let source = Source { client: client(zoom), client_id: CLIENT_ID.to_owned() };
    let config = ArchiveConfig {
        policy: setup.policy,
        shelf: setup.shelf.unwrap_or_else(folder),
        key: Some(key()),
        encrypt: setup.encrypt,
        sources: BTreeMap::from([(ACCOUNT.to_owned(), source)]),
    };
    Archive::new(store.clone(), config).unwrap()
}

fn client(zoom: &Running) -> Client {
    let tokens = TokenSource::server_to_server(ServerToServer {
        client_id: CLIENT_ID.to_owned(),
        client_secret: SecretString::from("demo_client_secret"),
        account_id: ACCOUNT.to_owned(),
        token_url: format!("{}/oauth/token", zoom.origin()).parse().unwrap(),
    })
    .unwrap();
    let config = ClientConfig {
        base_url: format!("{}/v2", zoom.origin()).parse().ok(),
        retry: Retry { tries: 1, ..Retry::default() },
        timeout: Duration::from_secs(10),
        ..ClientConfig::default()
    };
    Client::new(config, tokens).unwrap()
}
