//! The account as it is before anybody changed it.

mod routing;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::file::{
    CompanyFile, ContactEntry, PlaceEntry, QueueEntry, ReceptionistEntry, SharedLineGroupEntry, copies_of,
};
use super::hours::object;
use super::people::{self, Person};
use super::{World, at, extension, numbers};
use crate::dice::Dice;

/// Where extension numbers begin that the file does not give.
const USERS_FROM: u32 = 1001;
const QUEUES_FROM: u32 = 801;
const RECEPTIONISTS_FROM: u32 = 850;
const SHARED_LINES_FROM: u32 = 860;
const COMMON_AREAS_FROM: u32 = 870;
const ROOMS_FROM: u32 = 950;

/// Area codes in which 555-0100 to 555-0199 are kept for fiction, as in every other.
const AREA_CODES: [u32; 24] = [
    332, 929, 415, 312, 617, 213, 718, 305, 404, 206, 512, 303, 702, 215, 602, 503, 704, 615, 313, 414, 216,
    412, 816, 505,
];

/// Texts of the audio library that the first user has.
const AUDIOS: [(&str, &str); 4] = [
    ("Welcome", "Thank you for calling. Please listen to the following options."),
    ("Closed", "Our office is closed. Please leave a message after the tone."),
    ("Holiday", "We are closed for the holiday."),
    ("Please hold", "All of our people are talking to other callers. Please hold."),
];

/// People of the Zoom account who have no Zoom Phone yet.
const PENDING: [&str; 2] = ["Lena Albers", "Mark Bosch"];

/// The documents of a company. Ids follow from the seed.
pub(crate) fn seed(file: &CompanyFile, seed: u64) -> World {
    let mut seeder = Seeder {
        world: World::default(),
        dice: Dice::new(seed, 0),
        sites: BTreeMap::new(),
        extensions: BTreeSet::new(),
        named: BTreeMap::new(),
        numbers: 0,
    };
    seeder.reserve(file);
    // The order of the dice: people of the main site keep their ids whatever else there is.
    let main = seeder.dice.opaque_id();
    seeder.sites(file, main);
    seeder.plans();
    let people = people::of(file);
    let users: Vec<_> = people.iter().enumerate().map(|(nth, person)| seeder.user(nth, person)).collect();
    for queue in &file.queues {
        seeder.queues(queue, &people, &users);
    }
    for receptionist in &file.receptionists {
        seeder.receptionist(receptionist);
    }
    for area in &file.common_areas {
        seeder.places(at::COMMON_AREAS, COMMON_AREAS_FROM, area);
    }
    for group in &file.shared_line_groups {
        seeder.shared_lines(group);
    }
    for room in &file.rooms {
        seeder.places(at::ROOMS, ROOMS_FROM, room);
    }
    seeder.main_receptionists(file);
    for queue in &file.queues {
        seeder.distribution(queue);
    }
    for receptionist in &file.receptionists {
        seeder.routing(receptionist);
    }
    for contact in &file.contacts {
        seeder.contact(contact);
    }
    for _ in 0..file.free_numbers {
        let id = seeder.dice.opaque_id();
        let number = seeder.next_number();
        let site = seeder.site(None).card;
        seeder.number(&id, &number, &site);
    }
    seeder.rest(&users);
    seeder.world
}

struct Seeder {
    world: World,
    dice: Dice,
    sites: BTreeMap<String, Site>,
    /// Extension numbers in use.
    extensions: BTreeSet<u32>,
    /// Addresses by name.
    named: BTreeMap<String, String>,
    /// Numbers drawn from [`AREA_CODES`].
    numbers: u32,
}

#[derive(Clone, Default)]
struct Site {
    /// `{id, name}`, the form in which extensions have it.
    card: Value,
    timezone: String,
}

impl Seeder {
    /// Numbers that the file gives are nobody else's.
    fn reserve(&mut self, file: &CompanyFile) {
        self.extensions.extend(file.users.iter().filter_map(|it| it.extension));
        self.extensions.extend(file.receptionists.iter().filter_map(|it| it.extension));
        self.extensions.extend(file.shared_line_groups.iter().filter_map(|it| it.extension));
        let queues = file.queues.iter().map(|it| (it.extension, it.copies));
        let places = file.common_areas.iter().chain(&file.rooms).map(|it| (it.extension, it.copies));
        for (extension, copies) in queues.chain(places) {
            let Some(first) = extension else { continue };
            self.extensions.extend((first..).take(copies));
        }
    }

