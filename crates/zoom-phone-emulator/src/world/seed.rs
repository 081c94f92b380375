//! The account as it is before anybody changed it.

use serde_json::{Value, json};

use super::{Doc, World, at};
use crate::company::{Company, Party};

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
    put(&mut world, at::RECEPTIONISTS, &company.receptionist.id, extension(company, &company.receptionist));
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
    })
}

fn put(world: &mut World, list: &str, id: &str, doc: Value) {
    let Value::Object(mut doc) = doc else { return };
    doc.retain(|_, value| !value.is_null());
    world.put(format!("{list}/{id}"), Doc::from(doc));
}
