//! Text messages: sessions, their history, sending, and who consented to what.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::history::known_user;
use super::recordings::tell;
use crate::clock::text;
use crate::dice::Dice;
use crate::events::envelope;
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::rest::listing::{self, Window};
use crate::rest::paging::Page;
use crate::sms::{self, Message, News, Opt, Own, Verdict, messages, opt, set_opt};
use crate::world::{Doc, World, at};

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "post_sms_message" => post,
        "account_sms_session" => account_sessions,
        "user_sms_session" => user_sessions,
        "get_sms_sessions" => sync_sessions,
        "sms_session_details" => history,
        "sms_by_message_id" => message,
        "sms_session_sync" => sync_history,
        "get_number_campaign_opt_status" => |ask| Ok(opt_status(ask, "phone_number_campaign_opt_statuses")),
        "get_number_consent_opt_status" => |ask| Ok(opt_status(ask, "phone_number_consent_opt_statuses")),
        "get_user_number_campaign_opt_status" => user_opt_status,
        "update_number_campaign_opt_status" => |ask| {
            update_opt_status(ask);
            Ok(Answer::Done)
        },
        _ => return None,
    })
}

/// Sends events of the company at their times.
pub(super) fn tell_all(ask: &Ask<'_>, news: Vec<News>) {
    for (name, at, object) in news {
        let event = envelope(&ask.shared.config.account_id, &format!("phone.{name}"), at, &object);
        ask.shared.state.emit(event, at);
    }
}

/// E.164: a plus and 7 to 15 digits.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `POST /phone/sms/messages`. Half of those who are written to answer within two minutes.
fn post(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let number = ask.body["sender"]["phone_number"].as_str().unwrap_or_default();
    let far: Vec<String> = ask.body["to_members"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|member| member["phone_number"].as_str().map(str::to_owned))
        .collect();
    if let Some(wrong) = std::iter::once(number).chain(far.iter().map(String::as_str)).find(|it| !is_e164(it))
    {
        let message = format!("The phone number does not conform to the E.164 standard: {wrong}.");
        return Err(Refusal::bad(316, message));
    }
    let words = ask.body["message"].as_str().unwrap_or_default().to_owned();
    let attachments = attachments(ask)?;
    if words.is_empty() && attachments.is_empty() {
        return Err(Refusal::field("message", "is required when there are no attachments"));
    }
    if far.is_empty() {
        return Err(Refusal::field("to_members", "must have at least one member"));
    }
    let sender = ask.body["sender"]["id"].as_str().or_else(|| ask.body["sender"]["user_id"].as_str());
    let own = ask.shared.state.world(|world| {
        if let Some(id) = sender
            && !at::EXTENSIONS.iter().any(|list| world.get(&format!("{list}/{id}")).is_some())
        {
            return Err(Refusal::bad(1001, format!("User does not exist: {id}.")));
        }
        let own = Own::of(world, number);
        let own = own.ok_or_else(|| Refusal::bad(7001, format!("Phone number is not valid: {number}.")))?;
        match sender {
            Some(id) if own.id != id => Err(Refusal::bad(135, "You cannot access another user.")),
            _ => Ok(own),
        }
    })?;
    let message = Message { text: words, attachments, at: ask.now };
    let (verdict, told) = ask.shared.state.world(|world| {
        let mut dice = world.dice(ask.shared.config.seed);
        sms::check(world, &mut dice, &own, &message)
    });
    tell_all(ask, told.into_iter().collect());
    if let Verdict::Block(policy) = verdict {
        return Err(Refusal::invalid(format!(
            "The message is blocked by the SMS etiquette policy {policy}."
        )));
    }
    let (doc, news) = ask.shared.state.world(|world| {
        let mut dice = world.dice(ask.shared.config.seed);
        let (doc, sent) = sms::send(world, &mut dice, &own, &far, message);
        let failed = sent.0 == "sms_sent_failed";
        let mut news = vec![sent];
        if !failed && dice.chance(50) {
            news.extend(reply(world, &mut dice, &own, &far[0], ask.now));
        }
        (doc, news)
    });
    tell_all(ask, news);
    Ok(Answer::Json(json!({
        "date_time": doc.get("date_time"),
        "message_id": doc.get("message_id"),
        "session_id": doc.get("session_id"),
    })))
}

