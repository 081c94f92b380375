//! Receiving events: the secret, the receiver on this machine, the public address, and what came in.

use std::collections::BTreeSet;

use jiff::Timestamp;
use zoom_phone::{
    scopes::{Actor, Subscription},
    types::events::EventFacts,
};

use super::{
    checks::{self, Check},
    facts::{Asked, Public, Reply, Server, Settings, Stored},
    line::Line,
};

/// Without these the board and the records miss something of every account's day.
const NEEDED: &[&str] = &[
    "phone.callee_ringing",
    "phone.callee_answered",
    "phone.callee_missed",
    "phone.callee_ended",
    "phone.caller_ringing",
    "phone.caller_connected",
    "phone.caller_ended",
    "phone.caller_call_element_completed",
    "phone.callee_call_element_completed",
];

/// What Offhook reads besides; rare enough that not having seen one says nothing.
const USED: &[&str] = &[
    "phone.callee_rejected",
    "phone.callee_hold",
    "phone.callee_unhold",
    "phone.caller_hold",
    "phone.caller_unhold",
    "phone.callee_parked",
    "phone.blind_transfer_initiated",
    "phone.warm_transfer_initiated",
    "phone.warm_transfer_completed",
    "phone.warm_transfer_cancelled",
    "phone.transfer_recipient_updated",
    "phone.transfer_call_to_voicemail_initiated",
    "phone.conference_started",
    "phone.recording_started",
    "phone.recording_paused",
    "phone.recording_resumed",
    "phone.recording_stopped",
    "phone.recording_completed",
    "phone.voicemail_received",
    "phone.voicemail_transcript_completed",
    "phone.emergency_alert",
];

/// Zoom gives up a webhook after this long.
const ZOOM_WAITS_MS: u128 = 3000;
/// A working day without any event is odd.
const QUIET_HOURS: i64 = 24;

/// The receiver on this machine.
pub(crate) fn receiver(settings: &Settings, server: &Asked<Server>) -> Vec<Line> {
    let probes = match server {
        Asked::Got(server) => &server.probes,
        Asked::Failed(_) => &Asked::NotAsked("the server is not in order, see webhook.receiver".to_owned()),
        Asked::NotAsked(why) => &Asked::NotAsked(why.clone()),
    };
    let reply = |check: Check,
                 pick: fn(&super::facts::Probes) -> &Asked<Reply>,
                 judge: fn(Check, Reply, &Settings) -> Line| {
        match probes {
            Asked::NotAsked(why) => check.skip(why),
            Asked::Failed(failure) => check.fail(failure.text.clone(), NO_ANSWER),
            Asked::Got(probes) => match pick(probes) {
                Asked::Got(reply) => judge(check, *reply, settings),
                Asked::Failed(failure) => check.fail(failure.text.clone(), NO_ANSWER),
                Asked::NotAsked(why) => check.skip(why),
            },
        }
    };
    vec![
        secret(settings),
        running(server),
        reply(checks::CHALLENGE, |probes| &probes.genuine, |check, reply, _| challenge(check, reply)),
        reply(checks::FORGERY, |probes| &probes.forged, forged),
        reply(checks::LATE, |probes| &probes.late, late),
        reply(checks::REPLAY, |probes| &probes.replayed, replayed),
        refused(server),
    ]
}

const NO_ANSWER: &str = "Look at the server's log, and start `offhook serve` anew.";

fn secret(settings: &Settings) -> Line {
    match settings.webhook_secrets.len() {
        0 => checks::WEBHOOK_SECRET.warn(
            "no webhook secret is set: every webhook is answered 503",
            "Copy the Secret Token of the app's Feature page into ZOOM_WEBHOOK_SECRET.",
        ),
        _ if settings.previous_secret => checks::WEBHOOK_SECRET.warn(
            "a webhook secret is set, and the one before it still counts",
            "Remove OFFHOOK_WEBHOOK_SECRET_PREVIOUS when Zoom signs with the new one.",
        ),
        1 => checks::WEBHOOK_SECRET.pass("a webhook secret is set"),
        several => checks::WEBHOOK_SECRET.pass(format!("{several} webhook secrets are set")),
    }
}

