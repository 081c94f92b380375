//! Asking Zoom, as each account.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::Url;
use zoom_phone::{
    client::{Client, ClientConfig, Error, Retry, zoom_api_url},
    oauth::{AuthError, ServerToServer, TokenSource},
    quota::{Limiter, Priority},
};

use super::{chain, failed, http, refused, within};
use crate::{
    config::Credentials,
    doctor::facts::{Asked, Failure, Plan, Settings, Token, Users, Zoom},
};

/// For one question.
const DEADLINE: Duration = Duration::from_secs(8);

/// Zoom's code for a token that is expired, revoked or replaced.
const TOKEN_REFUSED: i64 = 124;

/// Where this configuration says that Zoom is.
fn api(settings: &Settings) -> Url {
    settings.api_url.clone().unwrap_or_else(zoom_api_url)
}

/// Seconds that this machine's clock is ahead of Zoom's, by the `Date` of an answer; whatever the answer is.
pub(crate) async fn clock(settings: &Settings, now: impl Fn() -> Timestamp) -> Asked<i64> {
    let url = api(settings);
    within("Zoom", async {
        let asked = async { http()?.get(url).send().await };
        match asked.await {
            Err(error) => refused(&error.without_url()),
            Ok(answer) => {
                let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
                let date = date.and_then(|text| DateTimeParser::new().parse_timestamp(text).ok());
                match date {
                    Some(date) => Asked::Got(now().as_second() - date.as_second()),
                    None => failed("the answer has no Date"),
                }
            }
        }
    })
    .await
}

/// Everything that one account is asked.
pub(crate) async fn account(
    credentials: Credentials,
    limiter: Option<Limiter>,
    settings: &Settings,
    now: Timestamp,
) -> Zoom {
    let account = credentials.account.clone();
    let unasked = |why: &str| Zoom::unasked(account.clone(), why);
    let tokens = TokenSource::server_to_server(ServerToServer {
        client_id: credentials.client_id,
        client_secret: credentials.client_secret,
        account_id: credentials.account,
        token_url: settings.oauth_url.clone().unwrap_or_else(ServerToServer::zoom_token_url),
    });
    let config = ClientConfig {
        base_url: settings.api_url.clone(),
        timeout: DEADLINE,
        deadline: DEADLINE,
        retry: Retry { tries: 1, ..Retry::default() },
        limiter,
        ..ClientConfig::default()
    };
    let made = tokens.map_err(|error| chain(&error)).and_then(|tokens| {
        Client::new(config, tokens.clone()).map(|client| (client, tokens)).map_err(|error| chain(&error))
    });
    let (client, tokens) = match made {
        Ok(made) => made,
        Err(why) => return Zoom { token: failed(why), ..unasked("there is no token") },
    };
    let first = within("the token service", async {
        match tokens.token().await {
            Ok(token) => Asked::Got(token),
            Err(error) => Asked::Failed(token_failure(&error)),
        }
    })
    .await;
    let first = match first {
        Asked::Got(token) => token,
        Asked::Failed(failure) => {
            return Zoom { token: Asked::Failed(failure), ..unasked("there is no token") };
        }
        Asked::Skipped(why) => return unasked(&why),
    };
    let token = Token { lives: (first.expires_at() - now).get_seconds(), scopes: first.scopes().to_vec() };
    let (settings, users, plans, campaigns) = tokio::join!(
        ask(&client, "phoneSetting", &[], |_| ()),
        ask(&client, "listPhoneUsers", &[("page_size", "100")], users),
        ask(&client, "listPhonePlans", &[], plans),
        ask(&client, "listAccountSMSCampaigns", &[], campaigns),
    );
    if matches!(&settings, Asked::Failed(failure) if failure.code == Some(TOKEN_REFUSED)) {
        let token_lived = Asked::skipped("Zoom refused the token from the start");
        return Zoom { account, token: Asked::Got(token), settings, users, plans, campaigns, token_lived };
    }
    // A token that somebody else's has replaced is refused, and the client takes a new one.
    let token_lived = match ask(&client, "phoneSetting", &[], |_| ()).await {
        Asked::Failed(failure) if failure.code == Some(TOKEN_REFUSED) => Asked::Got(false),
        _ => match tokens.token().await {
            Ok(last) => Asked::Got(last.secret().expose_secret() == first.secret().expose_secret()),
            Err(error) => Asked::Failed(token_failure(&error)),
        },
    };
    Zoom { account, token: Asked::Got(token), settings, users, plans, campaigns, token_lived }
}

fn token_failure(error: &AuthError) -> Failure {
    Failure { text: chain(error), no_answer: error.retry_helps(), ..Failure::default() }
}

/// One question to the API.
async fn ask<T>(
    client: &Client,
    operation: &str,
    query: &[(&'static str, &str)],
    read: impl FnOnce(&Value) -> T,
) -> Asked<T> {
    within(operation, async {
        let call = match client.operation(operation) {
            Ok(call) => call,
            Err(error) => return refused(&error),
        };
        let call = query.iter().fold(call, |call, (name, value)| call.query(*name, *value));
        match call.priority(Priority::Person).deadline(DEADLINE).answer().await {
            Ok(answer) => Asked::Got(read(&answer.body)),
            Err(error) => Asked::Failed(failure(&error)),
        }
    })
    .await
}

fn failure(error: &Error) -> Failure {
    let api = error.api();
    Failure {
        text: chain(error),
        code: api.and_then(|api| api.code),
        scope_missing: api.is_some_and(zoom_phone::client::ApiError::scope_missing),
        no_answer: error.retry_helps(),
    }
}

fn users(body: &Value) -> Users {
    let rows = body["users"].as_array().map_or(&[][..], Vec::as_slice);
    let total = body["total_records"].as_u64().and_then(|total| usize::try_from(total).ok());
    Users {
        total: total.unwrap_or(0).max(rows.len()),
        looked_at: rows.len(),
        active: rows.iter().filter(|user| user["status"] == "activate").count(),
        with_plan: rows
            .iter()
            .filter(|user| user["calling_plans"].as_array().is_some_and(|plans| !plans.is_empty()))
            .count(),
    }
}

fn plans(body: &Value) -> Vec<Plan> {
    let rows = body["calling_plans"].as_array().into_iter().flatten();
    rows.map(|plan| Plan {
        name: plan["name"].as_str().unwrap_or("a plan without a name").to_owned(),
        free: plan["available"].as_i64(),
    })
    .collect()
}

fn campaigns(body: &Value) -> (usize, usize) {
    let rows = body["sms_campaigns"].as_array().map_or(&[][..], Vec::as_slice);
    (rows.len(), rows.iter().filter(|campaign| campaign["status"] == "active").count())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_counted_whatever_is_missing_in_them() {
        let body = json!({ "total_records": 7, "users": [
            { "status": "activate", "calling_plans": [{ "type": 200 }] },
            { "status": "deactivate", "calling_plans": [] },
            { "status": 3 },
        ] });
        assert_eq!(users(&body), Users { total: 7, looked_at: 3, active: 1, with_plan: 1 });
        for odd in [json!(null), json!([]), json!({ "users": "many" })] {
            assert_eq!(users(&odd), Users::default());
            assert!(plans(&odd).is_empty());
            assert_eq!(campaigns(&odd), (0, 0));
        }
        assert_eq!(
            campaigns(&json!({ "sms_campaigns": [{ "status": "active" }, { "status": "draft" }] })),
            (2, 1)
        );
    }
}
