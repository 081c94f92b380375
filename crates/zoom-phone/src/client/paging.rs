//! When a list is at its end.
//!
//! Zoom's page tokens cannot be trusted alone: one comes back after the last page of the call history, one
//! has been seen to come back unchanged, and an empty page may be followed by a full one. So the tokens are
//! checked against `page_count` and `total_records`, and everything odd is reported.

use std::collections::HashSet;

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
        "Zoom repeated a page token; paging ended early, so calls may be missing: ask for a shorter window"
    )]
    RepeatedToken,
    /// A page without rows, with a token for another one. It is followed.
    #[error("Zoom sent an empty page in the middle of a list")]
    EmptyPage,
    /// Too many empty pages in a row. Paging ends here; rows may be missing.
    #[error(
        "Zoom sent {MAX_EMPTY_PAGES} empty pages in a row; paging ended early, so calls may be missing: ask for a shorter window"
    )]
    OnlyEmptyPages,
    /// At the end, fewer different rows had come than `total_records` says.
    #[error("Zoom counted {expected} calls and sent {received}; ask for the window again")]
    FewerRows {
        /// `total_records` of the last page.
        expected: u64,
        /// Rows that came, each id counted once.
        received: u64,
    },
    /// Rows with an id that an earlier page had. They are handed on.
    #[error("{count} calls were sent on an earlier page already")]
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
    #[error("{count} calls have no id")]
    RowsWithoutId {
        /// How many.
        count: u64,
    },
    /// Entries that are not JSON objects, and so no rows.
    #[error("{count} entries of the list are not calls; they were left out")]
    UnreadableRows {
        /// How many.
        count: u64,
    },
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

/// What one page says about where the list ends.
#[derive(Debug, Default)]
pub(super) struct PageFacts {
    /// The ids of its rows.
    pub(super) ids: Vec<String>,
    pub(super) rows_without_id: u64,
    /// `next_page_token`, unless empty.
    pub(super) next_token: Option<String>,
    pub(super) page_count: Option<u64>,
    pub(super) total_records: Option<u64>,
}

/// Where a list stands.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pages: u64,
    empty_in_a_row: u32,
    ids: HashSet<String>,
    rows_without_id: u64,
    tokens: HashSet<String>,
}

impl Progress {
    /// Takes the next page in. Returns the token to go on with, or `None` at the end.
    pub(super) fn step(&mut self, page: PageFacts, anomalies: &mut Vec<Anomaly>) -> Option<String> {
        self.pages += 1;
        let empty = page.ids.is_empty() && page.rows_without_id == 0;
        self.empty_in_a_row = if empty { self.empty_in_a_row + 1 } else { 0 };
        self.rows_without_id += page.rows_without_id;
        let repeated = page.ids.into_iter().filter(|id| !self.ids.insert(id.clone())).count() as u64;
        if repeated > 0 {
            anomalies.push(Anomaly::RowsSeenBefore { count: repeated });
        }
        let received = self.ids.len() as u64 + self.rows_without_id;

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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids, token, `page_count`, `total_records`.
    type Said<'a> = (&'a [&'a str], &'a str, Option<u64>, Option<u64>);

    /// Returns how many pages were taken, and all anomalies.
    fn run(pages: &[Said<'_>]) -> (usize, Vec<Anomaly>) {
        let mut progress = Progress::default();
        let mut anomalies = Vec::new();
        for (number, (ids, token, page_count, total_records)) in pages.iter().enumerate() {
            let facts = PageFacts {
                ids: ids.iter().map(|id| (*id).to_owned()).collect(),
                rows_without_id: 0,
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
}
