//! Scopes: what the token has, held against what each feature needs.

use std::collections::BTreeMap;

use zoom_phone::scopes::{Actor, Scopes};

use super::{
    arrivals, checks,
    facts::{Settings, Zoom},
    line::Line,
};

/// What the server asks of Zoom. It does without if it does not compare with Zoom's records.
const RECORDS: &[(&str, &str)] =
    &[("comparing with Zoom's records", "accountCallHistory"), ("steps of calls", "getCallPath")];

/// What the doctor itself asks.
const HELPFUL: &[(&str, &str)] = &[
    ("prerequisites.account", "phoneSetting"),
    ("prerequisites.users", "listPhoneUsers"),
    ("prerequisites.licences", "listPhonePlans"),
    ("prerequisites.sms", "listAccountSMSCampaigns"),
];

/// Whether the token suffices for what is turned on.
pub(crate) fn judge(zoom: &Zoom, settings: &Settings) -> Line {
    let Some(token) = zoom.token.got() else { return checks::SCOPES.skip("there is no token") };
    let granted = Scopes::granted(token.scopes.iter().cloned());
    let records = if settings.compares { Lacking::of(RECORDS, &granted) } else { Lacking::default() };
    let live: Vec<_> = arrivals::NEEDED.iter().map(|event| ("the live board", *event)).collect();
    let (live, helpful) = (Lacking::of(&live, &granted), Lacking::of(HELPFUL, &granted));
    if !records.0.is_empty() {
        return checks::SCOPES.fail(records.text(), records.remedy());
    }
    if !live.0.is_empty() {
        let found = format!("if this app has the event subscription: {}", live.text());
        return checks::SCOPES.warn(found, live.remedy());
    }
    if !helpful.0.is_empty() {
        let found = format!("Offhook has what it needs; for this report {}", helpful.text());
        return checks::SCOPES.warn(found, helpful.remedy());
    }
    checks::SCOPES.pass("the token has every scope that Offhook, its events and this report need")
}

/// Scopes that are missing; for each the features, with their operations or events.
#[derive(Default)]
struct Lacking(BTreeMap<&'static str, BTreeMap<&'static str, Vec<&'static str>>>);

impl Lacking {
    fn of(features: &[(&'static str, &'static str)], granted: &Scopes) -> Self {
        let mut lacking = Self::default();
        for (feature, name) in features {
            // A test sees to it that all of them are known.
            let Ok(needed) = Scopes::required_for([name]) else { continue };
            if !needed.missing(granted).is_empty() {
                let scope = needed.suggest(Actor::Admin).scopes.first().copied().unwrap_or(name);
                lacking.0.entry(scope).or_default().entry(feature).or_default().push(name);
            }
        }
        lacking
    }

    fn text(&self) -> String {
        let needs = self.0.iter().flat_map(|(scope, features)| {
            features
                .iter()
                .map(move |(feature, names)| format!("{feature} ({}) needs {scope}", names.join(", ")))
        });
        needs.collect::<Vec<_>>().join("; ")
    }

    fn remedy(&self) -> String {
        let scopes: Vec<&str> = self.0.keys().copied().collect();
        format!(
            "Add {} to the app in Zoom's Marketplace; a new token has it after a minute.",
            scopes.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Asked, Token};
    use super::super::line::Status::{Fail, Pass, Warn};
    use super::*;

    fn names() -> impl Iterator<Item = &'static str> {
        let operations = RECORDS.iter().chain(HELPFUL).map(|(_, operation)| *operation);
        operations.chain(arrivals::NEEDED.iter().copied())
    }

    fn with(scopes: &[&str], compares: bool) -> Line {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let token = Asked::Got(Token { lives: 3599, scopes });
        let zoom = Zoom { token, ..Zoom::unasked("A".to_owned(), "not asked") };
        judge(&zoom, &Settings { compares, ..Settings::default() })
    }

    #[test]
    fn everything_that_is_needed_is_known_and_its_scopes_pass_in_either_model() {
        let all = Scopes::required_for(names()).unwrap().suggest(Actor::Admin);
        assert!(all.out_of_reach.is_empty());
        assert_eq!(with(&all.scopes, true).status, Pass);
        assert_eq!(with(&["phone:read:admin"], true).status, Pass, "classic scopes count");
    }

    #[test]
    fn a_missing_scope_is_named_with_feature_and_operation_and_weighs_as_the_feature_does() {
        let all = Scopes::required_for(names()).unwrap().suggest(Actor::Admin).scopes;
        for (without, expected, part) in [
            ("phone:read:list_call_logs:admin", Fail, "comparing with Zoom's records (accountCallHistory)"),
            ("phone:read:call:admin", Warn, "the live board (phone.callee_ringing, "),
            ("phone:read:list_users:admin", Warn, "prerequisites.users (listPhoneUsers)"),
        ] {
            let rest: Vec<&str> = all.iter().copied().filter(|scope| *scope != without).collect();
            let line = with(&rest, true);
            assert_eq!(line.status, expected, "{without}");
            assert!(line.found.contains(part) && line.found.contains(without), "{}", line.found);
            assert!(line.remedy.unwrap().contains(without));
        }
    }

    #[test]
    fn what_is_turned_off_needs_no_scope() {
        let all = Scopes::required_for(names()).unwrap().suggest(Actor::Admin).scopes;
        let rest: Vec<&str> =
            all.into_iter().filter(|scope| *scope != "phone:read:list_call_logs:admin").collect();
        assert_eq!((with(&rest, true).status, with(&rest, false).status), (Fail, Pass));
    }
}
