//! The command line.

pub(crate) mod emulator;
mod media;
mod migrate;
mod reconcile;
pub(crate) mod sync;
mod time;
mod zoom;

use std::{net::IpAddr, path::PathBuf, str::FromStr};

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::{Shell, env::EnvCompleter};
use url::Url;
use zoom_phone_emulator::FASTEST;

pub(crate) use self::media::{MediaCommand, MediaListArgs};
pub(crate) use self::migrate::{CheckArgs, ImportArgs, MigrateCommand, StatusArgs};
pub(crate) use self::reconcile::{FailOn, ReconcileCommand, ReportArgs, ReportsArgs, RunArgs};
pub(crate) use self::zoom::{AuthCommand, CallScheme, DialArgs, LoginArgs, RestArgs, SmsArgs};
use self::{emulator::EmulatorArgs, sync::SyncCommand};
use crate::doctor::DoctorArgs;

/// Self-hosted Zoom Phone integration: every call received, stored, and shown live.
#[derive(Debug, Parser)]
#[command(
    name = "offhook",
    version,
    arg_required_else_help = true,
    after_help = "\
Start here:
  offhook config check     what is set, from where, and what is missing
  offhook doctor           whether it all works: account, app, webhooks, storage
  offhook serve            receive Zoom's webhooks and open the board at http://127.0.0.1:8080
  offhook listen           Zoom's events on this machine, without a public address
  offhook emulator --help  an offline Zoom Phone to try it with
  offhook api --list       every operation of Zoom's API, to call from here

Completions: offhook completions bash, or zsh, fish, elvish, powershell; --help of it says where to put them"
)]
pub(crate) struct Args {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Settings file [default: offhook.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "OFFHOOK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Receive webhooks, keep calls, serve the board and the API
    Serve(ServeArgs),
    /// Run an offline Zoom Phone: OAuth, REST, signed webhooks, and a company whose phones ring
    Emulator(Box<EmulatorArgs>),
    /// Call any operation of Zoom's API; list and describe them
    Api(Box<RestArgs>),
    /// Sign in at Zoom, see what access there is, sign out
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Call a number or an extension with Zoom's app on this machine
    Dial(DialArgs),
    /// Begin a text message with Zoom's app on this machine
    Sms(SmsArgs),
    /// Show events as Zoom sends them, and pass them on to an endpoint in development
    Listen(ListenArgs),
    /// Look calls up on a running server
    #[command(subcommand)]
    Calls(CallsCommand),
    /// Take call records of before in: from Zoom's API, from the portal, from another system
    Import(Box<ImportArgs>),
    /// From call logs to call history and call elements: what changes, what is still in use
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Did we get all of them? Compare what came in with Zoom's records
    #[command(subcommand)]
    Reconcile(ReconcileCommand),
    /// Look at what came in, on a running server
    #[command(subcommand)]
    Events(EventsCommand),
    /// Have Zoom's history read by a running server, and see how far it is
    #[command(subcommand)]
    Sync(SyncCommand),
    /// Recordings, voicemails and transcripts on a running server: fetch, hold, delete, verify
    #[command(subcommand)]
    Media(MediaCommand),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check that everything is in place: account, app, webhooks, softphone, storage
    Doctor(DoctorArgs),
    /// Make all read models anew from the inbox (with the server stopped)
    Rebuild,
    /// Write calls, legs, elements and events to files or a stream: CSV, NDJSON, Parquet
    Export(ExportArgs),
    /// Print the OpenAPI document of the server's API
    Openapi,
    /// Print completions for a shell
    #[command(after_help = "\
bash:        echo 'source <(offhook completions bash)' >> ~/.bashrc
zsh:         echo 'source <(offhook completions zsh)' >> ~/.zshrc
fish:        echo 'offhook completions fish | source' >> ~/.config/fish/completions/offhook.fish
elvish:      echo 'eval (offhook completions elvish | slurp)' >> ~/.elvish/rc.elv
powershell:  offhook completions powershell | Out-String | Invoke-Expression, in $PROFILE

The shell asks offhook itself, so operations of `offhook api` and their parameters complete, too.")]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ServeArgs {
    /// Port to listen on [default: 8080; PORT]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Address to listen on; only loopback until sign-in exists [default: 127.0.0.1; OFFHOOK_BIND]
    #[arg(long)]
    pub(crate) bind: Option<IpAddr>,
    /// Directory for everything that is stored [default: data; OFFHOOK_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Needs a server-to-server OAuth app (ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET)
that has an event subscription of method WebSocket (ZOOM_WEBSOCKET_SUBSCRIPTION_ID).
A subscription has one listener: whoever connects last gets the events.

  offhook listen                                           only show events
  offhook listen --forward-to http://localhost:3000/zoom   post them, signed as Zoom does
  offhook listen resend last --forward-to http://localhost:3000/zoom

On a terminal, r and Enter sends the last event again, r 12 and Enter number 12."
)]
pub(crate) struct ListenArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ListenCommand>,
    /// Post each event there
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Option<Url>,
    #[command(flatten)]
    pub(crate) secret: SecretArg,
    /// Only these events, such as phone.callee_ringing,phone.sms_*
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) events: Vec<String>,
    /// Also print what was sent
    #[arg(long)]
    pub(crate) print: bool,
    /// First ask the endpoint Zoom's challenge (endpoint.url_validation), and stop if it fails
    #[arg(long, requires = "forward_to")]
    pub(crate) challenge: bool,
    /// The WebSocket subscription: its id, or its whole address (or ZOOM_WEBSOCKET_SUBSCRIPTION_ID)
    #[arg(long, value_name = "ID")]
    pub(crate) subscription_id: Option<String>,
}

