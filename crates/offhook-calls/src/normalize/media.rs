//! Recordings, voicemails, AI summaries: what hangs on a call. Download links are never taken in.

use jiff::Timestamp;
use serde_json::{Map, Value};
use zoom_phone_types::events::{
    AiCallSummary, Event, Owner, RecordingControl, RecordingFile as WireFile, RecordingFiles, Time,
    Voicemail, VoicemailDeleted, Wire as _,
};

use super::{
    Facts, Names,
    record::direction,
    seconds,
    status::{owner, wire_kind},
    text, time,
};
use crate::{
    fact::{RecordingEvent, RecordingFile, Said, Source, VoicemailEvent, VoicemailFile},
    identity::AliasKind,
    party::Party,
    view::Direction,
};

/// Reads an event of this family; `false` if it is of another.
pub(super) fn read(event: &Event, facts: &mut Facts<'_>) -> bool {
    match event {
        Event::RecordingStarted(told) => control(facts, told, RecordingEvent::Started),
        Event::RecordingPaused(told) => control(facts, told, RecordingEvent::Paused),
        Event::RecordingResumed(told) => control(facts, told, RecordingEvent::Resumed),
        Event::RecordingStopped(told) => control(facts, told, RecordingEvent::Stopped),
        Event::RecordingFailed(told) => control(facts, told, RecordingEvent::Failed),
        Event::RecordingCompleted(told) | Event::RecordingCompletedForAccessMember(told) => {
            files(facts, told, RecordingEvent::Ready);
        }
        Event::RecordingTranscriptCompleted(told) => files(facts, told, RecordingEvent::TranscriptReady),
        Event::RecordingDeleted(told) => files(facts, told, RecordingEvent::Trashed),
        Event::RecordingPermanentlyDeleted(told) => files(facts, told, RecordingEvent::Purged),
        Event::VoicemailReceived(told) | Event::VoicemailReceivedForAccessMember(told) => {
            message(facts, told, VoicemailEvent::Received);
        }
        Event::VoicemailTranscriptCompleted(told) => message(facts, told, VoicemailEvent::TranscriptReady),
        Event::VoicemailDeleted(told) => messages_gone(facts, told, VoicemailEvent::Trashed),
        Event::VoicemailPermanentlyDeleted(told) => messages_gone(facts, told, VoicemailEvent::Purged),
        Event::AiCallSummaryChanged(told) => summary_told(facts, told),
        _ => return false,
    }
    true
}

fn control(facts: &mut Facts<'_>, told: &RecordingControl, happened: RecordingEvent) {
    let names = Names::of_call(told.call_id.as_ref()).and(AliasKind::RecordingId, told.id.as_ref());
    let Some(id) = text(told.id.as_deref()) else { return facts.nameless = true };
    let at = time(told.date_time.as_ref());
    facts.add(Source::Media, at, names, Said::Recording { id, happened });
}

fn files(facts: &mut Facts<'_>, told: &RecordingFiles, happened: RecordingEvent) {
    for told in told.recordings.iter().flatten() {
        file(facts, told, happened);
    }
}

/// Reads one recording of a list, or of one call. One in the trash has a `deleted_time`.
pub(super) fn recording(row: Map<String, Value>, facts: &mut Facts<'_>) {
    let Some(told) = WireFile::from_json(&Value::Object(row)) else { return facts.nameless = true };
    file(facts, &told, RecordingEvent::Ready);
    let (Some(id), Some(at)) = (text(told.id.as_deref()), deleted_at(&told.extra)) else { return };
    let said = Said::Recording { id, happened: RecordingEvent::Trashed };
    facts.add(Source::Media, Some(at), names_of_file(&told), said);
}

fn deleted_at(extra: &Map<String, Value>) -> Option<Timestamp> {
    time(extra.get("deleted_time").and_then(Time::from_json).as_ref())
}

fn names_of_file(told: &WireFile) -> Names {
    Names::of_call(told.call_id.as_ref())
        .and(AliasKind::RecordingId, told.id.as_ref())
        .and(AliasKind::CallHistoryUuid, told.call_history_id.as_ref())
        .and(AliasKind::CallElementId, told.call_element_id.as_ref())
        .and(AliasKind::CallLogId, told.call_log_id.as_ref())
}

fn file(facts: &mut Facts<'_>, told: &WireFile, happened: RecordingEvent) {
    let Some(id) = text(told.id.as_deref()) else { return facts.nameless = true };
    let (started_at, ended_at) = (time(told.date_time.as_ref()), time(told.end_time.as_ref()));
    let said = Said::Recording { id: id.clone(), happened };
    facts.add(Source::Media, ended_at.or(started_at), names_of_file(told), said);
    // News of a deletion may bring no more than the id.
    if started_at.is_none() && told.duration.is_none() {
        return;
    }
    let direction = direction(told.direction.as_ref());
    let taken_by = if direction == Some(Direction::Outbound) { &told.outgoing_by } else { &told.accepted_by };
    let owner = match (&told.owner, taken_by) {
        (Some(told), _) => owner(told),
        (None, Some(by)) => {
            let (name, extension_number) = (by.name.clone(), by.extension_number.clone());
            Party { name, extension_number, ..Party::default() }.tidied()
        }
        (None, None) => Party::default(),
    };
    let caller = end(
        told.caller_number_type,
        told.caller_number.as_ref(),
        told.caller_did_number.as_ref(),
        told.caller_name.as_ref(),
    );
    let callee = end(
        told.callee_number_type,
        told.callee_number.as_ref(),
        told.callee_did_number.as_ref(),
        told.callee_name.as_ref(),
    );
    let said = RecordingFile {
        id,
        kind: text(told.recording_type.as_ref().map(|kind| kind.as_str())),
        started_at,
        ended_at,
        duration_seconds: seconds(told.duration),
        element_id: text(told.call_element_id.as_deref()),
        owner,
        direction,
        caller: caller.tidied(),
        callee: callee.tidied(),
        has_transcript: text(told.transcript_download_url.as_deref()).is_some(),
    };
    facts.add(Source::Media, started_at, names_of_file(told), Said::RecordingFile(Box::new(said)));
}

