//! Reading windows: page by page, each with its progress on disk before the next.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use offhook_store::{StoreError, SyncLane, SyncPlace, SyncRow, SyncStep, SyncStride, SyncWindow};
use serde_json::{Map, Value};
use zoom_phone::{
    client::{Anomaly, CallHistoryQuery, Error as ZoomError, HistoryRow, Page, Pages, Resume, TimeType},
    quota::{Priority, RateLabel},
};

use super::{Kind, Side, Syncer, backoff, plan, requests, told};

/// Rows of a window that is still read in one go: 100 pages. A page token lives 15 minutes, and a window that has to
/// be read again should be no day's work.
const MOST_ROWS: u64 = 30_000;

/// After so many refusals a window is given up, and after so many readings with gaps it is split.
const REFUSALS: u32 = 5;
const GAPS: u32 = 2;

/// A window that is shorter is not split where its answers cannot be read: should all answers be such for a while, as
/// behind a proxy that logs people in, there would soon be windows without number.
const READABLE: SignedDuration = SignedDuration::from_hours(24);

/// The present is read before the past: of a catch-up after a long time, only this much goes first.
const PRESENT: SignedDuration = SignedDuration::from_hours(24);

/// The pages of one of the two shapes of lists.
enum Source {
    /// Call history, whose two arrays are one set.
    History(Pages<HistoryRow>),
    Plain(Pages<Value>),
}

/// One page of either.
struct Read {
    rows: Vec<Map<String, Value>>,
    total: Option<u64>,
    resume: Option<Resume>,
    anomalies: Vec<Anomaly>,
}

impl Source {
    async fn next(&mut self) -> Option<Result<Read, ZoomError>> {
        match self {
            Self::History(pages) => {
                let page = pages.next().await?;
                Some(page.map(|page| Read::of(page, |row| Some(row.into_fields()))))
            }
            Self::Plain(pages) => {
                let page = pages.next().await?;
                Some(page.map(|page| {
                    Read::of(page, |row| match row {
                        Value::Object(fields) => Some(fields),
                        _ => None,
                    })
                }))
            }
        }
    }
}

impl Read {
    fn of<T>(page: Page<T>, fields: impl Fn(T) -> Option<Map<String, Value>>) -> Self {
        Self {
            rows: page.items.into_iter().filter_map(fields).collect(),
            total: page.total_records,
            resume: page.resume,
            anomalies: page.anomalies,
        }
    }
}

