//! The sheet on which one call is written down.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::order::{Order, Reply, Wish};
use super::{Due, Happening};
use crate::config::Temper;
use crate::dice::Dice;
use crate::events::{self, Leg, Recording};
use crate::exchange::{Exchange, Floor};
use crate::ledger::{Passage, Transfer, TrueLeg};
use crate::live::{PhoneCall, Press};
use crate::party::{Kind, Party};
use crate::records::{Element, Side};
use crate::world::directory::Directory;

/// One call under way to being planned.
pub(super) struct Script<'a> {
    pub(super) exchange: &'a mut Exchange,
    pub(super) directory: Arc<Directory>,
    pub(super) order: &'a Order,
    /// What is left of what the people of this call mean to do.
    pub(super) wish: Wish,
    pub(super) replay: Option<Replay>,
    pub(super) dice: Dice,
    pub(super) start: Timestamp,
    pub(super) call_id: String,
    pub(super) history: String,
    /// Whom everybody who is rung talks to.
    pub(super) remote: Arc<Party>,
    /// The phone at the other end while one rings or talks, if it is one of the account.
    pub(super) other: Option<Line>,
    /// Phones that joined a conference.
    pub(super) joined: Vec<Line>,
    /// What was dialled first.
    pub(super) callee: Arc<Party>,
    pub(super) forwarded_by: Option<Arc<Party>>,
    pub(super) redirected_by: Option<Arc<Party>>,
    pub(super) group: Option<Arc<Party>>,
    segment: u32,
    /// `_1`, `_2` after direct transfers.
    pub(super) suffix: String,
    pub(super) transferred: u32,
    /// Forwards so far, so that a circle of them ends.
    pub(super) hops: u32,
    /// When the caller hangs up if nobody has answered by then.
    pub(super) gives_up: Option<Timestamp>,
    pub(super) first_answer: Option<Timestamp>,
    pub(super) result: &'static str,
    pub(super) end: Timestamp,
    pub(super) agenda: Vec<(Timestamp, Due)>,
    pub(super) elements: Vec<Element>,
    /// Events about files, sent so long after the record.
    pub(super) files: Vec<(SignedDuration, &'static str, Value)>,
    pub(super) answered_by: Vec<Arc<Party>>,
    pub(super) legs: Vec<TrueLeg>,
    pub(super) passages: Vec<Passage>,
    pub(super) transfers: Vec<Transfer>,
    /// People booked for this call and not yet released.
    booked: Vec<Arc<Party>>,
    /// A phone in a person's hands took part.
    pub(super) attended: bool,
    /// Ids of consultation calls.
    pub(super) consultations: Vec<String>,
}

/// What a call that is planned again must keep to.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    /// Everything before is done and cannot change.
    pub(crate) now: Timestamp,
    /// Who was busy when the call was planned first.
    pub(crate) before: Floor,
    /// What people pressed: when, who, in which call (`call_id`).
    pub(crate) presses: Vec<(Timestamp, String, String, Press)>,
}

impl Replay {
    /// When the caller hung up.
    fn hung_up(&self, caller: &str, call_id: &str) -> Option<Timestamp> {
        let hung_up = |(_, who, call, press): &&(Timestamp, String, String, Press)| {
            who == caller && call == call_id && matches!(press, Press::HangUp)
        };
        self.presses.iter().find(hung_up).map(|&(at, ..)| at)
    }
}

/// One phone in a call, with what its call record will say.
pub(super) struct Line {
    pub(super) leg: Leg,
    pub(super) event: &'static str,
    pub(super) segment: u32,
    pub(super) operator: Arc<Party>,
    pub(super) group: Option<Arc<Party>>,
    /// `call_id` of the element, with its suffix.
    pub(super) element_call_id: String,
    pub(super) held: i64,
    pub(super) held_since: Option<Timestamp>,
    pub(super) muted: bool,
    pub(super) recording: Option<Recording>,
    pub(super) recorded: Option<(Recording, Timestamp)>,
    /// Seconds of rest after the call.
    pub(super) wrap_up: i64,
    /// A second call on a phone that is in this one already.
    pub(super) second: bool,
}

impl<'a> Script<'a> {
    pub(super) fn new(exchange: &'a mut Exchange, order: &'a Order, replay: Option<Replay>) -> Self {
        let mut dice = exchange.dice_of(order.number);
        let call_id = dice.call_id();
        let history = dated_id(&mut dice, order.start);
        let gives_up = replay.as_ref().and_then(|replay| replay.hung_up(&order.caller.id, &call_id));
        Self {
            directory: exchange.directory(),
            exchange,
            wish: order.wish.clone(),
            replay,
            dice,
            start: order.start,
            call_id,
            history,
            remote: order.caller.clone(),
            other: None,
            joined: Vec::new(),
            callee: order.callee.clone(),
            forwarded_by: None,
            redirected_by: None,
            group: None,
            segment: 0,
            suffix: String::new(),
            transferred: 0,
            hops: 0,
            gives_up,
            first_answer: None,
            result: "call_failed",
            end: order.start,
            agenda: Vec::new(),
            elements: Vec::new(),
            files: Vec::new(),
            answered_by: Vec::new(),
            legs: Vec::new(),
            passages: Vec::new(),
            transfers: Vec::new(),
            booked: Vec::new(),
            attended: false,
            consultations: Vec::new(),
            order,
        }
    }

