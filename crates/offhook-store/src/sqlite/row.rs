//! One call as a row: its facts unpacked, its view worked out.

use std::collections::BTreeSet;

use offhook_calls::{Alias, AliasKind, CallFacts, CallKey, CallView};
use rusqlite::{Connection, Row};

use super::{packed, people::People};
use crate::StoreError;

/// What [`Call::read`] needs, of a table `call`, in its order.
pub(super) const COLUMNS: &str =
    "call.id, (SELECT name FROM account WHERE account.id = call.account), call.key, call.facts";

/// A stored call.
pub(super) struct Call {
    /// The number of its row.
    pub(super) id: i64,
    /// Its preferred name.
    pub(super) key: CallKey,
    /// Every name that leads to it.
    pub(super) names: BTreeSet<Alias>,
    /// All that is known of it.
    pub(super) facts: CallFacts,
}

impl Call {
    /// Reads a row that begins with [`COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let stored: String = row.get(2)?;
        let corrupt = |source| StoreError::Corrupt { what: format!("the call {stored}"), source };
        let bytes = packed::unpack(row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?)
            .map_err(|error| corrupt(error.into()))?;
        let facts: CallFacts = serde_json::from_slice(&bytes).map_err(|error| corrupt(error.into()))?;
        let name = unword(&stored).ok_or_else(|| corrupt("its key is none".into()))?;
        // A call has no name but those that its facts gave it.
        let names = facts.iter().flat_map(|(fact, _)| &fact.names).cloned().collect();
        Ok(Self { id: row.get(0)?, key: CallKey { account: row.get(1)?, name }, names, facts })
    }

    /// The read model, with what the list of users knows of its people.
    pub(super) fn view(&self, calls: &Connection) -> Result<CallView, StoreError> {
        let mut view = CallView::of(&self.key, &self.names, &self.facts);
        view.look_up(&mut People(calls))?;
        Ok(view)
    }
}

/// A key as one text.
pub(super) fn word(name: &Alias) -> String {
    format!("{}:{}", name.kind.as_str(), name.value)
}

/// A key from its text.
pub(super) fn unword(text: &str) -> Option<Alias> {
    let (kind, value) = text.split_once(':')?;
    Alias::new(AliasKind::from_word(kind)?, value)
}

/// A name's value as a number to look up by (FNV-1a, which is the same on every machine and for ever). Two values may
/// have one: whoever looks up compares.
pub(super) fn hash(value: &str) -> i64 {
    let hash = value.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}
