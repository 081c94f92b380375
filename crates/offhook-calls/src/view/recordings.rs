//! What became of a call's recordings.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;

use super::{RecordingView, sorted::Sorted};
use crate::fact::{RecordingEvent, RecordingFile};

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
            let state = steps.iter().max_by_key(|step| rank(step)).map_or("on", |step| word(step.happened));
            let moments = |wanted: fn(RecordingEvent) -> bool| {
                steps.iter().filter(move |step| wanted(step.happened)).filter_map(|step| step.at)
            };
            let stops = |happened| matches!(happened, RecordingEvent::Stopped | RecordingEvent::Failed);
            let recording = RecordingView {
                started_at: moments(|happened| happened == RecordingEvent::Started).min(),
                ended_at: moments(stops).max(),
                transcript: steps.iter().any(|step| step.happened == RecordingEvent::TranscriptReady),
                ..seen(id, state)
            };
            (*id, recording)
        })
        .collect();
    for file in &sorted.recording_files {
        recordings.entry(&file.id).or_insert_with(|| seen(&file.id, "")).describe(file);
    }
    // A record that names a recording is written when its file is there.
    for (element, id) in
        sorted.elements.iter().filter_map(|(_, element)| Some((element, element.recording_id.as_deref()?)))
    {
        let known = recordings.entry(id).or_insert_with(|| seen(id, ""));
        known.element_id.get_or_insert_with(|| element.id.clone());
        known.is_there();
    }
    recordings.into_values().collect()
}

impl RecordingView {
    /// Takes in what a record says of the file. Events told when it began and ended; of a record's times nothing says
    /// whether they are the call's or the file's.
    fn describe(&mut self, file: &RecordingFile) {
        self.started_at = self.started_at.or(file.started_at);
        self.ended_at = self.ended_at.or(file.ended_at);
        self.duration_seconds = self.duration_seconds.or(file.duration_seconds);
        self.element_id = self.element_id.take().or_else(|| file.element_id.clone());
        self.kind = self.kind.take().or_else(|| file.kind.as_deref().map(kind));
        self.transcript |= file.has_transcript;
        if !file.owner.is_nobody() {
            self.owner.get_or_insert_default().learn(&file.owner);
        }
        self.is_there();
    }

    fn is_there(&mut self) {
        if !matches!(self.state.as_str(), "trashed" | "purged") {
            word(RecordingEvent::Ready).clone_into(&mut self.state);
        }
    }
}

/// The two kinds that Zoom has, in its three spellings, as one; any other as it is.
fn kind(told: &str) -> String {
    match told {
        "OnDemand" | "On-demand" | "ad-hoc" => "on_demand".to_owned(),
        "Automatic" | "automatic" => "automatic".to_owned(),
        other => other.to_owned(),
    }
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
