//! The company whose phones ring, and the people outside who call it.

use std::sync::Arc;

use crate::config::Config;
use crate::dice::Dice;
use crate::party::{Kind, Party};

const FIRST_NAMES: [&str; 36] = [
    "Ada", "Ben", "Chloe", "David", "Elif", "Frank", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam",
    "Mina", "Noah", "Olga", "Pedro", "Quinn", "Rosa", "Sami", "Tara", "Umar", "Viola", "Wim", "Xenia",
    "Yusuf", "Zoe", "Anton", "Bela", "Carla", "Dario", "Edda", "Farid", "Gwen", "Henri", "Iris", "Jakob",
];
const LAST_NAMES: [&str; 36] = [
    "Moreno", "Okafor", "Laurent", "Kim", "Demir", "Novak", "Mbeki", "Silva", "Haddad", "Weber", "Tanaka",
    "Byrne", "Costa", "Dahl", "Evers", "Fuchs", "Garcia", "Hansen", "Ivanov", "Jensen", "Kaya", "Lopez",
    "Meyer", "Nagy", "Ortiz", "Petit", "Rahman", "Sato", "Toth", "Urban", "Vogel", "Walsh", "Yilmaz",
    "Zhang", "Abbas", "Brandt",
];

/// Departments with their number of people. Those with a queue of the same name answer it.
const DEPARTMENTS: [(&str, usize); 4] = [("Sales", 8), ("Support", 9), ("Billing", 6), ("Office", 13)];

const QUEUES: [&str; 3] = ["Sales", "Support", "Billing"];

/// A call queue and its members.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The queue as a party of a call.
    pub party: Arc<Party>,
    /// Indices of the members in [`Company::users`].
    pub members: Vec<usize>,
}

/// A company with its people and queues.
#[derive(Debug, Clone)]
pub struct Company {
    /// Zoom account id, stamped on every event.
    pub account_id: String,
    /// Address that download links start with, without a slash at the end.
    pub links: String,
    /// Name and id of the one site.
    pub site: (String, String),
    /// The people.
    pub users: Vec<Arc<Party>>,
    /// The call queues.
    pub queues: Vec<Queue>,
    /// The auto receptionist: press 1, 2 or 3 for a queue.
    pub receptionist: Arc<Party>,
}

impl Company {
    /// The company of this seed, with the account id of [`Config::default`] and nobody on a call.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0);
        let site = ("Main Site".to_owned(), dice.opaque_id());
        let departments = DEPARTMENTS.iter().flat_map(|&(name, people)| std::iter::repeat_n(name, people));
        let users: Vec<_> = (1001..)
            .zip(FIRST_NAMES.iter().zip(LAST_NAMES))
            .zip(departments)
            .map(|((extension, (first, last)), department)| {
                Arc::new(staff(&mut dice, extension, &format!("{first} {last}"), department))
            })
            .collect();
        let queues: Vec<_> = (801..)
            .zip(QUEUES)
            .map(|(extension, name)| Queue {
                party: Arc::new(service(&mut dice, Kind::Queue, extension, name)),
                members: members(&users, name),
            })
            .collect();
        let receptionist = Arc::new(service(&mut dice, Kind::Receptionist, 800, "Main Line"));
        Self {
            account_id: Config::default().account_id,
            links: "https://zoom-phone-emulator.invalid".to_owned(),
            site,
            users,
            queues,
            receptionist,
        }
    }

    /// The user of this id or e-mail address.
    pub(crate) fn user(&self, id_or_email: &str) -> Option<&Party> {
        let known = |user: &&Arc<Party>| user.id == id_or_email || user.email.as_deref() == Some(id_or_email);
        self.users.iter().find(known).map(|user| &**user)
    }
}

fn staff(dice: &mut Dice, extension: u32, name: &str, department: &str) -> Party {
    Party {
        kind: Kind::User,
        id: dice.opaque_id(),
        extension_id: dice.opaque_id(),
        extension_number: Some(extension),
        // 555-0100 to 555-0199 are kept for fiction in every area code.
        number: Some(format!("+1646555{:04}", 100 + extension - 1000)),
        name: Some(name.to_owned()),
        email: Some(format!("{}@example.com", name.to_lowercase().replace(' ', "."))),
        department: Some(department.to_owned()),
        device_id: dice.uuid(),
        ..Party::default()
    }
}

/// The people of the queue's department; the last of Billing helps Support out, as happens.
fn members(users: &[Arc<Party>], queue: &str) -> Vec<usize> {
    let of = |department: &str| -> Vec<usize> {
        (0..users.len()).filter(|&user| users[user].department.as_deref() == Some(department)).collect()
    };
    let mut members = of(queue);
    if queue == "Support" {
        members.extend(of("Billing").last());
    }
    members
}

fn service(dice: &mut Dice, kind: Kind, extension: u32, name: &str) -> Party {
    Party {
        kind,
        id: dice.opaque_id(),
        extension_id: dice.opaque_id(),
        extension_number: Some(extension),
        number: Some(format!("+1646555{:04}", 180 + extension - 800)),
        name: Some(name.to_owned()),
        department: (kind == Kind::Queue).then(|| name.to_owned()),
        ..Party::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_and_numbers_are_unique_and_follow_the_seed() {
        let company = Company::new(7);
        let parties: Vec<_> = company
            .users
            .iter()
            .chain(company.queues.iter().map(|queue| &queue.party))
            .chain([&company.receptionist])
            .collect();
        let ids: HashSet<_> = parties.iter().flat_map(|party| [&party.id, &party.extension_id]).collect();
        assert_eq!(ids.len(), parties.len() * 2);
        let numbers: HashSet<_> = parties.iter().filter_map(|party| party.number.clone()).collect();
        assert_eq!(numbers.len(), parties.len());
        assert_eq!(company.users, Company::new(7).users);
        assert_ne!(company.users, Company::new(8).users);
    }
}
