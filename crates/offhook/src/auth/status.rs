//! `offhook auth status`: who has access, until when, to what.

use std::process::ExitCode;

use serde_json::{Value, json};
use zoom_phone::{
    oauth::AccessToken,
    scopes::{Missing, Scopes},
};

use crate::{
    clock,
    config::Config,
    exit,
    output::Output,
    zoom::{self, Who},
};

/// What Offhook does with Zoom's API, and the operation it needs for it.
const FEATURES: &[(&str, &str)] = &[
    ("comparing calls with Zoom's records", "account_call_history"),
    ("the steps of a call that no webhook tells", "get_call_path"),
];

/// A feature that the token does not allow.
struct Blocked {
    feature: &'static str,
    missing: Missing,
}

impl Blocked {
    /// Any of these scopes would do.
    fn any_of(&self) -> Vec<&'static str> {
        [self.missing.any_of_granular.as_slice(), &self.missing.any_of_classic].concat()
    }
}

/// So many scopes would hide the rest.
const MANY: usize = 60;

/// Asks for a token, and shows what it is good for.
pub(super) async fn show(config: &Config, out: Output) -> anyhow::Result<ExitCode> {
    let (who, tokens) = zoom::access(config).await?;
    let token = tokens.token().await?;
    let blocked = blocked(token.scopes())?;
    let issued =
        if who == Who::Person { tokens.stored().await?.map(|grant| grant.issued_at()) } else { None };
    if out.json {
        let missing = blocked.iter().map(
            |it| json!({ "feature": it.feature, "operation": it.missing.operation, "any_of": it.any_of() }),
        );
        out.print_json(
            &json!({
                "access": who.as_str(),
                "client_id": config.get("zoom.client_id"),
                "account_id": if who == Who::Account { config.get("zoom.account_id") } else { None },
                "issued_at": issued,
                "expires_at": token.expires_at(),
                "api_url": token.api_url().map(url::Url::as_str),
                "scopes": token.scopes(),
                "missing": missing.collect::<Value>(),
            }),
            false,
        );
    } else {
        text(who, config, &token, issued, &blocked, out);
    }
    Ok(ExitCode::from(if blocked.is_empty() { 0 } else { exit::NO_ACCESS }))
}

fn text(
    who: Who,
    config: &Config,
    token: &AccessToken,
    issued: Option<jiff::Timestamp>,
    blocked: &[Blocked],
    out: Output,
) {
    let line = |name: &str, value: &str| out.print(&format!("{name:<11}{value}"));
    let setting = |key| config.get(key).unwrap_or("—");
    let access = match who {
        Who::Person => "as the person who signed in".to_owned(),
        Who::Account => format!("as account {}, server-to-server", setting("zoom.account_id")),
    };
    line("access", &access);
    line("client id", setting("zoom.client_id"));
    let left = token.expires_at().duration_since(clock::now()).as_mins().max(0);
    let renewed = if who == Who::Person { "; renewed by itself" } else { "" };
    line("token", &format!("until {:.0} ({left} min){renewed}", token.expires_at()));
    if let Some(issued) = issued {
        line("tokens of", &format!("{issued:.0}"));
    }
    line("region", token.api_url().map_or("not told", |url| url.as_str()));
    if token.scopes().len() > MANY {
        line("scopes", &format!("{}; --json lists them", token.scopes().len()));
    } else {
        line("scopes", &token.scopes().len().to_string());
        for scope in token.scopes() {
            out.print(&format!("  {scope}"));
        }
    }
    if blocked.is_empty() {
        out.print(&format!("\n{}: everything Offhook does is allowed", out.word("ok")));
    }
    for it in blocked {
        out.print(&format!(
            "\n{}: {} ({}) needs the scope {}",
            out.word("missing"),
            it.feature,
            it.missing.operation,
            it.any_of().join(" or ")
        ));
    }
    if !blocked.is_empty() {
        out.print("Add the scopes to the app in Zoom's Marketplace, then sign in again (a server-to-server app: wait for its next token).");
    }
}

fn blocked(granted: &[String]) -> anyhow::Result<Vec<Blocked>> {
    let granted = Scopes::granted(granted.iter().map(String::as_str));
    let mut blocked = Vec::new();
    for (feature, operation) in FEATURES {
        let missing = Scopes::required_for([operation])?.missing(&granted);
        blocked.extend(missing.into_iter().map(|missing| Blocked { feature, missing }));
    }
    Ok(blocked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scope_of_either_model_is_enough_for_a_feature() {
        let features = |granted: &[&str]| {
            let granted: Vec<String> = granted.iter().map(|scope| (*scope).to_owned()).collect();
            blocked(&granted).unwrap().iter().map(|it| it.missing.operation).collect::<Vec<_>>()
        };
        assert_eq!(features(&[]).len(), FEATURES.len());
        assert!(features(&["phone:read:admin"]).is_empty());
        assert_eq!(features(&["phone:read:list_call_logs:admin"]), ["getCallPath"]);
        assert!(features(&["phone:read:list_call_logs:admin", "phone:read:call_log:admin"]).is_empty());
    }
}
