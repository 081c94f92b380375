//! The account as documents: users, queues, numbers, settings, files.
//!
//! A document is the JSON object that describes one thing, at the address REST has for it below `/v2`:
//! `/phone/call_queues/{id}`. What belongs to a thing is below it (`/phone/call_queues/{id}/members/{id}`), so that
//! deleting the queue deletes its members and its settings. Fields are named as in Zoom's answers; those whose names
//! begin with an underscore are the emulator's own and never shown.
//!
//! Where things are that Zoom has more than one address for:
//!
//! | thing | address |
//! |---|---|
//! | phone number | `/phone/numbers/{id}`, also for Number Management |
//! | weekly hours | `{extension}/settings/business_hours` |
//! | holiday, break | `{extension}/settings/holiday_hours/{id}`, `{extension}/settings/break_hours/{id}` |
//! | call handling | `{extension}/call_handling/settings/{hours}`, where hours is `business_hours`, `closed_hours`, `holiday_hours/{id}` or `break_hours/{id}` |
//! | menu of a receptionist | `{extension}/ivr/{hours}` |
//! | audio | `/phone/audios/{id}`, with the owner in `_user_id` |
//! | user without Zoom Phone | `/phone/users/pending/{id}` |
//! | room without Zoom Phone | `/phone/rooms/unassigned/{id}` |
//! | message | `/phone/sms/sessions/{id}/messages/{id}` |

pub(crate) mod blocked;
mod defaults;
pub(crate) mod directory;
pub(crate) mod extension;
pub(crate) mod file;
pub(crate) mod hours;
pub(crate) mod members;
pub(crate) mod numbers;
pub(crate) mod people;
mod seed;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dice::Dice;
pub(crate) use defaults::{OWN_APPS, id_of, voicemail};
pub(crate) use seed::seed;

/// One thing.
pub(crate) type Doc = Map<String, Value>;

/// Addresses of the lists that more than one part of the emulator uses.
pub(crate) mod at {
    pub(crate) const AUDIOS: &str = "/phone/audios";
    pub(crate) const COMMON_AREAS: &str = "/phone/common_areas";
    pub(crate) const CONTACTS: &str = "/phone/external_contacts";
    pub(crate) const DIRECTORY: &str = "/phone/dial_by_name_directory/extensions";
    pub(crate) const FREE_ROOMS: &str = "/phone/rooms/unassigned";
    pub(crate) const NUMBERS: &str = "/phone/numbers";
    pub(crate) const PENDING_USERS: &str = "/phone/users/pending";
    pub(crate) const PLANS: &str = "/phone/calling_plans";
    pub(crate) const PRIVATE_DIRECTORY: &str = "/phone/private_directory/members";
    pub(crate) const QUEUES: &str = "/phone/call_queues";
    pub(crate) const RECEPTIONISTS: &str = "/phone/auto_receptionists";
    pub(crate) const RECORDINGS: &str = "/phone/recordings";
    /// Audio that left the library but not the settings that use it.
    pub(crate) const REMOVED_AUDIOS: &str = "/phone/removed_audios";
    pub(crate) const ROOMS: &str = "/phone/rooms";
    pub(crate) const SHARED_LINE_GROUPS: &str = "/phone/shared_line_groups";
    pub(crate) const SITES: &str = "/phone/sites";
    /// Below a site.
    pub(crate) const SITE_DIRECTORY: &str = "/dial_by_name_directory/extensions";
    pub(crate) const SMS_SESSIONS: &str = "/phone/sms/sessions";
    pub(crate) const USERS: &str = "/phone/users";
    pub(crate) const VOICEMAILS: &str = "/phone/voice_mails";

    /// Lists of things that have an extension number.
    pub(crate) const EXTENSIONS: [&str; 6] =
        [USERS, QUEUES, RECEPTIONISTS, SHARED_LINE_GROUPS, COMMON_AREAS, ROOMS];
}

/// Calling plans of the account: Zoom's code, name, and how many are paid for.
pub(crate) const PLANS: [(u32, &str, u32); 2] =
    [(200, "US/CA Unlimited Calling Plan", 2000), (100, "US/CA Metered Calling Plan", 100)];

/// All documents of the account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct World {
    entries: BTreeMap<String, Entry>,
    created: u64,
    #[serde(default)]
    revision: u64,
    /// Grows with every change that may concern who can be called.
    #[serde(default)]
    people: u64,
    /// Lists that have got their first things, even if they are empty now.
    opened: BTreeSet<String>,
    /// Addresses of what is gone.
    removed: BTreeSet<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// Counts all that was ever created.
    number: u64,
    doc: Doc,
}

impl World {
    /// The document at this address.
    pub(crate) fn get(&self, address: &str) -> Option<&Doc> {
        self.entries.get(address).map(|entry| &entry.doc)
    }

    /// The same, to change it.
    pub(crate) fn get_mut(&mut self, address: &str) -> Option<&mut Doc> {
        let entry = self.entries.get_mut(address)?;
        self.revision += 1;
        self.people += u64::from(is_of_people(address));
        Some(&mut entry.doc)
    }

