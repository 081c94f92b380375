//! Call logs (v1) and call history (v2) for programs that cannot move yet: Zoom's addresses, parameters and shapes,
//! made from whatever told of the calls.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use offhook_calls::{
    CallView,
    compat::{
        v1::{self, Log, Shape},
        v2,
    },
};
use offhook_store::{CallFilter, Cursor};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::{Id, Params, page_size};
use crate::{problem::Problem, serve::App};

/// How long before its end a call may have begun, where calls are asked for by their end.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(24);

/// What Zoom's lists of call logs and of call history take.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompatParams {
    /// A day (`yyyy-mm-dd`) or a moment (`yyyy-MM-ddTHH:mm:ssZ`), UTC; a day before `to` if not said.
    from: Option<String>,
    /// Likewise, and a day is meant to its end; now if not said.
    to: Option<String>,
    /// How many rows at once, 1 to 300; 30 if not said.
    page_size: Option<usize>,
    /// Go on here: `next_page_token` of the page before. Leave all else as it was.
    next_page_token: Option<String>,
    /// Call logs only: `all` or `missed`.
    r#type: Option<String>,
    /// Call logs only: where the call came from, such as `callQueue`, `pstn`, `extension`.
    path: Option<String>,
    /// Calls with this telephone number; its last digits suffice, at least four.
    phone_number: Option<String>,
    /// By which time: `startTime` or `start_time`, `endTime` or `end_time`.
    time_type: Option<String>,
    /// Zoom account id; needed only where this server has several.
    account: Option<String>,
}

/// Which calls are asked for, and by which time.
struct Wanted {
    filter: CallFilter,
    from: Timestamp,
    to: Timestamp,
    by_end: bool,
    size: usize,
    place: Place,
}

/// A place in a list of rows: before the row of this number among the rows of the calls after a call.
#[derive(Debug, Default)]
struct Place {
    /// What `to` was on the first page, in milliseconds since 1970: a list does not grow while it is read.
    to_ms: Option<i64>,
    row: usize,
    after: Option<Cursor>,
}

impl Place {
    fn read(token: &str) -> Option<Self> {
        let (to_ms, rest) = token.split_once('.')?;
        let (row, after) = rest.split_once('.')?;
        let after = if after.is_empty() { None } else { Some(after.parse().ok()?) };
        Some(Self { to_ms: Some(to_ms.parse().ok()?), row: row.parse().ok()?, after })
    }

    fn token(&self) -> String {
        let after = self.after.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{}.{}.{after}", self.to_ms.unwrap_or_default(), self.row)
    }
}

impl Wanted {
    fn of(params: &CompatParams, app: &App, person: Option<String>) -> Result<Self, Problem> {
        let token = params.next_page_token.as_deref().filter(|token| !token.is_empty());
        let place = match token {
            None => Place::default(),
            Some(token) => Place::read(token).ok_or_else(|| {
                Problem::bad_request(
                    "next_page_token is not one that this list gave out; start again without it",
                )
            })?,
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let to = match (place.to_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()), given(&params.to)) {
            (Some(to), _) => to,
            (None, Some(text)) => moment("to", &text, true)?,
            (None, None) => app.now(),
        };
        let from = match given(&params.from) {
            Some(text) => moment("from", &text, false)?,
            None => to.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN),
        };
        let by_end = match params.time_type.as_deref() {
            None | Some("" | "startTime" | "start_time") => false,
            Some("endTime" | "end_time") => true,
            Some(_) => return Err(Problem::bad_request("time_type is startTime or endTime")),
        };
        let began = if by_end { from.checked_sub(LONGEST_CALL).unwrap_or(from) } else { from };
        let filter = CallFilter {
            account: given(&params.account),
            person,
            number: given(&params.phone_number),
            from: Some(began),
            to: Some(to),
            // A record is written when a call is over.
            state: Some(offhook_calls::State::Ended),
            ..CallFilter::default()
        };
        let place = Place { to_ms: Some(to.as_millisecond()), ..place };
        Ok(Self { filter, from, to, by_end, size: page_size(params.page_size, 30, 300), place })
    }

    fn has(&self, ended_at: Option<Timestamp>) -> bool {
        !self.by_end || ended_at.is_some_and(|at| at >= self.from && at < self.to)
    }

    /// A page of rows, and the token of the next; empty at the end.
    async fn page(
        self,
        app: &App,
        rows_of: impl Fn(&Self, &CallView) -> Vec<Value>,
    ) -> Result<(Vec<Value>, String), Problem> {
        let mut rows = Vec::new();
        let Place { to_ms, mut row, mut after } =
            Place { to_ms: self.place.to_ms, row: self.place.row, after: self.place.after.clone() };
        loop {
            let calls = app.store().calls(self.filter.clone(), after.clone(), self.size, app.now()).await?;
            let made = calls.calls.iter().flat_map(|call| rows_of(&self, call));
            for (number, made) in made.enumerate().skip(row) {
                if rows.len() == self.size {
                    return Ok((rows, Place { to_ms, row: number, after }.token()));
                }
                rows.push(made);
            }
            row = 0;
            after = calls.next;
            if after.is_none() {
                return Ok((rows, String::new()));
            }
        }
    }
}

