//! Calls to queues and shared line groups: who of the members rings, in which order, and for how long.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::order::Reply;
use super::script::{Line, Script};
use crate::ledger::Passage;
use crate::party::{Kind, Party};
use crate::records::{Element, Side};
use crate::world::hours::HourType;

/// A caller in a queue or at a shared line group.
struct Waiting {
    group: Arc<Party>,
    members: Vec<Arc<Party>>,
    rules: Rules,
    /// When the group got the call.
    since: Timestamp,
    event: &'static str,
    segment: u32,
    member_segment: u32,
    rung: u32,
    /// Elements of members who did not take it.
    missed: Vec<Element>,
}

/// How a group distributes calls. Lengths are seconds.
struct Rules {
    max_wait: i64,
    wrap_up: i64,
    max_waiting: usize,
    mode: Mode,
    ring: i64,
    /// How records call a member's step.
    member_event: &'static str,
    action: (Value, Value),
}

enum Mode {
    /// All who are free.
    All,
    /// One after the other, in this order.
    Each(Vec<Arc<Party>>),
    /// Group after group.
    Groups(Vec<Vec<Arc<Party>>>),
}

/// How a stay in the group ended.
enum Outcome {
    Answered(Box<Line>, Timestamp),
    Abandoned(Timestamp),
    Overflowed(Timestamp),
}

impl Waiting {
    /// Who rings together, in order.
    fn waves(&self) -> Vec<Vec<Arc<Party>>> {
        match &self.rules.mode {
            Mode::All => vec![self.members.clone()],
            Mode::Each(order) => order.iter().map(|member| vec![member.clone()]).collect(),
            Mode::Groups(groups) => groups.iter().filter(|group| !group.is_empty()).cloned().collect(),
        }
    }
}

