//! A text message: what was told of it, and what that amounts to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{fact::Source, party::Party, view::Direction};

/// What one message of Zoom's told of one text message. Two copies make equal facts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageFact {
    /// Zoom account id.
    pub account: String,
    /// `message_id`.
    pub id: String,
    /// What it told.
    pub told: ToldMessage,
}

/// What can be told of a text message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToldMessage {
    /// Who told it; of several the first of these speaks first.
    pub source: Source,
    /// How far it had come.
    pub status: MessageStatus,
    /// `session_id`: the conversation.
    pub session_id: Option<String>,
    /// Which way.
    pub direction: Option<Direction>,
    /// `date_time`.
    pub at: Option<Timestamp>,
    /// Who sent it.
    pub from: Party,
    /// Who it went to.
    pub to: Vec<Party>,
    /// On the account: whose conversation it is (a user, a queue, a receptionist).
    pub owner: Party,
    /// The text.
    pub text: Option<String>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// `failure_reason`.
    pub failure: Option<String>,
}

/// How far a text message has come. Of several the last of these is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Nothing told.
    Unknown,
    /// Handed to the network.
    Sent,
    /// It came in.
    Received,
    /// The network said that it arrived.
    Delivered,
    /// It did not go out, or did not arrive.
    Failed,
}

/// What is attached to a text message. Links to it are never taken in: they open it to anybody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// Zoom's id of the file.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `PNG`, `JPG`, `AUDIO`, `OTHER`…, as Zoom wrote it.
    pub kind: Option<String>,
    /// Bytes.
    pub size: Option<i64>,
}

/// A text message, from all that was told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// `message_id`.
    pub id: String,
    /// Zoom account id.
    pub account_id: String,
    /// The conversation.
    pub session_id: Option<String>,
    /// `inbound` or `outbound`.
    pub direction: Direction,
    /// How far it has come.
    pub status: MessageStatus,
    /// When it was sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// Who sent it.
    pub from: Option<Party>,
    /// Who it went to.
    pub to: Vec<Party>,
    /// Whose conversation it is on the account.
    pub owner: Option<Party>,
    /// The text.
    pub text: Option<String>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// Why it failed.
    pub failure: Option<String>,
    /// The kinds of message that told of it.
    pub sources: Vec<String>,
}

impl MessageView {
    /// What all that was told of one message amounts to: a function of the set, whatever the order.
    pub fn of(account: &str, id: &str, told: &BTreeSet<ToldMessage>) -> Self {
        let mut view = Self {
            id: id.to_owned(),
            account_id: account.to_owned(),
            session_id: None,
            direction: Direction::Unknown,
            status: MessageStatus::Unknown,
            at: None,
            from: None,
            to: Vec::new(),
            owner: None,
            text: None,
            attachments: Vec::new(),
            failure: None,
            sources: told
                .iter()
                .map(|one| one.source)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(|source| source.as_str().to_owned())
                .collect(),
        };
        for one in told {
            view.status = view.status.max(one.status);
            view.session_id = view.session_id.or_else(|| one.session_id.clone());
            view.at = view.at.or(one.at);
            if view.direction == Direction::Unknown {
                view.direction = one.direction.unwrap_or(Direction::Unknown);
            }
            learn(&mut view.from, &one.from);
            learn(&mut view.owner, &one.owner);
            if view.to.is_empty() {
                view.to.clone_from(&one.to);
            }
            view.text = view.text.or_else(|| one.text.clone());
            if view.attachments.is_empty() {
                view.attachments.clone_from(&one.attachments);
            }
            view.failure = view.failure.or_else(|| one.failure.clone());
        }
        view
    }
}

fn learn(known: &mut Option<Party>, other: &Party) {
    match known {
        Some(known) if known.is_same_as(other) => known.learn(other),
        None if !other.is_nobody() => *known = Some(other.clone()),
        _ => {}
    }
}
