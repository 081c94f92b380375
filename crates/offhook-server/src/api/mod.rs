//! The HTTP API, and the OpenAPI document that describes it.

mod calls;
mod compat;
mod deprecations;
mod events;
mod export;
mod imports;
mod reconciliations;
mod search;
mod sync;
mod texts;
mod users;

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::{calls::CallSummary, export::MOST_EXPORTS};
use crate::{live, media, problem::Problem, serve::App};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Offhook",
        description = "Calls of a Zoom Phone account: live, by any id, and as they were told. \
                       All times are RFC 3339 in UTC, all durations whole seconds, and what is not known is null.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "live", description = "What is happening now"),
        (name = "calls", description = "Calls, found by any of their ids"),
        (name = "texts", description = "Text messages and faxes"),
        (name = "users", description = "Who has which extension"),
        (name = "media", description = "Recordings, voicemails and transcripts, fetched and kept"),
        (name = "events", description = "The inbox: what came in, as it came in"),
        (name = "export", description = "Whole tables, as they are or since the last time"),
        (name = "reconciliations", description = "Did we get all of them? Reports that compare what came in with Zoom's records"),
        (name = "migration", description = "Coming from call logs: imports, the old shapes, what is still in use"),
        (name = "sync", description = "Reading Zoom's own records")
    )
)]
struct Document;

/// The API's routes, with their description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(live::stream))
        .routes(routes!(live::snapshot))
        .routes(routes!(calls::list))
        .routes(routes!(calls::show))
        .routes(routes!(calls::events))
        .routes(routes!(search::search))
        .routes(routes!(texts::messages))
        .routes(routes!(texts::message))
        .routes(routes!(texts::faxes))
        .routes(routes!(texts::fax))
        .routes(routes!(users::list))
        .routes(routes!(reconciliations::list, reconciliations::order))
        .routes(routes!(reconciliations::show))
        .routes(routes!(reconciliations::items))
        .routes(routes!(reconciliations::of_call))
        .routes(routes!(events::list))
        .routes(routes!(export::table))
        .routes(routes!(media::list))
        .routes(routes!(media::summary))
        .routes(routes!(media::show, media::purge))
        .routes(routes!(media::fetch))
        .routes(routes!(media::verify))
        .routes(routes!(media::hold, media::release))
        .routes(routes!(media::link))
        .routes(routes!(imports::take))
        .routes(routes!(deprecations::list))
        .routes(routes!(compat::call_logs))
        .routes(routes!(compat::user_call_logs))
        .routes(routes!(compat::call_log))
        .routes(routes!(compat::call_history))
        .routes(routes!(compat::call_path))
        .routes(routes!(sync::status, sync::begin))
        .routes(routes!(sync::pause))
        .routes(routes!(sync::resume))
}

/// The OpenAPI document of this server.
pub fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// Query parameters; what cannot be read is a problem that says which.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(params) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        Ok(Self(params))
    }
}

/// A JSON body; what cannot be read is a problem that says where. It must say that it is JSON, which a web page from
/// elsewhere cannot without being asked first.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(body) = Json::<T>::from_request(request, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        Ok(Self(body))
    }
}

/// The id in the path; one that is no text is a problem that says so.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        Ok(Self(id))
    }
}

/// How many items a page has: what was asked, within bounds.
pub(crate) fn page_size(asked: Option<usize>, usual: usize, most: usize) -> usize {
    asked.unwrap_or(usual).clamp(1, most)
}
