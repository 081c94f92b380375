//! What happens, told as it happens to whoever listens: `GET /_emulator/stream`.

use std::sync::Arc;

use futures::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// News that may wait for a slow listener before it misses some.
const WAITING: usize = 4096;

/// The emulator's news, each one JSON object with a `kind`; for the kinds see `control::stream`.
#[derive(Debug, Clone)]
pub(crate) struct News {
    sender: broadcast::Sender<Arc<str>>,
    over: CancellationToken,
}

impl Default for News {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(WAITING), over: CancellationToken::new() }
    }
}

impl News {
    /// Tells of `what`, an object; it is only made when somebody listens.
    pub(crate) fn tell(&self, kind: &str, what: impl FnOnce() -> Value) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        let mut news = json!({ "kind": kind });
        if let (Some(fields), Value::Object(what)) = (news.as_object_mut(), what()) {
            fields.extend(what);
        }
        // That the last listener has just gone is no matter.
        let _heard = self.sender.send(news.to_string().into());
    }

    /// What is told from now on, as JSON text, until the emulator ends.
    pub(crate) fn listen(&self) -> impl Stream<Item = Arc<str>> + Send + use<> {
        let told = stream::unfold(self.sender.subscribe(), |mut news| async move {
            let told = match news.recv().await {
                Ok(told) => told,
                Err(RecvError::Lagged(missed)) => {
                    json!({ "kind": "missed", "missed": missed }).to_string().into()
                }
                Err(RecvError::Closed) => return None,
            };
            Some((told, news))
        });
        told.take_until(self.over.clone().cancelled_owned())
    }

    /// Ends all listening, without which a server would wait for its listeners.
    pub(crate) fn end(&self) {
        self.over.cancel();
    }
}
