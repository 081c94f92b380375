//! What records tell of the two ends of a call.

use super::facts::Fact;
use crate::party::{Kind, Party};

/// The client that all users of the company run.
pub(crate) const DEVICE_TYPE: &str = "MAC_Client(6.6.11.62955)";

/// Prefixes of numbers that are free to call in North America.
const TOLL_FREE: [&str; 7] = ["+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888"];

pub(super) fn toll_free(party: &Party) -> bool {
    party.number.as_deref().is_some_and(|number| TOLL_FREE.iter().any(|prefix| number.starts_with(prefix)))
}

/// Whether Zoom knows neither number nor extension.
pub(super) fn hidden(party: &Party) -> bool {
    party.number.is_none() && party.kind == Kind::Outside
}

/// The field after `caller_` or `callee_`, in versions 2 and 3.
pub(super) fn fact<'a>(party: &'a Party, field: &str) -> Fact<'a> {
    match field {
        "ext_id" => (&party.extension_id).into(),
        "did_number" => party.number.as_deref().into(),
        "ext_number" => party.extension_text().into(),
        "name" => party.name.as_deref().into(),
        "email" => party.email.as_deref().into(),
        "ext_type" => party.kind.in_records().into(),
        "number_type" => match party.number_type() {
            "zoom_pstn" if toll_free(party) => "zoom_toll_free_number",
            other => other,
        }
        .into(),
        "device_type" => (party.kind == Kind::User).then_some(DEVICE_TYPE).into(),
        "country_iso_code" => party.country().map(|(iso, _)| iso).into(),
        "country_code" => party.country().map(|(_, code)| code).into(),
        "site_id" => (&party.site.1).into(),
        "department" => party.department.as_deref().into(),
        "cost_center" => party.cost_center.as_deref().into(),
        "employee_id" => party.employee_id.as_deref().into(),
        _ => Fact::Nothing,
    }
}
