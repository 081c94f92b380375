//! Sites: the offices that extensions and numbers belong to.

use serde_json::{Value, json};

use super::common::{change_policy, first, gone, rows, shown, text, whole, with_policy};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::{self, addresses, is_at};
use crate::world::{Doc, World, at};

/// Where the numbers of main receptionists begin.
const NUMBERS_FROM: i64 = 850;

/// Most digits of a site code.
const LONGEST_CODE: usize = 6;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_phone_sites" => list,
        "create_phone_site" => create,
        "get_a_site" => get,
        "update_site_details" => update,
        "delete_phone_site" => delete,
        _ => return None,
    })
}

fn usual_policy() -> Value {
    json!({
        "select_outbound_caller_id": { "enable": true, "allow_hide_outbound_caller_id": true },
        "voicemail": { "enable": true, "allow_delete": true, "allow_download": true, "allow_videomail": false },
        "voicemail_transcription": { "enable": true },
        "voicemail_notification_by_email": {
            "enable": true, "include_voicemail_file": true, "include_voicemail_transcription": false,
        },
        "international_calling": { "enable": false },
        "elevate_to_meeting": { "enable": true },
        "hand_off_to_room": { "enable": true },
        "delegation": { "enable": true },
        "check_voicemails_over_phone": { "enable": true },
        "ad_hoc_call_recording": { "enable": true, "recording_start_prompt": true },
        "auto_call_recording": { "enable": false, "recording_calls": "both" },
        "call_park": { "enable": true, "expiration_period": 10, "call_not_picked_up_action": 100 },
        "call_overflow": { "enable": true, "call_overflow_type": 1 },
        "call_transferring": { "enable": true, "call_transferring_type": 1 },
        "allow_end_user_edit_call_handling": { "enable": true },
        "allow_caller_reach_operator": { "enable": true },
    })
}

fn absent(ask: &Ask<'_>) -> Refusal {
    gone(ask, Refusal::bad(400, "The site does not exist."))
}

/// The address of the site in the path.
fn known(world: &World, ask: &Ask<'_>, refuse: impl FnOnce() -> Refusal) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::SITES, first(ask));
    if world.get(&address).is_some() { Ok(address) } else { Err(refuse()) }
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let wanted = ask.query.one("site_name").map(str::to_lowercase);
    let keep = |_: &World, doc: &Doc| {
        let name = doc.get("name").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        wanted.as_ref().is_none_or(|wanted| name.contains(wanted))
    };
    rows(ask, ("sites", 300), at::SITES, keep, whole)
}

