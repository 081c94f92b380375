//! Smart Embed: the messages between a page and Zoom Phone's iframe.
