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
const TOKEN_LIFETIME: Duration = Duration::from_mins(15);

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
pub(super) struct Page {
    pub(super) ids: Vec<String>,
    pub(super) size: usize,
    pub(super) total: usize,
    /// Empty on the last page.
    pub(super) next: String,
}

impl Snapshots {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new((Dice::new(seed, 4), HashMap::new())))
    }

    /// The page that `query` asks for. `list` takes the list down when this is the first page.
    pub(super) fn page(
        &self,
        operation: &str,
        query: &Query,
        largest: usize,
        list: impl FnOnce() -> Result<Vec<String>, Refusal>,
    ) -> Result<Page, Refusal> {
        let size = query.parsed("page_size")?.unwrap_or(30);
        if !(1..=largest).contains(&size) {
            return Err(Refusal::invalid(format!("The page_size must be between 1 and {largest}.")));
        }
        let purpose = format!("{operation}?{}", query.filters());
        let now = Instant::now();
        let (ids, offset) = match query.one("next_page_token") {
            None => (Arc::from(list()?), 0),
            Some(token) => {
                let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let good = |snapshot: &&Snapshot| snapshot.ends > now && snapshot.purpose == purpose;
                match guard.1.get(token).filter(good) {
                    Some(snapshot) => (snapshot.ids.clone(), snapshot.offset),
                    None => return Err(bad_token()),
                }
            }
        };
        let end = ids.len().min(offset + size);
        let mut page = Page { ids: ids[offset..end].to_vec(), size, total: ids.len(), next: String::new() };
        if end < ids.len() {
            let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (dice, snapshots) = &mut *guard;
            snapshots.retain(|_, snapshot| snapshot.ends > now);
            page.next = format!("{}{}", dice.opaque_id(), dice.opaque_id());
            let ends = now + TOKEN_LIFETIME;
            snapshots.insert(page.next.clone(), Snapshot { purpose, ids, offset: end, ends });
        }
        Ok(page)
    }
}

impl Page {
    pub(super) fn count(&self) -> usize {
        self.total.div_ceil(self.size)
    }
}

fn bad_token() -> Refusal {
    let message = "The next page token is invalid or expired.";
    Refusal::new(StatusCode::BAD_REQUEST, 300, message)
}
