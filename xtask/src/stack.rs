//! Offhook and the emulator, started for a demo or a test and stopped in any case.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::http;
use crate::interrupt::Interrupt;

/// The emulator's documented demo credentials.
const CLIENT_ID: &str = "demo_client_id_000000A";
const CLIENT_SECRET: &str = "demo_client_secret";
const SUBSCRIPTION_ID: &str = "demo_subscription_00A";
const ACCOUNT_ID: &str = "demo_account_0000000AA";
pub(crate) const WEBHOOK_SECRET: &str = "demo_webhook_secret";
/// Where `offhook auth login` waits for those who sign in.
const REDIRECT_URI: &str = "http://127.0.0.1:4000/callback";

/// How long the server may take until it is ready.
pub(crate) const START: Duration = Duration::from_mins(1);
/// How long a program may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(10);
/// How often something is looked at while waiting for it.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// Lines of a log that are shown when its program ended early.
const LAST_LINES: usize = 20;

pub(crate) struct Options {
    /// The built `offhook`.
    pub(crate) binary: PathBuf,
    /// For data and logs. Emptied first.
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) emulator_port: u16,
    pub(crate) seed: u64,
    pub(crate) speed: String,
    pub(crate) calls_per_minute: f64,
}

/// Both programs, running. Dropping it stops them.
pub(crate) struct Stack {
    // Dropped in this order: nobody sends to a server that is gone.
    emulator: Running,
    server: Running,
    port: u16,
}

impl Stack {
    /// Starts both and waits until the server is ready.
    pub(crate) fn start(options: &Options, interrupt: &Interrupt) -> Result<Self> {
        let Options { folder, port, emulator_port, .. } = options;
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;

        // In a file, so that other commands started in the folder have the same.
        settings(*port, *emulator_port, &folder.join("offhook.toml"))?;
        let serve = program(&options.binary, folder, "serve");

        let mut emulate = program(&options.binary, folder, "emulator");
        emulate.args(["--port", &emulator_port.to_string(), "--seed", &options.seed.to_string()]);
        emulate.args(["--speed", &options.speed]);
        emulate.args(["--calls-per-minute", &options.calls_per_minute.to_string()]);
        emulate.args(["--webhook-url", &format!("http://127.0.0.1:{port}/zoom/webhook")]);
        emulate.args(["--webhook-secret", WEBHOOK_SECRET]);
        emulate.args(["--redirect-uri", REDIRECT_URI]);

        let mut stack = Self {
            emulator: Running::start("offhook emulator", emulate, &folder.join("emulator.log"))?,
            server: Running::start("offhook serve", serve, &folder.join("server.log"))?,
            port: *port,
        };
        let begun = Instant::now();
        while !matches!(http::get(*port, "/readyz"), Ok((200, _))) {
            stack.check()?;
            if interrupt.happened() {
                bail!("interrupted");
            }
            if begun.elapsed() > START {
                bail!(
                    "offhook serve is not ready after {} s\n{}",
                    START.as_secs(),
                    stack.server.end_of_log()
                );
            }
            sleep(TICK);
        }
        Ok(stack)
    }

    /// The server's address, without a slash at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An error if one of the programs has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.emulator.check()?;
        self.server.check()
    }

    /// The ids of the calls on the live board.
    pub(crate) fn board(&self) -> Result<Vec<String>> {
        let (status, body) = http::get(self.port, "/api/v1/live/snapshot")?;
        if status != 200 {
            bail!("/api/v1/live/snapshot answered {status}");
        }
        let snapshot: Value = serde_json::from_str(&body).context("/api/v1/live/snapshot is not JSON")?;
        let calls = snapshot["calls"].as_array().context("/api/v1/live/snapshot has no calls")?;
        Ok(calls.iter().filter_map(|call| call["id"].as_str().map(str::to_owned)).collect())
    }

    pub(crate) fn logs(&self) -> String {
        format!("{} and {}", self.server.log.display(), self.emulator.log.display())
    }
}

/// An emulator that plays no calls by itself, for tests of its embedded phone. Dropping it stops it.
pub(crate) struct QuietEmulator {
    running: Running,
    port: u16,
}

