//! What the emulator knows at this moment: the company, what is planned, what REST may tell.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::company::Company;
use crate::dice::Dice;
use crate::events;
use crate::live::Phones;
use crate::news::News;
use crate::records::{CallRecord, LedgerEntry};
use crate::scenario::{Happening, Scenario, play};
use crate::world::{self, World};

/// Finished calls that are kept; older ones are forgotten, as Zoom forgets after six months.
const KEPT_CALLS: usize = 100_000;

/// Shared by the player and the HTTP handlers.
pub(crate) struct State {
    inner: Mutex<Inner>,
    /// Told when something is planned out of turn.
    pub(crate) changed: Notify,
    pub(crate) news: News,
}

struct Inner {
    world: World,
    company: Company,
    arrivals: Arrivals,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    planned: u64,
    calls: Calls,
    ledger: VecDeque<Arc<LedgerEntry>>,
    counts: Counts,
    phones: Phones,
}

/// An event that a phone causes: when, its name and its object.
type Caused = (Timestamp, &'static str, Value);

/// The random process by which calls arrive.
struct Arrivals {
    dice: Dice,
    per_minute: f64,
    next: Option<Timestamp>,
}

/// Numbers of `GET /_emulator/state`.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Counts {
    /// Events that came up, whether or not anybody took them.
    pub(crate) events: u64,
    /// Events that were sent at least once.
    pub(crate) webhooks_sent: u64,
    /// Events that the receiver took.
    pub(crate) webhooks_acknowledged: u64,
    /// Attempts after the first.
    pub(crate) webhooks_retried: u64,
    /// Events given up after the last attempt.
    pub(crate) webhooks_dropped: u64,
    /// Events given up because too many waited for a retry; they count as dropped, too.
    pub(crate) webhooks_crowded_out: u64,
    /// Events that were not sent because their subscription had not passed the challenge, or was disabled.
    pub(crate) webhooks_withheld: u64,
    /// Events that a WebSocket took.
    pub(crate) socket_sent: u64,
    /// Challenges that were not answered properly.
    pub(crate) challenges_failed: u64,
    /// Requests to `POST /oauth/token`.
    pub(crate) token_requests: u64,
    /// Requests below `/v2`.
    pub(crate) rest_requests: u64,
    /// Those that went beyond the rate limits.
    pub(crate) rate_limited: u64,
    /// Calls that ended.
    pub(crate) calls_finished: u64,
    /// Finished calls by scenario.
    pub(crate) calls_by_scenario: BTreeMap<Scenario, u64>,
}

/// The records that REST knows.
#[derive(Default)]
struct Calls {
    by_uuid: HashMap<String, Arc<CallRecord>>,
    uuid_of_element: HashMap<String, String>,
    oldest_first: VecDeque<String>,
}

impl State {
    pub(crate) fn new(company: Company, seed: u64, calls_per_minute: f64) -> Self {
        Self {
            inner: Mutex::new(Inner {
                world: world::seed(&company),
                company,
                arrivals: Arrivals { dice: Dice::new(seed, 1), per_minute: calls_per_minute, next: None },
                agenda: BTreeMap::new(),
                planned: 0,
                calls: Calls::default(),
                ledger: VecDeque::new(),
                counts: Counts::default(),
                phones: Phones::new(seed),
            }),
            changed: Notify::new(),
            news: News::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls arrive from `at` on.
    pub(crate) fn open(&self, at: Timestamp) {
        let mut inner = self.lock();
        inner.arrivals.next = inner.arrivals.after(at);
    }

    /// Plans one call that starts at `at`; its `call_id`s become known when it is finished.
    pub(crate) fn play(&self, scenario: Scenario, at: Timestamp) -> Option<LedgerEntry> {
        let entry = self.lock().plan(scenario, at);
        self.changed.notify_one();
        entry
    }

    /// Plans an event to be sent at `at`.
    pub(crate) fn emit(&self, event: Value, at: Timestamp) {
        let mut inner = self.lock();
        let number = inner.planned;
        inner.agenda.insert((at, number), Happening::Webhook(event));
        inner.planned += 1;
        drop(inner);
        self.changed.notify_one();
    }

    /// Uses the phones; the events that this causes are planned.
    pub(crate) fn phones<T>(&self, handle: impl FnOnce(&mut Phones, &mut Vec<Caused>) -> T) -> T {
        let result = self.lock().handle_phones(handle);
        self.changed.notify_one();
        result
    }

    /// Everything that is due at `now` in order, and when something is due next. Records and ledger
    /// are brought up to date on the way; the events are for the caller to send.
    pub(crate) fn advance(&self, now: Timestamp) -> (Vec<Value>, Option<Timestamp>) {
        let mut inner = self.lock();
        while let Some(at) = inner.arrivals.next.filter(|&at| at <= now) {
            let scenario = Scenario::draw(&mut inner.arrivals.dice);
            inner.plan(scenario, at);
            inner.arrivals.next = inner.arrivals.after(at);
        }
        inner.handle_phones(|phones, caused| phones.advance(now, caused));
        let mut webhooks = Vec::new();
        while let Some(due) = inner.agenda.first_entry().filter(|due| due.key().0 <= now) {
            match due.remove() {
                Happening::Webhook(event) => webhooks.push(event),
                Happening::Finished(entry) => {
                    self.news.tell("call", || json!({ "call": entry }));
                    inner.finish(*entry);
                }
                Happening::Record(record) => inner.calls.insert(*record),
            }
        }
        (webhooks, inner.next())
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.lock().next()
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock().counts);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    /// The calls that began and are not over, as the ledger will tell of them, in the order of their ends.
    pub(crate) fn under_way(&self) -> Vec<LedgerEntry> {
        let inner = self.lock();
        let finished = inner.agenda.values().filter_map(|planned| match planned {
            Happening::Finished(entry) => Some((**entry).clone()),
            _ => None,
        });
        finished.collect()
    }

    pub(crate) fn ledger(&self) -> Vec<Arc<LedgerEntry>> {
        self.lock().ledger.iter().cloned().collect()
    }

    /// Reads or changes the account. Whatever is done happens at once for everybody else.
    pub(crate) fn world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.lock().world)
    }

