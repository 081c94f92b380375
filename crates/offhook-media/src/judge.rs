//! Deleting: when the time is over, when Zoom deleted it, when the app was removed, when a person says so. Never under
//! legal hold.

use jiff::Timestamp;
use offhook_store::{AtZoom, Media, MediaState, Removal};
use serde_json::Value;

use crate::pass::chain;
use crate::shelf::{Deleted, Record};
use crate::{Archive, ArchiveError, note};

/// Until which inbox entry removals of the app were looked for.
const MARK: &str = "removals";
/// The event of it; it comes to the app's own endpoint for deauthorizations, signed like the others.
const REMOVED: &str = "app_deauthorized";
/// In `why` of a file that could not be deleted, between why it has to go and why it is still here.
const NOT_YET: &str = "; not deleted yet: ";
/// Files that are judged at a time.
const JUDGED: usize = 500;

impl Archive {
    /// Deletes a file because a person says so. A file that is not here is not fetched any more.
    pub async fn purge(
        &self,
        id: &str,
        who: Option<String>,
        reason: String,
        now: Timestamp,
    ) -> Result<Media, ArchiveError> {
        let media = self.delete(id, reason, who, now).await?;
        match media.hold {
            Some(hold) => Err(ArchiveError::Held { id: media.id, who: hold.who, reason: hold.reason }),
            None => Ok(media),
        }
    }

    /// Deletes what has to go. Returns how many were deleted.
    pub(crate) async fn judge(&self, now: Timestamp) -> Result<usize, ArchiveError> {
        self.look_for_removals().await?;
        let Self { inner } = self;
        let removals = inner.store.media_removals().await?;
        let outlived = inner.policy.outlived_before(now);
        let mut deleted = 0;
        let mut after = String::new();
        loop {
            let trash = inner.policy.follow_trash;
            let some =
                inner.store.media_to_judge(after.clone(), outlived, trash, removals.clone(), JUDGED).await?;
            for media in &some {
                let Some(why) = self.verdict(media, &removals, now) else { continue };
                if media.hold.is_some() {
                    self.keep_held(&media.id, why, now).await?;
                    continue;
                }
                match self.delete(&media.id, why.clone(), None, now).await {
                    Ok(media) => deleted += usize::from(media.state == MediaState::Deleted),
                    Err(ArchiveError::Store(error)) => return Err(error.into()),
                    Err(error) => self.not_yet(&media.id, &why, &error).await?,
                }
            }
            match some.last() {
                Some(last) if some.len() == JUDGED => after.clone_from(&last.id),
                _ => return Ok(deleted),
            }
        }
    }

    /// Why a file has to go, if it has to.
    fn verdict(&self, media: &Media, removals: &[Removal], now: Timestamp) -> Option<String> {
        let policy = &self.inner.policy;
        if media.state == MediaState::Deleting {
            let why = media.why.as_deref().unwrap_or_default();
            return Some(why.split_once(NOT_YET).map_or(why, |(why, _)| why).to_owned());
        }
        if let Some(removal) = removals
            .iter()
            .find(|removal| removal.account == media.account && removal.at >= media.recorded_at)
        {
            return Some(format!(
                "the app was removed from the account at {}, and Zoom requires its data to be deleted",
                removal.at
            ));
        }
        match media.at_zoom {
            AtZoom::Purged => return Some("it was deleted for good at Zoom".to_owned()),
            AtZoom::Trashed if policy.follow_trash => {
                return Some("it was put into the trash at Zoom".to_owned());
            }
            _ => {}
        }
        let outlived = policy.outlived_before(now).is_some_and(|then| media.recorded_at < then);
        let days = policy.retention_days.unwrap_or_default();
        outlived.then(|| format!("it was kept for {days} days, as media.retention_days says"))
    }

    /// Writes down why a file that has to go is still here. The next pass tries again.
    async fn not_yet(&self, id: &str, why: &str, error: &ArchiveError) -> Result<(), ArchiveError> {
        let error = chain(error);
        tracing::error!(media = id, error, "a file of a call could not be deleted; trying again");
        let why = format!("{why}{NOT_YET}{error}");
        self.change(id, move |media| {
            let going = media.state == MediaState::Deleting && media.why.as_ref() != Some(&why);
            going.then(|| {
                media.why = Some(why);
                Vec::new()
            })
        })
        .await?;
        Ok(())
    }

