//! Calls between two people: in, out and inside.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Planned;
use super::queue;
use super::script::{Outcome, Script};
use crate::company::Party;
use crate::events::{self, Leg, Recording};
use crate::records::Side;

/// What a conversation has besides talk.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Talk {
    pub(super) held: bool,
    pub(super) recorded: bool,
}

/// Somebody outside calls a user, who answers.
pub(super) fn inbound(mut script: Script<'_>, talk: Talk) -> Vec<Planned> {
    let Some(leg) = ring_a_user(&mut script) else { return queue::abandoned(script) };
    converse(script, leg, talk)
}

/// A user calls somebody outside, who answers.
pub(super) fn outbound(mut script: Script<'_>, talk: Talk) -> Vec<Planned> {
    let Some(leg) = dial_outside(&mut script) else { return queue::abandoned(script) };
    converse(script, leg, talk)
}

/// Hold is done by the called user in two of three cases, else by the calling one.
pub(super) fn hold(script: Script<'_>) -> Vec<Planned> {
    let talk = Talk { held: true, recorded: false };
    if script.company.dice.chance(66) { inbound(script, talk) } else { outbound(script, talk) }
}

/// Nobody answers, or the caller gives up first.
pub(super) fn missed(mut script: Script<'_>) -> Vec<Planned> {
    let Some(leg) = ring_a_user(&mut script) else { return queue::abandoned(script) };
    let (handup, result, ringing) = if script.company.dice.chance(30) {
        ("Call Cancel", "canceled", script.seconds(3, 12))
    } else {
        ("No Answer", "no_answer", script.seconds(15, 20))
    };
    let end = script.start + ringing;
    script.miss(&leg, end, handup);
    unanswered(script, &leg, result, end)
}

/// The user declines.
pub(super) fn rejected(mut script: Script<'_>) -> Vec<Planned> {
    let Some(leg) = ring_a_user(&mut script) else { return queue::abandoned(script) };
    let end = script.start + script.seconds(3, 9);
    script.reject(&leg, end);
    unanswered(script, &leg, "rejected", end)
}

/// The caller gives up while it rings.
pub(super) fn cancelled(mut script: Script<'_>) -> Vec<Planned> {
    let Some(leg) = dial_outside(&mut script) else { return queue::abandoned(script) };
    let end = script.start + script.seconds(5, 20);
    script.end(&leg, end, "Call Cancel");
    unanswered(script, &leg, "canceled", end)
}

/// Nobody answers and the caller leaves a message.
pub(super) fn voicemail(mut script: Script<'_>) -> Vec<Planned> {
    let Some(leg) = ring_a_user(&mut script) else { return queue::abandoned(script) };
    let missed = script.start + script.seconds(15, 20);
    script.miss(&leg, missed, "No Answer");
    let end = missed + script.seconds(8, 40);
    let mut element = script.leg_element(&leg, "incoming", "voicemail", end);
    element.voicemail_id = script.company.dice.hex_id();
    element.file_start = Some(missed);
    element.transcript_ready = Some(end + SignedDuration::from_mins(1));
    let received = end + script.seconds(1, 4);
    let message = events::voicemail(
        &element.voicemail_id,
        &leg,
        (missed, end.as_second() - missed.as_second()),
        &script.company.links,
        (&script.history, &element.id),
    );
    script.event(received, "voicemail_received", &message);
    script.record(element);
    script.finish(outcome(&leg, "voicemail", None, end))
}

/// One user calls another: both sides of the same call send events.
pub(super) fn internal(mut script: Script<'_>) -> Vec<Planned> {
    let Some(users) = script.book(2, &[]) else { return queue::abandoned(script) };
    let (from, to) = (script.user(users[0]), script.user(users[1]));
    let mut dialling = leg(&script, Side::Caller, &from, &to);
    let mut called = leg(&script, Side::Callee, &to, &from);
    called.ringing += script.moment();
    script.ring(&dialling);
    script.ring(&called);
    let answer = script.start + script.seconds(3, 20);
    script.answer(&mut called, answer);
    script.answer(&mut dialling, answer);
    script.talks(&to);
    let end = answer + script.seconds(15, 120);
    script.end(&dialling, end, "Call connected");
    script.end(&called, end, "Call connected");
    let outgoing = script.leg_element(&dialling, "outgoing", "connected", end);
    script.record(outgoing);
    let mut incoming = script.leg_element(&called, "incoming", "answered", end);
    incoming.segment = 2;
    script.record(incoming);
    script.finish(outcome(&dialling, "connected", Some(answer), end))
}

