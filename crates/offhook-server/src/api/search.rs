//! Finding a call by whatever one has of it.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{CallSummary, Params};
use crate::{problem::Problem, serve::App};

/// Calls at most.
const MOST: usize = 50;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchParams {
    /// Any id, a telephone number or its last four digits or more, an extension number, a user id.
    q: String,
    /// Zoom account id.
    account: Option<String>,
}

/// A call that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Found {
    /// What matched: a kind of id, `number`, `extension`, `user`.
    kind: String,
    /// The value that matched.
    value: String,
    call: CallSummary,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundCalls {
    /// An id's call, or the newest calls with that number or person.
    matches: Vec<Found>,
}

/// Calls with this id, number or extension
#[utoipa::path(get, path = "/api/v1/search", tag = "calls", params(SearchParams),
    responses((status = 200, body = FoundCalls), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn search(
    State(app): State<App>,
    Params(params): Params<SearchParams>,
) -> Result<Json<FoundCalls>, Problem> {
    if params.q.trim().is_empty() {
        return Err(Problem::bad_request("q is empty: give an id, a telephone number or an extension"));
    }
    let found = app.store().search(params.account, &params.q, MOST).await?;
    let now = app.now();
    let matches = found
        .into_iter()
        .map(|found| Found {
            kind: found.kind,
            value: found.value,
            call: CallSummary::of(found.call.as_of(now)),
        })
        .collect();
    Ok(Json(FoundCalls { matches }))
}
