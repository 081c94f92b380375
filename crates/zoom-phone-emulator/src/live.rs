//! Phones in a person's hands: calls that wait for somebody to press a button.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::clock::text;
use crate::company::{Kind, Party};
use crate::dice::Dice;
use crate::events::{self, Leg, Recording};
use crate::records::Side;
use crate::state::State;

/// Changes that may wait for a slow listener before it misses some.
const WAITING_CHANGES: usize = 64;

/// What a person can press.
#[derive(Debug, Clone)]
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
    Transfer { to: String, warm: bool },
    CompleteTransfer,
    Park,
    Escalate,
}

/// A call as one user's phone shows it.
#[derive(Debug, Clone)]
pub(crate) struct PhoneCall {
    pub(crate) call_id: String,
    /// `inbound` or `outbound`.
    pub(crate) direction: &'static str,
    /// The other party's number, E.164 or extension; empty when hidden.
    pub(crate) number: String,
    /// The other party's name; empty when unknown.
    pub(crate) name: String,
    pub(crate) own_number: String,
    pub(crate) own_name: String,
    pub(crate) own_extension: String,
    pub(crate) other_extension: Option<String>,
    /// Spelled as in status events: `user`, `callQueue`, `pstn`.
    pub(crate) other_type: &'static str,
    /// `ringing`, `connected`, `held` or `ended`.
    pub(crate) state: &'static str,
    pub(crate) result: Option<&'static str>,
    pub(crate) ringing_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) recording: bool,
    pub(crate) muted: bool,
    /// Name of the queue or user that sent the call here.
    pub(crate) forwarded_by: Option<String>,
}

/// All phones that somebody holds or has held.
pub(crate) struct Phones {
    dice: Dice,
    by_user: HashMap<String, Phone>,
}

struct Phone {
    attended: usize,
    calls: Vec<Held>,
    told: broadcast::Sender<PhoneCall>,
}

impl Default for Phone {
    fn default() -> Self {
        Self { attended: 0, calls: Vec::new(), told: broadcast::Sender::new(WAITING_CHANGES) }
    }
}

struct Held {
    shown: PhoneCall,
    leg: Leg,
    recording: Option<Recording>,
    /// When the far side answers an outbound call.
    answers_at: Option<Timestamp>,
}

/// While one of these lives, calls to the user wait for a person.
pub(crate) struct Attending {
    state: Arc<State>,
    user_id: String,
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.state.phones(|phones, _| {
            let phone = phones.by_user.entry(std::mem::take(&mut self.user_id)).or_default();
            phone.attended = phone.attended.saturating_sub(1);
        });
    }
}