    /// The given extension number, or the next that is free.
    fn extension_number(&mut self, given: Option<u32>, from: u32) -> u32 {
        given.unwrap_or_else(|| {
            let mut free = from;
            while self.extensions.contains(&free) {
                free += 1;
            }
            self.extensions.insert(free);
            free
        })
    }

    fn sites(&mut self, file: &CompanyFile, main: String) {
        let mut ids = Some(main);
        for entry in &file.sites {
            let id = ids.take().unwrap_or_else(|| super::defaults::id_of(&format!("site {}", entry.name)));
            let card = json!({ "id": id, "name": entry.name });
            let site = json!({
                "id": id,
                "name": entry.name,
                "country": { "code": "US", "name": "United States" },
                "short_extension": { "length": 4 },
                "level": if self.sites.is_empty() { "main" } else { "sub" },
                "_timezone": entry.timezone,
            });
            self.put(format!("{}/{id}", at::SITES), site);
            let timezone = entry.timezone.clone();
            self.sites.insert(entry.name.clone(), Site { card: card.clone(), timezone: timezone.clone() });
            // Under no name: the main site.
            self.sites.entry(String::new()).or_insert(Site { card, timezone });
        }
    }

    fn site(&self, name: Option<&String>) -> Site {
        self.sites.get(name.map_or("", String::as_str)).cloned().unwrap_or_default()
    }

    fn plans(&mut self) {
        for (kind, name, subscribed) in super::PLANS {
            let plan = json!({ "type": kind, "name": name, "subscribed": subscribed });
            self.put(format!("{}/{kind}", at::PLANS), plan);
        }
    }

    fn user(&mut self, nth: usize, person: &Person) -> String {
        let (id, extension_id) = (self.dice.opaque_id(), self.dice.opaque_id());
        let device = self.dice.uuid();
        let extension = self.extension_number(person.extension, USERS_FROM);
        let site = self.site(person.site.as_ref());
        let (kind, plan, _) = super::PLANS[0];
        let user = json!({
            "id": id,
            "phone_user_id": extension_id,
            "extension_id": extension_id,
            "extension_number": extension,
            "name": person.name,
            "email": person.email,
            "department": person.department,
            "cost_center": person.cost_center,
            "site": site.card,
            "site_id": site.card["id"],
            "site_admin": false,
            "status": "activate",
            "activation_status": "activated",
            "calling_plans": [{ "type": kind, "name": plan }],
            "phone_numbers": [],
            "_device_id": device,
            "_timezone": site.timezone,
            "_employee_id": format!("E{:05}", nth + 1),
        });
        let address = format!("{}/{id}", at::USERS);
        self.put(address.clone(), user);
        self.named.insert(person.name.clone(), address.clone());
        // 555-0100 to 555-0199 are kept for fiction in every area code; here the first 79 people have theirs.
        let number = (nth < 79).then(|| format!("+1646555{:04}", 101 + nth));
        self.give_number(&address, &extension_id, number);
        address
    }

    /// A queue and its like: what has an id, an extension, a name and a place.
    fn service(&mut self, list: &str, number: u32, name: &str, site: &Site, further: Value) -> String {
        let address = extension::create(
            &mut self.world,
            &mut self.dice,
            list,
            (name, i64::from(number)),
            &site.card,
            further,
        );
        let extension_id =
            self.world.get(&address).and_then(|doc| doc["extension_id"].as_str()).unwrap_or_default();
        let extension_id = extension_id.to_owned();
        self.named.insert(name.to_owned(), address.clone());
        let number = (800..820).contains(&number).then(|| format!("+1646555{:04}", number - 620));
        self.give_number(&address, &extension_id, number);
        address
    }

    fn queues(&mut self, entry: &QueueEntry, people: &[Person], users: &[String]) {
        let site = self.site(entry.site.as_ref());
        let staff: Vec<_> = people
            .iter()
            .zip(users)
            .filter(|(person, _)| person.department.as_ref().is_some_and(|it| entry.departments.contains(it)))
            .map(|(_, address)| address.clone())
            .collect();
        for (nth, name) in copies_of(&entry.name, entry.copies).into_iter().enumerate() {
            let extension = self.copy_extension(entry.extension, nth, QUEUES_FROM);
            let further = json!({
                "department": entry.departments.first(),
                "status": "active",
                "recording_storage_location": "US",
            });
            let address = self.service(at::QUEUES, extension, &name, &site, further);
            let dealt = staff.iter().skip(nth).step_by(entry.copies);
            let others = entry.people.iter().chain(&entry.manager).filter_map(|name| self.named.get(name));
            for member in dealt.chain(others).cloned().collect::<Vec<_>>() {
                let manager = entry.manager.as_ref().and_then(|name| self.named.get(name)) == Some(&member);
                super::members::add(&mut self.world, &address, &member);
                if manager && let Some((_, id)) = member.rsplit_once('/') {
                    super::members::manage(&mut self.world, &address, id);
                }
            }
        }
    }

