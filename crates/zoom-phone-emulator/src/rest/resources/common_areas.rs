//! Common areas: telephones of places.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{
    add_plans, assign, change_policy, drop_plan, first, fits_plan, fits_site, is_timezone, number, rows,
    shown, site, take, text, unassign, whole, with_policy,
};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::extension::{self, Unfit};
use crate::world::numbers::Unassignable;
use crate::world::{Doc, World, at};

/// Where the numbers of new common areas begin.
const NUMBERS_FROM: i64 = 870;

/// How long an activation code is good; Zoom does not say.
const CODE_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Digits of a PIN.
const PIN: std::ops::RangeInclusive<usize> = 4..=10;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_common_areas" => list,
        "add_common_area" => create,
        "get_a_common_area" => get,
        "update_common_area" => update,
        "delete_common_area" => delete,
        "assign_calling_plans_to_common_area" => assign_plans,
        "unassign_calling_plans_from_common_area" => unassign_plan,
        "assign_phone_numbers_to_common_area" => assign_numbers,
        "unassign_phone_numbers_from_common_area" => unassign_number,
        "update_common_area_pin_code" => set_pin,
        "generate_common_area_activation_codes" => make_codes,
        "list_activation_codes" => list_codes,
        _ => return None,
    })
}

fn usual_policy() -> Value {
    json!({
        "international_calling": { "enable": false },
        "outbound_calling": { "enable": true },
        "auto_call_recording": { "enable": false, "recording_calls": "both", "recording_transcription": false },
        "ad_hoc_call_recording": { "enable": false },
        "call_park": { "enable": true, "expiration_period": 10, "call_not_picked_up_action": 100 },
        "select_outbound_caller_id": { "enable": true, "allow_hide_outbound_caller_id": true },
        "check_voicemails_over_phone": { "enable": true },
    })
}

/// The address of a common area; 400 with code 404 when there is none.
fn find(world: &World, id: &str) -> Result<String, Refusal> {
    let address = format!("{}/{id}", at::COMMON_AREAS);
    if world.get(&address).is_some() {
        return Ok(address);
    }
    Err(Refusal::bad(404, format!("Common area does not exist: {id}.")))
}

fn unfit(unfit: Unfit, number: &str) -> Refusal {
    match unfit {
        Unfit::Length => Refusal::bad(300, "Validation failed. Invalid extension number length."),
        Unfit::Reserved => Refusal::bad(300, format!("Number {number} is a reserved extension number.")),
        Unfit::Taken => {
            Refusal::bad(409, "A conflict occurred with the target extension number. Try again later.")
        }
    }
}

fn no_site(id: Option<&str>) -> Refusal {
    Refusal::bad(300, format!("Validation failed. Site does not exist: {}.", id.unwrap_or_default()))
}

fn no_timezone() -> Refusal {
    Refusal::bad(300, "Validation failed. Timezone not found in the system.")
}

/// The `common_area_device_type` is 2, a desk phone, for all of them.
fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let desk_phone = ask.query.one("common_area_device_type").is_none_or(|kind| kind == "2");
    let keep = |_: &World, doc: &Doc| desk_phone && fits_site(ask, doc) && fits_plan(ask, doc);
    rows(ask, ("common_areas", 100), at::COMMON_AREAS, keep, whole)
}

