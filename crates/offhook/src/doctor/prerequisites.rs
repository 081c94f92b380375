//! The account: is Zoom Phone there, may people use it, and is the clock right.

use super::{
    checks,
    facts::{Asked, Failure, Settings, Zoom},
    line::Line,
};

/// Zoom documents no tolerance of its own; Offhook's receiver has this one, either way, before it calls an event late.
const SKEW_IS_LATE: i64 = 300;
/// A clock that is kept by the network is off by less than this.
const SKEW_IS_ODD: i64 = 5;

/// Zoom's code for an account without Zoom Phone, or another account than meant (`phoneSetting`).
const NOT_ENABLED: i64 = 2031;

/// Whether the server would start with these settings.
pub(crate) fn settings(settings: &Settings) -> Line {
    if settings.errors.is_empty() {
        checks::SETTINGS.pass("the settings can be read and used")
    } else {
        checks::SETTINGS.fail(
            format!("the server does not start: {}", settings.errors.join("; ")),
            "Correct them; `offhook config check` shows where each comes from.",
        )
    }
}

/// What one account answers.
pub(crate) fn judge(zoom: &Zoom) -> Vec<Line> {
    vec![account(zoom), licences(zoom), users(zoom), sms(zoom)]
}

fn account(zoom: &Zoom) -> Line {
    match &zoom.settings {
        Asked::Got(()) => checks::ACCOUNT.pass("Zoom Phone is enabled for the account"),
        Asked::Skipped(why) => checks::ACCOUNT.skip(why),
        Asked::Failed(failure) if failure.code == Some(NOT_ENABLED) => checks::ACCOUNT.fail(
            "Zoom Phone is not enabled for this account (code 2031)",
            "Compare ZOOM_ACCOUNT_ID with the account that has Zoom Phone; if it is the right one, buy and set up Zoom Phone there.",
        ),
        Asked::Failed(failure) if failure.scope_missing => checks::ACCOUNT.warn(
            "the app may not read the account's phone settings, so this cannot be told",
            "Add phone:read:settings:admin to the app if you want this checked; Offhook does not need it.",
        ),
        Asked::Failed(failure) => checks::ACCOUNT.fail(
            format!("Zoom did not answer: {}", failure.text),
            "See the message; `offhook api phoneSetting` asks again.",
        ),
    }
}

fn users(zoom: &Zoom) -> Line {
    match &zoom.users {
        Asked::Got(users) if users.active > 0 => checks::USERS
            .pass(format!("{} people use Zoom Phone; of {} looked at {} are active", users.total, users.looked_at, users.active)),
        Asked::Got(users) if users.total == 0 => checks::USERS.fail(
            "nobody in this account uses Zoom Phone",
            "Assign Zoom Phone to at least one person in Zoom's admin portal: Phone System Management, Users & Rooms.",
        ),
        Asked::Got(users) => checks::USERS.fail(
            format!("of {} people none is active", users.looked_at),
            "Activate at least one person in Zoom's admin portal: Phone System Management, Users & Rooms.",
        ),
        Asked::Skipped(why) => checks::USERS.skip(why),
        Asked::Failed(failure) => unknown_as(checks::USERS, failure, "phone:read:list_users:admin", "listPhoneUsers"),
    }
}

fn licences(zoom: &Zoom) -> Line {
    let plans = zoom.plans.got().map_or(String::new(), |plans| {
        let free: i64 = plans.iter().filter_map(|plan| plan.free).sum();
        let names: Vec<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
        if names.is_empty() { String::new() } else { format!("; plans: {} ({free} free)", names.join(", ")) }
    });
    match &zoom.users {
        Asked::Got(users) if users.with_plan > 0 => {
            let found = format!("of {} people looked at {} have a calling plan{plans}", users.looked_at, users.with_plan);
            checks::LICENCES.pass(found)
        }
        Asked::Got(users) => checks::LICENCES.warn(
            format!("of {} people looked at none has a calling plan{plans}", users.looked_at),
            "Assign calling plans if people are to call outside; with numbers of your own carrier none is needed.",
        ),
        Asked::Skipped(why) => checks::LICENCES.skip(why),
        Asked::Failed(failure) => {
            unknown_as(checks::LICENCES, failure, "phone:read:list_users:admin", "listPhoneUsers")
        }
    }
}

fn sms(zoom: &Zoom) -> Line {
    match &zoom.campaigns {
        Asked::Got((_, active @ 1..)) => {
            checks::SMS.pass(format!("{active} SMS campaigns are active; consent of each receiver still counts"))
        }
        Asked::Got((0, _)) => checks::SMS.warn(
            "the account has no SMS campaign: messages to numbers in the USA and Canada are blocked",
            "Register a brand and a campaign in Zoom's admin portal (SMS Campaigns) if people are to text there.",
        ),
        Asked::Got((all, _)) => checks::SMS.warn(
            format!("none of {all} SMS campaigns is active"),
            "Look at the campaigns in Zoom's admin portal: they are drafts, pending, declined or expired.",
        ),
        Asked::Skipped(why) => checks::SMS.skip(why),
        Asked::Failed(failure) => {
            unknown_as(checks::SMS, failure, "phone:read:list_sms_campaigns:admin", "listAccountSMSCampaigns")
        }
    }
}

