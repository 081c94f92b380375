//! Records that were deleted at Zoom: v3 elements, v2 legs, v1 logs, or everything of a user.

use jiff::Timestamp;
use zoom_phone_types::events::{CallLogsDeleted, Event};

use super::{Aside, Facts, Names, text, time};
use crate::{
    directory::Wiped,
    fact::{Said, Source},
    identity::AliasKind,
};

/// Reads an event of this family; `false` if it is of another.
pub(super) fn read(event: &Event, facts: &mut Facts<'_>) -> bool {
    match event {
        Event::CallElementDeleted(told) => {
            let deleted = Deleted {
                user_id: told.user_id.as_deref(),
                all: told.delete_all == Some(true),
                to_trash: told.move_to_trash == Some(true),
                at: time(told.execute_time.as_ref()),
            };
            let ids = told.call_element_ids.iter().flatten();
            deleted.note(facts, Source::ElementEvent, ids, |id| {
                Names::default().and(AliasKind::CallElementId, Some(id))
            });
        }
        Event::CallHistoryDeleted(told) => {
            let deleted = Deleted {
                user_id: told.user_id.as_deref(),
                all: told.delete_all == Some(true),
                to_trash: told.move_to_trash == Some(true),
                at: time(told.execute_time.as_ref()),
            };
            deleted.note(facts, Source::V2, told.call_log_ids.iter().flatten(), of_any_generation);
        }
        Event::CallLogDeleted(told) => logs(facts, told, true),
        Event::CallLogPermanentlyDeleted(told) => logs(facts, told, false),
        _ => return false,
    }
    true
}

struct Deleted<'a> {
    user_id: Option<&'a str>,
    all: bool,
    to_trash: bool,
    at: Option<Timestamp>,
}

impl Deleted<'_> {
    fn note<'i>(
        &self,
        facts: &mut Facts<'_>,
        source: Source,
        ids: impl Iterator<Item = &'i String>,
        names: impl Fn(&String) -> Names,
    ) {
        for id in ids {
            facts.add(source, self.at, names(id), Said::Deleted { to_trash: self.to_trash });
        }
        if !self.all {
            return;
        }
        // The ids are left out then: it is everything that the user had.
        let sent = facts.heard.event_ts.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        match (text(self.user_id), self.at.or(sent)) {
            (Some(user_id), Some(at)) => {
                let account = facts.account.to_owned();
                facts.aside.push(Aside::Wiped(Wiped { account, user_id, at, to_trash: self.to_trash }));
            }
            _ => facts.nameless = true,
        }
    }
}

/// `call_log_ids` of a v2 event: Zoom does not say which ids. Those of v2 begin with a date, and a leg's look like a
/// call's; a plain UUID is an id of v1.
fn of_any_generation(id: &String) -> Names {
    let day = id.trim().split_once('-').map_or("", |(day, _)| day);
    if day.len() == 8 && day.starts_with("20") && day.bytes().all(|byte| byte.is_ascii_digit()) {
        let names = Names::default().and(AliasKind::CallElementId, Some(id));
        names.and(AliasKind::CallHistoryUuid, Some(id))
    } else {
        Names::default().and(AliasKind::CallLogId, Some(id))
    }
}

fn logs(facts: &mut Facts<'_>, told: &CallLogsDeleted, to_trash: bool) {
    for log in told.call_logs.iter().flatten() {
        let names = Names::of_call(log.call_id.as_ref()).and(AliasKind::CallLogId, log.id.as_ref());
        facts.add(Source::V1, None, names, Said::Deleted { to_trash });
    }
}
