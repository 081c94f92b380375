//! Running it.

use std::net::SocketAddr;
use std::path::Path;
use std::{fs, iter};

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;
use zoom_phone_emulator::{App, AppKind, CompanyFile, Config, FaultPlan};

use crate::args::emulator::{RunArgs, UnknownIds};
use crate::serve;

/// Until it is told to stop.
pub(super) async fn run(args: RunArgs) -> anyhow::Result<()> {
    serve::start_logging("info", None)?;
    let listener = listen(SocketAddr::new(args.listen, args.port), "--port").await?;
    let embed = match args.embed_port {
        Some(port) => Some(listen(SocketAddr::new(args.listen, port), "--embed-port").await?),
        None => None,
    };
    if !args.listen.is_loopback() {
        tracing::warn!(
            address = %args.listen,
            "everybody who reaches this address can use the emulator, read its tokens and change its clock; \
            --listen 127.0.0.1 keeps it to this machine"
        );
    }
    let (seed, speed, at) = (args.seed, args.speed, args.at.unwrap_or_else(crate::clock::now));
    let config = config(args)?;
    tracing::info!(
        address = %listener.local_addr()?,
        url = %format!("http://{}/_emulator/", listener.local_addr()?),
        seed,
        speed,
        "the emulated Zoom Phone is up"
    );
    let shutdown = CancellationToken::new();
    serve::stop_on_signal(shutdown.clone())?;
    zoom_phone_emulator::serve_from(config, at, listener, embed, shutdown)
        .await
        .context("the emulator failed")
}

async fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| {
        format!(
            "cannot listen on {address}; choose another port with {option}, or another address with --listen"
        )
    })
}

fn config(args: RunArgs) -> anyhow::Result<Config> {
    let defaults = Config::default();
    let apps = if let Some(file) = &args.apps {
        apps(&read(file)?).with_context(|| file.display().to_string())?
    } else {
        let (mut server, mut general) = (App::server_to_server(), App::general());
        server.client_id = args.client_id.unwrap_or(server.client_id);
        server.client_secret = args.client_secret.unwrap_or(server.client_secret);
        if !args.redirect_uri.is_empty() {
            general.redirect_uris = args.redirect_uri;
        }
        vec![server, general]
    };
    let faults = match &args.fault_plan {
        Some(file) => FaultPlan::parse(&read(file)?).with_context(|| file.display().to_string())?.faults,
        None => Vec::new(),
    };
    let config = Config {
        seed: args.seed,
        company: args.company.as_deref().map_or_else(|| Ok(defaults.company), company)?,
        speed: args.speed,
        calls_per_minute: args.calls_per_minute,
        account_id: args.account_id.unwrap_or(defaults.account_id),
        apps,
        limits: args.limits,
        faults,
        temper: args.temper,
        invent_ids: args.unknown_ids == UnknownIds::Invent,
        public_url: args.public_url,
        embed_domains: if args.embed_domain.is_empty() { defaults.embed_domains } else { args.embed_domain },
        ..defaults
    };
    let secret = args.webhook_secret.unwrap_or_default();
    Ok(args
        .webhook_url
        .into_iter()
        .zip(iter::repeat(secret))
        .fold(config, |config, (url, secret)| config.with_webhook(url, secret)))
}

/// A company that is built in, or one of a file.
fn company(name: &Path) -> anyhow::Result<CompanyFile> {
    if name == Path::new("large") {
        return Ok(CompanyFile::large());
    }
    CompanyFile::parse(&read(name)?).with_context(|| name.display().to_string())
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// A snapshot from a file.
pub(super) fn snapshot(file: &Path) -> anyhow::Result<serde_json::Value> {
    serde_json::from_str(&read(file)?).with_context(|| format!("{} is no snapshot", file.display()))
}

/// A file of apps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppFile {
    #[serde(default)]
    app: Vec<AppEntry>,
}

/// One app; what is left out is as with the demo app of its kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppEntry {
    kind: Kind,
    client_id: String,
    client_secret: String,
    name: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    pkce_public: bool,
    #[serde(default)]
    device: bool,
    #[serde(default, deserialize_with = "url")]
    deauthorization_url: Option<Url>,
    secret_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    ServerToServer,
    General,
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|error| D::Error::custom(format!("{text:?} is no address: {error}")))
}

fn apps(text: &str) -> anyhow::Result<Vec<App>> {
    let file: AppFile = toml::from_str(text).context("the apps cannot be read")?;
    let app = |entry: AppEntry| {
        let (kind, demo) = match entry.kind {
            Kind::ServerToServer => (AppKind::ServerToServer, App::server_to_server()),
            Kind::General => (AppKind::General, App::general()),
        };
        App {
            name: entry.name.unwrap_or_else(|| entry.client_id.clone()),
            kind,
            client_id: entry.client_id,
            client_secret: entry.client_secret,
            scopes: entry.scopes.unwrap_or(demo.scopes),
            redirect_uris: entry.redirect_uris,
            pkce_public: entry.pkce_public,
            device: entry.device,
            deauthorization_url: entry.deauthorization_url,
            secret_token: entry.secret_token.unwrap_or(demo.secret_token),
        }
    };
    Ok(file.app.into_iter().map(app).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_come_from_a_file_and_a_mistake_is_named() {
        let text = "[[app]]\nkind = \"general\"\nclient_id = \"a\"\nclient_secret = \"b\"\nscopes = [\"phone:read\"]\n";
        let apps = super::apps(text).unwrap();
        assert_eq!((apps[0].kind, apps[0].scopes.len(), apps[0].name.as_str()), (AppKind::General, 1, "a"));
        let error = format!("{:#}", super::apps(&text.replace("scopes", "scope")).unwrap_err());
        assert!(error.contains("scope") && error.contains("line 5"), "{error}");
    }
}