/// Events that a press causes, each with its time.
type Caused = Vec<(Timestamp, &'static str, Value)>;

impl State {
    /// From now on calls to this user wait for a person, until the last guard is dropped.
    pub(crate) fn attend(self: &Arc<Self>, user_id: &str) -> Attending {
        self.phones(|phones, _| phones.by_user.entry(user_id.to_owned()).or_default().attended += 1);
        Attending { state: self.clone(), user_id: user_id.to_owned() }
    }

    /// Every change of the user's calls.
    pub(crate) fn watch_phone(&self, user_id: &str) -> broadcast::Receiver<PhoneCall> {
        self.phones(|phones, _| phones.by_user.entry(user_id.to_owned()).or_default().told.subscribe())
    }

    /// The user's calls now.
    pub(crate) fn phone(&self, user_id: &str) -> Vec<PhoneCall> {
        self.phones(|phones, _| {
            let phone = phones.by_user.get(user_id);
            phone.map(|phone| phone.calls.iter().map(|held| held.shown.clone()).collect()).unwrap_or_default()
        })
    }

    /// Calls a number or extension from the user's phone; answers with the `call_id`.
    pub(crate) fn dial(
        &self,
        user_id: &str,
        number: &str,
        caller_id: Option<&str>,
        now: Timestamp,
    ) -> Result<String, String> {
        let own = self.own(user_id)?;
        if caller_id.is_some_and(|id| Some(id) != own.number.as_deref() && id != own.extension_text()) {
            return Err("No available callerId".to_owned());
        }
        let far = self.company(|company| {
            let called = |user: &&Arc<Party>| {
                user.extension_text() == number || user.number.as_deref() == Some(number)
            };
            company.users.iter().chain(&company.callers).find(called).cloned()
        });
        let far = far.unwrap_or_else(|| outsider(number, ""));
        self.begin(Side::Caller, &own, &far, now)
    }

    /// Somebody outside calls an attended user; `None` when nobody attends that phone.
    pub(crate) fn ring(&self, user_id: &str, number: &str, name: &str, now: Timestamp) -> Option<String> {
        let own = self.own(user_id).ok()?;
        let attended =
            self.phones(|phones, _| phones.by_user.get(&own.id).is_some_and(|phone| phone.attended > 0));
        attended.then(|| self.begin(Side::Callee, &own, &outsider(number, name), now).ok()).flatten()
    }

    fn own(&self, user_id: &str) -> Result<Arc<Party>, String> {
        let own = self.company(|company| {
            company
                .users
                .iter()
                .find(|user| user.id == user_id || user.email.as_deref() == Some(user_id))
                .cloned()
        });
        own.ok_or_else(|| format!("There is no user {user_id}"))
    }

    fn begin(
        &self,
        side: Side,
        own: &Arc<Party>,
        far: &Arc<Party>,
        now: Timestamp,
    ) -> Result<String, String> {
        let busy = |held: &Held| held.shown.state != "ended" && held.shown.state != "held";
        let call_id = self.phones(|phones, caused| {
            let Phones { dice, by_user } = phones;
            let phone = by_user.entry(own.id.clone()).or_default();
            if phone.calls.iter().any(busy) {
                return Err("Hold or end the call that is under way first".to_owned());
            }
            phone.calls.retain(|held| held.shown.state != "ended");
            let leg = Leg {
                call_id: dice.call_id(),
                side,
                own: own.clone(),
                far: far.clone(),
                forwarded_by: None,
                redirected_by: None,
                ringing: now,
                answered: None,
            };
            let outbound = side == Side::Caller;
            let shown = PhoneCall {
                call_id: leg.call_id.clone(),
                direction: if outbound { "outbound" } else { "inbound" },
                number: far.dialled(),
                name: far.name.clone().unwrap_or_default(),
                own_number: own.number.clone().unwrap_or_default(),
                own_name: own.name.clone().unwrap_or_default(),
                own_extension: own.extension_text(),
                other_extension: far.extension_number.map(|extension| extension.to_string()),
                other_type: far.kind.in_events(),
                state: "ringing",
                result: None,
                ringing_at: now,
                answered_at: None,
                ended_at: None,
                recording: false,
                muted: false,
                forwarded_by: None,
            };
            let name = if outbound { "phone.caller_ringing" } else { "phone.callee_ringing" };
            caused.push((now, name, leg.opening()));
            let answers_at = outbound.then_some(now + SignedDuration::from_secs(2));
            let call_id = leg.call_id.clone();
            // Nobody listening is no error.
            let _ = phone.told.send(shown.clone());
            phone.calls.push(Held { shown, leg, recording: None, answers_at });
            Ok(call_id)
        })?;
        self.changed.notify_one();
        Ok(call_id)
    }

    /// A person presses a button of a call.
    pub(crate) fn press(
        &self,
        user_id: &str,
        call_id: &str,
        press: Press,
        now: Timestamp,
    ) -> Result<(), String> {
        self.phones(|phones, caused| {
            let Phones { dice, by_user } = phones;
            let phone = by_user.get_mut(user_id).ok_or("Nobody holds that phone")?;
            let held = phone.calls.iter_mut().find(|held| held.shown.call_id == call_id);
            let held = held.ok_or_else(|| format!("There is no call {call_id} on this phone"))?;
            held.press(press, now, dice, caused)?;
            let _ = phone.told.send(held.shown.clone());
            Ok(())
        })
    }
}

impl Phones {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, 40), by_user: HashMap::new() }
    }

    /// The far sides that answer at `now`.
    pub(crate) fn advance(&mut self, now: Timestamp, caused: &mut Caused) {
        for phone in self.by_user.values_mut() {
            for held in &mut phone.calls {
                if let Some(at) = held.answers_at.filter(|&at| at <= now) {
                    held.connect(at, caused);
                    let _ = phone.told.send(held.shown.clone());
                }
            }
        }
    }

    /// When the next far side answers.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_user.values().flat_map(|phone| &phone.calls).filter_map(|held| held.answers_at).min()
    }
}

impl Held {
    fn press(
        &mut self,
        press: Press,
        now: Timestamp,
        dice: &mut Dice,
        caused: &mut Caused,
    ) -> Result<(), String> {
        let wrong = |state: &str| Err(format!("A call that is {state} cannot do that"));
        match (press, self.shown.state) {
            (_, "ended") => return wrong("over"),
            (Press::Answer, "ringing") if self.leg.side == Side::Callee => self.connect(now, caused),
            (Press::Decline, "ringing") => self.end("rejected", now, dice, caused),
            (Press::ToVoicemail, "ringing") => self.end("voicemail", now, dice, caused),
            (Press::HangUp, "ringing") => self.end("canceled", now, dice, caused),
            (Press::HangUp, _) => {
                let result = if self.leg.side == Side::Caller { "connected" } else { "answered" };
                self.end(result, now, dice, caused);
            }
            (Press::Hold, "connected") => {
                self.shown.state = "held";
                caused.push((now, self.event("hold"), self.leg.moment(now)));
            }
            (Press::Unhold, "held") => {
                self.shown.state = "connected";
                caused.push((now, self.event("unhold"), self.leg.moment(now)));
            }
            (Press::Mute, "connected") => self.shown.muted = true,
            (Press::Unmute, "connected") => self.shown.muted = false,
            (Press::Record, "connected") => {
                let recording = Recording {
                    id: dice.hex_id(),
                    channel_id: dice.hex_id(),
                    sip_id: dice.uuid(),
                    started: now,
                };
                caused.push((now, "phone.recording_started", recording.control(&self.leg, now)));
                self.recording = Some(recording);
                self.shown.recording = true;
            }
            (Press::StopRecording, "connected") if self.shown.recording => {
                self.shown.recording = false;
                if let Some(recording) = &self.recording {
                    caused.push((now, "phone.recording_stopped", recording.control(&self.leg, now)));
                }
            }
            (_, state) => return wrong(state),
        }
        Ok(())
    }

