//! The one place of the server that asks for the time.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

/// Now, by the machine's clock. What belongs to a server asks that server's [`Clock`] instead.
#[expect(clippy::disallowed_methods, reason = "this is the edge at which time enters")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// What time it is for one server. The machine's, unless it lives in another time: a week that a test plays in minutes.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that shows what `now` says.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    /// The machine's.
    fn default() -> Self {
        Self::new(now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
