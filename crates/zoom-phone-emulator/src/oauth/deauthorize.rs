//! A user removes an app: `app_deauthorized` goes to the app's own endpoint, and its tokens end.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::apps::App;
use crate::clock::wall_clock;
use crate::emulator::Shared;
use crate::webhooks::signature;

/// As for other events.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// What became of it.
#[derive(Debug, Serialize)]
pub(crate) struct Deauthorized {
    /// Ids of the users whose tokens ended.
    users: Vec<String>,
    /// The events that were sent, one for each user.
    events: Vec<Sent>,
}

#[derive(Debug, Serialize)]
struct Sent {
    event: Value,
    /// The endpoint's answer; null when there was none in time, or the app has no endpoint.
    status: Option<u16>,
}

/// Ends the tokens that a user (by id; all users without) gave the app, and tells the app. Sent once: the endpoint's
/// status is in the answer, and a test that wants it again asks again.
pub(crate) async fn deauthorize(shared: &Shared, app: &App, user: Option<&str>) -> Deauthorized {
    let ended = shared.grants.deauthorize(&app.client_id, user);
    let of_whom = match user {
        // Zoom tells of the removal, whether or not a token was alive.
        Some(user) => vec![user.to_owned()],
        None => ended.clone(),
    };
    let mut events = Vec::new();
    for user in of_whom {
        let now = shared.clock.now();
        let event = json!({
            "event": "app_deauthorized",
            "event_ts": now.as_millisecond(),
            "payload": {
                "account_id": shared.config.account_id,
                "user_id": user,
                // The form of Zoom's example; what it signs is not documented.
                "signature": signature(&app.secret_token, now.as_second(), user.as_bytes()).split_off(3),
                "deauthorization_time": now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
                "client_id": app.client_id,
            },
        });
        let status = send(app, &event).await;
        events.push(Sent { event, status });
    }
    Deauthorized { users: ended, events }
}

/// One signed request.
async fn send(app: &App, event: &Value) -> Option<u16> {
    let url = app.deauthorization_url.clone()?;
    let client = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent("Zoom Marketplace/1.0a");
    let (body, timestamp) = (event.to_string(), wall_clock().as_second());
    let request = client
        .build()
        .ok()?
        .post(url)
        .header("content-type", "application/json")
        .header("x-zm-request-timestamp", timestamp.to_string())
        .header("x-zm-signature", signature(&app.secret_token, timestamp, body.as_bytes()))
        .body(body);
    match request.send().await {
        Ok(response) => Some(response.status().as_u16()),
        Err(error) => {
            tracing::info!(%error, client_id = app.client_id, "the deauthorization endpoint did not answer");
            None
        }
    }
}
