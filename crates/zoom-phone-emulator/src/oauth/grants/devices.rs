//! Device codes: given to a device, answered by a person, polled for (RFC 8628).

use std::time::Duration;

use tokio::time::Instant;

use super::{End, Grants, Holder, Inner, Issued, Key, Refusal, Scopes};

/// A device code's life, in seconds.
pub(in crate::oauth) const DEVICE_LIFETIME: u64 = 900;
/// Seconds that a device waits between two polls.
pub(in crate::oauth) const DEVICE_INTERVAL: u64 = 5;

/// How the user answered a device.
#[derive(Debug, Clone)]
enum Decision {
    /// By the user of this id.
    Approved(String),
    Denied,
}

/// A device that waits for its user.
pub(super) struct Device {
    client_id: String,
    scopes: Scopes,
    user_code: String,
    interval: Duration,
    pub(super) ends: Instant,
    polled: Option<Instant>,
    decision: Option<Decision>,
}

impl Grants {
    /// A device code and the code that its user types.
    pub(in crate::oauth) fn device(&self, client_id: &str, scopes: Scopes) -> (String, String) {
        let mut inner = self.lock();
        inner.forget_codes();
        let device_code = format!("{}{}", inner.dice.opaque_id(), inner.dice.opaque_id());
        let user_code =
            format!("{:04X}-{:04X}", inner.dice.between(0, 0xffff), inner.dice.between(0, 0xffff));
        let ends = Instant::now() + Duration::from_secs(DEVICE_LIFETIME);
        let device = Device {
            client_id: client_id.to_owned(),
            scopes,
            user_code: user_code.clone(),
            interval: Duration::from_secs(DEVICE_INTERVAL),
            ends,
            polled: None,
            decision: None,
        };
        inner.devices.insert(device_code.clone(), device);
        (device_code, user_code)
    }

    /// The app and the scopes that a device waits for under this code, if one does.
    pub(in crate::oauth) fn waiting(&self, user_code: &str) -> Option<(String, Scopes)> {
        let mut inner = self.lock();
        inner.waiting(user_code).map(|device| (device.client_id.clone(), device.scopes.clone()))
    }

    /// Notes what the user said, which is whose account it is, or no; false when no device waits for it.
    pub(in crate::oauth) fn decide(&self, user_code: &str, user: Option<String>) -> bool {
        let mut inner = self.lock();
        let Some(device) = inner.waiting(user_code) else { return false };
        device.decision = Some(user.map_or(Decision::Denied, Decision::Approved));
        true
    }

    /// One poll of a device. Polls before the interval is over make the interval longer, as RFC 8628 says.
    pub(in crate::oauth) fn poll(&self, client_id: &str, device_code: &str) -> Result<Issued, Refusal> {
        let now = Instant::now();
        let mut inner = self.lock();
        let device = inner.devices.get_mut(device_code).filter(|device| device.client_id == client_id);
        let device = device.ok_or(Refusal::bare("invalid_grant"))?;
        if device.ends <= now {
            return Err(Refusal::bare("expired_token"));
        }
        if device.polled.replace(now).is_some_and(|before| now < before + device.interval) {
            device.interval += Duration::from_secs(DEVICE_INTERVAL);
            return Err(Refusal::bare("slow_down"));
        }
        match device.decision.clone() {
            None => Err(Refusal::bare("authorization_pending")),
            Some(Decision::Denied) => Err(Refusal::bare("access_denied")),
            Some(Decision::Approved(user)) => {
                let scopes = device.scopes.clone();
                inner.devices.remove(device_code);
                let key = Key { client_id: client_id.to_owned(), holder: Holder::User(user) };
                Ok(inner.issue(key, scopes, End::Revoked))
            }
        }
    }
}

impl Inner {
    fn waiting(&mut self, user_code: &str) -> Option<&mut Device> {
        let now = Instant::now();
        let waits = |device: &&mut Device| {
            device.user_code == user_code && device.decision.is_none() && now < device.ends
        };
        self.devices.values_mut().find(waits)
    }
}
