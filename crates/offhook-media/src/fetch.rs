//! Fetching one file from Zoom.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use offhook_store::{Media, MediaKind};
use serde_json::Value;
use url::Url;
use zoom_phone::client::{Client, Error as ZoomError};

use crate::content::{self, accept};
use crate::draft::Draft;
use crate::open::Bytestream;
use crate::shelf::key;
use crate::{Archive, ArchiveError};

/// A link that came in longer ago is not tried: Zoom's links are short-lived, and a new one costs little.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// Files were seen to be ready a day after the call; for so long "not found" means "not yet".
const READY_WITHIN: SignedDuration = SignedDuration::from_hours(48);
/// What is older is believed to be gone when it was not found so often.
const NOT_FOUND: u32 = 3;
/// Grants of scopes are changed by people.
const AFTER_SCOPES: SignedDuration = SignedDuration::from_hours(6);

/// A file that was fetched and is in the store under its name.
pub(crate) struct Fetched {
    pub(crate) key: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// Why a file is not here after a try. The texts hold neither links nor tokens.
pub(crate) enum Trouble {
    /// Zoom is not done with it.
    NotReady(String),
    /// Another try may help.
    Later {
        why: String,
        /// Not before then.
        at: Option<Timestamp>,
        /// The file is at fault, not the network or the quota: it is given up after some tries.
        its_own: bool,
    },
    /// No other try will help.
    Never(String),
    /// Zoom does not have it.
    Gone(String),
    /// We could not keep it.
    Ours(ArchiveError),
}

impl From<ArchiveError> for Trouble {
    fn from(error: ArchiveError) -> Self {
        Self::Ours(error)
    }
}

impl Archive {
    /// Fetches a file and puts it into the store.
    pub(crate) async fn bring(&self, media: &Media, now: Timestamp) -> Result<Fetched, Trouble> {
        let Some(source) = self.inner.sources.get(&media.account) else {
            return Err(Trouble::Later {
                why: "there are no credentials of its account; set zoom.client_id and zoom.client_secret"
                    .to_owned(),
                at: None,
                its_own: false,
            });
        };
        let client = &source.client;
        let fails = |error: ZoomError| trouble(&error, media, now);
        match media.kind {
            MediaKind::Recording | MediaKind::Voicemail => {
                // On the second try the link of the event has failed already.
                let told = if media.tries == 0 { self.fresh_link(media, now).await? } else { None };
                if let Some(link) = told {
                    match client.download_url(&link).await {
                        Ok(download) => return self.take(media, download, now).await,
                        Err(error) if !link_is_over(&error) => return Err(fails(error)),
                        Err(_) => {
                            metrics::counter!("offhook_media_links_total", "what" => "expired").increment(1);
                        }
                    }
                }
                let link = ask_link(client, media).await.map_err(|error| error.of(media, now))?;
                let download = client.download_url(&link).await.map_err(fails)?;
                self.take(media, download, now).await
            }
            MediaKind::Transcript => {
                let call = client.operation("phoneDownloadRecordingTranscript").map_err(fails)?;
                let download = call.path("recordingId", &media.zoom_id).download().await.map_err(fails)?;
                self.take(media, download, now).await
            }
            MediaKind::VoicemailTranscript => {
                let call = client.operation("getVoicemailDetails").map_err(fails)?;
                let answer = call.path("voicemailId", &media.zoom_id).answer().await.map_err(fails)?;
                let text = text_of(&answer.body["transcription"])?;
                let declared = Some("text/plain");
                let content_type = accept(media.kind, declared, text.as_bytes()).map_err(Trouble::Never)?;
                let whole = stream::once(async move { Ok(Bytes::from(text)) }).boxed();
                self.keep(media, content_type, Bytes::new(), whole, None).await
            }
        }
    }

    /// The link that an event or a list brought a moment ago.
    async fn fresh_link(&self, media: &Media, now: Timestamp) -> Result<Option<Url>, ArchiveError> {
        let entries = self.inner.store.entries_of(&media.account, &media.zoom_id).await?;
        let fresh = entries
            .into_iter()
            .rev()
            .filter(|entry| now.duration_since(entry.arrival.received_at).abs() <= FRESH);
        for entry in fresh {
            let Ok(body) = serde_json::from_slice::<Value>(&entry.arrival.body) else { continue };
            if let Some(link) = link_in(&body, &media.zoom_id) {
                return Ok(Some(link));
            }
        }
        Ok(None)
    }

