//! Calls.

use axum::{Json, extract::State};
use jiff::Timestamp;
use offhook_calls::{CallView, Direction, LegView, Outcome, Party, QueueRef, State as CallState};
use offhook_store::CallFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Id, Params,
    events::{StoredEvent, StoredEvents},
    page_size,
};
use crate::{problem::Problem, serve::App};

/// A call in a list: everything but its story.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallSummary {
    /// The call's preferred id. Any other of its ids finds it as well.
    pub(crate) id: String,
    account_id: String,
    direction: Direction,
    state: CallState,
    /// How it ended; null while it is open.
    result: Option<Outcome>,
    from: Option<Party>,
    to: Option<Party>,
    /// The queue it is in, or was in last.
    queue: Option<QueueRef>,
    /// The parts of people on the account.
    people: Vec<LegView>,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    state_since: Option<Timestamp>,
    wait_seconds: Option<i64>,
    talk_seconds: Option<i64>,
    hold_seconds: Option<i64>,
    /// What the recording is doing.
    recording: Option<String>,
    voicemail: bool,
    emergency: bool,
    /// Fields that were worked out, not told.
    derived: Vec<String>,
    /// Grows with every new fact.
    version: u64,
}

impl CallSummary {
    pub(crate) fn of(call: CallView) -> Self {
        Self {
            people: call.legs.into_iter().filter(|leg| leg.party.is_inside()).collect(),
            id: call.id,
            account_id: call.account_id,
            direction: call.direction,
            state: call.state,
            result: call.result,
            from: call.from,
            to: call.to,
            queue: call.queue,
            started_at: call.started_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            state_since: call.state_since,
            wait_seconds: call.wait_seconds,
            talk_seconds: call.talk_seconds,
            hold_seconds: call.hold_seconds,
            recording: call.recording,
            voicemail: call.voicemail,
            emergency: call.emergency,
            derived: call.derived,
            version: call.version,
        }
    }
}

/// Which calls to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// How many at once, 1 to 500; 50 if not said.
    limit: Option<usize>,
    /// Go on here: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Zoom account id.
    account: Option<String>,
    direction: Option<Direction>,
    state: Option<CallState>,
    result: Option<Outcome>,
    /// Extension number of a call queue.
    queue: Option<String>,
    /// User id or extension number of somebody in the call.
    person: Option<String>,
    /// A telephone number in the call, in any notation; its last digits suffice, at least four.
    number: Option<String>,
    /// `true`: only calls that were joined by an id which what would otherwise be two calls both claim.
    conflict: Option<bool>,
    /// Began at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Began before.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// One page of calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Calls {
    /// Newest first.
    calls: Vec<CallSummary>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Calls, newest first
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(ListParams),
    responses((status = 200, body = Calls), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(params): Params<ListParams>,
) -> Result<Json<Calls>, Problem> {
    let after = params
        .cursor
        .filter(|cursor| !cursor.is_empty())
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|error: offhook_store::CursorError| Problem::bad_request(error.to_string()))?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let filter = CallFilter {
        account: given(params.account),
        direction: params.direction,
        state: params.state,
        result: params.result,
        queue: given(params.queue),
        person: given(params.person),
        number: given(params.number),
        conflict: params.conflict == Some(true),
        from: params.from,
        to: params.to,
    };
    let now = app.now();
    let page = app.store().calls(filter, after, page_size(params.limit, 50, 500), now).await?;
    Ok(Json(Calls {
        calls: page.calls.into_iter().map(|call| CallSummary::of(call.as_of(now))).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
    }))
}

/// Where a call may be looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountParams {
    /// Zoom account id; needed only where two accounts know one id.
    pub(super) account: Option<String>,
}

/// One call in full: a summary and its story.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallDetail {
    #[serde(flatten)]
    call: CallView,
    /// The parts of people on the account.
    people: Vec<LegView>,
}

/// One call, by any of its ids
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", params(("id" = String, Path, description = "Any id of the call"), AccountParams),
    responses((status = 200, body = CallDetail), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<AccountParams>,
) -> Result<Json<CallDetail>, Problem> {
    let call = app.store().call(params.account, &id).await?.ok_or_else(|| Problem::no_such_call(&id))?;
    let call = call.as_of(app.now());
    let people = call.legs.iter().filter(|leg| leg.party.is_inside()).cloned().collect();
    Ok(Json(CallDetail { call, people }))
}

/// What Zoom said about one call, as it came in
#[utoipa::path(get, path = "/api/v1/calls/{id}/events", tag = "calls", params(("id" = String, Path, description = "Any id of the call"), AccountParams),
    responses((status = 200, body = StoredEvents), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn events(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<AccountParams>,
) -> Result<Json<StoredEvents>, Problem> {
    let call = app.store().call(params.account, &id).await?.ok_or_else(|| Problem::no_such_call(&id))?;
    let entries = app.store().entries_of(&call.account_id, &call.id).await?;
    Ok(Json(StoredEvents {
        last_seq: app.store().inbox().last_seq(),
        events: entries.into_iter().map(StoredEvent::of).collect(),
    }))
}
