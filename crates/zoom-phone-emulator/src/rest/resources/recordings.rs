//! Recordings: views of the steps of calls that were recorded, and what REST changed about them.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::history::known_user;
use crate::clock::text;
use crate::events::envelope;
use crate::records::facts::Shape;
use crate::records::files::{Fate, File, FileKind};
use crate::records::{CallRecord, Element, v1};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::files;
use crate::rest::listing::{self, Rows, Window};
use crate::world::{Doc, World, at};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "get_phone_recordings" => account,
        "phone_user_recordings" => of_user,
        "get_call_queue_recordings" => of_queue,
        "get_phone_recording_by_call_element_id" => of_element,
        "get_phone_recordings_by_call_id_or_call_log_id" => of_call,
        "delete_call_recording" => delete,
        "update_auto_delete_field" => update_auto_delete,
        "update_recording_status" => recover,
        "phone_download_recording_file" => download,
        "phone_download_recording_transcript" => download_transcript,
        _ => return None,
    })
}

struct Shapes {
    account: Shape,
    user: Shape,
    queue: Shape,
    element: Shape,
    call: Shape,
}

fn shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| Shapes {
        account: Shape::of("get_phone_recordings", Some("recordings")),
        user: Shape::of("phone_user_recordings", Some("recordings")),
        queue: Shape::of("get_call_queue_recordings", Some("recordings")),
        element: Shape::of("get_phone_recording_by_call_element_id", None),
        call: Shape::of("get_phone_recordings_by_call_id_or_call_log_id", None),
    })
}

/// A page of files of a kind in a window that `wanted` wants.
pub(super) fn page(
    ask: &Ask<'_>,
    window: &Window,
    kind: FileKind,
    user: Option<&str>,
    wanted: impl Fn(&File<'_>) -> bool,
) -> Result<Rows, Refusal> {
    ask.shared.state.desk(|world, book| {
        let world = &*world;
        let pick = |call: &CallRecord, rows: &mut Vec<usize>| {
            for (nth, element) in call.elements.iter().enumerate() {
                if kind.id(element).is_empty() {
                    continue;
                }
                let file = file(ask, world, kind, call, element);
                if user.is_none_or(|user| file.owner().id == user) && wanted(&file) {
                    rows.push(nth);
                }
            }
        };
        let shelf = user.map_or(book.all(), |user| book.of_user(user));
        listing::page(ask, 300, window, shelf, Some(&pick))
    })
}

fn file<'a>(
    ask: &'a Ask<'_>,
    world: &'a World,
    kind: FileKind,
    call: &'a CallRecord,
    element: &'a Element,
) -> File<'a> {
    let changes = world.get(&kind.address(kind.id(element)));
    File { kind, call, element, changes, origin: ask.origin, now: ask.now }
}

/// The rows of a page in a shape.
pub(super) fn rows(ask: &Ask<'_>, page: &Rows, kind: FileKind, shape: &Shape) -> Vec<Value> {
    ask.shared.state.world(|world| {
        let shown = |(call, nth): &listing::Row| {
            let element = call.elements.get(*nth)?;
            Some(shape.value(&file(ask, world, kind, call, element)))
        };
        page.list.iter().filter_map(shown).collect()
    })
}

