//! The company whose phones ring, and the people outside who call it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Config;
use crate::dice::Dice;
use crate::world::people::{FIRST_NAMES, LAST_NAMES};

/// Departments with their number of people. Those with a queue of the same name answer it.
const DEPARTMENTS: [(&str, usize); 4] = [("Sales", 8), ("Support", 9), ("Billing", 6), ("Office", 13)];

const QUEUES: [&str; 3] = ["Sales", "Support", "Billing"];

const CALLER_NAMES: [&str; 8] = [
    "Martha Quinn",
    "Oakwood Dental",
    "Pavel Sokolov",
    "Riverside Motors",
    "Sofia Rossi",
    "Tomas Lind",
    "Umber Coffee",
    "Vera Castillo",
];

/// What an extension is; Zoom spells it in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person of the company.
    User,
    /// A call queue.
    Queue,
    /// An auto receptionist (IVR).
    Receptionist,
    /// Somebody on the public telephone network.
    Outside,
}

impl Kind {
    /// Spelling in status events: camelCase.
    pub(crate) fn in_events(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Queue => "callQueue",
            Self::Receptionist => "autoReceptionist",
            Self::Outside => "pstn",
        }
    }

    /// Spelling in call records: snake_case. Outside parties have none.
    pub(crate) fn in_records(self) -> Option<&'static str> {
        match self {
            Self::User => Some("user"),
            Self::Queue => Some("call_queue"),
            Self::Receptionist => Some("auto_receptionist"),
            Self::Outside => None,
        }
    }
}

/// Anyone who can be at one end of a call.
#[derive(Debug, PartialEq, Eq)]
pub struct Party {
    /// What it is.
    pub kind: Kind,
    /// User, queue or receptionist id; empty for outside parties.
    pub id: String,
    /// Zoom's `extension_id`, a different value from `id`; empty for outside parties.
    pub extension_id: String,
    /// Internal number such as 1001; absent for outside parties.
    pub extension_number: Option<u32>,
    /// E.164 number; absent for a caller who hides it.
    pub number: Option<String>,
    /// Display name, when known.
    pub name: Option<String>,
    /// Address at example.com; users only.
    pub email: Option<String>,
    /// Department; users and queues.
    pub department: Option<String>,
    /// Zoom's id of the desk client; users only.
    pub device_id: String,
}

impl Party {
    /// The extension number as text, the form of call records; empty for outside parties.
    pub(crate) fn extension_text(&self) -> String {
        self.extension_number.map(|number| number.to_string()).unwrap_or_default()
    }

    /// What somebody dials to reach this party from inside: the extension, else the number.
    pub(crate) fn dialled(&self) -> String {
        match self.extension_number {
            Some(extension) => extension.to_string(),
            None => self.number.clone().unwrap_or_default(),
        }
    }
}

/// A call queue and its members.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The queue as a party of a call.
    pub party: Arc<Party>,
    /// Indices of the members in [`Company::users`].
    pub members: Vec<usize>,
}

/// A company with its people, queues and callers, and who of them is busy until when.
///
/// It is all state of the planner: [`play`](crate::play) reads who is free, draws from the
/// company's own dice and writes who is busy.
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
    pub(crate) callers: Vec<Arc<Party>>,
    pub(crate) dice: Dice,
    users_busy: Vec<Timestamp>,
    callers_busy: Vec<Timestamp>,
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
        let callers: Vec<_> = (0..40).map(|nth| Arc::new(caller(&mut dice, nth))).collect();
        Self {
            account_id: Config::default().account_id,
            links: "https://zoom-phone-emulator.invalid".to_owned(),
            site,
            users_busy: vec![Timestamp::MIN; users.len()],
            callers_busy: vec![Timestamp::MIN; callers.len()],
            users,
            queues,
            receptionist,
            callers,
            dice,
        }
    }

    /// The user of this id or e-mail address.
    pub(crate) fn user(&self, id_or_email: &str) -> Option<&Party> {
        let known = |user: &&Arc<Party>| user.id == id_or_email || user.email.as_deref() == Some(id_or_email);
        self.users.iter().find(known).map(|user| &**user)
    }

    /// Indices of the users who are on no call from `at` on.
    pub(crate) fn free_users(&self, at: Timestamp) -> Vec<usize> {
        (0..self.users.len()).filter(|&user| self.users_busy[user] <= at).collect()
    }

    /// When the first of these users has no call any more.
    pub(crate) fn first_free(&self, users: &[usize]) -> Option<Timestamp> {
        users.iter().map(|&user| self.users_busy[user]).min()
    }

    /// Marks a user busy until then.
    pub(crate) fn occupy(&mut self, user: usize, until: Timestamp) {
        self.users_busy[user] = until;
    }

    /// Somebody outside who is on no call at `at`, busy until [`Company::let_go`]. Whoever is to be
    /// called must have a number.
    pub(crate) fn take_outsider(&mut self, at: Timestamp, needs_number: bool) -> (usize, Arc<Party>) {
        let free: Vec<_> = (0..self.callers.len())
            .filter(|&nth| self.callers_busy[nth] <= at)
            .filter(|&nth| !needs_number || self.callers[nth].number.is_some())
            .collect();
        let nth = if free.is_empty() {
            // Everybody we know is talking: a stranger.
            self.callers.push(Arc::new(caller(&mut self.dice, self.callers.len())));
            self.callers_busy.push(at);
            self.callers.len() - 1
        } else {
            free[self.dice.index(free.len())]
        };
        self.callers_busy[nth] = Timestamp::MAX;
        (nth, self.callers[nth].clone())
    }

    /// The outsider hangs up at that time.
    pub(crate) fn let_go(&mut self, nth: usize, at: Timestamp) {
        self.callers_busy[nth] = at;
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
        email: None,
        department: (kind == Kind::Queue).then(|| name.to_owned()),
        device_id: String::new(),
    }
}

/// The first eight callers have a name, the ninth hides the number, the others are just numbers.
fn caller(dice: &mut Dice, nth: usize) -> Party {
    let number = (nth != CALLER_NAMES.len())
        // Area code 555 is not assigned, so these can be nobody's telephone.
        .then(|| format!("+1555{:03}{:04}", 200 + nth % 800, dice.between(0, 9999)));
    Party {
        kind: Kind::Outside,
        id: String::new(),
        extension_id: String::new(),
        extension_number: None,
        number,
        name: CALLER_NAMES.get(nth).map(|&name| name.to_owned()),
        email: None,
        department: None,
        device_id: String::new(),
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
        let numbers: HashSet<_> = parties
            .iter()
            .copied()
            .chain(&company.callers)
            .filter_map(|party| party.number.clone())
            .collect();
        assert_eq!(numbers.len(), parties.len() + company.callers.len() - 1, "one caller hides the number");
        assert_eq!(company.users, Company::new(7).users);
        assert_ne!(company.users, Company::new(8).users);
    }
}
