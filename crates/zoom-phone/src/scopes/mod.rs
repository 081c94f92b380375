//! Scopes as data: what an operation or an event needs, what a token lacks, what to ask for.
//!
//! Zoom has two models. Apps of today get **granular** scopes (`phone:read:call_log:admin`), older ones keep their
//! **classic** ones (`phone:read:admin`). An operation lists scopes of both, and any single one of them suffices;
//! tokens of an app that has changed models keep the old spelling until somebody signs in again. So a token is held
//! against both lists.
//!
//! ```
//! use zoom_phone::scopes::{Actor, Scopes};
//!
//! let needed = Scopes::required_for(["listCallQueues", "phone.callee_ringing", "postSmsMessage"])?;
//! let granted = Scopes::granted(["phone:read:call:admin", "phone:read:list_call_queues:admin"]);
//! let missing = needed.missing(&granted);
//! assert_eq!(missing.len(), 1);
//! assert!(missing[0].to_string().starts_with("postSmsMessage needs the scope phone:read:sms_message"));
//!
//! assert_eq!(
//!     needed.suggest(Actor::Admin).scopes,
//!     ["phone:read:call:admin", "phone:read:list_call_queues:admin", "phone:read:sms_message:admin"]
//! );
//! # Ok::<(), zoom_phone::scopes::Unknown>(())
//! ```
//!
//! The lists are those of Zoom's OpenAPI documents (`x-granular-scopes` and `x-macro-scopes` of operations, the
//! descriptions of events).

mod subscription;

use std::collections::BTreeSet;
use std::fmt;

use zoom_phone_types::catalogue::Catalogue;
use zoom_phone_types::events::EventFacts;

pub use subscription::Subscription;

/// Who gives the app access, and so whose data it may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person, for their own data: scopes without an ending, which any user may grant.
    User,
    /// An administrator, or a server-to-server app, for the whole account: scopes that end in `:admin`.
    Admin,
}

/// The scopes that a token has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

/// What some operations and events need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Required(Vec<Need>);

/// One operation or event, and its scopes. Any single one of either list suffices; with two empty lists none is
/// needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Zoom's operationId (where two operations have it, the unique name of the catalogue), or the name of the event.
    pub name: &'static str,
    /// Granular scopes, in Zoom's order.
    pub granular: Vec<&'static str>,
    /// Classic scopes, in Zoom's order.
    pub classic: Vec<&'static str>,
}

/// A name that is neither an operation nor an event of Zoom Phone, as far as this crate knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no operation and no event of Zoom Phone; give an operationId such as listCallQueues, or an event such as phone.callee_ringing"
)]
pub struct Unknown(pub String);

/// An operation or event that a token has no scope for. As an error it says which scope, and where to add it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Zoom's operationId, or the name of the event.
    pub operation: &'static str,
    /// Granular scopes, any of which would do.
    pub any_of_granular: Vec<&'static str>,
    /// Classic scopes, any of which would do.
    pub any_of_classic: Vec<&'static str>,
}

/// What to ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// Granular scopes, sorted. They suffice for all but [`Suggestion::out_of_reach`], and for none of these could
    /// any of them be left out.
    pub scopes: Vec<&'static str>,
    /// Operations and events that this actor cannot be given: Zoom has no scope for a person's own data there.
    pub out_of_reach: Vec<&'static str>,
}

impl Scopes {
    /// What a token has: [`AccessToken::scopes`](crate::oauth::AccessToken::scopes).
    pub fn granted<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }

    /// What these operations and events need. Names that come twice count once.
    pub fn required_for<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Required, Unknown> {
        let mut needs: Vec<Need> = Vec::new();
        for name in names {
            let need = Need::of(name.as_ref())?;
            if needs.iter().all(|known| known.name != need.name) {
                needs.push(need);
            }
        }
        Ok(Required(needs))
    }

    /// Whether this very scope is there.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }
}

