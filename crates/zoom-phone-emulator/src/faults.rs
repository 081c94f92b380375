//! Things that go wrong on purpose, switched on by `POST /_emulator/faults`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::limits::{Limit, Plan};

/// One fault, or the limits. `times` counts down with every request that it strikes; at 0 the fault is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// The connection is cut instead of an answer of the token service.
    TokenResponseLost {
        /// Whether the tokens were rotated before; then the old refresh token is dead.
        #[serde(default = "yes")]
        rotated: bool,
        #[serde(default = "once")]
        times: u32,
    },
    /// An HTTP status instead of the answer; nothing is done.
    Status {
        /// 400 to 599. From 500 on the body is HTML, as from a proxy.
        status: u16,
        /// An operation id, or `oauth_token`; every REST operation when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// The value of a `Retry-After` header.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
        #[serde(default = "once")]
        times: u32,
    },
    /// The answer comes later.
    Delay {
        /// Real time.
        milliseconds: u64,
        /// As for `status`.
        #[serde(skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        #[serde(default = "once")]
        times: u32,
    },
    /// Zoom's limits are enforced, until this is switched off.
    RateLimit {
        plan: Plan,
        /// A daily budget for heavy operations instead of the plan's 15,000 or 30,000.
        #[serde(skip_serializing_if = "Option::is_none")]
        daily: Option<u32>,
    },
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

/// When an answer of the token service is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    BeforeRotation,
    AfterRotation,
}

/// The faults that are switched on, oldest first.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches a fault on; the error says what is wrong with it.
    pub(crate) fn add(&self, fault: Fault) -> Result<(), &'static str> {
        match &fault {
            Fault::Status { status, .. } if !(400..600).contains(status) => {
                return Err("status must be between 400 and 599");
            }
            Fault::Status { retry_after: Some(text), .. } if HeaderValue::from_str(text).is_err() => {
                return Err("retry_after cannot be sent as a header");
            }
            _ => {}
        }
        let mut faults = self.lock();
        if matches!(fault, Fault::RateLimit { .. }) {
            faults.retain(|fault| !matches!(fault, Fault::RateLimit { .. }));
        }
        faults.push(fault);
        Ok(())
    }

    /// Those still on.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// Switches all off.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Lets the oldest fault strike of which `read` finds something to say.
    fn take<T>(&self, read: impl Fn(&mut Fault) -> Option<(T, &mut u32)>) -> Option<T> {
        let mut faults = self.lock();
        let struck = faults.iter_mut().find_map(|fault| {
            let (what, times) = read(fault)?;
            *times = times.saturating_sub(1);
            Some(what)
        });
        faults.retain(|fault| fault.times() > 0);
        struck
    }

    /// The limits to enforce.
    pub(crate) fn rate_limit(&self) -> Option<Limit> {
        self.lock().iter().find_map(|fault| match *fault {
            Fault::RateLimit { plan, daily } => Some(Limit { plan, daily }),
            _ => None,
        })
    }

    /// Whether the next answer of the token service is lost.
    pub(crate) fn token_response(&self) -> Option<Loss> {
        self.take(|fault| match fault {
            Fault::TokenResponseLost { rotated: true, times } => Some((Loss::AfterRotation, times)),
            Fault::TokenResponseLost { rotated: false, times } => Some((Loss::BeforeRotation, times)),
            _ => None,
        })
    }

    /// Waits, if a delay strikes this operation; then the answer of a `status` that does.
    pub(crate) async fn strike(&self, called: &str) -> Option<Response> {
        let meant = |operation: &Option<String>| match operation {
            Some(operation) => operation == called,
            None => called != "oauth_token",
        };
        let delay = self.take(|fault| match fault {
            Fault::Delay { milliseconds, operation, times } if meant(operation) => {
                Some((*milliseconds, times))
            }
            _ => None,
        });
        if let Some(milliseconds) = delay {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        let (status, retry_after) = self.take(|fault| match fault {
            Fault::Status { status, operation, retry_after, times } if meant(operation) => {
                Some(((*status, retry_after.clone()), times))
            }
            _ => None,
        })?;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = if status.is_server_error() {
            (status, Html(format!("<html><body><h1>{status}</h1></body></html>"))).into_response()
        } else {
            let answer = json!({ "code": status.as_u16(), "message": "Refused by a fault of the emulator." });
            (status, Json(answer)).into_response()
        };
        if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        Some(response)
    }
}

impl Fault {
    fn times(&self) -> u32 {
        match self {
            Self::RateLimit { .. } => 1,
            Self::TokenResponseLost { times, .. }
            | Self::Status { times, .. }
            | Self::Delay { times, .. } => *times,
        }
    }
}
