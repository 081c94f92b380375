//! The operations that tell about the account and change it, a file for each kind of thing.

mod analytics;
mod audios;
mod blocked;
mod call_logs;
mod caller_ids;
mod common;
mod common_areas;
mod contacts;
mod custom_groups;
mod directory;
mod fax;
mod handling;
mod history;
mod managed_numbers;
mod members;
mod metrics;
mod numbers;
mod plans;
mod queues;
mod receptionists;
mod recordings;
mod reports;
mod rooms;
mod shared_lines;
mod sites;
mod sms;
mod summaries;
mod users;
mod voicemails;

use super::ask::Handler;
pub(super) use reports::note;

/// Who performs an operation, by its name in the catalogue (`list_phone_users`), which is unique unlike its id;
/// `None` for operations without a simulation of their own.
pub(super) fn handler(name: &str) -> Option<Handler> {
    ROUTES.iter().find_map(|route| route(name))
}

/// Each file knows its operations.
const ROUTES: &[fn(&str) -> Option<Handler>] = &[
    analytics::route,
    audios::route,
    blocked::route,
    call_logs::route,
    caller_ids::route,
    common_areas::route,
    contacts::route,
    custom_groups::route,
    directory::route,
    fax::route,
    history::route,
    handling::route,
    managed_numbers::route,
    metrics::route,
    numbers::route,
    plans::route,
    queues::route,
    receptionists::route,
    recordings::route,
    reports::route,
    rooms::route,
    shared_lines::route,
    sites::route,
    sms::route,
    summaries::route,
    users::route,
    voicemails::route,
];