fn running(server: &Asked<Server>) -> Line {
    match server {
        Asked::NotAsked(why) => checks::RECEIVER.skip(why),
        Asked::Failed(failure) => checks::RECEIVER.fail(
            failure.text.clone(),
            "See that PORT and OFFHOOK_BIND are those of `offhook serve`, and that no other program has the port.",
        ),
        Asked::Got(server) => match &server.not_ready {
            None => checks::RECEIVER.pass("the Offhook server on this machine is ready"),
            Some(why) => checks::RECEIVER.fail(
                format!("the server is not ready: {why}"),
                "Look at its log; docs/metrics.md says what the word means.",
            ),
        },
    }
}

fn challenge(check: Check, reply: Reply) -> Line {
    match (reply.status, reply.proven) {
        (200, true) if reply.took < ZOOM_WAITS_MS => {
            check.pass(format!("Zoom's challenge is answered well, in {} ms", reply.took))
        }
        (200, true) => check.fail(
            format!("the challenge is answered after {} ms; Zoom waits 3 s", reply.took),
            "Find what slows the way down; Offhook itself takes milliseconds.",
        ),
        (200, false) => check.fail(
            "something answers 200 without proving that it knows the secret: this is not Offhook's receiver",
            "Pass on the path /zoom/webhook to Offhook, body and headers unchanged.",
        ),
        (401, _) => check.fail(
            "the receiver refuses the signature of the secret that is set here (401)",
            "Restart `offhook serve` so that it has the same ZOOM_WEBHOOK_SECRET, and let a proxy leave body and headers as they are.",
        ),
        (503, _) => check.fail(
            "the receiver answers 503: it has no secret, or cannot store",
            "Set ZOOM_WEBHOOK_SECRET for the server, and see storage.space.",
        ),
        (301..=308, _) => check.fail(
            format!("the address answers with a redirect ({}); Zoom follows none", reply.status),
            "Give Zoom the address that the redirect leads to.",
        ),
        (status, _) => check.fail(
            format!("the challenge is answered {status}"),
            "Pass on the path /zoom/webhook to Offhook, with POST.",
        ),
    }
}

fn forged(check: Check, reply: Reply, _: &Settings) -> Line {
    match reply.status {
        401 => check.pass("a request signed with another secret is refused"),
        503 => check.skip("the receiver has no secret to compare with"),
        status => check.fail(
            format!("a request signed with another secret is answered {status}"),
            "Something else than Offhook's receiver answers there; correct the way to it.",
        ),
    }
}

fn late(check: Check, reply: Reply, settings: &Settings) -> Line {
    match reply.status {
        200 => check.pass("a signature as old as Zoom's last retry (85 min) is accepted"),
        401 => check.warn(
            format!(
                "a signature older than {} s is refused, but Zoom retries for 85 minutes",
                settings.max_age
            ),
            "Set OFFHOOK_WEBHOOK_MAX_AGE_SECONDS to 5400 or more, or lose what comes after an outage.",
        ),
        status => check.skip(format!("answered {status}; see webhook.challenge")),
    }
}

fn replayed(check: Check, reply: Reply, settings: &Settings) -> Line {
    match reply.status {
        401 => check.pass(format!("a signature older than {} s is refused", settings.max_age)),
        200 => check.fail(
            format!("a signature older than the {} s that are set is accepted", settings.max_age),
            "Restart `offhook serve` so that it has the same settings.",
        ),
        status => check.skip(format!("answered {status}; see webhook.challenge")),
    }
}

