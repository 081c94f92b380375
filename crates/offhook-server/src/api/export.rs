//! Tables as streams.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use jiff::Timestamp;
use offhook_export::{Format, Kind, Selection, stream};
use serde::Deserialize;
use tokio::{
    runtime::Handle,
    sync::mpsc::{self, error::SendTimeoutError},
};
use utoipa::IntoParams;

use super::{Id, Params};
use crate::{problem::Problem, serve::App};

/// Bytes that go out together.
const CHUNK: usize = 64 * 1024;

/// Chunks that wait for a slow client.
const WAITING: usize = 4;

/// A client that takes nothing for so long is cut off.
const PATIENCE: Duration = Duration::from_mins(2);

/// Exports that may be under way at once.
pub(crate) const MOST_EXPORTS: usize = 4;

/// The header with the `after` of the next time.
const WATERMARK: HeaderName = HeaderName::from_static("offhook-watermark");

/// Which rows, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParams {
    /// `ndjson` (if not said), `csv` or `parquet`.
    format: Option<String>,
    /// Only what the inbox told of after this entry: the `offhook-watermark` of the last time.
    after: Option<u64>,
    /// Zoom account id.
    account: Option<String>,
    /// Calls that began, events that were received, at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// And before.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// In CSV, put `'` before a text that a spreadsheet would take for a formula.
    #[serde(default)]
    csv_safe: bool,
}

/// A whole table as a stream
///
/// `{kind}` is `calls`, `legs`, `elements` or `events`; docs/export.md has the columns. The header `offhook-watermark`
/// is the `after` with which the next export begins where this one ends: keep it when the stream came to its end. Of
/// several rows of one call, those with the largest `told_seq` count.
#[utoipa::path(get, path = "/api/v1/export/{kind}", tag = "export",
    params(("kind" = String, Path, description = "`calls`, `legs`, `elements` or `events`"), ExportParams),
    responses(
        (status = 200, description = "The rows", content(
            (String = "application/x-ndjson"), (String = "text/csv"), (Vec<u8> = "application/vnd.apache.parquet")
        ), headers(("offhook-watermark" = u64, description = "The `after` of the next time"))),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Too many exports at once")))]
pub(crate) async fn table(
    State(app): State<App>,
    Id(kind): Id,
    Params(params): Params<ExportParams>,
) -> Result<Response, Problem> {
    let kind = Kind::from_word(&kind).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "urn:offhook:no-such-table",
            "There is no such table",
            "Tables are calls, legs, elements and events.",
        )
    })?;
    let word = params.format.as_deref().unwrap_or("ndjson");
    let format = Format::from_word(word, params.csv_safe)
        .ok_or_else(|| Problem::bad_request(format!("format is ndjson, csv or parquet, not {word:?}")))?;
    let selection =
        Selection { kind, now: app.now(), account: params.account, from: params.from, to: params.to };
    // Each holds a thread and keeps the database's log from being cut.
    let permit = Arc::clone(app.exports()).try_acquire_owned().map_err(|_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:offhook:busy",
            "Too many exports at once",
            format!("{MOST_EXPORTS} exports are under way already. Try again when one has ended."),
        )
    })?;
    let store = app.store().clone();
    let (archive, up_to) = tokio::task::spawn_blocking(move || {
        let archive = store.archive()?;
        let up_to = kind.up_to(&archive)?;
        Ok::<_, offhook_store::StoreError>((archive, up_to))
    })
    .await
    .map_err(|_| offhook_store::StoreError::Closed)??;
    // A watermark from the future (of another data directory) exports nothing, and stays.
    let after = params.after.unwrap_or(0);
    let watermark = up_to.max(after);
    let (chunks, out) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let runtime = Handle::current();
        let sink = Sink {
            chunks: chunks.clone(),
            waiting: Vec::with_capacity(CHUNK),
            runtime: runtime.clone(),
            patience: PATIENCE,
        };
        if let Err(error) = stream(archive, &selection, format, after, up_to, sink)
            && !chunks.is_closed()
        {
            tracing::error!(error = &error as &dyn std::error::Error, "an export broke off");
            // The client must not take what it has for all; it may be long before it reads on.
            runtime.spawn(async move {
                let _ = chunks.send(Err(io::Error::other(error))).await;
            });
        }
    });
    let name = format!("attachment; filename=\"{}.{}\"", kind.as_str(), format.as_str());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (WATERMARK, watermark.to_string()),
    ];
    let shutdown = app.shutdown().clone();
    let body = futures::stream::unfold(Some((out, shutdown)), |open| async {
        let (mut out, shutdown) = open?;
        tokio::select! {
            chunk = out.recv() => chunk.map(|chunk| (chunk, Some((out, shutdown)))),
            // Cut off, and not ended as if this were all.
            () = shutdown.cancelled() => Some((Err(io::Error::other("the server stops")), None)),
        }
    });
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Hands bytes on, and waits while the client takes none.
struct Sink {
    chunks: mpsc::Sender<io::Result<Bytes>>,
    waiting: Vec<u8>,
    runtime: Handle,
    /// A client that takes nothing for so long has stalled.
    patience: Duration,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.waiting, Vec::with_capacity(CHUNK));
        let sent = self.runtime.block_on(self.chunks.send_timeout(Ok(chunk.into()), self.patience));
        sent.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => {
                io::Error::new(io::ErrorKind::TimedOut, "the client has taken nothing for too long")
            }
            SendTimeoutError::Closed(_) => io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_nothing_holds_no_thread_for_ever() {
        let (chunks, _out) = mpsc::channel(1);
        let (runtime, patience) = (Handle::current(), Duration::from_millis(1));
        let mut sink = Sink { chunks, waiting: Vec::new(), runtime, patience };
        let stalled = tokio::task::spawn_blocking(move || {
            let chunk = vec![0; CHUNK];
            sink.write_all(&chunk)?;
            sink.write_all(&chunk)
        });
        assert_eq!(stalled.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
