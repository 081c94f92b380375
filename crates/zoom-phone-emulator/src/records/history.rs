//! Call history and call elements (version 3), with the arrays of version 2 beside them.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::facts::{Fact, Facts, Shape};
use super::{Book, CallRecord, Element, Side, party, v1};
use crate::config::Temper;
use crate::party::{Kind, Party};

/// Every shape that versions 2 and 3 show a call or a step of it in.
pub(crate) struct Shapes {
    pub(crate) row: Shape,
    pub(crate) deprecated_row: Shape,
    path: Shape,
    path_element: Shape,
    deprecated_path_element: Shape,
    element: Shape,
    detail: Shape,
    pub(crate) user: Shape,
    pub(crate) deprecated_user: Shape,
    pub(crate) sync: Shape,
    pub(crate) deprecated_sync: Shape,
    event: Shape,
    deprecated_event: Shape,
}

/// The shapes.
pub(crate) fn shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let codes = ["caller_account_code", "callee_account_code"];
        let of_user = |list| Shape::of("phone_user_call_history", Some(list));
        Shapes {
            row: Shape::of("account_call_history", Some("call_history")),
            deprecated_row: Shape::of("account_call_history", Some("call_logs")),
            path: Shape::of("get_call_path", None).without(&["call_path", "call_elements"]),
            path_element: Shape::of("get_call_path", Some("call_elements")),
            deprecated_path_element: Shape::of("get_call_path", Some("call_path")),
            element: Shape::of("get_call_element", None),
            detail: Shape::of("get_call_history_detail", None),
            user: of_user("call_elements"),
            deprecated_user: of_user("call_logs"),
            sync: Shape::of("sync_user_call_history", Some("call_elements")),
            deprecated_sync: Shape::of("sync_user_call_history", Some("call_logs")),
            // The webhook document has the same fields but for the account codes, which version 3 dropped.
            event: of_user("call_elements").without(&codes),
            deprecated_event: of_user("call_logs"),
        }
    })
}

/// One step of a call, and the client code that somebody gave it.
pub(crate) struct Step<'a> {
    pub(crate) call: &'a CallRecord,
    pub(crate) element: &'a Element,
    pub(crate) client_code: Option<&'a str>,
    pub(crate) temper: Temper,
}

impl Facts for CallRecord {
    fn fact(&self, name: &str) -> Fact<'_> {
        if let Some(field) = name.strip_prefix("caller_") {
            return party::fact(&self.caller, field);
        }
        if let Some(field) = name.strip_prefix("callee_") {
            return party::fact(&self.callee, field);
        }
        match name {
            "id" | "call_history_uuid" => (&self.call_history_uuid).into(),
            "call_id" => (&self.call_id).into(),
            "direction" => self.direction.into(),
            "international" => self.international.into(),
            "start_time" => self.start.into(),
            "answer_time" => self.answer.into(),
            "end_time" => self.end.into(),
            // Zoom's example fits neither start nor answer; from start to end is the whole of the call.
            "duration" => self.duration().into(),
            "connect_type" => self.connect_type().into(),
            "call_type" => self.call_type().into(),
            "call_result" => self.result.into(),
            "hide_caller_id" => party::hidden(&self.caller).into(),
            "end_to_end" => false.into(),
            "group_id" => (&self.group_id).into(),
            "spam" => self.spam.into(),
            "recording_status" => self.recording_status().into(),
            "department" => self.own().department.as_deref().into(),
            "cost_center" => self.own().cost_center.as_deref().into(),
            "site_id" => (&self.site.1).into(),
            "site_name" => (&self.site.0).into(),
            _ => Fact::Nothing,
        }
    }
}

impl Facts for Step<'_> {
    fn fact(&self, name: &str) -> Fact<'_> {
        let Self { call, element, .. } = *self;
        if let Some(field) = name.strip_prefix("caller_") {
            return party::fact(&element.caller, field);
        }
        if let Some(field) = name.strip_prefix("callee_") {
            return party::fact(&element.callee, field);
        }
        let operator = &element.operator;
        match name {
            "id" | "call_element_id" => (&element.id).into(),
            "call_history_uuid" | "call_path_id" => (&call.call_history_uuid).into(),
            "call_id" => (&element.call_id).into(),
            "direction" => element.direction.into(),
            "connect_type" => element.connect_type().into(),
            "call_type" => call.call_type().into(),
            "hide_caller_id" => party::hidden(&element.caller).into(),
            "end_to_end" => false.into(),
            "group_id" => (&element.group_id).into(),
            "start_time" => element.start.into(),
            "answer_time" => element.answer.into(),
            "end_time" => element.end.into(),
            "event" => element.event.into(),
            "result" => element.result.into(),
            "result_reason" => self.reason(),
            "operator_ext_number" => operator.extension_text().into(),
            "operator_ext_id" => (&operator.extension_id).into(),
            "operator_ext_type" => operator.kind.in_records().into(),
            "operator_name" => operator.name.as_deref().into(),
            "press_key" => element.press_key.into(),
            "segment" => i64::from(element.segment).into(),
            "node" => i64::from(element.node).into(),
            "is_node" => i64::from(element.node == 1).into(),
            "recording_id" => (&element.recording_id).into(),
            "recording_type" => element.recording_type().into(),
            "voicemail_id" => (&element.voicemail_id).into(),
            "ai_call_summary_id" => (&element.summary_id).into(),
            "hold_time" => element.hold.into(),
            "talk_time" => element.talk().into(),
            // Two spellings, one in each dialect.
            "waiting_time" | "wait_time" => element.wait().into(),
            "client_code" => self.client_code.into(),
            "department" => own_of(element).department.as_deref().into(),
            "cost_center" => own_of(element).cost_center.as_deref().into(),
            "site_id" => (&call.site.1).into(),
            "site_name" => (&call.site.0).into(),
            _ => Fact::Nothing,
        }
    }
}

