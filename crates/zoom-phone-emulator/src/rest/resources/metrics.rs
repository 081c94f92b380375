//! The dashboard's view of past calls, with the quality of the sound.
//!
//! Quality is drawn from the id of the call: four of five calls are good.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clock::text;
use crate::party::{Kind, Party};
use crate::records::{CallRecord, DEVICE_TYPE, speech};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::listing::{self, Window};

/// At and above this mean opinion score a call is good.
const GOOD: f64 = 3.5;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_past_call_metrics" => past_calls,
        "list_call_logs_metrics" => call_logs,
        "get_call_log_metrics_details" => detail,
        "get_call_qos" => qos,
        _ => return None,
    })
}

/// Mean opinion score of a call, from 1 to 5.
fn mos(call: &CallRecord) -> f64 {
    let mut dice = speech::dice(&call.call_id);
    let tenths = if dice.chance(80) { dice.between(36, 44) } else { dice.between(18, 34) };
    f64::from(u32::try_from(tenths).unwrap_or(36)) / 10.0
}

/// `GET /phone/metrics/past_calls`.
fn past_calls(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    list(ask, &Window::of_a_month(ask)?)
}

/// `GET /phone/metrics/call_logs`.
fn call_logs(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    list(ask, &Window::of_a_day(ask)?)
}

fn list(ask: &Ask<'_>, window: &Window) -> Result<Answer, Refusal> {
    let one = |name: &str| ask.query.one(name);
    let (site, department, cost_center) = (one("site_id"), one("department"), one("cost_center"));
    let (number, extension) = (one("phone_number"), one("extension_number"));
    let quality = one("quality_type").filter(|quality| matches!(*quality, "good" | "bad"));
    let (directions, durations) = (ask.query.many("directions"), ask.query.many("durations"));
    let pick = |call: &CallRecord, rows: &mut Vec<usize>| {
        let parties = [&call.caller, &call.callee];
        let any = |wanted: &dyn Fn(&Party) -> bool| parties.iter().any(|party| wanted(party));
        let digits = |number: &str| number.trim_start_matches('+').to_owned();
        let fits = call.answer.is_some()
            && site.is_none_or(|site| call.site.1 == site)
            && department.is_none_or(|it| any(&|party| party.department.as_deref() == Some(it)))
            && cost_center.is_none_or(|it| any(&|party| party.cost_center.as_deref() == Some(it)))
            && number.is_none_or(|it| any(&|party| party.number.as_deref().map(digits) == Some(digits(it))))
            && extension.is_none_or(|it| any(&|party| party.extension_text() == it))
            && quality.is_none_or(|quality| (mos(call) >= GOOD) == (quality == "good"))
            && (directions.is_empty() || directions.contains(&direction(call)))
            && (durations.is_empty() || durations.contains(&span(call)));
        if fits {
            rows.push(0);
        }
    };
    let page = ask.shared.state.book(|book| listing::page(ask, 100, window, book.all(), Some(&pick)))?;
    let rows = page.list.iter().map(|(call, _)| shown(call)).collect();
    Ok(Answer::Json(json!({
        "call_logs": ask.declared("call_logs", rows),
        "from": window.first(),
        "next_page_token": page.next,
        "page_size": page.size,
        "to": window.last(),
        "total_records": page.total,
    })))
}

fn direction(call: &CallRecord) -> &'static str {
    if call.connect_type() == "internal" { "internal" } else { call.direction }
}

/// 0 is up to five minutes, 1 up to fifteen, 2 up to thirty, 3 more.
fn span(call: &CallRecord) -> &'static str {
    match call.duration() {
        ..300 => "0",
        300..900 => "1",
        900..1800 => "2",
        _ => "3",
    }
}

fn shown(call: &CallRecord) -> Value {
    json!({
        "call_id": call.call_id,
        "caller": end(&call.caller, call),
        "callee": end(&call.callee, call),
        "date_time": text(call.start),
        "direction": call.direction,
        "duration": call.duration(),
        "mos": format!("{:.1}", mos(call)),
    })
}

fn end(party: &Party, call: &CallRecord) -> Value {
    let mut end = json!({ "codec": "OPUS" });
    let mut put = |name: &str, value: Value| end[name] = value;
    if let Some(number) = &party.number {
        put("phone_number", json!(number));
    }
    if party.kind == Kind::Outside {
        return json!({ "codec": "PCMU", "phone_number": party.dialled() });
    }
    put("extension_number", json!(party.extension_text()));
    put("extension_type", json!(party.kind.in_events()));
    put("id", json!(party.id));
    put("display_name", json!(party.name));
    put("site_id", json!(call.site.1));
    if party.kind == Kind::User {
        put("device_type", json!(DEVICE_TYPE));
        put("device_private_ip", json!(address(party)));
        put("device_public_ip", json!("203.0.113.7"));
        put("isp", json!("Example Telecom"));
        put("microphone", json!("Headset Microphone"));
        put("headset", json!("Headset Earphone"));
    }
    end
}

/// An address of the office's network that is the user's own.
fn address(party: &Party) -> String {
    format!("192.0.2.{}", party.extension_number.unwrap_or_default() % 250 + 1)
}

fn find<T>(ask: &Ask<'_>, id: &str, show: impl FnOnce(&CallRecord) -> T) -> Result<T, Refusal> {
    let found = ask.shared.state.book(|book| book.with_id(id).map(|call| show(call)));
    found.ok_or_else(|| Refusal::absent(format!("Call does not exist: {id}.")))
}

/// `GET /phone/metrics/call_logs/{callId}`.
fn detail(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let shown = find(ask, ask.last(), shown)?;
    Ok(Answer::Json(ask.declared_whole(&shown)))
}

/// `GET /phone/metrics/call_logs/{callId}/qos`: a sample for every minute of the call.
fn qos(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let shown = find(ask, ask.path("callId"), |call| {
        let mut answer = json!({ "call_id": call.call_id });
        for (side, party) in [("caller_qos", &call.caller), ("callee_qos", &call.callee)] {
            let samples = |salt: &str| samples(call, &format!("{}{side}{salt}", call.call_id));
            answer[side] = json!({ "receiving": samples("in"), "sending": samples("out") });
            if party.kind == Kind::User {
                answer[side]["device_private_ip"] = json!(address(party));
                answer[side]["device_public_ip"] = json!("203.0.113.7");
            }
        }
        answer
    })?;
    Ok(Answer::Json(shown))
}

fn samples(call: &CallRecord, seed: &str) -> Value {
    let Some(answer) = call.answer else { return json!([]) };
    let mut dice = speech::dice(seed);
    let score = mos(call);
    let bad = u64::from(score < GOOD) * 8;
    let minutes = call.end.duration_since(answer).as_mins().clamp(0, 120);
    let samples = (0..=minutes).map(|minute| {
        let at: Timestamp = answer.checked_add(SignedDuration::from_mins(minute)).unwrap_or(answer);
        json!({
            "date_time": text(at),
            "qos": {
                "avg_loss": format!("{}%", bad + dice.between(0, 1)),
                "max_loss": format!("{}%", bad * 2 + dice.between(1, 3)),
                "bitrate": format!("{} kbps", dice.between(24, 64)),
                "jitter": format!("{} ms", bad + dice.between(1, 9)),
                "network_delay": format!("{} ms", bad * 10 + dice.between(10, 60)),
                "mos": format!("{score:.1}"),
            },
        })
    });
    samples.collect()
}