    /// Writes down, once, that a hold keeps what should go.
    async fn keep_held(&self, id: &str, why: String, now: Timestamp) -> Result<(), ArchiveError> {
        self.change(id, move |media| {
            let why = format!("to be deleted when the legal hold is released: {why}");
            if media.why.as_ref() == Some(&why) {
                return None;
            }
            let told = note(media, "kept", None, why.clone(), now);
            media.why = Some(why);
            Some(vec![told])
        })
        .await?;
        Ok(())
    }

    /// Deletes a file that is here and not held; one that is not here is given up.
    ///
    /// The row says so first, then the receipt is put in the place of the record, then the file goes: wherever this is
    /// broken off, it is taken up again.
    async fn delete(
        &self,
        id: &str,
        why: String,
        who: Option<String>,
        now: Timestamp,
    ) -> Result<Media, ArchiveError> {
        let (reason, by) = (why.clone(), who.clone());
        let media = self
            .change(id, move |media| {
                if media.hold.is_some() {
                    return None;
                }
                match media.state {
                    MediaState::Here => {
                        media.rest(MediaState::Deleting, reason);
                        Some(Vec::new())
                    }
                    MediaState::Deleting | MediaState::Deleted => None,
                    // A fetch that is under way finds its row changed and drops what came.
                    _ => {
                        media.asked = false;
                        media.rest(MediaState::Refused, reason.clone());
                        Some(vec![note(media, "given up", by, reason, now)])
                    }
                }
            })
            .await?;
        if media.state != MediaState::Deleting {
            return Ok(media);
        }
        if let Some(record) = Record::of(&media) {
            let gone =
                Record { deleted: Some(Deleted { at: now, why: why.clone(), who: who.clone() }), ..record };
            self.inner.shelf.keep_record(id, &gone).await?;
            self.inner.shelf.delete(&gone.key).await?;
        }
        metrics::counter!("offhook_media_deleted_total").increment(1);
        tracing::info!(media = id, why, "deleted a file of a call");
        self.change(id, move |media| {
            let (bytes, sha256) = (media.bytes.unwrap_or(0), media.sha256.clone().unwrap_or_default());
            media.rest(MediaState::Deleted, why.clone());
            media.asked = false;
            media.key = None;
            Some(vec![note(media, "deleted", who, format!("{why} ({bytes} bytes, SHA-256 {sha256})"), now)])
        })
        .await
    }

    /// Takes in that an app of ours was removed from its account. Removals of other apps that share our endpoint, and
    /// those after which Zoom lets data be kept, change nothing.
    async fn look_for_removals(&self) -> Result<(), ArchiveError> {
        let Self { inner } = self;
        let known = inner.store.media_mark(MARK).await?.and_then(|mark| mark.parse().ok()).unwrap_or(0);
        let newest = inner.store.inbox().last_seq();
        if newest == known {
            return Ok(());
        }
        let mut removals = Vec::new();
        for entry in inner.store.entries_named(REMOVED, known).await? {
            let told: Value = serde_json::from_slice(&entry.arrival.body).unwrap_or_default();
            let told = &told["payload"];
            let account = told["account_id"].as_str().unwrap_or(&entry.arrival.account).to_owned();
            let ours = inner
                .sources
                .get(&account)
                .is_some_and(|source| told["client_id"].as_str() == Some(source.client_id.as_str()));
            let may_stay = told["user_data_retention"] == "true" || told["user_data_retention"] == true;
            if !ours || may_stay {
                tracing::warn!(account, ours, may_stay, "an app was removed from an account; its files stay");
                continue;
            }
            tracing::warn!(account, "our app was removed from an account; its files are deleted");
            let at = told["deauthorization_time"].as_str().and_then(|text| text.parse().ok());
            removals.push(Removal { account, at: at.unwrap_or(entry.arrival.received_at) });
        }
        Ok(inner.store.media_removed(removals, (MARK, newest.to_string())).await?)
    }
}
