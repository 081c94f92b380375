//! The examples, run as the programs they are, against the emulator. `cargo test` builds them.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use zoom_phone_emulator::{Config, DEMO_WEBHOOK_SECRET, Subscription};

use crate::emulator::{Known, Zoom};

fn start(name: &str, configure: impl FnOnce(&mut Command)) -> (Child, Lines<BufReader<ChildStdout>>) {
    let this = std::env::current_exe().unwrap();
    let program = this.parent().unwrap().parent().unwrap().join("examples").join(name);
    let mut command = Command::new(&program);
    configure(command.stdout(Stdio::piped()).kill_on_drop(true));
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; build the examples first", program.display()));
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, said)
}

fn credentials(command: &mut Command, zoom: &Zoom) {
    let config = Config::default();
    command
        .env("ZOOM_CLIENT_ID", &config.apps[0].client_id)
        .env("ZOOM_CLIENT_SECRET", &config.apps[0].client_secret)
        .env("ZOOM_ACCOUNT_ID", config.account_id)
        .env("ZOOM_TOKEN_URL", format!("http://{}/oauth/token", zoom.address))
        .env("ZOOM_API_URL", format!("http://{}/v2", zoom.address));
}

async fn lines(mut said: Lines<BufReader<ChildStdout>>) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = said.next_line().await.unwrap() {
        lines.push(line);
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn list_users_names_everybody_and_their_extension() {
    let zoom = Zoom::start().await;
    let (mut child, said) = start("list_users", |command| credentials(command, &zoom));
    let users = lines(said).await;
    assert!(child.wait().await.unwrap().success());
    assert_eq!(users.len(), 36, "{users:?}");
    assert!(
        users.iter().all(|line| line.split(' ').next().is_some_and(|it| it.parse::<u32>().is_ok())),
        "{users:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_calls_has_the_call_that_was_made() {
    let zoom = Zoom::start().await;
    Known::of(&zoom, &zoom.client()).await;
    // The emulator's time runs fast, and Zoom tells of six months only.
    let now = zoom.now().await;
    let days = |days: i64| (now + jiff::SignedDuration::from_hours(24 * days)).to_string();
    let (mut child, said) = start("month_of_calls", |command| {
        credentials(command, &zoom);
        command.args([days(-60), days(60)]);
    });
    let calls = lines(said).await;
    assert!(child.wait().await.unwrap().success());
    assert!(matches!(&calls[..], [call] if call.ends_with(" answered")), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn receive_webhooks_answers_the_challenge_and_prints_events() {
    let (child, mut said) = start("receive_webhooks", |command| {
        command.env("ZOOM_WEBHOOK_SECRET", DEMO_WEBHOOK_SECRET).env("LISTEN", "127.0.0.1:0");
    });
    let line = said.next_line().await.unwrap().unwrap();
    let address = line.strip_prefix("listening on ").unwrap();
    let webhook = Subscription::new(format!("http://{address}/").parse().unwrap(), DEMO_WEBHOOK_SECRET);
    let zoom = Zoom::start_with(Some(webhook)).await;
    assert_eq!(said.next_line().await.unwrap().unwrap(), "Zoom asked whether we know the secret");
    zoom.control("events/phone.callee_ringing").await;
    assert_eq!(said.next_line().await.unwrap().unwrap(), "phone.callee_ringing");
    drop(child);
}
