//! The SDK against a small Zoom on loopback.

#[cfg(test)]
mod call_history;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod get;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod socket_server;
