//! `offhook doctor` against the emulator: in order, and with one thing wrong at a time.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};
use zoom_phone_emulator::Config;

use crate::rig::{ACCOUNT, SECRET, Serving, complaint, eventually, offhook, ringing};

/// The emulator, until dropped.
struct Zoom {
    base: String,
    config: Config,
    _stop: DropGuard,
}

impl Zoom {
    async fn start(config: Config) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(zoom_phone_emulator::serve(config.clone(), listener, stop.clone()));
        Self { base, config, _stop: stop.drop_guard() }
    }

    /// The doctor with the credentials of this emulator.
    fn doctor(&self, directory: &TempDir, args: &[&str]) -> Command {
        let mut command = doctor(directory, args);
        command
            .env("ZOOM_ACCOUNT_ID", &self.config.account_id)
            .env("ZOOM_CLIENT_ID", &self.config.apps[0].client_id)
            .env("ZOOM_CLIENT_SECRET", &self.config.apps[0].client_secret)
            .env("OFFHOOK_ZOOM_API_URL", format!("{}/v2", self.base))
            .env("OFFHOOK_ZOOM_OAUTH_URL", format!("{}/oauth/token", self.base));
        command
    }
}

/// A company that makes no calls of its own.
fn quiet() -> Config {
    Config { calls_per_minute: 0.0, ..Config::default() }
}

/// The doctor, with a port at which nothing listens.
fn doctor(directory: &TempDir, args: &[&str]) -> Command {
    let mut command = offhook(directory.path());
    command.args(["doctor", "--json"]).args(args).env("PORT", "1");
    command
}

struct Report {
    code: i32,
    value: Value,
}

impl Report {
    async fn of(mut command: Command) -> Self {
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        Self::read(&output)
    }

    fn read(output: &Output) -> Self {
        let value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", complaint(output)));
        Self { code: output.status.code().unwrap(), value }
    }

    fn lines(&self) -> &[Value] {
        self.value["checks"].as_array().unwrap()
    }

    fn line(&self, id: &str) -> &Value {
        self.lines()
            .iter()
            .find(|line| line["id"] == id)
            .unwrap_or_else(|| panic!("no {id} in {:#}", self.value))
    }

    fn status(&self, id: &str) -> &str {
        self.line(id)["status"].as_str().unwrap()
    }

    fn with(&self, status: &str) -> BTreeSet<&str> {
        let of_it = self.lines().iter().filter(|line| line["status"] == status);
        of_it.map(|line| line["id"].as_str().unwrap()).collect()
    }
}

