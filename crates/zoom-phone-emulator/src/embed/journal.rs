//! What the emulator's events say of each user, for the embedded phone's history.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;

/// Rows of one kind that are kept for a user.
const KEPT: usize = 200;
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

/// What is kept of a user, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries {
    pub(super) elements: VecDeque<Arc<Value>>,
    pub(super) recordings: VecDeque<Arc<Value>>,
    pub(super) voicemails: VecDeque<Arc<Value>>,
    pub(super) summaries: VecDeque<Arc<Value>>,
    /// With the name of the event.
    pub(super) texts: VecDeque<(String, Arc<Value>)>,
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
                self.keep(event, user_id, Arc::new(about.clone()));
            }
        }
    }

    fn keep(&self, event: &str, user_id: &str, about: Arc<Value>) {
        let mut users = self.lock();
        let entries = users.entry(user_id.to_owned()).or_default();
        match event {
            "phone.recording_completed" => push(&mut entries.recordings, about.clone()),
            "phone.voicemail_received" => push(&mut entries.voicemails, about.clone()),
            "phone.ai_call_summary_changed" => push(&mut entries.summaries, about.clone()),
            event if event.starts_with("phone.sms") => {
                push(&mut entries.texts, (event.to_owned(), about.clone()));
            }
            _ => push(&mut entries.elements, about.clone()),
        }
        drop(users);
        // Nobody listening is no error.
        let _ = self.told.send(Told { user_id: user_id.to_owned(), event: event.to_owned(), about });
    }

    /// What is told of anybody from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }

    /// What is kept of a user.
    pub(super) fn of(&self, user_id: &str) -> Entries {
        self.lock().get(user_id).cloned().unwrap_or_default()
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
