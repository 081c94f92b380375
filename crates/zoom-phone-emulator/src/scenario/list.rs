//! The kinds of calls, with what their people mean to do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::order::{Deed, Reply, Target, Wish};
use crate::dice::Dice;
use crate::error::Error;

macro_rules! scenarios {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, weight $weight:literal, to $target:ident, $params:expr;)*) => {
        /// A kind of call that the emulator can play.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scenario { $($(#[doc = $doc])* $variant,)* }

        impl Scenario {
            /// Every scenario.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in `POST /_emulator/scenarios/{name}` and in the ledger.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What happens in it.
            pub fn describe(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc,)*),)* }
            }

            /// The parameters that it takes (fields of [`Params`](super::Params)).
            pub fn params(self) -> &'static [&'static str] {
                match self { $(Self::$variant => $params,)* }
            }

            /// How often it comes up in a day, relative to the others; 0 only when asked for.
            pub(crate) fn weight(self) -> f64 {
                match self { $(Self::$variant => f64::from($weight),)* }
            }

            pub(super) fn target(self) -> Target {
                match self { $(Self::$variant => Target::$target,)* }
            }
        }
    };
}

const IN: &[&str] = &["from", "name", "to", "user", "ring_seconds", "talk_seconds"];
const MISSED: &[&str] = &["from", "name", "to", "user"];
const ANY: &[&str] = &["from", "name", "to", "ring_seconds", "talk_seconds", "answered", "keys"];
const OUT: &[&str] = &["from", "user", "to", "ring_seconds", "talk_seconds"];
const OUT_ANY: &[&str] = &["from", "user", "to", "ring_seconds", "talk_seconds", "answered"];
const SPECIAL: &[&str] = &["from", "user", "ring_seconds", "talk_seconds"];
const QUEUE: &[&str] = &["from", "name", "queue", "to", "ring_seconds", "talk_seconds"];
const LOST: &[&str] = &["from", "name", "queue", "to"];
const MENU: &[&str] = &["from", "name", "to", "keys", "ring_seconds", "talk_seconds", "answered"];
const LEFT: &[&str] = &["from", "name", "to"];

