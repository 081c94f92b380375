//! How much each plan may send.

use zoom_phone_types::catalogue::RateLabel;

/// Zoom's plan of the account, which sets its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plan {
    /// Not known: begins as [`Plan::Pro`], and becomes what Zoom's `X-RateLimit-Limit` says.
    #[default]
    Unknown,
    /// Pro.
    Pro,
    /// Business, Education, Enterprise, Partners.
    Business,
    /// Limits of one's own: an account whose quota other programs should keep a part of.
    Custom(Limits),
}

/// How many requests Zoom takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// LIGHT operations in a second.
    pub light: u32,
    /// MEDIUM operations in a second.
    pub medium: u32,
    /// HEAVY operations in a second.
    pub heavy: u32,
    /// RESOURCE-INTENSIVE operations in a minute.
    pub resource_intensive: u32,
    /// HEAVY and RESOURCE-INTENSIVE operations together from 00:00 UTC to 00:00 UTC.
    pub daily: u64,
}

impl Limits {
    const PRO: Self = Self { light: 20, medium: 10, heavy: 5, resource_intensive: 5, daily: 15_000 };
    const BUSINESS: Self = Self { light: 40, medium: 20, heavy: 10, resource_intensive: 10, daily: 30_000 };

    /// Requests of the label in its window: a second, for RESOURCE-INTENSIVE a minute.
    pub fn of(&self, label: RateLabel) -> u32 {
        match label {
            RateLabel::Light => self.light,
            RateLabel::Medium => self.medium,
            RateLabel::Heavy => self.heavy,
            RateLabel::ResourceIntensive => self.resource_intensive,
        }
    }
}

impl Plan {
    /// A plan with limits of one's own.
    pub const fn custom(limits: Limits) -> Self {
        Self::Custom(limits)
    }

    /// The limits to begin with.
    pub fn limits(self) -> Limits {
        match self {
            Self::Unknown | Self::Pro => Limits::PRO,
            Self::Business => Limits::BUSINESS,
            Self::Custom(limits) => limits,
        }
    }
}
