//! What to use instead of operations that Zoom has deprecated.

use zoom_phone::types::{
    catalogue::{Catalogue, Operation},
    deprecation::{self, What},
};

/// The successors of a deprecated operation.
pub(super) fn by(operation: &Operation) -> Vec<&'static Operation> {
    let names = deprecation::of(What::Operation, &operation.name).map_or(&[][..], |entry| entry.instead);
    names.iter().filter_map(|name| Catalogue::get().operation(name)).collect()
}
