#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "client"),
    doc = "Zoom's webhook signatures; the whole crate needs its feature `client`."
)]

#[cfg(feature = "client")]
pub mod api;
#[cfg(feature = "client")]
pub mod client;
mod confidence;
pub mod embed;
#[cfg(feature = "client")]
mod generated;
#[cfg(feature = "client")]
mod http;
#[cfg(feature = "launch")]
pub mod launch;
#[cfg(feature = "launch")]
pub mod number;
#[cfg(feature = "client")]
pub mod oauth;
pub mod quota;
pub mod scopes;
#[cfg(feature = "client")]
pub mod socket;
pub mod webhook;

pub use confidence::Confidence;
pub use zoom_phone_types as types;