impl Need {
    /// What one operation (operationId, or the name in snake case) or event needs.
    pub fn of(name: &str) -> Result<Self, Unknown> {
        if let Some(event) = EventFacts::of(name) {
            return Ok(Self {
                name: event.name,
                granular: event.scopes_granular.to_vec(),
                classic: event.scopes_classic.to_vec(),
            });
        }
        let catalogue = Catalogue::get();
        let operation = catalogue.operation(name).ok_or_else(|| Unknown(name.to_owned()))?;
        // Eight ids are in both APIs and mean Zoom Phone's; the others go by their unique name.
        let by_id = catalogue.operation(&operation.id).is_some_and(|found| found.name == operation.name);
        Ok(Self {
            name: if by_id { &operation.id } else { &operation.name },
            granular: operation.scopes_granular.iter().map(String::as_str).collect(),
            classic: operation.scopes_classic.iter().map(String::as_str).collect(),
        })
    }

    /// Whether these scopes suffice.
    pub fn is_met_by(&self, granted: &Scopes) -> bool {
        let mut all = self.granular.iter().chain(&self.classic).peekable();
        all.peek().is_none() || all.any(|scope| granted.contains(scope))
    }

    /// The one granular scope to ask this actor for; the narrowest that does.
    fn scope_for(&self, actor: Actor) -> Option<&'static str> {
        let ending = |wanted: &str| {
            self.granular.iter().copied().find(|scope| scope.splitn(4, ':').nth(3).unwrap_or("") == wanted)
        };
        match actor {
            Actor::User => ending(""),
            // Zoom lists `:admin` with everything; a person's scope is the fallback that asks for least.
            Actor::Admin => ending("admin").or_else(|| ending("")),
        }
    }
}

impl Required {
    /// Each operation and event, in the order in which they were named.
    pub fn needs(&self) -> &[Need] {
        &self.0
    }

    /// What these scopes do not suffice for.
    pub fn missing(&self, granted: &Scopes) -> Vec<Missing> {
        let unmet = self.0.iter().filter(|need| !need.is_met_by(granted));
        unmet
            .map(|need| Missing {
                operation: need.name,
                any_of_granular: need.granular.clone(),
                any_of_classic: need.classic.clone(),
            })
            .collect()
    }

    /// The scopes to ask for: one for each need, the narrowest that does, each once.
    pub fn suggest(&self, actor: Actor) -> Suggestion {
        let mut scopes = BTreeSet::new();
        let mut out_of_reach = Vec::new();
        for need in &self.0 {
            match need.scope_for(actor) {
                Some(scope) => {
                    scopes.insert(scope);
                }
                None if need.granular.is_empty() && need.classic.is_empty() => {}
                None => out_of_reach.push(need.name),
            }
        }
        Suggestion { scopes: scopes.into_iter().collect(), out_of_reach }
    }
}

/// Where Zoom's lists are not what one would expect (its Phone OpenAPI document of July 2026).
const NOTES: &[(&str, &str)] = &[
    (
        "postSmsMessage",
        "Zoom lists a scope that reads for this operation that sends, and has none that writes; try it before you promise it",
    ),
    (
        "getCallPath",
        "there is no scope for a person's own calls here; GET /phone/users/me/call_history has their parts of calls",
    ),
    (
        "getCallElement",
        "there is no granular scope for a person's own calls here; GET /phone/users/me/call_history has their parts of calls",
    ),
    ("addClientCodeToCallHistory", "there is no scope for a person's own calls here"),
];

