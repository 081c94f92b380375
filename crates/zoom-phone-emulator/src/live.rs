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
    now: BTreeMap<String, Vec<PhoneCall>>,
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

    /// Places a call from an attended phone; answers with its `call_id`, or why it cannot be placed. `caller_id` is
    /// one of the user's own numbers.
    pub(crate) fn dial(
        &self,
        user_id: &str,
        number: &str,
        caller_id: Option<&str>,
        now: Timestamp,
    ) -> Result<String, String> {
        self.place_call(user_id, number, caller_id, now)
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
