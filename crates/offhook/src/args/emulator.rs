//! `offhook emulator`.

use std::{ffi::OsStr, net::IpAddr, path::PathBuf};

use clap::{ArgAction, ArgGroup, Args as ClapArgs, Subcommand, ValueEnum};
use clap_complete::{ArgValueCompleter, CompletionCandidate};
use serde_json::Value;
use url::Url;
use zoom_phone_emulator::{FaultKind, Plan, Scenario, Temper};

use super::{redirect_uri, speed, zoom::pair};

#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Without a command it runs, until Ctrl-C; the commands talk to one that runs. Open http://127.0.0.1:8090/_emulator/
for the same with a mouse.

  offhook emulator --speed 60x --webhook-url http://127.0.0.1:3000/zoom --webhook-secret demo_webhook_secret
  offhook emulator --calls-per-minute 0        a quiet company: only what is triggered happens
  offhook emulator trigger queue_answered      somebody calls a queue
  offhook emulator clock --advance 1h          an hour passes at once, with all that happens in it
  offhook emulator events list                 what was sent to whom, and what came back
  offhook emulator faults add status status=503 operation=accountCallHistory times=2
  offhook emulator ledger                      what truly happened: hold your software against it

Its demo credentials, and how Node, Python, .NET and Rust programs use it: docs/emulator.md"
)]
pub(crate) struct EmulatorArgs {
    #[command(subcommand)]
    pub(crate) command: Option<EmulatorCommand>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// How it runs.
#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    /// Port to listen on
    #[arg(long, default_value_t = 8090)]
    pub(crate) port: u16,
    /// Address to listen on. Nobody is asked who they are: beyond this machine only where everybody may use it
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Address under which clients reach it, for links in events [default: that of --listen and --port]
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// Port of the embedded phone (Smart Embed), which browsers then see as another origin
    /// [default: the emulator's own]
    #[arg(long, value_name = "PORT")]
    pub(crate) embed_port: Option<u16>,
    /// Who may embed the phone: a host, or an origin with its scheme; may be given several times
    /// [default: 127.0.0.1 and localhost]
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) embed_domain: Vec<String>,
    /// Same seed, same company, same calls
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The company: "large", or a TOML file of your own [default: 36 people in two offices]
    #[arg(long, value_name = "FILE")]
    pub(crate) company: Option<PathBuf>,
    /// How much faster than life its clock runs, such as 20x; 0 lets it stand still
    #[arg(long, default_value = "1x", value_parser = speed)]
    pub(crate) speed: f64,
    /// What its clock shows at the start, such as 2026-12-24T18:00:00Z [default: the present]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// Calls that begin in a minute of its clock
    #[arg(long, default_value_t = 20.0)]
    pub(crate) calls_per_minute: f64,
    /// documented: as Zoom's documentation says; field: as Zoom is known to differ from it
    #[arg(long, default_value = "documented", value_parser = temper)]
    pub(crate) temper: Temper,
    /// Faults that are on from the start: a TOML file with a `fault` table for each
    #[arg(long, value_name = "FILE")]
    pub(crate) fault_plan: Option<PathBuf>,
    /// Enforce the rate limits of this plan: pro or business_plus
    #[arg(long, value_name = "PLAN", value_parser = plan)]
    pub(crate) limits: Option<Plan>,
    /// What to do with ids that nobody made: refuse them as Zoom does, or invent what they stand for
    #[arg(long, value_name = "WHAT", default_value = "refuse")]
    pub(crate) unknown_ids: UnknownIds,
    /// Where to send webhooks; may be given several times; none are sent without it
    #[arg(long, value_name = "URL", requires = "webhook_secret")]
    pub(crate) webhook_url: Vec<Url>,
    /// Secret that signs webhooks
    #[arg(long, value_name = "SECRET", env = "ZOOM_WEBHOOK_SECRET", hide_env_values = true)]
    pub(crate) webhook_secret: Option<String>,
    /// Account id of the company [default: a demo account]
    #[arg(long, env = "ZOOM_ACCOUNT_ID")]
    pub(crate) account_id: Option<String>,
    /// Client id it knows [default: a demo client]
    #[arg(long, env = "ZOOM_CLIENT_ID")]
    pub(crate) client_id: Option<String>,
    /// Client secret it knows [default: a demo secret]
    #[arg(long, env = "ZOOM_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) client_secret: Option<String>,
    /// Where people who sign in may be sent back to; may be given several times
    /// [default: /oauth/callback on port 8080 of 127.0.0.1 and of localhost]
    #[arg(long, value_name = "URI", env = "ZOOM_REDIRECT_URI", value_parser = redirect_uri)]
    pub(crate) redirect_uri: Vec<String>,
    /// Apps instead of the demo apps: a TOML file with an `app` table for each, see docs/emulator.md
    #[arg(long, value_name = "FILE", conflicts_with_all = ["client_id", "client_secret", "redirect_uri"])]
    pub(crate) apps: Option<PathBuf>,
}

/// What becomes of ids that nobody made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnknownIds {
    /// 404, or what Zoom answers there.
    Refuse,
    /// As if it were there, for requests that were recorded elsewhere.
    Invent,
}