fn reply(world: &mut World, dice: &mut Dice, own: &Own, far: &str, now: Timestamp) -> Vec<News> {
    let pause = i64::try_from(dice.between(20, 120)).unwrap_or(60);
    let at = now.checked_add(SignedDuration::from_secs(pause)).unwrap_or(now);
    let words = if dice.chance(5) { "STOP" } else { "Thank you, got it." };
    sms::receive(world, dice, own, far, Message { text: words.to_owned(), attachments: Vec::new(), at }).1
}

/// The first bytes of the files that may be sent.
const MAGIC: [(&str, &[u8]); 5] = [
    ("PNG", b"\x89PNG"),
    ("JPEG", b"\xff\xd8\xff"),
    ("JPG", b"\xff\xd8\xff"),
    ("GIF", b"GIF8"),
    ("PDF", b"%PDF"),
];

fn attachments(ask: &Ask<'_>) -> Result<Vec<Value>, Refusal> {
    let given = ask.body["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut dice = ask.shared.state.world(|world| world.dice(ask.shared.config.seed ^ 1));
    let mut attachments = Vec::new();
    for attachment in given {
        let missing = || Refusal::bad(138, "Missing content type for SMS attachment.");
        let kind = attachment["type"].as_str().ok_or_else(missing)?;
        let content = attachment["base64_encoding"].as_str().unwrap_or_default();
        let content = STANDARD.decode(content).unwrap_or_default();
        let unsupported = || Refusal::bad(121, "Unsupported content type for SMS attachments.");
        let (_, magic) = MAGIC.iter().find(|(name, _)| *name == kind).ok_or_else(unsupported)?;
        if !content.starts_with(magic) {
            let message = "The SMS attachment file content does not match the specified content type.";
            return Err(Refusal::bad(140, message));
        }
        let id = dice.opaque_id();
        attachments.push(json!({
            "id": id,
            "name": format!("attachment.{}", kind.to_lowercase()),
            "size": content.len(),
            "type": if kind == "PDF" { "OTHER" } else { kind },
            "download_url": format!("{}/file/sms/{id}", ask.origin),
        }));
    }
    Ok(attachments)
}

/// `GET /phone/sms/sessions`.
fn account_sessions(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    sessions(ask, None)
}

/// `GET /phone/users/{userId}/sms/sessions`.
fn user_sessions(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let user = ask.path("userId");
    ask.shared.state.desk(|world, _| known_user(world, user, 1001))?;
    sessions(ask, Some(user))
}

/// Sessions of an owner with a message in the window, the latest first.
fn sessions(ask: &Ask<'_>, owner: Option<&str>) -> Result<Answer, Refusal> {
    let window = Window::of_a_month(ask)?;
    let kind = ask.query.one("session_type").filter(|&kind| kind != "all");
    if kind
        .is_some_and(|kind| !["user", "call_queue", "auto_receptionist", "service_endpoint"].contains(&kind))
    {
        return Err(Refusal::bad(400, "SMS session type is invalid."));
    }
    let number = ask.query.one("phone_number").map(|number| number.trim_start_matches('+'));
    let times = ask.query.one("filter_type").unwrap_or("last_message_time");
    let counted = |message: &Value| match times {
        "sent_message_time" => message["direction"] == "Out",
        "received_message_time" => message["direction"] == "In",
        _ => true,
    };
    let page = ask.page(100, || {
        Ok(ask.shared.state.world(|world| {
            let mut found = Vec::new();
            for (id, doc) in world.children(at::SMS_SESSIONS) {
                let text = |name: &str| doc.get(name).and_then(Value::as_str).unwrap_or_default();
                let wanted = owner.is_none_or(|owner| text("_owner") == owner)
                    && kind.is_none_or(|kind| text("session_type") == kind)
                    && number.is_none_or(|number| {
                        text("_own").trim_start_matches('+') == number
                            || doc.get("_far").is_some_and(|far| far.to_string().contains(number))
                    });
                if !wanted {
                    continue;
                }
                let mut times = messages(world, id, ask.now);
                times.retain(|(_, message)| counted(message));
                if times.iter().any(|&(at, _)| window.holds(at)) {
                    found.push((times.first().map(|&(at, _)| at), id.to_owned()));
                }
            }
            found.sort_by(|a, b| b.cmp(a));
            found.into_iter().map(|(_, id)| id).collect()
        }))
    })?;
    let rows: Vec<_> = shown_sessions(ask, &page);
    Ok(Answer::Json(json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "sms_sessions": ask.declared("sms_sessions", rows),
    })))
}

