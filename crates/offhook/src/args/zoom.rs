//! The commands that talk to Zoom, or that make Zoom's own app do something.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use clap_complete::{ArgValueCompleter, PathCompleter};

use crate::{config::Config, rest::complete};

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "\
Examples:
  offhook api --list --search \"call queue\"
  offhook api listCallQueues --describe
  offhook api listCallQueues --all-pages --json | jq -r .name
  offhook api getACallQueue --param callQueueId=wGJDBcnJQC6tV86BbtlXXX
  offhook api updateCallQueue -p callQueueId=wGJDBcnJQC6tV86BbtlXXX -d '{\"name\": \"Sales\"}'
  offhook api accountCallHistory --from 2026-10-01 --to 2026-10-31 --all-pages > calls.ndjson
  offhook api phoneDownloadRecordingFile -p fileId=mOWLqXFgTbmXv2Q8TnqvXX --download call.mp3

Exit codes: 0 done, 1 failed, 2 the command line is wrong and nothing was sent, 3 rows may be
missing, 4 no access (sign in, or add a scope), 5 not now (the same may succeed later),
130 interrupted.")]
pub(crate) struct RestArgs {
    /// Its id or name, such as listCallQueues or list_call_queues; with --raw also `METHOD /path`
    #[arg(required_unless_present = "list", add = ArgValueCompleter::new(complete::operations))]
    pub(crate) operation: Option<String>,
    /// A parameter of the path or query; repeat the name for a list
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair,
        add = ArgValueCompleter::new(complete::parameters))]
    pub(crate) params: Vec<(String, String)>,
    /// The body: JSON, @FILE, or - for standard input
    #[arg(short, long, value_name = "JSON")]
    pub(crate) data: Option<String>,
    /// A part of an upload: text, or @FILE
    #[arg(long = "part", value_name = "NAME=VALUE", value_parser = pair, conflicts_with = "data")]
    pub(crate) parts: Vec<(String, String)>,
    /// Begin of the window: a date or a time such as 2026-11-22T09:00:00Z (UTC without offset)
    #[arg(long, value_name = "TIME", value_parser = super::time::begin)]
    pub(crate) from: Option<jiff::Timestamp>,
    /// End of the window [default: now]; of a date, its end
    #[arg(long, value_name = "TIME", requires = "from", value_parser = super::time::end)]
    pub(crate) to: Option<jiff::Timestamp>,
    /// Every page of a list: one row a line, as JSON
    #[arg(long, conflicts_with_all = ["download", "data", "parts"])]
    pub(crate) all_pages: bool,
    /// Save the file that the operation returns; - for standard output
    #[arg(short = 'o', long, value_name = "FILE", add = ArgValueCompleter::new(PathCompleter::file()))]
    pub(crate) download: Option<PathBuf>,
    /// Overwrite the file of --download
    #[arg(long, requires = "download")]
    pub(crate) force: bool,
    /// Do not ask before deleting or changing something
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Send it even if it is not as Zoom documents it, such as a new parameter or operation
    #[arg(long)]
    pub(crate) raw: bool,
    /// Say what the operation takes, needs and returns; sends nothing
    #[arg(long, conflicts_with_all = ["params", "data", "parts", "from", "all_pages", "download"])]
    pub(crate) describe: bool,
    /// List operations; sends nothing
    #[arg(long, conflicts_with_all = ["operation", "params", "data", "parts", "from", "all_pages", "download"])]
    pub(crate) list: bool,
    /// Only those of this chapter of Zoom's documentation, such as "Call Queues"
    #[arg(long, requires = "list", add = ArgValueCompleter::new(complete::tags))]
    pub(crate) tag: Option<String>,
    /// Only those with these words in id, path or chapter
    #[arg(long, requires = "list", value_name = "WORDS")]
    pub(crate) search: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Sign in at Zoom, so that commands act as you
    Login(LoginArgs),
    /// Say who has access, until when, to what, and what is missing
    Status(StoreArgs),
    /// Revoke your access at Zoom and forget it here
    Logout(StoreArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Needs ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and ZOOM_REDIRECT_URI of a General App: the redirect URI
as it is in the app's settings. If that is a http address of this machine with a port, such as
http://127.0.0.1:4000/callback, Offhook listens there; otherwise paste the address that Zoom sends
you to.

A server-to-server app needs no sign-in; `offhook auth status` checks it.")]
pub(crate) struct LoginArgs {
    /// Show a code to type in on another device, instead of a browser here
    #[arg(long, conflicts_with_all = ["no_browser", "scopes"])]
    pub(crate) device: bool,
    /// Scopes to ask for [default: those of the app's settings]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', num_args = 1..)]
    pub(crate) scopes: Vec<String>,
    /// Print the address only; do not open a browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StoreArgs {
    /// Folder of the tokens, which are encrypted [default: tokens, in the data directory; OFFHOOK_TOKENS_DIR]
    #[arg(long = "store", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

impl StoreArgs {
    /// The flag outdoes the settings.
    pub(crate) fn override_in(&self, config: &mut Config) {
        let folder = self.folder.as_ref().map(|folder| folder.display().to_string());
        config.override_with("data.tokens_dir", "--store", folder);
    }
}

/// Which of the addresses that start a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallScheme {
    /// Zoom's own: Zoom dials at once
    Zoomphonecall,
    /// The standard one: whatever program this machine calls with
    Tel,
    /// The older one, likewise
    Callto,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Zoom's app must be signed in on this machine. It dials at once, without asking.

  offhook dial +1 415 555 0142
  offhook dial 812 --caller-id +14155550100
  offhook dial 030 1234567 --region DE --print")]
pub(crate) struct DialArgs {
    /// Telephone number or extension, in any usual spelling
    #[arg(required = true)]
    pub(crate) number: Vec<String>,
    /// Your number to show for this call: +E.164 or an extension (zoomphonecall only)
    #[arg(long, value_name = "NUMBER")]
    pub(crate) caller_id: Option<String>,
    /// Kind of address
    #[arg(long, value_enum, default_value = "zoomphonecall")]
    pub(crate) scheme: CallScheme,
    /// Print the address; open nothing
    #[arg(long)]
    pub(crate) print: bool,
    /// Country that numbers without + belong to
    #[arg(long, value_name = "COUNTRY", default_value = "US")]
    pub(crate) region: String,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Zoom's app (6.1.0 or later) must be signed in on this machine. It shows an empty message to the
number; Zoom has no way to give it the text, or several numbers.

  offhook sms +1 415 555 0142")]
pub(crate) struct SmsArgs {
    /// Telephone number, in any usual spelling
    #[arg(required = true)]
    pub(crate) number: Vec<String>,
    /// Your number to send from
    #[arg(long, value_name = "NUMBER")]
    pub(crate) caller_id: Option<String>,
    /// Print the address; open nothing
    #[arg(long)]
    pub(crate) print: bool,
    /// Country that numbers without + belong to
    #[arg(long, value_name = "COUNTRY", default_value = "US")]
    pub(crate) region: String,
}

/// `name=value`; the value may have more of `=`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_name_operations_that_there_are() {
        use clap::Args as _;
        let help = RestArgs::augment_args(clap::Command::new("api")).get_after_help().unwrap().to_string();
        let named: Vec<&str> =
            help.split("offhook api ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
        assert!(named.len() > 5, "{help}");
        for name in named.into_iter().filter(|name| !name.starts_with('-')) {
            let catalogue = zoom_phone::types::catalogue::Catalogue::get();
            assert!(catalogue.operation(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_pair_splits_at_the_first_equals_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("a="), Ok(("a".to_owned(), String::new())));
        for bad in ["a", "=b", " =b", ""] {
            assert!(pair(bad).is_err(), "{bad}");
        }
    }
}
