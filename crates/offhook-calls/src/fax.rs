//! A fax: what was told of it, and what that amounts to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{fact::Source, party::Party, view::Direction};

/// What one message of Zoom's told of one fax. Two copies make equal facts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FaxFact {
    /// Zoom account id.
    pub account: String,
    /// `fax_log_id`.
    pub id: String,
    /// What it told.
    pub told: ToldFax,
}

/// What can be told of a fax.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToldFax {
    /// How far it had come.
    pub status: FaxStatus,
    /// Who told it.
    pub source: Source,
    /// `fax_id`: one fax that was sent within the account has a log at each end.
    pub fax_id: Option<String>,
    /// Which way.
    pub direction: Option<Direction>,
    /// `create_time`.
    pub at: Option<Timestamp>,
    /// Who sent it.
    pub from: Party,
    /// Who received it.
    pub to: Party,
    /// `file_id`.
    pub file_id: Option<String>,
    /// `file_pages_count`.
    pub pages: Option<i64>,
}

/// How far a fax has come. Of several the last of these is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaxStatus {
    /// Nothing told, or a word that we do not know.
    Unknown,
    /// Being made ready.
    Processing,
    /// Handed to the network.
    Submitted,
    /// It arrived there.
    Sent,
    /// It came in.
    Received,
    /// It did not go through.
    Failed,
    /// Its log was deleted at Zoom and can be restored there.
    Trashed,
    /// Its log is gone for good at Zoom.
    Purged,
}

impl FaxStatus {
    /// From `status` of a fax log.
    pub fn from_wire(word: &str) -> Self {
        match word.trim() {
            "processing" => Self::Processing,
            "submitted" => Self::Submitted,
            "sent" => Self::Sent,
            "received" => Self::Received,
            "failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// A fax, from all that was told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FaxView {
    /// `fax_log_id`.
    pub id: String,
    /// Zoom account id.
    pub account_id: String,
    /// `fax_id`.
    pub fax_id: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: Direction,
    /// How far it has come.
    pub status: FaxStatus,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// Who sent it.
    pub from: Option<Party>,
    /// Who received it.
    pub to: Option<Party>,
    /// Zoom's id of the file.
    pub file_id: Option<String>,
    /// How many pages.
    pub pages: Option<i64>,
}

impl FaxView {
    /// What all that was told of one fax amounts to: a function of the set, whatever the order.
    pub fn of(account: &str, id: &str, told: &BTreeSet<ToldFax>) -> Self {
        let mut view = Self {
            id: id.to_owned(),
            account_id: account.to_owned(),
            fax_id: None,
            direction: Direction::Unknown,
            status: FaxStatus::Unknown,
            at: None,
            from: None,
            to: None,
            file_id: None,
            pages: None,
        };
        let somebody = |party: &Party| (!party.is_nobody()).then(|| party.clone());
        // The furthest it came tells most.
        for one in told.iter().rev() {
            view.status = view.status.max(one.status);
            view.fax_id = view.fax_id.or_else(|| one.fax_id.clone());
            view.at = view.at.or(one.at);
            if view.direction == Direction::Unknown {
                view.direction = one.direction.unwrap_or(Direction::Unknown);
            }
            view.from = view.from.or_else(|| somebody(&one.from));
            view.to = view.to.or_else(|| somebody(&one.to));
            view.file_id = view.file_id.or_else(|| one.file_id.clone());
            view.pages = view.pages.or(one.pages);
        }
        view
    }
}
