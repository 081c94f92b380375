//! What the emulator knows at this moment: the company, what is planned, what REST may tell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::arrivals::{Arrivals, SavedArrivals};
use crate::exchange::{Exchange, SavedExchange};
use crate::ledger::{Ledger, LedgerEntry};
use crate::live::{LiveCall, Phones, Press};
use crate::news::News;
use crate::party::Party;
use crate::records::{Book, CallRecord};
use crate::scenario::{Due, Happening, Order, Params, Plan, Replay, Scenario, Unfit};
use crate::world::World;
use crate::world::directory::Directory;
use crate::{events, sms};

/// Shared by the player and the HTTP handlers.
pub(crate) struct State {
    inner: Mutex<Inner>,
    /// Told when something is planned out of turn.
    pub(crate) changed: Notify,
    pub(crate) news: News,
}

struct Inner {
    exchange: Exchange,
    arrivals: Arrivals,
    /// When threads of text messages begin.
    threads: Arrivals,
    agenda: BTreeMap<(Timestamp, u64), Item>,
    planned: u64,
    book: Book,
    phones: Phones,
    ledger: Ledger,
    counts: Counts,
    /// Messages that somebody was made to write from outside.
    texts: u64,
}

/// Something on the agenda, with the number of the call that it belongs to; 0 for none.
struct Item {
    call: u64,
    due: Due,
}

/// Numbers of `GET /_emulator/state`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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

