//! `/oauth/authorize`: the page on which a user agrees.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use super::grants::{Binding, Consent, Scopes};
use super::{App, Parameters, escape, page, user_choice, user_id};
use crate::emulator::Shared;

/// A good request for consent.
struct Request {
    redirect: Url,
    binding: Binding,
    scopes: Scopes,
    state: Option<String>,
}

/// The page; with `emulator_approve=1` the answer that its button gives.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::read(query.as_deref(), &[]);
    let request = match Request::read(&shared, &parameters) {
        Ok(request) => request,
        Err(wrong) => return wrong.into_response(),
    };
    if parameters.get("emulator_approve") == Some("1") {
        return request.approve(&shared, parameters.get("emulator_user"));
    }
    let body = format!(
        "<p>{} scopes are asked for.</p><form method=post action=\"/oauth/authorize?{}\">{} \
        <button name=decision value=approve>Allow</button> <button name=decision value=deny>Decline</button></form>",
        request.scopes.len(),
        escape(query.as_deref().unwrap_or_default()),
        user_choice(&shared),
    );
    Html(page("Allow this app to use your Zoom account?", &body)).into_response()
}

/// The buttons of the page.
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let request = match Request::read(&shared, &Parameters::read(query.as_deref(), &[])) {
        Ok(request) => request,
        Err(wrong) => return wrong.into_response(),
    };
    let form = Parameters::read(None, &body);
    match form.get("decision") {
        Some("approve") => request.approve(&shared, form.get("user")),
        _ => request.answer("error", "access_denied"),
    }
}

impl Request {
    /// Wrong requests are told to the user, never to the redirect address, which cannot be trusted.
    fn read(shared: &Shared, parameters: &Parameters) -> Result<Self, Wrong> {
        let config = &shared.config;
        let app = parameters.get("client_id").and_then(|id| App::of(config, id));
        if app != Some(App::General) {
            return Err(Wrong("Invalid client id", 4702));
        }
        let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
        let known = config.redirect_uris.iter().any(|known| known == redirect_uri);
        let Some(redirect) = Url::parse(redirect_uri).ok().filter(|_| known) else {
            return Err(Wrong("Invalid redirect", 4709));
        };
        if parameters.get("response_type") != Some("code") {
            return Err(Wrong("The response_type must be code", 4700));
        }
        let challenge = match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
            (None, None) => None,
            (Some(challenge), Some("S256")) => Some((challenge.to_owned(), true)),
            (Some(challenge), None | Some("plain")) => Some((challenge.to_owned(), false)),
            _ => return Err(Wrong("Invalid code challenge or code challenge method", 4700)),
        };
        let scopes = wanted_scopes(&config.scopes, parameters).ok_or(Wrong("Invalid scope", 4711))?;
        Ok(Self {
            redirect,
            binding: Binding { redirect_uri: redirect_uri.to_owned(), challenge },
            scopes,
            state: parameters.get("state").map(str::to_owned),
        })
    }

    fn approve(self, shared: &Shared, user: Option<&str>) -> Response {
        let Some(user) = user_id(shared, user) else {
            return Wrong("There is no such user", 1001).into_response();
        };
        let Self { redirect, binding, scopes, state } = self;
        let code = shared.grants.code(binding, Consent { user, scopes });
        send_back(redirect, "code", &code, state.as_deref())
    }

    fn answer(self, name: &str, value: &str) -> Response {
        send_back(self.redirect, name, value, self.state.as_deref())
    }
}

/// The scopes of `scope` and `optional_scope`; without either, all that the app has. `None` when the
/// app lacks a required one.
fn wanted_scopes(of_app: &[String], parameters: &Parameters) -> Option<Scopes> {
    let has = |scope: &&str| of_app.iter().any(|known| known == scope);
    let list = |name| parameters.get(name).map(|text| text.split_whitespace().collect::<Vec<_>>());
    let (required, optional) = (list("scope"), list("optional_scope"));
    if required.is_none() && optional.is_none() {
        return Some(Arc::new(of_app.iter().cloned().collect()));
    }
    let required = required.unwrap_or_default();
    let granted = required.iter().copied().chain(optional.unwrap_or_default().into_iter().filter(has));
    required.iter().all(has).then(|| Arc::new(granted.map(str::to_owned).collect()))
}

fn send_back(mut redirect: Url, name: &str, value: &str, state: Option<&str>) -> Response {
    redirect.query_pairs_mut().append_pair(name, value);
    if let Some(state) = state {
        redirect.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// Zoom's page for a request that cannot be granted: what is wrong, and the code as Zoom writes it,
/// `(4,709)`.
struct Wrong(&'static str, u16);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let Self(what, code) = self;
        let body = format!("<p>{what}: ({},{:03})</p>", code / 1000, code % 1000);
        (StatusCode::BAD_REQUEST, Html(page("This app cannot be allowed", &body))).into_response()
    }
}
