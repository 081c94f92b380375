//! Bodies of type `multipart/form-data` (RFC 7578). Held whole, so that they can be sent again.

use std::fmt;

use bytes::Bytes;

use super::call::Name;

/// One part of a multipart body.
#[derive(Clone)]
pub struct Part {
    file: Option<(String, String)>,
    bytes: Bytes,
}

impl Part {
    /// A field.
    pub fn text(text: impl Into<String>) -> Self {
        Self { file: None, bytes: Bytes::from(text.into()) }
    }

    /// A file: its name, its content type such as `application/zip`, and its bytes.
    pub fn file(name: impl Into<String>, content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { file: Some((name.into(), content_type.into())), bytes: bytes.into() }
    }

    /// Whether the part can be written: a content type with a line break in it would end its header early.
    pub(super) fn is_writable(&self) -> bool {
        self.file.as_ref().is_none_or(|(_, kind)| !kind.is_empty() && !kind.contains(char::is_control))
    }
}

/// Without the content.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("length", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// Content type and body.
pub(super) fn encode(parts: &[(Name, Part)]) -> (String, Bytes) {
    // 128 random bits: no content can be made to hold them.
    let boundary = format!("{:032x}", rand::random::<u128>());
    let mut body = Vec::with_capacity(parts.iter().map(|(_, part)| part.bytes.len() + 300).sum());
    for (name, part) in parts {
        let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(name));
        if let Some((file, kind)) = &part.file {
            head = format!("{head}; filename=\"{}\"\r\nContent-Type: {kind}", quoted(file));
        }
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body.into())
}

/// As browsers escape names.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_field_are_written_as_rfc_7578_says() {
        let parts = [
            (Name::Borrowed("file"), Part::file("a\"b\r\n.zip", "application/zip", &b"PK\r\n--x"[..])),
            (Name::Borrowed("note"), Part::text("hello")),
        ];
        let (kind, body) = encode(&parts);
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert_eq!(boundary.len(), 32);
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b%0D%0A.zip\"\r\n\
             Content-Type: application/zip\r\n\r\nPK\r\n--x\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--{boundary}--\r\n"
        );
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
    }

    #[test]
    fn a_content_type_that_would_end_its_header_is_not_writable() {
        assert!(Part::text("x").is_writable());
        assert!(Part::file("x", "application/zip", "").is_writable());
        for kind in ["", "text/plain\r\nX-Evil: 1"] {
            assert!(!Part::file("x", kind, "").is_writable());
        }
    }
}
