//! Setting templates that are applied to common areas. Keeping them needs no rules of its own.

use super::Handler;

pub(super) fn route(_name: &str) -> Option<Handler> {
    None
}
