//! Who can be called, read from the documents: the view that the call engine has of the account.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Doc, World, at};
use crate::party::{Kind, Party};

/// Everybody with an extension, and the contacts outside.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    by_extension_id: HashMap<String, Arc<Party>>,
    /// Ids, e-mail addresses, extension numbers and E.164 numbers.
    by_word: HashMap<String, Arc<Party>>,
    /// People who take calls.
    pub(crate) users: Vec<Arc<Party>>,
    /// Queues that take calls.
    pub(crate) queues: Vec<Arc<Group>>,
    pub(crate) receptionists: Vec<Arc<Party>>,
    pub(crate) shared_lines: Vec<Arc<Group>>,
    pub(crate) common_areas: Vec<Arc<Party>>,
    /// External contacts that have a number.
    pub(crate) contacts: Vec<Arc<Party>>,
    groups: HashMap<String, Arc<Group>>,
}

/// A queue or a shared line group with those who answer for it.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) party: Arc<Party>,
    /// Members who take calls of the group, in order.
    pub(crate) members: Vec<Arc<Party>>,
    /// Custom groups of a queue in their order.
    pub(crate) custom_groups: Vec<Vec<Arc<Party>>>,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::User, at::USERS),
    (Kind::Queue, at::QUEUES),
    (Kind::Receptionist, at::RECEPTIONISTS),
    (Kind::SharedLineGroup, at::SHARED_LINE_GROUPS),
    (Kind::CommonArea, at::COMMON_AREAS),
    (Kind::Room, at::ROOMS),
];

impl Party {
    /// Where its document is; nowhere for outside parties.
    pub(crate) fn address(&self) -> Option<String> {
        let (_, list) = KINDS.iter().find(|(kind, _)| *kind == self.kind)?;
        Some(format!("{list}/{}", self.id))
    }
}

impl Directory {
    /// The directory of these documents.
    pub(crate) fn of(world: &World) -> Self {
        let mut directory = Self::default();
        let time_zone = main_time_zone(world);
        for (kind, list) in KINDS {
            for (id, doc) in world.children(list) {
                directory.add(Arc::new(party(world, kind, id, doc, &time_zone)));
            }
        }
        for (kind, list) in [(Kind::Queue, at::QUEUES), (Kind::SharedLineGroup, at::SHARED_LINE_GROUPS)] {
            for (id, _) in world.children(list) {
                directory.add_group(world, kind, &format!("{list}/{id}"), id);
            }
        }
        for (number, party) in of_numbers(world, &directory.by_extension_id) {
            directory.by_word.insert(number, party);
        }
        for (_, doc) in world.children(at::CONTACTS) {
            directory.contacts.extend(contact(doc).map(Arc::new));
        }
        directory
    }

    fn add(&mut self, party: Arc<Party>) {
        for word in [Some(party.id.clone()), party.email.clone(), Some(party.extension_text())] {
            let word = word.unwrap_or_default();
            if !word.is_empty() {
                self.by_word.entry(word).or_insert_with(|| party.clone());
            }
        }
        if party.active {
            match party.kind {
                Kind::User => self.users.push(party.clone()),
                Kind::Receptionist => self.receptionists.push(party.clone()),
                Kind::CommonArea => self.common_areas.push(party.clone()),
                _ => {}
            }
        }
        self.by_extension_id.insert(party.extension_id.clone(), party);
    }

