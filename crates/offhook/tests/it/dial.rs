//! `offhook dial` and `offhook sms`.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{complaint, offhook, printed, run};

#[test]
fn addresses_are_printed() {
    let directory = TempDir::new().unwrap();
    for (args, address) in [
        (&["dial", "+1", "415", "555", "0142"][..], "zoomphonecall://+14155550142"),
        (&["dial", "(415) 555-0142"], "zoomphonecall://+14155550142"),
        (&["dial", "812", "--caller-id", "+14155550100"], "zoomphonecall://812?callerid=+14155550100"),
        (&["dial", "030 1234567", "--region", "de", "--scheme", "tel"], "tel:+49301234567"),
        (&["dial", "+14155550142", "--scheme", "callto"], "callto:+14155550142"),
        (
            &["sms", "+14155550142", "--caller-id", "+14155550100"],
            "zoomphonesms://+14155550142?callerid=+14155550100",
        ),
    ] {
        let output = run(directory.path(), &[args, &["--print"]].concat());
        assert_eq!(printed(&output), format!("{address}\n"), "{args:?}");
        assert_eq!(complaint(&output), "");
    }
    let json = printed(&run(directory.path(), &["dial", "812", "--print", "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["uri"], "zoomphonecall://812");
}

#[test]
fn what_could_smuggle_something_in_is_refused() {
    let directory = TempDir::new().unwrap();
    for number in [
        "+14155550142;rm -rf",
        "+14155550142?callerid=1",
        "javascript:alert(1)",
        "+14155550142%0a",
        "+14155550142,+14155550143",
        "",
    ] {
        let output = run(directory.path(), &["dial", "--print", number]);
        assert_eq!(output.status.code(), Some(2), "{number}: {}", complaint(&output));
        assert!(output.stdout.is_empty(), "{number}");
        assert!(
            complaint(&output).starts_with("error: the number cannot be used: "),
            "{}",
            complaint(&output)
        );
    }
    let country = run(directory.path(), &["dial", "812", "--region", "Germany"]);
    assert!(complaint(&country).contains("no country `Germany`"), "{}", complaint(&country));
    let tel = run(directory.path(), &["dial", "812", "--scheme", "tel", "--caller-id", "813"]);
    assert_eq!(tel.status.code(), Some(2), "{}", complaint(&tel));
}

#[test]
fn emergency_numbers_are_passed_on_untouched_with_a_word_of_caution() {
    let directory = TempDir::new().unwrap();
    let output = run(directory.path(), &["dial", "911", "--print"]);
    assert_eq!(printed(&output), "zoomphonecall://911\n");
    assert!(complaint(&output).contains("911 is an emergency number"), "{}", complaint(&output));
}

/// With an opener that does this.
fn opening(directory: &TempDir, script: &str, args: &[&str]) -> Output {
    let opener = directory.path().join("xdg-open");
    fs::write(&opener, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = offhook(directory.path());
    command.args(args).env("PATH", directory.path()).env("DISPLAY", ":0");
    command.output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn an_address_is_handed_to_the_opener_of_the_system() {
    let directory = TempDir::new().unwrap();
    let output = opening(&directory, "echo \"$#:$1\" > opened", &["dial", "812"]);
    assert_eq!(printed(&output), "");
    assert!(complaint(&output).contains("Handed to Zoom"), "{}", complaint(&output));
    assert_eq!(fs::read_to_string(directory.path().join("opened")).unwrap(), "1:zoomphonecall://812\n");

    let output = opening(&directory, "exit 3", &["dial", "812"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "zoomphonecall://812\n", "to be opened elsewhere");
    let text = complaint(&output);
    assert!(
        text.contains("no program") && text.contains("--scheme tel") && text.contains("by hand"),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_address_is_printed() {
    let directory = TempDir::new().unwrap();
    let output = run(directory.path(), &["sms", "+14155550142"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "zoomphonesms://+14155550142\n");
    assert!(complaint(&output).contains("no display"), "{}", complaint(&output));
}
