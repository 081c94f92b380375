//! Phones in a person's hands.
//!
//! A call to somebody whose phone is attended is planned like any other, as if the person did nothing. Each press
//! plans it again from its beginning, with the press: dice of its own make everything before the press come out as it
//! was, and what comes after replaces what was planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::scenario::{Order, Replay};
use crate::state::State;

/// Changes of one phone that may wait for a slow watcher.
const WAITING_CHANGES: usize = 256;

/// What a person does with a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Press {
    Answer,
    Decline,
    ToVoicemail,
    HangUp,
    Hold,
    Unhold,
    Mute,
    Unmute,
    Record,
    StopRecording,
    /// To an extension or a number; `warm` asks there first.
    Transfer {
        to: String,
        warm: bool,
    },
    /// Hands over to who was asked. Hanging up the consultation, or [`Press::Unhold`], goes back instead.
    CompleteTransfer,
    Park,
    Escalate,
}

/// A call as a phone shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhoneCall {
    pub(crate) call_id: String,
    /// `inbound` or `outbound`.
    pub(crate) direction: &'static str,
    /// The other end: E.164, else the extension number; empty when hidden.
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) own_number: String,
    pub(crate) own_name: String,
    pub(crate) own_extension: String,
    /// Absent for outside parties.
    pub(crate) other_extension: Option<String>,
    /// As in events: `user`, `pstn`, `callQueue`…
    pub(crate) other_type: &'static str,
    /// `ringing`, `connected`, `held` or `ended`.
    pub(crate) state: &'static str,
    /// How it ended, as call records say it: `answered`, `no_answer`, `canceled`, `rejected`, `voicemail`…
    pub(crate) result: Option<&'static str>,
    pub(crate) ringing_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) recording: bool,
    pub(crate) muted: bool,
    /// Name of the queue, group or person that sent the call here.
    pub(crate) forwarded_by: Option<String>,
}

/// All phones that somebody looks at, and the calls that depend on them.
#[derive(Default)]
pub(crate) struct Phones {
    watched: BTreeMap<String, broadcast::Sender<PhoneCall>>,
    /// By user id: what the phone shows.
    pub(crate) now: BTreeMap<String, Vec<PhoneCall>>,
    /// Calls that a press may change, by their number.
    pub(crate) calls: BTreeMap<u64, LiveCall>,
}

/// A call with an attended phone in it.
pub(crate) struct LiveCall {
    pub(crate) order: Order,
    pub(crate) replay: Replay,
    /// Its `call_id`s: its own and those of consultations.
    pub(crate) ids: Vec<String>,
}

impl Phones {
    /// A phone changed.
    pub(crate) fn show(&mut self, user: &str, call: PhoneCall) {
        let calls = self.now.entry(user.to_owned()).or_default();
        calls.retain(|known| known.call_id != call.call_id);
        if call.state != "ended" {
            calls.push(call.clone());
        }
        if let Some(watched) = self.watched.get(user) {
            // Nobody may be watching any more.
            let _ = watched.send(call);
        }
    }
}

/// Keeps calls to one user waiting for a person, until it is dropped.
pub(crate) struct Attending {
    state: Arc<State>,
    user: String,
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.state.attended(|attended| {
            if let Some(count) = attended.get_mut(&self.user) {
                *count -= 1;
                if *count == 0 {
                    attended.remove(&self.user);
                }
            }
        });
    }
}

impl State {
    /// From now on calls to this user wait for a person; ends when the last of these is dropped. Calls under way go on
    /// as they were planned.
    pub(crate) fn attend(self: &Arc<Self>, user_id: &str) -> Attending {
        self.attended(|attended| *attended.entry(user_id.to_owned()).or_default() += 1);
        Attending { state: self.clone(), user: user_id.to_owned() }
    }

    /// Every change of the calls on this user's phone.
    pub(crate) fn watch_phone(&self, user_id: &str) -> broadcast::Receiver<PhoneCall> {
        self.phones(|phones| {
            let sender = phones.watched.entry(user_id.to_owned());
            sender.or_insert_with(|| broadcast::Sender::new(WAITING_CHANGES)).subscribe()
        })
    }

    /// The calls on this user's phone now.
    pub(crate) fn phone(&self, user_id: &str) -> Vec<PhoneCall> {
        self.phones(|phones| phones.now.get(user_id).cloned().unwrap_or_default())
    }

