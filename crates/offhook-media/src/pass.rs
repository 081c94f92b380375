//! The work of an archive: look at calls, delete what has to go, fetch what is due.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use offhook_store::{Media, MediaState, ToldCursor};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::fetch::{Fetched, Trouble};
use crate::item::sightings;
use crate::shelf::Record;
use crate::{Archive, ArchiveError, ShelfError, note};

/// Until which call files were looked for.
const CALLS: &str = "calls";
/// Whether the store was asked for files that an earlier database knew.
const FOUND: &str = "found";
/// Calls that are looked at in one transaction.
const BATCH: usize = 500;
/// Such transactions in a pass.
const BATCHES: usize = 20;
/// Files that are fetched in a pass.
const DUE: usize = 64;
/// After the first failure; doubled with each.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);
/// What Zoom has not made ready for so long will not come.
const GIVE_UP_WAITING: SignedDuration = SignedDuration::from_hours(72);
/// What is wrong with a file itself is believed after so many tries.
const GIVE_UP_TRYING: u32 = 8;
/// A full disk is looked at again after this.
const AFTER_FULL: SignedDuration = SignedDuration::from_secs(60);
/// From one pass to the next at least, and at most: retention runs on without any news.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pass {
    /// Files that were heard of for the first time.
    pub new: usize,
    /// Files that were put into the store.
    pub fetched: usize,
    /// Tries that did not succeed.
    pub failed: usize,
    /// Files that were deleted.
    pub deleted: usize,
    /// There is more to do at once.
    pub more: bool,
}

impl Archive {
    /// Takes up what was under way when the process ended. Call it once, before anything else.
    pub async fn restart(&self) -> Result<(), ArchiveError> {
        let drafts = self.inner.shelf.drafts().to_owned();
        crate::shelf::blocking(move || {
            let failed = crate::shelf::failed(&drafts);
            for draft in std::fs::read_dir(&drafts).map_err(&failed)? {
                std::fs::remove_file(draft.map_err(&failed)?.path()).map_err(&failed)?;
            }
            Ok(())
        })
        .await?;
        self.inner.store.media_restart().await?;
        Ok(())
    }