impl State {
    /// The state of a fresh emulator. `exchange` has the documents of the company.
    pub(crate) fn new(exchange: Exchange, arrivals: Arrivals) -> Self {
        let threads = arrivals.beside(9);
        Self {
            inner: Mutex::new(Inner {
                exchange,
                arrivals,
                threads,
                agenda: BTreeMap::new(),
                planned: 0,
                book: Book::default(),
                phones: Phones::default(),
                ledger: Ledger::default(),
                counts: Counts::default(),
                texts: 0,
            }),
            changed: Notify::new(),
            news: News::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls and text messages arrive from `at` on.
    pub(crate) fn open(&self, at: Timestamp) {
        let mut inner = self.lock();
        let Inner { arrivals, threads, .. } = &mut *inner;
        // A restored state knows when the next ones come.
        for arrivals in [arrivals, threads].into_iter().filter(|arrivals| arrivals.next.is_none()) {
            arrivals.open(at);
        }
    }

    /// So many threads of text messages are to begin in an hour.
    pub(crate) fn write_texts(&self, threads_per_hour: f64) {
        self.lock().threads.becomes(threads_per_hour / 60.0);
    }

    /// Plans one call that starts at `at`, and answers with what the ledger will say of it, should nobody press
    /// anything.
    pub(crate) fn play(
        &self,
        scenario: Scenario,
        params: &Params,
        at: Timestamp,
    ) -> Result<LedgerEntry, Unfit> {
        let entry = self.lock().plan(scenario, params, at);
        self.changed.notify_one();
        entry
    }

    /// From `at` on, so many calls begin in a minute of the company's time, on average; with 0 none do by themselves.
    pub(crate) fn arrive(&self, per_minute: f64, at: Timestamp) {
        let mut inner = self.lock();
        inner.arrivals.becomes(per_minute);
        inner.arrivals.open(at);
        drop(inner);
        self.changed.notify_one();
    }

    /// Plans an event to be sent at `at`.
    pub(crate) fn emit(&self, event: Value, at: Timestamp) {
        self.lock().put(at, 0, Due::Happening(Happening::Webhook(event)));
        self.changed.notify_one();
    }

    /// Everything that is due at `now` in order, and when something is due next. Records and ledger
    /// are brought up to date on the way; the events are for the caller to send.
    pub(crate) fn advance(&self, now: Timestamp) -> (Vec<Value>, Option<Timestamp>) {
        let mut inner = self.lock();
        inner.chat(now);
        let mut webhooks = Vec::new();
        loop {
            let arrival = inner.arrivals.next.filter(|&at| at <= now);
            let due = inner.agenda.first_key_value().map(|(&(at, _), _)| at).filter(|&at| at <= now);
            match (arrival, due) {
                (Some(at), due) if due.is_none_or(|due| at <= due) => {
                    let scenario = inner.arrivals.take(at);
                    // When nobody is free to make a call, none is made.
                    let _ = inner.plan(scenario, &Params::default(), at);
                }
                (_, Some(_)) => webhooks.extend(inner.happen(&self.news)),
                (_, None) => break,
            }
        }
        (webhooks, inner.next())
    }

    /// Numbers a message that somebody is made to write from outside.
    pub(crate) fn next_text(&self) -> u64 {
        let mut inner = self.lock();
        inner.texts += 1;
        inner.texts
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
        let finished = inner.agenda.values().filter_map(|item| match &item.due {
            Due::Happening(Happening::Finished(entry)) => Some((**entry).clone()),
            _ => None,
        });
        finished.collect()
    }

    /// Reads the ledger.
    pub(crate) fn ledger<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        read(&self.lock().ledger)
    }

    /// Reads or changes the account. Whatever is done happens at once for everybody else.
    pub(crate) fn world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.lock().exchange.world)
    }

    /// Reads who can be called.
    pub(crate) fn directory<T>(&self, read: impl FnOnce(&Directory) -> T) -> T {
        let directory = self.lock().exchange.directory();
        read(&directory)
    }

    /// Reads or changes the account with the call records at hand.
    pub(crate) fn desk<T>(&self, act: impl FnOnce(&mut World, &Book) -> T) -> T {
        let inner = &mut *self.lock();
        act(&mut inner.exchange.world, &inner.book)
    }

    /// Reads the call records.
    pub(crate) fn book<T>(&self, read: impl FnOnce(&Book) -> T) -> T {
        read(&self.lock().book)
    }

    pub(crate) fn phones<T>(&self, act: impl FnOnce(&mut Phones) -> T) -> T {
        act(&mut self.lock().phones)
    }

    /// Whose phones are in a person's hands.
    pub(crate) fn attended(&self, change: impl FnOnce(&mut BTreeMap<String, usize>)) {
        change(&mut self.lock().exchange.attended);
    }

    /// Places a call from an attended phone; answers with its `call_id`, or why it cannot be placed. `caller_id` is
    /// one of the user's own numbers.
    pub(crate) fn dial(
        &self,
        user_id: &str,
        number: &str,
        caller_id: Option<&str>,
        now: Timestamp,
    ) -> Result<String, String> {
        let params =
            Params { user: Some(user_id.to_owned()), to: Some(number.to_owned()), ..Params::default() };
        let mut inner = self.lock();
        let mut order =
            inner.exchange.order(Scenario::Outbound, &params, now).map_err(|unfit| unfit.to_string())?;
        if let Some(caller_id) = caller_id.filter(|&id| order.caller.number.as_deref() != Some(id)) {
            let own = inner.exchange.directory().find(caller_id).is_some_and(|it| it.id == order.caller.id);
            if !own {
                return Err("No available callerId".to_owned());
            }
            let number = Some(caller_id.to_owned());
            order.caller = Arc::new(crate::party::Party { number, ..(*order.caller).clone() });
        }
        let truth = inner.plan_order(order);
        drop(inner);
        self.changed.notify_one();
        Ok(truth.call_id)
    }

    pub(crate) fn plan_again(
        &self,
        user_id: &str,
        call_id: &str,
        press: Press,
        now: Timestamp,
    ) -> Result<(), String> {
        let mut inner = self.lock();
        let number = inner.phones.calls.iter().find(|(_, call)| call.ids.iter().any(|id| id == call_id));
        let Some((&number, _)) = number else {
            return Err(format!("the call {call_id} goes on without anybody pressing anything"));
        };
        inner.press(number, now, (user_id.to_owned(), call_id.to_owned(), press));
        drop(inner);
        self.changed.notify_one();
        Ok(())
    }
}

/// What a snapshot keeps of the state. Phones in a person's hands are not in it: their calls go on as planned.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedState {
    exchange: SavedExchange,
    arrivals: SavedArrivals,
    threads: SavedArrivals,
    agenda: Vec<SavedItem>,
    planned: u64,
    /// In the order in which REST got to know them.
    calls: Vec<Arc<CallRecord>>,
    ledger: Ledger,
    counts: Counts,
    #[serde(default)]
    texts: u64,
}

impl SavedState {
    /// Why this cannot be gone on from.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        self.exchange.check()
    }
}

/// Something on the agenda.
#[derive(Serialize, Deserialize)]
struct SavedItem {
    at: Timestamp,
    number: u64,
    call: u64,
    due: SavedDue,
}

