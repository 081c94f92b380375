//! The sheet on which one call is written down.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Happening, Planned, Scenario};
use crate::clock::text;
use crate::company::{Company, Party};
use crate::events::{self, Leg};
use crate::records::{CallRecord, Element, LedgerEntry, Side, completion_events};

/// Seconds between two calls of one user.
const BREATH: i64 = 2;

/// One call under way to being planned.
pub(super) struct Script<'a> {
    pub(super) company: &'a mut Company,
    pub(super) start: Timestamp,
    pub(super) call_id: String,
    pub(super) history: String,
    scenario: Scenario,
    plan: Vec<Planned>,
    elements: Vec<Element>,
    /// Events about files, which come after the record.
    files: Vec<(&'static str, Value)>,
    /// Users booked for this call and not yet released.
    booked: Vec<usize>,
    outsider: Option<usize>,
    answered_by: Vec<Arc<Party>>,
}

/// What the record says of the call as a whole.
pub(super) struct Outcome {
    pub(super) direction: &'static str,
    pub(super) result: &'static str,
    pub(super) caller: Arc<Party>,
    pub(super) callee: Arc<Party>,
    pub(super) group_id: String,
    pub(super) answer: Option<Timestamp>,
    pub(super) end: Timestamp,
}

impl<'a> Script<'a> {
    pub(super) fn new(company: &'a mut Company, scenario: Scenario, start: Timestamp) -> Self {
        let call_id = company.dice.call_id();
        let history = dated_id(company, start);
        Self {
            company,
            start,
            call_id,
            history,
            scenario,
            plan: Vec::new(),
            elements: Vec::new(),
            files: Vec::new(),
            booked: Vec::new(),
            outsider: None,
            answered_by: Vec::new(),
        }
    }

    /// This call became another one, because nobody was free.
    pub(super) fn turns_into(&mut self, scenario: Scenario) {
        self.scenario = scenario;
    }

    // People.

    /// Books `count` users who are free now, or none at all when there are too few.
    pub(super) fn book(&mut self, count: usize, except: &[usize]) -> Option<Vec<usize>> {
        let mut free = self.company.free_users(self.start);
        free.retain(|user| !except.contains(user));
        if free.len() < count {
            return None;
        }
        let mut chosen = Vec::new();
        for _ in 0..count {
            let nth = self.company.dice.index(free.len());
            chosen.push(free.swap_remove(nth));
        }
        self.book_all(&chosen);
        Some(chosen)
    }

    /// Books those of `users` who are free at that time of the call.
    pub(super) fn book_free(&mut self, users: &[usize], at: Timestamp) -> Vec<usize> {
        let free = self.company.free_users(at);
        let chosen: Vec<_> = users.iter().copied().filter(|user| free.contains(user)).collect();
        self.book_all(&chosen);
        chosen
    }

    fn book_all(&mut self, users: &[usize]) {
        for &user in users {
            self.company.occupy(user, Timestamp::MAX);
            self.booked.push(user);
        }
    }

    /// The user has nothing to do with this call after `at`.
    pub(super) fn release(&mut self, user: usize, at: Timestamp) {
        self.company.occupy(user, at + SignedDuration::from_secs(BREATH));
        self.booked.retain(|&booked| booked != user);
    }

    pub(super) fn user(&self, user: usize) -> Arc<Party> {
        self.company.users[user].clone()
    }

    /// The one outside party of this call.
    pub(super) fn outsider(&mut self, needs_number: bool) -> Arc<Party> {
        let (nth, party) = self.company.take_outsider(self.start, needs_number);
        self.outsider = Some(nth);
        party
    }

    // Time.

