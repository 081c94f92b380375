//! Who has which extension, and whose records were wiped. Laid over calls when they are read: so it does not matter
//! whether the list of users came before the call or after it.

use jiff::Timestamp;
use offhook_calls::directory::{Directory, Member, Wiped};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Store;
use crate::StoreError;

impl Store {
    /// The phone users of an account, or of all accounts, by extension number.
    pub async fn members(&self, account: Option<String>) -> Result<Vec<Member>, StoreError> {
        self.read(move |calls| {
            let members = calls
                .prepare_cached(&format!(
                    "{MEMBER} WHERE ?1 IS NULL OR account = ?1
                     ORDER BY account, length(number), number, extension_id"
                ))?
                .query_map([account], member)?
                .collect::<Result<_, _>>()?;
            Ok(members)
        })
        .await
    }
}

const MEMBER: &str = "SELECT account, extension_id, user_id, number, name, email FROM extension";

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        account: row.get(0)?,
        extension_id: row.get(1)?,
        user_id: row.get(2)?,
        extension_number: row.get(3)?,
        name: row.get(4)?,
        email: row.get(5)?,
    })
}

/// Whoever was told of last has the extension.
pub(super) fn store_member(calls: &Transaction<'_>, member: &Member) -> Result<(), StoreError> {
    calls
        .prepare_cached(
            "INSERT OR REPLACE INTO extension (account, extension_id, user_id, number, name, email)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            member.account,
            member.extension_id,
            member.user_id,
            member.extension_number,
            member.name,
            member.email
        ])?;
    Ok(())
}

pub(super) fn store_wiped(calls: &Transaction<'_>, wiped: &Wiped) -> Result<(), StoreError> {
    calls
        .prepare_cached(
            "INSERT OR IGNORE INTO wiped (account, user_id, at_ms, to_trash) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![wiped.account, wiped.user_id, wiped.at.as_millisecond(), wiped.to_trash])?;
    Ok(())
}

/// The extension ids that a user has or had.
pub(super) fn extensions_of(
    calls: &Connection,
    account: Option<&str>,
    user_id: &str,
) -> Result<Vec<String>, StoreError> {
    let ids = calls
        .prepare_cached(
            "SELECT extension_id FROM extension WHERE user_id = ?1 AND (?2 IS NULL OR account = ?2)",
        )?
        .query_map(params![user_id, account], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// The tables as a directory.
pub(super) struct People<'a>(pub(super) &'a Connection);

impl Directory for People<'_> {
    type Error = StoreError;

    fn user_of(&mut self, account: &str, extension_id: &str) -> Result<Option<String>, StoreError> {
        let user = self
            .0
            .prepare_cached("SELECT user_id FROM extension WHERE account = ?1 AND extension_id = ?2")?
            .query_row([account, extension_id], |row| row.get(0))
            .optional()?;
        Ok(user)
    }

    fn wiped(&mut self, account: &str, user_id: &str) -> Result<Vec<Wiped>, StoreError> {
        let found = self
            .0
            .prepare_cached("SELECT at_ms, to_trash FROM wiped WHERE account = ?1 AND user_id = ?2")?
            .query_map([account, user_id], |row| {
                Ok(Wiped {
                    account: account.to_owned(),
                    user_id: user_id.to_owned(),
                    at: Timestamp::from_millisecond(row.get(0)?).unwrap_or(Timestamp::UNIX_EPOCH),
                    to_trash: row.get(1)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(found)
    }
}
