//! Text messages and faxes.

use axum::{Json, extract::State};
use offhook_calls::{fax::FaxView, message::MessageView};
use offhook_store::{Cursor, TextFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Id, Params, calls::AccountParams, page_size};
use crate::{problem::Problem, serve::App};

/// Which text messages to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageParams {
    /// How many at once, 1 to 500; 50 if not said.
    limit: Option<usize>,
    /// Go on here: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Zoom account id.
    account: Option<String>,
    /// Of this conversation: Zoom's session id.
    session: Option<String>,
    /// A telephone number it went from or to, in any notation; its last digits suffice, at least four.
    number: Option<String>,
}

/// Which faxes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FaxParams {
    /// How many at once, 1 to 500; 50 if not said.
    limit: Option<usize>,
    /// Go on here: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Zoom account id.
    account: Option<String>,
    /// A telephone number it went from or to, in any notation; its last digits suffice, at least four.
    number: Option<String>,
}

/// One page of text messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Messages {
    /// Newest first.
    messages: Vec<MessageView>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// One page of faxes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Faxes {
    /// Newest first.
    faxes: Vec<FaxView>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn place(cursor: Option<String>) -> Result<Option<Cursor>, Problem> {
    given(cursor)
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|error: offhook_store::CursorError| Problem::bad_request(error.to_string()))
}

/// Text messages, newest first
#[utoipa::path(get, path = "/api/v1/messages", tag = "texts", params(MessageParams),
    responses((status = 200, body = Messages), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn messages(
    State(app): State<App>,
    Params(params): Params<MessageParams>,
) -> Result<Json<Messages>, Problem> {
    let filter = TextFilter {
        account: given(params.account),
        session: given(params.session),
        number: given(params.number),
    };
    let after = place(params.cursor)?;
    let page = app.store().messages(filter, after, page_size(params.limit, 50, 500)).await?;
    let next_cursor = page.next.map(|cursor| cursor.to_string());
    Ok(Json(Messages { messages: page.messages, next_cursor }))
}

/// One text message
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "texts", params(("id" = String, Path, description = "Zoom's id of the message"), AccountParams),
    responses((status = 200, body = MessageView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn message(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<AccountParams>,
) -> Result<Json<MessageView>, Problem> {
    let found = app.store().message(params.account, &id).await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("No text message with the id {id} is known.")))
}

/// Faxes, newest first
#[utoipa::path(get, path = "/api/v1/faxes", tag = "texts", params(FaxParams),
    responses((status = 200, body = Faxes), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn faxes(
    State(app): State<App>,
    Params(params): Params<FaxParams>,
) -> Result<Json<Faxes>, Problem> {
    let filter = TextFilter { account: given(params.account), session: None, number: given(params.number) };
    let after = place(params.cursor)?;
    let page = app.store().faxes(filter, after, page_size(params.limit, 50, 500)).await?;
    Ok(Json(Faxes { faxes: page.faxes, next_cursor: page.next.map(|cursor| cursor.to_string()) }))
}

/// One fax
#[utoipa::path(get, path = "/api/v1/faxes/{id}", tag = "texts", params(("id" = String, Path, description = "Zoom's id of the fax log"), AccountParams),
    responses((status = 200, body = FaxView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn fax(
    State(app): State<App>,
    Id(id): Id,
    Params(params): Params<AccountParams>,
) -> Result<Json<FaxView>, Problem> {
    let found = app.store().fax(params.account, &id).await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("No fax with the id {id} is known.")))
}
