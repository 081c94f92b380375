//! How far reading Zoom's history is, and having it read.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use offhook_store::{SyncRefused, SyncRequests, SyncRun, SyncTrouble};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Body;
use crate::{
    problem::Problem,
    serve::App,
    sync::{Estimate, Kind, Mode, Syncer, estimate},
};

/// How sync stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncStatus {
    /// Accounts whose credentials are known.
    accounts: Vec<AccountSync>,
}

/// How sync stands for one account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountSync {
    /// Zoom account id.
    account_id: String,
    /// Backfill and nightly runs rest. Catch-ups go on.
    paused: bool,
    /// By kind, until when catch-ups have read without a gap.
    until: Vec<SyncUntil>,
    /// The account's quota; null where it cannot be told.
    quota: Option<SyncQuota>,
    /// What Zoom refuses for want of a scope.
    refused: Vec<Refused>,
    /// Runs, the newest first: all that are under way, and the last ones that ended.
    runs: Vec<SyncRunStatus>,
    /// Up to a hundred each of windows and items that are late or given up.
    troubles: Vec<Trouble>,
}

/// Until when a kind has been read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncUntil {
    /// `calls`, `recordings`, `voicemails`; `nightly` for the last night.
    kind: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// The day's requests of HEAVY operations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncQuota {
    /// So many a day.
    daily: u64,
    /// Used today, by all programs that share the count.
    used_today: u64,
    /// A backfill asks for no more when so many are used.
    backfill_share: u64,
    /// The share in percent.
    backfill_percent: u8,
    /// Whole again in so many seconds, at 00:00 UTC.
    resets_in_seconds: u64,
}

/// A kind that Zoom refuses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// A list (`recordings`), or something asked for by its id (`path`).
    kind: String,
    /// The scopes that the app lacks, as Zoom names them.
    scopes: String,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When it is tried again.
    #[schema(value_type = String, format = DateTime)]
    again_at: Timestamp,
}

/// Requests by rate label.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Requests {
    light: u64,
    medium: u64,
    heavy: u64,
}

/// One run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncRunStatus {
    id: u64,
    /// `backfill`, `catch_up` or `nightly`.
    mode: String,
    /// `running`, `paused` or `done`. What Zoom refuses and what is not ready, a run does not wait for.
    state: &'static str,
    /// What it covers.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Requests made, of all that are expected: 0 to 100.
    percent: f64,
    /// Until its end, if nothing else uses the quota; null where that cannot be told.
    eta_seconds: Option<u64>,
    /// Rows read.
    rows: u64,
    requests: Requests,
    /// Those that are expected yet.
    requests_left: Requests,
    /// Its lists.
    kinds: Vec<KindStatus>,
    /// What its rows led to, asked for by id.
    items: Vec<ItemStatus>,
}

/// One list of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindStatus {
    kind: String,
    windows_done: u64,
    windows_waiting: u64,
    windows_missing: u64,
    pages: u64,
    rows: u64,
}

/// What rows of a run led to, of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemStatus {
    /// `path`, `voicemail`, `call_log`, `session`, `user_elements`, `summary`.
    kind: String,
    done: u64,
    /// To be asked for, those that were not ready included.
    due: u64,
    not_ready: u64,
    given_up: u64,
}

/// Something late, or given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trouble {
    kind: String,
    /// The window as `from to to`, or an id.
    what: String,
    given_up: bool,
    tries: u32,
    /// When it is tried again; of what is given up, when it was.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    reason: String,
}

impl From<SyncRequests> for Requests {
    fn from(SyncRequests { light, medium, heavy }: SyncRequests) -> Self {
        Self { light, medium, heavy }
    }
}

impl SyncRunStatus {
    fn of(run: SyncRun, paused: bool, Estimate { left, percent, time }: Estimate) -> Self {
        let is_live = run.mode == Mode::CatchUp.word();
        let state = match run.ended {
            Some(_) => "done",
            None if paused && !is_live => "paused",
            None => "running",
        };
        Self {
            id: run.id,
            mode: run.mode,
            state,
            from: run.from,
            to: run.to,
            started_at: run.started,
            ended_at: run.ended,
            percent,
            eta_seconds: time.map(|time| time.as_secs()),
            rows: run.kinds.iter().map(|kind| kind.rows).sum(),
            requests: run.requests.into(),
            requests_left: left.into(),
            kinds: run
                .kinds
                .into_iter()
                .map(|kind| KindStatus {
                    kind: kind.kind,
                    windows_done: kind.done,
                    windows_waiting: kind.waiting,
                    windows_missing: kind.missing,
                    pages: kind.pages,
                    rows: kind.rows,
                })
                .collect(),
            items: run
                .items
                .into_iter()
                .map(|item| ItemStatus {
                    kind: item.kind,
                    done: item.done,
                    due: item.due,
                    not_ready: item.not_ready,
                    given_up: item.given_up,
                })
                .collect(),
        }
    }
}

