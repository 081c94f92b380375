//! Call history (versions 2 and 3): of the account, of a user, in parts and for a sync, and what may be changed of it.

use axum::body::Body;
use axum::http::{Response, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::text;
use crate::config::{Temper, Version};
use crate::events::envelope;
use crate::examples;
use crate::records::facts::{Fact, Facts, Shape, Shown};
use crate::records::history::{Step, shapes};
use crate::records::{CallRecord, Element, v1};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::listing::{self, Row, Rows, Window};
use crate::rest::query::Query;
use crate::world::{Doc, World, at};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "account_call_history" => account,
        "get_call_path" => path,
        "get_call_element" => element,
        "get_call_history_detail" => detail,
        "phone_user_call_history" => of_user,
        "sync_user_call_history" => sync,
        "add_client_code_to_call_history" => add_client_code,
        "delete_user_call_history" => delete,
        _ => return None,
    })
}

/// A page with the rows in both the array of today and the deprecated one, or in the one that the account has.
#[derive(Serialize)]
#[serde(bound(serialize = "T: Facts"))]
struct Both<'a, T: Facts> {
    #[serde(skip_serializing_if = "Option::is_none")]
    call_logs: Option<Vec<Shown<'a, T>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_history: Option<Vec<Shown<'a, T>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_elements: Option<Vec<Shown<'a, T>>>,
    from: &'a str,
    to: &'a str,
    page_count: usize,
    page_size: usize,
    total_records: usize,
    next_page_token: &'a str,
}

/// Whether the account's records are told in this version.
fn is_told(ask: &Ask<'_>, version: Version) -> bool {
    ask.shared.config.only.is_none_or(|only| only == version)
}

/// `GET /phone/call_history`.
fn account(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = Window::of_a_day(ask)?;
    let filter = Filter::read(ask.query)?;
    let has_history = is_told(ask, Version::V2) || is_told(ask, Version::V3);
    let pick = |call: &CallRecord, rows: &mut Vec<usize>| {
        if has_history && filter.lets_call(call) {
            rows.push(0);
        }
    };
    let page = ask.shared.state.book(|book| {
        let pick: Option<listing::Pick<'_>> =
            if filter.is_empty() && has_history { None } else { Some(&pick) };
        listing::page(ask, 300, &window, book.all(), pick)
    })?;
    let shapes = shapes();
    let rows = |shape| page.list.iter().map(|(call, _)| Shown(shape, &**call)).collect::<Vec<_>>();
    written(&Both {
        call_logs: is_told(ask, Version::V2).then(|| rows(&shapes.deprecated_row)),
        call_history: is_told(ask, Version::V3).then(|| rows(&shapes.row)),
        call_elements: None,
        from: window.first(),
        to: window.last(),
        page_count: page.pages(),
        page_size: page.size,
        total_records: page.total,
        next_page_token: &page.next,
    })
}

/// JSON that is written straight out.
fn written(answer: &impl Serialize) -> Result<Answer, Refusal> {
    let response = serde_json::to_vec(answer).ok().and_then(|json| {
        let builder = Response::builder().header(header::CONTENT_TYPE, "application/json");
        builder.body(Body::from(json)).ok()
    });
    response.map(Answer::Other).ok_or_else(|| Refusal::invalid("The answer cannot be written."))
}

/// `GET /phone/call_history/{callHistoryUuid}`.
fn path(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let uuid = ask.path("callHistoryUuid");
    ask.shared.state.desk(|world, book| {
        let call = book.call(uuid).ok_or_else(|| not_found("Call history"))?;
        let mut path = call.path_with(ask.shared.config.temper, client_code(world, call));
        for (version, array) in [(Version::V2, "call_path"), (Version::V3, "call_elements")] {
            if !is_told(ask, version)
                && let Some(path) = path.as_object_mut()
            {
                path.shift_remove(array);
            }
        }
        Ok(Answer::Json(path))
    })
}

/// `GET /phone/call_element/{callElementId}`.
fn element(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    with_element(ask, ask.path("callElementId"), |step| step.whole()).ok_or_else(|| not_found("Call element"))
}

/// `GET /phone/call_history_detail/{callHistoryId}`.
fn detail(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("callHistoryId");
    with_element(ask, id, |step| step.detail()).ok_or_else(|| {
        Refusal::absent(format!("Call history does not exist for call log Id: {id}.")).with_code(301)
    })
}