impl Step<'_> {
    /// Live records have been seen with a space at the end.
    fn reason(&self) -> Fact<'_> {
        match self.temper {
            Temper::Field if !self.element.reason.is_empty() => format!("{} ", self.element.reason).into(),
            _ => self.element.reason.into(),
        }
    }

    /// The answer of `getCallElement`.
    pub(crate) fn whole(&self) -> Value {
        shapes().element.value(self)
    }

    /// The answer of `getCallHistoryDetail`, version 2.
    pub(crate) fn detail(&self) -> Value {
        shapes().detail.value(self)
    }

    /// As in `phone.{caller,callee}_call_element_completed`.
    fn told(&self) -> Value {
        let mut told = shapes().event.value(self);
        if self.temper == Temper::Field {
            // Announced on 2026-11-16, after the webhook document that the shape is of.
            for (side, party) in [("caller", &self.element.caller), ("callee", &self.element.callee)] {
                if party.kind == Kind::User {
                    told[format!("{side}_hardware_device_id")] = json!(party.device_id);
                }
            }
        }
        told
    }
}

impl CallRecord {
    /// Its row in the array `call_history` of `GET /phone/call_history` (`accountCallHistory`).
    pub fn row(&self) -> Value {
        shapes().row.value(self)
    }

    /// The answer of `GET /phone/call_history/{callHistoryUuid}` (`getCallPath`) in the documented temper.
    pub fn path(&self) -> Value {
        self.path_with(Temper::Documented, None)
    }

    /// Its row in the deprecated array `call_logs` of `GET /phone/call_history` (version 2).
    pub fn deprecated_row(&self) -> Value {
        shapes().deprecated_row.value(self)
    }

    /// Its rows in `GET /phone/call_logs` (`accountCallLogs`, version 1): one of each side of each user.
    pub fn call_logs(&self) -> Vec<Value> {
        v1::logs(self, None).iter().map(|log| v1::shapes().account.value(log)).collect()
    }

    /// The answer of `GET /phone/call_element/{callElementId}` (`getCallElement`), if that element is part of this
    /// call.
    pub fn element(&self, id: &str) -> Option<Value> {
        let element = self.elements.iter().find(|element| element.id == id)?;
        Some(Step { call: self, element, client_code: None, temper: Temper::Documented }.whole())
    }

    /// The answer of `getCallPath`, with both the array `call_elements` and the deprecated `call_path`.
    pub(crate) fn path_with(&self, temper: Temper, client_code: Option<&str>) -> Value {
        let shapes = shapes();
        let mut path = shapes.path.value(self);
        let steps = |shape: &Shape| -> Value {
            let step = |element| Step { call: self, element, client_code, temper };
            self.elements.iter().map(|element| shape.value(&step(element))).collect()
        };
        path["call_path"] = steps(&shapes.deprecated_path_element);
        path["call_elements"] = steps(&shapes.path_element);
        path
    }

    /// Seconds from start to end.
    pub(crate) fn duration(&self) -> i64 {
        self.end.as_second() - self.start.as_second()
    }

    fn call_type(&self) -> &'static str {
        if self.emergency { "emergency" } else { "general" }
    }

    fn own(&self) -> &Party {
        if self.callee.kind == Kind::Outside { &self.caller } else { &self.callee }
    }
}

/// The events that tell of a finished call, in version 3 and with `older` also in versions 2 and 1: name, without
/// `phone.`, and object. Every user is told once on each side of the call, of all steps of theirs.
pub(crate) fn completion_events(call: &CallRecord, temper: Temper, older: bool) -> Vec<(String, Value)> {
    let mut told: Vec<(Side, &Party, Vec<Value>, Vec<Value>)> = Vec::new();
    for element in &call.elements {
        let Some((side, user)) = &element.told else { continue };
        let step = Step { call, element, client_code: None, temper };
        let current = step.told();
        let deprecated = older.then(|| shapes().deprecated_event.value(&step));
        match told.iter_mut().find(|(known, by, ..)| known == side && by.id == user.id) {
            Some((_, _, elements, logs)) => {
                elements.push(current);
                logs.extend(deprecated);
            }
            None => told.push((*side, user, vec![current], deprecated.into_iter().collect())),
        }
    }
    let mut events = Vec::new();
    for (side, user, elements, logs) in told {
        let side = side.name();
        let user_id = &user.id;
        let mut add = |name: &str, object: Value| events.push((format!("{side}_{name}_completed"), object));
        add("call_element", json!({ "user_id": user_id, "call_elements": elements }));
        if older {
            add("call_history", json!({ "user_id": user_id, "call_logs": logs }));
        }
    }
    if older {
        for log in v1::logs(call, None).iter().filter(|log| log.owner.kind == Kind::User) {
            let object = json!({ "user_id": log.owner.id, "call_logs": [log.told()] });
            events.push((format!("{}_call_log_completed", log.side.name()), object));
        }
    }
    events
}

/// The last so many steps that this user is told of, newest first, as the events of version 3 tell them.
pub(crate) fn told_to(book: &Book, user: &str, temper: Temper, most: usize) -> Vec<Value> {
    let steps = book.of_user(user).iter().rev().flat_map(|call| {
        let own = |element: &&Element| element.told.as_ref().is_some_and(|(_, told)| told.id == user);
        let steps = call.elements.iter().rev().filter(own);
        steps.map(move |element| Step { call, element, client_code: None, temper }.told())
    });
    steps.take(most).collect()
}

/// The account's own party of a step, the callee first.
fn own_of(element: &Element) -> &Party {
    if element.callee.kind == Kind::Outside { &element.caller } else { &element.callee }
}
