//! Servers as processes of their own, started as an operator starts them and ended as a power cut ends them.

use std::{
    ffi::OsStr,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::{
    events::{ACCOUNT, SECRET},
    http::Connection,
};

/// A server that is not ready after this has failed to start. Recovery after a kill counts.
const START_PATIENCE: Duration = Duration::from_mins(1);
/// How often a starting server is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(10);
/// How much of a failed server's log is shown, from its end.
const LOG_SHOWN: usize = 4_000;

/// How to start a server.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: PathBuf,
    subcommand: &'static str,
    /// Its data and its log are in here.
    directory: PathBuf,
}

impl Program {
    /// `offhook serve` with its data in `directory`.
    pub(crate) fn offhook(path: &Path, directory: &Path) -> anyhow::Result<Self> {
        let path = fs::canonicalize(path).with_context(|| {
            format!(
                "there is no Offhook at {}; build it (cargo build --release) or name it with --offhook",
                path.display()
            )
        })?;
        let data = directory.join("data");
        fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
        Ok(Self { path, subcommand: "serve", directory: directory.to_owned() })
    }

    /// This very binary as the server that stores nothing.
    pub(crate) fn noop(directory: &Path) -> anyhow::Result<Self> {
        let path = std::env::current_exe().context("cannot tell where this binary is")?;
        Ok(Self { path, subcommand: "noop", directory: directory.to_owned() })
    }

    /// Starts it; it may not be ready yet.
    pub(crate) fn spawn(&self) -> anyhow::Result<Server> {
        // The port is free now and taken again by the server; nobody else here hands out ports so fast.
        let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .context("cannot find a free port on 127.0.0.1")?
            .port();
        let log = self.directory.join("server.log");
        let log_file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(&self.path)
            .arg(self.subcommand)
            // Nothing of the caller's environment or .env file: a bench must not reach a real Zoom account.
            .env_clear()
            .current_dir(&self.directory)
            .envs([
                ("PORT", port.to_string().as_ref()),
                ("ZOOM_WEBHOOK_SECRET", OsStr::new(SECRET)),
                ("ZOOM_ACCOUNT_ID", OsStr::new(ACCOUNT)),
                ("OFFHOOK_DATA_DIR", self.directory.join("data").as_os_str()),
                ("OFFHOOK_LOG", OsStr::new("warn")),
            ])
            .stdin(Stdio::null())
            .stdout(log_file.try_clone().context("cannot share the log file")?)
            .stderr(log_file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        Ok(Server { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), log })
    }

    /// Starts it and waits until it says that it is ready. The error of a failed start shows the server's log.
    pub(crate) async fn start(&self) -> anyhow::Result<Server> {
        let mut server = self.spawn()?;
        let begun = Instant::now();
        loop {
            if let Some(status) = server.child.try_wait().context("cannot ask after the server")? {
                bail!("{} did not start ({status}); its log:\n{}", self.path.display(), server.log());
            }
            // It may listen long before it answers.
            if timeout(START_PATIENCE, is_ready(server.address)).await.unwrap_or(false) {
                return Ok(server);
            }
            ensure!(
                begun.elapsed() < START_PATIENCE,
                "{} is not ready after {START_PATIENCE:?}; its log:\n{}",
                self.path.display(),
                server.log()
            );
            sleep(ASK_EVERY).await;
        }
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    match Connection::open(address).await {
        Ok(mut connection) => connection.get("/readyz").await.is_ok_and(|response| response.status == 200),
        Err(_) => false,
    }
}

/// A running server. It is killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// SIGKILL: no signal handler, no destructor, no last flush. Returns when the process is gone.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait().context("cannot ask after the server")? {
            bail!("the server had stopped by itself ({status}); its log:\n{}", self.log());
        }
        self.child.kill().await.context("cannot kill the server")
    }

    /// The end of what it wrote.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOG_SHOWN)..]).into_owned()
    }
}

