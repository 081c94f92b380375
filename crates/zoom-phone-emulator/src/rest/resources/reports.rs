//! Reports: what calls and messages cost, and who changed what.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clock::text;
use crate::party::{Kind, Party};
use crate::records::{CallRecord, v1};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::listing::{self, Window};
use crate::sms::messages;
use crate::world::at;

/// Thirteen months back.
const DEPTH: SignedDuration = SignedDuration::from_hours(396 * 24);
const MONTH: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What a minute to another country costs, in hundredths of a cent.
const INTERNATIONAL_RATE: i64 = 450;
/// What a message costs, in hundredths of a cent.
const MESSAGE_RATE: i64 = 75;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_call_charges_usage_report" => calls,
        "get_sms_charges_usage_report" => texts,
        "get_fax_charges_usage_report" => faxes,
        "get_ps_operation_logs" => operations,
        _ => return None,
    })
}

fn window(ask: &Ask<'_>) -> Result<Window, Refusal> {
    let window = Window::read(ask, SignedDuration::from_hours(30 * 24), None, MONTH)?;
    if ask.now.duration_since(window.from) > DEPTH {
        return Err(Refusal::bad(400, "Invalid start date. Report is provided only for recent 13 months."));
    }
    Ok(window)
}

/// Dollars of hundredths of a cent.
fn dollars(amount: i64) -> String {
    format!("{}.{:04}", amount / 10_000, amount % 10_000)
}

/// What a call costs: calls within the country are in the plan.
fn charge(call: &CallRecord) -> (i64, i64) {
    let minutes = call.answer.map_or(0, |at| (call.end.as_second() - at.as_second() + 59) / 60);
    let rate = if call.international && call.direction == "outbound" { INTERNATIONAL_RATE } else { 0 };
    (rate, rate * minutes)
}

/// `GET /phone/reports/call_charges`: every answered call with somebody outside.
fn calls(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = window(ask)?;
    // An array in the specification, a text with commas in its words.
    let ids = ask.query.many("call_ids");
    let charges_only: bool = ask.query.parsed("show_charges_only")?.unwrap_or(false);
    let pick = |call: &CallRecord, rows: &mut Vec<usize>| {
        let fits = call.answer.is_some()
            && call.connect_type() == "external"
            && (ids.is_empty() || ids.contains(&call.call_id.as_str()))
            && (!charges_only || charge(call).1 > 0);
        if fits {
            rows.push(0);
        }
    };
    let page = ask.shared.state.book(|book| listing::page(ask, 300, &window, book.all(), Some(&pick)))?;
    let rows: Vec<_> = page.list.iter().map(|(call, _)| call_charge(call)).collect();
    Ok(Answer::Json(json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "total_records": page.total,
        "from": window.first(),
        "to": window.last(),
        "call_charges": rows,
    })))
}

fn call_charge(call: &CallRecord) -> Value {
    let (rate, total) = charge(call);
    let own = if call.direction == "outbound" { &call.caller } else { &call.callee };
    let number = |party: &Party| party.dialled();
    let first = call.elements.first().map(|element| v1::id(&element.id));
    let mut row = json!({
        "charge_id": v1::id(&call.call_history_uuid),
        "call_log_id": first,
        "call_id": call.call_id,
        "direction": call.direction,
        "caller_number": number(&call.caller),
        "caller_billing_number": call.caller.number.clone().unwrap_or_default(),
        "caller_billing_number_type": "fixed_line_or_mobile",
        "callee_number": number(&call.callee),
        "callee_billing_number": call.callee.number.clone().unwrap_or_default(),
        "callee_billing_number_type": "fixed_line_or_mobile",
        "call_type": if call.international { "international" } else { "local" },
        "service_type": "call",
        "calling_party_name": call.caller.name.clone().unwrap_or_default(),
        "department": own.department.clone().unwrap_or_default(),
        "start_time": text(call.start),
        "end_time": text(call.end),
        "duration": call.duration(),
        "charge_mode": "per_min",
        "rate": dollars(rate),
        "currency": "USD",
        "total_charge": dollars(total),
        "billing_number": own.number.clone().unwrap_or_default(),
    });
    if let Some(answer) = call.answer {
        row["answer_time"] = json!(text(answer));
    }
    if own.kind == Kind::Outside {
        row["billing_number"] = json!("");
    }
    row
}

/// Rows of a report, newest first, that are not calls: pages of them.
fn paged(
    ask: &Ask<'_>,
    window: &Window,
    list: &str,
    mut rows: Vec<(Timestamp, String, Value)>,
) -> Result<Answer, Refusal> {
    rows.retain(|&(at, ..)| window.holds(at));
    rows.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
    let page = ask.page(300, || Ok(rows.iter().map(|(_, id, _)| id.clone()).collect()))?;
    let find = |id: &String| rows.iter().find(|(_, known, _)| known == id).map(|(.., row)| row.clone());
    let shown: Vec<_> = page.ids.iter().filter_map(find).collect();
    Ok(Answer::Json(json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "total_records": page.total,
        "from": window.first(),
        "to": window.last(),
        list: shown,
    })))
}

