//! Opening an address with what the system has chosen for it: a browser, Zoom's app.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
/// An opener that has not failed by then has handed the address on, or has become the browser itself.
const FAILS_WITHIN: Duration = Duration::from_secs(3);

/// Why an address was not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// No display: nothing can be opened here.
    Display,
    /// The opener could not be started.
    Opener(String),
    /// It found no program for addresses of this kind.
    Program,
}

impl std::fmt::Display for Unopened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Display => f.write_str("there is no display here"),
            Self::Opener(reason) => write!(f, "{OPENER} could not be started ({reason})"),
            Self::Program => write!(f, "{OPENER} found no program for it"),
        }
    }
}

/// Opens an address. It must begin with its scheme, so that it cannot be read as an option.
pub(crate) async fn open(address: &str) -> Result<(), Unopened> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(not(target_os = "macos")) && !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        return Err(Unopened::Display);
    }
    let spawned = Command::new(OPENER)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut opener = spawned.map_err(|error| Unopened::Opener(error.to_string()))?;
    match tokio::time::timeout(FAILS_WITHIN, opener.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(Unopened::Program),
        _ => Ok(()),
    }
}
