//! How many requests an account takes, and the count that all programs here keep of them.

use std::collections::BTreeMap;

use zoom_phone::quota::{Limiter, LimiterConfig, Plan, QuotaError};

use super::Config;

impl Config {
    /// The plan of the accounts, as far as their limits depend on it.
    fn plan(&self) -> Plan {
        match self.get("zoom.plan") {
            Some("pro") => Plan::Pro,
            Some("business") => Plan::Business,
            _ => Plan::Unknown,
        }
    }

    /// The count of each of these accounts, by their ids. One account has one, however many apps ask it.
    ///
    /// In the data directory it is a file, so that the server and the commands beside it keep one quota. Where there
    /// is no data directory the program counts alone, and leaves nothing behind.
    pub(crate) fn limiters<'a>(
        &self,
        accounts: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, Limiter>, QuotaError> {
        let directory = self.data_dir();
        let mut limiters = BTreeMap::new();
        for account in accounts {
            if limiters.contains_key(account) {
                continue;
            }
            let shared_file = directory.is_dir().then(|| directory.join(file_name(account)));
            let config = LimiterConfig { plan: self.plan(), shared_file, ..LimiterConfig::default() };
            limiters.insert(account.to_owned(), Limiter::open(&config)?);
        }
        Ok(limiters)
    }
}

/// Zoom's ids are opaque: what may not be in the name of a file is written as `%2F`.
fn file_name(account: &str) -> String {
    let plain = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    format!("quota-{}.json", account.bytes().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_file_of_its_own_and_never_another_folder() {
        assert_eq!(file_name("aB_c-9"), "quota-aB_c-9.json");
        assert_eq!(file_name("../a/b=="), "quota-%2E%2E%2Fa%2Fb%3D%3D.json");
    }
}
