//! How the account stands: states that Zoom refuses requests in, changed by `POST /_emulator/account`.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// What is so at the moment.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Standing {
    /// Without Zoom Phone every operation of it answers 403 with code 2031 (`getPhoneSettings`).
    pub(crate) phone_enabled: bool,
    /// Zoom documents no answer of its own for suspended accounts; it is the one for accounts that are not there,
    /// 404 with code 2001.
    pub(crate) suspended: bool,
    /// Ids of users who have no Zoom Phone license: as if they were not there, 404 with code 1001. Their own tokens
    /// meet 2031.
    pub(crate) without_phone: BTreeSet<String>,
    /// Client ids of apps that Zoom has disabled: no tokens, code 4717.
    pub(crate) disabled_apps: BTreeSet<String>,
}

/// What is to be different; the rest stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Change {
    phone_enabled: Option<bool>,
    suspended: Option<bool>,
    /// Ids or e-mail addresses.
    pub(crate) without_phone: Option<BTreeSet<String>>,
    pub(crate) disabled_apps: Option<BTreeSet<String>>,
}

/// The account's standing.
pub(crate) struct Account(Mutex<Standing>);

impl Default for Account {
    fn default() -> Self {
        Self(Mutex::new(Standing {
            phone_enabled: true,
            suspended: false,
            without_phone: BTreeSet::new(),
            disabled_apps: BTreeSet::new(),
        }))
    }
}

impl Account {
    /// To look at, not to hold on to.
    pub(crate) fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change(&self, change: Change) {
        let mut standing = self.standing();
        let Change { phone_enabled, suspended, without_phone, disabled_apps } = change;
        if let Some(enabled) = phone_enabled {
            standing.phone_enabled = enabled;
        }
        if let Some(suspended) = suspended {
            standing.suspended = suspended;
        }
        if let Some(users) = without_phone {
            standing.without_phone = users;
        }
        if let Some(apps) = disabled_apps {
            standing.disabled_apps = apps;
        }
    }
}