scenarios! {
    /// Somebody outside calls a user, who answers.
    InboundAnswered = "inbound_answered", weight 160, to User, IN;
    /// Somebody outside calls a user, who does not answer; sometimes the caller gives up first.
    InboundMissed = "inbound_missed", weight 70, to User, MISSED;
    /// The user declines the call.
    InboundRejected = "inbound_rejected", weight 30, to User, MISSED;
    /// Nobody answers and the caller leaves a message.
    InboundVoicemail = "inbound_voicemail", weight 50, to User, MISSED;
    /// A user calls somebody outside, who answers.
    OutboundConnected = "outbound_connected", weight 140, to Outside, OUT;
    /// A user calls somebody outside and gives up while it rings.
    OutboundCancelled = "outbound_cancelled", weight 40, to Outside, OUT;
    /// One user calls another.
    InternalAnswered = "internal_answered", weight 60, to User, OUT;
    /// A queue is called, and one of its members answers.
    QueueAnswered = "queue_answered", weight 220, to Queue, QUEUE;
    /// No member answers in time, and the call goes where the queue says.
    QueueOverflow = "queue_overflow", weight 40, to Queue, LOST;
    /// The caller hangs up while members ring, or while nobody is free to be rung.
    QueueAbandoned = "queue_abandoned", weight 40, to Queue, LOST;
    /// A conversation with a pause: hold, then unhold.
    Hold = "hold", weight 60, to User, IN;
    /// The user passes the call on without asking.
    BlindTransfer = "blind_transfer", weight 30, to User, IN;
    /// The user asks a colleague first, then passes the call on.
    WarmTransfer = "warm_transfer", weight 30, to User, IN;
    /// A conversation that is recorded automatically.
    Recorded = "recorded", weight 50, to User, IN;
    /// Anybody calls any number or extension of the account; what becomes of it is as configured.
    Inbound = "inbound", weight 0, to User, ANY;
    /// A user calls any number or extension.
    Outbound = "outbound", weight 0, to Outside, OUT_ANY;
    /// The user is on another call: no phone rings, and the call goes where the user says.
    InboundBusy = "inbound_busy", weight 8, to User, MISSED;
    /// The user sends the ringing call to voicemail, and the caller leaves a message.
    SentToVoicemail = "sent_to_voicemail", weight 5, to User, MISSED;
    /// The user sends the caller to voicemail after some words.
    AnsweredThenVoicemail = "answered_then_voicemail", weight 2, to User, IN;
    /// A message that another member of the mailbox is told of, too.
    VoicemailShared = "voicemail_shared", weight 20, to User, MISSED;
    /// The caller hides the number.
    Anonymous = "anonymous", weight 5, to User, &["to", "user", "ring_seconds", "talk_seconds", "answered"];
    /// A call that Zoom takes for spam.
    Spam = "spam", weight 8, to User, MISSED;
    /// A call from another country.
    InboundInternational = "inbound_international", weight 6, to User, IN;
    /// The user is reached on another number of theirs.
    OnOtherPhone = "on_other_phone", weight 6, to User, IN;
    /// A colleague of the same pickup group takes the ringing call.
    GroupPickup = "group_pickup", weight 4, to User, IN;
    /// The number called is busy.
    OutboundBusy = "outbound_busy", weight 10, to Outside, OUT;
    /// Nobody answers the number called.
    OutboundUnanswered = "outbound_unanswered", weight 25, to Outside, OUT;
    /// A call to another country.
    OutboundInternational = "outbound_international", weight 8, to Outside, SPECIAL;
    /// A call to an emergency number, with its alert.
    Emergency = "emergency", weight 0, to Outside, SPECIAL;
    /// One user calls another, who does not answer.
    InternalMissed = "internal_missed", weight 20, to User, OUT;
    /// A caller presses a key in the receptionist's menu and goes where it leads.
    Menu = "menu", weight 140, to Receptionist, MENU;
    /// A caller hangs up in the menu: there is a record, but never an event.
    MenuLeft = "menu_left", weight 15, to Receptionist, LEFT;
    /// A caller presses a key that the menu does not have, then one that it has.
    MenuWrongKey = "menu_wrong_key", weight 5, to Receptionist, LEFT;
    /// A shared line group is called: all its members ring.
    SharedLine = "shared_line", weight 12, to SharedLines, &["from", "name", "to", "ring_seconds", "talk_seconds", "answered"];
    /// The phone of a common area is called.
    CommonArea = "common_area", weight 4, to CommonArea, &["from", "name", "to", "ring_seconds", "talk_seconds", "answered"];
    /// The user mutes the microphone for a while.
    Muted = "muted", weight 15, to User, IN;
    /// The user asks a colleague, who does not want the call, and goes back to the caller.
    WarmTransferCancelled = "warm_transfer_cancelled", weight 6, to User, IN;
    /// The user brings a colleague into the conversation.
    Conference = "conference", weight 5, to User, IN;
    /// The conversation becomes a meeting.
    Escalated = "escalated", weight 3, to User, IN;
    /// The user parks the call and a colleague picks it up.
    Parked = "parked", weight 8, to User, IN;
    /// Nobody picks the parked call up: it rings where it was parked.
    ParkTimeout = "park_timeout", weight 2, to User, IN;
    /// No place is free to park the call; the conversation goes on.
    ParkFailed = "park_failed", weight 1, to User, IN;
    /// A recording that the user begins, pauses, resumes and stops.
    RecordedOnDemand = "recorded_on_demand", weight 6, to User, IN;
    /// A recording that breaks off and has no file.
    RecordingFailed = "recording_failed", weight 2, to User, IN;
    /// A recording that somebody with access is told of, too.
    RecordedShared = "recorded_shared", weight 15, to User, IN;
    /// A recording that is ready hours after the call.
    RecordedLate = "recorded_late", weight 3, to User, IN;
    /// A conversation of which Zoom makes a summary.
    Summarized = "summarized", weight 15, to User, IN;
    /// The record is ready before the last event of the call.
    RecordFirst = "record_first", weight 4, to User, IN;
    /// A supervisor listens to a queue call.
    Listen = "listen", weight 3, to Queue, QUEUE;
    /// A supervisor whispers to the member.
    Whisper = "whisper", weight 2, to Queue, QUEUE;
    /// A supervisor joins the conversation.
    Barge = "barge", weight 1, to Queue, QUEUE;
    /// A supervisor takes the call over.
    Takeover = "takeover", weight 1, to Queue, QUEUE;
}

impl Scenario {
    /// Begun by a user of the account.
    pub(super) fn is_outbound(self) -> bool {
        self.target() == Target::Outside || matches!(self, Self::InternalAnswered | Self::InternalMissed)
    }

