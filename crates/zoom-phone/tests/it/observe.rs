//! What can be watched, and what must not be seen there.

use std::cell::RefCell;
use std::io::Write;

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;
use zoom_phone::types::catalogue::Method;

use crate::fake::{Answer, Fake};

thread_local! {
    /// What this thread logged, if it wants to know.
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

struct ThreadLog;

impl Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.as_mut().map(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Calls that succeed, fail, are repeated and are refused, with ids and numbers in path, query, body and message.
async fn traffic() {
    let fake = Fake::start().await;
    let message = |code: u16| json!({"code": code, "message": "jane-secret +12025550123"});
    fake.answer(Answer::new(401, &message(124)))
        .answer(Answer::new(503, "").header("x-zm-trackingid", "WEB_1"))
        .answer(Answer::new(200, "{}").header("x-zm-trackingid", "WEB_2"))
        .answer(Answer::new(404, &message(404)))
        .answer(Answer::new(204, ""))
        .answer(Answer::new(302, "").header("location", "/files/jane-secret?signature=jane-secret"))
        .answer(Answer::new(200, "x"));
    let client = fake.client();
    client.operation("phoneUser").unwrap().path("userId", "jane-secret").answer().await.unwrap();
    let raw = client.request(Method::Get, "/phone/users/jane-secret").query("q", "+12025550123");
    raw.answer().await.unwrap_err();
    let body = json!({"number": "+12025550123"});
    client.request(Method::Post, "/phone/x").body(body).send::<()>().await.unwrap();
    let file = client.operation("phoneDownloadRecordingFile").unwrap().path("fileId", "jane-secret");
    file.download().await.unwrap().bytes().await.unwrap();
    client.operation("phoneUser").unwrap().query("jane-secret", "x").answer().await.unwrap_err();
}

fn run() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(traffic());
}

#[test]
fn a_call_is_a_span_without_people_and_secrets() {
    // For the whole process: one of this thread only would miss what other tests reach first.
    tracing_subscriber::fmt()
        .with_env_filter("zoom_phone=trace")
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(|| ThreadLog)
        .init();
    LOG.set(Some(Vec::new()));
    run();
    let log = String::from_utf8(LOG.take().unwrap()).unwrap();
    for fact in [
        "zoom_phone{operation=\"phoneUser\" method=GET quota_wait_ms=",
        "tries=2",
        "tracking_id=\"WEB_2\"",
        "status=200",
        "operation=\"GET /phone/users/…\"",
        "reason=\"server\"",
    ] {
        assert!(log.contains(fact), "{fact} is missing:\n{log}");
    }
    for secret in ["jane", "5550123", "token-1", "token-2", "signature"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[test]
fn requests_and_repeats_are_counted_by_operation() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, run);
    let text = handle.render();
    for line in [
        r#"zoom_phone_requests_total{operation="phoneUser",status="200"} 1"#,
        r#"zoom_phone_requests_total{operation="phoneUser",status="503"} 1"#,
        r#"zoom_phone_requests_total{operation="GET /phone/users/…",status="404"} 1"#,
        r#"zoom_phone_requests_total{operation="phoneDownloadRecordingFile",status="302"} 1"#,
        r#"zoom_phone_request_seconds_count{operation="phoneUser"} 3"#,
        r#"zoom_phone_retries_total{reason="token"} 1"#,
        r#"zoom_phone_retries_total{reason="server"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
    assert!(!text.contains("jane"));
}
