//! One binary between a Zoom Phone account and the systems a company works in.

mod api;
mod args;
mod auth;
mod calls;
mod clock;
mod config;
mod dial;
mod doctor;
mod emulator;
mod events;
mod exit;
mod export;
mod import;
mod listen;
mod media;
mod migrate;
mod open;
mod output;
mod rebuild;
mod reconcile;
mod rest;
mod serve;
mod sync;
mod zoom;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Args, CallsCommand, Command, ConfigCommand, EventsCommand};

fn main() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(Args::command).var(args::COMPLETE).complete();
    let args = Args::parse();
    match run(args) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            exit::code(&error)
        }
    }
}

fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let out = output::Output::new(args.json);
    let config = args.config.as_deref();
    match args.command {
        Command::Serve(serve) => runtime()?.block_on(serve::run(config, serve))?,
        Command::Emulator(emulator) => runtime()?.block_on(emulator::run(*emulator, out))?,
        Command::Api(api) => return runtime()?.block_on(rest::run(*api, config, out)),
        Command::Auth(auth) => return runtime()?.block_on(auth::run(auth, config, out)),
        Command::Dial(call) => return runtime()?.block_on(dial::dial(call, out)),
        Command::Sms(message) => return runtime()?.block_on(dial::sms(message, out)),
        Command::Listen(listen) => runtime()?.block_on(listen::run(listen, config, out))?,
        Command::Calls(CallsCommand::List(list)) => runtime()?.block_on(calls::list(list, config, out))?,
        Command::Calls(CallsCommand::Show(show)) => runtime()?.block_on(calls::show(show, config, out))?,
        Command::Import(import) => return runtime()?.block_on(import::run(*import, config, out)),
        Command::Migrate(migrate) => runtime()?.block_on(migrate::run(migrate, config, out))?,
        Command::Events(EventsCommand::Tail(tail)) => runtime()?.block_on(events::tail(tail, config, out))?,
        Command::Sync(sync) => runtime()?.block_on(sync::run(sync, config, out))?,
        Command::Media(command) => return runtime()?.block_on(media::run(command, config, out)),
        Command::Config(ConfigCommand::Check) => return config::check::run(config, out),
        Command::Doctor(args) => return runtime()?.block_on(doctor::run(args, config, out)),
        Command::Reconcile(command) => return runtime()?.block_on(reconcile::run(command, config, out)),
        Command::Rebuild => return rebuild::run(config, out),
        Command::Export(args) => export::run(args, config, out)?,
        Command::Openapi => out.print(&serde_json::to_string_pretty(&offhook_server::document())?),
        Command::Completions { shell } => out.print(args::completions(shell)?.trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}
