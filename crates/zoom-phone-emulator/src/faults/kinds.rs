//! What can go wrong, for people: the kinds of faults with their fields.

use serde::Serialize;

/// One kind of fault.
#[derive(Debug, Serialize)]
pub struct FaultKind {
    /// The word for it, as in `{"fault":"status"}`.
    pub fault: &'static str,
    /// What happens, in one sentence.
    pub what: &'static str,
    /// Which filter it takes: `event`, `operation`, or none.
    pub filter: Option<&'static str>,
    /// Whether it stays on until it is switched off; the others take `times` and `probability`.
    pub standing: bool,
    /// Its own fields.
    pub fields: &'static [FaultField],
}

/// A field of one kind of fault.
#[derive(Debug, Serialize)]
pub struct FaultField {
    /// As written down.
    pub name: &'static str,
    /// `number`, `text`, `switch` or `choice`.
    pub kind: &'static str,
    /// The words of a `choice`.
    pub choices: &'static [&'static str],
    /// Whether it must be given.
    pub required: bool,
    /// What it means, with its unit.
    pub what: &'static str,
}

const fn field(name: &'static str, kind: &'static str, required: bool, what: &'static str) -> FaultField {
    FaultField { name, kind, choices: &[], required, what }
}

const fn choice(
    name: &'static str,
    choices: &'static [&'static str],
    required: bool,
    what: &'static str,
) -> FaultField {
    FaultField { name, kind: "choice", choices, required, what }
}

const fn event(fault: &'static str, what: &'static str, fields: &'static [FaultField]) -> FaultKind {
    FaultKind { fault, what, filter: Some("event"), standing: false, fields }
}

const fn rest(fault: &'static str, what: &'static str, fields: &'static [FaultField]) -> FaultKind {
    FaultKind { fault, what, filter: Some("operation"), standing: false, fields }
}

impl FaultKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        event("event_drop", "An event never comes.", &[]),
        event(
            "event_delay",
            "An event comes late.",
            &[field("seconds", "number", true, "seconds of the company's clock")],
        ),
        event("event_duplicate", "An event comes twice.", &[]),
        event("event_reorder", "An event comes after the next one.", &[]),
        event("wrong_secret", "An event is signed with another secret.", &[]),
        event(
            "stale_timestamp",
            "An event's signature is good, but old.",
            &[field("seconds", "number", true, "its age in seconds")],
        ),
        rest(
            "status",
            "An HTTP status instead of the answer; nothing is done.",
            &[
                field("status", "number", true, "400 to 599"),
                field("html", "switch", false, "an HTML page as body instead of JSON; from 500 on it is one"),
                choice("limit", &["qps", "daily"], false, "rate limit headers of this kind, on a 429"),
                field("retry_after", "text", false, "value of a Retry-After header"),
            ],
        ),
        rest(
            "delay",
            "The answer comes later.",
            &[field("milliseconds", "number", true, "real milliseconds")],
        ),
        rest(
            "malformed_json",
            "The answer is JSON that cannot be read.",
            &[choice("how", &["unescaped_quote", "truncated"], true, "in which way")],
        ),
        rest(
            "slow_body",
            "The answer's body trickles.",
            &[field("milliseconds", "number", true, "how long the whole body takes, in real milliseconds")],
        ),
        rest("half_closed", "The connection ends in the middle of the answer's body.", &[]),
        rest("reset", "The connection ends instead of an answer; nothing is done.", &[]),
        rest(
            "not_ready",
            "What is asked for is not there yet, so many times for each path; then it is.",
            &[choice("answer", &["404", "802"], false, "status 404, or 400 with code 802")],
        ),
        rest("lost_effect", "A change is answered with 204 and not made.", &[]),
        rest("stale_read", "The first read after a change shows what was there before.", &[]),
        rest("expired_page_token", "A next_page_token is refused as expired.", &[]),
        rest("expired_sync_token", "A sync_token is refused with code 7035.", &[]),
        rest(
            "redirect",
            "The answer is a redirect (307); nothing is done.",
            &[field("location", "text", false, "where to; the same address when empty")],
        ),
        rest(
            "web_page",
            "A page for people with status 200 instead of the answer, as of a download; nothing is done.",
            &[],
        ),
        FaultKind {
            fault: "token_response_lost",
            what: "The connection ends instead of an answer of /oauth/token.",
            filter: None,
            standing: false,
            fields: &[field(
                "rotated",
                "switch",
                false,
                "true: after the tokens were rotated, so that the old refresh token is dead",
            )],
        },
        FaultKind {
            fault: "clock_skew",
            what: "Zoom's clock is wrong: in the Date of answers and the timestamps of webhooks.",
            filter: None,
            standing: true,
            fields: &[field("seconds", "number", true, "above 0 when Zoom is fast")],
        },
        FaultKind {
            fault: "rate_limit",
            what: "Zoom's rate limits are enforced.",
            filter: None,
            standing: true,
            fields: &[
                choice("plan", &["pro", "business_plus"], true, "the account's plan"),
                field("daily", "number", false, "another daily budget than the plan's"),
            ],
        },
    ];
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::super::Fault;
    use super::*;

    fn value(field: &FaultField) -> Value {
        match (field.kind, field.choices.first()) {
            (_, Some(first)) => json!(first),
            ("number", _) => json!(429),
            ("switch", _) => json!(true),
            _ => json!("text"),
        }
    }

    fn read(fault: Value) -> Result<Fault, String> {
        serde_json::from_value(fault).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_can_be_switched_on_with_the_fields_that_are_named() {
        for kind in FaultKind::ALL {
            let mut whole = Map::from_iter([("fault".to_owned(), json!(kind.fault))]);
            whole.extend(kind.fields.iter().map(|field| (field.name.to_owned(), value(field))));
            if let Some(filter) = kind.filter {
                whole.insert(filter.to_owned(), json!("phone.sms_sent"));
            }
            if !kind.standing {
                whole.insert("times".to_owned(), json!(2));
            }
            read(Value::Object(whole.clone())).expect(kind.fault);
            for field in kind.fields {
                let mut without = whole.clone();
                without.remove(field.name);
                assert_eq!(read(Value::Object(without)).is_err(), field.required, "{kind:?} {}", field.name);
            }
            whole.insert("times".to_owned(), json!(2));
            assert_eq!(read(Value::Object(whole)).is_err(), kind.standing, "{}", kind.fault);
        }
    }

    #[test]
    fn no_kind_is_left_out() {
        // serde lists all kinds when it meets none of them.
        let error = read(json!({ "fault": "nothing" })).expect_err("a refusal");
        let known = error.split_once("expected one of ").expect("a list").1;
        let named: Vec<_> = known.split('`').skip(1).step_by(2).collect();
        let here: Vec<_> = FaultKind::ALL.iter().map(|kind| kind.fault).collect();
        assert_eq!(named.len(), here.len(), "{named:?}");
        assert!(named.iter().all(|name| here.contains(name)), "{named:?}");
    }
}
