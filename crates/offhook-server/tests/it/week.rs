//! Some days of a company in which everything goes wrong: in the end Offhook knows what truly happened.
//! `cargo xtask chaos week` plays a whole week of it.

#[path = "../../../../bench/src/chaos/week/mod.rs"]
#[expect(dead_code, reason = "the bench plays the other generations, too")]
mod play;

use play::{Generation, Plan, live};

async fn ends_in_the_truth(plan: Plan) {
    let report = live(&plan, |_| ()).await.unwrap();
    let told = serde_json::to_string_pretty(&report).unwrap();
    assert!(report.is_good(), "{told}");
    assert!(report.counts["calls_true"] > 100 && report.counts["elements_true"] > 300, "{told}");
    let struck = report.faults_struck.as_object().is_some_and(|struck| !struck.is_empty());
    assert!(struck && report.hardships.restarts > 0 && report.ids_looked_up > 0, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_every_fault_and_with_restarts_ends_in_the_truth() {
    ends_in_the_truth(Plan { seed: 3, days: 1, calls: 40, generation: Generation::V3, faults: true }).await;
}
