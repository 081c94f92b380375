//! One vocabulary for what Zoom words differently from door to door.
//!
//! Status events and Smart Embed say `callQueue`, records say `call_queue`; a legacy call log says `Call connected`,
//! a record `answered` or `picked_up`, Smart Embed `ended`. The words are read here without regard to case, spaces,
//! hyphens and underscores, so that each enum has one `from_wire` for all generations:
//!
//! | generation | where | source |
//! |---|---|---|
//! | v1 | `*_call_log_completed`, `/phone/call_logs`, Smart Embed logs | `accountCallLogs`, Smart Embed guide |
//! | v2, v3 | `*_call_history_completed`, `*_call_element_completed`, `/phone/call_history` | `accountCallHistory` |
//! | live | `phone.caller_*`, `phone.callee_*`, Smart Embed call events | the webhook document, Smart Embed guide |
//!
//! The numbers of Zoom's Number Management (`Toll`, `TollFree`, ...) are a vocabulary of their own and not here.

/// A word with everything but letters and digits dropped, in lower case.
fn fold(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Declares an enum of normal words; behind `|` further spellings, folded.
macro_rules! vocabulary {
    (
        $(#[$attr:meta])*
        pub $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal / $($spelling:literal)|+, )* }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$doc])* $variant, )*
            /// A word this crate does not know, as received.
            Other(String),
        }

        impl $name {
            /// The known words.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// Reads any of Zoom's spellings; `None` for a blank one.
            pub fn from_wire(word: &str) -> Option<Self> {
                if word.trim().is_empty() {
                    return None;
                }
                Some(match fold(word).as_str() {
                    $( $($spelling)|+ => Self::$variant, )*
                    _ => Self::Other(word.to_owned()),
                })
            }

            /// The normal word: that of the newest generation which has one.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                    Self::Other(word) => word,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

vocabulary! {
    /// Which way a call goes, seen from its owner.
    pub Direction {
        /// To the owner.
        Inbound = "inbound" / "inbound",
        /// From the owner.
        Outbound = "outbound" / "outbound",
        /// Between two extensions; only call quality metrics (`listPastCallMetrics`) say so.
        Internal = "internal" / "internal",
    }
}

vocabulary! {
    /// What stands behind an extension, or that nothing of the account does.
    pub ExtensionType {
        /// A person.
        User = "user" / "user",
        /// A call queue.
        CallQueue = "call_queue" / "callqueue",
        /// An auto receptionist.
        AutoReceptionist = "auto_receptionist" / "autoreceptionist",
        /// A common area and its phone.
        CommonArea = "common_area" / "commonarea" | "commonareaphone",
        /// A shared line group.
        SharedLineGroup = "shared_line_group" / "sharedlinegroup",
        /// Shared lines of an assistant (SMS events).
        SharedLines = "shared_lines" / "sharedlines",
        /// A group whose members pick up each other's calls.
        GroupCallPickup = "group_call_pickup" / "groupcallpickup",
        /// A Zoom Room.
        ZoomRoom = "zoom_room" / "zoomroom",
        /// A Cisco or Polycom room.
        CiscoRoom = "cisco_room" / "ciscoroom" | "polycomroom" | "ciscoroompolycomroom",
        /// Zoom Contact Center.
        ContactCenter = "contact_center" / "contactcenter",
        /// What a number is assigned to: the numbers for emergency calls.
        EmergencyNumberPool = "emergency_number_pool" / "emergencynumberpool",
        /// What a number is assigned to: a place of the company.
        CompanyLocation = "company_location" / "companylocation",
        /// What a number is assigned to: dialling in to meetings.
        MeetingService = "meeting_service" / "meetingservice",
        /// Somebody in the account's directory of external contacts.
        ExternalContact = "external_contact" / "externalcontact",
        /// Somebody on the telephone network.
        Pstn = "pstn" / "pstn",
        /// Another contact centre.
        Five9 = "five9" / "five9",
        /// Another contact centre.
        Twilio = "twilio" / "twilio",
        /// Another telephone system (emergency alerts).
        Interop = "interop" / "interop",
    }
}

impl ExtensionType {
    /// Whether it is of the account: it has an extension number there. `None` where the word does not tell.
    pub fn is_inside(&self) -> Option<bool> {
        match self {
            Self::ExternalContact | Self::Pstn | Self::Five9 | Self::Twilio => Some(false),
            Self::Interop | Self::Other(_) => None,
            _ => Some(true),
        }
    }
}

vocabulary! {
    /// What sort of number a party of a record has.
    pub NumberType {
        /// An extension (v1 `1`).
        Extension = "extension" / "extension" | "1",
        /// A telephone number (v1 `2`).
        PhoneNumber = "phone_number" / "phonenumber" | "2",
        /// An emergency number of the account's own making (v1 `3`).
        CustomEmergency = "custom_emergency_number" / "customemergencynumber" | "3",
        /// A number inside the account (`*_number_source`, and `1` of recordings and voicemails).
        Internal = "internal" / "internal",
        /// A number outside the account (`*_number_source`, and `2` of recordings and voicemails).
        External = "external" / "external",
        /// A Zoom number.
        ZoomPstn = "zoom_pstn" / "zoompstn",
        /// A Zoom toll-free number.
        ZoomTollFree = "zoom_toll_free_number" / "zoomtollfreenumber",
        /// A number of somebody else.
        ExternalPstn = "external_pstn" / "externalpstn",
        /// A number of an external contact.
        ExternalContact = "external_contact" / "externalcontact",
        /// Bring your own carrier.
        Byoc = "byoc" / "byoc",
        /// Bring your own PBX.
        Byop = "byop" / "byop",
        /// Another maker's contact centre.
        ThirdPartyContactCenter = "3rd_party_contact_center" / "3rdpartycontactcenter",
        /// A service number of Zoom.
        ZoomService = "zoom_service_number" / "zoomservicenumber",
        /// A service number of somebody else.
        ExternalService = "external_service_number" / "externalservicenumber",
        /// Zoom Contact Center.
        ZoomContactCenter = "zoom_contact_center" / "zoomcontactcenter",
        /// A number to dial in to a meeting.
        MeetingPhoneNumber = "meeting_phone_number" / "meetingphonenumber",
        /// A meeting id.
        MeetingId = "meeting_id" / "meetingid",
        /// The number was withheld.
        Anonymous = "anonymous_number" / "anonymousnumber",
        /// Zoom Revenue Accelerator: lists say `zoom_revenue_accelerator`, elements `zra_phone_number`.
        ZoomRevenueAccelerator = "zoom_revenue_accelerator" / "zoomrevenueaccelerator" | "zraphonenumber",
    }
}

impl NumberType {
    /// From the integer of call logs and of Smart Embed's logs: 1, 2, 3. `None` for another one.
    pub fn from_log_code(code: i64) -> Option<Self> {
        Some(match code {
            1 => Self::Extension,
            2 => Self::PhoneNumber,
            3 => Self::CustomEmergency,
            _ => return None,
        })
    }

    /// From the integer of recordings and voicemails in Smart Embed: 1 and 2. `None` for another one.
    pub fn from_media_code(code: i64) -> Option<Self> {
        Some(match code {
            1 => Self::Internal,
            2 => Self::External,
            _ => return None,
        })
    }
}

vocabulary! {
    /// How a call or a leg ended.
    ///
    /// What v1 calls `Recorded`, `Auto Recorded` and `Recording Failure` says nothing of that and stays `Other`.
    pub CallResult {
        /// Two people spoke.
        Answered = "answered"
            / "answered" | "accepted" | "pickedup" | "connected" | "succeeded" | "callconnected",
        /// This line rang and somebody else of the group answered: no miss.
        AnsweredElsewhere = "answered_elsewhere"
            / "answeredelsewhere" | "answeredbyother" | "pickupbyother" | "calloutbyother" | "answeredbyothermember"
            | "answeredbyanothermember",
        /// The caller left a message.
        Voicemail = "voicemail" / "voicemail" | "message",
        /// Nobody answered.
        Missed = "missed" / "missed" | "noanswer" | "ringtimeout" | "unconnected",
        /// The one called declined.
        Rejected = "rejected" / "rejected",
        /// The one called was on the phone.
        Busy = "busy" / "busy",
        /// The caller hung up before an answer.
        Canceled = "canceled" / "canceled" | "cancelled" | "callcancel" | "callcanceled" | "callcancelled" | "hangup",
        /// The caller gave up while waiting in a queue.
        Abandoned = "abandoned" / "abandoned",
        /// A queue passed the call on.
        Overflowed = "overflowed" / "overflowed",
        /// Put on hold for anybody to take (v1; in v3 an event of an element).
        Parked = "parked" / "parked" | "park",
        /// A rule stopped it.
        Blocked = "blocked"
            / "blocked" | "systemblocked" | "blockedbynongal" | "blockedbyinfobarriers" | "restrictednumber"
            | "internationaldisabled",
        /// It did not go through.
        Failed = "failed"
            / "failed" | "callfailed" | "internalerror" | "wrongnumber" | "serviceunavailable" | "invalidkey"
            | "invalidoperation",
        /// It is over, and no more was said (Smart Embed's `ended`). Whether there was an answer, the message that it
        /// connected tells.
        Ended = "ended" / "ended",
    }
}

impl CallResult {
    /// From `result` or `call_result` of a record (v2, v3) and the `result_reason` beside it, which may be blank:
    /// a reason that names another answerer wins. `None` if both are blank.
    pub fn of_record(result: &str, reason: &str) -> Option<Self> {
        match Self::from_wire(reason) {
            Some(Self::AnsweredElsewhere) => Some(Self::AnsweredElsewhere),
            _ => Self::from_wire(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads<T: PartialEq + std::fmt::Debug>(read: fn(&str) -> Option<T>, means: &T, words: &[&str]) {
        for word in words {
            assert_eq!(read(word).as_ref(), Some(means), "{word}");
        }
    }

    #[test]
    fn every_spelling_of_an_extension_type_is_one() {
        let reads = |means, words: &[&str]| reads(ExtensionType::from_wire, &means, words);
        reads(ExtensionType::User, &["user", "User", " user "]);
        reads(ExtensionType::CallQueue, &["callQueue", "call_queue"]);
        reads(ExtensionType::AutoReceptionist, &["autoReceptionist", "auto_receptionist"]);
        reads(
            ExtensionType::CommonArea,
            &["commonArea", "commonAreaPhone", "common_area", "common_area_phone", "CommonArea"],
        );
        reads(ExtensionType::SharedLineGroup, &["sharedLineGroup", "shared_line_group"]);
        reads(ExtensionType::ZoomRoom, &["zoomRoom", "zoom_room"]);
        reads(ExtensionType::CiscoRoom, &["ciscoRoom/PolycomRoom", "ciscoRoom/polycomRoom", "cisco_room"]);
        reads(ExtensionType::ContactCenter, &["contactCenter"]);
        reads(ExtensionType::GroupCallPickup, &["group_call_pickup"]);
        reads(ExtensionType::SharedLines, &["sharedLines"]);
    }

    #[test]
    fn every_word_for_an_answer_is_one() {
        let reads = |means, words: &[&str]| reads(CallResult::from_wire, &means, words);
        reads(
            CallResult::Answered,
            &[
                "answered",
                "accepted",
                "picked_up",
                "connected ",
                "succeeded",
                "Call connected",
                "Call Connected",
            ],
        );
        reads(
            CallResult::Missed,
            &["missed", "Missed", "No Answer", "no_answer", "ring_timeout", "unconnected"],
        );
        reads(CallResult::Canceled, &["canceled", "Call Cancel", "Call Cancelled", "hang_up"]);
        reads(
            CallResult::AnsweredElsewhere,
            &["Answered by Other Member", "Answered by other member", "Answered by another Member"],
        );
        reads(
            CallResult::Blocked,
            &[
                "Blocked",
                "Blocked by non-GAL",
                "Blocked by info-Barriers",
                "Restricted Number",
                "International Disabled",
                "system_blocked",
            ],
        );
        reads(
            CallResult::Failed,
            &[
                "Call failed",
                "call_failed",
                "Internal Error",
                "Wrong Number",
                "service_unavailable",
                "invalid_key",
            ],
        );
        reads(CallResult::Voicemail, &["Voicemail", "Message", "voicemail"]);
        reads(CallResult::Parked, &["Park", "Parked"]);
        reads(CallResult::Ended, &["ended"]);
    }

    #[test]
    fn a_ring_all_loser_is_no_miss_even_with_space_behind_the_reason() {
        let of = CallResult::of_record;
        assert_eq!(of("no_answer", "answered_by_other "), Some(CallResult::AnsweredElsewhere));
        assert_eq!(of("no_answer", "play_a_message_then_disconnect"), Some(CallResult::Missed));
        assert_eq!(of(" ", ""), None);
    }

    #[test]
    fn recordings_count_their_number_types_differently_from_logs() {
        assert_eq!(NumberType::from_log_code(1), Some(NumberType::Extension));
        assert_eq!(NumberType::from_media_code(1), Some(NumberType::Internal));
        assert_eq!(NumberType::from_log_code(3), Some(NumberType::CustomEmergency));
        assert_eq!(NumberType::from_media_code(3), None);
        assert_eq!(
            NumberType::from_wire("zra_phone_number"),
            NumberType::from_wire("zoom_revenue_accelerator")
        );
        assert_eq!(
            NumberType::from_wire("3rd_party_contact_center"),
            Some(NumberType::ThirdPartyContactCenter)
        );
    }

    #[test]
    fn a_normal_word_reads_as_itself() {
        for word in ExtensionType::ALL {
            assert_eq!(ExtensionType::from_wire(word.as_str()).as_ref(), Some(word));
        }
        for word in NumberType::ALL {
            assert_eq!(NumberType::from_wire(word.as_str()).as_ref(), Some(word));
        }
        for word in CallResult::ALL {
            assert_eq!(CallResult::from_wire(word.as_str()).as_ref(), Some(word));
        }
        for word in Direction::ALL {
            assert_eq!(Direction::from_wire(word.as_str()).as_ref(), Some(word));
        }
    }

    /// A value of the generated vocabularies that had no place here would be a gap nobody notices.
    #[cfg(feature = "events")]
    #[test]
    fn every_documented_value_of_the_events_has_a_place() {
        use crate::events;
        for word in events::ExtensionType::ALL {
            assert!(
                !matches!(ExtensionType::from_wire(word.as_str()), Some(ExtensionType::Other(_))),
                "{word}"
            );
        }
        for word in events::RecordExtensionType::ALL {
            assert!(
                !matches!(ExtensionType::from_wire(word.as_str()), Some(ExtensionType::Other(_))),
                "{word}"
            );
        }
        for word in events::NumberType::ALL {
            assert!(!matches!(NumberType::from_wire(word.as_str()), Some(NumberType::Other(_))), "{word}");
        }
        for word in events::NumberSource::ALL {
            assert!(!matches!(NumberType::from_wire(word.as_str()), Some(NumberType::Other(_))), "{word}");
        }
        for word in events::ElementResult::ALL {
            assert!(!matches!(CallResult::from_wire(word.as_str()), Some(CallResult::Other(_))), "{word}");
        }
        for word in events::HandupResult::ALL {
            assert!(!matches!(CallResult::from_wire(word.as_str()), Some(CallResult::Other(_))), "{word}");
        }
        for word in events::ResultReason::ALL {
            assert_eq!(CallResult::from_wire(word.as_str()), Some(CallResult::AnsweredElsewhere), "{word}");
        }
    }

    proptest! {
        #[test]
        fn an_unknown_word_is_kept_as_it_is(word in "\\PC{0,20}") {
            match CallResult::from_wire(&word) {
                None => prop_assert!(word.trim().is_empty()),
                Some(CallResult::Other(kept)) => prop_assert_eq!(kept, word),
                Some(_) => {}
            }
        }
    }
}