impl Missing {
    /// What is odd about the scopes of this operation, if anything.
    pub fn note(&self) -> Option<&'static str> {
        NOTES.iter().find(|(operation, _)| *operation == self.operation).map(|(_, note)| *note)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} needs the scope ", self.operation)?;
        match (self.any_of_granular.as_slice(), self.any_of_classic.as_slice()) {
            ([], classic) => f.write_str(&classic.join(" or "))?,
            (granular, []) => f.write_str(&granular.join(" or "))?,
            (granular, classic) => {
                write!(f, "{} (in an older app: {})", granular.join(" or "), classic.join(" or "))?;
            }
        }
        f.write_str(", and the token has none of them; add one to the app in Zoom's Marketplace, then sign in again (a server-to-server app: ask for a new token after a minute)")?;
        match self.note() {
            Some(note) => write!(f, "; {note}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zoom_phone_types::events::EVENTS;

    use super::*;

    fn all_names() -> Vec<&'static str> {
        let operations = Catalogue::get().operations().iter().map(|operation| operation.name.as_str());
        operations.chain(EVENTS.iter().map(|event| event.name)).collect()
    }

    fn required(names: &[&str]) -> Required {
        Scopes::required_for(names).unwrap()
    }

    #[test]
    fn one_scope_of_either_model_suffices() {
        let needed = required(&["getCallPath"]);
        for scope in ["phone:read:call_log:admin", "phone:read:admin", "phone_call_log:read:admin"] {
            assert_eq!(needed.missing(&Scopes::granted([scope])), [], "{scope}");
        }
        for scope in ["phone:read:call_log", "phone:read", "phone:read:list_call_logs:admin", ""] {
            assert_eq!(needed.missing(&Scopes::granted([scope])).len(), 1, "{scope}");
        }
    }

    #[test]
    fn the_error_names_the_scope_and_the_operation_and_what_is_odd() {
        let missing = required(&["postSmsMessage"]).missing(&Scopes::default()).remove(0);
        let text = missing.to_string();
        for part in [
            "postSmsMessage",
            "phone:read:sms_message:admin",
            "phone:write:admin",
            "Marketplace",
            "a scope that reads",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(required(&["listCallQueues"]).missing(&Scopes::default())[0].note(), None);
    }

    #[test]
    fn every_note_is_about_an_operation_that_exists_and_is_as_it_says() {
        for (operation, note) in NOTES {
            let need = Need::of(operation).unwrap();
            assert_eq!(need.name, *operation);
            let admin_only = need.granular.iter().all(|scope| scope.ends_with(":admin"));
            assert_eq!(admin_only, note.contains("person's own"), "{operation}");
        }
    }

    #[test]
    fn a_name_that_does_not_exist_is_an_error_and_one_that_comes_twice_counts_once() {
        assert_eq!(Scopes::required_for(["phone.nothing"]).unwrap_err(), Unknown("phone.nothing".to_owned()));
        assert_eq!(required(&["listCallQueues", "list_call_queues", "listCallQueues"]).needs().len(), 1);
        assert_eq!(required(&all_names()).needs().len(), all_names().len(), "no two are taken for one");
    }

    #[test]
    fn an_administrator_can_be_given_everything_and_a_person_only_their_own() {
        let everything = required(&all_names());
        assert!(everything.suggest(Actor::Admin).out_of_reach.is_empty());
        let mine =
            required(&["getCallPath", "phoneUserCallHistory", "phone.callee_ringing"]).suggest(Actor::User);
        assert_eq!(mine.out_of_reach, ["getCallPath"]);
        assert_eq!(mine.scopes, ["phone:read:call", "phone:read:list_call_logs"]);
    }

    proptest! {
        #[test]
        fn a_suggestion_suffices_and_nothing_of_it_can_be_left_out(
            names in prop::sample::subsequence(all_names(), 0..30), admin: bool
        ) {
            let actor = if admin { Actor::Admin } else { Actor::User };
            let needed = required(&names);
            let suggestion = needed.suggest(actor);
            let lacking = |scopes: &[&'static str]| {
                let missing = needed.missing(&Scopes::granted(scopes.iter().copied()));
                missing.into_iter().map(|missing| missing.operation).collect::<Vec<_>>()
            };
            prop_assert_eq!(lacking(&suggestion.scopes), suggestion.out_of_reach.clone());
            for without in 0..suggestion.scopes.len() {
                let mut fewer = suggestion.scopes.clone();
                fewer.remove(without);
                prop_assert!(lacking(&fewer).len() > suggestion.out_of_reach.len());
            }
            // Least scope: nothing wider than the actor.
            let fits = |scope: &&str| scope.ends_with(":admin") == admin && !scope.ends_with(":master");
            prop_assert!(suggestion.scopes.iter().all(fits));
        }

        #[test]
        fn more_scopes_never_lack_more(names in prop::sample::subsequence(all_names(), 1..10), extra: String) {
            let needed = required(&names);
            let some = needed.needs()[0].granular.iter().map(|scope| (*scope).to_owned());
            let few = Scopes::granted(some.clone());
            let many = Scopes::granted(some.chain([extra]));
            prop_assert!(needed.missing(&many).len() <= needed.missing(&few).len());
        }
    }
}
