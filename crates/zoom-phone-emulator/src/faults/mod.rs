//! Things that go wrong on purpose.
//!
//! Where several faults could strike, the oldest does. Each has dice of its own, seeded by the emulator's seed and
//! the number under which it was switched on, so that requests to REST do not move what happens to events.

mod fault;
mod kinds;
mod plan;
mod rest;
mod stale;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::config::Temper;
use crate::dice::Dice;
use crate::limits::Limit;
use crate::news::News;
pub use fault::{Fault, LimitKind, Malformed, NotReady, What};
pub use kinds::{FaultField, FaultKind};
pub use plan::{FaultPlan, FaultPlanError};
pub(crate) use rest::{cut, sign_in_page};
use stale::Stale;

/// Objects for which a `not_ready` counts; further ones are ready at once.
const MOST_OBJECTS: usize = 10_000;

/// The faults that are on.
pub(crate) struct Faults {
    on: Mutex<On>,
    news: News,
    pub(crate) stale: Stale,
}

struct On {
    seed: u64,
    added: u64,
    armed: Vec<Armed>,
    /// How often each kind struck.
    struck: BTreeMap<&'static str, u64>,
}

struct Armed {
    fault: Fault,
    dice: Dice,
    /// How often a `not_ready` may still strike, by path.
    objects: HashMap<String, u32>,
}

impl Armed {
    /// Whether it strikes now; counts down if so.
    fn strikes(&mut self, object: Option<&str>) -> bool {
        if let Some(object) = object {
            if !self.objects.contains_key(object) && self.objects.len() >= MOST_OBJECTS {
                return false;
            }
            let Self { fault, dice, objects } = self;
            let left = objects.entry(object.to_owned()).or_insert_with(|| {
                let meant = fault.probability.is_none_or(|share| dice.share(share));
                if meant { fault.times.unwrap_or(1) } else { 0 }
            });
            let struck = *left > 0;
            *left -= u32::from(struck);
            return struck;
        }
        if self.fault.probability.is_some_and(|share| !self.dice.share(share)) {
            return false;
        }
        match (&mut self.fault.times, self.fault.probability) {
            (Some(times), _) => *times = times.saturating_sub(1),
            (times @ None, None) => *times = Some(0),
            (None, Some(_)) => {}
        }
        true
    }
}

/// When an answer of the token service is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    BeforeRotation,
    AfterRotation,
}

/// What becomes of an event.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    pub(crate) dropped: bool,
    /// Virtual seconds.
    pub(crate) late: Option<u32>,
    pub(crate) twice: bool,
    pub(crate) after_the_next: bool,
    /// Names of the faults that struck.
    pub(crate) faults: Vec<&'static str>,
}

impl Faults {
    /// Those of a configuration, after those that the temper brings along.
    pub(crate) fn new(seed: u64, temper: Temper, faults: &[Fault], news: News) -> Result<Self, String> {
        let armed = On { seed, added: 0, armed: Vec::new(), struck: BTreeMap::new() };
        let made = Self { on: Mutex::new(armed), news, stale: Stale::default() };
        for fault in of_temper(temper).into_iter().chain(faults.iter().cloned()) {
            fault.check()?;
            made.add(fault);
        }
        Ok(made)
    }

    fn lock(&self) -> MutexGuard<'_, On> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches one on, which must have passed its check. A standing one takes the place of the last of its kind.
    pub(crate) fn add(&self, fault: Fault) {
        let mut on = self.lock();
        if matches!(fault.what, What::RateLimit { .. } | What::ClockSkew { .. }) {
            on.armed.retain(|armed| armed.fault.what.name() != fault.what.name());
        }
        let dice = Dice::new(on.seed, 1_000 + on.added);
        on.added += 1;
        on.armed.push(Armed { fault, dice, objects: HashMap::new() });
    }

