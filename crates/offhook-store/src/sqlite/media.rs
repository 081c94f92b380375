//! Files of recordings and voicemails: what is here, what is wanted, what must stay.

/// The tables of media files, policies and holds.
pub(super) const TABLES: &str = "";
