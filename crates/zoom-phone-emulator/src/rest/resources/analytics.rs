//! Analytics of call queues, computed from the calls that went through them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::party::Kind;
use crate::records::{CallRecord, Element, Side};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::listing::Window;
use crate::world::hours::HourType;
use crate::world::{World, at, hours};

/// A year.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// Two years back.
const DEPTH: SignedDuration = SignedDuration::from_hours(731 * 24);

pub(super) fn route(name: &str) -> Option<Handler> {
    (name == "call_queue_analytics").then_some(queues as Handler)
}

/// What happened in a queue. Times are in seconds.
#[derive(Default)]
struct Tally {
    inbound: i64,
    completed: i64,
    abandoned: i64,
    overflowed: i64,
    handled: i64,
    waited: i64,
    longest_wait: i64,
    outbound: i64,
    outbound_connected: i64,
}

/// `GET /phone/call_queue_analytics`.
fn queues(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = Window::read(ask, LONGEST, Some(DEPTH), LONGEST)?;
    let tallies = ask.shared.state.book(|book| {
        let mut tallies = BTreeMap::<String, Tally>::new();
        for call in book.all().between(window.from, window.to) {
            count(call, &mut tallies);
        }
        tallies
    });
    let one = |name: &str| ask.query.one(name);
    let (site, department, cost_center) = (one("site_id"), one("department"), one("cost_center"));
    let wanted_ids = ask.query.many("call_queue_ext_ids");
    let rows: Vec<(String, Value)> = ask.shared.state.world(|world| {
        let queues = world.children(at::QUEUES).into_iter().filter(|(_, queue)| {
            let is = |name: &str, wanted: Option<&str>| {
                wanted.is_none_or(|wanted| queue.get(name).and_then(Value::as_str) == Some(wanted))
            };
            let extension = queue.get("extension_id").and_then(Value::as_str).unwrap_or_default();
            site.is_none_or(|site| queue.get("site").is_some_and(|it| it["id"] == site))
                && is("department", department)
                && is("cost_center", cost_center)
                && (wanted_ids.is_empty() || wanted_ids.contains(&extension))
        });
        let none = Tally::default();
        let row = |(id, queue): (&str, &crate::world::Doc)| {
            let tally = tallies.get(id).unwrap_or(&none);
            let wrap_up = if tally.completed == 0 { 0 } else { wrap_up_time(world, id) };
            let average = |sum: i64, of: i64| if of == 0 { 0 } else { sum / of };
            let row = json!({
                "call_queue_id": id,
                "call_queue_name": queue.get("name"),
                "call_queue_ext_id": queue.get("extension_id"),
                "inbound_calls": tally.inbound,
                "completed_calls": tally.completed,
                "abandoned_calls": tally.abandoned,
                "overflowed_calls": tally.overflowed,
                "avg_handle_time": average(tally.handled, tally.completed),
                "avg_wrap_up_time": wrap_up,
                "avg_in_queue_wait_time": average(tally.waited, tally.inbound),
                "max_in_queue_wait_time": tally.longest_wait,
                "outbound_calls": tally.outbound,
                "outbound_connected_calls": tally.outbound_connected,
                "outbound_unconnected_calls": tally.outbound - tally.outbound_connected,
                "site_name": queue.get("site").map(|site| &site["name"]),
                "site_id": queue.get("site").map(|site| &site["id"]),
            });
            (id.to_owned(), row)
        };
        queues.map(row).collect()
    });
    let page = ask.page(300, || Ok(rows.iter().map(|(id, _)| id.clone()).collect()))?;
    let shown: Vec<_> =
        rows.into_iter().filter(|(id, _)| page.ids.contains(id)).map(|(_, row)| row).collect();
    Ok(Answer::Json(json!({
        "call_queues": shown,
        "from": window.first(),
        "to": window.last(),
        "page_size": page.size,
        "next_page_token": page.next,
    })))
}

/// Seconds that whoever took a call of the queue rests after it. Members take calls in business hours only.
fn wrap_up_time(world: &World, queue: &str) -> i64 {
    let address = format!("{}/{queue}", at::QUEUES);
    let handling = hours::handling(world, &address, &HourType::Business);
    let rest = handling.get("call_distribution_setting").map(|setting| &setting["wrap_up_time"]);
    rest.and_then(Value::as_i64).unwrap_or(0)
}

/// One call may pass through several queues, each of which has a step of its own, operated by nobody: the caller waits.
/// The steps of the members who ring are in the same group.
fn count(call: &CallRecord, tallies: &mut BTreeMap<String, Tally>) {
    for passage in call.elements.iter().filter(|element| is_passage(element)) {
        let tally = tallies.entry(passage.callee.id.clone()).or_default();
        tally.inbound += 1;
        let members = || {
            call.elements.iter().filter(|element| {
                element.event == "ring_to_member" && element.operator.id == passage.callee.id
            })
        };
        let taken = members().find(|element| element.answer.is_some());
        let until: Timestamp = taken.and_then(|taken| taken.answer).or(passage.answer).unwrap_or(passage.end);
        let wait = until.as_second() - passage.start.as_second();
        tally.waited += wait;
        tally.longest_wait = tally.longest_wait.max(wait);
        match passage.result {
            "answered" | "connected" => {
                tally.completed += 1;
                tally.handled += taken.map_or(0, |taken| taken.talk() + taken.hold);
            }
            "overflowed" => tally.overflowed += 1,
            _ => tally.abandoned += 1,
        }
    }
    for element in &call.elements {
        // A member who calls out in the name of the queue.
        if matches!(element.told, Some((Side::Caller, _))) && element.operator.kind == Kind::Queue {
            let tally = tallies.entry(element.operator.id.clone()).or_default();
            tally.outbound += 1;
            tally.outbound_connected += i64::from(element.answer.is_some());
        }
    }
}

/// The step in which a caller enters and leaves a queue.
fn is_passage(element: &Element) -> bool {
    element.callee.kind == Kind::Queue
        && element.told.is_none()
        && element.press_key.is_empty()
        && element.node == 1
        && matches!(element.result, "answered" | "connected" | "abandoned" | "overflowed")
}
