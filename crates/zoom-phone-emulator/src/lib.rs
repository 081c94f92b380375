//! An offline Zoom Phone: OAuth, REST, signed webhooks, and a company whose phones ring.