/// What will happen.
#[derive(Serialize, Deserialize)]
enum SavedDue {
    Happening(Happening),
    /// Somebody can take calls again so many seconds later.
    Free(Arc<Party>, u64, i64),
}

impl State {
    pub(crate) fn save(&self) -> SavedState {
        let inner = self.lock();
        let agenda = inner.agenda.iter().filter_map(|(&(at, number), item)| {
            let due = match &item.due {
                Due::Happening(happening) => SavedDue::Happening(happening.clone()),
                Due::Free { who, call, rest } => SavedDue::Free(who.clone(), *call, *rest),
                Due::Phone { .. } => return None,
            };
            Some(SavedItem { at, number, call: item.call, due })
        });
        SavedState {
            exchange: inner.exchange.save(),
            arrivals: inner.arrivals.save(),
            threads: inner.threads.save(),
            agenda: agenda.collect(),
            planned: inner.planned,
            calls: inner.book.by_arrival(),
            ledger: inner.ledger.clone(),
            counts: inner.counts.clone(),
            texts: inner.texts,
        }
    }

    /// Goes on from what was saved, which [`SavedState::check`] finds good.
    pub(crate) fn restore(&self, saved: SavedState) {
        let mut inner = self.lock();
        inner.exchange.restore(saved.exchange);
        inner.arrivals.restore(saved.arrivals);
        inner.threads.restore(saved.threads);
        let items = saved.agenda.into_iter().map(|item| {
            let due = match item.due {
                SavedDue::Happening(happening) => Due::Happening(happening),
                SavedDue::Free(who, call, rest) => Due::Free { who, call, rest },
            };
            ((item.at, item.number), Item { call: item.call, due })
        });
        inner.agenda = items.collect();
        inner.planned = saved.planned;
        inner.book = Book::of(saved.calls.into_iter().map(Arc::unwrap_or_clone).collect());
        inner.phones.calls.clear();
        inner.phones.now.clear();
        (inner.ledger, inner.counts, inner.texts) = (saved.ledger, saved.counts, saved.texts);
        drop(inner);
        self.changed.notify_one();
    }
}

impl Inner {
    fn next(&self) -> Option<Timestamp> {
        let planned = self.agenda.keys().next().map(|&(at, _)| at);
        planned.into_iter().chain(self.arrivals.next).chain(self.threads.next).min()
    }

    fn plan(&mut self, scenario: Scenario, params: &Params, at: Timestamp) -> Result<LedgerEntry, Unfit> {
        let order = self.exchange.order(scenario, params, at)?;
        Ok(self.plan_order(order))
    }

    fn plan_order(&mut self, order: Order) -> LedgerEntry {
        // Only presses make a call be planned again.
        let before = (!order.attended.is_empty()).then(|| self.exchange.floor.clone());
        let plan = Plan::of(&mut self.exchange, &order, None);
        tracing::debug!(scenario = %order.scenario, call_id = plan.truth.call_id, at = %order.start, "a call is planned");
        let (number, start) = (order.number, order.start);
        if let Some(before) = before.filter(|_| plan.attended) {
            let replay = Replay { now: order.start, before, presses: Vec::new() };
            self.phones.calls.insert(number, LiveCall { order, replay, ids: plan.ids });
        }
        self.put_all(number, plan.agenda, start);
        plan.truth
    }

    /// Plans a call again, with one more press.
    fn press(&mut self, number: u64, now: Timestamp, (user, call_id, press): (String, String, Press)) {
        let Some(call) = self.phones.calls.get_mut(&number) else { return };
        // After everything that is due now, and before everything that comes.
        let now = call.replay.presses.last().map_or(now, |&(last, ..)| now.max(last));
        let at = now + SignedDuration::from_millis(1);
        call.replay.now = now;
        call.replay.presses.push((at, user, call_id, press));
        let (order, replay) = (call.order.clone(), call.replay.clone());
        self.exchange.floor.forget(number);
        let plan = Plan::of(&mut self.exchange, &order, Some(replay));
        self.agenda.retain(|&(at, _), item| item.call != number || at <= now);
        if let Some(call) = self.phones.calls.get_mut(&number) {
            call.ids = plan.ids;
        }
        self.put_all(number, plan.agenda.into_iter().filter(|&(at, _)| at > now), at);
    }

