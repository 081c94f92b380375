//! Status events: lines ringing, answered, held, ended; transfers; conferences.

use zoom_phone_types::events::{CallLeg, CallTransfer, Event, ForwardedBy, Owner, Party as WireParty};

use super::{Facts, Names, text, time};
use crate::{
    fact::{LegEvent, LegFact, Said, Source, Transfer},
    party::{Party, PartyKind},
    view::Side,
};

/// Reads an event of this family; `false` if it is of another.
pub(super) fn read(event: &Event, facts: &mut Facts<'_>) -> bool {
    use Side::{Callee, Caller};
    match event {
        Event::CalleeRinging(leg) => line(facts, Callee, leg, LegEvent::Ringing),
        Event::CalleeAnswered(leg) => line(facts, Callee, leg, LegEvent::Answered),
        Event::CalleeMissed(leg) => line(facts, Callee, leg, LegEvent::Missed { result: hangup(leg) }),
        Event::CalleeRejected(leg) => line(facts, Callee, leg, LegEvent::Rejected { result: hangup(leg) }),
        Event::CalleeEnded(leg) => line(facts, Callee, leg, LegEvent::Ended { result: hangup(leg) }),
        Event::CalleeHold(leg) => line(facts, Callee, leg, LegEvent::Held),
        Event::CalleeUnhold(leg) => line(facts, Callee, leg, LegEvent::Resumed),
        Event::CalleeMute(leg) => line(facts, Callee, leg, LegEvent::Muted),
        Event::CalleeUnmute(leg) => line(facts, Callee, leg, LegEvent::Unmuted),
        Event::CalleeParked(leg) => line(
            facts,
            Callee,
            leg,
            LegEvent::Parked {
                code: text(leg.park_code.as_deref()),
                failure: text(leg.park_failure_reason.as_deref()),
            },
        ),
        Event::CalleeMeetingInviting(leg) => line(facts, Callee, leg, meeting(leg)),
        Event::CallerRinging(leg) => line(facts, Caller, leg, LegEvent::Ringing),
        Event::CallerConnected(leg) => line(facts, Caller, leg, LegEvent::Answered),
        Event::CallerEnded(leg) => line(facts, Caller, leg, LegEvent::Ended { result: hangup(leg) }),
        Event::CallerHold(leg) => line(facts, Caller, leg, LegEvent::Held),
        Event::CallerUnhold(leg) => line(facts, Caller, leg, LegEvent::Resumed),
        Event::CallerMute(leg) => line(facts, Caller, leg, LegEvent::Muted),
        Event::CallerUnmute(leg) => line(facts, Caller, leg, LegEvent::Unmuted),
        Event::CallerMeetingInviting(leg) => line(facts, Caller, leg, meeting(leg)),
        Event::BlindTransferInitiated(told) => {
            transfer(facts, told, |owner, failure| Transfer::Blind { owner, failure });
        }
        Event::WarmTransferInitiated(told) => {
            transfer(facts, told, |owner, failure| Transfer::ConsultStarted { owner, failure });
        }
        Event::WarmTransferCompleted(told) => {
            transfer(facts, told, |owner, failure| Transfer::ConsultCompleted { owner, failure });
        }
        Event::WarmTransferCancelled(told) => {
            transfer(facts, told, |owner, failure| Transfer::ConsultCancelled { owner, failure });
        }
        Event::TransferCallToVoicemailInitiated(told) => {
            transfer(facts, told, |owner, failure| Transfer::ToVoicemail { owner, failure });
        }
        Event::TransferRecipientUpdated(told) => {
            let recipient = told.recipient.as_ref().map(party).unwrap_or_default();
            transfer(facts, told, |owner, _| Transfer::Recipient { owner, recipient: recipient.clone() });
        }
        Event::ConferenceStarted(told) => {
            let at = time(told.date_time.as_ref());
            let said = Said::Conference {
                id: text(told.conference_id.as_deref()),
                owner: told.owner.as_ref().map(owner).unwrap_or_default(),
            };
            facts.add(Source::StatusEvent, at, Names::of_call(told.call_id.as_ref()), said);
        }
        Event::EmergencyAlert(told) => {
            let at = time(told.ringing_start_time.as_ref());
            let caller = told.caller.as_ref().map(|caller| {
                Party {
                    kind: wire_kind(caller.extension_type.as_ref().map(|kind| kind.as_str())),
                    name: caller.display_name.clone(),
                    user_id: caller.id.clone(),
                    extension_number: caller.extension_number.clone(),
                    ..Party::default()
                }
                .tidied()
            });
            let said = Said::Emergency { caller: caller.unwrap_or_default() };
            facts.add(Source::StatusEvent, at, Names::of_call(told.call_id.as_ref()), said);
        }
        _ => return false,
    }
    true
}

