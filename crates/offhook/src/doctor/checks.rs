//! Every check there is. Its meaning and remedy are in docs/doctor.md; a test compares.

/// A check, by its stable id `area.name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Check(&'static str);

impl Check {
    /// `area.name`.
    pub(crate) fn id(self) -> &'static str {
        self.0
    }
}

macro_rules! checks {
    ( $( $name:ident = $id:literal, )* ) => {
        $( pub(crate) const $name: Check = Check($id); )*

        /// All of them, in the order of docs/doctor.md.
        #[cfg(test)]
        const ALL: &[Check] = &[$( $name ),*];
    };
}

checks! {
    SETTINGS = "prerequisites.settings",
    ACCOUNT = "prerequisites.account",
    LICENCES = "prerequisites.licences",
    USERS = "prerequisites.users",
    SMS = "prerequisites.sms",
    CLOCK = "prerequisites.clock",
    CREDENTIALS = "oauth.credentials",
    ACCOUNT_ID = "oauth.account_id",
    TOKEN = "oauth.token",
    LIFETIME = "oauth.lifetime",
    SHARING = "oauth.sharing",
    SCOPES = "oauth.scopes",
    REDIRECT_URI = "oauth.redirect_uri",
    PKCE = "oauth.pkce",
    SIGN_IN = "oauth.sign_in",
    WEBHOOK_SECRET = "webhook.secret",
    RECEIVER = "webhook.receiver",
    CHALLENGE = "webhook.challenge",
    FORGERY = "webhook.forgery",
    LATE = "webhook.late",
    REPLAY = "webhook.replay",
    REFUSED = "webhook.refused",
    PUBLIC = "webhook.public",
    LAST_EVENT = "webhook.last_event",
    EVENTS = "webhook.events",
    UNFAMILIAR = "webhook.unfamiliar",
    EMBED_URL = "smart_embed.url",
    EMBED_ORIGIN = "smart_embed.origin",
    EMBED_PAGE = "smart_embed.page",
    EMBED_FRAME = "smart_embed.frame",
    EMBED_DOMAIN = "smart_embed.domain",
    LAUNCH_CALL = "launch.call",
    LAUNCH_TEXT = "launch.text",
    JOINED = "correlation.joined",
    RECORDS = "correlation.records",
    STATUS_EVENTS = "correlation.events",
    ONE_CALL = "correlation.call",
    OLD_EVENTS = "migration.events",
    OLD_ROWS = "migration.rows",
    OLD_OPERATIONS = "migration.operations",
    SECRET_VALUE = "security.webhook_secret",
    FILES = "security.files",
    GIT = "security.git",
    LISTENING = "security.listening",
    FORWARDED = "security.forwarded",
    TLS = "security.tls",
    ORIGIN = "security.origin",
    TOKENS = "security.tokens",
    SPACE = "storage.space",
    DATABASES = "storage.databases",
    BACKLOG = "storage.backlog",
    INBOX = "storage.inbox",
}

#[cfg(test)]
mod tests {
    use super::super::line::Area;
    use super::*;

    #[test]
    fn the_documentation_explains_every_check_and_no_other() {
        let document = include_str!("../../../../docs/doctor.md");
        let explained: Vec<_> = document
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .filter(|id| id.contains('.'))
            .collect();
        let known: Vec<_> = ALL.iter().map(|check| check.id()).collect();
        assert_eq!(explained, known);
        for area in Area::ALL {
            assert!(document.contains(&format!("\n## {}\n", area.as_str())), "{area:?}");
        }
    }

    #[test]
    fn every_check_belongs_to_an_area_and_is_there_once() {
        for check in ALL {
            let area = check.id().split('.').next();
            assert!(Area::ALL.iter().any(|known| Some(known.as_str()) == area), "{}", check.id());
            assert_eq!(ALL.iter().filter(|other| other == &check).count(), 1, "{}", check.id());
        }
    }
}