impl QuietEmulator {
    /// Starts it and waits until it answers.
    pub(crate) fn start(options: &Options, interrupt: &Interrupt) -> Result<Self> {
        let (port, embed_port) = any_ports()?;
        let mut emulate = program(&options.binary, &options.folder, "emulator");
        emulate.args(["--port", &port.to_string(), "--embed-port", &embed_port.to_string()]);
        emulate.args(["--seed", &options.seed.to_string(), "--calls-per-minute", "0"]);
        let log = options.folder.join("quiet-emulator.log");
        let mut quiet = Self { running: Running::start("the quiet offhook emulator", emulate, &log)?, port };
        let begun = Instant::now();
        while !matches!(http::get(port, "/_emulator/health"), Ok((200, _))) {
            quiet.check()?;
            if interrupt.happened() {
                bail!("interrupted");
            }
            if begun.elapsed() > START {
                bail!(
                    "the emulator is not ready after {} s\n{}",
                    START.as_secs(),
                    quiet.running.end_of_log()
                );
            }
            sleep(TICK);
        }
        Ok(quiet)
    }

    /// Its address, without a slash at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An error if it has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.running.check()
    }
}

/// Writes the settings of an Offhook that takes the emulator for Zoom.
fn settings(port: u16, emulator_port: u16, path: &Path) -> Result<()> {
    let emulator = format!("127.0.0.1:{emulator_port}");
    let text = format!(
        r#"[server]
port = {port}

[zoom]
account_id = "{ACCOUNT_ID}"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
webhook_secret = "{WEBHOOK_SECRET}"
redirect_uri = "{REDIRECT_URI}"
websocket_subscription_id = "{SUBSCRIPTION_ID}"
api_url = "http://{emulator}/v2"
oauth_url = "http://{emulator}/oauth/token"
websocket_url = "ws://{emulator}/ws"
"#
    );
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).with_context(|| format!("making {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("writing {}", path.display()))
}

/// `offhook <command>`, knowing nothing of this machine's own Offhook.
pub(crate) fn program(binary: &Path, folder: &Path, command: &str) -> Command {
    let mut program = Command::new(binary);
    program.arg(command).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["OFFHOOK_", "ZOOM_", "PORT", "WEBHOOK_SECRET_TOKEN"].iter().any(|own| text.starts_with(own)) {
            program.env_remove(&name);
        }
    }
    program
}

/// A program in the background, writing to a log.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Running {
    pub(crate) fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| log.display().to_string())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("log file")?)
            .stderr(file)
            // Ctrl-C reaches us alone; we stop the programs in order, and each of them once.
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self { name, child, log: log.to_owned() })
    }

    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait().with_context(|| self.name)? {
            None => Ok(()),
            Some(status) => bail!("{} ended early ({status})\n{}", self.name, self.end_of_log()),
        }
    }

    fn end_of_log(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        format!("the end of {}:\n{last}", self.log.display())
    }

    fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        // `kill` is part of every shell; the program of that name is not part of every system.
        Command::new("sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status()?;
        let begun = Instant::now();
        while begun.elapsed() < STOP {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            sleep(TICK);
        }
        eprintln!("{} did not stop within {} s and is killed", self.name, STOP.as_secs());
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("stopping {}: {error}", self.name);
        }
        // Whatever happened above: nothing stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `wanted`, or the next port after it that nobody listens on.
pub(crate) fn free_port(wanted: u16) -> Result<u16> {
    (wanted..=u16::MAX)
        .take(100)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .with_context(|| format!("no free port from {wanted} on"))
}

/// Two ports that nobody listens on.
pub(crate) fn any_ports() -> Result<(u16, u16)> {
    let listeners =
        [TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?];
    Ok((listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_passed_over() {
        let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = busy.local_addr().unwrap().port();
        assert!(free_port(port).unwrap() > port);
    }

    #[test]
    fn a_program_that_ends_early_is_reported_with_its_code_and_its_last_words() {
        let log = std::env::temp_dir().join(format!("xtask-stack-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo no database; exit 3"]);
        let mut running = Running::start("sh", command, &log).unwrap();
        running.child.wait().unwrap();
        let error = running.check().unwrap_err().to_string();
        fs::remove_file(&log).unwrap();
        assert!(error.contains("exit status: 3") && error.contains("no database"), "{error}");
    }

    #[test]
    fn dropping_stops_a_program_by_interrupt() {
        let log = std::env::temp_dir().join(format!("xtask-drop-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "trap 'echo stopped; exit 0' INT; echo started; while :; do :; done"]);
        let running = Running::start("sh", command, &log).unwrap();
        while !fs::read_to_string(&log).unwrap().contains("started") {
            std::thread::yield_now();
        }
        drop(running);
        let said = fs::read_to_string(&log).unwrap();
        fs::remove_file(&log).unwrap();
        assert!(said.contains("stopped"), "{said}");
    }
}
