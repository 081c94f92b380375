//! What the embedded page asks of its own origin. Other origins cannot: bodies are JSON, which a browser sends
//! elsewhere only with leave.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::journal::KEPT;
use super::message::{call_log_id, extension_text, file_log_id, log, text_message};
use super::{feed, is_approved};
use crate::clock::text as at_second;
use crate::config::Temper;
use crate::dice::Dice;
use crate::emulator::Shared;
use crate::events;
use crate::live::{PhoneCall, Press};
use crate::records::told_to;
use crate::rest;
use crate::sms;
use crate::world::at;

/// Streams of a seed's dice from here on are for the ids of single messages from outside.
const TEXT_STREAMS: u64 = 1 << 40;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/welcome", get(welcome))
        .route("/phone", get(phone))
        .route("/feed", get(listen))
        .route("/dial", post(dial))
        .route("/press", post(press))
        .route("/texts", post(send_text))
        .route("/tab", post(use_tab))
        .route("/auto-log", post(auto_log))
}

/// Something that cannot be done, as one sentence for the person at the phone.
pub(super) struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl Refusal {
    fn conflict(why: String) -> Self {
        Self(StatusCode::CONFLICT, why)
    }
}

#[derive(Deserialize)]
struct Welcome {
    /// Origin of the page around; absent when there is none.
    origin: Option<String>,
}

/// Whether the page around may hold the phone, and who can sign in.
async fn welcome(State(shared): State<Arc<Shared>>, Query(asked): Query<Welcome>) -> Json<Value> {
    let approved = asked.origin.is_none_or(|origin| is_approved(&shared.config.embed_domains, &origin));
    let people: Vec<_> = shared.state.world(|world| {
        let row = |(id, user): (&str, &crate::world::Doc)| {
            json!({ "id": id, "email": user.get("email"), "name": user.get("name"), "extension": extension_text(user) })
        };
        world.children(at::USERS).into_iter().map(row).collect()
    });
    let field = shared.config.temper == Temper::Field;
    let people = if approved { people } else { Vec::new() };
    Json(json!({ "approved": approved, "field": field, "people": people }))
}

#[derive(Deserialize)]
struct Whose {
    /// Id or e-mail address.
    user: String,
}

