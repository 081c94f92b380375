//! Call history and call elements (version 3), with the arrays of version 2 beside them.

use serde_json::Value;

use super::fields::Fields;
use super::{CallRecord, Element};
use crate::clock::text;
use crate::party::Kind;

impl Element {
    fn identity(&self, fields: &mut Fields) {
        fields.put("call_id", &self.call_id);
        fields.put("connect_type", self.connect_type());
        fields.put("call_type", "general");
        fields.put("direction", self.direction);
        fields.put("hide_caller_id", self.caller.number.is_none() && self.caller.kind == Kind::Outside);
        fields.put("end_to_end", false);
    }

    fn times_and_outcome(&self, fields: &mut Fields) {
        fields.put("start_time", text(self.start));
        fields.put_time("answer_time", self.answer);
        fields.put("end_time", text(self.end));
        fields.put("event", self.event);
        fields.put("result", self.result);
        fields.put_text("result_reason", self.reason);
    }

    fn operator(&self, fields: &mut Fields) {
        fields.put_text("operator_ext_number", &self.operator.extension_text());
        fields.put_text("operator_ext_id", &self.operator.extension_id);
        fields.put_text("operator_ext_type", self.operator.kind.in_records().unwrap_or_default());
        fields.put_text("operator_name", self.operator.name.as_deref().unwrap_or_default());
    }

    fn files(&self, fields: &mut Fields) {
        fields.put_text("recording_id", &self.recording_id);
        fields.put_text("recording_type", if self.recording_id.is_empty() { "" } else { "automatic" });
        fields.put("hold_time", self.hold);
    }

    /// The REST dialect, with the id under the name that the surrounding array uses.
    fn rest(&self, id_name: &str, history: Option<&str>, site: &(String, String)) -> Value {
        let mut fields = Fields::default();
        fields.put(id_name, &self.id);
        fields.put_text("call_history_uuid", history.unwrap_or_default());
        self.identity(&mut fields);
        fields.party("caller", &self.caller);
        fields.number_type("caller", &self.caller);
        fields.party("callee", &self.callee);
        fields.number_type("callee", &self.callee);
        fields.place(&self.callee, &self.caller, site);
        fields.put_text("group_id", &self.group_id);
        self.times_and_outcome(&mut fields);
        self.operator(&mut fields);
        fields.put_text("press_key", self.press_key);
        fields.put("segment", self.segment);
        fields.put("node", self.node);
        fields.put("is_node", u32::from(self.node == 1));
        self.files(&mut fields);
        fields.put("waiting_time", self.wait());
        fields.put_text("voicemail_id", &self.voicemail_id);
        fields.value()
    }

    /// The participant dialect, as in `phone.{caller,callee}_call_element_completed`.
    pub(crate) fn participant(&self, history: &str, site: &(String, String)) -> Value {
        let mut fields = Fields::default();
        fields.put("call_element_id", &self.id);
        fields.put("call_history_uuid", history);
        fields.put_text("group_id", &self.group_id);
        self.identity(&mut fields);
        for (side, party) in [("caller", &self.caller), ("callee", &self.callee)] {
            fields.party(side, party);
            fields.number_type(side, party);
            if party.kind != Kind::Outside {
                fields.put(&format!("{side}_site_id"), &site.1);
                fields
                    .put_text(&format!("{side}_department"), party.department.as_deref().unwrap_or_default());
            }
        }
        self.times_and_outcome(&mut fields);
        self.operator(&mut fields);
        self.files(&mut fields);
        fields.put_text("voicemail_id", &self.voicemail_id);
        fields.put("talk_time", self.talk());
        fields.put("wait_time", self.wait());
        fields.value()
    }
}

impl CallRecord {
    /// Its row in the array `call_history` of `GET /phone/call_history` (`accountCallHistory`).
    pub fn row(&self) -> Value {
        self.row_with("call_history_uuid")
    }

    /// Its row in the deprecated array `call_logs` of the same answer.
    pub fn deprecated_row(&self) -> Value {
        self.row_with("id")
    }

    fn row_with(&self, id_name: &str) -> Value {
        let mut fields = Fields::default();
        fields.put(id_name, &self.call_history_uuid);
        fields.put("call_id", &self.call_id);
        fields.put("direction", self.direction);
        fields.put("international", false);
        fields.put("start_time", text(self.start));
        fields.put_time("answer_time", self.answer);
        fields.put("end_time", text(self.end));
        fields.put("duration", self.end.as_second() - self.start.as_second());
        fields.put("connect_type", self.connect_type());
        fields.put("call_type", "general");
        fields.put("call_result", self.result);
        fields.put("hide_caller_id", self.caller.number.is_none() && self.caller.kind == Kind::Outside);
        fields.put("end_to_end", false);
        for (side, party) in [("caller", &self.caller), ("callee", &self.callee)] {
            fields.party(side, party);
            fields.number_type(side, party);
        }
        fields.place(&self.callee, &self.caller, &self.site);
        fields.put_text("group_id", &self.group_id);
        fields.put("recording_status", self.recording_status());
        fields.value()
    }

    /// The answer of `GET /phone/call_history/{callHistoryUuid}` (`getCallPath`), with both the
    /// array `call_elements` and the deprecated `call_path`.
    pub fn path(&self) -> Value {
        let mut fields = Fields::default();
        fields.put("id", &self.call_history_uuid);
        fields.put("call_history_uuid", &self.call_history_uuid);
        fields.put("call_id", &self.call_id);
        fields.put("connect_type", self.connect_type());
        fields.put("call_type", "general");
        fields.put("direction", self.direction);
        fields.put("international", false);
        fields.put("hide_caller_id", self.caller.number.is_none() && self.caller.kind == Kind::Outside);
        fields.put("end_to_end", false);
        fields.party("caller", &self.caller);
        fields.party("callee", &self.callee);
        fields.place(&self.callee, &self.caller, &self.site);
        fields.put_text("group_id", &self.group_id);
        fields.put("start_time", text(self.start));
        fields.put_time("answer_time", self.answer);
        fields.put("end_time", text(self.end));
        let steps = |id_name| -> Value {
            self.elements.iter().map(|element| element.rest(id_name, None, &self.site)).collect()
        };
        fields.put("call_path", steps("id"));
        fields.put("call_elements", steps("call_element_id"));
        fields.value()
    }

    /// The answer of `GET /phone/call_element/{callElementId}` (`getCallElement`), if that
    /// element is part of this call.
    pub fn element(&self, id: &str) -> Option<Value> {
        let element = self.elements.iter().find(|element| element.id == id)?;
        Some(element.rest("call_element_id", Some(&self.call_history_uuid), &self.site))
    }
}
