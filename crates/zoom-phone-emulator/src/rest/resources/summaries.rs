//! AI call summaries: what was agreed in a call, made up from its id.

use jiff::SignedDuration;
use serde_json::json;

use super::history::known_user;
use crate::clock::text;
use crate::records::speech;
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};

pub(super) fn route(name: &str) -> Option<Handler> {
    (name == "get_user_ai_call_summary").then_some(summary as Handler)
}

/// `GET /phone/user/{userId}/ai_call_summary/{aiCallSummaryId}`.
fn summary(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (user, id) = (ask.path("userId"), ask.path("aiCallSummaryId"));
    ask.shared.state.desk(|world, book| {
        known_user(world, user, 404)?;
        let found = book.with_id(id).and_then(|call| {
            let element = call.elements.iter().find(|element| element.summary_id == id)?;
            Some((call, element))
        });
        let missing = || Refusal::absent(format!("AI call summary does not exist: {id}."));
        let (_, element) = found.ok_or_else(missing)?;
        let name = |party: &crate::party::Party| party.name.clone().unwrap_or_else(|| party.dialled());
        let [short, next, long] = speech::summary(id, &name(&element.caller), &name(&element.callee));
        // Summaries are there about a minute after the call.
        let at = element.end.checked_add(SignedDuration::from_mins(1)).unwrap_or(element.end);
        Ok(Answer::Json(json!({
            "ai_call_summary_id": id,
            "account_id": ask.shared.config.account_id,
            "call_id": element.call_id,
            "user_id": user,
            "transcript_language": "en-US",
            "call_summary": short,
            "next_steps": next,
            "detailed_summary": long,
            "created_time": text(at),
            "modified_time": text(at),
            "edited": false,
        })))
    })
}
