//! Zoom's WebSocket event channel.
