//! Users and call queues.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::paging::Page;
use super::query::Query;
use super::{Called, Refusal};
use crate::company::{Company, Queue};
use crate::emulator::Shared;
use crate::oauth::{Access, Holder};
use crate::party::Party;
use crate::scopes::OF_USERS_ME;

/// `GET /phone/users` (`listPhoneUsers`), at most 100 on a page.
pub(super) async fn users(
    State(shared): State<Arc<Shared>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = Query::parse(raw.as_deref());
    let keyword = query.one("keyword").map(str::to_lowercase);
    let (site, department, status) = (query.one("site_id"), query.one("department"), query.one("status"));
    let page = shared.snapshots.page("listPhoneUsers", &query, 100, || {
        Ok(shared.state.company(|company| {
            let mut users = company.users.clone();
            users.retain(|user| {
                site.is_none_or(|site| site == company.site.1)
                    && department.is_none_or(|department| user.department.as_deref() == Some(department))
                    && status.is_none_or(|status| status == "activate")
                    && keyword.as_ref().is_none_or(|keyword| is_called(user, keyword))
            });
            users.iter().map(|user| user.id.clone()).collect()
        }))
    })?;
    let users: Vec<_> = shared.state.company(|company| {
        let users = page.ids.iter().filter_map(|id| company.user(id));
        users.map(|user| user_row(company, user)).collect()
    });
    Ok(Json(listed("users", &users, &page)))
}

/// `GET /phone/users/{userId}` (`phoneUser`), by id, e-mail address or `me`.
pub(super) async fn user(
    State(shared): State<Arc<Shared>>,
    Extension(called): Extension<Arc<Called>>,
) -> Result<Json<Value>, Refusal> {
    let id = called.path.first().map_or("", |(_, id)| id);
    let found = shared.state.company(|company| company.user(id).map(|user| user_detail(company, user)));
    found
        .map(Json)
        .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, 1001, format!("User does not exist: {id}.")))
}

/// `GET /users/me`, which is not of Zoom Phone: who a user's token speaks for.
pub(super) async fn me(
    State(shared): State<Arc<Shared>>,
    Extension(access): Extension<Access>,
) -> Result<Json<Value>, Refusal> {
    let Holder::User(id) = &access.holder else { return Err(no_me()) };
    if !OF_USERS_ME.iter().any(|&scope| access.scopes.contains(scope)) {
        return Err(Refusal::scopes(&OF_USERS_ME));
    }
    let found = shared.state.company(|company| {
        let user = company.user(id)?;
        let (first, last) = user.name.as_deref().and_then(|name| name.split_once(' '))?;
        Some(json!({
            "id": user.id,
            "first_name": first,
            "last_name": last,
            "display_name": user.name,
            "email": user.email,
            "type": 2,
            "role_name": "Admin",
            "dept": user.department,
            "timezone": "America/New_York",
            "language": "en-US",
            "account_id": company.account_id,
            "status": "active",
        }))
    });
    found
        .map(Json)
        .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, 1001, format!("User does not exist: {id}.")))
}

/// `me` has no meaning for a token of the account or of an app.
pub(super) fn no_me() -> Refusal {
    Refusal::invalid("This token has no user of its own; give a user id or e-mail address instead of me.")
}

/// `GET /phone/call_queues` (`listCallQueues`), at most 100 on a page.
pub(super) async fn queues(
    State(shared): State<Arc<Shared>>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = Query::parse(raw.as_deref());
    let (site, department) = (query.one("site_id"), query.one("department"));
    let page = shared.snapshots.page("listCallQueues", &query, 100, || {
        Ok(shared.state.company(|company| {
            let mut queues: Vec<_> = company.queues.iter().map(|queue| &queue.party).collect();
            queues.retain(|queue| {
                site.is_none_or(|site| site == company.site.1)
                    && department.is_none_or(|department| queue.department.as_deref() == Some(department))
            });
            queues.iter().map(|queue| queue.id.clone()).collect()
        }))
    })?;
    let queues: Vec<_> = shared.state.company(|company| {
        let queues = page.ids.iter().filter_map(|id| find_queue(company, id));
        queues.map(|queue| queue_row(company, &queue.party)).collect()
    });
    Ok(Json(listed("call_queues", &queues, &page)))
}

