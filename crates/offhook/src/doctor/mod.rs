//! `offhook doctor`: the preflight runbook as a program.
//!
//! ```text
//! gather (asks Zoom, the server, the disk; may fail, never hangs) --facts--> one file per area (pure) --lines--> report
//! ```

mod arrivals;
mod checks;
mod correlation;
mod facts;
mod gather;
mod launch;
mod line;
mod migration;
mod oauth;
mod prerequisites;
mod report;
mod scopes;
mod security;
mod smart_embed;
mod storage;
mod webhook;

use std::{net::SocketAddr, path::Path, process::ExitCode};

use anyhow::Context as _;
use clap::Args as ClapArgs;
use jiff::{Timestamp, tz::TimeZone};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use self::{
    facts::{Asked, Machine, Page, Public, SecretLook, Server, Settings, Stored, Zoom},
    line::{Area, Line},
};
use crate::{
    clock,
    config::Config,
    output::{Output, note},
};

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Each line is pass, warn, fail or skip, with what was found and what to do; docs/doctor.md explains every check.
Exit codes: 0 no check failed, 1 one failed (with --strict: or warned), 2 the command line is wrong.

A new token at Zoom ends the one before: the server on this machine takes another one when it notices.")]
pub(crate) struct DoctorArgs {
    /// Only these areas
    #[arg(long, value_name = "AREA", value_delimiter = ',')]
    only: Vec<Area>,
    /// Ask nobody outside this machine
    #[arg(long)]
    offline: bool,
    /// Also explain this call, by any of its ids
    #[arg(long, value_name = "ID")]
    call_id: Option<String>,
    /// Warnings fail, too
    #[arg(long)]
    strict: bool,
    /// The address that Zoom sends webhooks to, to be tried from here (or OFFHOOK_PUBLIC_URL)
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
}

/// Looks at everything that was asked for, and reports.
pub(crate) async fn run(args: DoctorArgs, file: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(file)?;
    config.override_with("server.public_url", "--public-url", args.public_url.as_ref().map(Url::to_string));
    let wanted = |area: Area| {
        // A call that is named wants to be explained, whatever else is left out.
        let asked_for = area == Area::Correlation && args.call_id.is_some();
        args.only.is_empty() || args.only.contains(&area) || asked_for
    };
    let facts = Box::pin(Gathered::gather(&args, &config, file, &wanted)).await?;
    let lines: Vec<Line> = Area::ALL
        .into_iter()
        .filter(|area| wanted(*area))
        .flat_map(|area| facts.judge(area, &args))
        .collect();
    Ok(report::print(&lines, args.strict, out))
}

/// Everything that was found out.
struct Gathered {
    now: Timestamp,
    settings: Settings,
    clock: Asked<i64>,
    zoom: Vec<Zoom>,
    server: Asked<Server>,
    stored: Asked<Stored>,
    public: Asked<Public>,
    page: Asked<Page>,
    machine: Machine,
}

