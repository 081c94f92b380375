//! Conversations: what is done in them, and how they end.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::order::Deed;
use super::script::{Line, Script};
use super::transfer::Consulted;
use crate::events::{self, Recording};
use crate::ledger::Transfer;
use crate::live::Press;
use crate::party::Party;
use crate::records::{Element, Side};

impl Script<'_> {
    /// How the whole call ended when people talked to each other.
    fn talked(&self) -> &'static str {
        if self.order.caller.address().is_some() { "connected" } else { "answered" }
    }

    /// Two talk from `at` on until one hangs up, or the call moves on and this conversation is over for `near`, who
    /// took the call; without `near` a phone outside did. Answers with when it was over for it.
    pub(super) fn talk(&mut self, near: Option<Line>, at: Timestamp) -> Timestamp {
        self.content();
        let attended =
            |script: &Self, line: Option<&Line>| line.is_some_and(|line| script.is_attended(&line.leg.own));
        let by_hand = attended(self, near.as_ref()) || attended(self, self.other.as_ref());
        let drawn = if by_hand { self.seconds(120, 600) } else { self.seconds(15, 120) };
        let mut end = at + self.wish.talk.take().map_or(drawn, SignedDuration::from_secs);
        let Some(mut near) = near else {
            if let Some(other) = self.other.take() {
                let hung_up = self.pressed(&other, (at, end), |press| *press == Press::HangUp);
                end = hung_up.map_or(end, |(at, _)| at);
                self.other = Some(other);
            }
            self.over(end, "Call connected", self.talked());
            return end;
        };
        let mut now = at;
        loop {
            let next = if by_hand {
                self.next_press(&mut near, now, end)
            } else {
                self.next_deed(now).inspect(|&(at, _)| now = at)
            };
            let Some((at, deed)) = next else { break };
            now = at;
            match deed {
                Deed::HangUp => {
                    end = at;
                    break;
                }
                Deed::Transfer { to, warm } => {
                    let Some(target) = self.transfer_target(&near, to.as_deref(), at) else {
                        self.transfer_fails(&near, to.as_deref().unwrap_or_default(), warm, at);
                        continue;
                    };
                    if !warm {
                        return self.blind(near, &target, at);
                    }
                    match self.consult(&mut near, &target, (at, end), by_hand) {
                        Consulted::HandedOver(line, left) => {
                            self.leave_after_handover(near, &target, left);
                            let updated = self.end;
                            self.talk(line.map(|line| *line), updated);
                            return left;
                        }
                        Consulted::Back(back) => now = back,
                    }
                }
                Deed::Park { found } => return self.park(near, at, found),
                Deed::ToVoicemail => return self.send_to_voicemail(near, at),
                Deed::Escalate => {
                    let mut object = near.leg.moment(at);
                    object["meeting_id"] =
                        json!(self.dice.between(80_000_000_000, 89_999_999_999).to_string());
                    self.leg_event(at, &near.leg.clone(), "meeting_inviting", object);
                    end = at + self.seconds(1, 3);
                    break;
                }
                Deed::Supervise("takeover") => return self.take_over(near, at),
                Deed::Supervise(mode) => {
                    let until = at + self.seconds(8, 20);
                    self.supervise(&near, mode, (at, until));
                    now = until;
                }
                simple => self.deed(&mut near, &simple, at),
            }
            if !by_hand && end < now + SignedDuration::from_secs(4) {
                end = now + self.seconds(4, 60);
            }
        }
        let result = match near.leg.side {
            Side::Caller => "connected",
            Side::Callee => "answered",
        };
        self.hang_up(near, end, "Call connected", result);
        self.over(end, "Call connected", self.talked());
        end
    }

    /// What one of the two pressed next; `near` becomes whoever did.
    fn next_press(
        &mut self,
        near: &mut Line,
        after: Timestamp,
        before: Timestamp,
    ) -> Option<(Timestamp, Deed)> {
        let presses = &mut self.replay.as_mut()?.presses;
        let is_of = |line: &Line, who: &str, call: &str| line.leg.own.id == who && line.leg.call_id == call;
        let other = self.other.as_ref();
        let nth = presses.iter().position(|(at, who, call, press)| {
            let of_two = is_of(near, who, call) || other.is_some_and(|other| is_of(other, who, call));
            *at >= after && *at < before && of_two && !matches!(press, Press::Answer | Press::Decline)
        })?;
        let (at, who, call, press) = presses.remove(nth);
        if !is_of(near, &who, &call)
            && let Some(other) = self.other.as_mut()
        {
            std::mem::swap(near, other);
            self.remote = other.leg.own.clone();
        }
        let deed = match press {
            Press::Hold => Deed::Hold,
            Press::Unhold => Deed::Unhold,
            Press::Mute => Deed::Mute,
            Press::Unmute => Deed::Unmute,
            Press::Record => Deed::Record { on_demand: true },
            Press::StopRecording => Deed::StopRecording,
            Press::Transfer { to, warm } => Deed::Transfer { to: Some(to), warm },
            Press::CompleteTransfer => Deed::Complete,
            Press::Park => Deed::Park { found: self.dice.chance(80) },
            Press::Escalate => Deed::Escalate,
            Press::ToVoicemail => Deed::ToVoicemail,
            Press::HangUp | Press::Answer | Press::Decline => Deed::HangUp,
        };
        Some((at, deed))
    }

    /// What leaves the conversation as it is.
    pub(super) fn deed(&mut self, line: &mut Line, deed: &Deed, at: Timestamp) {
        match deed {
            Deed::Hold if line.held_since.is_none() => {
                line.held_since = Some(at);
                self.leg_event(at, &line.leg, "hold", line.leg.moment(at));
            }
            Deed::Unhold => {
                let Some(since) = line.held_since.take() else { return };
                line.held += at.as_second() - since.as_second();
                self.leg_event(at, &line.leg, "unhold", line.leg.moment(at));
            }
            Deed::Mute if !line.muted => {
                line.muted = true;
                self.leg_event(at, &line.leg, "mute", line.leg.moment(at));
            }
            Deed::Unmute if line.muted => {
                line.muted = false;
                self.leg_event(at, &line.leg, "unmute", line.leg.moment(at));
            }
            Deed::Record { on_demand } if line.recording.is_none() => {
                let recording = Recording {
                    id: self.dice.hex_id(),
                    channel_id: self.dice.hex_id(),
                    sip_id: self.dice.uuid(),
                    started: at,
                    on_demand: *on_demand,
                };
                self.event(at, "recording_started", &recording.control(&line.leg, at));
                line.recording = Some(recording);
            }
            Deed::PauseRecording | Deed::ResumeRecording => {
                let Some(recording) = &line.recording else { return };
                let name =
                    if *deed == Deed::PauseRecording { "recording_paused" } else { "recording_resumed" };
                self.event(at, name, &recording.pause(&line.leg, at));
            }
            Deed::StopRecording => self.stop_recording(line, at),
            Deed::RecordingFails => {
                let Some(recording) = line.recording.take() else { return };
                self.event(at, "recording_failed", &recording.control(&line.leg, at));
            }
            Deed::ParkFails if line.leg.side == Side::Callee => {
                let mut object = line.leg.moment(at);
                object["park_failure_reason"] = json!("No parking space is available.");
                self.leg_event(at, &line.leg, "parked", object);
            }
            _ => return,
        }
        let state = if line.held_since.is_some() { "held" } else { "connected" };
        self.show(line, at, state, None);
    }

    pub(super) fn stop_recording(&mut self, line: &mut Line, at: Timestamp) {
        if let Some(recording) = line.recording.take() {
            self.event(at, "recording_stopped", &recording.control(&line.leg, at));
            line.recorded = Some((recording, at));
        }
    }

    /// Puts the recording into the element, and its file on the list of what comes after the record.
    pub(super) fn keep_recording(&mut self, line: &Line, element: &mut Element) {
        let Some((recording, end)) = &line.recorded else { return };
        element.recording_id.clone_from(&recording.id);
        element.recorded_ad_hoc = recording.on_demand;
        let links = self.exchange.links.clone();
        let file = recording.completed(&line.leg, *end, &links, (&self.history, &element.id));
        let ready = if self.wish.late { self.seconds(3600, 4 * 3600) } else { self.seconds(5, 60) };
        if self.wish.access_member {
            self.files.push((ready, "recording_completed_for_access_member", Recording::for_member(&file)));
        }
        let transcript = ready + self.seconds(60, 300);
        let transcribed = recording.transcribed(&line.leg, *end, &links);
        self.files.push((transcript, "recording_transcript_completed", transcribed));
        element.file_start = Some(recording.started);
        element.transcript_ready = Some(*end + transcript);
        self.files.push((ready, "recording_completed", file));
    }

    fn send_to_voicemail(&mut self, near: Line, at: Timestamp) -> Timestamp {
        let owner = near.leg.own.clone();
        let sent = events::transfer(&near.leg.call_id, &owner, &owner, None, at);
        self.event(at, "transfer_call_to_voicemail_initiated", &sent);
        let left = at + self.moment();
        self.hang_up(near, left, "Call connected", "answered");
        self.mailbox(&owner, left, None, "forward");
        left
    }

    /// The call waits in a parking place until somebody picks it up, or rings again where it was.
    fn park(&mut self, near: Line, at: Timestamp, found: bool) -> Timestamp {
        let owner = near.leg.own.clone();
        if near.leg.side == Side::Callee {
            let mut object = near.leg.moment(at);
            object["park_code"] = json!(format!("*{}", self.dice.between(801, 899)));
            self.leg_event(at, &near.leg.clone(), "parked", object);
        }
        let left = at + self.moment();
        let result = if near.leg.side == Side::Caller { "connected" } else { "answered" };
        self.hang_up(near, left, "Call connected", result);
        let segment = self.next_segment();
        let remote = self.remote.clone();
        let picked = left + if found { self.seconds(5, 40) } else { self.seconds(60, 61) };
        let mut parked = self.element("park", "succeeded", (&remote, &owner), (at, picked));
        parked.segment = segment;
        self.elements.push(parked);
        let colleague = if found { self.colleague(picked) } else { None };
        if let Some(colleague) = colleague {
            self.pass_on(&owner, &colleague, "park", picked);
            let mut line = self.line(Side::Callee, &colleague, &remote, (picked, "park_pick_up"));
            line.segment = self.next_segment();
            self.ring(&line);
            self.answer(&mut line, picked);
            self.talk(Some(line), picked);
        } else {
            let mut element = self.element("timeout", "ring_timeout", (&remote, &owner), (picked, picked));
            element.segment = self.next_segment();
            self.elements.push(element);
            let at = picked + SignedDuration::from_secs(3);
            self.reach(&owner, at, "incoming");
        }
        left
    }

    /// A supervisor has an ear, or a word, in the conversation. Nobody is told while it happens.
    fn supervise(&mut self, near: &Line, mode: &'static str, (at, until): (Timestamp, Timestamp)) {
        let Some(supervisor) = self.colleague(at) else { return };
        self.book(&supervisor);
        self.release(&supervisor, until, 0);
        let segment = self.next_segment();
        let mut element = self.element(mode, "succeeded", (&supervisor, &near.leg.own), (at, until));
        (element.segment, element.answer) = (segment, Some(at));
        element.operator = supervisor.clone();
        element.group_id = near.group.as_ref().map(|group| group.id.clone()).unwrap_or_default();
        element.told = Some((Side::Caller, supervisor));
        element.direction = "outbound";
        self.elements.push(element);
    }

    fn take_over(&mut self, near: Line, at: Timestamp) -> Timestamp {
        let Some(supervisor) = self.colleague(at) else {
            return self.talk(Some(near), at);
        };
        let (owner, group) = (near.leg.own.clone(), near.group.clone());
        self.pass_on(&owner, &supervisor, "takeover", at);
        self.hang_up(near, at, "Call connected", "answered");
        let remote = self.remote.clone();
        let mut line = self.line(Side::Callee, &supervisor, &remote, (at, "takeover"));
        line.segment = self.next_segment();
        line.group = group;
        self.ring(&line);
        self.answer(&mut line, at);
        self.talk(Some(line), at);
        at
    }

    pub(super) fn pass_on(&mut self, by: &Arc<Party>, to: &Arc<Party>, kind: &'static str, at: Timestamp) {
        self.transfers.push(Transfer { by: by.clone(), to: to.clone(), kind, at });
    }
}