    /// Works until shutdown: whenever calls change, when something is due, when somebody asks.
    pub async fn run<T>(
        self,
        now: impl Fn() -> Timestamp,
        mut changed: watch::Receiver<T>,
        shutdown: CancellationToken,
    ) {
        let mut begun = false;
        while !shutdown.is_cancelled() {
            let work = async {
                if !begun {
                    self.restart().await?;
                    begun = true;
                }
                self.pass(now()).await
            };
            let passed = tokio::select! {
                passed = work => passed,
                () = shutdown.cancelled() => break,
            };
            let wait = match passed {
                Ok(Pass { more: true, .. }) => continue,
                Ok(_) => self.until_due(now()).await,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "could not look after recordings and voicemails; trying again"
                    );
                    LONGEST_PAUSE
                }
            };
            // However much happens, it is not looked at more often than this.
            let rest = tokio::time::sleep(PAUSE);
            tokio::select! {
                () = rest => {}
                () = shutdown.cancelled() => break,
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = self.inner.at_once.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// How long nothing is due.
    async fn until_due(&self, now: Timestamp) -> Duration {
        let next = self.inner.store.media_next_try().await.ok().flatten();
        let wait = next.map(|next| Duration::try_from(next.duration_since(now)).unwrap_or_default());
        wait.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
    }

    /// One round of all work, as of `now`.
    pub async fn pass(&self, now: Timestamp) -> Result<Pass, ArchiveError> {
        let mut pass = Pass::default();
        // Nothing is under way now: what a pass that was broken off had begun is due again.
        self.inner.store.media_restart().await?;
        self.look(now, &mut pass).await?;
        pass.deleted = self.judge(now).await?;
        let due = self.inner.store.media_due(now, DUE).await?;
        pass.more |= due.len() == DUE;
        self.block(None);
        let parallel = self.inner.policy.parallel.max(1);
        let mut fetches =
            stream::iter(due.into_iter().map(|media| self.fetch(media, now))).buffer_unordered(parallel);
        while let Some(fetched) = fetches.next().await {
            match fetched {
                Ok(Some(true)) => pass.fetched += 1,
                Ok(Some(false)) => pass.failed += 1,
                Ok(None) => {}
                Err(error) => {
                    drop(fetches);
                    self.inner.store.media_restart().await?;
                    return Err(error);
                }
            }
            if self.blocked().is_some() {
                // The rest waits, too. What is under way is dropped, and is due again.
                pass.more = false;
                drop(fetches);
                self.inner.store.media_restart().await?;
                break;
            }
        }
        Ok(pass)
    }

    /// Looks at calls that were told of since the last time, or at all of them when the policy changed.
    async fn look(&self, now: Timestamp, pass: &mut Pass) -> Result<(), ArchiveError> {
        let Self { inner } = self;
        let policy = inner.policy.mark();
        let mark = inner.store.media_mark(CALLS).await?;
        let known = mark.and_then(|text| serde_json::from_str::<(String, u64, String, String)>(&text).ok());
        let mut place = match known {
            Some((by, seq, account, key)) if by == policy => ToldCursor { seq, account, key },
            _ => ToldCursor::default(),
        };
        let first = inner.store.media_mark(FOUND).await?.is_none();
        for _ in 0..BATCHES {
            let calls = inner.store.calls_told_after(place.clone(), BATCH).await?;
            let seen: Vec<_> =
                calls.iter().flat_map(|(_, view)| sightings(view, &inner.policy, now)).collect();
            let ids: Vec<String> = seen.iter().map(|sighting| sighting.id.clone()).collect();
            pass.new += inner.store.media_seen(seen, now).await?;
            if first {
                for id in ids {
                    self.find(&id, now).await?;
                }
            }
            // Whatever is broken off before this is looked at again.
            if let Some((last, _)) = calls.last() {
                place = last.clone();
                let at = serde_json::json!([policy, place.seq, place.account, place.key]).to_string();
                inner.store.set_media_mark(CALLS, at).await?;
            }
            if calls.len() < BATCH {
                if first {
                    inner.store.set_media_mark(FOUND, now.to_string()).await?;
                }
                pass.more = false;
                return Ok(());
            }
            pass.more = true;
        }
        Ok(())
    }

    /// Takes in what the store knows of a file that the database does not have there.
    async fn find(&self, id: &str, now: Timestamp) -> Result<bool, ArchiveError> {
        let Some(record) = self.inner.shelf.record(id).await? else { return Ok(false) };
        if record.deleted.is_some() {
            // It may have been broken off between the receipt and the file.
            self.inner.shelf.delete(&record.key).await?;
        }
        let hold = record.hold.clone();
        let media = self
            .change(id, move |media| {
                if matches!(media.state, MediaState::Here | MediaState::Deleting | MediaState::Deleted) {
                    return None;
                }
                if let Some(deleted) = record.deleted {
                    if media.asked {
                        return None;
                    }
                    media.rest(MediaState::Deleted, deleted.why);
                    return Some(Vec::new());
                }
                // A hold that was put on while the file was not here is in no record yet.
                let hold = media.hold.clone().or_else(|| record.hold.clone());
                here(media, Record { hold, ..record });
                Some(vec![note(media, "found", None, "it was in the store".to_owned(), now)])
            })
            .await?;
        if media.hold != hold {
            self.write_record(&media).await?;
        }
        Ok(matches!(media.state, MediaState::Here | MediaState::Deleted))
    }

    /// Tries to fetch one file. `true`: it is here now; `None`: there was nothing to do.
    async fn fetch(&self, due: Media, now: Timestamp) -> Result<Option<bool>, ArchiveError> {
        let id = due.id.as_str();
        let begun = |media: &mut Media| {
            let due = matches!(media.state, MediaState::Wanted | MediaState::Failed | MediaState::NotReady);
            due.then(|| {
                media.state = MediaState::Fetching;
                Vec::new()
            })
        };
        let media = self.change(id, begun).await?;
        if media.state != MediaState::Fetching {
            return Ok(None);
        }
        let (outcome, done) = match self.obtain(&media, now).await {
            Ok(None) => return Ok(None),
            Ok(Some(kept)) => ("fetched", kept),
            Err(trouble) => (self.missed(id, trouble, now).await?, false),
        };
        metrics::counter!("offhook_media_fetches_total", "outcome" => outcome).increment(1);
        Ok(Some(done))
    }

    /// Has a file that is being fetched come. `None`: it was in the store; `false`: it came, and was given up meanwhile.
    async fn obtain(&self, media: &Media, now: Timestamp) -> Result<Option<bool>, Trouble> {
        // Whatever ended between the file and its row is not fetched twice.
        if self.find(&media.id, now).await? {
            return Ok(None);
        }
        let fetched = self.bring(media, now).await?;
        Ok(Some(self.arrived(media, fetched, now).await?))
    }

    /// Writes down that a file is in the store.
    async fn arrived(&self, media: &Media, fetched: Fetched, now: Timestamp) -> Result<bool, ArchiveError> {
        let Fetched { key, content_type, bytes, sha256 } = fetched;
        let record = Record {
            account: media.account.clone(),
            kind: media.kind,
            zoom_id: media.zoom_id.clone(),
            call_id: media.call_id.clone(),
            recorded_at: media.recorded_at,
            fetched_at: now,
            key: key.clone(),
            content_type: content_type.to_owned(),
            bytes,
            sha256,
            encrypted: self.inner.encrypt,
            hold: media.hold.clone(),
            deleted: None,
        };
        self.inner.shelf.keep_record(&media.id, &record).await?;
        let written = record.clone();
        let kept = self
            .change(&media.id, move |media| {
                if media.state != MediaState::Fetching {
                    return None;
                }
                // A hold that was put on or released meanwhile stays so.
                let hold = media.hold.clone();
                here(media, Record { hold, ..record });
                let why = format!("{bytes} bytes of {content_type}");
                Some(vec![note(media, "fetched", None, why, now)])
            })
            .await?;
        if kept.state != MediaState::Here {
            // Somebody gave it up while it came.
            let why = kept.why.unwrap_or_default();
            let deleted = Some(crate::Deleted { at: now, why, who: None });
            self.inner.shelf.keep_record(&media.id, &Record { deleted, ..written }).await?;
            self.inner.shelf.delete(&key).await?;
            return Ok(false);
        }
        if kept.hold != written.hold {
            self.write_record(&kept).await?;
        }
        Ok(true)
    }

    /// Writes down why a file is not here, and when it is tried again.
    async fn missed(&self, id: &str, trouble: Trouble, now: Timestamp) -> Result<&'static str, ArchiveError> {
        match trouble {
            Trouble::Ours(error) => {
                let why = chain(&error);
                tracing::error!(media = id, why, "a file of a call could not be kept");
                let at = now.checked_add(AFTER_FULL).ok();
                if matches!(error, ArchiveError::Shelf(ShelfError::Full(_))) {
                    self.block(Some(why.clone()));
                }
                self.later(id, why, at, false, now).await
            }
            Trouble::Later { why, at, its_own } => self.later(id, why, at, its_own, now).await,
            Trouble::NotReady(why) => {
                self.settle(id, move |media| {
                    media.tries += 1;
                    let since = *media.waiting_since.get_or_insert(now);
                    if now.duration_since(since) > GIVE_UP_WAITING {
                        media.rest(MediaState::Gone, format!("Zoom never made it ready: {why}"));
                    } else {
                        media.state = MediaState::NotReady;
                        media.why = Some(why);
                        media.next_try = backoff(media.tries, now);
                    }
                })
                .await?;
                Ok("not_ready")
            }
            Trouble::Never(why) => {
                self.settle(id, |media| media.rest(MediaState::Refused, why)).await?;
                Ok("refused")
            }
            Trouble::Gone(why) => {
                self.settle(id, |media| media.rest(MediaState::Gone, why)).await?;
                Ok("gone")
            }
        }
    }

