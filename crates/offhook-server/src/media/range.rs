//! Which part of a file is asked for: the `Range` header of RFC 9110, section 14.

use std::ops::Range;

/// What to answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it: nothing else was asked for, or nothing that has to be understood.
    Whole,
    /// These bytes.
    Of(Range<u64>),
    /// None of what is asked for is there.
    Outside,
}

/// Reads a header for a file of so many bytes. More than one range is answered with the whole file, which is allowed.
pub(super) fn part(header: Option<&str>, length: u64) -> Part {
    let Some((from, to)) = header
        .and_then(|header| header.trim().strip_prefix("bytes="))
        .filter(|ranges| !ranges.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(from) || !digits(to) || (from.is_empty() && to.is_empty()) {
        return Part::Whole;
    }
    // A number too large to read is beyond any file.
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let range = if from.is_empty() {
        length.saturating_sub(number(to))..length
    } else {
        let end = if to.is_empty() { length } else { number(to).saturating_add(1).min(length) };
        if !to.is_empty() && number(to) < number(from) {
            return Part::Whole;
        }
        number(from)..end
    };
    if range.is_empty() { Part::Outside } else { Part::Of(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_ask_for_a_part() {
        for (header, expected) in [
            (None, Part::Whole),
            (Some("bytes=0-9"), Part::Of(0..10)),
            (Some("bytes=90-"), Part::Of(90..100)),
            (Some("bytes=90-200"), Part::Of(90..100)),
            (Some("bytes=-5"), Part::Of(95..100)),
            (Some("bytes=-500"), Part::Of(0..100)),
            (Some("bytes=100-"), Part::Outside),
            (Some("bytes=100-200"), Part::Outside),
            (Some("bytes=-0"), Part::Outside),
            (Some("bytes=99999999999999999999999-"), Part::Outside),
            (Some("bytes=5-2"), Part::Whole),
            (Some("bytes=-"), Part::Whole),
            (Some("bytes=a-b"), Part::Whole),
            (Some("bytes=0-1,5-6"), Part::Whole),
            (Some("lines=0-1"), Part::Whole),
        ] {
            assert_eq!(part(header, 100), expected, "{header:?}");
        }
        assert_eq!(part(Some("bytes=0-"), 0), Part::Outside);
    }
}