    /// Phones show at once what happens by `shown`; all else waits for its time.
    fn put_all(&mut self, call: u64, agenda: impl IntoIterator<Item = (Timestamp, Due)>, shown: Timestamp) {
        for (at, due) in agenda {
            match due {
                Due::Phone { user, call } if at <= shown => self.phones.show(&user, *call),
                due => self.put(at, call, due),
            }
        }
    }

    fn put(&mut self, at: Timestamp, call: u64, due: Due) {
        self.agenda.insert((at, self.planned), Item { call, due });
        self.planned += 1;
    }

    /// The next thing on the agenda happens.
    fn happen(&mut self, news: &News) -> Option<Value> {
        let ((at, _), item) = self.agenda.pop_first()?;
        match item.due {
            Due::Happening(Happening::Webhook(event)) => return Some(event),
            Due::Happening(Happening::Finished(entry)) => {
                self.phones.calls.remove(&item.call);
                news.tell("call", || json!({ "call": entry.json() }));
                self.finish(*entry);
            }
            Due::Happening(Happening::Record(record)) => self.book.insert(*record),
            Due::Phone { user, call } => self.phones.show(&user, *call),
            Due::Free { who, call, rest } => self.exchange.floor.release(&who, call, at, rest),
        }
        None
    }

    /// Writes down the threads that begin until `now`, and plans their events.
    fn chat(&mut self, now: Timestamp) {
        while let Some(at) = self.threads.next.filter(|&at| at <= now) {
            for (name, at, object) in sms::thread(&mut self.exchange.world, &mut self.threads.dice, at) {
                let name = format!("phone.{name}");
                let event = events::envelope(&self.exchange.account_id, &name, at, &object);
                self.put(at, 0, Due::Happening(Happening::Webhook(event)));
            }
            self.threads.open(at);
        }
    }