    fn add_group(&mut self, world: &World, kind: Kind, address: &str, id: &str) {
        let Some(party) = self.by_word.get(id).cloned() else { return };
        let member = |doc: &Doc| {
            let member = self.by_extension_id.get(text(doc, "extension_id")?)?;
            let takes_calls = doc.get("receive_call").and_then(Value::as_bool).unwrap_or(true);
            (member.active && takes_calls).then(|| member.clone())
        };
        let members: Vec<_> = world
            .children(&format!("{address}/members"))
            .into_iter()
            .filter_map(|(_, doc)| member(doc))
            .collect();
        let mut custom: Vec<_> = world.children(&format!("{address}/custom_groups"));
        custom.sort_by_key(|(_, doc)| doc.get("sequence").and_then(Value::as_i64));
        let custom_groups = custom
            .into_iter()
            .map(|(_, doc)| {
                let listed = doc.get("members").and_then(Value::as_array);
                let ids = listed.into_iter().flatten().filter_map(|member| member["extension_id"].as_str());
                ids.filter_map(|id| members.iter().find(|member| member.extension_id == id).cloned())
                    .collect()
            })
            .collect();
        let group = Arc::new(Group { party, members, custom_groups });
        self.groups.insert(group.party.extension_id.clone(), group.clone());
        match kind {
            Kind::Queue if group.party.active => self.queues.push(group),
            Kind::SharedLineGroup if group.party.active => self.shared_lines.push(group),
            _ => {}
        }
    }

    /// Who has this `extension_id`.
    pub(crate) fn extension(&self, extension_id: &str) -> Option<&Arc<Party>> {
        self.by_extension_id.get(extension_id)
    }

    /// The members behind a queue or a shared line group.
    pub(crate) fn group(&self, party: &Party) -> Option<&Arc<Group>> {
        self.groups.get(&party.extension_id)
    }

    /// The user of this id or e-mail address.
    pub(crate) fn user(&self, id_or_email: &str) -> Option<&Arc<Party>> {
        let known = self.by_word.get(id_or_email).filter(|party| party.kind == Kind::User)?;
        (known.id == id_or_email || known.email.as_deref() == Some(id_or_email)).then_some(known)
    }

    /// Who is meant by an id, `extension_id`, e-mail address, extension number, E.164 number or full name.
    pub(crate) fn find(&self, word: &str) -> Option<&Arc<Party>> {
        let known = self.by_word.get(word).or_else(|| self.by_extension_id.get(word));
        known.or_else(|| {
            let named = |party: &&Arc<Party>| {
                party.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(word))
            };
            let groups = self.queues.iter().chain(&self.shared_lines).map(|group| &group.party);
            let extensions =
                self.users.iter().chain(groups).chain(&self.receptionists).chain(&self.common_areas);
            extensions.into_iter().find(named)
        })
    }
}

fn text<'a>(doc: &'a Doc, field: &str) -> Option<&'a str> {
    doc.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Of the first site; New York where it says nothing.
fn main_time_zone(world: &World) -> String {
    let sites = world.children(at::SITES);
    let zone = sites.iter().find_map(|(_, site)| text(site, "timezone").or_else(|| text(site, "_timezone")));
    zone.unwrap_or("America/New_York").to_owned()
}

fn party(world: &World, kind: Kind, id: &str, doc: &Doc, time_zone: &str) -> Party {
    let owned = |field: &str| text(doc, field).map(str::to_owned);
    let site = doc.get("site");
    let site = |field: &str| site.and_then(|site| site[field].as_str()).unwrap_or_default().to_owned();
    let extension_number = doc.get("extension_number").and_then(|number| match number {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    });
    let first = doc.get("phone_numbers").and_then(|numbers| numbers.get(0));
    let number = first.and_then(|first| first["number"].as_str()).map(str::to_owned);
    let number_doc = first
        .and_then(|first| first["id"].as_str())
        .and_then(|id| world.get(&format!("{}/{id}", at::NUMBERS)));
    Party {
        kind,
        id: id.to_owned(),
        extension_id: owned("extension_id").unwrap_or_default(),
        extension_number,
        number,
        name: owned("name").or_else(|| owned("display_name")),
        email: owned("email"),
        department: owned("department"),
        cost_center: owned("cost_center"),
        employee_id: owned("_employee_id"),
        device_id: owned("_device_id").unwrap_or_default(),
        site: (site("name"), site("id")),
        timezone: owned("timezone").or_else(|| owned("_timezone")).unwrap_or_else(|| time_zone.to_owned()),
        number_type: number_doc.and_then(number_type),
        active: !matches!(text(doc, "status"), Some("deactivate" | "pending" | "inactive")),
    }
}

