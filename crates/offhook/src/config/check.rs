//! `offhook config check`.

use std::{path::Path, process::ExitCode};

use serde_json::json;

use super::{Config, SETTINGS};
use crate::output::Output;

/// Says what is set, from where, and what is wrong. Fails if the server would not start.
pub(crate) fn run(file: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    let problems = config.problems();
    let failed = problems.iter().any(|problem| problem.is_error);
    if out.json {
        let settings: Vec<_> = SETTINGS
            .iter()
            .map(|setting| {
                let (value, origin) = shown(&config, setting);
                json!({ "key": setting.key, "value": value, "from": origin, "environment": setting.env })
            })
            .collect();
        let problems: Vec<_> = problems
            .iter()
            .map(|p| json!({ "key": p.key, "severity": severity(p.is_error), "text": p.text }))
            .collect();
        let accounts: Vec<_> = config.accounts.iter().map(|account| json!({ "id": account.id })).collect();
        out.print_json(
            &json!({ "ok": !failed, "file": config.file, "settings": settings, "accounts": accounts, "problems": problems }),
            false,
        );
    } else {
        let rows: Vec<Vec<String>> = SETTINGS
            .iter()
            .map(|setting| {
                let (value, origin) = shown(&config, setting);
                let value = value.unwrap_or_else(|| "—".to_owned());
                vec![setting.key.to_owned(), value, origin, setting.env.join(" or ")]
            })
            .collect();
        out.table(&["SETTING", "VALUE", "FROM", "ENVIRONMENT"], &rows);
        for account in &config.accounts {
            out.print(&format!("account {}", account.id));
        }
        out.print("");
        for problem in &problems {
            out.print(&format!("{}: {} {}", out.word(severity(problem.is_error)), problem.key, problem.text));
        }
        if problems.is_empty() {
            out.print(&out.word("ok"));
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn severity(is_error: bool) -> &'static str {
    if is_error { "error" } else { "warning" }
}

/// A value as it may be shown, and where it is from.
fn shown(config: &Config, setting: &super::Setting) -> (Option<String>, String) {
    match config.value(setting) {
        Some(value) if setting.secret => (Some(masked(&value.text)), value.origin.clone()),
        Some(value) => (Some(value.text.clone()), value.origin.clone()),
        None if setting.default.is_empty() => (None, "not set".to_owned()),
        None => (Some(setting.default.to_owned()), "default".to_owned()),
    }
}

/// Enough of a secret to tell two apart, not enough to be of use.
fn masked(secret: &str) -> String {
    format!("•••••• ({} characters)", secret.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_a_secret_is_shown() {
        assert_eq!(masked("abc"), "•••••• (3 characters)");
    }
}
