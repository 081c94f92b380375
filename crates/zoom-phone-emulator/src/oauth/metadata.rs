//! `GET /.well-known/oauth-authorization-server`, as incomplete as Zoom's own (RFC 8414): it names neither the grant
//! of Server-to-Server apps nor the one of devices, nor revocation, nor PKCE.

use axum::Json;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::origin;

pub(super) async fn metadata(headers: HeaderMap) -> Json<Value> {
    let origin = origin(&headers);
    Json(json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/oauth/authorize"),
        "token_endpoint": format!("{origin}/oauth/token"),
        "response_types_supported": ["code"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }))
}
