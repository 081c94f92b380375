//! Numbers as they are pasted: with hard spaces, long dashes, digits of other scripts, invisible marks.

use super::NumberError;

/// Longer text is not a phone number, however it is written.
const LONGEST: usize = 128;

/// The zeros of scripts whose digits people type numbers with; the other nine follow each.
const ZEROS: [char; 5] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{e50}', '\u{ff10}'];

/// The text in ASCII, trimmed, without a `sip:`, `sips:` or `tel:` before it and a host behind it.
pub(super) fn clean(text: &str) -> Result<String, NumberError> {
    let mut clean = String::new();
    for (at, letter) in text.chars().enumerate() {
        if at >= LONGEST {
            return Err(NumberError::TooLong);
        }
        clean.extend(ascii(letter)?);
    }
    let body = clean.trim();
    let body = ["sip:", "sips:", "tel:"].iter().find_map(|scheme| after(body, scheme)).unwrap_or(body);
    let user = body.split('@').next().unwrap_or_default().trim();
    if user.is_empty() { Err(NumberError::Empty) } else { Ok(user.to_owned()) }
}

/// What follows a prefix, in any case.
pub(super) fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The ASCII for a character, nothing for an invisible one, an error for what has no place in a number.
fn ascii(letter: char) -> Result<Option<char>, NumberError> {
    Ok(Some(match letter {
        ' '..='~' => letter,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{b7}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        // Full width, as East Asian keyboards type them.
        '\u{ff03}' => '#',
        '\u{ff08}' => '(',
        '\u{ff09}' => ')',
        '\u{ff0a}' => '*',
        '\u{ff0b}' => '+',
        '\u{ff0e}' => '.',
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => return Ok(None),
        _ => {
            let digit = ZEROS.iter().find_map(|zero| {
                let digit = (letter as u32).checked_sub(*zero as u32)?;
                char::from_digit(digit, 10)
            });
            return digit.map(Some).ok_or(NumberError::NotANumber);
        }
    }))
}

/// Without what people put between digits.
pub(super) fn bare(clean: &str) -> String {
    clean.chars().filter(|letter| !matches!(letter, ' ' | '-' | '.' | '/' | '(' | ')')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pasting_leaves_behind_goes() {
        assert_eq!(clean("\u{202a}+49\u{a0}30 12\u{2011}34\u{202c}").as_deref(), Ok("+49 30 12-34"));
        assert_eq!(clean("＋１（４１５）").as_deref(), Ok("+1(415)"));
        assert_eq!(clean("٠٣٠").as_deref(), Ok("030"));
        assert_eq!(clean(" SIP:+14155550142@example.org;transport=tls").as_deref(), Ok("+14155550142"));
    }

    #[test]
    fn a_control_character_is_no_separator() {
        for text in ["+1415\n5550142", "+1415\u{0}5550142", "+1415\t5550142", "☎ 5550142"] {
            assert_eq!(clean(text), Err(NumberError::NotANumber));
        }
    }

    #[test]
    fn nothing_but_invisible_marks_is_empty() {
        assert_eq!(clean("\u{200b} \u{2060}"), Err(NumberError::Empty));
        assert_eq!(clean(&"1".repeat(LONGEST + 1)), Err(NumberError::TooLong));
    }
}
