//! Reading settings from their three places.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    Problem, SETTINGS, Setting,
    settings::{ACCOUNT_KEYS, account_id, token},
};

/// All settings, with where each came from.
#[derive(Debug, Default)]
pub(crate) struct Config {
    values: BTreeMap<&'static str, Value>,
    /// `[[account]]` tables.
    pub(super) accounts: Vec<Account>,
    /// What could not be read at all.
    pub(super) unreadable: Vec<Problem>,
    /// The settings file that was read.
    pub(super) file: Option<PathBuf>,
}

/// A value and its origin.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) origin: String,
}

/// One of several Zoom accounts.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) webhook_secret: Option<String>,
    pub(super) webhook_secret_previous: Option<String>,
}

impl Config {
    /// Reads `offhook.toml` (or the file that was named), `.env` and the environment.
    pub(crate) fn load(named: Option<&Path>) -> anyhow::Result<Self> {
        let mut config = Self::default();
        let usual = Path::new("offhook.toml");
        if let Some(path) = named.or_else(|| usual.exists().then_some(usual)) {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the settings file {}", path.display()))?;
            let table: toml::Table =
                text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
            config.take_file(path, table);
        }
        let mut env: BTreeMap<String, Value> = BTreeMap::new();
        if Path::new(".env").exists() {
            let entries = dotenvy::from_path_iter(".env").context("cannot read .env")?;
            for entry in entries {
                let (name, text) = entry.context("a line of .env cannot be read; each must be NAME=value")?;
                env.insert(name, Value { text, origin: ".env".to_owned() });
            }
        }
        for (name, text) in std::env::vars_os() {
            if let (Ok(name), Ok(text)) = (name.into_string(), text.into_string()) {
                env.insert(name, Value { text, origin: "environment".to_owned() });
            }
        }
        config.take_environment(&env);
        Ok(config)
    }

