//! Calls of the emulator: what was said of each, and what is true.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use zoom_phone_emulator::{CompanyFile, Exchange, Happening, Scenario, Temper, play};

use crate::say::{ACCOUNT, NOON};

/// A company in which calls go on from one queue to another, to a receptionist, or to nobody.
const CHAINS: &str = r#"
name = "Chains"
site = [{ name = "Main", timezone = "America/New_York", receptionist = "Main Line" }]
user = [{ name = "Zora Quill" }, { name = "Yves Tern" }, { name = "Xenia Brook" }]
department = [{ name = "Sales", people = 4 }, { name = "Care", people = 5 }]
queue = [
    { name = "First", departments = ["Sales"], ring_mode = "sequential", max_wait = 30, overflow = "Second" },
    { name = "Second", departments = ["Care"], ring_mode = "rotating", max_wait = 45, overflow = "Third" },
    { name = "Third", departments = ["Sales", "Care"], ring_mode = "longest_idle", max_wait = 15 },
    { name = "Line", departments = ["Care"], max_wait = 20, overflow = "Zora Quill" },
    { name = "Night", departments = ["Care"], overflow = "Third",
      hours = { days = ["monday"], from = "03:00", to = "03:30" } },
    { name = "Nobody", people = [] },
]
receptionist = [
    { name = "Main Line", menu = { 1 = "First", 2 = "Yves Tern", 3 = "Inner Line" } },
    { name = "Inner Line", forward_to = "Line" },
]
shared_line_group = [{ name = "Desk", people = ["Zora Quill", "Xenia Brook"] }]
common_area = [{ name = "Lobby" }]
room = [{ name = "Board Room" }]
"#;

/// One call.
pub(super) struct Played {
    pub(super) scenario: Scenario,
    /// Every event, when it was sent.
    pub(super) events: Vec<(Timestamp, Value)>,
    /// What REST answers about it once the record is there: rows, paths.
    pub(super) rows: Vec<Value>,
    pub(super) paths: Vec<Value>,
    /// What the ledger says.
    pub(super) truth: Value,
}

impl Played {
    /// The events with such names.
    pub(super) fn told(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &Value> {
        self.events
            .iter()
            .map(|(_, event)| event)
            .filter(move |event| wanted(event["event"].as_str().unwrap()))
    }
}

/// Many calls of every scenario, by seed: the two tempers, the usual company and one of chains.
pub(super) fn play_all(seed: u64, times: usize) -> Vec<Played> {
    let company =
        if seed.is_multiple_of(2) { CompanyFile::default() } else { CompanyFile::parse(CHAINS).unwrap() };
    let mut exchange = Exchange::of_company(&company, seed);
    ACCOUNT.clone_into(&mut exchange.account_id);
    exchange.temper = if seed % 4 < 2 { Temper::Documented } else { Temper::Field };
    let mut start = Timestamp::from_second(NOON).unwrap() + SignedDuration::from_hours(6);
    let mut played = Vec::new();
    for _ in 0..times {
        for scenario in Scenario::ALL {
            // Some calls meet colleagues who are still on the phone.
            start += SignedDuration::from_secs(if played.len().is_multiple_of(3) { 20 } else { 400 });
            played.extend(play_one(&mut exchange, *scenario, start));
        }
    }
    played
}

fn play_one(exchange: &mut Exchange, scenario: Scenario, start: Timestamp) -> Option<Played> {
    let mut events = Vec::new();
    let mut records = Vec::new();
    let mut truth = None;
    for planned in play(exchange, scenario, start) {
        match planned.what {
            Happening::Webhook(event) => events.push((planned.at, event)),
            Happening::Record(record) => records.push(record),
            Happening::Finished(entry) => truth = Some(entry.json()),
        }
    }
    Some(Played {
        scenario,
        events,
        rows: records.iter().map(|record| record.row()).collect(),
        paths: records.iter().map(|record| record.path()).collect(),
        truth: truth?,
    })
}