    fn receptionist(&mut self, entry: &ReceptionistEntry) {
        let extension = self.extension_number(entry.extension, RECEPTIONISTS_FROM);
        let site = self.site(entry.site.as_ref());
        let address = self.service(at::RECEPTIONISTS, extension, &entry.name, &site, json!({}));
        self.hours(&address, entry.hours.as_ref());
        self.holidays(&address, &site.timezone, &entry.holidays);
    }

    fn shared_lines(&mut self, entry: &SharedLineGroupEntry) {
        let extension = self.extension_number(entry.extension, SHARED_LINES_FROM);
        let site = self.site(entry.site.as_ref());
        let further = json!({ "display_name": entry.name, "status": "active", "allow_privacy": false });
        let address = self.service(at::SHARED_LINE_GROUPS, extension, &entry.name, &site, further);
        let members = entry.people.iter().chain(&entry.common_areas).filter_map(|name| self.named.get(name));
        for member in members.cloned().collect::<Vec<_>>() {
            super::members::add(&mut self.world, &address, &member);
        }
        let number = self.world.get(&address).and_then(|doc| doc["phone_numbers"][0]["number"].as_str());
        if let Some(number) = number.map(str::to_owned)
            && let Some(doc) = self.world.get_mut(&address)
        {
            doc.insert("primary_number".to_owned(), json!(number));
        }
    }

    fn places(&mut self, list: &str, from: u32, entry: &PlaceEntry) {
        let site = self.site(entry.site.as_ref());
        for (nth, name) in copies_of(&entry.name, entry.copies).into_iter().enumerate() {
            if !entry.has_phone {
                let id = self.dice.opaque_id();
                self.put(format!("{}/{id}", at::FREE_ROOMS), json!({ "id": id, "display_name": name }));
                continue;
            }
            let extension = self.copy_extension(entry.extension, nth, from);
            let (kind, plan, _) = super::PLANS[0];
            let mut further = json!({ "calling_plans": [{ "type": kind, "name": plan }] });
            if list == at::COMMON_AREAS {
                further["display_name"] = json!(name);
                further["status"] = json!("online");
                further["country"] = json!({ "code": "US", "country_code": "1", "name": "United States" });
                further["area_code"] = json!("646");
            }
            self.service(list, extension, &name, &site, further);
        }
    }

    fn copy_extension(&mut self, first: Option<u32>, nth: usize, from: u32) -> u32 {
        let given = first.zip(u32::try_from(nth).ok()).map(|(first, nth)| first + nth);
        self.extension_number(given, from)
    }

    fn main_receptionists(&mut self, file: &CompanyFile) {
        for site in &file.sites {
            let Some(main) = self.named.get(&site.receptionist).and_then(|it| self.world.get(it)) else {
                continue;
            };
            let card = json!({
                "id": main["id"],
                "name": main["name"],
                "extension_id": main["extension_id"],
                "extension_number": main["extension_number"],
            });
            let id = self.site(Some(&site.name)).card["id"].as_str().unwrap_or_default().to_owned();
            if let Some(doc) = self.world.get_mut(&format!("{}/{id}", at::SITES)) {
                doc.insert("main_auto_receptionist".to_owned(), card);
            }
        }
    }

    fn contact(&mut self, entry: &ContactEntry) {
        let id = self.dice.opaque_id();
        let contact = json!({
            "external_contact_id": id,
            "id": format!("crm-{}", entry.name.to_lowercase().replace(' ', "-")),
            "name": entry.name,
            "email": entry.email,
            "description": entry.description,
            "extension_number": entry.extension,
            "phone_numbers": entry.numbers,
            "auto_call_recorded": entry.auto_call_recorded,
            "enable_internal_extension": entry.extension.is_some(),
        });
        self.put(format!("{}/{id}", at::CONTACTS), contact);
    }

