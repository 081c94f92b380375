//! Operations asked for by the emulator's own pages, which need no token.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use zoom_phone_types::catalogue::Catalogue;

use super::ask::Ask;
use super::query::Query;
use super::{Called, LONGEST_BODY, Refusal, remembered, resources};
use crate::emulator::Shared;
use crate::oauth::{Access, Holder};

/// Performs an operation for a user, who may do everything, without limits and faults. `None` when the catalogue has
/// no such address. `path` is below `/v2` and has no query.
pub(crate) fn perform_for(
    shared: &Shared,
    user_id: &str,
    (method, path): (&str, &str),
    body: Value,
) -> Option<Response> {
    let (operation, path) = Catalogue::get().find(method, path)?;
    let called = Called { operation, path, body };
    let query = Query::parse(None);
    let origin = shared.config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let origin = origin.unwrap_or_default();
    let access = Access { holder: Holder::User(user_id.to_owned()), scopes: Arc::default() };
    let handler = resources::handler(&operation.name).unwrap_or(remembered::answer);
    let ask = Ask::new((shared, &access), &called, &query, &origin);
    Some(
        handler(&ask)
            .map_or_else(Refusal::into_response, |answer| answer.respond(operation, shared.config.temper)),
    )
}

/// The same for JSON. An error is Zoom's message.
pub(crate) async fn write_for(
    shared: &Shared,
    user_id: &str,
    address: (&str, &str),
    body: Value,
) -> Result<Value, String> {
    let answer = perform_for(shared, user_id, address, body).ok_or("Zoom has no such operation")?;
    let status = answer.status();
    let body = to_bytes(answer.into_body(), LONGEST_BODY).await.map_err(|error| error.to_string())?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status.is_success() {
        Ok(body)
    } else {
        Err(body["message"].as_str().unwrap_or("It failed").to_owned())
    }
}
