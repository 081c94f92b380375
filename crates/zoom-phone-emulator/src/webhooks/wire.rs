//! What is on its way to whom: subscriptions, their challenges, waiting events and retries.
//!
//! Everything here happens on the company's clock, so that a jump of the clock brings retries and challenges along in
//! their order. Real time is only used for the challenge of a receiver that has never answered well, which may just be
//! starting, and for timestamps and signatures, which receivers compare with their own clock.
//!
//! Whether Zoom signs a retry anew is not known. Documented temper: each attempt has a fresh timestamp and signature.
//! Field temper: all attempts carry those of the first, the reading that is harder on a receiver, which then finds
//! retries up to 85 minutes old.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::line::Line;
use super::log::{Attempt, Entry, Log, Outcome};
use super::post::{Post, Purpose};
use super::send::Reply;
use super::{RETRY_AFTER, Subscription};
use crate::config::Temper;
use crate::dice::Dice;
use crate::emulator::Shared;

/// Events that may wait for one subscription before the company has to.
const WAITING: usize = 1024;
/// Retries and late events that may wait, all together; further ones are given up.
pub(super) const PENDING: usize = 50_000;
/// Virtual time after which an event that should come after the next one comes without it.
const REORDER_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// Deliveries to all subscriptions.
pub(crate) struct Wire {
    inner: Mutex<Inner>,
    pub(super) temper: Temper,
    /// Told when there is something to do out of turn.
    pub(crate) changed: Notify,
}

pub(super) struct Inner {
    pub(super) lines: Vec<Line>,
    pub(super) log: Log,
    /// What comes later, on the company's clock.
    pub(super) due: BTreeMap<(Timestamp, u64), Due>,
    numbered: u64,
    /// Events that go out after the next one, by their number in `due`.
    held: Vec<(Timestamp, u64)>,
    /// When each request under way was sent, by number.
    pub(super) in_flight: BTreeMap<u64, Timestamp>,
    /// For the tokens of challenges.
    pub(super) dice: Dice,
}

pub(super) enum Due {
    Retry(Job),
    /// Of the line with this generation.
    Challenge(u64),
    Event(Late),
}

/// An event whose fate is decided.
pub(super) struct Late {
    event: Value,
    copies: usize,
    faults: Vec<&'static str>,
}

/// One delivery's next attempt.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) line: Arc<str>,
    pub(super) event: u64,
    pub(super) delivery: usize,
    pub(super) name: Arc<str>,
    pub(super) body: Arc<str>,
    /// 1 is the first.
    pub(super) attempt: usize,
    /// The timestamp to use again.
    pub(super) timestamp: Option<i64>,
}

impl Job {
    fn first(line: &Arc<str>, event: u64, delivery: usize, entry: &Entry) -> Self {
        Self {
            line: line.clone(),
            event,
            delivery,
            name: entry.name.clone(),
            body: entry.body.clone(),
            attempt: 1,
            timestamp: None,
        }
    }
}

/// What became of a wish to send an event again.
pub(crate) enum Resent {
    /// The subscriptions with these ids get it.
    To(Vec<String>),
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
            wire.add(subscription.clone())?;
        }
        Ok(wire)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.lock().log.get(id).map(Entry::whole)
    }

    /// Sends an event of the log again, to one subscription or to all that want it.
    pub(crate) fn resend(&self, id: u64, to: Option<&str>) -> Resent {
        let mut inner = self.lock();
        let Inner { lines, log, .. } = &mut *inner;
        let Some(entry) = log.get_mut(id) else { return Resent::Unknown };
        let mut sent = Vec::new();
        for line in lines {
            let meant = to.map_or_else(|| line.subscription.wants(&entry.name), |to| *line.id == *to);
            if meant && line.takes_events() && !entry.is_full() && line.ready.len() < WAITING {
                let delivery = entry.deliver(line.id.clone(), true, Outcome::Waiting);
                line.ready.push_back(Job::first(&line.id, id, delivery, entry));
                sent.push(line.id.to_string());
            }
        }
        drop(inner);
        self.changed.notify_one();
        if sent.is_empty() { Resent::Nobody } else { Resent::To(sent) }
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

    /// Gives up everything that waits, but for challenges.
    pub(crate) fn forget(&self) {
        let mut inner = self.lock();
        inner.held.clear();
        let Inner { lines, due, .. } = &mut *inner;
        let mut dropped: Vec<Job> = lines.iter_mut().flat_map(|line| line.ready.drain(..)).collect();
        due.retain(|_, due| match due {
            Due::Retry(job) => {
                dropped.push(job.clone());
                false
            }
            Due::Challenge(_) => true,
            Due::Event(_) => false,
        });
        for job in dropped {
            inner.settle(&job, Outcome::Dropped);
        }
        drop(inner);
        self.changed.notify_one();
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

    /// A request has come to its end.
    pub(crate) fn finished(&self, shared: &Shared, post: Post, reply: Reply) {
        let mut inner = self.lock();
        inner.in_flight.remove(&post.number);
        match post.purpose {
            Purpose::Challenge(generation) => {
                inner.challenged(shared, generation, post.at, reply.refused.as_deref());
            }
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
    pub(super) fn number(&mut self) -> u64 {
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
        let name = entry.name.clone();
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
                line.ready.push_back(Job::first(&line.id, id, delivery, entry));
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
}