/// Everything that the page shows of a user.
async fn phone(
    State(shared): State<Arc<Shared>>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refusal> {
    let me = me(&shared, &whose.user)?;
    let id = me["id"].as_str().unwrap_or_default();
    let origin = shared.embed.origin(&shared.config);
    let context = feed::context(&shared, &origin, id);
    let entries = shared.embed.journal.of(id);
    let elements = shared.state.book(|book| told_to(book, id, context.temper, KEPT));
    let mut history = Vec::with_capacity(elements.len());
    for element in &elements {
        let mut row = log(element);
        if let Some(recording) = element["recording_id"].as_str() {
            row["recordingUrl"] = json!(context.recording_url(recording));
        }
        let is = |log_id: &str| row["callLogId"] == log_id;
        if let Some(file) = entries.voicemails.iter().find(|file| is(&file_log_id(file))) {
            row["voicemailUrl"] = json!(context.voicemail_url(file["id"].as_str().unwrap_or_default()));
        }
        let change = entries.summaries.iter().rev().find(|change| change["call_id"] == row["callId"]);
        if let Some(change) = change.filter(|change| change["deleted"] != true) {
            let summary = summary(&shared, change).await;
            for (shown, name) in [
                ("callSummary", "call_summary"),
                ("nextSteps", "next_steps"),
                ("detailedSummary", "detailed_summary"),
            ] {
                if summary[name].is_string() {
                    row[shown] = summary[name].clone();
                }
            }
        }
        history.push(row);
    }
    let voicemail = |file: &Value| {
        json!({
            "id": file["id"],
            "callId": file["call_id"],
            "callLogId": call_log_id(file["call_element_id"].as_str().unwrap_or_default()),
            "number": file["caller_number"],
            "name": file["caller_name"],
            "dateTime": file["date_time"],
            "duration": file["duration"],
            "url": context.voicemail_url(file["id"].as_str().unwrap_or_default()),
        })
    };
    let voicemails: Vec<_> = entries.voicemails.iter().rev().map(voicemail).collect();
    let texts: Vec<_> = entries.texts.iter().map(|(event, sms)| text_message(event, sms)).collect();
    let calls: Vec<_> = shared.state.phone(id).iter().map(call).collect();
    Ok(Json(json!({
        "me": me,
        "autoLog": shared.embed.desks.auto_log(id),
        "calls": calls,
        "history": history,
        "voicemails": voicemails,
        "texts": texts,
    })))
}

/// The text of a changed summary as REST has it; null when it is gone.
pub(super) async fn summary(shared: &Shared, change: &Value) -> Value {
    let field = |name: &str| change[name].as_str().unwrap_or_default();
    let user_id = field("user_id");
    let path = format!("/phone/user/{user_id}/ai_call_summary/{}", field("ai_call_summary_id"));
    rest::write_for(shared, user_id, ("GET", &path), Value::Null).await.unwrap_or_default()
}

fn me(shared: &Shared, id_or_email: &str) -> Result<Value, Refusal> {
    let me = shared.state.world(|world| {
        let by_email = || world.find(at::USERS, "email", id_or_email).map(|(id, _)| id.to_owned());
        let known = world.get(&format!("{}/{id_or_email}", at::USERS)).map(|_| id_or_email.to_owned());
        let id = known.or_else(by_email)?;
        let user = world.get(&format!("{}/{id}", at::USERS))?;
        let numbers = user.get("phone_numbers").and_then(Value::as_array).into_iter().flatten();
        let mut numbers: Vec<_> = numbers.filter_map(|it| it["number"].as_str().map(str::to_owned)).collect();
        if numbers.is_empty() {
            numbers.extend(world.children(at::NUMBERS).into_iter().filter_map(|(_, number)| {
                let is_theirs = number.get("assignee").is_some_and(|assignee| assignee["id"] == *id);
                let text = number.get("number").and_then(Value::as_str);
                text.filter(|_| is_theirs).map(str::to_owned)
            }));
        }
        Some(json!({
            "id": id,
            "name": user.get("name"),
            "extension": extension_text(user),
            "numbers": numbers,
        }))
    });
    let mut me =
        me.ok_or_else(|| Refusal(StatusCode::NOT_FOUND, format!("There is no user {id_or_email}.")))?;
    if me["numbers"].as_array().is_some_and(Vec::is_empty) {
        let own = shared.state.directory(|directory| directory.user(id_or_email)?.number.clone());
        me["numbers"] = json!(own.as_slice());
    }
    Ok(me)
}

/// A call as the page shows it. Times are UTC with whole seconds.
pub(super) fn call(call: &PhoneCall) -> Value {
    json!({
        "callId": call.call_id,
        "direction": call.direction,
        "number": call.number,
        "name": call.name,
        "state": call.state,
        "answered": call.answered_at.map(at_second),
        "recording": call.recording,
        "muted": call.muted,
        "forwardedBy": call.forwarded_by,
    })
}

#[derive(Deserialize)]
struct Listen {
    user: String,
    /// A name that the page gave itself.
    tab: String,
}

async fn listen(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<Listen>,
) -> Result<impl IntoResponse, Refusal> {
    let me = me(&shared, &asked.user)?;
    Ok(feed::open(shared, me["id"].as_str().unwrap_or_default(), &asked.tab))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dial {
    user: String,
    /// E.164 or an extension.
    number: String,
    caller_id: Option<String>,
}

async fn dial(State(shared): State<Arc<Shared>>, Json(dial): Json<Dial>) -> Result<Json<Value>, Refusal> {
    let me = me(&shared, &dial.user)?;
    let numbers = me["numbers"].as_array().into_iter().flatten();
    if dial.caller_id.as_ref().is_some_and(|id| !numbers.clone().any(|number| number == id)) {
        return Err(Refusal::conflict("No available callerId".to_owned()));
    }
    let now = shared.clock.now();
    let call_id = shared.state.dial(&dial.user, &dial.number, dial.caller_id.as_deref(), now);
    call_id.map(|call_id| Json(json!({ "callId": call_id }))).map_err(Refusal::conflict)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pressed {
    user: String,
    call_id: String,
    button: Button,
    /// Transfers: a number or an extension.
    #[serde(default)]
    to: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Button {
    Answer,
    Decline,
    ToVoicemail,
    HangUp,
    Hold,
    Unhold,
    Mute,
    Unmute,
    Record,
    StopRecording,
    Transfer,
    WarmTransfer,
    CompleteTransfer,
    Park,
    Escalate,
}

async fn press(
    State(shared): State<Arc<Shared>>,
    Json(pressed): Json<Pressed>,
) -> Result<Json<Value>, Refusal> {
    let press = match pressed.button {
        Button::Answer => Press::Answer,
        Button::Decline => Press::Decline,
        Button::ToVoicemail => Press::ToVoicemail,
        Button::HangUp => Press::HangUp,
        Button::Hold => Press::Hold,
        Button::Unhold => Press::Unhold,
        Button::Mute => Press::Mute,
        Button::Unmute => Press::Unmute,
        Button::Record => Press::Record,
        Button::StopRecording => Press::StopRecording,
        Button::Transfer => Press::Transfer { to: pressed.to, warm: false },
        Button::WarmTransfer => Press::Transfer { to: pressed.to, warm: true },
        Button::CompleteTransfer => Press::CompleteTransfer,
        Button::Park => Press::Park,
        Button::Escalate => Press::Escalate,
    };
    let now = shared.clock.now();
    let done = shared.state.press(&pressed.user, &pressed.call_id, press, now);
    done.map(|()| Json(json!({}))).map_err(Refusal::conflict)
}

#[derive(Deserialize)]
struct Text {
    user: String,
    /// E.164.
    to: String,
    message: String,
}

/// Sends a message as `postSmsMessage` would.
async fn send_text(
    State(shared): State<Arc<Shared>>,
    Json(text): Json<Text>,
) -> Result<Json<Value>, Refusal> {
    let me = me(&shared, &text.user)?;
    let body = json!({
        "sender": { "user_id": me["id"], "phone_number": me["numbers"][0] },
        "to_members": [{ "phone_number": text.to }],
        "message": text.message,
    });
    let answer = rest::write_for(&shared, &text.user, ("POST", "/phone/sms/messages"), body).await;
    answer.map(Json).map_err(Refusal::conflict)
}

#[derive(Deserialize)]
pub(super) struct Received {
    /// Id or e-mail address of a user.
    to: String,
    /// E.164.
    from: String,
    message: String,
}

/// Somebody outside writes to a user.
pub(super) async fn text_user(
    State(shared): State<Arc<Shared>>,
    Json(text): Json<Received>,
) -> Result<StatusCode, Refusal> {
    let me = me(&shared, &text.to)?;
    let now = shared.clock.now();
    let mut dice = Dice::new(shared.config.seed, TEXT_STREAMS + shared.state.next_text());
    let news = shared.state.world(|world| {
        let own = sms::Own::of(world, me["numbers"][0].as_str()?)?;
        let message = sms::Message { text: text.message, attachments: Vec::new(), at: now };
        Some(sms::receive(world, &mut dice, &own, &text.from, message).1)
    });
    let nobody = || Refusal::conflict(format!("{} has no number that can be written to.", text.to));
    for (name, at, object) in news.ok_or_else(nobody)? {
        let event = events::envelope(&shared.config.account_id, &format!("phone.{name}"), at, &object);
        shared.state.emit(event, at);
    }
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
struct Use {
    user: String,
    tab: String,
}

async fn use_tab(State(shared): State<Arc<Shared>>, Json(used): Json<Use>) -> StatusCode {
    shared.embed.desks.use_tab(&used.user, &used.tab);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct AutoLog {
    user: String,
    on: bool,
}

async fn auto_log(State(shared): State<Arc<Shared>>, Json(wanted): Json<AutoLog>) -> StatusCode {
    shared.embed.desks.set_auto_log(&wanted.user, wanted.on);
    StatusCode::NO_CONTENT
}
