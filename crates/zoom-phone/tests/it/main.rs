//! The SDK against a small Zoom on loopback.

#[cfg(test)]
mod call_history;
#[cfg(test)]
mod download;
#[cfg(test)]
mod embed;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod launch;
#[cfg(test)]
mod number;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod observe;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod quota;
#[cfg(test)]
mod quota_processes;
#[cfg(test)]
mod quota_zoom;
#[cfg(test)]
mod request;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod socket_server;