    /// The number outside, where the scenario needs one of its kind.
    pub(super) fn number(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => Some("anonymous"),
            Self::Spam => Some("+15557770199"),
            // Numbers that regulators keep for fiction.
            Self::InboundInternational => Some("+442079460123"),
            Self::OutboundInternational => Some("+442079460456"),
            Self::Emergency => Some("933"),
            _ => None,
        }
    }

    /// What its people mean to do.
    pub(super) fn wish(self, dice: &mut Dice) -> Wish {
        let hold = |deed| (4, 15, deed);
        let warm =
            |then| vec![(10, 40, Deed::Hold), (0, 0, Deed::Transfer { to: None, warm: true }), (5, 25, then)];
        let blind = Deed::Transfer { to: None, warm: false };
        let record = (0, 0, Deed::Record { on_demand: false });
        let mut wish = Wish { message: true, ..Wish::default() };
        match self {
            Self::InboundMissed | Self::InternalMissed => {
                (wish.reply, wish.message) = (Reply::Ignore, false);
                wish.patience = dice.chance(30).then_some((3, 12));
            }
            Self::InboundRejected => (wish.reply, wish.message) = (Reply::Reject, false),
            Self::InboundVoicemail | Self::QueueOverflow | Self::OutboundUnanswered => {
                wish.reply = Reply::Ignore;
            }
            Self::OutboundBusy | Self::InboundBusy => wish.reply = Reply::Busy,
            Self::OutboundCancelled | Self::QueueAbandoned => {
                (wish.reply, wish.patience) = (Reply::Ignore, Some((5, 20)));
            }
            Self::Hold => wish.deeds = vec![hold(Deed::Hold), (5, 20, Deed::Unhold)],
            Self::Muted => wish.deeds = vec![hold(Deed::Mute), (5, 20, Deed::Unmute)],
            Self::BlindTransfer => wish.deeds = vec![(15, 60, blind)],
            Self::WarmTransfer => wish.deeds = warm(Deed::Complete),
            Self::WarmTransferCancelled => wish.deeds = warm(Deed::Cancel),
            Self::Conference => wish.deeds = warm(Deed::Merge),
            Self::Recorded => wish.deeds = vec![record],
            Self::RecordedLate => (wish.deeds, wish.late) = (vec![record], true),
            Self::RecordedShared => (wish.deeds, wish.access_member) = (vec![record], true),
            Self::RecordingFailed => wish.deeds = vec![record, (3, 10, Deed::RecordingFails)],
            Self::RecordedOnDemand => {
                wish.deeds = vec![
                    (3, 10, Deed::Record { on_demand: true }),
                    (5, 15, Deed::PauseRecording),
                    (5, 15, Deed::ResumeRecording),
                    (5, 15, Deed::StopRecording),
                ];
            }
            Self::SentToVoicemail => wish.reply = Reply::ToVoicemail,
            Self::AnsweredThenVoicemail => wish.deeds = vec![(5, 20, Deed::ToVoicemail)],
            Self::VoicemailShared => (wish.reply, wish.access_member) = (Reply::Ignore, true),
            Self::Spam => (wish.reply, wish.message, wish.spam) = (Reply::Ignore, false, "spam"),
            Self::OnOtherPhone => wish.reply = Reply::OnOtherPhone,
            Self::GroupPickup => wish.reply = Reply::PickedUp,
            Self::Emergency => wish.emergency = true,
            Self::MenuLeft => wish.leaves_menu = true,
            Self::MenuWrongKey => wish.keys = Some("#1".to_owned()),
            Self::Escalated => wish.deeds = vec![(10, 40, Deed::Escalate)],
            Self::Parked => wish.deeds = vec![(10, 40, Deed::Park { found: true })],
            Self::ParkTimeout => wish.deeds = vec![(10, 40, Deed::Park { found: false })],
            Self::ParkFailed => wish.deeds = vec![(10, 40, Deed::ParkFails)],
            Self::Summarized => wish.summary = true,
            Self::RecordFirst => wish.record_first = true,
            Self::Listen => wish.deeds = vec![(5, 15, Deed::Supervise("listen"))],
            Self::Whisper => wish.deeds = vec![(5, 15, Deed::Supervise("whisper"))],
            Self::Barge => wish.deeds = vec![(5, 15, Deed::Supervise("barge"))],
            Self::Takeover => wish.deeds = vec![(5, 15, Deed::Supervise("takeover"))],
            _ => {}
        }
        wish
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

impl<'de> Deserialize<'de> for Scenario {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
