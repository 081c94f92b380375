//! Faxes: files that are uploaded, sent, and kept in a log.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::recordings::tell;
use super::sms::tell_all;
use crate::clock::text;
use crate::dice::Dice;
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::files;
use crate::rest::listing::Window;
use crate::sms::News;
use crate::world::{Doc, World, numbers};

/// Where logs are.
const LOGS: &str = "/phone/fax/logs";
/// Where uploaded files are noted.
const FILES: &str = "/phone/fax/files";
/// How long a fax takes to go out.
const TRANSMISSION: SignedDuration = SignedDuration::from_secs(30);
/// Seconds that a file is kept unless asked for otherwise.
const EXPIRY: i64 = 259_200;

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "upload_fax_files" => upload,
        "send_efax" => send,
        "get_account_fax_logs" => account_logs,
        "get_user_fax_logs" => extension_logs,
        "get_fax_log_details" => detail,
        "delete_fax_log" => delete,
        "update_fax_log_read_status" => update,
        "download_fax_file" => download,
        _ => return None,
    })
}

fn put(world: &mut World, address: String, doc: Value) {
    if let Value::Object(doc) = doc {
        world.put(address, Doc::from(doc));
    }
}

/// `POST /fax/files`.
fn upload(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let seconds = ask.query.parsed::<f64>("expire")?.map_or(Ok(EXPIRY), |seconds| {
        let whole = SignedDuration::try_from_secs_f64(seconds).map(|it| it.as_secs());
        whole.map_err(|_| Refusal::bad(1002, "Invalid expire, should between 1 and 604800 seconds"))
    })?;
    let ends = ask.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    let id = ask.shared.state.world(|world| {
        let id = world.dice(ask.shared.config.seed).opaque_id();
        put(world, format!("{FILES}/{id}"), json!({ "name": ask.body["file"], "ends": text(ends) }));
        id
    });
    Ok(Answer::Json(json!({ "file_id": id })))
}

/// The account's extension with this number.
fn extension<'a>(world: &'a World, number: &str) -> Option<(&'static str, &'a Doc)> {
    let address = numbers::assignee(world, &numbers::find(world, number)?)?;
    Some((numbers::kind(&address), world.get(&address)?))
}

/// `POST /phone/fax/documents`: to each receiver a log, and half a minute later the event.
fn send(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let body = ask.body;
    let (number, file) = (body["sender_number"].as_str().unwrap_or_default(), &body["file_id"]);
    let (answer, news) = ask.shared.state.world(|world| {
        let known = world.get(&format!("{FILES}/{}", file.as_str().unwrap_or_default()));
        let ends: Option<Timestamp> = known.and_then(|doc| doc.get("ends")?.as_str()?.parse().ok());
        if ends.is_none_or(|ends| ends < ask.now) {
            return Err(Refusal::field("file_id", "is no file that was uploaded, or the file has expired"));
        }
        if extension(world, number).is_none() {
            return Err(Refusal::field("sender_number", "is no number of somebody in the account"));
        }
        let mut dice = world.dice(ask.shared.config.seed);
        let fax_id = dice.opaque_id();
        let pages = dice.between(1, 6);
        let mut news: Vec<News> = Vec::new();
        let receivers: Vec<_> = body["receivers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|receiver| {
                let to = receiver["receiver_number"].as_str().unwrap_or_default();
                if !to.starts_with('+') {
                    return json!({ "receiver_number": to, "status": "invalid_receiver_number" });
                }
                let fax = Fax { id: &fax_id, file, pages, from: number, to, at: ask.now };
                let id = fax.log(world, &mut dice, "outbound", &mut news);
                if extension(world, to).is_some() {
                    fax.log(world, &mut dice, "inbound", &mut news);
                }
                json!({ "receiver_number": to, "fax_log_id": id, "status": "success" })
            })
            .collect();
        Ok((json!({ "fax_id": fax_id, "receivers": receivers }), news))
    })?;
    tell_all(ask, news);
    Ok(Answer::Json(answer))
}