/// What cannot be told, because the app lacks a scope or Zoom said no.
fn unknown_as(check: checks::Check, failure: &Failure, scope: &str, operation: &str) -> Line {
    if failure.scope_missing {
        return check.warn(
            format!("{operation} needs a scope that the app lacks, so this cannot be told"),
            format!("Add {scope} to the app in Zoom's Marketplace if you want this checked."),
        );
    }
    check.fail(
        format!("Zoom did not answer: {}", failure.text),
        format!("See the message; `offhook api {operation}` asks again."),
    )
}

/// Seconds that this machine's clock is ahead.
pub(crate) fn clock(skew: &Asked<i64>, settings: &Settings) -> Line {
    match skew {
        Asked::Skipped(why) => checks::CLOCK.skip(why),
        Asked::Failed(failure) => checks::CLOCK.warn(
            format!("Zoom's clock could not be read: {}", failure.text),
            "Check network, DNS and proxy settings of this machine.",
        ),
        Asked::Got(skew) => {
            let (by, way) = (skew.abs(), if *skew > 0 { "ahead of" } else { "behind" });
            let ahead = i64::try_from(settings.max_ahead).unwrap_or(i64::MAX);
            if -skew > ahead || by > SKEW_IS_LATE {
                checks::CLOCK.fail(
                    format!("this machine's clock is {by} s {way} Zoom's: genuine webhooks are refused or called late"),
                    "Turn on time synchronisation (chrony, systemd-timesyncd or NTP) and run this again.",
                )
            } else if by > SKEW_IS_ODD {
                checks::CLOCK.warn(
                    format!("this machine's clock is {by} s {way} Zoom's"),
                    "Turn on time synchronisation; live durations on the board are off by as much.",
                )
            } else {
                checks::CLOCK.pass(format!("this machine's clock and Zoom's agree within {by} s"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Plan, Users};
    use super::super::line::Status::{self, Fail, Pass, Skip, Warn};
    use super::*;

    fn zoom() -> Zoom {
        Zoom {
            account: "A".to_owned(),
            token: Asked::Skipped(String::new()),
            settings: Asked::Got(()),
            users: Asked::Got(Users { total: 3, looked_at: 3, active: 2, with_plan: 1 }),
            plans: Asked::Got(vec![Plan { name: "Metered".to_owned(), free: Some(2) }]),
            campaigns: Asked::Got((1, 1)),
            token_lived: Asked::Got(true),
        }
    }

    fn statuses(zoom: &Zoom) -> Vec<Status> {
        judge(zoom).into_iter().map(|line| line.status).collect()
    }

    #[test]
    fn an_account_that_is_ready_passes_and_one_without_phone_fails_with_the_reason() {
        assert_eq!(statuses(&zoom()), [Pass; 4]);
        let failure = Failure { code: Some(2031), ..Failure::default() };
        let line = account(&Zoom { settings: Asked::Failed(failure), ..zoom() });
        assert_eq!(line.status, Fail);
        assert!(line.remedy.unwrap().contains("ZOOM_ACCOUNT_ID"));
    }

    #[test]
    fn the_table_of_people_and_licences() {
        for (users, expected) in [
            (Users::default(), [Pass, Warn, Fail, Pass]),
            (Users { total: 2, looked_at: 2, active: 0, with_plan: 2 }, [Pass, Pass, Fail, Pass]),
            (Users { total: 2, looked_at: 2, active: 2, with_plan: 0 }, [Pass, Warn, Pass, Pass]),
        ] {
            assert_eq!(statuses(&Zoom { users: Asked::Got(users), ..zoom() }), expected, "{users:?}");
        }
    }

    #[test]
    fn a_missing_scope_is_no_failure_of_the_account() {
        let lacks = || Failure { scope_missing: true, ..Failure::default() };
        let zoom = Zoom {
            settings: Asked::Failed(lacks()),
            users: Asked::Failed(lacks()),
            campaigns: Asked::Failed(lacks()),
            ..zoom()
        };
        assert_eq!(statuses(&zoom), [Warn; 4]);
    }

    #[test]
    fn campaigns_count_when_they_are_active() {
        for (campaigns, expected) in [((0, 0), Warn), ((2, 0), Warn), ((2, 1), Pass)] {
            assert_eq!(sms(&Zoom { campaigns: Asked::Got(campaigns), ..zoom() }).status, expected);
        }
    }

    #[test]
    fn a_clock_is_judged_by_what_signatures_bear() {
        let settings = Settings { max_ahead: 300, ..Settings::default() };
        for (skew, expected) in [
            (0, Pass),
            (5, Pass),
            (-5, Pass),
            (6, Warn),
            (-300, Warn),
            (301, Fail),
            (-301, Fail),
            (90_000, Fail),
        ] {
            assert_eq!(clock(&Asked::Got(skew), &settings).status, expected, "{skew}");
        }
        let strict = Settings { max_ahead: 10, ..Settings::default() };
        assert_eq!(clock(&Asked::Got(-11), &strict).status, Fail, "events look as if from the future");
        assert_eq!(clock(&Asked::Got(11), &strict).status, Warn);
        assert_eq!(clock(&Asked::Skipped("offline".to_owned()), &settings).status, Skip);
    }
}