    fn finish(&mut self, entry: LedgerEntry) {
        self.counts.calls_finished += 1;
        *self.counts.calls_by_scenario.entry(entry.scenario).or_default() += 1;
        self.ledger.add(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Totals, UserTotals};
    use crate::world::file::{CompanyFile, Spread, Traffic};

    fn hour(step: i64) -> Vec<String> {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a valid time");
        let state = State::new(Exchange::new(7), Arrivals::even(7, 10.0));
        state.open(start);
        let mut sent = Vec::new();
        for second in (0..=3600).step_by(usize::try_from(step).expect("a step")) {
            let (events, _) = state.advance(start + SignedDuration::from_secs(second));
            sent.extend(events.iter().map(Value::to_string));
        }
        sent
    }

    #[test]
    fn ledger_records_and_events_of_a_day_add_up_to_the_same() {
        let start: Timestamp = "2026-11-23T05:00:00Z".parse().expect("a valid time");
        let file = CompanyFile::default();
        let mut exchange = Exchange::new(7);
        exchange.traffic = Some(file.traffic.clone());
        let state = State::new(exchange, Arrivals::by_the_hour(7, &file.traffic, "America/New_York"));
        state.open(start);
        let mut events = Vec::new();
        for hour in 1..=24 {
            events.extend(state.advance(start + SignedDuration::from_hours(hour)).0);
        }
        state.lock().arrivals.next = None;
        events.extend(state.advance(start + SignedDuration::from_hours(48)).0);
        let totals = state.ledger(|ledger| {
            let mut totals = Totals::default();
            ledger.after(0).for_each(|(_, entry)| totals.add(entry));
            totals
        });
        assert!(totals.calls > 800, "{}", totals.calls);

        let told =
            |name: &str| events.iter().filter(|event| event["event"] == format!("phone.{name}")).count();
        let count = |number: u64| usize::try_from(number).expect("few");
        let all_users = |what: fn(&UserTotals) -> u64| totals.users.values().map(what).sum::<u64>();
        assert_eq!(told("callee_rejected") + told("callee_missed") + told("callee_ended"), {
            let of_areas = told("callee_ringing") - count(all_users(|user| user.rung));
            let busy = events.iter().filter(|event| {
                event.pointer("/payload/object/handup_result").is_some_and(|result| result == "Busy")
                    && event["event"] == "phone.callee_missed"
            });
            count(all_users(|user| user.rung)) + of_areas + busy.count()
        });
        assert_eq!(told("caller_ended"), count(all_users(|user| user.placed)));
        assert_eq!(told("voicemail_received"), totals.voicemails);
        assert_eq!(told("recording_completed"), totals.recordings);
        assert_eq!(told("ai_call_summary_changed"), totals.summaries);

        // What people were told of their own legs. Nobody has a leg where a phone outside or an ear was.
        let unseen = ["call_me_on", "listen", "whisper", "barge", "monitor", "merge", "direct_transfer"];
        let elements = events
            .iter()
            .filter(|event| {
                event["event"].as_str().is_some_and(|name| name.ends_with("call_element_completed"))
            })
            .flat_map(|event| event["payload"]["object"]["call_elements"].as_array().into_iter().flatten())
            .filter(|element| !unseen.iter().any(|event| element["event"] == *event));
        let (mut talk, mut hold) = (0, 0);
        for element in elements {
            talk += element["talk_time"].as_i64().unwrap_or_default();
            hold += element["hold_time"].as_i64().unwrap_or_default();
        }
        assert_eq!((talk, hold), (totals.talk_seconds, totals.hold_seconds));

        for event in events.iter().filter(|event| event["event"] == "phone.voicemail_transcript_completed") {
            let object = &event["payload"]["object"];
            let id = object["id"].as_str().expect("an id");
            assert_eq!(object["transcription"]["content"], crate::records::speech::message(id), "as in REST");
        }

        state.book(|book| {
            let calls: Vec<_> = book.all().iter().collect();
            assert_eq!(calls.len(), count(totals.calls));
            for call in &calls {
                assert!(call.start <= call.end && call.answer.is_none_or(|at| at <= call.end));
                for element in &call.elements {
                    let never_negative =
                        element.start <= element.end && element.wait() >= 0 && element.talk() >= 0;
                    assert!(never_negative, "{element:?}");
                    let owner = (element.told.is_none() && !element.voicemail_id.is_empty())
                        .then_some(&element.callee)
                        .filter(|callee| callee.kind == crate::party::Kind::User);
                    let shelved =
                        |user: &Arc<Party>| book.of_user(&user.id).iter().any(|it| Arc::ptr_eq(it, call));
                    assert!(owner.is_none_or(shelved), "a message that its owner cannot find: {element:?}");
                }
            }
            for (result, number) in &totals.by_result {
                assert_eq!(
                    calls.iter().filter(|call| call.result == *result).count(),
                    count(*number),
                    "{result}"
                );
            }
            for (direction, number) in &totals.by_direction {
                assert_eq!(calls.iter().filter(|call| call.direction == *direction).count(), count(*number));
            }
            for (id, queue) in &totals.queues {
                let passages = calls.iter().flat_map(|call| &call.elements).filter(|element| {
                    element.callee.id == *id
                        && element.node == 1
                        && element.voicemail_id.is_empty()
                        && matches!(element.result, "answered" | "abandoned" | "overflowed")
                });
                let by = |result| passages.clone().filter(|element| element.result == result).count();
                assert_eq!(by("answered"), count(queue.answered), "{}", queue.name);
                assert_eq!(by("abandoned"), count(queue.abandoned), "{}", queue.name);
                assert_eq!(by("overflowed"), count(queue.overflowed + queue.closed), "{}", queue.name);
            }
        });
    }

    #[test]
    fn calls_last_and_are_held_as_long_as_the_company_file_says() {
        let start: Timestamp = "2026-11-23T15:00:00Z".parse().expect("a valid time");
        let always = |seconds| Spread { median: seconds, spread: 0.0 };
        let (hold, talk, ring) = (always(77.0), always(400.0), always(6.0));
        let mut exchange = Exchange::new(7);
        exchange.traffic = Some(Traffic { ring, talk, hold, ..Traffic::default() });
        let state = State::new(exchange, Arrivals::even(7, 0.0));
        let call = state.play(Scenario::Hold, &Params::default(), start).expect("a call");
        let leg = &call.legs[0];
        assert_eq!((leg.rang(), leg.held, leg.talked()), (6, 77, 400 - 77));
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
        let state = State::new(Exchange::new(7), Arrivals::even(7, 0.0));
        let entry = state.play(Scenario::BlindTransfer, &Params::default(), start).expect("a call");
        let (mut now, mut sent) = (start, 0);
        loop {
            let (events, next) = state.advance(now);
            sent += events.len();
            let Some(next) = next else { break };
            assert!(next > now);
            now = next;
        }
        assert_eq!(sent, 10);
        assert_eq!(state.ledger(|ledger| ledger.after(0).count()), 1);
        assert!(state.book(|book| book.call(&entry.call_history_uuid()).is_some()));
    }
}
