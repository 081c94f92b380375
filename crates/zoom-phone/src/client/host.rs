//! The hosts of Zoom: where a token may go, and which of them answer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;
use url::Url;

use super::circuit::{Circuit, Open};
use super::error::Error;

/// Whether a bearer token may go there: an https host of zoom.us.
pub(super) fn is_zooms(url: &Url) -> bool {
    url.scheme() == "https"
        && url.host_str().is_some_and(|host| host == "zoom.us" || host.ends_with(".zoom.us"))
}

/// Whether two addresses have scheme, host and port in common.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin().is_tuple() && one.origin() == other.origin()
}

/// A circuit for each host.
#[derive(Debug, Default)]
pub(super) struct Circuits {
    hosts: Mutex<HashMap<String, Circuit>>,
    /// Wakes those who wait for the outcome of a probe.
    recorded: Notify,
}

impl Circuits {
    /// Whether a request may be sent; else for how long not.
    pub(super) fn allow(&self, host: &str) -> Result<(), Duration> {
        let now = Instant::now();
        self.with(host, |circuit| circuit.allow(now)).map_err(|open| open.until - now)
    }

    /// Why no request may be sent now, if so. Unlike [`allow`](Self::allow), this is no promise to send one.
    pub(super) fn look(&self, host: &str) -> Option<Open> {
        let now = Instant::now();
        self.with(host, |circuit| circuit.look(now))
    }

    /// Ends when the outcome of any request is recorded from now on.
    pub(super) fn outcome(&self) -> Notified<'_> {
        self.recorded.notified()
    }

    /// A file begins to come: the host is there. Whether it is well, the end of the file tells.
    pub(super) fn answered(&self, host: &str) {
        self.with(host, Circuit::answered);
        self.recorded.notify_waiters();
    }

    /// How a request ended.
    pub(super) fn record<T>(&self, host: &str, result: &Result<T, Error>) {
        let ok = match result {
            Ok(_) => true,
            Err(Error::Unreachable { .. } | Error::Download { passing: true, .. }) => false,
            Err(error) => error.api().is_none_or(|error| error.status < 500),
        };
        self.with(host, |circuit| circuit.record(ok, Instant::now()));
        self.recorded.notify_waiters();
    }

    fn with<T>(&self, host: &str, act: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuits = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        match circuits.get_mut(host) {
            Some(circuit) => act(circuit),
            None => act(circuits.entry(host.to_owned()).or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_token_may_only_go_to_https_hosts_of_zoom() {
        assert!(is_zooms(&url("https://api-us.zoom.us")));
        assert!(is_zooms(&url("https://zoom.us/x")));
        for other in [
            "http://api.zoom.us",
            "https://zoom.us.evil.test",
            "https://evilzoom.us",
            "https://x.test/.zoom.us",
            "https://zoom.us@evil.test",
        ] {
            assert!(!is_zooms(&url(other)), "{other}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let base = url("http://127.0.0.1:8090/v2");
        assert!(same_origin(&base, &url("http://127.0.0.1:8090/files/x")));
        for other in ["http://127.0.0.1:8091/", "https://127.0.0.1:8090/", "http://localhost:8090/", "data:x"]
        {
            assert!(!same_origin(&base, &url(other)), "{other}");
        }
    }
}
