//! What is on its way to whom: subscriptions, their challenges, waiting events and retries.
//!
//! Everything here happens on the company's clock, so that a jump of the clock brings retries and challenges along in
//! their order. Real time is only used for the challenge of a receiver that has never answered well, which may just be
//! starting, and for timestamps and signatures, which receivers compare with their own clock.
//!
//! Whether Zoom signs a retry anew is not known. Documented temper: each attempt has a fresh timestamp and signature.
//! Field temper: all attempts carry those of the first, the reading that is harder on a receiver, which then finds
//! retries up to 85 minutes old.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use url::Url;

use super::log::{Attempt, Log, Outcome};
use super::send::{Letter, Reply};
use super::{RETRY_AFTER, Subscription, Verdict, verdict};
use crate::clock::wall_clock;
use crate::config::Temper;
use crate::dice::Dice;
use crate::emulator::Shared;

/// Real time between two challenges of a receiver that has never passed one.
const CHALLENGE_EVERY: Duration = Duration::from_secs(2);
/// Virtual time between two challenges of one that has.
const CHALLENGE_AGAIN: SignedDuration = SignedDuration::from_hours(72);
/// After so many failed challenges in a row a subscription is disabled. That they are 72 hours apart, too, is not
/// documented.
const MOST_FAILURES: u32 = 6;
/// Requests under way at once, for each subscription.
const IN_FLIGHT: usize = 64;
/// Events that may wait for one subscription before the company has to.
const WAITING: usize = 1024;
/// Retries and late events that may wait, all together; further ones are given up.
const PENDING: usize = 50_000;
/// Virtual time after which an event that should come after the next one comes without it.
const REORDER_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// Deliveries to all subscriptions.
pub(crate) struct Wire {
    inner: Mutex<Inner>,
    temper: Temper,
    /// Told when there is something to do out of turn.
    pub(crate) changed: Notify,
}

struct Inner {
    lines: Vec<Line>,
    log: Log,
    /// What comes later, on the company's clock.
    due: BTreeMap<(Timestamp, u64), Due>,
    numbered: u64,
    /// Events that go out after the next one, by their number in `due`.
    held: Vec<(Timestamp, u64)>,
    /// When each request under way was sent, by number.
    in_flight: BTreeMap<u64, Timestamp>,
    dice: Dice,
}

enum Due {
    Retry(Job),
    /// Of the line with this generation.
    Challenge(u64),
    Event(Late),
}

/// An event whose fate is decided.
struct Late {
    event: Value,
    copies: usize,
    faults: Vec<&'static str>,
}

/// A subscription and how it stands.
struct Line {
    subscription: Subscription,
    id: Arc<str>,
    /// Changes with address and secret, so that an old challenge says nothing about new ones.
    generation: u64,
    validated: bool,
    disabled: bool,
    /// Failed challenges in a row.
    failures: u32,
    /// When to challenge next: before it is validated, and after.
    eager: Option<Instant>,
    again: Option<Timestamp>,
    challenges: u32,
    withheld: u64,
    ready: VecDeque<Job>,
    in_flight: usize,
}

/// One delivery's next attempt.
#[derive(Clone)]
struct Job {
    line: Arc<str>,
    event: u64,
    delivery: usize,
    name: Arc<str>,
    body: Arc<str>,
    /// 1 is the first.
    attempt: usize,
    /// The timestamp to use again.
    timestamp: Option<i64>,
}

/// A request to be made, and what it is for.
pub(crate) struct Post {
    pub(crate) letter: Letter,
    /// Real time.
    pub(crate) sent_at: Timestamp,
    number: u64,
    at: Timestamp,
    faults: Vec<&'static str>,
    purpose: Purpose,
}

enum Purpose {
    Event(Job),
    /// Of the line with this generation.
    Challenge(u64),
}

/// What may be changed of a subscription.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) url: Option<Url>,
    pub(crate) secret: Option<String>,
    pub(crate) events: Option<Vec<String>>,
    pub(crate) app: Option<String>,
    pub(crate) enabled: Option<bool>,
}

/// What became of a wish to send an event again.
pub(crate) enum Resent {
    /// So many subscriptions get it.
    To(usize),
    /// Nobody is there who would, or it was sent too often.
    Nobody,
    /// It is forgotten or never was.
    Unknown,
}