/// `GET /phone/call_queues/{callQueueId}` (`getACallQueue`).
pub(super) async fn queue(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let found = shared.state.company(|company| {
        let queue = find_queue(company, &id)?;
        let mut detail = queue_row(company, &queue.party);
        let members = members_of(company, queue).map(|user| member(user, "user"));
        detail["department"] = json!(queue.party.department);
        detail["members"] = json!({ "users": members.collect::<Vec<_>>(), "common_areas": [] });
        detail["timezone"] = json!("America/New_York");
        Some(detail)
    });
    found.map(Json).ok_or_else(|| no_queue(&id))
}

/// `GET /phone/call_queues/{callQueueId}/members` (`listCallQueueMembers`). Paging works although the
/// specification names no parameters for it.
pub(super) async fn members(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = Query::parse(raw.as_deref());
    let page = shared.snapshots.page(&format!("listCallQueueMembers/{id}"), &query, 300, || {
        let members = shared.state.company(|company| {
            let queue = find_queue(company, &id)?;
            Some(members_of(company, queue).map(|user| user.id.clone()).collect())
        });
        members.ok_or_else(|| no_queue(&id))
    })?;
    let members: Vec<_> = shared.state.company(|company| {
        page.ids.iter().filter_map(|id| company.user(id)).map(|user| member(user, "user")).collect()
    });
    Ok(Json(listed("call_queue_members", &members, &page)))
}

fn listed(name: &str, items: &[Value], page: &Page) -> Value {
    json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "total_records": page.total,
        name: items,
    })
}

fn find_queue<'a>(company: &'a Company, id: &str) -> Option<&'a Queue> {
    company.queues.iter().find(|queue| queue.party.id == id)
}

fn members_of<'a>(company: &'a Company, queue: &'a Queue) -> impl Iterator<Item = &'a Party> {
    queue.members.iter().filter_map(|&member| company.users.get(member)).map(|user| &**user)
}

fn no_queue(id: &str) -> Refusal {
    let message = format!("The Call Queue does not exist, callQueueId:{id}.");
    Refusal::new(StatusCode::NOT_FOUND, 13000, message)
}

fn is_called(user: &Party, keyword: &str) -> bool {
    let texts = [user.name.clone(), user.email.clone(), user.number.clone(), Some(user.extension_text())];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(keyword))
}

fn user_row(company: &Company, user: &Party) -> Value {
    json!({
        "calling_plans": [{ "name": "US/CA Unlimited Calling Plan", "type": 200 }],
        "email": user.email,
        "extension_id": user.extension_id,
        "extension_number": user.extension_number,
        "id": user.id,
        "name": user.name,
        "phone_user_id": user.extension_id,
        "site": { "id": company.site.1, "name": company.site.0 },
        "status": "activate",
        "activation_status": "activated",
        "phone_numbers": phone_numbers(user),
        "department": user.department,
    })
}

fn user_detail(company: &Company, user: &Party) -> Value {
    json!({
        "calling_plans": [{ "type": 200 }],
        "department": user.department,
        "email": user.email,
        "extension_id": user.extension_id,
        "extension_number": user.extension_number,
        "id": user.id,
        "phone_numbers": phone_numbers(user),
        "phone_user_id": user.extension_id,
        "site_admin": false,
        "site_id": company.site.1,
        "status": "activate",
    })
}

fn queue_row(company: &Company, queue: &Party) -> Value {
    json!({
        "extension_id": queue.extension_id,
        "extension_number": queue.extension_number,
        "id": queue.id,
        "name": queue.name,
        "phone_numbers": [{ "id": number_id(queue), "number": queue.number, "source": "internal" }],
        "site": { "id": company.site.1, "name": company.site.0 },
        "status": "active",
    })
}

fn member(user: &Party, level: &str) -> Value {
    json!({
        "id": user.id,
        "level": level,
        "name": user.name,
        "receive_call": true,
        "extension_id": user.extension_id,
    })
}

fn phone_numbers(party: &Party) -> Value {
    json!([{ "id": number_id(party), "number": party.number }])
}

/// A number's own id, made from the extension's so that it stays the same.
fn number_id(party: &Party) -> String {
    party.extension_id.chars().rev().collect()
}
