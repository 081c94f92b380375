//! One fault, as it is written down.

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::limits::Plan;

/// Something that goes wrong on purpose: in a plan ([`FaultPlan`](crate::FaultPlan)), in
/// [`Config::faults`](crate::Config::faults) or by `POST /_emulator/faults`.
///
/// Written as one flat object, such as `{"fault":"status","status":503,"times":2}`. Without `times` and
/// `probability` it strikes once; with `probability` alone, without end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Value")]
pub struct Fault {
    /// What goes wrong.
    pub what: What,
    /// How often, counted down with everything that it strikes. For `not_ready`, how often for each object.
    pub times: Option<u32>,
    /// In which share of the cases, above 0 and up to 1; decided by dice that fall the same for the same seed.
    pub probability: Option<f64>,
    /// Faults of REST: the operation id of what is struck, or `oauth_token`; all of REST when absent.
    pub operation: Option<String>,
    /// Faults of events: the event's name, or the beginning of names and `*`, such as `phone.caller_*`; all
    /// `phone.…` events when absent.
    pub event: Option<String>,
}

/// The kinds of faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// An event never comes. With `event = "phone.caller_*"` this is what some accounts saw.
    EventDrop {},
    /// An event comes so many seconds of the company's time late.
    EventDelay {
        /// Virtual seconds.
        seconds: u32,
    },
    /// An event comes twice at once.
    EventDuplicate {},
    /// An event comes after the next one, or 10 s of the company's time late if there is none.
    EventReorder {},
    /// An event is signed with another secret.
    WrongSecret {},
    /// An event's signature is good, but was made so many seconds ago.
    StaleTimestamp {
        /// Real seconds.
        seconds: u32,
    },
    /// An HTTP status instead of the answer; nothing is done.
    Status {
        /// 400 to 599.
        status: u16,
        /// Whether the body is an HTML page, as from a proxy, instead of Zoom's JSON. From 500 on it is, unless
        /// told otherwise.
        #[serde(skip_serializing_if = "Option::is_none")]
        html: Option<bool>,
        /// Zoom's rate limit headers on a 429; none when absent, as was seen live.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<LimitKind>,
        /// The value of a `Retry-After` header.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
    },
    /// The answer comes later.
    Delay {
        /// Real time.
        milliseconds: u32,
    },
    /// The answer is JSON that cannot be read.
    MalformedJson {
        /// In which way.
        how: Malformed,
    },
    /// The answer's body trickles.
    SlowBody {
        /// How long the whole body takes, in real time.
        milliseconds: u32,
    },
    /// The connection ends in the middle of the answer's body.
    HalfClosed {},
    /// The connection ends instead of an answer; nothing is done.
    Reset {},
    /// What is asked for is not there yet, so many `times` (once unless given) for each path; then it is. Meant for
    /// one operation that reads.
    NotReady {
        /// How it is said.
        #[serde(default)]
        answer: NotReady,
    },
    /// A change is answered with 204 and not made. Strikes operations whose documented answer is 204.
    LostEffect {},
    /// The first read after a change still shows what was there before. `operation` is the one that changes.
    StaleRead {},
    /// A `next_page_token` is refused as expired.
    ExpiredPageToken {},
    /// A `sync_token` is refused with code 7035: begin again with `FSync`.
    ExpiredSyncToken {},
    /// The answer is a redirect (307); nothing is done.
    Redirect {
        /// Where to; the same address when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        location: Option<String>,
    },
    /// A page for people with status 200 instead of the answer, as downloads were seen to give; nothing is done.
    WebPage {},
    /// The connection ends instead of an answer of the token service.
    TokenResponseLost {
        /// Whether the tokens were rotated before; then the old refresh token is dead.
        #[serde(default = "yes")]
        rotated: bool,
    },
    /// Zoom's clock is wrong until this is switched off: in the `Date` of answers and the timestamps of webhooks.
    ClockSkew {
        /// Above 0 when Zoom is fast.
        seconds: i32,
    },
    /// Zoom's limits are enforced, until this is switched off.
    RateLimit {
        /// The account's plan.
        plan: Plan,
        /// A daily budget for heavy operations instead of the plan's 15,000 or 30,000.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        daily: Option<u32>,
    },
}

