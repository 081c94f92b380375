//! Disk and databases.

use super::{
    checks,
    facts::{Asked, Machine, Server, Stored},
    line::Line,
};

/// Below this nothing can be stored for long.
const FULL: u64 = 100 << 20;
/// Below this it is time to look.
const SCARCE: u64 = 1 << 30;
/// As many events wait to be folded in a large burst.
const BACKLOG: u64 = 1000;

/// Everything about what is kept.
pub(crate) fn judge(machine: &Machine, server: &Asked<Server>, stored: &Asked<Stored>) -> Vec<Line> {
    vec![space(machine), databases(machine, server, stored), backlog(stored), inbox(stored)]
}

fn space(machine: &Machine) -> Line {
    match &machine.space {
        Asked::Skipped(why) => checks::SPACE.skip(why),
        Asked::Failed(failure) => checks::SPACE.skip(failure.text.clone()),
        Asked::Got((free, all)) => {
            let found = format!("{} MiB of {} MiB are free for the data directory", free >> 20, all >> 20);
            let remedy = "Free some space, or choose another OFFHOOK_DATA_DIR; when the disk is full webhooks are answered 503.";
            if *free < FULL {
                checks::SPACE.fail(found, remedy)
            } else if *free < SCARCE {
                checks::SPACE.warn(found, remedy)
            } else {
                checks::SPACE.pass(found)
            }
        }
    }
}

fn databases(machine: &Machine, server: &Asked<Server>, stored: &Asked<Stored>) -> Line {
    match (server, stored) {
        (Asked::Got(server), _) if server.not_ready.as_deref() == Some("storage_failing") => {
            checks::DATABASES.fail(
                "the server cannot store",
                "See storage.space and the server's log; it goes on by itself when there is room.",
            )
        }
        (_, Asked::Failed(failure)) => checks::DATABASES.fail(
            format!("what is stored cannot be read: {}", failure.text),
            "See the message; `offhook rebuild` makes the read models anew from the inbox.",
        ),
        (_, Asked::Got(_)) => checks::DATABASES.pass("inbox and read models can be read"),
        (_, Asked::Skipped(why)) if machine.has_data => checks::DATABASES.skip(why),
        (_, Asked::Skipped(_)) => {
            checks::DATABASES.skip("nothing is stored yet; `offhook serve` makes the databases")
        }
    }
}

fn backlog(stored: &Asked<Stored>) -> Line {
    match stored.got().map(|stored| stored.backlog) {
        None => checks::BACKLOG.skip("nothing that is stored can be read"),
        Some(0) => checks::BACKLOG.pass("everything that came in is folded into calls"),
        Some(waiting) if waiting <= BACKLOG => {
            checks::BACKLOG.pass(format!("{waiting} entries of the inbox wait to be folded"))
        }
        Some(waiting) => checks::BACKLOG.warn(
            format!("{waiting} entries of the inbox wait to be folded: the board is behind"),
            "Run this again in a minute; if it has grown, look at the server's log.",
        ),
    }
}

fn inbox(stored: &Asked<Stored>) -> Line {
    let Some(stored) = stored.got() else {
        return checks::INBOX.skip("nothing that is stored can be read");
    };
    let gaps = stored
        .entries
        .iter()
        .zip(stored.entries.iter().skip(1))
        .filter(|(one, next)| next.seq != one.seq + 1)
        .count();
    let unreadable = stored.entries.iter().filter(|entry| !entry.readable).count();
    let looked_at = stored.entries.len();
    if looked_at == 0 {
        checks::INBOX.skip("the inbox is empty")
    } else if gaps > 0 {
        checks::INBOX.fail(
            format!("the numbers of the last {looked_at} entries have {gaps} gaps: entries are missing"),
            "Restore the inbox from a backup; nothing of Offhook deletes entries.",
        )
    } else if unreadable > 0 {
        checks::INBOX.warn(
            format!("{unreadable} of the last {looked_at} entries are no JSON"),
            "`offhook events tail --bodies` shows them; Zoom sends none such, so look for who else has the secret.",
        )
    } else {
        checks::INBOX.pass(format!("the last {looked_at} entries of the inbox are whole"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Entry, Failure};
    use super::super::line::Status::{Fail, Pass, Skip, Warn};
    use super::*;

    #[test]
    fn space_is_judged_by_what_is_left() {
        for (free, expected) in [(50 << 20, Fail), (500 << 20, Warn), (5 << 30, Pass)] {
            let machine = Machine { space: Asked::Got((free, 10 << 30)), ..Machine::nothing() };
            assert_eq!(space(&machine).status, expected, "{free}");
        }
    }

    #[test]
    fn databases_that_cannot_be_read_fail_and_none_are_skipped() {
        let none = Asked::skipped("none");
        let machine = Machine::nothing();
        assert_eq!(databases(&machine, &none, &Asked::skipped("none")).status, Skip);
        assert_eq!(databases(&machine, &none, &Asked::Got(Stored::default())).status, Pass);
        assert_eq!(databases(&machine, &none, &Asked::Failed(Failure::default())).status, Fail);
    }

    #[test]
    fn gaps_and_garbage_in_the_inbox_are_found() {
        let entry = |seq, readable| Entry {
            seq,
            at: jiff::Timestamp::UNIX_EPOCH,
            door: "webhook".to_owned(),
            event: "phone.callee_ringing".to_owned(),
            readable,
            old_row: false,
            unfamiliar: 0,
        };
        let with = |entries: Vec<Entry>| inbox(&Asked::Got(Stored { entries, ..Stored::default() })).status;
        assert_eq!(with(vec![entry(7, true), entry(8, true)]), Pass);
        assert_eq!(with(vec![entry(7, true), entry(9, true)]), Fail);
        assert_eq!(with(vec![entry(7, true), entry(8, false)]), Warn);
        assert_eq!(with(Vec::new()), Skip);
    }

    #[test]
    fn a_backlog_is_remarkable_when_it_is_long() {
        for (waiting, expected) in [(0, Pass), (1000, Pass), (1001, Warn)] {
            let stored = Asked::Got(Stored { backlog: waiting, ..Stored::default() });
            assert_eq!(backlog(&stored).status, expected, "{waiting}");
        }
    }
}
