//! What an emulator is told when it starts.

use std::fmt;

use url::Url;

use crate::apps::App;
use crate::faults::Fault;
use crate::limits::Plan;
use crate::webhooks::Subscription;
use crate::world::file::CompanyFile;

/// How one emulator behaves. [`Config::default`] holds the documented demo credentials, so that
/// a client can be pointed at a fresh emulator without any set-up.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Config {
    /// The company, its callers and the whole day follow from this number.
    pub seed: u64,
    /// The company that is played.
    pub company: CompanyFile,
    /// Virtual seconds that pass in one real second; 1 is life, 60 plays an hour in a minute.
    /// With 0 the clock stands still but for [`Emulator::advance`](crate::Emulator::advance). Must be finite.
    pub speed: f64,
    /// Calls that arrive in one minute of virtual time, on average; 0 plays nothing by itself.
    pub calls_per_minute: f64,
    /// Calls arrive as the company file's `traffic` says for the hour and the day of the week, and last as long as it
    /// says; `calls_per_minute` does not count then.
    pub by_the_hour: bool,
    /// Threads of text messages that begin in one hour of virtual time, on average, when calls arrive at all.
    pub sms_threads_per_hour: f64,
    /// The Zoom account id, as in `payload.account_id` and the `account_id` of a token request.
    pub account_id: String,
    /// The apps that may ask for tokens: by default [`App::server_to_server`] and [`App::general`].
    pub apps: Vec<App>,
    /// What token answers name as `api_url`, such as `https://api-eu.zoom.us`; by default the address under which the
    /// token was asked for.
    pub api_url: Option<Url>,
    /// The plan whose rate limits are enforced from the start; none by default. `/_emulator/limits` changes it.
    pub limits: Option<Plan>,
    /// The `subscriptionId` of the WebSocket that carries events.
    pub subscription_id: String,
    /// Where events go by webhook; [`Config::with_webhook`] adds one. Without any the company still works: REST shows
    /// what happened, and the WebSocket carries it. More are added by `POST /_emulator/subscriptions`.
    pub subscriptions: Vec<Subscription>,
    /// Faults that are on from the start, as those of a [`FaultPlan`](crate::FaultPlan).
    pub faults: Vec<Fault>,
    /// Whether Zoom behaves as it is documented, or as it is known to behave.
    pub temper: Temper,
    /// Whether ids that nobody made are answered, too: for requests that were recorded elsewhere. Not for users,
    /// queues and whatever else calls go to.
    pub invent_ids: bool,
    /// Whether finished calls are also told in the deprecated events of versions 1 and 2 of call records. With
    /// [`Temper::Field`] they are in any case.
    pub older_records: bool,
    /// The one version in which finished calls are told, by events and in the arrays of call history's answers; all of
    /// them when absent. For an account as it was before Zoom's changes, or as it will be after them.
    pub only: Option<Version>,
    /// Whether webhooks are stamped and signed with the company's time instead of real time: for a receiver that lives
    /// in the company's time, such as one under test whose clock is [`Running::now`](crate::Running::now).
    pub stamps_in_company_time: bool,
    /// Address under which clients reach this emulator, used for links inside events (recording and
    /// voicemail downloads). [`serve`](crate::serve) fills it from its listener when absent.
    pub public_url: Option<Url>,
    /// Who may embed the phone: hosts (`crm.example.com`, on any port) and origins (`https://crm.example.com:8443`,
    /// `chrome-extension://…`). By default pages of this machine.
    pub embed_domains: Vec<String>,
}

/// A version of Zoom's call records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Call logs.
    V1,
    /// Call history: `call_logs` and `call_path`.
    V2,
    /// Call elements: `call_history` and `call_elements`.
    V3,
}

impl Version {
    /// Whether the event of this name, without `phone.`, tells of a finished call in this version.
    pub(crate) fn has(self, event: &str) -> bool {
        let word = match self {
            Self::V1 => "_call_log_completed",
            Self::V2 => "_call_history_completed",
            Self::V3 => "_call_element_completed",
        };
        event.ends_with(word)
    }
}

/// How far Zoom keeps to its documentation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Temper {
    /// As documented.
    #[default]
    Documented,
    /// With the differences that were seen live: other statuses, values outside the enums, missing events.
    Field,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("seed", &self.seed)
            .field("company", &self.company.name)
            .field("speed", &self.speed)
            .field("calls_per_minute", &self.calls_per_minute)
            .field("account_id", &self.account_id)
            .field("apps", &self.apps)
            .field("limits", &self.limits)
            .field("subscriptions", &self.subscriptions)
            .field("faults", &self.faults)
            .field("temper", &self.temper)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            company: CompanyFile::default(),
            speed: 1.0,
            calls_per_minute: 20.0,
            by_the_hour: false,
            sms_threads_per_hour: 12.0,
            account_id: "demo_account_0000000AA".to_owned(),
            apps: vec![App::server_to_server(), App::general()],
            api_url: None,
            limits: None,
            subscription_id: "demo_subscription_00A".to_owned(),
            subscriptions: Vec::new(),
            faults: Vec::new(),
            temper: Temper::Documented,
            invent_ids: false,
            older_records: false,
            only: None,
            stamps_in_company_time: false,
            public_url: None,
            embed_domains: ["127.0.0.1", "localhost"].map(str::to_owned).into(),
        }
    }
}

impl Config {
    /// With one more subscription, to all events. The first has the id `webhook`, further ones `webhook-2` and so on.
    #[must_use]
    pub fn with_webhook(mut self, url: Url, secret: impl Into<String>) -> Self {
        let mut subscription = Subscription::new(url, secret);
        if !self.subscriptions.is_empty() {
            subscription.id = format!("webhook-{}", self.subscriptions.len() + 1);
        }
        self.subscriptions.push(subscription);
        self
    }
}

/// The client id of the Server-to-Server app of [`Config::default`].
pub(crate) const DEMO_CLIENT_ID: &str = "demo_client_id_000000A";

/// The webhook secret that goes with the demo credentials of [`Config::default`].
pub const DEMO_WEBHOOK_SECRET: &str = "demo_webhook_secret";
