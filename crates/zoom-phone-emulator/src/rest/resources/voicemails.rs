//! Voicemails: views of the steps of calls that ended in a mailbox, and what REST changed about them.

use std::sync::OnceLock;

use serde_json::json;

use super::history::known_user;
use super::recordings::{change, discard, give, page, rows, show};
use crate::records::facts::Shape;
use crate::records::files::{Fate, File, FileKind};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::listing::Window;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "account_voice_mails" => account,
        "phone_user_voice_mails" => of_user,
        "get_voicemail_details" => detail,
        "get_voicemail_details_by_call_element_id" => of_element,
        "get_voicemail_details_by_call_id_or_call_log_id" => of_call,
        "update_voicemail_read_status" => update,
        "delete_voicemail" => delete,
        "phone_download_voicemail_file" => |ask| give(ask, FileKind::Voicemail),
        _ => return None,
    })
}

struct Shapes {
    account: Shape,
    user: Shape,
    detail: Shape,
    element: Shape,
    call: Shape,
}

fn shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| Shapes {
        account: Shape::of("account_voice_mails", Some("voice_mails")),
        user: Shape::of("phone_user_voice_mails", Some("voice_mails")),
        detail: Shape::of("get_voicemail_details", None),
        element: Shape::of("get_voicemail_details_by_call_element_id", None),
        call: Shape::of("get_voicemail_details_by_call_id_or_call_log_id", None),
    })
}

/// `GET /phone/voice_mails`.
fn account(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (owner, site) = (ask.query.one("owner_type"), ask.query.one("site_id"));
    let kind = ask.query.one("voicemail_type").unwrap_or("normal");
    list(ask, None, &shapes().account, "trashed", |file| {
        let suspected = if file.call.spam.is_empty() { "normal" } else { file.call.spam };
        owner.is_none_or(|owner| file.owner().kind.in_events() == owner)
            && site.is_none_or(|site| file.call.site.1 == site)
            && suspected.eq_ignore_ascii_case(kind)
    })
}

/// `GET /phone/users/{userId}/voice_mails`.
fn of_user(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let user = ask.path("userId");
    ask.shared.state.desk(|world, _| known_user(world, user, 1001))?;
    list(ask, Some(user), &shapes().user, "trash", |_| true)
}

fn list(
    ask: &Ask<'_>,
    user: Option<&str>,
    shape: &Shape,
    trash: &str,
    wanted: impl Fn(&File<'_>) -> bool,
) -> Result<Answer, Refusal> {
    let window = Window::of_a_month(ask)?;
    let fate = if ask.query.parsed(trash)?.unwrap_or(false) { Fate::Trashed } else { Fate::Kept };
    let status = ask.query.one("status").filter(|&status| status != "all");
    let page = page(ask, &window, FileKind::Voicemail, user, |file| {
        file.fate() == fate && status.is_none_or(|status| file.status() == status) && wanted(file)
    })?;
    Ok(Answer::Json(json!({
        "from": window.first(),
        "next_page_token": page.next,
        "page_count": page.pages(),
        "page_size": page.size,
        "to": window.last(),
        "total_records": page.total,
        "voice_mails": rows(ask, &page, FileKind::Voicemail, shape),
    })))
}

/// `GET /phone/voice_mails/{voicemailId}`.
fn detail(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("voicemailId");
    let shown = voicemail(ask, id, |file| shapes().detail.value(file));
    shown.map(Answer::Json).ok_or_else(|| Refusal::bad(300, format!("Voice mail does not exist: {id}.")))
}

/// The voicemail with exactly this id.
fn voicemail<T>(ask: &Ask<'_>, id: &str, act: impl FnOnce(&File<'_>) -> T) -> Option<T> {
    show(ask, FileKind::Voicemail, id, |file| (file.id() == id).then(|| act(file))).flatten()
}

/// `GET /phone/call_element/{callElementId}/voice_mail`.
fn of_element(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("callElementId");
    let shown = show(ask, FileKind::Voicemail, id, |file| shapes().element.value(file));
    shown.map(Answer::Json).ok_or_else(|| Refusal::absent(format!("Voicemail does not exist for {id}.")))
}

/// `GET /phone/users/{userId}/call_logs/{id}/voice_mail`.
fn of_call(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (user, id) = (ask.path("userId"), ask.path("id"));
    ask.shared.state.desk(|world, _| known_user(world, user, 1001))?;
    let own = |file: &File<'_>| (file.owner().id == user).then(|| shapes().call.value(file));
    let shown = show(ask, FileKind::Voicemail, id, own).flatten();
    shown.map(Answer::Json).ok_or_else(|| Refusal::absent(format!("Voice mail does not exist: {id}.")))
}

/// `PATCH /phone/voice_mails/{voicemailId}`.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("voicemailId");
    let missing = || Refusal::bad(404, format!("Voice mail does not exist: {id}."));
    voicemail(ask, id, |_| ()).ok_or_else(missing)?;
    let status = ask.query.one("read_status").unwrap_or_default().to_lowercase();
    change(ask, FileKind::Voicemail, id, |changes| {
        changes.insert("status".to_owned(), json!(status));
    });
    Ok(Answer::Done)
}

/// `DELETE /phone/voice_mails/{voicemailId}`.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("voicemailId");
    let found = voicemail(ask, id, |file| (file.fate(), file.element.call_id.clone()));
    let missing = || Refusal::absent(format!("Voice mail does not exist: {id}."));
    let (fate, call_id) = found.ok_or_else(missing)?;
    discard(ask, FileKind::Voicemail, id, fate, &call_id);
    Ok(Answer::Done)
}
