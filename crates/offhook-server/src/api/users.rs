//! Who has which extension.

use axum::{Json, extract::State};
use offhook_calls::directory::Member;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Params, calls::AccountParams};
use crate::{problem::Problem, serve::App};

/// The phone users that were told of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Users {
    /// By account and extension number.
    users: Vec<Member>,
}

/// Phone users and their extensions, as last told
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(AccountParams),
    responses((status = 200, body = Users), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(params): Params<AccountParams>,
) -> Result<Json<Users>, Problem> {
    Ok(Json(Users { users: app.store().members(params.account).await? }))
}
