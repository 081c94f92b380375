//! The task behind a channel: connects, listens, connects again.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::error::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::dial::{Dialer, Socket};
use super::error::{ChannelError, Outage};
use super::policy::{self, Next, Policy};
use super::session::{Action, Alarm, OPENING, SILENCE, Session};
use super::{ChannelEvent, Gap, Raw, frame};
use crate::http;
use crate::oauth::{AccessToken, TokenSource};

/// How long a frame may take to be written.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How long a good-bye may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// The most items that come of one frame: open, gap, event.
const ITEMS: usize = 3;

type Out = mpsc::Sender<Result<ChannelEvent, ChannelError>>;

/// How one connection ended.
enum End {
    /// The caller wants no more.
    Left,
    /// Something went wrong, after it was open for this long, if it was.
    Lost(Outage, Option<Duration>),
}

/// Runs a channel until it fails for good or nobody listens.
pub(super) async fn run(dialer: Dialer, tokens: TokenSource, out: Out) {
    let mut policy = Policy::default();
    let mut heard = None;
    loop {
        let (outage, open_for) = match attempt(&dialer, &tokens, &out, &mut heard).await {
            End::Left => return,
            End::Lost(outage, open_for) => (outage, open_for),
        };
        let wait = match policy.after(&outage, open_for) {
            Next::Again(wait) => wait,
            stop => {
                let error = final_error(stop, outage);
                tracing::warn!(error = &error as &dyn std::error::Error, "the event channel gives up");
                // Nobody listens: nobody has to know.
                let _ = out.send(Err(error)).await;
                return;
            }
        };
        let retry_in = wait.mul_f64(1.0 - rand::random::<f64>() / 2.0);
        tracing::debug!(
            error = &outage as &dyn std::error::Error,
            retry_in_s = retry_in.as_secs_f64(),
            "no event channel"
        );
        let next_attempt = Instant::now() + retry_in;
        if out.send(Ok(ChannelEvent::Down { outage, retry_in })).await.is_err() {
            return;
        }
        tokio::select! {
            () = out.closed() => return,
            () = tokio::time::sleep_until(next_attempt) => {}
        }
    }
}

fn final_error(stop: Next, outage: Outage) -> ChannelError {
    match (stop, outage) {
        (Next::NoToken, Outage::Token(source)) => ChannelError::Credentials(source),
        (Next::TakenOver(times), _) => ChannelError::TakenOver { times },
        (Next::Refused(times), last) => ChannelError::Refused { times, last },
        (_, last) => ChannelError::Refused { times: 1, last },
    }
}

/// One connection, from the token to its end.
async fn attempt(dialer: &Dialer, tokens: &TokenSource, out: &Out, heard: &mut Option<Heard>) -> End {
    let token = tokio::select! {
        () = out.closed() => return End::Left,
        token = tokens.token() => match token {
            Ok(token) => token,
            Err(error) => return End::Lost(Outage::Token(error), None),
        },
    };
    let dialled = tokio::select! {
        () = out.closed() => return End::Left,
        dialled = dialer.dial(&token) => dialled,
    };
    let end = match dialled {
        Ok(socket) => {
            let session = Session::new(Instant::now());
            Connection { socket, session, token: &token, out, heard }.run().await
        }
        Err(outage) => End::Lost(outage, None),
    };
    if let End::Lost(outage, _) = &end
        && policy::blames_token(outage)
    {
        tokens.invalidate(&token).await;
    }
    end
}

/// When a channel was last heard of. On two clocks: one of them may be set, the other may sleep with the machine.
#[derive(Clone, Copy)]
struct Heard {
    instant: Instant,
    at: Timestamp,
}

impl Heard {
    fn now() -> Self {
        Self { instant: Instant::now(), at: now() }
    }

    /// The time from then to now; the longer one, if the clocks disagree.
    fn gap(self, now: Self) -> Gap {
        let elapsed = now.instant.saturating_duration_since(self.instant);
        let since = now.at.checked_sub(elapsed).unwrap_or(self.at).min(self.at);
        Gap { since, until: now.at }
    }
}

/// An open connection.
struct Connection<'a> {
    socket: Socket,
    session: Session,
    token: &'a AccessToken,
    out: &'a Out,
    heard: &'a mut Option<Heard>,
}

enum Step {
    Left,
    Alarm,
    Read(Option<Result<Message, SocketError>>),
}

