//! An emulated Zoom for the binary to talk to.

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use zoom_phone_emulator::Config;

use crate::rig::{ended, offhook};

/// It stops when dropped.
pub(crate) struct Zoom {
    pub(crate) base: String,
    config: Config,
    _stop: DropGuard,
}

impl Zoom {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { calls_per_minute: 0.0, ..Config::default() };
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(zoom_phone_emulator::serve(config.clone(), listener, stop.clone()));
        Self { base, config, _stop: stop.drop_guard() }
    }

    /// Asks the emulator's own endpoints.
    pub(crate) async fn control(&self, path: &str, body: &Value) {
        let client = reqwest::Client::builder().build().unwrap();
        let answer = client.post(format!("{}/_emulator/{path}", self.base)).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    /// Where people who sign in are sent back to.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.config.apps[1].redirect_uris[0]
    }

    /// The binary with the server-to-server app.
    pub(crate) fn account(&self, directory: &TempDir, args: &[&str]) -> Command {
        let mut command = self.bare(directory, args);
        command
            .env("ZOOM_ACCOUNT_ID", &self.config.account_id)
            .env("ZOOM_CLIENT_ID", &self.config.apps[0].client_id)
            .env("ZOOM_CLIENT_SECRET", &self.config.apps[0].client_secret);
        command
    }

    /// The binary with the app that people sign in to.
    pub(crate) fn person(&self, directory: &TempDir, args: &[&str]) -> Command {
        let mut command = self.bare(directory, args);
        command
            .env("ZOOM_CLIENT_ID", &self.config.apps[1].client_id)
            .env("ZOOM_CLIENT_SECRET", &self.config.apps[1].client_secret)
            .env("ZOOM_REDIRECT_URI", self.redirect_uri());
        command
    }

    fn bare(&self, directory: &TempDir, args: &[&str]) -> Command {
        let mut command = offhook(directory.path());
        command
            .args(args)
            .env("OFFHOOK_ZOOM_API_URL", format!("{}/v2", self.base))
            .env("OFFHOOK_ZOOM_OAUTH_URL", format!("{}/oauth/token", self.base));
        command
    }
}

/// Runs it to its end, beside the emulator.
pub(crate) async fn end(mut command: Command) -> Output {
    let output = tokio::task::spawn_blocking(move || ended(&mut command)).await.unwrap();
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        assert!(!text.contains("demo_client_secret") && !text.contains("demo_general_secret"), "{text}");
        assert!(!text.contains('\x1b'), "no colour where nobody looks: {text}");
    }
    output
}
