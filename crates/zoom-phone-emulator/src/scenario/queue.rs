//! Calls to a queue: all free members ring at once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::script::{Outcome, Script};
use super::{Planned, Scenario, direct};
use crate::company::{Party, Queue};
use crate::events::{self, Leg};
use crate::records::{Element, Side};

/// How long a caller waits for the first member to be free.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// A caller in a queue.
struct Waiting {
    caller: Arc<Party>,
    queue: Queue,
    /// The receptionist whose menu led here.
    receptionist: Option<Arc<Party>>,
    /// When the queue got the call.
    since: Timestamp,
    /// What the caller dialled.
    dialled: Arc<Party>,
    /// Segment of the queue's element.
    segment: u32,
    /// Members who ring, with the index of each.
    legs: Vec<(usize, Leg)>,
}

/// One member answers; the others see a missed call, and their element says who took it.
pub(super) fn answered(mut script: Script<'_>) -> Vec<Planned> {
    let mut waiting = enter(&mut script, PATIENCE);
    if waiting.legs.is_empty() {
        return leave(script, &waiting);
    }
    let winner = script.company.dice.index(waiting.legs.len());
    let (_, mut leg) = waiting.legs.swap_remove(winner);
    let answer = leg.ringing + script.seconds(3, 20);
    script.answer(&mut leg, answer);
    script.talks(&leg.own);
    for (user, loser) in &waiting.legs {
        let at = answer + script.moment();
        script.miss(loser, at, "Call Cancel");
        script.release(*user, at);
    }
    let end = answer + script.seconds(15, 120);
    script.end(&leg, end, "Call connected");

    record_queue(&mut script, &waiting, "answered", (Some(answer), end));
    let element = member_element(&mut script, &waiting, &leg, "answered", end);
    script.record(element);
    for (_, loser) in &waiting.legs {
        let mut element = member_element(&mut script, &waiting, loser, "no_answer", answer);
        element.reason = "answered_by_other";
        element.node = 0;
        script.record(element);
    }
    script.finish(waiting.outcome("answered", Some(answer), end))
}

/// The caller gives up. Also what becomes of a call for which nobody is free.
pub(super) fn abandoned(mut script: Script<'_>) -> Vec<Planned> {
    let waiting = enter(&mut script, SignedDuration::ZERO);
    leave(script, &waiting)
}

fn leave(mut script: Script<'_>, waiting: &Waiting) -> Vec<Planned> {
    script.turns_into(Scenario::QueueAbandoned);
    let end =
        waiting.since + if waiting.legs.is_empty() { script.seconds(15, 60) } else { script.seconds(5, 20) };
    for (_, leg) in &waiting.legs {
        script.miss(leg, end, "Call Cancel");
    }
    record_queue(&mut script, waiting, "abandoned", (None, end));
    for (_, leg) in &waiting.legs {
        let element = member_element(&mut script, waiting, leg, "canceled", end);
        script.record(element);
    }
    script.finish(waiting.outcome("abandoned", None, end))
}

/// No member answers in time. Somebody outside the queue takes the call; failing that, its mailbox.
pub(super) fn overflow(mut script: Script<'_>) -> Vec<Planned> {
    let waiting = enter(&mut script, SignedDuration::ZERO);
    let helper = if script.company.dice.chance(70) {
        script.book(1, &waiting.queue.members).map(|users| users[0])
    } else {
        None
    };
    let full = waiting.since + script.seconds(15, 20);
    for (user, leg) in &waiting.legs {
        script.miss(leg, full, "No Answer");
        script.release(*user, full);
    }
    record_queue(&mut script, &waiting, "overflowed", (None, full));
    for (_, leg) in &waiting.legs {
        let element = member_element(&mut script, &waiting, leg, "ring_timeout", full);
        script.record(element);
    }
    match helper {
        Some(user) => overflow_to_user(script, &waiting, user, full),
        None => overflow_to_mailbox(script, &waiting, full),
    }
}

fn overflow_to_user(mut script: Script<'_>, waiting: &Waiting, user: usize, full: Timestamp) -> Vec<Planned> {
    let user = script.user(user);
    let ringing = full + script.moment();
    let mut leg = waiting.leg(&script, &user, ringing);
    script.ring(&leg);
    let answer = leg.ringing + script.seconds(3, 20);
    script.answer(&mut leg, answer);
    script.talks(&user);
    let end = answer + script.seconds(15, 120);
    script.end(&leg, end, "Call connected");
    let mut element = script.leg_element(&leg, "overflow", "answered", end);
    element.group_id.clone_from(&waiting.queue.party.id);
    element.segment = waiting.segment + 2;
    script.record(element);
    script.finish(waiting.outcome("answered", Some(answer), end))
}

