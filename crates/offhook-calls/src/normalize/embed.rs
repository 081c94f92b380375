//! What softphones told the pages they are embedded in.
//!
//! Only calls and text messages: recordings and voicemails come without an id of theirs, summaries without one, and the
//! rest (contacts, notes) is between the page and its user. Those are kept in the inbox and tell of no call.

use serde_json::{Map, Value};
use zoom_phone_types::{
    embed::{Body, CallLog as SoftphoneLog, LiveCall, Message, Party as SoftphoneParty, SmsLog},
    events::{CallLog, Direction as WireDirection},
};

use super::{
    Aside, Facts, Names, Problem, Reading,
    log::{self, of_user},
    record::direction,
    status::wire_kind,
    take, text, time,
};
use crate::{
    fact::{LegEvent, LegFact, Said, Source},
    message::{Attachment, MessageFact, MessageStatus, ToldMessage},
    party::Party,
    view::Side,
};

/// Reads one message, and who told it.
pub(super) fn read(mut told: Map<String, Value>, mut facts: Facts<'_>) -> Option<Reading> {
    let user = take(&mut told, "user_id").map(of_user).unwrap_or_default();
    let message = Message::from_value(told.shift_remove("message")?).ok()?;
    let unfamiliar = message.unfamiliar();
    match &message.body {
        Body::CallRinging(call) => live(&mut facts, &user, call, LegEvent::Ringing),
        Body::CallConnected(call) => live(&mut facts, &user, call, LegEvent::Answered),
        Body::CallEnded(call) => {
            let result = call.result.as_ref().map(|result| result.as_str().trim());
            let happened = match result {
                Some("missed") => LegEvent::Missed { result: None },
                Some("rejected") => LegEvent::Rejected { result: None },
                _ => LegEvent::Ended { result: None },
            };
            live(&mut facts, &user, call, happened);
        }
        Body::CallLogCompleted(log) | Body::SaveLog(log) => softphone_log(&mut facts, &user, log),
        Body::SmsLogged(sms) => sms_log(&mut facts, &user, sms),
        Body::Unknown(_) => {
            return Some(Reading { unfamiliar, problem: Some(Problem::UnknownEvent), ..Reading::default() });
        }
        _ => return Some(Reading { unfamiliar, ..Reading::default() }),
    }
    Some(facts.into_reading(unfamiliar))
}

/// The user is who called when the call goes out.
fn side(direction: Option<&WireDirection>) -> Side {
    if direction.is_some_and(|way| way.as_str().trim() == "outbound") { Side::Caller } else { Side::Callee }
}

fn live(facts: &mut Facts<'_>, user: &Party, call: &LiveCall, happened: LegEvent) {
    let at = time(call.date_time.as_ref());
    let side = side(call.direction.as_ref());
    let [caller, callee] =
        [&call.caller, &call.callee].map(|party| party.as_ref().map(party_of).unwrap_or_default());
    let (mut mine, far) = if side == Side::Caller { (caller, callee) } else { (callee, caller) };
    mine.learn(user);
    let said = Said::Leg(Box::new(LegFact {
        side,
        party: mine,
        far,
        ringing_at: at.filter(|_| happened == LegEvent::Ringing),
        answered_at: at.filter(|_| happened == LegEvent::Answered),
        ended_at: at.filter(|_| {
            matches!(happened, LegEvent::Missed { .. } | LegEvent::Rejected { .. } | LegEvent::Ended { .. })
        }),
        happened,
        forwarded_by: call.forwarded_by.as_ref().map(party_of),
        redirect_forwarded_by: None,
    }));
    facts.add(Source::SmartEmbed, at, Names::of_call(call.call_id.as_ref()), said);
}

/// A softphone's log is a call log under other names.
fn softphone_log(facts: &mut Facts<'_>, user: &Party, log: &SoftphoneLog) {
    let of = |party: &Option<SoftphoneParty>, field: fn(&SoftphoneParty) -> Option<String>| {
        party.as_ref().and_then(field)
    };
    let made = CallLog {
        id: log.call_log_id.clone(),
        call_id: log.call_id.clone(),
        caller_number: of(&log.caller, |party| party.number.clone()),
        caller_number_type: log.caller.as_ref().and_then(|party| party.number_type),
        caller_did_number: of(&log.caller, |party| party.did_number.clone()),
        caller_name: of(&log.caller, |party| party.name.clone()),
        callee_number: of(&log.callee, |party| party.number.clone()),
        callee_number_type: log.callee.as_ref().and_then(|party| party.number_type),
        callee_did_number: of(&log.callee, |party| party.did_number.clone()),
        callee_name: of(&log.callee, |party| party.name.clone()),
        result: log.result.clone(),
        direction: log.direction.clone(),
        duration: log.duration,
        date_time: log.date_time.clone(),
        ..CallLog::default()
    };
    log::one(facts, Source::SmartEmbed, side(log.direction.as_ref()), &made, user);
}

fn party_of(told: &SoftphoneParty) -> Party {
    Party {
        kind: wire_kind(told.extension_type.as_ref().map(|kind| kind.as_str())),
        name: told.name.clone(),
        number: told.phone_number.clone(),
        extension_number: told.extension_number.clone(),
        extension_id: told.extension_id.clone(),
        ..Party::default()
    }
    .tidied()
}

fn sms_log(facts: &mut Facts<'_>, user: &Party, sms: &SmsLog) {
    let Some(id) = text(sms.message_id.as_deref()) else { return facts.nameless = true };
    let status = match sms.status.as_ref().map(|status| status.as_str().trim()) {
        Some("Delivered") => MessageStatus::Delivered,
        Some("Not delivered") => MessageStatus::Failed,
        Some("Received") => MessageStatus::Received,
        _ => MessageStatus::Unknown,
    };
    let attachments = sms.attachments.iter().flatten().map(|file| Attachment {
        id: None,
        name: None,
        kind: text(file.kind.as_ref().map(|kind| kind.as_str())),
        size: None,
    });
    let told = ToldMessage {
        source: Source::SmartEmbed,
        status,
        session_id: text(sms.session_id.as_deref()),
        direction: direction(sms.direction.as_ref()),
        at: time(sms.date_time.as_ref()),
        from: sms.sender.as_ref().map(party_of).unwrap_or_default(),
        to: sms.receivers.iter().flatten().map(party_of).collect(),
        owner: user.clone(),
        text: sms.message.clone().filter(|text| !text.is_empty()),
        attachments: attachments.collect(),
        failure: None,
    };
    let account = facts.account.to_owned();
    facts.aside.push(Aside::Message(MessageFact { account, id, told }));
}
