//! Receiving events: the secret, the receiver on this machine, the public address.

use super::{
    checks::{self, Check},
    facts::{Asked, Public, Reply, Server, Settings},
    line::Line,
};

/// Zoom gives up a webhook after this long.
const ZOOM_WAITS_MS: u128 = 3000;

/// The receiver on this machine.
pub(crate) fn receiver(settings: &Settings, server: &Asked<Server>) -> Vec<Line> {
    let probes = match server {
        Asked::Got(server) => &server.probes,
        Asked::Failed(_) => &Asked::Skipped("the server is not in order, see webhook.receiver".to_owned()),
        Asked::Skipped(why) => &Asked::Skipped(why.clone()),
    };
    let reply = |check: Check,
                 pick: fn(&super::facts::Probes) -> &Asked<Reply>,
                 judge: fn(Check, Reply, &Settings) -> Line| {
        match probes {
            Asked::Skipped(why) => check.skip(why),
            Asked::Failed(failure) => check.fail(failure.text.clone(), NO_ANSWER),
            Asked::Got(probes) => match pick(probes) {
                Asked::Got(reply) => judge(check, *reply, settings),
                Asked::Failed(failure) => check.fail(failure.text.clone(), NO_ANSWER),
                Asked::Skipped(why) => check.skip(why),
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
        0 if settings.websocket => checks::WEBHOOK_SECRET
            .pass("no webhook secret is set, and none is needed: events come over WebSocket"),
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
        Asked::Skipped(why) => checks::RECEIVER.skip(why),
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
        Asked::Skipped(why) => checks::PUBLIC.skip(why),
        Asked::Failed(failure) => checks::PUBLIC.fail(failure.text.clone(), "Check the address."),
        Asked::Got(public) => match &public.challenge {
            Asked::Got(reply) => challenge(checks::PUBLIC, *reply),
            Asked::Skipped(why) => checks::PUBLIC.skip(why),
            Asked::Failed(failure) => checks::PUBLIC.fail(
                format!("the public address cannot be reached: {}", failure.text),
                "Check its name, its certificate (a chain that Zoom knows) and the way from there to this machine.",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::Probes;
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
        let lines = receiver(&settings(), &Asked::Skipped("no server".to_owned()));
        assert_eq!((of(&lines, checks::RECEIVER), of(&lines, checks::CHALLENGE)), (Skip, Skip));
        assert_eq!(of(&lines, checks::WEBHOOK_SECRET), Pass);
    }

    #[test]
    fn a_secret_is_needed_unless_events_come_another_way() {
        for (websocket, expected) in [(false, Warn), (true, Pass)] {
            assert_eq!(secret(&Settings { websocket, ..Settings::default() }).status, expected);
        }
        assert_eq!(secret(&Settings { previous_secret: true, ..settings() }).status, Warn);
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
}
