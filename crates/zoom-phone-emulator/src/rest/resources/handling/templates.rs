//! Setting templates applied to extensions. Keeping the templates themselves needs no rules of its own.

use serde_json::{Value, json};

use super::target::Target;
use super::{Answer, Ask, Doc, Extension, Handler, HourType, Refusal, World, hours, missing, write};
use crate::world::at;

pub(super) fn route(name: &str) -> Option<Handler> {
    (name == "apply_template_to_common_areas").then_some(apply_to_areas as Handler)
}

/// Where setting templates are.
const TEMPLATES: &str = "/phone/setting_templates";

/// `ApplyTemplatetoCommonAreas`, which takes none of the areas when one of them does not exist.
fn apply_to_areas(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let id = ask.path("templateId");
        let template = world.get(&format!("{TEMPLATES}/{id}"));
        if template.is_none() && ask.shared.config.invent_ids {
            return Ok(Answer::Done);
        }
        let template =
            template.filter(|it| it.get("type").and_then(Value::as_str) == Some("commonArea")).cloned();
        let template = template.ok_or_else(|| {
            missing(404, format!("The template type error or the template does not exist:{id}."))
        })?;
        let ids = ask.body.get("common_area_ids").and_then(Value::as_array);
        let ids: Vec<_> = ids.into_iter().flatten().filter_map(Value::as_str).collect();
        for id in &ids {
            let area = world.get(&format!("{}/{id}", at::COMMON_AREAS));
            let area = area.ok_or_else(|| Refusal::bad(404, format!("Common area does not exist: {id}.")))?;
            let elsewhere = |site: &Value| area.get("site").and_then(|it| it.get("id")) != Some(site);
            if template.get("site_id").is_some_and(elsewhere) {
                let message = "The template's site is not the same as the common area's site.";
                return Err(Refusal::invalid(message));
            }
        }
        for id in ids {
            apply(world, &format!("{}/{id}", at::COMMON_AREAS), &template)?;
        }
        Ok(Answer::Done)
    })
}

/// Gives a user the hours and the call handling of the template that `updateUserProfile` names.
pub(in super::super) fn apply_to_user(world: &mut World, user: &str, id: &str) -> Result<(), Refusal> {
    let template = world.get(&format!("{TEMPLATES}/{id}"));
    let template = template.filter(|it| it.get("type").and_then(Value::as_str) == Some("user")).cloned();
    let template =
        template.ok_or_else(|| Refusal::field("template_id", format!("{id} is no template for users")))?;
    apply(world, user, &template)
}

/// Gives an extension the hours and the call handling of a template. Templates number actions in their own way.
fn apply(world: &mut World, extension: &str, template: &Doc) -> Result<(), Refusal> {
    let Some(kind) = Extension::at(extension) else { return Ok(()) };
    let target = Target { address: extension.to_owned(), kind };
    let handling = template.get("user_settings").and_then(|settings| settings.get("call_handling"));
    let Some(handling) = handling else { return Ok(()) };
    let business = &handling["business_hours"];
    hours::set_weekly(world, extension, business.get("type"), business.get("custom_hours"))?;
    for (hours, set, action) in [
        (HourType::Business, business, "business_hour_action"),
        (HourType::Closed, &handling["close_hours"], "close_hour_action"),
    ] {
        let mut setting = Doc::new();
        for (key, code, to) in [
            ("call_not_answer_action", action, "connect_to_operator"),
            ("busy_on_another_call_action", "busy_action", "busy_connect_operator"),
        ] {
            let known = set[code].as_i64().and_then(|code| translated(code, &set[to]));
            if let Some((name, fields)) = known.filter(|_| super::actions::keys(kind).contains(&key)) {
                setting.insert(key.to_owned(), json!(name));
                setting.insert(format!("{key}_setting"), fields);
            }
        }
        let seconds = set["ringing_duration"].as_str().or(set["max_wait_time"].as_str());
        let mut ringing = Doc::new();
        if let Some(seconds) = seconds.and_then(|seconds| seconds.parse::<i64>().ok()) {
            for field in ["ring_duration", "simultaneous_ring_max_wait_time", "sequential_ring_duration"] {
                ringing.insert(field.to_owned(), json!(seconds));
            }
        }
        if let Some(mode @ ("simultaneous" | "sequential")) = set["ring_type"].as_str() {
            ringing.insert("ring_mode".to_owned(), json!(mode));
        }
        let body = Doc::from_iter([
            ("call_handling_setting".to_owned(), Value::Object(setting)),
            ("call_distribution_setting".to_owned(), Value::Object(ringing)),
        ]);
        write::handling(world, &target, &hours, &body)?;
    }
    Ok(())
}

/// An action of a template and its target in the words of call handling.
fn translated(code: i64, to: &Value) -> Option<(&'static str, Value)> {
    let press_1 = to["require_press_1_before_connecting"] == json!(true);
    Some(match code {
        0 => (
            "forward_to_voicemail",
            json!({ "allow_callers_check_voicemail": to["allow_caller_check_voicemail"] == json!(true) }),
        ),
        1 => ("play_message_then_disconnect", json!({})),
        9 => ("disconnect", json!({})),
        11 => (
            "forward_to_external_number",
            json!({
                "forward_phone_number": to["external_number"]["number"],
                "forward_phone_number_description": to["external_number"]["description"].as_str().unwrap_or(""),
                "require_press_1_before_connecting": press_1,
            }),
        ),
        12 => ("call_waiting", json!({})),
        13 => ("play_busy_signal", json!({})),
        26 => (
            "forward_to_external_contact",
            json!({
                "forward_to_external_contact": { "external_contact_id": to["id"] },
                "require_press_1_before_connecting": press_1,
            }),
        ),
        50 => (
            "forward_to_extension",
            json!({
                "forward_to_extension": { "extension_id": to["id"] },
                "play_callee_voicemail_greeting": to["play_callee_voicemail_greeting"] == json!(true),
            }),
        ),
        _ => return None,
    })
}
