//! Launch addresses: starting a call or a text message from a link.
