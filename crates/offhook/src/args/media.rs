//! `offhook media`.

use clap::{Args, Subcommand};

use super::ServerArg;

#[derive(Debug, Subcommand)]
pub(crate) enum MediaCommand {
    /// List files, newest first, and how many are how far
    List(MediaListArgs),
    /// Fetch files as soon as possible, whatever the policy says
    Fetch(MediaFetchArgs),
    /// Put a legal hold on a file: nothing deletes it until the hold is released
    Hold(MediaHoldArgs),
    /// Release a legal hold; what should have been deleted meanwhile is deleted then
    Release(MediaReleaseArgs),
    /// Delete a file here (at Zoom it stays); refused under legal hold
    Purge(MediaPurgeArgs),
    /// Read files that are here and compare them with what was fetched; fails if one is damaged
    Verify(MediaVerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MediaListArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Those of this call: any of its ids
    #[arg(long)]
    pub(crate) call: Option<String>,
    /// recording, transcript, voicemail or voicemail_transcript
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// skipped, wanted, fetching, here, failed, not_ready, gone, deleting, deleted or refused
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Only those under legal hold
    #[arg(long)]
    pub(crate) held: bool,
    /// How many, 1 to 500
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
    /// Go on where an earlier list ended: its next_cursor
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MediaFetchArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Ids of files, as listed
    #[arg(required = true)]
    pub(crate) ids: Vec<String>,
    /// Who asks, for the receipt
    #[arg(long)]
    pub(crate) who: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MediaHoldArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Id of the file, as listed
    pub(crate) id: String,
    /// Who puts it on
    #[arg(long)]
    pub(crate) who: String,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct MediaReleaseArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Id of the file, as listed
    pub(crate) id: String,
    /// Who releases it, for the receipt
    #[arg(long)]
    pub(crate) who: Option<String>,
    /// Why, for the receipt
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MediaPurgeArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Id of the file, as listed
    pub(crate) id: String,
    /// Why, for the receipt
    #[arg(long)]
    pub(crate) reason: String,
    /// Who, for the receipt
    #[arg(long)]
    pub(crate) who: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MediaVerifyArgs {
    #[command(flatten)]
    pub(crate) server: ServerArg,
    /// Ids of files, as listed; without any, all files that are here
    pub(crate) ids: Vec<String>,
}
