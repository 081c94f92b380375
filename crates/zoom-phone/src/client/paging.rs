//! When a list is at its end.
//!
//! Zoom's page tokens cannot be trusted alone: one comes back after the last page of the call history, one
//! has been seen to come back unchanged, and an empty page may be followed by a full one. So the tokens are
//! checked against `page_count` and `total_records`, and everything odd is reported.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use serde_json::Value;

use super::pages::Resume;

/// Empty pages in a row that are believed to have something behind them.
const MAX_EMPTY_PAGES: u32 = 3;

/// Something about a page that is not as documented.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Anomaly {
    /// The last page came with a token for another one. Not followed.
    #[error("Zoom offered another page after the last one; it was not asked for")]
    TokenAfterLastPage,
    /// A page token came back that was used before. Paging ends here; rows may be missing.
    #[error(
        "Zoom repeated a page token; paging ended early, so rows may be missing: ask for a shorter window"
    )]
    RepeatedToken,
    /// A page without rows, with a token for another one. It is followed.
    #[error("Zoom sent an empty page in the middle of a list")]
    EmptyPage,
    /// Too many empty pages in a row. Paging ends here; rows may be missing.
    #[error(
        "Zoom sent {MAX_EMPTY_PAGES} empty pages in a row; paging ended early, so rows may be missing: ask for a shorter window"
    )]
    OnlyEmptyPages,
    /// At the end, fewer different rows had come than `total_records` says.
    #[error("Zoom counted {expected} rows and sent {received}; ask for the window again")]
    FewerRows {
        /// `total_records` of the last page.
        expected: u64,
        /// Rows that came, each id counted once.
        received: u64,
    },
    /// Rows with an id that an earlier page had. They are handed on.
    #[error("{count} rows were sent on an earlier page already")]
    RowsSeenBefore {
        /// How many.
        count: u64,
    },
    /// Rows that only the old array `call_logs` has, not `call_history`. They are handed on.
    #[error("{count} calls came in the old array call_logs only")]
    OnlyInCallLogs {
        /// How many.
        count: u64,
    },
    /// Rows without an id. They are handed on.
    #[error("{count} rows have no id")]
    RowsWithoutId {
        /// How many.
        count: u64,
    },
    /// Entries that are no rows; in [`Page::unreadable`](super::Page::unreadable).
    #[error("{count} entries of the list are not as documented; they are apart")]
    UnreadableRows {
        /// How many.
        count: u64,
    },
    /// The token had run out, or too much was new: the list was read again from its beginning. Rows that were handed
    /// out already are left out now, but those without an id come again.
    #[error(
        "the page token had run out; the list was read again from its beginning, rows without an id may come twice"
    )]
    Restarted,
}

impl Anomaly {
    /// Whether rows of the window may be missing from what was handed out.
    pub fn may_miss_rows(&self) -> bool {
        matches!(
            self,
            Self::RepeatedToken | Self::OnlyEmptyPages | Self::FewerRows { .. } | Self::UnreadableRows { .. }
        )
    }
}

/// What tells a row from others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Hash of its id; of a row without id, of all that it holds.
    key: u64,
    has_id: bool,
}

/// What one page says about where the list ends.
#[derive(Debug, Default)]
pub(super) struct PageFacts {
    /// Its rows, also those that are not handed out again.
    pub(super) rows: Vec<Row>,
    /// `next_page_token`, unless empty.
    pub(super) next_token: Option<String>,
    pub(super) page_count: Option<u64>,
    pub(super) total_records: Option<u64>,
}

/// Where a list stands.
#[derive(Debug, Default)]
pub(super) struct Progress {
    hasher: RandomState,
    pages: u64,
    empty_in_a_row: u32,
    ids: HashSet<u64>,
    /// Rows without an id.
    others: HashSet<u64>,
    /// Rows so far, each once.
    received: u64,
    tokens: HashSet<String>,
    /// Rows that the slice before had, and ids that a first reading of this one had.
    before: HashSet<u64>,
}

/// What may be the id of a row. Other names that end in `_id` are ids of something that a row belongs to.
const IDS: &[&str] =
    &["id", "call_element_id", "call_history_uuid", "charge_id", "message_id", "fax_log_id", "session_id"];

impl Progress {
    /// Where another reading of the list stood. Which rows it had is not known: those that come again are counted again.
    pub(super) fn resumed(resume: &Resume) -> Self {
        Self {
            pages: resume.pages,
            received: resume.rows,
            tokens: HashSet::from([resume.token.clone()]),
            ..Self::default()
        }
    }

    /// Where this reading stands, with the token of the next page.
    pub(super) fn resume(&self, token: String) -> Resume {
        Resume { token, pages: self.pages, rows: self.received }
    }

    /// What tells this row from others.
    pub(super) fn row(&self, row: &Value) -> Row {
        let id = IDS.iter().find_map(|name| match row.get(name)? {
            Value::String(text) => {
                Some(text.trim()).filter(|id| !id.is_empty()).map(|id| self.hasher.hash_one(id))
            }
            Value::Number(number) => Some(self.hasher.hash_one(number.to_string())),
            _ => None,
        });
        match id {
            Some(key) => Row { key, has_id: true },
            None => Row { key: self.hasher.hash_one(row.to_string()), has_id: false },
        }
    }

