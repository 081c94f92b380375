//! `GET /media/{token}`: the bytes of a file, by a link that was given out a short while ago.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use offhook_media::{ArchiveError, LinkError};
use offhook_store::{Media, MediaState};

use super::range::{Part, part};
use crate::{problem::Problem, serve::App};

/// A file that a browser shows by itself may show nothing else and run nothing.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; media-src 'self'; sandbox; frame-ancestors 'none'");

/// Serves a file, or the part of it that is asked for. `HEAD` is answered without the bytes.
pub(crate) async fn file(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let media = super::media(&app)?;
    let id = media.links.open(&token, app.now()).map_err(over)?;
    let row = media.archive.known(&id).await?;
    let (MediaState::Here, Some(length), Some(sha256)) = (row.state, row.bytes, row.sha256.as_deref()) else {
        return Err(ArchiveError::NotHere { id, state: row.state }.into());
    };
    let tag = format!("\"{sha256}\"");
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A part of what is another file by now would be nonsense.
    let same = text(header::IF_RANGE).is_none_or(|known| known == tag);
    let asked = if same { part(text(header::RANGE), length) } else { Part::Whole };
    let (status, range) = match asked {
        Part::Whole => (StatusCode::OK, 0..length),
        Part::Of(range) => (StatusCode::PARTIAL_CONTENT, range),
        Part::Outside => {
            let mut response = Problem::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "urn:offhook:range",
                "Nothing is there",
                format!("The file has {length} bytes."),
            )
            .into_response();
            put(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
            return Ok(response);
        }
    };
    let bytes = media.archive.read(&row, range.clone()).await?;
    let mut response = (status, Body::from_stream(bytes)).into_response();
    put(&mut response, header::CONTENT_LENGTH, &(range.end - range.start).to_string());
    put(
        &mut response,
        header::CONTENT_TYPE,
        row.content_type.as_deref().unwrap_or("application/octet-stream"),
    );
    put(&mut response, header::CONTENT_DISPOSITION, &disposition(&row));
    put(&mut response, header::ACCEPT_RANGES, "bytes");
    put(&mut response, header::ETAG, &tag);
    put(&mut response, header::CACHE_CONTROL, "private, no-store");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    if status == StatusCode::PARTIAL_CONTENT {
        let place = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        put(&mut response, header::CONTENT_RANGE, &place);
    }
    Ok(response)
}

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Sound is played where it is; text is saved. The name has no id of Zoom's and nobody's name.
fn disposition(row: &Media) -> String {
    let sound =
        row.content_type.as_deref().is_some_and(|it| it.starts_with("audio/") || it.starts_with("video/"));
    let how = if sound { "inline" } else { "attachment" };
    let key = row.key.as_deref().unwrap_or_default();
    let ending = key.trim_end_matches(".sealed").rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let day = row.recorded_at.strftime("%Y-%m-%d");
    format!("{how}; filename=\"{}-{day}-{}.{ending}\"", row.kind.as_str(), row.id.get(..8).unwrap_or("file"))
}

fn over(error: LinkError) -> Problem {
    let status = match error {
        LinkError::Invalid => StatusCode::NOT_FOUND,
        LinkError::Expired => StatusCode::GONE,
    };
    Problem::new(status, "urn:offhook:link", "This link leads nowhere", error.to_string())
}
