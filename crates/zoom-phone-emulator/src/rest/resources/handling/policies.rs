//! Policies of receptionists, queues and shared line groups, and who shares their voicemail.

use serde_json::{Value, json};

use super::target::Target;
use super::{Answer, Ask, Doc, Extension, Handler, Refusal, actions, missing, settings, shared};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_auto_receptionists_policy" | "get_call_queue_policy" | "get_shared_line_group_policy" => get,
        "update_auto_receptionist_policy"
        | "update_call_queue_policy"
        | "update_shared_line_group_policy" => update,
        "add_policy" | "add_cq_policy_sub_setting" | "add_slg_policy_sub_setting" => add,
        "update_policy" | "update_cq_policy_sub_setting" | "update_slg_policy_sub_setting" => change,
        "delete_policy" | "remove_cq_policy_sub_setting" | "remove_slg_policy_sub_setting" => remove,
        _ => return None,
    })
}

/// `GET {kind}/{id}/policies`.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let mut set = world.get(&format!("{}/policies", target.address)).cloned().unwrap_or_default();
        let members = shared::all(world, &format!("{}/policies/voice_mail", target.address));
        set.insert("voicemail_access_members".to_owned(), Value::Array(shared::in_old_words(&members)));
        Ok(Answer::Json(settings::shown(ask, &set)))
    })
}

/// `PATCH {kind}/{id}/policies`. Audio that is named must exist.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let target = Target::of(ask, world)?;
        let change = settings::declared(ask);
        for side in ["inbound_audio_notification", "outbound_audio_notification"] {
            let prompt = change.get("auto_call_recording").and_then(|it| it.get(side));
            let id = prompt.and_then(|prompt| prompt["recording_start_prompt_audio_id"].as_str());
            if let Some(id) = id {
                actions::audio(world, id, &[""])?;
            }
        }
        let address = format!("{}/policies", target.address);
        let mut set = world.get(&address).cloned().unwrap_or_default();
        settings::change_policies(&mut set, &change)?;
        world.put(address, set);
        Ok(Answer::Done)
    })
}

/// The target of a request about `policies/{policyType}`, and the list of its voicemail members: there is no other
/// type.
fn members(ask: &Ask<'_>, world: &super::World) -> Result<(Target, String), Refusal> {
    let target = Target::of(ask, world)?;
    if ask.last() != "voice_mail" {
        let message = "Invalid value for parameter policyType.";
        let queue = target.kind == Extension::Queue;
        return Err(if queue { missing(13001, message) } else { Refusal::field("policyType", message) });
    }
    let list = format!("{}/policies/voice_mail", target.address);
    Ok((target, list))
}

/// The members in a body: a list, or one.
fn named<'a>(ask: &Ask<'a>) -> Result<Vec<&'a Doc>, Refusal> {
    let list = ask.body.get("voicemail_access_members").and_then(Value::as_array);
    let one = ask.body.get("voicemail_access_member");
    let named: Vec<_> = list.into_iter().flatten().chain(one).filter_map(Value::as_object).collect();
    if named.is_empty() {
        return Err(Refusal::field("voicemail_access_members", "is required"));
    }
    Ok(named)
}

fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let (target, list) = members(ask, world)?;
        let made = shared::add(world, &list, &named(ask)?)?;
        let made: Vec<_> = made.into_iter().map(Value::Object).collect();
        if target.kind == Extension::Receptionist {
            let made = shared::in_old_words(&made).into_iter().next();
            return Ok(Answer::Json(settings::shown(
                ask,
                &Doc::from_iter([("voicemail_access_member".to_owned(), json!(made))]),
            )));
        }
        Ok(Answer::Json(json!({ "voicemail_access_members": made })))
    })
}

fn change(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let (_, list) = members(ask, world)?;
        shared::change(world, &list, &named(ask)?)?;
        Ok(Answer::Done)
    })
}

fn remove(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let (_, list) = members(ask, world)?;
        shared::remove(world, &list, &ask.query.many("shared_ids"))?;
        Ok(Answer::Done)
    })
}
