//! `GET /users/me`, which is not of Zoom Phone: who a user's token speaks for.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Refusal;
use crate::emulator::Shared;
use crate::oauth::{Access, Holder};
use crate::scopes::OF_USERS_ME;
use crate::world::at;

/// The user of the token.
pub(super) async fn me(
    State(shared): State<Arc<Shared>>,
    Extension(access): Extension<Access>,
) -> Result<Json<Value>, Refusal> {
    let Holder::User(id) = &access.holder else { return Err(no_me()) };
    if !OF_USERS_ME.iter().any(|&scope| access.scopes.contains(scope)) {
        return Err(Refusal::scopes(&OF_USERS_ME));
    }
    let found = shared.state.world(|world| {
        let user = world.get(&format!("{}/{id}", at::USERS))?;
        let name = user.get("name")?.as_str()?;
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        Some(json!({
            "id": id,
            "first_name": first,
            "last_name": last,
            "display_name": name,
            "email": user.get("email"),
            "type": 2,
            "role_name": "Admin",
            "dept": user.get("department"),
            "timezone": user.get("_timezone"),
            "language": "en-US",
            "account_id": shared.config.account_id,
            "status": "active",
        }))
    });
    found
        .map(Json)
        .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, 1001, format!("User does not exist: {id}.")))
}

/// `me` has no meaning for a token of the account or of an app.
pub(super) fn no_me() -> Refusal {
    Refusal::invalid("This token has no user of its own; give a user id or e-mail address instead of me.")
}
