//! What became of a call's recordings.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;

use super::{RecordingView, sorted::Sorted};
use crate::fact::RecordingEvent;

/// One thing that happened to one recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordingStep {
    pub(super) at: Option<Timestamp>,
    pub(super) event_ts: Option<i64>,
    pub(super) happened: RecordingEvent,
}

/// The recordings, by id.
pub(super) fn recordings(sorted: &Sorted<'_>) -> Vec<RecordingView> {
    let mut recordings: BTreeMap<&str, RecordingView> = sorted
        .recordings
        .iter()
        .map(|(id, steps)| {
            let started_at = steps
                .iter()
                .filter(|step| step.happened == RecordingEvent::Started)
                .filter_map(|step| step.at)
                .min();
            let state = steps.iter().max_by_key(|step| rank(step)).map_or("on", |step| word(step.happened));
            (*id, RecordingView { started_at, ..seen(id, state) })
        })
        .collect();
    // A record that names a recording is written when its file is there.
    for id in sorted.elements.iter().filter_map(|(_, element)| element.recording_id.as_deref()) {
        recordings.entry(id).or_insert_with(|| seen(id, word(RecordingEvent::Ready)));
    }
    recordings.into_values().collect()
}

/// A recording of which no more is known than its state.
fn seen(id: &str, state: &str) -> RecordingView {
    RecordingView {
        id: id.to_owned(),
        state: state.to_owned(),
        started_at: None,
        ended_at: None,
        duration_seconds: None,
        kind: None,
        element_id: None,
        owner: None,
        transcript: false,
    }
}

/// A file that is there stays there, whatever event of the recording itself comes in late. Before that,
/// the last event counts; a stop is the last of its second.
fn rank(step: &RecordingStep) -> impl Ord + use<> {
    let of_file = (step.happened >= RecordingEvent::Ready).then_some(step.happened);
    let stops = matches!(step.happened, RecordingEvent::Stopped | RecordingEvent::Failed);
    (of_file, step.at, stops, step.event_ts, step.happened)
}

fn word(happened: RecordingEvent) -> &'static str {
    match happened {
        RecordingEvent::Started | RecordingEvent::Resumed => "on",
        RecordingEvent::Paused => "paused",
        RecordingEvent::Stopped => "stopped",
        RecordingEvent::Failed => "failed",
        RecordingEvent::Ready | RecordingEvent::TranscriptReady => "ready",
        RecordingEvent::Trashed => "trashed",
        RecordingEvent::Purged => "purged",
    }
}

/// What recording means for the call as a whole, of several recordings the one that matters most now.
pub(super) fn recording(sorted: &Sorted<'_>, recordings: &[RecordingView]) -> Option<String> {
    const BY_WEIGHT: [&str; 7] = ["on", "paused", "ready", "stopped", "failed", "trashed", "purged"];
    let weight = |state: &str| BY_WEIGHT.iter().position(|word| *word == state);
    recordings.iter().max_by_key(|one| Reverse(weight(&one.state))).map(|one| one.state.clone()).or_else(
        || {
            let (_, row) = sorted.row.as_ref()?;
            (row.recorded == Some(true)).then(|| word(RecordingEvent::Ready).to_owned())
        },
    )
}
