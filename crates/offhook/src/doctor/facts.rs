//! What is known before anything is judged. Gathering fills it; judging only reads it.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

/// Something that was asked of somebody.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked<T> {
    /// The answer.
    Got(T),
    /// No answer, or a refusal.
    Failed(Failure),
    /// Nobody was asked, because.
    Skipped(String),
}

/// Why there is no answer. Without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Failure {
    /// What happened, with its causes.
    pub(crate) text: String,
    /// Zoom's `code`.
    pub(crate) code: Option<i64>,
    /// The token lacks a scope.
    pub(crate) scope_missing: bool,
    /// Nobody said no: the same may succeed later.
    pub(crate) no_answer: bool,
}

impl<T> Asked<T> {
    /// Nobody was asked, because.
    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }

    /// The answer, if there is one.
    pub(crate) fn got(&self) -> Option<&T> {
        match self {
            Self::Got(answer) => Some(answer),
            _ => None,
        }
    }
}

/// The settings that matter here. Secrets stay in the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// What the server would not start with.
    pub(crate) errors: Vec<String>,
    pub(crate) account_id: Option<String>,
    /// Which of the three credentials are not set, by their names in the environment.
    pub(crate) unset: Vec<&'static str>,
    /// Accounts whose credentials are complete.
    pub(crate) accounts: usize,
    /// What each webhook secret looks like.
    pub(crate) webhook_secrets: Vec<SecretLook>,
    pub(crate) previous_secret: bool,
    /// The server listens to an event subscription of method WebSocket.
    pub(crate) websocket: bool,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) embed_url: Option<String>,
    pub(crate) embed_origin: Option<String>,
    pub(crate) api_url: Option<Url>,
    pub(crate) oauth_url: Option<Url>,
    pub(crate) public_url: Option<Url>,
    /// The server compares with Zoom's records.
    pub(crate) compares: bool,
    /// Oldest signature that is accepted, in seconds.
    pub(crate) max_age: u64,
    /// Seconds that a signature may be ahead.
    pub(crate) max_ahead: u64,
    /// Where the server listens.
    pub(crate) address: Option<std::net::SocketAddr>,
}

impl Settings {
    /// Zoom is an emulator on this machine.
    pub(crate) fn emulated(&self) -> bool {
        self.api_url.as_ref().is_some_and(is_local)
    }
}

/// Whether an address is of this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// What can be said of a secret without saying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretLook {
    /// Nothing odd.
    Fine,
    /// The emulator's, or one of the examples that people copy.
    Example,
    /// Fewer characters than Zoom's.
    Short,
}

/// What one Zoom account answers.
#[derive(Debug, Clone)]
pub(crate) struct Zoom {
    pub(crate) account: String,
    pub(crate) token: Asked<Token>,
    /// `phoneSetting` answered.
    pub(crate) settings: Asked<()>,
    pub(crate) users: Asked<Users>,
    /// Licences: subscriptions and how many are free (`listPhonePlans`).
    pub(crate) plans: Asked<Vec<Plan>>,
    /// How many SMS campaigns there are (`listAccountSMSCampaigns`), and how many are active.
    pub(crate) campaigns: Asked<(usize, usize)>,
    /// Whether the first token was still the one in use at the end.
    pub(crate) token_lived: Asked<bool>,
}

impl Zoom {
    /// Nothing was asked, and why.
    pub(crate) fn unasked(account: String, why: &str) -> Self {
        let why = || why.to_owned();
        Self {
            account,
            token: Asked::Skipped(why()),
            settings: Asked::Skipped(why()),
            users: Asked::Skipped(why()),
            plans: Asked::Skipped(why()),
            campaigns: Asked::Skipped(why()),
            token_lived: Asked::Skipped(why()),
        }
    }
}

/// A token that was given. Without the token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    /// Seconds it lives from now.
    pub(crate) lives: i64,
    pub(crate) scopes: Vec<String>,
}

/// `listPhoneUsers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Users {
    /// How many there are.
    pub(crate) total: usize,
    /// Of those on the first page: looked at, active, with a calling plan.
    pub(crate) looked_at: usize,
    pub(crate) active: usize,
    pub(crate) with_plan: usize,
}

/// A subscription to a calling plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) free: Option<i64>,
}

/// What the Offhook server on this machine says.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// `None`: ready. Else why not, in a word.
    pub(crate) not_ready: Option<String>,
    pub(crate) backlog: u64,
    /// Samples of `/metrics`: name with labels, value.
    pub(crate) metrics: Vec<(String, f64)>,
    /// Status of a question of this machine that says it came through a proxy.
    pub(crate) forwarded: Asked<u16>,
    pub(crate) probes: Asked<Probes>,
}

