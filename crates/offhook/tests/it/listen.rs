//! `offhook listen`: what it passes on, and what it keeps.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;
use zoom_phone_emulator::{Config, Emulator, signature};

use crate::rig::{SECRET, complaint, ended, now, offhook, printed, run};

/// A developer's endpoint. It checks every signature, and remembers what it got.
#[derive(Clone, Default)]
struct Endpoint {
    got: Arc<Mutex<Vec<Vec<u8>>>>,
    url: String,
    /// What it verifies with.
    secret: Arc<Mutex<String>>,
}

impl Endpoint {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Self {
            url: format!("http://{}/zoom", listener.local_addr().unwrap()),
            secret: Arc::new(Mutex::new(SECRET.to_owned())),
            ..Self::default()
        };
        let app = Router::new().route("/zoom", post(receive)).with_state(endpoint.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        endpoint
    }

    fn got(&self) -> Vec<Vec<u8>> {
        self.got.lock().unwrap().clone()
    }
}

async fn receive(State(endpoint): State<Endpoint>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let at = header("x-zm-request-timestamp").parse().unwrap_or_default();
    if header("x-zm-signature") != signature(&endpoint.secret.lock().unwrap(), at, &body) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let event: Value = serde_json::from_slice(&body).unwrap();
    if event["event"] == "endpoint.url_validation" {
        let token = event["payload"]["plainToken"].as_str().unwrap();
        let encrypted = challenge_answer(&endpoint.secret.lock().unwrap(), token);
        return (StatusCode::OK, json!({ "plainToken": token, "encryptedToken": encrypted }).to_string());
    }
    endpoint.got.lock().unwrap().push(body.to_vec());
    let status = if event["event"] == "phone.bad" { StatusCode::IM_A_TEAPOT } else { StatusCode::NO_CONTENT };
    (status, String::new())
}

fn challenge_answer(secret: &str, token: &str) -> String {
    zoom_phone::webhook::challenge::answer(&secret.into(), token).unwrap().encrypted_token
}

/// Puts an event where `offhook listen` keeps them.
fn keep(directory: &Path, number: u64, event: &str, body: &str) {
    let folder = directory.join("data/listen");
    fs::create_dir_all(&folder).unwrap();
    let kept =
        json!({ "number": number, "received_at": "2026-11-22T10:00:00.5Z", "event": event, "body": body });
    fs::write(folder.join(format!("{number:08}.json")), kept.to_string()).unwrap();
}

/// Runs a command beside the endpoint.
async fn beside(directory: &TempDir, args: &[&str], env: &[(&'static str, &'static str)]) -> Output {
    let mut command = offhook(directory.path());
    command.args(args).envs(env.iter().copied());
    tokio::task::spawn_blocking(move || ended(&mut command)).await.unwrap()
}

const SIGNING: &[(&str, &str)] = &[("ZOOM_WEBHOOK_SECRET", SECRET)];

