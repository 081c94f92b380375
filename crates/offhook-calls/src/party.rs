//! Who is on the phone.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a party is. Status events say `callQueue`, records say `call_queue`; here they are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PartyKind {
    /// A person with an extension.
    User,
    /// A call queue.
    CallQueue,
    /// An auto receptionist.
    AutoReceptionist,
    /// A common-area phone.
    CommonArea,
    /// A shared line group.
    SharedLineGroup,
    /// A room system.
    Room,
    /// Somebody outside the account, on the telephone network.
    External,
    /// Zoom did not say.
    #[default]
    Unknown,
    /// A kind that Zoom named and we do not know, in Zoom's spelling.
    Other(String),
}

impl PartyKind {
    /// From `extension_type` (status events) or `*_ext_type` (records).
    pub fn from_wire(word: &str) -> Self {
        match word.trim() {
            "" | "unknown" => Self::Unknown,
            "user" => Self::User,
            "callQueue" | "call_queue" => Self::CallQueue,
            "autoReceptionist" | "auto_receptionist" => Self::AutoReceptionist,
            "commonArea" | "commonAreaPhone" | "common_area" | "common_area_phone" => Self::CommonArea,
            "sharedLineGroup" | "shared_line_group" => Self::SharedLineGroup,
            "room" | "zoomRoom" | "zoom_room" | "ciscoRoom/PolycomRoom" | "cisco_room" => Self::Room,
            "pstn" | "external_contact" | "external" => Self::External,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The kind's word in the API and in pages.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User => "user",
            Self::CallQueue => "call_queue",
            Self::AutoReceptionist => "auto_receptionist",
            Self::CommonArea => "common_area",
            Self::SharedLineGroup => "shared_line_group",
            Self::Room => "room",
            Self::External => "external",
            Self::Unknown => "unknown",
            Self::Other(word) => word,
        }
    }

    /// Somebody (or a phone on a desk) who can answer, as against a queue or a receptionist that routes.
    pub fn answers(&self) -> bool {
        !matches!(self, Self::CallQueue | Self::AutoReceptionist | Self::SharedLineGroup)
    }
}

impl Serialize for PartyKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PartyKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_wire(&String::deserialize(deserializer)?))
    }
}

/// One party as one message named it; every field as far as told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema)]
pub struct Party {
    /// What the party is.
    #[serde(default)]
    #[schema(value_type = String)]
    pub kind: PartyKind,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Telephone number, E.164 where Zoom sends it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Extension number, digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension_number: Option<String>,
    /// Zoom user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Zoom extension id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension_id: Option<String>,
    /// Zoom device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// Longer than any extension: a number that came in the wrong field (seen live for outside callers).
const LONGEST_EXTENSION: usize = 9;

impl Party {
    /// Clears up what is known to arrive untidy: blanks, a whole number in `extension_number`, and
    /// somebody with a number but no extension of any sort, who is outside.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        for field in [
            &mut self.name,
            &mut self.number,
            &mut self.extension_number,
            &mut self.user_id,
            &mut self.extension_id,
            &mut self.device_id,
        ] {
            *field = field
                .take()
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty() && text != "0");
        }
        if let Some(text) = self.extension_number.take() {
            if text.starts_with('+') || text.len() > LONGEST_EXTENSION {
                self.number.get_or_insert(text);
            } else {
                self.extension_number = Some(text);
            }
        }
        // Records name a caller who has no name by the number.
        self.name = self.name.take().filter(|name| Some(name) != self.number.as_ref());
        let inside = self.user_id.is_some() || self.extension_id.is_some() || self.extension_number.is_some();
        if self.kind == PartyKind::Unknown {
            if inside {
                if self.user_id.is_some() {
                    self.kind = PartyKind::User;
                }
            } else if self.number.is_some() {
                self.kind = PartyKind::External;
            }
        }
        self
    }

    /// Nothing is known at all.
    pub fn is_nobody(&self) -> bool {
        *self == Self::default()
    }

    /// On the account: has an extension or is a user.
    pub fn is_inside(&self) -> bool {
        self.kind != PartyKind::External
            && (self.user_id.is_some() || self.extension_id.is_some() || self.extension_number.is_some())
    }

    /// The identifiers of which any one makes two sightings the same party.
    pub(crate) fn strong_identifiers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("user", &self.user_id), ("extension_id", &self.extension_id), ("extension", &self.extension_number)]
            .into_iter()
            .filter_map(|(kind, value)| value.as_deref().map(|value| (kind, value)))
    }

    /// The best identifier that is not strong: several people may show one company number, or share a
    /// desk. `None` if there is none at all.
    pub(crate) fn weak_identifier(&self) -> Option<(&'static str, &str)> {
        let number = self.number.as_deref().map(|number| ("number", number));
        number.or_else(|| self.device_id.as_deref().map(|device| ("device", device)))
    }

    /// Whether two sightings share an identifier; a number or a device counts only where neither shows
    /// anything better.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let is_weak = |party: &Self| party.strong_identifiers().next().is_none();
        if is_weak(self) && is_weak(other) {
            self.weak_identifier() == other.weak_identifier()
        } else {
            self.strong_identifiers().any(|mine| other.strong_identifiers().any(|theirs| mine == theirs))
        }
    }

    /// Somebody of whom nothing says otherwise is outside.
    #[must_use]
    pub(crate) fn outside_if_unknown(mut self) -> Self {
        if self.kind == PartyKind::Unknown {
            self.kind = PartyKind::External;
        }
        self
    }

    /// Fills what is missing here from another sighting of the same party.
    pub(crate) fn learn(&mut self, other: &Self) {
        if matches!(self.kind, PartyKind::Unknown) {
            self.kind = other.kind.clone();
        }
        for (mine, theirs) in [
            (&mut self.name, &other.name),
            (&mut self.number, &other.number),
            (&mut self.extension_number, &other.extension_number),
            (&mut self.user_id, &other.user_id),
            (&mut self.extension_id, &other.extension_id),
            (&mut self.device_id, &other.device_id),
        ] {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_in_the_extension_field_is_a_number() {
        let party = Party { extension_number: Some("12025550123".into()), ..Party::default() }.tidied();
        assert_eq!(party.number.as_deref(), Some("12025550123"));
        assert_eq!(party.extension_number, None);
        assert_eq!(party.kind, PartyKind::External);
    }

    #[test]
    fn one_company_number_does_not_make_two_people_one() {
        let ann = Party { user_id: Some("U1".into()), number: Some("+15550100".into()), ..Party::default() };
        let bob = Party { user_id: Some("U2".into()), number: Some("+15550100".into()), ..Party::default() };
        assert!(!ann.is_same_as(&bob));
    }

    #[test]
    fn both_spellings_of_a_kind_are_one_and_survive_storage() {
        assert_eq!(PartyKind::from_wire("callQueue"), PartyKind::from_wire("call_queue"));
        for word in ["user", "call_queue", "room", "unknown", "pstn", "martian"] {
            let kind = PartyKind::from_wire(word);
            let stored = serde_json::to_string(&kind).unwrap();
            let again: PartyKind = serde_json::from_str(&stored).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), stored);
        }
    }
}
