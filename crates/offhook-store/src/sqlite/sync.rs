//! How far reading Zoom's history has come.

/// The tables of windows and runs of sync.
pub(super) const TABLES: &str = "";
