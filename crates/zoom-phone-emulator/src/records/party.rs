//! What records tell of the two ends of a call.

use super::facts::Fact;
use crate::party::{Kind, Party};

/// The client that all users of the company run.
pub(crate) const DEVICE_TYPE: &str = "MAC_Client(6.6.11.62955)";

/// Country calling codes that the emulator knows, with the ISO code.
const COUNTRIES: [(&str, &str); 12] = [
    ("1", "US"),
    ("31", "NL"),
    ("33", "FR"),
    ("34", "ES"),
    ("39", "IT"),
    ("41", "CH"),
    ("43", "AT"),
    ("44", "GB"),
    ("49", "DE"),
    ("61", "AU"),
    ("81", "JP"),
    ("91", "IN"),
];

/// Prefixes of numbers that are free to call in North America.
const TOLL_FREE: [&str; 7] = ["+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888"];

/// Calling code and ISO code of an E.164 number.
pub(super) fn country(party: &Party) -> Option<(&'static str, &'static str)> {
    let digits = party.number.as_deref()?.strip_prefix('+')?;
    COUNTRIES.iter().find(|(code, _)| digits.starts_with(code)).copied()
}

pub(super) fn toll_free(party: &Party) -> bool {
    party.number.as_deref().is_some_and(|number| TOLL_FREE.iter().any(|prefix| number.starts_with(prefix)))
}

/// Whether Zoom knows neither number nor extension.
pub(super) fn hidden(party: &Party) -> bool {
    party.number.is_none() && party.kind == Kind::Outside
}

/// The field after `caller_` or `callee_`, in versions 2 and 3. The site is of the account's own parties only.
pub(super) fn fact<'a>(party: &'a Party, field: &str, site: &'a (String, String)) -> Fact<'a> {
    let own = party.kind != Kind::Outside;
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
        "country_iso_code" => country(party).map(|(_, iso)| iso).into(),
        "country_code" => country(party).map(|(code, _)| code).into(),
        "site_id" => own.then_some(&site.1).into(),
        "department" => party.department.as_deref().filter(|_| own).into(),
        _ => Fact::Nothing,
    }
}
