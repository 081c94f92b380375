//! What a comparison amounts to.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Gap, ItemKind};

/// The counts of a comparison, and its verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// In one word.
    pub verdict: Verdict,
    /// In one line.
    pub line: String,
    /// Calls.
    pub calls: Tally,
    /// Steps of calls.
    pub elements: Tally,
    /// Recordings.
    pub recordings: Tally,
    /// Voicemails.
    pub voicemails: Tally,
    /// Events that told of these calls.
    pub events: EventTally,
    /// How many items of each kind there are.
    pub items: BTreeMap<String, u64>,
    /// Events that never came in the period although calls would have caused them: is the subscription missing? Items
    /// that miss one of them are not listed singly.
    pub never_seen: Vec<Family>,
    /// Stretches of Zoom's lists that were not read. What happened in them nobody can know.
    pub gaps: Vec<Gap>,
    /// Our stays in queues against Zoom's own sums; none when they were not compared.
    pub queues: Option<QueueTally>,
    /// Why queues could not be compared.
    pub queues_unknown: Option<String>,
}

/// In one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything is here, and came as it should.
    #[default]
    Complete,
    /// Everything is here, but some of it came late, or only because we asked.
    Late,
    /// Something is known to be, and is not here.
    Missing,
    /// Not all of Zoom's records were read.
    Unknown,
}

impl Verdict {
    /// The word in the API, the CLI and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Late => "late",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// How many there are of something, and who told of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// All that any door told of.
    pub known: u64,
    /// Told by events.
    pub by_events: u64,
    /// Listed or described by Zoom's records.
    pub by_records: u64,
    /// Told by imports and softphones.
    pub by_others: u64,
    /// Those of which Zoom sends no event, and shows them in its records only: menus, queues, calls that reach nobody.
    pub records_only: u64,
    /// Deleted at Zoom.
    pub deleted: u64,
    /// So young that their records may still come. Nothing is said of them.
    pub young: u64,
    /// Not in the records, in a time of which the records were not read.
    pub unknowable: u64,
    /// Which door was first, and how often.
    pub first_by: BTreeMap<String, u64>,
}

/// Events about calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventTally {
    /// All that came, copies included.
    pub came: u64,
    /// Without copies.
    pub different: u64,
    /// Of those, told by the webhook and by the event channel.
    pub on_both_doors: u64,
    /// By name, copies included.
    pub by_name: BTreeMap<String, u64>,
    /// How long after their own time they came; of copies, the first.
    pub late: Late,
}

/// How many events came so long after their own time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Late {
    /// Up to ten seconds.
    pub within_10s: u64,
    /// More, up to a minute.
    pub within_1m: u64,
    /// More, up to five minutes.
    pub within_5m: u64,
    /// More, up to half an hour.
    pub within_30m: u64,
    /// More, up to two hours.
    pub within_2h: u64,
    /// More, up to a day.
    pub within_1d: u64,
    /// More than a day.
    pub more: u64,
    /// The latest of all, in seconds.
    pub longest_seconds: i64,
}

impl Late {
    pub(super) fn note(&mut self, late: SignedDuration) {
        let seconds = late.as_secs().max(0);
        let place = match seconds {
            ..=10 => &mut self.within_10s,
            11..=60 => &mut self.within_1m,
            61..=300 => &mut self.within_5m,
            301..=1_800 => &mut self.within_30m,
            1_801..=7_200 => &mut self.within_2h,
            7_201..=86_400 => &mut self.within_1d,
            _ => &mut self.more,
        };
        *place += 1;
        self.longest_seconds = self.longest_seconds.max(seconds);
    }
}

/// An event that never came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Family {
    /// Its name; `*` when no event of any call ever came.
    pub event: String,
    /// How often it should have come, by Zoom's records.
    pub expected: u64,
}

/// Our stays in queues against Zoom's own sums, all queues and days together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueTally {
    /// Whole days that were compared: midnight to midnight in UTC, which is how Zoom's list counts them.
    pub days: u64,
    /// Stays by our records.
    pub ours: i64,
    /// Stays by Zoom's sums.
    pub zooms: i64,
    /// Sum of the largest difference of each queue's day.
    pub unreconciled: i64,
    /// Stays that Zoom counts and we do not have.
    pub missing: i64,
}

impl Summary {
    /// How many items of a kind there are.
    pub fn count(&self, kind: ItemKind) -> u64 {
        self.items.get(kind.as_str()).copied().unwrap_or(0)
    }

    /// How much is known to be, and is not here.
    pub fn missing(&self) -> u64 {
        let kinds = [ItemKind::OnlyEvents, ItemKind::PathMissing, ItemKind::NotListed];
        let of_queues = self.queues.as_ref().map_or(0, |queues| u64::try_from(queues.missing).unwrap_or(0));
        kinds.into_iter().map(|kind| self.count(kind)).sum::<u64>() + of_queues
    }

    /// Writes the verdict.
    pub(super) fn judge(&mut self) {
        let unsent = [ItemKind::OnlyRest, ItemKind::NeverSent, ItemKind::EndNotSent];
        let unsent: u64 = unsent.into_iter().map(|kind| self.count(kind)).sum();
        let late = self.count(ItemKind::SentLate);
        let missing = self.missing();
        self.verdict = if missing > 0 {
            Verdict::Missing
        } else if !self.gaps.is_empty() {
            Verdict::Unknown
        } else if unsent + late > 0 || !self.never_seen.is_empty() {
            Verdict::Late
        } else {
            Verdict::Complete
        };
        let mut parts = Vec::new();
        match self.verdict {
            Verdict::Complete => parts.push(format!("complete: {}", counted(self.calls.known, "call"))),
            Verdict::Late => parts.push("complete, but late".to_owned()),
            Verdict::Missing => parts.push(format!("{missing} missing")),
            Verdict::Unknown => parts.push("cannot know".to_owned()),
        }
        for gaps in self.gaps.chunk_by(|one, next| one.list == next.list) {
            parts.extend(gaps.first().map(|gap| unread(gap, gaps.len() - 1)));
        }
        if unsent > 0 {
            parts
                .push(format!("{} never came and were learnt from Zoom's records", counted(unsent, "event")));
        }
        if late > 0 {
            parts.push(format!("{} came late", counted(late, "event")));
        }
        if !self.never_seen.is_empty() {
            let kinds = counted(self.never_seen.len() as u64, "kind");
            parts.push(format!("{kinds} of events never came at all"));
        }
        if self.calls.young > 0 {
            parts.push(format!("{} too young to tell", counted(self.calls.young, "call")));
        }
        self.line = parts.join("; ");
    }
}

/// What of a list was not read: the first stretch, and how many more there are.
fn unread(gap: &Gap, more: usize) -> String {
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let scopes = gap.missing_scopes.as_ref();
    let why = scopes.map(|scopes| format!(" (the app lacks the scope {scopes})")).unwrap_or_default();
    format!("{} from {} to {} were not read{more}{why}", gap.list, gap.from, gap.to)
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
