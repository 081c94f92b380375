//! Runs the emulator alone, configured by environment variables; see the crate's README.

use std::env;
use std::error::Error;
use std::str::FromStr;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use zoom_phone_emulator::{
    AppKind, CompanyFile, Config, DEMO_WEBHOOK_SECRET, FaultPlan, Temper, serve_with_embed,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let log = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(log).init();

    let demo = Config::default();
    let mut apps = demo.apps;
    for app in &mut apps {
        app.scopes = list("SCOPES", ' ').unwrap_or_else(|| app.scopes.clone());
        if app.kind == AppKind::General {
            app.redirect_uris = list("REDIRECT_URIS", ',').unwrap_or_else(|| app.redirect_uris.clone());
        }
    }
    let config = Config {
        seed: variable("SEED", demo.seed)?,
        company: match env::var("COMPANY") {
            Ok(name) if name == "large" => CompanyFile::large(),
            Ok(file) => CompanyFile::parse(&std::fs::read_to_string(file)?)?,
            Err(_) => demo.company,
        },
        speed: variable("SPEED", demo.speed)?,
        calls_per_minute: variable("CALLS_PER_MINUTE", demo.calls_per_minute)?,
        apps,
        faults: match env::var("FAULTS") {
            Ok(file) => FaultPlan::parse(&std::fs::read_to_string(file)?)?.faults,
            Err(_) => Vec::new(),
        },
        temper: match env::var("TEMPER").as_deref() {
            Err(_) | Ok("documented") => Temper::Documented,
            Ok("field") => Temper::Field,
            Ok(other) => return Err(format!("TEMPER={other:?} is neither documented nor field").into()),
        },
        ..demo
    };
    let config = match env::var("WEBHOOK_URL") {
        Ok(url) => {
            config.with_webhook(url.parse()?, variable("WEBHOOK_SECRET", DEMO_WEBHOOK_SECRET.to_owned())?)
        }
        Err(_) => config,
    };
    let listener = TcpListener::bind(variable("LISTEN", "127.0.0.1:8090".to_owned())?).await?;
    let embed = match env::var("EMBED_LISTEN") {
        Ok(address) => Some(TcpListener::bind(address).await?),
        Err(_) => None,
    };
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    serve_with_embed(config, listener, embed, shutdown).await?;
    Ok(())
}

/// The value of an environment variable, or the default when it is not set.
fn variable<T: FromStr>(name: &str, default: T) -> Result<T, String> {
    match env::var(name) {
        Ok(value) => value.parse().map_err(|_| format!("{name}={value:?} cannot be understood")),
        Err(_) => Ok(default),
    }
}

/// The parts of an environment variable, if it is set.
fn list(name: &str, separator: char) -> Option<Vec<String>> {
    let value = env::var(name).ok()?;
    Some(value.split(separator).map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
}