fn refused(server: &Asked<Server>) -> Line {
    let Some(server) = server.got() else {
        return checks::REFUSED.skip("no server runs here to have counted");
    };
    let count = |outcome: &str| server.metric("offhook_webhook_total", &format!("\"{outcome}\""));
    // The doctor's own two, of this run and earlier ones, are among them; a wrong secret at Zoom makes many.
    let (stored, wrong, old) = (count("stored"), count("mismatch"), count("too_old"));
    let foreign = server.metric("offhook_webhook_unknown_account_total", "") + count("foreign_account");
    let counted = format!(
        "since its start the server stored {stored} events and refused {wrong} for their signature, {old} for their age"
    );
    if stored == 0.0 && wrong > 3.0 {
        checks::REFUSED.fail(
            counted,
            "Copy the app's Secret Token again into ZOOM_WEBHOOK_SECRET; the signatures do not fit.",
        )
    } else if foreign > 0.0 {
        checks::REFUSED.warn(
            format!("{counted}; {foreign} were of accounts that are not configured"),
            "Compare ZOOM_ACCOUNT_ID with the account the app belongs to.",
        )
    } else if wrong > stored.max(10.0) || old > 10.0 {
        checks::REFUSED.warn(counted, "See prerequisites.clock; then look for who else sends to the address.")
    } else {
        checks::REFUSED.pass(counted)
    }
}

/// The address that Zoom sends to.
pub(crate) fn public(settings: &Settings, public: &Asked<Public>) -> Line {
    let Some(url) = &settings.public_url else {
        return checks::PUBLIC.skip("no public address is given: --public-url or OFFHOOK_PUBLIC_URL");
    };
    if url.scheme() != "https" || !matches!(url.host(), Some(url::Host::Domain(name)) if name.contains('.')) {
        return checks::PUBLIC.fail(
            "the public address is not https with a name: Zoom sends nowhere else",
            "Give an address such as https://hooks.example.com; a tunnel will do for a start.",
        );
    }
    match public {
        Asked::NotAsked(why) => checks::PUBLIC.skip(why),
        Asked::Failed(failure) => checks::PUBLIC.fail(failure.text.clone(), "Check the address."),
        Asked::Got(public) => match &public.challenge {
            Asked::Got(reply) => challenge(checks::PUBLIC, *reply),
            Asked::NotAsked(why) => checks::PUBLIC.skip(why),
            Asked::Failed(failure) => checks::PUBLIC.fail(
                format!("the public address cannot be reached: {}", failure.text),
                "Check its name, its certificate (a chain that Zoom knows) and the way from there to this machine.",
            ),
        },
    }
}

/// What came in.
pub(crate) fn arrivals(stored: &Asked<Stored>, now: Timestamp) -> Vec<Line> {
    match stored {
        Asked::Got(stored) => vec![last_event(stored, now), events(stored), unfamiliar(stored)],
        Asked::NotAsked(why) => {
            [checks::LAST_EVENT, checks::EVENTS, checks::UNFAMILIAR].map(|check| check.skip(why)).into()
        }
        Asked::Failed(failure) => [checks::LAST_EVENT, checks::EVENTS, checks::UNFAMILIAR]
            .map(|check| check.skip(format!("what is stored cannot be read: {}", failure.text)))
            .into(),
    }
}

fn last_event(stored: &Stored, now: Timestamp) -> Line {
    let last = stored.entries.iter().filter(|entry| entry.door == "webhook").map(|entry| entry.at).max();
    let remedy = "Compare the endpoint address in the app's event subscription with webhook.public, and see that the app is activated.";
    let Some(last) = last else {
        return checks::LAST_EVENT.warn("no event has come in by webhook yet", remedy);
    };
    let minutes = now.duration_since(last).as_mins();
    let ago = if minutes < 120 { format!("{minutes} minutes") } else { format!("{} hours", minutes / 60) };
    if minutes > QUIET_HOURS * 60 {
        checks::LAST_EVENT.warn(format!("the last event came {ago} ago"), remedy)
    } else {
        checks::LAST_EVENT.pass(format!("the last event came {ago} ago"))
    }
}