impl AccountSync {
    async fn of(syncer: &Syncer) -> Result<Self, Problem> {
        let state = syncer.state().await?;
        let budget = syncer.budget();
        let share = budget.map_or(0, |budget| syncer.share(budget.limits.daily));
        let refused =
            |SyncRefused { kind, scopes, since, again }| Refused { kind, scopes, since, again_at: again };
        let trouble = |SyncTrouble { kind, what, given_up, tries, due, reason }| Trouble {
            kind,
            what,
            given_up,
            tries,
            at: due,
            reason,
        };
        let run = |run: SyncRun| {
            let estimate = estimate(&run, budget, share);
            SyncRunStatus::of(run, state.paused, estimate)
        };
        Ok(Self {
            account_id: syncer.account().to_owned(),
            paused: state.paused,
            until: state.until.into_iter().map(|(kind, at)| SyncUntil { kind, at }).collect(),
            quota: budget.map(|budget| SyncQuota {
                daily: budget.limits.daily,
                used_today: budget.used_today,
                backfill_share: share,
                backfill_percent: syncer.share_percent(),
                resets_in_seconds: budget.day_ends_in.as_secs(),
            }),
            refused: state.refused.into_iter().map(refused).collect(),
            runs: state.runs.into_iter().map(run).collect(),
            troubles: state.troubles.into_iter().map(trouble).collect(),
        })
    }
}

/// How far reading Zoom's history is
#[utoipa::path(get, path = "/api/v1/sync", tag = "sync", responses((status = 200, body = SyncStatus)))]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<SyncStatus>, Problem> {
    let mut accounts = Vec::new();
    for syncer in app.syncers() {
        accounts.push(AccountSync::of(syncer).await?);
    }
    Ok(Json(SyncStatus { accounts }))
}

/// What to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncOrder {
    /// What for.
    mode: Mode,
    /// Zoom account id; every account if not said.
    account: Option<String>,
    /// Of a backfill: from when on. As far as Zoom keeps calls, six months, if not said.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Of a backfill: until when; now if not said.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Of a backfill: which lists. All but the deprecated `call_logs` if not said.
    kinds: Option<BTreeSet<Kind>>,
    /// Of a backfill: also what earlier runs have read.
    #[serde(default)]
    again: bool,
}

/// What was begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncBegun {
    /// One for each account.
    accounts: Vec<AccountBegun>,
}

/// What was begun for one account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountBegun {
    account_id: String,
    /// The run; null where nothing is left to be read, and for a catch-up that goes on.
    run: Option<u64>,
}

/// Have Zoom's history read
#[utoipa::path(post, path = "/api/v1/sync", tag = "sync", request_body = SyncOrder,
    responses((status = 202, body = SyncBegun), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn begin(
    State(app): State<App>,
    Body(order): Body<SyncOrder>,
) -> Result<(StatusCode, Json<SyncBegun>), Problem> {
    let now = app.now();
    let to = order.to.unwrap_or(now).min(now);
    if order.mode != Mode::Backfill
        && (order.from.is_some() || order.to.is_some() || order.kinds.is_some() || order.again)
    {
        return Err(Problem::bad_request("Only a backfill takes from, to, kinds and again."));
    }
    if order.from.is_some_and(|from| from >= to) {
        return Err(Problem::bad_request("There is nothing between from and to, or all of it is to come."));
    }
    let kinds = order.kinds.unwrap_or_else(|| Kind::USUAL.iter().copied().collect());
    let mut accounts = Vec::new();
    for syncer in named(&app, order.account.as_deref())? {
        let run = match order.mode {
            Mode::Backfill => syncer.begin(Mode::Backfill, order.from, to, &kinds, order.again).await?,
            Mode::CatchUp => syncer.catch_up_now().await?,
            Mode::Nightly => syncer.night_now().await?,
        };
        accounts.push(AccountBegun { account_id: syncer.account().to_owned(), run });
    }
    Ok((StatusCode::ACCEPTED, Json(SyncBegun { accounts })))
}

/// Whom it concerns.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncWhom {
    /// Zoom account id; every account if not said.
    account: Option<String>,
}

/// Let backfill and nightly runs rest
#[utoipa::path(post, path = "/api/v1/sync/pause", tag = "sync", request_body = SyncWhom,
    responses((status = 200, body = SyncStatus), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn pause(
    State(app): State<App>,
    Body(whom): Body<SyncWhom>,
) -> Result<Json<SyncStatus>, Problem> {
    set_paused(app, whom, true).await
}

/// Let backfill and nightly runs go on
#[utoipa::path(post, path = "/api/v1/sync/resume", tag = "sync", request_body = SyncWhom,
    responses((status = 200, body = SyncStatus), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn resume(
    State(app): State<App>,
    Body(whom): Body<SyncWhom>,
) -> Result<Json<SyncStatus>, Problem> {
    set_paused(app, whom, false).await
}

async fn set_paused(app: App, whom: SyncWhom, paused: bool) -> Result<Json<SyncStatus>, Problem> {
    for syncer in named(&app, whom.account.as_deref())? {
        syncer.pause(paused).await?;
    }
    status(State(app)).await
}

/// The syncer of this account, or all of them.
fn named<'a>(app: &'a App, account: Option<&str>) -> Result<Vec<&'a Arc<Syncer>>, Problem> {
    let is_named = |syncer: &&Arc<Syncer>| account.is_none_or(|account| syncer.account() == account);
    let named: Vec<_> = app.syncers().iter().filter(is_named).collect();
    if named.is_empty() {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "urn:offhook:no-such-account",
            "Nothing can be read",
            "No such account has credentials here: ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET of a \
             server-to-server app, or an [[account]] with them in offhook.toml.",
        ));
    }
    Ok(named)
}
