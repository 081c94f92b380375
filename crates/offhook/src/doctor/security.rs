//! Secrets, files, addresses.

use url::Url;
use zoom_phone::embed::Origin;

use super::{
    checks,
    facts::{Asked, Git, Machine, Public, SecretLook, Server, Settings, is_local},
    line::Line,
};

/// Everything about who might get at something.
pub(crate) fn judge(
    settings: &Settings,
    machine: &Machine,
    server: &Asked<Server>,
    public: &Asked<Public>,
) -> Vec<Line> {
    vec![
        secret(settings),
        files(machine),
        git(machine),
        listening(settings),
        forwarded(server, public),
        tls(settings),
        origin(settings),
        tokens(machine),
    ]
}

fn secret(settings: &Settings) -> Line {
    let looks = |look| settings.webhook_secrets.contains(&look);
    let remedy =
        "Copy the app's own Secret Token; whoever knows the secret can send you calls that never were.";
    if settings.webhook_secrets.is_empty() {
        checks::SECRET_VALUE.skip("no webhook secret is set")
    } else if looks(SecretLook::Example) && settings.emulated() {
        checks::SECRET_VALUE
            .pass("the webhook secret is the emulator's, and Zoom is an emulator on this machine")
    } else if looks(SecretLook::Example) {
        checks::SECRET_VALUE.fail("the webhook secret is an example that anybody knows", remedy)
    } else if looks(SecretLook::Short) {
        checks::SECRET_VALUE.warn("the webhook secret has fewer than 16 characters; Zoom's have 22", remedy)
    } else {
        checks::SECRET_VALUE.pass("the webhook secret looks like one of Zoom's")
    }
}

fn files(machine: &Machine) -> Line {
    let named = |secret| -> Vec<String> {
        let of_kind = machine.open_files.iter().filter(|file| file.secret == secret);
        of_kind.map(|file| format!("{} ({:o})", file.path, file.mode)).collect()
    };
    let (secrets, calls) = (named(true), named(false));
    let paths: Vec<&str> = machine.open_files.iter().map(|file| file.path.as_str()).collect();
    let remedy = format!("Run `chmod go= {}`.", paths.join(" "));
    if !secrets.is_empty() {
        checks::FILES
            .warn(format!("others on this machine may read secrets in {}", secrets.join(", ")), remedy)
    } else if !calls.is_empty() {
        checks::FILES.warn(format!("others on this machine may list what is in {}", calls.join(", ")), remedy)
    } else if machine.files == 0 {
        checks::FILES.skip("there are no files of Offhook here yet")
    } else {
        checks::FILES.pass(format!(
            "what holds secrets or calls here ({} files and folders) is for its owner only",
            machine.files
        ))
    }
}

fn git(machine: &Machine) -> Line {
    match &machine.git {
        Asked::Got(Git::Ignored) => checks::GIT.pass(".env is kept out of git"),
        Asked::Got(Git::NotIgnored) => {
            checks::GIT.warn(".env is not in git, but nothing keeps it out", "Add .env to .gitignore.")
        }
        Asked::Got(Git::Tracked) => checks::GIT.fail(
            ".env is in git, and so are its secrets, for ever",
            "Run `git rm --cached .env`, add it to .gitignore, and make new secrets at Zoom.",
        ),
        Asked::Skipped(why) => checks::GIT.skip(why),
        Asked::Failed(failure) => checks::GIT.skip(failure.text.clone()),
    }
}

fn listening(settings: &Settings) -> Line {
    match settings.address {
        Some(address) if address.ip().is_loopback() => {
            checks::LISTENING.pass(format!("the server listens on {address}, for this machine only"))
        }
        Some(address) => checks::LISTENING.fail(
            format!("the server is to listen on {address}, open to the network, and there is no sign-in yet"),
            "Set OFFHOOK_BIND to 127.0.0.1, and let a proxy or tunnel pass on /zoom/webhook only.",
        ),
        None => checks::LISTENING.skip("there is no address to listen on"),
    }
}

fn forwarded(server: &Asked<Server>, public: &Asked<Public>) -> Line {
    if let Some(Asked::Got(status @ 200..=299)) = public.got().map(|public| &public.api) {
        return checks::FORWARDED.fail(
            format!("the public address shows stored events to anybody (status {status})"),
            "Let the proxy pass on the path /zoom/webhook and nothing else, at once.",
        );
    }
    match server.got().map(|server| &server.forwarded) {
        Some(Asked::Got(403)) => {
            checks::FORWARDED.pass("what a proxy passes on beside the webhook is refused")
        }
        Some(Asked::Got(status)) => checks::FORWARDED.fail(
            format!("a question that came through a proxy is answered {status}"),
            "Something else than Offhook answers at the port; see webhook.receiver.",
        ),
        Some(Asked::Failed(failure)) => checks::FORWARDED.skip(failure.text.clone()),
        Some(Asked::Skipped(why)) => checks::FORWARDED.skip(why),
        None => checks::FORWARDED.skip("no server runs here"),
    }
}

fn tls(settings: &Settings) -> Line {
    let urls = [
        ("OFFHOOK_ZOOM_API_URL", &settings.api_url),
        ("OFFHOOK_ZOOM_OAUTH_URL", &settings.oauth_url),
        ("the public address", &settings.public_url),
    ];
    let plain: Vec<&str> = urls
        .iter()
        .filter(|(_, url)| url.as_ref().is_some_and(|url| url.scheme() != "https" && !is_local(url)))
        .map(|(name, _)| *name)
        .collect();
    if plain.is_empty() {
        checks::TLS.pass("everything that leaves this machine is encrypted")
    } else {
        checks::TLS
            .fail(format!("{} is not https", plain.join(" and ")), "Use https; tokens and calls go that way.")
    }
}

