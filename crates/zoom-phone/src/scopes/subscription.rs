//! What to tick in Zoom's Marketplace for a set of events.

use std::fmt;

use zoom_phone_types::events::{EVENTS, EventFacts};

use super::{Actor, Scopes, Suggestion, Unknown};

/// An event subscription of an app: what to tick, and the scopes it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The events, in Zoom's order, each once.
    pub events: Vec<&'static str>,
    /// Those of them that Zoom has replaced by newer ones.
    pub deprecated: Vec<&'static str>,
    /// The scopes. Marketplace adds them when the events are ticked; people who signed in before must do so again.
    pub scopes: Suggestion,
}

impl Subscription {
    /// To these events, on behalf of this actor.
    pub fn to<N: AsRef<str>>(events: impl IntoIterator<Item = N>, actor: Actor) -> Result<Self, Unknown> {
        let mut wanted: Vec<&'static EventFacts> = Vec::new();
        for name in events {
            let name = name.as_ref();
            wanted.push(EventFacts::of(name).ok_or_else(|| Unknown(name.to_owned()))?);
        }
        let wanted: Vec<_> = EVENTS.iter().filter(|facts| wanted.contains(facts)).collect();
        let events: Vec<_> = wanted.iter().map(|facts| facts.name).collect();
        let scopes = Scopes::required_for(&events)?.suggest(actor);
        let deprecated = wanted.iter().filter(|facts| facts.deprecated).map(|facts| facts.name).collect();
        Ok(Self { events, deprecated, scopes })
    }
}

/// One line for each event, then one for each scope.
impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            let mark = if self.deprecated.contains(event) { " (deprecated)" } else { "" };
            let out = if self.scopes.out_of_reach.contains(event) { " (needs an administrator)" } else { "" };
            writeln!(f, "event {event}{mark}{out}")?;
        }
        self.scopes.scopes.iter().try_for_each(|scope| writeln!(f, "scope {scope}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_sides_of_a_call_element_need_different_scopes() {
        let both = ["phone.callee_call_element_completed", "phone.caller_call_element_completed"];
        let subscription = Subscription::to(both, Actor::Admin).unwrap();
        assert_eq!(subscription.scopes.scopes, ["phone:read:call:admin", "phone:read:call_log:admin"]);
    }

    #[test]
    fn events_are_listed_once_in_zooms_order_and_old_and_unreachable_ones_are_marked() {
        let names = [
            "phone.sms_etiquette_block",
            "phone.callee_ringing",
            "phone.callee_call_log_completed",
            "phone.callee_ringing",
        ];
        let subscription = Subscription::to(names, Actor::User).unwrap();
        assert_eq!(
            subscription.to_string(),
            "event phone.callee_ringing\nevent phone.callee_call_log_completed (deprecated)\n\
             event phone.sms_etiquette_block (needs an administrator)\n\
             scope phone:read:call\nscope phone:read:call_log\n"
        );
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for name in ["phone.nothing", "listCallQueues"] {
            assert_eq!(Subscription::to([name], Actor::User).unwrap_err(), Unknown(name.to_owned()));
        }
    }
}
