//! Offhook's storage: the durable inbox and the read models, on SQLite.