fn origin(settings: &Settings) -> Line {
    let Some(text) = &settings.embed_origin else {
        return checks::ORIGIN.skip("ZOOM_PHONE_SMART_EMBED_ORIGIN is not set");
    };
    let trusted =
        Origin::default().is(text.trim_end_matches('/')) || Url::parse(text).is_ok_and(|url| is_local(&url));
    if trusted {
        checks::ORIGIN.pass("messages about calls are taken from Zoom's origin or this machine only")
    } else {
        checks::ORIGIN.warn(
            "messages about calls are taken from an origin that is not Zoom's",
            format!("Set ZOOM_PHONE_SMART_EMBED_ORIGIN to {}.", Origin::default().as_str()),
        )
    }
}

fn tokens(machine: &Machine) -> Line {
    let open = machine.grants.iter().filter(|(_, sealed)| !sealed).count();
    match machine.grants.len() {
        0 => checks::TOKENS.pass("no token of a person is stored; server-to-server tokens stay in memory"),
        all if open == 0 => checks::TOKENS.pass(format!("all of {all} stored tokens are encrypted")),
        all => checks::TOKENS.fail(
            format!("{open} of {all} stored tokens are not encrypted"),
            "Run `offhook auth logout`, delete the files, and sign in again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::OpenFile;
    use super::super::line::Status::{Fail, Pass, Skip, Warn};
    use super::*;

    #[test]
    fn an_example_secret_is_good_for_an_emulator_only() {
        let with = |looks: &[SecretLook], api: Option<&str>| {
            secret(&Settings {
                webhook_secrets: looks.to_vec(),
                api_url: api.map(|url| url.parse().unwrap()),
                ..Settings::default()
            })
            .status
        };
        assert_eq!(with(&[SecretLook::Example], None), Fail);
        assert_eq!(with(&[SecretLook::Example], Some("http://127.0.0.1:8090/v2")), Pass);
        assert_eq!(with(&[SecretLook::Example], Some("https://127.0.0.1.example/v2")), Fail);
        assert_eq!(with(&[SecretLook::Fine, SecretLook::Short], None), Warn);
        assert_eq!(with(&[SecretLook::Fine], None), Pass);
        assert_eq!(with(&[], None), Skip);
    }

    #[test]
    fn files_that_others_may_read_are_named_with_the_command() {
        let file = |secret| OpenFile { path: "a".to_owned(), mode: 0o644, secret };
        let with = |files: Vec<OpenFile>| files_of(files);
        assert_eq!(with(Vec::new()).status, Pass);
        assert_eq!(with(vec![file(false)]).status, Warn);
        let line = with(vec![file(true)]);
        assert!(line.found.contains("a (644)"), "{}", line.found);
        assert_eq!(line.remedy.unwrap(), "Run `chmod go= a`.");
    }

    fn files_of(open_files: Vec<OpenFile>) -> Line {
        files(&Machine { open_files, files: 2, ..Machine::nothing() })
    }

    #[test]
    fn the_table_of_git_and_addresses() {
        for (found, expected) in [(Git::Ignored, Pass), (Git::NotIgnored, Warn), (Git::Tracked, Fail)] {
            assert_eq!(git(&Machine { git: Asked::Got(found), ..Machine::nothing() }).status, expected);
        }
        for (address, expected) in [("127.0.0.1:8080", Pass), ("[::1]:80", Pass), ("0.0.0.0:8080", Fail)] {
            let settings = Settings { address: address.parse().ok(), ..Settings::default() };
            assert_eq!(listening(&settings).status, expected, "{address}");
        }
        for (url, expected) in
            [("https://a.example/", Pass), ("http://127.0.0.1:1/", Pass), ("http://a.example/", Fail)]
        {
            let settings = Settings { oauth_url: url.parse().ok(), ..Settings::default() };
            assert_eq!(tls(&settings).status, expected, "{url}");
        }
        for (origin_text, expected) in [
            ("https://applications.zoom.us", Pass),
            ("http://localhost:8090", Pass),
            ("https://zoom.us.example", Warn),
        ] {
            let settings = Settings { embed_origin: Some(origin_text.to_owned()), ..Settings::default() };
            assert_eq!(origin(&settings).status, expected, "{origin_text}");
        }
    }

    #[test]
    fn what_the_public_address_shows_counts_most() {
        let shown =
            |api| Asked::Got(Public { challenge: Asked::Skipped(String::new()), api: Asked::Got(api) });
        let server = |status| {
            Asked::Got(Server {
                not_ready: None,
                backlog: 0,
                metrics: Vec::new(),
                forwarded: Asked::Got(status),
                probes: Asked::Skipped(String::new()),
            })
        };
        assert_eq!(forwarded(&server(403), &shown(200)).status, Fail);
        assert_eq!(forwarded(&server(403), &shown(404)).status, Pass);
        assert_eq!(forwarded(&server(200), &shown(404)).status, Fail);
        let nobody = Asked::Skipped("no server".to_owned());
        assert_eq!(forwarded(&nobody, &Asked::Skipped(String::new())).status, Skip);
    }

    #[test]
    fn a_stored_token_that_is_not_sealed_fails() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        for (grants, expected) in
            [(vec![], Pass), (vec![(at, true)], Pass), (vec![(at, true), (at, false)], Fail)]
        {
            assert_eq!(tokens(&Machine { grants, ..Machine::nothing() }).status, expected);
        }
    }
}
