//! The desks of those who have an embedded phone open: its tabs and its switches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::emulator::Shared;

/// All desks, by user id.
#[derive(Default)]
pub(super) struct Desks(Mutex<HashMap<String, Desk>>);

struct Desk {
    auto_log: bool,
    /// Open tabs; the one that was used last is the last.
    tabs: Vec<String>,
    active: watch::Sender<String>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { auto_log: false, tabs: Vec::new(), active: watch::Sender::new(String::new()) }
    }
}

/// One open tab. Dropping it closes the tab.
pub(super) struct Tab {
    shared: Arc<Shared>,
    user_id: String,
    id: String,
}

impl Drop for Tab {
    fn drop(&mut self) {
        self.shared.embed.desks.with(&self.user_id, |desk| {
            // The same page may have come back on a new connection before the old one was gone.
            if let Some(nth) = desk.tabs.iter().position(|tab| *tab == self.id) {
                desk.tabs.remove(nth);
            }
        });
    }
}

impl Desks {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Desk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, user_id: &str, change: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desks = self.lock();
        let desk = desks.entry(user_id.to_owned()).or_default();
        let result = change(desk);
        let active = desk.tabs.last().cloned().unwrap_or_default();
        desk.active.send_if_modified(|known| {
            let changed = *known != active;
            *known = active;
            changed
        });
        result
    }

    /// The tab is used. Tabs that are not open stay closed.
    pub(super) fn use_tab(&self, user_id: &str, tab: &str) {
        self.with(user_id, |desk| {
            if let Some(nth) = desk.tabs.iter().position(|known| known == tab) {
                let tab = desk.tabs.remove(nth);
                desk.tabs.push(tab);
            }
        });
    }

    /// The tab that was used last, now and from now on; empty when none is open.
    pub(super) fn active_tab(&self, user_id: &str) -> watch::Receiver<String> {
        self.with(user_id, |desk| desk.active.subscribe())
    }

    pub(super) fn auto_log(&self, user_id: &str) -> bool {
        self.with(user_id, |desk| desk.auto_log)
    }

    pub(super) fn set_auto_log(&self, user_id: &str, on: bool) {
        self.with(user_id, |desk| desk.auto_log = on);
    }
}

/// Opens a tab, which counts as using it.
pub(super) fn open(shared: &Arc<Shared>, user_id: &str, tab: &str) -> Tab {
    shared.embed.desks.with(user_id, |desk| desk.tabs.push(tab.to_owned()));
    Tab { shared: shared.clone(), user_id: user_id.to_owned(), id: tab.to_owned() }
}