    pub(super) fn field(&self) -> bool {
        self.exchange.temper == Temper::Field
    }

    /// Somebody talks to the caller, who is not about to give up any more: only a press ends the call from now on.
    pub(super) fn content(&mut self) {
        let caller = &self.order.caller.id;
        self.gives_up = self.replay.as_ref().and_then(|replay| replay.hung_up(caller, &self.call_id));
    }

    /// The next step of the call.
    pub(super) fn next_segment(&mut self) -> u32 {
        self.segment += 1;
        self.segment
    }

    // People.

    /// The phone is in somebody's hands.
    pub(super) fn is_attended(&self, person: &Party) -> bool {
        person.kind == Kind::User && self.order.attended.contains(&person.id)
    }

    /// Whether this person may be rung at that time.
    pub(super) fn is_free(&self, person: &Party, at: Timestamp) -> bool {
        self.free_from(person, at) <= at
    }

    /// When this person has no call any more, as it is known at that time.
    pub(super) fn free_from(&self, person: &Party, at: Timestamp) -> Timestamp {
        if self.booked.iter().any(|booked| booked.extension_id == person.extension_id) {
            return Timestamp::MAX;
        }
        let own = self.legs.iter().rev().find(|leg| leg.who.extension_id == person.extension_id);
        if let Some(own) = own {
            return own.ended + SignedDuration::from_secs(2);
        }
        let now = self.exchange.floor.free_from(person);
        match &self.replay {
            // What was decided must be decided again in the same way.
            Some(replay) if at <= replay.now => replay.before.free_from(person),
            _ => now,
        }
    }

    /// The person is busy with this call from now on.
    pub(super) fn book(&mut self, person: &Arc<Party>) {
        if person.kind == Kind::Outside {
            return;
        }
        self.attended |= self.is_attended(person);
        self.booked.push(person.clone());
        // Who left this call long ago may be in another one by now.
        let floor = &mut self.exchange.floor;
        if self.replay.as_ref().is_none_or(|replay| floor.free_from(person) <= replay.now) {
            floor.book(person, self.order.number);
        }
    }

    pub(super) fn release(&mut self, person: &Arc<Party>, at: Timestamp, wrap_up: i64) {
        self.booked.retain(|booked| booked.extension_id != person.extension_id);
        if self.is_attended(person) {
            // Nobody can count on when a person is done.
            let free = Due::Free { who: person.clone(), call: self.order.number, rest: wrap_up };
            self.agenda.push((at, free));
        } else {
            self.exchange.floor.release(person, self.order.number, at, wrap_up);
        }
    }

    /// What this person pressed first in that time, after which they may press again.
    pub(super) fn pressed(
        &mut self,
        line: &Line,
        (after, before): (Timestamp, Timestamp),
        what: impl Fn(&Press) -> bool,
    ) -> Option<(Timestamp, Press)> {
        let presses = &mut self.replay.as_mut()?.presses;
        let nth = presses.iter().position(|(at, who, call, press)| {
            *at > after && *at < before && *who == line.leg.own.id && *call == line.leg.call_id && what(press)
        })?;
        let (at, _, _, press) = presses.remove(nth);
        Some((at, press))
    }

    /// How the person whose phone rings reacts, and when; [`Reply::Ignore`] at the deadline.
    pub(super) fn reply(&mut self, line: &Line, deadline: Timestamp) -> (Timestamp, Reply) {
        let ringing = line.leg.ringing;
        if self.is_attended(&line.leg.own) {
            let taken = |press: &Press| matches!(press, Press::Answer | Press::Decline | Press::ToVoicemail);
            return match self.pressed(line, (ringing, deadline), taken) {
                Some((at, Press::Answer)) => (at, Reply::Answer),
                Some((at, Press::Decline)) => (at, Reply::Reject),
                Some((at, _)) => (at, Reply::ToVoicemail),
                None => (deadline, Reply::Ignore),
            };
        }
        let reply = std::mem::take(&mut self.wish.reply);
        let at = match reply {
            Reply::Ignore => deadline,
            Reply::Reject | Reply::ToVoicemail => ringing + self.seconds(3, 9),
            _ => ringing + self.ring_time(3, 20),
        };
        if at < deadline { (at, reply) } else { (deadline, Reply::Ignore) }
    }

