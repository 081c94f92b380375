//! Recordings, voicemails, AI summaries: what hangs on a call. Download links are never taken in.

use zoom_phone_types::events::{Event, RecordingControl, RecordingFiles, Voicemail};

use super::{Facts, Names, text, time};
use crate::{
    fact::{RecordingEvent, Said, Source, VoicemailEvent},
    identity::AliasKind,
    normalize::status::wire_kind,
    party::Party,
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
            voicemail(facts, told, VoicemailEvent::Received);
        }
        Event::VoicemailTranscriptCompleted(told) => voicemail(facts, told, VoicemailEvent::TranscriptReady),
        Event::VoicemailDeleted(told) => voicemails_gone(facts, told, VoicemailEvent::Trashed),
        Event::VoicemailPermanentlyDeleted(told) => voicemails_gone(facts, told, VoicemailEvent::Purged),
        Event::AiCallSummaryChanged(told) => {
            let names = Names::of_call(told.call_id.as_ref())
                .and(AliasKind::AiCallSummaryId, told.ai_call_summary_id.as_ref());
            let said = Said::Summary {
                id: told.ai_call_summary_id.clone().unwrap_or_default(),
                deleted: told.deleted == Some(true),
            };
            let at = time(told.modified_time.as_ref()).or_else(|| time(told.created_time.as_ref()));
            facts.add(Source::Media, at, names, said);
        }
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
    for file in told.recordings.iter().flatten() {
        let names = Names::of_call(file.call_id.as_ref())
            .and(AliasKind::RecordingId, file.id.as_ref())
            .and(AliasKind::CallHistoryUuid, file.call_history_id.as_ref())
            .and(AliasKind::CallElementId, file.call_element_id.as_ref())
            .and(AliasKind::CallLogId, file.call_log_id.as_ref());
        let Some(id) = text(file.id.as_deref()) else {
            facts.nameless = true;
            continue;
        };
        let at = time(file.end_time.as_ref()).or_else(|| time(file.date_time.as_ref()));
        facts.add(Source::Media, at, names, Said::Recording { id, happened });
    }
}

fn voicemail(facts: &mut Facts<'_>, told: &Voicemail, happened: VoicemailEvent) {
    let names = Names::of_call(told.call_id.as_ref())
        .and(AliasKind::VoicemailId, told.id.as_ref())
        .and(AliasKind::CallHistoryUuid, told.call_history_id.as_ref())
        .and(AliasKind::CallElementId, told.call_element_id.as_ref())
        .and(AliasKind::CallLogId, told.call_log_id.as_ref());
    let Some(id) = text(told.id.as_deref()) else { return facts.nameless = true };
    // 1 is an extension, anything else a telephone number.
    let side = |kind: Option<i64>, number: Option<&String>| {
        let (extension, telephone) = if kind == Some(1) { (number, None) } else { (None, number) };
        (extension.cloned(), telephone.cloned())
    };
    let (extension_number, number) = side(told.callee_number_type, told.callee_number.as_ref());
    let callee = Party {
        kind: wire_kind(told.callee_extension_type.as_ref().map(|kind| kind.as_str())),
        name: told.callee_name.clone(),
        number: told.callee_did_number.clone().or(number),
        extension_number,
        user_id: told.callee_user_id.clone(),
        extension_id: told.callee_id.clone(),
        device_id: None,
    };
    let (extension_number, number) = side(told.caller_number_type, told.caller_number.as_ref());
    let caller = Party {
        name: told.caller_name.clone(),
        number: told.caller_did_number.clone().or(number),
        extension_number,
        user_id: told.caller_user_id.clone(),
        ..Party::default()
    };
    let said = Said::Voicemail { id, happened, callee: callee.tidied(), caller: caller.tidied() };
    let at = time(told.date_time.as_ref());
    facts.add(Source::Media, at, names, said);
}

fn voicemails_gone(
    facts: &mut Facts<'_>,
    told: &zoom_phone_types::events::VoicemailDeleted,
    happened: VoicemailEvent,
) {
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
