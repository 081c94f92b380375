//! Settings of the account and of user groups, and the policy on emergency calls of both and of users.

use serde_json::{Value, json};

use super::target::Target;
use super::{Answer, Ask, Doc, Handler, Refusal, settings};
use crate::events;
use crate::rest::project::merge;
use crate::world::at;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "phone_setting" => phone_setting,
        "update_phone_settings" => update_phone_settings,
        "list_zoom_phone_account_settings" => account_settings,
        "get_group_phone_settings" => group_settings,
        "get_account_policy_details" | "get_group_policy_details" | "get_user_policy_details" => policy,
        "update_account_policy" => update_account_policy,
        "update_group_policy" => update_group_policy,
        "update_user_policy" => update_user_policy,
        _ => return None,
    })
}

const PHONE_SETTINGS: &str = "/phone/settings";

/// `phoneSetting`.
fn phone_setting(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let mut all = phone_settings();
        if let Some(set) = world.get(PHONE_SETTINGS) {
            merge(&mut all, set);
        }
        Ok(Answer::Json(Value::Object(all)))
    })
}

fn phone_settings() -> Doc {
    super::names::known(json!({
        "byoc": { "enable": false },
        "country": { "code": "US", "name": "United States" },
        "multiple_sites": { "enabled": true, "site_code": false },
        "show_device_ip_for_call_log": { "enable": false },
        "multiple_party_conference": { "enable": true },
    }))
}

/// `updatePhoneSettings`. Sites stay as long as there are several of them.
fn update_phone_settings(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let mut change = settings::declared(ask);
    if let Some(Value::Object(sites)) = change.get_mut("multiple_sites")
        && let Some(code) = sites.remove("site_code")
    {
        // An object here, a flag in the answer; how long its extensions are is not shown anywhere.
        if let Some(enable) = code.get("enable") {
            sites.insert("site_code".to_owned(), enable.clone());
        }
    }
    let (old, new) = ask.shared.state.world(|world| {
        let one_site = change.get("multiple_sites").is_some_and(|sites| sites["enabled"] == json!(false));
        if one_site && world.children(at::SITES).len() > 1 {
            let message = "Disable multiple sites after deleting other sites.";
            return Err(Refusal::new(axum::http::StatusCode::PRECONDITION_FAILED, 412, message));
        }
        let mut set = world.get(PHONE_SETTINGS).cloned().unwrap_or_default();
        let mut before = phone_settings();
        merge(&mut before, &set);
        merge(&mut set, &change);
        world.put(PHONE_SETTINGS, set.clone());
        before.retain(|name, _| change.contains_key(name));
        set.retain(|name, _| change.contains_key(name));
        Ok((before, set))
    })?;
    tell(ask, "phone.account_settings_updated", ("id", &ask.shared.config.account_id), (old, new));
    Ok(Answer::Done)
}

/// Both settings events: what was changed, as it was and as it is.
fn tell(ask: &Ask<'_>, event: &str, (name, id): (&str, &str), (old, new): (Doc, Doc)) {
    let account = &ask.shared.config.account_id;
    let mut envelope = events::envelope(account, event, ask.now, &json!({ name: id, "settings": new }));
    envelope["payload"]["old_object"] = json!({ name: id, "settings": old });
    ask.shared.state.emit(envelope, ask.now);
}

/// `listZoomPhoneAccountSettings`: all, or those of `setting_types`.
fn account_settings(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    listed(ask, "/phone/account_settings")
}

/// `getGroupPhoneSettings`. Groups are Zoom's user groups, which Zoom Phone does not list: all ids are taken for
/// those of groups.
fn group_settings(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    listed(ask, &format!("/phone/groups/{}/settings", ask.path("groupId")))
}

fn listed(ask: &Ask<'_>, address: &str) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let set = world.get(address).cloned().unwrap_or_default();
        let mut shown = settings::shown(ask, &set);
        let wanted = ask.query.many("setting_types");
        if let Value::Object(shown) = &mut shown
            && !wanted.is_empty()
        {
            if let Some(unknown) = wanted.iter().find(|name| !shown.contains_key(**name)) {
                let message = format!(
                    "Setting type(s) `{unknown}` supplied in query parameter setting_types is invalid"
                );
                return Err(Refusal::bad(400, message));
            }
            shown.retain(|name, _| wanted.contains(&name.as_str()));
        }
        Ok(Answer::Json(shown))
    })
}

/// The policies of the account, of a group or of a user, with the account's for what the others have not changed.
fn policy(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    if ask.operation.path.starts_with(at::USERS) {
        ask.shared.state.world(|world| Target::of(ask, world))?;
    }
    let address = ask.address();
    Ok(Answer::Json(shown_policy(ask, address.trim_end_matches(&format!("/{}", ask.last())))))
}

fn shown_policy(ask: &Ask<'_>, address: &str) -> Value {
    ask.shared.state.world(|world| {
        let mut set = world.get("/phone/policies").cloned().unwrap_or_default();
        if address != "/phone/policies" {
            for policy in set.values_mut().filter_map(Value::as_object_mut) {
                policy.remove("modified");
            }
            merge(&mut set, &world.get(address).cloned().unwrap_or_default());
        }
        let mut shown = settings::shown(ask, &set);
        if let Value::Object(shown) = &mut shown {
            shown.retain(|name, _| name == ask.last());
        }
        shown
    })
}

/// Changes policies at an address and hands out what was changed: as it was, and as it is.
fn change_policy(ask: &Ask<'_>, address: &str) -> Result<(Doc, Doc), Refusal> {
    let mut change = settings::declared(ask);
    change.retain(|name, _| name == ask.last());
    if change.is_empty() {
        return Err(Refusal::field(ask.last(), "is required"));
    }
    ask.shared.state.world(|world| {
        let old = world.get(address).cloned().unwrap_or_default();
        let mut new = old.clone();
        settings::change_policies(&mut new, &change)?;
        world.put(address, new.clone());
        let of = |doc: Doc| doc.into_iter().filter(|(name, _)| name == ask.last()).collect();
        Ok((of(old), of(new)))
    })
}

/// `updateAccountPolicy`: the account inherits from nobody.
fn update_account_policy(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    if ask.body.get(ask.last()).is_some_and(|policy| policy.get("reset").is_some()) {
        return Err(Refusal::bad(400, "The 'reset' field is not allowed at the account level."));
    }
    let changed = change_policy(ask, "/phone/policies")?;
    tell(ask, "phone.account_settings_updated", ("id", &ask.shared.config.account_id), changed);
    Ok(Answer::Done)
}

/// `updateGroupPolicy`.
fn update_group_policy(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let group = ask.path("groupId");
    let changed = change_policy(ask, &format!("/phone/groups/{group}/policies"))?;
    tell(ask, "phone.group_settings_updated", ("group_id", group), changed);
    Ok(Answer::Done)
}

/// `updateUserPolicy`.
fn update_user_policy(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let target = ask.shared.state.world(|world| Target::of(ask, world))?;
    change_policy(ask, &format!("{}/policies", target.address))?;
    Ok(Answer::Done)
}
