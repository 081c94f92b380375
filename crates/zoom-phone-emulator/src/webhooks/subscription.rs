//! Who gets events by webhook.

use std::fmt;

use url::Url;

/// One event subscription of an app, as its owner sets it up on Zoom's Marketplace.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Names it under `/_emulator/subscriptions`; there are no two with one id.
    pub id: String,
    /// For people.
    pub name: String,
    /// The receiver's endpoint. Plain http is accepted, unlike at Zoom, because this stays on one machine.
    pub url: Url,
    /// The app's Secret Token: the key of `x-zm-signature` and of the challenge.
    pub secret: String,
    /// Names of events, such as `phone.callee_ringing`; all events when empty.
    pub events: Vec<String>,
    /// OAuth client id of the app. Scopes of the app do not filter its events.
    pub app: String,
}

impl Subscription {
    /// The address without what may be secret in it, for logs.
    pub(super) fn plain_url(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        // An address that can have no user has none.
        let _ = (url.set_username(""), url.set_password(None));
        url.into()
    }

    /// All events to this address, under the id `webhook`, for the app with the demo credentials.
    pub fn new(url: Url, secret: impl Into<String>) -> Self {
        Self {
            id: "webhook".to_owned(),
            name: "Webhook".to_owned(),
            url,
            secret: secret.into(),
            events: Vec::new(),
            app: crate::config::DEMO_CLIENT_ID.to_owned(),
        }
    }

    pub(crate) fn wants(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| wanted == event)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("id", &self.id)
            .field("url", &self.plain_url())
            .field("events", &self.events)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}