/// One fax on its way.
struct Fax<'a> {
    id: &'a str,
    file: &'a Value,
    pages: u64,
    from: &'a str,
    to: &'a str,
    at: Timestamp,
}

impl Fax<'_> {
    /// Writes its log for one side down and plans the event.
    fn log(&self, world: &mut World, dice: &mut Dice, direction: &str, news: &mut Vec<News>) -> String {
        let id = dice.opaque_id();
        let mut log = json!({
            "fax_log_id": id,
            "fax_id": self.id,
            "direction": direction,
            "sender_number": self.from,
            "sender_type": "openapi",
            "receiver_number": self.to,
            "receiver_type": "pstn",
            "file_id": self.file,
            "file_pages_count": self.pages,
            "read_status": "unread",
            "status_reason": "success",
            "retry_times": 0,
            "node": 1,
            "create_time": text(self.at),
        });
        for (side, number) in [("sender", self.from), ("receiver", self.to)] {
            let Some((kind, doc)) = extension(world, number) else {
                // Outside parties have these fields, too, in the event.
                for field in ["extension_id", "extension_number", "name"] {
                    log[format!("{side}_{field}")] = json!("");
                }
                continue;
            };
            let text = |name: &str| doc.get(name).cloned().unwrap_or_default();
            log[format!("{side}_extension_id")] = text("extension_id");
            log[format!("{side}_extension_type")] = json!(kind);
            log[format!("{side}_extension_number")] = json!(text("extension_number").to_string());
            log[format!("{side}_name")] = text("name");
            let own = side == if direction == "outbound" { "sender" } else { "receiver" };
            if own {
                log["extension_id"] = text("extension_id");
                log["extension_type"] = json!(kind);
                let site = text("site");
                log["site_id"] = site["id"].clone();
                log["site_name"] = site["name"].clone();
            }
        }
        put(world, format!("{LOGS}/{id}"), log.clone());
        let done = self.at.checked_add(TRANSMISSION).unwrap_or(self.at);
        let (name, status) =
            if direction == "outbound" { ("fax_sent", "sent") } else { ("fax_received", "received") };
        log["status"] = json!(status);
        if let Some(fields) = log.as_object_mut() {
            fields.retain(|name, _| {
                !["status_reason", "retry_times", "node", "read_status"].contains(&&**name)
            });
        }
        news.push((name.to_owned(), done, log));
        id
    }
}

/// A log as it is at `now`: on its way, then there.
fn shown(doc: &Doc, now: Timestamp) -> Option<Value> {
    if doc.contains_key("_deleted") {
        return None;
    }
    let at: Timestamp = doc.get("create_time")?.as_str()?.parse().ok()?;
    let outbound = doc.get("direction").and_then(Value::as_str) == Some("outbound");
    let done = now.duration_since(at) >= TRANSMISSION;
    let mut log = Value::Object(doc.clone());
    log["status"] = json!(match (outbound, done) {
        (true, false) => "processing",
        (true, true) => "sent",
        // What comes in shows when it is there.
        (false, false) => return None,
        (false, true) => "received",
    });
    Some(log)
}

/// Every log that is not in the trash.
pub(super) fn logs(ask: &Ask<'_>) -> Vec<Value> {
    ask.shared
        .state
        .world(|world| world.children(LOGS).into_iter().filter_map(|(_, doc)| shown(doc, ask.now)).collect())
}

/// `GET /phone/fax/logs`.
fn account_logs(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let one = |name: &str| ask.query.one(name);
    let (site, kind) = (one("site_id"), one("extension_type"));
    list(ask, |log| {
        site.is_none_or(|site| log["site_id"] == site)
            && kind.is_none_or(|kind| log["extension_type"] == kind)
    })
}