    fn event(&self, what: &str) -> &'static str {
        match (self.leg.side, what) {
            (Side::Caller, "hold") => "phone.caller_hold",
            (Side::Caller, "unhold") => "phone.caller_unhold",
            (Side::Caller, "open") => "phone.caller_connected",
            (Side::Callee, "hold") => "phone.callee_hold",
            (Side::Callee, "unhold") => "phone.callee_unhold",
            (Side::Callee, "open") => "phone.callee_answered",
            (Side::Caller, _) => "phone.caller_ended",
            (Side::Callee, _) => "phone.callee_ended",
        }
    }

    fn connect(&mut self, at: Timestamp, caused: &mut Caused) {
        self.answers_at = None;
        self.leg.answered = Some(at);
        self.shown.answered_at = Some(at);
        self.shown.state = "connected";
        caused.push((at, self.event("open"), self.leg.opening()));
    }

    fn end(&mut self, result: &'static str, now: Timestamp, dice: &mut Dice, caused: &mut Caused) {
        let outbound = self.leg.side == Side::Caller;
        let (event, handup, shown) = match result {
            "rejected" => ("phone.callee_rejected", Some("Rejected"), "rejected"),
            "voicemail" => ("phone.callee_missed", Some("Voicemail"), "missed"),
            "canceled" if outbound => ("phone.caller_ended", Some("Call Cancel"), "ended"),
            "canceled" => ("phone.callee_missed", Some("Call Cancel"), "missed"),
            _ => (self.event("end"), outbound.then_some("Call connected"), "ended"),
        };
        self.answers_at = None;
        self.shown.state = "ended";
        self.shown.result = Some(shown);
        self.shown.ended_at = Some(now);
        caused.push((now, event, self.leg.closing(now, handup)));
        let day = self.leg.ringing.strftime("%Y%m%d").to_string();
        let (history, element) = (format!("{day}-{}", dice.uuid()), format!("{day}-{}", dice.uuid()));
        let later = |seconds| now + SignedDuration::from_secs(seconds);
        let completed = if outbound {
            "phone.caller_call_element_completed"
        } else {
            "phone.callee_call_element_completed"
        };
        let row = self.element(result, (&history, &element), now);
        let object = json!({ "user_id": self.leg.own.id, "call_elements": [row] });
        caused.push((later(2), completed, object));
        if let Some(recording) = &self.recording {
            let file = recording.completed(&self.leg, now, "", (&history, &element), "");
            caused.push((later(4), "phone.recording_completed", file));
        }
        if result == "voicemail" {
            let message = events::voicemail(&dice.hex_id(), &self.leg, (now, 7), "", (&history, &element));
            caused.push((later(4), "phone.voicemail_received", message));
        }
    }

    fn element(&self, result: &str, (history, element): (&str, &str), end: Timestamp) -> Value {
        let Leg { own, far, answered, .. } = &self.leg;
        let outbound = self.leg.side == Side::Caller;
        let talk = answered.map_or(0, |answer| end.as_second() - answer.as_second());
        let mut row = json!({
            "call_element_id": element,
            "call_history_uuid": history,
            "call_id": self.leg.call_id,
            "direction": self.shown.direction,
            "start_time": text(self.leg.ringing),
            "end_time": text(end),
            "event": if outbound { "outgoing" } else { "incoming" },
            "result": result,
            "talk_time": talk,
        });
        if let Some(answered) = answered {
            row["answer_time"] = json!(text(*answered));
        }
        let (caller, callee) = if outbound { (own, far) } else { (far, own) };
        for (side, party) in [("caller", caller), ("callee", callee)] {
            let fields = [
                ("ext_id", Some(party.extension_id.clone())),
                ("name", party.name.clone()),
                ("did_number", party.number.clone()),
                ("ext_number", Some(party.extension_text())),
            ];
            for (field, value) in fields {
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    row[format!("{side}_{field}")] = json!(value);
                }
            }
        }
        row
    }
}

fn outsider(number: &str, name: &str) -> Arc<Party> {
    Arc::new(Party {
        kind: Kind::Outside,
        id: String::new(),
        extension_id: String::new(),
        extension_number: None,
        number: (!number.is_empty()).then(|| number.to_owned()),
        name: (!name.is_empty()).then(|| name.to_owned()),
        email: None,
        department: None,
        device_id: String::new(),
    })
}
