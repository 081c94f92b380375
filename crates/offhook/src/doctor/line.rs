//! What a check comes to: one line.

use serde::Serialize;

use super::checks::Check;

/// What is looked at. Each is a chapter of docs/doctor.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Area {
    /// The account: Zoom Phone, licences, people, SMS, the clock
    Prerequisites,
    /// Credentials, token, scopes, sign-in
    Oauth,
    /// Receiving events
    Webhook,
    /// The softphone on a page
    SmartEmbed,
    /// Starting calls with links on this machine
    Launch,
    /// Events and records of one call finding each other
    Correlation,
    /// What Zoom has announced the end of
    Migration,
    /// Secrets, files, addresses
    Security,
    /// Disk and databases
    Storage,
}

impl Area {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: [Self; 9] = [
        Self::Prerequisites,
        Self::Oauth,
        Self::Webhook,
        Self::SmartEmbed,
        Self::Launch,
        Self::Correlation,
        Self::Migration,
        Self::Security,
        Self::Storage,
    ];

    /// Its word on the command line, in check ids and in the documentation.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Prerequisites => "prerequisites",
            Self::Oauth => "oauth",
            Self::Webhook => "webhook",
            Self::SmartEmbed => "smart_embed",
            Self::Launch => "launch",
            Self::Correlation => "correlation",
            Self::Migration => "migration",
            Self::Security => "security",
            Self::Storage => "storage",
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// As it should be.
    Pass,
    /// It works, or may; somebody should look.
    Warn,
    /// It does not work.
    Fail,
    /// Could not be looked at, and why.
    Skip,
}

impl Status {
    /// The word on the line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// Which check; stable.
    pub(crate) id: &'static str,
    /// How it ended.
    pub(crate) status: Status,
    /// What was found. Never a secret.
    pub(crate) found: String,
    /// What to do, in a sentence.
    #[serde(rename = "do")]
    pub(crate) remedy: Option<String>,
    /// Where it is explained.
    pub(crate) reference: String,
}

impl Check {
    fn line(self, status: Status, found: impl Into<String>, remedy: Option<String>) -> Line {
        let area = self.id().split('.').next().unwrap_or_default();
        Line {
            id: self.id(),
            status,
            found: found.into(),
            remedy,
            reference: format!("docs/doctor.md#{area}"),
        }
    }

    /// As it should be.
    pub(crate) fn pass(self, found: impl Into<String>) -> Line {
        self.line(Status::Pass, found, None)
    }

    /// Somebody should look, and do this.
    pub(crate) fn warn(self, found: impl Into<String>, remedy: impl Into<String>) -> Line {
        self.line(Status::Warn, found, Some(remedy.into()))
    }

    /// It does not work; do this.
    pub(crate) fn fail(self, found: impl Into<String>, remedy: impl Into<String>) -> Line {
        self.line(Status::Fail, found, Some(remedy.into()))
    }

    /// Not looked at, because.
    pub(crate) fn skip(self, why: impl Into<String>) -> Line {
        self.line(Status::Skip, why, None)
    }
}
