//! Call logs (version 1), over the same calls.

use serde_json::{Value, json};

use super::history::{client_code, forget, is_deleted, known_user, own_steps, set_client_code, user_sync};
use crate::party::Kind;
use crate::records::facts::Shape;
use crate::records::v1::{self, Log, logs, shapes};
use crate::records::{CallRecord, Shelf};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::listing::{self, Row, Rows, Window};
use crate::world::World;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "account_call_logs" => account,
        "phone_user_call_logs" => of_user,
        "sync_user_call_logs" => sync,
        "get_call_log_details" => detail,
        "add_client_code_to_call_log" => add_client_code,
        "delete_call_log" => delete,
        _ => return None,
    })
}

/// `GET /phone/call_logs`.
fn account(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let site = ask.query.one("site_id");
    list(ask, &shapes().account, |_, log| site.is_none_or(|site| log.call.site.1 == site))
}

/// `GET /phone/users/{userId}/call_logs`.
fn of_user(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let user = ask.path("userId");
    ask.shared.state.desk(|world, _| known_user(world, user, 1001))?;
    let number = ask.query.one("phone_number").map(|number| number.trim_start_matches('+').to_owned());
    list(ask, &shapes().user, |world, log| {
        let parties = [&log.element.caller, &log.element.callee];
        let told = |number: &String| {
            let known = parties.iter().filter_map(|party| party.number.as_deref());
            known.into_iter().any(|known| known.trim_start_matches('+') == number)
        };
        log.owner.id == user
            && log.owner.kind == Kind::User
            && !is_deleted(world, user, log.element)
            && number.as_ref().is_none_or(told)
    })
}

fn list(ask: &Ask<'_>, shape: &Shape, wanted: impl Fn(&World, &Log<'_>) -> bool) -> Result<Answer, Refusal> {
    let window = Window::of_a_day(ask)?;
    let missed = ask.query.one("type") == Some("missed");
    let path = ask.query.one("path").filter(|&path| path != "all");
    let page: Rows = ask.shared.state.desk(|world, book| {
        let world = &*world;
        let pick = |call: &CallRecord, rows: &mut Vec<usize>| {
            for (nth, log) in logs(call, None).iter().enumerate() {
                let missed_this = log.element.direction == "inbound" && log.element.answer.is_none();
                if wanted(world, log)
                    && (!missed || missed_this)
                    && path.is_none_or(|path| log.path() == path)
                {
                    rows.push(nth);
                }
            }
        };
        let shelf: &Shelf = match ask.path("userId") {
            "" => book.all(),
            user => book.of_user(user),
        };
        listing::page(ask, 300, &window, shelf, Some(&pick))
    })?;
    let rows: Vec<_> = page.list.iter().filter_map(|row| shown(ask, row, shape)).collect();
    Ok(Answer::Json(json!({
        "call_logs": rows,
        "from": window.first(),
        "to": window.last(),
        "page_count": page.pages(),
        "page_size": page.size,
        "total_records": page.total,
        "next_page_token": page.next,
    })))
}

fn shown(ask: &Ask<'_>, (call, nth): &Row, shape: &Shape) -> Option<Value> {
    ask.shared.state.world(|world| {
        let logs = logs(call, client_code(world, call));
        Some(shape.value(logs.get(*nth)?))
    })
}

/// `GET /phone/users/{userId}/call_logs/sync`.
fn sync(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let user = ask.path("userId");
    let (steps, token) = user_sync(ask)?;
    let rows: Vec<_> = steps
        .iter()
        .filter_map(|(call, nth)| {
            let element = call.elements.get(*nth)?;
            let logs = logs(call, None);
            // A log is one, however many steps of the user are in it.
            let log = logs.iter().find(|log| std::ptr::eq(log.element, element) && log.owner.id == user)?;
            Some(shapes().sync.value(log))
        })
        .collect();
    Ok(Answer::Json(json!({ "call_logs": rows, "sync_token": token })))
}

/// `GET /phone/call_logs/{callLogId}`, by the id of a log or by the `call_id`.
fn detail(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("callLogId");
    let detail = ask.shared.state.desk(|world, book| {
        let call = book.with_id(id)?;
        let logs = logs(call, client_code(world, call));
        let own = logs.iter().find(|log| v1::id(&log.element.id) == id);
        own.or_else(|| logs.iter().find(|log| log.element.call_id == id || call.call_id == id))
            .map(Log::detail)
    });
    let missing = format!("Call log information was not found for the following callLogId: {id}.");
    detail.map(Answer::Json).ok_or_else(|| Refusal::absent(missing))
}

/// `PUT /phone/call_logs/{callLogId}/client_code`.
fn add_client_code(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let invalid = || Refusal::absent("Validation Failed.");
    let done = set_client_code(ask, ask.path("callLogId")).ok_or_else(invalid)?;
    done.map_err(|_| invalid())
}

/// `DELETE /phone/users/{userId}/call_logs/{callLogId}`.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (user, id) = (ask.path("userId"), ask.path("callLogId"));
    ask.shared.state.desk(|world, _| known_user(world, user, 1001))?;
    // The log stands for all that the user had to do with the call.
    let call = ask.shared.state.book(|book| {
        let call = book.with_id(id)?;
        own_steps(call, user).next().map(|_| call.call_history_uuid.clone())
    });
    if call.is_some_and(|call| forget(ask, user, &call)) {
        return Ok(Answer::Done);
    }
    let missing = format!("Call log information was not found for the following callLogId: {id}.");
    Err(Refusal::absent(missing))
}