impl Server {
    /// The sum of all samples of a metric with this text among its labels.
    pub(crate) fn metric(&self, name: &str, label: &str) -> f64 {
        let of_it = |sample: &str| sample.split('{').next() == Some(name) && sample.contains(label);
        // An empty sum is minus nought, and would be shown so.
        self.metrics.iter().filter(|(sample, _)| of_it(sample)).fold(0.0, |sum, (_, value)| sum + value)
    }
}

/// What the receiver answers to challenges of ours. Nothing is stored of them.
#[derive(Debug, Clone)]
pub(crate) struct Probes {
    /// Signed now.
    pub(crate) genuine: Asked<Reply>,
    /// Signed with another secret.
    pub(crate) forged: Asked<Reply>,
    /// Signed as long ago as Zoom's last retry comes: 85 minutes.
    pub(crate) late: Asked<Reply>,
    /// Signed longer ago than the settings allow.
    pub(crate) replayed: Asked<Reply>,
}

/// An answer to a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The body proves that the receiver knows the secret.
    pub(crate) proven: bool,
    /// Milliseconds until it was there.
    pub(crate) took: u128,
}

/// What the public address says.
#[derive(Debug, Clone)]
pub(crate) struct Public {
    pub(crate) challenge: Asked<Reply>,
    /// Status of `/api/v1/events` there: nobody outside may read.
    pub(crate) api: Asked<u16>,
}

/// The newest of what is stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    /// Oldest first.
    pub(crate) entries: Vec<Entry>,
    /// Entries that are not folded into calls.
    pub(crate) backlog: u64,
    /// Calls that have ended, newest first.
    pub(crate) calls: Vec<Call>,
    /// The call that `--call-id` names; `None` where there is none of that name.
    pub(crate) one: Option<Call>,
}

/// An inbox entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    /// How it came: `webhook`, `call_history` and so on.
    pub(crate) door: String,
    pub(crate) event: String,
    /// Its body is JSON.
    pub(crate) readable: bool,
    /// A row of call history in the names of v2.
    pub(crate) old_row: bool,
    /// How many of its fields and values the types do not know.
    pub(crate) unfamiliar: usize,
}

impl Entry {
    /// Zoom sent it, by whatever way; the rest was asked for.
    pub(crate) fn is_event(&self) -> bool {
        !matches!(self.door.as_str(), "call_history" | "call_path")
    }
}

/// What matters of a call's read model.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) ended_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) ids: Vec<CallId>,
}

/// One id of a call.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct CallId {
    pub(crate) kind: String,
    pub(crate) value: String,
    /// The kinds of message that named it.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
}

/// The Smart Embed page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) frame_options: Option<String>,
    /// The sources of `frame-ancestors`.
    pub(crate) frame_ancestors: Option<Vec<String>>,
}

/// This machine.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// `linux`, `macos`, …
    pub(crate) system: &'static str,
    /// For each scheme of a launch address, what opens it; empty for nothing.
    pub(crate) handlers: Asked<Vec<(&'static str, String)>>,
    /// Files and folders with secrets or calls in them that others than the owner may read, and how.
    pub(crate) open_files: Vec<OpenFile>,
    /// How many were looked at.
    pub(crate) files: usize,
    pub(crate) git: Asked<Git>,
    /// Sealed token files: how many, and when the oldest was written.
    pub(crate) grants: Vec<(Timestamp, bool)>,
    /// When the tokens of whoever is signed in were given, if somebody is.
    pub(crate) signed_in: Option<Timestamp>,
    /// Free bytes where the data is, and of how many.
    pub(crate) space: Asked<(u64, u64)>,
    /// The data directory and its databases are there.
    pub(crate) has_data: bool,
}

/// A file that more people may read than should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenFile {
    pub(crate) path: String,
    /// Permission bits.
    pub(crate) mode: u32,
    /// It holds secrets, rather than calls.
    pub(crate) secret: bool,
}

/// What git says of `.env`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Git {
    /// In the repository.
    Tracked,
    /// Not in it, and nothing keeps it out.
    NotIgnored,
    /// Kept out.
    Ignored,
}

#[cfg(test)]
impl Machine {
    /// A machine on which nothing was found.
    pub(crate) fn nothing() -> Self {
        let none = || "not asked".to_owned();
        Self {
            system: "linux",
            handlers: Asked::Skipped(none()),
            open_files: Vec::new(),
            files: 0,
            git: Asked::Skipped(none()),
            grants: Vec::new(),
            signed_in: None,
            space: Asked::Skipped(none()),
            has_data: false,
        }
    }
}
