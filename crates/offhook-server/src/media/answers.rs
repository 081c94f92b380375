//! Files as the API shows them.

use jiff::Timestamp;
use offhook_media::Policy;
use offhook_store::{Media, MediaCount, MediaNote};
use serde::Serialize;
use utoipa::ToSchema;

/// A recording, a voicemail, or what was said in one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaFile {
    /// Its id here.
    id: String,
    /// Zoom account id.
    account_id: String,
    /// `recording`, `transcript`, `voicemail`, `voicemail_transcript`.
    kind: &'static str,
    /// Zoom's id of the recording or voicemail.
    zoom_id: String,
    /// The call it belongs to.
    call_id: String,
    /// When it was recorded; when it was first heard of, where Zoom did not say.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// Where it is at Zoom, as far as told: `kept`, `trashed`, `purged`.
    at_zoom: &'static str,
    /// How far it is here: `skipped` (the policy leaves it at Zoom), `wanted`, `fetching`, `here`, `failed` (tried
    /// again), `not_ready` (tried again), `gone` (at Zoom, before it was fetched), `deleting`, `deleted`, `refused`
    /// (not tried again by itself).
    state: &'static str,
    /// What went wrong, or why it is not here.
    why: Option<String>,
    /// Tries since it was wanted.
    tries: u32,
    /// When it is tried again.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try_at: Option<Timestamp>,
    /// Its length in bytes.
    bytes: Option<u64>,
    /// Its SHA-256, in hexadecimal.
    sha256: Option<String>,
    /// What it is made of, such as `audio/mpeg`.
    content_type: Option<String>,
    /// It is encrypted in the store.
    encrypted: bool,
    /// When it was fetched.
    #[schema(value_type = Option<String>, format = DateTime)]
    fetched_at: Option<Timestamp>,
    /// When its retention ends; null where there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    retain_until: Option<Timestamp>,
    /// The legal hold on it.
    hold: Option<MediaHold>,
}

/// A legal hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaHold {
    /// Who put it on.
    who: String,
    /// Why.
    reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl MediaFile {
    pub(super) fn of(row: Media, policy: &Policy) -> Self {
        let hold = row.hold.map(|hold| MediaHold { who: hold.who, reason: hold.reason, at: hold.at });
        Self {
            retain_until: policy.retain_until(row.recorded_at),
            id: row.id,
            account_id: row.account,
            kind: row.kind.as_str(),
            zoom_id: row.zoom_id,
            call_id: row.call_id,
            recorded_at: row.recorded_at,
            at_zoom: row.at_zoom.as_str(),
            state: row.state.as_str(),
            why: row.why,
            tries: row.tries,
            next_try_at: row.next_try,
            bytes: row.bytes,
            sha256: row.sha256,
            content_type: row.content_type,
            encrypted: row.encrypted,
            fetched_at: row.fetched_at,
            hold,
        }
    }
}

/// Some files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaList {
    /// Newest first.
    pub(super) files: Vec<MediaFile>,
    /// Where the next page begins; null at the end.
    pub(super) next_cursor: Option<String>,
}

/// A file and its receipts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaDetail {
    #[serde(flatten)]
    file: MediaFile,
    /// What was done to it and decided about it, oldest first.
    receipts: Vec<MediaReceipt>,
}

/// Something that was done to a file or decided about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaReceipt {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `asked`, `fetched`, `found`, `held`, `released`, `kept` (by a hold), `deleted`, `given up`.
    what: String,
    /// Who, where it was a person.
    who: Option<String>,
    /// Why.
    why: String,
}

impl MediaDetail {
    pub(super) fn of(row: Media, policy: &Policy, notes: Vec<MediaNote>) -> Self {
        let receipt = |MediaNote { at, what, who, why, .. }| MediaReceipt { at, what, who, why };
        Self { file: MediaFile::of(row, policy), receipts: notes.into_iter().map(receipt).collect() }
    }
}

/// How it stands with all files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaSummary {
    /// The policy fetches files; else they are only listed, and fetched when somebody asks.
    fetching: bool,
    /// Days until a file is deleted; null for never.
    retention_days: Option<u32>,
    /// What keeps files from being stored, such as a full disk; null when nothing does.
    blocked: Option<String>,
    /// How many are how far.
    counts: Vec<MediaTally>,
}

/// So many files of a kind are in a state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaTally {
    /// What they are.
    kind: &'static str,
    /// How far they are.
    state: &'static str,
    /// How many.
    files: u64,
    /// Bytes of those that are here.
    bytes: u64,
}

impl MediaSummary {
    pub(super) fn of(policy: &Policy, blocked: Option<String>, counts: Vec<MediaCount>) -> Self {
        let tally = |MediaCount { kind, state, files, bytes }| MediaTally {
            kind: kind.as_str(),
            state: state.as_str(),
            files,
            bytes,
        };
        Self {
            fetching: policy.fetch,
            retention_days: policy.retention_days,
            blocked,
            counts: counts.into_iter().map(tally).collect(),
        }
    }
}

/// Whether a file is what was fetched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaVerdict {
    /// Its id.
    pub(super) id: String,
    /// It is.
    pub(super) intact: bool,
    /// Why it is not.
    pub(super) why: Option<String>,
}

/// A link to the bytes of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaLink {
    /// Path on this server.
    pub(super) url: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub(super) expires_at: Timestamp,
}

/// A place in a list: when the last file seen was recorded, and its id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor(pub(super) Timestamp, pub(super) String);

/// The text is no cursor of ours.
#[derive(Debug, thiserror::Error)]
#[error("the cursor is not one that this list gave out; start again without it")]
pub(super) struct CursorError;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0.as_millisecond(), self.1)
    }
}

impl std::str::FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (ms, id) = text.split_once('.').ok_or(CursorError)?;
        let at = ms.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).ok_or(CursorError)?;
        Ok(Self(at, id.to_owned()))
    }
}