#[tokio::test]
async fn kept_events_are_sent_again_byte_for_byte_and_signed_afresh() {
    let directory = TempDir::new().unwrap();
    let endpoint = Endpoint::start().await;
    let odd = "{\"event\":\"phone.odd\", \"n\": 1.00, \"text\":\"\\u00e4\"}";
    keep(directory.path(), 7, "phone.odd", odd);
    keep(directory.path(), 8, "phone.last", r#"{"event":"phone.last"}"#);

    let list = printed(&beside(&directory, &["listen", "kept"], &[]).await);
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(
        lines,
        ["     7  2026-11-22T10:00:00Z  phone.odd", "     8  2026-11-22T10:00:00Z  phone.last"]
    );

    let again = ["listen", "resend", "7", "last", "--forward-to", &endpoint.url];
    let text = printed(&beside(&directory, &again, SIGNING).await);
    assert_eq!(text.lines().filter(|line| line.contains("  ok  204  ")).count(), 2, "{text}");
    assert_eq!(endpoint.got(), [odd.as_bytes(), br#"{"event":"phone.last"}"#]);

    let again = ["listen", "resend", "8", "--json", "--forward-to", &endpoint.url, "--secret", SECRET];
    let told: Value = serde_json::from_str(&printed(&beside(&directory, &again, &[]).await)).unwrap();
    assert_eq!((&told["number"], &told["status"], &told["error"]), (&json!(8), &json!(204), &json!(null)));
}

#[tokio::test]
async fn a_resend_that_is_not_accepted_fails() {
    let directory = TempDir::new().unwrap();
    let endpoint = Endpoint::start().await;
    keep(directory.path(), 1, "phone.bad", r#"{"event":"phone.bad"}"#);
    let bad = beside(&directory, &["listen", "resend", "1", "--forward-to", &endpoint.url], SIGNING).await;
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&bad.stdout).contains("failed  418"), "{bad:?}");
    // Port 9 (discard) on loopback: nobody listens there.
    let none = ["listen", "resend", "1", "--forward-to", "http://127.0.0.1:9/"];
    let none = beside(&directory, &none, SIGNING).await;
    assert!(String::from_utf8_lossy(&none.stdout).contains("failed  nobody listens there"), "{none:?}");
}

#[tokio::test]
async fn without_a_secret_one_is_made_once_and_told() {
    let directory = TempDir::new().unwrap();
    let endpoint = Endpoint::start().await;
    keep(directory.path(), 1, "phone.x", r#"{"event":"phone.x"}"#);
    let again = ["listen", "resend", "1", "--forward-to", &endpoint.url];
    let first = complaint(&beside(&directory, &again, &[]).await);
    let secret = first.lines().find_map(|line| line.split_once("secret token ")).unwrap().1;
    secret.clone_into(&mut endpoint.secret.lock().unwrap());
    let second = beside(&directory, &again, &[]).await;
    assert!(second.status.success() && complaint(&second).contains(secret), "{}", complaint(&second));
    assert_eq!(endpoint.got().len(), 1);
}

#[test]
fn what_is_missing_is_said_with_where_to_get_it() {
    let directory = TempDir::new().unwrap();
    for (args, part) in [
        (
            &["listen"][..],
            "ZOOM_WEBSOCKET_SUBSCRIPTION_ID is not set; make an event subscription of method WebSocket",
        ),
        (&["listen", "--subscription-id", "x"], "ZOOM_ACCOUNT_ID is not set; copy it"),
        (&["listen", "--subscription-id", "wss://ws.zoom.us/ws"], "without subscriptionId="),
        (&["listen", "--challenge"], "--forward-to"),
        (&["listen", "resend", "last", "--forward-to", "http://x.test/"], "no event is kept in data/listen"),
        (&["listen", "resend", "first", "--forward-to", "http://x.test/"], "give a number, or last"),
        (&["listen", "resend", "1"], "--forward-to"),
    ] {
        let output = run(directory.path(), args);
        assert!(!output.status.success());
        assert!(complaint(&output).contains(part), "{args:?}: {}", complaint(&output));
    }
    assert!(!directory.path().join("data").exists());
    keep(directory.path(), 1, "phone.x", "{}");
    let ftp = run(directory.path(), &["listen", "resend", "1", "--forward-to", "ftp://x.test/"]);
    assert!(complaint(&ftp).contains("is no web address"), "{}", complaint(&ftp));
}

/// An emulated Zoom that does nothing unless told.
struct Zoom {
    address: SocketAddr,
    http: reqwest::Client,
}

impl Zoom {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config { calls_per_minute: 0.0, ..Config::default() };
        let emulator = Emulator::new(config, now()).unwrap();
        let running = emulator.clone();
        tokio::spawn(async move { running.run(CancellationToken::new()).await });
        tokio::spawn(async move { axum::serve(listener, emulator.router()).await });
        Self { address, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn order(&self, path: &str) -> Vec<u8> {
        let url = format!("http://{}/_emulator/{path}", self.address);
        let answer = self.http.post(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.unwrap().to_vec()
    }

    /// `offhook listen` as somebody with the emulator's app has it set up.
    fn listen(&self, directory: &TempDir, args: &[&str]) -> std::process::Command {
        let mut command = offhook(directory.path());
        command
            .arg("listen")
            .args(args)
            .env("OFFHOOK_ZOOM_OAUTH_URL", format!("http://{}/oauth/token", self.address))
            .env("OFFHOOK_ZOOM_WEBSOCKET_URL", format!("ws://{}/ws", self.address))
            .env("ZOOM_ACCOUNT_ID", "demo_account_0000000AA")
            .env("ZOOM_CLIENT_ID", "demo_client_id_000000A")
            .env("ZOOM_CLIENT_SECRET", "demo_client_secret")
            .env("ZOOM_WEBSOCKET_SUBSCRIPTION_ID", "demo_subscription_00A")
            .env("ZOOM_WEBHOOK_SECRET", SECRET);
        command
    }
}

/// A listener whose lines are read as it writes them.
struct Listener {
    child: tokio::process::Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Listener {
    fn start(command: std::process::Command) -> Self {
        let mut command = tokio::process::Command::from(command);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(Duration::from_secs(30), self.lines.next_line()).await;
        line.expect("a line in time").unwrap().expect("a line before the end")
    }

    async fn told(&mut self, kind: &str) -> Value {
        let told: Value = serde_json::from_str(&self.line().await).unwrap();
        assert_eq!(told["kind"], kind, "{told}");
        told
    }

    /// `kill -TERM`, and whether it ended well.
    async fn terminate(mut self) -> bool {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.unwrap().unwrap().success()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_passed_on_as_zoom_wrote_them_through_a_lost_connection() {
    let directory = TempDir::new().unwrap();
    let (zoom, endpoint) = (Zoom::start().await, Endpoint::start().await);
    let args = ["--forward-to", &endpoint.url, "--challenge", "--events", "phone.callee_*", "--json"];
    let mut listener = Listener::start(zoom.listen(&directory, &args));
    listener.told("connected").await;

    let ringing = zoom.order("events/phone.callee_ringing").await;
    let told = listener.told("event").await;
    assert_eq!((&told["number"], &told["status"]), (&json!(1), &json!(204)), "{told}");
    assert_eq!(told["event"], "phone.callee_ringing");
    assert_eq!(endpoint.got(), [ringing]);

    zoom.order("events/phone.caller_ringing").await;
    zoom.order("ws/drop").await;
    assert!(listener.told("down").await["retry_in_ms"].is_u64(), "and not the event that was not asked for");
    listener.told("connected").await;
    let gap = listener.told("gap").await;
    let time = |field: &str| gap[field].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(time("since") < time("until"), "{gap}");

    zoom.order("events/phone.callee_ended").await;
    assert_eq!(listener.told("event").await["number"], 2);
    assert!(listener.terminate().await);
    let kept = printed(&beside(&directory, &["listen", "kept"], &[]).await);
    assert_eq!(kept.lines().count(), 2, "{kept}");
    let again = ["listen", "resend", "1", "2", "--forward-to", &endpoint.url];
    printed(&beside(&directory, &again, SIGNING).await);
    let got = endpoint.got();
    assert_eq!(got[..2], got[2..], "sent again as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_events_are_shown() {
    let directory = TempDir::new().unwrap();
    let zoom = Zoom::start().await;
    let mut listener = Listener::start(zoom.listen(&directory, &["--print"]));
    // Connected is a remark on standard error; until then there is nobody to tell.
    let mut remarks = BufReader::new(listener.child.stderr.take().unwrap()).lines();
    let first = remarks.next_line().await.unwrap().unwrap();
    assert!(first.starts_with("connected"), "{first}");
    let body = zoom.order("events/phone.voicemail_received").await;
    let line = listener.line().await;
    assert!(line.starts_with("     1  ") && line.ends_with("  phone.voicemail_received"), "{line}");
    assert_eq!(listener.line().await.as_bytes(), body);
    assert!(listener.terminate().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_zoom_or_the_endpoint_refuses_ends_it_with_what_to_do() {
    let directory = TempDir::new().unwrap();
    let (zoom, endpoint) = (Zoom::start().await, Endpoint::start().await);
    let nobody = ["--forward-to", "http://127.0.0.1:9/", "--challenge"];
    let wrong_secret = ["--forward-to", &endpoint.url, "--challenge", "--secret", "another"];
    for (code, args, client_secret, part) in [
        (4, &[][..], "wrong", "copy both again from the app's page"),
        (
            1,
            &["--subscription-id", "wrong"],
            "demo_client_secret",
            "check that the subscription id belongs to the app",
        ),
        (1, &nobody, "demo_client_secret", "is it running?"),
        (1, &wrong_secret, "demo_client_secret", "answers the challenge with status 401"),
    ] {
        let mut command = zoom.listen(&directory, args);
        command.env("ZOOM_CLIENT_SECRET", client_secret);
        let output = tokio::task::spawn_blocking(move || ended(&mut command)).await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        assert!(complaint(&output).contains(part), "{args:?}: {}", complaint(&output));
        assert!(!complaint(&output).contains("access_token"), "{}", complaint(&output));
    }
}
