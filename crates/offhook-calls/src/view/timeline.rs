//! What happened in a call, in order, for people to read.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    call::CallFacts,
    fact::{Fact, LegEvent, RecordingEvent, Said, Transfer, VoicemailEvent},
    party::Party,
    view::{Side, legs::Leg},
};

/// One line of a call's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// When, if told.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// What, in one word or two joined by `_`.
    pub what: String,
    /// Whose doing.
    pub who: Option<Party>,
    /// What else was told.
    pub detail: Option<String>,
    /// Which kind of message told it.
    pub source: String,
}

/// The story, by the events' own times; within a second in the order in which things can happen. Who an event
/// names by a number only is named as the other events name them. What several messages describe (a step of the
/// record, a file) is told once, by the one with most authority; a file not at all when an event told that it is there.
pub(super) fn timeline(facts: &CallFacts, legs: &[Leg]) -> Vec<TimelineEntry> {
    let mut described: HashSet<Described<'_>> = HashSet::new();
    let announced: HashSet<Described<'_>> =
        facts.iter().filter_map(|(fact, _)| announced(&fact.said)).collect();
    let mut told: Vec<(&Fact, Option<Timestamp>, Option<i64>)> = facts
        .iter()
        // Facts come in order of authority.
        .filter(|(fact, _)| {
            !matches!(fact.said, Said::Row(_))
                && describes(&fact.said).is_none_or(|one| !announced.contains(&one) && described.insert(one))
        })
        .map(|(fact, heard)| (fact, heard.moment(fact), heard.event_ts))
        .collect();
    told.sort_by(|(a, a_at, a_ts), (b, b_at, b_ts)| {
        (a_at.is_none(), a_at, rank(&a.said), a_ts, a).cmp(&(b_at.is_none(), b_at, rank(&b.said), b_ts, b))
    });
    told.into_iter()
        .map(|(fact, at, _)| {
            let mut entry = TimelineEntry { at, ..entry(fact) };
            if let Some(who) = &mut entry.who {
                for leg in legs {
                    if leg.view.party.is_same_as(who) {
                        who.learn(&leg.view.party);
                    }
                }
            }
            entry
        })
        .collect()
}

/// Something that is described more than once: a step of the record, a recording, a voicemail, a charge.
type Described<'a> = (u8, &'a str);

fn describes(said: &Said) -> Option<Described<'_>> {
    match said {
        Said::Element(element) => Some((0, &element.id)),
        Said::RecordingFile(file) => Some((1, &file.id)),
        Said::VoicemailFile(file) => Some((2, &file.id)),
        Said::Charge(charge) => Some((3, charge.amount.as_deref().unwrap_or_default())),
        _ => None,
    }
}

/// An event says that the file is there.
fn announced(said: &Said) -> Option<Described<'_>> {
    match said {
        Said::Recording { id, happened: RecordingEvent::Ready } => Some((1, id)),
        Said::Voicemail { id, happened: VoicemailEvent::Received, .. } => Some((2, id)),
        _ => None,
    }
}

fn rank(said: &Said) -> u8 {
    match said {
        Said::Emergency { .. } => 0,
        Said::Leg(leg) => match (&leg.happened, leg.side) {
            (LegEvent::Ringing, Side::Caller) => 1,
            (LegEvent::Ringing, Side::Callee) => 2,
            (LegEvent::Answered, Side::Callee) => 3,
            (LegEvent::Answered, Side::Caller) => 4,
            (LegEvent::Missed { .. } | LegEvent::Rejected { .. } | LegEvent::Ended { .. }, _) => 8,
            _ => 6,
        },
        Said::Recording { happened: RecordingEvent::Started, .. } => 5,
        Said::Recording {
            happened: RecordingEvent::Paused | RecordingEvent::Resumed | RecordingEvent::Stopped,
            ..
        }
        | Said::Transfer(_)
        | Said::Conference { .. } => 7,
        Said::Element(_) => 9,
        _ => 10,
    }
}

