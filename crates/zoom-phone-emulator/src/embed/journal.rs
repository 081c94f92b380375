//! What the emulator's events say of each user, for the embedded phone.
//!
//! Calls and recordings are told here to open pages, and not kept: the history of a page is made from the call records.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;

/// Rows of one kind that are kept for a user, and calls that a page shows.
pub(super) const KEPT: usize = 200;
/// Events that may wait for a slow page before it misses some.
const WAITING_EVENTS: usize = 256;

/// Fed with every event of the company; read by the pages.
pub(crate) struct Journal {
    users: Mutex<HashMap<String, Entries>>,
    told: broadcast::Sender<Told>,
}

/// One thing that an event says of one user.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) user_id: String,
    /// The name of the event.
    pub(super) event: String,
    /// A call element, a recording, or the event's object.
    pub(super) about: Arc<Value>,
}

/// What is kept of a user, oldest first: JSON text, a tenth of the memory that values take.
#[derive(Default)]
struct Entries {
    voicemails: VecDeque<Box<str>>,
    summaries: VecDeque<Box<str>>,
    /// With the name of the event.
    texts: VecDeque<(String, Box<str>)>,
}

/// The same, to be read.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub(super) voicemails: Vec<Value>,
    pub(super) summaries: Vec<Value>,
    /// With the name of the event.
    pub(super) texts: Vec<(String, Value)>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { users: Mutex::default(), told: broadcast::Sender::new(WAITING_EVENTS) }
    }
}

impl Journal {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entries>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an event as it goes out.
    pub(crate) fn hear(&self, envelope: &Value) {
        let Some(event) = envelope["event"].as_str() else { return };
        let object = &envelope["payload"]["object"];
        let told: Vec<(&Value, &Value)> = match event {
            "phone.caller_call_element_completed" | "phone.callee_call_element_completed" => {
                rows(object, "call_elements").map(|row| (&object["user_id"], row)).collect()
            }
            "phone.recording_completed" => {
                rows(object, "recordings").map(|row| (&row["user_id"], row)).collect()
            }
            "phone.voicemail_received" => vec![(&object["callee_user_id"], object)],
            "phone.ai_call_summary_changed" => vec![(&object["user_id"], object)],
            "phone.sms_received" | "phone.sms_sent" | "phone.sms_sent_failed" => {
                vec![(&object["owner"]["id"], object)]
            }
            _ => return,
        };
        for (user_id, about) in told {
            if let Some(user_id) = user_id.as_str() {
                self.keep(event, user_id, about);
            }
        }
    }

    fn keep(&self, event: &str, user_id: &str, about: &Value) {
        let mut users = self.lock();
        let entries = users.entry(user_id.to_owned()).or_default();
        match event {
            "phone.voicemail_received" => push(&mut entries.voicemails, about.to_string().into()),
            "phone.ai_call_summary_changed" => push(&mut entries.summaries, about.to_string().into()),
            event if event.starts_with("phone.sms") => {
                push(&mut entries.texts, (event.to_owned(), about.to_string().into()));
            }
            _ => {}
        }
        drop(users);
        if self.told.receiver_count() > 0 {
            let (user_id, event, about) = (user_id.to_owned(), event.to_owned(), Arc::new(about.clone()));
            // That the last page has just gone is no matter.
            let _ = self.told.send(Told { user_id, event, about });
        }
    }

    /// What is told of anybody from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }

    /// What is kept of a user.
    pub(super) fn of(&self, user_id: &str) -> Past {
        let users = self.lock();
        let Some(entries) = users.get(user_id) else { return Past::default() };
        let read = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Past {
            voicemails: entries.voicemails.iter().map(|text| read(text)).collect(),
            summaries: entries.summaries.iter().map(|text| read(text)).collect(),
            texts: entries.texts.iter().map(|(event, text)| (event.clone(), read(text))).collect(),
        }
    }
}

fn rows<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    object[name].as_array().into_iter().flatten()
}

fn push<T>(kept: &mut VecDeque<T>, row: T) {
    kept.push_back(row);
    if kept.len() > KEPT {
        kept.pop_front();
    }
}