fn yes() -> bool {
    true
}

/// Which limit a 429 tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// So many in a second.
    Qps,
    /// So many in a day; `Retry-After` is the next 00:00 UTC.
    Daily,
}

/// How JSON is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// A quotation mark inside a text is not escaped, as was seen live in error messages.
    UnescapedQuote,
    /// The second half is missing, with a length that fits.
    Truncated,
}

/// How Zoom says that something is not there yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotReady {
    /// Status 404, as for something that never was.
    #[default]
    #[serde(rename = "404")]
    NotFound,
    /// Status 400 with code 802.
    #[serde(rename = "802")]
    Code802,
}

/// Which filter goes with a fault.
#[derive(PartialEq, Eq)]
enum Strikes {
    Events,
    Rest,
    /// No filter, and no counting where it stays on.
    Tokens,
    Standing,
}

impl What {
    fn strikes(&self) -> Strikes {
        match self {
            Self::EventDrop {}
            | Self::EventDelay { .. }
            | Self::EventDuplicate {}
            | Self::EventReorder {}
            | Self::WrongSecret {}
            | Self::StaleTimestamp { .. } => Strikes::Events,
            Self::TokenResponseLost { .. } => Strikes::Tokens,
            Self::ClockSkew { .. } | Self::RateLimit { .. } => Strikes::Standing,
            _ => Strikes::Rest,
        }
    }

    /// The word for it in JSON and TOML.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::EventDrop {} => "event_drop",
            Self::EventDelay { .. } => "event_delay",
            Self::EventDuplicate {} => "event_duplicate",
            Self::EventReorder {} => "event_reorder",
            Self::WrongSecret {} => "wrong_secret",
            Self::StaleTimestamp { .. } => "stale_timestamp",
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::MalformedJson { .. } => "malformed_json",
            Self::SlowBody { .. } => "slow_body",
            Self::HalfClosed {} => "half_closed",
            Self::Reset {} => "reset",
            Self::NotReady { .. } => "not_ready",
            Self::LostEffect {} => "lost_effect",
            Self::StaleRead {} => "stale_read",
            Self::ExpiredPageToken {} => "expired_page_token",
            Self::ExpiredSyncToken {} => "expired_sync_token",
            Self::Redirect { .. } => "redirect",
            Self::WebPage {} => "web_page",
            Self::TokenResponseLost { .. } => "token_response_lost",
            Self::ClockSkew { .. } => "clock_skew",
            Self::RateLimit { .. } => "rate_limit",
        }
    }
}

impl From<What> for Fault {
    /// Once, whatever comes first.
    fn from(what: What) -> Self {
        Self { what, times: None, probability: None, operation: None, event: None }
    }
}

impl Fault {
    /// Why it makes no sense, if it does not; names the field.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name = self.what.name();
        let strikes = self.what.strikes();
        if self.times == Some(0) {
            return Err("`times` must be 1 or more".to_owned());
        }
        if self.probability.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
            return Err("`probability` must be above 0 and not above 1".to_owned());
        }
        if strikes == Strikes::Standing && (self.times.is_some() || self.probability.is_some()) {
            return Err(format!(
                "`{name}` stays on until it is switched off; leave `times` and `probability` out"
            ));
        }
        if self.operation.is_some() && strikes != Strikes::Rest {
            return Err(format!("`operation` has no meaning for `{name}`"));
        }
        if self.event.is_some() && strikes != Strikes::Events {
            return Err(format!("`event` has no meaning for `{name}`"));
        }
        let sendable = |field: &str, text: &Option<String>| match text {
            Some(text) if HeaderValue::from_str(text).is_err() => {
                Err(format!("`{field}` cannot be sent as a header"))
            }
            _ => Ok(()),
        };
        match &self.what {
            What::Status { status, .. } if !(400..=599).contains(status) => {
                Err("`status` must be 400 to 599".to_owned())
            }
            What::Status { status, limit: Some(_), .. } if *status != 429 => {
                Err("`limit` goes with `status` 429 only".to_owned())
            }
            What::Status { retry_after, .. } => sendable("retry_after", retry_after),
            What::Redirect { location } => sendable("location", location),
            _ => Ok(()),
        }
    }

    /// Whether it is meant for an event of this name.
    pub(super) fn meets_event(&self, name: &str) -> bool {
        match self.event.as_deref() {
            Some(event) => match event.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => name == event,
            },
            None => name.starts_with("phone."),
        }
    }

    /// Whether it is meant for a request to this operation, or to `oauth_token`.
    pub(super) fn meets_operation(&self, called: &str) -> bool {
        match &self.operation {
            Some(operation) => operation == called,
            None => called != "oauth_token",
        }
    }
}

