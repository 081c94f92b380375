//! Words of fixed lists, read back from a snapshot.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::{Deserialize as _, Deserializer, Error as _};

/// A word that the code has, or had when a snapshot was saved. The name hides from serde's derive that it is a
/// reference, which it would want to borrow.
pub(crate) type Word = &'static str;

/// More words than all lists have together.
const MOST: usize = 1_000;
/// Longer than any of them.
const LONGEST: usize = 100;

/// Reads a word.
pub(crate) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    keep(String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Reads a word, if there is one.
pub(crate) fn maybe_word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Word>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(keep).transpose().map_err(D::Error::custom)
}

/// Each word is kept for ever, once; so there may not be any number of them.
fn keep(text: String) -> Result<Word, String> {
    static KNOWN: Mutex<BTreeSet<Word>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&known) = known.get(text.as_str()) {
        return Ok(known);
    }
    if known.len() >= MOST || text.len() > LONGEST {
        return Err(format!("{text:?} is no word that a snapshot has here"));
    }
    let word: Word = String::leak(text);
    known.insert(word);
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_kept_once_and_none_is_long() {
        let (first, second) = (keep("inbound".to_owned()), keep("inbound".to_owned()));
        assert!(std::ptr::eq(first.expect("a word"), second.expect("a word")));
        assert!(keep("x".repeat(LONGEST + 1)).is_err());
    }
}
