//! How sure a fact is.

/// How sure a fact about Zoom is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Confidence {
    /// Zoom's documentation says so.
    Documented,
    /// Working public code does so; the documentation is silent.
    Seen,
    /// It follows from the others, or nothing is known at all.
    Inferred,
}

impl Confidence {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Seen => "seen",
            Self::Inferred => "inferred",
        }
    }
}
