//! Pages with opaque tokens that live for 15 minutes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;

use super::Refusal;
use super::query::Query;
use crate::dice::Dice;

/// Documented for 65 operations.
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_mins(15);
/// How long a `sync_token` is known; Zoom does not say.
pub(crate) const SYNC_LIFETIME: Duration = Duration::from_hours(24);

/// Lists under way. A list is taken down once, when its first page is asked for, so that all its
/// pages belong together.
pub(crate) struct Snapshots(Mutex<(Dice, HashMap<String, Snapshot>)>);

struct Snapshot {
    /// Operation and filters; a token is good for nothing else.
    purpose: String,
    ids: Arc<[String]>,
    offset: usize,
    ends: Instant,
}

/// One page of ids.
pub(crate) struct Page {
    pub(crate) ids: Vec<String>,
    pub(crate) size: usize,
    pub(crate) total: usize,
    /// Empty on the last page.
    pub(crate) next: String,
}

impl Snapshots {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new((Dice::new(seed, 4), HashMap::new())))
    }

    /// The page that `query` asks for. `list` takes the list down when this is the first page.
    pub(crate) fn page(
        &self,
        operation: &str,
        query: &Query,
        largest: usize,
        list: impl FnOnce() -> Result<Vec<String>, Refusal>,
    ) -> Result<Page, Refusal> {
        let size = query.page_size(largest)?;
        let purpose = format!("{operation}?{}", query.filters());
        let token = query.one("next_page_token");
        self.cut(Cut { purpose, token, size, lifetime: TOKEN_LIFETIME, endless: false }, list)
    }

    /// A page of a list.
    pub(crate) fn cut(
        &self,
        cut: Cut<'_>,
        list: impl FnOnce() -> Result<Vec<String>, Refusal>,
    ) -> Result<Page, Refusal> {
        let Cut { purpose, token, size, lifetime, endless } = cut;
        let now = Instant::now();
        let (ids, offset) = match token {
            None => (Arc::from(list()?), 0),
            Some(token) => {
                let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let good = |snapshot: &&Snapshot| snapshot.ends > now && snapshot.purpose == purpose;
                match guard.1.get(token).filter(good) {
                    Some(snapshot) => (snapshot.ids.clone(), snapshot.offset),
                    None => return Err(bad_token(endless)),
                }
            }
        };
        let end = ids.len().min(offset + size);
        let mut page = Page { ids: ids[offset..end].to_vec(), size, total: ids.len(), next: String::new() };
        if endless || end < ids.len() {
            let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (dice, snapshots) = &mut *guard;
            snapshots.retain(|_, snapshot| snapshot.ends > now);
            page.next = format!("{}{}", dice.opaque_id(), dice.opaque_id());
            let ends = now + lifetime;
            snapshots.insert(page.next.clone(), Snapshot { purpose, ids, offset: end, ends });
        }
        Ok(page)
    }
}

/// Which part of a list is wanted.
pub(crate) struct Cut<'a> {
    /// Operation and filters; a token is good for nothing else.
    pub(crate) purpose: String,
    /// Absent for the first page.
    pub(crate) token: Option<&'a str>,
    /// Ids on the page; not 0.
    pub(crate) size: usize,
    /// How long the token for the next page is good.
    pub(crate) lifetime: Duration,
    /// Whether the last page has a token too: a `sync_token` is never empty.
    pub(crate) endless: bool,
}

impl Page {
    pub(crate) fn count(&self) -> usize {
        self.total.div_ceil(self.size)
    }
}

fn bad_token(syncing: bool) -> Refusal {
    let name = if syncing { "sync token" } else { "next page token" };
    Refusal::new(StatusCode::BAD_REQUEST, 300, format!("The {name} is invalid or expired."))
}
