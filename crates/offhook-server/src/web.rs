//! The web app, built by Vite and carried in the binary.

use axum::{
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use crate::problem::Problem;

/// `web/dist`. In debug builds it is read from the tree at run time, so the app can change without a build.
#[derive(Embed)]
#[folder = "../../web/dist/"]
#[allow_missing = true]
struct Dist;

/// Shown when the binary was built without the app.
const NOT_BUILT: &str = "The web app is not built. `cargo xtask web` builds it; the API works without it: \
                         GET /api/openapi.json\n";

/// Serves a file of the app, or the app itself for an address that only it knows.
pub(crate) async fn app(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::no_such_page().into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Dist::get(path).filter(|_| !path.is_empty()) {
        return serve(path, &file, &headers);
    }
    if path.starts_with("api/") || path.starts_with("assets/") || path.starts_with("zoom/") {
        return Problem::no_such_page().into_response();
    }
    match Dist::get("index.html") {
        Some(file) => serve("index.html", &file, &headers),
        None => (StatusCode::OK, NOT_BUILT).into_response(),
    }
}

fn serve(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    // Files under assets/ have their content's hash in their name.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let common = [(header::CACHE_CONTROL, cache.to_owned()), (header::ETAG, tag)];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    (common, kind, file.data.clone()).into_response()
}
