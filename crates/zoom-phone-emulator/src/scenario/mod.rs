//! The calls that the company's day is made of, planned before they happen.
//!
//! [`play`] plans one whole call: every event with its time, and the record that follows. It does
//! no input or output and reads no clock, so a plan can be checked without waiting for it.
//!
//! A scenario says who calls whom and what they mean to do ([`order`]). Where the call goes is decided by how the
//! account is configured ([`route`], [`group`]); what happens when somebody answered, by [`talk`].

mod finish;
mod group;
mod list;
mod order;
mod route;
mod script;
mod talk;
mod transfer;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exchange::Exchange;
use crate::ledger::LedgerEntry;
use crate::live::PhoneCall;
use crate::party::Party;
use crate::records::CallRecord;
pub use list::Scenario;
pub(crate) use order::Order;
pub use order::{Params, Unfit};
pub(crate) use script::Replay;
use script::Script;

/// Something that will happen at a time of the company's clock.
#[derive(Debug, Clone)]
pub struct Planned {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What can happen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Happening {
    /// An event goes out: the whole envelope.
    Webhook(Value),
    /// The last leg of a call ended; this is the truth about it.
    Finished(Box<LedgerEntry>),
    /// REST knows the call from now on.
    Record(Box<CallRecord>),
}

/// What is on the agenda.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    Happening(Happening),
    /// An attended phone shows something new.
    Phone {
        user: String,
        call: Box<PhoneCall>,
    },
    /// A person hung up and can take calls again after so many seconds.
    Free {
        who: Arc<Party>,
        call: u64,
        rest: i64,
    },
}

/// A planned call.
#[derive(Debug)]
pub(crate) struct Plan {
    /// In order of time.
    pub(crate) agenda: Vec<(Timestamp, Due)>,
    /// `call_id`s: its own and those of consultations.
    pub(crate) ids: Vec<String>,
    /// A person has part of it in their hands.
    pub(crate) attended: bool,
    pub(crate) truth: LedgerEntry,
}

impl Plan {
    /// The plan of an order, from its beginning; again with what was pressed since.
    pub(crate) fn of(exchange: &mut Exchange, order: &Order, replay: Option<Replay>) -> Self {
        Script::new(exchange, order, replay).play()
    }
}

/// Plans one call that starts at `start`, in order of time.
///
/// Users are booked in `exchange` for as long as they ring or talk, so nobody is ever in two calls. When the scenario
/// needs somebody free and nobody is, there is no call and the plan is empty.
pub fn play(exchange: &mut Exchange, scenario: Scenario, start: Timestamp) -> Vec<Planned> {
    play_with(exchange, scenario, &Params::default(), start).unwrap_or_default()
}

/// The same with chosen people, lengths and answers, or why it cannot be.
pub fn play_with(
    exchange: &mut Exchange,
    scenario: Scenario,
    params: &Params,
    start: Timestamp,
) -> Result<Vec<Planned>, Unfit> {
    let order = exchange.order(scenario, params, start)?;
    let plan = Plan::of(exchange, &order, None);
    let planned = plan.agenda.into_iter().filter_map(|(at, due)| match due {
        Due::Happening(what) => Some(Planned { at, what }),
        _ => None,
    });
    Ok(planned.collect())
}
