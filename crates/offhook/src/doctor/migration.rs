//! What Zoom has announced the end of, and whether any of it is still in use.

use std::collections::BTreeSet;

use jiff::civil::Date;
use zoom_phone::types::{catalogue::Catalogue, events::EventFacts};

use super::{
    checks,
    facts::{Asked, Stored},
    line::Line,
};

/// One generation or shape, and its end as Zoom announced it. Zoom names months, not days; the switch itself was
/// often later than announced.
#[derive(Debug)]
struct Sunset {
    /// Which names it is about: each begins and ends so.
    names: &'static [&'static str],
    /// In a sentence.
    what: &'static str,
    /// Last day of the month that Zoom names.
    ends: Date,
    /// What replaces it.
    instead: &'static str,
}

/// Zoom's migration guides ("Migrate to call history", "Migrate call log webhooks") and its changelog of 2025-11-13.
const SUNSETS: &[Sunset] = &[
    Sunset {
        names: &[
            "phone.caller_call_log_completed",
            "phone.callee_call_log_completed",
            "phone.call_log_deleted",
            "phone.call_log_permanently_deleted",
        ],
        what: "events of call logs (v1)",
        ends: jiff::civil::date(2026, 5, 31),
        instead: "phone.caller_call_element_completed, phone.callee_call_element_completed and phone.call_element_deleted",
    },
    Sunset {
        names: &[
            "phone.caller_call_history_completed",
            "phone.callee_call_history_completed",
            "phone.call_history_deleted",
        ],
        what: "events of call history (v2)",
        ends: jiff::civil::date(2026, 11, 30),
        instead: "phone.caller_call_element_completed, phone.callee_call_element_completed and phone.call_element_deleted",
    },
];

/// The arrays `call_logs` and `call_path`: deprecated in November 2026 (Zoom's guide "Migrate to call history").
const OLD_ARRAYS_END: Date = jiff::civil::date(2026, 11, 30);

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
fn when(ends: Date, today: Date) -> String {
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
    let mut instead = BTreeSet::new();
    for event in seen {
        match SUNSETS.iter().find(|sunset| sunset.names.contains(&event)) {
            Some(sunset) => {
                found.push(format!("{event} ({} {})", sunset.what, when(sunset.ends, today)));
                instead.insert(sunset.instead);
            }
            None => found.push(format!("{event} (deprecated, no date known)")),
        }
    }
    let instead = instead.into_iter().collect::<Vec<_>>().join("; ");
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
    match (rows, old) {
        (0, _) => checks::OLD_ROWS.skip("no row of call history has been read yet"),
        (rows, 0) => checks::OLD_ROWS.pass(format!("all of {rows} rows of call history came in the names of today (v3)")),
        (rows, old) => checks::OLD_ROWS.warn(
            format!("{old} of {rows} rows of call history came in the array call_logs (v2), which {}", when(OLD_ARRAYS_END, today)),
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
    use zoom_phone::types::events::EVENTS;

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
    fn every_event_that_zoom_calls_deprecated_has_a_date_and_every_replacement_exists() {
        for event in EVENTS.iter().filter(|event| event.deprecated) {
            assert!(SUNSETS.iter().any(|sunset| sunset.names.contains(&event.name)), "{}", event.name);
        }
        for sunset in SUNSETS {
            for name in sunset.names {
                assert!(EventFacts::of(name).is_some(), "{name}");
            }
            for word in sunset.instead.split([' ', ',']).filter(|word| word.starts_with("phone.")) {
                assert!(EventFacts::of(word).is_some_and(|facts| !facts.deprecated), "{word}");
            }
        }
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