impl Wire {
    /// With the subscriptions of a configuration; `Err` is an id that is there twice.
    pub(crate) fn new(seed: u64, temper: Temper, subscriptions: &[Subscription]) -> Result<Self, String> {
        let inner = Inner {
            lines: Vec::new(),
            log: Log::default(),
            due: BTreeMap::new(),
            numbered: 0,
            held: Vec::new(),
            in_flight: BTreeMap::new(),
            dice: Dice::new(seed, 2),
        };
        let wire = Self { inner: Mutex::new(inner), temper, changed: Notify::new() };
        for subscription in subscriptions {
            wire.add(subscription.clone()).map_err(|known| known.id)?;
        }
        Ok(wire)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a subscription; gives it back when its id is taken.
    pub(crate) fn add(&self, subscription: Subscription) -> Result<Value, Subscription> {
        let mut inner = self.lock();
        if inner.lines.iter().any(|line| *line.id == *subscription.id) {
            return Err(subscription);
        }
        let generation = inner.number();
        let line = Line {
            id: subscription.id.as_str().into(),
            subscription,
            generation,
            validated: false,
            disabled: false,
            failures: 0,
            eager: Some(Instant::now()),
            again: None,
            challenges: 0,
            withheld: 0,
            ready: VecDeque::new(),
            in_flight: 0,
        };
        let told = line.told();
        inner.lines.push(line);
        drop(inner);
        self.changed.notify_one();
        Ok(told)
    }

    /// Changes a subscription. A new address or secret has to pass the challenge first; so has a disabled
    /// subscription that is enabled again.
    pub(crate) fn change(&self, id: &str, change: Change) -> Option<Value> {
        let mut inner = self.lock();
        let generation = inner.number();
        let line = inner.lines.iter_mut().find(|line| *line.id == *id)?;
        let Change { name, url, secret, events, app, enabled } = change;
        let anew = url.is_some() || secret.is_some() || (enabled == Some(true) && line.disabled);
        let Subscription {
            name: its_name,
            url: its_url,
            secret: its_secret,
            events: its_events,
            app: its_app,
            ..
        } = &mut line.subscription;
        name.into_iter().for_each(|name| *its_name = name);
        url.into_iter().for_each(|url| *its_url = url);
        secret.into_iter().for_each(|secret| *its_secret = secret);
        events.into_iter().for_each(|events| *its_events = events);
        app.into_iter().for_each(|app| *its_app = app);
        enabled.into_iter().for_each(|enabled| line.disabled = !enabled);
        if anew {
            (line.validated, line.failures, line.generation) = (false, 0, generation);
            (line.eager, line.again) = (Some(Instant::now()), None);
        }
        let told = line.told();
        drop(inner);
        self.changed.notify_one();
        Some(told)
    }

    /// Ends a subscription, and what was on its way to it.
    pub(crate) fn remove(&self, id: &str) -> bool {
        let mut inner = self.lock();
        let before = inner.lines.len();
        inner.lines.retain(|line| *line.id != *id);
        let removed = inner.lines.len() < before;
        drop(inner);
        self.changed.notify_one();
        removed
    }

    /// Challenges a subscription now; whether there is one.
    pub(crate) fn challenge(&self, id: &str) -> bool {
        let mut inner = self.lock();
        let line = inner.lines.iter_mut().find(|line| *line.id == *id);
        let found = line.map(|line| line.eager = Some(Instant::now())).is_some();
        drop(inner);
        self.changed.notify_one();
        found
    }

    /// All subscriptions and how they stand; or one.
    pub(crate) fn subscriptions(&self) -> Vec<Value> {
        self.lock().lines.iter().map(Line::told).collect()
    }

    pub(crate) fn subscription(&self, id: &str) -> Option<Value> {
        self.lock().lines.iter().find(|line| *line.id == *id).map(Line::told)
    }

    /// Whether every subscription that is enabled has passed its challenge.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().lines.iter().all(|line| line.validated || line.disabled)
    }

    /// The log, see [`Log::list`].
    pub(crate) fn log(&self, after: Option<u64>, limit: usize, event: Option<&str>) -> Value {
        self.lock().log.list(after, limit, event)
    }