fn with_element(ask: &Ask<'_>, id: &str, show: impl FnOnce(&Step<'_>) -> Value) -> Option<Answer> {
    ask.shared.state.desk(|world, book| {
        let call = book.with_id(id)?;
        let element = call.elements.iter().find(|element| element.id == id)?;
        let client_code = client_code(world, call);
        let step = Step { call, element, client_code, temper: ask.shared.config.temper };
        Some(Answer::Json(show(&step)))
    })
}

fn not_found(what: &str) -> Refusal {
    Refusal::absent(format!("{what} does not exist."))
}

/// `GET /phone/users/{userId}/call_history`: the steps that the user took part in, not the calls.
fn of_user(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = Window::of_a_day(ask)?;
    let filter = Filter::read(ask.query)?;
    let temper = ask.shared.config.temper;
    let page = user_rows(ask, &window, |call, element| {
        filter.lets_step(&Step { call, element, client_code: None, temper })
    })?;
    let steps: Vec<_> = page.list.iter().filter_map(|row| step(row, temper)).collect();
    let shapes = shapes();
    let rows = |shape| steps.iter().map(|step| Shown(shape, step)).collect::<Vec<_>>();
    written(&Both {
        call_logs: is_told(ask, Version::V2).then(|| rows(&shapes.deprecated_user)),
        call_history: None,
        call_elements: is_told(ask, Version::V3).then(|| rows(&shapes.user)),
        from: window.first(),
        to: window.last(),
        page_count: page.pages(),
        page_size: page.size,
        total_records: page.total,
        next_page_token: &page.next,
    })
}

fn step((call, row): &Row, temper: Temper) -> Option<Step<'_>> {
    Some(Step { call, element: call.elements.get(*row)?, client_code: None, temper })
}

/// A page of the user's steps that `wanted` wants and the user did not delete.
pub(super) fn user_rows(
    ask: &Ask<'_>,
    window: &Window,
    wanted: impl Fn(&CallRecord, &Element) -> bool,
) -> Result<Rows, Refusal> {
    let user = ask.path("userId");
    ask.shared.state.desk(|world, book| {
        known_user(world, user, 300)?;
        let world = &*world;
        let pick = |call: &CallRecord, rows: &mut Vec<usize>| {
            let steps = own_steps(call, user);
            rows.extend(
                steps
                    .filter(|(_, element)| wanted(call, element) && !is_deleted(world, user, element))
                    .map(|(nth, _)| nth),
            );
        };
        listing::page(ask, 300, window, book.of_user(user), Some(&pick))
    })
}

/// The steps that this user is told of.
pub(super) fn own_steps<'a>(
    call: &'a CallRecord,
    user: &'a str,
) -> impl Iterator<Item = (usize, &'a Element)> {
    let told = move |element: &Element| element.told.as_ref().is_some_and(|(_, by)| by.id == user);
    call.elements.iter().enumerate().filter(move |(_, element)| told(element))
}

pub(super) fn known_user(world: &World, user: &str, code: u32) -> Result<(), Refusal> {
    match world.get(&format!("{}/{user}", at::USERS)) {
        Some(_) => Ok(()),
        None => Err(Refusal::absent(format!("User does not exist: {user}.")).with_code(code)),
    }
}

/// `GET /phone/users/{userId}/call_history/sync`.
fn sync(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (steps, token) = user_sync(ask)?;
    let temper = ask.shared.config.temper;
    let steps: Vec<_> = steps.iter().filter_map(|row| step(row, temper)).collect();
    let shapes = shapes();
    let rows = |shape: &Shape| -> Value { steps.iter().map(|step| shape.value(step)).collect() };
    let mut answer = json!({ "sync_token": token });
    for (version, array, shape) in
        [(Version::V2, "call_logs", &shapes.deprecated_sync), (Version::V3, "call_elements", &shapes.sync)]
    {
        if is_told(ask, version) {
            answer[array] = rows(shape);
        }
    }
    Ok(Answer::Json(answer))
}

/// The part of the user's steps that a sync asks for.
pub(super) fn user_sync(ask: &Ask<'_>) -> Result<(Vec<Row>, String), Refusal> {
    let user = ask.path("userId");
    let rows = ask.shared.state.desk(|world, book| {
        known_user(world, user, 300)?;
        let mut rows = Vec::new();
        for call in book.of_user(user).iter() {
            for (nth, element) in own_steps(call, user) {
                if !is_deleted(world, user, element) {
                    // No call has a thousand steps.
                    rows.push((call.arrival * 1000 + u64::try_from(nth).unwrap_or(999), (call.clone(), nth)));
                }
            }
        }
        Ok(rows)
    })?;
    listing::sync(ask, 30, rows)
}

