//! Calls that one user passes on to another.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::order::{Deed, number_outside};
use super::script::{Line, Script};
use crate::events;
use crate::live::Press;
use crate::party::{Kind, Party};
use crate::records::Side;

/// How a consultation ended.
pub(super) enum Consulted {
    /// The colleague's phone (none when that is outside) has the call; the user is out of it.
    HandedOver(Option<Box<Line>>, Timestamp),
    /// The user talks to the caller again.
    Back(Timestamp),
}

/// Seconds that a colleague's phone rings at most.
const ASKED_RINGS: i64 = 30;

impl Script<'_> {
    /// Whom a call can be passed on to: as named, else any free colleague.
    pub(super) fn transfer_target(
        &mut self,
        near: &Line,
        named: Option<&str>,
        at: Timestamp,
    ) -> Option<Arc<Party>> {
        let Some(named) = named else { return self.colleague(at) };
        let found = self.directory.find(named).cloned();
        let found =
            found.or_else(|| number_outside(named).ok().filter(|_| named.starts_with('+')).map(Arc::new));
        found.filter(|party| party.id.is_empty() || party.id != near.leg.own.id)
    }

    pub(super) fn transfer_fails(&mut self, near: &Line, to: &str, warm: bool, at: Timestamp) {
        let nobody = Party { number: Some(to.to_owned()), ..Party::default() };
        let mut object = events::transfer(&near.leg.call_id, &near.leg.own, &nobody, None, at);
        object["failure_reason"] = json!("The transfer target cannot be reached.");
        let name = if warm { "warm_transfer_initiated" } else { "blind_transfer_initiated" };
        self.event(at, name, &object);
    }

    /// A user sends the far end to somebody else without asking.
    ///
    /// The events of the next leg carry the call's own `call_id`; the elements of the direct transfer carry it with
    /// `_1`, and in life each comes with a mirrored secondary row.
    pub(super) fn blind(&mut self, near: Line, target: &Arc<Party>, at: Timestamp) -> Timestamp {
        let first = near.leg.own.clone();
        let call_id = near.leg.call_id.clone();
        self.event(at, "blind_transfer_initiated", &events::transfer(&call_id, &first, target, None, at));
        self.pass_on(&first, target, "blind", at);
        let left = at + self.moment();
        let (side, result) =
            (near.leg.side, if near.leg.side == Side::Caller { "connected" } else { "answered" });
        self.hang_up(near, left, "Call connected", result);
        let updated = left + self.moment();
        self.event(
            updated,
            "transfer_recipient_updated",
            &events::recipient(&call_id, &first, target, updated),
        );
        self.transferred += 1;
        self.suffix = format!("_{}", self.transferred);
        let segment = self.next_segment();
        let remote = self.remote.clone();
        let mut element = self.element("direct_transfer", "connected", (&remote, target), (at, updated));
        (element.segment, element.operator) = (segment, first.clone());
        element.told = Some((side, first));
        self.keep_mirrored(element);
        (self.forwarded_by, self.redirected_by, self.group) = (None, None, None);
        let ringing = updated + self.moment();
        if target.kind == Kind::Outside {
            self.leave_for(target.number.as_deref(), ringing, "outgoing");
        } else {
            self.reach(target, ringing, "incoming");
        }
        left
    }

    /// A user holds the far end and asks somebody in a consultation call with a `call_id` of its own.
    pub(super) fn consult(
        &mut self,
        near: &mut Line,
        target: &Arc<Party>,
        (at, limit): (Timestamp, Timestamp),
        by_hand: bool,
    ) -> Consulted {
        self.deed(near, &Deed::Hold, at);
        let (first, call_id) = (near.leg.own.clone(), near.leg.call_id.clone());
        let consult_id = self.dice.call_id();
        self.consultations.push(consult_id.clone());
        let asked = events::transfer(&call_id, &first, target, Some(&consult_id), at);
        let initiated = at + self.moment();
        self.event(initiated, "warm_transfer_initiated", &asked);
        let segment = self.next_segment();
        let of_consultation = |mut line: Line| {
            line.leg.call_id.clone_from(&consult_id);
            line.element_call_id.clone_from(&consult_id);
            (line.leg.forwarded_by, line.leg.redirected_by) = (None, None);
            line.segment = segment;
            line
        };
        let (outgoing, incoming) = if self.field() {
            ("warm_transfer_outgoing", "warm_transfer_incoming")
        } else {
            ("warm_transfer", "warm_transfer")
        };
        let ringing = initiated + self.moment();
        let mut asking = of_consultation(self.line(Side::Caller, &first, target, (ringing, outgoing)));
        asking.second = true;
        self.ring(&asking);
        let rings = ringing + self.moment();
        let drawn = rings + self.seconds(3, 12);
        let reachable = match target.kind {
            Kind::Outside => true,
            Kind::User => target.active && self.is_free(target, rings),
            _ => false,
        };
        let mut colleague = (target.kind == Kind::User && reachable)
            .then(|| of_consultation(self.line(Side::Callee, target, &first, (rings, incoming))));
        let mut answer = reachable.then_some(drawn);
        if let Some(line) = &colleague {
            self.ring(line);
            if self.is_attended(target) {
                let deadline = rings + SignedDuration::from_secs(ASKED_RINGS);
                answer =
                    self.pressed(line, (rings, deadline), |press| *press == Press::Answer).map(|(at, _)| at);
            }
        }
        let deadline = answer.unwrap_or(rings + SignedDuration::from_secs(ASKED_RINGS));
        let gives_up = if by_hand { self.decision(near, &asking, (at, deadline)) } else { None };
        let gives_up = gives_up.map(|(at, _)| at);
        if let Some(back) = gives_up.or_else(|| answer.is_none().then_some(deadline)) {
            let (handup, result) =
                if gives_up.is_some() { ("Call Cancel", "canceled") } else { ("No Answer", "no_answer") };
            if let Some(line) = colleague {
                let element = self.unanswered(&line, back, handup, result);
                self.elements.push(element);
            }
            self.hang_up(asking, back, handup, result);
            return self.back(near, target, back);
        }
        let consulting = answer.unwrap_or(deadline);
        if let Some(line) = &mut colleague {
            self.connect(line, consulting);
            self.answered_by.push(target.clone());
        }
        self.connect(&mut asking, consulting);
        let longest = limit.max(consulting + SignedDuration::from_mins(10));
        let decided = if by_hand {
            self.decision(near, &asking, (consulting, longest)).unwrap_or((longest, Deed::Cancel))
        } else {
            self.next_deed(consulting).unwrap_or((consulting + self.seconds(5, 25), Deed::Complete))
        };
        let (decided, deed) = decided;
        match deed {
            Deed::Complete => {
                let done = events::transfer(&call_id, &first, target, None, decided);
                self.event(decided, "warm_transfer_completed", &done);
                self.pass_on(&first, target, "warm", decided);
                let left = decided + self.moment();
                self.hang_up(asking, left, "Call connected", "connected");
                Consulted::HandedOver(colleague.map(Box::new), left)
            }
            Deed::Merge => {
                let id = self.dice.uuid();
                self.event(
                    decided,
                    "conference_started",
                    &events::conference(&call_id, &id, &first, decided),
                );
                let segment = self.next_segment();
                let mut merged = self.element("merge", "succeeded", (&first, target), (decided, decided));
                (merged.segment, merged.operator) = (segment, first.clone());
                merged.told = Some((Side::Caller, first));
                self.elements.push(merged);
                self.joined.push(asking);
                self.joined.extend(colleague);
                let back = decided + self.moment();
                self.deed(near, &Deed::Unhold, back);
                Consulted::Back(back)
            }
            _ => {
                if let Some(line) = colleague {
                    self.hang_up(line, decided, "Call connected", "answered");
                }
                self.hang_up(asking, decided, "Call connected", "connected");
                self.back(near, target, decided)
            }
        }
    }

    /// The user is back with the caller.
    fn back(&mut self, near: &mut Line, target: &Arc<Party>, at: Timestamp) -> Consulted {
        let cancelled = events::transfer(&near.leg.call_id, &near.leg.own, target, None, at);
        self.event(at, "warm_transfer_cancelled", &cancelled);
        self.pass_on(&near.leg.own.clone(), target, "warm_cancelled", at);
        let back = at + self.moment();
        self.deed(near, &Deed::Unhold, back);
        Consulted::Back(back)
    }

    /// What the user pressed first about the consultation: hand over, or go back.
    fn decision(
        &mut self,
        near: &Line,
        asking: &Line,
        (after, before): (Timestamp, Timestamp),
    ) -> Option<(Timestamp, Deed)> {
        let decides =
            |press: &Press| matches!(press, Press::CompleteTransfer | Press::HangUp | Press::Unhold);
        let first = [near, asking]
            .into_iter()
            .filter_map(|line| Some((self.peek(line, (after, before), decides)?, line)))
            .min_by_key(|&(at, _)| at)?
            .1;
        let (at, press) = self.pressed(first, (after, before), decides)?;
        let deed = match press {
            Press::CompleteTransfer => Deed::Complete,
            // Who hangs up on the caller leaves the colleague with the call.
            Press::HangUp if std::ptr::eq(first, near) && asking.leg.answered.is_some() => Deed::Complete,
            _ => Deed::Cancel,
        };
        Some((at, deed))
    }

    fn peek(
        &self,
        line: &Line,
        (after, before): (Timestamp, Timestamp),
        what: impl Fn(&Press) -> bool,
    ) -> Option<Timestamp> {
        let presses = &self.replay.as_ref()?.presses;
        let fits = |(at, who, call, press): &&(Timestamp, String, String, Press)| {
            *at > after && *at < before && *who == line.leg.own.id && *call == line.leg.call_id && what(press)
        };
        presses.iter().find(fits).map(|&(at, ..)| at)
    }

    /// The user's own call ends after a warm transfer, and the far end is told whom it talks to.
    pub(super) fn leave_after_handover(&mut self, near: Line, target: &Arc<Party>, left: Timestamp) {
        let (first, call_id) = (near.leg.own.clone(), near.leg.call_id.clone());
        let result = if near.leg.side == Side::Caller { "connected" } else { "answered" };
        self.hang_up(near, left, "Call connected", result);
        let updated = left + self.moment();
        self.event(
            updated,
            "transfer_recipient_updated",
            &events::recipient(&call_id, &first, target, updated),
        );
        self.end = self.end.max(updated);
    }
}
