//! Calls that one user passes on to another.

use super::script::{Outcome, Script};
use super::{Planned, direct, queue};
use crate::events::{self, Leg};
use crate::records::{Element, Side};

/// A user answers and sends the caller to a colleague without asking.
///
/// The events of the colleague's leg carry the call's own `call_id`; the elements of the direct
/// transfer carry it with `_1`, and each comes with a mirrored secondary row, as seen live.
pub(super) fn blind(mut script: Script<'_>) -> Vec<Planned> {
    let Some(users) = script.book(2, &[]) else { return queue::abandoned(script) };
    let (first, second) = (script.user(users[0]), script.user(users[1]));
    let caller = script.outsider(false);
    let mut leg = direct::leg(&script, Side::Callee, &first, &caller);
    script.ring(&leg);
    let answer = script.start + script.seconds(3, 20);
    script.answer(&mut leg, answer);
    script.talks(&first);

    let handed = answer + script.seconds(15, 60);
    let call_id = script.call_id.clone();
    script.event(
        handed,
        "blind_transfer_initiated",
        &events::transfer(&call_id, &first, &second, None, handed),
    );
    let left = handed + script.moment();
    script.end(&leg, left, "Call connected");
    script.release(users[0], left);
    let updated = left + script.moment();
    script.event(
        updated,
        "transfer_recipient_updated",
        &events::recipient(&call_id, &first, &second, updated),
    );

    let mut next =
        Leg { ringing: updated + script.moment(), ..direct::leg(&script, Side::Callee, &second, &caller) };
    script.ring(&next);
    let taken = next.ringing + script.seconds(3, 20);
    script.answer(&mut next, taken);
    script.talks(&second);
    let end = taken + script.seconds(15, 120);
    script.end(&next, end, "Call connected");

    let incoming = script.leg_element(&leg, "incoming", "answered", left);
    script.record(incoming);
    let suffixed = format!("{call_id}_1");
    let transferred = Element {
        call_id: suffixed.clone(),
        operator: first.clone(),
        told: Some((Side::Callee, first)),
        segment: 2,
        ..script.element("direct_transfer", "connected", (&caller, &second), (handed, updated))
    };
    record_with_mirror(&mut script, transferred);
    let taken_over =
        Element { call_id: suffixed, segment: 3, ..script.leg_element(&next, "incoming", "answered", end) };
    record_with_mirror(&mut script, taken_over);
    let outcome = Outcome {
        direction: "inbound",
        result: "answered",
        caller,
        callee: leg.own,
        group_id: String::new(),
        answer: Some(answer),
        end,
    };
    script.finish(outcome)
}

/// A user holds the caller, asks a colleague in a consultation call, and then hands over.
///
/// One record covers both calls (Zoom, since 2026-05-18). The colleague's leg stays under the
/// consultation's `call_id` to its end.
pub(super) fn warm(mut script: Script<'_>) -> Vec<Planned> {
    let Some(users) = script.book(2, &[]) else { return queue::abandoned(script) };
    let (first, second) = (script.user(users[0]), script.user(users[1]));
    let caller = script.outsider(false);
    let mut leg = direct::leg(&script, Side::Callee, &first, &caller);
    script.ring(&leg);
    let answer = script.start + script.seconds(3, 20);
    script.answer(&mut leg, answer);
    script.talks(&first);

    let call_id = script.call_id.clone();
    let consult_id = script.company.dice.call_id();
    let held = answer + script.seconds(10, 40);
    script.hold(&leg, held);
    let asked = held + script.moment();
    let consult = Some(consult_id.as_str());
    script.event(
        asked,
        "warm_transfer_initiated",
        &events::transfer(&call_id, &first, &second, consult, asked),
    );
    let ringing = asked + script.moment();
    let mut asking =
        Leg { call_id: consult_id.clone(), ringing, ..direct::leg(&script, Side::Caller, &first, &second) };
    let mut asked_leg = Leg {
        call_id: consult_id.clone(),
        ringing: ringing + script.moment(),
        ..direct::leg(&script, Side::Callee, &second, &first)
    };
    script.ring(&asking);
    script.ring(&asked_leg);
    let consulting = asked_leg.ringing + script.seconds(3, 12);
    script.answer(&mut asked_leg, consulting);
    script.answer(&mut asking, consulting);
    script.talks(&second);

    let handed = consulting + script.seconds(5, 25);
    script.event(
        handed,
        "warm_transfer_completed",
        &events::transfer(&call_id, &first, &second, None, handed),
    );
    let left = handed + script.moment();
    script.end(&asking, left, "Call connected");
    script.end(&leg, left, "Call connected");
    script.release(users[0], left);
    let updated = left + script.moment();
    script.event(
        updated,
        "transfer_recipient_updated",
        &events::recipient(&call_id, &first, &second, updated),
    );
    let end = updated + script.seconds(15, 120);
    script.end(&asked_leg, end, "Call connected");

    let mut incoming = script.leg_element(&leg, "incoming", "answered", left);
    incoming.hold = left.as_second() - held.as_second();
    script.record(incoming);
    let outgoing = Element {
        call_id: consult_id.clone(),
        segment: 2,
        ..script.leg_element(&asking, "warm_transfer_outgoing", "connected", left)
    };
    script.record(outgoing);
    let taken_over = Element {
        call_id: consult_id,
        segment: 2,
        ..script.leg_element(&asked_leg, "warm_transfer_incoming", "answered", end)
    };
    script.record(taken_over);
    let outcome = Outcome {
        direction: "inbound",
        result: "answered",
        caller,
        callee: leg.own,
        group_id: String::new(),
        answer: Some(answer),
        end,
    };
    script.finish(outcome)
}

/// Records an element after a secondary row of it that nobody is told of.
fn record_with_mirror(script: &mut Script<'_>, element: Element) {
    let id = script
        .element(
            element.event,
            element.result,
            (&element.caller, &element.callee),
            (element.start, element.end),
        )
        .id;
    script.record(Element { id, node: 0, told: None, ..element.clone() });
    script.record(element);
}
