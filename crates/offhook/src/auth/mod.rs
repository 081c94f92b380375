//! `offhook auth`.

mod login;
mod status;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::{
    args::AuthCommand,
    config::Config,
    exit,
    output::{Output, note},
    zoom,
};

/// Signs in, tells, signs out.
pub(crate) async fn run(command: AuthCommand, file: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(file)?;
    let store = match &command {
        AuthCommand::Login(login) => &login.store,
        AuthCommand::Status(store) | AuthCommand::Logout(store) => store,
    };
    store.override_in(&mut config);
    config.usable(&["zoom.", "data."])?;
    match command {
        AuthCommand::Login(args) => {
            login::run(args, &config).await?;
            status::show(&config, out).await
        }
        AuthCommand::Status(_) => status::show(&config, out).await,
        AuthCommand::Logout(_) => logout(&config).await,
    }
}

async fn logout(config: &Config) -> anyhow::Result<ExitCode> {
    if !config.tokens_dir().is_dir() {
        return Ok(nobody());
    }
    let tokens = zoom::person(config)?;
    // One that cannot be opened is there, and can be deleted.
    if matches!(tokens.stored().await, Ok(None)) {
        return Ok(nobody());
    }
    let Err(error) = tokens.sign_out().await else {
        note("Signed out: the access is revoked at Zoom, and its tokens are deleted here.");
        return Ok(ExitCode::SUCCESS);
    };
    if matches!(tokens.stored().await, Ok(None)) {
        note(
            "The tokens are deleted here, but Zoom was not told: remove the app in Zoom's Marketplace, under Manage, Added Apps.",
        );
        crate::output::error(&error.into());
        return Ok(ExitCode::from(exit::FAILED));
    }
    Err(error).context("not signed out")
}

fn nobody() -> ExitCode {
    note("Nobody is signed in here. A server-to-server app has nothing to sign out of.");
    ExitCode::SUCCESS
}