fn create(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let asked = text(ask.body, "site_id");
        let site = site(world, asked).ok_or_else(|| no_site(asked))?;
        if text(ask.body, "timezone").is_some_and(|zone| !is_timezone(zone)) {
            return Err(no_timezone());
        }
        let number = match ask.body.get("extension_number") {
            Some(asked) => number(world, "", asked, unfit)?,
            None => extension::free_number(world, NUMBERS_FROM),
        };
        for plan in ask.body["calling_plans"].as_array().into_iter().flatten() {
            if world.get(&format!("{}/{}", at::PLANS, plan["type"])).is_none() {
                return Err(Refusal::bad(300, "Validation failed. Unknown or invalid calling plan."));
            }
        }
        let name = text(ask.body, "display_name").unwrap_or_default();
        let country = text(ask.body, "country_iso_code").unwrap_or("US");
        let mut further = json!({
            "display_name": name,
            "status": "offline",
            "country": { "code": country },
            "calling_plans": [],
        });
        if let Some(zone) = ask.body.get("timezone") {
            further["timezone"] = zone.clone();
        }
        let mut dice = world.dice(ask.shared.config.seed);
        let area = extension::create(world, &mut dice, at::COMMON_AREAS, (name, number), &site, further);
        add_plans(world, &area, ask.body, |_| Refusal::bad(300, "Validation failed."))?;
        Ok(world.get(&area).cloned().unwrap_or_default())
    })?;
    Ok(shown(ask, &Value::Object(told)))
}

fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        // This operation alone has code 400.
        let area = find(world, first(ask));
        let area =
            area.map_err(|_| Refusal::bad(400, format!("Common area does not exist: {}.", first(ask))))?;
        Ok(with_policy(&world.get(&area).cloned().unwrap_or_default(), usual_policy()))
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let area = find(world, first(ask))?;
        let number = match ask.body.get("extension_number") {
            Some(asked) => Some(number(world, &area, asked, unfit)?),
            None => None,
        };
        let site = match text(ask.body, "site_id") {
            Some(id) => Some(site(world, Some(id)).ok_or_else(|| no_site(Some(id)))?),
            None => None,
        };
        if text(ask.body, "timezone").is_some_and(|zone| !is_timezone(zone)) {
            return Err(no_timezone());
        }
        if let Some(doc) = world.get_mut(&area) {
            change(doc, ask.body, number);
        }
        match site {
            Some(site) => extension::move_to(world, &area, &site),
            None => extension::changed(world, &area),
        }
        Ok(Answer::Done)
    })
}

fn change(doc: &mut Doc, body: &Value, number: Option<i64>) {
    let fields = [
        "area_code",
        "cost_center",
        "department",
        "display_name",
        "timezone",
        "default_transcription_language",
    ];
    take(doc, body, &fields);
    change_policy(doc, body);
    if let Some(name) = body.get("display_name") {
        doc.insert("name".to_owned(), name.clone());
    }
    if let Some(code) = text(body, "country_iso_code") {
        doc.insert("country".to_owned(), json!({ "code": code }));
    }
    if let Some(id) = text(body, "emergency_address_id") {
        doc.insert("emergency_address".to_owned(), json!({ "id": id }));
    }
    if let Some(number) = text(body, "outbound_caller_id") {
        let ids = json!([{ "is_default": true, "name": "", "number": number }]);
        doc.insert("outbound_caller_ids".to_owned(), ids);
    }
    if let Some(number) = number {
        doc.insert("extension_number".to_owned(), json!(number));
    }
}

fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let area = find(world, first(ask))?;
        extension::remove(world, &area);
        Ok(Answer::Done)
    })
}

fn assign_plans(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let area = find(world, first(ask))?;
        add_plans(world, &area, ask.body, |kind| {
            Refusal::bad(404, format!("Unknown or invalid calling plan: {kind}."))
        })?;
        let asked = ask.body["calling_plans"].as_array().into_iter().flatten();
        let plans = asked.filter_map(|plan| world.get(&format!("{}/{}", at::PLANS, plan["type"])));
        Ok(json!({ "calling_plans": plans.cloned().map(Value::Object).collect::<Vec<_>>() }))
    })?;
    Ok(shown(ask, &told))
}

fn unassign_plan(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let area = find(world, first(ask))?;
        if drop_plan(world, &area, ask.last()) {
            return Ok(Answer::Done);
        }
        Err(Refusal::bad(404, format!("Unknown or invalid calling plan: {}.", ask.last())))
    })
}