/// A free user's phone rings with a call from outside.
pub(super) fn ring_a_user(script: &mut Script<'_>) -> Option<Leg> {
    let user = script.book(1, &[])?[0];
    let (user, caller) = (script.user(user), script.outsider(false));
    let leg = leg(script, Side::Callee, &user, &caller);
    script.ring(&leg);
    Some(leg)
}

fn dial_outside(script: &mut Script<'_>) -> Option<Leg> {
    let user = script.book(1, &[])?[0];
    let (user, callee) = (script.user(user), script.outsider(true));
    let leg = leg(script, Side::Caller, &user, &callee);
    script.ring(&leg);
    Some(leg)
}

/// A leg of this call, ringing from its start.
pub(super) fn leg(script: &Script<'_>, side: Side, own: &Arc<Party>, far: &Arc<Party>) -> Leg {
    Leg {
        call_id: script.call_id.clone(),
        side,
        own: own.clone(),
        far: far.clone(),
        forwarded_by: None,
        redirected_by: None,
        ringing: script.start,
        answered: None,
    }
}

/// The ringing leg is answered, talks and ends.
fn converse(mut script: Script<'_>, mut leg: Leg, talk: Talk) -> Vec<Planned> {
    let answer = script.start + script.seconds(3, 20);
    script.answer(&mut leg, answer);
    script.talks(&leg.own);
    let recording = talk.recorded.then(|| Recording {
        id: script.company.dice.hex_id(),
        channel_id: script.company.dice.hex_id(),
        sip_id: script.company.dice.uuid(),
        started: answer + script.moment(),
    });
    if let Some(recording) = &recording {
        script.event(recording.started, "recording_started", &recording.control(&leg, recording.started));
    }
    let mut end = answer + script.seconds(15, 120);
    let mut hold = 0;
    if talk.held {
        let (from, length) = (answer + script.seconds(4, 15), script.seconds(5, 20));
        let until = from + length;
        script.hold(&leg, from);
        script.unhold(&leg, until);
        hold = until.as_second() - from.as_second();
        end = end.max(until + script.seconds(4, 60));
    }
    if let Some(recording) = &recording {
        script.event(end, "recording_stopped", &recording.control(&leg, end));
    }
    script.end(&leg, end, "Call connected");
    let (event, result) = match leg.side {
        Side::Caller => ("outgoing", "connected"),
        Side::Callee => ("incoming", "answered"),
    };
    let mut element = script.leg_element(&leg, event, result, end);
    element.hold = hold;
    if let Some(recording) = &recording {
        element.recording_id.clone_from(&recording.id);
        element.file_start = Some(recording.started);
        element.transcript_ready = Some(end + SignedDuration::from_mins(2));
        let links = &script.company.links;
        let ids = (script.history.as_str(), element.id.as_str());
        let file = recording.completed(&leg, end, links, ids, &script.company.site.1);
        script.file_event("recording_completed", file);
    }
    script.record(element);
    script.finish(outcome(&leg, result, Some(answer), end))
}

fn unanswered(mut script: Script<'_>, leg: &Leg, result: &'static str, end: Timestamp) -> Vec<Planned> {
    let event = match leg.side {
        Side::Caller => "outgoing",
        Side::Callee => "incoming",
    };
    let element = script.leg_element(leg, event, result, end);
    script.record(element);
    script.finish(outcome(leg, result, None, end))
}

fn outcome(leg: &Leg, result: &'static str, answer: Option<Timestamp>, end: Timestamp) -> Outcome {
    let (direction, caller, callee) = match leg.side {
        Side::Caller => ("outbound", &leg.own, &leg.far),
        Side::Callee => ("inbound", &leg.far, &leg.own),
    };
    let (caller, callee) = (caller.clone(), callee.clone());
    Outcome { direction, result, caller, callee, group_id: String::new(), answer, end }
}