impl Script<'_> {
    /// A queue or a shared line group gets the call.
    pub(super) fn ring_group(&mut self, party: &Arc<Party>, at: Timestamp, event: &'static str) {
        let (now, handling) = self.handling(party, at);
        let group = self.directory.group(party).cloned();
        let mut members = group.as_ref().map(|group| group.members.clone()).unwrap_or_default();
        let custom = group.map(|group| group.custom_groups.clone()).unwrap_or_default();
        let open = now == HourType::Business;
        let rules = self.rules(party, &handling, &members, custom);
        if let Mode::Groups(groups) = &rules.mode {
            members = groups.concat();
        }
        let segment = self.next_segment();
        let mut waiting = Waiting {
            group: party.clone(),
            members,
            rules,
            since: at,
            event,
            segment,
            member_segment: segment + 1,
            rung: 0,
            missed: Vec::new(),
        };
        if party.kind == Kind::Queue {
            self.group = Some(party.clone());
        }
        self.redirected_by = self.forwarded_by.replace(party.clone());
        let outcome = if open { self.wait(&mut waiting) } else { Outcome::Overflowed(at) };
        let (left, word) = match &outcome {
            Outcome::Answered(_, at) => (*at, "answered"),
            Outcome::Abandoned(at) => (*at, "abandoned"),
            Outcome::Overflowed(at) => (*at, if open { "overflowed" } else { "closed" }),
        };
        if party.kind == Kind::Queue {
            self.exchange.floor.wait(party, left);
            self.passages.push(Passage {
                queue: party.clone(),
                entered: at,
                left,
                outcome: word,
                rung: waiting.rung,
            });
        }
        self.leave_group(waiting, outcome);
    }

    fn leave_group(&mut self, mut waiting: Waiting, outcome: Outcome) {
        self.next_segment();
        let remote = self.remote.clone();
        let own = |script: &mut Self, waiting: &Waiting, result, (answer, end)| {
            let mut element =
                script.element(waiting.event, result, (&remote, &waiting.group), (waiting.since, end));
            (element.answer, element.segment) = (answer, waiting.segment);
            element.group_id.clone_from(&waiting.group.id);
            script.elements.push(element);
        };
        match outcome {
            Outcome::Answered(line, at) => {
                let missed = std::mem::take(&mut waiting.missed);
                let call_id = format!("{}{}", self.call_id, self.suffix);
                let end = self.talk(Some(*line), at);
                let elements = self.elements.len();
                own(self, &waiting, "answered", (Some(at), end));
                if let Some(element) = self.elements.get_mut(elements) {
                    element.call_id = call_id;
                }
                self.elements.extend(missed);
            }
            Outcome::Abandoned(end) => {
                own(self, &waiting, "abandoned", (None, end));
                self.elements.append(&mut waiting.missed);
                self.over(end, "Call Cancel", "abandoned");
            }
            Outcome::Overflowed(at) => {
                own(self, &waiting, "overflowed", (None, at));
                self.elements.append(&mut waiting.missed);
                let action = waiting.rules.action.clone();
                self.forwarded_by = self.redirected_by.take();
                self.wish.reply = Reply::Answer;
                self.act(&action, &waiting.group, at, None);
            }
        }
    }

    fn rules(
        &mut self,
        party: &Arc<Party>,
        handling: &Value,
        members: &[Arc<Party>],
        custom: Vec<Vec<Arc<Party>>>,
    ) -> Rules {
        let setting = &handling["call_distribution_setting"];
        let mode_setting = &setting["ring_mode_setting"];
        let seconds = |value: &Value, default| value.as_i64().unwrap_or(default);
        let turn = |script: &mut Self, length: usize| script.exchange.floor.turn(party, length);
        let rotated = |list: &[Arc<Party>], by: usize| -> Vec<_> {
            let (before, after) = list.split_at(by.min(list.len()));
            after.iter().chain(before).cloned().collect()
        };
        let mode = match setting["ring_mode"].as_str() {
            Some("sequential") => Mode::Each(members.to_vec()),
            Some("rotating") => {
                let turn = turn(self, members.len());
                Mode::Each(rotated(members, turn))
            }
            Some("longest_idle") => {
                let mut idle: Vec<_> = members.to_vec();
                idle.sort_by_key(|member| self.exchange.floor.free_from(member));
                Mode::Each(idle)
            }
            Some("group_rotating") => {
                let size = usize::try_from(seconds(&mode_setting["group_size"], 2)).unwrap_or(2).max(1);
                let turn = turn(self, members.len());
                let order = rotated(members, turn);
                Mode::Groups(order.chunks(size).map(<[_]>::to_vec).collect())
            }
            Some("custom_group_rotating") if !custom.is_empty() => Mode::Groups(custom),
            _ => Mode::All,
        };
        let action = &handling["call_handling_setting"];
        let queue = party.kind == Kind::Queue;
        Rules {
            max_wait: seconds(&setting["max_wait_time"], if queue { 60 } else { 30 }),
            wrap_up: if queue { seconds(&setting["wrap_up_time"], 0) } else { 0 },
            max_waiting: usize::try_from(seconds(&setting["max_call_in_queue"], 60)).unwrap_or(60),
            mode,
            ring: seconds(&mode_setting["ring_duration"], 20),
            member_event: if queue { "ring_to_member" } else { "shared_line_incoming" },
            action: (action["overflow_action"].clone(), action["overflow_action_setting"].clone()),
        }
    }

    /// The caller waits, and members ring. While nobody rings nobody is told anything.
    fn wait(&mut self, waiting: &mut Waiting) -> Outcome {
        let since = waiting.since;
        let deadline = since + SignedDuration::from_secs(waiting.rules.max_wait);
        let queue = waiting.group.kind == Kind::Queue;
        let mut at = since + if queue { self.seconds(1, 3) } else { SignedDuration::ZERO };
        let anybody = |script: &Self, at| waiting.members.iter().any(|member| script.is_free(member, at));
        if waiting.members.is_empty() {
            return Outcome::Overflowed(at);
        }
        let full = queue && self.exchange.floor.waiting(&waiting.group, since) >= waiting.rules.max_waiting;
        if !anybody(self, at) && (full || !queue) {
            return Outcome::Overflowed(at);
        }
        if let Some(endures) = self.wish.endures.take() {
            let tired = since + SignedDuration::from_secs(endures);
            self.gives_up = Some(self.gives_up.map_or(tired, |pressed| pressed.min(tired)));
        }
        let patience = self.wish.patience.is_some();
        let mut waves = Vec::new();
        loop {
            if let Some(gives_up) = self.gives_up.filter(|&gives_up| gives_up <= at) {
                return Outcome::Abandoned(gives_up);
            }
            if waves.is_empty() {
                waves = waiting.waves();
                waves.reverse();
            }
            let wave = waves.last().cloned().unwrap_or_default();
            let free: Vec<_> = wave.iter().filter(|member| self.is_free(member, at)).cloned().collect();
            if free.is_empty() {
                if waves.len() > 1 || (!wave.is_empty() && anybody_of(self, waiting, at)) {
                    waves.pop();
                    continue;
                }
                let first = waiting.members.iter().map(|member| self.free_from(member, at)).min();
                let next = first.unwrap_or(Timestamp::MAX).max(at + SignedDuration::from_millis(1));
                let gives_up = if patience && next > at { self.tired(waiting, at) } else { self.gives_up };
                let until = next.min(deadline);
                if let Some(gives_up) = gives_up.filter(|&gives_up| gives_up < until) {
                    return Outcome::Abandoned(gives_up);
                }
                if next >= deadline {
                    return Outcome::Overflowed(deadline.max(at));
                }
                at = next;
                waves.clear();
                continue;
            }
            waves.pop();
            let gives_up = self.patience(at);
            let end = match waiting.rules.mode {
                Mode::All => deadline,
                _ => deadline.min(at + SignedDuration::from_secs(waiting.rules.ring)),
            };
            match self.round(waiting, &free, (at, end), gives_up) {
                Outcome::Overflowed(until) if until < deadline => at = until + self.moment(),
                Outcome::Overflowed(until) => return Outcome::Overflowed(until),
                over => return over,
            }
            if at >= deadline {
                return Outcome::Overflowed(at);
            }
        }
    }

    /// A caller who came to give up waits longer while nobody rings.
    fn tired(&mut self, waiting: &Waiting, at: Timestamp) -> Option<Timestamp> {
        if self.wish.patience.is_some() && waiting.rung == 0 {
            self.wish.patience = Some((15, 59));
        }
        self.patience(at)
    }

    /// Some members ring together. `Overflowed` when none of them took the call by the end of the round.
    fn round(
        &mut self,
        waiting: &mut Waiting,
        free: &[Arc<Party>],
        (at, end): (Timestamp, Timestamp),
        gives_up: Option<Timestamp>,
    ) -> Outcome {
        let remote = self.remote.clone();
        let mut lines = Vec::with_capacity(free.len());
        for member in free {
            let mut line = self.line(Side::Callee, member, &remote, (at, waiting.rules.member_event));
            line.segment = waiting.member_segment;
            line.operator = waiting.group.clone();
            line.group = Some(waiting.group.clone());
            line.wrap_up = waiting.rules.wrap_up;
            self.ring(&line);
            waiting.rung += 1;
            lines.push(line);
        }
        let winner = self.winner(waiting, &mut lines, (at, end));
        let winner = winner.filter(|&(at, _)| gives_up.is_none_or(|gives_up| at <= gives_up));
        let gives_up = gives_up.filter(|&gives_up| gives_up < end);
        let (until, word, result, reason) = match (winner, gives_up) {
            (Some((at, _)), _) => (at, "Call Cancel", "no_answer", "answered_by_other"),
            (None, Some(gives_up)) => (gives_up, "Call Cancel", "canceled", ""),
            (None, None) => (end, "No Answer", "ring_timeout", ""),
        };
        let taken = winner.map(|(_, nth)| lines.remove(nth));
        let line = taken.map(|mut line| {
            self.answer(&mut line, until);
            line
        });
        for loser in lines {
            let at = if line.is_some() { until + self.moment() } else { until };
            let mut element = self.unanswered(&loser, at, word, result);
            element.reason = reason;
            if line.is_some() {
                (element.node, element.end) = (0, until);
            }
            waiting.missed.push(element);
        }
        match (line, gives_up) {
            (Some(line), _) => Outcome::Answered(Box::new(line), until),
            (None, Some(gives_up)) => Outcome::Abandoned(gives_up),
            (None, None) => Outcome::Overflowed(end),
        }
    }

    /// Who takes the call, and when: a person who pressed, or one of the others by dice. Those who decline leave the
    /// round.
    fn winner(
        &mut self,
        waiting: &mut Waiting,
        lines: &mut Vec<Line>,
        (at, end): (Timestamp, Timestamp),
    ) -> Option<(Timestamp, usize)> {
        let drawn_nth = usize::try_from(self.dice.between(0, u64::from(u32::MAX))).unwrap_or_default();
        let drawn = at + self.seconds(3, 20);
        // One phone alone is not always taken.
        let unlucky = self.dice.chance(25) && !matches!(waiting.rules.mode, Mode::All);
        let by_dice: Vec<_> =
            (0..lines.len()).filter(|&nth| !self.is_attended(&lines[nth].leg.own)).collect();
        let mut first = None;
        if self.wish.reply != Reply::Ignore && !by_dice.is_empty() && !unlucky {
            let answer = self.wish.ring.map_or(drawn, |seconds| at + SignedDuration::from_secs(seconds));
            if answer < end {
                first = Some((answer, by_dice[drawn_nth % by_dice.len()]));
            }
        }
        let mut declined = Vec::new();
        for (nth, line) in lines.iter().enumerate() {
            if !self.is_attended(&line.leg.own) {
                continue;
            }
            let until = first.map_or(end, |(at, _)| at);
            match self.reply(line, until) {
                (at, Reply::Answer) => first = Some((at, nth)),
                (at, Reply::Reject | Reply::ToVoicemail) => declined.push((at, nth)),
                _ => {}
            }
        }
        for (at, nth) in declined.into_iter().rev() {
            if first.is_some_and(|(answer, _)| answer < at) {
                continue;
            }
            let line = lines.remove(nth);
            let element = self.unanswered(&line, at, "Rejected", "rejected");
            waiting.missed.push(element);
            first = first.map(|(at, winner)| (at, if winner > nth { winner - 1 } else { winner }));
        }
        if first.is_some() {
            self.wish.ring = None;
        }
        first
    }
}

fn anybody_of(script: &Script<'_>, waiting: &Waiting, at: Timestamp) -> bool {
    waiting.members.iter().any(|member| script.is_free(member, at))
}
