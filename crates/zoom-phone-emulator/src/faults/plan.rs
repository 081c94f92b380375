//! Faults from a file.

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::Fault;

/// A list of faults, written in TOML:
///
/// ```
/// # fn main() -> Result<(), zoom_phone_emulator::FaultPlanError> {
/// let plan = zoom_phone_emulator::FaultPlan::parse(
///     r#"
///     [[fault]]
///     fault = "event_duplicate"
///     probability = 0.01
///
///     [[fault]]
///     fault = "status"
///     status = 429
///     limit = "qps"
///     operation = "accountCallHistory"
///     times = 3
///     "#,
/// )?;
/// assert_eq!(plan.faults.len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultPlan {
    /// In the order of the file; where two could strike, the first one does.
    pub faults: Vec<Fault>,
}

/// A plan cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultPlanError {
    /// It is no TOML with tables called `fault`; the text names line and column.
    #[error("the fault plan cannot be read: {0}")]
    Toml(String),
    /// One fault makes no sense.
    #[error("line {line} of the fault plan: {problem}")]
    Fault {
        /// Where the fault's table begins; 1 is the first line.
        line: usize,
        /// What is wrong with which field.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    fault: Vec<Spanned<Map<String, Value>>>,
}

impl FaultPlan {
    /// Reads a plan.
    pub fn parse(text: &str) -> Result<Self, FaultPlanError> {
        let file: File = toml::from_str(text).map_err(|error| FaultPlanError::Toml(error.to_string()))?;
        let faults = file.fault.into_iter().map(|table| {
            let begin = table.span().start;
            let line = text.bytes().take(begin).filter(|&byte| byte == b'\n').count() + 1;
            Fault::try_from(table.into_inner()).map_err(|problem| FaultPlanError::Fault { line, problem })
        });
        Ok(Self { faults: faults.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_named_with_its_line_and_field() {
        let plan = "# all is well here\n[[fault]]\nfault = \"reset\"\n\n[[fault]]\nfault = \"status\"\nstatus = 99\n";
        let error = FaultPlan::parse(plan).expect_err("a refusal");
        assert_eq!(error.to_string(), "line 5 of the fault plan: `status` must be 400 to 599");
        let error = FaultPlan::parse("[[fault]]\nfault = \"delay\"\nseconds = 3\n").expect_err("a refusal");
        assert!(error.to_string().starts_with("line 1 ") && error.to_string().contains("seconds"), "{error}");
        let error = FaultPlan::parse("[[fault]]\nfault = reset\n").expect_err("a refusal");
        assert!(error.to_string().contains("line 2"), "{error}");
        let error = FaultPlan::parse("[[faults]]\nfault = \"reset\"\n").expect_err("a refusal");
        assert!(error.to_string().contains("faults"), "{error}");
        assert_eq!(FaultPlan::parse(""), Ok(FaultPlan::default()));
    }
}