impl Syncer {
    /// Reads windows, one after the other, until shutdown.
    pub(super) async fn read_windows(self: Arc<Self>, side: Side) {
        let mut work = self.work.subscribe();
        while !self.shutdown.is_cancelled() {
            let read = tokio::select! {
                () = self.shutdown.cancelled() => break,
                read = self.read_next(side) => read,
            };
            match read {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot note what Zoom gave");
                }
            }
            if !self.look_again(&mut work).await {
                break;
            }
        }
    }

    /// Reads the next window, if there is one.
    async fn read_next(&self, side: Side) -> Result<bool, StoreError> {
        if self.rests(side) {
            return Ok(false);
        }
        let without: Vec<&'static str> = if side == Side::Rest && self.is_spent() {
            Kind::ALL.into_iter().filter(|kind| kind.label() == RateLabel::Heavy).map(Kind::word).collect()
        } else {
            Vec::new()
        };
        let account = self.config.account.clone();
        let now = self.clock.now();
        let Some(window) = self.store.sync_next_window(account, side.lanes(), without, now).await? else {
            return Ok(false);
        };
        let Some(kind) = Kind::of(&window.kind) else {
            let reason = "this Offhook does not know this kind".to_owned();
            self.stride(&window, Vec::new(), SyncStride::Missing { reason }, RateLabel::Light, 0).await?;
            return Ok(true);
        };
        self.read_window(side, kind, &window).await?;
        Ok(true)
    }

    /// A backfill has used its share of the day's HEAVY requests.
    fn is_spent(&self) -> bool {
        self.budget().is_some_and(|budget| budget.used_today >= self.share(budget.limits.daily))
    }

    /// Reads a window to its end, or to where it can go on later.
    async fn read_window(&self, side: Side, kind: Kind, window: &SyncWindow) -> Result<(), StoreError> {
        let label = kind.label();
        let from = window.from;
        if kind.is_windowed() {
            // What is not asked for in time, Zoom has no more.
            let oldest = plan::months_before(self.clock.now(), kind.months()) + SignedDuration::from_mins(1);
            // So that the part cut off below is not cut again, the limit having moved.
            let moved = oldest + SignedDuration::from_mins(1);
            if from < oldest && moved < window.to && window.place.is_none() {
                count(kind, "split");
                let parts = vec![(from, moved), (moved, window.to)];
                return self.stride(window, Vec::new(), SyncStride::Split(parts), label, 0).await;
            }
            if from < oldest && moved >= window.to {
                let reason = format!("Zoom keeps this for {} months only", kind.months());
                count(kind, "missing");
                return self.stride(window, Vec::new(), SyncStride::Missing { reason }, label, 0).await;
            }
        }
        let mut pages = match self.pages(side, kind, window, from) {
            Ok(pages) => pages,
            Err(error) => return self.failed(kind, window, &error).await,
        };
        let mut at = window.place.clone().map_or((0, 0), |place| (place.pages, place.rows));
        let mut gaps = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return self.failed(kind, window, &error).await,
            };
            if at == (0, 0) {
                self.allowed(kind.word()).await?;
            }
            for anomaly in page.anomalies {
                tracing::info!(?anomaly, kind = kind.word(), "Zoom's paging was irregular");
                gaps.extend(Some(anomaly).filter(Anomaly::may_miss_rows));
            }
            let is_first = at.0 == 0;
            at = (at.0 + 1, at.1 + page.rows.len() as u64);
            let rows = self.rows(kind, window, page.rows);
            let parts = page
                .total
                .filter(|total| is_first && *total > MOST_ROWS)
                .map_or(Vec::new(), |total| plan::split(from, window.to, total.div_ceil(MOST_ROWS / 2)));
            let stride = if !parts.is_empty() {
                count(kind, "split");
                SyncStride::Split(parts)
            } else if let Some(Resume { token, pages, rows }) = page.resume {
                SyncStride::Page { place: SyncPlace { token, pages, rows }, total: page.total }
            } else if !gaps.is_empty() {
                self.gap(kind, window, from, &gaps)
            } else {
                count(kind, "done");
                SyncStride::Done { pages: at.0, rows: at.1 }
            };
            let goes_on = matches!(stride, SyncStride::Page { .. });
            self.stride(window, rows, stride, label, 1).await?;
            // What comes next is known by its token; whoever reads next goes on there.
            if !goes_on
                || self.rests(side)
                || (side == Side::Rest && label == RateLabel::Heavy && self.is_spent())
            {
                break;
            }
        }
        Ok(())
    }

    fn pages(
        &self,
        side: Side,
        kind: Kind,
        window: &SyncWindow,
        from: Timestamp,
    ) -> Result<Source, ZoomError> {
        let client = &self.config.client;
        let is_past = window.to + PRESENT < self.clock.now();
        let priority = if is_past { Priority::Backfill } else { side.priority() };
        let resume =
            window.place.clone().map(|SyncPlace { token, pages, rows }| Resume { token, pages, rows });
        if kind == Kind::Calls {
            let mut query = CallHistoryQuery::new(from, window.to);
            // By their ends: windows that follow each other miss no call that was under way.
            query.time_type = Some(TimeType::EndTime);
            query.priority = priority;
            query.resume = resume;
            return Ok(Source::History(client.call_history(query)));
        }
        let mut call = kind.call(client)?.priority(priority);
        if kind.is_windowed() {
            call = call.window(from, window.to);
        }
        if let Some(resume) = resume {
            call = call.resume(resume);
        }
        Ok(Source::Plain(call.pages()))
    }

    fn rows(&self, kind: Kind, window: &SyncWindow, rows: Vec<Map<String, Value>>) -> Vec<SyncRow> {
        let row = |fields: Map<String, Value>| SyncRow {
            follow: kind.follow(&fields, window.from, window.to).into_iter().collect(),
            arrival: kind.door().map(|door| self.arrival(door, kind.operation(), fields)),
        };
        rows.into_iter().map(row).collect()
    }

    /// The list ended with rows missing: again, and then in halves where shorter lists may help.
    fn gap(&self, kind: Kind, window: &SyncWindow, from: Timestamp, gaps: &[Anomaly]) -> SyncStride {
        let reason = gaps.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        if window.gaps < GAPS {
            count(kind, "failed");
            let due = if window.gaps == 0 { self.clock.now() } else { self.clock.now() + backoff(0) };
            return SyncStride::Gap { due, reason };
        }
        let by_pages = gaps.iter().any(|gap| matches!(gap, Anomaly::RepeatedToken | Anomaly::OnlyEmptyPages));
        let halves = if by_pages { plan::split(from, window.to, 2) } else { Vec::new() };
        if halves.is_empty() {
            count(kind, "missing");
            SyncStride::Missing { reason }
        } else {
            count(kind, "split");
            SyncStride::Split(halves)
        }
    }

    /// Notes why a window was not read to its end.
    async fn failed(&self, kind: Kind, window: &SyncWindow, error: &ZoomError) -> Result<(), StoreError> {
        count(kind, "failed");
        if error.api().is_some_and(zoom_phone::client::ApiError::scope_missing) {
            return self.refused(kind.word(), error).await;
        }
        let reason = told(error);
        tracing::warn!(kind = kind.word(), from = %window.from, to = %window.to, reason, "cannot read Zoom's records");
        let is_unreadable = matches!(error, ZoomError::Unreadable { .. });
        let refuses = is_unreadable
            || error.api().is_some_and(|error| (400..429).contains(&error.status) && error.status != 401);
        let stride = if refuses && !error.retry_helps() && window.tries + 1 >= REFUSALS {
            let is_long = is_unreadable && window.to.duration_since(window.from) > READABLE;
            let halves = if is_long { plan::split(window.from, window.to, 2) } else { Vec::new() };
            if halves.is_empty() {
                count(kind, "missing");
                SyncStride::Missing { reason }
            } else {
                count(kind, "split");
                SyncStride::Split(halves)
            }
        } else {
            let wait = match (window.lane, self.config.every) {
                // Nothing newer is read before this one.
                (SyncLane::Live, Some(every)) => {
                    backoff(window.tries).min(every.try_into().unwrap_or(SignedDuration::MAX))
                }
                _ => backoff(window.tries),
            };
            let due = error.daily_end().unwrap_or_else(|| self.clock.now() + wait);
            SyncStride::Again { due, reason, anew: refuses }
        };
        self.stride(window, Vec::new(), stride, kind.label(), 1).await
    }

    async fn stride(
        &self,
        window: &SyncWindow,
        rows: Vec<SyncRow>,
        stride: SyncStride,
        label: RateLabel,
        count: u64,
    ) -> Result<(), StoreError> {
        let step = SyncStep {
            account: self.config.account.clone(),
            rows,
            run: window.run,
            lane: window.lane,
            window: Some((window.id, stride)),
            items: Vec::new(),
            requests: requests(label, count),
            now: self.clock.now(),
        };
        let stepped = self.step(step).await?;
        metrics::counter!("offhook_sync_rows_total", "kind" => window.kind.clone())
            .increment(stepped.new_rows);
        Ok(())
    }
}

fn count(kind: Kind, outcome: &'static str) {
    metrics::counter!("offhook_sync_windows_total", "kind" => kind.word(), "outcome" => outcome).increment(1);
}
