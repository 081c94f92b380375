//! Who has which extension, and whose records were wiped: what is laid over calls when they are read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    party::{Party, PartyKind},
    view::{CallView, DeletionView},
};

/// A phone user, from `listPhoneUsers`. Records of v3 know extensions and no users; this joins the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Zoom account id.
    pub account: String,
    /// Zoom extension id.
    pub extension_id: String,
    /// Zoom user id.
    pub user_id: String,
    /// Extension number, digits.
    pub extension_number: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// Email address.
    pub email: Option<String>,
}

/// All call records of a user were deleted (`delete_all` of `call_element_deleted`, `call_history_deleted`). Names no
/// call, so it is laid over the calls that the user was in and that had ended by then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wiped {
    /// Zoom account id.
    pub account: String,
    /// Whose records.
    pub user_id: String,
    /// When: `execute_time`, else when the event was sent.
    pub at: Timestamp,
    /// Into the trash, from which they can come back.
    pub to_trash: bool,
}

/// What a call's parties are looked up in.
pub trait Directory {
    /// What went wrong with looking.
    type Error;

    /// The user who has this extension.
    fn user_of(&mut self, account: &str, extension_id: &str) -> Result<Option<String>, Self::Error>;

    /// The times at which all of a user's records were deleted.
    fn wiped(&mut self, account: &str, user_id: &str) -> Result<Vec<Wiped>, Self::Error>;
}

impl CallView {
    /// Fills in the user id of each party that has only an extension, and marks it as worked out (`party.user_id` of a
    /// leg, `from.user_id`, `to.user_id`); and adds the deletions that name no call but all of a user's.
    pub fn look_up<D: Directory>(&mut self, directory: &mut D) -> Result<(), D::Error> {
        let account = self.account_id.clone();
        let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut fill = |party: &mut Party| -> Result<bool, D::Error> {
            let is_somebody = matches!(party.kind, PartyKind::User | PartyKind::Unknown);
            let Some(extension_id) = party.extension_id.clone() else { return Ok(false) };
            if !is_somebody || party.user_id.is_some() {
                return Ok(false);
            }
            let user = match known.get(&extension_id) {
                Some(user) => user.clone(),
                None => directory.user_of(&account, &extension_id)?,
            };
            known.insert(extension_id, user.clone());
            if user.is_some() {
                party.kind = PartyKind::User;
            }
            party.user_id = user;
            Ok(party.user_id.is_some())
        };
        for (party, field) in [(&mut self.from, "from.user_id"), (&mut self.to, "to.user_id")] {
            if let Some(party) = party
                && fill(party)?
            {
                mark(&mut self.derived, field);
            }
        }
        for leg in &mut self.legs {
            if fill(&mut leg.party)? {
                mark(&mut leg.derived, "party.user_id");
            }
        }
        for element in &mut self.elements {
            for party in [&mut element.from, &mut element.to, &mut element.operator].into_iter().flatten() {
                fill(party)?;
            }
        }
        self.add_wiped(directory)
    }

    fn add_wiped<D: Directory>(&mut self, directory: &mut D) -> Result<(), D::Error> {
        let Some(ended_at) = self.ended_at else { return Ok(()) };
        let users: std::collections::BTreeSet<String> =
            self.legs.iter().filter_map(|leg| leg.party.user_id.clone()).collect();
        let mut wiped = Vec::new();
        for user in users {
            wiped.extend(directory.wiped(&self.account_id, &user)?);
        }
        wiped.retain(|one| one.at >= ended_at);
        wiped.sort();
        let deletions = wiped.into_iter().map(|one| DeletionView {
            ids: Vec::new(),
            state: if one.to_trash { "trashed" } else { "purged" }.to_owned(),
            at: Some(one.at),
        });
        self.deletions.extend(deletions);
        Ok(())
    }
}

fn mark(derived: &mut Vec<String>, field: &str) {
    if let Err(place) = derived.binary_search_by(|known| known.as_str().cmp(field)) {
        derived.insert(place, field.to_owned());
    }
}
