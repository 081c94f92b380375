//! Where a call goes: as the account is configured.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::order::{Deed, Reply, number_outside};
use super::script::{Line, Script};
use super::{Due, Plan};
use crate::events;
use crate::party::{Kind, Party};
use crate::records::{Element, Side, speech};
use crate::world::blocked::refuses;
use crate::world::hours;

/// Forwards after which a circle of them is broken.
const MOST_HOPS: u32 = 8;

/// Seconds that a phone outside rings at most.
const OUTSIDE_RINGS: i64 = 40;

impl Script<'_> {
    /// The whole call.
    pub(super) fn play(mut self) -> Plan {
        let order = self.order;
        let start = self.start;
        if order.caller.kind == Kind::Outside {
            self.reach(&order.callee, start, "incoming");
        } else {
            let mut line = self.line(Side::Caller, &order.caller, &order.callee, (start, "outgoing"));
            line.segment = self.next_segment();
            self.ring(&line);
            if order.wish.emergency {
                let alert = events::emergency(
                    &self.call_id,
                    &order.caller,
                    order.callee.number.as_deref().unwrap_or_default(),
                    start,
                );
                self.event(start, "emergency_alert", &alert);
            }
            if order.callee.kind == Kind::Outside {
                self.dial(line);
            } else {
                self.other = Some(line);
                let at = start + self.moment();
                self.reach(&order.callee, at, "incoming");
            }
        }
        self.finish()
    }

    /// The caller's phone rings somebody outside.
    fn dial(&mut self, mut line: Line) {
        self.remote = line.leg.far.clone();
        let start = self.start;
        let reply = std::mem::take(&mut self.wish.reply);
        let answer = start + self.ring_time(3, 20);
        let last = start + SignedDuration::from_secs(OUTSIDE_RINGS);
        let gives_up = self.patience(start);
        let unlucky = self.is_attended(&line.leg.own) && self.dice.chance(12);
        let (at, handup, result) = match reply {
            _ if gives_up
                .is_some_and(|at| at < if reply == Reply::Answer { answer.min(last) } else { last }) =>
            {
                (gives_up.unwrap_or(last), "Call Cancel", "canceled")
            }
            Reply::Busy => (start + self.seconds(1, 3), "Busy", "busy"),
            Reply::Answer if answer < last && !unlucky => {
                self.connect(&mut line, answer);
                self.answered_by.push(line.leg.own.clone());
                self.first_answer = Some(answer);
                self.talk(Some(line), answer);
                return;
            }
            _ => (gives_up.map_or(last, |at| at.min(last)), "No Answer", "no_answer"),
        };
        self.hang_up(line, at, handup, result);
        self.over(at, handup, result);
    }

    /// When the caller loses patience, having waited since `at`.
    pub(super) fn patience(&mut self, at: Timestamp) -> Option<Timestamp> {
        if let Some((low, high)) = self.wish.patience.take() {
            let by_wish = at + self.seconds(low, high);
            self.gives_up = Some(self.gives_up.map_or(by_wish, |pressed| pressed.min(by_wish)));
        }
        self.gives_up
    }

    /// The call gets to somebody of the account. `event` is how the record calls that: `incoming`, `forward`,
    /// `overflow`.
    pub(super) fn reach(&mut self, party: &Arc<Party>, at: Timestamp, event: &'static str) {
        self.hops += 1;
        let party = self
            .directory
            .extension(&party.extension_id)
            .map_or_else(|| party.clone(), |now| if now.active { party.clone() } else { now.clone() });
        let known = self.directory.extension(&party.extension_id).is_some();
        let from = self.remote.number.as_deref().filter(|_| self.remote.kind == Kind::Outside);
        let refused = if refuses(&self.exchange.world, &party.extension_id, from) {
            // Nobody is rung, and nobody is told: only the account's records have it.
            Some("system_blocked")
        } else {
            (self.hops > MOST_HOPS || !known || !party.active).then_some("call_failed")
        };
        if let Some(result) = refused {
            let segment = self.next_segment();
            let mut element = self.element(event, result, (&self.remote.clone(), &party), (at, at));
            element.segment = segment;
            self.elements.push(element);
            self.over(at, "Call Cancel", result);
            return;
        }
        if self.gives_up.is_some_and(|gives_up| gives_up <= at) {
            let segment = self.next_segment();
            let mut element = self.element(event, "canceled", (&self.remote.clone(), &party), (at, at));
            element.segment = segment;
            self.elements.push(element);
            self.over(at, "Call Cancel", "canceled");
            return;
        }
        match party.kind {
            Kind::User => self.ring_user(&party, at, event),
            Kind::Queue | Kind::SharedLineGroup => self.ring_group(&party, at, event),
            Kind::Receptionist => self.receptionist(&party, at, event),
            Kind::CommonArea | Kind::Room => self.ring_device(&party, at, event),
            Kind::PickupGroup | Kind::Outside => self.over(at, "Call Cancel", "call_failed"),
        }
    }

    /// How the extension handles calls at that time.
    pub(super) fn handling(&self, party: &Party, at: Timestamp) -> (hours::HourType, Value) {
        let Some(address) = party.address() else { return (hours::HourType::Business, Value::Null) };
        let world = &self.exchange.world;
        let now = hours::now(world, &address, at);
        let handling = hours::handling(world, &address, &now);
        (now, Value::Object(handling))
    }

    fn ring_user(&mut self, user: &Arc<Party>, at: Timestamp, event: &'static str) {
        let (_, handling) = self.handling(user, at);
        let actions = &handling["call_handling_setting"];
        let not_answered =
            (actions["call_not_answer_action"].clone(), actions["call_not_answer_action_setting"].clone());
        let remote = self.remote.clone();
        let mut line = self.line(Side::Callee, user, &remote, (at, event));
        line.segment = self.next_segment();
        if self.wish.reply == Reply::Busy || !self.is_free(user, at) {
            self.wish.reply = Reply::Answer;
            let mut action = (
                actions["busy_on_another_call_action"].clone(),
                actions["busy_on_another_call_action_setting"].clone(),
            );
            // Nobody here takes a second call: one that waits is one that is not answered.
            let waits = action.0 == "call_waiting";
            let shared = action.1.as_object().is_none_or(serde_json::Map::is_empty);
            if waits || (shared && action.0 == not_answered.0) {
                action = not_answered;
            }
            self.leg_event(at, &line.leg.clone(), "missed", line.leg.closing(at, Some("Busy")));
            let element = self.line_element(&line, "busy", at);
            if action.0 == "play_busy_signal" {
                self.elements.push(element);
                self.over(at, "Busy", "busy");
                return;
            }
            self.act(&action, user, at, Some(element));
            return;
        }
        let rows = handling["call_forward_settings"].as_array().cloned().unwrap_or_default();
        let enabled: Vec<_> = rows.iter().filter(|row| row["enable"] != false).collect();
        let other_phones: Vec<_> = enabled.iter().filter_map(|row| row["phone_number"].as_str()).collect();
        let own_apps = rows.is_empty() || enabled.len() > other_phones.len();
        let distribution = &handling["call_distribution_setting"];
        let length = match distribution["ring_mode"].as_str() {
            Some("sequential") => &distribution["sequential_ring_duration"],
            _ => &distribution["simultaneous_ring_max_wait_time"],
        };
        let length = length.as_i64().unwrap_or(30);
        if !own_apps && other_phones.is_empty() {
            let element = self.line_element(&line, "no_answer", at);
            self.act(&not_answered, user, at, Some(element));
            return;
        }
        if !own_apps || self.wish.reply == Reply::OnOtherPhone {
            let number = other_phones.first().copied().unwrap_or("+15557770142").to_owned();
            self.on_other_phone(&line, &number, own_apps);
            return;
        }
        self.ring(&line);
        let deadline = at + SignedDuration::from_secs(length);
        let gives_up = self.patience(at);
        let (until, reply) = self.reply(&line, deadline);
        if let Some(gives_up) = gives_up.filter(|&gives_up| gives_up < until) {
            let element = self.unanswered(&line, gives_up, "Call Cancel", "canceled");
            self.elements.push(element);
            self.over(gives_up, "Call Cancel", "canceled");
            return;
        }
        match reply {
            Reply::Answer | Reply::OnOtherPhone | Reply::Busy => {
                self.answer(&mut line, until);
                self.talk(Some(line), until);
            }
            Reply::PickedUp => self.picked_up(line, until),
            Reply::Reject => {
                let element = self.unanswered(&line, until, "Rejected", "rejected");
                self.act(&not_answered, user, until, Some(element));
            }
            Reply::ToVoicemail => {
                let sent = events::transfer(&line.leg.call_id, user, user, None, until);
                self.event(until, "transfer_call_to_voicemail_initiated", &sent);
                let element = self.unanswered(&line, until, "Voicemail", "no_answer");
                self.mailbox(user, until, Some(element), event);
            }
            Reply::Ignore => {
                let element = self.unanswered(&line, until, "No Answer", "no_answer");
                self.act(&not_answered, user, until, Some(element));
            }
        }
    }

    /// The user's other number is called, beside the own phone if that rings too.
    fn on_other_phone(&mut self, line: &Line, number: &str, own_too: bool) {
        self.wish.reply = Reply::Answer;
        let (user, at) = (line.leg.own.clone(), line.leg.ringing);
        let answer = at + self.ring_time(4, 20);
        if own_too {
            self.ring(line);
            let mut element = self.unanswered(line, answer, "Call Cancel", "no_answer");
            (element.node, element.reason) = (0, "answered_by_other");
            self.elements.push(element);
        }
        self.person_answers(&user, answer);
        let phone = Party { number: Some(number.to_owned()), ..Party::default() };
        let phone = Arc::new(Party { name: user.name.clone(), ..phone });
        let segment = self.next_segment();
        let end = self.talk(None, answer);
        let remote = self.remote.clone();
        let mut element = self.element("call_me_on", "answered", (&remote, &phone), (at, end));
        (element.segment, element.answer, element.operator) = (segment, Some(answer), user.clone());
        element.told = Some((Side::Callee, user));
        self.elements.push(element);
    }

    /// A colleague takes the ringing call.
    fn picked_up(&mut self, mut line: Line, at: Timestamp) {
        let user = line.leg.own.clone();
        let Some(colleague) = self.colleague(at) else {
            self.answer(&mut line, at);
            self.talk(Some(line), at);
            return;
        };
        let mut element = self.unanswered(&line, at, "Call Cancel", "no_answer");
        (element.reason, element.node) = ("pickup_by_other", 0);
        self.elements.push(element);
        let remote = self.remote.clone();
        let taken_at = at + self.moment();
        let mut taken = self.line(Side::Callee, &colleague, &remote, (taken_at, "incoming"));
        taken.segment = self.next_segment();
        taken.operator = Arc::new(Party {
            kind: Kind::PickupGroup,
            name: Some("Pickup group".to_owned()),
            site: user.site.clone(),
            ..Party::default()
        });
        self.ring(&taken);
        let answer = taken.leg.ringing;
        self.answer(&mut taken, answer);
        self.talk(Some(taken), answer);
    }

    /// Somebody of the account who is free and had no part in the call yet.
    pub(super) fn colleague(&mut self, at: Timestamp) -> Option<Arc<Party>> {
        let directory = self.directory.clone();
        let free = |user: &&Arc<Party>| {
            !self.order.attended.contains(&user.id)
                && user.id != self.remote.id
                && user.id != self.order.caller.id
                && !self.legs.iter().any(|leg| leg.who.id == user.id)
                && self.is_free(user, at)
        };
        let free: Vec<_> = directory.users.iter().filter(free).collect();
        // Drawn in any case, so that the dice fall the same with more or fewer people.
        let nth = self.dice.between(0, u64::from(u32::MAX));
        let nth = usize::try_from(nth).unwrap_or_default();
        (!free.is_empty()).then(|| free[nth % free.len()].clone())
    }

    /// A phone that belongs to nobody.
    fn ring_device(&mut self, device: &Arc<Party>, at: Timestamp, event: &'static str) {
        let (_, handling) = self.handling(device, at);
        let actions = &handling["call_handling_setting"];
        let action =
            (actions["call_not_answer_action"].clone(), actions["call_not_answer_action_setting"].clone());
        let distribution = &handling["call_distribution_setting"];
        let remote = self.remote.clone();
        let mut line = self.line(Side::Callee, device, &remote, (at, event));
        line.segment = self.next_segment();
        if distribution["ring_device"] == false || !self.is_free(device, at) {
            let element = self.line_element(&line, "no_answer", at);
            self.act(&action, device, at, Some(element));
            return;
        }
        self.ring(&line);
        let deadline = at + SignedDuration::from_secs(distribution["ring_duration"].as_i64().unwrap_or(30));
        let gives_up = self.patience(at);
        let (until, reply) = self.reply(&line, deadline);
        if let Some(gives_up) = gives_up.filter(|&gives_up| gives_up < until) {
            let element = self.unanswered(&line, gives_up, "Call Cancel", "canceled");
            self.elements.push(element);
            self.over(gives_up, "Call Cancel", "canceled");
        } else if reply == Reply::Answer {
            self.answer(&mut line, until);
            self.talk(Some(line), until);
        } else {
            let element = self.unanswered(&line, until, "No Answer", "no_answer");
            self.act(&action, device, until, Some(element));
        }
    }

    /// Performs an action of call handling, with its setting. `element` is the step that nobody has answered.
    pub(super) fn act(
        &mut self,
        (action, setting): &(Value, Value),
        from: &Arc<Party>,
        at: Timestamp,
        element: Option<Element>,
    ) {
        let event =
            if matches!(from.kind, Kind::Queue | Kind::SharedLineGroup) { "overflow" } else { "forward" };
        let result = element.as_ref().map_or("overflowed", |element| element.result);
        let forwards = |script: &mut Self, element: Option<Element>| {
            script.elements.extend(element);
            script.redirected_by = script.forwarded_by.replace(from.clone());
        };
        match action.as_str().unwrap_or_default() {
            "forward_to_voicemail" => {
                let target = setting["leave_voicemail_to"]["extension_id"].as_str();
                let box_of = target.and_then(|id| self.directory.extension(id)).unwrap_or(from).clone();
                if box_of.extension_id == from.extension_id {
                    self.mailbox(from, at, element, event);
                } else {
                    forwards(self, element);
                    self.mailbox(&box_of, at, None, event);
                }
            }
            "forward_to_extension" => {
                let id = setting["forward_to_extension"]["extension_id"].as_str().unwrap_or_default();
                forwards(self, element);
                let gone = Arc::new(Party { extension_id: id.to_owned(), ..Party::default() });
                let target = self.directory.extension(id).cloned().unwrap_or(gone);
                let at = at + self.moment();
                self.reach(&target, at, event);
            }
            "forward_to_external_number" => {
                forwards(self, element);
                self.leave_for(setting["forward_phone_number"].as_str(), at, event);
            }
            "forward_to_external_contact" => {
                forwards(self, element);
                let id = setting["forward_to_external_contact"]["external_contact_id"].as_str();
                let number = id.and_then(|id| {
                    let contact = self.exchange.world.get(&format!("{}/{id}", crate::world::at::CONTACTS))?;
                    let first = contact.get("phone_numbers")?.get(0)?;
                    first.as_str().or_else(|| first["number"].as_str()).map(str::to_owned)
                });
                self.leave_for(number.as_deref(), at, event);
            }
            "forward_to_zoom_contact_center" => {
                forwards(self, element);
                let nested = &setting["forward_to_zoom_contact_center"]["zoom_contact_center_number"];
                let number = nested.as_str().or_else(|| setting["zoom_contact_center_number"].as_str());
                self.leave_for(number, at, event);
            }
            "forward_to_teams" | "forward_to_partner_contact_center" => {
                forwards(self, element);
                self.leave_for(Some("+15557770100"), at, event);
            }
            other => {
                let message = other == "play_message_then_disconnect";
                let end = if message { at + self.seconds(4, 9) } else { at };
                let mut element = element;
                if let Some(element) = &mut element {
                    element.end = end;
                    if message && self.field() && element.reason.is_empty() {
                        element.reason = "play_a_message_then_disconnect";
                    }
                }
                self.elements.extend(element);
                let handup = if result == "busy" { "Busy" } else { "No Answer" };
                self.over(end, handup, result);
            }
        }
    }

    /// The call leaves the account for a number outside.
    pub(super) fn leave_for(&mut self, number: Option<&str>, at: Timestamp, event: &'static str) {
        let remote = self.remote.clone();
        let Some(Ok(party)) = number.map(number_outside) else {
            self.over(at, "Call Cancel", "call_failed");
            return;
        };
        let segment = self.next_segment();
        let party = Arc::new(party);
        let answer = at + self.ring_time(4, 20);
        if let Some(gives_up) = self.gives_up.filter(|&gives_up| gives_up < answer) {
            let gives_up = gives_up.max(at);
            let mut element = self.element(event, "canceled", (&remote, &party), (at, gives_up));
            element.segment = segment;
            self.elements.push(element);
            self.over(gives_up, "Call Cancel", "canceled");
            return;
        }
        self.connect_other(answer);
        self.first_answer.get_or_insert(answer);
        let by = self.forwarded_by.clone().unwrap_or_else(|| self.callee.clone());
        self.answered_by.push(party.clone());
        let end = self.talk(None, answer);
        let mut element = self.element(event, "answered", (&remote, &party), (at, end));
        (element.segment, element.answer, element.operator) = (segment, Some(answer), by);
        self.elements.push(element);
    }

    /// The caller hears a greeting, and leaves a message or not. `element` is the owner's step; without one the
    /// mailbox has a step of its own.
    pub(super) fn mailbox(
        &mut self,
        owner: &Arc<Party>,
        at: Timestamp,
        element: Option<Element>,
        event: &'static str,
    ) {
        let remote = self.remote.clone();
        let greeting_over =
            self.gives_up.is_some_and(|gives_up| gives_up <= at + SignedDuration::from_secs(8));
        let own_step = element.is_some();
        let mut element = element.unwrap_or_else(|| {
            let mut element = self.element(event, "no_answer", (&remote, owner), (at, at));
            element.segment = self.next_segment();
            element.group_id = self.group.as_ref().map(|group| group.id.clone()).unwrap_or_default();
            element
        });
        if !self.wish.message || greeting_over {
            let result = if own_step { element.result } else { "no_answer" };
            self.elements.push(element);
            self.over(at, "No Answer", result);
            return;
        }
        let end = at + self.seconds(8, 40);
        (element.result, element.end) = ("voicemail", end);
        element.voicemail_id = self.dice.hex_id();
        let received = end + self.seconds(1, 4);
        let mut leg = self.line(Side::Callee, owner, &remote, (at, event)).leg;
        leg.call_id.clone_from(&self.call_id);
        let ids = (self.history.as_str(), element.id.as_str());
        let length = end.as_second() - at.as_second();
        let links = &self.exchange.links;
        let message = events::voicemail(&element.voicemail_id, &leg, (at, length), links, ids);
        let words = speech::message(&element.voicemail_id);
        let transcript = events::voicemail_transcribed(&element.voicemail_id, &leg, at, &words, ids);
        self.event(received, "voicemail_received", &message);
        if self.wish.access_member
            && let Some(member) = self.colleague(at)
        {
            let at = received + self.moment();
            let told = events::voicemail_for_member(&message, &member);
            self.event(at, "voicemail_received_for_access_member", &told);
        }
        let ready = received + self.seconds(10, 60);
        (element.file_start, element.transcript_ready) = (Some(at), Some(ready));
        self.event(ready, "voicemail_transcript_completed", &transcript);
        self.elements.push(element);
        self.over(end, "Voicemail", "voicemail");
    }

    // Receptionists.

    fn receptionist(&mut self, receptionist: &Arc<Party>, at: Timestamp, event: &'static str) {
        let (now, handling) = self.handling(receptionist, at);
        let actions = &handling["call_handling_setting"];
        let action = (actions["routing_action"].clone(), actions["routing_action_setting"].clone());
        let remote = self.remote.clone();
        let segment = self.next_segment();
        let step = |script: &mut Self, result, end| {
            let mut element = script.element(event, result, (&remote, receptionist), (at, end));
            (element.segment, element.answer) = (segment, Some(at));
            element
        };
        if action.0 != "forward_to_ivr" {
            let greeted = at + self.seconds(2, 5);
            if action.0 == "forward_to_voicemail" {
                let element = step(self, "no_answer", greeted);
                self.act(&action, receptionist, greeted, Some(Element { answer: None, ..element }));
            } else {
                let element = step(self, "answered", greeted);
                self.elements.push(element);
                self.act(&action, receptionist, greeted, None);
            }
            return;
        }
        let menu = receptionist.address().and_then(|address| {
            let world = &self.exchange.world;
            world.get(&format!("{address}/ivr/{}", now.step())).cloned()
        });
        let menu = menu.map_or(json!({}), Value::Object);
        self.connect_other(at);
        self.menu(receptionist, &menu, at, step);
    }

    fn menu(
        &mut self,
        receptionist: &Arc<Party>,
        menu: &Value,
        at: Timestamp,
        step: impl Fn(&mut Self, &'static str, Timestamp) -> Element,
    ) {
        let remote = self.remote.clone();
        let known: Vec<&Value> = menu["key_actions"].as_array().into_iter().flatten().collect();
        let lead = |row: &&&Value| row["target"]["extension_id"].is_string();
        let drawn = usize::try_from(self.dice.between(0, 1000)).unwrap_or_default();
        let leading: Vec<_> = known.iter().filter(lead).collect();
        let default = leading.get(drawn % leading.len().max(1)).and_then(|row| row["key"].as_str());
        let keys = self.wish.keys.take().or(default.map(str::to_owned)).unwrap_or_default();
        let mut now = at;
        let leaves =
            if std::mem::take(&mut self.wish.leaves_menu) { Some(at + self.seconds(4, 20)) } else { None };
        let leaves =
            leaves.or(self.gives_up.filter(|&gives_up| gives_up < at + SignedDuration::from_secs(12)));
        if let Some(end) = leaves {
            let element = step(self, "hang_up", end);
            self.elements.push(element);
            self.over(end, "Call connected", "hang_up");
            return;
        }
        let mut wrong = Vec::new();
        for key in keys.chars() {
            now += self.seconds(4, 12);
            let pressed = press_key(key);
            let row = known.iter().find(|row| row["key"].as_str() == Some(pressed));
            let Some(row) = row.filter(|row| row["action"] != -1) else {
                let mut element =
                    self.element("incoming", "invalid_key", (&remote, receptionist), (now, now));
                (element.press_key, element.node) = (pressed, 0);
                wrong.push(element);
                continue;
            };
            let element = step(self, "answered", now);
            self.elements.push(element);
            self.elements.append(&mut wrong);
            let target = self.key_target(row, receptionist);
            let shown = target.clone().unwrap_or_else(|| receptionist.clone());
            let mut element = self.element("forward", "succeeded", (&remote, &shown), (now, now));
            element.operator = receptionist.clone();
            element.press_key = pressed;
            (element.segment, element.node) = (element.segment + 1, 0);
            self.elements.push(element);
            self.take_key(row, receptionist, target, now);
            return;
        }
        let none = &menu["caller_enters_no_action"];
        let end = now + self.seconds(6, 12);
        let element = step(self, if wrong.is_empty() { "answered" } else { "invalid_key" }, end);
        self.elements.push(element);
        self.elements.append(&mut wrong);
        let row = json!({ "action": none["action"], "target": none["forward_to"] });
        let target = self.key_target(&row, receptionist);
        self.take_key(&row, receptionist, target, end);
    }

    fn key_target(&self, row: &Value, receptionist: &Arc<Party>) -> Option<Arc<Party>> {
        match row["action"].as_i64() {
            Some(100) => Some(receptionist.clone()),
            _ => self.directory.extension(row["target"]["extension_id"].as_str()?).cloned(),
        }
    }

    /// What a key does. Codes of IVR actions are Zoom's (`updateAutoReceptionistIVR`).
    fn take_key(&mut self, row: &Value, from: &Arc<Party>, target: Option<Arc<Party>>, at: Timestamp) {
        self.redirected_by = self.forwarded_by.take();
        self.forwarded_by = Some(from.clone());
        match (row["action"].as_i64(), target) {
            (Some(2..=8), Some(target)) => self.reach(&target, at, "forward"),
            (Some(100 | 200 | 300 | 400 | 500), Some(target)) => self.mailbox(&target, at, None, "forward"),
            (Some(9 | 10 | 15 | 18 | 19 | 24 | 25), _) => {
                let number = row["target"]["phone_number"].as_str().unwrap_or("+15557770100").to_owned();
                self.leave_for(Some(&number), at, "forward");
            }
            _ => self.over(at, "Call connected", "hang_up"),
        }
    }

    // Other.

    /// Takes the plan off the sheet in order of time.
    pub(super) fn sorted(&mut self) -> Vec<(Timestamp, Due)> {
        let mut agenda = std::mem::take(&mut self.agenda);
        agenda.sort_by_key(|&(at, _)| at);
        agenda
    }

    /// The next thing that anybody of a conversation means to do or pressed.
    pub(super) fn next_deed(&mut self, after: Timestamp) -> Option<(Timestamp, Deed)> {
        if self.wish.deeds.is_empty() {
            return None;
        }
        let (low, high, deed) = self.wish.deeds.remove(0);
        let wait = if high == 0 { self.moment() } else { self.seconds(low, high) };
        Some((after + wait, deed))
    }
}

/// The key as call records have it.
fn press_key(key: char) -> &'static str {
    const KEYS: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"];
    KEYS.into_iter().find(|known| known.starts_with(key)).unwrap_or_default()
}
