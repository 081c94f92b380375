//! The Offhook server on this machine, if it runs.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::{failed, probe, refused, store, within};
use crate::doctor::facts::{Asked, Call, Entry, Server, Settings, Stored};

/// Entries of the inbox that are looked at, the newest.
const ENTRIES: &str = "1000";
/// Calls that are looked at.
const CALLS: &str = "40";

/// Asks the server about itself.
pub(crate) async fn server(
    http: &reqwest::Client,
    base: &Url,
    secret: Option<&SecretString>,
    settings: &Settings,
    now: Timestamp,
) -> Asked<Server> {
    let ready: Value = match get(http, base, "readyz", &[]).await {
        Asked::Got(ready) => ready,
        Asked::Failed(failure) => return Asked::Failed(failure),
        Asked::Skipped(why) => return Asked::Skipped(why),
    };
    if !ready["ready"].is_boolean() {
        return failed(format!("something that is not Offhook answers at {base}"));
    }
    let probes = async {
        match (secret, base.join("zoom/webhook")) {
            (Some(secret), Ok(webhook)) => {
                Asked::Got(probe::all(http, &webhook, secret, settings.max_age, now).await)
            }
            _ => Asked::Skipped("no webhook secret is set".to_owned()),
        }
    };
    let (metrics, forwarded, probes) = tokio::join!(metrics(http, base), forwarded(http, base), probes);
    Asked::Got(Server {
        not_ready: ready["why"].as_str().map(str::to_owned),
        backlog: ready["backlog"].as_u64().unwrap_or(0),
        metrics,
        forwarded,
        probes,
    })
}

/// What the server has stored.
pub(crate) async fn stored(
    http: &reqwest::Client,
    base: &Url,
    call_id: Option<&str>,
    backlog: u64,
    now: Timestamp,
) -> Asked<Stored> {
    let events = match get::<Value>(http, base, "api/v1/events", &[("limit", ENTRIES)]).await {
        Asked::Got(page) => page,
        Asked::Failed(failure) => return Asked::Failed(failure),
        Asked::Skipped(why) => return Asked::Skipped(why),
    };
    let entries = events["events"].as_array().into_iter().flatten().filter_map(entry).collect();
    let page: Value = match get(
        http,
        base,
        "api/v1/calls",
        &[("state", "ended"), ("limit", CALLS), ("to", &store::long_ago(now).to_string())],
    )
    .await
    {
        Asked::Got(page) => page,
        Asked::Failed(failure) => return Asked::Failed(failure),
        Asked::Skipped(why) => return Asked::Skipped(why),
    };
    let ids: Vec<&str> =
        page["calls"].as_array().into_iter().flatten().filter_map(|call| call["id"].as_str()).collect();
    let all = within("the server", async {
        let mut calls = Vec::new();
        for id in ids {
            calls.extend(call(http, base, id).await);
        }
        Asked::Got(calls)
    });
    let calls = match all.await {
        Asked::Got(calls) => calls,
        Asked::Failed(failure) => return Asked::Failed(failure),
        Asked::Skipped(why) => return Asked::Skipped(why),
    };
    let one = match call_id {
        Some(id) => call(http, base, id).await,
        None => None,
    };
    Asked::Got(Stored { entries, backlog, calls, one })
}

async fn call(http: &reqwest::Client, base: &Url, id: &str) -> Option<Call> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(["api", "v1", "calls", id]);
    http.get(url).send().await.ok()?.json().await.ok()
}

fn entry(event: &Value) -> Option<Entry> {
    let door = event["source"].as_str()?;
    let body = &event["body"];
    // What is no JSON is shown as the text it is.
    let bytes = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    Some(store::look(
        event["seq"].as_u64()?,
        event["received_at"].as_str()?.parse().ok()?,
        door,
        event["event"].as_str().unwrap_or(""),
        bytes.as_bytes(),
    ))
}

/// Status of a question that says it came through a proxy.
async fn forwarded(http: &reqwest::Client, base: &Url) -> Asked<u16> {
    within("the server", async {
        let Ok(url) = base.join("api/v1/events?limit=1") else { return failed("no address") };
        match http.get(url).header("x-forwarded-for", "192.0.2.1").send().await {
            Ok(answer) => Asked::Got(answer.status().as_u16()),
            Err(error) => refused(&error.without_url()),
        }
    })
    .await
}

async fn metrics(http: &reqwest::Client, base: &Url) -> Vec<(String, f64)> {
    let text = async { http.get(base.join("metrics").ok()?).send().await.ok()?.text().await.ok() };
    samples(&text.await.unwrap_or_default())
}

/// The samples of Prometheus' text format.
fn samples(text: &str) -> Vec<(String, f64)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        })
        .collect()
}

/// JSON, whatever the status: readiness comes with 503, too.
async fn get<T: serde::de::DeserializeOwned>(
    http: &reqwest::Client,
    base: &Url,
    path: &str,
    query: &[(&str, &str)],
) -> Asked<T> {
    within("the server", async {
        let Ok(url) = base.join(path) else { return failed("no address") };
        let answer = match http.get(url).query(query).send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => {
                return Asked::Skipped(format!("no server runs at {base}"));
            }
            Err(error) => return refused(&error.without_url()),
        };
        match answer.json().await {
            Ok(value) => Asked::Got(value),
            Err(_) => failed(format!("something that is not Offhook answers at {base}")),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_their_labels_and_comments_are_not() {
        let read = samples("# TYPE a counter\na{outcome=\"mismatch\"} 3\nb 2.5\nodd\n");
        assert_eq!(read, [("a{outcome=\"mismatch\"}".to_owned(), 3.0), ("b".to_owned(), 2.5)]);
    }
}
