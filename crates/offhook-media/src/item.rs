//! Which files a call has, and what of it is wanted.

use jiff::{SignedDuration, Timestamp};
use offhook_calls::{CallView, Party};
use offhook_store::{AtZoom, MediaKind, Sighting};
use sha2::{Digest as _, Sha256};

/// What is fetched, and what becomes of it. By default nothing is: what calls have is listed, and stays at Zoom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Fetch at all.
    pub fetch: bool,
    /// These kinds.
    pub kinds: Vec<MediaKind>,
    /// Only calls through one of these queues (name, extension number or id), or with one of `people`; with both empty,
    /// all calls.
    pub queues: Vec<String>,
    /// Only calls with one of these people (user id, name or extension number).
    pub people: Vec<String>,
    /// Nothing recorded longer ago than so many days.
    pub max_age_days: Option<u32>,
    /// Nothing larger than so many bytes.
    pub max_bytes: u64,
    /// So many at a time.
    pub parallel: usize,
    /// Delete so many days after it was recorded.
    pub retention_days: Option<u32>,
    /// Delete what is in Zoom's trash, too.
    pub follow_trash: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fetch: false,
            kinds: MediaKind::ALL.to_vec(),
            queues: Vec::new(),
            people: Vec::new(),
            max_age_days: None,
            max_bytes: 1 << 30,
            parallel: 2,
            retention_days: None,
            follow_trash: false,
        }
    }
}

impl Policy {
    /// Until when something may be kept; `None`: for ever.
    pub fn retain_until(&self, recorded_at: Timestamp) -> Option<Timestamp> {
        recorded_at.checked_add(days(self.retention_days?)).ok()
    }

    /// What was recorded before then has outlived its retention.
    pub(crate) fn outlived_before(&self, now: Timestamp) -> Option<Timestamp> {
        now.checked_sub(days(self.retention_days?)).ok()
    }

    /// What decides which files are wanted. When it changes, all calls are looked at again.
    pub(crate) fn mark(&self) -> String {
        let Self { fetch, kinds, queues, people, max_age_days, retention_days, .. } = self;
        let text = format!("1 {fetch} {kinds:?} {queues:?} {people:?} {max_age_days:?} {retention_days:?}");
        hex::encode(&Sha256::digest(text)[..8])
    }

    fn wants(
        &self,
        view: &CallView,
        kind: MediaKind,
        owner: Option<&Party>,
        recorded_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let young =
            |limit: Option<u32>| limit.is_none_or(|limit| now.duration_since(recorded_at) <= days(limit));
        self.fetch
            && self.kinds.contains(&kind)
            && young(self.max_age_days)
            && young(self.retention_days)
            && ((self.queues.is_empty() && self.people.is_empty())
                || self.of_queue(view)
                || self.of_person(view, owner))
    }

    fn of_queue(&self, view: &CallView) -> bool {
        let of_legs = view.legs.iter().filter_map(|leg| leg.queue.as_ref());
        let stays = view.queues.iter().map(|stay| &stay.queue);
        view.queue
            .iter()
            .chain(of_legs)
            .chain(stays)
            .any(|queue| named(&self.queues, [&queue.name, &queue.extension_number, &queue.extension_id]))
    }

    fn of_person(&self, view: &CallView, owner: Option<&Party>) -> bool {
        let legs = view.legs.iter().map(|leg| &leg.party);
        owner
            .into_iter()
            .chain(legs)
            .any(|party| named(&self.people, [&party.name, &party.extension_number, &party.user_id]))
    }
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

fn named(list: &[String], names: [&Option<String>; 3]) -> bool {
    names.into_iter().flatten().any(|name| list.contains(name))
}

/// The name of a file here: the same wherever it is computed, and nothing can be read from it.
pub fn id(account: &str, kind: MediaKind, zoom_id: &str) -> String {
    let text = [account, kind.as_str(), zoom_id].join("\0");
    hex::encode(&Sha256::digest(text)[..16])
}

/// The files that a call has, or had.
pub(crate) fn sightings(view: &CallView, policy: &Policy, now: Timestamp) -> Vec<Sighting> {
    let mut seen = Vec::new();
    let mut add =
        |kind, zoom_id: &str, element: &Option<String>, at: Option<Timestamp>, state: &str, owner| {
            let at_zoom = match state {
                "trashed" => AtZoom::Trashed,
                "purged" => AtZoom::Purged,
                _ => AtZoom::Kept,
            };
            let recorded_at = at.or(view.ended_at).or(view.started_at);
            let wanted = policy.wants(view, kind, owner, recorded_at.unwrap_or(now), now);
            seen.push(Sighting {
                id: id(&view.account_id, kind, zoom_id),
                account: view.account_id.clone(),
                kind,
                zoom_id: zoom_id.to_owned(),
                call_id: view.id.clone(),
                element_id: element.clone(),
                recorded_at,
                at_zoom,
                wanted: wanted && at_zoom == AtZoom::Kept,
            });
        };
    for recording in &view.recordings {
        // Before that there is no file.
        if !["ready", "trashed", "purged"].contains(&recording.state.as_str()) {
            continue;
        }
        let owner = recording.owner.as_ref();
        let (id, state, element) = (recording.id.as_str(), recording.state.as_str(), &recording.element_id);
        add(MediaKind::Recording, id, element, recording.started_at, state, owner);
        if recording.transcript {
            add(MediaKind::Transcript, id, element, recording.started_at, state, owner);
        }
    }
    for voicemail in &view.voicemails {
        let owner = voicemail.mailbox.as_ref();
        let (id, state, element) = (voicemail.id.as_str(), voicemail.state.as_str(), &voicemail.element_id);
        add(MediaKind::Voicemail, id, element, voicemail.left_at, state, owner);
        if voicemail.transcript {
            add(MediaKind::VoicemailTranscript, id, element, voicemail.left_at, state, owner);
        }
    }
    seen
}
