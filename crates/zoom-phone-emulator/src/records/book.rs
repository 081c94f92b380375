//! All calls that REST knows, kept so that a page of them costs a page and not all of them.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;

use super::{CallRecord, v1};

/// Calls that are kept; older ones are forgotten.
const KEPT: usize = 250_000;

/// The call records of the account.
#[derive(Default)]
pub(crate) struct Book {
    all: Shelf,
    /// By the id of a user who is told of the call or has a message of it.
    of_user: HashMap<String, Shelf>,
    /// By the hash of each of the call's ids: its own, and those of its legs, elements and files. Whoever looks up
    /// compares the id itself.
    ids: HashMap<u64, Arc<CallRecord>>,
    arrived: u64,
}

/// Calls in the order in which they started.
#[derive(Default)]
pub(crate) struct Shelf(VecDeque<Arc<CallRecord>>);

impl Book {
    /// Takes a call in.
    pub(crate) fn insert(&mut self, mut record: CallRecord) {
        self.arrived += 1;
        record.arrival = self.arrived;
        let record = Arc::new(record);
        for id in ids(&record) {
            self.ids.insert(hash(&id), record.clone());
        }
        for user in record.users() {
            self.of_user.entry(user.to_owned()).or_default().insert(record.clone());
        }
        self.all.insert(record);
        if self.all.0.len() > KEPT {
            self.forget();
        }
    }

    /// The calls in the order in which REST got to know them.
    pub(crate) fn by_arrival(&self) -> Vec<Arc<CallRecord>> {
        let mut calls: Vec<_> = self.all.0.iter().cloned().collect();
        calls.sort_by_key(|call| call.arrival);
        calls
    }

    /// A book of calls that arrived in this order, as [`Book::by_arrival`] had them.
    pub(crate) fn of(calls: Vec<CallRecord>) -> Self {
        let mut book = Self::default();
        for call in calls {
            // Numbers go on where calls were forgotten.
            book.arrived = call.arrival.saturating_sub(1);
            book.insert(call);
        }
        book
    }

    fn forget(&mut self) {
        let Some(oldest) = self.all.0.pop_front() else { return };
        for id in ids(&oldest) {
            if self.ids.get(&hash(&id)).is_some_and(|kept| Arc::ptr_eq(kept, &oldest)) {
                self.ids.remove(&hash(&id));
            }
        }
        for user in oldest.users() {
            if let Some(shelf) = self.of_user.get_mut(user)
                && shelf.0.front().is_some_and(|first| Arc::ptr_eq(first, &oldest))
            {
                shelf.0.pop_front();
            }
        }
    }

    /// Every call.
    pub(crate) fn all(&self) -> &Shelf {
        &self.all
    }

    /// The calls that this user is told of or has a message of.
    pub(crate) fn of_user(&self, user: &str) -> &Shelf {
        static NONE: Shelf = Shelf(VecDeque::new());
        self.of_user.get(user).unwrap_or(&NONE)
    }

    /// The call with this `call_history_uuid`.
    pub(crate) fn call(&self, uuid: &str) -> Option<&Arc<CallRecord>> {
        self.with_id(uuid).filter(|call| call.call_history_uuid == uuid)
    }

    /// The call that this id of any kind belongs to: of the call, a leg, an element, a file, or of version 1.
    pub(crate) fn with_id(&self, id: &str) -> Option<&Arc<CallRecord>> {
        let call = self.ids.get(&hash(id))?;
        ids(call).any(|known| known == id).then_some(call)
    }
}

impl Shelf {
    /// Most calls come last, so that few are moved.
    fn insert(&mut self, record: Arc<CallRecord>) {
        let place = self.0.partition_point(|kept| kept.place() < record.place());
        self.0.insert(place, record);
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<CallRecord>> + ExactSizeIterator {
        self.0.iter()
    }

    /// Those that started in these whole seconds, both included, oldest first.
    pub(crate) fn between(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &Arc<CallRecord>> + ExactSizeIterator {
        let begin = self.0.partition_point(|kept| kept.start.as_second() < from.as_second());
        let end = self.0.partition_point(|kept| kept.start.as_second() <= to.as_second());
        self.0.range(begin..end.max(begin))
    }

    /// Those from that second on up to and with this place.
    pub(crate) fn between_and_below(
        &self,
        from: Timestamp,
        place: (Timestamp, &str),
    ) -> impl DoubleEndedIterator<Item = &Arc<CallRecord>> {
        let begin = self.0.partition_point(|kept| kept.start.as_second() < from.as_second());
        let end = self.0.partition_point(|kept| kept.place() <= place);
        self.0.range(begin..end.max(begin))
    }
}

/// Everything that the call can be asked for by.
fn ids(record: &CallRecord) -> impl Iterator<Item = String> {
    let own = [record.call_history_uuid.clone(), record.call_id.clone()];
    let of_elements = record.elements.iter().flat_map(|element| {
        let files = [&element.recording_id, &element.voicemail_id, &element.summary_id];
        [element.id.clone(), v1::id(&element.id), element.call_id.clone()]
            .into_iter()
            .chain(files.into_iter().filter(|id| !id.is_empty()).cloned())
    });
    own.into_iter().chain(of_elements)
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
