//! What of Zoom's lists was read. For the rest nobody can know.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// From this moment.
    pub from: Timestamp,
    /// Up to this one.
    pub to: Timestamp,
}

/// The windows of each list that were read whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Call history, by the end of a call.
    pub calls: Vec<Span>,
    /// Recordings; `None` when they are not to be compared. A list that nobody could read is an empty one.
    pub recordings: Option<Vec<Span>>,
    /// Voicemails; `None` when they are not to be compared.
    pub voicemails: Option<Vec<Span>>,
    /// Lists that Zoom refuses, and the scopes that the app lacks for each.
    pub refused: BTreeMap<String, String>,
}

/// A stretch of a list that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// Which list: `calls`, `recordings`, `voicemails`.
    pub list: String,
    /// From this moment.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Up to this one.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// The scopes that the app lacks, where Zoom refuses the list; or Zoom's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_scopes: Option<String>,
}

impl Coverage {
    /// Everything was read in this span.
    pub fn whole(span: Span) -> Self {
        Self {
            calls: vec![span],
            recordings: Some(vec![span]),
            voicemails: Some(vec![span]),
            ..Self::default()
        }
    }

    /// What was not read between two moments, of the lists that are compared.
    pub(super) fn gaps(&self, from: Timestamp, to: Timestamp) -> Vec<Gap> {
        let lists = [
            ("calls", Some(&self.calls)),
            ("recordings", self.recordings.as_ref()),
            ("voicemails", self.voicemails.as_ref()),
        ];
        let of_list = |(list, spans): (&str, Option<&Vec<Span>>)| {
            let missing_scopes = self.refused.get(list).cloned();
            let gap = |Span { from, to }| Gap {
                list: list.to_owned(),
                from,
                to,
                missing_scopes: missing_scopes.clone(),
            };
            let holes = spans.map(|spans| holes(spans, from, to)).unwrap_or_default();
            holes.into_iter().map(gap).collect::<Vec<_>>()
        };
        lists.into_iter().flat_map(of_list).collect()
    }

    pub(super) fn has_call_of(&self, at: Timestamp) -> bool {
        covers(&self.calls, at)
    }

    pub(super) fn has_recording_of(&self, at: Timestamp) -> bool {
        self.recordings.as_deref().is_some_and(|spans| covers(spans, at))
    }

    pub(super) fn has_voicemail_of(&self, at: Timestamp) -> bool {
        self.voicemails.as_deref().is_some_and(|spans| covers(spans, at))
    }
}

fn covers(spans: &[Span], at: Timestamp) -> bool {
    spans.iter().any(|span| (span.from..span.to).contains(&at))
}

fn holes(spans: &[Span], from: Timestamp, to: Timestamp) -> Vec<Span> {
    let mut spans = spans.to_vec();
    spans.sort();
    let mut holes = Vec::new();
    let mut read_until = from;
    for span in spans {
        let begin = span.from.min(to);
        if begin > read_until {
            holes.push(Span { from: read_until, to: begin });
        }
        read_until = read_until.max(span.to);
    }
    if read_until < to {
        holes.push(Span { from: read_until, to });
    }
    holes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn span(from: i64, to: i64) -> Span {
        Span { from: at(from), to: at(to) }
    }

    #[test]
    fn holes_are_what_no_span_covers_whatever_their_order_and_overlap() {
        let spans = [span(50, 60), span(0, 10), span(5, 20), span(90, 200)];
        assert_eq!(holes(&spans, at(0), at(100)), [span(20, 50), span(60, 90)]);
        assert_eq!(holes(&spans, at(55), at(58)), []);
        assert_eq!(holes(&[], at(1), at(2)), [span(1, 2)]);
        assert_eq!(holes(&[span(300, 400)], at(1), at(2)), [span(1, 2)]);
        assert_eq!(holes(&spans, at(10), at(10)), []);
    }
}