fn port(server: &Serving) -> &str {
    server.base.rsplit(':').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_in_order_fails_nothing_and_no_secret_is_printed() {
    let directory = TempDir::new().unwrap();
    let zoom = Zoom::start(quiet()).await;
    let server = Serving::start(&directory).await;
    assert_eq!(server.post(&ringing("701")).await, Some(204));
    server.folded().await;
    let mut command = zoom.doctor(&directory, &["--call-id", "701"]);
    command
        .env("PORT", port(&server))
        .env("ZOOM_WEBHOOK_SECRET", SECRET)
        .env("ZOOM_REDIRECT_URI", "http://127.0.0.1:8080/oauth/callback");
    let report = Report::of(command).await;
    assert_eq!(report.with("fail"), BTreeSet::new(), "{:#}", report.value);
    assert_eq!((report.code, &report.value["summary"]["ok"]), (0, &json!(true)));
    for id in [
        "prerequisites.account",
        "prerequisites.users",
        "prerequisites.clock",
        "oauth.account_id",
        "oauth.token",
        "oauth.lifetime",
        "oauth.sharing",
        "oauth.scopes",
        "oauth.redirect_uri",
        "oauth.pkce",
        "webhook.receiver",
        "webhook.challenge",
        "webhook.forgery",
        "webhook.late",
        "webhook.replay",
        "webhook.last_event",
        "security.webhook_secret",
        "security.listening",
        "security.forwarded",
        "storage.databases",
        "storage.inbox",
    ] {
        assert_eq!(report.status(id), "pass", "{}", report.line(id));
    }
    let call = report.line("correlation.call")["found"].as_str().unwrap();
    assert!(call.contains("call_id 701 (told by status_event)"), "{call}");
    let text = report.value.to_string();
    for secret in [SECRET, zoom.config.apps[0].client_secret.as_str(), zoom.config.apps[0].client_id.as_str()]
    {
        assert!(!text.contains(secret));
    }
    let inbox = server.inbox().await;
    assert_eq!(inbox.len(), 1, "the doctor's challenges are not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_other_than_the_servers_is_found() {
    let directory = TempDir::new().unwrap();
    let server = Serving::start(&directory).await;
    let mut command = doctor(&directory, &["--only", "webhook"]);
    command.env("PORT", port(&server)).env("ZOOM_WEBHOOK_SECRET", "vB3kQ9xZpL2mN8rT5wY1aC");
    let report = Report::of(command).await;
    assert_eq!((report.code, report.status("webhook.challenge")), (1, "fail"));
    assert!(report.line("webhook.challenge")["do"].as_str().unwrap().contains("ZOOM_WEBHOOK_SECRET"));
    assert_eq!(report.status("webhook.forgery"), "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_is_named_with_operation_and_feature() {
    let directory = TempDir::new().unwrap();
    let mut config = quiet();
    config.apps[0].scopes.retain(|scope| !scope.contains("call_log"));
    let zoom = Zoom::start(config).await;
    let report = Report::of(zoom.doctor(&directory, &["--only", "oauth"])).await;
    assert_eq!((report.code, report.with("fail")), (1, BTreeSet::from(["oauth.scopes"])));
    let line = report.line("oauth.scopes").to_string();
    for part in ["getCallPath", "accountCallHistory", "phone:read:call_log:admin", "steps of calls"] {
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_credential_fails_the_token_and_what_hangs_on_it_is_skipped() {
    let directory = TempDir::new().unwrap();
    let zoom = Zoom::start(quiet()).await;
    for (name, value) in [
        ("ZOOM_ACCOUNT_ID", "another_account_00000A"),
        ("ZOOM_CLIENT_ID", "another_client"),
        ("ZOOM_CLIENT_SECRET", "another_secret_value"),
        ("ZOOM_ACCOUNT_ID", "1234567890"),
    ] {
        let mut command = zoom.doctor(&directory, &["--only", "prerequisites,oauth"]);
        command.env(name, value);
        let report = Report::of(command).await;
        assert_eq!((report.code, report.status("oauth.token")), (1, "fail"), "{name}");
        assert_eq!(report.status("prerequisites.account"), "skip", "{name}");
        assert_eq!(report.status("prerequisites.clock"), "pass", "that needs no token");
        let expected = if value == "1234567890" { "fail" } else { "pass" };
        assert_eq!(report.status("oauth.account_id"), expected, "{value}");
        assert!(!report.value.to_string().contains("another_secret_value"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_zoom_phone_is_told_from_a_dead_host() {
    let directory = TempDir::new().unwrap();
    let zoom = Zoom::start(quiet()).await;
    let mut command = zoom.doctor(&directory, &["--only", "prerequisites,oauth"]);
    command
        .env("OFFHOOK_ZOOM_API_URL", "http://127.0.0.1:1/v2")
        .env("OFFHOOK_ZOOM_OAUTH_URL", "http://127.0.0.1:1/oauth/token");
    let report = Report::of(command).await;
    assert_eq!((report.code, report.status("oauth.token")), (1, "fail"));
    assert!(report.line("oauth.token")["found"].as_str().unwrap().contains("could not be reached"));
    assert_eq!(report.status("prerequisites.clock"), "warn");

    let answer = "{\"code\":2031,\"message\":\"Zoom Phone has not been enabled for this account.\"}";
    let host = host("403 Forbidden", "", answer);
    let mut command = zoom.doctor(&directory, &["--only", "prerequisites"]);
    command.env("OFFHOOK_ZOOM_API_URL", format!("{host}/v2"));
    let report = Report::of(command).await;
    assert_eq!((report.code, report.status("prerequisites.account")), (1, "fail"));
    assert!(report.line("prerequisites.account")["found"].as_str().unwrap().contains("2031"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_another_program_ends_is_noticed() {
    let directory = TempDir::new().unwrap();
    let zoom = Zoom::start(quiet()).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let control = |path: &str| format!("{}/_emulator/{path}", zoom.base);
    // While Zoom thinks about the licences, somebody else takes a token.
    let fault = json!({ "fault": "delay", "milliseconds": 3000, "operation": "listPhonePlans" });
    http.post(control("faults")).json(&fault).send().await.unwrap().error_for_status().unwrap();
    let running = tokio::spawn(Report::of(zoom.doctor(&directory, &["--only", "oauth"])));
    eventually("the doctor has asked everything", || async {
        let state: Value = http.get(control("state")).send().await.unwrap().json().await.unwrap();
        (state["rest_requests"].as_u64().unwrap() >= 4).then_some(())
    })
    .await;
    let form = [("grant_type", "account_credentials"), ("account_id", zoom.config.account_id.as_str())];
    http.post(format!("{}/oauth/token", zoom.base))
        .basic_auth(&zoom.config.apps[0].client_id, Some(&zoom.config.apps[0].client_secret))
        .form(&form)
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let report = running.await.unwrap();
    assert_eq!((report.code, report.status("oauth.sharing")), (0, "warn"), "{:#}", report.value);
    assert_eq!(report.status("oauth.token"), "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_accounts_are_told_apart_and_no_setting_that_is_wrong_is_passed_over() {
    let directory = TempDir::new().unwrap();
    let zoom = Zoom::start(quiet()).await;
    let settings = "[server]\nprot = 1\n[[account]]\nid = 'another_account_00000A'\nclient_id = 'a'\nclient_secret = 'b'\n";
    fs::write(directory.path().join("offhook.toml"), settings).unwrap();
    let report = Report::of(zoom.doctor(&directory, &["--only", "prerequisites,oauth"])).await;
    let tokens: Vec<&Value> = report.lines().iter().filter(|line| line["id"] == "oauth.token").collect();
    let told: Vec<_> = tokens.iter().map(|line| (&line["status"], line["found"].as_str().unwrap())).collect();
    assert_eq!((told[0].0, told[1].0), (&json!("pass"), &json!("fail")), "{told:?}");
    assert!(told[0].1.starts_with(&format!("account {ACCOUNT}: ")), "{told:?}");
    assert!(told[1].1.starts_with("account another_account_00000A: "), "{told:?}");
    let settings = report.line("prerequisites.settings");
    assert!(
        settings["status"] == "fail" && settings["found"].as_str().unwrap().contains("server.prot"),
        "{settings}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_a_server_elsewhere_has_open_are_left_alone() {
    let directory = TempDir::new().unwrap();
    let _server = Serving::start(&directory).await;
    let report = Report::of(doctor(&directory, &["--only", "storage"])).await;
    assert_eq!((report.code, report.status("storage.databases")), (0, "skip"));
    assert!(report.line("storage.databases")["found"].as_str().unwrap().contains("same PORT"));
}

/// A host that gives everybody the same answer, for as long as the test runs.
fn host(status: &str, header: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status}\r\n{header}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let mut request = [0; 8192];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_measured_by_zooms_answers() {
    let directory = TempDir::new().unwrap();
    let host = host("404 Not Found", "date: Sun, 01 Nov 2026 10:00:00 GMT\r\n", "{}");
    let mut command = doctor(&directory, &["--only", "prerequisites"]);
    command.env("OFFHOOK_ZOOM_API_URL", format!("{host}/v2"));
    let report = Report::of(command).await;
    assert_eq!((report.code, report.status("prerequisites.clock")), (1, "fail"));
    assert!(report.line("prerequisites.clock")["found"].as_str().unwrap().contains("ahead of Zoom's"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_at_the_port_is_not_taken_for_the_server() {
    let directory = TempDir::new().unwrap();
    let host = host("200 OK", "", "{\"hello\":\"world\"}");
    let mut command = doctor(&directory, &["--only", "webhook"]);
    command.env("PORT", host.rsplit(':').next().unwrap());
    let report = Report::of(command).await;
    assert_eq!((report.code, report.status("webhook.receiver")), (1, "fail"));
    assert_eq!(report.status("webhook.challenge"), "skip");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_forbids_frames_is_found() {
    let directory = TempDir::new().unwrap();
    let host = host("200 OK", "content-security-policy: frame-ancestors 'self'\r\n", "{}");
    let mut command = doctor(&directory, &["--only", "smart_embed"]);
    command
        .env("ZOOM_PHONE_SMART_EMBED_URL", format!("{host}/phone"))
        .env("ZOOM_PHONE_SMART_EMBED_ORIGIN", "https://applications.zoom.us");
    let report = Report::of(command).await;
    assert_eq!(report.with("fail"), BTreeSet::from(["smart_embed.frame", "smart_embed.origin"]));
    assert_eq!(report.status("smart_embed.page"), "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_set_every_line_says_why_it_was_skipped() {
    let directory = TempDir::new().unwrap();
    let report = Report::of(doctor(&directory, &["--offline"])).await;
    assert_eq!((report.code, report.with("fail")), (0, BTreeSet::new()), "{:#}", report.value);
    for line in report.lines() {
        assert!(!line["found"].as_str().unwrap().is_empty(), "{line}");
        assert_eq!(line["do"].is_string(), line["status"] == "warn", "{line}");
    }
    assert_eq!(report.status("oauth.credentials"), "skip");
    assert!(!directory.path().join("data").exists(), "looking makes nothing");
    let strict = Report::of(doctor(&directory, &["--offline", "--strict"])).await;
    assert_eq!(strict.code, 1, "there is no webhook secret, which is a warning");
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_asks_nobody_outside_even_with_credentials() {
    let directory = TempDir::new().unwrap();
    let zoom = Zoom::start(quiet()).await;
    let mut command = zoom.doctor(&directory, &["--offline", "--only", "prerequisites,oauth"]);
    command
        .env("OFFHOOK_ZOOM_API_URL", "https://api.invalid/v2")
        .env("OFFHOOK_ZOOM_OAUTH_URL", "https://zoom.invalid/oauth/token");
    let report = Report::of(command).await;
    assert_eq!(report.with("fail"), BTreeSet::new());
    assert_eq!(report.status("oauth.token"), "skip");
    assert_eq!(report.status("oauth.credentials"), "pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_databases_are_read_themselves() {
    let directory = TempDir::new().unwrap();
    let server = Serving::start(&directory).await;
    let old = json!({
        "event": "phone.caller_call_log_completed",
        "event_ts": 1_795_300_000_000_u64,
        "payload": { "account_id": ACCOUNT, "object": { "user_id": "u", "call_logs": [{ "id": "1", "call_id": "702" }] } },
    });
    for event in [&ringing("701"), &old, &json!({ "event": "phone.novelty", "payload": {} })] {
        assert_eq!(server.post(event).await, Some(204));
    }
    server.folded().await;
    server.kill();
    let report = Report::of(doctor(&directory, &["--only", "webhook,migration,storage"])).await;
    assert_eq!((report.code, report.with("fail")), (0, BTreeSet::new()), "{:#}", report.value);
    assert_eq!(report.status("webhook.receiver"), "skip");
    assert_eq!((report.status("storage.inbox"), report.status("storage.backlog")), ("pass", "pass"));
    let old = report.line("migration.events");
    assert_eq!(old["status"], "warn");
    assert!(old["found"].as_str().unwrap().contains("phone.caller_call_log_completed"), "{old}");
    let new = report.line("webhook.unfamiliar");
    assert!(new["found"].as_str().unwrap().contains("phone.novelty"), "{new}");
    let never = report.line("webhook.events")["found"].as_str().unwrap().to_owned();
    assert!(never.contains("phone.callee_answered") && !never.contains("phone.callee_ringing"), "{never}");

    let unknown = Report::of(doctor(&directory, &["--only", "launch", "--call-id", "999"])).await;
    assert_eq!((unknown.code, unknown.status("correlation.call")), (1, "fail"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_others_may_read_and_a_public_address_without_https_are_found() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join(".env"), "ZOOM_WEBHOOK_SECRET=demo_webhook_secret\n").unwrap();
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    fs::set_permissions(directory.path().join(".env"), mode).unwrap();
    let args = ["--only", "security,webhook", "--public-url", "http://192.0.2.1", "--offline"];
    let report = Report::of(doctor(&directory, &args)).await;
    assert_eq!(
        report.with("fail"),
        BTreeSet::from(["security.tls", "security.webhook_secret", "webhook.public"])
    );
    assert!(report.line("security.files")["found"].as_str().unwrap().contains(".env (644)"));
}

#[test]
fn an_area_that_does_not_exist_is_a_usage_error_and_lists_those_that_do() {
    let directory = TempDir::new().unwrap();
    let output = doctor(&directory, &["--only", "teeth"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("smart_embed"), "{}", complaint(&output));
}

#[test]
fn the_emulated_apps_may_receive_every_event_that_an_administrators_app_may() {
    let granted = zoom_phone::scopes::Scopes::granted(Config::default().apps[0].scopes.clone());
    for event in zoom_phone::types::events::EVENTS {
        let for_admins = event.scopes_granular.iter().any(|scope| scope.ends_with(":admin"));
        let missing = zoom_phone::scopes::Scopes::required_for([event.name]).unwrap().missing(&granted);
        assert!(missing.is_empty() || !for_admins, "{missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_account_are_no_sign_in_and_the_folders_made_are_for_their_owner_only() {
    let directory = TempDir::new().unwrap();
    drop(Serving::start(&directory).await);
    let zoom = crate::zoom::Zoom::start().await;
    crate::rig::printed(&crate::zoom::end(zoom.account(&directory, &["api", "listCallQueues"])).await);
    assert!(directory.path().join("data/tokens/key").exists());
    let report = Report::of(zoom.account(&directory, &["doctor", "--json"])).await;
    assert_eq!(report.line("oauth.sign_in")["status"], "skip", "{}", report.line("oauth.sign_in"));
    assert_eq!(report.line("security.files")["status"], "pass", "{}", report.line("security.files"));
}
