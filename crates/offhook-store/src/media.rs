//! The plain values about files of calls: recordings, voicemails, and what was said in them as text.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$word_doc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its word in the API, on disk and in pages.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// From its word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        }
    };
}

words! {
    /// What a file is.
    MediaKind {
        /// The sound of a call.
        Recording = "recording",
        /// What was said in a recording, as text with times.
        Transcript = "transcript",
        /// A message left.
        Voicemail = "voicemail",
        /// What was said in a message, as text.
        VoicemailTranscript = "voicemail_transcript",
    }
}

words! {
    /// How far a file is.
    MediaState {
        /// Nobody wants it: known, and left at Zoom.
        Skipped = "skipped",
        /// It will be fetched.
        Wanted = "wanted",
        /// It is being fetched.
        Fetching = "fetching",
        /// It is in the store.
        Here = "here",
        /// The last try failed; there will be another.
        Failed = "failed",
        /// Zoom is not done with it; there will be another try.
        NotReady = "not_ready",
        /// Zoom does not have it any more, and it was never fetched.
        Gone = "gone",
        /// It is being deleted.
        Deleting = "deleting",
        /// It was here, and was deleted.
        Deleted = "deleted",
        /// It cannot be had; nobody tries again unless told.
        Refused = "refused",
    }
}

words! {
    /// Where it is at Zoom, as far as told.
    AtZoom {
        /// There.
        Kept = "kept",
        /// In the trash.
        Trashed = "trashed",
        /// Deleted for good.
        Purged = "purged",
    }
}

/// A legal hold: nothing deletes the file while it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who put it on.
    pub who: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What a call tells of one of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Name of the file here: follows from account, kind and `zoom_id`.
    pub id: String,
    /// Zoom account id.
    pub account: String,
    /// What it is.
    pub kind: MediaKind,
    /// Zoom's id of the recording or the voicemail.
    pub zoom_id: String,
    /// The call's preferred id.
    pub call_id: String,
    /// The step of the record it belongs to.
    pub element_id: Option<String>,
    /// When it was recorded.
    pub recorded_at: Option<Timestamp>,
    /// Where it is at Zoom.
    pub at_zoom: AtZoom,
    /// The policy wants it here.
    pub wanted: bool,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Name of the file here.
    pub id: String,
    /// Zoom account id.
    pub account: String,
    /// What it is.
    pub kind: MediaKind,
    /// Zoom's id of the recording or the voicemail.
    pub zoom_id: String,
    /// The call's preferred id.
    pub call_id: String,
    /// The step of the record it belongs to.
    pub element_id: Option<String>,
    /// When it was recorded; when it was first heard of, where Zoom did not say.
    pub recorded_at: Timestamp,
    /// Where it is at Zoom.
    pub at_zoom: AtZoom,
    /// How far it is here.
    pub state: MediaState,
    /// What went wrong, or why it is not here; holds neither links nor tokens.
    pub why: Option<String>,
    /// Tries since it was wanted.
    pub tries: u32,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
    /// Since when Zoom has not been ready with it.
    pub waiting_since: Option<Timestamp>,
    /// Name in the store.
    pub key: Option<String>,
    /// Its length in bytes, before encryption.
    pub bytes: Option<u64>,
    /// SHA-256 of it before encryption, in hexadecimal.
    pub sha256: Option<String>,
    /// What it is made of, such as `audio/mpeg`.
    pub content_type: Option<String>,
    /// It is encrypted in the store.
    pub encrypted: bool,
    /// When it was fetched.
    pub fetched_at: Option<Timestamp>,
    /// A person asked for it: the policy does not count.
    pub asked: bool,
    /// The legal hold on it.
    pub hold: Option<Hold>,
}

impl Media {
    /// A file heard of for the first time.
    pub fn new(seen: &Sighting, now: Timestamp) -> Self {
        let mut made = Self {
            id: seen.id.clone(),
            account: seen.account.clone(),
            kind: seen.kind,
            zoom_id: seen.zoom_id.clone(),
            call_id: seen.call_id.clone(),
            element_id: None,
            recorded_at: seen.recorded_at.unwrap_or(now),
            at_zoom: AtZoom::Kept,
            state: MediaState::Skipped,
            why: None,
            tries: 0,
            next_try: None,
            waiting_since: None,
            key: None,
            bytes: None,
            sha256: None,
            content_type: None,
            encrypted: false,
            fetched_at: None,
            asked: false,
            hold: None,
        };
        made.meet(seen);
        made
    }

    /// Takes in what its call tells of it now.
    pub fn meet(&mut self, seen: &Sighting) {
        self.call_id.clone_from(&seen.call_id);
        if seen.element_id.is_some() {
            self.element_id.clone_from(&seen.element_id);
        }
        if let Some(at) = seen.recorded_at {
            self.recorded_at = at;
        }
        self.at_zoom = seen.at_zoom;
        let wanted = seen.wanted || self.asked;
        let pending = matches!(
            self.state,
            MediaState::Skipped | MediaState::Wanted | MediaState::Failed | MediaState::NotReady
        );
        if pending && self.at_zoom == AtZoom::Purged {
            self.rest(MediaState::Gone, "it was deleted at Zoom before it was fetched");
        } else if pending && self.at_zoom == AtZoom::Trashed {
            self.rest(MediaState::Gone, "it was put into the trash at Zoom before it was fetched");
        } else if wanted && self.state == MediaState::Skipped {
            self.want();
        } else if !wanted && pending && self.state != MediaState::Skipped {
            self.rest(MediaState::Skipped, "the policy does not want it");
        }
    }

    /// Sets it to be fetched as soon as possible.
    pub fn want(&mut self) {
        self.state = MediaState::Wanted;
        self.why = None;
        self.tries = 0;
        self.next_try = None;
        self.waiting_since = None;
    }

    /// Leaves it in a state in which nothing is tried.
    pub fn rest(&mut self, state: MediaState, why: impl Into<String>) {
        self.state = state;
        self.why = Some(why.into());
        self.next_try = None;
        self.waiting_since = None;
    }
}

/// Which files to list.
#[derive(Debug, Clone, Default)]
pub struct MediaFilter {
    /// Of this call, by its preferred id.
    pub call_id: Option<String>,
    /// Of this account.
    pub account: Option<String>,
    /// Of this kind.
    pub kind: Option<MediaKind>,
    /// In this state.
    pub state: Option<MediaState>,
    /// Under legal hold, or not.
    pub held: Option<bool>,
}

/// Something that was done to a file or decided about it: a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaNote {
    /// When.
    pub at: Timestamp,
    /// Which file.
    pub media: String,
    /// What: `fetched`, `found`, `asked`, `held`, `released`, `deleted`, `kept`.
    pub what: String,
    /// Who, where it was a person.
    pub who: Option<String>,
    /// Why.
    pub why: String,
}

/// How many files are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaCount {
    /// What they are.
    pub kind: MediaKind,
    /// How far they are.
    pub state: MediaState,
    /// So many.
    pub files: u64,
    /// Bytes of those that are here.
    pub bytes: u64,
}

/// An app of ours was removed by whoever installed it: Zoom wants the account's data deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Zoom account id.
    pub account: String,
    /// When it was removed; what was recorded later came after somebody installed it again.
    pub at: Timestamp,
}
