//! Zoom's rate limits: used fully, never broken.
