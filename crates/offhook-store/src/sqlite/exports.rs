//! What exports have given out.

/// The tables of exports.
pub(super) const TABLES: &str = "";
