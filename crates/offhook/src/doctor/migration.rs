//! What Zoom has announced the end of, and whether any of it is still in use.

use std::collections::BTreeSet;

use jiff::civil::Date;
use zoom_phone::types::{
    catalogue::Catalogue,
    deprecation::{self, What},
    events::EventFacts,
};

use super::{
    checks,
    facts::{Asked, Stored},
    line::Line,
};

/// What Offhook asks of Zoom.
const OPERATIONS: &[&str] = &["accountCallHistory", "getCallPath"];

/// Everything about old shapes, as of a day.
pub(crate) fn judge(stored: &Asked<Stored>, today: Date) -> Vec<Line> {
    let mut lines = match stored {
        Asked::Got(stored) => vec![events(stored, today), rows(stored, today)],
        Asked::Skipped(why) => [checks::OLD_EVENTS, checks::OLD_ROWS].map(|check| check.skip(why)).into(),
        Asked::Failed(failure) => [checks::OLD_EVENTS, checks::OLD_ROWS]
            .map(|check| check.skip(format!("what is stored cannot be read: {}", failure.text)))
            .into(),
    };
    lines.push(operations(OPERATIONS));
    lines
}

/// How long it is to a day, in words.
fn when(ends: Option<Date>, today: Date) -> String {
    let Some(ends) = ends else { return "is deprecated, no date known".to_owned() };
    let days = today.until(ends).map_or(0, |span| span.get_days());
    match days {
        0.. => format!("ends in {}, {days} days from now", ends.strftime("%B %Y")),
        _ => format!("was to end in {}, {} days ago", ends.strftime("%B %Y"), -days),
    }
}

fn events(stored: &Stored, today: Date) -> Line {
    let seen: BTreeSet<&str> = stored
        .entries
        .iter()
        .filter(|entry| {
            entry.is_event() && EventFacts::of(&entry.event).is_some_and(|facts| facts.deprecated)
        })
        .map(|entry| entry.event.as_str())
        .collect();
    if seen.is_empty() {
        return checks::OLD_EVENTS.pass("no event that came in is deprecated");
    }
    let mut found = Vec::new();
    let mut instead: BTreeSet<&str> = BTreeSet::new();
    for event in seen {
        let known = deprecation::of(What::Event, event);
        found.push(format!("{event} ({})", when(known.and_then(|known| known.ends), today)));
        instead.extend(known.map_or(&[][..], |known| known.instead));
    }
    let instead = instead.into_iter().collect::<Vec<_>>().join(", ");
    let remedy = if instead.is_empty() {
        "Look in Zoom's changelog for what replaces them.".to_owned()
    } else {
        format!("In the app's event subscription tick {instead}, then untick these.")
    };
    checks::OLD_EVENTS.warn(found.join("; "), remedy)
}

fn rows(stored: &Stored, today: Date) -> Line {
    let rows = stored.entries.iter().filter(|entry| entry.door == "call_history").count();
    let old = stored.entries.iter().filter(|entry| entry.old_row).count();
    let old_rows =
        deprecation::of(What::Array, "account_call_history.call_logs").and_then(|array| array.ends);
    match (rows, old) {
        (0, _) => checks::OLD_ROWS.skip("no row of call history has been read yet"),
        (rows, 0) => checks::OLD_ROWS.pass(format!("all of {rows} rows of call history came in the names of today (v3)")),
        (rows, old) => checks::OLD_ROWS.warn(
            format!("{old} of {rows} rows of call history came in the array call_logs (v2), which {}", when(old_rows, today)),
            "Nothing: Offhook reads both, and turns to call_history when this account gets it; other programs of yours may not.",
        ),
    }
}

fn operations(used: &[&str]) -> Line {
    let catalogue = Catalogue::get();
    let old: Vec<&str> = used
        .iter()
        .copied()
        .filter(|id| catalogue.operation(id).is_none_or(|operation| operation.deprecated))
        .collect();
    if old.is_empty() {
        checks::OLD_OPERATIONS.pass(format!("Offhook uses no deprecated operation ({})", used.join(", ")))
    } else {
        checks::OLD_OPERATIONS.warn(
            format!("Offhook uses {}, which Zoom has deprecated", old.join(", ")),
            "Look for a newer Offhook.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::Entry;
    use super::super::line::Status::{Pass, Skip, Warn};
    use super::*;

    fn stored(entries: &[(&str, &str, bool)]) -> Stored {
        let entry = |(door, event, old_row): &(&str, &str, bool)| Entry {
            seq: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
            door: (*door).to_owned(),
            event: (*event).to_owned(),
            readable: true,
            old_row: *old_row,
            unfamiliar: 0,
        };
        Stored { entries: entries.iter().map(entry).collect(), ..Stored::default() }
    }

    #[test]
    fn a_deprecated_event_comes_with_its_end_seen_from_today_and_what_replaces_it() {
        let old = stored(&[("webhook", "phone.caller_call_log_completed", false)]);
        let line = events(&old, jiff::civil::date(2026, 5, 1));
        assert_eq!(line.status, Warn);
        assert!(line.found.contains("ends in May 2026, 30 days from now"), "{}", line.found);
        let line = events(&old, jiff::civil::date(2026, 6, 10));
        assert!(line.found.contains("was to end in May 2026, 10 days ago"), "{}", line.found);
        assert!(line.remedy.unwrap().contains("phone.caller_call_element_completed"));
        let new = stored(&[("webhook", "phone.callee_ringing", false)]);
        assert_eq!(events(&new, jiff::civil::date(2026, 6, 1)).status, Pass);
    }

    #[test]
    fn rows_of_the_old_shape_are_counted() {
        let today = jiff::civil::date(2026, 11, 22);
        let row = |old| ("call_history", "accountCallHistory", old);
        assert_eq!(rows(&stored(&[row(false), row(false)]), today).status, Pass);
        let line = rows(&stored(&[row(false), row(true)]), today);
        assert_eq!(line.status, Warn);
        assert!(line.found.contains("1 of 2") && line.found.contains("8 days from now"), "{}", line.found);
        assert_eq!(rows(&stored(&[]), today).status, Skip);
    }

    #[test]
    fn offhook_uses_no_deprecated_operation_and_one_would_be_named() {
        assert_eq!(operations(OPERATIONS).status, Pass);
        let line = operations(&["accountCallLogs"]);
        assert_eq!(line.status, Warn, "{}", line.found);
    }
}
