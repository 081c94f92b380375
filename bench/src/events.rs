//! Webhooks as Zoom sends them: the three events of a call that is answered, in signed requests.

use std::{fmt, net::Ipv4Addr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;

/// The secret token that the benched server verifies with.
pub(crate) const SECRET: &str = "offhook-bench-secret";
/// The Zoom account that the benched server belongs to.
pub(crate) const ACCOUNT: &str = "OffhookBenchAccount_01";

/// Seconds from ringing to answer, in every call.
const RINGS_SECONDS: i64 = 3;
/// Seconds from answer to end, in every call.
pub(crate) const TALK_SECONDS: i64 = 5;

/// A step of a call. Every call takes them in this order; not every call takes all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    /// `phone.callee_ringing`
    Ringing,
    /// `phone.callee_answered`
    Answered,
    /// `phone.callee_ended`
    Ended,
}

impl Stage {
    /// All, in the order of a call's life.
    pub(crate) const ALL: [Self; 3] = [Self::Ringing, Self::Answered, Self::Ended];

    /// Event name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ringing => "phone.callee_ringing",
            Self::Answered => "phone.callee_answered",
            Self::Ended => "phone.callee_ended",
        }
    }
}

/// One event: which call, which step of it. Calls are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EventId {
    pub(crate) call: u64,
    pub(crate) stage: Stage,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of call {}", self.stage.name(), call_id(self.call))
    }
}

/// The `call_id` of a call: 19 digits, as Zoom's are.
pub(crate) fn call_id(call: u64) -> String {
    format!("7{call:018}")
}

/// The call with this `call_id`.
pub(crate) fn call_of(call_id: &str) -> Option<u64> {
    call_id.strip_prefix('7').filter(|digits| digits.len() == 18)?.parse().ok()
}

/// Writes events. Two bodies of one event are equal byte for byte, as Zoom's repetitions are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    /// No call begins later than this.
    newest: Timestamp,
}

