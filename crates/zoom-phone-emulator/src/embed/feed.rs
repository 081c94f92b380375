//! The stream of everything that an embedded phone must know at once.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;

use super::desk::{self, Tab};
use super::journal::Told;
use super::message::{self, Context};
use super::{api, message::live};
use crate::emulator::Shared;
use crate::live::{Attending, PhoneCall};

/// One page's end of the stream.
struct Feed {
    shared: Arc<Shared>,
    user_id: String,
    calls: Receiver<PhoneCall>,
    told: Receiver<Told>,
    active: watch::Receiver<String>,
    /// The state of each call that the page was told last.
    states: HashMap<String, &'static str>,
    waiting: VecDeque<Value>,
    _tab: Tab,
    _attending: Attending,
}

/// Opens the stream for a tab of the user's. The calls under way come first, without messages.
pub(super) fn open(
    shared: Arc<Shared>,
    user_id: &str,
    tab: &str,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let calls = shared.state.watch_phone(user_id);
    let feed = Feed {
        calls,
        told: shared.embed.journal.listen(),
        active: shared.embed.desks.active_tab(user_id),
        states: HashMap::new(),
        waiting: VecDeque::new(),
        _attending: shared.state.attend(user_id),
        _tab: desk::open(&shared, user_id, tab),
        user_id: user_id.to_owned(),
        shared,
    };
    let stream = stream::unfold(feed.begun(), |mut feed| async move {
        let item = feed.next().await?;
        Some((Ok(Event::default().data(item.to_string())), feed))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

impl Feed {
    fn begun(mut self) -> Self {
        let now: Vec<_> = self.shared.state.phone(&self.user_id);
        self.states.extend(now.iter().map(|call| (call.call_id.clone(), call.state)));
        let calls: Vec<_> = now.iter().map(api::call).collect();
        let active = self.active.borrow_and_update().clone();
        self.waiting.push_back(json!({ "kind": "open", "calls": calls, "activeTab": active }));
        self
    }

    /// The next item; `None` when the emulator is gone.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(item) = self.waiting.pop_front() {
                return Some(item);
            }
            tokio::select! {
                call = self.calls.recv() => match call {
                    Ok(call) => self.call(&call),
                    Err(RecvError::Lagged(_)) => self.missed(),
                    Err(RecvError::Closed) => return None,
                },
                told = self.told.recv() => match told {
                    Ok(told) if told.user_id == self.user_id => self.told(&told).await,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.missed(),
                    Err(RecvError::Closed) => return None,
                },
                () = self.shared.embed.closing.cancelled() => return None,
                Ok(()) = self.active.changed() => {
                    let active = self.active.borrow_and_update().clone();
                    self.waiting.push_back(json!({ "kind": "active", "activeTab": active }));
                }
            }
        }
    }

    /// The page asks for everything anew.
    fn missed(&mut self) {
        self.waiting.push_back(json!({ "kind": "missed" }));
    }

    fn push(&mut self, kind: &str, messages: &[Value], call: Option<Value>) {
        let active = self.active.borrow().clone();
        let mut item = json!({ "kind": kind, "messages": messages, "activeTab": active });
        if let Some(call) = call {
            item["call"] = call;
        }
        self.waiting.push_back(item);
    }

    fn call(&mut self, call: &PhoneCall) {
        let before = self.states.insert(call.call_id.clone(), call.state);
        let shared = self.shared.clone();
        let origin = shared.embed.origin(&shared.config);
        let context = context(&shared, &origin, &self.user_id);
        let message = shared.state.world(|world| live(&context, world, call, before));
        if call.state == "ended" {
            self.states.remove(&call.call_id);
        }
        self.push("call", message.as_slice(), Some(api::call(call)));
    }

    async fn told(&mut self, told: &Told) {
        let shared = self.shared.clone();
        let origin = shared.embed.origin(&shared.config);
        let context = context(&shared, &origin, &self.user_id);
        let (kind, message) = match told.event.as_str() {
            "phone.recording_completed" => ("history", message::recording_completed(&context, &told.about)),
            "phone.voicemail_received" => ("voicemail", message::voicemail_received(&context, &told.about)),
            "phone.ai_call_summary_changed" => {
                ("history", message::summary_changed(&told.about, &api::summary(&shared, &told.about).await))
            }
            event if event.starts_with("phone.sms") => {
                let data = message::text_message(event, &told.about);
                ("sms", message::sms_logged(&context, &data))
            }
            _ => ("history", message::log_completed(&context, &told.about)),
        };
        self.push(kind, &[message], None);
    }
}

pub(super) fn context<'a>(shared: &Shared, origin: &'a str, user_id: &'a str) -> Context<'a> {
    Context { temper: shared.config.temper, origin, user_id }
}
