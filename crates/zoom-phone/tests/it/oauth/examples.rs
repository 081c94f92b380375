//! The examples, run as the programs they are. `cargo test` builds them.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use url::Url;

use super::flows::{value, visit};
use super::zoom::{CODE, SECRET, Zoom};

fn run(name: &str, zoom: &Zoom, directory: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let this = std::env::current_exe().unwrap();
    let program = this.parent().unwrap().parent().unwrap().join("examples").join(name);
    let mut child = Command::new(&program)
        .arg("0")
        .current_dir(directory)
        .env("ZOOM_CLIENT_ID", "synthetic-client")
        .env("ZOOM_CLIENT_SECRET", SECRET)
        .env("ZOOM_ACCOUNT_ID", "account")
        .env("ZOOM_TOKEN_URL", zoom.url.as_str())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; build the examples first", program.display()));
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, said)
}

#[tokio::test]
async fn the_server_to_server_example_gets_a_token() {
    let (zoom, directory) = (Zoom::start().await, tempfile::tempdir().unwrap());
    let (mut child, mut said) = run("s2s", &zoom, directory.path());
    let line = said.next_line().await.unwrap().unwrap();
    assert!(line.ends_with("with the scopes phone:read:user phone:read:call_log"), "{line}");
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn the_sign_in_example_needs_the_browser_once() {
    let (zoom, directory) = (Zoom::start().await, tempfile::tempdir().unwrap());
    let (mut child, mut said) = run("user_login", &zoom, directory.path());
    let line = said.next_line().await.unwrap().unwrap();
    let page = Url::parse(line.strip_prefix("open ").unwrap()).unwrap();
    let redirect = Url::parse(&value(&page, "redirect_uri")).unwrap();
    let target = format!("{}?code={CODE}&state={}", redirect.path(), value(&page, "state"));
    visit(&format!("127.0.0.1:{}", redirect.port().unwrap()), &target).await;
    let signed_in = said.next_line().await.unwrap().unwrap();
    assert!(signed_in.starts_with("signed in"), "{signed_in}");
    assert!(child.wait().await.unwrap().success());

    let (mut child, mut said) = run("user_login", &zoom, directory.path());
    assert_eq!(said.next_line().await.unwrap().unwrap(), signed_in);
    assert!(child.wait().await.unwrap().success());
    assert_eq!(zoom.requests().len(), 1);
}
