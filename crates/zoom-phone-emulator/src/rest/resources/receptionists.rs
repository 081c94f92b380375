//! Auto receptionists.

use serde_json::{Value, json};

use super::common::{assign, first, is_timezone, number, rows, shown, site, take, text, unassign};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::{self, Unfit};
use crate::world::numbers::{self, Unassignable};
use crate::world::{Doc, World, at, hours};

/// Where the numbers of new receptionists begin.
const NUMBERS_FROM: i64 = 850;

/// Most characters of a name; `addAutoReceptionist` does not say, `updateAutoReceptionist` does.
const LONGEST_NAME: usize = 32;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_auto_receptionists" => list,
        "add_auto_receptionist" => create,
        "get_auto_receptionist_detail" => get,
        "update_auto_receptionist" => update,
        "delete_auto_receptionist" => delete,
        "assign_phone_numbers_auto_receptionist" => assign_numbers,
        "unassign_all_phone_nums_auto_receptionist" => unassign_numbers,
        "unassign_a_phone_num_auto_receptionist" => unassign_number,
        _ => return None,
    })
}

fn known(world: &World, ask: &Ask<'_>, refuse: fn(&str) -> Refusal) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::RECEPTIONISTS, first(ask));
    if world.get(&address).is_some() {
        return Ok(address);
    }
    Err(refuse(&format!("AutoReceptionist does not exist, AutoReceptionistId: {}.", first(ask))))
}

fn invalid(message: &str) -> Refusal {
    Refusal::bad(300, format!("Validation Failed. {message}"))
}

fn unfit(unfit: Unfit, number: &str) -> Refusal {
    match unfit {
        Unfit::Length => Refusal::bad(300, "Extension Number must be 3 to 6 digits"),
        Unfit::Reserved => Refusal::bad(10001, format!("Number {number} is a reserved extension number.")),
        Unfit::Taken => Refusal::bad(10001, format!("Extension number {number} is already used.")),
    }
}

/// With its holidays, under the names that this operation has for their fields.
fn told(world: &World, doc: &Doc) -> Value {
    let mut told = Value::Object(doc.clone());
    let id = doc.get("id").and_then(Value::as_str).unwrap_or_default();
    let holidays = hours::holidays(world, &format!("{}/{id}", at::RECEPTIONISTS));
    let holidays = holidays.into_iter().map(|(id, holiday)| {
        json!({
            "id": id,
            "name": holiday.get("name"),
            "from": holiday.get("from"),
            "to": holiday.get("to"),
        })
    });
    told["holiday_hours"] = holidays.collect();
    told
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    rows(ask, ("auto_receptionists", 100), at::RECEPTIONISTS, |_, _| true, told)
}

fn create(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let name = text(ask.body, "name").unwrap_or_default();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(invalid(&format!("The name must be 1 to {LONGEST_NAME} characters long.")));
    }
    let told = ask.shared.state.world(|world| {
        let site = site(world, text(ask.body, "site_id"));
        let site = site.ok_or_else(|| invalid("Site does not exist."))?;
        let number = extension::free_number(world, NUMBERS_FROM);
        let mut dice = world.dice(ask.shared.config.seed);
        let address =
            extension::create(world, &mut dice, at::RECEPTIONISTS, (name, number), &site, json!({}));
        Ok(world.get(&address).cloned().unwrap_or_default())
    })?;
    Ok(shown(ask, &Value::Object(told)))
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let address = known(world, ask, invalid)?;
        Ok(told(world, &world.get(&address).cloned().unwrap_or_default()))
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let address = known(world, ask, invalid)?;
        let number = match ask.body.get("extension_number") {
            Some(asked) => Some(number(world, &address, asked, unfit)?),
            None => None,
        };
        if let Some(zone) = text(ask.body, "timezone").filter(|zone| !is_timezone(zone)) {
            return Err(Refusal::bad(300, format!("Time zone is invalid:{zone}")));
        }
        if let Some(doc) = world.get_mut(&address) {
            let fields = [
                "cost_center",
                "department",
                "name",
                "audio_prompt_language",
                "default_transcription_language",
                "timezone",
                "recording_storage_location",
            ];
            take(doc, ask.body, &fields);
            if let Some(number) = number {
                doc.insert("extension_number".to_owned(), json!(number));
            }
        }
        extension::changed(world, &address);
        Ok(Answer::Done)
    })
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let address = format!("{}/{}", at::RECEPTIONISTS, first(ask));
        if world.get(&address).is_none() {
            return Err(Refusal::bad(404, format!("AutoReceptionist does not exist: {}.", first(ask))));
        }
        if is_main(world, first(ask)) {
            return Err(Refusal::bad(400, "Unable to delete main Auto receptionist."));
        }
        extension::remove(world, &address);
        Ok(Answer::Done)
    })
}

/// Whether it is the main receptionist of a site.
pub(super) fn is_main(world: &World, receptionist: &str) -> bool {
    let mains = world.children(at::SITES);
    mains
        .iter()
        .any(|(_, site)| site.get("main_auto_receptionist").is_some_and(|main| main["id"] == receptionist))
}

fn assign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let address = known(world, ask, |it| Refusal::absent(it))?;
        assign(world, &address, ask.body, |trouble, number| {
            Refusal::bad(
                400,
                match trouble {
                    Unassignable::Absent => format!("Phone number does not exist, phonenumberId:{number}"),
                    Unassignable::Taken => format!("phoneNumber is used, phonenumberId:{number}"),
                },
            )
        })?;
        Ok(Answer::Done)
    })
}

fn unassign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let address = known(world, ask, |it| Refusal::absent(it))?;
        numbers::release_all(world, &address);
        Ok(Answer::Done)
    })
}

fn unassign_number(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let address = known(world, ask, |it| Refusal::absent(it))?;
        if unassign(world, &address, ask.last()) {
            return Ok(Answer::Done);
        }
        Err(Refusal::bad(400, "Phone number does not belong to auto receptionist."))
    })
}
