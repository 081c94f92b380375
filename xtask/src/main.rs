//! Set-up, code generation, tests, demo: everything a contributor runs.

fn main() {}