/// Where the world keeps what was changed about a call.
fn change_address(call: &CallRecord) -> String {
    format!("/phone/call_history/{}", call.call_history_uuid)
}

pub(super) fn client_code<'a>(world: &'a World, call: &CallRecord) -> Option<&'a str> {
    world.get(&change_address(call))?.get("client_code")?.as_str()
}

/// `PATCH /phone/call_history/{callLogId}/client_code`, by the id of a call, a leg or a step.
fn add_client_code(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("callLogId");
    let missing = || Refusal::absent(format!("Call history not found: {id}")).with_code(300);
    set_client_code(ask, id).ok_or_else(missing)?
}

/// Writes the code down; `None` when there is no such call.
pub(super) fn set_client_code(ask: &Ask<'_>, id: &str) -> Option<Result<Answer, Refusal>> {
    let code = ask.body["client_code"].as_str().unwrap_or_default();
    ask.shared.state.desk(|world, book| {
        let call = book.with_id(id)?;
        if code.is_empty() || !code.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Some(Err(Refusal::bad(301, format!("Invalid client code: {code}"))));
        }
        let mut changes = Doc::new();
        changes.insert("client_code".to_owned(), json!(code));
        world.put(change_address(call), changes);
        Some(Ok(Answer::Done))
    })
}

/// Steps that a user deleted are gone from the user's lists. The account still has them.
fn deleted_address(user: &str, element: &Element) -> String {
    format!("{}/{user}/deleted_calls/{}", at::USERS, element.id)
}

pub(super) fn is_deleted(world: &World, user: &str, element: &Element) -> bool {
    world.get(&deleted_address(user, element)).is_some()
}

/// `DELETE /phone/users/{userId}/call_history/{callLogId}`: by the id of the call all steps of the user, by the id of a
/// step that one.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (user, id) = (ask.path("userId"), ask.path("callLogId"));
    ask.shared.state.desk(|world, _| known_user(world, user, 300))?;
    if forget(ask, user, id) {
        return Ok(Answer::Done);
    }
    Err(Refusal::absent(format!("Call history not found: {id}.")).with_code(301))
}

/// Deletes the user's steps with this id of the call, the leg, the step or version 1, and tells of it in all versions.
pub(super) fn forget(ask: &Ask<'_>, user: &str, id: &str) -> bool {
    let gone = ask.shared.state.desk(|world, book| {
        let mut gone: Vec<(String, String)> = Vec::new();
        let Some(call) = book.with_id(id) else { return gone };
        for (_, element) in own_steps(call, user) {
            if is_meant(call, element, id) && !is_deleted(world, user, element) {
                world.put(deleted_address(user, element), Doc::new());
                gone.push((element.id.clone(), element.call_id.clone()));
            }
        }
        gone
    });
    if gone.is_empty() {
        return ask.shared.config.temper == Temper::Field && purge(ask, user, id);
    }
    let ids: Vec<_> = gone.iter().map(|(id, _)| id).collect();
    let tell = |name: &str, object: Value| {
        let event = envelope(&ask.shared.config.account_id, &format!("phone.{name}"), ask.now, &object);
        ask.shared.state.emit(event, ask.now);
    };
    let deletion = |list: &str| {
        json!({
            "user_id": user,
            "move_to_trash": true,
            "execute_time": text(ask.now),
            "delete_all": false,
            list: ids,
        })
    };
    if is_told(ask, Version::V3) {
        tell("call_element_deleted", deletion("call_element_ids"));
    }
    if is_told(ask, Version::V2) {
        tell("call_history_deleted", deletion("call_log_ids"));
    }
    if !is_told(ask, Version::V1) {
        return true;
    }
    let logs = gone.iter().map(|(id, call_id)| json!({ "id": v1::id(id), "call_id": call_id }));
    tell("call_log_deleted", json!({ "user_id": user, "call_logs": logs.collect::<Value>() }));
    true
}

fn is_meant(call: &CallRecord, element: &Element, id: &str) -> bool {
    call.call_history_uuid == id || element.call_id == id || element.id == id || v1::id(&element.id) == id
}

