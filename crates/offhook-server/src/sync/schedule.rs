//! When runs begin.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use offhook_store::{NewSyncRun, StoreError, SyncSpan};
use tokio::time::Instant;

use super::{Kind, LOOK, Mode, Nightly, Syncer, plan};

/// Records are written up to a minute after the call, and sometimes later: look this far back again.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// How far back the very first catch-up looks. A longer history is for a backfill.
const FIRST: SignedDuration = SignedDuration::from_hours(24);

/// Under which word the end of the last night is kept.
const NIGHT: &str = "nightly";

impl Syncer {
    /// Begins catch-ups and nights until shutdown; a catch-up at once where an event channel missed something.
    pub(super) async fn keep_time(self: Arc<Self>) {
        let mut next = Instant::now();
        // At the start, and after a gap of an event channel.
        let mut at_once = true;
        loop {
            if let Some(every) = self.config.every
                && Instant::now() >= next
            {
                let begun = if at_once { self.catch_up_now().await } else { self.catch_up().await };
                at_once = false;
                if let Err(error) = begun {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot begin to catch up");
                }
                next = Instant::now() + every;
            }
            if let Some(nightly) = &self.config.nightly
                && let Err(error) = self.night(nightly).await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot begin the night's reading");
            }
            let mut until = Instant::now() + LOOK * 10;
            if self.config.every.is_some() {
                until = until.min(next);
            }
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                () = tokio::time::sleep_until(until) => {}
                () = self.at_once.notified() => {
                    next = Instant::now();
                    at_once = true;
                }
            }
        }
    }

    /// Like [`Self::catch_up`]; and what failed before and waits is tried at once.
    pub(crate) async fn catch_up_now(&self) -> Result<Option<u64>, StoreError> {
        self.store.sync_hurry(self.config.account.clone(), self.clock.now()).await?;
        self.work.send_replace(());
        self.catch_up().await
    }

    /// Has everything read that is new since the last catch-up, and returns the run. A kind of which the last one is not
    /// done yet goes on with that first; `None` where all do.
    async fn catch_up(&self) -> Result<Option<u64>, StoreError> {
        let account = &self.config.account;
        let now = self.clock.now();
        self.store.sync_retry_missing(account.clone(), now).await?;
        let under_way = self.store.sync_catching_up(account.clone()).await?;
        let mut windows = Vec::new();
        for kind in Kind::CATCH_UP {
            let word = kind.word().to_owned();
            if under_way.contains(&word) {
                continue;
            }
            // The mark stays where something is missing; what is newer is read all the same.
            let mark = self.store.sync_mark(account.clone(), word.clone()).await?;
            let known = mark.max(self.store.sync_planned(account.clone(), word.clone()).await?);
            let from = known.map_or(now - FIRST, |known| (known - OVERLAP).min(now - OVERLAP));
            let from = from.max(plan::months_before(now, kind.months()) + SignedDuration::from_hours(1));
            let stretches = plan::plan(from, now, &[]).into_iter();
            windows.extend(stretches.map(|(from, to)| SyncSpan { kind: word.clone(), from, to }));
        }
        let Some(from) = windows.iter().map(|window| window.from).min() else { return Ok(None) };
        let (mode, lane) = (Mode::CatchUp.word().to_owned(), Mode::CatchUp.lane());
        let run = NewSyncRun { account: account.clone(), mode, lane, from, to: now, windows, again: false };
        let id = self.store.sync_begin(run, now).await?;
        self.work.send_replace(());
        Ok(Some(id))
    }

    /// Has the last days read again, if it is time.
    async fn night(&self, nightly: &Nightly) -> Result<(), StoreError> {
        let account = &self.config.account;
        let now = self.clock.now();
        let Some((time, from)) = nightly.last(now) else { return Ok(()) };
        match self.store.sync_mark(account.clone(), NIGHT.to_owned()).await? {
            // The first night is the one to come.
            None => self.store.sync_set_mark(account.clone(), NIGHT.to_owned(), now).await,
            Some(last) if last < time => self.read_days(from, now).await.map(drop),
            Some(_) => Ok(()),
        }
    }

    /// Has the last days read again now, and returns the run.
    pub(crate) async fn night_now(&self) -> Result<Option<u64>, StoreError> {
        let now = self.clock.now();
        let usual = || now - SignedDuration::from_hours(48);
        let from = self.config.nightly.as_ref().and_then(|nightly| nightly.last(now));
        self.read_days(from.map_or_else(usual, |(_, from)| from), now).await
    }

    async fn read_days(&self, from: Timestamp, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let kinds: BTreeSet<Kind> = Kind::USUAL.iter().copied().collect();
        let begun = self.begin(Mode::Nightly, Some(from), now, &kinds, true).await?;
        // Afterwards: a night that could not begin is begun yet, and one that began twice harms nobody.
        self.store.sync_set_mark(self.config.account.clone(), NIGHT.to_owned(), now).await?;
        Ok(begun)
    }
}

impl Nightly {
    /// When it was last time, and the midnight with which the day before yesterday began then.
    fn last(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = now.to_zoned(self.zone.clone()).date();
        let on = |date: jiff::civil::Date| {
            Some(date.to_datetime(self.at).to_zoned(self.zone.clone()).ok()?.timestamp())
        };
        let date = if on(today)? <= now { today } else { today.yesterday().ok()? };
        let first = date.checked_sub(2.days()).ok()?;
        let midnight = first.to_zoned(self.zone.clone()).ok()?.timestamp();
        Some((on(date)?, midnight))
    }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::time, tz::TimeZone};

    use super::*;

    #[test]
    fn a_night_is_at_its_hour_by_local_time_and_reads_two_whole_days() {
        let nightly = Nightly { at: time(2, 30, 0, 0), zone: TimeZone::get("Europe/Berlin").unwrap() };
        let last = |now: &str| {
            let (time, from) = nightly.last(now.parse().unwrap()).unwrap();
            format!("{time} {from}")
        };
        assert_eq!(last("2026-11-23T01:29:59Z"), "2026-11-22T01:30:00Z 2026-11-19T23:00:00Z");
        assert_eq!(last("2026-11-23T01:30:00Z"), "2026-11-23T01:30:00Z 2026-11-20T23:00:00Z");
        // The night in which 02:30 does not exist is at 03:30.
        assert_eq!(last("2026-03-29T12:00:00Z"), "2026-03-29T01:30:00Z 2026-03-26T23:00:00Z");
    }
}