/// Which emulator to talk to.
#[derive(Debug, ClapArgs)]
pub(crate) struct WhichEmulator {
    /// Where the emulator is
    #[arg(long, value_name = "URL", env = "OFFHOOK_EMULATOR", default_value = "http://127.0.0.1:8090")]
    pub(crate) url: Url,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorCommand {
    /// Play a call now; without a name, list what can be played
    Trigger(TriggerArgs),
    /// The events that were sent, and sending one again
    #[command(subcommand)]
    Events(EmulatorEvents),
    /// What its clock shows; put it forward, change its speed, stop it
    Clock(ClockArgs),
    /// What goes wrong on purpose
    #[command(subcommand)]
    Faults(FaultsCommand),
    /// What truly happened: the finished calls, or their sums
    Ledger(LedgerArgs),
    /// Save its whole state to a file, or go on from one
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Whether it answers; for scripts and containers, by the exit code
    Health(WhichEmulator),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
  offhook emulator trigger
  offhook emulator trigger inbound_answered --param to=1001 --param talk_seconds=90
  offhook emulator trigger queue_abandoned --param queue=Support --json | jq -r .call.call_id")]
pub(crate) struct TriggerArgs {
    /// What is to happen
    #[arg(add = ArgValueCompleter::new(scenarios))]
    pub(crate) scenario: Option<String>,
    /// Who, how long and so on, as NAME=VALUE; may be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) params: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorEvents {
    /// List the newest events with what became of them
    List(EmulatorEventsArgs),
    /// Show one event: its body, and each attempt with request and answer
    Show(EmulatorEventArgs),
    /// Send an event again, under a fresh signature
    Resend(EmulatorResendArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EmulatorEventsArgs {
    /// Only events of this name, such as phone.callee_ringing
    #[arg(long, value_name = "NAME")]
    pub(crate) event: Option<String>,
    /// Only events after this id, oldest first
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<u64>,
    /// How many, up to 1000
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u16,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EmulatorEventArgs {
    /// Its id in the list
    pub(crate) id: u64,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EmulatorResendArgs {
    /// Its id in the list
    pub(crate) id: u64,
    /// Only to this subscription [default: all that want it]
    #[arg(long, value_name = "ID")]
    pub(crate) subscription: Option<String>,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

#[derive(Debug, ClapArgs)]
#[command(
    group(ArgGroup::new("turn")),
    after_help = "\
  offhook emulator clock
  offhook emulator clock --advance 90m
  offhook emulator clock --to 2026-12-24T18:00:00Z
  offhook emulator clock --speed 60x"
)]
pub(crate) struct ClockArgs {
    /// Put it forward by so much, such as 2h or 1h 30m; comes back when all that was due has happened
    #[arg(long, value_name = "TIME", group = "turn")]
    pub(crate) advance: Option<String>,
    /// Put it forward to this time, such as 2026-12-24T18:00:00Z
    #[arg(long, value_name = "TIME", group = "turn")]
    pub(crate) to: Option<jiff::Timestamp>,
    /// How much faster than life it runs, such as 20x
    #[arg(long, value_parser = speed, group = "turn")]
    pub(crate) speed: Option<f64>,
    /// Let it stand still
    #[arg(long, action = ArgAction::SetTrue, group = "turn")]
    pub(crate) pause: bool,
    /// Let it go on
    #[arg(long, action = ArgAction::SetTrue, group = "turn")]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FaultsCommand {
    /// List the faults that are on
    List(WhichEmulator),
    /// List the kinds of faults with their fields
    Kinds,
    /// Switch a fault on, or all of a file
    Add(FaultArgs),
    /// Switch all faults off
    Clear(WhichEmulator),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
  offhook emulator faults kinds
  offhook emulator faults add event_drop event='phone.caller_*' probability=0.2
  offhook emulator faults add status status=429 limit=qps operation=accountCallHistory times=3
  offhook emulator faults add clock_skew seconds=-400
  offhook emulator faults add --file plan.toml")]
pub(crate) struct FaultArgs {
    /// Which kind
    #[arg(add = ArgValueCompleter::new(faults), required_unless_present = "file")]
    pub(crate) fault: Option<String>,
    /// Its fields as NAME=VALUE; times, probability, operation and event among them
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) fields: Vec<(String, String)>,
    /// A TOML file with a `fault` table for each
    #[arg(long, value_name = "FILE", conflicts_with = "fault")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LedgerArgs {
    /// Sums instead of calls
    #[arg(long)]
    pub(crate) totals: bool,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Write the account, its calls and its clock to a file; tokens are left out
    Save(SnapshotArgs),
    /// Take all of it from a file; what was there before is gone
    Restore(SnapshotArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SnapshotArgs {
    /// Which file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) emulator: WhichEmulator,
}

/// A word that the emulator's own types know.
fn word<T: serde::de::DeserializeOwned>(text: &str, known: &str) -> Result<T, String> {
    serde_json::from_value(Value::from(text)).map_err(|_| format!("give {known}"))
}

fn temper(text: &str) -> Result<Temper, String> {
    word(text, "documented or field")
}

fn plan(text: &str) -> Result<Plan, String> {
    word(&text.replace('-', "_"), "pro or business_plus")
}

fn beginning<'a>(
    current: &OsStr,
    words: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<CompletionCandidate> {
    let current = current.to_str().unwrap_or_default();
    let fitting = words.filter(|(word, _)| word.starts_with(current));
    fitting.map(|(word, help)| CompletionCandidate::new(word).help(Some(help.to_owned().into()))).collect()
}

fn scenarios(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning(current, Scenario::ALL.iter().map(|scenario| (scenario.name(), scenario.describe().trim())))
}

fn faults(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning(current, FaultKind::ALL.iter().map(|kind| (kind.fault, kind.what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_and_faults_complete() {
        let words = |all: Vec<CompletionCandidate>| -> Vec<String> {
            all.iter().map(|it| it.get_value().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(words(scenarios(OsStr::new(""))).len(), Scenario::ALL.len());
        assert!(words(scenarios(OsStr::new("queue_ab"))).contains(&"queue_abandoned".to_owned()));
        assert!(words(faults(OsStr::new("event_dr"))).contains(&"event_drop".to_owned()));
    }
}
