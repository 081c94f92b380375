//! What v3 records have lost and other answers still tell: who has which extension, and what calls cost.

use serde_json::{Map, Value};
use zoom_phone_types::events::{Time, Wire as _};

use super::{Aside, Facts, Names, take, time};
use crate::{
    directory::Member,
    fact::{Charge, Said, Source},
    identity::AliasKind,
    party::Party,
};

/// Reads one row of `listPhoneUsers`.
pub(super) fn member(mut row: Map<String, Value>, facts: &mut Facts<'_>) {
    let (Some(user_id), Some(extension_id)) = (take(&mut row, "id"), take(&mut row, "extension_id")) else {
        return facts.nameless = true;
    };
    let member = Member {
        account: facts.account.to_owned(),
        extension_id,
        user_id,
        extension_number: take(&mut row, "extension_number"),
        name: take(&mut row, "name"),
        email: take(&mut row, "email"),
    };
    facts.aside.push(Aside::Member(member));
}

/// Reads one line of `GetCallChargesUsageReport`.
pub(super) fn charge(mut row: Map<String, Value>, facts: &mut Facts<'_>) {
    let names = Names::of_call(take(&mut row, "call_id").as_ref())
        .and(AliasKind::CallLogId, take(&mut row, "call_log_id").as_ref());
    let at = row.get("start_time").and_then(Time::from_json);
    let outbound = row.get("direction").and_then(Value::as_str).map(str::trim) == Some("outbound");
    let (side, name) =
        if outbound { ("caller", take(&mut row, "calling_party_name")) } else { ("callee", None) };
    let party = Party {
        name,
        number: take(&mut row, &format!("{side}_billing_number")),
        extension_number: take(&mut row, &format!("{side}_number")),
        ..Party::default()
    };
    let charge = Charge {
        amount: take(&mut row, "total_charge"),
        currency: take(&mut row, "currency"),
        rate: take(&mut row, "rate"),
        reference: take(&mut row, "charge_id"),
        party: party.tidied(),
    };
    facts.add(Source::Report, time(at.as_ref()), names, Said::Charge(Box::new(charge)));
}