/// What `/metrics` says about the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InboxMetrics {
    /// Entries appended since the process began.
    pub(crate) appended: u64,
    /// Commits, each with one fsync, since the process began.
    pub(crate) commits: u64,
    /// Entries that are not in the read models yet; `None` before the server has counted them.
    pub(crate) backlog: Option<u64>,
}

impl InboxMetrics {
    /// Asks a server.
    pub(crate) async fn of(address: SocketAddr) -> anyhow::Result<Self> {
        let response = async { Connection::open(address).await?.get("/metrics").await }
            .await
            .context("cannot read /metrics")?;
        ensure!(response.status == 200, "/metrics answers {}", response.status);
        let text = String::from_utf8_lossy(&response.body);
        Ok(Self {
            appended: sample(&text, "offhook_inbox_appended_total").unwrap_or(0),
            commits: sample(&text, "offhook_inbox_commits_total").unwrap_or(0),
            backlog: sample(&text, "offhook_inbox_backlog"),
        })
    }
}

/// The sum of a metric over all its labels, from Prometheus' text format. A counter that never counted is not
/// in the text at all.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are positive and whole")]
fn sample(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
        .reduce(|sum, value| sum + value)
        .map(|sum| sum as u64)
}

/// A directory for a server's data, gone when dropped, beside `offhook` unless another place is named. On a
/// file system in memory fsync costs nothing and a measurement means nothing, so that is refused.
pub(crate) fn directory(offhook: &Path, place: Option<&Path>) -> anyhow::Result<tempfile::TempDir> {
    let place = place.or(offhook.parent().filter(|parent| *parent != "")).unwrap_or(Path::new("."));
    let place = fs::canonicalize(place)
        .with_context(|| format!("there is no directory {}; name one with --dir", place.display()))?;
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    ensure!(
        !is_in_memory(&mounts, &place),
        "{} is in memory, where fsync is free; name a directory on a disk with --dir",
        place.display()
    );
    tempfile::Builder::new()
        .prefix("offhook-bench-")
        .tempdir_in(&place)
        .with_context(|| format!("cannot write into {}; name another directory with --dir", place.display()))
}

/// Whether a path is on tmpfs, by the lines of `/proc/self/mounts` (`device mountpoint type options`). Where
/// there is no such file nothing is known to be in memory.
fn is_in_memory(mounts: &str, path: &Path) -> bool {
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((Path::new(words.next()?), words.next()?))
        })
        .filter(|(mountpoint, _)| path.starts_with(mountpoint))
        .max_by_key(|(mountpoint, _)| mountpoint.as_os_str().len())
        .is_some_and(|(_, kind)| matches!(kind, "tmpfs" | "ramfs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_not_mistaken_for_its_longer_namesake() {
        let text = "# TYPE offhook_inbox_appended_total counter\n\
                    offhook_inbox_appended_total{door=\"webhook\"} 40\n\
                    offhook_inbox_appended_total{door=\"call_history\"} 2\n\
                    offhook_inbox_appended_total_old 7\n\
                    offhook_inbox_backlog 1.2e3\n";
        assert_eq!(sample(text, "offhook_inbox_appended_total"), Some(42));
        assert_eq!(sample(text, "offhook_inbox_backlog"), Some(1_200));
        assert_eq!(sample(text, "offhook_inbox_commits_total"), None);
    }

    #[test]
    fn a_directory_in_memory_is_recognised_by_its_nearest_mount() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk ext4 rw 0 0\n";
        assert!(!is_in_memory(mounts, Path::new("/home/bench")));
        assert!(is_in_memory(mounts, Path::new("/tmp/bench")));
        assert!(!is_in_memory(mounts, Path::new("/tmp/disk/bench")));
        assert!(!is_in_memory(mounts, Path::new("/tmpfoo")));
        assert!(!is_in_memory("", Path::new("/tmp")));
    }

    #[tokio::test]
    async fn a_missing_binary_is_named_in_the_error() {
        let error = Program::offhook(Path::new("nowhere/offhook"), Path::new(".")).unwrap_err();
        assert!(error.to_string().contains("nowhere/offhook"), "{error}");
    }
}
