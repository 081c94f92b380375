//! Groups of fields that several shapes of a call record share.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::text;
use crate::party::{Kind, Party};

/// A JSON object under construction. Fields without a value are left out, as Zoom mostly does.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn put(&mut self, name: &str, value: impl Serialize) {
        self.0.insert(name.to_owned(), json!(value));
    }

    pub(super) fn put_text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.put(name, value);
        }
    }

    pub(super) fn put_time(&mut self, name: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.put(name, text(at));
        }
    }

    pub(super) fn party(&mut self, side: &str, party: &Party) {
        let mut put = |field: &str, value: &str| self.put_text(&format!("{side}_{field}"), value);
        put("ext_id", &party.extension_id);
        put("name", party.name.as_deref().unwrap_or_default());
        put("email", party.email.as_deref().unwrap_or_default());
        put("did_number", party.number.as_deref().unwrap_or_default());
        put("ext_number", &party.extension_text());
        put("ext_type", party.kind.in_records().unwrap_or_default());
    }

    pub(super) fn number_type(&mut self, side: &str, party: &Party) {
        self.put(&format!("{side}_number_type"), party.number_type());
        if party.kind == Kind::User {
            self.put(&format!("{side}_device_type"), DEVICE_TYPE);
        }
        if let Some((iso, code)) = party.country() {
            self.put(&format!("{side}_country_iso_code"), iso);
            self.put(&format!("{side}_country_code"), code);
        }
    }

    /// Site and department of the company's own party, the callee first.
    pub(super) fn place(&mut self, callee: &Party, caller: &Party, site: &(String, String)) {
        let own = if callee.kind == Kind::Outside { caller } else { callee };
        self.put_text("department", own.department.as_deref().unwrap_or_default());
        self.put("site_id", &site.1);
        self.put("site_name", &site.0);
    }

    pub(super) fn value(self) -> Value {
        Value::Object(self.0)
    }
}

/// The client that all users of the company run.
pub(crate) const DEVICE_TYPE: &str = "MAC_Client(6.6.11.62955)";
