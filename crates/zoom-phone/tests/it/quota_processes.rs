//! Two real processes, one account.

use std::process::{Command, Stdio};
use std::time::Duration;

use zoom_phone::quota::{Limiter, LimiterConfig, Plan, Priority, RateLabel};

const FILE: &str = "ZOOM_PHONE_TEST_QUOTA_FILE";
const EACH: usize = 25;

/// What the processes do that [`two_processes_with_one_file_keep_one_limit`] starts; alone, nothing.
#[tokio::test]
async fn one_of_two_processes() {
    let Some(file) = std::env::var_os(FILE) else { return };
    // The margin is for a slow machine: between the count and the look at the clock a process may have to wait.
    let config =
        LimiterConfig { plan: Plan::Pro, jitter: Duration::from_millis(300), shared_file: Some(file.into()) };
    let limiter = Limiter::open(&config).unwrap();
    for _ in 0..EACH {
        limiter.enter(Some(RateLabel::Light), Priority::Live, None).await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "the clock that both processes have")]
        let now = jiff::Timestamp::now();
        println!("sent {}", now.as_microsecond());
    }
}

#[test]
fn two_processes_with_one_file_keep_one_limit() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "quota_processes::one_of_two_processes", "--nocapture"])
            .env(FILE, directory.path().join("quota.json"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut sent = Vec::new();
    for process in [start(), start()] {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        let output = String::from_utf8(output.stdout).unwrap();
        sent.extend(output.lines().filter_map(|line| line.split_once("sent ")?.1.parse::<i64>().ok()));
    }
    sent.sort_unstable();
    assert_eq!(sent.len(), 2 * EACH);
    assert!(sent.windows(21).all(|some| some[20] - some[0] > 1_000_000), "{sent:?}");
}