impl Writer {
    /// Events of calls that are all over by `now`, and none of them older than two hours.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { newest: now - SignedDuration::from_mins(1) }
    }

    /// The event as JSON, in Zoom's own field order.
    fn json(self, event: EventId, padding: usize) -> Value {
        let call = event.call;
        let began = self.newest - SignedDuration::from_secs((call % 3_600).cast_signed());
        let at = |seconds: i64| {
            let at = began + SignedDuration::from_secs(seconds);
            Value::String(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        let person = call % 200;
        let mut object = json!({
            "call_id": call_id(call),
            "caller": {
                "phone_number": format!("+1212{:07}", 2_000_000 + call % 8_000_000),
                "connection_type": "pstn_off_net",
            },
            "callee": {
                "extension_id": format!("benchExtensionOfUser{person:03}"),
                "extension_type": "user",
                "extension_number": 1_000 + person,
                "phone_number": format!("+1646555{:04}", 1_000 + person),
                "user_id": format!("benchUserNumber{person:07}"),
                "timezone": "America/New_York",
                "device_type": "MAC_Client(6.5.10.9999)",
                "device_id": format!("benchDeviceOfUser{person:05}"),
                "connection_type": "voip",
            },
            "forwarded_by": {
                "name": format!("Sales{}", "s".repeat(padding)),
                "extension_type": "callQueue",
                "extension_number": "2001",
            },
            "ringing_start_time": at(0),
        });
        let seconds = match event.stage {
            Stage::Ringing => 0,
            Stage::Answered => RINGS_SECONDS,
            Stage::Ended => RINGS_SECONDS + TALK_SECONDS,
        };
        if event.stage >= Stage::Answered {
            object["answer_start_time"] = at(RINGS_SECONDS);
        }
        if event.stage == Stage::Ended {
            object["call_end_time"] = at(RINGS_SECONDS + TALK_SECONDS);
            object["handup_result"] = Value::from("Call connected");
        }
        let event_ts = (began + SignedDuration::from_secs(seconds)).as_millisecond() + 250;
        json!({
            "event": event.stage.name(),
            "payload": { "account_id": ACCOUNT, "object": object },
            "event_ts": event_ts,
        })
    }

    /// The event, as long as it is by nature (some 700 bytes).
    pub(crate) fn body(self, event: EventId) -> Vec<u8> {
        self.json(event, 0).to_string().into_bytes()
    }

    /// The event in exactly `bytes` bytes, made up by the length of the queue's name; `None` if it is longer
    /// than that by nature.
    pub(crate) fn body_of(self, event: EventId, bytes: usize) -> Option<Vec<u8>> {
        let padding = bytes.checked_sub(self.body(event).len())?;
        Some(self.json(event, padding).to_string().into_bytes())
    }
}

/// Signs as Zoom does: `v0=` and lower-case hex of HMAC-SHA256(secret, `v0:{timestamp}:{body}`), the
/// timestamp in Unix seconds. Written apart from the product's verifier, so that one mistake cannot hide in
/// both.
#[derive(Clone)]
pub(crate) struct Signer(Hmac<Sha256>);

impl Signer {
    /// A signer with the secret token of the app.
    pub(crate) fn new(secret: &str) -> anyhow::Result<Self> {
        Ok(Self(Hmac::new_from_slice(secret.as_bytes())?))
    }

    /// The value of the `x-zm-signature` header.
    fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("v0:{timestamp}:").as_bytes());
        mac.update(body);
        format!("v0={}", hex::encode(mac.finalize().into_bytes()))
    }

    /// A whole HTTP request that delivers `body`, signed at `now`.
    pub(crate) fn request(&self, now: Timestamp, body: &[u8]) -> Vec<u8> {
        let timestamp = now.as_second();
        let mut request = format!(
            "POST /zoom/webhook HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json; charset=utf-8\r\n\
             Content-Length: {length}\r\nx-zm-request-timestamp: {timestamp}\r\nx-zm-signature: {signature}\r\n\r\n",
            host = Ipv4Addr::LOCALHOST,
            length = body.len(),
            signature = self.sign(timestamp, body),
        )
        .into_bytes();
        request.extend_from_slice(body);
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        Writer::new("2026-11-22T12:00:00.5Z".parse().unwrap())
    }

    #[test]
    fn a_signature_is_the_one_that_another_implementation_computes() {
        // python: hmac.new(b"secret", b'v0:1700000000:{"event":"x"}', hashlib.sha256).hexdigest()
        assert_eq!(
            Signer::new("secret").unwrap().sign(1_700_000_000, br#"{"event":"x"}"#),
            "v0=aaaddc2382ce58a607b298ab6361ae1667ddff72c622b1993fd76c02908634c3"
        );
    }

    #[test]
    fn a_request_carries_its_body_its_length_and_its_signature() {
        let request = Signer::new("secret")
            .unwrap()
            .request(Timestamp::from_second(1_700_000_000).unwrap(), br#"{"event":"x"}"#);
        let text = String::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, r#"{"event":"x"}"#);
        assert!(head.starts_with("POST /zoom/webhook HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Length: 13\r\n"), "{head}");
        assert!(head.contains("\r\nx-zm-request-timestamp: 1700000000\r\n"), "{head}");
        assert!(head.ends_with(
            "x-zm-signature: v0=aaaddc2382ce58a607b298ab6361ae1667ddff72c622b1993fd76c02908634c3"
        ));
    }

    #[test]
    fn a_padded_body_has_exactly_the_length_asked_for() {
        let natural = writer().body(EventId { call: 9, stage: Stage::Ringing }).len();
        for call in [0, 9, 4_711, 1_000_000] {
            let event = EventId { call, stage: Stage::Ringing };
            for length in [natural, 1_024, 4_096] {
                assert_eq!(writer().body_of(event, length).map(|body| body.len()), Some(length));
            }
            assert_eq!(writer().body_of(event, natural - 1), None);
        }
    }

    #[test]
    fn the_events_of_a_call_share_its_id_and_times_and_repeat_byte_for_byte() {
        let [ringing, answered, ended] = Stage::ALL.map(|stage| {
            let event = EventId { call: 42, stage };
            assert_eq!(writer().body(event), writer().body(event));
            serde_json::from_slice::<Value>(&writer().body(event)).unwrap()
        });
        assert_eq!(ended["event"], "phone.callee_ended");
        for value in [&ringing, &answered, &ended] {
            assert_eq!(call_of(value["payload"]["object"]["call_id"].as_str().unwrap()), Some(42));
            assert_eq!(value["payload"]["object"]["ringing_start_time"], "2026-11-22T11:58:18Z");
        }
        assert_eq!(ringing["payload"]["object"].get("answer_start_time"), None);
        assert_eq!(answered["payload"]["object"]["answer_start_time"], "2026-11-22T11:58:21Z");
        assert_eq!(ended["payload"]["object"]["call_end_time"], "2026-11-22T11:58:26Z");
    }

    #[test]
    fn a_foreign_call_id_is_no_call_of_ours() {
        for id in ["", "7", "8000000000000000001", "70000000000000000001", "7_00000000000000001"] {
            assert_eq!(call_of(id), None, "{id:?}");
        }
    }
}
