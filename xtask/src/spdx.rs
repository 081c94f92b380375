//! SPDX licence expressions, as in the `license` field of a Cargo.toml.
//!
//! ```text
//! or    = and { ("OR" | "/") and }        the slash is the spelling of old manifests
//! and   = leaf { "AND" leaf }
//! leaf  = "(" or ")" | licence [ "+" ] [ "WITH" exception ]
//! ```

use anyhow::{Result, bail};

/// Whether the terms of `expression` can be met with licences that `allowed` accepts. It is asked for each
/// licence as written: `MIT`, `Apache-2.0 WITH LLVM-exception`.
pub(crate) fn acceptable(expression: &str, allowed: &mut dyn FnMut(&str) -> bool) -> Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { words: spaced.split_whitespace().collect(), next: 0 };
    let result = words.or(allowed)?;
    match words.peek() {
        None => Ok(result),
        Some(word) => bail!("{expression:?} is not an SPDX expression: {word:?} is unexpected"),
    }
}

struct Words<'a> {
    words: Vec<&'a str>,
    next: usize,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.next).copied()
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<&'a str> {
        match self.peek() {
            Some("(" | ")" | "AND" | "OR" | "WITH") | None => {
                bail!("{:?} is not an SPDX expression: a licence is missing", self.words.join(" "))
            }
            Some(name) => {
                self.next += 1;
                Ok(name)
            }
        }
    }

    fn or(&mut self, allowed: &mut dyn FnMut(&str) -> bool) -> Result<bool> {
        let mut result = self.and(allowed)?;
        while self.take("OR") {
            result |= self.and(allowed)?;
        }
        Ok(result)
    }

    fn and(&mut self, allowed: &mut dyn FnMut(&str) -> bool) -> Result<bool> {
        let mut result = self.leaf(allowed)?;
        while self.take("AND") {
            result &= self.leaf(allowed)?;
        }
        Ok(result)
    }

    fn leaf(&mut self, allowed: &mut dyn FnMut(&str) -> bool) -> Result<bool> {
        if self.take("(") {
            let result = self.or(allowed)?;
            if !self.take(")") {
                bail!("{:?} is not an SPDX expression: a bracket is not closed", self.words.join(" "));
            }
            return Ok(result);
        }
        let licence = self.name()?;
        if self.take("WITH") {
            let exception = self.name()?;
            return Ok(allowed(&format!("{licence} WITH {exception}")));
        }
        // "Or a later version" includes this version.
        Ok(allowed(licence.strip_suffix('+').unwrap_or(licence)))
    }
}

#[cfg(test)]
mod tests {
    use super::acceptable;

    fn with(allowed: &[&str], expression: &str) -> bool {
        acceptable(expression, &mut |licence| allowed.contains(&licence)).unwrap()
    }

    #[test]
    fn one_of_several_suffices_and_all_of_several_are_needed() {
        assert!(with(&["MIT"], "MIT OR Apache-2.0"));
        assert!(with(&["Apache-2.0"], "MIT OR Apache-2.0"));
        assert!(!with(&["MIT"], "MIT AND Apache-2.0"));
        assert!(with(&["MIT", "Apache-2.0"], "MIT AND Apache-2.0"));
    }

    #[test]
    fn and_binds_tighter_than_or_and_brackets_than_both() {
        assert!(with(&["A"], "A OR B AND C"));
        assert!(!with(&["B"], "A OR B AND C"));
        assert!(!with(&["A"], "(A OR B) AND C"));
        assert!(with(&["B", "C"], "(A OR B) AND C"));
        assert!(with(&["I", "M", "B"], "I AND (A OR I) AND A OR M AND (B OR ((C)))"));
    }

    #[test]
    fn the_slash_of_old_manifests_means_or() {
        assert!(with(&["Apache-2.0"], "MIT/Apache-2.0"));
        assert!(with(&["MIT"], "Apache-2.0 / MIT"));
    }

    #[test]
    fn a_licence_with_an_exception_is_another_licence() {
        let llvm = "Apache-2.0 WITH LLVM-exception";
        assert!(!with(&["Apache-2.0"], llvm));
        assert!(with(&[llvm], llvm));
        assert!(with(&["MIT"], "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"));
    }

    #[test]
    fn or_later_is_met_by_the_version_itself() {
        assert!(with(&["LGPL-2.1"], "LGPL-2.1+"));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for text in ["", "MIT OR", "AND MIT", "(MIT", "MIT)", "MIT Apache-2.0", "MIT WITH", "()"] {
            assert!(acceptable(text, &mut |_| true).is_err(), "{text:?}");
        }
    }
}
