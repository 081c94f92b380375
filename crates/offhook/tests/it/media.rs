//! `offhook media` against a server that fetches recordings of an emulated company, and is killed while it does.

use std::{fs, path::Path, process::Command};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_phone_emulator::{Emulator, Fault, Running, What};

use crate::rig::{ACCOUNT, SECRET, Serving, complaint, eventually, now, offhook, printed, run};

/// `offhook serve` with these settings, for this company.
fn serve(directory: &TempDir, zoom: &Running, media: &str) -> Command {
    let origin = zoom.origin();
    let settings = format!(
        "[zoom]\naccount_id = '{ACCOUNT}'\nclient_id = 'demo_client_id_000000A'\n\
         client_secret = 'demo_client_secret'\napi_url = '{origin}/v2'\noauth_url = '{origin}/oauth/token'\n\
         [sync]\nevery_seconds = 0\nnightly_at = 'off'\n[media]\n{media}"
    );
    fs::write(directory.path().join("offhook.toml"), settings).unwrap();
    let mut command = offhook(directory.path());
    command.args(["serve", "--port", "0"]).env("ZOOM_WEBHOOK_SECRET", SECRET).env("OFFHOOK_LOG", "debug");
    command
}

/// Has the commands ask this server.
fn point_at(directory: &TempDir, server: &Serving) {
    let port = server.base.rsplit_once(':').unwrap().1;
    fs::write(directory.path().join(".env"), format!("PORT={port}\n")).unwrap();
}

/// A company in which one recorded call is over.
async fn company() -> Running {
    let zoom = Emulator::builder().at(now() - SignedDuration::from_hours(3)).start().await.unwrap();
    zoom.trigger("recorded", json!({})).await.unwrap();
    zoom.advance(SignedDuration::from_hours(2)).await;
    zoom
}

async fn tell(server: &Serving, zoom: &Running) {
    for event in zoom.events() {
        assert_eq!(server.post(&event).await, Some(204));
    }
}

fn ask(directory: &TempDir, args: &[&str]) -> Value {
    let args = [&["media"][..], args, &["--json"]].concat();
    serde_json::from_str(&printed(&run(directory.path(), &args))).unwrap()
}

/// The recording, once it is in a state.
async fn recording(directory: &TempDir, state: &str) -> Value {
    eventually(state, || async {
        let list = ask(directory, &["list", "--kind", "recording", "--state", state]);
        list["files"].as_array().unwrap().first().cloned()
    })
    .await
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_a_file_fetches_it_when_it_runs_again_and_tells_no_secret() {
    let directory = TempDir::new().unwrap();
    let zoom = company().await;
    zoom.fault(Fault {
        times: Some(1),
        operation: Some("phoneDownloadRecordingFile".to_owned()),
        ..What::SlowBody { milliseconds: 20_000 }.into()
    });
    let settings = "fetch = true\nencrypt = true\nkinds = 'recording'\n";
    let server = Serving::spawn(&directory, serve(&directory, &zoom, settings)).await;
    tell(&server, &zoom).await;
    let drafts = directory.path().join("data/media/drafts");
    eventually("a draft", || async { (files(&drafts) == 1).then_some(()) }).await;
    server.kill();
    assert_eq!(files(&drafts), 1, "as the kill left it");
    assert_eq!(files(&directory.path().join("data/media")), 1, "nothing under its final name");

    let server = Serving::spawn(&directory, serve(&directory, &zoom, settings)).await;
    point_at(&directory, &server);
    let file = recording(&directory, "here").await;
    assert_eq!(files(&drafts), 0);
    assert_eq!((&file["encrypted"], &file["content_type"]), (&json!(true), &json!("audio/mpeg")));
    let verified = ask(&directory, &["verify"]);
    assert_eq!((&verified["damaged"], &verified["files"][0]["intact"]), (&json!(0), &json!(true)));
    let log = fs::read_to_string(directory.path().join("log")).unwrap();
    for secret in ["download/", "jwt=", "Bearer", "demo_client_secret"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_fetched_held_released_verified_and_deleted_from_the_command_line() {
    let directory = TempDir::new().unwrap();
    let zoom = company().await;
    let server = Serving::spawn(&directory, serve(&directory, &zoom, "")).await;
    point_at(&directory, &server);
    let empty = run(directory.path(), &["media", "list"]);
    assert!(printed(&empty).is_empty() && complaint(&empty).contains("No files match"));
    tell(&server, &zoom).await;
    let id = recording(&directory, "skipped").await["id"].as_str().unwrap().to_owned();
    ask(&directory, &["fetch", &id, "--who", "anna"]);
    let file = recording(&directory, "here").await;
    let list = run(directory.path(), &["media", "list", "--call", file["call_id"].as_str().unwrap()]);
    let table = printed(&list);
    assert!(table.starts_with("RECORDED") && table.contains(&id) && table.lines().count() == 3, "{table}");
    assert!(complaint(&list).contains("media.fetch is not set"), "{}", complaint(&list));

    ask(&directory, &["hold", &id, "--who", "anna", "--reason", "case 7"]);
    assert_eq!(ask(&directory, &["list", "--held"])["files"].as_array().unwrap().len(), 1);
    let refused = run(directory.path(), &["media", "purge", &id, "--reason", "old"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("legal hold by anna: case 7"), "{}", complaint(&refused));
    assert_eq!(ask(&directory, &["release", &id, "--who", "anna"])["hold"], Value::Null);

    let path = directory.path().join("data/media").join(&id[..2]).join(format!("{id}.mp3"));
    fs::write(&path, b"something else").unwrap();
    let damaged = run(directory.path(), &["media", "verify"]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&damaged.stdout).contains("1 files, 1 of them damaged"));
    assert_eq!(ask(&directory, &["purge", &id, "--reason", "damaged"])["state"], "deleted");
    assert!(!path.exists());
    let unknown = run(directory.path(), &["media", "fetch", "nothing"]);
    assert!(complaint(&unknown).contains("no file is known by \"nothing\""), "{}", complaint(&unknown));
}