/// One end of a recording or a voicemail: 1 is an extension, anything else a telephone number.
fn end(kind: Option<i64>, number: Option<&String>, direct: Option<&String>, name: Option<&String>) -> Party {
    let (extension, telephone) = if kind == Some(1) { (number, None) } else { (None, number) };
    Party {
        name: name.cloned(),
        number: direct.or(telephone).cloned(),
        extension_number: extension.cloned(),
        ..Party::default()
    }
}

/// Reads one voicemail of a list, or the answer about one. One in the trash has a `deleted_time`.
pub(super) fn voicemail(row: Map<String, Value>, facts: &mut Facts<'_>) {
    let Some(told) = Voicemail::from_json(&Value::Object(row)) else { return facts.nameless = true };
    message(facts, &told, VoicemailEvent::Received);
    let (Some(id), Some(at)) = (text(told.id.as_deref()), deleted_at(&told.extra)) else { return };
    let (callee, caller) = (Party::default(), Party::default());
    let said = Said::Voicemail { id, happened: VoicemailEvent::Trashed, callee, caller };
    facts.add(Source::Media, Some(at), names_of_message(&told), said);
}

fn names_of_message(told: &Voicemail) -> Names {
    Names::of_call(told.call_id.as_ref())
        .and(AliasKind::VoicemailId, told.id.as_ref())
        .and(AliasKind::CallHistoryUuid, told.call_history_id.as_ref())
        .and(AliasKind::CallElementId, told.call_element_id.as_ref())
        .and(AliasKind::CallLogId, told.call_log_id.as_ref())
}

fn message(facts: &mut Facts<'_>, told: &Voicemail, happened: VoicemailEvent) {
    let Some(id) = text(told.id.as_deref()) else { return facts.nameless = true };
    let callee = Party {
        kind: wire_kind(told.callee_extension_type.as_ref().map(|kind| kind.as_str())),
        user_id: told.callee_user_id.clone(),
        extension_id: told.callee_id.clone(),
        ..end(
            told.callee_number_type,
            told.callee_number.as_ref(),
            told.callee_did_number.as_ref(),
            told.callee_name.as_ref(),
        )
    }
    .tidied();
    let caller = Party {
        user_id: told.caller_user_id.clone(),
        ..end(
            told.caller_number_type,
            told.caller_number.as_ref(),
            told.caller_did_number.as_ref(),
            told.caller_name.as_ref(),
        )
    }
    .tidied();
    let at = time(told.date_time.as_ref());
    // The account's list names the mailbox's owner, events the one called.
    let mut mailbox = callee.clone();
    if let Some(told) = told.extra.get("owner").and_then(Owner::from_json) {
        let owner = owner(&told);
        if mailbox.is_nobody() || owner.is_same_as(&mailbox) {
            mailbox.learn(&owner);
        } else {
            mailbox = owner;
        }
    }
    let said = VoicemailFile {
        id: id.clone(),
        left_at: at,
        duration_seconds: seconds(told.duration),
        element_id: text(told.call_element_id.as_deref()),
        mailbox,
        caller: caller.clone(),
        // Documented are 1, being made, and 2, done; 1 with text was seen, too.
        has_transcript: told.transcription.as_ref().is_some_and(|transcript| {
            transcript.status == Some(2) || text(transcript.content.as_deref()).is_some()
        }),
    };
    facts.add(Source::Media, at, names_of_message(told), Said::VoicemailFile(Box::new(said)));
    facts.add(Source::Media, at, names_of_message(told), Said::Voicemail { id, happened, callee, caller });
}

fn messages_gone(facts: &mut Facts<'_>, told: &VoicemailDeleted, happened: VoicemailEvent) {
    for gone in told.voice_mails.iter().flatten() {
        let Some(id) = text(gone.id.as_deref()) else {
            facts.nameless = true;
            continue;
        };
        let names = Names::default().and(AliasKind::VoicemailId, gone.id.as_ref());
        let said = Said::Voicemail { id, happened, callee: Party::default(), caller: Party::default() };
        facts.add(Source::Media, None, names, said);
    }
}

/// Reads the answer of `getUserAICallSummary`. What the summary says stays in the inbox.
pub(super) fn summary(row: Map<String, Value>, facts: &mut Facts<'_>) {
    match AiCallSummary::from_json(&Value::Object(row)) {
        Some(told) => summary_told(facts, &told),
        None => facts.nameless = true,
    }
}

fn summary_told(facts: &mut Facts<'_>, told: &AiCallSummary) {
    let mut names = Names::of_call(told.call_id.as_ref())
        .and(AliasKind::AiCallSummaryId, told.ai_call_summary_id.as_ref());
    for log in told.call_log_ids.iter().flatten() {
        names = names.and(AliasKind::CallLogId, Some(log));
    }
    let said = Said::Summary {
        id: text(told.ai_call_summary_id.as_deref()).unwrap_or_default(),
        deleted: told.deleted == Some(true),
    };
    let at = time(told.modified_time.as_ref()).or_else(|| time(told.created_time.as_ref()));
    facts.add(Source::Media, at, names, said);
}
