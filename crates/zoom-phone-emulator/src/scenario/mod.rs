//! The calls that the company's day is made of, planned before they happen.
//!
//! [`play`] plans one whole call: every event with its time, and the record that follows. It does
//! no input or output and reads no clock, so a plan can be checked without waiting for it.

mod direct;
mod queue;
mod script;
mod transfer;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::company::Company;
use crate::dice::Dice;
use crate::error::Error;
use crate::records::{CallRecord, LedgerEntry};
use script::Script;

macro_rules! scenarios {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, weight $weight:literal;)*) => {
        /// A kind of call that the emulator can play.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scenario { $($(#[$doc])* $variant,)* }

        impl Scenario {
            /// Every scenario.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in `POST /_emulator/scenarios/{name}` and in the ledger.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How often it comes up in a day, relative to the others.
            fn weight(self) -> u64 {
                match self { $(Self::$variant => $weight,)* }
            }
        }
    };
}

scenarios! {
    /// Somebody outside calls a user, who answers.
    InboundAnswered = "inbound_answered", weight 16;
    /// Somebody outside calls a user, who does not answer; sometimes the caller gives up first.
    InboundMissed = "inbound_missed", weight 7;
    /// The user declines the call.
    InboundRejected = "inbound_rejected", weight 3;
    /// Nobody answers and the caller leaves a message.
    InboundVoicemail = "inbound_voicemail", weight 5;
    /// A user calls somebody outside, who answers.
    OutboundConnected = "outbound_connected", weight 14;
    /// A user calls somebody outside and gives up while it rings.
    OutboundCancelled = "outbound_cancelled", weight 4;
    /// One user calls another.
    InternalAnswered = "internal_answered", weight 6;
    /// All free members of a queue ring, one answers.
    QueueAnswered = "queue_answered", weight 22;
    /// No member answers in time: another user takes the call, or the queue's mailbox.
    QueueOverflow = "queue_overflow", weight 4;
    /// The caller hangs up while members ring, or while nobody is free to be rung.
    QueueAbandoned = "queue_abandoned", weight 4;
    /// A conversation with a pause: hold, then unhold.
    Hold = "hold", weight 6;
    /// The user passes the call on without asking.
    BlindTransfer = "blind_transfer", weight 3;
    /// The user asks a colleague first, then passes the call on.
    WarmTransfer = "warm_transfer", weight 3;
    /// A conversation that is recorded automatically.
    Recorded = "recorded", weight 5;
}

impl Scenario {
    /// One of all, by weight.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let total: u64 = Self::ALL.iter().map(|scenario| scenario.weight()).sum();
        let mut left = dice.between(1, total);
        for &scenario in Self::ALL {
            if left <= scenario.weight() {
                return scenario;
            }
            left -= scenario.weight();
        }
        Self::QueueAnswered
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scenario {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|scenario| scenario.name() == name);
        found.copied().ok_or_else(|| Error::UnknownScenario(name.to_owned()))
    }
}

impl Serialize for Scenario {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Something that will happen at a time of the company's clock.
#[derive(Debug, Clone)]
pub struct Planned {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum Happening {
    /// An event goes out: the whole envelope.
    Webhook(Value),
    /// The last leg of a call ended; this is the truth about it.
    Finished(Box<LedgerEntry>),
    /// REST knows the call from now on.
    Record(Box<CallRecord>),
}

/// Plans one call that starts at `start`, in order of time.
///
/// Users are booked in `company` for as long as they ring or talk, so nobody is ever in two calls.
/// When too few people are free for the scenario, the call goes to a queue and is abandoned there
/// ([`Scenario::QueueAbandoned`]).
pub fn play(company: &mut Company, scenario: Scenario, start: Timestamp) -> Vec<Planned> {
    use direct::Talk;

    let script = Script::new(company, scenario, start);
    match scenario {
        Scenario::InboundAnswered => direct::inbound(script, Talk::default()),
        Scenario::InboundMissed => direct::missed(script),
        Scenario::InboundRejected => direct::rejected(script),
        Scenario::InboundVoicemail => direct::voicemail(script),
        Scenario::OutboundConnected => direct::outbound(script, Talk::default()),
        Scenario::OutboundCancelled => direct::cancelled(script),
        Scenario::InternalAnswered => direct::internal(script),
        Scenario::QueueAnswered => queue::answered(script),
        Scenario::QueueOverflow => queue::overflow(script),
        Scenario::QueueAbandoned => queue::abandoned(script),
        Scenario::Hold => direct::hold(script),
        Scenario::BlindTransfer => transfer::blind(script),
        Scenario::WarmTransfer => transfer::warm(script),
        Scenario::Recorded => direct::inbound(script, Talk { recorded: true, ..Talk::default() }),
    }
}
