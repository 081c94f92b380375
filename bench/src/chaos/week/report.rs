//! What came out of a week.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use offhook_calls::{CallView, normalize::Door};
use offhook_store::{Arrival, Store};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Generation, Hardships, Plan,
    offhook::{Offhook, open},
    untold,
};

/// How many examples of each difference are shown.
const EXAMPLES: usize = 5;
/// One in so many ids is looked up over the API.
const LOOKED_UP: usize = 17;

/// The truth, what Offhook has, and how they differ.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) generation: Generation,
    pub(crate) seed: u64,
    pub(crate) days: u16,
    pub(crate) faults: bool,
    /// By thing: calls, elements, recordings, voicemails, queue entries: how many truly were, and how many Offhook has.
    #[serde(flatten)]
    pub(crate) counts: BTreeMap<String, u64>,
    /// Things that truly were and that Offhook does not have.
    pub(crate) missing: u64,
    /// Things that Offhook has and that never were, or has twice.
    pub(crate) extra: u64,
    /// Fields that are not as they truly were, by name.
    pub(crate) wrong_fields: BTreeMap<String, Wrong>,
    /// The first things that are missing or extra.
    pub(crate) examples: Vec<String>,
    /// Fields that are otherwise because this generation cannot tell them, with the reason and how often.
    pub(crate) not_told: BTreeMap<String, NotTold>,
    /// Ids of every kind that were looked up over the API.
    pub(crate) ids_looked_up: u64,
    /// Whether the read models came out the same, byte by byte, when they were made anew; `None` if there was nothing
    /// to compare.
    pub(crate) rebuild_identical: Option<bool>,
    /// Calls that came out differently when the inbox was folded in another order.
    pub(crate) order_dependent: u64,
    /// Calls that came out differently when what was read from Zoom was imported first and the events came then.
    pub(crate) import_dependent: u64,
    pub(crate) hardships: Hardships,
    /// What the emulator counted: events, webhooks, requests, refusals.
    pub(crate) zoom: BTreeMap<String, Value>,
    /// Faults, by kind: how often each struck.
    pub(crate) faults_struck: Value,
    /// How sync stands in the end, as the API tells it.
    pub(crate) sync: Value,
    /// Real seconds for the week, and for all of it.
    pub(crate) play_seconds: f64,
    pub(crate) seconds: f64,
}

/// What a generation cannot tell.
#[derive(Debug, Serialize)]
pub(crate) struct NotTold {
    pub(crate) why: &'static str,
    /// How often it made a difference.
    pub(crate) count: u64,
}

/// A field that is not as it truly was.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Wrong {
    pub(crate) count: u64,
    /// By kind of call.
    pub(crate) by_scenario: BTreeMap<String, u64>,
    pub(crate) examples: Vec<String>,
}

/// What the emulator counts of itself.
const ZOOM: [&str; 13] = [
    "calls_finished",
    "events",
    "webhooks_sent",
    "webhooks_acknowledged",
    "webhooks_retried",
    "webhooks_dropped",
    "webhooks_withheld",
    "webhooks_crowded_out",
    "socket_sent",
    "challenges_failed",
    "token_requests",
    "rest_requests",
    "rate_limited",
];

impl Report {
    pub(super) fn new(plan: &Plan, hardships: Hardships, mut state: Value, sync: Value) -> Self {
        Self {
            generation: plan.generation,
            seed: plan.seed,
            days: plan.days,
            faults: plan.faults,
            counts: BTreeMap::new(),
            missing: 0,
            extra: 0,
            wrong_fields: BTreeMap::new(),
            examples: Vec::new(),
            not_told: BTreeMap::new(),
            ids_looked_up: 0,
            rebuild_identical: None,
            order_dependent: 0,
            import_dependent: 0,
            hardships,
            zoom: ZOOM.into_iter().map(|name| (name.to_owned(), state[name].take())).collect(),
            faults_struck: state["faults_struck"].take(),
            sync,
            play_seconds: 0.0,
            seconds: 0.0,
        }
    }

