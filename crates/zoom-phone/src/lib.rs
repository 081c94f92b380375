#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "client"),
    doc = "Zoom's webhook signatures; the whole crate needs its feature `client`."
)]

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
mod http;
#[cfg(feature = "client")]
pub mod oauth;
pub mod webhook;

pub use zoom_phone_types as types;