fn shown_sessions(ask: &Ask<'_>, page: &Page) -> Vec<Value> {
    ask.shared.state.world(|world| page.ids.iter().filter_map(|id| session(world, id, ask.now)).collect())
}

/// A session as it is now.
fn session(world: &World, id: &str, now: Timestamp) -> Option<Value> {
    let doc = world.get(&format!("{}/{id}", at::SMS_SESSIONS))?;
    let messages = messages(world, id, now);
    let (last, latest) = messages.first()?;
    let mut session = Value::Object(doc.clone());
    session["last_access_time"] = json!(text(*last));
    session["latest_message"] = latest.clone();
    // Answering reads what came before.
    let unread = messages.iter().take_while(|(_, message)| message["direction"] == "In").count();
    session["unread_message_count"] = json!(unread);
    Some(session)
}

/// `GET /phone/users/{userId}/sms/sessions/sync`.
fn sync_sessions(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let user = ask.path("userId");
    let rows = ask.shared.state.desk(|world, _| {
        known_user(world, user, 1001)?;
        let mut rows = Vec::new();
        for (id, doc) in world.children(at::SMS_SESSIONS) {
            if doc.get("_owner").and_then(Value::as_str) == Some(user)
                && let Some((last, _)) = messages(world, id, ask.now).first()
                && let Some(session) = session(world, id, ask.now)
            {
                rows.push((millis(*last), session));
            }
        }
        Ok(rows)
    })?;
    let (rows, token) = listing::sync(ask, 30, rows)?;
    Ok(Answer::Json(json!({ "sms_sessions": ask.declared("sms_sessions", rows), "sync_token": token })))
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}

/// Whether there is such a session.
fn known_session(world: &World, id: &str) -> Option<Doc> {
    world.get(&format!("{}/{id}", at::SMS_SESSIONS)).cloned()
}

/// `GET /phone/sms/sessions/{sessionId}`: the newest first unless `sort` is 1.
fn history(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("sessionId");
    let window = Window::of_a_month(ask)?;
    let status = ask.query.one("delivery_status").filter(|&status| status != "all");
    let missing = || Refusal::absent("Error retrieving SMS history.").with_code(7013);
    ask.shared.state.world(|world| known_session(world, id)).ok_or_else(missing)?;
    let all = || ask.shared.state.world(|world| messages(world, id, ask.now));
    let page = ask.page(100, || {
        let mut ids: Vec<_> = all()
            .into_iter()
            .filter(|(at, message)| {
                window.holds(*at) && status.is_none_or(|status| message["delivery_status"] == status)
            })
            .filter_map(|(_, message)| message["message_id"].as_str().map(str::to_owned))
            .collect();
        if ask.query.one("sort") == Some("1") {
            ids.reverse();
        }
        Ok(ids)
    })?;
    let known = all();
    let find = |id: &String| known.iter().find(|(_, message)| message["message_id"] == **id);
    let rows = page.ids.iter().filter_map(|id| find(id).map(|(_, message)| message.clone())).collect();
    Ok(Answer::Json(json!({
        "next_page_token": page.next,
        "page_size": page.size,
        "sms_histories": ask.declared("sms_histories", rows),
    })))
}