    /// Whether the row was handed out before this reading of this slice.
    pub(super) fn handed_out(&self, row: Row) -> bool {
        self.before.contains(&row.key)
    }

    /// Begins the list again. Ids that were handed out are remembered; two rows without an id may be equal and yet two.
    pub(super) fn restart(&mut self) {
        let mut before = std::mem::take(&mut self.before);
        before.extend(self.ids.drain());
        *self = Self { hasher: self.hasher.clone(), before, ..Self::default() };
    }

    /// Begins the next slice. A row on the border is in both, and equal.
    pub(super) fn next_slice(&mut self) {
        let mut before = std::mem::take(&mut self.ids);
        before.extend(self.others.drain());
        *self = Self { hasher: self.hasher.clone(), before, ..Self::default() };
    }

    /// Counts a page in. Returns how many of its rows are new.
    fn count(&mut self, rows: &[Row], anomalies: &mut Vec<Anomaly>) -> u64 {
        // Against earlier pages only: the rows of one page need not differ.
        let repeated = rows.iter().filter(|row| row.has_id && self.ids.contains(&row.key)).count() as u64;
        for row in rows {
            if row.has_id { &mut self.ids } else { &mut self.others }.insert(row.key);
        }
        if repeated > 0 {
            anomalies.push(Anomaly::RowsSeenBefore { count: repeated });
        }
        let new = rows.len() as u64 - repeated;
        self.pages += 1;
        self.received += new;
        new
    }

    /// Takes the next page in. Returns the token to go on with, or `None` at the end.
    pub(super) fn step(&mut self, page: PageFacts, anomalies: &mut Vec<Anomaly>) -> Option<String> {
        self.count(&page.rows, anomalies);
        let empty = page.rows.is_empty();
        self.empty_in_a_row = if empty { self.empty_in_a_row + 1 } else { 0 };
        let received = self.received;

        if let Some(token) = page.next_token {
            // Each counter that is there must agree that this was the last page.
            let by_pages = page.page_count.map(|count| self.pages >= count);
            let by_rows = page.total_records.map(|total| received >= total);
            let counted_out = match (by_pages, by_rows) {
                (None, None) => false,
                (pages, rows) => pages.unwrap_or(true) && rows.unwrap_or(true),
            };
            if counted_out {
                anomalies.push(Anomaly::TokenAfterLastPage);
            } else if !self.tokens.insert(token.clone()) {
                anomalies.push(Anomaly::RepeatedToken);
            } else if self.empty_in_a_row >= MAX_EMPTY_PAGES {
                anomalies.push(Anomaly::OnlyEmptyPages);
            } else {
                if empty {
                    anomalies.push(Anomaly::EmptyPage);
                }
                return Some(token);
            }
        }
        if let Some(expected) = page.total_records.filter(|expected| received < *expected) {
            anomalies.push(Anomaly::FewerRows { expected, received });
        }
        None
    }