impl Gathered {
    async fn gather(
        args: &DoctorArgs,
        config: &Config,
        file: Option<&Path>,
        wanted: &impl Fn(Area) -> bool,
    ) -> anyhow::Result<Self> {
        let now = clock::now();
        let settings = settings(config);
        let http = gather::http().context("the HTTP client could not be set up")?;
        let secrets = config.webhook_secrets();
        let secret = secrets.first();
        let any = |areas: &[Area]| areas.iter().any(|area| wanted(*area));
        let outside = |url: Option<&Url>| !args.offline || url.is_some_and(facts::is_local);

        let zoom_wanted = any(&[Area::Prerequisites, Area::Oauth]) && outside(settings.api_url.as_ref());
        let zoom = async {
            if !zoom_wanted {
                return Vec::new();
            }
            progress("asking Zoom");
            let credentials = config.credentials();
            // A count that cannot be kept is no reason not to ask.
            let limiters =
                config.limiters(credentials.iter().map(|one| one.account.as_str())).unwrap_or_default();
            let asked = credentials.into_iter().map(|one| {
                let limiter = limiters.get(&one.account).cloned();
                gather::zoom::account(one, limiter, &settings, now)
            });
            futures::future::join_all(asked).await
        };
        let clock = async {
            if !wanted(Area::Prerequisites) || !outside(settings.api_url.as_ref()) {
                return Asked::skipped("nobody outside was asked (--offline)");
            }
            gather::zoom::clock(&settings, clock::now).await
        };
        let here = async {
            let areas = [Area::Webhook, Area::Correlation, Area::Migration, Area::Security, Area::Storage];
            if !any(&areas) {
                return (Asked::skipped("not asked for"), Asked::skipped("not asked for"));
            }
            progress("looking at what is stored");
            here(&http, config, &settings, secret, args.call_id.as_deref(), now).await
        };
        let public = async {
            match &settings.public_url {
                Some(url) if any(&[Area::Webhook, Area::Security]) && outside(Some(url)) => {
                    progress("trying the public address");
                    Asked::Got(gather::web::public(&http, url, secret, now).await)
                }
                _ => Asked::skipped("the public address was not asked"),
            }
        };
        let page = async {
            let url = settings.embed_url.as_deref().and_then(|url| Url::parse(url).ok());
            match url {
                None => Asked::skipped("ZOOM_PHONE_SMART_EMBED_URL is not set"),
                Some(url) if wanted(Area::SmartEmbed) && outside(Some(&url)) => {
                    gather::web::page(&http, &url).await
                }
                Some(_) => Asked::skipped("nobody outside was asked (--offline)"),
            }
        };
        let data = config.data_dir();
        let tokens = config.tokens_dir();
        let usual = Path::new("offhook.toml");
        let machine = gather::machine::machine(
            &data,
            &tokens,
            Some(file.unwrap_or(usual)).filter(|file| file.exists()),
        );
        let (zoom, clock, (server, stored), public, page, mut machine) =
            tokio::join!(zoom, clock, here, public, page, machine);
        machine.signed_in = crate::zoom::signed_in(config).await;
        Ok(Self { now, settings, clock, zoom, server, stored, public, page, machine })
    }

    fn judge(&self, area: Area, args: &DoctorArgs) -> Vec<Line> {
        let Self { now, settings, clock, server, stored, public, page, machine, .. } = self;
        match area {
            Area::Prerequisites => {
                let mut lines = vec![prerequisites::settings(settings)];
                lines.extend(self.of_accounts(args, prerequisites::judge));
                lines.push(prerequisites::clock(clock, settings));
                lines
            }
            Area::Oauth => {
                let mut lines = oauth::settings(settings);
                lines.extend(self.of_accounts(args, |zoom| oauth::judge(zoom, settings)));
                lines.extend(oauth::sign_in(settings, machine, *now));
                lines
            }
            Area::Webhook => {
                let mut lines = webhook::receiver(settings, server);
                lines.push(webhook::public(settings, public));
                lines.extend(arrivals::judge(stored, *now));
                lines
            }
            Area::SmartEmbed => smart_embed::judge(settings, page),
            Area::Launch => launch::judge(machine),
            Area::Correlation => correlation::judge(stored, args.call_id.as_deref(), *now),
            Area::Migration => migration::judge(stored, now.to_zoned(TimeZone::UTC).date()),
            Area::Security => security::judge(settings, machine, server, public),
            Area::Storage => storage::judge(machine, server, stored),
        }
    }

    /// The lines of each account; where there are several, each says of which.
    fn of_accounts(&self, args: &DoctorArgs, judge: impl Fn(&Zoom) -> Vec<Line>) -> Vec<Line> {
        if self.zoom.is_empty() {
            let why =
                if args.offline { "nobody outside was asked (--offline)" } else { "no credentials are set" };
            return judge(&Zoom::unasked(String::new(), why));
        }
        let several = self.zoom.len() > 1;
        let of_one = |zoom: &Zoom| {
            let mut lines = judge(zoom);
            for line in lines.iter_mut().filter(|_| several) {
                line.found = format!("account {}: {}", zoom.account, line.found);
            }
            lines
        };
        self.zoom.iter().flat_map(of_one).collect()
    }
}