    /// The value of a setting, or its default.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let default =
            || SETTINGS.iter().find(|s| s.key == key).map(|s| s.default).filter(|text| !text.is_empty());
        self.values.get(key).map(|value| value.text.as_str()).or_else(default)
    }

    /// A setting's value and origin, if it is set.
    pub(super) fn value(&self, setting: &Setting) -> Option<&Value> {
        self.values.get(setting.key)
    }

    /// A command-line flag outdoes every other place.
    pub(crate) fn override_with(&mut self, key: &'static str, flag: &str, value: Option<String>) {
        if let Some(text) = value {
            self.values.insert(key, Value { text, origin: flag.to_owned() });
        }
    }

    /// A variable that is set and empty, as in a copied `.env.example`, counts as not set.
    pub(super) fn take_environment(&mut self, env: &BTreeMap<String, Value>) {
        for setting in SETTINGS {
            let found = setting.env.iter().find_map(|name| {
                env.get(*name).filter(|value| !value.text.trim().is_empty()).map(|v| (name, v))
            });
            if let Some((name, value)) = found {
                let text = value.text.trim().to_owned();
                self.values.insert(setting.key, Value { text, origin: format!("{name} ({})", value.origin) });
            }
        }
    }

    pub(super) fn take_file(&mut self, path: &Path, table: toml::Table) {
        let origin = path.display().to_string();
        self.file = Some(path.to_owned());
        for (section, content) in table {
            match content {
                toml::Value::Array(accounts) if section == "account" => {
                    for account in accounts {
                        self.take_account(account, &origin);
                    }
                }
                toml::Value::Table(entries) => {
                    for (name, value) in entries {
                        let key = format!("{section}.{name}");
                        let setting = SETTINGS.iter().find(|setting| setting.key == key);
                        match (setting, plain(&value)) {
                            (Some(setting), Some(text)) => {
                                self.values.insert(setting.key, Value { text, origin: origin.clone() });
                            }
                            (Some(setting), None) => {
                                self.unreadable(setting.key, "must be a text, a number, or true or false");
                            }
                            (None, _) => {
                                self.unreadable("offhook.toml", &format!("there is no setting {key}"));
                            }
                        }
                    }
                }
                _ => self.unreadable("offhook.toml", &format!("there is no setting {section}")),
            }
        }
    }

    fn take_account(&mut self, account: toml::Value, origin: &str) {
        let toml::Value::Table(entries) = account else {
            return self.unreadable("account", "must be a table: [[account]]");
        };
        let mut made = Account::default();
        for (name, value) in entries {
            let Some(text) = plain(&value) else {
                self.unreadable("account", &format!("{name} must be a text"));
                continue;
            };
            let check = if name == "id" { account_id } else { token };
            if let Err(why) = check(&text) {
                self.unreadable("account", &format!("{name} {why}"));
                continue;
            }
            match name.as_str() {
                "id" => made.id = text,
                "client_id" => made.client_id = Some(text),
                "client_secret" => made.client_secret = Some(text),
                "webhook_secret" => made.webhook_secret = Some(text),
                "webhook_secret_previous" => made.webhook_secret_previous = Some(text),
                _ => self.unreadable(
                    "account",
                    &format!("there is no setting {name} in {origin}; there are {}", ACCOUNT_KEYS.join(", ")),
                ),
            }
        }
        if made.id.is_empty() {
            return self.unreadable("account", "has no id");
        }
        self.accounts.push(made);
    }

    fn unreadable(&mut self, key: &'static str, text: &str) {
        self.unreadable.push(Problem { key, text: text.to_owned(), is_error: true });
    }
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(switch) => Some(switch.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str, &str)]) -> BTreeMap<String, Value> {
        pairs
            .iter()
            .map(|(name, text, origin)| {
                ((*name).to_owned(), Value { text: (*text).to_owned(), origin: (*origin).to_owned() })
            })
            .collect()
    }

    fn with_file(text: &str) -> Config {
        let mut config = Config::default();
        config.take_file(Path::new("offhook.toml"), text.parse().unwrap());
        config
    }

    #[test]
    fn the_environment_outdoes_the_file_and_says_so() {
        let mut config = with_file("[server]\nport = 9000\n[data]\ndir = 'somewhere'");
        config.take_environment(&environment(&[("PORT", "9001", ".env")]));
        assert_eq!(config.get("server.port"), Some("9001"));
        assert_eq!(config.values["server.port"].origin, "PORT (.env)");
        assert_eq!(config.get("data.dir"), Some("somewhere"));
        assert_eq!(config.get("server.bind"), Some("127.0.0.1"), "the default");
    }

    #[test]
    fn the_older_name_of_the_webhook_secret_counts_when_the_newer_is_empty() {
        let mut config = Config::default();
        let env =
            [("ZOOM_WEBHOOK_SECRET", " ", "environment"), ("WEBHOOK_SECRET_TOKEN", "s3cret", "environment")];
        config.take_environment(&environment(&env));
        assert_eq!(config.get("zoom.webhook_secret"), Some("s3cret"));
    }

    #[test]
    fn a_misspelt_setting_is_an_error_rather_than_nothing() {
        let config = with_file("[server]\nprot = 1\n[zoom]\nclient_id = [1]\nx = 1\n[[account]]\nname = 'a'");
        let texts: Vec<_> = config.problems().into_iter().filter(|p| p.is_error).map(|p| p.text).collect();
        for part in ["server.prot", "must be a text, a number", "zoom.x", "no setting name", "has no id"] {
            assert!(texts.iter().any(|text| text.contains(part)), "{part} in {texts:?}");
        }
    }

    #[test]
    fn the_values_of_an_account_are_checked_like_all_others_and_not_repeated() {
        let config = with_file("[[account]]\nid='123'\n[[account]]\nid='A'\nwebhook_secret='two words'");
        let texts: Vec<_> = config.problems().into_iter().filter(|p| p.is_error).map(|p| p.text).collect();
        assert!(texts.iter().any(|text| text.contains("id is the account number")), "{texts:?}");
        assert!(texts.iter().any(|text| text.contains("webhook_secret has a space")), "{texts:?}");
        assert!(texts.iter().all(|text| !text.contains("two words")), "{texts:?}");
    }

    #[test]
    fn several_accounts_each_with_their_own_secret() {
        let config =
            with_file("[[account]]\nid='A'\nwebhook_secret='x'\n[[account]]\nid='B'\nwebhook_secret='y'");
        assert_eq!(config.accounts.len(), 2);
        assert!(config.problems().iter().all(|problem| !problem.is_error));
    }

    #[test]
    fn a_channel_is_named_by_the_id_of_its_subscription_or_by_its_whole_address() {
        let key = "zoom.websocket_subscription_id";
        let of = |named| {
            let mut config = Config::default();
            config.take_environment(&environment(&[(
                "ZOOM_WEBSOCKET_SUBSCRIPTION_ID",
                named,
                "environment",
            )]));
            config.channel(key).unwrap().unwrap()
        };
        assert_eq!(Config::default().channel(key).unwrap(), None);
        let plain = of("abc");
        assert_eq!((plain.url.as_str(), plain.subscription_id.as_str()), ("wss://ws.zoom.us/ws", "abc"));
        let whole = of("wss://other.zoom.us/ws?subscriptionId=abc");
        assert_eq!((whole.url.host_str(), whole.subscription_id.as_str()), (Some("other.zoom.us"), "abc"));
    }

    #[test]
    fn a_server_does_not_share_its_subscription_and_needs_an_app() {
        let mut config = Config::default();
        let names = ["OFFHOOK_WEBSOCKET_SUBSCRIPTION_ID", "ZOOM_WEBSOCKET_SUBSCRIPTION_ID"];
        config.take_environment(&environment(&names.map(|name| (name, "abc", "environment"))));
        let problems: Vec<_> =
            config.problems().into_iter().filter(|p| p.key.starts_with("server.")).collect();
        assert!(matches!(&problems[..], [app, shared] if app.is_error && !shared.is_error), "{problems:?}");
    }

    #[test]
    fn another_bind_is_refused_with_the_reason() {
        let mut config = Config::default();
        config.take_environment(&environment(&[("OFFHOOK_BIND", "0.0.0.0", "environment")]));
        let problem = config.problems().into_iter().find(|problem| problem.key == "server.bind").unwrap();
        assert!(problem.is_error && problem.text.contains("no sign-in yet"));
    }
}