/// `GET /phone/sms/sessions/{sessionId}/messages/{messageId}`.
fn message(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let (session, id) = (ask.path("sessionId"), ask.path("messageId"));
    let found = ask.shared.state.world(|world| messages(world, session, ask.now));
    let found = found.into_iter().find(|(_, message)| message["message_id"] == id);
    let missing = || Refusal::absent(format!("Message does not exist: {id}."));
    let (_, message) = found.ok_or_else(missing)?;
    Ok(Answer::Json(ask.declared_whole(&message)))
}

/// `GET /phone/sms/sessions/{sessionId}/sync`.
fn sync_history(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let id = ask.path("sessionId");
    let missing = || Refusal::absent(format!("Session does not exist: {id}.")).with_code(12004);
    ask.shared.state.world(|world| known_session(world, id)).ok_or_else(missing)?;
    let messages = ask.shared.state.world(|world| messages(world, id, ask.now));
    let rows = messages.into_iter().rev().zip(1u64..).map(|((_, message), number)| (number, message));
    let (rows, token) = listing::sync(ask, 30, rows.collect())?;
    Ok(Answer::Json(json!({ "sms_histories": ask.declared("sms_histories", rows), "sync_token": token })))
}

/// Every pair of the asked-for numbers with what was said last.
fn statuses(ask: &Ask<'_>, consumers: &[&str]) -> Vec<Value> {
    let own: BTreeSet<_> = ask.query.many("zoom_phone_user_numbers").into_iter().collect();
    let consumers: BTreeSet<_> = consumers.iter().copied().collect();
    ask.shared.state.world(|world| {
        let pairs = consumers.iter().flat_map(|far| own.iter().map(move |own| (far, own)));
        pairs
            .map(|(far, own)| {
                json!({
                    "consumer_phone_number": far,
                    "zoom_phone_user_number": own,
                    "opt_status": opt(world, far, own, ask.now).text(),
                })
            })
            .collect()
    })
}

/// `GET …/phone_numbers/opt_status` of a campaign and of a consent: it is the same consent.
fn opt_status(ask: &Ask<'_>, list: &str) -> Answer {
    let consumer = ask.query.one("consumer_phone_number").unwrap_or_default();
    Answer::Json(json!({ list: statuses(ask, &[consumer]) }))
}

/// `GET /phone/user/{userId}/sms_campaigns/phone_numbers/opt_status`.
fn user_opt_status(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let user = ask.path("userId");
    ask.shared.state.desk(|world, _| known_user(world, user, 404))?;
    let consumers = ask.query.many("consumer_phone_numbers");
    Ok(Answer::Json(json!({ "phone_number_campaign_opt_statuses": statuses(ask, &consumers) })))
}

/// `PATCH /phone/sms_campaigns/{smsCampaignId}/phone_numbers/opt_status`, which tells the apps, too.
fn update_opt_status(ask: &Ask<'_>) {
    let consumer = ask.body["consumer_phone_number"].as_str().unwrap_or_default();
    let out = ask.body["opt_status"] == "opt_out";
    let own = ask.body["zoom_phone_user_numbers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let own: Vec<_> = own.iter().filter_map(Value::as_str).collect();
    ask.shared.state.world(|world| {
        for own in &own {
            set_opt(world, consumer, own, if out { Opt::Out } else { Opt::In }, ask.now);
        }
    });
    let pairs =
        own.iter().map(|own| json!({ "consumer_phone_number": consumer, "zoom_phone_user_number": own }));
    let object = json!({
        "phone_number_campaign_opt_statuses": pairs.collect::<Value>(),
        "date_time": text(ask.now),
    });
    tell(ask, if out { "sms_campaign_number_opt_out" } else { "sms_campaign_number_opt_in" }, &object);
}
