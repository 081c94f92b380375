//! `offhook emulator`: running it, and talking to one that runs.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;
use zoom_phone_emulator::{Emulator, Running};

use crate::rig::{Serving, complaint, offhook, printed, run};

/// Runs a command against an emulator of this process.
async fn told(zoom: &Running, directory: &TempDir, args: &[&str]) -> String {
    let (url, path) = (zoom.origin().to_owned(), directory.path().to_owned());
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || {
        let mut command = offhook(&path);
        // Credentials in the environment are for running one; they must not stand in the way here.
        command.env("OFFHOOK_EMULATOR", url).env("ZOOM_CLIENT_ID", "somebody").arg("emulator").args(args);
        command.output().unwrap()
    });
    printed(&output.await.unwrap())
}

async fn json(zoom: &Running, directory: &TempDir, args: &[&str]) -> Value {
    serde_json::from_str(&told(zoom, directory, &[args, &["--json"]].concat()).await).unwrap()
}

#[tokio::test]
async fn a_script_plays_a_call_lets_it_end_and_finds_it_in_the_ledger() {
    let directory = TempDir::new().unwrap();
    let zoom = Emulator::builder().start().await.unwrap();
    assert_eq!(told(&zoom, &directory, &["health"]).await, "ok\n");
    let call = json(&zoom, &directory, &["trigger", "inbound_answered"]).await["call"].clone();
    let before = json(&zoom, &directory, &["clock"]).await;
    let after = json(&zoom, &directory, &["clock", "--advance", "2h"]).await;
    let seconds =
        |clock: &Value| clock["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(seconds(&after) - seconds(&before), 7200);
    assert_eq!(json(&zoom, &directory, &["clock", "--speed", "60x"]).await["speed"], 60.0);
    assert_eq!(json(&zoom, &directory, &["clock", "--pause"]).await["paused"], true);
    let ledger = json(&zoom, &directory, &["ledger"]).await;
    assert_eq!(ledger["calls"][0]["call_id"], call["call_id"]);
    let table = told(&zoom, &directory, &["ledger"]).await;
    assert!(
        table.contains("inbound_answered") && table.contains(call["call_id"].as_str().unwrap()),
        "{table}"
    );
    let events = json(&zoom, &directory, &["events", "list", "--event", "phone.callee_ringing"]).await;
    let id = events["events"][0]["id"].to_string();
    let shown = told(&zoom, &directory, &["events", "show", &id]).await;
    assert!(shown.contains("phone.callee_ringing"), "{shown}");
}

#[tokio::test]
async fn faults_are_switched_on_with_fields_of_their_kind_and_off_again() {
    let directory = TempDir::new().unwrap();
    let zoom = Emulator::builder().start().await.unwrap();
    let added = ["faults", "add", "status", "status=503", "retry_after=30", "times=2"];
    assert_eq!(told(&zoom, &directory, &added).await, "status status=503 retry_after=30 times=2\n");
    let plan = directory.path().join("plan.toml");
    fs::write(&plan, "[[fault]]\nfault = \"clock_skew\"\nseconds = -400\n").unwrap();
    let listed = told(&zoom, &directory, &["faults", "add", "--file", plan.to_str().unwrap()]).await;
    assert!(listed.ends_with("clock_skew seconds=-400\n"), "{listed}");
    let kinds = told(&zoom, &directory, &["faults", "kinds"]).await;
    assert!(kinds.contains("event_drop") && kinds.contains("milliseconds"), "{kinds}");
    assert_eq!(told(&zoom, &directory, &["faults", "clear"]).await, "");
}

#[tokio::test]
async fn a_snapshot_goes_to_a_file_and_comes_back() {
    let directory = TempDir::new().unwrap();
    let zoom = Emulator::builder().start().await.unwrap();
    json(&zoom, &directory, &["trigger", "inbound_answered"]).await;
    let file = directory.path().join("state.json");
    let file = file.to_str().unwrap();
    let saved = json(&zoom, &directory, &["snapshot", "save", file]).await;
    json(&zoom, &directory, &["clock", "--advance", "2h"]).await;
    assert_eq!(json(&zoom, &directory, &["ledger"]).await["calls"].as_array().unwrap().len(), 1);
    let restored = json(&zoom, &directory, &["snapshot", "restore", file]).await;
    assert_eq!(restored["now"], saved["now"]);
    assert_eq!(json(&zoom, &directory, &["ledger"]).await["calls"].as_array().unwrap().len(), 0);
    json(&zoom, &directory, &["clock", "--advance", "2h"]).await;
    let totals = json(&zoom, &directory, &["ledger", "--totals"]).await;
    assert_eq!(totals["calls"], 1, "{totals}");
}

#[tokio::test]
async fn what_the_emulator_refuses_is_said_as_it_says_it() {
    let directory = TempDir::new().unwrap();
    let zoom = Emulator::builder().start().await.unwrap();
    for (args, said) in [
        (vec!["trigger", "earthquake"], "there is no scenario \"earthquake\""),
        (vec!["events", "resend", "7"], "There is no event 7 in the log"),
        (vec!["clock", "--advance", "soon"], "advance"),
        (vec!["faults", "add", "status", "status=99"], "`status` must be 400 to 599"),
    ] {
        let args = [vec!["emulator"], args, vec!["--url", zoom.origin()]].concat();
        let (path, args): (_, Vec<String>) =
            (directory.path().to_owned(), args.into_iter().map(str::to_owned).collect());
        let output = tokio::task::spawn_blocking(move || offhook(&path).args(args).output().unwrap());
        let output = output.await.unwrap();
        assert!(!output.status.success());
        assert!(complaint(&output).contains(said), "{}", complaint(&output));
    }
}

#[test]
fn without_an_emulator_the_error_says_how_to_start_one() {
    let directory = TempDir::new().unwrap();
    // Port 9 (discard) is nobody's here.
    let output = run(directory.path(), &["emulator", "ledger", "--url", "http://127.0.0.1:9"]);
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(
        said.contains("no emulator answers at http://127.0.0.1:9/; start it with `offhook emulator`"),
        "{said}"
    );
}

#[tokio::test]
async fn it_runs_as_its_options_say() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("plan.toml"), "[[fault]]\nfault = \"event_drop\"\n").unwrap();
    fs::write(
        directory.path().join("apps.toml"),
        "[[app]]\nkind = \"server_to_server\"\nclient_id = \"mine\"\nclient_secret = \"secret\"\n",
    )
    .unwrap();
    let mut command = offhook(directory.path());
    command.args(["emulator", "--port", "0", "--listen", "0.0.0.0", "--temper", "field", "--speed", "0"]);
    command.args(["--fault-plan", "plan.toml", "--apps", "apps.toml", "--limits", "pro"]);
    let zoom = Serving::spawn(&directory, command).await;
    let base = zoom.base.replace("0.0.0.0", "127.0.0.1").trim_end_matches("/_emulator").to_owned();
    let ask = async |path: &str| -> Value {
        zoom.http.get(format!("{base}/_emulator{path}")).send().await.unwrap().json().await.unwrap()
    };
    let state = ask("/state").await;
    assert_eq!((&state["temper"], &state["speed"]), (&"field".into(), &0.0.into()));
    let faults = ask("/faults").await;
    assert!(
        faults["faults"].as_array().unwrap().iter().any(|fault| fault["fault"] == "event_drop"),
        "{faults}"
    );
    assert_eq!(ask("/apps").await["apps"][0]["client_id"], "mine");
    assert_eq!(ask("/limits").await["plan"], "pro");
    let log = fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains("everybody who reaches this address"), "{log}");
}
