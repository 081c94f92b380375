//! The web app is inside release builds: build again when it has changed.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
