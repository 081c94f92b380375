//! Starting calls and messages with links, on this machine.

use zoom_phone::launch::{Action, Platform, Scheme, Way, ways};

use super::{
    checks::{self, Check},
    facts::{Asked, Machine},
    line::Line,
};

/// What opens links here.
pub(crate) fn judge(machine: &Machine) -> Vec<Line> {
    vec![
        action(checks::LAUNCH_CALL, machine, Action::Call),
        action(checks::LAUNCH_TEXT, machine, Action::Text),
    ]
}

fn platform(system: &str) -> Option<Platform> {
    match system {
        "linux" => Some(Platform::Linux),
        "macos" => Some(Platform::MacOs),
        "windows" => Some(Platform::Windows),
        _ => None,
    }
}

fn action(check: Check, machine: &Machine, action: Action) -> Line {
    let Some(platform) = platform(machine.system) else {
        return check.skip(format!("nothing is known about links to Zoom on {}", machine.system));
    };
    let ways: Vec<Scheme> = ways(platform, action)
        .into_iter()
        .filter_map(|way| match way {
            Way::Open(scheme) => Some(scheme),
            Way::CopyNumber => None,
        })
        .collect();
    let names: Vec<&str> = ways.iter().map(|scheme| scheme.as_str()).collect();
    let order = format!("on {} try {}, then copy the number", platform.as_str(), names.join(", "));
    let handlers = match &machine.handlers {
        Asked::Got(handlers) => handlers,
        Asked::Failed(failure) => return check.skip(format!("{}; {order}", failure.text)),
        Asked::Skipped(why) => return check.skip(format!("{why}; {order}")),
    };
    let opens = |scheme: &Scheme| {
        let program = handlers.iter().find(|(name, _)| *name == scheme.as_str())?.1.as_str();
        (!program.is_empty()).then_some((scheme.as_str(), program))
    };
    let found: Vec<(&str, &str)> = ways.iter().filter_map(opens).collect();
    match found.first() {
        Some((scheme, program)) if program.to_lowercase().contains("zoom") => {
            check.pass(format!("{scheme}: links open {program}"))
        }
        Some((scheme, program)) => check.warn(
            format!("{scheme}: links open {program}, which is not Zoom"),
            format!("Install the Zoom client, or choose it for such links; {order}."),
        ),
        None => check.warn(
            format!("nothing on this machine opens {}: links", names.join(": or ")),
            format!("Install the Zoom client where people work; {order}."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Status::{Pass, Skip, Warn};
    use super::*;

    fn call(handlers: &[(&'static str, &str)]) -> Line {
        let handlers = handlers.iter().map(|(scheme, program)| (*scheme, (*program).to_owned())).collect();
        let machine = Machine { handlers: Asked::Got(handlers), ..Machine::nothing() };
        judge(&machine).remove(0)
    }

    #[test]
    fn the_surest_way_that_is_there_counts() {
        assert_eq!(call(&[("zoomphonecall", "Zoom.desktop"), ("tel", "other.desktop")]).status, Pass);
        assert_eq!(call(&[("zoomphonecall", ""), ("tel", "Zoom.desktop")]).status, Pass);
        assert_eq!(call(&[("tel", "kdeconnect.desktop")]).status, Warn);
        let line = call(&[]);
        assert_eq!(line.status, Warn);
        assert!(line.remedy.unwrap().contains("copy the number"), "the fallback of the support table");
    }

    #[test]
    fn a_machine_without_a_desktop_is_skipped_with_the_fallback() {
        let lines = judge(&Machine::nothing());
        assert!(
            lines.iter().all(|line| line.status == Skip && line.found.contains("copy the number")),
            "{lines:?}"
        );
        let odd = Machine { system: "plan9", ..Machine::nothing() };
        assert_eq!(judge(&odd)[0].status, Skip);
    }
}
