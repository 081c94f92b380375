//! `offhook listen`: Zoom's events on a developer's machine.

mod forward;
mod kept;

use std::{
    io::{BufRead as _, IsTerminal as _},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::SecretString;
use serde_json::{Value, json, value::RawValue};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zoom_phone::{
    socket::{ChannelEvent, EventChannel, Gap, Raw},
    types::events::EventFacts,
};

use self::{
    forward::{Forward, Outcome, ZOOM_WAITS},
    kept::{Kept, KeptEvent},
};
use crate::{
    args::{ListenArgs, ListenCommand, ResendArgs, Which},
    config::Config,
    output::{Output, note},
    serve,
};

/// The setting that names the subscription.
const SUBSCRIPTION: &str = "zoom.websocket_subscription_id";

/// Runs `offhook listen` and its subcommands.
pub(crate) async fn run(args: ListenArgs, file: Option<&Path>, out: Output) -> anyhow::Result<()> {
    let mut config = Config::load(file)?;
    config.override_with(SUBSCRIPTION, "--subscription-id", args.subscription_id.clone());
    config.warnings()?;
    let kept = Kept::in_folder(config.data_dir().join("listen"));
    match args.command {
        None => listen(args, &config, kept, out).await,
        Some(ListenCommand::Kept) => list(&kept, out),
        Some(ListenCommand::Resend(again)) => resend(again, &config, &kept, out).await,
    }
}

async fn listen(args: ListenArgs, config: &Config, kept: Kept, out: Output) -> anyhow::Result<()> {
    let channel = config.channel(SUBSCRIPTION)?.context(
        "ZOOM_WEBSOCKET_SUBSCRIPTION_ID is not set; make an event subscription of method WebSocket on your app's page \
         in Zoom's Marketplace, and copy its id (or give --subscription-id)",
    )?;
    let tokens = config.tokens()?;
    let wanted = Wanted(args.events);
    for name in wanted.undocumented() {
        note(&format!("{name} is no event of Zoom Phone that is documented; waiting for it all the same"));
    }
    let forward = match args.forward_to {
        Some(url) => Some(Forward::new(url, secret(args.secret.secret.as_deref(), config, &kept)?)?),
        None => None,
    };
    if let Some(forward) = forward.as_ref().filter(|_| args.challenge) {
        forward.challenge(&made_up(22)).await?;
        note(&format!("{} answers the challenge as Zoom wants", forward.url()));
    }
    let shutdown = CancellationToken::new();
    serve::stop_on_signal(shutdown.clone())?;
    let mut lines = if forward.is_some() { typed_lines() } else { mpsc::channel(1).1 };
    let mut channel = EventChannel::connect(channel, tokens)?;
    let listening = Listening { kept, forward, wanted, print: args.print, out };
    loop {
        let next = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(line) = lines.recv() => {
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    done = listening.typed(&line) => done?,
                }
                continue;
            }
            next = channel.next() => next,
        };
        let Some(event) = next else { break };
        tokio::select! {
            () = shutdown.cancelled() => break,
            done = listening.take(event?) => done?,
        }
    }
    // Zoom does not send it again: it is kept, for `offhook listen resend`.
    for event in channel.close().await {
        if let ChannelEvent::Event(raw) = event {
            listening.keep(raw)?;
        }
    }
    Ok(())
}

/// The secret token that was named, that of the settings, or one that is made here and told.
fn secret(named: Option<&str>, config: &Config, kept: &Kept) -> anyhow::Result<SecretString> {
    if let Some(secret) = named.or_else(|| config.get("zoom.webhook_secret")) {
        return Ok(secret.into());
    }
    let secret = kept.secret(|| made_up(32))?;
    note(&format!("no ZOOM_WEBHOOK_SECRET is set; events are signed with the secret token {secret}"));
    Ok(secret.into())
}

/// Letters and digits nobody can guess.
fn made_up(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

/// What is typed, line by line; nothing where nobody types.
fn typed_lines() -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel(1);
    if std::io::stdin().is_terminal() {
        // Reading a terminal cannot be called off, so it is done where nobody waits for its end.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if send.blocking_send(line).is_err() {
                    break;
                }
            }
        });
    }
    lines
}

/// Which events are wanted; all if none are named. A name may end in `*`.
struct Wanted(Vec<String>);

impl Wanted {
    fn has(&self, event: &str) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|name| match name.strip_suffix('*') {
                Some(start) => event.starts_with(start),
                None => event == name,
            })
    }

    fn undocumented(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|name| !name.ends_with('*') && EventFacts::of(name).is_none())
    }
}

/// What is done with what comes.
struct Listening {
    kept: Kept,
    forward: Option<Forward>,
    wanted: Wanted,
    print: bool,
    out: Output,
}