impl Connection<'_> {
    async fn run(mut self) -> End {
        let lost = loop {
            let due = self.session.due();
            let step = tokio::select! {
                () = self.out.closed() => Step::Left,
                () = tokio::time::sleep_until(due) => Step::Alarm,
                read = read(&mut self.socket, self.out) => Step::Read(read),
            };
            let done = match step {
                Step::Left => {
                    self.say_goodbye().await;
                    return End::Left;
                }
                Step::Alarm => self.alarm().await,
                Step::Read(Some(Ok(message))) => self.hear(message).await,
                Step::Read(Some(Err(error))) => Err(broken(error)),
                Step::Read(None) => Err(broken(SocketError::ConnectionClosed)),
            };
            if let Err(outage) = done {
                break outage;
            }
        };
        let open_for = self.session.open_for(Instant::now());
        self.say_goodbye().await;
        End::Lost(lost, open_for)
    }

    async fn alarm(&mut self) -> Result<(), Outage> {
        let now = Instant::now();
        if self.out.capacity() < ITEMS {
            // Nobody took what came, so we did not listen: that is no silence of Zoom's.
            self.session.alive(now);
        }
        match self.session.wake(now) {
            Some(Alarm::Beat) => {
                let sent = timeout(WRITE_WITHIN, self.socket.send(Message::text(frame::HEARTBEAT))).await;
                sent.map_err(|_| Outage::Silent { seconds: WRITE_WITHIN.as_secs() })?.map_err(broken)
            }
            Some(Alarm::Silent) => Err(Outage::Silent { seconds: SILENCE.as_secs() }),
            Some(Alarm::NeverOpened) => Err(Outage::Silent { seconds: OPENING.as_secs() }),
            None => Ok(()),
        }
    }

    async fn hear(&mut self, message: Message) -> Result<(), Outage> {
        let heard = Heard::now();
        let actions = match &message {
            Message::Text(text) => self.session.hear(text, heard.instant),
            // Zoom sends none; should it, the text in it counts.
            Message::Binary(bytes) => self.session.hear(&String::from_utf8_lossy(bytes), heard.instant),
            Message::Close(frame) => {
                return Err(Outage::Closed {
                    code: frame.as_ref().map(|frame| frame.code.into()),
                    reason: frame.as_ref().map_or_else(String::new, |frame| self.printable(&frame.reason)),
                });
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                self.session.alive(heard.instant);
                Vec::new()
            }
        };
        let raw = |text| Raw { received_at: heard.at, text };
        for action in actions {
            let event = match action {
                Action::Opened => {
                    tracing::debug!("the event channel is open");
                    ChannelEvent::Connected
                }
                Action::Deliver(text) => ChannelEvent::Event(raw(text)),
                Action::Keep(text) => ChannelEvent::Unknown(raw(text)),
                Action::Refuse(reason) => return Err(Outage::Refused { reason: self.printable(&reason) }),
            };
            let opened = matches!(event, ChannelEvent::Connected);
            tell(self.out, event).await;
            if opened && let Some(before) = self.heard.take() {
                tell(self.out, ChannelEvent::Gap(before.gap(heard))).await;
            }
        }
        if self.session.open_for(heard.instant).is_some() {
            *self.heard = Some(heard);
        }
        Ok(())
    }

    /// Zoom's words, without the token should they repeat it.
    fn printable(&self, text: &str) -> String {
        http::printable(&text.replace(self.token.secret().expose_secret(), "…"))
    }

    async fn say_goodbye(&mut self) {
        // It may be long gone.
        let _ = timeout(CLOSE_WITHIN, self.socket.close(None)).await;
    }
}

/// There is room for it, or nobody listens any more.
async fn tell(out: &Out, event: ChannelEvent) {
    let _ = out.send(Ok(event)).await;
}

/// The next frame, once there is room for what may come of it. May be dropped while waiting: nothing is lost.
async fn read(socket: &mut Socket, out: &Out) -> Option<Result<Message, SocketError>> {
    // This task alone sends, so that room which is there stays there.
    drop(out.reserve_many(ITEMS).await);
    socket.next().await
}

fn broken(error: SocketError) -> Outage {
    Outage::Broken(Box::new(error))
}

#[expect(clippy::disallowed_methods, reason = "the one clock of this room: when a frame came in")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_gap_is_as_long_as_the_clock_that_went_on_says() {
        let s = |seconds: i64| Timestamp::from_second(1_795_300_000 + seconds).unwrap();
        let start = Instant::now();
        let heard = Heard { instant: start, at: s(0) };
        let after = |elapsed, at| Heard { instant: start + Duration::from_secs(elapsed), at: s(at) };
        assert_eq!(heard.gap(after(60, 60)), Gap { since: s(0), until: s(60) });
        assert_eq!(heard.gap(after(60, 3600)), Gap { since: s(0), until: s(3600) }, "the machine slept");
        assert_eq!(heard.gap(after(60, 10)), Gap { since: s(-50), until: s(10) }, "the clock was set back");
    }
}