/// What signs.
#[derive(Debug, ClapArgs)]
pub(crate) struct SecretArg {
    /// Secret token that signs what is passed on [ZOOM_WEBHOOK_SECRET; else one is made and shown]
    #[arg(long, value_name = "SECRET")]
    pub(crate) secret: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ListenCommand {
    /// List the events that are kept, oldest first
    Kept,
    /// Post kept events again, signed afresh
    Resend(ResendArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ResendArgs {
    /// Their numbers, or last
    #[arg(required = true, value_name = "NUMBER")]
    pub(crate) which: Vec<Which>,
    /// Where to
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Url,
    #[command(flatten)]
    pub(crate) secret: SecretArg,
}

/// A kept event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The newest.
    Last,
    /// By its number.
    Number(u64),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "last" => Ok(Self::Last),
            number => number.parse().map(Self::Number).map_err(|_| "give a number, or last".to_owned()),
        }
    }
}

/// Which server to ask.
#[derive(Debug, ClapArgs)]
pub(crate) struct ServerArg {
    /// The server to ask [default: the one that the settings here would start]
    #[arg(long = "server", value_name = "URL", env = "OFFHOOK_SERVER")]
    pub(crate) url: Option<Url>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CallsCommand {
    /// List calls, newest first
    List(ListArgs),
    /// Show one call: its legs, its story, and every id it has
    Show(ShowArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// How many, 1 to 500
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Go on where an earlier list ended: its next_cursor
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// inbound, outbound or internal
    #[arg(long)]
    pub(crate) direction: Option<String>,
    /// ringing, waiting, talking, held, parked, consulting, transferring or ended
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// answered, missed, rejected, busy, cancelled, voicemail, abandoned, overflowed, blocked or failed
    #[arg(long)]
    pub(crate) result: Option<String>,
    /// Extension number of a call queue
    #[arg(long)]
    pub(crate) queue: Option<String>,
    /// User id or extension number of somebody in the call
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// Telephone number in the call; its last digits suffice, at least four
    #[arg(long)]
    pub(crate) number: Option<String>,
    /// Only calls joined by an id that two calls claim
    #[arg(long)]
    pub(crate) conflict: bool,
    /// Began at or after, such as 2026-11-22T09:00:00Z
    #[arg(long)]
    pub(crate) from: Option<jiff::Timestamp>,
    /// Began before, such as 2026-11-22T18:00:00Z
    #[arg(long)]
    pub(crate) to: Option<jiff::Timestamp>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Any id of the call: call_id, call_history_uuid, call_element_id, recording or voicemail id
    pub(crate) id: String,
    /// Also print what Zoom said, as it came in
    #[arg(long)]
    pub(crate) events: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
  offhook export calls elements --to lake --format parquet    files by account and day; run it again for what is new
  offhook export calls --to - --format csv > calls.csv        one table to standard output
  offhook export --columns                                    what is in the tables

It reads the data directory of the settings, with the server running or not. docs/export.md says how to read the files.")]
pub(crate) struct ExportArgs {
    /// What: calls, legs, elements, events
    #[arg(value_name = "TABLE", value_parser = ["calls", "legs", "elements", "events"], required_unless_present = "columns")]
    pub(crate) tables: Vec<String>,
    /// A directory for files by account and day, or - for standard output
    #[arg(long, value_name = "DIR", required_unless_present = "columns")]
    pub(crate) to: Option<PathBuf>,
    /// csv, ndjson or parquet
    #[arg(long, default_value = "parquet", value_parser = ["csv", "ndjson", "parquet"])]
    pub(crate) format: String,
    /// In CSV, put ' before texts that a spreadsheet would take for formulas; also before +1 415...
    #[arg(long)]
    pub(crate) csv_safe: bool,
    /// Only calls that began, and events received, on this day (UTC) or at this time, or later
    #[arg(long, value_name = "TIME", value_parser = time::begin)]
    pub(crate) from: Option<jiff::Timestamp>,
    /// The last day (UTC), or the time before which
    #[arg(long, value_name = "TIME", value_parser = time::end)]
    pub(crate) to_date: Option<jiff::Timestamp>,
    /// Only this Zoom account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Whose days the files are by, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) time_zone: String,
    /// Replace what earlier runs wrote to the directory
    #[arg(long)]
    pub(crate) full: bool,
    /// Rows to gather before files are written: more make larger files, and take more memory
    #[arg(long, value_name = "NUMBER", default_value_t = offhook_export::PART_ROWS)]
    pub(crate) part_rows: usize,
    /// With --to -, only what was told after this event: the number that the last run ended with
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) after: u64,
    /// List the columns of the tables
    #[arg(long)]
    pub(crate) columns: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Print events as they come in
    Tail(TailArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// How many to begin with
    #[arg(short = 'n', long, default_value_t = 20)]
    pub(crate) lines: u32,
    /// Stop there instead of waiting for more
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// Also print what was sent
    #[arg(long)]
    pub(crate) bodies: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say what is set, from where, and what is wrong; secrets are masked
    Check,
}

/// The variable by which a shell asks this program for completions.
pub(crate) const COMPLETE: &str = "OFFHOOK_COMPLETE";

/// The script that makes a shell ask this program for completions.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<String> {
    use clap_complete::env::{Bash, Elvish, Fish, Powershell, Zsh};
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Elvish => &Elvish,
        Shell::Fish => &Fish,
        Shell::PowerShell => &Powershell,
        Shell::Zsh => &Zsh,
        other => anyhow::bail!("no completions for {other}"),
    };
    let mut script = Vec::new();
    completer.write_registration(COMPLETE, "offhook", "offhook", "offhook", &mut script)?;
    Ok(String::from_utf8(script)?)
}

/// Kept as it was written: Zoom compares letter by letter.
fn redirect_uri(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if url.has_host() => Ok(text.to_owned()),
        _ => Err("give a whole address, such as http://127.0.0.1:4000/callback".to_owned()),
    }
}

/// `20x`, `20`, `0.5x`, or 0, up to what the emulator can play.
fn speed(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix(['x', 'X']).unwrap_or(text);
    match number.parse::<f64>() {
        Ok(speed) if (0.0..=FASTEST).contains(&speed) => Ok(speed),
        _ => Err(format!("give 0 to {FASTEST}, such as 20x")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn speeds_are_numbers_that_are_not_below_zero() {
        assert_eq!(speed("20x"), Ok(20.0));
        assert_eq!(speed("0.5"), Ok(0.5));
        assert_eq!(speed("0"), Ok(0.0));
        for bad in ["", "x", "-1x", "infx", "100001x", "NaN", "fast"] {
            assert!(speed(bad).is_err(), "{bad}");
        }
    }
}
