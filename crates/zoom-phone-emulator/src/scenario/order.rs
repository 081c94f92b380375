//! What a call is to be: who calls whom, and what they mean to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Scenario;
use crate::dice::Dice;
use crate::exchange::{Exchange, Floor};
use crate::party::{Kind, Party};
use crate::world::directory::Directory;
use crate::world::hours;

/// What somebody who asks for a call can choose; all else is decided by dice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Who calls: an E.164 number from outside, or somebody of the account by id, extension number, e-mail address or
    /// name. `anonymous` hides the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name that a caller outside shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who is called: a number of the account, an extension, or a number outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The queue that is called, by id, extension number or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The user of the account that the scenario is about, by id, extension number, e-mail address or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Seconds that the first phone rings before somebody takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_seconds: Option<u32>,
    /// Seconds that the conversation lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talk_seconds: Option<u32>,
    /// Whether the call is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// What the caller presses in a menu: digits, `*`, `#`. Empty for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
}

/// Why a call cannot be made as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A parameter that the scenario has no use for.
    #[error("{scenario} has no parameter {param:?}; it has {}", known.join(", "))]
    Param {
        /// The scenario.
        scenario: Scenario,
        /// The parameter.
        param: &'static str,
        /// Those that it has.
        known: &'static [&'static str],
    },
    /// Nobody of that description.
    #[error(
        "{param} {value:?} is nobody of this account; give an id, an extension number, an e-mail address or a name"
    )]
    Unknown {
        /// The parameter.
        param: &'static str,
        /// What it said.
        value: String,
    },
    /// A value that makes no sense.
    #[error("{param} {value:?} cannot be used: {why}")]
    Value {
        /// The parameter.
        param: &'static str,
        /// What it said.
        value: String,
        /// What to give instead.
        why: &'static str,
    },
    /// Everybody who could do it is on a call.
    #[error(
        "nobody is free to make this call; wait until somebody hangs up, or let calls arrive more slowly"
    )]
    NobodyFree,
    /// The account has no such thing.
    #[error("the account has no {0}; create one first")]
    Missing(&'static str),
}

/// A call that will be made.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) scenario: Scenario,
    /// Decides its dice.
    pub(crate) number: u64,
    pub(crate) start: Timestamp,
    pub(crate) caller: Arc<Party>,
    pub(crate) callee: Arc<Party>,
    /// Which outsider takes part.
    pub(crate) outsider: Option<usize>,
    pub(crate) wish: Wish,
    /// Users whose phones are in a person's hands, by id.
    pub(crate) attended: Arc<BTreeSet<String>>,
}

/// What the people of a call mean to do.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub(crate) struct Wish {
    /// Of the first phone that rings.
    pub(crate) reply: Reply,
    /// Seconds, at least and at most, after which the caller gives up.
    pub(crate) patience: Option<(u64, u64)>,
    /// Seconds that a caller waits in a queue at most.
    pub(crate) endures: Option<i64>,
    /// Seconds until the first answer.
    pub(crate) ring: Option<i64>,
    /// Seconds of conversation.
    pub(crate) talk: Option<i64>,
    /// The caller leaves a message where there is a mailbox.
    pub(crate) message: bool,
    /// What is done in the conversation, each so many seconds (at least, at most) after the one before.
    pub(crate) deeds: Vec<(u64, u64, Deed)>,
    /// Keys pressed in menus; without, one that the menu has.
    pub(crate) keys: Option<String>,
    /// The caller hangs up in the menu.
    pub(crate) leaves_menu: bool,
    /// The recording takes an hour and more to be ready.
    pub(crate) late: bool,
    /// There is an AI summary of the conversation.
    pub(crate) summary: bool,
    /// Somebody else may see the file, and is told.
    pub(crate) access_member: bool,
    /// The record is ready before the last event.
    pub(crate) record_first: bool,
    pub(crate) spam: &'static str,
    pub(crate) emergency: bool,
}

/// What becomes of a ringing phone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reply {
    #[default]
    Answer,
    Ignore,
    Reject,
    ToVoicemail,
    /// On another call.
    Busy,
    /// A colleague takes it.
    PickedUp,
    /// Answered on the user's other number.
    OnOtherPhone,
}

/// What somebody does in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    Hold,
    Unhold,
    Mute,
    Unmute,
    Record {
        on_demand: bool,
    },
    PauseRecording,
    ResumeRecording,
    StopRecording,
    RecordingFails,
    Transfer {
        to: Option<String>,
        warm: bool,
    },
    Complete,
    Cancel,
    Merge,
    Park {
        found: bool,
    },
    ParkFails,
    Escalate,
    /// A supervisor: `listen`, `whisper`, `barge`, `monitor` or `takeover`.
    Supervise(&'static str),
    ToVoicemail,
    HangUp,
}

/// Tries to find somebody who is on no call, before everybody is looked at.
const TRIES: usize = 8;