    /// The same for a `…/sync` operation, whose token always comes: it ends where nothing new comes.
    pub(super) fn step_sync(&mut self, page: PageFacts, anomalies: &mut Vec<Anomaly>) -> Option<String> {
        let new = self.count(&page.rows, anomalies);
        let token = page.next_token.filter(|_| new > 0)?;
        if self.tokens.insert(token.clone()) {
            return Some(token);
        }
        anomalies.push(Anomaly::RepeatedToken);
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Ids, token, `page_count`, `total_records`.
    type Said<'a> = (&'a [&'a str], &'a str, Option<u64>, Option<u64>);

    /// Returns how many pages were taken, and all anomalies.
    fn run(pages: &[Said<'_>]) -> (usize, Vec<Anomaly>) {
        let mut progress = Progress::default();
        let mut anomalies = Vec::new();
        for (number, (ids, token, page_count, total_records)) in pages.iter().enumerate() {
            let facts = PageFacts {
                rows: ids.iter().map(|id| progress.row(&json!({ "id": id }))).collect(),
                next_token: Some((*token).to_owned()).filter(|token| !token.is_empty()),
                page_count: *page_count,
                total_records: *total_records,
            };
            if progress.step(facts, &mut anomalies).is_none() {
                return (number + 1, anomalies);
            }
        }
        panic!("the list did not end");
    }

    #[test]
    fn a_list_ends_without_a_token() {
        assert_eq!(run(&[(&["a"], "t1", None, None), (&["b"], "", None, None)]), (2, vec![]));
    }

    #[test]
    fn a_token_after_the_counted_last_page_is_not_followed() {
        let pages: &[Said<'_>] = &[(&["a"], "t1", Some(2), Some(2)), (&["b"], "t2", Some(2), Some(2))];
        assert_eq!(run(pages), (2, vec![Anomaly::TokenAfterLastPage]));
        assert_eq!(run(&[(&[], "t1", Some(0), Some(0))]), (1, vec![Anomaly::TokenAfterLastPage]));
    }

    #[test]
    fn a_page_count_that_is_too_small_loses_no_rows() {
        let pages: &[Said<'_>] = &[(&["a"], "t1", Some(1), Some(2)), (&["b"], "", Some(1), Some(2))];
        assert_eq!(run(pages), (2, vec![]));
    }

    #[test]
    fn a_repeated_token_ends_the_list() {
        let pages: &[Said<'_>] =
            &[(&["a"], "t1", None, Some(9)), (&["b"], "t2", None, Some(9)), (&["c"], "t1", None, Some(9))];
        assert_eq!(
            run(pages),
            (3, vec![Anomaly::RepeatedToken, Anomaly::FewerRows { expected: 9, received: 3 }])
        );
    }

    #[test]
    fn an_empty_page_is_followed_but_not_for_ever() {
        assert_eq!(run(&[(&[], "t1", None, None), (&["a"], "", None, None)]), (2, vec![Anomaly::EmptyPage]));
        let empty: &[Said<'_>] = &[
            (&[], "t1", None, None),
            (&[], "t2", None, None),
            (&[], "t3", None, None),
            (&["a"], "", None, None),
        ];
        assert_eq!(run(empty), (3, vec![Anomaly::EmptyPage, Anomaly::EmptyPage, Anomaly::OnlyEmptyPages]));
    }

    #[test]
    fn rows_that_come_twice_are_reported_and_counted_once() {
        let pages: &[Said<'_>] = &[(&["a", "b"], "t1", None, Some(3)), (&["b"], "", None, Some(3))];
        assert_eq!(
            run(pages),
            (2, vec![Anomaly::RowsSeenBefore { count: 1 }, Anomaly::FewerRows { expected: 3, received: 2 }])
        );
    }

    #[test]
    fn rows_of_one_page_need_not_differ_and_rows_without_id_count() {
        let mut progress = Progress::default();
        let rows = [json!({"id": "a"}), json!({"id": "a"}), json!({"extension_id": "a"}), json!(7)];
        let rows = rows.iter().map(|row| progress.row(row)).collect();
        let mut anomalies = Vec::new();
        let facts = PageFacts { rows, total_records: Some(4), ..PageFacts::default() };
        assert_eq!((progress.step(facts, &mut anomalies), anomalies), (None, vec![]));
    }

    #[test]
    fn after_a_restart_what_was_handed_out_is_known_and_counted_anew() {
        let mut progress = Progress::default();
        let mut anomalies = Vec::new();
        let page = |progress: &Progress, ids: &[u32], token: Option<&str>| PageFacts {
            rows: ids.iter().map(|id| progress.row(&json!({"id": id}))).collect(),
            next_token: token.map(str::to_owned),
            page_count: None,
            total_records: Some(3),
        };
        let first = page(&progress, &[1, 2], Some("t"));
        let row = first.rows[0];
        assert!(!progress.handed_out(row));
        assert!(progress.step(first, &mut anomalies).is_some());
        progress.restart();
        assert!(progress.handed_out(row));
        let again = page(&progress, &[1, 2], Some("t"));
        assert!(progress.step(again, &mut anomalies).is_some());
        let last = page(&progress, &[3], None);
        assert_eq!((progress.step(last, &mut anomalies), anomalies), (None, vec![]));
    }

    #[test]
    fn a_row_without_id_is_known_again_at_a_border_but_not_after_a_restart() {
        let mut progress = Progress::default();
        let row = progress.row(&json!({"call_id": "1", "start": "x"}));
        progress.step(PageFacts { rows: vec![row], ..PageFacts::default() }, &mut Vec::new());
        progress.restart();
        assert!(!progress.handed_out(row));
        progress.step(PageFacts { rows: vec![row], ..PageFacts::default() }, &mut Vec::new());
        progress.next_slice();
        assert!(progress.handed_out(row));
        assert!(!progress.handed_out(progress.row(&json!({"call_id": "1", "start": "y"}))));
    }

    #[test]
    fn a_sync_ends_where_nothing_new_comes() {
        let mut progress = Progress::default();
        let mut step = |ids: &[u32], token: &str| {
            let rows = ids.iter().map(|id| progress.row(&json!({"id": id}))).collect();
            let mut anomalies = Vec::new();
            let facts = PageFacts { rows, next_token: Some(token.to_owned()), ..PageFacts::default() };
            (progress.step_sync(facts, &mut anomalies), anomalies)
        };
        assert_eq!(step(&[1], "t1"), (Some("t1".to_owned()), vec![]));
        assert_eq!(step(&[2], "t2"), (Some("t2".to_owned()), vec![]));
        assert_eq!(step(&[2], "t3"), (None, vec![Anomaly::RowsSeenBefore { count: 1 }]));
        assert_eq!(step(&[], "t3"), (None, vec![]));
        assert_eq!(step(&[4], "t2"), (None, vec![Anomaly::RepeatedToken]));
    }
}
