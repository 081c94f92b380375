//! The telephone exchange: who is busy until when, and who calls from outside.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::{Config, Temper, Version};
use crate::dice::Dice;
use crate::party::Party;
use crate::world::directory::Directory;
use crate::world::file::{CompanyFile, Traffic};
use crate::world::{self, World};

/// Streams of a seed's dice from here on belong to single calls.
const CALL_STREAMS: u64 = 1 << 20;

/// Seconds between two calls of one person.
const BREATH: i64 = 2;

/// An account with its people, queues and callers, and who of them is busy until when.
///
/// It is all state of the planner: [`play`](crate::play) reads who is free, and writes who is busy.
#[derive(Debug)]
pub struct Exchange {
    /// Zoom account id, stamped on every event.
    pub account_id: String,
    /// Address that download links start with, without a slash at the end.
    pub links: String,
    /// Whether Zoom behaves as documented or as known from life.
    pub temper: Temper,
    /// Whether records are told in events of versions 1 and 2, too.
    pub older_records: bool,
    /// The one version in which records are told; all of them when absent.
    pub only: Option<Version>,
    /// How long people of the company talk and wait; usual lengths without.
    pub traffic: Option<Traffic>,
    pub(crate) world: World,
    directory: Arc<Directory>,
    /// The state of the documents that `directory` shows.
    seen: Option<u64>,
    pub(crate) floor: Floor,
    pub(crate) outsiders: Outsiders,
    /// Decides who calls whom. What happens in a call is decided by dice of its own.
    pub(crate) dice: Dice,
    seed: u64,
    calls: u64,
    /// Ids of the users whose phones are in a person's hands, with how many hold on to them.
    pub(crate) attended: BTreeMap<String, usize>,
}

impl Exchange {
    /// The company of this seed, with the account id of [`Config::default`] and nobody on a call.
    pub fn new(seed: u64) -> Self {
        Self::of_company(&CompanyFile::default(), seed)
    }

    /// The same for another company.
    pub fn of_company(company: &CompanyFile, seed: u64) -> Self {
        Self::of(seed, world::seed(company, seed))
    }

    /// The exchange of these documents.
    pub(crate) fn of(seed: u64, world: World) -> Self {
        let mut dice = Dice::new(seed, 3);
        Self {
            account_id: Config::default().account_id,
            links: "https://zoom-phone-emulator.invalid".to_owned(),
            temper: Temper::Documented,
            older_records: false,
            only: None,
            traffic: None,
            world,
            directory: Arc::default(),
            seen: None,
            floor: Floor::default(),
            outsiders: Outsiders::new(&mut dice),
            dice,
            seed,
            calls: 0,
            attended: BTreeMap::new(),
        }
    }

    /// Who can be called now.
    pub(crate) fn directory(&mut self) -> Arc<Directory> {
        let revision = self.world.people();
        if self.seen != Some(revision) {
            self.directory = Arc::new(Directory::of(&self.world));
            self.seen = Some(revision);
        }
        self.directory.clone()
    }

    /// The next call's number.
    pub(crate) fn next_call(&mut self) -> u64 {
        self.calls += 1;
        self.calls
    }

    /// The dice that decide one call. They fall the same however often the call is planned.
    pub(crate) fn dice_of(&self, call: u64) -> Dice {
        Dice::new(self.seed, CALL_STREAMS + call)
    }
}

/// What a snapshot keeps of an exchange; the rest is configuration.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedExchange {
    world: World,
    floor: Floor,
    outsiders: Outsiders,
    dice: Dice,
    seed: u64,
    calls: u64,
}

impl SavedExchange {
    /// Why this cannot be gone on from.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let Outsiders { people, busy } = &self.outsiders;
        if people.is_empty() {
            return Err("`outsiders.people` is empty");
        }
        if people.len() != busy.len() {
            return Err("`outsiders.busy` must have one time for each of `outsiders.people`");
        }
        Ok(())
    }
}

impl Exchange {
    pub(crate) fn save(&self) -> SavedExchange {
        SavedExchange {
            world: self.world.clone(),
            floor: self.floor.clone(),
            outsiders: self.outsiders.clone(),
            dice: self.dice.clone(),
            seed: self.seed,
            calls: self.calls,
        }
    }

    /// Goes on from what was saved. Phones in a person's hands stay there.
    pub(crate) fn restore(&mut self, saved: SavedExchange) {
        let SavedExchange { world, floor, outsiders, dice, seed, calls } = saved;
        (self.world, self.floor, self.outsiders) = (world, floor, outsiders);
        (self.dice, self.seed, self.calls) = (dice, seed, calls);
        self.seen = None;
    }
}