    /// Looks at what comes, and keeps it if it is what it should be.
    async fn take(
        &self,
        media: &Media,
        mut download: zoom_phone::client::Download,
        now: Timestamp,
    ) -> Result<Fetched, Trouble> {
        let most = self.inner.policy.max_bytes;
        if let Some(length) = download.length().filter(|length| *length > most) {
            return Err(too_large(length, most));
        }
        let mut head = BytesMut::new();
        while head.len() < content::HEAD {
            match download.next().await {
                Some(Ok(piece)) => head.extend_from_slice(&piece),
                Some(Err(error)) => return Err(trouble(&error, media, now)),
                None => break,
            }
        }
        let content_type = accept(media.kind, download.content_type(), &head)
            .map_err(|why| Trouble::Later { why, at: None, its_own: true })?;
        let length = download.length();
        let rest = download.map(|piece| piece.map_err(ArchiveError::from)).boxed();
        self.keep(media, content_type, head.freeze(), rest, length).await
    }

    async fn keep(
        &self,
        media: &Media,
        content_type: &'static str,
        head: Bytes,
        mut rest: Bytestream,
        length: Option<u64>,
    ) -> Result<Fetched, Trouble> {
        let Self { inner } = self;
        let seal = inner.key.as_ref().filter(|_| inner.encrypt);
        let number = inner.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = Draft::begin(inner.shelf.drafts(), &media.id, number, seal)?;
        let mut bytes = head.len() as u64;
        let mut going = draft.push(head).await;
        while going && let Some(piece) = rest.next().await {
            // Dropping the draft deletes it.
            let piece = match piece {
                Ok(piece) => piece,
                Err(ArchiveError::Zoom(error)) => {
                    return Err(Trouble::Later { why: error.to_string(), at: None, its_own: false });
                }
                Err(error) => return Err(error.into()),
            };
            bytes += piece.len() as u64;
            if bytes > inner.policy.max_bytes {
                return Err(too_large(bytes, inner.policy.max_bytes));
            }
            going = draft.push(piece).await;
        }
        if going && let Some(length) = length.filter(|length| *length != bytes) {
            let why = format!("{bytes} bytes came instead of {length}");
            return Err(Trouble::Later { why, at: None, its_own: false });
        }
        let written = draft.finish().await?;
        let sealed = if seal.is_some() { ".sealed" } else { "" };
        let key = key(&media.id, &format!("{}{sealed}", content::ending(content_type)));
        inner.shelf.keep(&written.path, &key).await.map_err(ArchiveError::from)?;
        Ok(Fetched { key, content_type, bytes: written.bytes, sha256: written.sha256 })
    }
}

fn too_large(bytes: u64, most: u64) -> Trouble {
    Trouble::Never(format!("it has {bytes} bytes, more than the {most} that media.max_megabytes allows"))
}

/// Why there is no link.
enum NoLink {
    Zoom(ZoomError),
    /// The answer names none, or another file.
    Without(&'static str),
}

impl NoLink {
    fn of(self, media: &Media, now: Timestamp) -> Trouble {
        match self {
            Self::Zoom(error) => trouble(&error, media, now),
            Self::Without(why) => Trouble::NotReady(why.to_owned()),
        }
    }
}

/// Reads the recording or voicemail at Zoom and takes its link. `getPhoneRecordingByCallElementId` (LIGHT), where the
/// step is not known `getPhoneRecordingsByCallIdOrCallLogId` (LIGHT, deprecated); `getVoicemailDetails` (LIGHT).
async fn ask_link(client: &Client, media: &Media) -> Result<Url, NoLink> {
    let (operation, parameter, id) = match (media.kind, &media.element_id) {
        (MediaKind::Voicemail, _) => ("getVoicemailDetails", "voicemailId", &media.zoom_id),
        (_, Some(element)) => ("getPhoneRecordingByCallElementId", "callElementId", element),
        (_, None) => ("getPhoneRecordingsByCallIdOrCallLogId", "id", &media.call_id),
    };
    let call = client.operation(operation).map_err(NoLink::Zoom)?;
    let answer = call.path(parameter, id).answer().await.map_err(NoLink::Zoom)?;
    metrics::counter!("offhook_media_links_total", "what" => "read").increment(1);
    link_in(&answer.body, &media.zoom_id)
        .ok_or(NoLink::Without("Zoom's record names no link of this file yet"))
}

/// `download_url` beside the `id` of a file, wherever that is in the JSON.
fn link_in(json: &Value, id: &str) -> Option<Url> {
    match json {
        Value::Object(fields) => {
            if fields.get("id").and_then(Value::as_str) == Some(id)
                && let Some(link) = fields.get("download_url").and_then(Value::as_str)
            {
                return Url::parse(link).ok();
            }
            fields.values().find_map(|value| link_in(value, id))
        }
        Value::Array(items) => items.iter().find_map(|item| link_in(item, id)),
        _ => None,
    }
}

/// The text of a voicemail's `transcription`. Documented are 1, being made, and 2, done; 1 with text was seen too.
fn text_of(transcription: &Value) -> Result<String, Trouble> {
    let text = transcription["content"].as_str().unwrap_or_default().trim();
    if !text.is_empty() {
        return Ok(text.to_owned());
    }
    match transcription["status"].as_i64() {
        None | Some(0 | 1 | 2 | 5) => Err(Trouble::NotReady("its transcript is not written yet".to_owned())),
        Some(status) => Err(Trouble::Never(format!("Zoom has no transcript of it (status {status})"))),
    }
}

/// Another link may work where this one does not.
fn link_is_over(error: &ZoomError) -> bool {
    let status = error.api().map(|error| error.status);
    error.is_not_found()
        || matches!(status, Some(401 | 403 | 404 | 410))
        || matches!(error, ZoomError::Download { passing: false, .. })
}

/// What a failure of Zoom's means for the file.
fn trouble(error: &ZoomError, media: &Media, now: Timestamp) -> Trouble {
    let why = error.to_string();
    if let Some(api) = error.api() {
        match api.code {
            Some(802 | 3001 | 12002) => return Trouble::NotReady(why),
            Some(12000) => return Trouble::Never(why),
            _ => {}
        }
        // Voicemails that are not there are told with code 300.
        let absent = api.code == Some(300) && api.message.contains("does not exist");
        if error.is_not_found() || absent {
            let young = now.duration_since(media.recorded_at) <= READY_WITHIN;
            return if young || media.tries + 1 < NOT_FOUND {
                Trouble::NotReady(why)
            } else {
                Trouble::Gone(why)
            };
        }
        if api.scope_missing() {
            return Trouble::Later { why, at: now.checked_add(AFTER_SCOPES).ok(), its_own: false };
        }
    }
    let wait = error.api().and_then(|api| api.retry_after()).and_then(|wait| later(now, wait));
    Trouble::Later { why, at: error.daily_end().or(wait), its_own: !error.retry_helps() }
}

fn later(now: Timestamp, wait: Duration) -> Option<Timestamp> {
    now.checked_add(wait).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_link_is_that_of_the_file_with_the_id_and_of_no_other() {
        let event = json!({ "payload": { "object": { "recordings": [
            { "id": "R1", "download_url": "https://zoom.us/v2/phone/recording/download/a" },
            { "id": "R2", "download_url": "https://zoom.us/v2/phone/recording/download/b" },
            { "id": "R3", "download_url": "" },
        ] } } });
        assert!(link_in(&event, "R2").unwrap().path().ends_with("/b"));
        assert_eq!(link_in(&event, "R3"), None);
        assert_eq!(link_in(&event, "R4"), None);
    }

    #[test]
    fn a_transcript_that_is_being_written_is_waited_for_and_one_that_never_comes_is_not() {
        let of = |status: i64, content: &str| text_of(&json!({ "status": status, "content": content }));
        assert_eq!(of(2, " Hello. ").ok().as_deref(), Some("Hello."));
        assert!(matches!(of(1, ""), Err(Trouble::NotReady(_))));
        assert!(matches!(of(4, ""), Err(Trouble::Never(_))));
    }
}
