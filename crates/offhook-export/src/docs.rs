//! The columns as documentation.

use std::fmt::Write as _;

use crate::table::Kind;

/// The tables' columns in Markdown: the part of docs/export.md that is made from the code.
pub fn markdown() -> String {
    let mut text = String::new();
    for kind in Kind::ALL {
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "\n### {}\n\n| column | type | unit | meaning |\n|---|---|---|---|\n",
            kind.as_str()
        );
        for column in kind.columns() {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                column.name,
                column.kind.as_str(),
                column.unit,
                column.meaning
            );
        }
    }
    text
}
