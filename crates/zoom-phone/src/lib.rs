//! Zoom Phone SDK: webhook signatures, OAuth, a typed client.