impl Listening {
    async fn take(&self, event: ChannelEvent) -> anyhow::Result<()> {
        match event {
            ChannelEvent::Connected => {
                self.say(&json!({ "kind": "connected" }), "connected: events come as they happen");
            }
            ChannelEvent::Down { outage, retry_in } => {
                let why = with_causes(&outage);
                let told = json!({ "kind": "down", "reason": why, "retry_in_ms": milliseconds(retry_in) });
                self.say(
                    &told,
                    &format!("no connection: {why}; trying again in {:.1} s", retry_in.as_secs_f64()),
                );
            }
            ChannelEvent::Gap(Gap { since, until }) => {
                let told =
                    json!({ "kind": "gap", "since": format!("{since:.3}"), "until": format!("{until:.3}") });
                self.say(
                    &told,
                    &format!(
                        "what happened from {since:.0} to {until:.0} was missed: Zoom does not repeat it"
                    ),
                );
            }
            ChannelEvent::Unknown(raw) => {
                let told = json!({ "kind": "unknown", "bytes": raw.text.len() });
                self.say(&told, "a message of a kind this version does not know; it is passed over");
            }
            ChannelEvent::Event(raw) => {
                if let Some(event) = self.keep(raw)? {
                    self.pass_on(&event).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Keeps an event, if it is wanted.
    fn keep(&self, raw: Raw) -> anyhow::Result<Option<KeptEvent>> {
        let name = serde_json::from_str::<Value>(&raw.text).unwrap_or_default()["event"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let wanted = self.wanted.has(&name);
        wanted.then(|| self.kept.keep(raw.received_at, name, raw.text)).transpose()
    }

    async fn pass_on(&self, event: &KeptEvent) -> anyhow::Result<()> {
        let outcome = match &self.forward {
            Some(forward) => Some(forward.send(&event.body).await?),
            None => None,
        };
        show(event, outcome.as_ref(), self.print, self.out);
        Ok(())
    }

    /// A line that was typed: `r` for the last event, `r 12` for the twelfth.
    async fn typed(&self, line: &str) -> anyhow::Result<()> {
        let which = match line.trim().strip_prefix('r').map(str::trim) {
            Some("") => Which::Last,
            Some(number) if number.parse::<u64>().is_ok() => Which::Number(number.parse()?),
            _ if line.trim().is_empty() => return Ok(()),
            _ => {
                note("r and Enter sends the last event again, r 12 and Enter number 12; Ctrl-C ends");
                return Ok(());
            }
        };
        match self.kept.find(which) {
            Ok(event) => self.pass_on(&event).await,
            Err(error) => {
                note(&error.to_string());
                Ok(())
            }
        }
    }

    /// What is not an event: beside the data for people, among it for programs.
    fn say(&self, told: &Value, text: &str) {
        if self.out.json {
            self.out.print_json(told, true);
        } else {
            note(text);
        }
    }
}

/// One event, one line.
fn show(event: &KeptEvent, outcome: Option<&Outcome>, print: bool, out: Output) {
    let KeptEvent { number, received_at, event: name, body } = event;
    if out.json {
        let mut told = json!({ "kind": "event", "number": number, "received_at": format!("{received_at:.3}"), "event": name });
        if let Some(Outcome { status, took }) = outcome {
            told["status"] = json!(status.as_ref().ok());
            told["error"] = json!(status.as_ref().err());
            told["ms"] = json!(milliseconds(*took));
        }
        if print {
            told["body"] = serde_json::from_str(body).unwrap_or_default();
        }
        out.print_json(&told, true);
        return;
    }
    let sent = outcome.map_or_else(String::new, |outcome| {
        let Outcome { status, took } = outcome;
        let word = out.word(if outcome.is_success() { "ok" } else { "failed" });
        let what = status.as_ref().map_or_else(Clone::clone, u16::to_string);
        let slow = if *took > ZOOM_WAITS { "  (Zoom waits 3 s, then sends it again)" } else { "" };
        format!("  {word}  {what}  {} ms{slow}", milliseconds(*took))
    });
    let line = format!("{number:>6}  {received_at:.0}  {name:<44}{sent}");
    out.print(line.trim_end());
    if print {
        // As it was written, if it can be printed at all.
        out.print(serde_json::from_str::<&RawValue>(body).map_or("(not JSON)", RawValue::get));
    }
}

fn list(kept: &Kept, out: Output) -> anyhow::Result<()> {
    let all = kept.all()?;
    if all.is_empty() {
        note("no event is kept; `offhook listen` keeps what it hears");
    }
    for event in &all {
        show(event, None, false, out);
    }
    Ok(())
}

async fn resend(again: ResendArgs, config: &Config, kept: &Kept, out: Output) -> anyhow::Result<()> {
    let events: Vec<KeptEvent> =
        again.which.into_iter().map(|which| kept.find(which)).collect::<anyhow::Result<_>>()?;
    let forward = Forward::new(again.forward_to, secret(again.secret.secret.as_deref(), config, kept)?)?;
    let mut failed = 0;
    for event in &events {
        let outcome = forward.send(&event.body).await?;
        failed += usize::from(!outcome.is_success());
        show(event, Some(&outcome), false, out);
    }
    anyhow::ensure!(failed == 0, "{failed} of {} were not answered with 200 or 204", events.len());
    Ok(())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_chosen_by_name_or_beginning() {
        let wanted = |names: &[&str]| Wanted(names.iter().map(|&name| name.to_owned()).collect());
        assert!(wanted(&[]).has("phone.anything"));
        let some = wanted(&["phone.callee_ringing", "phone.sms_*", "phone.sms_sennt"]);
        assert!(some.has("phone.callee_ringing") && some.has("phone.sms_sent"));
        assert!(!some.has("phone.callee_ringing_twice") && !some.has("phone.caller_ended"));
        assert_eq!(some.undocumented().collect::<Vec<_>>(), ["phone.sms_sennt"]);
    }
}
