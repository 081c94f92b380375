//! What can go wrong while the emulator is started or asked for something.

/// An error of the emulator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// [`Config::speed`](crate::Config::speed) makes no sense.
    #[error(
        "a speed of {0} virtual seconds per second cannot be played; use a number above 0 and up to {max}, or 0 to let the clock stand still",
        max = crate::FASTEST
    )]
    Speed(f64),
    /// [`Config::calls_per_minute`](crate::Config::calls_per_minute) makes no sense.
    #[error("{0} calls per minute cannot be played; use 0 for none, or a number up to 100000")]
    CallsPerMinute(f64),
    /// One of [`Config::faults`](crate::Config::faults) makes no sense.
    #[error("a fault of the configuration makes no sense: {0}")]
    Fault(String),
    /// Two of [`Config::subscriptions`](crate::Config::subscriptions) have one id.
    #[error("there are two subscriptions with the id {0:?}; give each its own")]
    Subscription(String),
    /// [`Emulator::run`](crate::Emulator::run) was called a second time.
    #[error("this emulator runs already, or has run; build another one")]
    RunsAlready,
    /// [`Config::apps`](crate::Config::apps) has this client id more than once.
    #[error("two apps have the client id {0:?}; give each its own")]
    ClientId(String),
    /// [`Config::company`](crate::Config::company) makes no sense.
    #[error(transparent)]
    Company(#[from] crate::CompanyFileError),
    /// The HTTP client for events could not be built.
    #[error("the HTTP client that sends events could not be built")]
    HttpClient(#[source] reqwest::Error),
    /// The listener broke.
    #[error("the emulator's HTTP server stopped; check that its port is free and start it again")]
    Server(#[source] std::io::Error),
    /// The address of [`Builder::listen`](crate::Builder::listen) cannot be had.
    #[error("the emulator cannot listen on {address}; choose an address of this machine with a free port")]
    Listen {
        /// Where it should have listened.
        address: std::net::SocketAddr,
        /// Why it cannot.
        source: std::io::Error,
    },
    /// An endpoint under `/_emulator` refused what it was asked.
    #[error("/_emulator{path} refused: {reason}")]
    Control {
        /// What was asked.
        path: String,
        /// Why, and what to do instead.
        reason: String,
    },
    /// No scenario of that name.
    #[error("there is no scenario {0:?}; GET /_emulator/state lists all of them")]
    UnknownScenario(String),
}