/// A day or a moment.
fn moment(name: &str, text: &str, to_its_end: bool) -> Result<Timestamp, Problem> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let day = if to_its_end { day.and_then(|day| day.tomorrow().ok()) } else { day };
    day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|at| at.timestamp()).ok_or_else(|| {
        Problem::bad_request(format!("{name} is a day, yyyy-mm-dd, or a moment, yyyy-MM-ddTHH:mm:ssZ"))
    })
}

/// A page as Zoom wraps it. It has no `total_records`: counting would read every page.
fn envelope(wanted: (Timestamp, Timestamp, usize), rows: &[Value], next: &str) -> Json<Value> {
    let (from, to, size) = wanted;
    let text = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Json(json!({
        "from": text(from), "to": text(to), "page_size": size, "next_page_token": next, "call_logs": rows,
    }))
}

/// Notes who still asks for this, for `GET /api/v1/deprecations`.
fn note(app: &App, operation: &'static str, headers: &HeaderMap) {
    let client = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("unnamed");
    let client: Arc<str> = client.chars().take(80).collect::<String>().into();
    let (store, day) = (app.store().clone(), app.now().to_zoned(TimeZone::UTC).date());
    tokio::spawn(async move {
        if let Err(error) = store.note_served(operation, &client, day).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not note who asks for old shapes"
            );
        }
    });
}

/// The account's call logs, as GET /phone/call_logs has them
#[utoipa::path(get, path = "/api/v1/compat/v1/call_logs", tag = "migration", params(CompatParams),
    responses((status = 200, body = Value), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn call_logs(
    State(app): State<App>,
    Params(params): Params<CompatParams>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    note(&app, "account_call_logs", &headers);
    logs(&app, &params, None, Shape::Account).await
}

/// A user's call logs, as GET /phone/users/{userId}/call_logs has them
#[utoipa::path(get, path = "/api/v1/compat/v1/users/{id}/call_logs", tag = "migration",
    params(("id" = String, Path, description = "User id or extension number"), CompatParams),
    responses((status = 200, body = Value), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn user_call_logs(
    State(app): State<App>,
    Id(user): Id,
    Params(params): Params<CompatParams>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    if user == "me" {
        return Err(Problem::bad_request("me is nobody here: name the user's id or extension number"));
    }
    note(&app, "phone_user_call_logs", &headers);
    logs(&app, &params, Some(user), Shape::User).await
}

async fn logs(
    app: &App,
    params: &CompatParams,
    user: Option<String>,
    shape: Shape,
) -> Result<Json<Value>, Problem> {
    let missed = match params.r#type.as_deref() {
        None | Some("" | "all") => false,
        Some("missed") => true,
        Some(_) => return Err(Problem::bad_request("type is all or missed")),
    };
    let path = params.path.as_deref().filter(|path| !path.is_empty());
    let wanted = Wanted::of(params, app, user.clone())?;
    let asked = (wanted.from, wanted.to, wanted.size);
    let is_owners = |log: &Log<'_>| match (&user, log.owner()) {
        (None, _) => true,
        (Some(user), Some(owner)) => {
            [&owner.user_id, &owner.extension_number].into_iter().flatten().any(|id| id == user)
        }
        (Some(_), None) => false,
    };
    let (rows, next) = wanted
        .page(app, |wanted, call| {
            let logs = v1::logs(call).into_iter();
            let logs = logs
                .filter(|log| wanted.has(log.ended_at()) && is_owners(log) && (!missed || log.is_missed()));
            logs.filter(|log| path.is_none_or(|path| log.path() == path)).map(|log| log.row(shape)).collect()
        })
        .await?;
    Ok(envelope(asked, &rows, &next))
}

