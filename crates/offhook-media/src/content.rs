//! What a file is made of, by what the server says and by its first bytes. Neither alone is believed: a sign-in page
//! comes as a success, and audio at times without a type.

use offhook_store::MediaKind;

/// Bytes that are needed to tell.
pub(crate) const HEAD: usize = 16;

/// The content type under which to keep a file, or why it is none of this kind.
pub(crate) fn accept(kind: MediaKind, declared: Option<&str>, head: &[u8]) -> Result<&'static str, String> {
    let declared = declared.and_then(|it| it.split(';').next()).map_or("", str::trim);
    if head.is_empty() {
        return Err("an empty file came".to_owned());
    }
    let found = match kind {
        MediaKind::Recording | MediaKind::Voicemail => sound(declared, head),
        MediaKind::Transcript | MediaKind::VoicemailTranscript => words(declared, head),
    };
    found.ok_or_else(|| {
        let said = if declared.is_empty() { "no content type" } else { declared };
        let said: String = said.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
        format!("what came is no {} (sent as {said}, and its first bytes do not fit)", kind.as_str())
    })
}

fn sound(declared: &str, head: &[u8]) -> Option<&'static str> {
    let may_be = declared.is_empty()
        || declared.starts_with("audio/")
        || declared == "video/mp4"
        || declared.ends_with("/octet-stream");
    if !may_be {
        return None;
    }
    match head {
        [b'I', b'D', b'3', ..] => Some("audio/mpeg"),
        [0xff, second, ..] if second & 0xe0 == 0xe0 => Some("audio/mpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("audio/wav"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if declared == "video/mp4" => Some("video/mp4"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("audio/mp4"),
        [b'O', b'g', b'g', b'S', ..] => Some("audio/ogg"),
        _ => None,
    }
}

fn words(declared: &str, head: &[u8]) -> Option<&'static str> {
    let may_be = declared.is_empty()
        || ["application/json", "text/json", "text/vtt", "text/plain"].contains(&declared)
        || declared.ends_with("/octet-stream");
    if !may_be {
        return None;
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if text.starts_with(b"WEBVTT") {
        Some("text/vtt")
    } else if matches!(text.first(), Some(b'{' | b'[')) {
        Some("application/json")
    } else if declared == "text/plain" && !text.starts_with(b"<") {
        Some("text/plain")
    } else {
        None
    }
}

/// The end of a file's name, with its dot.
pub(crate) fn ending(content_type: &str) -> &'static str {
    match content_type {
        "audio/mpeg" => ".mp3",
        "audio/wav" => ".wav",
        "audio/mp4" => ".m4a",
        "video/mp4" => ".mp4",
        "audio/ogg" => ".ogg",
        "text/vtt" => ".vtt",
        "application/json" => ".json",
        "text/plain" => ".txt",
        _ => ".bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_sound_is_kept_as_sound_and_only_text_as_text() {
        use MediaKind::{Recording, Transcript};
        let mp3: &[u8] = &[0xff, 0xf3, 0x48, 0xc4];
        let wav = b"RIFF\x10\0\0\0WAVEfmt ";
        let page = b"<!DOCTYPE html><html>";
        for (kind, declared, head, kept) in [
            (Recording, Some("audio/mpeg"), mp3, Some("audio/mpeg")),
            (Recording, Some("audio/mpeg; charset=binary"), b"ID3\x04", Some("audio/mpeg")),
            (Recording, None, wav, Some("audio/wav")),
            (Recording, Some("binary/octet-stream"), b"\0\0\0\x20ftypM4A ", Some("audio/mp4")),
            (Recording, Some("video/mp4"), b"\0\0\0\x20ftypisom", Some("video/mp4")),
            (Recording, Some("text/html"), page, None),
            (Recording, Some("audio/mpeg"), page, None),
            (Recording, Some("application/json"), mp3, None),
            (Recording, Some("audio/mpeg"), b"{\"code\":3001}", None),
            (Recording, Some("audio/mpeg"), b"", None),
            (
                Transcript,
                Some("application/json;charset=UTF-8"),
                b" {\"timeline\":[]}",
                Some("application/json"),
            ),
            (Transcript, Some("text/vtt"), b"\xef\xbb\xbfWEBVTT\n", Some("text/vtt")),
            (Transcript, Some("text/plain"), b"Hello", Some("text/plain")),
            (Transcript, Some("text/plain"), page, None),
            (Transcript, Some("text/html"), b"{}", None),
            (Transcript, Some("audio/mpeg"), mp3, None),
        ] {
            assert_eq!(accept(kind, declared, head).ok(), kept, "{declared:?} {head:?}");
        }
    }
}