    /// Nothing is missing, extra or wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.missing + self.extra + self.order_dependent + self.import_dependent == 0
            && self.wrong_fields.is_empty()
            && self.rebuild_identical == Some(true)
    }

    pub(super) fn count(&mut self, what: &str, number: usize) {
        *self.counts.entry(what.to_owned()).or_default() += number as u64;
    }

    pub(super) fn missing(&mut self, what: impl FnOnce() -> String) {
        self.missing += 1;
        self.example("missing", what);
    }

    pub(super) fn extra(&mut self, what: impl FnOnce() -> String) {
        self.extra += 1;
        self.example("extra", what);
    }

    fn example(&mut self, how: &str, what: impl FnOnce() -> String) {
        if self.examples.iter().filter(|known| known.starts_with(how)).count() < 4 * EXAMPLES {
            self.examples.push(format!("{how}: {}", what()));
        }
    }

    pub(super) fn wrong(&mut self, field: &str, truth: &Value, ours: &str, theirs: &str) {
        let scenario = truth["scenario"].as_str().unwrap_or_default();
        if let Some(why) = untold::why(self.generation, field, scenario) {
            self.not_told.entry(field.to_owned()).or_insert(NotTold { why, count: 0 }).count += 1;
            return;
        }
        let wrong = self.wrong_fields.entry(field.to_owned()).or_default();
        wrong.count += 1;
        let of_it = wrong.by_scenario.entry(scenario.to_owned()).or_default();
        *of_it += 1;
        if wrong.examples.len() < EXAMPLES || *of_it == 1 {
            let call = truth["call_id"].as_str().unwrap_or_default();
            wrong.examples.push(format!("{scenario} {call}: {ours}, truly {theirs}"));
        }
    }

    /// Whether some of the ids that a call has find it over the API.
    pub(super) async fn look_up(&mut self, offhook: &Offhook, ledger: &[Value]) -> anyhow::Result<()> {
        let ids = ledger.iter().flat_map(|truth| {
            ["call_ids", "call_history_uuid", "call_element_ids", "recording_ids", "voicemail_ids"]
                .into_iter()
                .flat_map(move |field| super::compare::texts(&truth[field]).map(move |id| (truth, field, id)))
        });
        let old = matches!(self.generation, Generation::V1);
        for (truth, field, id) in ids.step_by(LOOKED_UP) {
            if old && matches!(field, "call_history_uuid" | "call_element_ids") {
                continue;
            }
            self.ids_looked_up += 1;
            match (
                offhook.find(id).await?,
                offhook.find(truth["call_id"].as_str().unwrap_or_default()).await?,
            ) {
                (Some(found), Some(call)) if found == call => {}
                (found, call) => self.wrong(
                    "lookup",
                    truth,
                    &format!("{field} {id} finds {found:?}"),
                    &format!("{call:?}"),
                ),
            }
        }
        Ok(())
    }

    /// Whether the data directory of the stopped server comes out the same: made anew, and in another order, and with
    /// all records imported before the events.
    pub(super) async fn check_data(
        &mut self,
        directory: TempDir,
        calls: &[CallView],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        drop(open(directory.path()).await?);
        let path = directory.path().to_owned();
        let rebuilt = tokio::task::spawn_blocking(move || offhook_store::rebuild(&path, |_, _| ())).await??;
        self.rebuild_identical = rebuilt.identical;
        let store = open(directory.path()).await?;
        let entries = store.entries_after(0, 10_000_000).await?;
        let mut shuffled: Vec<Arrival> = entries.iter().map(|entry| entry.arrival.clone()).collect();
        // An order that has nothing to do with that of arrival, and is the same each time.
        let mut nth = 0_u64;
        shuffled.sort_by_cached_key(|_| {
            nth += 1;
            nth.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        for call in differing(shuffled, calls, now).await? {
            self.order_dependent += 1;
            self.example("order", || format!("call {call} depends on the order"));
        }
        let told = |door| matches!(door, Door::Webhook | Door::WebSocket);
        let (events, rows): (Vec<Arrival>, Vec<Arrival>) =
            entries.into_iter().map(|entry| entry.arrival).partition(|arrival| told(arrival.door));
        let rows = rows.into_iter().map(imported).collect::<anyhow::Result<Vec<_>>>()?;
        for call in differing(rows.into_iter().chain(events).collect(), calls, now).await? {
            self.import_dependent += 1;
            self.example("import", || format!("call {call} depends on how its records came"));
        }
        Ok(())
    }

    pub(super) fn times(&mut self, played: Duration, all: Duration) {
        (self.play_seconds, self.seconds) = (played.as_secs_f64(), all.as_secs_f64());
    }
}

/// The same row as an import brings it.
fn imported(arrival: Arrival) -> anyhow::Result<Arrival> {
    let row: Value = serde_json::from_slice(&arrival.body)?;
    let body = json!({ "door": arrival.door.as_str(), "row": row });
    Ok(Arrival { door: Door::Import, body: serde_json::to_vec(&body)?.into(), ..arrival })
}

/// Ids of the calls that are otherwise, or not there, when these arrivals are folded in this order.
async fn differing(
    arrivals: Vec<Arrival>,
    calls: &[CallView],
    now: Timestamp,
) -> anyhow::Result<Vec<String>> {
    let directory = TempDir::new()?;
    let store = Store::open(directory.path())?;
    for some in arrivals.chunks(1000) {
        // Together, so that they share their way to the disk.
        let appended = some.iter().map(|arrival| store.inbox().append(arrival.clone()));
        futures::future::try_join_all(appended).await?;
    }
    while store.fold_next(1000)?.entries > 0 {}
    let mut differing = Vec::new();
    for call in calls {
        let again = store.call(Some(call.account_id.clone()), &call.id).await?;
        if again.map(|again| again.as_of(now)).as_ref() != Some(call) {
            differing.push(call.id.clone());
        }
    }
    Ok(differing)
}
