//! Text messages and faxes: their events and their rows.

use serde_json::{Map, Value};
use zoom_phone_types::events::{Event, Fax, FaxDeleted, Owner, Sms, SmsAttachment, SmsParty, Wire as _};

use super::{
    Aside, Facts,
    record::direction,
    status::{owner, wire_kind},
    take, text, time,
};
use crate::{
    fact::Source,
    fax::{FaxFact, FaxStatus, ToldFax},
    message::{Attachment, MessageFact, MessageStatus, ToldMessage},
    party::{Party, PartyKind},
    view::Direction,
};

/// Reads an event of this family; `false` if it is of another. Warnings about wording and consents to campaigns are no
/// messages.
pub(super) fn read(event: &Event, facts: &mut Facts<'_>) -> bool {
    match event {
        Event::SmsSent(told) => sms(facts, told, MessageStatus::Sent, Some(Direction::Outbound)),
        Event::SmsSentFailed(told) => sms(facts, told, MessageStatus::Failed, Some(Direction::Outbound)),
        Event::SmsReceived(told) => sms(facts, told, MessageStatus::Received, Some(Direction::Inbound)),
        Event::FaxSent(told) | Event::FaxReceived(told) => one_fax(facts, told, Source::StatusEvent),
        Event::FaxLogDeleted(told) => faxes_gone(facts, told, FaxStatus::Trashed),
        Event::FaxLogPermanentlyDeleted(told) => faxes_gone(facts, told, FaxStatus::Purged),
        _ => return false,
    }
    true
}

fn sms(facts: &mut Facts<'_>, told: &Sms, status: MessageStatus, direction: Option<Direction>) {
    let Some(id) = text(told.message_id.as_deref()) else { return facts.nameless = true };
    let members = || told.to_members.iter().flatten();
    let mine = told.sender.iter().chain(members()).find(|member| member.is_message_owner == Some(true));
    let told = ToldMessage {
        source: Source::StatusEvent,
        status,
        session_id: text(told.session_id.as_deref()),
        direction,
        at: time(told.date_time.as_ref()),
        from: told.sender.as_ref().map(party).unwrap_or_default(),
        to: members().map(party).collect(),
        owner: told.owner.as_ref().map(owner).or(mine.map(party)).unwrap_or_default(),
        text: told.message.clone().filter(|text| !text.is_empty()),
        attachments: told.attachments.iter().flatten().map(attachment).collect(),
        failure: text(told.failure_reason.as_deref()),
    };
    let account = facts.account.to_owned();
    facts.aside.push(Aside::Message(MessageFact { account, id, told }));
}

/// Reads one row of `smsSessionDetails`, or the answer of `smsByMessageId`. Each party has an owner of its own there,
/// which is who of the account it is.
pub(super) fn message(mut row: Map<String, Value>, facts: &mut Facts<'_>) {
    let status = match take(&mut row, "delivery_status").as_deref() {
        Some("sent") => MessageStatus::Sent,
        Some("received") => MessageStatus::Received,
        Some("delivered") => MessageStatus::Delivered,
        Some("failed_to_send" | "failed_to_deliver") => MessageStatus::Failed,
        _ => MessageStatus::Unknown,
    };
    let direction = match take(&mut row, "direction").map(|way| way.to_ascii_lowercase()).as_deref() {
        Some("in" | "inbound") => Some(Direction::Inbound),
        Some("out" | "outbound") => Some(Direction::Outbound),
        _ => None,
    };
    let Some(told) = Sms::from_json(&Value::Object(row)) else { return facts.nameless = true };
    let before = facts.aside.len();
    sms(facts, &told, status, direction);
    if let Some(Aside::Message(fact)) = facts.aside.get_mut(before) {
        // Between the events and the softphone: a record like those of calls.
        fact.told.source = Source::Media;
        let mine = match direction {
            Some(Direction::Outbound) => Some(&fact.told.from),
            _ => fact.told.to.iter().find(|party| party.is_inside()),
        };
        if fact.told.owner.is_nobody() {
            fact.told.owner = mine.filter(|party| party.is_inside()).cloned().unwrap_or_default();
        }
    }
}

fn party(told: &SmsParty) -> Party {
    let of_account =
        told.extra.get("owner").and_then(Owner::from_json).map(|told| owner(&told)).unwrap_or_default();
    let kind = wire_kind(told.kind.as_ref().map(|kind| kind.as_str()));
    let is_user = matches!(kind, PartyKind::User | PartyKind::Unknown);
    let mut party = Party {
        kind,
        name: told.display_name.clone(),
        number: told.phone_number.clone(),
        user_id: told.id.clone().filter(|_| is_user),
        extension_id: told.id.clone().filter(|_| !is_user),
        ..Party::default()
    };
    party.learn(&of_account);
    party.tidied()
}

fn attachment(told: &SmsAttachment) -> Attachment {
    Attachment {
        id: text(told.id.as_deref()),
        name: text(told.name.as_deref()),
        kind: text(told.kind.as_deref()),
        size: told.size.filter(|size| *size >= 0),
    }
}

/// Reads one fax log.
pub(super) fn fax(row: Map<String, Value>, facts: &mut Facts<'_>) {
    match Fax::from_json(&Value::Object(row)) {
        Some(told) => one_fax(facts, &told, Source::Media),
        None => facts.nameless = true,
    }
}

fn one_fax(facts: &mut Facts<'_>, told: &Fax, source: Source) {
    let Some(id) = text(told.fax_log_id.as_deref()) else { return facts.nameless = true };
    let end = |kind: Option<&str>,
               name: &Option<String>,
               number: &Option<String>,
               extension: [&Option<String>; 2]| {
        Party {
            kind: wire_kind(kind),
            name: name.clone(),
            number: number.clone(),
            extension_id: extension[0].clone(),
            extension_number: extension[1].clone(),
            ..Party::default()
        }
        .tidied()
    };
    let status = told.status.as_ref().map_or(FaxStatus::Unknown, |word| FaxStatus::from_wire(word.as_str()));
    let told = ToldFax {
        status,
        source,
        fax_id: text(told.fax_id.as_deref()),
        direction: direction(told.direction.as_ref()),
        at: time(told.create_time.as_ref()),
        from: end(
            told.sender_extension_type.as_ref().map(|kind| kind.as_str()),
            &told.sender_name,
            &told.sender_number,
            [&told.sender_extension_id, &told.sender_extension_number],
        ),
        to: end(
            told.receiver_extension_type.as_ref().map(|kind| kind.as_str()),
            &told.receiver_name,
            &told.receiver_number,
            [&told.receiver_extension_id, &told.receiver_extension_number],
        ),
        file_id: text(told.file_id.as_deref()),
        pages: told.file_pages_count.filter(|pages| *pages >= 0),
    };
    let account = facts.account.to_owned();
    facts.aside.push(Aside::Fax(FaxFact { account, id, told }));
}

fn faxes_gone(facts: &mut Facts<'_>, told: &FaxDeleted, status: FaxStatus) {
    for log in told.fax_logs.iter().flatten() {
        let Some(id) = text(log.fax_log_id.as_deref()) else {
            facts.nameless = true;
            continue;
        };
        let told = ToldFax {
            status,
            source: Source::StatusEvent,
            fax_id: None,
            direction: None,
            at: None,
            from: Party::default(),
            to: Party::default(),
            file_id: None,
            pages: None,
        };
        let account = facts.account.to_owned();
        facts.aside.push(Aside::Fax(FaxFact { account, id, told }));
    }
}
