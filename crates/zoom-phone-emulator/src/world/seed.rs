//! The account as it is before anybody changed it.

use serde_json::{Value, json};

use super::{Doc, World, at};
use crate::company::{Company, Queue};
use crate::party::Party;

/// Documents of a company.
pub(crate) fn seed(company: &Company) -> World {
    let mut world = World::default();
    let (name, id) = &company.site;
    put(
        &mut world,
        at::SITES,
        id,
        json!({ "id": id, "name": name, "country": { "code": "US", "name": "United States" } }),
    );
    for user in &company.users {
        put(&mut world, at::USERS, &user.id, extension(company, user));
        if let Some(user) = world.get_mut(&format!("{}/{}", at::USERS, user.id)) {
            user.insert("status".to_owned(), json!("activate"));
            user.insert("activation_status".to_owned(), json!("activated"));
        }
    }
    for queue in &company.queues {
        put(&mut world, at::QUEUES, &queue.party.id, extension(company, &queue.party));
        let members = format!("{}/{}/members", at::QUEUES, queue.party.id);
        for user in queue.members.iter().filter_map(|&member| company.users.get(member)) {
            let member = json!({
                "id": user.id,
                "level": "user",
                "name": user.name,
                "receive_call": true,
                "extension_id": user.extension_id,
            });
            put(&mut world, &members, &user.id, member);
        }
    }
    let receptionist = &company.receptionist;
    put(&mut world, at::RECEPTIONISTS, &receptionist.id, extension(company, receptionist));
    let address = format!("{}/{}", at::RECEPTIONISTS, receptionist.id);
    let handling = json!({ "call_handling_setting": { "routing_action": "forward_to_ivr" } });
    put(&mut world, &format!("{address}/call_handling/settings"), "business_hours", handling);
    let key = |(key, queue): (usize, &Queue)| json!({ "key": key.to_string(), "action": 7, "target": { "extension_id": queue.party.extension_id } });
    let keys: Vec<_> = (1..).zip(&company.queues).map(key).collect();
    let menu = json!({
        "caller_enters_no_action": { "action": -1, "audio_prompt_repeat": 3 },
        "key_actions": keys,
    });
    put(&mut world, &format!("{address}/ivr"), "business_hours", menu);
    world
}

fn extension(company: &Company, party: &Party) -> Value {
    json!({
        "id": party.id,
        "extension_id": party.extension_id,
        "extension_number": party.extension_number,
        "name": party.name,
        "email": party.email,
        "department": party.department,
        "site": { "id": company.site.1, "name": company.site.0 },
        "timezone": "America/New_York",
        "phone_numbers": [{ "id": party.extension_id.chars().rev().collect::<String>(), "number": party.number }],
        "_device_id": (!party.device_id.is_empty()).then_some(&party.device_id),
    })
}

fn put(world: &mut World, list: &str, id: &str, doc: Value) {
    let Value::Object(mut doc) = doc else { return };
    doc.retain(|_, value| !value.is_null());
    world.put(format!("{list}/{id}"), Doc::from(doc));
}
