//! Recordings, voicemails and transcripts: what is known of them, who decides about them, and their bytes by way of
//! short-lived links. The work itself is `offhook-media`'s.

mod answers;
mod file;
mod range;

use axum::{Json, extract::State, http::StatusCode};
use jiff::{SignedDuration, Timestamp};
use offhook_media::{Archive, ArchiveConfig, ArchiveError, Links, Verified};
use offhook_store::{MediaFilter, MediaKind, MediaState, Store};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use self::answers::{Cursor, MediaDetail, MediaFile, MediaLink, MediaList, MediaSummary, MediaVerdict};
pub(crate) use self::file::file;
use crate::{
    access,
    api::{Body, Id, Params, page_size},
    problem::Problem,
    serve::App,
};

/// The longest that a link holds, in seconds.
const LONGEST_LINK: u32 = 3600;

/// The archive, and what signs links to its files.
pub(crate) struct Media {
    pub(crate) archive: Archive,
    links: Links,
}

impl Media {
    pub(crate) fn new(store: Store, config: ArchiveConfig) -> Result<Self, ArchiveError> {
        let links = Links::new().ok_or(ArchiveError::NoKey)?;
        Ok(Self { archive: Archive::new(store, config)?, links })
    }
}

fn media(app: &App) -> Result<&Media, Problem> {
    app.media().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "urn:offhook:no-media",
            "Files are not looked after",
            "This server does not look after recordings and voicemails.",
        )
    })
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        let (status, kind, title) = match &error {
            ArchiveError::Unknown(_) => {
                (StatusCode::NOT_FOUND, "urn:offhook:no-such-file", "No file has this id")
            }
            ArchiveError::NotHere { .. } => (StatusCode::CONFLICT, "urn:offhook:not-here", "It is not here"),
            ArchiveError::Held { .. } => (StatusCode::CONFLICT, "urn:offhook:held", "It is under legal hold"),
            ArchiveError::Deleted { .. } => (StatusCode::CONFLICT, "urn:offhook:deleted", "It was deleted"),
            other => {
                tracing::error!(error = other as &dyn std::error::Error, "a file of a call cannot be used");
                (StatusCode::SERVICE_UNAVAILABLE, "urn:offhook:media", "The store of files did not do it")
            }
        };
        Self::new(status, kind, title, error.to_string())
    }
}

/// Which files to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MediaParams {
    /// Those of this call: any of its ids.
    call: Option<String>,
    /// Zoom account id.
    account: Option<String>,
    /// `recording`, `transcript`, `voicemail`, `voicemail_transcript`.
    kind: Option<String>,
    /// `skipped`, `wanted`, `fetching`, `here`, `failed`, `not_ready`, `gone`, `deleting`, `deleted`, `refused`.
    state: Option<String>,
    /// Under legal hold, or not.
    held: Option<bool>,
    /// How many at once, 1 to 500; 50 if not said.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Recordings, voicemails and transcripts, newest first
#[utoipa::path(get, path = "/api/v1/media", tag = "media", params(MediaParams),
    responses((status = 200, body = MediaList), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(params): Params<MediaParams>,
) -> Result<Json<MediaList>, Problem> {
    let policy = media(&app)?.archive.policy();
    let word = |what: &str, word: &str| Problem::bad_request(format!("there is no {what} {word:?}"));
    let mut account = params.account.filter(|account| !account.is_empty());
    let mut call_id = params.call;
    if let Some(id) = &mut call_id
        && let Some(call) = app.store().call(account.clone(), id).await?
    {
        (account, *id) = (Some(call.account_id), call.id);
    }
    let filter = MediaFilter {
        call_id,
        account,
        kind: params.kind.map(|it| MediaKind::from_word(&it).ok_or_else(|| word("kind", &it))).transpose()?,
        state: params
            .state
            .map(|it| MediaState::from_word(&it).ok_or_else(|| word("state", &it)))
            .transpose()?,
        held: params.held,
    };
    let after = params
        .cursor
        .map(|text| text.parse::<Cursor>().map_err(|error| Problem::bad_request(error.to_string())))
        .transpose()?;
    let limit = page_size(params.limit, 50, 500);
    let mut rows = app.store().media_list(filter, after.map(|at| (at.0, at.1)), limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor =
        rows.last().filter(|_| more).map(|last| Cursor(last.recorded_at, last.id.clone()).to_string());
    let files = rows.into_iter().map(|row| MediaFile::of(row, policy)).collect();
    Ok(Json(MediaList { files, next_cursor }))
}

/// How many files are how far, and what holds them up
#[utoipa::path(get, path = "/api/v1/media/summary", tag = "media",
    responses((status = 200, body = MediaSummary)))]
pub(crate) async fn summary(State(app): State<App>) -> Result<Json<MediaSummary>, Problem> {
    let archive = &media(&app)?.archive;
    let counts = app.store().media_counts().await?;
    Ok(Json(MediaSummary::of(archive.policy(), archive.blocked(), counts)))
}

/// One file, with the receipts of what was done to it
#[utoipa::path(get, path = "/api/v1/media/{id}", tag = "media", params(("id" = String, Path, description = "Id of the file")),
    responses((status = 200, body = MediaDetail), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(State(app): State<App>, Id(id): Id) -> Result<Json<MediaDetail>, Problem> {
    let archive = &media(&app)?.archive;
    let row = archive.known(&id).await?;
    let notes = app.store().media_notes(&id).await?;
    Ok(Json(MediaDetail::of(row, archive.policy(), notes)))
}

/// Who asks, for the receipt.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Asked {
    /// A name, or whatever tells who it was.
    #[serde(default)]
    who: Option<String>,
}

