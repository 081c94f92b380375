//! One count for all processes of a machine: a small file under a lock.
//!
//! A file and not a database, because the crate stands alone and because the count is of no use after a minute
//! (its daily part: after a day); each request reads and writes about two kilobytes that never need to reach
//! the disk. The operating system gives the lock free when a process dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::sent::Sent;

/// The file. All processes of the machine that use the account name the same one, on a local disk.
#[derive(Debug)]
pub(super) struct SharedFile {
    file: File,
    path: PathBuf,
}

impl SharedFile {
    /// Opens the file, or makes an empty one, which only the user may read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, path: path.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `change` on what all processes sent. `None`: another process is at it just now.
    ///
    /// `now` is the machine's clock, since 1970: all processes must have the same.
    pub(super) fn with<R>(
        &self,
        now: Duration,
        change: impl FnOnce(&mut Sent) -> R,
    ) -> io::Result<Option<R>> {
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let done = self.locked(now, change);
        let unlocked = self.file.unlock();
        let result = done?;
        unlocked?;
        Ok(Some(result))
    }

    fn locked<R>(&self, now: Duration, change: impl FnOnce(&mut Sent) -> R) -> io::Result<R> {
        let mut file = &self.file;
        let mut before = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut before)?;
        let mut sent = if before.is_empty() {
            Sent::default()
        } else {
            // Another process was killed while it wrote: assume the worst for one window.
            serde_json::from_slice(&before).unwrap_or_else(|_| Sent::unknown(now))
        };
        let result = change(&mut sent);
        let after = serde_json::to_vec(&sent)?;
        if after != before {
            file.rewind()?;
            file.write_all(&after)?;
            file.set_len(after.len() as u64)?;
        }
        Ok(result)
    }
}

/// The machine's clock, as the processes share it, since 1970.
pub(super) fn since_1970(time: Timestamp) -> Duration {
    Duration::try_from(time.as_duration()).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::task::JoinSet;
    use tokio::time::Instant;
    use zoom_phone_types::catalogue::RateLabel;

    use super::*;
    use crate::quota::{Limiter, LimiterConfig, Limits, Plan, Priority, QuotaError};

    const SECOND: Duration = Duration::from_secs(1);

    /// A machine's clock that runs with tokio's paused one; each test has a thread of its own.
    fn wall() -> Timestamp {
        thread_local!(static BEGAN: Instant = Instant::now());
        let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        noon + BEGAN.with(Instant::elapsed)
    }

    fn process(directory: &tempfile::TempDir, limits: Limits) -> Limiter {
        let plan = Plan::custom(limits);
        let shared_file = Some(directory.path().join("quota.json"));
        Limiter::open_with(&LimiterConfig { plan, shared_file, ..LimiterConfig::default() }, wall).unwrap()
    }

    /// When requests went in that time, by twenty workers.
    async fn saturate(limiter: Limiter, label: RateLabel, time: Duration) -> Vec<Duration> {
        let (begin, mut workers) = (Instant::now(), JoinSet::new());
        for _ in 0..20 {
            let limiter = limiter.clone();
            workers.spawn(async move {
                let mut sent = Vec::new();
                while limiter.enter(Some(label), Priority::Live, Some(begin + time)).await.is_ok() {
                    sent.push(begin.elapsed());
                    tokio::time::sleep(SECOND / 10).await;
                }
                sent
            });
        }
        workers.join_all().await.concat()
    }

    #[tokio::test(start_paused = true)]
    async fn two_limiters_with_one_file_share_one_quota_fully_and_never_exceed_it() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Plan::Pro.limits();
        let (one, two) = (process(&directory, limits), process(&directory, limits));
        let label = RateLabel::Light;
        let (one, two) = tokio::join!(saturate(one, label, 30 * SECOND), saturate(two, label, 30 * SECOND));
        assert!(one.len() > 200 && two.len() > 200, "{} and {}", one.len(), two.len());
        let mut all = [one, two].concat();
        all.sort();
        assert!(all.windows(21).all(|some| some[20] > some[0] + SECOND));
        assert!(all.len() >= 30 * 20 * 95 / 100, "{}", all.len());
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_of_the_day_is_one_for_all_and_outlives_them() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { daily: 33, ..Plan::Pro.limits() };
        let (one, two) = (process(&directory, limits), process(&directory, limits));
        let label = RateLabel::Heavy;
        let (one, two) = tokio::join!(saturate(one, label, 30 * SECOND), saturate(two, label, 30 * SECOND));
        assert_eq!(one.len() + two.len(), 33);
        let error = process(&directory, limits).enter(Some(label), Priority::Person, None).await.unwrap_err();
        let midnight: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        assert!(matches!(error, QuotaError::Daily { until, .. } if until == midnight), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_dying_process_left_half_written_costs_one_window() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("quota.json"), r#"{"windows":[{"sent":[{"se"#).unwrap();
        let limiter = process(&directory, Plan::Pro.limits());
        let begin = Instant::now();
        limiter.enter(None, Priority::Live, None).await.unwrap();
        let waited = begin.elapsed();
        assert!((SECOND..SECOND * 11 / 10).contains(&waited), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_locked_file_is_waited_for_but_not_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let limiter = process(&directory, Plan::Pro.limits());
        let other = File::open(directory.path().join("quota.json")).unwrap();
        other.lock().unwrap();
        let begin = Instant::now();
        let error = limiter.enter(None, Priority::Live, None).await.unwrap_err();
        let QuotaError::SharedFile { path, source } = error else { panic!("{error}") };
        assert_eq!((path, source.kind()), (directory.path().join("quota.json"), ErrorKind::TimedOut));
        assert!((5 * SECOND..6 * SECOND).contains(&begin.elapsed()));

        let waiting = tokio::spawn(async move { limiter.enter(None, Priority::Live, None).await });
        tokio::time::sleep(SECOND).await;
        assert!(!waiting.is_finished());
        other.unlock().unwrap();
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_cannot_be_opened_is_an_error_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let shared_file = Some(directory.path().to_owned());
        let error = Limiter::open(&LimiterConfig { shared_file, ..LimiterConfig::default() }).unwrap_err();
        assert!(error.to_string().contains(directory.path().to_str().unwrap()), "{error}");
    }
}
