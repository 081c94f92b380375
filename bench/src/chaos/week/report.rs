//! What came out of a week.

use std::{collections::BTreeMap, time::Duration};

use offhook_calls::CallView;
use offhook_store::Store;
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    Generation, Hardships, Plan,
    offhook::{Offhook, open},
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
    /// Fields that are not compared, because this generation does not tell them.
    pub(crate) not_told: BTreeMap<&'static str, &'static str>,
    /// Ids of every kind that were looked up over the API.
    pub(crate) ids_looked_up: u64,
    /// Whether the read models came out the same, byte by byte, when they were made anew; `None` if there was nothing
    /// to compare.
    pub(crate) rebuild_identical: Option<bool>,
    /// Calls that came out differently when the inbox was folded in another order.
    pub(crate) order_dependent: u64,
    pub(crate) hardships: Hardships,
    /// What the emulator counted: events, webhooks, requests, refusals.
    pub(crate) zoom: BTreeMap<String, Value>,
    /// Faults, by kind: how often each struck.
    pub(crate) faults_struck: Value,
    /// Real seconds for the week, and for all of it.
    pub(crate) play_seconds: f64,
    pub(crate) seconds: f64,
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
    pub(super) fn new(plan: &Plan, hardships: Hardships, mut state: Value) -> Self {
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
            hardships,
            zoom: ZOOM.into_iter().map(|name| (name.to_owned(), state[name].take())).collect(),
            faults_struck: state["faults_struck"].take(),
            play_seconds: 0.0,
            seconds: 0.0,
        }
    }

    /// Nothing is missing, extra or wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.missing + self.extra + self.order_dependent == 0
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
        let wrong = self.wrong_fields.entry(field.to_owned()).or_default();
        wrong.count += 1;
        let scenario = truth["scenario"].as_str().unwrap_or_default();
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

    /// Whether the data directory of the stopped server comes out the same: made anew, and in another order.
    pub(super) async fn check_data(&mut self, directory: TempDir, calls: &[CallView]) -> anyhow::Result<()> {
        drop(open(directory.path()).await?);
        let path = directory.path().to_owned();
        let rebuilt = tokio::task::spawn_blocking(move || offhook_store::rebuild(&path, |_, _| ())).await??;
        self.rebuild_identical = rebuilt.identical;
        let store = open(directory.path()).await?;
        let shuffled = TempDir::new()?;
        let other = Store::open(shuffled.path())?;
        let mut entries = store.entries_after(0, 10_000_000).await?;
        // An order that has nothing to do with that of arrival, and is the same each time.
        entries.sort_by_key(|entry| entry.seq.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for entries in entries.chunks(1000) {
            // Together, so that they share their way to the disk.
            let appended = entries.iter().map(|entry| other.inbox().append(entry.arrival.clone()));
            futures::future::try_join_all(appended).await?;
        }
        while other.fold_next(1000)?.entries > 0 {}
        for call in calls {
            let again = other.call(Some(call.account_id.clone()), &call.id).await?;
            if again.as_ref() != Some(call) {
                self.order_dependent += 1;
                self.example("order", || format!("call {} depends on the order", call.id));
            }
        }
        Ok(())
    }

    pub(super) fn times(&mut self, played: Duration, all: Duration) {
        (self.play_seconds, self.seconds) = (played.as_secs_f64(), all.as_secs_f64());
    }
}