    async fn later(
        &self,
        id: &str,
        why: String,
        at: Option<Timestamp>,
        its_own: bool,
        now: Timestamp,
    ) -> Result<&'static str, ArchiveError> {
        self.settle(id, move |media| {
            media.tries += 1;
            if its_own && media.tries >= GIVE_UP_TRYING {
                media.rest(MediaState::Refused, format!("given up after {} tries: {why}", media.tries));
            } else {
                media.state = MediaState::Failed;
                media.why = Some(why);
                media.next_try = at.or_else(|| backoff(media.tries, now));
            }
        })
        .await?;
        Ok("failed")
    }

    /// Changes a file that is being fetched, unless somebody gave it up meanwhile.
    async fn settle(
        &self,
        id: &str,
        change: impl FnOnce(&mut Media) + Send + 'static,
    ) -> Result<(), ArchiveError> {
        self.change(id, |media| {
            (media.state == MediaState::Fetching).then(|| {
                change(media);
                Vec::new()
            })
        })
        .await?;
        Ok(())
    }
}

/// The file is in the store, as its record says.
fn here(media: &mut Media, record: Record) {
    media.rest(MediaState::Here, "");
    media.why = None;
    media.tries = 0;
    media.key = Some(record.key);
    media.bytes = Some(record.bytes);
    media.sha256 = Some(record.sha256);
    media.content_type = Some(record.content_type);
    media.encrypted = record.encrypted;
    media.fetched_at = Some(record.fetched_at);
    media.hold = record.hold;
}

/// 30 s, 1 min, 2 min, … up to 6 h.
fn backoff(tries: u32, now: Timestamp) -> Option<Timestamp> {
    let factor = 1i32 << tries.saturating_sub(1).min(16);
    now.checked_add((FIRST_WAIT * factor).min(LONGEST_WAIT)).ok()
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_six_hours_and_no_further() {
        let waits: Vec<i64> =
            [1, 2, 3, 11, 40].map(|n| backoff(n, Timestamp::UNIX_EPOCH).unwrap().as_second()).to_vec();
        assert_eq!(waits, [30, 60, 120, 21_600, 21_600]);
    }
}
