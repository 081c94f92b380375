//! What to do about the errors of Zoom that people meet.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use zoom_phone_types::catalogue::{Catalogue, Operation};

use super::error::ApiError;

/// One line of the table: which errors, and what to do. The first line that fits counts.
struct Line {
    statuses: RangeInclusive<u16>,
    /// Empty: any, also none.
    codes: &'static [i64],
    /// What the path of the operation contains; empty: any.
    path: &'static str,
    advice: &'static str,
}

const fn line(
    statuses: RangeInclusive<u16>,
    codes: &'static [i64],
    path: &'static str,
    advice: &'static str,
) -> Line {
    Line { statuses, codes, path, advice }
}

const ANY: RangeInclusive<u16> = 300..=599;
const BAD: RangeInclusive<u16> = 400..=400;
const TOKEN: &str = "the token is not accepted: sign in again, or check that the app is activated and that no other program asks for tokens of the same app";
const ROLE: &str = "give the user who installed the app a role that may do this, for this site";
const CONFLICT: &str =
    "it exists already or is in use: read what is there, and choose another extension number or name";
const NO_SUCH_ID: &str = "check the id: it is not there, or it belongs to another account";
const NO_RECORD: &str = "check the id; the record of a call that just ended may need a minute";
const OLD_LINK: &str =
    "links to files are short-lived: read the recording or voicemail again, and take its new address";

/// By Zoom's code, from the error lists of its operations (status and code are independent, and the same code means
/// different things under different paths), and at the end by status.
const TABLE: &[Line] = &[
    line(ANY, &[124, 401], "", TOKEN),
    line(401..=401, &[], "", TOKEN),
    line(
        ANY,
        &[2031],
        "",
        "Zoom Phone is not enabled for this account: buy a Zoom Phone licence, or correct the account id",
    ),
    line(ANY, &[2001], "", "the account is not there: check the account id (not the account number)"),
    line(
        ANY,
        &[1001],
        "",
        "the user is not there: check the user id or e-mail address, and that the user has a Zoom Phone licence",
    ),
    line(
        ANY,
        &[135, 1004],
        "",
        "this belongs to somebody else: sign in as that user, or use an app with admin scopes",
    ),
    line(429..=429, &[], "", "send fewer requests; other apps of the account share its limits"),
    line(BAD, &[429, 405], "", "too many entries for one request or one object: send fewer"),
    line(ANY, &[802], "", "the data is not ready yet: ask again in a minute"),
    line(ANY, &[3001, 7012, 7013], "", "Zoom could not read its records now: ask again in a minute"),
    line(ANY, &[7035], "", "too many new rows since the sync token: begin again with sync_type=FSync"),
    line(ANY, &[316, 7001, 7015], "", "write phone numbers in E.164, such as +12025550123"),
    line(
        ANY,
        &[121, 138, 140],
        "/sms",
        "correct the attachment: its content type must be one that Zoom takes, and true",
    ),
    line(ANY, &[12000], "/recording", "this recording cannot be transcribed"),
    line(
        ANY,
        &[12001],
        "/recording",
        "an admin has switched transcription off: allow it in the policy of the account, site or user",
    ),
    line(ANY, &[12002], "/recording", "the transcript is being made: ask again in some minutes"),
    line(ANY, &[12003], "/recording", "the transcript could not be fetched: ask again later"),
    line(
        ANY,
        &[13504],
        "",
        "the policy for outbound calling is off: switch it on for the account, site or user first",
    ),
    line(ANY, &[13600, 13605], "", "the policy for blocked calls is off: switch it on for the account first"),
    line(
        ANY,
        &[13802, 13803, 13808, 13810],
        "",
        "something that the body refers to is not there: list the audios, templates, extensions or contacts, and take an id from there",
    ),
    line(
        ANY,
        &[15101, 15102, 15103],
        "",
        "these hours or this forwarding are not there: read the call handling settings, and take the id from there",
    ),
    line(
        ANY,
        &[15104],
        "",
        "the business hours are around the clock, so that there are no other hours: give business hours first",
    ),
    line(ANY, &[409], "", CONFLICT),
    line(409..=409, &[], "", CONFLICT),
    line(ANY, &[412], "/call_queues", "the queue has as many members as it can have: remove some first"),
    line(ANY, &[412], "", "something must be done before: see Zoom's message, do that, and try again"),
    line(412..=412, &[], "", "something must be done before: see Zoom's message, do that, and try again"),
    line(ANY, &[403], "", ROLE),
    line(403..=403, &[], "", ROLE),
    line(ANY, &[404], "/call_history", NO_RECORD),
    line(404..=404, &[], "/call_history", NO_RECORD),
    line(ANY, &[404], "/download", OLD_LINK),
    line(404..=404, &[], "/download", OLD_LINK),
    line(ANY, &[404, 2040, 8001], "", NO_SUCH_ID),
    line(404..=404, &[], "", NO_SUCH_ID),
    line(400..=499, &[], "", "correct the request"),
    line(500..=599, &[], "", "Zoom has a problem of its own: try again later"),
    line(300..=399, &[], "", "redirects are not followed: check the API address"),
];

