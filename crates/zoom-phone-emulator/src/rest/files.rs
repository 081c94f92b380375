//! Downloads: small files that programs can open.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use url::Url;

use super::Refusal;
use super::query::Query;
use crate::clock::text;
use crate::emulator::Shared;
use crate::webhooks::encrypted_token;
use crate::world::at;

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

/// 302 to a signed address that needs no token.
pub(super) fn transcript(shared: &Shared, origin: &str, id: &str) -> Response {
    let address = Url::parse(origin).ok().and_then(|mut address| {
        address.path_segments_mut().ok()?.extend(["file", "recording_transcript", id]);
        address.query_pairs_mut().append_pair("jwt", &signature(shared, id));
        Some(address.to_string())
    });
    match address {
        Some(address) => (StatusCode::FOUND, [(header::LOCATION, address)]).into_response(),
        None => Refusal::invalid("The Host header is not one.").into_response(),
    }
}

/// `GET /file/recording_transcript/{id}?jwt=…`: what was said.
pub(crate) async fn signed_transcript(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let query = Query::parse(query.as_deref());
    if query.one("jwt") != Some(signature(&shared, &id).as_str()) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, 403, "This link is not signed."));
    }
    let begin = shared.clock.start();
    let line = |ts: &str, end_ts: &str, text: &str, name: &str| {
        let users =
            json!([{ "username": name, "multiple_people": false, "user_id": name, "zoom_userid": name }]);
        json!({ "text": text, "raw_text": text, "ts": ts, "end_ts": end_ts, "users": users, "userId": name, "userIds": [name], "channelMark": "L" })
    };
    let transcript = json!({
        "type": "zoom_transcript",
        "ver": 1,
        "recording_id": id,
        "meeting_id": id,
        "account_id": shared.config.account_id,
        "host_id": shared.state.world(|world| world.children(at::USERS).first().map(|(id, _)| (*id).to_owned())),
        "recording_start": text(begin),
        "recording_end": text(begin + jiff::SignedDuration::from_secs(6)),
        "timeline": [
            line("00:00:00.500", "00:00:02.100", "Good morning, this is Ada.", "Ada Moreno"),
            line("00:00:02.400", "00:00:05.000", "Hello Ada, I am calling about my order.", "Martha Quinn"),
        ],
    });
    Ok(Json(transcript).into_response())
}

/// A key that only this emulator can make.
fn signature(shared: &Shared, id: &str) -> String {
    let secret = shared.config.apps.first().map_or("", |app| app.client_secret.as_str());
    encrypted_token(secret, id)
}
