//! Downloads: small files that programs can open.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};
use url::Url;

use super::Refusal;
use super::query::Query;
use crate::clock::text;
use crate::config::Temper;
use crate::emulator::Shared;
use crate::party::Party;
use crate::records::speech;
use crate::webhooks::encrypted_token;

/// One second of silence: 28 frames of MPEG-2 layer III, 32 kbit/s, 16 kHz, mono, as Zoom records.
pub(super) fn audio() -> Response {
    let mut frame = [0; 144];
    frame[..4].copy_from_slice(&[0xff, 0xf3, 0x48, 0xc4]);
    let headers = [
        (header::CONTENT_TYPE, "audio/mpeg"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audio.mp3\""),
    ];
    (headers, frame.repeat(28)).into_response()
}

/// An item of the audio library; the link is signed, so to say, and takes no token.
pub(crate) async fn audio_file() -> Response {
    audio()
}

/// One empty page.
pub(super) fn fax() -> Response {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = "xref\n0 4\n0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(objects) {
        table = format!("{table}{:010} 00000 n \n", file.len());
        file = format!("{file}{number} 0 obj{object}endobj\n");
    }
    let end = file.len();
    file = format!("{file}{table}trailer<</Size 4/Root 1 0 R>>\nstartxref\n{end}\n%%EOF\n");
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"fax.pdf\""),
    ];
    (headers, file).into_response()
}

/// The audio of a recording or a voicemail: straight, as documented, or live by way of a signed address.
pub(super) fn recording(shared: &Shared, origin: &str, id: &str) -> Response {
    match shared.config.temper {
        Temper::Documented => audio(),
        Temper::Field => signed(shared, origin, "recording", id),
    }
}

/// 302 to a signed address that needs no token.
pub(super) fn transcript(shared: &Shared, origin: &str, id: &str) -> Response {
    signed(shared, origin, "recording_transcript", id)
}

fn signed(shared: &Shared, origin: &str, what: &str, id: &str) -> Response {
    let address = Url::parse(origin).ok().and_then(|mut address| {
        address.path_segments_mut().ok()?.extend(["file", what, id]);
        address.query_pairs_mut().append_pair("jwt", &signature(shared, id));
        Some(address.to_string())
    });
    match address {
        Some(address) => (StatusCode::FOUND, [(header::LOCATION, address)]).into_response(),
        None => Refusal::invalid("The Host header is not one.").into_response(),
    }
}

fn check_signature(shared: &Shared, query: Option<&str>, id: &str) -> Result<(), Refusal> {
    if Query::parse(query).one("jwt") == Some(signature(shared, id).as_str()) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::FORBIDDEN, 403, "This link is not signed."))
}

/// `GET /file/recording/{id}?jwt=…`: the audio.
pub(crate) async fn signed_recording(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    check_signature(&shared, query.as_deref(), &id)?;
    Ok(audio())
}

/// `GET /file/recording_transcript/{id}?jwt=…`: what was said.
pub(crate) async fn signed_transcript(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    check_signature(&shared, query.as_deref(), &id)?;
    let name = |party: &Party| party.name.clone().unwrap_or_else(|| party.dialled());
    let found = shared.state.book(|book| {
        let call = book.with_id(&id)?;
        let element = call.elements.iter().find(|element| element.recording_id == id)?;
        let host = element.told.as_ref().map(|(_, user)| user.id.clone());
        Some((
            element.file_start.unwrap_or(element.start),
            element.end,
            name(&element.caller),
            name(&element.callee),
            host,
        ))
    });
    let start = shared.clock.start();
    let (begin, end, caller, callee, host) = found.unwrap_or_else(|| {
        (
            start,
            start + SignedDuration::from_secs(8),
            "Martha Quinn".to_owned(),
            "Ada Moreno".to_owned(),
            None,
        )
    });
    let length = end.duration_since(begin).as_secs_f64().max(1.0);
    let lines = speech::conversation(&id, &caller, &callee);
    let share = length / f64::from(u32::try_from(lines.len()).unwrap_or(1));
    let timeline = (0u32..).zip(&lines).map(|(nth, (by_caller, text))| {
        let name = if *by_caller { &caller } else { &callee };
        let user =
            json!({ "username": name, "multiple_people": false, "user_id": name, "zoom_userid": name });
        let from = f64::from(nth) * share;
        json!({
            "text": text,
            "raw_text": text,
            "ts": clock_text(from),
            "end_ts": clock_text(from + share),
            "users": [user],
            "userId": name,
            "userIds": [name],
            "channelMark": if *by_caller { "L" } else { "R" },
        })
    });
    let transcript = json!({
        "type": "zoom_transcript",
        "ver": 1,
        "recording_id": id,
        "meeting_id": id,
        "account_id": shared.config.account_id,
        "host_id": host,
        "recording_start": text(begin),
        "recording_end": text(end),
        "timeline": timeline.collect::<Value>(),
    });
    Ok(Json(transcript).into_response())
}

/// Seconds as `00:00:02.100`.
fn clock_text(seconds: f64) -> String {
    let whole = seconds.max(0.0);
    let minutes = (whole / 60.0).floor();
    let hours = (minutes / 60.0).floor();
    format!("{hours:02}:{:02}:{:06.3}", minutes - hours * 60.0, whole - minutes * 60.0)
}

/// A key that only this emulator can make.
pub(super) fn signature(shared: &Shared, id: &str) -> String {
    let secret = shared.config.apps.first().map_or("", |app| app.client_secret.as_str());
    encrypted_token(secret, id)
}