fn assign_numbers(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let area = find(world, first(ask))?;
        assign(world, &area, ask.body, |trouble, number| match trouble {
            Unassignable::Absent => Refusal::bad(404, format!("Phone number does not exist: {number}.")),
            Unassignable::Taken => Refusal::bad(409, format!("Phone number already in use: {number}.")),
        })
    })?;
    Ok(shown(ask, &json!({ "phone_numbers": told })))
}

fn unassign_number(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let area = find(world, first(ask))?;
        if unassign(world, &area, ask.last()) {
            return Ok(Answer::Done);
        }
        Err(Refusal::bad(404, format!("Phone number does not exist: {}.", ask.last())))
    })
}

fn set_pin(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let pin = text(ask.body, "pin_code").unwrap_or_default();
    ask.shared.state.world(|world| {
        let missing = || Refusal::absent(format!("Common area does not exist: {}.", first(ask)));
        let area = find(world, first(ask)).map_err(|_| missing())?;
        let doc = world.get_mut(&area).ok_or_else(missing)?;
        let extension = doc.get("extension_number").map(Value::to_string).unwrap_or_default();
        if let Some(complaint) = complain(pin, &extension) {
            return Err(Refusal::bad(400, format!("Validation failed. {complaint}")));
        }
        doc.insert("_pin_code".to_owned(), json!(pin));
        Ok(Answer::Done)
    })
}

/// What is wrong with a PIN.
fn complain(pin: &str, extension: &str) -> Option<String> {
    let digits = pin.as_bytes();
    let steps = |by: i16| digits.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == by);
    if !digits.iter().all(u8::is_ascii_digit) {
        Some("PIN code could only include numbers.".to_owned())
    } else if !PIN.contains(&digits.len()) {
        Some(format!("Invalid PIN code. PIN code must be {} to {} digits long.", PIN.start(), PIN.end()))
    } else if pin == extension {
        Some("Invalid PIN code. Your PIN code must not be the same as the extension number.".to_owned())
    } else if steps(0) {
        Some("Invalid PIN code. The PIN code must not contain a group of repeated digits.".to_owned())
    } else if steps(1) || steps(-1) {
        Some("PIN code cannot be an ascending or descending group of digits.".to_owned())
    } else {
        None
    }
}

/// Common areas that a body lists.
fn listed(world: &World, body: &Value) -> Result<Vec<String>, Refusal> {
    let ids = body["common_area_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
    ids.map(|id| find(world, id)).collect()
}

fn code_of(doc: &Doc) -> Value {
    let mut told = json!({
        "common_area_id": doc.get("id"),
        "display_name": doc.get("display_name"),
        "extension_number": doc.get("extension_number"),
        "activation_code": doc.get("_activation_code"),
        "activation_code_expiration": doc.get("_activation_code_expiration"),
        "status": "not_used",
    });
    told["site"] = json!({
        "site_id": doc.get("site").and_then(|site| site.get("id")),
        "name": doc.get("site").and_then(|site| site.get("name")),
    });
    told
}

fn make_codes(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let areas = listed(world, ask.body)?;
        let mut told = Vec::new();
        for area in areas {
            // Anew with every code: the revision has grown.
            let mut dice = crate::dice::Dice::new(ask.shared.config.seed ^ world.revision(), 7);
            let (first, second) = (dice.between(0, 9999), dice.between(0, 9999));
            let Some(doc) = world.get_mut(&area) else { continue };
            doc.insert("_activation_code".to_owned(), json!(format!("{first:04}-{second:04}")));
            let ends = (ask.now + CODE_LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            doc.insert("_activation_code_expiration".to_owned(), json!(ends));
            told.push(code_of(doc));
        }
        Ok(json!({ "common_areas_activation_codes": told }))
    })?;
    Ok(shown(ask, &told))
}

fn list_codes(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let keep = |_: &World, doc: &Doc| doc.contains_key("_activation_code");
    let name = "common_areas_activation_codes";
    rows(ask, (name, 100), at::COMMON_AREAS, keep, |_, doc| code_of(doc))
}
