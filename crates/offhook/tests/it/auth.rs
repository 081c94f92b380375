//! `offhook auth` against an emulated Zoom.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    rig::{complaint, printed, run},
    zoom::{Zoom, end},
};

/// An emulator whose app sends people back to a port that is free here.
async fn zoom() -> Zoom {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Zoom::with(|config| config.apps[1].redirect_uris = vec![format!("http://127.0.0.1:{port}/oauth/back")])
        .await
}

fn browser(follow: bool) -> reqwest::Client {
    let redirects =
        if follow { reqwest::redirect::Policy::default() } else { reqwest::redirect::Policy::none() };
    reqwest::Client::builder().no_proxy().redirect(redirects).build().unwrap()
}

/// A sign-in under way.
struct Login {
    child: Child,
    errors: BufReader<std::process::ChildStderr>,
}

impl Login {
    fn start(mut command: Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { child, errors }
    }

    /// The first word of what it says that begins so.
    fn said(&mut self, beginning: &str) -> String {
        let mut heard = String::new();
        loop {
            let mut line = String::new();
            assert!(self.errors.read_line(&mut line).unwrap() > 0, "no {beginning} in: {heard}");
            if let Some(word) = line.split_whitespace().find(|word| word.starts_with(beginning)) {
                return word.to_owned();
            }
            heard.push_str(&line);
        }
    }