    /// How long the next phone rings, as ordered or by dice.
    pub(super) fn ring_time(&mut self, low: u64, high: u64) -> SignedDuration {
        let drawn = self.seconds(low, high);
        self.wish.ring.take().map_or(drawn, SignedDuration::from_secs)
    }

    // Time.

    /// Somewhere between so many seconds, to the millisecond.
    pub(super) fn seconds(&mut self, low: u64, high: u64) -> SignedDuration {
        let millis = self.dice.between(low * 1000, high * 1000);
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or_default())
    }

    /// A moment, as short as it takes a server to do the next thing: 40 to 400 ms.
    pub(super) fn moment(&mut self) -> SignedDuration {
        let millis = self.dice.between(40, 400);
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or_default())
    }

    // Events.

    /// An event, named without `phone.`.
    pub(super) fn event(&mut self, at: Timestamp, name: &str, object: &Value) {
        let envelope = events::envelope(&self.exchange.account_id, &format!("phone.{name}"), at, object);
        self.agenda.push((at, Due::Happening(Happening::Webhook(envelope))));
    }

    pub(super) fn leg_event(&mut self, at: Timestamp, leg: &Leg, what: &str, mut object: Value) {
        // Rooms and common areas ring without anybody being told.
        if !matches!(leg.own.kind, Kind::User | Kind::CommonArea) {
            return;
        }
        if self.field() {
            object[leg.side.name()]["hardware_device_id"] = json!(leg.own.device_id);
        }
        self.event(at, &format!("{}_{what}", leg.side.name()), &object);
    }

    // Lines.

    /// A phone of the account that rings from `at` on, or the caller's that dials.
    pub(super) fn line(
        &mut self,
        side: Side,
        own: &Arc<Party>,
        far: &Arc<Party>,
        (at, event): (Timestamp, &'static str),
    ) -> Line {
        let by = |party: &Option<Arc<Party>>| party.clone().filter(|_| side == Side::Callee);
        Line {
            leg: Leg {
                call_id: self.call_id.clone(),
                side,
                own: own.clone(),
                far: far.clone(),
                forwarded_by: by(&self.forwarded_by),
                redirected_by: by(&self.redirected_by),
                ringing: at,
                answered: None,
            },
            event,
            segment: 0,
            operator: own.clone(),
            group: None,
            element_call_id: format!("{}{}", self.call_id, self.suffix),
            held: 0,
            held_since: None,
            muted: false,
            recording: None,
            recorded: None,
            wrap_up: 0,
            second: false,
        }
    }

    /// It starts to ring.
    pub(super) fn ring(&mut self, line: &Line) {
        if !line.second {
            self.book(&line.leg.own);
        }
        self.leg_event(line.leg.ringing, &line.leg, "ringing", line.leg.opening());
        self.show(line, line.leg.ringing, "ringing", None);
    }

    /// Somebody takes it. The phone at the other end is connected with it.
    pub(super) fn answer(&mut self, line: &mut Line, at: Timestamp) {
        self.connect(line, at);
        self.person_answers(&line.leg.own.clone(), at);
    }

    /// A person of the account talks from now on.
    pub(super) fn person_answers(&mut self, who: &Arc<Party>, at: Timestamp) {
        self.answered_by.push(who.clone());
        self.first_answer.get_or_insert(at);
        self.connect_other(at);
    }

    /// The phone at the other end hears somebody.
    pub(super) fn connect_other(&mut self, at: Timestamp) {
        if let Some(mut other) = self.other.take() {
            if other.leg.answered.is_none() {
                self.connect(&mut other, at);
            }
            self.other = Some(other);
        }
    }

    pub(super) fn connect(&mut self, line: &mut Line, at: Timestamp) {
        line.leg.answered = Some(at);
        let what = match line.leg.side {
            Side::Caller => "connected",
            Side::Callee => "answered",
        };
        self.leg_event(at, &line.leg, what, line.leg.opening());
        self.show(line, at, "connected", None);
    }

    /// It stops ringing: `No Answer`, `Busy`, `Call Cancel`, `Voicemail`, or `Rejected`. The element is for the
    /// caller to keep, because more may be known of it later.
    pub(super) fn unanswered(
        &mut self,
        line: &Line,
        at: Timestamp,
        handup: &str,
        result: &'static str,
    ) -> Element {
        let what = if handup == "Rejected" { "rejected" } else { "missed" };
        self.leg_event(at, &line.leg, what, line.leg.closing(at, Some(handup)));
        self.close(line, at, result)
    }

    /// It hangs up; only the caller's side says how.
    pub(super) fn hang_up(&mut self, mut line: Line, at: Timestamp, handup: &str, result: &'static str) {
        if let Some(since) = line.held_since.take() {
            line.held += at.as_second() - since.as_second();
        }
        self.stop_recording(&mut line, at);
        let handup = (line.leg.side == Side::Caller).then_some(handup);
        self.leg_event(at, &line.leg, "ended", line.leg.closing(at, handup));
        let mut element = self.close(&line, at, result);
        element.hold = line.held;
        self.keep_recording(&line, &mut element);
        if self.suffix.is_empty() {
            self.elements.push(element);
        } else {
            self.keep_mirrored(element);
        }
    }

    /// The phone is out of the call.
    fn close(&mut self, line: &Line, at: Timestamp, result: &'static str) -> Element {
        self.show(line, at, "ended", Some(result));
        self.legs.push(TrueLeg {
            who: line.leg.own.clone(),
            side: line.leg.side,
            consultation: line.leg.call_id != self.call_id,
            ringing: line.leg.ringing,
            answered: line.leg.answered,
            ended: at,
            outcome: result,
            held: line.held,
        });
        if !line.second {
            // Only who has taken a call rests after it.
            let rest = if line.leg.answered.is_some() { line.wrap_up } else { 0 };
            self.release(&line.leg.own, at, rest);
        }
        self.end = self.end.max(at);
        self.line_element(line, result, at)
    }

    /// Tells whoever holds the phone.
    pub(super) fn show(
        &mut self,
        line: &Line,
        at: Timestamp,
        state: &'static str,
        result: Option<&'static str>,
    ) {
        if !self.is_attended(&line.leg.own) {
            return;
        }
        let Leg { own, far, .. } = &line.leg;
        let call = PhoneCall {
            call_id: line.leg.call_id.clone(),
            direction: match line.leg.side {
                Side::Caller => "outbound",
                Side::Callee => "inbound",
            },
            number: far.number.clone().unwrap_or_else(|| far.extension_text()),
            name: far.name.clone().unwrap_or_default(),
            own_number: own.number.clone().unwrap_or_default(),
            own_name: own.name.clone().unwrap_or_default(),
            own_extension: own.extension_text(),
            other_extension: far.extension_number.map(|number| number.to_string()),
            other_type: far.kind.in_events(),
            state,
            result,
            ringing_at: line.leg.ringing,
            answered_at: line.leg.answered,
            ended_at: (state == "ended").then_some(at),
            recording: line.recording.is_some(),
            muted: line.muted,
            forwarded_by: line.leg.forwarded_by.as_ref().and_then(|by| by.name.clone()),
        };
        self.agenda.push((at, Due::Phone { user: own.id.clone(), call: Box::new(call) }));
    }

    // Records.

    /// An element with the line's parties and times; the line's own user is told and is the operator.
    pub(super) fn line_element(&mut self, line: &Line, result: &'static str, end: Timestamp) -> Element {
        let leg = &line.leg;
        let (direction, caller, callee) = match leg.side {
            Side::Caller => ("outbound", &leg.own, &leg.far),
            Side::Callee => ("inbound", &leg.far, &leg.own),
        };
        Element {
            call_id: line.element_call_id.clone(),
            direction,
            operator: line.operator.clone(),
            group_id: line.group.as_ref().map(|group| group.id.clone()).unwrap_or_default(),
            answer: leg.answered,
            segment: line.segment,
            told: (leg.own.kind == Kind::User).then(|| (leg.side, leg.own.clone())),
            ..self.element(line.event, result, (caller, callee), (leg.ringing, end))
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
            id: dated_id(&mut self.dice, self.start),
            call_id: format!("{}{}", self.call_id, self.suffix),
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
            segment: self.segment,
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

    /// Keeps an element, in life after a secondary row of it that nobody is told of.
    pub(super) fn keep_mirrored(&mut self, element: Element) {
        if self.field() {
            let id = dated_id(&mut self.dice, self.start);
            self.elements.push(Element { id, node: 0, told: None, ..element.clone() });
        }
        self.elements.push(element);
    }

    /// Everything is over: whoever is still there hangs up.
    pub(super) fn over(&mut self, at: Timestamp, handup: &str, result: &'static str) {
        self.result = result;
        self.end = self.end.max(at);
        let others: Vec<_> = self.other.take().into_iter().chain(std::mem::take(&mut self.joined)).collect();
        for line in others {
            let result = match (line.leg.answered, line.leg.side) {
                (Some(_), Side::Caller) => "connected",
                (Some(_), Side::Callee) => "answered",
                (None, _) => result,
            };
            self.hang_up(line, at, handup, result);
        }
    }
}

/// The form of record and element ids: the day, then a random UUID.
pub(super) fn dated_id(dice: &mut Dice, day: Timestamp) -> String {
    format!("{}-{}", day.strftime("%Y%m%d"), dice.uuid())
}
