//! Saying a thing once: a sender that is wrong is wrong a thousand times a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// How long a thing is not said again.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// How many different things are told apart at a time; beyond it the longest ago makes room.
const KINDS: usize = 256;

/// Remembers what was said.
#[derive(Debug, Default)]
pub(crate) struct Once(Mutex<HashMap<String, Said>>);

#[derive(Debug)]
struct Said {
    at: Timestamp,
    since: u64,
}

impl Once {
    /// Whether to say this now. If so, how often it was kept quiet since the last time.
    pub(crate) fn say(&self, what: &str, now: Timestamp) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = said.get_mut(what) {
            if now.duration_since(known.at) < QUIET {
                known.since += 1;
                return None;
            }
            known.at = now;
            return Some(std::mem::take(&mut known.since));
        }
        if said.len() >= KINDS
            && let Some(oldest) = said.iter().min_by_key(|(_, said)| said.at).map(|(what, _)| what.clone())
        {
            said.remove(&oldest);
        }
        said.insert(what.to_owned(), Said { at: now, since: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_said_once_and_later_with_how_often_it_happened_meanwhile() {
        let once = Once::default();
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(once.say("bad signature", start), Some(0));
        assert_eq!(once.say("bad signature", start + SignedDuration::from_secs(1)), None);
        assert_eq!(once.say("bad signature", start + SignedDuration::from_secs(2)), None);
        assert_eq!(once.say("other", start), Some(0));
        assert_eq!(once.say("bad signature", start + SignedDuration::from_mins(11)), Some(2));
    }

    #[test]
    fn after_a_flood_of_different_things_a_new_one_is_still_said() {
        let once = Once::default();
        for n in 0..10_000 {
            once.say(&n.to_string(), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(once.say("folding failed", Timestamp::UNIX_EPOCH), Some(0));
    }

    #[test]
    fn a_flood_of_different_things_takes_no_more_than_its_share_of_memory() {
        let once = Once::default();
        for n in 0..10_000 {
            once.say(&n.to_string(), Timestamp::UNIX_EPOCH);
        }
        assert!(once.0.lock().unwrap().len() <= KINDS);
    }
}
