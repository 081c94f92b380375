//! Making one report.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use offhook_calls::compare::{Comparison, Item, ItemKind, READY_AFTER, Rules, Summary};
use offhook_store::{Heard, Report, StoreError};

use super::{Reconciliations, coverage, queues};

/// Calls that are read and compared at a time.
const PAGE: usize = 200;

/// So many items of a kind (and of one event that did not come) are listed. The rest are counted.
const LISTED: u64 = 10_000;

/// What a report found so far, as it goes into the store.
#[derive(Default)]
struct Found {
    /// Items so far.
    n: u64,
    listed: HashMap<(ItemKind, Option<String>), u64>,
}

impl Found {
    /// The items that are to be listed, each with its number.
    fn take(&mut self, items: Vec<Item>) -> Vec<(u64, Item)> {
        let mut listed = Vec::new();
        for item in items {
            let count = self.listed.entry((item.kind, item.missed_event())).or_default();
            *count += 1;
            if *count <= LISTED {
                self.n += 1;
                listed.push((self.n, item));
            }
        }
        listed
    }
}

pub(super) async fn run(here: &Reconciliations, report: Report) -> Result<Summary, StoreError> {
    let Report { id, account, from, to, cause, .. } = report;
    let store = &here.store;
    let syncer = here.syncer(&account);
    // A night has been read already: from its end on.
    let now = if cause == "asked" { whole_millisecond(here.clock.now()) } else { to };
    if let Some(syncer) = syncer.filter(|_| cause == "asked") {
        let told = |done, total| store.advance_report(id, "reading", (done, total), Vec::new());
        coverage::read(syncer, (from, to.min(now)), told).await?;
    }
    // What is in the inbox now is in the calls first.
    store.advance_report(id, "folding", (0, 0), Vec::new()).await?;
    let newest = store.inbox().last_seq();
    let mut progress = here.progress.clone();
    if progress.wait_for(|progress| progress.watermark >= newest).await.is_err() {
        return Err(StoreError::Closed);
    }
    let coverage = coverage::of(store, &account).await?;
    let mut comparison = Comparison::new(Rules::new(from, to, now, coverage));
    let mut found = Found::default();
    let (mut done, total) = (0, store.count_heard(&account, from, to).await?);
    let mut after = None;
    while let Some(Heard { calls, place }) = store.heard(&account, (from, to), after, PAGE).await? {
        done += calls.len() as u64;
        after = Some(place);
        // Reading what Zoom sent takes its time, and requests wait for nobody.
        let compared = tokio::task::spawn_blocking(move || {
            let items: Vec<Item> =
                calls.iter().flat_map(|(call, told)| comparison.call(call, told)).collect();
            (comparison, items)
        });
        let items;
        (comparison, items) = compared.await.map_err(|_| StoreError::Closed)?;
        store.advance_report(id, "comparing", (done, total.max(done)), found.take(items)).await?;
    }
    let days = whole_days(from, to.min(now - READY_AFTER));
    match syncer {
        None => comparison.without_queues("there are no credentials to ask Zoom with".to_owned()),
        Some(_) if days.is_empty() => {
            comparison
                .without_queues("no whole day (midnight to midnight in UTC) lies in the period".to_owned());
        }
        Some(syncer) => {
            for (nth, day) in (1..).zip(&days) {
                let items = match queues::of_day(syncer.client(), *day).await {
                    Ok(sums) => comparison.queues(*day, &sums),
                    Err(reason) => {
                        comparison.without_queues(reason);
                        break;
                    }
                };
                store.advance_report(id, "queues", (nth, days.len() as u64), found.take(items)).await?;
            }
        }
    }
    Ok(comparison.finish())
}

/// Without what is finer than the store knows.
fn whole_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// The days that lie in the period from midnight to midnight, in UTC.
fn whole_days(from: Timestamp, to: Timestamp) -> Vec<Date> {
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    let mut days = Vec::new();
    let mut day = from.to_zoned(TimeZone::UTC).date();
    while let (Ok(begin), Ok(next)) = (midnight(day), day.tomorrow()) {
        if midnight(next).is_ok_and(|end| end > to) {
            break;
        }
        if begin >= from {
            days.push(day);
        }
        day = next;
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_lie_whole_in_a_period_are_compared() {
        let days = |from: &str, to: &str| {
            let days = whole_days(from.parse().unwrap(), to.parse().unwrap());
            days.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(days("2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z"), ["2026-11-20", "2026-11-21"]);
        assert_eq!(days("2026-11-20T00:00:01Z", "2026-11-22T23:59:59Z"), ["2026-11-21"]);
        assert_eq!(days("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"), [""; 0]);
        assert_eq!(days("2026-11-20T10:00:00Z", "2026-11-19T11:00:00Z"), [""; 0]);
    }

    #[test]
    fn what_is_not_listed_any_more_is_left_out_by_kind_and_event() {
        let item: Item =
            serde_json::from_str(r#"{"kind":"never_sent","thing":"element","id":"e","event":"a"}"#).unwrap();
        let other = Item { event: Some("b".to_owned()), ..item.clone() };
        let mut found = Found::default();
        let many = vec![item; usize::try_from(LISTED).unwrap() + 5];
        assert_eq!(found.take(many).len() as u64, LISTED);
        let listed = found.take(vec![other]);
        assert_eq!(listed[0].0, LISTED + 1);
    }
}
