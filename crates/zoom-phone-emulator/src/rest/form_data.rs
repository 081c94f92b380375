//! `multipart/form-data`, as far as uploads need it.

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    /// Files have one.
    pub(super) file_name: Option<String>,
    pub(super) content: &'a [u8],
}

/// The parts of a body; `None` when the content type is another or the body is not well-formed.
pub(super) fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty())?;
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter has no line before it.
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        let part = rest.strip_prefix(b"\r\n")?;
        let end = find(part, delimiter.as_bytes())?;
        let head_end = find(&part[..end], b"\r\n\r\n")?;
        let head = std::str::from_utf8(&part[..head_end]).ok()?;
        let disposition = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-disposition").then_some(value)
        })?;
        parts.push(Part {
            name: parameter(disposition, "name")?,
            file_name: parameter(disposition, "filename"),
            content: &part[head_end + 4..end],
        });
        rest = &part[end + delimiter.len()..];
    }
}

/// `b` of `…; a=b` or `…; a="b"`.
fn parameter(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_and_files_are_told_apart() {
        let body = b"--b1\r\nContent-Disposition: form-data; name=\"expire\"\r\n\r\n60\r\n--b1\r\n\
            Content-Disposition: form-data; name=\"file\"; filename=\"fax.zip\"\r\nContent-Type: application/zip\r\n\r\n\
            PK\r\n--b\r\n\x00\r\n--b1--\r\n";
        let parts = parts("multipart/form-data; boundary=b1", body).expect("a good form");
        assert_eq!(parts[0], Part { name: "expire".to_owned(), file_name: None, content: b"60" });
        assert_eq!(
            (parts[1].file_name.as_deref(), parts[1].content),
            (Some("fax.zip"), &b"PK\r\n--b\r\n\x00"[..])
        );
        assert_eq!(parts.len(), 2);
    }

    proptest! {
        #[test]
        fn any_body_can_be_read(body in "(--b|\r\n|name=\"x\"|Content-Disposition:|;|\\PC){0,20}") {
            if let Some(parts) = parts("multipart/form-data; boundary=b", body.as_bytes()) {
                prop_assert!(parts.len() <= body.len());
            }
        }
    }
}
