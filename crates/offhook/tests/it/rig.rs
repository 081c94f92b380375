//! Runs the binary in a directory of its own.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_phone_emulator::signature;

pub(crate) const SECRET: &str = "the_secret_of_these_tests";
pub(crate) const ACCOUNT: &str = "demo_account_0000000AA";

/// No condition takes longer to come true, even on a slow machine.
const DEADLINE: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "the binary reads the real clock; so must who signs for it")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The date of so many days from now, in UTC: Zoom gives six months of history, so a fixed one would run out.
pub(crate) fn day(offset: i64) -> String {
    (now() + SignedDuration::from_hours(24 * offset)).strftime("%Y-%m-%d").to_string()
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < DEADLINE, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The binary, with nothing of this process's environment, in this directory.
pub(crate) fn offhook(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.current_dir(directory).env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(directory: &Path, args: &[&str]) -> Output {
    offhook(directory).args(args).output().unwrap()
}

/// Runs a command that ought to end by itself, and ends it if it does not.
pub(crate) fn ended(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && began.elapsed() < DEADLINE {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    child.wait_with_output().unwrap()
}

/// What it printed, once it has ended well.
pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", complaint(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it complained of.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A server in a process of its own. It is killed when dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    /// Starts `offhook serve` in a directory, on any port.
    pub(crate) async fn start(directory: &TempDir) -> Self {
        let mut command = offhook(directory.path());
        command.args(["serve", "--port", "0"]).env("ZOOM_WEBHOOK_SECRET", SECRET);
        Self::spawn(directory, command).await
    }

    /// Starts a command that is a server in the end. Its log goes to `log` in the directory.
    pub(crate) async fn spawn(directory: &TempDir, mut command: Command) -> Self {
        let log = directory.path().join("log");
        let mut child = command.stdout(Stdio::null()).stderr(File::create(&log).unwrap()).spawn().unwrap();
        let began = Instant::now();
        let base = loop {
            let text = std::fs::read_to_string(&log).unwrap();
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let ready = lines.into_iter().find_map(|line| line["url"].as_str().map(str::to_owned));
            if let Some(url) = ready {
                break url.trim_end_matches('/').to_owned();
            }
            assert!(child.try_wait().unwrap().is_none(), "it did not start: {text}");
            assert!(began.elapsed() < DEADLINE, "it is not ready: {text}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { child, base, http }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lifts the limit on the size of files, as if there were room on the disk again.
    pub(crate) fn unlimit(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &id]).status();
        assert!(status.unwrap().success());
    }

    /// `kill -TERM`, and how it ended.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let child = &mut self.child;
        eventually("it stops", || {
            let ended = child.try_wait().unwrap();
            async move { ended }
        })
        .await
    }

    /// Posts an event to the webhook; its status, or none if the line broke.
    pub(crate) async fn post(&self, event: &Value) -> Option<u16> {
        let response = post(&self.http, &self.base, event).await.ok()?;
        Some(response.status().as_u16())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }

    /// Everything in the inbox.
    pub(crate) async fn inbox(&self) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all.last().map_or(0, |event| event["seq"].as_u64().unwrap());
            let page = self.get(&format!("/api/v1/events?after={after}&limit=1000")).await;
            let events = page["events"].as_array().unwrap();
            if events.is_empty() {
                return all;
            }
            all.extend(events.iter().cloned());
        }
    }

    /// Waits until all that was stored is folded.
    pub(crate) async fn folded(&self) {
        eventually("the inbox is folded", || async {
            // Not ready is an answer too, while the last attempt to fold has failed.
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await.unwrap();
            (answer.json::<Value>().await.unwrap()["backlog"] == 0).then_some(())
        })
        .await;
    }
}

/// Posts an event to the webhook of a server.
pub(crate) async fn post(
    http: &reqwest::Client,
    base: &str,
    event: &Value,
) -> reqwest::Result<reqwest::Response> {
    let (at, body) = (now().as_second(), event.to_string());
    http.post(format!("{base}/zoom/webhook"))
        .header("x-zm-request-timestamp", at.to_string())
        .header("x-zm-signature", signature(SECRET, at, body.as_bytes()))
        .body(body)
        .send()
        .await
}

/// A phone rings.
pub(crate) fn ringing(call_id: &str) -> Value {
    let at = now() - SignedDuration::from_secs(30);
    json!({
        "event": "phone.callee_ringing",
        "event_ts": at.as_millisecond(),
        "payload": { "account_id": ACCOUNT, "object": {
            "call_id": call_id,
            "caller": { "phone_number": "+14155550100", "connection_type": "pstn_off_net" },
            "callee": { "user_id": "user1", "extension_number": 101, "extension_type": "user", "name": "Ada" },
            "ringing_start_time": at.to_string(),
        } },
    })
}

/// The call that an event in the inbox tells of.
pub(crate) fn call_of(stored: &Value) -> String {
    stored["body"]["payload"]["object"]["call_id"].as_str().unwrap().to_owned()
}