fn check_code(body: &Value, code: u32) -> Result<(), Refusal> {
    let digits = body.get("site_code").map(Value::to_string).unwrap_or_default();
    if digits.len() > LONGEST_CODE || digits.starts_with('-') {
        return Err(Refusal::bad(code, "Invalid site code length."));
    }
    Ok(())
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// A site comes with its main receptionist.
fn create(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let body = ask.body;
    check_code(body, 400)?;
    let country = text(&body["default_emergency_address"], "country").unwrap_or_default();
    if !is_country(country) {
        return Err(Refusal::bad(400, "Country information is invalid."));
    }
    let told = ask.shared.state.world(|world| {
        let name = text(body, "name").unwrap_or_default();
        if world.find(at::SITES, "name", name).is_some() {
            return Err(Refusal::bad(400, format!("The site name is already used: {name}.")));
        }
        let mut dice = world.dice(ask.shared.config.seed);
        let id = dice.opaque_id();
        let timezone = world.children(at::SITES).first().and_then(|(_, main)| main.get("_timezone").cloned());
        let mut address = body["default_emergency_address"].clone();
        address["id"] = json!(dice.opaque_id());
        address["is_default"] = json!(true);
        address["level"] = json!(1);
        address["status"] = json!(6);
        let mut site = Doc::new();
        site.insert("id".to_owned(), json!(id));
        site.insert("name".to_owned(), json!(name));
        site.insert("country".to_owned(), json!({ "code": country, "name": country }));
        site.insert("level".to_owned(), json!("sub"));
        site.insert("default_emergency_address".to_owned(), address);
        site.insert("short_extension".to_owned(), json!({ "length": 3 }));
        site.insert("_timezone".to_owned(), timezone.unwrap_or_default());
        let fields = [
            "site_code",
            "sip_zone",
            "short_extension",
            "india_state_code",
            "india_city",
            "india_sdca_npa",
            "india_entity_name",
        ];
        super::common::take(&mut site, body, &fields);
        world.put(format!("{}/{id}", at::SITES), site);
        let receptionist = text(body, "auto_receptionist_name").unwrap_or_default();
        let number = extension::free_number(world, NUMBERS_FROM);
        let card = json!({ "id": id, "name": name });
        let main =
            extension::create(world, &mut dice, at::RECEPTIONISTS, (receptionist, number), &card, json!({}));
        if let Some(source) = text(body, "source_auto_receptionist_id") {
            copy_settings(world, &format!("{}/{source}", at::RECEPTIONISTS), &main);
        }
        let main = world.get(&main).cloned().unwrap_or_default();
        if let Some(site) = world.get_mut(&format!("{}/{id}", at::SITES)) {
            let card = json!({
                "id": main.get("id"),
                "name": main.get("name"),
                "extension_id": main.get("extension_id"),
                "extension_number": main.get("extension_number"),
            });
            site.insert("main_auto_receptionist".to_owned(), card);
        }
        Ok(json!({ "id": id, "name": name }))
    })?;
    Ok(shown(ask, &told))
}

/// The new receptionist answers as another does.
fn copy_settings(world: &mut World, from: &str, to: &str) {
    for part in ["call_handling/settings", "ivr", "settings"] {
        for (step, doc) in world
            .children(&format!("{from}/{part}"))
            .into_iter()
            .map(|(step, doc)| (step.to_owned(), doc.clone()))
            .collect::<Vec<_>>()
        {
            world.put(format!("{to}/{part}/{step}"), doc);
        }
    }
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let site = known(world, ask, || absent(ask))?;
        Ok(with_policy(&world.get(&site).cloned().unwrap_or_default(), usual_policy()))
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let body = ask.body;
    check_code(body, 300)?;
    ask.shared.state.world(|world| {
        let site = known(world, ask, || Refusal::bad(300, "Validation failed. Site does not exist."))?;
        let Some(doc) = world.get_mut(&site) else { return Err(absent(ask)) };
        if let Some(Value::Object(address)) = body.get("default_emergency_address") {
            let country = doc.get("country").and_then(|country| country["code"].as_str());
            if address.get("country").and_then(Value::as_str) != country {
                return Err(Refusal::bad(300, "Validation failed. Change country is not allowed."));
            }
            let own = doc.entry("default_emergency_address").or_insert_with(|| json!({}));
            if let Value::Object(own) = own {
                own.extend(address.clone());
            }
        }
        super::common::take(
            doc,
            body,
            &["name", "site_code", "short_extension", "sip_zone", "caller_id_name"],
        );
        change_policy(doc, body);
        if let Some(name) = body.get("name") {
            extension::site_renamed(world, first(ask), name);
        }
        Ok(Answer::Done)
    })
}

/// What a site has moves to another. The main site stays, as does the number of a main receptionist: that receptionist
/// goes with its site.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let id = first(ask);
        let refuse = |message: &str| Refusal::bad(400, message);
        let site = known(world, ask, || gone(ask, refuse("Site does not exist.")))?;
        let to = ask.query.one("transfer_site_id").unwrap_or_default();
        if to == id {
            return Err(refuse("Unable to transfer to the same site."));
        }
        let target = super::common::site(world, Some(to)).ok_or_else(|| refuse("Site does not exist."))?;
        let is_main = world.children(at::SITES).first().is_some_and(|&(first, _)| first == id);
        if is_main {
            return Err(refuse("The main site cannot be deleted."));
        }
        let main = world.get(&site).and_then(|doc| doc.get("main_auto_receptionist")?.get("id")?.as_str());
        let main = main.map(|main| format!("{}/{main}", at::RECEPTIONISTS));
        for list in at::EXTENSIONS {
            for extension in addresses(world, list) {
                if Some(&extension) == main.as_ref() {
                    extension::remove(world, &extension);
                } else if world.get(&extension).is_some_and(|doc| is_at(doc, id)) {
                    extension::move_to(world, &extension, &target);
                }
            }
        }
        for number in addresses(world, at::NUMBERS) {
            if let Some(doc) = world.get_mut(&number).filter(|doc| is_at(doc, id)) {
                doc.insert("site".to_owned(), target.clone());
            }
        }
        world.remove(&site);
        Ok(Answer::Done)
    })
}