/// Shows the file of a kind that belongs to the call, leg, step, log or file with this id; purged ones are gone.
pub(super) fn show<T>(
    ask: &Ask<'_>,
    kind: FileKind,
    id: &str,
    show: impl FnOnce(&File<'_>) -> T,
) -> Option<T> {
    ask.shared.state.desk(|world, book| {
        let call = book.with_id(id)?;
        let of_call = call.call_history_uuid == id || call.call_id == id;
        let element = call.elements.iter().find(|element| {
            let file = kind.id(element);
            let own = [file, &element.id, &element.call_id].contains(&id) || v1::id(&element.id) == id;
            !file.is_empty() && (own || of_call)
        })?;
        let file = file(ask, world, kind, call, element);
        (file.fate() != Fate::Purged).then(|| show(&file))
    })
}

/// `GET /phone/recordings`.
fn account(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = Window::of_any_month(ask)?;
    let one = |name: &str| ask.query.one(name).filter(|value| !value.to_lowercase().starts_with("all"));
    let (owner, kind) = (one("owner_type"), one("recording_type"));
    let (site, group) = (one("site_id"), one("group_id"));
    let page = page(ask, &window, FileKind::Recording, None, |file| {
        let element = file.element;
        file.fate() == Fate::Kept
            && owner.is_none_or(|owner| file.owner().kind.in_events() == owner)
            && kind.is_none_or(|kind| element.recording_type().map(v1::recording_type) == Some(kind))
            && site.is_none_or(|site| file.call.site.1 == site)
            && group.is_none_or(|group| element.group_id == group)
    })?;
    Ok(Answer::Json(json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "recordings": rows(ask, &page, FileKind::Recording, &shapes().account),
        "total_records": page.total,
    })))
}

/// `GET /phone/users/{userId}/recordings`.
fn of_user(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = Window::of_a_month(ask)?;
    let user = ask.path("userId");
    ask.shared.state.desk(|world, _| known_user(world, user, 1001))?;
    let page = page(ask, &window, FileKind::Recording, Some(user), |file| file.fate() == Fate::Kept)?;
    Ok(Answer::Json(json!({
        "from": window.first(),
        "next_page_token": page.next,
        "page_count": page.pages(),
        "page_size": page.size,
        "recordings": rows(ask, &page, FileKind::Recording, &shapes().user),
        "to": window.last(),
        "total_records": page.total,
    })))
}

/// `GET /phone/call_queues/{callQueueId}/recordings`: of calls that came through the queue.
fn of_queue(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let window = Window::of_a_day(ask)?;
    let queue = ask.path("callQueueId");
    let known = ask.shared.state.world(|world| world.get(&format!("{}/{queue}", at::QUEUES)).is_some());
    if !known {
        return Err(Refusal::absent(format!("Call queue does not exist: {queue}.")));
    }
    let page = page(ask, &window, FileKind::Recording, None, |file| {
        file.fate() == Fate::Kept && file.element.group_id == queue
    })?;
    let mut recordings = rows(ask, &page, FileKind::Recording, &shapes().queue);
    for recording in &mut recordings {
        // Text here, an integer in every other operation.
        if let Some(number_type) = recording["callee_number_type"].as_i64() {
            recording["callee_number_type"] = json!(number_type.to_string());
        }
    }
    Ok(Answer::Json(json!({
        "from": window.first(),
        "next_page_token": page.next,
        "page_size": page.size,
        "recordings": recordings,
        "to": window.last(),
        "total_records": page.total,
    })))
}

/// `GET /phone/call_element/{callElementId}/recording`, also from the trash.
fn of_element(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("callElementId");
    let shown = show(ask, FileKind::Recording, id, |file| shapes().element.value(file));
    shown.map(Answer::Json).ok_or_else(|| Refusal::absent(format!("Recording does not exist for {id}.")))
}

/// `GET /phone/call_logs/{id}/recordings`.
fn of_call(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("id");
    let shown = show(ask, FileKind::Recording, id, |file| shapes().call.value(file));
    shown
        .map(Answer::Json)
        .ok_or_else(|| Refusal::absent(format!("Recording does not exist: \"{id}\".")).with_code(1001))
}

fn absent(id: &str) -> Refusal {
    Refusal::absent(format!("Recording does not exist: {id}."))
}

/// The recording with exactly this id.
fn recording<T>(ask: &Ask<'_>, id: &str, act: impl FnOnce(&File<'_>) -> T) -> Option<T> {
    show(ask, FileKind::Recording, id, |file| (file.id() == id).then(|| act(file))).flatten()
}