    /// Somewhere between so many seconds, to the millisecond.
    pub(super) fn seconds(&mut self, low: u64, high: u64) -> SignedDuration {
        let millis = self.company.dice.between(low * 1000, high * 1000);
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or_default())
    }

    /// A moment, as short as it takes a server to do the next thing: 40 to 400 ms.
    pub(super) fn moment(&mut self) -> SignedDuration {
        let millis = self.company.dice.between(40, 400);
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or_default())
    }

    // Events.

    /// An event, named without `phone.`.
    pub(super) fn event(&mut self, at: Timestamp, name: &str, object: &Value) {
        let envelope = events::envelope(&self.company.account_id, &format!("phone.{name}"), at, object);
        self.plan.push(Planned { at, what: Happening::Webhook(envelope) });
    }

    fn leg_event(&mut self, at: Timestamp, leg: &Leg, what: &str, object: &Value) {
        self.event(at, &format!("{}_{what}", leg.side.name()), object);
    }

    /// A leg that starts to ring now.
    pub(super) fn ring(&mut self, leg: &Leg) {
        self.leg_event(leg.ringing, leg, "ringing", &leg.opening());
    }

    /// The leg is answered.
    pub(super) fn answer(&mut self, leg: &mut Leg, at: Timestamp) {
        leg.answered = Some(at);
        let what = match leg.side {
            Side::Caller => "connected",
            Side::Callee => "answered",
        };
        self.leg_event(at, leg, what, &leg.opening());
    }

    /// A called user did not answer: `No Answer`, `Busy` or `Call Cancel`.
    pub(super) fn miss(&mut self, leg: &Leg, at: Timestamp, handup_result: &str) {
        self.leg_event(at, leg, "missed", &leg.closing(at, Some(handup_result)));
    }

    /// A called user declined.
    pub(super) fn reject(&mut self, leg: &Leg, at: Timestamp) {
        self.leg_event(at, leg, "rejected", &leg.closing(at, Some("Rejected")));
    }

    /// The leg is over; only the caller's side says how.
    pub(super) fn end(&mut self, leg: &Leg, at: Timestamp, handup_result: &str) {
        let result = (leg.side == Side::Caller).then_some(handup_result);
        self.leg_event(at, leg, "ended", &leg.closing(at, result));
    }

    /// The leg's user puts the other end on hold.
    pub(super) fn hold(&mut self, leg: &Leg, at: Timestamp) {
        self.leg_event(at, leg, "hold", &leg.moment(at));
    }

    /// And takes it back.
    pub(super) fn unhold(&mut self, leg: &Leg, at: Timestamp) {
        self.leg_event(at, leg, "unhold", &leg.moment(at));
    }

    /// A user talks from now on.
    pub(super) fn talks(&mut self, user: &Arc<Party>) {
        self.answered_by.push(user.clone());
    }

    /// An event about a file, sent some time after the record.
    pub(super) fn file_event(&mut self, name: &'static str, object: Value) {
        self.files.push((name, object));
    }

    // Records.

    /// An element with the leg's parties and times; the leg's own user is told and is the operator.
    pub(super) fn leg_element(
        &mut self,
        leg: &Leg,
        event: &'static str,
        result: &'static str,
        end: Timestamp,
    ) -> Element {
        let (direction, caller, callee) = match leg.side {
            Side::Caller => ("outbound", &leg.own, &leg.far),
            Side::Callee => ("inbound", &leg.far, &leg.own),
        };
        Element {
            direction,
            operator: leg.own.clone(),
            answer: leg.answered,
            told: Some((leg.side, leg.own.clone())),
            ..self.element(event, result, (caller, callee), (leg.ringing, end))
        }
    }

    /// An inbound element that nobody is told of, operated by the callee.
    pub(super) fn element(
        &mut self,
        event: &'static str,
        result: &'static str,
        (caller, callee): (&Arc<Party>, &Arc<Party>),
        (start, end): (Timestamp, Timestamp),
    ) -> Element {
        Element {
            id: dated_id(self.company, self.start),
            call_id: self.call_id.clone(),
            direction: "inbound",
            event,
            result,
            reason: "",
            caller: caller.clone(),
            callee: callee.clone(),
            operator: callee.clone(),
            group_id: String::new(),
            start,
            answer: None,
            end,
            hold: 0,
            segment: 1,
            node: 1,
            press_key: "",
            recording_id: String::new(),
            recorded_ad_hoc: false,
            voicemail_id: String::new(),
            file_start: None,
            transcript_ready: None,
            summary_id: String::new(),
            told: None,
        }
    }

    /// Writes an element into the record.
    pub(super) fn record(&mut self, element: Element) {
        self.elements.push(element);
    }

    /// Ends the call: frees everybody, and plans the truth, the record and what follows it.
    pub(super) fn finish(mut self, outcome: Outcome) -> Vec<Planned> {
        for user in std::mem::take(&mut self.booked) {
            self.release(user, outcome.end);
        }
        if let Some(nth) = self.outsider {
            self.company.let_go(nth, outcome.end);
        }
        let record = CallRecord {
            call_history_uuid: self.history.clone(),
            call_id: self.call_id.clone(),
            direction: outcome.direction,
            result: outcome.result,
            caller: outcome.caller,
            callee: outcome.callee,
            group_id: outcome.group_id,
            start: self.start,
            answer: outcome.answer,
            end: outcome.end,
            recorded: self.elements.iter().any(|element| !element.recording_id.is_empty()),
            international: false,
            emergency: false,
            spam: "",
            site: self.company.site.clone(),
            arrival: 0,
            elements: std::mem::take(&mut self.elements),
        };
        let truth = Happening::Finished(Box::new(self.ledger_entry(&record)));
        self.plan.push(Planned { at: outcome.end, what: truth });

        let ready = outcome.end + self.seconds(5, 60);
        let told = completion_events(&record, self.company.temper, self.company.older_records);
        self.plan.push(Planned { at: ready, what: Happening::Record(Box::new(record)) });
        let mut at = ready;
        for (name, object) in told {
            // The older versions come with the newest.
            if name.ends_with("call_element_completed") {
                at = ready + self.moment();
            }
            self.event(at, &name, &object);
        }
        for (name, object) in std::mem::take(&mut self.files) {
            let at = ready + self.seconds(5, 60);
            self.event(at, name, &object);
        }
        self.plan.sort_by_key(|planned| planned.at);
        self.plan
    }

    fn ledger_entry(&self, record: &CallRecord) -> LedgerEntry {
        let mut call_ids = vec![self.call_id.clone()];
        for element in &record.elements {
            if !call_ids.contains(&element.call_id) {
                call_ids.push(element.call_id.clone());
            }
        }
        let queue = self.company.queues.iter().find(|queue| queue.party.id == record.group_id);
        LedgerEntry {
            scenario: self.scenario,
            call_id: self.call_id.clone(),
            call_ids,
            call_history_uuid: self.history.clone(),
            call_element_ids: record.elements.iter().map(|element| element.id.clone()).collect(),
            direction: record.direction,
            caller: (&*record.caller).into(),
            callee: (&*record.callee).into(),
            queue: queue.map(|queue| (&*queue.party).into()),
            answered_by: self.answered_by.iter().map(|user| (&**user).into()).collect(),
            start_time: text(record.start),
            answer_time: record.answer.map(text),
            end_time: text(record.end),
            result: record.result,
            recorded: record.recorded,
            voicemail: record.has_voicemail(),
        }
    }
}

/// The form of record and element ids: the day, then a random UUID.
fn dated_id(company: &mut Company, day: Timestamp) -> String {
    format!("{}-{}", day.strftime("%Y%m%d"), company.dice.uuid())
}
