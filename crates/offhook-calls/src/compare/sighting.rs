//! Who told of what, and who was first.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Telling, Thing};
use crate::{
    fact::{Fact, RecordingEvent, Said, VoicemailEvent},
    identity::AliasKind,
    normalize::{self, Door, Reading},
};

/// On which side of the comparison a door is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Zoom sent it.
    Events,
    /// We asked Zoom.
    Records,
    /// It came from elsewhere: an import, a browser's softphone.
    Elsewhere,
}

impl Side {
    pub(super) fn of(door: Door) -> Self {
        match door {
            Door::Webhook | Door::WebSocket => Self::Events,
            Door::Import | Door::SmartEmbed => Self::Elsewhere,
            _ => Self::Records,
        }
    }
}

/// An entry, read.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) entry: &'a Telling,
    pub(super) side: Side,
    pub(super) reading: Reading,
}

impl<'a> Told<'a> {
    pub(super) fn read(entry: &'a Telling) -> Self {
        let reading = normalize::read(entry.door, &entry.account, &entry.body);
        Self { entry, side: Side::of(entry.door), reading }
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.reading.facts.iter().map(|(fact, _)| fact)
    }

    fn first(&self) -> First {
        First { door: self.entry.door.as_str().to_owned(), at: self.entry.received_at }
    }
}

/// The first time that something was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct First {
    /// By which door.
    pub door: String,
    /// When it came in.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// What is known of one call, element, recording or voicemail, and who told it first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sighting {
    /// What it is.
    pub thing: Thing,
    /// Its id.
    pub id: String,
    /// The first event that told of it.
    pub by_events: Option<First>,
    /// The first answer of Zoom's that lists or describes it.
    pub by_records: Option<First>,
    /// The first import, or message of a softphone, that told of it.
    pub by_others: Option<First>,
    /// A record of something else names it.
    pub named: bool,
    /// The event that announces it came: the completed element, the finished recording, the voicemail.
    pub announced: bool,
    /// It was deleted at Zoom.
    pub deleted: bool,
}

impl Sighting {
    fn new(thing: Thing, id: &str) -> Self {
        Self {
            thing,
            id: id.to_owned(),
            by_events: None,
            by_records: None,
            by_others: None,
            named: false,
            announced: false,
            deleted: false,
        }
    }

    /// Who was first of all.
    pub fn first(&self) -> Option<&First> {
        [&self.by_events, &self.by_records, &self.by_others]
            .into_iter()
            .flatten()
            .min_by_key(|first| first.at)
    }

    fn seen(&mut self, told: &Told<'_>) {
        let place = match told.side {
            Side::Events => &mut self.by_events,
            Side::Records => &mut self.by_records,
            Side::Elsewhere => &mut self.by_others,
        };
        if place.as_ref().is_none_or(|known| told.entry.received_at < known.at) {
            *place = Some(told.first());
        }
    }
}

/// Everything that these entries tell of one call: the call itself first, then its parts by kind and id.
pub fn sightings(call: &str, heard: &[Telling]) -> Vec<Sighting> {
    let told: Vec<Told<'_>> = heard.iter().map(Told::read).collect();
    of_call(call, &told)
}

pub(super) fn of_call(call: &str, told: &[Told<'_>]) -> Vec<Sighting> {
    let mut whole = Sighting::new(Thing::Call, call);
    let mut parts = BTreeMap::<(Thing, String), Sighting>::new();
    for one in told {
        for fact in one.facts() {
            let mut part = |thing: Thing, id: &str, seen: bool, told: &dyn Fn(&mut Sighting)| {
                let key = (thing, id.to_owned());
                let sighting = parts.entry(key).or_insert_with(|| Sighting::new(thing, id));
                if seen {
                    sighting.seen(one);
                }
                told(sighting);
            };
            match &fact.said {
                Said::Element(element) => {
                    part(Thing::Element, &element.id, true, &|it| it.announced |= one.side == Side::Events);
                    let files = [
                        (Thing::Recording, &element.recording_id),
                        (Thing::Voicemail, &element.voicemail_id),
                    ];
                    for (thing, id) in files {
                        if let Some(id) = id {
                            part(thing, id, false, &|it| it.named = true);
                        }
                    }
                }
                Said::Recording { id, happened } => part(Thing::Recording, id, true, &|it| {
                    it.announced |= one.side == Side::Events && *happened == RecordingEvent::Ready;
                    it.deleted |= *happened >= RecordingEvent::Trashed;
                    // Nothing is left to be listed.
                    it.deleted |= *happened == RecordingEvent::Failed;
                }),
                Said::Voicemail { id, happened, .. } => part(Thing::Voicemail, id, true, &|it| {
                    it.announced |= one.side == Side::Events && *happened == VoicemailEvent::Received;
                    it.deleted |= *happened >= VoicemailEvent::Trashed;
                }),
                Said::RecordingFile(file) => part(Thing::Recording, &file.id, true, &|_| ()),
                Said::VoicemailFile(file) => part(Thing::Voicemail, &file.id, true, &|_| ()),
                Said::Deleted { .. } => {
                    for name in fact.names.iter().filter(|name| name.kind == AliasKind::CallElementId) {
                        part(Thing::Element, &name.value, false, &|it| it.deleted = true);
                    }
                }
                _ => {}
            }
        }
        // A call is listed by its row: steps and recordings that were read do not list it.
        let lists = matches!(one.entry.door, Door::CallHistory | Door::CallLog);
        if (one.side != Side::Records || lists) && !one.reading.facts.is_empty() {
            whole.seen(one);
        }
    }
    std::iter::once(whole).chain(parts.into_values()).collect()
}