    /// Audio, directories, and people without Zoom Phone.
    fn rest(&mut self, users: &[String]) {
        let owner = users.first().and_then(|user| user.rsplit_once('/')).map(|(_, id)| id.to_owned());
        for (name, text) in AUDIOS {
            let id = self.dice.opaque_id();
            let audio = json!({
                "audio_id": id,
                "name": name,
                "text": text,
                "voice_language": "en-US",
                "voice_accent": "Joanna-Female",
                "_user_id": owner,
            });
            self.put(format!("{}/{id}", at::AUDIOS), audio);
        }
        for user in users {
            let Some(doc) = self.world.get(user) else { continue };
            let (extension, site) = (doc["extension_id"].clone(), doc["site"]["id"].clone());
            let Some(id) = extension.as_str() else { continue };
            let entry = json!({ "extension_id": id, "_site_id": site });
            self.world.put(format!("{}/{id}", at::DIRECTORY), object(entry));
        }
        for name in PENDING {
            let id = self.dice.opaque_id();
            let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
            let site = self.site(None).card;
            let doc = json!({ "id": id, "name": name, "email": email, "status": "pending", "site": site });
            self.put(format!("{}/{id}", at::PENDING_USERS), doc);
        }
    }

    /// Gives an extension its number: one of its own choice, or the next.
    fn give_number(&mut self, extension: &str, extension_id: &str, number: Option<String>) {
        let number = number.unwrap_or_else(|| self.next_number());
        let id: String = extension_id.chars().rev().collect();
        let site = self.world.get(extension).map(|doc| doc["site"].clone()).unwrap_or_default();
        self.number(&id, &number, &site);
        let _ = numbers::assign(&mut self.world, extension, &id);
    }

    fn next_number(&mut self) -> String {
        let (block, line) = (self.numbers / 100, self.numbers % 100);
        self.numbers += 1;
        let blocks = u32::try_from(AREA_CODES.len()).unwrap_or(u32::MAX);
        match AREA_CODES.get((block % blocks) as usize) {
            Some(area) if block < blocks => format!("+1{area}5550{:03}", 100 + line),
            // Area code 555 is not assigned, so further ones can be nobody's telephone either.
            _ => format!("+1555{:07}", 1_000_000 + self.numbers),
        }
    }

    fn number(&mut self, id: &str, number: &str, site: &Value) {
        let doc = json!({
            "id": id,
            "number": number,
            "display_name": "",
            "number_type": "toll",
            "capability": ["incoming", "outgoing"],
            "source": "internal",
            "status": "available",
            "location": "New York, United States",
            "site": site,
            "_allocated_product": "ZOOM_PHONE",
            "_country": "US",
        });
        self.put(format!("{}/{id}", at::NUMBERS), doc);
    }

    fn put(&mut self, address: String, doc: Value) {
        let mut doc = object(doc);
        doc.retain(|_, value| !value.is_null());
        self.world.put(address, doc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Doc;

    fn text(doc: &Doc, field: &str) -> String {
        doc.get(field)
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .unwrap_or_default()
    }

    #[test]
    fn both_built_in_companies_have_unique_ids_extensions_and_numbers() {
        for (file, users, queues) in [(CompanyFile::default(), 36, 3), (CompanyFile::large(), 1500, 40)] {
            let world = seed(&file, 7);
            assert_eq!(world.children(at::USERS).len(), users);
            assert_eq!(world.children(at::QUEUES).len(), queues);
            let extensions: Vec<_> = at::EXTENSIONS.iter().flat_map(|list| world.children(list)).collect();
            for field in ["id", "extension_id", "extension_number", "name"] {
                let values: BTreeSet<_> = extensions.iter().map(|(_, doc)| text(doc, field)).collect();
                assert_eq!(values.len(), extensions.len(), "{field}");
            }
            let numbers: BTreeSet<_> =
                world.children(at::NUMBERS).iter().map(|(_, doc)| text(doc, "number")).collect();
            assert_eq!(numbers.len(), extensions.len() + file.free_numbers as usize);
            for (queue, _) in world.children(at::QUEUES) {
                let members = world.children(&format!("{}/{queue}/members", at::QUEUES)).len();
                assert!(members > 3, "{members}");
            }
        }
    }

    #[test]
    fn a_seed_decides_about_the_ids() {
        let users = |number| -> Vec<String> {
            let world = seed(&CompanyFile::default(), number);
            world.children(at::USERS).iter().map(|(id, _)| (*id).to_owned()).collect()
        };
        assert_eq!(users(7), users(7));
        assert_ne!(users(7), users(8));
    }

    #[test]
    fn a_menu_leads_to_the_extensions_that_the_file_names() {
        let world = seed(&CompanyFile::default(), 7);
        let (main, _) = world.find(at::RECEPTIONISTS, "name", "Main Line").expect("a receptionist");
        let menu = world.get(&format!("{}/{main}/ivr/business_hours", at::RECEPTIONISTS)).expect("a menu");
        let target = menu["key_actions"][1]["target"]["extension_id"].as_str().expect("a target");
        let target = world.extension(target).and_then(|address| world.get(&address)).expect("an extension");
        assert_eq!(target["name"], "Support");
    }
}