    /// Those still on, with what is left of their `times`.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.lock().armed.iter().map(|armed| armed.fault.clone()).collect()
    }

    /// How often each kind has struck since the start; the standing kinds are not counted.
    pub(crate) fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.lock().struck.clone()
    }

    /// Switches the first of those off that is written just so; whether there was one.
    pub(crate) fn remove(&self, fault: &Fault) -> bool {
        let armed = &mut self.lock().armed;
        let found = armed.iter().position(|armed| armed.fault == *fault);
        found.map(|place| armed.remove(place)).is_some()
    }

    /// Switches all off.
    pub(crate) fn clear(&self) {
        self.lock().armed.clear();
        self.stale.forget();
    }

    /// Lets the oldest fault strike of which `read` finds something to say. `object` is what a `not_ready` counts by.
    fn take<T>(&self, whom: &str, object: Option<&str>, read: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut on = self.lock();
        let (what, name) = on.armed.iter_mut().find_map(|armed| {
            let what = read(&armed.fault)?;
            armed.strikes(object).then(|| (what, armed.fault.what.name()))
        })?;
        on.armed.retain(|armed| armed.fault.times != Some(0));
        *on.struck.entry(name).or_default() += 1;
        drop(on);
        self.news.tell("fault", || json!({ "fault": name, "struck": whom }));
        Some(what)
    }

    /// The limits to enforce.
    pub(crate) fn rate_limit(&self) -> Option<Limit> {
        self.lock().armed.iter().find_map(|armed| match armed.fault.what {
            What::RateLimit { plan, daily } => Some(Limit { plan, daily }),
            _ => None,
        })
    }

    /// Seconds that Zoom's clock is fast.
    pub(crate) fn skew(&self) -> i64 {
        let skew = self.lock().armed.iter().find_map(|armed| match armed.fault.what {
            What::ClockSkew { seconds } => Some(seconds.into()),
            _ => None,
        });
        skew.unwrap_or(0)
    }

    /// Whether the next answer of the token service is lost.
    pub(crate) fn token_response(&self) -> Option<Loss> {
        self.take("oauth_token", None, |fault| match fault.what {
            What::TokenResponseLost { rotated: true } => Some(Loss::AfterRotation),
            What::TokenResponseLost { rotated: false } => Some(Loss::BeforeRotation),
            _ => None,
        })
    }

    /// What becomes of an event that has just come up.
    pub(crate) fn fate(&self, event: &str) -> Fate {
        let mut fate = Fate::default();
        let strikes = |what: &What| {
            let struck = self
                .take(event, None, |fault| (fault.what == *what && fault.meets_event(event)).then_some(()));
            struck.is_some().then(|| what.name())
        };
        if let Some(name) = strikes(&What::EventDrop {}) {
            return Fate { dropped: true, faults: vec![name], ..fate };
        }
        fate.late = self.take(event, None, |fault| match fault.what {
            What::EventDelay { seconds } if fault.meets_event(event) => Some(seconds),
            _ => None,
        });
        fate.faults.extend(fate.late.map(|_| "event_delay"));
        let twice = strikes(&What::EventDuplicate {});
        fate.twice = twice.is_some();
        fate.faults.extend(twice);
        if fate.late.is_none() {
            let after = strikes(&What::EventReorder {});
            fate.after_the_next = after.is_some();
            fate.faults.extend(after);
        }
        fate
    }

    /// Whether a request that carries this event is signed with another secret.
    pub(crate) fn wrong_secret(&self, event: &str) -> bool {
        let meant =
            |fault: &Fault| (fault.what == What::WrongSecret {} && fault.meets_event(event)).then_some(());
        self.take(event, None, meant).is_some()
    }

    /// How many seconds old the signature of a request that carries this event is.
    pub(crate) fn stale_timestamp(&self, event: &str) -> Option<u32> {
        self.take(event, None, |fault| match fault.what {
            What::StaleTimestamp { seconds } if fault.meets_event(event) => Some(seconds),
            _ => None,
        })
    }
}

/// What live Zoom does now and then: spontaneous copies of one event (Developer Forum 128602). That all `caller_*`
/// events are missing (ticket ZSEE-160985) was seen on some accounts only; it stays a fault to be asked for.
fn of_temper(temper: Temper) -> Option<Fault> {
    let copies = Fault { probability: Some(0.01), ..What::EventDuplicate {}.into() };
    (temper == Temper::Field).then_some(copies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(seed: u64, fault: Fault) -> Vec<bool> {
        let faults = Faults::new(seed, Temper::Documented, &[fault], News::default()).expect("good faults");
        (0..1000).map(|_| faults.fate("phone.callee_ringing").dropped).collect()
    }

    #[test]
    fn a_probability_strikes_its_share_the_same_under_the_same_seed() {
        let fault = Fault { probability: Some(0.3), ..What::EventDrop {}.into() };
        let dropped = fates(7, fault.clone());
        let share = dropped.iter().filter(|&&dropped| dropped).count();
        assert!((250..350).contains(&share), "{share}");
        assert_eq!(fates(7, fault.clone()), dropped);
        assert_ne!(fates(8, fault.clone()), dropped);
        let bounded = Fault { times: Some(5), ..fault };
        assert_eq!(fates(7, bounded).into_iter().filter(|&dropped| dropped).count(), 5);
    }

    #[test]
    fn a_fault_without_numbers_strikes_once_and_only_what_it_is_meant_for() {
        let fault = Fault { event: Some("phone.caller_*".into()), ..What::EventDrop {}.into() };
        let faults = Faults::new(1, Temper::Documented, &[fault], News::default()).expect("good faults");
        assert!(!faults.fate("phone.callee_ringing").dropped);
        assert!(faults.fate("phone.caller_ringing").dropped);
        assert!(!faults.fate("phone.caller_ringing").dropped);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn the_field_temper_brings_copies_of_events_which_can_be_switched_off() {
        let faults = Faults::new(1, Temper::Field, &[], News::default()).expect("good faults");
        let twice = (0..10_000).filter(|_| faults.fate("phone.sms_sent").twice).count();
        assert!((50..200).contains(&twice), "{twice}");
        faults.clear();
        assert!(!(0..10_000).any(|_| faults.fate("phone.sms_sent").twice));
    }
}
