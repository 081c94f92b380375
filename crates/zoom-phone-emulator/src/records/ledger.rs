//! The answer key: what truly happened.

use serde::Serialize;

use crate::company::Party;
use crate::scenario::Scenario;

/// What truly happened in one call, independent of what was delivered to anyone.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerEntry {
    /// The scenario that was played; another than the one asked for when nobody was free.
    pub scenario: Scenario,
    /// `call_id` of the first leg.
    pub call_id: String,
    /// Every `call_id` of the call: transfer legs and consultation calls included.
    pub call_ids: Vec<String>,
    /// The one record of the call.
    pub call_history_uuid: String,
    /// Every element of that record, in order.
    pub call_element_ids: Vec<String>,
    /// `inbound` or `outbound`; internal calls are outbound calls of the user who dialled.
    pub direction: &'static str,
    /// Who called.
    pub caller: LedgerParty,
    /// Who or what was called first.
    pub callee: LedgerParty,
    /// The queue that the call went to, if it did.
    pub queue: Option<LedgerParty>,
    /// Users who took the call, in order; of an outbound call that somebody outside answered, the
    /// user who placed it.
    pub answered_by: Vec<LedgerParty>,
    /// UTC, whole seconds, when the first leg started.
    pub start_time: String,
    /// UTC, whole seconds, when a person answered first; absent when nobody did.
    pub answer_time: Option<String>,
    /// UTC, whole seconds, when the last leg ended.
    pub end_time: String,
    /// The record's `call_result`.
    pub result: &'static str,
    /// Whether there is a recording.
    pub recorded: bool,
    /// Whether there is a voicemail.
    pub voicemail: bool,
}

/// A party in the ledger.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerParty {
    /// User, queue or receptionist id; absent for outside parties.
    pub id: Option<String>,
    /// Display name, when known.
    pub name: Option<String>,
    /// E.164 number, unless hidden.
    pub number: Option<String>,
    /// Internal number; absent for outside parties.
    pub extension_number: Option<u32>,
}

impl From<&Party> for LedgerParty {
    fn from(party: &Party) -> Self {
        Self {
            id: (!party.id.is_empty()).then(|| party.id.clone()),
            name: party.name.clone(),
            number: party.number.clone(),
            extension_number: party.extension_number,
        }
    }
}