    /// All events of the log as they were sent, oldest first.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.lock().log.bodies()
    }

    /// One event of the log with all that was said.
    pub(crate) fn logged(&self, id: u64) -> Option<Value> {
        self.lock().log.get(id).map(super::log::Entry::whole)
    }

    /// Sends an event of the log again, to one subscription or to all that want it.
    pub(crate) fn resend(&self, id: u64, to: Option<&str>) -> Resent {
        let mut inner = self.lock();
        let Inner { lines, log, .. } = &mut *inner;
        let Some(entry) = log.get_mut(id) else { return Resent::Unknown };
        let mut sent = 0;
        for line in lines {
            let meant = to.map_or_else(|| line.subscription.wants(&entry.name), |to| *line.id == *to);
            if meant && line.takes_events() && !entry.is_full() && line.ready.len() < WAITING {
                let delivery = entry.deliver(line.id.clone(), true, Outcome::Waiting);
                line.ready.push_back(Job {
                    line: line.id.clone(),
                    event: id,
                    delivery,
                    name: entry.name.clone(),
                    body: entry.body.clone(),
                    attempt: 1,
                    timestamp: None,
                });
                sent += 1;
            }
        }
        drop(inner);
        self.changed.notify_one();
        if sent == 0 { Resent::Nobody } else { Resent::To(sent) }
    }

    /// An event has come up; faults decide what becomes of it.
    pub(crate) fn offer(&self, shared: &Shared, event: Value, at: Timestamp) {
        shared.state.count(|counts| counts.events += 1);
        let fate = shared.faults.fate(event["event"].as_str().unwrap_or_default());
        let mut inner = self.lock();
        if fate.dropped {
            inner.log.note(&event, at, fate.faults);
            return;
        }
        let late = Late { event, copies: 1 + usize::from(fate.twice), faults: fate.faults };
        let wait = match fate.late {
            Some(seconds) => SignedDuration::from_secs(seconds.into()),
            None if fate.after_the_next => REORDER_WITHIN,
            None => SignedDuration::ZERO,
        };
        if !wait.is_zero()
            && inner.due.len() < PENDING
            && let Ok(at) = at.checked_add(wait)
        {
            let key = (at, inner.number());
            inner.due.insert(key, Due::Event(late));
            if fate.after_the_next {
                inner.held.push(key);
            }
            return;
        }
        inner.send_out(shared, late, at);
        for key in std::mem::take(&mut inner.held) {
            if let Some(Due::Event(late)) = inner.due.remove(&key) {
                inner.send_out(shared, late, at);
            }
        }
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.lock().due.keys().next().map(|&(at, _)| at)
    }

    /// When a receiver that has never answered well is challenged next.
    pub(crate) fn next_eager(&self) -> Option<Instant> {
        self.lock().lines.iter().filter(|line| !line.disabled).filter_map(|line| line.eager).min()
    }

    /// Lets everything due at `at` join the queues.
    pub(crate) fn ripen(&self, shared: &Shared, at: Timestamp) {
        let mut inner = self.lock();
        while let Some(first) = inner.due.first_entry().filter(|first| first.key().0 <= at) {
            let key = *first.key();
            match first.remove() {
                Due::Retry(job) => inner.retry(shared, job),
                Due::Challenge(generation) => {
                    let meant = |line: &&mut Line| line.generation == generation && line.again == Some(key.0);
                    if let Some(line) = inner.lines.iter_mut().find(meant) {
                        line.eager = Some(Instant::now());
                    }
                }
                Due::Event(late) => {
                    inner.held.retain(|held| *held != key);
                    inner.send_out(shared, late, at);
                }
            }
        }
    }

    /// Whether so much waits that the company had better wait, too.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().lines.iter().any(|line| line.takes_events() && line.ready.len() >= WAITING)
    }

    /// Whether nothing waits and nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        let inner = self.lock();
        inner.in_flight.is_empty()
            && inner.lines.iter().all(|line| line.ready.is_empty() || !line.takes_events())
    }

    /// Up to when nothing can come due that the requests under way might still cause: the earliest retry.
    pub(crate) fn horizon(&self) -> Option<Timestamp> {
        let first = *self.lock().in_flight.values().min()?;
        first.checked_add(RETRY_AFTER[0]).ok()
    }

    /// The next request to make, if there is one and a place for it.
    pub(crate) fn next_post(&self, shared: &Shared) -> Option<Post> {
        let mut inner = self.lock();
        let at = shared.clock.now();
        let sent_at = wall_clock();
        let number = inner.number();
        let Inner { lines, in_flight, dice, .. } = &mut *inner;
        let now = sent_at.as_second() + shared.faults.skew();
        let challenged = lines
            .iter_mut()
            .find(|line| !line.disabled && line.eager.is_some_and(|eager| eager <= Instant::now()));
        if let Some(line) = challenged {
            line.eager = None;
            let plain_token = dice.opaque_id();
            let body = json!({
                "event": "endpoint.url_validation",
                "event_ts": at.as_millisecond(),
                "payload": { "plainToken": plain_token },
            });
            in_flight.insert(number, at);
            let letter = Letter {
                url: line.subscription.url.clone(),
                secret: line.subscription.secret.clone(),
                body: body.to_string().into(),
                timestamp: now,
                number,
                plain_token: Some(plain_token),
            };
            let purpose = Purpose::Challenge(line.generation);
            return Some(Post { letter, sent_at, number, at, faults: Vec::new(), purpose });
        }
        let line = lines
            .iter_mut()
            .find(|line| !line.ready.is_empty() && line.in_flight < IN_FLIGHT && line.takes_events())?;
        let mut job = line.ready.pop_front()?;
        line.in_flight += 1;
        in_flight.insert(number, at);
        let mut faults = Vec::new();
        let mut secret = line.subscription.secret.clone();
        let mut timestamp = job.timestamp.unwrap_or(now);
        if self.temper == Temper::Field {
            job.timestamp = Some(timestamp);
        }
        if shared.faults.wrong_secret(&job.name) {
            secret.push_str(" is not it");
            faults.push("wrong_secret");
        }
        if let Some(seconds) = shared.faults.stale_timestamp(&job.name) {
            timestamp -= i64::from(seconds);
            faults.push("stale_timestamp");
        }
        let url = line.subscription.url.clone();
        let letter = Letter { url, secret, body: job.body.clone(), timestamp, number, plain_token: None };
        let first = job.attempt == 1;
        shared.state.count(|counts| {
            if first {
                counts.webhooks_sent += 1;
            } else {
                counts.webhooks_retried += 1;
            }
        });
        Some(Post { letter, sent_at, number, at, faults, purpose: Purpose::Event(job) })
    }

    /// A request has come to its end.
    pub(crate) fn finished(&self, shared: &Shared, post: Post, reply: Reply) {
        let mut inner = self.lock();
        inner.in_flight.remove(&post.number);
        match post.purpose {
            Purpose::Challenge(generation) => inner.challenged(shared, generation, post.at, reply.refused),
            Purpose::Event(job) => {
                if let Some(line) = inner.line(&job.line) {
                    line.in_flight = line.in_flight.saturating_sub(1);
                }
                let attempt = Attempt {
                    at: post.at,
                    sent_at: reply.sent_at,
                    url: post.letter.url.as_str().into(),
                    headers: reply.headers,
                    latency: reply.latency,
                    answer: reply.answer,
                    faults: post.faults,
                };
                inner.attempted(shared, job, attempt, self.temper);
            }
        }
    }
}

