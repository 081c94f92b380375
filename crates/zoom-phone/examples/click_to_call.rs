//! Makes the addresses behind a click-to-call button: `cargo run --example click_to_call -- "(415) 555-0142" US`.

use std::io::Write as _;
use zoom_phone::launch::{Action, LaunchUri, Platform, Way, ways};
use zoom_phone::number::{Dialable, Region};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let number = arguments.next().unwrap_or_else(|| "(415) 555-0142".to_owned());
    let target =
        Dialable::to_call(&number, Region::new(&arguments.next().unwrap_or_else(|| "US".to_owned())))?;
    for way in ways(Platform::Windows, Action::Call) {
        match way {
            Way::Open(scheme) => writeln!(std::io::stdout(), "{}", LaunchUri::new(scheme, target.clone())?)?,
            Way::CopyNumber => writeln!(std::io::stdout(), "or copy {}", target.dialled()?)?,
        }
    }
    Ok(())
}
