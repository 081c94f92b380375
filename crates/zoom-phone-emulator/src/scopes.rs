//! What the apps may be granted, and what an operation needs.

use std::collections::BTreeSet;

use zoom_phone_types::catalogue::{Catalogue, Operation};

/// Scopes that a token of the app itself has (`client_credentials`); nothing of Zoom Phone.
pub(crate) const OF_APPS: [&str; 6] = [
    "imchat:bot",
    "marketplace:delete:event_subscription",
    "marketplace:read:list_event_subscriptions",
    "marketplace:update:event_subscription",
    "marketplace:write:event_subscription",
    "marketplace:write:websocket_connection",
];

/// Any of these suffices for `GET /v2/users/me`.
pub(crate) const OF_USERS_ME: [&str; 2] = ["user:read:user", "user:read:user:admin"];

/// What Zoom's events need, for administrators. Data, since this crate knows nothing of the types of events; from the
/// scopes that Zoom's event reference gives for each.
const OF_EVENTS: [&str; 15] = [
    "phone:read:call:admin",
    "phone:read:call_log:admin",
    "phone:read:call_recording:admin",
    "phone:read:conference:admin",
    "phone:read:device:admin",
    "phone:read:emergency_location:admin",
    "phone:read:group_setting:admin",
    "phone:read:list_fax_log:admin",
    "phone:read:peering_number:admin",
    "phone:read:recording_transcript:admin",
    "phone:read:settings:admin",
    "phone:read:sip_trunk:admin",
    "phone:read:sms_campaign_number_opt_status:admin",
    "phone:read:sms_message:admin",
    "phone:read:voicemail:admin",
];

/// All granular scopes for administrators (`…:admin`) of operations and events, and the one of `GET /v2/users/me`.
pub(crate) fn all() -> Vec<String> {
    let of_operations = Catalogue::get().operations().iter().flat_map(|operation| &operation.scopes_granular);
    let for_admins = of_operations.map(String::as_str).filter(|scope| scope.ends_with(":admin"));
    let all: BTreeSet<_> = for_admins.chain(OF_EVENTS).chain(OF_USERS_ME).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// How far a token reaches with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everything of the account.
    Account,
    /// Only what belongs to the token's user.
    Own,
}

/// How far these scopes reach: one granular or one classic scope of the operation suffices. `None` is not at all.
pub(crate) fn reach(granted: &BTreeSet<String>, operation: &Operation) -> Option<Reach> {
    let of_operation = operation.scopes_granular.iter().chain(&operation.scopes_classic);
    let reach = |scope: &String| if for_admins(scope) { Reach::Account } else { Reach::Own };
    let mut reaches: Vec<_> = of_operation.filter(|scope| granted.contains(*scope)).map(reach).collect();
    reaches.sort_by_key(|&reach| reach == Reach::Own);
    reaches.first().copied()
}

/// Whether a scope reaches beyond what is the user's own: `:admin` and `:master` do.
pub(crate) fn for_admins(scope: &str) -> bool {
    scope.ends_with(":admin") || scope.ends_with(":master")
}

/// The scopes that a refusal names: classic ones to a token that has only such, granular ones to all others.
pub(crate) fn needed<'a>(granted: &BTreeSet<String>, operation: &'a Operation) -> Vec<&'a str> {
    let classic = !granted.is_empty() && granted.iter().all(|scope| is_classic(scope));
    let named = if classic { &operation.scopes_classic } else { &operation.scopes_granular };
    named.iter().map(String::as_str).collect()
}

/// Classic scopes name a service and a verb, granular ones also data: `phone:read:admin`, `phone:read:user:admin`.
fn is_classic(scope: &str) -> bool {
    let bare = scope.strip_suffix(":admin").or_else(|| scope.strip_suffix(":master")).unwrap_or(scope);
    bare.split(':').count() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_grant_allows_every_operation() {
        let granted: BTreeSet<_> = all().into_iter().collect();
        for operation in Catalogue::get().operations() {
            assert_eq!(reach(&granted, operation), Some(Reach::Account), "{}", operation.id);
        }
    }

    #[test]
    fn classic_and_granular_scopes_are_told_apart() {
        for operation in Catalogue::get().operations() {
            let (classic, granular) = (&operation.scopes_classic, &operation.scopes_granular);
            assert!(classic.iter().all(|scope| is_classic(scope)), "{classic:?}");
            assert!(!granular.iter().any(|scope| is_classic(scope)), "{granular:?}");
        }
    }
}
