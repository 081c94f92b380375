//! Offhook over HTTP: webhook ingest, API, live stream, web app, background work.