impl Exchange {
    /// Decides what the people of this scenario are, and what they mean to do.
    pub(crate) fn order(
        &mut self,
        scenario: Scenario,
        params: &Params,
        start: Timestamp,
    ) -> Result<Order, Unfit> {
        check(scenario, params)?;
        let directory = self.directory();
        let mut wish = scenario.wish(&mut self.dice);
        wish.ring = params.ring_seconds.map(i64::from).or(wish.ring);
        wish.talk = params.talk_seconds.map(i64::from).or(wish.talk);
        wish.keys = params.keys.clone().or(wish.keys);
        if let Some(traffic) = self.traffic.clone() {
            let seconds = |dice: &mut Dice, spread| dice.spread(spread).clamp(1.0, 3600.0);
            let whole =
                |seconds: f64| SignedDuration::try_from_secs_f64(seconds).map_or(1, |it| it.as_secs());
            wish.talk = wish.talk.or_else(|| Some(whole(seconds(&mut self.dice, traffic.talk))));
            wish.ring = wish.ring.or_else(|| Some(whole(seconds(&mut self.dice, traffic.ring))));
            wish.endures = Some(whole(seconds(&mut self.dice, traffic.patience)));
            for (low, high, deed) in &mut wish.deeds {
                if *deed == Deed::Unhold {
                    let held = whole(seconds(&mut self.dice, traffic.hold)).unsigned_abs();
                    (*low, *high) = (held, held);
                }
            }
        }
        match params.answered {
            Some(false) => wish.reply = Reply::Ignore,
            Some(true) => (wish.reply, wish.patience) = (Reply::Answer, None),
            None => {}
        }
        let callee = self.callee(scenario, params, &directory, start)?;
        let (outsider, caller, callee) = self.ends(scenario, params, (&directory, callee), start)?;
        Ok(Order {
            scenario,
            number: self.next_call(),
            start,
            caller,
            callee,
            outsider,
            wish,
            attended: Arc::new(self.attended.keys().cloned().collect()),
        })
    }

    /// Who of the account is called; nobody when that is somebody outside.
    fn callee(
        &mut self,
        scenario: Scenario,
        params: &Params,
        directory: &Directory,
        start: Timestamp,
    ) -> Result<Option<Arc<Party>>, Unfit> {
        let outbound = scenario.is_outbound();
        let named = [("to", &params.to), ("queue", &params.queue)].into_iter();
        let mut named = named.chain([("user", &params.user)].into_iter().filter(|_| !outbound));
        if let Some((param, value)) = named.find_map(|(param, value)| Some((param, value.as_ref()?))) {
            if let Some(found) = directory.find(value) {
                return Ok(Some(found.clone()));
            }
            if param == "to" && outbound {
                return Ok(None);
            }
            return Err(Unfit::Unknown { param, value: value.clone() });
        }
        let any = |dice: &mut crate::dice::Dice, parties: &[Arc<Party>], what| {
            let nth = (!parties.is_empty()).then(|| dice.index(parties.len()));
            nth.map(|nth| Some(parties[nth].clone())).ok_or(Unfit::Missing(what))
        };
        let group = |groups: &[Arc<crate::world::directory::Group>]| -> Vec<_> {
            groups.iter().filter(|group| !group.members.is_empty()).map(|group| group.party.clone()).collect()
        };
        match scenario.target() {
            Target::Outside => Ok(None),
            Target::User => {
                let from = params.from.as_deref().and_then(|from| directory.find(from));
                let not = from.map_or("", |from| &from.id);
                match self.free_user(directory, start, not) {
                    Some(user) => Ok(Some(user)),
                    None => any(&mut self.dice, &directory.users, "user"),
                }
            }
            Target::Queue => any(&mut self.dice, &group(&directory.queues), "call queue with members"),
            Target::Receptionist => {
                let with_menu = directory.receptionists.iter().filter(|it| self.has_menu(it, start));
                let with_menu: Vec<_> = with_menu.cloned().collect();
                any(&mut self.dice, &with_menu, "auto receptionist with a menu at this hour")
            }
            Target::SharedLines => {
                any(&mut self.dice, &group(&directory.shared_lines), "shared line group with members")
            }
            Target::CommonArea => any(&mut self.dice, &directory.common_areas, "common area"),
        }
    }

    fn has_menu(&self, receptionist: &Party, at: Timestamp) -> bool {
        receptionist.address().is_some_and(|address| {
            let now = hours::now(&self.world, &address, at);
            let handling = hours::handling(&self.world, &address, &now);
            let menu = self.world.get(&format!("{address}/ivr/{}", now.step()));
            let routed = handling.get("call_handling_setting").map(|it| &it["routing_action"]);
            menu.is_some() && routed.is_some_and(|action| action == "forward_to_ivr")
        })
    }