/// Fetch a file as soon as possible, whatever the policy says
#[utoipa::path(post, path = "/api/v1/media/{id}/fetch", tag = "media", params(("id" = String, Path, description = "Id of the file")),
    request_body = Asked,
    responses((status = 202, body = MediaFile), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn fetch(
    State(app): State<App>,
    Id(id): Id,
    Body(asked): Body<Asked>,
) -> Result<(StatusCode, Json<MediaFile>), Problem> {
    let archive = &media(&app)?.archive;
    let row = archive.want(&id, asked.who, app.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(MediaFile::of(row, archive.policy()))))
}

/// Read a whole file and compare it with what was fetched
#[utoipa::path(post, path = "/api/v1/media/{id}/verify", tag = "media", params(("id" = String, Path, description = "Id of the file")),
    request_body = Asked,
    responses((status = 200, body = MediaVerdict), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn verify(
    State(app): State<App>,
    Id(id): Id,
    Body(_asked): Body<Asked>,
) -> Result<Json<MediaVerdict>, Problem> {
    let why = match media(&app)?.archive.verify(&id).await? {
        Verified::Intact => None,
        Verified::Damaged(why) => Some(why),
    };
    Ok(Json(MediaVerdict { id, intact: why.is_none(), why }))
}

/// Why a file is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PurgeParams {
    /// Why, for the receipt.
    reason: String,
    /// Who, for the receipt.
    who: Option<String>,
}

/// Delete a file here; at Zoom it stays. Refused under legal hold
#[utoipa::path(delete, path = "/api/v1/media/{id}", tag = "media",
    params(("id" = String, Path, description = "Id of the file"), PurgeParams),
    responses((status = 200, body = MediaFile), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn purge(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<PurgeParams>,
) -> Result<Json<MediaFile>, Problem> {
    let archive = &media(&app)?.archive;
    let row = archive.purge(&id, params.who, params.reason, app.now()).await?;
    Ok(Json(MediaFile::of(row, archive.policy())))
}

/// A legal hold.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct HoldOn {
    /// Who puts it on.
    who: String,
    /// Why.
    reason: String,
}

/// Put a legal hold on a file: nothing deletes it until the hold is released
#[utoipa::path(put, path = "/api/v1/media/{id}/hold", tag = "media", params(("id" = String, Path, description = "Id of the file")),
    request_body = HoldOn,
    responses((status = 200, body = MediaFile), (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn hold(
    State(app): State<App>,
    Id(id): Id,
    Body(said): Body<HoldOn>,
) -> Result<Json<MediaFile>, Problem> {
    if said.who.trim().is_empty() || said.reason.trim().is_empty() {
        return Err(Problem::bad_request("a hold needs who puts it on, and why"));
    }
    let archive = &media(&app)?.archive;
    let row = archive.hold(&id, said.who, said.reason, app.now()).await?;
    Ok(Json(MediaFile::of(row, archive.policy())))
}

/// Who releases a hold, and why.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReleaseParams {
    /// Who, for the receipt.
    who: Option<String>,
    /// Why, for the receipt.
    reason: Option<String>,
}

/// Release a legal hold. What should have been deleted meanwhile is deleted then
#[utoipa::path(delete, path = "/api/v1/media/{id}/hold", tag = "media",
    params(("id" = String, Path, description = "Id of the file"), ReleaseParams),
    responses((status = 200, body = MediaFile), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn release(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<ReleaseParams>,
) -> Result<Json<MediaFile>, Problem> {
    let archive = &media(&app)?.archive;
    let row = archive.release(&id, params.who, params.reason, app.now()).await?;
    Ok(Json(MediaFile::of(row, archive.policy())))
}

/// How long a link is to hold.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct LinkFor {
    /// Seconds, 1 to 3600.
    #[schema(minimum = 1, maximum = 3600)]
    seconds: u32,
}

/// A short-lived link to the bytes of a file that is here. Whoever has it may hear the file; it ends with the server at the latest
#[utoipa::path(post, path = "/api/v1/media/{id}/link", tag = "media", params(("id" = String, Path, description = "Id of the file")),
    request_body = LinkFor,
    responses((status = 200, body = MediaLink), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn link(
    State(app): State<App>,
    Id(id): Id,
    Body(LinkFor { seconds }): Body<LinkFor>,
) -> Result<Json<MediaLink>, Problem> {
    if !(1..=LONGEST_LINK).contains(&seconds) {
        return Err(Problem::bad_request(format!("a link holds 1 to {LONGEST_LINK} seconds")));
    }
    let media = media(&app)?;
    let row = media.archive.known(&id).await?;
    if !access::may_hear(&row) {
        return Err(Problem::forbidden("You may not hear this file."));
    }
    if row.state != MediaState::Here {
        return Err(ArchiveError::NotHere { id, state: row.state }.into());
    }
    let until = app.now().saturating_add(SignedDuration::from_secs(i64::from(seconds)));
    let expires_at = until.unwrap_or(Timestamp::UNIX_EPOCH);
    let token = media.links.sign(&id, expires_at).ok_or(ArchiveError::Unknown(id))?;
    Ok(Json(MediaLink { url: format!("/media/{token}"), expires_at }))
}