/// `GET /phone/reports/sms_charges`: a row for every message.
fn texts(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = window(ask)?;
    let charges_only: bool = ask.query.parsed("show_charges_only")?.unwrap_or(false);
    let rows = ask.shared.state.world(|world| {
        let mut rows = Vec::new();
        for (session, _) in world.children(at::SMS_SESSIONS) {
            for (at, message) in messages(world, session, ask.now) {
                let sent = message["direction"] == "Out";
                if charges_only && !sent {
                    continue;
                }
                let text_of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let status = match message["delivery_status"].as_str() {
                    Some("delivered") => "Delivered",
                    Some("received") => "Received",
                    Some("failed_to_send") => "Failed to send",
                    _ => "Sent",
                };
                let (from, to) = (&message["sender"], &message["to_members"][0]);
                let own = if sent { from } else { to };
                let id = text_of(&message["message_id"]);
                let kind = if message["attachments"].as_array().is_some_and(|all| !all.is_empty()) {
                    "MMS"
                } else {
                    "SMS"
                };
                let row = json!({
                    "session_id": session,
                    "message_id": id,
                    "message_type": kind,
                    "from_number": from["phone_number"],
                    "from_display_name": text_of(&from["display_name"]),
                    "to_number": to["phone_number"],
                    "to_display_name": text_of(&to["display_name"]),
                    "sent_time": text(at),
                    "billing_number": own["phone_number"],
                    "rate": dollars(if sent { MESSAGE_RATE } else { 0 }),
                    "currency": "USD",
                    "total_charge": dollars(if sent { MESSAGE_RATE } else { 0 }),
                    "delivery_status": status,
                });
                rows.push((at, id, row));
            }
        }
        rows
    });
    paged(ask, &window, "sms_charges", rows)
}

/// `GET /phone/reports/fax_charges`: a row for every fax that was sent.
fn faxes(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = window(ask)?;
    let rows = super::fax::logs(ask).into_iter().filter(|log| log["direction"] == "outbound");
    let wanted = ask.query.one("fax_id");
    let rows = rows.filter(|log| wanted.is_none_or(|wanted| log["fax_id"] == wanted)).filter_map(|log| {
        let at: Timestamp = log["create_time"].as_str()?.parse().ok()?;
        let pages = log["file_pages_count"].as_i64().unwrap_or(1);
        let id = log["fax_log_id"].as_str()?.to_owned();
        let row = json!({
            "fax_id": log["fax_id"],
            "sender_number": log["sender_number"],
            "receiver_number": log["receiver_number"],
            "billing_number": log["sender_number"],
            "end_time": log["create_time"],
            "charge_mode": "per_page",
            "fax_type": "local",
            "unlimited": false,
            "total_pages": pages,
            "rate": dollars(MESSAGE_RATE),
            "currency": "USD",
            "currency_sign": "$",
            "charge_status": "calculated",
            "charged_pages": pages,
            "total_charge": dollars(MESSAGE_RATE * pages),
        });
        Some((at, id, row))
    });
    paged(ask, &window, "fax_charges", rows.collect())
}

/// `GET /phone/reports/operationlogs`: the writes that were made by REST.
fn operations(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = Window::of_a_day(ask)?;
    let category = ask.query.one("category_type").filter(|&category| category != "all");
    let rows = ask.shared.state.world(|world| {
        let entries = world.children(LOG).into_iter().filter_map(|(id, doc)| {
            let at: Timestamp = doc.get("time")?.as_str()?.parse().ok()?;
            let wanted = category.is_none_or(|category| doc.get("category_type") == Some(&json!(category)));
            wanted.then(|| (at, id.to_owned(), Value::Object(doc.clone())))
        });
        entries.collect()
    });
    paged(ask, &window, "operation_logs", rows)
}

/// Where writes are noted.
const LOG: &str = "/phone/reports/operationlogs";
/// Writes that are remembered, about.
const KEPT: usize = 2_000;

/// Notes a write that succeeded.
pub(crate) fn note(ask: &Ask<'_>) {
    let action = match ask.operation.method.as_str() {
        "POST" => "Add",
        "DELETE" => "Delete",
        _ => "Update",
    };
    let entry = json!({
        "action": action,
        "category_type": ask.operation.tag,
        "operation_detail": format!("{action} {}", ask.address()),
        "time": text(ask.now),
    });
    ask.shared.state.world(|world| {
        let number = world.revision();
        // A write moves the revision by one or more, so about every hundredth one clears the oldest away.
        if number % 128 < 3 {
            let noted: Vec<_> = world.children(LOG).into_iter().map(|(id, _)| id.to_owned()).collect();
            for id in noted.iter().take(noted.len().saturating_sub(KEPT)) {
                world.remove(&format!("{LOG}/{id}"));
            }
        }
        let by = ask.user().and_then(|id| world.get(&format!("{}/{id}", at::USERS)));
        let operator = by.and_then(|user| user.get("email")).cloned().unwrap_or_else(|| json!("API"));
        if let Value::Object(mut entry) = entry {
            entry.insert("operator".to_owned(), operator);
            world.put(format!("{LOG}/{number:012}"), entry);
        }
    });
}
