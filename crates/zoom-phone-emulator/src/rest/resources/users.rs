//! Users with Zoom Phone: `listPhoneUsers`, `phoneUser` and what changes them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::common::{
    add_plans, assign, change_policy, drop_plan, first, fits, fits_keyword, fits_plan, fits_site, no_user,
    number, plan, rows, shown, site, text, unassign, whole, with_policy,
};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::{self, Unfit};
use crate::world::numbers::{self, Unassignable};
use crate::world::{Doc, World, at};

/// Where the numbers of new users begin.
const NUMBERS_FROM: i64 = 1001;

/// Users of one call of `batchAddUsers` and `updateUsersPropertiesInBatch`.
const BATCH: usize = 10;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_phone_users" => list,
        "phone_user" => get,
        "update_user_profile" => update,
        "batch_add_users" => add,
        "update_users_properties_in_batch" => update_many,
        "assign_calling_plan" => assign_plan,
        "update_calling_plan" => switch_plan,
        "unassign_calling_plan" => unassign_plan,
        "assign_phone_number" => assign_numbers,
        "unassign_phone_number" => unassign_number,
        _ => return None,
    })
}

/// What every user has until somebody changes it.
fn usual_policy() -> Value {
    json!({
        "voicemail": {
            "enable": true, "allow_delete": true, "allow_download": true, "allow_transcription": true,
            "allow_videomail": false,
        },
        "voicemail_transcription": { "enable": true },
        "voicemail_notification_by_email": {
            "enable": true, "include_voicemail_file": true, "include_voicemail_transcription": false,
        },
        "auto_call_recording": {
            "enable": false, "allow_stop_resume_recording": false, "disconnect_on_recording_failure": false,
            "recording_calls": "both", "recording_explicit_consent": false, "recording_start_prompt": true,
            "recording_transcription": true,
        },
        "ad_hoc_call_recording": {
            "enable": true, "recording_start_prompt": true, "recording_transcription": true,
        },
        "call_overflow": { "enable": true, "call_overflow_type": 1 },
        "call_transferring": { "enable": true, "call_transferring_type": 1 },
        "call_park": { "enable": true, "expiration_period": 10, "call_not_picked_up_action": 100 },
        "call_handling_forwarding_to_other_users": { "enable": true, "call_forwarding_type": 1 },
        "select_outbound_caller_id": { "enable": true, "allow_hide_outbound_caller_id": true },
        "sms": { "enable": true, "international_sms": false },
        "zoom_phone_on_mobile": { "enable": true },
        "check_voicemails_over_phone": { "enable": true },
        "allow_end_user_edit_call_handling": { "enable": true },
        "international_calling": false,
        "elevate_to_meeting": true,
        "delegation": true,
    })
}

fn address(id: &str) -> String {
    format!("{}/{id}", at::USERS)
}

/// The address of the user in the path.
fn known(world: &World, ask: &Ask<'_>) -> Result<String, Refusal> {
    let address = address(first(ask));
    if world.get(&address).is_some() { Ok(address) } else { Err(no_user(first(ask))) }
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let list = if ask.query.one("status") == Some("pending") { at::PENDING_USERS } else { at::USERS };
    let keep = |_: &World, doc: &Doc| {
        fits_site(ask, doc)
            && fits_plan(ask, doc)
            && fits_keyword(ask, doc)
            && ["status", "department", "cost_center"].iter().all(|field| fits(ask, doc, field))
    };
    rows(ask, ("users", 100), list, keep, whole)
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let user = ask.shared.state.world(|world| {
        let doc = world.get(&address(first(ask)))?;
        Some(with_policy(doc, usual_policy()))
    });
    Ok(shown(ask, &user.ok_or_else(|| no_user(first(ask)))?))
}

fn conflict(unfit: Unfit, number: &str) -> Refusal {
    match unfit {
        Unfit::Taken => {
            Refusal::bad(409, "A conflict occurred with the target extension number. Try again later.")
        }
        Unfit::Reserved => Refusal::bad(300, format!("Number {number} is a reserved extension number.")),
        Unfit::Length => Refusal::bad(300, "Extension Number must be 3 to 6 digits."),
    }
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = known(world, ask)?;
        let extension = match ask.body.get("extension_number") {
            Some(asked) => Some(number(world, &user, asked, conflict)?),
            None => None,
        };
        let site = match text(ask.body, "site_id") {
            Some(id) => Some(site(world, Some(id)).ok_or_else(|| Refusal::bad(300, "Site does not exist."))?),
            None => None,
        };
        if let Some(id) = text(ask.body, "template_id") {
            super::handling::apply_to_user(world, &user, id)?;
        }
        if let Some(doc) = world.get_mut(&user) {
            change_policy(doc, ask.body);
            if let Some(extension) = extension {
                doc.insert("extension_number".to_owned(), json!(extension));
            }
            if let Some(id) = text(ask.body, "emergency_address_id") {
                doc.insert("emergency_address".to_owned(), json!({ "id": id }));
            }
        }
        match site {
            Some(site) => extension::move_to(world, &user, &site),
            None => extension::changed(world, &user),
        }
        Ok(Answer::Done)
    })
}

fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let entries = ask.body["users"].as_array().cloned().unwrap_or_default();
    if entries.is_empty() || entries.len() > BATCH {
        return Err(Refusal::bad(400, "User size must be less than 10."));
    }
    let added = ask.shared.state.world(|world| {
        let mut new = Vec::new();
        let mut claimed = Vec::new();
        for entry in &entries {
            let newcomer = newcomer(world, entry)?;
            if claimed.contains(&newcomer.extension) {
                return Err(conflict(Unfit::Taken, ""));
            }
            claimed.push(newcomer.extension);
            new.push(newcomer);
        }
        let mut dice = world.dice(ask.shared.config.seed);
        Ok(new.into_iter().map(|it| it.settle(world, &mut dice)).collect::<Vec<_>>())
    })?;
    Ok(shown(ask, &Value::Array(added)))
}

/// Somebody who is to become a user.
struct Newcomer {
    email: String,
    name: String,
    extension: i64,
    site: Value,
    plans: Vec<Value>,
    status: &'static str,
    numbers: Vec<String>,
}

fn newcomer(world: &World, entry: &Value) -> Result<Newcomer, Refusal> {
    let invalid = |message: String| Refusal::bad(300, format!("Validation Failed. {message}"));
    let email = text(entry, "email").unwrap_or_default();
    if world.find(at::USERS, "email", email).is_some() {
        return Err(invalid(format!("The user {email} has Zoom Phone already.")));
    }
    let pending =
        world.find(at::PENDING_USERS, "email", email).and_then(|(_, doc)| doc.get("name")?.as_str());
    let given = ["first_name", "last_name"].map(|field| text(entry, field).unwrap_or_default());
    let given = given.join(" ");
    let name = match (given.trim(), pending) {
        ("", None) => email.split('@').next().unwrap_or_default().to_owned(),
        ("", Some(name)) | (name, _) => name.to_owned(),
    };
    let site = match text(entry, "site_name") {
        Some(name) => {
            let found = world.find(at::SITES, "name", name).map(|(id, _)| id.to_owned());
            let found = found.ok_or_else(|| invalid(format!("Site does not exist: {name}.")))?;
            site(world, Some(&found))
        }
        None => site(world, None),
    };
    let mut plans = Vec::new();
    for wanted in entry["calling_plans"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        // A type, a name, or a type and its subscription with a colon between.
        let kind = wanted.split(':').next().unwrap_or_default();
        let named = world.find(at::PLANS, "name", wanted).map(|(kind, _)| kind.to_owned());
        let kind = named.unwrap_or_else(|| kind.to_owned()).parse().unwrap_or_default();
        plans.push(plan(world, kind, |_| invalid(format!("Unknown calling plan: {wanted}.")))?);
    }
    let numbers = entry["phone_numbers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut ids = Vec::new();
    for number in numbers {
        let id = numbers::find(world, number).filter(|id| numbers::assignee(world, id).is_none());
        ids.push(id.ok_or_else(|| invalid(format!("The phone number is not available: {number}.")))?);
    }
    let extension = match text(entry, "extension_number") {
        Some("") | None => extension::free_number(world, NUMBERS_FROM),
        Some(asked) => number(world, "", &json!(asked), conflict)?,
    };
    Ok(Newcomer {
        email: email.to_owned(),
        name,
        extension,
        site: site.unwrap_or_default(),
        plans,
        status: if text(entry, "activation_status") == Some("deactivate") {
            "deactivate"
        } else {
            "activate"
        },
        numbers: ids,
    })
}

impl Newcomer {
    fn settle(self, world: &mut World, dice: &mut crate::dice::Dice) -> Value {
        let known = world.find(at::PENDING_USERS, "email", &self.email).map(|(id, _)| id.to_owned());
        if let Some(id) = &known {
            world.remove(&format!("{}/{id}", at::PENDING_USERS));
        }
        let id = known.unwrap_or_else(|| dice.opaque_id());
        let doc = new_user(world, dice, &id, self.extension, &self.site);
        let user = address(&id);
        world.put(user.clone(), doc);
        if let Some(doc) = world.get_mut(&user) {
            doc.insert("name".to_owned(), json!(self.name));
            doc.insert("email".to_owned(), json!(self.email));
            doc.insert("calling_plans".to_owned(), json!(self.plans));
            set_status(doc, self.status);
        }
        for number in self.numbers {
            let _ = numbers::assign(world, &user, &number);
        }
        json!({ "email": self.email, "id": id })
    }
}

/// A user without name and plans.
fn new_user(world: &World, dice: &mut crate::dice::Dice, id: &str, extension: i64, site: &Value) -> Doc {
    let extension_id = dice.opaque_id();
    let doc = json!({
        "id": id,
        "phone_user_id": extension_id,
        "extension_id": extension_id,
        "extension_number": extension,
        "site": site,
        "site_id": site["id"],
        "site_admin": false,
        "calling_plans": [],
        "phone_numbers": [],
        "_device_id": dice.uuid(),
        "_timezone": extension::timezone(world, site["id"].as_str().unwrap_or_default()),
    });
    let Value::Object(mut doc) = doc else { return Doc::new() };
    set_status(&mut doc, "activate");
    doc
}

fn set_status(doc: &mut Doc, status: &str) {
    let activation = if status == "activate" { "activated" } else { "ready to activate" };
    doc.insert("status".to_owned(), json!(status));
    doc.insert("activation_status".to_owned(), json!(activation));
}

fn update_many(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let ids = ask.body["user_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let ids: Vec<_> = ids.take(BATCH).collect();
    let kind = text(ask.body, "batch_type").unwrap_or_default();
    ask.shared.state.world(|world| {
        let list = if kind == "assign_pending_user" { at::PENDING_USERS } else { at::USERS };
        for id in &ids {
            if world.get(&format!("{list}/{id}")).is_none() {
                return Err(no_user(id));
            }
        }
        let target = text(ask.body, "site_id");
        match kind {
            "move_site" => {
                let site = target.and_then(|id| site(world, Some(id)));
                let site = site.ok_or_else(|| Refusal::bad(400, "Site does not exist."))?;
                for id in ids {
                    extension::move_to(world, &address(id), &site);
                }
            }
            "activate" => {
                let status = match text(ask.body, "activation_status") {
                    Some("deactivate") => "deactivate",
                    _ => "activate",
                };
                for id in ids {
                    if let Some(doc) = world.get_mut(&address(id)) {
                        set_status(doc, status);
                    }
                }
            }
            "assign_pending_user" => {
                let site = site(world, target).ok_or_else(|| Refusal::bad(400, "Site does not exist."))?;
                let mut dice = world.dice(ask.shared.config.seed);
                for id in ids {
                    let Some(pending) = world.remove(&format!("{}/{id}", at::PENDING_USERS)) else {
                        continue;
                    };
                    let number = extension::free_number(world, NUMBERS_FROM);
                    let mut doc = new_user(world, &mut dice, id, number, &site);
                    for field in ["name", "email"] {
                        doc.insert(field.to_owned(), pending.get(field).cloned().unwrap_or_default());
                    }
                    world.put(address(id), doc);
                }
            }
            other => {
                let message = format!("Current batch type does not support, batch type:{other}.");
                return Err(Refusal::bad(400, message));
            }
        }
        Ok(Answer::Done)
    })
}

fn assign_plan(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = known(world, ask)?;
        add_plans(world, &user, ask.body, |_| Refusal::bad(300, "Invalid field."))?;
        Ok(Answer::Done)
    })
}

