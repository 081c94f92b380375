//! What happens, told as it happens to whoever listens: `GET /_emulator/stream`.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::broadcast;

/// News that may wait for a slow listener before it misses some.
const WAITING: usize = 4096;

/// The emulator's news, each one JSON object with a `kind`; for the kinds see `control::stream`.
#[derive(Debug, Clone)]
pub(crate) struct News(broadcast::Sender<Arc<str>>);

impl Default for News {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl News {
    /// Tells of `what`, an object; it is only made when somebody listens.
    pub(crate) fn tell(&self, kind: &str, what: impl FnOnce() -> Value) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let mut news = json!({ "kind": kind });
        if let (Some(fields), Value::Object(what)) = (news.as_object_mut(), what()) {
            fields.extend(what);
        }
        // That the last listener has just gone is no matter.
        let _heard = self.0.send(news.to_string().into());
    }

    /// From now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<str>> {
        self.0.subscribe()
    }
}