/// Who is busy until when.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Floor {
    /// By `extension_id`.
    busy: HashMap<String, Booking>,
    /// When those in a queue will have left it, by the queue's `extension_id`.
    waiting: HashMap<String, Vec<Timestamp>>,
    /// Whose turn it is in a rotating queue.
    turns: HashMap<String, usize>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Booking {
    call: u64,
    until: Timestamp,
}

impl Floor {
    /// When this person has no call any more; in the past for those who have none.
    pub(crate) fn free_from(&self, person: &Party) -> Timestamp {
        self.busy.get(&person.extension_id).map_or(Timestamp::MIN, |booking| booking.until)
    }

    pub(crate) fn is_free(&self, person: &Party, at: Timestamp) -> bool {
        self.free_from(person) <= at
    }

    /// The person rings or talks in this call until told otherwise.
    pub(crate) fn book(&mut self, person: &Party, call: u64) {
        let booking = Booking { call, until: Timestamp::MAX };
        match self.busy.get_mut(&person.extension_id) {
            Some(before) => *before = booking,
            None => drop(self.busy.insert(person.extension_id.clone(), booking)),
        }
    }

    /// The person is out of this call at that time, unless another one has them by now.
    pub(crate) fn release(&mut self, person: &Party, call: u64, at: Timestamp, rest: i64) {
        let until = at.checked_add(jiff::SignedDuration::from_secs(rest.max(BREATH))).unwrap_or(at);
        if let Some(booking) = self.busy.get_mut(&person.extension_id)
            && booking.call == call
        {
            booking.until = until;
        }
    }

    /// Nobody is in this call any more: it will be planned anew.
    pub(crate) fn forget(&mut self, call: u64) {
        self.busy.retain(|_, booking| booking.call != call);
    }

    /// How many wait in this queue at that time.
    pub(crate) fn waiting(&mut self, queue: &Party, at: Timestamp) -> usize {
        let Some(waiting) = self.waiting.get_mut(&queue.extension_id) else { return 0 };
        waiting.retain(|&until| until > at);
        waiting.len()
    }

    /// Somebody waits in the queue until then.
    pub(crate) fn wait(&mut self, queue: &Party, until: Timestamp) {
        self.waiting.entry(queue.extension_id.clone()).or_default().push(until);
    }

    /// The place in a queue's members at which a rotating queue begins, one further with every call.
    pub(crate) fn turn(&mut self, queue: &Party, members: usize) -> usize {
        let turn = self.turns.entry(queue.extension_id.clone()).or_default();
        let now = *turn % members.max(1);
        *turn = now + 1;
        now
    }
}

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

/// People on the public network who are known before anybody calls.
const KNOWN: usize = 40;

/// Tries to find somebody outside who is on no call, before a stranger appears.
const TRIES: usize = 12;

/// Everybody outside who has called or was called.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Outsiders {
    people: Vec<Arc<Party>>,
    busy: Vec<Timestamp>,
}

impl Outsiders {
    fn new(dice: &mut Dice) -> Self {
        Self {
            people: (0..KNOWN).map(|nth| Arc::new(stranger(dice, nth))).collect(),
            busy: vec![Timestamp::MIN; KNOWN],
        }
    }

    /// Somebody who is on no call at `at`, busy until [`Outsiders::let_go`]. Whoever is to be called must have a
    /// number.
    pub(crate) fn take(&mut self, dice: &mut Dice, at: Timestamp, needs_number: bool) -> (usize, Arc<Party>) {
        let free = (0..TRIES).find_map(|_| {
            let nth = dice.index(self.people.len());
            let fits = !needs_number || self.people[nth].number.is_some();
            (fits && self.busy[nth] <= at).then_some(nth)
        });
        let nth = free.unwrap_or_else(|| {
            self.people.push(Arc::new(stranger(dice, self.people.len())));
            self.busy.push(at);
            self.people.len() - 1
        });
        self.busy[nth] = Timestamp::MAX;
        (nth, self.people[nth].clone())
    }

    /// The outsider hangs up at that time.
    pub(crate) fn let_go(&mut self, nth: usize, at: Timestamp) {
        if let Some(busy) = self.busy.get_mut(nth) {
            *busy = at;
        }
    }
}

/// The first eight have a name, the ninth hides the number, the others are just numbers.
fn stranger(dice: &mut Dice, nth: usize) -> Party {
    let number = (nth != CALLER_NAMES.len())
        // Area code 555 is not assigned, so these can be nobody's telephone.
        .then(|| format!("+1555{:03}{:04}", 200 + nth % 800, dice.between(0, 9999)));
    Party { number, name: CALLER_NAMES.get(nth).map(|&name| name.to_owned()), ..Party::default() }
}