impl Inner {
    fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    fn line(&mut self, id: &str) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| *line.id == *id)
    }

    /// An event goes out to the WebSocket and to all who want it.
    fn send_out(&mut self, shared: &Shared, late: Late, at: Timestamp) {
        let Late { event, copies, faults } = late;
        let id = self.log.note(&event, at, faults);
        let Some(entry) = self.log.get_mut(id) else { return };
        let (name, body) = (entry.name.clone(), entry.body.clone());
        let mut withheld = 0;
        let mut taken = 0;
        for _ in 0..copies {
            if shared.socket.send(&event) {
                taken += 1;
                entry.socket = true;
            }
            for line in self.lines.iter_mut().filter(|line| line.subscription.wants(&name)) {
                let outcome = if line.takes_events() { Outcome::Waiting } else { Outcome::Withheld };
                let delivery = entry.deliver(line.id.clone(), false, outcome);
                if outcome == Outcome::Withheld {
                    line.withheld += 1;
                    withheld += 1;
                    continue;
                }
                line.ready.push_back(Job {
                    line: line.id.clone(),
                    event: id,
                    delivery,
                    name: name.clone(),
                    body: body.clone(),
                    attempt: 1,
                    timestamp: None,
                });
            }
        }
        shared.state.count(|counts| {
            counts.socket_sent += taken;
            counts.webhooks_withheld += withheld;
        });
        shared.state.news.tell("event", || {
            let mut told = entry.summary();
            told["payload"] = event["payload"].clone();
            told
        });
    }

    /// A retry has come due.
    fn retry(&mut self, shared: &Shared, job: Job) {
        if let Some(delivery) = self.log.delivery(job.event, job.delivery) {
            delivery.retry_at = None;
        }
        match self.line(&job.line.clone()) {
            Some(line) if line.takes_events() => line.ready.push_back(job),
            Some(line) => {
                line.withheld += 1;
                shared.state.count(|counts| counts.webhooks_withheld += 1);
                self.settle(&job, Outcome::Withheld);
            }
            None => self.settle(&job, Outcome::Dropped),
        }
    }

    fn settle(&mut self, job: &Job, outcome: Outcome) {
        if let Some(delivery) = self.log.delivery(job.event, job.delivery) {
            delivery.outcome = outcome;
        }
    }

    /// A challenge was answered, well or badly.
    fn challenged(&mut self, shared: &Shared, generation: u64, at: Timestamp, refused: Option<String>) {
        let number = self.number();
        let Some(line) = self.lines.iter_mut().find(|line| line.generation == generation) else { return };
        line.challenges += 1;
        line.failures = if refused.is_some() { line.failures + 1 } else { 0 };
        let url = line.subscription.url.as_str();
        match &refused {
            None => {
                tracing::info!(url, "the receiver answered the challenge; events flow");
                line.validated = true;
            }
            Some(reason) => {
                tracing::info!(url, reason, "the receiver did not pass the challenge");
                shared.state.count(|counts| counts.challenges_failed += 1);
                if line.validated && line.failures >= MOST_FAILURES {
                    tracing::warn!(url, "the subscription is disabled after six failed challenges in a row");
                    line.disabled = true;
                }
            }
        }
        if !line.validated {
            line.eager = Some(Instant::now() + CHALLENGE_EVERY);
        } else if !line.disabled
            && let Ok(again) = at.checked_add(CHALLENGE_AGAIN)
        {
            line.again = Some(again);
            self.due.insert((again, number), Due::Challenge(generation));
        }
        shared.state.news.tell("challenge", || {
            json!({ "subscription": &*line.id, "passed": refused.is_none(), "error": refused, "disabled": line.disabled })
        });
    }

    /// An attempt is over: noted, and followed by another one or none.
    fn attempted(&mut self, shared: &Shared, mut job: Job, attempt: Attempt, temper: Temper) {
        let status = attempt.answer.as_ref().ok().map(|answer| answer.status);
        let mut judged = verdict(job.attempt, status, temper);
        let retry_at = match judged {
            Verdict::RetryAfter(wait) => attempt.at.checked_add(wait).ok(),
            _ => None,
        };
        if retry_at.is_some() && self.due.len() >= PENDING {
            shared.state.count(|counts| counts.webhooks_crowded_out += 1);
            judged = Verdict::Dropped;
        }
        let (outcome, retry_at) = match judged {
            Verdict::Acknowledged => (Outcome::Acknowledged, None),
            Verdict::RetryAfter(_) => (Outcome::Waiting, retry_at),
            Verdict::Dropped => (Outcome::Dropped, None),
        };
        shared.state.count(|counts| match outcome {
            Outcome::Acknowledged => counts.webhooks_acknowledged += 1,
            Outcome::Dropped => counts.webhooks_dropped += 1,
            Outcome::Waiting | Outcome::Withheld => {}
        });
        if outcome == Outcome::Dropped {
            tracing::warn!(event = &*job.name, status, "the receiver never took this event; it is dropped");
        }
        shared.state.news.tell("attempt", || {
            let mut told = attempt.summary();
            told["event_id"] = json!(job.event);
            told["event"] = json!(&*job.name);
            told["subscription"] = json!(&*job.line);
            told["attempt"] = json!(job.attempt);
            told["retry_at"] = json!(retry_at.map(|at| at.to_string()));
            told
        });
        if let Some(delivery) = self.log.delivery(job.event, job.delivery) {
            delivery.outcome = outcome;
            delivery.retry_at = retry_at;
            delivery.attempts.push(attempt);
        }
        if let Some(retry_at) = retry_at {
            job.attempt += 1;
            let number = self.number();
            self.due.insert((retry_at, number), Due::Retry(job));
        }
    }
}

impl Line {
    fn takes_events(&self) -> bool {
        self.validated && !self.disabled
    }

    fn told(&self) -> Value {
        let Subscription { id, name, url, events, app, .. } = &self.subscription;
        json!({
            "id": id,
            "name": name,
            "url": url.as_str(),
            "events": events,
            "app": app,
            "enabled": !self.disabled,
            "validated": self.validated,
            "challenges": self.challenges,
            "failed_challenges_in_a_row": self.failures,
            "next_challenge_at": self.again.filter(|_| !self.disabled).map(|at| at.to_string()),
            "withheld": self.withheld,
            "waiting": self.ready.len(),
            "in_flight": self.in_flight,
        })
    }
}