    /// Its code, and what it printed and complained of from now on.
    async fn end(mut self) -> (Option<i32>, String, String) {
        let ended = tokio::task::spawn_blocking(move || {
            let (mut printed, mut complaint) = (String::new(), String::new());
            self.errors.read_to_string(&mut complaint).unwrap();
            self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
            (self.child.wait().unwrap().code(), printed, complaint)
        });
        ended.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_with_a_browser_and_out_again() {
    let (zoom, directory) = (zoom().await, TempDir::new().unwrap());
    let mut login = Login::start(zoom.person(&directory, &["auth", "login", "--no-browser"]));
    let address = login.said("http");
    assert!(address.contains("code_challenge_method=S256") && address.contains("state="), "{address}");
    let page = browser(true).get(format!("{address}&emulator_approve=1")).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("close this page"));
    let (code, text, complaints) = login.end().await;
    assert_eq!(code, Some(0), "{complaints}");
    assert!(text.contains("the person who signed in") && text.contains("everything Offhook does"), "{text}");

    // Commands act as them, which only people can say of themselves.
    let me = end(zoom.person(&directory, &["api", "phoneUser", "-p", "userId=me", "--json"])).await;
    assert!(serde_json::from_str::<Value>(&printed(&me)).unwrap()["email"].is_string());
    let status = end(zoom.person(&directory, &["auth", "status", "--json"])).await;
    let status: Value = serde_json::from_str(&printed(&status)).unwrap();
    assert_eq!((&status["access"], &status["missing"]), (&Value::from("person"), &Value::Array(vec![])));
    assert!(status["scopes"].as_array().unwrap().len() > 100 && status["expires_at"].is_string());

    let tokens = directory.path().join("data/tokens");
    for entry in fs::read_dir(&tokens).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    let out = end(zoom.person(&directory, &["auth", "logout"])).await;
    assert!(out.status.success() && complaint(&out).contains("revoked at Zoom"), "{}", complaint(&out));
    let status = end(zoom.person(&directory, &["auth", "status"])).await;
    assert_eq!(status.status.code(), Some(4));
    assert!(complaint(&status).contains("nobody is signed in"), "{}", complaint(&status));
    let again = end(zoom.person(&directory, &["auth", "logout"])).await;
    assert!(again.status.success() && complaint(&again).contains("Nobody is signed in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_browser_cannot_come_back_its_address_is_pasted() {
    let zoom =
        Zoom::with(|config| config.apps[1].redirect_uris = vec!["https://offhook.example/back".to_owned()])
            .await;
    let directory = TempDir::new().unwrap();
    let mut login = Login::start(zoom.person(&directory, &["auth", "login", "--no-browser"]));
    let address = login.said("http");
    let page = browser(false).get(format!("{address}&emulator_approve=1")).send().await.unwrap();
    let back = page.headers()["location"].to_str().unwrap().to_owned();
    let mut input = login.child.stdin.take().unwrap();
    // Something else first: it is not believed, and not the end.
    writeln!(input, "https://offhook.example/back?code=stolen&state=other\n{back}").unwrap();
    let (code, text, complaints) = login.end().await;
    assert_eq!(code, Some(0), "{complaints}");
    assert!(complaints.contains("not the address of this sign-in"), "{complaints}");
    assert!(text.contains("the person who signed in"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_another_program_has_the_port_the_address_is_pasted_too() {
    let (zoom, directory) = (zoom().await, TempDir::new().unwrap());
    let taken = zoom.redirect_uri().trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let _other = TcpListener::bind(taken).unwrap();
    let mut login = Login::start(zoom.person(&directory, &["auth", "login", "--no-browser"]));
    login.said("another");
    let address = login.said(&zoom.base);
    let page = browser(false).get(format!("{address}&emulator_approve=1")).send().await.unwrap();
    let back = page.headers()["location"].to_str().unwrap().to_owned();
    writeln!(login.child.stdin.take().unwrap(), "{back}").unwrap();
    let (code, _, complaints) = login.end().await;
    assert_eq!(code, Some(0), "{complaints}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_at_zoom_is_told() {
    let (zoom, directory) = (zoom().await, TempDir::new().unwrap());
    let mut login = Login::start(zoom.person(&directory, &["auth", "login", "--no-browser"]));
    let address = login.said("http");
    browser(true).post(address).form(&[("decision", "deny")]).send().await.unwrap();
    let (code, _, complaints) = login.end().await;
    assert_eq!(code, Some(4), "{complaints}");
    assert!(complaints.contains("access_denied"), "{complaints}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_signs_in_by_a_code() {
    let (zoom, directory) = (zoom().await, TempDir::new().unwrap());
    let mut login = Login::start(zoom.person(&directory, &["auth", "login", "--device"]));
    let complete = login.said("http");
    assert!(complete.starts_with(&zoom.base), "{complete}");
    let complete = login.said("http");
    let code = complete.rsplit('/').next().unwrap();
    let approve = format!("{}/_emulator/devices/{code}/approve", zoom.base);
    assert!(browser(true).post(approve).send().await.unwrap().status().is_success());
    let (code, text, complaints) = login.end().await;
    assert_eq!(code, Some(0), "{complaints}");
    assert!(text.contains("the person who signed in"), "{text}");
}

#[tokio::test]
async fn a_server_to_server_app_needs_no_sign_in_and_shares_its_token_with_the_server() {
    let (zoom, directory) = (Zoom::start().await, TempDir::new().unwrap());
    // A server was here.
    fs::create_dir(directory.path().join("data")).unwrap();
    let status = || async {
        let output = end(zoom.account(&directory, &["auth", "status", "--json"])).await;
        serde_json::from_str::<Value>(&printed(&output)).unwrap()
    };
    let first = status().await;
    assert_eq!(first["access"], "account");
    assert_eq!(first["expires_at"], status().await["expires_at"], "a second token would end the first");

    let text = printed(&end(zoom.account(&directory, &["auth", "status"])).await);
    assert!(text.contains("server-to-server") && text.contains("; --json lists them"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_key_costs_people_their_sign_in_and_the_account_nothing() {
    let (zoom, directory) = (zoom().await, TempDir::new().unwrap());
    let mut login = Login::start(zoom.person(&directory, &["auth", "login", "--no-browser"]));
    let address = login.said("http");
    browser(true).get(format!("{address}&emulator_approve=1")).send().await.unwrap();
    assert_eq!(login.end().await.0, Some(0));
    let account = end(zoom.account(&directory, &["auth", "status"])).await;
    assert!(account.status.success(), "{}", complaint(&account));

    let keyed = |mut command: Command, key: String| {
        command.env("OFFHOOK_SECRET_KEY", key);
        end(command)
    };
    let other = || "0123456789abcdef".repeat(4);
    let account = keyed(zoom.account(&directory, &["auth", "status"]), other()).await;
    assert!(account.status.success(), "{}", complaint(&account));
    let person = keyed(zoom.person(&directory, &["auth", "status"]), other()).await;
    assert_eq!(person.status.code(), Some(4));
    assert!(complaint(&person).contains("sealed with another key"), "{}", complaint(&person));
    let wrong = keyed(zoom.person(&directory, &["auth", "status"]), "short".to_owned()).await;
    assert!(complaint(&wrong).contains("OFFHOOK_SECRET_KEY is no key"), "{}", complaint(&wrong));
    assert!(!complaint(&wrong).contains("short"), "{}", complaint(&wrong));
}

#[tokio::test]
async fn status_names_the_feature_that_a_missing_scope_blocks() {
    let zoom =
        Zoom::with(|config| config.apps[0].scopes = vec!["phone:read:list_call_logs:admin".to_owned()]).await;
    let directory = TempDir::new().unwrap();
    let output = end(zoom.account(&directory, &["auth", "status"])).await;
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("the steps of a call") && text.contains("phone:read:call_log:admin"), "{text}");
    assert!(text.contains("\n  phone:read:list_call_logs:admin\n"), "a few scopes are listed: {text}");
    assert!(!text.contains("accountCallHistory"), "{text}");
}

#[test]
fn what_is_not_set_is_named() {
    let directory = TempDir::new().unwrap();
    let login = run(directory.path(), &["auth", "login"]);
    assert_eq!(login.status.code(), Some(4));
    assert!(complaint(&login).contains("ZOOM_CLIENT_ID is not set"), "{}", complaint(&login));
    let status = run(directory.path(), &["auth", "status"]);
    assert_eq!(status.status.code(), Some(4));
    assert!(!directory.path().join("data").exists());
}
