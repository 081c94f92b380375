//! Subscriptions as they stand: validated, disabled, changed while the emulator runs.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::Subscription;
use super::wire::{Job, Wire};

/// A subscription and how it stands.
pub(super) struct Line {
    pub(super) subscription: Subscription,
    pub(super) id: Arc<str>,
    /// Changes with address and secret, so that an old challenge says nothing about new ones.
    pub(super) generation: u64,
    pub(super) validated: bool,
    pub(super) disabled: bool,
    /// Failed challenges in a row.
    pub(super) failures: u32,
    /// When to challenge next: before it is validated, and after.
    pub(super) eager: Option<Instant>,
    pub(super) again: Option<Timestamp>,
    pub(super) challenges: u32,
    pub(super) withheld: u64,
    pub(super) ready: VecDeque<Job>,
    pub(super) in_flight: usize,
}

/// What may be changed of a subscription.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) url: Option<Url>,
    pub(crate) secret: Option<String>,
    pub(crate) events: Option<Vec<String>>,
    pub(crate) app: Option<String>,
    pub(crate) enabled: Option<bool>,
}

impl Wire {
    /// Adds a subscription; `Err` is its id if that is taken.
    pub(crate) fn add(&self, subscription: Subscription) -> Result<Value, String> {
        let mut inner = self.lock();
        if inner.lines.iter().any(|line| *line.id == *subscription.id) {
            return Err(subscription.id);
        }
        let generation = inner.number();
        let line = Line::new(subscription, generation);
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
        line.change(change, generation);
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
}

impl Line {
    fn new(subscription: Subscription, generation: u64) -> Self {
        Self {
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
        }
    }

    fn change(&mut self, change: Change, generation: u64) {
        let anew = change.url.is_some()
            || change.secret.is_some()
            || (change.enabled == Some(true) && self.disabled);
        let Subscription { name, url, secret, events, app, .. } = &mut self.subscription;
        put(name, change.name);
        put(url, change.url);
        put(secret, change.secret);
        put(events, change.events);
        put(app, change.app);
        put(&mut self.disabled, change.enabled.map(|enabled| !enabled));
        if anew {
            (self.validated, self.failures, self.generation) = (false, 0, generation);
            (self.eager, self.again) = (Some(Instant::now()), None);
        }
    }

    /// Whether events may go there now.
    pub(super) fn takes_events(&self) -> bool {
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

fn put<T>(place: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *place = new;
    }
}
