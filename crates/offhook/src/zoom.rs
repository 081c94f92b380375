//! Access to Zoom: whose, with which app, kept where.
//!
//! Whoever signed in with the app of `zoom.client_id` is who commands act as. Without a sign-in it is the account of
//! `zoom.account_id`, by a server-to-server app. An app is of one kind only, so there is nothing to choose.

use std::os::unix::fs::DirBuilderExt as _;

use anyhow::Context as _;
use secrecy::SecretString;
use zoom_phone::{
    client::{Client, ClientConfig},
    oauth::{App, FileStore, TokenSource, seal::SealKey},
};

use crate::{config::Config, exit::NoAccess};

/// As whom commands act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Somebody who signed in.
    Person,
    /// The account, by a server-to-server app.
    Account,
}

impl Who {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Account => "account",
        }
    }
}

/// Tokens, and whose they are.
pub(crate) async fn access(config: &Config) -> anyhow::Result<(Who, TokenSource)> {
    // Looked for only where tokens are kept already: asking leaves nothing behind.
    if config.tokens_dir().is_dir() && config.get("zoom.client_id").is_some() {
        let tokens = person(config)?;
        if tokens.stored().await?.is_some() {
            return Ok((Who::Person, tokens));
        }
    }
    if config.get("zoom.account_id").is_none() {
        return Err(NoAccess(
            "nobody is signed in, and ZOOM_ACCOUNT_ID is not set; run `offhook auth login`, or set ZOOM_ACCOUNT_ID, \
             ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET of a server-to-server app"
                .to_owned(),
        )
        .into());
    }
    for (key, name) in [("zoom.client_id", "ZOOM_CLIENT_ID"), ("zoom.client_secret", "ZOOM_CLIENT_SECRET")] {
        need(config, key, name)?;
    }
    Ok((Who::Account, config.tokens()?))
}

/// A client that acts as [`access`] says.
pub(crate) async fn client(config: &Config) -> anyhow::Result<Client> {
    let (_, tokens) = access(config).await?;
    // A person's account is not known from their sign-in; without the setting, the app stands for it.
    let account = config.get("zoom.account_id").or_else(|| config.get("zoom.client_id"));
    let limiter = config.limiters(account)?.into_values().next();
    let settings = ClientConfig { base_url: config.url("zoom.api_url")?, limiter, ..ClientConfig::default() };
    Ok(Client::new(settings, tokens)?)
}

/// The tokens of whoever signs in, or did.
pub(crate) fn person(config: &Config) -> anyhow::Result<TokenSource> {
    let app = app(config)?;
    let key = format!("person {}", app.client_id);
    Ok(TokenSource::grant(app, store(config)?, key)?)
}

/// When whoever is signed in was given their tokens, if somebody is. Leaves nothing behind.
pub(crate) async fn signed_in(config: &Config) -> Option<jiff::Timestamp> {
    if !config.tokens_dir().is_dir() || config.get("zoom.client_id").is_none() {
        return None;
    }
    let stored = person(config).ok()?.stored().await.ok()?;
    stored.map(|grant| grant.issued_at())
}

/// The app that people sign in to.
pub(crate) fn app(config: &Config) -> anyhow::Result<App> {
    Ok(App {
        client_id: need(config, "zoom.client_id", "ZOOM_CLIENT_ID")?,
        client_secret: config.get("zoom.client_secret").map(SecretString::from),
        token_url: config.url("zoom.oauth_url")?.unwrap_or_else(App::zoom_token_url),
    })
}

/// Where tokens are kept, sealed. Makes the folder, and the key unless one is set.
pub(crate) fn store(config: &Config) -> anyhow::Result<FileStore> {
    let key = key(config)?;
    Ok(FileStore::open(config.tokens_dir(), key)?)
}

/// The data key: the one that is set, else the one in the file `key` beside the tokens, which is made if need be.
pub(crate) fn key(config: &Config) -> anyhow::Result<SealKey> {
    if let Some(key) = config.get("data.secret_key") {
        return SealKey::from_text(&SecretString::from(key))
            .context("OFFHOOK_SECRET_KEY is no key; `openssl rand -hex 32` makes one");
    }
    let folder = config.tokens_dir();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(SealKey::from_file(&folder.join("key"))?)
}

/// A setting that cannot be done without.
pub(crate) fn need(config: &Config, key: &str, name: &str) -> anyhow::Result<String> {
    let missing = || {
        NoAccess(format!("{name} is not set; copy it from your app's page in Zoom's Marketplace into .env"))
    };
    Ok(config.get(key).map(str::to_owned).ok_or_else(missing)?)
}