fn hangup(leg: &CallLeg) -> Option<String> {
    text(leg.handup_result.as_ref().map(|result| result.as_str()))
}

fn meeting(leg: &CallLeg) -> LegEvent {
    LegEvent::InvitedToMeeting { meeting_id: text(leg.meeting_id.as_deref()) }
}

fn line(facts: &mut Facts<'_>, side: Side, leg: &CallLeg, happened: LegEvent) {
    let ringing_at = time(leg.ringing_start_time.as_ref());
    let answered_at =
        time(leg.answer_start_time.as_ref()).or_else(|| time(leg.connected_start_time.as_ref()));
    let ended_at = time(leg.call_end_time.as_ref());
    let at = match &happened {
        LegEvent::Ringing => ringing_at,
        LegEvent::Answered => answered_at,
        LegEvent::Missed { .. } | LegEvent::Rejected { .. } | LegEvent::Ended { .. } => ended_at,
        _ => time(leg.date_time.as_ref()),
    };
    let callee = leg.callee.as_ref().map(party).unwrap_or_default();
    let caller = leg.caller.as_ref().map(party).unwrap_or_default();
    let (mine, far) = match side {
        Side::Callee => (callee, caller),
        Side::Caller => (caller, callee),
    };
    let said = Said::Leg(Box::new(LegFact {
        side,
        party: mine,
        far,
        happened,
        ringing_at,
        answered_at,
        ended_at,
        forwarded_by: leg.forwarded_by.as_ref().map(forwarder),
        redirect_forwarded_by: leg.redirect_forwarded_by.as_ref().map(forwarder),
    }));
    facts.add(Source::StatusEvent, at, Names::of_call(leg.call_id.as_ref()), said);
}

fn transfer(
    facts: &mut Facts<'_>,
    told: &CallTransfer,
    make: impl FnOnce(Party, Option<String>) -> Transfer,
) {
    let by = told.owner.as_ref().map(owner).unwrap_or_default();
    // The consult call's id is a name of this call: the two are one.
    let names = Names::of_call(told.call_id.as_ref()).and_call(told.transfer_call_id.as_ref());
    let said = Said::Transfer(Box::new(make(by, text(told.failure_reason.as_deref()))));
    let at = time(told.date_time.as_ref());
    facts.add(Source::StatusEvent, at, names, said);
}

pub(super) fn wire_kind(word: Option<&str>) -> PartyKind {
    PartyKind::from_wire(word.unwrap_or(""))
}

fn party(wire: &WireParty) -> Party {
    Party {
        kind: wire_kind(wire.extension_type.as_ref().map(|kind| kind.as_str())),
        name: wire.name.clone(),
        number: wire.phone_number.clone(),
        extension_number: wire.extension_number.clone(),
        user_id: wire.user_id.clone(),
        extension_id: wire.extension_id.clone(),
        device_id: wire.device_id.clone(),
    }
    .tidied()
}

fn forwarder(wire: &ForwardedBy) -> Party {
    Party {
        kind: wire_kind(wire.extension_type.as_ref().map(|kind| kind.as_str())),
        name: wire.name.clone(),
        number: wire.phone_number.clone(),
        extension_number: wire.extension_number.clone(),
        ..Party::default()
    }
    .tidied()
}

/// `owner.id` is a user id when the owner is a user, an extension's own id otherwise.
pub(super) fn owner(wire: &Owner) -> Party {
    let kind = wire_kind(wire.kind.as_ref().map(|kind| kind.as_str()));
    let is_user = matches!(kind, PartyKind::User | PartyKind::Unknown);
    Party {
        name: wire.name.clone(),
        extension_number: wire.extension_number.clone(),
        user_id: wire.id.clone().filter(|_| is_user),
        extension_id: wire.id.clone().filter(|_| !is_user),
        kind,
        ..Party::default()
    }
    .tidied()
}
