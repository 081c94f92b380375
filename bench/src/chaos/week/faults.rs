//! Every fault that the emulator has, often enough to strike and seldom enough that something comes through.

use anyhow::Context as _;
use zoom_phone_emulator::{Fault, FaultPlan};

const PLAN: &str = r#"
    fault = [
        { fault = "event_drop", probability = 0.08 },
        { fault = "event_delay", seconds = 45, probability = 0.03 },
        { fault = "event_delay", seconds = 5400, probability = 0.02 },
        { fault = "event_duplicate", probability = 0.05 },
        { fault = "event_reorder", probability = 0.05 },
        { fault = "wrong_secret", probability = 0.01 },
        { fault = "stale_timestamp", seconds = 20000, probability = 0.01 },
        { fault = "stale_timestamp", seconds = 900, probability = 0.02 },
        { fault = "status", status = 429, probability = 0.01 },
        { fault = "status", status = 429, limit = "qps", probability = 0.01 },
        { fault = "status", status = 500, probability = 0.01 },
        { fault = "status", status = 503, retry_after = "1", probability = 0.005 },
        { fault = "delay", milliseconds = 30, probability = 0.02 },
        { fault = "malformed_json", how = "unescaped_quote", probability = 0.005 },
        { fault = "malformed_json", how = "truncated", probability = 0.005 },
        { fault = "slow_body", milliseconds = 100, probability = 0.005 },
        { fault = "half_closed", probability = 0.005 },
        { fault = "reset", probability = 0.01 },
        { fault = "not_ready", operation = "getCallPath", times = 2, probability = 0.05 },
        { fault = "not_ready", answer = "802", operation = "getCallPath", probability = 0.05 },
        { fault = "not_ready", operation = "getCallLogDetails", probability = 0.05 },
        { fault = "lost_effect", probability = 0.5 },
        { fault = "stale_read", probability = 0.5 },
        { fault = "expired_page_token", probability = 0.05 },
        { fault = "expired_sync_token", probability = 0.03 },
        { fault = "redirect", probability = 0.002 },
        { fault = "token_response_lost", rotated = true, probability = 0.2 },
        { fault = "token_response_lost", rotated = false, probability = 0.2 },
        { fault = "clock_skew", seconds = 90 },
        { fault = "rate_limit", plan = "business_plus" },
    ]
"#;

pub(super) fn all() -> anyhow::Result<Vec<Fault>> {
    Ok(FaultPlan::parse(PLAN).context("the faults of the week")?.faults)
}
