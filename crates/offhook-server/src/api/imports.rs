//! Call records from files.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use offhook_calls::normalize::{self, Door};
use offhook_store::ImportRow;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Params;
use crate::{problem::Problem, serve::App};

/// The media type of a batch. It is one that a page of another site cannot send without being asked for permission,
/// which is never given.
const NDJSON: &str = "application/x-ndjson";

/// The largest batch.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The most rows of a batch.
const MOST_ROWS: usize = 5_000;

/// A batch is answered when at most this many arrivals are not folded yet: an import goes as fast as folding, and a
/// webhook that comes meanwhile does not wait behind a million rows.
const MOST_BACKLOG: u64 = 2_000;

/// But no longer than this.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Whose records they are.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportParams {
    /// Zoom account id; needed unless this server knows exactly one.
    account: Option<String>,
    /// Only say what would become of the rows.
    #[serde(default)]
    dry_run: bool,
}

/// One line of a batch.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportLine {
    /// The shape of the row: `call_log`, `call_log_detail`, `call_history`, `call_history_leg`, `call_path`,
    /// `call_element`, `recording`, `voicemail`, `summary`, `charge`, `user`, `message`, `fax`, or `webhook` for a
    /// whole event.
    door: String,
    /// The row, as Zoom's API or webhook had it.
    #[schema(value_type = Object)]
    row: Value,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportReport {
    /// Rows that were taken in; in a dry run, that can be read.
    stored: u64,
    /// Rows that an earlier import had taken in.
    known: u64,
    /// Lines that were not taken in, each with its reason.
    refused: Vec<RefusedLine>,
}

/// A line that was not taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedLine {
    /// Its number in the batch, from 1.
    line: usize,
    /// Why.
    reason: String,
}

/// Take call records in from a file
///
/// A batch is NDJSON: one row a line, at most 5000 lines and 16 MiB, with content type application/x-ndjson. Rows that
/// are there already are counted and nothing else, so a batch may be sent again.
#[utoipa::path(post, path = "/api/v1/imports", tag = "migration", params(ImportParams),
    request_body(content = ImportLine, content_type = "application/x-ndjson"),
    responses((status = 200, body = ImportReport),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn take(
    State(app): State<App>,
    Params(params): Params<ImportParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportReport>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some(NDJSON) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "urn:offhook:media-type",
            "Not with this content type",
            format!("Send one row a line, as {NDJSON}."),
        ));
    }
    let account = app.account(params.account)?;
    let body = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|_| too_large())?;
    let mut refused = Vec::new();
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(body.split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        match row(&account, text) {
            Ok(row) => rows.push(row),
            Err(reason) => refused.push(RefusedLine { line, reason }),
        }
        if rows.len() + refused.len() > MOST_ROWS {
            return Err(too_large());
        }
    }
    if params.dry_run {
        return Ok(Json(ImportReport { stored: rows.len() as u64, known: 0, refused }));
    }
    let imported = app.store().import(&account, rows, app.now()).await?;
    metrics::counter!("offhook_import_rows_total", "outcome" => "stored").increment(imported.stored);
    metrics::counter!("offhook_import_rows_total", "outcome" => "known").increment(imported.known);
    metrics::counter!("offhook_import_rows_total", "outcome" => "refused").increment(refused.len() as u64);
    // A batch that is answered late is stored all the same.
    let _ = tokio::time::timeout(ANSWER_WITHIN, app.wait_for_backlog(MOST_BACKLOG)).await;
    Ok(Json(ImportReport { stored: imported.stored, known: imported.known, refused }))
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "urn:offhook:too-large",
        "Too much at once",
        format!("A batch has at most {MOST_ROWS} lines and {MOST_BYTES} bytes. Send several."),
    )
}

/// Reads a line, and makes sure that folding can.
fn row(account: &str, text: &[u8]) -> Result<ImportRow, String> {
    let line: ImportLine =
        serde_json::from_slice(text).map_err(|error| format!("not a line of an import: {error}"))?;
    let door = match Door::from_word(&line.door) {
        None => return Err(format!("{:?} is no shape of a row", line.door)),
        Some(Door::Import | Door::WebSocket | Door::SmartEmbed) => {
            return Err(format!("{:?} cannot be imported", line.door));
        }
        Some(door) => door,
    };
    if !line.row.is_object() {
        return Err("the row is no JSON object".to_owned());
    }
    match normalize::read(door, account, line.row.to_string().as_bytes()).problem {
        Some(normalize::Problem::Unreadable) => Err(format!("it does not have the shape {:?}", line.door)),
        Some(normalize::Problem::Nameless) => Err("it names no call: none of Zoom's ids is in it".to_owned()),
        _ => Ok(ImportRow { door, row: line.row }),
    }
}
