//! One binary between a Zoom Phone account and the systems a company works in.

fn main() {}