pub(super) fn for_error(error: &ApiError) -> Option<Cow<'static, str>> {
    let operation = Catalogue::get().operation(&error.operation);
    if error.scope_missing() {
        return Some(Cow::Owned(scopes(&error.missing_scopes(), operation)));
    }
    if error.daily_limit() {
        return Some(match error.daily_end() {
            Some(end) => {
                Cow::Owned(format!("the account's quota of the day is used up; it is counted anew at {end}"))
            }
            None => {
                Cow::Borrowed("the account's quota of the day is used up; it is counted anew at 00:00 UTC")
            }
        });
    }
    let path = operation.map_or("", |operation| operation.path.as_str());
    let fits = |line: &&Line| {
        line.statuses.contains(&error.status)
            && (line.codes.is_empty() || error.code.is_some_and(|code| line.codes.contains(&code)))
            && path.contains(line.path)
    };
    TABLE.iter().find(fits).map(|line| Cow::Borrowed(line.advice))
}

/// Names the scopes that Zoom misses, and those that the operation is documented to need, any of which suffices.
fn scopes(missing: &[&str], operation: Option<&Operation>) -> String {
    let documented = operation.map_or(Vec::new(), |operation| {
        operation.scopes_granular.iter().chain(&operation.scopes_classic).map(String::as_str).collect()
    });
    let named = if missing.is_empty() { &documented } else { missing };
    let mut text = match named {
        [] => "add the scopes that the operation needs".to_owned(),
        [one] => format!("add the scope {one}"),
        several => format!("add one of the scopes {}", several.join(", ")),
    };
    text.push_str(" to the app in Zoom's Marketplace, wait a minute, and let users authorise it again");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::RateFacts;

    fn error(operation: &str, status: u16, code: Option<i64>, message: &str) -> ApiError {
        ApiError {
            operation: operation.to_owned(),
            status,
            code,
            message: message.to_owned(),
            fields: Vec::new(),
            tracking_id: None,
            rate: RateFacts { limited: status == 429, ..RateFacts::default() },
        }
    }

    #[test]
    fn known_errors_say_what_to_do() {
        let cases = [
            ("phoneUser", 401, Some(124), "sign in again"),
            ("phoneUser", 400, Some(124), "sign in again"),
            ("ListPhoneRoles", 400, Some(401), "sign in again"),
            ("phoneUser", 401, None, "sign in again"),
            ("phoneSetting", 403, Some(2031), "licence"),
            ("phoneUser", 404, Some(2001), "account id"),
            ("phoneUser", 404, Some(1001), "user id"),
            ("postSmsMessage", 400, Some(135), "admin scopes"),
            ("postSmsMessage", 400, Some(316), "E.164"),
            ("postSmsMessage", 400, Some(138), "attachment"),
            ("phoneUser", 403, Some(403), "role"),
            ("AddAnAlertSetting", 400, Some(403), "role"),
            ("phoneUser", 404, None, "check the id"),
            ("phoneUser", 400, Some(404), "check the id"),
            ("listPrivateDirectoryMembers", 400, Some(8001), "check the id"),
            ("getCallPath", 404, Some(404), "may need a minute"),
            ("phoneDownloadRecordingFile", 400, Some(404), "short-lived"),
            ("phoneDownloadRecordingTranscript", 400, Some(12002), "being made"),
            ("phoneDownloadRecordingTranscript", 400, Some(12001), "switched transcription off"),
            ("smsSessionSync", 400, Some(7035), "FSync"),
            ("accountCallLogs", 404, Some(3001), "again in a minute"),
            ("accountSmsSession", 404, Some(7012), "again in a minute"),
            ("AddAccountOutboundCallingExceptionRule", 400, Some(13504), "outbound calling is off"),
            ("updateUserCallHandlingSetting", 400, Some(13808), "refers to"),
            ("updateUserCallHandlingSetting", 400, Some(15102), "call handling settings"),
            ("updateUserCallHandlingSetting", 400, Some(15104), "around the clock"),
            ("updatePhoneSettings", 412, Some(412), "be done before"),
            ("createCallQueue", 400, Some(412), "members"),
            ("updateCommonArea", 400, Some(409), "exists already"),
            ("deletePhoneSite", 409, Some(409), "exists already"),
            ("assignPhoneNumber", 400, Some(429), "send fewer"),
            ("phoneUser", 429, Some(429), "fewer requests"),
            ("phoneUser", 400, Some(300), "correct the request"),
            ("phoneUser", 502, None, "try again later"),
            ("phoneUser", 302, None, "API address"),
        ];
        for (operation, status, code, words) in cases {
            assert!(Catalogue::get().operation(operation).is_some(), "{operation}");
            let advice = for_error(&error(operation, status, code, "")).unwrap();
            assert!(advice.contains(words), "{operation} {status} {code:?}: {advice}");
        }
    }

    #[test]
    fn every_line_of_the_table_can_be_reached() {
        for (index, line) in TABLE.iter().enumerate() {
            let reached = |code: Option<i64>| {
                (300..600).any(|status| {
                    let fits = |other: &Line| {
                        other.statuses.contains(&status)
                            && (other.codes.is_empty()
                                || code.is_some_and(|code| other.codes.contains(&code)))
                            && line.path.contains(other.path)
                    };
                    TABLE.iter().position(fits) == Some(index)
                })
            };
            let codes: Vec<_> = line.codes.iter().map(|code| Some(*code)).chain([None]).collect();
            assert!(codes.into_iter().any(reached), "line {index}: {}", line.advice);
        }
    }

    #[test]
    fn a_missing_scope_is_named_from_zooms_words_or_from_the_catalogue() {
        let said = error(
            "accountCallHistory",
            400,
            Some(4711),
            r#"Invalid access token, does not contain scopes:["phone:read:list_call_logs:admin"]."#,
        );
        assert_eq!(said.missing_scopes(), ["phone:read:list_call_logs:admin"]);
        assert!(
            for_error(&said).unwrap().starts_with("add the scope phone:read:list_call_logs:admin to the app")
        );
        let several = error(
            "x",
            400,
            Some(104),
            "Invalid access token, does not contain scopes: [a:read, b:read:admin].",
        );
        assert_eq!(several.missing_scopes(), ["a:read", "b:read:admin"]);
        let silent =
            error("accountCallHistory", 400, Some(4711), "Invalid access token, does not contain scopes.");
        assert!(silent.missing_scopes().is_empty());
        assert!(for_error(&silent).unwrap().contains("phone:read:list_call_logs:admin"));
    }

    #[test]
    fn a_daily_limit_says_when_it_ends() {
        let limited = |facts: &[(&'static str, &str)]| {
            let mut headers = reqwest::header::HeaderMap::new();
            for (name, value) in facts {
                headers.insert(*name, value.parse().unwrap());
            }
            let mut error = error("phoneUser", 429, Some(429), "");
            error.rate = RateFacts::read(429, &headers);
            (error.daily_end().map(|end| end.to_string()), for_error(&error).unwrap().into_owned())
        };
        let kind = ("x-ratelimit-type", "Daily-limit");
        let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
        let midnight = Some("2026-11-23T00:00:00Z".to_owned());
        for facts in [
            &[kind, ("retry-after", "2026-11-23T00:00:00Z")][..],
            &[kind, date],
            &[kind, date, ("retry-after", "50400")],
            &[kind, date, ("retry-after", "soon")],
        ] {
            let (end, advice) = limited(facts);
            assert_eq!(end, midnight, "{facts:?}");
            assert!(advice.ends_with("2026-11-23T00:00:00Z"), "{advice}");
        }
        let (end, advice) = limited(&[kind]);
        assert_eq!(end, None);
        assert!(advice.ends_with("00:00 UTC"), "{advice}");
    }
}