/// Where a call is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountParams {
    /// Zoom account id; needed only where two accounts know one id.
    account: Option<String>,
}

/// One call log with its steps, as GET /phone/call_logs/{callLogId} has it
#[utoipa::path(get, path = "/api/v1/compat/v1/call_logs/{id}", tag = "migration",
    params(("id" = String, Path, description = "An id of the list, an old one of Zoom's, a call_id, or any other id of the call"), AccountParams),
    responses((status = 200, body = Value), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn call_log(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(params): Params<AccountParams>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    note(&app, "get_call_log_details", &headers);
    let mut found = app.store().call(params.account.clone(), &id).await?;
    if found.is_none() {
        found = app.store().call(params.account, v1::base_of(&id)).await?;
    }
    let call = found.ok_or_else(|| Problem::no_such_call(&id))?;
    let logs = v1::logs(&call);
    let log =
        logs.iter().find(|log| log.id == id).or(logs.first()).ok_or_else(|| Problem::no_such_call(&id))?;
    Ok(Json(log.detail()))
}

/// The account's call history of before, as GET /phone/call_history had it in call_logs
#[utoipa::path(get, path = "/api/v1/compat/v2/call_history", tag = "migration", params(CompatParams),
    responses((status = 200, body = Value), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn call_history(
    State(app): State<App>,
    Params(params): Params<CompatParams>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    note(&app, "account_call_history.call_logs", &headers);
    let wanted = Wanted::of(&params, &app, None)?;
    let asked = (wanted.from, wanted.to, wanted.size);
    let (rows, next) = wanted
        .page(&app, |wanted, call| if wanted.has(call.ended_at) { vec![v2::row(call)] } else { Vec::new() })
        .await?;
    Ok(envelope(asked, &rows, &next))
}

/// The steps of one call, as GET /phone/call_history/{id} had them in call_path
#[utoipa::path(get, path = "/api/v1/compat/v2/call_history/{id}", tag = "migration",
    params(("id" = String, Path, description = "Any id of the call"), AccountParams),
    responses((status = 200, body = Value), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn call_path(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(params): Params<AccountParams>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    note(&app, "get_call_path.call_path", &headers);
    let call = app.store().call(params.account, &id).await?.ok_or_else(|| Problem::no_such_call(&id))?;
    Ok(Json(v2::path(&call)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_anything_else_is_refused() {
        let place = Place { to_ms: Some(5), row: 2, after: "7.A/call_id:1.2".parse().ok() };
        let again = Place::read(&place.token()).unwrap();
        assert_eq!((again.to_ms, again.row, again.after), (Some(5), 2, place.after));
        for odd in ["", "x", "1.2", "1.x.", "1.2.x"] {
            assert!(Place::read(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn days_are_whole() {
        let day = |end| moment("to", "2026-05-01", end).unwrap().to_string();
        assert_eq!(
            (day(false), day(true)),
            ("2026-05-01T00:00:00Z".to_owned(), "2026-05-02T00:00:00Z".to_owned())
        );
        assert!(moment("from", "yesterday", false).is_err());
    }
}