    /// Somebody who is on no call, other than the one with this id.
    fn free_user(&mut self, directory: &Directory, at: Timestamp, not: &str) -> Option<Arc<Party>> {
        let users = &directory.users;
        let fits = |floor: &Floor, user: &Party| user.id != not && floor.is_free(user, at);
        if users.is_empty() {
            return None;
        }
        // Mostly nearly everybody is free, and a company may have thousands of users.
        for _ in 0..TRIES {
            let user = &users[self.dice.index(users.len())];
            if fits(&self.floor, user) {
                return Some(user.clone());
            }
        }
        let free: Vec<_> = users.iter().filter(|user| fits(&self.floor, user)).collect();
        (!free.is_empty()).then(|| free[self.dice.index(free.len())].clone())
    }

    /// Both ends, with the outsider that takes part.
    fn ends(
        &mut self,
        scenario: Scenario,
        params: &Params,
        (directory, callee): (&Directory, Option<Arc<Party>>),
        start: Timestamp,
    ) -> Result<Ends, Unfit> {
        if !scenario.is_outbound() {
            let callee = callee.ok_or(Unfit::NobodyFree)?;
            if let Some(from) = params.from.as_deref().and_then(|from| directory.find(from)) {
                return Ok((None, from.clone(), callee));
            }
            let (nth, caller) = self.caller(scenario, params, directory, start)?;
            return Ok((nth, caller, callee));
        }
        let from = params.from.as_ref().or(params.user.as_ref());
        let caller = if let Some(value) = from {
            let known = directory.find(value).filter(|party| party.kind == Kind::User);
            known.cloned().ok_or_else(|| Unfit::Unknown { param: "user", value: value.clone() })?
        } else {
            let not = callee.as_ref().map_or("", |callee| &callee.id);
            self.free_user(directory, start, not).ok_or(Unfit::NobodyFree)?
        };
        if !self.floor.is_free(&caller, start) {
            return Err(Unfit::NobodyFree);
        }
        if let Some(callee) = callee {
            return Ok((None, caller, callee));
        }
        if let Some(number) = params.to.as_deref().or(scenario.number()) {
            return Ok((None, caller, Arc::new(number_outside(number)?)));
        }
        let (nth, callee) = self.outsiders.take(&mut self.dice, start, true);
        Ok((Some(nth), caller, callee))
    }

    fn caller(
        &mut self,
        scenario: Scenario,
        params: &Params,
        directory: &Directory,
        start: Timestamp,
    ) -> Result<(Option<usize>, Arc<Party>), Unfit> {
        match params.from.as_deref().or(scenario.number()) {
            Some("anonymous") => Ok((None, Arc::default())),
            Some(number) => {
                let known = directory.contacts.iter().find(|it| it.number.as_deref() == Some(number));
                let party = known.map_or_else(|| number_outside(number), |it| Ok((**it).clone()))?;
                Ok((None, Arc::new(Party { name: params.name.clone().or(party.name.clone()), ..party })))
            }
            None if !directory.contacts.is_empty() && self.dice.chance(10) => {
                Ok((None, directory.contacts[self.dice.index(directory.contacts.len())].clone()))
            }
            None => {
                let (nth, caller) = self.outsiders.take(&mut self.dice, start, false);
                Ok((Some(nth), caller))
            }
        }
    }
}

/// The outsider that takes part, the caller and who is called.
type Ends = (Option<usize>, Arc<Party>, Arc<Party>);

/// Who or what of the account a scenario calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    User,
    Queue,
    Receptionist,
    SharedLines,
    CommonArea,
    Outside,
}

/// Somebody outside by number.
pub(crate) fn number_outside(number: &str) -> Result<Party, Unfit> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        let why = "it is neither somebody of this account nor a telephone number such as +15552000000";
        return Err(Unfit::Value { param: "number", value: number.to_owned(), why });
    }
    Ok(Party { number: Some(number.to_owned()), ..Party::default() })
}

fn check(scenario: Scenario, params: &Params) -> Result<(), Unfit> {
    let given = [
        ("from", params.from.is_some()),
        ("name", params.name.is_some()),
        ("to", params.to.is_some()),
        ("queue", params.queue.is_some()),
        ("user", params.user.is_some()),
        ("ring_seconds", params.ring_seconds.is_some()),
        ("talk_seconds", params.talk_seconds.is_some()),
        ("answered", params.answered.is_some()),
        ("keys", params.keys.is_some()),
    ];
    let known = scenario.params();
    if let Some((param, _)) = given.into_iter().find(|(param, given)| *given && !known.contains(param)) {
        return Err(Unfit::Param { scenario, param, known });
    }
    for (param, value, most) in
        [("ring_seconds", params.ring_seconds, 3600), ("talk_seconds", params.talk_seconds, 86_400)]
    {
        if let Some(value) = value.filter(|&value| value > most) {
            let why =
                if most == 3600 { "a phone rings for an hour at most" } else { "a call lasts a day at most" };
            return Err(Unfit::Value { param, value: value.to_string(), why });
        }
    }
    if let Some(keys) = params
        .keys
        .as_ref()
        .filter(|keys| keys.len() > 32 || keys.chars().any(|key| !"0123456789*#".contains(key)))
    {
        let why = "give up to 32 digits, * and #";
        return Err(Unfit::Value { param: "keys", value: keys.clone(), why });
    }
    Ok(())
}
