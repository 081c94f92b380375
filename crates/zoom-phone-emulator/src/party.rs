//! Anyone who can be at one end of a call.

use serde::{Deserialize, Serialize};

use crate::words::{Word, maybe_word};

/// What an extension is; Zoom spells it in two ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A person of the company.
    User,
    /// A call queue.
    Queue,
    /// An auto receptionist (IVR).
    Receptionist,
    /// A group of people who share a number.
    SharedLineGroup,
    /// A phone that belongs to nobody.
    CommonArea,
    /// A Zoom Room.
    Room,
    /// Colleagues who may take each other's ringing calls. Only ever the operator of a step.
    PickupGroup,
    /// Somebody on the public telephone network.
    #[default]
    Outside,
}

impl Kind {
    /// Spelling in status events: camelCase.
    pub(crate) fn in_events(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Queue => "callQueue",
            Self::Receptionist => "autoReceptionist",
            Self::SharedLineGroup | Self::PickupGroup => "sharedLineGroup",
            Self::CommonArea => "commonArea",
            Self::Room => "zoomRoom",
            Self::Outside => "pstn",
        }
    }

    /// Spelling in call records: snake_case. Outside parties have none.
    pub(crate) fn in_records(self) -> Option<&'static str> {
        match self {
            Self::User => Some("user"),
            Self::Queue => Some("call_queue"),
            Self::Receptionist => Some("auto_receptionist"),
            Self::SharedLineGroup => Some("shared_line_group"),
            Self::CommonArea => Some("common_area"),
            Self::Room => Some("zoom_room"),
            Self::PickupGroup => Some("group_call_pickup"),
            Self::Outside => None,
        }
    }
}

/// Anyone who can be at one end of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// What it is.
    pub kind: Kind,
    /// User, queue, receptionist… id; empty for outside parties.
    pub id: String,
    /// Zoom's `extension_id`, a different value from `id`; empty for outside parties.
    pub extension_id: String,
    /// Internal number such as 1001; absent for outside parties.
    pub extension_number: Option<u32>,
    /// E.164 number; absent for a caller who hides it, and for extensions without one.
    pub number: Option<String>,
    /// Display name, when known.
    pub name: Option<String>,
    /// Address at example.com; users only.
    pub email: Option<String>,
    /// Department; users and queues.
    pub department: Option<String>,
    /// Cost center, when set.
    pub cost_center: Option<String>,
    /// The employee id that the directory has; users only.
    pub employee_id: Option<String>,
    /// Zoom's id of the desk client; users only.
    pub device_id: String,
    /// Name and id of the site; empty for outside parties.
    pub site: (String, String),
    /// IANA name of the time zone; empty for outside parties.
    pub timezone: String,
    /// `caller_number_type` or `callee_number_type` of call records, where it is not the usual one of its kind
    /// (`zoom_pstn`, `external_pstn`, `anonymous_number`).
    #[serde(deserialize_with = "maybe_word")]
    pub number_type: Option<Word>,
    /// False for one that exists but takes no calls: deactivated, or not activated yet.
    pub(crate) active: bool,
}

/// The countries that call this company: prefix, ISO code and calling code.
const COUNTRIES: [(&str, &str, &str); 6] = [
    ("+1", "US", "1"),
    ("+44", "GB", "44"),
    ("+49", "DE", "49"),
    ("+33", "FR", "33"),
    ("+81", "JP", "81"),
    ("+61", "AU", "61"),
];

impl Party {
    /// The extension number as text, the form of call records; empty for outside parties.
    pub(crate) fn extension_text(&self) -> String {
        self.extension_number.map(|number| number.to_string()).unwrap_or_default()
    }

    /// What somebody dials to reach this party from inside: the extension, else the number.
    pub(crate) fn dialled(&self) -> String {
        match self.extension_number {
            Some(extension) => extension.to_string(),
            None => self.number.clone().unwrap_or_default(),
        }
    }

    /// `caller_number_type` and `callee_number_type` of call records.
    pub(crate) fn number_type(&self) -> &'static str {
        match (self.number_type, self.kind, &self.number) {
            (Some(number_type), ..) => number_type,
            (None, Kind::Outside, Some(_)) => "external_pstn",
            (None, Kind::Outside, None) => "anonymous_number",
            _ => "zoom_pstn",
        }
    }

    /// ISO code and calling code of the country of the number, for the few countries that call this company.
    pub(crate) fn country(&self) -> Option<(&'static str, &'static str)> {
        let number = self.number.as_deref()?;
        let (_, iso, code) = COUNTRIES.iter().find(|(prefix, ..)| number.starts_with(prefix))?;
        Some((iso, code))
    }
}
