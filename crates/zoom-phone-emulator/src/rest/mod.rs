//! Zoom's REST API, under `/v2`: some of it simulated, the rest shaped by the catalogue.

mod admit;
pub(crate) mod ask;
mod documented;
mod files;
mod form_data;
mod inside;
mod listing;
pub(crate) mod paging;
mod people;
pub(crate) mod project;
mod query;
mod remembered;
mod resources;
mod sample;
mod words;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use zoom_phone_types::catalogue::{Catalogue, Method, Operation};

use crate::emulator::Shared;
use crate::oauth::{Access, Holder};
use ask::Ask;
pub(crate) use files::{audio_file, signed_recording, signed_transcript};
pub(crate) use inside::{perform_for, write_for};
use query::Query;

/// The longest body that is read: the 50 MB of a fax and its wrapping.
const LONGEST_BODY: usize = 51 << 20;

pub(crate) fn router(shared: Arc<Shared>) -> Router<Arc<Shared>> {
    let operations = Router::new()
        .route("/users/me", get(people::me))
        .fallback(perform_documented)
        .method_not_allowed_fallback(perform_documented)
        .with_state(shared.clone());
    // As a whole behind the checks: one request may have to ask another operation, see `stale_read`.
    Router::new().fallback_service(operations).layer(middleware::from_fn_with_state(shared, admit::admit))
}

/// An operation and the parameters in the path.
type Found = (&'static Operation, Vec<(&'static str, String)>);

/// A request that passed all checks.
pub(crate) struct Called {
    operation: &'static Operation,
    /// Parameters in the path, decoded, `me` resolved.
    path: Vec<(&'static str, String)>,
    /// The JSON body, or the parts of a form as text; null without one.
    body: Value,
}

/// Zoom's error form for everything but tokens.
pub(crate) struct Refusal {
    status: StatusCode,
    code: u32,
    message: String,
    errors: Vec<FieldError>,
}

/// What is wrong with one field.
pub(crate) struct FieldError {
    field: String,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), errors: Vec::new() }
    }

    /// Whether something is not there; Zoom has two ways to say so.
    fn is_absent(&self) -> bool {
        self.status == StatusCode::NOT_FOUND || self.code == 404
    }

    /// 400 with code 300: a parameter is wrong.
    fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 300, message)
    }

    /// 400 with code 300, and which fields are wrong.
    fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::invalid("Validation Failed.") }
    }

    /// 400 with code 4711: the token may not do this.
    fn scopes(scopes: &[impl AsRef<str>]) -> Self {
        let scopes: Vec<_> = scopes.iter().map(AsRef::as_ref).collect();
        let message = format!("Invalid access token, does not contain scopes:[{}].", scopes.join(", "));
        Self::new(StatusCode::BAD_REQUEST, 4711, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = json!({ "code": self.code, "message": self.message });
        if !self.errors.is_empty() {
            let errors = self.errors.into_iter();
            answer["errors"] = errors.map(|it| json!({ "field": it.field, "message": it.message })).collect();
        }
        (self.status, Json(answer)).into_response()
    }
}

/// Hands a request on that is as documented.
async fn perform(
    shared: &Shared,
    operation: &'static Operation,
    mut path: Vec<(&'static str, String)>,
    access: &Access,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    for (name, value) in &mut path {
        if *name == "userId" {
            if value == "me" {
                let Holder::User(user) = &access.holder else { return Err(people::no_me()) };
                value.clone_from(user);
            } else if let Some(user) = shared.state.world(|world| world.user(value).map(str::to_owned)) {
                *value = user;
            }
        }
    }
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY).await;
    let body =
        body.map_err(|_| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, 413, "The request is too long."))?;
    let checked = documented::check(operation, &path, &parts, &body)?;
    parts.extensions.insert(access.clone());
    if operation.method == Method::Get {
        if let Some(old) = shared.faults.stale.take(parts.uri.path()) {
            return Ok(old);
        }
    } else if let Some(lost) = shared.faults.lost_effect(operation) {
        return Ok(lost);
    } else if let Some((get, path)) = Catalogue::get().find("GET", parts.uri.path())
        && shared.faults.stale_read(operation)
    {
        let mut read = Request::new(Body::empty());
        (*read.uri_mut(), *read.extensions_mut()) = (parts.uri.clone(), parts.extensions.clone());
        read.extensions_mut().insert(Arc::new(Called { operation: get, path, body: Value::Null }));
        shared.faults.stale.keep(parts.uri.path(), next.clone().run(read).await).await;
    }
    parts.extensions.insert(Arc::new(Called { operation, path, body: checked }));
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// A documented operation, by its simulation or else by its shape.
async fn perform_documented(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let known = request.extensions().get::<Arc<Called>>().cloned();
    let Some((called, access)) = known.zip(request.extensions().get::<Access>().cloned()) else {
        return not_found(request).await;
    };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let origin = format!("http://{host}");
    let query = Query::parse(request.uri().query());
    let ask = Ask::new((&shared, &access), &called, &query, &origin);
    let handler = resources::handler(&called.operation.name).unwrap_or(remembered::answer);
    let answer = handler(&ask).or_else(|refusal| {
        // What a simulation does not know may be made up.
        let made_up = shared.config.invent_ids && refusal.is_absent();
        if made_up { remembered::answer(&ask) } else { Err(refusal) }
    });
    if answer.is_ok() && called.operation.method != Method::Get {
        resources::note(&ask);
    }
    answer
        .map_or_else(Refusal::into_response, |answer| answer.respond(called.operation, shared.config.temper))
}

/// Every operation with how much of it there is: `stateful` ones are simulated, `shaped` ones answer with valid data and
/// remember what was written to them.
pub(crate) fn census() -> Value {
    let operations = Catalogue::get().operations().iter().map(|operation| {
        let kind = if resources::handler(&operation.name).is_some() { "stateful" } else { "shaped" };
        json!({
            "id": operation.id,
            "name": operation.name,
            "method": operation.method.as_str(),
            "path": operation.path,
            "tag": operation.tag,
            "kind": kind,
        })
    });
    operations.collect()
}

/// Zoom has no such address.
pub(crate) async fn not_found(request: Request) -> Response {
    let message = format!("There is no {} {}.", request.method(), request.uri().path());
    Refusal::new(StatusCode::NOT_FOUND, 404, message).into_response()
}
