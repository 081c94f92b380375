//! Settings: where they come from, and what they must be.
//!
//! `offhook.toml` is read first, then `.env`, then the environment; later wins. Every setting knows where
//! its value came from, so that `offhook config check` can say so.

pub(crate) mod check;
mod credentials;
mod load;
mod media;
mod quota;
mod settings;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use offhook_media::Source;
use offhook_server::{Channel, Clock, Nightly, Secrets, ServerConfig, SyncConfig};
use secrecy::SecretString;
use url::Url;
use zoom_phone::{
    client::{Client, ClientConfig},
    oauth::{ServerToServer, TokenSource},
    socket::ChannelConfig,
    webhook::Tolerance,
};

use self::settings::{SETTINGS, Setting};
pub(crate) use self::{credentials::Credentials, load::Config};

/// Something wrong, or missing, with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Which setting.
    pub(crate) key: &'static str,
    /// What is wrong, and what to do.
    pub(crate) text: String,
    /// The server will not start with it.
    pub(crate) is_error: bool,
}

impl Config {
    /// A number that has been checked; its default if it is no number.
    fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key)?.parse().ok()
    }

    pub(crate) fn port(&self) -> u16 {
        self.number("server.port").unwrap_or(8080)
    }

    pub(crate) fn bind(&self) -> IpAddr {
        self.number("server.bind").unwrap_or(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.get("data.dir").unwrap_or("data"))
    }

    /// Where tokens are kept.
    pub(crate) fn tokens_dir(&self) -> PathBuf {
        self.get("data.tokens_dir").map_or_else(|| self.data_dir().join("tokens"), PathBuf::from)
    }

    pub(crate) fn log_level(&self) -> String {
        self.get("log.level").unwrap_or("info").to_owned()
    }

    /// Whether to log JSON; `None` leaves it to where the log goes.
    pub(crate) fn log_json(&self) -> Option<bool> {
        self.get("log.format").map(|format| format == "json")
    }

    fn seconds(&self, key: &str, default: u64) -> Duration {
        Duration::from_secs(self.number(key).unwrap_or(default))
    }

    /// What the server needs, from settings without errors.
    pub(crate) fn server(&self) -> anyhow::Result<ServerConfig> {
        let usual = Tolerance::default();
        let mut secrets = Secrets::default();
        let mut accounts = BTreeSet::new();
        for key in ["zoom.webhook_secret", "zoom.webhook_secret_previous"] {
            if let Some(secret) = self.get(key) {
                secrets = secrets.and(SecretString::from(secret), None);
            }
        }
        accounts.extend(self.get("zoom.account_id").map(str::to_owned));
        let mut sync = Vec::new();
        let mut credentials: Vec<(String, String, String)> = Vec::new();
        if let (Some(account), Some(id), Some(secret)) =
            (self.get("zoom.account_id"), self.get("zoom.client_id"), self.get("zoom.client_secret"))
        {
            credentials.push((account.to_owned(), id.to_owned(), secret.to_owned()));
        }
        for account in &self.accounts {
            accounts.insert(account.id.clone());
            for secret in [&account.webhook_secret, &account.webhook_secret_previous].into_iter().flatten() {
                secrets = secrets.and(SecretString::from(secret.as_str()), Some(account.id.clone()));
            }
            if let (Some(id), Some(secret)) = (&account.client_id, &account.client_secret) {
                credentials.push((account.id.clone(), id.clone(), secret.clone()));
            }
        }
        let every = self.seconds("sync.every_seconds", 300);
        let nightly = self.number("sync.nightly_at").map(|at| Nightly { at, zone: TimeZone::system() });
        let mut channels = Vec::new();
        let mut sources = BTreeMap::new();
        let limiters = self.limiters(credentials.iter().map(|(account, ..)| account.as_str()))?;
        for (account, client_id, client_secret) in credentials {
            let tokens = self.tokens_of(&account, client_id.clone(), client_secret)?;
            if let Some(config) = self.channel("server.websocket_subscription_id")?
                && self.get("zoom.account_id") == Some(&account)
            {
                channels.push(Channel { config, tokens: tokens.clone(), account: account.clone() });
            }
            let config = ClientConfig {
                base_url: self.url("zoom.api_url")?,
                limiter: limiters.get(&account).cloned(),
                ..ClientConfig::default()
            };
            let client = Client::new(config, tokens)?;
            sources.insert(account.clone(), Source { client: client.clone(), client_id });
            sync.push(SyncConfig {
                every: Some(every).filter(|every| !every.is_zero()),
                nightly: nightly.clone(),
                share_percent: self.number("sync.backfill_percent").unwrap_or(80),
                ..SyncConfig::new(client, account)
            });
        }
        let tolerance = Tolerance {
            past: self.seconds("webhook.max_age_seconds", usual.past.as_secs()),
            future: self.seconds("webhook.max_ahead_seconds", usual.future.as_secs()),
            ..usual
        };
        let media = Some(self.media(sources)?);
        let clock = Clock::default();
        Ok(ServerConfig { secrets, tolerance, accounts, sync, channels, media, clock })
    }

    fn tokens_of(
        &self,
        account: &str,
        client_id: String,
        client_secret: String,
    ) -> anyhow::Result<TokenSource> {
        let key = format!("account {account} by {client_id}");
        let tokens = TokenSource::server_to_server(ServerToServer {
            client_id,
            client_secret: SecretString::from(client_secret),
            account_id: account.to_owned(),
            token_url: self.url("zoom.oauth_url")?.unwrap_or_else(ServerToServer::zoom_token_url),
        })?;
        // With each new token Zoom ends the one before: the server and the commands beside it share theirs. A command
        // where no server was leaves nothing behind.
        if self.data_dir().is_dir() || self.get("data.tokens_dir").is_some() {
            return Ok(tokens.shared_through(crate::zoom::store(self)?, key));
        }
        Ok(tokens)
    }

    /// The tokens of the account that `zoom.account_id` names.
    pub(crate) fn tokens(&self) -> anyhow::Result<TokenSource> {
        let need = |key: &str, name: &str| {
            let missing = || {
                format!(
                    "{name} is not set; copy it from the page \"App Credentials\" of your server-to-server OAuth app"
                )
            };
            self.get(key).map(str::to_owned).with_context(missing)
        };
        let account = need("zoom.account_id", "ZOOM_ACCOUNT_ID")?;
        let client_id = need("zoom.client_id", "ZOOM_CLIENT_ID")?;
        self.tokens_of(&account, client_id, need("zoom.client_secret", "ZOOM_CLIENT_SECRET")?)
    }

    /// The event channel of the subscription that a setting names, by its id or by its address as the
    /// Marketplace shows it.
    pub(crate) fn channel(&self, key: &str) -> anyhow::Result<Option<ChannelConfig>> {
        let Some(named) = self.get(key) else { return Ok(None) };
        if named.contains("://") {
            let url = Url::parse(named).with_context(|| format!("{key} is neither an id nor an address"))?;
            let id =
                url.query_pairs().find(|(name, _)| name == "subscriptionId").map(|(_, id)| id.into_owned());
            let subscription_id =
                id.with_context(|| format!("{key} is an address without subscriptionId= in it"))?;
            return Ok(Some(ChannelConfig { url, subscription_id }));
        }
        let mut channel = ChannelConfig::new(named);
        channel.url = self.url("zoom.websocket_url")?.unwrap_or(channel.url);
        Ok(Some(channel))
    }

    pub(crate) fn url(&self, key: &str) -> anyhow::Result<Option<Url>> {
        self.get(key).map(|url| Url::parse(url).with_context(|| format!("{key} is no URL"))).transpose()
    }

    /// Fails on the first thing that is wrong with the settings of these tables, such as `zoom.`.
    pub(crate) fn usable(&self, tables: &[&str]) -> anyhow::Result<()> {
        let here = |problem: &&Problem| {
            problem.is_error && tables.iter().any(|table| problem.key.starts_with(table))
        };
        match self.problems().iter().find(here) {
            Some(Problem { key, text, .. }) => {
                anyhow::bail!("{key}: {text}; `offhook config check` shows all settings")
            }
            None => Ok(()),
        }
    }

    /// What is missing; fails on the first thing that is wrong.
    pub(crate) fn warnings(&self) -> anyhow::Result<Vec<Problem>> {
        let problems = self.problems();
        match problems.iter().find(|problem| problem.is_error) {
            Some(Problem { key, text, .. }) => {
                anyhow::bail!("{key}: {text}; `offhook config check` shows all settings")
            }
            None => Ok(problems),
        }
    }

    /// What is wrong or missing.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.unreadable.clone();
        let mut say = |key: &'static str, is_error: bool, text: &str| {
            problems.push(Problem { key, text: text.to_owned(), is_error });
        };
        for setting in SETTINGS {
            if let Some(value) = self.get(setting.key)
                && let Err(text) = (setting.check)(value)
            {
                say(setting.key, true, &text);
            }
        }
        if self
            .get("server.bind")
            .and_then(|bind| bind.parse::<IpAddr>().ok())
            .is_some_and(|ip| !ip.is_loopback())
        {
            say(
                "server.bind",
                true,
                "must be a loopback address such as 127.0.0.1: there is no sign-in yet, so calls and numbers would \
                 be open to the network; let a proxy or tunnel pass on /zoom/webhook only",
            );
        }
        if self.get("zoom.webhook_secret").is_none()
            && self.accounts.iter().all(|a| a.webhook_secret.is_none())
        {
            say(
                "zoom.webhook_secret",
                false,
                "is not set: webhooks cannot be verified and are answered 503. Copy the Secret Token of your app's \
                 Feature page",
            );
        }
        let s2s = ["zoom.account_id", "zoom.client_id", "zoom.client_secret"];
        let missing: Vec<&str> = s2s.into_iter().filter(|key| self.get(key).is_none()).collect();
        let [listen, serve] =
            ["zoom.websocket_subscription_id", "server.websocket_subscription_id"].map(|key| self.get(key));
        if serve.is_some() && !missing.is_empty() {
            say(
                "server.websocket_subscription_id",
                true,
                "needs zoom.account_id, zoom.client_id and zoom.client_secret of the app that the subscription \
                 belongs to",
            );
        }
        if serve.is_some() && serve == listen {
            say(
                "server.websocket_subscription_id",
                false,
                "is also zoom.websocket_subscription_id: `offhook listen` would take the events from the server; make a \
                 subscription for each",
            );
        }
        if self.get("media.s3_bucket").is_some() {
            for key in ["media.s3_endpoint", "media.s3_key_id", "media.s3_secret"] {
                if self.get(key).is_none() {
                    say(key, true, "is not set; a bucket (media.s3_bucket) needs it");
                }
            }
        }
        match missing.as_slice() {
            [] => {}
            [_, _, _] => {
                if self.accounts.is_empty() {
                    say(
                        "zoom.client_id",
                        false,
                        "is not set, nor are zoom.client_secret and zoom.account_id: Zoom's own records are not \
                         compared. Copy them from your server-to-server OAuth app",
                    );
                }
            }
            some => {
                let text = format!(
                    "{} not set: comparing with Zoom's records needs all of account id, client id and client secret",
                    some.join(" and ")
                );
                say("zoom.client_id", false, &text);
            }
        }
        problems
    }
}