    /// Puts a document there; one that was there before is replaced, what is below stays.
    pub(crate) fn put(&mut self, address: impl Into<String>, doc: Doc) {
        let address = address.into();
        self.revision += 1;
        self.people += u64::from(is_of_people(&address));
        let created = self.created;
        let entry = self.entries.entry(address).or_insert(Entry { number: created, doc: Doc::new() });
        entry.doc = doc;
        if entry.number == created {
            self.created += 1;
        }
    }

    /// Removes a document and all below it.
    pub(crate) fn remove(&mut self, address: &str) -> Option<Doc> {
        let below = format!("{address}/");
        let end = format!("{address}0");
        let gone: Vec<_> = self.entries.range(below..end).map(|(address, _)| address.clone()).collect();
        for address in &gone {
            self.entries.remove(address);
        }
        let removed = self.entries.remove(address);
        if removed.is_some() || !gone.is_empty() {
            self.revision += 1;
            self.people += u64::from(is_of_people(address));
            self.removed.insert(address.to_owned());
        }
        removed.map(|entry| entry.doc)
    }

    /// The documents one step below an address with the last step of theirs, in the order in which they were created.
    pub(crate) fn children(&self, list: &str) -> Vec<(&str, &Doc)> {
        let below = format!("{list}/");
        let end = format!("{list}0");
        let length = below.len();
        let mut found: Vec<_> = self
            .entries
            .range(below..end)
            .filter(|(address, _)| !address[length..].contains('/'))
            .map(|(address, entry)| (entry.number, &address[length..], &entry.doc))
            .collect();
        found.sort_unstable_by_key(|&(number, ..)| number);
        found.into_iter().map(|(_, id, doc)| (id, doc)).collect()
    }

    /// The first document of a list with this text in this field.
    pub(crate) fn find(&self, list: &str, field: &str, wanted: &str) -> Option<(&str, &Doc)> {
        self.children(list)
            .into_iter()
            .find(|(_, doc)| doc.get(field).and_then(Value::as_str) == Some(wanted))
    }

    /// The address of the extension with this `extension_id`.
    pub(crate) fn extension(&self, extension_id: &str) -> Option<String> {
        at::EXTENSIONS.iter().find_map(|list| {
            let (id, _) = self.find(list, "extension_id", extension_id)?;
            Some(format!("{list}/{id}"))
        })
    }

    /// The id of the user with this id or e-mail address.
    pub(crate) fn user(&self, id_or_email: &str) -> Option<&str> {
        let (id, _) = match self.entries.get_key_value(&format!("{}/{id_or_email}", at::USERS)) {
            Some((address, entry)) => (address.rsplit_once('/')?.1, &entry.doc),
            None => self.find(at::USERS, "email", id_or_email)?,
        };
        Some(id)
    }

    /// Whether something was at this address that is gone.
    pub(crate) fn is_removed(&self, address: &str) -> bool {
        self.removed.contains(address)
    }

    /// Opens a list: true once for each list that nobody has put anything into.
    pub(crate) fn open(&mut self, list: &str) -> bool {
        self.opened.insert(list.to_owned()) && self.children(list).is_empty()
    }

    /// Dice for new ids; they fall anew after every creation.
    pub(crate) fn dice(&self, seed: u64) -> Dice {
        Dice::new(seed ^ self.created.wrapping_mul(0x9e37_79b9_7f4a_7c15), 6)
    }

    /// Grows with every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Grows with every change of an extension, a member, a number, a contact or a site; not with messages and files.
    pub(crate) fn people(&self) -> u64 {
        self.people
    }
}

fn is_of_people(address: &str) -> bool {
    let more = [at::NUMBERS, at::CONTACTS, at::SITES];
    at::EXTENSIONS.iter().chain(&more).any(|list| address.starts_with(list))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doc(value: Value) -> Doc {
        match value {
            Value::Object(doc) => doc,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn what_is_below_a_thing_goes_with_it() {
        let mut world = World::default();
        world.put("/phone/call_queues/b", doc(json!({ "name": "B" })));
        world.put("/phone/call_queues/b/members/u", doc(json!({ "id": "u" })));
        world.put("/phone/call_queues/b-2", doc(json!({ "name": "B2" })));
        world.put("/phone/call_queues/a", doc(json!({ "name": "A" })));
        let names = |world: &World| -> Vec<String> {
            world.children("/phone/call_queues").iter().map(|(id, _)| (*id).to_owned()).collect()
        };
        assert_eq!(names(&world), ["b", "b-2", "a"], "in the order of creation");
        let before = world.revision();
        world.remove("/phone/call_queues/b");
        assert!(world.revision() > before);
        assert_eq!(names(&world), ["b-2", "a"]);
        assert!(world.children("/phone/call_queues/b/members").is_empty());
        world.put("/phone/call_queues/b-2", doc(json!({ "name": "again" })));
        assert_eq!(names(&world), ["b-2", "a"], "a change does not move it");
    }
}
