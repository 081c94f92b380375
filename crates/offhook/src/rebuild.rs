//! `offhook rebuild`.

use std::{
    io::{IsTerminal, Write as _},
    path::Path,
    process::ExitCode,
};

use serde_json::json;

use crate::{
    config::Config,
    output::{Output, note},
};

/// Makes the read models anew. Fails, when all is done, if they did not come out as they were.
pub(crate) fn run(config: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    // A misspelt data directory would be rebuilt to nothing.
    config.warnings()?;
    let directory = config.data_dir();
    if !directory.join("inbox.db").exists() {
        anyhow::bail!(
            "there is no inbox in {}; name the data directory with OFFHOOK_DATA_DIR",
            directory.display()
        );
    }
    let progress = std::io::stderr().is_terminal();
    let rebuilt = offhook_store::rebuild(&directory, |done, total| {
        if progress {
            let percent = (done * 100).checked_div(total).unwrap_or(100);
            // A progress line that cannot be written is not worth failing for.
            let _ = write!(std::io::stderr(), "\r{done} of {total} events ({percent} %)");
        }
    })?;
    if progress {
        note("");
    }
    let code = if rebuilt.identical == Some(false) { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if out.json {
        out.print_json(
            &json!({ "events": rebuilt.entries, "calls": rebuilt.calls, "identical": rebuilt.identical }),
            false,
        );
        return Ok(code);
    }
    let compared = match rebuilt.identical {
        Some(true) => "exactly as they were",
        Some(false) => "not as they were: a newer version of Offhook may read events differently",
        None => "and now take in events that had not been folded yet",
    };
    out.print(&format!("{} calls from {} events, {compared}.", rebuilt.calls, rebuilt.entries));
    Ok(code)
}