/// Deletes steps from the trash for good. Zoom announced an event for that in 2025 and documents no request: live, what
/// is deleted a second time is taken to be, as it is with recordings and voicemails.
fn purge(ask: &Ask<'_>, user: &str, id: &str) -> bool {
    let gone = ask.shared.state.desk(|world, book| {
        let Some(call) = book.with_id(id) else { return Vec::new() };
        let steps = own_steps(call, user).filter(|(_, element)| is_meant(call, element, id));
        let in_trash = steps.filter_map(|(_, element)| {
            let doc = world.get_mut(&deleted_address(user, element))?;
            doc.insert("_purged".to_owned(), json!(true)).is_none().then(|| element.id.clone())
        });
        in_trash.collect::<Vec<_>>()
    });
    if gone.is_empty() {
        return false;
    }
    let name = "phone.call_history_trash_deleted";
    let ids: Vec<_> = gone.iter().map(String::as_str).collect();
    let object = examples::announced_object(name, user, &ids, ask.now);
    ask.shared.state.emit(envelope(&ask.shared.config.account_id, name, ask.now, &object), ask.now);
    true
}

/// Filters on lists of calls and steps. Absent filters keep everything: the default `recorded` that Zoom's
/// specification gives for `recording_status` is not what Zoom does.
#[derive(Default)]
struct Filter {
    /// Values, and the fields of which one must have one of them.
    lists: Vec<(Vec<String>, &'static [&'static str])>,
    ids: Vec<String>,
    recorded: Option<bool>,
    with_voicemail: Option<bool>,
    keyword: Option<String>,
}

/// Parameters and the fields they look at; of a row and of a step.
const LISTS: [(&str, &[&str]); 10] = [
    ("directions", &["direction"]),
    ("connect_types", &["connect_type"]),
    ("call_types", &["call_type"]),
    ("call_results", &["call_result", "result"]),
    ("number_types", &["caller_number_type", "callee_number_type"]),
    ("extension_types", &["caller_ext_type", "callee_ext_type"]),
    ("group_ids", &["group_id"]),
    ("site_ids", &["site_id"]),
    ("department", &["department"]),
    ("cost_center", &["cost_center"]),
];

/// Where a keyword may occur.
const NAMES: [&str; 9] = [
    "call_id",
    "caller_name",
    "callee_name",
    "caller_did_number",
    "callee_did_number",
    "caller_ext_number",
    "callee_ext_number",
    "caller_email",
    "callee_email",
];

impl Filter {
    fn read(query: &Query) -> Result<Self, Refusal> {
        let lists = LISTS.into_iter().filter_map(|(name, fields)| {
            let values: Vec<_> = query.many(name).into_iter().map(str::to_owned).collect();
            (!values.is_empty()).then_some((values, fields))
        });
        Ok(Self {
            lists: lists.collect(),
            ids: query.many("call_ids").into_iter().map(str::to_owned).collect(),
            recorded: query.one("recording_status").map(|status| status == "recorded"),
            with_voicemail: query.parsed("with_voicemail")?,
            keyword: query.one("keyword").map(str::to_lowercase),
        })
    }

    fn is_empty(&self) -> bool {
        let Self { lists, ids, recorded, with_voicemail, keyword } = self;
        lists.is_empty()
            && ids.is_empty()
            && recorded.is_none()
            && with_voicemail.is_none()
            && keyword.is_none()
    }

    fn lets_call(&self, call: &CallRecord) -> bool {
        let ids = &self.ids;
        self.recorded.is_none_or(|recorded| call.recorded == recorded)
            && self.with_voicemail.is_none_or(|with| call.has_voicemail() == with)
            && (ids.is_empty() || call.elements.iter().any(|element| ids.contains(&element.call_id)))
            && self.lets(call)
    }

    fn lets_step(&self, step: &Step<'_>) -> bool {
        let element = step.element;
        self.recorded.is_none_or(|recorded| element.recording_id.is_empty() != recorded)
            && self.with_voicemail.is_none_or(|with| element.voicemail_id.is_empty() != with)
            && self.lets(step)
    }

    fn lets(&self, thing: &impl Facts) -> bool {
        let any = |names: &[&str], wanted: &dyn Fn(&str) -> bool| {
            names.iter().any(|name| match thing.fact(name) {
                Fact::Text(text) => wanted(&text),
                _ => false,
            })
        };
        self.lists
            .iter()
            .all(|(values, fields)| any(fields, &|text| values.iter().any(|value| value == text)))
            && self
                .keyword
                .as_ref()
                .is_none_or(|keyword| any(&NAMES, &|text| text.to_lowercase().contains(keyword)))
    }
}