fn entry(fact: &Fact) -> TimelineEntry {
    let (what, who, detail): (String, Option<&Party>, Option<String>) = match &fact.said {
        Said::Leg(leg) => {
            let (what, detail) = match &leg.happened {
                LegEvent::Ringing => (
                    "ringing",
                    leg.forwarded_by
                        .as_ref()
                        .and_then(|by| by.name.as_ref())
                        .map(|name| format!("sent by {name}")),
                ),
                LegEvent::Answered => ("answered", None),
                LegEvent::Held => ("held", None),
                LegEvent::Resumed => ("resumed", None),
                LegEvent::Muted => ("muted", None),
                LegEvent::Unmuted => ("unmuted", None),
                LegEvent::Parked { code, failure: None } => {
                    ("parked", code.as_ref().map(|code| format!("park code {code}")))
                }
                LegEvent::Parked { failure, .. } => ("park_failed", failure.clone()),
                LegEvent::InvitedToMeeting { meeting_id } => {
                    ("invited_to_meeting", meeting_id.as_ref().map(|id| format!("meeting {id}")))
                }
                LegEvent::Missed { result } => ("missed", result.clone()),
                LegEvent::Rejected { result } => ("rejected", result.clone()),
                LegEvent::Ended { result } => ("ended", result.clone()),
            };
            (what.to_owned(), Some(&leg.party), detail)
        }
        Said::Transfer(transfer) => {
            let (what, owner, failure) = match &**transfer {
                Transfer::Blind { owner, failure } => ("transfer_blind", owner, failure),
                Transfer::ConsultStarted { owner, failure } => ("transfer_consulting", owner, failure),
                Transfer::ConsultCompleted { owner, failure } => ("transfer_completed", owner, failure),
                Transfer::ConsultCancelled { owner, failure } => ("transfer_cancelled", owner, failure),
                Transfer::ToVoicemail { owner, failure } => ("sent_to_voicemail", owner, failure),
                Transfer::Recipient { owner, recipient } => {
                    let name = recipient
                        .name
                        .as_ref()
                        .or(recipient.number.as_ref())
                        .or(recipient.extension_number.as_ref());
                    return TimelineEntry {
                        at: fact.at,
                        what: "transfer_recipient".to_owned(),
                        who: known(Some(owner)),
                        detail: name.map(|name| format!("now with {name}")),
                        source: fact.source.as_str().to_owned(),
                    };
                }
            };
            (what.to_owned(), Some(owner), failure.as_ref().map(|failure| format!("failed: {failure}")))
        }
        Said::RecordingFile(file) => ("recording_described".to_owned(), Some(&file.owner), None),
        Said::VoicemailFile(file) => ("voicemail_described".to_owned(), Some(&file.mailbox), None),
        Said::Charge(charge) => ("charged".to_owned(), Some(&charge.party), charge.amount.clone()),
        Said::Conference { owner, .. } => ("conference".to_owned(), Some(owner), None),
        Said::Recording { happened, .. } => {
            let what = match happened {
                RecordingEvent::Started => "recording_started",
                RecordingEvent::Paused => "recording_paused",
                RecordingEvent::Resumed => "recording_resumed",
                RecordingEvent::Stopped => "recording_stopped",
                RecordingEvent::Failed => "recording_failed",
                RecordingEvent::Ready => "recording_ready",
                RecordingEvent::TranscriptReady => "recording_transcript_ready",
                RecordingEvent::Trashed => "recording_trashed",
                RecordingEvent::Purged => "recording_purged",
            };
            (what.to_owned(), None, None)
        }
        Said::Voicemail { happened, callee, .. } => {
            let what = match happened {
                VoicemailEvent::Received => "voicemail",
                VoicemailEvent::TranscriptReady => "voicemail_transcript_ready",
                VoicemailEvent::Trashed => "voicemail_trashed",
                VoicemailEvent::Purged => "voicemail_purged",
            };
            (what.to_owned(), Some(callee), None)
        }
        Said::Element(element) => {
            let event = element.event.as_deref().unwrap_or("step");
            let mut detail = element.result.clone();
            if let (Some(text), Some(reason)) = (&mut detail, &element.result_reason) {
                text.push_str(": ");
                text.push_str(reason);
            }
            (format!("record_{event}"), Some(&element.callee), detail)
        }
        Said::Row(_) => ("record".to_owned(), None, None),
        Said::Deleted { to_trash } => {
            ((if *to_trash { "record_trashed" } else { "record_deleted" }).to_owned(), None, None)
        }
        Said::Summary { deleted, .. } => {
            ((if *deleted { "ai_summary_deleted" } else { "ai_summary" }).to_owned(), None, None)
        }
        Said::Emergency { caller } => ("emergency".to_owned(), Some(caller), None),
    };
    TimelineEntry { at: fact.at, what, who: known(who), detail, source: fact.source.as_str().to_owned() }
}

fn known(party: Option<&Party>) -> Option<Party> {
    party.filter(|party| !party.is_nobody()).cloned()
}
