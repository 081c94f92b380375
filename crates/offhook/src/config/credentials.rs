//! The secrets of the accounts, for the commands that talk to Zoom themselves.

use secrecy::SecretString;

use super::Config;

/// What a server-to-server token is asked for with.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    /// Zoom account id.
    pub(crate) account: String,
    /// Client id of the app.
    pub(crate) client_id: String,
    /// Client secret of the app.
    pub(crate) client_secret: SecretString,
}

impl Config {
    /// Every account whose credentials are complete.
    pub(crate) fn credentials(&self) -> Vec<Credentials> {
        let own = (self.get("zoom.account_id"), self.get("zoom.client_id"), self.get("zoom.client_secret"));
        let more = self.accounts.iter().map(|account| {
            (Some(account.id.as_str()), account.client_id.as_deref(), account.client_secret.as_deref())
        });
        std::iter::once(own)
            .chain(more)
            .filter_map(|(account, client_id, client_secret)| {
                Some(Credentials {
                    account: account?.to_owned(),
                    client_id: client_id?.to_owned(),
                    client_secret: SecretString::from(client_secret?),
                })
            })
            .collect()
    }

    /// The webhook secrets in use, without those that are on their way out.
    pub(crate) fn webhook_secrets(&self) -> Vec<SecretString> {
        let more = self.accounts.iter().filter_map(|account| account.webhook_secret.as_deref());
        self.get("zoom.webhook_secret").into_iter().chain(more).map(SecretString::from).collect()
    }
}