/// A remark while it works.
fn progress(what: &str) {
    note(&format!("… {what}"));
}

/// The server on this machine and what it has stored; without one, the databases themselves.
async fn here(
    http: &reqwest::Client,
    config: &Config,
    settings: &Settings,
    secret: Option<&SecretString>,
    call_id: Option<&str>,
    now: Timestamp,
) -> (Asked<Server>, Asked<Stored>) {
    let address = SocketAddr::new(config.bind(), config.port());
    let Ok(base) = Url::parse(&format!("http://{address}/")) else {
        return (gather::failed("there is no address to listen on"), Asked::Skipped("no server".to_owned()));
    };
    let server = gather::server::server(http, &base, secret, settings, now).await;
    let stored = match &server {
        Asked::Got(server) => gather::server::stored(http, &base, call_id, server.backlog, now).await,
        _ => gather::store::stored(&config.data_dir(), call_id, now).await,
    };
    (server, stored)
}

/// What a server-to-server app is known by, in the settings and in the environment.
const CREDENTIALS: [(&str, &str); 3] = [
    ("zoom.account_id", "ZOOM_ACCOUNT_ID"),
    ("zoom.client_id", "ZOOM_CLIENT_ID"),
    ("zoom.client_secret", "ZOOM_CLIENT_SECRET"),
];

/// What the settings say, without their secrets.
fn settings(config: &Config) -> Settings {
    let text = |key: &str| config.get(key).map(str::to_owned);
    let url = |key: &str| config.get(key).and_then(|text| Url::parse(text).ok());
    let seconds = |key: &str, usual: u64| config.get(key).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let errors = config.problems().into_iter().filter(|problem| problem.is_error);
    Settings {
        errors: errors.map(|problem| format!("{} {}", problem.key, problem.text)).collect(),
        account_id: text("zoom.account_id"),
        unset: CREDENTIALS
            .iter()
            .filter(|(key, _)| config.get(key).is_none())
            .map(|(_, name)| *name)
            .collect(),
        accounts: config.credentials().len(),
        webhook_secrets: config.webhook_secrets().iter().map(look).collect(),
        previous_secret: config.get("zoom.webhook_secret_previous").is_some(),
        websocket: config.get("server.websocket_subscription_id").is_some(),
        redirect_uri: text("zoom.redirect_uri"),
        embed_url: text("zoom.smart_embed_url"),
        embed_origin: text("zoom.smart_embed_origin"),
        api_url: url("zoom.api_url"),
        oauth_url: url("zoom.oauth_url"),
        public_url: url("server.public_url"),
        compares: config.get("sync.every_seconds") != Some("0"),
        max_age: seconds("webhook.max_age_seconds", 7200),
        max_ahead: seconds("webhook.max_ahead_seconds", 300),
        address: Some(SocketAddr::new(config.bind(), config.port())),
    }
}

/// What a secret looks like, without telling.
fn look(secret: &SecretString) -> SecretLook {
    /// Parts of what people copy from examples.
    const EXAMPLES: [&str; 7] = ["demo", "example", "secret", "changeme", "change_me", "test", "xxxx"];
    let text = secret.expose_secret().to_lowercase();
    if EXAMPLES.iter().any(|example| text.contains(example)) {
        SecretLook::Example
    } else if text.chars().count() < 16 {
        SecretLook::Short
    } else {
        SecretLook::Fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_anybody_knows_are_recognised_and_zooms_are_not() {
        for (secret, expected) in [
            (zoom_phone_emulator::DEMO_WEBHOOK_SECRET, SecretLook::Example),
            ("your-secret-token", SecretLook::Example),
            ("CHANGEME", SecretLook::Example),
            ("abc123", SecretLook::Short),
            ("vB3kQ9xZpL2mN8rT5wY1aC", SecretLook::Fine),
        ] {
            assert_eq!(look(&SecretString::from(secret)), expected, "{secret}");
        }
    }
}