impl TryFrom<Map<String, Value>> for Fault {
    type Error = String;

    /// The fields of the kind are told from those of every fault, so that both can be strict.
    fn try_from(mut fields: Map<String, Value>) -> Result<Self, String> {
        fn take<T: serde::de::DeserializeOwned>(
            fields: &mut Map<String, Value>,
            name: &str,
        ) -> Result<Option<T>, String> {
            let value = fields.remove(name).map(serde_json::from_value).transpose();
            value.map(Option::flatten).map_err(|error| format!("`{name}`: {error}"))
        }
        let times = take(&mut fields, "times")?;
        let probability = take(&mut fields, "probability")?;
        let operation = take(&mut fields, "operation")?;
        let event = take(&mut fields, "event")?;
        let what = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
        let fault = Self { what, times, probability, operation, event };
        fault.check()?;
        Ok(fault)
    }
}

impl From<Fault> for Value {
    fn from(fault: Fault) -> Self {
        let mut fields = json!(fault.what);
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                fields[name] = value;
            }
        };
        put("operation", json!(fault.operation));
        put("event", json!(fault.event));
        put("times", json!(fault.times));
        put("probability", json!(fault.probability));
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fault: Value) -> Result<Fault, String> {
        serde_json::from_value(fault).map_err(|error| error.to_string())
    }

    #[test]
    fn a_fault_is_written_as_it_is_read() {
        for fault in [
            json!({ "fault": "event_drop", "event": "phone.caller_*", "probability": 0.5 }),
            json!({ "fault": "status", "status": 429, "limit": "daily", "operation": "phoneUser", "times": 3 }),
            json!({ "fault": "not_ready", "answer": "802", "operation": "getCallPath", "times": 2 }),
            json!({ "fault": "clock_skew", "seconds": -400 }),
            json!({ "fault": "rate_limit", "plan": "pro" }),
        ] {
            let whole = read(fault.clone()).expect("a fault");
            assert_eq!(whole.what.name(), fault["fault"]);
            assert_eq!(json!(whole), fault);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_the_name_of_its_field() {
        for (fault, field) in [
            (json!({ "fault": "storm" }), "storm"),
            (json!({ "fault": "event_delay" }), "seconds"),
            (json!({ "fault": "event_drop", "hard": true }), "hard"),
            (json!({ "fault": "event_drop", "operation": "phoneUser" }), "operation"),
            (json!({ "fault": "reset", "event": "phone.sms_sent" }), "event"),
            (json!({ "fault": "reset", "times": "often" }), "times"),
            (json!({ "fault": "reset", "times": 0 }), "times"),
            (json!({ "fault": "reset", "probability": 1.5 }), "probability"),
            (json!({ "fault": "clock_skew", "seconds": 1, "times": 1 }), "times"),
            (json!({ "fault": "status", "status": 200 }), "status"),
            (json!({ "fault": "status", "status": 500, "limit": "qps" }), "limit"),
            (json!({ "fault": "redirect", "location": "a\nb" }), "location"),
        ] {
            let error = read(fault.clone()).expect_err("a refusal");
            assert!(error.contains(field), "{fault}: {error}");
        }
    }
}
