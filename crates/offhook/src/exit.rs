//! How the program ends: a code that scripts can tell apart. `docs/cli.md` lists them.

use std::fmt;
use std::process::ExitCode;

use zoom_phone::client;
use zoom_phone::oauth::AuthError;

/// Done, and nothing else fits.
pub(crate) const FAILED: u8 = 1;
/// The command line is wrong; nothing was sent. Clap uses the same.
pub(crate) const USAGE: u8 = 2;
/// What came may not be all.
pub(crate) const INCOMPLETE: u8 = 3;
/// Zoom gives no access: sign in, correct the credentials, or add a scope.
pub(crate) const NO_ACCESS: u8 = 4;
/// The same may succeed later.
pub(crate) const NOT_NOW: u8 = 5;
/// Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// What is asked for cannot be; nothing was sent.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// There is nobody to ask Zoom as.
#[derive(Debug)]
pub(crate) struct NoAccess(pub(crate) String);

impl fmt::Display for NoAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoAccess {}

/// The code for an error: that of the first cause which has one of its own.
pub(crate) fn code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(error.chain().find_map(of).unwrap_or(FAILED))
}

fn of(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if cause.is::<Usage>() {
        return Some(USAGE);
    }
    if cause.is::<NoAccess>() {
        return Some(NO_ACCESS);
    }
    if let Some(error) = cause.downcast_ref::<AuthError>() {
        return Some(if error.retry_helps() { NOT_NOW } else { NO_ACCESS });
    }
    let error = cause.downcast_ref::<client::Error>()?;
    Some(match error {
        client::Error::Invalid { .. } | client::Error::UnknownOperation { .. } => USAGE,
        client::Error::Incomplete { .. } => INCOMPLETE,
        // Its source says which.
        client::Error::Auth { .. } => return None,
        client::Error::Api(api) if api.scope_missing() || matches!(api.status, 401 | 403) => NO_ACCESS,
        error if error.retry_helps() => NOT_NOW,
        _ => FAILED,
    })
}
