//! The probes through the crate `zoom-api`. It has no server-to-server grant: the token is given to it.

use serde_json::{Value, json};
use std::time::Instant;
use zoom_api::Client;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn say(probe: &str, mut result: Value) {
    result["probe"] = probe.into();
    println!("{result}");
}

async fn counts(referee: &str) -> Result<Value, reqwest::Error> {
    reqwest::get(format!("{referee}/_count")).await?.json().await
}

async fn reset(referee: &str) -> Result<(), reqwest::Error> {
    reqwest::get(format!("{referee}/_reset")).await.map(drop)
}

#[tokio::main]
async fn main() -> Outcome {
    let referee = std::env::var("REFEREE")?;
    let mut client = Client::new("id", "secret", "https://example.com", "token", "refresh");
    client.with_host_override(format!("{referee}/v2"));

    say("tokens", json!({"ok": false, "error": "no server-to-server grant"}));
    for id in
        ["plain", "seconds", "date", "bare", "daily", "broken", "html", "value", "text", "nulls", "expired", "scope"]
    {
        reset(&referee).await?;
        let answer = client.phone_call_queues().get_call_queue(id).await;
        let requests = counts(&referee).await?[id].clone();
        match answer {
            Ok(answer) => say(id, json!({"ok": answer.body.id == id, "requests": requests})),
            Err(error) => say(id, json!({"ok": false, "error": error.to_string(), "requests": requests})),
        }
    }

    reset(&referee).await?;
    let body = serde_json::from_value(json!({"name": "x", "site_id": "s"}))?;
    let error = client.phone_call_queues().create_call_queue(&body).await.err().map(|error| error.to_string());
    say("create", json!({"ok": false, "error": error, "requests": counts(&referee).await?["create"]}));

    reset(&referee).await?;
    let sites = tokio::time::timeout(std::time::Duration::from_secs(60), client.phone_site().list_all()).await;
    let requests = counts(&referee).await?["sites"].clone();
    let error = match sites {
        Ok(Ok(sites)) => json!(format!("{} rows", sites.body.len())),
        Ok(Err(error)) => json!(error.to_string()),
        Err(_) => json!("not ended after 60 s"),
    };
    say("endless", json!({"ok": requests.as_u64() <= Some(4), "error": error, "requests": requests}));
    for webhook in ["webhook_plain", "webhook_other_json", "webhook_day_old"] {
        say(webhook, json!({"ok": false, "error": "no webhooks"}));
    }

    // A page of 300 calls, against the bare HTTP client under it: by turns, the best of each counts.
    let rounds = 100;
    let bare = reqwest::Client::new();
    let mut times = [f64::MAX; 2];
    for turn in 0..=5 {
        for (kind, time) in times.iter_mut().enumerate() {
            let start = Instant::now();
            for _ in 0..rounds {
                if kind == 0 {
                    let page: Value = bare.get(format!("{referee}/v2/phone/call_logs")).send().await?.json().await?;
                    assert_eq!(page["call_logs"].as_array().map(Vec::len), Some(300));
                } else {
                    let time_type = zoom_api::types::TimeType::StartTime;
                    let page = client.phone().account_call_logs(300, "", "", "", "", "", time_type, "").await?;
                    assert!(!page.body.is_empty());
                }
            }
            // The first turn warms up.
            if turn > 0 {
                *time = time.min(start.elapsed().as_secs_f64() * 1000.0 / f64::from(rounds));
            }
        }
    }
    say("page", json!({"bare_ms": times[0], "sdk_ms": times[1]}));
    // Counted in its documentation: different verbs and paths below /phone.
    say("operations", json!({"count": 98}));
    Ok(())
}