/// How call records call a number of the account that is no usual one.
fn number_type(number: &Doc) -> Option<&'static str> {
    match (text(number, "source"), text(number, "number_type")) {
        (Some("external"), _) => Some("byoc"),
        (_, Some("tollfree")) => Some("zoom_toll_free_number"),
        _ => None,
    }
}

/// All numbers with those whom they reach.
fn of_numbers<'a>(
    world: &'a World,
    extensions: &'a HashMap<String, Arc<Party>>,
) -> impl Iterator<Item = (String, Arc<Party>)> + 'a {
    let by_id: HashMap<_, _> = extensions.values().map(|party| (party.id.as_str(), party)).collect();
    let assigned = world.children(at::NUMBERS).into_iter().filter_map(move |(_, doc)| {
        let assignee = doc.get("assignee")?.get("id")?.as_str()?;
        let party = *by_id.get(assignee)?;
        let number = text(doc, "number")?.to_owned();
        let party = match number_type(doc) {
            number_type if party.number.as_ref() != Some(&number) => {
                Arc::new(Party { number: Some(number.clone()), number_type, ..(**party).clone() })
            }
            _ => party.clone(),
        };
        Some((number, party))
    });
    let first = extensions.values().filter_map(|party| Some((party.number.clone()?, party.clone())));
    first.chain(assigned)
}

fn contact(doc: &Doc) -> Option<Party> {
    let number = doc.get("phone_numbers")?.get(0)?;
    let number = number.as_str().or_else(|| number["number"].as_str())?;
    let number_type = Some("external_contact");
    Some(Party {
        number: Some(number.to_owned()),
        name: text(doc, "name").map(str::to_owned),
        number_type,
        ..Party::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::hours::object;
    use super::*;

    fn world() -> World {
        let mut world = World::default();
        let mut put = |address: &str, doc: Value| world.put(address, object(doc));
        put("/phone/users/a", json!({ "extension_id": "A", "extension_number": 1001, "name": "Ada Moreno" }));
        put(
            "/phone/users/b",
            json!({ "extension_id": "B", "extension_number": "1002", "status": "deactivate" }),
        );
        put(
            "/phone/call_queues/q",
            json!({
                "extension_id": "Q",
                "name": "Sales",
                "phone_numbers": [{ "id": "n", "number": "+16465550180" }],
            }),
        );
        put(
            "/phone/call_queues/q/members/a",
            json!({ "id": "a", "extension_id": "A", "receive_call": true }),
        );
        put(
            "/phone/call_queues/q/members/b",
            json!({ "id": "b", "extension_id": "B", "receive_call": true }),
        );
        put("/phone/numbers/n", json!({ "number": "+16465550180", "assignee": { "id": "q" } }));
        let free = json!({ "number": "+18005550100", "number_type": "tollfree", "assignee": { "id": "q" } });
        put("/phone/numbers/t", free);
        world
    }

    #[test]
    fn everybody_is_found_by_whatever_one_knows_of_them() {
        let directory = Directory::of(&world());
        for (word, id) in
            [("1001", "a"), ("A", "a"), ("ada moreno", "a"), ("1002", "b"), ("+16465550180", "q")]
        {
            assert_eq!(directory.find(word).map(|party| party.id.as_str()), Some(id), "{word}");
        }
        assert!(directory.find("1003").is_none());
    }

    #[test]
    fn a_deactivated_user_is_known_but_takes_no_calls() {
        let directory = Directory::of(&world());
        assert_eq!(directory.users.len(), 1);
        assert_eq!(directory.queues[0].members.len(), 1);
        assert!(!directory.extension("B").expect("known").active);
    }

    #[test]
    fn a_second_number_reaches_the_same_extension_under_its_own_type() {
        let directory = Directory::of(&world());
        let reached = directory.find("+18005550100").expect("a queue");
        assert_eq!((reached.id.as_str(), reached.number_type()), ("q", "zoom_toll_free_number"));
        assert_eq!(directory.queues[0].party.number_type(), "zoom_pstn");
    }
}