    /// Something is pressed on an attended phone; refused with a reason when it means nothing now.
    pub(crate) fn press(
        &self,
        user_id: &str,
        call_id: &str,
        press: Press,
        now: Timestamp,
    ) -> Result<(), String> {
        let shown = self.phone(user_id);
        let Some(call) = shown.iter().find(|call| call.call_id == call_id) else {
            return Err(format!("this phone has no call {call_id} now"));
        };
        fits(call, &press)?;
        self.plan_again(user_id, call_id, press, now)
    }
}

/// Whether a press makes sense for what the phone shows.
fn fits(call: &PhoneCall, press: &Press) -> Result<(), String> {
    let rings = call.state == "ringing";
    let meant = match press {
        Press::Answer | Press::Decline | Press::ToVoicemail => rings && call.direction == "inbound",
        Press::HangUp => !rings || call.direction == "outbound",
        Press::Hold => call.state == "connected",
        Press::Unhold => call.state == "held",
        Press::Mute => !rings && !call.muted,
        Press::Unmute => !rings && call.muted,
        Press::Record => !rings && !call.recording,
        Press::StopRecording => !rings && call.recording,
        Press::Transfer { .. } | Press::CompleteTransfer | Press::Park | Press::Escalate => !rings,
    };
    if meant {
        return Ok(());
    }
    Err(format!("{press:?} means nothing for a call that is {} ({})", call.state, call.direction))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::Value;

    use super::*;
    use crate::arrivals::Arrivals;
    use crate::exchange::Exchange;
    use crate::scenario::{Params, Scenario};

    struct Rig {
        state: Arc<State>,
        user: String,
        _attending: Attending,
        now: Timestamp,
        told: Vec<(String, Value)>,
    }

    impl Rig {
        fn new() -> Self {
            let state = Arc::new(State::new(Exchange::new(7), Arrivals::even(7, 0.0)));
            let user = state.directory(|directory| directory.find("1001").expect("a user").id.clone());
            let attending = state.attend(&user);
            let now = "2026-11-23T15:00:00Z".parse().expect("a valid time");
            Self { state, user, _attending: attending, now, told: Vec::new() }
        }

        fn wait(&mut self, seconds: i64) {
            self.now += SignedDuration::from_secs(seconds);
            let (events, _) = self.state.advance(self.now);
            self.told.extend(events.into_iter().map(|mut event| {
                let name = event["event"].as_str().expect("a name").trim_start_matches("phone.").to_owned();
                (name, event["payload"]["object"].take())
            }));
        }

        fn called(&mut self, scenario: Scenario, to: &str) -> String {
            let params = Params { to: Some(to.to_owned()), ..Params::default() };
            self.state.play(scenario, &params, self.now).expect("a call").call_id
        }

        fn press(&self, call_id: &str, press: Press) {
            self.state.press(&self.user, call_id, press, self.now).expect("it fits");
        }

        fn names(&self) -> Vec<&str> {
            self.told.iter().map(|(name, _)| name.as_str()).collect()
        }

        fn shown(&self) -> Option<PhoneCall> {
            self.state.phone(&self.user).into_iter().next()
        }
    }

    #[test]
    fn a_call_rings_until_the_person_answers_and_lasts_until_they_hang_up() {
        let mut rig = Rig::new();
        let call = rig.called(Scenario::Inbound, "1001");
        rig.wait(7);
        assert_eq!(rig.shown().map(|call| call.state), Some("ringing"));
        rig.press(&call, Press::Answer);
        rig.press(&call, Press::Hold);
        assert_eq!(rig.shown().map(|call| call.state), Some("held"));
        rig.wait(12);
        rig.press(&call, Press::Unhold);
        rig.wait(20);
        rig.press(&call, Press::HangUp);
        assert_eq!(rig.shown(), None);
        rig.wait(300);
        let expected = [
            "callee_ringing",
            "callee_answered",
            "callee_hold",
            "callee_unhold",
            "callee_ended",
            "callee_call_element_completed",
        ];
        assert_eq!(rig.names(), expected);
        let element = &rig.told[5].1["call_elements"][0];
        assert_eq!((&element["wait_time"], &element["hold_time"]), (&7.into(), &12.into()));
        assert_eq!(rig.state.ledger(|ledger| ledger.after(0).count()), 1);
    }

    #[test]
    fn a_call_that_nobody_takes_goes_on_as_configured() {
        let mut rig = Rig::new();
        rig.called(Scenario::Inbound, "1001");
        rig.wait(600);
        let expected = ["callee_ringing", "callee_missed", "voicemail_received"];
        assert_eq!(rig.names()[..3], expected);
    }

    #[test]
    fn a_person_who_dials_hears_somebody_and_can_hand_over_after_asking() {
        let mut rig = Rig::new();
        let call = (0..20)
            .find_map(|_| {
                let call = rig.state.dial(&rig.user.clone(), "+15552001234", None, rig.now).expect("a call");
                rig.wait(25);
                if rig.shown().is_some_and(|call| call.state == "connected") {
                    return Some(call);
                }
                rig.wait(60);
                None
            })
            .expect("somebody answers");
        rig.told.clear();
        rig.press(&call, Press::Transfer { to: "1002".to_owned(), warm: true });
        rig.wait(20);
        rig.press(&call, Press::CompleteTransfer);
        rig.wait(1);
        assert_eq!(rig.shown(), None);
        rig.wait(1200);
        let names = rig.names();
        let place = |name: &str| {
            names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name} in {names:?}"))
        };
        assert!(place("caller_hold") < place("warm_transfer_initiated"));
        assert!(place("warm_transfer_initiated") < place("callee_answered"));
        assert!(place("callee_answered") < place("warm_transfer_completed"));
        assert!(place("warm_transfer_completed") < place("callee_ended"));
    }

    #[test]
    fn a_person_in_a_queue_can_be_faster_than_the_others() {
        let mut rig = Rig::new();
        let call = rig.called(Scenario::QueueAnswered, "Sales");
        rig.wait(4);
        rig.press(&call, Press::Answer);
        rig.wait(1);
        let answered: Vec<_> = rig.told.iter().filter(|(name, _)| name == "callee_answered").collect();
        assert_eq!(answered.len(), 1);
        assert_eq!(answered[0].1["callee"]["user_id"].as_str(), Some(rig.user.as_str()));
    }

    /// Everything that is told, step by step of two seconds, while the first of the presses that fit are pressed; and
    /// when the last of them was.
    fn pressed(to: &str, presses: usize) -> (Vec<Vec<(String, Value)>>, Option<usize>) {
        let mut rig = Rig::new();
        let call = rig.called(Scenario::Inbound, to);
        let (mut steps, mut done, mut last) = (Vec::new(), 0, None);
        for step in 0..30 {
            rig.wait(2);
            steps.push(std::mem::take(&mut rig.told));
            let next = match rig.shown().map(|call| call.state) {
                Some("ringing") => Press::Answer,
                Some("held") => Press::Unhold,
                Some("connected") => Press::Hold,
                _ => continue,
            };
            if done < presses {
                rig.press(&call, next);
                (done, last) = (done + 1, Some(step));
            }
        }
        rig.wait(1200);
        steps.push(rig.told);
        (steps, last)
    }

    #[test]
    fn what_happened_before_a_press_stays_as_it_was() {
        for to in ["1001", "Sales", "Main Line"] {
            let mut pressed_ever = false;
            for presses in 0..4 {
                let ((fewer, _), (more, last)) = (pressed(to, presses), pressed(to, presses + 1));
                // With this many presses the call had ended for the person.
                let Some(last) = last else { continue };
                assert_eq!(fewer[..=last], more[..=last], "{to} with {presses} presses");
                pressed_ever |= fewer != more;
            }
            assert!(pressed_ever || to == "Main Line", "a press changes what comes after it: {to}");
        }
    }

    #[test]
    fn a_press_that_means_nothing_is_refused() {
        let mut rig = Rig::new();
        let call = rig.called(Scenario::Inbound, "1001");
        rig.wait(1);
        assert!(rig.state.press(&rig.user, &call, Press::Hold, rig.now).is_err());
        assert!(rig.state.press(&rig.user, "no call", Press::Answer, rig.now).is_err());
        rig.press(&call, Press::Decline);
        rig.wait(1);
        assert_eq!(rig.names(), ["callee_ringing", "callee_rejected"]);
    }
}
