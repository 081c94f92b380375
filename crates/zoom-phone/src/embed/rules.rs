//! What a message means where its shape alone does not say.

use super::{Body, Message, Party};
use zoom_phone_types::events::Direction;

/// The other side of a call: who is called if it goes out, else who calls.
pub fn remote_party<'a>(
    direction: Option<&Direction>,
    caller: Option<&'a Party>,
    callee: Option<&'a Party>,
) -> Option<&'a Party> {
    if direction == Some(&Direction::Outbound) { callee } else { caller }
}

/// What makes two deliveries of a message one: its id; without one, its type and whatever it names. Several tabs all get
/// the same message, and some messages are sent anew when something was changed, which gives them another key.
///
/// `None` for a message that names nothing, for requests, which are to be answered each time, and for what the user
/// saves, which replaces what was saved before.
pub fn key(message: &Message) -> Option<String> {
    if let Some(id) = &message.id {
        return Some(id.clone());
    }
    let parts: Vec<Option<&str>> = match &message.body {
        Body::CallRinging(call) | Body::CallConnected(call) | Body::CallEnded(call) => {
            vec![call.call_id.as_deref()]
        }
        Body::CallLogCompleted(log) => vec![log.call_id.as_deref(), log.call_log_id.as_deref()],
        Body::RecordingCompleted(media) | Body::VoicemailReceived(media) => {
            vec![media.call_id.as_deref(), media.call_log_id.as_deref()]
        }
        Body::AiSummaryChanged(summary) => {
            let at = summary.modified_time.as_ref().map(|at| at.as_str());
            let gone = (summary.deleted == Some(true)).then_some("deleted");
            vec![summary.call_id.as_deref(), at, gone]
        }
        Body::SmsLogged(sms) => {
            vec![
                sms.session_id.as_deref(),
                sms.message_id.as_deref(),
                sms.status.as_ref().map(|status| status.as_str()),
            ]
        }
        _ => return None,
    };
    let named = parts.iter().flatten().any(|part| !part.is_empty());
    named.then(|| {
        let parts: Vec<&str> = parts.iter().map(|part| part.unwrap_or_default()).collect();
        format!("{} {}", message.name, parts.join(" "))
    })
}
