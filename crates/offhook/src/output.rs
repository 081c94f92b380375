//! What goes to the terminal. Data goes to standard output, everything else to standard error; colour only
//! where a person looks at it.

mod json;

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// JSON instead of text.
    pub(crate) json: bool,
    colour: bool,
}

/// The end of this program's reader (`| head`) is no error.
fn write_line(mut to: impl Write, text: &str) {
    if let Err(error) = writeln!(to, "{text}")
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        #[expect(clippy::exit, reason = "nobody reads any more; there is nothing left to do")]
        std::process::exit(0);
    }
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json, colour: wanted && !json && io::stdout().is_terminal() }
    }

    /// Prints a line of data.
    #[expect(clippy::unused_self, reason = "one way to print, whoever asks")]
    pub(crate) fn print(self, text: &str) {
        write_line(io::stdout().lock(), text);
    }

    /// Prints JSON: indented for people, one line for programs that read line by line.
    pub(crate) fn print_json(self, value: &Value, one_line: bool) {
        let text = match (one_line, self.colour) {
            (true, _) => value.to_string(),
            (false, false) => format!("{value:#}"),
            (false, true) => json::coloured(value),
        };
        self.print(&text);
    }

    /// A word in the colour of what it means.
    pub(crate) fn word(self, word: &str) -> String {
        let colour = match word {
            "talking" | "answered" | "ok" | "pass" => "32",
            "ringing" | "waiting" | "held" | "parked" | "consulting" | "transferring" | "warning"
            | "warn" | "deprecated" => "33",
            "missed" | "missing" | "abandoned" | "failed" | "blocked" | "error" | "fail" => "31",
            _ => return word.to_owned(),
        };
        self.styled(word, colour)
    }

    /// A heading.
    pub(crate) fn heading(self, text: &str) -> String {
        self.styled(text, "1")
    }

    fn styled(self, text: &str, code: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Prints rows in columns. Widths are counted without colour.
    pub(crate) fn table(self, header: &[&str], rows: &[Vec<String>]) {
        let mut widths: Vec<usize> = header.iter().map(|title| title.chars().count()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: Vec<(String, usize)>| {
            let mut text = String::new();
            for ((cell, plain), width) in cells.into_iter().zip(&widths) {
                text.push_str(&cell);
                text.push_str(&" ".repeat(width - plain + 2));
            }
            text.trim_end().to_owned()
        };
        self.print(&line(header.iter().map(|title| (self.heading(title), title.chars().count())).collect()));
        for row in rows {
            self.print(&line(row.iter().map(|cell| (self.word(cell), cell.chars().count())).collect()));
        }
    }
}

/// A line on standard error that changes; only where a person looks at it.
#[derive(Debug)]
pub(crate) struct Progress {
    visible: bool,
    shown: bool,
}

impl Progress {
    /// `wanted` is false where other lines would come between.
    pub(crate) fn new(wanted: bool) -> Self {
        Self { visible: wanted && io::stderr().is_terminal(), shown: false }
    }

    /// Replaces what is shown.
    pub(crate) fn show(&mut self, text: &str) {
        if self.visible {
            self.shown = true;
            let mut to = io::stderr().lock();
            let _ = write!(to, "\r\x1b[2K{text}").and_then(|()| to.flush());
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let mut to = io::stderr().lock();
            let _ = write!(to, "\r\x1b[2K").and_then(|()| to.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A remark beside the data.
pub(crate) fn note(text: &str) {
    write_line(io::stderr().lock(), text);
}

/// An error with all its causes, one a line.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        text.push_str("\n  because: ");
        text.push_str(&cause.to_string());
    }
    note(&text);
}
