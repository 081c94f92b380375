//! Messages left.

use std::collections::BTreeMap;

use super::{VoicemailView, sorted::Sorted};
use crate::{fact::VoicemailEvent, party::Party};

/// The messages, by id.
pub(super) fn voicemails(sorted: &Sorted<'_>) -> Vec<VoicemailView> {
    let mut messages: BTreeMap<&str, VoicemailView> = BTreeMap::new();
    let mut fates: BTreeMap<&str, VoicemailEvent> = BTreeMap::new();
    for file in &sorted.voicemail_files {
        let message = messages.entry(&file.id).or_insert_with(|| seen(&file.id));
        message.left_at = message.left_at.or(file.left_at);
        message.duration_seconds = message.duration_seconds.or(file.duration_seconds);
        message.element_id = message.element_id.take().or_else(|| file.element_id.clone());
        message.transcript |= file.has_transcript;
        message.ends(&file.mailbox, &file.caller);
    }
    for (id, at, happened, mailbox, caller) in &sorted.voicemail_steps {
        let message = messages.entry(id).or_insert_with(|| seen(id));
        let fate = fates.entry(id).or_insert(*happened);
        *fate = (*fate).max(*happened);
        if *happened == VoicemailEvent::Received {
            message.left_at = message.left_at.or(*at);
        }
        message.transcript |= *happened == VoicemailEvent::TranscriptReady;
        message.ends(mailbox, caller);
    }
    for (element, id) in
        sorted.elements.iter().filter_map(|(_, element)| Some((element, element.voicemail_id.as_deref()?)))
    {
        let message = messages.entry(id).or_insert_with(|| seen(id));
        message.element_id.get_or_insert_with(|| element.id.clone());
        if message.mailbox.is_none() {
            message.ends(&element.callee, &Party::default());
        }
        if message.from.is_none() {
            message.ends(&Party::default(), &element.caller);
        }
    }
    for (id, message) in &mut messages {
        let word = match fates.get(id) {
            Some(VoicemailEvent::Trashed) => "trashed",
            Some(VoicemailEvent::Purged) => "purged",
            Some(VoicemailEvent::Received | VoicemailEvent::TranscriptReady) | None => "received",
        };
        word.clone_into(&mut message.state);
    }
    messages.into_values().collect()
}

impl VoicemailView {
    fn ends(&mut self, mailbox: &Party, from: &Party) {
        for (known, told) in [(&mut self.mailbox, mailbox), (&mut self.from, from)] {
            if !told.is_nobody() {
                known.get_or_insert_default().learn(told);
            }
        }
    }
}

/// A message of which no more is known than its id.
fn seen(id: &str) -> VoicemailView {
    VoicemailView {
        id: id.to_owned(),
        state: String::new(),
        left_at: None,
        duration_seconds: None,
        element_id: None,
        mailbox: None,
        from: None,
        transcript: false,
    }
}