fn switch_plan(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = known(world, ask)?;
        let target = ask.body["target_type"].as_i64().unwrap_or_default();
        let plan = plan(world, target, |_| Refusal::bad(404, "Unknown or invalid calling plan."))?;
        if !drop_plan(world, &user, &ask.body["source_type"].to_string()) {
            return Err(Refusal::bad(404, "User did not subscribe to the source plan."));
        }
        add_plans(world, &user, &json!({ "calling_plans": [plan] }), |_| {
            Refusal::bad(300, "Invalid field.")
        })?;
        Ok(Answer::Done)
    })
}

fn unassign_plan(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = known(world, ask)?;
        if drop_plan(world, &user, ask.last()) {
            Ok(Answer::Done)
        } else {
            Err(Refusal::bad(400, "Invalid field."))
        }
    })
}

fn assign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let user = known(world, ask)?;
        assign(world, &user, ask.body, |trouble, number| {
            Refusal::bad(
                300,
                match trouble {
                    Unassignable::Absent => format!("Phone number does not exist: {number}."),
                    Unassignable::Taken => format!("Phone number is already assigned: {number}."),
                },
            )
        })
    })?;
    Ok(shown(ask, &json!({ "phone_numbers": told })))
}

fn unassign_number(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let user = known(world, ask)?;
        if unassign(world, &user, ask.last()) {
            return Ok(Answer::Done);
        }
        Err(Refusal::new(StatusCode::NOT_FOUND, 400, "Invalid query parameter \"phone_number\"."))
    })
}
