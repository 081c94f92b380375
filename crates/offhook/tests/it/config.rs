//! Settings: where they are read from, how they are shown, what is refused.

use std::{fs, net::TcpListener, path::Path};

use tempfile::TempDir;

use crate::rig::{complaint, ended, offhook, printed, run};

/// A directory with every kind of setting in every place.
fn settled() -> TempDir {
    let directory = TempDir::new().unwrap();
    fs::write(
        directory.path().join("offhook.toml"),
        "[server]\nport = 9000\n[data]\ndir = 'calls'\n[zoom]\nclient_id = 'client-from-file'\nplan = 'business'\n\
         [[account]]\nid = 'second_account_id_00AA'\nwebhook_secret = 'second-webhook-secret'\n",
    )
    .unwrap();
    fs::write(
        directory.path().join(".env"),
        "PORT=9001\nZOOM_ACCOUNT_ID=abcDEFghiJKLmnoPQRstuV\nZOOM_CLIENT_SECRET=client-secret-value\n\
         WEBHOOK_SECRET_TOKEN=webhook-secret-value\nZOOM_REDIRECT_URI=\n",
    )
    .unwrap();
    directory
}

#[test]
fn config_check_shows_every_setting_with_its_origin_and_no_secret() {
    let directory = settled();
    for (args, expected) in [
        (&["config", "check"][..], include_str!("expected/config-check.txt")),
        (&["config", "check", "--json"], include_str!("expected/config-check.json")),
    ] {
        let command = offhook(directory.path()).args(args).env("OFFHOOK_LOG", "debug").output().unwrap();
        let text = printed(&command);
        assert!(text == expected, "{args:?} printed this instead of what is committed:\n{text}");
        for secret in ["client-secret-value", "webhook-secret-value", "second-webhook-secret"] {
            assert!(!text.contains(secret));
        }
    }
}

#[test]
fn with_nothing_set_the_check_passes_and_says_what_is_missing() {
    let directory = TempDir::new().unwrap();
    let text = printed(&run(directory.path(), &["config", "check"]));
    assert!(text.contains("warning: zoom.webhook_secret is not set"), "{text}");
    assert!(text.contains("warning: zoom.client_id is not set"), "{text}");
}

/// What a start is refused with; nothing may have been made on disk.
fn refused(directory: &Path, args: &[&str], env: &[(&str, &str)]) -> String {
    let output = ended(offhook(directory).args(args).envs(env.iter().copied()));
    assert_eq!(output.status.code(), Some(1), "{args:?}: {}", complaint(&output));
    assert!(!directory.join("data").exists(), "{args:?} touched the disk");
    complaint(&output)
}

#[test]
fn another_address_than_loopback_is_refused_with_the_reason() {
    let directory = TempDir::new().unwrap();
    for (args, env) in [
        (&["serve", "--bind", "0.0.0.0"][..], &[][..]),
        (&["serve"], &[("OFFHOOK_BIND", "192.0.2.7")]),
        (&["serve", "--bind", "::"], &[]),
        (&["config", "check"], &[("OFFHOOK_BIND", "0.0.0.0")]),
    ] {
        let output = ended(offhook(directory.path()).args(args).envs(env.iter().copied()));
        assert_eq!(output.status.code(), Some(1));
        let text = complaint(&output) + &String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("there is no sign-in yet"), "{args:?}: {text}");
    }
    assert!(!directory.path().join("data").exists());
}

#[test]
fn a_misspelt_setting_stops_every_command_that_would_use_the_settings() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("offhook.toml"), "[data]\ndri = 'elsewhere'\n").unwrap();
    for args in [&["serve", "--port", "0"][..], &["rebuild"]] {
        let text = refused(directory.path(), args, &[]);
        assert!(text.contains("there is no setting data.dri"), "{text}");
        assert!(text.contains("offhook config check"), "{text}");
    }
    fs::write(directory.path().join("offhook.toml"), "[data\n").unwrap();
    assert!(refused(directory.path(), &["serve"], &[]).contains("is not valid TOML"));
    let missing = refused(directory.path(), &["serve", "--config", "nowhere.toml"], &[]);
    assert!(missing.contains("cannot read the settings file nowhere.toml"), "{missing}");
}

#[test]
fn values_that_cannot_be_are_refused_and_a_secret_is_not_repeated() {
    let directory = TempDir::new().unwrap();
    for (name, value, part) in [
        ("PORT", "eighty", "is no port"),
        ("ZOOM_ACCOUNT_ID", "1234567890", "is the account number"),
        ("ZOOM_WEBHOOK_SECRET", "two words", "has a space"),
        ("OFFHOOK_ZOOM_API_URL", "http://zoom.example", "is not https"),
        ("OFFHOOK_LOG", "verbose", "is no log level"),
        ("ZOOM_PLAN", "enterprise", "business is also education, enterprise"),
    ] {
        let text = refused(directory.path(), &["serve"], &[(name, value)]);
        assert!(text.contains(part), "{name}: {text}");
        assert!(!text.contains("two words"), "{text}");
    }
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_is_touched() {
    let directory = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = refused(directory.path(), &["serve", "--port", &port], &[]);
    assert!(text.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{text}");
    assert!(text.contains("choose another port"), "{text}");
}