    /// Reads the company.
    pub(crate) fn company<T>(&self, read: impl FnOnce(&Company) -> T) -> T {
        read(&self.lock().company)
    }

    pub(crate) fn call(&self, uuid: &str) -> Option<Arc<CallRecord>> {
        self.lock().calls.by_uuid.get(uuid).cloned()
    }

    pub(crate) fn call_of_element(&self, element_id: &str) -> Option<Arc<CallRecord>> {
        let inner = self.lock();
        let uuid = inner.calls.uuid_of_element.get(element_id)?;
        inner.calls.by_uuid.get(uuid).cloned()
    }

    /// All calls that REST knows, in no order.
    pub(crate) fn calls(&self) -> Vec<Arc<CallRecord>> {
        self.lock().calls.by_uuid.values().cloned().collect()
    }
}

impl Inner {
    fn handle_phones<T>(&mut self, handle: impl FnOnce(&mut Phones, &mut Vec<Caused>) -> T) -> T {
        let mut caused = Vec::new();
        let result = handle(&mut self.phones, &mut caused);
        for (at, name, object) in caused {
            let event = events::envelope(&self.company.account_id, name, at, &object);
            self.agenda.insert((at, self.planned), Happening::Webhook(event));
            self.planned += 1;
        }
        result
    }

    fn next(&self) -> Option<Timestamp> {
        let planned = self.agenda.keys().next().map(|&(at, _)| at);
        planned.into_iter().chain(self.arrivals.next).chain(self.phones.next()).min()
    }

    fn plan(&mut self, scenario: Scenario, at: Timestamp) -> Option<LedgerEntry> {
        let mut truth = None;
        for planned in play(&mut self.company, scenario, at) {
            if let Happening::Finished(entry) = &planned.what {
                tracing::debug!(scenario = %entry.scenario, call_id = entry.call_id, %at, "a call is planned");
                truth = Some((**entry).clone());
            }
            self.agenda.insert((planned.at, self.planned), planned.what);
            self.planned += 1;
        }
        truth
    }

    fn finish(&mut self, entry: LedgerEntry) {
        self.counts.calls_finished += 1;
        *self.counts.calls_by_scenario.entry(entry.scenario).or_default() += 1;
        self.ledger.push_back(Arc::new(entry));
        if self.ledger.len() > KEPT_CALLS {
            self.ledger.pop_front();
        }
    }
}

impl Arrivals {
    fn after(&mut self, at: Timestamp) -> Option<Timestamp> {
        if self.per_minute <= 0.0 {
            return None;
        }
        let seconds = self.dice.seconds_to_next(self.per_minute);
        let gap = SignedDuration::try_from_secs_f64(seconds).ok()?;
        // Whole milliseconds, the resolution of `event_ts`.
        let gap = SignedDuration::from_millis(i64::try_from(gap.as_millis()).ok()?);
        at.checked_add(gap).ok()
    }
}

impl Calls {
    fn insert(&mut self, record: CallRecord) {
        for element in &record.elements {
            self.uuid_of_element.insert(element.id.clone(), record.call_history_uuid.clone());
        }
        self.oldest_first.push_back(record.call_history_uuid.clone());
        self.by_uuid.insert(record.call_history_uuid.clone(), Arc::new(record));
        if self.oldest_first.len() > KEPT_CALLS
            && let Some(forgotten) = self.oldest_first.pop_front().and_then(|uuid| self.by_uuid.remove(&uuid))
        {
            for element in &forgotten.elements {
                self.uuid_of_element.remove(&element.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(step: i64) -> Vec<String> {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a valid time");
        let state = State::new(Company::new(7), 7, 10.0);
        state.open(start);
        let mut sent = Vec::new();
        for second in (0..=3600).step_by(usize::try_from(step).expect("a step")) {
            let (events, _) = state.advance(start + SignedDuration::from_secs(second));
            sent.extend(events.iter().map(Value::to_string));
        }
        sent
    }

    #[test]
    fn a_day_does_not_depend_on_how_often_the_clock_is_looked_at() {
        let whole = hour(3600);
        assert!(whole.len() > 1000, "{} events", whole.len());
        assert_eq!(hour(1), whole);
        assert_eq!(hour(45), whole);
    }

    #[test]
    fn nothing_due_is_skipped_when_napping_until_the_time_that_advance_names() {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a valid time");
        let state = State::new(Company::new(7), 7, 0.0);
        let entry = state.play(Scenario::BlindTransfer, start).expect("a call");
        let (mut now, mut sent) = (start, 0);
        loop {
            let (events, next) = state.advance(now);
            sent += events.len();
            let Some(next) = next else { break };
            assert!(next > now);
            now = next;
        }
        assert_eq!(sent, 10);
        assert_eq!(state.ledger().len(), 1);
        assert!(state.call(&entry.call_history_uuid).is_some());
    }
}
