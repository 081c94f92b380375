//! Finding out. Each question has its own deadline, so that nothing hangs on one host; no answer is an answer.

pub(crate) mod machine;
pub(crate) mod probe;
pub(crate) mod server;
pub(crate) mod store;
pub(crate) mod web;
pub(crate) mod zoom;

use std::{error::Error, time::Duration};

use super::facts::{Asked, Failure};

/// The longest that anybody is waited for.
pub(crate) const WITHIN: Duration = Duration::from_secs(10);

/// Waits for an answer, within bounds.
pub(crate) async fn within<T>(what: &str, answer: impl Future<Output = Asked<T>>) -> Asked<T> {
    tokio::time::timeout(WITHIN, answer).await.unwrap_or_else(|_| {
        let text = format!("{what} did not answer within {} s", WITHIN.as_secs());
        Asked::Failed(Failure { text, no_answer: true, ..Failure::default() })
    })
}

/// No answer, and why.
pub(crate) fn failed<T>(text: impl Into<String>) -> Asked<T> {
    Asked::Failed(Failure { text: text.into(), ..Failure::default() })
}

/// No answer, with the error and its causes on one line. Errors of the network lose their address, which may be long
/// and is known.
pub(crate) fn refused<T>(error: &(dyn Error + 'static)) -> Asked<T> {
    failed(chain(error))
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

/// For questions that are not of Zoom's API: no redirects, no proxy for this machine.
pub(crate) fn http() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(4))
        .timeout(Duration::from_secs(8))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("offhook/", env!("CARGO_PKG_VERSION")))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_answers_is_an_answer_after_ten_seconds() {
        let began = tokio::time::Instant::now();
        let asked: Asked<()> = within("the host", std::future::pending()).await;
        let Asked::Failed(failure) = asked else { panic!("{asked:?}") };
        assert_eq!((failure.text.as_str(), failure.no_answer), ("the host did not answer within 10 s", true));
        assert_eq!(began.elapsed(), WITHIN);
    }
}