/// Writes a change of a file down.
pub(super) fn change(ask: &Ask<'_>, kind: FileKind, id: &str, write: impl FnOnce(&mut Doc)) {
    ask.shared.state.world(|world| {
        let address = kind.address(id);
        let mut changes = world.get(&address).cloned().unwrap_or_default();
        write(&mut changes);
        world.put(address, changes);
    });
}

/// Into the trash, or out of it for good when it is there already.
pub(super) fn discard(ask: &Ask<'_>, kind: FileKind, id: &str, fate: Fate, call_id: &str) {
    let purge = fate == Fate::Trashed;
    change(ask, kind, id, |changes| {
        if purge {
            changes.insert("_purged".to_owned(), json!(true));
        } else {
            changes.insert("deleted_time".to_owned(), json!(text(ask.now)));
        }
    });
    let how = if purge { "permanently_deleted" } else { "deleted" };
    let (name, object) = match kind {
        FileKind::Recording => ("recording", json!({ "recordings": [{ "id": id, "call_id": call_id }] })),
        FileKind::Voicemail => ("voicemail", json!({ "voice_mails": [{ "id": id }] })),
    };
    tell(ask, &format!("{name}_{how}"), &object);
}

/// Sends an event, named without `phone.`, now.
pub(super) fn tell(ask: &Ask<'_>, name: &str, object: &Value) {
    let event = envelope(&ask.shared.config.account_id, &format!("phone.{name}"), ask.now, object);
    ask.shared.state.emit(event, ask.now);
}

/// `DELETE /phone/recordings/{recordingId}`.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("recordingId");
    let found = recording(ask, id, |file| (file.fate(), file.element.call_id.clone()));
    let (fate, call_id) = found.ok_or_else(|| absent(id))?;
    discard(ask, FileKind::Recording, id, fate, &call_id);
    Ok(Answer::Done)
}

/// `PATCH /phone/recordings/{recordingId}`.
fn update_auto_delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("recordingId");
    recording(ask, id, |_| ()).ok_or_else(|| absent(id))?;
    if let Some(enable) = ask.body.get("auto_delete_enable") {
        change(ask, FileKind::Recording, id, |changes| {
            changes.insert("auto_delete_enable".to_owned(), enable.clone());
        });
    }
    Ok(Answer::Done)
}

/// `PUT /phone/recordings/{recordingId}/status`: `recover` is the only action.
fn recover(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("recordingId");
    recording(ask, id, |_| ()).ok_or_else(|| absent(id))?;
    change(ask, FileKind::Recording, id, |changes| {
        changes.remove("deleted_time");
    });
    Ok(Answer::Done)
}

/// `GET /phone/recording/download/{fileId}`.
fn download(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    give(ask, FileKind::Recording)
}

/// The file: straight, as documented, or live by way of a signed address that needs no token.
pub(super) fn give(ask: &Ask<'_>, kind: FileKind) -> Result<Answer, Refusal> {
    let id = ask.path("fileId");
    let there = show(ask, kind, id, |file| file.id() == id && file.fate() == Fate::Kept);
    if there != Some(true) {
        return Err(Refusal::bad(404, "File does not exist."));
    }
    Ok(Answer::Other(files::recording(ask.shared, ask.origin, id)))
}

/// `GET /phone/recording_transcript/download/{recordingId}`.
fn download_transcript(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("recordingId");
    let ready = recording(ask, id, |file| (file.fate(), file.element.transcript_ready));
    match ready {
        None | Some((Fate::Trashed | Fate::Purged, _)) => Err(Refusal::bad(404, "File does not exist.")),
        Some((Fate::Kept, None)) => Err(Refusal::bad(12000, "Unable to transcribe this recording.")),
        Some((Fate::Kept, Some(at))) if at > ask.now => Err(Refusal::bad(
            12002,
            "This recording is still in the process of being transcribed. Reopen this recording in a few minutes.",
        )),
        Some(_) => Ok(Answer::Other(files::transcript(ask.shared, ask.origin, id))),
    }
}
