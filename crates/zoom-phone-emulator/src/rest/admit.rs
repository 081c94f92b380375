//! Who gets in: a live token, whose scopes reach, to an account and a user with Zoom Phone, within the limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use zoom_phone_types::catalogue::{Api, Catalogue, Operation};

use super::{Found, Refusal, perform};
use crate::config::Temper;
use crate::emulator::Shared;
use crate::faults::sign_in_page;
use crate::limits::{Budget, CONCURRENT};
use crate::oauth::{Access, Holder, Locked};
use crate::scopes::{self, Reach};
use crate::world::at;

type Path = [(&'static str, String)];

/// Every answer carries a tracking id.
pub(super) async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(0);

    shared.state.count(|counts| counts.rest_requests += 1);
    let found = Catalogue::get().find(request.method().as_str(), request.uri().path());
    let id = found.as_ref().map_or("", |(operation, _)| operation.id.as_str());
    let response = pass(&shared, found, request, next).await.unwrap_or_else(Refusal::into_response);
    let mut response = shared.faults.spoil(id, response).await;
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    if let Ok(id) = HeaderValue::from_str(&format!("v=2.0;clid=emulator;rid=REST_{number:016x}")) {
        response.headers_mut().insert("x-zm-trackingid", id);
    }
    response
}

async fn pass(
    shared: &Shared,
    found: Option<Found>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let access = shared.grants.admit(request.headers());
    let limit = shared.faults.rate_limit().or_else(|| shared.limits.in_force());
    // From here to the answer, delays by faults included.
    let _alone = match (&found, &access) {
        (Some((_, path)), Ok(access)) if limit.is_some() && request.method() == Method::DELETE => {
            match target(shared, path, access) {
                Some(user) => Some(shared.limits.alone(user).ok_or_else(|| too_many(shared, CONCURRENT))?),
                None => None,
            }
        }
        _ => None,
    };
    let id = found.as_ref().map_or("", |(operation, _)| operation.id.as_str());
    let asked = format!("/v2{}", request.uri()).parse().unwrap_or_default();
    if let Some(response) = shared.faults.strike(id, &asked).await {
        return Ok(response);
    }
    let access = match access {
        Ok(access) => access,
        Err(_) if shared.config.temper == Temper::Field && is_download(found.as_ref()) => {
            // Live, who asks for a file without a good token gets a page for people, and no error.
            return Ok(sign_in_page());
        }
        Err(why) => return Err(locked(why, shared.config.temper)),
    };
    if shared.account.standing().suspended {
        return Err(Refusal::new(StatusCode::NOT_FOUND, 2001, "Account does not exist."));
    }
    if let Some((operation, path)) = &found {
        within_reach(shared, operation, path, &access)?;
        has_phone(shared, operation, path, &access)?;
    }
    let budget = match &found {
        Some((operation, _)) => operation.rate.map(Budget::Phone),
        None => (request.uri().path() == "/users/me").then_some(Budget::General),
    };
    let verdict = limit.zip(budget).map(|(limit, budget)| {
        // Days end when real ones do, however fast the company's clock runs.
        shared.limits.spend(limit, budget, shared.real_time.now())
    });
    let refused = verdict.as_ref().and_then(|verdict| verdict.refusal);
    let mut response = match (refused, found) {
        (Some(message), _) => too_many(shared, message).into_response(),
        (None, Some((operation, path))) => perform(shared, operation, path, &access, request, next)
            .await
            .unwrap_or_else(Refusal::into_response),
        (None, None) => {
            request.extensions_mut().insert(access);
            next.run(request).await
        }
    };
    if let Some(verdict) = verdict {
        verdict.write(response.headers_mut());
    }
    Ok(response)
}

/// Whether a file is asked for.
fn is_download(found: Option<&Found>) -> bool {
    found.is_some_and(|(operation, _)| operation.path.contains("/download/"))
}

/// 401 with code 124. The words are those of Zoom's documents; an expired token was seen to be answered with others.
fn locked(why: Locked, temper: Temper) -> Refusal {
    let message = match (why, temper) {
        (Locked::Missing, Temper::Documented) => "Requires an access token.",
        (Locked::Expired, Temper::Documented) => "Access token has expired.",
        (Locked::Expired, Temper::Field) => "Access token is expired.",
        (Locked::Invalid, _) | (Locked::Missing, Temper::Field) => "Invalid access token.",
    };
    Refusal::new(StatusCode::UNAUTHORIZED, 124, message)
}

fn too_many(shared: &Shared, message: &str) -> Refusal {
    shared.state.count(|counts| counts.rate_limited += 1);
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, 429, message)
}

/// Refuses what the token's scopes do not allow. A scope without `:admin` reaches only what is the user's own: the
/// path must say `me`, or name the user or their extension.
fn within_reach(shared: &Shared, operation: &Operation, path: &Path, access: &Access) -> Result<(), Refusal> {
    let reach = scopes::reach(&access.scopes, operation);
    let mine = |name: &str, value: &str| {
        let Holder::User(user) = &access.holder else { return false };
        match name {
            "userId" => {
                value == "me" || shared.state.world(|world| world.user(value).is_some_and(|it| it == user))
            }
            "extensionId" => shared.state.world(|world| {
                let own = world.get(&format!("{}/{user}", at::USERS)).and_then(|own| own.get("extension_id"));
                own.is_some_and(|own| own == value)
            }),
            _ => true,
        }
    };
    let allowed = match reach {
        Some(Reach::Account) => true,
        Some(Reach::Own) => {
            matches!(access.holder, Holder::User(_)) && path.iter().all(|(name, value)| mine(name, value))
        }
        None => false,
    };
    if allowed {
        return Ok(());
    }
    let mut needed = scopes::needed(&access.scopes, operation);
    if reach.is_some() {
        needed.retain(|scope| scopes::for_admins(scope));
    }
    let refusal = Refusal::scopes(&needed);
    // 201 was seen live; Zoom's list of errors has 4700, its OAuth pages 4711.
    Err(if shared.config.temper == Temper::Field { Refusal { code: 201, ..refusal } } else { refusal })
}

/// Refuses what needs Zoom Phone where there is none.
fn has_phone(shared: &Shared, operation: &Operation, path: &Path, access: &Access) -> Result<(), Refusal> {
    let standing = shared.account.standing();
    let without = |user: &str| standing.without_phone.contains(user);
    let caller_without = matches!(&access.holder, Holder::User(user) if without(user));
    if operation.api == Api::Phone && (!standing.phone_enabled || caller_without) {
        let message = "Zoom Phone has not been enabled for this account.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, 2031, message));
    }
    if standing.without_phone.is_empty() {
        return Ok(());
    }
    match target(shared, path, access) {
        Some(user) if without(&user) => {
            Err(Refusal::new(StatusCode::NOT_FOUND, 1001, format!("User does not exist: {user}.")))
        }
        _ => Ok(()),
    }
}

/// The id of the user whom the path names; what is no user's id or e-mail address stays as it is.
fn target(shared: &Shared, path: &Path, access: &Access) -> Option<String> {
    let (_, named) = path.iter().find(|(name, _)| *name == "userId")?;
    Some(match (&access.holder, named.as_str()) {
        (Holder::User(user), "me") => user.clone(),
        _ => shared.state.directory(|directory| {
            directory.user(named).map_or_else(|| named.clone(), |user| user.id.clone())
        }),
    })
}
