//! What comparing with Zoom's records found.

/// The tables of reports of reconcile.
pub(super) const TABLES: &str = "";
