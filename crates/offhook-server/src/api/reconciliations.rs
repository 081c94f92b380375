//! Reports on what came in, compared with Zoom's records.

use axum::{Json, extract::State, http::StatusCode};
use jiff::{SignedDuration, Timestamp};
use offhook_calls::compare::{Item, ItemKind, Sighting, Summary, Telling, sightings};
use offhook_store::{NewReport, Report, ReportState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Body, Id, Params, page_size};
use crate::{problem::Problem, serve::App};

/// A report on what came in of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reconciliation {
    /// Its number.
    id: i64,
    /// Zoom account id.
    account_id: String,
    /// Calls that began at or after.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// And before.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Who wanted it: `asked`, `nightly`.
    cause: String,
    /// `waiting`, `running`, `done`, `failed`.
    state: &'static str,
    /// How far it is, while it is made.
    progress: Option<Progress>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was done, or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Why it could not be made.
    error: Option<String>,
    /// What it says; there when it is done, and not before.
    summary: Option<Summary>,
}

/// How far a report is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// What is under way: `reading` (Zoom's records), `folding` (what came in becomes calls), `comparing`, `queues`.
    step: String,
    /// How much of that is done.
    done: u64,
    /// Of how much; 0 when that is not known.
    total: u64,
}

impl Reconciliation {
    fn of(report: Report) -> Self {
        let progress = (report.state == ReportState::Running).then_some(Progress {
            step: report.step,
            done: report.done,
            total: report.total,
        });
        Self {
            id: report.id,
            account_id: report.account,
            from: report.from,
            to: report.to,
            cause: report.cause,
            state: report.state.as_str(),
            progress,
            created_at: report.created_at,
            finished_at: report.finished_at,
            error: report.error,
            summary: report.summary,
        }
    }
}

/// Some reports.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationList {
    /// Newest first.
    reconciliations: Vec<Reconciliation>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Which reports to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReconciliationParams {
    /// How many at once, 1 to 100; 20 if not said.
    limit: Option<usize>,
    /// Go on here: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Zoom account id.
    account: Option<String>,
}

/// Reports on what came in, newest first
#[utoipa::path(get, path = "/api/v1/reconciliations", tag = "reconciliations", params(ReconciliationParams),
    responses((status = 200, body = ReconciliationList), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(params): Params<ReconciliationParams>,
) -> Result<Json<ReconciliationList>, Problem> {
    let limit = page_size(params.limit, 20, 100);
    let before = cursor(params.cursor.as_deref(), |text| text.parse().ok())?;
    let account = params.account.filter(|account| !account.is_empty());
    let mut reports = app.store().reports(account, before, limit + 1).await?;
    let more = reports.len() > limit;
    reports.truncate(limit);
    let next_cursor = reports.last().filter(|_| more).map(|report| report.id.to_string());
    Ok(Json(ReconciliationList {
        reconciliations: reports.into_iter().map(Reconciliation::of).collect(),
        next_cursor,
    }))
}

/// The longest period of a report: a little more than the six months that Zoom keeps its records.
const LONGEST: SignedDuration = SignedDuration::from_hours(190 * 24);

/// A report that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconciliation {
    /// Zoom account id; needed only where several are configured.
    account: Option<String>,
    /// Calls that began at or after.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// And before.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
}

/// Orders a report; it is made in the background
#[utoipa::path(post, path = "/api/v1/reconciliations", tag = "reconciliations", request_body = NewReconciliation,
    responses((status = 202, body = Reconciliation), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn order(
    State(app): State<App>,
    Body(wanted): Body<NewReconciliation>,
) -> Result<(StatusCode, Json<Reconciliation>), Problem> {
    let account = app.account(wanted.account)?;
    let (from, to) = (wanted.from, wanted.to);
    if from >= to {
        return Err(Problem::bad_request("the period ends before it begins: from must be before to"));
    }
    if to.duration_since(from) > LONGEST {
        return Err(Problem::bad_request(format!(
            "the period is too long: at most {} days in one report; order several",
            LONGEST.as_hours() / 24
        )));
    }
    let report = app.reconciliations().order(NewReport { account, from, to, cause: "asked" }).await?;
    Ok((StatusCode::ACCEPTED, Json(Reconciliation::of(report))))
}

/// One report
#[utoipa::path(get, path = "/api/v1/reconciliations/{id}", tag = "reconciliations", params(("id" = i64, Path, description = "Its number")),
    responses((status = 200, body = Reconciliation), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(State(app): State<App>, Id(id): Id) -> Result<Json<Reconciliation>, Problem> {
    Ok(Json(Reconciliation::of(report(&app, &id).await?)))
}

async fn report(app: &App, id: &str) -> Result<Report, Problem> {
    let found = match id.parse() {
        Ok(number) => app.store().report(number).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "urn:offhook:no-such-reconciliation",
            "There is no such report",
            format!("No report has the number {id:?}. GET /api/v1/reconciliations lists those there are."),
        )
    })
}

/// Which items of a report to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ItemParams {
    /// How many at once, 1 to 1000; 100 if not said.
    limit: Option<usize>,
    /// Go on here: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only of this kind.
    kind: Option<ItemKind>,
}

/// Some items of a report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Items {
    /// By kind, and in the order in which the calls began. At most 10,000 of a kind are listed; the summary counts all.
    items: Vec<Item>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// What a report found
#[utoipa::path(get, path = "/api/v1/reconciliations/{id}/items", tag = "reconciliations", params(("id" = i64, Path, description = "The report's number"), ItemParams),
    responses((status = 200, body = Items), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The report is not done")))]
pub(crate) async fn items(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<ItemParams>,
) -> Result<Json<Items>, Problem> {
    let report = report(&app, &id).await?;
    if report.state != ReportState::Done {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "urn:offhook:not-done",
            "The report is not done",
            format!("The report {id} is {}; it is shown whole or not at all.", report.state.as_str()),
        ));
    }
    let limit = page_size(params.limit, 100, 1000);
    let after = cursor(params.cursor.as_deref(), |text| {
        let (kind, n) = text.split_once('.')?;
        Some((kind.to_owned(), n.parse().ok()?))
    })?;
    let mut found =
        app.store().report_items(report.id, params.kind, after.unwrap_or_default(), limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|((kind, n), _)| format!("{kind}.{n}"));
    Ok(Json(Items { items: found.into_iter().map(|(_, item)| item).collect(), next_cursor }))
}

fn cursor<T>(text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let refused = || Problem::bad_request(offhook_store::CursorError.to_string());
    read(text).map(Some).ok_or_else(refused)
}

/// Where a call may be looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SightingParams {
    /// Zoom account id; needed only where two accounts know one id.
    account: Option<String>,
}

/// Who told of a call and its parts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sightings {
    /// The call, then its steps, recordings and voicemails.
    sightings: Vec<Sighting>,
}

/// Which door brought what of a call, and which was first
#[utoipa::path(get, path = "/api/v1/calls/{id}/sightings", tag = "calls", params(("id" = String, Path, description = "Any id of the call"), SightingParams),
    responses((status = 200, body = Sightings), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn of_call(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<SightingParams>,
) -> Result<Json<Sightings>, Problem> {
    let call = app.store().call(params.account, &id).await?.ok_or_else(|| Problem::no_such_call(&id))?;
    let entries = app.store().entries_of(&call.account_id, &call.id).await?;
    let told: Vec<Telling> = entries.into_iter().map(Telling::from).collect();
    Ok(Json(Sightings { sightings: sightings(&call.id, &told) }))
}