fn events(stored: &Stored) -> Line {
    let seen: BTreeSet<&str> = stored.entries.iter().map(|entry| entry.event.as_str()).collect();
    let never: Vec<&str> = NEEDED.iter().copied().filter(|event| !seen.contains(event)).collect();
    if never.is_empty() {
        return checks::EVENTS
            .pass(format!("all {} kinds of event that every account has came in", NEEDED.len()));
    }
    let all = NEEDED.iter().chain(USED);
    let subscription = Subscription::to(all, Actor::Admin);
    let ticks = subscription.map_or_else(
        |error| error.to_string(),
        |subscription| {
            format!(
                "In the app's event subscription tick {}; that adds the scopes {}.",
                subscription.events.join(", "),
                subscription.scopes.scopes.join(", ")
            )
        },
    );
    checks::EVENTS.warn(
        format!("among the last {} entries there is no {}", stored.entries.len(), never.join(", ")),
        ticks,
    )
}

fn unfamiliar(stored: &Stored) -> Line {
    let unknown: BTreeSet<&str> = stored
        .entries
        .iter()
        .filter(|entry| entry.door == "webhook" && EventFacts::of(&entry.event).is_none())
        .map(|entry| entry.event.as_str())
        .filter(|event| !event.is_empty())
        .collect();
    let fields: usize = stored.entries.iter().map(|entry| entry.unfamiliar).sum();
    if unknown.is_empty() && fields == 0 {
        return checks::UNFAMILIAR.pass("every event, field and value that came in is known");
    }
    let names = unknown.into_iter().collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none".to_owned() } else { names };
    checks::UNFAMILIAR.warn(
        format!("unknown events: {names}; unknown fields and values: {fields}; all are kept as they came"),
        "Nothing is lost; look for a newer Offhook that reads them.",
    )
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Entry, Probes};
    use super::super::line::Status::{self, Fail, Pass, Skip, Warn};
    use super::*;

    fn reply(status: u16, proven: bool) -> Asked<Reply> {
        Asked::Got(Reply { status, proven, took: 4 })
    }

    fn server(genuine: Asked<Reply>, late: u16) -> Asked<Server> {
        Asked::Got(Server {
            not_ready: None,
            backlog: 0,
            metrics: Vec::new(),
            forwarded: Asked::Got(403),
            probes: Asked::Got(Probes {
                genuine,
                forged: reply(401, false),
                late: reply(late, true),
                replayed: reply(401, false),
            }),
        })
    }

    fn settings() -> Settings {
        Settings {
            webhook_secrets: vec![super::super::facts::SecretLook::Fine],
            max_age: 7200,
            max_ahead: 300,
            ..Settings::default()
        }
    }

    fn of(lines: &[Line], check: Check) -> Status {
        lines.iter().find(|line| line.id == check.id()).unwrap().status
    }

    #[test]
    fn a_receiver_in_order_passes_and_none_is_skipped() {
        let lines = receiver(&settings(), &server(reply(200, true), 200));
        assert!(lines.iter().all(|line| line.status == Pass), "{lines:?}");
        let lines = receiver(&settings(), &Asked::NotAsked("no server".to_owned()));
        assert_eq!((of(&lines, checks::RECEIVER), of(&lines, checks::CHALLENGE)), (Skip, Skip));
        assert_eq!(of(&lines, checks::WEBHOOK_SECRET), Pass);
    }

    #[test]
    fn every_wrong_answer_to_the_challenge_fails() {
        for (status, proven) in
            [(200, false), (204, false), (401, false), (404, false), (503, false), (301, false)]
        {
            let lines = receiver(&settings(), &server(reply(status, proven), 200));
            assert_eq!(of(&lines, checks::CHALLENGE), Fail, "{status}");
        }
        let slow = Asked::Got(Reply { status: 200, proven: true, took: 3500 });
        assert_eq!(of(&receiver(&settings(), &server(slow, 200)), checks::CHALLENGE), Fail);
    }

    #[test]
    fn refusing_zooms_last_retry_is_a_warning() {
        assert_eq!(of(&receiver(&settings(), &server(reply(200, true), 401)), checks::LATE), Warn);
    }

    #[test]
    fn a_receiver_that_takes_forged_or_replayed_requests_fails() {
        let taken = Reply { status: 200, proven: true, took: 4 };
        assert_eq!(forged(checks::FORGERY, taken, &settings()).status, Fail);
        assert_eq!(replayed(checks::REPLAY, taken, &settings()).status, Fail);
    }

    #[test]
    fn counted_refusals_are_read_in_proportion() {
        let judge = |metrics: &[(&str, f64)]| {
            let Asked::Got(mut server) = server(reply(200, true), 200) else { unreachable!() };
            server.metrics = metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            refused(&Asked::Got(server)).status
        };
        let (stored, wrong) =
            ("offhook_webhook_total{outcome=\"stored\"}", "offhook_webhook_total{outcome=\"mismatch\"}");
        assert_eq!(judge(&[(stored, 100.0), (wrong, 2.0)]), Pass);
        assert_eq!(judge(&[(stored, 0.0), (wrong, 50.0)]), Fail);
        assert_eq!(judge(&[(stored, 20.0), (wrong, 50.0)]), Warn);
        assert_eq!(judge(&[(stored, 20.0), ("offhook_webhook_unknown_account_total", 1.0)]), Warn);
    }

    #[test]
    fn a_public_address_must_be_one_that_zoom_sends_to() {
        let with = |url: &str| Settings { public_url: Some(url.parse().unwrap()), ..settings() };
        let good = Asked::Got(Public { challenge: reply(200, true), api: Asked::Got(403) });
        assert_eq!(public(&with("https://hooks.example.com"), &good).status, Pass);
        for url in ["http://hooks.example.com", "https://192.0.2.1", "https://localhost"] {
            assert_eq!(public(&with(url), &good).status, Fail, "{url}");
        }
        let dead = Asked::Got(Public {
            challenge: Asked::Failed(super::super::facts::Failure::default()),
            api: Asked::Got(0),
        });
        assert_eq!(public(&with("https://hooks.example.com"), &dead).status, Fail);
        assert_eq!(public(&settings(), &good).status, Skip);
    }

    fn entry(event: &str, at: &str) -> Entry {
        Entry {
            seq: 1,
            at: at.parse().unwrap(),
            door: "webhook".to_owned(),
            event: event.to_owned(),
            readable: true,
            old_row: false,
            unfamiliar: 0,
        }
    }

    #[test]
    fn events_that_never_came_are_named_with_what_to_tick() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let at = "2026-11-22T09:00:00Z";
        let mut stored =
            Stored { entries: NEEDED.iter().map(|event| entry(event, at)).collect(), ..Stored::default() };
        let all = arrivals(&Asked::Got(stored.clone()), now);
        assert!(all.iter().all(|line| line.status == Pass), "{all:?}");
        stored.entries.retain(|entry| entry.event != "phone.callee_missed");
        let line = events(&stored);
        assert_eq!(line.status, Warn);
        assert!(line.found.contains("phone.callee_missed"), "{}", line.found);
        assert!(line.remedy.unwrap().contains("phone:read:call:admin"));
    }

    #[test]
    fn everything_that_offhook_reads_is_a_documented_event() {
        for event in NEEDED.iter().chain(USED) {
            assert!(EventFacts::of(event).is_some_and(|facts| !facts.deprecated), "{event}");
        }
    }

    #[test]
    fn silence_and_novelty_are_warnings() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let judge = |entry: Entry| {
            let stored = Stored { entries: vec![entry], ..Stored::default() };
            (last_event(&stored, now).status, unfamiliar(&stored).status)
        };
        assert_eq!(judge(entry("phone.callee_ringing", "2026-11-20T09:00:00Z")), (Warn, Pass));
        assert_eq!(judge(entry("phone.novelty", "2026-11-22T09:59:00Z")), (Pass, Warn));
        let odd = Entry { unfamiliar: 2, ..entry("phone.callee_ringing", "2026-11-22T09:59:00Z") };
        assert_eq!(judge(odd), (Pass, Warn));
        assert_eq!(last_event(&Stored::default(), now).status, Warn);
    }
}