fn overflow_to_mailbox(mut script: Script<'_>, waiting: &Waiting, full: Timestamp) -> Vec<Planned> {
    let end = full + script.seconds(8, 40);
    let queue = &waiting.queue.party;
    let mut element = script.element("overflow", "voicemail", (&waiting.caller, queue), (full, end));
    element.group_id.clone_from(&queue.id);
    element.segment = waiting.segment + 2;
    element.voicemail_id = script.company.dice.hex_id();
    let mailbox = direct::leg(&script, Side::Callee, queue, &waiting.caller);
    let received = end + script.seconds(1, 4);
    let message = events::voicemail(
        &element.voicemail_id,
        &mailbox,
        (full, end.as_second() - full.as_second()),
        &script.company.links,
        (&script.history, &element.id),
    );
    script.event(received, "voicemail_received", &message);
    script.record(element);
    script.finish(waiting.outcome("voicemail", None, end))
}

/// A call reaches a queue, in two of five cases through the receptionist's menu, and rings every
/// free member; when all are busy, those who are free first, if that is soon enough. While the menu
/// talks or the caller waits nobody is told anything.
fn enter(script: &mut Script<'_>, patience: SignedDuration) -> Waiting {
    let caller = script.outsider(false);
    let nth = script.company.dice.index(script.company.queues.len());
    let queue = script.company.queues[nth].clone();
    let mut waiting = Waiting {
        caller,
        dialled: queue.party.clone(),
        queue,
        receptionist: None,
        since: script.start,
        segment: 1,
        legs: Vec::new(),
    };
    if script.company.dice.chance(40) {
        let receptionist = script.company.receptionist.clone();
        waiting.since = script.start + script.seconds(4, 12);
        waiting.segment = 2;
        let times = (script.start, waiting.since);
        let mut menu = script.element("incoming", "answered", (&waiting.caller, &receptionist), times);
        menu.answer = Some(script.start);
        script.record(menu);
        let mut key = script.element(
            "forward",
            "succeeded",
            (&waiting.caller, &waiting.queue.party),
            (waiting.since, waiting.since),
        );
        key.operator = receptionist.clone();
        key.press_key = ["1", "2", "3"][nth % 3];
        (key.segment, key.node) = (2, 0);
        script.record(key);
        waiting.dialled = receptionist.clone();
        waiting.receptionist = Some(receptionist);
    }
    let mut ringing = waiting.since + script.seconds(1, 3);
    if let Some(free) = script.company.first_free(&waiting.queue.members)
        && free <= waiting.since + patience
    {
        ringing = ringing.max(free);
    }
    for user in script.book_free(&waiting.queue.members, ringing) {
        let leg = waiting.leg(script, &script.user(user), ringing);
        script.ring(&leg);
        waiting.legs.push((user, leg));
    }
    waiting
}

impl Waiting {
    fn leg(&self, script: &Script<'_>, user: &Arc<Party>, ringing: Timestamp) -> Leg {
        Leg {
            ringing,
            forwarded_by: Some(self.queue.party.clone()),
            redirected_by: self.receptionist.clone(),
            ..direct::leg(script, Side::Callee, user, &self.caller)
        }
    }

    fn outcome(&self, result: &'static str, answer: Option<Timestamp>, end: Timestamp) -> Outcome {
        Outcome {
            direction: "inbound",
            result,
            caller: self.caller.clone(),
            callee: self.dialled.clone(),
            group_id: self.queue.party.id.clone(),
            answer,
            end,
        }
    }
}

/// The queue's own element; no user is told of it.
fn record_queue(
    script: &mut Script<'_>,
    waiting: &Waiting,
    result: &'static str,
    (answer, end): (Option<Timestamp>, Timestamp),
) {
    let event = if waiting.receptionist.is_some() { "forward" } else { "incoming" };
    let parties = (&waiting.caller, &waiting.queue.party);
    let mut element = script.element(event, result, parties, (waiting.since, end));
    element.answer = answer;
    element.group_id.clone_from(&waiting.queue.party.id);
    element.segment = waiting.segment;
    script.record(element);
}

/// A rung member's element, operated by the queue.
fn member_element(
    script: &mut Script<'_>,
    waiting: &Waiting,
    leg: &Leg,
    result: &'static str,
    end: Timestamp,
) -> Element {
    let mut element = script.leg_element(leg, "ring_to_member", result, end);
    element.operator = waiting.queue.party.clone();
    element.group_id.clone_from(&waiting.queue.party.id);
    element.segment = waiting.segment + 1;
    element
}
