//! Zoom's own sums of its queues.

use jiff::civil::Date;
use offhook_calls::compare::{QueueCounts, ZoomQueue};
use zoom_phone::client::{Client, Error as ZoomError};

/// The sums of all queues of one day, `GET /phone/call_queue_analytics` (`callqueueanalytics`): a MEDIUM operation. Its
/// days are midnight to midnight in UTC. On failure, why, for people.
pub(super) async fn of_day(client: &Client, day: Date) -> Result<Vec<ZoomQueue>, String> {
    let mut pages = client.call_queues().list_analytics(day.to_string(), day.to_string()).pages();
    let mut queues = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| why(&error))?;
        if page.anomalies.iter().any(|anomaly| anomaly.may_miss_rows()) {
            return Err(format!("Zoom's list of the sums of queues of {day} has gaps"));
        }
        queues.extend(page.items.into_iter().map(|row| ZoomQueue {
            extension_id: row.call_queue_ext_id.unwrap_or_default(),
            name: row.call_queue_name,
            counts: QueueCounts {
                inbound: row.inbound_calls.unwrap_or(0),
                completed: row.completed_calls.unwrap_or(0),
                abandoned: row.abandoned_calls.unwrap_or(0),
                overflowed: row.overflowed_calls.unwrap_or(0),
            },
        }));
    }
    Ok(queues)
}

fn why(error: &ZoomError) -> String {
    match error.api() {
        Some(api) if api.scope_missing() => {
            "the app lacks the scope phone:read:list_call_queues:admin; grant it, and ask for the report again".to_owned()
        }
        _ => format!("Zoom did not give the sums of its queues: {error}"),
    }
}
