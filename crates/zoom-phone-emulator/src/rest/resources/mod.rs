//! The operations that tell about the account and change it, a file for each kind of thing.

use super::ask::Handler;

/// Who performs an operation, by its name in the catalogue (`list_phone_users`), which is unique unlike its id;
/// `None` for operations without a simulation of their own.
pub(super) fn handler(name: &str) -> Option<Handler> {
    ROUTES.iter().find_map(|route| route(name))
}

/// Each file knows its operations.
const ROUTES: [fn(&str) -> Option<Handler>; 0] = [];
