//! What remains of a call: its record, what everybody is told of it, and the truth.

use jiff::SignedDuration;

use super::script::{Script, dated_id};
use super::{Due, Happening, Plan};
use crate::events;
use crate::ledger::{Id, LedgerEntry};
use crate::party::{Kind, Party};
use crate::records::{CallRecord, Element, completion_events};

/// Since this day (2026-05-18, 00:00 UTC) a consultation is part of the record of the call.
const ONE_RECORD_SINCE: i64 = 1_779_062_400;

impl Script<'_> {
    /// Ends the call: plans the truth, the record and what follows it.
    pub(super) fn finish(mut self) -> Plan {
        self.elements.sort_by_key(|element| element.segment);
        self.touch_up();
        if self.wish.summary {
            self.summarize();
        }
        if let Some(nth) = self.order.outsider {
            self.exchange.outsiders.let_go(nth, self.end);
        }
        let elements = std::mem::take(&mut self.elements);
        self.legs.shrink_to_fit();
        let records = self.records(elements);
        let truth = self.truth(&records);
        let finished = Due::Happening(Happening::Finished(Box::new(truth.clone())));
        self.agenda.push((self.end, finished));

        let last_event = self.end;
        let ready = if self.wish.record_first {
            last_event - SignedDuration::from_millis(1)
        } else {
            last_event + self.seconds(5, 60)
        };
        for record in records {
            let only = self.exchange.only;
            let older = self.exchange.older_records || only.is_some();
            let mut told = completion_events(&record, self.exchange.temper, older);
            told.retain(|(event, _)| only.is_none_or(|version| version.has(event)));
            self.agenda.push((ready, Due::Happening(Happening::Record(Box::new(record)))));
            let mut at = ready;
            for (name, object) in told {
                // The older versions come with the newest.
                if name.ends_with("call_element_completed") && !self.wish.record_first {
                    at = ready + self.moment();
                }
                self.event(at, &name, &object);
            }
        }
        for (after, name, object) in std::mem::take(&mut self.files) {
            self.event(ready + after, name, &object);
        }
        let mut ids = std::mem::take(&mut self.consultations);
        ids.insert(0, self.call_id.clone());
        Plan { agenda: self.sorted(), ids, attended: self.attended, truth }
    }

    /// The specification counts segments from 0, live records from 1.
    fn touch_up(&mut self) {
        if !self.field() {
            for element in &mut self.elements {
                element.segment = element.segment.saturating_sub(1);
            }
        }
    }

    /// Zoom makes a summary of the longest talk.
    fn summarize(&mut self) {
        let talked = |element: &&mut Element| element.told.is_some() && element.answer.is_some();
        let Some(element) = self.elements.iter_mut().filter(talked).max_by_key(|element| element.talk())
        else {
            return;
        };
        element.summary_id = self.dice.hex_id();
        let (id, call_id) = (element.summary_id.clone(), element.call_id.clone());
        let user = element.told.as_ref().map(|(_, user)| user.id.clone()).unwrap_or_default();
        let after = self.seconds(30, 120);
        let at = self.end + SignedDuration::from_secs(60) + after;
        self.event(at, "ai_call_summary_changed", &events::summary(&id, &user, &call_id, at));
    }

    /// One record; before May 2026 consultations had their own.
    fn records(&mut self, elements: Vec<Element>) -> Vec<CallRecord> {
        let old = self.start.as_second() < ONE_RECORD_SINCE;
        let (apart, mut own): (Vec<_>, Vec<_>) =
            elements.into_iter().partition(|element| old && self.consultations.contains(&element.call_id));
        // Very many are kept.
        own.shrink_to_fit();
        let caller = self.order.caller.clone();
        let direction = if caller.kind == Kind::Outside { "inbound" } else { "outbound" };
        let group_id = self.group.as_ref().map(|group| group.id.clone()).unwrap_or_default();
        let party = |party: &Party| party.kind != Kind::Outside;
        let site = if party(&self.callee) { self.callee.site.clone() } else { caller.site.clone() };
        let main = CallRecord {
            call_history_uuid: self.history.clone(),
            call_id: self.call_id.clone(),
            direction,
            result: self.result,
            caller: caller.clone(),
            callee: self.callee.clone(),
            group_id,
            start: self.start,
            answer: self.first_answer,
            end: self.end,
            recorded: own.iter().any(|element| !element.recording_id.is_empty()),
            international: [&caller, &self.callee]
                .iter()
                .any(|party| party.country().is_some_and(|(_, code)| code != "1")),
            emergency: self.wish.emergency,
            spam: self.wish.spam,
            site,
            arrival: 0,
            elements: own,
        };
        let mut records = vec![main];
        for id in self.consultations.clone() {
            let of_it: Vec<_> = apart.iter().filter(|element| element.call_id == id).cloned().collect();
            let (Some(first), Some(end)) = (of_it.first(), of_it.iter().map(|element| element.end).max())
            else {
                continue;
            };
            records.push(CallRecord {
                call_history_uuid: dated_id(&mut self.dice, self.start),
                call_id: id,
                direction: "outbound",
                result: first.result,
                caller: first.caller.clone(),
                callee: first.callee.clone(),
                group_id: String::new(),
                start: first.start,
                answer: first.answer,
                end,
                recorded: false,
                elements: of_it
                    .into_iter()
                    .map(|element| Element {
                        event: if element.direction == "outbound" { "outgoing" } else { "incoming" },
                        ..element
                    })
                    .collect(),
                ..records[0].clone()
            });
        }
        records
    }

    fn truth(&mut self, records: &[CallRecord]) -> LedgerEntry {
        let main = &records[0];
        let mut truth = LedgerEntry {
            scenario: self.order.scenario,
            call_id: self.call_id.clone(),
            more_call_ids: Vec::new(),
            history: Id::dated(&self.history),
            elements: Vec::new(),
            recordings: Vec::new(),
            transcripts: Vec::new(),
            voicemails: Vec::new(),
            summaries: Vec::new(),
            direction: main.direction,
            caller: main.caller.clone(),
            callee: main.callee.clone(),
            answered_by: std::mem::take(&mut self.answered_by),
            start: main.start,
            answer: main.answer,
            end: main.end,
            result: main.result,
            legs: std::mem::take(&mut self.legs),
            passages: std::mem::take(&mut self.passages),
            transfers: std::mem::take(&mut self.transfers),
        };
        for record in records {
            truth.note_ids(record);
        }
        truth.elements.shrink_to_fit();
        truth
    }
}
