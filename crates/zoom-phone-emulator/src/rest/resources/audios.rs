//! The audio library. Items belong to users.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::common::{first, no_user, shown, text};
use crate::rest::Refusal;
use crate::rest::ask::{Answer, Ask, Handler};
use crate::world::{Doc, World, at};

/// Most characters of a text that is to be spoken.
const LONGEST_TEXT: usize = 3000;
/// Most bytes of a file.
const LARGEST_FILE: usize = 1 << 20;
/// Most items that a list shows.
const SHOWN: usize = 100;
/// Before the id of an item that was deleted: settings that name it show it so, and it can still be fetched.
const REMOVED: &str = "removed_";

/// Languages in which texts are spoken.
const LANGUAGES: [&str; 35] = [
    "en-US",
    "en-GB",
    "en-GB-WLS",
    "en-AU",
    "en-IN",
    "en-ZA",
    "en-NZ",
    "es-ES",
    "es-US",
    "es-MX",
    "fr-CA",
    "da-DK",
    "de-DE",
    "fr-FR",
    "it-IT",
    "is-IS",
    "nl-NL",
    "pt-PT",
    "ja-JP",
    "ko-KO",
    "ko-KR",
    "pt-BR",
    "pl-PL",
    "zh-CN",
    "zh-TW",
    "cmn-CN",
    "tr-TR",
    "nb-NO",
    "ro-RO",
    "ru-RU",
    "sv-SE",
    "cy-GB",
    "ca-ES",
    "de-AT",
    "arb",
];

pub(super) fn route(name: &str) -> Option<Handler> {
    Some(match name {
        "list_audio_items" => list,
        "add_an_audio" => add,
        "add_audio_item" => add_files,
        "get_audio_item" => get,
        "update_audio_item" => update,
        "delete_audio_item" => delete,
        _ => return None,
    })
}

fn check_user(world: &World, ask: &Ask<'_>, refuse: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
    match world.get(&format!("{}/{}", at::USERS, first(ask))) {
        Some(_) => Ok(()),
        None => Err(refuse()),
    }
}

/// The address of the item in the path. The operations document no status for one that is not there but 400.
fn known(world: &World, ask: &Ask<'_>) -> Result<String, Refusal> {
    let address = format!("{}/{}", at::AUDIOS, first(ask));
    if world.get(&address).is_some() {
        return Ok(address);
    }
    Err(Refusal::bad(300, format!("Audio does not exist: {}.", first(ask))))
}

fn list(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        check_user(world, ask, || no_user(first(ask)))?;
        let own = world.children(at::AUDIOS).into_iter();
        let own = own.filter(|(_, doc)| doc.get("_user_id").is_some_and(|it| it == first(ask)));
        Ok(own.take(SHOWN).map(|(_, doc)| Value::Object(doc.clone())).collect::<Vec<_>>())
    })?;
    Ok(shown(ask, &json!({ "audios": told })))
}

fn keep(world: &mut World, id: &str, user: &str, doc: Value) {
    let Value::Object(mut doc) = doc else { return };
    doc.insert("audio_id".to_owned(), json!(id));
    doc.insert("_user_id".to_owned(), json!(user));
    doc.retain(|_, value| !value.is_null());
    world.put(format!("{}/{id}", at::AUDIOS), doc);
}

/// A text that Zoom speaks.
fn add(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let refuse = |message: &str| Err(Refusal::bad(300, message));
    let spoken = text(ask.body, "text").unwrap_or_default();
    let language = text(ask.body, "voice_language").unwrap_or("en-US");
    if spoken.is_empty() {
        return refuse("The text is empty.");
    }
    if spoken.chars().count() > LONGEST_TEXT {
        return refuse("Maximum text length has been exceeded.");
    }
    if !LANGUAGES.contains(&language) {
        return refuse("The language is not supported.");
    }
    let told = ask.shared.state.world(|world| {
        check_user(world, ask, || Refusal::bad(300, "User does not exist."))?;
        let id = world.dice(ask.shared.config.seed).opaque_id();
        let name = text(ask.body, "audio_name").unwrap_or("Text to speech");
        let accent = text(ask.body, "voice_accent").unwrap_or("Joanna-Female");
        let doc = json!({
            "name": name,
            "text": spoken,
            "voice_language": language,
            "voice_accent": accent,
        });
        keep(world, &id, first(ask), doc);
        Ok(json!({ "audio_id": id, "name": name }))
    })?;
    Ok(shown(ask, &told))
}

fn add_files(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let files = ask.body["attachments"].as_array().cloned().unwrap_or_default();
    for file in &files {
        let name = text(file, "name").unwrap_or_default();
        let kind = text(file, "audio_type").unwrap_or_default().to_ascii_lowercase();
        let content = STANDARD.decode(text(file, "base64_encoding").unwrap_or_default());
        if !["mp3", "wav"].iter().any(|known| kind.contains(known) || kind == "audio/mpeg")
            || content.is_err()
        {
            return Err(Refusal::bad(400, format!("The type of audio is invalid, audio name: {name}.")));
        }
        if content.is_ok_and(|content| content.len() > LARGEST_FILE) {
            return Err(Refusal::bad(400, format!("The size of audio exceeds limit, audio name: {name}.")));
        }
    }
    let told = ask.shared.state.world(|world| {
        check_user(world, ask, || no_user(first(ask)))?;
        let mut dice = world.dice(ask.shared.config.seed);
        let mut told = Vec::new();
        for file in &files {
            let id = dice.opaque_id();
            keep(world, &id, first(ask), json!({ "name": file["name"], "_audio_type": file["audio_type"] }));
            told.push(json!({ "audio_id": id, "name": file["name"] }));
        }
        Ok(told)
    })?;
    Ok(shown(ask, &json!({ "audios": told })))
}

/// The link leads to a second of silence, whatever the item is.
fn get(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let told = ask.shared.state.world(|world| {
        let id = first(ask);
        let removed = format!("{}/{}", at::REMOVED_AUDIOS, id.strip_prefix(REMOVED).unwrap_or(id));
        let address = match known(world, ask) {
            Err(_) if world.get(&removed).is_some() => removed,
            found => found?,
        };
        let mut told = Value::Object(world.get(&address).cloned().unwrap_or_default());
        told["play_url"] = json!(format!("{}/file/audio/{}", ask.origin, first(ask)));
        Ok(told)
    })?;
    Ok(shown(ask, &told))
}

fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let address = known(world, ask)?;
        if let Some(doc) = world.get_mut(&address) {
            super::common::take(doc, ask.body, &["name"]);
        }
        Ok(Answer::Done)
    })
}

/// The item leaves the library; settings that use it go on doing so.
fn delete(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    ask.shared.state.world(|world| {
        let address = known(world, ask)?;
        let mut doc: Doc = world.remove(&address).unwrap_or_default();
        doc.insert("audio_id".to_owned(), json!(format!("{REMOVED}{}", first(ask))));
        world.put(format!("{}/{}", at::REMOVED_AUDIOS, first(ask)), doc);
        Ok(Answer::Done)
    })
}