/// `GET /phone/extension/{extensionId}/fax/logs`.
fn extension_logs(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("extensionId");
    if ask.shared.state.world(|world| world.extension(id)).is_none() {
        return Err(Refusal::absent(format!("Extension does not exist: {id}.")));
    }
    list(ask, |log| log["extension_id"] == id)
}

fn list(ask: &Ask<'_>, wanted: impl Fn(&Value) -> bool) -> Result<Answer, Refusal> {
    let window = Window::of_a_month(ask)?;
    let (from, to) = (ask.query.one("sender_number"), ask.query.one("receiver_number"));
    let mut found: Vec<_> = logs(ask)
        .into_iter()
        .filter(|log| {
            let at = log["create_time"].as_str().and_then(|at| at.parse().ok());
            at.is_some_and(|at| window.holds(at))
                && from.is_none_or(|from| log["sender_number"] == from)
                && to.is_none_or(|to| log["receiver_number"] == to)
                && wanted(log)
        })
        .collect();
    found.reverse();
    let id = |log: &Value| log["fax_log_id"].as_str().unwrap_or_default().to_owned();
    let page = ask.page(300, || Ok(found.iter().map(id).collect()))?;
    let find = |wanted: &String| found.iter().find(|log| id(log) == *wanted).cloned();
    let rows = page.ids.iter().filter_map(find).collect();
    Ok(Answer::Json(json!({
        "next_page_token": page.next,
        "from": window.first(),
        "to": window.last(),
        "total_records": page.total,
        "fax_logs": ask.declared("fax_logs", rows),
    })))
}

fn find(ask: &Ask<'_>, id: &str) -> Option<Value> {
    ask.shared.state.world(|world| shown(world.get(&format!("{LOGS}/{id}"))?, ask.now))
}

/// `GET /phone/fax/logs/{faxLogId}`: a list of one.
fn detail(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("faxLogId");
    let missing = || Refusal::absent("Fax log not found").with_code(40_401);
    let log = find(ask, id).ok_or_else(missing)?;
    Ok(Answer::Json(ask.declared_whole(&json!([log]))))
}

/// `DELETE /phone/fax/logs/{faxLogId}`: into the trash, and from there for good.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("faxLogId");
    let address = format!("{LOGS}/{id}");
    let purged = ask.shared.state.world(|world| {
        let doc = world.get_mut(&address)?;
        let purge = doc.insert("_deleted".to_owned(), json!(true)).is_some();
        if purge {
            world.remove(&address);
        }
        Some(purge)
    });
    let missing = || Refusal::absent("Fax log not found for faxLogId.").with_code(400_001);
    let name = if purged.ok_or_else(missing)? { "fax_log_permanently_deleted" } else { "fax_log_deleted" };
    tell(ask, name, &json!({ "fax_logs": [{ "fax_log_id": id }] }));
    Ok(Answer::Done)
}

/// `PATCH /phone/fax/logs/{faxLogId}`.
fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("faxLogId");
    find(ask, id).ok_or_else(|| Refusal::bad(400_001, "Fax log not found for faxLogId."))?;
    let invalid = || Refusal::bad(400_201, "The read status is invalid.");
    let status = ask.query.one("read_status").ok_or_else(invalid)?;
    ask.shared.state.world(|world| {
        if let Some(doc) = world.get_mut(&format!("{LOGS}/{id}")) {
            doc.insert("read_status".to_owned(), json!(status));
        }
    });
    Ok(Answer::Done)
}

/// `GET /phone/fax/logs/{faxLogId}/file/{fileId}`.
fn download(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (id, file) = (ask.path("faxLogId"), ask.path("fileId"));
    let missing = || Refusal::absent(format!("Fax log not found for faxLogId: {id}")).with_code(40_401);
    let log = find(ask, id).ok_or_else(missing)?;
    if log["file_id"] != file {
        return Err(Refusal::absent(format!("Fax file not found for fileId: {file}")).with_code(40_402));
    }
    Ok(Answer::Other(files::fax()))
}
