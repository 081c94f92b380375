//! What Zoom has announced the end of, and what of it is in use.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use utoipa::ToSchema;
use zoom_phone::types::deprecation::{DEPRECATIONS, Deprecation};

use crate::{problem::Problem, serve::App};

/// Something that ends.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ending {
    /// `operation`, `event`, `array` or `field`.
    what: &'static str,
    /// Which one: an operation by its name in `offhook api --list`, what is in its answer with a full stop behind it.
    name: &'static str,
    /// The day on which Zoom first said so, where known.
    #[schema(value_type = Option<String>, format = Date)]
    announced: Option<String>,
    /// The last day of the month for which Zoom announces the end; null where it names none.
    #[schema(value_type = Option<String>, format = Date)]
    ends: Option<String>,
    /// Days until then; negative when it is over.
    days_left: Option<i32>,
    /// What to use instead.
    instead: &'static [&'static str],
    /// Where Zoom says so.
    source: &'static str,
    /// Entries of the inbox that came by it.
    received: u64,
    /// When the last one came.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    /// How many came on each of the newest days.
    days: BTreeMap<String, u64>,
}

/// A program that asks this server for the shapes of before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Served {
    /// What it asks for: a name of the list.
    operation: String,
    /// Its `User-Agent`.
    client: String,
    /// How often it did.
    requests: u64,
    /// The last day on which it did, UTC.
    #[schema(format = Date)]
    last_day: String,
}

/// What ends, and what of it is in use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deprecations {
    /// Everything that Zoom has announced the end of, what came in first.
    deprecations: Vec<Ending>,
    /// Who uses the compatibility view.
    served: Vec<Served>,
}

/// What Zoom has announced the end of, and what of it is still in use
#[utoipa::path(get, path = "/api/v1/deprecations", tag = "migration", responses((status = 200, body = Deprecations)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Deprecations>, Problem> {
    let received = app.store().received_old().await?;
    let served = app.store().served_old().await?;
    let today = app.now().to_zoned(TimeZone::UTC).date();
    let mut deprecations: Vec<Ending> = DEPRECATIONS
        .iter()
        .map(|entry| {
            let Deprecation { what, name, announced, ends, instead, source } = *entry;
            let seen = received.iter().find(|seen| seen.what == what.as_str() && seen.name == name);
            Ending {
                what: what.as_str(),
                name,
                announced: announced.map(|day| day.to_string()),
                ends: ends.map(|day| day.to_string()),
                days_left: ends.and_then(|ends| today.until(ends).ok()).map(|span| span.get_days()),
                instead,
                source,
                received: seen.map_or(0, |seen| seen.count),
                last_at: seen.map(|seen| seen.last_at),
                days: seen.map(|seen| seen.days.iter().cloned().collect()).unwrap_or_default(),
            }
        })
        .collect();
    deprecations.sort_by_key(|ending| std::cmp::Reverse(ending.received));
    let served = served
        .into_iter()
        .map(|served| Served {
            operation: served.operation,
            client: served.client,
            requests: served.requests,
            last_day: served.last_day,
        })
        .collect();
    Ok(Json(Deprecations { deprecations, served }))
}
