//! `/oauth/authorize`: the page on which a user agrees.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::grants::{Binding, Consent};
use super::page::{ANSWERS, escape, page, scope_choice, scope_list, user_choice};
use super::{Parameters, user_id};
use crate::apps::{App, AppKind};
use crate::emulator::Shared;

/// A good request for consent.
struct Request<'a> {
    app: &'a App,
    redirect: Url,
    binding: Binding,
    required: BTreeSet<String>,
    /// The user may leave these out.
    optional: BTreeSet<String>,
    /// Whether scopes that the user granted before stay granted (`include_granted_scopes`).
    keep_granted: bool,
    state: Option<String>,
}

/// The page. With the query parameter `emulator_approve=1` it presses its button `Allow` itself, for
/// `emulator_user` (id or e-mail address; by default the first user) and with all optional scopes; with
/// `emulator_approve=0` the button `Decline`.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::read(query.as_deref(), &[]);
    let request = match Request::read(&shared, &parameters) {
        Ok(request) => request,
        Err(wrong) => return wrong.into_response(),
    };
    match parameters.get("emulator_approve") {
        Some("1") => return request.approve(&shared, parameters.get("emulator_user")),
        Some("0") => return request.decline(),
        _ => {}
    }
    let body = format!(
        "<p>You would come back to {}.</p><form method=post action=\"/oauth/authorize?{}\">{}{}{}{ANSWERS}</form>",
        escape(&request.redirect.origin().ascii_serialization()),
        escape(query.as_deref().unwrap_or_default()),
        user_choice(&shared),
        scope_list(request.required.iter().map(String::as_str)),
        scope_choice(request.optional.iter().map(String::as_str)),
    );
    let title = format!("{} wants to use your Zoom account", request.app.name);
    page(StatusCode::OK, &title, &body)
}

/// The buttons of the page.
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let mut request = match Request::read(&shared, &Parameters::read(query.as_deref(), &[])) {
        Ok(request) => request,
        Err(wrong) => return wrong.into_response(),
    };
    let form = Parameters::read(None, &body);
    let ticked: BTreeSet<_> = form.all("optional").collect();
    request.optional.retain(|scope| ticked.contains(scope.as_str()));
    match form.get("decision") {
        Some("approve") => request.approve(&shared, form.get("user")),
        _ => request.decline(),
    }
}

impl<'a> Request<'a> {
    /// Wrong requests are told to the user, never to the redirect address, which cannot be trusted.
    fn read(shared: &'a Shared, parameters: &Parameters) -> Result<Self, Wrong> {
        let app = parameters.get("client_id").and_then(|id| App::find(&shared.config.apps, id));
        let Some(app) = app.filter(|app| app.kind == AppKind::General) else {
            return Err(Wrong::new("Invalid client id", 4702));
        };
        if shared.account.standing().disabled_apps.contains(&app.client_id) {
            return Err(Wrong::new("The app has been disabled", 4717));
        }
        let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
        let known = app.redirect_uris.iter().any(|known| known == redirect_uri);
        let Some(redirect) = Url::parse(redirect_uri).ok().filter(|_| known) else {
            return Err(Wrong(format!("Invalid redirect: {redirect_uri}"), 4700));
        };
        if parameters.get("response_type") != Some("code") {
            return Err(Wrong::new("The response_type must be code", 4700));
        }
        let challenge = match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
            (None, None) if app.pkce_public => {
                return Err(Wrong::new("A public client must send a code_challenge", 4700));
            }
            (None, None) => None,
            (Some(challenge), Some("S256")) => Some((challenge.to_owned(), true)),
            (Some(challenge), None | Some("plain")) => Some((challenge.to_owned(), false)),
            _ => return Err(Wrong::new("Invalid code challenge or code challenge method", 4700)),
        };
        let (required, optional) = wanted_scopes(&app.scopes, parameters)?;
        let binding =
            Binding { client_id: app.client_id.clone(), redirect_uri: redirect_uri.to_owned(), challenge };
        let keep_granted = parameters.get("include_granted_scopes") == Some("true");
        let state = parameters.get("state").map(str::to_owned);
        Ok(Self { app, redirect, binding, required, optional, keep_granted, state })
    }

    fn approve(self, shared: &Shared, user: Option<&str>) -> Response {
        let Some(user) = user_id(shared, user) else {
            return Wrong::new("There is no such user", 1001).into_response();
        };
        let mut scopes: BTreeSet<_> = self.required.into_iter().chain(self.optional).collect();
        if self.keep_granted
            && let Some(before) = shared.grants.granted(&self.app.client_id, &user)
        {
            scopes.extend(before.iter().cloned());
        }
        let code = shared.grants.code(self.binding, Consent { user, scopes: Arc::new(scopes) });
        send_back(self.redirect, "code", &code, self.state.as_deref())
    }

    /// Zoom documents no answer for this; RFC 6749 does.
    fn decline(self) -> Response {
        send_back(self.redirect, "error", "access_denied", self.state.as_deref())
    }
}

/// The scopes of `scope` and `optional_scope`; without either, all that the app has. Optional ones that the app
/// lacks are left out.
fn wanted_scopes(
    of_app: &[String],
    parameters: &Parameters,
) -> Result<(BTreeSet<String>, BTreeSet<String>), Wrong> {
    let list = |name| {
        let text = parameters.get(name)?;
        Some(text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>())
    };
    let (required, optional) = match (list("scope"), list("optional_scope")) {
        (None, None) => (of_app.iter().cloned().collect(), BTreeSet::new()),
        (required, optional) => (required.unwrap_or_default(), optional.unwrap_or_default()),
    };
    if let Some(unknown) = required.iter().find(|scope| !of_app.contains(scope)) {
        return Err(Wrong(format!("Invalid scope: {unknown}"), 4711));
    }
    let optional = optional.into_iter().filter(|scope| of_app.contains(scope) && !required.contains(scope));
    Ok((required.clone(), optional.collect()))
}

fn send_back(mut redirect: Url, name: &str, value: &str, state: Option<&str>) -> Response {
    redirect.query_pairs_mut().append_pair(name, value);
    if let Some(state) = state {
        redirect.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

/// Zoom's page for a request that cannot be granted: what is wrong, and the code as Zoom writes it there,
/// `(4,700)`.
struct Wrong(String, u16);

impl Wrong {
    fn new(what: &str, code: u16) -> Self {
        Self(what.to_owned(), code)
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let Self(what, code) = self;
        let body =
            format!("<p class=wrong role=alert>{} ({},{:03})</p>", escape(&what), code / 1000, code % 1000);
        page(StatusCode::BAD_REQUEST, "This app cannot be allowed", &body)
    }
}
