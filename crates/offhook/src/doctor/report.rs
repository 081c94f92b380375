//! What goes to the terminal, and how the program ends.

use std::process::ExitCode;

use serde_json::json;

use super::line::{Area, Line, Status};
use crate::output::Output;

/// Prints the lines, and says how the program ends: 1 if a check failed, or with `strict` if one warned.
pub(crate) fn print(lines: &[Line], strict: bool, out: Output) -> ExitCode {
    let count = |status| lines.iter().filter(|line| line.status == status).count();
    let (passed, warned, failed, skipped) =
        (count(Status::Pass), count(Status::Warn), count(Status::Fail), count(Status::Skip));
    let ok = failed == 0 && !(strict && warned > 0);
    if out.json {
        let summary = json!({ "ok": ok, "pass": passed, "warn": warned, "fail": failed, "skip": skipped, "strict": strict });
        out.print_json(&json!({ "checks": lines, "summary": summary }), false);
    } else {
        for area in Area::ALL {
            let of_area = lines.iter().filter(|line| line.id.split('.').next() == Some(area.as_str()));
            for (number, line) in of_area.enumerate() {
                if number == 0 {
                    out.print(&out.heading(area.as_str()));
                }
                out.print(&text(line, &out.word(line.status.as_str())));
            }
        }
        out.print("");
        out.print(&format!("{passed} pass, {warned} warn, {failed} fail, {skipped} skip"));
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn text(line: &Line, word: &str) -> String {
    let mut text = format!("  {word}  {}: {}", line.id, line.found);
    if let Some(remedy) = &line.remedy {
        text.push_str("\n        -> ");
        text.push_str(remedy);
        text.push_str(" See ");
        text.push_str(&line.reference);
        text.push('.');
    }
    text
}
