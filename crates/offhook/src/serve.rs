//! `offhook serve`.

use std::{io::IsTerminal, net::SocketAddr, path::Path};

use anyhow::Context as _;
use offhook_server::Server;
use offhook_store::Store;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{args::ServeArgs, config::Config};

/// Serves until it is told to stop.
pub(crate) async fn run(file: Option<&Path>, args: ServeArgs) -> anyhow::Result<()> {
    let mut config = Config::load(file)?;
    config.override_with("server.port", "--port", args.port.map(|port| port.to_string()));
    config.override_with("server.bind", "--bind", args.bind.map(|bind| bind.to_string()));
    config.override_with("data.dir", "--data-dir", args.data_dir.map(|dir| dir.display().to_string()));
    let warnings = config.warnings()?;
    start_logging(&config.log_level(), config.log_json())?;
    for warning in warnings {
        tracing::warn!(key = warning.key, "{}", warning.text);
    }
    let address = SocketAddr::new(config.bind(), config.port());
    let shutdown = CancellationToken::new();
    stop_on_signal(shutdown.clone())?;
    // The address first: two servers on one port should not wait for one data directory to find out.
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another port with PORT or --port"))?;
    let directory = config.data_dir();
    let store = Store::open(&directory)
        .with_context(|| format!("cannot open the store in {}", directory.display()))?;
    let server = Server::start(config.server()?, store, shutdown.clone()).await?;
    let address = listener.local_addr()?;
    tracing::info!(url = %format!("http://{address}/"), data = %directory.display(), "Offhook is ready");
    server.run(listener).await?;
    tracing::info!("Offhook has stopped; everything received is stored");
    Ok(())
}

/// Logs to standard error: lines for people on a terminal, JSON for everything else, unless told.
pub(crate) fn start_logging(level: &str, json: Option<bool>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level)
        .with_context(|| format!("{level:?} is no log level; try error, warn, info or debug"))?;
    let terminal = std::io::stderr().is_terminal();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal);
    if json.unwrap_or(!terminal) {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_target(false).init();
    }
    Ok(())
}

/// Stops gently on Ctrl-C or TERM; a second signal stops at once.
pub(crate) fn stop_on_signal(shutdown: CancellationToken) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        for last in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
            if last {
                #[expect(clippy::exit, reason = "asked twice: whoever asks does not want to wait")]
                std::process::exit(130);
            }
            tracing::info!("stopping; once more stops at once");
            shutdown.cancel();
        }
    });
    Ok(())
}
