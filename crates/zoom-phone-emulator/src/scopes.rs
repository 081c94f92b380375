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

/// Whether these scopes allow an operation: one granular or one classic scope of its suffices.
pub(crate) fn allow(granted: &BTreeSet<String>, operation: &Operation) -> bool {
    operation.scopes_granular.iter().chain(&operation.scopes_classic).any(|scope| granted.contains(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_grant_allows_every_operation() {
        let granted: BTreeSet<_> = all().into_iter().collect();
        for operation in Catalogue::get().operations() {
            assert!(allow(&granted, operation), "{}", operation.id);
        }
    }
}
