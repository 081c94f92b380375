//! `offhook emulator`.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use zoom_phone_emulator::{App, Config};

use crate::{args::EmulatorArgs, serve};

/// Runs the emulator until it is told to stop.
pub(crate) async fn run(args: EmulatorArgs) -> anyhow::Result<()> {
    serve::start_logging("info", None)?;
    let defaults = Config::default();
    let (mut server, mut general) = (App::server_to_server(), App::general());
    server.client_id = args.client_id.unwrap_or(server.client_id);
    server.client_secret = args.client_secret.unwrap_or(server.client_secret);
    if !args.redirect_uri.is_empty() {
        general.redirect_uris = args.redirect_uri;
    }
    let config = Config {
        seed: args.seed,
        speed: args.speed,
        calls_per_minute: args.calls_per_minute,
        account_id: args.account_id.unwrap_or(defaults.account_id),
        apps: vec![server, general],
        embed_domains: if args.embed_domain.is_empty() { defaults.embed_domains } else { args.embed_domain },
        ..defaults
    };
    let config = match (args.webhook_url, args.webhook_secret) {
        (Some(url), Some(secret)) => config.with_webhook(url, secret),
        _ => config,
    };
    let listener = listen(args.port, "--port").await?;
    let embed = match args.embed_port {
        Some(port) => Some(listen(port, "--embed-port").await?),
        None => None,
    };
    tracing::info!(address = %listener.local_addr()?, seed = args.seed, speed = args.speed, "the emulated Zoom Phone is up");
    let shutdown = CancellationToken::new();
    serve::stop_on_signal(shutdown.clone())?;
    zoom_phone_emulator::serve_with_embed(config, listener, embed, shutdown)
        .await
        .context("the emulator failed")
}

async fn listen(port: u16, option: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}; choose another port with {option}"))
}
