//! One connection's life, without the connection: what came and when, in; what is to be done, out.

use std::time::Duration;

use tokio::time::Instant;

use super::frame::{self, Frame};

/// From one heartbeat to the next. (Zoom's WebSocket documentation.)
const BEAT: Duration = Duration::from_secs(30);
/// A heartbeat is echoed; a channel that is silent for longer than this has died.
pub(super) const SILENCE: Duration = Duration::from_secs(45);
/// How long the first frame may take.
pub(super) const OPENING: Duration = Duration::from_secs(15);

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Session {
    /// When it was said to be open.
    opened: Option<Instant>,
    /// When it was last heard of.
    heard: Instant,
    next_beat: Instant,
}

/// What a frame asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Say that the channel is open.
    Opened,
    /// Hand this event on.
    Deliver(String),
    /// Hand this frame on, as one that is not known.
    Keep(String),
    /// End it, for Zoom refuses it.
    Refuse(String),
}

/// What the clock asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// Send a heartbeat.
    Beat,
    /// End it: the first frame does not come.
    NeverOpened,
    /// End it: it has died.
    Silent,
}

impl Session {
    pub(super) fn new(now: Instant) -> Self {
        Self { opened: None, heard: now, next_beat: now + BEAT }
    }

    /// How long it has been open; `None` if it never was.
    pub(super) fn open_for(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.opened?))
    }

    /// Any sign of life. Also when we did not listen, because nobody took what came.
    pub(super) fn alive(&mut self, now: Instant) {
        self.heard = now;
    }

    /// A text frame.
    pub(super) fn hear(&mut self, text: &str, now: Instant) -> Vec<Action> {
        self.alive(now);
        let mut actions = Vec::new();
        let frame = frame::read(text);
        // Whatever comes over a channel other than a refusal, the channel is open.
        if self.opened.is_none() && !matches!(frame, Frame::Refused(_) | Frame::Unknown) {
            self.opened = Some(now);
            actions.push(Action::Opened);
        }
        match frame {
            Frame::Open | Frame::Heartbeat => {}
            Frame::Refused(reason) => actions.push(Action::Refuse(reason)),
            Frame::Event(event) => actions.push(Action::Deliver(event)),
            Frame::Unknown => actions.push(Action::Keep(text.to_owned())),
        }
        actions
    }

    /// When to look at the clock next.
    pub(super) fn due(&self) -> Instant {
        self.next_beat.min(self.dead_at())
    }

    /// Looks at the clock.
    pub(super) fn wake(&mut self, now: Instant) -> Option<Alarm> {
        if now >= self.dead_at() {
            return Some(if self.opened.is_some() { Alarm::Silent } else { Alarm::NeverOpened });
        }
        if now >= self.next_beat {
            self.next_beat = now + BEAT;
            return Some(Alarm::Beat);
        }
        None
    }

    fn dead_at(&self) -> Instant {
        self.heard + if self.opened.is_some() { SILENCE } else { OPENING }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"{"module":"build_connection","success":true}"#;
    const NO: &str = r#"{"module":"build_connection","success":false,"content":"Invalid Token"}"#;
    const EVENT: &str = r#"{"module":"message","content":"{\"event\":\"x\"}"}"#;
    const NEWS: &str = r#"{"module":"news"}"#;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_frame_asks_for_what_it_means() {
        let now = Instant::now();
        let deliver = || Action::Deliver(r#"{"event":"x"}"#.to_owned());
        let keep = || Action::Keep(NEWS.to_owned());
        for (frames, last) in [
            (&[OPEN][..], vec![Action::Opened]),
            (&[OPEN, OPEN], vec![]),
            (&[OPEN, frame::HEARTBEAT], vec![]),
            (&[OPEN, EVENT], vec![deliver()]),
            (&[EVENT], vec![Action::Opened, deliver()]),
            (&[frame::HEARTBEAT], vec![Action::Opened]),
            (&[NO], vec![Action::Refuse("Invalid Token".to_owned())]),
            (&[OPEN, NO], vec![Action::Refuse("Invalid Token".to_owned())]),
            (&[NEWS], vec![keep()]),
            (&[NEWS, EVENT], vec![Action::Opened, deliver()]),
        ] {
            let mut session = Session::new(now);
            let heard: Vec<_> = frames.iter().map(|text| session.hear(text, now)).collect();
            assert_eq!(heard.last(), Some(&last), "{frames:?}");
        }
    }

    #[test]
    fn a_heartbeat_is_due_every_30_seconds_for_as_long_as_it_is_echoed() {
        let start = Instant::now();
        let mut session = Session::new(start);
        session.hear(OPEN, start);
        for beat in 1..=20 {
            let at = start + s(30 * beat);
            assert_eq!(session.due(), at);
            assert_eq!(session.wake(at - s(1)), None);
            assert_eq!(session.wake(at), Some(Alarm::Beat));
            session.hear(frame::HEARTBEAT, at);
        }
        assert_eq!(session.open_for(start + s(600)), Some(s(600)));
    }

    #[test]
    fn a_channel_without_an_echo_has_died_after_45_seconds() {
        let start = Instant::now();
        let mut session = Session::new(start);
        session.hear(OPEN, start);
        assert_eq!(session.wake(start + s(30)), Some(Alarm::Beat));
        assert_eq!(session.due(), start + s(45));
        assert_eq!(session.wake(start + s(45)), Some(Alarm::Silent));
        // Any frame is life, also one that nobody understands.
        session.hear(NEWS, start + s(44));
        assert_eq!(session.wake(start + s(45)), None);
    }

    #[test]
    fn a_channel_that_is_never_said_to_be_open_is_given_up() {
        let start = Instant::now();
        let mut session = Session::new(start);
        assert_eq!(session.due(), start + OPENING);
        assert_eq!(session.wake(start + OPENING), Some(Alarm::NeverOpened));
        assert_eq!(session.open_for(start + s(20)), None);
    }
}
